"""One field of a segment as arrays in files, opened by memory map: sorted names, each with its ascending members.

keys            uint8   UTF-8 of all names (terms, ids, readings …), one after another, sorted by bytes
key_offsets     uint32  [names + 1] into keys
offsets         uint32  [names · blocks + 1] into members: those of a name lie block by block, 65,536 numbers each
members         uint16  section numbers, or ranks of another field, ascending within a name: what is beyond their block
impacts         uint8   [members] saturated BM25F weight without idf, in steps of IMPACT_STEP (words and bigrams only)
counts          uint8   [members] how many positions of each are kept (words only)
position_starts uint32  [names + 1] into positions (words only)
positions       uint16  character offsets in the section, ascending, capped at 65,535 (words only)
"""

from __future__ import annotations

import bisect
import functools
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

MAX_POSITION = 65_535
MAX_POSITIONS = 255  # of a word in one section: 228 of the 4 million postings of the bench corpus have more
BLOCK_BITS = 16
POSITION_SHIFT = 20  # bits for a position where section and position pack into one integer
KEPT_LOOKUPS = 20_000  # of terms that were looked up: the words that staff type come again and again; about 3 MB
IntArray = NDArray[np.int64]
Pieces = Sequence[NDArray[Any]]
"""An array in parts that follow one another: written without being joined, since new memory is what costs most."""


class Lexicon:
    """Sorted strings; a term is named by its rank."""

    def __init__(self, keys: NDArray[np.uint8], key_offsets: NDArray[np.uint32]) -> None:
        self.blob = keys
        self.offsets = key_offsets
        self._bytes = keys.data.cast("B") if keys.size else memoryview(b"")
        self._bounds = key_offsets.data  # whose items are Python's own integers, got in half the time
        self.find: Callable[[str], int | None] = functools.lru_cache(KEPT_LOOKUPS)(self._find)
        """Rank of a term, or None."""

    def __len__(self) -> int:
        return max(0, len(self.offsets) - 1)

    def key(self, rank: int) -> bytes:
        """UTF-8 of the term of this rank."""
        return bytes(self._bytes[self._bounds[rank] : self._bounds[rank + 1]])

    def text(self, rank: int) -> str:
        """The term of this rank."""
        return self.key(rank).decode("utf-8")

    def lower_bound(self, key: bytes) -> int:
        """Rank of the first term that is not less than `key`."""
        return bisect.bisect_left(range(len(self)), key, key=self.key)

    def _find(self, text: str) -> int | None:
        key = text.encode("utf-8", "replace")
        rank = self.lower_bound(key)
        return rank if rank < len(self) and self.key(rank) == key else None

    def prefix_range(self, prefix: str) -> range:
        """Ranks of the terms that begin with `prefix`."""
        key = prefix.encode("utf-8", "replace")
        end = key.rstrip(b"\xff")
        low = self.lower_bound(key)
        high = self.lower_bound(end[:-1] + bytes([end[-1] + 1])) if end else len(self)
        return range(low, high)

    def __iter__(self) -> Iterator[str]:
        return (self.text(rank) for rank in range(len(self)))


@dataclass(frozen=True, slots=True)
class ArrayField:
    """One field's lexicon and postings, as they are in the files."""

    lexicon: Lexicon
    offsets: NDArray[np.uint32]
    members: NDArray[np.uint16]
    impacts: NDArray[np.uint8] = field(default_factory=lambda: np.empty(0, dtype=np.uint8))
    counts: NDArray[np.uint8] = field(default_factory=lambda: np.empty(0, dtype=np.uint8))
    position_starts: NDArray[np.uint32] = field(default_factory=lambda: np.empty(0, dtype=np.uint32))
    positions: NDArray[np.uint16] = field(default_factory=lambda: np.empty(0, dtype=np.uint16))
    blocks: int = field(init=False)
    """In how many parts each name's members lie."""

    def __post_init__(self) -> None:
        blocks = max(1, (len(self.offsets) - 1) // max(1, len(self.lexicon)))
        object.__setattr__(self, "blocks", blocks)

    @classmethod
    def of(
        cls,
        lexicon: Lexicon,
        sizes: IntArray,
        members: NDArray[np.int32],
        limit: int,
        impacts: NDArray[np.uint8] | None = None,
        counts: NDArray[np.uint8] | None = None,
        positions: NDArray[np.uint16] | None = None,
    ) -> ArrayField:
        """From whole numbers below `limit`; `sizes` says how many members each name has."""
        starts = starts_of(sizes)
        offsets = block_offsets(members, starts, blocks_of(limit))
        made = cls(lexicon, offsets, members.astype(np.uint16))
        if impacts is not None:
            made = replace(made, impacts=impacts)
        if counts is None or positions is None:
            return made
        ends = np.concatenate(([0], np.cumsum(counts, dtype=np.uint32)))
        return replace(made, counts=counts, position_starts=ends[starts].astype(np.uint32), positions=positions)

    def arrays(self) -> dict[str, Pieces]:
        """All that is saved, by name."""
        own = {name: [getattr(self, name)] for name in _ARRAYS if name not in ("keys", "key_offsets")}
        return {"keys": [self.lexicon.blob], "key_offsets": [self.lexicon.offsets], **own}

    def span(self, rank: int) -> slice:
        """Where a name's members are in members, impacts and counts."""
        blocks = self.blocks
        return slice(int(self.offsets[rank * blocks]), int(self.offsets[(rank + 1) * blocks]))

    def starts(self) -> IntArray:
        """[names + 1]: where each name's members begin."""
        return self.offsets[:: self.blocks].astype(np.int64)

    def sizes(self, ranks: IntArray) -> IntArray:
        """How many members each of some names has."""
        blocks = self.blocks
        return self.offsets[(ranks + 1) * blocks].astype(np.int64) - self.offsets[ranks * blocks]

    def document_frequency(self, rank: int) -> int:
        """How many sections hold the term."""
        span = self.span(rank)
        return int(span.stop - span.start)

    def members_of(self, ranks: range) -> NDArray[np.int32]:
        """The members of neighbouring names, one name after another."""
        blocks = self.blocks
        offsets = self.offsets[ranks.start * blocks : ranks.stop * blocks + 1]
        members = self.members[offsets[0] : offsets[-1]].astype(np.int32)
        if blocks > 1:
            firsts = np.tile(np.arange(blocks, dtype=np.int32) << BLOCK_BITS, len(ranks))
            members += np.repeat(firsts, np.diff(offsets))
        return members

    def lower_bounds(self, ranks: IntArray, numbers: IntArray) -> tuple[IntArray, NDArray[np.bool_]]:
        """Where in members each number would stand among those of its name, and whether it stands there."""
        blocks = numbers >> BLOCK_BITS
        cells = ranks * self.blocks + np.minimum(blocks, self.blocks - 1)
        low, end = (self.offsets[places].astype(np.int64) for places in (cells, cells + 1))
        low = np.where(blocks < self.blocks, low, end)
        high, wanted = end.copy(), numbers & ((1 << BLOCK_BITS) - 1)
        while len(searched := np.flatnonzero(low < high)):
            middle = (low[searched] + high[searched]) // 2
            is_less = self.members[middle] < wanted[searched]
            low[searched] = np.where(is_less, middle + 1, low[searched])
            high[searched] = np.where(is_less, high[searched], middle)
        return low, (low < end) & (self.members[np.minimum(low, len(self.members) - 1)] == wanted)

    def term_docs(self, rank: int) -> NDArray[np.int32]:
        """The sections that hold the term, ascending."""
        return self.term_postings(rank)[0]

    def term_postings(self, rank: int) -> tuple[NDArray[np.int32], NDArray[np.uint8]]:
        """The sections that hold the term, ascending, and its impact in each."""
        blocks = self.blocks
        first, *inner, last = self.offsets[rank * blocks : (rank + 1) * blocks + 1].tolist()
        docs = self.members[first:last].astype(np.int32)
        for begin in inner:
            docs[begin - first :] += 1 << BLOCK_BITS
        return docs, self.impacts[first:last]

    def term_positions(self, rank: int) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """(section, character offset) of every kept occurrence of the term, ascending."""
        positions = self.positions[self.position_starts[rank] : self.position_starts[rank + 1]]
        return np.repeat(self.term_docs(rank), self.counts[self.span(rank)]), positions.astype(np.int64)


def block_offsets(members: NDArray[np.int32], starts: NDArray[Any], blocks: int) -> NDArray[np.uint32]:
    """[names · blocks + 1]: where the members of each name begin that are in each block or a later one."""
    if blocks == 1 or not len(members):
        return np.append(np.repeat(starts[:-1], blocks), starts[-1])
    block = members >> BLOCK_BITS
    first = block[np.minimum(starts[:-1], len(members) - 1)]
    offsets = np.where(np.arange(blocks) <= first[:, np.newaxis], starts[:-1, np.newaxis], starts[1:, np.newaxis])
    crossings = np.flatnonzero(block[1:] != block[:-1]) + 1  # few, where going through all members takes long
    names = np.searchsorted(starts, crossings, side="right") - 1
    inside = starts[names] < crossings
    crossings, names = crossings[inside], names[inside]
    for wanted in range(1, blocks):
        reaches = (block[crossings - 1] < wanted) & (wanted <= block[crossings])
        offsets[names[reaches], wanted] = crossings[reaches]
    return np.append(offsets, starts[-1])


def blocks_of(limit: int) -> int:
    """In how many blocks numbers below `limit` lie."""
    return int(max(1, (limit - 1 >> BLOCK_BITS) + 1))


def starts_of(sizes: NDArray[Any]) -> NDArray[np.uint32]:
    """[n + 1]: where each of n runs begins, and where the last ends."""
    return np.concatenate(([0], np.cumsum(sizes))).astype(np.uint32)


_ARRAYS: dict[str, type[np.generic]] = {
    "keys": np.uint8,
    "key_offsets": np.uint32,
    "offsets": np.uint32,
    "members": np.uint16,
    "impacts": np.uint8,
    "counts": np.uint8,
    "position_starts": np.uint32,
    "positions": np.uint16,
}


def array_path(folder: Path, segment_id: str, field: str, name: str) -> Path:
    """File of one array; the segment's id comes first, so that Whoosh's own clean-up finds it."""
    return folder / f"{segment_id}.{field}.{name}.npy"


def write_array(folder: Path, segment_id: str, field: str, name: str, pieces: Pieces) -> None:
    """Save one array of a field, given in one or several pieces, as `numpy.save` would."""
    first = pieces[0]
    header = {
        "descr": np.lib.format.dtype_to_descr(first.dtype),
        "fortran_order": False,
        "shape": (sum(map(len, pieces)), *first.shape[1:]),
    }
    with array_path(folder, segment_id, field, name).open("wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        for piece in pieces:
            file.write(np.ascontiguousarray(piece).data)


def read_array(folder: Path, segment_id: str, field: str, name: str) -> NDArray[np.generic]:
    """Memory-map one array of a field."""
    array: NDArray[np.generic] = np.load(array_path(folder, segment_id, field, name), mmap_mode="r")
    return array.view(np.ndarray)


def save_field(folder: Path, segment_id: str, name: str, arrays: Mapping[str, Pieces]) -> None:
    """Save a field's arrays; those that it has no use for are empty and left out."""
    for array, pieces in arrays.items():
        if any(map(len, pieces)):
            write_array(folder, segment_id, name, array, pieces)


def open_field(folder: Path, segment_id: str, field: str, saved: Container[str]) -> ArrayField:
    """A field's arrays, mapped, not read; `saved` are the file names of the segment, as it was committed."""
    loaded = {
        name: read_array(folder, segment_id, field, name)
        if array_path(folder, segment_id, field, name).name in saved
        else np.empty(0, dtype=dtype)
        for name, dtype in _ARRAYS.items()
    }
    lexicon = Lexicon(loaded.pop("keys"), loaded.pop("key_offsets"))  # type: ignore[arg-type]
    return ArrayField(lexicon, **loaded)  # type: ignore[arg-type]


def lexicon_of(keys: Sequence[bytes]) -> Lexicon:
    """A lexicon of sorted names."""
    lengths = np.fromiter((len(key) for key in keys), dtype=np.int64, count=len(keys))
    return Lexicon(np.frombuffer(b"".join(keys), dtype=np.uint8), starts_of(lengths))


def members_field(members: Mapping[bytes, Iterable[int]], limit: int) -> ArrayField:
    """A field of names with their members, all below `limit`, without impacts or positions."""
    keys = sorted(members)
    groups = [sorted(set(members[key])) for key in keys]
    return ArrayField.of(
        lexicon_of(keys),
        np.array(list(map(len, groups)), dtype=np.int64),
        np.array([number for group in groups for number in group], dtype=np.int32),
        limit,
    )
