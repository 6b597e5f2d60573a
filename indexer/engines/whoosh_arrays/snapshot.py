"""One committed index, opened: its files stay mapped even after a later commit has removed their names."""

from __future__ import annotations

import datetime
import functools
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from whoosh.index import EmptyIndexError, FileIndex

from indexer.engine import IndexInfo, Scope
from indexer.engines.whoosh_arrays.committed import check_sizes, committed_segment
from indexer.engines.whoosh_arrays.documents import ArrayDocuments
from indexer.engines.whoosh_arrays.faceting import Facets
from indexer.engines.whoosh_arrays.lookup import Lookup
from indexer.engines.whoosh_arrays.match import ArrayMatch
from indexer.engines.whoosh_arrays.segment import SegmentData
from indexer.engines.whoosh_arrays.words import ArrayWords
from indexer.engines.whoosh_arrays.writer import INDEX_NAME
from indexer.fields import weights_stamp
from indexer.manifest import Manifest
from indexer.plan import Plan
from kb.errors import IndexStaleError


class Snapshot:
    """The port's Index over the arrays in a folder."""

    def __init__(self, folder: Path) -> None:
        """Raises IndexMissingError, IndexStaleError, and what a file raises that is being replaced or is damaged."""
        self._folder = folder
        self._opened_at = _modified(folder)
        segment, toc, self._storage = committed_segment(folder)
        check_sizes(folder, segment)
        self.manifest = Manifest.from_plain(segment.manifest)
        if self.manifest.weights != weights_stamp():
            raise IndexStaleError(f"{folder}: the index was made by another version of this program")
        self._name, self._files, self._generation = segment.segment_id(), segment.sizes, toc.generation
        data = SegmentData.open(folder, self._name, segment.sizes)
        self.documents = ArrayDocuments(data)
        self._facets = Facets(data.combination_numbers, data.combinations)
        self._document_starts = data.document_starts.astype(np.int64)
        self._lookup = Lookup(
            data.fields["words"],
            data.fields["bigrams"],
            data.fields["synonyms"],
            data.fields["phrases"],
            len(data),
            self.documents.texts_of,
        )
        self.words = ArrayWords(data, self._lookup)

    @functools.cached_property
    def info(self) -> IndexInfo:
        built_at = datetime.datetime.fromisoformat(self.manifest.built_at)
        sizes = len(self.documents), len(self._facets)
        return IndexInfo(self._name, *sizes, built_at, self.manifest.content_digest)

    def is_current(self) -> bool:
        """Whether nothing was committed since this was opened."""
        modified = _modified(self._folder)
        if modified != self._opened_at:  # a file came or went: a commit, or only a build under way
            try:
                if FileIndex(self._storage, indexname=INDEX_NAME).latest_generation() != self._generation:
                    return False
            except (EmptyIndexError, OSError):
                return True
            self._opened_at = modified
        return True

    def attachment(self, name: str) -> Path | None:
        file_name = f"{self._name}.{name}"
        return self._folder / file_name if file_name in self._files else None

    def match(self, plans: Sequence[Plan], scope: Scope) -> Sequence[ArrayMatch]:
        return [ArrayMatch(plan, scope, self._lookup, self._facets, self._document_starts) for plan in plans]


def _modified(folder: Path) -> int:
    """When a file was last added or removed there, ns: cheap enough to ask at every request."""
    try:
        return os.stat(folder).st_mtime_ns
    except OSError:
        return 0
