#!/bin/sh
# Gives rehearsals and tests an image with Python and certificates to build upon, by digest: the one of the settings where it
# can be pulled, else one of Debian's own packages, made once and kept as dpworld-test-base. Needs root for the latter.
#
#   base-image.sh <image of the settings> <registry's host>
set -eu
own=dpworld-test-base:bookworm
root=
[ "$(id -u)" -eq 0 ] || root="sudo -n"
# Once it had to be made, nobody is asked again; `docker rmi` of it has the next one ask.
if ! docker image inspect "$own" >/dev/null 2>&1; then
    if docker pull --quiet "$1" >/dev/null 2>&1; then
        echo "$1"
        exit
    fi
    echo "   $1 cannot be pulled; making an image of Debian's packages" >&2
    folder=$(mktemp -d)
    trap '$root rm -rf "$folder"' EXIT
    $root debootstrap --variant=minbase --include=python3,python3-venv,ca-certificates bookworm "$folder" >"$folder.log" 2>&1 ||
        { tail -n 20 "$folder.log" >&2; exit 1; }
    $root rm -r "$folder.log" "$folder"/var/cache/apt/archives "$folder"/var/lib/apt/lists
    $root tar -C "$folder" -c . | docker import - "$own" >&2
fi
# A digest is what a registry gives; once the engine knows it, it asks none for it.
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
