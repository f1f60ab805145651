# What one can do here; `make help` lists it. Everything is installed into .venv and nowhere else.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install -q -c constraints.txt
# What contracts are compared with: any git revision, such as the last release or the main branch.
AGAINST ?= HEAD~1
# A file's tests stay together. A worker that dies ends the run: xdist would wait for it for ever.
PYTEST := $(BIN)/python -m pytest -n logical --dist loadfile --max-worker-restart 0 -rs --durations 20
# On Dataflow, Beam needs Google's clients: make beam BEAM='apache-beam[gcp]'
BEAM ?= apache-beam
.DEFAULT_GOAL := help
.PHONY: help mesh demo-ports ui test test-slow test-all lint bench bench-contracts bench-words bench-agreements bench-ports beam clean

help: ## List every target with a line each
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-17s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

mesh: $(VENV)/mesh.done ## Install, run the whole mesh on the demo data, show what was published
	@$(BIN)/mesh run

demo-ports: $(VENV)/test.done ## Start a PostgreSQL, an S3 and an emulator of BigQuery, and publish sales.purchases there
	@$(BIN)/python -m tests.demo_ports

ui: $(VENV)/mesh.done ## Serve Dagster's UI and daemon on loopback, each domain its own code server
	@$(BIN)/mesh ui

test: $(VENV)/test.done lint ## Lint, types, import rules and the tests (minutes)
	$(PYTEST) -m "not slow"

test-slow: $(VENV)/test.done ## The whole stories on the whole demo data, and whatever else takes long
	$(PYTEST) -m slow

test-all: test test-slow ## Everything: `make test`, then `make test-slow` (an hour)

lint: $(VENV)/test.done ## Style, types, import rules, the mesh's own files, what changed in its contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/mesh validate
	@if git rev-parse --quiet --verify "$(AGAINST)^{commit}" >/dev/null 2>&1; then \
	  $(BIN)/mesh contract check-changes --against "$(AGAINST)"; \
	else \
	  echo "Changes of contracts were not checked: git has no $(AGAINST) here. Say what to compare with: make lint AGAINST=origin/main"; \
	fi

bench: $(VENV)/test.done ## Measure: what is promised about speed, as ratios in one run
	$(BIN)/python -m benchmarks

bench-contracts: $(VENV)/test.done ## Measure contracts beside other tools, over 10 k to 10 M rows (ten minutes)
	$(BIN)/python -m benchmarks.contracts

bench-words: $(VENV)/test.done ## Measure the vocabulary beside SQL by hand, over 10 M rows (ten minutes)
	$(BIN)/python -m benchmarks.vocabulary

bench-agreements: $(VENV)/test.done ## Measure reconciling 10 to 10,000 agreements (a minute)
	$(BIN)/python -m benchmarks.agreements

bench-ports: $(VENV)/test.done ## Measure ports beside the plain library call, and a mesh with 1, 3, 6 ports (five minutes)
	$(BIN)/python -m benchmarks.ports

beam: $(VENV)/bin/python ## Apache Beam in an environment of its own, for sources that are pipelines
	@$(PYTHON) -m venv $(VENV)/beam
	@echo "Installing into $(VENV)/beam (half a minute) …"
	@$(VENV)/beam/bin/python -m pip --disable-pip-version-check install -q -c constraints-beam.txt "$(BEAM)" pyarrow

clean: ## Remove .venv and the state folder (all that was run and published here)
	rm -rf $(VENV) .mesh

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed; $$($(PYTHON) --version) found. Say which: make PYTHON=python3.12 mesh"; exit 1; }
	@$(PYTHON) -m venv $(VENV)

$(VENV)/mesh.done: $(VENV)/bin/python pyproject.toml constraints.txt
	@echo "Installing into $(VENV) (about a minute) …"
	@$(PIP) -e ".[models,reports]"
	@touch $@

$(VENV)/test.done: $(VENV)/mesh.done
	@echo "Installing what the tests need …"
	@$(PIP) -e ".[test]"
	@touch $@
