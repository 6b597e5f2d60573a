"""Staff's thesaurus: equal terms, spelling variants, and broader terms with their narrower ones.

Applied at query time only, so that an edit needs no re-analysis of the documents.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from kb.documents.files import UnreadableError, read_text
from kb.documents.plain_yaml import YamlError, compose, line_of
from kb.errors import ContentError, Problem
from kb.language.folding import fold

MIN_TERM_CHARS = 2  # a single kanji means too many things
MAX_TERM_CHARS = 50  # the names of laws are shorter
MAX_GROUP_TERMS = 50  # each leads to all others, so that a group costs the square of its terms
MAX_THESAURUS_BYTES = 1_000_000  # 50 times content/'s own
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_TABLES = ("variants", "equal", "narrower")


@dataclass(frozen=True, slots=True)
class Thesaurus:
    """Folded term → terms as written to search as well.

    `variants` are the same word written differently, `equal` other words for the same, `narrower` what it includes.
    """

    variants: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    equal: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    narrower: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def longest(self) -> int:
        """Characters of the longest term that can be looked up."""
        return max(map(len, (*self.variants, *self.equal, *self.narrower)), default=0)

    def knows(self, term: str) -> bool:
        """Whether a folded term leads to others."""
        return any(term in table for table in (self.variants, self.equal, self.narrower))

    def to_plain(self) -> dict[str, dict[str, list[str]]]:
        """As JSON stores it in the index's manifest."""
        return {name: {term: list(others) for term, others in getattr(self, name).items()} for name in _TABLES}

    @classmethod
    def from_plain(cls, plain: Mapping[str, Mapping[str, Iterable[str]]]) -> Thesaurus:
        """The inverse of `to_plain`."""
        return cls(**{name: {term: tuple(others) for term, others in table.items()} for name, table in plain.items()})


def load_thesaurus(path: Path) -> Thesaurus:
    """Read `thesaurus.yaml`; ContentError lists every fault with its line."""
    problems: list[Problem] = []
    try:
        text = read_text(str(path), MAX_THESAURUS_BYTES)
        root = compose(text, "see its first lines")
    except UnreadableError as error:
        raise ContentError([error.problem]) from error
    except YamlError as error:
        raise ContentError([Problem(str(path), error.line, error.message, error.allowed)]) from error

    def fault(node: yaml.Node | None, message: str, allowed: str) -> None:
        line = line_of(text, node.start_mark) if node is not None else 1
        problems.append(Problem(str(path), line, message, allowed))

    variants: dict[str, dict[str, str]] = defaultdict(dict)  # folded → {folded other: other as written}
    equal: dict[str, dict[str, str]] = defaultdict(dict)
    narrower: dict[str, dict[str, str]] = defaultdict(dict)
    for key_node, value_node in _pairs(root, fault, "a mapping with " + ", ".join(_TABLES)):
        if key_node.value in ("equal", "variants"):
            table = equal if key_node.value == "equal" else variants
            for group_node in _items(value_node, fault):
                terms = _terms(group_node, fault)
                if len(terms) == 1:
                    fault(group_node, f"{next(iter(terms))!r} stands alone", "at least two terms in a group")
                for term in terms:
                    table[term] |= {other: written for other, written in terms.items() if other != term}
        elif key_node.value == "narrower":
            for broad_node, list_node in _pairs(value_node, fault, "broader: [narrower, …]"):
                (broad,) = _terms_of([broad_node], fault) or ("",)
                narrower[broad] |= {
                    other: written for other, written in _terms(list_node, fault).items() if other != broad
                }
        else:
            fault(key_node, f"unknown section {key_node.value!r}", ", ".join(_TABLES))
    if problems:
        raise ContentError(problems)
    return Thesaurus(
        {term: tuple(others.values()) for term, others in variants.items() if others},
        {term: tuple(others.values()) for term, others in equal.items() if others},
        {
            term: tuple(written for other, written in others.items() if other not in equal.get(term, {}))
            for term, others in narrower.items()
            if others
        },
    )


def _pairs(node: yaml.Node | None, fault: Any, allowed: str) -> list[tuple[Any, Any]]:
    if isinstance(node, yaml.MappingNode):
        return list(node.value)
    if node is not None and node.value not in ("", "null", "~"):
        fault(node, "not a mapping", allowed)
    return []


def _items(node: yaml.Node, fault: Any) -> list[Any]:
    if isinstance(node, yaml.SequenceNode):
        return list(node.value)
    if node.value not in ("", "null", "~"):
        fault(node, "not a list", "lines such as - [随意契約, 随契]")
    return []


def _terms(node: yaml.Node, fault: Any) -> dict[str, str]:
    """Folded term → term as written."""
    if not isinstance(node, yaml.SequenceNode):
        fault(node, "not a list of terms", "[term, term]")
        return {}
    return _terms_of(node.value, fault)


def _terms_of(nodes: Iterable[yaml.Node], fault: Any) -> dict[str, str]:
    terms: dict[str, str] = {}
    nodes = list(nodes)
    if len(nodes) > MAX_GROUP_TERMS:
        fault(nodes[MAX_GROUP_TERMS], f"{len(nodes):,} terms in a group", f"at most {MAX_GROUP_TERMS}")
        return {}
    for node in nodes:
        term = fold(node.value).strip() if isinstance(node, yaml.ScalarNode) else ""
        if len(term) < MIN_TERM_CHARS:
            fault(node, f"term {term!r}", f"text of at least {MIN_TERM_CHARS} characters")
        elif len(term) > MAX_TERM_CHARS or _CONTROL.search(node.value):
            fault(node, f"term {term[:20]!r}", f"at most {MAX_TERM_CHARS} characters of plain text")
        elif term in terms:
            fault(node, f"{node.value!r} is the same as another term here after folding", "each term once")
        else:
            terms[term] = node.value
    return terms
