"""The vocabulary of the segment: words like another, words by their reading, names that begin as typed."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import OSA

from indexer.engine import Match, Name, Word
from indexer.engines.whoosh_arrays.arrays import ArrayField
from indexer.engines.whoosh_arrays.batch import phrase_parts
from indexer.engines.whoosh_arrays.lookup import Lookup
from indexer.engines.whoosh_arrays.match import ArrayMatch
from indexer.engines.whoosh_arrays.segment import SegmentData

MAX_RANGE = 4_000  # terms looked at in one prefix range: one kana of 14,680 files' readings has fewer
MAX_COUNTED = 60  # names counted within a match, the most frequent ones
MIN_WORD_CHARS = 2


class ArrayWords:
    """The words, headings and questions of the index, listed for comparison when the first slip is met."""

    def __init__(self, data: SegmentData, lookup: Lookup) -> None:
        self._words, self._readings = data.fields["words"], data.fields["readings"]
        self._phrases, self._phrase_readings = data.fields["phrases"], data.fields["phrase_readings"]
        self._lookup = lookup

    @functools.cached_property
    def _listed(self) -> list[Word]:
        counts = np.diff(self._words.starts()).tolist()
        listed = zip(self._words.lexicon, counts, strict=True)
        return [Word(text, count) for text, count in listed if len(text) >= MIN_WORD_CHARS]

    @functools.cached_property
    def _listed_readings(self) -> list[str]:
        return list(self._readings.lexicon)

    def like(self, word: str, edits: int) -> Sequence[Word]:
        return [
            other
            for other in self._listed
            if abs(len(other.text) - len(word)) <= edits and OSA.distance(word, other.text, score_cutoff=edits) <= edits
        ]

    def read(self, reading: str) -> Sequence[Word]:
        rank = self._readings.lexicon.find(reading)
        ranks = [] if rank is None else self._readings.term_docs(rank).tolist()
        return [Word(self._words.lexicon.text(word), self._words.document_frequency(word)) for word in ranks]

    def read_like(self, reading: str) -> Sequence[Word]:
        return [
            word
            for other in self._listed_readings
            if abs(len(other) - len(reading)) <= 1 and OSA.distance(reading, other, score_cutoff=1) == 1
            for word in self.read(other)
        ]

    def related(self, synonym_groups: Iterable[int]) -> frozenset[str]:
        return frozenset(self._lookup.related(synonym_groups))

    def beginning(self, typed: str, readings: Sequence[str], within: Match) -> Sequence[Name]:
        assert isinstance(within, ArrayMatch)
        allowed = within.allowed()
        names: list[Name] = []
        for rank in _most_frequent(self._words, self._readings, typed, readings):
            count = int(np.count_nonzero(allowed[self._words.term_docs(rank)]))
            names.append(Name("term", self._words.lexicon.text(rank), count))
        for rank in _most_frequent(self._phrases, self._phrase_readings, typed, readings):
            sections = self._phrases.term_docs(rank)
            sections = sections[allowed[sections]]
            _, kind, text = phrase_parts(self._phrases.lexicon.text(rank))
            names.append(Name(kind, text, len(sections), int(sections[0]) if len(sections) == 1 else None))
        return [name for name in names if name.frequency]


def _most_frequent(field: ArrayField, field_readings: ArrayField, typed: str, readings: Sequence[str]) -> Iterable[int]:
    """Ranks of names that begin with what was typed, or are read so."""
    spelled = field.lexicon.prefix_range(typed)[:MAX_RANGE]
    read = [field_readings.lexicon.prefix_range(prefix)[:MAX_RANGE] for prefix in readings]
    members = [field_readings.members_of(one) for one in read]
    chosen: NDArray[np.int64] = np.unique(np.concatenate([np.arange(spelled.start, spelled.stop), *members]))
    if len(chosen) > MAX_COUNTED:
        chosen = chosen[np.argpartition(-field.sizes(chosen), MAX_COUNTED)[:MAX_COUNTED]]
    listed: list[int] = chosen.tolist()
    return listed
