"""The port's Engine over a folder: a new index is picked up when it is opened the next time."""

from __future__ import annotations

import struct
import threading
import time
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from indexer.engine import Analyse
from indexer.engines.whoosh_arrays.batch import analyse
from indexer.engines.whoosh_arrays.committed import attachment, read_manifest
from indexer.engines.whoosh_arrays.writer import IndexWriter
from indexer.manifest import Manifest
from kb.errors import IndexMissingError, IndexStaleError

if TYPE_CHECKING:
    from indexer.engines.whoosh_arrays.snapshot import Snapshot

OPEN_RETRIES = 20  # a commit may remove files between reading the TOC and mapping them; 20 × 50 ms
_RETRY_SECONDS = 0.05


class WhooshArrays:
    """The index in a folder; many threads and processes may share it."""

    analyse: Analyse = staticmethod(analyse)

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._snapshot: Snapshot | None = None

    def open(self) -> Snapshot:
        """See indexer.engine; the old one stays in use by whoever still holds it."""
        snapshot = self._snapshot
        if snapshot and snapshot.is_current():
            return snapshot
        with self._lock:
            opened = self._snapshot
            if opened and opened.is_current():
                return opened
            try:
                self._snapshot = opened = _opened(self._folder)
            except (IndexMissingError, IndexStaleError):
                if opened is None:
                    raise
                # A newer program is rebuilding: what is open still answers.
            return opened

    @property
    def location(self) -> str:
        """See indexer.engine."""
        return str(self._folder)

    def manifest(self) -> Manifest:
        """See indexer.engine."""
        return read_manifest(self._folder)

    def attachment(self, name: str) -> Path | None:
        """See indexer.engine."""
        return attachment(self._folder, name)

    def writer(self) -> AbstractContextManager[IndexWriter]:
        """See indexer.engine."""
        return IndexWriter(self._folder)


def _opened(folder: Path) -> Snapshot:
    # Only here: a small update would spend a twentieth of its second on what only a search needs.
    from indexer.engines.whoosh_arrays.snapshot import Snapshot  # noqa: PLC0415

    for attempt in range(OPEN_RETRIES):
        try:
            return Snapshot(folder)
        except FileNotFoundError:
            if attempt < OPEN_RETRIES - 1:
                time.sleep(_RETRY_SECONDS)
        except PermissionError as error:
            raise IndexStaleError(f"{folder}: the index cannot be read: {error.strerror}") from error
        except (ValueError, EOFError, struct.error) as error:
            raise IndexStaleError(f"{folder}: the index is damaged ({error})") from error
    raise IndexStaleError(f"{folder}: the index is damaged (a file is missing)")
