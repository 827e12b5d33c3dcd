# The commands of this project. They need Python 3.11, git and make; everything else they fetch themselves.

.DEFAULT_GOAL := help
.PHONY: help run test prove bench pictures check fix manage lock
MAKEFLAGS += --no-print-directory
# Where Python may not keep what it has compiled, every process of the house begins with four seconds of compiling.
unexport PYTHONDONTWRITEBYTECODE

PYTHON ?= $(shell for python in python3.11 python3 python; do \
	"$$python" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null && echo "$$python" && break; done)
INSTALL = $(or $(PYTHON),$(error OPD needs Python 3.11 and finds none. Install it (Debian: apt install python3.11 \
	python3.11-venv) or name it: make run PYTHON=/path/to/python3.11)) -I opd/local/install.py
OPD = .venv/bin/python -m opd.local
LOCK = .venv/bin/python -m uv pip compile --quiet --generate-hashes --no-emit-index-url --python-version 3.11 --universal \
	--custom-compile-command 'make lock'

help: ## show this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1	\2/p' $(firstword $(MAKEFILE_LIST))

run: ## start the hospital; PORT (8000) and OPD_HOME (.opd) move it
	@$(INSTALL) run
	@exec $(OPD) run

test: ## run the tests; ARGS='tests/queue -k order' picks some
	@$(INSTALL) dev
	@exec $(OPD) test $(ARGS)

prove: ## run the tests with the full counts of every proof (long)
	@$(INSTALL) dev
	@OPD_PROVE=1 exec $(OPD) test $(ARGS)

bench: ## measure, into docs/benchmarks.md
	@$(INSTALL) dev
	@exec $(OPD) bench $(ARGS)

pictures: ## photograph every page of the running house, into docs/pictures; ARGS='of_desk of_rooms' picks some
	@$(INSTALL) dev
	@.venv/bin/python -m tests.pictures http://localhost:$(or $(PORT),8000) $(ARGS)

check: ## judge format, lint, types, imports, templates, migrations, documents
	@$(INSTALL) dev
	@exec $(OPD) check

fix: ## put right what ruff can
	@$(INSTALL) dev
	@.venv/bin/python -m ruff format --quiet .
	@.venv/bin/python -m ruff check --fix --quiet .

manage: ## one command of the running hospital: make manage ARGS=verify_audit
	@eval "$$($(OPD) env)" && exec .venv/bin/python manage.py $(ARGS)

lock: ## pin the dependencies of pyproject.toml anew, in requirements/
	@$(INSTALL) dev
	@$(LOCK) --group bootstrap -o requirements/bootstrap.lock
	@$(LOCK) pyproject.toml --group embedded -o requirements/run.lock
	@$(LOCK) pyproject.toml --group dev -c requirements/run.lock -o requirements/dev.lock
