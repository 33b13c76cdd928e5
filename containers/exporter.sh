#!/bin/sh
# The exporter image's one entry. In Lambda the runtime's address is set and the function's events are served, by the
# handler that is given or by that of an export; anywhere else the arguments are the exporter's own. `exec`: the program
# gets the signals, and its status is the container's.
set -eu
if [ -n "${AWS_LAMBDA_RUNTIME_API:-}" ]; then
    case "${1:-}" in
    exporter.*.handler) exec python -m awslambdaric "$1" ;;
    esac
    exec python -m awslambdaric exporter.lambda_handler.handler
fi
exec python -m exporter "$@"
