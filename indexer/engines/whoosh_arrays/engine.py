"""The SearchEngine over a Whoosh index of arrays. A new index is picked up between two requests, never within one."""

from __future__ import annotations

import datetime
import functools
import os
import struct
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import OSA
from whoosh.filedb.filestore import FileStorage
from whoosh.index import TOC, EmptyIndexError, FileIndex

from indexer.analysis import Analyzer
from indexer.engine import (
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
)
from indexer.engines.whoosh_arrays.arrays import ArrayField, IntArray
from indexer.engines.whoosh_arrays.codec import ArraySegment
from indexer.engines.whoosh_arrays.faceting import Facets
from indexer.engines.whoosh_arrays.scoring import Matches, Scorer, UnitMatch
from indexer.engines.whoosh_arrays.segment import SegmentData
from indexer.engines.whoosh_arrays.suggesting import Suggester
from indexer.engines.whoosh_arrays.writer import INDEX_NAME
from indexer.entries import breadcrumb, from_stored, section_from_stored
from indexer.fields import weights_stamp
from indexer.highlight import Highlighter, targets_of
from indexer.manifest import USER_DICTIONARY, Manifest
from indexer.planning import Alternative, Plan, Planner
from indexer.ranking import MAX_SECTIONS_PER_DOCUMENT, SAME_DOCUMENT_WEIGHT
from indexer.spelling import allowed_distance, corrections
from indexer.tokenizer import SudachiTokenizer
from kb.errors import IndexMissingError, IndexStaleError, NotFoundError, SearchIndexError
from kb.folding import fold
from kb.model import Document, Section
from kb.query import Clause, Query, Text
from kb.query_parser import parse_query
from kb.vocabulary import FACET_BY_NAME

MIN_SLIP_CHARS = 4  # a shorter word is one edit away from too many
OPEN_RETRIES = 20  # a commit may remove files between reading the TOC and mapping them; 20 × 50 ms
_RETRY_SECONDS = 0.05
SAMPLED = 16  # one hit in so many, to guess what score the best reach
MAX_CORRECTIONS_TRIED = 30  # each costs a search; the right one is among the first


class WhooshArraysEngine:
    """Serves the index in a folder; many threads and processes may share one folder."""

    def __init__(self, folder: Path) -> None:
        """Raises IndexMissingError or IndexStaleError (built by another schema or dictionary)."""
        self._folder = folder
        self._lock = threading.Lock()
        self._snapshot = _open_snapshot(folder)

    def _current(self) -> _Snapshot:
        """The newest index; the old one stays in use by whoever still holds it."""
        snapshot = self._snapshot
        if snapshot.is_current():
            return snapshot
        with self._lock:
            if self._snapshot.is_current():
                return self._snapshot
            try:
                self._snapshot = _open_snapshot(self._folder)
            except (IndexMissingError, IndexStaleError):
                return self._snapshot  # a newer program is rebuilding: what we have open still answers
            return self._snapshot

    def search(self, request: SearchRequest) -> SearchPage:
        """See SearchEngine."""
        return self._current().search(request)

    def suggest(self, prefix: str, filters: Mapping[str, tuple[str, ...]], limit: int) -> Sequence[Suggestion]:
        """See SearchEngine."""
        return self._current().suggest(prefix, filters, limit)

    def document(self, document_id: str) -> Document:
        """See SearchEngine."""
        return self._current().document(document_id)

    def current_id(self, document_id: str) -> str:
        """See SearchEngine."""
        return self._current().current_id(document_id)

    def documents(self) -> Sequence[Document]:
        """See SearchEngine."""
        return self._current().documents()

    def matches(self, q: str, html: str) -> str:
        """See SearchEngine."""
        return self._current().matches(q, html)

    def info(self) -> IndexInfo:
        """See SearchEngine."""
        return self._current().info()


def read_manifest(folder: Path) -> Manifest:
    """The manifest of the committed index; IndexMissingError if there is none."""
    return Manifest.from_plain(_committed_segment(folder)[0].manifest)


def attachment(folder: Path, name: str) -> Path | None:
    """A file kept beside the committed index; None if there is none, or the index is damaged."""
    try:
        segment, _, _ = _committed_segment(folder)
        _check_sizes(folder, segment)
    except (SearchIndexError, FileNotFoundError):
        return None
    file_name = f"{segment.segment_id()}.{name}"
    return folder / file_name if file_name in segment.sizes else None


def _check_sizes(folder: Path, segment: ArraySegment) -> None:
    for file_name, size in segment.sizes.items():
        if (folder / file_name).stat().st_size != size:
            raise IndexStaleError(f"{folder}: the index is damaged ({file_name} has another size)")


def _committed_segment(folder: Path) -> tuple[ArraySegment, TOC, FileStorage]:
    storage = FileStorage(str(folder), readonly=True)
    try:
        toc = TOC.read(storage, INDEX_NAME)
    except (EmptyIndexError, OSError) as error:
        raise IndexMissingError(f"{folder}: no index") from error
    except Exception as error:  # whatever a foreign or damaged TOC makes unpickling raise
        raise IndexStaleError(f"{folder}: the index cannot be read ({error})") from error
    if not toc.segments or not isinstance(toc.segments[0], ArraySegment):
        raise IndexStaleError(f"{folder}: the index was made by another program")
    return toc.segments[0], toc, storage


def _open_snapshot(folder: Path) -> _Snapshot:
    for attempt in range(OPEN_RETRIES):
        try:
            return _Snapshot(folder)
        except FileNotFoundError:
            if attempt < OPEN_RETRIES - 1:
                time.sleep(_RETRY_SECONDS)
        except (ValueError, EOFError, struct.error) as error:
            raise IndexStaleError(f"{folder}: the index is damaged ({error})") from error
    raise IndexStaleError(f"{folder}: the index is damaged (a file is missing)")


class _Snapshot:
    """One committed index, opened. Its files stay mapped even after a later commit has removed their names."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._opened_at = _modified(folder)
        segment, toc, storage = _committed_segment(folder)
        _check_sizes(folder, segment)
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
        self._document_starts, self._count = data.document_starts, len(data)
        readings = data.fields["readings"]
        self._scorer = Scorer(self._words, data.fields["bigrams"], data.fields["synonyms"], self._count)
        self._vocabulary = ArrayVocabulary(self._words, readings)
        self._planner = Planner(self._analyzer, self.manifest.thesaurus, self._vocabulary)
        self._highlighter = Highlighter(self._analyzer)
        self._suggester = Suggester(
            self._words,
            readings,
            data.fields["phrases"],
            data.fields["phrase_readings"],
            lambda number: str(self._stored(number)["id"]),
            self._analyzer,
        )
        self._document_of = functools.cache(self._read_document)

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
        query = parse_query(request.q)
        plan = self._planner.plan(query, exact=request.exact)
        matches = self._scorer.match(plan)
        did_you_mean = corrected = None
        if matches.unknown or matches.dropped or not len(matches.sections):
            did_you_mean = self._did_you_mean(request, query, matches)
        if did_you_mean and not request.exact and _is_slip(query, did_you_mean, matches):
            corrected = parse_query(did_you_mean)
            plan = self._planner.plan(corrected)
            matches = self._scorer.match(plan)
        facets = self._facets.counts(matches.sections, request.filters)
        hits = self._facets.passing(matches.sections, request.filters)
        order = self._order(hits, matches, request, ranked=bool(plan.clauses))
        shown = order[(request.page - 1) * request.per_page : request.page * request.per_page]
        named = self._named_terms(plan)
        page_hits = tuple(self._hit(int(number), plan, named, matches) for number in shown)
        partial_hits: tuple[Hit, ...] = ()
        if request.page == 1 and 0 < len(hits) < request.per_page and request.sort is Sort.RELEVANCE:
            others = self._facets.passing(self._scorer.partly(matches), request.filters)
            following = self._order(others, matches, request, ranked=bool(plan.clauses))
            following = following[: request.per_page - len(hits)]
            partial_hits = tuple(self._hit(int(number), plan, named, matches, is_partial=True) for number in following)
        interpretation = Interpretation(
            interpreted=str(corrected or query),
            did_you_mean=did_you_mean,
            corrected=corrected is not None,
            dropped=matches.dropped,
            expansions=plan.expansions,
            unknown=matches.unknown,
            next_steps=() if len(hits) else tuple(self._next_steps(request, matches, did_you_mean)),
        )
        took_ms = (time.perf_counter() - started) * 1000
        return SearchPage(request, interpretation, len(hits), page_hits, facets, round(took_ms, 2), partial_hits)

    def _did_you_mean(self, request: SearchRequest, query: Query, matches: Matches) -> str | None:
        """The query with its most doubtful word replaced, if that finds all of its words together."""
        doubted = {*matches.unknown, *matches.dropped}
        for number, (clause, leaves) in enumerate(zip(query.clauses, matches.clauses, strict=False)):
            if len(clause.alternatives) != 1 or not isinstance(clause.alternatives[0], Text):
                continue
            text = fold(clause.alternatives[0].text)
            tokens = self._analyzer.tokens(text)
            ranges = [
                (unit.unit.start, unit.unit.start + len(unit.unit.typed))
                for unit in leaves[0].units
                if unit.unit.typed in doubted or not doubted
            ]
            doubtful = frozenset(
                index for index, token in enumerate(tokens) if any(start <= token.start < end for start, end in ranges)
            )
            for tried, corrected in enumerate(corrections(text, tokens, doubtful, self._vocabulary)):
                if tried >= MAX_CORRECTIONS_TRIED:
                    break
                changed = (*query.clauses[:number], Clause((Text(corrected),)), *query.clauses[number + 1 :])
                proposal = replace(query, clauses=changed)
                answer = self._scorer.match(self._planner.plan(proposal, exact=request.exact))
                if len(answer.sections) and not answer.dropped and len(answer.unknown) < max(1, len(matches.unknown)):
                    return str(proposal)
        return None

    def _next_steps(self, request: SearchRequest, matches: Matches, did_you_mean: str | None) -> Iterator[NextStep]:
        """Changes to a search without hits, each with the total it would really have."""
        proposals: list[tuple[str, str, SearchRequest]] = []
        if did_you_mean:
            proposals.append(("spelling", did_you_mean, replace(request, q=did_you_mean, page=1)))
        for name in request.filters:
            others = {other: values for other, values in request.filters.items() if other != name}
            proposals.append(("without_filter", FACET_BY_NAME[name].label, replace(request, filters=others, page=1)))
        if len(request.filters) > 1:
            proposals.append(("without_filters", "", replace(request, filters={}, page=1)))
        if request.exact:
            proposals.append(("not_exact", "", replace(request, exact=False, page=1)))
        if len(matches.requirements) > 1:
            proposals += [("only", part.typed, replace(request, q=part.typed, page=1)) for part in matches.requirements]
        for kind, subject, proposal in proposals:
            total = self._total(proposal)
            if total:
                yield NextStep(kind, subject, proposal.q, proposal.filters, proposal.exact, total)

    def _total(self, request: SearchRequest) -> int:
        matches = self._scorer.match(self._planner.plan(parse_query(request.q), exact=request.exact))
        return len(self._facets.passing(matches.sections, request.filters))

    def _order(self, hits: IntArray, matches: Matches, request: SearchRequest, *, ranked: bool) -> IntArray:
        """The sections to page through, best first, at most MAX_WINDOW."""
        if not ranked or request.sort is Sort.PAGE:
            return hits[:MAX_WINDOW]
        best = _best(hits, matches.scores)
        self._scorer.add_proximity(matches, best)
        best = best[np.lexsort((best, -matches.scores[best]))]
        matches.scores[best] *= self._crowding(best)
        best = best[np.lexsort((best, -matches.scores[best]))]
        return self._spread(best, request.per_page, request.page)

    def _crowding(self, ranked: IntArray) -> NDArray[np.float32]:
        """SAME_DOCUMENT_WEIGHT ^ (how many sections of the same document stand before), for each of `ranked`."""
        documents = np.searchsorted(self._document_starts, ranked, side="right")
        order = np.argsort(documents, kind="stable")
        grouped = documents[order]
        firsts = np.flatnonzero(np.concatenate(([True], grouped[1:] != grouped[:-1]))) if len(grouped) else grouped
        before = np.arange(len(grouped)) - np.repeat(firsts, np.diff(np.append(firsts, len(grouped))))
        weights = np.empty(len(ranked), dtype=np.float32)
        weights[order] = np.float32(SAME_DOCUMENT_WEIGHT) ** before
        return weights

    def _spread(self, ranked: IntArray, per_page: int, pages: int) -> IntArray:
        """The first `pages`: at most MAX_SECTIONS_PER_DOCUMENT of one document on each, while there are others."""
        documents = np.searchsorted(self._document_starts, ranked, side="right")
        waiting = list(zip(ranked.tolist(), documents.tolist(), strict=True))
        ordered: list[int] = []
        while waiting and len(ordered) < per_page * pages:
            page: list[int] = []
            seen: dict[int, int] = {}
            later: list[tuple[int, int]] = []
            for position, (number, document) in enumerate(waiting):
                if len(page) == per_page:
                    later += waiting[position:]
                    break
                if seen.get(document, 0) < MAX_SECTIONS_PER_DOCUMENT:
                    seen[document] = seen.get(document, 0) + 1
                    page.append(number)
                else:
                    later.append((number, document))
            missing = per_page - len(page)
            page += [number for number, _ in later[:missing]]
            waiting = later[missing:] if missing else later
            ordered += page
        return np.array(ordered, dtype=np.int64)

    def _hit(
        self,
        number: int,
        plan: Plan,
        named: Mapping[Alternative, frozenset[str]],
        matches: Matches,
        *,
        is_partial: bool = False,
    ) -> Hit:
        stored = self._stored(number)
        document = self._document_of(self._document_number(number))
        section = section_from_stored(stored)
        why = tuple(reason for unit in matches.units() if (reason := self._reason(unit, number)))
        kinds = frozenset(reason.how for reason in why) or frozenset({How.EXACT})
        targets = targets_of(plan, named, kinds)
        return Hit(
            id=section.id,
            anchor=section.anchor,
            heading=section.heading,
            breadcrumb=breadcrumb(document, section),
            document=document,
            snippet=self._highlighter.snippet(section.html, targets),
            score=round(float(matches.scores[number]), 4),
            why=why,
            missing=tuple(part.typed for part in matches.requirements if not _holds(part.sections, number))
            if is_partial
            else (),
        )

    def _reason(self, match: UnitMatch, number: int) -> Why | None:
        for alternative, docs in match.by_alternative:
            if _holds(docs, number):
                is_converted = alternative.how is How.EXACT and fold(alternative.shown) not in fold(match.unit.typed)
                return Why(match.unit.typed, alternative.shown, How.READING if is_converted else alternative.how)
        return None

    def _named_terms(self, plan: Plan) -> dict[Alternative, frozenset[str]]:
        return {
            alternative: self._scorer.related_terms(alternative)
            for clause in plan.clauses
            for typed in clause
            for leaf in typed.readings()
            for unit in leaf.units
            for alternative in unit.alternatives
            if alternative.synonym_groups
        }

    def matches(self, q: str, html: str) -> str:
        plan = self._planner.plan(parse_query(q))
        kinds = frozenset(How) - {How.PARTS}
        return self._highlighter.mark(html, targets_of(plan, self._named_terms(plan), kinds))

    def suggest(self, prefix: str, filters: Mapping[str, tuple[str, ...]], limit: int) -> Sequence[Suggestion]:
        """Completes the last word; what stands before it stays, and counts are of both together."""
        *before, last = fold(prefix).split(" ")
        if not last:
            return ()
        context = " ".join(word for word in before if word)
        matches = self._scorer.match(self._planner.plan(parse_query(context)))
        allowed = np.zeros(self._count, dtype=bool)
        allowed[self._facets.passing(matches.sections, filters)] = True
        found = self._suggester.suggest(last, allowed, limit)
        if not context:
            return found
        return [replace(item, text=f"{context} {item.text}") for item in found if item.kind == "term"]

    # -- documents ---------------------------------------------------------------------------------------------------

    def _stored(self, number: int) -> dict[str, Any]:
        return self._data.stored_row(number)

    def _document_number(self, section: int) -> int:
        return int(np.searchsorted(self._document_starts, section, side="right")) - 1

    def _read_document(self, number: int) -> Document:
        return from_stored(self._stored(int(self._document_starts[number]))["document"])

    def _sections(self, number: int) -> tuple[Section, ...]:
        return tuple(map(section_from_stored, self._data.stored_rows(number)))

    def document(self, document_id: str) -> Document:
        rank = self._ids.lexicon.find(document_id)
        if rank is None or "#" in document_id:
            raise NotFoundError(document_id)
        first = int(self._ids.term_docs(rank)[0])
        number = self._document_number(first)
        return from_stored(self._stored(first)["document"], self._sections(number))

    def current_id(self, document_id: str) -> str:
        if "#" not in document_id and self._ids.lexicon.find(document_id) is not None:
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


class ArrayVocabulary:
    """The index's words and readings, listed when the first slip is met."""

    def __init__(self, words: ArrayField, readings: ArrayField) -> None:
        self._words, self._readings = words, readings

    @functools.cached_property
    def _listed(self) -> list[tuple[str, int]]:
        frequencies = np.diff(self._words.offsets).tolist()
        return [(word, count) for word, count in zip(self._words.lexicon, frequencies, strict=True) if len(word) > 1]

    @functools.cached_property
    def _all_readings(self) -> list[str]:
        return list(self._readings.lexicon)

    def words(self) -> Sequence[tuple[str, int]]:
        return self._listed

    def readings(self) -> Sequence[str]:
        return self._all_readings

    def words_read(self, reading: str) -> Iterable[tuple[str, int]]:
        rank = self._readings.lexicon.find(reading)
        ranks = [] if rank is None else self._readings.term_docs(rank).tolist()
        return [(self._words.lexicon.text(word), self._words.document_frequency(word)) for word in ranks]


def _is_slip(query: Query, did_you_mean: str, matches: Matches) -> bool:
    """Whether to search for もしかして at once: it is close, and nothing or only pieces of one word are found."""
    typed = fold(str(query))
    if OSA.distance(typed, fold(did_you_mean)) > allowed_distance(len(typed)):
        return False
    texts = [leaf.text for clause in query.clauses for leaf in clause.alternatives]
    is_in_pieces = bool(matches.dropped) and len(texts) == 1 and len(texts[0]) >= MIN_SLIP_CHARS
    return is_in_pieces or not len(matches.sections)


def _holds(docs: NDArray[np.int32], number: int) -> bool:
    place = int(np.searchsorted(docs, number))
    return place < len(docs) and int(docs[place]) == number


def _best(hits: IntArray, scores: NDArray[np.float32], limit: int = MAX_WINDOW) -> IntArray:
    """The best hits by score, ties in reading order."""
    if len(hits) > limit:
        values = scores.take(hits)
        # What a sample's best reach is reached by few, among which the best are found ten times as fast.
        sample = values[::SAMPLED]
        rank = 2 * (limit // SAMPLED + SAMPLED // 4)
        if rank < len(sample):
            few = np.flatnonzero(values >= np.partition(sample, -rank)[-rank])
            if len(few) >= limit:
                hits, values = hits[few], values[few]
    if len(hits) > limit:
        threshold = np.partition(values, len(hits) - limit)[len(hits) - limit]
        above = hits[values > threshold]
        hits = np.concatenate((above, hits[values == threshold][: limit - len(above)]))
    return hits[np.lexsort((hits, -scores[hits]))]


def _modified(folder: Path) -> int:
    """When a file was last added or removed there, ns: cheap enough to ask at every request."""
    try:
        return os.stat(folder).st_mtime_ns
    except OSError:
        return 0


@functools.lru_cache(maxsize=2)
def _analyzer(user_dictionary: str | None) -> Analyzer:
    return Analyzer(SudachiTokenizer(Path(user_dictionary) if user_dictionary else None))
