"""What a unit and a leaf of a plan match, and what each section that holds them is worth."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from indexer.engines.plain.postings import Collection, Postings, Scores
from indexer.plan import Alternative, How, LeafPlan, TermAt, Unit
from indexer.ranking import SHIPPED, Weights
from kb.language.folding import fold

THE_WORD_ITSELF = (How.EXACT, How.VARIANT)
EXPANSIONS = (How.SYNONYM, How.RELATED)
BRANCHES = range(1, 100)  # of articles of law: 第12条の3 is another one than 第12条


@dataclass(frozen=True, slots=True)
class UnitFound:
    """What a unit found: sections by alternative, all of them, what they score, the unit's weight."""

    unit: Unit
    by_alternative: tuple[tuple[Alternative, Scores], ...]
    sections: frozenset[int]
    scores: Scores
    idf: float

    @property
    def is_found_as_typed(self) -> bool:
        """Whether some section holds the word itself, in whichever way it is written."""
        return any(scores for way, scores in self.by_alternative if way.how in THE_WORD_ITSELF)

    @property
    def is_scrap(self) -> bool:
        """Whether it is one character that stands nowhere as a word."""
        ways = {way.how for way, scores in self.by_alternative if scores}
        return len(self.unit.typed) == 1 and ways <= {How.SUBSTRING}


@dataclass(frozen=True, slots=True)
class LeafFound:
    """What a leaf found: sections with all its units, what sections score, and the weight `held` of what is `asked`."""

    leaf: LeafPlan
    units: tuple[UnitFound, ...]
    sections: frozenset[int]
    scores: Scores
    held: Scores
    asked: float

    def either(self, other: LeafFound) -> LeafFound:
        """The better of two leaves in each section, as OR wants it."""
        asked = max(self.asked, other.asked)
        shares = [
            {section: value * asked / (leaf.asked or 1.0) for section, value in leaf.held.items()}
            for leaf in (self, other)
        ]
        scores = greater(self.scores, other.scores)
        return LeafFound(self.leaf, self.units, self.sections | other.sections, scores, greater(*shares), asked)


class Matching:
    """Matches units and leaves in a collection."""

    def __init__(self, collection: Collection, weights: Weights = SHIPPED) -> None:
        self._collection, self._weights = collection, weights

    # -- an alternative ----------------------------------------------------------------------------------------------

    def resolved(self, way: Alternative) -> list[Alternative]:
        """The alternative itself; of Sudachi's synonyms one for each of their words that stands in the collection."""
        if way.how is not How.RELATED:
            return [way]
        words = self.related(way.synonym_groups) - {term.term for term in way.terms}
        return [way._replace(shown=word, terms=(TermAt(word, 0),), synonym_groups=()) for word in sorted(words)]

    def related(self, synonym_groups: Iterable[int]) -> set[str]:
        """The words of some synonym groups."""
        return set().union(*(self._collection.terms_of_group.get(group, set()) for group in synonym_groups))

    def alternative(self, way: Alternative, *, is_phrase: bool) -> Scores:
        """The sections that an alternative matches, and idf · impact in each."""
        if way.how is How.SUBSTRING:
            return self._substring(way.bigrams)
        if is_phrase:
            return self._phrase(way)
        scores = self._all_of(self._collection.words, [term.term for term in way.terms])
        if not way.adjacent:
            return scores
        return _only(scores, self._adjacent(way.terms, way.shown if way.is_article else ""))

    def _all_of(self, postings: Postings, terms: Sequence[str]) -> Scores:
        """Sections with all terms; the mean of their idf · impact."""
        found = [postings.of(term) for term in terms]
        if not found:
            return {}
        idf = self._collection.idf
        return {
            section: sum(idf(len(posting)) * posting[section] for posting in found) / len(found)
            for section in set(found[0]).intersection(*found[1:])
        }

    def _substring(self, pairs: Sequence[str]) -> Scores:
        """Sections with all pairs of characters; one character is found by the pairs that begin with it."""
        collection = self._collection
        if len(pairs) == 1 and len(pairs[0]) == 1:
            beginning = (posting for pair, posting in collection.pairs.impacts.items() if pair.startswith(pairs[0]))
            sections = set().union(*beginning)
            return dict.fromkeys(sections, collection.idf(len(sections)))
        return self._all_of(collection.pairs, pairs)

    def _adjacent(self, terms: Sequence[TermAt], article: str = "") -> set[int]:
        """Sections where all terms stand at their offsets from one another; an article itself, and no branch of it."""
        starts = set.intersection(*map(self._beginnings, terms))
        for number in BRANCHES if article else ():
            goes_on = self._beginnings(TermAt(f"{number}", len(article) + 1))
            starts = starts - (goes_on - self._beginnings(TermAt("第", len(article))))
        for offset, character in enumerate(article):
            if character == "の":
                starts = starts - self._beginnings(TermAt("第", offset))
        return {section for section, _ in starts}

    def _beginnings(self, term: TermAt) -> set[tuple[int, int]]:
        """(section, position) where what the term stands `offset` characters behind would begin."""
        positions = self._collection.words.positions.get(term.term, {})
        return {(section, position - term.offset) for section, found in positions.items() for position in found}

    def _phrase(self, way: Alternative) -> Scores:
        """Quoted text: words side by side, or the characters together where the words are divided otherwise."""
        collection, terms = self._collection, [term.term for term in way.terms]
        scores = self._substring(way.bigrams) if way.bigrams else self._all_of(collection.words, terms)
        if (
            terms
            and all(collection.words.of(term) for term in terms)
            and (kept := _only(scores, self._adjacent(way.terms)))
        ):
            return kept
        phrase = fold(way.shown)
        characters = phrase.strip("".join(sign for sign in phrase if not sign.isalnum()))
        if way.bigrams and all(first + second in way.bigrams for first, second in itertools.pairwise(characters)):
            return scores
        texts = {section: collection.entries[section].texts.values() for section in scores}
        return _only(scores, {section for section in scores if any(phrase in text for text in texts[section])})

    # -- a unit, a leaf ----------------------------------------------------------------------------------------------

    def _unit(self, unit: Unit, *, is_phrase: bool) -> UnitFound:
        found: list[tuple[Alternative, Scores]] = []
        for way in itertools.chain.from_iterable(map(self.resolved, unit.alternatives)):
            if way.how is How.SUBSTRING and any(scores for _, scores in found):
                continue  # the net is only for words that are not there
            found.append((way, self.alternative(way, is_phrase=is_phrase)))
        idf = self._collection.idf
        typed = len({section for way, scores in found if way.how in THE_WORD_ITSELF for section in scores})
        best: Scores = {}
        for way, scores in found:
            weight = way.weight
            if typed and scores:
                rarity = idf(typed) / idf(len(scores))
                if way.how in THE_WORD_ITSELF:
                    weight *= rarity  # however it is written, it is one word
                elif way.how in EXPANSIONS:
                    weight *= min(1.0, rarity)  # no rarer than what was typed
            best = greater(best, {section: weight * value for section, value in scores.items()})
        sections = frozenset(best)
        parts = [part.term for one in unit.alternatives if one.how is How.PARTS for part in one.terms]
        best = added(best, *(self._worth(self._collection.words, part, self._weights.part) for part in parts))
        weight = unit.weight * idf(len(sections)) if sections else 0.0
        if {way.how for way, scores in found if scores} <= {How.SUBSTRING}:
            weight *= self._weights.substring
        scores = {section: unit.weight * value for section, value in best.items()}
        return UnitFound(unit, tuple(found), sections, scores, weight)

    def _worth(self, postings: Postings, term: str, weight: float) -> Scores:
        found = postings.of(term)
        return {section: weight * self._collection.idf(len(found)) * impact for section, impact in found.items()}

    def leaf(self, leaf: LeafPlan) -> LeafFound:
        """The leaf as typed."""
        units = tuple(self._unit(unit, is_phrase=leaf.is_phrase) for unit in leaf.units)
        scores = added(*(unit.scores for unit in units))
        if not leaf.is_phrase and not (len(units) == 1 and units[0].is_found_as_typed):
            pairs = [pair for pair in leaf.bigrams if len(pair) == 2]
            scores = added(scores, *(self._worth(self._collection.pairs, pair, self._weights.bigram) for pair in pairs))
        sections = frozenset.intersection(*(unit.sections for unit in units))
        held = added(*(dict.fromkeys(unit.sections, unit.idf) for unit in units))
        return LeafFound(leaf, units, sections, scores, held, sum(unit.idf for unit in units))

    def converted(self, leaf: LeafPlan) -> LeafFound:
        """The leaf as typed, or as an input method would have converted it."""
        typed = self.leaf(leaf)
        if leaf.is_half_converted:
            typed = replace(typed, leaf=leaf._replace(conversions=()))
            return max([typed, *map(self.leaf, leaf.conversions)], key=lambda one: len(one.sections))
        for conversion in map(self.leaf, leaf.conversions):
            if len(typed.units) > 1 and conversion.sections:
                typed = conversion
                continue
            if len(conversion.sections) >= len(typed.sections):
                scores = {
                    section: value * self._weights.literal_kana
                    for section, value in typed.scores.items()
                    if section not in conversion.sections
                }
                typed = replace(typed, scores=scores, units=())
            typed = replace(conversion.either(typed), leaf=leaf, units=(*conversion.units, *typed.units))
        return typed


def greater(one: Scores, other: Scores) -> Scores:
    """The greater of two scores in each section."""
    return {section: max(one.get(section, 0.0), other.get(section, 0.0)) for section in one.keys() | other.keys()}


def added(*all_scores: Scores) -> Scores:
    """The sum of all scores in each section."""
    total: Scores = defaultdict(float)
    for scores in all_scores:
        for section, value in scores.items():
            total[section] += value
    return dict(total)


def _only(scores: Scores, sections: set[int]) -> Scores:
    return {section: value for section, value in scores.items() if section in sections}
