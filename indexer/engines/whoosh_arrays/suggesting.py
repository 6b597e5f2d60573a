"""Completions of an unfinished query from the index's words, headings and questions, by spelling and by reading.

Everything is a prefix range of a sorted lexicon; only the most frequent candidates are counted under the filters.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from indexer.analysis import Analyzer
from indexer.engine import Suggestion
from indexer.engines.whoosh_arrays.arrays import ArrayField
from indexer.engines.whoosh_arrays.batch import phrase_parts
from indexer.engines.whoosh_arrays.postings import Mask
from indexer.planning import QUESTION_WORDS
from kb.kana import is_kana, reading_prefixes, to_katakana

MAX_RANGE = 4_000  # terms looked at in one prefix range: one kana of 14,680 files' readings has fewer
MAX_COUNTED = 60  # candidates counted under the filters, the most frequent ones
MIN_TERM_CHARS = 2
MIN_HIRAGANA_CHARS = 3  # shorter terms in hiragana are scraps of readings (けい) or grammar
MAX_ALIKE = 5  # a heading that more sections have (出典, 成果) comes after those that tell where they lead
TERM_SHARE = 0.6  # of the list for terms, while there are that many; headings and questions share the rest


class Suggester:
    """Suggestions from one segment's lexicons."""

    def __init__(
        self,
        words: ArrayField,
        readings: ArrayField,
        phrases: ArrayField,
        phrase_readings: ArrayField,
        section_id: Callable[[int], str],
        analyzer: Analyzer,
    ) -> None:
        self._words, self._readings = words, readings
        self._phrases, self._phrase_readings = phrases, phrase_readings
        self._section_id = section_id
        self._analyzer = analyzer

    def suggest(self, typed: str, allowed: Mask, limit: int) -> list[Suggestion]:
        """Completions of folded `typed` that have sections in `allowed`, most sections first within a kind."""
        readings = self._reading_prefixes(typed)
        terms = self._terms(typed, readings, allowed)
        phrases = self._phrases_of(typed, readings, allowed)
        terms = terms[: max(round(limit * TERM_SHARE), limit - len(phrases))]
        # Ids last, for what is shown alone: each is unpacked from a document.
        return [*terms, *(self._leading_somewhere(*phrase) for phrase in phrases[: limit - len(terms)])]

    def _leading_somewhere(self, suggestion: Suggestion, sections: NDArray[np.int32]) -> Suggestion:
        """With the section that the suggestion leads to, if it is only one."""
        return replace(suggestion, section_id=self._section_id(int(sections[0]))) if len(sections) == 1 else suggestion

    def _reading_prefixes(self, typed: str) -> tuple[str, ...]:
        """What the reading may begin with: typed kana and romaji as such, kanji before them as Sudachi reads them."""
        if direct := reading_prefixes(typed):
            return direct
        stem = typed.rstrip("abcdefghijklmnopqrstuvwxyz")
        while stem and "ぁ" <= stem[-1] <= "ヺ":
            stem = stem[:-1]
        if not stem or stem == typed:
            return ()
        words = [
            token.word.reading or to_katakana(typed[token.start : token.end]) for token in self._analyzer.tokens(stem)
        ]
        return tuple("".join(words) + rest for rest in reading_prefixes(typed[len(stem) :]))

    def _terms(self, typed: str, readings: Sequence[str], allowed: Mask) -> list[Suggestion]:
        found = []
        for rank in self._most_frequent(self._words, self._readings, typed, readings):
            text = self._words.lexicon.text(rank)
            count = int(np.count_nonzero(allowed[self._words.term_docs(rank)]))
            if count and _is_a_subject(text):
                found.append(Suggestion("term", text, count))
        # Kana are a reading: けい is no better than 契約 for け.
        is_spelled = not is_kana(typed)
        ordered = sorted(
            found,
            key=lambda item: (
                self._is_predicate(item.text),
                is_spelled and not item.text.startswith(typed),
                -item.count,
                item.text,
            ),
        )
        # 随意 leads to nothing but 随意契約, ちゃり to チャリチャリ: the whole says more.
        return [
            item
            for item in ordered
            if not any(
                other.count == item.count and to_katakana(other.text).startswith(to_katakana(item.text))
                for other in found
                if other is not item
            )
        ]

    def _is_predicate(self, text: str) -> bool:
        """Whether it is what is said of things (進む, 新しい): few look for that before they have named the thing."""
        tokens = self._analyzer.tokens(text)
        return len(tokens) == 1 and tokens[0].word.is_predicate

    def _phrases_of(
        self, typed: str, readings: Sequence[str], allowed: Mask
    ) -> list[tuple[Suggestion, NDArray[np.int32]]]:
        """Headings and questions with the sections that they lead to."""
        found = []
        for rank in self._most_frequent(self._phrases, self._phrase_readings, typed, readings):
            sections = self._phrases.term_docs(rank)
            sections = sections[allowed[sections]]
            if len(sections):
                _, kind, text = phrase_parts(self._phrases.lexicon.text(rank))
                found.append((Suggestion(kind, text, len(sections)), sections))
        return sorted(
            found, key=lambda item: (item[0].count > MAX_ALIKE, -item[0].count, len(item[0].text), item[0].text)
        )

    def _most_frequent(
        self, field: ArrayField, field_readings: ArrayField, typed: str, readings: Sequence[str]
    ) -> list[int]:
        """Ranks of names that begin with what was typed, or are read so."""
        spelled = _within(field.lexicon.prefix_range(typed))
        read = [_within(field_readings.lexicon.prefix_range(prefix)) for prefix in readings]
        members = [field_readings.members_of(one) for one in read]
        chosen: NDArray[np.int64] = np.unique(np.concatenate([np.arange(spelled.start, spelled.stop), *members]))
        if len(chosen) > MAX_COUNTED:
            chosen = chosen[np.argpartition(-field.sizes(chosen), MAX_COUNTED)[:MAX_COUNTED]]
        listed: list[int] = chosen.tolist()
        return listed


def _is_a_subject(text: str) -> bool:
    """Whether a term says something by itself."""
    least = MIN_HIRAGANA_CHARS if is_kana(text) and to_katakana(text) != text else MIN_TERM_CHARS
    return len(text) >= least and text not in QUESTION_WORDS


def _within(ranks: range) -> range:
    return ranks[:MAX_RANGE]
