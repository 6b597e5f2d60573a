"""Matching and scoring of a plan over one segment's arrays, all in NumPy; "dense" arrays are [sections].

Score of a section = (Σ units best alternative + parts + bigrams + proximity) × coverage, where a term is worth
idf · impact, impact is the saturated BM25F weight in the postings, and idf = ln(1 + (N − df + ½) / (df + ½)).
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from indexer.engine import How
from indexer.engines.whoosh_arrays.arrays import ArrayField, IntArray
from indexer.planning import Alternative, LeafPlan, Plan, TermAt, Unit
from indexer.ranking import (
    ALTERNATIVE_WEIGHT,
    BIGRAM_WEIGHT,
    COVERAGE_POWER,
    LITERAL_KANA_WEIGHT,
    MIN_QUESTION_SHARE,
    PART_WEIGHT,
    PROXIMITY_CHARS,
    PROXIMITY_WEIGHT,
    RERANKED_HITS,
)

Floats = NDArray[np.float32]
Docs = NDArray[np.int32]
Mask = NDArray[np.bool_]
Worth = tuple[Docs, Floats | np.float32]
"""What some sections (ascending, each once) are worth: each its own value, or all the same."""
_THE_WORD_ITSELF = frozenset({How.EXACT, How.VARIANT})
_EXPANSIONS = frozenset({How.SYNONYM, How.RELATED})
FEW = 8  # times as many postings as sections wanted: then looking each section up is quicker than going through all
_POSITION_SHIFT = 20  # positions stay under 2^16; section and position pack into one integer


@dataclass(slots=True)
class UnitMatch:
    """What one unit found: its weighted idf, sections by alternative (in plan order), all of them, and their worth.

    Parts of a compound are worth something in sections too that do not hold the unit.
    """

    unit: Unit
    idf: float
    by_alternative: list[tuple[Alternative, Docs]]
    sections: Docs
    worths: list[Worth]

    @property
    def is_found_as_typed(self) -> bool:
        """Whether some section holds the word itself, in whichever way it is written."""
        return any(len(docs) for alternative, docs in self.by_alternative if alternative.how in _THE_WORD_ITSELF)


@dataclass(slots=True)
class LeafMatch:
    """What a leaf found: sections with all its units, what they score, and the weight `held` of what is `asked`."""

    leaf: LeafPlan
    units: list[UnitMatch]
    sections: Docs
    worths: list[Worth]
    held: list[Worth]
    asked: float


@dataclass(frozen=True, slots=True)
class Requirement:
    """A part of the query that has to match: `sections` is where it does.

    A question word (違い, 方法) is required only where nothing else is.
    """

    typed: str
    weight: float
    sections: Docs
    is_phrase: bool
    is_question_word: bool = False


@dataclass(slots=True)
class Matches:
    """The sections that match the plan (before facets), and their scores (dense, 0 elsewhere).

    `dropped` and `unknown` are typed words that had to be given up: found only apart from the others, or nowhere.
    `best` is the better leaf of each clause.
    """

    sections: IntArray
    scores: Floats
    best: list[LeafMatch]
    clauses: list[list[LeafMatch]]
    requirements: list[Requirement]
    excluded: list[Docs]
    may_be_partial: bool
    dropped: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()

    def units(self) -> list[UnitMatch]:
        """Every unit of every leaf."""
        return [unit for clause in self.clauses for leaf in clause for unit in leaf.units]


class Scorer:
    """Runs plans over one segment."""

    def __init__(self, words: ArrayField, bigrams: ArrayField, synonyms: ArrayField, sections: int) -> None:
        self._words = words
        self._bigrams = bigrams
        self._synonyms = synonyms
        self._sections = sections

    def idf(self, document_frequency: int) -> float:
        """Robertson's idf, never negative."""
        return math.log(1.0 + (self._sections - document_frequency + 0.5) / (document_frequency + 0.5))

    def match(self, plan: Plan) -> Matches:
        """Matching sections and scores; an empty plan matches everything.

        When no section holds all that was typed, the words that tell least are given up, and named.
        """
        clauses: list[list[LeafMatch]] = []
        requirements: list[Requirement] = []
        best: list[LeafMatch] = []
        for clause in plan.clauses:
            clauses.append([self._readings_of(leaf) for leaf in clause])
            best.append(functools.reduce(self._either, clauses[-1]))
            requirements += _requirements(clauses[-1], best[-1])
        if not plan.exact and not all(part.is_question_word for part in requirements):
            requirements = [part for part in requirements if not part.is_question_word]
        excluded = [self._leaf(leaf_plan).sections for leaf_plan in plan.exclusions]
        unknown = tuple(part.typed for part in requirements if not len(part.sections))
        dropped: tuple[str, ...] = ()
        if plan.is_question:
            held = self._dense(worth for leaf in best for worth in leaf.held)
            least = MIN_QUESTION_SHARE * held.max(initial=0.0)
            enough = np.flatnonzero((held >= least) & (held > 0))
            sections = _kept(enough, [part for part in requirements if part.is_phrase], excluded)
        else:
            sections = self._common(requirements, excluded)
            if not plan.exact and not len(sections):
                sections, dropped = self._relaxed(requirements, excluded)
        matches = Matches(
            sections,
            np.zeros(self._sections, dtype=np.float32),
            best,
            clauses,
            requirements,
            excluded,
            not plan.is_question and not plan.exact and not dropped,
            dropped,
            unknown,
        )
        self._score(matches, sections)
        return matches

    def partly(self, matches: Matches) -> IntArray:
        """The sections that hold only some of what is required; they are scored as well."""
        if not matches.may_be_partial:
            return np.empty(0, dtype=np.int64)
        phrases = [part for part in matches.requirements if part.is_phrase]
        held = self._dense(worth for leaf in matches.best for worth in leaf.held)
        some = _kept(np.flatnonzero(held > 0), phrases, matches.excluded)
        sections = some[~_among(some, matches.sections)]
        self._score(matches, sections)
        return sections

    def _score(self, matches: Matches, sections: IntArray) -> None:
        """What everything found in `sections` adds up to, times the share of the query's weight that they hold."""
        scores = self._summed((worth for leaf in matches.best for worth in leaf.worths), sections)
        asked = sum(leaf.asked for leaf in matches.best)
        if asked and COVERAGE_POWER:
            held = self._summed((worth for leaf in matches.best for worth in leaf.held), sections)
            share = held / np.float32(asked)
            scores *= share if COVERAGE_POWER == 1 else share ** np.float32(COVERAGE_POWER)
        matches.scores[sections] = scores

    def _summed(self, worths: Iterable[Worth], sections: IntArray) -> Floats:
        """[len(sections)]: what each of the (ascending) sections is worth in all."""
        total = np.zeros(len(sections), dtype=np.float32)
        rest: list[Worth] = []
        for docs, values in worths:
            if len(docs) < FEW * len(sections):
                rest.append((docs, values))
            elif len(sections):
                places = np.searchsorted(docs, sections)
                places[places == len(docs)] = 0
                total += np.where(docs[places] == sections, np.broadcast_to(values, docs.shape)[places], np.float32(0))
        return total + self._dense(rest).take(sections) if rest else total

    def _dense(self, worths: Iterable[Worth]) -> Floats:
        total = np.zeros(self._sections, dtype=np.float32)
        for docs, values in worths:
            np.add.at(total, docs.astype(np.int64), values)  # a third of the time that total[docs] += values takes
        return total

    def _either(self, one: LeafMatch, other: LeafMatch) -> LeafMatch:
        """The better of two leaves in each section, as OR wants it."""
        scores = np.maximum(self._dense(one.worths), self._dense(other.worths))
        held = np.maximum(self._dense(one.held) * (other.asked / (one.asked or 1.0)), self._dense(other.held))
        return LeafMatch(
            one.leaf,
            one.units,
            np.union1d(one.sections, other.sections),
            [_sparse(scores)],
            [_sparse(held)],
            other.asked,
        )

    def _common(self, requirements: Sequence[Requirement], excluded: Sequence[Docs]) -> IntArray:
        """The sections with everything that is required."""
        if not requirements:
            return _kept(np.arange(self._sections), (), excluded)
        fewest, *others = sorted(requirements, key=lambda part: len(part.sections))
        return _kept(fewest.sections.astype(np.int64), others, excluded)

    def _relaxed(
        self, requirements: Sequence[Requirement], excluded: Sequence[Docs]
    ) -> tuple[IntArray, tuple[str, ...]]:
        """As many requirements as have sections in common, the most telling first; phrases are never given up."""
        kept = [part for part in requirements if part.is_phrase]
        sections = self._common(kept, excluded)
        for part in sorted(requirements, key=lambda part: -part.weight):
            if not part.is_phrase and len(common := _kept(sections, [part], ())):
                sections = common
                kept.append(part)
        if not kept or not len(sections):
            return np.empty(0, dtype=np.int64), ()
        return sections, tuple(part.typed for part in requirements if all(part is not other for other in kept))

    def _readings_of(self, leaf: LeafPlan) -> LeafMatch:
        """The leaf as typed or as converted, the better in each section."""
        typed = self._leaf(leaf)
        for conversion in map(self._leaf, leaf.conversions):
            if len(typed.units) > 1 and len(conversion.sections):
                typed = conversion  # すたー, あっぷ: not words at all
                continue
            if len(conversion.sections) >= len(typed.sections):
                # Then the kana stand in the text to say how the word is read: no reason to prefer those sections.
                scores = self._dense(typed.worths) * np.float32(LITERAL_KANA_WEIGHT)
                scores[conversion.sections] = 0
                typed.worths = [_sparse(scores)]
                typed.units.clear()
            units = [*conversion.units, *typed.units]
            typed = replace(self._either(conversion, typed), leaf=leaf, units=units)
        return typed

    def _leaf(self, leaf: LeafPlan) -> LeafMatch:
        units = [self._unit(unit, leaf.is_phrase) for unit in leaf.units]
        worths = [worth for unit in units for worth in unit.worths]
        if not leaf.is_phrase and not (len(units) == 1 and units[0].is_found_as_typed):
            worths += [self._worth(self._bigrams, pair, BIGRAM_WEIGHT) for pair in leaf.bigrams if len(pair) == 2]
        fewest, *others = sorted((unit.sections for unit in units), key=len)
        for sections in others:
            fewest = fewest[_among(fewest, sections)]
        held: list[Worth] = [(unit.sections, np.float32(unit.idf)) for unit in units]
        return LeafMatch(leaf, units, fewest, worths, held, sum(unit.idf for unit in units))

    def _worth(self, field: ArrayField, term: str, weight: float) -> Worth:
        rank = field.lexicon.find(term)
        if rank is None:
            return _nothing()
        span = field.span(rank)
        return field.docs[span], np.float32(weight * self.idf(span.stop - span.start)) * field.impacts[span]

    def _unit(self, unit: Unit, is_phrase: bool) -> UnitMatch:
        found: list[tuple[Alternative, Docs]] = []
        values: list[Floats] = []
        for alternative in itertools.chain.from_iterable(map(self._resolved, unit.alternatives)):
            if alternative.how is How.SUBSTRING and any(len(docs) for _, docs in found):
                continue  # the net is for words that the index does not know
            docs, worth = self._alternative(alternative, is_phrase)
            found.append((alternative, docs))
            values.append(worth)
        typed = len(_union([docs for alternative, docs in found if alternative.how in _THE_WORD_ITSELF]))
        weighted: list[tuple[Docs, Floats]] = []
        for (alternative, docs), worth in zip(found, values, strict=True):
            weight = unit.weight * ALTERNATIVE_WEIGHT[alternative.how]
            if typed and len(docs):
                rarity = self.idf(typed) / self.idf(len(docs))
                if alternative.how in _THE_WORD_ITSELF:
                    weight *= rarity  # however it is written, it is one word
                elif alternative.how in _EXPANSIONS:
                    weight *= min(1.0, rarity)  # no rarer than what was typed
            weighted.append((docs, worth if weight == 1 else np.float32(weight) * worth))
        sections, best = _best_of(weighted)
        worths: list[Worth] = [(sections, best)]
        worths += [
            self._worth(self._words, part.term, unit.weight * PART_WEIGHT)
            for alternative in unit.alternatives
            if alternative.how is How.PARTS
            for part in alternative.terms
        ]
        # A word that the index does not know tells no section from another, and its characters tell less than a word.
        idf = unit.weight * self.idf(len(sections)) if len(sections) else 0.0
        if all(alternative.how is How.SUBSTRING for alternative, docs in found if len(docs)):
            idf *= ALTERNATIVE_WEIGHT[How.SUBSTRING]
        return UnitMatch(unit, idf, found, sections, worths)

    def _alternative(self, alternative: Alternative, is_phrase: bool) -> tuple[Docs, Floats]:
        """The sections (ascending) that match an alternative and idf · impact in each."""
        if alternative.how is How.SUBSTRING:
            return self._substring(alternative.bigrams)
        if is_phrase:
            return self._phrase(alternative)
        docs, values = self._all_of(self._words, [term.term for term in alternative.terms])
        if alternative.adjacent and len(docs):
            keep = np.isin(docs, self._adjacent(alternative.terms))
            docs, values = docs[keep], values[keep]
        return docs, values

    def related_terms(self, alternative: Alternative) -> frozenset[str]:
        """The terms that an alternative's synonym groups stand for."""
        return frozenset(self._words.lexicon.text(rank) for rank in self._related_ranks(alternative))

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
            for rank in self._words_of_group(group)
            if self._words.lexicon.text(rank) not in typed
        }
        return sorted(ranks)

    def _words_of_group(self, group: int) -> list[int]:
        rank = self._synonyms.lexicon.find(str(group))
        ranks: list[int] = [] if rank is None else self._synonyms.term_docs(rank).tolist()
        return ranks

    def _all_of(self, field: ArrayField, terms: Sequence[str]) -> tuple[Docs, Floats]:
        """Sections that hold all terms; the value is the mean of their idf · impact."""
        ranks = [field.lexicon.find(term) for term in terms]
        if not ranks or None in ranks:
            return _nothing()
        spans = sorted(
            (field.span(rank) for rank in ranks if rank is not None), key=lambda span: span.stop - span.start
        )
        docs = field.docs[spans[0]]
        if len(spans) == 1:
            return docs, np.float32(self.idf(len(docs))) * field.impacts[spans[0]]
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
    if len(leaves) == 1 and not leaves[0].leaf.is_phrase and not leaves[0].leaf.conversions:
        return [
            Requirement(unit.unit.typed, unit.idf, unit.sections, False, unit.unit.is_question_word)
            for unit in leaves[0].units
        ]
    typed = " OR ".join(leaf.leaf.typed for leaf in leaves)
    return [Requirement(typed, best.asked, best.sections, any(leaf.leaf.is_phrase for leaf in leaves))]


def _kept(sections: IntArray, requirements: Iterable[Requirement], excluded: Iterable[Docs]) -> IntArray:
    """Those of `sections` that hold all requirements and nothing that is excluded."""
    for part in requirements:
        sections = sections[_among(sections, part.sections)]
    for docs in excluded:
        sections = sections[~_among(sections, docs)]
    return sections


def _among(sections: NDArray[np.signedinteger], docs: NDArray[np.signedinteger]) -> Mask:
    """Which of the (ascending) `sections` are among the (ascending) `docs`."""
    if len(sections) * FEW < len(docs) or not len(docs) or not len(sections):
        return _contains(docs, sections)
    is_there = np.zeros(max(int(docs[-1]), int(sections[-1])) + 1, dtype=bool)
    is_there[docs.astype(np.int64)] = True
    return is_there.take(sections)


def _contains(haystack: NDArray[np.signedinteger], needles: NDArray[np.signedinteger]) -> Mask:
    """Which needles are in the ascending haystack."""
    places = np.searchsorted(haystack, needles)
    places[places == len(haystack)] = 0
    return haystack[places] == needles if len(haystack) else np.zeros(len(needles), dtype=bool)


def _sparse(dense: Floats) -> tuple[Docs, Floats]:
    docs = np.flatnonzero(dense > 0).astype(np.int32)
    return docs, dense[docs]


def _best_of(worths: Sequence[tuple[Docs, Floats]]) -> tuple[Docs, Floats]:
    """Every section of some sets, with the highest of its values."""
    filled = [worth for worth in worths if len(worth[0])]
    if len(filled) < 2:
        return filled[0] if filled else _nothing()
    docs, values = (np.concatenate(column) for column in zip(*filled, strict=True))
    order = np.argsort(docs, kind="stable")
    docs, values = docs[order], values[order]
    starts = np.flatnonzero(np.concatenate(([True], docs[1:] != docs[:-1])))
    return docs[starts], np.maximum.reduceat(values, starts)


def _union(sets: Sequence[Docs]) -> Docs:
    """All members of ascending sets."""
    filled = [docs for docs in sets if len(docs)]
    return filled[0] if len(filled) == 1 else np.unique(np.concatenate([np.empty(0, dtype=np.int32), *filled]))


def _nothing() -> tuple[Docs, Floats]:
    return np.empty(0, dtype=np.int32), np.empty(0, dtype=np.float32)
