# make demo and make test need nothing but Python >= 3.11 and make.
PYTHON ?= python3
VENV ?= .venv
# What make test runs: all of it, or files and folders below tests/.
TESTS ?= tests
# How many tests run at once. They wait more than they compute, so that there may be more than processors.
WORKERS ?= 6
BIN = $(VENV)/bin
# The tests start hundreds of programs. None of them compiles again what another one has compiled, also where Python is
# set to keep no compiled modules, and none are left in the checkout.
PYTEST = env -u PYTHONDONTWRITEBYTECODE PYTHONPYCACHEPREFIX=$(abspath $(VENV))/pycache $(BIN)/pytest
LINT_TREE = $(VENV)/lint

.PHONY: demo test test-unit lint bench clean

demo: $(VENV)/.installed-all
	$(BIN)/locust-asyncdjango run --routes io_read -u 200 -r 6 -t 65s --posts 100000

test: $(VENV)/.installed-dev
	$(PYTEST) $(TESTS) -n $(WORKERS) --dist loadgroup

test-unit: $(VENV)/.installed-dev
	$(PYTEST) tests/unit -n 2

# mypy has to see the package as it is installed, with shapes/ and examples/ below it: from a folder of links to it.
lint: $(VENV)/.installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	rm -rf $(LINT_TREE)
	mkdir -p $(LINT_TREE)/locust_asyncdjango
	ln -s $(CURDIR)/target_site $(CURDIR)/tests $(CURDIR)/benchmarks $(CURDIR)/tools $(CURDIR)/pyproject.toml $(LINT_TREE)
	ln -s $(CURDIR)/locust_asyncdjango/* $(CURDIR)/shapes $(CURDIR)/examples $(LINT_TREE)/locust_asyncdjango
	# The plugin for Django's types imports psycopg before it reads the settings.
	cd $(LINT_TREE) && TARGET_SITE_ORM_DRIVER=psycopg $(abspath $(BIN))/mypy --cache-dir $(CURDIR)/.mypy_cache

bench: $(VENV)/.installed-dev
	$(BIN)/python benchmarks/target_site_overhead.py
	$(BIN)/python benchmarks/probe_cost.py
	$(BIN)/python benchmarks/proxy_overhead.py
	$(BIN)/python benchmarks/generator_throughput.py
	$(BIN)/python benchmarks/classification_cost.py
	$(BIN)/python benchmarks/recording_cost.py
	$(BIN)/python benchmarks/analysis_accuracy.py --runs 1
	$(BIN)/python benchmarks/shape_accuracy.py --only spawning,open --runs 1

clean:
	rm -rf $(VENV) .venv-newer build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis

$(VENV)/.installed-%: setup.cfg pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed; name one: make PYTHON=python3.12" >&2; exit 2; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable '.[$*]'
	touch $@
