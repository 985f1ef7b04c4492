# Pressroom. `make help` lists the targets.
SHELL := /bin/sh
PORT ?= 8080
PY := .venv/bin/python
PYTEST := $(PY) -m pytest
FAST := not containers and not browser and not long

.DEFAULT_GOAL := help
.PHONY: help demo run test test-all long check lint fix images up down logs chaos fuzz bench screenshots lock clean

help: ## list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' Makefile

demo: ## a living newsroom with sample papers at http://127.0.0.1:8080 (PORT=…)
	@scripts/venv demo
	@exec .venv/bin/pressroom run --demo --port $(PORT)

run: ## the same with the real sites of sites/*.toml
	@scripts/venv demo
	@exec .venv/bin/pressroom run --port $(PORT)

test: ## set up what the tests need and run them (T=path::name for one)
	@scripts/venv test
	@scripts/system
	@docker/images.sh || [ -z "$$CI" ]
	@scripts/pytest $(T)

test-all: test long ## the tests and the long rounds: chaos, fuzz, hostile corpora

long: ## only the long rounds
	@scripts/venv test
	@scripts/system
	@docker/images.sh || [ -z "$$CI" ]
	@MARKS=long scripts/pytest $(T)

check: lint ## the fast part: ruff, mypy, import-linter, tests without containers
	$(PYTEST) -q -n 2 -m "$(FAST)"

lint: ## ruff, mypy and the import contracts
	@scripts/venv test
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	.venv/bin/lint-imports --no-cache

fix: ## format the code and mend what ruff can
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

up: ## the whole fleet in containers (DEMO=1: with the sample papers; PORT=…)
	@DEMO="$(DEMO)" PORT="$(PORT)" docker/up.sh

down: ## stop the fleet; what it keeps in volumes stays
	@COMPOSE_PROFILES=demo docker compose down --remove-orphans

logs: ## follow the fleet's logs
	@COMPOSE_PROFILES=demo docker compose logs -f --tail 100 scheduler fetcher weather publisher web edge

chaos: ## crash points, kill -9, broker and store pulled away: the long rounds
	@scripts/venv test
	@docker/images.sh
	$(PYTEST) tests/chaos tests/contracts -m "long or not long"

fuzz: ## feed the parser and the http client mangled input for 10 minutes (SECONDS_=… for another time)
	@scripts/venv test
	$(PY) -m tests.fuzz $(or $(SECONDS_),600)

bench: ## measure (B=feeds, engine, scheduler, …; bench/README.md lists them)
	@scripts/venv test
	$(PY) -m bench.$(or $(B),scheduler)

screenshots: ## renew the pictures under docs/images
	@scripts/venv test
	@scripts/system
	@scripts/screenshots

images: ## make sure that the container images are there
	@docker/images.sh

lock: ## renew the lock files (needs a package index)
	@scripts/venv test
	@scripts/lock

clean: ## remove .venv and what runs left behind
	rm -rf .venv data build .pytest_cache .mypy_cache .ruff_cache .hypothesis
