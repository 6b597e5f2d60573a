"""What folding, synonyms, readings, parts, bigrams and proximity cost: each query as shipped and as plain words.

    python -m tests.bench.expansions INDEX [--queries N]

INDEX is a folder made by `kb index`. Queries are 1 to 4 words drawn from the index's own headings, the same each run.
Plain words are `exact=1`: no expansion, no bigrams. Both are timed in turn, whole answers with snippets and facets.
"""

from __future__ import annotations

import argparse
import random
import statistics
from pathlib import Path

from indexer.language.tokenizer import SudachiTokenizer
from indexer.search.request import SearchRequest
from indexer.search.service import Search
from kb.language.folding import fold
from tests.conftest import open_search

ROUNDS = 3
WARM_UP = 20


def sample_queries(search: Search, count: int) -> list[str]:
    """Queries of 1 to 4 words that stand together in one title or heading."""
    chance = random.Random(20261123)
    tokenizer = SudachiTokenizer()
    documents = list(search.documents())
    queries: list[str] = []
    while len(queries) < count:
        document = search.document(chance.choice(documents).id)
        text = f"{document.title} {chance.choice(document.sections).heading}"
        words = [word.term for token in tokenizer.tokenize(fold(text)) if not (word := token.word).is_function]
        if words:
            queries.append(" ".join(dict.fromkeys(chance.choices(words, k=chance.randint(1, 4)))))
    return queries


def percentile(values: list[float], share: float) -> float:
    """The value below which `share` of all lie."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def main() -> None:
    """Time and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("index", type=Path)
    parser.add_argument("--queries", type=int, default=200)
    options = parser.parse_args()
    search = open_search(options.index)
    queries = sample_queries(search, options.queries)
    times: dict[bool, list[float]] = {True: [], False: []}
    for query in queries[:WARM_UP]:
        search.search(SearchRequest(query))
    for _ in range(ROUNDS):
        for query in queries:
            for exact in (True, False):
                times[exact].append(search.search(SearchRequest(query, exact=exact)).took_ms)
    print(f"{'ms':<14}{'p50':>8}{'p95':>8}{'mean':>8}")
    for name, exact in (("plain words", True), ("as shipped", False)):
        row = times[exact]
        print(f"{name:<14}{percentile(row, 0.5):>8.1f}{percentile(row, 0.95):>8.1f}{statistics.fmean(row):>8.1f}")
    print(f"ratio at p95: {percentile(times[False], 0.95) / percentile(times[True], 0.95):.2f}")


if __name__ == "__main__":
    main()
