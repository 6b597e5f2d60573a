"""Binds the ports to the one engine there is. Nothing else in the project names it."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from indexer.build import BuildReport, Progress, build, is_stale
from indexer.engines.whoosh_arrays import WhooshArraysBackend
from kb.errors import SearchIndexError
from kb.model import Document
from webui.settings import Settings

if TYPE_CHECKING:
    from indexer.engine import IndexInfo, SearchEngine, SearchPage, SearchRequest, Suggestion

BACKEND = WhooshArraysBackend()


def open_engine(settings: Settings) -> SearchEngine:
    """The engine over the committed index; IndexMissingError or IndexStaleError if there is none to open."""
    return BACKEND.open_engine(settings.index)


def index_is_fresh(settings: Settings) -> bool:
    """Whether the index was made of exactly this content by exactly this program and dictionary."""
    try:
        return not is_stale(BACKEND.read_manifest(settings.index), settings.content) and index_exists(settings)
    except SearchIndexError:
        return False


def index_exists(settings: Settings) -> bool:
    """Whether there is an index that this program can serve, stale or not."""
    try:
        open_engine(settings)
    except SearchIndexError:
        return False
    return True


def build_index(
    settings: Settings,
    progress: Progress = lambda done, total: None,
    *,
    keep_going: bool = False,
    whole: bool = False,
) -> BuildReport:
    """Bring the index of the settings' content up to date; see indexer.build.build for errors."""
    return build(settings.content, settings.index, BACKEND, progress=progress, keep_going=keep_going, whole=whole)


class LazyEngine:
    """Opens the engine at first use, so that a server can start before its index exists (and say 503 until then)."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._engine: SearchEngine | None = None
        self._lock = threading.Lock()

    def _open(self) -> SearchEngine:
        if self._engine is None:
            with self._lock:
                if self._engine is None:
                    self._engine = open_engine(self._settings)
        return self._engine

    def search(self, request: SearchRequest) -> SearchPage:
        """See SearchEngine."""
        return self._open().search(request)

    def suggest(self, prefix: str, filters: Mapping[str, tuple[str, ...]], limit: int) -> Sequence[Suggestion]:
        """See SearchEngine."""
        return self._open().suggest(prefix, filters, limit)

    def document(self, document_id: str) -> Document:
        """See SearchEngine."""
        return self._open().document(document_id)

    def current_id(self, document_id: str) -> str:
        """See SearchEngine."""
        return self._open().current_id(document_id)

    def documents(self) -> Sequence[Document]:
        """See SearchEngine."""
        return self._open().documents()

    def matches(self, q: str, html: str) -> str:
        """See SearchEngine."""
        return self._open().matches(q, html)

    def info(self) -> IndexInfo:
        """See SearchEngine."""
        return self._open().info()
