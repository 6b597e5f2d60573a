"""What a plan matches in one segment, as values: of units, of leaves, and of the whole."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from indexer.engines.whoosh_arrays.postings import NO_UNIT, Docs, IntArray, Places, Worth
from indexer.plan import Alternative, How, LeafPlan, Plan, Unit

THE_WORD_ITSELF = frozenset({How.EXACT, How.VARIANT})


class UnitMatch(NamedTuple):
    """What one unit found: its weighted idf, sections by alternative (in plan order), all of them, and their worth.

    Parts of a compound are worth something in sections too that do not hold the unit.
    """

    unit: Unit
    idf: float
    by_alternative: tuple[tuple[Alternative, Docs], ...]
    sections: Docs
    worths: tuple[Worth, ...]

    @property
    def is_found_as_typed(self) -> bool:
        """Whether some section holds the word itself, in whichever way it is written."""
        return any(len(docs) for alternative, docs in self.by_alternative if alternative.how in THE_WORD_ITSELF)


@dataclass(frozen=True, slots=True, eq=False)
class LeafMatch:
    """What a leaf found: sections with all its units, what they score, and the weight `held` of what is `asked`.

    `unit` is the number of the unit that has the same sections, NO_UNIT if there is none.
    """

    leaf: LeafPlan
    units: tuple[UnitMatch, ...]
    sections: Docs
    worths: tuple[Worth, ...]
    held: tuple[Worth, ...]
    asked: float
    unit: int = NO_UNIT

    def scraps(self) -> list[UnitMatch]:
        """Single characters beside other words, which stand nowhere as a word (公 of 債務負担公為)."""
        return [
            unit
            for unit in self.units
            if len(self.units) > 1
            and len(unit.unit.typed) == 1
            and all(alternative.how is How.SUBSTRING for alternative, docs in unit.by_alternative if len(docs))
        ]


class Requirement(NamedTuple):
    """A part of the query that has to match: `sections` is where it does, `query` how to ask for it alone.

    A question word (違い, 方法) is required only where nothing else is. `unit` as in LeafMatch.
    """

    typed: str
    query: str
    weight: float
    sections: Docs
    is_phrase: bool
    is_question_word: bool
    unit: int


class Common(NamedTuple):
    """Sections that hold certain requirements, and by unit their places in its sections."""

    sections: IntArray
    places: Mapping[int, Places]


@dataclass(frozen=True, slots=True, eq=False)
class Matched:
    """The sections that match the plan (before filters), and what their scores are made of.

    `dropped` and `unknown` are typed words that had to be given up: found only apart from the others, or nowhere.
    `best` is the better leaf of each clause; `named` are the sections that bear the name of what is asked about.
    """

    plan: Plan
    found: Common
    best: tuple[LeafMatch, ...]
    clauses: tuple[tuple[LeafMatch, ...], ...]
    requirements: tuple[Requirement, ...]
    excluded: tuple[Docs, ...]
    named: Docs
    dropped: tuple[str, ...]
    unknown: tuple[str, ...]

    @property
    def asked(self) -> float:
        """The weight of all that is asked."""
        return sum(leaf.asked for leaf in self.best)

    def worths(self) -> Iterator[Worth]:
        """What scores consist of."""
        return itertools.chain.from_iterable(leaf.worths for leaf in self.best)

    def held(self) -> Iterator[Worth]:
        """Which weight of what is asked sections hold."""
        return itertools.chain.from_iterable(leaf.held for leaf in self.best)

    def leaves(self) -> Iterator[LeafMatch]:
        """Every leaf of every clause."""
        return itertools.chain.from_iterable(self.clauses)

    def units(self) -> Iterator[UnitMatch]:
        """Every unit of every leaf."""
        return itertools.chain.from_iterable(leaf.units for leaf in self.leaves())
