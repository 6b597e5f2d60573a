"""What a search answers: a page of hits with counts and with what was made of the query, for people to read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from indexer.engine import Filters
from indexer.plan import How
from indexer.search.request import SearchRequest
from kb.documents.model import Document
from kb.vocabulary import FACETS


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
    filters: Filters
    exact: bool
    total: int


@dataclass(frozen=True, slots=True)
class Interpretation:
    """What was made of the query, for people: nothing here changes the hits.

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

    @property
    def searched(self) -> str:
        """The query that the hits are of: as typed, or what was meant."""
        meant = self.interpretation.did_you_mean
        return meant if self.interpretation.corrected and meant else self.request.q


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A way to go on from what has been typed: its kind (term, heading, question), text, hits, section if any."""

    kind: str
    text: str
    count: int
    section_id: str | None = None


def facet_counts(request: SearchRequest, counts: Mapping[str, Sequence[int]]) -> dict[str, tuple[FacetCount, ...]]:
    """Every value of every facet, with `counts`: by facet, in the order of its values."""
    return {
        facet.name: tuple(
            FacetCount(value, label, count, value in request.filters.get(facet.name, ()))
            for (value, label), count in zip(facet.values.items(), counts[facet.name], strict=True)
        )
        for facet in FACETS
    }
