#!/usr/bin/env bash
# Gives this user `docker compose` v2 and buildx, out of Debian 13's packages, where they are missing.
set -euo pipefail
if docker compose version >/dev/null 2>&1 && docker buildx version >/dev/null 2>&1; then echo "present"; exit; fi
plugins=${DOCKER_CONFIG:-$HOME/.docker}/cli-plugins
mkdir -p "$plugins"
# The packages are only unpacked, inside a container: the host may be of another release or no Debian at all.
unpack='cd /tmp && apt-get update -qq && apt-get download -qq docker-compose docker-buildx && mkdir x &&
    for package in *.deb; do dpkg-deb -x "$package" x; done'
if docker run --rm debian:trixie-slim sh -c "{ $unpack; } >&2 && tar -C x/usr/libexec/docker/cli-plugins -c ." 2>/dev/null |
    tar -C "$plugins" --no-same-owner -x 2>/dev/null && docker compose version >/dev/null 2>&1; then
    echo "installed for this user"
else
    echo "MISSING: install Docker Compose v2 (Debian 13: docker-compose and docker-buildx)"
    exit 1
fi
