"""Pages and API over every engine."""

from __future__ import annotations

import pytest

from indexer.engines.plain import PlainEngine
from indexer.engines.whoosh_arrays import WhooshArrays
from tests.webui.page_contract import PageContract

pytestmark = pytest.mark.slow


class TestPlain(PageContract):
    make = PlainEngine


class TestWhooshArrays(PageContract):
    make = WhooshArrays
