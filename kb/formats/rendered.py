"""What a format makes of a file's body: sections, with remarks that name lines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

LinkTarget = Callable[[str], str | None]
"""From an address as written to the one to serve; None where it leads nowhere."""


@dataclass(frozen=True, slots=True)
class Note:
    """A remark on the Markdown, with the 1-based line of the body that it is about."""

    line: int
    message: str
    allowed: str


@dataclass(frozen=True, slots=True)
class RenderedSection:
    """One section before it belongs to a document; `anchor` is "" for the lead section."""

    anchor: str
    heading: str
    level: int
    path: tuple[str, ...]
    html: str


@dataclass(slots=True)
class Rendered:
    """A rendered body: its H1 (taken as the title, not as a section), sections and notes; empty when `unreadable`."""

    h1: str | None = None
    unreadable: Note | None = None
    sections: list[RenderedSection] = field(default_factory=list)
    missing_ids: list[Note] = field(default_factory=list)
    faults: list[Note] = field(default_factory=list)
    dead_links: list[Note] = field(default_factory=list)
