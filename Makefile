# Everything a newcomer or a CI machine needs: Python 3.11 or newer, and this file.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
AUDIT := .venv-audit
AUDITED := $(AUDIT)/.ready
REPLAY ?=
AWS ?=
ARGS ?=
EXAMPLE := --site chantier/example.toml
TEMPLATE ?= $(wildcard templates/*.yaml)

.DEFAULT_GOAL := help
.PHONY: help setup demo simulate test check audit templates lock down clean

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

simulate: setup ## Run the site's machines on the local stack (AWS=1 on your account; ARGS=options)
	@test -e chantier.toml || $(BIN)/chantier init
	@test -n "$(AWS)" || { $(BIN)/chantier local up && $(BIN)/chantier deploy --local --yes >/dev/null \
	  && $(BIN)/chantier machine add --all --local; }
	@$(BIN)/chantier simulate $(if $(AWS),,--local) $(ARGS)

test: setup check audit ## Run every check and every test, on the embedded AWS
	@$(BIN)/python -m pytest --numprocesses 2 --dist loadfile

check: setup ## Lint and type-check
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check .
	@$(BIN)/mypy

audit: $(AUDITED) ## Ask independent checkers about templates/ (TEMPLATE=FILE about another)
	@$(AUDIT)/bin/python -W ignore::UserWarning -m tests.audit.run $(TEMPLATE)

# Apart from .venv: what these checkers need is no dependency of the product.
$(AUDITED): requirements-audit.lock
	@echo "Setting up $(AUDIT) (once; about a minute) ..."
	@$(PYTHON) -m venv $(AUDIT)
	@$(AUDIT)/bin/python -m pip install -qq --disable-pip-version-check --require-hashes \
	  -r requirements-audit.lock || { \
	  echo "The audit needs the packages of requirements-audit.lock, and pip could not get them."; \
	  echo "See above; with a network or a package mirror: make audit"; exit 1; }
	@touch $@

templates: setup ## Write templates/ again from the example site
	@$(BIN)/chantier synth $(EXAMPLE) --output templates/chantier.yaml
	@$(BIN)/chantier synth --size fleet $(EXAMPLE) --output templates/chantier-fleet.yaml
	@$(BIN)/chantier synth --minimal $(EXAMPLE) --output templates/chantier-minimal.yaml
	@for name in $$($(BIN)/chantier source $(EXAMPLE)); do \
	  $(BIN)/chantier source $$name $(EXAMPLE) --output templates/functions/$$name.py; done

lock: setup ## Resolve requirements.lock and requirements-audit.lock again
	@$(BIN)/python -m pip install --quiet uv
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --extra dev \
	  --generate-hashes --no-emit-index-url --no-emit-find-links --no-emit-package chantier \
	  --custom-compile-command "make lock" --output-file requirements.lock --upgrade pyproject.toml
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 \
	  --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate \
	  --custom-compile-command "make lock" --output-file requirements-audit.lock --upgrade \
	  tests/audit/requirements.in

down: ## Stop the embedded AWS that a demo left running
	@test ! -x $(BIN)/chantier || $(BIN)/chantier local down

clean: ## Remove .venv and what tools leave behind
	@rm -rf $(VENV) $(AUDIT) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
