# What a newcomer needs is Python 3.11 or newer, make and git; everything else is fetched here.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# No interpreter is ever downloaded, and compiled modules are kept: starting twice is quicker.
export UV_PYTHON_DOWNLOADS := never
unexport PYTHONDONTWRITEBYTECODE PYTHONPATH VIRTUAL_ENV

PYTHON ?= $(shell for each in python3.13 python3.12 python3.11 python3 python; do \
	$$each -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$each && break; \
	done)
VENV := .venv
RUN := $(VENV)/bin/python
INSTALLED := $(VENV)/installed
ADLEDGER := $(VENV)/bin/adledger
WORKERS ?= 2
HOME_DIR ?=
LOCAL := $(RUN) -m local
AT := $(if $(HOME_DIR),--home $(HOME_DIR))

.PHONY: help
help: ## Show what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

.PHONY: up
up: $(INSTALLED) $(ADLEDGER) ## Start the whole system on this machine and return when it answers
	@$(LOCAL) up $(AT)

.PHONY: down
down: $(INSTALLED) ## Stop it; data stays
	@$(LOCAL) down $(AT)

.PHONY: status
status: $(INSTALLED) ## Say what runs
	@$(LOCAL) status $(AT)

.PHONY: logs
logs: $(INSTALLED) ## Show the newest lines of every log
	@$(LOCAL) logs $(AT)

.PHONY: clean
clean: $(INSTALLED) ## Stop it and forget all data
	@$(LOCAL) clean $(AT)

.PHONY: demo
demo: $(INSTALLED) ## Play a publisher and a reader against the running system
	@$(LOCAL) demo $(AT)

.PHONY: test
test: $(INSTALLED) $(ADLEDGER) ## Run all tests; those that take times last, with the machine to themselves
	@$(RUN) -m pytest -n $(WORKERS) --dist loadgroup -m 'not speed'
	@$(RUN) -m pytest -m speed tests/bench tests/system

.PHONY: soak
soak: $(INSTALLED) ## Run the long tests: kills, power cuts, histories, fuzzing (an hour; RUNS= SCALE= SEED=)
	@$(RUN) -m tests.soak $(RUNS) $(if $(SCALE),--scale $(SCALE)) $(if $(SEED),--seed $(SEED))

.PHONY: check
check: $(INSTALLED) ## Check format, lint, types and the rules of style
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/pyright
	@$(RUN) -m pytest -q tests/test_tidy.py

.PHONY: fix
fix: $(INSTALLED) ## Format, and repair what the linter can
	@$(VENV)/bin/ruff check --fix .
	@$(VENV)/bin/ruff format .

.PHONY: install
install: $(INSTALLED) $(ADLEDGER) ## Fetch what the other targets need, and install adledger

.PHONY: lock
lock: $(INSTALLED) ## Pin again what requirements/*.in ask for
	@requirements/lock

# uv is fetched by pip, checked by hash; then uv fetches the rest, the emulator's beside our own.
$(RUN):
	@test -n '$(PYTHON)' || { echo 'Python 3.11 or newer is needed; put it on PATH or set PYTHON='; exit 1; }
	@echo 'making $(VENV) with $(PYTHON)'
	@$(PYTHON) -m venv --clear $(VENV) || { echo 'on Debian and Ubuntu: apt install python3-venv'; exit 1; }

$(INSTALLED): requirements/uv.txt requirements/dev.txt requirements/emulator.txt | $(RUN)
	@echo 'fetching what is needed (only now)'
	@$(RUN) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	@$(RUN) -m local.emulator.installation > /dev/null & emulator=$$!; \
	$(VENV)/bin/uv pip sync --quiet --require-hashes --python $(RUN) requirements/dev.txt; \
	wait $$emulator
	@touch $(INSTALLED)

# Nothing is built for it: the link leads to a script that finds its way back here.
$(ADLEDGER): | $(INSTALLED)
	@ln -s ../../bin/adledger $(ADLEDGER)
