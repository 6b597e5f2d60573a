"""Sections as postings: which terms stand where, and how much each is worth (BM25F)."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from indexer import fields
from indexer.entries import Entry
from indexer.language.analysis import Analyzer, bigram_codes, bigram_text
from kb.language.folding import fold
from kb.language.kana import to_katakana

MOST_COUNTED = 65_535  # occurrences of a pair in one field, and the last position that is told from later ones

Scores = dict[int, float]
"""By section number."""


class Analysed(NamedTuple):
    """A section with what is searched in it, by field: (term, position in the section), and pairs of characters.

    `readings` and `synonym_groups` are (reading or group, term); `phrases` are (key, reading, kind, text).
    """

    entry: Entry
    words: Sequence[Sequence[tuple[str, int]]]
    pairs: Sequence[Counter[str]]
    readings: frozenset[tuple[str, str]]
    synonym_groups: frozenset[tuple[int, str]]
    phrases: Sequence[tuple[str, str, str, str]]


def analyse(entries: Iterable[Entry], analyzer: Analyzer) -> list[Analysed]:
    """See indexer.engine.Analyse."""
    return [_analysed(entry, analyzer) for entry in entries]


def _analysed(entry: Entry, analyzer: Analyzer) -> Analysed:
    words: list[list[tuple[str, int]]] = []
    readings: set[tuple[str, str]] = set()
    groups: set[tuple[int, str]] = set()
    base = 0
    for name in fields.FIELD_NAMES:
        words.append([])
        for word in analyzer.terms(entry.texts[name]):
            words[-1].append((word.term, min(base + word.start, MOST_COUNTED)))
            groups.update((group, word.term) for group in word.synonym_groups)
            if word.reading:
                readings.add((word.reading, word.term))
        base += len(entry.texts[name]) + fields.FIELD_GAP_CHARS
    pairs = [Counter(_pairs(entry.texts[name])) for name in fields.FIELD_NAMES]
    phrases = [(fold(text), _reading(fold(text), analyzer), kind, text) for kind, text in entry.phrases]
    return Analysed(entry, words, pairs, frozenset(readings), frozenset(groups), phrases)


def _pairs(text: str) -> list[str]:
    return [bigram_text(int(code)) for code in bigram_codes(text)]


def _reading(text: str, analyzer: Analyzer) -> str:
    tokens = analyzer.tokens(text)
    return "".join(token.word.reading or to_katakana(text[token.start : token.end]) for token in tokens)


@dataclass(slots=True)
class Postings:
    """By term its impact in each section that holds it, and the positions where it stands there."""

    impacts: dict[str, Scores] = field(default_factory=lambda: defaultdict(dict))
    positions: dict[str, dict[int, list[int]]] = field(default_factory=lambda: defaultdict(dict))

    def of(self, term: str) -> Mapping[int, float]:
        """The impacts of a term."""
        return self.impacts.get(term, {})


class Collection:
    """All sections, in reading order, with what is counted over them."""

    def __init__(self, sections: Sequence[Analysed]) -> None:
        self.entries = [section.entry for section in sections]
        self.headings = [fold(dict(entry.phrases)["heading"]) for entry in self.entries]
        self.words, self.pairs = Postings(), Postings()
        self.terms_of_group: dict[int, set[str]] = defaultdict(set)
        self.terms_of_reading: dict[str, set[str]] = defaultdict(set)
        lengths = [[len(words) for words in section.words] for section in sections]
        averages = [_mean([length for length in column if length]) for column in zip(*lengths, strict=True)]
        for number, section in enumerate(sections):
            norms = [
                searched.boost / (1 - searched.b + searched.b * length / average)
                for searched, length, average in zip(fields.TEXT_FIELDS, lengths[number], averages, strict=True)
            ]
            counts = [Counter(term for term, _ in words) for words in section.words]
            _post(self.words, number, counts, norms, section.entry.weight)
            _post(self.pairs, number, section.pairs, norms, section.entry.weight)
            for term, position in (occurrence for words in section.words for occurrence in words):
                self.words.positions[term].setdefault(number, []).append(position)
            for group, term in section.synonym_groups:
                self.terms_of_group[group].add(term)
            for reading, term in section.readings:
                self.terms_of_reading[reading].add(term)

    def __len__(self) -> int:
        return len(self.entries)

    def idf(self, frequency: int) -> float:
        """Robertson and Sparck Jones's, never negative: ln(1 + (N − df + ½) / (df + ½))."""
        return math.log(1 + (len(self) - frequency + 0.5) / (frequency + 0.5))


def _post(
    postings: Postings, section: int, counts: Sequence[Counter[str]], norms: Sequence[float], weight: float
) -> None:
    """BM25F (Robertson & Zaragoza 2009, section 3.6), in steps that one byte holds.

    Frequencies are weighted by field, normalised by its length and added up before the one saturation tf / (k1 + tf).
    Fields that name the section are saturated once more on their own.
    """
    for term in set().union(*counts):
        frequency, naming = 0.0, 0.0
        for searched, count, norm in zip(fields.TEXT_FIELDS, counts, norms, strict=True):
            share = min(count[term], MOST_COUNTED) * norm
            frequency += share
            naming += share if searched.names else 0.0
        impact = _saturated(frequency) + fields.NAMING_WEIGHT * _saturated(naming)
        steps = max(1, round(impact * weight / fields.IMPACT_STEP))
        postings.impacts[term][section] = steps * fields.IMPACT_STEP


def _saturated(frequency: float) -> float:
    return frequency / (fields.K1 + frequency)


def _mean(values: Sequence[int]) -> float:
    return sum(values) / len(values) if values else 1.0
