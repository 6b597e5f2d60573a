"""Cost of OR and AND queries with facet counts against plain Whoosh, SQLite FTS5 and tantivy, in one run.

    pip install tantivy matplotlib
    python -m tests.bench.engines CORPUS --folder WORK [--sections 1000,10000,90000] [--queries 100] [--png FILE]

CORPUS is a .tar.xz of Markdown files, or a folder of them. Its sections are analysed once and kept in WORK. More
sections than it has are made by repeating them. Queries are 1 to 4 words of one section, the same each run. Every
engine's totals and facet counts must agree before any time is taken; then the engines take turns, round by round.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import importlib
import json
import pickle
import random
import shutil
import statistics
import tarfile
import time
from collections.abc import Sequence
from pathlib import Path

from indexer.entries import entries_of
from indexer.language.analysis import Analyzer
from indexer.language.tokenizer import SudachiTokenizer
from kb.documents.catalog import ContentFile, scan
from kb.library import DocumentLoader
from tests.bench.expansions import percentile
from tests.bench.rivals import MOST_SECTIONS, RIVALS, Rival, Tokens

ROUNDS = 5
BATCH_FILES = 100
MAX_WORDS = 4
SHARES = {"p50": 0.5, "p95": 0.95}

Query = tuple[list[str], bool]
"""Words, and whether all of them are wanted."""
Times = dict[str, dict[bool, list[list[float]]]]
"""ms by engine, AND or OR, round and query."""


def analysed(files: list[ContentFile]) -> list[list[str]]:
    """The tokens of every section of some files (runs in worker processes)."""
    loader, analyzer = DocumentLoader({}), Analyzer(SudachiTokenizer())
    return [
        [word.term.replace(" ", "_") for text in entry.texts.values() for word in analyzer.terms(text)]
        for file in files
        for entry in entries_of(loader.load(file).document)
    ]


def corpus_tokens(corpus: Path, work: Path) -> list[list[str]]:
    """The tokens of every section of the corpus, from WORK if an earlier run left them there."""
    kept = work / "tokens.pickle"
    if kept.exists():
        tokens: list[list[str]] = pickle.loads(kept.read_bytes())
        return tokens
    if corpus.is_file():
        with tarfile.open(corpus) as archive:
            archive.extractall(work / "corpus", filter="data")
        corpus = work / "corpus"
    files = scan([str(corpus)]).files
    batches = [files[first : first + BATCH_FILES] for first in range(0, len(files), BATCH_FILES)]
    with concurrent.futures.ProcessPoolExecutor() as pool:
        tokens = [section for batch in pool.map(analysed, batches) for section in batch if section]
    kept.write_bytes(pickle.dumps(tokens))
    return tokens


def sample_queries(tokens: Tokens, count: int) -> list[Query]:
    """Words that stand together in a section, so that AND finds something."""
    chance = random.Random(20261123)
    queries: list[Query] = []
    while len(queries) < 2 * count:
        words = list(dict.fromkeys(chance.choices(chance.choice(tokens), k=chance.randint(1, MAX_WORDS))))
        queries += [(words, True), (words, False)]
    return queries


def check_same(engines: Sequence[Rival], queries: Sequence[Query]) -> None:
    """Every engine must count the same; how many of our first ten each has is printed (BM25's idf differs)."""
    shared: dict[str, list[float]] = {engine.name: [] for engine in engines}
    for words, all_of in queries:
        total, counts, best = engines[0].search(words, all_of=all_of)
        for engine in engines[1:]:
            other_total, other_counts, other_best = engine.search(words, all_of=all_of)
            if (other_total, other_counts) != (total, counts):
                raise SystemExit(f"{engine.name} does not agree on {words}: {other_total} hits, not {total}")
            shared[engine.name].append(len(set(best) & set(other_best)) / max(1, len(best)))
    for name, shares in shared.items():
        if shares:
            print(f"  {name}: same totals and counts; has {statistics.mean(shares):.0%} of our first ten")


def timed(engines: Sequence[Rival], queries: Sequence[Query]) -> Times:
    """All queries in each engine in turn, ROUNDS times; an engine meets its first query warm, as a server does."""
    times: Times = {engine.name: {True: [], False: []} for engine in engines}
    for _ in range(ROUNDS):
        for engine in engines:
            engine.search(queries[0][0], all_of=queries[0][1])
            for all_of in (True, False):
                times[engine.name][all_of].append([])
            for words, all_of in queries:
                started = time.perf_counter()
                engine.search(words, all_of=all_of)
                times[engine.name][all_of][-1].append((time.perf_counter() - started) * 1000)
    return times


def report(times: Times) -> dict[str, float]:
    """Print a table; OR p50 by engine."""
    print(f"  {'ms (ours / it, least to most of the rounds)':<14}")
    for name, by_kind in times.items():
        line = f"  {name:<8}"
        for all_of, kind in ((False, "OR"), (True, "AND")):
            for label, share in SHARES.items():
                rounds = [percentile(values, share) for values in by_kind[all_of]]
                ours = [percentile(values, share) for values in times["ours"][all_of]]
                ratios = [own / other for own, other in zip(ours, rounds, strict=True)]
                spread = f" ({min(ratios):.2f}–{max(ratios):.2f})" if name != "ours" else ""
                line += f"  {kind} {label} {statistics.median(rounds):.2f}{spread}"
        print(line)
    return {
        name: statistics.median(percentile(values, 0.5) for values in by_kind[False]) for name, by_kind in times.items()
    }


def draw(costs: dict[int, dict[str, float]], file: Path) -> None:
    """p50 of OR queries against the number of sections."""
    pyplot = importlib.import_module("matplotlib.pyplot")  # only who wants the picture has it
    figure, axes = pyplot.subplots(figsize=(7, 4))
    for name in dict.fromkeys(name for by_engine in costs.values() for name in by_engine):
        sizes = [size for size in costs if name in costs[size]]
        axes.plot(sizes, [costs[size][name] for size in sizes], marker="o", label=name)
    axes.set(xscale="log", yscale="log", xlabel="sections", ylabel="ms, OR of 1–4 words + 5 facets, p50")
    axes.grid(visible=True, which="both", alpha=0.3)
    axes.legend()
    figure.tight_layout()
    figure.savefig(file, dpi=110)


def main() -> None:
    """Build, check, time, print, draw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--sections", default="1000,10000,90000")
    parser.add_argument("--queries", type=int, default=100)
    parser.add_argument("--png", type=Path)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    all_tokens = corpus_tokens(options.corpus, options.folder)
    costs: dict[int, dict[str, float]] = {}
    for size in map(int, options.sections.split(",")):
        tokens = [all_tokens[number % len(all_tokens)] for number in range(size)]
        engines: list[Rival] = []
        print(f"{size:,} sections")
        for kind in RIVALS:
            if size > MOST_SECTIONS.get(kind.name, size):
                print(f"  {kind.name}: left out, it would take too long")
                continue
            engine = kind()
            shutil.rmtree(options.folder / kind.name, ignore_errors=True)
            started = time.perf_counter()
            engine.build(options.folder / kind.name, tokens)
            print(f"  {kind.name}: built in {time.perf_counter() - started:.1f} s")
            engines.append(engine)
        queries = sample_queries(tokens, options.queries)
        check_same(engines, queries)
        costs[size] = report(timed(engines, queries))
    print(json.dumps(costs))
    if options.png:
        draw(costs, options.png)


if __name__ == "__main__":
    main()
