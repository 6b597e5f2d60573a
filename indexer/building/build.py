"""Brings an index up to date with its content folders: scan, analyse on all cores, write beside the old one, commit.

All problems of all files are reported together. An error anywhere means that nothing is committed and the index that is
being served stays (or, when asked to go on, that the files at fault are left out and named).
"""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import BrokenExecutor
from contextlib import contextmanager
from dataclasses import dataclass

from indexer.building.freshness import content_digest
from indexer.building.ledger import BodyRecord, Ledger
from indexer.building.survey import Survey, survey
from indexer.building.workers import Workers, batches_of, processes_for
from indexer.engine import Engine, Writer
from indexer.manifest import USER_DICTIONARY, Manifest
from kb.errors import ContentError, Problem, SearchIndexError, Severity
from kb.library import check_references


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What was built, what was left out, and how long it took.

    `added`, `changed` and `removed` count documents against the index that was there before (none, if it was of
    another version), `analysed` those whose text had to be looked at again.
    """

    documents: int
    sections: int
    added: int
    changed: int
    removed: int
    analysed: int
    problems: tuple[Problem, ...]
    left_out: tuple[str, ...]
    seconds: float


Progress = Callable[[int, int], None]
"""Called with (bytes done, bytes in all)."""


def build(
    roots: Sequence[str],
    engine: Engine,
    *,
    progress: Progress = lambda done, total: None,
    keep_going: bool = False,
    whole: bool = False,
    processes: int | None = None,
) -> BuildReport:
    """Bring the engine's index of `roots` up to date, looking only at files that have changed; or build it `whole`.

    Raises ContentError with every problem when something cannot be indexed; with `keep_going` the files at fault are
    left out instead. Warnings never stop a build. SearchIndexError says that the index cannot be written.
    """
    started = time.perf_counter()
    with _failures_named(engine.location), engine.writer() as writer:
        found = survey(roots, engine, writer.scratch, whole=whole, keep_going=keep_going)
        if not found.is_update:
            writer.clear()
        bodies = {**found.kept, **_analyse(found, engine, writer, progress, processes)}
        problems = [*found.problems, *_problems_of(bodies.values())]
        if not keep_going:
            _raise_errors(problems)
        ledger = found.ledger(bodies)
        writer.remove(set(found.committed.documents) - set(ledger.documents))
        digest = content_digest(roots, found.catalog.scanned)
        if ledger != found.previous or engine.manifest().content_digest != digest:
            manifest = Manifest(*found.stamps, digest, _now(), found.thesaurus)
            writer.commit(manifest, {**found.attachments, **ledger.save(writer.scratch)})
    unreadable = (path for path, body in bodies.items() if not body.is_readable)
    left_out = tuple(sorted((*found.left_out, *unreadable)))
    return _report(found, ledger, tuple(sorted(problems)), left_out, time.perf_counter() - started)


def _analyse(
    found: Survey, engine: Engine, writer: Writer, progress: Progress, processes: int | None
) -> dict[str, BodyRecord]:
    """Render and analyse the outdated files, on all cores if they are many, and add them to the index."""
    outdated = found.outdated()
    done, total = 0, sum(file.size for file in outdated)
    progress(0, total)
    bodies: dict[str, BodyRecord] = {}
    with Workers(
        engine.analyse,
        found.ids_by_path,
        found.attachments.get(USER_DICTIONARY),
        processes=processes or processes_for(total),
        scratch=writer.scratch,
    ) as workers:
        for result in workers.run(batches_of(outdated)):
            bodies |= result.bodies
            writer.add(result.batch)
            done += result.size
            progress(done, total)
    return bodies


def _problems_of(bodies: Iterable[BodyRecord]) -> Iterator[Problem]:
    """What is wrong with the files' texts, and with the links between them."""
    readable = []
    for body in bodies:
        yield from body.problems
        if body.is_readable:
            readable.append(body)
    references = [reference for body in readable for reference in body.references]
    named = {reference.document_id for reference in references}
    anchors = {body.document_id: body.anchor_set() for body in readable if body.document_id in named}
    yield from check_references(anchors, references)


def _report(
    found: Survey, ledger: Ledger, problems: tuple[Problem, ...], left_out: tuple[str, ...], seconds: float
) -> BuildReport:
    outdated = found.outdated()
    known, documents = set(found.committed.documents), set(ledger.documents)
    return BuildReport(
        documents=len(ledger.documents),
        sections=sum(body.sections for body in ledger.bodies.values()),
        added=len(documents - known),
        changed=sum(found.has_changed(file) for file in outdated if file.id in known),
        removed=len(known - documents),
        analysed=len(outdated),
        problems=problems,
        left_out=left_out,
        seconds=seconds,
    )


@contextmanager
def _failures_named(location: str) -> Iterator[None]:
    """What the machine refuses, as an error that says so: a full disk, a read-only folder, too little memory."""
    try:
        yield
    except OSError as error:
        raise SearchIndexError(f"{location}: the index cannot be written: {error.strerror or error}") from error
    except BrokenExecutor as error:
        message = "a process of the build was ended from outside, which a machine short of memory does"
        raise SearchIndexError(f"{location}: {message}") from error


def _raise_errors(problems: Iterable[Problem]) -> None:
    if any(problem.severity is Severity.ERROR for problem in problems):
        raise ContentError(sorted(problems))


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
