#!/bin/sh
# The dashboard image's one entry. In Lambda the runtime's address is set and the function answers queries; anywhere else
# the pages and the API are served, with the arguments as further options. `exec`: the program gets the signals.
set -eu
if [ -n "${AWS_LAMBDA_RUNTIME_API:-}" ]; then
    exec python -m awslambdaric dashboard.lambda_handler.handler
fi
exec python -m streamlit run dashboard/app.py --server.address=0.0.0.0 --server.port=8501 "$@"
