"""Folders of documents: every problem of every file, with its line, in one run."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from kb.documents.catalog import scan
from kb.documents.files import MAX_FILE_BYTES, derived_id, markdown_files
from kb.library import DocumentLoader, load_library
from tests.conftest import WriteContent

HEAD = "---\nid: {id}\ntitle: 題\nkind: guide\nchapter: 1\nroles: [gov-executive]\nstages: [method]\n{more}---\n"


def page(document_id: str, body: str = "本文\n", more: str = "") -> str:
    return HEAD.format(id=document_id, more=more) + body


def problems_of(write_content: WriteContent, files: dict[str, str]) -> list[str]:
    folder = write_content(files)
    return [str(problem).removeprefix(f"{folder}/") for problem in load_library([str(folder)]).problems]


@contextmanager
def as_ordinary_user(folder: Path) -> Iterator[None]:
    """Stand in `folder` without root's right to read everything (CI containers run as root)."""
    before, user = Path.cwd(), os.geteuid()
    folder.chmod(0o755)
    os.chdir(folder)
    try:
        if user == 0:
            os.seteuid(65534)  # nobody
        yield
    finally:
        os.seteuid(user)
        os.chdir(before)


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


def test_an_id_used_in_two_content_folders_names_both_files(tmp_path: Path) -> None:
    roots = [tmp_path / "guide", tmp_path / "ours"]
    for root in roots:
        root.mkdir()
        (root / "a.md").write_text(page("same"), encoding="utf-8")
    problems = scan([str(root) for root in roots]).problems
    assert [problem.path for problem in problems] == [str(root / "a.md") for root in roots]
    assert problems[0].message == f"id 'same' is also used by {roots[1] / 'a.md'}"


def test_a_content_folder_within_another_is_named(tmp_path: Path) -> None:
    inner = tmp_path / "guide"
    inner.mkdir()
    (inner / "a.md").write_text("# A\n\na\n", encoding="utf-8")
    catalog = scan([str(tmp_path), str(inner)])
    assert [str(problem) for problem in catalog.problems] == [
        f"{inner}:1: error: lies in the content folder {tmp_path}; allowed: folders apart from each other"
    ]
    assert len(catalog.files) == 1


def test_two_documents_cannot_have_had_the_same_id(write_content: WriteContent) -> None:
    files = {name: page(name[0], more="former_ids: [old]\n") for name in ("a.md", "b.md")}
    (found,) = problems_of(write_content, files)
    assert found.startswith("b.md:8: error: former id 'old' is used by ")


def test_a_document_is_not_related_to_itself(write_content: WriteContent) -> None:
    (found,) = problems_of(write_content, {"a.md": page("a", more="related: [a]\n")})
    assert found == "a.md:8: error: related 'a' leads nowhere; allowed: ids of other documents"


@pytest.mark.parametrize("address", ["b.md", "./b.md#part", "../guide/b.md#part", "/docs/b", "/docs/b#part", "b%2Emd"])
def test_a_link_to_a_document_is_served_by_its_id(write_content: WriteContent, address: str) -> None:
    folder = write_content(
        {"guide/a.md": page("a", f"[次へ]({address})\n"), "guide/b.md": page("b", "## 節 {#part}\n")}
    )
    library = load_library([str(folder)])
    assert library.problems == ()
    anchor = "#part" if address.endswith("#part") else ""
    assert f'href="/docs/b{anchor}"' in library.documents[0].sections[0].html


def test_a_missing_heading_is_reported_whatever_its_id_begins_with(write_content: WriteContent) -> None:
    (found,) = problems_of(write_content, {"a.md": page("a", "[財政](#fn-gone)\n")})
    assert found.startswith("a.md:9: error: no heading 'fn-gone' in 'a'")


def test_a_reference_to_a_footnote_is_no_dead_link(write_content: WriteContent) -> None:
    body = "結べる[^a]。\n\n## 出典 {#sources}\n\n[^a]: [法令](https://example.com/)\n"
    assert problems_of(write_content, {"a.md": page("a", body)}) == []


def test_problems_of_all_files_come_in_one_run_in_reading_order(write_content: WriteContent) -> None:
    files = {
        "b.md": page("b", "[x](gone.md)\n\n## 節\n", "related: [gone]\n").replace("chapter: 1", "chapter: 9"),
        "a.md": "---\ntitle: [\n---\n# 題\n",
        "c/d.md": page("Bad Id"),
    }
    places = [line.split(": ")[0] for line in problems_of(write_content, files)]
    assert places == ["a.md:3", "b.md:5", "b.md:8", "b.md:10", "b.md:12", "c/d.md:2"]


def test_markdown_that_cannot_be_read_is_an_error_even_in_an_internal_document(write_content: WriteContent) -> None:
    (found,) = problems_of(write_content, {"memo.md": "---\ntitle: メモ\n---\n前\n\n" + "[" * 300})
    assert found == "memo.md:6: error: 300 brackets that are never closed; allowed: at most 200"


def test_a_document_without_a_title_is_warned_about_and_takes_its_first_heading(write_content: WriteContent) -> None:
    folder = write_content({"memo.md": "本文\n\n## 打合せ {#meeting}\n"})
    library = load_library([str(folder)])
    (problem,) = library.problems
    assert str(problem) == (
        f"{folder}/memo.md:1: warning: no title; the first heading or the file's name stands in; "
        "allowed: title: … in the front matter, or an H1"
    )
    assert library.documents[0].title == "打合せ"


def test_an_empty_file_is_titled_by_its_name(write_content: WriteContent) -> None:
    assert load_library([str(write_content({"議事録.md": ""}))]).documents[0].title == "議事録"


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


def test_a_file_of_the_largest_size_is_read(write_content: WriteContent) -> None:
    folder = write_content({"large.md": "a" * MAX_FILE_BYTES})
    catalog = scan([str(folder)])
    assert ([file.size for file in catalog.files], catalog.problems) == ([4_000_000], [])


def test_a_folder_and_a_file_that_may_not_be_read_are_reported_and_the_others_are_read(
    write_content: WriteContent,
) -> None:
    folder = write_content({"shut/a.md": "# 甲\n", "locked.md": "# 乙\n", "open.md": "# 丙\n"})
    assert len(load_library([str(folder)]).documents) == 3
    (folder / "shut").chmod(0)
    (folder / "locked.md").chmod(0)
    with as_ordinary_user(folder):
        library = load_library(["."])
    (folder / "shut").chmod(0o755)
    assert [str(problem) for problem in library.problems] == [
        "./locked.md:1: error: cannot be read: Permission denied; allowed: a readable file",
        "./shut:1: error: cannot be read: Permission denied; allowed: a readable folder",
    ]
    assert [document.title for document in library.documents] == ["丙"]


def test_a_file_that_goes_away_between_scan_and_load_is_reported(write_content: WriteContent) -> None:
    folder = write_content({"a.md": page("a")})
    catalog = scan([str(folder)])
    (folder / "a.md").unlink()
    loaded = DocumentLoader(catalog.ids_by_path()).load(catalog.files[0])
    assert (loaded.is_readable, loaded.document.sections) == (False, ())
    assert [problem.message for problem in loaded.problems] == ["not a regular file or a broken link"]


def test_a_link_out_of_the_content_folder_is_refused(write_content: WriteContent, tmp_path: Path) -> None:
    folder = write_content({"a.md": "# 甲\n"})
    (tmp_path / "secret.md").write_text("# 秘密\n", encoding="utf-8")
    (folder / "out.md").symlink_to(tmp_path / "secret.md")
    library = load_library([str(folder)])
    assert [problem.message for problem in library.problems] == ["a link that leads out of the content folder"]
    assert [document.title for document in library.documents] == ["甲"]


def test_a_link_to_a_file_of_the_same_folder_is_read(write_content: WriteContent) -> None:
    folder = write_content({"old/a.md": "# 甲\n"})
    (folder / "b.md").symlink_to(Path("old") / "a.md")
    library = load_library([str(folder)])
    assert library.problems == ()
    assert sorted(document.path for document in library.documents) == ["b.md", "old/a.md"]


def test_a_file_that_links_to_itself_is_reported(write_content: WriteContent) -> None:
    folder = write_content({})
    (folder / "self.md").symlink_to("self.md")
    (problem,) = load_library([str(folder)]).problems
    assert problem.path == f"{folder}/self.md"


def test_only_markdown_that_is_not_hidden_is_read(write_content: WriteContent) -> None:
    names = ["b.md", "A.MD", "c.markdown", "n.txt", ".draft.md", ".git/x.md", "甲/乙 丙.md", "md"]
    assert markdown_files(str(write_content(dict.fromkeys(names, "# 題\n")))) == [
        "A.MD",
        "b.md",
        "c.markdown",
        "甲/乙 丙.md",
    ]


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


@pytest.mark.parametrize(
    ("path", "document_id"),
    [  # its name's ASCII words, then the first 6 hex digits of `printf PATH | sha1sum`
        ("memo/Meeting 2024.md", "meeting-2024-4771af"),
        ("other/Meeting 2024.md", "meeting-2024-c9cd15"),
        ("契約 の 手引.md", "doc-7c821b"),
        ("ＰＦＳ手引.md", "pfs-d4a6ae"),
    ],
)
def test_the_id_of_a_file_without_one_depends_on_its_path_alone(path: str, document_id: str) -> None:
    assert derived_id(path) == document_id
