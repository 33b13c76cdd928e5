#!/bin/sh
# The dashboard image's one entry. In Lambda the runtime's address is set and the function answers queries; with the
# argument `reports` alerts and reports are sent; else pages and API are served, with the arguments as further options. `exec`: the program gets the signals.
set -eu
if [ -n "${AWS_LAMBDA_RUNTIME_API:-}" ]; then
    exec python -m awslambdaric dashboard.lambda_handler.handler
fi
if [ "${1:-}" = reports ]; then
    shift
    exec python -m dashboard.reports "$@"
fi
exec python -m streamlit run dashboard/app.py --server.address=0.0.0.0 --server.port=8501 "$@"
