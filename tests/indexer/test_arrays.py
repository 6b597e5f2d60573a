"""Arrays of postings: members by block, and edits in few long copies."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.engines.whoosh_arrays import arrays
from indexer.engines.whoosh_arrays.arrays import ArrayField, lexicon_of, members_field
from indexer.engines.whoosh_arrays.splicing import edited

SMALL_BLOCK_BITS = 2  # four numbers a block, so that small samples have many
LIMIT = 30
GROUPS = st.lists(st.sets(st.integers(0, LIMIT - 1)), max_size=6)


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrays, "BLOCK_BITS", SMALL_BLOCK_BITS)


def field_of(groups: list[set[int]], limit: int) -> ArrayField:
    """Each group's members under a name of its own, as they are in the files: the lower bits of each."""
    members = np.array([number for group in groups for number in sorted(group)], dtype=np.int32)
    sizes = np.array([len(group) for group in groups], dtype=np.int64)
    made = ArrayField.of(lexicon_of([bytes([97 + rank]) for rank in range(len(groups))]), sizes, members, limit)
    lower = members & (1 << SMALL_BLOCK_BITS) - 1
    return ArrayField(made.lexicon, made.offsets, lower.astype(np.uint16))


@given(GROUPS, st.integers(0, 9))
def test_members_come_back_whole(groups: list[set[int]], spare: int) -> None:
    field = field_of(groups, LIMIT + spare)
    assert [field.term_docs(rank).tolist() for rank in range(len(groups))] == [sorted(group) for group in groups]
    together = [number for group in groups for number in sorted(group)]
    assert field.members_of(range(len(groups))).tolist() == together
    assert field.sizes(np.arange(len(groups))).tolist() == [len(group) for group in groups]


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
