"""Filters and facet counts: sections are grouped by their combination of facet values, of which there are few."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from indexer.engines.whoosh_arrays.arrays import IntArray
from kb.vocabulary import FACETS

Mask = NDArray[np.bool_]
Filters = Mapping[str, Sequence[str]]
_BYTE = 8
_ENDS = tuple(itertools.accumulate(len(facet.values) for facet in FACETS))
_COLUMNS = {facet.name: slice(end - len(facet.values), end) for facet, end in zip(FACETS, _ENDS, strict=True)}
"""Which columns of [combinations, values] are a facet's."""


class Facets:
    """Every section's facet values."""

    def __init__(self, columns: NDArray[np.uint8]) -> None:
        """`columns` is [sections, facets], a bit for each value."""
        packed = np.zeros(len(columns), dtype=np.uint64)
        for place in range(len(FACETS)):
            packed |= columns[:, place].astype(np.uint64) << np.uint64(_BYTE * place)
        combinations, numbers = np.unique(packed, return_inverse=True)
        self._combination_of = numbers.astype(np.min_scalar_type(len(combinations)))  # small, to stay in the cache
        bits = [_BYTE * place + bit for place, facet in enumerate(FACETS) for bit in range(len(facet.values))]
        self._holds = np.stack([combinations >> np.uint64(bit) & np.uint64(1) for bit in bits], axis=1).astype(float)
        """[combinations, values of all facets one after another]: 1 where a combination holds a value.

        Products of floats are BLAS's, those of integers NumPy's own, which takes several times as long.
        """

    def passing(self, sections: IntArray, filters: Filters) -> Mask | slice:
        """An index of those of `sections` that hold one of the values wanted of each facet."""
        passes = self._passes(filters)
        return _all(passes.values())[self._combination_of[sections]] if passes else slice(None)

    def counts(self, sections: IntArray, filters: Filters) -> dict[str, list[int]]:
        """By facet, of each value how many sections it would leave, its own facet's filter set aside."""
        passes = self._passes(filters)
        histogram = np.bincount(self._combination_of.take(sections), minlength=len(self._holds))
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
