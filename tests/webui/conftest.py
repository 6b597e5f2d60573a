"""An application over an engine whose answers can be set, and one over the repository's own content."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from indexer.search.service import Search
from tests.webui.fake_engine import SettableEngine
from webui.app import create_app


class ReadingClient(FlaskClient):
    """Reads every answer to its end, so that no static file stays open."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        return super().open(*args, **{"buffered": True, **kwargs})


def browse(engine: Search) -> FlaskClient:
    """A browser without JavaScript in front of `engine`."""
    app = create_app(engine)
    app.test_client_class = ReadingClient
    return app.test_client()


@pytest.fixture
def engine() -> SettableEngine:
    """What `client` asks; change it before a request."""
    return SettableEngine()


@pytest.fixture
def client(engine: SettableEngine) -> FlaskClient:
    """A browser in front of `engine`."""
    return browse(engine)


@pytest.fixture(scope="session")
def guide_client(guide: Search) -> FlaskClient:
    """A browser in front of the real engine over the repository's own content."""
    return browse(guide)
