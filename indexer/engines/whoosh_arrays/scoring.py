"""Matching and scoring of a plan over one segment's arrays, all in NumPy; "dense" arrays are [sections].

Score of a section = (Σ units best alternative + parts + bigrams) × coverage + name + proximity; see lookup.py for a
term's.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from indexer.engine import How
from indexer.engines.whoosh_arrays.lookup import Lookup
from indexer.engines.whoosh_arrays.postings import (
    Docs,
    Floats,
    IntArray,
    Places,
    Worth,
    among,
    best_of,
    dense,
    holds,
    in_all,
    sparse,
    summed,
    union,
)
from indexer.engines.whoosh_arrays.proximity import add_proximity
from indexer.planning import Alternative, LeafPlan, Plan, Unit
from indexer.ranking import (
    ALTERNATIVE_WEIGHT,
    BIGRAM_WEIGHT,
    COVERAGE_POWER,
    LITERAL_KANA_WEIGHT,
    MIN_QUESTION_SHARE,
    PART_WEIGHT,
)

_THE_WORD_ITSELF = frozenset({How.EXACT, How.VARIANT})
_EXPANSIONS = frozenset({How.SYNONYM, How.RELATED})
SAME_WEIGHT = 1e-6  # sums of the same weights in another order


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

    def scraps(self) -> list[UnitMatch]:
        """Single characters beside other words, which stand nowhere as a word (公 of 債務負担公為)."""
        return [
            unit
            for unit in self.units
            if len(self.units) > 1
            and len(unit.unit.typed) == 1
            and all(alternative.how is How.SUBSTRING for alternative, docs in unit.by_alternative if len(docs))
        ]


class Requirement(NamedTuple):
    """A part of the query that has to match: `sections` is where it does, `query` how to ask for it alone.

    A question word (違い, 方法) is required only where nothing else is.
    """

    typed: str
    query: str
    weight: float
    sections: Docs
    is_phrase: bool
    is_question_word: bool = False


@dataclass(slots=True)
class Matches:
    """The sections that match the plan (before facets), and what `Scorer.scores` makes their scores of.

    `places` are those of the sections in what is required (`requirements` keeps its arrays, whose ids they go by).
    `dropped` and `unknown` are typed words that had to be given up: found only apart from the others, or nowhere.
    `best` is the better leaf of each clause; `named` are the sections that bear the name of what is asked about.
    """

    sections: IntArray
    places: Places
    best: list[LeafMatch]
    clauses: list[list[LeafMatch]]
    requirements: list[Requirement]
    excluded: list[Docs]
    named: Docs
    name_weight: float
    may_be_partial: bool
    dropped: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()

    def units(self) -> list[UnitMatch]:
        """Every unit of every leaf."""
        return [unit for clause in self.clauses for leaf in clause for unit in leaf.units]


class Scorer:
    """Runs plans over one segment."""

    def __init__(self, lookup: Lookup, sections: int) -> None:
        self._lookup = lookup
        self._sections = sections

    def match(self, plan: Plan) -> Matches:
        """The sections that match; an empty plan matches everything.

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
        places: Places = {}
        if plan.is_question:
            held = dense((worth for leaf in best for worth in leaf.held), self._sections)
            least = MIN_QUESTION_SHARE * held.max(initial=0.0)
            enough = np.flatnonzero((held >= least) & (held > 0))
            sections, _ = in_all([enough, *(part.sections for part in requirements if part.is_phrase)], excluded)
        else:
            sections, places = self._common(requirements, excluded)
            if not plan.exact and not len(sections):
                sections, places, dropped = self._relaxed(requirements, excluded)
        return Matches(
            sections,
            places,
            best,
            clauses,
            requirements,
            excluded,
            self._lookup.named(plan.names),
            plan.name_weight,
            not plan.is_question and not plan.exact,
            dropped,
            unknown,
        )

    def partly(self, matches: Matches) -> IntArray:
        """The sections that hold only some of what is required."""
        if not matches.may_be_partial:
            return np.empty(0, dtype=np.int64)
        phrases = [part.sections for part in matches.requirements if part.is_phrase]
        held = dense((worth for leaf in matches.best for worth in leaf.held), self._sections)
        some, _ = in_all([np.flatnonzero(held > 0), *phrases], matches.excluded)
        return some[~among(some, matches.sections)]

    def scores(self, matches: Matches, sections: IntArray) -> Floats:
        """What all that was found in `sections` adds up to, times the share of the query's weight that they hold.

        Those that bear the name of what is asked about are raised by a share of the highest.
        """
        places = matches.places if sections is matches.sections else {}
        scores = summed((worth for leaf in matches.best for worth in leaf.worths), sections, self._sections, places)
        asked = sum(leaf.asked for leaf in matches.best)
        if asked and COVERAGE_POWER:
            held = summed((worth for leaf in matches.best for worth in leaf.held), sections, self._sections, places)
            share = held / np.float32(asked)
            scores *= share if COVERAGE_POWER == 1 else share ** np.float32(COVERAGE_POWER)
        if len(matches.named):
            scores[among(sections, matches.named)] += np.float32(matches.name_weight) * scores.max(initial=0)
        return scores

    def _either(self, one: LeafMatch, other: LeafMatch) -> LeafMatch:
        """The better of two leaves in each section, as OR wants it."""
        asked = max(one.asked, other.asked)
        scores = np.maximum(dense(one.worths, self._sections), dense(other.worths, self._sections))
        held = [dense(leaf.held, self._sections) * np.float32(asked / (leaf.asked or 1.0)) for leaf in (one, other)]
        sections = np.union1d(one.sections, other.sections)
        return LeafMatch(one.leaf, one.units, sections, [sparse(scores)], [sparse(np.maximum(*held))], asked)

    def _common(self, requirements: Sequence[Requirement], excluded: Sequence[Docs]) -> tuple[IntArray, Places]:
        """The sections with everything that is required, and their places in it."""
        required = sorted((part.sections for part in requirements), key=len)
        if not required:
            return in_all([np.arange(self._sections)], excluded)[0], {}
        return in_all(required, excluded)

    def _relaxed(
        self, requirements: Sequence[Requirement], excluded: Sequence[Docs]
    ) -> tuple[IntArray, Places, tuple[str, ...]]:
        """What the sections have in common that hold most of the requirements' weight; phrases are never given up."""
        phrases = [part for part in requirements if part.is_phrase]
        sections, _ = self._common(phrases, excluded)
        held = np.zeros(self._sections)
        for part in requirements:
            held[part.sections] += 0.0 if part.is_phrase else part.weight
        most = held[sections].max(initial=0.0)
        if not len(sections) or not (most or phrases):
            return np.empty(0, dtype=np.int64), {}, ()
        first = int(sections[np.flatnonzero(held[sections] >= most - SAME_WEIGHT)[0]])
        kept = [part for part in requirements if holds(part.sections, first)]
        return *self._common(kept, excluded), tuple(
            part.typed for part in requirements if all(part is not other for other in kept)
        )

    def _readings_of(self, leaf: LeafPlan) -> LeafMatch:
        """The leaf as typed or as converted, the better in each section."""
        typed = self._leaf(leaf)
        if leaf.is_half_converted:
            # Kana beside kanji is a word as it stands (仕組みづくり), unless it makes more sense converted.
            typed.leaf = leaf._replace(conversions=())
            return max([typed, *map(self._leaf, leaf.conversions)], key=lambda match: len(match.sections))
        for conversion in map(self._leaf, leaf.conversions):
            if len(typed.units) > 1 and len(conversion.sections):
                typed = conversion  # すたー, あっぷ: not words at all
                continue
            if len(conversion.sections) >= len(typed.sections):
                # Then the kana stand in the text to say how the word is read: no reason to prefer those sections.
                scores = dense(typed.worths, self._sections) * np.float32(LITERAL_KANA_WEIGHT)
                scores[conversion.sections] = 0
                typed.worths = [sparse(scores)]
                typed.units.clear()
            units = [*conversion.units, *typed.units]
            typed = replace(self._either(conversion, typed), leaf=leaf, units=units)
        return typed

    def _leaf(self, leaf: LeafPlan) -> LeafMatch:
        units = [self._unit(unit, leaf.is_phrase) for unit in leaf.units]
        worths = [worth for unit in units for worth in unit.worths]
        if leaf.bigrams and not leaf.is_phrase and not (len(units) == 1 and units[0].is_found_as_typed):
            worths += [
                self._lookup.worth(self._lookup.bigrams, pair, BIGRAM_WEIGHT) for pair in leaf.bigrams if len(pair) == 2
            ]
        fewest = units[0].sections
        if len(units) > 1:
            fewest, *others = sorted((unit.sections for unit in units), key=len)
            for sections in others:
                fewest = fewest[among(fewest, sections)]
        held = [Worth(unit.sections, unit.idf) for unit in units]
        return LeafMatch(leaf, units, fewest, worths, held, sum([unit.idf for unit in units]))

    def _unit(self, unit: Unit, is_phrase: bool) -> UnitMatch:
        found: list[tuple[Alternative, Worth]] = []
        for alternative in unit.alternatives:
            if alternative.how is How.SUBSTRING and any(len(worth.docs) for _, worth in found):
                continue  # the net is for words that the index does not know
            resolved = self._lookup.resolved(alternative)
            found += [(one, self._lookup.alternative(one, is_phrase=is_phrase)) for one in resolved]
        idf = self._lookup.idf
        typed = 0
        if len(found) > 1:  # else there is nothing to weigh it against
            typed = len(union([worth.docs for alternative, worth in found if alternative.how in _THE_WORD_ITSELF]))
        weighted: list[Worth] = []
        for alternative, worth in found:
            weight = unit.weight * ALTERNATIVE_WEIGHT[alternative.how]
            if typed and 0 < len(worth.docs) != typed:
                rarity = idf(typed) / idf(len(worth.docs))
                if alternative.how in _THE_WORD_ITSELF:
                    weight *= rarity  # however it is written, it is one word
                elif alternative.how in _EXPANSIONS:
                    weight *= min(1.0, rarity)  # no rarer than what was typed
            weighted.append(Worth(worth.docs, weight * worth.weight, worth.values))
        best = best_of(weighted)
        parts = [
            self._lookup.worth(self._lookup.words, part.term, unit.weight * PART_WEIGHT)
            for alternative in unit.alternatives
            if alternative.how is How.PARTS
            for part in alternative.terms
        ]
        # A word that the index does not know tells no section from another, and its characters tell less than a word.
        weight = unit.weight * idf(len(best.docs)) if len(best.docs) else 0.0
        if not typed and all(alternative.how is How.SUBSTRING for alternative, worth in found if len(worth.docs)):
            weight *= ALTERNATIVE_WEIGHT[How.SUBSTRING]
        by_alternative = [(alternative, worth.docs) for alternative, worth in found]
        return UnitMatch(unit, weight, by_alternative, best.docs, [best, *parts])

    def add_proximity(self, matches: Matches, sections: IntArray, scores: Floats) -> None:
        """Raise the scores of (ascending) sections for typed neighbours that stand close there too."""
        for leaf in (leaf for clause in matches.clauses for leaf in clause):
            singles = [
                (unit.unit.alternatives[0].terms[0].term, unit.idf)
                for unit in leaf.units
                if unit.unit.alternatives[0].how is How.EXACT and len(unit.unit.alternatives[0].terms) == 1
            ]
            add_proximity(scores, sections, singles, self._lookup.words)
        first_words = [
            (clause[0].units[0].unit.alternatives[0].terms[0].term, clause[0].units[0].idf)
            for clause in matches.clauses
            if len(clause) == 1 and clause[0].units and clause[0].units[0].unit.alternatives[0].terms
        ]
        add_proximity(scores, sections, first_words, self._lookup.words)


def _requirements(leaves: list[LeafMatch], best: LeafMatch) -> list[Requirement]:
    """The words of a clause one by one; a phrase or a choice (OR) as a whole."""
    if len(leaves) == 1 and not leaves[0].leaf.is_phrase and not leaves[0].leaf.conversions:
        return [
            Requirement(unit.unit.typed, unit.unit.typed, unit.idf, unit.sections, False, unit.unit.is_question_word)
            for unit in leaves[0].units
        ]
    typed = " OR ".join(leaf.leaf.typed for leaf in leaves)
    query = " OR ".join(f'"{leaf.leaf.typed}"' if leaf.leaf.is_phrase else leaf.leaf.typed for leaf in leaves)
    is_question = all(unit.is_question_word for leaf in leaves for unit in leaf.leaf.units)
    is_phrase = any(leaf.leaf.is_phrase for leaf in leaves)
    return [Requirement(typed, query, best.asked, best.sections, is_phrase, is_question)]
