"""The search service: a request becomes a page, over any engine."""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from indexer.engine import Engine, Filters, Index, IndexInfo, Ranked, Scope, Sort
from indexer.entries import breadcrumb
from indexer.language.analysis import Analyzer
from indexer.language.tokenizer import SudachiTokenizer
from indexer.manifest import USER_DICTIONARY
from indexer.plan import Alternative, How, Plan
from indexer.ranking import SHIPPED, Weights
from indexer.search.answer import Hit, Interpretation, SearchPage, Suggestion, Why, facet_counts
from indexer.search.completion import completions
from indexer.search.highlight import Highlighter, Targets, targets_of
from indexer.search.meaning import Interpreter, Meaning
from indexer.search.next_steps import next_steps
from indexer.search.ordering import paged
from indexer.search.planning import Planner
from indexer.search.request import SearchRequest
from kb.documents.model import Document
from kb.language.folding import fold
from kb.language.query_parser import parse_query

KEPT_TARGETS = 64  # of the queries whose words are marked, section by section, in a document
_SAME_MEANING = frozenset({How.EXACT, How.VARIANT, How.SYNONYM})  # marked beside what a section was found by


class Searches:
    """The search over the newest index of an engine; safe to share by threads."""

    def __init__(self, engine: Engine, weights: Weights = SHIPPED) -> None:
        self._engine, self._weights = engine, weights
        self._lock = threading.Lock()
        self._newest: Search | None = None

    def open(self) -> Search:
        """A search over one index, to be used for one HTTP request; raises as Engine.open."""
        index = self._engine.open()
        with self._lock:
            if self._newest is None or self._newest.info != index.info:
                self._newest = Search(index, self._weights)
            return self._newest


class Search:
    """Searches, suggestions and documents of one committed index."""

    def __init__(self, index: Index, weights: Weights = SHIPPED) -> None:
        self._index = index
        self._analyzer = _analyzer(index.attachment(USER_DICTIONARY))
        self._planner = Planner(self._analyzer, index.manifest.thesaurus, index.words, weights)
        self._highlighter = Highlighter(self._analyzer)
        self._marked_targets = functools.lru_cache(KEPT_TARGETS)(self._targets)

    @property
    def info(self) -> IndexInfo:
        """Sizes and freshness of the index."""
        return self._index.info

    def search(self, request: SearchRequest) -> SearchPage:
        """Hits, counts and interpretation. Any text is a valid query."""
        started = time.perf_counter()
        interpreter = Interpreter(self._index, self._planner, self._analyzer, Scope(request.filters))
        meaning = interpreter.meaning(parse_query(request.q), exact=request.exact)
        match = meaning.match
        total = match.passing()
        first, last = (request.page - 1) * request.per_page, request.page * request.per_page
        hits = self._hits(meaning, _ordered(match.best(request.sort), meaning.plan, request), first, last)
        partial_hits: tuple[Hit, ...] = ()
        missing = request.per_page - total
        if request.page == 1 and total and missing > 0 and request.sort is Sort.RELEVANCE:
            others = _ordered(match.best(request.sort, partial=True), meaning.plan, request)
            partial_hits = self._hits(meaning, others, 0, missing, are_partial=True)
        interpretation = Interpretation(
            interpreted=str(meaning.query),
            did_you_mean=str(meaning.did_you_mean) if meaning.did_you_mean else None,
            corrected=meaning.is_corrected,
            dropped=tuple(dict.fromkeys(match.dropped)),
            expansions=meaning.plan.expansions(),
            unknown=tuple(dict.fromkeys(match.unknown)),
            next_steps=() if total else tuple(next_steps(request, meaning, interpreter)),
        )
        facets = facet_counts(request, match.facets())
        took_ms = round((time.perf_counter() - started) * 1000, 2)
        return SearchPage(request, interpretation, total, hits, facets, took_ms, partial_hits)

    def suggest(self, prefix: str, filters: Filters, limit: int) -> Sequence[Suggestion]:
        """Completions of the last word of `prefix` that have hits under `filters`, best first.

        What stands before that word stays, and counts are of both together.
        """
        *before, last = fold(prefix).split(" ")
        if not last:
            return ()
        context = " ".join(word for word in before if word)
        (match,) = self._index.match([self._planner.plan(parse_query(context))], Scope(filters))
        found = completions(last, self._index, match, self._analyzer, limit)
        if not context:
            return found
        return [replace(item, text=f"{context} {item.text}") for item in found if item.kind == "term"]

    def mark(self, q: str, html: str) -> str:
        """`html` (a section's) with the words that `q` searches for in `<mark>`."""
        return self._highlighter.mark(html, self._marked_targets(q))

    def document(self, document_id: str) -> Document:
        """The whole document as indexed; NotFoundError if there is none of this id."""
        return self._index.documents.get(document_id)

    def current_id(self, document_id: str) -> str:
        """The id under which a document is served now: itself, or the successor of a former id; NotFoundError."""
        return self._index.documents.current_id(document_id)

    def documents(self) -> Sequence[Document]:
        """Every document's metadata, without sections, in reading order."""
        return self._index.documents.listed()

    def _hits(
        self, meaning: Meaning, ranked: Ranked, first: int, last: int, *, are_partial: bool = False
    ) -> tuple[Hit, ...]:
        sections, scores = ranked.sections[first:last].tolist(), ranked.scores[first:last].tolist()
        plan, match = meaning.plan, meaning.match
        related = self._related_terms(plan)
        hits: list[Hit] = []
        found = self._index.documents.of_sections(sections)
        for number, score, (document, section) in zip(sections, scores, found, strict=True):
            why = tuple(_why(unit.typed, way.shown, way.how) for unit, way in match.ways(number))
            kinds = frozenset(reason.how for reason in why)
            wanted, marked = (targets_of(plan, related, these) for these in (kinds, kinds | _SAME_MEANING))
            hits.append(
                Hit(
                    id=section.id,
                    anchor=section.anchor,
                    heading=section.heading,
                    breadcrumb=breadcrumb(document, section),
                    document=document,
                    snippet=self._highlighter.snippet(section.html, wanted, marked),
                    score=round(score, 4),
                    why=why,
                    missing=tuple(match.lacks(number)) if are_partial else (),
                )
            )
        return tuple(hits)

    def _targets(self, q: str) -> Targets:
        plan = self._planner.plan(parse_query(q))
        return targets_of(plan, self._related_terms(plan), frozenset(How) - {How.PARTS})

    def _related_terms(self, plan: Plan) -> Mapping[Alternative, frozenset[str]]:
        """The terms of the index that each alternative of Sudachi's synonym groups stands for."""
        return {
            way: self._index.words.related(way.synonym_groups) - {term.term for term in way.terms}
            for unit in plan.units()
            for way in unit.alternatives
            if way.synonym_groups
        }


def _ordered(ranked: Ranked, plan: Plan, request: SearchRequest) -> Ranked:
    """As pages show them: crowded documents step back, unless the order is the guide's own."""
    is_by_score = bool(plan.clauses) and request.sort is Sort.RELEVANCE
    return paged(ranked, plan.weights.further_section, request.per_page, request.page) if is_by_score else ranked


@functools.lru_cache
def _why(typed: str, matched: str, how: How) -> Why:
    is_converted = how is How.EXACT and fold(matched) not in fold(typed)
    return Why(typed, matched, How.READING if is_converted else how)


@functools.lru_cache(maxsize=2)
def _analyzer(user_dictionary: Path | None) -> Analyzer:
    return Analyzer(SudachiTokenizer(user_dictionary))
