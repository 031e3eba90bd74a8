/* SPDX-License-Identifier: MIT
 * What counts as a change, in a real systemfd: no save is lost, no build is broken, and builds that
 * cause each other pause. tests/devserver/simulation.c tests the same rules in thousands of
 * rounds. */
#include "devserver.h"
#include "folder.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static size_t builds(void)
{
    return lines_of("../builds");
}

/* A build that copies src/file when it begins, and ends when it is told to. */
#define COPYING_BUILD \
    "cat src/file >../built; echo begins; echo build >>../builds; read word <../go; echo ends"

static void start_copying(const char *option)
{
    in_project("mkdir src; echo 0 >src/file; mkfifo ../go");
    START("-s", "http::0", "--watch", "src", option, "--settle=0", "--build", COPYING_BUILD, "--",
          "sleep", "1000");
    expect("begins");
}

static void let_build_end(void)
{
    in_project("echo >../go");
    expect("ends");
}

/* ---- No save is lost, no build is broken ---- */

static void test_save_during_build(void **state)
{
    (void)state;
    start_copying("--watch=src");
    in_project("echo 1 >src/file");
    expect("~> another build will follow: src/file changed");
    let_build_end();
    expect("~> changed: src/file");
    expect("begins");
    in_project("cmp src/file ../built");
    let_build_end();
    expect("~> server 1 is ready");
    assert_int_equal(builds(), 2);
}

/* A file is saved during each build. */
static void test_saves_during_builds(void **state)
{
    (void)state;
    start_copying("--watch=src");
    for (int i = 1; i <= 4; i++) {
        in_project("echo %d >src/file", i);
        expect("~> another build will follow: src/file changed");
        let_build_end();
        expect("begins");
        in_project("cmp src/file ../built");
    }
    let_build_end();
    expect("~> server ");
    assert_int_equal(builds(), 5);
}

/* A becomes B during a build, and A again when none runs; then B during the next build; and at last
 * A and B again during a single one. */
static void test_undo_and_redo(void **state)
{
    (void)state;
    start_copying("--watch=src");
    in_project("echo B >src/file");
    expect("~> another build will follow: ");
    let_build_end();
    expect("begins");
    let_build_end();
    expect("~> server 1 is ready");
    in_project("echo A >src/file");
    expect("begins");
    in_project("echo B >src/file");
    expect("~> another build will follow: ");
    let_build_end();
    expect("begins");
    in_project("cmp src/file ../built");
    in_project("echo A >src/file");
    expect("~> another build will follow: ");
    in_project("echo B >src/file");
    let_build_end();
    expect("begins");
    in_project("cmp src/file ../built");
}

static const char *const changes[] = {
    "rm src/file",
    ": >src/file",
    "printf '\\0picture' >src/file",
    "cp src/file new; mv new src/file", /* the same content, which was never read */
    "mv src/file src/other",
    "ln -sfn nowhere src/file",
    "mkdir src/new; echo 1 >src/new/file",
    "chmod 600 src/file; echo 1 >>src/file",
};

static void test_all_kinds_of_changes_during_build(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        print_message("%s\n", changes[i]);
        in_project("rm -rf src ../go ../builds");
        start_copying("--watch=src");
        in_project("%s", changes[i]);
        let_build_end();
        expect("begins");
        let_build_end();
        expect("~> server 1 is ready");
        assert_int_equal(builds(), 2);
        process_discard(&systemfd);
    }
}

/* A build is not ended by what it makes itself. */
static void test_build_is_not_broken(void **state)
{
    (void)state;
    START("-s", "http::0", "--watch", ".", "--settle=0", "--build",
          "echo build >>../builds; test -d out || { mkdir out; for i in $(seq 40); do "
          "echo $i >out/$i.txt; sleep 0.01; done; }; ls out | wc -l >../count",
          "--", "sleep", "1000");
    expect("~> server 1 is ready");
    in_project("test $(cat ../count) = 40");
    assert_int_equal(builds(), 2);
    assert_int_equal(count_lines("~> changed: "), 1);
}

/* ---- What the build writes ---- */

/* systemfd has come to rest: the next change that it reports is ours. What git was too slow to call
 * ignored on a busy machine may count with it. */
static void assert_rest(void)
{
    in_project("touch note");
    if (strncmp(expect("~> changed: "), "~> changed: note", strlen("~> changed: note")) != 0)
        fail_msg("another file than note has changed");
    expect("~> built in ");
}

/* Each of these builds writes what systemfd takes for the build's own, from the second build on. */
static const char *const writers[] = {
    "true",
    "echo text >generated.h",
    "head -c 100000 /dev/zero >blob",
    "echo text >new.h && mv new.h generated.h",
    "rm -f generated.h; echo text >generated.h",
    "rm -rf out; mkdir -p out/deep && echo text >out/deep/version.txt",
    "f=$(mktemp ./conf.XXXXXX) && echo text >$f && mv $f generated.h",
    "f=$(mktemp ./conf.XXXXXX) && date +%s%N >$f && rm $f",
    "f=$(mktemp ./conf.XXXXXX) && date +%s%N >$f && sleep 0.1 && rm $f",
    "d=$(mktemp -d ./conf.XXXXXX) && date +%s%N >$d/text && rm -r $d",
    "cp $(command -v server) new && mv new binary && date >>binary",
    "rm -f binary; sleep 0.1; cp $(command -v server) binary; date >>binary",
    "echo \"int x = $(date +1%N);\" >../x.c; cc -c ../x.c -o x.out; rm -f x.lib; ar rc x.lib x.out",
    "echo \"x.o: $(date +1%N).c\" >x.d",
    ": >stamp",
};

/* What the first build writes may cost a second one, and a third if it was removed again before it
 * could be read. Our own change may be reported together with those. */
static void come_to_rest(void)
{
    int tries = 0, is_ours;

    do {
        in_project("touch note");
        is_ours = strcmp(expect("~> changed: "), "~> changed: note") == 0;
        assert_in_range(++tries, 1, 3);
        expect("~> built in ");
    } while (!is_ours);
}

static void check_writer(const char *writer)
{
    print_message("%s\n", writer);
    in_project("rm -rf *");
    START("-s", "http::0", "--watch", ".", "--settle", "0", "--build", writer, "--", "sleep",
          "1000");
    expect("~> server 1 is ready");
    come_to_rest();
    for (int i = 0; i < 2; i++)
        assert_rest();
    process_discard(&systemfd);
}

static void test_build_does_not_start_itself(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof writers / sizeof writers[0]; i++)
        check_writer(writers[i]);
}

/* ---- Tools that make a whole tree, and must not be ended halfway ---- */

static const struct {
    const char *tool, *prepare, *build, *made;
} tools[] = {
    {"git",
     "mkdir ../up && git -C ../up init -q . && for i in $(seq 200); do echo $i >../up/$i; done && "
     "git -C ../up add . && git -C ../up -c user.name=us -c user.email=us@localhost commit -qm 1",
     "test -d clone || git clone -q ../up clone", "test $(ls clone | wc -l) = 200"},
    {"meson", "printf \"project('x', 'c')\\nexecutable('x', 'x.c')\\n\" >meson.build",
     "test -d tree || meson setup tree >../log; ninja -C tree >../log", "test -x tree/x"},
    {"autoconf",
     "printf 'AC_INIT([x], [1])\\nAC_PROG_CC\\nAC_CHECK_HEADERS([unistd.h])\\n"
     "AC_CONFIG_FILES([Makefile])\\nAC_OUTPUT\\n' >configure.ac && "
     "printf 'all: x\\nx: x.c\\n\\t@CC@ -o x x.c\\n' >Makefile.in && autoconf",
     "test -f Makefile || ./configure -q; make -s", "test -x x"},
};

/* One build makes the tree, another one follows because of that, and one more for an edit. */
static void check_tool(size_t row)
{
    char build[512];

    print_message("%s\n", tools[row].tool);
    in_project("rm -rf * .git ../builds; echo 'int main(void) { return 0; }' >x.c");
    in_project("%s", tools[row].prepare);
    snprintf(build, sizeof build, "echo build >>../builds; %s", tools[row].build);
    START("-s", "http::0", "--watch", ".", "--settle", "0", "--build", build, "--", "sleep",
          "1000");
    expect("~> server 1 is ready");
    in_project("%s", tools[row].made);
    assert_int_equal(builds(), 2);
    in_project("echo 'int main(void) { return 1; }' >x.c");
    assert_string_equal(expect("~> changed: x.c"), "~> changed: x.c");
    expect("~> server 2 is ready");
    assert_rest();
    assert_int_equal(builds(), 4);
    process_discard(&systemfd);
}

static void test_tools_make_trees(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof tools / sizeof tools[0]; i++) {
        char *missing = shell("command -v %s >/dev/null || echo missing", tools[i].tool);
        if (*missing == '\0')
            check_tool(i);
        else
            print_message("skipped: %s is not installed\n", tools[i].tool);
        free(missing);
    }
}

/* ---- What git says ---- */

#define GIT "git -c user.name=us -c user.email=us@localhost "

/* Makes a repository with these lines in .gitignore. */
static void create_repository(const char *lines)
{
    in_project("git init -q . && printf '%%s\\n' %s >.gitignore && mkdir -p src/build .idea && "
               "echo 1 | tee src/a.c src/build/x.o .idea/x >/dev/null && git add -f . && " GIT
               "commit -qm begin",
               lines);
}

static void assert_no_change(const char *command)
{
    print_message("%s\n", command);
    in_project("%s", command);
    assert_rest();
}

static void assert_is_change(const char *command, const char *path)
{
    char line[256];

    print_message("%s\n", command);
    in_project("%s", command);
    snprintf(line, sizeof line, "~> changed: %s", path);
    assert_string_equal(expect("~> changed: "), line);
    expect("~> built in ");
}

#define GENERATING_BUILD                                                                 \
    "echo build >>../builds; mkdir -p dist/deep out/deep; date +%s%N | tee dist/deep/x " \
    "out/deep/x src/x.gen >/dev/null"

static void test_git_knows(void **state)
{
    (void)state;
    create_repository("/dist '*.gen' '!keep.gen' /out/ .env");
    in_project("mkdir dist; echo 1 >dist/before");
    START("-s", "http::0", "--watch", ".", "--settle", "0", "--build", GENERATING_BUILD, "--",
          "sleep", "1000");
    expect("~> server 1 is ready");
    for (int i = 0; i < 3; i++)
        assert_rest();
    assert_int_equal(builds(), 4);
    assert_no_change("echo 2 >dist/before; echo 2 >out/other; echo 2 >src/y.gen; rm -r out");
    assert_no_change("echo 2 >.idea/untracked; echo 2 >src/new.o");
    assert_is_change("echo 2 >src/a.c", "src/a.c");
    assert_is_change("echo 2 >src/build/x.o", "src/build/x.o"); /* as it is tracked */
    assert_is_change("echo 2 >.idea/x", ".idea/x");
    assert_is_change("echo 2 >src/keep.gen", "src/keep.gen");
    assert_is_change("echo 2 >.env", ".env");
    assert_is_change("echo /src/later >>.gitignore", ".gitignore");
    assert_no_change("echo 2 >src/later");
    assert_is_change("git add -f src/later; echo 3 >src/later", "src/later");
    assert_no_change("echo /src/last >>.git/info/exclude; echo 2 >src/last");
}

static void wait_until_built(int number)
{
    WAIT_UNTIL(shell_status(NULL, "grep -qx %d %s/../built", number, project) == 0);
}

/* What is not ignored any more counts from then on, even in a folder that was passed over. */
static void test_git_ignores_less(void **state)
{
    (void)state;
    create_repository("/dist '*.gen'");
    in_project("mkdir -p dist/deep && echo 1 | tee dist/deep/x src/x.gen");
    START("-s", "http::0", "--watch", ".", "--settle", "0", "--build",
          "cat dist/deep/x src/x.gen >../built", "--", "sleep", "1000");
    expect("~> server 1 is ready");
    assert_no_change("echo 2 | tee dist/deep/x src/x.gen");
    in_project("echo '*.other' >.gitignore; echo 3 >src/x.gen");
    wait_until_built(3);
    for (int i = 4; i < 8; i++) {
        in_project("echo %d >dist/deep/x", i);
        wait_until_built(i);
    }
}

static void test_git_is_not_asked(void **state)
{
    (void)state;
    create_repository("'*.gen' /dist");
    START("-s", "http::0", "--watch", ".", "--no-gitignore", "--settle", "0", "--build", "true",
          "--", "sleep", "1000");
    expect("~> server 1 is ready");
    assert_is_change("echo 1 >src/x.gen", "src/x.gen");
    assert_is_change("echo 2 >.idea/x", ".idea/x");
    process_discard(&systemfd);
    START("-s", "http::0", "--watch", ".", "--ignore", "!x.gen", "--settle", "0", "--build", "true",
          "--", "sleep", "1000");
    expect("~> server 1 is ready");
    assert_is_change("echo 2 >src/x.gen", "src/x.gen");
    assert_no_change("echo 2 >src/y.gen");
    process_discard(&systemfd);
    in_project("mkdir dist"); /* it is named by --watch, although it is ignored */
    START("-s", "http::0", "--watch", "src/x.gen", "--watch", "dist", "--watch", "note", "--settle",
          "0", "--build", "true", "--", "sleep", "1000");
    expect("~> server 1 is ready");
    assert_is_change("echo 3 >src/x.gen", "src/x.gen");
    assert_is_change("echo 3 >dist/x", "dist/x");
}

/* Work trees in a work tree, one of them a submodule, one behind a link. At such paths git ends
 * without an answer. */
static void test_git_in_git(void **state)
{
    (void)state;
    create_repository("'*.gen'");
    in_project("mkdir ../other && git -C ../other init -q . && echo '*.made' >../other/.gitignore "
               "&& git -C ../other add . && " GIT "-C ../other commit -qm begin && "
               "git clone -q ../other inner && " GIT "-c protocol.file.allow=always submodule -q "
               "add ../other module && ln -s ../other linked");
    START("-s", "http::0", "--watch", ".", "--watch", "linked", "--settle", "0", "--build", "true",
          "--", "sleep", "1000");
    expect("~> server 1 is ready");
    assert_no_change("echo 1 | tee a.gen inner/a.made module/a.made linked/a.made");
    assert_is_change("echo 1 >inner/a.gen", "inner/a.gen");
    assert_is_change("echo 1 >module/a.gen", "module/a.gen");
    assert_is_change("echo 1 >linked/a.gen", "linked/a.gen");
    assert_is_change("echo 1 >a.made", "a.made");
}

/* Starts systemfd with this script for sh in the place of git. */
static void start_with_git(const char *script)
{
    char *bin = path_in(project, "../bin"), *path = strdup(getenv("PATH")), *with_bin;

    assert_true(asprintf(&with_bin, "%s:%s", bin, path) > 0);
    in_project("mkdir -p ../bin; printf '#!/bin/sh\\n%%s\\n' '%s' >../bin/git; chmod +x ../bin/git",
               script);
    setenv("PATH", with_bin, 1);
    START("-s", "http::0", "--watch", ".", "--settle", "0", "--build", "true", "--", "sleep",
          "1000");
    setenv("PATH", path, 1);
    expect("~> server 1 is ready");
    free(with_bin);
    free(path);
    free(bin);
}

/* git ends, never answers, or writes nonsense. Then everything counts, and no change waits for
 * long. */
static void test_git_fails(void **state)
{
    static const char *const ways[] = {"exit 1",   "exec sleep 1000", "echo nonsense; exit 0",
                                       "exec cat", "exec yes",        "kill -9 $$"};

    (void)state;
    create_repository("'*.gen'");
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        long before;
        print_message("%s\n", ways[i]);
        start_with_git(ways[i]);
        for (int times = 0; times < 4; times++) {
            assert_is_change("date +%s%N >src/a.c", "src/a.c");
            assert_is_change("date +%s%N >x.gen", "x.gen");
        }
        before = processor_time_ms(systemfd.pid);
        assert_is_change("date +%s%N >src/a.c", "src/a.c");
        assert_in_range(processor_time_ms(systemfd.pid) - before, 0, 500);
        process_discard(&systemfd);
    }
}

/* In a large tree, git takes long to tell whether a file is tracked. */
static void test_git_is_asked_for_rules_first(void **state)
{
    (void)state;
    create_repository("'*.gen'");
    start_with_git("echo \"$*\" >>../asked; PATH=${PATH#*:} exec git \"$@\"");
    assert_is_change("echo 2 >src/a.c", "src/a.c");
    in_project("grep -q -e 'check-ignore --no-index' ../asked");
    in_project("! grep -q -e 'check-ignore --stdin' ../asked");
    assert_no_change("echo 2 >src/x.gen");
    in_project("grep -q -e 'check-ignore --stdin' ../asked");
}

/* ---- Builds that cause the next one ---- */

/* A build that writes a new text each time is slowed down. A change of ours is built at once. */
static void test_build_that_feeds_itself(void **state)
{
    long long began;

    (void)state;
    START("-s", "http::0", "--watch", ".", "--settle", "0", "--build",
          "echo build >>../builds; date +%s%N >generated.h", "--", "sleep", "1000");
    expect("~> hint: generated.h changes during each build; the next one waits 1 s; if the build "
           "writes it: --ignore 'generated.h'");
    assert_int_equal(builds(), 2);
    expect("~> server 1 is ready"); /* meanwhile the server starts */
    began = now_ms();
    expect("~> hint: generated.h changes during each build; the next one waits 2 s;");
    assert_true(now_ms() - began >= 900);
    expect("~> hint: generated.h changes during each build; the next one waits 4 s;");
    assert_int_equal(builds(), 4);
    in_project("touch note");
    expect("~> changed: ");
    expect("~> hint: generated.h changes during each build; the next one waits 1 s;");
    assert_int_equal(builds(), 6);
}

static void test_hint_helps(void **state)
{
    (void)state;
    START("-s", "http::0", "--watch", ".", "--settle", "0", "--ignore", "generated.h", "--build",
          "echo build >>../builds; date +%s%N >generated.h", "--", "sleep", "1000");
    expect("~> server 1 is ready");
    for (int i = 0; i < 3; i++)
        assert_rest();
    assert_int_equal(builds(), 4);
}

/* A build that is ended by what it writes itself is not ended for ever. */
static void test_restarted_build_comes_to_its_end(void **state)
{
    (void)state;
    put("generated.h", "1\n");
    START("-s", "http::0", "--watch", ".", "--restart-build", "--settle", "0", "--build",
          "echo build >>../builds; date +%s%N >generated.h; sleep 0.3; echo ends", "--", "sleep",
          "1000");
    expect("ends");
    assert_in_range(builds(), 2, 8);
    expect("~> built in ");
}

/* systemfd's own output, in a file that is watched, does not count. */
static void test_own_output(void **state)
{
    const char *const argv[] = {"sh", "-c",
                                "exec systemfd -s http::0 --watch . --build 'echo build "
                                ">>../builds' -- sleep 1000 >log 2>&1",
                                NULL};
    struct process systemfd_to_file;

    (void)state;
    process_start(&systemfd_to_file, &(struct launch){.argv = argv, .folder = project});
    WAIT_UNTIL(lines_of("log") > 0);
    WAIT_UNTIL(builds() == 1);
    in_project("until grep -q 'is ready' log; do sleep 0.01; done; touch note; "
               "until grep -q 'server 2 is ready' log; do sleep 0.01; done");
    assert_int_equal(builds(), 2);
    process_discard(&systemfd_to_file);
}

/* ---- What is not a change of a file's content ---- */

static void test_made_executable(void **state)
{
    (void)state;
    in_project("printf '#!/bin/sh\\nexec sleep 1000\\n' >run; chmod 644 run");
    START("-s", "http::0", "--watch", ".", "--settle=60000", "--", "./run");
    expect("~> server 1 died before it was ready: exit status 126");
    in_project("chmod +x run");
    expect("~> changed: run");
    WAIT_UNTIL(children_of(systemfd.pid) == 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_save_during_build),
        TEST(test_saves_during_builds),
        TEST(test_undo_and_redo),
        TEST(test_all_kinds_of_changes_during_build),
        TEST(test_build_is_not_broken),
        TEST(test_build_does_not_start_itself),
        TEST(test_tools_make_trees),
        TEST(test_git_knows),
        TEST(test_git_ignores_less),
        TEST(test_git_is_not_asked),
        TEST(test_git_in_git),
        TEST(test_git_fails),
        TEST(test_git_is_asked_for_rules_first),
        TEST(test_build_that_feeds_itself),
        TEST(test_hint_helps),
        TEST(test_restarted_build_comes_to_its_end),
        TEST(test_own_output),
        TEST(test_made_executable),
    };

    return cmocka_run_group_tests(tests, find_programs_and_orphans, NULL);
}
