"""The engine over arrays answers as the reference does: same hits in the same order, same scores, same counts."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from indexer.engine import Sort
from indexer.engines.whoosh_arrays.engine import WhooshArraysEngine
from indexer.entries import Entry, entries_of
from indexer.fields import IMPACT_STEP, K1
from indexer.search.answer import Hit
from indexer.search.planning import Plan
from indexer.search.request import SearchRequest
from kb.language.query_parser import parse_query
from kb.library import load_library
from kb.vocabulary import FACETS
from tests.conftest import CONTENT, REPOSITORY, build_folder, open_search
from tests.indexer.reference import Reference

QUERIES = 1_000
SAME = 1e-5  # of scores, beside which the engine's float32 is exact
ROUNDED = 5e-5  # a hit's score is shown with four decimals


class Pair:
    """One index, answered by both."""

    def __init__(self, engine: WhooshArraysEngine, entries: Sequence[Entry]) -> None:
        self.engine = engine
        self._snapshot = engine._current()
        self.reference = Reference(entries, self._snapshot._analyzer)

    def plan(self, q: str, *, exact: bool = False) -> Plan:
        return self._snapshot._planner.plan(parse_query(q), exact=exact)

    def assert_same(self, request: SearchRequest) -> None:
        page = self.engine.search(request)
        typed = page.interpretation.did_you_mean if page.interpretation.corrected else request.q
        expected = self.reference.answer(self.plan(typed or "", exact=request.exact), request)
        assert page.total == expected.total
        assert {name: {one.value: one.count for one in counts} for name, counts in page.facets.items()} == (
            expected.facets
        )
        assert_same_hits(page.hits, expected.hits)
        assert_same_hits(page.partial_hits, expected.partial_hits)
        named = tuple(tuple(dict.fromkeys(words)) for words in (expected.dropped, expected.unknown))
        assert (page.interpretation.dropped, page.interpretation.unknown) == named


def assert_same_hits(hits: Sequence[Hit], expected: Sequence[tuple[str, float]]) -> None:
    """Position by position; hits of equal score may change places, with others that are not shown too.

    Of two such sections of one document the later scores less, whichever it is.
    """
    assert len(hits) == len(expected)
    scores = dict(expected)
    for hit, (section, score) in zip(hits, expected, strict=True):
        allowed = pytest.approx(score, rel=0, abs=SAME * score + ROUNDED)
        assert hit.score == allowed, (hit.id, section)
        is_same_document = hit.document.id == section.partition("#")[0]
        assert is_same_document or scores.get(hit.id, score) == allowed, (hit.id, section)


@pytest.fixture(scope="module")
def guide_pair(guide_index: Path) -> Pair:
    """The repository's own content."""
    documents = load_library([str(CONTENT)]).documents
    by_id = {document.id: document for document in documents}
    engine = open_search(guide_index)
    return Pair(engine, [entry for one in engine.documents() for entry in entries_of(by_id[one.id])])


def judged_queries() -> list[str]:
    folder = REPOSITORY / "tests" / "relevance"
    lines = (folder / "queries.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line)["query"] for line in lines]


def test_a_thousand_queries_are_answered_as_by_the_reference(guide_pair: Pair) -> None:
    chance = random.Random(20261123)
    documents = [guide_pair.engine.document(one.id) for one in guide_pair.engine.documents()]
    headings = [section.heading for document in documents for section in document.sections if section.heading]
    words = [part for heading in headings for part in heading.replace("と", " ").replace("の", " ").split()]
    queries = [*judged_queries(), *(question.text for document in documents for question in document.questions)]
    queries += chance.sample(headings, 150)
    requests = [SearchRequest(q) for q in queries]
    forms = ["{} {}", "{} OR {}", "{} -{}", '"{}" {}', "{}の{}", "{} {} {}", "{} {} {} {}", "{}", "{}とは何ですか"]
    while len(requests) < QUERIES:
        q = chance.choice(forms).format(*chance.choices(words, k=4))
        facet = chance.choice(FACETS)
        filters = {facet.name: tuple(chance.sample(list(facet.values), 2))} if chance.random() < 0.3 else {}
        sort = Sort.PAGE if chance.random() < 0.1 else Sort.RELEVANCE
        exact = chance.random() < 0.2
        requests.append(SearchRequest(q, filters=filters, exact=exact, sort=sort, page=chance.choice([1, 1, 2])))
    for request in requests:
        try:
            guide_pair.assert_same(request)
        except AssertionError as error:
            error.add_note(repr(request))
            raise


# Random content

SOME_WORDS = (
    "随意契約 契約 契約書 入札 予算 予算案 議会 実証実験 福岡市 サーバー サーバ すたーとあっぷ スタートアップ "
    "見積り 見積書 第167条の2 ほげ kpi 2024 の と 何 方法 子ども 子供"
).split()
texts = st.lists(st.sampled_from(SOME_WORDS), min_size=1, max_size=12).map("".join)
spaced = st.lists(st.sampled_from(SOME_WORDS), min_size=1, max_size=4).map(" ".join)
queries = st.one_of(
    texts,
    spaced,
    spaced.map(lambda text: text.replace(" ", " OR ", 1)),
    spaced.map(lambda text: text.replace(" ", " -", 1)),
    texts.map(lambda text: f'"{text}"'),
    st.sampled_from(SOME_WORDS).map(lambda word: f"{word}とは"),
)
documents = st.tuples(texts, st.lists(st.tuples(texts, texts), max_size=3))


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(documents, min_size=1, max_size=12), st.lists(queries, min_size=5, max_size=10), st.booleans())
def test_any_content_is_searched_as_by_the_reference(
    tmp_path_factory: pytest.TempPathFactory,
    content: list[tuple[str, list[tuple[str, str]]]],
    asked: list[str],
    exact: bool,
) -> None:
    folder = tmp_path_factory.mktemp("content")
    for number, (title, sections) in enumerate(content):
        body = "\n\n".join(f"## {heading}\n\n{text}" for heading, text in sections)
        page = f"---\nid: d{number:02}\nkind: internal\ntitle: {title!r}\n---\n{body}\n"
        (folder / f"{number:02}.md").write_text(page, encoding="utf-8")
    build_folder(folder, folder / "index")
    documents = load_library([str(folder)]).documents
    engine = open_search(folder / "index")
    pair = Pair(engine, [entry for document in documents for entry in entries_of(document)])
    for q in asked:
        pair.assert_same(SearchRequest(q, exact=exact))


# The reference itself


def test_a_score_worked_out_by_hand(tmp_path: Path) -> None:
    for name, text in (("a", "入札"), ("b", "予算 予算 予算"), ("c", "議会 予算")):
        (tmp_path / f"{name}.md").write_text(
            f"---\nid: {name}\nkind: internal\ntitle: 題\n---\n{text}\n", encoding="utf-8"
        )
    build_folder(tmp_path, tmp_path / "index")
    documents = load_library([str(tmp_path)]).documents
    pair = Pair(
        open_search(tmp_path / "index"),
        [entry for document in documents for entry in entries_of(document)],
    )
    # 予算 stands in 2 of 3 sections: idf = ln(1 + 1.5 / 2.5). Bodies have 1, 3 and 2 words, on average 2, so that
    # b's is 1 − 0.6 + 0.6 · 3/2 = 1.3 long, c's exactly 1; no title holds the word.
    idf = 0.47000362924573563
    of_b, of_c = 3 / 1.3, 1.0
    answer = pair.reference.answer(pair.plan("予算", exact=True), SearchRequest("予算", exact=True))
    assert [section for section, _ in answer.hits] == ["b", "c"]
    kept = [round(of / (K1 + of) / IMPACT_STEP) * IMPACT_STEP for of in (of_b, of_c)]
    assert [score for _, score in answer.hits] == pytest.approx([idf * impact for impact in kept])
    pair.assert_same(SearchRequest("予算", exact=True))
