"""Kana and romaji typed before an IME converts them, turned into the words of the index (ずいいけいやく → 随意契約)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from indexer.engine import Word, Words
from indexer.language.tokenizer import Token
from kb.language.kana import is_kana, reading_of_romaji, to_katakana

MIN_TYPED_CHARS = 2
MIN_ROMAJI_CHARS = 4  # shorter Latin words are abbreviations
MAX_READING_CHARS = 16  # of one word; the longest compounds in Sudachi's core lexicon that staff would type
MAX_CONVERSIONS = 2  # of homophones, the two that most sections hold
# ヲ and ノ join words in a reading as を and の do in text.
_PARTICLES = dict(zip("ノヲニハガトデモヘ", "のをにはがとでもへ", strict=True))

_UNCONVERTED = re.compile("[ぁ-ゖー]{2,}")
_PARTICLE_CHARACTERS = frozenset(_PARTICLES.values())


def conversions(text: str, vocabulary: Words) -> tuple[str, ...]:
    """What folded `text` may have been meant to become, likeliest first; () for text that is no kana or romaji."""
    reading = typed_reading(text)
    parts = _cut(reading, vocabulary) if reading else []
    if not parts:
        return ()
    first = "".join(choices[0] for choices in parts)
    others = [
        "".join(choice if other is choices else other[0] for other in parts)
        for choices in parts
        for choice in choices[1:]
    ]
    return tuple(surface for surface in [first, *others][:MAX_CONVERSIONS] if surface != text)


def half_conversions(text: str, tokens: Sequence[Token], vocabulary: Words) -> tuple[str, ...]:
    """Folded `text` with a stretch of hiragana in it converted (庁内ちょうせい → 庁内調整), likeliest first.

    A word that makes one with its neighbour goes before others that are read alike (予算あん → 予算案).
    """
    converted: list[str] = []
    for stretch in _UNCONVERTED.finditer(text) if not is_kana(text) else ():
        start, end = stretch.span()
        if any(token.start < edge < token.end for edge in (start, end) for token in tokens):
            continue  # すり of すり合わせ
        start += text[start] in _PARTICLE_CHARACTERS and end - start > MIN_TYPED_CHARS
        reading = to_katakana(text[start:end])
        before = next((token for token in tokens if token.end == start and token.word.reading), None)
        after = next((token for token in tokens if token.start == end and token.word.reading), None)
        choices: list[str] = []
        if before:
            known, typed = _by_frequency(vocabulary.read(before.word.reading + reading)), text[before.start : start]
            choices += [word.removeprefix(typed) for word in known if word.startswith(typed)]
        if after:
            known, typed = _by_frequency(vocabulary.read(reading + after.word.reading)), text[end : after.end]
            choices += [word.removesuffix(typed) for word in known if word.endswith(typed)]
        choices += conversions(text[start:end], vocabulary)
        converted += [text[:start] + choice + text[end:] for choice in dict.fromkeys(choices) if choice]
    return tuple(converted[:MAX_CONVERSIONS])


def typed_reading(text: str) -> str:
    """The katakana reading that was typed as kana or romaji, or ""."""
    if is_kana(text):
        return to_katakana(text) if len(text) >= MIN_TYPED_CHARS else ""
    return (reading_of_romaji(text) or "") if len(text) >= MIN_ROMAJI_CHARS else ""


def _cut(reading: str, vocabulary: Words) -> list[list[str]]:
    """The words of each part of a reading, most frequent first; as few parts as possible, [] where it cannot be cut."""
    best: dict[int, tuple[int, list[list[str]]]] = {0: (0, [])}
    for end in range(1, len(reading) + 1):
        for start in range(max(0, end - MAX_READING_CHARS), end):
            if start not in best:
                continue
            cost, parts = best[start]
            part = reading[start:end]
            if len(part) > 1 and (words := _by_frequency(vocabulary.read(part))):
                option = (cost + 1, [*parts, words])
            elif part in _PARTICLES and start and end < len(reading):
                option = (cost + 1, [*parts, [_PARTICLES[part]]])
            else:
                continue
            if end not in best or option[0] < best[end][0]:
                best[end] = option
    return best.get(len(reading), (0, []))[1]


def _by_frequency(found: Iterable[Word]) -> list[str]:
    return [word.text for word in sorted(found, key=lambda word: (-word.frequency, word.text))]
