# Many times, many sockets, several processes and threads. Without sanitizers, which keep
# freed memory.

LIFE_SUPPORT = $(addprefix tests/support/,process.c sockets.c passed.c)

$(BUILD)/tests/life/%: private SANITIZE =
$(BUILD)/tests/life/%: tests/life/%.c $(LIFE_SUPPORT) $(STATIC_LIBRARY)
	@mkdir -p $(@D)
	$(TEST_COMPILE) $(LDFLAGS) -o $@ $(filter %.c %.a,$^) -lcmocka -pthread
