"""What matched sections score, and their order, in NumPy.

Score of a section = (Σ units best alternative + parts + bigrams) × coverage + name + proximity; see lookup.py for a
term's.
"""

from __future__ import annotations

import numpy as np

from indexer.engine import Ranked
from indexer.engines.whoosh_arrays.arrays import ArrayField
from indexer.engines.whoosh_arrays.matched import Matched
from indexer.engines.whoosh_arrays.postings import Docs, Floats, IntArray, among, dense, in_all, summed
from indexer.engines.whoosh_arrays.proximity import Typed, with_proximity
from indexer.plan import How
from indexer.ranking import RERANKED_HITS

MANY_HITS = 2_000  # of which a guess from a sample finds the best ten times as fast
SAMPLED = 16  # one hit in so many, to guess what score the best reach


def partly(matched: Matched, sections: int) -> IntArray:
    """The sections, of so many, that hold only some of what is required."""
    if matched.plan.is_question or matched.plan.exact:
        return np.empty(0, dtype=np.int64)
    phrases = [part.sections for part in matched.requirements if part.is_phrase]
    held = Docs(np.flatnonzero(dense(matched.held(), sections) > 0).astype(np.int32))
    some, _ = in_all([held, *phrases], matched.excluded)
    return some[~among(some, Docs(matched.found.sections.astype(np.int32)))]


def scores_of(matched: Matched, wanted: IntArray, sections: int, *, are_found: bool) -> Floats:
    """What all that was found in the `wanted` of all `sections` adds up to, times the share of the weight they hold.

    Those that bear the name of what is asked about are raised by a share of the highest. `are_found` where these are
    the sections that match.
    """
    places = matched.found.places if are_found else {}
    scores = summed(matched.worths(), wanted, sections, places)
    power = matched.plan.weights.coverage_power
    if matched.asked and power:
        share = summed(matched.held(), wanted, sections, places) / np.float32(matched.asked)
        scores *= share if power == 1 else share ** np.float32(power)
    if len(matched.named):
        scores[among(wanted, matched.named)] += np.float32(matched.plan.name_weight) * scores.max(initial=0)
    return scores


def ranked(
    matched: Matched, hits: IntArray, scores: Floats, words: ArrayField, documents: IntArray, limit: int
) -> Ranked:
    """The best `limit` of some ascending hits, where words are close together before others.

    `documents` is the first section of each document.
    """
    places = best_places(scores, limit)
    best, values = hits[places], scores[places]
    ascending = best[:RERANKED_HITS].argsort()
    values[ascending] = _with_proximity(matched, best[ascending], values[ascending], words)
    order = np.lexsort((best, -values))
    best, values = best[order], values[order]
    return Ranked(best, documents_of(best, documents), values, best)


def documents_of(sections: IntArray, documents: IntArray) -> IntArray:
    """The number of each section's document; `documents` as in `ranked`."""
    return np.searchsorted(documents, sections, side="right") - 1


def _with_proximity(matched: Matched, sections: IntArray, scores: Floats, words: ArrayField) -> Floats:
    """The scores of (ascending) sections, raised for typed neighbours that stand close there too."""
    weight = matched.plan.weights.proximity
    if not weight:
        return scores
    for leaf in matched.leaves():
        singles: list[Typed] = [
            (unit.unit.alternatives[0].terms[0].term, unit.idf)
            for unit in leaf.units
            if unit.unit.alternatives[0].how is How.EXACT and len(unit.unit.alternatives[0].terms) == 1
        ]
        scores = with_proximity(scores, sections, singles, weight, words)
    first_words: list[Typed] = [
        (leaves[0].units[0].unit.alternatives[0].terms[0].term, leaves[0].units[0].idf)
        for leaves in matched.clauses
        if len(leaves) == 1 and leaves[0].units and leaves[0].units[0].unit.alternatives[0].terms
    ]
    return with_proximity(scores, sections, first_words, weight, words)


def best_places(scores: Floats, limit: int) -> IntArray:
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
