"""A SearchEngine by hand: answers what it was given, remembers what it was asked."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence

from indexer.engine import (
    FacetCount,
    Hit,
    How,
    IndexInfo,
    Interpretation,
    SearchPage,
    SearchRequest,
    Suggestion,
    Why,
    empty_facets,
)
from kb.errors import NotFoundError
from kb.model import Document, Question, Section, Source

CONTRACT = Document(
    id="direct-contract",
    title="スタートアップとの随意契約",
    kind="guide",
    path="guide/direct-contract.md",
    sections=(
        Section("direct-contract", "", "", 0, (), "<p>前書き</p>"),
        Section("direct-contract#conditions", "conditions", "適用できる条件", 2, (), "<p>随意契約の条件</p>"),
        Section("direct-contract#detail", "detail", "細かい条件", 3, ("適用できる条件",), "<p>細目</p>"),
    ),
    chapter=5,
    roles=("gov-line-officer",),
    stages=("method",),
    pattern="procurement",
    guide_pages=(83, 99),
    source=Source("実践ガイド", "発行者", "https://example.com/guide"),
    questions=(Question("入札なしで買えるのか", "conditions"), Question("何号か")),
    former_ids=("old-contract",),
    related=("city",),
    updated=datetime.date(2026, 11, 23),
)
CASE = Document("city", "ある市の事例", "case", "cases/city.md", (Section("city", "", "", 0, (), "<p>本文</p>"),))
DOCUMENTS = {document.id: document for document in (CONTRACT, CASE)}


def hit(number: int = 1) -> Hit:
    """A hit on the section on conditions."""
    return Hit(
        id="direct-contract#conditions",
        anchor="conditions",
        heading=f"適用できる条件{number}",
        breadcrumb=("第5章 官民連携編", CONTRACT.title),
        document=CONTRACT,
        snippet="前<mark>随意契約</mark>後 &lt;b&gt;",
        score=9.1,
        why=(Why("随契", "随意契約", How.SYNONYM),),
    )


class FakeEngine:
    """Every search finds `hits`; `error`, when set, is raised by every call."""

    def __init__(
        self, hits: Sequence[Hit] = (), interpretation: Interpretation | None = None, error: Exception | None = None
    ) -> None:
        self.hits = tuple(hits)
        self.interpretation = interpretation or Interpretation()
        self.error = error
        self.asked: list[SearchRequest] = []

    def search(self, request: SearchRequest) -> SearchPage:
        self._fail()
        self.asked.append(request)
        facets = dict(empty_facets(request))
        facets["chapter"] = tuple(
            FacetCount(count.value, count.label, len(self.hits) if count.value == "5" else 0, count.selected)
            for count in facets["chapter"]
        )
        shown = self.hits[(request.page - 1) * request.per_page : request.page * request.per_page]
        return SearchPage(request, self.interpretation, len(self.hits), shown, facets, 1.5)

    def suggest(self, prefix: str, filters: Mapping[str, tuple[str, ...]], limit: int) -> Sequence[Suggestion]:
        self._fail()
        found = (
            Suggestion("term", "随意契約", 3),
            Suggestion("heading", "適用できる条件", 1, "direct-contract#conditions"),
        )
        return found[:limit]

    def document(self, document_id: str) -> Document:
        self._fail()
        if document_id not in DOCUMENTS:
            raise NotFoundError(document_id)
        return DOCUMENTS[document_id]

    def current_id(self, document_id: str) -> str:
        self._fail()
        current = "direct-contract" if document_id == "old-contract" else document_id
        return self.document(current).id

    def documents(self) -> Sequence[Document]:
        self._fail()
        return tuple(DOCUMENTS.values())

    def matches(self, q: str, html: str) -> str:
        self._fail()
        return html.replace("随意契約", "<mark>随意契約</mark>")

    def info(self) -> IndexInfo:
        self._fail()
        return IndexInfo(2, 4, datetime.datetime(2026, 11, 23, 9, 30, tzinfo=datetime.UTC), "digest")

    def _fail(self) -> None:
        if self.error is not None:
            raise self.error
