"""Where content and index are."""

from __future__ import annotations

import os
from pathlib import Path

from webui.settings import Settings


def test_options_win_over_the_environment_and_that_over_the_defaults() -> None:
    environment = {"KB_CONTENT": os.pathsep.join(["a", "b"]), "KB_INDEX": "i"}
    assert Settings.from_environment({}) == Settings(("content",), Path(".index"))
    assert Settings.from_environment(environment) == Settings(("a", "b"), Path("i"))
    assert Settings.from_environment(environment, ["c"], "j") == Settings(("c",), Path("j"))


def test_a_child_process_finds_the_same_folders_from_anywhere() -> None:
    environment = Settings(("a", "b"), Path("i")).to_environment()
    folders = environment["KB_CONTENT"].split(os.pathsep)
    assert [os.path.basename(folder) for folder in folders] == ["a", "b"]
    assert all(map(os.path.isabs, [*folders, environment["KB_INDEX"]]))
