"""JSQuAD dev: can the engine, as shipped, find the paragraph that a question was written about?

    python -m tests.bench.jsquad JSQUAD-DEV.jsonl.gz FOLDER

A line of the file is {"id", "title", "text", "questions"}. Each paragraph becomes a document, each question a query
whose one right answer is that document. FOLDER is left with index/ and queries.jsonl, for tests.bench.ablation.
"""

from __future__ import annotations

import argparse
import gzip
import json
from pathlib import Path

from indexer.building.build import build
from indexer.editing.evaluation import Judgement, evaluate, summary
from indexer.engines.whoosh_arrays import WhooshArrays
from indexer.search.request import MAX_QUERY_CHARS
from indexer.search.service import Searches


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


def main() -> None:
    """Build, evaluate, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("source", type=Path)
    parser.add_argument("folder", type=Path)
    options = parser.parse_args()
    content, index = options.folder / "content", options.folder / "index"
    content.mkdir(parents=True, exist_ok=True)
    judgements = write_content(options.source, content)
    lines = [
        json.dumps({"query": item.query, "relevant": dict(item.relevant)}, ensure_ascii=False) for item in judgements
    ]
    (options.folder / "queries.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    engine = WhooshArrays(index)
    build([str(content)], engine)
    row = summary(evaluate(Searches(engine).open(), judgements))
    print("  ".join(f"{name} {value:.4f}" for name, value in row.items()))


if __name__ == "__main__":
    main()
