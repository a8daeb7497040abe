# The commands of the project. `make` lists them.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
REPOS ?=
KEEP ?=
BENCH ?=
SEED ?=
PORT ?= 8770

.DEFAULT_GOAL := help
.PHONY: help demo test test-browser screenshots contract soak incidents evidence loop fuzz lint format apply up down run serve bench bench-offline bench-admin bench-serving lock clean

help: ## List the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 15

demo: $(READY) ## Show it all on real input (REPOS="~/a ~/b" for your repositories, KEEP=1 leaves the servers up)
	@$(BIN)/oo demo $(if $(KEEP),--keep) $(REPOS)

test: $(READY) ## Run the tests, with real servers
	@$(BIN)/pytest -n auto --dist loadfile --no-loadscope-reorder

test-browser: $(READY) ## Look at the admin pages in Chromium (apt install chromium), some minutes
	@if command -v chromium >/dev/null; then $(BIN)/pytest -m browser -n 0 tests/browser; \
	  else echo "no chromium: the tests of the admin pages in a browser are left out"; fi

screenshots: $(READY) ## Take the pictures of the admin pages in docs/screenshots, with Chromium
	@$(BIN)/python tests/browser/screenshots.py

contract: $(READY) ## Write docs/contract anew, after a change of what others rely on
	@$(BIN)/oo contract docs/contract

soak: $(READY) ## Kill the builder 300 times on real servers, a third with upkeep beside it, minutes (SEED=7)
	@SOAK_SEED=$(SEED) $(BIN)/pytest -m soak -n 0 tests/soak/test_soak_crashes.py

loop: $(READY) ## Rank, answer, learn and verify 10,000 decisions on real servers, a few minutes (SEED=7)
	@$(BIN)/python -W ignore benchmarks/serving_loop.py $(if $(SEED),--seed $(SEED)) $(BENCH)

fuzz: $(READY) ## Send the builder 200,000 hostile messages, a few minutes (SEED=7)
	@SOAK_SEED=$(SEED) $(BIN)/pytest -m soak -n 0 tests/soak/test_soak_fuzz.py

incidents: $(READY) ## Put 33 incidents into a simulated population, and watch two quiet years; minutes
	@PYTHONPATH=tests $(BIN)/python tests/incidents/run.py

evidence: $(READY) ## Show what is claimed of the bandit in simulated worlds of known truth, minutes (SEED=7)
	@PYTHONPATH=tests $(BIN)/python tests/evidence/run.py $(if $(SEED),--seed $(SEED))

lint: $(READY) ## Check style and types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

format: $(READY) ## Put the code into its format
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

apply: $(READY) ## Write the feature definitions to the registry
	@$(BIN)/oo apply

up: $(READY) ## Start a Redis and a NATS for development
	@$(BIN)/oo up

down: $(READY) ## Stop them
	@$(BIN)/oo down

serve: $(READY) ## Serve the example of the bandit's service at http://127.0.0.1:8770 (PORT=8770)
	@$(BIN)/uvicorn --app-dir examples --factory ml_serving.app:from_environment --port $(PORT) --no-access-log

run: $(READY) ## Build profiles from the signals of the stream
	@$(BIN)/oo run

bench: $(READY) ## Measure: ranking, the builder, rebuilds and online reads, each beside its target
	@$(BIN)/python benchmarks/run.py

bench-offline: $(VENV)-bench/.ready ## Measure the offline store beside Feast's own, half an hour (BENCH=--tenfold: longer)
	@$(VENV)-bench/bin/python -W ignore benchmarks/offline_store.py $(BENCH)

bench-admin: $(READY) ## Measure the admin pages and the quality checks with a million users, ten minutes (BENCH="--users 100000": less)
	@$(BIN)/python -W ignore benchmarks/admin_pages.py --users 1000000 $(BENCH)

bench-serving: $(READY) ## Measure POST /rank of the example service beside stock Feast's store, a minute or two
	@PYTHONPATH=examples $(BIN)/python -W ignore benchmarks/serving.py $(BENCH)

lock: ## Write requirements.lock anew from the newest versions that pyproject.toml allows
	@$(PYTHON) -m venv --clear $(VENV)-lock
	@$(VENV)-lock/bin/pip install --quiet '.[dev]' 'setuptools>=80'
	@$(VENV)-lock/bin/pip freeze --all --exclude oo-feature-store --exclude pip > requirements.lock
	@rm -rf $(VENV)-lock

clean: ## Remove what the commands above made, data included
	@if [ -x $(BIN)/oo ]; then $(BIN)/oo down; fi
	@rm -rf examples/producer/build examples/producer/node_modules
	@rm -rf $(VENV) $(VENV)-bench data .demo build *.egg-info .hypothesis .mypy_cache .pytest_cache .ruff_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(READY): pyproject.toml requirements.lock
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(0 if v >= (3, 11) else \
	  f"Python 3.11 or newer is needed, {sys.executable} is {v[0]}.{v[1]}: make PYTHON=/path/to/python3.11 ...")'
	@echo "Installing into $(VENV) (about a minute, log in $(VENV)/install.log) ..."
	@$(PYTHON) -m venv $(VENV)
	@{ $(BIN)/pip install --no-deps -r requirements.lock && \
	   $(BIN)/pip install --no-deps --no-build-isolation -e .; } > $(VENV)/install.log 2>&1 || \
	   { cat $(VENV)/install.log; exit 1; }
	@touch $@

# The peers of the offline benchmark, in an environment of its own: nothing else needs them.
$(VENV)-bench/.ready: pyproject.toml requirements.lock requirements-bench.lock
	@$(PYTHON) -m venv $(VENV)-bench
	@$(VENV)-bench/bin/pip install --quiet --no-deps -r requirements.lock -r requirements-bench.lock
	@$(VENV)-bench/bin/pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@
