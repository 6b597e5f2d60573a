"""One field of a segment as arrays in files, opened by memory map: sorted names, each with its ascending members.

keys            uint8    UTF-8 of all names (terms, ids, readings …), one after another, sorted by bytes
key_offsets     int64    [names + 1] into keys
offsets         int64    [names + 1] into docs and impacts
docs            int32    members, ascending within a name: section numbers, or ranks of another field
impacts         float32  saturated BM25F weight without idf (words and bigrams only)
position_ends   uint32   [postings] end of each posting's run in positions (words only)
positions       uint16   character offsets in the section, ascending, capped at 65,535 (words only)
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

MAX_POSITION = 65_535
POSITION_SHIFT = 20  # bits for a position where section and position pack into one integer
KEPT_LOOKUPS = 20_000  # of terms that were looked up: the words that staff type come again and again; about 3 MB
IntArray = NDArray[np.int64]


class Lexicon:
    """Sorted strings; a term is named by its rank."""

    def __init__(self, keys: NDArray[np.uint8], key_offsets: IntArray) -> None:
        self.blob = keys
        self.offsets = key_offsets
        self._bytes = keys.data.cast("B") if keys.size else memoryview(b"")
        self.find: Callable[[str], int | None] = functools.lru_cache(KEPT_LOOKUPS)(self._find)
        """Rank of a term, or None."""

    def __len__(self) -> int:
        return max(0, len(self.offsets) - 1)

    def key(self, rank: int) -> bytes:
        """UTF-8 of the term of this rank."""
        return bytes(self._bytes[self.offsets[rank] : self.offsets[rank + 1]])

    def text(self, rank: int) -> str:
        """The term of this rank."""
        return self.key(rank).decode("utf-8")

    def lower_bound(self, key: bytes) -> int:
        """Rank of the first term that is not less than `key`."""
        low, high = 0, len(self)
        while low < high:
            middle = (low + high) // 2
            if self.key(middle) < key:
                low = middle + 1
            else:
                high = middle
        return low

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
    """One field's lexicon and postings."""

    lexicon: Lexicon
    offsets: IntArray
    docs: NDArray[np.int32]
    impacts: NDArray[np.float32] = field(default_factory=lambda: np.empty(0, dtype=np.float32))
    position_ends: NDArray[np.uint32] = field(default_factory=lambda: np.empty(0, dtype=np.uint32))
    positions: NDArray[np.uint16] = field(default_factory=lambda: np.empty(0, dtype=np.uint16))

    def span(self, rank: int) -> slice:
        """Where a term's postings are in docs and impacts."""
        return slice(int(self.offsets[rank]), int(self.offsets[rank + 1]))

    def document_frequency(self, rank: int) -> int:
        """How many sections hold the term."""
        return int(self.offsets[rank + 1] - self.offsets[rank])

    def weights(self, rank: int) -> NDArray[np.float32]:
        """The impacts of a term's postings; 1 in a field that has none."""
        span = self.span(rank)
        return self.impacts[span] if len(self.impacts) else np.ones(span.stop - span.start, dtype=np.float32)

    def term_docs(self, rank: int) -> NDArray[np.int32]:
        """The sections that hold the term, ascending."""
        return self.docs[self.span(rank)]

    def term_positions(self, rank: int) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """(section, character offset) of every occurrence of the term, ascending."""
        span = self.span(rank)
        ends = self.position_ends[span].astype(np.int64)
        begin = int(self.position_ends[span.start - 1]) if span.start else 0
        counts = np.diff(ends, prepend=begin)
        stop = int(ends[-1]) if ends.size else begin
        return np.repeat(self.docs[span], counts), self.positions[begin:stop].astype(np.int64)


_ARRAYS: dict[str, type[np.generic]] = {
    "keys": np.uint8,
    "key_offsets": np.int64,
    "offsets": np.int64,
    "docs": np.int32,
    "impacts": np.float32,
    "position_ends": np.uint32,
    "positions": np.uint16,
}


def array_path(folder: Path, segment_id: str, field: str, name: str) -> Path:
    """File of one array; the segment's id comes first, so that Whoosh's own clean-up finds it."""
    return folder / f"{segment_id}.{field}.{name}.npy"


def write_array(folder: Path, segment_id: str, field: str, name: str, array: NDArray[np.generic]) -> None:
    """Save one array of a field."""
    np.save(array_path(folder, segment_id, field, name), array)


def read_array(folder: Path, segment_id: str, field: str, name: str) -> NDArray[np.generic]:
    """Memory-map one array of a field."""
    array: NDArray[np.generic] = np.load(array_path(folder, segment_id, field, name), mmap_mode="r")
    return array.view(np.ndarray)


def save_field(folder: Path, segment_id: str, name: str, field: ArrayField) -> None:
    """Save a field's arrays; those that it has no use for are empty and left out."""
    names: dict[str, NDArray[Any]] = {"keys": field.lexicon.blob, "key_offsets": field.lexicon.offsets}
    for array in _ARRAYS:
        values = names[array] if array in names else getattr(field, array)
        if len(values):
            write_array(folder, segment_id, name, array, values)


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
    offsets = np.concatenate(([0], np.cumsum(lengths))).astype(np.int64)
    return Lexicon(np.frombuffer(b"".join(keys), dtype=np.uint8), offsets)


def members_field(members: Mapping[bytes, Iterable[int]]) -> ArrayField:
    """A field of names with their members, without weights or positions."""
    keys = sorted(members)
    groups = [sorted(set(members[key])) for key in keys]
    return ArrayField(
        lexicon_of(keys),
        np.cumsum([0, *map(len, groups)], dtype=np.int64),
        np.array([number for group in groups for number in group], dtype=np.int32),
    )
