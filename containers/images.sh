#!/bin/sh
# `make images`: builds the three images, then runs them (tests/containers/test_images.py, test_compose_runs.py).
#
# With docker where its daemon answers. Otherwise with buildah and podman, which need no daemon; the flags below also
# suit a machine that is a container itself. Where the base image cannot be pulled, debootstrap makes one of Debian's own
# Python of the same version, which is good for trying the images and not for publishing them.
#
#   ENGINE=docker|buildah   chooses          IMAGE_TAG=dev        names the images dynamodb-reporting/NAME:dev
#   PYTHON_IMAGE=...        another base     IMAGES_STORAGE=DIR   keeps buildah's images there; otherwise they go at the end
#   PIP_SECRET=FILE         pip's settings for the build, where docker needs a mirror
set -eu
cd -P -- "$(dirname -- "$0")/.."

tag=${IMAGE_TAG:-dev}
images='exporter dashboard local'
suite=bookworm
pinned=$(sed -n 's/^ARG PYTHON_IMAGE=//p' Dockerfile.exporter | head -n 1)
base=${PYTHON_IMAGE:-$pinned}
revision=$(git rev-parse --short HEAD 2>/dev/null || echo unknown)
version=$(sed -n 's/^version = "\(.*\)"$/\1/p' pyproject.toml)
work=$(mktemp -d "${TMPDIR:-/tmp}/images.XXXXXX")
storage=${IMAGES_STORAGE:-$work/storage}

say() { printf '%s\n' "$*"; }

fail() {
    printf 'make images stopped: %s\n' "$1" >&2
    exit 1
}

clean() {
    if [ "$engine" = buildah ] && [ -z "${IMAGES_STORAGE:-}" ]; then
        # Their layers belong to other users and some are mounted; only the tool itself removes all of it.
        containers rm --all --force >/dev/null 2>&1 || true
        containers system reset --force >/dev/null 2>&1 || true
    fi
    rm -rf "$work"
}

choose_engine() {
    if docker info >/dev/null 2>&1; then
        engine=docker
    elif command -v buildah >/dev/null 2>&1 && command -v podman >/dev/null 2>&1; then
        engine=buildah
    else
        fail 'it needs a Docker daemon, or buildah and podman (Debian: apt-get install buildah podman runc netavark aardvark-dns iptables debootstrap)'
    fi
}

containers() {
    podman --root "$storage" --runroot "$storage/run" --storage-driver vfs "$@"
}

# Read by podman through CONTAINERS_CONF: no systemd, limits below the machine's own, names of services by aardvark-dns.
configure_podman() {
    cat >"$work/containers.conf" <<'CONF'
[containers]
default_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]
[engine]
cgroup_manager = "cgroupfs"
runtime = "runc"
events_logger = "file"
[network]
network_backend = "netavark"
CONF
    export CONTAINERS_CONF="$work/containers.conf"
}

# The packages are fetched here, by the builder's pip and settings, and are offered to the build as a folder.
fetch_packages() {
    mkdir -p "$work/wheels"
    for lock in requirements-*.lock; do
        .venv/bin/python -m pip download --quiet --quiet --disable-pip-version-check --require-hashes --only-binary :all: \
            --python-version 3.11 --dest "$work/wheels" --requirement "$lock"
    done
    printf '[global]\nno-index = true\nfind-links = /wheels\n' >"$work/pip.conf"
}

# Usage: resolve_base docker|containers   Sets $base, which was pulled, to the digest that its tag stands for now: a tag
# that moves during the builds gives no image another base, and what was built on is said.
resolve_base() {
    digest=$("$1" image inspect --format '{{if .RepoDigests}}{{index .RepoDigests 0}}{{end}}' "$base" 2>/dev/null) || digest=
    [ -z "$digest" ] || base=$digest
}

# Sets $base to an image that is in the storage.
choose_base() {
    if buildah --root "$storage" --runroot "$storage/run" --storage-driver vfs pull --quiet "$base" >/dev/null 2>&1; then
        resolve_base containers
        return
    fi
    stood_in=localhost/python-of-debian:$suite
    if ! containers image exists "$stood_in"; then
        [ "$(id -u)" = 0 ] || fail "$base cannot be pulled, and making a base from Debian packages needs root"
        command -v debootstrap >/dev/null 2>&1 || fail "$base cannot be pulled, and there is no debootstrap to make one"
        say "$base cannot be pulled: making a base from Debian packages"
        debootstrap --variant=minbase --include=python3,python3-venv,ca-certificates "$suite" "$work/base" \
            >"$work/debootstrap.log" 2>&1 || { tail -n 5 "$work/debootstrap.log" >&2; fail 'debootstrap failed'; }
        rm -rf "$work"/base/var/cache/apt/* "$work"/base/var/lib/apt/lists/* "$work"/base/usr/share/doc \
            "$work"/base/usr/share/locale "$work"/base/usr/share/man
        tar -C "$work/base" -cf - . | containers import --quiet - "$stood_in" >/dev/null
        rm -rf "$work/base"
    fi
    base=$stood_in
}

# Usage: build NAME
build() {
    image=dynamodb-reporting/$1:$tag
    say "building $image on $base"
    if [ "$engine" = docker ]; then
        docker build --quiet --file "Dockerfile.$1" --tag "$image" --build-arg "PYTHON_IMAGE=$base" \
            --build-arg "VERSION=$version" --build-arg "REVISION=$revision" \
            ${PIP_SECRET:+--secret "id=pip,src=$PIP_SECRET"} . >/dev/null
    else
        # A health check exists in docker's format alone. Without --layers one copy of the files is kept, not one a line.
        buildah --root "$storage" --runroot "$storage/run" --storage-driver vfs build --quiet --file "Dockerfile.$1" \
            --tag "$image" --isolation chroot --format docker --pull-never --layers=false \
            --ulimit nofile=1024:1024 --ulimit nproc=1024:1024 \
            --volume "$work/wheels:/wheels:ro" --secret "id=pip,src=$work/pip.conf" \
            --build-arg "PYTHON_IMAGE=$base" --build-arg "VERSION=$version" --build-arg "REVISION=$revision" \
            . >/dev/null
    fi
}

engine=${ENGINE:-}
[ -n "$engine" ] || choose_engine
trap clean EXIT
trap 'exit 130' INT TERM HUP
if [ "$engine" = buildah ]; then
    configure_podman
    fetch_packages
    choose_base
else
    docker pull --quiet "$base" >/dev/null || fail "$base cannot be pulled"
    resolve_base docker
fi
for name in $images; do build "$name"; done

if [ "$engine" = docker ]; then
    CONTAINERS=docker
else
    CONTAINERS="podman --root $storage --runroot $storage/run --storage-driver vfs"
fi
export CONTAINERS IMAGE_TAG="$tag"
if [ "${CHECK:-yes}" = yes ]; then
    .venv/bin/python -m pytest -q tests/containers
fi
