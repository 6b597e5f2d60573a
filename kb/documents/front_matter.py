"""Front matter: YAML between two `---` lines, validated key by key, every problem with its own line.

Sizes that no author needs are refused (kb.documents.plain_yaml refuses anchors and depth).
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import yaml
from yaml.constructor import SafeConstructor

from kb.documents.model import Question, Source
from kb.documents.plain_yaml import YamlError, compose, line_of
from kb.errors import Problem
from kb.vocabulary import CHAPTERS, FACET_BY_NAME, KINDS, PATTERNS, STAGES

MAX_FRONT_MATTER_CHARS = 65_536  # 100 times the longest front matter in content/
MAX_NUMBER_CHARS = 80  # 64 binary digits; Python shows no more than 4,300 decimal ones
MAX_GUIDE_PAGE = 999
FIRST_YEAR = 1947  # the Local Autonomy Act; an earlier date is a slip of the pen

ID_PATTERN = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
ID_RULE = "lower-case letters, digits and single hyphens, such as direct-contract"
_DELIMITER = re.compile(r"^---[ \t]*\r?\n", re.MULTILINE)
_QUESTION = re.compile(r"(?P<text>.*\S)\s*\{#(?P<anchor>[^{}]*)\}")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
_NO_ADDRESS = re.compile(r"[\s\"<>\\]")
_PAGES = re.compile(r"(\d{1,3})(?:\s*[-–〜~]\s*(\d{1,3}))?")


@dataclass  # no slots, with which unpickling takes ten times as long (as of Python 3.11)
class FrontMatter:
    """The validated keys of one file. `lines` maps a key to its line; `body_line` is where the Markdown begins."""

    values: dict[str, object] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    body_line: int = 1

    def __reduce__(self) -> tuple[type[FrontMatter], tuple[object, ...]]:
        return FrontMatter, (self.values, self.lines, self.body_line)  # unpickled in half the time

    def text(self, key: str) -> str:
        value = self.values.get(key, "")
        return value if isinstance(value, str) else ""

    def texts(self, key: str) -> tuple[Any, ...]:
        value = self.values.get(key, ())
        return value if isinstance(value, tuple) else ()


class _RejectedError(Exception):
    def __init__(self, message: str, allowed: str, line: int | None = None) -> None:
        self.message, self.allowed, self.line = message, allowed, line


def parse_front_matter(path: str, text: str) -> tuple[FrontMatter, list[Problem]]:
    """The validated front matter of `text`; problems come back, never as an exception.

    A file without front matter, or whose front matter has none of our keys but a title, is an internal document:
    there unknown keys are ignored. In the curated kinds an unknown key is an error, since it is a slip of the pen.
    """
    result = FrontMatter()
    opening = _DELIMITER.match(text)
    if opening is None:
        result.values["kind"] = "internal"
        return result, []
    closing = _closing(text, opening)
    if closing is None:
        return result, [Problem(path, 1, "front matter is not closed", "a line --- after the last key")]
    block = text[opening.end() : closing.start()]
    result.body_line = text.count("\n", 0, closing.end()) + 1
    if len(block) > MAX_FRONT_MATTER_CHARS:
        return result, [
            Problem(path, 1, f"front matter has {len(block):,} characters", f"at most {MAX_FRONT_MATTER_CHARS:,}")
        ]
    try:
        pairs = _load_mapping(block)
    except _RejectedError as error:
        return result, [Problem(path, (error.line or 1) + 1, error.message, error.allowed)]
    return result, _validate(path, pairs, result)


def body_of(text: str) -> str:
    """The Markdown behind the front matter of a file, if it has any."""
    opening = _DELIMITER.match(text)
    closing = _closing(text, opening) if opening else None
    return text[closing.end() :] if closing else text


def _closing(text: str, opening: re.Match[str]) -> re.Match[str] | None:
    return _DELIMITER.search(text + "\n", opening.end())


def _load_mapping(block: str) -> list[tuple[str, object, int]]:
    """Key, plain value and 1-based line (within the block) of every top-level pair."""
    try:
        node = compose(block)
    except YamlError as error:
        raise _RejectedError(error.message, error.allowed, error.line) from error
    if node is None:
        return []
    if not isinstance(node, yaml.MappingNode):
        raise _RejectedError("front matter is not a mapping", "key: value lines", line_of(block, node.start_mark))
    pairs: list[tuple[str, object, int]] = []
    for key_node, value_node in node.value:
        line = line_of(block, key_node.start_mark)
        if not isinstance(key_node, yaml.ScalarNode):
            raise _RejectedError("a key is not a word", "key: value lines", line)
        try:
            value = _Constructor().construct_object(value_node, deep=True)
        except (yaml.YAMLError, ValueError, ArithmeticError, TypeError, LookupError, AttributeError) as error:
            value = _Unreadable(next(iter(str(error).splitlines()), type(error).__name__))
        pairs.append((str(key_node.value), value, line))
    return pairs


class _Constructor(SafeConstructor):
    def construct_yaml_int(self, node: Any) -> int:
        """A number, unless it is so long that Python would refuse to show it."""
        if len(node.value) > MAX_NUMBER_CHARS:
            raise ValueError(f"a number of {len(node.value):,} characters")
        return super().construct_yaml_int(node)

    yaml_constructors = SafeConstructor.yaml_constructors | {"tag:yaml.org,2002:int": construct_yaml_int}


@dataclass(frozen=True, slots=True)
class _Unreadable:
    reason: str


def _string(value: object) -> str:
    if isinstance(value, str) and _CONTROL.search(value):
        raise _RejectedError(f"has a control character: {_show(value)}", "plain text")
    if isinstance(value, str) and value.strip():
        return " ".join(value.split())
    raise _RejectedError(f"is {_show(value)}", "text that is not empty")


def _identifier(value: object) -> str:
    if isinstance(value, str) and ID_PATTERN.fullmatch(value):
        return value
    raise _RejectedError(f"is {_show(value)}", ID_RULE)


def _chapter(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and str(value) in CHAPTERS:
        return value
    raise _RejectedError(f"is {_show(value)}", "a number from 1 to 5")


def _one_of(values: Mapping[str, str]) -> Callable[[object], str]:
    def check(value: object) -> str:
        if isinstance(value, str) and value in values:
            return value
        raise _RejectedError(f"is {_show(value)}", ", ".join(values))

    return check


def _question(value: object) -> Question:
    text = _string(value)
    found = _QUESTION.fullmatch(text)
    if found is None:
        return Question(text)
    if not ID_PATTERN.fullmatch(found["anchor"]):
        raise _RejectedError(f"names the heading {found['anchor']!r}", "a heading id at its end, such as {#conditions}")
    return Question(found["text"], found["anchor"])


def _list_of(item: Callable[[object], Any]) -> Callable[[object], tuple[Any, ...]]:
    def check(value: object) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise _RejectedError(f"is {_show(value)}", "a list, such as [a, b]")
        checked: list[Any] = []
        for position, element in enumerate(value, 1):
            try:
                checked.append(item(element))
            except _RejectedError as error:
                raise _RejectedError(f"item {position} {error.message}", error.allowed) from error
        if len(set(checked)) != len(checked):
            raise _RejectedError("has an item twice", "each item once")
        return tuple(checked)

    return check


def _pages(value: object) -> tuple[int, int]:
    allowed = "one page (28) or a range (83-99), first page before last"
    found = _PAGES.fullmatch(str(value)) if isinstance(value, (str, int)) and not isinstance(value, bool) else None
    if found is None:
        raise _RejectedError(f"is {_show(value)}", allowed)
    first = int(found[1])
    last = int(found[2] or first)
    if not 1 <= first <= last <= MAX_GUIDE_PAGE:
        raise _RejectedError(f"is {_show(value)}", allowed)
    return first, last


def _date(value: object) -> datetime.date:
    latest = datetime.date.today() + datetime.timedelta(days=366)
    allowed = f"a date such as 2026-11-23, from {FIRST_YEAR} to a year from now"
    if isinstance(value, datetime.datetime):
        value = value.date()
    if isinstance(value, datetime.date) and value.year >= FIRST_YEAR and value <= latest:
        return value
    raise _RejectedError(f"is {_show(value)}", allowed)


def _source(value: object) -> Source:
    allowed = "a mapping {title: …, publisher: …, url: https://…} with a title"
    if not isinstance(value, dict) or not set(value) <= {"title", "publisher", "url"}:
        raise _RejectedError(f"is {_show(value)}", allowed)
    parts: dict[str, str] = {}
    for name, part in value.items():
        try:
            parts[name] = "" if part == "" and name != "title" else _string(part)
        except _RejectedError as error:
            raise _RejectedError(f"has a {name} that {error.message}", error.allowed) from error
    if "title" not in parts:
        raise _RejectedError(f"is {_show(value)}", allowed)
    url = parts.get("url", "")
    if url and not _is_web_address(url):
        raise _RejectedError(f"has the address {_show(url)}", "an http or https address")
    return Source(parts["title"], parts.get("publisher", ""), url)


def _is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc) and _NO_ADDRESS.search(url) is None


def _show(value: object) -> str:
    if isinstance(value, _Unreadable):
        return f"unreadable ({value.reason})"
    text = repr(value) if value is not None else "empty"
    return text if len(text) <= 80 else text[:77] + "…"


CURATED_KINDS = frozenset(KINDS) - {"internal"}
# A file with one of these but no kind was meant for the guide: say so, instead of taking it for an internal document.
_CURATED_KEYS = frozenset(
    {"id", "chapter", "roles", "stages", "pattern", "guide_pages", "questions", "former_ids", "related"}
)

_CHECKS: Mapping[str, Callable[[object], object]] = {
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


def _validate(path: str, pairs: list[tuple[str, object, int]], result: FrontMatter) -> list[Problem]:
    offset = 1  # the block begins on the file's second line
    problems: list[Problem] = []
    keys = {key for key, _, _ in pairs}
    kinds = [value for key, value, _ in pairs if key == "kind"]
    curated = kinds != ["internal"] and bool(kinds or keys & _CURATED_KEYS)
    for key, value, block_line in pairs:
        line = block_line + offset
        if key not in _CHECKS:
            if curated:
                problems.append(Problem(path, line, f"unknown key {key!r}", ", ".join(_CHECKS)))
            continue
        if key in result.lines:
            problems.append(Problem(path, line, f"{key} is given twice", "each key once"))
            continue
        result.lines[key] = line
        try:
            result.values[key] = _CHECKS[key](value)
        except _RejectedError as error:
            problems.append(Problem(path, line, f"{key} {error.message}", error.allowed))
    if not curated:
        result.values.setdefault("kind", "internal")
        return problems
    required = ["id", "title", "kind"]
    if result.values.get("kind") in CURATED_KINDS:
        required += ["roles", "stages"]
    for key in required:
        if key not in keys:
            problems.append(Problem(path, 1, f"{key} is missing", f"a line {key}: … in the front matter"))
        elif result.values.get(key) == ():
            problems.append(Problem(path, result.lines[key], f"{key} is empty", "at least one"))
    if "chapter" in result.values and result.values.get("kind") != "guide":
        message = "chapter on a document that is not a guide"
        problems.append(Problem(path, result.lines["chapter"], message, "chapter with kind: guide only"))
    return problems
