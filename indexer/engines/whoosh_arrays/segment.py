"""A whole segment as arrays: made by the writer or mapped from files, and saved, as it is or with other documents."""

from __future__ import annotations

import concurrent.futures
import json
from collections.abc import Callable, Container, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from indexer.engines.whoosh_arrays.arrays import (
    ArrayField,
    IntArray,
    Pieces,
    open_field,
    read_array,
    save_field,
    write_array,
)
from indexer.engines.whoosh_arrays.splicing import GONE, Members, Spliced, reorder_rows, splice
from indexer.engines.whoosh_arrays.stored import unpack_rows

SECTION_FIELDS = ("words", "bigrams", "ids", "former", "orders", "phrases")
"""Names whose members are sections: terms, pairs of characters, texts to suggest; ids, former ids and order keys of
documents, whose members are their leads."""
NAMED_BY = {"readings": "words", "synonyms": "words", "phrase_readings": "phrases"}
"""Names whose members are ranks of another field: katakana of words, synonym groups, katakana of texts to suggest."""


@dataclass(frozen=True, slots=True)
class SegmentData:
    """Everything that one segment holds.

    fields               by name, see SECTION_FIELDS and NAMED_BY
    combination_numbers  int32 [sections]: which of the combinations of facet values each section has
    combinations         uint8 [combinations, values of all facets]: 1 where a value is held
    document_starts      int32 [documents]: first section of each document, which is its lead
    stored_starts        int64 [documents + 1] into stored: what `unpack_rows` takes
    dictionary           uint8 [bytes]: what `stored` was packed with
    averages             float64 [text fields]: average lengths that the impacts were computed with
    """

    fields: Mapping[str, ArrayField]
    combination_numbers: NDArray[np.int32]
    combinations: NDArray[np.uint8]
    document_starts: NDArray[np.int32]
    stored_starts: IntArray
    stored: NDArray[np.uint8]
    dictionary: NDArray[np.uint8]
    averages: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.combination_numbers)

    def stored_row(self, section: int) -> dict[str, Any]:
        """What a page shows of a section."""
        document = int(np.searchsorted(self.document_starts, section, side="right")) - 1
        row: dict[str, Any] = json.loads(self._packed_rows(document)[section - self.document_starts[document]])
        return row

    def stored_rows(self, document: int) -> list[dict[str, Any]]:
        """What a page shows of each section of a document, its lead first."""
        return [json.loads(row) for row in self._packed_rows(document)]

    def _packed_rows(self, document: int) -> list[bytes]:
        first, last = self.stored_starts[document], self.stored_starts[document + 1]
        return unpack_rows(self.stored[first:last].tobytes(), self.dictionary.tobytes())

    def save(self, folder: Path, segment_id: str) -> None:
        """Write every array to a file of its own."""
        with _saving() as run:
            for name, field in self.fields.items():
                run(save_field, folder, segment_id, name, field.arrays())
            for name in _SECTION_ARRAYS:
                run(write_array, folder, segment_id, "sections", name, [getattr(self, name)])

    @classmethod
    def open(cls, folder: Path, segment_id: str, saved: Container[str]) -> SegmentData:
        """Map every array of a segment whose files are `saved`; FileNotFoundError if a later commit removed it."""
        fields = {name: open_field(folder, segment_id, name, saved) for name in (*SECTION_FIELDS, *NAMED_BY)}
        arrays = [read_array(folder, segment_id, "sections", name) for name in _SECTION_ARRAYS]
        return cls(fields, *cast(list[Any], arrays))

    def save_updated(self, folder: Path, segment_id: str, added: SegmentData, layout: IntArray) -> int:
        """Write the arrays of a new segment: this one's with other documents. How many sections that has comes back.

        `layout` names the new documents in order: those ≥ 0 are this segment's, ascending; a −1 is the next of `added`.
        It keeps this segment's average lengths and dictionary, with which `added` was made too.
        """
        starts = np.append(self.document_starts, len(self))
        added_starts = np.append(added.document_starts, len(added)) + len(self)
        from_added = layout < 0
        firsts, lasts = np.empty(len(layout), dtype=np.int64), np.empty(len(layout), dtype=np.int64)
        firsts[~from_added], lasts[~from_added] = starts[layout[~from_added]], starts[layout[~from_added] + 1]
        firsts[from_added], lasts[from_added] = added_starts[:-1], added_starts[1:]
        sizes = lasts - firsts
        document_starts = np.concatenate(([0], np.cumsum(sizes)))
        rows = np.repeat(firsts - document_starts[:-1], sizes) + np.arange(sizes.sum())
        numbers = np.full(len(self) + len(added), GONE, dtype=np.int32)
        numbers[rows] = np.arange(len(rows))
        stored_starts, stored = reorder_rows(
            np.concatenate((self.stored_starts, self.stored_starts[-1] + added.stored_starts[1:])),
            self.stored,
            added.stored,
            np.where(from_added, len(self.document_starts) + np.cumsum(from_added) - 1, layout),
        )
        numbers_of_added = added.combination_numbers + np.int32(len(self.combinations))
        combinations, combination_numbers = _merged(
            np.concatenate((self.combinations, added.combinations)),
            np.concatenate((self.combination_numbers, numbers_of_added))[rows],
        )
        section_arrays: dict[str, Pieces] = {
            "combination_numbers": [combination_numbers],
            "combinations": [combinations],
            "document_starts": [document_starts[:-1].astype(np.int32)],
            "stored_starts": [stored_starts],
            "stored": stored,
            "dictionary": [self.dictionary],
            "averages": [self.averages],
        }

        def spliced(name: str, old: Members, new: Members) -> Spliced:
            return splice(self.fields[name], added.fields[name], old, new)

        def save_spliced(name: str, old: Members, new: Members) -> None:
            save_field(folder, segment_id, name, spliced(name, old, new).arrays)

        with _saving() as run:
            of_sections = numbers[: len(self)], numbers[len(self) :]
            under_way = {name: run(spliced, name, *of_sections) for name in SECTION_FIELDS}
            for name in _SECTION_ARRAYS:
                run(write_array, folder, segment_id, "sections", name, section_arrays[name])
            for name, future in under_way.items():
                done: Spliced = future.result()
                for named, by in NAMED_BY.items():
                    if by == name:
                        run(save_spliced, named, done.old_ranks, done.added_ranks)
                run(save_field, folder, segment_id, name, done.arrays)
        return len(rows)


def _merged(combinations: NDArray[np.uint8], numbers: NDArray[np.int32]) -> tuple[NDArray[np.uint8], NDArray[np.int32]]:
    """The combinations that some section has, each once, and which of them each section has."""
    used = np.flatnonzero(np.bincount(numbers, minlength=len(combinations)))
    distinct, places = np.unique(combinations[used], axis=0, return_inverse=True)
    renumbered = np.zeros(len(combinations), dtype=np.int32)
    renumbered[used] = places.ravel()
    return distinct, renumbered[numbers]


@contextmanager
def _saving() -> Iterator[Callable[..., concurrent.futures.Future[Any]]]:
    """Runs functions beside each other: NumPy lets go of the interpreter where it copies, and so does a file."""
    futures: list[concurrent.futures.Future[Any]] = []
    with concurrent.futures.ThreadPoolExecutor() as threads:

        def run(function: Callable[..., Any], *arguments: Any) -> concurrent.futures.Future[Any]:
            futures.append(threads.submit(function, *arguments))
            return futures[-1]

        yield run
    for future in futures:
        future.result()


_SECTION_ARRAYS = (
    "combination_numbers",
    "combinations",
    "document_starts",
    "stored_starts",
    "stored",
    "dictionary",
    "averages",
)
