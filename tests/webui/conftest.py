"""An application over a search whose answers can be set, and one over the repository's own content."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from indexer.search.service import Searches
from tests.webui.fake_search import SettableSearch
from webui.app import create_app
from webui.current import Opens


class ReadingClient(FlaskClient):
    """Reads every answer to its end, so that no static file stays open."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        return super().open(*args, **{"buffered": True, **kwargs})


def browse(searches: Opens) -> FlaskClient:
    """A browser without JavaScript in front of `searches`."""
    app = create_app(searches)
    app.test_client_class = ReadingClient
    return app.test_client()


@pytest.fixture
def search() -> SettableSearch:
    """What `client` asks; change it before a request."""
    return SettableSearch()


@pytest.fixture
def client(search: SettableSearch) -> FlaskClient:
    """A browser in front of `search`."""
    return browse(search)


@pytest.fixture(scope="session")
def guide_client(guide_searches: Searches) -> FlaskClient:
    """A browser in front of the shipped engine over the repository's own content."""
    return browse(guide_searches)
