"""Completions of an unfinished query: which are shown, and in which order. The same for every engine."""

from __future__ import annotations

from collections.abc import Sequence

from indexer.engine import Index, Match, Name
from indexer.language.analysis import Analyzer
from indexer.search.answer import Suggestion
from indexer.search.asking import QUESTION_WORDS
from kb.language.kana import is_kana, reading_prefixes, to_katakana

MIN_TERM_CHARS = 2
MIN_HIRAGANA_CHARS = 3  # shorter terms in hiragana are scraps of readings (けい) or grammar
MAX_ALIKE = 5  # a heading that more sections have (出典, 成果) comes after those that tell where they lead
TERM_SHARE = 0.6  # of the list for terms, while there are that many; headings and questions share the rest


def completions(typed: str, index: Index, within: Match, analyzer: Analyzer, limit: int) -> list[Suggestion]:
    """Completions of folded `typed` that have sections in `within`, most sections first within a kind."""
    names = index.words.beginning(typed, _beginnings_of_reading(typed, analyzer), within)
    terms = _terms(typed, [name for name in names if name.kind == "term"], analyzer)
    phrases = _phrases([name for name in names if name.kind != "term"])
    terms = terms[: max(round(limit * TERM_SHARE), limit - len(phrases))]
    phrases = phrases[: limit - len(terms)]
    leading = [name.section for name in phrases if name.section is not None]
    ids = dict(zip(leading, (section.id for _, section in index.documents.of_sections(leading)), strict=True))
    return [
        Suggestion(name.kind, name.text, name.frequency, None if name.section is None else ids[name.section])
        for name in (*terms, *phrases)
    ]


def _beginnings_of_reading(typed: str, analyzer: Analyzer) -> tuple[str, ...]:
    """What the reading may begin with: typed kana and romaji as such, kanji before them as Sudachi reads them."""
    if direct := reading_prefixes(typed):
        return direct
    stem = typed.rstrip("abcdefghijklmnopqrstuvwxyz")
    while stem and "ぁ" <= stem[-1] <= "ヺ":
        stem = stem[:-1]
    if not stem or stem == typed:
        return ()
    words = [token.word.reading or to_katakana(typed[token.start : token.end]) for token in analyzer.tokens(stem)]
    return tuple("".join(words) + rest for rest in reading_prefixes(typed[len(stem) :]))


def _terms(typed: str, names: Sequence[Name], analyzer: Analyzer) -> list[Name]:
    """Things before predicates, what begins as typed before what is read so, the frequent before the rare."""
    found = [name for name in names if _is_a_subject(name.text)]
    # Kana are a reading: けい is no better than 契約 for け.
    is_spelled = not is_kana(typed)

    def order(name: Name) -> tuple[bool, bool, int, str]:
        is_otherwise = is_spelled and not name.text.startswith(typed)
        return _is_predicate(name.text, analyzer), is_otherwise, -name.frequency, name.text

    # 随意 leads to nothing but 随意契約, ちゃり to チャリチャリ: the whole says more.
    return [
        name
        for name in sorted(found, key=order)
        if not any(
            other.frequency == name.frequency and to_katakana(other.text).startswith(to_katakana(name.text))
            for other in found
            if other.text != name.text
        )
    ]


def _phrases(names: Sequence[Name]) -> list[Name]:
    return sorted(names, key=lambda name: (name.frequency > MAX_ALIKE, -name.frequency, len(name.text), name.text))


def _is_predicate(text: str, analyzer: Analyzer) -> bool:
    """Whether it is what is said of things (進む, 新しい): few look for that before they have named the thing."""
    tokens = analyzer.tokens(text)
    return len(tokens) == 1 and tokens[0].word.is_predicate


def _is_a_subject(text: str) -> bool:
    """Whether a term says something by itself."""
    least = MIN_HIRAGANA_CHARS if is_kana(text) and to_katakana(text) != text else MIN_TERM_CHARS
    return len(text) >= least and text not in QUESTION_WORDS
