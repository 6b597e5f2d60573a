"""One search has one address; a value that is not allowed is answered with those that are."""

from __future__ import annotations

import re
from urllib.parse import urlencode, urlsplit

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from indexer.search.request import SearchRequest
from kb.vocabulary import FACETS
from webui.requests import search_request, search_url

PAIRS = st.lists(
    st.one_of(
        st.tuples(st.just("q"), st.text(max_size=20)),
        *(st.tuples(st.just(facet.name), st.sampled_from(["", *facet.values])) for facet in FACETS),
        st.tuples(st.just("page"), st.sampled_from(["", "1", "2", "007"])),
        st.tuples(st.just("per_page"), st.sampled_from(["", "10", "50"])),
        st.tuples(st.just("exact"), st.sampled_from(["", "0", "1"])),
        st.tuples(st.just("sort"), st.sampled_from(["", "relevance", "page"])),
        st.tuples(st.just("utm_source"), st.just("mail")),
    ),
    max_size=12,
)


def read(url: str) -> SearchRequest:
    return search_request(Request(EnvironBuilder(query_string=urlsplit(url).query).get_environ()).args)


@given(PAIRS)
def test_however_a_search_is_spelled_its_address_is_the_same_after_one_step(pairs: list[tuple[str, str]]) -> None:
    address = search_url(search_request(MultiDict(pairs)))
    assert search_url(read(address)) == address


@given(st.permutations([("q", "契約"), ("role", "intermediary"), ("role", "gov-executive"), ("kind", "case")]))
def test_the_order_of_parameters_does_not_change_the_address(pairs: list[tuple[str, str]]) -> None:
    address = "/search?q=%E5%A5%91%E7%B4%84&role=gov-executive&role=intermediary&kind=case"
    assert search_url(search_request(MultiDict(pairs))) == address


@given(PAIRS, st.text(max_size=5))
def test_no_address_leaves_this_site_or_its_attribute(pairs: list[tuple[str, str]], q: str) -> None:
    address = search_url(search_request(MultiDict([("q", q), *pairs])))
    assert re.fullmatch(r"/search(\?[\w=&%+.~*-]+)?", address, re.ASCII)


@pytest.mark.parametrize("facet", FACETS, ids=lambda facet: str(facet.name))
def test_an_unknown_value_is_a_400_that_lists_the_allowed_ones(client: FlaskClient, facet: object) -> None:
    assert facet in FACETS
    name, values = next((item.name, item.values) for item in FACETS if item is facet)
    answer = client.get(f"/api/v1/search?{name}=king")
    assert answer.status_code == 400
    assert answer.get_json()["error"]["details"] == {
        "parameter": name, "problem": "is 'king'", "allowed": ", ".join(values),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("page=0", "page"), ("page=101", "page"), ("page=11&per_page=100", "page"), ("page=-1", "page"),
        ("page=1e3", "page"), ("page=%EF%BC%92", "page"), ("page=99999999999999999999", "page"),
        ("per_page=0", "per_page"), ("per_page=101", "per_page"), ("exact=2", "exact"), ("sort=date", "sort"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("path", ["/search", "/api/v1/search"])
def test_a_value_out_of_range_is_a_400_that_says_the_range(
    client: FlaskClient, path: str, query: str, parameter: str
) -> None:
    answer = client.get(f"{path}?{query}")
    assert answer.status_code == 400
    if path.startswith("/api/"):
        details = answer.get_json()["error"]["details"]
        assert details["parameter"] == parameter
        assert details["allowed"]


def test_the_last_page_of_the_window_is_allowed(client: FlaskClient) -> None:
    assert [client.get(f"/search?{urlencode({'page': page})}").status_code for page in (100, 101)] == [200, 400]
