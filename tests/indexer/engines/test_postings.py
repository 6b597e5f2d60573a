"""Sets of sections and what they are worth, against Python's own sets: whichever way is taken to find them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from indexer.engines.whoosh_arrays.postings import Docs, Worth, among, in_all, in_both, summed

SECTIONS = 40_000
# From a few sections among many postings, which are looked up, to as many of both, which are gone through.
SIZES = [(0, 0), (0, 50), (50, 0), (1, 1), (20, 9_000), (900, 9_000), (9_000, 900), (9_000, 9_000), (30_000, 20)]


def some(size: int, seed: int) -> Docs:
    chosen = np.random.default_rng(seed).choice(SECTIONS, size, replace=False)
    return Docs(np.sort(chosen).astype(np.int32))


def tabled(size: int, seed: int) -> Docs:
    return Docs.tabled(some(size, seed).numbers, SECTIONS)


KINDS = pytest.mark.parametrize("kind", [some, tabled])


@KINDS
@pytest.mark.parametrize(("wanted", "held"), SIZES)
def test_what_is_in_both_is_found_in_both(wanted: int, held: int, kind: Callable[[int, int], Docs]) -> None:
    sections, docs = some(wanted, 1).numbers.astype(np.int64), kind(held, 2)
    common = sorted(set(sections.tolist()) & set(docs.numbers.tolist()))
    at, kept = in_both(docs, sections)
    assert docs.numbers[at].tolist() == sections[kept].tolist() == common
    assert among(sections, docs).tolist() == [section in set(common) for section in sections.tolist()]
    assert [docs.holds(section) for section in sections[:20].tolist()] == among(sections, docs)[:20].tolist()


@KINDS
@pytest.mark.parametrize("excluded", [0, 20, 9_000])
@pytest.mark.parametrize("sizes", [(300,), (20, 9_000), (9_000, 9_000, 20_000), (500, 9_000, 0)])
def test_what_is_in_all_is_found_in_all_and_in_nothing_excluded(
    sizes: tuple[int, ...], excluded: int, kind: Callable[[int, int], Docs]
) -> None:
    sets = [kind(size, seed) for seed, size in enumerate(sizes)]
    unwanted = kind(excluded, 9)
    sections, places = in_all(sets, [unwanted])
    members = [set(docs.numbers.tolist()) for docs in (*sets, unwanted)]
    assert set(sections.tolist()) == set.intersection(*members[:-1]) - members[-1]
    for docs, at in zip(sets, places, strict=True):
        assert docs.numbers[at].tolist() == sections.tolist()


@KINDS
@pytest.mark.parametrize(("wanted", "held"), SIZES)
def test_every_section_is_worth_the_sum_of_what_it_is_worth(
    wanted: int, held: int, kind: Callable[[int, int], Docs]
) -> None:
    sections = some(wanted, 3).numbers.astype(np.int64)
    docs, others = kind(held, 4), some(500, 5)
    impacts = (docs.numbers % 200 + 1).astype(np.uint8)
    worths = [Worth(docs, 0.5, impacts, unit=0), Worth(others, 2.0, unit=1)]
    by_section = dict(zip(docs.numbers.tolist(), (impacts * 0.5).tolist(), strict=True))
    more = set(others.numbers.tolist())
    expected = [by_section.get(section, 0.0) + 2.0 * (section in more) for section in sections.tolist()]
    assert summed(worths, sections, SECTIONS, {}).tolist() == expected
    common, places = in_all([docs, others])
    assert summed(worths, common, SECTIONS, dict(enumerate(places))).tolist() == [
        by_section[section] + 2.0 for section in common.tolist()
    ]


def test_a_set_with_a_table_is_shared_and_so_never_written_to() -> None:
    docs = tabled(9_000, 6)
    assert docs.table is not None
    for array in (docs.numbers, docs.table):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1
