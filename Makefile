# SIGNX: `make` lists what there is.
SHELL := /bin/bash
PY := .venv/bin/python
.DEFAULT_GOAL := help
.PHONY: help install demo run test lint format messages clean

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

test: install  ## every test: SQLite, PostgreSQL, browser, SMTP, pdfsig
	@scripts/test-tools.sh
	@$(PY) scripts/test.py $(ARGS)

lint: install  ## ruff and mypy
	@.venv/bin/ruff check . && .venv/bin/ruff format --check .
	@$(PY) -c 'import tests.environment; from mypy.__main__ import console_entry; console_entry()'

format: install  ## ruff, fixing
	@.venv/bin/ruff check --fix . && .venv/bin/ruff format .

messages: install  ## collect translatable strings into locale/
	@$(PY) scripts/messages.py collect

clean:  ## everything that can be made again
	rm -rf .venv var .pytest_cache .mypy_cache .ruff_cache .hypothesis
