"""The JSON API: shapes and values as they were promised, the page's own order, and a description that is true."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient

from indexer.engine import Sort
from indexer.search.answer import Interpretation, NextStep, Suggestion
from indexer.search.request import SearchRequest
from kb.errors import IndexMissingError
from kb.vocabulary import FACETS
from tests.webui.dom import parse
from tests.webui.fake_search import CASE_HIT, SettableSearch
from tests.webui.schema import problems, references, resolve
from webui.cli import main

PROMISED_KEYS = ["query", "total", "page", "per_page", "took_ms", "hits", "facets"]


def get(client: FlaskClient, url: str) -> Any:
    answer = client.get(url)
    assert answer.status_code == 200
    assert answer.content_type == "application/json"
    return answer.get_json()


# Search


def test_a_search_answers_with_the_keys_of_the_design_in_its_order(client: FlaskClient) -> None:
    assert list(get(client, "/api/v1/search?q=随契")) == [*PROMISED_KEYS, "partial_hits"]


def test_sections_that_lack_a_word_are_a_list_of_their_own_and_name_it(
    search: SettableSearch, client: FlaskClient
) -> None:
    search.partial_hits = (replace(CASE_HIT, missing=("随契",)),)
    answer = get(client, "/api/v1/search?q=随契")
    assert answer["total"] == len(answer["hits"]) == 2
    assert [(hit["id"], hit["missing"]) for hit in answer["partial_hits"]] == [("city-case", ["随契"])]


def test_a_search_counts_and_pages(search: SettableSearch, client: FlaskClient) -> None:
    search.total = 45
    answer = get(client, "/api/v1/search?q=随契&page=3&per_page=20")
    assert [answer[key] for key in ("total", "page", "per_page", "took_ms")] == [45, 3, 20, 1.5]
    assert search.searched == [SearchRequest("随契", page=3, per_page=20)]


def test_every_parameter_reaches_the_search(search: SettableSearch, client: FlaskClient) -> None:
    get(
        client,
        "/api/v1/search?q=契約&role=intermediary&role=gov-executive&chapter=5&stage=method"
        "&pattern=procurement&kind=guide&exact=1&sort=page",
    )
    assert search.searched == [
        SearchRequest(
            "契約",
            {
                "role": ("intermediary", "gov-executive"),
                "chapter": ("5",),
                "stage": ("method",),
                "pattern": ("procurement",),
                "kind": ("guide",),
            },
            exact=True,
            sort=Sort.PAGE,
        )
    ]


def test_a_hit_has_all_that_the_design_promises(client: FlaskClient) -> None:
    assert get(client, "/api/v1/search?q=随契")["hits"][0] == {
        "id": "direct-contract#conditions",
        "document_id": "direct-contract",
        "title": "スタートアップとの随意契約",
        "heading": "適用できる条件",
        "breadcrumb": ["第5章 官民連携編", "スタートアップとの随意契約"],
        "url": "/docs/direct-contract#conditions",
        "kind": "guide",
        "chapter": 5,
        "roles": ["gov-line-officer", "startup-officer"],
        "stages": ["method"],
        "pattern": "procurement",
        "guide_pages": [83, 99],
        "snippet": "<mark>随意契約</mark>は、A &lt; B の場合に限ります。",
        "score": 9.5,
        "why": [
            {"typed": "随契", "matched": "随意契約", "how": "synonym"},
            {"typed": "場合", "matched": "場合", "how": "exact"},
        ],
    }


def test_what_a_hit_does_not_have_is_null_or_empty(client: FlaskClient) -> None:
    hit = get(client, "/api/v1/search?q=随契")["hits"][1]
    assert [hit[key] for key in ("heading", "chapter", "pattern", "guide_pages", "roles", "stages", "why")] == [
        "", None, None, None, [], [], [],
    ]  # fmt: skip
    assert hit["url"] == "/docs/city-case"


def test_the_interpretation_is_told_in_full(search: SettableSearch, client: FlaskClient) -> None:
    step = NextStep("without_filter", "立場", "随契", {"kind": ("case",)}, exact=False, total=4)
    search.interpretation = Interpretation(
        "随契 条件", "随意契約", True, ("条件",), {"随契": ("随意契約",)}, ("ぬるぽ",), (step,)
    )
    assert get(client, "/api/v1/search?q=随契&role=intermediary&kind=case")["query"] == {
        "q": "随契",
        "interpreted": "随契 条件",
        "did_you_mean": "随意契約",
        "corrected": True,
        "dropped": ["条件"],
        "expansions": {"随契": ["随意契約"]},
        "unknown": ["ぬるぽ"],
        "next_steps": [
            {
                "kind": "without_filter",
                "subject": "立場",
                "total": 4,
                "url": f"/search?q={quote('随契')}&kind=case",
            }
        ],
    }


def test_facets_come_in_the_vocabularys_order_with_labels_and_counts(client: FlaskClient) -> None:
    facets = get(client, "/api/v1/search?q=随契")["facets"]
    assert [(name, [(item["value"], item["label"]) for item in items]) for name, items in facets.items()] == [
        (facet.name, list(facet.values.items())) for facet in FACETS
    ]
    assert {(name, item["value"]): item["count"] for name in facets for item in facets[name] if item["count"]} == {
        ("role", "gov-line-officer"): 1_234,
        ("kind", "case"): 1,
    }


def test_a_facet_value_can_be_toggled_without_losing_the_rest(client: FlaskClient) -> None:
    facets = get(client, "/api/v1/search?q=随契&role=intermediary&kind=case&page=2")["facets"]
    on = next(item for item in facets["role"] if item["value"] == "intermediary")
    off = next(item for item in facets["role"] if item["value"] == "gov-executive")
    assert (on["selected"], on["toggle_url"]) == (True, f"/search?q={quote('随契')}&kind=case")
    assert (off["selected"], off["toggle_url"]) == (
        False,
        f"/search?q={quote('随契')}&role=gov-executive&role=intermediary&kind=case",
    )


def test_japanese_is_sent_as_itself(client: FlaskClient) -> None:
    assert "スタートアップとの随意契約".encode() in client.get("/api/v1/search?q=随契").get_data()


@pytest.mark.parametrize(
    ("q", "wanted"),
    [
        ("随意契約 スタートアップ", []),
        ("契約", [("role", "gov-line-officer"), ("chapter", "5")]),
        ("官民連携", [("sort", "page")]),
        ("予算", [("per_page", "50")]),
        ("", [("kind", "case")]),
    ],
)
def test_api_and_page_give_the_same_hits_in_the_same_order(
    guide_client: FlaskClient, q: str, wanted: list[tuple[str, str]]
) -> None:
    query = urlencode([("q", q), *wanted])
    answer = get(guide_client, f"/api/v1/search?{query}")
    page = parse(guide_client.get(f"/search?{query}").get_data(as_text=True))
    marked = f"?{urlencode({'q': q})}" if q else ""
    assert len(answer["hits"]) >= 6
    assert [hit["url"] for hit in answer["hits"]] == [
        hit.one("h2").one("a")["href"].replace(marked, "", 1) for hit in page.all("li", "hit")
    ]
    assert page.one("p", id="summary").text.startswith(f"{answer['total']}件")


def test_api_and_command_line_give_the_same_answer(guide_client: FlaskClient, guide_index: Any) -> None:
    answer = get(guide_client, "/api/v1/search?q=随意契約&role=gov-line-officer&per_page=20")
    words = ["search", "随意契約", "--role", "gov-line-officer", "--limit", "20", "--json", "--index", str(guide_index)]
    printed = json.loads(CliRunner().invoke(main, words).stdout)
    assert answer["total"] > 0
    assert {**answer, "took_ms": 0} == {**printed, "took_ms": 0}


# Suggest


def test_a_suggestion_leads_to_its_section_or_to_a_search(search: SettableSearch, client: FlaskClient) -> None:
    search.suggestions = (
        Suggestion("term", "契約", 141),
        Suggestion("heading", "適用できる条件", 1, "direct-contract#conditions"),
        Suggestion("question", "随契とは何か", 1, "direct-contract"),
    )
    assert get(client, "/api/v1/suggest?q=けい") == {
        "q": "けい",
        "suggestions": [
            {"kind": "term", "text": "契約", "count": 141, "url": f"/search?q={quote('契約')}"},
            {"kind": "heading", "text": "適用できる条件", "count": 1, "url": "/docs/direct-contract#conditions"},
            {"kind": "question", "text": "随契とは何か", "count": 1, "url": "/docs/direct-contract"},
        ],
    }


def test_eight_suggestions_are_asked_for_unless_told_otherwise(search: SettableSearch, client: FlaskClient) -> None:
    get(client, "/api/v1/suggest?q=けい")
    get(client, "/api/v1/suggest?q=けい&role=intermediary&limit=20")
    assert search.suggested == [("けい", {}, 8), ("けい", {"role": ("intermediary",)}, 20)]


@pytest.mark.parametrize("limit", ["0", "21", "-1", "1.5", "", "abc", "５", "9" * 400, "000000001999"])
def test_a_number_of_suggestions_out_of_range_is_refused(client: FlaskClient, limit: str) -> None:
    answer = client.get(f"/api/v1/suggest?{urlencode({'q': 'けい', 'limit': limit})}")
    assert answer.status_code == 400
    details = answer.get_json()["error"]["details"]
    assert (details["parameter"], details["allowed"]) == ("limit", "1 to 20")


# Documents


def test_a_document_comes_with_metadata_and_sections(client: FlaskClient) -> None:
    answer = get(client, "/api/v1/documents/direct-contract")
    sections = answer.pop("sections")
    assert answer == {
        "id": "direct-contract",
        "title": "スタートアップとの随意契約",
        "url": "/docs/direct-contract",
        "kind": "guide",
        "chapter": 5,
        "roles": ["gov-line-officer", "startup-officer"],
        "stages": ["method"],
        "pattern": "procurement",
        "guide_pages": [83, 99],
        "source": {"title": "実践ガイド", "publisher": "ある省", "url": "https://source.example/guide"},
        "questions": ["入札をせずに買えるのか", "随契とは何か"],
        "former_ids": ["old-contract"],
        "related": ["city-case", "nowhere"],
        "updated": "2026-04-01",
    }
    assert [(part["id"], part["level"], part["url"]) for part in sections] == [
        ("direct-contract", 0, "/docs/direct-contract"),
        ("direct-contract#conditions", 2, "/docs/direct-contract#conditions"),
        ("direct-contract#new", 4, "/docs/direct-contract#new"),
        ("direct-contract#steps", 2, "/docs/direct-contract#steps"),
    ]
    assert sections[3] == {
        "id": "direct-contract#steps",
        "heading": "進め方",
        "level": 2,
        "url": "/docs/direct-contract#steps",
        "html": "<p>原課が起案します。</p>",
    }


def test_what_a_document_does_not_have_is_null_or_empty(client: FlaskClient) -> None:
    answer = get(client, "/api/v1/documents/memo")
    assert [answer[key] for key in ("chapter", "pattern", "guide_pages", "source", "updated")] == [None] * 5
    assert [answer[key] for key in ("roles", "stages", "questions", "former_ids", "related")] == [[]] * 5


def test_a_former_id_answers_with_the_present_document(client: FlaskClient) -> None:
    assert get(client, "/api/v1/documents/old-contract")["id"] == "direct-contract"


# The description


@pytest.fixture
def description(client: FlaskClient) -> Any:
    return get(client, "/openapi.json")


def test_the_description_is_openapi_3_1_with_all_it_must_have(description: Any) -> None:
    assert re.fullmatch(r"3\.1\.\d+", description["openapi"])
    assert {"title", "version"} <= set(description["info"])
    assert {"openapi", "info", "paths", "components"} == set(description)


def test_every_reference_of_the_description_leads_somewhere(description: Any) -> None:
    found = sorted(set(references(description)))
    assert found == [f"#/components/schemas/{name}" for name in ("Document", "Error", "SearchPage", "Suggestions")]
    assert all(resolve(reference, description)["type"] == "object" for reference in found)


def test_every_operation_has_its_own_id_and_a_described_success(description: Any) -> None:
    operations = [operation for path in description["paths"].values() for operation in path.values()]
    assert sorted(operation["operationId"] for operation in operations) == ["document", "search", "suggest"]
    for operation in operations:
        assert all(answer["description"] for answer in operation["responses"].values())
        assert "200" in operation["responses"]


def test_every_route_of_the_api_is_described_and_nothing_else(client: FlaskClient, description: Any) -> None:
    routes = {re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule) for rule in client.application.url_map.iter_rules()}
    assert {route for route in routes if route.startswith("/api/")} == set(description["paths"])


def test_every_parameter_is_described_once_and_those_of_a_path_are_required(description: Any) -> None:
    for path, operations in description["paths"].items():
        parameters = operations["get"]["parameters"]
        names = [(parameter["in"], parameter["name"]) for parameter in parameters]
        assert len(names) == len(set(names))
        assert {name for place, name in names if place == "path"} == set(re.findall(r"\{(\w+)\}", path))
        assert all(parameter.get("required") for parameter in parameters if parameter["in"] == "path")
        assert {place for place, _ in names} <= {"path", "query"}


def test_the_parameters_of_a_search_are_those_of_the_design(description: Any) -> None:
    parameters = description["paths"]["/api/v1/search"]["get"]["parameters"]
    schemas = {parameter["name"]: parameter["schema"] for parameter in parameters}
    assert list(schemas) == ["q", *(facet.name for facet in FACETS), "page", "per_page", "exact", "sort"]
    for facet in FACETS:
        assert schemas[facet.name]["items"]["enum"] == list(facet.values)
    assert schemas["q"]["maxLength"] == 500
    assert (schemas["per_page"]["minimum"], schemas["per_page"]["maximum"]) == (1, 100)


@pytest.mark.parametrize(
    "url",
    [
        "/api/v1/search?q=随意契約",
        "/api/v1/search?q=随契+スタートアップ&role=gov-line-officer&per_page=30",
        "/api/v1/search?q=ぬるぽガッ",
        "/api/v1/search?q=スタートアプ",
        "/api/v1/search?per_page=100",
        "/api/v1/suggest?q=けい",
        "/api/v1/suggest?q=",
        "/api/v1/documents/direct-contract",
        "/api/v1/documents/case-hiroshima",
        "/api/v1/documents/glossary-contract",
    ],
)
def test_every_real_answer_is_as_described(guide_client: FlaskClient, description: Any, url: str) -> None:
    path = re.sub(r"/documents/.*", "/documents/{document_id}", url.partition("?")[0])
    operation = description["paths"][path]["get"]
    schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
    assert list(problems(get(guide_client, url), schema, description)) == []


@pytest.mark.parametrize(
    ("status", "url"),
    [
        (400, "/api/v1/search?page=0"),
        (400, "/api/v1/suggest?role=king"),
        (404, "/api/v1/documents/nowhere"),
        (413, "/api/v1/search?q=" + "x" * 9_000),
        (503, "/api/v1/search"),
    ],
)
def test_every_error_is_as_described(
    search: SettableSearch, client: FlaskClient, description: Any, status: int, url: str
) -> None:
    search.error = IndexMissingError("no index") if status == 503 else None
    answer = client.get(url)
    assert answer.status_code == status
    path = re.sub(r"/documents/.*", "/documents/{document_id}", url.partition("?")[0])
    schema = description["paths"][path]["get"]["responses"][str(status)]["content"]["application/json"]["schema"]
    assert list(problems(answer.get_json(), schema, description)) == []


def test_the_validator_used_here_notices_what_is_wrong(description: Any) -> None:
    schema = {"$ref": "#/components/schemas/Suggestions"}
    wrong = {"q": 1, "suggestions": [{"kind": "term", "text": "契約", "count": True, "url": "/", "more": 1}]}
    assert list(problems(wrong, schema, description)) == [
        "$.q: 1 is no string",
        "$.suggestions[0].count: True is no integer",
        "$.suggestions[0]: 'more' is not described",
    ]
