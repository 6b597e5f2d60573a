"""Rendering and analysing files on all cores: one process for little, a pool for much."""

from __future__ import annotations

import concurrent.futures
import multiprocessing
import os
import pickle
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from indexer.building.ledger import BodyRecord
from indexer.engine import Analyse
from indexer.entries import Entry, entries_of
from indexer.language.analysis import Analyzer
from indexer.language.tokenizer import SudachiTokenizer
from kb.documents.catalog import ContentFile
from kb.library import DocumentLoader

BATCH_BYTES = 400_000  # of Markdown handed to a worker at once: about a second of work, so that progress moves
PARALLEL_BYTES = 4_000_000  # below this, starting worker processes costs more than it saves


def batches_of(files: Iterable[ContentFile]) -> Iterator[list[ContentFile]]:
    """The files in portions of about BATCH_BYTES."""
    batch: list[ContentFile] = []
    size = 0
    for file in files:
        batch.append(file)
        size += file.size
        if size >= BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


@dataclass(slots=True)
class Result:
    """What a worker makes of a portion: the engine's batch, what was learned of each file, and their bytes."""

    batch: Any
    bodies: dict[str, BodyRecord]
    size: int


class Analyst:
    """One worker's tools: a Markdown renderer and a tokenizer are made once and used for every batch."""

    def __init__(self, analyse: Analyse, ids_by_path: dict[str, str], user_dictionary: Path | None) -> None:
        self._analyse = analyse
        self._loader = DocumentLoader(ids_by_path)
        self._analyzer = Analyzer(SudachiTokenizer(user_dictionary))

    def run(self, files: list[ContentFile]) -> Result:
        """Render and analyse some files."""
        bodies: dict[str, BodyRecord] = {}
        entries: list[Entry] = []
        for file in files:
            loaded = self._loader.load(file)
            sections = list(entries_of(loaded.document)) if loaded.is_readable else []
            bodies[file.shown_path] = BodyRecord.of(loaded, len(sections))
            entries += sections
        batch = self._analyse(entries, self._analyzer)
        return Result(batch, bodies, sum(file.size for file in files))


_analyst: Analyst | None = None


def _start_worker(analyse: Analyse, ids_by_path: Path, user_dictionary: Path | None) -> None:
    threading.Thread(target=_end_with_parent, daemon=True).start()
    global _analyst  # noqa: PLW0603 - a process pool has no other place for what a worker keeps
    ids = pickle.loads(ids_by_path.read_bytes())  # noqa: S301 - written by this build
    _analyst = Analyst(analyse, ids, user_dictionary)


def _end_with_parent() -> None:
    """A killed parent cannot tell its workers to stop."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _run_in_worker(files: list[ContentFile]) -> Result:
    assert _analyst is not None
    return _analyst.run(files)


class Workers:
    """Runs batches in order, in this process or in several."""

    def __init__(
        self,
        analyse: Analyse,
        ids_by_path: dict[str, str],
        user_dictionary: Path | None,
        *,
        processes: int,
        scratch: Path,
    ) -> None:
        """`scratch` is a folder for what the processes are to read."""
        self._arguments = analyse, ids_by_path, user_dictionary
        self._processes = processes
        self._scratch = scratch
        self._pool: concurrent.futures.ProcessPoolExecutor | None = None

    def __enter__(self) -> Self:
        if self._processes > 1:
            analyse, ids_by_path, user_dictionary = self._arguments
            # In a file: a worker that dies before it has read what it was sent would leave this process waiting.
            file = self._scratch / "ids-by-path"
            file.write_bytes(pickle.dumps(ids_by_path))
            self._pool = concurrent.futures.ProcessPoolExecutor(
                self._processes,
                mp_context=multiprocessing.get_context("spawn"),  # the same on Windows, and safe beside threads
                initializer=_start_worker,
                initargs=(analyse, file, user_dictionary),
            )
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def run(self, batches: Iterable[list[ContentFile]]) -> Iterator[Result]:
        """The results in the order of the batches."""
        if self._pool is None:
            analyst = Analyst(*self._arguments)
            yield from map(analyst.run, batches)
            return
        waiting: list[concurrent.futures.Future[Result]] = []
        for batch in batches:
            waiting.append(self._pool.submit(_run_in_worker, batch))
            if len(waiting) > 2 * self._processes:  # bounds the results held in memory
                yield waiting.pop(0).result()
        for future in waiting:
            yield future.result()


def processes_for(total_bytes: int) -> int:
    """How many processes so much Markdown is worth."""
    return (os.cpu_count() or 1) if total_bytes > PARALLEL_BYTES else 1
