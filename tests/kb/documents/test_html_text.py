"""Text of HTML and marks put back into it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.documents import html_text
from kb.formats.sanitising import sanitise

SOURCES = st.lists(
    st.sampled_from(
        [
            "随意契約",
            "a < b",
            "&amp;",
            '"',
            "<p>",
            "</p>",
            "<b>",
            "</b>",
            "<li>一</li>",
            '<a href="https://e.jp/?a>b">',
            "</a>",
            " ",
            "\n",
        ]
    ),
    max_size=12,
).map(lambda parts: sanitise("".join(parts)))


def ranges_of(text: str, numbers: list[int]) -> list[tuple[int, int]]:
    points = sorted({number % (len(text) + 1) for number in numbers})
    return list(zip(points[::2], points[1::2], strict=False))


@given(SOURCES, st.lists(st.integers(0, 200), max_size=8))
def test_marking_changes_no_text(source: str, numbers: list[int]) -> None:
    text = html_text.text_of(source)
    assert html_text.text_of(html_text.mark(source, ranges_of(text, numbers))) == text


@given(SOURCES, st.lists(st.integers(0, 200), max_size=8))
def test_marks_hold_exactly_the_ranges(source: str, numbers: list[int]) -> None:
    text = html_text.text_of(source)
    ranges = ranges_of(text, numbers)
    marked = html_text.mark(source, ranges)
    inside = "".join(html_text.text_of(part) for part in re.findall(r"<mark>(.*?)</mark>", marked, re.DOTALL))
    # A line's end may be the edge of a block, which no mark can hold.
    assert inside.replace("\n", "") == "".join(text[start:end] for start, end in ranges).replace("\n", "")


@given(SOURCES, st.lists(st.integers(0, 200), max_size=8))
def test_marked_html_stays_well_formed(source: str, numbers: list[int]) -> None:
    marked = html_text.mark(source, ranges_of(html_text.text_of(source), numbers))
    assert sanitise(marked) == marked


@given(SOURCES, st.integers(0, 100), st.integers(0, 100))
def test_a_clipped_source_holds_part_of_the_text_and_no_broken_tag(source: str, begin: int, length: int) -> None:
    clipped = html_text.text_of(html_text.clip(source, begin, begin + length))
    assert clipped in html_text.text_of(source)


def test_a_clip_of_everything_is_everything() -> None:
    source = "<p>一&amp;<b>二</b></p>"
    assert html_text.clip(source, 0, len(source)) == source


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("<p>一</p><p>二</p>", "\n一\n\n二\n"),
        ("<p>契<b>約</b>書</p>", "\n契約書\n"),
        ('<p>設けた<sup id="fnref:a"><a class="footnote-ref" href="#fn:a">1</a></sup>。</p>', "\n設けた。\n"),
        ("<p>&lt;script&gt;</p>", "\n<script>\n"),
    ],
)
def test_the_text_is_what_a_reader_sees(source: str, text: str) -> None:
    assert html_text.text_of(source) == text


def test_a_mark_across_a_tag_stays_well_formed() -> None:
    assert html_text.mark("<p>随<b>意契</b>約</p>", [(1, 5)]) == (
        "<p><mark>随</mark><b><mark>意契</mark></b><mark>約</mark></p>"
    )


def test_a_mark_keeps_what_is_escaped_escaped() -> None:
    assert html_text.mark("<p>a &lt; b &amp; c</p>", [(3, 4), (7, 8)]) == (
        "<p>a <mark>&lt;</mark> b <mark>&amp;</mark> c</p>"
    )


def test_a_mark_over_two_blocks_begins_again_in_the_second() -> None:
    assert html_text.mark("<p>随意</p><p>契約</p>", [(2, 6)]) == "<p>随<mark>意</mark></p><p><mark>契</mark>約</p>"


def test_the_number_of_a_footnote_is_never_marked() -> None:
    source = '<p>前<sup id="fnref:a"><a class="footnote-ref" href="#fn:a">1</a></sup>後</p>'
    assert html_text.mark(source, [(1, 3)]) == (
        '<p><mark>前</mark><sup id="fnref:a"><a class="footnote-ref" href="#fn:a">1</a></sup><mark>後</mark></p>'
    )


def test_no_range_changes_nothing() -> None:
    assert html_text.mark("<p>契約</p>", []) == "<p>契約</p>"


def test_the_arrow_of_a_footnote_is_no_text_even_where_a_clip_cut_off_its_link() -> None:
    source = '<p>注 <a class="footnote-backref" href="#fnref:a">↩</a></p>'
    clipped = html_text.clip(source, source.index("href"), len(source))
    assert "↩" not in html_text.text_of(source) + html_text.text_of(clipped)


def test_one_line_has_no_line_breaks_and_no_blanks_in_a_row() -> None:
    assert html_text.one_line("\n随意\n\n契約 \t の\r\n理由\n") == "随意 契約 の 理由"
