"""WCAG 2.2 AA where axe cannot see: reflow, large text, spacing, motion, forced colours, targets and focus."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect

from tests.browser.conftest import chromium_executable
from tests.conftest import CONTENT

MEASURE = Path(__file__).parent / "layout.js"
DOCUMENT = "/docs/direct-contract?q=随意契約"
STATES = {
    "home": "/",
    "results": "/search?q=随意契約+スタートアップ&role=gov-line-officer&chapter=5",
    "corrected": "/search?q=随意計約",
    "zero": "/search?q=宇宙エレベーター&chapter=5",
    "document": DOCUMENT,
    "error": "/docs/no-such-document",
}
DOCUMENTS = sorted(path.stem for path in CONTENT.rglob("*.md"))
DESKTOP: ViewportSize = {"width": 1280, "height": 800}
ZOOMED: ViewportSize = {"width": 640, "height": 400}  # 1280 × 800 at 200 %
PHONE: ViewportSize = {"width": 320, "height": 640}
LARGE_TEXT_PX = 64  # 400 % of a browser's 16
MOST_STOPS = 250
# WCAG 1.4.12; a constructed style sheet, because the page's policy forbids inline ones.
TEXT_SPACING = """
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(`
        * { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important; }
        p { margin-bottom: 2em !important; }
    `);
    document.adoptedStyleSheets = [sheet];
"""
COLOURS = "element => ['color', 'backgroundColor', 'outlineColor'].map((name) => getComputedStyle(element)[name])"

every_state = pytest.mark.parametrize("path", STATES.values(), ids=STATES)


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """An empty tab that can be measured; what scrolls is there at once."""
    context.add_init_script(path=MEASURE)
    page = context.new_page()
    page.emulate_media(reduced_motion="reduce")
    return page


@pytest.fixture(scope="module")
def large_text(chromium: Browser, address: str) -> Iterator[Page]:
    """A window of a browser whose reader has set the text to 400 %."""
    options = chromium_executable()
    options["args"] = [*options["args"], f"--blink-settings=defaultFontSize={LARGE_TEXT_PX}"]
    with (
        chromium.browser_type.launch(**options) as browser,
        browser.new_context(base_url=address, locale="ja-JP", viewport=DESKTOP) as context,
    ):
        context.add_init_script(path=MEASURE)
        yield context.new_page()


def complaints(page: Page, *measures: str) -> list[str]:
    return [complaint for measure in measures for complaint in page.evaluate(f"layout.{measure}()")]


def open_all(page: Page) -> None:
    """Open what is folded, so that it is measured as well."""
    page.evaluate("for (const folded of document.querySelectorAll('details')) folded.open = true")


def tab_through(page: Page, key: str) -> Iterator[list[str]]:
    """What is wrong with the focus at each stop, until it leaves the page."""
    for stop in range(MOST_STOPS):
        page.keyboard.press(key)
        found = page.evaluate("layout.focus()")
        if found is None:
            assert stop > 0, "nothing takes the focus"
            return
        yield found
    raise AssertionError("the focus never leaves the page")


# Reflow


@pytest.mark.parametrize("window", [PHONE, ZOOMED], ids=["320 px", "200 %"])
@every_state
def test_a_narrow_window_shows_all_text_without_sideways_scrolling(page: Page, path: str, window: ViewportSize) -> None:
    page.set_viewport_size(window)
    page.goto(path)
    open_all(page)
    assert complaints(page, "sideways", "outside", "clipped", "overlaps") == []


def test_every_document_fits_a_phone(page: Page) -> None:
    page.set_viewport_size(PHONE)
    wrong = {}
    for document in DOCUMENTS:
        page.goto(f"/docs/{document}", wait_until="domcontentloaded")
        wrong[document] = complaints(page, "sideways", "outside", "clipped", "overlaps")
    assert {document: found for document, found in wrong.items() if found} == {}


def test_suggestions_and_dialogs_fit_a_phone(page: Page) -> None:
    page.set_viewport_size(PHONE)
    page.goto(DOCUMENT)
    box = page.get_by_role("combobox")
    box.fill("契約")
    expect(page.get_by_role("option").first).to_be_visible()
    assert complaints(page, "sideways", "outside", "clipped") == []
    page.keyboard.press("Escape")
    page.get_by_role("button", name="この文書を引用する").click()
    assert complaints(page, "sideways", "outside", "clipped") == []
    page.keyboard.press("Escape")
    page.get_by_role("button", name="キーボードでの操作").click()
    assert complaints(page, "sideways", "outside", "clipped") == []


@every_state
def test_text_of_four_times_the_size_is_neither_cut_nor_covered(large_text: Page, path: str) -> None:
    large_text.goto(path)
    open_all(large_text)
    assert large_text.evaluate("getComputedStyle(document.body).fontSize") == f"{LARGE_TEXT_PX}px"
    assert complaints(large_text, "sideways", "outside", "clipped", "overlaps") == []


@pytest.mark.parametrize("window", [PHONE, DESKTOP], ids=["phone", "desktop"])
@every_state
def test_text_spaced_by_its_reader_is_neither_cut_nor_covered(page: Page, path: str, window: ViewportSize) -> None:
    page.set_viewport_size(window)
    page.goto(path)
    open_all(page)
    page.evaluate(TEXT_SPACING)
    assert page.evaluate("getComputedStyle(document.querySelector('h1')).letterSpacing") != "normal"
    assert complaints(page, "sideways", "outside", "clipped", "overlaps") == []


# Motion and colour


@every_state
def test_nothing_moves_for_a_reader_who_asks_for_no_motion(page: Page, path: str) -> None:
    page.goto(path)
    assert page.evaluate("matchMedia('(prefers-reduced-motion: reduce)').matches")
    assert complaints(page, "moving") == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_marks_are_seen_in_forced_colours(page: Page, scheme: Literal["light", "dark"]) -> None:
    page.emulate_media(forced_colors="active", color_scheme=scheme)
    page.goto(DOCUMENT)
    page.get_by_role("button", name="次の語").click()
    mark, current, around = (
        page.locator(selector).first.evaluate(COLOURS)
        for selector in (".prose mark:not(.current)", "mark.current", "body")
    )
    assert page.evaluate("([one, other]) => layout.contrast(one, other)", mark[:2]) >= 4.5
    assert page.evaluate("([one, other]) => layout.contrast(one, other)", [mark[1], around[1]]) >= 3
    assert page.evaluate("([one, other]) => layout.contrast(one, other)", [current[2], around[1]]) >= 3


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_marks_in_headings_are_seen_in_forced_colours(page: Page, scheme: Literal["light", "dark"]) -> None:
    page.emulate_media(forced_colors="active", color_scheme=scheme)
    page.goto(STATES["results"])
    mark = page.locator(".hit h2 mark").first.evaluate(COLOURS)
    assert page.evaluate("([one, other]) => layout.contrast(one, other)", mark[:2]) >= 4.5


@pytest.mark.parametrize("path", [STATES["results"], DOCUMENT], ids=["results", "document"])
def test_paper_is_white_and_carries_nothing_to_press(page: Page, path: str) -> None:
    page.set_viewport_size({"width": 1000, "height": 1400})
    page.emulate_media(media="print", color_scheme="dark")
    page.goto(path)
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    expect(page.locator("button:visible, input:visible, summary:visible")).to_have_count(0)
    left = page.get_by_role("heading", level=1).bounding_box()
    assert left
    assert left["x"] < 20


# Targets


@pytest.mark.parametrize("window", [PHONE, DESKTOP], ids=["phone", "desktop"])
@every_state
def test_every_target_is_large_enough_to_hit(page: Page, path: str, window: ViewportSize) -> None:
    page.set_viewport_size(window)
    page.goto(path)
    open_all(page)
    assert complaints(page, "smallTargets") == []


def test_suggestions_are_large_enough_to_hit(page: Page) -> None:
    page.goto("/")
    page.get_by_role("combobox").fill("契約")
    expect(page.get_by_role("option").first).to_be_visible()
    assert complaints(page, "smallTargets") == []


# Focus


def test_there_is_no_switch_for_filters_that_are_always_open(page: Page) -> None:
    page.set_viewport_size(DESKTOP)
    page.goto(STATES["results"])
    expect(page.get_by_role("checkbox", name=re.compile("第5章"))).to_be_visible()
    expect(page.locator(".filters summary")).to_be_hidden()


@pytest.mark.parametrize("look", ["light", "dark", "forced"])
@every_state
def test_the_focus_is_seen_at_every_stop(page: Page, path: str, look: str) -> None:
    page.emulate_media(
        color_scheme="dark" if look == "dark" else "light", forced_colors="active" if look == "forced" else "none"
    )
    page.goto(path)
    assert [found for stop in tab_through(page, "Tab") for found in stop] == []


@pytest.mark.parametrize("window", [PHONE, ZOOMED, DESKTOP], ids=["phone", "200 %", "desktop"])
@pytest.mark.parametrize("key", ["Tab", "Shift+Tab"])
def test_the_bar_of_marks_never_covers_the_focus(page: Page, window: ViewportSize, key: str) -> None:
    page.set_viewport_size(window)
    page.goto(DOCUMENT)
    page.get_by_role("button", name="次の語").evaluate("button => button.click()")  # the bar at its fullest
    assert [found for stop in tab_through(page, key) for found in stop if "bar" in found or "sight" in found] == []


def test_a_link_to_a_section_is_not_covered_by_the_bar_of_marks(page: Page) -> None:
    page.set_viewport_size(PHONE)
    page.goto(f"{DOCUMENT}#conditions")
    bar = page.get_by_role("group", name="該当箇所の移動").bounding_box()
    heading = page.locator("#conditions").bounding_box()
    assert bar
    assert heading
    assert heading["y"] >= bar["y"] + bar["height"]


def test_the_skip_link_leads_past_the_header(page: Page) -> None:
    page.goto(DOCUMENT)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name=re.compile("本文へ移動"))).to_be_in_viewport()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")
