"""Markdown to sections: golden files, then what hostile Markdown must not do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.documents.front_matter_keys import ID_PATTERN
from kb.formats.anchors import derived_anchor
from kb.formats.markdown import MAX_UNCLOSED_BRACKETS, MarkdownRenderer
from kb.formats.rendered import Rendered
from kb.formats.sanitising import sanitise

GOLDEN = Path(__file__).parent / "golden"

MARKDOWN = st.lists(
    st.one_of(
        st.sampled_from(
            "# ¦## ¦契約¦a¦ {#a}¦ {#a-2}¦{: #x}¦\n¦\n\n¦- ¦    ¦> ¦```¦`¦[¦](¦a.md)¦)¦![¦<div>¦</div>¦<!--¦-->¦<¦&#x26;"
            "¦|¦---¦===¦\n:   ¦[^a]¦:¦*¦**¦_¦\\¦\x02¦\x03¦<script>¦<?¦<![CDATA[¦<a name=x>¦\x02wzxhzdk:0\x03".split("¦")
        ),
        st.text(max_size=3),
    ),
    max_size=25,
).map("".join)


def render(body: str, title: str | None = None) -> Rendered:
    return MarkdownRenderer().render(body, lambda address: address, title)


def as_plain(rendered: Rendered) -> dict[str, object]:
    return {
        "h1": rendered.h1,
        "sections": [
            {
                "anchor": part.anchor,
                "heading": part.heading,
                "level": part.level,
                "path": list(part.path),
                "html": part.html,
            }
            for part in rendered.sections
        ],
        "faults": [f"{note.line}: {note.message}" for note in rendered.faults],
        "missing_ids": [f"{note.line}: {note.message}" for note in rendered.missing_ids],
    }


@pytest.mark.parametrize("source", sorted(GOLDEN.glob("*.md")), ids=lambda path: path.stem)
def test_golden_markdown_becomes_these_sections(source: Path) -> None:
    expected = json.loads(source.with_suffix(".json").read_text(encoding="utf-8"))
    assert as_plain(render(source.read_text(encoding="utf-8"))) == expected


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        "[a](javascript:alert(1))",
        '<a href="data:text/html,<script>alert(1)</script>">x</a>',
        '<img src="x" onerror="alert(1)">',
        '<div onclick="alert(1)" style="position:fixed">x</div>',
        '<iframe src="https://example.com/"></iframe>',
        "<svg onload=alert(1)>",
        '<form action="/x"><input name="q"></form>',
        "[x](vbscript:alert(1))",
        '## <b onclick="alert(1)">h</b> {#h onclick="alert(1)"}',
        "<style>body{display:none}</style>",
    ],
)
def test_nothing_that_runs_or_restyles_is_left(hostile: str) -> None:
    output = "".join(part.html + part.heading for part in render(f"前\n\n{hostile}\n\n後\n").sections)
    for trace in ("<script", "javascript:", "vbscript:", "data:", "onerror", "onclick", "onload", "<iframe", "style"):
        assert trace not in output.lower().replace("&lt;script", "")


@pytest.mark.parametrize(
    "source", ['<ul><li id="results">x</li></ul>', '<p><a id="conditions">x</a></p>', '<sup id="q">x</sup>']
)
def test_html_of_a_document_cannot_take_an_id_of_the_page(source: str) -> None:
    assert "id=" not in render(source).sections[0].html


def test_a_second_h1_is_reported_with_its_line() -> None:
    (fault,) = render("# 一\n\n本文\n\n# 二\n").faults
    assert (fault.line, fault.message) == (5, "a second H1")


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ("# 一\n\n二の説明\n\n# 二\n", 5),
        ("# 一\n\n```\n# 二\n```\n\n# 二\n", 7),
        ("# 一\n\n改\x0c頁\n\n# 二\n", 5),
        ("# 一\n\n> # 二\n\n二\n===\n", 5),
    ],
    ids=["words in the text", "words in code", "a form feed from a PDF", "words in a quote"],
)
def test_the_line_of_a_heading_is_not_that_of_the_same_words_elsewhere(body: str, line: int) -> None:
    assert [fault.line for fault in render(body).faults] == [line]


def test_an_h1_unlike_the_title_is_a_section() -> None:
    rendered = render("# 別の題\n", title="題名")
    assert [(part.heading, part.level) for part in rendered.sections] == [("", 0), ("別の題", 1)]


def test_an_h1_that_repeats_the_title_is_no_section() -> None:
    rendered = render("# 題名\n\n前書き\n\n## 節 {#a}\n", title="題名")
    assert [part.anchor for part in rendered.sections] == ["", "a"]
    assert "前書き" in rendered.sections[0].html


def test_a_heading_id_used_twice_is_reported_and_both_stay_reachable() -> None:
    rendered = render("## 一 {#same}\n\n## 二 {#same}\n")
    assert [part.anchor for part in rendered.sections] == ["", "same", "same-2"]
    assert [(fault.line, fault.message) for fault in rendered.faults] == [(3, "heading id 'same' is used twice")]


def test_an_impossible_heading_id_is_reported() -> None:
    (fault,) = render("## 節 {#Bad_Id}\n").faults
    assert fault.message == "heading id 'Bad_Id'"


@pytest.mark.parametrize(
    ("heading", "anchor"),
    [
        ("Terms of use", "terms-of-use"),
        ("ＴＥＲＭＳ　ｏｆ　ｕｓｅ", "terms-of-use"),
        ("4. FAQ!", "4-faq"),
        ("手順", "s-4c70c596"),  # first 8 hex digits of `printf 手順 | sha1sum`
        ("次の見出し", "s-ae00b732"),
    ],
)
def test_a_heading_without_id_gets_the_same_one_in_every_run(heading: str, anchor: str) -> None:
    assert derived_anchor(heading) == anchor


def test_an_id_that_an_author_wrote_is_never_lost_to_a_derived_one() -> None:
    rendered = render("## Terms\n\n## 規約 {#terms}\n")
    assert {part.heading: part.anchor for part in rendered.sections if part.anchor}["規約"] == "terms"
    assert rendered.faults == []


def test_an_id_that_an_author_wrote_is_never_lost_to_a_repeated_one() -> None:
    rendered = render("## 一 {#same}\n\n## 二 {#same}\n\n## 三 {#same-2}\n")
    assert [part.anchor for part in rendered.sections] == ["", "same", "same-3", "same-2"]
    assert [(fault.line, fault.message) for fault in rendered.faults] == [(3, "heading id 'same' is used twice")]


def test_a_dead_link_is_reported_and_its_text_stays() -> None:
    rendered = MarkdownRenderer().render("一\n\n[契約](gone.md)\n", lambda _: None)
    assert [(note.line, note.message) for note in rendered.dead_links] == [(3, "link to 'gone.md' leads nowhere")]
    assert "契約" in rendered.sections[0].html
    assert "<a" not in rendered.sections[0].html


def test_each_dead_link_is_reported_with_its_own_line() -> None:
    body = "[生](not-gone.md)\n\n[一](gone.md)\n\n[二](gone.md)\n"
    rendered = MarkdownRenderer().render(body, lambda address: None if address == "gone.md" else address)
    assert [note.line for note in rendered.dead_links] == [3, 5]


def test_a_link_that_stands_elsewhere_than_it_is_read_is_found_there() -> None:
    body = "[一][ref]と字[^1]\n\n[^1]: [注](note.md)\n\n[二](two.md)\n\n[空]()\n\n[ref]: one.md\n"
    rendered = MarkdownRenderer().render(body, lambda _: None)
    assert [(note.line, note.message.split("'")[1]) for note in rendered.dead_links] == [
        (9, "one.md"),
        (5, "two.md"),
        (7, ""),
        (3, "note.md"),
    ]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("link", "line"),
    [
        ("[x](gone{0}.md)", 9_999),
        ("[x](gone.md)", 9_999),
        ("[x]()", 9_999),
        ("*[x](a{0}.md)* [y](b{0}.md)", 9_999),
        (r"[x](a\_{0}.md)", 1),
    ],
    ids=["each to another place", "all to one place", "to nothing", "two in a line", "written otherwise than read"],
)
def test_dead_links_by_the_thousand_are_each_reported(link: str, line: int) -> None:
    body = "".join(link.format(number) + "\n\n" for number in range(5_000))
    rendered = MarkdownRenderer().render(body, lambda _: None)
    assert rendered.dead_links[-1].line == line


def test_a_link_is_served_at_the_address_it_resolves_to() -> None:
    rendered = MarkdownRenderer().render("[契約](a.md)\n", {"a.md": "/docs/a"}.get)
    assert 'href="/docs/a"' in rendered.sections[0].html


@pytest.mark.parametrize(
    ("source", "shown"), [("![流れ図](flow.png)", "<p>［図：流れ図］</p>"), ("![](x.png)", "<p></p>")]
)
def test_a_picture_says_what_it_shows(source: str, shown: str) -> None:
    assert render(source).sections[0].html.replace("<span>", "").replace("</span>", "").strip() == shown


def test_quotes_500_deep_are_read() -> None:
    assert "深い" in render("> " * 500 + "深い\n").sections[0].html


@pytest.mark.slow
def test_lists_500_deep_are_refused_with_the_deepest_line() -> None:
    note = render("".join("  " * level + "- a\n" for level in range(500))).unreadable
    assert note is not None
    assert (note.line, note.allowed) == (500, "at most 100 levels")


def test_lists_as_deep_as_allowed_are_read() -> None:
    rendered = render("".join("    " * level + f"- {level}段\n" for level in range(100)))
    assert rendered.unreadable is None
    assert "99段" in rendered.sections[0].html


@pytest.mark.parametrize(
    "knot",
    ["[" * 20_000, "[a](" * 20_000, "]" * 3_000 + "[" * 3_000],
    ids=["open", "open addresses", "closed before they open"],
)
def test_brackets_that_are_never_closed_are_refused(knot: str) -> None:
    note = render("一\n\n" + knot).unreadable
    assert note is not None
    assert (note.line, note.allowed) == (3, "at most 200")


def test_as_many_open_brackets_as_allowed_are_read() -> None:
    assert "[[[" in render("[" * MAX_UNCLOSED_BRACKETS).sections[0].html


@pytest.mark.slow
def test_ten_thousand_headings_are_ten_thousand_sections() -> None:
    rendered = render("".join(f"## 見出し{number}\n\n本文\n\n" for number in range(10_000)))
    assert len(rendered.sections) == 10_001
    assert len({part.anchor for part in rendered.sections}) == 10_001


@pytest.mark.slow
@pytest.mark.parametrize("heading", ["## 見出し", "## 見出し {#same}"])
def test_a_heading_repeated_ten_thousand_times_is_numbered(heading: str) -> None:
    anchors = [part.anchor for part in render(f"{heading}\n\n本文\n\n" * 10_000).sections]
    assert (len(set(anchors)), anchors[-1].rpartition("-")[2]) == (10_001, "10000")


@given(MARKDOWN)
def test_any_text_becomes_sections_with_ids_of_their_own(body: str) -> None:
    rendered = render(body)
    anchors = [part.anchor for part in rendered.sections]
    assert anchors[:1] == ["" for part in rendered.sections[:1]]
    assert len(set(anchors)) == len(anchors)
    assert all(ID_PATTERN.fullmatch(anchor) for anchor in anchors[1:])


@given(MARKDOWN)
def test_html_of_any_text_is_sanitised_and_well_formed(body: str) -> None:
    for part in render(body).sections:
        assert sanitise(part.html) == part.html


KNOTS = {
    "lists": "".join("  " * level + "- a\n" for level in range(500)),
    "elements": "<div>" * 50_000,
    "time": "# a\n" * 20_000,
}


@pytest.mark.slow
@pytest.mark.parametrize("knot", KNOTS)
def test_what_cannot_be_read_does_not_touch_what_is_read_next(knot: str) -> None:
    plain = "一\n\n二\n\n- 三\n\n      四\n\n# 五\n六\n"
    renderer = MarkdownRenderer(max_seconds=1 if knot == "time" else 60)
    assert renderer.render(KNOTS[knot], lambda address: address).unreadable is not None
    assert renderer.render(plain, lambda address: address) == render(plain)


def test_html_nested_too_deeply_is_refused_with_its_line() -> None:
    note = render("一\n\n" + "<section>\n" * 1_001).unreadable
    assert note is not None
    assert (note.line, note.message, note.allowed) == (
        3,
        "HTML elements nested 1,001 deep",
        "at most 1,000 levels",
    )


@pytest.mark.parametrize("markup", ["<br>", "<p>a", "<b>a</b>", "a `<div>`\n\n", "<https://example.com/>"])
def test_html_beside_one_another_is_not_nested(markup: str) -> None:
    assert render(markup * 1_100).unreadable is None


def test_what_takes_too_long_is_refused() -> None:
    note = MarkdownRenderer(max_seconds=0.05).render("a\n=\n" * 20_000, lambda address: address).unreadable
    assert note is not None
    assert (note.message, note.allowed[:34]) == ("takes too long to read", "what can be read in 0.05 s: split ")
