"""What an alternative of a plan matches in one segment: sections, and idf · impact in each.

impact is the saturated BM25F weight in the postings (in steps of IMPACT_STEP), and
idf = ln(1 + (N − df + ½) / (df + ½)).
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from indexer.engines.whoosh_arrays.arrays import POSITION_SHIFT, ArrayField
from indexer.engines.whoosh_arrays.batch import phrase_parts
from indexer.engines.whoosh_arrays.postings import (
    NOTHING,
    Bytes,
    Docs,
    IntArray,
    Worth,
    contains,
    in_all,
    union,
)
from indexer.fields import IMPACT_STEP
from indexer.language.analysis import tell_all
from indexer.plan import Alternative, How, TermAt
from kb.language.folding import fold

FREQUENT = 8  # a word that every eighth section holds is: of 99,003 sections of the bench corpus 36 words
KEPT_FREQUENT = 32  # frequent words that were looked up, ready for the next query: 4 bytes for each section and posting
KEPT_PHRASES = 64  # that were looked up: each correction that is tried, and each page, asks for the same ones again
BRANCH_NUMBERS = tuple(map(str, range(1, 100)))  # of articles of law: 第12条の3 is another one than 第12条
_ORDINAL = "第"


class Lookup:
    """Terms, phrases, substrings and synonym groups of one segment."""

    def __init__(
        self,
        words: ArrayField,
        bigrams: ArrayField,
        synonyms: ArrayField,
        phrases: ArrayField,
        sections: int,
        texts_of: Callable[[int], Iterable[str]],
    ) -> None:
        """`texts_of` gives the folded texts of one section."""
        self.words = words
        self.bigrams = bigrams
        self._synonyms = synonyms
        self._phrases = phrases
        self._sections = sections
        self._texts_of = texts_of
        self._frequent = frozenset(np.flatnonzero(np.diff(words.starts()) * FREQUENT > sections).tolist())
        self._frequent_postings = functools.lru_cache(KEPT_FREQUENT)(self._tabled)
        self._phrase = functools.lru_cache(KEPT_PHRASES)(self._find_phrase)

    def idf(self, document_frequency: int) -> float:
        """Robertson and Sparck Jones's idf, never negative."""
        return math.log(1.0 + (self._sections - document_frequency + 0.5) / (document_frequency + 0.5))

    def worth(self, field: ArrayField, term: str, weight: float) -> Worth:
        """What one term is worth: weight · idf · impact."""
        rank = field.lexicon.find(term)
        if rank is None:
            return NOTHING
        docs, impacts = self._postings(field, rank)
        return Worth(docs, weight * self.idf(len(docs)) * IMPACT_STEP, impacts)

    def _postings(self, field: ArrayField, rank: int) -> tuple[Docs, Bytes]:
        if field is self.words and rank in self._frequent:
            return self._frequent_postings(rank)
        numbers, impacts = field.term_postings(rank)
        return Docs(numbers), impacts

    def _tabled(self, rank: int) -> tuple[Docs, Bytes]:
        numbers, impacts = self.words.term_postings(rank)
        return Docs.tabled(numbers, self._sections), impacts

    def alternative(self, alternative: Alternative, *, is_phrase: bool) -> Worth:
        """The sections that match an alternative (none of How.RELATED: see `resolved`), and idf · impact in each."""
        if alternative.how is How.SUBSTRING:
            return self._substring(alternative.bigrams)
        if is_phrase:
            return self._phrase(alternative)
        found = self._all_of(self.words, [term.term for term in alternative.terms])
        if alternative.adjacent and len(found.docs):
            beginnings = self._side_by_side(alternative.terms)
            if alternative.is_article:
                beginnings = self._of_this_article(beginnings, alternative.shown)
            return found.kept(np.isin(found.docs.numbers, beginnings >> POSITION_SHIFT))
        return found

    def named(self, names: Sequence[str]) -> Docs:
        """The sections whose heading (of a lead, the title) is one of `names`, with more in brackets or without."""
        found = []
        for name in names:
            for rank in (
                *self._phrases.lexicon.prefix_range(f"{name}\0"),
                *self._phrases.lexicon.prefix_range(f"{name}("),
            ):
                key, kind, _ = phrase_parts(self._phrases.lexicon.text(rank))
                if kind == "heading" and (key == name or key.endswith(")")):
                    found.append(Docs(self._phrases.term_docs(rank)))
        return union(found)

    def resolved(self, alternative: Alternative) -> Iterable[Alternative]:
        """The alternative itself, or one for each related word, so that a hit can say which one it holds."""
        if alternative.how is not How.RELATED:
            return (alternative,)
        typed = {term.term for term in alternative.terms}
        words = (word for word in self.related(alternative.synonym_groups) if word not in typed)
        return (alternative._replace(shown=word, terms=(TermAt(word, 0),), synonym_groups=()) for word in words)

    def related(self, synonym_groups: Iterable[int]) -> list[str]:
        """The words of some synonym groups, sorted."""
        found: set[int] = set()
        for group in synonym_groups:
            rank = self._synonyms.lexicon.find(str(group))
            found.update(() if rank is None else self._synonyms.term_docs(rank).tolist())
        return [self.words.lexicon.text(rank) for rank in sorted(found)]

    def _all_of(self, field: ArrayField, terms: Sequence[str]) -> Worth:
        """Sections that hold all terms; the value is the mean of their idf · impact."""
        if len(terms) == 1:
            return self.worth(field, terms[0], 1.0)
        ranks = [rank for term in terms if (rank := field.lexicon.find(term)) is not None]
        if len(ranks) < len(terms) or not ranks:
            return NOTHING
        postings = sorted((self._postings(field, rank) for rank in ranks), key=_length)
        sections, places = in_all([docs for docs, _ in postings])
        values = np.zeros(len(sections), dtype=np.float32)
        for (docs, impacts), at in zip(postings, places, strict=True):
            weight = np.float32(self.idf(len(docs)) * IMPACT_STEP / len(postings))
            values += weight * impacts[at]
        return Worth(Docs(sections.astype(np.int32)), 1.0, values)

    def _substring(self, bigrams: Sequence[str]) -> Worth:
        if len(bigrams) == 1 and len(bigrams[0]) == 1:
            ranks = self.bigrams.lexicon.prefix_range(bigrams[0])
            docs = Docs(np.unique(self.bigrams.members_of(ranks)))
            return Worth(docs, self.idf(len(docs))) if len(docs) else NOTHING
        return self._all_of(self.bigrams, bigrams)

    def _find_phrase(self, alternative: Alternative) -> Worth:
        """The sections with every bigram of a phrase (if it has any) and its words side by side.

        Where there are none, the index may divide its words otherwise: then those whose characters are together, as far
        as bigrams tell, or else the text of the likeliest.
        """
        terms = [term.term for term in alternative.terms]
        found = self._substring(alternative.bigrams) if alternative.bigrams else self._all_of(self.words, terms)
        if terms and all(self.words.lexicon.find(term) is not None for term in terms):
            keep = np.isin(found.docs.numbers, self._side_by_side(alternative.terms) >> POSITION_SHIFT)
            if keep.any():
                return found.kept(keep)
        phrase = fold(alternative.shown)
        if alternative.bigrams and tell_all(alternative.bigrams, phrase):
            return found
        worths = np.broadcast_to(found.all(), len(found.docs))
        keep = np.zeros(len(found.docs), dtype=bool)
        for place in (-worths).argsort(kind="stable")[: alternative.texts].tolist():
            keep[place] = any(phrase in text for text in self._texts_of(int(found.docs.numbers[place])))
        return found.kept(keep)

    def _side_by_side(self, terms: Sequence[TermAt]) -> IntArray:
        """Where all terms stand at their offsets from one another, as `_beginnings` says where one stands."""
        current: IntArray | None = None
        for term in terms:
            keys = self._beginnings(term)
            current = keys if current is None else current[contains(keys, current)]
        return np.empty(0, dtype=np.int64) if current is None else current

    def _of_this_article(self, beginnings: IntArray, article: str) -> IntArray:
        """Those of an article of law itself, and of none that only begins or goes on alike.

        の is not indexed. In its place 第 may stand, and what follows is no branch but a paragraph: 第12条第3項.
        """
        for offset in (offset for offset, character in enumerate(article) if character == "の"):
            beginnings = beginnings[~contains(self._beginnings(TermAt(_ORDINAL, offset)), beginnings)]
        goes_on = np.zeros(len(beginnings), dtype=bool)
        for number in BRANCH_NUMBERS:
            goes_on |= contains(self._beginnings(TermAt(number, len(article) + len("の"))), beginnings)
        goes_on &= ~contains(self._beginnings(TermAt(_ORDINAL, len(article))), beginnings)
        return beginnings[~goes_on]

    def _beginnings(self, term: TermAt) -> IntArray:
        """Section << POSITION_SHIFT | position where what the term stands `offset` characters behind would begin."""
        rank = self.words.lexicon.find(term.term)
        if rank is None:
            return np.empty(0, dtype=np.int64)
        docs, positions = self.words.term_positions(rank)
        beginnings: IntArray = (docs.astype(np.int64) << POSITION_SHIFT) + positions - term.offset
        return beginnings


def _length(postings: tuple[Docs, Bytes]) -> int:
    return len(postings[0])
