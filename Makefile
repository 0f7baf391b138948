# The verbs of this project. `make help` lists them; every one sets up what it needs first.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help setup scan test check lock format docs clean

# Without compiled files each of the hundreds of processes that tests start would compile all it imports.
unexport PYTHONDONTWRITEBYTECODE

BIN := .venv/bin
STAMP := .venv/.set-up
TARGET ?=
TESTS ?= tests
WORKERS ?= 3

help: ## list these verbs
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-11s %s\n", $$1, $$2}' Makefile

setup: $(STAMP) ## create .venv from the hashed lock files (quick when nothing changed)

$(STAMP): requirements.lock requirements-uv.lock pyproject.toml .ci/setup
	@.ci/setup
	@touch $@

scan: $(STAMP) ## discover the example estate, or: make scan TARGET=<folder or git URL>
ifeq ($(TARGET),)
	@$(BIN)/python -m discovery.demo scan
else
	@$(BIN)/aicensus scan -- "$(TARGET)"
endif

test: $(STAMP) ## run every test, or some: make test TESTS=tests/store
	@$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal -q $(TESTS)

check: $(STAMP) ## static checks: ruff, mypy --strict, import-linter, docs, registry
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(if $(TESTED),,$(BIN)/python -m pytest -q -n $(WORKERS) tests/test_house.py tests/test_imports.py \
		tests/test_documented_connector.py tests/test_docs.py -k "not commands_of_page")

format: $(STAMP) ## let ruff put the code into shape
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(STAMP) ## write the generated parts of README.md and docs/ anew
	@$(BIN)/python -m tests.generated_docs

LOCK := $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate --python-version 3.11

lock: $(STAMP) ## resolve pyproject.toml into the lock files again: make lock UPGRADE=1
	$(LOCK) $(if $(UPGRADE),--upgrade) --all-extras --group dev -o requirements.lock pyproject.toml
	$(LOCK) --all-extras --constraint requirements.lock -o requirements-runtime.lock pyproject.toml
	echo uv | $(LOCK) $(if $(UPGRADE),--upgrade) -o requirements-uv.lock -

clean: ## remove .venv, caches and local inventories
	rm -rf .venv .aicensus .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache build dist
