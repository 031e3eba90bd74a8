/* SPDX-License-Identifier: MIT
 * The files that docs/install.md prints for Meson and CMake, taken from there as they are, in
 * a project whose server.c is examples/hello.c. git finds this tree at the address that stands in
 * them (url.*.insteadOf), with its version as a tag. */
#include "consumer.h"
#include "folder.h"
#include "listenfd.h"
#include "process.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WINDOWS_COMPILER "x86_64-w64-mingw32-gcc"

static char *folder; /* holds listenfd.git, project/, and what is installed in installed/ */
static char *build;  /* the build folder of this tree */

static void need(const char *program, const char *package)
{
    if (!have_program(program))
        skip_because("%s is not installed", package);
}

/* ---- This tree, as others fetch it ---- */

/* Also what is not committed; build/ is in .gitignore. */
static void publish(void)
{
    char *setting;

    setenv("GIT_CONFIG_GLOBAL", "/dev/null", 1);
    free(
        build_with("git='git --git-dir=%s/listenfd.git --work-tree=.'; "
                   "$git init -q && $git add -A && "
                   "$git -c user.name=tests -c user.email=tests@listenfd.invalid commit -q -m . && "
                   "$git tag v" LISTENFD_VERSION,
                   folder));
    assert_true(asprintf(&setting, "url.file://%s/listenfd.git.insteadOf", folder) >= 0);
    setenv("GIT_CONFIG_COUNT", "1", 1);
    setenv("GIT_CONFIG_KEY_0", setting, 1);
    setenv("GIT_CONFIG_VALUE_0", "https://example.org/listenfd.git", 1);
    free(setting);
}

static void need_repository(void)
{
    char *repository = path_in(folder, "listenfd.git");

    need("git", "git");
    if (access(repository, F_OK) != 0)
        publish();
    free(repository);
}

/* ---- The project ---- */

/* From the line that names the file to the end of the block. */
static void copy_from_page(const char *first_line, const char *name)
{
    free(shell("sed -n '/^# %s$/,/^```$/{/^```$/!p}' docs/install.md >%s/project/%s && "
               "test -s %s/project/%s",
               first_line, folder, name, folder, name));
}

static int create_project(void **state)
{
    (void)state;
    free(shell("mkdir -p %s/project/subprojects && cp examples/hello.c %s/project/server.c", folder,
               folder));
    return 0;
}

static int remove_project(void **state)
{
    stop_server(state);
    free(shell("rm -rf %s/project", folder));
    return 0;
}

/* Its programs are in project/build, and are built without a warning. */
static void in_project(const char *environment, const char *commands)
{
    free(build_with("cd %s/project && export %s && %s", folder, environment, commands));
}

#define WARNINGS "CFLAGS='-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wundef -Werror' "
/* Not one that this machine has installed. */
#define NOTHING_INSTALLED WARNINGS "PKG_CONFIG_LIBDIR=/nowhere"

static void assert_server_serves(void)
{
    char *systemfd = path_in(build, "systemfd"), *server = path_in(folder, "project/build/server");
    char *libraries = path_in(folder, "installed/lib");

    assert_serves(systemfd, server, libraries);
    free(libraries);
    free(server);
    free(systemfd);
}

/* It is linked with the library in that folder of the project, which shows the public calls
 * alone, and has this version's name. Or with none: then the server carries it. */
static void assert_shared_in(const char *place)
{
    char *text = shell("readelf -d %s/project/build/server", folder);

    assert_non_null(strstr(text, "[liblistenfd.so.1]"));
    free(text);
    free(shell("tests/lint/exports.sh %s/project/%s/liblistenfd.so." LISTENFD_VERSION, folder,
               place));
}

/* Whoever installs the project has the library with it. */
static void assert_is_installed_with(const char *command)
{
    free(shell("cd %s/project && %s && find out -name liblistenfd.so.1 | grep .", folder, command));
}

static void assert_not_shared(void)
{
    char *text = shell("readelf -d %s/project/build/server", folder);

    assert_null(strstr(text, "liblistenfd"));
    free(text);
}

/* ---- Meson ---- */

static void need_meson(void)
{
    need("meson", "meson");
    need("ninja", "ninja-build");
    copy_from_page("meson\\.build", "meson.build");
}

static void need_wrap(void)
{
    need_meson();
    need_repository();
    copy_from_page("subprojects\\/listenfd\\.wrap", "subprojects/listenfd.wrap");
}

static void test_meson(void **state)
{
    char *text;

    (void)state;
    need_wrap();
    in_project(NOTHING_INSTALLED, "meson setup build && ninja -C build");
    assert_shared_in("build/subprojects/listenfd");
    assert_server_serves();
    assert_is_installed_with("meson install -C build --destdir ../out");
    text = shell("cd %s/project && meson introspect --projectinfo build", folder);
    assert_non_null(strstr(text, "\"version\": \"" LISTENFD_VERSION "\""));
    free(text);
}

static void test_meson_static(void **state)
{
    (void)state;
    need_wrap();
    in_project(NOTHING_INSTALLED, "meson setup -Ddefault_library=static build && ninja -C build");
    assert_not_shared();
    assert_server_serves();
}

/* ---- CMake ---- */

static void need_cmake(const char *recipe)
{
    need("cmake", "cmake");
    copy_from_page(recipe, "CMakeLists.txt");
}

static void need_fetch_content(void)
{
    need_cmake("CMakeLists\\.txt");
    need_repository();
}

static void test_cmake(void **state)
{
    (void)state;
    need_fetch_content();
    in_project(NOTHING_INSTALLED, "cmake -S . -B build && cmake --build build");
    assert_not_shared();
    assert_server_serves();
}

static void test_cmake_shared(void **state)
{
    (void)state;
    need_fetch_content();
    in_project(NOTHING_INSTALLED,
               "cmake -S . -B build -DBUILD_SHARED_LIBS=ON && cmake --build build");
    assert_shared_in("build/_deps/listenfd-build");
    assert_server_serves();
    assert_is_installed_with("cmake --install build --prefix out");
}

/* ---- An installed library ---- */

static void install(void)
{
    need("pkg-config", "pkg-config");
    free(build_with("make -s install PREFIX=%s/installed", folder));
}

static void build_with_installed(const char *commands)
{
    char *environment;

    assert_true(asprintf(&environment, WARNINGS "PKG_CONFIG_LIBDIR=%s/installed/lib/pkgconfig",
                         folder) >= 0);
    in_project(environment, commands);
    free(environment);
    assert_shared_in("../installed/lib");
    assert_server_serves();
}

static void test_meson_with_installed(void **state)
{
    (void)state;
    need_meson();
    install();
    build_with_installed("meson setup build && ninja -C build");
}

static void test_cmake_with_installed(void **state)
{
    (void)state;
    need_cmake("CMakeLists\\.txt, with the installed library");
    install();
    build_with_installed("cmake -S . -B build && cmake --build build");
}

/* ---- For Windows ---- */

/* There is nobody to ask such a server: it refuses its argument in a sentence of the library. */
static void assert_runs_under_wine(void)
{
    char *text;

    if (access("/usr/lib/wine/wine64", X_OK) != 0)
        skip_because("wine64 is not installed");
    text = build_with("tests/wine/run %s/project/build/server.exe nonsense; test $? = 1", folder);
    assert_non_null(strstr(text, "hello: "));
    assert_non_null(strstr(text, "nonsense"));
    free(text);
}

static void assert_dll(const char *path)
{
    free(shell("tests/lint/exports.sh %s/project/build/%s", folder, path));
}

static void test_meson_for_windows(void **state)
{
    char *cross;

    (void)state;
    need_wrap();
    need(WINDOWS_COMPILER, "gcc-mingw-w64-x86-64-win32");
    cross = path_in(folder, "project/windows.ini");
    write_file(cross, "[binaries]\n"
                      "c = '" WINDOWS_COMPILER "'\n"
                      "ar = 'x86_64-w64-mingw32-ar'\n"
                      "[host_machine]\n"
                      "system = 'windows'\n"
                      "cpu_family = 'x86_64'\n"
                      "cpu = 'x86_64'\n"
                      "endian = 'little'\n");
    free(cross);
    in_project(NOTHING_INSTALLED, "meson setup --cross-file windows.ini build && ninja -C build");
    assert_dll("subprojects/listenfd/liblistenfd-1.dll");
    in_project(NOTHING_INSTALLED, "rm -r build && meson setup --cross-file windows.ini "
                                  "-Ddefault_library=static build && ninja -C build");
    assert_runs_under_wine();
}

static void test_cmake_for_windows(void **state)
{
    (void)state;
    need_fetch_content();
    need(WINDOWS_COMPILER, "gcc-mingw-w64-x86-64-win32");
    in_project(NOTHING_INSTALLED, "cmake -S . -B build -DBUILD_SHARED_LIBS=ON "
                                  "-DCMAKE_SYSTEM_NAME=Windows "
                                  "-DCMAKE_C_COMPILER=" WINDOWS_COMPILER " && cmake --build build");
    assert_dll("_deps/listenfd-build/liblistenfd.dll");
    in_project(NOTHING_INSTALLED, "cmake -B build -DBUILD_SHARED_LIBS=OFF && cmake --build build");
    assert_runs_under_wine();
}

/* A hook of git, which may run these tests, is told about its own repository. */
static void forget_repository(void)
{
    unsetenv("GIT_DIR");
    unsetenv("GIT_WORK_TREE");
    unsetenv("GIT_INDEX_FILE");
}

static int create(void **state)
{
    (void)state;
    forget_repository();
    folder = folder_create();
    build = build_folder();
    return 0;
}

static int destroy(void **state)
{
    (void)state;
    free(build);
    folder_remove(folder);
    return 0;
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, create_project, remove_project)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_meson),
        TEST(test_meson_static),
        TEST(test_meson_with_installed),
        TEST(test_meson_for_windows),
        TEST(test_cmake),
        TEST(test_cmake_shared),
        TEST(test_cmake_with_installed),
        TEST(test_cmake_for_windows),
    };

    return cmocka_run_group_tests(tests, create, destroy);
}
