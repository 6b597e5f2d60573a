"""The JSON of the API, from the values of a search; `/openapi.json` describes its shapes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from indexer.search.answer import FacetCount, Hit, NextStep, SearchPage, Suggestion
from indexer.search.request import SearchRequest
from kb.documents.model import Document
from webui.requests import document_url, search_url, toggled


def search_json(page: SearchPage) -> dict[str, Any]:
    """Answer of GET /api/v1/search."""
    interpretation = page.interpretation
    return {
        "query": {
            "q": page.request.q,
            "interpreted": interpretation.interpreted,
            "did_you_mean": interpretation.did_you_mean,
            "corrected": interpretation.corrected,
            "dropped": list(interpretation.dropped),
            "expansions": {typed: list(terms) for typed, terms in interpretation.expansions.items()},
            "unknown": list(interpretation.unknown),
            "next_steps": [_next_step_json(page.request, step) for step in interpretation.next_steps],
        },
        "total": page.total,
        "page": page.request.page,
        "per_page": page.request.per_page,
        "took_ms": page.took_ms,
        "hits": [_hit_json(hit) for hit in page.hits],
        "facets": {
            name: [_facet_json(page.request, name, count) for count in counts] for name, counts in page.facets.items()
        },
        "partial_hits": [{**_hit_json(hit), "missing": list(hit.missing)} for hit in page.partial_hits],
    }


def next_request(request: SearchRequest, step: NextStep) -> SearchRequest:
    """The request that a next step proposes."""
    return replace(request, q=step.q, filters=step.filters, exact=step.exact, page=1)


def _next_step_json(request: SearchRequest, step: NextStep) -> dict[str, Any]:
    url = search_url(next_request(request, step))
    return {"kind": step.kind, "subject": step.subject, "total": step.total, "url": url}


def _hit_json(hit: Hit) -> dict[str, Any]:
    document = hit.document
    return {
        "id": hit.id,
        "document_id": document.id,
        "title": document.title,
        "heading": hit.heading,
        "breadcrumb": list(hit.breadcrumb),
        "url": document_url(document.id, hit.anchor),
        **_metadata(document),
        "snippet": hit.snippet,
        "score": hit.score,
        "why": [{"typed": why.typed, "matched": why.matched, "how": why.how.value} for why in hit.why],
    }


def _facet_json(request: SearchRequest, name: str, count: FacetCount) -> dict[str, Any]:
    return {
        "value": count.value,
        "label": count.label,
        "count": count.count,
        "selected": count.selected,
        "toggle_url": search_url(toggled(request, name, count.value)),
    }


def _metadata(document: Document) -> dict[str, Any]:
    return {
        "kind": document.kind,
        "chapter": document.chapter,
        "roles": list(document.roles),
        "stages": list(document.stages),
        "pattern": document.pattern,
        "guide_pages": list(document.guide_pages) if document.guide_pages else None,
    }


def document_json(document: Document) -> dict[str, Any]:
    """Answer of GET /api/v1/documents/<id>."""
    source = document.source
    return {
        "id": document.id,
        "title": document.title,
        "url": document_url(document.id),
        **_metadata(document),
        "source": {"title": source.title, "publisher": source.publisher, "url": source.url} if source else None,
        "questions": [question.text for question in document.questions],
        "former_ids": list(document.former_ids),
        "related": list(document.related),
        "updated": document.updated.isoformat() if document.updated else None,
        "sections": [
            {
                "id": section.id,
                "heading": section.heading,
                "level": section.level,
                "url": document_url(document.id, section.anchor),
                "html": section.html,
            }
            for section in document.sections
        ],
    }


def suggestions_json(q: str, suggestions: Sequence[Suggestion]) -> dict[str, Any]:
    """Answer of GET /api/v1/suggest."""
    return {
        "q": q,
        "suggestions": [
            {"kind": item.kind, "text": item.text, "count": item.count, "url": _suggestion_url(item)}
            for item in suggestions
        ],
    }


def _suggestion_url(item: Suggestion) -> str:
    if item.section_id is None:
        return search_url(SearchRequest(item.text))
    document_id, _, anchor = item.section_id.partition("#")
    return document_url(document_id, anchor)


def error_json(code: str, message: str, details: dict[str, Any] | None = None) -> dict[str, Any]:
    """Every error of the API."""
    return {"error": {"code": code, "message": message, "details": details or {}}}
