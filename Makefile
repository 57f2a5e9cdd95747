# The whole developer interface: demo, test, check, bench. Each sets up what it needs, on a machine with Python 3.11.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
GLOBUS_CLI := .venv-globus-cli
CHECK_JSONSCHEMA := .venv-check-jsonschema
ZIZMOR := .venv-zizmor

.DEFAULT_GOAL := help
.PHONY: help demo test soak check bench lock clean

help: ## Say what there is
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /	/' | expand -t 10

demo: $(VENV)/run ## Plan, apply, edit, drift and destroy an example on the emulator
	@$(BIN)/python examples/demo.py

test: $(VENV)/dev $(GLOBUS_CLI)/done $(CHECK_JSONSCHEMA)/done $(ZIZMOR)/done ## Run the tests
	$(BIN)/python -m pytest

soak: $(VENV)/dev ## Run the long fault campaign, about ten minutes
	$(BIN)/python -m pytest -m soak tests/test_campaign.py

check: $(VENV)/dev ## Lint, formatting, types, layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/mypy action/*.py
	$(BIN)/lint-imports

bench: $(VENV)/dev ## Measure, as ratios taken in one run
	$(BIN)/python bench/bench.py

lock: $(VENV)/dev ## Pin the newest versions that fit
	$(BIN)/pip install --quiet uv
	$(BIN)/uv pip compile --quiet --upgrade --python-version 3.11 --extra emulator --group build \
		--no-header --no-annotate pyproject.toml --output-file requirements/run.txt
	$(BIN)/uv pip compile --quiet --upgrade --python-version 3.11 --extra emulator --group dev \
		--no-header --no-annotate pyproject.toml --output-file requirements/dev.txt
	$(BIN)/uv pip compile --quiet --upgrade --python-version 3.11 \
		--no-header --no-annotate requirements/globus-cli.in --output-file requirements/globus-cli.txt
	$(BIN)/uv pip compile --quiet --upgrade --python-version 3.11 \
		--no-header --no-annotate requirements/check-jsonschema.in --output-file requirements/check-jsonschema.txt
	$(BIN)/uv pip compile --quiet --upgrade --python-version 3.11 \
		--no-header --no-annotate requirements/zizmor.in --output-file requirements/zizmor.txt

clean: ## Remove what the targets made
	rm -rf $(VENV) $(GLOBUS_CLI) $(CHECK_JSONSCHEMA) $(ZIZMOR) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

# Every version is pinned, so pip has nothing to search for.
$(VENV)/run: requirements/run.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements/run.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/dev: requirements/dev.txt $(VENV)/run
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements/dev.txt
	@touch $@

# globus-cli pins globus-sdk and click, so it lives by itself.
$(GLOBUS_CLI)/done: requirements/globus-cli.txt
	$(PYTHON) -m venv $(GLOBUS_CLI)
	$(GLOBUS_CLI)/bin/pip install --quiet --disable-pip-version-check -r requirements/globus-cli.txt
	@touch $@

# check-jsonschema judges the schema for editors; it brings packages that nothing else here needs.
$(CHECK_JSONSCHEMA)/done: requirements/check-jsonschema.txt
	$(PYTHON) -m venv $(CHECK_JSONSCHEMA)
	$(CHECK_JSONSCHEMA)/bin/pip install --quiet --disable-pip-version-check -r requirements/check-jsonschema.txt
	@touch $@

# zizmor audits the action and the example workflows; it is a program in a wheel, and asks nobody when told so.
$(ZIZMOR)/done: requirements/zizmor.txt
	$(PYTHON) -m venv $(ZIZMOR)
	$(ZIZMOR)/bin/pip install --quiet --disable-pip-version-check -r requirements/zizmor.txt
	@touch $@
