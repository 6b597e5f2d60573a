"""The SearchEngine over a Whoosh index of arrays. A new index is picked up between two requests, never within one."""

from __future__ import annotations

import struct
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from indexer.engine import IndexInfo, SearchPage, SearchRequest, Suggestion
from indexer.engines.whoosh_arrays.snapshot import Snapshot
from kb.errors import IndexMissingError, IndexStaleError
from kb.model import Document

OPEN_RETRIES = 20  # a commit may remove files between reading the TOC and mapping them; 20 × 50 ms
_RETRY_SECONDS = 0.05


class WhooshArraysEngine:
    """Serves the index in a folder; many threads and processes may share one folder."""

    def __init__(self, folder: Path) -> None:
        """Raises IndexMissingError or IndexStaleError (built by another schema or dictionary)."""
        self._folder = folder
        self._lock = threading.Lock()
        self._snapshot = _open_snapshot(folder)

    def _current(self) -> Snapshot:
        """The newest index; the old one stays in use by whoever still holds it."""
        snapshot = self._snapshot
        if snapshot.is_current():
            return snapshot
        with self._lock:
            if self._snapshot.is_current():
                return self._snapshot
            try:
                self._snapshot = _open_snapshot(self._folder)
            except (IndexMissingError, IndexStaleError):
                return self._snapshot  # a newer program is rebuilding: what we have open still answers
            return self._snapshot

    def search(self, request: SearchRequest) -> SearchPage:
        """See SearchEngine."""
        return self._current().search(request)

    def suggest(self, prefix: str, filters: Mapping[str, tuple[str, ...]], limit: int) -> Sequence[Suggestion]:
        """See SearchEngine."""
        return self._current().suggest(prefix, filters, limit)

    def document(self, document_id: str) -> Document:
        """See SearchEngine."""
        return self._current().document(document_id)

    def current_id(self, document_id: str) -> str:
        """See SearchEngine."""
        return self._current().current_id(document_id)

    def documents(self) -> Sequence[Document]:
        """See SearchEngine."""
        return self._current().documents()

    def matches(self, q: str, html: str) -> str:
        """See SearchEngine."""
        return self._current().matches(q, html)

    def info(self) -> IndexInfo:
        """See SearchEngine."""
        return self._current().info()


def _open_snapshot(folder: Path) -> Snapshot:
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
