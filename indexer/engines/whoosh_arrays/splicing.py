"""Updates an index without analysing it again: its arrays, with some documents' rows cut out and others put in.

Every field is a sorted list of names, each with the ascending numbers of its members: terms with the sections that hold
them, readings with the words that are read so. Cutting and inserting keeps the order, so nothing is sorted.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from indexer.engines.whoosh_arrays.arrays import ArrayField, IntArray, Lexicon

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
    members = old_members[old.docs]
    gone = np.flatnonzero(members == GONE)
    offsets = old.offsets - np.searchsorted(gone, old.offsets)
    docs = np.delete(members, gone)
    places, known = _places(old.lexicon, added.lexicon)
    at, keep, counts = _insertions(docs, offsets, added, added_members, places, known)
    alive = np.diff(offsets) > 0
    alive[places[known]] |= counts[known] > 0
    old_ranks, added_ranks = _ranks(alive, places, known)
    sizes = np.zeros(np.count_nonzero(alive) + np.count_nonzero(~known), dtype=np.int64)
    sizes[old_ranks[alive]] = np.diff(offsets)[alive]
    sizes[added_ranks] += counts
    new_docs = np.insert(docs, at, added_members[added.docs[keep]])
    impacts = old.impacts
    if len(old.impacts) or len(added.impacts):
        impacts = np.insert(np.delete(old.impacts, gone), at, added.impacts[keep])
    position_ends, positions = _spliced_positions(old, added, gone, at)
    field = ArrayField(
        _spliced_lexicon(old.lexicon, added.lexicon, alive, places, known),
        np.concatenate(([0], np.cumsum(sizes))),
        new_docs,
        impacts,
        position_ends,
        positions,
    )
    return Spliced(field, old_ranks, added_ranks)


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
    docs: NDArray[np.int32],
    offsets: IntArray,
    added: ArrayField,
    members: Members,
    places: IntArray,
    known: NDArray[np.bool_],
) -> tuple[IntArray, IntArray, IntArray]:
    """(where in `docs` each new member goes, which postings of `added` are new, how many there are by name)."""
    at: list[IntArray] = []
    kept: list[IntArray] = []
    counts = np.zeros(len(places), dtype=np.int64)
    for rank, place in enumerate(places.tolist()):
        span = added.span(rank)
        postings = np.arange(span.start, span.stop)
        begin = int(offsets[place])
        spots = np.full(len(postings), begin)
        if known[rank]:
            run = docs[begin : int(offsets[place + 1])]
            numbers = members[added.docs[span]]
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
    lengths = np.diff(old.offsets)
    blob = old.blob[np.repeat(alive, lengths)]
    starts = np.concatenate(([0], np.cumsum(np.where(alive, lengths, 0))))
    fresh = [added.key(rank) for rank in np.flatnonzero(~known).tolist()]
    sizes = np.array([len(name) for name in fresh], dtype=np.int64)
    fresh_bytes = np.frombuffer(b"".join(fresh), dtype=np.uint8)
    keys = np.insert(blob, np.repeat(starts[places[~known]], sizes), fresh_bytes)
    before = np.concatenate(([0], np.cumsum(alive)))[places[~known]]
    all_lengths = np.insert(lengths[alive], before, sizes)
    return Lexicon(keys, np.concatenate(([0], np.cumsum(all_lengths))))


def _spliced_positions(
    old: ArrayField, added: ArrayField, gone: IntArray, at: IntArray
) -> tuple[NDArray[np.uint32], NDArray[np.uint16]]:
    """Position runs of the postings; a field that has positions never holds one posting twice."""
    if not len(old.position_ends) and not len(added.position_ends):
        return old.position_ends, old.positions
    counts = _run_lengths(old.position_ends)
    left = np.ones(len(counts), dtype=bool)
    left[gone] = False
    positions = old.positions[np.repeat(left, counts)]
    counts = counts[left]
    starts = np.concatenate(([0], np.cumsum(counts)))
    added_counts = _run_lengths(added.position_ends)
    positions = np.insert(positions, np.repeat(starts[at], added_counts), added.positions)
    return np.cumsum(np.insert(counts, at, added_counts), dtype=np.uint32), positions


def _run_lengths(ends: NDArray[np.uint32]) -> NDArray[np.int32]:
    return np.diff(ends, prepend=np.uint32(0)).astype(np.int32)
