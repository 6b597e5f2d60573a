"""Kana and romaji become the words that an IME would have made of them."""

from __future__ import annotations

import pytest

from indexer.language.analysis import Analyzer
from indexer.language.tokenizer import SudachiTokenizer
from indexer.search.conversion import conversions, half_conversions, typed_reading
from tests.indexer.few_words import FewWords

WORDS = FewWords(
    ("随意", "ズイイ", 3),
    ("契約", "ケイヤク", 40),
    ("随意契約", "ズイイケイヤク", 20),
    ("効果", "コウカ", 9),
    ("高価", "コウカ", 2),
    ("硬貨", "コウカ", 1),
    ("指標", "シヒョウ", 7),
    ("掏摸", "スリ", 1),
    ("庵", "アン", 8),
    ("案", "アン", 2),
    ("予算案", "ヨサンアン", 2),
)


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
    assert conversions(typed, WORDS) == expected


@pytest.mark.parametrize(("typed", "reading"), [("けいや", "ケイヤ"), ("keiya", "ケイヤ"), ("契約", ""), ("ab", "")])
def test_the_reading_of_what_was_typed(typed: str, reading: str) -> None:
    assert typed_reading(typed) == reading


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("随意けいやく", ("随意契約",)),
        ("予算あん", ("予算案", "予算庵")),  # what makes one word with its neighbour first
        ("契約のこうか", ("契約の効果", "契約の高価")),
        ("けいやく", ()),  # nothing but kana: see above
        ("予算を", ()),
        ("契約くらべ", ()),
        ("すり合わせ", ()),
    ],
)
def test_a_stretch_that_was_not_converted(typed: str, expected: tuple[str, ...]) -> None:
    tokens = Analyzer(SudachiTokenizer()).tokens(typed)
    assert half_conversions(typed, tokens, WORDS) == expected
