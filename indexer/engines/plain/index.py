"""One committed index in memory: the port's Index with its words and documents."""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from rapidfuzz.distance import OSA

from indexer.engine import IndexInfo, Match, Name, Scope, Word
from indexer.engines.plain.match import PlainMatch
from indexer.engines.plain.matching import Matching
from indexer.engines.plain.postings import Analysed, Collection
from indexer.entries import from_stored, section_from_stored
from indexer.manifest import Manifest
from indexer.plan import Plan
from kb.documents.model import Document, Section
from kb.errors import NotFoundError

MIN_WORD_CHARS = 2


class PlainIndex:
    """Sections in reading order, and the files committed with them."""

    def __init__(
        self, revision: str, sections: Sequence[Analysed], manifest: Manifest, attachments: Mapping[str, Path]
    ) -> None:
        self.manifest = manifest
        self._attachments = dict(attachments)
        self._collection = Collection(sections)
        self._document_of = list(itertools.accumulate(_is_lead(section) for section in sections))
        self.documents = PlainDocuments(sections)
        self.words = PlainWords(sections, self._collection)
        built_at = datetime.datetime.fromisoformat(manifest.built_at)
        sizes = len(self.documents.listed()), len(sections)
        self.info = IndexInfo(revision, *sizes, built_at, manifest.content_digest)

    def attachment(self, name: str) -> Path | None:
        return self._attachments.get(name)

    def match(self, plans: Sequence[Plan], scope: Scope) -> Sequence[PlainMatch]:
        return [PlainMatch(plan, scope, self._collection, self._document_of) for plan in plans]


class PlainDocuments:
    """The port's Documents."""

    def __init__(self, sections: Sequence[Analysed]) -> None:
        self._sections: list[tuple[Document, Section]] = []
        for section in sections:
            stored = section.entry.stored
            document = from_stored(stored["document"]) if "document" in stored else self._sections[-1][0]
            self._sections.append((document, section_from_stored(document.id, stored)))
        self._listed = list({document.id: document for document, _ in self._sections}.values())

    def of_sections(self, sections: Sequence[int]) -> Sequence[tuple[Document, Section]]:
        return [self._sections[section] for section in sections]

    def get(self, document_id: str) -> Document:
        sections = tuple(section for document, section in self._sections if document.id == document_id)
        found = next((document for document in self._listed if document.id == document_id), None)
        if found is None:
            raise NotFoundError(document_id)
        return replace(found, sections=sections)

    def current_id(self, document_id: str) -> str:
        for document in self._listed:
            if document_id == document.id or document_id in document.former_ids:
                return document.id
        raise NotFoundError(document_id)

    def listed(self) -> Sequence[Document]:
        return self._listed


class PlainWords:
    """The port's Words."""

    def __init__(self, sections: Sequence[Analysed], collection: Collection) -> None:
        self._sections, self._collection = sections, collection
        self._matching = Matching(collection)

    def like(self, word: str, edits: int) -> Sequence[Word]:
        terms = (term for term in sorted(self._collection.words.impacts) if len(term) >= MIN_WORD_CHARS)
        return [self._word(term) for term in terms if OSA.distance(word, term) <= edits]

    def read(self, reading: str) -> Sequence[Word]:
        return [self._word(term) for term in sorted(self._collection.terms_of_reading.get(reading, ()))]

    def read_like(self, reading: str) -> Sequence[Word]:
        others = sorted(other for other in self._collection.terms_of_reading if OSA.distance(reading, other) == 1)
        return [word for other in others for word in self.read(other)]

    def related(self, synonym_groups: Sequence[int]) -> frozenset[str]:
        return frozenset(self._matching.related(synonym_groups))

    def beginning(self, typed: str, readings: Sequence[str], within: Match) -> Sequence[Name]:
        assert isinstance(within, PlainMatch)
        allowed = {section for section in within.sections if within.passes(section)}
        words = {term for term in self._collection.words.impacts if term.startswith(typed)}
        for reading, terms in self._collection.terms_of_reading.items():
            words |= terms if reading.startswith(tuple(readings)) else set()
        names = [Name("term", word, len(allowed & self._collection.words.of(word).keys())) for word in sorted(words)]
        leading: dict[tuple[str, str], list[int]] = {}
        for section in sorted(allowed):
            for key, reading, kind, text in self._sections[section].phrases:
                if key and (key.startswith(typed) or reading.startswith(tuple(readings))):
                    leading.setdefault((kind, text), []).append(section)
        for (kind, text), sections in leading.items():
            distinct = sorted(set(sections))
            names.append(Name(kind, text, len(distinct), distinct[0] if len(distinct) == 1 else None))
        return [name for name in names if name.frequency]

    def _word(self, term: str) -> Word:
        return Word(term, len(self._collection.words.of(term)))


def _is_lead(section: Analysed) -> bool:
    return "document" in section.entry.stored
