# Other compilers, flags, C libraries and machines: one suite for each row of
# tests/portability/rows, which is written for x86-64. `make check` runs part of it,
# `make portability` all.

DEBIAN_PACKAGES += musl-tools gcc-i686-linux-gnu libc6-dev-i386-cross libc6-i386 \
    gcc-aarch64-linux-gnu libc6-dev-arm64-cross gcc-s390x-linux-gnu libc6-dev-s390x-cross \
    qemu-user-static valgrind

LONG ?=
PORTABILITY_SUITES := $(if $(filter x86_64%,$(TARGET)),$(addprefix $(BUILD)/tests/portability/,\
    $(shell LONG=$(LONG) tests/portability/row list)))

.PHONY: portability run-portability always
portability:
	-tests/portability/get-zig $(WINE_CACHE)/zig
	@$(MAKE) --no-print-directory LONG=1 run-portability

run-portability: $(PORTABILITY_SUITES) wine-programs
	BUILD=$(BUILD) SUITE_TIMEOUT=1800 MAKEFLAGS= tests/run $^

# The suites of this machine start programs of others.
PORTABILITY_NATIVE = process/inherited sockets/specs \
    $(if $(LONG),command/options sockets/receivers)

# Jobs of its own, unless make has some to share. The result is a script: tests/run wants one
# path for each suite.
$(BUILD)/tests/portability/%: always $(PORTABILITY_NATIVE:%=$(BUILD)/tests/%)
	@mkdir -p $(@D)
	@echo 'building for portability: $*'
	@BUILD=$(BUILD) LONG=$(LONG) JOBS=$(if $(findstring jobserver,$(MAKEFLAGS)),,-j$(shell nproc)) \
	    MAKE='$(MAKE)' WARNINGS='$(WARNINGS) -Werror' tests/portability/row build $*
	@printf '#!/bin/sh\nLONG=$(LONG) exec tests/portability/row test %s\n' $* >$@ && chmod +x $@

# Each row has a cmocka of its own.
$(BUILD)/libcmocka.a: $(WINE_CACHE)/cmocka/cmocka.c
	$(CC) $(CFLAGS) -std=gnu99 -w -DHAVE_CONFIG_H -I$(WINE_CACHE)/cmocka/include \
	    -c -o $(BUILD)/cmocka.o $<
	ar rcs $@ $(BUILD)/cmocka.o
