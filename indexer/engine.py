"""The port: what a search engine is asked, what it answers, and what it must do. Plain values, no engine's types."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from kb.errors import UsageError
from kb.model import Document
from kb.vocabulary import FACET_BY_NAME, FACETS

MAX_QUERY_CHARS = 500  # five times the longest question of JSQuAD; a pasted paragraph still fits
MAX_PER_PAGE = 100
MAX_WINDOW = 1_000  # the last hit that can be paged to: nobody reads further, and it bounds the work
DEFAULT_PER_PAGE = 10
MAX_SUGGESTIONS = 20


class Sort(StrEnum):
    """Order of hits: by score, or in the guide's reading order."""

    RELEVANCE = "relevance"
    PAGE = "page"


class How(StrEnum):
    """How a typed word met a section, strongest first (`synonym` is the staff's, `related` is Sudachi's)."""

    EXACT = "exact"
    VARIANT = "variant"
    PARTS = "parts"
    SYNONYM = "synonym"
    READING = "reading"
    RELATED = "related"
    SUBSTRING = "substring"

    __hash__ = str.__hash__  # Enum's own is Python, and for each word the weights are looked up by it


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """A validated request; raises UsageError for what no engine should see.

    `filters` maps a facet's name to the values wanted: OR within one facet, AND between facets.
    """

    q: str = ""
    filters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    page: int = 1
    per_page: int = DEFAULT_PER_PAGE
    exact: bool = False
    sort: Sort = Sort.RELEVANCE

    def __post_init__(self) -> None:
        if any("\ud800" <= character <= "\udfff" for character in self.q):
            raise UsageError("q", "is not text (bytes that are no UTF-8)", "UTF-8 text")
        if len(self.q) > MAX_QUERY_CHARS:
            raise UsageError("q", f"has {len(self.q):,} characters", f"at most {MAX_QUERY_CHARS}")
        if not 1 <= self.per_page <= MAX_PER_PAGE:
            raise UsageError("per_page", f"is {self.per_page}", f"1 to {MAX_PER_PAGE}")
        if self.page < 1 or self.page * self.per_page > MAX_WINDOW:
            raise UsageError("page", f"is {self.page}", f"1 to {MAX_WINDOW // self.per_page} with this per_page")
        for name, values in self.filters.items():
            facet = FACET_BY_NAME.get(name)
            if facet is None:
                raise UsageError(name, "is no filter", ", ".join(FACET_BY_NAME))
            for value in values:
                if value not in facet.values:
                    raise UsageError(name, f"is {value[:40]!r}", ", ".join(facet.values))


@dataclass(frozen=True, slots=True)
class Why:
    """Which typed word matched what, and how."""

    typed: str
    matched: str
    how: How


@dataclass(frozen=True, slots=True)
class Hit:
    """A section found. `snippet` is HTML whose only element is `<mark>`; `document` has no sections.

    `missing` are the typed words that are not in it: none, unless it is one of the page's `partial_hits`.
    """

    id: str
    anchor: str
    heading: str
    breadcrumb: tuple[str, ...]
    document: Document
    snippet: str
    score: float
    why: tuple[Why, ...] = ()
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FacetCount:
    """How many hits a value would leave, the facet's own selection set aside."""

    value: str
    label: str
    count: int
    selected: bool


@dataclass(frozen=True, slots=True)
class NextStep:
    """A change to an empty search that would find something: what to do, the request to make, its true total.

    Kinds: spelling, without_filter, without_filters, not_exact, without_quotes, as_phrase (the word within quotes),
    only (one word of the query alone).
    """

    kind: str
    subject: str
    q: str
    filters: Mapping[str, tuple[str, ...]]
    exact: bool
    total: int


@dataclass(frozen=True, slots=True)
class Interpretation:
    """What the engine made of the query, for people: nothing here changes the hits.

    When `corrected`, what was typed is nowhere and the hits are those of `did_you_mean`.
    """

    interpreted: str = ""
    did_you_mean: str | None = None
    corrected: bool = False
    dropped: tuple[str, ...] = ()
    expansions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()
    next_steps: tuple[NextStep, ...] = ()


@dataclass(frozen=True, slots=True)
class SearchPage:
    """One page of an answer; `total` counts sections, and so do the facets.

    Where all hits leave room on the page, `partial_hits` fill it: sections that lack some of the words, not counted.
    """

    request: SearchRequest
    interpretation: Interpretation
    total: int
    hits: tuple[Hit, ...]
    facets: Mapping[str, tuple[FacetCount, ...]]
    took_ms: float
    partial_hits: tuple[Hit, ...] = ()


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A way to go on from what has been typed: its kind (term, heading, question), text, hits, section if any."""

    kind: str
    text: str
    count: int
    section_id: str | None = None


@dataclass(frozen=True, slots=True)
class IndexInfo:
    """What is being served: sizes, and when it was built (UTC)."""

    documents: int
    sections: int
    built_at: datetime.datetime
    content_digest: str


class SearchEngine(Protocol):
    """What the pages, the API and the command line need of an engine. Implementations are safe to share by threads."""

    def search(self, request: SearchRequest) -> SearchPage:
        """Hits, counts and interpretation. Any text is a valid query."""

    def suggest(self, prefix: str, filters: Mapping[str, tuple[str, ...]], limit: int) -> Sequence[Suggestion]:
        """Completions of an unfinished query that have hits under `filters`, best first."""

    def document(self, document_id: str) -> Document:
        """The whole document as indexed; NotFoundError if there is none of this id."""

    def current_id(self, document_id: str) -> str:
        """The id under which a document is served now: itself, or the successor of a former id; NotFoundError."""

    def documents(self) -> Sequence[Document]:
        """Every document's metadata, without sections, in reading order."""

    def matches(self, q: str, html: str) -> str:
        """`html` (a section's) with the words that `q` searches for in `<mark>`."""

    def info(self) -> IndexInfo:
        """Sizes and freshness of the index being served."""


def facet_counts(request: SearchRequest, counts: Mapping[str, Sequence[int]]) -> dict[str, tuple[FacetCount, ...]]:
    """Every value of every facet, with `counts`: by facet, in the order of its values."""
    return {
        facet.name: tuple(
            FacetCount(value, label, count, value in request.filters.get(facet.name, ()))
            for (value, label), count in zip(facet.values.items(), counts[facet.name], strict=True)
        )
        for facet in FACETS
    }
