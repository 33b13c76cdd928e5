#!/bin/sh
# `make templates`: all checks of the templates, with checkers that need an environment of their own.
#
# checkov and parliament ask for other versions of boto3, so they have an environment and a lock file of their own. The
# tests that need them (tests/infra/test_outside_checks.py) are collected where TEMPLATE_CHECKERS names their folder.
set -eu
cd -P -- "$(dirname -- "$0")/.."

lock=infra/checks.lock
venv=.venv-checks
stamp=$venv/.stamp

if ! [ -f "$stamp" ] || ! [ "$(cat "$stamp")" = "$(cksum <"$lock")" ]; then
    printf 'installing checkov and parliament into %s (a minute the first time)\n' "$venv"
    rm -rf "$venv"
    .venv/bin/python -m venv "$venv"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-input --require-hashes -r "$lock"
    cksum <"$lock" >"$stamp"
fi

TEMPLATE_CHECKERS="$(pwd -P)/$venv/bin" exec .venv/bin/python -m pytest -q tests/infra/test_templates.py \
    tests/infra/test_outside_checks.py
