"""Sections that a term names, and what they are worth: sets as ascending arrays of numbers, weights beside them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]
Docs = NDArray[np.int32]
"""Section numbers, ascending, each once."""
Mask = NDArray[np.bool_]
IntArray = NDArray[np.int64]
PlaceArray = NDArray[np.signedinteger[Any]]
Places = dict[int, PlaceArray | slice]
"""By the id of some docs, at which places of them certain sections are."""
DENSE = 4  # times as many postings as sections wanted, at most: then adding them all up is quicker than picking


class FrequentDocs(np.ndarray[Any, np.dtype[np.int32]]):
    """Docs so many that a table is worth its memory: for each section of the index its place in them, or −1.

    What NumPy makes of them is of this class too, but has no table.
    """

    table: NDArray[np.int32] | None = None

    @classmethod
    def of(cls, docs: Docs, sections: int) -> FrequentDocs:
        """The same docs with a table for all `sections`; to be shared, so never to be written to."""
        made = docs.view(cls)
        made.table = np.full(sections, -1, dtype=np.int32)
        made.table[docs] = np.arange(len(docs), dtype=np.int32)
        made.flags.writeable = made.table.flags.writeable = False
        return made


class Worth(NamedTuple):
    """What some sections are worth: each its own value × `weight`, or all the same `weight`.

    Multiplied only where it is asked for: a frequent word has many sections, of which few are hits.
    """

    docs: Docs
    weight: float
    values: Floats | Bytes | None = None

    def of(self, places: PlaceArray | slice) -> Floats | np.float32:
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
        return Worth(self.docs[mask], self.weight, None if self.values is None else self.values[mask])


NOTHING = Worth(np.empty(0, dtype=np.int32), 0.0)
NOWHERE: IntArray = np.empty(0, dtype=np.int64)


def dense(worths: Iterable[Worth], sections: int) -> Floats:
    """[sections]: what each section of the index is worth in all."""
    total = np.zeros(sections, dtype=np.float32)
    for worth in worths:
        np.add.at(total, worth.docs.astype(np.int64), worth.all())  # a third of the time that total[docs] += … takes
    return total


def summed(worths: Iterable[Worth], wanted: IntArray, sections: int, known: Places) -> Floats:
    """[len(wanted)]: what each of the (ascending) `wanted` of all `sections` is worth in all.

    Of some docs their places may be `known`.
    """
    total = np.zeros(len(wanted), dtype=np.float32)
    rest: list[Worth] = []
    for worth in worths:
        docs = worth.docs
        if (at := known.get(id(docs))) is not None:
            total += worth.of(at)
        elif len(docs) < DENSE * len(wanted):
            rest.append(worth)
        else:
            at, kept = in_both(docs, wanted)
            total[kept] += worth.of(at)
    return total + dense(rest, sections).take(wanted) if rest else total


def sparse(values: Floats) -> Worth:
    """The inverse of `dense`."""
    docs = np.flatnonzero(values > 0).astype(np.int32)
    return Worth(docs, 1.0, values[docs])


def best_of(worths: Sequence[Worth]) -> Worth:
    """Every section of some sets, with the highest of its worths."""
    filled = worths if len(worths) == 1 else [worth for worth in worths if len(worth.docs)]
    if len(filled) < 2:
        return filled[0] if filled else NOTHING
    docs = np.concatenate([worth.docs for worth in filled])
    values = np.concatenate([np.broadcast_to(worth.all(), worth.docs.shape) for worth in filled])
    order = np.argsort(docs, kind="stable")
    docs, values = docs[order], values[order]
    starts = np.flatnonzero(np.concatenate(([True], docs[1:] != docs[:-1])))
    return Worth(docs[starts], 1.0, np.maximum.reduceat(values, starts))


def union(sets: Sequence[Docs]) -> Docs:
    """All members of some sets."""
    filled = [docs for docs in sets if len(docs)]
    if len(filled) > 1:
        return np.unique(np.concatenate(filled))
    return filled[0] if filled else NOTHING.docs


def _are_few(sections: NDArray[np.signedinteger], docs: NDArray[np.signedinteger]) -> bool:
    """Whether looking each section up is quicker than going through all docs: one look-up costs as much as 32 docs."""
    return len(sections) < 200 + len(docs) // 32


def _table_of(docs: NDArray[np.signedinteger]) -> NDArray[np.int32] | None:
    return docs.table if isinstance(docs, FrequentDocs) else None


def among(sections: NDArray[np.signedinteger], docs: NDArray[np.signedinteger]) -> Mask:
    """Which of the (ascending) `sections` are among the (ascending) `docs`."""
    if (table := _table_of(docs)) is not None:
        return table.take(sections) >= 0
    if _are_few(sections, docs) or not len(docs) or not len(sections):
        return contains(docs, sections)
    is_there = np.zeros(max(int(docs[-1]), int(sections[-1])) + 1, dtype=bool)
    is_there[docs.astype(np.int64)] = True
    return is_there.take(sections)


def in_both(docs: Docs, sections: NDArray[np.signedinteger]) -> tuple[PlaceArray, IntArray]:
    """Where in (ascending) `docs` and where in (ascending) `sections` those stand that are in both."""
    if not len(docs) or not len(sections):
        return NOWHERE, NOWHERE
    if (table := _table_of(docs)) is not None:
        places = table.take(sections)
        kept = (places >= 0).nonzero()[0]
        return places.take(kept), kept
    if _are_few(sections, docs):
        at, is_there = places_in(docs, sections)
        kept = is_there.nonzero()[0]
        return at.take(kept), kept
    is_wanted = np.zeros(max(int(docs[-1]), int(sections[-1])) + 1, dtype=bool)
    is_wanted[sections.astype(np.int64)] = True
    at = is_wanted.take(docs).nonzero()[0]
    return at, among(sections, docs.take(at)).nonzero()[0]


def in_all(sets: Sequence[NDArray[np.signedinteger]], excluded: Iterable[Docs] = ()) -> tuple[IntArray, Places]:
    """The sections that are in all of some sets and in none of those `excluded`, and their places in the sets."""
    first, *others = sets
    sections: Docs = np.asarray(first, dtype=np.int32)
    own: IntArray | None = None
    places: dict[int, PlaceArray] = {}
    for docs, is_wanted in (*((docs, True) for docs in others), *((docs, False) for docs in excluded)):
        if is_wanted:
            at, kept = in_both(docs, sections)
        else:
            at, kept = NOWHERE, (~among(sections, docs)).nonzero()[0]
        if len(kept) < len(sections):
            sections = sections.take(kept)
            own = kept if own is None else own.take(kept)
            places = {name: known.take(kept) for name, known in places.items()}
        if is_wanted:
            places[id(docs)] = at
    return sections.astype(np.int64), {**places, id(first): slice(None) if own is None else own}


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


def holds(docs: Docs, section: int) -> bool:
    """Whether one section is in the set."""
    return bool(contains(docs, np.array([section]))[0])
