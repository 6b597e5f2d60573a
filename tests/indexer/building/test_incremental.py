"""A build looks only at files that have changed, and what it makes is what a build of everything would have made."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import indexer.building.freshness
import indexer.building.survey
from indexer.building.build import BuildReport, build
from indexer.building.freshness import is_stale
from indexer.engines.whoosh_arrays import WhooshArrays
from indexer.engines.whoosh_arrays.batch import analyse
from indexer.engines.whoosh_arrays.collection import Collection
from indexer.engines.whoosh_arrays.segment import SegmentData
from indexer.entries import entries_of
from indexer.language.analysis import Analyzer
from indexer.language.tokenizer import SudachiTokenizer
from indexer.search.request import SearchRequest
from indexer.search.service import Searches
from kb.documents.catalog import scan
from kb.documents.files import file_digest, read_bytes
from kb.errors import ContentError
from kb.library import DocumentLoader
from tests.conftest import WriteContent, open_search

pytestmark = pytest.mark.slow

WORDS = "随意契約 入札 予算 議会 住民 実証実験 福岡市 補助金 仕様書 スタートアップ 課題 契約保証金 ほげ 2024 X".split()
QUERIES = ["随意契約", "契約", "入札 予算", "補助", "ほげ", "すたーとあっぷ", "随契", "無い語", "増えた語"]
GUIDE_PAGE = (
    "---\nid: page\nkind: guide\ntitle: 増えた語\nchapter: 1\nguide_pages: 3\n"
    "roles: [startup-officer]\nstages: [framing]\n---\n本文"
)
MANY = 30  # documents: enough for one to be a small share
FEW_SAMPLES = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def document(number: int, text: str = "", extra: str = "kind: internal\n") -> str:
    words = random.Random(number)
    body = "\n\n".join(f"## 節{part}\n\n{' '.join(words.choices(WORDS, k=12))}" for part in range(3))
    return f"---\nid: doc-{number}\ntitle: {words.choice(WORDS)}の文書{number}\n{extra}---\n{text}\n\n{body}\n"


@pytest.fixture
def content(write_content: WriteContent) -> Path:
    files = {f"{number:02}.md": document(number) for number in range(MANY)}
    return write_content({**files, "07.md": document(7, "[他の文書](08.md)を見ます。"), "thesaurus.yaml": "{}\n"})


@pytest.fixture
def index(tmp_path: Path, content: Path) -> Path:
    folder = tmp_path / "index"
    report = update(content, folder)
    assert (report.added, report.changed, report.removed, report.analysed) == (MANY, 0, 0, MANY)
    return folder


def update(content: Path, index: Path, *, whole: bool = False) -> BuildReport:
    return build([str(content)], WhooshArrays(index), whole=whole)


def counts(report: BuildReport) -> tuple[int, int, int, int]:
    return report.added, report.changed, report.removed, report.analysed


def answers(index: Path) -> list[object]:
    """All that a reader could see, without scores and the orders that depend on them."""
    engine = open_search(index)
    pages = [engine.search(SearchRequest(q, per_page=100)) for q in QUERIES]
    return [
        engine.documents(),
        [engine.document(document.id) for document in engine.documents()],
        [(page.total, page.facets, {hit.id for hit in page.hits}, page.interpretation) for page in pages],
        [{suggestion.text for suggestion in engine.suggest(q, {}, 50)} for q in QUERIES],
    ]


def assert_same_as_whole(content: Path, index: Path, tmp_path: Path) -> None:
    whole = tmp_path / f"whole-{len(list(tmp_path.iterdir()))}"
    update(content, whole)
    assert answers(index) == answers(whole)
    assert not is_stale(WhooshArrays(index).manifest(), [str(content)])


def test_a_build_without_a_change_writes_nothing(
    content: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kb.documents.files.RACY_NANOSECONDS", 0)  # files as young as these are else looked at twice
    index = tmp_path / "index"
    update(content, index)
    before = {path.name: path.stat().st_mtime_ns for path in index.iterdir()}
    report = update(content, index)
    assert (report.documents, counts(report)) == (MANY, (0, 0, 0, 0))
    assert {path.name: path.stat().st_mtime_ns for path in index.iterdir()} == before
    (content / "03.md").write_text(document(3, "増えた語です。"), encoding="utf-8")
    assert update(content, index).changed == 1


def test_files_that_a_build_found_young_are_not_read_again_once_it_has_taken_its_time(
    content: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def let_time_pass(done: int, total: int) -> None:
        monkeypatch.setattr("kb.documents.files.RACY_NANOSECONDS", 0)
        if done == total:
            (content / "03.md").write_text(document(3, "その間に変わりました。"), encoding="utf-8")

    index = tmp_path / "index"
    build([str(content)], WhooshArrays(index), progress=let_time_pass)
    read: list[str] = []

    def noted(path: str) -> str:
        read.append(path)
        return file_digest(path)

    monkeypatch.setattr("kb.documents.catalog.file_digest", noted)
    assert counts(update(content, index)) == (0, 1, 0, 1)
    assert read == [str(content / "03.md")]


# Each edit with what is counted: added, changed, removed, and looked at again


def touch(content: Path) -> None:
    os.utime(content / "03.md")


def write(name: str, text: str) -> Callable[[Path], object]:
    return lambda content: (content / name).write_text(text, encoding="utf-8")


def rename(old: str, new: str) -> Callable[[Path], object]:
    return lambda content: (content / old).rename(content / new)


def remove(name: str) -> Callable[[Path], object]:
    return lambda content: (content / name).unlink()


EDITS = {
    "nothing": (lambda content: None, (0, 0, 0, 0)),
    "a file that was only touched": (touch, (0, 0, 0, 0)),
    "text": (write("03.md", document(3, "増えた語です。")), (0, 1, 0, 1)),
    "front matter": (
        write("03.md", document(3, extra="kind: internal\nformer_ids: [old-3]\n")),
        (0, 1, 0, 1),
    ),
    "a new file": (write("99.md", document(99)), (1, 0, 0, 1)),
    "a new first file": (write("00a.md", "---\nid: aaa\nkind: internal\ntitle: 増えた語\n---\n本文"), (1, 0, 0, 1)),
    "a new guide page": (write("g.md", GUIDE_PAGE), (1, 0, 0, 1)),
    "a removed file": (remove("05.md"), (0, 0, 1, 0)),
    "a renamed file": (rename("05.md", "50.md"), (0, 1, 0, 1)),
    "a renamed file that another links to": (rename("08.md", "80.md"), (0, 1, 0, 2)),
    "a removed file that another links to": (remove("08.md"), (0, 0, 1, 1)),
    "another id": (write("05.md", document(5).replace("doc-5", "doc-5b")), (1, 0, 1, 1)),
    "an emptied file": (write("05.md", "---\nid: doc-5\nkind: internal\ntitle: 空\n---\n"), (0, 1, 0, 1)),
    "the thesaurus": (write("thesaurus.yaml", "equal:\n  - [随意契約, 随契]\n"), (0, 0, 0, 0)),
}


@pytest.mark.parametrize(("edit", "expected"), EDITS.values(), ids=EDITS)
def test_an_edit_is_all_that_is_looked_at_and_ends_as_a_whole_build_would(
    content: Path, index: Path, tmp_path: Path, edit: Callable[[Path], object], expected: tuple[int, ...]
) -> None:
    edit(content)
    assert counts(update(content, index)) == expected
    assert_same_as_whole(content, index, tmp_path)


def test_edits_one_after_the_other_end_as_a_whole_build_would(content: Path, index: Path, tmp_path: Path) -> None:
    for text, number in (("増えた語", 3), ("入札", 11), ("予算", 3)):
        write(f"{number:02}.md", document(number, text))(content)
        assert counts(update(content, index)) == (0, 1, 0, 1)
    assert_same_as_whole(content, index, tmp_path)


def test_a_build_that_fails_is_not_remembered(content: Path, index: Path, tmp_path: Path) -> None:
    write("03.md", "---\nid: doc-3\nkind: nonsense\n---\n")(content)
    with pytest.raises(ContentError):
        update(content, index)
    write("03.md", document(3, "増えた語です。"))(content)
    assert counts(update(content, index)) == (0, 1, 0, 1)
    assert_same_as_whole(content, index, tmp_path)


def test_problems_of_files_that_were_not_looked_at_again_are_still_reported(content: Path, index: Path) -> None:
    write("04.md", document(4, "[何もない](nowhere.md)"))(content)
    first = update(content, index).problems
    write("03.md", document(3, "増えた語です。"))(content)
    second = update(content, index)
    assert first == second.problems != ()
    assert second.analysed == 1


# When everything is looked at again


def test_a_whole_build_that_was_asked_for_says_what_changed_as_an_update_does(
    content: Path, index: Path, tmp_path: Path
) -> None:
    write("03.md", document(3, "変わりました。"))(content)
    write("new.md", document(MANY))(content)
    (content / "05.md").unlink()
    assert counts(update(content, index, whole=True)) == (1, 1, 1, MANY)
    assert counts(update(content, index, whole=True)) == (0, 0, 0, MANY)
    assert_same_as_whole(content, index, tmp_path)


def assert_whole(content: Path, index: Path) -> None:
    assert update(content, index).analysed == MANY


def test_much_change_means_a_whole_build_since_average_lengths_are_due(content: Path, index: Path) -> None:
    for number in range(MANY // 5):
        write(f"{number:02}.md", document(number, "増えた語です。"))(content)
    assert_whole(content, index)


def test_small_changes_add_up_to_a_whole_build(content: Path, index: Path) -> None:
    seen = []
    for step in range(5):
        write("03.md", document(3, f"増えた語です。{step}"))(content)
        seen.append(update(content, index).analysed)
    assert seen == [1, 1, 1, MANY, 1]


def test_documents_that_change_places_are_all_that_is_looked_at(content: Path, index: Path) -> None:
    (content / "05.md").rename(content / "x.md")
    (content / "06.md").rename(content / "05.md")
    (content / "x.md").rename(content / "06.md")
    assert update(content, index).analysed == 2
    assert [item.id for item in open_search(index).documents()][5:7] == ["doc-6", "doc-5"]


def test_updates_keep_the_ledger_of_the_whole_build_and_add_what_differs_from_it(content: Path, index: Path) -> None:
    def base() -> bytes:
        (ledger,) = index.glob("*.ledger")
        return ledger.read_bytes()

    before = base()
    for text in ("一度目です。", "二度目です。"):
        write("03.md", document(3, text))(content)
        (content / "05.md").unlink(missing_ok=True)
        update(content, index)
        assert base() == before
        assert len(list(index.glob("*.ledger-changes"))) == 1
    assert counts(update(content, index)) == (0, 0, 0, 0)


def test_a_content_folder_may_be_named_in_another_way_the_next_time(content: Path, index: Path, tmp_path: Path) -> None:
    (content / "sub").mkdir()
    (content / "08.md").rename(content / "sub" / "08.md")
    (content / "sub" / "own.md").write_text("# 題名\n\n本文です。\n", encoding="utf-8")  # whose id goes by its path
    for root in (str(content), f"{content}{os.sep}", f"{content / 'sub'}", f"{content}"):
        build([root], WhooshArrays(index))
        fresh = tmp_path / "fresh"
        shutil.rmtree(fresh, ignore_errors=True)
        build([root], WhooshArrays(fresh))
        assert answers(index) == answers(fresh)


def test_a_whole_build_reads_every_file_again(content: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kb.documents.files.RACY_NANOSECONDS", 0)
    index = tmp_path / "index"
    update(content, index)
    read: list[str] = []

    def noting(path: str) -> bytes:
        read.append(path)
        return read_bytes(path)

    monkeypatch.setattr("kb.documents.catalog.read_bytes", noting)
    update(content, index)
    assert not read
    update(content, index, whole=True)
    assert len(read) == MANY


@pytest.mark.parametrize("damage", [b"", b"garbage"])
@pytest.mark.parametrize("name", ["ledger", "ledger-changes"])
def test_a_damaged_ledger_means_a_whole_build(content: Path, index: Path, name: str, damage: bytes) -> None:
    write("03.md", document(3, "変わりました。"))(content)
    assert update(content, index).analysed == 1
    (ledger,) = index.glob(f"*.{name}")
    size = ledger.stat().st_size
    ledger.write_bytes(damage.ljust(size if damage else 0, b"\0"))
    assert_whole(content, index)


def test_another_user_dictionary_means_a_whole_build(content: Path, index: Path) -> None:
    row = "増語,ゾウゴ,名詞\n"
    write("user_dictionary.csv", row)(content)
    assert_whole(content, index)


def test_the_user_dictionary_is_compiled_only_when_it_has_changed(
    content: Path, index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("user_dictionary.csv", "増語,ゾウゴ,名詞\n")(content)
    update(content, index)
    monkeypatch.setattr(indexer.building.survey, "compile_user_dictionary", None)  # calling it would fail
    write("03.md", document(3, "増語です。"))(content)
    assert counts(update(content, index)) == (0, 1, 0, 1)
    engine = open_search(index)
    assert [hit.document.id for hit in engine.search(SearchRequest("増語", exact=True)).hits] == ["doc-3"]


def test_other_weights_mean_a_whole_build(content: Path, index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexer.building.freshness, "weights_stamp", lambda: "other")
    assert_whole(content, index)


def test_a_whole_build_can_be_asked_for(content: Path, index: Path) -> None:
    assert build([str(content)], WhooshArrays(index), whole=True).analysed == MANY


# The arrays themselves

_ANALYZER = Analyzer(SudachiTokenizer(None))


def segment(texts: Sequence[tuple[int, str]], base: SegmentData | None, folder: Path) -> SegmentData:
    """The arrays of some documents, each given as (number, text)."""
    for number, text in texts:
        page = f"---\nid: d{number}\nkind: internal\ntitle: {text[:4]}\n---\n{text}\n"
        (folder / f"{number}.md").write_text(page, encoding="utf-8")
    files = {file.id: file for file in scan([str(folder)]).files}
    loader = DocumentLoader({})
    entries = [entry for number, _ in texts for entry in entries_of(loader.load(files[f"d{number}"]).document)]
    collection = Collection()
    collection.add(analyse(entries, _ANALYZER))
    return collection.segment(base)


texts = st.lists(st.sampled_from(WORDS), min_size=1, max_size=6).map(" ".join)


@FEW_SAMPLES
@given(st.data(), st.lists(texts, min_size=1, max_size=6))
def test_arrays_after_any_edit_are_those_of_a_whole_build(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, before: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("arrays")
    old = list(enumerate(before))
    kept = [item for item in old if data.draw(st.booleans())]
    layout: list[int] = []
    after: list[tuple[int, str]] = []
    added: list[tuple[int, str]] = []
    for item in [*kept, None]:
        for text in data.draw(st.lists(texts, max_size=2)):
            fresh = (100 + len(added), text)
            layout.append(-1)
            added.append(fresh)
            after.append(fresh)
        if item:
            layout.append(item[0])
            after.append(item)
    start = segment(old, None, folder)
    count = start.save_updated(folder, "updated", segment(added, start, folder), np.array(layout, dtype=np.int64))
    updated = SegmentData.open(folder, "updated", {path.name for path in folder.iterdir()})
    whole = segment(after, start, folder)
    for name, expected in whole.fields.items():
        field = updated.fields[name]
        assert list(field.lexicon) == list(expected.lexicon), name
        for array in ("offsets", "members", "impacts", "counts", "position_starts", "positions"):
            np.testing.assert_array_equal(getattr(field, array), getattr(expected, array), f"{name}.{array}")
    for array in ("document_starts", "stored_starts", "averages"):
        np.testing.assert_array_equal(getattr(updated, array), getattr(whole, array), array)
    held = [data.combinations[data.combination_numbers] for data in (updated, whole)]
    np.testing.assert_array_equal(held[0], held[1])
    assert count == len(updated) == len(whole)
    stored = [[data.stored_row(number) for number in range(len(data))] for data in (updated, whole)]
    assert stored[0] == stored[1]


def test_the_engine_that_serves_sees_an_update_without_reopening(content: Path, index: Path) -> None:
    searches = Searches(WhooshArrays(index))
    searches.open()
    write("03.md", document(3, "増えた語です。"))(content)
    assert update(content, index).analysed == 1
    hits = searches.open().search(SearchRequest("増えた語", exact=True)).hits
    assert [hit.document.id for hit in hits] == ["doc-3"]
