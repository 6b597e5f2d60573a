"""Two readers who do the same tasks: one has no mouse, the other a browser whose JavaScript is switched off."""

from __future__ import annotations

from typing import Protocol

from playwright.sync_api import Locator, Page, expect

MOST_STOPS = 250  # more than any page has: a target that is not met by then cannot be reached


class Reader(Protocol):
    """What a reader does on a page."""

    page: Page

    def enter(self, box: Locator, text: str) -> None:
        """Replace what a text box holds and submit it."""

    def follow(self, link: Locator) -> None:
        """Open a link."""

    def open(self, summary: Locator) -> None:
        """Open what is folded under a summary."""

    def tick(self, *boxes: Locator) -> None:
        """Tick checkboxes and see the results that they leave."""


class KeyboardReader:
    """Moves by Tab, acts by Enter, Space and arrows, and never points at anything."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def reach(self, target: Locator) -> None:
        """Tab until `target` has the focus."""
        expect(target).to_be_visible()
        for _ in range(MOST_STOPS):
            if target.evaluate("element => element === document.activeElement"):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"Tab does not reach {target}")

    def press(self, target: Locator, key: str = "Enter") -> None:
        """Tab to `target` and press a key on it."""
        self.reach(target)
        self.page.keyboard.press(key)

    def enter(self, box: Locator, text: str) -> None:
        self.reach(box)
        self.page.keyboard.press("Control+a")
        self.page.keyboard.type(text)
        self.page.keyboard.press("Enter")

    def follow(self, link: Locator) -> None:
        self.press(link)

    def open(self, summary: Locator) -> None:
        self.press(summary)

    def tick(self, *boxes: Locator) -> None:
        for box in boxes:
            self.press(box, "Space")


class ScriptlessReader:
    """Has links and forms only, so every change of a form waits for its button."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def enter(self, box: Locator, text: str) -> None:
        box.fill(text)
        self.page.get_by_role("button", name="検索", exact=True).click()

    def follow(self, link: Locator) -> None:
        link.click()

    def open(self, summary: Locator) -> None:
        summary.click()

    def tick(self, *boxes: Locator) -> None:
        for box in boxes:
            box.check()
        self.page.get_by_role("button", name="この条件で絞り込む").click()
