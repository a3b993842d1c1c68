# Two commands are all that a new machine needs: `make demo` and `make test`.
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --disable-pip-version-check --quiet
PYTHON ?= python3

TIER ?= pr
# Without caches of compiled code every process of the tests would compile all modules anew.
unexport PYTHONDONTWRITEBYTECODE
# Which tests go to which process, and in which order: tests/support/selection.py.
PARALLEL := -n auto --no-loadscope-reorder

.PHONY: help demo test pytest test-fast check format bench faults cluster proto client packages requirements clean

help: ## Show what there is to make
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

demo: $(VENV)/demo.stamp ## Run the whole system with two simulated centres (Ctrl-C ends it)
	@$(BIN)/sukusuku demo

test: $(VENV)/dev.stamp ## Install what the tests need, then run all checks and tests
	@sh tests/system-packages.sh
	@$(MAKE) --no-print-directory --jobs=2 check pytest # the checks fill the time in which tests wait for servers

pytest: | $(VENV)/compiled.stamp
	@$(BIN)/python -m pytest $(PARALLEL)

test-fast: $(VENV)/dev.stamp | $(VENV)/compiled.stamp ## Run the tests that start no server and no browser (a minute)
	@$(BIN)/python -m pytest $(PARALLEL) --fast

check: $(VENV)/dev.stamp ## Formatting, lint, types, import contracts
	@$(BIN)/ruff format --check --quiet . || { echo 'ruff format: run "make format"'; exit 1; }
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-logo

format: $(VENV)/dev.stamp ## Format the code and sort imports
	@$(BIN)/ruff format --quiet .
	@$(BIN)/ruff check --quiet --fix .

bench: $(VENV)/dev.stamp ## Measure into bench/RESULTS.md; fails when a figure is missed (BENCH="drain scale": these only)
	@$(BIN)/python -m bench $(BENCH)

faults: $(VENV)/dev.stamp ## Inject every fault of the matrix and count what is lost (TIER=pr, nightly or release)
	@sh tests/system-packages.sh
	@$(BIN)/python -m tests.faults --tier $(TIER)

cluster: $(VENV)/dev.stamp ## Lose each part of a cluster while it works (NATS, Patroni and etcd must be installed; 15 minutes)
	@$(BIN)/python -m tests.cluster

proto: $(VENV)/dev.stamp ## Compile sparkplug_b.proto to the descriptor that the codec loads
	@cd edge/sukusuku_core && $(CURDIR)/$(BIN)/python -m grpc_tools.protoc -I. \
		--descriptor_set_out=sparkplug_b.binpb sparkplug_b.proto

client: $(VENV)/dev.stamp ## Generate the Python client of the API into dist/sukusuku-client
	@mkdir -p dist
	@$(BIN)/sukusuku api --openapi > dist/openapi.json
	@$(BIN)/openapi-python-client generate --path dist/openapi.json --config api/client.yaml --meta uv \
		--output-path dist/sukusuku-client --overwrite --fail-on-warning
	@echo "install it with: pip install ./dist/sukusuku-client"

packages: $(VENV)/dev.stamp ## Build the Debian packages into dist/ and, as root, try them on a fresh Debian 12 and 13
	@$(PIP) 'uv>=0.9,<1'
	@$(BIN)/python -m packages $(if $(KEY),--key $(KEY))
	@packages/try-everywhere

requirements: $(VENV)/dev.stamp ## Pin every dependency anew, with hashes
	@$(PIP) 'uv>=0.9,<1'
	@for set in "demo:--extra demo --extra export --extra notify --extra postgres --extra reports --group build" "dev:--extra demo --extra export --extra notify --extra postgres --extra reports --group dev" "server:--extra notify --extra reports" "edge:"; do \
		case $$set in edge:*) project=edge/pyproject.toml;; *) project=pyproject.toml;; esac; \
		$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-header \
			--no-emit-index-url --no-emit-package sukusuku-edge $$project $${set#*:} \
			--output-file requirements/$${set%%:*}.txt || exit 1; \
	done

clean: ## Remove the virtual environment and everything generated
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache demo-data

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo 'Python 3.11 or newer is needed'; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo 'python3-venv is needed: apt-get install python3-venv'; exit 1; }

# pip is given every hash, and never looks for our own names anywhere but here.
$(VENV)/demo.stamp: requirements/demo.txt pyproject.toml edge/pyproject.toml | $(BIN)/python
	@echo 'installing into $(VENV) (about a minute) ...'
	@$(PIP) --require-hashes -r requirements/demo.txt
	@$(PIP) --no-deps --no-build-isolation -e ./edge -e .
	@touch $@

# Half of the tools' modules are never loaded: what is loaded is compiled then.
$(VENV)/dev.stamp: requirements/dev.txt pyproject.toml edge/pyproject.toml | $(BIN)/python
	@echo 'installing into $(VENV) with the tools for tests (about two minutes) ...'
	@$(PIP) --no-compile --require-hashes -r requirements/dev.txt
	@$(PIP) --no-deps --no-build-isolation -e ./edge -e .
	@touch $@

# In a new clone every process of the tests would compile all of them, at the same time.
$(VENV)/compiled.stamp: | $(VENV)/dev.stamp
	@$(BIN)/python -m pytest --collect-only --quiet > /dev/null || true
	@touch $@
