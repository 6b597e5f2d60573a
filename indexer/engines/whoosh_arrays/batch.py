"""What a worker process makes of some documents: everything that needs no other document, packed into integers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from indexer.analysis import Analyzer, bigram_codes, occurrences_of
from indexer.engines.whoosh_arrays.arrays import MAX_POSITION
from indexer.engines.whoosh_arrays.stored import rows_to_bytes
from indexer.entries import Entry
from indexer.fields import FIELD_GAP_CHARS, FIELD_NAMES
from indexer.tokenizer import Word
from kb.folding import fold
from kb.kana import to_katakana

# term | section | field | position, packed into 63 bits so that one integer sort orders the postings.
POSITION_BITS, FIELD_BITS, SECTION_BITS = 16, 3, 21
COUNT_BITS = 16
MAX_READING_CHARS = 24  # of a text to suggest: nobody types more kana before the first conversion


@dataclass(frozen=True, slots=True)
class Phrase:
    """Text that may be suggested: what it begins with when typed (folded, and read), kind, text, and its section."""

    key: str
    reading: str
    kind: str
    text: str
    section: int

    def name(self) -> bytes:
        """As the index lists it: what is typed comes first."""
        return "\0".join((self.key, self.kind, "" if self.text == self.key else self.text)).encode()


def phrase_parts(name: str) -> tuple[str, str, str]:
    """(key, kind, text) of a phrase's name."""
    key, kind, text = name.split("\0")
    return key, kind, text or key


@dataclass(frozen=True, slots=True)
class Row:
    """A section as the index keeps it beside its postings; `former_ids` are those of the document that it leads."""

    id: str
    facets: Mapping[str, tuple[str, ...]]
    is_lead: bool
    former_ids: tuple[str, ...]


@dataclass(slots=True)
class AnalysedBatch:
    """What one worker makes of some documents; numbers are local to the batch.

    `documents` are what a page shows of each document's sections, from `rows_to_bytes`;
    `words` is packed (term, section, field, position); `bigrams` is packed (bigram, section, field, count);
    `readings` and `synonyms` name terms by their katakana and by the number of their synonym group.
    """

    rows: list[Row] = field(default_factory=list)
    documents: list[bytes] = field(default_factory=list)
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
    documents: list[list[Mapping[str, Any]]] = []
    terms_of: dict[int, list[tuple[int, int]]] = {}

    def learn(word: Word) -> list[tuple[int, int]]:
        """(term as it stands in `words`, offset) of each term of a word that was not met before."""
        terms = []
        for found in occurrences_of(word):
            term = term_numbers.setdefault(found.term, len(term_numbers))
            terms.append((term << SECTION_BITS + FIELD_BITS + POSITION_BITS, found.start))
            if found.reading:
                readings.add((found.reading, term))
            synonyms.update((str(group), term) for group in found.synonym_groups)
        return terms

    for section, entry in enumerate(entries):
        row = _row(entry)
        batch.rows.append(row)
        if row.is_lead:
            documents.append([])
        documents[-1].append(entry.stored)
        batch.phrases += [_phrase(kind, text, section, analyzer) for kind, text in entry.phrases]
        base = 0
        lengths.append([])
        weights.append(entry.weight)
        for number, name in enumerate(FIELD_NAMES):
            text = entry.texts[name]
            before = len(words)
            place = (section << FIELD_BITS | number) << POSITION_BITS
            for start, _, word in analyzer.tokenizer.tokenize(text):
                terms = terms_of.get(id(word))  # the tokenizer keeps its words
                if terms is None:
                    terms = terms_of[id(word)] = learn(word)
                for term, offset in terms:
                    words.append(term | place | min(base + start + offset, MAX_POSITION))
            lengths[-1].append(len(words) - before)
            field_codes = bigram_codes(text)
            codes.append(field_codes)
            sections.append(np.full(len(field_codes), section << FIELD_BITS | number, dtype=np.uint64))
            base += len(text) + FIELD_GAP_CHARS
    batch.documents = [rows_to_bytes(rows) for rows in documents]
    batch.terms = list(term_numbers)
    batch.readings = sorted(readings)
    batch.synonyms = sorted(synonyms)
    batch.words = np.array(words, dtype=np.uint64)
    batch.lengths = np.array(lengths, dtype=np.int32).reshape(-1, len(FIELD_NAMES))
    batch.weights = np.array(weights, dtype=np.float32)
    if codes:
        batch.bigram_keys, ranks = np.unique(np.concatenate(codes), return_inverse=True)
        packed = ranks.astype(np.uint64) << np.uint64(SECTION_BITS + FIELD_BITS) | np.concatenate(sections)
        unique, counts = np.unique(packed, return_counts=True)
        capped = np.minimum(counts, (1 << COUNT_BITS) - 1).astype(np.uint64)
        batch.bigrams = unique << np.uint64(COUNT_BITS) | capped
    return batch


def _row(entry: Entry) -> Row:
    lead = entry.stored.get("document")
    former_ids = tuple(lead["former_ids"]) if lead else ()
    return Row(entry.id, entry.facets, lead is not None, former_ids)


def _phrase(kind: str, text: str, section: int, analyzer: Analyzer) -> Phrase:
    key = fold(text)
    readings = [token.word.reading or to_katakana(key[token.start : token.end]) for token in analyzer.tokens(key)]
    return Phrase(key, "".join(readings)[:MAX_READING_CHARS], kind, text, section)
