# `make run` sets up and runs the demo; `make test` sets up and runs the tests. `make help` lists the rest.
.DEFAULT_GOAL := help
SHELL := /bin/sh
MARKET ?= demo
VENV := .venv
PEERS := .venv-peers
BIN := $(VENV)/bin
# The newest of the supported Pythons that can make a virtual environment.
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3; do \
	$$p -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' >/dev/null 2>&1 && echo $$p && break; done)
SOURCES := screener market broker simexchange llm prompts analysis store app api ui tests benchmarks

.PHONY: help install run test check fmt bench docs lock clean
help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

install: $(VENV)/.installed ## set up .venv with everything, nothing else

$(VENV)/.installed: requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11 to 3.13 with venv is needed; on Debian: apt-get install python3 python3-venv" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing dependencies (a few minutes the first time)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@echo "Compiling the engine (once, about a quarter of a minute)"
	@$(BIN)/screener warm
	@touch $@

run: install ## run the demo on a simulated market; MARKET=binance for the real one
	@exec $(BIN)/screener up --market $(MARKET)

test: install ## run all tests, two at a time
	$(BIN)/python -m pytest -n 2 --dist worksteal

check: install ## format, lint, types, import contracts, unit tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy $(SOURCES)
	$(BIN)/lint-imports
	$(BIN)/python -m pytest tests/unit

fmt: install ## format and fix what can be fixed
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: install $(PEERS)/.tried ## print the engine's benchmarks, other libraries beside them
	@$(BIN)/screener bench engine

# vectorbt brings dependencies that the program must not have, so it gets an environment of its own; without it goes, too.
$(PEERS)/.tried:
	@echo "Installing vectorbt beside, to compare with (once)"
	@{ $(BIN)/python -m venv $(PEERS) && $(PEERS)/bin/python -m pip install -qq --disable-pip-version-check vectorbt==1.2.0 \
		&& $(PEERS)/bin/python -P benchmarks/peer_vectorbt.py 300 600 >/dev/null; } || { echo "vectorbt does not install here"; rm -rf $(PEERS); }
	@mkdir -p $(PEERS) && touch $@

docs: install ## write the generated parts of docs/
	$(BIN)/screener docs

lock: ## pin every dependency with hashes, for all supported Pythons at once
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-header --no-annotate --quiet --upgrade --output-file requirements.lock
	@! grep -nE '^(-i|--index|--extra-index|--find-links)|https?://' requirements.lock

clean: ## remove what set-up and runs made, the data folder aside
	rm -rf $(VENV) $(PEERS) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache
