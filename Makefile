# SPDX-License-Identifier: Apache-2.0
# One command each; `make help` lists them. The build itself is CMake's (CMakePresets.json).
.DEFAULT_GOAL := build
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
SECONDS_PER_FUZZ_TARGET ?= 10
PREFIX ?= /usr/local
# ON: libraries that programs load when they start; OFF: ones that become part of them.
SHARED ?= OFF
# Compile on this many cores; on all where it is empty.
JOBS ?=
ifneq ($(JOBS),)
export CMAKE_BUILD_PARALLEL_LEVEL := $(JOBS)
endif

.PHONY: help build install python wheel api demo test check-all mutations tsan coverage tidy bench \
  growth format clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /  make \1|/p' $(MAKEFILE_LIST) | column -t -s '|'
	@echo
	@echo '  JOBS=n                     cores to compile on (default: all)'
	@echo '  PREFIX=folder SHARED=ON    where `make install` puts things; shared libraries instead of static'
	@echo '  SECONDS_PER_FUZZ_TARGET=n  length of the fuzz runs of `make test` (default: 10)'
	@echo '  PYTHON=path                the Python that runs the scripts (default: python3)'
	@echo '  ATP_SHARED=folder          test vectors (default: ../shared)'
	@echo '  ATP_CI=1                   absent vectors and tools fail tests instead of skipping them'

build: ## the optimised build: build/bin/atp
	@cmake/install-deps.sh build
	@test -f build/CMakeCache.txt || cmake --preset release
	cmake --build build --target atp atp-generate

install: ## command, libraries, headers and manual pages to PREFIX (default: /usr/local)
	@cmake/install-deps.sh build install
	cmake --preset release -B build-install -DBUILD_SHARED_LIBS=$(SHARED)
	cmake --build build-install
	cmake --install build-install --prefix $(PREFIX)

python: ## the module atp_backup, importable from build/python
	@cmake/install-deps.sh build python
	@test -f build/CMakeCache.txt || cmake --preset release
	cmake build -DATP_BUILD_PYTHON=ON
	cmake --build build --target atp_python

wheel: ## the module as a wheel for $(PYTHON), in dist
	@cmake/install-deps.sh build python
	@test -x build-wheel/bin/python || $(PYTHON) -m venv build-wheel
	build-wheel/bin/python -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir dist ./bindings/python
	@ls dist/*.whl

api: ## the manual of the headers: build/api/index.html
	@cmake/install-deps.sh build api
	cmake --preset release
	cmake --build build --target api

demo: ## backup, damage, verify and restore, on generated data
	@cmake/install-deps.sh build demo
	@$(MAKE) build
	demo/demo.sh

test: ## all tests: optimised, with sanitizers, a short fuzz run of each parser
	@cmake/install-deps.sh build demo python api test
	@cmake/test-venv.sh build/venv
	cmake --preset release -DATP_BUILD_TESTS=ON -DATP_BUILD_PYTHON=ON -DATP_TEST_PYTHON=$(CURDIR)/build/venv/bin/python
	cmake --build build
	ctest --preset release --output-junit ctest.xml
	cmake --preset asan
	cmake --build build-asan
	ctest --preset asan --output-junit ctest.xml
	$(PYTHON) tests/fuzz/run.py --preset asan --seconds $(SECONDS_PER_FUZZ_TARGET)
	@$(PYTHON) tests/summary.py build build-asan

check-all: test mutations tsan tidy ## make test, and all that takes long: crashes, kills, mutations, races, benchmarks
	ATP_LONG=1 ATP_KILL_RUNS=500 ATP_PAUSE_RUNS=1000 ctest --preset release -R '^(crash|damage|cli|kill|pause)$$'
	$(PYTHON) tests/fuzz/run.py --seconds 300 --coverage
	@$(MAKE) bench COMPARE='--check'
	@$(MAKE) growth GROWTH='--check'

mutations: ## bring known faults back one by one: a test must see each
	$(PYTHON) tests/mutations/run.py

tsan: ## the tests that run threads, with the thread sanitizer
	@cmake/install-deps.sh build test
	cmake --preset tsan
	cmake --build build-tsan
	ctest --preset tsan --output-junit ctest.xml

coverage: ## the lines that the tests reach, by layer
	@cmake/install-deps.sh build test
	cmake --preset coverage
	cmake --build build-coverage
	ctest --preset coverage
	$(PYTHON) tests/coverage.py build-coverage

tidy: ## clang-tidy over all sources
	@cmake/install-deps.sh build test bench tidy
	cmake --preset tidy
	cmake --build build-tidy

bench: build ## one table: the hot functions, and whole commands beside restic, borg and a pipe
	@cmake/install-deps.sh demo bench
	cmake --preset release -DATP_BUILD_BENCH=ON
	cmake --build build --target atp-bench
	$(PYTHON) bench/compare.py --functions build/bin/atp-bench $(COMPARE)

growth: build ## one table: what each verb costs as a vault grows; GROWTH='--check' fails over a bar
	@cmake/install-deps.sh demo test
	$(PYTHON) bench/growth.py $(GROWTH)

format: ## clang-format on every source file
	git ls-files --cached --others --exclude-standard '*.hpp' '*.cpp' | xargs clang-format -i

clean: ## remove everything that was built
	rm -rf build build-* dist
