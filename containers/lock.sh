#!/bin/sh
# Part of `make lock`: what each image installs, in the very versions of requirements.lock. An image that installed
# requirements.lock itself would carry the other program and the development tools.
set -eu
cd -P -- "$(dirname -- "$0")/.."

# Usage: lock NAME EXTRA...
lock() {
    name=$1
    shift
    extras=
    for extra; do extras="$extras --extra $extra"; done
    # The Python is the base image's. Word splitting makes options of $extras.
    # shellcheck disable=SC2086
    .venv/bin/uv pip compile --quiet pyproject.toml $extras --constraints requirements.lock --universal \
        --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --no-header \
        --output-file "requirements-$name.lock"
}

lock exporter exporter lambda
lock dashboard dashboard lambda
lock local exporter local
