#!/bin/sh
# Granian as `kb serve` runs it against Waitress, side by side: requests a second of one search page with wrk (Debian's
# package), 8 clients, alternating, three rounds. Usage: tests/bench/servers.sh (after kb index; pip install waitress)
set -eu
page='/search?q=%E9%9A%8F%E6%84%8F%E5%A5%91%E7%B4%84%20%E3%82%B9%E3%82%BF%E3%83%BC%E3%83%88%E3%82%A2%E3%83%83%E3%83%97'
kb serve --port 8131 >/dev/null 2>&1 &
granian=$!
waitress-serve --port 8132 --threads 8 webui.wsgi:app >/dev/null 2>&1 &
waitress=$!
trap 'kill $granian $waitress' EXIT
sleep 10
for round in 1 2 3; do
    for server in granian:8131 waitress:8132; do
        address="http://127.0.0.1:${server#*:}$page"
        wrk -t1 -c8 -d1s "$address" >/dev/null
        echo "$round ${server%:*} $(wrk -t1 -c8 -d6s "$address" | grep -E 'Requests/sec|Non-2xx' | tr '\n' ' ')"
    done
done
