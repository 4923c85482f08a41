# Thin verbs over xtask; `make help` lists them and their variables.
#
# Variables given to make (KERNEL=, INITRD=, ...) reach xtask through the environment, into
# which make puts them by itself; one that is given empty stays different from one not given.

VERBS := build image run check test bench profile explain root-task sdk setup clean

.DEFAULT_GOAL := help

# Every other goal, even one that is a file's name, goes to xtask, which says what was meant.
OTHERS := $(filter-out help $(VERBS),$(MAKECMDGOALS))
.PHONY: help linker tool $(VERBS) $(OTHERS)

# For xtask, which refuses a variable that it does not know. A make that calls this one hands on
# all its own variables: those are not checked.
ifeq ($(MAKELEVEL),0)
export MAKE_GOALS := $(MAKECMDGOALS)
export MAKE_VARIABLES := $(strip $(foreach name,$(.VARIABLES),$(if $(filter command,$(origin $(name))),$(name))))
endif

XTASK := $(or $(CARGO_TARGET_DIR),target)/debug/xtask

# xtask tells the right name too, but building it takes minutes.
VARIABLES := KERNEL INITRD BOOTARGS DTB SYSTEM MICROKIT_SDK MICROKIT_BOARD MICROKIT_CONFIG \
	BUILD_DIR DISK QEMU_ARGS ADDR EXIT RECORD SDK_URL \
	V NO_COLOR CARGO_TARGET_DIR RUSTUP_TOOLCHAIN MAKEFLAGS SHELL
ifeq ($(wildcard $(XTASK)),)
ifneq ($(OTHERS),)
$(error there is no verb $(OTHERS); the verbs are $(VERBS))
endif
ifneq ($(filter-out $(VARIABLES),$(MAKE_VARIABLES)),)
$(error $(filter-out $(VARIABLES),$(MAKE_VARIABLES)) is not a variable of this Makefile; `make help` lists them)
endif
endif

# Nothing is done when one of several goals is wrong.
$(VERBS): $(OTHERS)
$(VERBS) $(OTHERS): tool
	@cargo run --quiet --package xtask -- '$@'

help:
	@cat xtask/help.txt

linker:
	@./setup linker

# Later builds are short and say nothing; one after a change of the dependencies is like the first.
tool: $(XTASK)

$(XTASK): Cargo.lock | linker
	@echo "building the build tool (only the first time, takes minutes)" >&2
	@cargo build --package xtask && touch $@
