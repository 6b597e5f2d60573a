"""The Flask application, made from the search that is passed in."""

from __future__ import annotations

from flask import Flask, Response, request
from werkzeug.exceptions import RequestEntityTooLarge

from webui.api import create_api
from webui.caching import register_caching
from webui.current import Opens, register_searches
from webui.errors import register_errors
from webui.pages import create_pages

MAX_BODY_BYTES = 16_384  # no page takes a body; anything larger is a mistake or an attack
MAX_QUERY_STRING_BYTES = 8_192  # 500 characters of Japanese are 4,500 bytes when percent-encoded
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "script-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)


def create_app(searches: Opens) -> Flask:
    """Pages and API over what `searches` opens for each request."""
    app = Flask(__name__)
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    register_searches(app, searches)
    register_errors(app)
    app.register_blueprint(create_pages())
    app.register_blueprint(create_api())
    register_caching(app)

    @app.before_request
    def refuse_oversize() -> None:
        if (request.content_length or 0) > MAX_BODY_BYTES or len(request.query_string) > MAX_QUERY_STRING_BYTES:
            raise RequestEntityTooLarge

    @app.after_request
    def secure(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "same-origin"
        return response

    return app
