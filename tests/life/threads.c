/* SPDX-License-Identifier: MIT
 * The header's rule of threads: one object belongs to one thread at a time, and nothing else
 * is shared. ThreadSanitizer watches it in `make portability`. */
#include "listenfd.h"

#include "passed.h"
#include "sockets.h"
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { THREADS = 4, ROUNDS = 300 };

static int ports[2]; /* of the two listeners that are passed */

/* A thread must not get back into cmocka: it returns NULL, or what failed. */
#define EXPECT(condition)      \
    do                         \
        if (!(condition))      \
            return #condition; \
    while (0)

static void join(pthread_t thread)
{
    void *failure;

    assert_int_equal(pthread_join(thread, &failure), 0);
    if (failure)
        fail_msg("in a thread: %s", (const char *)failure);
}

static int pass_two(void)
{
    int first = pass_listeners(2, "web:admin");

    ports[0] = port_of_socket(first);
    ports[1] = port_of_socket(first + 1);
    return first;
}

/* Every call, with results and errors of its own. */
static const char *use(struct listenfd *lfd)
{
    char text[128], port[8];
    listenfd_socket fd;

    EXPECT(listenfd_count(lfd) == 2 && strcmp(listenfd_name(lfd, 1), "admin") == 0);
    EXPECT(listenfd_find_name(lfd, "admin", 0) == 1);
    snprintf(port, sizeof port, ":%d", ports[0]);
    snprintf(text, sizeof text, "127.0.0.1%s", port);
    EXPECT(listenfd_find_address(lfd, text, 0) == 0);
    EXPECT(listenfd_describe(lfd, 0, text, sizeof text) > 0 && strstr(text, port));
    EXPECT(listenfd_take_udp_socket(lfd, 0, &fd) == LISTENFD_ETYPE);
    EXPECT(strstr(listenfd_message(lfd), "where a udp socket was expected"));
    snprintf(text, sizeof text, "127.0.0.1:%d", ports[1]);
    EXPECT(listenfd_take_or_bind(lfd, LISTENFD_NOT_FOUND, text, &fd) == LISTENFD_EINUSE);
    EXPECT(errno == EADDRINUSE && strstr(listenfd_message(lfd), text));
    EXPECT(listenfd_take_tcp_listener(lfd, 0, &fd) == 1);
    EXPECT(strcmp(listenfd_strerror(LISTENFD_NONE), "nothing was passed") == 0);
    return NULL;
}

/* ---- Each thread has an object of its own ---- */

static void *read_and_use(void *unused)
{
    const char *failure = NULL;

    (void)unused;
    for (int i = 0; i < ROUNDS && !failure; i++) {
        struct listenfd *lfd = listenfd_from_env(LISTENFD_KEEP);
        failure = lfd ? use(lfd) : "from_env";
        listenfd_free(lfd);
    }
    return (void *)(uintptr_t)failure;
}

static void test_own_objects(void **state)
{
    int first = pass_two();
    pthread_t threads[THREADS];

    (void)state;
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, read_and_use, NULL), 0);
    for (int i = 0; i < THREADS; i++)
        join(threads[i]);
    close(first);
    close(first + 1);
}

/* ---- One object goes from thread to thread ---- */

static void *use_and_free(void *lfd)
{
    const char *failure = use(lfd);

    listenfd_free(lfd);
    return (void *)(uintptr_t)failure;
}

static void test_object_is_handed_over(void **state)
{
    (void)state;
    for (int i = 0; i < ROUNDS / 10; i++) {
        int first = pass_two();
        pthread_t thread;
        assert_int_equal(pthread_create(&thread, NULL, use_and_free, receive_passed(0)), 0);
        join(thread);
        assert_false(is_open_descriptor(first + 1));
        close(first); /* it was taken */
    }
}

/* ---- Beside threads that open and close descriptors all the time ---- */

static atomic_int stop;

/* They get the lowest numbers, far below those that are passed. */
static void *open_and_close(void *unused)
{
    (void)unused;
    while (!stop) {
        int ends[2], file = open("/dev/null", O_RDONLY | O_CLOEXEC);
        EXPECT(file >= 0 && pipe2(ends, O_CLOEXEC) == 0);
        EXPECT(close(ends[0]) == 0 && close(file) == 0 && close(ends[1]) == 0);
    }
    return NULL;
}

/* The others' descriptors come and go while these are counted, marked and closed. */
static void test_beside_descriptors_that_change(void **state)
{
    int listener = internet_socket(SOCK_STREAM, "127.0.0.1");
    pthread_t threads[THREADS];
    char inode[24];

    (void)state;
    snprintf(inode, sizeof inode, "%llu", own_pidfd_inode());
    clear_variables();
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, open_and_close, NULL), 0);
    for (int i = 0; i < ROUNDS; i++) {
        int two[2] = {dup(listener), dup(listener)}, first = pass(two, 2);
        listenfd_socket fd;
        struct listenfd *lfd;
        setenv("LISTEN_PIDFDID", inode, 1);
        lfd = receive_passed(0);
        assert_int_equal(listenfd_take_tcp_listener(lfd, 1, &fd), 1);
        assert_int_equal(fd, first + 1);
        assert_true(is_cloexec(fd));
        listenfd_free(lfd);
        assert_false(is_open_descriptor(first));
        close(fd);
    }
    stop = 1;
    for (int i = 0; i < THREADS; i++)
        join(threads[i]); /* each close of theirs went well: nobody closed it before */
    close(listener);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_own_objects),
        cmocka_unit_test(test_object_is_handed_over),
        cmocka_unit_test(test_beside_descriptors_that_change),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
