"""The port: what an engine is asked, and what it answers. An engine matches; language and pages are not its business.

    Engine  where an index is kept: opened for reading, written by one writer at a time
    Index   one committed index; it never changes, so an HTTP request that opens it once sees one state
    Match   what one plan finds in it: numbers and columns, never sentences
    Words   its vocabulary, asked, never listed
    Writer  the next index, made beside the committed one and swapped in whole

Implementations are safe to share by threads.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from indexer.entries import Entry
from indexer.language.analysis import Analyzer
from indexer.manifest import Manifest
from indexer.plan import Alternative, Plan, Unit
from kb.documents.model import Document, Section

MAX_WINDOW = 1_000  # the last hit that can be paged to: nobody reads further, and it bounds the work

Filters = Mapping[str, tuple[str, ...]]
"""By facet the values wanted: OR within one facet, AND between facets."""


class Sort(StrEnum):
    """Order of hits: by score, or in the guide's reading order."""

    RELEVANCE = "relevance"
    PAGE = "page"


@dataclass(frozen=True, slots=True)
class Scope:
    """Which of the sections that match are wanted."""

    filters: Filters = field(default_factory=dict)


class Need(NamedTuple):
    """A part of a query that has to match: as typed, the query that asks for it alone, how many sections hold it."""

    typed: str
    query: str
    frequency: int


class LeafFound(NamedTuple):
    """What became of a leaf: its units (as typed or as converted, whichever was found), and how many sections hold it.

    `scraps` are typed single characters beside other words that stand nowhere as a word (公 of 債務負担公為).
    """

    typed: str
    units: tuple[Unit, ...]
    scraps: tuple[str, ...]
    frequency: int


class Ranked(NamedTuple):
    """Hits as columns, best first: section numbers, the number of each one's document, scores.

    `order` is where each one stands in reading order, among all sections.
    """

    sections: NDArray[np.int64]
    documents: NDArray[np.int64]
    scores: NDArray[np.float32]
    order: NDArray[np.int64]


class Match(Protocol):
    """What a plan finds under a scope. Each part is worked out when it is first asked for.

    Where no section holds all that was typed, what tells least is given up.
    """

    @property
    def total(self) -> int:
        """How many sections match, whatever the scope's filters."""

    @property
    def needs(self) -> Sequence[Need]:
        """What had to match."""

    @property
    def dropped(self) -> tuple[str, ...]:
        """Typed words that were given up, because no section holds them with the others."""

    @property
    def unknown(self) -> tuple[str, ...]:
        """Typed words that no section holds."""

    @property
    def leaves(self) -> Sequence[Sequence[LeafFound]]:
        """By clause, its alternatives."""

    def passing(self, without: Collection[str] = ()) -> int:
        """How many sections pass the filters, those of the facets `without` set aside."""

    def facets(self) -> Mapping[str, Sequence[int]]:
        """By facet, of each value how many sections it would leave, the facet's own filter set aside."""

    def best(self, sort: Sort, *, partial: bool = False, limit: int = MAX_WINDOW) -> Ranked:
        """The first that pass, `limit` at most; with `partial` of the sections that hold only some of what is needed.

        Ties stand in reading order. By Sort.PAGE, and where nothing was asked, all do.
        """

    def ways(self, section: int) -> Sequence[tuple[Unit, Alternative]]:
        """Of each unit that a section holds, the first alternative by which it does."""

    def lacks(self, section: int) -> Sequence[str]:
        """The needs that a section does not meet, as typed."""


class Word(NamedTuple):
    """A word of the index and how many sections hold it."""

    text: str
    frequency: int


class Name(NamedTuple):
    """A word ("term"), heading or question (`kind`) that is being typed: how many sections of the scope it leads to.

    `section` is its number, where a heading or question leads to only one.
    """

    kind: str
    text: str
    frequency: int
    section: int | None = None


class Words(Protocol):
    """The vocabulary of an index."""

    def like(self, word: str, edits: int) -> Sequence[Word]:
        """Words of at least two characters that are at most so many edits (optimal string alignment) from `word`."""

    def read(self, reading: str) -> Sequence[Word]:
        """Words of this katakana reading."""

    def read_like(self, reading: str) -> Sequence[Word]:
        """Words whose reading is one edit from this one."""

    def related(self, synonym_groups: Sequence[int]) -> frozenset[str]:
        """The words that Sudachi's synonym groups of these numbers hold."""

    def beginning(self, typed: str, readings: Sequence[str], within: Match) -> Sequence[Name]:
        """Names that begin with folded `typed` or are read like one of `readings`, in sections of `within` that pass.

        Of very many only those that most sections of the index hold.
        """


class Documents(Protocol):
    """The documents of an index, as they were indexed."""

    def of_sections(self, sections: Sequence[int]) -> Sequence[tuple[Document, Section]]:
        """Of each section number its document's metadata (without sections) and the section."""

    def get(self, document_id: str) -> Document:
        """The whole document; NotFoundError if there is none of this id."""

    def current_id(self, document_id: str) -> str:
        """The id under which a document is served now: itself, or the successor of a former id; NotFoundError."""

    def listed(self) -> Sequence[Document]:
        """Every document's metadata, without sections, in reading order."""


@dataclass(frozen=True, slots=True)
class IndexInfo:
    """What is being served: which commit, sizes, when it was built (UTC), and of what."""

    revision: str
    documents: int
    sections: int
    built_at: datetime.datetime
    content_digest: str


class Index(Protocol):
    """One committed index, opened."""

    @property
    def info(self) -> IndexInfo:
        """Sizes and freshness."""

    @property
    def manifest(self) -> Manifest:
        """What it was made of and by."""

    @property
    def words(self) -> Words:
        """Its vocabulary."""

    @property
    def documents(self) -> Documents:
        """Its documents."""

    def attachment(self, name: str) -> Path | None:
        """A file that was committed with it, if there is one of that name."""

    def match(self, plans: Sequence[Plan], scope: Scope) -> Sequence[Match]:
        """What each plan finds: one round trip for all. An empty plan matches everything."""


Analyse = Callable[[Iterable[Entry], Analyzer], Any]
"""From entries to an engine's batch: all that can be computed of them without the others."""


class Writer(Protocol):
    """The next index: what the committed one holds, less what was removed, with what was added."""

    @property
    def scratch(self) -> Path:
        """A folder for the build's own files, gone when the writer is closed."""

    def clear(self) -> None:
        """Begin with nothing instead of what the committed index holds."""

    def add(self, batch: Any) -> None:
        """Documents as `Engine.analyse` made them, in reading order; one replaces the committed one of its id."""

    def remove(self, document_ids: Collection[str]) -> None:
        """Leave committed documents out."""

    def commit(self, manifest: Manifest, attachments: Mapping[str, Path]) -> None:
        """Swap the new index in, with a copy of the `attachments`, by name."""


class Engine(Protocol):
    """Where an index is kept."""

    @property
    def location(self) -> str:
        """The folder or address, for messages; what it looks like is the engine's own business."""

    @property
    def analyse(self) -> Analyse:
        """A function that worker processes can be sent."""

    def open(self) -> Index:
        """The newest committed index; the same one until there is a newer.

        IndexMissingError if there is none, IndexStaleError if this program cannot read it.
        """

    def manifest(self) -> Manifest:
        """That of the committed index, without opening it; IndexMissingError or IndexStaleError."""

    def attachment(self, name: str) -> Path | None:
        """A file that was committed with the index; None if there is none, or the index is damaged."""

    def writer(self) -> AbstractContextManager[Writer]:
        """The one writer; IndexLockedError if another process has it. What is not committed leaves no trace."""
