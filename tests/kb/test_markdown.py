"""Markdown to sections: golden files, then what hostile Markdown must not do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kb.markdown import MarkdownRenderer, Rendered, derived_anchor

GOLDEN = Path(__file__).parent / "golden"


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


def test_a_second_h1_is_reported_with_its_line() -> None:
    (fault,) = render("# 一\n\n本文\n\n# 二\n").faults
    assert (fault.line, fault.message) == (5, "a second H1")


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


def test_a_heading_without_id_gets_the_same_one_in_every_run() -> None:
    assert derived_anchor("Terms of use") == "terms-of-use"
    assert (
        derived_anchor("適用できる条件")
        == derived_anchor("適用できる条件")
        == "s-" + derived_anchor("適用できる条件")[2:]
    )
    assert len(derived_anchor("適用できる条件")) == 10


def test_a_dead_link_is_reported_and_its_text_stays() -> None:
    rendered = MarkdownRenderer().render("一\n\n[契約](gone.md)\n", lambda _: None)
    assert [(note.line, note.message) for note in rendered.dead_links] == [(3, "link to 'gone.md' leads nowhere")]
    assert "契約" in rendered.sections[0].html
    assert "<a" not in rendered.sections[0].html


def test_a_picture_says_what_it_shows() -> None:
    assert "［図：流れ図］" in render("![流れ図](flow.png)\n").sections[0].html


def test_quotes_500_deep_are_read() -> None:
    assert "深い" in render("> " * 500 + "深い\n").sections[0].html


def test_lists_500_deep_are_refused_with_the_deepest_line() -> None:
    note = render("".join("  " * level + "- a\n" for level in range(500))).unreadable
    assert note is not None
    assert (note.line, note.allowed) == (500, "at most 100 levels")


def test_brackets_that_are_never_closed_are_refused() -> None:
    note = render("一\n\n" + "[" * 20_000).unreadable
    assert note is not None
    assert note.line == 3


def test_ten_thousand_headings_are_ten_thousand_sections() -> None:
    rendered = render("".join(f"## 見出し{number}\n\n本文\n\n" for number in range(10_000)))
    assert len(rendered.sections) == 10_001
    assert len({part.anchor for part in rendered.sections}) == 10_001
