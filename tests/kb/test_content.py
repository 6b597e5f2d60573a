"""What the shipped content promises its readers, beyond what `kb check` finds."""

from __future__ import annotations

import re

import pytest

from kb.documents.catalog import scan
from kb.documents.model import Document
from kb.library import DocumentLoader
from tests.conftest import CONTENT

CATALOG = scan([str(CONTENT)])
LOADER = DocumentLoader(CATALOG.ids_by_path())
DOCUMENTS = [LOADER.load(file).document for file in CATALOG.files]
CASE_OUTLINE = ["課題", "取組", "体制・契約", "成果", "学べること", "出典"]

every_document = pytest.mark.parametrize("document", DOCUMENTS, ids=[document.id for document in DOCUMENTS])


@every_document
def test_every_document_says_where_its_facts_come_from_whom_it_is_for_and_what_it_answers(document: Document) -> None:
    assert document.guide_pages or document.source
    assert document.roles
    assert document.questions
    assert document.updated


@every_document
def test_footnotes_are_numbered_as_they_are_met_and_each_is_referred_to(document: Document) -> None:
    html = "".join(section.html for section in document.sections)
    met = list(dict.fromkeys(map(int, re.findall(r'class="footnote-ref"[^>]*>(\d+)<', html))))
    assert met == list(range(1, html.count("<li id=") + 1))


def test_cases_share_one_outline() -> None:
    cases = [document for document in DOCUMENTS if document.kind == "case"]
    assert len(cases) >= 6
    for case in cases:
        headings = [section.heading for section in case.sections if section.level == 2]
        assert headings == [heading for heading in CASE_OUTLINE if heading in headings]
        assert headings[-1] == "出典"


def test_the_glossary_has_at_least_forty_terms() -> None:
    terms = [section for document in DOCUMENTS if document.kind == "glossary" for section in document.sections]
    assert len({section.heading for section in terms if section.level == 2}) >= 40
