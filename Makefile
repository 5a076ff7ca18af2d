# `make` lists the targets. Needs Python 3.11 or newer, git and make; everything else is installed into .venv by pip.

.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

ifndef PYTHON
PYTHON := $(shell for python in python3.11 python3; do "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$python" && break; done)
endif

VENV := .venv
BIN := $(VENV)/bin
PY := $(BIN)/python
STAMP := $(VENV)/.stamp

# Ansible's tools call each other by name.
export PATH := $(CURDIR)/$(BIN):$(PATH)

# This checkout and not a copy of the collection that lies in the user's home; and nothing is left there.
export ANSIBLE_COLLECTIONS_PATH := $(CURDIR)/$(VENV)/collections
export ANSIBLE_HOME := $(CURDIR)/.ansible

# The configuration is named because tests/estate has one of its own, and pytest would take the nearest.
PYTEST := $(PY) -m pytest -c pyproject.toml --rootdir . $(PYTEST_ARGS)
# How many integration tests run at a time.
WORKERS ?= 2

.PHONY: help venv demo test lint types unit contract static integration molecule bench cores format generate changelog build clean

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1	\2/p' Makefile | while IFS='	' read -r target text; do printf '%-18s %s\n' "$$target" "$$text"; done

# An environment that was made in another folder is of no use: its scripts name that folder.
ifeq ($(shell grep -sF -- " $(CURDIR)/$(VENV)" $(VENV)/pyvenv.cfg),)
.PHONY: $(STAMP)
endif

$(STAMP): tools/environment.py requirements.txt $(wildcard requirements/*.txt) $(wildcard tests/estate/pyproject.toml)
	@$(if $(PYTHON),,$(error Python 3.11 or newer is needed and neither python3.11 nor python3 is one: make PYTHON=/path/to/python3.11))
	@"$(PYTHON)" tools/environment.py development
	@touch $(STAMP)

venv: $(STAMP) ## the virtual environment .venv, from requirements/

demo: $(STAMP) ## a simulated fleet verified, brought to the baseline, verified again; KEEP=1 leaves it running
	@$(PY) tools/demo/run.py $(if $(KEEP),--keep)

test: lint types unit contract static integration molecule ## everything below, up to molecule

lint: $(STAMP) ## ruff, yamllint, ansible-lint, changelog fragments
	@echo "== lint: ruff"
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet . || { echo "Some files are not formatted: make format"; exit 1; }
	@echo "== lint: yamllint"
	@$(BIN)/yamllint --strict .
	@echo "== lint: ansible-lint"
	@$(BIN)/ansible-lint --offline -q
	@echo "== lint: changelog"
	@$(BIN)/antsibull-changelog lint

types: $(STAMP) ## mypy
	@echo "== types: the library and the estate, strict"
	@$(BIN)/mypy -p ansible_collections.configmgr.hardening.plugins -p windows_estate
	@echo "== types: tools and tests"
	@$(BIN)/mypy $$(find tools tests -name '*.py' -not -path 'tests/estate/src/*')

unit: $(STAMP) ## pure functions of the library
	@echo "== unit"
	@$(PYTEST) tests/unit

contract: $(STAMP) ## the vectors against the estate and, where there is one, a PowerShell engine
	@echo "== contract"
	@$(PYTEST) tests/contract $(wildcard tests/estate/tests)

static: $(STAMP) ## the script for Windows, imports, documentation, reference data
	@echo "== static"
	@$(PYTEST) tests/static

integration: $(STAMP) ## real ansible-playbook against the estate
	@echo "== integration"
	@$(PYTEST) -n $(WORKERS) tests/integration

# ANSIBLE_HOME: Molecule knows its running scenarios by the name of the checkout's folder alone, which two checkouts may share.
# MOLECULE_GLOB: where scenarios are anyway; Molecule advises to move them unless it is told.
molecule: export ANSIBLE_HOME := $(CURDIR)/.ansible
molecule: export MOLECULE_GLOB := molecule/*/molecule.yml
molecule: $(STAMP) ## every molecule scenario
	@mkdir -p build
	@failed=; \
	trap '$(BIN)/molecule destroy -s $$scenario >>$$log 2>&1; exit 130' INT TERM; \
	for scenario in $(patsubst molecule/%/molecule.yml,%,$(wildcard molecule/*/molecule.yml)); do \
	    echo "== molecule: $$scenario"; \
	    log=build/molecule-$$scenario.log; \
	    $(BIN)/molecule test -s $$scenario >$$log 2>&1 || { cat $$log; failed="$$failed $$scenario"; }; \
	done; \
	test -z "$$failed" || { echo "These scenarios failed:$$failed"; exit 1; }

bench: $(STAMP) ## time, requests and bytes of a verification
	@$(PY) tools/bench.py $(BENCH_ARGS)

cores: $(STAMP) ## environments with other versions of ansible-core, as far as the Pythons here allow
	@$(PY) tools/environment.py cores

format: $(STAMP) ## lay out Python files
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix-only --quiet .

generate: $(STAMP) ## what is made from the modules' documentation and from the catalogue
	@$(PY) tools/generate_specs.py
	@$(PY) tools/generate_catalog.py

changelog: $(STAMP) ## changelog fragments into CHANGELOG.rst, under the version in galaxy.yml
	@$(BIN)/antsibull-changelog release --update-existing --reload-plugins --refresh-plugins

build: $(STAMP) ## the collection as an archive in dist/
	@mkdir -p dist
	@$(BIN)/ansible-galaxy collection build --force --output-path dist

clean: ## remove what was made here
	rm -rf .venv .venv-cores .ansible .cache .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis build dist results
	find . -name __pycache__ -type d -not -path './.git/*' -exec rm -rf {} +
