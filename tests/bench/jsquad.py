"""JSQuAD dev: can the engine, as shipped, find the paragraph that a question was written about?

    python -m tests.bench.jsquad <jsquad-dev.jsonl.gz> [--ablate]

A line of the file is {"id", "title", "text", "questions"}. Each paragraph becomes a document, each question a query
whose one right answer is that document. `--ablate` switches parts of the ranking off one by one to show their worth.
"""

from __future__ import annotations

import argparse
import gzip
import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from indexer import ranking
from indexer.build import build
from indexer.engine import MAX_QUERY_CHARS, How
from indexer.engines.whoosh_arrays import WhooshArraysBackend, scoring
from indexer.evaluation import Judgement, evaluate, summary

ABLATIONS: dict[str, dict[str, object]] = {
    "as shipped": {},
    "without bigrams": {"BIGRAM_WEIGHT": 0.0},
    "without parts": {"PART_WEIGHT": 0.0, "ALTERNATIVE_WEIGHT": {**ranking.ALTERNATIVE_WEIGHT, How.PARTS: 0.0}},
    "without proximity": {"PROXIMITY_WEIGHT": 0.0},
    "without coverage": {"COVERAGE_POWER": 0.0},
}


def write_content(source: Path, folder: Path) -> list[Judgement]:
    """One Markdown file for each paragraph; returns the questions with their answers."""
    judgements: list[Judgement] = []
    with gzip.open(source, "rt", encoding="utf-8") as lines:
        for line in lines:
            paragraph = json.loads(line)
            title = json.dumps(paragraph["title"], ensure_ascii=False)
            text = f"---\nid: {paragraph['id']}\ntitle: {title}\nkind: internal\n---\n{paragraph['text']}\n"
            Path(folder, f"{paragraph['id']}.md").write_text(text, encoding="utf-8")
            judgements += [
                Judgement(question[:MAX_QUERY_CHARS], {paragraph["id"]: 1}) for question in paragraph["questions"]
            ]
    return judgements


@contextmanager
def switched_off(weights: dict[str, object]) -> Iterator[None]:
    """The scorer with some weights replaced, for a measurement."""
    before = {name: getattr(scoring, name) for name in weights}
    try:
        for name, value in weights.items():
            setattr(scoring, name, value)
        yield
    finally:
        for name, value in before.items():
            setattr(scoring, name, value)


def main() -> None:
    """Build, evaluate, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("source", type=Path)
    parser.add_argument("--ablate", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        content, index = Path(temporary, "content"), Path(temporary, "index")
        content.mkdir()
        judgements = write_content(options.source, content)
        backend = WhooshArraysBackend()
        build([str(content)], index, backend)
        engine = backend.open_engine(index)
        print(f"{'':<20}{'MRR@10':>8}{'hit@1':>8}{'hit@10':>8}{'empty':>7}")
        for name, weights in ABLATIONS.items() if options.ablate else [("as shipped", {})]:
            with switched_off(weights):
                row = summary(evaluate(engine, judgements))
            print(f"{name:<20}{row['MRR@10']:>8.4f}{row['hit@1']:>8.4f}{row['hit@10']:>8.4f}{row['empty']:>7}")


if __name__ == "__main__":
    main()
