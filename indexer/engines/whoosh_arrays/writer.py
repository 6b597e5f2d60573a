"""Writes an index as one new segment, beside the one being served, and commits it by Whoosh's TOC.

Until the TOC is renamed into place, readers see the old index; files of a run that was killed belong to no TOC and are
removed by the next one. Postings are sorted as packed integers, never as Python objects. Documents that did not change
are taken over from the segment being served.
"""

from __future__ import annotations

import json
import shutil
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from whoosh.filedb.filestore import FileStorage
from whoosh.index import TOC, clean_files

from indexer.analysis import bigram_text
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
from indexer.engines.whoosh_arrays.codec import ArrayCodec, ArraySegment, index_schema
from indexer.engines.whoosh_arrays.segment import SegmentData
from indexer.engines.whoosh_arrays.stored import make_dictionary, pack_all
from indexer.fields import FIELD_NAMES, IMPACT_STEP, K1, NAME_WEIGHT, TEXT_FIELDS
from kb.errors import IndexLockedError, SearchIndexError
from kb.vocabulary import FACETS

INDEX_NAME = "MAIN"
_NAMING = np.array([field.names for field in TEXT_FIELDS])
MAX_SECTIONS = 1 << SECTION_BITS
CHUNK_POSTINGS = 1_000_000


class IndexWriter:
    """Collects batches and commits them as the new index; a context manager that holds the index's lock."""

    def __init__(self, folder: Path) -> None:
        """Raises IndexLockedError when another process is building the index in `folder`."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SearchIndexError(f"{folder}: cannot be an index folder: {error.strerror}") from error
        self._folder = folder
        self._storage = FileStorage(str(folder))
        self._lock = self._storage.lock(f"{INDEX_NAME}_WRITELOCK")
        if not self._lock.acquire():
            raise IndexLockedError(f"{folder}: another process is building this index")
        self._served: ArraySegment | None = None
        try:
            toc = TOC.read(self._storage, INDEX_NAME)
            self._generation, segments = toc.generation, toc.segments
            if segments and isinstance(segments[0], ArraySegment):
                self._served = segments[0]
        except Exception:  # noqa: BLE001 - none, or whatever a damaged TOC makes unpickling raise: begin anew
            self._generation, segments = -1, []
        # What a killed run left behind: files of no committed segment.
        clean_files(self._storage, INDEX_NAME, self._generation, segments)
        _remove_leftovers(folder)
        self._segment = ArrayCodec().new_segment(self._storage, INDEX_NAME)
        self._committed = False
        self._count = 0
        self._ids: dict[bytes, list[int]] = defaultdict(list)
        self._former: dict[bytes, list[int]] = defaultdict(list)
        self._facets: list[tuple[int, ...]] = []
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

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._committed:
            for path in self._folder.glob(f"{self._segment.segment_id()}.*"):
                path.unlink()
        _remove_leftovers(self._folder)
        self._lock.release()

    def add(self, batch: AnalysedBatch) -> None:
        """Append a batch; its sections follow those already added."""
        base = self._count
        if base + len(batch.rows) > MAX_SECTIONS:
            raise ValueError(f"more than {MAX_SECTIONS:,} sections")
        for number, row in enumerate(batch.rows, base):
            if row.is_lead:
                self._document_starts.append(number)
                self._ids[row.id.encode()].append(number)
            for old in row.former_ids:
                self._former[old.encode()].append(number)
            self._facets.append(tuple(_bitmask(row.facets.get(facet.name, ()), list(facet.values)) for facet in FACETS))
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

    def commit(
        self, manifest: Mapping[str, Any], attachments: Mapping[str, Path], layout: Sequence[int] | None = None
    ) -> None:
        """Write the index, then make it the one being served in one rename.

        `attachments` are files to keep beside it, by name. `layout` names its documents in order: ≥ 0 is a document of
        the index being served, ascending, −1 the next of those added; without it, those added are all there are.
        """
        name = self._segment.segment_id()
        if layout is None:
            data = self._data(None)
            data.save(self._folder, name)
            sections = len(data)
        else:
            assert self._served is not None
            served = SegmentData.open(self._folder, self._served.segment_id(), self._served.sizes)
            order = np.array(layout, dtype=np.int64)
            sections = served.save_updated(self._folder, name, self._data(served), order)
        for attachment, path in attachments.items():
            shutil.copyfile(path, self._folder / f"{name}.{attachment}")
        self._segment.sizes = {path.name: path.stat().st_size for path in self._folder.glob(f"{name}.*")}
        self._segment.set_doc_count(sections)
        self._segment.manifest = json.loads(json.dumps(manifest))
        generation = self._generation + 1
        TOC(index_schema(), [self._segment], generation).write(self._storage, INDEX_NAME)
        self._committed = True
        clean_files(self._storage, INDEX_NAME, generation, [self._segment])

    def _data(self, base: SegmentData | None) -> SegmentData:
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
            "readings": _named(self._readings, ranks),
            "synonyms": _named(self._synonyms, ranks),
            **self._phrase_fields(),
        }
        return SegmentData(
            fields,
            np.array(self._facets, dtype=np.uint8).reshape(-1, len(FACETS)),
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
    more on their own and added with NAME_WEIGHT: else a body that repeats a word hides that it stands in the title.
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
        impact = (_saturated(frequencies) + NAME_WEIGHT * _saturated(naming)) * section_weights[sections[first:last]]
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


def _bitmask(values: Iterable[str], slugs: list[str]) -> int:
    return sum(1 << slugs.index(value) for value in values)


def _remove_leftovers(folder: Path) -> None:
    """Temporary TOCs and folders of this run or a killed one, which Whoosh's own clean-up does not know."""
    for path in folder.iterdir():
        if ".toc." in path.name:
            path.unlink(missing_ok=True)
        elif path.is_dir() and path.name.startswith(INDEX_NAME):
            shutil.rmtree(path)
