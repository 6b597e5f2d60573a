"""Marks fall on the original text, on whole words; snippets show a match, however long the section is."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.language.analysis import Analyzer
from indexer.language.tokenizer import SudachiTokenizer
from indexer.search.highlight import SNIPPET_CHARS, Highlighter, Targets
from kb.formats.sanitising import sanitise
from kb.language.folding import fold

HIGHLIGHTER = Highlighter(Analyzer(SudachiTokenizer()))
CONTRACT = Targets(frozenset({"契約"}), ())
ELLIPSES = 2
# The same words as a document, a PDF or an old input method would write them.
SPELLINGS = "契約 スタートアップ ｽﾀｰﾄｱｯﾌﾟ スタートアッフ\u309a 官⺠連携 ㈱契約 ＫＰＩ 舊契約 第百六十七条 、 の".split()


def targets(terms: Sequence[str] = (), surfaces: Sequence[str] = ()) -> Targets:
    return Targets(frozenset(terms), tuple(surfaces))


def marked(text: str, wanted: Targets) -> list[str]:
    return [text[start:end] for start, end in HIGHLIGHTER.ranges(text, wanted)]


def shown(source: str, wanted: Targets) -> list[str]:
    return re.findall(r"<mark>(.*?)</mark>", HIGHLIGHTER.snippet(source, wanted, wanted))


@settings(deadline=None)
@given(st.lists(st.sampled_from(SPELLINGS), max_size=8).map("".join))
def test_ranges_are_sorted_disjoint_and_fold_to_what_was_looked_for(text: str) -> None:
    wanted = targets(["契約", "スタートアップ"], ["kpi", "官民連携"])
    ranges = HIGHLIGHTER.ranges(text, wanted)
    assert all(end <= begin for (_, end), (begin, _) in itertools.pairwise(ranges))
    for start, end in ranges:
        folded = fold(text[start:end])
        assert any(word in folded for word in ("契約", "スタートアップ", "kpi", "官民連携")), text[start:end]


@pytest.mark.parametrize(
    ("text", "wanted", "expected"),
    [
        ("ｽﾀｰﾄｱｯﾌﾟです", targets(["スタートアップ"]), ["ｽﾀｰﾄｱｯﾌﾟ"]),
        ("スタートアッフ\u309aです", targets(["スタートアップ"]), ["スタートアッフ\u309a"]),
        ("官⺠連携です", targets(surfaces=["官民連携"]), ["官⺠連携"]),
        ("第百六十七条の二です", targets(surfaces=["第167条の2"]), ["第百六十七条の二"]),
        ("㈱の話", targets(surfaces=["株"]), ["㈱"]),
        ("契約と契約書", CONTRACT, ["契約", "契約"]),  # the second is a part of its word
    ],
)
def test_every_spelling_is_marked_as_it_stands(text: str, wanted: Targets, expected: list[str]) -> None:
    assert marked(text, wanted) == expected


def test_a_word_inside_another_is_not_marked() -> None:
    assert marked("東京都の京都", targets(["京都"])) == ["京都"]
    assert HIGHLIGHTER.ranges("東京都の京都", targets(["京都"])) == [(4, 6)]


def test_nothing_wanted_marks_nothing() -> None:
    assert HIGHLIGHTER.mark("<p>契約</p>", Targets(frozenset(), ())) == "<p>契約</p>"


# Snippets

FILLER = "<p>この段落には、探している語がありません。" + "ほかの話が続きます。" * 20 + "</p>"


@pytest.mark.parametrize(
    "source",
    [
        "<p>契約です。</p>",
        FILLER * 300 + "<p>契約です。</p>",
        "<p>契約です。</p>" + FILLER * 300,
        FILLER * 30 + "<pre><code>" + "x = 1\n" * 3_000 + "契約\n" + "y = 2\n" * 3_000 + "</code></pre>",
        "<table>" + "<tr><td>1</td><td>2</td></tr>" * 2_000 + "<tr><td>契約</td></tr></table>",
        "<p>" + "&amp;" * 3_000 + "契約" + "&lt;" * 3_000 + "</p>",
    ],
    ids=["short", "at the end", "at the beginning", "in code", "in a table", "among references"],
)
def test_a_snippet_shows_a_match_wherever_it_stands(source: str) -> None:
    assert shown(source, CONTRACT) == ["契約"]


def test_a_match_that_only_folding_finds_is_shown_too() -> None:
    assert shown(FILLER * 100 + "<p>ＫＰＩです。</p>" + FILLER * 100, targets(["kpi"])) == ["ＫＰＩ"]


def test_a_snippet_prefers_the_place_where_most_words_stand_together() -> None:
    source = f"<p>契約です。</p>{FILLER * 30}<p>契約の保証金です。</p>{FILLER * 30}"
    assert shown(source, targets(["契約", "保証金", "保証"])) == ["契約", "保証金"]


@pytest.mark.parametrize("before", range(90, 145))
def test_a_snippet_cuts_no_match_in_two(before: int) -> None:
    source = f"<p>契約です{'あ' * before}契約{'い' * 500}</p>"
    assert set(shown(source, CONTRACT)) == {"契約"}


def test_a_snippet_is_of_the_place_that_was_asked_for_with_all_marks() -> None:
    source = f"<p>{'約束です。' * 9}</p>{FILLER}<p>契約の約束です。</p>{FILLER}"
    snippet = HIGHLIGHTER.snippet(source, CONTRACT, targets(["契約", "約束"]))
    assert re.findall("<mark>(.*?)</mark>", snippet) == ["契約", "約束"]
    assert re.findall(
        "<mark>(.*?)</mark>", HIGHLIGHTER.snippet(FILLER + "<p>約束</p>", CONTRACT, targets(["約束"]))
    ) == ["約束"]


PIECES = [
    *"契約 <p> </p> <b> </b> <script> ほかの話です。".split(),
    "a < b & c",
    '<a href="https://e.jp/?a>b">x</a>',
]


@settings(deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=60).map("".join), st.integers(1, 40))
def test_a_snippet_is_short_and_escaped_with_marks_as_its_only_elements(text: str, times: int) -> None:
    snippet = HIGHLIGHTER.snippet(sanitise(text * times), CONTRACT, CONTRACT)
    assert set(re.findall(r"<[^>]*>", snippet)) <= {"<mark>", "</mark>"}
    plain = re.sub("</?mark>", "", snippet)
    assert re.sub(r"&(amp|lt|gt);", "", plain).count("&") == 0
    assert len(re.sub(r"&(amp|lt|gt);", "x", plain)) <= SNIPPET_CHARS + ELLIPSES


def test_the_number_of_a_footnote_is_no_text() -> None:
    source = '<p>契約<sup id="fnref:a"><a class="footnote-ref" href="#fn:a">1</a></sup>です。</p>'
    assert HIGHLIGHTER.snippet(source, CONTRACT, CONTRACT) == "<mark>契約</mark>です。"
