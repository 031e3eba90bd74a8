# What happens when calls of the system fail. In the objects under test each call of
# injector/calls.h is renamed, so that it goes through the injector; the tests' own are not.
#
# `make check` runs a choice of faults, `make faults` all of them (FAULTS=all).

FAULTS = $(BUILD)/tests/faults
INJECTOR = $(FAULTS)/injector/injector.o

.PHONY: faults
faults: $(patsubst %.c,$(BUILD)/%,$(wildcard tests/faults/*.c)) $(BUILD)/tests/support/server $(BUILD)/tests/support/keeper
	FAULTS=all SUITE_TIMEOUT=7200 BUILD=$(BUILD) MAKEFLAGS= tests/run $(filter $(FAULTS)/%,$^)

# Compilers and libc have other names for some calls; then "bind" becomes "faulty_bind".
$(FAULTS)/names: tests/faults/injector/calls.h
	@mkdir -p $(@D)
	sed -nE 's/^(CALL|OTHER)\(([a-z0-9_]*),.*/\2 faulty_\2/p' $< > $@

rename_calls = objcopy --redefine-syms=tests/faults/injector/other-names $1 && \
    objcopy --redefine-syms=$(FAULTS)/names $1

$(FAULTS)/listenfd.o: $(BUILD)/tests/listenfd.o $(FAULTS)/names tests/faults/injector/other-names
	cp $< $@
	$(call rename_calls,$@)

# As one object, so that what is undefined in it is the system's.
$(FAULTS)/systemfd.o: $(TESTED_LAUNCHER) $(BUILD)/tests/listenfd.o $(FAULTS)/names \
    tests/faults/injector/other-names
	$(CC) -r -nostdlib -o $@ $(filter %.o,$^)
	$(call rename_calls,$@)

$(FAULTS)/injector/%.o: tests/faults/injector/%.c
	@mkdir -p $(@D)
	$(TEST_COMPILE) -c -o $@ $<

-include $(wildcard $(FAULTS)/injector/*.d)

# Its name is what it is looked up by in PATH.
$(FAULTS)/bin/systemfd: $(FAULTS)/systemfd.o $(INJECTOR)
	@mkdir -p $(@D)
	$(TEST_COMPILE) $(LDFLAGS) -o $@ $^

$(FAULTS)/library: tests/faults/library.c $(FAULTS)/listenfd.o $(INJECTOR) $(SUPPORT)
	$(TEST_COMPILE) $(LDFLAGS) -o $@ $(filter %.c %.o,$^) -lcmocka

# These start it, or look into it.
$(FAULTS)/launcher $(FAULTS)/devserver $(FAULTS)/clients $(FAULTS)/git $(FAULTS)/table: $(FAULTS)/%: \
    tests/faults/%.c $(INJECTOR) \
    $(FAULTS)/injector/suite.o $(BUILD)/tests/listenfd.o $(SUPPORT) \
    | $(FAULTS)/bin/systemfd $(FAULTS)/listenfd.o
	$(TEST_COMPILE) $(LDFLAGS) -o $@ $(filter %.c %.o,$^) -lcmocka
