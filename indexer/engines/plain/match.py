"""What a whole plan matches: what is required, what is given up, scores, filters and order."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Collection as Group
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from indexer import engine as port
from indexer import ranking
from indexer.engines.plain.matching import LeafFound, Matching, UnitFound, added
from indexer.engines.plain.postings import Collection, Scores
from indexer.plan import Alternative, How, Plan, Unit
from kb.vocabulary import FACETS

SAME_WEIGHT = 1e-6  # two sums of the same weights


@dataclass(frozen=True, slots=True)
class Required:
    """A part of the query that has to match, and where it does."""

    typed: str
    query: str
    weight: float
    sections: frozenset[int]
    is_phrase: bool = False
    is_question_word: bool = False


class PlainMatch:
    """The port's Match."""

    def __init__(self, plan: Plan, scope: port.Scope, collection: Collection, documents: Sequence[int]) -> None:
        """`documents` is the number of each section's document."""
        self._plan, self._scope, self._collection, self._documents = plan, scope, collection, documents
        matching = Matching(collection, plan.weights)
        self._clauses = [[matching.converted(leaf) for leaf in clause] for clause in plan.clauses]
        either = [functools.reduce(LeafFound.either, leaves) for leaves in self._clauses]
        self._held = added(*(leaf.held for leaf in either))
        self._asked = sum(leaf.asked for leaf in either)
        self._scores = added(*(leaf.scores for leaf in either))
        required = [
            part for leaves, best in zip(self._clauses, either, strict=True) for part in _required(leaves, best)
        ]
        if not plan.exact and not all(part.is_question_word for part in required):
            required = [part for part in required if not part.is_question_word]
        self._required = required
        excluded = (matching.leaf(leaf).sections for leaf in plan.exclusions)
        self._allowed = frozenset(range(len(collection))).difference(*excluded)
        self.sections, self.dropped = self._found()

    def _found(self) -> tuple[frozenset[int], tuple[str, ...]]:
        """The sections that match, and the typed words that were given up for that."""
        if self._plan.is_question:
            least = self._plan.weights.least_share * max(self._held.values(), default=0.0)
            return frozenset(section for section in self._some() if self._held[section] >= least), ()
        found = self._common(self._required)
        return (found, ()) if found or self._plan.exact else self._relaxed()

    def _common(self, required: Iterable[Required]) -> frozenset[int]:
        return self._allowed.intersection(*(part.sections for part in required))

    def _some(self) -> frozenset[int]:
        """The sections with all phrases and something of the rest."""
        with_phrases = self._common(part for part in self._required if part.is_phrase)
        return frozenset(section for section in with_phrases if self._held.get(section, 0.0) > 0)

    def _relaxed(self) -> tuple[frozenset[int], tuple[str, ...]]:
        """Give up as little weight as has to be given up for the others to have a section in common."""
        phrases = [part for part in self._required if part.is_phrase]
        words = [part for part in self._required if not part.is_phrase]
        held = {
            section: sum(part.weight for part in words if section in part.sections) for section in self._common(phrases)
        }
        most = max(held.values(), default=0.0)
        if not held or not (most or phrases):
            return frozenset(), ()
        first = min(section for section, weight in held.items() if weight >= most - SAME_WEIGHT)
        kept = [part for part in self._required if first in part.sections]
        dropped = tuple(part.typed for part in self._required if first not in part.sections)
        return self._common(kept), dropped

    # -- the port ----------------------------------------------------------------------------------------------------

    @property
    def total(self) -> int:
        return len(self.sections)

    @property
    def needs(self) -> Sequence[port.Need]:
        return [port.Need(part.typed, part.query, len(part.sections)) for part in self._required]

    @property
    def unknown(self) -> tuple[str, ...]:
        return tuple(part.typed for part in self._required if not part.sections)

    @property
    def leaves(self) -> Sequence[Sequence[port.LeafFound]]:
        return [
            [
                port.LeafFound(
                    leaf.leaf.typed,
                    tuple(unit.unit for unit in leaf.units),
                    tuple(unit.unit.typed for unit in leaf.units if len(leaf.units) > 1 and unit.is_scrap),
                    len(leaf.sections),
                )
                for leaf in leaves
            ]
            for leaves in self._clauses
        ]

    def passes(self, section: int, without: Group[str] = ()) -> bool:
        """Whether a section passes the filters: OR within a facet, AND between facets."""
        held = self._collection.entries[section].facets
        wanted = self._scope.filters.items()
        return all(set(values) & set(held.get(name, ())) for name, values in wanted if values and name not in without)

    def passing(self, without: Group[str] = ()) -> int:
        return sum(self.passes(section, without) for section in self.sections)

    def facets(self) -> Mapping[str, Sequence[int]]:
        counts: dict[str, list[int]] = {}
        for facet in FACETS:
            passing = [section for section in self.sections if self.passes(section, (facet.name,))]
            held = [self._collection.entries[section].facets.get(facet.name, ()) for section in passing]
            counts[facet.name] = [sum(value in values for values in held) for value in facet.values]
        return counts

    def best(self, sort: port.Sort, *, partial: bool = False, limit: int = port.MAX_WINDOW) -> port.Ranked:
        sections = self.sections
        if partial:
            may_be_partial = not (self._plan.is_question or self._plan.exact)
            sections = self._some() - self.sections if may_be_partial else frozenset()
        scores = self._scores_of(sections)
        ranked = sorted(section for section in sections if self.passes(section))
        if self._plan.clauses and sort is port.Sort.RELEVANCE:
            ranked = _sorted({section: scores[section] for section in ranked})[:limit]
            for section in ranked[: ranking.RERANKED_HITS]:
                scores[section] += self._proximity(section)
            ranked = _sorted({section: scores[section] for section in ranked})
        columns = np.array(ranked[:limit], dtype=np.int64)
        documents = np.array([self._documents[section] for section in columns], dtype=np.int64)
        values = np.array([scores[section] for section in columns], dtype=np.float32)
        return port.Ranked(columns, documents, values, columns)

    def ways(self, section: int) -> Sequence[tuple[Unit, Alternative]]:
        found: list[tuple[Unit, Alternative]] = []
        for unit in (unit for leaf in itertools.chain.from_iterable(self._clauses) for unit in leaf.units):
            held = (way for way, scores in unit.by_alternative if section in scores)
            if (way := next(held, None)) is not None:
                found.append((unit.unit, way))
        return found

    def lacks(self, section: int) -> Sequence[str]:
        return [part.typed for part in self._required if section not in part.sections]

    # -- scores ------------------------------------------------------------------------------------------------------

    def _scores_of(self, sections: Iterable[int]) -> Scores:
        """What was found × the share of the weight that is held; more for what bears the name that is asked for."""
        scores = {section: self._scores.get(section, 0.0) for section in sections}
        if self._asked:
            for section in scores:
                scores[section] *= (self._held.get(section, 0.0) / self._asked) ** self._plan.weights.coverage_power
        most = max(scores.values(), default=0.0)
        for section in scores:
            heading = self._collection.headings[section]
            if any(_is_named(heading, name) for name in self._plan.names):
                scores[section] += self._plan.name_weight * most
        return scores

    def _proximity(self, section: int) -> float:
        """For each two typed words, one after the other, that stand so in the section and close."""
        total = 0.0
        for leaf in itertools.chain.from_iterable(self._clauses):
            first_ways = [(unit, unit.unit.alternatives[0]) for unit in leaf.units]
            single = [unit for unit, way in first_ways if way.how is How.EXACT and len(way.terms) == 1]
            total += self._near_pairs(section, single)
        first_words = [
            leaves[0].units[0]
            for leaves in self._clauses
            if len(leaves) == 1 and leaves[0].units and leaves[0].units[0].unit.alternatives[0].terms
        ]
        return total + self._near_pairs(section, first_words)

    def _near_pairs(self, section: int, units: Sequence[UnitFound]) -> float:
        positions = self._collection.words.positions
        total = 0.0
        for pair in itertools.pairwise(units):
            before, after = (
                positions.get(unit.unit.alternatives[0].terms[0].term, {}).get(section, []) for unit in pair
            )
            if any(0 < second - first <= ranking.PROXIMITY_CHARS for first in before for second in after):
                total += self._plan.weights.proximity * min(unit.idf for unit in pair)
        return total


def _required(leaves: Sequence[LeafFound], best: LeafFound) -> list[Required]:
    """The words of a clause one by one; a phrase or a choice (OR) as a whole."""
    leaf = leaves[0].leaf
    if len(leaves) == 1 and not leaf.is_phrase and not leaf.conversions:
        return [
            Required(
                found.unit.typed,
                found.unit.typed,
                found.idf,
                found.sections,
                is_question_word=found.unit.is_question_word,
            )
            for found in leaves[0].units
        ]
    typed = " OR ".join(one.leaf.typed for one in leaves)
    query = " OR ".join(f'"{one.leaf.typed}"' if one.leaf.is_phrase else one.leaf.typed for one in leaves)
    is_phrase = any(one.leaf.is_phrase for one in leaves)
    is_question_word = all(unit.is_question_word for one in leaves for unit in one.leaf.units)
    return [Required(typed, query, best.asked, best.sections, is_phrase, is_question_word)]


def _is_named(heading: str, name: str) -> bool:
    """Whether a section is headed by a name, or by a name and a remark in brackets."""
    return heading == name or (heading.startswith(f"{name}(") and heading.endswith(")"))


def _sorted(scores: Scores) -> list[int]:
    """Best first, ties in reading order."""
    return sorted(scores, key=lambda section: (-scores[section], section))
