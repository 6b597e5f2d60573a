"""What other programs find a page by: the address bar's search, the site map, previews of a link."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest
from flask.testing import FlaskClient

from tests.webui.dom import Element, parse

OPENSEARCH = "{http://a9.com/-/spec/opensearch/1.1/}"
SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
MAX_SHORT_NAME_CHARS = 16  # OpenSearch 1.1


def xml(client: FlaskClient, url: str, kind: str) -> ET.Element:
    answer = client.get(url, base_url="https://kb.example:8443")
    assert answer.status_code == 200
    assert answer.mimetype == kind
    return ET.fromstring(answer.get_data(as_text=True))


def previews(client: FlaskClient, url: str) -> dict[str, str]:
    page: Element = parse(client.get(url).get_data(as_text=True))
    return {meta["property"]: meta["content"] for meta in page.all("meta") if "property" in meta}


def test_the_address_bar_learns_how_to_search_here(client: FlaskClient) -> None:
    described = xml(client, "/opensearch.xml", "application/opensearchdescription+xml")
    url = described.find(f"{OPENSEARCH}Url")
    assert url is not None
    assert url.attrib == {"type": "text/html", "template": "https://kb.example:8443/search?q={searchTerms}"}
    name = described.findtext(f"{OPENSEARCH}ShortName")
    assert name
    assert len(name) <= MAX_SHORT_NAME_CHARS


@pytest.mark.parametrize("url", ["/", "/search?q=契約", "/docs/direct-contract", "/nowhere"])
def test_every_page_names_the_description(client: FlaskClient, url: str) -> None:
    page = parse(client.get(url).get_data(as_text=True))
    assert page.one("link", rel="search")["href"] == "/opensearch.xml"


def test_the_site_map_lists_every_document_with_its_date(client: FlaskClient) -> None:
    places = xml(client, "/sitemap.xml", "application/xml").findall(f"{SITEMAP}url")
    assert [(place.findtext(f"{SITEMAP}loc"), place.findtext(f"{SITEMAP}lastmod")) for place in places] == [
        ("https://kb.example:8443/docs/direct-contract", "2026-04-01"),
        ("https://kb.example:8443/docs/trial-order", "2026-11-01"),
        ("https://kb.example:8443/docs/city-case", None),
        ("https://kb.example:8443/docs/memo", None),
    ]


@pytest.mark.parametrize(
    ("url", "title", "description"),
    [
        ("/", "官民連携ナレッジ検索", "官民連携の実践ガイド、事例、用語、庁内文書を、読みたい節まで探せます。"),
        ("/search?q=契約", "契約 の検索結果｜官民連携ナレッジ検索", "2件"),
        ("/search?kind=case", "文書の一覧｜官民連携ナレッジ検索", "種別：事例　2件"),
        (
            "/docs/direct-contract",
            "スタートアップとの随意契約｜官民連携ナレッジ検索",
            "第5章 官民連携編　実践ガイド 83〜99頁　2026年4月1日更新",
        ),
        (
            "/docs/trial-order",
            "トライアル発注｜官民連携ナレッジ検索",
            "第5章 官民連携編　実践ガイド 100頁　2026年11月1日更新",
        ),
        ("/docs/memo", "庁内の覚え書き｜官民連携ナレッジ検索", "庁内文書"),
    ],
)
def test_a_link_pasted_into_a_chat_says_where_it_leads(
    client: FlaskClient, url: str, title: str, description: str
) -> None:
    assert previews(client, url) == {
        "og:site_name": "官民連携ナレッジ検索",
        "og:type": "website",
        "og:title": title,
        "og:description": description,
    }
