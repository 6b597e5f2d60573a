"""/openapi.json is true whatever a client sends, the wrong things included: fuzzed from the description itself."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, assume, given, settings
from schemathesis import GenerationMode

from indexer.engine import MAX_WINDOW
from indexer.search.request import DEFAULT_PER_PAGE
from indexer.search.service import Searches
from webui.app import create_app

pytestmark = pytest.mark.slow


# Schemathesis's own pytest plugin does not run under pytest 9 (4.32.5: 'Function' object has no attribute '_nodeid').
@pytest.mark.parametrize(
    ("path", "mode"),
    [
        ("/api/v1/search", GenerationMode.POSITIVE),
        ("/api/v1/search", GenerationMode.NEGATIVE),
        ("/api/v1/suggest", GenerationMode.POSITIVE),
        ("/api/v1/suggest", GenerationMode.NEGATIVE),
        ("/api/v1/documents/{document_id}", GenerationMode.POSITIVE),  # no text is a wrong id
    ],
)
def test_every_answer_is_as_described(guide_searches: Searches, path: str, mode: GenerationMode) -> None:
    api = schemathesis.openapi.from_wsgi("/openapi.json", create_app(guide_searches))

    @settings(max_examples=50, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(api[path]["GET"].as_strategy(generation_mode=mode))
    def answers_as_described(case: schemathesis.Case[Any]) -> None:
        assume(not _is_beyond_words(case.query or {}))
        case.call_and_validate()

    answers_as_described()


def _is_beyond_words(query: dict[str, Any]) -> bool:
    """What Schemathesis cannot know: a limit on two parameters together, and that a parameter may be left empty."""
    page, per_page = query.get("page", 1), query.get("per_page", DEFAULT_PER_PAGE)
    is_beyond_window = isinstance(page, int) and isinstance(per_page, int) and page * per_page > MAX_WINDOW
    return is_beyond_window or any(value in ("", [""]) for value in query.values())
