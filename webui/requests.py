"""Query strings to requests and back: the one place that knows the parameters of page and API."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Protocol
from urllib.parse import quote, urlencode

from indexer.engine import Sort
from indexer.search.request import DEFAULT_PER_PAGE, MAX_SUGGESTIONS, SearchRequest
from kb.errors import UsageError
from kb.vocabulary import FACETS

DEFAULT_SUGGESTIONS = 8
_NUMBER = re.compile(r"[0-9]{1,6}")
_FLAGS = {"": False, "0": False, "1": True}


class Arguments(Protocol):
    """Query parameters, as Werkzeug gives them."""

    def get(self, key: str, default: str) -> str:
        """First value of a parameter."""

    def getlist(self, key: str) -> list[str]:
        """All values of a parameter."""


def suggestion_limit(arguments: Arguments) -> int:
    """How many suggestions are wanted."""
    text = arguments.get("limit", str(DEFAULT_SUGGESTIONS))
    if not _NUMBER.fullmatch(text) or not 1 <= int(text) <= MAX_SUGGESTIONS:
        raise UsageError("limit", f"is {text[:40]!r}", f"1 to {MAX_SUGGESTIONS}")
    return int(text)


def search_request(arguments: Arguments) -> SearchRequest:
    """The validated request of a query string; UsageError names the parameter at fault; unknown ones are ignored."""
    sort = arguments.get("sort", "") or Sort.RELEVANCE
    if sort not in set(Sort):
        raise UsageError("sort", f"is {sort[:40]!r}", ", ".join(Sort))
    return SearchRequest(
        q=arguments.get("q", "").strip(),
        filters=filters(arguments),
        page=_number(arguments, "page", 1),
        per_page=_number(arguments, "per_page", DEFAULT_PER_PAGE),
        exact=_flag(arguments, "exact"),
        sort=Sort(sort),
    )


def filters(arguments: Arguments) -> dict[str, tuple[str, ...]]:
    """The facet values asked for, each once; empty parameters are as good as none."""
    wanted = {facet.name: tuple(dict.fromkeys(filter(None, arguments.getlist(facet.name)))) for facet in FACETS}
    return {name: values for name, values in wanted.items() if values}


def _number(arguments: Arguments, name: str, default: int) -> int:
    text = arguments.get(name, "")
    if not text:
        return default
    if not _NUMBER.fullmatch(text):
        raise UsageError(name, f"is {text[:40]!r}", "a whole number")
    return int(text)


def _flag(arguments: Arguments, name: str) -> bool:
    text = arguments.get(name, "")
    if text not in _FLAGS:
        raise UsageError(name, f"is {text[:40]!r}", "0 or 1")
    return _FLAGS[text]


def search_url(request: SearchRequest) -> str:
    """The page of a request; what is at its default is left out, so that one search has one address."""
    parameters: list[tuple[str, str]] = [("q", request.q)] if request.q else []
    for facet in FACETS:
        parameters += [(facet.name, value) for value in facet.values if value in request.filters.get(facet.name, ())]
    if request.exact:
        parameters.append(("exact", "1"))
    if request.sort is not Sort.RELEVANCE:
        parameters.append(("sort", request.sort.value))
    if request.page > 1:
        parameters.append(("page", str(request.page)))
    if request.per_page != DEFAULT_PER_PAGE:
        parameters.append(("per_page", str(request.per_page)))
    return "/search" + (f"?{urlencode(parameters)}" if parameters else "")


def toggled(request: SearchRequest, facet: str, value: str) -> SearchRequest:
    """The request with a facet value switched on or off, back on its first page."""
    values = request.filters.get(facet, ())
    chosen = tuple(other for other in values if other != value) if value in values else (*values, value)
    return with_filters(request, {**request.filters, facet: chosen})


def with_filters(request: SearchRequest, wanted: Mapping[str, Iterable[str]]) -> SearchRequest:
    """The request with other filters, on its first page."""
    return replace(request, filters={name: tuple(values) for name, values in wanted.items() if values}, page=1)


def document_url(document_id: str, anchor: str = "", q: str = "") -> str:
    """The page of a document, at a heading, with the words of `q` marked."""
    query = f"?{urlencode({'q': q})}" if q else ""
    return f"/docs/{quote(document_id)}{query}" + (f"#{quote(anchor)}" if anchor else "")
