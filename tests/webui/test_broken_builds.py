"""`kb index` killed at its worst moments, run twice at once, or pointed at a damaged index.

A build is stopped exactly where a test wants it by an audit hook in its process: Python announces every file that it is
about to open, rename or remove (https://docs.python.org/3/library/audit_events.html).
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.conftest import WriteContent
from tests.kb.test_library import as_ordinary_user
from webui.cli import main

pytestmark = pytest.mark.slow

BUILD_SECONDS = 60
EXIT_SECONDS = 5  # for an orphan to notice; it should take none
OLD = "# 随意契約の手引\n\n随意契約の本文です。\n"
NEW = "# 入札の手引\n\n入札の本文です。\n"

HOOKED = """
import os, signal, sys
event, part, action = sys.argv[1:4]
def hook(name, arguments):
    global part
    if part and name == event and any(part in os.fsdecode(a) for a in arguments if isinstance(a, (str, os.PathLike))):
        part = ""
        if action == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        print("stopped", flush=True)
        sys.stdin.readline()
sys.addaudithook(hook)
from webui.cli import main
main(sys.argv[4:])
"""
POOLED = """
import multiprocessing, sys
from pathlib import Path
from indexer.building.build import build
from indexer.engines.whoosh_arrays import WhooshArrays
def progress(done, total):
    if done:
        print(*(child.pid for child in multiprocessing.active_children()), flush=True)
        sys.stdin.readline()
if __name__ == "__main__":
    build([sys.argv[1]], WhooshArrays(Path(sys.argv[2])), progress=progress, processes=2)
"""
# (audit event, what stands in its path): from the first file of the new segment to the last removal of the old one
BEFORE_THE_SWAP = [
    ("os.mkdir", "building-"),
    ("open", ".words.members.npy"),
    ("open", ".bigrams.keys.npy"),
    ("open", ".sections.stored.npy"),
    ("open", ".ledger"),
    ("open", ".toc."),
    ("os.rename", ".toc"),
]
AFTER_THE_SWAP = [("os.remove", ".npy"), ("os.remove", ".toc"), ("os.rmdir", "building-")]


def kb(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def hooked(event: str, part: str, action: str, content: Path, index: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", HOOKED, event, part, action, "index", "--content", str(content)]
    return subprocess.Popen(
        [*command, "--index", str(index)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def found(q: str, index: Path) -> list[str]:
    result = kb("search", q, "--exact", "--json", "--index", str(index))
    return [hit["title"] for hit in json.loads(result.stdout)["hits"]]


def shape(index: Path) -> Counter[str]:
    """The files of an index without the random name of their segment and the generation.

    A whole build has no ledger of changes and an update has one: both are sound.
    """
    assert index.is_dir()
    names = ("toc" if path.suffix == ".toc" else path.name.partition(".")[2] or path.name for path in index.iterdir())
    return Counter(name for name in names if name != "ledger-changes")


@pytest.fixture
def index(tmp_path: Path) -> Path:
    return tmp_path / "index"


@pytest.fixture
def changed(write_content: WriteContent, index: Path) -> Path:
    """Content that has changed since `index` was built: the old document is gone and there is a new one."""
    content = write_content({"memo.md": OLD})
    assert kb("index", "--content", str(content), "--index", str(index)).exit_code == 0
    return write_content({"memo.md": NEW})


def assert_next_build_is_whole(content: Path, index: Path, tmp_path: Path) -> None:
    assert kb("index", "--content", str(content), "--index", str(index)).exit_code == 0
    assert found("入札", index) == ["入札の手引"]
    fresh = tmp_path / "fresh"
    assert kb("index", "--content", str(content), "--index", str(fresh)).exit_code == 0
    assert shape(index) == shape(fresh)


@pytest.mark.parametrize(("event", "part"), BEFORE_THE_SWAP)
def test_a_build_killed_before_the_swap_leaves_the_old_index_and_the_next_run_cleans_up(
    changed: Path, index: Path, tmp_path: Path, event: str, part: str
) -> None:
    build = hooked(event, part, "kill", changed, index)
    build.communicate(timeout=BUILD_SECONDS)
    assert build.returncode == -signal.SIGKILL
    assert (found("随意契約", index), found("入札", index)) == (["随意契約の手引"], [])
    assert_next_build_is_whole(changed, index, tmp_path)


@pytest.mark.parametrize(("event", "part"), AFTER_THE_SWAP)
def test_a_build_killed_after_the_swap_leaves_the_new_index_and_the_next_run_cleans_up(
    changed: Path, index: Path, tmp_path: Path, event: str, part: str
) -> None:
    build = hooked(event, part, "kill", changed, index)
    build.communicate(timeout=BUILD_SECONDS)
    assert build.returncode == -signal.SIGKILL
    assert (found("随意契約", index), found("入札", index)) == ([], ["入札の手引"])
    assert_next_build_is_whole(changed, index, tmp_path)


def test_a_first_build_killed_leaves_no_index_and_says_so(write_content: WriteContent, index: Path) -> None:
    build = hooked("os.rename", ".toc", "kill", write_content({"memo.md": OLD}), index)
    build.communicate(timeout=BUILD_SECONDS)
    result = kb("search", "随意契約", "--index", str(index))
    assert result.exit_code == 1
    assert "run kb index first" in result.stderr


def test_a_second_build_is_refused_while_the_first_goes_on_and_searches_answer(changed: Path, index: Path) -> None:
    with hooked("os.rename", ".toc", "wait", changed, index) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "stopped\n"
        second = kb("index", "--content", str(changed), "--index", str(index))
        during = found("随意契約", index)
        _, errors = first.communicate("\n", timeout=BUILD_SECONDS)
    assert (second.exit_code, second.stderr) == (1, f"{index}: another process is building this index\n")
    assert during == ["随意契約の手引"]
    assert (first.returncode, "Traceback" in errors) == (0, False)
    assert found("入札", index) == ["入札の手引"]


def test_a_killed_build_does_not_lock_the_index_for_ever(changed: Path, index: Path) -> None:
    with hooked("os.rename", ".toc", "wait", changed, index) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "stopped\n"
        first.kill()
        first.communicate(timeout=BUILD_SECONDS)
    assert kb("index", "--content", str(changed), "--index", str(index)).exit_code == 0


@pytest.fixture
def worker_handles(write_content: WriteContent, index: Path) -> Iterator[list[int]]:
    """Handles of the worker processes of a build that has just been killed; none is left when the test ends."""
    content = write_content({"memo.md": OLD})
    with subprocess.Popen(
        [sys.executable, "-c", POOLED, str(content), str(index)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as build:  # fmt: skip
        assert build.stdout is not None
        workers = [int(word) for word in build.stdout.readline().split()]
        handles = [os.pidfd_open(worker) for worker in workers]
        build.kill()
    yield handles
    for handle in handles:
        if not select.select([handle], [], [], 0)[0]:
            signal.pidfd_send_signal(handle, signal.SIGKILL)
        os.close(handle)


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="needs Linux to wait for a process that is no child")
def test_no_worker_outlives_a_killed_build(worker_handles: list[int]) -> None:
    assert worker_handles
    for handle in worker_handles:
        ended, _, _ = select.select([handle], [], [], EXIT_SECONDS)
        assert ended == [handle]


# An index that something else has damaged


def damage(index: Path, pattern: str, content: bytes | None) -> None:
    paths = list(index.glob(pattern))
    assert paths
    for path in paths:
        if content is None:
            path.unlink()
        else:
            path.write_bytes(content)


DAMAGES = [
    ("*.toc", b"garbage"), ("*.toc", b""), ("*.words.members.npy", b""), ("*.words.members.npy", None),
    ("*.sections.stored.npy", b""), ("*.sections.combinations.npy", b"garbage"), ("*.ledger", b"garbage"),
]  # fmt: skip


def kb_process(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own: what the reader of a damaged file leaves open ends with it."""
    command = "from webui.cli import main; main()"
    return subprocess.run([sys.executable, "-c", command, *arguments], capture_output=True, text=True, check=False)


@pytest.mark.parametrize(("pattern", "content"), DAMAGES)
def test_a_search_of_a_damaged_index_ends_with_a_message(
    changed: Path, index: Path, pattern: str, content: bytes | None
) -> None:
    assert changed.is_dir()
    damage(index, pattern, content)
    result = kb_process("search", "随意契約", "--index", index)
    assert "Traceback" not in result.stderr
    assert result.returncode == 1
    assert result.stderr.endswith("run kb index first\n")


@pytest.mark.parametrize(("pattern", "content"), DAMAGES)
def test_a_damaged_index_is_mended_by_the_next_build(
    changed: Path, index: Path, tmp_path: Path, pattern: str, content: bytes | None
) -> None:
    damage(index, pattern, content)
    result = kb_process("index", "--content", changed, "--index", index)
    assert "Traceback" not in result.stderr
    assert_next_build_is_whole(changed, index, tmp_path)


# What the machine refuses


FILE_BYTES = 20_000  # less than the positions of a long document: as on a full disk, a write ends in the middle
LIMITED = """
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), int(sys.argv[1])))
from webui.cli import main
main(sys.argv[2:])
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on the size of files")
def test_a_disk_that_is_full_is_named_and_the_old_index_stays(
    write_content: WriteContent, changed: Path, index: Path
) -> None:
    before = shape(index)
    write_content({"long.md": "# 長い文書\n\n" + "".join(f"入札{number}番です。" for number in range(10_000))})
    command = [
        sys.executable,
        "-c",
        LIMITED,
        str(FILE_BYTES),
        "index",
        "--content",
        str(changed),
        "--index",
        str(index),
    ]
    result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=BUILD_SECONDS)
    assert "Traceback" not in result.stderr
    assert (result.returncode, result.stderr.startswith(f"{index}: the index cannot be written: ")) == (1, True)
    assert (found("随意契約", index), shape(index)) == (["随意契約の手引"], before)


def end_abruptly(_files: object) -> None:
    """What Linux does to a process when memory is short."""
    os._exit(1)


def test_a_worker_that_is_killed_ends_the_build_with_a_message(
    write_content: WriteContent, index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = write_content({"memo.md": OLD})
    monkeypatch.setattr("indexer.building.build.processes_for", lambda _total: 2)
    monkeypatch.setattr("indexer.building.workers._run_in_worker", end_abruptly)
    result = kb("index", "--content", str(content), "--index", str(index))
    assert isinstance(result.exception, SystemExit), repr(result.exception)
    assert (result.exit_code, "was ended from outside" in result.stderr) == (1, True)


@pytest.mark.parametrize("pattern", ["*.toc", "*.words.docs.npy"], ids=["toc", "array"])
def test_an_index_that_may_not_be_read_is_named(changed: Path, index: Path, pattern: str) -> None:
    assert changed.is_dir()
    for path in index.glob(pattern):
        path.chmod(0)
    with as_ordinary_user(index.parent):
        result = kb("search", "随意契約", "--index", "index")
    assert isinstance(result.exception, SystemExit), repr(result.exception)
    assert (result.exit_code, result.stderr.splitlines()[0]) == (
        1,
        "index: the index cannot be read: Permission denied",
    )
