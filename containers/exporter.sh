#!/bin/sh
# The exporter image's one entry. In Lambda the runtime's address is set and the function's events are served; anywhere
# else the arguments are the exporter's own. `exec`: the program gets the signals, and its status is the container's.
set -eu
if [ -n "${AWS_LAMBDA_RUNTIME_API:-}" ]; then
    exec python -m awslambdaric exporter.lambda_handler.handler
fi
exec python -m exporter "$@"
