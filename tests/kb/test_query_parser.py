"""The query language: forgiving, ours, and never an error."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.query import Clause, Phrase, Query, Text
from kb.query_parser import parse_query


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


@pytest.mark.parametrize("typed", ["OR", "a OR", "OR a", "AND", "-", "--", '""', '"', "- a", "()", "・、。", "*"])
def test_operators_without_an_operand_are_nothing(typed: str) -> None:
    assert len(parse_query(typed).clauses) <= 1


def test_lower_case_or_is_a_word() -> None:
    assert len(parse_query("a or b").clauses) == 3


def test_nothing_typed_asks_nothing() -> None:
    assert parse_query(" \u3000").is_empty


@given(st.text())
def test_any_text_is_a_query(text: str) -> None:
    query = parse_query(text)
    assert all(clause.alternatives for clause in query.clauses)


@given(st.text())
def test_a_query_written_out_reads_as_the_same_query(text: str) -> None:
    query = parse_query(text)
    assert parse_query(str(query)) == query
