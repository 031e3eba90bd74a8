# listenfd and systemfd. `make help` lists the targets and the variables.

VERSION := $(shell sed -n 's/^\#define LISTENFD_VERSION "\(.*\)"/\1/p' listenfd.h)
SOVERSION := $(firstword $(subst ., ,$(VERSION)))

CFLAGS ?= -O2 -g
WARNINGS ?= -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wundef -Wstrict-prototypes
BUILD ?= build

PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
PKGCONFIGDIR ?= $(LIBDIR)/pkgconfig
DATADIR ?= $(PREFIX)/share
MANDIR ?= $(DATADIR)/man
INSTALL ?= install

LIBS_PRIVATE = # what a static link needs besides libc: nothing
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

# TARGET=SOURCE, relative to DESTDIR and here.
INSTALLED_FILES = \
    $(INCLUDEDIR)/listenfd.h=listenfd.h \
    $(LIBDIR)/liblistenfd.a=$(STATIC_LIBRARY) \
    $(MANDIR)/man1/systemfd.1=man/systemfd.1 \
    $(DATADIR)/bash-completion/completions/systemfd=systemfd/completion/systemfd.bash \
    $(DATADIR)/zsh/site-functions/_systemfd=systemfd/completion/systemfd.zsh \
    $(DATADIR)/fish/vendor_completions.d/systemfd.fish=systemfd/completion/systemfd.fish
INSTALLED_PROGRAMS = \
    $(BINDIR)/systemfd=$(BUILD)/systemfd \
    $(LIBDIR)/liblistenfd.so.$(VERSION)=$(SHARED_LIBRARY)
INSTALLED_LINKS = \
    $(LIBDIR)/$(SONAME)=liblistenfd.so.$(VERSION) \
    $(LIBDIR)/liblistenfd.so=$(SONAME)

target = $(DESTDIR)$(firstword $(subst =, ,$1))
source = $(lastword $(subst =, ,$1))
define install_as
	$(INSTALL) -d $(dir $(call target,$2)) && $(INSTALL) -m $1 $(call source,$2) $(call target,$2)

endef
define link_as
	ln -sf $(call source,$1) $(call target,$1)

endef

install: $(STATIC_LIBRARY) $(SHARED_LIBRARY) $(BUILD)/systemfd
	$(foreach file,$(INSTALLED_FILES),$(call install_as,644,$(file)))
	$(foreach file,$(INSTALLED_PROGRAMS),$(call install_as,755,$(file)))
	$(foreach link,$(INSTALLED_LINKS),$(call link_as,$(link)))
	$(INSTALL) -d $(DESTDIR)$(PKGCONFIGDIR)
	sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@VERSION@|$(VERSION)|' -e 's|@LIBS_PRIVATE@|$(LIBS_PRIVATE)|' \
	    -e 's|@LIBDIR@|$(LIBDIR:$(PREFIX)/%=$${prefix}/%)|' \
	    -e 's|@INCLUDEDIR@|$(INCLUDEDIR:$(PREFIX)/%=$${prefix}/%)|' \
	    pkgconfig/listenfd.pc.in > $(DESTDIR)$(PKGCONFIGDIR)/listenfd.pc

uninstall:
	$(RM) $(foreach file,$(INSTALLED_FILES) $(INSTALLED_PROGRAMS) $(INSTALLED_LINKS),\
	    $(call target,$(file))) $(DESTDIR)$(PKGCONFIGDIR)/listenfd.pc

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
	@echo '           DESTDIR PREFIX BINDIR LIBDIR INCLUDEDIR PKGCONFIGDIR DATADIR MANDIR'

-include $(wildcard $(BUILD)/*.d $(BUILD)/*/*.d $(BUILD)/*/*/*.d)
