"""The `kb` command. Exit codes: 0 done, 1 problems found or nothing found, 2 wrong use.

Each command imports what it alone needs: `kb index` is to take a second at most when one file has changed.
"""

from __future__ import annotations

import io
import json
import os
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import click

from indexer.building.build import BuildReport
from kb.errors import ContentError, KbError, Problem, Severity, UsageError, printable
from kb.vocabulary import FACETS
from webui import composition
from webui.serving import free_port, serve_forever
from webui.settings import Settings

F = TypeVar("F", bound=Callable[..., Any])
SHOWN_WARNINGS = 20  # of a build; `kb check` lists them all
MEGABYTE = 1_000_000


def common_options(command: F) -> F:
    """--content and --index, on every command."""
    command = click.option("--index", metavar="DIR", help="Index folder [KB_INDEX, default .index].")(command)
    return click.option(
        "--content", multiple=True, metavar="DIR", help="Content folder, repeatable [KB_CONTENT, default content]."
    )(command)


def _settings(content: tuple[str, ...], index: str | None) -> Settings:
    return Settings.from_environment(os.environ, content, index)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="kanmin-kb", prog_name="kb")
def main() -> None:
    """A knowledge base of Markdown, searched in Japanese."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="replace")  # a redirected Windows console writes cp932, which lacks ›


@main.command()
@common_options
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535))
@click.option("--workers", default=os.cpu_count() or 1, show_default="cores", type=click.IntRange(1, 64))
def serve(content: tuple[str, ...], index: str | None, host: str, port: int, workers: int) -> None:
    """Build the index if it is missing or stale, then serve it."""
    import multiprocessing

    settings = _settings(content, index)
    port = free_port(host, port)  # before the index is built, which may take minutes
    # In a process of its own: what a build loads would stay in the memory of every worker that is forked from here.
    freshening = multiprocessing.get_context("spawn").Process(target=_freshen, args=(settings,))
    freshening.start()
    freshening.join()
    if freshening.exitcode:
        if freshening.exitcode != 1:  # of which it could say nothing itself: no memory, or no right to start Python
            click.echo(f"the process that prepares the index ended with {freshening.exitcode}", err=True)
        sys.exit(1)
    serve_forever(settings, host, port, workers)


def _freshen(settings: Settings) -> None:
    """Build the index if it is stale; exits with 1 when there is none to serve."""
    if composition.index_is_fresh(settings):
        return
    try:
        _build(settings)
    except KbError as error:
        _print_error(error)
        if not composition.index_exists(settings):
            sys.exit(1)
        click.echo("serving the previous index", err=True)


@main.command("index")
@common_options
@click.option("--keep-going", is_flag=True, help="Leave out files that cannot be indexed, and go on past other errors.")
@click.option("--whole", is_flag=True, help="Look at every file again, not only at those that have changed.")
def index_command(content: tuple[str, ...], index: str | None, keep_going: bool, whole: bool) -> None:
    """Bring the index up to date, beside the old one, and swap it in."""
    try:
        report = _build(_settings(content, index), keep_going=keep_going, whole=whole)
    except KbError as error:
        _print_error(error)
        sys.exit(1)
    sys.exit(1 if any(problem.severity is Severity.ERROR for problem in report.problems) else 0)


def _build(settings: Settings, *, keep_going: bool = False, whole: bool = False) -> BuildReport:
    hidden = not sys.stderr.isatty()
    started = time.monotonic()
    with click.progressbar(
        length=1, label="Indexing", file=sys.stderr, item_show_func=lambda rate: rate, hidden=hidden
    ) as bar:

        def progress(done: int, total: int) -> None:
            rate = done / MEGABYTE / max(time.monotonic() - started, 1e-3)
            bar.length = max(total, 1)
            bar.update(done - bar.pos, f"{rate:.1f} MB/s")

        report = composition.build_index(settings, progress, keep_going=keep_going, whole=whole)
    warnings = [problem for problem in report.problems if problem.severity is Severity.WARNING]
    for problem in (problem for problem in report.problems if problem.severity is Severity.ERROR):
        click.echo(problem, err=True)
    for problem in warnings[:SHOWN_WARNINGS]:
        click.echo(problem, err=True)
    if len(warnings) > SHOWN_WARNINGS:
        click.echo(f"… and {len(warnings) - SHOWN_WARNINGS:,} more warnings (kb check lists them)", err=True)
    for path in report.left_out:
        click.echo(printable(f"left out: {path}"), err=True)
    click.echo(
        f"indexed {report.documents:,} documents, {report.sections:,} sections in {report.seconds:.1f} s: "
        f"{report.added:,} added, {report.changed:,} changed, {report.removed:,} removed",
        err=True,
    )
    return report


def _facet_options(command: F) -> F:
    for facet in reversed(FACETS):
        command = click.option(f"--{facet.name}", multiple=True, type=click.Choice(list(facet.values)))(command)
    return command


@main.command(context_settings={"ignore_unknown_options": True})  # -入札 is a query, and no option
@click.argument("query")
@common_options
@_facet_options
@click.option("--limit", default=10, show_default=True, type=click.IntRange(1, 100))
@click.option("--exact", is_flag=True, help="No synonyms, readings or parts of words.")
@click.option("--json", "as_json", is_flag=True, help="Print what the API answers.")
def search(
    query: str,
    content: tuple[str, ...],
    index: str | None,
    limit: int,
    exact: bool,
    as_json: bool,
    **facets: tuple[str, ...],
) -> None:
    """Search the index (as the page does, in the same order)."""
    from indexer.search.request import SearchRequest
    from webui.schemas import search_json
    from webui.terminal import format_page

    settings = _settings(content, index)
    try:
        filters = {name: values for name, values in facets.items() if values}
        page = (
            composition.make_searches(settings)
            .open()
            .search(SearchRequest(query.strip(), filters, per_page=limit, exact=exact))
        )
    except UsageError as error:
        raise click.UsageError(str(error)) from error
    except KbError as error:
        _print_error(error)
        click.echo("run kb index first", err=True)
        sys.exit(1)
    click.echo(json.dumps(search_json(page), ensure_ascii=False, indent=2) if as_json else format_page(page))
    sys.exit(0 if page.total else 1)


@main.command()
@common_options
def check(content: tuple[str, ...], index: str | None) -> None:
    """Report every problem of every file: front matter, ids, links, thesaurus, user dictionary."""
    from webui.checking import check_content

    problems = check_content(_settings(content, index).content)
    for problem in problems:
        click.echo(problem)
    errors = sum(problem.severity is Severity.ERROR for problem in problems)
    click.echo(f"{errors} errors, {len(problems) - errors} warnings", err=True)
    sys.exit(1 if errors else 0)


@main.command("eval")
@click.argument("queries", type=click.Path(exists=True, dir_okay=False))
@common_options
def eval_command(queries: str, content: tuple[str, ...], index: str | None) -> None:
    """nDCG@10, MRR@10, hit@1 and hit@10 of judged queries (JSON Lines)."""
    from indexer.editing.evaluation import evaluate, format_report, load_judgements

    try:
        judgements = load_judgements(Path(queries))
        report = evaluate(composition.make_searches(_settings(content, index)).open(), judgements)
    except KbError as error:
        _print_error(error)
        sys.exit(1)
    click.echo(format_report(report))


@main.command()
@click.argument("document_id")
@click.option("--title", required=True)
@click.option("--folder", default="internal", show_default=True, help="Folder inside the content folder.")
@common_options
def new(document_id: str, title: str, folder: str, content: tuple[str, ...], index: str | None) -> None:
    """Start an internal document with valid front matter."""
    from webui.new_document import new_document

    try:
        path = new_document(_settings(content, index).content, document_id, title, folder)
    except UsageError as error:
        raise click.UsageError(str(error)) from error
    click.echo(path)


def _print_error(error: KbError) -> None:
    problems: Iterable[Problem | KbError] = error.problems if isinstance(error, ContentError) else [error]
    for problem in problems:
        click.echo(problem, err=True)
