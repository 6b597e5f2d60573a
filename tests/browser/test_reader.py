"""A contract officer's way through the pages, in a real browser."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Dialog, Page, expect

QUERY = "随意契約 スタートアップ"
RESULTS = "/search?q=随意契約+スタートアップ"
FILTERED = f"{RESULTS}&role=gov-line-officer&chapter=5"
PAGES = [
    "/",
    RESULTS,
    FILTERED,
    "/search",
    "/search?q=随意計約",
    "/search?q=ほげほげぴよ",
    "/search?q=随意契約&stage=framing&kind=glossary",
    "/search?role=king",
    "/docs/direct-contract?q=随意契約",
    "/docs/no-such-document",
]


def search_narrow_and_open(page: Page) -> None:
    """Type the query, narrow by role and chapter, open the first hit."""
    page.goto("/")
    page.locator("#page_q").fill(QUERY)
    page.get_by_role("button", name="検索", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"「{QUERY}」の検索結果")
    if not page.get_by_role("checkbox", name=re.compile("原課・契約・財政")).is_visible():
        page.get_by_text("絞り込み", exact=True).click()
    page.get_by_role("checkbox", name=re.compile("原課・契約・財政")).check()
    page.get_by_role("checkbox", name=re.compile("第5章")).check()
    page.get_by_role("button", name="この条件で絞り込む").click()
    expect(page).to_have_url(re.compile("role=gov-line-officer.*chapter=5"))
    page.locator(".hit h2 a").first.click()


@pytest.mark.parametrize("with_script", [True, False])
def test_an_officer_reaches_the_section_on_direct_contracts(chromium: Browser, address: str, with_script: bool) -> None:
    with chromium.new_context(base_url=address, locale="ja-JP", java_script_enabled=with_script) as context:
        page = context.new_page()
        search_narrow_and_open(page)
        expect(page).to_have_url(re.compile(r"/docs/direct-contract\?"))
        expect(page.get_by_role("heading", level=1)).to_contain_text("スタートアップとの随意契約")
        expect(page.get_by_text("実践ガイド", exact=True).locator("xpath=..")).to_contain_text("83〜99頁")
        expect(page.locator("mark").first).to_be_visible()
        assert "随意契約" in page.locator("mark").all_inner_texts()


def test_the_address_of_a_section_leads_to_its_heading(page: Page) -> None:
    page.goto("/docs/direct-contract")
    link = page.get_by_role("link", name=re.compile("へのリンク$")).nth(1)
    address = link.get_attribute("href") or ""
    page.goto(address)
    anchor = address.partition("#")[2]
    expect(page.locator(f"[id='{anchor}']")).to_be_in_viewport()


def test_back_and_reload_restore_query_and_filters(page: Page) -> None:
    search_narrow_and_open(page)
    page.go_back()
    page.reload()
    expect(page.locator("#page_q")).to_have_value(QUERY)
    expect(page.get_by_role("checkbox", name=re.compile("第5章"))).to_be_checked()


def test_the_whole_way_is_done_with_the_keyboard(page: Page) -> None:
    page.goto("/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="本文へ移動")).to_be_focused()
    page.locator("#page_q").focus()
    page.keyboard.type(QUERY)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/search\?q="))
    first = page.locator(".hit h2 a").first
    for _ in range(80):
        page.keyboard.press("Tab")
        if first.evaluate("element => element === document.activeElement"):
            break
    expect(first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/docs/"))


@pytest.mark.parametrize("path", PAGES)
def test_no_page_asks_another_host(page: Page, address: str, path: str) -> None:
    hosts: set[str] = set()
    page.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
    page.goto(path)
    page.wait_for_load_state("networkidle")
    assert hosts == {urlsplit(address).netloc}


@pytest.mark.parametrize("path", PAGES)
def test_nothing_on_a_page_breaks_its_own_security_policy(page: Page, path: str) -> None:
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(path)
    assert [text for text in complaints if "the server responded with a status of 40" not in text] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", PAGES)
def test_axe_finds_no_violation(page: Page, path: str, scheme: str) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.goto(path)
    results = Axe().run(page)
    assert results.violations_count == 0, results.generate_report()


@pytest.mark.parametrize("path", PAGES)
def test_a_phone_of_320_pixels_needs_no_sideways_scrolling(page: Page, path: str) -> None:
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto(path)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_a_hostile_query_is_shown_and_not_run(page: Page) -> None:
    dialogs: list[str] = []

    def dismiss(dialog: Dialog) -> None:
        dialogs.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", dismiss)
    hostile = "<img src=x onerror=alert(1)><script>alert(2)</script>"
    page.goto("/")
    page.locator("#page_q").fill(hostile)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text(hostile)
    assert dialogs == []
