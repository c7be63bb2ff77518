# Everything that one does with aops; `make` alone lists it.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check --quiet

RUNTIME      := $(VENV)/.installed
DEVELOPMENT  := $(VENV)/.installed-dev
MODULES      := node_modules/.package-lock.json
ASSETS       := aops/static/dist/console.css
CATALOGUES   := $(patsubst %.po,%.mo,$(wildcard aops/translations/*/LC_MESSAGES/*.po))
ASSET_INPUTS := package.json scripts/build-assets.mjs scripts/icons.json \
                $(wildcard aops/static/css/*.css aops/static/js/*.js aops/static/img/*)

T ?=
JOBS ?= 2
B ?=

.DEFAULT_GOAL := help
.PHONY: help run demo test lint format bench screenshots assets translations clean
.DELETE_ON_ERROR:

help: ## List what there is
	@echo "make run starts aops on this machine. What else there is:"
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14 | sed 's/^/  /'

run: $(RUNTIME) $(ASSETS) $(CATALOGUES) ## Install what is missing, start aops, and serve until Ctrl-C
	@exec $(BIN)/flask --app aops up

demo: $(RUNTIME) $(ASSETS) $(CATALOGUES) ## The same, but end after the demo job: 0 if it was successful
	@exec $(BIN)/flask --app aops up --demo

test: $(DEVELOPMENT) $(ASSETS) $(CATALOGUES) ## Run all tests; T="tests/jobs -k cancel" only some, JOBS=0 in one process
	@bash scripts/install-test-packages.sh
	$(if $(T),$(BIN)/pytest $(T),$(BIN)/pytest -n $(JOBS) -m "not system" && $(BIN)/pytest -m system)

lint: $(DEVELOPMENT) ## Check style, types, the direction of imports, and templates
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/djlint aops/templates --check --lint --quiet

format: $(DEVELOPMENT) ## Write code and templates in the one style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/djlint aops/templates --reformat --quiet

bench: $(DEVELOPMENT) $(ASSETS) $(CATALOGUES) ## Measure against the goals; B="B1 B2" only some
	$(BIN)/python -m bench $(B)

screenshots: $(DEVELOPMENT) $(ASSETS) $(CATALOGUES) ## Take the pictures in docs/images
	$(BIN)/python -m scripts.screenshots

assets: $(ASSETS) ## Build what the browser loads
translations: $(CATALOGUES) ## Compile the catalogues

clean: ## Remove what was built or installed here; data in var/ stays
	rm -rf $(VENV) .venv-node node_modules aops/static/dist $(CATALOGUES)
	rm -rf .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis htmlcov .coverage

$(BIN)/python:
	@bash scripts/make-venv.sh $(PYTHON) $(VENV)

$(RUNTIME): requirements.txt | $(BIN)/python
	@echo "Installing Python packages …"
	@$(PIP) --version >/dev/null 2>&1 || $(BIN)/python -m ensurepip >/dev/null
	@$(PIP) install -r requirements.txt
	@touch $@

$(DEVELOPMENT): requirements-dev.txt $(RUNTIME)
	@echo "Installing Python packages for development …"
	@$(PIP) install -r requirements-dev.txt
	@touch $@

$(MODULES): package.json package-lock.json | $(RUNTIME)
	@bash scripts/npm.sh ci --no-audit --no-fund --loglevel=error
	@touch $@

$(ASSETS): $(MODULES) $(ASSET_INPUTS) | $(RUNTIME)
	@bash scripts/npm.sh run --silent build

%.mo: %.po | $(RUNTIME)
	@$(BIN)/pybabel --quiet compile --input-file $< --output-file $@ --locale $(notdir $(patsubst %/LC_MESSAGES/,%,$(dir $<)))
