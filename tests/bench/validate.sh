#!/bin/sh
# What the Nu Html Checker says of every page: each document with and without marks, and search in every state. Silent
# when all is well. Needs Node.js and Java. Usage, after kb index: tests/bench/validate.sh
set -eu
kb serve --port 8134 >/dev/null 2>&1 &
server=$!
folder=$(mktemp -d)
trap 'kill $server; rm -r "$folder"' EXIT
npm install --prefix "$folder" --no-audit --no-fund vnu-jar >/dev/null
until python3 -c 'import urllib.request as r; r.urlopen("http://127.0.0.1:8134/readyz")' 2>/dev/null; do sleep 1; done
python3 - "$folder" <<'PYTHON'
import json, sys, urllib.parse, urllib.request
from pathlib import Path

BASE = "http://127.0.0.1:8134"
SEARCHES = "", "q=随意契約", "q=契約&page=3&role=gov-line-officer&exact=1", "q=随意計約", "q=宇宙エレベーター&chapter=5", "role=king"
folder = Path(sys.argv[1], "pages")
folder.mkdir()
sitemap = urllib.request.urlopen(f"{BASE}/sitemap.xml").read().decode()
documents = [place.split("<")[0].partition("/docs/")[2] for place in sitemap.split("<loc>") if "/docs/" in place]
pages = ["/", *(f"/search?{search}" for search in SEARCHES)]
pages += [f"/docs/{document}{marks}" for document in documents for marks in ("", "?q=契約")]
for number, page in enumerate(pages):
    try:
        html = urllib.request.urlopen(BASE + urllib.parse.quote(page, safe="/?=&")).read()
    except urllib.error.HTTPError as error:
        html = error.read()
    Path(folder, f"{number}.html").write_bytes(html)
print(len(pages), "pages")
PYTHON
java -jar "$folder/node_modules/vnu-jar/build/dist/vnu.jar" "$folder"/pages/*.html
