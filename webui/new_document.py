"""Starts an internal document, so that its front matter is right from the first line."""

from __future__ import annotations

import datetime
import json
import os
from collections.abc import Sequence
from pathlib import Path

from kb.errors import UsageError
from kb.front_matter import ID_PATTERN, ID_RULE
from kb.library import scan

_TEMPLATE = """\
---
id: {id}
title: {title}
kind: internal
roles: []
stages: []
questions: []
related: []
updated: {today}
---
この文書が答えることを、最初に1〜2文で書きます。

## 見出し {{#first-section}}

"""


def new_document(roots: Sequence[str], document_id: str, title: str, folder: str) -> Path:
    """Write the file in the first content folder and return its path; UsageError if the id is taken or malformed."""
    if not ID_PATTERN.fullmatch(document_id):
        raise UsageError("document_id", f"is {document_id!r}", ID_RULE)
    owner = next((file.shown_path for file in scan(roots).files if file.id == document_id), None)
    path = Path(roots[0], folder, f"{document_id}.md")
    if owner or path.exists():
        raise UsageError("document_id", f"{document_id!r} is taken by {owner or path}", "an id that nothing else uses")
    if not os.path.isdir(roots[0]):
        raise UsageError("content", f"{roots[0]} is no folder", "an existing folder")
    path.parent.mkdir(parents=True, exist_ok=True)
    quoted = json.dumps(" ".join(title.split()), ensure_ascii=False)  # a JSON string is a YAML string
    text = _TEMPLATE.format(id=document_id, title=quoted, today=datetime.date.today().isoformat())
    path.write_text(text, encoding="utf-8")
    return path
