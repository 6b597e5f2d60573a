"""Years of the Japanese eras and of the western calendar: 令和7年 and 2025年 are one year."""

from __future__ import annotations

import re

_FIRST_YEARS = {"明治": 1868, "大正": 1912, "昭和": 1926, "平成": 1989, "令和": 2019}
_LAST_YEARS = {"明治": 1912, "大正": 1926, "昭和": 1989, "平成": 2019, "令和": 2099}
_LETTERS = {"m": "明治", "t": "大正", "s": "昭和", "h": "平成", "r": "令和"}
# 年 may be left out where staff do: R6, H16.
ERA_YEAR = re.compile(
    r"(?:(明治|大正|昭和|平成|令和|(?<![a-z])[mtshr])(\d{1,2}|元)(年度?)|(?<![a-z\d])([hr])(\d{1,2})(?![a-z\d年]))"
)
WESTERN_YEAR = re.compile(r"(?<!\d)((?:18|19|20)\d\d)(年度?)")


def other_years(text: str) -> tuple[str, ...]:
    """How folded `text`, if it is a year and nothing else, is written in the other calendar.

    令和7年度 → 2025年度; r7年 or r7 → 2025年 and 令和7年; 2019年 → 平成31年, 令和1年, 令和元年.
    """
    if match := ERA_YEAR.fullmatch(text):
        written_era, written_number, counter = match[1] or match[4], match[2] or match[5], match[3] or "年"
        era = _LETTERS.get(written_era, written_era)
        number = 1 if written_number == "元" else int(written_number)
        year = _FIRST_YEARS[era] + number - 1
        if number and year <= _LAST_YEARS[era]:
            return tuple(other for other in (f"{year}{counter}", *_in_era(era, number, counter)) if other != text)
    elif match := WESTERN_YEAR.fullmatch(text):
        year = int(match[1])
        return tuple(
            other
            for era, first in _FIRST_YEARS.items()
            if first <= year <= _LAST_YEARS[era] and year - first < 99
            for other in _in_era(era, year - first + 1, match[2])
        )
    return ()


def fiscal_years(text: str) -> tuple[str, ...]:
    """The fiscal years that folded `text` may mean, if it is a year and nothing else: 令和7年 → 令和7年度, 2025年度."""
    others = other_years(text)
    return tuple(f"{year}度" for year in (text, *others) if year.endswith("年")) if others else ()


def _in_era(era: str, number: int, counter: str) -> tuple[str, ...]:
    return (f"{era}{number}{counter}", *((f"{era}元{counter}",) if number == 1 else ()))
