"""Folding: what looks or means the same becomes the same, and offsets lead back to the original."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.language.folding import fold, fold_with_offsets

JAPANESE = st.text(
    alphabet=st.one_of(
        st.sampled_from(
            "官⺠⾃⻑髙邉ｶﾞパぱ々ゝゞヽー-－・･第百六十七条の二１，０００①㈱ⅣＡａé\u3000\u200b\ufe00\U000e0100が\u3099"
        ),
        st.characters(exclude_categories=["Cs"]),
    )
)


@pytest.mark.parametrize(
    ("typed", "ordinary"),
    [
        ("官⺠連携", "官民連携"),
        ("⾃治体", "自治体"),
        ("首⻑", "首長"),
        ("ﾌﾟﾛﾎﾟｰｻﾞﾙ", "プロポーザル"),
        ("スタート・アップ", "スタートアップ"),
        ("第百六十七条の二", "第167条の2"),
        ("第一六七条", "第167条"),
        ("地方自治法第二百三十四条の三", "地方自治法第234条の3"),
        ("1,234,567円", "1234567円"),
        ("百万円", "100万円"),
        ("三億五千万円", "3億5000万円"),
        ("市内一円", "市内一円"),
        ("ＰＦＳ", "pfs"),
        ("髙島", "高島"),
        ("國家戰略特區", "国家戦略特区"),
        ("サ−ビス", "サービス"),
        ("いすゞ", "いすず"),
        ("か\u3099く", "がく"),
        ("契\u200b約", "契約"),
        ("全角\u3000空白", "全角 空白"),
        ("バナヽ", "バナナ"),
        ("たゞし", "ただし"),
        ("じゝつ", "じしつ"),
        ("㈱契約", "(株)契約"),
        ("平成㉚年", "平成30年"),
        ("ＳＤＧｓ", "sdgs"),
        ("⽅針", "方針"),
        ("⻄⽇本", "西日本"),
    ],
)
def test_other_spellings_fold_to_the_ordinary_one(typed: str, ordinary: str) -> None:
    assert fold(typed) == fold(ordinary) == ordinary


@pytest.mark.parametrize(
    "text",
    "男の二人 一人一台端末 三方よし 2024-11-23 a-b 嶋 東・西 百貨店 千代田区 八王子市 三号室 一〇二号室".split()
    + "十分な説明 二〇二四年 12,34 1,2345 ー ・契約".split(),
)
def test_what_only_looks_alike_is_left_alone(text: str) -> None:
    assert fold(text) == text


@given(JAPANESE)
def test_folding_twice_changes_nothing_more(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(JAPANESE)
def test_text_with_offsets_is_the_folded_text(text: str) -> None:
    assert fold_with_offsets(text).text == fold(text)


@given(JAPANESE)
def test_every_folded_character_came_from_a_stretch_of_the_original(text: str) -> None:
    folded = fold_with_offsets(text)
    previous = 0
    for index in range(len(folded.text)):
        start, end = folded.original_range(index, index + 1)
        assert 0 <= start < end <= len(text)
        assert start >= previous
        previous = start


@given(JAPANESE)
def test_unicode_compatibility_forms_fold_together(text: str) -> None:
    assert fold(unicodedata.normalize("NFC", text)) == fold(text)


def test_a_match_in_folded_text_falls_on_the_original_spelling() -> None:
    original = "これはﾌﾟﾛﾎﾟｰｻﾞﾙ（第百六十七条の二）です"
    folded = fold_with_offsets(original)
    for wanted, spelled in [("プロポーザル", "ﾌﾟﾛﾎﾟｰｻﾞﾙ"), ("第167", "第百六十七"), ("第167条の2", "第百六十七条の二")]:
        start = folded.text.index(wanted)
        first, last = folded.original_range(start, start + len(wanted))
        assert original[first:last] == spelled


@given(JAPANESE)
def test_the_whole_of_the_folded_text_came_from_within_the_original(text: str) -> None:
    folded = fold_with_offsets(text)
    if folded.text:
        start, end = folded.original_range(0, len(folded.text))
        assert fold(text[:start]) == fold(text[end:]) == ""


@pytest.mark.parametrize("text", ["", "\u200b", "\ufe00\u00ad"])
def test_what_nobody_sees_folds_to_nothing(text: str) -> None:
    assert fold_with_offsets(text).text == ""


def test_every_kangxi_radical_folds_to_its_ideograph() -> None:
    radicals = "".join(map(chr, range(0x2F00, 0x2FD6)))
    assert all("\u4e00" <= character <= "\u9fff" for character in fold(radicals))
    assert len(fold(radicals)) == 214


def test_every_radical_of_the_supplement_leaves_its_block() -> None:
    radicals = [chr(codepoint) for codepoint in range(0x2E80, 0x2EF4) if codepoint != 0x2E9A]  # 2E9A is unassigned
    # U+2E80 ⺀ has no equivalent unified ideograph in Unicode's data.
    assert [radical for radical in radicals if fold(radical) == radical] == ["\u2e80"]
