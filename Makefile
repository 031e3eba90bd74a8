# listenfd and systemfd. `make help` lists the targets and the variables.

VERSION := $(shell sed -n 's/^\#define LISTENFD_VERSION "\(.*\)"/\1/p' listenfd.h)
SOVERSION := $(firstword $(subst ., ,$(VERSION)))

CFLAGS ?= -O2 -g
WARNINGS ?= -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wundef -Wstrict-prototypes
TARGET := $(shell $(CC) -dumpmachine 2>/dev/null)
# MinGW's gcc says x86_64-w64-mingw32, clang and zig also x86_64-pc-windows-gnu.
WINDOWS := $(findstring mingw,$(TARGET))$(findstring windows-gnu,$(TARGET))
MACOS := $(findstring darwin,$(TARGET))$(findstring macos,$(TARGET))
BUILD ?= build$(if $(WINDOWS),/$(TARGET))

PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
PKGCONFIGDIR ?= $(LIBDIR)/pkgconfig
DATADIR ?= $(PREFIX)/share
MANDIR ?= $(DATADIR)/man
INSTALL ?= install

STATIC_LIBRARY = $(BUILD)/liblistenfd.a
# Only the header's calls are visible in the shared library.
ifdef WINDOWS
EXE = .exe
# What a static link needs besides libc.
LIBS_PRIVATE = -lws2_32
SHARED_LIBRARY = $(BUILD)/liblistenfd-$(SOVERSION).dll
SHARED_DEVELOPMENT = $(BUILD)/liblistenfd.dll.a
SHARED_FLAGS = -Wl,--out-implib,$(SHARED_DEVELOPMENT)
EXPORT = -DLISTENFD_API='__declspec(dllexport)'
AR = $(shell $(CC) -print-prog-name=ar)
# By a cross compiler's name, or by what the compiler knows (MSYS2: plain windres), or LLVM's.
WINDRES ?= $(firstword $(shell command -v $(TARGET)-windres \
    $(shell $(CC) -print-prog-name=windres) llvm-windres))
else
ifdef MACOS
SONAME = liblistenfd.$(SOVERSION).dylib
SHARED_LIBRARY = $(BUILD)/liblistenfd.$(VERSION).dylib
SHARED_DEVELOPMENT = $(BUILD)/liblistenfd.dylib
SHARED_FLAGS = -Wl,-install_name,$(LIBDIR)/$(SONAME)
else
SONAME = liblistenfd.so.$(SOVERSION)
SHARED_LIBRARY = $(BUILD)/liblistenfd.so.$(VERSION)
SHARED_DEVELOPMENT = $(BUILD)/liblistenfd.so
SHARED_FLAGS = -Wl,-soname,$(SONAME)
endif
EXPORT = -fPIC -fvisibility=hidden -DLISTENFD_API='__attribute__((visibility("default")))'
endif

# What the user gives comes last, and so wins.
COMPILE = $(CC) -I. $(WARNINGS) -MMD -MP $(CPPFLAGS) $(CFLAGS)
# On Windows programs carry the compiler's run-time library: users have none.
LINK = $(CC) $(CFLAGS) $(if $(WINDOWS),-static) $(LDFLAGS)

.DELETE_ON_ERROR:
.SUFFIXES:
.PHONY: all examples devserver demo check quick run-suites run-quick deps install uninstall lint clean help

all: $(STATIC_LIBRARY) $(SHARED_DEVELOPMENT) $(BUILD)/systemfd$(EXE) examples

# ---- Library ----

$(BUILD)/listenfd.o: listenfd.c
	@mkdir -p $(@D)
	$(COMPILE) -c -o $@ $<

$(BUILD)/shared/listenfd.o: listenfd.c
	@mkdir -p $(@D)
	$(COMPILE) $(EXPORT) -c -o $@ $<

$(STATIC_LIBRARY): $(BUILD)/listenfd.o
	$(AR) rcs $@ $<

$(SHARED_LIBRARY): $(BUILD)/shared/listenfd.o
	$(LINK) -shared $(SHARED_FLAGS) -o $@ $< $(LIBS_PRIVATE)

ifdef WINDOWS
$(SHARED_DEVELOPMENT): $(SHARED_LIBRARY)
else
$(BUILD)/$(SONAME): $(SHARED_LIBRARY)
	ln -sf $(<F) $@

$(SHARED_DEVELOPMENT): $(BUILD)/$(SONAME)
	ln -sf $(<F) $@
endif

# ---- Launcher ----

# Of its rooms all systems compile the portable ones, and each its own.
PORTABLE_ROOMS = systemfd systemfd/sockets systemfd/devserver systemfd/page
POSIX_ROOM = systemfd/posix
WINDOWS_ROOM = win32
sources_in = $(wildcard $(addsuffix /*.c,$1))
INCLUDE_ROOMS = -iquote systemfd
LAUNCHER_SOURCES = $(call sources_in,$(PORTABLE_ROOMS) $(if $(WINDOWS),$(WINDOWS_ROOM),$(POSIX_ROOM)))
ifdef WINDOWS
LAUNCHER_RESOURCES = $(BUILD)/launcher/systemfd.res
LAUNCHER_LIBS = -liphlpapi -lbcrypt -lmswsock $(LIBS_PRIVATE)
endif
LAUNCHER = $(LAUNCHER_SOURCES:%.c=$(BUILD)/launcher/%.o) $(LAUNCHER_RESOURCES)

$(BUILD)/launcher/%.o: %.c
	@mkdir -p $(@D)
	$(COMPILE) $(INCLUDE_ROOMS) -c -o $@ $<

comma = ,
$(BUILD)/launcher/%.res: win32/%.rc listenfd.h
	@mkdir -p $(@D)
	$(or $(WINDRES),$(error there is no windres; name one with WINDRES=)) -O coff -DVERSION_NUMBERS=$(subst .,$(comma),$(VERSION)),0 \
	    -DVERSION_TEXT='\"$(VERSION)\"' -o $@ $<

$(BUILD)/systemfd$(EXE): $(LAUNCHER) $(STATIC_LIBRARY)
	$(LINK) -o $@ $(LAUNCHER) $(STATIC_LIBRARY) $(LAUNCHER_LIBS)

# ---- Examples ----

include examples/examples.mk

# ---- Sources ----

# The same bytes wherever it is made from that commit: its own time, no name or time of gzip.
DIST = listenfd-$(VERSION)
.PHONY: dist
dist:
	@mkdir -p $(BUILD)
	git archive --format=tar --prefix=$(DIST)/ -o $(BUILD)/$(DIST).tar HEAD
	gzip -9nf $(BUILD)/$(DIST).tar

# ---- Installing ----

# TARGET=SOURCE, relative to DESTDIR and here.
INSTALLED_FILES = \
    $(INCLUDEDIR)/listenfd.h=listenfd.h \
    $(LIBDIR)/liblistenfd.a=$(STATIC_LIBRARY) \
    $(MANDIR)/man1/systemfd.1=man/systemfd.1 \
    $(MANDIR)/man3/listenfd.3=man/listenfd.3 \
    $(MANDIR)/man7/listenfd.7=man/listenfd.7 \
    $(DATADIR)/bash-completion/completions/systemfd=systemfd/completion/systemfd.bash \
    $(DATADIR)/zsh/site-functions/_systemfd=systemfd/completion/systemfd.zsh \
    $(DATADIR)/fish/vendor_completions.d/systemfd.fish=systemfd/completion/systemfd.fish
ifdef WINDOWS
INSTALLED_FILES += $(LIBDIR)/liblistenfd.dll.a=$(SHARED_DEVELOPMENT)
INSTALLED_PROGRAMS = \
    $(BINDIR)/systemfd.exe=$(BUILD)/systemfd.exe \
    $(BINDIR)/$(notdir $(SHARED_LIBRARY))=$(SHARED_LIBRARY)
else
INSTALLED_PROGRAMS = \
    $(BINDIR)/systemfd=$(BUILD)/systemfd \
    $(LIBDIR)/$(notdir $(SHARED_LIBRARY))=$(SHARED_LIBRARY)
# man finds each call that listenfd.3 names.
DOCUMENTED_CALLS = $(shell sed -n 's/^\.Nm \(listenfd_[a-z_]*\).*/\1/p' man/listenfd.3)
INSTALLED_LINKS = \
    $(LIBDIR)/$(SONAME)=$(notdir $(SHARED_LIBRARY)) \
    $(LIBDIR)/$(notdir $(SHARED_DEVELOPMENT))=$(SONAME) \
    $(patsubst %,$(MANDIR)/man3/%.3=listenfd.3,$(DOCUMENTED_CALLS))
endif

target = $(DESTDIR)$(firstword $(subst =, ,$1))
source = $(lastword $(subst =, ,$1))
define install_as
	$(INSTALL) -d $(dir $(call target,$2)) && $(INSTALL) -m $1 $(call source,$2) $(call target,$2)

endef
define link_as
	ln -sf $(call source,$1) $(call target,$1)

endef

install: $(STATIC_LIBRARY) $(SHARED_LIBRARY) $(BUILD)/systemfd$(EXE)
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
include bench/bench.mk
include docs/docs.mk

help:
	@echo 'make [all]       the library, static and shared, systemfd, and the examples'
	@echo 'make demo        a server is restarted under load, and no request fails'
	@echo 'make devserver   edit examples/hello.c and see http://127.0.0.1:5000/ change'
	@echo 'make deps        install what the tests need (Debian, as root; otherwise: what needs no root)'
	@echo 'make quick       run the quick part of the tests, in about a minute'
	@echo 'make check       run the tests; SUITES=... chooses, SANITIZE= switches sanitizers off'
	@echo 'make soak        reload a thousand times under load: nothing may grow, no request fail'
	@echo 'make faults      fail each system call with each of its errors; takes 20 minutes'
	@echo 'make coverage    how many lines and branches the tests reach, file by file'
	@echo 'make bench       measure, beside libsystemd and others; write the tables and the plot'
	@echo 'make picture     draw docs/demo.svg, the terminal in the README, from a real run'
	@echo 'make portability the tests on other compilers, C libraries and machines'
	@echo 'make fuzz        hostile input; FUZZ_SECONDS=14400 for each target, instead of 60'
	@echo 'make lint        format, static analysis, exported symbols, documentation'
	@echo 'make compile_commands.json  for clangd and other tools'
	@echo 'make dist        the sources of the last commit, as $(BUILD)/listenfd-$(VERSION).tar.gz'
	@echo 'make install     and uninstall, below PREFIX ($(PREFIX))'
	@echo 'make deb         packages for Debian, in $(BUILD)/deb'
	@echo 'make clean       remove $(BUILD)/'
	@echo
	@echo 'Variables: CC CFLAGS CPPFLAGS LDFLAGS WARNINGS BUILD'
	@echo '           DESTDIR PREFIX BINDIR LIBDIR INCLUDEDIR PKGCONFIGDIR DATADIR MANDIR'

-include $(wildcard $(BUILD)/*.d $(BUILD)/*/*.d $(BUILD)/*/*/*.d $(BUILD)/*/*/*/*.d)
