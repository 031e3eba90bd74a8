/* SPDX-License-Identifier: MIT
 * listenfd_take_or_bind: above all, that it destroys nothing which is not its own. */
#include "listenfd.h"

#include "folder.h"
#include "passed.h"
#include "sockets.h"
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { ROOM = sizeof((struct sockaddr_un *)NULL)->sun_path };

/* Each test runs in a folder of its own, and binds "x.sock" there. */
static int enter_folder(void **state)
{
    clear_variables();
    *state = folder_create();
    return chdir(*state);
}

static int leave_folder(void **state)
{
    assert_int_equal(chdir("/"), 0);
    folder_remove(*state);
    return 0;
}

/* "x.sock" has no slash: only the type tells what it is. */
static const char *spec_of(const char *path)
{
    static char text[1100];

    snprintf(text, sizeof text, "unix::%s", path);
    return path ? text : NULL;
}

/* Bound here, which leaves errno alone. */
static int bind_unix(struct listenfd *lfd, const char *path)
{
    listenfd_socket fd = 4711;
    int result;

    errno = 4712;
    result = listenfd_take_or_bind(lfd, 0, spec_of(path), &fd);
    if (result != LISTENFD_BOUND)
        fail_msg("%s: %d: %s", path, result, listenfd_message(lfd));
    assert_int_equal(errno, 4712);
    assert_true(fd >= 0);
    return fd;
}

static void assert_reached(int listener, const char *path)
{
    int client = connect_path(SOCK_STREAM, path), connection = accept(listener, NULL, NULL);

    assert_true(connection >= 0);
    close(connection);
    close(client);
}

static void check_failure(const char *path, int code, int error)
{
    struct listenfd *lfd = listenfd_from_env(0);
    size_t before = count_descriptors();
    listenfd_socket fd = 4711;
    int result;

    errno = 4712;
    result = listenfd_take_or_bind(lfd, 0, spec_of(path), &fd);
    if (result != code || errno != error)
        fail_msg("%s: %d, errno %d: %s", path, result, errno, listenfd_message(lfd));
    assert_int_equal(fd, LISTENFD_INVALID_SOCKET);
    assert_int_equal(count_descriptors(), before);
    if (path && code != LISTENFD_EFDS && strlen(path) < 100)
        assert_non_null(strstr(listenfd_message(lfd), path));
    listenfd_free(lfd);
}

/* In use, and what stands there is the same afterwards. */
static void check_untouched(const char *path)
{
    struct stat before, after;

    assert_int_equal(lstat(path, &before), 0);
    check_failure(path, LISTENFD_EINUSE, EADDRINUSE);
    assert_int_equal(lstat(path, &after), 0);
    assert_int_equal(before.st_ino, after.st_ino);
    assert_int_equal(before.st_mode, after.st_mode);
    assert_int_equal(before.st_ctim.tv_sec, after.st_ctim.tv_sec);
    assert_int_equal(before.st_ctim.tv_nsec, after.st_ctim.tv_nsec);
}

/* ---- Passed ---- */

static void test_passed(void **state)
{
    int first;
    struct listenfd *lfd;
    listenfd_socket fd;

    (void)state;
    first = pass_one(unix_socket(SOCK_STREAM, "passed.sock"));
    lfd = receive_passed(0);
    assert_int_equal(listenfd_take_or_bind(lfd, 0, "/nowhere/x", &fd), LISTENFD_TAKEN);
    assert_int_equal(fd, first);
    close(bind_unix(lfd, "x.sock")); /* taken already: the next is our own */
    listenfd_free(lfd);
    close(fd);
}

static void check_wrong_kind(int passed, int code)
{
    struct listenfd *lfd;
    listenfd_socket fd = 4711;

    pass_one(passed);
    lfd = receive_passed(0);
    assert_int_equal(listenfd_take_or_bind(lfd, 0, "./x.sock", &fd), code);
    assert_int_equal(fd, LISTENFD_INVALID_SOCKET);
    assert_int_equal(access("x.sock", F_OK), -1);
    listenfd_free(lfd);
}

static void test_wrong_kind_is_no_reason_to_bind(void **state)
{
    (void)state;
    check_wrong_kind(internet_socket(SOCK_STREAM, "127.0.0.1"), LISTENFD_EFAMILY);
    check_wrong_kind(unix_socket(SOCK_DGRAM, abstract_name("x")), LISTENFD_ETYPE);
    check_wrong_kind(unix_socket(SOCK_SEQPACKET, abstract_name("x")), LISTENFD_ETYPE);
    check_wrong_kind(idle_unix_stream(abstract_name("x")), LISTENFD_ENOTLISTENING);
    setenv("LISTEN_FDS", "-1", 1);
    check_failure("x", LISTENFD_EFDS, 4712);
}

/* ---- Bound here ---- */

static void test_fresh_path(void **state)
{
    char *path = path_in(*state, "x.sock");
    int fd = bind_unix(NULL, path);

    assert_true(is_cloexec(fd));
    assert_false(is_nonblocking(fd));
    assert_reached(fd, "x.sock");
    close(fd);
    assert_int_equal(access(path, F_OK), 0); /* removing it is the server's decision */
    free(path);
}

static void test_mode(void **state)
{
    struct listenfd *lfd = listenfd_from_env(LISTENFD_NONBLOCK);
    int fd = bind_unix(lfd, "x.sock");

    (void)state;
    assert_true(is_nonblocking(fd));
    listenfd_free(lfd);
    close(fd);
}

static void test_file_mode_follows_umask(void **state)
{
    mode_t before = umask(0137);
    struct stat status;

    (void)state;
    close(bind_unix(NULL, "x.sock"));
    umask(before);
    assert_int_equal(stat("x.sock", &status), 0);
    assert_int_equal(status.st_mode & 0777, 0640);
}

static void test_dead_socket_is_replaced(void **state)
{
    int fd;

    (void)state;
    close(unix_socket(SOCK_STREAM, "x.sock"));
    fd = bind_unix(NULL, "x.sock");
    assert_reached(fd, "x.sock");
    close(fd);
    fd = bind_unix(NULL, "x.sock"); /* and ours, in the next run */
    assert_reached(fd, "x.sock");
    close(fd);
}

static void test_dead_socket_of_another_type_is_replaced(void **state)
{
    (void)state;
    close(unix_socket(SOCK_DGRAM, "x.sock"));
    close(bind_unix(NULL, "x.sock"));
}

static void test_abstract(void **state)
{
    const char *name = abstract_name("x");
    int fd = bind_unix(NULL, name);

    (void)state;
    assert_reached(fd, name);
    assert_int_equal(access(name, F_OK), -1);
    check_failure(name, LISTENFD_EINUSE, EADDRINUSE);
    close(fd);
    close(bind_unix(NULL, name));
}

/* The folder's path and x's, that many bytes in all. */
static const char *path_of_length(const char *folder, size_t length)
{
    static char path[1024];

    memset(path, 'x', sizeof path);
    memcpy(path, folder, strlen(folder));
    path[strlen(folder)] = '/';
    path[length] = '\0';
    return path;
}

static void test_longest_path(void **state)
{
    const char *path = path_of_length(*state, ROOM - 1);
    int fd = bind_unix(NULL, path);

    assert_reached(fd, path);
    close(fd);
    close(bind_unix(NULL, path)); /* also the second time */
}

/* ---- Neither ---- */

static void test_live_listener(void **state)
{
    int fd = unix_socket(SOCK_STREAM, "x.sock");

    (void)state;
    check_untouched("x.sock");
    close(accept(fd, NULL, NULL)); /* the probe */
    assert_reached(fd, "x.sock");
    close(fd);
}

static void test_busy_listener(void **state)
{
    int fd = unix_socket(SOCK_STREAM, "x.sock"), clients[64], result;
    size_t count = 0;
    struct sockaddr_un where = {.sun_family = AF_UNIX, .sun_path = "x.sock"};

    (void)state;
    assert_int_equal(listen(fd, 1), 0);
    do {
        clients[count] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        result = connect(clients[count++], (struct sockaddr *)&where, sizeof where);
    } while (result == 0 && count < 64);
    assert_int_equal(errno, EAGAIN); /* the backlog is full */
    check_untouched("x.sock");
    while (count > 0)
        close(clients[--count]);
    close(fd);
}

static void test_live_socket_of_another_type(void **state)
{
    int datagram = unix_socket(SOCK_DGRAM, "datagram.sock");
    int seqpacket = unix_socket(SOCK_SEQPACKET, "seqpacket.sock");

    (void)state;
    check_untouched("datagram.sock");
    check_untouched("seqpacket.sock");
    close(datagram);
    close(seqpacket);
}

static void test_files(void **state)
{
    (void)state;
    write_file("file", "precious");
    write_file("empty", "");
    assert_int_equal(mkdir("folder", 0755), 0);
    assert_int_equal(mkfifo("fifo", 0600), 0);
    check_untouched("file");
    check_untouched("empty");
    check_untouched("folder");
    check_untouched("fifo");
}

static void test_symbolic_links(void **state)
{
    (void)state;
    write_file("file", "precious");
    close(unix_socket(SOCK_STREAM, "dead.sock"));
    assert_int_equal(symlink("nowhere", "dangling"), 0);
    assert_int_equal(symlink("file", "to-file"), 0);
    assert_int_equal(symlink("dead.sock", "to-dead"), 0);
    check_untouched("dangling");
    check_untouched("to-file");
    check_untouched("to-dead");
    assert_int_equal(access("nowhere", F_OK), -1);
    assert_int_equal(access("dead.sock", F_OK), 0);
}

static void test_not_a_path(void **state)
{
    char name[ROOM + 2];

    check_failure("", LISTENFD_EADDRESS, 4712);
    check_failure(NULL, LISTENFD_EADDRESS, 4712);
    check_failure(path_of_length(*state, ROOM), LISTENFD_EADDRESS, 4712);
    check_failure(path_of_length(*state, ROOM + 1), LISTENFD_EADDRESS, 4712);
    check_failure(path_of_length(*state, 1000), LISTENFD_EADDRESS, 4712);
    memset(name, '@', sizeof name);
    name[sizeof name - 1] = '\0';
    check_failure(name, LISTENFD_EADDRESS, 4712);
}

static void test_system_refuses(void **state)
{
    (void)state;
    write_file("file", "");
    check_failure("no-such-folder/x.sock", LISTENFD_ESYSTEM, ENOENT);
    check_failure("file/x.sock", LISTENFD_ESYSTEM, ENOTDIR);
}

static void test_reason_of_the_environment(void **state)
{
    int passed = unix_socket(SOCK_STREAM, "x.sock");
    struct listenfd *lfd;
    listenfd_socket fd;

    (void)state;
    pass_one(passed);
    setenv("LISTEN_PID", "1", 1);
    lfd = listenfd_from_env(0);
    assert_int_equal(listenfd_take_or_bind(lfd, 0, "./x.sock", &fd), LISTENFD_EINUSE);
    assert_non_null(strstr(listenfd_message(lfd), "x.sock"));
    assert_non_null(strstr(listenfd_message(lfd), "LISTEN_PID is 1 but this process is"));
    listenfd_free(lfd);
}

#define IN_A_FOLDER(test) cmocka_unit_test_setup_teardown(test, enter_folder, leave_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_FOLDER(test_passed),
        IN_A_FOLDER(test_wrong_kind_is_no_reason_to_bind),
        IN_A_FOLDER(test_fresh_path),
        IN_A_FOLDER(test_mode),
        IN_A_FOLDER(test_file_mode_follows_umask),
        IN_A_FOLDER(test_dead_socket_is_replaced),
        IN_A_FOLDER(test_dead_socket_of_another_type_is_replaced),
        IN_A_FOLDER(on_linux(test_abstract)),
        IN_A_FOLDER(test_longest_path),
        IN_A_FOLDER(test_live_listener),
        IN_A_FOLDER(test_busy_listener),
        IN_A_FOLDER(test_live_socket_of_another_type),
        IN_A_FOLDER(test_files),
        IN_A_FOLDER(test_symbolic_links),
        IN_A_FOLDER(test_not_a_path),
        IN_A_FOLDER(test_system_refuses),
        IN_A_FOLDER(test_reason_of_the_environment),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
