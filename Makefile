# `make demo` and `make test` set up everything they need in .venv.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
# The tested version; another build (CUDA, or a smaller CPU one) may be installed first.
TORCH ?= torch==2.13.0
OUT ?= demo-output
SOURCES := pyproject.toml $(shell find fartrack_sdk runtimes exporters calibration benchmarks training \
	-type f -not -name '*.pyc' 2>/dev/null)

.DEFAULT_GOAL := help
.PHONY: help demo test lint types wheel bundle train-smoke clean

help:  ## what there is to make
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1\t\2/p' Makefile

demo: $(VENV)/.demo  ## track a real video with the bundled model
	mkdir -p $(OUT)
	$(BIN)/fartrack-track demo --output $(OUT)/demo.mp4 --csv $(OUT)/boxes.csv \
		--plot $(OUT)/plot.png --overwrite

# Two processes: with every native library of the first part loaded, the process ended in a
# segmentation fault at the stream tests; its cause is not known.
test: $(VENV)/.test lint types  ## build the wheel, install it, check and test it
	$(BIN)/pytest --ignore=tests/training --ignore=tests/video
	$(BIN)/pytest tests/training tests/video

lint: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.test
	cd $(VENV) && bin/mypy --config-file ../pyproject.toml -p fartrack_sdk

bundle: $(VENV)/.test  ## export fartrack_sdk/assets/default.safetensors anew, after it has changed
	$(BIN)/python -c 'import sys; del sys.path[0]; from pathlib import Path; \
		from fartrack_sdk.exporters.bundle import bundle; bundle(Path("fartrack_sdk/assets").resolve())'

train-smoke: $(VENV)/.test  ## train for some minutes on generated data; fails unless it learns
	$(BIN)/fartrack-train smoke --out $(OUT)/train-smoke

wheel: $(VENV)/.wheel  ## build the wheel into dist/

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || \
		{ echo "Python 3.10 or later is needed: $$($(PYTHON) --version 2>&1) found. Try make PYTHON=python3.12"; exit 2; }
	@$(PYTHON) -m venv $(VENV) || { $(call apt,python3-venv) && $(PYTHON) -m venv --clear $(VENV); }
	$(PIP) install --upgrade pip

$(VENV)/.wheel: $(SOURCES) | $(BIN)/python
	rm -rf build dist
	$(PIP) install build
	$(BIN)/python -m build --wheel --outdir dist . >/dev/null
	touch $@

$(VENV)/.demo: $(VENV)/.wheel
	$(call install,viz)
	touch $@

$(VENV)/.test: $(VENV)/.wheel
	$(PIP) install $(TORCH)
	$(PIP) install --group dev
	$(call install,all)
	touch $@

# The wheel of this tree with extras. Machines without libGL get OpenCV's headless build.
define install
	wheel="$$(ls dist/*.whl)" && $(PIP) install "$$wheel[$(1)]" && \
		$(PIP) install --force-reinstall --no-deps "$$wheel"
	@$(BIN)/python -c 'import cv2' 2>/dev/null || { \
		$(PIP) uninstall --yes opencv-python && $(PIP) install --force-reinstall --no-deps opencv-python-headless; }
endef

define apt
	SUDO=$$([ $$(id -u) = 0 ] || echo sudo); $$SUDO apt-get update -qq && $$SUDO apt-get install -y -qq $(1)
endef

clean:  ## remove what was made
	rm -rf $(VENV) build dist $(OUT) .pytest_cache .ruff_cache .mypy_cache
