# Every target installs what it needs first (Debian packages, listed in deps/).
BUILD ?= build
JOBS ?= $(shell nproc)
DATA ?= ../shared/data
CMAKE = cmake -G Ninja

# Equal sources give equal objects wherever the tree lies.
export CCACHE_BASEDIR ?= $(CURDIR)
export CCACHE_NOHASHDIR ?= 1
export CCACHE_SLOPPINESS ?= pch_defines,time_macros
export QUINTET_DATA ?= $(abspath $(DATA))

.PHONY: help deps build test demo serve bench validate soak fuzz format tidy clean
.DEFAULT_GOAL := help

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 18

deps: ## install what building needs (Debian packages; root or sudo)
	@deps/install core

build: deps ## the program, as build/quintet
	@test -e $(BUILD)/build.ninja || $(CMAKE) -S . -B $(BUILD) -DQUINTET_TESTS=OFF >/dev/null
	@ninja -C $(BUILD) -j $(JOBS) programs

test: ## everything that must hold, in one go; ends with 'N passed, N failed'
	@deps/install core test
	@$(CMAKE) -S . -B $(BUILD) -DQUINTET_TESTS=ON >/dev/null
	@python3 test/run.py --build $(BUILD) --jobs $(JOBS)

demo: build ## the card-fraud application, from its first event to a model in force
	@apps/demo --build $(BUILD)

serve: build ## the same, and it keeps running
	@apps/demo --build $(BUILD) --serve

bench: ## the measured ratios, into docs/PERFORMANCE.md
	@deps/install core test validate
	@deps/python bench >/dev/null
	@$(CMAKE) -S . -B $(BUILD) -DQUINTET_TESTS=ON >/dev/null
	@ninja -C $(BUILD) -j $(JOBS) programs benches
	@python3 bench/run.py --build $(BUILD)
	@python3 bench/report.py --build $(BUILD)

validate: ## real data (DATA=../shared/data) and the full counts; PART=name for one part
	@deps/install core test validate
	@$(CMAKE) -S . -B $(BUILD) -DQUINTET_TESTS=ON >/dev/null
	@ninja -C $(BUILD) -j $(JOBS) programs quintet-sim
	@python3 test/validate/run.py --build $(BUILD) $(if $(PART),--part $(PART))

soak: ## the simulator on new seeds for SOAK_SECONDS (default 7200); goes on where it stopped
	@deps/install core test
	@$(CMAKE) -S . -B $(BUILD) -DQUINTET_TESTS=ON >/dev/null
	@ninja -C $(BUILD) -j $(JOBS) quintet-sim
	@QUINTET=$(BUILD)/quintet python3 test/validate/simulated.py --seeds 1000000:100000000 \
		--seconds $(or $(SOAK_SECONDS),7200) --resume

fuzz: ## each fuzzer for FUZZ_SECONDS (default 60), with clang and its sanitizers
	@deps/install core test
	@fuzz/run $(or $(FUZZ_SECONDS),60)

format: ## clang-format over our own sources
	@deps/install test
	@git ls-files '*.cc' '*.h' | xargs clang-format-14 -i

tidy: ## the rules of the code, without building
	@python3 tidy/tidy.py

clean: ## remove build products; packages and data stay
	@rm -rf build build-*
