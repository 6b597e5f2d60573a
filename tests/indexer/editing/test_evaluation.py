"""Measures mean what their names say, and a bad file of queries is named line by line."""

from __future__ import annotations

from pathlib import Path

import pytest

from indexer.editing.evaluation import gains, load_judgements, ndcg
from kb.errors import ContentError


def test_a_document_is_met_once_by_the_first_of_its_sections() -> None:
    assert gains(["a#1", "a#2", "b#x", "b"], {"a": 3, "b#x": 2}) == [3, 0, 2, 0]


def test_a_judged_section_is_met_by_itself_alone() -> None:
    assert gains(["a#2", "a#1"], {"a#1": 3}) == [0, 3]


def test_the_ideal_order_is_worth_one_and_nothing_found_nothing() -> None:
    assert ndcg([3, 2, 1], [1, 3, 2]) == pytest.approx(1.0)
    assert ndcg([1, 2, 3], [1, 3, 2]) < 1
    assert ndcg([0, 0], [3]) == 0


def test_every_bad_line_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "queries.jsonl"
    path.write_text(
        '{"query": "契約", "relevant": {"a": 3}}\n\nnot json\n'
        '{"query": "契約", "relevant": {"a": 9}}\n{"query": "契約"}\n',
        encoding="utf-8",
    )
    with pytest.raises(ContentError) as caught:
        load_judgements(path)
    assert [problem.line for problem in caught.value.problems] == [3, 4, 5]


def test_an_empty_file_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "queries.jsonl"
    path.write_text("\n", encoding="utf-8")
    with pytest.raises(ContentError, match="no judged query"):
        load_judgements(path)
