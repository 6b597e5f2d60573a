"""Arrays of postings: members by block, and edits in few long copies."""

from __future__ import annotations

import bisect

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.engines.whoosh_arrays import arrays, splicing
from indexer.engines.whoosh_arrays.arrays import ArrayField, Lexicon, lexicon_of, members_field
from indexer.engines.whoosh_arrays.splicing import GONE, edited, splice

SMALL_BLOCK_BITS = 2  # four numbers a block, so that small samples have many
LIMIT = 30
GROUPS = st.lists(st.sets(st.integers(0, LIMIT - 1)), max_size=6)


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrays, "BLOCK_BITS", SMALL_BLOCK_BITS)
    monkeypatch.setattr(splicing, "PORTION_MEMBERS", 3)


def field_of(groups: list[set[int]], limit: int, first_name: int = 0) -> ArrayField:
    """Each group's members under a name of its own, as they are in the files: the lower bits of each."""
    members = np.array([number for group in groups for number in sorted(group)], dtype=np.int32)
    sizes = np.array([len(group) for group in groups], dtype=np.int64)
    made = ArrayField.of(
        lexicon_of([bytes([97 + first_name + rank]) for rank in range(len(groups))]), sizes, members, limit
    )
    lower = members & (1 << SMALL_BLOCK_BITS) - 1
    return ArrayField(made.lexicon, made.offsets, lower.astype(np.uint16))


@given(GROUPS, st.integers(0, 9))
def test_members_come_back_whole(groups: list[set[int]], spare: int) -> None:
    field = field_of(groups, LIMIT + spare)
    assert [field.term_docs(rank).tolist() for rank in range(len(groups))] == [sorted(group) for group in groups]
    together = [number for group in groups for number in sorted(group)]
    assert field.members_of(range(len(groups))).tolist() == together
    assert field.sizes(np.arange(len(groups))).tolist() == [len(group) for group in groups]


@given(st.lists(st.sets(st.integers(0, 15), min_size=1), min_size=1, max_size=6), st.integers(13, 17), st.data())
def test_a_number_is_found_where_it_would_stand_in_its_name(
    groups: list[set[int]], limit: int, data: st.DataObject
) -> None:
    groups = [{number % limit for number in group} for group in groups]
    field = field_of(groups, limit)
    asked = data.draw(st.lists(st.tuples(st.integers(0, len(groups) - 1), st.integers(0, limit)), max_size=20))
    ranks, numbers = (np.array([pair[place] for pair in asked], dtype=np.int64) for place in (0, 1))
    places, is_there = field.lower_bounds(ranks, numbers)
    begins = field.starts()[ranks]
    assert (places - begins).tolist() == [bisect.bisect_left(sorted(groups[rank]), number) for rank, number in asked]
    assert is_there.tolist() == [number in groups[rank] for rank, number in asked]


def test_a_field_lists_its_names_sorted_with_their_members_once_and_ascending() -> None:
    field = members_field({b"b": [3, 1, 3], b"a": [2]}, limit=4)
    assert list(field.lexicon) == ["a", "b"]
    assert [field.term_docs(rank).tolist() for rank in range(2)] == [[2], [1, 3]]


@given(st.lists(st.integers(0, 99), max_size=12), st.data())
def test_what_is_taken_out_and_put_in_is_what_numpy_would(values: list[int], data: st.DataObject) -> None:
    array = np.array(values, dtype=np.int32)
    places = st.lists(st.integers(0, max(0, len(values) - 1)), unique=True, max_size=len(values))
    gone = np.array(sorted(data.draw(places)), dtype=np.int64)
    at = np.array(sorted(data.draw(st.lists(st.integers(0, len(values)), max_size=5))), dtype=np.int64)
    new = np.arange(len(at)) + 100
    numpy_s = np.delete(np.insert(array, at, new), gone + np.searchsorted(at, gone, side="right"))
    np.testing.assert_array_equal(np.concatenate(edited(array, gone, at, new)), numpy_s)


@given(GROUPS, GROUPS, st.integers(0, 6), st.data())
def test_a_spliced_field_has_the_old_members_by_their_new_numbers_and_the_added_ones(
    old: list[set[int]], added: list[set[int]], first_added: int, data: st.DataObject
) -> None:
    old, added = [group for group in old if group], [group for group in added if group]
    numbers = data.draw(st.lists(st.integers(0, 2 * LIMIT), unique=True, min_size=LIMIT, max_size=LIMIT).map(sorted))
    old_numbers = np.array([GONE if data.draw(st.booleans()) else number for number in numbers], dtype=np.int32)
    if data.draw(st.booleans()):  # none of those that stay moves, as when a line is changed
        old_numbers = np.where(old_numbers == GONE, GONE, np.arange(LIMIT)).astype(np.int32)
    fresh = data.draw(st.lists(st.integers(0, 2 * LIMIT), unique=True, min_size=LIMIT, max_size=LIMIT).map(sorted))
    added_numbers = np.array(fresh, dtype=np.int32)
    expected: dict[str, set[int]] = {}
    for groups, first, mapped in ((old, 0, old_numbers), (added, first_added, added_numbers)):
        for rank, group in enumerate(groups):
            members = {int(mapped[member]) for member in group} - {GONE}
            expected.setdefault(chr(97 + first + rank), set()).update(members)
    expected = {name: members for name, members in sorted(expected.items()) if members}
    result = splice(field_of(old, LIMIT), field_of(added, LIMIT, first_added), old_numbers, added_numbers)
    files = {name: np.concatenate(pieces) for name, pieces in result.arrays.items()}
    lower = (files["members"] & (1 << SMALL_BLOCK_BITS) - 1).astype(np.uint16)
    field = ArrayField(Lexicon(files["keys"], files["key_offsets"]), files["offsets"], lower)
    assert {name: field.term_docs(rank).tolist() for rank, name in enumerate(field.lexicon)} == {
        name: sorted(members) for name, members in expected.items()
    }
    ranks = {name: rank for rank, name in enumerate(expected)}
    assert result.old_ranks.tolist() == [ranks.get(chr(97 + rank), GONE) for rank in range(len(old))]
    assert result.added_ranks.tolist() == [ranks[chr(97 + first_added + rank)] for rank in range(len(added))]
