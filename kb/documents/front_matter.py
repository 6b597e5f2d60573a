"""Front matter: YAML between two `---` lines, validated key by key, every problem with its own line.

Sizes that no author needs are refused (kb.documents.plain_yaml refuses anchors and depth).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import yaml
from yaml.constructor import SafeConstructor

from kb.documents.front_matter_keys import CHECKS, RejectedError, Unreadable
from kb.documents.plain_yaml import YamlError, compose, line_of
from kb.errors import Problem
from kb.vocabulary import KINDS

MAX_FRONT_MATTER_CHARS = 65_536  # 100 times the longest front matter in content/
MAX_NUMBER_CHARS = 80  # 64 binary digits; Python shows no more than 4,300 decimal ones
_DELIMITER = re.compile(r"^---[ \t]*\r?\n", re.MULTILINE)


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
    except RejectedError as error:
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
        raise RejectedError(error.message, error.allowed, error.line) from error
    if node is None:
        return []
    if not isinstance(node, yaml.MappingNode):
        raise RejectedError("front matter is not a mapping", "key: value lines", line_of(block, node.start_mark))
    pairs: list[tuple[str, object, int]] = []
    for key_node, value_node in node.value:
        line = line_of(block, key_node.start_mark)
        if not isinstance(key_node, yaml.ScalarNode):
            raise RejectedError("a key is not a word", "key: value lines", line)
        try:
            value = _Constructor().construct_object(value_node, deep=True)
        except (yaml.YAMLError, ValueError, ArithmeticError, TypeError, LookupError, AttributeError) as error:
            value = Unreadable(next(iter(str(error).splitlines()), type(error).__name__))
        pairs.append((str(key_node.value), value, line))
    return pairs


class _Constructor(SafeConstructor):
    def construct_yaml_int(self, node: Any) -> int:
        """A number, unless it is so long that Python would refuse to show it."""
        if len(node.value) > MAX_NUMBER_CHARS:
            raise ValueError(f"a number of {len(node.value):,} characters")
        return super().construct_yaml_int(node)

    yaml_constructors = SafeConstructor.yaml_constructors | {"tag:yaml.org,2002:int": construct_yaml_int}


CURATED_KINDS = frozenset(KINDS) - {"internal"}
# A file with one of these but no kind was meant for the guide: say so, instead of taking it for an internal document.
_CURATED_KEYS = frozenset(
    {"id", "chapter", "roles", "stages", "pattern", "guide_pages", "questions", "former_ids", "related"}
)


def _validate(path: str, pairs: list[tuple[str, object, int]], result: FrontMatter) -> list[Problem]:
    offset = 1  # the block begins on the file's second line
    problems: list[Problem] = []
    keys = {key for key, _, _ in pairs}
    kinds = [value for key, value, _ in pairs if key == "kind"]
    curated = kinds != ["internal"] and bool(kinds or keys & _CURATED_KEYS)
    for key, value, block_line in pairs:
        line = block_line + offset
        if key not in CHECKS:
            if curated:
                problems.append(Problem(path, line, f"unknown key {key!r}", ", ".join(CHECKS)))
            continue
        if key in result.lines:
            problems.append(Problem(path, line, f"{key} is given twice", "each key once"))
            continue
        result.lines[key] = line
        try:
            result.values[key] = CHECKS[key](value)
        except RejectedError as error:
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
