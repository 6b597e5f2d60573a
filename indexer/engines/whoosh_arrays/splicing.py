"""Updates an index without analysing it again: its arrays, with some documents' rows cut out and others put in.

Every field is a sorted list of names, each with the ascending numbers of its members: terms with the sections that hold
them, readings with the words that are read so. Cutting and inserting keeps the order, so nothing is sorted.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from indexer.engines.whoosh_arrays import arrays
from indexer.engines.whoosh_arrays.arrays import ArrayField, IntArray, Lexicon, Pieces, blocks_of, starts_of

GONE = -1
PORTION_MEMBERS = 250_000  # 1 MB of numbers at a time
Members = NDArray[np.int32]
"""By old number the new one: half the bytes of int64, and so half the time of an update."""


@dataclass(frozen=True, slots=True)
class Spliced:
    """The new field's arrays, and the new rank of each old and added name (GONE for one that has no member left)."""

    arrays: Mapping[str, Pieces]
    old_ranks: Members
    added_ranks: Members


def splice(old: ArrayField, added: ArrayField, old_members: Members, added_members: Members) -> Spliced:
    """`old` without its members that map to GONE, and with those of `added`.

    `old_members` and `added_members` give each member its new number; the former must ascend where it is not GONE.
    """
    blocks = blocks_of(max(int(numbers.max(initial=GONE)) + 1 for numbers in (old_members, added_members)))
    gone, sizes = _remaining(old, old_members, blocks)
    members = _renumbered(old, old_members)
    places, known = _places(old.lexicon, added.lexicon)
    numbers = added_members[added.members_of(range(len(added.lexicon)))]
    at, new, names = _insertions(old, added, old_members, numbers, places, known)
    more = np.zeros((len(places), blocks), dtype=np.int64)
    np.add.at(more, (names, numbers[new] >> arrays.BLOCK_BITS), 1)
    alive = sizes.sum(axis=1) > 0
    alive[places[known]] |= more[known].sum(axis=1) > 0
    old_ranks, added_ranks = ranks = _ranks(alive, places, known)
    keys, key_offsets = _spliced_lexicon(old.lexicon, added.lexicon, alive, places, known)
    spliced: dict[str, Pieces] = {
        "keys": keys,
        "key_offsets": [key_offsets],
        "offsets": [starts_of(_joined(sizes, more, ranks).ravel())],
        "members": edited(members, gone, at, numbers[new]),
    }
    if len(old.impacts) or len(added.impacts):
        spliced["impacts"] = edited(old.impacts, gone, at, added.impacts[new])
    if len(old.counts) or len(added.counts):  # such a field never holds one posting twice: all of `added` are new
        position_sizes, positions = _spliced_positions(old, added, gone, at)
        spliced |= {
            "counts": edited(old.counts, gone, at, added.counts),
            "position_starts": [starts_of(_joined(position_sizes, np.diff(added.position_starts), ranks))],
            "positions": positions,
        }
    return Spliced(spliced, old_ranks, added_ranks)


def _remaining(old: ArrayField, numbers: Members, blocks: int) -> tuple[IntArray, IntArray]:
    """The places of the members that are GONE, ascending; [names, blocks] how many others each name has in each block.

    All but those that are gone or get into another block stay where they are counted: few, which a table finds.
    """
    low_bits = (1 << arrays.BLOCK_BITS) - 1
    old_blocks = np.arange(len(numbers)) >> arrays.BLOCK_BITS
    moving = (numbers == GONE) | (numbers >> arrays.BLOCK_BITS != old_blocks)
    may_move = np.zeros(1 << arrays.BLOCK_BITS, dtype=bool)  # by what the files hold: a number within some block
    may_move[np.flatnonzero(moving) & low_bits] = True
    steps = range(0, len(old.members), PORTION_MEMBERS)
    found = [np.flatnonzero(may_move.take(old.members[first : first + PORTION_MEMBERS])) + first for first in steps]
    places = np.concatenate([np.empty(0, dtype=np.int64), *found])
    names, block = np.divmod(np.searchsorted(old.offsets, places, side="right") - 1, old.blocks)
    members = (block << arrays.BLOCK_BITS) + old.members[places]
    places, names, members = (each[moving[members]] for each in (places, names, members))
    is_gone = numbers[members] == GONE
    sizes = np.zeros((len(old.lexicon), max(blocks, old.blocks)), dtype=np.int64)
    sizes[:, : old.blocks] = np.diff(old.offsets).reshape(-1, old.blocks)
    np.subtract.at(sizes, (names, old_blocks[members]), 1)
    np.add.at(sizes, (names[~is_gone], numbers[members[~is_gone]] >> arrays.BLOCK_BITS), 1)
    return places[is_gone], sizes[:, :blocks]


def _renumbered(old: ArrayField, numbers: Members) -> NDArray[np.uint16]:
    """The members by their new numbers, each where it was; what stands for those that are GONE means nothing.

    In portions that the processor's cache holds: new memory for all at once takes several times as long.
    """
    if np.all((numbers == np.arange(len(numbers))) | (numbers == GONE)):
        return old.members
    starts = old.starts()
    steps = np.searchsorted(starts, np.arange(0, starts[-1], PORTION_MEMBERS))
    members = np.empty(len(old.members), dtype=np.uint16)
    for first, last in itertools.pairwise(np.unique(np.append(steps, len(old.lexicon))).tolist()):
        portion = numbers.take(old.members_of(range(first, last)))  # in half the time of numbers[…]
        members[starts[first] : starts[last]] = portion
    return members


def _joined(sizes: NDArray[Any], added: NDArray[Any], ranks: tuple[Members, Members]) -> NDArray[Any]:
    """How much each name has: what is left of the old names' and what is `added`, by their new `ranks`."""
    old_ranks, added_ranks = ranks
    alive = old_ranks != GONE
    names = max(int(numbers.max(initial=GONE)) for numbers in ranks) + 1
    joined = np.zeros((names, *sizes.shape[1:]), dtype=np.int64)
    joined[old_ranks[alive]] = sizes[alive]
    joined[added_ranks] += added
    return joined


def reorder_rows(
    starts: IntArray, old: NDArray[np.uint8], added: NDArray[np.uint8], rows: IntArray
) -> tuple[IntArray, Pieces]:
    """The given rows of bytes ([rows + 1] starts into `old` with `added` behind it), in that order."""
    length = len(old)
    runs = np.split(rows, np.flatnonzero(np.diff(rows) != 1) + 1)
    spans = [(int(starts[run[0]]), int(starts[run[-1] + 1])) for run in runs if len(run)]
    pieces = [
        piece
        for first, last in spans
        for piece in (old[first:last], added[max(0, first - length) : max(0, last - length)])
    ]
    return np.concatenate(([0], np.cumsum(np.diff(starts)[rows]))).astype(np.int64), [old[:0], *pieces]


def _places(old: Lexicon, added: Lexicon) -> tuple[IntArray, NDArray[np.bool_]]:
    """For each added name the rank of the first old one that is not less, and whether that is the same name."""
    names = [added.key(rank) for rank in range(len(added))]
    places = [old.lower_bound(name) for name in names]
    known = [place < len(old) and old.key(place) == name for place, name in zip(places, names, strict=True)]
    return np.array(places, dtype=np.int64), np.array(known, dtype=bool)


def _insertions(
    old: ArrayField,
    added: ArrayField,
    old_numbers: Members,
    numbers: Members,
    places: IntArray,
    known: NDArray[np.bool_],
) -> tuple[IntArray, IntArray, IntArray]:
    """Of each new posting of `added`: where in `old` it goes, which one it is, and the rank of its name there."""
    kept = np.flatnonzero(old_numbers != GONE)
    ranks = np.searchsorted(old_numbers[kept], numbers)
    bounds = np.append(kept, len(old_numbers))[ranks]  # the first old member that is not before each new one
    is_held = np.append(old_numbers, GONE)[bounds] == numbers
    names = np.repeat(np.arange(len(places)), np.diff(added.starts()))
    at = old.starts()[places[names]]
    is_known = known[names]
    is_there = np.zeros(len(names), dtype=bool)
    at[is_known], is_there[is_known] = old.lower_bounds(places[names[is_known]], bounds[is_known])
    is_new = ~(is_held & is_there)
    return at[is_new], np.flatnonzero(is_new), names[is_new]


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
) -> tuple[Pieces, NDArray[np.uint32]]:
    """The keys of the names that are alive or new, and where each begins."""
    starts = old.offsets.astype(np.int64)
    lengths = np.diff(starts)
    dead = np.flatnonzero(~alive)
    gone = np.repeat(starts[dead + 1] - np.cumsum(lengths[dead]), lengths[dead]) + np.arange(lengths[dead].sum())
    fresh = [added.key(rank) for rank in np.flatnonzero(~known).tolist()]
    sizes = np.array([len(name) for name in fresh], dtype=np.int64)
    fresh_bytes = np.frombuffer(b"".join(fresh), dtype=np.uint8)
    keys = edited(old.blob, gone, np.repeat(starts[places[~known]], sizes), fresh_bytes)
    before = np.concatenate(([0], np.cumsum(alive)))[places[~known]]
    return keys, starts_of(np.insert(lengths[alive], before, sizes))


def _spliced_positions(old: ArrayField, added: ArrayField, gone: IntArray, at: IntArray) -> tuple[IntArray, Pieces]:
    """How many positions each of the old names has left, and all positions."""
    ends = np.cumsum(old.counts, dtype=np.uint32)
    runs = old.counts[gone].astype(np.int64)
    before = np.cumsum(runs)
    lost = np.repeat(ends[gone] - before, runs) + np.arange(int(runs.sum()))
    begins = np.where(at > 0, ends[at - 1], 0) if len(ends) else np.zeros(len(at), dtype=np.int64)
    sizes = np.diff(old.position_starts).astype(np.int64)
    np.subtract.at(sizes, np.searchsorted(old.starts(), gone, side="right") - 1, runs)
    return sizes, edited(old.positions, lost, np.repeat(begins, added.counts).astype(np.int64), added.positions)


def edited(array: NDArray[Any], gone: IntArray, at: IntArray, values: NDArray[Any]) -> Pieces:
    """`array` with `values` put before the ascending places `at`, and without its ascending places `gone`.

    As what lies between: np.insert and np.delete ask of each element, and make a copy of all.
    """
    bounds = [0, *(np.flatnonzero(np.diff(at)) + 1).tolist(), len(at)] if len(at) else [0]
    nothing = values[:0]
    edits = [(int(at[first]), int(at[first]), values[first:last]) for first, last in itertools.pairwise(bounds)]
    edits += [(first, last, nothing) for first, last in _runs(gone)]
    pieces: list[NDArray[Any]] = []
    done = 0
    for begin, end, new in sorted(edits, key=lambda edit: edit[:2]):
        pieces += (array[done:begin], new.astype(array.dtype, copy=False))
        done = max(done, end)
    return [*pieces, array[done:]]


def _runs(numbers: NDArray[np.integer[Any]]) -> list[tuple[int, int]]:
    """(first, last + 1) of each run of neighbouring numbers."""
    if not len(numbers):
        return []
    breaks = np.flatnonzero(np.diff(numbers) != 1) + 1
    firsts = numbers[np.concatenate(([0], breaks))]
    lasts = numbers[np.append(breaks - 1, len(numbers) - 1)]
    return list(zip(firsts.tolist(), (lasts + 1).tolist(), strict=True))
