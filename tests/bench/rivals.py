"""Ours, plain Whoosh, SQLite FTS5 and tantivy over the same tokens with the same facets; each with its own BM25."""

from __future__ import annotations

import importlib
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol, cast

from whoosh import fields as whoosh_fields
from whoosh.analysis import SpaceSeparatedTokenizer
from whoosh.index import create_in
from whoosh.query import And, Or, Term
from whoosh.scoring import BM25F
from whoosh.sorting import FieldFacet

from indexer.engine import Scope, Sort
from indexer.engines.whoosh_arrays import WhooshArrays
from indexer.entries import Entry
from indexer.fields import FIELD_NAMES, weights_stamp
from indexer.language.analysis import Analyzer
from indexer.language.thesaurus import Thesaurus
from indexer.language.tokenizer import Token, Word
from indexer.manifest import Manifest
from indexer.plan import Alternative, How, LeafPlan, Plan, TermAt, Unit
from indexer.ranking import SHIPPED
from kb.vocabulary import FACETS

K1, B = 1.2, 0.75
TOP = 10
BATCH_SECTIONS = 20_000

Tokens = Sequence[Sequence[str]]
Answer = tuple[int, dict[str, list[int]], list[int]]
"""Total, count of each value by facet, and the best sections."""


def facet_value(section: int, facet: int) -> int:
    """Which value of a facet a section has: as uneven as real ones, the same in every engine."""
    count = len(FACETS[facet].values)
    return min((section * 2_654_435_761 >> 7 + facet) % (2 * count), count - 1)


class Rival(Protocol):
    """An engine that can be compared."""

    name: str

    def build(self, folder: Path, tokens: Tokens) -> None:
        """Index sections, given as their tokens, into an empty folder."""

    def search(self, words: Sequence[str], *, all_of: bool) -> Answer:
        """AND or OR of some words, with the counts of all facets over all hits."""


class Blanks:
    """A tokenizer of words that stand apart."""

    def tokenize(self, text: str) -> Iterator[Token]:
        start = 0
        for number, term in enumerate(text.split(" ")):
            word = Word(term, "", (), is_function=False, is_predicate=False, is_known=True, number=number)
            yield Token(start, start + len(term), replace(word, number=hash(term)))
            start += len(term) + 1


class Ours:
    """This project's engine on plans of plain words, without what ranks beside BM25F."""

    name = "ours"
    weights = replace(SHIPPED, coverage_power=0.0, least_share=0.0, proximity=0.0)

    def build(self, folder: Path, tokens: Tokens) -> None:
        engine, analyzer = WhooshArrays(folder), Analyzer(Blanks())
        with engine.writer() as writer:
            for first in range(0, len(tokens), BATCH_SECTIONS):
                some = enumerate(tokens[first : first + BATCH_SECTIONS], first)
                writer.add(engine.analyse((_entry(section, terms) for section, terms in some), analyzer))
            writer.commit(Manifest(weights_stamp(), "", "", "2026-01-01T00:00:00+00:00", Thesaurus()), {})
        self._index = engine.open()

    def search(self, words: Sequence[str], *, all_of: bool) -> Answer:
        leaves = [
            LeafPlan(word, (Unit(word, 0, (Alternative(How.EXACT, word, (TermAt(word, 0),)),)),), ()) for word in words
        ]
        plan = Plan(tuple((leaf,) for leaf in leaves), is_question=not all_of, exact=all_of, weights=self.weights)
        (match,) = self._index.match([plan], Scope())
        counts = {name: list(values) for name, values in match.facets().items()}
        return match.total, counts, match.best(Sort.RELEVANCE, limit=TOP).sections.tolist()


def _entry(section: int, terms: Sequence[str]) -> Entry:
    """A document whose body holds these tokens."""
    facets = {facet.name: (list(facet.values)[facet_value(section, place)],) for place, facet in enumerate(FACETS)}
    texts = {name: " ".join(terms) if name == "body" else "" for name in FIELD_NAMES}
    stored = {"document": {"former_ids": ()}}
    return Entry(str(section), texts, facets, stored, (), f"{section:09}")


class Tantivy:
    """tantivy by its Python binding, which searches and counts facets in two calls."""

    name = "tantivy"

    def build(self, folder: Path, tokens: Tokens) -> None:
        tantivy = self._tantivy = importlib.import_module("tantivy")  # only who runs the comparison has it
        schema = tantivy.SchemaBuilder()
        schema.add_text_field("words", tokenizer_name="whitespace", index_option="freq")
        schema.add_unsigned_field("section", stored=False, fast=True)
        for facet in FACETS:
            schema.add_unsigned_field(facet.name, fast=True)
        self._schema = schema.build()
        folder.mkdir(parents=True)
        index = tantivy.Index(self._schema, str(folder))
        adder = index.writer(heap_size=500_000_000, num_threads=1)
        for section, terms in enumerate(tokens):
            document = tantivy.Document(words=[" ".join(terms)])
            document.add_unsigned("section", section)
            for place, facet in enumerate(FACETS):
                document.add_unsigned(facet.name, facet_value(section, place))
            adder.add_document(document)
        adder.commit()
        adder.wait_merging_threads()
        index.reload()
        self._searcher = index.searcher()
        self._aggregations = {facet.name: {"terms": {"field": facet.name, "size": 50}} for facet in FACETS}

    def search(self, words: Sequence[str], *, all_of: bool) -> Answer:
        occur = self._tantivy.Occur.Must if all_of else self._tantivy.Occur.Should
        query = self._tantivy.Query.boolean_query(
            [(occur, self._tantivy.Query.term_query(self._schema, "words", word)) for word in words]
        )
        found = self._searcher.search(query, limit=TOP, count=True)
        counted = self._searcher.aggregate(query, self._aggregations)
        counts = {facet.name: [0] * len(facet.values) for facet in FACETS}
        for name, facet_counts in counts.items():
            for bucket in counted[name]["buckets"]:
                facet_counts[int(bucket["key"])] = bucket["doc_count"]
        best = self._searcher.fast_field_values("section", [address for _, address in found.hits])
        return found.count, counts, list(best)


class Fts5:
    """SQLite FTS5; its bm25 has k1 1.2 and b 0.75 built in."""

    name = "FTS5"

    def build(self, folder: Path, tokens: Tokens) -> None:
        folder.mkdir(parents=True)
        self._database = sqlite3.connect(folder / "fts.db")
        run = self._database.execute
        run("CREATE VIRTUAL TABLE sections USING fts5(words, content='')")
        run("CREATE TABLE facets (id INTEGER PRIMARY KEY, packed INTEGER)")
        self._database.executemany(
            "INSERT INTO sections (rowid, words) VALUES (?, ?)",
            ((section, " ".join(map(_hex, terms))) for section, terms in enumerate(tokens)),
        )
        self._database.executemany(
            "INSERT INTO facets VALUES (?, ?)",
            (
                (section, sum(facet_value(section, place) << 8 * place for place in range(len(FACETS))))
                for section in range(len(tokens))
            ),
        )
        run("INSERT INTO sections (sections) VALUES ('optimize')")
        self._database.commit()

    def search(self, words: Sequence[str], *, all_of: bool) -> Answer:
        query = (" AND " if all_of else " OR ").join(f'"{_hex(word)}"' for word in words)
        run = self._database.execute
        best = run("SELECT rowid FROM sections WHERE sections MATCH ? ORDER BY rank LIMIT ?", (query, TOP)).fetchall()
        grouped = run(
            "SELECT packed, count(*) FROM sections JOIN facets ON id = sections.rowid WHERE sections MATCH ?"
            " GROUP BY packed",
            (query,),
        ).fetchall()
        counts = {facet.name: [0] * len(facet.values) for facet in FACETS}
        for packed, count in grouped:
            for place, facet in enumerate(FACETS):
                counts[facet.name][packed >> 8 * place & 255] += count
        return sum(count for _, count in grouped), counts, [section for (section,) in best]


class PlainWhoosh:
    """Whoosh as it comes: its own postings, collector and facets."""

    name = "Whoosh"

    def build(self, folder: Path, tokens: Tokens) -> None:
        folder.mkdir(parents=True)
        words = whoosh_fields.TEXT(analyzer=cast(Any, SpaceSeparatedTokenizer()), phrase=False)
        schema = whoosh_fields.Schema(words=words, section=whoosh_fields.STORED)
        for facet in FACETS:
            schema.add(facet.name, whoosh_fields.NUMERIC(sortable=True))
        index = create_in(str(folder), schema)
        adder = index.writer(limitmb=1_000)
        for section, terms in enumerate(tokens):
            values = {facet.name: facet_value(section, place) for place, facet in enumerate(FACETS)}
            adder.add_document(words=" ".join(terms), section=section, **values)
        adder.commit()
        self._searcher = index.searcher(weighting=BM25F(B=B, K1=K1))

    def search(self, words: Sequence[str], *, all_of: bool) -> Answer:
        terms = [Term("words", word) for word in words]
        query = And(terms) if all_of else Or(terms)
        facets = {facet.name: FieldFacet(facet.name) for facet in FACETS}
        results: Any = self._searcher.search(query, limit=TOP, groupedby=facets)
        counts = {facet.name: [0] * len(facet.values) for facet in FACETS}
        for name, facet_counts in counts.items():
            for value, members in results.groups(name).items():
                facet_counts[int(value)] = len(members)
        return sum(counts[FACETS[0].name]), counts, [hit["section"] for hit in results]


def _hex(token: str) -> str:
    """Letters that no tokenizer splits."""
    return "x" + token.encode().hex()


RIVALS: tuple[type[Rival], ...] = (Ours, Tantivy, Fts5, PlainWhoosh)
MOST_SECTIONS = {"Whoosh": 10_000, "FTS5": 100_000}
"""Above this an engine is left out, because building it or asking it would take hours."""
