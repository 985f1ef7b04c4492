#!/usr/bin/env bash
# Sees to it that the images which compose and the tests use are on this machine, each by the first way that
# works: it is there already, it can be pulled, a local stand-in can be built under the same tag.
# One line an image; exit 1 when one is missing. A few images only: docker/images.sh rabbitmq:4-management
set -euo pipefail
cd "$(dirname "$0")"

all=(debian:trixie-slim rabbitmq:4-management chrislusf/seaweedfs:4.48)
pull_timeout_s=${PULL_TIMEOUT_S:-180}
log=$(mktemp -t pressroom-images.XXXXXX)
trap 'rm -f "$log"' EXIT
registry_answers=yes

docker version >/dev/null 2>&1 || { echo "docker: no engine answers; start it, or see docs/integration-tests.md" >&2; exit 1; }
# Two test runs that start together must not build the same image twice.
if command -v flock >/dev/null; then exec 9>"${TMPDIR:-/tmp}/pressroom-images.lock"; flock 9; fi

present() { docker image inspect "$1" >/dev/null 2>&1; }

# A registry that refused once is not asked again: the next answer would be the same, 15 s later.
pull() {
    [ "$registry_answers" = yes ] || return 1
    local bounded=()
    if command -v timeout >/dev/null; then bounded=(timeout "$pull_timeout_s"); fi
    ${bounded[@]+"${bounded[@]}"} docker pull -q "$1" >>"$log" 2>&1 || { registry_answers=no; return 1; }
}

# The host's own package index, if it names one, is handed to the build and written into no file.
build() {
    local index=${PIP_INDEX_URL:-}
    [ -n "$index" ] || index=$(python3 -m pip config get global.index-url 2>/dev/null) || index=
    docker build ${index:+--build-arg "PIP_INDEX_URL=$index"} -t "$1" "$2"
}

stand_in() {
    case $1 in
        debian:trixie-slim) standins/debian.sh "$1" ;;
        rabbitmq:4-management) base && build "$1" standins/rabbitmq ;;
        chrislusf/seaweedfs:4.48) base && build "$1" standins/seaweedfs ;;
        *) echo "no stand-in is known for $1"; return 1 ;;
    esac >>"$log" 2>&1
}

base() { present debian:trixie-slim || pull debian:trixie-slim || stand_in debian:trixie-slim; }

acquire() {
    if present "$1"; then echo "present"; return; fi
    printf 'pull… '
    if pull "$1"; then echo "pulled"; return; fi
    printf 'refused, building a local stand-in… '
    local began=$SECONDS
    if stand_in "$1"; then echo "built in $((SECONDS - began)) s"; return; fi
    echo "MISSING: $(tail -n 1 "$log")"
    return 1
}

missing=0
for tag in "${@:-${all[@]}}"; do
    printf '%-26s ' "$tag"
    acquire "$tag" || missing=1
done
if [ $# = 0 ]; then
    printf '%-26s ' "docker compose, buildx"
    ./plugins.sh || missing=1
fi
exit $missing
