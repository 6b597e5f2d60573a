"""An answer is asked for again only when the index, the program or the address has changed."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from kb.errors import IndexMissingError
from tests.webui.fake_engine import SettableEngine

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
    engine: SettableEngine, client: FlaskClient, url: str
) -> None:
    first = client.get(url)
    assert first.status_code == 200
    assert first.headers["Cache-Control"] == "no-cache"
    asked = len(engine.searched)
    second = client.get(url, headers={"If-None-Match": first.headers["ETag"]})
    assert (second.status_code, second.data) == (304, b"")
    assert second.headers["ETag"] == first.headers["ETag"]
    assert len(engine.searched) == asked


def test_another_address_is_another_answer(client: FlaskClient) -> None:
    tag = client.get("/search?q=契約").headers["ETag"]
    assert client.get("/search?q=契約&page=2", headers={"If-None-Match": tag}).status_code == 200


def test_a_new_index_is_a_new_answer(engine: SettableEngine, client: FlaskClient) -> None:
    tag = client.get("/search?q=契約").headers["ETag"]
    engine.digest = "1" * 64
    assert client.get("/search?q=契約", headers={"If-None-Match": tag}).status_code == 200


@pytest.mark.parametrize("url", ["/nowhere", "/search?role=king", "/healthz", "/readyz", "/s/direct-contract"])
def test_errors_states_and_redirects_are_not_kept(client: FlaskClient, url: str) -> None:
    assert "ETag" not in client.get(url).headers


def test_without_an_index_nothing_passes_for_unchanged(engine: SettableEngine, client: FlaskClient) -> None:
    tag = client.get("/search?q=契約").headers["ETag"]
    engine.error = IndexMissingError("x")
    assert client.get("/search?q=契約", headers={"If-None-Match": tag}).status_code == 503


def test_static_files_are_kept_for_an_hour(client: FlaskClient) -> None:
    first = client.get("/static/style.css")
    assert first.headers["Cache-Control"] == "public, max-age=3600"
    assert client.get("/static/style.css", headers={"If-None-Match": first.headers["ETag"]}).status_code == 304
