#!/bin/sh
# Make the password of the desk (/admin/) once, tell it on stdout, and keep nothing but its hash. Needs pressroom:local.
# For another one remove the hash's file, `make down`, `make up`; an empty file in its place means: no desk.
set -eu
cd "$(dirname "$0")/.."
umask 077
hash=${SECRETS:-.state/secrets}/admin_password_hash
[ ! -e "$hash" ] || exit 0
trap 'rm -f "$hash.$$"' EXIT
password=$(od -An -N12 -tx1 /dev/urandom | tr -d ' \n')
printf '%s\n' "$password" | docker run --rm -i --network none --read-only pressroom:local password >"$hash.$$"
# Readable for the containers' user; of two that run at once the first one's word holds.
chmod 444 "$hash.$$"
if ln "$hash.$$" "$hash" 2>/dev/null; then echo "$password"; fi
