"""Folders of documents: every problem of every file, with its line, in one run."""

from __future__ import annotations

import os

import pytest

from kb.library import derived_id, load_library
from tests.conftest import WriteContent

HEAD = "---\nid: {id}\ntitle: 題\nkind: guide\nchapter: 1\nroles: [gov-executive]\nstages: [method]\n{more}---\n"


def page(document_id: str, body: str = "本文\n", more: str = "") -> str:
    return HEAD.format(id=document_id, more=more) + body


def problems_of(write_content: WriteContent, files: dict[str, str]) -> list[str]:
    folder = write_content(files)
    return [str(problem).removeprefix(f"{folder}/") for problem in load_library([str(folder)]).problems]


def test_sound_files_have_no_problem(write_content: WriteContent) -> None:
    body = "[次へ](b.md#part)\n\n## 節 {#here}\n\n[上へ](#here)\n"
    files = {"a.md": page("a", body, "related: [b]\n"), "b.md": page("b", "## 節 {#part}\n")}
    assert problems_of(write_content, files) == []


def test_an_id_used_twice_names_both_files(write_content: WriteContent) -> None:
    found = problems_of(write_content, {"a.md": page("same"), "b.md": page("same")})
    assert len(found) == 2
    assert found[0].startswith("a.md:2: error: id 'same' is also used by ")
    assert "b.md" in found[0]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("[x](gone.md)\n", "a.md:9: error: link to 'gone.md' leads nowhere"),
        ("一\n\n[x](a.md#gone)\n", "a.md:11: error: no heading 'gone' in 'a'"),
        ("[x](#gone)\n", "a.md:9: error: no heading 'gone' in 'a'"),
        ("[x](/docs/gone)\n", "a.md:9: error: link to '/docs/gone' leads nowhere"),
        ("[x](ftp://example.com/)\n", "a.md:9: error: link to 'ftp://example.com/' leads nowhere"),
        ("[x](//example.com/)\n", "a.md:9: error: link to '//example.com/' leads nowhere"),
        ("## 節\n", "a.md:9: error: heading '節' has no id"),
        ("# 一\n\n# 二\n", "a.md:11: error: a second H1"),
    ],
)
def test_a_fault_in_the_body_is_reported_with_its_line(write_content: WriteContent, body: str, message: str) -> None:
    assert any(line.startswith(message) for line in problems_of(write_content, {"a.md": page("a", body)}))


def test_related_ids_former_ids_and_questions_must_lead_somewhere(write_content: WriteContent) -> None:
    more = "related: [gone]\nformer_ids: [b]\nquestions: ['何か {#gone}']\n"
    found = problems_of(write_content, {"a.md": page("a", more=more), "b.md": page("b")})
    assert [line.split(";")[0] for line in found if line.startswith("a.md")] == [
        "a.md:8: error: related 'gone' leads nowhere",
        f"a.md:9: error: former id 'b' is used by {found[1].rpartition(' used by ')[2].split(';')[0]}",
        "a.md:10: error: no heading 'gone' for the question '何か'",
    ]


def test_an_internal_document_is_only_warned_about_links(write_content: WriteContent) -> None:
    found = problems_of(write_content, {"memo.md": "# メモ\n\n[x](gone.md)\n\n## 節\n"})
    assert [line.split(";")[0] for line in found] == ["memo.md:3: warning: link to 'gone.md' leads nowhere"]


def test_files_that_are_no_text_are_reported_one_by_one(write_content: WriteContent) -> None:
    folder = write_content({"good.md": "# 良い\n"})
    (folder / "nul.md").write_bytes(b"# a\nb\0c\n")
    (folder / "sjis.md").write_bytes("# 題\n本文".encode("cp932"))
    (folder / "huge.md").write_bytes(b"a" * 4_000_001)
    (folder / "gone.md").symlink_to(folder / "nowhere.md")
    os.mkfifo(folder / "pipe.md")
    found = {str(problem).removeprefix(f"{folder}/").split(";")[0] for problem in load_library([str(folder)]).problems}
    assert found == {
        "gone.md:1: error: not a regular file or a broken link",
        "huge.md:1: error: file has 4,000,001 bytes",
        "nul.md:2: error: binary data (a NUL byte)",
        "pipe.md:1: error: not a regular file or a broken link",
        "sjis.md:1: error: not UTF-8 (byte 0x91)",
    }


def test_a_folder_that_links_to_itself_is_read_once(write_content: WriteContent) -> None:
    folder = write_content({"memo.md": "# メモ\n"})
    (folder / "loop").symlink_to(folder, target_is_directory=True)
    assert len(load_library([str(folder)]).documents) == 1


def test_names_with_blanks_and_japanese_are_read_and_can_be_linked(write_content: WriteContent) -> None:
    files = {"契約 の 手引.md": "# 手引\n", "a.md": "# a\n\n[手引](<契約 の 手引.md>)\n"}
    folder = write_content(files)
    library = load_library([str(folder)])
    assert library.problems == ()
    linked = next(document for document in library.documents if document.title == "a")
    assert f"/docs/{derived_id('契約 の 手引.md')}" in linked.sections[0].html


def test_a_folder_that_is_not_there_is_a_problem() -> None:
    (problem,) = load_library(["no-such-folder"]).problems
    assert problem.message == "no such folder"


def test_a_byte_order_mark_and_windows_lines_change_nothing(write_content: WriteContent) -> None:
    folder = write_content({})
    text = page("a", "## 節 {#part}\n")
    (folder / "a.md").write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    library = load_library([str(folder)])
    assert library.problems == ()
    assert [section.id for section in library.documents[0].sections] == ["a", "a#part"]


def test_the_id_of_a_file_without_one_stays_when_its_text_changes() -> None:
    assert derived_id("memo/Meeting 2024.md") == derived_id("memo/Meeting 2024.md")
    assert derived_id("memo/Meeting 2024.md") != derived_id("other/Meeting 2024.md")
    assert derived_id("memo/Meeting 2024.md").startswith("meeting-2024-")
