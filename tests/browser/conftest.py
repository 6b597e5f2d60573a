"""The distribution's Chromium in front of the real server with the repository's own content."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.conftest import CONTENT

START_SECONDS = 60
CHROMIUM_OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever needs a browser is slow, so that the quick command needs none (`items` are those of all folders)."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker("slow")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _is_ready(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/readyz", timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, ConnectionError):
        return False


def chromium_executable() -> dict[str, Any]:
    """How Playwright launches the distribution's Chromium."""
    executable = shutil.which("chromium") or shutil.which("chromium-browser")
    assert executable, "no Chromium; .bin/test installs it"
    return {"executable_path": executable, "args": CHROMIUM_OPTIONS}


@contextmanager
def serving(index: Path) -> Iterator[str]:
    """`kb serve` over the repository's content, started as its users start it; gives its address."""
    port = _free_port()
    command = [str(Path(sys.executable).parent / "kb"), "serve", "--port", str(port), "--workers", "1"]
    with subprocess.Popen([*command, "--content", str(CONTENT), "--index", str(index)]) as server:
        base = f"http://127.0.0.1:{port}"
        deadline = monotonic() + START_SECONDS
        while not _is_ready(base):
            assert server.poll() is None, "the server ended"
            assert monotonic() < deadline, "the server did not become ready"
            sleep(0.1)
        yield base
        server.terminate()


@pytest.fixture(scope="session")
def address(guide_index: Path) -> Iterator[str]:
    """A running server's address."""
    with serving(guide_index) as base:
        yield base


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One browser for all tests; each test has a profile of its own (`page`)."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(**chromium_executable())
        yield browser
        browser.close()


@pytest.fixture
def context(chromium: Browser, address: str) -> Iterator[BrowserContext]:
    """A fresh profile whose addresses begin at the server."""
    with chromium.new_context(base_url=address, locale="ja-JP") as context:
        yield context


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """An empty tab."""
    return context.new_page()


@pytest.fixture
def page_without_script(chromium: Browser, address: str) -> Iterator[Page]:
    """A tab where JavaScript is switched off."""
    with chromium.new_context(base_url=address, locale="ja-JP", java_script_enabled=False) as context:
        yield context.new_page()
