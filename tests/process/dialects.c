/* SPDX-License-Identifier: MIT
 * Two files, copied into another tree: they compile there alone, silently, whatever the
 * language, the compiler and the host's own definitions. */
#include "folder.h"
#include "process.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WARNINGS "-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wundef -Werror"

static char *folder; /* nothing else is in it */

static const char *const c_compilers[] = {"gcc", "clang"};
static const char *const cxx_compilers[] = {"g++", "clang++"};
static const char *const c_dialects[] = {"c99", "c11", "c17", "gnu99", "gnu11", "gnu17"};
static const char *const cxx_dialects[] = {"c++11", "c++17", "c++20"};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static void write_host(const char *name, const char *text)
{
    char *path = path_in(folder, name);

    write_file(path, text);
    free(path);
}

/* In the folder; 0 exit status and no output at all. */
static void check_silent(const char *command)
{
    char *output;
    int status = shell_status(&output, "cd '%s' && %s", folder, command);

    if (status != 0 || *output)
        fail_msg("exit status %d of: %s\n%s", status, command, output);
    free(output);
}

static void compile(const char *compiler, const char *options, const char *files)
{
    char command[512];

    snprintf(command, sizeof command, "%s " WARNINGS " %s %s", compiler, options, files);
    check_silent(command);
}

/* With each of them that is there, in each dialect. */
static void compile_everywhere(const char *const *compilers, const char *const *dialects,
                               size_t count, const char *options, const char *files)
{
    char all_options[256];
    int any = 0;

    for (int i = 0; i < 2; i++) {
        if (!have_program(compilers[i]))
            continue;
        any = 1;
        for (size_t j = 0; j < count; j++) {
            snprintf(all_options, sizeof all_options, "-std=%s %s", dialects[j], options);
            compile(compilers[i], all_options, files);
        }
    }
    if (!any)
        skip_because("neither %s nor %s is here", compilers[0], compilers[1]);
}

static void compile_c(const char *options, const char *files)
{
    compile_everywhere(c_compilers, c_dialects, COUNT(c_dialects), options, files);
}

static void compile_cxx(const char *options, const char *files)
{
    compile_everywhere(cxx_compilers, cxx_dialects, COUNT(cxx_dialects), options, files);
}

/* ---- The library ---- */

static void test_library_as_c(void **state)
{
    (void)state;
    compile_c("-fsyntax-only", "listenfd.c");
}

static void test_library_as_cxx(void **state)
{
    (void)state;
    compile_cxx("-x c++ -fsyntax-only", "listenfd.c");
}

/* Each level finds other warnings. */
static void test_optimization_levels(void **state)
{
    static const char *const levels[] = {"-O0 -g", "-Os", "-O2", "-O3", "-x c++ -O2"};

    (void)state;
    for (int i = 0; i < 2; i++)
        for (size_t j = 0; have_program(c_compilers[i]) && j < COUNT(levels); j++) {
            char options[64];
            snprintf(options, sizeof options, "%s -c -o listenfd.o", levels[j]);
            compile(c_compilers[i], options, "listenfd.c");
        }
}

static void test_more_warnings(void **state)
{
    static const char *const dialect[] = {"gnu17"}, *const clang[] = {"clang", "clang"};

    (void)state;
    compile_everywhere(c_compilers, dialect, 1,
                       "-Wstrict-prototypes -Wmissing-prototypes -Wcast-qual -Wwrite-strings "
                       "-Wformat=2 -Wformat-nonliteral -Wmissing-format-attribute -Wswitch-enum "
                       "-Wvla -Wpointer-arith -O2 -c -o listenfd.o",
                       "listenfd.c");
    compile_everywhere(clang, dialect, 1,
                       "-Weverything -Wno-padded -Wno-declaration-after-statement "
                       "-Wno-reserved-identifier -Wno-unused-macros -Wno-disabled-macro-expansion "
                       "-Wno-unsafe-buffer-usage -Wno-unknown-warning-option "
                       "-O2 -c -o listenfd.o",
                       "listenfd.c");
}

static void test_definitions_of_the_host(void **state)
{
    static const char *const definitions[] = {
        "-D_GNU_SOURCE",
        "-D_GNU_SOURCE=1",
        "-D_POSIX_C_SOURCE=199309L",
        "-D_POSIX_C_SOURCE=200112L",
        "-D_POSIX_C_SOURCE=200809L",
        "-D_XOPEN_SOURCE=500",
        "-D_XOPEN_SOURCE=700",
        "-D_DEFAULT_SOURCE",
        "-D_FILE_OFFSET_BITS=64",
        "-D_FILE_OFFSET_BITS=64 -D_LARGEFILE_SOURCE -D_REENTRANT -DNDEBUG",
        "-fvisibility=hidden",
        "-funsigned-char -fshort-enums",
    };
    static const char *const dialect[] = {"c99"};
    char options[128];

    (void)state;
    for (size_t i = 0; i < COUNT(definitions); i++) {
        snprintf(options, sizeof options, "%s -fsyntax-only", definitions[i]);
        compile_everywhere(c_compilers, dialect, 1, options, "listenfd.c");
    }
}

/* Linux's extensions, and what macOS lacks of its own, taken away. */
static void test_without_extensions(void **state)
{
    (void)state;
    write_host("plain.c", "#define _GNU_SOURCE\n"
                          "#undef __linux__\n"
                          "#include <sys/socket.h>\n"
                          "#undef SO_PROTOCOL\n"
                          "#undef SOCK_CLOEXEC\n"
                          "#include \"listenfd.c\"\n");
    compile_everywhere(c_compilers, (const char *const[]){"c99"}, 1, "-O2 -c -o plain.o",
                       "plain.c");
}

/* ---- The header ---- */

static void test_header_alone(void **state)
{
    static const char host[] = "#include \"listenfd.h\"\n"
                               "#include \"listenfd.h\"\n"
                               "int host(struct listenfd *lfd, listenfd_socket *fd);\n"
                               "int host(struct listenfd *lfd, listenfd_socket *fd)\n"
                               "{\n"
                               "    *fd = LISTENFD_INVALID_SOCKET;\n"
                               "    return listenfd_take_tcp_listener(lfd, 0, fd);\n"
                               "}\n";

    (void)state;
    write_host("host.c", host);
    compile_c("-fsyntax-only", "host.c");
    compile_everywhere(c_compilers, (const char *const[]){"c90", "gnu90"}, 2, "-fsyntax-only",
                       "host.c");
    compile_cxx("-x c++ -fsyntax-only", "host.c");
    compile_cxx("-x c++ -Wold-style-cast -fsyntax-only", "host.c");
}

/* Half of the world's servers have a variable of that name. */
static void test_its_name_is_free(void **state)
{
    static const char host[] = "#include \"listenfd.h\"\n"
                               "int host(void);\n"
                               "static int listenfd = -1;\n"
                               "int host(void)\n"
                               "{\n"
                               "    int listenfd_ = listenfd;\n"
                               "    {\n"
                               "        int lfd = listenfd_;\n"
                               "        struct listenfd *passed = listenfd_from_env(0);\n"
                               "        listenfd_free(passed);\n"
                               "        return lfd;\n"
                               "    }\n"
                               "}\n";

    (void)state;
    write_host("host.c", host);
    compile_c("-fsyntax-only", "host.c");
    compile_cxx("-x c++ -fsyntax-only", "host.c");
}

static void test_header_brings_no_platform_header(void **state)
{
    (void)state;
    write_host("host.c", "#include \"listenfd.h\"\n");
    if (!have_program("gcc"))
        skip_because("gcc is not here");
    check_silent("gcc -E host.c | grep -E 'sys/socket|unistd|windows|winsock|sockaddr_|stdio'"
                 " || test $? = 1");
}

static const char careless_host[] = "#include \"listenfd.h\"\n"
                                    "void host(struct listenfd *l, listenfd_socket *fd);\n"
                                    "void host(struct listenfd *l, listenfd_socket *fd)\n"
                                    "{\n"
                                    "    listenfd_from_env(0);\n"
                                    "    listenfd_take_tcp_listener(l, 0, fd);\n"
                                    "    listenfd_take_tcp_stream(l, 0, fd);\n"
                                    "    listenfd_take_udp_socket(l, 0, fd);\n"
                                    "    listenfd_take_unix_listener(l, 0, fd);\n"
                                    "    listenfd_take_unix_stream(l, 0, fd);\n"
                                    "    listenfd_take_unix_datagram(l, 0, fd);\n"
                                    "    listenfd_take_unix_seqpacket_listener(l, 0, fd);\n"
                                    "    listenfd_take_custom(l, 0, 0, 0, 0, -1, fd);\n"
                                    "    listenfd_take_raw(l, 0, fd);\n"
                                    "    listenfd_take_or_bind(l, 0, \":0\", fd);\n"
                                    "    listenfd_take_stream_listener(l, 0, fd);\n"
                                    "}\n";

/* "1" and "0" and "negative" are three answers: who looks at none of them is told. */
static void test_unused_results_are_told(void **state)
{
    (void)state;
    write_host("careless.c", careless_host);
    for (int i = 0; i < 2; i++) {
        char *output;
        if (!have_program(c_compilers[i]))
            continue;
        output = shell("cd '%s' && %s -c -o careless.o careless.c 2>&1 | grep -c unused-result",
                       folder, c_compilers[i]);
        assert_string_equal(output, "12\n");
        free(output);
    }
}

/* ---- Embedding ---- */

static const char embedding_host[] = "#define LISTENFD_API static\n"
                                     "#include \"listenfd.c\"\n"
                                     "int main(void)\n"
                                     "{\n"
                                     "    struct listenfd *lfd = listenfd_from_env(0);\n"
                                     "    int status = listenfd_status(lfd);\n"
                                     "    listenfd_free(lfd);\n"
                                     "    return status;\n"
                                     "}\n";

static void test_embedded(void **state)
{
    (void)state;
    write_host("host.c", embedding_host);
    compile_c("-O0 -c -o host.o", "host.c");
    compile_cxx("-x c++ -O0 -c -o host.o", "host.c");
}

/* A host that has a function for every word of the source which is not the system's. */
static void test_embedded_among_all_its_words(void **state)
{
    static const char *const compilers[] = {"gcc", "clang", "x86_64-w64-mingw32-gcc"};

    (void)state;
    for (size_t i = 0; i < COUNT(compilers); i++) {
        if (!have_program(compilers[i]))
            continue;
        free(shell("tests/lint/words.sh %s >'%s/wordy.c'", compilers[i], folder));
        free(shell("test $(grep -c return '%s/wordy.c') -gt 100", folder));
        free(shell("cd '%s' && %s -D_GNU_SOURCE -Wall -Wextra -c -o wordy.o wordy.c 2>&1", folder,
                   compilers[i]));
    }
}

/* Inlined into its callers, it has other warnings at each level. */
static void test_embedded_and_optimized(void **state)
{
    static const char *const levels[] = {"-O1", "-O2", "-O3", "-Os"};
    char options[64];

    (void)state;
    if (!have_program("gcc"))
        skip_because("gcc is not here");
    write_host("taking.c", "#define LISTENFD_API static\n#include \"listenfd.c\"\n"
                           "int main(void)\n{\n"
                           "    struct listenfd *lfd = listenfd_from_env(0);\n"
                           "    listenfd_socket fd;\n"
                           "    return listenfd_take_tcp_listener(lfd, 0, &fd) +\n"
                           "           listenfd_take_or_bind(lfd, 1, \"127.0.0.1:0\", &fd);\n}\n");
    for (size_t i = 0; i < 4; i++) {
        snprintf(options, sizeof options, "-std=c99 %s -c -o taking.o", levels[i]);
        compile("gcc", options, "taking.c");
    }
}

static void test_embedded_is_invisible(void **state)
{
    (void)state;
    if (!have_program("gcc") || !have_program("nm"))
        skip_because("gcc or nm is not here");
    write_host("host.c", embedding_host);
    compile("gcc", "-std=c99 -O0 -c -o host.o", "host.c");
    check_silent("test \"$(nm -g --defined-only host.o | sed 's/.* //')\" = main");
    check_silent("! nm -u host.o | grep listenfd");
}

static void test_embedded_unused(void **state)
{
    (void)state;
    write_host("unused.c", "#define LISTENFD_API static\n#include \"listenfd.c\"\n"
                           "int main(void)\n{\n    return 0;\n}\n");
    compile_c("-O0 -c -o unused.o", "unused.c");
}

/* Two modules of one program have each their own copy. */
static void test_embedded_twice(void **state)
{
    (void)state;
    if (!have_program("gcc"))
        skip_because("gcc is not here");
    write_host("host.c", embedding_host);
    write_host("module.c", "#define LISTENFD_API static\n#include \"listenfd.c\"\n"
                           "const char *module(void);\n"
                           "const char *module(void)\n{\n    return listenfd_version();\n}\n");
    compile("gcc", "-std=c99 -O2 -o host", "host.c module.c");
    compile("gcc", "-std=c99 -O2 -o host", "host.c module.c listenfd.c"); /* and the library's */
    check_silent("./host");
}

/* In the middle of a file, after the host's own headers. */
static void test_embedded_after_other_headers(void **state)
{
    static const char *const c[] = {"gnu99", "gnu17"}, *const cxx[] = {"gnu++11", "gnu++17"};

    (void)state;
    write_host("late.c", "#include <stdio.h>\n#include <string.h>\n#include <sys/socket.h>\n"
                         "#define LISTENFD_API static\n#include \"listenfd.c\"\n"
                         "int main(void)\n{\n    return puts(listenfd_version());\n}\n");
    compile_everywhere(c_compilers, c, 2, "-fsyntax-only", "late.c");
    compile_everywhere(cxx_compilers, cxx, 2, "-x c++ -fsyntax-only", "late.c");
}

/* ---- Linking ---- */

static void test_cxx_program_with_c_library(void **state)
{
    (void)state;
    if (!have_program("gcc") || !have_program("g++"))
        skip_because("gcc or g++ is not here");
    write_host("host.cc", "#include \"listenfd.h\"\n"
                          "int main()\n"
                          "{\n"
                          "    struct listenfd *passed = listenfd_from_env(LISTENFD_NONBLOCK);\n"
                          "    int status = listenfd_status(passed);\n"
                          "    listenfd_free(passed);\n"
                          "    return status;\n"
                          "}\n");
    compile("gcc", "-O2 -c -o listenfd.o", "listenfd.c");
    compile("g++", "-O2 -o host", "host.cc listenfd.o");
    check_silent("./host");
}

static void test_only_its_own_symbols(void **state)
{
    (void)state;
    if (!have_program("gcc") || !have_program("nm"))
        skip_because("gcc or nm is not here");
    compile("gcc", "-O2 -fno-pie -c -o listenfd.o", "listenfd.c");
    check_silent("! nm -g --defined-only listenfd.o | grep -v ' T listenfd_'");
    check_silent("! nm listenfd.o | grep -i ' [bdcgs] '"); /* no global state */
    compile("gcc", "-O2 -fPIC -fvisibility=hidden -shared -o hidden.so", "listenfd.c");
    check_silent("! nm -D --defined-only hidden.so | grep listenfd");
}

/* gcc's idea of -Os: clang's trades more of the size for speed. */
static void test_size(void **state)
{
    (void)state;
    if (shell_status(NULL, "test \"$(uname -m)\" = x86_64") != 0)
        skip_because("the limit is for x86-64");
    if (!have_program("gcc") || !have_program("size"))
        skip_because("gcc or size is not here");
    compile("gcc", "-Os -c -o listenfd.o", "listenfd.c");
    check_silent("size -A listenfd.o | awk '/^\\.text/ { sum += $2 } "
                 "END { if (sum > 10240 || sum == 0) { print sum; exit 1 } }'");
}

static int copy_the_two_files(void **state)
{
    (void)state;
    folder = folder_create();
    free(shell("cp listenfd.h listenfd.c '%s'", folder));
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    folder_remove(folder);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_library_as_c),
        cmocka_unit_test(test_library_as_cxx),
        cmocka_unit_test(test_optimization_levels),
        cmocka_unit_test(test_more_warnings),
        cmocka_unit_test(test_definitions_of_the_host),
        cmocka_unit_test(test_without_extensions),
        cmocka_unit_test(test_header_alone),
        cmocka_unit_test(test_its_name_is_free),
        cmocka_unit_test(test_header_brings_no_platform_header),
        cmocka_unit_test(test_unused_results_are_told),
        cmocka_unit_test(test_embedded),
        cmocka_unit_test(test_embedded_among_all_its_words),
        cmocka_unit_test(test_embedded_and_optimized),
        cmocka_unit_test(test_embedded_is_invisible),
        cmocka_unit_test(test_embedded_unused),
        cmocka_unit_test(test_embedded_twice),
        cmocka_unit_test(test_embedded_after_other_headers),
        cmocka_unit_test(test_cxx_program_with_c_library),
        cmocka_unit_test(test_only_its_own_symbols),
        cmocka_unit_test(test_size),
    };

    return cmocka_run_group_tests(tests, copy_the_two_files, remove_folder);
}
