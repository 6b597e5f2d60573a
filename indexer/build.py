"""Builds an index from content folders: scan, analyse on all cores, write beside the old one, commit.

All problems of all files are reported together. An error anywhere means that nothing is committed and the index that is
being served stays (or, when asked to go on, that the files at fault are left out and named).
"""

from __future__ import annotations

import datetime
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import BrokenExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from indexer.backend import Backend
from indexer.fields import weights_stamp
from indexer.ledger import BodyRecord, Ledger, unpacked
from indexer.manifest import LEDGER, LEDGER_CHANGES, USER_DICTIONARY, Manifest
from indexer.thesaurus import Thesaurus, load_thesaurus
from indexer.tokenizer import compile_user_dictionary, dictionary_stamp
from indexer.workers import Workers, batches_of, processes_for
from kb.catalog import Catalog, ContentFile, ScannedFile, find_files, read_files, restamped
from kb.errors import ContentError, Problem, SearchIndexError, Severity
from kb.files import file_digest, markdown_files
from kb.library import Reference, check_references
from kb.vocabulary import KINDS

THESAURUS_FILE = "thesaurus.yaml"
USER_DICTIONARY_FILE = "user_dictionary.csv"
TEMPORARY_PREFIX = "building-"
MAX_CHANGED_SHARE = 0.1  # of the documents may change before average lengths are counted anew


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


def current_stamps(roots: Sequence[str]) -> tuple[str, str, str]:
    """(weights, dictionary, content digest) that an index of `roots` must carry to be fresh."""
    return weights_stamp(), dictionary_stamp(_find(roots, USER_DICTIONARY_FILE)), content_digest(roots)


def content_digest(roots: Sequence[str], scanned: Mapping[str, ScannedFile] | None = None) -> str:
    """SHA-256 over the names and bytes of everything that goes into an index; of Markdown as it was `scanned`."""
    total = hashlib.sha256()
    for root in roots:
        prefix = os.path.join(root, "")
        if scanned is None:
            files = [(path, file_digest(prefix + path)) for path in markdown_files(root)]
        else:
            begin = len(prefix)
            files = [(shown[begin:], file.digest) for shown, file in scanned.items() if shown.startswith(prefix)]
        files += [(name, file_digest(prefix + name)) for name in (THESAURUS_FILE, USER_DICTIONARY_FILE)]
        lines = "".join(f"{path}\0{digest}\n" for path, digest in sorted(files))
        total.update(lines.encode("utf-8", "surrogateescape"))
    return total.hexdigest()


def is_stale(manifest: Manifest, roots: Sequence[str]) -> bool:
    """Whether content, dictionary, schema or weights differ from what the index was made of."""
    return (manifest.weights, manifest.dictionary, manifest.content_digest) != current_stamps(roots)


def check_extras(roots: Sequence[str]) -> tuple[Thesaurus, Path | None, list[Problem]]:
    """The thesaurus and the user dictionary of the content folders (the first of each), and what is wrong with them."""
    problems: list[Problem] = []
    thesaurus = Thesaurus()
    if path := _find(roots, THESAURUS_FILE):
        try:
            thesaurus = load_thesaurus(path)
        except ContentError as error:
            problems += error.problems
    user_dictionary = _find(roots, USER_DICTIONARY_FILE)
    return thesaurus, user_dictionary, problems


def _find(roots: Sequence[str], name: str) -> Path | None:
    return next((path for root in roots if os.path.lexists(path := Path(root, name))), None)


def build(
    roots: Sequence[str],
    folder: Path,
    backend: Backend,
    *,
    progress: Progress = lambda done, total: None,
    keep_going: bool = False,
    whole: bool = False,
    processes: int | None = None,
) -> BuildReport:
    """Bring the index of `roots` in `folder` up to date, looking only at files that have changed; or build it `whole`.

    Raises ContentError with every problem when something cannot be indexed; with `keep_going` the files at fault are
    left out instead. Warnings never stop a build. SearchIndexError says that the index cannot be written.
    """
    started = time.perf_counter()
    with _failures_named(folder), backend.open_writer(folder) as writer, _temporary_folder(folder) as temporary:
        stamps = weights_stamp(), dictionary_stamp(_find(roots, USER_DICTIONARY_FILE))
        committed, catalog = _looked_at(roots, folder, backend, stamps, whole=whole)
        previous = Ledger() if whole else committed  # from which to take over; what has changed is told by `committed`
        thesaurus, user_source, problems = check_extras(roots)
        problems += catalog.problems
        attachments: dict[str, Path] = {}
        if user_source:
            try:
                compiled = None if whole else _kept_dictionary(backend, folder, stamps[1])
                if compiled is None and compile_user_dictionary(user_source, Path(temporary, USER_DICTIONARY)):
                    compiled = Path(temporary, USER_DICTIONARY)
                if compiled is not None:
                    attachments[USER_DICTIONARY] = compiled
            except ContentError as error:
                problems += error.problems
        files, left_out = _without_faults(catalog, problems, keep_going=keep_going)
        ids_by_path = Catalog(catalog.roots, files).ids_by_path()
        bodies = previous.reusable((catalog.scanned[file.shown_path] for file in files), ids_by_path)
        if not _is_worth_updating(previous, bodies, files):
            bodies = {}
        is_update = bool(bodies)
        to_analyse = [file for file in files if file.shown_path not in bodies]
        done, total = 0, sum(file.size for file in to_analyse)
        progress(0, total)
        with Workers(
            backend,
            ids_by_path,
            attachments.get(USER_DICTIONARY),
            processes=processes or processes_for(total),
            temporary=Path(temporary),
        ) as workers:
            for result in workers.run(batches_of(to_analyse)):
                bodies |= result.bodies
                writer.add(result.batch)
                done += result.size
                progress(done, total)
        readable: dict[str, BodyRecord] = {}
        references: list[Reference] = []
        for path, body in bodies.items():
            problems += body.problems
            if body.is_readable:
                readable[catalog.scanned[path].shown_path] = body
                references += body.references
            else:
                left_out.append(path)
        named = {reference.document_id for reference in references}
        anchors = {body.document_id: body.anchor_set() for body in readable.values() if body.document_id in named}
        problems += check_references(anchors, references)
        if not keep_going:
            _raise_errors(problems)
        documents = [file.id for file in files if file.shown_path in readable]
        analysed = {file.id for file in to_analyse}
        known = set(committed.documents)
        ledger = Ledger(
            stamps,
            tuple(documents),
            previous.changed + len(analysed) if is_update else 0,
            restamped(catalog.scanned),
            readable,
            ids_by_path,
            previous.base if is_update else None,
            previous.base_path,
        )
        digest = content_digest(roots, catalog.scanned)
        if ledger != previous or backend.read_manifest(folder).content_digest != digest:
            kept = ["" if name in analysed else name for name in documents]
            layout = previous.numbers(kept) if is_update else None
            manifest = Manifest(*stamps, digest, _now(), thesaurus)
            writer.commit(manifest.to_plain(), attachments | ledger.save(Path(temporary)), layout)
    return BuildReport(
        documents=len(documents),
        sections=sum(body.sections for body in readable.values()),
        added=len(set(documents) - known),
        changed=sum(_has_changed(file, committed, catalog) for file in to_analyse if file.id in known),
        removed=len(known - set(documents)),
        analysed=len(analysed),
        problems=tuple(sorted(problems)),
        left_out=tuple(sorted(left_out)),
        seconds=time.perf_counter() - started,
    )


def _looked_at(
    roots: Sequence[str], folder: Path, backend: Backend, stamps: tuple[str, str], *, whole: bool
) -> tuple[Ledger, Catalog]:
    """The ledger of the committed index and the files as they are now, each read again if the build is to be `whole`.

    The ledger is unpacked beside the listing, which takes as long.
    """
    base, changes = (backend.attachment(folder, name) for name in (LEDGER, LEDGER_CHANGES))
    with ThreadPoolExecutor() as threads:
        base_bytes, changed_bytes = (threads.submit(unpacked, path) for path in (base, changes))
        found, problems = find_files(roots)
    committed = Ledger.load(base, base_bytes.result(), changed_bytes.result(), stamps)
    return committed, read_files(roots, found, problems, {} if whole else committed.scanned)


def _kept_dictionary(backend: Backend, folder: Path, stamp: str) -> Path | None:
    """The compiled user dictionary beside the committed index, if it is the same: compiling takes seconds."""
    try:
        is_same = backend.read_manifest(folder).dictionary == stamp
    except SearchIndexError:
        return None
    return backend.attachment(folder, USER_DICTIONARY) if is_same else None


def _is_worth_updating(previous: Ledger, kept: Mapping[str, BodyRecord], files: Sequence[ContentFile]) -> bool:
    """Whether most documents can stay as they are, in the order that they have.

    Average lengths are those of the last whole build; it is due again when too much has changed since.
    """
    numbers = previous.numbers([file.id for file in files if file.shown_path in kept])
    changed = previous.changed + len(files) - len(kept)
    return changed <= MAX_CHANGED_SHARE * len(previous.documents) and numbers == sorted(numbers)


def _has_changed(file: ContentFile, previous: Ledger, catalog: Catalog) -> bool:
    before = previous.scanned.get(file.shown_path)
    return before is None or before.digest != catalog.scanned[file.shown_path].digest


@contextmanager
def _failures_named(folder: Path) -> Iterator[None]:
    """What the machine refuses, as an error that says so: a full disk, a read-only folder, too little memory."""
    try:
        yield
    except OSError as error:
        raise SearchIndexError(f"{folder}: the index cannot be written: {error.strerror or error}") from error
    except BrokenExecutor as error:
        message = "a process of the build was ended from outside, which a machine short of memory does"
        raise SearchIndexError(f"{folder}: {message}") from error


@contextmanager
def _temporary_folder(index: Path) -> Iterator[str]:
    """A folder beside the index, where the next build finds and removes what a killed one left."""
    for leftover in index.glob(f"{TEMPORARY_PREFIX}*"):
        shutil.rmtree(leftover, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=TEMPORARY_PREFIX, dir=index) as temporary:
        yield temporary


def _raise_errors(problems: Iterable[Problem]) -> None:
    if any(problem.severity is Severity.ERROR for problem in problems):
        raise ContentError(sorted(problems))


def _without_faults(
    catalog: Catalog, problems: list[Problem], *, keep_going: bool
) -> tuple[list[ContentFile], list[str]]:
    """The files to index in reading order, and the paths of those left out because of an error in their front matter.

    Without `keep_going` nothing is left out: the build goes on to find every other problem, and fails in the end.
    """
    faulty = {problem.path for problem in problems if problem.severity is Severity.ERROR} if keep_going else set()
    kept: dict[str, ContentFile] = {}
    for file in catalog.files:
        if file.shown_path not in faulty:
            kept.setdefault(file.id, file)
    return sorted(kept.values(), key=_reading_order), sorted(faulty)


_KIND_ORDER = {kind: number for number, kind in enumerate(KINDS)}


def _reading_order(file: ContentFile) -> tuple[int, int, int, str]:
    """Guide by chapter and page, then cases, glossary, internal documents: the order of "sort by page"."""
    chapter = file.front.values.get("chapter", 0)
    pages = file.front.values.get("guide_pages")
    first_page = pages[0] if isinstance(pages, tuple) else 10_000
    return _KIND_ORDER[file.kind], chapter if isinstance(chapter, int) else 0, first_page, file.path


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
