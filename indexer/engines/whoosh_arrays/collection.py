"""What a writer has collected, made into the arrays of a segment: sorted as packed integers, never as objects."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from indexer.engines.whoosh_arrays.arrays import (
    MAX_POSITION,
    MAX_POSITIONS,
    ArrayField,
    Lexicon,
    lexicon_of,
    members_field,
    starts_of,
)
from indexer.engines.whoosh_arrays.batch import (
    COUNT_BITS,
    FIELD_BITS,
    POSITION_BITS,
    SECTION_BITS,
    AnalysedBatch,
    Phrase,
)
from indexer.engines.whoosh_arrays.faceting import VALUES, Combination
from indexer.engines.whoosh_arrays.segment import SegmentData
from indexer.engines.whoosh_arrays.stored import make_dictionary, pack_all
from indexer.fields import FIELD_NAMES, IMPACT_STEP, K1, NAMING_WEIGHT, TEXT_FIELDS
from indexer.language.analysis import bigram_text

_NAMING = np.array([field.names for field in TEXT_FIELDS])
MAX_SECTIONS = 1 << SECTION_BITS
CHUNK_POSTINGS = 1_000_000


class Collection:
    """Batches, one after another."""

    def __init__(self) -> None:
        self._count = 0
        self._ids: dict[bytes, list[int]] = defaultdict(list)
        self._former: dict[bytes, list[int]] = defaultdict(list)
        self._orders: dict[bytes, list[int]] = defaultdict(list)
        self._combinations: dict[Combination, int] = {}
        self._combination_numbers: list[int] = []
        self._document_starts: list[int] = []
        self._documents: list[bytes] = []
        self._terms: dict[str, int] = {}
        self._readings: dict[str, set[int]] = defaultdict(set)
        self._synonyms: dict[str, set[int]] = defaultdict(set)
        self._words: list[NDArray[np.uint64]] = []
        self._bigrams: list[tuple[NDArray[np.uint64], NDArray[np.uint64]]] = []
        self._lengths: list[NDArray[np.int32]] = []
        self._weights: list[NDArray[np.float32]] = []
        self._phrases: list[Phrase] = []
        self.documents: list[tuple[bytes, str]] = []
        """Order key and id of each document, in the order in which they were added."""

    def add(self, batch: AnalysedBatch) -> None:
        """Append a batch; its sections follow those already added."""
        base = self._count
        if base + len(batch.rows) > MAX_SECTIONS:
            raise ValueError(f"more than {MAX_SECTIONS:,} sections")
        for number, row in enumerate(batch.rows, base):
            if row.is_lead:
                order = row.order.encode("utf-8", "surrogateescape")
                self.documents.append((order, row.id))
                self._document_starts.append(number)
                self._ids[row.id.encode()].append(number)
                self._orders[order].append(number)
            for old in row.former_ids:
                self._former[old.encode()].append(number)
            combination = self._combinations.setdefault(row.combination, len(self._combinations))
            self._combination_numbers.append(combination)
        self._documents += batch.documents
        self._count += len(batch.rows)
        numbers = np.array([self._terms.setdefault(term, len(self._terms)) for term in batch.terms], dtype=np.uint64)
        low_bits = np.uint64(SECTION_BITS + FIELD_BITS + POSITION_BITS)
        shift = np.uint64(base) << np.uint64(FIELD_BITS + POSITION_BITS)
        local_terms = (batch.words >> low_bits).astype(np.int64)
        rest = (batch.words & np.uint64((1 << int(low_bits)) - 1)) + shift
        self._words.append((numbers[local_terms] << low_bits) | rest if len(numbers) else batch.words)
        for reading, term in batch.readings:
            self._readings[reading].add(int(numbers[term]))
        for group, term in batch.synonyms:
            self._synonyms[group].add(int(numbers[term]))
        self._bigrams.append(
            (batch.bigram_keys, batch.bigrams + (np.uint64(base) << np.uint64(FIELD_BITS + COUNT_BITS)))
        )
        self._lengths.append(batch.lengths)
        self._weights.append(batch.weights)
        self._phrases += [replace(phrase, section=base + phrase.section) for phrase in batch.phrases]

    def segment(self, base: SegmentData | None) -> SegmentData:
        """All that was added, with the average lengths and the dictionary of `base`, if it is to join that."""
        lengths = np.concatenate([np.empty((0, len(FIELD_NAMES)), dtype=np.int32), *self._lengths])
        averages = base.averages if base else _average_lengths(lengths)
        norms = _length_norms(lengths, averages)
        weights = np.concatenate([np.empty(0, dtype=np.float32), *self._weights])
        words, ranks = self._word_field(norms, weights)
        dictionary = base.dictionary.tobytes() if base else make_dictionary(self._documents)
        packed = pack_all(self._documents, dictionary)
        fields = {
            "words": words,
            "bigrams": self._bigram_field(norms, weights),
            "ids": members_field(self._ids, self._count),
            "former": members_field(self._former, self._count),
            "orders": members_field(self._orders, self._count),
            "readings": _named(self._readings, ranks),
            "synonyms": _named(self._synonyms, ranks),
            **self._phrase_fields(),
        }
        return SegmentData(
            fields,
            np.array(self._combination_numbers, dtype=np.int32),
            np.frombuffer(b"".join(self._combinations), dtype=np.uint8).reshape(-1, VALUES),
            np.array(self._document_starts, dtype=np.int32),
            starts_of(np.array(list(map(len, packed)), dtype=np.int64)).astype(np.int64),
            np.frombuffer(b"".join(packed), dtype=np.uint8),
            np.frombuffer(dictionary, dtype=np.uint8),
            averages,
        )

    def _word_field(
        self, norms: NDArray[np.float64], section_weights: NDArray[np.float32]
    ) -> tuple[ArrayField, list[int]]:
        """The words, and the rank of each term number."""
        terms = [term.encode() for term in self._terms]
        order = sorted(range(len(terms)), key=terms.__getitem__)
        ranks = np.empty(len(terms), dtype=np.uint64)
        ranks[order] = np.arange(len(terms), dtype=np.uint64)
        packed = np.concatenate([np.empty(0, dtype=np.uint64), *self._words])
        self._words.clear()
        low_bits = np.uint64(SECTION_BITS + FIELD_BITS + POSITION_BITS)
        low_mask = np.uint64((1 << int(low_bits)) - 1)
        packed = (ranks[(packed >> low_bits).astype(np.int64)] << low_bits) | (packed & low_mask) if terms else packed
        packed.sort()
        positions = (packed & np.uint64(MAX_POSITION)).astype(np.uint16)
        packed >>= np.uint64(POSITION_BITS)
        names = lexicon_of([terms[number] for number in order])
        return _postings(names, packed, norms, section_weights, positions=positions), ranks.tolist()

    def _bigram_field(self, norms: NDArray[np.float64], section_weights: NDArray[np.float32]) -> ArrayField:
        keys = np.unique(np.concatenate([np.empty(0, np.uint64), *(keys for keys, _ in self._bigrams)]))
        low_bits = np.uint64(SECTION_BITS + FIELD_BITS + COUNT_BITS)
        low_mask = np.uint64((1 << int(low_bits)) - 1)
        texts = [bigram_text(int(code)).encode() for code in keys]
        order = sorted(range(len(texts)), key=texts.__getitem__)
        ranks = np.empty(len(texts), dtype=np.uint64)
        ranks[order] = np.arange(len(texts), dtype=np.uint64)
        parts = [
            (ranks[np.searchsorted(keys, batch_keys)][(packed >> low_bits).astype(np.int64)] << low_bits)
            | (packed & low_mask)
            for batch_keys, packed in self._bigrams
            if len(packed)
        ]
        self._bigrams.clear()
        packed = np.concatenate([np.empty(0, dtype=np.uint64), *parts])
        del parts
        packed.sort()
        counts = (packed & np.uint64((1 << COUNT_BITS) - 1)).astype(np.uint16)
        packed >>= np.uint64(COUNT_BITS)
        names = lexicon_of([texts[number] for number in order])
        return _postings(names, packed, norms, section_weights, counts=counts)

    def _phrase_fields(self) -> dict[str, ArrayField]:
        """Distinct texts to suggest with the sections that they lead to, and their ranks by reading."""
        sections: dict[bytes, list[int]] = defaultdict(list)
        readings: dict[bytes, bytes] = {}
        for phrase in self._phrases:
            if phrase.key:
                name = phrase.name()
                sections[name].append(phrase.section)
                readings[name] = phrase.reading.encode()
        by_reading: dict[bytes, list[int]] = defaultdict(list)
        for rank, name in enumerate(sorted(sections)):
            by_reading[readings[name]].append(rank)
        return {
            "phrases": members_field(sections, self._count),
            "phrase_readings": members_field(by_reading, len(sections)),
        }


def _named(names: Mapping[str, set[int]], ranks: Sequence[int]) -> ArrayField:
    """Names of words (readings, synonym groups), each with the ranks of the words that it stands for."""
    members = {name.encode(): [ranks[number] for number in numbers] for name, numbers in names.items()}
    return members_field(members, len(ranks))


def _postings(
    names: Lexicon,
    keys: NDArray[np.uint64],
    norms: NDArray[np.float64],
    section_weights: NDArray[np.float32],
    *,
    counts: NDArray[np.uint16] | None = None,
    positions: NDArray[np.uint16] | None = None,
) -> ArrayField:
    """Postings from sorted keys of (term, section, field), one for each occurrence or counted by `counts`.

    BM25F (Robertson & Zaragoza 2009, section 3.6): field frequencies are weighted, normalised by their field's
    length and added up before the one saturation tf / (k1 + tf). Fields that name the section are saturated once
    more on their own and added with NAMING_WEIGHT: else a body that repeats a word hides that it stands in the title.
    """
    postings = keys >> np.uint64(FIELD_BITS)
    starts = np.flatnonzero(np.concatenate((np.ones(min(1, len(keys)), dtype=bool), postings[1:] != postings[:-1])))
    sections = (postings[starts] & np.uint64(MAX_SECTIONS - 1)).astype(np.int32)
    ranks = (postings[starts] >> np.uint64(SECTION_BITS)).astype(np.int64)
    del postings
    impacts = np.empty(len(starts), dtype=np.uint8)
    ends = np.append(starts[1:], len(keys))
    for first in range(0, len(starts), CHUNK_POSTINGS):  # what is computed for each occurrence is large
        last = min(first + CHUNK_POSTINGS, len(starts))
        span = slice(int(starts[first]), int(ends[last - 1]))
        fields = (keys[span] & np.uint64((1 << FIELD_BITS) - 1)).astype(np.int64)
        runs = starts[first:last] - span.start
        weights = norms[np.repeat(sections[first:last], np.diff(np.append(runs, span.stop - span.start))), fields]
        if counts is not None:
            weights *= counts[span]
        frequencies = np.add.reduceat(weights, runs)
        naming = np.add.reduceat(np.where(_NAMING[fields], weights, 0.0), runs)
        impact = (_saturated(frequencies) + NAMING_WEIGHT * _saturated(naming)) * section_weights[sections[first:last]]
        impacts[first:last] = np.maximum(1, np.rint(impact / IMPACT_STEP))
    sizes = np.bincount(ranks, minlength=len(names))
    if positions is None:
        return ArrayField.of(names, sizes, sections, len(norms), impacts)
    runs = ends - starts
    if runs.max(initial=0) > MAX_POSITIONS:
        positions = positions[np.arange(len(keys)) - np.repeat(starts, runs) < MAX_POSITIONS]
    kept = np.minimum(runs, MAX_POSITIONS).astype(np.uint8)
    return ArrayField.of(names, sizes, sections, len(norms), impacts, kept, positions)


def _saturated(frequencies: NDArray[np.float64]) -> NDArray[np.float64]:
    return frequencies / (K1 + frequencies)


def _average_lengths(lengths: NDArray[np.int32]) -> NDArray[np.float64]:
    """Average length of each field over the sections that have it; 1 for a field that none has."""
    filled = np.maximum(np.count_nonzero(lengths, axis=0), 1)
    averages = lengths.sum(axis=0) / filled
    return np.where(averages > 0, averages, 1.0)


def _length_norms(lengths: NDArray[np.int32], averages: NDArray[np.float64]) -> NDArray[np.float64]:
    """Boost / (1 − b + b · length / average) by section and field."""
    boosts, bs = (np.array([getattr(field, name) for field in TEXT_FIELDS]) for name in ("boost", "b"))
    return np.asarray(boosts / (1 - bs + bs * lengths / averages))
