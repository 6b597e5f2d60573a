"""The page of results as a reader without JavaScript gets and uses it."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from flask.testing import FlaskClient

from indexer.engine import Sort
from indexer.plan import How
from indexer.search.answer import Interpretation, NextStep, Why
from indexer.search.request import SearchRequest
from kb.vocabulary import FACETS
from tests.webui.dom import Element, parse
from tests.webui.fake_search import CASE_HIT, CONDITIONS_HIT, SettableSearch

HOSTILE = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>&amp;{{7*7}}"


def get(client: FlaskClient, url: str) -> Element:
    answer = client.get(url)
    assert answer.status_code == 200
    return parse(answer.get_data(as_text=True))


def parameters(url: str) -> dict[str, list[str]]:
    parts = urlsplit(url)
    assert parts.path == "/search"
    return parse_qs(parts.query, keep_blank_values=True)


def submitted(form: Element, *more: tuple[str, str]) -> str:
    """The address that a browser goes to for a form as it stands, with some more boxes ticked."""
    assert form["method"] == "get"
    controls = [
        (field["name"], field.attributes.get("value", "on"))
        for field in form.all("input")
        if field.attributes.get("type") != "checkbox" or "checked" in field
    ]
    for menu in form.all("select"):
        (chosen,) = [option for option in menu.all("option") if "selected" in option]
        controls.append((menu["name"], chosen["value"]))
    return f"{form['action']}?{urlencode([*controls, *more])}"


# Hits


def test_the_results_are_headed_by_the_query_and_the_box_keeps_it(client: FlaskClient) -> None:
    page = get(client, "/search?q=随契　条件")
    assert page.one("h1").text == "「随契 条件」の検索結果"
    assert page.one("input", name="q")["value"] == "随契　条件"


def test_hits_stand_in_the_order_of_the_search(client: FlaskClient) -> None:
    hits = get(client, "/search?q=x").all("li", "hit")
    assert [(hit.one("h2").text, hit.one("h2").one("a")["href"]) for hit in hits] == [
        ("適用できる条件", "/docs/direct-contract?q=x#conditions"),
        ("ある市の事例", "/docs/city-case?q=x"),
    ]


def test_sections_that_lack_a_word_stand_apart_and_name_it(search: SettableSearch, client: FlaskClient) -> None:
    search.hits, search.partial_hits = (CONDITIONS_HIT,), (replace(CASE_HIT, missing=("随契", "認定")),)
    page = get(client, "/search?q=随契　認定")
    (listed,) = [item for item in page.all("ul") if item.attributes.get("aria-labelledby")]
    assert page.one("p", id=listed["aria-labelledby"]).text == "語の一部だけを含む節"
    (hit,) = listed.all("li", "hit")
    assert "この節に「随契」「認定」はありません。" in hit.text
    assert page.one("p", id="summary").text == "1件"


def test_a_snippet_keeps_its_marks_and_its_escapes(client: FlaskClient) -> None:
    snippet = get(client, "/search?q=x").all("li", "hit")[0].one("p", "snippet")
    assert snippet.one("mark").text == "随意契約"
    assert snippet.text == "随意契約は、A < B の場合に限ります。"


@pytest.mark.parametrize(
    ("how", "sentence"),
    [
        (How.PARTS, "「打語」に含まれる語（当語）で見つかりました。"),
        (How.SYNONYM, "「打語」と同じ意味の「当語」で見つかりました。"),
        (How.READING, "「打語」と読む「当語」で見つかりました。"),
        (How.RELATED, "「打語」と意味が近い「当語」で見つかりました。"),
        (How.SUBSTRING, "「打語」と同じ文字の並びで見つかりました。"),
    ],
)
def test_every_way_to_match_has_its_own_sentence(
    search: SettableSearch, client: FlaskClient, how: How, sentence: str
) -> None:
    search.hits = (replace(CASE_HIT, why=(Why("打語", "当語", how),)),)
    assert get(client, "/search?q=x").one("p", "why").text == sentence


def test_a_word_found_as_typed_needs_no_explanation(search: SettableSearch, client: FlaskClient) -> None:
    search.hits = (replace(CONDITIONS_HIT, why=(Why("打語", "打語", How.EXACT),)),)
    assert get(client, "/search?q=x").all("p", "why") == []


def test_the_words_are_marked_in_the_heading_too(client: FlaskClient) -> None:
    heading = get(client, "/search?q=条件").all("li", "hit")[0].one("h2")
    assert (heading.text, heading.one("mark").text) == ("適用できる条件", "条件")


def test_headings_show_the_words_of_a_correction(search: SettableSearch, client: FlaskClient) -> None:
    search.interpretation = Interpretation(did_you_mean="条件", corrected=True)
    assert get(client, "/search?q=じょうけｎ").all("li", "hit")[0].one("h2").one("mark").text == "条件"


def test_a_hit_that_shows_none_of_the_words_says_where_they_are(search: SettableSearch, client: FlaskClient) -> None:
    search.hits = (replace(CASE_HIT, why=(Why("x", "x", How.EXACT),)),)
    assert (
        get(client, "/search?q=x").one("p", "why").text
        == "題名や質問など、ここに表示していない箇所の語で見つかりました。"
    )
    search.hits = (CASE_HIT,)
    assert get(client, "/search?q=-x").all("p", "why") == []
    assert get(client, "/search").all("p", "why") == []


def test_a_list_without_a_query_has_no_order_by_relevance(client: FlaskClient) -> None:
    assert get(client, "/search?kind=case").all("nav", "sort") == []
    assert get(client, "/search?q=x").one("nav", "sort")


@pytest.mark.parametrize("q", ["随契", "予算", "だれが読む", "首長", "原課が動いてくれない", "随意計約", "PFS"])
def test_every_hit_of_the_guide_shows_why_it_was_found(guide_client: FlaskClient, q: str) -> None:
    hits = get(guide_client, f"/search?{urlencode({'q': q})}").all("li", "hit")
    assert hits
    assert [hit.one("h2").text for hit in hits if not hit.all("mark") and not hit.all("p", "why")] == []


# Pages


def test_the_number_of_hits_is_announced(client: FlaskClient) -> None:
    assert get(client, "/search?q=x").one("p", id="summary").text == "2件"


def test_a_later_page_says_which_hits_it_shows(search: SettableSearch, client: FlaskClient) -> None:
    search.total, search.hits = 1_012, (CONDITIONS_HIT,) * 10
    assert get(client, "/search?q=x&page=2").one("p", id="summary").text == "1,012件中 11〜20件を表示"


def test_pages_that_are_not_listed_leave_a_visible_gap(search: SettableSearch, client: FlaskClient) -> None:
    search.total = 200
    links = get(client, "/search?q=x&page=10").one("nav", "pages")
    assert [item.text for item in links.all("li")] == ["1", "…", "8", "9", "10", "11", "12", "…", "20"]


def test_no_page_link_leads_beyond_the_window(search: SettableSearch, client: FlaskClient) -> None:
    search.total = 136_000
    last = get(client, "/search?q=x&per_page=30").one("nav", "pages").all("a")[-1]
    assert last.text == "33"
    assert client.get(last["href"]).status_code == 200


def test_one_page_of_hits_has_no_page_links(client: FlaskClient) -> None:
    assert get(client, "/search?q=x").all("nav", "pages") == []


def test_a_page_past_the_last_hit_claims_no_range_and_leads_back(search: SettableSearch, client: FlaskClient) -> None:
    search.total, search.hits = 25, ()
    page = get(client, "/search?q=x&page=50")
    assert "〜" not in page.one("p", id="summary").text
    assert {"q": ["x"], "page": ["3"]} in [parameters(link["href"]) for link in page.one("nav", "pages").all("a")]


# Facets


def test_every_facet_is_shown_with_all_its_values_and_counts(client: FlaskClient) -> None:
    groups = {group.one("legend").text: group for group in get(client, "/search?q=x").all("fieldset")}
    assert list(groups) == [*(facet.label for facet in FACETS), "探し方"]
    counts = {"gov-line-officer": "1,234件", "case": "1件"}
    for facet in FACETS:
        shown = {
            choice.one("input")["value"]: (choice.one("span", "choice-label").text, choice.one("span", "count").text)
            for choice in groups[facet.label].all("label", "choice")
        }
        assert shown == {value: (label, counts.get(value, "0件")) for value, label in facet.values.items()}


def test_selected_values_are_checked(client: FlaskClient) -> None:
    page = get(client, "/search?q=x&role=gov-line-officer&kind=case")
    checked = [(box["name"], box["value"]) for box in page.all("input", type="checkbox") if "checked" in box]
    assert checked == [("role", "gov-line-officer"), ("kind", "case")]


def test_ticking_a_filter_keeps_the_query_the_other_filters_and_the_order(
    search: SettableSearch, client: FlaskClient
) -> None:
    form = get(client, "/search?q=随契　条件&role=intermediary&exact=1&sort=page").one("form", role="search")
    get(client, submitted(form, ("chapter", "5")))
    assert search.searched[-1] == SearchRequest(
        "随契　条件", {"role": ("intermediary",), "chapter": ("5",)}, exact=True, sort=Sort.PAGE
    )


def test_ticking_a_filter_keeps_the_page_size(search: SettableSearch, client: FlaskClient) -> None:
    form = get(client, "/search?q=x&per_page=50").one("form", role="search")
    get(client, submitted(form, ("chapter", "5")))
    assert search.searched[-1].per_page == 50


def test_ticking_a_filter_goes_back_to_the_first_page(search: SettableSearch, client: FlaskClient) -> None:
    search.total = 25
    form = get(client, "/search?q=x&page=2").one("form", role="search")
    get(client, submitted(form, ("chapter", "5")))
    assert search.searched[-1].page == 1


def test_a_chip_takes_its_own_filter_off_and_keeps_the_rest(client: FlaskClient) -> None:
    links = get(client, "/search?q=x&role=intermediary&role=gov-executive&kind=case").one("ul", "chips").all("a")
    assert [link.text.removesuffix(" ×を外す") for link in links] == [
        "立場：中間支援団体",
        "立場：自治体・意思決定者",
        "種別：事例",
        "すべて解除",
    ]
    assert [parameters(link["href"]) for link in links] == [
        {"q": ["x"], "role": ["gov-executive"], "kind": ["case"]},
        {"q": ["x"], "role": ["intermediary"], "kind": ["case"]},
        {"q": ["x"], "role": ["gov-executive", "intermediary"]},
        {"q": ["x"]},
    ]


def test_without_filters_there_are_no_chips(client: FlaskClient) -> None:
    assert get(client, "/search?q=x").all("ul", "chips") == []


@pytest.mark.parametrize(
    ("interpretation", "said"),
    [
        (
            Interpretation(dropped=("宇宙", "船"), unknown=("宇宙",)),
            "すべての語を含む節はないため、「宇宙」「船」を除いて検索しました。",
        ),
        (Interpretation(unknown=("監査",)), "「監査」を含む節はないため、ほかの語で検索しました。"),
    ],
)
def test_words_that_were_given_up_or_are_nowhere_are_named_above_the_hits(
    search: SettableSearch, client: FlaskClient, interpretation: Interpretation, said: str
) -> None:
    search.interpretation = interpretation
    assert get(client, "/search?q=x").one("div", "notice").text == said


# Nothing typed, nothing found


@pytest.mark.parametrize("url", ["/search", "/search?q=", "/search?q=%20%E3%80%80"])
def test_an_empty_query_lists_the_documents(search: SettableSearch, client: FlaskClient, url: str) -> None:
    page = get(client, url)
    assert page.one("h1").text == "文書の一覧"
    assert search.searched == [SearchRequest()]
    assert [hit.one("a")["href"] for hit in page.all("li", "hit")] == [
        "/docs/direct-contract#conditions",
        "/docs/city-case",
    ]


@pytest.fixture
def empty(search: SettableSearch) -> SettableSearch:
    search.hits = ()
    return search


@pytest.mark.usefixtures("empty")
def test_no_hits_come_with_general_advice_and_a_way_home(client: FlaskClient) -> None:
    page = get(client, "/search?q=x")
    assert page.one("p", id="summary").text == "該当する文書はありません"
    notice = page.one("div", "notice")
    assert notice.all("p")[0].text == "入力した語をすべて含む節はありません。"
    assert [item.text for item in notice.all("li")] == [
        "別の言い方や、短い語に変えて検索する",
        "トップページで、立場や段階から探す",
    ]
    assert notice.one("a")["href"] == "/"


def test_no_hits_name_the_words_that_are_nowhere(empty: SettableSearch, client: FlaskClient) -> None:
    empty.interpretation = Interpretation(unknown=("ぬるぽ", "ガッ"))
    assert (
        get(client, "/search?q=x").one("div", "notice").all("p")[0].text == "「ぬるぽ」「ガッ」を含む節はありません。"
    )


def test_what_is_nowhere_is_named_as_it_was_typed_with_its_equals(empty: SettableSearch, client: FlaskClient) -> None:
    empty.interpretation = Interpretation(unknown=("nda",), expansions={"nda": ("秘密保持契約", "守秘契約")})
    assert get(client, "/search?q=İ%20NDA").one("div", "notice").all("p")[0].text == "「nda」を含む節はありません。"
    notice = get(client, "/search?q=契約%20NDA").one("div", "notice")
    assert [part.text for part in notice.all("p")[:2]] == [
        "「NDA」を含む節はありません。",
        "「NDA」は、同じ意味の「秘密保持契約」「守秘契約」でも探しました。",
    ]


@pytest.mark.usefixtures("empty")
def test_no_hits_under_filters_blame_the_filters(client: FlaskClient) -> None:
    notice = get(client, "/search?q=x&kind=case").one("div", "notice")
    assert notice.all("p")[0].text == "選んだ条件に合う節がありません。"


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("spelling", "「語」で検索する（1,004件）"),
        ("without_filter", "「語」の絞り込みを外す（1,004件）"),
        ("without_filters", "絞り込みをすべて解除する（1,004件）"),
        ("not_exact", "完全一致のみをやめる（1,004件）"),
        ("as_phrase", "「語」の前後に文字が続くものも含めて検索する（1,004件）"),
        ("without_quotes", "引用符を外して検索する（1,004件）"),
        ("only", "「語」だけで検索する（1,004件）"),
    ],
)
def test_a_next_step_says_what_it_does_and_how_much_it_finds(
    empty: SettableSearch, client: FlaskClient, kind: str, text: str
) -> None:
    step = NextStep(kind, "語", "契約", {"kind": ("case",)}, exact=False, total=1_004)
    empty.interpretation = Interpretation(next_steps=(step,))
    (item,) = get(client, "/search?q=x&exact=1&role=intermediary").one("div", "notice").all("li")
    assert item.text == text
    assert parameters(item.one("a")["href"]) == {"q": ["契約"], "kind": ["case"]}


# What was made of the query


def test_a_likely_slip_is_offered_and_keeps_the_filters(search: SettableSearch, client: FlaskClient) -> None:
    search.interpretation = Interpretation(did_you_mean="随意契約")
    offer = get(client, "/search?q=x&role=intermediary&page=2").one("p", "did-you-mean")
    assert offer.text == "もしかして：随意契約"
    assert parameters(offer.one("a")["href"]) == {"q": ["随意契約"], "role": ["intermediary"]}


def test_a_corrected_search_offers_what_was_typed(search: SettableSearch, client: FlaskClient) -> None:
    search.interpretation = Interpretation(did_you_mean="随意契約", corrected=True)
    offer = get(client, "/search?q=x&role=intermediary").one("p", "did-you-mean")
    assert parameters(offer.one("a")["href"]) == {"q": ["x"], "role": ["intermediary"], "exact": ["1"]}


def test_synonyms_are_listed_with_a_way_to_do_without(search: SettableSearch, client: FlaskClient) -> None:
    search.interpretation = Interpretation(expansions={"随契": ("随意契約", "特命随意契約")})
    notice = get(client, "/search?q=x&kind=case").one("details", "notice")
    assert [item.text for item in notice.all("li")] == ["「随契」：随意契約、特命随意契約"]
    assert parameters(notice.one("a")["href"]) == {"q": ["x"], "kind": ["case"], "exact": ["1"]}


# Hostile text


def assert_harmless(page: Element) -> None:
    assert [script["src"].partition("?")[0] for script in page.all("script")] == ["/static/app.js"]
    assert page.all("img") == []
    assert not [element.tag for element in page.walk() if any(name.startswith("on") for name in element.attributes)]


@pytest.mark.parametrize("found", [True, False])
def test_a_hostile_query_is_shown_as_typed_and_does_nothing(
    search: SettableSearch, client: FlaskClient, found: bool
) -> None:
    search.hits = search.hits if found else ()
    page = get(client, f"/search?{urlencode({'q': HOSTILE, 'role': 'intermediary'})}")
    assert_harmless(page)
    assert page.one("input", name="q")["value"] == HOSTILE
    assert page.one("h1").text == f"「{HOSTILE}」の検索結果"
    assert parameters(page.one("a", "clear")["href"]) == {"q": [HOSTILE]}


@pytest.mark.parametrize("corrected", [True, False])
@pytest.mark.parametrize("found", [True, False])
def test_hostile_words_of_an_interpretation_do_nothing(
    search: SettableSearch, client: FlaskClient, found: bool, corrected: bool
) -> None:
    step = NextStep("only", HOSTILE, HOSTILE, {}, exact=False, total=1)
    search.hits = search.hits if found else ()
    search.interpretation = Interpretation(
        HOSTILE, HOSTILE, corrected, (HOSTILE,), {HOSTILE: (HOSTILE,)}, (HOSTILE,), (step,)
    )
    page = get(client, "/search?q=x")
    assert_harmless(page)
    assert HOSTILE in page.one("main").text


def test_a_hostile_title_does_nothing(search: SettableSearch, client: FlaskClient) -> None:
    document = replace(CASE_HIT.document, title=HOSTILE)
    why = (Why(HOSTILE, HOSTILE, How.READING),)
    search.hits = (replace(CASE_HIT, breadcrumb=(HOSTILE,), document=document, why=why),)
    page = get(client, "/search?q=x")
    assert_harmless(page)
    assert page.one("li", "hit").one("h2").text == HOSTILE
