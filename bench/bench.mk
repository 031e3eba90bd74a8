# The benchmarks: `make bench`. How to read and repeat them is in bench/README.md.

DEBIAN_PACKAGES += python3 hyperfine valgrind gnuplot-nox libserver-starter-perl inotify-tools entr \
    libsystemd-dev

BENCH_ROUNDS ?= 20
BENCH_RESULTS ?= bench

# Where libsystemd is missing, the rest is built, and run.py says so.
HAVE_LIBSYSTEMD := $(shell pkg-config --exists libsystemd 2>/dev/null && echo yes)
BENCH_PROGRAMS = $(addprefix $(BUILD)/bench/,arrival server start-nothing start-listenfd \
    start-shared sockets-listenfd $(if $(HAVE_LIBSYSTEMD),start-libsystemd sockets-libsystemd)) \
    $(BUILD)/tests/load/load $(BUILD)/systemfd

.PHONY: bench
bench: $(BENCH_PROGRAMS)
	python3 -B bench/run.py --build $(BUILD) --compiler '$(CC) -I.' --rounds $(BENCH_ROUNDS) --npm \
	    --results $(BENCH_RESULTS) $(if $(filter bench,$(BENCH_RESULTS)),--readme README.md)

# tests/bench takes a short run.
run-suites: $(BENCH_PROGRAMS)

$(BUILD)/bench/%.o: bench/%.c
	@mkdir -p $(@D)
	$(COMPILE) -std=gnu17 -D_GNU_SOURCE -c -o $@ $<

# One program with each receiver: PROGRAM-RECEIVER.
$(BUILD)/bench/%-nothing: $(BUILD)/bench/%.o $(BUILD)/bench/receive_nothing.o
	$(LINK) -o $@ $^

$(BUILD)/bench/%-listenfd: $(BUILD)/bench/%.o $(BUILD)/bench/receive_listenfd.o $(STATIC_LIBRARY)
	$(LINK) -o $@ $^

$(BUILD)/bench/%-shared: $(BUILD)/bench/%.o $(BUILD)/bench/receive_listenfd.o $(SHARED_DEVELOPMENT)
	$(LINK) -Wl,-rpath,$(abspath $(BUILD)) -o $@ $^

$(BUILD)/bench/%-libsystemd: $(BUILD)/bench/%.o $(BUILD)/bench/receive_libsystemd.o
	$(LINK) -o $@ $^ -lsystemd

$(BUILD)/bench/server: $(BUILD)/bench/server.o $(STATIC_LIBRARY)
	$(LINK) -o $@ $^

# Static, where libc can be: so it is smaller than what it measures.
$(BUILD)/bench/arrival: $(BUILD)/bench/arrival.o
	$(LINK) -static -o $@ $^ 2>/dev/null || $(LINK) -o $@ $^

.SECONDARY: $(patsubst bench/%.c,$(BUILD)/bench/%.o,$(wildcard bench/*.c))
