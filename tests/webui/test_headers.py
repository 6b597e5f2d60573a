"""What every answer carries and no page contains: the promises that keep readers safe in a closed network."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

import webui
from indexer.search.service import Search
from kb.errors import IndexMissingError
from tests.webui.dom import Element, parse
from tests.webui.fake_search import SettableSearch

PAGES = [
    "/",
    "/search",
    "/search?q=随意契約&role=gov-line-officer",
    "/search?q=ぬるぽガッ",
    "/docs/direct-contract",
    "/docs/direct-contract?q=随意契約",
    "/docs/nowhere",
    "/search?page=0",
]
OTHERS = [
    "/api/v1/search?q=契約",
    "/api/v1/search?page=0",
    "/api/v1/suggest?q=契",
    "/api/v1/documents/direct-contract",
    "/openapi.json",
    "/opensearch.xml",
    "/healthz",
    "/readyz",
    "/static/style.css",
    "/static/icon.svg",
    "/static/nowhere",
    "/s/direct-contract",
    "/search?q=" + "x" * 9_000,
]
STATIC = sorted(path for path in (Path(webui.__file__).parent / "static").rglob("*") if path.is_file())
# element: attribute whose address a browser fetches or sends to without being asked
FETCHED = {"script": "src", "link": "href", "img": "src", "iframe": "src", "form": "action", "object": "data",
           "source": "src", "video": "src", "audio": "src", "embed": "src", "input": "src", "base": "href"}  # fmt: skip


def policy(client: FlaskClient, url: str) -> dict[str, list[str]]:
    header = client.get(url).headers["Content-Security-Policy"]
    words = [directive.split() for directive in header.split(";")]
    assert len({name for name, *_ in words}) == len(words)
    return {name: values for name, *values in words}


@pytest.mark.parametrize("url", [*PAGES, *OTHERS])
def test_every_answer_has_a_policy_that_allows_nothing_but_this_site(client: FlaskClient, url: str) -> None:
    directives = policy(client, url)
    assert directives["default-src"] == ["'none'"]
    assert {source for values in directives.values() for source in values} == {"'none'", "'self'"}


def test_the_policy_covers_what_default_src_does_not(client: FlaskClient) -> None:
    directives = policy(client, "/")
    assert {name: directives[name] for name in ("form-action", "base-uri", "frame-ancestors")} == {
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    }


@pytest.mark.parametrize("url", [*PAGES, *OTHERS])
def test_every_answer_is_taken_for_what_it_says_it_is(client: FlaskClient, url: str) -> None:
    assert client.get(url).headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("url", [*PAGES, *OTHERS])
def test_no_answer_lets_other_sites_know_what_was_searched(client: FlaskClient, url: str) -> None:
    assert client.get(url).headers["Referrer-Policy"] in {"same-origin", "no-referrer"}


@pytest.mark.parametrize("error", [RuntimeError("x"), IndexMissingError("x")])
@pytest.mark.parametrize("url", ["/", "/api/v1/search"])
def test_failures_carry_the_same_headers(
    search: SettableSearch, client: FlaskClient, error: Exception, url: str
) -> None:
    good = client.get(url).headers
    search.error = error
    bad = client.get(url).headers
    for name in ("Content-Security-Policy", "X-Content-Type-Options", "Referrer-Policy"):
        assert bad[name] == good[name]


@pytest.mark.parametrize("url", [*PAGES, *OTHERS])
def test_no_answer_sets_a_cookie_or_invites_other_origins(client: FlaskClient, url: str) -> None:
    headers = client.get(url).headers
    assert not [name for name in headers.keys() if name.startswith(("Set-Cookie", "Access-Control"))]  # noqa: SIM118


def faults(page: Element) -> Iterator[str]:
    """Inline code or style, and addresses of other hosts that a browser would go to by itself."""
    for element in page.walk():
        if element.tag == "style" or (element.tag == "script" and "src" not in element):
            yield f"<{element.tag}>"
        for name, value in element.attributes.items():
            if (
                name == "style"
                or name.startswith("on")
                or re.match(r"\s*(javascript|data|vbscript):", value, re.IGNORECASE)
            ):
                yield f"<{element.tag} {name}={value!r}>"
        address = element.attributes.get(FETCHED.get(element.tag, ""), "/")
        if not re.match(r"/(?!/)", address):
            yield f"<{element.tag}> {address}"


@pytest.mark.parametrize("url", PAGES)
def test_no_page_has_inline_code_or_style_or_fetches_from_elsewhere(client: FlaskClient, url: str) -> None:
    assert list(faults(parse(client.get(url).get_data(as_text=True)))) == []


def test_no_page_of_the_real_content_has_either(guide_client: FlaskClient, guide: Search) -> None:
    urls = [f"/docs/{document.id}" for document in guide.documents()] + PAGES
    assert len(urls) > 60
    found = {url: list(faults(parse(guide_client.get(url).get_data(as_text=True)))) for url in urls}
    assert {url: wrong for url, wrong in found.items() if wrong} == {}


def test_this_check_sees_what_it_looks_for() -> None:
    page = parse(
        '<p style="x" onclick="y"><script>z</script><img src="https://a.example/b.png"><img src="//a.example/c.png">'
        '<a href="javascript:1">d</a></p>'
    )
    assert list(faults(page)) == [
        "<p style='x'>", "<p onclick='y'>", "<script>", "<img> https://a.example/b.png", "<img> //a.example/c.png",
        "<a href='javascript:1'>",
    ]  # fmt: skip


@pytest.mark.parametrize("url", PAGES)
def test_the_only_link_to_another_host_is_a_documents_own_source(client: FlaskClient, url: str) -> None:
    links = [link["href"] for link in parse(client.get(url).get_data(as_text=True)).all("a")]
    abroad = [link for link in links if not re.match(r"/(?!/)|#", link)]
    assert abroad == (["https://source.example/guide"] if url.startswith("/docs/direct") else [])


@pytest.mark.parametrize("url", PAGES)
def test_everything_that_a_page_fetches_is_there(client: FlaskClient, url: str) -> None:
    page = parse(client.get(url).get_data(as_text=True))
    fetched = [element[FETCHED[element.tag]] for element in page.walk() if element.tag in {"link", "script", "img"}]
    assert "/static/style.css" in {address.partition("?")[0] for address in fetched}
    assert {address: client.get(address).status_code for address in fetched} == dict.fromkeys(fetched, 200)


@pytest.mark.parametrize("path", STATIC, ids=lambda path: str(path.name))
def test_no_static_file_names_another_host(path: Path) -> None:
    text = re.sub(r"http://www\.w3\.org/[\w/.]+", "", path.read_text(encoding="utf-8"))  # XML namespaces
    assert re.findall(r"https?://[^\s\"')]+|url\(\s*[\"']?//[^)]+|@import[^;]+", text) == []
