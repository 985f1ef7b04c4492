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
docker compose up -d --build --wait --wait-timeout 300
echo "Pressroom is at http://127.0.0.1:$PORT (make logs, make down; RabbitMQ's page at http://127.0.0.1:${MANAGEMENT_PORT:-15672})"
