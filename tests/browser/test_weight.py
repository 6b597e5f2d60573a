"""What a search page costs: bytes, requests, and text that jumps."""

from __future__ import annotations

import gzip
from collections import Counter

import pytest
from playwright.sync_api import BrowserContext, Page, Response, ViewportSize, expect

RESULTS = "/search?q=随意契約+スタートアップ"
BUDGET_BYTES = 60 * 1024
COMPRESSION = 6  # what web servers use unless told otherwise
PARTS = {"document", "stylesheet", "script"}
DESKTOP: ViewportSize = {"width": 1280, "height": 800}
PHONE: ViewportSize = {"width": 390, "height": 780}
SETTLED_MS = 1_500  # past the last delay of the page's script
WATCH_SHIFTS = """
    window.shifts = [];
    new PerformanceObserver((list) => {
        for (const { value, sources } of list.getEntries())
            shifts.push(`${value.toFixed(4)} ${sources.map(({ node }) => node?.parentElement?.className ?? "?")}`);
    }).observe({ type: "layout-shift", buffered: true });
"""


@pytest.fixture
def answers(page: Page) -> list[Response]:
    """What the server answered for a search page that has come to rest."""
    received: list[Response] = []
    page.on("response", lambda answer: received.append(answer))  # noqa: PLW0108 -- Playwright marks its handlers
    page.goto(RESULTS)
    page.wait_for_load_state("networkidle")
    return received


@pytest.fixture
def watched(context: BrowserContext) -> Page:
    """A tab that notes every layout shift, those soon after a key included."""
    context.add_init_script(WATCH_SHIFTS)
    return context.new_page()


def shifts(page: Page) -> list[str]:
    page.wait_for_timeout(SETTLED_MS)
    noted: list[str] = page.evaluate("shifts")
    return noted


def test_a_search_page_weighs_at_most_60_kilobytes_compressed(answers: list[Response]) -> None:
    sizes = {
        answer.url: len(gzip.compress(answer.body(), COMPRESSION))
        for answer in answers
        if answer.request.resource_type in PARTS
    }
    assert len(sizes) == len(PARTS)
    assert sum(sizes.values()) <= BUDGET_BYTES, sizes


def test_a_search_page_asks_once_for_its_html_its_style_and_its_script(answers: list[Response]) -> None:
    asked = Counter(answer.request.resource_type for answer in answers)
    assert {part: asked[part] for part in PARTS} == dict.fromkeys(PARTS, 1)
    assert max(Counter(answer.url for answer in answers).values()) == 1


@pytest.mark.parametrize("path", ["/", RESULTS, "/docs/direct-contract?q=随意契約", "/docs/no-such-document"])
def test_no_script_or_style_stands_in_the_html(page_without_script: Page, path: str) -> None:
    page = page_without_script
    page.goto(path)
    scripts = page.locator("script")
    sources = [scripts.nth(place).get_attribute("src") or "" for place in range(scripts.count())]
    assert [source.partition("?")[0] for source in sources] == ["/static/app.js"]
    assert scripts.all_text_contents() == [""]
    expect(page.locator("style, [style]")).to_have_count(0)
    handlers = page.locator("xpath=//@*[starts-with(name(), 'on')]/..")
    expect(handlers).to_have_count(0)


@pytest.mark.parametrize("window", [PHONE, DESKTOP], ids=["phone", "desktop"])
@pytest.mark.parametrize("path", [RESULTS, "/search?q=宇宙エレベーター&chapter=5", "/docs/direct-contract?q=随意契約"])
def test_nothing_moves_while_a_page_loads(watched: Page, path: str, window: ViewportSize) -> None:
    watched.set_viewport_size(window)
    watched.goto(path)
    assert shifts(watched) == []


@pytest.mark.parametrize("window", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_results_that_follow_the_typing_move_nothing_else(watched: Page, window: ViewportSize) -> None:
    watched.set_viewport_size(window)
    watched.goto(RESULTS)
    box = watched.get_by_role("combobox", name="検索する語や質問")
    box.fill("随意契約")
    expect(watched.get_by_role("heading", level=1)).to_have_text("「随意契約」の検索結果")
    box.fill("共同調達")
    expect(watched.get_by_role("heading", level=1)).to_have_text("「共同調達」の検索結果")
    assert shifts(watched) == []
