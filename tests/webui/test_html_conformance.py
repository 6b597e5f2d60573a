"""Every page in every state is HTML as its standard wants it; tests/bench/validate.sh asks the Nu checker as well."""

from __future__ import annotations

import pytest
import turbohtml
from flask.testing import FlaskClient
from turbohtml import conformance

from kb.errors import IndexMissingError
from tests.conftest import CONTENT
from tests.webui.fake_search import SettableSearch

TOO_LONG = "x" * 9_000
STATES = {
    "home": "/",
    "results": "/search?q=随意契約+スタートアップ",
    "filtered": "/search?q=契約&role=gov-line-officer&chapter=5&chapter=3&kind=guide&sort=page&per_page=20&exact=1",
    "later page": "/search?q=契約&page=3",
    "beyond the last page": "/search?q=随意契約&page=90",
    "list": "/search",
    "corrected": "/search?q=随意計約",
    "dropped": "/search?q=随意契約+ほげほげぴよ",
    "zero": "/search?q=ほげほげぴよ",
    "zero with filters": "/search?q=随意契約&stage=framing&kind=glossary",
    "hostile": "/search?q=%3Cscript%3E%22%27%26amp;%3C/p%3E",
}
ERRORS = {"/search?role=king": 400, "/nowhere": 404, "/docs/nowhere?q=契約": 404, f"/search?q={TOO_LONG}": 413}
DOCUMENTS = sorted(path.stem for path in CONTENT.rglob("*.md"))
PAGE = (
    '<!DOCTYPE html><html lang="ja"><head><meta charset="utf-8"><title>題</title></head>'
    "<body><main><h1>題</h1>{}</main></body></html>"
)


def faults(html: str) -> list[str]:
    """What the parser and the conformance checker find."""
    document = turbohtml.parse(html)
    return [
        *(f"{error.line}:{error.col} {error.code}" for error in document.errors),
        *(f"{message.line}:{message.column} {message.message}" for message in conformance.check(document).messages),
    ]


@pytest.mark.parametrize("path", STATES.values(), ids=STATES)
def test_a_page_is_valid_html(guide_client: FlaskClient, path: str) -> None:
    answer = guide_client.get(path)
    assert answer.status_code == 200
    assert faults(answer.get_data(as_text=True)) == []


@pytest.mark.parametrize("query", ["", "?q=契約+スタートアップ"], ids=["plain", "marked"])
@pytest.mark.parametrize("document", DOCUMENTS)
def test_a_document_is_valid_html(guide_client: FlaskClient, document: str, query: str) -> None:
    answer = guide_client.get(f"/docs/{document}{query}")
    assert answer.status_code == 200
    assert faults(answer.get_data(as_text=True)) == []


@pytest.mark.parametrize(("path", "status"), ERRORS.items(), ids=["400", "404", "no document", "413"])
def test_the_page_of_a_readers_mistake_is_valid_html(guide_client: FlaskClient, path: str, status: int) -> None:
    answer = guide_client.get(path)
    assert answer.status_code == status
    assert faults(answer.get_data(as_text=True)) == []


@pytest.mark.parametrize(("error", "status"), [(RuntimeError("x"), 500), (IndexMissingError("x"), 503)])
def test_the_page_of_our_own_failure_is_valid_html(
    search: SettableSearch, client: FlaskClient, error: Exception, status: int
) -> None:
    search.error = error
    answer = client.get("/search?q=契約")
    assert answer.status_code == status
    assert faults(answer.get_data(as_text=True)) == []


def test_a_valid_page_has_no_fault() -> None:
    assert faults(PAGE.format('<p><a href="/">x</a></p>')) == []


@pytest.mark.parametrize(
    ("html", "fault"),
    [
        ("<p>&nosuch;</p>", "unknown-named-character-reference"),
        ("<p>a < b</p>", "invalid-first-character-of-tag-name"),
        ('<img src="/x.png">', "alt"),
        ("<center>x</center>", "obsolete"),
        ('<p role="nope">x</p>', "role"),
    ],
)
def test_a_fault_is_found(html: str, fault: str) -> None:
    assert any(fault in found for found in faults(PAGE.format(html)))
