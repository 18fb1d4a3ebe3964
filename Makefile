# Everything a contributor runs. Each target sets up what it needs (into .venv) from the package registries.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SETUP := $(VENV)/.setup-done
DEV := $(VENV)/.setup-dev-done
STUBS := typings/.done
MESH_ARGS ?=

.PHONY: demo test test-web check bench lint types imports unit clean lock
.DELETE_ON_ERROR:

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "lateen needs Python 3.11 or newer; $(PYTHON) is older. Try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 2; }
	$(PYTHON) -m venv $(VENV)

$(SETUP): pyproject.toml requirements.lock | $(BIN)/python
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --editable .
	@touch $@

$(DEV): $(SETUP) requirements-dev.lock
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements-dev.lock
	@touch $@

$(STUBS): tools/proto_stubs.py $(DEV)
	$(BIN)/python tools/proto_stubs.py typings
	@touch $@

demo: $(SETUP)  ## run Bookinfo on a mesh of its own until Ctrl-C
	@$(BIN)/lateen demo $(MESH_ARGS)

test: $(DEV) $(STUBS)  ## every test: unit, golden, xDS, property, real Envoy, end to end
	$(BIN)/python -m pytest -n auto --dist loadfile

test-web: $(DEV)  ## the demo's page in a real browser (needs Chromium; says how to get it)
	$(BIN)/python -m pytest tests/web/in_browser.py

check: lint types imports unit  ## the fast gate

lint: $(DEV)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(STUBS)
	$(BIN)/mypy

imports: $(DEV)
	$(BIN)/lint-imports

unit: $(DEV)
	$(BIN)/python -m pytest -n auto tests/unit tests/xds

bench: $(DEV)  ## print the figures that the README quotes
	$(BIN)/python tests/bench/run.py $(if $(BASELINE),--baseline $(BASELINE))

lock: $(DEV)  ## refresh the locked versions
	tools/lock.sh

clean:
	rm -rf $(VENV) typings
