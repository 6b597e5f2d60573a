"""The documents of the segment: their metadata, their sections, and the ids that lead to them."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from indexer.engines.whoosh_arrays.segment import SegmentData
from indexer.entries import entries_of, from_stored, section_from_stored
from kb.documents.model import Document, Section
from kb.errors import NotFoundError


class ArrayDocuments:
    """Read from the arrays when they are asked for; metadata stays read."""

    def __init__(self, data: SegmentData) -> None:
        self._data = data
        self._ids, self._former = data.fields["ids"], data.fields["former"]
        self._metadata = functools.cache(self._read_metadata)

    def __len__(self) -> int:
        return len(self._data.document_starts)

    def of_sections(self, sections: Sequence[int]) -> Sequence[tuple[Document, Section]]:
        documents = (self._metadata(self._number_of(section)) for section in sections)
        rows = (self._data.stored_row(section) for section in sections)
        return [
            (document, section_from_stored(document.id, row)) for document, row in zip(documents, rows, strict=True)
        ]

    def texts_of(self, section: int) -> Iterable[str]:
        """What was searched of a section, folded."""
        ((document, found),) = self.of_sections([section])
        return (text for entry in entries_of(replace(document, sections=(found,))) for text in entry.texts.values())

    def get(self, document_id: str) -> Document:
        rank = self._ids.lexicon.find(document_id)
        if rank is None:
            raise NotFoundError(document_id)
        rows = self._data.stored_rows(self._number_of(int(self._ids.term_docs(rank)[0])))
        return from_stored(rows[0]["document"], tuple(section_from_stored(document_id, row) for row in rows))

    def current_id(self, document_id: str) -> str:
        if self._ids.lexicon.find(document_id) is not None:
            return document_id
        rank = self._former.lexicon.find(document_id)
        if rank is None:
            raise NotFoundError(document_id)
        return self._metadata(self._number_of(int(self._former.term_docs(rank)[0]))).id

    def listed(self) -> Sequence[Document]:
        return self._listed

    @functools.cached_property
    def _listed(self) -> tuple[Document, ...]:
        return tuple(map(self._metadata, range(len(self))))

    def _number_of(self, section: int) -> int:
        return int(np.searchsorted(self._data.document_starts, section, side="right")) - 1

    def _read_metadata(self, number: int) -> Document:
        return from_stored(self._data.stored_row(int(self._data.document_starts[number]))["document"])
