"""A Whoosh codec over the arrays: any Whoosh searcher can open the index and read every term, posting and document.

A segment is written in bulk by `writer`, not posting by posting.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NoReturn, cast

import numpy as np
from numpy.typing import NDArray
from whoosh import fields
from whoosh.codec.base import FieldCursor, TermsReader
from whoosh.codec.whoosh3 import W3Codec, W3PerDocReader, W3Segment
from whoosh.filedb.filestore import FileStorage, Storage
from whoosh.matching import ListMatcher, Matcher
from whoosh.reading import TermInfo, TermNotFound

from indexer.engines.whoosh_arrays.arrays import ArrayField
from indexer.engines.whoosh_arrays.segment import SegmentData
from indexer.fields import IMPACT_STEP

INDEXED_FIELDS = ("bigrams", "former", "ids", "words")  # sorted, as Whoosh iterates


def index_schema() -> fields.Schema:
    """`words` and `bigrams` are searched; `ids` and `former` find a document by its id or an old one."""
    return fields.Schema(
        words=fields.KEYWORD(scorable=True),
        bigrams=fields.KEYWORD(scorable=True),
        ids=fields.ID,
        former=fields.ID,
        stored=fields.STORED,
    )


class ArraySegment(W3Segment):
    """A segment with its manifest and the sizes of its files, which the TOC commits together with it."""

    def __init__(self, codec: ArrayCodec, index_name: str) -> None:
        super().__init__(codec, index_name)
        self.manifest: Mapping[str, Any] = {}
        self.sizes: Mapping[str, int] = {}


class ArrayCodec(W3Codec):
    """Whoosh's W3 codec with array postings."""

    def new_segment(self, storage: Storage, indexname: str) -> ArraySegment:
        return ArraySegment(self, indexname)

    def field_writer(self, storage: Storage, segment: W3Segment) -> None:
        raise NotImplementedError("postings are written in bulk by indexer.engines.whoosh_arrays.writer")

    def terms_reader(self, storage: Storage, segment: W3Segment) -> ArrayTermsReader:
        return ArrayTermsReader(_data(storage, segment))

    def per_document_writer(self, storage: Storage, segment: W3Segment) -> NoReturn:
        raise NotImplementedError("written in bulk by indexer.engines.whoosh_arrays.writer")

    def per_document_reader(self, storage: Storage, segment: W3Segment) -> ArrayDocumentReader:
        return ArrayDocumentReader(storage, segment)


def _data(storage: Storage, segment: W3Segment) -> SegmentData:
    folder = Path(cast(FileStorage, storage).folder)
    return SegmentData.open(folder, segment.segment_id(), cast(ArraySegment, segment).sizes)


class ArrayDocumentReader(W3PerDocReader):
    """Stored fields from the rows of the arrays."""

    def __init__(self, storage: Storage, segment: W3Segment) -> None:
        super().__init__(storage, segment)
        self._data = _data(storage, segment)

    def field_length(self, fieldname: str) -> int:
        return len(self._data.fields[fieldname].members)  # lengths are part of the impacts; this is for averages only

    def stored_fields(self, docnum: int) -> dict[str, Any]:
        return {"stored": self._data.stored_row(docnum)}

    def all_stored_fields(self) -> Iterator[dict[str, Any]]:
        for document in range(len(self._data.document_starts)):
            yield from ({"stored": row} for row in self._data.stored_rows(document))


class ArrayTermsReader(TermsReader):
    """Terms and postings of a segment, for Whoosh's interfaces and for our scorer."""

    def __init__(self, data: SegmentData) -> None:
        self.fields: dict[str, ArrayField] = {name: data.fields[name] for name in INDEXED_FIELDS}

    def _rank(self, fieldname: str, text: bytes) -> int:
        field = self.fields.get(fieldname)
        rank = field.lexicon.find(text.decode("utf-8")) if field else None
        if rank is None:
            raise TermNotFound(f"No term {fieldname}:{text!r}")
        return rank

    def __contains__(self, term: tuple[str, bytes]) -> bool:
        try:
            return self._rank(*term) >= 0
        except TermNotFound:
            return False

    def indexed_field_names(self) -> tuple[str, ...]:
        return INDEXED_FIELDS

    def terms(self) -> Iterator[tuple[str, bytes]]:
        for name in INDEXED_FIELDS:
            yield from self._terms_from(name, 0)

    def terms_from(self, fieldname: str, prefix: bytes) -> Iterator[tuple[str, bytes]]:
        names = INDEXED_FIELDS[INDEXED_FIELDS.index(fieldname) :]
        yield from self._terms_from(fieldname, self.fields[fieldname].lexicon.lower_bound(prefix))
        for name in names[1:]:
            yield from self._terms_from(name, 0)

    def _terms_from(self, name: str, first: int) -> Iterator[tuple[str, bytes]]:
        lexicon = self.fields[name].lexicon
        return ((name, lexicon.key(rank)) for rank in range(first, len(lexicon)))

    def items(self) -> Iterator[tuple[tuple[str, bytes], TermInfo]]:
        return (((name, text), self.term_info(name, text)) for name, text in self.terms())

    def items_from(self, fieldname: str, prefix: bytes) -> Iterator[tuple[tuple[str, bytes], TermInfo]]:
        return (((name, text), self.term_info(name, text)) for name, text in self.terms_from(fieldname, prefix))

    def term_info(self, fieldname: str, text: bytes) -> TermInfo:
        field = self.fields[fieldname]
        rank = self._rank(fieldname, text)
        docs, impacts = field.term_docs(rank), _weights(field, rank)
        return TermInfo(
            weight=float(impacts.sum()),
            df=len(docs),
            minlength=1,
            maxlength=1,
            maxweight=float(impacts.max(initial=0.0)),
            minid=int(docs[0]),
            maxid=int(docs[-1]),
        )

    def frequency(self, fieldname: str, text: bytes) -> float:
        return self.term_info(fieldname, text).weight()

    def doc_frequency(self, fieldname: str, text: bytes) -> int:
        return self.fields[fieldname].document_frequency(self._rank(fieldname, text))

    def matcher(self, fieldname: str, text: bytes, format_: Any, scorer: Any = None) -> Matcher:
        field = self.fields[fieldname]
        rank = self._rank(fieldname, text)
        docs, impacts = field.term_docs(rank).tolist(), _weights(field, rank).tolist()
        return ListMatcher(docs, impacts, scorer=scorer, term=(fieldname, text))

    def cursor(self, fieldname: str, fieldobj: fields.FieldType) -> ArrayCursor:
        return ArrayCursor(self, fieldname, fieldobj)


def _weights(field: ArrayField, rank: int) -> NDArray[np.float32]:
    """The impacts of a term's postings; 1 in a field that has none."""
    if not len(field.impacts):
        return np.ones(field.document_frequency(rank), dtype=np.float32)
    return field.impacts[field.span(rank)] * np.float32(IMPACT_STEP)


class ArrayCursor(FieldCursor):
    """Walks a field's terms in order, as Whoosh's prefix and fuzzy queries want to."""

    def __init__(self, reader: ArrayTermsReader, fieldname: str, fieldobj: fields.FieldType) -> None:
        self._reader, self._fieldname, self._fieldobj = reader, fieldname, fieldobj
        self._lexicon = reader.fields[fieldname].lexicon
        self._rank = 0

    def is_valid(self) -> bool:
        return self._rank < len(self._lexicon)

    def text(self) -> str | None:
        return self._lexicon.text(self._rank) if self.is_valid() else None

    term = text

    def first(self) -> str | None:
        self._rank = 0
        return self.text()

    def find(self, string: str | bytes) -> str | None:
        self._rank = self._lexicon.lower_bound(string if isinstance(string, bytes) else string.encode())
        return self.text()

    def next(self) -> str | None:
        self._rank += 1
        return self.text()

    def term_info(self) -> TermInfo:
        return self._reader.term_info(self._fieldname, self._lexicon.key(self._rank))
