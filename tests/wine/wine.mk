# What is built for Windows and runs under Wine: for each of these machines whose compiler is
# there. The suites that are programs of Windows themselves need cmocka for it too, which
# `make deps` fetches.

WINE_PACKAGES = wine64 gcc-mingw-w64-x86-64-win32 gcc-mingw-w64-i686-win32
WINE_CACHE = .cache
WINE_MACHINES := $(foreach machine,x86_64 i686,\
    $(if $(shell command -v $(machine)-w64-mingw32-gcc),$(machine)))
WINE_PROBES = $(foreach machine,$(WINE_MACHINES),\
    $(addprefix $(BUILD)/tests/$(machine)/,probe.exe habits.exe))
ifneq (,$(and $(wildcard /usr/lib/wine/wine64),$(wildcard $(WINE_CACHE)/cmocka/i686/libcmocka.a)))
WINE_SUITES = $(foreach machine,$(WINE_MACHINES),$(addprefix $(BUILD)/tests/$(machine)/,\
    environment.exe conversation.exe notify.exe take.exe launcher.exe))
endif

WINE_CFLAGS = -std=gnu17 -O1 -g -Wall -Wextra -Wshadow -I. -Itests/support -iquote win32 \
    $(INCLUDE_ROOMS) -isystem $(WINE_CACHE)/cmocka/include

# cmocka for $1, or what the linker finds by itself (CMOCKA=-lcmocka, on Windows).
cmocka_for = $(or $(CMOCKA),-static $(WINE_CACHE)/cmocka/$1/libcmocka.a)

# $1: machine
define WINE_RULES
$(BUILD)/tests/$1/probe.exe $(BUILD)/tests/$1/habits.exe: $(BUILD)/tests/$1/%.exe: \
    tests/win32/%.c listenfd.c listenfd.h
	@mkdir -p $$(@D)
	$1-w64-mingw32-gcc $(WINE_CFLAGS) -static -o $$@ $$< -lws2_32

$(BUILD)/tests/$1/launcher.exe: tests/win32/launcher.c \
    $(addprefix win32/,command_line.c exit_code.c files.c glob.c now.c program.c secret.c \
    start_error.c system_error.c wide.c) systemfd/report.c $(wildcard win32/*.h)
	@mkdir -p $$(@D)
	$1-w64-mingw32-gcc $(WINE_CFLAGS) -o $$@ $$(filter %.c,$$^) \
	    $(call cmocka_for,$1) -lbcrypt

$(BUILD)/tests/$1/%.exe: tests/win32/%.c tests/win32/server.c tests/win32/server.h \
    listenfd.c listenfd.h
	@mkdir -p $$(@D)
	$1-w64-mingw32-gcc $(WINE_CFLAGS) -o $$@ $$(filter %.c,$$^) \
	    $(call cmocka_for,$1) -lws2_32

.PHONY: build-for-$1
build-for-$1:
	$$(MAKE) --no-print-directory CC=$1-w64-mingw32-gcc BUILD=$(BUILD)/$1-w64-mingw32 \
	    CFLAGS='-O2 -g' CPPFLAGS= LDFLAGS= all
endef
$(foreach machine,$(WINE_MACHINES),$(eval $(call WINE_RULES,$(machine))))

.PHONY: wine-programs
wine-programs: $(WINE_MACHINES:%=build-for-%) $(WINE_PROBES)

# On Windows itself, by MSYS2.
.PHONY: windows-check
WINDOWS_SUITES = $(addprefix $(BUILD)/tests/x86_64/,environment.exe conversation.exe notify.exe take.exe \
    launcher.exe)
windows-check: $(WINDOWS_SUITES)
	$(RUN) $^
