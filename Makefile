# Every target makes its own .venv first; nothing else has to be set up by hand.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
MOX_ARGS ?=
# What several workers could break; `MOX_TEST_WORKERS=2 make endtoend` runs everything with them.
WITH_WORKERS := acme backup clientcertificates first_letter hostile_imap import_page killed_sender \
	notifications own_clients quickstart receiving sending_trouble serve unit
UV_COMPILE = $(VENV)/uv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header

.PHONY: help screenshots localserve test check lint typecheck contracts unit endtoend workers bench fix lock gauges docs clean

help:
	@echo "make localserve   set up and run a mail server for developers (MOX_ARGS='--dir D ...')"
	@echo "make test         set up and run every test"
	@echo "make check        format, lint, import contracts, types, fast tests"
	@echo "make bench        measure the hot paths"
	@echo "make screenshots  pictures of the pages, to be looked at (needs Debian's chromium)"
	@echo "make fix          format and repair what ruff can"
	@echo "make lock         renew the pinned dependencies"

# Runtime only: what a user of localserve needs.
$(VENV)/.run: requirements/run.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/run.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: requirements/dev.lock $(VENV)/.run
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.lock
	@touch $@

localserve: $(VENV)/.run
	@$(BIN)/mox localserve $(MOX_ARGS)

test: check endtoend workers

check: lint contracts typecheck unit

lint: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

contracts: $(VENV)/.dev
	$(BIN)/lint-imports

typecheck: $(VENV)/.dev
	$(BIN)/mypy
	$(BIN)/mypy --platform win32 src

unit: $(VENV)/.dev
	$(BIN)/python -m pytest -q tests --ignore=tests/endtoend

endtoend: $(VENV)/.dev
	$(BIN)/python -m pytest -q tests/endtoend

workers: $(VENV)/.dev
	MOX_TEST_WORKERS=2 $(BIN)/python -m pytest -q $(WITH_WORKERS:%=tests/endtoend/test_%.py)

bench: $(VENV)/.dev
	$(BIN)/python -m bench.run

screenshots: $(VENV)/.dev
	$(BIN)/python tools/screenshots.py

gauges: $(VENV)/.dev
	$(BIN)/python tools/gauges.py

docs: $(VENV)/.dev
	$(BIN)/python tools/rfcrefs.py --write docs/rfc-coverage.md

fix: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# uv resolves for every platform at once; the lock keeps hashes and names no registry.
lock:
	$(PYTHON) -m venv $(VENV)/uv && $(VENV)/uv/bin/python -m pip install --quiet uv
	$(UV_COMPILE) -o requirements/run.lock pyproject.toml requirements/build.in
	$(UV_COMPILE) -c requirements/run.lock --group pyproject.toml:dev -o requirements/dev.lock

clean:
	rm -rf $(VENV) dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis
