# The tests. Each tests/FOLDER/NAME.c is a cmocka program, build/tests/FOLDER/NAME; they are
# built with sanitizers unless SANITIZE is empty.

SANITIZE ?= address,undefined
TEST_CFLAGS = -std=gnu17 -D_GNU_SOURCE -O1 -g -Itests/support \
    $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-sanitize-recover=all -fno-omit-frame-pointer)
TEST_COMPILE = $(CC) -I. -Wall -Wextra -Wshadow -MMD -MP $(CPPFLAGS) $(TEST_CFLAGS)

SUITE_FOLDERS = unit process interop install
SUITES ?= $(foreach folder,$(SUITE_FOLDERS),\
    $(patsubst %.c,$(BUILD)/%,$(wildcard tests/$(folder)/*.c)))
SUPPORT = $(patsubst %.c,$(BUILD)/%.o,\
    $(addprefix tests/support/,process.c sockets.c folder.c passed.c))

check: $(SUITES) $(BUILD)/tests/support/probe all
	BUILD=$(BUILD) CC='$(CC)' MAKEFLAGS= tests/run $(SUITES)

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
	$(TEST_COMPILE) $(LDFLAGS) -o $@ $< $(BUILD)/tests/listenfd.o $(SUPPORT) -lcmocka

# The load generator measures: no sanitizers.
$(BUILD)/tests/load/load: tests/load/load.c $(STATIC_LIBRARY)
	@mkdir -p $(@D)
	$(COMPILE) -D_GNU_SOURCE $(LDFLAGS) -o $@ $< $(STATIC_LIBRARY) -lpthread

.SECONDARY: $(SUPPORT)
