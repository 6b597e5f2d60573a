"""Matching and scoring of a plan over one segment's arrays, all in NumPy; dense arrays are [sections].

Score of a section = (Σ units best alternative + parts + bigrams + proximity) × coverage, where a term is worth
idf · impact, impact is the saturated BM25F weight in the postings, and idf = ln(1 + (N − df + ½) / (df + ½)).
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from indexer.engine import How
from indexer.engines.whoosh_arrays.arrays import ArrayField, IntArray
from indexer.planning import Alternative, LeafPlan, Plan, TermAt, Unit
from indexer.ranking import (
    ALTERNATIVE_WEIGHT,
    BIGRAM_WEIGHT,
    COVERAGE_POWER,
    MIN_QUESTION_SHARE,
    PART_WEIGHT,
    PROXIMITY_CHARS,
    PROXIMITY_WEIGHT,
    RERANKED_HITS,
)

Floats = NDArray[np.float32]
Docs = NDArray[np.int32]
Mask = NDArray[np.bool_]
MAX_READING_CHARS = 16  # of one word; the longest compounds in Sudachi's core lexicon that staff would type
_PARTICLE_READINGS = frozenset("ノヲニハガトデモヘ")
_EXPANSIONS = frozenset({How.SYNONYM, How.RELATED})
_POSITION_SHIFT = 20  # positions stay under 2^16; section and position pack into one integer


@dataclass(slots=True)
class UnitMatch:
    """What one unit found: its weighted idf, sections by alternative (in plan order), all of them, best scores."""

    unit: Unit
    idf: float
    by_alternative: list[tuple[Alternative, Docs]]
    mask: Mask
    scores: Floats


@dataclass(slots=True)
class LeafMatch:
    """What a leaf found: sections with all its units, scores, and the weight `held` of what is `asked`."""

    leaf: LeafPlan
    units: list[UnitMatch]
    mask: Mask
    scores: Floats
    held: Floats
    asked: float

    def either(self, other: LeafMatch) -> LeafMatch:
        """The better of this leaf and another in each section, as OR wants it."""
        return LeafMatch(
            self.leaf,
            self.units,
            self.mask | other.mask,
            np.maximum(self.scores, other.scores),
            np.maximum(self.held * (other.asked / (self.asked or 1.0)), other.held),
            other.asked,
        )


@dataclass(frozen=True, slots=True)
class Requirement:
    """A part of the query that has to match: `mask` are the sections where it does.

    A question word (違い, 方法) is required only where nothing else is.
    """

    typed: str
    weight: float
    mask: Mask
    is_phrase: bool
    is_question_word: bool = False


@dataclass(slots=True)
class Matches:
    """All sections that match the plan (before facets) and the score of every section.

    `dropped` and `unknown` are typed words that had to be given up: found only apart from the others, or nowhere.
    """

    mask: Mask
    scores: Floats
    clauses: list[list[LeafMatch]]
    requirements: list[Requirement]
    dropped: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()

    def units(self) -> list[UnitMatch]:
        """Every unit of every leaf."""
        return [unit for clause in self.clauses for leaf in clause for unit in leaf.units]


class Scorer:
    """Runs plans over one segment."""

    def __init__(
        self, words: ArrayField, bigrams: ArrayField, readings: ArrayField, synonyms: ArrayField, sections: int
    ) -> None:
        self._words = words
        self._bigrams = bigrams
        self._readings = readings
        self._synonyms = synonyms
        self._sections = sections

    def idf(self, document_frequency: int) -> float:
        """Robertson's idf, never negative."""
        return math.log(1.0 + (self._sections - document_frequency + 0.5) / (document_frequency + 0.5))

    def match(self, plan: Plan) -> Matches:
        """Matching sections and scores; an empty plan matches everything.

        When no section holds all that was typed, the words that tell least are given up, and named.
        """
        scores = np.zeros(self._sections, dtype=np.float32)
        held = np.zeros(self._sections, dtype=np.float32)
        asked = 0.0
        clauses: list[list[LeafMatch]] = []
        requirements: list[Requirement] = []
        for clause in plan.clauses:
            leaves = [self._leaf(leaf) for leaf in clause]
            clauses.append(leaves)
            best = leaves[0]
            for leaf in leaves[1:]:
                best = best.either(leaf)
            scores += best.scores
            held += best.held
            asked += best.asked
            requirements += _requirements(leaves, best)
        if not plan.exact and not all(part.is_question_word for part in requirements):
            requirements = [part for part in requirements if not part.is_question_word]
        if asked:
            scores *= (held / np.float32(asked)) ** np.float32(COVERAGE_POWER)
        allowed = np.ones(self._sections, dtype=bool)
        for leaf_plan in plan.exclusions:
            allowed &= ~self._leaf(leaf_plan).mask
        unknown = tuple(part.typed for part in requirements if not part.mask.any())
        if plan.is_question:
            mask = _all(allowed, [part for part in requirements if part.is_phrase])
            mask &= (held > 0) & (held >= MIN_QUESTION_SHARE * held.max(initial=0.0))
            return Matches(mask, scores, clauses, requirements, (), unknown)
        mask = _all(allowed, requirements)
        dropped: tuple[str, ...] = ()
        if not plan.exact and not mask.any():
            mask, dropped = _relaxed(allowed, requirements)
        return Matches(mask, scores, clauses, requirements, dropped, unknown)

    def _leaf(self, leaf: LeafPlan) -> LeafMatch:
        units = [self._unit(unit, leaf.is_phrase) for unit in leaf.units]
        scores = np.zeros(self._sections, dtype=np.float32)
        held = np.zeros(self._sections, dtype=np.float32)
        mask = np.ones(self._sections, dtype=bool)
        for unit in units:
            scores += unit.scores
            held[unit.mask] += unit.idf
            mask &= unit.mask
        is_read = any(a.how is How.READING and len(docs) for unit in units for a, docs in unit.by_alternative)
        if not leaf.is_phrase and not is_read:  # the characters of a reading are not those of the words it stands for
            for bigram in leaf.bigrams:
                if len(bigram) == 2:
                    self._add(scores, self._bigrams, bigram, BIGRAM_WEIGHT)
        return LeafMatch(leaf, units, mask, scores, held, sum(unit.idf for unit in units))

    def _add(self, scores: Floats, field: ArrayField, term: str, weight: float) -> None:
        rank = field.lexicon.find(term)
        if rank is not None:
            span = field.span(rank)
            scores[field.docs[span]] += np.float32(weight * self.idf(span.stop - span.start)) * field.impacts[span]

    def _unit(self, unit: Unit, is_phrase: bool) -> UnitMatch:
        scores = np.zeros(self._sections, dtype=np.float32)
        mask = np.zeros(self._sections, dtype=bool)
        found: list[tuple[Alternative, Docs]] = []
        # Kana of several short words (けい, やく) was hardly meant so: its reading counts even where they are found.
        is_unconverted = len(unit.alternatives[0].terms) > 1
        for alternative in itertools.chain.from_iterable(map(self._resolved, unit.alternatives)):
            is_net = alternative.how is How.SUBSTRING or (alternative.how is How.READING and not is_unconverted)
            if is_net and any(len(docs) for _, docs in found):
                continue  # the nets are for words that the index does not know
            docs, values = self._alternative(alternative, is_phrase)
            found.append((alternative, docs))
            mask[docs] = True
            weight = ALTERNATIVE_WEIGHT[alternative.how]
            if alternative.how in _EXPANSIONS and len(docs) and (typed := len(found[0][1])):
                weight *= min(1.0, self.idf(typed) / self.idf(len(docs)))  # no rarer than what was typed
            np.maximum.at(scores, docs, np.float32(weight) * values)
        for alternative in unit.alternatives:
            if alternative.how is How.PARTS:
                for part in alternative.terms:
                    self._add(scores, self._words, part.term, PART_WEIGHT)
        frequency = int(np.count_nonzero(mask))
        # A word that the index does not know tells no section from another.
        idf = unit.weight * self.idf(frequency) if frequency else 0.0
        return UnitMatch(unit, idf, found, mask, np.float32(unit.weight) * scores)

    def _alternative(self, alternative: Alternative, is_phrase: bool) -> tuple[Docs, Floats]:
        """The sections (ascending) that match an alternative and idf · impact in each."""
        if alternative.how is How.READING:
            return self._reading(alternative.reading)
        if alternative.how is How.SUBSTRING:
            return self._substring(alternative.bigrams)
        if is_phrase:
            return self._phrase(alternative)
        docs, values = self._all_of(self._words, [term.term for term in alternative.terms])
        if alternative.adjacent and len(docs):
            keep = np.isin(docs, self._adjacent(alternative.terms))
            docs, values = docs[keep], values[keep]
        return docs, values

    def named_terms(self, alternative: Alternative) -> frozenset[str]:
        """The terms that an alternative's reading or synonym groups stand for."""
        groups = self._reading_groups(alternative.reading) if alternative.reading else []
        groups.append(self._related_ranks(alternative))
        return frozenset(self._words.lexicon.text(rank) for ranks in groups for rank in ranks)

    def words_read(self, reading: str, section: int) -> tuple[str, ...]:
        """The words of a section that a typed reading met, one for each of its parts."""
        return tuple(
            next(self._words.lexicon.text(rank) for rank in ranks if section in self._words.term_docs(rank))
            for ranks in self._reading_groups(reading)
            if ranks
        )

    def _resolved(self, alternative: Alternative) -> Iterable[Alternative]:
        """The alternative itself, or one for each related word, so that a hit can say which one it holds."""
        if alternative.how is not How.RELATED:
            return (alternative,)
        words = (self._words.lexicon.text(rank) for rank in self._related_ranks(alternative))
        return (Alternative(How.RELATED, word, (TermAt(word, 0),)) for word in words)

    def _related_ranks(self, alternative: Alternative) -> list[int]:
        """Words of the same synonym groups as a typed word, itself left out."""
        typed = {term.term for term in alternative.terms}
        ranks = {
            rank
            for group in alternative.synonym_groups
            for rank in self._ranks_named(self._synonyms, str(group))
            if self._words.lexicon.text(rank) not in typed
        }
        return sorted(ranks)

    def _reading(self, reading: str) -> tuple[Docs, Floats]:
        """Sections with a word for every part of the reading, side by side where there are such.

        The value is the mean of the parts' best.
        """
        groups = self._reading_groups(reading)
        if not groups:
            return _nothing()
        found = [self._any_of(ranks) for ranks in groups if ranks]
        docs = self._side_by_side(groups) if len(groups) > 1 else found[0][0]
        if not len(docs):
            docs = functools.reduce(np.intersect1d, (docs for docs, _ in found))
        values = sum((values[np.searchsorted(part, docs)] for part, values in found), np.zeros(len(docs), np.float32))
        return docs.astype(np.int32), (values / np.float32(len(found))).astype(np.float32)

    def _side_by_side(self, groups: Sequence[Sequence[int]]) -> Docs:
        """Sections where a word of each group follows one of the group before; an empty group is a particle's place."""
        ends: IntArray | None = None
        for ranks in groups:
            if not ranks and ends is not None:
                ends = ends + 1
                continue
            found: list[IntArray] = []
            for rank in ranks:
                docs, positions = self._words.term_positions(rank)
                keys = (docs.astype(np.int64) << _POSITION_SHIFT) + positions
                if ends is not None:
                    keys = keys[_contains(ends, keys)]
                found.append(keys + len(self._words.lexicon.text(rank)))
            ends = np.unique(np.concatenate(found))
        assert ends is not None
        return np.unique(ends >> _POSITION_SHIFT).astype(np.int32)

    def _reading_groups(self, reading: str) -> list[list[int]]:
        """The words of each part of a reading, which is cut into as few known readings as possible.

        Between them a particle may stand, as an empty list (ケイヤク|ノ|テツヅキ); [] where it cannot be cut so.
        """
        best: dict[int, tuple[int, list[list[int]]]] = {0: (0, [])}
        for end in range(1, len(reading) + 1):
            for start in range(max(0, end - MAX_READING_CHARS), end):
                if start not in best:
                    continue
                cost, groups = best[start]
                part = reading[start:end]
                ranks = self._ranks_named(self._readings, part) if len(part) > 1 else []
                if ranks:
                    option = (cost + 1, [*groups, ranks])
                elif part in _PARTICLE_READINGS and start and end < len(reading):
                    option = (cost + 1, [*groups, []])
                else:
                    continue
                if end not in best or option[0] < best[end][0]:
                    best[end] = option
        return best.get(len(reading), (0, []))[1]

    def _ranks_named(self, names: ArrayField, name: str) -> list[int]:
        rank = names.lexicon.find(name)
        ranks: list[int] = [] if rank is None else names.term_docs(rank).tolist()
        return ranks

    def _any_of(self, ranks: Sequence[int]) -> tuple[Docs, Floats]:
        if not ranks:
            return _nothing()
        scores = np.zeros(self._sections, dtype=np.float32)
        for rank in ranks:
            span = self._words.span(rank)
            value = np.float32(self.idf(span.stop - span.start)) * self._words.impacts[span]
            docs = self._words.docs[span]
            scores[docs] = np.maximum(scores[docs], value)
        docs = np.flatnonzero(scores).astype(np.int32)
        return docs, scores[docs]

    def _all_of(self, field: ArrayField, terms: Sequence[str]) -> tuple[Docs, Floats]:
        """Sections that hold all terms; the value is the mean of their idf · impact."""
        ranks = [field.lexicon.find(term) for term in terms]
        if not ranks or None in ranks:
            return _nothing()
        spans = sorted(
            (field.span(rank) for rank in ranks if rank is not None), key=lambda span: span.stop - span.start
        )
        docs = field.docs[spans[0]]
        for span in spans[1:]:
            docs = docs[_contains(field.docs[span], docs)]
        values = np.zeros(len(docs), dtype=np.float32)
        for span in spans:
            weight = np.float32(self.idf(span.stop - span.start) / len(spans))
            values += weight * field.impacts[span][np.searchsorted(field.docs[span], docs)]
        return docs, values

    def _substring(self, bigrams: Sequence[str]) -> tuple[Docs, Floats]:
        if len(bigrams) == 1 and len(bigrams[0]) == 1:
            ranks = self._bigrams.lexicon.prefix_range(bigrams[0])
            spans = [self._bigrams.span(rank) for rank in ranks]
            if not spans:
                return _nothing()
            docs = np.unique(np.concatenate([self._bigrams.docs[span] for span in spans]))
            return docs, np.full(len(docs), self.idf(len(docs)), dtype=np.float32)
        return self._all_of(self._bigrams, bigrams)

    def _phrase(self, alternative: Alternative) -> tuple[Docs, Floats]:
        """Every bigram of the phrase, and its words side by side where the index knows them as words."""
        docs, values = self._substring(alternative.bigrams) if alternative.bigrams else _nothing()
        if all(self._words.lexicon.find(term.term) is not None for term in alternative.terms) and alternative.terms:
            adjacent = self._adjacent(alternative.terms)
            if not alternative.bigrams:
                return adjacent, np.full(len(adjacent), self.idf(len(adjacent)), dtype=np.float32)
            keep = np.isin(docs, adjacent)
            if keep.any():
                docs, values = docs[keep], values[keep]
        return docs, values

    def _adjacent(self, terms: Sequence[TermAt]) -> Docs:
        """Sections where all terms stand at their offsets from one another."""
        current: IntArray | None = None
        for term in terms:
            rank = self._words.lexicon.find(term.term)
            if rank is None:
                return np.empty(0, dtype=np.int32)
            docs, positions = self._words.term_positions(rank)
            keys = (docs.astype(np.int64) << _POSITION_SHIFT) + positions - term.offset
            current = keys if current is None else current[_contains(keys, current)]
        if current is None:
            return np.empty(0, dtype=np.int32)
        return np.unique(current >> _POSITION_SHIFT).astype(np.int32)

    def add_proximity(self, matches: Matches, ranked: IntArray) -> None:
        """Raise the scores of the best `ranked` sections for typed neighbours that stand close there too."""
        candidates = np.sort(ranked[:RERANKED_HITS])
        for leaf in (leaf for clause in matches.clauses for leaf in clause):
            singles = [
                (unit, unit.unit.alternatives[0].terms[0].term)
                for unit in leaf.units
                if unit.unit.alternatives[0].how is How.EXACT and len(unit.unit.alternatives[0].terms) == 1
            ]
            self._add_pairs(matches.scores, candidates, singles)
        first_words = [
            (clause[0].units[0], clause[0].units[0].unit.alternatives[0].terms[0].term)
            for clause in matches.clauses
            if len(clause) == 1 and clause[0].units and clause[0].units[0].unit.alternatives[0].terms
        ]
        self._add_pairs(matches.scores, candidates, first_words)

    def _add_pairs(self, scores: Floats, candidates: IntArray, units: Sequence[tuple[UnitMatch, str]]) -> None:
        for (first, first_term), (second, second_term) in itertools.pairwise(units):
            near = self._ordered_near(first_term, second_term, candidates)
            scores[near] += np.float32(PROXIMITY_WEIGHT * min(first.idf, second.idf))

    def _ordered_near(self, first: str, second: str, candidates: IntArray) -> IntArray:
        """The candidates where `second` begins within PROXIMITY_CHARS after `first`."""
        keys = [self._keys_in(term, candidates) for term in (first, second)]
        if not len(keys[0]) or not len(keys[1]):
            return np.empty(0, dtype=np.int64)
        following = np.searchsorted(keys[1], keys[0], side="right")
        inside = following < len(keys[1])
        distance = keys[1][following[inside]] - keys[0][inside]
        return np.unique(keys[0][inside][distance <= PROXIMITY_CHARS] >> _POSITION_SHIFT)

    def _keys_in(self, term: str, candidates: IntArray) -> IntArray:
        """Section << 20 | position of the term's occurrences in the (ascending) candidates."""
        rank = self._words.lexicon.find(term)
        if rank is None:
            return np.empty(0, dtype=np.int64)
        span = self._words.span(rank)
        docs = self._words.docs[span]
        places = np.searchsorted(docs, candidates)
        places = places[places < len(docs)]
        places = places[np.isin(docs[places], candidates)]
        places = np.unique(places)
        if not len(places):
            return np.empty(0, dtype=np.int64)
        ends = self._words.position_ends
        stops = ends[span.start + places].astype(np.int64)
        before = span.start + places - 1
        begins = np.where(before >= 0, ends[np.maximum(before, 0)], 0).astype(np.int64)
        counts = stops - begins
        flat = np.repeat(begins - np.concatenate(([0], np.cumsum(counts)[:-1])), counts) + np.arange(counts.sum())
        sections = np.repeat(docs[places].astype(np.int64), counts)
        return (sections << _POSITION_SHIFT) + self._words.positions[flat].astype(np.int64)


def _requirements(leaves: list[LeafMatch], best: LeafMatch) -> list[Requirement]:
    """The words of a clause one by one; a phrase or a choice (OR) as a whole."""
    if len(leaves) == 1 and not leaves[0].leaf.is_phrase:
        return [
            Requirement(unit.unit.typed, unit.idf, unit.mask, False, unit.unit.weight < 1) for unit in leaves[0].units
        ]
    typed = " OR ".join(leaf.leaf.typed for leaf in leaves)
    return [Requirement(typed, best.asked, best.mask, any(leaf.leaf.is_phrase for leaf in leaves))]


def _all(allowed: Mask, requirements: Sequence[Requirement]) -> Mask:
    mask = allowed.copy()
    for part in requirements:
        mask &= part.mask
    return mask


def _relaxed(allowed: Mask, requirements: Sequence[Requirement]) -> tuple[Mask, tuple[str, ...]]:
    """As many requirements as have sections in common, the most telling first; phrases are never given up."""
    mask = _all(allowed, [part for part in requirements if part.is_phrase])
    kept = [part for part in requirements if part.is_phrase]
    for part in sorted(requirements, key=lambda part: -part.weight):
        if not part.is_phrase and (mask & part.mask).any():
            mask &= part.mask
            kept.append(part)
    if not kept or not mask.any():
        return np.zeros_like(mask), ()
    return mask, tuple(part.typed for part in requirements if all(part is not other for other in kept))


def _contains(haystack: NDArray[np.signedinteger], needles: NDArray[np.signedinteger]) -> Mask:
    """Which needles are in the ascending haystack."""
    places = np.searchsorted(haystack, needles)
    places[places == len(haystack)] = 0
    return haystack[places] == needles if len(haystack) else np.zeros(len(needles), dtype=bool)


def _nothing() -> tuple[Docs, Floats]:
    return np.empty(0, dtype=np.int32), np.empty(0, dtype=np.float32)
