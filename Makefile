# make run        set up .venv, install the package, run the stablecoin depeg and print the verdict
# make test       set up what the tests need and run all checks and tests
# make campaign   the same tests with large counts
# make sanitize   the compiled books built for the address and undefined-behaviour sanitizers, against the plain ones
# make bench      the benchmarks
# make stubs      protos brought up to date with the messages, then the Python code of the protos and docs/contracts.md
# make clean      remove .venv and everything that was built or cached
#
# Variables: PYTHON (interpreter for .venv), SCENARIO, JOBS (test processes), PYTEST (further options for pytest).

SCENARIO ?= scenarios/stablecoin_depeg.yaml
JOBS ?= 2
PYTEST ?=
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/installed.stamp
INSTALLED_DEV := $(VENV)/installed-dev.stamp
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

# The first of these that is Python 3.11 or newer and can make virtual environments.
CANDIDATES := python3.14 python3.13 python3.12 python3.11 python3 python
USABLE := import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))

.PHONY: run test campaign sanitize bench stubs clean
.DEFAULT_GOAL := run

run: $(INSTALLED)
	@$(BIN)/trading-ecosystem run $(SCENARIO)

test: $(INSTALLED_DEV)
	@echo "==> ruff check" && $(BIN)/ruff check --quiet src tests benchmarks
	@echo "==> ruff format --check" && $(BIN)/ruff format --check --quiet src tests benchmarks
	@echo "==> mypy --strict" && $(BIN)/mypy
	@echo "==> pytest" && $(BIN)/python -m pytest -q -n $(JOBS) --dist worksteal $(PYTEST)

campaign: $(INSTALLED_DEV)
	@echo "==> pytest, large counts"
	@TRADING_ECOSYSTEM_CAMPAIGN=1 $(BIN)/python -m pytest -q -n $(JOBS) --dist worksteal $(PYTEST) tests

sanitize: $(INSTALLED_DEV)
	@echo "==> pytest, compiled books under the sanitizers"
	@TRADING_ECOSYSTEM_SANITIZE=1 $(BIN)/python -m pytest -q -k sanitizers $(PYTEST) tests/end_to_end/test_compiled_builds.py

bench: $(INSTALLED_DEV)
	@echo "==> benchmarks"
	@$(BIN)/python -m pytest -q -s -p no:xdist $(PYTEST) benchmarks

STUBS_VENV := .venv-stubs
stubs: $(INSTALLED_DEV)
	@echo "==> protos, stubs, docs/contracts.md"
	@$(BIN)/python tests/contract/proto_rendering.py --write
	@[ -x $(STUBS_VENV)/bin/python ] || $(BIN)/python -m venv $(STUBS_VENV)
	@$(STUBS_VENV)/bin/python -m pip --disable-pip-version-check --quiet install --requirement protos/generate-requirements.txt
	@$(STUBS_VENV)/bin/python protos/generate.py
	@$(BIN)/python -m tests.contract.contract_rendering --write

clean:
	@rm -rf $(VENV) $(STUBS_VENV) build dist src/*.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .benchmarks
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/pip:
	@python="$(PYTHON)"; \
	for candidate in $(CANDIDATES); do \
	    [ -z "$$python" ] || break; \
	    "$$candidate" -c '$(USABLE)' 2>/dev/null && python="$$candidate"; \
	done; \
	if [ -z "$$python" ] || ! "$$python" -c '$(USABLE)' 2>/dev/null; then \
	    echo "make: no usable Python $${python:+($$python) }found: 3.11 or newer with venv is needed; name one with make PYTHON=..." >&2; \
	    exit 1; \
	fi; \
	echo "==> $(VENV) with $$("$$python" --version)"; \
	"$$python" -m venv $(VENV)

# What the compiled twins are built from: a change builds them anew.
COMPILED := setup.py $(shell find src -name "*.pyx" -o -name "*.pxd")

$(INSTALLED): pyproject.toml $(COMPILED) | $(BIN)/pip
	@echo "==> installing trading-ecosystem into $(VENV)"
	@$(PIP) install --editable .
	@touch $@

$(INSTALLED_DEV): pyproject.toml $(COMPILED) | $(BIN)/pip
	@echo "==> installing trading-ecosystem and what the tests need into $(VENV)"
	@$(PIP) install --editable '.[dev]'
	@touch $(INSTALLED) $@
