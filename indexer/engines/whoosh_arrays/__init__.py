"""A Whoosh index whose postings are memory-mapped arrays, and the engine that scores them with NumPy."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from indexer.analysis import Analyzer
from indexer.engines.whoosh_arrays.batch import AnalysedBatch, analyse
from indexer.engines.whoosh_arrays.committed import attachment, read_manifest
from indexer.engines.whoosh_arrays.writer import IndexWriter
from indexer.entries import Entry
from indexer.manifest import Manifest

if TYPE_CHECKING:
    from indexer.engines.whoosh_arrays.engine import WhooshArraysEngine


@dataclass(frozen=True, slots=True)
class WhooshArraysBackend:
    """What `indexer.build` and the composition root need of this engine."""

    def analyse(self, entries: Iterable[Entry], analyzer: Analyzer) -> AnalysedBatch:
        """See indexer.build.Backend."""
        return analyse(entries, analyzer)

    def open_writer(self, folder: Path) -> IndexWriter:
        """See indexer.build.Backend."""
        return IndexWriter(folder)

    def read_manifest(self, folder: Path) -> Manifest:
        """See indexer.build.Backend."""
        return read_manifest(folder)

    def attachment(self, folder: Path, name: str) -> Path | None:
        """See indexer.build.Backend."""
        return attachment(folder, name)

    def open_engine(self, folder: Path) -> WhooshArraysEngine:
        """The engine over the committed index."""
        # Only here: a small update would spend a twentieth of its second on what only a search needs.
        from indexer.engines.whoosh_arrays.engine import WhooshArraysEngine  # noqa: PLC0415

        return WhooshArraysEngine(folder)


__all__ = ["WhooshArraysBackend"]
