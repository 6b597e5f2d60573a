"""ETags: an answer is the same as long as the index it is of, the program and the address are.

The addresses of static files carry the program's version: what is asked for by it may be kept without asking again.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from flask import Flask, Response, make_response, request

from kb.errors import SearchIndexError
from webui.current import current_search

_STATIC_SECONDS = 31_536_000  # a year
_VERSION_CHARS = 8
_PACKAGES = ("kb", "indexer", "webui")
_ALWAYS_ASK = "no-cache"  # may be kept, but its freshness is asked for every time
_UNCACHED = frozenset({"pages.healthz", "pages.readyz"})


def register_caching(app: Flask) -> None:
    """Answers 304 before any search is made where the browser already has the answer."""
    program = _program_digest()
    version = program[:_VERSION_CHARS]

    @app.url_defaults
    def add_version(endpoint: str, values: dict[str, Any]) -> None:
        if endpoint == "static":
            values.setdefault("v", version)

    def current_tag() -> str | None:
        if request.method not in ("GET", "HEAD") or request.endpoint in (None, "static", *_UNCACHED):
            return None
        try:
            info = current_search().info
        except SearchIndexError:
            return None
        text = "\n".join((program, info.revision, info.content_digest, request.host, request.full_path))
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
        if request.endpoint == "static" and request.args.get("v") == version and response.status_code < 400:
            response.headers["Cache-Control"] = f"public, max-age={_STATIC_SECONDS}"
        if response.status_code == 200 and (tag := current_tag()) is not None:
            _tagged(response, tag)
        return response


def _tagged(response: Response, tag: str) -> Response:
    response.set_etag(tag, weak=True)  # `took_ms` differs from one time to the next
    response.headers["Cache-Control"] = _ALWAYS_ASK
    return response


def _program_digest(folder: Path = Path(__file__).parents[1]) -> str:
    """Of all that makes an answer what it is, but the index."""
    digest = hashlib.sha256()
    for package in _PACKAGES:
        for path in sorted((folder / package).rglob("*")):
            if path.suffix in (".py", ".html", ".xml", ".css", ".js", ".svg"):
                digest.update(f"{path.relative_to(folder).as_posix()}\0".encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()
