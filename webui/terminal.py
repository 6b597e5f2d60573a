"""A page of results as text for a terminal."""

from __future__ import annotations

import html
import re

from indexer.search.answer import SearchPage
from kb.errors import printable
from webui.requests import document_url

_MARK = re.compile(r"</?mark>")


def format_page(page: SearchPage) -> str:
    """What was made of the query, then for each hit: rank and heading, place, snippet, address."""
    interpretation = page.interpretation
    lines = [f"{page.total} hits"]
    if interpretation.did_you_mean:
        lines.append(f"{'corrected to' if interpretation.corrected else 'did you mean'}: {interpretation.did_you_mean}")
    if interpretation.dropped:
        lines.append(f"without: {', '.join(interpretation.dropped)}")
    elif interpretation.unknown:
        lines.append(f"in no section: {', '.join(interpretation.unknown)}")
    hits = (*page.hits, *page.partial_hits)
    for rank, hit in enumerate(hits, (page.request.page - 1) * page.request.per_page + 1):
        lines += [
            "",
            f"{rank}. {hit.heading or hit.document.title}",
            f"   {' › '.join(hit.breadcrumb)}",
            *([f"   not in this section: {', '.join(hit.missing)}"] if hit.missing else []),
            f"   {html.unescape(_MARK.sub('', hit.snippet))}",
            f"   {document_url(hit.document.id, hit.anchor)}",
        ]
    return "\n".join(map(printable, lines))
