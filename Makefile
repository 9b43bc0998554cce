# Everything a person runs. Each target creates .venv by itself; a second run is quick.
SHELL := /bin/bash
PY    ?= python3
VENV  := .venv
BIN   := $(VENV)/bin
STAMP := $(VENV)/.installed
ARGS  ?=
LINES ?=
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url

.PHONY: demo test check faults bench docs clean drill screenshots lock bench-lock sbom audit help
.DEFAULT_GOAL := help

help: ## show the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

$(STAMP): requirements.lock pyproject.toml
	@$(PY) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "commerce-streams needs Python 3.11 or newer; found $$($(PY) --version). Use make PY=python3.11"; exit 2; }
	@test -x $(BIN)/python || $(PY) -m venv $(VENV)
	@echo "installing the locked packages into $(VENV) …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: $(STAMP) ## a story on real Kafka, with its result checked
	@$(BIN)/commerce-streams demo $(ARGS)

test: $(STAMP) ## everything: style, types, architecture, unit to fault tests, docs
	@$(BIN)/python tests/run.py all

check: $(STAMP) ## the quick part of `test`: no Kafka, no browser
	@$(BIN)/python tests/run.py check

faults: $(STAMP) ## every fault against every invariant, on real Kafka; ARGS="--only N1,N4", "--bugs", "--only N28 --minutes 5", "--write-docs"
	@$(BIN)/python -m tests.faults.grid $(ARGS)

bench: $(STAMP) ## measure, beside others, on real Kafka; LINES="ingest coalesce" for a choice
	@$(BIN)/python -m bench $(LINES) $(ARGS)

docs: $(STAMP) ## write the generated pages in docs/ anew
	@$(BIN)/python -m streams docs

drill: $(STAMP) ## which alerts fire while shop or ERP are away and when a record is gone, with a real Prometheus; half an hour
	@PATH="$$PATH:$${XDG_CACHE_HOME:-$$HOME/.cache}/commerce-streams/bin" $(BIN)/python -m tests.drill

screenshots: $(STAMP) ## pictures of every page of a real system into out/screenshots, to be looked at; about five minutes
	@PATH="$$PATH:$${XDG_CACHE_HOME:-$$HOME/.cache}/commerce-streams/bin" $(BIN)/python -m tests.browser.screenshots $(ARGS)

lock: $(STAMP) ## resolve the dependencies anew into the three lock files
	@$(COMPILE) --extra local --extra otel --group dev pyproject.toml -o requirements.lock
	@$(COMPILE) --constraint requirements.lock pyproject.toml -o requirements-runtime.lock
	@echo hatchling | $(COMPILE) --constraint requirements.lock - -o requirements-build.lock

sbom: $(STAMP) ## write the bill of materials (CycloneDX) into out/, compared with the lock
	@$(BIN)/python -m tests.supply_chain sbom

audit: $(STAMP) ## ask for known vulnerabilities of what is locked
	@$(BIN)/python -m tests.supply_chain audit || [ $$? = 77 ]

bench-lock: $(STAMP) ## the same for what is measured against
	@for name in raw quix faust; do $(COMPILE) --custom-compile-command "make bench-lock" bench/peers/$$name.in -o bench/peers/$$name.lock; done

clean: ## remove what the targets made here
	@rm -rf $(VENV) dist build .coverage* htmlcov .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .local-stack .data out
