"""Query strings to requests and back."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from indexer.engine import Sort
from indexer.search.request import SearchRequest
from kb.errors import UsageError
from kb.vocabulary import FACETS
from webui.requests import document_url, search_request, search_url, toggled

FILTERS = st.fixed_dictionaries(
    {facet.name: st.lists(st.sampled_from(list(facet.values)), unique=True).map(tuple) for facet in FACETS}
).map(lambda filters: {name: values for name, values in filters.items() if values})
REQUESTS = st.builds(
    SearchRequest,
    q=st.text(st.characters(exclude_categories=["Cs"]), max_size=50).map(str.strip),
    filters=FILTERS,
    page=st.integers(1, 10),
    per_page=st.integers(1, 100),
    exact=st.booleans(),
    sort=st.sampled_from(Sort),
)


def read(url: str) -> SearchRequest:
    return search_request(Request(EnvironBuilder(query_string=urlsplit(url).query).get_environ()).args)


def as_sets(request: SearchRequest) -> tuple[object, ...]:
    filters = {name: set(values) for name, values in request.filters.items()}
    return request.q, filters, request.page, request.per_page, request.exact, request.sort


@given(REQUESTS)
def test_the_address_of_a_request_reads_as_the_same_request(request: SearchRequest) -> None:
    assert as_sets(read(search_url(request))) == as_sets(request)


@given(REQUESTS, st.sampled_from([(facet.name, value) for facet in FACETS for value in facet.values]))
def test_toggling_twice_gives_the_first_page_of_the_same_search(
    request: SearchRequest, choice: tuple[str, str]
) -> None:
    once = toggled(request, *choice)
    assert (choice[1] in once.filters.get(choice[0], ())) != (choice[1] in request.filters.get(choice[0], ()))
    assert as_sets(toggled(once, *choice))[:2] == as_sets(request)[:2]
    assert once.page == 1


def test_what_is_at_its_default_is_not_in_the_address() -> None:
    assert search_url(SearchRequest()) == "/search"
    assert search_url(SearchRequest("随契")) == "/search?q=%E9%9A%8F%E5%A5%91"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("page", "1.5"),
        ("page", "１"),
        ("per_page", "101"),
        ("sort", "date"),
        ("exact", "true"),
        ("role", "x"),
        ("kind", "*"),
    ],
)
def test_an_impossible_value_names_its_parameter(name: str, value: str) -> None:
    with pytest.raises(UsageError) as caught:
        search_request(MultiDict({name: value}))
    assert caught.value.field == name


def test_empty_and_unknown_parameters_are_ignored() -> None:
    assert search_request(MultiDict({"role": "", "page": "", "utm": "x"})) == SearchRequest()


def test_a_documents_address_keeps_the_query_before_the_heading() -> None:
    assert document_url("a", "b", "c d") == "/docs/a?q=c+d#b"
