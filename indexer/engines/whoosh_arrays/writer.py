"""Writes an index as one new segment, beside the one being served, and commits it by Whoosh's TOC.

Until the TOC is renamed into place, readers see the old index; files of a run that was killed belong to no TOC and are
removed by the next one. Documents that did not change are taken over from the segment being served.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Collection as Group
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray
from whoosh.filedb.filestore import FileStorage
from whoosh.index import TOC, clean_files

from indexer.engines.whoosh_arrays.arrays import ArrayField
from indexer.engines.whoosh_arrays.batch import AnalysedBatch
from indexer.engines.whoosh_arrays.codec import ArrayCodec, ArraySegment, index_schema
from indexer.engines.whoosh_arrays.collection import Collection
from indexer.engines.whoosh_arrays.postings import IntArray
from indexer.engines.whoosh_arrays.segment import SegmentData
from indexer.manifest import Manifest
from kb.errors import IndexLockedError, SearchIndexError

INDEX_NAME = "MAIN"
_SCRATCH_PREFIX = "building-"
_ADDED = -1


class IndexWriter:
    """Collects batches and commits them as the new index; a context manager that holds the index's lock."""

    def __init__(self, folder: Path) -> None:
        """Raises IndexLockedError when another process is building the index in `folder`."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SearchIndexError(f"{folder}: cannot be an index folder: {error.strerror}") from error
        self._folder = folder
        self._storage = FileStorage(str(folder))
        self._lock = self._storage.lock(f"{INDEX_NAME}_WRITELOCK")
        if not self._lock.acquire():
            raise IndexLockedError(f"{folder}: another process is building this index")
        self._base: ArraySegment | None = None
        try:
            toc = TOC.read(self._storage, INDEX_NAME)
            self._generation, segments = toc.generation, toc.segments
            if segments and isinstance(segments[0], ArraySegment):
                self._base = segments[0]
        except Exception:  # noqa: BLE001 - none, or whatever a damaged TOC makes unpickling raise: begin anew
            self._generation, segments = -1, []
        # What a killed run left behind: files of no committed segment.
        clean_files(self._storage, INDEX_NAME, self._generation, segments)
        _remove_leftovers(folder)
        self.scratch = Path(tempfile.mkdtemp(prefix=_SCRATCH_PREFIX, dir=folder))
        self._segment = ArrayCodec().new_segment(self._storage, INDEX_NAME)
        self._committed = False
        self._added = Collection()
        self._removed: set[str] = set()

    def clear(self) -> None:
        """See indexer.engine."""
        self._base = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._committed:
            for path in self._folder.glob(f"{self._segment.segment_id()}.*"):
                path.unlink()
        _remove_leftovers(self._folder)
        self._lock.release()

    def add(self, batch: AnalysedBatch) -> None:
        """See indexer.engine."""
        self._added.add(batch)

    def remove(self, document_ids: Group[str]) -> None:
        """See indexer.engine."""
        self._removed.update(document_ids)

    def commit(self, manifest: Manifest, attachments: Mapping[str, Path]) -> None:
        """Write the index, then make it the one being served in one rename."""
        name = self._segment.segment_id()
        if self._base is None:
            data = self._added.segment(None)
            data.save(self._folder, name)
            sections = len(data)
        else:
            base = SegmentData.open(self._folder, self._base.segment_id(), self._base.sizes)
            layout = self._layout(base)
            sections = base.save_updated(self._folder, name, self._added.segment(base), layout)
        for attachment, path in attachments.items():
            shutil.copyfile(path, self._folder / f"{name}.{attachment}")
        self._segment.sizes = {path.name: path.stat().st_size for path in self._folder.glob(f"{name}.*")}
        self._segment.set_doc_count(sections)
        self._segment.manifest = json.loads(json.dumps(manifest.to_plain()))
        generation = self._generation + 1
        TOC(index_schema(), [self._segment], generation).write(self._storage, INDEX_NAME)
        self._committed = True
        clean_files(self._storage, INDEX_NAME, generation, [self._segment])

    def _layout(self, base: SegmentData) -> IntArray:
        """The documents in reading order: ≥ 0 is one of the index being served, _ADDED the next of those added."""
        gone = self._removed | {document_id for _, document_id in self._added.documents}
        ids, orders = base.fields["ids"], base.fields["orders"]
        gone_leads = [ids.term_docs(rank)[0] for name in gone if (rank := ids.lexicon.find(name)) is not None]
        stays = np.ones(len(base.document_starts), dtype=bool)
        stays[np.searchsorted(base.document_starts, np.array(gone_leads, dtype=np.int64))] = False
        places = [_place(orders, order, base.document_starts) for order, _ in self._added.documents]
        kept = np.flatnonzero(stays)
        layout = np.concatenate((np.full(len(places), _ADDED), kept))
        return layout[np.argsort(np.concatenate((np.array(places, dtype=np.int64), kept)), kind="stable")]


def _place(orders: ArrayField, order: bytes, document_starts: NDArray[np.int32]) -> int:
    """The number of the first document that is not before this order key."""
    rank = orders.lexicon.lower_bound(order)
    if rank == len(orders.lexicon):
        return len(document_starts)
    return int(np.searchsorted(document_starts, orders.term_docs(rank)[0]))


def _remove_leftovers(folder: Path) -> None:
    """Temporary TOCs and folders of this run or a killed one, which Whoosh's own clean-up does not know."""
    for path in folder.iterdir():
        if ".toc." in path.name:
            path.unlink(missing_ok=True)
        elif path.is_dir() and path.name.startswith((INDEX_NAME, _SCRATCH_PREFIX)):
            shutil.rmtree(path, ignore_errors=True)
