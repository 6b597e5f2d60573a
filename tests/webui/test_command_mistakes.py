"""What people and machines get wrong on the command line ends with a sentence and an exit code, never a traceback."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

from kb.library import load_library
from tests.conftest import WriteContent, build_folder
from webui.checking import check_content
from webui.cli import main
from webui.new_document import new_document

MEMO = "---\nid: memo\ntitle: 随意契約の手引\nkind: internal\n---\n随意契約の本文です。\n"


@pytest.fixture
def content(write_content: WriteContent) -> Path:
    return write_content({"memo.md": MEMO})


@pytest.fixture
def index(content: Path, tmp_path: Path) -> Path:
    build_folder(content, tmp_path / "index")
    return tmp_path / "index"


def kb(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def kb_process(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own, whose arguments may hold any bytes and whose children may print."""
    command = [sys.executable, "-c", "from webui.cli import main; main()", *arguments]
    return subprocess.run(command, capture_output=True, text=True, errors="surrogateescape", timeout=60, check=False)


def assert_message(result: Result, code: int, words: str) -> None:
    assert isinstance(result.exception, SystemExit | None), repr(result.exception)
    assert result.exit_code == code
    assert words in result.stderr


# Exit codes


def test_a_search_that_finds_nothing_ends_with_1(index: Path) -> None:
    result = kb("search", "シェアサイクル", "--exact", "--index", index)
    assert (result.exit_code, result.stdout.splitlines()[0]) == (1, "0 hits")


def test_a_check_without_errors_ends_with_0_even_with_warnings(write_content: WriteContent) -> None:
    folder = write_content({"memo.md": "本文だけです。\n"})
    result = kb("check", "--content", folder)
    assert result.exit_code == 0
    assert result.stdout.startswith(f"{folder}/memo.md:1: warning: ")
    assert result.stderr == "0 errors, 1 warnings\n"


def test_a_build_of_a_folder_that_is_not_there_names_it(tmp_path: Path) -> None:
    assert_message(
        kb("index", "--content", tmp_path / "gone", "--index", tmp_path / "i"), 1, f"{tmp_path}/gone:1: error"
    )


@pytest.mark.slow
def test_serving_broken_content_without_an_index_ends_with_1(write_content: WriteContent, tmp_path: Path) -> None:
    folder = write_content({"memo.md": "---\ntitle: x\n"})
    result = kb_process("serve", "--port", "0", "--content", folder, "--index", tmp_path / "i")
    assert f"{folder}/memo.md:1: error" in result.stderr
    assert "Traceback" not in result.stderr
    assert result.returncode == 1


def test_environment_variables_name_the_same_folders(index: Path, content: Path) -> None:
    environment = {"KB_CONTENT": str(content), "KB_INDEX": str(index)}
    assert CliRunner(env=environment).invoke(main, ["check"]).exit_code == 0
    assert CliRunner(env=environment).invoke(main, ["search", "随意契約"]).stdout.startswith("1 hits\n")


@pytest.mark.slow
def test_serving_at_a_port_in_use_says_so_before_anything_is_built(content: Path, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        result = kb_process("serve", "--port", port, "--content", content, "--index", tmp_path / "i")
    assert (result.returncode, result.stderr.startswith(f"Error: cannot listen at 127.0.0.1 port {port}: ")) == (
        1,
        True,
    )
    assert not (tmp_path / "i").exists()


@pytest.mark.parametrize("host", ["999.1.1.1", "no-such-host.invalid", "192.0.2.1"])
def test_serving_at_an_address_that_is_not_ours_says_so(content: Path, tmp_path: Path, host: str) -> None:
    result = kb("serve", "--host", host, "--port", "0", "--content", content, "--index", tmp_path / "i")
    assert_message(result, 1, f"Error: cannot listen at {host} port 0: ")


def test_a_query_may_begin_with_a_minus(index: Path) -> None:
    assert kb("search", "-入札", "--index", index).stdout.startswith("1 hits\n")
    assert kb("search", "-随意契約 手引", "--index", index).stdout.startswith("0 hits\n")


def test_a_mistyped_option_is_wrong_use(index: Path) -> None:
    assert_message(kb("search", "随意契約", "--rôle", "intermediary", "--index", index), 2, "--rôle")


@pytest.mark.slow
def test_a_terminal_that_cannot_write_a_character_is_given_another(index: Path) -> None:
    command = [sys.executable, "-c", "from webui.cli import main; main()", "search", "随意契約", "--index", str(index)]
    environment = os.environ | {"PYTHONIOENCODING": "cp932"}
    result = subprocess.run(command, capture_output=True, env=environment, timeout=60, check=False)
    assert (result.returncode, result.stderr) == (0, b"")
    assert "庁内文書 ? 随意契約の手引" in result.stdout.decode("cp932")


def test_a_document_cannot_steer_the_terminal(write_content: WriteContent, tmp_path: Path) -> None:
    build_folder(write_content({"memo.md": "# 題\x1b[2J\n\n随意契約\x1b]0;x\x07の本文\n"}), tmp_path / "i")
    result = kb("search", "随意契約", "--index", tmp_path / "i")
    assert result.stdout.startswith("1 hits\n")
    assert [character for character in result.stdout if not character.isprintable() and character != "\n"] == []


def test_a_content_folder_named_twice_is_read_once(content: Path) -> None:
    assert kb("check", "--content", content, "--content", f"{content}/").exit_code == 0


# Folders that are none


def test_an_index_folder_that_is_a_file_is_named(content: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    result = kb("index", "--content", content, "--index", tmp_path / "file")
    assert isinstance(result.exception, SystemExit | None), repr(result.exception)
    assert result.exit_code in {1, 2}
    assert f"{tmp_path}/file" in result.stderr


def test_an_index_folder_below_a_file_is_named(content: Path) -> None:
    result = kb("index", "--content", content, "--index", content / "memo.md" / "index")
    assert isinstance(result.exception, SystemExit | None), repr(result.exception)
    assert result.exit_code in {1, 2}
    assert "memo.md" in result.stderr


# Bytes that are no UTF-8


@pytest.mark.slow
@pytest.mark.parametrize("options", [[], ["--json"]])
def test_a_query_that_is_no_utf_8_is_searched_or_refused(index: Path, options: list[str]) -> None:
    result = kb_process("search", "契約 \udcff\udcfe", *options, "--index", index)
    assert "Traceback" not in result.stderr
    assert result.returncode in {0, 1, 2}


def test_a_file_whose_name_is_no_utf_8_can_be_indexed(content: Path, tmp_path: Path) -> None:
    Path(os.fsdecode(os.fsencode(content) + b"/\xff\xfe.md")).write_text("本文だけです。\n", encoding="utf-8")
    result = kb("index", "--content", content, "--index", tmp_path / "index")
    assert isinstance(result.exception, SystemExit | None), repr(result.exception)


# kb eval


@pytest.mark.parametrize(
    ("data", "code", "words"),
    [
        (b"\xff\n", 1, "queries.jsonl"),
        (b"", 1, "queries.jsonl"),
        (b'{"query": "x", "relevant": {"a": Infinity}}\n', 1, "queries.jsonl:1: error"),
        (b'{"query": "x", "relevant": {"a": 4}}\n', 1, "queries.jsonl:1: error"),
        (b'{"query": "x", "relevant": []}\n', 1, "queries.jsonl:1: error"),
        (b"[1]\n", 1, "queries.jsonl:1: error"),
        (b'{"query": "\\ud800", "relevant": {"a": 1}}\n', 1, "queries.jsonl:1: error"),
        (b"[" * 100_000 + b"\n", 1, "queries.jsonl:1: error"),
    ],
    ids=["not UTF-8", "empty", "infinite grade", "grade 4", "a list", "no object", "surrogate", "nested"],
)
def test_a_bad_file_of_judged_queries_is_named(tmp_path: Path, index: Path, data: bytes, code: int, words: str) -> None:
    queries = tmp_path / "queries.jsonl"
    queries.write_bytes(data)
    assert_message(kb("eval", queries, "--index", index), code, words)


def test_eval_without_an_index_says_what_to_do(tmp_path: Path) -> None:
    queries = tmp_path / "queries.jsonl"
    queries.write_text('{"query": "x", "relevant": {"a": 1}}\n', encoding="utf-8")
    assert_message(kb("eval", queries, "--index", tmp_path / "none"), 1, "no index")


# kb new


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=30))
def test_a_new_document_is_valid_under_every_title_that_is_accepted(
    tmp_path_factory: pytest.TempPathFactory, title: str
) -> None:
    folder = tmp_path_factory.mktemp("new")
    result = kb("new", "memo", "--title", title, "--content", folder)
    assert isinstance(result.exception, SystemExit | None), repr(result.exception)
    assert result.exit_code in {0, 2}
    if result.exit_code == 0:
        assert check_content([str(folder)]) == []
        assert [document.title for document in load_library([str(folder)]).documents] == [" ".join(title.split())]


@pytest.mark.parametrize("title", ["", " ", "\u3000", "\x7f", "\udcff"])
def test_a_title_that_no_front_matter_can_hold_is_wrong_use(content: Path, title: str) -> None:
    assert_message(kb("new", "other", "--title", title, "--content", content), 2, "Error: ")
    assert not (content / "internal" / "other.md").exists()


@pytest.mark.parametrize("folder", ["..", "../out", "internal/../../out", "/proc/kb-out-of-bounds"])
def test_a_new_document_stays_inside_the_content_folder(content: Path, folder: str) -> None:
    assert_message(kb("new", "other", "--title", "題", "--folder", folder, "--content", content), 2, "Error: ")


def test_a_folder_that_is_a_file_is_wrong_use(content: Path) -> None:
    assert_message(kb("new", "other", "--title", "題", "--folder", "memo.md", "--content", content), 2, "Error: ")


def test_an_id_in_use_is_refused_and_its_file_is_named(content: Path) -> None:
    assert_message(kb("new", "memo", "--title", "題", "--content", content), 2, f"{content}/memo.md")


def test_a_new_document_is_dated_and_internal(content: Path) -> None:
    path = new_document([str(content)], "other", "題", "internal")
    (document,) = [item for item in load_library([str(content)]).documents if item.id == "other"]
    assert (path.name, document.kind, document.title, document.updated is not None) == (
        "other.md",
        "internal",
        "題",
        True,
    )
