"""Readings typed before conversion."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.language.kana import is_kana, reading_of_romaji, reading_prefixes, to_katakana


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


@pytest.mark.parametrize(
    ("word", "reading"),
    [
        ("keiyaku", "ケイヤク"),
        ("kyoutei", "キョウテイ"),
        ("jigyousha", "ジギョウシャ"),
        ("zyuumin", "ジュウミン"),
        ("tyousei", "チョウセイ"),
        ("chousei", "チョウセイ"),
        ("tsuika", "ツイカ"),
        ("fukuoka", "フクオカ"),
        ("hyouka", "ヒョウカ"),
        ("nyuusatsu", "ニュウサツ"),
        ("renkei", "レンケイ"),
        ("kin'yuu", "キンユウ"),
        ("de-ta", "データ"),
        ("kekka", "ケッカ"),
        ("kessai", "ケッサイ"),
        ("matchingu", "マッチング"),
        ("macchingu", "マッチング"),
    ],
)
def test_a_word_is_never_lost_on_the_way_to_its_last_letter(word: str, reading: str) -> None:
    lost = [
        word[:length]
        for length in range(1, len(word) + 1)
        if not any(reading.startswith(prefix) for prefix in reading_prefixes(word[:length]))
    ]
    assert lost == []


@given(st.text(st.sampled_from("kgsztdnhbpmyrwcjfvxqlaiueo'-ーけンっゃ契 K1"), max_size=12))
def test_prefixes_of_a_reading_are_katakana(typed: str) -> None:
    prefixes = reading_prefixes(typed)
    assert all(is_kana(prefix) and to_katakana(prefix) == prefix for prefix in prefixes)


@pytest.mark.parametrize("typed", ["", "契約k", "123", "a1", "kei yaku"])
def test_what_is_no_reading_begins_none(typed: str) -> None:
    assert reading_prefixes(typed) == ()


def test_kanji_begin_no_reading() -> None:
    assert reading_prefixes("契約") == ()


def test_only_kana_is_kana() -> None:
    assert is_kana("けいヤくー")
    assert not is_kana("契やく")
    assert not is_kana("")
    assert to_katakana("けいヤく約") == "ケイヤク約"
