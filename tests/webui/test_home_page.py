"""The home page as a reader without JavaScript gets it."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from kb.vocabulary import CHAPTERS, PATTERNS, ROLES, STAGES
from tests.webui.dom import Element, parse
from tests.webui.fake_search import SettableSearch
from webui.reader_table import ANSWERS


@pytest.fixture
def home(client: FlaskClient) -> Element:
    answer = client.get("/")
    assert answer.status_code == 200
    return parse(answer.get_data(as_text=True))


def part(page: Element, title_id: str) -> Element:
    return page.one("section", **{"aria-labelledby": title_id})


def test_the_only_main_heading_is_the_sites_name(home: Element) -> None:
    assert home.one("h1").text == home.one("title").text == "官民連携ナレッジ検索"


def test_the_search_box_is_labelled_and_leads_to_the_search_page(home: Element) -> None:
    form = home.one("form", role="search")
    assert (form["action"], form["method"]) == ("/search", "get")
    assert form.one("label", **{"for": form.one("input", name="q")["id"]}).text == "検索する語や質問"


def test_every_role_chapter_stage_and_pattern_has_its_link(home: Element) -> None:
    links = {link["href"]: link.text for link in home.all("a")}
    expected = {f"/search?role={role.slug}": role.label for role in ROLES}
    for name, labels in (("chapter", CHAPTERS), ("stage", STAGES), ("pattern", PATTERNS)):
        expected |= {f"/search?{name}={slug}": label for slug, label in labels.items()}
    assert expected.items() <= links.items()


def test_a_role_is_led_to_the_chapters_recommended_for_it(home: Element) -> None:
    row = next(row for row in home.all("tr") if "中間支援団体" in row.text)
    assert [(link.text, link["href"]) for link in row.one("td", "chapters").all("a")] == [
        ("第2章", "/search?role=intermediary&chapter=2"),
        ("第5章", "/search?role=intermediary&chapter=5"),
    ]


def questions_and_answers(page: Element) -> list[tuple[str, list[tuple[str, str]]]]:
    return [
        (row.one("td", "want").text, [(link.text, link["href"]) for link in row.one("td", "answers").all("a")])
        for body in page.one("table", "role-table").all("tbody")
        for row in body.all("tr")
    ]


def test_every_question_of_a_role_leads_to_documents_that_answer_it(guide_client: FlaskClient) -> None:
    rows = questions_and_answers(parse(guide_client.get("/").get_data(as_text=True)))
    assert [want for want, _ in rows] == [want for role in ROLES for want in role.wants]
    assert [want for want, answers in rows if not answers] == []
    assert (
        "自治体にどのような役割や支援を期待できるのか",
        [("自治体が持つ資源（スタートアップが活用できる強み）", "/docs/assets-gov")],
    ) in rows


def test_every_answer_is_a_document_or_a_section_of_the_guide(guide_client: FlaskClient) -> None:
    ids = {section_id for answers in ANSWERS.values() for answer in answers for section_id in answer}
    for section_id in ids:
        document_id, _, anchor = section_id.partition("#")
        answer = guide_client.get(f"/docs/{document_id}")
        assert answer.status_code == 200, section_id
        assert not anchor or f'id="{anchor}"' in answer.get_data(as_text=True), section_id


def test_without_the_guide_the_questions_stand_alone(home: Element) -> None:
    assert [answers for _, answers in questions_and_answers(home) if answers] == []


def test_cases_are_listed(home: Element) -> None:
    assert [(link.text, link["href"]) for link in part(home, "cases").all("a")] == [("ある市の事例", "/docs/city-case")]


def test_what_was_updated_is_listed_newest_first(home: Element) -> None:
    assert [item.text for item in part(home, "recent").all("li")] == [
        "2026年11月1日 トライアル発注",
        "2026年4月1日 スタートアップとの随意契約",
    ]


def test_lists_that_would_be_empty_are_left_out(search: SettableSearch, client: FlaskClient) -> None:
    search.known = ()
    headings = [heading.text for heading in parse(client.get("/").get_data(as_text=True)).one("main").all("h2")]
    assert headings == ["立場から探す", "進める段階から探す", "連携の出口から探す", "ガイドの章から探す"]


def test_how_much_is_indexed_and_since_when_is_said(home: Element) -> None:
    footer = home.one("footer")
    assert footer.text.startswith("4件の文書（1,007節）を収録しています。")
    assert footer.one("time")["datetime"] == "2026-11-23T03:04:00+00:00"
