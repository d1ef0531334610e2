# `make help` lists the targets. Each one installs what it needs in $(VENV).

PYTHON ?= python3
VENV := .venv

CLASS := Hot dog
NEGATIVES := 120
SEED := 42
SPLIT := test
RELEASE := v6
DATA := $(or $(HOTDOG_SQL_DATA_DIR),data)
DATASET := dataset
variables := CLASS NEGATIVES SEED SPLIT RELEASE DATA DATASET

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.SUFFIXES:
.DEFAULT_GOAL := help

ifneq ($(words $(DATA)),1)
$(error DATA is "$(DATA)": make accepts no folder whose name has a space)
endif

# Quotes a text as one argument of a shell command.
quoted = '$(subst ','\'',$(1))'

hotdog_sql := $(VENV)/bin/hotdog-sql
data_dir := --data-dir $(call quoted,$(DATA))
data_options := --split $(call quoted,$(SPLIT)) --release $(call quoted,$(RELEASE)) $(data_dir)
select_options := --class $(call quoted,$(CLASS)) --negatives $(call quoted,$(NEGATIVES)) \
	--seed $(call quoted,$(SEED)) $(data_options) --download $(call quoted,$(DATASET))

# The name of a stamp records the options that made a dataset. The manifest cannot be the target:
# make deletes a target whose recipe fails, and then the download could not be resumed.
checksum := $(firstword $(shell printf '%s' $(call quoted,$(select_options)) | cksum))
stamp := build/dataset-$(checksum).made
# What has changed in the dataset since then, or the error that there is no dataset.
changed = $(shell find $(call quoted,$(DATASET)) $(call quoted,$(DATASET)/) -newercm $(stamp) 2>&1)

.PHONY: help demo cluster-demo test lint bench screenshots shell refresh dataset clean FORCE

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-12s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))
	@printf '\n%s\n' 'Any official file is a target too: $(DATA)/NAME.csv.' \
		$(call quoted,Variables: make dataset $(foreach name,$(variables),$(name)="$($(name))"))

demo: | $(VENV)/.installed ## make a small dataset without the network
	$(hotdog_sql) demo $(call quoted,$(DATASET))

cluster-demo: | $(VENV)/.developed ## try a cluster and a bucket on this machine
	$(VENV)/bin/python -m tests.cluster_demo

dataset: $(stamp) ## select photos and download those that are missing

refresh: | $(VENV)/.installed ## fetch the official files that are missing or have changed
	$(hotdog_sql) refresh $(data_options) --yes

shell: | $(VENV)/.installed ## open the DuckDB shell with the views and macros loaded
	$(hotdog_sql) shell $(data_options) --yes

test: | $(VENV)/.developed ## run the tests
	$(VENV)/bin/pytest -n auto

lint: | $(VENV)/.developed ## check style and types
	$(VENV)/bin/ruff check
	$(VENV)/bin/ruff format --check
	$(VENV)/bin/mypy
	$(VENV)/bin/mypy --platform win32 hotdog_sql
	$(VENV)/bin/mypy --platform darwin hotdog_sql

bench: | $(VENV)/.developed ## measure the speed of hotdog-sql and its alternatives
	$(VENV)/bin/python -m tests.benchmark

screenshots: | $(VENV)/.developed ## make the README's pictures of the gallery
	$(VENV)/bin/python -m tests.screenshots

clean: ## remove the environment and the caches, but no data and no dataset
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis

$(stamp): $(wildcard $(DATA)/*.csv sql/*.sql sql/*/*.sql)
$(stamp): $(if $(changed),FORCE) | $(VENV)/.installed
	$(hotdog_sql) select $(select_options) --yes --update
	mkdir -p $(@D)
	touch $@

$(DATA)/%.csv: | $(VENV)/.installed
	$(hotdog_sql) refresh --file $(@F) $(data_dir) --yes

# Two stamps, because the package installs in seconds but the development tools take 750 MB.
$(VENV)/.installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --editable '.[shell]'
	touch $@

$(VENV)/.developed: pyproject.toml | $(VENV)/.installed
	$(VENV)/bin/python -m pip install --quiet --upgrade 'pip>=25.1'
	$(VENV)/bin/python -m pip install --quiet --editable . --group dev
	touch $@
