# Both commands start from a bare clone: they make a virtual environment and install into it.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: quickstart test test-faults test-cluster lint bench report picture claims lock audit

quickstart: .venv/installed  ## train the quickstart sweep and print its table
	$(BIN)/bsvae run quickstart
	$(BIN)/bsvae table quickstart

test: .venv/installed  ## run the whole suite, two files at a time
	$(BIN)/pytest -n 2 --dist loadfile

test-faults: .venv/installed  ## kill, cut the power, fill the disk: many times over; Linux, as root
	$(BIN)/pytest -m faults tests/faults

test-cluster: .venv-cluster/installed  ## run the tests that send jobs to a real head
	.venv-cluster/bin/pytest tests/cluster/test_submission.py

lint: .venv/installed  ## check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/basedpyright --pythonpath $(BIN)/python

bench: .venv/installed  ## the quick benchmarks; see benchmarks/README.md for all
	$(BIN)/python benchmarks/launch.py --repeats 1
	$(BIN)/python benchmarks/pack.py --sizes 1 4 16 --rounds 3
	$(BIN)/python benchmarks/ledger.py --trials 1000

report: .venv/installed  ## the reports of all results, and an index of them
	$(BIN)/bsvae report --all

picture: .venv/installed  ## the picture of the README, from committed results
	$(BIN)/python docs/picture.py

claims: .venv/installed  ## the page of the sources' claims, from committed results
	$(BIN)/python docs/claims.py

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

# Apart, since every Ray that starts where ray[default] is installed starts more than a sweep needs.
.venv-cluster/installed: pyproject.toml
	$(PYTHON) -m venv .venv-cluster
	.venv-cluster/bin/pip install --quiet --disable-pip-version-check -e '.[test,cluster]'
	touch $@
