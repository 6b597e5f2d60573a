"""Pages over a fake engine: what is asked of it, and what a reader is shown."""

from __future__ import annotations

import re

import pytest
from werkzeug.test import TestResponse

from indexer.engine import Interpretation, NextStep, SearchRequest
from tests.webui.fakes import FakeEngine, hit
from webui.app import create_app


def get(path: str, engine: FakeEngine | None = None) -> TestResponse:
    return create_app(engine or FakeEngine([hit()])).test_client().get(path)


def text(path: str, engine: FakeEngine | None = None) -> str:
    return get(path, engine).get_data(as_text=True)


def test_home_offers_roles_steps_exits_chapters_and_cases() -> None:
    page = text("/")
    for offered in (
        "自治体・意思決定者",
        "課題特定・企画",
        "自治体“へ”導入する",
        "第5章 官民連携編",
        "ある市の事例",
        "2件の文書（4節）",
    ):
        assert offered in page


def test_a_search_asks_for_exactly_what_the_address_says() -> None:
    engine = FakeEngine([hit()])
    get("/search?q=%20随契%20&role=gov-line-officer&role=intermediary&chapter=5&page=2&per_page=20&exact=1", engine)
    assert engine.asked == [
        SearchRequest("随契", {"role": ("gov-line-officer", "intermediary"), "chapter": ("5",)}, 2, 20, exact=True)
    ]


def test_a_hit_shows_place_heading_snippet_pages_and_reason() -> None:
    page = text("/search?q=随契")
    assert "第5章 官民連携編 › スタートアップとの随意契約" in page
    assert 'href="/docs/direct-contract?q=%E9%9A%8F%E5%A5%91#conditions"' in page
    assert "前<mark>随意契約</mark>後 &lt;b&gt;" in page
    assert "実践ガイド 83〜99頁" in page
    assert "「随契」と同じ意味の「随意契約」</span>で見つかりました。" in page


def test_a_hostile_query_is_escaped_wherever_it_stands() -> None:
    page = text("/search?q=%22%3E%3Cscript%3Ealert(1)%3C/script%3E")
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_filters_stay_checked_and_can_be_taken_off() -> None:
    page = text("/search?q=随契&chapter=5")
    assert re.search(r'name="chapter" value="5" checked', page)
    assert re.search(r'href="/search\?q=%E9%9A%8F%E5%A5%91"><span class="chip-facet">章', page)


def test_pages_of_results_keep_query_and_filters() -> None:
    page = text("/search?q=随契&chapter=5&page=2", FakeEngine([hit(number) for number in range(35)]))
    assert 'start="11"' in page
    assert 'href="/search?q=%E9%9A%8F%E5%A5%91&amp;chapter=5&amp;page=3"' in page
    assert '<span aria-current="page">2</span>' in page


def test_an_empty_answer_names_the_word_and_the_next_steps_with_their_totals() -> None:
    steps = (
        NextStep("spelling", "プロポーザル", "プロポーザル", {}, False, 14),
        NextStep("without_filter", "章", "プロポ", {}, False, 9),
    )
    page = text(
        "/search?q=プロポーザノレ", FakeEngine([], Interpretation(unknown=("プロポーザノレ",), next_steps=steps))
    )
    assert "「プロポーザノレ」を含む節はありません。" in page
    assert "「プロポーザル」で検索する</a>（14件）" in page
    assert "「章」の絞り込みを外す</a>（9件）" in page


def test_a_correction_is_said_and_can_be_undone() -> None:
    interpretation = Interpretation(did_you_mean="プロポーザル", corrected=True)
    page = text("/search?q=プロポーザノレ", FakeEngine([hit()], interpretation))
    assert "「プロポーザノレ」は見つからないため、「プロポーザル」で検索しました。" in page
    assert "exact=1" in page


def test_dropped_words_are_said() -> None:
    page = text("/search?q=随契 宇宙", FakeEngine([hit()], Interpretation(dropped=("宇宙",))))
    assert "すべての語を含む節はないため、「宇宙」を除いて検索しました。" in page


def test_a_document_shows_contents_source_pages_related_and_questions() -> None:
    page = text("/docs/direct-contract")
    assert '<h2 id="conditions">適用できる条件' in page
    assert '<h3 id="detail">細かい条件' in page
    assert '<a href="#conditions">適用できる条件</a>' in page
    assert '<a href="#conditions">入札なしで買えるのか</a>' in page
    assert "83〜99頁" in page
    assert '<a href="https://example.com/guide" rel="noopener noreferrer">実践ガイド</a>（発行者）' in page
    assert '<a href="/docs/city">ある市の事例</a>' in page
    assert "2026年11月23日" in page


def test_searched_words_are_marked_in_a_document_and_can_be_cleared() -> None:
    page = text("/docs/direct-contract?q=随意契約")
    assert "<p><mark>随意契約</mark>の条件</p>" in page
    assert "1か所" in page
    assert '<a href="/docs/direct-contract">印を消す</a>' in page


def test_a_former_address_leads_to_the_present_one_for_ever() -> None:
    answer = get("/docs/old-contract?q=随契")
    assert (answer.status_code, answer.location) == (301, "/docs/direct-contract?q=%E9%9A%8F%E5%A5%91")


def test_a_section_id_leads_to_its_heading() -> None:
    answer = get("/s/direct-contract%23conditions")
    assert (answer.status_code, answer.location) == (301, "/docs/direct-contract#conditions")


def test_the_address_bar_can_be_given_this_search() -> None:
    answer = get("/opensearch.xml")
    assert answer.mimetype == "application/opensearchdescription+xml"
    assert "http://localhost/search?q={searchTerms}" in answer.get_data(as_text=True)


def test_health_and_readiness() -> None:
    assert get("/healthz").get_data() == b"ok"
    assert get("/readyz").get_data() == b"ok"


@pytest.mark.parametrize("path", ["/", "/search?q=随契", "/docs/direct-contract", "/docs/gone"])
def test_every_page_has_one_h1_a_title_and_its_language(path: str) -> None:
    page = text(path)
    assert len(re.findall("<h1", page)) == 1
    assert '<html lang="ja">' in page
    assert "｜官民連携ナレッジ検索</title>" in page or path == "/"
