"""In which order hits are shown: by score, no document crowding the page."""

from __future__ import annotations

import numpy as np

from indexer.engine import MAX_WINDOW
from indexer.engines.whoosh_arrays.postings import Floats, IntArray
from indexer.ranking import MAX_SECTIONS_PER_DOCUMENT, SAME_DOCUMENT_WEIGHT

FEW_HITS = 1_000  # that are sorted sooner than the best of them are found
SAMPLED = 16  # one hit in so many, to guess what score the best reach


def best_places(scores: Floats, limit: int = MAX_WINDOW) -> IntArray:
    """Where the best scores are, best first; among equal ones the first comes first."""
    if len(scores) <= max(limit, FEW_HITS):
        places: IntArray = (-scores).argsort(kind="stable")
        return places[:limit]
    # What a sample's best reach is reached by few, among which the best are found ten times as fast.
    sample = scores[::SAMPLED]
    rank = 2 * (limit // SAMPLED + SAMPLED // 4)
    least = np.partition(sample, -rank)[-rank] if rank < len(sample) else -np.inf
    places = np.flatnonzero(scores >= least)
    if len(places) < limit:
        places = np.arange(len(scores))
    values = scores[places]
    threshold = np.partition(values, len(values) - limit)[len(values) - limit]
    above = places[values > threshold]
    best = np.sort(np.concatenate((above, places[values == threshold][: limit - len(above)])))
    return best[np.argsort(-scores[best], kind="stable")]


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
