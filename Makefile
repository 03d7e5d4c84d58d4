# The commands of the project. `make` alone lists them.
#
# One cargo runs at a time and its progress stays visible; everything is built with the release profile and for the
# whole workspace's choice of features, so that crates are compiled once for all checkouts. Further arguments: `make up ARGS="--fresh --listen 127.0.0.1:8080"`.

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: up build components setup test fmt lint journeys-on-spin bench k6 doctor clean help

ARGS ?=
CARGO ?= scripts/cargo

# Components are built for WebAssembly; a native build of the workspace has those with unit tests only.
NATIVE = --workspace $(addprefix --exclude ,$(shell scripts/component-crates --without-unit-tests))
WASM = --target wasm32-wasip2 $(addprefix -p ,$(shell scripts/component-crates))

up: build ## Set up, build and start everything; Ctrl-C stops it
	@exec target/release/moalog up $(ARGS)

build: setup ## Build the host and all components
	$(CARGO) build --release $(NATIVE) --bin moalog
	@scripts/build-components

components: setup ## Build all components
	@scripts/build-components

setup: ## Set up what this machine lacks; asks nothing, starts no system service
	@scripts/setup

test: build ## Build everything and run all tests; one program: make test ARGS="--test journey"
	$(CARGO) test --release --no-fail-fast $(NATIVE) $(ARGS)

fmt: ## Format all Rust code
	$(CARGO) fmt --all

lint: setup ## Check format, lints (native and WebAssembly) and shell syntax
	$(CARGO) fmt --all -- --check
	$(CARGO) clippy --release --all-targets $(NATIVE) -- -D warnings
	$(CARGO) clippy --release $(WASM) -- -D warnings
	@scripts/check-shell

journeys-on-spin: build ## Run the journeys against `spin up` (Spin 4.1 or newer on PATH)
	scripts/on-spin $(CARGO) test --release --no-fail-fast $(NATIVE) --test journeys --test journey

bench: components ## Measure against native programs: one table, JSON under target/
	$(CARGO) build --profile dist $(NATIVE) --bin moalog
	$(CARGO) build --release $(NATIVE) --bin tests-bench --bin tests-pay-bench
	target/release/tests-bench $(ARGS)
	target/release/tests-pay-bench

k6: ## Build k6; with ARGS run it: make k6 ARGS="run k6/authorize.js"
	@scripts/k6 $(or $(ARGS),--build)

doctor: ## Say what is missing on this machine and the command that mends it; changes nothing
	@scripts/setup --check
	@[ -x target/release/moalog ] || { echo 'moalog is not built yet: run `make build`' >&2; exit 1; }
	@target/release/moalog doctor

clean: ## Remove what was built here; data under .moalog/ and compiled third-party crates stay
	rm -rf target

help: ## List the commands
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
