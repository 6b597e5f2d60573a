"""A whole segment as arrays: made by the writer or mapped from files, saved, and updated from another one."""

from __future__ import annotations

import concurrent.futures
import json
from collections.abc import Container, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from indexer.engines.whoosh_arrays.arrays import ArrayField, IntArray, open_field, read_array, save_field, write_array
from indexer.engines.whoosh_arrays.splicing import GONE, reorder_rows, splice
from indexer.engines.whoosh_arrays.stored import unpack_rows

SECTION_FIELDS = ("words", "bigrams", "ids", "former", "phrases")
"""Names whose members are sections: terms, pairs of characters, ids of documents, former ids, texts to suggest."""
NAMED_BY = {"readings": "words", "synonyms": "words", "phrase_readings": "phrases"}
"""Names whose members are ranks of another field: katakana of words, synonym groups, katakana of texts to suggest."""


@dataclass(frozen=True, slots=True)
class SegmentData:
    """Everything that one segment holds.

    fields          by name, see SECTION_FIELDS and NAMED_BY
    facets          uint8 [sections, facets]: a bit for each value
    document_starts int32 [documents]: first section of each document, which is its lead
    stored_starts   int64 [documents + 1] into stored: what `unpack_rows` takes
    dictionary      uint8 [bytes]: what `stored` was packed with
    averages        float64 [text fields]: average lengths that the impacts were computed with
    """

    fields: Mapping[str, ArrayField]
    facets: NDArray[np.uint8]
    document_starts: NDArray[np.int32]
    stored_starts: IntArray
    stored: NDArray[np.uint8]
    dictionary: NDArray[np.uint8]
    averages: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.facets)

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
        with concurrent.futures.ThreadPoolExecutor() as threads:
            saving = [threads.submit(save_field, folder, segment_id, *item) for item in self.fields.items()]
            arrays = ((name, getattr(self, name)) for name in _SECTION_ARRAYS)
            saving += [threads.submit(write_array, folder, segment_id, "sections", *item) for item in arrays]
            for one in saving:
                one.result()

    @classmethod
    def open(cls, folder: Path, segment_id: str, saved: Container[str]) -> SegmentData:
        """Map every array of a segment whose files are `saved`; FileNotFoundError if a later commit removed it."""
        fields = {name: open_field(folder, segment_id, name, saved) for name in (*SECTION_FIELDS, *NAMED_BY)}
        arrays = [read_array(folder, segment_id, "sections", name) for name in _SECTION_ARRAYS]
        return cls(fields, *cast(list[Any], arrays))

    def updated(self, added: SegmentData, layout: IntArray) -> SegmentData:
        """The segment with other documents.

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
        old, new = numbers[: len(self)], numbers[len(self) :]
        with concurrent.futures.ThreadPoolExecutor() as threads:  # NumPy lets go of the interpreter where it copies
            spliced = dict(
                zip(
                    SECTION_FIELDS,
                    threads.map(lambda name: splice(self.fields[name], added.fields[name], old, new), SECTION_FIELDS),
                    strict=True,
                )
            )
        for name, by in NAMED_BY.items():
            ranks = spliced[by]
            spliced[name] = splice(self.fields[name], added.fields[name], ranks.old_ranks, ranks.added_ranks)
        stored_starts, stored = reorder_rows(
            np.concatenate((self.stored_starts, self.stored_starts[-1] + added.stored_starts[1:])),
            self.stored,
            added.stored,
            np.where(from_added, len(self.document_starts) + np.cumsum(from_added) - 1, layout),
        )
        return SegmentData(
            {name: item.field for name, item in spliced.items()},
            np.concatenate((self.facets, added.facets))[rows],
            document_starts[:-1].astype(np.int32),
            stored_starts,
            stored,
            self.dictionary,
            self.averages,
        )


_SECTION_ARRAYS = ("facets", "document_starts", "stored_starts", "stored", "dictionary", "averages")
