"""From what was typed to a query tree. Any text is a valid query; nothing here raises."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace

from kb.language.query import Clause, Leaf, Phrase, Query, Text

_QUOTES = '"“”„‟＂'
_TOKEN = re.compile(
    rf"(?P<minus>[-－−](?=[^\s]))?(?:[{_QUOTES}](?P<phrase>[^{_QUOTES}]*)(?:[{_QUOTES}]|$)|(?P<text>[^\s{_QUOTES}]+))"
)
_OR = frozenset({"OR", "|", "||"})
_AND = frozenset({"AND", "&", "&&"})
_WORD = re.compile(r"\w")


def parse_query(typed: str) -> Query:
    """The tree of `typed`; operators without an operand are read as nothing, unbalanced quotes run to the end."""
    clauses: list[list[Leaf]] = []
    exclusions: list[Leaf] = []
    join_next = False
    for match in _TOKEN.finditer(typed):
        leaf = _leaf(match)
        if isinstance(leaf, Text) and not match["minus"]:
            operator = unicodedata.normalize("NFKC", leaf.text)
            if operator in _OR:
                join_next = bool(clauses)
                continue
            if operator in _AND:
                continue
        if leaf is None or not _WORD.search(unicodedata.normalize("NFKC", leaf.text)):
            continue
        if match["minus"]:
            exclusions.append(leaf)
        elif join_next:
            clauses[-1].append(leaf)
        else:
            clauses.append([leaf])
        join_next = False
    return Query(tuple(Clause(tuple(leaves)) for leaves in clauses), tuple(exclusions))


def unquoted(query: Query) -> Query:
    """The query with words that may stand anywhere for each phrase that has to match.

    A phrase that is one of several alternatives stays, and so does one with words that would be operators.
    """
    clauses: list[Clause] = []
    for clause in query.clauses:
        leaf = clause.alternatives[0]
        words = tuple(Clause((Text(word),)) for word in leaf.text.split())
        is_plain = parse_query(leaf.text) == Query(words)
        clauses += words if isinstance(leaf, Phrase) and len(clause.alternatives) == 1 and is_plain else (clause,)
    return replace(query, clauses=tuple(clauses))


def _leaf(match: re.Match[str]) -> Leaf | None:
    if match["phrase"] is not None:
        phrase = match["phrase"].strip()
        return Phrase(phrase) if phrase else None
    return Text(match["text"])
