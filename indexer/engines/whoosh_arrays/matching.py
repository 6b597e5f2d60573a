"""From a plan to what it matches in one segment: units, leaves, what is required, and which sections hold that.

indexer/engines/plain.py says what matching means; here it is done with arrays.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from indexer.engines.whoosh_arrays.lookup import Lookup
from indexer.engines.whoosh_arrays.matched import (
    THE_WORD_ITSELF,
    Common,
    LeafMatch,
    Matched,
    Requirement,
    UnitMatch,
)
from indexer.engines.whoosh_arrays.postings import (
    NO_UNIT,
    NOTHING,
    Docs,
    Worth,
    among,
    best_of,
    dense,
    in_all,
    sparse,
    union,
)
from indexer.plan import Alternative, How, LeafPlan, Plan, Unit
from indexer.ranking import Weights

_EXPANSIONS = frozenset({How.SYNONYM, How.RELATED})
_NONE = Common(np.empty(0, dtype=np.int64), {})
SAME_WEIGHT = 1e-6  # sums of the same weights in another order


class Matcher:
    """Matches one plan over one segment; units are numbered as they are met."""

    def __init__(self, lookup: Lookup, sections: int, weights: Weights) -> None:
        self._lookup, self._weights = lookup, weights
        self._sections = sections
        self._numbers = itertools.count()

    def match(self, plan: Plan) -> Matched:
        """The sections that match; an empty plan matches everything.

        When no section holds all that was typed, the words that tell least are given up, and named.
        """
        clauses = tuple(tuple(map(self._readings_of, clause)) for clause in plan.clauses)
        best = tuple(functools.reduce(self._either, leaves) for leaves in clauses)
        required = [part for leaves, leaf in zip(clauses, best, strict=True) for part in _requirements(leaves, leaf)]
        if not plan.exact and not all(part.is_question_word for part in required):
            required = [part for part in required if not part.is_question_word]
        excluded = tuple(self._leaf(leaf).sections for leaf in plan.exclusions)
        dropped: tuple[str, ...] = ()
        if plan.is_question:
            found = self._enough(best, required, excluded)
        else:
            found = self._common(required, excluded)
            if not plan.exact and not len(found.sections):
                found, dropped = self._relaxed(required, excluded)
        unknown = tuple(part.typed for part in required if not len(part.sections))
        named = self._lookup.named(plan.names)
        return Matched(plan, found, best, clauses, tuple(required), excluded, named, dropped, unknown)

    def _enough(self, best: Sequence[LeafMatch], required: Sequence[Requirement], excluded: Sequence[Docs]) -> Common:
        """The sections with all phrases and enough of a question's weight."""
        held = dense((worth for leaf in best for worth in leaf.held), self._sections)
        least = self._weights.least_share * held.max(initial=0.0)
        enough = Docs(np.flatnonzero((held >= least) & (held > 0)).astype(np.int32))
        sections, _ = in_all([enough, *(part.sections for part in required if part.is_phrase)], excluded)
        return Common(sections, {})

    def _common(self, required: Sequence[Requirement], excluded: Sequence[Docs]) -> Common:
        """The sections with everything that is required."""
        if not required:
            everything = Docs(np.arange(self._sections, dtype=np.int32))
            return Common(in_all([everything], excluded)[0], {})
        fewest_first = sorted(required, key=lambda part: len(part.sections))
        sections, places = in_all([part.sections for part in fewest_first], excluded)
        by_unit = {part.unit: at for part, at in zip(fewest_first, places, strict=True) if part.unit != NO_UNIT}
        return Common(sections, by_unit)

    def _relaxed(self, required: Sequence[Requirement], excluded: Sequence[Docs]) -> tuple[Common, tuple[str, ...]]:
        """What the sections have in common that hold most of the requirements' weight; phrases are never given up."""
        phrases = [part for part in required if part.is_phrase]
        sections = self._common(phrases, excluded).sections
        held = np.zeros(self._sections)
        for part in required:
            held[part.sections.numbers] += 0.0 if part.is_phrase else part.weight
        most = held[sections].max(initial=0.0)
        if not len(sections) or not (most or phrases):
            return _NONE, ()
        first = int(sections[np.flatnonzero(held[sections] >= most - SAME_WEIGHT)[0]])
        is_kept = [part.sections.holds(first) for part in required]
        kept = list(itertools.compress(required, is_kept))
        dropped = tuple(part.typed for part, stays in zip(required, is_kept, strict=True) if not stays)
        return self._common(kept, excluded), dropped

    def _either(self, one: LeafMatch, other: LeafMatch) -> LeafMatch:
        """The better of two leaves in each section, as OR wants it."""
        asked = max(one.asked, other.asked)
        scores = np.maximum(dense(one.worths, self._sections), dense(other.worths, self._sections))
        held = [dense(leaf.held, self._sections) * np.float32(asked / (leaf.asked or 1.0)) for leaf in (one, other)]
        sections = Docs(np.union1d(one.sections.numbers, other.sections.numbers))
        return LeafMatch(one.leaf, one.units, sections, (sparse(scores),), (sparse(np.maximum(*held)),), asked)

    def _readings_of(self, leaf: LeafPlan) -> LeafMatch:
        """The leaf as typed or as converted, the better in each section."""
        typed = self._leaf(leaf)
        if leaf.is_half_converted:
            # Kana beside kanji is a word as it stands (仕組みづくり), unless it makes more sense converted.
            typed = replace(typed, leaf=leaf._replace(conversions=()))
            return max([typed, *map(self._leaf, leaf.conversions)], key=lambda match: len(match.sections))
        for conversion in map(self._leaf, leaf.conversions):
            if len(typed.units) > 1 and len(conversion.sections):
                typed = conversion  # すたー, あっぷ: not words at all
                continue
            if len(conversion.sections) >= len(typed.sections):
                # Then the kana stand in the text to say how the word is read: no reason to prefer those sections.
                scores = dense(typed.worths, self._sections) * np.float32(self._weights.literal_kana)
                scores[conversion.sections.numbers] = 0
                typed = replace(typed, worths=(sparse(scores),), units=())
            units = (*conversion.units, *typed.units)
            typed = replace(self._either(conversion, typed), leaf=leaf, units=units)
        return typed

    def _leaf(self, leaf: LeafPlan) -> LeafMatch:
        units = tuple(self._unit(unit, is_phrase=leaf.is_phrase) for unit in leaf.units)
        worths = [worth for unit in units for worth in unit.worths]
        if leaf.bigrams and not leaf.is_phrase and not (len(units) == 1 and units[0].is_found_as_typed):
            worths += [
                self._lookup.worth(self._lookup.bigrams, pair, self._weights.bigram)
                for pair in leaf.bigrams
                if len(pair) == 2
            ]
        fewest, *others = sorted((unit.sections for unit in units), key=len)
        for sections in others:
            fewest = Docs(fewest.numbers[among(fewest.numbers, sections)])
        held = tuple(Worth(unit.sections, unit.idf, unit=unit.worths[0].unit) for unit in units)
        asked = sum([unit.idf for unit in units])
        same = NO_UNIT if others else units[0].worths[0].unit
        return LeafMatch(leaf, units, fewest, tuple(worths), held, asked, same)

    def _unit(self, unit: Unit, *, is_phrase: bool) -> UnitMatch:
        found: list[tuple[Alternative, Worth]] = []
        for alternative in unit.alternatives:
            if alternative.how is How.SUBSTRING and any(len(worth.docs) for _, worth in found):
                continue  # the net is for words that the index does not know
            resolved = self._lookup.resolved(alternative)
            found += [(one, self._lookup.alternative(one, is_phrase=is_phrase)) for one in resolved]
        best = best_of(self._weighted(unit, found))._replace(unit=next(self._numbers))
        parts = [
            self._lookup.worth(self._lookup.words, part.term, unit.weight * self._weights.part)
            for alternative in unit.alternatives
            if alternative.how is How.PARTS
            for part in alternative.terms
        ]
        # A word that the index does not know tells no section from another, and its characters tell less than a word.
        idf = unit.weight * self._lookup.idf(len(best.docs)) if len(best.docs) else 0.0
        if all(alternative.how is How.SUBSTRING for alternative, worth in found if len(worth.docs)):
            idf *= self._weights.substring
        by_alternative = tuple((alternative, worth.docs) for alternative, worth in found)
        return UnitMatch(unit, idf, by_alternative, best.docs, (best, *parts))

    def _weighted(self, unit: Unit, found: Sequence[tuple[Alternative, Worth]]) -> list[Worth]:
        """What was found, each kind by its weight, and none rarer than the word itself."""
        idf = self._lookup.idf
        typed = 0
        if len(found) > 1:  # else there is nothing to weigh it against
            typed = len(union([worth.docs for alternative, worth in found if alternative.how in THE_WORD_ITSELF]))
        weighted: list[Worth] = []
        for alternative, worth in found:
            weight = unit.weight * alternative.weight
            if typed and 0 < len(worth.docs) != typed:
                rarity = idf(typed) / idf(len(worth.docs))
                if alternative.how in THE_WORD_ITSELF:
                    weight *= rarity  # however it is written, it is one word
                elif alternative.how in _EXPANSIONS:
                    weight *= min(1.0, rarity)  # no rarer than what was typed
            weighted.append(Worth(worth.docs, weight * worth.weight, worth.values))
        return weighted or [NOTHING]


def _requirements(leaves: Sequence[LeafMatch], best: LeafMatch) -> list[Requirement]:
    """The words of a clause one by one; a phrase or a choice (OR) as a whole."""
    if len(leaves) == 1 and not leaves[0].leaf.is_phrase and not leaves[0].leaf.conversions:
        return [
            Requirement(
                match.unit.typed,
                match.unit.typed,
                match.idf,
                match.sections,
                is_phrase=False,
                is_question_word=match.unit.is_question_word,
                unit=match.worths[0].unit,
            )
            for match in leaves[0].units
        ]
    typed = " OR ".join(leaf.leaf.typed for leaf in leaves)
    query = " OR ".join(f'"{leaf.leaf.typed}"' if leaf.leaf.is_phrase else leaf.leaf.typed for leaf in leaves)
    return [
        Requirement(
            typed,
            query,
            best.asked,
            best.sections,
            is_phrase=any(leaf.leaf.is_phrase for leaf in leaves),
            is_question_word=all(unit.is_question_word for leaf in leaves for unit in leaf.leaf.units),
            unit=best.unit,
        )
    ]
