#!/bin/sh
# Start the fleet of compose.yaml and wait until all of it is well. DEMO=1: with the sample papers; PORT: where (8080).
set -eu
cd "$(dirname "$0")/.."
export PORT="${PORT:-8080}"
docker/images.sh
docker/secrets.sh
if [ -n "${DEMO:-}" ]; then export COMPOSE_PROFILES=demo PRESSROOM_ENV_FILE=docker/demo.env; fi
# The host's own package index, if it names one, is handed to the build and written into no file.
index=${PIP_INDEX_URL:-$(python3 -m pip config get global.index-url 2>/dev/null || true)}
if [ -n "$index" ]; then export PIP_INDEX_URL="$index"; else unset PIP_INDEX_URL; fi
docker compose build
password=$(docker/desk.sh)
came=0
docker compose up -d --wait --wait-timeout 300 || came=$?
# Told whatever became of the rest: it is told this once.
[ -z "$password" ] || echo "The desk's password, which is told and kept nowhere else: $password"
[ $came = 0 ] || exit $came
echo "Pressroom is at http://127.0.0.1:$PORT, its desk at /admin/ (make logs, make down; RabbitMQ's page at http://127.0.0.1:${MANAGEMENT_PORT:-15672})"
