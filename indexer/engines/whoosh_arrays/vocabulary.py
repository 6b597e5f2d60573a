"""The words of an index as spelling correction and conversion want them."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence

import numpy as np

from indexer.engines.whoosh_arrays.arrays import ArrayField


class ArrayVocabulary:
    """The index's words and readings, listed when the first slip is met."""

    def __init__(self, words: ArrayField, readings: ArrayField) -> None:
        self._words, self._readings = words, readings

    @functools.cached_property
    def _listed(self) -> list[tuple[str, int]]:
        frequencies = np.diff(self._words.starts()).tolist()
        return [(word, count) for word, count in zip(self._words.lexicon, frequencies, strict=True) if len(word) > 1]

    @functools.cached_property
    def _all_readings(self) -> list[str]:
        return list(self._readings.lexicon)

    def words(self) -> Sequence[tuple[str, int]]:
        return self._listed

    def readings(self) -> Sequence[str]:
        return self._all_readings

    def words_read(self, reading: str) -> Iterable[tuple[str, int]]:
        rank = self._readings.lexicon.find(reading)
        ranks = [] if rank is None else self._readings.term_docs(rank).tolist()
        return [(self._words.lexicon.text(word), self._words.document_frequency(word)) for word in ranks]
