# proctor: `make demo` shows it at work, `make test` and `make lint` check a change.
#
# Everything is installed into .venv by that environment's own pip, which reads your pip settings
# (index, proxy, certificates) as usual. Set PYTHON= to choose the interpreter it is made with.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PEER_VENV ?= .venv-peer
VERSIONS_VENV ?= .venv-versions
TRANSFORMERS ?= 4.48.3 5.5.4 newest
PINNED_EXTRAS := api,dev,fuzz,hf,metrics,peft,ray,tasks,xlsx
PIP_FLAGS ?= --quiet --disable-pip-version-check
TEST_PROCESSES ?= auto
FUZZ_SECONDS ?= 60
CLUSTER_ROUNDS ?= 5
FUZZ_TARGETS ?=
ENGINES ?=
TYPESCRIPT ?= 7.0.2
ENGINES_VENV ?= .venv-engines
TRACKERS_VENV ?= .venv-trackers
TASK_PACKAGES := import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"]["tasks"][1:])
PEER_TASKS := import importlib.util as u, pathlib; print(pathlib.Path(u.find_spec("lm_eval").origin).parent / "tasks")

# Small models gain nothing from more threads, and test processes share the cores.
export OMP_NUM_THREADS ?= 1
export TOKENIZERS_PARALLELISM ?= false

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test fuzz lint lint-js format parity compat compat-versions engines engines-quick trackers cluster newest constraints bench clean

help: ## list these targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' $(firstword $(MAKEFILE_LIST)) | awk -F'|' '{printf "%-20s %s\n", $$1, $$2}'

demo: $(VENV)/.stamp-hf ## evaluate the bundled model on the bundled exam, on the CPU
	@touch $(VENV)/.demo-began
	HF_HUB_OFFLINE=1 $(BIN)/proctor run --model hf \
	    --model_args pretrained=src/proctor/benchmarks/demo/model,dtype=float32 \
	    --tasks demo --device cpu --batch_size 16 --output_path results/demo --log_samples
	@echo
	@echo "The scores and every document with its prompts and responses are in results/demo:"
	@find results/demo -type f -newer $(VENV)/.demo-began | LC_ALL=C sort | sed 's/^/  /'
	@echo
	@echo "What to try next:"
	@echo "  $(BIN)/proctor ls tasks                                      what there is to evaluate on"
	@echo "  $(BIN)/proctor preview --tasks demo --num_fewshot 2          the prompts, exactly as sent"
	@echo "  $(BIN)/proctor run --model hf --model_args pretrained=NAME_OR_FOLDER \\"
	@echo "      --tasks mmlu --num_fewshot 5 --batch_size auto --output_path results --log_samples"
	@echo "  $(BIN)/proctor report results/demo -o results/demo.html      one page of it: scores, plots, every question"
	@echo "  examples/custom_mmlu                                            a benchmark to copy and change"
	@echo "  $(BIN)/proctor audit results/demo                            what these scores are worth; in short:"
	@$(BIN)/proctor audit results/demo --brief --tasks demo_text demo_letter demo_errands 2>/dev/null

test: $(VENV)/.stamp-dev ## run all tests
	$(BIN)/python -m pytest -q -n $(TEST_PROCESSES) $(PYTEST_ARGS)

fuzz: $(VENV)/.stamp-fuzz ## odd input for longer: FUZZ_SECONDS for each of FUZZ_TARGETS (all)
	$(BIN)/python tests/fuzz/fuzz_guided.py $(FUZZ_TARGETS) --seconds $(FUZZ_SECONDS)

lint: $(VENV)/.stamp-dev ## check format, style, types, imports between rooms, words, known vulnerabilities
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright
	$(BIN)/lint-imports
	$(BIN)/python tools/glossary.py
	@$(BIN)/python tools/audit.py

lint-js: ## check the types of the scripts of report and view, where there is node
	@export npm_config_fetch_retries=1 npm_config_update_notifier=false; tsc="npx --yes --package typescript@$(TYPESCRIPT) tsc"; \
	if $$tsc --version >/dev/null 2>&1; then $$tsc --project tsconfig.json; \
	else echo "There is no node with TypeScript $(TYPESCRIPT): the types of the pages' scripts are not checked."; fi

format: $(VENV)/.stamp-dev ## bring the format in line
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

parity: $(VENV)/.stamp-hf $(PEER_VENV)/.stamp ## compare with lm-eval 0.4.13, sample by sample (short)
	PEER_PYTHON=$(abspath $(PEER_VENV))/bin/python $(BIN)/python tools/parity.py $(PARITY_ARGS)

compat: $(VENV)/.stamp-tasks $(PEER_VENV)/.stamp-tasks ## compare with lm-eval 0.4.13 on all of its task files, without data
	$(BIN)/python tools/compat.py --peer_python $(abspath $(PEER_VENV))/bin/python $(COMPAT_ARGS)
	$(BIN)/python -m pip install $(PIP_FLAGS) -c constraints.txt pytest
	$(BIN)/python tools/compat_tests.py

compat-versions: $(VENV)/.stamp-dev ## run the fast part of the tests with each release of TRANSFORMERS, in environments of their own
	$(BIN)/python tools/versions.py $(TRANSFORMERS) --folder $(VERSIONS_VENV) --processes $(TEST_PROCESSES)

engines: | $(BIN)/python ## install real engines (ENGINES: all), each into an environment of its own, and run the tests that need them
	$(BIN)/python tools/engines.py $(ENGINES) --folder $(ENGINES_VENV)

engines-quick: $(VENV)/.stamp-dev ## the same for engines that are here already, or come within minutes
	$(BIN)/python tools/engines.py --quick $(ENGINES) --folder $(ENGINES_VENV)

trackers: $(VENV)/.stamp-dev ## install W&B, MLflow and Trackio upon .venv, in an environment of its own, and run the tests of the reporters
	$(BIN)/python tools/trackers.py --folder $(TRACKERS_VENV)

cluster: $(VENV)/.stamp-dev ## run the tests of pools for longer: several nodes on this machine, processes killed at CLUSTER_ROUNDS moments
	CLUSTER_ROUNDS=$(CLUSTER_ROUNDS) $(BIN)/python -m pytest -q -n 0 tests/models/pool tests/faults/test_faults_pools.py $(PYTEST_ARGS)
	$(BIN)/python bench/cluster.py --requests 100000

newest: $(VENV)/.stamp-dev ## run the fast part of the tests with the newest release of every package but torch
	$(BIN)/python tools/versions.py newest --folder $(VERSIONS_VENV) --processes $(TEST_PROCESSES)

constraints: | $(BIN)/python ## renew constraints.txt: the newest release of every package but torch (then run the tests)
	@mkdir -p $(VERSIONS_VENV)
	$(BIN)/python tools/constraints.py --torch > $(VERSIONS_VENV)/torch.txt
	$(BIN)/python -m pip install $(PIP_FLAGS) --dry-run --ignore-installed --report $(VERSIONS_VENV)/report.json \
	    -c $(VERSIONS_VENV)/torch.txt -e '.[$(PINNED_EXTRAS)]'
	$(BIN)/python tools/constraints.py $(VERSIONS_VENV)/report.json

bench: $(VENV)/.stamp-hf $(PEER_VENV)/.stamp ## measure whole processes, beside lm-eval's
	$(BIN)/python bench/find_tasks.py "$$($(PEER_VENV)/bin/python -c '$(PEER_TASKS)')"
	$(BIN)/python bench/bootstrap.py $(PEER_VENV)/bin/python
	$(BIN)/python bench/audit.py

clean: ## remove the environments and what tests and tools leave behind
	rm -rf $(VENV) $(PEER_VENV) $(VERSIONS_VENV) $(ENGINES_VENV) $(TRACKERS_VENV) .pytest_cache .ruff_cache .hypothesis .import_linter_cache .fuzz
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Environments. A stamp is older than pyproject.toml when that has changed, and then pip runs again.

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	    echo "proctor needs Python 3.11 or newer; '$(PYTHON)' is $$($(PYTHON) --version 2>&1). Try: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { \
	    echo "'$(PYTHON) -m venv' failed. On Debian and Ubuntu: apt install python3-venv" >&2; rm -rf $(VENV); exit 1; }

$(VENV)/.stamp-hf: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing proctor[hf] into $(VENV); the first time this takes a few minutes."
	$(BIN)/python -m pip install $(PIP_FLAGS) -c constraints.txt -e '.[hf]'
	@touch $@

$(VENV)/.stamp-tasks: $(VENV)/.stamp-hf
	@echo "Installing what lm-eval's task files import into $(VENV)."
	$(BIN)/python -m pip install $(PIP_FLAGS) -c constraints.txt -e '.[hf,tasks]'
	@touch $@

$(VENV)/.stamp-dev: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing proctor[dev] into $(VENV); the first time this takes a few minutes."
	$(BIN)/python -m pip install $(PIP_FLAGS) -c constraints.txt -e '.[dev]'
	@touch $@ $(VENV)/.stamp-hf

$(VENV)/.stamp-fuzz: pyproject.toml constraints.txt | $(VENV)/.stamp-dev
	$(BIN)/python -m pip install $(PIP_FLAGS) -c constraints.txt -e '.[dev,fuzz]'
	@touch $@

$(PEER_VENV)/.stamp: constraints.txt
	$(PYTHON) -m venv $(PEER_VENV)
	$(PEER_VENV)/bin/python -m pip install $(PIP_FLAGS) -c constraints.txt 'lm_eval[hf,api]==0.4.13'
	@touch $@

$(PEER_VENV)/.stamp-tasks: $(PEER_VENV)/.stamp pyproject.toml | $(BIN)/python
	$(PEER_VENV)/bin/python -m pip install $(PIP_FLAGS) -c constraints.txt $$($(BIN)/python -c '$(TASK_PACKAGES)')
	@touch $@
