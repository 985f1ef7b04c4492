#!/bin/sh
# Print the edge's configuration for nginx's http block: render.sh LISTEN CACHE NODE…
# e.g. render.sh 80 /var/cache/nginx/pressroom 10.0.0.1:8080 10.0.0.2:8080 >/etc/nginx/conf.d/pressroom.conf
set -eu
[ $# -ge 3 ] || { echo "usage: render.sh LISTEN CACHE_FOLDER NODE…" >&2; exit 2; }
listen=$1
cache=$2
shift 2
awk -v listen="$listen" -v cache="$cache" -v nodes="$*" '
    /^@NODES@/ {
        count = split(nodes, node, " ")
        for (i = 1; i <= count; i++) print "    server " node[i] " max_fails=2 fail_timeout=30s;"
        next
    }
    /^#/ { print; next }
    { sub(/@LISTEN@/, listen); sub(/@CACHE@/, cache); print }
' "$(dirname "$0")/pressroom.conf.in"
