# Needs python3 (3.11 or newer, with venv), make and a C library; everything else is installed
# into .venv from lock files with hashes.

SHELL := /bin/bash
.DEFAULT_GOAL := help
unexport PYTHONPATH PYTHONHOME VIRTUAL_ENV DJANGO_SETTINGS_MODULE

PORT ?= 8000
HOST ?= 127.0.0.1
ARGS ?=
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input -qq

.PHONY: help run test check fuzz audit format lock browser programs pictures bench chaos stop clean

help: ## Show the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

run: .venv/run.stamp ## Serve the demo on http://127.0.0.1:8000 (PORT=… moves it)
	@exec $(BIN)/python -m glozr.run --host $(HOST) --port $(PORT) $(ARGS)

test: .venv/dev.stamp browser programs ## Run every test (ARGS="-k name" selects)
	@$(BIN)/python -m pytest -n 3 --dist worksteal $(ARGS)

check: .venv/dev.stamp ## Lint, types, imports, templates, migrations, deployment settings
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/djlint templates --lint --quiet
	$(BIN)/python manage.py makemigrations --check --dry-run
	GLOZR_HTTPS=1 GLOZR_EMAIL_URL=smtp+tls://mail.example:587 GLOZR_SECRET_KEY=$$($(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(64))') \
		$(BIN)/python manage.py check --deploy --fail-level WARNING
	$(BIN)/python manage.py spectacular --validate --fail-on-warn --file /dev/null

fuzz: .venv/dev.stamp ## Try the API with 20,000 made-up calls, others each time
	@GLOZR_FUZZ_CASES=20000 $(BIN)/python -m pytest -n 2 tests/fuzz $(ARGS)

audit: .venv/bin/python ## Look for the pinned packages in the advisories of PyPI and OSV (network)
	$(BIN)/python -m venv .venv/audit && .venv/audit/bin/pip --quiet install pip-audit
	.venv/audit/bin/pip-audit --strict --disable-pip --require-hashes -r requirements.txt
	.venv/audit/bin/pip-audit --strict --disable-pip --require-hashes -r requirements-dev.txt \
		--vulnerability-service osv

format: .venv/dev.stamp ## Put the code into its style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

browser: .venv/dev.stamp
	@$(BIN)/python -m tests.browser.chromium
	@$(BIN)/python -m tests.harness.spreadsheet

programs: .venv/dev.stamp
	@$(BIN)/python -m tests.harness.programs

pictures: .venv/dev.stamp ## Take the README's pictures of the demo that `make run` serves
	@$(BIN)/python -m tests.harness.readme $(ARGS)

bench: .venv/dev.stamp ## Measure the runtime API (see bench/README.md)
	@$(BIN)/python -m bench.load $(ARGS)

chaos: .venv/dev.stamp ## Break things under load and check that nothing is lost
	@$(BIN)/python -m bench.chaos $(ARGS)

stop: ## Stop the embedded PostgreSQL
	@$(BIN)/python -m glozr.postgres stop

lock: .venv/run.stamp ## Write the lock files anew from pyproject.toml
	python3 -m venv .venv/lock && .venv/lock/bin/pip --quiet install uv
	.venv/lock/bin/uv pip compile pyproject.toml --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-header --upgrade --quiet -o requirements.txt
	.venv/lock/bin/uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-header --upgrade --quiet \
		-c requirements.txt -o requirements-dev.txt

clean: ## Remove .venv and caches; the data under var/ stays
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis

# A stamp is written last, so an installation that was interrupted is done again.
.venv/bin/python:
	@found=; for python in python3 python3.14 python3.13 python3.12 python3.11; do \
		if "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
			found=$$python; break; fi; done; \
	if [ -z "$$found" ]; then echo "Python 3.11 or newer is needed, as python3." >&2; exit 1; fi; \
	"$$found" -m venv --clear .venv

.venv/run.stamp: requirements.txt | .venv/bin/python
	@echo "Installing what the product needs …"
	@$(PIP) install --require-hashes -r requirements.txt
	@touch $@

.venv/dev.stamp: requirements-dev.txt .venv/run.stamp
	@echo "Installing what its tests need …"
	@$(PIP) install --require-hashes -r requirements-dev.txt
	@touch $@
