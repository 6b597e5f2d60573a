"""The query language: forgiving, ours, and never an error."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.language.query import Clause, Phrase, Query, Text
from kb.language.query_parser import parse_query, unquoted

TYPED = st.one_of(
    st.text(),
    st.lists(
        st.sampled_from(["契約", "a", "OR", "AND", "|", "-", "－", '"', "“", "”", "＂", " ", "\u3000", "\n", "・"])
    ).map("".join),
)


@pytest.mark.parametrize(
    "typed",
    [
        "随意契約 スタートアップ",
        "随意契約\u3000スタートアップ",
        " 随意契約  スタートアップ\n",
        "随意契約 AND スタートアップ",
    ],
)
def test_blanks_of_every_width_join_words_by_and(typed: str) -> None:
    assert parse_query(typed) == Query((Clause((Text("随意契約"),)), Clause((Text("スタートアップ"),))))


@pytest.mark.parametrize("typed", ['"随意契約の理由"', "“随意契約の理由”", '"随意契約の理由', "＂随意契約の理由＂"])
def test_quotes_of_every_kind_make_a_phrase(typed: str) -> None:
    assert parse_query(typed) == Query((Clause((Phrase("随意契約の理由"),)),))


@pytest.mark.parametrize("typed", ["契約 -入札", "契約 －入札", "契約 −入札"])
def test_a_minus_excludes(typed: str) -> None:
    assert parse_query(typed) == Query((Clause((Text("契約"),)),), (Text("入札"),))


def test_or_joins_its_neighbours_only() -> None:
    assert parse_query("a OR b c") == Query((Clause((Text("a"), Text("b"))), Clause((Text("c"),))))


@pytest.mark.parametrize(
    "typed", ["随契 OR 契約", "随契 | 契約", "随契 || 契約", "随契　ＯＲ　契約", "随契 ｜ 契約", "随契 OR OR 契約"]
)
def test_or_is_written_in_several_ways(typed: str) -> None:
    assert parse_query(typed) == Query((Clause((Text("随契"), Text("契約"))),))


def test_or_joins_any_number_of_words_and_phrases() -> None:
    assert parse_query('a OR "b c" OR d') == Query((Clause((Text("a"), Phrase("b c"), Text("d"))),))


@pytest.mark.parametrize(
    "typed", ["", "OR", "AND", "OR AND OR", "-", "--", '""', '"', '" "', "()", "・、。", "*", "- OR -"]
)
def test_operators_and_signs_alone_ask_nothing(typed: str) -> None:
    assert parse_query(typed) == Query()


@pytest.mark.parametrize("typed", ["a OR", "OR a", "a AND", "- a", '"" a', "a -", "a 。", "| a", 'a OR ""', "a *"])
def test_an_operator_without_an_operand_is_nothing(typed: str) -> None:
    assert parse_query(typed) == Query((Clause((Text("a"),)),))


def test_a_phrase_can_be_excluded() -> None:
    assert parse_query('契約 -"一般 競争"') == Query((Clause((Text("契約"),)),), (Phrase("一般 競争"),))


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ('"一般 競争" 入札 -"見積 合わせ"', '一般 競争 入札 -"見積 合わせ"'),
        ('契約 OR "一般 競争"', '契約 OR "一般 競争"'),
        ('"OR"', '"OR"'),
        ('"契約 -入札"', '"契約 -入札"'),
        ('"契約 OR 入札"', '"契約 OR 入札"'),
        ('"契約 。"', '"契約 。"'),
        ("", ""),
    ],
)
def test_a_query_can_be_had_without_the_quotes_of_what_has_to_match(typed: str, words: str) -> None:
    query = unquoted(parse_query(typed))
    assert str(query) == words
    assert parse_query(words) == query


def test_an_exclusion_alone_is_a_query() -> None:
    query = parse_query("-入札")
    assert query == Query((), (Text("入札"),))
    assert not query.is_empty


def test_an_excluded_operator_is_a_word() -> None:
    assert parse_query("a -OR b") == Query((Clause((Text("a"),)), Clause((Text("b"),))), (Text("OR"),))


def test_an_exclusion_is_no_alternative() -> None:
    assert parse_query("a OR -b c") == Query((Clause((Text("a"),)), Clause((Text("c"),))), (Text("b"),))


def test_a_hyphen_inside_a_word_excludes_nothing() -> None:
    assert parse_query("PFI-PFS 2024-11") == Query((Clause((Text("PFI-PFS"),)), Clause((Text("2024-11"),))))


@pytest.mark.parametrize("phrase", ["a OR b", "OR", "-入札", "契約　理由"])
def test_nothing_within_quotes_is_an_operator(phrase: str) -> None:
    assert parse_query(f'"{phrase}"') == Query((Clause((Phrase(phrase),)),))


@pytest.mark.parametrize("typed", ["title:契約", "契約*", "契約~2", "契約^5", "[a TO b]", "契約?", "(契約)", "a&b"])
def test_no_syntax_of_an_engine_is_a_syntax_here(typed: str) -> None:
    assert parse_query(typed).clauses == tuple(Clause((Text(word),)) for word in typed.split())


def test_lower_case_or_is_a_word() -> None:
    assert len(parse_query("a or b").clauses) == 3


def test_nothing_typed_asks_nothing() -> None:
    assert parse_query(" \u3000").is_empty


@given(TYPED)
def test_any_text_is_a_query_whose_leaves_were_typed(text: str) -> None:
    query = parse_query(text)
    assert all(clause.alternatives for clause in query.clauses)
    leaves = [*(leaf for clause in query.clauses for leaf in clause.alternatives), *query.exclusions]
    assert all(leaf.text and leaf.text in text for leaf in leaves)


@given(TYPED)
def test_a_query_written_out_reads_as_the_same_query(text: str) -> None:
    query = parse_query(text)
    assert parse_query(str(query)) == query
