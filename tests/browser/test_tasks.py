"""Every task of a reader, done with the keyboard alone and with JavaScript off."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.browser.reader import KeyboardReader, Reader, ScriptlessReader

QUERY = "随意契約 スタートアップ"
RESULTS = "/search?q=随意契約+スタートアップ"
FILTERED = f"{RESULTS}&role=gov-line-officer&chapter=5"
EMPTY = "/search?q=随意契約&stage=framing&kind=glossary"
DOCUMENT = "/docs/direct-contract"
READERS: dict[str, Callable[[Page], Reader]] = {"keyboard": KeyboardReader, "without script": ScriptlessReader}


@pytest.fixture(params=READERS)
def reader(request: pytest.FixtureRequest) -> Reader:
    """Each of the two readers in turn, with an empty tab."""
    tab = request.getfixturevalue("page" if request.param == "keyboard" else "page_without_script")
    return READERS[request.param](tab)


@pytest.fixture
def keyboard(page: Page) -> KeyboardReader:
    """The reader without a mouse, for what only the script offers."""
    return KeyboardReader(page)


def box(page: Page) -> Locator:
    return page.get_by_label("検索する語や質問")


def role(page: Page) -> Locator:
    return page.get_by_role("checkbox", name=re.compile("原課・契約・財政"))


def chapter(page: Page) -> Locator:
    return page.get_by_role("checkbox", name=re.compile("第5章"))


def chips(page: Page) -> Locator:
    return page.get_by_role("list", name="選択中の条件").get_by_role("listitem")


def state(page: Page) -> tuple[str, bool, bool, str, list[str]]:
    """What Back and reload have to bring back."""
    expect(page.locator(".hit").first).to_be_visible()
    hits = page.locator(".hit h2").all_inner_texts()
    return box(page).input_value(), role(page).is_checked(), chapter(page).is_checked(), count(page), hits


def count(page: Page) -> str:
    return page.locator("#summary").inner_text()


# Search


def test_search_from_the_home_page(reader: Reader) -> None:
    reader.page.goto("/")
    reader.enter(box(reader.page), QUERY)
    expect(reader.page.get_by_role("heading", level=1)).to_have_text(f"「{QUERY}」の検索結果")
    expect(reader.page.locator(".hit").first).to_be_visible()


def test_search_again_from_the_results(reader: Reader) -> None:
    reader.page.goto(RESULTS)
    reader.enter(box(reader.page), "共同調達")
    expect(reader.page.get_by_role("heading", level=1)).to_have_text("「共同調達」の検索結果")


def test_narrow_by_role_and_chapter(reader: Reader) -> None:
    reader.page.goto(RESULTS)
    before = count(reader.page)
    reader.tick(role(reader.page), chapter(reader.page))
    expect(chips(reader.page)).to_have_count(3)
    expect(reader.page).to_have_url(re.compile("role=gov-line-officer.*chapter=5"))
    assert count(reader.page) != before


def test_remove_one_condition(reader: Reader) -> None:
    reader.page.goto(FILTERED)
    reader.follow(chips(reader.page).get_by_role("link", name=re.compile("第5章.*を外す")))
    expect(reader.page).not_to_have_url(re.compile("chapter="))
    expect(chips(reader.page)).to_have_count(2)
    expect(role(reader.page)).to_be_checked()


def test_clear_all_conditions(reader: Reader) -> None:
    reader.page.goto(FILTERED)
    reader.follow(reader.page.get_by_role("link", name="すべて解除"))
    expect(chips(reader.page)).to_have_count(0)
    expect(reader.page.get_by_role("heading", level=1)).to_have_text(f"「{QUERY}」の検索結果")


def test_change_the_order_of_the_results(reader: Reader) -> None:
    reader.page.goto(RESULTS)
    before = reader.page.locator(".hit h2").all_inner_texts()
    order = reader.page.get_by_role("navigation", name="並び順")
    expect(order.locator("[aria-current]")).to_have_text("関連度の高い順")
    reader.follow(order.get_by_role("link", name="ガイドの頁順"))
    expect(reader.page).to_have_url(re.compile("sort=page"))
    expect(order.locator("[aria-current]")).to_have_text("ガイドの頁順")
    expect(reader.page.locator(".hit h2").first).not_to_have_text(before[0])


def test_search_for_exactly_what_was_typed(reader: Reader) -> None:
    reader.page.goto("/search?q=随契")
    before = count(reader.page)
    reader.tick(reader.page.get_by_role("checkbox", name="入力した語そのものだけを探す"))
    expect(reader.page).to_have_url(re.compile("exact=1"))
    expect(reader.page.locator("#summary")).not_to_have_text(before)


def test_ask_for_the_same_without_synonyms(reader: Reader) -> None:
    reader.page.goto("/search?q=随契")
    reader.open(reader.page.get_by_text("同じ意味の語も含めて検索しました"))
    reader.follow(reader.page.get_by_role("link", name="入力した語だけで検索"))
    expect(reader.page).to_have_url(re.compile("exact=1"))


def test_follow_a_question_of_ones_role_to_its_answer(reader: Reader) -> None:
    reader.page.goto("/")
    row = reader.page.get_by_role("row", name=re.compile("担当する政策にスタートアップの力をどう生かせるのか"))
    reader.follow(row.get_by_role("link", name=re.compile("スタートアップが持つ資源")))
    expect(reader.page.get_by_role("heading", level=1)).to_contain_text("スタートアップが持つ資源")


def test_turn_to_the_next_page_of_results(reader: Reader) -> None:
    reader.page.goto(RESULTS)
    reader.follow(reader.page.get_by_role("link", name="2ページ目"))
    expect(reader.page.locator("#summary")).to_contain_text("11〜20件")


def test_return_from_a_correction_to_what_was_typed(reader: Reader) -> None:
    reader.page.goto("/search?q=随意計約")
    expect(reader.page.get_by_text("「随意契約」で検索しました")).to_be_visible()
    reader.follow(reader.page.get_by_role("link", name="入力したとおりに検索"))
    expect(reader.page.get_by_text("該当する文書はありません")).to_be_visible()


def test_take_the_correction_of_an_empty_page(reader: Reader) -> None:
    reader.page.goto("/search?q=随意計約&exact=1")
    reader.follow(reader.page.locator(".did-you-mean, .notice").get_by_role("link", name="随意契約").first)
    expect(reader.page.get_by_role("heading", level=1)).to_have_text("「随意契約」の検索結果")


def test_take_the_next_step_of_an_empty_page(reader: Reader) -> None:
    reader.page.goto(EMPTY)
    expect(reader.page.get_by_text("該当する文書はありません")).to_be_visible()
    step = reader.page.locator(".notice li").first
    promised = (re.findall(r"（([\d,]+)件）", step.inner_text()) or ["no count"])[0]
    reader.follow(step.get_by_role("link"))
    expect(reader.page.locator("#summary")).to_have_text(re.compile(rf"^{promised}件"))


def test_open_a_hit_at_its_section(reader: Reader) -> None:
    reader.page.goto(FILTERED)
    hit = reader.page.locator(".hit h2 a").first
    heading = hit.inner_text()
    reader.follow(hit)
    expect(reader.page).to_have_url(re.compile("/docs/.*#"))
    expect(reader.page.locator(":target")).to_contain_text(heading)
    expect(reader.page.locator(":target")).to_be_in_viewport()


# A document


def test_follow_the_contents_to_a_section(reader: Reader) -> None:
    reader.page.goto(DOCUMENT)
    entry = reader.page.get_by_role("navigation", name="目次").get_by_role("link").last
    heading = entry.inner_text()
    reader.follow(entry)
    expect(reader.page.locator(":target")).to_contain_text(heading)
    expect(reader.page.locator(":target")).to_be_in_viewport()


def test_get_the_permanent_address_of_a_heading(reader: Reader) -> None:
    reader.page.goto(DOCUMENT)
    reader.follow(reader.page.get_by_role("link", name="「随意契約が適用できる条件」へのリンク"))
    expect(reader.page).to_have_url(re.compile(f"{DOCUMENT}#conditions$"))
    expect(reader.page.locator("#conditions")).to_be_in_viewport()


@pytest.mark.parametrize("direction", ["前", "次"])
def test_go_to_a_neighbouring_document(reader: Reader, direction: str) -> None:
    reader.page.goto(DOCUMENT)
    link = reader.page.get_by_role("navigation", name="前後の文書").get_by_role("link", name=f"{direction}：")
    title = link.inner_text().removeprefix(f"{direction}：")
    reader.follow(link)
    expect(reader.page.get_by_role("heading", level=1)).to_have_text(title)


def test_go_to_a_related_document(reader: Reader) -> None:
    reader.page.goto(DOCUMENT)
    link = reader.page.get_by_role("region", name="関連する文書").get_by_role("link").first
    title = link.inner_text()
    reader.follow(link)
    expect(reader.page.get_by_role("heading", level=1)).to_have_text(title)


def test_clear_the_marks_of_the_searched_words(reader: Reader) -> None:
    reader.page.goto(f"{DOCUMENT}?q=随意契約")
    expect(reader.page.locator("mark").first).to_be_visible()
    reader.follow(reader.page.get_by_role("link", name="強調表示を消す"))
    expect(reader.page).to_have_url(re.compile(f"{DOCUMENT}$"))
    expect(reader.page.locator("mark")).to_have_count(0)


def test_go_back_to_the_results_of_a_marked_document(reader: Reader) -> None:
    reader.page.goto(f"{DOCUMENT}?q=随意契約")
    reader.follow(reader.page.get_by_role("link", name="検索結果へ戻る"))
    expect(reader.page.get_by_role("heading", level=1)).to_have_text("「随意契約」の検索結果")


# Coming back


def test_back_and_reload_restore_query_filters_and_results(reader: Reader) -> None:
    reader.page.goto("/")
    reader.enter(box(reader.page), QUERY)
    reader.page.wait_for_url("**/search?**")
    reader.tick(role(reader.page), chapter(reader.page))
    expect(chips(reader.page)).to_have_count(3)
    left = state(reader.page)
    reader.follow(reader.page.locator(".hit h2 a").first)
    reader.page.wait_for_url("**/docs/**")
    reader.page.go_back()
    assert state(reader.page) == left
    reader.page.reload()
    assert state(reader.page) == left


def test_back_undoes_one_tick_at_a_time_and_forward_repeats_it(keyboard: KeyboardReader) -> None:
    page = keyboard.page
    page.goto(RESULTS)
    counts = [count(page)]
    for choice in (role(page), chapter(page)):
        keyboard.tick(choice)
        expect(page.locator("#summary")).not_to_have_text(counts[-1])
        counts.append(count(page))
    for step, expected in ((page.go_back, counts[1]), (page.go_back, counts[0]), (page.go_forward, counts[1])):
        step()
        expect(page.locator("#summary")).to_have_text(expected)
    expect(role(page)).to_be_checked()
    expect(chapter(page)).not_to_be_checked()


def test_the_query_typed_in_the_results_is_restored_by_back(keyboard: KeyboardReader) -> None:
    page = keyboard.page
    page.goto(RESULTS)
    keyboard.reach(box(page))
    page.keyboard.press("Control+a")
    page.keyboard.type("共同調達")
    expect(page.get_by_role("heading", level=1)).to_have_text("「共同調達」の検索結果")
    page.keyboard.press("Escape")
    left = page.locator(".hit h2").all_inner_texts()
    keyboard.follow(page.locator(".hit h2 a").first)
    page.wait_for_url("**/docs/**")
    page.go_back()
    expect(box(page)).to_have_value("共同調達")
    assert page.locator(".hit h2").all_inner_texts() == left


# With the keyboard, by the script


def test_choose_a_suggestion(keyboard: KeyboardReader) -> None:
    page = keyboard.page
    page.goto("/")
    keyboard.reach(box(page))
    page.keyboard.type("けいや")
    first = page.get_by_role("option").first
    expect(first).to_be_visible()
    page.keyboard.press("ArrowUp")
    expect(page.get_by_role("option").last).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(first).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("「契約」の検索結果")


@pytest.mark.parametrize("path", ["/", RESULTS, DOCUMENT])
def test_enter_submits_what_was_typed_while_suggestions_are_open(keyboard: KeyboardReader, path: str) -> None:
    page = keyboard.page
    page.goto(path)
    keyboard.reach(box(page))
    page.keyboard.press("Control+a")
    page.keyboard.type("けいや")
    expect(page.get_by_role("option").first).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: parse_qs(urlsplit(url).query).get("q") == ["けいや"])
    expect(box(page)).to_have_value("けいや")


def test_repeat_a_recent_search(keyboard: KeyboardReader) -> None:
    page = keyboard.page
    page.goto(RESULTS)
    page.goto("/")
    keyboard.reach(box(page))
    expect(page.get_by_role("option").first).to_contain_text(QUERY)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(f"「{QUERY}」の検索結果")


def test_step_through_the_marks_and_clear_them(keyboard: KeyboardReader) -> None:
    page = keyboard.page
    page.goto(f"{DOCUMENT}?q=随意契約")
    position = page.get_by_role("status")
    total = page.locator(".document mark").count()
    for button, expected in (("次の語", 1), ("次の語", 2), ("前の語", 1), ("前の語", total)):
        keyboard.press(page.get_by_role("button", name=button))
        expect(position).to_have_text(f"{expected}／{total}か所目")
        expect(page.locator("mark.current")).to_have_count(1)
        expect(page.locator("mark.current")).to_be_in_viewport()
    keyboard.follow(page.get_by_role("link", name="強調表示を消す"))
    expect(page.locator("mark")).to_have_count(0)


@pytest.mark.parametrize("form", ["リンク", "Markdown", "起案文書用の文"])
def test_cite_a_section_hear_that_it_was_copied_and_go_on(
    context: BrowserContext, keyboard: KeyboardReader, form: str
) -> None:
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = keyboard.page
    page.goto(DOCUMENT)
    cite = page.get_by_role("button", name="「随意契約が適用できる条件」を引用する")
    keyboard.press(cite)
    dialog = page.get_by_role("dialog", name="引用する")
    keyboard.press(dialog.get_by_role("button", name=form, exact=True))
    expect(dialog.get_by_role("status")).to_have_text(f"{form}としてコピーしました。")
    assert page.evaluate("navigator.clipboard.readText()") == dialog.get_by_role("textbox").input_value()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(cite).to_be_focused()


@pytest.mark.parametrize("path", ["/", RESULTS, DOCUMENT, "/docs/no-such-document"])
def test_look_up_the_keys_and_return_to_where_one_was(keyboard: KeyboardReader, path: str) -> None:
    page = keyboard.page
    page.goto(path)
    link = (
        page.get_by_role("main").get_by_role("link").last
        if path != "/docs/no-such-document"
        else page.locator(".site-name")
    )
    keyboard.reach(link)
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="キーボードでの操作")
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(link).to_be_focused()


def test_the_button_that_lists_the_keys_gets_the_focus_back(keyboard: KeyboardReader) -> None:
    button = keyboard.page.get_by_role("button", name="キーボードでの操作")
    keyboard.page.goto("/")
    keyboard.press(button)
    keyboard.press(keyboard.page.get_by_role("button", name="閉じる"))
    expect(button).to_be_focused()
