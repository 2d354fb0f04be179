#!/usr/bin/env bash
# Makes sure that the base image of the Dockerfiles is there: pulls it, or, where no container registry can be reached,
# builds a local stand-in from Debian's packages (root, debootstrap; a minute).
set -euo pipefail

readonly IMAGE=debian:bookworm-slim
readonly SUITE=bookworm

fail() {
  echo "make_base_image.sh: $*" >&2
  exit 1
}

docker image inspect "$IMAGE" >/dev/null 2>&1 && exit 0
docker version >/dev/null 2>&1 || fail "no Docker engine answers: start one, or run this under tests/containers/with_engine.sh"
docker pull --quiet "$IMAGE" 2>/dev/null && exit 0

echo "$IMAGE cannot be pulled: making a local stand-in with debootstrap"
command -v debootstrap >/dev/null || fail "debootstrap is missing: apt-get install debootstrap"
[[ $EUID -eq 0 ]] || fail "debootstrap needs root: run this script with sudo"

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
log=$root.log
if ! debootstrap --variant=minbase "$SUITE" "$root" >"$log" 2>&1; then
  tail -n 20 "$log" >&2
  fail "debootstrap $SUITE failed; its last lines stand above, all of it in $log"
fi
rm -f "$log"

# What reaches the package mirrors from here must do so inside a build as well: sources, settings, certificates. None of
# it is the image's: /etc/stand-in lists it, and the Dockerfile takes it out again.
rm -f "$root"/etc/apt/sources.list
cp -a /etc/apt/sources.list* "$root/etc/apt/"
cp -a /etc/apt/apt.conf.d/. "$root/etc/apt/apt.conf.d/"
if compgen -G '/usr/local/share/ca-certificates/*.crt' >/dev/null; then
  mkdir -p "$root/usr/local/share/ca-certificates"
  cp /usr/local/share/ca-certificates/*.crt "$root/usr/local/share/ca-certificates/"
fi
(cd "$root" && find etc/apt/sources.list* etc/apt/apt.conf.d usr/local/share/ca-certificates -type f -printf '/%p\n') \
  >"$root/etc/stand-in" 2>/dev/null || true
# apt's binary caches would add 71 MB to every layer that installs something.
printf 'Dir::Cache::%s "";\n' pkgcache srcpkgcache >"$root/etc/apt/apt.conf.d/99no-caches"

find "$root/usr/share/doc" -depth -type f ! -name copyright -delete
find "$root/usr/share/doc" -type d -empty -delete
rm -rf "$root"/usr/share/{man,info,locale,groff,lintian}/* "$root"/var/lib/apt/lists/* \
  "$root"/var/cache/apt/*.bin "$root"/var/cache/apt/archives/*.deb "$root"/var/log/* \
  "${root:?}"/{proc,sys,dev}/*

tar -C "$root" -c . | docker import --change 'CMD ["bash"]' - "$IMAGE" >/dev/null
echo "$IMAGE: $(($(docker image inspect --format '{{.Size}}' "$IMAGE") / 1000000)) MB"
