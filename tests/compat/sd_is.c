/* SPDX-License-Identifier: MIT
 * sd_is_socket, sd_is_socket_inet, sd_is_socket_unix and sd_is_fifo of examples/sd-daemon-compat:
 * of each descriptor what libsystemd says of it. */
#include "compat.h"

#include "sockets.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>

/* ---- Descriptors: each opens one ---- */

static int tcp4_listener(void)
{
    return internet_socket(SOCK_STREAM, "127.0.0.1");
}

static int tcp6_listener(void)
{
    return internet_socket(SOCK_STREAM, "::1");
}

static int idle_tcp4(void)
{
    return idle_internet_stream("127.0.0.1");
}

static int idle_tcp6(void)
{
    return idle_internet_stream("::1");
}

static int unbound_tcp4(void)
{
    return socket(AF_INET, SOCK_STREAM, 0);
}

static int unbound_tcp6(void)
{
    return socket(AF_INET6, SOCK_STREAM, 0);
}

static int accepted_tcp4(void)
{
    int client, fd = tcp_connection(&client);

    close(client);
    return fd;
}

static int udp4(void)
{
    return internet_socket(SOCK_DGRAM, "127.0.0.1");
}

static int udp6(void)
{
    return internet_socket(SOCK_DGRAM, "::1");
}

static int unix_path_listener(void)
{
    return unix_socket(SOCK_STREAM, "./stream.sock");
}

/* Its name fills sun_path to the last byte but the NUL. */
static int unix_long_path_listener(void)
{
    char path[sizeof((struct sockaddr_un *)NULL)->sun_path];

    memset(path, 'x', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    return unix_socket(SOCK_STREAM, path);
}

/* And this one the last byte, too. */
static int unix_longest_path_listener(void)
{
    struct sockaddr_un where = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    memset(where.sun_path, 'y', sizeof where.sun_path);
    assert_int_equal(bind(fd, (struct sockaddr *)&where, sizeof where), 0);
    assert_int_equal(listen(fd, 1), 0);
    return fd;
}

static int unix_abstract_listener(void)
{
    return unix_socket(SOCK_STREAM, abstract_name("compat"));
}

/* An abstract name that ends in a NUL, and one the kernel chose. */
static int unix_padded_listener(void)
{
    struct sockaddr_un where = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    strcpy(where.sun_path + 1, abstract_name("padded"));
    assert_int_equal(bind(fd, (struct sockaddr *)&where, sizeof where), 0);
    assert_int_equal(listen(fd, 1), 0);
    return fd;
}

static int unix_autobound(void)
{
    const struct sockaddr where = {.sa_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

    assert_int_equal(bind(fd, &where, sizeof where.sa_family), 0);
    return fd;
}

static int idle_unix(void)
{
    return idle_unix_stream("./idle.sock");
}

static int unix_path_datagram(void)
{
    return unix_socket(SOCK_DGRAM, "./datagram.sock");
}

static int unix_seqpacket_listener(void)
{
    return unix_socket(SOCK_SEQPACKET, "./seqpacket.sock");
}

static int netlink_socket(void)
{
    return socket(AF_NETLINK, SOCK_RAW, 0);
}

static int fifo(void)
{
    assert_int_equal(mkfifo("./fifo", 0600), 0);
    assert_int_equal(symlink("fifo", "./link-to-fifo"), 0);
    assert_int_equal(mkfifo("./another-fifo", 0600), 0);
    return open("./fifo", O_RDWR | O_NONBLOCK);
}

static int unnamed_pipe(void)
{
    int ends[2];

    assert_int_equal(pipe(ends), 0);
    close(ends[1]);
    return ends[0];
}

static int regular_file(void)
{
    return open("./regular", O_RDWR | O_CREAT, 0600);
}

static int directory(void)
{
    return open(".", O_RDONLY | O_DIRECTORY);
}

static int special_file(void)
{
    return open("/dev/null", O_RDWR);
}

/* One answer each that both have to give: that they agree on something. AF_UNIX is 1, AF_INET 2,
 * AF_INET6 10, AF_NETLINK 16; SOCK_STREAM 1, SOCK_DGRAM 2, SOCK_RAW 3, SOCK_SEQPACKET 5. */
static const struct descriptor {
    const char *what;
    int (*open)(void);
    const char *answer;
} descriptors[] = {
    {"tcp4 listener", tcp4_listener, "sd_is_socket_inet(2, 1, 1, own port): 1"},
    {"tcp6 listener", tcp6_listener, "sd_is_socket_inet(10, 1, 1, own port): 1"},
    {"idle tcp4", idle_tcp4, "sd_is_socket_inet(2, 1, 0, own port): 1"},
    {"idle tcp6", idle_tcp6, "sd_is_socket_inet(10, 1, 0, other port): 0"},
    {"unbound tcp4", unbound_tcp4, "sd_is_socket_inet(0, 1, 0, any port): 1"},
    {"unbound tcp6", unbound_tcp6, "sd_is_socket_inet(2, 1, 0, any port): 0"},
    {"accepted tcp4", accepted_tcp4, "sd_is_socket(2, 1, 0): 1"},
    {"udp4", udp4, "sd_is_socket_inet(2, 2, 0, own port): 1"},
    {"udp6", udp6, "sd_is_socket_inet(10, 2, -1, own port): 1"},
    {"unix listener", unix_path_listener, "sd_is_socket_unix(1, 1, own path): 1"},
    {"long path", unix_long_path_listener, "sd_is_socket_unix(1, 1, own path): 1"},
    {"longest path", unix_longest_path_listener, "sd_is_socket_unix(1, 1, any): 1"},
    {"abstract listener", unix_abstract_listener, "sd_is_socket_unix(1, 1, own name): 1"},
    {"padded name", unix_padded_listener, "sd_is_socket_unix(1, 1, own name): 1"},
    {"autobound", unix_autobound, "sd_is_socket_unix(2, -1, own name): 1"},
    {"idle unix stream", idle_unix, "sd_is_socket_unix(1, 1, any): 0"},
    {"unix datagram", unix_path_datagram, "sd_is_socket_unix(2, 0, own path): 1"},
    {"seqpacket listener", unix_seqpacket_listener, "sd_is_socket_unix(5, 1, own path): 1"},
    {"stream pair", unix_stream_pair, "sd_is_socket_unix(1, 0, no name): 1"},
    {"datagram pair", unix_datagram_pair, "sd_is_socket(1, 2, -1): 1"},
    {"seqpacket pair", unix_seqpacket_pair, "sd_is_socket(1, 5, 1): 0"},
    {"netlink", netlink_socket, "sd_is_socket(16, 3, 0): 1"},
    {"fifo", fifo, "sd_is_fifo(link-to-fifo): 1"},
    {"pipe", unnamed_pipe, "sd_is_fifo(NULL): 1"},
    {"regular file", regular_file, "sd_is_fifo(NULL): 0"},
    {"directory", directory, "sd_is_socket(0, 0, -1): 0"},
    {"special file", special_file, "sd_is_socket_unix(0, -1, any): 0"},
};

/* One more than are passed: the last is not open. */
static void test_descriptors(void **state)
{
    char last[16], too_long[5000], expected[100];
    const char *argv[] = {NULL,
                          "descriptors",
                          last,
                          "fifo",
                          "./fifo",
                          "another-fifo",
                          "link-to-fifo",
                          "absent",
                          "regular/x",
                          "regular",
                          "",
                          too_long,
                          NULL};
    int passed[COUNT(descriptors)];
    char *text;

    (void)state;
    SKIP_WITHOUT_LIBSYSTEMD();
    memset(too_long, 'x', sizeof too_long - 1);
    too_long[sizeof too_long - 1] = '\0';
    snprintf(last, sizeof last, "%zu", 3 + COUNT(descriptors));
    for (size_t i = 0; i < COUNT(descriptors); i++)
        assert_true((passed[i] = descriptors[i].open()) >= 0);
    text = ask_both(
        argv,
        &(struct launch){.descriptors = passed, .count = COUNT(passed), .folder = report_folder},
        "a descriptor");
    for (size_t i = 0; i < COUNT(descriptors); i++) {
        snprintf(expected, sizeof expected, "\n%zu: %s\n", 3 + i, descriptors[i].answer);
        if (!strstr(text, expected))
            fail_msg("%s: expected '%s'", descriptors[i].what, expected + 1);
        close(passed[i]);
    }
    snprintf(expected, sizeof expected, "\n%s: sd_is_socket(0, 0, -1): -9\n", last);
    assert_non_null(strstr(text, expected));
    assert_non_null(strstr(text, "\n-1: sd_is_socket(0, 0, -1): -9\n"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_descriptors),
    };

    return cmocka_run_group_tests(tests, find_reports, forget_reports);
}
