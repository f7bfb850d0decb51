# make demo and make test need nothing but Python >= 3.11 and make.
PYTHON ?= python3
VENV ?= .venv
# What make test runs: all of it, or files and folders below tests/.
TESTS ?= tests
BIN = $(VENV)/bin

.PHONY: demo test lint bench clean

demo: $(VENV)/.installed-all
	$(BIN)/locust-asyncdjango run --routes io_read -r 22 -t 40s --posts 100000

test: $(VENV)/.installed-dev
	$(BIN)/pytest $(TESTS)

lint: $(VENV)/.installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	# The package has the shapes below it, which only an installation knows. The plugin for Django's types has imported
	# psycopg before it reads the settings.
	ln -sfn ../shapes locust_asyncdjango/shapes
	trap 'rm locust_asyncdjango/shapes' EXIT; TARGET_SITE_ORM_DRIVER=psycopg $(BIN)/mypy

bench: $(VENV)/.installed-dev
	$(BIN)/python benchmarks/target_site_overhead.py
	$(BIN)/python benchmarks/proxy_overhead.py
	$(BIN)/python benchmarks/generator_throughput.py
	$(BIN)/python benchmarks/classification_cost.py
	$(BIN)/python benchmarks/recording_cost.py
	$(BIN)/python benchmarks/analysis_accuracy.py --runs 1
	$(BIN)/python benchmarks/shape_accuracy.py --only spawning,open --runs 1

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis

$(VENV)/.installed-%: setup.cfg pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed; name one: make PYTHON=python3.12" >&2; exit 2; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable '.[$*]'
	touch $@
