"""The port's Engine, in memory: what is committed lasts as long as the engine."""

from __future__ import annotations

import shutil
import tempfile
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from indexer.engine import Analyse
from indexer.engines.plain.index import PlainIndex
from indexer.engines.plain.postings import Analysed, analyse
from indexer.manifest import Manifest
from kb.errors import IndexLockedError, IndexMissingError

Documents = dict[str, list[Analysed]]
"""The sections of each document, by its id."""


class PlainEngine:
    """One index in memory, and the files that were committed with it in a folder."""

    analyse: Analyse = staticmethod(analyse)

    def __init__(self, folder: Path) -> None:
        self._lock = threading.Lock()
        self._folder = folder
        self._documents: Documents = {}
        self._index: PlainIndex | None = None
        self._commits = 0

    @property
    def location(self) -> str:
        """See indexer.engine."""
        return str(self._folder)

    def open(self) -> PlainIndex:
        """See indexer.engine."""
        if self._index is None:
            raise IndexMissingError(f"{self.location}: no index")
        return self._index

    def manifest(self) -> Manifest:
        """See indexer.engine."""
        return self.open().manifest

    def attachment(self, name: str) -> Path | None:
        """See indexer.engine."""
        return self._index.attachment(name) if self._index else None

    @contextmanager
    def writer(self) -> Iterator[PlainWriter]:
        """See indexer.engine."""
        if not self._lock.acquire(blocking=False):
            raise IndexLockedError(f"{self.location}: another process is building this index")
        try:
            with tempfile.TemporaryDirectory(prefix="scratch-") as scratch:
                yield PlainWriter(self, dict(self._documents), Path(scratch))
        finally:
            self._lock.release()

    def commit(self, documents: Documents, manifest: Manifest, attachments: Mapping[str, Path]) -> None:
        """Make these documents the index."""
        self._commits += 1
        folder = self._folder / str(self._commits)
        folder.mkdir(parents=True)
        copies = {name: Path(shutil.copyfile(path, folder / name)) for name, path in attachments.items()}
        in_order = sorted(documents.values(), key=lambda sections: sections[0].entry.order)
        sections = [section for document in in_order for section in document]
        self._documents, self._index = documents, PlainIndex(str(self._commits), sections, manifest, copies)


class PlainWriter:
    """The port's Writer."""

    def __init__(self, engine: PlainEngine, documents: Documents, scratch: Path) -> None:
        self._engine, self._documents, self.scratch = engine, documents, scratch

    def clear(self) -> None:
        """See indexer.engine."""
        self._documents = {}

    def add(self, batch: Sequence[Analysed]) -> None:
        """See indexer.engine."""
        document: list[Analysed] = []
        for section in batch:
            if "document" in section.entry.stored:
                document = self._documents[section.entry.id] = []
            document.append(section)

    def remove(self, document_ids: Collection[str]) -> None:
        """See indexer.engine."""
        for document_id in document_ids:
            self._documents.pop(document_id, None)

    def commit(self, manifest: Manifest, attachments: Mapping[str, Path]) -> None:
        """See indexer.engine."""
        self._engine.commit(self._documents, manifest, attachments)
