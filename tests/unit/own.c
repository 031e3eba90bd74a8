/* SPDX-License-Identifier: MIT
 * listenfd_take_or_bind beyond a TCP listener and a unix path: every type, every option, the kind
 * that follows from the text, and who of two that start at once gets a path. */
#include "listenfd.h"

#include "folder.h"
#include "passed.h"
#include "sockets.h"
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

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

static int bind_own(const char *address)
{
    struct listenfd *lfd = listenfd_from_env(0);
    listenfd_socket fd;
    int result = listenfd_take_or_bind(lfd, 0, address, &fd);

    if (result != LISTENFD_BOUND)
        fail_msg("%s: %d: %s", address, result, listenfd_message(lfd));
    assert_true(is_cloexec(fd));
    listenfd_free(lfd);
    return fd;
}

static void assert_fails(const char *address, int code)
{
    struct listenfd *lfd = listenfd_from_env(0);
    listenfd_socket fd;

    assert_int_equal(listenfd_take_or_bind(lfd, 0, address, &fd), code);
    assert_int_equal(fd, LISTENFD_INVALID_SOCKET);
    listenfd_free(lfd);
}

static int option_of(int fd, int level, int option)
{
    socklen_t size = sizeof(int);
    int value;

    assert_int_equal(getsockopt(fd, level, option, &value, &size), 0);
    return value;
}

/* ---- Types ---- */

static void check_type(const char *address, int family, int type, int listens,
                       const char *beginning)
{
    int fd = bind_own(address);
    char text[200];

    assert_int_equal(option_of(fd, SOL_SOCKET, SO_DOMAIN), family);
    assert_int_equal(option_of(fd, SOL_SOCKET, SO_TYPE), type);
    assert_int_equal(option_of(fd, SOL_SOCKET, SO_ACCEPTCONN), listens);
    listenfd_describe_socket(fd, text, sizeof text);
    if (strncmp(text, beginning, strlen(beginning)) != 0)
        fail_msg("%s: %s", address, text);
    close(fd);
}

static void test_types(void **state)
{
    (void)state;
    check_type("tcp::127.0.0.1:0", AF_INET, SOCK_STREAM, 1, "tcp listener 127.0.0.1:");
    check_type("http::127.0.0.1:0", AF_INET, SOCK_STREAM, 1, "tcp listener 127.0.0.1:");
    check_type("https::[::1]:0", AF_INET6, SOCK_STREAM, 1, "tcp listener [::1]:");
    check_type("tcp6:::0", AF_INET6, SOCK_STREAM, 1, "tcp listener [::]:");
    check_type("*:0", AF_INET6, SOCK_STREAM, 1, "tcp listener [::]:");
    check_type("udp::127.0.0.1:0", AF_INET, SOCK_DGRAM, 0, "udp socket 127.0.0.1:");
    check_type("udp6::[::1]:0", AF_INET6, SOCK_DGRAM, 0, "udp socket [::1]:");
    check_type("udp:::0", AF_INET6, SOCK_DGRAM, 0, "udp socket [::]:");
    check_type("./a", AF_UNIX, SOCK_STREAM, 1, "unix listener ./a");
    check_type("unix::b", AF_UNIX, SOCK_STREAM, 1, "unix listener b");
    check_type("unix-datagram::c", AF_UNIX, SOCK_DGRAM, 0, "unix datagram c");
    check_type("unix-seqpacket::d", AF_UNIX, SOCK_SEQPACKET, 1, "unix seqpacket listener d");
    check_type("unix::e\\,f\\\\", AF_UNIX, SOCK_STREAM, 1, "unix listener e,f\\");
    assert_int_equal(access("e,f\\", F_OK), 0);
}

/* ---- Options ---- */

static int mode_of(const char *path)
{
    struct stat status;

    assert_int_equal(stat(path, &status), 0);
    return status.st_mode & 07777;
}

static void test_mode(void **state)
{
    mode_t before = umask(077);

    (void)state;
    close(bind_own("./a,mode=666"));
    assert_int_equal(mode_of("a"), 0666);
    assert_int_equal(umask(077), 077);
    close(bind_own("unix-datagram::./b,mode=0"));
    assert_int_equal(mode_of("b"), 0);
    close(bind_own("./c"));
    assert_int_equal(mode_of("c"), 0700);
    umask(before);
}

static void test_backlog(void **state)
{
    int fd = bind_own("@own-backlog,backlog=1"), clients[8];
    size_t waiting = 0;

    (void)state;
    for (; waiting < 8; waiting++) {
        struct sockaddr_storage where;
        socklen_t size = sizeof where;
        clients[waiting] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        assert_int_equal(getsockname(fd, (struct sockaddr *)&where, &size), 0);
        if (connect(clients[waiting], (struct sockaddr *)&where, size) < 0)
            break;
    }
    assert_int_equal(waiting, 2); /* one more than it says (unix(7)) */
    for (size_t i = 0; i <= waiting; i++)
        close(clients[i]);
    close(fd);
}

static void beside(char *text, size_t size, const char *format, int fd)
{
    snprintf(text, size, format, listenfd_port(fd));
}

/* ngircd's default pair. */
/* Another program may have that port of IPv4: 0. */
static int try_pair(const char *type)
{
    char ipv6[32], ipv4[32];
    struct listenfd *lfd = listenfd_from_env(0);
    listenfd_socket other;
    int fd, result;

    snprintf(ipv6, sizeof ipv6, "%s:::0,v6only", type);
    fd = bind_own(ipv6);
    assert_int_equal(option_of(fd, IPPROTO_IPV6, IPV6_V6ONLY), 1);
    snprintf(ipv4, sizeof ipv4, "%s::0.0.0.0:%d", type, listenfd_port(fd));
    result = listenfd_take_or_bind(lfd, 0, ipv4, &other);
    assert_true(result == LISTENFD_BOUND || result == LISTENFD_EINUSE);
    if (result == LISTENFD_BOUND)
        close(other);
    close(fd);
    listenfd_free(lfd);
    return result == LISTENFD_BOUND;
}

static void check_pair(const char *type)
{
    int tries = 100;

    while (tries > 0 && !try_pair(type))
        tries--;
    assert_true(tries > 0);
}

static void test_v6only(void **state)
{
    char text[64];
    int fd;

    (void)state;
    check_pair("tcp");
    check_pair("udp");
    fd = bind_own(":0");
    beside(text, sizeof text, "0.0.0.0:%d", fd);
    assert_fails(text, LISTENFD_EINUSE);
    close(fd);
}

static void test_reuseport(void **state)
{
    int fd = bind_own("127.0.0.1:0,reuseport");
    char text[64];

    (void)state;
    beside(text, sizeof text, "127.0.0.1:%d,reuseport", fd);
    close(bind_own(text));
    beside(text, sizeof text, "127.0.0.1:%d", fd);
    assert_fails(text, LISTENFD_EINUSE);
    close(fd);
}

/* SO_REUSEADDR would let a second one have it, too (socket(7)). */
static void test_udp_is_bound_once(void **state)
{
    int fd = bind_own("udp::127.0.0.1:0");
    char text[64];

    (void)state;
    beside(text, sizeof text, "udp::127.0.0.1:%d", fd);
    assert_fails(text, LISTENFD_EINUSE);
    close(fd);
}

static void test_scope(void **state)
{
    int fd = bind_own("[::1%lo]:0");
    char text[64];

    (void)state;
    beside(text, sizeof text, "[::1%%1]:%d", fd);
    assert_fails(text, LISTENFD_EINUSE);
    close(fd);
}

static void test_what_exists_is_said(void **state)
{
    static const char *const rows[][2] = {
        {"/x,mod=600", "'/x,mod=600' is not an address: there is no option 'mod=600' here"},
        {"/x,mod=600", "the options of unix are mode=OCTAL"},
        {"/x,mod=600", "a comma in a path is written \\,"},
        {"udp:::1,mode=6", "the options of udp are v6only and reuseport"},
        {":1,backlog=x", "the options of tcp are v6only, reuseport and backlog=N"},
        {"tcp4:::1", "there are tcp, tcp6, udp, udp6, http, https, unix, unix-datagram and"},
        {"localhost:1", "the host must be numeric"},
        {"x.sock", "a path has a slash, as in ./x.sock"},
        {"[::1%nowhere]:1", "there is no network interface"},
    };
    struct listenfd *lfd = listenfd_from_env(0);
    listenfd_socket fd;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(listenfd_take_or_bind(lfd, 0, rows[i][0], &fd), LISTENFD_EADDRESS);
        if (!strstr(listenfd_message(lfd), rows[i][1]))
            fail_msg("%s", listenfd_message(lfd));
        assert_true(listenfd_find_address(lfd, rows[i][0], 0) == LISTENFD_NOT_FOUND);
        assert_non_null(strstr(listenfd_message(lfd), rows[i][1])); /* though nothing was passed */
    }
    listenfd_free(lfd);
}

/* ---- The kind of what was passed ---- */

static void check_passed(int passed, const char *address, int expected)
{
    struct listenfd *lfd;
    listenfd_socket fd;
    int result;

    clear_variables();
    pass_one(passed);
    lfd = receive_passed(0);
    result = listenfd_take_or_bind(lfd, 0, address, &fd);
    if (result != expected)
        fail_msg("%s: %d: %s", address, result, listenfd_message(lfd));
    assert_int_equal(fd != LISTENFD_INVALID_SOCKET, expected > 0);
    if (expected > 0)
        close(fd);
    listenfd_free(lfd);
}

static void test_kind_follows_from_the_text(void **state)
{
    (void)state;
    check_passed(internet_socket(SOCK_DGRAM, "127.0.0.1"), "udp:::1", LISTENFD_TAKEN);
    check_passed(internet_socket(SOCK_DGRAM, "127.0.0.1"), ":1", LISTENFD_EPROTOCOL);
    check_passed(internet_socket(SOCK_STREAM, "127.0.0.1"), "udp:::1", LISTENFD_ETYPE);
    check_passed(internet_socket(SOCK_STREAM, "127.0.0.1"), "tcp6:::1", LISTENFD_EFAMILY);
    check_passed(internet_socket(SOCK_STREAM, "127.0.0.1"), ":1,v6only", LISTENFD_EFAMILY);
    check_passed(internet_socket(SOCK_STREAM, "::1"), ":1,v6only", LISTENFD_TAKEN);
    check_passed(internet_socket(SOCK_STREAM, "127.0.0.1"), "/x", LISTENFD_EFAMILY);
    check_passed(unix_socket(SOCK_STREAM, abstract_name("a")), "/x,mode=600", LISTENFD_TAKEN);
    check_passed(unix_socket(SOCK_DGRAM, abstract_name("b")), "unix-datagram::x", LISTENFD_TAKEN);
    check_passed(unix_socket(SOCK_SEQPACKET, abstract_name("c")), "unix-seqpacket::x",
                 LISTENFD_TAKEN);
    check_passed(unix_socket(SOCK_STREAM, abstract_name("d")), "unix-seqpacket::x", LISTENFD_ETYPE);
    check_passed(internet_socket(SOCK_STREAM, "127.0.0.1"), "nonsense", LISTENFD_EADDRESS);
}

/* ---- Two at once ---- */

enum { RACES = 100, RACERS = 4 };

/* They wait for the gate to be closed, and hold what they got until the second one is. */
static void race(int gate, int end, const char *address)
{
    listenfd_socket fd;
    char byte;
    int result;

    while (read(gate, &byte, 1) > 0)
        continue;
    result = listenfd_take_or_bind(NULL, 0, address, &fd);
    if (write(end, "", 1) < 0)
        _exit(4);
    while (read(end + 1, &byte, 1) > 0) /* see below */
        continue;
    _exit(result == LISTENFD_BOUND ? 1 : result == LISTENFD_EINUSE ? 0 : 2);
}

static int winners(const char *address)
{
    int gate[2], done[2], hold[2], count = 0;
    pid_t racers[RACERS];

    assert_int_equal(pipe(gate), 0);
    assert_int_equal(pipe(done), 0);
    assert_int_equal(pipe(hold), 0);
    for (int i = 0; i < RACERS; i++) {
        racers[i] = fork();
        if (racers[i] == 0) {
            close(gate[1]);
            close(hold[1]);
            assert_true(dup2(done[1], 200) == 200 && dup2(hold[0], 201) == 201);
            race(gate[0], 200, address);
        }
    }
    close(gate[1]);
    for (int i = 0; i < RACERS; i++) {
        char byte;
        assert_int_equal(read(done[0], &byte, 1), 1);
    }
    close(hold[1]);
    for (int i = 0; i < RACERS; i++) {
        int status;
        assert_int_equal(waitpid(racers[i], &status, 0), racers[i]);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) < 2);
        count += WEXITSTATUS(status);
    }
    close(gate[0]);
    close(done[0]);
    close(done[1]);
    close(hold[0]);
    return count;
}

/* Each race begins with a dead socket there, or with nothing. */
static void test_one_of_two_wins(void **state)
{
    (void)state;
    for (int i = 0; i < RACES; i++) {
        if (i % 3 == 0)
            unlink("x");
        assert_int_equal(winners(i % 2 ? "./x" : "./x,mode=600"), 1);
        assert_int_equal(access(".#x", F_OK), -1);
    }
}

#define IN_A_FOLDER(test) cmocka_unit_test_setup_teardown(test, enter_folder, leave_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_FOLDER(test_types),
        IN_A_FOLDER(test_mode),
        IN_A_FOLDER(on_linux(test_backlog)),
        IN_A_FOLDER(test_v6only),
        IN_A_FOLDER(test_reuseport),
        IN_A_FOLDER(test_udp_is_bound_once),
        IN_A_FOLDER(test_scope),
        IN_A_FOLDER(test_what_exists_is_said),
        IN_A_FOLDER(test_kind_follows_from_the_text),
        IN_A_FOLDER(test_one_of_two_wins),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
