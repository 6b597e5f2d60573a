"""Updates an index without analysing it again: its arrays, with some documents' rows cut out and others put in.

Every field is a sorted list of names, each with the ascending numbers of its members: terms with the sections that hold
them, readings with the words that are read so. Cutting and inserting keeps the order, so nothing is sorted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from indexer.engines.whoosh_arrays.arrays import ArrayField, IntArray, Lexicon, starts_of

GONE = -1
Members = NDArray[np.int32]
"""By old number the new one: half the bytes of int64, and so half the time of an update."""


@dataclass(frozen=True, slots=True)
class Spliced:
    """The new field, and the new rank of each old and each added name (GONE for one that has no member left)."""

    field: ArrayField
    old_ranks: Members
    added_ranks: Members


def splice(old: ArrayField, added: ArrayField, old_members: Members, added_members: Members) -> Spliced:
    """`old` without its members that map to GONE, and with those of `added`.

    `old_members` and `added_members` give each member its new number; the former must ascend where it is not GONE.
    """
    members = old_members[old.members_of(range(len(old.lexicon)))]
    gone = np.flatnonzero(members == GONE)
    starts = old.starts()
    starts -= np.searchsorted(gone, starts)
    docs = without(members, gone)
    places, known = _places(old.lexicon, added.lexicon)
    added_docs = added_members[added.members_of(range(len(added.lexicon)))]
    at, keep, counts = _insertions(docs, starts, added.starts(), added_docs, places, known)
    alive = np.diff(starts) > 0
    alive[places[known]] |= counts[known] > 0
    old_ranks, added_ranks = _ranks(alive, places, known)
    sizes = np.zeros(np.count_nonzero(alive) + np.count_nonzero(~known), dtype=np.int64)
    sizes[old_ranks[alive]] = np.diff(starts)[alive]
    sizes[added_ranks] += counts
    has_impacts = len(old.impacts) or len(added.impacts)
    has_positions = len(old.counts) or len(added.counts)
    spliced = ArrayField.of(
        _spliced_lexicon(old.lexicon, added.lexicon, alive, places, known),
        sizes,
        inserted(docs, at, added_docs[keep]),
        max(int(numbers.max(initial=GONE)) + 1 for numbers in (old_members, added_members)),
        inserted(without(old.impacts, gone), at, added.impacts[keep]) if has_impacts else None,
        *(_spliced_positions(old, added, gone, at) if has_positions else ()),
    )
    return Spliced(spliced, old_ranks, added_ranks)


def reorder_rows(starts: IntArray, blob: NDArray[np.uint8], rows: IntArray) -> tuple[IntArray, NDArray[np.uint8]]:
    """The given rows of bytes ([rows + 1] starts into one blob), in that order."""
    runs = np.split(rows, np.flatnonzero(np.diff(rows) != 1) + 1)
    pieces = [blob[starts[run[0]] : starts[run[-1] + 1]] for run in runs if len(run)]
    joined = np.concatenate([np.empty(0, dtype=np.uint8), *pieces])
    return np.concatenate(([0], np.cumsum(np.diff(starts)[rows]))).astype(np.int64), joined


def _places(old: Lexicon, added: Lexicon) -> tuple[IntArray, NDArray[np.bool_]]:
    """For each added name the rank of the first old one that is not less, and whether that is the same name."""
    names = [added.key(rank) for rank in range(len(added))]
    places = [old.lower_bound(name) for name in names]
    known = [place < len(old) and old.key(place) == name for place, name in zip(places, names, strict=True)]
    return np.array(places, dtype=np.int64), np.array(known, dtype=bool)


def _insertions(
    docs: Members,
    starts: IntArray,
    added_starts: IntArray,
    added_docs: Members,
    places: IntArray,
    known: NDArray[np.bool_],
) -> tuple[IntArray, IntArray, IntArray]:
    """(where in `docs` each new member goes, which postings of `added` are new, how many there are by name)."""
    at: list[IntArray] = []
    kept: list[IntArray] = []
    counts = np.zeros(len(places), dtype=np.int64)
    for rank, place in enumerate(places.tolist()):
        postings = np.arange(added_starts[rank], added_starts[rank + 1])
        begin = int(starts[place])
        spots = np.full(len(postings), begin)
        if known[rank]:
            run = docs[begin : int(starts[place + 1])]
            numbers = added_docs[postings]
            within = np.searchsorted(run, numbers)
            is_new = np.ones(len(numbers), dtype=bool)
            inside = within < len(run)
            is_new[inside] = run[within[inside]] != numbers[inside]
            spots, postings = begin + within[is_new], postings[is_new]
        at.append(spots)
        kept.append(postings)
        counts[rank] = len(postings)
    empty = np.empty(0, dtype=np.int64)
    return np.concatenate([empty, *at]), np.concatenate([empty, *kept]), counts


def _ranks(alive: NDArray[np.bool_], places: IntArray, known: NDArray[np.bool_]) -> tuple[Members, Members]:
    fresh = places[~known]
    before = np.concatenate(([0], np.cumsum(alive)))
    old_ranks = (before[:-1] + np.searchsorted(fresh, np.arange(len(alive)), side="right")).astype(np.int32)
    old_ranks[~alive] = GONE
    added_ranks = np.empty(len(places), dtype=np.int32)
    added_ranks[known] = old_ranks[places[known]]
    added_ranks[~known] = before[fresh] + np.arange(len(fresh))
    return old_ranks, added_ranks


def _spliced_lexicon(
    old: Lexicon, added: Lexicon, alive: NDArray[np.bool_], places: IntArray, known: NDArray[np.bool_]
) -> Lexicon:
    lengths = np.diff(old.offsets).astype(np.int64)
    blob = old.blob[np.repeat(alive, lengths)]
    starts = np.concatenate(([0], np.cumsum(np.where(alive, lengths, 0))))
    fresh = [added.key(rank) for rank in np.flatnonzero(~known).tolist()]
    sizes = np.array([len(name) for name in fresh], dtype=np.int64)
    fresh_bytes = np.frombuffer(b"".join(fresh), dtype=np.uint8)
    keys = np.insert(blob, np.repeat(starts[places[~known]], sizes), fresh_bytes)
    before = np.concatenate(([0], np.cumsum(alive)))[places[~known]]
    all_lengths = np.insert(lengths[alive], before, sizes)
    return Lexicon(keys, starts_of(all_lengths))


def _spliced_positions(
    old: ArrayField, added: ArrayField, gone: IntArray, at: IntArray
) -> tuple[NDArray[np.uint8], NDArray[np.uint16]]:
    """Counts and positions of the postings; a field that has positions never holds one posting twice."""
    ends = np.cumsum(old.counts, dtype=np.int64)
    runs = old.counts[gone]
    before = np.cumsum(runs, dtype=np.int64)
    lost = np.repeat(ends[gone] - before, runs) + np.arange(int(runs.sum()))
    counts = without(old.counts, gone)
    starts = np.concatenate(([0], np.cumsum(counts, dtype=np.uint32)))
    positions = inserted(without(old.positions, lost), np.repeat(starts[at], added.counts), added.positions)
    return inserted(counts, at, added.counts), positions


def without(array: NDArray[Any], gone: NDArray[np.integer[Any]]) -> NDArray[Any]:
    """`array` without its elements at some ascending places, as np.delete, but in few long copies."""
    cuts = _runs(gone)
    begins, ends = [0, *(last for _, last in cuts)], [*(first for first, _ in cuts), len(array)]
    return np.concatenate([array[begin:end] for begin, end in zip(begins, ends, strict=True)])


def inserted(array: NDArray[Any], at: NDArray[np.integer[Any]], values: NDArray[Any]) -> NDArray[Any]:
    """`array` with `values` put before the ascending places `at`, as np.insert, but in few long copies."""
    if not len(at):
        return array
    firsts = [0, *(np.flatnonzero(np.diff(at)) + 1).tolist()]
    lasts = [*firsts[1:], len(at)]
    places = at[firsts].tolist()
    pieces = [array[: places[0]]]
    for first, last, place, following in zip(firsts, lasts, places, [*places[1:], len(array)], strict=True):
        pieces += (values[first:last].astype(array.dtype, copy=False), array[place:following])
    return np.concatenate(pieces)


def _runs(numbers: NDArray[np.integer[Any]]) -> list[tuple[int, int]]:
    """(first, last + 1) of each run of neighbouring numbers."""
    if not len(numbers):
        return []
    breaks = np.flatnonzero(np.diff(numbers) != 1) + 1
    firsts = numbers[np.concatenate(([0], breaks))]
    lasts = numbers[np.append(breaks - 1, len(numbers) - 1)]
    return list(zip(firsts.tolist(), (lasts + 1).tolist(), strict=True))
