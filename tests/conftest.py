"""Fixtures that several packages' tests share: small content folders, and the real one indexed once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from indexer.build import BuildReport, build
from indexer.engine import SearchEngine
from indexer.engines.whoosh_arrays import WhooshArraysBackend

REPOSITORY = Path(__file__).parent.parent
CONTENT = REPOSITORY / "content"

WriteContent = Callable[[Mapping[str, str]], Path]


@pytest.fixture
def write_content(tmp_path: Path) -> WriteContent:
    """Writes {relative path: text} into a content folder and returns it; may be called again to change files."""
    folder = tmp_path / "content"

    def write(files: Mapping[str, str]) -> Path:
        folder.mkdir(exist_ok=True)
        for name, text in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return folder

    return write


def build_folder(content: Path, index: Path, *, keep_going: bool = False) -> BuildReport:
    """Index `content` into `index` with the shipped engine."""
    return build([str(content)], index, WhooshArraysBackend(), keep_going=keep_going)


@pytest.fixture(scope="session")
def guide_index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The index of the repository's own content/."""
    folder = tmp_path_factory.mktemp("guide-index")
    build_folder(CONTENT, folder)
    return folder


@pytest.fixture(scope="session")
def guide(guide_index: Path) -> SearchEngine:
    """The engine over the repository's own content/."""
    return WhooshArraysBackend().open_engine(guide_index)
