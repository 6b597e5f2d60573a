"""The query language as a tree. It is ours: no engine's syntax ever reaches it, so no engine can leak out of it.

随意契約 スタートアップ      both (a full-width space works as well)
"随意契約の理由"            the phrase, as written
随意契約 -入札              without 入札
随意契約 OR 競争入札         one or the other
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Text:
    """A run of typed text without blanks: one word, a compound, or a whole question."""

    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Phrase:
    """Quoted text, to be found as written: no synonyms, no readings, no dropping."""

    text: str

    def __str__(self) -> str:
        return f'"{self.text}"'


Leaf = Text | Phrase


@dataclass(frozen=True, slots=True)
class Clause:
    """Alternatives joined by OR; one of them must match."""

    alternatives: tuple[Leaf, ...]

    def __str__(self) -> str:
        return " OR ".join(map(str, self.alternatives))


@dataclass(frozen=True, slots=True)
class Query:
    """All clauses must match and no exclusion may. Without clauses everything matches."""

    clauses: tuple[Clause, ...] = ()
    exclusions: tuple[Leaf, ...] = ()

    def __str__(self) -> str:
        return " ".join([*map(str, self.clauses), *(f"-{leaf}" for leaf in self.exclusions)])

    @property
    def is_empty(self) -> bool:
        """Whether nothing was asked."""
        return not self.clauses and not self.exclusions
