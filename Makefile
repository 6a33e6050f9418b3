PYTHON ?= python3
BIN := .venv/bin
ENGINE = $$($(BIN)/python tools/engine/engine.py)
ENGINE_OF_PYTHON = $$($(BIN)/python tools/engine/engine.py --only python)
# what decides what is installed
PINS := pyproject.toml uv.lock tools/hatch_build.py provider/neev_provider/adapters/terraform/tfplugin6.proto
# of these every line and every branch is run by a test
COVERED := 'provider/neev_provider/core/*,provider/neev_provider/client/*,provider/neev_provider/adapters/*,provider/neev_provider/resources/*,provider/neev_provider/actions/*'
TERRAFORM_SCHEMA := provider/neev_provider/adapters/terraform/schema.json
# whole programs, kills, faults and load: half of the time of all tests
LONG := tests/engine/programs tests/matrix tests/chaos tests/load
# tests of the provider wait more than they compute, those with an engine do not
PARALLEL := -n 4 --dist worksteal
PARALLEL_ENGINES := -n 3 --dist worksteal
RUNS ?= 200
SEED ?= 1
JOBS ?= 2
ADAPTER ?= pulumi

# uv trusts the authorities of this machine, as pip does; the second name is that of older versions
export UV_SYSTEM_CERTS ?= true
export UV_NATIVE_TLS ?= true
# Node, pip before 24.2 and whatever uses requests know no authorities of the machine: the file that holds them
AUTHORITIES := $(or $(SSL_CERT_FILE),$(firstword $(wildcard /etc/ssl/certs/ca-certificates.crt \
	/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/ca-bundle.pem)))
export REQUESTS_CA_BUNDLE ?= $(or $(CURL_CA_BUNDLE),$(AUTHORITIES))
export NODE_EXTRA_CA_CERTS ?= $(AUTHORITIES)
export NODE_USE_SYSTEM_CA ?= 1

# what starts often starts from bytecode, as it does for a user
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo demo-terraform test test-unit test-engine test-long check audit chaos load reliability mutation bench scale contract acceptance engine docs schema sdks dist version

help: ## print the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: .venv/.demo ## run the example against the emulator: up, up again, pause, destroy
	@engine=$(ENGINE_OF_PYTHON) && echo 'Running examples/python-dynamic on the emulator (about 20 seconds) …' && \
		PATH="$(CURDIR)/$(BIN):$$engine:$$PATH" pulumi-neev emulator --create-seconds 0.5 -- examples/python-dynamic/demo.sh

demo-terraform: .venv/.demo ## the same with Terraform or OpenTofu: plan, apply, plan again, pause, destroy
	@engine=$$($(BIN)/python -m tools.engine.terraform --any) && \
		echo 'Running examples/terraform/sandbox on the emulator (about 20 seconds) …' && \
		PATH="$(CURDIR)/$(BIN):$$PATH" pulumi-neev emulator --create-seconds 0.5 -- examples/terraform/demo.sh "$$engine"

test: check test-unit test-engine ## run lint, types and the tests, with branch coverage, in 20 minutes; `make test-long` runs the other half

test-unit: .venv/.stamp ## run the tests that need no engine, and check that they cover every branch
	@$(BIN)/pytest $(PARALLEL) emulator/tests
	@$(BIN)/pytest -n 2 tests/certificates
	@$(BIN)/pytest $(PARALLEL) --cov --cov-report= tests/unit tests/lifecycle
	@$(BIN)/coverage report --include=$(COVERED) --skip-covered --show-missing --fail-under=100

test-engine: .venv/.stamp ## run the tests with Pulumi, OpenTofu and Terraform
	@$(BIN)/python -m tools.engine.terraform >/dev/null
	@PULUMI_NEEV_ENGINE="$$(dirname $(ENGINE))" $(BIN)/pytest $(PARALLEL_ENGINES) --ignore tests/engine/programs tests/engine

test-long: .venv/.stamp ## run whole programs, kills, faults and load with these engines; 20 minutes
	@$(BIN)/python -m tools.engine.terraform >/dev/null
	@PULUMI_NEEV_ENGINE="$$(dirname $(ENGINE))" $(BIN)/pytest $(PARALLEL_ENGINES) $(LONG)

check: .venv/.stamp ## run lint, types and guards; a minute, no engine
	@$(BIN)/ruff check --quiet && $(BIN)/ruff format --check --quiet
	@$(BIN)/mypy && cd emulator && ../$(BIN)/mypy
	@$(BIN)/pytest -q -n 2 tests/guards

audit: .venv/.stamp ## check the locked packages for known vulnerabilities; needs the network
	@$(BIN)/python tools/audit.py

mutation: .venv/.stamp ## measure which changes of core and client the unit tests notice; an hour and more
	@$(BIN)/uv sync --frozen --quiet --inexact --group mutation
	@mkdir -p .mutation && rm -rf .mutation/src .mutation/tests
	@cp -r provider .mutation/src && cp -r tests pyproject.toml .mutation
	@cd .mutation && nice -n 19 ../$(BIN)/mutmut run --max-children 1 $(MUTANTS) && ../$(BIN)/mutmut results

bench: .venv/.stamp ## print the tables of docs/internals/performance.md; WRITE=1 writes them there
	@$(BIN)/uv sync --frozen --quiet --group bench
	@PULUMI_NEEV_ENGINE="$$(dirname $(ENGINE))" PULUMI_NEEV_TOFU="$$($(BIN)/python -m tools.engine.terraform | head -n 1)" \
		$(BIN)/python bench/run.py $(if $(WRITE),--write)

scale: .venv/.stamp ## print the table of docs/internals/scale.md
	@PULUMI_NEEV_ENGINE="$$(dirname $(ENGINE))" $(BIN)/python bench/scale.py

contract: .venv/.stamp ## compare with the newest neevai, or with OPENAPI=file; NEEV_LIVE=1 runs suite and acceptance on the real service
	@$(BIN)/python -m tools.contract $(if $(OPENAPI),--openapi '$(OPENAPI)')
	@$(if $(NEEV_LIVE),$(BIN)/pytest -q emulator/tests/contract && $(BIN)/python -m tools.acceptance $(ARGS))

acceptance: .venv/.stamp ## play the story of every resource on the real service of the account in the environment; ARGS=--help
	@$(BIN)/python -m tools.acceptance $(ARGS)

chaos: .venv/.stamp ## run RUNS stories from SEED, JOBS at a time, that kill processes; ADAPTER: pulumi, terraform or all; WRITE=1 writes the tables
	@nice -n 10 $(BIN)/python -m tests.chaos.run "$(ENGINE)" --runs $(RUNS) --seed $(SEED) --jobs $(JOBS) --adapter $(ADAPTER) $(if $(WRITE),--write)

reliability: .venv/.stamp ## write the fault tables of docs/internals/reliability.md, or only those of ADAPTERS
	@$(BIN)/python -m tests.matrix.write "$(ENGINE)" $(if $(ADAPTERS),--adapters $(ADAPTERS))

load: .venv/.stamp ## run a thousand sandboxes with and without faults
	@$(BIN)/python -m tests.load.run "$(ENGINE)" 1000

engine: .venv/.stamp ## find or build OpenTofu and a Pulumi engine; the last line is the folder of the latter
	@$(BIN)/python -m tools.engine.terraform
	@$(BIN)/python tools/engine/engine.py

schema: .venv/.stamp ## write the schemas for Pulumi and Terraform, and the typed Python classes
	@$(BIN)/python -m neev_provider.adapters.pulumi.schema > schema.json.new && mv schema.json.new schema.json
	@$(BIN)/python -m neev_provider.adapters.pulumi.dynamic.codegen provider/pulumi_neev
	@$(BIN)/python -m neev_provider.adapters.terraform.provider_schema > terraform.json.new && mv terraform.json.new $(TERRAFORM_SCHEMA)

docs: .venv/.stamp ## write docs/resources, and the pages in docs/terraform but its guides
	@$(BIN)/python -m neev_provider.adapters.pulumi.docs docs/resources
	@$(BIN)/python -m neev_provider.adapters.terraform.docs docs/terraform

dist: .venv/.stamp ## build everything that is published into dist/, test it, and print sizes and start-up times; STEPS="…" builds a part, COMPARE=1 twice
	@$(BIN)/uv sync --frozen --quiet --inexact --group dist
	@$(BIN)/python -m tools.dist $(STEPS) $(if $(COMPARE),--compare)
	@$(if $(STEPS),,$(BIN)/pytest -n 2 --dist worksteal --timeout 900 tests/dist)

sdks: .venv/.stamp ## build the Python, Node and Go SDKs into sdks/
	@PULUMI_NEEV_ENGINE="$$(dirname $(ENGINE))" $(BIN)/python -m tools.sdks

version: .venv/.stamp ## print the version of everything that is published; NEW=0.2.0 writes another one everywhere
	@$(BIN)/python -m tools.version $(NEW)

.venv/.demo: $(PINS)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, not %d.%d: try make PYTHON=python3.12" % sys.version_info[:2])'
	@echo 'Installing the provider, the emulator and what they need into .venv (about 20 seconds, 170 MB) …'
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@$(BIN)/uv sync --frozen --quiet --inexact --no-default-groups --group demo --reinstall-package pulumi-neev
	@touch $@

.venv/.stamp: .venv/.demo
	@echo 'Installing what the tests need into .venv (about 10 seconds, 280 MB) …'
	@$(BIN)/uv sync --frozen --quiet
	@touch $@
