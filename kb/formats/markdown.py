"""Markdown to sections: parsed by Python-Markdown, split on the headings of its tree, sanitised by nh3.

Only a heading that stands at the top of the tree begins a section: fenced code, HTML blocks, lists and quotes cannot.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as etree
from collections.abc import Collection, Iterator, Mapping
from typing import Any, cast

import markdown
from markdown.extensions.attr_list import AttrListExtension
from markdown.extensions.def_list import DefListExtension
from markdown.extensions.fenced_code import FencedCodeExtension
from markdown.extensions.footnotes import FootnoteExtension
from markdown.extensions.sane_lists import SaneListExtension
from markdown.extensions.tables import TableExtension
from markdown.treeprocessors import InlineProcessor, Treeprocessor

from kb.documents import html_text
from kb.documents.front_matter_keys import ID_PATTERN, ID_RULE
from kb.formats.anchors import Anchors, derived_anchor
from kb.formats.deadline import OverdueError, within
from kb.formats.rendered import LinkTarget, Note, Rendered, RenderedSection
from kb.formats.sanitising import MAX_NESTED_HTML, NestedHtmlError, sanitise
from kb.formats.source_lines import LineFinder

_HEADING_LEVEL = {f"h{level}": level for level in range(1, 7)}
MAX_UNCLOSED_BRACKETS = 200  # 200 cost 0.01 s to parse, 20,000 a minute; the bench corpus has at most a dozen
MAX_SECONDS = 20  # of computing on one file; ordinary text of the largest size that is read takes 4
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
        except NestedHtmlError as error:
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
        anchors = Anchors({child.get("id", "") for child in root if child.tag in _HEADING_LEVEL})
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
        return sanitise(self._serialise(content)) if content else ""

    def _serialise(self, content: list[etree.Element]) -> str:
        output = "\n".join(self._md.serializer(element) for element in content)
        for postprocessor in self._md.postprocessors:
            output = postprocessor.run(output)
        return str(output)

    def _text(self, heading: etree.Element) -> str:
        return html_text.text_of(sanitise(self._serialise([heading])))

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
