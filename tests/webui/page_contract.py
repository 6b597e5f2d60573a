"""What pages and API promise over any engine. An engine's test class inherits PageContract and says how to make one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from indexer.building.build import build
from indexer.engine import Engine
from indexer.search.service import Searches
from kb.vocabulary import FACETS
from tests.indexer.engines.engine_contract import CONTENT
from tests.webui.conftest import browse
from tests.webui.dom import parse

PAGES = (
    "/",
    "/search",
    "/search?q=随意契約 スタートアップ",
    "/search?q=随意計約&chapter=1",
    "/search?q=宇宙エレベーター",
    "/docs/direct-contract?q=随契",
    "/docs/memo-c7a2b4",
    "/sitemap.xml",
)


class PageContract:
    """Inherit, say how to make an engine, and every test below runs over it."""

    make: Callable[[Path], Engine]
    """An empty engine, which may keep what it likes in the folder."""

    @pytest.fixture
    def content(self, tmp_path: Path) -> Path:
        for name, text in CONTENT.items():
            if name == "user_dictionary.csv":  # compiling it takes seconds, and each test here builds an index
                continue
            path = tmp_path / "content" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return tmp_path / "content"

    @pytest.fixture
    def made(self, tmp_path: Path) -> Engine:
        return self.make(tmp_path / "index")

    @pytest.fixture
    def browser(self, content: Path, made: Engine) -> FlaskClient:
        build([str(content)], made)
        return browse(Searches(made))

    def test_before_there_is_an_index_pages_are_unavailable(self, made: Engine) -> None:
        client = browse(Searches(made))
        assert [client.get(path).status_code for path in ("/", "/search?q=契約", "/readyz", "/healthz")] == [
            503, 503, 503, 200,
        ]  # fmt: skip

    def test_a_search_leads_to_the_section_that_answers(self, browser: FlaskClient) -> None:
        page = parse(browser.get("/search?q=随意契約 施行令").get_data(as_text=True))
        links = [link["href"] for item in page.all("li", "hit") for link in item.all("a")]
        assert links[0].startswith("/docs/direct-contract?q=")
        assert links[0].endswith("#conditions")

    def test_after_a_correction_hits_carry_what_was_searched_for_and_the_document_marks_it(
        self, browser: FlaskClient
    ) -> None:
        page = parse(browser.get("/search?q=随意計約").get_data(as_text=True))
        link = next(link["href"] for item in page.all("li", "hit") for link in item.all("a"))
        assert "q=%E9%9A%8F%E6%84%8F%E5%A5%91%E7%B4%84" in link
        assert "<mark>随意契約</mark>" in browser.get(link).get_data(as_text=True)

    def test_facets_narrow_and_count(self, browser: FlaskClient) -> None:
        free = browser.get("/api/v1/search?q=契約").get_json()
        for facet in FACETS:
            for value in free["facets"][facet.name]:
                assert (
                    browser.get(value["toggle_url"].replace("/search", "/api/v1/search")).get_json()["total"]
                    == (value["count"])
                )

    def test_suggestions_lead_somewhere(self, browser: FlaskClient) -> None:
        found = browser.get("/api/v1/suggest?q=けい").get_json()["suggestions"]
        assert "契約" in [item["text"] for item in found]
        assert all(browser.get(item["url"]).status_code == 200 for item in found)

    def test_a_former_id_redirects_and_an_unknown_one_is_not_found(self, browser: FlaskClient) -> None:
        answer = browser.get("/docs/old-contract")
        assert (answer.status_code, answer.headers["Location"]) == (301, "/docs/direct-contract")
        assert browser.get("/docs/nowhere").status_code == 404

    @pytest.mark.parametrize("path", PAGES)
    def test_a_page_is_not_sent_again_until_there_is_another_index(
        self, browser: FlaskClient, made: Engine, content: Path, path: str
    ) -> None:
        first = browser.get(path)
        again = {"If-None-Match": first.headers.get("ETag", "")}
        if first.status_code == 200:
            assert browser.get(path, headers=again).status_code == 304
        (content / "internal" / "new.md").write_text("# 新しい文書\n\n本文\n", encoding="utf-8")
        build([str(content)], made)
        assert browser.get(path, headers=again).status_code == first.status_code

    def test_a_page_is_of_one_index_and_so_is_its_tag(
        self, browser: FlaskClient, made: Engine, content: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A commit while a page is being made: neither its content nor its ETag is that of the new index."""
        path = "/search?q=契約"
        before = browser.get(path)
        real_open = Searches.open

        def open_and_commit(searches: Searches) -> object:
            opened = real_open(searches)
            (content / "internal" / "new.md").write_text("# 契約の文書\n\n契約\n", encoding="utf-8")
            build([str(content)], made)
            return opened

        with monkeypatch.context() as patched:
            patched.setattr(Searches, "open", open_and_commit)
            during = browser.get(path)
        after = browser.get(path)
        assert during.headers["ETag"] == before.headers["ETag"] != after.headers["ETag"]
        assert "契約の文書" not in during.get_data(as_text=True)
        assert "契約の文書" in after.get_data(as_text=True)
