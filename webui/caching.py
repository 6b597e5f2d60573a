"""ETags: an answer is the same as long as the index, the program and the address are."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from flask import Flask, Response, make_response, request

from indexer.engine import SearchEngine
from kb.errors import SearchIndexError

_STATIC_SECONDS = 31_536_000  # a year: another version of the program has other addresses
_VERSION_CHARS = 8
_ALWAYS_ASK = "no-cache"  # may be kept, but its freshness is asked for every time
_UNCACHED = frozenset({"pages.healthz", "pages.readyz"})


def register_caching(app: Flask, engine: SearchEngine) -> None:
    """Answers 304 before any search is made where the browser already has the answer."""
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = _STATIC_SECONDS
    program = _program_digest()

    @app.url_defaults
    def version(endpoint: str, values: dict[str, Any]) -> None:
        if endpoint == "static":
            values.setdefault("v", program[:_VERSION_CHARS])

    def current_tag() -> str | None:
        if request.method not in ("GET", "HEAD") or request.endpoint in (None, "static", *_UNCACHED):
            return None
        try:
            info = engine.info()
        except SearchIndexError:
            return None
        text = "\n".join((program, info.content_digest, info.built_at.isoformat(), request.host, request.full_path))
        return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:32]

    @app.before_request
    def unchanged() -> Response | None:
        if not request.if_none_match:
            return None
        tag = current_tag()
        if tag is None or not request.if_none_match.contains_weak(tag):
            return None
        return _tagged(make_response("", 304), tag)

    @app.after_request
    def tag_answer(response: Response) -> Response:
        if response.status_code == 200 and (tag := current_tag()) is not None:
            _tagged(response, tag)
        return response


def _tagged(response: Response, tag: str) -> Response:
    response.set_etag(tag, weak=True)  # `took_ms` differs from one time to the next
    response.headers["Cache-Control"] = _ALWAYS_ASK
    return response


def _program_digest() -> str:
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.rglob("*")):
        if path.suffix in (".py", ".html", ".xml", ".css", ".js", ".svg"):
            digest.update(path.read_bytes())
    return digest.hexdigest()
