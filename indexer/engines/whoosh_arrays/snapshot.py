"""One committed index, opened: searches, suggestions and documents of it alone, whatever is committed later."""

from __future__ import annotations

import datetime
import functools
import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from whoosh.index import EmptyIndexError, FileIndex

from indexer.analysis import Analyzer
from indexer.engine import (
    MAX_QUERY_CHARS,
    MAX_WINDOW,
    Hit,
    How,
    IndexInfo,
    Interpretation,
    NextStep,
    SearchPage,
    SearchRequest,
    Sort,
    Suggestion,
    Why,
    facet_counts,
)
from indexer.engines.whoosh_arrays.arrays import IntArray
from indexer.engines.whoosh_arrays.committed import check_sizes, committed_segment
from indexer.engines.whoosh_arrays.faceting import Facets
from indexer.engines.whoosh_arrays.lookup import Lookup
from indexer.engines.whoosh_arrays.ordering import best_places, crowding, spread
from indexer.engines.whoosh_arrays.postings import Floats, holds
from indexer.engines.whoosh_arrays.scoring import LeafMatch, Matches, Scorer, UnitMatch
from indexer.engines.whoosh_arrays.segment import SegmentData
from indexer.engines.whoosh_arrays.suggesting import Suggester
from indexer.engines.whoosh_arrays.vocabulary import ArrayVocabulary
from indexer.engines.whoosh_arrays.writer import INDEX_NAME
from indexer.entries import breadcrumb, entries_of, from_stored, section_from_stored
from indexer.fields import weights_stamp
from indexer.highlight import Highlighter, Targets, targets_of
from indexer.manifest import USER_DICTIONARY, Manifest
from indexer.planning import Alternative, Plan, Planner, in_parts
from indexer.ranking import RERANKED_HITS
from indexer.spelling import Correction, corrections
from indexer.tokenizer import SudachiTokenizer
from kb.errors import IndexStaleError, NotFoundError
from kb.folding import fold
from kb.model import Document, Section
from kb.query import Clause, Query, Text
from kb.query_parser import parse_query, unquoted
from kb.vocabulary import FACET_BY_NAME

KEPT_TARGETS = 64  # of the queries whose words are marked, section by section, in a document
MIN_SLIP_CHARS = 4  # a shorter word is one edit away from too many
_SAME_MEANING = frozenset({How.EXACT, How.VARIANT, How.SYNONYM})  # marked beside what a section was found by
MAX_CORRECTIONS_TRIED = 20  # of a query; each costs a search, and the right one is among the first
MAX_CORRECTED_CHARS = 60  # of a query; a pasted paragraph has more than one slip, and costs more at every try
MAX_LOOKS = 30  # of a query, through the vocabulary for words like a part of it: 2 ms each
MAX_SINGLE_WORDS = 10  # of a query without hits that are proposed alone


@dataclass(frozen=True, slots=True)
class _Reading:
    """What a request was taken for, and what that matches."""

    query: Query
    plan: Plan
    matches: Matches
    did_you_mean: str | None = None
    is_corrected: bool = False


@dataclass(frozen=True, slots=True)
class _Ranked:
    """How many of some sections pass the filters, and the best of these, as far as they can be paged to."""

    total: int
    sections: IntArray
    scores: Floats

    def hits(self, first: int, last: int) -> list[tuple[int, float]]:
        """Section and score of some of the best."""
        return list(zip(self.sections[first:last].tolist(), self.scores[first:last].tolist(), strict=True))


class Snapshot:
    """One committed index, opened. Its files stay mapped even after a later commit has removed their names."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._opened_at = _modified(folder)
        segment, toc, storage = committed_segment(folder)
        check_sizes(folder, segment)
        self.manifest = Manifest.from_plain(segment.manifest)
        if self.manifest.weights != weights_stamp():
            raise IndexStaleError(f"{folder}: the index was made by another version of this program")
        name = segment.segment_id()
        user_dictionary = f"{name}.{USER_DICTIONARY}"
        self._analyzer = _analyzer(str(folder / user_dictionary) if user_dictionary in segment.sizes else None)
        self._storage, self._generation = storage, toc.generation
        data = SegmentData.open(folder, name, segment.sizes)
        self._data = data
        self._words, self._ids, self._former = (data.fields[key] for key in ("words", "ids", "former"))
        self._facets = Facets(data.facets)
        self._document_starts, self._count = data.document_starts.astype(np.int64), len(data)
        readings = data.fields["readings"]
        self._lookup = Lookup(
            self._words,
            data.fields["bigrams"],
            data.fields["synonyms"],
            data.fields["phrases"],
            self._count,
            self._texts_of,
        )
        self._scorer = Scorer(self._lookup, self._count)
        self._vocabulary = ArrayVocabulary(self._words, readings)
        self._planner = Planner(self._analyzer, self.manifest.thesaurus, self._vocabulary)
        self._highlighter = Highlighter(self._analyzer)
        self._suggester = Suggester(
            self._words,
            readings,
            data.fields["phrases"],
            data.fields["phrase_readings"],
            lambda number: self._section(number).id,
            self._analyzer,
        )
        self._document_of = functools.cache(self._read_document)
        self._marked_targets = functools.lru_cache(KEPT_TARGETS)(self._read_targets)

    def is_current(self) -> bool:
        """Whether nothing was committed since this was opened."""
        modified = _modified(self._folder)
        if modified != self._opened_at:  # a file came or went: a commit, or only a build under way
            try:
                if FileIndex(self._storage, indexname=INDEX_NAME).latest_generation() != self._generation:
                    return False
            except (EmptyIndexError, OSError):
                return True
            self._opened_at = modified
        return True

    # -- search ------------------------------------------------------------------------------------------------------

    def search(self, request: SearchRequest) -> SearchPage:
        started = time.perf_counter()
        read = self._read(request)
        plan, matches = read.plan, read.matches
        facets = facet_counts(request, self._facets.counts(matches.sections, request.filters))
        ranked = self._ranked(matches.sections, read, request)
        named = self._named_terms(plan)
        first, last = (request.page - 1) * request.per_page, request.page * request.per_page
        page_hits = tuple(self._hit(*hit, plan, named, matches) for hit in ranked.hits(first, last))
        partial_hits: tuple[Hit, ...] = ()
        missing = request.per_page - ranked.total
        if request.page == 1 and ranked.total and missing > 0 and request.sort is Sort.RELEVANCE:
            others = self._ranked(self._scorer.partly(matches), read, request)
            partial_hits = tuple(
                self._hit(*hit, plan, named, matches, is_partial=True) for hit in others.hits(0, missing)
            )
        interpretation = Interpretation(
            interpreted=str(read.query),
            did_you_mean=read.did_you_mean,
            corrected=read.is_corrected,
            dropped=tuple(dict.fromkeys(matches.dropped)),
            expansions=plan.expansions,
            unknown=tuple(dict.fromkeys(matches.unknown)),
            next_steps=() if ranked.total else tuple(self._next_steps(request, read)),
        )
        took_ms = (time.perf_counter() - started) * 1000
        return SearchPage(request, interpretation, ranked.total, page_hits, facets, round(took_ms, 2), partial_hits)

    def _read(self, request: SearchRequest) -> _Reading:
        """What was typed, or what was meant instead where that is nowhere."""
        query = parse_query(request.q)
        plan = self._planner.plan(query, exact=request.exact)
        matches = self._scorer.match(plan)
        did_you_mean, is_slip = None, False
        doubted = _doubted(matches)
        if doubted or not len(matches.sections):
            did_you_mean, is_slip = self._did_you_mean(request, query, plan, matches, doubted)
        if did_you_mean and is_slip and not request.exact:
            corrected = parse_query(did_you_mean)
            plan = self._planner.plan(corrected)
            return _Reading(corrected, plan, self._scorer.match(plan), did_you_mean, is_corrected=True)
        if not (did_you_mean or request.exact or plan.is_question) and (
            apart := in_parts(query, plan, matches.unknown)
        ):
            plan_apart = self._planner.plan(apart)
            matches_apart = self._scorer.match(plan_apart)
            is_most_found = 2 * len(matches_apart.dropped) < len(matches_apart.requirements)
            if len(matches_apart.sections) and is_most_found and _known(matches_apart) > _known(matches):
                return _Reading(apart, plan_apart, matches_apart, str(apart), is_corrected=True)
        return _Reading(query, plan, matches, did_you_mean)

    def _did_you_mean(
        self, request: SearchRequest, query: Query, plan: Plan, matches: Matches, doubted: frozenset[str]
    ) -> tuple[str | None, bool]:
        """The query with its most doubtful word replaced, if that finds all of its words together.

        The second value tells whether to search for that at once.
        """
        if len(fold(request.q)) > MAX_CORRECTED_CHARS:
            return None, False
        looks, tries = iter(range(MAX_LOOKS)), iter(range(MAX_CORRECTIONS_TRIED))
        for number, (clause, leaves) in enumerate(zip(query.clauses, matches.clauses, strict=False)):
            if len(clause.alternatives) != 1 or not isinstance(clause.alternatives[0], Text):
                continue
            text = fold(clause.alternatives[0].text)
            tokens = self._analyzer.tokens(text)
            ranges = [
                (unit.unit.start, unit.unit.start + len(unit.unit.typed))
                for unit in leaves[0].units
                if (unit.unit.typed in doubted or not doubted) and not _has_digit(unit.unit.typed)
            ]
            doubtful = frozenset(
                index for index, token in enumerate(tokens) if any(start <= token.start < end for start, end in ranges)
            )
            for found, _ in zip(corrections(text, tokens, doubtful, self._vocabulary, looks), tries, strict=False):
                changed = (*query.clauses[:number], Clause((Text(found.text),)), *query.clauses[number + 1 :])
                proposal = replace(query, clauses=changed)
                answer = self._scorer.match(self._planner.plan(proposal, exact=request.exact))
                if len(answer.sections) and not answer.dropped and len(answer.unknown) < max(1, len(matches.unknown)):
                    return str(proposal), _is_slip(found, plan, matches, leaves[0])
        return None, False

    def _next_steps(self, request: SearchRequest, read: _Reading) -> Iterator[NextStep]:
        """Changes to a search without hits, each with the total it would really have."""
        proposals: list[tuple[str, str, dict[str, Any]]] = []
        if read.did_you_mean:
            proposals.append(("spelling", read.did_you_mean, {"q": read.did_you_mean}))
        for name in request.filters:
            others = {other: values for other, values in request.filters.items() if other != name}
            proposals.append(("without_filter", FACET_BY_NAME[name].label, {"filters": others}))
        if len(request.filters) > 1:
            proposals.append(("without_filters", "", {"filters": {}}))
        if request.exact:
            proposals.append(("not_exact", "", {"exact": False}))
        if (without_quotes := unquoted(read.query)) != read.query:
            proposals.append(("without_quotes", "", {"q": str(without_quotes)}))
        words = [(part.typed, part.query) for part in read.matches.requirements]
        if len(words) == 1:
            ((typed, _),) = words
            if _has_digit(typed):  # 第167条 is not 第167条の2, but may lead there
                proposals.append(("as_phrase", typed, {"q": f'"{typed}"'}))
            if apart := in_parts(read.query, read.plan, read.matches.unknown):
                words = [(str(clause), str(clause)) for clause in apart.clauses]
        if len(words) > 1:
            proposals += [("only", word, {"q": q}) for word, q in words[:MAX_SINGLE_WORDS]]
        for kind, subject, changes in proposals:
            if len(changes.get("q", "")) > MAX_QUERY_CHARS:
                continue  # written out, a query may be longer than it was typed
            proposal = replace(request, page=1, **changes)
            total = self._total(proposal)
            if total:
                yield NextStep(kind, subject, proposal.q, proposal.filters, proposal.exact, total)

    def _total(self, request: SearchRequest) -> int:
        sections = self._read(request).matches.sections
        return len(sections[self._facets.passing(sections, request.filters)])

    def _ranked(self, sections: IntArray, read: _Reading, request: SearchRequest) -> _Ranked:
        """What passes the filters, best first."""
        passes = self._facets.passing(sections, request.filters)
        hits, scores = sections[passes], self._scorer.scores(read.matches, sections)[passes]
        if not read.plan.clauses or request.sort is Sort.PAGE:
            return _Ranked(len(hits), hits[:MAX_WINDOW], scores[:MAX_WINDOW])
        places = best_places(scores)
        best, values = hits[places], scores[places]
        ascending = best[:RERANKED_HITS].argsort()
        raised = values[ascending]
        self._scorer.add_proximity(read.matches, best[ascending], raised)
        values[ascending] = raised
        order = np.lexsort((best, -values))
        best, values = best[order], values[order]
        values *= crowding(self._documents_of(best))
        order = np.lexsort((best, -values))
        best, values = best[order], values[order]
        paged = spread(np.arange(len(best)), self._documents_of(best), request.per_page, request.page)
        return _Ranked(len(hits), best[paged], values[paged])

    def _documents_of(self, sections: IntArray) -> IntArray:
        return np.searchsorted(self._document_starts, sections, side="right") - 1

    def _hit(
        self,
        number: int,
        score: float,
        plan: Plan,
        named: Mapping[Alternative, frozenset[str]],
        matches: Matches,
        *,
        is_partial: bool = False,
    ) -> Hit:
        document = self._document_of(self._document_number(number))
        section = self._section(number)
        why = tuple(reason for unit in matches.units() if (reason := self._reason(unit, number)))
        kinds = frozenset(reason.how for reason in why)
        wanted, marked = (targets_of(plan, named, these) for these in (kinds, kinds | _SAME_MEANING))
        return Hit(
            id=section.id,
            anchor=section.anchor,
            heading=section.heading,
            breadcrumb=breadcrumb(document, section),
            document=document,
            snippet=self._highlighter.snippet(section.html, wanted, marked),
            score=round(score, 4),
            why=why,
            missing=tuple(part.typed for part in matches.requirements if not holds(part.sections, number))
            if is_partial
            else (),
        )

    def _reason(self, match: UnitMatch, number: int) -> Why | None:
        for alternative, docs in match.by_alternative:
            if holds(docs, number):
                return _why(match.unit.typed, alternative.shown, alternative.how)
        return None

    def _named_terms(self, plan: Plan) -> dict[Alternative, frozenset[str]]:
        return {
            alternative: self._lookup.related_terms(alternative)
            for clause in plan.clauses
            for typed in clause
            for leaf in typed.readings()
            for unit in leaf.units
            for alternative in unit.alternatives
            if alternative.synonym_groups
        }

    def matches(self, q: str, html: str) -> str:
        return self._highlighter.mark(html, self._marked_targets(q))

    def _read_targets(self, q: str) -> Targets:
        plan = self._planner.plan(parse_query(q))
        return targets_of(plan, self._named_terms(plan), frozenset(How) - {How.PARTS})

    def suggest(self, prefix: str, filters: Mapping[str, tuple[str, ...]], limit: int) -> Sequence[Suggestion]:
        """Completes the last word; what stands before it stays, and counts are of both together."""
        *before, last = fold(prefix).split(" ")
        if not last:
            return ()
        context = " ".join(word for word in before if word)
        matches = self._scorer.match(self._planner.plan(parse_query(context)))
        allowed = np.zeros(self._count, dtype=bool)
        allowed[matches.sections[self._facets.passing(matches.sections, filters)]] = True
        found = self._suggester.suggest(last, allowed, limit)
        if not context:
            return found
        return [replace(item, text=f"{context} {item.text}") for item in found if item.kind == "term"]

    # -- documents ---------------------------------------------------------------------------------------------------

    def _section(self, number: int) -> Section:
        return section_from_stored(self._document_of(self._document_number(number)).id, self._data.stored_row(number))

    def _texts_of(self, number: int) -> Iterable[str]:
        """What was searched of a section, folded."""
        document = replace(self._document_of(self._document_number(number)), sections=(self._section(number),))
        return (text for entry in entries_of(document) for text in entry.texts.values())

    def _document_number(self, section: int) -> int:
        return int(np.searchsorted(self._document_starts, section, side="right")) - 1

    def _read_document(self, number: int) -> Document:
        return from_stored(self._data.stored_row(int(self._document_starts[number]))["document"])

    def document(self, document_id: str) -> Document:
        rank = self._ids.lexicon.find(document_id)
        if rank is None:
            raise NotFoundError(document_id)
        rows = self._data.stored_rows(self._document_number(int(self._ids.term_docs(rank)[0])))
        return from_stored(rows[0]["document"], tuple(section_from_stored(document_id, row) for row in rows))

    def current_id(self, document_id: str) -> str:
        if self._ids.lexicon.find(document_id) is not None:
            return document_id
        rank = self._former.lexicon.find(document_id)
        if rank is None:
            raise NotFoundError(document_id)
        return self._document_of(self._document_number(int(self._former.term_docs(rank)[0]))).id

    def documents(self) -> Sequence[Document]:
        return self._documents

    @functools.cached_property
    def _documents(self) -> tuple[Document, ...]:
        return tuple(self._document_of(number) for number in range(len(self._document_starts)))

    def info(self) -> IndexInfo:
        built_at = datetime.datetime.fromisoformat(self.manifest.built_at)
        return IndexInfo(len(self._document_starts), self._count, built_at, self.manifest.content_digest)


@functools.lru_cache
def _why(typed: str, matched: str, how: How) -> Why:
    is_converted = how is How.EXACT and fold(matched) not in fold(typed)
    return Why(typed, matched, How.READING if is_converted else how)


def _doubted(matches: Matches) -> frozenset[str]:
    """The typed words that a slip may have spoilt: nowhere, not with the others, or but a scrap of other words."""
    scraps = (unit.unit.typed for clause in matches.clauses for leaf in clause for unit in leaf.scraps())
    return frozenset((*matches.unknown, *matches.dropped, *scraps))


def _is_slip(found: Correction, plan: Plan, matches: Matches, leaf: LeafMatch) -> bool:
    """Whether to search for もしかして at once: it is close, and nothing or only pieces of one word are found."""
    if not found.is_close:
        return False
    if not len(matches.sections):
        return True
    if plan.is_question:  # most of what was asked is found: only what is read alike may take its place
        return found.is_homophone and len(found.typed) >= MIN_SLIP_CHARS
    is_in_pieces = not len(leaf.sections) or any(leaf.scraps())
    return is_in_pieces and len(leaf.leaf.typed) >= MIN_SLIP_CHARS


def _known(matches: Matches) -> int:
    """How many of the words that are required stand somewhere."""
    return len(matches.requirements) - len(matches.unknown)


def _has_digit(text: str) -> bool:
    return any(map(str.isdigit, text))


def _modified(folder: Path) -> int:
    """When a file was last added or removed there, ns: cheap enough to ask at every request."""
    try:
        return os.stat(folder).st_mtime_ns
    except OSError:
        return 0


@functools.lru_cache(maxsize=2)
def _analyzer(user_dictionary: str | None) -> Analyzer:
    return Analyzer(SudachiTokenizer(Path(user_dictionary) if user_dictionary else None))
