"""Every error as a Japanese page, or as JSON under /api/; nobody ever sees a traceback."""

from __future__ import annotations

import logging

from flask import Flask, Response, jsonify, make_response, render_template, request
from werkzeug.exceptions import HTTPException

from indexer.engine import MAX_WINDOW
from indexer.search.request import MAX_PER_PAGE, MAX_QUERY_CHARS, MAX_SUGGESTIONS
from kb.errors import NotFoundError, SearchIndexError, UsageError
from kb.vocabulary import FACETS
from webui.pages import SORTS
from webui.schemas import error_json

_LOG = logging.getLogger(__name__)

# status: (code for machines, heading, what to do)
_MESSAGES: dict[int, tuple[str, str, str]] = {
    400: ("bad_request", "指定に誤りがあります", "検索条件を確かめて、もう一度お試しください。"),
    404: (
        "not_found",
        "ページが見つかりません",
        "アドレスが変わったか、文書が削除された可能性があります。検索してお探しください。",
    ),
    405: ("method_not_allowed", "この操作は受け付けていません", "検索ページからやり直してください。"),
    413: ("too_large", "入力が長すぎます", "検索する語を短くして、もう一度お試しください。"),
    500: (
        "internal_error",
        "内部でエラーが発生しました",
        "時間をおいてもう一度お試しください。続く場合は、管理者にこのページのアドレスをお知らせください。",
    ),
    503: (
        "unavailable",
        "検索の準備ができていません",
        "検索用のデータを準備しています。しばらくしてから、もう一度お試しください。",
    ),
}
MAX_SHOWN_CHARS = 100  # of what was sent and is sent back
_PARAMETER_LABELS = {
    "q": "検索する語",
    "page": "ページ番号",
    "per_page": "1ページの件数",
    "role": "立場",
    "chapter": "章",
    "stage": "段階",
    "pattern": "出口",
    "kind": "種別",
    "sort": "並び順",
    "exact": "完全一致のみ",
    "limit": "候補の数",
}
# In Japanese where what is allowed is no list of values.
_ALLOWED = {
    "page": f"1以上の整数（{MAX_WINDOW:,}件目まで）",
    "per_page": f"1から{MAX_PER_PAGE}までの整数",
    "limit": f"1から{MAX_SUGGESTIONS}までの整数",
    "exact": "0または1",
}
# On a page, where nobody knows the slugs.
_LABELS = {facet.name: "、".join(facet.values.values()) for facet in FACETS} | {"sort": "、".join(SORTS.values())}


def register_errors(app: Flask) -> None:
    """Handlers for our own errors, for HTTP's, and for what nobody foresaw."""

    @app.errorhandler(UsageError)
    def usage(error: UsageError) -> Response:
        label = _PARAMETER_LABELS.get(error.field, error.field)
        allowed = _ALLOWED.get(error.field, error.allowed)
        if not _is_for_machines():
            allowed = _LABELS.get(error.field, allowed)
        reason = f"「{label}」に使えない値が指定されています。使える値：{allowed}"
        if error.field == "q":
            reason = f"「{label}」は{MAX_QUERY_CHARS}文字までの文字で入力してください。"
        details = {"parameter": error.field, "problem": error.message, "allowed": error.allowed}
        return _answer(400, reason, details)

    @app.errorhandler(NotFoundError)
    def not_found(error: NotFoundError) -> Response:
        return _answer(404, "", {"id": str(error)[:MAX_SHOWN_CHARS]})

    @app.errorhandler(SearchIndexError)
    def no_index(error: SearchIndexError) -> Response:
        _LOG.warning("no index to serve: %s", error)
        answer = _answer(503)
        answer.headers["Retry-After"] = "10"
        return answer

    @app.errorhandler(HTTPException)
    def http(error: HTTPException) -> Response:
        if error.response is not None or (error.code is not None and 300 <= error.code < 400):
            return make_response(error.get_response())  # a redirect
        answer = _answer(error.code or 500)
        for name, value in error.get_headers():
            if name.lower() == "allow":
                answer.headers[name] = value
        return answer

    @app.errorhandler(Exception)
    def unforeseen(error: Exception) -> Response:
        _LOG.error("unforeseen error at %s", request.full_path, exc_info=error)
        return _answer(500)


def _is_for_machines() -> bool:
    return request.path.startswith("/api/")


def _answer(status: int, reason: str = "", details: dict[str, str] | None = None) -> Response:
    if status not in _MESSAGES:
        status = 400 if status < 500 else 500
    code, heading, advice = _MESSAGES[status]
    if _is_for_machines():
        return make_response(jsonify(error_json(code, reason or f"{heading}。{advice}", dict(details or {}))), status)
    return make_response(
        render_template("error.html", status=status, heading=heading, reason=reason, advice=advice), status
    )
