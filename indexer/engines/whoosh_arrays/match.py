"""What one plan finds in the segment, under a scope: the port's Match over arrays."""

from __future__ import annotations

import functools
from collections.abc import Collection, Mapping, Sequence

import numpy as np

from indexer.engine import MAX_WINDOW, LeafFound, Need, Ranked, Scope, Sort
from indexer.engines.whoosh_arrays.faceting import Facets
from indexer.engines.whoosh_arrays.lookup import Lookup
from indexer.engines.whoosh_arrays.matched import Matched
from indexer.engines.whoosh_arrays.matching import Matcher
from indexer.engines.whoosh_arrays.postings import IntArray, Mask
from indexer.engines.whoosh_arrays.scoring import documents_of, partly, ranked, scores_of
from indexer.plan import Alternative, Plan, Unit


class ArrayMatch:
    """A plan's match, worked out when it is first asked for anything."""

    def __init__(self, plan: Plan, scope: Scope, lookup: Lookup, facets: Facets, documents: IntArray) -> None:
        """`documents` is the first section of each document."""
        self._plan, self._scope = plan, scope
        self._lookup, self._facets, self._documents = lookup, facets, documents

    @functools.cached_property
    def _matched(self) -> Matched:
        return Matcher(self._lookup, len(self._facets), self._plan.weights).match(self._plan)

    @property
    def sections(self) -> IntArray:
        """The sections that match, whatever the filters."""
        return self._matched.found.sections

    @property
    def total(self) -> int:
        return len(self.sections)

    @property
    def needs(self) -> Sequence[Need]:
        return [Need(part.typed, part.query, len(part.sections)) for part in self._matched.requirements]

    @property
    def dropped(self) -> tuple[str, ...]:
        return self._matched.dropped

    @property
    def unknown(self) -> tuple[str, ...]:
        return self._matched.unknown

    @functools.cached_property
    def leaves(self) -> Sequence[Sequence[LeafFound]]:
        return [
            [
                LeafFound(
                    leaf.leaf.typed,
                    tuple(unit.unit for unit in leaf.units),
                    tuple(scrap.unit.typed for scrap in leaf.scraps()),
                    len(leaf.sections),
                )
                for leaf in leaves
            ]
            for leaves in self._matched.clauses
        ]

    def passing(self, without: Collection[str] = ()) -> int:
        filters = {name: values for name, values in self._scope.filters.items() if name not in without}
        return len(self.sections[self._facets.passing(self.sections, filters)]) if filters else self.total

    def facets(self) -> Mapping[str, Sequence[int]]:
        return self._facets.counts(self.sections, self._scope.filters)

    def best(self, sort: Sort, *, partial: bool = False, limit: int = MAX_WINDOW) -> Ranked:
        count = len(self._facets)
        sections = partly(self._matched, count) if partial else self.sections
        scores = scores_of(self._matched, sections, count, are_found=not partial)
        passes = self._facets.passing(sections, self._scope.filters)
        hits, scores = sections[passes], scores[passes]
        if self._plan.clauses and sort is Sort.RELEVANCE:
            return ranked(self._matched, hits, scores, self._lookup.words, self._documents, limit)
        hits, scores = hits[:limit], scores[:limit]
        return Ranked(hits, documents_of(hits, self._documents), scores, hits)

    def ways(self, section: int) -> Sequence[tuple[Unit, Alternative]]:
        found: list[tuple[Unit, Alternative]] = []
        for unit in self._matched.units():
            held = (alternative for alternative, docs in unit.by_alternative if docs.holds(section))
            if (way := next(held, None)) is not None:
                found.append((unit.unit, way))
        return found

    def lacks(self, section: int) -> Sequence[str]:
        return [part.typed for part in self._matched.requirements if not part.sections.holds(section)]

    def allowed(self) -> Mask:
        """[sections]: which match and pass the filters."""
        mask = np.zeros(len(self._facets), dtype=bool)
        mask[self.sections[self._facets.passing(self.sections, self._scope.filters)]] = True
        return mask
