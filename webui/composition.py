"""The composition root: what the program is made of, by its settings. Nothing else in the project names an engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from indexer.building.build import BuildReport, Progress, build
from indexer.building.freshness import is_stale
from indexer.engine import Engine
from indexer.engines.whoosh_arrays import WhooshArrays
from kb.errors import SearchIndexError
from webui.settings import Settings

if TYPE_CHECKING:
    from indexer.search.service import Searches


def make_engine(settings: Settings) -> Engine:
    """The engine over the settings' index, which need not be there yet."""
    return WhooshArrays(settings.index)


def make_searches(settings: Settings) -> Searches:
    """The search over whichever index is there at the time."""
    from indexer.search.service import Searches  # noqa: PLC0415 - which a small update has no use for

    return Searches(make_engine(settings))


def index_is_fresh(settings: Settings) -> bool:
    """Whether the index was made of exactly this content by exactly this program and dictionary."""
    try:
        return not is_stale(make_engine(settings).manifest(), settings.content) and index_exists(settings)
    except SearchIndexError:
        return False


def index_exists(settings: Settings) -> bool:
    """Whether there is an index that this program can serve, stale or not."""
    try:
        make_engine(settings).open()
    except SearchIndexError:
        return False
    return True


def build_index(
    settings: Settings,
    progress: Progress = lambda done, total: None,
    *,
    keep_going: bool = False,
    whole: bool = False,
) -> BuildReport:
    """Bring the index of the settings' content up to date; see indexer.building.build for errors."""
    return build(settings.content, make_engine(settings), progress=progress, keep_going=keep_going, whole=whole)
