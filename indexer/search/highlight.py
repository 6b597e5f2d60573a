"""Where the searched words stand in an original text: ranges, marked HTML, snippets."""

from __future__ import annotations

import html
import itertools
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from indexer.language.analysis import Analyzer
from indexer.language.tokenizer import Token
from indexer.plan import Alternative, How, Plan
from kb.documents import html_text
from kb.language.folding import Folded, fold, fold_with_offsets

SNIPPET_CHARS = 140  # two to three lines of the result list
MAX_ANALYSED_CHARS = 200  # of one section, around its matches: a snippet with room on both sides
MAX_HTML_CHARS = 2_000  # of one section, around its matches: text enough even where tags are dense
MAX_PLACES_OF_A_WORD = 8
_SENTENCE_START = re.compile(r"[。！？\n]")

Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Targets:
    """What to mark: `terms` as the analyzer names them, and folded `surfaces` wherever they stand."""

    terms: frozenset[str]
    surfaces: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.terms or self.surfaces)


def targets_of(
    plan: Plan, related: Mapping[Alternative, frozenset[str]], kinds: frozenset[How] = frozenset(How)
) -> Targets:
    """What matches of these `kinds` come from; `related` gives the terms that the index knows for an alternative.

    Question words (方法, する) are marked only where nothing else was asked for.
    """
    units = plan.units()
    subjects = [unit for unit in units if not unit.is_question_word]
    terms: set[str] = set()
    surfaces: set[str] = set()
    for alternative in (alternative for unit in subjects or units for alternative in unit.alternatives):
        if alternative.how not in kinds:
            continue
        if alternative in related:
            terms |= related[alternative]
        elif alternative.how is How.SUBSTRING or alternative.adjacent:
            surfaces.add(fold(alternative.shown))
        else:
            terms |= {term.term for term in alternative.terms}
    return Targets(frozenset(terms), tuple(sorted(surfaces, key=lambda text: (-len(text), text))))


class Highlighter:
    """Finds targets in texts with the index's own analyzer."""

    def __init__(self, analyzer: Analyzer) -> None:
        self._analyzer = analyzer

    def ranges(self, text: str, targets: Targets) -> list[Range]:
        """Sorted, disjoint [start, end) of `text` (the original, not folded) that match."""
        return self._analysed(text).ranges(targets) if targets else []

    def _analysed(self, text: str) -> _Analysed:
        folded = fold_with_offsets(text)
        return _Analysed(folded, self._analyzer.tokens(folded.text))

    def mark(self, source: str, targets: Targets) -> str:
        """A section's sanitised HTML with every match in `<mark>`."""
        return html_text.mark(source, self.ranges(html_text.text_of(source), targets)) if targets else source

    def snippet(self, source: str, wanted: Targets, marked: Targets) -> str:
        """About SNIPPET_CHARS of a section's text where most of `wanted` stands, escaped, with `marked` in `<mark>`.

        Where nothing `wanted` stands, the place is that of what is `marked`.
        """
        if len(source) > MAX_HTML_CHARS:
            begin = max(0, _densest(source, wanted, marked) - MAX_HTML_CHARS // 4)
            source = html_text.clip(source, begin, begin + MAX_HTML_CHARS)
        text = html_text.one_line(html_text.text_of(source))
        if len(text) > MAX_ANALYSED_CHARS:
            begin = max(0, _densest(text, wanted, marked) - MAX_ANALYSED_CHARS // 4)
            text = text[begin : begin + MAX_ANALYSED_CHARS]
        if not marked:
            return _cut(text, (), ())
        analysed = self._analysed(text)
        marks = analysed.ranges(marked)
        return _cut(text, analysed.ranges(wanted) or marks, marks)


@dataclass(frozen=True, slots=True)
class _Analysed:
    """A text, folded, and its tokens."""

    folded: Folded
    tokens: Sequence[Token]

    def ranges(self, targets: Targets) -> list[Range]:
        return _merge(self.folded.original_range(*span) for span in self._folded_ranges(targets))

    def _folded_ranges(self, targets: Targets) -> list[Range]:
        text = self.folded.text
        found: list[Range] = []
        for surface in targets.surfaces:
            start = text.find(surface)
            while surface and start >= 0:
                found.append((start, start + len(surface)))
                start = text.find(surface, start + len(surface))
        for token in self.tokens if targets.terms else ():
            if token.word.is_function:
                continue
            if token.word.term in targets.terms:
                found.append((token.start, token.end))
                continue
            found += [
                (token.start + part.start, token.start + part.end)
                for part in token.word.parts
                if part.term in targets.terms
            ]
        return found


def _densest(text: str, *choices: Targets) -> int:
    """About where in the original `text` most different targets stand within SNIPPET_CHARS, by plain string search.

    The first of `choices` that stands somewhere decides. Folding takes longer than all the rest and changes lengths
    little: it is done where nothing stands as it is.
    """
    lowered = text.lower()
    tries = itertools.chain(
        (_densest_of(lowered, targets) for targets in choices),
        (_densest_of(fold(text), targets) for targets in choices),
    )
    return next((place for place in tries if place is not None), 0)


def _densest_of(text: str, targets: Targets) -> int | None:
    places: list[tuple[int, str]] = []
    for word in (*targets.surfaces, *targets.terms):
        start = text.find(word)
        for _ in range(MAX_PLACES_OF_A_WORD):
            if start < 0 or not word:
                break
            places.append((start, word))
            start = text.find(word, start + len(word))
    return max(
        (place for place, _ in places),
        key=lambda begin: (len({word for place, word in places if begin <= place < begin + SNIPPET_CHARS}), -begin),
        default=None,
    )


def _merge(ranges: Iterable[Range]) -> list[Range]:
    merged: list[Range] = []
    for start, end in sorted(ranges):
        if start >= end:
            continue
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _cut(text: str, ranges: Sequence[Range], marks: Sequence[Range]) -> str:
    """The window of SNIPPET_CHARS that covers most of `ranges`, begun at a sentence where one begins near."""
    begin = 0
    if ranges:
        best = max(ranges, key=lambda first: (_covered(ranges, first[0], first[0] + SNIPPET_CHARS), -first[0]))
        begin = max(0, best[0] - SNIPPET_CHARS // 4)
        sentence = [
            match.end() for match in _SENTENCE_START.finditer(text, max(0, best[0] - SNIPPET_CHARS // 2), best[0])
        ]
        if sentence and best[0] - sentence[-1] < SNIPPET_CHARS // 2:
            begin = sentence[-1]
        if len(text) - begin < SNIPPET_CHARS:
            begin = max(0, min(begin, len(text) - SNIPPET_CHARS))
    # No mark is cut in two.
    begin = next((start for start, stop in marks if start < begin < stop), begin)
    end = min(len(text), begin + SNIPPET_CHARS)
    end = next((start for start, stop in marks if begin < start < end < stop), end)
    out = ["…"] if begin > 0 else []
    cursor = begin
    for start, stop in marks:
        first, last = max(start, begin), min(stop, end)
        if first >= last:
            continue
        out += [
            html.escape(text[cursor:first], quote=False),
            "<mark>",
            html.escape(text[first:last], quote=False),
            "</mark>",
        ]
        cursor = last
    out.append(html.escape(text[cursor:end], quote=False))
    if end < len(text):
        out.append("…")
    return "".join(out)


def _covered(ranges: Sequence[Range], begin: int, end: int) -> int:
    return sum(max(0, min(stop, end) - max(start, begin)) for start, stop in ranges)
