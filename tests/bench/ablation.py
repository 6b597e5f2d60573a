"""What each part of the ranking is worth: judged queries with one part switched off at a time.

    python -m tests.bench.ablation INDEX QUERIES.jsonl

INDEX is a folder made by `kb index`, QUERIES what `kb eval` takes.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import patch

from indexer import planning, ranking
from indexer.editing.evaluation import evaluate, load_judgements, summary
from indexer.engines.whoosh_arrays import proximity, scoring
from indexer.engines.whoosh_arrays.engine import WhooshArraysEngine
from indexer.language.thesaurus import Thesaurus
from indexer.plan import How
from tests.conftest import open_search

MEASURES = ("nDCG@10", "MRR@10", "hit@1", "hit@10", "empty")
_WITHOUT_PARTS = {**ranking.ALTERNATIVE_WEIGHT, How.PARTS: 0.0}
WEIGHTS: dict[str, tuple[ModuleType, dict[str, Any]]] = {
    "bigrams": (scoring, {"BIGRAM_WEIGHT": 0.0}),
    "parts": (scoring, {"PART_WEIGHT": 0.0, "ALTERNATIVE_WEIGHT": _WITHOUT_PARTS}),
    "proximity": (proximity, {"PROXIMITY_WEIGHT": 0.0}),
    "coverage": (scoring, {"COVERAGE_POWER": 0.0}),
    "lighter verbs": (planning, {"PREDICATE_WEIGHT": 1.0}),
}
PARTS = (*WEIGHTS, "Sudachi's synonyms", "thesaurus", "readings")


class _NoReadings:
    """An index whose words nobody can read."""

    def words_read(self, reading: str) -> Iterable[tuple[str, int]]:
        del reading
        return ()


@contextmanager
def without(engine: WhooshArraysEngine, part: str) -> Iterator[None]:
    """The engine with a part of its ranking switched off."""
    planner = engine._snapshot._planner
    if part in WEIGHTS:
        module, weights = WEIGHTS[part]
        with patch.multiple(module, **weights):
            yield
    elif part == "thesaurus":
        with patch.object(planner, "_thesaurus", Thesaurus()):
            yield
    elif part == "readings":
        with patch.object(planner, "_readings", _NoReadings()):
            yield
    else:
        with patch.object(engine._snapshot._lookup, "_related_ranks", lambda _: []):
            yield


def main() -> None:
    """Evaluate and print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("index", type=Path)
    parser.add_argument("queries", type=Path)
    options = parser.parse_args()
    engine = open_search(options.index)
    judgements = load_judgements(options.queries)
    print(f"| | {' | '.join(MEASURES)} |\n|---|{'---|' * len(MEASURES)}")

    def line(name: str) -> None:
        row = summary(evaluate(engine, judgements))
        print(f"| {name} | {' | '.join(f'{row[measure]:.4g}' for measure in MEASURES)} |", flush=True)

    line("as shipped")
    for part in PARTS:
        with without(engine, part):
            line(f"without {part}")


if __name__ == "__main__":
    main()
