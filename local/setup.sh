#!/bin/sh
# `make setup`: .venv with everything in requirements.lock. `sh local/setup.sh --browser`: Chromium for the tests as well.
# POSIX sh and POSIX tools only: it runs under dash, under macOS's bash 3.2 and with BSD tools.
set -eu
cd -P -- "$(dirname -- "$0")/.."

lock=requirements.lock
stamp=.venv/.setup-stamp
log=.venv/setup.log
venv=.venv/bin/python
child=

say() { printf '%s\n' "$*"; }

fail() {
    printf '\nset-up stopped: %s\n' "$1" >&2
    shift
    for line; do printf '  %s\n' "$line" >&2; done
    exit 1
}

# A background job of a script ignores Ctrl-C, so it is passed on.
interrupted() {
    trap - INT TERM HUP
    if [ -n "$child" ]; then kill "$child" 2>/dev/null || true; fi
    printf '\nset-up interrupted; the next `make setup` goes on from here\n' >&2
    exit 130
}
trap interrupted INT TERM HUP

version() { "$1" -c 'import sys; print("%d.%d.%d" % sys.version_info[:3])' 2>/dev/null </dev/null; }

is_new_enough() {
    case $1 in
        3.[0-9].* | 3.10.* | 2.* | "") return 1 ;;
        *) return 0 ;;
    esac
}

how_to_install() {
    if [ "$(uname -s)" = Darwin ]; then
        say 'brew install python@3.13'
    else
        say 'sudo apt-get install -y python3 python3-venv   (Debian 12, Ubuntu 24.04 or newer)'
    fi
}

# Sets $python to the newest interpreter that can make an environment; explains itself and stops where there is none.
choose_python() {
    found= without_venv=
    for candidate in ${PYTHON:+"$PYTHON"} python3.14 python3.13 python3.12 python3.11 python3; do
        path=$(command -v "$candidate" 2>/dev/null) || path=
        [ -n "$path" ] || { [ "$candidate" = "${PYTHON:-}" ] && fail "\$PYTHON is $PYTHON, which is not a program"; continue; }
        number=$(version "$path") || number=
        if ! is_new_enough "$number"; then
            found="$found $candidate is ${number:-not runnable};"
            [ "$candidate" = "${PYTHON:-}" ] && break
        elif "$path" -c 'import ensurepip, venv' >/dev/null 2>&1 </dev/null; then
            python=$path
            return
        else
            without_venv=${without_venv:-$number}
            [ "$candidate" = "${PYTHON:-}" ] && break
        fi
    done
    if [ -n "$without_venv" ]; then
        fail "Python $without_venv is here, but it cannot make a virtual environment (venv or ensurepip is missing)" \
            "On Debian and Ubuntu: sudo apt-get install -y python3-venv (or python${without_venv%.*}-venv)" \
            'Then run the same command again.'
    fi
    fail 'Python 3.11 or newer is needed' "Found:${found:- no python3 on the PATH}" \
        "To install it: $(how_to_install)" 'Or name one: make setup PYTHON=/path/to/python3.12'
}

is_writable() {
    mkdir -p .venv 2>/dev/null && (: >.venv/.writable) 2>/dev/null && rm -f .venv/.writable
}

# Whatever makes an installed environment out of date. An environment holds absolute paths, so its place counts.
fingerprint() {
    say "python $1" "in $(pwd -P)"
    cksum "$lock" pyproject.toml
    cat exporter/native/*.[ch] dashboard/charts/*.py 2>/dev/null | cksum
}

explain() {
    [ -f "$log" ] || : >"$log"
    if grep -q -i 'no space left' "$log"; then
        reason='the disk is full' advice='Make room (about 1.5 GB), then run the same command again.'
    elif grep -q -i 'do not match the hashes' "$log"; then
        reason='a downloaded file is not the one that requirements.lock names' \
            advice='Nothing of it was installed. Try again; if it stays, a mirror or a proxy changes files.'
    elif grep -q -i -E 'certificate|SSLError' "$log"; then
        reason='the package index showed a certificate that is not trusted here' \
            advice='Behind a company proxy, point PIP_CERT at its certificate, then run the same command again.'
    elif grep -q -i -E 'connection|name resolution|timed out|retries|proxy|unreachable|getaddrinfo' "$log"; then
        reason='the packages could not be downloaded' \
            advice='Check the network (and pip'\''s proxy settings), then run the same command again; it goes on from here.'
    elif grep -q -i 'no matching distribution' "$log"; then
        reason="a package has no build for Python $number on this machine" \
            advice='Try another Python: make setup PYTHON=python3.12'
    else
        reason=$1 advice='Run the same command again; if it stays, remove the folder .venv first.'
    fi
    lines=$(grep -i '^ *error' "$log" | sed 's/^ *//; s/(from versions: .*)/(none)/' | cut -c 1-200 | tail -n 3 | sed '2,$s/^/  /')
    fail "$reason" "$advice" "What pip said (all of it is in $log):" "${lines:-$(tail -n 3 "$log")}"
}

packages() { grep -c '^[a-zA-Z0-9]' "$lock"; }

# Shows how far the running installation is: one line that changes on a terminal, a line every 15 seconds elsewhere.
show_progress() {
    seconds=0
    while kill -0 "$child" 2>/dev/null; do
        if grep -q '^Installing collected' "$log" 2>/dev/null; then
            done_so_far="unpacking $(packages) packages"
        else
            done_so_far="$(grep -c '^Collecting' "$log" || true) of $(packages) packages fetched"
        fi
        if [ -t 1 ]; then
            printf '\r  %-44s' "$done_so_far ..."
        elif [ "$seconds" -gt 0 ] && [ $((seconds % ${SETUP_LINE_SECONDS:-15})) = 0 ]; then
            say "  $done_so_far"
        fi
        sleep 1
        seconds=$((seconds + 1))
    done
    if [ -t 1 ]; then printf '\r%50s\r' ''; fi
}

install_locked() {
    "$venv" -m pip install --disable-pip-version-check --no-input --progress-bar off \
        --require-hashes --only-binary :all: -r "$lock" >"$log" 2>&1 </dev/null &
    child=$!
    show_progress
    status=0
    wait "$child" || status=$?
    child=
    [ "$status" = 0 ] || explain 'the packages could not be installed'
}

install_project() {
    "$venv" -m pip install --disable-pip-version-check --no-input --no-deps --no-build-isolation --config-settings editable_mode=compat --editable . \
        >>"$log" 2>&1 </dev/null || explain 'the project itself could not be installed'
}

# The exporter's compiled reader. It works without one, slower, so a machine where it cannot be built gets a message only.
build_reader() {
    status=0
    "$venv" -m exporter.native.build >>"$log" 2>&1 </dev/null || status=$?
    if [ "$status" = 3 ]; then
        say 'no C compiler here; fetching one (100 MB) into .venv/compiler'
        status=0
        "$venv" -m pip install --disable-pip-version-check --no-input --progress-bar off --require-hashes \
            --only-binary :all: --no-deps --target .venv/compiler -r requirements-compiler.lock \
            >>"$log" 2>&1 </dev/null &&
            PYTHONPATH=.venv/compiler "$venv" -m exporter.native.build >>"$log" 2>&1 </dev/null || status=1
    fi
    [ "$status" = 0 ] || say "the compiled reader could not be built, so exports take longer (why is at the end of $log)"
}

# What the browser draws charts with. Where it is missing, the dashboard tries again when it is asked for it.
make_drawings() {
    "$venv" -m dashboard.charts >>"$log" 2>&1 </dev/null ||
        say "the scripts of the charts could not be made (why is at the end of $log)"
}

set_up() {
    if [ -z "${PYTHON:-}" ] && number=$(version "$venv") && is_new_enough "$number"; then
        python=
    else
        choose_python
        [ "$(version "$venv" || true)" = "$number" ] && python=
    fi
    if [ -f "$stamp" ] && [ -z "$python" ] && [ "$(cat "$stamp")" = "$(fingerprint "$number")" ]; then
        return
    fi
    is_writable || fail "this folder cannot be written: $(pwd -P)" \
        'Clone into a folder of your own, or make this one writable (and check that the disk is not full).'
    rm -f "$stamp"
    # An environment that was cut short, was moved or belongs to another Python is replaced.
    if [ -n "$python" ] || ! "$venv" -m pip --version >/dev/null 2>&1 </dev/null; then
        [ -n "$python" ] || choose_python
        say "making .venv with Python $number"
        rm -rf .venv
        mkdir .venv
        "$python" -m venv .venv >"$log" 2>&1 </dev/null || explain 'the virtual environment could not be made'
    fi
    say "installing $(packages) packages (one to three minutes the first time)"
    install_locked
    install_project
    build_reader
    make_drawings
    fingerprint "$number" >"$stamp.new"
    mv "$stamp.new" "$stamp"
    say 'set-up done'
}

runs() { [ -n "$1" ] && [ -x "$1" ] && "$1" --version >/dev/null 2>&1 </dev/null; }

# Prints the path of a Chromium that starts.
find_browser() {
    for name in chromium chromium-browser google-chrome google-chrome-stable; do
        path=$(command -v "$name" 2>/dev/null) || continue
        if runs "$path"; then say "$path" && return; fi
    done
    for path in "/Applications/Chromium.app/Contents/MacOS/Chromium" \
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome" \
        "$HOME/Applications/Chromium.app/Contents/MacOS/Chromium" \
        "$HOME/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"; do
        if runs "$path"; then say "$path" && return; fi
    done
    path=$("$venv" -c 'from playwright.sync_api import sync_playwright
with sync_playwright() as playwright:
    print(playwright.chromium.executable_path)' 2>/dev/null </dev/null) || return 1
    runs "$path" && say "$path"
}

apt_install_browser() {
    [ "$(id -u)" = 0 ] && as_root= || as_root='sudo -n'
    if ! command -v apt-get >/dev/null 2>&1; then return 1; fi
    if [ -n "$as_root" ] && ! sudo -n true >/dev/null 2>&1; then return 1; fi
    $as_root apt-get update >>"$log" 2>&1 </dev/null || true
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends chromium \
        >>"$log" 2>&1 </dev/null
}

set_up_browser() {
    remembered=.venv/chromium-path
    if [ -n "${CHROMIUM_PATH:-}" ]; then
        runs "$CHROMIUM_PATH" || fail "\$CHROMIUM_PATH is $CHROMIUM_PATH, which does not start"
        say "$CHROMIUM_PATH" >"$remembered"
        return
    fi
    if [ -f "$remembered" ] && runs "$(cat "$remembered")"; then return; fi
    if ! browser=$(find_browser); then
        say 'fetching Chromium for the browser tests'
        PLAYWRIGHT_DOWNLOAD_CONNECTION_TIMEOUT=15000 "$venv" -m playwright install chromium \
            >>"$log" 2>&1 </dev/null || true
        browser=$(find_browser) || { apt_install_browser && browser=$(find_browser); } || fail \
            'the browser tests need Chromium, and it could not be fetched' \
            "On Debian: sudo apt-get install -y chromium   On macOS: brew install --cask chromium" \
            'Or name one: make test CHROMIUM_PATH=/path/to/chrome' "What was tried is at the end of $log"
    fi
    say "$browser" >"$remembered"
}

python= number=
set_up
case ${1:-} in
    --browser) set_up_browser ;;
esac
