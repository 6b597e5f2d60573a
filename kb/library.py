"""A folder of Markdown files as documents: scan (front matter of all), then load (Markdown of one).

Scanning is cheap and comes first, because a link can be resolved only when every file's id is known.
"""

from __future__ import annotations

import datetime
import functools
import hashlib
import os
import re
import time
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from urllib.parse import unquote, urlsplit

from kb.errors import Problem, Severity
from kb.front_matter import CURATED_KINDS, FrontMatter, parse_front_matter
from kb.markdown import LineFinder, MarkdownRenderer, Note
from kb.model import Document, Section, Source

MAX_FILE_BYTES = 4_000_000  # twice the largest of the 14,680 files of the bench corpus
UNREADABLE = "unreadable"
RACY_NANOSECONDS = 2_000_000_000  # a file may change twice within the coarsest clock tick of a file system (FAT: 2 s)
MARKDOWN_SUFFIXES = (".md", ".markdown")
_WEB_SCHEMES = frozenset({"http", "https", "mailto"})


@dataclass(frozen=True)  # no slots, with which unpickling thousands takes ten times as long (as of Python 3.11)
class ContentFile:
    """A readable Markdown file: its front matter, the id it is known by, and its size in bytes."""

    root: str
    path: str
    id: str
    front: FrontMatter
    size: int

    @functools.cached_property
    def shown_path(self) -> str:
        """The path as problems name it: the content folder as given, then the path inside it."""
        return os.path.join(self.root, self.path)

    @property
    def kind(self) -> str:
        return self.front.text("kind") or "internal"

    @property
    def severity(self) -> Severity:
        """What is an error in the curated kinds is a warning in an internal document, which others wrote."""
        return Severity.ERROR if self.kind in CURATED_KINDS else Severity.WARNING


@dataclass(frozen=True)
class ScannedFile:
    """What one look at a file gave: SHA-256 of its bytes, the file if it is readable, and its own problems.

    `stamp` is (size, mtime ns, ctime ns), or None if the file was too young to tell a later change by its times.
    """

    shown_path: str
    stamp: tuple[int, int, int] | None
    digest: str
    file: ContentFile | None
    problems: tuple[Problem, ...]


@dataclass(slots=True)
class Catalog:
    """Every file of the content folders and what is wrong with their front matter; bodies are not kept."""

    roots: tuple[str, ...]
    files: list[ContentFile] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    scanned: dict[str, ScannedFile] = field(default_factory=dict)

    def ids_by_path(self) -> dict[str, str]:
        """Absolute, normalised path of each file → its document id."""
        return {os.path.abspath(file.shown_path): file.id for file in self.files}


@dataclass(frozen=True)
class Reference:
    """A link of one document to a heading of another, checked when all documents are known."""

    path: str
    line: int
    document_id: str
    anchor: str
    severity: Severity


@dataclass(frozen=True, slots=True)
class LoadedDocument:
    """A document with the problems of its body and its references still to be checked."""

    document: Document
    problems: tuple[Problem, ...]
    references: tuple[Reference, ...]
    is_readable: bool = True
    lookups: frozenset[str] = frozenset()


def scan(roots: Sequence[str], known: Mapping[str, ScannedFile] = MappingProxyType({})) -> Catalog:
    """Read the front matter of every Markdown file below `roots`; all problems come back in the catalog.

    A file that is as it was when it got `known` (by shown path) is not read again.
    """
    catalog = Catalog(tuple(roots))
    for root in roots:
        if not os.path.isdir(root):
            catalog.problems.append(Problem(root, 1, "no such folder", "a folder of Markdown files"))
            continue
        for path in _markdown_paths(root, catalog.problems):
            shown = os.path.join(root, path)
            before = known.get(shown)
            if before is None or before.stamp is None or before.stamp != file_stamp(shown):
                before = _scan_file(root, path, before)
            catalog.scanned[shown] = before
            catalog.problems += before.problems
            if before.file:
                catalog.files.append(before.file)
    _check_ids(catalog)
    return catalog


def markdown_files(root: str) -> list[str]:
    """POSIX paths of the Markdown files below `root`, sorted."""
    return list(_markdown_paths(root, []))


def _markdown_paths(root: str, problems: list[Problem]) -> Iterator[str]:
    """POSIX paths below `root`, sorted; folders behind symbolic links and hidden ones are not entered."""

    def unreadable(error: OSError) -> None:
        problems.append(Problem(str(error.filename), 1, f"cannot be read: {error.strerror}", "a readable folder"))

    for folder, folders, names in os.walk(root, onerror=unreadable):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        inside = os.path.relpath(folder, root).replace(os.sep, "/")
        prefix = "" if inside == "." else f"{inside}/"
        for name in sorted(names):
            if name.lower().endswith(MARKDOWN_SUFFIXES) and not name.startswith("."):
                yield f"{prefix}{name}"


def _scan_file(root: str, path: str, before: ScannedFile | None) -> ScannedFile:
    shown = os.path.join(root, path)
    stamp = file_stamp(shown)
    digest = file_digest(shown)
    if os.path.islink(shown) and not _is_inside(shown, root):
        allowed = "links to files of the same folder; name other folders with --content"
        problem = Problem(shown, 1, "a link that leads out of the content folder", allowed)
        return ScannedFile(shown, None, digest, None, (problem,))
    if before and before.file and before.digest == digest != UNREADABLE:
        return replace(before, stamp=stamp)
    try:
        raw = read_bytes(shown)
        text = decode(shown, raw)
    except UnreadableError as error:
        return ScannedFile(shown, None, digest, None, (error.problem,))
    front, problems = parse_front_matter(shown, text)
    front.body = ""  # read again when it is rendered, so that a scan of any size fits in memory
    document_id = front.text("id") or derived_id(path)
    file = ContentFile(root, path, document_id, front, len(raw))
    return ScannedFile(shown, stamp, digest, file, tuple(problems))


def file_stamp(path: str) -> tuple[int, int, int] | None:
    """By which a later look tells whether the file has changed; None if that cannot be told by size and times."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    changed = max(status.st_mtime_ns, status.st_ctime_ns)
    if os.path.islink(path) or time.time_ns() - changed < RACY_NANOSECONDS:
        return None
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns


def file_digest(path: str) -> str:
    """SHA-256 of the file's bytes; UNREADABLE if it cannot or must not be read."""
    try:
        return hashlib.sha256(read_bytes(path)).hexdigest()
    except UnreadableError:
        return UNREADABLE


def _is_inside(path: str, folder: str) -> bool:
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder))


class UnreadableError(Exception):
    """A file that cannot be read, with the problem to report."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem


def read_bytes(path: str) -> bytes:
    """The file's bytes, if it is a regular file of a size that a person could have written; else UnreadableError."""
    try:
        if not os.path.isfile(path):
            raise UnreadableError(Problem(path, 1, "not a regular file or a broken link", "a Markdown file"))
        size = os.path.getsize(path)
        if size > MAX_FILE_BYTES:
            raise UnreadableError(Problem(path, 1, f"file has {size:,} bytes", f"at most {MAX_FILE_BYTES:,}"))
        return Path(path).read_bytes()
    except OSError as error:
        raise UnreadableError(Problem(path, 1, f"cannot be read: {error.strerror}", "a readable file")) from error


def decode(path: str, raw: bytes) -> str:
    """UTF-8 text whose lines end in LF; a byte-order mark is dropped."""
    if b"\0" in raw:
        line = raw.count(b"\n", 0, raw.index(b"\0")) + 1
        raise UnreadableError(Problem(path, line, "binary data (a NUL byte)", "UTF-8 text"))
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        message = f"not UTF-8 (byte 0x{raw[error.start]:02x})"
        raise UnreadableError(Problem(path, line, message, "a file saved as UTF-8")) from error
    return text.replace("\r\n", "\n").replace("\r", "\n")


def derived_id(path: str) -> str:
    """The id of a file that gives none: its name's ASCII words and 6 hex digits of its path's SHA-1."""
    stem = unicodedata.normalize("NFKC", PurePosixPath(path).stem).lower()
    slug = "-".join(re.findall(r"[a-z0-9]+", stem))[:60].strip("-")
    digest = hashlib.sha1(path.encode("utf-8", "surrogateescape"), usedforsecurity=False).hexdigest()[:6]
    return f"{slug}-{digest}" if slug else f"doc-{digest}"


def _check_ids(catalog: Catalog) -> None:
    owners: dict[str, list[ContentFile]] = defaultdict(list)
    for file in catalog.files:
        owners[file.id].append(file)
    for document_id, files in owners.items():
        for file in files if len(files) > 1 else ():
            others = ", ".join(other.shown_path for other in files if other is not file)
            line = file.front.lines.get("id", 1)
            message = f"id {document_id!r} is also used by {others}"
            catalog.problems.append(Problem(file.shown_path, line, message, "each id once in the whole knowledge base"))
    former: dict[str, str] = {}
    for file in catalog.files:
        for old in file.front.texts("former_ids"):
            line = file.front.lines["former_ids"]
            owner = owners[old][0].shown_path if old in owners else former.get(old)
            if owner is not None:
                message = f"former id {old!r} is used by {owner}"
                catalog.problems.append(Problem(file.shown_path, line, message, "an id that nothing else uses"))
            former[old] = file.shown_path
        for other in file.front.texts("related"):
            if other not in owners or other == file.id:
                line = file.front.lines["related"]
                message = f"related {other!r} leads nowhere"
                catalog.problems.append(Problem(file.shown_path, line, message, "ids of other documents"))


class DocumentLoader:
    """Turns scanned files into documents, one after another."""

    def __init__(self, ids_by_path: dict[str, str]) -> None:
        self._ids_by_path = ids_by_path
        self._known_ids = frozenset(ids_by_path.values())
        self._renderer = MarkdownRenderer()

    def load(self, file: ContentFile) -> LoadedDocument:
        """Render the file's body; what cannot be read comes back without sections, and says so."""
        shown = file.shown_path
        try:
            front, _ = parse_front_matter(shown, decode(shown, read_bytes(shown)))
        except UnreadableError as error:
            return LoadedDocument(_to_document(file, file.front, None, ()), (error.problem,), (), is_readable=False)
        targets: list[tuple[str, str, str]] = []
        lookups: set[str] = set()

        def link_target(address: str) -> str | None:
            target, document_id, anchor = self._resolve(shown, file.id, address, lookups)
            if document_id is not None and anchor:
                targets.append((address, document_id, anchor))
            return target

        rendered = self._renderer.render(front.body, link_target, front.text("title") or None)
        sections = tuple(
            Section(
                f"{file.id}#{part.anchor}" if part.anchor else file.id,
                part.anchor,
                part.heading,
                part.level,
                part.path,
                part.html,
            )
            for part in rendered.sections
        )
        offset = front.body_line - 1
        curated = file.kind in CURATED_KINDS

        def problem(note: Note, severity: Severity) -> Problem:
            return Problem(shown, note.line + offset, note.message, note.allowed, severity)

        problems = [problem(rendered.unreadable, Severity.ERROR)] if rendered.unreadable else []
        problems += [problem(note, file.severity) for note in rendered.faults + rendered.dead_links]
        problems += [problem(note, file.severity) for note in rendered.missing_ids if curated]
        anchors = {part.anchor for part in sections}
        problems += [
            Problem(
                shown,
                front.lines["questions"],
                f"no heading {question.anchor!r} for the question {question.text[:40]!r}",
                "the id of a heading of this document",
                file.severity,
            )
            for question in front.texts("questions")
            if question.anchor and question.anchor not in anchors
        ]
        title = front.text("title") or rendered.h1 or next((part.heading for part in sections if part.heading), None)
        if title is None or not (front.text("title") or rendered.h1):
            allowed = "title: … in the front matter, or an H1"
            problems.append(
                Problem(shown, 1, "no title; the first heading or the file's name stands in", allowed, Severity.WARNING)
            )
        document = _to_document(file, front, title, sections)
        finder = LineFinder(front.body)
        references = tuple(
            Reference(shown, finder.line_of(address) + offset, target, anchor, file.severity)
            for address, target, anchor in targets
        )
        readable = rendered.unreadable is None
        return LoadedDocument(document, tuple(problems), references, readable, frozenset(lookups))

    def _resolve(self, shown: str, own_id: str, address: str, lookups: set[str]) -> tuple[str | None, str | None, str]:
        """(address to serve or None, id of the document it names or None, its anchor); notes what it looked up."""
        try:
            parts = urlsplit(address.strip())
        except ValueError:
            return None, None, ""
        anchor = unquote(parts.fragment)
        if parts.scheme in _WEB_SCHEMES:
            return address, None, ""
        if parts.scheme or parts.netloc:
            return None, None, ""
        if not parts.path:
            return (f"#{anchor}", own_id, anchor) if anchor else (None, None, "")
        path = unquote(parts.path)
        if path.startswith("/docs/"):
            document_id: str | None = path.removeprefix("/docs/")
            lookups.add(path.removeprefix("/docs/"))
            document_id = document_id if document_id in self._known_ids else None
        elif path.startswith("/"):
            document_id = None
        else:
            named = os.path.abspath(os.path.join(os.path.dirname(shown), path))
            lookups.add(named)
            document_id = self._ids_by_path.get(named)
        if document_id is None:
            return None, None, ""
        return f"/docs/{document_id}" + (f"#{anchor}" if anchor else ""), document_id, anchor


def _to_document(file: ContentFile, front: FrontMatter, title: str | None, sections: tuple[Section, ...]) -> Document:
    values = front.values
    chapter, pages, source = values.get("chapter"), values.get("guide_pages"), values.get("source")
    updated = values.get("updated")
    return Document(
        id=file.id,
        title=title or PurePosixPath(file.path).stem.encode("utf-8", "surrogateescape").decode("utf-8", "replace"),
        kind=file.kind,
        path=file.path,
        sections=sections,
        chapter=chapter if isinstance(chapter, int) else None,
        roles=front.texts("roles"),
        stages=front.texts("stages"),
        pattern=front.text("pattern") or None,
        guide_pages=pages if isinstance(pages, tuple) else None,
        source=source if isinstance(source, Source) else None,
        questions=front.texts("questions"),
        former_ids=front.texts("former_ids"),
        related=front.texts("related"),
        updated=updated if isinstance(updated, datetime.date) else None,
    )


def check_references(anchors: dict[str, frozenset[str]], references: Iterable[Reference]) -> list[Problem]:
    """A problem for every reference whose document (id → anchors) has no such heading."""
    return [
        Problem(
            reference.path,
            reference.line,
            f"no heading {reference.anchor!r} in {reference.document_id!r}",
            "the id of a heading there",
            reference.severity,
        )
        for reference in references
        if not reference.anchor.startswith(("fn:", "fnref"))
        and reference.anchor not in anchors.get(reference.document_id, frozenset())
    ]


@dataclass(frozen=True, slots=True)
class Library:
    """All documents of the content folders in reading order, with every problem found on the way."""

    documents: tuple[Document, ...]
    problems: tuple[Problem, ...]


def load_library(roots: Sequence[str]) -> Library:
    """Scan and load everything in this process (for checking, and for content of ordinary size)."""
    catalog = scan(roots)
    loader = DocumentLoader(catalog.ids_by_path())
    loaded = [loader.load(file) for file in catalog.files]
    anchors = {item.document.id: anchors_of(item.document) for item in loaded}
    problems = [
        *catalog.problems,
        *(problem for item in loaded for problem in item.problems),
        *check_references(anchors, (reference for item in loaded for reference in item.references)),
    ]
    return Library(tuple(item.document for item in loaded), tuple(sorted(problems)))


def anchors_of(document: Document) -> frozenset[str]:
    """The heading ids of a document."""
    return frozenset(section.anchor for section in document.sections if section.anchor)
