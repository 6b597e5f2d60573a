"""What a query is taken for: each distinct one is matched once, slips are trees, compounds come apart."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from indexer.engine import Documents, Index, IndexInfo, Match, Scope, Words
from indexer.engines.whoosh_arrays import WhooshArrays
from indexer.language.analysis import Analyzer
from indexer.language.thesaurus import Thesaurus
from indexer.language.tokenizer import SudachiTokenizer
from indexer.manifest import Manifest
from indexer.plan import Plan
from indexer.search.meaning import in_parts
from indexer.search.planning import Planner
from indexer.search.request import SearchRequest
from indexer.search.service import Search
from kb.language.query_parser import parse_query
from tests.indexer.few_words import NO_WORDS

PLANNER = Planner(Analyzer(SudachiTokenizer()), Thesaurus(), NO_WORDS)


@pytest.mark.parametrize(
    ("typed", "unknown", "apart"),
    [
        ("地方創生 公募要領", ["地方創生"], "地方 創生 公募要領"),
        ("地方創生", [], None),
        ("契約", ["契約"], None),
        ("契約 OR 地方創生", ["地方創生"], None),
        ("審査会", ["審査会"], None),
    ],
)
def test_an_unknown_compound_may_be_typed_as_its_parts(typed: str, unknown: list[str], apart: str | None) -> None:
    found = in_parts(parse_query(typed), PLANNER.plan(parse_query(typed)), unknown)
    assert (found and str(found)) == apart


class Counting:
    """An index that remembers the plans of each round trip."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self.info: IndexInfo = index.info
        self.manifest: Manifest = index.manifest
        self.words: Words = index.words
        self.documents: Documents = index.documents
        self.trips: list[list[Plan]] = []

    def attachment(self, name: str) -> Path | None:
        return self._index.attachment(name)

    def match(self, plans: Sequence[Plan], scope: Scope) -> Sequence[Match]:
        self.trips.append(list(plans))
        return self._index.match(plans, scope)


FIVE_FILTERS = {
    "role": ("gov-line-officer",),
    "chapter": ("5",),
    "stage": ("method",),
    "pattern": ("procurement",),
    "kind": ("glossary",),
}


@pytest.mark.parametrize(
    ("typed", "filters", "trips"),
    [
        ("随意契約 スタートアップ", {}, 1),
        ("随意契約 スタートアップ", FIVE_FILTERS, 2),
        ("随意計約", {}, 2),
        ("随意計約", FIVE_FILTERS, 2),
        ("宇宙エレベーター", FIVE_FILTERS, 3),
    ],
)
def test_each_distinct_plan_is_matched_once_for_a_page(
    guide_index: Path, typed: str, filters: dict[str, tuple[str, ...]], trips: int
) -> None:
    index = Counting(WhooshArrays(guide_index).open())
    page = Search(index).search(SearchRequest(typed, filters))
    plans = [plan for trip in index.trips for plan in trip]
    assert len(plans) == len(set(plans))
    assert len(index.trips) <= trips
    for step in page.interpretation.next_steps:
        assert Search(index).search(SearchRequest(step.q, step.filters, exact=step.exact)).total == step.total
