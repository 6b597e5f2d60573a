"""What the whole product costs on a large folder: building, changing one file, opening, searching, suggesting.

    python -m tests.bench.product CORPUS --folder WORK [--queries 300]

CORPUS is a folder of Markdown files; it is copied to WORK, because one file is changed. Linux only (/proc).
"""

from __future__ import annotations

import argparse
import concurrent.futures
import os
import random
import resource
import shutil
import statistics
import string
import subprocess
import sys
import time
from pathlib import Path

from indexer.engines.whoosh_arrays import WhooshArrays
from indexer.entries import entries_of
from indexer.language.analysis import Analyzer
from indexer.language.tokenizer import SudachiTokenizer
from indexer.search.request import SearchRequest
from indexer.search.service import Search, Searches
from kb.documents.catalog import ContentFile, scan
from kb.library import DocumentLoader
from tests.bench.engines import BATCH_FILES
from tests.bench.expansions import percentile, sample_queries
from tests.conftest import open_search

MEGABYTE = 1_000_000
CHANGES = {"a new line": "\n\n{}\n", "a new section": "\n\n## {}\n"}
CHANGES_EACH = 9
NEW_WORD_CHARS = 12
POLL_SECONDS = 0.01
KB_INDEX = (sys.executable, "-c", "from webui.cli import main; main()", "index")
START = "import sys; from pathlib import Path; "
WARM = START + "from indexer.language.tokenizer import SudachiTokenizer; list(SudachiTokenizer().tokenize('契約'))"
FIRST = START + (
    "from indexer.search.request import SearchRequest; from indexer.search.service import Searches; "
    "from indexer.engines.whoosh_arrays import WhooshArrays; "
    "Searches(WhooshArrays(Path(sys.argv[1]))).open().search(SearchRequest('契約'))"
)


def spent(files: list[ContentFile]) -> tuple[float, float]:
    """Seconds of one core to render some files, and to tokenize their text (runs in worker processes)."""
    loader, analyzer = DocumentLoader({}), Analyzer(SudachiTokenizer())
    started = time.process_time()
    entries = [entry for file in files for entry in entries_of(loader.load(file).document)]
    rendered = time.process_time()
    for entry in entries:
        for text in entry.texts.values():
            analyzer.tokens(text)
    return rendered - started, time.process_time() - rendered


def measure_build(content: Path, index: Path) -> None:
    """A whole build against its parts, its memory and its size."""
    started = time.perf_counter()
    subprocess.run([*KB_INDEX, "--content", content, "--index", index], check=True, capture_output=True)
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    files = scan([str(content)]).files
    batches = [files[first : first + BATCH_FILES] for first in range(0, len(files), BATCH_FILES)]
    with concurrent.futures.ProcessPoolExecutor() as pool:
        rendering, tokenizing = map(sum, zip(*pool.map(spent, batches), strict=True))
    cores = os.cpu_count() or 1
    markdown = sum(file.size for file in files)
    size = sum(path.stat().st_size for path in index.iterdir())
    print(f"whole build: {seconds:.0f} s, peak {peak / MEGABYTE:.0f} MB in its largest process")
    print(f"  / tokenizing alone on {cores} cores ({tokenizing / cores:.0f} s): {seconds * cores / tokenizing:.2f}")
    both = (rendering + tokenizing) / cores
    print(f"  / rendering Markdown and tokenizing ({both:.0f} s): {seconds / both:.2f}")
    print(f"index {size / MEGABYTE:.0f} MB / Markdown {markdown / MEGABYTE:.0f} MB: {size / markdown:.2f}")


def measure_change(content: Path, index: Path) -> None:
    """From the change of one file until an engine that is serving finds it."""
    searches = Searches(WhooshArrays(index))
    file = random.Random(20261123).choice(sorted(content.rglob("*.md")))
    for name, change in CHANGES.items():
        times: list[float] = []
        for _ in range(CHANGES_EACH):
            word = "".join(random.choices(string.ascii_lowercase, k=NEW_WORD_CHARS))
            with file.open("a", encoding="utf-8") as text:
                text.write(change.format(word))
            before = searches.open().info.content_digest
            started = time.perf_counter()
            with subprocess.Popen(
                [*KB_INDEX, "--content", content, "--index", index], stderr=subprocess.DEVNULL
            ) as build:
                while searches.open().info.content_digest == before and build.poll() is None:
                    time.sleep(POLL_SECONDS)
                found = searches.open().search(SearchRequest(word)).total
                times.append(time.perf_counter() - started)
            assert found == 1, build.returncode
        middle, least, most = statistics.median(times), min(times), max(times)
        print(f"{name} in one file, from kb index until a search sees it: {middle:.2f} s ({least:.2f} to {most:.2f})")


def measure_opening(index: Path) -> None:
    """A fresh process to its first answer, over Python's and Sudachi's own start."""
    times: dict[str, list[float]] = {WARM: [], FIRST: []}
    for _ in range(5):
        for code, taken in times.items():
            started = time.perf_counter()
            subprocess.run([sys.executable, "-c", code, index], check=True)
            taken.append(time.perf_counter() - started)
    print(
        f"fresh process to first answer: {min(times[FIRST]):.2f} s; Python and Sudachi alone {min(times[WARM]):.2f} s"
    )


def measure_queries(search: Search, count: int) -> None:
    """The whole query, snippets and facets included, and suggestions after each character of it."""
    queries = sample_queries(search, count)
    for q in queries[:50]:
        search.search(SearchRequest(q))
    searching = [search.search(SearchRequest(q)).took_ms for q in queries]
    print(f"full query: p50 {percentile(searching, 0.5):.1f} ms, p95 {percentile(searching, 0.95):.1f} ms")
    suggesting: list[float] = []
    for q in queries:
        for end in range(1, min(len(q), 8) + 1):
            started = time.perf_counter()
            search.suggest(q[:end], {}, 8)
            suggesting.append((time.perf_counter() - started) * 1000)
    print(f"suggestions: p50 {percentile(suggesting, 0.5):.1f} ms, p95 {percentile(suggesting, 0.95):.1f} ms")
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    resident = next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS"))
    print(f"resident memory of the process that searched: {resident / MEGABYTE:.0f} MB")


def main() -> None:
    """Build, change, open, search; print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--queries", type=int, default=300)
    options = parser.parse_args()
    content, index = options.folder / "content", options.folder / "index"
    shutil.rmtree(content, ignore_errors=True)
    shutil.rmtree(index, ignore_errors=True)
    shutil.copytree(options.corpus, content)
    measure_build(content, index)
    measure_change(content, index)
    measure_opening(index)
    measure_queries(open_search(index), options.queries)


if __name__ == "__main__":
    main()
