#!/bin/sh
# Make the secrets that compose.yaml hands to containers, each once: passwords of this installation's own, and an
# empty file for the key that only a person can have. Secrets stay on this machine, in .state/secrets (not in the repository).
# The desk's password is docker/desk.sh's, since hashing it takes the image.
set -eu
cd "$(dirname "$0")/.."
umask 077
mkdir -p "${SECRETS:-.state/secrets}"
cd "${SECRETS:-.state/secrets}"

# Files are readable for the containers' users; the folder is nobody else's.
# Two that run at once agree: whoever links first wins, and everybody reads what is there afterwards.
put() { [ -e "$1" ] || { cat >"$1.$$" && chmod 444 "$1.$$" && { ln "$1.$$" "$1" 2>/dev/null || [ -e "$1" ]; }; rm -f "$1.$$"; }; }
random() { od -An -N18 -tx1 /dev/urandom | tr -d ' \n'; }

random | put broker_password
random | put s3_secret_key
printf pressroom | put s3_access_key
password=$(cat broker_password)
printf 'amqp://pressroom:%s@broker:5672/' "$password" | put queue_url
printf 'http://pressroom:%s@broker:15672' "$password" | put management_url
printf 'default_user = pressroom\ndefault_pass = %s\n' "$password" | put broker_user.conf
printf '{"identities": [{"name": "pressroom", "credentials": [{"accessKey": "%s", "secretKey": "%s"}], "actions": ["Admin", "Read", "Write", "List"]}]}\n' \
    "$(cat s3_access_key)" "$(cat s3_secret_key)" | put store_users.json
: | put openweather_key
