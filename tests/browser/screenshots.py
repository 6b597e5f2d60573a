"""README's pictures: python -m tests.browser.screenshots [folder]

Starts `kb serve` over the repository's content and photographs its pages with the distribution's Chromium.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser.conftest import chromium_executable, serving
from tests.conftest import REPOSITORY, build_folder

DESKTOP = {"width": 1180, "height": 860}
PHONE = {"width": 390, "height": 780}
QUERY = "/search?q=随意契約+スタートアップ&role=gov-line-officer&chapter=5"
# name: (address, window, colour scheme)
PICTURES = {
    "home": ("/", DESKTOP, "light"),
    "results": (QUERY, DESKTOP, "light"),
    "zero": ("/search?q=宇宙エレベーター&chapter=5", DESKTOP, "light"),
    "document": ("/docs/direct-contract?q=随意契約", DESKTOP, "light"),
    "phone": (QUERY, PHONE, "light"),
    "dark": (QUERY, DESKTOP, "dark"),
}


def main() -> None:
    """Make every picture."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else REPOSITORY / ".readme"
    folder.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as index, sync_playwright() as playwright:
        build_folder(REPOSITORY / "content", Path(index))
        with serving(Path(index)) as address:
            browser = playwright.chromium.launch(**chromium_executable())
            for name, (path, window, scheme) in PICTURES.items():
                context = browser.new_context(base_url=address, locale="ja-JP", viewport=window, color_scheme=scheme)  # type: ignore[arg-type]
                page = context.new_page()
                page.goto(path)
                page.screenshot(path=folder / f"{name}.png")
                context.close()
            browser.close()


if __name__ == "__main__":
    main()
