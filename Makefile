# Everything a newcomer or a CI machine needs: Python 3.11 or newer, and this file.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
REPLAY ?=

.DEFAULT_GOAL := help
.PHONY: help setup demo test check templates lock down clean

help: ## List these commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(READY) ## Make .venv with everything in it

$(READY): pyproject.toml requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "chantier needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version 2>&1)."; \
	  echo "Name another: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	@echo "Setting up $(VENV) (once; about a minute) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: setup ## Run a whole site on the embedded AWS (REPLAY=FILE replays a recording too)
	@$(BIN)/chantier demo $(if $(REPLAY),--replay $(REPLAY))

test: setup check ## Run every check and every test, on the embedded AWS
	@$(BIN)/python -m pytest

check: setup ## Lint and type-check
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check .
	@$(BIN)/mypy

templates: setup ## Write templates/ again from the example site
	@$(BIN)/chantier synth --site chantier/example.toml --output templates/chantier.yaml
	@$(BIN)/chantier synth --minimal --site chantier/example.toml --output templates/chantier-minimal.yaml
	@$(BIN)/chantier source detect --site chantier/example.toml --output templates/functions/detect.py
	@$(BIN)/chantier source aggregate --site chantier/example.toml --output templates/functions/aggregate.py
	@$(BIN)/chantier source watch --site chantier/example.toml --output templates/functions/watch.py

lock: setup ## Resolve requirements.lock again
	@$(BIN)/python -m pip install --quiet uv
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --extra dev \
	  --generate-hashes --no-emit-index-url --no-emit-find-links --no-emit-package chantier \
	  --custom-compile-command "make lock" --output-file requirements.lock --upgrade pyproject.toml

down: ## Stop the embedded AWS that a demo left running
	@test ! -x $(BIN)/chantier || $(BIN)/chantier local down

clean: ## Remove .venv and what tools leave behind
	@rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
