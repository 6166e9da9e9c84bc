# Both commands start from a bare clone: they make a virtual environment and install into it.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: quickstart test lint

quickstart: .venv/installed  ## train the quickstart sweep and print its table
	$(BIN)/bsvae run quickstart
	$(BIN)/bsvae table quickstart

test: .venv/installed  ## run the whole suite
	$(BIN)/pytest

lint: .venv/installed  ## check style
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

.venv/installed: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -e '.[test]'
	touch $@
