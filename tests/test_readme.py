"""What documents promise: commands and files exist, README's examples run, its tables are complete."""

from __future__ import annotations

import importlib.util
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
DOCUMENTS = ["README.md", ".github/CONTRIBUTING.md", ".github/ARCHITECTURE.md", ".github/MEASURED.md"]
FILE_SUFFIXES = (".csv", ".md", ".py", ".sh", ".svg", ".toml", ".tsv", ".txt", ".yaml")
SHELL = {"export", "git"}  # whose words are looked at no further


def blocks(document: str) -> list[str]:
    """The shell commands of a document, by code block."""
    text = (REPOSITORY / document).read_text(encoding="utf-8")
    return re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def commands(document: str) -> list[str]:
    """Every command of a document: the lines of its blocks, and what stands in backticks and begins like one."""
    text = (REPOSITORY / document).read_text(encoding="utf-8")
    inline = [" ".join(found.split()) for found in re.findall(r"`((?:kb [a-z]|python |pytest |\.bin/)[^`]*)`", text)]
    return [line for block in blocks(document) for line in block.splitlines()] + inline


BLOCKS = blocks("README.md")


def test_the_first_commands_are_the_two_that_set_up() -> None:
    first = [shlex.split(line, comments=True) for line in BLOCKS[0].splitlines()]
    assert first == [[".bin/serve"], [".bin/test"]]
    for (command,) in first:
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


@pytest.mark.parametrize(
    "path", ["requirements.txt", ".ci/requirements.txt", "pyproject.toml", "CHANGELOG.md", *DOCUMENTS]
)
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


# Every document


@pytest.mark.parametrize("command", sorted({command for document in DOCUMENTS for command in commands(document)}))
def test_a_command_names_what_there_is(command: str, pytestconfig: pytest.Config) -> None:
    words = [word for word in shlex.split(command, comments=True) if not re.match(r"[A-Z_]+=", word)]
    program, *arguments = words
    options = {word.partition("=")[0].strip("[]") for word in arguments if word.lstrip("[").startswith("-")}
    if program.startswith(".bin/"):
        source = (REPOSITORY / program).read_text("utf-8")
        assert all(option in source for option in options)
    elif program == "python" and arguments[0] == "-m":
        spec = importlib.util.find_spec(arguments[1])
        assert spec, arguments[1]
        assert spec.origin
        source = Path(spec.origin).read_text("utf-8")
        assert all(f'"{option}"' in source for option in options - {"-m"})
    elif program == "pytest":
        for option in options:
            pytestconfig.getoption(option)  # ValueError if there is none
    elif program.rpartition("/")[2] == "kb":
        known = {option for parameter in main.commands[arguments[0]].params for option in parameter.opts}
        assert options <= known
    else:
        assert program in {"python", *SHELL}
    for word in arguments if program not in SHELL else ():
        path, _, test = word.partition("::")
        if re.fullmatch(r"[\w.-]+(/[\w.-]+)+", path):
            assert (REPOSITORY / path).exists(), path
            assert not test or f"def {test}(" in (REPOSITORY / path).read_text("utf-8")


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_file_that_is_named_is_there(document: str) -> None:
    text = (REPOSITORY / document).read_text(encoding="utf-8")
    named = [name for name in re.findall(r"`([^`\s]+)`", text) if re.fullmatch(r"\.?[\w-][\w.-]*(/[\w.-]+)*/?", name)]
    paths = {name for name in named if "/" in name or name.endswith(FILE_SUFFIXES)}
    assert paths
    assert {path for path in paths if not (REPOSITORY / path).exists()} == set()
    links = set(re.findall(r"\]\(([^)#]+)\)", text))
    folder = (REPOSITORY / document).parent
    assert {link for link in links if not (folder / link).exists()} == set()
