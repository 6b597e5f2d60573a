"""The pages: read the request, search, render. Every page works without JavaScript."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from markupsafe import Markup, escape
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response as WerkzeugResponse

from indexer.engine import MAX_WINDOW, Sort
from indexer.plan import How
from indexer.search.answer import SearchPage
from indexer.search.request import DEFAULT_PER_PAGE, MAX_QUERY_CHARS, SearchRequest
from indexer.search.service import Search
from kb.documents.model import Document
from kb.errors import NotFoundError
from kb.vocabulary import CHAPTERS, FACET_BY_NAME, FACETS, KINDS, PATTERNS, STAGES
from webui.current import current_search
from webui.reader_table import reader_table
from webui.requests import document_url, search_request, search_url, toggled, with_filters
from webui.schemas import next_request
from webui.settings import SITE_NAME

RECENT_DOCUMENTS = 5
SORTS = {Sort.RELEVANCE: "関連度の高い順", Sort.PAGE: "ガイドの頁順"}


@dataclass(frozen=True, slots=True)
class Chip:
    """A selected filter and the address without it."""

    facet_label: str
    label: str
    remove_url: str


@dataclass(frozen=True, slots=True)
class PageLink:
    """A page of results; without `url` it is the current one, and without `number` a gap."""

    number: int | None
    url: str | None


def create_pages() -> Blueprint:
    """The blueprint of all HTML pages."""
    pages = Blueprint("pages", __name__)

    @pages.app_context_processor
    def common() -> dict[str, object]:
        return {
            "site_name": SITE_NAME,
            "kinds": KINDS,
            "facets": FACETS,
            "document_url": document_url,
            "search_url": search_url,
            "max_query_chars": MAX_QUERY_CHARS,
        }

    @pages.app_template_filter()
    def as_typed(word: str, q: str) -> str:
        """A folded word as it stands in the query: NDA, not nda."""
        place = q.lower().find(word)
        typed = q[place : place + len(word)]
        return typed if typed.lower() == word else word  # the lower case of some letters is longer than they are

    @pages.app_template_filter()
    def page_range(pages: tuple[int, int]) -> str:
        first, last = pages
        return f"{first}頁" if first == last else f"{first}〜{last}頁"

    @pages.app_template_filter()
    def japanese_date(date: datetime.date) -> str:
        return f"{date.year}年{date.month}月{date.day}日"

    @pages.app_template_filter()
    def phrases(label: str) -> Markup:
        """The label, which breaks before its parenthesis rather than inside it."""
        before, parenthesis, rest = label.partition("（")
        return Markup('{}<span class="phrase">{}{}</span>').format(before, parenthesis, rest) if rest else escape(label)

    @pages.app_template_filter()
    def japanese_time(moment: datetime.datetime) -> str:
        local = moment.astimezone()
        return f"{japanese_date(local)} {local:%H:%M}"

    @pages.get("/")
    def home() -> str:
        search = current_search()
        documents = search.documents()
        return render_template(
            "home.html",
            readers=reader_table(documents),
            chapters=CHAPTERS,
            stages=STAGES,
            patterns=PATTERNS,
            cases=[document for document in documents if document.kind == "case"],
            recent=_recent(documents),
            info=search.info,
            filter_url=lambda **wanted: search_url(
                SearchRequest(filters={key: (value,) for key, value in wanted.items()})
            ),
        )

    @pages.get("/search")
    def search() -> str:
        wanted = search_request(request.args)
        page = current_search().search(wanted)
        return render_template(
            "search.html",
            page=page,
            wanted=wanted,
            chips=_chips(wanted),
            clear_url=search_url(with_filters(wanted, {})),
            links=_page_links(page),
            sorts=SORTS,
            headings=_marked_headings(current_search(), page),
            toggled=toggled,
            how=How,
            default_per_page=DEFAULT_PER_PAGE,
            default_sort=Sort.RELEVANCE,
            replace=replace,
            next_request=next_request,
        )

    @pages.get("/docs/<document_id>")
    def document(document_id: str) -> str | WerkzeugResponse:
        q = request.args.get("q", "")[:MAX_QUERY_CHARS]
        search = current_search()
        current = search.current_id(document_id)
        if current != document_id:
            return redirect(document_url(current, q=q), code=301)
        found = search.document(document_id)
        documents = search.documents()
        marked = {section.id: search.mark(q, section.html) if q else section.html for section in found.sections}
        previous, following = _neighbours(found, documents)
        return render_template(
            "document.html",
            document=found,
            html=marked,
            levels=_levels(found),
            q=q,
            marks=sum(html.count("<mark>") for html in marked.values()) if q else 0,
            place=CHAPTERS[str(found.chapter)] if found.chapter else KINDS[found.kind],
            place_url=search_url(SearchRequest(filters=_place_filter(found))),
            facet_labels=_facet_labels(found),
            related=_by_ids(documents, found.related),
            previous=previous,
            following=following,
        )

    @pages.get("/s/<path:section_id>")
    def section(section_id: str) -> WerkzeugResponse:
        document_id, _, anchor = section_id.partition("#")
        return redirect(document_url(current_search().current_id(document_id), anchor), code=301)

    @pages.get("/opensearch.xml")
    def opensearch() -> Response:
        template = _root_url() + url_for("pages.search").removeprefix("/")
        answer = make_response(render_template("opensearch.xml", template=template))
        answer.mimetype = "application/opensearchdescription+xml"
        return answer

    @pages.get("/sitemap.xml")
    def sitemap() -> Response:
        answer = make_response(render_template("sitemap.xml", documents=current_search().documents(), root=_root_url()))
        answer.mimetype = "application/xml"
        return answer

    @pages.get("/healthz")
    def healthz() -> Response:
        return _plain("ok")

    @pages.get("/readyz")
    def readyz() -> Response:
        current_search()  # raises, and so answers 503, while there is no index
        return _plain("ok")

    return pages


def _root_url() -> str:
    """The address of this server as the browser knows it; 400 where its Host header names no host."""
    if not request.host:
        raise BadRequest
    return request.url_root


def _plain(text: str) -> Response:
    answer = make_response(text)
    answer.mimetype = "text/plain"
    return answer


def _recent(documents: Sequence[Document]) -> list[Document]:
    def updated(document: Document) -> datetime.date:
        return document.updated or datetime.date.min

    return sorted((item for item in documents if item.updated), key=updated, reverse=True)[:RECENT_DOCUMENTS]


def _marked_headings(search: Search, page: SearchPage) -> dict[str, Markup]:
    """The heading of each hit, by its id, with the words that were searched for in `<mark>`."""
    q = page.searched
    hits = (*page.hits, *page.partial_hits)
    html = "".join(f"<p>{escape(hit.heading or hit.document.title)}</p>" for hit in hits)
    marked = search.mark(q, html) if q else html  # all at once: what `q` searches for is worked out once
    return {hit.id: Markup(part.removeprefix("<p>")) for hit, part in zip(hits, marked.split("</p>"), strict=False)}  # noqa: S704


def _chips(wanted: SearchRequest) -> list[Chip]:
    return [
        Chip(FACET_BY_NAME[name].label, FACET_BY_NAME[name].values[value], search_url(toggled(wanted, name, value)))
        for name, values in wanted.filters.items()
        for value in values
    ]


def _page_links(page: SearchPage) -> list[PageLink]:
    """First, last and the neighbours of the current page, with gaps."""
    wanted = page.request
    last = min(-(-page.total // wanted.per_page), MAX_WINDOW // wanted.per_page)
    numbers = sorted({1, last, *range(wanted.page - 2, wanted.page + 3)} & set(range(1, last + 1)))
    links: list[PageLink] = []
    for number in numbers:
        if links and links[-1].number is not None and number - links[-1].number > 1:
            links.append(PageLink(None, None))
        url = None if number == wanted.page else search_url(replace(wanted, page=number))
        links.append(PageLink(number, url))
    return links if last > 1 else []


def _levels(document: Document) -> Mapping[str, int]:
    """The heading element (2 to 6) of each section: the page's own title is the only h1, and no level is skipped."""
    levels: dict[str, int] = {}
    stack: list[int] = []
    for section in document.sections[1:]:
        while stack and stack[-1] >= section.level:
            stack.pop()
        stack.append(section.level)
        levels[section.id] = min(1 + len(stack), 6)
    return levels


def _place_filter(document: Document) -> dict[str, tuple[str, ...]]:
    return {"chapter": (str(document.chapter),)} if document.chapter else {"kind": (document.kind,)}


def _facet_labels(document: Document) -> list[tuple[str, list[tuple[str, str]]]]:
    """(facet's label, [(value's label, address of a search for it)]) of what a document is for."""
    values = {
        "role": document.roles,
        "stage": document.stages,
        "pattern": (document.pattern,) if document.pattern else (),
    }
    return [
        (
            FACET_BY_NAME[name].label,
            [(FACET_BY_NAME[name].values[slug], search_url(SearchRequest(filters={name: (slug,)}))) for slug in slugs],
        )
        for name, slugs in values.items()
        if slugs
    ]


def _by_ids(documents: Sequence[Document], ids: Sequence[str]) -> list[Document]:
    known = {document.id: document for document in documents}
    return [known[document_id] for document_id in ids if document_id in known]


def _neighbours(document: Document, documents: Sequence[Document]) -> tuple[Document | None, Document | None]:
    """The documents before and after in reading order, of the same kind."""
    for kind, group in groupby(documents, key=lambda other: other.kind):
        if kind != document.kind:
            continue
        same = list(group)
        position = next((index for index, other in enumerate(same) if other.id == document.id), None)
        if position is None:
            raise NotFoundError(document.id)
        before = same[position - 1] if position else None
        after = same[position + 1] if position + 1 < len(same) else None
        return before, after
    return None, None
