"""A plan: what a query asks of an engine. It names terms, not postings: it can be read and tested without an index."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from indexer.ranking import SHIPPED, Weights


class How(StrEnum):
    """How a typed word met a section, strongest first (`synonym` is the staff's, `related` is Sudachi's)."""

    EXACT = "exact"
    VARIANT = "variant"
    PARTS = "parts"
    SYNONYM = "synonym"
    READING = "reading"
    RELATED = "related"
    SUBSTRING = "substring"

    __hash__ = str.__hash__  # Enum's own is Python, and for each word the weights are looked up by it


class TermAt(NamedTuple):
    """A term and where it stands in the typed text (characters), for adjacency."""

    term: str
    offset: int


class Alternative(NamedTuple):
    """One way for a unit to match: all `terms` must be in the section, adjacent as given when `adjacent`.

    `weight` is what it is worth beside the typed word itself.
    An article of law is itself only: 第12条 is not 第12条の3.
    Of a phrase, at most `texts` sections may be read where postings do not tell whether they hold it.
    Instead of terms, How.SUBSTRING has `bigrams` and How.RELATED `synonym_groups`: the index knows whose they are.
    """

    how: How
    shown: str
    terms: tuple[TermAt, ...] = ()
    bigrams: tuple[str, ...] = ()
    synonym_groups: tuple[int, ...] = ()
    adjacent: bool = False
    is_article: bool = False
    texts: int = 0
    weight: float = 1.0


class Unit(NamedTuple):
    """A typed word; `weight` is 1, or less for predicates and for question words, which name no subject (何, こと).

    `beside` are the words that are searched for beside it, as they are shown to people.
    """

    typed: str
    start: int
    alternatives: tuple[Alternative, ...]
    weight: float = 1.0
    is_question_word: bool = False
    beside: tuple[str, ...] = ()


class LeafPlan(NamedTuple):
    """A leaf of the query as units; `bigrams` of its whole text serve ranking only.

    `conversions` are the same leaf as an IME would have converted it; their units keep what was typed.
    `is_half_converted` where only a stretch of it is kana that may be no word as it stands.
    """

    typed: str
    units: tuple[Unit, ...]
    bigrams: tuple[str, ...]
    is_phrase: bool = False
    is_sentence: bool = False
    conversions: tuple[LeafPlan, ...] = ()
    is_half_converted: bool = False

    def readings(self) -> tuple[LeafPlan, ...]:
        """The leaf as typed and as converted."""
        return (self, *self.conversions)


@dataclass(frozen=True, slots=True)
class Plan:
    """AND over clauses, OR inside a clause; no exclusion may match.

    In a question (`is_question`) no single word is required, only quoted phrases are: the sections that hold enough of
    its weight match. Where it asks what something is, or is one term alone, `names` (folded) are what that is called;
    a section of that name is raised by `name_weight`, a share of the top score.
    """

    clauses: tuple[tuple[LeafPlan, ...], ...] = ()
    exclusions: tuple[LeafPlan, ...] = ()
    is_question: bool = False
    exact: bool = False
    names: tuple[str, ...] = ()
    name_weight: float = 0.0
    weights: Weights = SHIPPED

    def units(self) -> list[Unit]:
        """Every unit, of leaves as typed and as converted."""
        return [unit for clause in self.clauses for typed in clause for leaf in typed.readings() for unit in leaf.units]

    def expansions(self) -> dict[str, tuple[str, ...]]:
        """By searched word the words that are searched for beside it."""
        return {unit.alternatives[0].shown: unit.beside for unit in self.units() if unit.beside}
