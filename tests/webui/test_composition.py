"""The real engine behind the application: it starts before its index and follows what is built."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import WriteContent
from webui.app import create_app
from webui.composition import build_index, index_exists, index_is_fresh, make_searches
from webui.settings import Settings

MEMO = "# 随意契約の手引\n\n随意契約の本文です。\n"


@pytest.fixture
def settings(write_content: WriteContent, tmp_path: Path) -> Settings:
    return Settings((str(write_content({"memo.md": MEMO})),), tmp_path / "index")


def test_a_server_is_unavailable_until_its_index_is_built(settings: Settings) -> None:
    client = create_app(make_searches(settings)).test_client()
    before = client.get("/readyz").status_code
    build_index(settings)
    assert (before, client.get("/readyz").status_code) == (503, 200)


def test_a_running_server_picks_up_a_new_index(settings: Settings, write_content: WriteContent) -> None:
    client = create_app(make_searches(settings)).test_client()

    def total() -> int:
        found: int = client.get("/api/v1/search?q=予算書&exact=1").get_json()["total"]
        return found

    build_index(settings)
    before = total()
    write_content({"new.md": "# 予算書\n\n予算書の本文です。\n"})
    build_index(settings)
    assert (before, total()) == (0, 1)


def test_asking_whether_there_is_an_index_makes_none(settings: Settings) -> None:
    assert not index_exists(settings)
    assert not index_is_fresh(settings)
    assert not settings.index.exists()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("memo.md", MEMO + "追記\n"),
        ("new.md", MEMO),
        ("thesaurus.yaml", "equal:\n  - [随意契約, 随契]\n"),
        ("user_dictionary.csv", "表記,読み,品詞\nCureApp,キュアアップ,固有名詞\n"),
    ],
)
def test_whatever_changes_in_the_content_makes_the_index_stale(
    settings: Settings, write_content: WriteContent, name: str, text: str
) -> None:
    build_index(settings)
    assert index_is_fresh(settings)
    write_content({name: text})
    assert not index_is_fresh(settings)
    assert index_exists(settings)


def test_a_file_that_is_no_content_does_not_make_the_index_stale(
    settings: Settings, write_content: WriteContent
) -> None:
    build_index(settings)
    write_content({"notes.txt": "覚え書き"})
    assert index_is_fresh(settings)
