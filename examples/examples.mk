# The examples: each source of this folder is a whole program, build/examples/NAME.

# Those that need more than a C compiler, with what pkg-config and Debian call the library.
EXAMPLE_LIBRARIES = gio=gio-2.0=libglib2.0-dev libevent=libevent=libevent-dev \
    libmicrohttpd=libmicrohttpd=libmicrohttpd-dev libuv=libuv=libuv1-dev
EXAMPLE_MODULES = $(foreach entry,$(EXAMPLE_LIBRARIES),$(word 2,$(subst =, ,$(entry))))
EXAMPLE_PACKAGES = $(foreach entry,$(EXAMPLE_LIBRARIES),$(word 3,$(subst =, ,$(entry))))
# For the analyzers.
EXAMPLE_INCLUDES = $(shell pkg-config --cflags $(EXAMPLE_MODULES))

# Elsewhere than on Linux there are those that need nothing but POSIX; on Windows, which passes no
# unix sockets, there is one.
EXAMPLE_SOURCES = $(if $(findstring linux,$(TARGET)),$(wildcard examples/*.c examples/*.cpp),\
    examples/hello.c $(if $(WINDOWS),,$(patsubst %,examples/%.c,control poll threads prefork)))
EXAMPLES = $(patsubst examples/%,$(BUILD)/examples/%$(EXE),$(basename $(EXAMPLE_SOURCES)))

CXXFLAGS ?= -O2 -g

examples: $(EXAMPLES)

$(BUILD)/examples/threads: EXAMPLE_FLAGS = -pthread

$(BUILD)/examples/%$(EXE): examples/%.c $(STATIC_LIBRARY)
	@mkdir -p $(@D)
	$(COMPILE) $(EXAMPLE_FLAGS) $(if $(WINDOWS),-static) $(LDFLAGS) -o $@ $< $(STATIC_LIBRARY) $(LIBS_PRIVATE)

# A library counts as there when it can be linked: pkg-config may speak for another target.
library = $(subst =, ,$(filter $(@F)=%,$(EXAMPLE_LIBRARIES)))
pkg_config = $(shell pkg-config $1 $(word 2,$(library)) 2>/dev/null)
links = $(shell test -n '$1' && echo 'int main(void) { return 0; }' | \
    $(CC) $(CFLAGS) $(LDFLAGS) -o $@ -x c - $1 2>/dev/null && echo yes)
LEAVE_OUT = @echo '$@ is left out: there is no $(word 2,$(library)) (Debian: $(word 3,$(library)))'

$(addprefix $(BUILD)/examples/,gio libevent libmicrohttpd libuv): $(BUILD)/examples/%: examples/%.c $(STATIC_LIBRARY)
	@mkdir -p $(@D)
	$(if $(call links,$(call pkg_config,--libs)),$(COMPILE) $(call pkg_config,--cflags) $(LDFLAGS) -o $@ $< $(STATIC_LIBRARY) $(call pkg_config,--libs),$(LEAVE_OUT))

# With the library compiled as C++, so that it does not matter which C compiler made the other.
$(BUILD)/examples/raii: examples/raii.cpp listenfd.c listenfd.h
	@mkdir -p $(@D)
	$(if $(shell command -v $(CXX) 2>/dev/null),$(CXX) -std=c++17 -pthread -I. $(filter-out -Wstrict-prototypes,$(WARNINGS)) $(CPPFLAGS) $(CXXFLAGS) $(LDFLAGS) -o $@ -x c++ examples/raii.cpp listenfd.c,@echo '$@ is left out: there is no $(CXX) (Debian: g++)')

devserver: $(BUILD)/systemfd
	$(BUILD)/systemfd -s http::5000 --watch examples --build '$(MAKE) $(BUILD)/examples/hello' \
	    -- $(BUILD)/examples/hello

demo: $(BUILD)/systemfd $(BUILD)/examples/hello $(BUILD)/tests/load/load
	$(BUILD)/systemfd --no-pid -s http::0 -- sh examples/demo.sh $(BUILD)
