"""Sections that a term names, and what they are worth: sets as ascending arrays of numbers, weights beside them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]
Numbers = NDArray[np.int32]
"""Section numbers, ascending, each once."""
Mask = NDArray[np.bool_]
IntArray = NDArray[np.int64]
PlaceArray = NDArray[np.signedinteger[Any]]
Places = PlaceArray | slice
"""At which places of some docs certain sections are."""
DENSE = 4  # times as many postings as sections wanted, at most: then adding them all up is quicker than picking
NO_UNIT = -1


@dataclass(slots=True, eq=False)
class Docs:
    """A set of sections.

    One so large that it is worth the memory has a `table`: for each section of the index its place in the set, or −1.
    """

    numbers: Numbers
    table: NDArray[np.int32] | None = None

    def __len__(self) -> int:
        return len(self.numbers)

    @classmethod
    def tabled(cls, numbers: Numbers, sections: int) -> Docs:
        """The set with a table for all `sections`; to be shared, so never to be written to."""
        table = np.full(sections, -1, dtype=np.int32)
        table[numbers] = np.arange(len(numbers), dtype=np.int32)
        numbers.flags.writeable = table.flags.writeable = False
        return cls(numbers, table)

    def holds(self, section: int) -> bool:
        """Whether one section is in the set."""
        return bool(contains(self.numbers, np.array([section]))[0])


class Worth(NamedTuple):
    """What some sections are worth: each its own value × `weight`, or all the same `weight`.

    Multiplied only where it is asked for: a frequent word has many sections, of which few are hits.
    `unit` is the number of the unit whose sections these are, NO_UNIT for those of nothing that was typed.
    """

    docs: Docs
    weight: float
    values: Floats | Bytes | None = None
    unit: int = NO_UNIT

    def of(self, places: Places) -> Floats | np.float32:
        """What the sections at these places of `docs` are worth."""
        weight = np.float32(self.weight)
        if self.values is None:
            return weight
        return (self.values[places] if isinstance(places, slice) else self.values.take(places)) * weight

    def all(self) -> Floats | np.float32:
        """What every section is worth."""
        weight = np.float32(self.weight)
        return weight if self.values is None else self.values * weight

    def kept(self, mask: Mask) -> Worth:
        """Only the sections where `mask` is true."""
        values = None if self.values is None else self.values[mask]
        return Worth(Docs(self.docs.numbers[mask]), self.weight, values)


NOTHING = Worth(Docs(np.empty(0, dtype=np.int32)), 0.0)
NOWHERE: IntArray = np.empty(0, dtype=np.int64)


def dense(worths: Iterable[Worth], sections: int) -> Floats:
    """[sections]: what each section of the index is worth in all."""
    total = np.zeros(sections, dtype=np.float32)
    for worth in worths:
        # A third of the time that total[docs] += … takes.
        np.add.at(total, worth.docs.numbers.astype(np.int64), worth.all())
    return total


def summed(worths: Iterable[Worth], wanted: IntArray, sections: int, known: Mapping[int, Places]) -> Floats:
    """[len(wanted)]: what each of the (ascending) `wanted` of all `sections` is worth in all.

    Of the docs of some units the places of what is wanted are `known`.
    """
    total = np.zeros(len(wanted), dtype=np.float32)
    rest: list[Worth] = []
    for worth in worths:
        if (at := known.get(worth.unit)) is not None:
            total += worth.of(at)
        elif len(worth.docs) < DENSE * len(wanted):
            rest.append(worth)
        else:
            at, kept = in_both(worth.docs, wanted)
            total[kept] += worth.of(at)
    return total + dense(rest, sections).take(wanted) if rest else total


def sparse(values: Floats) -> Worth:
    """The inverse of `dense`."""
    numbers = np.flatnonzero(values > 0).astype(np.int32)
    return Worth(Docs(numbers), 1.0, values[numbers])


def best_of(worths: Sequence[Worth]) -> Worth:
    """Every section of some sets, with the highest of its worths."""
    filled = worths if len(worths) == 1 else [worth for worth in worths if len(worth.docs)]
    if len(filled) < 2:
        return filled[0] if filled else NOTHING
    numbers = np.concatenate([worth.docs.numbers for worth in filled])
    values = np.concatenate([np.broadcast_to(worth.all(), len(worth.docs)) for worth in filled])
    order = np.argsort(numbers, kind="stable")
    numbers, values = numbers[order], values[order]
    starts = np.flatnonzero(np.concatenate(([True], numbers[1:] != numbers[:-1])))
    return Worth(Docs(numbers[starts]), 1.0, np.maximum.reduceat(values, starts))


def union(sets: Sequence[Docs]) -> Docs:
    """All members of some sets."""
    filled = [docs for docs in sets if len(docs)]
    if len(filled) > 1:
        return Docs(np.unique(np.concatenate([docs.numbers for docs in filled])))
    return filled[0] if filled else NOTHING.docs


def _are_few(sections: NDArray[np.signedinteger], docs: Docs) -> bool:
    """Whether looking each section up is quicker than going through all docs: one look-up costs as much as 32 docs."""
    return len(sections) < 200 + len(docs) // 32


def among(sections: NDArray[np.signedinteger], docs: Docs) -> Mask:
    """Which of the (ascending) `sections` are in the set."""
    if docs.table is not None:
        return docs.table.take(sections) >= 0
    if _are_few(sections, docs) or not len(docs) or not len(sections):
        return contains(docs.numbers, sections)
    is_there = np.zeros(max(int(docs.numbers[-1]), int(sections[-1])) + 1, dtype=bool)
    is_there[docs.numbers.astype(np.int64)] = True
    return is_there.take(sections)


def in_both(docs: Docs, sections: NDArray[np.signedinteger]) -> tuple[PlaceArray, IntArray]:
    """Where in `docs` and where in (ascending) `sections` those stand that are in both."""
    if not len(docs) or not len(sections):
        return NOWHERE, NOWHERE
    if docs.table is not None:
        places = docs.table.take(sections)
        kept = (places >= 0).nonzero()[0]
        return places.take(kept), kept
    if _are_few(sections, docs):
        at, is_there = places_in(docs.numbers, sections)
        kept = is_there.nonzero()[0]
        return at.take(kept), kept
    is_wanted = np.zeros(max(int(docs.numbers[-1]), int(sections[-1])) + 1, dtype=bool)
    is_wanted[sections.astype(np.int64)] = True
    at = is_wanted.take(docs.numbers).nonzero()[0]
    return at, among(sections, Docs(docs.numbers.take(at))).nonzero()[0]


def in_all(sets: Sequence[Docs], excluded: Iterable[Docs] = ()) -> tuple[IntArray, list[Places]]:
    """The sections that are in all of some sets and in none of those `excluded`, and their places in each set."""
    first, *others = sets
    sections = first.numbers
    own: IntArray | None = None
    places: list[PlaceArray] = []
    for docs, is_wanted in (*((docs, True) for docs in others), *((docs, False) for docs in excluded)):
        if is_wanted:
            at, kept = in_both(docs, sections)
        else:
            at, kept = NOWHERE, (~among(sections, docs)).nonzero()[0]
        if len(kept) < len(sections):
            sections = sections.take(kept)
            own = kept if own is None else own.take(kept)
            places = [known.take(kept) for known in places]
        if is_wanted:
            places.append(at)
    return sections.astype(np.int64), [slice(None) if own is None else own, *places]


def contains(haystack: NDArray[np.signedinteger], needles: NDArray[np.signedinteger]) -> Mask:
    """Which needles are in the ascending haystack."""
    return places_in(haystack, needles)[1] if len(haystack) else np.zeros(len(needles), dtype=bool)


def places_in(haystack: NDArray[np.signedinteger], needles: NDArray[np.signedinteger]) -> tuple[IntArray, Mask]:
    """Where each needle would stand in the ascending haystack, which is not empty, and whether it stands there.

    One that is beyond its end would stand behind it.

    Needles of another type are cast, or NumPy would cast the whole haystack.
    """
    needles = needles.astype(haystack.dtype, copy=False)
    places = haystack.searchsorted(needles)
    return places, haystack.take(places, mode="clip") == needles
