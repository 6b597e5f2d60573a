#!/bin/sh
# The search page and suggestions over HTTP with wrk (Debian's package): requests a second, p95 and errors with 1, 8 and
# 64 clients that ask different things. Usage: [KB_CONTENT=DIR] tests/bench/http.sh [INDEX], an index of that content
set -eu
KB_INDEX=${1:-.index} kb serve --port 8135 >/dev/null 2>&1 &
server=$!
script=$(mktemp)
trap 'kill $server; rm "$script"' EXIT
cat > "$script" <<'LUA'
local words = {"随意契約", "スタートアップ", "予算", "実証実験", "公募", "サーバー", "データベース", "接続", "手順", "一覧"}
local function escaped(text)
    return (text:gsub(".", function(byte) return string.format("%%%02X", byte:byte()) end))
end
local number = 0
function request()
    number = number + 1
    local first, second = words[number % #words + 1], words[math.floor(number / #words) % #words + 1]
    return wrk.format("GET", wrk.path .. escaped(first .. " " .. second))
end
function done(summary, latency)
    local failed = summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.timeout
    io.write(string.format("%.0f requests/s, p95 %.1f ms, %d errors\n",
        summary.requests / summary.duration * 1e6, latency:percentile(95) / 1000, failed))
end
LUA
until python3 -c 'import urllib.request as r; r.urlopen("http://127.0.0.1:8135/readyz")' 2>/dev/null; do sleep 1; done
for place in '/search?q=' '/api/v1/suggest?q='; do
    for clients in 1 8 64; do
        printf '%s %s clients: ' "$place" "$clients"
        wrk -t1 -c"$clients" -d6s -s "$script" "http://127.0.0.1:8135$place" | tail -1
    done
done
