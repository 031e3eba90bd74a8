# What is fuzzed, and with what it is linked; README.md in this folder says how to use it.

FUZZ_CC = clang
FUZZ_SECONDS ?= 60
DEBIAN_PACKAGES += clang libclang-rt-dev

FUZZ_TARGETS = environment address answer request ignore git page owner options notify proc
FUZZ_BUILD = $(BUILD)/tests/fuzz
FUZZ_FLAGS = -std=gnu17 -D_GNU_SOURCE -O1 -g -I. $(INCLUDE_ROOMS) -Itests/fuzz -Wall -Wextra -Wshadow \
    -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer

# The code under test; what the system would say is said by the target instead.
$(FUZZ_BUILD)/environment: listenfd.c
$(FUZZ_BUILD)/environment: FUZZ_WRAP = bind open64
$(FUZZ_BUILD)/address: listenfd.c \
    $(addprefix systemfd/,sockets/spec.c sockets/descriptor_name.c sockets/bound_address.c report.c) \
    $(addprefix systemfd/posix/,unix_spec.c open.c address_in_use.c socket_owner.c sock_diag.c remove_at_exit.c)
$(FUZZ_BUILD)/address: FUZZ_WRAP = socket setsockopt bind listen getsockname open64
$(FUZZ_BUILD)/ignore: systemfd/devserver/ignore.c systemfd/posix/glob.c systemfd/report.c win32/glob.c
$(FUZZ_BUILD)/ignore: FUZZ_INCLUDED = win32/glob.c
$(FUZZ_BUILD)/git: systemfd/devserver/git_answers.c systemfd/report.c
$(FUZZ_BUILD)/page: systemfd/clock.c systemfd/posix/now.c systemfd/report.c $(addprefix systemfd/page/,visit.c answers.c buffer.c \
    error_page.c allowed_hosts.c terminal_text.c)
$(FUZZ_BUILD)/page: FUZZ_INCLUDED = systemfd/page/answers.c
$(FUZZ_BUILD)/page: FUZZ_WRAP = recv send shutdown close
$(FUZZ_BUILD)/options: systemfd/options.c systemfd/sockets/spec.c systemfd/sockets/descriptor_name.c \
    systemfd/posix/unix_spec.c
$(FUZZ_BUILD)/options: FUZZ_WRAP = exit printf
$(FUZZ_BUILD)/owner: systemfd/report.c systemfd/sockets/spec.c systemfd/sockets/descriptor_name.c \
    $(addprefix systemfd/posix/,unix_spec.c socket_owner.c sock_diag.c)
$(FUZZ_BUILD)/owner: FUZZ_WRAP = socket connect send recv close getsockname getpeername
$(FUZZ_BUILD)/notify: $(addprefix systemfd/,report.c devserver/said.c sockets/descriptor_name.c \
    $(addprefix posix/,notify.c message.c store_request.c))
$(FUZZ_BUILD)/notify: FUZZ_WRAP = recvmsg geteuid getpgid close
$(FUZZ_BUILD)/proc: $(addprefix systemfd/posix/,accepting.c process_tree.c)
$(FUZZ_BUILD)/proc: FUZZ_WRAP = open read close opendir readdir closedir dirfd readlinkat fopen \
    fstat getsockopt getpgid process_vm_readv
# Code for Windows: windows/ is as much of its headers as this code needs.
$(FUZZ_BUILD)/answer: listenfd.c
$(FUZZ_BUILD)/request: win32/socket_client.c win32/secret.c systemfd/report.c
$(addprefix $(FUZZ_BUILD)/,answer request): FUZZ_FLAGS += -D_WIN32 -Itests/fuzz/windows \
    -iquote win32

FUZZ_HEADERS = $(wildcard listenfd.h systemfd/*.h systemfd/*/*.h win32/*.h tests/fuzz/*.h tests/fuzz/windows/*.h)
FUZZERS = $(FUZZ_TARGETS:%=$(FUZZ_BUILD)/%)

# Empty where clang or its libFuzzer is missing: then tests/fuzz/run says what to install.
HAVE_FUZZER := $(if $(shell command -v $(FUZZ_CC)),\
    $(wildcard $(shell $(FUZZ_CC) -print-resource-dir 2>/dev/null)/lib/*/libclang_rt.fuzzer*))

.PHONY: fuzz fuzzers
fuzz: fuzzers
	BUILD=$(BUILD) FUZZ_SECONDS=$(FUZZ_SECONDS) FUZZ_SEED=0 tests/fuzz/run

# A suite for tests/run: its short form, with the same inputs each time.
FUZZ_SUITE = ./tests/fuzz/run
tests/fuzz/run: fuzzers

fuzzers: $(if $(HAVE_FUZZER),$(FUZZERS))

$(FUZZERS): $(FUZZ_BUILD)/%: tests/fuzz/targets/%.c tests/fuzz/input.c $(FUZZ_HEADERS)
	@mkdir -p $(@D)
	$(FUZZ_CC) $(FUZZ_FLAGS) -o $@ $(filter-out $(FUZZ_INCLUDED),$(filter %.c,$^)) \
	    $(call wrap,$(FUZZ_WRAP))
