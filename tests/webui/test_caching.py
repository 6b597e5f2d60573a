"""An answer is asked for again only when the index, the program or the address has changed."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from kb.errors import IndexMissingError
from tests.webui.conftest import browse
from tests.webui.dom import parse
from tests.webui.fake_search import SettableSearch
from webui import caching

KEPT = [
    "/",
    "/search?q=契約",
    "/docs/direct-contract?q=契約",
    "/api/v1/search?q=契約",
    "/api/v1/suggest?q=契",
    "/api/v1/documents/direct-contract",
    "/openapi.json",
    "/opensearch.xml",
    "/sitemap.xml",
]


@pytest.mark.parametrize("url", KEPT)
def test_an_answer_that_the_browser_has_is_not_sent_again(
    search: SettableSearch, client: FlaskClient, url: str
) -> None:
    first = client.get(url)
    assert first.status_code == 200
    assert first.headers["Cache-Control"] == "no-cache"
    asked = len(search.searched)
    second = client.get(url, headers={"If-None-Match": first.headers["ETag"]})
    assert (second.status_code, second.data) == (304, b"")
    assert second.headers["ETag"] == first.headers["ETag"]
    assert len(search.searched) == asked


def test_another_address_is_another_answer(client: FlaskClient) -> None:
    tag = client.get("/search?q=契約").headers["ETag"]
    assert client.get("/search?q=契約&page=2", headers={"If-None-Match": tag}).status_code == 200


def test_a_new_index_is_a_new_answer(search: SettableSearch, client: FlaskClient) -> None:
    tag = client.get("/search?q=契約").headers["ETag"]
    search.digest = "1" * 64
    assert client.get("/search?q=契約", headers={"If-None-Match": tag}).status_code == 200


@pytest.mark.parametrize("url", ["/nowhere", "/search?role=king", "/healthz", "/readyz", "/s/direct-contract"])
def test_errors_states_and_redirects_are_not_kept(client: FlaskClient, url: str) -> None:
    assert "ETag" not in client.get(url).headers


def test_without_an_index_nothing_passes_for_unchanged(search: SettableSearch, client: FlaskClient) -> None:
    tag = client.get("/search?q=契約").headers["ETag"]
    search.error = IndexMissingError("x")
    assert client.get("/search?q=契約", headers={"If-None-Match": tag}).status_code == 503


def styles(client: FlaskClient) -> str:
    """The address of the page's style sheet."""
    page = parse(client.get("/").get_data(as_text=True))
    (address,) = (link["href"] for link in page.all("link") if link["rel"] == "stylesheet")
    return address


def test_static_files_are_kept_for_a_year_at_an_address_of_this_version(
    search: SettableSearch, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = client.get(styles(client))
    assert first.headers["Cache-Control"] == "public, max-age=31536000"
    assert client.get(styles(client), headers={"If-None-Match": first.headers["ETag"]}).status_code == 304
    missing = client.get(styles(client).replace("style.css", "nowhere.css"))
    assert (missing.status_code, missing.headers.get("Cache-Control")) == (404, None)
    for other in ("/static/style.css", "/static/style.css?v=another"):
        assert client.get(other).headers["Cache-Control"] == "no-cache"
    assert styles(browse(search)) == styles(client)
    monkeypatch.setattr(caching, "_program_digest", lambda: "another version")
    assert styles(browse(search)) != styles(client)


@pytest.mark.parametrize(
    "changed", ["webui/static/style.css", "webui/static/app.js", "indexer/highlight.py", "kb/model.py"]
)
def test_another_file_of_the_program_is_another_version(tmp_path: Path, changed: str) -> None:
    for package in ("kb", "indexer", "webui"):
        shutil.copytree(Path(caching.__file__).parents[1] / package, tmp_path / package)
    before = caching._program_digest(tmp_path)
    assert caching._program_digest(tmp_path) == before
    with (tmp_path / changed).open("a") as file:
        file.write("\n")
    assert caching._program_digest(tmp_path) != before
