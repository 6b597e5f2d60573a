"""Documents: the Markdown of scanned files rendered one by one, and the links between them checked."""

from __future__ import annotations

import datetime
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from kb.documents.catalog import ContentFile, scan
from kb.documents.files import UnreadableError, read_text
from kb.documents.front_matter import CURATED_KINDS, body_of
from kb.documents.model import Document, Section, Source, section_id
from kb.errors import Problem, Severity
from kb.formats.markdown import MarkdownRenderer
from kb.formats.rendered import Note
from kb.formats.source_lines import LineFinder

_WEB_SCHEMES = frozenset({"http", "https", "mailto"})


class Reference(NamedTuple):
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
            body = body_of(read_text(shown))  # not kept by the scan, so that one of any size fits in memory
        except UnreadableError as error:
            return LoadedDocument(_to_document(file, None, ()), (error.problem,), (), is_readable=False)
        front = file.front
        targets: list[tuple[str, str, str]] = []
        lookups: set[str] = set()

        def link_target(address: str) -> str | None:
            target, document_id, anchor = self._resolve(shown, file.id, address, lookups)
            if document_id is not None and anchor:
                targets.append((address, document_id, anchor))
            return target

        rendered = self._renderer.render(body, link_target, front.text("title") or None)
        sections = tuple(
            Section(
                section_id(file.id, part.anchor),
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
        document = _to_document(file, title, sections)
        finder = LineFinder(body)
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


def _to_document(file: ContentFile, title: str | None, sections: tuple[Section, ...]) -> Document:
    front = file.front
    values = front.values
    chapter, pages, source = values.get("chapter"), values.get("guide_pages"), values.get("source")
    updated = values.get("updated")
    return Document(
        id=file.id,
        title=title or PurePosixPath(file.path).stem.encode("utf-8", "surrogateescape").decode("utf-8", "replace"),
        kind=file.kind,
        path=file.path,
        sections=sections,
        order=file.order,
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
