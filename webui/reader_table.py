"""The guide's reader table (p.4–6): what each role wants to know, and the documents that answer it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kb.documents.model import Document
from kb.vocabulary import ROLES, Role
from webui.requests import document_url

# For each role, in the order of its `wants`, ids of documents or of sections (as in content/guide/reader-map.md).
ANSWERS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "gov-executive": (("merits-gov",), ("merits-gov",)),
    "gov-startup-officer": (
        ("gap-four",),
        ("process-map",),
        ("org-foundation", "issue-setting", "finding-startups", "internal-coordination"),
        ("three-exits",),
    ),
    "gov-line-officer": (("merits-gov",), ("assets-startup",), ("three-exits",)),
    "startup-executive": (("merits-startup",), ("assets-gov",)),
    "startup-officer": (
        ("gap-four",),
        ("process-map", "startup-preparation", "finding-municipalities", "startup-coordination-budgeting"),
        ("three-exits",),
    ),
    "intermediary": (
        ("gap-four", "gap-bridge"),
        ("procurement#cases", "promotion#case", "co-creation#case"),
    ),
}


@dataclass(frozen=True, slots=True)
class Answered:
    """What a role wants to know, with (title, address) of each document that answers it."""

    want: str
    answers: tuple[tuple[str, str], ...]


def reader_table(documents: Sequence[Document]) -> list[tuple[Role, list[Answered]]]:
    """Every role with its questions; documents that are not in this knowledge base are left out."""
    titles = {document.id: document.title for document in documents}

    def answers(ids: Sequence[str]) -> tuple[tuple[str, str], ...]:
        places = [section_id.partition("#") for section_id in ids]
        return tuple((titles[name], document_url(name, anchor)) for name, _, anchor in places if name in titles)

    return [
        (role, [Answered(want, answers(ids)) for want, ids in zip(role.wants, ANSWERS[role.slug], strict=True)])
        for role in ROLES
    ]
