"""From folded text to what is indexed: words with their parts, and pairs of neighbouring characters (bigrams).

Index and query go through the same functions; that is what makes them meet.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from indexer.language.tokenizer import Token, Word

_NOT_WORD = re.compile(r"[\W_]+")
_ASCII_END = 0x80
_CODEPOINT_BITS = 21
_HIRAGANA = range(0x3041, 0x3097)
_SIGNS_AROUND = re.compile(r"^[\W_]+|[\W_]+$")


class Occurrence(NamedTuple):
    """A term at a character offset; `reading` is katakana or ""."""

    term: str
    start: int
    reading: str
    synonym_groups: tuple[int, ...] = ()


def occurrences_of(word: Word) -> list[Occurrence]:
    """The indexed terms of a word, counted from its beginning: itself, then its parts; none of a function word."""
    if word.is_function:
        return []
    parts = (part for part in word.parts if part.term != word.term)
    whole = Occurrence(word.term, 0, word.reading, word.synonym_groups)
    return [whole, *(Occurrence(part.term, part.start, part.reading, part.synonym_groups) for part in parts)]


def occurrences(tokens: Iterable[Token]) -> Iterator[Occurrence]:
    """Every indexed term where it stands."""
    for token in tokens:
        for found in occurrences_of(token.word):
            yield found._replace(start=token.start + found.start)


def bigram_codes(text: str) -> NDArray[np.uint64]:
    """A code for each pair of neighbouring word characters, and for the last character of each run alone.

    Left out are a last hiragana that follows another character, the ending of nearly every sentence, and pairs of ASCII
    characters, where words are the better unit. `bigram_text` gives a code's characters.
    """
    return bigram_codes_of([text])[0]


def bigram_codes_of(texts: Iterable[str]) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """The `bigram_codes` of some texts, one text after another, and which text each is of."""
    spaced = [_NOT_WORD.sub(" ", text) + " " for text in texts]
    points = np.frombuffer("".join(spaced).encode("utf-32-le"), dtype=np.uint32).astype(np.uint64)
    points[points == 32] = 0
    first, second = points[:-1], points[1:]
    keep = (first != 0) & ((first >= _ASCII_END) | (second >= _ASCII_END))
    follows = np.concatenate((np.zeros(1, dtype=bool), points[:-2] != 0))
    keep &= (second != 0) | ~follows | (first < _HIRAGANA.start) | (first >= _HIRAGANA.stop)
    codes: NDArray[np.uint64] = (first[keep] << np.uint64(_CODEPOINT_BITS)) | second[keep]
    return codes, np.repeat(np.arange(len(spaced)), list(map(len, spaced)))[:-1][keep]


def bigram_text(code: int) -> str:
    """The two characters of a code (one for the end of a run)."""
    second = code & ((1 << _CODEPOINT_BITS) - 1)
    return chr(code >> _CODEPOINT_BITS) + (chr(second) if second else "")


def bigrams_of(text: str) -> tuple[str, ...]:
    """Distinct bigrams of folded text inside its runs; a run of one character gives that character as a prefix."""
    texts = [bigram_text(int(code)) for code in bigram_codes(text)]
    pairs = [pair for pair in texts if len(pair) == 2]
    singles = [] if pairs else texts
    return tuple(dict.fromkeys(pairs or singles))


def tell_all(bigrams: Sequence[str], text: str) -> bool:
    """Whether the bigrams of a folded text hold all its characters together, but for signs around it.

    They leave out pairs of ASCII characters, and do not tell how a blank or a sign divides what is on both sides.
    """
    return all("".join(pair) in bigrams for pair in itertools.pairwise(_SIGNS_AROUND.sub("", text)))


class Tokenizer(Protocol):
    """What finds the words of a text (SudachiTokenizer)."""

    def tokenize(self, text: str) -> Iterable[Token]:
        """Every word of folded `text` in order."""


class Analyzer:
    """The one analysis of a folded text."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self.tokenizer = tokenizer

    def terms(self, text: str) -> Iterator[Occurrence]:
        """Indexed terms of folded `text`."""
        return occurrences(self.tokenizer.tokenize(text))

    def tokens(self, text: str) -> list[Token]:
        """All words of folded `text`, function words included."""
        return list(self.tokenizer.tokenize(text))
