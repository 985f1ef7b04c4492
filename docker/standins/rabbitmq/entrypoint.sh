#!/bin/sh
# Writes the Erlang cookie before anything else can, then steps down from root.
set -eu
home=/var/lib/rabbitmq
cookie=$home/.erlang.cookie
if [ -n "${RABBITMQ_ERLANG_COOKIE:-}" ]; then
    rm -f "$cookie"
    (umask 377 && printf %s "$RABBITMQ_ERLANG_COOKIE" >"$cookie")
elif [ ! -s "$cookie" ]; then
    # An early `docker exec` by root would leave a cookie that the server may not read, and die on.
    (umask 377 && od -An -N16 -tx1 /dev/urandom | tr -d ' \n' >"$cookie")
fi
unset RABBITMQ_ERLANG_COOKIE
if [ "$(id -u)" = 0 ] && [ "${1#rabbitmq}" != "$1" ]; then
    find "$home" ! -user rabbitmq -exec chown rabbitmq:rabbitmq '{}' +
    exec setpriv --reuid=rabbitmq --regid=rabbitmq --init-groups "$@"
fi
exec "$@"
