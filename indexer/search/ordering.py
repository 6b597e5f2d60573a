"""In which order hits are shown: by score, no document crowding the page. The same for every engine."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from indexer.engine import Ranked
from indexer.ranking import MAX_SECTIONS_PER_DOCUMENT

IntArray = NDArray[np.int64]


def paged(ranked: Ranked, further_section: float, per_page: int, pages: int) -> Ranked:
    """The hits of the first `pages`: further sections of a document step back, and no document crowds a page."""
    scores = ranked.scores * crowding(ranked.documents, further_section)
    best = np.lexsort((ranked.order, -scores))
    best = best[spread(ranked.documents[best], per_page, pages)]
    return Ranked(ranked.sections[best], ranked.documents[best], scores[best], ranked.order[best])


def crowding(documents: IntArray, further_section: float) -> NDArray[np.float32]:
    """`further_section` ^ (how many sections of the same document stand before), for each hit.

    `documents` are the documents of the hits, best first.
    """
    order = np.argsort(documents, kind="stable")
    grouped = documents[order]
    firsts = np.flatnonzero(np.concatenate(([True], grouped[1:] != grouped[:-1]))) if len(grouped) else grouped
    before = np.arange(len(grouped)) - np.repeat(firsts, np.diff(np.append(firsts, len(grouped))))
    weights = np.empty(len(documents), dtype=np.float32)
    weights[order] = np.float32(further_section) ** before
    return weights


def spread(documents: IntArray, per_page: int, pages: int) -> IntArray:
    """The places of the hits of the first `pages`, best first, given the document of each.

    At most MAX_SECTIONS_PER_DOCUMENT of one document stand on a page, while there are others.
    """
    waiting = list(enumerate(documents.tolist()))
    ordered: list[int] = []
    while waiting and len(ordered) < per_page * pages:
        page: list[int] = []
        seen: dict[int, int] = {}
        later: list[tuple[int, int]] = []
        for position, (place, document) in enumerate(waiting):
            if len(page) == per_page:
                later += waiting[position:]
                break
            if seen.get(document, 0) < MAX_SECTIONS_PER_DOCUMENT:
                seen[document] = seen.get(document, 0) + 1
                page.append(place)
            else:
                later.append((place, document))
        missing = per_page - len(page)
        page += [place for place, _ in later[:missing]]
        waiting = later[missing:] if missing else later
        ordered += page
    return np.array(ordered, dtype=np.int64)
