"""What is asked of a search: a validated request."""

from __future__ import annotations

from dataclasses import dataclass, field

from indexer.engine import MAX_WINDOW, Filters, Sort
from kb.errors import UsageError
from kb.vocabulary import FACET_BY_NAME

MAX_QUERY_CHARS = 500  # five times the longest question of JSQuAD; a pasted paragraph still fits
MAX_PER_PAGE = 100
DEFAULT_PER_PAGE = 10
MAX_SUGGESTIONS = 20


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """A validated request; raises UsageError for what no engine should see."""

    q: str = ""
    filters: Filters = field(default_factory=dict)
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
