/* SPDX-License-Identifier: MIT
 * Each example, copied out of the tree, is compiled against an installed library by the command
 * line in its first comment, without a warning; and what comes out serves. */
#include "devserver.h"
#include "folder.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *own_path; /* the PATH without build/tests, where install is a folder */

static int find_all_programs(void **state)
{
    own_path = strdup(getenv("PATH"));
    assert_non_null(own_path);
    return find_programs_and_orphans(state);
}

/* Below PREFIX of this project's folder; the build folder has it all, and is not changed. */
static int install(void **state)
{
    const char *build = getenv("BUILD");

    create_project(state);
    free(shell("PATH='%s' make -s BUILD='%s' CC='%s' DESTDIR= PREFIX='%s/prefix' install 2>&1",
               own_path, build ? build : "build", getenv("CC") ? getenv("CC") : "cc", project));
    free(shell("cp examples/*.c examples/*.cpp '%s'", project));
    return 0;
}

/* "cc -o libuv libuv.c $(pkg-config ...)", without the "cc". */
static char *rest_of_command(const char *source)
{
    char *line = shell("sed -n 's,^[ /*]*c[c+]* \\(-.*pkg-config .*\\)$,\\1,p' '%s'", source);
    char *end = strchr(line, '\n');

    if (!end || end[1] != '\0')
        fail_msg("not one line that compiles it, but '%s', in %s", line, source);
    *end = '\0';
    return line;
}

static void compile(const char *compiler, const char *source)
{
    char *rest = rest_of_command(source);

    free(shell("cd '%s' && export PKG_CONFIG_PATH=\"$PWD/prefix/lib/pkgconfig\" && "
               "%s -Wall -Wextra -Wpedantic -Werror %s 2>&1",
               project, compiler, rest));
    free(rest);
}

static void need_module(const char *module, const char *package)
{
    if (shell_status(NULL, "pkg-config --exists %s", module) != 0)
        skip_because("there is no %s: it needs %s", module, package);
}

/* The shared library is the installed one. */
static void expect_to_serve(const char *program)
{
    char *libraries = path_in(project, "prefix/lib"), *answer;

    setenv("LD_LIBRARY_PATH", libraries, 1);
    START("-s", "http::0", "--", program);
    unsetenv("LD_LIBRARY_PATH");
    answer = ask(ports[0], "/");
    assert_non_null(strstr(answer, "\r\n\r\nhello from process "));
    free(answer);
    free(libraries);
    process_signal(&systemfd, SIGTERM);
    assert_exits(0);
}

static void test_plain(void **state)
{
    static const char *const sources[] = {
        "examples/hello.c",   "examples/control.c", "examples/epoll.c",     "examples/poll.c",
        "examples/threads.c", "examples/prefork.c", "examples/connection.c"};

    (void)state;
    need_module("--version", "pkg-config");
    for (size_t i = 0; i < sizeof sources / sizeof sources[0]; i++)
        compile("cc", sources[i]);
    expect_to_serve("./epoll");
}

static void test_libraries(void **state)
{
    (void)state;
    need_module("libuv", "libuv1-dev");
    need_module("libevent", "libevent-dev");
    need_module("libmicrohttpd", "libmicrohttpd-dev");
    need_module("gio-2.0", "libglib2.0-dev");
    compile("cc", "examples/libuv.c");
    compile("cc", "examples/libevent.c");
    compile("cc", "examples/libmicrohttpd.c");
    compile("cc", "examples/gio.c");
    expect_to_serve("./libuv");
}

static void compile_and_serve(const char *compiler, const char *package)
{
    need_module("--version", "pkg-config");
    if (!have_program(compiler))
        skip_because("%s is missing: install %s", compiler, package);
    compile(compiler, "examples/raii.cpp");
    expect_to_serve("./raii");
}

static void test_gxx(void **state)
{
    (void)state;
    compile_and_serve("g++", "g++");
}

static void test_clangxx(void **state)
{
    (void)state;
    compile_and_serve("clang++", "clang");
}

#define INSTALLED(function) cmocka_unit_test_setup_teardown(function, install, remove_project)

int main(void)
{
    const struct CMUnitTest tests[] = {
        INSTALLED(test_plain),
        INSTALLED(test_libraries),
        INSTALLED(test_gxx),
        INSTALLED(test_clangxx),
    };

    return cmocka_run_group_tests(tests, find_all_programs, NULL);
}
