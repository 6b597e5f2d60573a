"""Sets of sections and what they are worth, against Python's own sets: whichever way is taken to find them."""

from __future__ import annotations

import pickle
from collections.abc import Callable

import numpy as np
import pytest

from indexer.engines.whoosh_arrays.postings import Docs, FrequentDocs, Worth, among, in_all, in_both, summed

SECTIONS = 40_000
# From a few sections among many postings, which are looked up, to as many of both, which are gone through.
SIZES = [(0, 0), (0, 50), (50, 0), (1, 1), (20, 9_000), (900, 9_000), (9_000, 900), (9_000, 9_000), (30_000, 20)]


def some(size: int, seed: int) -> Docs:
    chosen = np.random.default_rng(seed).choice(SECTIONS, size, replace=False)
    return np.sort(chosen).astype(np.int32)


def frequent(size: int, seed: int) -> Docs:
    return FrequentDocs.of(some(size, seed), SECTIONS)


KINDS = pytest.mark.parametrize("kind", [some, frequent])


@KINDS
@pytest.mark.parametrize(("wanted", "held"), SIZES)
def test_what_is_in_both_is_found_in_both(wanted: int, held: int, kind: Callable[[int, int], Docs]) -> None:
    sections, docs = some(wanted, 1).astype(np.int64), kind(held, 2)
    common = sorted(set(sections.tolist()) & set(docs.tolist()))
    at, kept = in_both(docs, sections)
    assert docs[at].tolist() == sections[kept].tolist() == common
    assert among(sections, docs).tolist() == [section in set(common) for section in sections.tolist()]


@KINDS
@pytest.mark.parametrize("excluded", [0, 20, 9_000])
@pytest.mark.parametrize("sizes", [(300,), (20, 9_000), (9_000, 9_000, 20_000), (500, 9_000, 0)])
def test_what_is_in_all_is_found_in_all_and_in_nothing_excluded(
    sizes: tuple[int, ...], excluded: int, kind: Callable[[int, int], Docs]
) -> None:
    sets = [kind(size, seed) for seed, size in enumerate(sizes)]
    unwanted = kind(excluded, 9)
    sections, places = in_all(sets, [unwanted])
    assert set(sections.tolist()) == set.intersection(*(set(docs.tolist()) for docs in sets)) - set(unwanted.tolist())
    for docs in sets:
        assert docs[places[id(docs)]].tolist() == sections.tolist()


@KINDS
@pytest.mark.parametrize(("wanted", "held"), SIZES)
def test_every_section_is_worth_the_sum_of_what_it_is_worth(
    wanted: int, held: int, kind: Callable[[int, int], Docs]
) -> None:
    sections = some(wanted, 3).astype(np.int64)
    docs, others = kind(held, 4), some(500, 5)
    impacts = (docs % 200 + 1).astype(np.uint8)
    worths = [Worth(docs, 0.5, impacts), Worth(others, 2.0)]
    by_section = dict(zip(docs.tolist(), (impacts * 0.5).tolist(), strict=True))
    expected = [by_section.get(section, 0.0) + 2.0 * (section in set(others.tolist())) for section in sections.tolist()]
    assert summed(worths, sections, SECTIONS, {}).tolist() == expected
    common, places = in_all([docs, others])
    assert summed(worths, common, SECTIONS, places).tolist() == [
        by_section[section] + 2.0 for section in common.tolist()
    ]


def test_what_is_made_of_frequent_docs_has_no_table_of_theirs_and_they_stay_as_they_are() -> None:
    docs = FrequentDocs.of(some(9_000, 6), SECTIONS)
    assert isinstance(docs, FrequentDocs)
    others = [docs[10:], docs[docs % 2 == 0], docs.take([1, 2]), docs.astype(np.int64), docs.copy(), docs + 1]
    for other in (*others, pickle.loads(pickle.dumps(docs))):
        assert among(some(900, 7), other).tolist() == np.isin(some(900, 7), np.asarray(other)).tolist()
    for array in (docs, docs.table):
        assert array is not None
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1
