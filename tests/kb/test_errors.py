"""Errors: what a person is told."""

from __future__ import annotations

from kb.errors import ContentError, Problem, Severity, UsageError


def test_a_problem_reads_as_path_line_severity_message_and_what_is_allowed() -> None:
    problem = Problem("content/契約.md", 4, "chapter is 9", "a number from 1 to 5")
    assert str(problem) == "content/契約.md:4: error: chapter is 9; allowed: a number from 1 to 5"


def test_a_problem_is_one_line_that_steers_no_terminal() -> None:
    problem = Problem("a\nb\x1b[31m\u202e.md", 1, "gone\x07")
    assert str(problem) == r"a\nb\x1b[31m\u202e.md:1: error: gone\x07"


def test_a_problem_with_nothing_to_allow_ends_with_its_message() -> None:
    assert str(Problem("a.md", 1, "empty", severity=Severity.WARNING)) == "a.md:1: warning: empty"


def test_a_content_error_names_every_problem() -> None:
    error = ContentError([Problem("a.md", 1, "one"), Problem("b.md", 2, "two")])
    assert str(error) == "a.md:1: error: one\nb.md:2: error: two"
    assert len(error.problems) == 2


def test_a_usage_error_names_the_parameter_and_what_is_allowed() -> None:
    assert str(UsageError("chapter", "is '9'", "1, 2, 3, 4, 5")) == "chapter: is '9'; allowed: 1, 2, 3, 4, 5"
