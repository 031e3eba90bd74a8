# examples/sd-daemon-compat beside the library that it stands for.

DEBIAN_PACKAGES += libsystemd-dev
SUITE_FOLDERS += compat
SUPPORT += $(addprefix $(BUILD)/tests/support/,compat.o page.o)

# The same program twice; the first only where libsystemd is.
COMPAT_PROGRAMS = $(if $(shell pkg-config --exists libsystemd 2>/dev/null && echo yes),\
    $(BUILD)/tests/compat/report_libsystemd) $(BUILD)/tests/compat/report_listenfd

run-suites run-quick: $(COMPAT_PROGRAMS)

$(BUILD)/tests/compat/report_libsystemd: tests/support/sd_daemon_report.c
	@mkdir -p $(@D)
	$(TEST_COMPILE) $(LDFLAGS) -o $@ $< $$(pkg-config --cflags --libs libsystemd)

$(BUILD)/tests/compat/report_listenfd: tests/support/sd_daemon_report.c $(BUILD)/tests/listenfd.o
	@mkdir -p $(@D)
	$(TEST_COMPILE) -Iexamples/sd-daemon-compat $(LDFLAGS) -o $@ $< $(BUILD)/tests/listenfd.o
