"""Typed neighbours that stand close together in a section, in the order typed, tell that it speaks of the same."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np

from indexer.engines.whoosh_arrays.arrays import POSITION_SHIFT, ArrayField
from indexer.engines.whoosh_arrays.postings import Floats, IntArray, places_in
from indexer.ranking import PROXIMITY_CHARS

Typed = tuple[str, float]
"""A typed word's term and its idf."""


def with_proximity(
    scores: Floats, candidates: IntArray, typed: Sequence[Typed], weight: float, words: ArrayField
) -> Floats:
    """The scores of the (ascending) candidates and `weight` · the rarer idf of each close pair."""
    raised = scores.copy()
    for (first, first_idf), (second, second_idf) in itertools.pairwise(typed):
        near = _ordered_near(first, second, candidates, words)
        raised[candidates.searchsorted(near)] += np.float32(weight * min(first_idf, second_idf))
    return raised


def _ordered_near(first: str, second: str, candidates: IntArray, words: ArrayField) -> IntArray:
    """The candidates where `second` begins within PROXIMITY_CHARS after `first`."""
    before, after = (_places(term, candidates, words) for term in (first, second))
    if not len(before) or not len(after):
        return np.empty(0, dtype=np.int64)
    following = np.searchsorted(after, before, side="right")
    inside = following < len(after)
    distance = after[following[inside]] - before[inside]
    return np.unique(before[inside][distance <= PROXIMITY_CHARS] >> POSITION_SHIFT)


def _places(term: str, candidates: IntArray, words: ArrayField) -> IntArray:
    """Section << POSITION_SHIFT | position of the term's occurrences in the candidates, ascending."""
    rank = words.lexicon.find(term)
    if rank is None:
        return np.empty(0, dtype=np.int64)
    docs = words.term_docs(rank)
    places, is_there = places_in(docs, candidates)
    places = places[is_there]
    if not len(places):
        return np.empty(0, dtype=np.int64)
    kept = words.counts[words.span(rank)][: places[-1] + 1]
    counts = kept[places]
    begins = int(words.position_starts[rank]) + np.cumsum(kept, dtype=np.int64)[places] - counts
    flat = np.repeat(begins - (np.cumsum(counts, dtype=np.int64) - counts), counts) + np.arange(int(counts.sum()))
    sections = np.repeat(docs[places].astype(np.int64), counts)
    return (sections << POSITION_SHIFT) + words.positions[flat].astype(np.int64)
