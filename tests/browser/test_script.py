"""What the script adds: suggestions, results as one types, composition, keys, marks and citing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, CDPSession, Locator, Page, expect

RESULTS = "/search?q=随意契約"
WATCH_STATUS = """
    window.said = [];
    const status = document.querySelector("[role=status]");
    new MutationObserver(() => said.push(status.textContent)).observe(status, { childList: true });
"""
DOCUMENT = "/docs/direct-contract?q=随意契約"


@pytest.fixture
def ime(page: Page) -> Iterator[CDPSession]:
    """The browser's own input-method interface."""
    session = page.context.new_cdp_session(page)
    yield session
    session.detach()


def compose(ime: CDPSession, text: str) -> None:
    """Show `text` as an IME does before it is committed."""
    ime.send("Input.imeSetComposition", {"text": text, "selectionStart": len(text), "selectionEnd": len(text)})


def press_while_composing(ime: CDPSession, key: str) -> None:
    """A key that the IME consumes, as browsers report it."""
    for kind in ("rawKeyDown", "keyUp"):
        ime.send("Input.dispatchKeyEvent", {"type": kind, "key": key, "windowsVirtualKeyCode": 229})


def box(page: Page) -> Locator:
    return page.get_by_role("combobox", name="検索する語や質問")


def options(page: Page) -> Locator:
    return page.get_by_role("option")


def axe_finds_nothing(page: Page) -> None:
    results = Axe().run(page)
    assert results.violations_count == 0, results.generate_report()


@pytest.mark.parametrize("path", ["/", "/search", "/docs/direct-contract"])
def test_suggestions_come_while_kana_are_composed_and_enter_only_commits(
    page: Page, ime: CDPSession, path: str
) -> None:
    page.goto(path)
    box(page).focus()
    for typed in ("ｋ", "け", "けい", "けいｙ", "けいや", "けいやく"):
        compose(ime, typed)
    expect(options(page).first).to_contain_text("契約")
    for key in ("Enter", "Escape", "ArrowDown", "ArrowUp"):
        press_while_composing(ime, key)
        assert urlsplit(page.url).path == path
        expect(page.get_by_role("listbox")).to_be_visible()
        expect(box(page)).not_to_have_attribute("aria-activedescendant", re.compile("."))
    compose(ime, "契約")
    press_while_composing(ime, "Enter")
    ime.send("Input.insertText", {"text": "契約"})
    expect(box(page)).to_have_value("契約")
    assert urlsplit(page.url).path == path
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/search\?q=%E5%A5%91%E7%B4%84"))


def test_results_wait_until_the_composition_is_committed(page: Page, ime: CDPSession) -> None:
    page.goto(RESULTS)
    box(page).fill("")
    expect(page.get_by_role("heading", level=1)).to_have_text("文書の一覧")
    before = page.locator(".hit h2").all_inner_texts()
    compose(ime, "きょうどう")
    page.wait_for_timeout(800)
    assert page.locator(".hit h2").all_inner_texts() == before
    ime.send("Input.insertText", {"text": "共同調達"})
    expect(page.get_by_role("heading", level=1)).to_have_text("「共同調達」の検索結果")


def test_an_option_is_chosen_with_arrows_and_enter_and_typed_text_stays(page: Page) -> None:
    page.goto("/")
    box(page).press_sequentially("けいや")
    expect(options(page).first).to_be_visible()
    expect(box(page)).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("ArrowDown")
    expect(box(page)).to_have_attribute("aria-activedescendant", "page_suggestion_0")
    expect(options(page).first).to_have_attribute("aria-selected", "true")
    expect(box(page)).to_have_value("けいや")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/search\?q=%E5%A5%91%E7%B4%84$"))


def test_without_a_chosen_option_enter_searches_what_was_typed(page: Page) -> None:
    page.goto("/")
    box(page).press_sequentially("けいや")
    expect(options(page).first).to_be_visible()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("q=%E3%81%91%E3%81%84%E3%82%84$"))


def test_a_chosen_word_keeps_the_filters_under_which_it_was_counted(page: Page) -> None:
    page.goto("/search?q=調達&chapter=5")
    box(page).fill("けいや")
    first = options(page).first
    expect(first).to_contain_text("契約")
    first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("「契約」の検索結果")
    expect(page.get_by_role("list", name="選択中の条件")).to_contain_text("第5章")


def test_escape_soon_after_a_key_keeps_the_suggestions_closed(page: Page) -> None:
    page.goto("/")
    box(page).press_sequentially("けいや")
    page.keyboard.press("Escape")
    page.wait_for_timeout(600)
    expect(page.get_by_role("listbox")).to_be_hidden()


def test_escape_closes_the_suggestions_and_keeps_the_text(page: Page) -> None:
    page.goto("/")
    box(page).press_sequentially("けいや")
    expect(page.get_by_role("listbox")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("listbox")).to_be_hidden()
    expect(box(page)).to_have_value("けいや")
    expect(box(page)).to_have_attribute("aria-expanded", "false")


def test_results_follow_the_typing_and_half_a_word_never_empties_them(page: Page) -> None:
    page.goto(RESULTS)
    box(page).fill("随意契約 ほげほげぴよ")
    box(page).fill("ほげほげぴよぴよ")
    page.wait_for_timeout(800)
    assert page.locator(".hit").count() > 0
    box(page).fill("共同調達")
    expect(page.get_by_role("heading", level=1)).to_have_text("「共同調達」の検索結果")
    expect(page).to_have_url(re.compile("q=%E5%85%B1%E5%90%8C%E8%AA%BF%E9%81%94"))


def test_latin_letters_that_a_phone_composes_are_searched_at_once(page: Page, ime: CDPSession) -> None:
    page.goto(RESULTS)
    box(page).fill("")
    expect(page.get_by_role("heading", level=1)).to_have_text("文書の一覧")
    compose(ime, "PFS")
    expect(page.get_by_role("heading", level=1)).to_have_text("「PFS」の検索結果")


def test_a_server_that_does_not_answer_takes_nothing_from_who_types(page: Page) -> None:
    page.goto(RESULTS)
    page.route("**/search?*", lambda route: route.abort())
    box(page).fill("共同調達")
    page.wait_for_timeout(800)
    expect(box(page)).to_have_value("共同調達")
    expect(page.locator(".hit").first).to_be_visible()


@pytest.mark.parametrize("submitted", [False, True])
def test_back_leads_from_a_typed_query_to_the_search_before(page: Page, submitted: bool) -> None:
    page.goto("/")
    page.goto(RESULTS)
    for typed in ("共同", "共同調達"):
        box(page).fill(typed)
        expect(page.get_by_role("heading", level=1)).to_have_text(f"「{typed}」の検索結果")
    if submitted:
        with page.expect_navigation():
            page.keyboard.press("Enter")
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("「随意契約」の検索結果")
    expect(box(page)).to_have_value("随意契約")
    page.go_back()
    expect(page).to_have_url(re.compile(r"/$"))


def test_the_skip_link_asks_for_no_results_again(page: Page) -> None:
    page.goto(RESULTS)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/search" in request.url else None)
    page.get_by_role("link", name="本文へ移動").focus()
    page.keyboard.press("Enter")
    page.wait_for_timeout(300)
    assert asked == []


def test_ticking_a_filter_narrows_at_once_and_back_undoes_it(page: Page) -> None:
    page.goto(RESULTS)
    before = page.locator("#summary").inner_text()
    chapter = page.get_by_role("checkbox", name=re.compile("第5章"))
    chapter.check()
    expect(page).to_have_url(re.compile("chapter=5"))
    expect(page.get_by_role("list", name="選択中の条件")).to_contain_text("第5章 官民連携編")
    expect(page.locator("#summary")).not_to_have_text(before)
    page.go_back()
    expect(chapter).not_to_be_checked()
    expect(page.locator("#summary")).to_have_text(before)


def test_recent_searches_stay_in_the_browser_and_can_be_cleared(page: Page) -> None:
    page.goto(RESULTS)
    page.goto("/")
    box(page).focus()
    expect(options(page).first).to_contain_text("随意契約")
    page.get_by_role("option", name="最近の検索を消す").click()
    box(page).blur()
    box(page).focus()
    expect(page.get_by_role("listbox")).to_be_hidden()


def test_a_typed_search_is_remembered_once_a_hit_of_it_is_opened(page: Page) -> None:
    page.goto("/search")
    box(page).fill("共同調達")
    expect(page.get_by_role("heading", level=1)).to_have_text("「共同調達」の検索結果")
    page.keyboard.press("Escape")
    page.locator(".hit h2 a").first.click()
    page.wait_for_url("**/docs/**")
    page.goto("/")
    box(page).focus()
    expect(options(page).first).to_contain_text("共同調達")


def test_slash_leaves_a_checkbox_for_the_box(page: Page) -> None:
    page.goto(RESULTS)
    page.get_by_role("checkbox").first.focus()
    page.keyboard.press("/")
    expect(box(page)).to_be_focused()


def test_no_key_acts_behind_an_open_dialog(page: Page) -> None:
    page.goto(DOCUMENT)
    page.get_by_role("button", name="この文書を引用する").click()
    page.keyboard.press("?")
    page.keyboard.press("/")
    expect(page.get_by_role("dialog")).to_have_count(1)
    expect(box(page)).not_to_be_focused()


def test_arrows_reach_the_hits_from_the_skip_link(page: Page) -> None:
    page.goto(RESULTS)
    page.get_by_role("link", name="本文へ移動").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowDown")
    expect(page.locator(".hit h2 a").first).to_be_focused()


def test_slash_goes_to_the_box_and_is_only_a_character_there(page: Page) -> None:
    page.goto(RESULTS)
    page.keyboard.press("/")
    expect(box(page)).to_be_focused()
    page.keyboard.press("End")
    page.keyboard.press("/")
    page.keyboard.press("?")
    expect(box(page)).to_have_value("随意契約/?")
    expect(page.get_by_role("dialog")).to_be_hidden()


def test_a_question_mark_lists_the_keys_and_escape_closes_the_list(page: Page) -> None:
    page.goto(RESULTS)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="キーボードでの操作")).to_be_visible()
    axe_finds_nothing(page)
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()


def test_arrows_walk_through_the_hits(page: Page) -> None:
    page.goto(RESULTS)
    hits = page.locator(".hit h2 a")
    page.keyboard.press("ArrowDown")
    expect(hits.nth(0)).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(hits.nth(1)).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(hits.nth(0)).to_be_focused()


def test_the_marks_of_a_document_are_walked_through(page: Page) -> None:
    page.goto(DOCUMENT)
    page.get_by_role("button", name="次の語").click()
    expect(page.locator(".mark-position")).to_have_text(re.compile(r"^1／\d+か所目$"))
    page.get_by_role("button", name="次の語").click()
    expect(page.locator("mark.current")).to_be_in_viewport()
    page.get_by_role("button", name="前の語").click()
    expect(page.locator(".mark-position")).to_have_text(re.compile(r"^1／"))


def test_the_next_mark_is_that_below_what_is_being_read(page: Page) -> None:
    page.goto(f"{DOCUMENT}#record-reasons")
    page.get_by_role("button", name="次の語").click()
    assert int(page.locator(".mark-position").inner_text().split("／")[0]) > 1
    current = page.locator("mark.current")
    assert current.evaluate("mark => mark.compareDocumentPosition(document.getElementById('record-reasons')) & 2")


def test_the_way_back_to_the_results_keeps_filters_and_order(page: Page) -> None:
    page.goto(f"{RESULTS}&role=gov-line-officer&chapter=5&sort=page")
    left = page.url
    page.locator(".hit h2 a").first.click()
    page.get_by_role("link", name="検索結果へ戻る").click()
    expect(page).to_have_url(left)


def test_a_copy_that_fails_is_admitted(page: Page) -> None:
    page.goto("/docs/direct-contract")
    page.evaluate("navigator.clipboard.writeText = () => Promise.reject(); document.execCommand = () => false")
    page.get_by_role("button", name="この文書を引用する").click()
    dialog = page.get_by_role("dialog", name="引用する")
    dialog.get_by_role("button", name="リンク").click()
    expect(dialog.get_by_role("status")).to_have_text("コピーできませんでした。上の欄から選んでコピーしてください。")


def test_the_contents_follow_the_reader(page: Page) -> None:
    page.goto("/docs/direct-contract#small-amount")
    current = page.locator(".contents [aria-current]")
    expect(current).to_contain_text("少額随契の基準額")
    expect(current).to_be_in_viewport()


@pytest.mark.parametrize(
    ("button", "form"),
    [
        ("リンク", r"^http://[^/]+/docs/direct-contract#conditions$"),
        (
            "Markdown",
            r"^\[「スタートアップとの随意契約（4号随契・トライアル発注）」随意契約が適用できる条件\]\(http://.*#conditions\)$",
        ),
        (
            "起案文書用の文",
            r"^「スタートアップとの随意契約.*」随意契約が適用できる条件（実践ガイド83〜99頁、2026年11月[0-9]+日更新）\nhttp://.*#conditions$",
        ),
    ],
)
def test_a_section_is_cited_in_three_forms(context: BrowserContext, page: Page, button: str, form: str) -> None:
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto("/docs/direct-contract")
    page.get_by_role("button", name="「随意契約が適用できる条件」を引用する").click()
    dialog = page.get_by_role("dialog", name="引用する")
    dialog.get_by_role("button", name=button, exact=True).click()
    expect(dialog.get_by_role("status")).to_have_text(f"{button}としてコピーしました。")
    assert re.search(form, page.evaluate("navigator.clipboard.readText()"))
    axe_finds_nothing(page)


def test_axe_finds_nothing_while_suggestions_are_open(page: Page) -> None:
    page.goto(RESULTS)
    box(page).fill("")
    box(page).press_sequentially("けいや")
    expect(options(page).first).to_be_visible()
    page.keyboard.press("ArrowDown")
    axe_finds_nothing(page)


def test_the_count_is_announced_once_the_typing_has_settled(page: Page) -> None:
    page.goto(RESULTS)
    page.evaluate(WATCH_STATUS)
    box(page).fill("共同")  # its results are there before the next key, their announcement is not
    expect(page.get_by_role("heading", level=1)).to_have_text("「共同」の検索結果")
    box(page).press_sequentially("調達", delay=150)
    expect(page.get_by_role("heading", level=1)).to_have_text("「共同調達」の検索結果")
    page.wait_for_timeout(1_500)
    assert page.evaluate("said.length") == 1


def test_a_search_page_is_small_and_asks_for_each_file_once(page: Page) -> None:
    sizes: dict[str, int] = {}
    page.on("response", lambda answer: sizes.update({answer.url: len(answer.body())}))
    page.goto(RESULTS)
    page.wait_for_load_state("networkidle")
    kinds = [address for address in sizes if urlsplit(address).path.endswith((".js", ".css"))]
    assert len(kinds) == 2
    assert sum(sizes.values()) <= 120_000  # some 30 KB when compressed
