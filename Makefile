# check, demo, test, lint and bench each work on a fresh clone with Python 3.11+, Node 20+ and make alone.
PYTHON ?= python3
BIN := .venv/bin
INSTALL := bin/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r

.PHONY: accuracy check demo test lint bench fuzz differential docs format lock clean lab

# The inner loop. The rooms that touch nothing (.importlinter holds them to it), without the tests that need the lab
# and those that try hundreds of made inputs or thousands of measured installs (half of all its time); ruff and mypy
# look at what changed since they last looked.
PURE := $(addprefix tests/,configuration lockfiles pipeline prediction report settings)
check: lint
	$(BIN)/pytest -q -n 2 --dist worksteal -m "not lab and not hypothesis and not oracle" $(PURE)

demo: .venv/.ready
	$(BIN)/fallback-review demo

test: .venv/.ready lab
	$(BIN)/pytest -n auto --dist worksteal --cov --cov-report=term --cov-fail-under=95

lint: .venv/.ready
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

# WRITE=--write renews the table of docs/performance.md.
bench: .venv/.ready .lab/node/.ready .lab/installers/.ready
	$(BIN)/python -m benchmarks $(WRITE)

fuzz: .venv/.ready .lab/fuzz/.ready
	$(BIN)/python -m tests.fuzz.run --engine hypothesis --seconds 120
	$(BIN)/python -m tests.fuzz.run --engine atheris --seconds 120

CASES ?= 200
differential: .venv/.ready .lab/installers/.ready
	for installer in pip uv poetry pdm pipenv; do $(BIN)/python -m tests.prediction.differential $$installer --cases $(CASES) || exit 1; done

# The documentation as a site; a link or an anchor that leads nowhere is an error.
docs: .lab/docs/.ready
	.lab/docs/bin/sphinx-build -q -n -W --keep-going -b html docs site

# The whole circle with the real tools: predict, install, verify, compare. WRITE=--write renews docs/prediction.md.
accuracy: .venv/.ready lab
	$(BIN)/python -m tests.installed.accuracy --cases $(CASES) $(WRITE)

format: .venv/.ready
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

# The hashed pins, made anew from what pyproject.toml and requirements/*.in ask for.
COMPILE := .lab/installers/bin/uv pip compile --quiet --upgrade --generate-hashes --universal --python-version 3.11 --no-header --no-annotate
lock: .lab/installers/.ready
	$(COMPILE) pyproject.toml -o requirements/runtime.txt
	$(COMPILE) pyproject.toml requirements/dev.in -o requirements/dev.txt
	for group in build installers servers checkers fuzz docs; do $(COMPILE) requirements/$$group.in -o requirements/$$group.txt; done

# Each group of test tools lives in an environment of its own: their dependencies contradict each other.
lab: .lab/docs/.ready .lab/installers/.ready .lab/servers/.ready .lab/checkers/.ready .lab/workflows/.ready .lab/browser/.ready .lab/node/.ready

.venv/.ready: requirements/dev.txt pyproject.toml
	$(PYTHON) -m venv .venv
	.venv/$(INSTALL) requirements/dev.txt
	.venv/bin/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

.lab/%/.ready: requirements/%.txt
	$(PYTHON) -m venv .lab/$*
	.lab/$*/$(INSTALL) requirements/$*.txt
	touch $@

NPM_CI = mkdir -p $(@D) && cp $(<D)/package.json $(<D)/package-lock.json $(@D)/ \
	&& npm ci --prefix $(@D) --silent --ignore-scripts --no-audit --no-fund && touch $@
.lab/browser/.ready: tests/report/browser/package-lock.json
	$(NPM_CI)
.lab/workflows/.ready: tests/docs/package-lock.json
	$(NPM_CI)
.lab/node/.ready: tests/github_lab/package-lock.json
	$(NPM_CI)
	rm -f $(@D)/node_modules/@octokit/openapi/generated/*.deref.json

clean:
	rm -rf .venv .lab demo-output site .coverage* .mypy_cache .ruff_cache .pytest_cache .hypothesis
