"""もしかして: slips are set right from the index's own words, and words that were meant as typed stay."""

from __future__ import annotations

import pytest

from indexer.language.analysis import Analyzer
from indexer.language.tokenizer import SudachiTokenizer
from indexer.search.request import SearchRequest
from indexer.search.service import Search
from indexer.search.spelling import corrections
from tests.indexer.few_words import FewWords

ANALYZER = Analyzer(SudachiTokenizer())


WORDS = FewWords(
    ("随意契約", "ズイイケイヤク", 50),
    ("プロポーザル", "プロポーザル", 40),
    ("調査", "チョウサ", 30),
    ("職員", "ショクイン", 20),
    ("官民連携", "カンミンレンケイ", 90),
    ("包括連携協定", "ホウカツレンケイキョウテイ", 9),
    ("費用", "ヒヨウ", 5),
    ("日用", "ヒヨウ", 8),
    ("愛", "アイ", 7),
)


def corrected(typed: str) -> list[str]:
    tokens = ANALYZER.tokens(typed)
    return [found.text for found in corrections(typed, tokens, frozenset(range(len(tokens))), WORDS)]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("隋意契約", "随意契約"),
        ("プロポーサル", "プロポーザル"),
        ("官民連係", "官民連携"),
        ("ずいいけいや", "随意契約"),
        ("包括連携教定", "包括連携協定"),
        ("官民連係とは", "官民連携とは"),
    ],
)
def test_a_slip_becomes_the_word_that_was_meant(typed: str, meant: str) -> None:
    assert corrected(typed)[0] == meant


@pytest.mark.parametrize("typed", ["監査", "議員", "違約金", "汚職", "2025"])
def test_a_word_of_the_dictionary_is_not_taken_for_a_slip(typed: str) -> None:
    assert corrected(typed) == []


def test_a_word_more_than_another_is_no_slip() -> None:
    assert "官民連携" not in corrected("官民連携推進")


def test_a_short_word_in_latin_letters_is_an_abbreviation_and_no_romaji() -> None:
    assert corrected("ai") == []


def test_of_two_homophones_the_more_frequent_comes_first() -> None:
    assert corrected("飛揚") == ["日用", "費用"]


@pytest.mark.parametrize("typed", ["監査", "談合", "撤退するとき", "監査で指摘されないために"])
def test_a_search_for_what_the_guide_does_not_speak_of_is_not_turned_into_another(guide: Search, typed: str) -> None:
    interpretation = guide.search(SearchRequest(typed)).interpretation
    assert (interpretation.did_you_mean, interpretation.corrected) == (None, False)
    assert interpretation.unknown


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("スタートップ 探し方", "スタートアップ 探し方"),
        ("官民連係とは", "官民連携とは"),
        ("債務負担公為", "債務負担行為"),
        ("探し方 スタートップ", "探し方 スタートアップ"),
    ],
)
def test_a_slip_is_set_right_beside_other_words_too(guide: Search, typed: str, meant: str) -> None:
    interpretation = guide.search(SearchRequest(typed)).interpretation
    assert (interpretation.did_you_mean, interpretation.corrected) == (meant, True)


def test_the_vocabulary_is_looked_through_no_more_often_than_allowed() -> None:
    words = FewWords(("随意契約", "ズイイケイヤク", 50))
    tokens = ANALYZER.tokens("隋意契釣" * 20)
    list(corrections("隋意契釣" * 20, tokens, frozenset(range(len(tokens))), words, iter(range(7))))
    assert words.looks == 7


def test_a_pasted_paragraph_is_not_corrected(guide: Search) -> None:
    page = guide.search(SearchRequest("隋意契約 " + "入札の手続を説明します。" * 10))
    assert (page.interpretation.did_you_mean, page.interpretation.corrected) == (None, False)


def test_of_many_words_that_are_nowhere_together_only_ten_are_proposed_alone(guide: Search) -> None:
    words = " ".join("契約 入札 財政 予算 首長 議会 補助金 調達 連携 課題 企画 募集 評価 実証 議員".split())
    steps = guide.search(SearchRequest(f"{words} ｑｚｘｊｋｖ", exact=True)).interpretation.next_steps
    assert sum(step.kind == "only" for step in steps) <= 10
