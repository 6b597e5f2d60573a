"""The keys of front matter: for each one what its value may be, and what it becomes."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from kb.documents.model import Question, Source
from kb.vocabulary import CHAPTERS, FACET_BY_NAME, KINDS, PATTERNS, STAGES

MAX_GUIDE_PAGE = 999
FIRST_YEAR = 1947  # the Local Autonomy Act; an earlier date is a slip of the pen

ID_PATTERN = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
ID_RULE = "lower-case letters, digits and single hyphens, such as direct-contract"
_QUESTION = re.compile(r"(?P<text>.*\S)\s*\{#(?P<anchor>[^{}]*)\}")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
_NO_ADDRESS = re.compile(r"[\s\"<>\\]")
_PAGES = re.compile(r"(\d{1,3})(?:\s*[-–〜~]\s*(\d{1,3}))?")


class RejectedError(Exception):
    """A value that may not be: what it is, what is allowed, and its line if it is known."""

    def __init__(self, message: str, allowed: str, line: int | None = None) -> None:
        self.message, self.allowed, self.line = message, allowed, line


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A value that YAML could not make, and why."""

    reason: str


def _string(value: object) -> str:
    if isinstance(value, str) and _CONTROL.search(value):
        raise RejectedError(f"has a control character: {_show(value)}", "plain text")
    if isinstance(value, str) and value.strip():
        return " ".join(value.split())
    raise RejectedError(f"is {_show(value)}", "text that is not empty")


def _identifier(value: object) -> str:
    if isinstance(value, str) and ID_PATTERN.fullmatch(value):
        return value
    raise RejectedError(f"is {_show(value)}", ID_RULE)


def _chapter(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and str(value) in CHAPTERS:
        return value
    raise RejectedError(f"is {_show(value)}", "a number from 1 to 5")


def _one_of(values: Mapping[str, str]) -> Callable[[object], str]:
    def check(value: object) -> str:
        if isinstance(value, str) and value in values:
            return value
        raise RejectedError(f"is {_show(value)}", ", ".join(values))

    return check


def _question(value: object) -> Question:
    text = _string(value)
    found = _QUESTION.fullmatch(text)
    if found is None:
        return Question(text)
    if not ID_PATTERN.fullmatch(found["anchor"]):
        raise RejectedError(f"names the heading {found['anchor']!r}", "a heading id at its end, such as {#conditions}")
    return Question(found["text"], found["anchor"])


def _list_of(item: Callable[[object], Any]) -> Callable[[object], tuple[Any, ...]]:
    def check(value: object) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise RejectedError(f"is {_show(value)}", "a list, such as [a, b]")
        checked: list[Any] = []
        for position, element in enumerate(value, 1):
            try:
                checked.append(item(element))
            except RejectedError as error:
                raise RejectedError(f"item {position} {error.message}", error.allowed) from error
        if len(set(checked)) != len(checked):
            raise RejectedError("has an item twice", "each item once")
        return tuple(checked)

    return check


def _pages(value: object) -> tuple[int, int]:
    allowed = "one page (28) or a range (83-99), first page before last"
    found = _PAGES.fullmatch(str(value)) if isinstance(value, (str, int)) and not isinstance(value, bool) else None
    if found is None:
        raise RejectedError(f"is {_show(value)}", allowed)
    first = int(found[1])
    last = int(found[2] or first)
    if not 1 <= first <= last <= MAX_GUIDE_PAGE:
        raise RejectedError(f"is {_show(value)}", allowed)
    return first, last


def _date(value: object) -> datetime.date:
    latest = datetime.date.today() + datetime.timedelta(days=366)
    allowed = f"a date such as 2026-11-23, from {FIRST_YEAR} to a year from now"
    if isinstance(value, datetime.datetime):
        value = value.date()
    if isinstance(value, datetime.date) and value.year >= FIRST_YEAR and value <= latest:
        return value
    raise RejectedError(f"is {_show(value)}", allowed)


def _source(value: object) -> Source:
    allowed = "a mapping {title: …, publisher: …, url: https://…} with a title"
    if not isinstance(value, dict) or not set(value) <= {"title", "publisher", "url"}:
        raise RejectedError(f"is {_show(value)}", allowed)
    parts: dict[str, str] = {}
    for name, part in value.items():
        try:
            parts[name] = "" if part == "" and name != "title" else _string(part)
        except RejectedError as error:
            raise RejectedError(f"has a {name} that {error.message}", error.allowed) from error
    if "title" not in parts:
        raise RejectedError(f"is {_show(value)}", allowed)
    url = parts.get("url", "")
    if url and not _is_web_address(url):
        raise RejectedError(f"has the address {_show(url)}", "an http or https address")
    return Source(parts["title"], parts.get("publisher", ""), url)


def _is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc) and _NO_ADDRESS.search(url) is None


def _show(value: object) -> str:
    if isinstance(value, Unreadable):
        return f"unreadable ({value.reason})"
    text = repr(value) if value is not None else "empty"
    return text if len(text) <= 80 else text[:77] + "…"


CHECKS: Mapping[str, Callable[[object], object]] = {
    "id": _identifier,
    "title": _string,
    "kind": _one_of(KINDS),
    "chapter": _chapter,
    "roles": _list_of(_one_of(FACET_BY_NAME["role"].values)),
    "stages": _list_of(_one_of(STAGES)),
    "pattern": _one_of(PATTERNS),
    "guide_pages": _pages,
    "source": _source,
    "questions": _list_of(_question),
    "former_ids": _list_of(_identifier),
    "related": _list_of(_identifier),
    "updated": _date,
}
