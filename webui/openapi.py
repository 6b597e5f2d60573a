"""The OpenAPI description of the JSON API, made from the same tables that validate requests."""

from __future__ import annotations

from typing import Any

from indexer.engine import MAX_WINDOW, Sort
from indexer.plan import How
from indexer.search.request import DEFAULT_PER_PAGE, MAX_PER_PAGE, MAX_QUERY_CHARS, MAX_SUGGESTIONS
from kb.vocabulary import FACETS, KINDS, PATTERNS, ROLES, STAGES

_STRING: dict[str, Any] = {"type": "string"}
_INTEGER: dict[str, Any] = {"type": "integer"}
_NUMBER: dict[str, Any] = {"type": "number"}


def openapi_document() -> dict[str, Any]:
    """OpenAPI 3.1."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "官民連携ナレッジ検索 API",
            "version": "1",
            "description": "実践ガイド、事例、用語、庁内文書を節の単位で検索します。",
        },
        "paths": {
            "/api/v1/search": {
                "get": {
                    "operationId": "search",
                    "summary": "節を検索する",
                    "parameters": [
                        *_query_parameters(),
                        _parameter(
                            "page",
                            {"type": "integer", "minimum": 1, "maximum": MAX_WINDOW, "default": 1},
                            f"page × per_page は {MAX_WINDOW} まで",
                        ),
                        _parameter(
                            "per_page",
                            {"type": "integer", "minimum": 1, "maximum": MAX_PER_PAGE, "default": DEFAULT_PER_PAGE},
                            "1ページの件数",
                        ),
                        _parameter(
                            "exact",
                            {"type": "string", "enum": ["0", "1"], "default": "0"},
                            "1 で、入力した語そのものだけを探す",
                        ),
                        _parameter("sort", {"type": "string", "enum": [sort.value for sort in Sort]}, "並び順"),
                    ],
                    "responses": _responses("SearchPage", 400, 413, 503),
                }
            },
            "/api/v1/suggest": {
                "get": {
                    "operationId": "suggest",
                    "summary": "入力途中の語から候補を出す",
                    "parameters": [
                        *_query_parameters(),
                        _parameter("limit", {"type": "integer", "minimum": 1, "maximum": MAX_SUGGESTIONS}, "候補の数"),
                    ],
                    "responses": _responses("Suggestions", 400, 413, 503),
                }
            },
            "/api/v1/documents/{document_id}": {
                "get": {
                    "operationId": "document",
                    "summary": "文書を読む",
                    "parameters": [
                        {
                            "name": "document_id",
                            "in": "path",
                            "required": True,
                            "schema": _STRING,
                            "description": "文書の id（変更前の id も可）",
                        }
                    ],
                    "responses": _responses("Document", 404, 413, 503),
                }
            },
        },
        "components": {"schemas": _schemas()},
    }


def _parameter(name: str, schema: dict[str, Any], description: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "schema": schema, "description": description, "allowEmptyValue": True}


def _query_parameters() -> list[dict[str, Any]]:
    text = _parameter("q", {"type": "string", "maxLength": MAX_QUERY_CHARS}, "検索する語。空なら全件")
    return [text] + [
        {
            "name": facet.name,
            "in": "query",
            "description": f"{facet.label}（複数指定はいずれか）",
            "explode": True,
            "allowEmptyValue": True,
            "schema": {"type": "array", "items": {"type": "string", "enum": list(facet.values)}},
        }
        for facet in FACETS
    ]


def _responses(schema: str, *errors: int) -> dict[str, Any]:
    meanings = {400: "指定の誤り", 404: "該当なし", 413: "要求が大きすぎる", 503: "索引の準備中"}
    return {
        "200": {"description": "成功", "content": _content(schema)},
        **{str(status): {"description": meanings[status], "content": _content("Error")} for status in errors},
    }


def _content(schema: str) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}


def _object(**properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties)}


def _list(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


def _enum(values: Any) -> dict[str, Any]:
    return {"type": "string", "enum": list(values)}


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [schema, {"type": "null"}]}


def _schemas() -> dict[str, Any]:
    metadata = {
        "kind": _enum(KINDS),
        "chapter": _or_null({"type": "integer", "minimum": 1, "maximum": 5}),
        "roles": _list(_enum(role.slug for role in ROLES)),
        "stages": _list(_enum(STAGES)),
        "pattern": _or_null(_enum(PATTERNS)),
        "guide_pages": _or_null({"type": "array", "items": _INTEGER, "minItems": 2, "maxItems": 2}),
    }
    hit = dict(
        id=_STRING,
        document_id=_STRING,
        title=_STRING,
        heading=_STRING,
        breadcrumb=_list(_STRING),
        url=_STRING,
        **metadata,
        snippet=_STRING,
        score=_NUMBER,
        why=_list(_object(typed=_STRING, matched=_STRING, how=_enum(how.value for how in How))),
    )
    facet = _object(value=_STRING, label=_STRING, count=_INTEGER, selected={"type": "boolean"}, toggle_url=_STRING)
    query = _object(
        q=_STRING,
        interpreted=_STRING,
        did_you_mean=_or_null(_STRING),
        corrected={"type": "boolean"},
        dropped=_list(_STRING),
        expansions={"type": "object", "additionalProperties": _list(_STRING)},
        unknown=_list(_STRING),
        next_steps=_list(_object(kind=_STRING, subject=_STRING, total=_INTEGER, url=_STRING)),
    )
    return {
        "SearchPage": _object(
            query=query,
            total=_INTEGER,
            page=_INTEGER,
            per_page=_INTEGER,
            took_ms=_NUMBER,
            hits=_list(_object(**hit)),
            facets=_object(**{facet_.name: _list(facet) for facet_ in FACETS}),
            partial_hits=_list(_object(**hit, missing=_list(_STRING))),
        ),
        "Suggestions": _object(
            q=_STRING, suggestions=_list(_object(kind=_STRING, text=_STRING, count=_INTEGER, url=_STRING))
        ),
        "Document": _object(
            id=_STRING,
            title=_STRING,
            url=_STRING,
            **metadata,
            source=_or_null(_object(title=_STRING, publisher=_STRING, url=_STRING)),
            questions=_list(_STRING),
            former_ids=_list(_STRING),
            related=_list(_STRING),
            updated=_or_null({"type": "string", "format": "date"}),
            sections=_list(_object(id=_STRING, heading=_STRING, level=_INTEGER, url=_STRING, html=_STRING)),
        ),
        "Error": _object(error=_object(code=_STRING, message=_STRING, details={"type": "object"})),
    }
