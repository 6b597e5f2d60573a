"""Filters and facet counts: sections are grouped by their combination of facet values, of which there are few."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from indexer.engines.whoosh_arrays.postings import IntArray, Mask
from kb.vocabulary import FACETS

Filters = Mapping[str, Sequence[str]]
Combination = bytes
"""A byte for each value of all facets, one facet after another: 1 where it is held."""

_ENDS = tuple(itertools.accumulate(len(facet.values) for facet in FACETS))
_COLUMNS = {facet.name: slice(end - len(facet.values), end) for facet, end in zip(FACETS, _ENDS, strict=True)}
"""Which values of a combination are a facet's."""
VALUES = _ENDS[-1]


def combination_of(held: Mapping[str, Iterable[str]]) -> Combination:
    """The combination of the values that a section holds, by facet."""
    return bytes(value in held.get(facet.name, ()) for facet in FACETS for value in facet.values)


class Facets:
    """Every section's facet values."""

    def __init__(self, numbers: NDArray[np.int32], combinations: NDArray[np.uint8]) -> None:
        """`numbers` is [sections]: which of the `combinations`, [combinations, VALUES], each one has."""
        self._numbers = numbers.astype(np.min_scalar_type(max(1, len(combinations))))  # small, to stay in the cache
        # Products of floats are BLAS's, those of integers NumPy's own, which takes several times as long.
        self._holds = combinations.astype(float)

    def __len__(self) -> int:
        return len(self._numbers)

    def passing(self, sections: IntArray, filters: Filters) -> Mask | slice:
        """An index of those of `sections` that hold one of the values wanted of each facet."""
        passes = self._passes(filters)
        return _all(passes.values())[self._numbers[sections]] if passes else slice(None)

    def counts(self, sections: IntArray, filters: Filters) -> dict[str, list[int]]:
        """By facet, of each value how many sections it would leave, its own facet's filter set aside."""
        passes = self._passes(filters)
        histogram = np.bincount(self._numbers.take(sections), minlength=len(self._holds))
        totals = self._totals(histogram * _all(passes.values()) if passes else histogram)
        for name in passes:
            others = [mask for other, mask in passes.items() if other != name]
            totals[_COLUMNS[name]] = self._totals(histogram * _all(others) if others else histogram)[_COLUMNS[name]]
        return {name: totals[columns] for name, columns in _COLUMNS.items()}

    def _totals(self, histogram: NDArray[Any]) -> list[int]:
        """Sections by value of all facets, from sections by combination."""
        totals: list[int] = (histogram @ self._holds).astype(int).tolist()
        return totals

    def _passes(self, filters: Filters) -> dict[str, Mask]:
        """By facet that is filtered, which combinations pass."""
        passes: dict[str, Mask] = {}
        for facet in FACETS if filters else ():
            if wanted := [place for place, value in enumerate(facet.values) if value in filters.get(facet.name, ())]:
                passes[facet.name] = np.any(self._holds[:, _COLUMNS[facet.name]][:, wanted], axis=1)
        return passes


def _all(masks: Iterable[Mask]) -> Mask:
    return functools.reduce(np.logical_and, masks)
