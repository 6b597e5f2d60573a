"""Every error is a page in Japanese, or JSON under /api/; what went wrong inside stays inside."""

from __future__ import annotations

import logging
import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from kb.errors import IndexLockedError, IndexMissingError, IndexStaleError
from tests.webui.conftest import browse
from tests.webui.dom import Element, parse
from tests.webui.fake_search import SettableSearch
from webui.composition import make_searches
from webui.settings import Settings

PAGES = ["/", "/search?q=契約", "/docs/direct-contract", "/docs/direct-contract?q=契約", "/s/direct-contract"]
ENDPOINTS = ["/api/v1/search?q=契約", "/api/v1/suggest?q=契", "/api/v1/documents/direct-contract"]
SECRET = "/srv/secret/path.toc"
TOO_LONG = "x" * 9_000


def error_page(answer: TestResponse, status: int) -> Element:
    assert answer.status_code == status
    assert answer.content_type == "text/html; charset=utf-8"
    return parse(answer.get_data(as_text=True))


def error_of(answer: TestResponse, status: int) -> dict[str, object]:
    assert answer.status_code == status
    assert answer.content_type == "application/json"
    body = answer.get_json()
    assert list(body) == ["error"]
    assert list(body["error"]) == ["code", "message", "details"]
    error: dict[str, object] = body["error"]
    return error


# Shape


@pytest.mark.parametrize(
    ("method", "url", "status", "heading"),
    [
        ("GET", "/search?role=king", 400, "指定に誤りがあります"),
        ("GET", "/docs/nowhere", 404, "ページが見つかりません"),
        ("GET", "/nowhere", 404, "ページが見つかりません"),
        ("GET", "/s/nowhere%23x", 404, "ページが見つかりません"),
        ("GET", "/static/nowhere.css", 404, "ページが見つかりません"),
        ("POST", "/search", 405, "この操作は受け付けていません"),
        ("GET", f"/search?q={TOO_LONG}", 413, "入力が長すぎます"),
    ],
)
def test_an_error_is_a_japanese_page_that_says_what_to_do(
    client: FlaskClient, method: str, url: str, status: int, heading: str
) -> None:
    page = error_page(client.open(url, method=method), status)
    assert page.one("html")["lang"] == "ja"
    assert page.one("h1").text == heading
    assert page.one("title").text == f"{heading}｜官民連携ナレッジ検索"
    assert page.one("p", "note").text == f"エラー番号：{status}"
    assert page.one("form", role="search")["action"] == "/search"


@pytest.mark.parametrize(
    ("method", "url", "status", "code", "heading"),
    [
        ("GET", "/api/v1/search?page=0", 400, "bad_request", "「ページ番号」"),
        ("GET", "/api/v1/documents/nowhere", 404, "not_found", "ページが見つかりません"),
        ("GET", "/api/v2/search", 404, "not_found", "ページが見つかりません"),
        ("DELETE", "/api/v1/search", 405, "method_not_allowed", "この操作は受け付けていません"),
        ("GET", f"/api/v1/search?q={TOO_LONG}", 413, "too_large", "入力が長すぎます"),
    ],
)
def test_an_error_of_the_api_is_json_with_a_code_and_a_japanese_message(
    client: FlaskClient, method: str, url: str, status: int, code: str, heading: str
) -> None:
    error = error_of(client.open(url, method=method), status)
    assert error["code"] == code
    assert str(error["message"]).startswith(heading)


# 400


def test_an_unknown_value_is_answered_with_what_is_allowed(client: FlaskClient) -> None:
    error = error_of(client.get("/api/v1/search?q=契約&chapter=6"), 400)
    assert error["details"] == {"parameter": "chapter", "problem": "is '6'", "allowed": "1, 2, 3, 4, 5"}


def test_the_page_names_the_field_in_japanese_and_what_is_allowed(client: FlaskClient) -> None:
    page = error_page(client.get("/search?q=契約&pattern=x"), 400)
    assert page.one("main").all("p")[0].text == (
        "「出口」に使えない値が指定されています。"
        "使える値：自治体“へ”導入する、自治体“を介して”広める、自治体“と共に”創る"
    )


def test_a_query_that_is_too_long_is_told_how_long_it_may_be(client: FlaskClient) -> None:
    page = error_page(client.get("/search?q=" + "契" * 501), 400)
    assert page.one("main").all("p")[0].text == "「検索する語」は500文字までの文字で入力してください。"


@pytest.mark.parametrize("query", ["role=king", "stage=x", "kind=x", "sort=x"])
def test_the_page_shows_no_value_that_only_machines_know(client: FlaskClient, query: str) -> None:
    text = error_page(client.get(f"/search?{query}"), 400).one("main").text
    assert re.findall(r"[a-z]{4,}", text) == []


@pytest.mark.parametrize("query", ["page=x", "page=0", "per_page=101", f"q={'x' * 501}", "exact=yes"])
def test_what_is_allowed_is_said_in_japanese_on_the_page(client: FlaskClient, query: str) -> None:
    text = error_page(client.get(f"/search?{query}"), 400).one("main").text
    assert re.findall(r"[A-Za-z]+ [A-Za-z]+|\b(?:at|to|or|a)\b", text) == []


def test_a_hostile_value_is_not_echoed_as_markup(client: FlaskClient) -> None:
    page = error_page(client.get("/search?role=%3Cscript%3Ealert(1)%3C/script%3E"), 400)
    assert [script["src"].partition("?")[0] for script in page.all("script")] == ["/static/app.js"]


def test_an_endless_value_is_not_echoed_in_full(client: FlaskClient) -> None:
    error = error_of(client.get(f"/api/v1/search?role={'x' * 5_000}"), 400)
    assert len(str(error["details"])) < 400


@pytest.mark.parametrize("host", ['evil.example"><script>', "a b", "127.0.0.1@evil.example", "evil.example:99999", ""])
@pytest.mark.parametrize("url", ["/opensearch.xml", "/sitemap.xml"])
def test_an_address_is_made_from_no_host_that_is_none(client: FlaskClient, url: str, host: str) -> None:
    error_page(client.get(url, headers={"Host": host}), 400)


# 404


def test_an_unknown_document_is_named_in_the_details(client: FlaskClient) -> None:
    assert error_of(client.get("/api/v1/documents/nowhere"), 404)["details"] == {"id": "nowhere"}


@pytest.mark.parametrize(
    "url", ["/docs/%FF", "/docs/%00", "/docs/..%2F..%2Fetc%2Fpasswd", "/static/../app.py", "/docs/a%0d%0aX-Evil:1"]
)
def test_an_odd_address_is_simply_not_found(client: FlaskClient, url: str) -> None:
    answer = client.get(url)
    error_page(answer, 404)
    assert "X-Evil" not in answer.headers


def test_an_endless_id_is_not_echoed_in_full(client: FlaskClient) -> None:
    assert error_of(client.get(f"/api/v1/documents/{'x' * 5_000}"), 404)["details"] == {"id": "x" * 100}


# 405


def test_a_refused_method_says_which_are_allowed(client: FlaskClient) -> None:
    for url in ("/search", "/api/v1/search"):
        allowed = client.post(url).headers["Allow"]
        assert set(allowed.split(", ")) == {"GET", "HEAD", "OPTIONS"}


# 413


@pytest.mark.parametrize("url", ["/search", "/api/v1/search"])
def test_a_large_body_is_refused_before_anything_else(client: FlaskClient, url: str) -> None:
    assert client.post(url, data=b"x" * 16_385).status_code == 413
    assert client.post(url, data=b"x" * 16_384).status_code == 405


def test_the_longest_query_there_may_be_is_accepted_however_it_is_encoded(
    search: SettableSearch, client: FlaskClient
) -> None:
    assert client.get("/search?q=" + "%F0%A0%AE%B7" * 500).status_code == 200
    assert search.searched[-1].q == "𠮷" * 500


# 500


@pytest.mark.parametrize("url", PAGES)
def test_a_failure_inside_is_a_page_without_its_cause(search: SettableSearch, client: FlaskClient, url: str) -> None:
    search.error = RuntimeError(SECRET)
    answer = client.get(url)
    assert error_page(answer, 500).one("h1").text == "内部でエラーが発生しました"
    assert_closed(answer)


@pytest.mark.parametrize("url", ENDPOINTS)
def test_a_failure_inside_is_json_without_its_cause(search: SettableSearch, client: FlaskClient, url: str) -> None:
    search.error = RuntimeError(SECRET)
    answer = client.get(url)
    error = error_of(answer, 500)
    assert (error["code"], error["details"]) == ("internal_error", {})
    assert_closed(answer)


def assert_closed(answer: TestResponse) -> None:
    body = answer.get_data(as_text=True)
    for telltale in (SECRET, "Traceback", "RuntimeError", ".py", "line "):
        assert telltale not in body


def test_the_operator_finds_the_cause_in_the_log(
    search: SettableSearch, client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    search.error = RuntimeError(SECRET)
    client.get("/search?q=x")
    (record,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert "/search?q=x" in record.getMessage()
    assert record.exc_info is not None
    assert record.exc_info[1] is search.error


# 503


@pytest.mark.parametrize("kind", [IndexMissingError, IndexStaleError, IndexLockedError])
@pytest.mark.parametrize("url", PAGES)
def test_without_an_index_a_page_says_that_it_is_being_prepared(
    search: SettableSearch, client: FlaskClient, url: str, kind: type[Exception]
) -> None:
    search.error = kind(SECRET)
    answer = client.get(url)
    assert error_page(answer, 503).one("h1").text == "検索の準備ができていません"
    assert answer.headers["Retry-After"] == "10"
    assert_closed(answer)


@pytest.mark.parametrize("url", ENDPOINTS)
def test_without_an_index_the_api_is_unavailable(search: SettableSearch, client: FlaskClient, url: str) -> None:
    search.error = IndexMissingError(SECRET)
    answer = client.get(url)
    error = error_of(answer, 503)
    assert (error["code"], error["details"]) == ("unavailable", {})
    assert answer.headers["Retry-After"] == "10"
    assert_closed(answer)


def test_without_an_index_the_process_is_healthy_but_not_ready(search: SettableSearch, client: FlaskClient) -> None:
    search.error = IndexMissingError("no index")
    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").status_code == 503


def test_what_needs_no_index_is_answered_without_one(search: SettableSearch, client: FlaskClient) -> None:
    search.error = IndexMissingError("no index")
    assert [client.get(url).status_code for url in ("/openapi.json", "/opensearch.xml", "/static/style.css")] == [
        200, 200, 200,
    ]  # fmt: skip


def test_a_real_folder_without_an_index_is_unavailable_and_not_made(tmp_path: Path) -> None:
    folder = tmp_path / "index"
    client = browse(make_searches(Settings(index=folder)))
    error_page(client.get("/"), 503)
    error_of(client.get("/api/v1/search"), 503)
    assert not folder.exists()
