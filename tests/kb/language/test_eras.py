"""A year is found by its name in either calendar."""

from __future__ import annotations

import pytest

from kb.language.eras import fiscal_years, other_years


@pytest.mark.parametrize(
    ("typed", "others"),
    [
        ("令和7年", ("2025年",)),
        ("令和7年度", ("2025年度",)),
        ("r7年度", ("2025年度", "令和7年度")),
        ("令和元年", ("2019年", "令和1年")),
        ("2025年", ("令和7年",)),
        ("2019年", ("平成31年", "令和1年", "令和元年")),
        ("1600年", ()),
        ("平成40年", ()),  # there was none
        ("令和0年", ()),
        ("2025年4月", ()),
        ("2025", ()),
        ("dr7年", ()),
        ("r7", ("2025年", "令和7年")),
        ("h99", ()),
        ("s3", ()),  # a name more often than a year
    ],
)
def test_the_same_year_in_the_other_calendar(typed: str, others: tuple[str, ...]) -> None:
    assert other_years(typed) == others


@pytest.mark.parametrize(
    ("typed", "years"),
    [
        ("令和7年", ("令和7年度", "2025年度")),
        ("2025年", ("2025年度", "令和7年度")),
        ("r7", ("2025年度", "令和7年度")),
        ("令和7年度", ()),
        ("7年", ()),
    ],
)
def test_the_fiscal_years_that_a_year_may_mean(typed: str, years: tuple[str, ...]) -> None:
    assert fiscal_years(typed) == years
