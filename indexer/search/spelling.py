"""もしかして: what a word that finds nothing may have been meant to be, from the index's own vocabulary.

Three ways, in this order: the same reading (変換ミス, 同音異義語), one or two characters off, a reading one kana off.
A word that stands in the dictionary was meant as typed (監査 is no slip for 調査): only the first way is open to it,
unless a longer word almost spells itself around it (包括連携教定: 教定 is a name).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from rapidfuzz.distance import OSA

from indexer.engine import Words
from indexer.language.tokenizer import Token
from indexer.search.conversion import typed_reading

MAX_TYPED_CHARS = 20  # a longer stretch is a sentence, not a slip
MAX_PROPOSED = 10  # words for one stretch; each costs a search
MAX_WINDOW_TOKENS = 4  # a slip may break one word into as many
MIN_WORD_CHARS = 2  # a slip leaves single characters (隋意契約: 隋, 意, 契約), each of which the dictionary knows
MIN_SPELLED_CHARS = 5  # shorter words are one edit away from too many others
MIN_UNLIKE_CHARS = 3  # of two characters one at least must be right
MIN_READING_CHARS = 4  # shorter readings are one kana away from everything


def allowed_distance(length: int) -> int:
    """One edit in a short word, two in a longer one."""
    return 1 if length <= 5 else 2


class Correction(NamedTuple):
    """A text with one stretch replaced: what was `typed` there, the `word` for it, whether both are read alike."""

    text: str
    typed: str
    word: str
    is_homophone: bool

    @property
    def is_close(self) -> bool:
        """Whether the word is but a slip of the finger away."""
        return OSA.distance(self.typed, self.word) <= allowed_distance(len(self.typed))


def corrections(
    text: str,
    tokens: Sequence[Token],
    doubtful: frozenset[int],
    vocabulary: Words,
    looks: Iterator[int] | None = None,
) -> Iterator[Correction]:
    """`text` (folded) with a stretch around a doubtful token replaced, most likely first: a 変換ミス before a slip.

    `doubtful` are the indexes of the tokens that find nothing (or nothing together). Each look through the whole
    vocabulary takes one of `looks`; there are no more of them than that.
    """
    looks = itertools.count() if looks is None else looks
    windows = list(_windows(tokens, doubtful))
    for is_homophone in (True, False):
        for start, end in windows:
            first, last = tokens[start].start, tokens[end - 1].end
            typed = text[first:last]
            if is_homophone:
                words = _read_alike(typed, tokens[start:end], vocabulary)
            else:
                is_meant = all(_is_a_word(tokens[index]) for index in doubtful & set(range(start, end)))
                is_in_a_word = end - start > 1 and len(typed) >= MIN_SPELLED_CHARS
                is_a_slip = (is_in_a_word or not is_meant) and next(looks, None) is not None
                words = _similar(typed, tokens[start:end], vocabulary) if is_a_slip else []
            # Who typed one word too many made no slip: エコシステム拠点都市 is not エコシステム都市.
            shorter = {text[first : token.start] + text[token.end : last] for token in tokens[start:end]}
            for word in (word for word in words if word not in shorter):
                yield Correction(text[:first] + word + text[last:], typed, word, is_homophone)


def _windows(tokens: Sequence[Token], doubtful: frozenset[int]) -> Iterator[tuple[int, int]]:
    """[start, end) of tokens around doubtful ones, the widest first: a slip breaks words apart."""
    for width in range(min(MAX_WINDOW_TOKENS, len(tokens)), 0, -1):
        for start in range(len(tokens) - width + 1):
            length = tokens[start + width - 1].end - tokens[start].start
            typed = "".join(token.word.term for token in tokens[start : start + width])
            if any(character.isdigit() for character in typed):
                continue  # a number is what it is
            if doubtful & set(range(start, start + width)) and 2 <= length <= MAX_TYPED_CHARS:
                yield start, start + width


def _is_a_word(token: Token) -> bool:
    return token.word.is_known and token.end - token.start >= MIN_WORD_CHARS


def _read_alike(typed: str, tokens: Sequence[Token], vocabulary: Words) -> list[str]:
    """Other words of the same reading, the most frequent first."""
    found = {
        word: frequency
        for reading in _readings(typed, tokens)
        for word, frequency in vocabulary.read(reading)
        if word != typed
    }
    return sorted(found, key=lambda word: -found[word])[:MAX_PROPOSED]


def _similar(typed: str, tokens: Sequence[Token], vocabulary: Words) -> list[str]:
    """Words spelled almost like `typed`, then those read almost like it; best first."""
    scored: dict[str, tuple[int, int, int]] = {}

    def propose(word: str, frequency: int, way: int, distance: int) -> None:
        score = (way, distance, -frequency)
        if word != typed and score < scored.get(word, (9, 9, 0)):
            scored[word] = score

    for word, frequency in vocabulary.like(typed, allowed_distance(len(typed))):
        distance = OSA.distance(typed, word)
        if distance < len(typed) and (len(typed) >= MIN_UNLIKE_CHARS or set(word) & set(typed)):
            propose(word, frequency, 1, distance)
    for reading in _readings(typed, tokens):
        if len(reading) >= MIN_READING_CHARS:
            for word, frequency in vocabulary.read_like(reading):
                propose(word, frequency, 2, 1)
    return sorted(scored, key=scored.__getitem__)[:MAX_PROPOSED]


def _readings(typed: str, tokens: Sequence[Token]) -> list[str]:
    if direct := typed_reading(typed):
        return [direct]
    readings = [token.word.reading for token in tokens]
    return ["".join(readings)] if all(readings) else []
