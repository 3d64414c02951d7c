# `make` alone lists the targets. Everything lives in .venv; nothing is installed elsewhere.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
RUN := PATH="$(CURDIR)/$(BIN):$$PATH"

# Two processes with one thread each: more threads than cores wait for each other.
PYTEST := OMP_NUM_THREADS=1 pytest -n 2 --dist loadscope --no-loadscope-reorder

.DEFAULT_GOAL := help
.PHONY: help setup repro quick test test-all bench clean docs lint types dependencies web

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | column -t -s '|' 2>/dev/null || sed -n 's/^\([a-z-]*\):.*## /  make \1  /p' Makefile

setup: .venv/.ready ## create .venv with pinned dependencies and the `facades` command

repro: .venv/.ready data/params.ok ## run the whole pipeline (dvc repro), then say where the report lies
	@$(RUN) dvc repro
	@echo "report: $(CURDIR)/report/index.html"

quick: lint types ## lint, types, unit tests (about a minute)
	@$(RUN) $(PYTEST) -m "not slow and not integration"

test: lint types web ## lint, types, all tests but the slow ones (about 20 minutes on 2 cores)
	@$(RUN) $(PYTEST) -m "not slow"

test-all: lint types web ## the same, with the slow tests
	@$(RUN) $(PYTEST)

lint: .venv/.ready-test
	@$(RUN) ruff check .
	@$(RUN) ruff format --check .
	@$(RUN) deptry .

types: .venv/.ready-test
	@$(RUN) mypy

dependencies: .venv/.ready-test ## write the code that each DVC stage runs into dvc.yaml
	@$(RUN) python -m tests.pipelines.code_dependencies

# Two are run by hand (docs/benchmarks.md): recipes.py trains for hours, and gpu/ needs a GPU.
bench: .venv/.ready-test ## measure; the figures go to docs/ by hand, with their date
	@for script in $(filter-out benchmarks/recipes.py,$(wildcard benchmarks/*.py)); do echo "== $$script"; $(RUN) python -P "$$script" || exit 1; done

docs: .venv/.ready ## write the reference in docs/reference from the code
	@$(RUN) python -m docs.generate

clean: ## remove what the pipeline made (not the crawled archives, not the DVC cache, not .venv)
	rm -rf data/images data/signals data/counts data/prepared data/dataset models report .state .pytest_cache .mypy_cache .ruff_cache

# The stage `check` does the same; here a mistake is reported before DVC reads params.yaml.
data/params.ok: params.yaml | .venv/.ready
	@$(RUN) facades check

.venv/bin/pip:
	@command -v git >/dev/null || { echo "missing: git; install it and run make again" >&2; exit 1; }
	@test -n "$(PYTHON)" || { echo "missing: python3.11; install Python 3.11 or newer, or give PYTHON=path" >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "missing: Python 3.11; found $$("$(PYTHON)" --version) at $(PYTHON); give PYTHON=path" >&2; exit 1; }
	@"$(PYTHON)" -c 'import venv, ensurepip' 2>/dev/null || { echo "missing: Python's venv module (Debian: apt install python3-venv)" >&2; exit 1; }
	@git rev-parse --git-dir >/dev/null 2>&1 || { echo "missing: a git checkout; DVC works in one, so clone this repository (or run git init)" >&2; exit 1; }
	"$(PYTHON)" -m venv .venv

.venv/.ready: .venv/bin/pip pyproject.toml constraints.txt
	@echo "installing pinned dependencies into .venv (about 6 GB, some minutes) …"
	@.venv/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

.venv/.ready-test: .venv/.ready
	@.venv/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test]'
	@touch $@

# What the web page of a generator runs on (docs/sharing.md), by the npm that a wheel brings.
WEB := train/browser/node_modules/.package-lock.json

web: .venv/.ready-test
	@test $(WEB) -nt train/browser/package-lock.json || $(RUN) npm ci --ignore-scripts --no-audit --no-fund --loglevel=error --prefix train/browser || echo "npm failed: the tests of the web page will be skipped"
