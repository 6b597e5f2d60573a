"""The ways in which a typed word may match: itself, its parts, other spellings, equal words, and so on.

Each expander is one rule; EXPANDERS is the order in which their alternatives stand in a unit.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from indexer.language.analysis import Analyzer, bigrams_of
from indexer.language.thesaurus import Thesaurus
from indexer.language.tokenizer import Token
from indexer.plan import Alternative, How, TermAt
from indexer.ranking import Weights
from indexer.search.asking import QUESTION_WORDS
from kb.language.eras import fiscal_years, other_years
from kb.language.folding import fold

# 第167条の2第1項第4号: one reference, whose numbers mean nothing apart (folding has turned kanji numerals into digits).
ARTICLE = re.compile(r"第?\d+[条項号款章節編](?:の\d+)*(?:第\d+[項号](?:の\d+)*)*")
_DIGIT = re.compile(r"\d")


@dataclass(frozen=True, slots=True)
class TypedWord:
    """A word as typed: folded `surface`, its tokens, and those that are no function words as `terms`."""

    surface: str
    span: tuple[Token, ...]
    terms: tuple[TermAt, ...]

    @classmethod
    def of(cls, text: str, span: Iterable[Token]) -> TypedWord:
        """The word that some tokens of folded `text` make."""
        tokens = tuple(span)
        start = tokens[0].start
        content = [token for token in tokens if not token.word.is_function] or tokens
        terms = tuple(TermAt(token.word.term, token.start - start) for token in content)
        return cls(text[start : tokens[-1].end], tokens, terms)

    @property
    def is_question_word(self) -> bool:
        """Whether it carries a question but no subject."""
        return all(token.word.term in QUESTION_WORDS for token in self.span)

    @property
    def is_number(self) -> bool:
        """Whether it holds digits: numbers are only themselves."""
        return _DIGIT.search(self.surface) is not None


class Related(NamedTuple):
    """Other spellings of a word, and other words for it, as they are written."""

    spellings: tuple[str, ...]
    words: tuple[str, ...]


class Expander:
    """Expands words with one analyzer and one thesaurus."""

    def __init__(self, analyzer: Analyzer, thesaurus: Thesaurus, weights: Weights) -> None:
        self._weights = weights
        self._analyzer = analyzer
        self._thesaurus = thesaurus

    def itself(self, word: TypedWord) -> Alternative:
        """The word as typed."""
        is_article = ARTICLE.fullmatch(word.surface) is not None
        return Alternative(How.EXACT, word.surface, word.terms, adjacent=len(word.terms) > 1, is_article=is_article)

    def alternatives(self, word: TypedWord) -> Iterator[Alternative]:
        """All ways to match but the word itself; one whose weight is 0 is switched off."""
        for expand in EXPANDERS:
            yield from (way for way in expand(self, word) if way.weight)

    def related(self, word: TypedWord) -> Related:
        """What the thesaurus and the calendars know of a word."""
        surface, tables = word.surface, self._thesaurus
        lookups = [surface]
        if len(word.span) == 1 and surface != word.span[0].word.term:
            lookups.append(word.span[0].word.term)
        spellings = [other for lookup in lookups for other in tables.variants.get(lookup, ())]
        spellings += other_years(surface)
        lookups += map(fold, spellings)
        equal = [other for lookup in lookups for other in tables.equal.get(lookup, ())]
        lookups += map(fold, equal)
        narrower = [other for lookup in lookups for other in tables.narrower.get(lookup, ())]
        words = dict.fromkeys(
            other for other in (*equal, *narrower) if fold(other) != surface and other not in spellings
        )
        return Related(tuple(spellings), tuple(words | dict.fromkeys(fiscal_years(surface))))

    def _parts(self, word: TypedWord) -> Iterator[Alternative]:
        parts = () if word.is_number else parts_of(word.span)
        if parts and (parts != word.terms or len(word.terms) > 1):  # 庁内調整 is also spoken of as 庁内の調整
            yield Alternative(How.PARTS, " ".join(part.term for part in parts), parts, weight=self._weights.parts)

    def _other_words(self, word: TypedWord) -> Iterator[Alternative]:
        related = self.related(word)
        seen = {word.terms}
        for how, weight, others in (
            (How.VARIANT, self._weights.variant, related.spellings),
            (How.SYNONYM, self._weights.synonym, related.words),
        ):
            for other in others:
                terms = self._terms_of(fold(other))
                if terms and terms not in seen:
                    seen.add(terms)
                    yield Alternative(how, other, terms, adjacent=len(terms) > 1, weight=weight)

    def _sudachis_synonyms(self, word: TypedWord) -> Iterator[Alternative]:
        content = [token for token in word.span if not token.word.is_function] or list(word.span)
        if len(content) == 1 and content[0].word.synonym_groups and not word.is_question_word:
            groups = content[0].word.synonym_groups
            yield Alternative(
                How.RELATED, word.surface, word.terms, synonym_groups=groups, weight=self._weights.related
            )

    def _characters(self, word: TypedWord) -> Iterator[Alternative]:
        if bigrams := () if word.is_number else bigrams_of(word.surface):
            yield Alternative(How.SUBSTRING, word.surface, bigrams=bigrams, weight=self._weights.substring)

    def _terms_of(self, text: str) -> tuple[TermAt, ...]:
        return tuple(
            TermAt(token.word.term, token.start) for token in self._analyzer.tokens(text) if not token.word.is_function
        )


EXPANDERS: tuple[Callable[[Expander, TypedWord], Iterable[Alternative]], ...] = (
    Expander._parts,  # noqa: SLF001 - its own
    Expander._other_words,  # noqa: SLF001
    Expander._sudachis_synonyms,  # noqa: SLF001
    Expander._characters,  # noqa: SLF001
)


def parts_of(span: Iterable[Token]) -> tuple[TermAt, ...]:
    """The parts of some tokens' words; a word without parts is its own part."""
    tokens = list(span)
    first = tokens[0].start
    return tuple(
        TermAt(term, offset)
        for token in tokens
        if not token.word.is_function
        for term, offset in (
            [(part.term, token.start - first + part.start) for part in token.word.parts]
            or [(token.word.term, token.start - first)]
        )
    )
