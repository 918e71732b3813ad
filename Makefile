# SIGNX: `make` lists what there is.
SHELL := /bin/bash
PY := .venv/bin/python
.DEFAULT_GOAL := help
.PHONY: chaos flood mutants letters pictures help install demo run test lint format hooks messages clean bench corpus fuzz

help:  ## list the commands
	@grep -hE '^[a-z_-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | sort | \
	  awk -F'\t' '{printf "  make %-10s %s\n", $$1, $$2}'

# The stamp remembers what was installed, so that a second call costs nothing.
.venv/.installed: requirements.txt requirements-dev.txt scripts/install.sh
	@scripts/install.sh
	@touch $@

install: .venv/.installed  ## virtual environment and Python packages
	@$(PY) scripts/messages.py compile

demo: install  ## the main job on this machine: [PDF=contract.pdf] [COORDINATES="1=…; 2=…"] [ONCE=1]
	@PDF="$(PDF)" COORDINATES="$(COORDINATES)" ONCE="$(ONCE)" $(PY) -m demo

run: install  ## web and worker for real use, settings from .env
	@$(PY) manage.py setup && $(PY) manage.py run

test: install  ## every test: SQLite, PostgreSQL, browser, SMTP, pdfsig: [ARGS="--random-order --now=2028-02-29T23:59:00"]
	@scripts/test-tools.sh
	@$(PY) scripts/test.py $(ARGS)

bench: install  ## one signature, beside other tools: [ROUNDS=3] [TIMES=7]
	@ROUNDS="$(or $(ROUNDS),3)" TIMES="$(or $(TIMES),7)" $(PY) -m bench

flood: install  ## robot calls while strangers flood the public pages: [CALLERS=200] [CALLS=150]
	@CALLERS="$(or $(CALLERS),200)" CALLS="$(or $(CALLS),150)" $(PY) -m bench.flood

corpus: install  ## every sample in every shape, or your own files: [FILES="folder file.pdf"]
	@$(PY) -m bench.corpus $(FILES)

# The fuzzer is no requirement: it has no wheel for every Python.
fuzz: install  ## search for files that break intake or verification: [SECONDS=600]
	@$(PY) -c 'import atheris' 2>/dev/null || $(PY) -m pip install --quiet atheris==3.0.0
	@$(PY) -m bench.fuzz $(or $(SECONDS),600)

chaos: install  ## many documents while the portal misbehaves and workers die: [DOCUMENTS=200] [RATE=0.1] [SEED=1]
	@DOCUMENTS="$(DOCUMENTS)" RATE="$(RATE)" SEED="$(SEED)" KILL_EVERY="$(KILL_EVERY)" $(PY) -m chaos

mutants: install  ## small changes that a test must notice: [MODULES=outbox] [SAMPLE=200] [SEED=1] [FLOOR=90]
	@MODULES="$(MODULES)" SAMPLE="$(SAMPLE)" SEED="$(SEED)" FLOOR="$(FLOOR)" $(PY) -m mutants

lint: install  ## ruff and mypy
	@.venv/bin/ruff check . && .venv/bin/ruff format --check .
	@$(PY) -c 'import tests.environment; from mypy.__main__ import console_entry; console_entry()'

format: install  ## ruff, fixing
	@.venv/bin/ruff check --fix . && .venv/bin/ruff format .

hooks: install  ## check every commit as `make lint` does
	@.venv/bin/pre-commit install

pictures: install  ## pictures of the signing page and of «New document» into docs/images
	@SIGNX_PICTURES=docs/images/signing $(PY) -m pytest -q tests/scenarios/test_signing_page.py -k state
	@SIGNX_PICTURES=docs/images/new $(PY) -m pytest -q tests/scenarios/test_new_document.py -k turn

letters: install  ## pictures of all letters into docs/images/letters
	@$(PY) scripts/letters.py

messages: install  ## collect translatable strings into locale/
	@$(PY) scripts/messages.py collect

clean:  ## everything that can be made again
	rm -rf .venv var .pytest_cache .mypy_cache .ruff_cache .hypothesis
