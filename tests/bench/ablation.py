"""What each part of the ranking is worth: judged queries with one part switched off at a time.

    python -m tests.bench.ablation INDEX QUERIES.jsonl

INDEX is a folder made by `kb index`, QUERIES what `kb eval` takes.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from indexer.editing.evaluation import evaluate, load_judgements, summary
from indexer.engine import Documents, Index, IndexInfo, Match, Scope, Word, Words
from indexer.engines.whoosh_arrays import WhooshArrays
from indexer.language.thesaurus import Thesaurus
from indexer.manifest import Manifest
from indexer.plan import Plan
from indexer.ranking import SHIPPED, Weights
from indexer.search.service import Search

MEASURES = ("nDCG@10", "MRR@10", "hit@1", "hit@10", "empty")
WEIGHTS: Mapping[str, Weights] = {
    "bigrams": replace(SHIPPED, bigram=0.0),
    "parts": replace(SHIPPED, part=0.0, parts=0.0),
    "proximity": replace(SHIPPED, proximity=0.0),
    "coverage": replace(SHIPPED, coverage_power=0.0),
    "lighter verbs": replace(SHIPPED, predicate=1.0),
    "Sudachi's synonyms": replace(SHIPPED, related=0.0),
}


class Partly:
    """An index of which a part of what it knows is hidden: its thesaurus, or how its words are read."""

    def __init__(self, index: Index, hidden: str) -> None:
        self._index = index
        self.info: IndexInfo = index.info
        self.documents: Documents = index.documents
        self.words: Words = Unread(index.words) if hidden == "readings" else index.words
        no_thesaurus = replace(index.manifest, thesaurus=Thesaurus())
        self.manifest: Manifest = no_thesaurus if hidden == "thesaurus" else index.manifest

    def attachment(self, name: str) -> Path | None:
        return self._index.attachment(name)

    def match(self, plans: Sequence[Plan], scope: Scope) -> Sequence[Match]:
        return self._index.match(plans, scope)


class Unread:
    """Words that nobody can read."""

    def __init__(self, words: Words) -> None:
        self.like, self.related, self.beginning = words.like, words.related, words.beginning

    def read(self, reading: str) -> Sequence[Word]:
        del reading
        return ()

    read_like = read


def searches(index: Index) -> dict[str, Search]:
    """The search as shipped, and without each part."""
    return {
        "as shipped": Search(index),
        **{f"without {part}": Search(index, weights) for part, weights in WEIGHTS.items()},
        **{f"without {part}": Search(Partly(index, part)) for part in ("thesaurus", "readings")},
    }


def main() -> None:
    """Evaluate and print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("index", type=Path)
    parser.add_argument("queries", type=Path)
    options = parser.parse_args()
    judgements = load_judgements(options.queries)
    print(f"| | {' | '.join(MEASURES)} |\n|---|{'---|' * len(MEASURES)}")
    for name, search in searches(WhooshArrays(options.index).open()).items():
        row = summary(evaluate(search, judgements))
        print(f"| {name} | {' | '.join(f'{row[measure]:.4g}' for measure in MEASURES)} |", flush=True)


if __name__ == "__main__":
    main()
