# Paceline needs Python 3.11 or newer and make; everything else comes with the first start.

export VAR ?= var
export PORT ?= 8000
export DEMO ?= 1

PYTHON ?= $(shell for p in python3 python3.11 python3.12 python3.13; do \
	$$p -c 'import sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
PY := .venv/bin/python
PIP := $(PY) -m pip --disable-pip-version-check --quiet install --require-hashes
LOCK := $(PY) -m piptools compile --quiet --generate-hashes --strip-extras --no-header --no-emit-index-url \
	--no-emit-find-links --no-emit-trusted-host
# Commands that look at the code and need no server get addresses that nobody answers.
ALONE := env DEBUG=1 DATABASE_URL=postgres://nobody@127.0.0.1:1/none REDIS_URL=redis://127.0.0.1:1/0

.DEFAULT_GOAL := help
.PHONY: help run test fuzz check format bench lock install install-dev browser

help: ## say what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: install ## start Paceline here: PORT=8000, DEMO=1 (0: empty), VAR=var; Ctrl-C stops all of it
	@exec $(PY) -m salesmgmt.run up

test: install-dev browser ## run the whole suite on a database of its own (ARGS="tests/sales -k split")
	@$(PY) -m pytest -n 2 --dist loadfile --no-loadscope-reorder $(ARGS)

FUZZ ?= 4000
SEED ?= $(shell date +%s)
fuzz: install-dev ## FUZZ=4000 made-up inputs for each test of the importer, none above 3 s; SEED=… tries the same again
	@echo "$(FUZZ) inputs each, seed $(SEED)"
	@FUZZ=$(FUZZ) $(PY) -m pytest tests/exchange -m fuzz --hypothesis-seed=$(SEED) --hypothesis-show-statistics $(ARGS)

check: install-dev ## linters, types, contracts between the apps, migrations, settings: all of them, then the verdict
	@$(MAKE) --no-print-directory --keep-going $(CHECKS)

CHECKS := check-ruff check-format check-types check-contracts check-templates check-safety check-migrations check-settings
.PHONY: $(CHECKS)
check-ruff:
	$(PY) -m ruff check --quiet --output-format concise .
check-format:
	$(PY) -m ruff format --check --output-format concise .
check-types:
	$(ALONE) $(PY) -m mypy .
check-contracts:
	.venv/bin/lint-imports --no-logo
check-templates:
	$(PY) -m djlint --quiet --lint templates
check-safety:
	$(PY) -m bandit --quiet --recursive --configfile pyproject.toml .
check-migrations:
	$(ALONE) $(PY) -W ignore manage.py makemigrations --check --dry-run
check-settings:
	$(ALONE) DEBUG=0 DEMO=0 SECRET_KEY=$$($(PY) -c 'import secrets; print(secrets.token_urlsafe(48))') \
		BASE_URL=https://paceline.example $(PY) manage.py check --deploy --fail-level WARNING

format: install-dev ## put the code into its usual form
	@$(PY) -m ruff check --quiet --fix . ; $(PY) -m ruff format .

bench: install-dev ## measure on a database of its own: PEOPLE=200 ACCOUNTS=20000 DEALS=200000 ACTIVITIES=500000 YEARS=2
	@$(PY) -m tests.bench

lock: install-dev ## pin pyproject.toml's packages anew
	$(LOCK) --output-file requirements.txt pyproject.toml
	$(PY) -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["dependency-groups"]["dev"], sep="\n")' \
		| $(LOCK) --allow-unsafe --constraint requirements.txt --output-file requirements-dev.txt -

install: .venv/bin/python
	@cmp -s requirements.txt .venv/installed.txt || { echo "Installing packages …" && \
		$(PIP) -r requirements.txt && cp requirements.txt .venv/installed.txt; }

install-dev: install
	@cmp -s requirements-dev.txt .venv/installed-dev.txt || { echo "Installing the tools of the suite …" && \
		$(PIP) -r requirements-dev.txt && cp requirements-dev.txt .venv/installed-dev.txt; }

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "Paceline needs Python 3.11 or newer with its venv module; none is installed."; exit 1; }
	@$(PYTHON) -m venv .venv

# As root on a machine without a browser: Debian's. As anyone else the browser tests are skipped and counted.
browser:
	@command -v chromium chromium-browser google-chrome >/dev/null || [ "$$(id -u)" != 0 ] || \
		! command -v apt-get >/dev/null || { echo "Installing chromium …" && apt-get update -qq && \
		DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null; } || \
		echo "chromium could not be installed; browser tests will be skipped."
