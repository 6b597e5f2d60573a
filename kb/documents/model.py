"""Documents and sections: what the rest of the system is about. Plain values, no behaviour of engine or page."""

from __future__ import annotations

import datetime
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Source:
    """Where a document's facts come from."""

    title: str
    publisher: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """What a reader would ask, and the heading id of the section that answers it ("" for the document as a whole)."""

    text: str
    anchor: str = ""


def section_id(document_id: str, anchor: str) -> str:
    """The permanent id of a section; the lead, whose anchor is "", has the document's."""
    return f"{document_id}#{anchor}" if anchor else document_id


@dataclass(frozen=True, slots=True)
class Section:
    """What one heading governs; the lead section (level 0, no heading) stands before the first heading.

    `id` is permanent: `<document id>` for the lead, else `<document id>#<heading id>`.
    `html` is sanitised and holds no heading element of its own; `path` lists the enclosing headings, outermost first.
    """

    id: str
    anchor: str
    heading: str
    level: int
    path: tuple[str, ...]
    html: str


@dataclass(frozen=True, slots=True)
class Document:
    """One Markdown file. `path` is relative to its content folder; `guide_pages` is (first, last).

    `order` is a key by which documents sort in reading order, whichever others there are.
    """

    id: str
    title: str
    kind: str
    path: str
    sections: tuple[Section, ...]
    order: str = ""
    chapter: int | None = None
    roles: tuple[str, ...] = ()
    stages: tuple[str, ...] = ()
    pattern: str | None = None
    guide_pages: tuple[int, int] | None = None
    source: Source | None = None
    questions: tuple[Question, ...] = ()
    former_ids: tuple[str, ...] = ()
    related: tuple[str, ...] = ()
    updated: datetime.date | None = None
