"""A search by hand: its answers are attributes to set, and it remembers what it was asked."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import replace

from indexer.engine import IndexInfo
from indexer.plan import How
from indexer.search.answer import FacetCount, Hit, Interpretation, SearchPage, Suggestion, Why, facet_counts
from indexer.search.request import SearchRequest
from indexer.search.service import Search
from kb.documents.model import Document, Question, Section, Source
from kb.errors import NotFoundError
from kb.vocabulary import FACETS

DIRECT_CONTRACT = Document(
    id="direct-contract",
    title="スタートアップとの随意契約",
    kind="guide",
    path="guide/direct-contract.md",
    sections=(
        Section("direct-contract", "", "", 0, (), "<p>入札によらずに契約する方法です。</p>"),
        Section("direct-contract#conditions", "conditions", "適用できる条件", 2, (), "<p>随意契約は、随意です。</p>"),
        Section("direct-contract#new", "new", "新商品の場合", 4, ("適用できる条件",), "<p>認定が要ります。</p>"),
        Section("direct-contract#steps", "steps", "進め方", 2, (), "<p>原課が起案します。</p>"),
    ),
    chapter=5,
    roles=("gov-line-officer", "startup-officer"),
    stages=("method",),
    pattern="procurement",
    guide_pages=(83, 99),
    source=Source("実践ガイド", "ある省", "https://source.example/guide"),
    questions=(Question("入札をせずに買えるのか", "conditions"), Question("随契とは何か")),
    former_ids=("old-contract",),
    related=("city-case", "nowhere"),
    updated=datetime.date(2026, 4, 1),
)
TRIAL_ORDER = Document(
    id="trial-order",
    title="トライアル発注",
    kind="guide",
    path="guide/trial-order.md",
    sections=(Section("trial-order", "", "", 0, (), "<p>試しに買う制度です。</p>"),),
    chapter=5,
    guide_pages=(100, 100),
    updated=datetime.date(2026, 11, 1),
)
CITY_CASE = Document(
    "city-case", "ある市の事例", "case", "cases/city-case.md", (Section("city-case", "", "", 0, (), "<p>事例</p>"),)
)
MEMO = Document("memo", "庁内の覚え書き", "internal", "memo.md", (Section("memo", "", "", 0, (), "<p>控え</p>"),))

CONDITIONS_HIT = Hit(
    id="direct-contract#conditions",
    anchor="conditions",
    heading="適用できる条件",
    breadcrumb=("第5章 官民連携編", "スタートアップとの随意契約"),
    document=replace(DIRECT_CONTRACT, sections=()),
    snippet="<mark>随意契約</mark>は、A &lt; B の場合に限ります。",
    score=9.5,
    why=(Why("随契", "随意契約", How.SYNONYM), Why("場合", "場合", How.EXACT)),
)
CASE_HIT = Hit(
    id="city-case",
    anchor="",
    heading="",
    breadcrumb=("事例", "ある市の事例"),
    document=replace(CITY_CASE, sections=()),
    snippet="シェアサイクルの事例です。",
    score=3.25,
)


class SettableSearch(Search):
    """Answers with `hits` and the rest whatever is asked; `error`, when set, is raised by every method instead."""

    def __init__(self) -> None:
        # Of what the real one makes of an index nothing is needed.
        self.hits: tuple[Hit, ...] = (CONDITIONS_HIT, CASE_HIT)
        self.partial_hits: tuple[Hit, ...] = ()
        self.total: int | None = None
        self.counts: Mapping[tuple[str, str], int] = {("role", "gov-line-officer"): 1_234, ("kind", "case"): 1}
        self.interpretation = Interpretation(interpreted="随契")
        self.suggestions: tuple[Suggestion, ...] = ()
        self.known: tuple[Document, ...] = (DIRECT_CONTRACT, TRIAL_ORDER, CITY_CASE, MEMO)
        self.digest = "0" * 64
        self.error: Exception | None = None
        self.searched: list[SearchRequest] = []
        self.suggested: list[tuple[str, dict[str, tuple[str, ...]], int]] = []

    def search(self, request: SearchRequest) -> SearchPage:
        self._fail()
        self.searched.append(request)
        total = len(self.hits) if self.total is None else self.total
        return SearchPage(request, self.interpretation, total, self.hits, self._facets(request), 1.5, self.partial_hits)

    def suggest(self, prefix: str, filters: Mapping[str, tuple[str, ...]], limit: int) -> Sequence[Suggestion]:
        self._fail()
        self.suggested.append((prefix, dict(filters), limit))
        return self.suggestions[:limit]

    def document(self, document_id: str) -> Document:
        self._fail()
        for document in self.known:
            if document.id == document_id:
                return document
        raise NotFoundError(document_id)

    def current_id(self, document_id: str) -> str:
        self._fail()
        for document in self.known:
            if document_id == document.id or document_id in document.former_ids:
                return document.id
        raise NotFoundError(document_id)

    def documents(self) -> Sequence[Document]:
        self._fail()
        return [replace(document, sections=()) for document in self.known]

    def open(self) -> SettableSearch:
        """As Searches does, the same for every request."""
        self._fail()
        return self

    def mark(self, q: str, html: str) -> str:
        self._fail()
        return html.replace(q, f"<mark>{q}</mark>")

    @property
    def info(self) -> IndexInfo:
        self._fail()
        built_at = datetime.datetime(2026, 11, 23, 3, 4, tzinfo=datetime.UTC)
        return IndexInfo(self.digest[:8], len(self.known), 1_007, built_at, self.digest)

    def _facets(self, request: SearchRequest) -> dict[str, tuple[FacetCount, ...]]:
        counts = {facet.name: [self.counts.get((facet.name, value), 0) for value in facet.values] for facet in FACETS}
        return facet_counts(request, counts)

    def _fail(self) -> None:
        if self.error is not None:
            raise self.error
