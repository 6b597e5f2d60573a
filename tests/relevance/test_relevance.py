"""What the guide's readers type finds what they mean: judged queries above a floor, spellings that must agree."""

from __future__ import annotations

from pathlib import Path

import ir_measures
import pytest
from ir_measures import RR, nDCG

from indexer.editing.evaluation import Result, evaluate, gains, load_judgements, ndcg, summary
from indexer.search.request import SearchRequest
from indexer.search.service import Search
from kb.vocabulary import ROLES

FOLDER = Path(__file__).parent
QUERIES = FOLDER / "queries.jsonl"
SPELLINGS = [line.split("\t") for line in (FOLDER / "spellings.tsv").read_text(encoding="utf-8").splitlines()]
# Under what was measured (.github/MEASURED.md) by what one honest change of content may cost.
FLOORS = {"nDCG@10": 0.93, "MRR@10": 0.97, "hit@1": 0.95, "hit@10": 0.99}


@pytest.fixture(scope="module")
def results(guide: Search) -> list[Result]:
    return evaluate(guide, load_judgements(QUERIES))


@pytest.mark.parametrize("measure", sorted(FLOORS))
def test_the_judged_queries_stay_above_the_floor(results: list[Result], measure: str) -> None:
    assert summary(results)[measure] >= FLOORS[measure]


def test_no_judged_query_is_left_without_a_hit(results: list[Result]) -> None:
    assert [result.judgement.query for result in results if not result.total] == []


def test_judgements_name_sections_and_documents_that_exist(guide: Search) -> None:
    known = {document.id for document in guide.documents()}
    for document in list(known):
        known |= {section.id for section in guide.document(document).sections}
    judged = {identifier for judgement in load_judgements(QUERIES) for identifier in judgement.relevant}
    assert judged - known == set()


def test_the_judged_queries_are_many_and_from_every_role() -> None:
    text = QUERIES.read_text(encoding="utf-8")
    assert len(load_judgements(QUERIES)) >= 150
    assert all(f'"role": "{role.slug}"' in text for role in ROLES)


def test_our_measures_are_those_of_ir_measures() -> None:
    found = ["b#1", "x", "a", "y", "c"]
    relevant = {"b#1": 1, "a": 3, "c": 2, "gone": 2}
    qrels = {"q": relevant}
    run = {"q": {identifier: 10.0 - rank for rank, identifier in enumerate(found)}}
    reference = ir_measures.calc_aggregate([nDCG @ 10, RR @ 10], qrels, run)
    grades = gains(found, relevant)
    assert ndcg(grades, list(relevant.values())) == pytest.approx(reference[nDCG @ 10])
    assert 1 / (1 + next(rank for rank, grade in enumerate(grades) if grade)) == pytest.approx(reference[RR @ 10])


def test_there_are_at_least_100_pairs_of_spellings() -> None:
    assert len(SPELLINGS) >= 100


@pytest.mark.parametrize(("typed", "ordinary"), SPELLINGS)
def test_another_spelling_finds_the_same_first_document(guide: Search, typed: str, ordinary: str) -> None:
    first, second = (guide.search(SearchRequest(q)).hits[:1] for q in (typed, ordinary))
    assert second, f"{ordinary} finds nothing"
    assert [hit.document.id for hit in first] == [hit.document.id for hit in second]


@pytest.mark.parametrize(
    ("typed", "section"),
    [
        ("スタートアップとは何か", "glossary-partnership#startup"),
        ("官民連携 とは", "glossary-partnership#kanmin-renkei"),
        ("公民連携って何ですか？", "glossary-partnership#kanmin-renkei"),
    ],
)
def test_what_everything_speaks_of_is_explained_first(guide: Search, typed: str, section: str) -> None:
    assert guide.search(SearchRequest(typed)).hits[0].id == section


def test_suggestions_name_things_before_what_is_said_of_them(guide: Search) -> None:
    terms = [item.text for item in guide.suggest("随意契約 す", {}, 8)]
    assert terms.index("随意契約 推進") < terms.index("随意契約 進む")
    headings = [item.text for item in guide.suggest("し", {}, 20) if item.kind == "heading"]
    assert headings
    assert "出典" not in headings  # which every document has


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("地方自治法施行令第167条の2", "direct-contract"),
        ("地方自治法234条", "glossary-contract#ippan-kyoso-nyusatsu"),
        ("第167条の2第1項", "procurement#bid-or-negotiated"),
        ("平成16年", "direct-contract#what-it-is"),
        ("見積合わせ", "glossary-budget#shitamitsumori"),
    ],
)
def test_what_a_contract_officer_asks_by_number_or_name_is_among_the_first(
    guide: Search, typed: str, found: str
) -> None:
    assert found in [hit.id for hit in guide.search(SearchRequest(typed)).hits[:3]]
