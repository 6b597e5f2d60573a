"""The ranking once more, slow and obvious: dictionaries and loops instead of arrays, float64 instead of float32.

Written from the definitions (the tables in indexer.ranking and indexer.fields, BM25F, Robertson's idf), it shares only
analysis and planning with the engine, which must give the same answers.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from indexer import fields, ranking
from indexer.analysis import Analyzer, bigram_codes, bigram_text
from indexer.engine import MAX_WINDOW, How, SearchRequest, Sort
from indexer.entries import Entry
from indexer.planning import Alternative, LeafPlan, Plan, TermAt, Unit
from kb.folding import fold
from kb.vocabulary import FACETS

MOST_COUNTED = 65_535  # occurrences of a pair in one field, and the last position that is told from later ones
SAME_WEIGHT = 1e-6  # two sums of the same weights
THE_WORD_ITSELF = (How.EXACT, How.VARIANT)
EXPANSIONS = (How.SYNONYM, How.RELATED)

Scores = dict[int, float]  # by section


@dataclass(frozen=True, slots=True)
class Answer:
    """What the engine must answer."""

    total: int
    facets: dict[str, dict[str, int]]
    hits: tuple[tuple[str, float], ...]
    partial_hits: tuple[tuple[str, float], ...]
    dropped: tuple[str, ...]
    unknown: tuple[str, ...]


@dataclass(slots=True)
class Index:
    """Postings by term: {term: {section: impact}}, and where the terms stand."""

    impacts: dict[str, Scores] = field(default_factory=lambda: defaultdict(dict))
    positions: dict[str, dict[int, list[int]]] = field(default_factory=lambda: defaultdict(dict))


@dataclass(slots=True)
class UnitAnswer:
    unit: Unit
    idf: float
    sections: set[int]
    scores: Scores
    found_as_typed: bool


@dataclass(slots=True)
class LeafAnswer:
    leaf: LeafPlan
    units: list[UnitAnswer]
    sections: set[int]
    scores: Scores
    held: Scores
    asked: float

    def either(self, other: LeafAnswer) -> LeafAnswer:
        asked = max(self.asked, other.asked)
        shares = [
            {section: value * asked / (leaf.asked or 1.0) for section, value in leaf.held.items()}
            for leaf in (self, other)
        ]
        return LeafAnswer(
            self.leaf,
            self.units,
            self.sections | other.sections,
            _greater(self.scores, other.scores),
            _greater(*shares),
            asked,
        )


@dataclass(frozen=True, slots=True)
class Required:
    typed: str
    weight: float
    sections: set[int]
    is_phrase: bool = False
    is_question_word: bool = False


class Reference:
    """Answers plans over some sections."""

    def __init__(self, entries: Sequence[Entry], analyzer: Analyzer) -> None:
        self._entries = entries
        self._headings = [fold(dict(entry.phrases)["heading"]) for entry in entries]
        self._document = list(itertools.accumulate("document" in entry.stored for entry in entries))
        self._terms_of_group: dict[int, set[str]] = defaultdict(set)
        words = [self._words_of(entry, analyzer) for entry in entries]
        pairs = [[Counter(_pairs(entry.texts[name])) for name in fields.FIELD_NAMES] for entry in entries]
        lengths = [[len(occurrences) for occurrences in section] for section in words]
        averages = [_mean([length for length in column if length]) for column in zip(*lengths, strict=True)]
        self._words, self._pairs = Index(), Index()
        for section, entry in enumerate(entries):
            norms = [
                searched.boost / (1 - searched.b + searched.b * length / average)
                for searched, length, average in zip(fields.TEXT_FIELDS, lengths[section], averages, strict=True)
            ]
            counts = [Counter(term for term, _ in occurrences) for occurrences in words[section]]
            self._post(self._words, section, counts, norms, entry.weight)
            self._post(self._pairs, section, pairs[section], norms, entry.weight)
            for term, position in itertools.chain.from_iterable(words[section]):
                self._words.positions[term].setdefault(section, []).append(position)

    def _words_of(self, entry: Entry, analyzer: Analyzer) -> list[list[tuple[str, int]]]:
        """(term, position in the section) of every word, by field."""
        found: list[list[tuple[str, int]]] = []
        base = 0
        for name in fields.FIELD_NAMES:
            found.append([])
            for word in analyzer.terms(entry.texts[name]):
                found[-1].append((word.term, min(base + word.start, MOST_COUNTED)))
                for group in word.synonym_groups:
                    self._terms_of_group[group].add(word.term)
            base += len(entry.texts[name]) + fields.FIELD_GAP_CHARS
        return found

    @staticmethod
    def _post(index: Index, section: int, counts: list[Counter[str]], norms: list[float], weight: float) -> None:
        for term in set().union(*counts):
            frequency, naming = 0.0, 0.0
            for searched, count, norm in zip(fields.TEXT_FIELDS, counts, norms, strict=True):
                share = min(count[term], MOST_COUNTED) * norm
                frequency += share
                naming += share if searched.names else 0.0
            impact = _saturated(frequency) + fields.NAME_WEIGHT * _saturated(naming)
            steps = max(1, round(impact * weight / fields.IMPACT_STEP))
            index.impacts[term][section] = steps * fields.IMPACT_STEP

    def idf(self, frequency: int) -> float:
        return math.log(1 + (len(self._entries) - frequency + 0.5) / (frequency + 0.5))

    # -- what matches a word -----------------------------------------------------------------------------------------

    def _all_of(self, index: Index, terms: Sequence[str]) -> Scores:
        """Sections with all terms; mean of their idf · impact."""
        postings = [index.impacts.get(term, {}) for term in terms]
        if not postings:
            return {}
        return {
            section: sum(self.idf(len(posting)) * posting[section] for posting in postings) / len(postings)
            for section in set(postings[0]).intersection(*postings[1:])
        }

    def _substring(self, pairs: Sequence[str]) -> Scores:
        if len(pairs) == 1 and len(pairs[0]) == 1:
            sections = {
                section
                for pair, posting in self._pairs.impacts.items()
                if pair.startswith(pairs[0])
                for section in posting
            }
            return dict.fromkeys(sections, self.idf(len(sections)))
        return self._all_of(self._pairs, pairs)

    def _adjacent(self, terms: Sequence[TermAt], article: str = "") -> set[int]:
        starts: set[tuple[int, int]] | None = None
        for term in terms:
            here = self._beginnings(term)
            starts = here if starts is None else starts & here
        starts = starts or set()
        for number in range(1, 100) if article else ():
            goes_on = self._beginnings(TermAt(f"{number}", len(article) + 1))
            starts = starts - (goes_on - self._beginnings(TermAt("第", len(article))))
        for offset, character in enumerate(article):
            if character == "の":
                starts = starts - self._beginnings(TermAt("第", offset))
        return {section for section, _ in starts}

    def _beginnings(self, term: TermAt) -> set[tuple[int, int]]:
        return {
            (section, position - term.offset)
            for section, positions in self._words.positions.get(term.term, {}).items()
            for position in positions
        }

    def _phrase(self, alternative: Alternative) -> Scores:
        terms = [term.term for term in alternative.terms]
        scores = self._substring(alternative.bigrams) if alternative.bigrams else self._all_of(self._words, terms)
        if terms and all(term in self._words.impacts for term in terms):
            adjacent = self._adjacent(alternative.terms)
            if kept := {section: value for section, value in scores.items() if section in adjacent}:
                return kept
        phrase = fold(alternative.shown)
        characters = phrase.strip("".join(sign for sign in phrase if not sign.isalnum()))
        if alternative.bigrams and all(
            first + second in alternative.bigrams for first, second in itertools.pairwise(characters)
        ):
            return scores
        return {
            section: value
            for section, value in scores.items()
            if any(phrase in text for text in self._entries[section].texts.values())
        }

    def _alternative(self, alternative: Alternative, *, is_phrase: bool) -> Scores:
        if alternative.how is How.SUBSTRING:
            return self._substring(alternative.bigrams)
        if is_phrase:
            return self._phrase(alternative)
        scores = self._all_of(self._words, [term.term for term in alternative.terms])
        if not alternative.adjacent:
            return scores
        adjacent = self._adjacent(alternative.terms, alternative.shown if alternative.is_article else "")
        return {section: value for section, value in scores.items() if section in adjacent}

    def _resolved(self, alternative: Alternative) -> list[Alternative]:
        """A related alternative is one for each word of its synonym groups that stands in the index."""
        if alternative.how is not How.RELATED:
            return [alternative]
        words = set().union(*(self._terms_of_group.get(group, set()) for group in alternative.synonym_groups))
        words -= {term.term for term in alternative.terms}
        return [Alternative(How.RELATED, word, (TermAt(word, 0),)) for word in sorted(words)]

    def _unit(self, unit: Unit, *, is_phrase: bool) -> UnitAnswer:
        found: list[tuple[How, Scores]] = []
        for alternative in itertools.chain.from_iterable(map(self._resolved, unit.alternatives)):
            if alternative.how is How.SUBSTRING and any(scores for _, scores in found):
                continue  # the net is only for words that are not there
            found.append((alternative.how, self._alternative(alternative, is_phrase=is_phrase)))
        typed = len({section for how, scores in found if how in THE_WORD_ITSELF for section in scores})
        best: Scores = {}
        for how, scores in found:
            weight = ranking.ALTERNATIVE_WEIGHT[how]
            if typed and scores:
                rarity = self.idf(typed) / self.idf(len(scores))
                if how in THE_WORD_ITSELF:
                    weight *= rarity
                elif how in EXPANSIONS:
                    weight *= min(1.0, rarity)
            best = _greater(best, {section: weight * value for section, value in scores.items()})
        sections = set(best)
        parts = [part.term for one in unit.alternatives if one.how is How.PARTS for part in one.terms]
        best = _sum(best, *(self._worth(self._words, part, ranking.PART_WEIGHT) for part in parts))
        idf = self.idf(len(sections)) if sections else 0.0
        if {how for how, scores in found if scores} <= {How.SUBSTRING}:
            idf *= ranking.ALTERNATIVE_WEIGHT[How.SUBSTRING]
        return UnitAnswer(
            unit,
            unit.weight * idf,
            sections,
            {section: unit.weight * value for section, value in best.items()},
            any(scores for how, scores in found if how in THE_WORD_ITSELF),
        )

    def _worth(self, index: Index, term: str, weight: float) -> Scores:
        posting = index.impacts.get(term, {})
        return {section: weight * self.idf(len(posting)) * impact for section, impact in posting.items()}

    # -- what matches a query ----------------------------------------------------------------------------------------

    def _leaf(self, leaf: LeafPlan) -> LeafAnswer:
        units = [self._unit(unit, is_phrase=leaf.is_phrase) for unit in leaf.units]
        scores = _sum(*(unit.scores for unit in units))
        if not leaf.is_phrase and not (len(units) == 1 and units[0].found_as_typed):
            pairs = [pair for pair in leaf.bigrams if len(pair) == 2]
            scores = _sum(scores, *(self._worth(self._pairs, pair, ranking.BIGRAM_WEIGHT) for pair in pairs))
        sections = set(range(len(self._entries))).intersection(*(unit.sections for unit in units))
        held = _sum(*(dict.fromkeys(unit.sections, unit.idf) for unit in units))
        return LeafAnswer(leaf, units, sections, scores, held, sum(unit.idf for unit in units))

    def _read(self, leaf: LeafPlan) -> LeafAnswer:
        """The leaf as typed, or as an input method would have converted it."""
        typed = self._leaf(leaf)
        if leaf.is_half_converted:
            typed.leaf = leaf._replace(conversions=())
            return max([typed, *map(self._leaf, leaf.conversions)], key=lambda one: len(one.sections))
        for conversion in map(self._leaf, leaf.conversions):
            if len(typed.units) > 1 and conversion.sections:
                typed = conversion
                continue
            if len(conversion.sections) >= len(typed.sections):
                typed.scores = {
                    section: value * ranking.LITERAL_KANA_WEIGHT
                    for section, value in typed.scores.items()
                    if section not in conversion.sections
                }
                typed.units = []
            typed = replace(conversion.either(typed), leaf=leaf, units=[*conversion.units, *typed.units])
        return typed

    def answer(self, plan: Plan, request: SearchRequest) -> Answer:
        """The first page of results, or a later one."""
        everything = set(range(len(self._entries)))
        clauses = [[self._read(leaf) for leaf in clause] for clause in plan.clauses]
        either = [_either(leaves) for leaves in clauses]
        held = _sum(*(leaf.held for leaf in either))
        asked = sum(leaf.asked for leaf in either)
        scores = _sum(*(leaf.scores for leaf in either))
        if asked:
            scores = {
                section: value * (held.get(section, 0.0) / asked) ** ranking.COVERAGE_POWER
                for section, value in scores.items()
            }
        required = [part for leaves, best in zip(clauses, either, strict=True) for part in _required(leaves, best)]
        if not plan.exact and not all(part.is_question_word for part in required):
            required = [part for part in required if not part.is_question_word]
        allowed = everything.difference(*(self._leaf(leaf).sections for leaf in plan.exclusions))
        unknown = tuple(part.typed for part in required if not part.sections)
        phrases = [part for part in required if part.is_phrase]
        some = {section for section in _common(allowed, phrases) if held.get(section, 0.0) > 0}
        dropped: tuple[str, ...] = ()
        if plan.is_question:
            least = ranking.MIN_QUESTION_SHARE * max(held.values(), default=0.0)
            found = {section for section in some if held[section] >= least}
        else:
            found = _common(allowed, required)
            if not plan.exact and not found:
                found, dropped = _relaxed(allowed, required)
        partly = set() if plan.is_question or plan.exact else some - found
        named = self._named(plan.names)
        for group in (found, partly):
            most = max((scores.get(section, 0.0) for section in group), default=0.0)
            for section in group & named:
                scores[section] = scores.get(section, 0.0) + plan.name_weight * most
        passing = [section for section in sorted(found) if self._passes(section, request)]
        is_ranked = bool(plan.clauses) and request.sort is Sort.RELEVANCE
        order = self._order(passing, scores, clauses, request, is_ranked=is_ranked)
        partial: list[tuple[str, float]] = []
        if request.page == 1 and 0 < len(passing) < request.per_page and request.sort is Sort.RELEVANCE:
            others = [section for section in sorted(partly) if self._passes(section, request)]
            partial = self._order(others, scores, clauses, request, is_ranked=is_ranked)
            partial = partial[: request.per_page - len(passing)]
        first = (request.page - 1) * request.per_page
        shown = tuple(order[first : first + request.per_page])
        return Answer(len(passing), self._counts(found, request), shown, tuple(partial), dropped, unknown)

    def _named(self, names: Sequence[str]) -> set[int]:
        """The sections that are headed by a name, or by a name and a remark in brackets."""
        return {
            section
            for section, heading in enumerate(self._headings)
            for name in names
            if heading == name or (heading.startswith(f"{name}(") and heading.endswith(")"))
        }

    # -- filters -----------------------------------------------------------------------------------------------------

    def _passes(self, section: int, request: SearchRequest, but: str = "") -> bool:
        """OR within a facet, AND between facets; `but` is set aside."""
        held = self._entries[section].facets
        return all(
            set(wanted) & set(held.get(name, ())) for name, wanted in request.filters.items() if wanted and name != but
        )

    def _counts(self, found: set[int], request: SearchRequest) -> dict[str, dict[str, int]]:
        return {
            facet.name: {
                value: sum(
                    value in self._entries[section].facets.get(facet.name, ())
                    for section in found
                    if self._passes(section, request, but=facet.name)
                )
                for value in facet.values
            }
            for facet in FACETS
        }

    # -- order -------------------------------------------------------------------------------------------------------

    def _order(
        self,
        sections: list[int],
        scores: Scores,
        clauses: list[list[LeafAnswer]],
        request: SearchRequest,
        *,
        is_ranked: bool,
    ) -> list[tuple[str, float]]:
        final = {section: scores.get(section, 0.0) for section in sections}
        if not is_ranked:
            return [(self._entries[section].id, final[section]) for section in sections[:MAX_WINDOW]]
        best = _sorted(final)[:MAX_WINDOW]
        for section in best[: ranking.RERANKED_HITS]:
            final[section] += self._proximity(section, clauses)
        final = {section: final[section] for section in best}
        seen: Counter[int] = Counter()
        for section in _sorted(final):
            document = self._document[section]
            final[section] *= ranking.SAME_DOCUMENT_WEIGHT ** seen[document]
            seen[document] += 1
        pages = self._spread(_sorted(final), request)
        return [(self._entries[section].id, final[section]) for section in pages]

    def _proximity(self, section: int, clauses: list[list[LeafAnswer]]) -> float:
        """For each two typed words, one after the other, that stand so in the section and close."""
        total = 0.0
        for leaf in itertools.chain.from_iterable(clauses):
            total += self._near_pairs(
                section,
                [
                    unit
                    for unit in leaf.units
                    if unit.unit.alternatives[0].how is How.EXACT and len(unit.unit.alternatives[0].terms) == 1
                ],
            )
        first_words = [
            leaves[0].units[0]
            for leaves in clauses
            if len(leaves) == 1 and leaves[0].units and leaves[0].units[0].unit.alternatives[0].terms
        ]
        return total + self._near_pairs(section, first_words)

    def _near_pairs(self, section: int, units: list[UnitAnswer]) -> float:
        total = 0.0
        for first, second in itertools.pairwise(units):
            places = [
                self._words.positions.get(unit.unit.alternatives[0].terms[0].term, {}).get(section, [])
                for unit in (first, second)
            ]
            if any(0 < after - before <= ranking.PROXIMITY_CHARS for before in places[0] for after in places[1]):
                total += ranking.PROXIMITY_WEIGHT * min(first.idf, second.idf)
        return total

    def _spread(self, ranked: list[int], request: SearchRequest) -> list[int]:
        """Page by page, the best that are no fourth section of their document; then whatever is best."""
        per_page = request.per_page
        ordered: list[int] = []
        waiting = list(ranked)
        while waiting and len(ordered) < request.page * per_page:
            page: list[int] = []
            for section in waiting:
                of_same = sum(self._document[other] == self._document[section] for other in page)
                if len(page) < per_page and of_same < ranking.MAX_SECTIONS_PER_DOCUMENT:
                    page.append(section)
            waiting = [section for section in waiting if section not in page]
            missing = per_page - len(page)
            ordered += [*page, *waiting[:missing]]
            waiting = waiting[missing:]
        return ordered


def _required(leaves: list[LeafAnswer], best: LeafAnswer) -> list[Required]:
    leaf = leaves[0].leaf
    if len(leaves) == 1 and not leaf.is_phrase and not leaf.conversions:
        return [
            Required(unit.unit.typed, unit.idf, unit.sections, is_question_word=unit.unit.is_question_word)
            for unit in leaves[0].units
        ]
    typed = " OR ".join(one.leaf.typed for one in leaves)
    is_phrase = any(one.leaf.is_phrase for one in leaves)
    is_question_word = all(unit.is_question_word for one in leaves for unit in one.leaf.units)
    return [Required(typed, best.asked, best.sections, is_phrase=is_phrase, is_question_word=is_question_word)]


def _relaxed(allowed: set[int], required: list[Required]) -> tuple[set[int], tuple[str, ...]]:
    """Give up as little weight as has to be given up for the others to have a section in common."""
    found = _common(allowed, [part for part in required if part.is_phrase])
    held = {
        section: sum(part.weight for part in required if not part.is_phrase and section in part.sections)
        for section in found
    }
    most = max(held.values(), default=0.0)
    if not held or not (most or any(part.is_phrase for part in required)):
        return set(), ()
    first = min(section for section, weight in held.items() if weight >= most - SAME_WEIGHT)
    kept = [part for part in required if first in part.sections]
    return _common(allowed, kept), tuple(part.typed for part in required if first not in part.sections)


def _either(leaves: list[LeafAnswer]) -> LeafAnswer:
    best = leaves[0]
    for leaf in leaves[1:]:
        best = best.either(leaf)
    return best


def _common(allowed: set[int], required: Iterable[Required]) -> set[int]:
    return allowed.intersection(*(part.sections for part in required))


def _pairs(text: str) -> list[str]:
    return [bigram_text(int(code)) for code in bigram_codes(text)]


def _saturated(frequency: float) -> float:
    return frequency / (fields.K1 + frequency)


def _mean(values: Sequence[int]) -> float:
    return sum(values) / len(values) if values else 1.0


def _greater(one: Scores, other: Scores) -> Scores:
    return {section: max(one.get(section, 0.0), other.get(section, 0.0)) for section in one.keys() | other.keys()}


def _sum(*all_scores: Scores) -> Scores:
    total: Scores = defaultdict(float)
    for scores in all_scores:
        for section, value in scores.items():
            total[section] += value
    return dict(total)


def _sorted(scores: Scores) -> list[int]:
    """Best first, ties in reading order."""
    return sorted(scores, key=lambda section: (-scores[section], section))
