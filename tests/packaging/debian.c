/* SPDX-License-Identifier: MIT
 * The packages that `make deb` builds: what Debian's own checks say of them, and that they are
 * installed, used and removed. dpkg works on a folder of ours as its root, in which nothing
 * but libc is installed as far as it knows. */
#include "consumer.h"
#include "folder.h"
#include "listenfd.h"
#include "process.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *folder;
static char *triplet; /* as in /usr/lib/x86_64-linux-gnu */
static int built;

static int create(void **state)
{
    (void)state;
    folder = folder_create();
    return 0;
}

static int destroy(void **state)
{
    (void)state;
    free(triplet);
    folder_remove(folder);
    return 0;
}

static void need(const char *program, const char *package)
{
    if (!have_program(program))
        skip_because("%s is not installed", package);
}

/* Once, for all tests. */
static void need_packages(void)
{
    need("dh", "debhelper");
    if (built)
        return;
    free(build_with("make deb BUILD=%s >%s/log 2>&1 || { cat %s/log; exit 1; }", folder, folder,
                    folder));
    triplet = shell("printf %%s \"$(dpkg-architecture -qDEB_HOST_MULTIARCH)\"");
    built = 1;
}

/* ---- What Debian's checks say ---- */

static void test_lintian(void **state)
{
    (void)state;
    need("lintian", "lintian");
    need_packages();
    free(build_with("lintian --allow-root --pedantic --fail-on error,warning,pedantic "
                    "%s/deb/*.changes",
                    folder));
}

/* Each compiler call has the flags that harden what it makes. */
static void test_hardening(void **state)
{
    (void)state;
    need("blhc", "blhc");
    need_packages();
    free(shell("blhc --all --debian %s/log", folder));
}

static void test_version(void **state)
{
    char *text;

    (void)state;
    need("dh", "debhelper");
    assert_int_not_equal(shell_status(&text, "make deb VERSION=9.8.7 BUILD=%s/other", folder), 0);
    assert_non_null(strstr(text, "packaging/debian/changelog is about " LISTENFD_VERSION
                                 ", listenfd.h about 9.8.7: add an entry"));
    free(text);
}

/* ---- What is in them ---- */

/* What a package holds besides its documentation, one path a line. */
static char *files_of(const char *package)
{
    return shell("dpkg-deb --fsys-tarfile %s/deb/%s_" LISTENFD_VERSION "_*.deb | tar -t | "
                 "grep -v -e '/$' -e ^./usr/share/doc/ | LC_ALL=C sort",
                 folder, package);
}

static void assert_holds(const char *files, const char *path)
{
    char line[200];

    snprintf(line, sizeof line, "./usr/%s\n", path);
    if (!strstr(files, line)) {
        print_message("no ./usr/%s in:\n", path);
        show_text(files);
        fail();
    }
}

static void test_library_package(void **state)
{
    char expected[300], *files;

    (void)state;
    need_packages();
    snprintf(expected, sizeof expected,
             "./usr/lib/%s/liblistenfd.so.1\n"
             "./usr/lib/%s/liblistenfd.so." LISTENFD_VERSION "\n",
             triplet, triplet);
    files = files_of("liblistenfd1");
    assert_string_equal(files, expected);
    free(files);
}

static void test_development_package(void **state)
{
    static const char *const names[] = {"liblistenfd.a", "liblistenfd.so", "pkgconfig/listenfd.pc"};
    char path[200], *files, *pages;

    (void)state;
    need_packages();
    files = files_of("liblistenfd-dev");
    assert_holds(files, "include/listenfd.h");
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        snprintf(path, sizeof path, "lib/%s/%s", triplet, names[i]);
        assert_holds(files, path);
    }
    pages = shell("cd man && ls | sed -n 's|.*\\.\\([37]\\)$|share/man/man\\1/&.gz|p'");
    for (char *page = strtok(pages, "\n"); page; page = strtok(NULL, "\n"))
        assert_holds(files, page);
    free(pages);
    free(files);
}

static void test_launcher_package(void **state)
{
    char *files;

    (void)state;
    need_packages();
    files = files_of("systemfd");
    assert_string_equal(files, "./usr/bin/systemfd\n"
                               "./usr/share/bash-completion/completions/systemfd\n"
                               "./usr/share/fish/vendor_completions.d/systemfd.fish\n"
                               "./usr/share/man/man1/systemfd.1.gz\n"
                               "./usr/share/zsh/vendor-completions/_systemfd\n");
    free(files);
}

/* ---- Installed, used, removed ---- */

/* An empty system. Of all that is installed here, its dpkg knows libc alone. */
static void create_root(void)
{
    free(shell("cd %s && mkdir -p root/var/lib/dpkg/info root/var/lib/dpkg/updates && "
               "dpkg-query --status libc6:$(dpkg --print-architecture) >root/var/lib/dpkg/status",
               folder));
}

/* Also by others than root, and where the system's dpkg leaves documentation out. */
static void dpkg(const char *arguments)
{
    free(build_with("cd %s/deb && PATH=$PATH:/usr/sbin:/sbin dpkg --root=%s/root --log=/dev/null "
                    "--force-not-root --force-script-chrootless '--path-include=*' %s",
                    folder, folder, arguments));
}

/* With the compiler, and what the packages installed, and nothing of this tree. */
static void build_hello(const char *flag, const char *name)
{
    free(build_with("export PKG_CONFIG_SYSROOT_DIR=%s/root PKG_CONFIG_ALLOW_SYSTEM_CFLAGS=1 "
                    "PKG_CONFIG_ALLOW_SYSTEM_LIBS=1 PKG_CONFIG_LIBDIR=%s/root/usr/lib/%s/pkgconfig;"
                    "cd %s && ${CC:-cc} %s -o %s "
                    "root/usr/share/doc/liblistenfd-dev/examples/hello.c "
                    "$(pkg-config --cflags --libs listenfd)",
                    folder, folder, triplet, folder, flag, name));
}

static void assert_hello_serves(const char *name)
{
    char *systemfd = path_in(folder, "root/usr/bin/systemfd"), *hello = path_in(folder, name);
    char libraries[200];

    snprintf(libraries, sizeof libraries, "%s/root/usr/lib/%s", folder, triplet);
    assert_serves(systemfd, hello, libraries);
    free(systemfd);
    free(hello);
}

static void test_life_of_an_installation(void **state)
{
    char *left;

    (void)state;
    need("pkg-config", "pkg-config");
    need_packages();
    create_root();
    dpkg("--install liblistenfd1_* liblistenfd-dev_* systemfd_*");

    build_hello("", "shared");
    left = shell("readelf -d %s/shared", folder);
    assert_non_null(strstr(left, "[liblistenfd.so.1]"));
    free(left);
    assert_hello_serves("shared");
    build_hello("-static", "static");

    dpkg("--purge liblistenfd-dev liblistenfd1");
    assert_hello_serves("static");
    dpkg("--purge systemfd");
    left = shell("cd %s/root && find . -mindepth 1 -not -path './var*'", folder);
    assert_string_equal(left, "");
    free(left);
}

#define TEST(test) cmocka_unit_test_teardown(test, stop_server)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_version),
        TEST(test_hardening),
        TEST(test_lintian),
        TEST(test_library_package),
        TEST(test_development_package),
        TEST(test_launcher_package),
        TEST(test_life_of_an_installation),
    };

    return cmocka_run_group_tests(tests, create, destroy);
}
