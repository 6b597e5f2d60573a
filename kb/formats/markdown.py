"""Markdown to sections: parsed by Python-Markdown, split on the headings of its tree, sanitised by nh3.

Only a heading that stands at the top of the tree begins a section: fenced code, HTML blocks, lists and quotes cannot.
"""

from __future__ import annotations

import bisect
import hashlib
import itertools
import re
import unicodedata
import xml.etree.ElementTree as etree
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import markdown
import nh3
from markdown.extensions.attr_list import AttrListExtension
from markdown.extensions.def_list import DefListExtension
from markdown.extensions.fenced_code import FencedCodeExtension
from markdown.extensions.footnotes import FootnoteExtension
from markdown.extensions.sane_lists import SaneListExtension
from markdown.extensions.tables import TableExtension
from markdown.treeprocessors import InlineProcessor, Treeprocessor

from kb.documents import html_text
from kb.documents.front_matter import ID_PATTERN, ID_RULE
from kb.formats.deadline import OverdueError, within

_HEADING_LEVEL = {f"h{level}": level for level in range(1, 7)}
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
MAX_UNCLOSED_BRACKETS = 200  # 200 cost 0.01 s to parse, 20,000 a minute; the bench corpus has at most a dozen
MAX_MISSES = 1_000  # looks through the whole text for an address that is not where it should be
MAX_SECONDS = 20  # of computing on one file; ordinary text of the largest size that is read takes 4
MAX_NESTED_HTML = 1_000  # nh3's time grows with the square of it: 0.01 s for 1,000, 9 s for 50,000
MAX_NESTED_LISTS = 100  # Python's own limit of 1,000 calls is met soon after
_SIGNS: Mapping[str, Collection[str]] = {
    "backtick": "`",
    "escape": "\\",
    "footnote": ("[^",),
    "reference": "[",
    "link": "[",
    "image_link": ("![",),
    "image_reference": ("![",),
    "short_reference": "[",
    "short_image_ref": ("![",),
    "autolink": ("://",),
    "automail": "@",
    "linebreak": ("  \n",),
    "html": "<",
    "entity": "&",
    "em_strong": "*_",
}
"""What a text holds for an inline pattern to match it, one of these: patterns that cannot match take half the time."""
_BRACKETS = re.compile(r"\[|(?P<close>\])")
_TARGETS = re.compile(r"\]\(|(?P<close>\))")

LinkTarget = Callable[[str], str | None]
"""From an address as written to the one to serve; None where it leads nowhere."""


@dataclass(frozen=True, slots=True)
class Note:
    """A remark on the Markdown, with the 1-based line of the body that it is about."""

    line: int
    message: str
    allowed: str


@dataclass(frozen=True, slots=True)
class RenderedSection:
    """One section before it belongs to a document; `anchor` is "" for the lead section."""

    anchor: str
    heading: str
    level: int
    path: tuple[str, ...]
    html: str


@dataclass(slots=True)
class Rendered:
    """A rendered body: its H1 (taken as the title, not as a section), sections and notes; empty when `unreadable`."""

    h1: str | None = None
    unreadable: Note | None = None
    sections: list[RenderedSection] = field(default_factory=list)
    missing_ids: list[Note] = field(default_factory=list)
    faults: list[Note] = field(default_factory=list)
    dead_links: list[Note] = field(default_factory=list)


class _RawHeadings(Treeprocessor):
    """Keeps each top-level heading's source text before inline parsing, to find its line again."""

    def __init__(self, md: markdown.Markdown) -> None:
        super().__init__(md)
        self.raw: list[str] = []

    def run(self, root: etree.Element) -> None:
        self.raw = [child.text or "" for child in root if child.tag in _HEADING_LEVEL]


class MarkdownRenderer:
    """Renders bodies one after another; not for use by two threads at once."""

    def __init__(self, max_seconds: float = MAX_SECONDS) -> None:
        """A body that takes more than `max_seconds` of processor time is unreadable (see kb.formats.deadline)."""
        self._max_seconds = max_seconds
        self._make_parser()

    def _make_parser(self) -> None:
        self._md = markdown.Markdown(
            extensions=[  # themselves: of a name, every installed package would be asked
                TableExtension(),
                FencedCodeExtension(),
                FootnoteExtension(BACKLINK_TITLE="本文の注{}へ戻る"),
                AttrListExtension(),
                SaneListExtension(),
                DefListExtension(),
            ],
            output_format="html",
        )
        self._headings = _RawHeadings(self._md)
        inline = self._md.treeprocessors["inline"]
        assert isinstance(inline, InlineProcessor)
        self._inline = inline
        signs = {id(self._md.inlinePatterns[name]): signs for name, signs in _SIGNS.items()}
        self._patterns = [(pattern, signs.get(id(pattern), ("",))) for pattern in self._md.inlinePatterns]
        # Before "inline" (priority 20), which replaces a heading's source text by its parsed children.
        self._md.treeprocessors.register(self._headings, "raw_headings", 25)

    def render(self, body: str, link_target: LinkTarget, title: str | None = None) -> Rendered:
        """Sections of `body`; `link_target` decides every link; an H1 equal to `title` is the title, not a section."""
        if knot := _unclosed_brackets(body):
            return Rendered(unreadable=knot)
        try:
            with within(self._max_seconds):
                return self._render(body, link_target, title)
        except RecursionError:
            unreadable = _deepest_nesting(body)
        except _NestedHtmlError as error:
            line = body.count("\n", 0, max(0, body.find(error.tag))) + 1
            message = f"HTML elements nested {error.depth:,} deep"
            unreadable = Note(line, message, f"at most {MAX_NESTED_HTML:,} levels")
        except OverdueError:
            allowed = f"what can be read in {self._max_seconds:g} s: split the file, or mark up less of it"
            unreadable = Note(1, "takes too long to read", allowed)
        self._make_parser()  # the old one still believes that it is inside of a list
        return Rendered(unreadable=unreadable)

    def _render(self, body: str, link_target: LinkTarget, title: str | None) -> Rendered:
        result = Rendered()
        root = self._parse(body)
        finder = LineFinder(body)
        self._resolve_links(root, link_target, finder, result)
        stack: list[tuple[int, str]] = []
        h1_count = 0
        raw_headings = iter(self._headings.raw)
        anchors = _Anchors({child.get("id", "") for child in root if child.tag in _HEADING_LEVEL})
        for heading, content in _split(root):
            if heading is None:
                result.sections.append(RenderedSection("", "", 0, (), self._html(content)))
                continue
            line = finder.line_of_heading(next(raw_headings, ""))
            text = html_text.one_line(self._text(heading))
            level = _HEADING_LEVEL[heading.tag]
            if level == 1:
                h1_count += 1
                if h1_count > 1:
                    result.faults.append(Note(line, "a second H1", "one H1 in a document; use ## for sections"))
                elif title is None or text == title:
                    result.h1 = text
                    lead = result.sections[0]
                    result.sections[0] = RenderedSection("", "", 0, (), lead.html + self._html(content))
                    continue
            anchor = heading.get("id", "")
            if anchor and not ID_PATTERN.fullmatch(anchor):
                result.faults.append(Note(line, f"heading id {anchor!r}", ID_RULE))
                anchor = ""
            elif not anchor:
                allowed = f"an id after the heading, such as ## {text[:20]} {{#some-id}}"
                result.missing_ids.append(Note(line, f"heading {text[:40]!r} has no id", allowed))
            elif anchor in anchors:
                result.faults.append(Note(line, f"heading id {anchor!r} is used twice", "each id once in a document"))
            anchor = anchors.take(anchor or derived_anchor(text), is_written=bool(anchor))
            while stack and stack[-1][0] >= level:
                stack.pop()
            path = tuple(name for _, name in stack)
            stack.append((level, text))
            result.sections.append(RenderedSection(anchor, text, level, path, self._html(content)))
        return result

    def _parse(self, body: str) -> etree.Element:
        """The tree that Markdown.convert would serialise (its first half, by the same public registries)."""
        md = self._md
        md.reset()
        lines = body.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        for preprocessor in md.preprocessors:
            lines = preprocessor.run(lines)
        text = "\n".join(lines)
        used = [pattern for pattern, signs in self._patterns if any(sign in text for sign in signs)]
        self._inline.inlinePatterns = cast(Any, used)  # a registry sorts itself at every look
        root = md.parser.parseDocument(lines).getroot()
        assert root is not None
        for processor in md.treeprocessors:
            if (replaced := processor.run(root)) is not None:
                root = replaced
        return root

    def _html(self, content: list[etree.Element]) -> str:
        return sanitise(_checked(self._serialise(content))) if content else ""

    def _serialise(self, content: list[etree.Element]) -> str:
        output = "\n".join(self._md.serializer(element) for element in content)
        for postprocessor in self._md.postprocessors:
            output = postprocessor.run(output)
        return str(output)

    def _text(self, heading: etree.Element) -> str:
        return html_text.text_of(sanitise(_checked(self._serialise([heading]))))

    def _resolve_links(
        self, root: etree.Element, link_target: LinkTarget, finder: LineFinder, result: Rendered
    ) -> None:
        for element in root.iter():  # in the order of the text, which the finder counts on
            if element.tag == "img":  # pictures are not served: say what they show
                alt = element.get("alt", "").strip()
                _become(element, "span", f"［図：{alt}］" if alt else "")
            if element.tag != "a" or "footnote" in element.get("class", ""):
                continue
            address = element.get("href", "")
            target = link_target(address)
            if target is None:
                note = Note(
                    finder.line_of(address),
                    f"link to {address[:80]!r} leads nowhere",
                    "an existing file or heading",
                )
                result.dead_links.append(note)
                element.tag = "span"
                element.attrib.clear()
            else:
                element.set("href", target)


def _unclosed_brackets(body: str) -> Note | None:
    """Python-Markdown looks for the partner of each open bracket to the end of its block: quadratic when none comes."""
    line = 1
    for block in body.split("\n\n"):
        unclosed = max(_left_open(block, _BRACKETS), _left_open(block, _TARGETS))
        if unclosed > MAX_UNCLOSED_BRACKETS:
            return Note(line, f"{unclosed:,} brackets that are never closed", f"at most {MAX_UNCLOSED_BRACKETS}")
        line += block.count("\n") + 2
    return None


def _left_open(block: str, signs: re.Pattern[str]) -> int:
    """How many of the opening `signs` are never closed; one closed before it opens closes nothing."""
    depth = 0
    for sign in signs.finditer(block):
        depth = max(0, depth + (-1 if sign["close"] else 1))
    return depth


def _deepest_nesting(body: str) -> Note:
    """Python-Markdown calls itself for every level of a list."""
    depths = [len(line) - len(line.lstrip(" \t>")) for line in body.splitlines()]
    line = max(range(len(depths)), key=depths.__getitem__) + 1
    return Note(line, "lists or quotes nested too deeply to be read", f"at most {MAX_NESTED_LISTS} levels")


class _NestedHtmlError(Exception):
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
            raise _NestedHtmlError(deepest, first)
    return source


def _become(element: etree.Element, tag: str, text: str) -> None:
    element.tag = tag
    element.attrib.clear()
    element.text = text


def _split(root: etree.Element) -> Iterator[tuple[etree.Element | None, list[etree.Element]]]:
    """(heading, the elements it governs); the lead section comes first, with no heading, even when it is empty."""
    heading: etree.Element | None = None
    content: list[etree.Element] = []
    for child in root:
        if child.tag in _HEADING_LEVEL:
            yield heading, content
            heading, content = child, []
        else:
            content.append(child)
    yield heading, content


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
    """Only the tags, attributes and addresses that documents need; ids only where footnotes put them."""
    return _CLEANER.clean(source)


def derived_anchor(heading: str) -> str:
    """A stable id from a heading's text: its words when they are ASCII, else "s-" and 8 hex digits of SHA-1."""
    text = unicodedata.normalize("NFKC", heading).casefold()
    if text.isascii() and (slug := "-".join(re.findall(r"[a-z0-9]+", text))):
        return slug[:60].strip("-")
    return "s-" + hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()[:8]


class _Anchors:
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


_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_HASHES = re.compile(r" {0,3}#")
_BEFORE_ADDRESS = frozenset("(<:\"'= \t\n")
_AFTER_ADDRESS = frozenset(")>\"' \t\n") | {""}
_UNDERLINE = re.compile(r" {0,3}(=+|-+)[ \t]*")


class LineFinder:
    """Finds in the source the line that a piece of the tree came from (Python-Markdown keeps none)."""

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
