"""What an engine brings for building an index."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

from indexer.analysis import Analyzer
from indexer.entries import Entry
from indexer.manifest import Manifest


class Writer(Protocol):
    """An engine's writer: collects batches, then makes them the index in one step."""

    def add(self, batch: Any) -> None:
        """Append what `analyse` made."""

    def commit(
        self, manifest: Mapping[str, Any], attachments: Mapping[str, Path], layout: Sequence[int] | None
    ) -> None:
        """Swap the new index in, with a copy of the `attachments`.

        `layout` names its documents in order: ≥ 0 is a document of the committed index, −1 the next of those added.
        """


class Backend(Protocol):
    """What an engine brings for building; picklable, since workers use `analyse`."""

    def analyse(self, entries: Iterable[Entry], analyzer: Analyzer) -> Any:
        """Everything about some entries that can be computed without the others."""

    def open_writer(self, folder: Path) -> AbstractContextManager[Writer]:
        """A writer that holds the index's lock; IndexLockedError if another process has it."""

    def read_manifest(self, folder: Path) -> Manifest:
        """The committed index's manifest; IndexMissingError if there is none."""

    def attachment(self, folder: Path, name: str) -> Path | None:
        """A file kept beside the committed index; None if there is none, or the index is damaged."""
