"""README's promises: its commands exist, its examples run, its tables are complete."""

from __future__ import annotations

import json
import re
import shlex
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner

from indexer.search.service import Searches
from tests.conftest import REPOSITORY
from webui.app import create_app
from webui.cli import main

README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```sh\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def test_the_first_commands_are_the_two_that_set_up() -> None:
    commands = [shlex.split(line, comments=True) for line in BLOCKS[0].splitlines()]
    assert commands == [[".bin/serve"], [".bin/test"]]
    for (command,) in commands:
        assert (REPOSITORY / command).stat().st_mode & 0o111


def test_ci_runs_the_second_command() -> None:
    assert "exec .bin/test" in (REPOSITORY / ".ci/run").read_text(encoding="utf-8")


def test_the_example_query_finds_the_section_on_direct_contracts_first(guide_index: Path) -> None:
    words = shlex.split(BLOCKS[1])
    assert words[0] == ".venv/bin/kb"
    result = CliRunner().invoke(main, [*words[1:], "--index", str(guide_index)])
    assert result.exit_code == 0
    addresses = re.findall(r"^   (/docs/\S+)$", result.output, re.MULTILINE)
    assert addresses[0].startswith("/docs/direct-contract")


@pytest.mark.parametrize("name", sorted(main.commands))
def test_every_command_is_in_the_table(name: str) -> None:
    assert re.search(rf"^\| `kb {name}\b", README, re.MULTILINE)


def test_every_dependency_has_its_reason() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    names = {re.match(r"[\w-]+", line)[0] for line in project["dependencies"]}  # type: ignore[index]
    table = README[README.index("### Dependencies") :]
    assert names == set(re.findall(r"[\w-]+", " ".join(re.findall(r"^\| ([a-z0-9, -]+) \|", table, re.MULTILINE)))) - {
        "package"
    }


@pytest.mark.parametrize("path", ["requirements.txt", ".ci/requirements.txt", "pyproject.toml", "README.md"])
def test_no_file_names_a_package_registry(path: str) -> None:
    text = (REPOSITORY / path).read_text(encoding="utf-8")
    assert not re.search(r"pypi|pythonhosted|--index-url|--find-links", text)


def test_the_example_query_prints_what_readme_shows(guide_index: Path) -> None:
    shown = README.split(BLOCKS[1] + "```\n\n```\n", 1)[1].split("```", 1)[0]
    result = CliRunner().invoke(main, [*shlex.split(BLOCKS[1])[1:], "--index", str(guide_index)])
    assert result.output == shown


@pytest.mark.parametrize(
    ("number", "address"), [(0, "/api/v1/suggest?q=keiya&chapter=5&limit=2"), (1, "/api/v1/search?chapter=9")]
)
def test_a_json_example_is_what_the_api_answers(guide_searches: Searches, number: int, address: str) -> None:
    example = re.findall(r"^```json\n(.*?)^```", README, re.MULTILINE | re.DOTALL)[number]
    assert create_app(guide_searches).test_client().get(address).get_json() == json.loads(example)


def test_every_picture_is_there() -> None:
    pictures = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", README)
    assert pictures
    assert all((REPOSITORY / picture).is_file() for picture in pictures)
