# The tests. Each tests/FOLDER/NAME.c is a cmocka program, build/tests/FOLDER/NAME; they are
# built with sanitizers unless SANITIZE is empty.

SANITIZE ?= address,undefined
TEST_CFLAGS = -std=gnu17 -D_GNU_SOURCE -O1 -g -Itests/support \
    $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-sanitize-recover=all -fno-omit-frame-pointer)
ifeq (,$(findstring linux,$(TARGET)))
TEST_CFLAGS += -include tests/support/not_linux.h
endif
TEST_COMPILE = $(CC) -I. -Wall -Wextra -Wshadow -MMD -MP $(CPPFLAGS) $(TEST_CFLAGS)

include tests/wine/wine.mk

# ---- What the tests need ----

# In order: to build the tests; to look at results; the real other sides; to lint.
DEBIAN_PACKAGES = gcc g++ clang make pkg-config libcmocka-dev \
    binutils procps strace util-linux iproute2 \
    liburing-dev systemd entr bindfs lighttpd gunicorn python3-systemd gpg-agent dbus-daemon \
    chromium chromium-driver \
    rustc librust-listenfd-dev \
    $(EXAMPLE_PACKAGES) $(WINE_PACKAGES) \
    clang-format clang-tidy cppcheck shellcheck mandoc yamllint libwine-dev

include tests/portability/portability.mk
include tests/life/life.mk

deps:
	@tests/deps $(WINE_CACHE) $(DEBIAN_PACKAGES)

include tests/fuzz/fuzz.mk

# ---- Suites ----

SUITE_FOLDERS = unit process life command sockets devserver page faults interop install packaging examples wine bench
suites_of = $(foreach folder,$1,$(patsubst %.c,$(BUILD)/%,$(wildcard tests/$(folder)/*.c)))
USER_SUITE = ./tests/user/run
# The longest ones first, so that none of them is left alone at the end.
SUITES ?= $(FUZZ_SUITE) $(COVERAGE_SUITE) $(USER_SUITE) $(call suites_of,$(SUITE_FOLDERS)) \
    $(WINE_SUITES) $(PORTABILITY_SUITES)
# They assert how long clients wait: nothing else may run beside them.
SUITES_ALONE = $(addprefix $(BUILD)/tests/,devserver/load stacks/stacks)
# For the inner loop: in about a minute, once all is built.
QUICK_SUITES = $(if $(findstring command,$(origin SUITES)),$(SUITES),\
    $(filter-out %/process/dialects,$(call suites_of,unit process life command sockets compat)) \
    $(BUILD)/tests/devserver/cycle)
SUPPORT = $(patsubst %.c,$(BUILD)/%.o,\
    $(addprefix tests/support/,process.c sockets.c folder.c passed.c \
    $(if $(findstring linux,$(TARGET)),devserver.c browser.c)))
include tests/compat/compat.mk
include tests/stacks/stacks.mk

# What the suites start.
TESTED_PROGRAMS = $(addprefix $(BUILD)/tests/,support/probe support/take_all support/server support/keeper support/waits \
    support/thief.so load/load systemfd)

include packaging/packaging.mk

# Jobs of its own, unless make was given some to share.
JOBS ?= $(or $(shell getconf _NPROCESSORS_ONLN 2>/dev/null),1)
MAKE_WITH_JOBS = $(MAKE) --no-print-directory $(if $(findstring jobserver,$(MAKEFLAGS)),,-j$(JOBS))
RUN = BUILD=$(BUILD) CC='$(CC)' JOBS=$(JOBS) ALONE='$(SUITES_ALONE)' MAKEFLAGS= tests/run

# In a make of its own, which sees what `make deps check` has just installed.
check: | $(filter deps,$(MAKECMDGOALS))
	@$(MAKE_WITH_JOBS) run-suites

quick:
	@$(MAKE_WITH_JOBS) run-quick

run-suites: $(SUITES) $(TESTED_PROGRAMS) all wine-programs
	$(RUN) $(SUITES)

# What is known to compile for macOS, too.
PORTABLE_SUITES = $(addprefix $(BUILD)/tests/,$(addprefix unit/,addresses errors limits names) \
    $(addprefix process/,dialects examples inherited))
.PHONY: portable-suites portable-check
portable-suites: all $(PORTABLE_SUITES) $(BUILD)/tests/support/probe
portable-check: portable-suites
	$(RUN) $(PORTABLE_SUITES)

# For some minutes, and so not among the others.
.PHONY: soak
soak: $(BUILD)/tests/soak/reloads $(BUILD)/tests/support/server $(BUILD)/tests/support/keeper \
    $(BUILD)/tests/load/load all
	SUITE_TIMEOUT=1800 $(RUN) $<

# It runs what is built for everybody.
tests/user/run: $(call suites_of,unit process life command sockets interop install compat)

run-quick: $(QUICK_SUITES) $(TESTED_PROGRAMS) all
	@$(RUN) $(QUICK_SUITES)

$(BUILD)/tests/listenfd.o: listenfd.c
	@mkdir -p $(@D)
	$(TEST_COMPILE) -c -o $@ $<

$(BUILD)/tests/support/%.o: tests/support/%.c
	@mkdir -p $(@D)
	$(TEST_COMPILE) -c -o $@ $<

$(BUILD)/tests/support/probe: tests/support/probe.c listenfd.c listenfd.h
	@mkdir -p $(@D)
	$(TEST_COMPILE) $(LDFLAGS) -o $@ $<

$(BUILD)/tests/%: tests/%.c $(BUILD)/tests/listenfd.o $(SUPPORT)
	@mkdir -p $(@D)
	$(TEST_COMPILE) $(LDFLAGS) $(WRAP) -o $@ $< $(BUILD)/tests/listenfd.o $(SUPPORT) -lcmocka

# What strace looks at: no sanitizers.
$(BUILD)/tests/support/take_all: tests/support/take_all.c $(STATIC_LIBRARY)
	@mkdir -p $(@D)
	$(COMPILE) -std=gnu17 -D_GNU_SOURCE $(LDFLAGS) -o $@ $< $(STATIC_LIBRARY)

# Suites that put themselves in the place of the system.
wrap = $(addprefix -Wl$(comma)--wrap=,$(1))
$(BUILD)/tests/unit/memory: WRAP = $(call wrap,malloc calloc realloc)
$(BUILD)/tests/unit/refusals: WRAP = $(call wrap,socket bind connect listen getsockopt getauxval ioctl syscall)

# What the launcher's suites start: systemfd, with sanitizers.
TESTED_SOURCES = $(call sources_in,$(PORTABLE_ROOMS) $(POSIX_ROOM))
TESTED_LAUNCHER = $(TESTED_SOURCES:systemfd/%.c=$(BUILD)/tests/launcher-objects/%.o)

$(BUILD)/tests/launcher-objects/%.o: systemfd/%.c
	@mkdir -p $(@D)
	$(TEST_COMPILE) $(INCLUDE_ROOMS) -c -o $@ $<

$(BUILD)/tests/systemfd: $(TESTED_LAUNCHER) $(BUILD)/tests/listenfd.o
	@mkdir -p $(@D)
	$(TEST_COMPILE) $(LDFLAGS) -o $@ $(TESTED_LAUNCHER) $(BUILD)/tests/listenfd.o

# The cycle alone, or with its servers: the suite is the rest.
SIMULATED = $(addprefix $(BUILD)/tests/launcher-objects/,$(addprefix devserver/,\
    cycle.o changes.o content.o bind_failure.o build.o debounce.o restart_loop.o table.o path_table.o \
    first_client.o) clock.o page/tail.o posix/move_aside.o sockets/waiting_client.o)
$(BUILD)/tests/devserver/rollout: SIMULATED += $(BUILD)/tests/launcher-objects/devserver/servers.o
$(addprefix $(BUILD)/tests/devserver/,simulation rollout): $(BUILD)/tests/devserver/%: \
    tests/devserver/%.c tests/support/simulated.c $(SIMULATED) \
    $(BUILD)/tests/launcher-objects/devserver/servers.o
	@mkdir -p $(@D)
	$(TEST_COMPILE) $(INCLUDE_ROOMS) $(LDFLAGS) -o $@ $(filter %.c,$^) $(SIMULATED) -lcmocka

# The server of the development server's suites. It dies of signals: no sanitizers.
$(BUILD)/tests/support/server: tests/support/server.c $(STATIC_LIBRARY)
	@mkdir -p $(@D)
	$(COMPILE) -std=gnu17 -D_GNU_SOURCE $(LDFLAGS) -o $@ $< $(STATIC_LIBRARY)

# The one that uses the descriptor store.
$(BUILD)/tests/support/keeper: tests/support/keeper.c $(STATIC_LIBRARY)
	@mkdir -p $(@D)
	$(COMPILE) -std=gnu17 -D_GNU_SOURCE $(LDFLAGS) -o $@ $< $(STATIC_LIBRARY)

# With io_uring where there is liburing.
$(BUILD)/tests/support/waits: tests/support/waits.c
	@mkdir -p $(@D)
	$(COMPILE) -std=gnu17 -D_GNU_SOURCE $(LDFLAGS) -o $@ $< -lpthread \
	    $(shell pkg-config --exists liburing && echo -DHAVE_URING $$(pkg-config --cflags --libs liburing))

# What is preloaded into the examples, which have no sanitizers.
$(BUILD)/tests/support/thief.so: tests/support/thief.c
	@mkdir -p $(@D)
	$(COMPILE) -D_GNU_SOURCE -Wno-pedantic $(LDFLAGS) -shared -fPIC -o $@ $<

# The load generator measures: no sanitizers.
$(BUILD)/tests/load/load: tests/load/load.c $(STATIC_LIBRARY)
	@mkdir -p $(@D)
	$(COMPILE) -D_GNU_SOURCE $(LDFLAGS) -o $@ $< $(STATIC_LIBRARY) -lpthread

.SECONDARY: $(SUPPORT) $(TESTED_LAUNCHER)

include tests/faults/faults.mk
include tests/coverage/coverage.mk

# ---- Lint ----

LINTED = listenfd.c $(TESTED_SOURCES) $(wildcard examples/*.c)
# What make would run for each file of C, for clangd and other tools. With -n make still runs
# the lines that call make: none of those here.
.PHONY: compile_commands.json
compile_commands.json:
	@$(MAKE) --no-print-directory -Bn all $(TESTED_PROGRAMS) $(call suites_of,$(SUITE_FOLDERS)) | \
	    awk -v folder='$(CURDIR)' -f tests/lint/compile_commands.awk >$@

FORMATTED = $(shell find . '(' -name '*.[ch]' -o -name '*.cpp' ')' -not -path './$(BUILD)/*' -not -path './$(WINE_CACHE)/*')

# gcc 12 takes what an array of structures holds for leaked; the tests look for leaks.
ANALYZE = -fanalyzer -Wno-analyzer-malloc-leak -Werror -O2 -I. -c -o /dev/null

.PHONY: lint-for-windows
lint: $(BUILD)/liblistenfd.so lint-for-windows
	clang-format --dry-run -Werror $(FORMATTED)
	for file in $(LINTED); do \
	    clang-tidy --quiet $$file -- -std=gnu17 -D_GNU_SOURCE -I. $(INCLUDE_ROOMS) $(EXAMPLE_INCLUDES) 2>/dev/null || exit 1; \
	done
	clang-tidy --quiet examples/raii.cpp -- -std=c++17 -I. 2>/dev/null
	cppcheck --quiet --error-exitcode=1 --std=c99 --enable=warning,performance,portability \
	    --suppress=missingIncludeSystem -I. -Isystemfd $(LINTED)
	for file in $(LINTED); do \
	    gcc $(ANALYZE) -D_GNU_SOURCE $(INCLUDE_ROOMS) $(EXAMPLE_INCLUDES) $$file || exit 1; \
	done
	shellcheck -S warning tests/run tests/deps tests/user/run tests/coverage/library tests/coverage/report tests/wine/get-* tests/wine/run tests/lint/*.sh tests/interop/boot-systemd examples/*.sh tests/portability/row tests/portability/at-fixed-addresses tests/portability/get-zig tests/fuzz/run
	mandoc -T lint -W warning man/*
	tests/lint/exports.sh $(BUILD)/liblistenfd.so
	tests/lint/rooms.sh
	tests/lint/mentions.sh
	tests/lint/manual.sh
	tests/lint/links.sh
	yamllint --strict .github .yamllint

LINTED_FOR_WINDOWS = listenfd.c $(call sources_in,$(PORTABLE_ROOMS) $(WINDOWS_ROOM))
lint-for-windows:
	for file in $(LINTED_FOR_WINDOWS); do \
	    clang-tidy --quiet $$file -- --target=x86_64-w64-mingw32 -std=gnu17 -I. $(INCLUDE_ROOMS) 2>/dev/null && \
	    x86_64-w64-mingw32-gcc $(ANALYZE) $(INCLUDE_ROOMS) $$file || exit 1; \
	done
	cppcheck --quiet --error-exitcode=1 --std=c99 --platform=win64 -D_WIN32 \
	    --enable=warning,performance,portability --suppress=missingIncludeSystem \
	    -I. -Isystemfd $(LINTED_FOR_WINDOWS)
	tests/lint/msvc.sh
