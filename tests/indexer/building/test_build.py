"""Building from folders that hold what nobody should have put there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from indexer.building.build import build
from indexer.building.freshness import is_stale, read_extras
from indexer.engines.whoosh_arrays import WhooshArrays
from indexer.search.request import SearchRequest
from kb.errors import ContentError, IndexLockedError
from tests.conftest import WriteContent, build_folder, open_search

GOOD = "---\ntitle: 随意契約の手引\n---\n随意契約の本文です。\n"
UNREADABLE = {
    "deep-lists.md": "# t\n" + "".join("  " * level + "- a\n" for level in range(500)),
    "brackets.md": "# t\n" + "[" * 20_000,
    "yaml-aliases.md": "---\na: &a [x, x]\nb: [*a, *a]\ntitle: t\n---\n",
    "not-closed.md": "---\ntitle: t\n本文",
}
SLOW_TO_REFUSE = {"deep-lists.md"}
every_unreadable = pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] * (name in SLOW_TO_REFUSE)) for name in sorted(UNREADABLE)]
)


def total(index: Path, q: str = "随意契約") -> int:
    return open_search(index).search(SearchRequest(q)).total


@every_unreadable
def test_a_file_that_cannot_be_read_stops_the_build_and_keeps_the_served_index(
    write_content: WriteContent, tmp_path: Path, name: str
) -> None:
    index = tmp_path / "index"
    build_folder(write_content({"good.md": GOOD}), index)
    with pytest.raises(ContentError) as caught:
        build_folder(write_content({name: UNREADABLE[name]}), index)
    assert {Path(problem.path).name for problem in caught.value.problems} == {name}
    assert total(index) == 1


@every_unreadable
def test_going_on_leaves_out_exactly_the_file_that_cannot_be_read(
    write_content: WriteContent, tmp_path: Path, name: str
) -> None:
    content = write_content({"good.md": GOOD, name: UNREADABLE[name]})
    report = build_folder(content, tmp_path / "index", keep_going=True)
    assert [Path(path).name for path in report.left_out] == [name]
    assert report.documents == 1


def test_a_pipe_among_the_files_is_named_and_not_waited_for(write_content: WriteContent, tmp_path: Path) -> None:
    content = write_content({"good.md": GOOD})
    os.mkfifo(content / "pipe.md")
    report = build_folder(content, tmp_path / "index", keep_going=True)
    assert [Path(path).name for path in report.left_out] == ["pipe.md"]


def test_a_link_out_of_the_content_folder_is_an_error(write_content: WriteContent, tmp_path: Path) -> None:
    outside = tmp_path / "secret.md"
    outside.write_text("# 秘密\n", encoding="utf-8")
    content = write_content({"good.md": GOOD})
    (content / "link.md").symlink_to(outside)
    with pytest.raises(ContentError, match="leads out of the content folder"):
        build_folder(content, tmp_path / "index")


def test_a_second_build_at_the_same_time_is_refused(write_content: WriteContent, tmp_path: Path) -> None:
    content = write_content({"good.md": GOOD})
    with (
        WhooshArrays(tmp_path / "index").writer(),
        pytest.raises(IndexLockedError, match="another process"),
    ):
        build_folder(content, tmp_path / "index")


def test_an_index_is_stale_once_a_file_a_synonym_or_a_user_word_changes(
    write_content: WriteContent, tmp_path: Path
) -> None:
    content = write_content({"good.md": GOOD})
    for name, text in [
        ("good.md", GOOD + "追記"),
        ("thesaurus.yaml", "equal:\n  - [随意契約, 随契]\n"),
        ("user_dictionary.csv", "表記,読み,品詞\n官民連携,カンミンレンケイ,名詞\n"),
    ]:
        build_folder(content, tmp_path / "index")
        manifest = WhooshArrays(tmp_path / "index").manifest()
        assert not is_stale(manifest, [str(content)])
        write_content({name: text})
        assert is_stale(manifest, [str(content)])


def test_faults_of_thesaurus_and_user_dictionary_are_reported_with_the_documents(
    write_content: WriteContent, tmp_path: Path
) -> None:
    content = write_content(
        {
            "bad.md": "---\ntitle: t\n本文",
            "thesaurus.yaml": "equal:\n  - [一つだけ]\n",
            "user_dictionary.csv": "表記,読み,品詞\n官民連携,かんみん,名詞\n",
        }
    )
    with pytest.raises(ContentError) as caught:
        build_folder(content, tmp_path / "index")
    names = {Path(problem.path).name for problem in caught.value.problems}
    assert names == {"bad.md", "thesaurus.yaml", "user_dictionary.csv"}


@pytest.mark.slow
def test_several_processes_build_the_same_index_as_one(write_content: WriteContent, tmp_path: Path) -> None:
    content = write_content(
        {f"{number}.md": f"---\ntitle: 文書{number}\n---\n随意契約の本文{number}" for number in range(30)}
    )
    for processes, name in ((1, "one"), (2, "two")):
        build([str(content)], WhooshArrays(tmp_path / name), processes=processes)
    pages = [open_search(tmp_path / name).search(SearchRequest("随意契約")) for name in ("one", "two")]
    assert [(hit.id, hit.score) for hit in pages[0].hits] == [(hit.id, hit.score) for hit in pages[1].hits]


def test_missing_extras_are_no_fault(write_content: WriteContent) -> None:
    extras = read_extras([str(write_content({"good.md": GOOD}))])
    assert (extras.thesaurus.equal, extras.user_dictionary, extras.problems) == ({}, None, ())


@pytest.mark.parametrize("name", ["thesaurus.yaml", "user_dictionary.csv"])
def test_an_extra_that_is_no_file_is_named_and_not_waited_for(
    write_content: WriteContent, tmp_path: Path, name: str
) -> None:
    content = write_content({"good.md": GOOD})
    os.mkfifo(content / name)
    with pytest.raises(ContentError) as caught:
        build_folder(content, tmp_path / "index")
    assert [problem.message for problem in caught.value.problems] == ["not a regular file or a broken link"]


def test_a_user_dictionary_without_words_builds_an_index(write_content: WriteContent, tmp_path: Path) -> None:
    content = write_content({"good.md": GOOD, "user_dictionary.csv": "表記,読み,品詞\n"})
    build_folder(content, tmp_path / "index")
    assert total(tmp_path / "index") == 1
