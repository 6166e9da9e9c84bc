# Both commands start from a bare clone: they make a virtual environment and install into it.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: quickstart test lint lock audit

quickstart: .venv/installed  ## train the quickstart sweep and print its table
	$(BIN)/bsvae run quickstart
	$(BIN)/bsvae table quickstart

test: .venv/installed  ## run the whole suite
	$(BIN)/pytest

lint: .venv/installed  ## check style
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

lock:  ## pin what a cluster installs, with hashes: Linux, x86-64, Python 3.11, CUDA torch
	uv pip compile pyproject.toml --extra cluster --output-file cluster/requirements.lock \
	  --generate-hashes --python-version 3.11 --python-platform x86_64-unknown-linux-gnu \
	  --no-annotate --custom-compile-command "make lock"
	echo uv | uv pip compile - --output-file cluster/uv.lock \
	  --generate-hashes --python-version 3.11 --python-platform x86_64-unknown-linux-gnu \
	  --no-annotate --custom-compile-command "make lock"

audit:  ## look up known vulnerabilities of what is pinned
	pip-audit --requirement cluster/requirements.lock --require-hashes --disable-pip

.venv/installed: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -e '.[test]'
	touch $@
