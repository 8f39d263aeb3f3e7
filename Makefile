# make demo    the whole product in one process on loopback, with users, applications and a mailbox of its own
# make test    everything that must hold before a change lands; says which part took how long
# Both install what they need where they may (apt, as root), and otherwise print the command and stop.

.PHONY: demo test build fmt
.SUFFIXES:

DOORWARD := target/debug/doorward

demo: build
	@exec $(DOORWARD) demo $(DEMO)

build:
	@.ci/need build
	@test -x $(DOORWARD) || echo "Building Doorward. The first time takes three to six minutes on two cores; cargo says what it compiles."
	@cargo build --locked -p doorward-server

test:
	@mkdir -p target && : > target/parts.txt
	@.ci/timed "tools" .ci/need test
	@.ci/timed "tools of the tests" $(MAKE) --no-print-directory test-tools
	@.ci/timed "formatting" cargo fmt --all --check
	@.ci/timed "build" cargo build --locked --workspace --all-targets
	@.ci/timed "lints" cargo clippy --locked --workspace --all-targets -- -D warnings
	@.ci/timed "unit tests and contracts" cargo test --locked --workspace --exclude doorward-tests
	@.ci/timed "policy cases" $(DOORWARD) policy test --demo --cases policies/cases
	@.ci/timed "journeys" cargo test --locked -p doorward-tests
	@echo; echo "Time by part:"; cat target/parts.txt

.PHONY: test-tools
test-tools: target/tools/browser.stamp target/tools/python.stamp

target/tools/browser.stamp: tests/browser/package-lock.json
	@mkdir -p target/tools
	cd tests/browser && npm ci --no-audit --no-fund --ignore-scripts
	@touch $@

target/tools/python.stamp: tests/peers/requirements.txt
	@mkdir -p target/tools
	python3 -m venv target/tools/venv
	target/tools/venv/bin/pip install --quiet --disable-pip-version-check -r tests/peers/requirements.txt
	@touch $@

fmt:
	cargo fmt --all
