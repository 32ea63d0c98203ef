.PHONY: help licences setup launch rehearsal test test-measuring test-others test-again lab twin lint check faults \
	faults-of-load faults-but-load faults-quick lies load-faults endurance bench sample docs lock
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := --quiet --disable-pip-version-check --no-compile
# Both wait for deadlines and programs of their own more than half of the time.
TEST_PROCESSES := 4
FAULT_WORKERS := 6
# Images set it to stay small. Here hundreds of processes start, and each would compile every module again.
unexport PYTHONDONTWRITEBYTECODE

help:  ## list these targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST)

setup: $(VENV)/.installed  ## a virtual environment with exactly the locked versions

# uv needs a tenth of pip's time, and does not know pip's configuration: what it cannot install, pip does. Nothing is
# compiled before it is imported: most of what is installed never is.
$(VENV)/.installed: requirements.lock pyproject.toml
	@echo "installing what requirements.lock names, each part under its own terms (docs/licences.md);"
	@echo "among them the MongoDB Community Server, SSPL-1.0, which the reference environment runs on this machine"
	$(PYTHON) -m venv $(VENV)
	awk '/^uv==/ { found = 1; print; next } found && /^[^ ]/ { exit } found' requirements.lock > $(VENV)/uv.lock
	$(BIN)/python -m pip install $(PIP) --no-deps --require-hashes -r $(VENV)/uv.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock || \
		$(BIN)/python -m pip install $(PIP) --require-hashes -r requirements.lock
	$(BIN)/python -m pip install $(PIP) --no-deps --no-build-isolation --editable .
	touch $@

launch: setup  ## start the reference environment, verify it, write the sign-off page
	$(BIN)/gonogo run --env reference
	$(BIN)/gonogo watch --env reference --for "12 s"

rehearsal: setup  ## a whole launch on two references: staging, then production, with signatures; some minutes
	$(BIN)/python -m tests.walk.rehearsal

# The marker leaves out the long tests of the laboratory; tests/conftest.py counts them.
test: setup test-measuring  ## the suite's own tests, without the long ones of the laboratory (make lab)
	$(MAKE) test-others || $(MAKE) test-again

test-measuring: setup
	$(BIN)/python -m pytest tests/alone -m "not whole" -rs

test-others: setup
	$(BIN)/python -m pytest tests --ignore tests/alone -m "not whole" -rs --cache-clear \
		--numprocesses $(TEST_PROCESSES) --dist loadfile --no-loadscope-reorder

test-again: setup
	$(BIN)/python -m tests.again

lab: setup  ## the whole laboratory: tests with real servers, also those that are too long for `make test`
	$(BIN)/python -m pytest tests/lab --table --quiet --numprocesses 2 --dist loadfile
	$(BIN)/python -m pytest tests --ignore tests/lab -m whole

twin: setup  ## whole runs against nginx and BIND: 60 healthy, 40 with lost packets, 40 with one bad backend of three
	$(BIN)/python -m tests.lab.twin

lint: setup  ## linters, spelling, types, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/typos
	$(BIN)/mypy
	cd docs/examples/shop && MYPYPATH="$$(echo $(CURDIR)/packages/*/src | tr ' ' :)" \
		$(CURDIR)/$(BIN)/mypy --config-file $(CURDIR)/pyproject.toml --cache-dir $(CURDIR)/.mypy_cache --exclude '^$$' .
	$(BIN)/lint-imports --no-logo

check: lint  ## all of lint, and the tests with branch coverage, which has a floor in pyproject.toml
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest tests -m "not whole"
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

faults: setup faults-of-load faults-but-load  ## every fault of the reference environment against every check

faults-of-load: setup
	$(BIN)/python -m tests.faults.matrix --part load

faults-but-load: setup
	$(BIN)/python -m tests.faults.matrix --part without-load --workers $(FAULT_WORKERS)

faults-quick: setup  ## a small set, without the load: each check is red, and each line untrue, under one of them
	$(BIN)/python -m tests.faults.matrix --part quick --workers $(FAULT_WORKERS)

lies: setup  ## makes checklist lines untrue, a dozen at once, in sets drawn with a seed: none may be ticked
	$(BIN)/python -m tests.faults.lies

load-faults: setup  ## every fault of the load alone, and one that takes minutes to prove
	$(BIN)/python -m tests.faults.under_load

endurance: setup  ## fifty smoke runs, one killed after every step, and kills at random moments: what remains?
	$(BIN)/python -m tests.smoke.endurance
	$(BIN)/python -m tests.smoke.kills

bench: setup  ## what probing at once costs, beside one at a time; commands that only read; TLS beside sslyze; what the load generator sees and costs; the page; verify; guards of judging; 5,000 hosts; a day of a watch
	$(BIN)/python tests/bench/probing.py
	$(BIN)/python -m tests.bench.asking_tls
	$(BIN)/python -m tests.bench.loading
	$(BIN)/python -m tests.bench.page
	$(BIN)/python -m tests.bench.reading
	$(BIN)/python -m tests.bench.verifying
	$(BIN)/python -m tests.bench.guarding
	$(BIN)/python -m tests.bench.many_hosts
	$(BIN)/python -m tests.bench.watching
	$(BIN)/python -m tests.bench.watched_cost

sample: setup  ## the README's picture, and the samples below reports/: a run of the reference with real faults, a watch of it, and a run of docs/examples/shop
	$(BIN)/python -m tests.report.sample

docs: setup  ## docs/commands.md from the program's own help, docs/coverage.md from catalogues, faults and lies; then all documents as a site
	$(BIN)/python -m tests.docs.help
	$(BIN)/python -m tests.docs.coverage
	$(BIN)/mkdocs build --quiet --strict

licences: setup  ## docs/licences.md, from the metadata of what is installed
	$(BIN)/python -m tests.installed.licences

lock: setup  ## choose the newest versions that fit, with hashes
	$(BIN)/python -m uv pip compile --quiet pyproject.toml --all-extras --universal --python-version 3.11 \
		--generate-hashes --no-strip-extras --no-emit-index-url --no-header --output-file requirements.lock
