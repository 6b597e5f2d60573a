"""The WSGI callable that a server's worker processes import; configured by KB_CONTENT and KB_INDEX."""

from __future__ import annotations

import os

from webui.app import create_app
from webui.composition import make_searches
from webui.settings import Settings

app = create_app(make_searches(Settings.from_environment(os.environ)))
