#!/bin/sh
# Lighthouse's scores (accessibility, best practices, performance) of home, results and a document, as a desktop and as
# a phone with a slow line see them. Needs Node.js and Debian's chromium. Usage, after kb index: tests/bench/lighthouse.sh
set -eu
kb serve --port 8133 >/dev/null 2>&1 &
server=$!
folder=$(mktemp -d)
trap 'kill $server; rm -r "$folder"' EXIT
npm install --prefix "$folder" --no-audit --no-fund lighthouse >/dev/null
until python3 -c 'import urllib.request as r; r.urlopen("http://127.0.0.1:8133/readyz")' 2>/dev/null; do sleep 1; done
for path in / '/search?q=%E9%9A%8F%E6%84%8F%E5%A5%91%E7%B4%84' '/docs/direct-contract?q=%E9%9A%8F%E6%84%8F%E5%A5%91%E7%B4%84'; do
    for form in desktop phone; do
        preset=$([ "$form" = desktop ] && echo --preset=desktop || true)
        CHROME_PATH=$(command -v chromium) "$folder/node_modules/.bin/lighthouse" "http://127.0.0.1:8133$path" $preset \
            --quiet --only-categories=accessibility,best-practices,performance --output=json \
            --output-path="$folder/report.json" --chrome-flags="--headless --no-sandbox --disable-gpu --disable-quic \
--no-first-run --disable-background-networking --disable-component-update --disable-sync" >/dev/null 2>&1
        python3 - "$folder/report.json" "$form $path" <<'EOF'
import json, sys
categories = json.load(open(sys.argv[1]))["categories"]
print(sys.argv[2], *(f"{name} {round(category['score'] * 100)}" for name, category in categories.items()))
EOF
    done
done
