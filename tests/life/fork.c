/* SPDX-License-Identifier: MIT
 * fork(2) makes two processes with an object each: what one of them takes, frees and closes,
 * the other still has. */
#include "listenfd.h"

#include "passed.h"
#include "sockets.h"
#include "test.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int first; /* of the two that were passed */

static struct listenfd *pass_two(void)
{
    first = pass_listeners(2, "a:b");
    return receive_passed(0);
}

/* In a child, which must not get back into cmocka: 0 when its work went well. */
static void in_child(int (*work)(struct listenfd *), struct listenfd *lfd)
{
    int status;
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0)
        _exit(work(lfd));
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (status != 0)
        fail_msg("the child's step %d failed (status %#x)", WEXITSTATUS(status), (unsigned)status);
}

/* Connects to a listener and accepts: 0 when that works. Asserts nothing, for the child. */
static int serve_one(int fd)
{
    struct sockaddr_in where;
    socklen_t size = sizeof where;
    int client = socket(AF_INET, SOCK_STREAM, 0), connection = -1;

    if (getsockname(fd, (struct sockaddr *)&where, &size) == 0 &&
        connect(client, (struct sockaddr *)&where, size) == 0)
        connection = accept(fd, NULL, NULL);
    close(client);
    return connection >= 0 ? close(connection) : -1;
}

static int free_all(struct listenfd *lfd)
{
    listenfd_free(lfd);
    return is_open_descriptor(first) || is_open_descriptor(first + 1);
}

/* The child of a server that does not want its parent's sockets. */
static void test_child_frees(void **state)
{
    struct listenfd *lfd = pass_two();
    listenfd_socket fd;

    (void)state;
    in_child(free_all, lfd);
    assert_int_equal(listenfd_take_tcp_listener(lfd, 1, &fd), 1);
    assert_int_equal(serve_one(fd), 0);
    listenfd_free(lfd);
    assert_false(is_open_descriptor(first));
    close(fd);
}

static int take_and_serve(struct listenfd *lfd)
{
    listenfd_socket fd;

    if (listenfd_take_tcp_listener(lfd, 0, &fd) != 1)
        return 1;
    if (serve_one(fd) != 0)
        return 2;
    if (listenfd_take_tcp_listener(lfd, 0, &fd) != 0)
        return 3;
    if (strcmp(listenfd_name(lfd, 1), "b") != 0)
        return 4;
    listenfd_free(lfd);
    return 0;
}

/* A server that forks its workers before it has taken anything. */
static void test_child_takes(void **state)
{
    struct listenfd *lfd = pass_two();
    listenfd_socket fd;

    (void)state;
    in_child(take_and_serve, lfd);
    in_child(take_and_serve, lfd);
    assert_int_equal(listenfd_take_tcp_listener(lfd, 0, &fd), 1);
    assert_int_equal(fd, first);
    assert_int_equal(serve_one(fd), 0);
    listenfd_free(lfd);
    close(fd);
}

static int use_taken(struct listenfd *lfd)
{
    listenfd_free(lfd); /* does not close what was taken before the fork */
    return !is_open_descriptor(first) || serve_one(first) != 0;
}

static void test_taken_before_fork(void **state)
{
    struct listenfd *lfd = pass_two();
    listenfd_socket fd;

    (void)state;
    assert_int_equal(listenfd_take_tcp_listener(lfd, 0, &fd), 1);
    in_child(use_taken, lfd);
    assert_int_equal(serve_one(fd), 0);
    listenfd_free(lfd);
    close(fd);
}

/* ---- What the child finds in its environment ---- */

static int find_nothing(struct listenfd *parents)
{
    struct listenfd *lfd = listenfd_from_env(0);

    (void)parents;
    return !lfd || listenfd_status(lfd) != LISTENFD_NONE;
}

static void test_variables_are_gone(void **state)
{
    struct listenfd *lfd = pass_two();

    (void)state;
    in_child(find_nothing, lfd);
    listenfd_free(lfd);
    assert_false(is_open_descriptor(first));
}

/* The variables were kept, and name the parent. */
static int find_it_is_the_parents(struct listenfd *parents)
{
    struct listenfd *lfd = listenfd_from_env(0);
    (void)parents;
    if (!lfd || listenfd_status(lfd) != LISTENFD_OTHER_PROCESS)
        return 1;
    if (listenfd_count(lfd) != 0 || getenv("LISTEN_FDS"))
        return 2;
    listenfd_free(lfd);
    return !is_open_descriptor(first) || is_cloexec(first) ? 3 : 0;
}

static void test_kept_for_the_parent(void **state)
{
    struct listenfd *lfd;

    (void)state;
    first = pass_listeners(1, NULL);
    setenv("LISTEN_PID", own_pid(), 1);
    lfd = receive_passed(LISTENFD_KEEP);
    in_child(find_it_is_the_parents, lfd);
    listenfd_free(lfd);
    assert_false(is_cloexec(first));
    close(first);
    clear_variables();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_child_frees),         cmocka_unit_test(test_child_takes),
        cmocka_unit_test(test_taken_before_fork),   cmocka_unit_test(test_variables_are_gone),
        cmocka_unit_test(test_kept_for_the_parent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
