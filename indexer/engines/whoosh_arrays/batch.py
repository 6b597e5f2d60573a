"""What a worker process makes of some documents: everything that needs no other document, packed into integers."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from indexer.engines.whoosh_arrays.arrays import MAX_POSITION
from indexer.engines.whoosh_arrays.faceting import Combination, combination_of
from indexer.engines.whoosh_arrays.stored import rows_to_bytes
from indexer.entries import Entry
from indexer.fields import FIELD_GAP_CHARS, FIELD_NAMES
from indexer.language.analysis import Analyzer, bigram_codes_of, occurrences_of
from indexer.language.tokenizer import Token, Word
from kb.language.folding import fold
from kb.language.kana import to_katakana

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
    """A section as the index keeps it beside its postings; of a lead also its document's order key and former ids."""

    id: str
    combination: Combination
    is_lead: bool
    order: str
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
    texts: list[str] = []  # of every section each field, in this order
    sizes: list[int] = []  # of every text: how many of the following it has
    terms: list[int] = []
    offsets: list[int] = []
    weights: list[float] = []
    documents: list[list[Mapping[str, Any]]] = []
    terms_of: dict[int, list[tuple[int, int]]] = {}
    tokens_of = functools.cache(analyzer.tokens)  # of titles and headings, which come again and again

    def learn(word: Word) -> list[tuple[int, int]]:
        """(term, offset) of each term of a word that was not met before."""
        found = [(term_numbers.setdefault(item.term, len(term_numbers)), item) for item in occurrences_of(word)]
        readings.update((item.reading, term) for term, item in found if item.reading)
        synonyms.update((str(group), term) for term, item in found for group in item.synonym_groups)
        return [(term, item.start) for term, item in found]

    for section, entry in enumerate(entries):
        row = _row(entry)
        batch.rows.append(row)
        if row.is_lead:
            documents.append([])
        documents[-1].append(entry.stored)
        batch.phrases += [_phrase(kind, text, section, tokens_of) for kind, text in entry.phrases]
        weights.append(entry.weight)
        for name in FIELD_NAMES:
            text = entry.texts[name]
            before = len(terms)
            for start, _, word in analyzer.tokenizer.tokenize(text) if name == "body" else tokens_of(text):
                known = terms_of.get(word.number)
                if known is None:
                    known = terms_of[word.number] = learn(word)
                for term, offset in known:
                    terms.append(term)
                    offsets.append(start + offset)
            texts.append(text)
            sizes.append(len(terms) - before)
    batch.documents = [rows_to_bytes(rows) for rows in documents]
    batch.terms = list(term_numbers)
    batch.readings = sorted(readings)
    batch.synonyms = sorted(synonyms)
    batch.weights = np.array(weights, dtype=np.float32)
    batch.lengths = np.array(sizes, dtype=np.int32).reshape(-1, len(FIELD_NAMES))
    if texts:
        batch.words = _packed_words(texts, sizes, terms, offsets)
        batch.bigram_keys, batch.bigrams = _packed_bigrams(texts)
    return batch


def _places(texts: Sequence[str]) -> NDArray[np.uint64]:
    """Section and field of each text, packed."""
    sections = np.arange(len(texts) // len(FIELD_NAMES), dtype=np.uint64)[:, np.newaxis]
    places: NDArray[np.uint64] = sections << np.uint64(FIELD_BITS) | np.arange(len(FIELD_NAMES), dtype=np.uint64)
    return places.ravel()


def _packed_words(
    texts: Sequence[str], sizes: Sequence[int], terms: Sequence[int], offsets: Sequence[int]
) -> NDArray[np.uint64]:
    """See AnalysedBatch; the fields of a section follow one another, with a gap between them."""
    lengths = np.array(list(map(len, texts)), dtype=np.int64).reshape(-1, len(FIELD_NAMES)) + FIELD_GAP_CHARS
    begins = (np.cumsum(lengths, axis=1) - lengths).ravel()
    positions = np.minimum(np.array(offsets, dtype=np.int64) + np.repeat(begins, sizes), MAX_POSITION)
    numbers = np.array(terms, dtype=np.uint64) << np.uint64(SECTION_BITS + FIELD_BITS + POSITION_BITS)
    places = np.repeat(_places(texts), sizes) << np.uint64(POSITION_BITS)
    return np.bitwise_or(numbers | places, positions.astype(np.uint64))


def _packed_bigrams(texts: Sequence[str]) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """The distinct bigrams, ascending, and where they stand: see AnalysedBatch."""
    codes, numbers = bigram_codes_of(texts)
    keys, ranks = np.unique(codes, return_inverse=True)
    packed = ranks.astype(np.uint64) << np.uint64(SECTION_BITS + FIELD_BITS) | _places(texts)[numbers]
    unique, counts = np.unique(packed, return_counts=True)
    capped = np.minimum(counts, (1 << COUNT_BITS) - 1).astype(np.uint64)
    return keys, unique << np.uint64(COUNT_BITS) | capped


def _row(entry: Entry) -> Row:
    lead = entry.stored.get("document")
    former_ids = tuple(lead["former_ids"]) if lead else ()
    return Row(entry.id, combination_of(entry.facets), lead is not None, entry.order, former_ids)


def _phrase(kind: str, text: str, section: int, tokens_of: Callable[[str], list[Token]]) -> Phrase:
    key = fold(text)
    readings = [token.word.reading or to_katakana(key[token.start : token.end]) for token in tokens_of(key)]
    return Phrase(key, "".join(readings)[:MAX_READING_CHARS], kind, text, section)
