"""Ids of headings: derived from their text where the author gave none, each once in a document."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Collection


def derived_anchor(heading: str) -> str:
    """A stable id from a heading's text: its words when they are ASCII, else "s-" and 8 hex digits of SHA-1."""
    text = unicodedata.normalize("NFKC", heading).casefold()
    if text.isascii() and (slug := "-".join(re.findall(r"[a-z0-9]+", text))):
        return slug[:60].strip("-")
    return "s-" + hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()[:8]


class Anchors:
    """The anchors of one document, each once; those in `written` belong to the headings that their author gave them."""

    def __init__(self, written: Collection[str]) -> None:
        self._written = written
        self._seen: set[str] = set()
        self._numbers: Counter[str] = Counter()  # how far each anchor is counted up, lest every repeat counts anew

    def __contains__(self, anchor: str) -> bool:
        return anchor in self._seen

    def take(self, anchor: str, *, is_written: bool) -> str:
        """`anchor` if it is still free, else the first of anchor-2, anchor-3 … that is."""
        candidate = anchor
        number = max(1, self._numbers[anchor])
        while candidate in self._seen or (candidate in self._written and not (is_written and candidate == anchor)):
            number += 1
            candidate = f"{anchor}-{number}"
        self._numbers[anchor] = number
        self._seen.add(candidate)
        return candidate
