"""Starts an internal document, so that its front matter is right from the first line."""

from __future__ import annotations

import datetime
import json
import os
from collections.abc import Sequence
from pathlib import Path

from kb.documents.catalog import scan
from kb.documents.front_matter_keys import ID_PATTERN, ID_RULE
from kb.errors import UsageError

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
    """Write the file in the first content folder and return its path; UsageError for what cannot be written there."""
    shown_title = " ".join(title.split())
    if not shown_title or not shown_title.isprintable():
        raise UsageError("title", f"is {title!r}", "printable text that is not empty")
    if not ID_PATTERN.fullmatch(document_id):
        raise UsageError("document_id", f"is {document_id!r}", ID_RULE)
    owner = next((file.shown_path for file in scan(roots).files if file.id == document_id), None)
    path = Path(roots[0], folder, f"{document_id}.md")
    if owner or path.exists():
        raise UsageError("document_id", f"{document_id!r} is taken by {owner or path}", "an id that nothing else uses")
    if not os.path.isdir(roots[0]):
        raise UsageError("content", f"{roots[0]} is no folder", "an existing folder")
    if not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(roots[0])):
        raise UsageError("folder", f"{folder!r} leads out of {roots[0]}", "a folder inside it")
    quoted = json.dumps(shown_title, ensure_ascii=False)  # a JSON string is a YAML string
    text = _TEMPLATE.format(id=document_id, title=quoted, today=datetime.date.today().isoformat())
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError("folder", f"{path.parent}: {error.strerror}", "a folder that can be written to") from error
    return path
