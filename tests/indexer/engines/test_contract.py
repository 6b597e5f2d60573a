"""Every engine keeps the contract."""

from __future__ import annotations

from indexer.engines.plain import PlainEngine
from indexer.engines.whoosh_arrays import WhooshArrays
from tests.indexer.engines.engine_contract import EngineContract


class TestPlain(EngineContract):
    make = PlainEngine


class TestWhooshArrays(EngineContract):
    make = WhooshArrays
