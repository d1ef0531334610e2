# What can be made: `make help`. Each target does all of its own set-up, in $(VENV).

PYTHON ?= python3
VENV := .venv

CLASS := Hot dog
NEGATIVES := 120
SEED := 42
SPLIT := test
RELEASE := v6
DATA := data
DATASET := dataset
variables := CLASS NEGATIVES SEED SPLIT RELEASE DATA DATASET

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.SUFFIXES:
.DEFAULT_GOAL := help

# One argument of a shell command, whatever is in it.
quoted = '$(subst ','\'',$(1))'

hotdog := $(VENV)/bin/hotdog-sql
source := --split $(SPLIT) --release $(RELEASE) --data-dir $(DATA)
chosen := --class $(call quoted,$(CLASS)) --negatives $(NEGATIVES) --seed $(SEED) $(source)

# A mark outside the dataset says what was last made there, and from which variables: the manifest is
# no target, because make deletes a target whose recipe fails, and a failed download must go on.
checksum = $(firstword $(shell printf '%s' $(call quoted,$(1)) | cksum))
marks := build/dataset-$(call checksum,$(DATASET))
made := $(marks)-$(call checksum,$(chosen)).made

.PHONY: help demo cluster-demo test lint bench screenshots shell refresh dataset clean again

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-12s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))
	@printf '\n%s\n' 'and each official file as $(DATA)/NAME.csv.' \
		$(call quoted,To change: make dataset $(foreach name,$(variables),$(name)="$($(name))"))

demo: | $(VENV)/.installed ## make a small dataset without the network
	$(hotdog) demo $(call quoted,$(DATASET))

cluster-demo: | $(VENV)/.developed ## try a cluster and a bucket, all on this machine
	$(VENV)/bin/python -m tests.cluster_demo

dataset: $(made) ## select photos and download what is missing, for real

refresh: | $(VENV)/.installed ## fetch the official files that are missing or have changed
	$(hotdog) refresh $(source) --yes

shell: | $(VENV)/.installed ## open the DuckDB shell with everything loaded
	$(hotdog) shell $(source) --yes

test: | $(VENV)/.developed ## run the tests
	$(VENV)/bin/pytest -n auto

lint: | $(VENV)/.developed ## check style and types
	$(VENV)/bin/ruff check
	$(VENV)/bin/ruff format --check
	$(VENV)/bin/mypy
	$(VENV)/bin/mypy --platform win32 hotdog_sql
	$(VENV)/bin/mypy --platform darwin hotdog_sql

bench: | $(VENV)/.developed ## measure beside the peers
	$(VENV)/bin/python -m tests.benchmark

screenshots: | $(VENV)/.developed ## make the README's pictures of the gallery
	$(VENV)/bin/python -m tests.screenshots

clean: ## remove what was set up here, but neither data nor datasets
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis

$(made): $(wildcard $(DATA)/*.csv sql/*.sql sql/*/*.sql)
$(made): $(if $(wildcard $(DATASET)/manifest.csv),,again) | $(VENV)/.installed
	$(hotdog) select $(chosen) --yes --download $(call quoted,$(DATASET)) --update
	rm -f $(marks)-*.made
	mkdir -p $(@D)
	touch $@

$(DATA)/%.csv: | $(VENV)/.installed
	$(hotdog) refresh --file $(@F) --data-dir $(DATA) --yes

# Two stamps: the package with its 19 libraries takes seconds, what develops it takes 750 MB.
$(VENV)/.installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --editable '.[shell]'
	touch $@

$(VENV)/.developed: pyproject.toml | $(VENV)/.installed
	$(VENV)/bin/python -m pip install --quiet --upgrade 'pip>=25.1'
	$(VENV)/bin/python -m pip install --quiet --editable . --group dev
	touch $@
