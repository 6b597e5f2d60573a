"""Lines of the Markdown source that pieces of its tree came from: Python-Markdown keeps none."""

from __future__ import annotations

import bisect
import itertools
import re
from collections.abc import Iterator

MAX_MISSES = 1_000  # looks through the whole text for an address that is not where it should be
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_HASHES = re.compile(r" {0,3}#")
_BEFORE_ADDRESS = frozenset("(<:\"'= \t\n")
_AFTER_ADDRESS = frozenset(")>\"' \t\n") | {""}
_UNDERLINE = re.compile(r" {0,3}(=+|-+)[ \t]*")


class LineFinder:
    """Finds in the source the line that a piece of the tree came from."""

    def __init__(self, body: str) -> None:
        self._body = body.replace("\r\n", "\n").replace("\r", "\n")
        self._lines = self._body.split("\n")
        self._headings = iter(self._heading_lines())
        self._line_starts = list(itertools.accumulate((len(line) + 1 for line in self._lines), initial=0))
        self._cursor = 0
        self._found: dict[str, int] = {}
        self._missed = 0
        self._last = 1

    def _heading_lines(self) -> Iterator[tuple[int, str]]:
        """(1-based line, its text) of every line that could be a heading: not in fenced code, quotes or lists."""
        fence = ""
        for number, line in enumerate(self._lines, 1):
            opening = _FENCE.match(line)
            if opening and not fence:
                fence = opening[1]
            elif opening and opening[1].startswith(fence):
                fence = ""
            elif not fence and (
                _HASHES.match(line) or (number < len(self._lines) and _UNDERLINE.fullmatch(self._lines[number]))
            ):
                yield number, line

    def line_of_heading(self, raw: str) -> int:
        """The next heading line that holds `raw`, the heading's source text."""
        wanted = raw.strip()
        for number, line in self._headings:
            if wanted and wanted in line:
                self._last = number
                break
        return self._last

    def line_of(self, address: str) -> int:
        """The line of the next link to `address`, else of its first mention, else of the link before."""
        start = self._next_link(address, self._cursor)  # nearly always right behind the last one
        if start < 0 and self._missed < MAX_MISSES:
            self._missed += 1
            start = self._next_link(address, self._found.get(address, 0))
            if start < 0:
                start = self._body.find(address)
        if start >= 0:
            self._cursor = self._found[address] = start + 1
        return bisect.bisect_right(self._line_starts, max(0, self._cursor - 1))

    def _next_link(self, address: str, begin: int) -> int:
        """Where `address` stands next as the address of a link, −1 if nowhere from `begin` on."""
        if not address:
            return self._body.find("]()", begin)
        start = self._body.find(address, begin)
        while start >= 0:
            end = start + len(address)
            if self._body[max(0, start - 1) : start] in _BEFORE_ADDRESS and self._body[end : end + 1] in _AFTER_ADDRESS:
                return start
            start = self._body.find(address, start + 1)
        return -1
