"""Kana and romaji typed before an IME converts them, turned into the words of the index (ずいいけいやく → 随意契約)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from kb.kana import is_kana, reading_of_romaji, to_katakana

MIN_TYPED_CHARS = 2
MIN_ROMAJI_CHARS = 4  # shorter Latin words are abbreviations
MAX_READING_CHARS = 16  # of one word; the longest compounds in Sudachi's core lexicon that staff would type
MAX_CONVERSIONS = 2  # of homophones, the two that most sections hold
# ヲ and ノ join words in a reading as を and の do in text.
_PARTICLES = dict(zip("ノヲニハガトデモヘ", "のをにはがとでもへ", strict=True))


class Readings(Protocol):
    """The words of an index by their readings."""

    def words_read(self, reading: str) -> Iterable[tuple[str, int]]:
        """(word, how many sections hold it) of a katakana reading."""


def conversions(text: str, readings: Readings) -> tuple[str, ...]:
    """What folded `text` may have been meant to become, likeliest first; () for text that is no kana or romaji."""
    reading = typed_reading(text)
    parts = _cut(reading, readings) if reading else []
    if not parts:
        return ()
    first = "".join(choices[0] for choices in parts)
    others = [
        "".join(choice if other is choices else other[0] for other in parts)
        for choices in parts
        for choice in choices[1:]
    ]
    return tuple(surface for surface in [first, *others][:MAX_CONVERSIONS] if surface != text)


def typed_reading(text: str) -> str:
    """The katakana reading that was typed as kana or romaji, or ""."""
    if is_kana(text):
        return to_katakana(text) if len(text) >= MIN_TYPED_CHARS else ""
    return (reading_of_romaji(text) or "") if len(text) >= MIN_ROMAJI_CHARS else ""


def _cut(reading: str, readings: Readings) -> list[list[str]]:
    """The words of each part of a reading, most frequent first; as few parts as possible, [] where it cannot be cut."""
    best: dict[int, tuple[int, list[list[str]]]] = {0: (0, [])}
    for end in range(1, len(reading) + 1):
        for start in range(max(0, end - MAX_READING_CHARS), end):
            if start not in best:
                continue
            cost, parts = best[start]
            part = reading[start:end]
            if len(part) > 1 and (words := _by_frequency(readings.words_read(part))):
                option = (cost + 1, [*parts, words])
            elif part in _PARTICLES and start and end < len(reading):
                option = (cost + 1, [*parts, [_PARTICLES[part]]])
            else:
                continue
            if end not in best or option[0] < best[end][0]:
                best[end] = option
    return best.get(len(reading), (0, []))[1]


def _by_frequency(found: Iterable[tuple[str, int]]) -> list[str]:
    return [word for word, _ in sorted(found, key=lambda item: (-item[1], item[0]))]
