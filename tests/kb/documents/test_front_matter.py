"""Front matter: what is accepted, and what each mistake is told, with its line."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.documents.front_matter import body_of, parse_front_matter
from kb.documents.model import Question, Source

GUIDE = ["---", "id: direct-contract", "title: 随意契約", "kind: guide", "roles: [gov-executive]", "stages: [method]"]

BLOCKS = st.lists(
    st.one_of(
        st.sampled_from(
            "---¦...¦title: 題¦id: a¦id: ¦kind: guide¦kind: []¦roles: [¦roles: [gov-executive]¦stages: {a: b}"
            "¦chapter: 1¦updated: 2026-02-30¦source: {title: a, url: 'http://['}"
            "¦? b¦: c¦questions: [a {#b}]¦- a¦&x a¦*x¦\t¦  x: y"
            "¦'¦\"¦%YAML 1.2¦!!python/none¦related: !!set {a}¦former_ids: !!omap [a: 1]¦updated: 0001-01-01"
            "¦\ufeff¦<<: {a: b}".split("¦")
        ),
        # As decoded from UTF-8; YAML's own line ends have a test of their own.
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x85\u2028\u2029"), max_size=10),
    )
).map("\n".join)


def problems_of(*lines: str) -> list[tuple[int, str]]:
    _, problems = parse_front_matter("a.md", "\n".join([*lines, "---", "本文", ""]))
    return [(problem.line, problem.message) for problem in problems]


def test_every_key_of_the_contract_is_read() -> None:
    text = "\n".join(
        [
            *GUIDE,
            "chapter: 5",
            "pattern: procurement",
            "guide_pages: 83-99",
            "source: {title: 資料, publisher: 市, url: 'https://example.com/'}",
            "questions:",
            "  - 入札なしで買えるのか {#conditions}",
            "  - 何号か",
            "former_ids: [old-id]",
            "related: [other]",
            "updated: 2026-11-23",
            "---",
            "本文",
        ]
    )
    front, problems = parse_front_matter("a.md", text)
    assert problems == []
    assert body_of(text) == "本文"
    assert front.body_line == 18
    assert front.values["guide_pages"] == (83, 99)
    assert front.values["source"] == Source("資料", "市", "https://example.com/")
    assert front.values["questions"] == (Question("入札なしで買えるのか", "conditions"), Question("何号か"))
    assert front.values["updated"] == datetime.date(2026, 11, 23)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("roles: [mayor]", "roles item 1 is 'mayor'"),
        ("roles: gov-executive", "roles is 'gov-executive'"),
        ("stages: [method, method]", "stages has an item twice"),
        ("chapter: 6", "chapter is 6"),
        ("chapter: true", "chapter is True"),
        ("chapter: '5'", "chapter is '5'"),
        ("pattern: bid", "pattern is 'bid'"),
        ("guide_pages: 99-83", "guide_pages is '99-83'"),
        ("guide_pages: 0", "guide_pages is 0"),
        ("guide_pages: 83, 99", "guide_pages is '83, 99'"),
        ("updated: 2026-13-01", "updated is unreadable (month must be in 1..12)"),
        ("updated: 1850-01-01", "updated is datetime.date(1850, 1, 1)"),
        ("updated: yesterday", "updated is 'yesterday'"),
        ("source: 市", "source is '市'"),
        ("source: {title: 市, url: 'javascript:alert(1)'}", "source has the address 'javascript:alert(1)'"),
        ("source: {publisher: 市}", "source is {'publisher': '市'}"),
        ("source: {title: 1}", "source has a title that is 1"),
        ('source: {title: 市, publisher: "\\a"}', "source has a publisher that has a control character: '\\x07'"),
        (
            'source: {title: 市, url: "https://example.com/\\0"}',
            "source has a url that has a control character: 'https://example.com/\\x00'",
        ),
        ("source: {title: 市, url: 'https:javascript:alert(1)'}", "source has the address 'https:javascript:alert(1)'"),
        ("source: {title: 市, url: 'https://a/\"><b>'}", "source has the address 'https://a/\"><b>'"),
        ("chapter: 0x" + "f" * 60_000, "chapter is unreadable (a number of 60,002 characters)"),
        ("chapter: 1" + ":59" * 9_000, "chapter is unreadable (a number of 27,001 characters)"),
        ("questions: [" + "9" * 5_000 + "]", "questions is unreadable (a number of 5,000 characters)"),
        ("questions: [1]", "questions item 1 is 1"),
        ("questions: ['何か {#Bad}']", "questions item 1 names the heading 'Bad'"),
        ("related: [Not An Id]", "related item 1 is 'Not An Id'"),
        ("color: red", "unknown key 'color'"),
    ],
)
def test_a_wrong_value_is_reported_with_its_line(line: str, message: str) -> None:
    key = line.partition(":")[0]
    others = [known for known in GUIDE if known.partition(":")[0] != key]
    assert (len(others) + 1, message) in problems_of(*others, line)


@pytest.mark.parametrize(
    ("line", "allowed"),
    [
        ("id: Bad Id", "lower-case letters, digits and single hyphens, such as direct-contract"),
        ("title: ''", "text that is not empty"),
        ("kind: book", "guide, case, glossary, internal"),
        ("chapter: 6", "a number from 1 to 5"),
        ("roles: gov-executive", "a list, such as [a, b]"),
        ("stages: [buying]", "framing, partner-search, coordination, method, budgeting"),
        ("stages: [method, method]", "each item once"),
        ("pattern: bid", "procurement, promotion, co-creation"),
        ("guide_pages: 99-83", "one page (28) or a range (83-99), first page before last"),
        ("source: 市", "a mapping {title: …, publisher: …, url: https://…} with a title"),
        ("source: {title: 市, url: 'ftp://example.com/'}", "an http or https address"),
        ("source: {title: 市, url: 'http://['}", "an http or https address"),
        ("questions: ['何か {#Bad}']", "a heading id at its end, such as {#conditions}"),
        ("updated: yesterday", "a date such as 2026-11-23, from 1947 to a year from now"),
    ],
)
def test_a_wrong_value_is_told_what_is_allowed(line: str, allowed: str) -> None:
    key = line.partition(":")[0]
    others = [known for known in GUIDE if known.partition(":")[0] != key]
    _, problems = parse_front_matter("a.md", "\n".join([*others, line, "---", ""]))
    assert [problem.allowed for problem in problems if problem.line == len(others) + 1] == [allowed]


def test_an_unknown_key_is_told_all_known_ones() -> None:
    _, problems = parse_front_matter("a.md", "\n".join([*GUIDE, "colour: red", "---", ""]))
    assert problems[0].allowed == (
        "id, title, kind, chapter, roles, stages, pattern, guide_pages, source, questions, former_ids, related, updated"
    )


@pytest.mark.parametrize(
    ("written", "pages"),
    [
        ("28", (28, 28)),
        ("'28'", (28, 28)),
        ("83-99", (83, 99)),
        ("83–99", (83, 99)),
        ("83〜99", (83, 99)),
        ("83 - 99", (83, 99)),
        ("999", (999, 999)),
    ],
)
def test_pages_are_one_page_or_a_range(written: str, pages: tuple[int, int]) -> None:
    front, problems = parse_front_matter("a.md", "\n".join([*GUIDE, f"guide_pages: {written}", "---", ""]))
    assert (front.values["guide_pages"], problems) == (pages, [])


@pytest.mark.parametrize("written", ["1000", "-5", "83-", "0-3", "83-99-120", "八三", "true", "2.5", "[83, 99]", ""])
def test_impossible_pages_are_refused(written: str) -> None:
    ((line, message),) = problems_of(*GUIDE, f"guide_pages: {written}")
    assert (line, message[:15]) == (7, "guide_pages is ")


@pytest.mark.parametrize(
    "written", ["2026-02-30", "1946-12-31", "2999-01-01", "2026", "令和8年11月23日", "", "[2026-11-23]"]
)
def test_impossible_dates_are_refused(written: str) -> None:
    ((line, message),) = problems_of(*GUIDE, f"updated: {written}")
    assert (line, message[:11]) == (7, "updated is ")


def test_the_first_year_is_the_first_that_is_accepted() -> None:
    assert problems_of(*GUIDE, "updated: 1947-01-01") == []


def test_all_mistakes_are_reported_in_one_run() -> None:
    found = problems_of("---", "id: Bad Id", "title: ''", "kind: book", "roles: [x]", "stages: []", "chapter: 9")
    assert [line for line, _ in found] == [2, 3, 4, 5, 7]


@pytest.mark.parametrize("missing", ["id", "title", "kind", "roles", "stages"])
def test_a_missing_key_is_reported(missing: str) -> None:
    lines = [line for line in GUIDE if not line.startswith(f"{missing}:")]
    assert (1, f"{missing} is missing") in problems_of(*lines)


def test_a_key_given_twice_is_reported() -> None:
    assert (7, "title is given twice") in problems_of(*GUIDE, "title: もう一つ")


def test_a_chapter_on_a_case_is_reported() -> None:
    lines = [line.replace("guide", "case") if line.startswith("kind") else line for line in GUIDE]
    assert (7, "chapter on a document that is not a guide") in problems_of(*lines, "chapter: 5")


def test_front_matter_that_never_ends_is_reported() -> None:
    _, problems = parse_front_matter("a.md", "---\ntitle: 題\n本文\n")
    assert [(problem.line, problem.message) for problem in problems] == [(1, "front matter is not closed")]


@pytest.mark.parametrize(
    ("block", "message"),
    [
        ("a: &x [1]\nb: *x", "YAML anchors and aliases are not accepted"),
        ("a: " + "[" * 50 + "]" * 50, "YAML nests too deeply"),
        ("title: [unclosed", "not valid YAML"),
        ("- a\n- b", "front matter is not a mapping"),
        ("title: " + "あ" * 70_000, "front matter has 70,008 characters"),
        ("title: \x07", "not valid YAML"),
        ("? [a]\n: b", "a key is not a word"),
    ],
)
def test_yaml_that_could_do_harm_is_refused(block: str, message: str) -> None:
    _, problems = parse_front_matter("a.md", f"---\n{block}\n---\n本文")
    assert len(problems) == 1
    assert problems[0].message.startswith(message)
    assert problems[0].allowed


@pytest.mark.parametrize(
    ("block", "line"),
    [
        ("title: 題\nrelated: &x [a]\nformer_ids: *x", 3),
        ("title: 題\nmore: " + "[" * 50 + "]" * 50, 3),
        ("title: 題\nid: a\nkind: 'guide", 5),  # the quote runs to the end
        ("title: 題\nid: a: b", 3),
        ("title: 題\n? [a]\n: b", 3),
        ("title: 題\n\tid: a", 3),
    ],
)
def test_refused_yaml_is_reported_with_its_line(block: str, line: int) -> None:
    _, (problem,) = parse_front_matter("a.md", f"---\n{block}\n---\n本文")
    assert problem.line == line


@pytest.mark.parametrize("separator", ["\x85", "\u2028", "\u2029"])
def test_a_line_ends_where_an_editor_ends_it(separator: str) -> None:
    assert problems_of("---", f"title: '随意{separator}契約'", "updated: 昨日") == [(3, "updated is '昨日'")]


def test_a_yaml_bomb_is_refused_before_it_grows() -> None:
    layers = ["a0: &a0 [弾, 弾]", *(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30))]
    front, (problem,) = parse_front_matter("a.md", "\n".join(["---", *layers, "---", ""]))
    assert (problem.line, problem.message) == (2, "YAML anchors and aliases are not accepted")
    assert front.values == {}


@pytest.mark.parametrize(
    "value", ["!!int ''", "!!float ''", "!!bool maybe", "!!timestamp soon", "!!int many", "!!seq x"]
)
def test_a_value_that_is_not_of_its_yaml_tag_is_reported(value: str) -> None:
    ((line, message),) = problems_of("---", f"title: {value}")
    assert (line, message[:9]) == (2, "title is ")


@given(BLOCKS)
def test_problems_of_any_text_come_back_with_a_line_of_the_file_and_what_is_allowed(block: str) -> None:
    text = f"---\n{block}\n---\n本文"
    _, problems = parse_front_matter("a.md", text)
    for problem in problems:
        assert 1 <= problem.line <= text.count("\n") + 1
        assert problem.message
        assert problem.allowed


def test_python_objects_in_yaml_are_not_made() -> None:
    front, problems = parse_front_matter("a.md", "---\ntitle: !!python/object/apply:os.system [ls]\n---\n本文")
    assert "title" not in front.values
    assert len(problems) == 1


def test_an_internal_document_needs_nothing_and_keeps_unknown_keys_to_itself() -> None:
    front, problems = parse_front_matter("a.md", "---\ntitle: メモ\nauthor: 契約課\n---\n本文")
    assert problems == []
    assert front.values["kind"] == "internal"


def test_text_without_front_matter_is_all_body() -> None:
    text = "# 題\n---\n本文"
    front, problems = parse_front_matter("a.md", text)
    assert (body_of(text), front.values, problems) == (text, {"kind": "internal"}, [])


def test_an_internal_document_may_name_its_kind_and_nothing_else() -> None:
    assert problems_of("---", "kind: internal", "weather: 晴れ") == []


def test_a_known_key_of_an_internal_document_is_still_checked() -> None:
    assert problems_of("---", "title: メモ", "updated: 昨日") == [(3, "updated is '昨日'")]


def test_a_file_with_a_key_of_the_guide_is_asked_for_its_kind() -> None:
    assert (1, "kind is missing") in problems_of("---", "title: メモ", "chapter: 5")


def test_empty_front_matter_makes_an_internal_document() -> None:
    text = "---\n---\n本文"
    front, problems = parse_front_matter("a.md", text)
    assert (body_of(text), front.body_line, front.values, problems) == ("本文", 3, {"kind": "internal"}, [])


@pytest.mark.parametrize("text", ["---\ntitle: 題\n---", "---\ntitle: 題\n本文"], ids=["nothing behind", "not closed"])
def test_what_stands_behind_the_front_matter_is_the_body(text: str) -> None:
    assert body_of(text) == ("" if text.endswith("---") else text)


@pytest.mark.parametrize(
    "text", ["{#" * 30_000, "a " * 30_000 + "{#", "{#a}" * 15_000], ids=["open", "blanks", "closed"]
)
def test_a_long_question_costs_no_more_than_reading_it(text: str) -> None:
    parse_front_matter("a.md", f"---\nquestions: ['{text}']\n---\n")
