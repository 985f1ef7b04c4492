#!/bin/sh
# Run nginx as the edge, in the foreground, as any user; SIGTERM ends it when the answers under way are out.
#   LISTEN  port or address:port (default 8080)
#   NODES   web nodes, host:port, several divided by spaces (default web:8080); a name may stand for several
#   RUN     folder of its own for configuration, temporary files and the cache (default /run/edge)
# Names are looked up again every few seconds, so nodes may come and go (`docker compose up --scale web=4`).
set -eu
here=$(dirname "$0")
: "${LISTEN:=8080}" "${NODES:=web:8080}" "${RUN:=/run/edge}"
mkdir -p "$RUN/cache" "$RUN/tmp"

addresses() {
    for node in $NODES; do
        getent ahostsv4 "${node%:*}" | while read -r address _; do echo "$address:${node##*:}"; done
    done | sort -u
}

# Without any node the edge starts all the same: it answers 503, or what it has kept, until one is there.
configure() {
    # shellcheck disable=SC2086 # one argument a node
    "$here/render.sh" "$LISTEN" "$RUN/cache" ${nodes:-127.0.0.1:9} >"$RUN/pressroom.conf"
}

# Only a master that is root may choose its workers' user, and then they must be able to write to RUN.
[ "$(id -u)" != 0 ] || user="user root;"

# Neither addresses of readers nor what they search for is logged.
cat >"$RUN/nginx.conf" <<CONF
${user:-}
pid $RUN/nginx.pid;
error_log stderr warn;
worker_processes 2;
events { worker_connections 4096; }
http {
    log_format edge '\$time_iso8601 \$request_method \$uri \$status \$body_bytes_sent \$request_time '
                    '\$upstream_cache_status \$upstream_addr';
    access_log ${ACCESS_LOG:-/dev/stdout} edge;
    client_body_temp_path $RUN/tmp/body;
    proxy_temp_path $RUN/tmp/proxy;
    fastcgi_temp_path $RUN/tmp/fastcgi;
    uwsgi_temp_path $RUN/tmp/uwsgi;
    scgi_temp_path $RUN/tmp/scgi;
    tcp_nopush on;
    keepalive_timeout 65s;
    include $RUN/pressroom.conf;
}
CONF

nodes=$(addresses)
configure
nginx -e stderr -c "$RUN/nginx.conf" -g 'daemon off;' &
nginx=$!
pause=
stop() {
    kill -QUIT $nginx 2>/dev/null || true
    kill "$pause" 2>/dev/null || true
    wait $nginx
    exit $?
}
trap stop TERM INT

while kill -0 $nginx 2>/dev/null; do
    sleep 5 &
    pause=$!
    wait $pause || true
    now=$(addresses)
    # Names that resolve to nothing are a name server's pause more often than the end of all nodes.
    if [ -n "$now" ] && [ "$now" != "$nodes" ]; then
        nodes=$now
        configure
        kill -HUP $nginx
    fi
done
wait $nginx
