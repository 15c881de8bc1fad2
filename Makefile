# Every target makes the environment that it needs; only Python 3.11 or newer, git and make must be there.
PYTHON ?= python3
VENV ?= .venv
DEMO_VENV ?= .demo/venv
DEMO_FOLDER ?= .demo/flights
DEMO_YEAR ?= .demo/year
QUICK ?=
FULL ?=
PYTEST_WORKERS ?= 2
PIP = --quiet --disable-pip-version-check --no-compile --no-deps
# The demo starts dozens of processes and the tests hundreds: each would compile the package anew, a fifth of its start.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo test behaviour lint bench soak docs pictures compat env lock

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(DEMO_VENV)/.ready ## carry one real model from raw flights to a traceable prediction, then let one live through a year (QUICK=1 for a short one)
	$(DEMO_VENV)/bin/python examples/flights/demo.py --folder $(DEMO_FOLDER) $(if $(QUICK),--quick)
	$(DEMO_VENV)/bin/python examples/year/demo.py --folder $(DEMO_YEAR) $(if $(QUICK),--quick)

test: $(VENV)/.ready ## run every test: types, layers, budgets, behaviour, crashes
	@$(MAKE) --no-print-directory --jobs 2 lint behaviour  # types are checked by one processor

behaviour: $(VENV)/.ready
	TMPDIR=$$($(VENV)/bin/python tests/scratch.py) $(VENV)/bin/python -m pytest -n $(PYTEST_WORKERS) --dist worksteal -q

lint: $(VENV)/.ready ## check style, types and layers
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	PYTHONPATH=src $(VENV)/bin/lint-imports --no-cache

bench: $(VENV)/.ready ## print the figures, each beside what it is compared with
	$(VENV)/bin/python -m bench

soak: $(VENV)/.ready ## kill and simulate for longer: fifty kills each, and every stated error rate (FULL=1 for full sizes)
	REGROVE_SOAK=1 $(VENV)/bin/python -m pytest -q --timeout 3600 tests/project/test_crash.py tests/ledger/test_crash.py \
		tests/registry/test_crash.py tests/pipelines/test_recovery.py
	$(VENV)/bin/python -m pytest -q --timeout 3600 -m soak
	$(VENV)/bin/python -m soak $(if $(FULL),--full)

docs: $(VENV)/.ready ## run every code block of the README and of docs/
	$(VENV)/bin/python -m pytest -q tests/docs

pictures: $(VENV)/.ready ## draw the pictures of docs/statistics again (with matplotlib, in an environment of its own)
	rm -rf .pictures
	$(call install,.pictures,requirements/pictures.txt)
	.pictures/bin/python docs/draw_statistics.py

compat: $(VENV)/.ready ## run the tests against the lowest allowed versions
	$(VENV)/bin/python tests/compat.py

env: $(VENV)/.ready ## make the test environment and nothing else

lock: ## compile the locks again after a change of pyproject.toml (needs uv)
	requirements/compile.sh

$(VENV)/.ready: requirements/test.txt requirements/uv.txt pyproject.toml
	$(call install,$(VENV),requirements/test.txt)
	@touch $@

$(DEMO_VENV)/.ready: requirements/demo.txt requirements/uv.txt pyproject.toml
	$(call install,$(DEMO_VENV),requirements/demo.txt)
	@touch $@

# An environment of what a lock holds. uv takes a sixth of pip's time; where it finds nothing, because the registry stands
# in pip's own configuration, pip does it. Byte-code is made by all processors, but for what is hardly ever imported; some
# packages carry files that do not compile.
define install
@$(PYTHON) -c 'import sys; sys.exit("Regrove needs Python 3.11 or newer; this is %d.%d. Try: make PYTHON=python3.11" % sys.version_info[:2] if sys.version_info < (3, 11) else 0)'
$(PYTHON) -m venv $(1)
$(1)/bin/python -m pip install $(PIP) --require-hashes -r requirements/uv.txt
$(1)/bin/uv pip install --quiet --python $(1)/bin/python --no-deps --require-hashes -r $(2) || $(1)/bin/python -m pip install $(PIP) --require-hashes -r $(2)
$(1)/bin/python -m pip install $(PIP) --no-build-isolation --editable .
@$(1)/bin/python -m compileall -qq -j 0 -x '/(tests?|sympy|networkx|pip|setuptools)/' $(1)/lib src || true
endef
