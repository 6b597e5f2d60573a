"""The text of sanitised HTML, and marks put back into that HTML at offsets of the text.

Works on what nh3 writes only: well-formed tags, attribute values in double quotes, text with `& < >` escaped.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence

# nh3 leaves ">" bare inside a quoted attribute value, so quotes are skipped as units.
_TAG = re.compile(r'(<(?:[^">]|"[^"]*")*>)')
_TAG_NAME = re.compile(r"</?([a-z0-9]+)")
_INLINE = frozenset(
    "a abbr b cite code del dfn em i ins kbd mark q rp rt ruby s samp small span strong sub sup u var".split()
)
# A reference (設けられました¹) or the arrow back to it: no words of the document.
_FOOTNOTE_MARK = re.compile(r'<sup id="fnref|<a class="footnote-backref"')
_FOOTNOTE_ARROW = "↩"
_FOOTNOTE_ENDS = ("</sup>", "</p>", "</li>")
_REFERENCE = re.compile(r"&[^;]*;")
_WHITESPACE = re.compile(r"[ \t\r\n\f]+")


def _pieces(source: str) -> list[tuple[str, bool]]:
    """(piece, is_tag) in order; text pieces are unescaped. The text of footnote marks counts as part of their tags."""
    pieces: list[tuple[str, bool]] = []
    in_footnote_mark = False
    for index, piece in enumerate(_TAG.split(source)):
        if index % 2:
            in_footnote_mark = (in_footnote_mark or bool(_FOOTNOTE_MARK.match(piece))) and piece not in _FOOTNOTE_ENDS
            pieces.append((piece, True))
        elif piece:
            is_mark = in_footnote_mark or piece == _FOOTNOTE_ARROW  # of which a clip may have cut off the beginning
            pieces.append((piece, True) if is_mark else (html.unescape(piece), False))
    return pieces


def _breaks(tag: str) -> bool:
    name = _TAG_NAME.match(tag)
    return name is not None and name[1] not in _INLINE


def text_of(source: str) -> str:
    """The text a reader sees: a block's edge is one newline; offsets into it are what `mark` takes."""
    return "".join(("\n" if _breaks(piece) else "") if is_tag else piece for piece, is_tag in _pieces(source))


def mark(source: str, ranges: Sequence[tuple[int, int]]) -> str:
    """`source` with `<mark>` around the sorted, disjoint [start, end) `ranges` of `text_of(source)`.

    A range that crosses a tag is marked on both sides of it, so that the result stays well formed.
    """
    out: list[str] = []
    position = 0
    pending = iter(ranges)
    current = next(pending, None)
    for piece, is_tag in _pieces(source):
        if is_tag:
            out.append(piece)
            position += 1 if _breaks(piece) else 0
            continue
        end = position + len(piece)
        cursor = position
        while current is not None and current[0] < end:
            start, stop = max(current[0], cursor), min(current[1], end)
            if start < stop:
                out.append(html.escape(piece[cursor - position : start - position], quote=False))
                out.append(f"<mark>{html.escape(piece[start - position : stop - position], quote=False)}</mark>")
                cursor = stop
            if current[1] > end:
                break
            current = next(pending, None)
        out.append(html.escape(piece[cursor - position :], quote=False))
        position = end
    return "".join(out)


def clip(source: str, begin: int, end: int) -> str:
    """The part [begin, end) of `source`, without a tag or a character reference that the cut would break."""
    begin = _unbroken(source, begin)[1]
    return source[begin : max(begin, _unbroken(source, end)[0])]


def _unbroken(source: str, place: int) -> tuple[int, int]:
    """Where the tag or character reference around `place` begins and ends; `place` itself where there is none."""
    for sign, pattern in (("<", _TAG), ("&", _REFERENCE)):
        opening = source.rfind(sign, 0, place)
        if opening >= 0 and (unit := pattern.match(source, opening)) and unit.end() > place:
            return opening, unit.end()
    return place, place


def one_line(text: str) -> str:
    """`text` with every run of white space as one blank, for places that show a single line."""
    return _WHITESPACE.sub(" ", text).strip()
