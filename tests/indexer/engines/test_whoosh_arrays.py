"""What is particular to the shipped engine: commits, swaps, staleness, Whoosh's view of it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from whoosh.index import open_dir
from whoosh.query import Term

from indexer.building.build import build
from indexer.building.freshness import content_digest, is_stale
from indexer.engines.whoosh_arrays import WhooshArrays
from indexer.engines.whoosh_arrays.documents import ArrayDocuments
from indexer.engines.whoosh_arrays.scoring import best_places
from indexer.engines.whoosh_arrays.writer import IndexWriter
from indexer.plan import How
from indexer.search.request import SearchRequest
from indexer.search.service import Search, Searches
from kb.errors import ContentError, IndexLockedError, IndexMissingError, IndexStaleError
from tests.conftest import WriteContent, build_folder, open_search
from tests.indexer.engines.engine_contract import CONTENT, ids


@pytest.mark.slow
def test_whoosh_itself_reads_the_same_postings(write_content: WriteContent, tmp_path: Path) -> None:
    build_folder(write_content(CONTENT), tmp_path / "index")
    index = WhooshArrays(tmp_path / "index").open()
    with open_dir(str(tmp_path / "index")).searcher() as searcher:
        results = searcher.search(Term("words", "施行令"), scored=False)
        found = [section.id for _, section in index.documents.of_sections([hit.docnum for hit in results])]
    assert found == ids(Search(index).search(SearchRequest("施行令", exact=True))) == ["direct-contract#conditions"]


def test_a_rebuilt_index_is_picked_up_and_the_old_one_stays_what_it_was(
    write_content: WriteContent, tmp_path: Path
) -> None:
    build_folder(write_content({"a.md": "# 一\n\n随意契約\n"}), tmp_path / "index")
    searches = Searches(WhooshArrays(tmp_path / "index"))
    before = searches.open()
    build_folder(write_content({"a.md": "# 一\n\n入札\n"}), tmp_path / "index")
    after = searches.open()
    assert [search.search(SearchRequest("入札")).total for search in (before, after)] == [0, 1]
    assert before.info.revision != after.info.revision
    assert searches.open() is after


@pytest.mark.slow
def test_the_texts_that_may_hold_a_phrase_are_read_once_however_many_corrections_are_tried(
    write_content: WriteContent, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []
    texts_of = ArrayDocuments.texts_of

    def noted(documents: ArrayDocuments, number: int) -> Iterable[str]:
        read.append(number)
        return texts_of(documents, number)

    monkeypatch.setattr(ArrayDocuments, "texts_of", noted)
    build_folder(write_content(CONTENT), tmp_path / "index")
    engine = open_search(tmp_path / "index")
    assert engine.search(SearchRequest('"施行令 zzz" 随意契訳 競争人札')).total == 0
    assert len(read) == len(set(read)) > 0


def test_files_of_the_replaced_index_are_removed(write_content: WriteContent, tmp_path: Path) -> None:
    content = write_content({"a.md": "# 一\n"})
    build_folder(content, tmp_path / "index")
    before = set(os.listdir(tmp_path / "index"))
    (content / "thesaurus.yaml").write_text("{}\n", encoding="utf-8")
    build_folder(content, tmp_path / "index")
    after = set(os.listdir(tmp_path / "index"))
    assert before & after == {"MAIN_WRITELOCK"}
    kept = [{name.partition(".")[2] for name in names} for names in (before, after)]
    assert kept[1] == kept[0] | {"ledger-changes"}


def test_bad_content_leaves_the_previous_index_serving(write_content: WriteContent, tmp_path: Path) -> None:
    build_folder(write_content({"a.md": "# 一\n\n随意契約\n"}), tmp_path / "index")
    engine = open_search(tmp_path / "index")
    content = write_content({"b.md": "---\nid: B!\nkind: guide\n---\n"})
    with pytest.raises(ContentError) as error:
        build_folder(content, tmp_path / "index")
    assert {problem.line for problem in error.value.problems} == {1, 2}
    assert ids(engine.search(SearchRequest("随意契約"))) != []
    assert open_search(tmp_path / "index").info.documents == 1


def test_keep_going_leaves_out_only_the_files_at_fault(write_content: WriteContent, tmp_path: Path) -> None:
    content = write_content({"a.md": "# 一\n", "b.md": "---\nid: B!\nkind: guide\n---\n"})
    report = build_folder(content, tmp_path / "index", keep_going=True)
    assert report.documents == 1
    assert report.left_out == (str(content / "b.md"),)


def test_a_second_writer_is_told_that_the_index_is_being_built(tmp_path: Path) -> None:
    with IndexWriter(tmp_path), pytest.raises(IndexLockedError):
        IndexWriter(tmp_path)


def test_an_abandoned_build_leaves_no_files(write_content: WriteContent, tmp_path: Path) -> None:
    content = write_content({"a.md": "# 一\n"})
    build_folder(content, tmp_path / "index")
    before = sorted(os.listdir(tmp_path / "index"))
    write_content({"b.md": "---\nid: B!\nkind: guide\n---\n"})
    with pytest.raises(ContentError):
        build_folder(content, tmp_path / "index")
    assert sorted(os.listdir(tmp_path / "index")) == before


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # Whoosh leaves a TOC it rejects open
def test_no_index_and_a_foreign_index_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(IndexMissingError):
        open_search(tmp_path / "nowhere")
    (tmp_path / "_MAIN_1.toc").write_bytes(b"not a TOC")
    with pytest.raises(IndexStaleError):
        open_search(tmp_path)


@pytest.mark.parametrize("name", ["a.md", "thesaurus.yaml", "user_dictionary.csv"])
def test_any_change_of_content_makes_the_index_stale(write_content: WriteContent, tmp_path: Path, name: str) -> None:
    content = write_content({"a.md": "# 一\n"})
    build_folder(content, tmp_path / "index")
    manifest = WhooshArrays(tmp_path / "index").manifest()
    assert not is_stale(manifest, [str(content)])
    write_content({name: "表記,読み,品詞\n"})
    assert is_stale(manifest, [str(content)])


def test_a_snippet_marks_a_synonym_where_only_the_title_holds_the_word_itself(
    write_content: WriteContent, tmp_path: Path
) -> None:
    thesaurus = "equal:\n  - [随意契約, 随契]\n"
    build_folder(
        write_content({"a.md": "# 随契の手引\n\n随意契約は例外です。\n", "thesaurus.yaml": thesaurus}),
        tmp_path / "index",
    )
    (hit,) = open_search(tmp_path / "index").search(SearchRequest("随契")).hits
    assert [why.how for why in hit.why] == [How.EXACT]
    assert hit.snippet == "<mark>随意契約</mark>は例外です。"


def test_the_digest_depends_on_names_as_well(write_content: WriteContent) -> None:
    content = write_content({"a.md": "# 一\n"})
    before = content_digest([str(content)])
    (content / "a.md").rename(content / "b.md")
    assert content_digest([str(content)]) != before


def test_a_file_that_appears_while_the_others_are_indexed_makes_the_index_stale(
    write_content: WriteContent, tmp_path: Path
) -> None:
    content = write_content({"a.md": "# 一\n"})
    index = tmp_path / "index"
    build([str(content)], WhooshArrays(index), progress=lambda *_: (content / "b.md").touch())
    assert is_stale(WhooshArrays(index).manifest(), [str(content)])


@pytest.mark.parametrize("order", [1, -1])
def test_an_index_of_a_folder_and_one_inside_it_is_fresh(
    write_content: WriteContent, tmp_path: Path, order: int
) -> None:
    content = write_content({"z.md": "# 一\n", "sub/a.md": "# 二\n", "zz/b.md": "# 三\n"})
    roots = [str(content), str(content / "sub")][::order]
    index = tmp_path / "index"
    build(roots, WhooshArrays(index), keep_going=True)
    assert not is_stale(WhooshArrays(index).manifest(), roots)


@pytest.mark.parametrize("levels", [3, 100, 10**9])
@pytest.mark.parametrize("limit", [10, 1_000])
def test_the_best_of_many_hits_are_those_of_a_full_sort(levels: int, limit: int) -> None:
    chance = np.random.default_rng(levels + limit)
    scores = (chance.integers(levels, size=25_000) / levels).astype(np.float32)
    expected = sorted(range(len(scores)), key=lambda place: (-scores[place], place))[:limit]
    assert best_places(scores, limit).tolist() == expected
