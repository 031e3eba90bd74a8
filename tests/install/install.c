/* SPDX-License-Identifier: MIT
 * What `make install` puts where, what can be built with it, and that nothing of it stays
 * after `make uninstall`. Everything is built anew, once, in a folder of its own. */
#include "folder.h"
#include "process.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *built;  /* for all tests */
static char *folder; /* where one test installs */

static int create_build(void **state)
{
    (void)state;
    built = folder_create();
    return 0;
}

static int remove_build(void **state)
{
    (void)state;
    folder_remove(built);
    return 0;
}

static int create(void **state)
{
    (void)state;
    folder = folder_create();
    return 0;
}

static int destroy(void **state)
{
    (void)state;
    folder_remove(folder);
    return 0;
}

/* Plain flags: the sanitizers of the tests are none of the installed library's business. Not -s:
 * what says nothing for long is taken for stuck. */
static void make(const char *arguments)
{
    free(shell("make BUILD=%s CFLAGS=-O1 %s 2>&1", built, arguments));
}

static void stage(const char *variables, const char *target)
{
    char arguments[600];

    snprintf(arguments, sizeof arguments, "DESTDIR=%s/stage %s %s", folder, variables, target);
    make(arguments);
}

static char *staged_files(const char *which)
{
    return shell("cd %s/stage 2>/dev/null && find . -not -type d %s | LC_ALL=C sort", folder,
                 which);
}

static const char consumer[] = "#include <listenfd.h>\n"
                               "#include <stdio.h>\n"
                               "int main(void)\n"
                               "{\n"
                               "    struct listenfd *lfd = listenfd_from_env(0);\n"
                               "    puts(listenfd_version());\n"
                               "    listenfd_free(lfd);\n"
                               "    return 0;\n"
                               "}\n";

/* Each call of the header is found by its name. */
static void check_manual_links(void)
{
    char *calls = shell("tests/lint/calls.sh");
    char *links = shell("cd %s/stage/usr/share/man/man3 && for link in listenfd_*.3; do "
                        "test $(readlink $link) = listenfd.3 && basename $link .3; done",
                        folder);

    assert_string_equal(links, calls);
    free(calls);
    free(links);
}

static void test_installed_files(void **state)
{
    static const char expected[] = "./usr/bin/systemfd\n"
                                   "./usr/include/listenfd.h\n"
                                   "./usr/lib/liblistenfd.a\n"
                                   "./usr/lib/liblistenfd.so\n"
                                   "./usr/lib/liblistenfd.so.1\n"
                                   "./usr/lib/liblistenfd.so.1.0.0\n"
                                   "./usr/lib/pkgconfig/listenfd.pc\n"
                                   "./usr/share/bash-completion/completions/systemfd\n"
                                   "./usr/share/fish/vendor_completions.d/systemfd.fish\n"
                                   "./usr/share/man/man1/systemfd.1\n"
                                   "./usr/share/man/man3/listenfd.3\n"
                                   "./usr/share/man/man7/listenfd.7\n"
                                   "./usr/share/zsh/site-functions/_systemfd\n";
    char *files;

    (void)state;
    stage("PREFIX=/usr", "install");
    files = staged_files("-not -name 'listenfd_*.3'");
    assert_string_equal(files, expected);
    free(files);
    check_manual_links();
    stage("PREFIX=/usr", "uninstall");
    files = staged_files("");
    assert_string_equal(files, "");
    free(files);
}

static void test_manual_is_complete(void **state)
{
    (void)state;
    free(shell("tests/lint/manual.sh"));
    if (!have_program("mandoc"))
        skip_because("mandoc is not installed");
    free(shell("mandoc -T lint -W warning man/*"));
}

/* Another prefix after a build for the default one: the .pc file says the new one. */
static void test_pkg_config_paths(void **state)
{
    char *text;

    (void)state;
    stage("PREFIX=/opt/x LIBDIR=/opt/x/lib64", "install");
    text = shell("cat %s/stage/opt/x/lib64/pkgconfig/listenfd.pc", folder);
    assert_non_null(strstr(text, "prefix=/opt/x\nlibdir=${prefix}/lib64\n"
                                 "includedir=${prefix}/include\n"));
    assert_non_null(strstr(text, "Version: 1.0.0\n"));
    free(text);
    stage("PREFIX=/opt/x LIBDIR=/opt/x/lib64", "uninstall");

    stage("PREFIX=/opt/x LIBDIR=/elsewhere/lib", "install");
    text = shell("grep ^libdir= %s/stage/elsewhere/lib/pkgconfig/listenfd.pc", folder);
    assert_string_equal(text, "libdir=/elsewhere/lib\n");
    free(text);
    stage("PREFIX=/opt/x LIBDIR=/elsewhere/lib", "uninstall");
    text = staged_files("");
    assert_string_equal(text, "");
    free(text);
}

static void build_and_run_consumer(const char *link, const char *environment)
{
    char *output;
    char *source = path_in(folder, "consumer.c");

    write_file(source, consumer);
    free(source);
    free(shell("cd %s && ${CC:-cc} consumer.c -o consumer $(PKG_CONFIG_PATH=%s/stage/lib/pkgconfig "
               "pkg-config %s listenfd)",
               folder, folder, link));
    output = shell("%s %s/consumer", environment, folder);
    assert_string_equal(output, "1.0.0\n");
    free(output);
}

static void test_consumers(void **state)
{
    char variables[200], environment[200];

    (void)state;
    if (!have_program("pkg-config"))
        skip_because("pkg-config is not installed");
    snprintf(variables, sizeof variables, "DESTDIR= PREFIX=%s/stage", folder);
    snprintf(environment, sizeof environment, "LD_LIBRARY_PATH=%s/stage/lib", folder);
    stage(variables, "install");
    build_and_run_consumer("--cflags --libs", environment);
    free(shell("rm %s/stage/lib/*.so*", folder));
    build_and_run_consumer("--static --cflags --libs", "");
    stage(variables, "uninstall");
}

static void test_shared_library(void **state)
{
    char *text;

    (void)state;
    make("all");
    text = shell("readelf -d %s/liblistenfd.so | grep SONAME", built);
    assert_non_null(strstr(text, "[liblistenfd.so.1]"));
    free(text);
    text = shell("readelf -d %s/liblistenfd.so | grep NEEDED", built);
    assert_non_null(strstr(text, "libc.so"));
    assert_null(strchr(strchr(text, '\n') + 1, '\n')); /* libc alone */
    free(text);
    free(shell("tests/lint/exports.sh %s/liblistenfd.so", built));
}

/* Each variable reaches the commands it is meant for. */
static void test_variables_are_honoured(void **state)
{
    char *text;

    (void)state;
    text = shell("make -n BUILD=%s/other CC=my-cc CPPFLAGS=-DMINE CFLAGS=-Omine LDFLAGS=-Lmine",
                 folder);
    assert_null(strstr(text, "\ncc "));
    assert_non_null(strstr(text, "my-cc"));
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        if (strstr(line, "my-cc") && strstr(line, ".c"))
            assert_true(strstr(line, "-DMINE") && strstr(line, "-Omine"));
        if (strstr(line, "my-cc") && !strstr(line, " -c "))
            assert_non_null(strstr(line, "-Lmine"));
    }
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_installed_files, create, destroy),
        cmocka_unit_test(test_manual_is_complete),
        cmocka_unit_test_setup_teardown(test_pkg_config_paths, create, destroy),
        cmocka_unit_test_setup_teardown(test_consumers, create, destroy),
        cmocka_unit_test(test_shared_library),
        cmocka_unit_test_setup_teardown(test_variables_are_honoured, create, destroy),
    };

    return cmocka_run_group_tests(tests, create_build, remove_build);
}
