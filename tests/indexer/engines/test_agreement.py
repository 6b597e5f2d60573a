"""The engine over arrays answers as the plain one does: same hits in the same order, same scores, same counts."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from indexer.building.build import build
from indexer.engine import Sort
from indexer.engines.plain import PlainEngine
from indexer.engines.whoosh_arrays import WhooshArrays
from indexer.fields import IMPACT_STEP, K1
from indexer.search.answer import Hit
from indexer.search.request import SearchRequest
from indexer.search.service import Searches
from kb.vocabulary import FACETS
from tests.conftest import CONTENT, REPOSITORY

QUERIES = 1_000
SAME = 1e-5  # of scores, beside which the arrays' float32 is exact
ROUNDED = 1e-4  # scores are shown with four decimals


class Pair:
    """One content folder, searched by both engines."""

    def __init__(self, content: Path, index: Path) -> None:
        engines = PlainEngine(index / "plain"), WhooshArrays(index / "arrays")
        for engine in engines:
            build([str(content)], engine)
        self.plain, self.arrays = (Searches(engine).open() for engine in engines)

    def assert_same(self, request: SearchRequest) -> None:
        expected, page = self.plain.search(request), self.arrays.search(request)
        assert (page.total, page.facets) == (expected.total, expected.facets)
        assert page.interpretation == expected.interpretation
        assert_same_hits(page.hits, expected.hits)
        assert_same_hits(page.partial_hits, expected.partial_hits)


def assert_same_hits(hits: Sequence[Hit], expected: Sequence[Hit]) -> None:
    """Position by position; hits of equal score may change places, with others that are not shown too.

    Of two such sections of one document the later scores less, whichever it is.
    """
    assert len(hits) == len(expected)
    by_id = {hit.id: hit for hit in expected}
    for hit, other in zip(hits, expected, strict=True):
        allowed = pytest.approx(other.score, rel=0, abs=SAME * other.score + ROUNDED)
        assert hit.score == allowed, (hit.id, other.id)
        same = by_id.get(hit.id)
        assert hit.document.id == other.document.id or same is None or same.score == allowed, (hit.id, other.id)
        if same is not None:
            assert (hit.why, hit.missing, hit.snippet) == (same.why, same.missing, same.snippet)


@pytest.fixture(scope="module")
def guide_pair(tmp_path_factory: pytest.TempPathFactory) -> Pair:
    """The repository's own content."""
    return Pair(CONTENT, tmp_path_factory.mktemp("guide-pair"))


def judged_queries() -> list[str]:
    folder = REPOSITORY / "tests" / "relevance"
    lines = (folder / "queries.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line)["query"] for line in lines]


@pytest.mark.slow
def test_a_thousand_queries_are_answered_as_by_the_plain_engine(guide_pair: Pair) -> None:
    chance = random.Random(20261123)
    documents = [guide_pair.arrays.document(one.id) for one in guide_pair.arrays.documents()]
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


@pytest.mark.slow
@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(documents, min_size=1, max_size=12), st.lists(queries, min_size=5, max_size=10), st.booleans())
def test_any_content_is_searched_as_by_the_plain_engine(
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
    pair = Pair(folder, folder / "index")
    for q in asked:
        pair.assert_same(SearchRequest(q, exact=exact))


# The plain engine itself


def test_a_score_worked_out_by_hand(tmp_path: Path) -> None:
    for name, text in (("a", "入札"), ("b", "予算 予算 予算"), ("c", "議会 予算")):
        (tmp_path / f"{name}.md").write_text(
            f"---\nid: {name}\nkind: internal\ntitle: 題\n---\n{text}\n", encoding="utf-8"
        )
    pair = Pair(tmp_path, tmp_path / "index")
    # 予算 stands in 2 of 3 sections: idf = ln(1 + 1.5 / 2.5). Bodies have 1, 3 and 2 words, on average 2, so that
    # b's is 1 − 0.6 + 0.6 · 3/2 = 1.3 long, c's exactly 1; no title holds the word.
    idf = 0.47000362924573563
    of_b, of_c = 3 / 1.3, 1.0
    hits = pair.plain.search(SearchRequest("予算", exact=True)).hits
    assert [hit.id for hit in hits] == ["b", "c"]
    kept = [round(of / (K1 + of) / IMPACT_STEP) * IMPACT_STEP for of in (of_b, of_c)]
    assert [hit.score for hit in hits] == pytest.approx([idf * impact for impact in kept], abs=ROUNDED)
    pair.assert_same(SearchRequest("予算", exact=True))
