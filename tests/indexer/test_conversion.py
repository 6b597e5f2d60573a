"""Kana and romaji become the words that an IME would have made of them."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from indexer.conversion import conversions, typed_reading

WORDS = {
    "ズイイ": [("随意", 3)],
    "ケイヤク": [("契約", 40)],
    "ズイイケイヤク": [("随意契約", 20)],
    "コウカ": [("効果", 9), ("高価", 2), ("硬貨", 1)],
    "シヒョウ": [("指標", 7)],
}


class Readings:
    def words_read(self, reading: str) -> Iterable[tuple[str, int]]:
        return WORDS.get(reading, [])


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("ずいいけいやく", ("随意契約",)),  # as few words as possible
        ("zuiikeiyaku", ("随意契約",)),
        ("ケイヤク", ("契約",)),
        ("けいやくのこうか", ("契約の効果", "契約の高価")),  # a particle between words; the two likeliest homophones
        ("けいやくずいい", ("契約随意",)),
        ("けいやくぽん", ()),  # what is left over makes no word
        ("契約", ()),
        ("け", ()),
        ("kpi", ()),  # short Latin is an abbreviation
    ],
)
def test_what_was_typed_before_conversion(typed: str, expected: tuple[str, ...]) -> None:
    assert conversions(typed, Readings()) == expected


@pytest.mark.parametrize(("typed", "reading"), [("けいや", "ケイヤ"), ("keiya", "ケイヤ"), ("契約", ""), ("ab", "")])
def test_the_reading_of_what_was_typed(typed: str, reading: str) -> None:
    assert typed_reading(typed) == reading
