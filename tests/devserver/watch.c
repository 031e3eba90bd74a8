/* SPDX-License-Identifier: MIT
 * What counts as a change, and what does not. In whatever way a file is saved, it counts once. The
 * command needs no sockets here. watch_scan.c runs the same tests with the portable watcher. */
#include "devserver.h"
#include "folder.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef WATCH_SCAN
enum { SCANS = 1 };
#define HOW "--poll"
#else
enum { SCANS = 0 };
#define HOW "--poll=0"
#endif

static int wakes; /* next_change wakes the scanner */

/* The command is ready at once, and ends at the first TERM. */
#define START_WATCHING(...) START("--settle=0", HOW, __VA_ARGS__, "--", "sleep", "1000")

static unsigned generation;

static void expect_start(void)
{
    generation = 1;
    wakes = SCANS;
    expect("~> server 1 is ready");
}

/* Waits for the next change that is reported, and for its restart. Returns its path, without "./".
 * The scanner also looks after each event, so SIGCHLD, which means nothing else, saves the wait. */
static const char *next_change(void)
{
    static char change[4096];
    const char *path;

    if (wakes)
        process_signal(&systemfd, SIGCHLD);
    path = expect("~> changed: ") + strlen("~> changed: ");
    snprintf(change, sizeof change, "%s", strncmp(path, "./", 2) == 0 ? path + 2 : path);
    expect_ready(++generation);
    return change;
}

/* The next change is that of the path, so none was left over from before. The report may say that
 * other files have changed with it (" ..."). */
static void assert_change(const char *path)
{
    const char *change = next_change();
    size_t length = strlen(path);

    if (strncmp(change, path, length) != 0 ||
        (change[length] != '\0' && strcmp(change + length, " ...") != 0)) {
        print_message("expected '%s': '%s'\n", path, change);
        fail();
    }
}

/* Changes that file. This is the next change that is reported, so none was left over. */
static void assert_rest(const char *path)
{
    in_project("echo sentinel >>'%s'", path);
    assert_string_equal(next_change(), path);
}

/* ---- Ways to save ---- */

struct way {
    const char *what, *command;
    const char *changed; /* NULL: any of several paths */
};

/* systemfd is stopped meanwhile, so that it sees only the outcome, however slow the machine is. A
 * file that is there only for a moment must not be reported. */
static void check_ways(const struct way *ways, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        print_message("%s\n", ways[i].what);
        process_signal(&systemfd, SIGSTOP);
        in_project("%s", ways[i].command);
        process_signal(&systemfd, SIGCONT);
        if (ways[i].changed)
            assert_change(ways[i].changed);
        else
            next_change();
        /* If one file changed so often, so soon, that would be taken for the server's doing. */
        in_project("touch between");
        assert_change("between");
    }
}

/* Writing by mmap(2) is not among them: such a tool may close the file long before it writes. */
static void test_ways_to_save(void **state)
{
    static const struct way ways[] = {
        {"write in place", "echo 2 >file", "file"},
        {"append", "echo 3 >>file", "file"},
        {"touch", "touch file", "file"},
        {"create", "echo 1 >new", "new"},
        {"create empty", "touch empty", "empty"},
        {"delete", "rm new", "new"},
        {"rename over", "echo 4 >other && mv other file", "file"},
        {"rename", "mv empty renamed", "renamed"},
        {"vim", "echo 5 >4913; rm 4913; mv file file~; echo 5 >file; rm file~", "file"},
        {"emacs", "ln -s u@h.1 .#file; cp file file~; echo 6 >file; rm .#file file~", "file"},
        {"emacs, backup by rename", "mv file file~; echo 7 >file", "file"},
        {"JetBrains",
         "echo 8 >file___jb_tmp___; mv file file___jb_old___; "
         "mv file___jb_tmp___ file; rm file___jb_old___",
         "file"},
        {"gedit", "echo 9 >.goutputstream-AB12; mv .goutputstream-AB12 file", "file"},
        {"sed -i", "sed -i s/9/10/ file", "file"},
        {"patch", "cp file file.new; echo 11 >file.new; mv file.new file", "file"},
        {"cp", "cp /etc/hostname file", "file"},
        {"cp -p", "cp -p /etc/hostname file", "file"},
        {"dd", "dd if=/dev/zero of=file bs=1 count=3 2>/dev/null", "file"},
        {"truncate", "truncate -s 1 file", "file"},
        {"hard link", "ln file link", "link"},
        {"hard link over", "echo 1 >../third; ln -f ../third link", "link"},
        {"symlink", "ln -s v1 current", "current"},
        {"symlink switched", "ln -sfn v2 current", "current"},
        {"symlink removed", "rm current", "current"},
    };

    (void)state;
    put("file", "1\n");
    START_WATCHING("--watch", ".");
    expect_start();
    check_ways(ways, sizeof ways / sizeof ways[0]);
    assert_rest("file");
}

/* Neither reading a file nor changing its mode counts. */
static void test_mode_alone_does_not_count(void **state)
{
    (void)state;
    put("file", "1\n");
    START_WATCHING("--watch", ".");
    expect_start();
    in_project("cat file; ls -l; chmod 600 file");
    wakes = 0; /* the scanner must also look by itself */
    assert_rest("other");
    wakes = SCANS;
}

static void test_names(void **state)
{
    static const char *const names[] = {
        "two words",      " space first", "\303\274\303\261\303\257.c",
        "tab\there",      "-rf",          "*?[a]",
        "\\backslash\\n", "\"quoted\"",   "%s%n",
        "bytes \377\376"};
    char expected[64];

    (void)state;
    START_WATCHING("--watch", ".");
    expect_start();
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        put(names[i], "1\n");
        for (char *to = strcpy(expected, names[i]); *to; to++)
            if (*to == '\t' || (unsigned char)*to == 0xff)
                *to = '\0'; /* how that is shown does not matter here */
        assert_int_equal(strncmp(next_change(), expected, strlen(expected)), 0);
    }
    in_project("mkdir 'a folder' && echo 1 >'a folder/a file'");
    assert_change("a folder/a file");
}

/* Names cannot forge lines of a report, or control the terminal. */
static void test_names_do_not_forge_lines(void **state)
{
    (void)state;
    START_WATCHING("--watch", ".");
    expect_start();
    put("a\n~> server 99 is ready", "1\n");
    assert_int_equal(*next_change(), 'a');
    put("b\033[31mred\r", "1\n");
    assert_int_equal(*next_change(), 'b');
    put("c\302\2330;mine\302\234 \2330;mine\234", "1\n"); /* CSI and ST of C1, as for a title */
    assert_string_equal(next_change(), "c??0;mine?? ?0;mine?");
    put("d\303\274", "1\n");
    assert_string_equal(next_change(), "d\303\274");
    assert_int_equal(count_lines("~> server 99"), 0);
    assert_null(strchr(systemfd.text, '\033'));
    assert_null(strchr(systemfd.text, '\r'));
}

/* ---- Folders ---- */

static void test_folders(void **state)
{
    static const struct way ways[] = {
        {"new folders with a file", "mkdir -p a/b/c && echo 1 >a/b/c/file", "a/b/c/file"},
        {"a file in it", "echo 2 >a/b/c/file", "a/b/c/file"},
        {"another one there", "echo 1 >a/b/other", "a/b/other"},
        {"folder renamed", "mv a z", NULL},
        {"a file in it, under its new name", "echo 3 >z/b/c/file", "z/b/c/file"},
        {"a new folder under the old name", "mkdir a && echo 1 >a/file", "a/file"},
        {"a file deep in the renamed one", "echo 2 >z/b/other", "z/b/other"},
        {"folder moved into a new one", "mkdir new && mv z/b new/b", NULL},
        {"a file in it", "echo 4 >new/b/c/file", "new/b/c/file"},
        {"folder removed", "rm -r a", NULL},
        {"folder made again", "mkdir a && echo 1 >a/file", "a/file"},
        {"folder moved in from elsewhere", "mkdir -p ../m/n && echo 1 >../m/n/file && mv ../m m",
         "m/n/file"},
        {"a file in it", "echo 2 >m/n/file", "m/n/file"},
        {"copied folder", "cp -r m copy", "copy/n/file"},
    };

    (void)state;
    START_WATCHING("--watch", ".");
    expect_start();
    check_ways(ways, sizeof ways / sizeof ways[0]);
    assert_rest("m/n/file");
}

/* A folder that was moved out is not watched any more. */
static void test_folder_moved_away(void **state)
{
    (void)state;
    in_project("mkdir -p a/b && echo 1 >a/b/file");
    START_WATCHING("--watch", ".");
    expect_start();
    in_project("mv a ../away");
    next_change();
    in_project("echo 2 >../away/b/file && mkdir ../away/c && echo 1 >../away/c/file");
    assert_rest("file");
}

/* Files may be made in a new folder before it is watched. */
static void test_files_in_new_folders(void **state)
{
    (void)state;
    START_WATCHING("--watch", ".", "--delay", "20");
    expect_start();
    for (int i = 0; i < 10; i++) {
        char command[64];
        in_project("mkdir -p %d/a/b; echo 1 >%d/a/b/file", i, i);
        next_change();
        snprintf(command, sizeof command, "%d/a/b/file", i);
        assert_rest(command); /* it is watched by now, and reported alone */
    }
}

static void test_watched_folder_made_again(void **state)
{
    (void)state;
    in_project("mkdir -p src/deep && echo 1 >src/deep/file");
    START_WATCHING("--watch", "src");
    expect_start();
    for (int i = 0; i < 3; i++) {
        in_project("rm -r src");
        next_change();
        in_project("mkdir -p new/deep && echo 2 >new/deep/file && mv new src");
        assert_change("src/deep/file");
        in_project("echo 3 >src/deep/file");
        assert_change("src/deep/file");
        in_project("echo 3 >src/other");
        assert_change("src/other");
    }
}

static void test_watched_folder_replaced(void **state)
{
    (void)state;
    in_project("mkdir -p src/deep && echo 1 >src/deep/file");
    START_WATCHING("--watch", "src");
    expect_start();
    in_project("mv src old && mkdir src && echo 2 >src/file");
    next_change();
    in_project("echo 3 >old/deep/file"); /* not watched any more */
    assert_rest("src/file");
}

static void test_watched_file_made_again(void **state)
{
    static const struct way ways[] = {
        {"deleted", "rm src/file", "src/file"},
        {"made again", "echo 2 >src/file", "src/file"},
        {"replaced", "echo 3 >src/new && mv src/new src/file", "src/file"},
        {"deleted again", "rm src/file", "src/file"},
        {"moved in", "mv src/other src/file", "src/file"},
        {"written", "echo 4 >src/file", "src/file"},
    };

    (void)state;
    in_project("mkdir src && echo 1 >src/file && echo 1 >src/other && touch between");
    START_WATCHING("--watch", "src/file", "--watch", "between");
    expect_start();
    check_ways(ways, sizeof ways / sizeof ways[0]);
    in_project("echo 1 >src/third; mkdir src/folder; echo 1 >src/folder/file; echo 1 >file");
    assert_rest("src/file");
}

/* The folder of a watched file is removed and made again. */
static void test_folder_of_watched_file_made_again(void **state)
{
    (void)state;
    in_project("mkdir src && echo 1 >src/file");
    START_WATCHING("--watch", "src/file");
    expect_start();
    in_project("rm -r src");
    assert_change("src/file");
    in_project("mkdir new && echo 2 >new/file && mv new src");
    assert_change("src/file");
    assert_rest("src/file");
}

/* ---- Several --watch ---- */

static void test_several_paths(void **state)
{
    (void)state;
    in_project("mkdir a b c && echo 1 | tee a/1 b/1 b/2 c/1");
    START_WATCHING("--watch", "a", "--watch=b/1", "-w", "b/2");
    expect_start();
    in_project("echo 2 >a/1");
    assert_change("a/1");
    in_project("echo 2 >b/1");
    assert_change("b/1");
    in_project("echo 2 >c/1; echo 2 >b/3; echo 2 >1");
    assert_rest("b/2");
}

/* A file that is named in several ways counts once. */
static void test_one_path_in_several_ways(void **state)
{
    (void)state;
    in_project("mkdir -p src/deep && echo 1 | tee src/file src/deep/file");
    START_WATCHING("--watch", "src/file", "--watch", "./src", "--watch", "src/", "--watch",
                   "src/deep", "--watch", "./src/deep/file");
    expect_start();
    in_project("echo 2 >src/file");
    assert_change("src/file");
    in_project("echo 2 >src/deep/file");
    assert_change("src/deep/file");
    in_project("mkdir src/new && echo 1 >src/new/file");
    assert_change("src/new/file");
}

/* Two files, with two spellings of their folder. Reports may use either for both. */
static void test_one_folder_in_two_spellings(void **state)
{
    char *second = path_in(project, "2");
    const char *change;

    (void)state;
    in_project("echo 1 | tee 1 2 3");
    START_WATCHING("--watch", "1", "--watch", second);
    expect_start();
    in_project("echo 2 >2");
    change = next_change();
    if (strcmp(change, second) != 0)
        assert_string_equal(change, "2");
    in_project("echo 2 >3");
    in_project("echo 2 >1");
    assert_change("1");
    free(second);
}

/* What --watch names counts, even if it would be ignored below another folder. */
static void test_ignored_names_that_are_named(void **state)
{
    (void)state;
    in_project("mkdir -p build src && echo 1 | tee build/file plugin.so src/data.o");
    START_WATCHING("--watch", ".", "--watch", "build", "--watch", "plugin.so", "--watch",
                   "src/data.o");
    expect_start();
    assert_rest("build/file");
    assert_rest("src/data.o");
    assert_rest("plugin.so");
}

static void test_absolute_paths_and_links(void **state)
{
    (void)state;
    in_project("mkdir real && echo 1 >real/file && ln -s real link");
    START_WATCHING("--watch", "link");
    expect_start();
    in_project("echo 2 >real/file");
    assert_change("link/file");
    process_discard(&systemfd);

    START_WATCHING("--watch", project);
    expect_start();
    in_project("echo 3 >real/file");
    assert_int_equal(strncmp(next_change(), project, strlen(project)), 0);
}

/* A link that is watched stands for the file that it leads to. */
static void test_watched_link(void **state)
{
    (void)state;
    in_project("mkdir real && echo 1 >real/file && ln -s real/file link");
    START_WATCHING("--watch", "link");
    expect_start();
    in_project("echo 22 >real/file");
    next_change(); /* under either name */
    in_project("echo 333 >real/other; ln -sfn real/other link");
    next_change();
}

/* ---- Links ---- */

static void test_links_below(void **state)
{
    (void)state;
    in_project(
        "mkdir -p ../lib/deep ../etc src && echo 1 | tee ../lib/deep/h ../etc/conf ../etc/x; "
        "ln -s ../../lib src/lib; ln -s ../../etc/conf src/conf; ln -s nowhere src/dangling");
    START_WATCHING("--watch", "src");
    expect_start();
    in_project("echo 22 >../lib/deep/h");
    assert_change("src/lib/deep/h");
    in_project("echo 22 >../etc/conf");
    assert_change("src/conf");
    in_project("echo 333 >../etc/new; mv ../etc/new ../etc/conf");
    assert_change("src/conf");
    in_project("echo 22 >../etc/x; mkdir ../lib/more; echo 1 >../lib/more/file");
    assert_change("src/lib/more/file"); /* x is not watched */
    in_project("ln -s ../../etc src/etc");
    assert_change("src/etc");
    in_project("echo 333 >../etc/x");
    assert_change("src/etc/x");
    in_project("rm src/lib");
    next_change(); /* of that path, or one that was below it */
    in_project("echo 4444 >../lib/deep/h");
    assert_rest("src/file");
}

/* Several links may lead to a folder, or to one that contains it. It is watched as long as one of
 * them is left. */
static void test_two_links_to_one_folder(void **state)
{
    (void)state;
    in_project("mkdir -p ../out/deep src && echo 1 >../out/deep/h; "
               "ln -s ../../out/deep src/1; ln -s ../../out src/2; ln -s ../../out/deep src/3");
    START_WATCHING("--watch", "src");
    expect_start();
    in_project("rm src/1");
    next_change();
    in_project("echo 22 >../out/deep/h");
    next_change();
    in_project("rm src/2");
    next_change();
    in_project("echo 333 >../out/deep/h");
    assert_change("src/3/h");
}

/* The folder that a link leads to is moved away and made again. */
static void test_target_of_link_made_again(void **state)
{
    (void)state;
    in_project("mkdir ../lib src && echo 1 >../lib/h; ln -s ../../lib src/lib");
    START_WATCHING("--watch", "src");
    expect_start();
    in_project("mv ../lib ../old");
    next_change();
    in_project("echo 22 >../old/h; mkdir ../new; echo 333 >../new/h; mv ../new ../lib");
    assert_change("src/lib/h");
    in_project("echo 4444 >../lib/h");
    assert_change("src/lib/h");
}

/* Links that make loops are not followed for ever, nor do they add all the folders above. */
static void test_loops(void **state)
{
    (void)state;
    in_project("mkdir -p src/a src/b && ln -s . src/self; ln -s ../.. src/a/up; ln -s / src/root; "
               "ln -s ../b src/a/b; ln -s ../a src/b/a; ln -s one src/two; ln -s two src/one");
    START_WATCHING("--watch", "src");
    expect_start();
    in_project("echo 1 >beside");
    assert_rest("src/file");
    in_project("echo 1 >src/b/file");
    next_change(); /* by one of its names */
}

static void test_root_led_elsewhere(void **state)
{
    (void)state;
    in_project("mkdir r1 r2 && echo 1 >r1/x; echo 22 >r2/x; ln -s r1 current");
    START_WATCHING("--watch", "current");
    expect_start();
    for (int i = 0; i < 2; i++) {
        in_project("ln -sfn %s next; mv -T next current", i ? "r1" : "r2");
        next_change();
        in_project("echo 333 >>%s/x", i ? "r2" : "r1"); /* not watched any more */
        in_project("echo 333 >>%s/x", i ? "r1" : "r2");
        assert_change("current/x");
    }
}

/* Kubernetes changes a mounted ConfigMap in this way (its AtomicWriter). */
static void test_config_map(void **state)
{
    (void)state;
    in_project("mkdir -p map/..1 && echo 1 | tee map/..1/c map/..1/d; ln -s ..1 map/..data; "
               "ln -s ..data/c map/c; ln -s ..data/d map/d");
    START_WATCHING("--watch", "map/c");
    expect_start();
    for (int i = 2; i < 4; i++) {
        in_project("mkdir map/..%d; echo %d%d | tee map/..%d/c map/..%d/d; ln -s ..%d map/next; "
                   "mv -T map/next map/..data; rm -r map/..%d",
                   i, i, i, i, i, i, i - 1);
        assert_change("map/c");
    }
}

/* ---- What is no change ---- */

/* Opening a file for writing is no change: databases and lock files are opened so to be read. */
static void test_opened_for_writing(void **state)
{
    (void)state;
    in_project("echo 1 >data; : >lock");
    poll(NULL, 0, 50); /* several ticks of the file system's clock, so that this is not recent */
    START_WATCHING("--watch", ".");
    expect_start();
    in_project("(: >>data; : >>lock; : <>data)");
    assert_rest("file");
    assert_rest("data");
    assert_rest("lock");
}

/* A command that cannot be executed is mended by chmod(1), so that counts then. */
static void test_made_executable(void **state)
{
    (void)state;
    put("run", "#!/bin/sh\nexec sleep 1000\n");
    put("other", "1\n");
    START(HOW, "--watch", ".", "--", "./run");
    expect("systemfd: cannot execute './run': Permission denied");
    expect("~> server 1 died before it was ready"); /* modes are watched now */
    wakes = SCANS;
    in_project("chmod 600 other");
    in_project("chmod +x run");
    assert_string_equal(expect("~> changed: "), "~> changed: run");
    expect_ready(2);
}

/* ---- Limits ---- */

/* A user namespace has limits of its own (user_namespaces(7)). */
static void start_with_limit(const char *limit, int value)
{
    char command[256];
    const char *const argv[] = {"unshare", "-Ur", "sh", "-c", command, NULL};

    snprintf(command, sizeof command,
             "echo %d >/proc/sys/user/%s && exec systemfd --watch . -- sleep 1000", value, limit);
    if (shell_status(NULL, "unshare -Ur sh -c 'echo 9 >/proc/sys/user/%s'", limit) != 0)
        skip_because("no user namespaces here");
    start_systemfd(argv);
}

static void test_limit_of_instances(void **state)
{
    (void)state;
    if (SCANS)
        return;
    start_with_limit("max_inotify_instances", 0);
    expect("systemfd: cannot watch files: the system's limit of programs that do is reached; raise "
           "fs.inotify.max_user_instances with sysctl, or --poll");
    assert_exits(1);
}

/* Of the process, where nothing can be raised for the whole system. */
static void test_limit_of_descriptors(void **state)
{
    (void)state;
    if (SCANS)
        return;
    start_systemfd((const char *const[]){
        "sh", "-c", "ulimit -n 6; exec systemfd --watch . -- sleep 1000", NULL});
    expect("systemfd: cannot watch files: ");
    assert_non_null(strstr(systemfd.text, strerror(EMFILE)));
    assert_exits(1);
}

/* There is one warning, not one for each folder. */
static void test_limit_of_watches(void **state)
{
    (void)state;
    if (SCANS)
        return;
    in_project("mkdir -p $(seq 30)");
    start_with_limit("max_inotify_watches", 10);
    expect_start();
    in_project("mkdir more");
    assert_rest("file");
    assert_int_equal(count_lines("~> warning: "), 2); /* the other one: there are no sockets */
    assert_non_null(strstr(systemfd.text,
                           "and other folders are not watched: the system's limit of "
                           "watched folders is reached; raise "
                           "fs.inotify.max_user_watches with sysctl"));
}

/* A tree may be deeper than a process has descriptors. */
static void test_deep_tree(void **state)
{
    (void)state;
    in_project("ulimit -n 64; i=0; while [ $i -lt 150 ]; do mkdir d; cd d; i=$((i+1)); done");
    START_WATCHING("--watch", ".");
    expect_start();
    in_project("i=0; while [ $i -lt 150 ]; do cd d; i=$((i+1)); done; echo 1 >file");
    assert_int_equal(strncmp(next_change(), "d/d/d/", 6), 0);
}

static void test_missing_path(void **state)
{
    (void)state;
    START(HOW, "--watch", ".", "--watch", "no/such", "--", "sleep", "1000");
    expect("systemfd: cannot watch no/such: No such file or directory");
    assert_exits(1);
    assert_int_equal(count_lines("~> server"), 0);
}

/* ---- --ignore ---- */

static void test_ignored_by_default(void **state)
{
    static const char *const names[] = {
        ".git/index",
        ".git/objects/ab/cdef",
        ".hg/store",
        ".svn/entries",
        "CVS/Root",
        "hello.o",
        "deep/in/hello.o",
        "lib.a",
        "lib.so",
        "lib.so.1.2",
        "target/CACHEDIR.TAG",
        "target/debug",
        ".idea/workspace.xml",
        ".venv/bin/python",
        ".pytest_cache/x",
        ".mypy_cache/x",
        "file.bak",
        "logs/server.log",
        "server.log.1",
        "a/.ninja_log",
        "node_modules/m/i",
        "x.pyc",
        "__pycache__/x",
        "file~",
        ".file.swp",
        ".file.swx",
        "4913",
        "#file#",
        ".#file",
        "deep/#file#",
        "x.kate-swp",
        ".goutputstream-1",
        "x.tmp",
        ".DS_Store",
        "hello.exe",
        "a.gcda",
        "CMakeFiles/x",
        ".deps/x.Po",
        ".libs/x",
        ".cache/clangd/x",
    };

    (void)state;
    in_project("mkdir -p .git/objects target deep/in && touch target/CACHEDIR.TAG");
    START_WATCHING("--watch", ".");
    expect_start();
    in_project("mkdir -p a"); /* a folder alone is no change */
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        in_project("mkdir -p \"$(dirname '%s')\" && echo 1 >'%s' && echo 2 >>'%s'", names[i],
                   names[i], names[i]);
    assert_rest("file");
    in_project("rm -rf .git 4913 *.o");
    assert_rest("file");
}

static void test_not_ignored_by_default(void **state)
{
    static const char *const names[] = {"Makefile",       ".env",      ".gitignore",
                                        "builder/x",      "x.o.c",     "deep/.hidden",
                                        "rebuild/x.h",    "x.html",    "conf.d/site.conf",
                                        "src/build/x.py", "main.d",    "pkg/target/x.py",
                                        "model.obj",      ".env.local"};

    (void)state;
    START_WATCHING("--watch", ".");
    expect_start();
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        in_project("mkdir -p \"$(dirname '%s')\" && echo 1 >'%s'", names[i], names[i]);
        assert_change(names[i]);
    }
}

/* ---- What the user says ---- */

struct choice {
    const char *options[4];
    const char *ignored, *counted;
};

static void check_choice(const struct choice *row)
{
    const char *argv[16] = {"systemfd", HOW, "--watch", "."};
    size_t count = 4;

    for (size_t i = 0; i < 4 && row->options[i]; i++) {
        print_message("%s ", row->options[i]);
        argv[count++] = row->options[i];
    }
    print_message("\n");
    argv[count++] = "--";
    argv[count++] = "sleep";
    argv[count] = "1000";
    in_project("rm -rf *; mkdir -p \"$(dirname '%s')\" \"$(dirname '%s')\"", row->ignored,
               row->counted);
    generation = 0;
    start_systemfd(argv);
    expect_start();
    in_project("echo 1 >'%s'; echo 2 >>'%s'", row->ignored, row->ignored);
    in_project("echo 1 >'%s'", row->counted);
    assert_change(row->counted);
    in_project("rm '%s'", row->ignored);
    assert_rest(row->counted);
    process_discard(&systemfd);
}

static void test_choices(void **state)
{
    static const struct choice rows[] = {
        {{"--no-default-ignore", "--ignore=x"}, "x", "deep/main.o"},
        {{"--ignore=!*.o"}, "x.a", "deep/main.o"},
        {{"--ignore=*.c", "--ignore=!main.c"}, "x.c", "main.c"},
        {{"--ignore=!main.c", "--ignore=*.c"}, "main.c", "x.h"},
        {{"--ignore=!node_modules/mine"}, "node_modules/other/x", "node_modules/mine/deep/x"},
        {{"--only=*.c", "--only=*.h"}, "x.txt", "deep/x.h"},
        {{"--only=src/*.c"}, "x.c", "src/x.c"},
        {{"--only=*.c", "--ignore=!Makefile"}, "x.txt", "Makefile"},
        {{"--only=*.c", "--ignore=x.c"}, "x.c", "y.c"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        check_choice(&rows[i]);
}

struct ignore {
    const char *glob, *ignored, *counted;
};

/* The folders are there from the start, or come later. */
static void check_ignore(const struct ignore *row, int folders_first)
{
    static const char make_folder[] = "mkdir -p \"$(dirname '%s')\" \"$(dirname '%s')\"";

    print_message("--ignore '%s'\n", row->glob);
    in_project("rm -rf *");
    if (folders_first)
        in_project(make_folder, row->ignored, row->counted);
    START_WATCHING("--watch", ".", "--ignore", row->glob, "--ignore=unused");
    expect_start();
    in_project(make_folder, row->ignored, row->counted);
    in_project("echo 1 >'%s'; echo 2 >>'%s'", row->ignored, row->ignored);
    in_project("echo 1 >'%s'", row->counted);
    assert_change(row->counted);
    in_project("rm '%s'", row->ignored);
    assert_rest(row->counted);
    process_discard(&systemfd);
}

static void test_ignore(void **state)
{
    static const struct ignore rows[] = {
        {"*.md", "docs/deep/a.md", "docs/a.txt"},
        {"docs", "docs/deep/a.txt", "doc/a.txt"},
        {"docs/*.md", "docs/a.md", "docs/a.txt"},
        {"docs/*", "docs/deep/a.md", "other/docs/a.md"},
        {"./docs/*", "docs/a.md", "docs.txt"},
        {"docs/", "docs/a.md", "docs.txt"},
        {"src/generated", "src/generated/deep/a.h", "src/a.h"},
        {"[ab].c", "a.c", "c.c"},
        {"?.c", "x.c", "xx.c"},
        {"two words", "two words/a", "two/a"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        check_ignore(&rows[i], i % 2);
}

/* A pattern applies to what is below the watched folder, not to the folder's own path. */
static void test_ignore_is_below_the_watched(void **state)
{
    (void)state;
    in_project("mkdir -p build/src");
    START_WATCHING("--watch", "build/src", "--ignore", "src");
    expect_start();
    in_project("mkdir build/src/src; echo 1 >build/src/src/file");
    assert_rest("build/src/file");
}

/* ---- Many changes, long changes ---- */

/* A thousand new files, as from a checkout, are one restart, or a second one for the last files. */
static void test_burst(void **state)
{
    enum { DELAY = 200 };
    char name[64];
    long long began, took;
    int restarts = 1;

    (void)state;
    in_project("mkdir burst");
    START_WATCHING("--watch", ".", "--delay", "200");
    expect_start();
    began = now_ms();
    for (int i = 0; i < 1000; i++) {
        snprintf(name, sizeof name, "burst/%d", i);
        put(name, "text\n");
    }
    took = now_ms() - began;
    next_change();
    while (put("sentinel", ""), strcmp(next_change(), "sentinel") != 0) /* it came with others */
        restarts++;
    /* A busy machine may make pauses that are longer than the delay. */
    assert_in_range(restarts, 1, 2 + took / DELAY);
}

/* There are more events than the queue holds. What was made meanwhile is watched all the same. */
static void test_overflow(void **state)
{
    char *limit_text, name[64];
    long limit;

    (void)state;
    if (SCANS) /* the scanner has no queue that could overflow */
        return;
    limit_text = shell("cat /proc/sys/fs/inotify/max_queued_events");
    limit = atol(limit_text);
    free(limit_text);
    if (limit > 100000)
        skip_because("the queue of events holds too many to fill it");
    START_WATCHING("--watch", ".");
    expect_start();
    process_signal(&systemfd, SIGSTOP);
    for (long i = 0; i <= limit; i++) { /* an event equal to the last is dropped */
        snprintf(name, sizeof name, "%ld", i % 2);
        put(name, "");
    }
    in_project("mkdir -p made/meanwhile");
    process_signal(&systemfd, SIGCONT);
    next_change();
    in_project("echo 1 >made/meanwhile/file");
    assert_change("made/meanwhile/file");
    assert_rest("made/meanwhile/file");
}

static void test_delay(void **state)
{
    long long changed;

    (void)state;
    START_WATCHING("--watch", ".", "--delay", "700");
    expect_start();
    changed = now_ms();
    put("file", "1\n");
    assert_change("file");
    assert_true(now_ms() - changed >= 700);
    process_discard(&systemfd);

    START_WATCHING("--watch", ".", "--delay=0");
    expect_start();
    assert_rest("file");
}

/* A file that is written all the time does not put off the restart for ever. */
static void test_endless_changes(void **state)
{
    const char *const argv[] = {"sh", "-c", "while :; do echo x >>log.txt; sleep 0.01; done", NULL};
    struct process writer;

    (void)state;
    START_WATCHING("--watch", ".");
    expect_start();
    process_start(&writer, &(struct launch){.argv = argv, .folder = project});
    assert_change("log.txt");
    assert_change("log.txt");
    process_discard(&writer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_ways_to_save),
        TEST(test_mode_alone_does_not_count),
        TEST(test_names),
        TEST(test_names_do_not_forge_lines),
        TEST(test_folders),
        TEST(test_folder_moved_away),
        TEST(test_files_in_new_folders),
        TEST(test_watched_folder_made_again),
        TEST(test_watched_folder_replaced),
        TEST(test_watched_file_made_again),
        TEST(test_folder_of_watched_file_made_again),
        TEST(test_several_paths),
        TEST(test_one_path_in_several_ways),
        TEST(test_one_folder_in_two_spellings),
        TEST(test_ignored_names_that_are_named),
        TEST(test_absolute_paths_and_links),
        TEST(test_watched_link),
        TEST(test_links_below),
        TEST(test_two_links_to_one_folder),
        TEST(test_target_of_link_made_again),
        TEST(test_loops),
        TEST(test_root_led_elsewhere),
        TEST(test_config_map),
        TEST(test_opened_for_writing),
        TEST(test_made_executable),
        TEST(test_limit_of_instances),
        TEST(test_limit_of_descriptors),
        TEST(test_limit_of_watches),
        TEST(test_deep_tree),
        TEST(test_missing_path),
        TEST(test_ignored_by_default),
        TEST(test_not_ignored_by_default),
        TEST(test_choices),
        TEST(test_ignore),
        TEST(test_ignore_is_below_the_watched),
        TEST(test_burst),
        TEST(test_overflow),
        TEST(test_delay),
        TEST(test_endless_changes),
    };

    return cmocka_run_group_tests(tests, find_programs_and_orphans, NULL);
}
