"""A query becomes a plan that can be read: units with their alternatives, and what is asked of a section."""

from __future__ import annotations

import pytest

from indexer.language.analysis import Analyzer
from indexer.language.thesaurus import Thesaurus
from indexer.language.tokenizer import SudachiTokenizer
from indexer.plan import How, LeafPlan, Plan, Unit
from indexer.ranking import SHIPPED
from indexer.search.planning import MAX_TEXTS_READ, Planner
from kb.language.query_parser import parse_query
from tests.indexer.few_words import NO_WORDS

THESAURUS = Thesaurus(
    variants={"取組": ("取り組み",)},
    equal={"随意契約": ("随契",), "随契": ("随意契約",)},
    narrower={"特区": ("国家戦略特区",)},
)


ANALYZER = Analyzer(SudachiTokenizer())
PLANNER = Planner(ANALYZER, THESAURUS, NO_WORDS)


def plan(typed: str, *, exact: bool = False) -> Plan:
    return PLANNER.plan(parse_query(typed), exact=exact)


def leaf(typed: str, *, exact: bool = False) -> LeafPlan:
    return plan(typed, exact=exact).clauses[0][0]


def units(typed: str) -> list[Unit]:
    return list(leaf(typed).units)


def ways(unit: Unit) -> dict[How, list[str]]:
    found: dict[How, list[str]] = {}
    for alternative in unit.alternatives:
        found.setdefault(alternative.how, []).append(alternative.shown)
    return found


def test_a_term_of_the_thesaurus_is_one_unit_though_the_dictionary_knows_its_parts() -> None:
    (unit,) = units("随意契約")
    found = ways(unit)
    assert (found[How.EXACT], found[How.PARTS], found[How.SYNONYM]) == (["随意契約"], ["随意 契約"], ["随契"])


def test_the_plan_says_what_else_is_searched() -> None:
    assert plan("随契 取組").expansions() == {"随契": ("随意契約",), "取組": ("取り組み",)}


def test_a_narrower_term_does_not_lead_to_the_broader() -> None:
    assert plan("特区").expansions() == {"特区": ("国家戦略特区",)}
    assert "国家戦略特区" not in plan("国家戦略特区").expansions()


@pytest.mark.parametrize("typed", ['"随意契約"', "随意契約"])
def test_exact_and_quoted_words_are_only_themselves(typed: str) -> None:
    exact = leaf(typed, exact=True)
    assert plan(typed, exact=True).expansions() == {}
    assert {how for unit in exact.units for how in ways(unit)} == {How.EXACT}


@pytest.mark.parametrize("typed", ['"a契約"', '"a契約" "b契約" OR "c契約" -"d契約"', '"a契約" 入札 ' * 60])
def test_all_phrases_of_a_query_share_the_texts_that_may_be_read(typed: str) -> None:
    planned = plan(typed)
    leaves = [*planned.exclusions, *(leaf for clause in planned.clauses for leaf in clause)]
    shares = [leaf.units[0].alternatives[0].texts for leaf in leaves if leaf.is_phrase]
    assert MAX_TEXTS_READ // 2 < sum(shares) <= MAX_TEXTS_READ
    assert min(shares) == max(shares)


def test_an_article_of_law_is_one_unit_and_its_numbers_are_only_themselves() -> None:
    (unit,) = units("第百六十七条の二")
    assert unit.typed == "第167条の2"
    assert set(ways(unit)) == {How.EXACT}
    assert unit.alternatives[0].adjacent


def test_predicates_and_question_words_weigh_less_than_what_they_are_about() -> None:
    weights = {unit.typed: unit.weight for unit in units("契約はいつ払うのか")}
    assert weights == {"契約": 1.0, "いつ": SHIPPED.question_word, "払う": SHIPPED.predicate}


@pytest.mark.parametrize(
    ("typed", "is_question"),
    [("契約はいつ払うのか", True), ("契約 支払い", False), ("随意契約", False), ('"契約の支払い"', False)],
)
def test_a_sentence_asks_for_its_weight_and_words_for_each_of_them(typed: str, is_question: bool) -> None:
    assert plan(typed).is_question is is_question


def test_exclusions_are_what_was_typed_and_nothing_else() -> None:
    (excluded,) = plan("契約 -随契").exclusions
    assert {how for unit in excluded.units for how in ways(unit)} == {How.EXACT}


@pytest.mark.parametrize("typed", ["", "の", "。。", '""', "-", "OR", "\u3000"])
def test_anything_typed_makes_a_plan(typed: str) -> None:
    plan(typed)


def test_kana_that_the_dictionary_cuts_into_scraps_are_looked_for_as_they_stand() -> None:
    (unit,) = units("けいや")
    assert unit.typed == "けいや"


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("随意契約とは何か", ("随意契約", "随契")),
        ("随契って何ですか？", ("随契", "随意契約")),
        ("随意契約　とは", ("随意契約", "随契")),
        ("特区の意味を教えてください", ("特区",)),
        ("随意契約", ("随意契約", "随契")),
        ("随意契約 入札", ()),
        ("契約とは OR 入札とは", ()),
        ('"随意契約とは"', ()),
        ("とは", ()),
    ],
)
def test_a_query_for_a_meaning_names_what_it_asks_about(typed: str, names: tuple[str, ...]) -> None:
    assert plan(typed).names == names


def test_a_name_is_worth_more_where_its_meaning_is_asked_for() -> None:
    assert plan("随意契約とは").name_weight == SHIPPED.defined_term > plan("随意契約").name_weight == SHIPPED.typed_term


def test_what_is_narrower_than_a_word_is_so_for_its_equals_too() -> None:
    thesaurus = Thesaurus(equal={"特区": ("特別区域",), "特別区域": ("特区",)}, narrower={"特区": ("国家戦略特区",)})
    (clause,) = Planner(ANALYZER, thesaurus, NO_WORDS).plan(parse_query("特別区域")).clauses
    assert ways(clause[0].units[0])[How.SYNONYM] == ["特区", "国家戦略特区"]


def test_words_without_a_subject_are_not_required_beside_one() -> None:
    _, asking = plan("随意契約 とは").clauses
    assert [unit.is_question_word for unit in asking[0].units] == [True]


def test_a_number_among_words_is_one_with_what_it_counts() -> None:
    assert [unit.typed for unit in units("10年 新商品")] == ["10年"]
    assert [alternative.adjacent for alternative in units("100万円")[0].alternatives] == [True]
    assert [unit.typed for unit in units("5年以内")] == ["5年", "以内"]
    assert [unit.typed for unit in units("337人")] == ["337人"]
    assert [unit.typed for unit in units("第3回")] == ["第3回"]
    assert [unit.typed for unit in units("10年で変わったこと")][:2] == ["10", "年"]  # in a sentence they only rank


def test_a_year_is_searched_in_both_calendars() -> None:
    assert ways(units("令和7年4月の改正")[0])[How.VARIANT] == ["2025年"]
    assert ways(units("2025年度")[0])[How.VARIANT] == ["令和7年度"]
    assert How.VARIANT not in ways(leaf("令和7年", exact=True).units[0])


def test_the_longest_term_of_the_thesaurus_is_sought_once(monkeypatch: pytest.MonkeyPatch) -> None:
    sought: list[Thesaurus] = []

    def longest(thesaurus: Thesaurus) -> int:
        sought.append(thesaurus)
        return 6

    monkeypatch.setattr(Thesaurus, "longest", property(longest))
    planner = Planner(Analyzer(SudachiTokenizer()), THESAURUS, NO_WORDS)
    (leaf,) = planner.plan(parse_query("国家戦略特区と随意契約" * 20)).clauses[0]
    assert len(leaf.units) == 40
    assert sought == [THESAURUS]
