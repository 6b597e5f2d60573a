"""In which order hits are shown: by score, no document crowding the page."""

from __future__ import annotations

import numpy as np

from indexer.engine import MAX_WINDOW
from indexer.engines.whoosh_arrays.postings import Floats, IntArray
from indexer.ranking import MAX_SECTIONS_PER_DOCUMENT, SAME_DOCUMENT_WEIGHT

MANY_HITS = 2_000  # of which a guess from a sample finds the best ten times as fast
SAMPLED = 16  # one hit in so many, to guess what score the best reach


def best_places(scores: Floats, limit: int = MAX_WINDOW) -> IntArray:
    """Where the best scores are, best first; among equal ones the first comes first."""
    places = _promising(scores, limit) if len(scores) > MANY_HITS else None
    values = scores if places is None else scores.take(places)
    if len(values) > limit:
        least = np.partition(values, -limit)[-limit]
        best = (values >= least).nonzero()[0]
        if len(best) > limit:
            is_above = values.take(best) > least
            above = best[is_above]
            best = np.sort(np.concatenate((above, best[~is_above][: limit - len(above)])))
        values, places = values.take(best), best if places is None else places.take(best)
    order: IntArray = (-values).argsort(kind="stable")
    return order if places is None else places.take(order)


def _promising(scores: Floats, limit: int) -> IntArray | None:
    """Where what a sample's best reach is reached: few places, with the best among them. None if they are too few."""
    sample = scores[::SAMPLED]
    rank = 2 * (limit // SAMPLED + SAMPLED // 4)
    if rank >= len(sample):
        return None
    places = (scores >= np.partition(sample, -rank)[-rank]).nonzero()[0]
    return places if len(places) >= limit else None


def crowding(documents: IntArray) -> Floats:
    """SAME_DOCUMENT_WEIGHT ^ (how many sections of the same document stand before), for each hit.

    `documents` are the documents of the hits, best first.
    """
    order = np.argsort(documents, kind="stable")
    grouped = documents[order]
    firsts = np.flatnonzero(np.concatenate(([True], grouped[1:] != grouped[:-1]))) if len(grouped) else grouped
    before = np.arange(len(grouped)) - np.repeat(firsts, np.diff(np.append(firsts, len(grouped))))
    weights = np.empty(len(documents), dtype=np.float32)
    weights[order] = np.float32(SAME_DOCUMENT_WEIGHT) ** before
    return weights


def spread(ranked: IntArray, documents: IntArray, per_page: int, pages: int) -> IntArray:
    """The first `pages`: at most MAX_SECTIONS_PER_DOCUMENT of one document on each, while there are others."""
    waiting = list(zip(ranked.tolist(), documents.tolist(), strict=True))
    ordered: list[int] = []
    while waiting and len(ordered) < per_page * pages:
        page: list[int] = []
        seen: dict[int, int] = {}
        later: list[tuple[int, int]] = []
        for position, (number, document) in enumerate(waiting):
            if len(page) == per_page:
                later += waiting[position:]
                break
            if seen.get(document, 0) < MAX_SECTIONS_PER_DOCUMENT:
                seen[document] = seen.get(document, 0) + 1
                page.append(number)
            else:
                later.append((number, document))
        missing = per_page - len(page)
        page += [number for number, _ in later[:missing]]
        waiting = later[missing:] if missing else later
        ordered += page
    return np.array(ordered, dtype=np.int64)
