"""Readings typed before conversion: kana, romaji, and what an IME shows half-way (けいや, keiyaku, けんs)."""

from __future__ import annotations

import re

import jaconv

_KANA = re.compile(r"[ぁ-ゖァ-ヺー]+")
_LATIN_TAIL = re.compile(r"[a-z'-]+$")
_ROMAJI = re.compile(r"[a-z'-]+")
_OPEN_CONSONANT = re.compile(r"(?:[bcdfghjkmnpqrstvwxyz]|[bcdghjkmnprstz]y|sh|ch|ts)$")
# What a consonant can still become. The first kana is enough, since these are prefixes.
_ROWS = {
    "k": "カキクケコ", "c": "カチク", "s": "サシスセソ", "sh": "シ", "t": "タチツテト", "ch": "チ", "ts": "ツ",
    "n": "ンナニヌネノ", "h": "ハヒフヘホ", "f": "フ", "m": "マミムメモ", "y": "ヤユヨ", "r": "ラリルレロ", "w": "ワヲ",
    "g": "ガギグゲゴ", "z": "ザジズゼゾ", "j": "ジ", "d": "ダヂヅデド", "b": "バビブベボ", "p": "パピプペポ", "v": "ヴ",
    "ky": "キ", "sy": "シ", "ty": "チ", "cy": "チ", "ny": "ニ", "hy": "ヒ", "my": "ミ", "ry": "リ", "gy": "ギ",
    "zy": "ジ", "jy": "ジ", "dy": "ヂ", "by": "ビ", "py": "ピ", "q": "ク", "x": "ァィゥェォッャュョ",
}  # fmt: skip
_DOUBLED = frozenset("kstpcgdbhfzj") | {"ch", "ts", "sh"}


def is_kana(text: str) -> bool:
    """Whether `text` is nothing but kana."""
    return _KANA.fullmatch(text) is not None


def to_katakana(text: str) -> str:
    """Hiragana as katakana; anything else unchanged."""
    return jaconv.hira2kata(text)


def reading_of_romaji(text: str) -> str | None:
    """Katakana of folded romaji (keiyaku → ケイヤク), or None if it is not romaji throughout."""
    if not _ROMAJI.fullmatch(text):
        return None
    reading = to_katakana(jaconv.alphabet2kana(text))
    return reading if is_kana(reading) and not _OPEN_CONSONANT.search(text.removesuffix("n")) else None


def reading_prefixes(text: str) -> tuple[str, ...]:
    """Katakana that a reading may begin with when folded `text` (kana, romaji, kana and a consonant) is typed."""
    tail = _LATIN_TAIL.search(text)
    kana, latin = (text[: tail.start()], tail[0]) if tail else (text, "")
    if kana and not is_kana(kana):
        return ()
    open_consonant = _OPEN_CONSONANT.search(latin)
    closed = latin[: open_consonant.start()] if open_consonant else latin
    converted = jaconv.alphabet2kana(closed) if closed else ""
    if converted and not is_kana(converted):
        return ()
    base = to_katakana(kana + converted)
    if not open_consonant:
        return (base,) if base else ()
    doubled = "ッ" if base and open_consonant[0] in _DOUBLED else ""  # mat → マッチング
    return tuple(base + first for first in _ROWS.get(open_consonant[0], "") + doubled)
