#!/usr/bin/env bash
# Builds TAG (debian:trixie-slim) with debootstrap, for machines that reach Debian's packages but no image
# registry. The mirror is whichever one this host's own apt uses, so no address is written down anywhere.
set -euo pipefail

tag=$1
suite=trixie

[ "$(id -u)" = 0 ] || { echo "a local $tag needs root (debootstrap)" >&2; exit 1; }
command -v apt-get >/dev/null || { echo "a local $tag needs a Debian host (apt-get, debootstrap)" >&2; exit 1; }
apt-get update -qq
command -v debootstrap >/dev/null || apt-get install -y -qq debootstrap >/dev/null

# One line an index: "<repository> <release> main"; this host may be an older Debian than the image.
host=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
indexes=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' | sort -u)
repository_of() { awk -v release="$1" '$2 == release && $3 == "main" { print $1; exit }' <<<"$indexes"; }
mirror=$(repository_of "$host")
security=$(repository_of "$host-security")
[ -n "$mirror" ] || { echo "a local $tag needs a Debian mirror in this host's apt sources" >&2; exit 1; }

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
debootstrap --variant=minbase "$suite" "$root" "$mirror" >&2
{
    echo "deb $mirror $suite main"
    echo "deb $mirror $suite-updates main"
    [ -z "$security" ] || echo "deb $security $suite-security main"
} >"$root/etc/apt/sources.list"

# What makes the official image slim: no manuals, no translations, no caches, and nothing started by an install.
cat >"$root/etc/dpkg/dpkg.cfg.d/slim" <<'CFG'
path-exclude /usr/share/doc/*
path-include /usr/share/doc/*/copyright
path-exclude /usr/share/man/*
path-exclude /usr/share/locale/*
force-unsafe-io
CFG
cat >"$root/etc/apt/apt.conf.d/slim" <<'CFG'
Acquire::Languages "none";
Dir::Cache::pkgcache "";
Dir::Cache::srcpkgcache "";
DPkg::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb"; };
CFG
install -m 755 /dev/stdin "$root/usr/sbin/policy-rc.d" <<'POLICY'
#!/bin/sh
exit 101
POLICY

# A host behind an inspecting proxy trusts certificates of its own. They ride along, and take effect in an
# image as soon as it installs ca-certificates.
shopt -s nullglob
for certificate in /usr/local/share/ca-certificates/*.crt; do
    install -Dm644 "$certificate" "$root/usr/local/share/ca-certificates/${certificate##*/}"
done

find "$root/usr/share/doc" -type f ! -name copyright -delete
rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/cache/apt/*.bin "$root"/var/lib/apt/lists/* \
    "$root"/usr/share/man/* "$root"/usr/share/locale/* "$root"/etc/resolv.conf "$root"/etc/hostname
tar -C "$root" --numeric-owner -c . | docker import -c 'CMD ["bash"]' -m "debootstrap $suite" - "$tag" >&2
