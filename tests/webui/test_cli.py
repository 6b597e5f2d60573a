"""The `kb` command: exit codes, messages, and an index that survives whatever happens to a build."""

from __future__ import annotations

import importlib.metadata
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from time import monotonic, sleep

import pytest
from click.testing import CliRunner, Result

from tests.conftest import CONTENT, WriteContent
from webui.cli import main

KB = str(Path(sys.executable).parent / "kb")
MEMO = "# 随意契約の手引\n\n随意契約の本文です。\n"
BUILD_SECONDS = 60


def kb(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


@pytest.fixture
def index(tmp_path: Path) -> str:
    return str(tmp_path / "index")


@pytest.fixture
def content(write_content: WriteContent) -> str:
    return str(write_content({"memo.md": MEMO}))


def test_the_version_is_that_of_the_installed_package() -> None:
    result = kb("--version")
    assert (result.exit_code, result.output) == (0, f"kb, version {importlib.metadata.version('kanmin-kb')}\n")


def test_index_then_search_finds_the_section(content: str, index: str) -> None:
    built = kb("index", "--content", content, "--index", index)
    assert built.exit_code == 0
    assert "indexed 1 documents, 1 sections" in built.output
    found = kb("search", "随意契約", "--index", index)
    assert found.exit_code == 0
    assert "1 hits" in found.output


def test_search_as_json_is_what_the_api_answers(guide_index: Path) -> None:
    result = kb("search", "随意契約 スタートアップ", "--json", "--limit", "3", "--index", str(guide_index))
    answer = json.loads(result.output)
    assert answer["hits"][0]["document_id"] == "direct-contract"
    assert len(answer["hits"]) == answer["per_page"] == 3


def test_search_narrows_by_every_facet(guide_index: Path) -> None:
    options = ["--role", "gov-line-officer", "--chapter", "5", "--stage", "method", "--pattern", "procurement"]
    result = kb("search", "契約", *options, "--kind", "guide", "--json", "--index", str(guide_index))
    hits = json.loads(result.output)["hits"]
    assert hits
    assert all(hit["chapter"] == 5 and hit["pattern"] == "procurement" and hit["kind"] == "guide" for hit in hits)


@pytest.mark.parametrize(
    "arguments",
    [
        ["search"],
        ["search", "契約", "--role", "mayor"],
        ["search", "契約", "--limit", "0"],
        ["search", "あ" * 501],
        ["serve", "--port", "70000"],
        ["eval", "no-such-file.jsonl"],
        ["new", "Bad Id", "--title", "x"],
        ["gone"],
    ],
)
def test_wrong_use_ends_with_2_and_says_what_is_right(arguments: list[str], guide_index: Path) -> None:
    result = CliRunner(env={"KB_INDEX": str(guide_index)}).invoke(main, arguments)
    assert result.exit_code == 2
    assert "Error: " in result.output
    assert "Traceback" not in result.output


def test_search_without_an_index_says_what_to_do(index: str) -> None:
    result = kb("search", "契約", "--index", index)
    assert result.exit_code == 1
    assert "run kb index first" in result.output


def test_check_reports_every_problem_with_path_and_line(write_content: WriteContent) -> None:
    bad = "---\nid: a\ntitle: 題\nkind: book\n---\n[x](gone.md)\n"
    folder = write_content({"a.md": bad, "b.md": "---\ntitle: 題\n", "thesaurus.yaml": "equal:\n  - [一つだけ]\n"})
    result = kb("check", "--content", str(folder))
    assert result.exit_code == 1
    lines = result.output.splitlines()
    assert any(line.startswith(f"{folder}/a.md:4: error: kind is 'book'; allowed: guide, case,") for line in lines)
    assert any(line.startswith(f"{folder}/b.md:1: error: front matter is not closed") for line in lines)
    assert any(line.startswith(f"{folder}/thesaurus.yaml:2: error:") for line in lines)


def test_the_guides_own_content_has_no_problem() -> None:
    result = kb("check", "--content", str(CONTENT))
    assert (result.exit_code, result.output) == (0, "0 errors, 0 warnings\n")


def test_eval_prints_the_measures_by_class(tmp_path: Path, guide_index: Path) -> None:
    queries = tmp_path / "queries.jsonl"
    queries.write_text('{"query": "随意契約", "relevant": {"direct-contract": 3}, "class": "term"}\n', encoding="utf-8")
    result = kb("eval", str(queries), "--index", str(guide_index))
    assert result.exit_code == 0
    assert result.output.splitlines()[1].split()[:2] == ["term", "1"]


def test_eval_names_every_bad_line(tmp_path: Path, guide_index: Path) -> None:
    queries = tmp_path / "queries.jsonl"
    queries.write_text('{"query": "a"}\nnot json\n', encoding="utf-8")
    result = kb("eval", str(queries), "--index", str(guide_index))
    assert result.exit_code == 1
    assert f"{queries}:1:" in result.output
    assert f"{queries}:2:" in result.output


def test_new_starts_a_document_that_passes_the_check(content: str) -> None:
    made = kb("new", "my-memo", "--title", '見積: "要点"', "--content", content)
    assert made.exit_code == 0
    assert Path(made.output.strip()).is_file()
    assert kb("check", "--content", content).exit_code == 0
    again = kb("new", "my-memo", "--title", "x", "--content", content)
    assert again.exit_code == 2
    assert "is taken by" in again.output


def test_a_bad_file_stops_the_build_and_the_old_index_stays(content: str, index: str) -> None:
    kb("index", "--content", content, "--index", index)
    Path(content, "bad.md").write_text("---\ntitle: x\n", encoding="utf-8")
    failed = kb("index", "--content", content, "--index", index)
    assert failed.exit_code == 1
    assert "bad.md:1: error: front matter is not closed" in failed.output
    assert kb("search", "随意契約", "--index", index).exit_code == 0
    going_on = kb("index", "--keep-going", "--content", content, "--index", index)
    assert going_on.exit_code == 1
    assert "left out: " in going_on.output


def _start_build(content: Path, index: str) -> subprocess.Popen[bytes]:
    """A build that has begun to write into the index folder."""
    before = set(os.listdir(index))
    build = subprocess.Popen(
        [KB, "index", "--content", str(content), "--index", index],
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    deadline = monotonic() + BUILD_SECONDS
    while set(os.listdir(index)) == before:
        assert build.poll() is None, "the build ended before it could be disturbed"
        assert monotonic() < deadline
        sleep(0.01)
    return build


@pytest.fixture
def long_build(write_content: WriteContent, index: str) -> Path:
    """Content that takes a few seconds, over an index of one document."""
    small = write_content({"memo.md": MEMO})
    kb("index", "--content", str(small), "--index", index)
    text = "".join(f"## 節{number}\n\n官民連携の本文{number}。\n\n" for number in range(1_500))
    return write_content({f"{number}.md": f"# 文書{number}\n\n{text}" for number in range(3)})


@pytest.mark.slow
def test_a_build_killed_in_the_middle_leaves_the_old_index_and_the_next_cleans_up(long_build: Path, index: str) -> None:
    build = _start_build(long_build, index)
    os.killpg(build.pid, signal.SIGKILL)
    build.communicate()
    assert kb("search", "随意契約", "--index", index).exit_code == 0
    assert kb("search", "官民連携", "--index", index).exit_code == 1
    assert kb("index", "--content", str(long_build), "--index", index).exit_code == 0
    assert kb("search", "官民連携", "--index", index).exit_code == 0
    segments = {name.split(".")[0] for name in os.listdir(index) if name.startswith("MAIN_") and "." in name}
    assert len(segments) == 1


@pytest.mark.slow
def test_a_second_build_at_the_same_time_is_refused_with_a_reason(long_build: Path, index: str) -> None:
    build = _start_build(long_build, index)
    second = kb("index", "--content", str(long_build), "--index", index)
    assert second.exit_code == 1
    assert "another process is building this index" in second.output
    _, errors = build.communicate(timeout=BUILD_SECONDS)
    assert build.returncode == 0, errors
    assert kb("search", "官民連携", "--index", index).exit_code == 0


def test_going_on_past_a_dead_link_indexes_the_document_and_says_that_there_are_errors(
    write_content: WriteContent, tmp_path: Path
) -> None:
    head = "---\nid: a\ntitle: 題\nkind: guide\nroles: [gov-executive]\nstages: [method]\n---\n"
    content = write_content({"a.md": head + "[次へ](gone.md)\n"})
    result = kb("index", "--keep-going", "--content", str(content), "--index", str(tmp_path / "index"))
    assert result.exit_code == 1
    assert result.stderr.startswith(f"{content}/a.md:8: error: link to 'gone.md' leads nowhere")
    assert "indexed 1 documents" in result.stderr
    assert "left out" not in result.stderr
