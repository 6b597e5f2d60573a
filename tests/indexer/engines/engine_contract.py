"""What every engine promises. An engine's test class inherits EngineContract and says how to make one."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from indexer.building.build import build
from indexer.engine import Engine, Sort
from indexer.plan import How
from indexer.search.answer import SearchPage
from indexer.search.request import SearchRequest
from indexer.search.service import Search, Searches
from kb.errors import NotFoundError, UsageError
from kb.vocabulary import FACETS

CONTENT: Mapping[str, str] = {
    "guide/direct-contract.md": """---
id: direct-contract
title: スタートアップとの随意契約
kind: guide
chapter: 5
roles: [gov-line-officer, startup-officer]
stages: [method]
pattern: procurement
guide_pages: 83-99
questions: [入札をせずに買えるのか]
former_ids: [old-contract]
related: [agreement]
---
自治体が新しい製品を買う方法です。

## 適用できる条件 {#conditions}

随意契約は、地方自治法施行令第167条の2に定める場合に限ります。スタートアップの新商品も対象です。

## 官民連携との関係 {#relation}

官民連携の出口の一つです。CureAppのような会社もあります。<b onclick="x()">強調</b>
""",
    "guide/agreement.md": """---
id: agreement
title: 連携協定
kind: guide
chapter: 2
roles: [gov-executive]
stages: [coordination]
guide_pages: 20
---
包括連携協定は、自治体とスタートアップが結ぶ約束です。契約とは違います。

## 官民の連携 {#public-private}

官民が連携するときの注意です。
""",
    "cases/city.md": """---
id: city
title: ある市の事例
kind: case
roles: [gov-line-officer]
stages: [method]
---
競争入札でシェアサイクルを導入しました。

## 取り組み {#work}

取り組みの内容です。受け入れ体制を整えました。
""",
    "internal/memo.md": (
        "# 庁内メモ\n\n競争入札の手続の控えです。\n\n## 連絡先\n\n契約課\n\n## 会議室\n\n会議室の利用は予約制です。\n"
        "\n## 始まり\n\n庁舎管理規則第52条第3項第1号により、平成16年度に始まりました。\n"
    ),
    "thesaurus.yaml": "equal:\n  - [随意契約, 随契]\nnarrower:\n  調達: [随意契約, 競争入札]\n",
    "user_dictionary.csv": "表記,読み,品詞\nCureApp,キュアアップ,固有名詞\n",
}


def ids(page: SearchPage) -> list[str]:
    return [hit.id for hit in page.hits]


class EngineContract:
    """Inherit, say how to make an engine, and every test below runs on it."""

    make: Callable[[Path], Engine]
    """An empty engine, which may keep what it likes in the folder."""

    @pytest.fixture(scope="class")
    @classmethod
    def search(cls, tmp_path_factory: pytest.TempPathFactory) -> Search:
        folder = tmp_path_factory.mktemp("contract")
        for name, text in CONTENT.items():
            path = folder / "content" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        engine = cls.make(folder / "index")
        build([str(folder / "content")], engine)
        return Searches(engine).open()

    def test_all_typed_words_must_be_there(self, search: Search) -> None:
        assert ids(search.search(SearchRequest("随意契約 スタートアップ 施行令"))) == ["direct-contract#conditions"]

    def test_room_left_on_the_page_is_filled_with_sections_that_say_which_words_they_lack(self, search: Search) -> None:
        page = search.search(SearchRequest("随意契約 スタートアップ 施行令"))
        assert page.total == 1
        assert {hit.id: hit.missing for hit in page.partial_hits}["agreement"] == ("随意契約", "施行令")
        assert not {hit.id for hit in page.partial_hits} & set(ids(page))
        assert page.hits[0].missing == ()

    def test_words_given_up_do_not_hide_the_sections_that_hold_them(self, search: Search) -> None:
        page = search.search(SearchRequest("随意契約 施行令 福祉"))
        assert page.interpretation.dropped == ("福祉",)
        assert {hit.id: hit.missing for hit in page.partial_hits}["direct-contract"] == ("施行令", "福祉")

    def test_what_is_given_up_is_the_least_that_has_to_be(self, search: Search) -> None:
        page = search.search(SearchRequest("CureApp 随意契約 施行令 新商品"))
        assert page.interpretation.dropped == ("cureapp",)
        assert ids(page) == ["direct-contract#conditions"]

    @pytest.mark.parametrize("typed", ["けいやくのじょうけん", "契約 OR ほげふが", "ほげふが OR 契約"])
    def test_a_spelling_that_is_nowhere_takes_nothing_from_the_other(self, search: Search, typed: str) -> None:
        assert "direct-contract#conditions" in ids(search.search(SearchRequest(typed)))

    def test_sections_that_lack_a_word_obey_the_filters_and_are_not_counted(self, search: Search) -> None:
        page = search.search(SearchRequest("随意契約 スタートアップ 施行令", {"chapter": ("5",)}))
        assert page.partial_hits
        assert {hit.document.chapter for hit in page.partial_hits} == {5}
        assert [count.count for count in page.facets["chapter"]] == [0, 0, 0, 0, 1]

    @pytest.mark.parametrize(
        "options", [{"exact": True}, {"sort": Sort.PAGE}, {"per_page": 1}, {"page": 2}, {"q": "随意契約"}]
    )
    def test_a_full_page_an_exact_or_one_word_search_and_page_order_show_no_sections_that_lack_a_word(
        self, search: Search, options: dict[str, Any]
    ) -> None:
        assert not search.search(SearchRequest(**{"q": "随意契約 スタートアップ 施行令", **options})).partial_hits

    def test_no_section_without_the_phrase_is_shown_for_a_phrase(self, search: Search) -> None:
        page = search.search(SearchRequest('"適用できる条件" 施行令 CureApp'))
        assert page.interpretation.dropped
        page = search.search(SearchRequest('"随意契約は" 施行令'))
        assert not page.partial_hits

    def test_a_full_width_blank_separates_words_too(self, search: Search) -> None:
        assert ids(search.search(SearchRequest("シェアサイクル\u3000競争入札"))) == ["city"]

    def test_a_compound_is_found_by_its_part(self, search: Search) -> None:
        assert "direct-contract#relation" in ids(search.search(SearchRequest("連携")))

    def test_a_compound_that_is_nowhere_is_searched_by_its_parts_and_says_so(self, search: Search) -> None:
        page = search.search(SearchRequest("地方自治法施行規則"))
        assert ids(page) == ["direct-contract#conditions"]
        assert (page.interpretation.corrected, page.interpretation.interpreted) == (True, "地方自治法 施行 規則")
        assert page.interpretation.dropped == ("規則",)
        assert search.search(SearchRequest("地方自治法施行規則", exact=True)).total == 0

    def test_the_whole_compound_ranks_before_its_parts(self, search: Search) -> None:
        found = ids(search.search(SearchRequest("官民連携")))
        assert found.index("direct-contract#relation") < found.index("agreement#public-private")

    def test_a_synonym_finds_and_says_so(self, search: Search) -> None:
        page = search.search(SearchRequest("随契 施行令"))
        assert ids(page) == ["direct-contract#conditions"]
        assert page.interpretation.expansions == {"随契": ("随意契約",)}
        assert page.hits[0].why[0].how is How.SYNONYM

    def test_exact_turns_synonyms_off(self, search: Search) -> None:
        assert search.search(SearchRequest("随契", exact=True)).total == 0

    def test_a_word_that_sudachi_holds_for_the_same_finds_weakly_and_says_so(self, search: Search) -> None:
        (hit,) = search.search(SearchRequest("会議室 使用")).hits
        assert [(why.typed, why.matched, why.how) for why in hit.why] == [
            ("会議室", "会議室", How.EXACT),
            ("使用", "利用", How.RELATED),
        ]
        assert "<mark>利用</mark>" in hit.snippet
        assert search.search(SearchRequest("会議室 使用", exact=True)).total == 0

    @pytest.mark.parametrize("typed", ["第167条の2", "第百六十七条の二", "１６７条の２", "施行令167条の2"])
    def test_an_article_of_law_is_found_in_every_spelling(self, search: Search, typed: str) -> None:
        assert ids(search.search(SearchRequest(typed))) == ["direct-contract#conditions"]

    @pytest.mark.parametrize(
        "typed", ["第52条", "52条", "規則第52条", "第52条第3項", "平成16年", "平成16年度", "2004年", "H16", "h16年"]
    )
    def test_an_article_is_found_with_its_paragraphs_and_a_year_as_a_fiscal_year(
        self, search: Search, typed: str
    ) -> None:
        assert [hit.heading for hit in search.search(SearchRequest(typed)).hits] == ["始まり"]

    @pytest.mark.parametrize(
        "typed", ["第167条の20", "第167条の3", "第16条", "第2条", "第167条", "第52条の3", "第5条", "第3条"]
    )
    def test_another_article_of_law_is_not_found(self, search: Search, typed: str) -> None:
        assert search.search(SearchRequest(typed)).total == 0

    @pytest.mark.parametrize(
        ("q", "chapter"), [("受け入れ体勢 取り組み", "2"), ("随意契約 取り組み", "1"), ("随意計約", "1")]
    )
    def test_a_next_step_finds_as_many_as_it_says(self, search: Search, q: str, chapter: str) -> None:
        steps = search.search(SearchRequest(q, {"chapter": (chapter,)})).interpretation.next_steps
        assert steps
        for step in steps:
            assert search.search(SearchRequest(step.q, step.filters, exact=step.exact)).total == step.total > 0

    def test_what_only_begins_one_longer_word_is_not_suggested_beside_it(self, search: Search) -> None:
        texts = [item.text for item in search.suggest("ずいい", {}, 8) if item.kind == "term"]
        assert texts == ["随意契約"]

    @pytest.mark.parametrize(("typed", "first"), [("け", "契約"), ("ず", "随意契約"), ("k", "契約")])
    def test_a_reading_is_completed_to_what_most_sections_hold(self, search: Search, typed: str, first: str) -> None:
        terms = [item.text for item in search.suggest(typed, {}, 20) if item.kind == "term"]
        assert terms[0] == first
        assert not {"こと", "する"} & set(terms)

    def test_the_marked_words_are_the_original_ones(self, search: Search) -> None:
        page = search.search(SearchRequest("施行令"))
        assert "地方自治法<mark>施行令</mark>第167条" in page.hits[0].snippet

    def test_words_that_only_carry_the_question_are_marked_where_nothing_else_was_asked(self, search: Search) -> None:
        def snippet(q: str) -> str:
            return next(hit.snippet for hit in search.search(SearchRequest(q)).hits if hit.id == "direct-contract")

        assert snippet("製品を買う方法は何か") == "自治体が新しい<mark>製品</mark>を<mark>買う</mark>方法です。"
        assert snippet("方法") == "自治体が新しい製品を買う<mark>方法</mark>です。"

    def test_a_phrase_matches_only_as_written(self, search: Search) -> None:
        assert ids(search.search(SearchRequest('"官民が連携"'))) == ["agreement#public-private"]
        assert search.search(SearchRequest('"連携が官民"')).total == 0

    @pytest.mark.parametrize(
        "phrase", ["CureApp 施行令", "施行令 CureApp", "施行令 zzz", "zzz 施行令", "施行令、施行令"]
    )
    def test_a_phrase_with_a_gap_or_latin_letters_matches_only_as_written_too(
        self, search: Search, phrase: str
    ) -> None:
        assert search.search(SearchRequest("施行令")).total
        assert search.search(SearchRequest(f'"{phrase}"')).total == 0
        everything = search.search(SearchRequest("")).total
        assert search.search(SearchRequest(f'-"{phrase}"')).total == everything

    @pytest.mark.parametrize(
        ("phrase", "found"),
        [
            ("CureAppのような会社", 1), ("CureAppのような会社もあります。", 1), ("eAppのよう", 1),
            ("CureAppの会社", 0), ("CureAppが", 0), ("eAppのな", 0),
            ("会社もあります。", 1), ("会社があります。", 0), ("会社もあった。", 0),
            ("出口の一つです。CureAppの", 1), ("出口の一つです。会社", 0), ("一つです。Cur", 1), ("一つです。Xur", 0),
        ],
    )  # fmt: skip
    def test_a_phrase_with_signs_or_latin_letters_is_found_wherever_it_is_written(
        self, search: Search, phrase: str, found: int
    ) -> None:
        page = search.search(SearchRequest(f'"{phrase}"'))
        assert ids(page) == ["direct-contract#relation"] * found
        assert search.search(SearchRequest(f'-"{phrase}"')).total == search.search(SearchRequest("")).total - found

    def test_an_excluded_word_removes_its_sections(self, search: Search) -> None:
        with_it = set(ids(search.search(SearchRequest("競争入札"))))
        assert with_it - set(ids(search.search(SearchRequest("競争入札 -シェアサイクル")))) == {"city"}

    def test_or_finds_either(self, search: Search) -> None:
        found = set(ids(search.search(SearchRequest("シェアサイクル OR 包括"))))
        assert found == {"city", "agreement"}

    @pytest.mark.parametrize(
        ("typed", "found"),
        [("⾃治体 包括", "agreement"), ("取組 受入れ", "city#work"), ("第百六十七条の二", "direct-contract#conditions"),
         ("ｽﾀｰﾄｱｯﾌﾟ 施行令", "direct-contract#conditions"), ("スタート・アップ 施行令", "direct-contract#conditions"),
         ("cureapp", "direct-contract#relation"), ("けいやく 施行令", "direct-contract#conditions")],
    )  # fmt: skip
    def test_other_spellings_find_the_same(self, search: Search, typed: str, found: str) -> None:
        assert ids(search.search(SearchRequest(typed)))[:1] == [found]

    def test_a_question_finds_what_it_asks_for(self, search: Search) -> None:
        assert ids(search.search(SearchRequest("随意契約はどんなときに使える？")))[0] == "direct-contract#conditions"

    @pytest.mark.parametrize("typed", ["・・・", "()", '"', "-", "OR", "市", "の", "\0", "😀", "a" * 500, "(" * 500,
         '"ぬ"|' * 125, '"ぬるぽ"' + '-"x"' * 123, '"ぬ"|' * 120 + '"ぬ" ぽぽぽ'])  # fmt: skip
    def test_any_text_is_a_valid_query(self, search: Search, typed: str) -> None:
        assert search.search(SearchRequest(typed)).total >= 0

    def test_one_character_finds_words_that_hold_it(self, search: Search) -> None:
        assert "direct-contract#conditions" in ids(search.search(SearchRequest("法")))

    @pytest.mark.parametrize(
        ("typed", "options"),
        [
            ("随意計約", {"exact": True}),
            ("競争入札", {"filters": {"chapter": ("5",), "kind": ("glossary",)}}),
            ("シェアサイクル 包括", {"exact": True}),
            ('"連携が官民"', {}),
            ('"契約 の約束" 施行令', {}),
        ],
    )
    def test_a_next_step_finds_as_much_as_it_says(self, search: Search, typed: str, options: dict[str, Any]) -> None:
        page = search.search(SearchRequest(typed, **options))
        steps = page.interpretation.next_steps
        found = [search.search(SearchRequest(step.q, step.filters, exact=step.exact)).total for step in steps]
        assert page.total == 0
        assert found
        assert found == [step.total for step in steps]

    def test_a_compound_of_which_most_is_unknown_is_not_searched_for_by_the_rest(self, search: Search) -> None:
        page = search.search(SearchRequest("秘密保持契約"))
        assert (page.total, page.interpretation.unknown) == (0, ("秘密保持契約",))
        assert [(step.kind, step.q) for step in page.interpretation.next_steps] == [("only", "契約")]

    def test_an_article_that_has_only_branches_leads_to_them(self, search: Search) -> None:
        interpretation = search.search(SearchRequest("第167条")).interpretation
        assert [(step.kind, step.q, step.total) for step in interpretation.next_steps] == [
            ("as_phrase", '"第167条"', 1)
        ]

    def test_a_choice_with_a_phrase_is_offered_alone_as_it_was_typed(self, search: Search) -> None:
        steps = search.search(SearchRequest('"官民が連携" OR 包括 施行令', exact=True)).interpretation.next_steps
        assert ('"官民が連携" OR 包括', 2) in [(step.q, step.total) for step in steps if step.kind == "only"]

    def test_what_is_nowhere_is_named_once(self, search: Search) -> None:
        assert search.search(SearchRequest("ぬるぽ ぬるぽ")).interpretation.unknown == ("ぬるぽ",)

    def test_nothing_typed_lists_everything_in_reading_order(self, search: Search) -> None:
        page = search.search(SearchRequest(per_page=100))
        assert page.total == search.info.sections
        assert [hit.document.kind for hit in page.hits] == sorted(
            (hit.document.kind for hit in page.hits), key=["guide", "case", "glossary", "internal"].index
        )

    def test_sorting_by_page_follows_the_guide(self, search: Search) -> None:
        page = search.search(SearchRequest("スタートアップ", sort=Sort.PAGE))
        pages = [hit.document.guide_pages[0] for hit in page.hits if hit.document.guide_pages]
        assert pages == sorted(pages)
        assert len(set(pages)) == 2

    def test_every_facet_count_is_the_total_of_that_choice(self, search: Search) -> None:
        page = search.search(SearchRequest("契約"))
        for facet in FACETS:
            for count in page.facets[facet.name]:
                chosen = search.search(SearchRequest("契約", {facet.name: (count.value,)}))
                assert chosen.total == count.count, (facet.name, count.value)

    def test_a_facets_counts_ignore_its_own_selection(self, search: Search) -> None:
        free = search.search(SearchRequest("契約")).facets["kind"]
        chosen = search.search(SearchRequest("契約", {"kind": ("case",)})).facets["kind"]
        assert [(count.value, count.count) for count in free] == [(count.value, count.count) for count in chosen]

    def test_values_of_one_facet_are_alternatives_and_facets_combine(self, search: Search) -> None:
        either = search.search(SearchRequest("", {"kind": ("case", "guide")}, per_page=100))
        assert {hit.document.kind for hit in either.hits} == {"case", "guide"}
        both = search.search(SearchRequest("", {"kind": ("case", "guide"), "chapter": ("2",)}))
        assert {hit.document.id for hit in both.hits} == {"agreement"}

    def test_pages_hold_every_hit_once(self, search: Search) -> None:
        total = search.search(SearchRequest("契約")).total
        pages = [ids(search.search(SearchRequest("契約", page=page, per_page=2))) for page in range(1, total // 2 + 2)]
        found = [section for page in pages for section in page]
        assert len(found) == len(set(found)) == total

    def test_many_threads_get_the_answers_that_one_gets(self, search: Search) -> None:
        queries = ["契約", "官民連携", "スタートアップ", "競争入札"] * 20
        alone = {q: ids(search.search(SearchRequest(q))) for q in set(queries)}
        interval = sys.getswitchinterval()
        sys.setswitchinterval(1e-6)  # threads change places as often as they can: a race shows at once
        try:
            with ThreadPoolExecutor(8) as threads:
                together = list(threads.map(lambda q: ids(search.search(SearchRequest(q))), queries))
        finally:
            sys.setswitchinterval(interval)
        assert together == [alone[q] for q in queries]

    def test_a_document_comes_back_whole_and_harmless(self, search: Search) -> None:
        document = search.document("direct-contract")
        assert [section.id for section in document.sections] == [
            "direct-contract", "direct-contract#conditions", "direct-contract#relation",
        ]  # fmt: skip
        assert "onclick" not in document.sections[2].html
        assert document.guide_pages == (83, 99)

    def test_an_unknown_document_is_not_found(self, search: Search) -> None:
        with pytest.raises(NotFoundError):
            search.document("nowhere")

    def test_a_former_id_leads_to_the_present_one(self, search: Search) -> None:
        assert search.current_id("old-contract") == "direct-contract"
        assert search.current_id("direct-contract") == "direct-contract"
        with pytest.raises(NotFoundError):
            search.current_id("nowhere")

    def test_a_typed_synonym_is_marked_in_the_documents_text(self, search: Search) -> None:
        html = search.document("direct-contract").sections[1].html
        assert "<mark>随意契約</mark>は、" in search.mark("随契", html)

    @pytest.mark.parametrize(
        "wrong",
        [{"q": "a" * 501}, {"page": 0}, {"per_page": 0}, {"per_page": 101}, {"page": 101},
         {"filters": {"role": ("x",)}}, {"filters": {"colour": ("red",)}}],
    )  # fmt: skip
    def test_a_request_beyond_the_limits_cannot_be_made(self, wrong: dict[str, object]) -> None:
        with pytest.raises(UsageError):
            SearchRequest(**wrong)  # type: ignore[arg-type]
