# How much of the code the tests reach, on Linux: the block of listenfd.c that is for Windows is
# not compiled here, nor is win32/.
#
# `make coverage` counts all of it. `make check` counts listenfd.c alone, with the suites that run
# in one process, and fails when a line is not reached, or fewer than 95 % of the branches. Some
# branches need another kernel (a pidfd that is not on pidfs: older than 6.9) or a process whose
# descriptor 3 is the tests' own. `gcovr -b --object-directory build/coverage -f listenfd.c
# build/coverage` lists those that were not reached.

DEBIAN_PACKAGES += gcovr

COVERAGE = $(BUILD)/coverage
COVERAGE_SUITE = ./tests/coverage/library
# Without the one that measures: it reaches nothing that others do not.
suites_in = $(filter-out %/devserver/load,\
    $(foreach folder,$1,$(patsubst %.c,$(COVERAGE)/%,$(wildcard tests/$(folder)/*.c))))

.PHONY: coverage library-coverage run-counted
coverage:
	$(call count,$(call suites_in,unit process command sockets devserver page faults)) WITH_PROGRAMS=1; \
	    status=$$?; tests/coverage/report $(COVERAGE) listenfd.c systemfd/ && exit $$status

library-coverage:
	@mkdir -p $(COVERAGE)
	@$(call count,$(call suites_in,unit) $(COVERAGE)/tests/faults/library) \
	    > $(COVERAGE)/log 2>&1 || { cat $(COVERAGE)/log; exit 1; }
	@LEAST_LINES=100 LEAST_BRANCHES=95 tests/coverage/report $(COVERAGE) listenfd.c

# In a build of its own, by the compiler whose counters gcov reads.
count = $(MAKE) --no-print-directory BUILD=$(COVERAGE) CC=gcc COUNT=1 SANITIZE= SUITES='$1' \
    run-counted

# Not the tests themselves. Their processes would share files of counters, each locked while one
# writes it, with systemfd: a test that has stopped systemfd in the midst of that would wait for it.
ifdef COUNT
TEST_CFLAGS += -O0
# In all: the linker takes from an archive what it knows to miss, and the objects come later.
LDFLAGS += -Wl,--whole-archive -lgcov -Wl,--no-whole-archive
$(BUILD)/tests/listenfd.o $(TESTED_LAUNCHER) \
    $(addprefix $(BUILD)/tests/,systemfd support/probe): \
    private TEST_CFLAGS += --coverage -fprofile-update=atomic
$(TESTED_LAUNCHER): private TEST_CFLAGS += -include tests/coverage/dump.h
endif

# umask: what a test runs as another user must be able to write its counters.
run-counted: $(SUITES) $(if $(WITH_PROGRAMS),$(TESTED_PROGRAMS) all)
	find $(BUILD) -name '*.gcda' -delete
	umask 0; $(RUN) $(SUITES)
