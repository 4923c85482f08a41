# Thin verbs over `cargo xtask`; `make help` lists them and their variables.
#
# Variables given to make (KERNEL=, INITRD=, ...) reach xtask through the environment, into
# which make puts them by itself; one that is given empty stays different from one not given.

VERBS := build image run test bench profile sdk explain clean

.DEFAULT_GOAL := help
.PHONY: help $(VERBS)

$(VERBS): linker
	@cargo xtask $@

help: linker
	@cargo xtask -h

.PHONY: linker
linker:
	@./setup linker
	@test -e target/debug/xtask || echo "building the build tool (first time only)" >&2
