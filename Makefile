# The README's two commands are `make demo` and `make test`. Each target sets up what it needs:
# a virtual environment in .venv, and in it exactly what requirements/dev.txt locks.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
SOURCES := gitops_streams tests

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test check fix soak corpus bench coverage lock dist clean

help: ## Say what there is to make
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

demo: $(VENV)/.installed ## See gitops-streams at work, on this machine alone, in a few seconds
	@$(BIN)/gitops-streams demo

test: $(VENV)/.installed ## Run all tests; those that need docker-registry or skopeo are skipped without them
	@$(BIN)/pytest -n 2 $(PYTEST) || { status=$$?; \
	  if [ $$status -eq 5 ]; then echo "no test ran, which is a failure" >&2; fi; exit $$status; }

check: $(VENV)/.installed ## Check style, types, the direction of imports, the Action, and that the docs are in step
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python tests/checks/docs_in_step.py
	$(BIN)/python tests/checks/ci_in_order.py

fix: $(VENV)/.installed ## Format, fix what ruff can fix, and bring the docs' --help blocks up to date
	$(BIN)/ruff check --fix $(SOURCES)
	$(BIN)/ruff format $(SOURCES)
	$(BIN)/python tests/checks/docs_in_step.py --write

coverage: $(VENV)/.installed ## Run all tests and show what they leave out
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest $(PYTEST)
	$(BIN)/coverage combine
	$(BIN)/coverage report

soak: $(VENV)/.installed ## Race two reconcilers (SOAK=50 rounds), try properties longer, fuzz with a million documents (FUZZ=1000000)
	GITOPS_STREAMS_SOAK_ROUNDS=$(or $(SOAK),50) $(BIN)/pytest -s tests/cli/pull_requests/test_races.py
	GITOPS_STREAMS_SOAK_EXAMPLES=$(or $(EXAMPLES),20) $(BIN)/pytest -n 2 -q --timeout=1800 \
	  $$(grep -rl "^from example_counts" tests --include="test_*.py")
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: \
	  -r requirements/fuzz.txt || echo "no Atheris here: seeds are mutated without guidance" >&2
	$(BIN)/python tests/fuzz/soak.py --documents $(or $(FUZZ),1000000)

corpus: $(VENV)/.installed ## Pin every reference of any checkout (DIR=...) against a stub registry, and judge that
	$(BIN)/python tests/corpus/run.py $(CORPUS) "$(DIR)"

bench: $(VENV)/.installed ## Measure this and every peer that is installed: time, memory, requests, right, false, missed
	$(BIN)/python tests/benchmarks/run.py $(BENCH)

lock: $(VENV)/.installed ## Lock the newest dependencies that pyproject.toml admits
	$(BIN)/uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --upgrade --generate-hashes \
	  --no-annotate --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" \
	  --quiet --output-file requirements/dev.txt
	$(BIN)/uv pip compile pyproject.toml --extra patterns --universal --python-version 3.11 --generate-hashes \
	  --constraint requirements/dev.txt --no-annotate --no-emit-index-url --no-emit-find-links \
	  --custom-compile-command "make lock" --quiet --output-file requirements/action.txt
	$(BIN)/uv pip compile --group fuzz --universal --python-version 3.11 --generate-hashes --no-annotate \
	  --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" --quiet \
	  --output-file requirements/fuzz.txt
	$(BIN)/uv pip compile pyproject.toml --extra github-app --extra patterns --extra serve --universal \
	  --python-version 3.11 --generate-hashes --constraint requirements/dev.txt --no-annotate --no-emit-index-url \
	  --no-emit-find-links --custom-compile-command "make lock" --quiet --output-file requirements/image.txt
	$(BIN)/uv pip compile --group build --universal --python-version 3.11 --generate-hashes \
	  --constraint requirements/dev.txt --no-annotate --no-emit-index-url --no-emit-find-links \
	  --custom-compile-command "make lock" --quiet --output-file requirements/image-build.txt

dist: $(VENV)/.installed ## Build the wheel and the source distribution into dist/
	$(BIN)/python -m hatchling build

clean: ## Remove the virtual environment and everything that was made
	rm -rf $(VENV) dist build .coverage .coverage.* .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

# What is locked is installed again when the lock changes, the project itself when its metadata does.
$(VENV)/.locked: requirements/dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "gitops-streams needs Python 3.11 or newer, and $(PYTHON) is $$($(PYTHON) --version 2>&1)." >&2; \
	  echo "Name another one: make $(MAKECMDGOALS) PYTHON=python3.13" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@

$(VENV)/.installed: $(VENV)/.locked pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@
