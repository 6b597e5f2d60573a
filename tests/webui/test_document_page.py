"""The page of a document as a reader without JavaScript gets it."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlencode

import pytest
from flask.testing import FlaskClient

from kb.documents.front_matter_keys import ID_PATTERN
from kb.documents.model import Question, Section
from tests.webui.dom import Element, parse
from tests.webui.fake_search import DIRECT_CONTRACT, SettableSearch

HOSTILE = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>&amp;{{7*7}}"


def get(client: FlaskClient, url: str) -> Element:
    answer = client.get(url)
    assert answer.status_code == 200
    return parse(answer.get_data(as_text=True))


@pytest.fixture
def page(client: FlaskClient) -> Element:
    return get(client, "/docs/direct-contract")


def links(element: Element) -> list[tuple[str, str]]:
    return [(link.text, link["href"]) for link in element.all("a")]


def test_the_only_main_heading_is_the_title(page: Element) -> None:
    assert page.one("h1").text == "スタートアップとの随意契約"
    assert page.one("title").text == "スタートアップとの随意契約｜官民連携ナレッジ検索"


def test_headings_carry_their_permanent_ids_and_skip_no_level(page: Element) -> None:
    headings = [(part.tag, part["id"]) for part in page.one("div", "prose").walk() if part.tag in {"h2", "h3", "h4"}]
    assert headings == [("h2", "conditions"), ("h3", "new"), ("h2", "steps")]


def test_no_id_of_the_page_can_be_that_of_a_heading(page: Element) -> None:
    """Such as ## Keys in an internal document, whose link would lead to the dialog of that name."""
    headings = {"conditions", "new", "steps"}
    own = [part["id"] for part in page.walk() if "id" in part and part["id"] not in headings]
    assert own
    assert [name for name in own if ID_PATTERN.fullmatch(name)] == []


@pytest.mark.parametrize("url", ["/docs/direct-contract", "/docs/direct-contract?q=契約"])
def test_every_heading_offers_a_link_to_itself_without_the_search(client: FlaskClient, url: str) -> None:
    page = parse(client.get(url).get_data(as_text=True))
    assert [(link["href"], link["aria-label"]) for link in page.all("a", "permalink")] == [
        ("/docs/direct-contract#conditions", "「適用できる条件」へのリンク"),
        ("/docs/direct-contract#new", "「新商品の場合」へのリンク"),
        ("/docs/direct-contract#steps", "「進め方」へのリンク"),
    ]


def test_a_long_document_has_a_table_of_contents(page: Element) -> None:
    assert links(page.one("nav", "contents")) == [
        ("適用できる条件", "#conditions"),
        ("新商品の場合", "#new"),
        ("進め方", "#steps"),
    ]


def test_a_short_document_has_no_table_of_contents(client: FlaskClient) -> None:
    assert get(client, "/docs/city-case").all("nav", "contents") == []


@pytest.mark.parametrize(
    ("document_id", "place"),
    [("direct-contract", ("第5章 官民連携編", "/search?chapter=5")), ("city-case", ("事例", "/search?kind=case"))],
)
def test_a_document_says_where_it_stands(client: FlaskClient, document_id: str, place: tuple[str, str]) -> None:
    assert links(get(client, f"/docs/{document_id}").one("nav", "crumbs")) == [("トップ", "/"), place]


def test_a_document_says_whom_it_is_for_and_where_it_comes_from(page: Element) -> None:
    about = page.one("dl", "about")
    assert {row.one("dt").text: row.one("dd").text for row in about.all("div")} == {
        "実践ガイド": "83〜99頁",
        "立場": "自治体・実務者（原課・契約・財政） スタートアップ・実務者",
        "段階": "連携方法の検討",
        "出口": "自治体“へ”導入する",
        "出典": "実践ガイド（ある省）",
        "更新日": "2026年4月1日",
    }
    assert about.all("a", "tag")[0]["href"] == "/search?role=gov-line-officer"


def test_a_single_guide_page_is_shown_without_a_range(client: FlaskClient) -> None:
    assert get(client, "/docs/trial-order").one("dl", "about").all("dd")[0].text == "100頁"


def test_an_internal_document_needs_no_metadata(client: FlaskClient) -> None:
    page = get(client, "/docs/memo")
    assert [page.one("dl", "about").text, page.one("div", "prose").text] == ["", "控え"]


def test_a_question_leads_to_the_section_that_answers_it(page: Element) -> None:
    questions = page.one("section", **{"aria-labelledby": "page_questions_title"})
    assert [item.text for item in questions.all("li")] == ["入札をせずに買えるのか", "随契とは何か"]
    assert links(questions) == [("入札をせずに買えるのか", "#conditions")]


def test_related_documents_that_are_gone_are_left_out(page: Element) -> None:
    assert links(page.one("section", **{"aria-labelledby": "page_related_title"})) == [
        ("ある市の事例", "/docs/city-case")
    ]


@pytest.mark.parametrize(
    ("document_id", "expected"),
    [
        ("direct-contract", [("next", "/docs/trial-order")]),
        ("trial-order", [("prev", "/docs/direct-contract")]),
        ("city-case", []),
    ],
)
def test_neighbours_are_of_the_same_kind(
    client: FlaskClient, document_id: str, expected: list[tuple[str, str]]
) -> None:
    page = get(client, f"/docs/{document_id}")
    assert [(link["rel"], link["href"]) for nav in page.all("nav", "neighbours") for link in nav.all("a")] == expected


def test_without_a_query_nothing_is_marked(page: Element) -> None:
    assert page.all("mark") == page.all("p", "notice") == []


def test_the_way_back_to_the_results_keeps_the_query(client: FlaskClient) -> None:
    notice = get(client, "/docs/direct-contract?q=随意+A%26B").one("p", "notice")
    assert links(notice) == [("検索結果へ戻る", "/search?q=%E9%9A%8F%E6%84%8F%20A%26B")]
    assert notice.text == "「随意 A&B」に当たる語は、本文にはありません。 検索結果へ戻る"


def test_marks_are_counted_and_can_be_cleared(client: FlaskClient) -> None:
    notice = get(client, "/docs/direct-contract?q=随意").one("p", "notice")
    assert notice.text == "「随意」に当たる語が2か所あります。強調表示を消す 検索結果へ戻る"
    assert links(notice)[0] == ("強調表示を消す", "/docs/direct-contract")


def test_a_query_beyond_the_limit_does_not_keep_a_document_from_being_read(client: FlaskClient) -> None:
    assert get(client, "/docs/direct-contract?q=" + "x" * 600).one("input", name="q")["value"] == "x" * 500


def test_hostile_metadata_and_a_hostile_query_do_nothing(search: SettableSearch, client: FlaskClient) -> None:
    search.known = (
        replace(
            DIRECT_CONTRACT,
            title=HOSTILE,
            sections=(*DIRECT_CONTRACT.sections, Section("direct-contract#a", "a", HOSTILE, 2, (), "<p>本文</p>")),
            questions=(Question(HOSTILE, "a"), Question(HOSTILE)),
        ),
    )
    page = get(client, f"/docs/direct-contract?{urlencode({'q': HOSTILE})}")
    assert [script["src"].partition("?")[0] for script in page.all("script")] == ["/static/app.js"]
    assert page.all("img") == []
    assert page.one("h1").text == page.one("input", name="q")["value"] == HOSTILE


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("/s/direct-contract", "/docs/direct-contract"),
        ("/s/old-contract%23conditions", "/docs/direct-contract#conditions"),
        ("/s/memo%23%E6%9D%A1%E4%BB%B6", "/docs/memo#%E6%9D%A1%E4%BB%B6"),
    ],
)
def test_a_short_address_redirects_for_ever(client: FlaskClient, url: str, target: str) -> None:
    answer = client.get(url)
    assert (answer.status_code, answer.headers["Location"]) == (301, target)


@pytest.mark.parametrize("query", ["", "?q=%E9%9A%8F%E6%84%8F"])
def test_a_former_id_redirects_for_ever_and_keeps_the_marks(client: FlaskClient, query: str) -> None:
    answer = client.get(f"/docs/old-contract{query}")
    assert (answer.status_code, answer.headers["Location"]) == (301, f"/docs/direct-contract{query}")
