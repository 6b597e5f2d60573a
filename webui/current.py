"""One index for one request: opened when it is first needed, the same to the end, so that a page never mixes two."""

from __future__ import annotations

from typing import Protocol

from flask import Flask, current_app, g

from indexer.search.service import Search

_EXTENSION = "searches"


class Opens(Protocol):
    """What opens a search over the newest index."""

    def open(self) -> Search:
        """Raises IndexMissingError or IndexStaleError if there is none."""


def register_searches(app: Flask, searches: Opens) -> None:
    """What `current_search` opens in this application."""
    app.extensions[_EXTENSION] = searches


def current_search() -> Search:
    """The search over this request's index."""
    if "search" not in g:
        g.search = current_app.extensions[_EXTENSION].open()
    search: Search = g.search
    return search
