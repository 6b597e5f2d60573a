"""Documents as index entries: what of a section is searched, what filters it, what is shown of it."""

from __future__ import annotations

import datetime
import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kb.documents import html_text
from kb.documents.model import Document, Question, Section, Source, section_id
from kb.language.folding import fold
from kb.vocabulary import CHAPTERS, KINDS

SOURCES_WEIGHT = 0.3  # own judged queries: the words of a cited title stand in the section that cites it as well
FOOTNOTES_START = '<div class="footnote">'


@dataclass(frozen=True, slots=True)
class Entry:
    """A section as it goes into the index: folded text by field, facet values, and what a page shows of it.

    `phrases` are (kind, text) that may be suggested while someone types: its heading or title, and its questions.
    `order` is its document's order key, the same for all its sections.
    `weight` scales everything that the section scores: a list of sources is rarely what is looked for.
    """

    id: str
    texts: Mapping[str, str]
    facets: Mapping[str, tuple[str, ...]]
    stored: Mapping[str, Any]
    phrases: tuple[tuple[str, str], ...]
    order: str
    weight: float = 1.0


def breadcrumb(document: Document, section: Section) -> tuple[str, ...]:
    """Chapter or kind, document title, enclosing headings: where a section stands, outermost first."""
    place = CHAPTERS[str(document.chapter)] if document.chapter else KINDS[document.kind]
    return (place, document.title, *section.path)


def entries_of(document: Document) -> Iterator[Entry]:
    """One entry for each section, with the questions that it answers. The lead carries the document's metadata."""
    facets = {
        "role": document.roles,
        "chapter": (str(document.chapter),) if document.chapter else (),
        "stage": document.stages,
        "pattern": (document.pattern,) if document.pattern else (),
        "kind": (document.kind,),
    }
    fold_once = functools.cache(fold)  # the sections of a document share much of their titles and paths
    for section in document.sections or (Section(document.id, "", "", 0, (), ""),):
        is_lead = section.id == document.id
        questions = [question.text for question in document.questions if question.anchor == section.anchor]
        texts = {
            "title": document.title,
            "heading": section.heading,
            "questions": "\n".join(questions),
            "breadcrumb": "\n".join((*breadcrumb(document, section)[:1], *section.path)),
            "body": html_text.text_of(section.html),
        }
        stored: dict[str, Any] = {
            "anchor": section.anchor,
            "heading": section.heading,
            "level": section.level,
            "path": section.path,
            "html": section.html,
        }
        if is_lead:
            stored["document"] = to_stored(document)
        phrases = [("heading", section.heading or document.title), *(("question", text) for text in questions)]
        weight = SOURCES_WEIGHT if section.html.startswith(FOOTNOTES_START) else 1.0
        folded = {name: fold(text) if name == "body" else fold_once(text) for name, text in texts.items()}
        yield Entry(section.id, folded, facets, stored, tuple(phrases), document.order, weight)


def to_stored(document: Document) -> dict[str, Any]:
    """A document's metadata as plain values (an index must open after its classes have changed)."""
    source = document.source
    return {
        "id": document.id,
        "title": document.title,
        "kind": document.kind,
        "path": document.path,
        "order": document.order,
        "chapter": document.chapter,
        "roles": document.roles,
        "stages": document.stages,
        "pattern": document.pattern,
        "guide_pages": document.guide_pages,
        "source": (source.title, source.publisher, source.url) if source else None,
        "questions": [(question.text, question.anchor) for question in document.questions],
        "former_ids": document.former_ids,
        "related": document.related,
        "updated": document.updated.isoformat() if document.updated else None,
    }


def from_stored(stored: Mapping[str, Any], sections: tuple[Section, ...] = ()) -> Document:
    """The document that `to_stored` wrote; its sections are stored one by one and passed in."""
    values = {name: _as_tuple(value) for name, value in stored.items()}
    source = values.pop("source")
    updated = values.pop("updated")
    questions = values.pop("questions")
    return Document(
        **values,
        sections=sections,
        source=Source(*source) if source else None,
        questions=tuple(Question(*question) for question in questions),
        updated=datetime.date.fromisoformat(updated) if updated else None,
    )


def section_from_stored(document_id: str, stored: Mapping[str, Any]) -> Section:
    """The section of a document that `entries_of` stored."""
    names = ("anchor", "heading", "level", "path", "html")
    return Section(section_id(document_id, stored["anchor"]), **{name: _as_tuple(stored[name]) for name in names})


def _as_tuple(value: Any) -> Any:
    """JSON has no tuples."""
    return tuple(value) if isinstance(value, list) else value
