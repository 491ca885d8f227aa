#!/bin/sh
# Prints the digest of a base image with Python and certificates for rehearsals and tests: the image from the settings if it
# can be pulled, otherwise an image that is built once from Debian packages (requires root) and kept as dpworld-test-base.
#
#   base-image.sh <image from the settings> <registry host>
set -eu
own=dpworld-test-base:bookworm
root=
[ "$(id -u)" -eq 0 ] || root="sudo -n"
# An image that was built before is used without trying to pull; to pull again, remove it with `docker rmi`.
if ! docker image inspect "$own" >/dev/null 2>&1; then
    if timeout 300 docker pull --quiet "$1" >/dev/null 2>&1; then
        echo "$1"
        exit
    fi
    echo "   $1 cannot be pulled; building an image from Debian packages" >&2
    folder=$(mktemp -d)
    trap '$root rm -rf "$folder"' EXIT
    # Its downloads have no time limit of their own.
    $root timeout 900 debootstrap --variant=minbase --include=python3,python3-venv,ca-certificates bookworm "$folder" \
        >"$folder.log" 2>&1 || { tail -n 20 "$folder.log" >&2; exit 1; }
    $root rm -r "$folder.log" "$folder"/var/cache/apt/archives "$folder"/var/lib/apt/lists
    $root tar -C "$folder" -c . | docker import - "$own" >&2
fi
# The registry assigns the digest. Docker stores it, so the image is pushed only once.
digest() {
    docker image inspect --format '{{range .RepoDigests}}{{println .}}{{end}}' "$own" | sed -n '/\/base@/{p;q}'
}
if [ -n "$(digest)" ]; then
    digest
    exit
fi
docker tag "$own" "$2/base:bookworm"
docker push --quiet "$2/base:bookworm" >&2
digest
docker rmi "$2/base:bookworm" >/dev/null
