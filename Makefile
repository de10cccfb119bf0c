PYTHON ?= python3

.PHONY: lab test

# Set up (once), then open the course; options for JupyterLab: make lab ARGS="--no-browser"
lab:
	@$(PYTHON) bootstrap.py lab $(ARGS)

# Set up (once), then run the whole test suite; options for pytest: make test ARGS="-k windows"
test:
	@$(PYTHON) bootstrap.py test $(ARGS)
