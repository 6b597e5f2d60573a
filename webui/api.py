"""The JSON API: reads the request, searches, answers. Errors are made by `webui.errors`."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request

from indexer.search.request import SearchRequest
from webui.current import current_search
from webui.openapi import openapi_document
from webui.requests import filters, search_request, suggestion_limit
from webui.schemas import document_json, search_json, suggestions_json


def create_api() -> Blueprint:
    """The blueprint of /api/v1 and its description."""
    api = Blueprint("api", __name__)

    @api.get("/api/v1/search")
    def search() -> Response:
        return jsonify(search_json(current_search().search(search_request(request.args))))

    @api.get("/api/v1/suggest")
    def suggest() -> Response:
        wanted = SearchRequest(request.args.get("q", ""), filters(request.args))
        limit = suggestion_limit(request.args)
        return jsonify(suggestions_json(wanted.q, current_search().suggest(wanted.q, wanted.filters, limit)))

    @api.get("/api/v1/documents/<document_id>")
    def document(document_id: str) -> Response:
        search = current_search()
        return jsonify(document_json(search.document(search.current_id(document_id))))

    @api.get("/openapi.json")
    def openapi() -> Response:
        return jsonify(openapi_document())

    return api
