"""What a build finds before it analyses anything: the files as they are, what the last build knew, what may stay."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from indexer.building.freshness import program_stamps, read_extras
from indexer.building.ledger import BodyRecord, Ledger, unpacked
from indexer.engine import Engine
from indexer.language.thesaurus import Thesaurus
from indexer.language.tokenizer import compile_user_dictionary
from indexer.manifest import LEDGER, LEDGER_CHANGES, USER_DICTIONARY
from kb.documents.catalog import Catalog, ContentFile, find_files, read_files, restamped
from kb.errors import ContentError, Problem, SearchIndexError, Severity

MAX_CHANGED_SHARE = 0.1  # of the documents may change before average lengths are counted anew


@dataclass(frozen=True, slots=True)
class Survey:
    """`files` are those to index, in reading order; `kept` says by shown path what stays known of them.

    `committed` is the ledger of the index that is there, `previous` the one to take over from (an empty one, if
    everything is to be built anew). Files at fault are in `left_out`, where a build is to go on without them.
    """

    catalog: Catalog
    stamps: tuple[str, str]
    thesaurus: Thesaurus
    attachments: Mapping[str, Path]
    problems: tuple[Problem, ...]
    files: tuple[ContentFile, ...]
    left_out: tuple[str, ...]
    ids_by_path: dict[str, str]
    committed: Ledger
    previous: Ledger
    kept: Mapping[str, BodyRecord]

    @property
    def is_update(self) -> bool:
        """Whether the committed index is the beginning of the next."""
        return bool(self.kept)

    def outdated(self) -> list[ContentFile]:
        """The files that have to be analysed."""
        return [file for file in self.files if file.shown_path not in self.kept]

    def ledger(self, bodies: Mapping[str, BodyRecord]) -> Ledger:
        """The ledger of the next index, given what is known of all files' bodies now."""
        scanned = self.catalog.scanned
        readable = {scanned[path].shown_path: body for path, body in bodies.items() if body.is_readable}
        return Ledger(
            self.stamps,
            tuple(file.id for file in self.files if file.shown_path in readable),
            self.previous.changed + len(self.outdated()) if self.is_update else 0,
            restamped(scanned),
            readable,
            self.ids_by_path,
            self.previous.base if self.is_update else None,
            self.previous.base_path,
        )

    def has_changed(self, file: ContentFile) -> bool:
        """Whether a file has other bytes than when the committed index was built."""
        before = self.committed.scanned.get(file.shown_path)
        return before is None or before.digest != self.catalog.scanned[file.shown_path].digest


def survey(roots: Sequence[str], engine: Engine, scratch: Path, *, whole: bool, keep_going: bool) -> Survey:
    """Look at everything; files that have not changed are not read, unless the build is to be `whole`."""
    stamps = program_stamps(roots)
    committed, catalog = _looked_at(roots, engine, stamps, whole=whole)
    extras = read_extras(roots)
    problems = [*extras.problems, *catalog.problems]
    attachments: dict[str, Path] = {}
    try:
        if extras.user_dictionary:
            attachments = _compiled(extras.user_dictionary, engine, scratch, stamps[1], whole=whole)
    except ContentError as error:
        problems += error.problems
    files, left_out = _without_faults(catalog, problems, keep_going=keep_going)
    ids_by_path = Catalog(catalog.roots, files).ids_by_path()
    previous = Ledger() if whole else committed
    kept = previous.reusable((catalog.scanned[file.shown_path] for file in files), ids_by_path)
    if previous.changed + len(files) - len(kept) > MAX_CHANGED_SHARE * len(previous.documents):
        kept = {}
    return Survey(
        catalog,
        stamps,
        extras.thesaurus,
        attachments,
        tuple(problems),
        tuple(files),
        tuple(left_out),
        ids_by_path,
        committed,
        previous,
        kept,
    )


def _looked_at(roots: Sequence[str], engine: Engine, stamps: tuple[str, str], *, whole: bool) -> tuple[Ledger, Catalog]:
    """The ledger of the committed index and the files as they are now.

    The ledger is unpacked beside the listing, which takes as long.
    """
    base, changes = (engine.attachment(name) for name in (LEDGER, LEDGER_CHANGES))
    with ThreadPoolExecutor() as threads:
        base_bytes, changed_bytes = (threads.submit(unpacked, path) for path in (base, changes))
        found, problems = find_files(roots)
    committed = Ledger.load(base, base_bytes.result(), changed_bytes.result(), stamps)
    return committed, read_files(roots, found, problems, {} if whole else committed.scanned)


def _compiled(source: Path, engine: Engine, scratch: Path, stamp: str, *, whole: bool) -> dict[str, Path]:
    """The compiled user dictionary, by name: the committed one if it is the same, since compiling takes seconds."""
    try:
        is_same = not whole and engine.manifest().dictionary == stamp
    except SearchIndexError:
        is_same = False
    if is_same and (committed := engine.attachment(USER_DICTIONARY)):
        return {USER_DICTIONARY: committed}
    target = scratch / USER_DICTIONARY
    return {USER_DICTIONARY: target} if compile_user_dictionary(source, target) else {}


def _without_faults(
    catalog: Catalog, problems: Sequence[Problem], *, keep_going: bool
) -> tuple[list[ContentFile], list[str]]:
    """The files to index in reading order, and the paths of those left out because of an error in their front matter.

    Without `keep_going` nothing is left out: the build goes on to find every other problem, and fails in the end.
    """
    faulty = {problem.path for problem in problems if problem.severity is Severity.ERROR} if keep_going else set()
    kept: dict[str, ContentFile] = {}
    for file in catalog.files:
        if file.shown_path not in faulty:
            kept.setdefault(file.id, file)
    return sorted(kept.values(), key=lambda file: file.order), sorted(faulty)
