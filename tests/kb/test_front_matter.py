"""Front matter: what is accepted, and what each mistake is told, with its line."""

from __future__ import annotations

import datetime

import pytest

from kb.front_matter import parse_front_matter
from kb.model import Question, Source

GUIDE = ["---", "id: direct-contract", "title: 随意契約", "kind: guide", "roles: [gov-executive]", "stages: [method]"]


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
    assert front.body == "本文"
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
        ("a: " + "[" * 50 + "]" * 50, "front matter nests too deeply"),
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


def test_python_objects_in_yaml_are_not_made() -> None:
    front, problems = parse_front_matter("a.md", "---\ntitle: !!python/object/apply:os.system [ls]\n---\n本文")
    assert "title" not in front.values
    assert len(problems) == 1


def test_an_internal_document_needs_nothing_and_keeps_unknown_keys_to_itself() -> None:
    front, problems = parse_front_matter("a.md", "---\ntitle: メモ\nauthor: 契約課\n---\n本文")
    assert problems == []
    assert front.values["kind"] == "internal"


def test_text_without_front_matter_is_all_body() -> None:
    front, problems = parse_front_matter("a.md", "# 題\n---\n本文")
    assert (front.body, front.values, problems) == ("# 題\n---\n本文", {"kind": "internal"}, [])
