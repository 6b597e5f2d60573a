"""Writes a whole index as one new segment, beside the one being served, and commits it by Whoosh's TOC.

Until the TOC is renamed into place, readers see the old index; files of a run that was killed belong to no TOC and are
removed by the next one. Postings are sorted as packed integers, never as Python objects.
"""

from __future__ import annotations

import json
import shutil
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from whoosh.filedb.filestore import FileStorage
from whoosh.index import TOC, clean_files

from indexer.analysis import Analyzer, bigram_codes, bigram_text
from indexer.engines.whoosh_arrays.arrays import MAX_POSITION, write_array, write_keys
from indexer.engines.whoosh_arrays.codec import ArrayCodec, index_schema
from indexer.entries import Entry
from indexer.fields import FIELD_GAP_CHARS, FIELD_NAMES, K1, NAME_WEIGHT, TEXT_FIELDS
from kb.errors import IndexLockedError, SearchIndexError
from kb.folding import fold
from kb.kana import to_katakana
from kb.vocabulary import FACETS

INDEX_NAME = "MAIN"
# term | section | field | position, packed into 63 bits so that one integer sort orders the postings.
_POSITION_BITS, _FIELD_BITS, _SECTION_BITS = 16, 3, 21
_COUNT_BITS = 16
_NAMING = np.array([field.names for field in TEXT_FIELDS])
MAX_SECTIONS = 1 << _SECTION_BITS


@dataclass(frozen=True, slots=True, order=True)
class Phrase:
    """Text that may be suggested: what it begins with when typed (folded, and read), kind, text, and its section."""

    key: str
    reading: str
    kind: str
    text: str
    section: int


@dataclass(slots=True)
class AnalysedBatch:
    """What one worker makes of some documents; numbers are local to the batch.

    `words` is packed (term, section, field, position); `bigrams` is packed (bigram, section, field, count);
    `readings` and `synonyms` name terms by their katakana and by the number of their synonym group.
    """

    entries: list[tuple[str, Mapping[str, tuple[str, ...]], Mapping[str, Any]]] = field(default_factory=list)
    terms: list[str] = field(default_factory=list)
    readings: list[tuple[str, int]] = field(default_factory=list)
    synonyms: list[tuple[str, int]] = field(default_factory=list)
    words: NDArray[np.uint64] = field(default_factory=lambda: np.empty(0, dtype=np.uint64))
    bigram_keys: NDArray[np.uint64] = field(default_factory=lambda: np.empty(0, dtype=np.uint64))
    bigrams: NDArray[np.uint64] = field(default_factory=lambda: np.empty(0, dtype=np.uint64))
    lengths: NDArray[np.int32] = field(default_factory=lambda: np.empty((0, len(FIELD_NAMES)), dtype=np.int32))
    weights: NDArray[np.float32] = field(default_factory=lambda: np.empty(0, dtype=np.float32))
    phrases: list[Phrase] = field(default_factory=list)


def analyse(entries: Iterable[Entry], analyzer: Analyzer) -> AnalysedBatch:
    """Tokenize entries into a batch (runs in worker processes)."""
    batch = AnalysedBatch()
    term_numbers: dict[str, int] = {}
    readings: set[tuple[str, int]] = set()
    synonyms: set[tuple[str, int]] = set()
    words: list[int] = []
    sections: list[NDArray[np.uint64]] = []
    codes: list[NDArray[np.uint64]] = []
    lengths: list[list[int]] = []
    weights: list[float] = []
    for section, entry in enumerate(entries):
        batch.entries.append((entry.id, entry.facets, entry.stored))
        batch.phrases += [_phrase(kind, text, section, analyzer) for kind, text in entry.phrases]
        base = 0
        lengths.append([])
        weights.append(entry.weight)
        for number, name in enumerate(FIELD_NAMES):
            text = entry.texts[name]
            count = 0
            for occurrence in analyzer.terms(text):
                term = term_numbers.setdefault(occurrence.term, len(term_numbers))
                if occurrence.reading:
                    readings.add((occurrence.reading, term))
                for group in occurrence.synonym_groups:
                    synonyms.add((str(group), term))
                position = min(base + occurrence.start, MAX_POSITION)
                words.append((((term << _SECTION_BITS | section) << _FIELD_BITS | number) << _POSITION_BITS) | position)
                count += 1
            lengths[-1].append(count)
            field_codes = bigram_codes(text)
            codes.append(field_codes)
            sections.append(np.full(len(field_codes), section << _FIELD_BITS | number, dtype=np.uint64))
            base += len(text) + FIELD_GAP_CHARS
    batch.terms = list(term_numbers)
    batch.readings = sorted(readings)
    batch.synonyms = sorted(synonyms)
    batch.words = np.array(words, dtype=np.uint64)
    batch.lengths = np.array(lengths, dtype=np.int32).reshape(-1, len(FIELD_NAMES))
    batch.weights = np.array(weights, dtype=np.float32)
    if codes:
        batch.bigram_keys, ranks = np.unique(np.concatenate(codes), return_inverse=True)
        packed = ranks.astype(np.uint64) << np.uint64(_SECTION_BITS + _FIELD_BITS) | np.concatenate(sections)
        unique, counts = np.unique(packed, return_counts=True)
        capped = np.minimum(counts, (1 << _COUNT_BITS) - 1).astype(np.uint64)
        batch.bigrams = unique << np.uint64(_COUNT_BITS) | capped
    return batch


def _phrase(kind: str, text: str, section: int, analyzer: Analyzer) -> Phrase:
    key = fold(text)
    readings = [token.word.reading or to_katakana(key[token.start : token.end]) for token in analyzer.tokens(key)]
    return Phrase(key, "".join(readings), kind, text, section)


class IndexWriter:
    """Collects batches and commits them as the whole new index; a context manager that holds the index's lock."""

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
        try:
            toc = TOC.read(self._storage, INDEX_NAME)
            self._generation, segments = toc.generation, toc.segments
        except Exception:  # noqa: BLE001 - none, or whatever a damaged TOC makes unpickling raise: begin anew
            self._generation, segments = -1, []
        # What a killed run left behind: files of no committed segment.
        clean_files(self._storage, INDEX_NAME, self._generation, segments)
        _remove_leftovers(folder)
        self._codec = ArrayCodec()
        self._segment = self._codec.new_segment(self._storage, INDEX_NAME)
        self._documents = self._codec.per_document_writer(self._storage, self._segment)
        self._committed = False
        self._count = 0
        self._ids: list[tuple[bytes, int]] = []
        self._former: list[tuple[bytes, int]] = []
        self._facets: list[tuple[int, ...]] = []
        self._document_starts: list[int] = []
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
            if not self._documents.is_closed:
                self._documents.close()
            for path in self._folder.glob(f"{self._segment.segment_id()}.*"):
                path.unlink()
        _remove_leftovers(self._folder)
        self._lock.release()

    def add(self, batch: AnalysedBatch) -> None:
        """Append a batch; its sections follow those already added."""
        base = self._count
        if base + len(batch.entries) > MAX_SECTIONS:
            raise ValueError(f"more than {MAX_SECTIONS:,} sections")
        for section_id, facets, stored in batch.entries:
            number = self._count
            if "document" in stored:
                self._document_starts.append(number)
                self._former += [(old.encode(), number) for old in stored["document"]["former_ids"]]
            self._ids.append((section_id.encode(), number))
            self._facets.append(tuple(_bitmask(facets.get(facet.name, ()), list(facet.values)) for facet in FACETS))
            self._documents.start_doc(number)
            self._documents.add_field("stored", None, dict(stored), 0)
            self._documents.finish_doc()
            self._count += 1
        numbers = np.array([self._terms.setdefault(term, len(self._terms)) for term in batch.terms], dtype=np.uint64)
        low_bits = np.uint64(_SECTION_BITS + _FIELD_BITS + _POSITION_BITS)
        shift = np.uint64(base) << np.uint64(_FIELD_BITS + _POSITION_BITS)
        local_terms = (batch.words >> low_bits).astype(np.int64)
        rest = (batch.words & np.uint64((1 << int(low_bits)) - 1)) + shift
        self._words.append((numbers[local_terms] << low_bits) | rest if len(numbers) else batch.words)
        for reading, term in batch.readings:
            self._readings[reading].add(int(numbers[term]))
        for group, term in batch.synonyms:
            self._synonyms[group].add(int(numbers[term]))
        self._bigrams.append(
            (batch.bigram_keys, batch.bigrams + (np.uint64(base) << np.uint64(_FIELD_BITS + _COUNT_BITS)))
        )
        self._lengths.append(batch.lengths)
        self._weights.append(batch.weights)
        self._phrases += [replace(phrase, section=base + phrase.section) for phrase in batch.phrases]

    def commit(self, manifest: Mapping[str, Any], user_dictionary: Path | None = None) -> None:
        """Write all arrays, then make them the index in one rename."""
        lengths = np.concatenate(self._lengths) if self._lengths else np.empty((0, len(FIELD_NAMES)), dtype=np.int32)
        norms = _length_norms(lengths)
        section_weights = np.concatenate(self._weights) if self._weights else np.empty(0, dtype=np.float32)
        self._write_words(norms, section_weights)
        self._write_bigrams(norms, section_weights)
        self._write_phrases()
        self._write_ids("ids", self._ids)
        self._write_ids("former", self._former)
        self._write("sections", "facets", np.array(self._facets, dtype=np.uint8).reshape(-1, len(FACETS)))
        self._write("sections", "document_starts", np.array(self._document_starts, dtype=np.int32))
        self._documents.close()
        if user_dictionary is not None:
            shutil.copyfile(user_dictionary, self._folder / f"{self._segment.segment_id()}.user.dic")
        files = self._folder.glob(f"{self._segment.segment_id()}.*")
        self._segment.sizes = {path.name: path.stat().st_size for path in files}
        self._segment.set_doc_count(self._count)
        self._segment.manifest = json.loads(json.dumps(manifest))
        generation = self._generation + 1
        TOC(index_schema(), [self._segment], generation).write(self._storage, INDEX_NAME)
        self._committed = True
        clean_files(self._storage, INDEX_NAME, generation, [self._segment])

    def _write(self, field_name: str, name: str, array: NDArray[Any]) -> None:
        write_array(self._folder, self._segment.segment_id(), field_name, name, array)

    def _write_keys(self, field_name: str, keys: Sequence[bytes]) -> None:
        write_keys(self._folder, self._segment.segment_id(), field_name, keys)

    def _write_words(self, norms: NDArray[np.float32], section_weights: NDArray[np.float32]) -> None:
        terms = [term.encode() for term in self._terms]
        order = sorted(range(len(terms)), key=terms.__getitem__)
        ranks = np.empty(len(terms), dtype=np.uint64)
        ranks[order] = np.arange(len(terms), dtype=np.uint64)
        packed = np.concatenate(self._words) if self._words else np.empty(0, dtype=np.uint64)
        self._words.clear()
        low_bits = np.uint64(_SECTION_BITS + _FIELD_BITS + _POSITION_BITS)
        low_mask = np.uint64((1 << int(low_bits)) - 1)
        packed = (ranks[(packed >> low_bits).astype(np.int64)] << low_bits) | (packed & low_mask) if terms else packed
        packed.sort()
        positions = (packed & np.uint64(MAX_POSITION)).astype(np.uint16)
        keys = packed >> np.uint64(_POSITION_BITS)
        self._write_postings(
            "words", keys, np.ones(len(keys), dtype=np.float32), len(terms), norms, section_weights, positions
        )
        self._write_keys("words", [terms[number] for number in order])
        rank_list = ranks.tolist()
        self._write_names("readings", self._readings, rank_list)
        self._write_names("synonyms", self._synonyms, rank_list)

    def _write_names(self, field_name: str, named: Mapping[str, set[int]], ranks: Sequence[int]) -> None:
        """Names of words (readings, synonym groups), each with the ranks of the words that it stands for."""
        names = sorted(named, key=str.encode)
        self._write_keys(field_name, [name.encode() for name in names])
        members = [sorted(ranks[number] for number in named[name]) for name in names]
        self._write(field_name, "offsets", np.cumsum([0, *map(len, members)], dtype=np.int64))
        self._write(field_name, "docs", np.array([rank for group in members for rank in group], dtype=np.int32))

    def _write_bigrams(self, norms: NDArray[np.float32], section_weights: NDArray[np.float32]) -> None:
        keys = (
            np.unique(np.concatenate([keys for keys, _ in self._bigrams])) if self._bigrams else np.empty(0, np.uint64)
        )
        low_bits = np.uint64(_SECTION_BITS + _FIELD_BITS + _COUNT_BITS)
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
        packed = np.concatenate(parts) if parts else np.empty(0, dtype=np.uint64)
        self._bigrams.clear()
        packed.sort()
        counts = (packed & np.uint64((1 << _COUNT_BITS) - 1)).astype(np.float32)
        self._write_postings(
            "bigrams", packed >> np.uint64(_COUNT_BITS), counts, len(texts), norms, section_weights, None
        )
        self._write_keys("bigrams", [texts[number] for number in order])

    def _write_postings(
        self,
        field_name: str,
        keys: NDArray[np.uint64],
        counts: NDArray[np.float32],
        terms: int,
        norms: NDArray[np.float32],
        section_weights: NDArray[np.float32],
        positions: NDArray[np.uint16] | None,
    ) -> None:
        """Postings from sorted keys of (term, section, field), one for each occurrence or counted by `counts`.

        BM25F (Robertson & Zaragoza 2009, section 3.6): field frequencies are weighted, normalised by their field's
        length and added up before the one saturation tf / (k1 + tf). Fields that name the section are saturated once
        more on their own and added with NAME_WEIGHT: else a body that repeats a word hides that it stands in the title.
        """
        if not len(keys):
            empty = np.empty(0, dtype=np.float32)
            self._write(field_name, "offsets", np.zeros(terms + 1, dtype=np.int64))
            self._write(field_name, "docs", empty.astype(np.int32))
            self._write(field_name, "impacts", empty)
            return
        sections = ((keys >> np.uint64(_FIELD_BITS)) & np.uint64(MAX_SECTIONS - 1)).astype(np.int64)
        fields = (keys & np.uint64((1 << _FIELD_BITS) - 1)).astype(np.int64)
        weights = counts * norms[sections, fields]
        named = np.where(_NAMING[fields], weights, np.float32(0))
        del fields
        postings = keys >> np.uint64(_FIELD_BITS)
        starts = np.flatnonzero(np.concatenate(([True], postings[1:] != postings[:-1])))
        frequencies = np.add.reduceat(weights, starts)
        named_frequencies = np.add.reduceat(named, starts)
        impacts = _saturated(frequencies) + np.float32(NAME_WEIGHT) * _saturated(named_frequencies)
        ranks = (postings[starts] >> np.uint64(_SECTION_BITS)).astype(np.int64)
        self._write(field_name, "docs", sections[starts].astype(np.int32))
        self._write(field_name, "impacts", (impacts * section_weights[sections[starts]]).astype(np.float32))
        self._write(field_name, "offsets", np.searchsorted(ranks, np.arange(terms + 1)).astype(np.int64))
        if positions is not None:
            ends = np.append(starts[1:], len(keys)).astype(np.uint32)
            self._write(field_name, "position_ends", ends)
            self._write(field_name, "positions", positions)

    def _write_phrases(self) -> None:
        """Distinct suggested texts in key order with the sections that they lead to, and their ranks by reading."""
        grouped: dict[tuple[str, str, str, str], list[int]] = defaultdict(list)
        for phrase in self._phrases:
            if phrase.key:
                grouped[phrase.key, phrase.reading, phrase.kind, phrase.text].append(phrase.section)
        ordered = sorted(grouped, key=lambda group: (group[0].encode(), *group[1:]))
        self._write_keys("phrases", [key.encode() for key, *_ in ordered])
        self._write_keys("phrase_labels", [f"{kind}:{text}".encode() for _, _, kind, text in ordered])
        self._write("phrases", "offsets", np.cumsum([0, *(len(grouped[group]) for group in ordered)], dtype=np.int64))
        sections = [section for group in ordered for section in grouped[group]]
        self._write("phrases", "docs", np.array(sections, dtype=np.int32))
        by_reading = sorted(range(len(ordered)), key=lambda rank: ordered[rank][1].encode())
        self._write_keys("phrase_readings", [ordered[rank][1].encode() for rank in by_reading])
        self._write("phrase_readings", "docs", np.array(by_reading, dtype=np.int32))

    def _write_ids(self, field_name: str, pairs: list[tuple[bytes, int]]) -> None:
        pairs = sorted(pairs)
        self._write_keys(field_name, [key for key, _ in pairs])
        self._write(field_name, "offsets", np.arange(len(pairs) + 1, dtype=np.int64))
        self._write(field_name, "docs", np.array([number for _, number in pairs], dtype=np.int32))
        self._write(field_name, "impacts", np.ones(len(pairs), dtype=np.float32))


def _saturated(frequencies: NDArray[np.float32]) -> NDArray[np.float32]:
    return (frequencies / (np.float32(K1) + frequencies)).astype(np.float32)


def _length_norms(lengths: NDArray[np.int32]) -> NDArray[np.float32]:
    """Boost / (1 − b + b · length / average) by section and field; averages are over sections that have the field."""
    columns = []
    for number, field_ in enumerate(TEXT_FIELDS):
        column = lengths[:, number].astype(np.float32)
        filled = column[column > 0]
        average = float(filled.mean()) if filled.size else 1.0
        columns.append(field_.boost / (1.0 - field_.b + field_.b * column / average))
    return np.stack(columns, axis=1).astype(np.float32)


def _bitmask(values: Iterable[str], slugs: list[str]) -> int:
    return sum(1 << slugs.index(value) for value in values)


def _remove_leftovers(folder: Path) -> None:
    """Temporary TOCs and folders of this run or a killed one, which Whoosh's own clean-up does not know."""
    for path in folder.iterdir():
        if ".toc." in path.name:
            path.unlink(missing_ok=True)
        elif path.is_dir() and path.name.startswith(INDEX_NAME):
            shutil.rmtree(path)
