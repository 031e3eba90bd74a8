# listenfd and systemfd. `make help` lists the targets and the variables.

VERSION := $(shell sed -n 's/^\#define LISTENFD_VERSION "\(.*\)"/\1/p' listenfd.h)
SOVERSION := $(firstword $(subst ., ,$(VERSION)))

CFLAGS ?= -O2 -g
WARNINGS ?= -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wundef -Wstrict-prototypes
BUILD ?= build

PREFIX ?= /usr/local
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
PKGCONFIGDIR ?= $(LIBDIR)/pkgconfig
INSTALL ?= install

STATIC_LIBRARY = $(BUILD)/liblistenfd.a
SONAME = liblistenfd.so.$(SOVERSION)
SHARED_LIBRARY = $(BUILD)/liblistenfd.so.$(VERSION)
# Only the header's calls are visible in the shared library.
EXPORT = -fvisibility=hidden -DLISTENFD_API='__attribute__((visibility("default")))'

# What the user gives comes last, and so wins.
COMPILE = $(CC) -I. $(WARNINGS) -MMD -MP $(CPPFLAGS) $(CFLAGS)
LINK = $(CC) $(CFLAGS) $(LDFLAGS)

.DELETE_ON_ERROR:
.SUFFIXES:
.PHONY: all examples demo check deps install uninstall lint clean help

all: $(STATIC_LIBRARY) $(BUILD)/liblistenfd.so $(BUILD)/systemfd examples

# ---- Library ----

$(BUILD)/listenfd.o: listenfd.c
	@mkdir -p $(@D)
	$(COMPILE) -c -o $@ $<

$(BUILD)/shared/listenfd.o: listenfd.c
	@mkdir -p $(@D)
	$(COMPILE) -fPIC $(EXPORT) -c -o $@ $<

$(STATIC_LIBRARY): $(BUILD)/listenfd.o
	$(AR) rcs $@ $<

$(SHARED_LIBRARY): $(BUILD)/shared/listenfd.o
	$(LINK) -shared -Wl,-soname,$(SONAME) -o $@ $<

$(BUILD)/$(SONAME): $(SHARED_LIBRARY)
	ln -sf $(<F) $@

$(BUILD)/liblistenfd.so: $(BUILD)/$(SONAME)
	ln -sf $(<F) $@

# ---- Launcher ----

LAUNCHER = $(patsubst systemfd/%.c,$(BUILD)/launcher/%.o,$(wildcard systemfd/*.c))

$(BUILD)/launcher/%.o: systemfd/%.c
	@mkdir -p $(@D)
	$(COMPILE) -c -o $@ $<

$(BUILD)/systemfd: $(LAUNCHER) $(STATIC_LIBRARY)
	$(LINK) -o $@ $(LAUNCHER) $(STATIC_LIBRARY)

# ---- Examples ----

EXAMPLES = $(patsubst examples/%.c,$(BUILD)/examples/%,$(wildcard examples/*.c))

examples: $(EXAMPLES)

$(BUILD)/examples/%: examples/%.c $(STATIC_LIBRARY)
	@mkdir -p $(@D)
	$(COMPILE) $(LDFLAGS) -o $@ $< $(STATIC_LIBRARY)

demo: $(BUILD)/systemfd $(BUILD)/examples/hello $(BUILD)/tests/load/load
	$(BUILD)/systemfd --no-pid -s http::0 -- sh examples/demo.sh $(BUILD)

# ---- Installing ----

install: $(STATIC_LIBRARY) $(SHARED_LIBRARY)
	$(INSTALL) -d $(DESTDIR)$(LIBDIR) $(DESTDIR)$(INCLUDEDIR) $(DESTDIR)$(PKGCONFIGDIR)
	$(INSTALL) -m 644 listenfd.h $(DESTDIR)$(INCLUDEDIR)/listenfd.h
	$(INSTALL) -m 644 $(STATIC_LIBRARY) $(DESTDIR)$(LIBDIR)/liblistenfd.a
	$(INSTALL) -m 755 $(SHARED_LIBRARY) $(DESTDIR)$(LIBDIR)/liblistenfd.so.$(VERSION)
	ln -sf liblistenfd.so.$(VERSION) $(DESTDIR)$(LIBDIR)/$(SONAME)
	ln -sf $(SONAME) $(DESTDIR)$(LIBDIR)/liblistenfd.so
	sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@VERSION@|$(VERSION)|' -e 's|@LIBS_PRIVATE@||' \
	    -e 's|@LIBDIR@|$(LIBDIR:$(PREFIX)/%=$${prefix}/%)|' \
	    -e 's|@INCLUDEDIR@|$(INCLUDEDIR:$(PREFIX)/%=$${prefix}/%)|' \
	    pkgconfig/listenfd.pc.in > $(DESTDIR)$(PKGCONFIGDIR)/listenfd.pc

uninstall:
	$(RM) $(DESTDIR)$(INCLUDEDIR)/listenfd.h $(DESTDIR)$(LIBDIR)/liblistenfd.a \
	    $(DESTDIR)$(LIBDIR)/liblistenfd.so.$(VERSION) $(DESTDIR)$(LIBDIR)/$(SONAME) \
	    $(DESTDIR)$(LIBDIR)/liblistenfd.so $(DESTDIR)$(PKGCONFIGDIR)/listenfd.pc

clean:
	$(RM) -r $(BUILD)

# ---- Tests ----

include tests/tests.mk

help:
	@echo 'make [all]       the library, static and shared, systemfd, and the examples'
	@echo 'make demo        a server is restarted under load, and no request fails'
	@echo 'make deps        install what the tests need (Debian, as root; elsewhere: list it)'
	@echo 'make check       run the tests; SUITES=... chooses, SANITIZE= switches sanitizers off'
	@echo 'make lint        format, static analysis, exported symbols, documentation'
	@echo 'make install     and uninstall, below PREFIX ($(PREFIX))'
	@echo 'make clean       remove $(BUILD)/'
	@echo
	@echo 'Variables: CC CFLAGS CPPFLAGS LDFLAGS WARNINGS BUILD'
	@echo '           DESTDIR PREFIX LIBDIR INCLUDEDIR PKGCONFIGDIR'

-include $(wildcard $(BUILD)/*.d $(BUILD)/*/*.d $(BUILD)/*/*/*.d)
