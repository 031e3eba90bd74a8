/* SPDX-License-Identifier: MIT
 * What the command inherits from systemfd, and what it does not: descriptors, variables, signals,
 * exit status. Started as "inherited report FILE", this program writes to the file which
 * descriptors it has open. */
#include "folder.h"
#include "process.h"
#include "sockets.h"
#include "test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

static char *folder;

static int set_up(void **state)
{
    (void)state;
    folder = folder_create();
    return 0;
}

static int clean_up(void **state)
{
    (void)state;
    folder_remove(folder);
    return 0;
}

/* Runs a shell command in the folder, with the descriptors of `layout` at 3, 4 ..., or from its
 * `first` on. Returns the output, which the caller frees. */
static char *run(const char *command, const struct launch *layout, int expected_status)
{
    const char *argv[] = {"sh", "-c", command, NULL};
    struct launch launch = *layout;
    struct process process;
    int status;
    char *text;

    launch.argv = argv;
    launch.folder = folder;
    process_start(&process, &launch);
    status = process_wait(&process);
    text = strdup(process.text ? process.text : "");
    process_discard(&process);
    if (status != expected_status)
        print_message("status %d, expected %d: %s\n%s\n", status, expected_status, command, text);
    assert_int_equal(status, expected_status);
    return text;
}

static void assert_has(const char *text, const char *part)
{
    if (!strstr(text, part))
        print_message("expected '%s' in:\n%s\n", part, text);
    assert_non_null(strstr(text, part));
}

static void assert_has_not(const char *text, const char *part)
{
    if (strstr(text, part))
        print_message("did not expect '%s' in:\n%s\n", part, text);
    assert_null(strstr(text, part));
}

/* ---- Descriptors ---- */

/* Files are open at 3 to 10, except for those that the shell closes. */
static void check_occupied(const char *closing)
{
    static const char sockets[] = "socket 0 fd 3 name 'a' cloexec tcp listener 127.0.0.1:";
    int files[8];
    char *command, *text;

    for (int i = 0; i < 8; i++)
        files[i] = open("/dev/null", O_RDWR | O_CLOEXEC);
    assert_true(asprintf(&command, "exec systemfd -q -s a=http::0 -s b=udp::0 -s c=@%s -- probe %s",
                         folder, closing) > 0);
    text = run(command, &(struct launch){.descriptors = files, .count = 8}, 0);
    assert_has(text, sockets);
    assert_has(text, "\nsocket 1 fd 4 name 'b' cloexec udp socket 127.0.0.1:");
    assert_has(text, "\nsocket 2 fd 5 name 'c' cloexec unix listener @");
    assert_has(text, "\nothers none\n");
    free(text);
    free(command);
    for (int i = 0; i < 8; i++)
        close(files[i]);
}

static void test_numbers_are_always_the_same(void **state)
{
    static const char *const rows[] = {
        "",                                   /* 3 to 10 are taken */
        "3<&-",                               /* 3 is free ... */
        "3<&- 5<&- 6<&- 7<&- 8<&- 9<&-",      /* only 4 and 10 are taken */
        "3<&- 4<&- 6<&- 7<&- 8<&- 9<&-",      /* only 5 and 10 */
        "4<&- 5<&- 6<&- 7<&- 8<&- 9<&-",      /* only 3 and 10 */
        "3<&- 4<&- 5<&- 6<&- 7<&- 8<&- 9<&-", /* only 10 */
        "3<&- 4<&- 5<&- 6<&- 7<&- 8<&-",      /* only 9 and 10 */
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        check_occupied(rows[i]);
}

static void test_nothing_else_without_sockets(void **state)
{
    int files[8];
    char *text;

    (void)state;
    for (int i = 0; i < 8; i++)
        files[i] = open("/dev/null", O_RDWR | O_CLOEXEC);
    text = run("exec systemfd -q -- probe", &(struct launch){.descriptors = files, .count = 8}, 0);
    assert_has(text, "status 0\n");
    assert_has(text, "\nothers none\n");
    free(text);
    text = run("exec systemfd -q -- probe",
               &(struct launch){.descriptors = files, .count = 8, .first = 300}, 0);
    assert_has(text, "\nothers none\n");
    free(text);
    for (int i = 0; i < 8; i++)
        close(files[i]);
}

/* ---- Standard streams ---- */

static int report(const char *path)
{
    char open_ones[256] = "", *end = open_ones;
    FILE *file;

    for (int fd = 0; fd < 64; fd++)
        if (is_open_descriptor(fd))
            end += sprintf(end, "%d ", fd);
    file = fopen(path, "w");
    if (!file)
        return 1;
    fputs(open_ones, file);
    return fclose(file);
}

static void check_closed_streams(int closed, const char *options, const char *sockets)
{
    char expected[64] = "", command[256], *text, *path = path_in(folder, "report");

    snprintf(command, sizeof command, "exec systemfd %s -- $SELF report ./report%s%s%s", options,
             closed & 1 ? " 0<&-" : "", closed & 2 ? " 1>&-" : "", closed & 4 ? " 2>&-" : "");
    for (int fd = 0; fd < 3; fd++)
        if (!(closed & 1 << fd))
            sprintf(strchr(expected, '\0'), "%d ", fd);
    strcat(expected, sockets);

    free(run(command, &(struct launch){0}, 0));
    text = shell("cat %s", path);
    if (strcmp(text, expected) != 0)
        print_message("%s: open were %s, expected %s\n", command, text, expected);
    assert_string_equal(text, expected);
    free(text);
    free(path);
}

/* Standard streams that were closed stay closed: nothing else gets their numbers. */
static void test_closed_standard_streams(void **state)
{
    (void)state;
    for (int closed = 0; closed < 8; closed++) {
        check_closed_streams(closed, "-s http::0 -s udp::0 -s 0", "3 4 5 ");
        check_closed_streams(closed, "-q -s http::0", "3 ");
        check_closed_streams(closed, "", "");
    }
}

/* Standard streams are the same files as before, at the same position. */
static void test_standard_streams_are_untouched(void **state)
{
    char *text;

    (void)state;
    text = run("printf 'one\\ntwo\\nthree\\n' >in; exec 0<in; read line; "
               "systemfd -q -s 0 -- sh -c 'cat; echo out; echo err >&2' >out 2>err; "
               "head in out err",
               &(struct launch){0}, 0);
    assert_has(text, "==> out <==\ntwo\nthree\nout\n\n==> err <==\nerr\n");
    free(text);
    text = run("systemfd -s 0 -- true 2>/dev/null", &(struct launch){0}, 0);
    assert_string_equal(text, "");
    free(text);
}

/* The exit status is the same when the error cannot be written. */
static void test_errors_with_closed_streams(void **state)
{
    (void)state;
    free(run("exec systemfd -s @ -- true 2>&-", &(struct launch){0}, 2));
    free(run("exec systemfd -s ./no/where -- true <&- >&- 2>&-", &(struct launch){0}, 1));
    free(run("exec systemfd -- ./missing <&- >&- 2>&-", &(struct launch){0}, 127));
    free(run("exec systemfd -s @ -- true 2>/dev/full", &(struct launch){0}, 2));
    free(run("exec systemfd -s 0 -- sh -c 'exit 7' 2>/dev/full", &(struct launch){0}, 7));
}

/* ---- Variables ---- */

static char *variables(const char *command, const struct launch *layout)
{
    char *line, *text;

    assert_true(asprintf(&line, "%s -- env >env; grep ^LISTEN_ env | sort", command) > 0);
    text = run(line, layout, 0);
    free(line);
    return text;
}

static int pidfd_inode(pid_t pid, unsigned long long *inode)
{
    int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    struct statfs system;
    struct stat status;
    int result;

    if (pidfd < 0)
        return 0;
    assert_int_equal(fstatfs(pidfd, &system), 0);
    assert_int_equal(fstat(pidfd, &status), 0);
    result = system.f_type == 0x50494446; /* pidfs */
    *inode = status.st_ino;
    close(pidfd);
    return result;
}

static void test_variables(void **state)
{
    const char *const argv[] = {"systemfd", "-q", "-s", "0", "-s", "udp::0", "--", "env", NULL};
    unsigned long long inode;
    struct process process;
    char expected[64];

    (void)state;
    process_start(&process, &(struct launch){.argv = argv});
    snprintf(expected, sizeof expected, "\nLISTEN_PID=%ld\n", (long)process.pid);
    process_line_with(&process, "LISTEN_PID=");
    if (pidfd_inode(process.pid, &inode)) { /* not reaped yet, so the ID is still its own */
        snprintf(strchr(expected, '\0') - 1, 40, "\nLISTEN_PIDFDID=%llu\n", inode);
    }
    assert_int_equal(process_wait(&process), 0);
    assert_has(process.text, "\nLISTEN_FDS=2\nLISTEN_FDS_FIRST_FD=3\n");
    assert_has(process.text, expected);
    assert_has_not(process.text, "LISTEN_FDNAMES");
    process_discard(&process);
}

static void test_pidfdid_only_where_there_is_pidfs(void **state)
{
    unsigned long long inode;
    char *text = variables("systemfd -q -s 0", &(struct launch){0});

    (void)state;
    if (pidfd_inode(getpid(), &inode))
        assert_has(text, "\nLISTEN_PIDFDID=");
    else
        assert_has_not(text, "LISTEN_PIDFDID");
    free(text);
}

/* The probe uses our library. Its status 1 means "passed to this process": PID and PIDFDID were
 * checked. */
static void test_receiver_believes_them(void **state)
{
    char *text = run("systemfd -q -s 0 -- probe", &(struct launch){0}, 0);

    (void)state;
    assert_has(text, "status 1\n");
    free(text);
    text = run("systemfd -q -s 0 -- sh -c 'probe; :'", &(struct launch){0}, 0);
    assert_has(text, "status 2\nmessage LISTEN_PID is ");
    assert_has(text, "\nothers 3\n");
    free(text);
    text = run("systemfd -q -s 0 -- sh -c 'exec probe'", &(struct launch){0}, 0);
    assert_has(text, "status 1\n");
    free(text);
}

static void test_names(void **state)
{
    static const char *const rows[][2] = {
        {"-s a=0", "LISTEN_FDNAMES=a\n"},
        {"-s a=0 -s b=0", "LISTEN_FDNAMES=a:b\n"},
        {"-s a=0 -s a=0", "LISTEN_FDNAMES=a:a\n"},
        {"-s a=0 -s 0", "LISTEN_FDNAMES=a:unknown\n"},
        {"-s 0 -s 'b c=0'", "LISTEN_FDNAMES=unknown:b c\n"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *command, *text;
        assert_true(asprintf(&command, "systemfd -q %s", rows[i][0]) > 0);
        text = variables(command, &(struct launch){0});
        assert_memory_equal(text, rows[i][1], strlen(rows[i][1]));
        free(text);
        free(command);
    }
}

static void test_no_variables_without_sockets(void **state)
{
    char *text = variables("systemfd -q", &(struct launch){0});

    (void)state;
    assert_string_equal(text, "");
    free(text);
    text = variables("systemfd -q --no-pid", &(struct launch){0});
    assert_string_equal(text, "");
    free(text);
}

/* Neither other variables change, nor anything else that exec keeps. */
static void test_nothing_else_changes(void **state)
{
    static const char look[] = "sh -c 'env | grep -v ^LISTEN_ | sort; umask; pwd; ulimit -a; "
                               "ps -o pgid=,sid=,nice=,tty= -p $$'";
    char *command, *text;

    (void)state;
    assert_true(asprintf(&command,
                         "umask 027; export ODD=\"$(printf 'a\\nb=c')\"; %s >before; "
                         "systemfd -q -s 0 -s ./x,mode=606 -- %s >after && cmp before after",
                         look, look) > 0);
    text = run(command, &(struct launch){0}, 0);
    assert_string_equal(text, "");
    free(text);
    free(command);
}

/* ---- Variables for other processes ---- */

static void test_stale_variables_are_removed(void **state)
{
    const char *const stale[] = {"LISTEN_FDS=2",     "LISTEN_PID=1",          "LISTEN_FDNAMES=x:y",
                                 "LISTEN_PIDFDID=9", "LISTEN_FDS_FIRST_FD=3", NULL};
    int files[] = {open("/dev/null", O_RDONLY | O_CLOEXEC),
                   open("/dev/null", O_RDONLY | O_CLOEXEC)};
    struct launch layout = {.environ_ = stale, .descriptors = files, .count = 2};
    char *text;

    (void)state;
    text = variables("systemfd -q", &layout);
    assert_string_equal(text, "");
    free(text);
    text = variables("systemfd -q --no-pid -s 0", &layout);
    assert_string_equal(text, "LISTEN_FDS=1\nLISTEN_FDS_FIRST_FD=3\n");
    free(text);
    text = run("systemfd -q -s 0 -- probe", &layout, 0);
    assert_has(text, "status 1\n");
    assert_has(text, "socket 0 fd 3 name 'unknown' cloexec tcp listener");
    assert_has(text, "\nothers none\n");
    free(text);
    close(files[0]);
    close(files[1]);
}

static void test_stale_without_count(void **state)
{
    const char *const stale[] = {"LISTEN_PID=$PID", "LISTEN_FDNAMES=x", "LISTEN_PIDFDID=9",
                                 "LISTEN_FDS_FIRST_FD=7", NULL};
    char *text = variables("systemfd -q", &(struct launch){.environ_ = stale});

    (void)state;
    assert_string_equal(text, "");
    free(text);
    text = variables("systemfd -q --no-pid -s 0", &(struct launch){.environ_ = stale});
    assert_string_equal(text, "LISTEN_FDS=1\nLISTEN_FDS_FIRST_FD=3\n");
    free(text);
}

static void check_malformed(const char *variable, const char *value, const char *message)
{
    const char *environ_[] = {"LISTEN_FDS=1", NULL, NULL};
    int listener = internet_socket(SOCK_STREAM, "127.0.0.1");
    char *assignment, *text;

    assert_true(asprintf(&assignment, "%s=%s", variable, value) > 0);
    environ_[1] = assignment;
    text = run("exec systemfd -s ./path -- echo started",
               &(struct launch){.environ_ = environ_, .descriptors = &listener, .count = 1}, 1);
    assert_memory_equal(text, "systemfd: ", 10);
    assert_has(text, "passed to systemfd");
    assert_has(text, message);
    assert_has_not(text, "started");
    assert_int_equal(shell_status(NULL, "test -e %s/path", folder), 1);
    assert_ptr_equal(strchr(text, '\n'), strrchr(text, '\n'));
    free(text);
    free(assignment);
    close(listener);
}

static void test_malformed_variables(void **state)
{
    (void)state;
    check_malformed("LISTEN_FDS", "", "LISTEN_FDS is ''");
    check_malformed("LISTEN_FDS", "x", "LISTEN_FDS is 'x'");
    check_malformed("LISTEN_FDS", "-1", "LISTEN_FDS is '-1'");
    check_malformed("LISTEN_FDS", "2", "4 is not open");
    check_malformed("LISTEN_FDS_FIRST_FD", "x", "LISTEN_FDS_FIRST_FD is 'x'");
    check_malformed("LISTEN_FDS_FIRST_FD", "9", "9 is not open");
    check_malformed("LISTEN_PID", "self", "LISTEN_PID is 'self'");
    check_malformed("LISTEN_PIDFDID", "x", "LISTEN_PIDFDID is 'x'");
    check_malformed("LISTEN_FDNAMES", "a:b", "2 names ('a:b') for 1 sockets");
}

/* ---- Sockets that systemfd itself was passed ---- */

static void check_passed_on(int first)
{
    int listeners[] = {internet_socket(SOCK_STREAM, "127.0.0.1"),
                       internet_socket(SOCK_DGRAM, "127.0.0.1")};
    char first_fd[40], expected[256], *text;
    const char *const environ_[] = {"LISTEN_FDS=2", "LISTEN_FDNAMES=one:two", first_fd, NULL};
    struct launch layout = {
        .environ_ = environ_, .descriptors = listeners, .count = 2, .first = first};

    snprintf(first_fd, sizeof first_fd, "LISTEN_FDS_FIRST_FD=%d", first);
    text = run("exec systemfd -s new=@$$ -- probe", &layout, 0);
    snprintf(expected, sizeof expected,
             "~> socket 127.0.0.1:%d (passed on) -> fd #3\n"
             "~> socket 127.0.0.1:%d (passed on) -> fd #4\n"
             "~> socket @",
             port_of_socket(listeners[0]), port_of_socket(listeners[1]));
    assert_has(text, expected);
    snprintf(expected, sizeof expected,
             "socket 0 fd 3 name 'one' cloexec tcp listener 127.0.0.1:%d\n"
             "socket 1 fd 4 name 'two' cloexec udp socket 127.0.0.1:%d\n"
             "socket 2 fd 5 name 'new' cloexec unix listener @",
             port_of_socket(listeners[0]), port_of_socket(listeners[1]));
    assert_has(text, expected);
    assert_has(text, "\nothers none\n");
    free(text);
    text = run("exec systemfd -q -- probe", &layout, 0); /* with no -s */
    assert_has(text, "\nsocket 0 fd 3 name 'one' ");
    assert_has(text, "\nsocket 1 fd 4 name 'two' ");
    assert_has(text, "\nothers none\n");
    free(text);
    close(listeners[0]);
    close(listeners[1]);
}

static void test_passed_sockets_come_first(void **state)
{
    static const int firsts[] = {3, 4, 5, 10, 200};

    (void)state;
    for (size_t i = 0; i < sizeof firsts / sizeof firsts[0]; i++)
        check_passed_on(firsts[i]);
}

/* Sockets without an address are shown by their kind. */
static void test_passed_without_an_address(void **state)
{
    int passed[] = {socket(AF_UNIX, SOCK_DGRAM, 0), socket(AF_NETLINK, SOCK_RAW, 0)};
    const char *const environ_[] = {"LISTEN_FDS=2", NULL};
    struct launch layout = {.environ_ = environ_, .descriptors = passed, .count = 2, .first = 3};
    char *text = run("exec systemfd -- true", &layout, 0);

    (void)state;
    assert_has(text, "~> socket unix datagram (no name) (passed on) -> fd #3\n");
    assert_has(text, "~> socket socket of family 16, type 3, protocol 0 (passed on) -> fd #4\n");
    free(text);
    close(passed[0]);
    close(passed[1]);
}

static void check_nested(const char *outer, const char *inner, const char *names)
{
    char *command, *text;

    assert_true(asprintf(&command, "systemfd -q %s -- systemfd -q %s", outer, inner) > 0);
    text = variables(command, &(struct launch){0});
    if (names)
        assert_has(text, names);
    else
        assert_has_not(text, "LISTEN_FDNAMES");
    free(text);
    free(command);
}

static void test_systemfd_under_systemfd(void **state)
{
    (void)state;
    check_nested("-s 0", "-s udp::0", NULL);
    check_nested("-s 0", "", NULL);
    check_nested("-s a=0", "", "LISTEN_FDNAMES=a\nLISTEN_FDS=1\n");
    check_nested("-s a=0 -s udp::0", "-s b=0", "LISTEN_FDNAMES=a:unknown:b\nLISTEN_FDS=3\n");
    check_nested("-s 0", "-s b=0", "LISTEN_FDNAMES=unknown:b\nLISTEN_FDS=2\n");
    check_nested("-s a=0", "-s 0", "LISTEN_FDNAMES=a:unknown\nLISTEN_FDS=2\n");
    check_nested("--no-pid -s a=0", "-s 0", "LISTEN_FDNAMES=a:unknown\nLISTEN_FDS=2\n");
    check_nested("-s a=0", "--no-pid", "LISTEN_FDNAMES=a\nLISTEN_FDS=1\nLISTEN_FDS_FIRST_FD=3\n");
}

static void test_nested_sockets_work(void **state)
{
    char *text = run("systemfd -q -s a=0 -- systemfd -q -s b=udp::0 -- "
                     "systemfd -q -s c=./c -- probe",
                     &(struct launch){0}, 0);

    (void)state;
    assert_has(text, "status 1\n");
    assert_has(text, "socket 0 fd 3 name 'a' cloexec tcp listener 127.0.0.1:");
    assert_has(text, "socket 1 fd 4 name 'b' cloexec udp socket 127.0.0.1:");
    assert_has(text, "socket 2 fd 5 name 'c' cloexec unix listener ./c\nothers none\n");
    free(text);
    text = run("systemfd -q -s a=0 -- systemfd -q --no-pid -- sh -c 'probe; :'",
               &(struct launch){0}, 0);
    assert_has(text, "status 1\n");
    free(text);
}

/* With a shell in between, LISTEN_PID says that the sockets are not for the inner systemfd. */
static void test_nested_through_a_shell(void **state)
{
    char *text = run("systemfd -q -s a=0 -- sh -c 'systemfd -q -s b=udp::0 -- probe; :'",
                     &(struct launch){0}, 0);

    (void)state;
    assert_has(text, "socket 0 fd 3 name 'b' cloexec udp socket 127.0.0.1:");
    assert_has(text, "\nothers none\n");
    free(text);
}

/* ---- Signals and exit status ---- */

static void test_signals(void **state)
{
    char *text;

    (void)state;
    if (shell_status(NULL, "env --block-signal=USR1 true") != 0)
        skip_because("env(1) has no --block-signal");
    text =
        run("set -- env --block-signal=USR1,TERM --ignore-signal=HUP,PIPE,CHLD;"
            "\"$@\" grep -E '^Sig(Blk|Ign|Cgt|Pnd)' /proc/self/status >before;"
            "\"$@\" systemfd -q -s 0 -- grep -E '^Sig(Blk|Ign|Cgt|Pnd)' /proc/self/status >after;"
            "grep -q '^SigBlk:.*4200$' before && grep -q '^SigIgn:.*11001$' before &&"
            "diff before after",
            &(struct launch){0}, 0);
    assert_string_equal(text, "");
    free(text);
    text = run("grep -E '^Sig(Blk|Ign|Cgt|Pnd)' /proc/self/status >before;"
               "systemfd -q -s 0 -- grep -E '^Sig(Blk|Ign|Cgt|Pnd)' /proc/self/status >after;"
               "diff before after",
               &(struct launch){0}, 0);
    assert_string_equal(text, "");
    free(text);
}

struct outcome {
    const char *command;
    int status;
    const char *output;
};

/* In the folder are `plain`, which is not executable; `folder`; `orphan`, a script whose
 * interpreter is missing; and `unnamed`, a script that names none. */
static void test_exit_status(void **state)
{
    static const struct outcome rows[] = {
        {"true", 0, ""},
        {"false", 1, ""},
        {"sh -c 'exit 7'", 7, ""},
        {"sh -c 'exit 255'", 255, ""},
        {"sh -c 'kill -TERM $$'", 128 + 15, ""},
        {"sh -c 'kill -KILL $$'", 128 + 9, ""},
#ifdef __GLIBC__ /* execvp(3) of musl does not fall back to the shell */
        {"./unnamed", 5, ""},
        {"unnamed", 5, ""},
#endif
        {"./plain", 126, "systemfd: cannot execute './plain': Permission denied\n"},
        {"plain", 126, "systemfd: cannot execute 'plain': Permission denied\n"},
        {"./folder", 126, "systemfd: cannot execute './folder': Permission denied\n"},
        {"/", 126, "systemfd: cannot execute '/': Permission denied\n"},
        {"./orphan", 126,
         "systemfd: cannot execute './orphan': the interpreter that it names is missing\n"},
        {"missing", 127, "systemfd: cannot find the command 'missing'\n"},
        {"./missing", 127, "systemfd: cannot find the command './missing'\n"},
        {"no/where", 127, "systemfd: cannot find the command 'no/where'\n"},
        {"''", 127, "systemfd: cannot find the command ''\n"},
        {"-", 127, "systemfd: cannot find the command '-'\n"},
    };
    static const char *const options[] = {"", "-s 0", "-s n=@$$ --no-pid"};

    (void)state;
    free(shell("cd %s && touch plain && mkdir folder && echo 'exit 5' >unnamed && "
               "echo '#!/no/interpreter' >orphan && chmod +x unnamed orphan",
               folder));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (size_t j = 0; j < sizeof options / sizeof options[0]; j++) {
            char *command, *text;
            assert_true(asprintf(&command,
                                 "launcher=$(command -v systemfd); PATH=/usr/bin:/bin:.; exec "
                                 "$launcher -q %s -- %s",
                                 options[j], rows[i].command) > 0);
            text = run(command, &(struct launch){0}, rows[i].status);
            assert_string_equal(text, rows[i].output);
            free(text);
            free(command);
        }
    }
}

static void test_command_that_is_here(void **state)
{
    char *text;

    (void)state;
    free(shell("cd %s && echo 'exit 5' >server && chmod +x server", folder));
    text = run("launcher=$(command -v systemfd); PATH=/usr/bin:/bin; exec $launcher -q -- server",
               &(struct launch){0}, 127);
    assert_string_equal(text, "systemfd: cannot find the command 'server'; did you mean "
                              "./server?\n");
    free(text);
}

/* systemfd becomes the command, in the same process. */
static void test_same_process(void **state)
{
    char *text = run("echo $$; exec systemfd -q -s 0 -- sh -c 'echo $$'", &(struct launch){0}, 0);
    char *second = strchr(text, '\n') + 1;

    (void)state;
    assert_int_equal(atol(text), atol(second));
    assert_true(atol(text) > 0);
    free(text);
}

int main(int argc, char **argv)
{
#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, set_up, clean_up)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_numbers_are_always_the_same),
        IN_FOLDER(test_nothing_else_without_sockets),
        IN_FOLDER(test_closed_standard_streams),
        IN_FOLDER(test_standard_streams_are_untouched),
        IN_FOLDER(test_errors_with_closed_streams),
        IN_FOLDER(test_variables),
        IN_FOLDER(test_pidfdid_only_where_there_is_pidfs),
        IN_FOLDER(test_receiver_believes_them),
        IN_FOLDER(test_names),
        IN_FOLDER(test_no_variables_without_sockets),
        IN_FOLDER(test_nothing_else_changes),
        IN_FOLDER(test_stale_variables_are_removed),
        IN_FOLDER(test_stale_without_count),
        IN_FOLDER(test_malformed_variables),
        IN_FOLDER(test_passed_sockets_come_first),
        IN_FOLDER(test_passed_without_an_address),
        IN_FOLDER(test_systemfd_under_systemfd),
        IN_FOLDER(test_nested_sockets_work),
        IN_FOLDER(test_nested_through_a_shell),
        IN_FOLDER(test_signals),
        IN_FOLDER(test_exit_status),
        IN_FOLDER(test_command_that_is_here),
        IN_FOLDER(test_same_process),
    };

    if (argc > 2 && strcmp(argv[1], "report") == 0)
        return report(argv[2]);
    return cmocka_run_group_tests(tests, find_programs, NULL);
}
