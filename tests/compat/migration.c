/* SPDX-License-Identifier: MIT
 * The code in examples/sd-daemon-compat/README.md: taken out of the page, compiled, and run with
 * passed sockets. What is there before, with libsystemd and with the header in its place, and
 * after take the same ones. */
#include "folder.h"
#include "page.h"
#include "process.h"
#include "sockets.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PAGE "examples/sd-daemon-compat/README.md"

static char *folder, *root, *page;
static int have_libsystemd;

/* A section of the page, and the program around each of its two blocks. */
struct pattern {
    const char *heading, *name;
    const char *main_before, *main_after;
};

static const struct pattern one_socket = {
    "### One socket", "one",
    "int main(void) { begin(); show(\"listener\", open_listener()); return 0; }\n", NULL};
static const struct pattern by_name = {
    "### By name", "name",
    "int main(void) { int web, admin; begin(); if (open_sockets(&web, &admin) != 0) return 1;\n"
    "    show(\"web\", web); show(\"admin\", admin); return 0; }\n",
    NULL};
static const struct pattern by_address = {
    "### By address", "address",
    "int main(int argc, char **argv) { begin();\n"
    "    while (--argc) show(\"port\", open_port((uint16_t)atoi(*++argv)));\n"
    "    return 0; }\n",
    "int main(int argc, char **argv) { struct listenfd *passed; begin(); passed = "
    "listenfd_from_env(0);\n"
    "    while (--argc) show(\"port\", open_port(passed, (uint16_t)atoi(*++argv)));\n"
    "    listenfd_free(passed); return 0; }\n"};
static const struct pattern all_of_them = {
    "### All of them", "all", "int main(void) { begin(); serve_all(); puts(\"end\"); return 0; }\n",
    NULL};
static const struct pattern one_connection = {
    "### One connection", "connection",
    "int main(void) { begin(); show(\"connection\", take_connection()); return 0; }\n", NULL};

static const struct pattern ready = {
    "### Ready, and the watchdog", "ready",
    "int main(void) { uint64_t usec = 0; int told = start_serving(&usec);\n"
    "    printf(\"told %d, every %llu\\n\", told, (unsigned long long)usec); return 0; }\n",
    NULL};

static const struct pattern *const patterns[] = {&one_socket,  &by_name,        &by_address,
                                                 &all_of_them, &one_connection, &ready};
enum { PATTERNS = sizeof patterns / sizeof patterns[0] };

/* ---- Compiling ---- */

static void write_program(const char *name, const char *variant, const char *header,
                          const char *code, const char *main_function)
{
    char *path, *text;

    assert_true(asprintf(&path, "%s/%s-%s.c", folder, name, variant) > 0);
    assert_true(asprintf(&text, "#include \"migration.h\"\n#include %s\n%s\n%s", header, code,
                         main_function) > 0);
    write_file(path, text);
    free(path);
    free(text);
}

static void compile(const struct pattern *pattern, const char *source, const char *variant,
                    const char *options)
{
    free(shell("cd '%s' && ${CC:-cc} -Wall -Wextra -Werror -I\"$ROOT\" -I\"$ROOT/tests/support\" "
               "-o %s-%s %s-%s.c %s",
               folder, pattern->name, variant, pattern->name, source, options));
}

static void compile_pattern(const struct pattern *pattern)
{
    const char *section = page_behind(page, pattern->heading);
    char *before = page_block(page_behind(section, "\nBefore:"), "c");
    char *after = page_block(page_behind(section, "\nAfter"), "c");
    const char *after_main = pattern->main_after ? pattern->main_after : pattern->main_before;

    write_program(pattern->name, "before", "<systemd/sd-daemon.h>", before, pattern->main_before);
    write_program(pattern->name, "after", "\"listenfd.h\"", after, after_main);
    compile(pattern, "after", "after", "listenfd.o");
    compile(pattern, "before", "header", "-I\"$ROOT/examples/sd-daemon-compat\" listenfd.o");
    if (have_libsystemd)
        compile(pattern, "before", "before", "$(pkg-config --cflags --libs libsystemd)");
    free(before);
    free(after);
}

static int prepare(void **state)
{
    (void)state;
    have_libsystemd = shell_status(NULL, "pkg-config --exists libsystemd") == 0;
    root = realpath(".", NULL);
    setenv("ROOT", root, 1); /* for the shell */
    folder = folder_create();
    assert_int_equal(chdir(folder), 0); /* for the paths of sockets */
    page = shell("cat \"$ROOT/" PAGE "\"");
    free(shell("${CC:-cc} -c \"$ROOT/listenfd.c\""));
    for (size_t i = 0; i < PATTERNS; i++)
        compile_pattern(patterns[i]);
    return 0;
}

static int clean_up(void **state)
{
    (void)state;
    assert_int_equal(chdir(root), 0);
    folder_remove(folder);
    free(page);
    free(root);
    return 0;
}

/* No block of the page is left out here. */
static void test_every_block_is_compiled(void **state)
{
    (void)state;
    assert_int_equal(page_count_blocks(page, "c"), 2 * PATTERNS);
}

/* ---- Running ---- */

struct passing {
    const int *sockets;
    size_t count;
    const char *names;
    const char *arguments[2];
    const char *notify_socket; /* the whole variable */
};
#define PASS(array, number, ...)                           \
    (struct passing)                                       \
    {                                                      \
        .sockets = (array), .count = (number), __VA_ARGS__ \
    }

static void run(const struct pattern *pattern, const char *variant, const struct passing *passing,
                const char *expected)
{
    char fds[32], names[64], *program;
    const char *variables[] = {"LISTEN_PID=$PID", fds, NULL, NULL, NULL, NULL},
               **next = variables + 2;
    const char *argv[] = {NULL, passing->arguments[0], passing->arguments[1], NULL};
    struct launch launch = {.argv = argv,
                            .environ_ = variables,
                            .descriptors = passing->sockets,
                            .count = passing->count,
                            .folder = folder};
    struct process process;

    if (passing->names)
        *next++ = names;
    if (passing->notify_socket) {
        *next++ = passing->notify_socket;
        *next = "WATCHDOG_USEC=30000000";
    }
    assert_true(asprintf(&program, "%s/%s-%s", folder, pattern->name, variant) > 0);
    argv[0] = program;
    snprintf(fds, sizeof fds, "LISTEN_FDS=%zu", passing->count);
    snprintf(names, sizeof names, "LISTEN_FDNAMES=%s", passing->names ? passing->names : "");
    process_start(&process, &launch);
    process_wait(&process);
    if (strcmp(process.text ? process.text : "", expected) != 0)
        print_message("%s, %s: '%s', expected '%s'\n", pattern->heading, variant, process.text,
                      expected);
    assert_string_equal(process.text, expected);
    process_discard(&process);
    free(program);
}

static void check(const struct pattern *pattern, struct passing passing, const char *expected)
{
    run(pattern, "after", &passing, expected);
    run(pattern, "header", &passing, expected);
    if (!have_libsystemd)
        skip_because("libsystemd-dev is not installed");
    run(pattern, "before", &passing, expected);
}

static void close_all(const int *sockets, size_t count)
{
    for (size_t i = 0; i < count; i++)
        close(sockets[i]);
}

static void test_one_socket(void **state)
{
    const int tcp[] = {internet_socket(SOCK_STREAM, "127.0.0.1"),
                       internet_socket(SOCK_STREAM, "::1")};
    const int udp[] = {internet_socket(SOCK_DGRAM, "127.0.0.1")};

    (void)state;
    check(&one_socket, PASS(tcp, 1), "listener: socket 0\n");
    check(&one_socket, PASS(tcp, 2), "listener: none\n");
    check(&one_socket, PASS(udp, 1), "listener: none\n");
    close_all(tcp, 2);
    close_all(udp, 1);
}

static void test_by_name(void **state)
{
    const int web_first[] = {internet_socket(SOCK_STREAM, "127.0.0.1"),
                             unix_socket(SOCK_STREAM, abstract_name("migration"))};
    const int admin_first[] = {web_first[1], web_first[0]};

    (void)state;
    check(&by_name, PASS(web_first, 2, .names = "web:admin"), "web: socket 0\nadmin: socket 1\n");
    check(&by_name, PASS(admin_first, 2, .names = "admin:web"), "web: socket 1\nadmin: socket 0\n");
    check(&by_name, PASS(web_first, 1, .names = "web"), "web: socket 0\nadmin: bound here\n");
    close_all(web_first, 2);
}

static void test_by_address(void **state)
{
    const int sockets[] = {internet_socket(SOCK_STREAM, "127.0.0.1"),
                           internet_socket(SOCK_STREAM, "127.0.0.1")};
    char first[16], second[16];

    (void)state;
    snprintf(first, sizeof first, "%d", port_of_socket(sockets[0]));
    snprintf(second, sizeof second, "%d", port_of_socket(sockets[1]));
    check(&by_address, PASS(sockets, 2, .arguments = {second, first}),
          "port: socket 1\nport: socket 0\n");
    close_all(sockets, 2);
}

static void test_all_of_them(void **state)
{
    const int sockets[] = {
        internet_socket(SOCK_DGRAM, "::1"), unix_socket(SOCK_STREAM, abstract_name("admin")),
        unix_socket(SOCK_DGRAM, abstract_name("nobody")), internet_socket(SOCK_STREAM, "::1")};

    (void)state;
    check(&all_of_them, PASS(sockets, 4),
          "datagrams: socket 0\nadmin: socket 1\nweb: socket 3\nend\n");
    check(&all_of_them, PASS(sockets, 0), "end\n");
    close_all(sockets, 4);
}

static void test_one_connection(void **state)
{
    int client;
    const int connection[] = {tcp_connection(&client)};
    const int listener[] = {internet_socket(SOCK_STREAM, "127.0.0.1")};

    (void)state;
    check(&one_connection, PASS(connection, 1), "connection: socket 0\n");
    check(&one_connection, PASS(listener, 1), "connection: none\n");
    check(&one_connection, PASS(listener, 0), "connection: none\n");
    close_all(connection, 1);
    close_all(listener, 1);
    close(client);
}

static void test_ready(void **state)
{
    const char *where = abstract_name("ready");
    const int systemd = unix_socket(SOCK_DGRAM, where);
    char text[64], variable[128];

    (void)state;
    snprintf(variable, sizeof variable, "NOTIFY_SOCKET=%s", where);
    check(&ready, PASS(NULL, 0), "told 0, every 0\n");
    check(&ready, PASS(NULL, 0, .notify_socket = variable), "told 1, every 15000000\n");
    for (int i = 0; i < 2 + have_libsystemd; i++) {
        assert_int_equal(recv(systemd, text, sizeof text, MSG_DONTWAIT), 22);
        assert_memory_equal(text, "READY=1\nSTATUS=serving", 22);
    }
    close(systemd);
}

/* ---- Step 1 ---- */

static const char program[] = "#include <systemd/sd-daemon.h>\n"
                              "int main(void)\n"
                              "{\n"
                              "    return sd_listen_fds(1) < 0;\n"
                              "}\n";

/* The page's own command. */
static void test_only_the_build_changes(void **state)
{
    char *command = page_block(page_behind(page, "## Step 1"), "sh");

    (void)state;
    free(shell("mkdir compat && cd \"$ROOT\" && "
               "cp -r examples/sd-daemon-compat/systemd listenfd.[ch] '%s/compat'",
               folder));
    write_file("server.c", program);
    free(shell("%s", command));
    free(shell("./server && ! ldd server | grep systemd"));
    free(command);
}

/* In the dialects and with the warnings that programs are built with. */
static void test_header_in_every_dialect(void **state)
{
    static const char *const compilers[] = {"gcc -std=c99 -D_POSIX_C_SOURCE=200809L",
                                            "gcc -std=gnu17",
                                            "clang -std=c99 -D_POSIX_C_SOURCE=200809L",
                                            "g++ -x c++ -std=c++11", "clang++ -x c++ -std=c++17"};

    (void)state;
    write_file("program.c", program);
    for (size_t i = 0; i < sizeof compilers / sizeof compilers[0]; i++) {
        if (shell_status(NULL, "command -v %.*s", (int)strcspn(compilers[i], " "), compilers[i]))
            skip_because("gcc, g++ or clang is not here");
        free(shell("%s -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wundef -Werror "
                   "-fsyntax-only -I\"$ROOT\" -I\"$ROOT/examples/sd-daemon-compat\" program.c",
                   compilers[i]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_block_is_compiled),
        cmocka_unit_test(test_one_socket),
        cmocka_unit_test(test_by_name),
        cmocka_unit_test(test_by_address),
        cmocka_unit_test(test_all_of_them),
        cmocka_unit_test(test_one_connection),
        cmocka_unit_test(test_ready),
        cmocka_unit_test(test_only_the_build_changes),
        cmocka_unit_test(test_header_in_every_dialect),
    };

    return cmocka_run_group_tests(tests, prepare, clean_up);
}
