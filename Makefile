# The verbs of this repository. GNU Make 3.81 (macOS) reads it, and a clone's path may contain spaces.
.DEFAULT_GOAL := help
.PHONY: help setup demo test bench conformance soak lint lock sbom audit images templates

DEMO_PORT ?= 8501
DEMO_ITEMS ?= 12000
# One or several by comma; an unknown name lists them all.
DEMO_DATASET ?= contacts
# Short forms by default; `make bench BENCH=` runs the whole of each.
BENCH ?= --short
# Minutes; `make soak SOAK=60` is the whole hour.
SOAK ?= 5
# Inputs that `make soak` breeds for the guard, the frame parser and the compiled reader, each.
FUZZ ?= 1000000
# For example: make test TESTS="tests/dataset_model -k names"
TESTS ?= tests
# Processes of `make test`: one more than two cores, because tests of pages and servers wait a third of their time.
WORKERS ?= 3
export DEMO_PORT DEMO_ITEMS DEMO_DATASET PYTHON CHROMIUM_PATH

PY := .venv/bin/python

help: ## list the verbs
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-11s  %s\n", $$1, $$2}' Makefile

setup: ## make .venv with everything the other verbs need (they call it themselves)
	@sh local/setup.sh

demo: setup ## sample data from DynamoDB through Athena to http://localhost:8501 (DEMO_PORT, DEMO_ITEMS, DEMO_DATASET)
	@exec $(PY) -m local.demo

test: ## run every test, those in a browser included (TESTS picks some)
	@sh local/setup.sh --browser
	@CHROMIUM_PATH="$$(cat .venv/chromium-path)" exec $(PY) -m pytest -n $(WORKERS) --dist loadfile $(TESTS)

bench: setup ## run the benchmarks in their short forms
	@for file in benchmarks/*.py; do \
	  [ -e "$$file" ] || { echo "no benchmarks yet"; continue; }; \
	  echo "== $$file"; $(PY) "$$file" $(BENCH) || exit 1; \
	done

conformance: setup ## compare tables and SQL with Athena's engine, a Trino (Java 24, Maven; 821 MB once; half an hour)
	@exec $(PY) -m conformance

soak: setup ## run the random, kill and fuzz tests in their long forms, and 50 people on the dashboard for SOAK minutes (docs/reliability.md)
	@SCENARIOS=500 $(PY) -m pytest -q -n 2 tests/exporter/run/test_scenarios.py
	@WAYS=10 $(PY) -m pytest -q --timeout 3600 tests/exporter/sources/test_five_ways.py
	@SCAN_KILLS=200 $(PY) -m pytest -q tests/exporter/run/test_scan_goes_on.py -k killed
	@CHANGE_HISTORIES=200 $(PY) -m pytest -q tests/exporter/run/test_truth_after_changes.py
	@RANDOM_KILLS=500 $(PY) -m pytest -q --timeout 3600 tests/exporter/run/test_random_kills.py
	@CARRIED=20000 $(PY) -m pytest -q --timeout 3600 tests/exporter/changes/test_carried.py
	@LIVE_SECONDS=900 $(PY) -m pytest -q --timeout 3600 tests/exporter/changes/test_live_view.py
	@STREAM_RECORDS=600000 $(PY) -m pytest -q --timeout 3600 tests/exporter/changes/test_long_stream.py
	@WINDOW_HISTORIES=3000 $(PY) -m pytest -q tests/exporter/changes/test_window_histories.py
	@HISTORIES=3000 $(PY) -m pytest -q tests/exporter/changes/test_histories.py -k every_history
	@GENERATED=500 $(PY) -m pytest -q tests/dashboard/api/test_generated.py
	@GENERATED=5000 $(PY) -m pytest -q tests/dataset_model/test_generated_files.py
	@GENERATED=20000 $(PY) -m pytest -q --timeout 3600 tests/exporter/test_generated_events.py tests/dashboard/sign_in/test_generated_sign_in.py
	@GENERATED=5000 $(PY) -m pytest -q tests/dashboard/access/test_generated_sql.py
	@TRUTH_ITEMS=100000 $(PY) -m pytest -q --timeout 3600 tests/exporter/truth/test_truth_many.py
	@FIGURES=60 $(PY) -m pytest -q tests/dashboard/overview/test_other_fields.py -k generated
	@MENDS=1 $(PY) -m pytest -q --timeout 900 tests/test_mends.py
	@FUZZ=$(FUZZ) $(PY) -m pytest -q --timeout 14400 tests/fuzzing
	@exec $(PY) benchmarks/dashboard.py --short --soak $(SOAK)

lint: setup ## check style, format, types and who imports whom
	@status=0; \
	.venv/bin/ruff check . || status=1; \
	.venv/bin/ruff format --check . || status=1; \
	$(PY) -m mypy || status=1; \
	.venv/bin/lint-imports || status=1; \
	exit $$status

lock: setup ## resolve every lock file: the programs', each image's, the benchmark peers', the templates' checkers'
	@.venv/bin/uv pip compile --quiet pyproject.toml --all-extras --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --no-annotate --no-header -o requirements.lock
	@.venv/bin/uv pip compile --quiet benchmarks/peers.in --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --no-annotate --no-header -o benchmarks/peers.lock
	@.venv/bin/uv pip compile --quiet infra/checks.in --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --no-annotate --no-header -o infra/checks.lock
	@.venv/bin/uv pip compile --quiet exporter/native/compiler.in --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --no-annotate --no-header -o requirements-compiler.lock
	@sh containers/lock.sh
	@$(PY) containers/licences.py > docs/licences.md

sbom: setup ## write a bill of materials per image to build/sbom, from the images' lock files
	@sh containers/sbom.sh

audit: setup ## ask PyPI whether a package of an image is known to be vulnerable; fails where it cannot be asked
	@for image in exporter dashboard local; do \
	  .venv/bin/uv run -q --no-project --python $(PY) --with 'pip-audit>=2.7,<3' \
	    pip-audit --strict --disable-pip --require-hashes -r requirements-$$image.lock || exit 1; \
	done

images: setup ## build the container images and run each (docker where its daemon answers, else buildah and podman)
	@sh containers/images.sh

templates: setup ## check the CloudFormation templates: cfn-lint, checkov, parliament, our own rules
	@sh infra/checks.sh
