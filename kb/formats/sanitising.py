"""HTML that is safe to show: nh3 with the tags, attributes and addresses that documents need."""

from __future__ import annotations

import re

import nh3

MAX_NESTED_HTML = 1_000  # nh3's time grows with the square of it: 0.01 s for 1,000, 9 s for 50,000
_ALLOWED_TAGS = set(
    "a abbr b blockquote br caption cite code col colgroup dd del details dfn div dl dt em h1 h2 h3 h4 h5 h6 hr i ins"
    " kbd li mark ol p pre q rp rt ruby s samp small span strong sub summary sup table tbody td tfoot th thead tr u ul"
    " var".split()
)
_ALLOWED_ATTRIBUTES = {
    "a": {"href", "title", "id", "class"},
    "abbr": {"title"},
    "ol": {"start"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
    "li": {"id"},
    "sup": {"id"},
    "div": {"class"},
}
# Elements that never hold others, or that HTML closes by itself, do not add to the depth.
_NESTING_TAG = re.compile(
    r"<(?P<close>/)?(?!(?:area|br|col|dd|dt|hr|img|input|li|link|meta|option|p|source|td|th|tr|wbr)\b)[a-z][a-z0-9]*",
    re.IGNORECASE,
)
_FOOTNOTE_ID = re.compile(r"fn(?:ref\d*)?:[\w-]+")
_FOOTNOTE_CLASSES = frozenset({"footnote", "footnote-ref", "footnote-backref"})


class NestedHtmlError(Exception):
    """Elements nest so deep that the sanitiser would take minutes; `tag` is the first one that is too deep."""

    def __init__(self, depth: int, tag: str) -> None:
        self.depth, self.tag = depth, tag


def _checked(source: str) -> str:
    """`source`, if the elements in it do not nest too deeply for the sanitiser."""
    if source.count("<") > MAX_NESTED_HTML:
        depth = deepest = 0
        first = None
        for tag in _NESTING_TAG.finditer(source):
            depth = max(0, depth - 1) if tag["close"] else depth + 1
            deepest = max(deepest, depth)
            if depth > MAX_NESTED_HTML:
                first = first or tag[0]
        if first:
            raise NestedHtmlError(deepest, first)
    return source


def _filter_attribute(_tag: str, name: str, value: str) -> str | None:
    if name == "id":
        return value if _FOOTNOTE_ID.fullmatch(value) else None
    if name == "class":
        kept = " ".join(part for part in value.split() if part in _FOOTNOTE_CLASSES)
        return kept or None
    return value


_CLEANER = nh3.Cleaner(
    tags=_ALLOWED_TAGS,
    attributes=_ALLOWED_ATTRIBUTES,
    attribute_filter=_filter_attribute,
    url_schemes={"http", "https", "mailto"},
    link_rel="noopener noreferrer",
)


def sanitise(source: str) -> str:
    """Only the tags, attributes and addresses that documents need; ids only where footnotes put them.

    NestedHtmlError for elements that nest too deep.
    """
    return _CLEANER.clean(_checked(source))
