"""Readings typed before conversion."""

from __future__ import annotations

import pytest

from kb.kana import is_kana, reading_of_romaji, reading_prefixes, to_katakana


@pytest.mark.parametrize(
    ("typed", "reading"),
    [
        ("keiyaku", "ケイヤク"),
        ("zuiikeiyaku", "ズイイケイヤク"),
        ("kokyo", "コキョ"),
        ("shinsa", "シンサ"),
        ("tenken", "テンケン"),
    ],
)
def test_romaji_is_read(typed: str, reading: str) -> None:
    assert reading_of_romaji(typed) == reading


@pytest.mark.parametrize("typed", ["pfs", "sdgs", "契約", "けいやく", "keiyak", ""])
def test_what_is_no_romaji_is_not_read(typed: str) -> None:
    assert reading_of_romaji(typed) is None


@pytest.mark.parametrize(
    ("typed", "prefix"),
    [
        ("けいや", "ケイヤ"),
        ("keiya", "ケイヤ"),
        ("ケイヤ", "ケイヤ"),
        ("keiyak", "ケイヤク"),
        ("けいyak", "ケイヤク"),
        ("けんs", "ケンシ"),
    ],
)
def test_half_converted_input_begins_the_reading(typed: str, prefix: str) -> None:
    assert prefix in reading_prefixes(typed)


def test_kanji_begin_no_reading() -> None:
    assert reading_prefixes("契約") == ()


def test_only_kana_is_kana() -> None:
    assert is_kana("けいヤくー")
    assert not is_kana("契やく")
    assert not is_kana("")
    assert to_katakana("けいヤく約") == "ケイヤク約"
