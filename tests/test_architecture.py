"""The contracts of pyproject.toml bind modules that nobody has listed, and the picture shows what is imported."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bench.architecture import PICTURE, picture
from tests.conftest import REPOSITORY

MAX_LINES = 300  # of a module, more than which is not read in one sitting


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("module", "line", "contract"),
    [
        ("indexer/search/new.py", "import whoosh", "Whoosh only in its own engine"),
        ("indexer/new/__init__.py", "import whoosh", "Whoosh only in its own engine"),
        ("webui/new.py", "from indexer.engines.plain import PlainEngine", "only the composition root"),
        ("indexer/search/new.py", "from indexer.engines.plain import PlainEngine", "meet only in the port"),
        ("indexer/engines/plain/new.py", "from indexer.search.request import SearchRequest", "meet only in the port"),
        ("indexer/engines/new.py", "from indexer.engines.plain import PlainEngine", "no engine knows another"),
        ("kb/documents/new.py", "import numpy", "kb knows no engine"),
        ("kb/new.py", "", "in kb"),
    ],
)
def test_a_new_module_is_bound_without_being_listed(tmp_path: Path, module: str, line: str, contract: str) -> None:
    for package in ("kb", "indexer", "webui"):
        shutil.copytree(REPOSITORY / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(REPOSITORY / "pyproject.toml", tmp_path)
    path = tmp_path / module
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"{line}\n", encoding="utf-8")
    result = lint_imports(tmp_path)
    listed = " ".join(result.stdout.split()).partition("Contracts: ")[0]
    broken = [name for name, state in re.findall(r"(.*?) (KEPT|BROKEN)", listed) if state == "BROKEN"]
    assert result.returncode == 1, result.stdout + result.stderr
    assert any(contract in name for name in broken), broken


def test_no_module_is_too_long_to_be_read_in_one_sitting() -> None:
    modules = [path for package in ("kb", "indexer", "webui") for path in (REPOSITORY / package).rglob("*.py")]
    lengths = {str(path.relative_to(REPOSITORY)): len(path.read_text("utf-8").splitlines()) for path in modules}
    assert {name: length for name, length in lengths.items() if length > MAX_LINES} == {}


def test_the_picture_shows_the_imports_as_they_are() -> None:
    is_current = PICTURE.read_text("utf-8") == picture()
    assert is_current, "out of date: python -m tests.bench.architecture"
