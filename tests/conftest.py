"""Fixtures that several packages' tests share: small content folders, and the real one indexed once."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from hypothesis import settings

import indexer.building.survey
from indexer.building.build import BuildReport, build
from indexer.engines.whoosh_arrays import WhooshArrays
from indexer.language.tokenizer import compile_user_dictionary
from indexer.search.service import Search, Searches
from kb.documents.files import UNREADABLE, file_digest

REPOSITORY = Path(__file__).parent.parent
CONTENT = REPOSITORY / "content"

# No test depends on how fast the machine is. `.bin/test --quick` takes the second: a quarter of Hypothesis's own 100.
settings.register_profile("default", deadline=None)
settings.register_profile("quick", deadline=None, max_examples=25)
settings.load_profile("default")

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
    return build([str(content)], WhooshArrays(index), keep_going=keep_going)


def open_search(index: Path) -> Search:
    """A search over what is in `index` now, with the shipped engine."""
    return Searches(WhooshArrays(index)).open()


@pytest.fixture(scope="session", autouse=True)
def _user_dictionaries_are_compiled_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Sudachi takes seconds for each: builds of one user dictionary share the compiled file, in all test processes."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent  # that of all workers

    def compile_once(source: Path, target: Path) -> bool:
        digest = file_digest(str(source))
        compiled = folder / f"{digest}.dic"
        if digest == UNREADABLE or not compiled.exists():
            if not compile_user_dictionary(source, target):
                return False
            unfinished = compiled.with_suffix(f".{os.getpid()}")
            shutil.copy(target, unfinished)
            unfinished.replace(compiled)
        shutil.copy(compiled, target)
        return True

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(indexer.building.survey, "compile_user_dictionary", compile_once)
        yield


@pytest.fixture(scope="session")
def guide_index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The index of the repository's own content/."""
    folder = tmp_path_factory.mktemp("guide-index")
    build_folder(CONTENT, folder)
    return folder


@pytest.fixture(scope="session")
def guide_searches(guide_index: Path) -> Searches:
    """What opens a search over the repository's own content/."""
    return Searches(WhooshArrays(guide_index))


@pytest.fixture(scope="session")
def guide(guide_searches: Searches) -> Search:
    """The search over the repository's own content/."""
    return guide_searches.open()
