/* SPDX-License-Identifier: MIT
 * What the library makes of systems that lack something, and of calls that fail for no good
 * reason. The linker puts the functions below in the system's place (tests.mk). */
#include "listenfd.h"

#include "folder.h"
#include "passed.h"
#include "sockets.h"
#include "test.h"

#include <errno.h>
#include <linux/vm_sockets.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The errno that each call fails with; 0: it is let through. */
static int ioctl_error, listen_error, getsockopt_error, ipv6_error, ipv6_bind_error;
static int without_new_calls, is_bindv6only;
static unsigned long is_secure; /* AT_SECURE */
static int vsock_peer = -1;     /* what is sent over vsock arrives here; -1: there is no vsock */
static int vsock_type;          /* of the sockets that this vsock has */
static struct sockaddr_vm vsock_address;
static int pretended_protocol;      /* what SO_PROTOCOL says; 0: the truth */
static void (*before_unlink)(void); /* happens just after connecting to a dead socket */

int __real_socket(int family, int type, int protocol);
int __real_bind(int fd, const struct sockaddr *address, socklen_t size);
int __real_connect(int fd, const struct sockaddr *address, socklen_t size);
int __real_listen(int fd, int backlog);
int __real_getsockopt(int fd, int level, int option, void *value, socklen_t *size);
int __real_ioctl(int fd, unsigned long request, void *argument);
long __real_syscall(long number, long a, long b, long c);
unsigned long __real_getauxval(unsigned long type);
unsigned long __wrap_getauxval(unsigned long type);
int __wrap_socket(int family, int type, int protocol);
int __wrap_bind(int fd, const struct sockaddr *address, socklen_t size);
static int connect_and_interfere(int fd, const struct sockaddr *address, socklen_t size)
{
    int result = __real_connect(fd, address, size), saved_errno = errno;

    if (before_unlink)
        before_unlink();
    errno = saved_errno;
    return result;
}

int __wrap_connect(int fd, const struct sockaddr *address, socklen_t size);
int __wrap_listen(int fd, int backlog);
int __wrap_getsockopt(int fd, int level, int option, void *value, socklen_t *size);
int __wrap_ioctl(int fd, unsigned long request, void *argument);
long __wrap_syscall(long number, long a, long b, long c);

static int fails_with(int error)
{
    if (error)
        errno = error;
    return error != 0;
}

unsigned long __wrap_getauxval(unsigned long type)
{
    return type == AT_SECURE ? is_secure : __real_getauxval(type);
}

static int vsock_socket(int type)
{
    int ends[2];

    if (vsock_type == 0 && fails_with(EAFNOSUPPORT))
        return -1;
    if (type != (vsock_type | SOCK_CLOEXEC) && fails_with(ENODEV)) /* as QEMU does */
        return -1;
    assert_int_equal(socketpair(AF_UNIX, type, 0, ends), 0);
    vsock_peer = ends[1];
    return ends[0];
}

int __wrap_socket(int family, int type, int protocol)
{
    if (family == AF_VSOCK)
        return vsock_socket(type);
    int fd =
        family == AF_INET6 && fails_with(ipv6_error) ? -1 : __real_socket(family, type, protocol);

    if (family == AF_INET6 && is_bindv6only)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &is_bindv6only, sizeof is_bindv6only);
    return fd;
}

int __wrap_bind(int fd, const struct sockaddr *address, socklen_t size)
{
    if (address->sa_family == AF_INET6 && fails_with(ipv6_bind_error))
        return -1;
    return __real_bind(fd, address, size);
}

int __wrap_connect(int fd, const struct sockaddr *address, socklen_t size)
{
    if (address->sa_family == AF_VSOCK) {
        assert_int_equal(size, sizeof vsock_address);
        memcpy(&vsock_address, address, size);
        return 0;
    }
    return connect_and_interfere(fd, address, size);
}

int __wrap_listen(int fd, int backlog)
{
    return fails_with(listen_error) ? -1 : __real_listen(fd, backlog);
}

int __wrap_getsockopt(int fd, int level, int option, void *value, socklen_t *size)
{
    if (fails_with(getsockopt_error))
        return -1;
    if (option == SO_PROTOCOL && pretended_protocol) {
        *(int *)value = pretended_protocol;
        return 0;
    }
    return __real_getsockopt(fd, level, option, value, size);
}

int __wrap_ioctl(int fd, unsigned long request, void *argument)
{
    return fails_with(ioctl_error) ? -1 : __real_ioctl(fd, request, argument);
}

/* A kernel before Linux 5.3 and 5.9, or a seccomp filter that knows no newer calls. */
long __wrap_syscall(long number, long a, long b, long c)
{
    int is_new = number == SYS_pidfd_open || number == SYS_close_range;

    return without_new_calls && is_new && fails_with(ENOSYS) ? -1 : __real_syscall(number, a, b, c);
}

static int let_everything_through(void **state)
{
    (void)state;
    ioctl_error = listen_error = getsockopt_error = ipv6_error = ipv6_bind_error = 0;
    without_new_calls = is_bindv6only = vsock_type = 0;
    is_secure = 0;
    before_unlink = NULL;
    clear_variables();
    return 0;
}

static void check_taking_fails(struct listenfd *lfd, int error)
{
    listenfd_socket fd = 4711;

    errno = 0;
    assert_int_equal(listenfd_take_tcp_listener(lfd, 0, &fd), LISTENFD_ESYSTEM);
    assert_int_equal(errno, error);
    assert_int_equal(fd, LISTENFD_INVALID_SOCKET);
    assert_non_null(strstr(listenfd_message(lfd), strerror(error)));
}

static void test_mode_cannot_be_set(void **state)
{
    int first = pass_listeners(1, NULL);
    struct listenfd *lfd = receive_passed(LISTENFD_NONBLOCK);
    listenfd_socket fd;

    (void)state;
    ioctl_error = EIO;
    check_taking_fails(lfd, EIO);
    ioctl_error = 0;
    assert_int_equal(listenfd_take_tcp_listener(lfd, 0, &fd), 1); /* it stayed in place */
    assert_int_equal(fd, first);
    listenfd_free(lfd);
    close(fd);
}

static void test_kernel_refuses_to_tell(void **state)
{
    struct listenfd *lfd;
    listenfd_socket fd;

    (void)state;
    pass_listeners(1, NULL);
    lfd = receive_passed(0);
    getsockopt_error = EPERM;
    check_taking_fails(lfd, EPERM);
    assert_non_null(strstr(listenfd_message(lfd), "cannot examine socket 0"));
    getsockopt_error = 0;
    assert_int_equal(listenfd_take_tcp_listener(lfd, 0, &fd), 1);
    listenfd_free(lfd);
    close(fd);
}

/* Nothing is bound, no descriptor stays, errno is the first reason. */
static void check_binding_fails(struct listenfd *lfd, const char *address, int code, int error)
{
    size_t before = count_descriptors();
    listenfd_socket fd = 4711;

    errno = 0;
    assert_int_equal(listenfd_take_or_bind(lfd, 0, address, &fd), code);
    assert_int_equal(errno, error);
    assert_int_equal(fd, LISTENFD_INVALID_SOCKET);
    assert_int_equal(count_descriptors(), before);
}

static void test_bound_but_unusable(void **state)
{
    struct listenfd *lfd = listenfd_from_env(LISTENFD_NONBLOCK);

    (void)state;
    ioctl_error = EIO;
    check_binding_fails(lfd, "127.0.0.1:0", LISTENFD_ESYSTEM, EIO);
    ioctl_error = 0;
    listen_error = EADDRINUSE;
    check_binding_fails(lfd, "127.0.0.1:0", LISTENFD_EINUSE, EADDRINUSE);
    check_binding_fails(lfd, ":0", LISTENFD_EINUSE, EADDRINUSE);
    listenfd_free(lfd);
}

static void check_no_path_is_left(struct listenfd *lfd, const char *path, int error)
{
    listenfd_socket fd;

    errno = 0;
    assert_int_equal(listenfd_take_or_bind(lfd, 0, path, &fd), LISTENFD_ESYSTEM);
    assert_int_equal(errno, error);
    assert_int_equal(access(path, F_OK), -1);
}

/* Who is refused must not find the file of that attempt in the way. */
static void test_no_path_is_left(void **state)
{
    struct listenfd *lfd = listenfd_from_env(LISTENFD_NONBLOCK);
    char *folder = folder_create(), *path = path_in(folder, "x");

    (void)state;
    listen_error = EACCES;
    check_no_path_is_left(lfd, path, EACCES);
    listen_error = 0;
    ioctl_error = EIO;
    check_no_path_is_left(lfd, path, EIO);
    listenfd_free(lfd);
    free(path);
    folder_remove(folder);
}

/* ---- A server that starts while another looks whether the old one is dead ---- */

static char *contested, *beside;
static int other_server;

/* Not bind: a new file could get the number of the old one. */
static void start_other_server(void)
{
    other_server = unix_socket(SOCK_STREAM, beside);
    assert_int_equal(rename(beside, contested), 0);
}

static void remove_dead_file(void)
{
    assert_int_equal(unlink(contested), 0);
}

static void test_new_server_keeps_its_path(void **state)
{
    char *folder = folder_create();
    listenfd_socket fd;

    (void)state;
    contested = path_in(folder, "x");
    beside = path_in(folder, "y");
    close(unix_socket(SOCK_STREAM, contested));
    before_unlink = start_other_server;
    assert_int_equal(listenfd_take_or_bind(NULL, 0, contested, &fd), LISTENFD_EINUSE);
    before_unlink = NULL;
    close(connect_path(SOCK_STREAM, contested));
    close(other_server);

    before_unlink = remove_dead_file; /* somebody else was faster, and did not bind yet */
    assert_int_equal(listenfd_take_or_bind(NULL, 0, contested, &fd), LISTENFD_EINUSE);
    before_unlink = NULL;
    free(contested);
    free(beside);
    folder_remove(folder);
}

static void check_bound_on_v4(const char *address)
{
    listenfd_socket fd;
    struct sockaddr_storage where;
    socklen_t size = sizeof where;

    errno = 4711;
    assert_int_equal(listenfd_take_or_bind(NULL, 0, address, &fd), LISTENFD_BOUND);
    assert_int_equal(errno, 4711);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&where, &size), 0);
    assert_int_equal(where.ss_family, AF_INET);
    close(connect_port(port_of_socket(fd)));
    close(fd);
}

static void test_any_address_without_ipv6(void **state)
{
    (void)state;
    ipv6_error = EAFNOSUPPORT;
    check_bound_on_v4(":0");
    check_binding_fails(NULL, "[::]:0", LISTENFD_ESYSTEM, EAFNOSUPPORT);
    ipv6_error = 0;
    ipv6_bind_error = EADDRNOTAVAIL;
    check_bound_on_v4(":0");
    check_binding_fails(NULL, "[::]:0", LISTENFD_ESYSTEM, EADDRNOTAVAIL);
    ipv6_bind_error = 0;
    ipv6_error = EMFILE; /* no reason to give up half of the addresses */
    check_binding_fails(NULL, ":0", LISTENFD_ESYSTEM, EMFILE);
}

/* ":PORT" asks for both families itself: net.ipv6.bindv6only may be set. */
static void test_any_address_is_both_families(void **state)
{
    listenfd_socket fd;

    (void)state;
    is_bindv6only = 1;
    assert_int_equal(listenfd_take_or_bind(NULL, 0, ":0", &fd), LISTENFD_BOUND);
    close(connect_host("127.0.0.1", port_of_socket(fd)));
    close(connect_host("::1", port_of_socket(fd)));
    close(fd);
}

static void test_old_kernel(void **state)
{
    int first = pass_listeners(3, NULL);
    char inode[24];
    struct listenfd *lfd;

    (void)state;
    snprintf(inode, sizeof inode, "%llu", own_pidfd_inode() + 1); /* cannot be checked */
    setenv("LISTEN_PIDFDID", inode, 1);
    without_new_calls = 1;
    lfd = receive_passed(0);
    for (int i = 0; i < 3; i++)
        assert_true(is_cloexec(first + i));
    listenfd_free(lfd);
    assert_false(is_open_descriptor(first + 2));
}

/* SCTP has stream listeners, too; few kernels have SCTP. */
static void test_sctp_is_not_tcp(void **state)
{
    int first = pass_listeners(1, NULL), fd;
    struct listenfd *lfd = receive_passed(0);

    (void)state;
    pretended_protocol = IPPROTO_SCTP;
    assert_int_equal(listenfd_take_tcp_listener(lfd, 0, &fd), LISTENFD_EPROTOCOL);
    pretended_protocol = 0;
    assert_int_equal(listenfd_take_tcp_listener(lfd, 0, &fd), 1);
    assert_int_equal(fd, first);
    listenfd_free(lfd);
    close(fd);
}

/* ---- Telling the service manager over vsock ---- */

static void check_vsock(int type)
{
    char text[64];
    ssize_t length;

    vsock_type = type;
    assert_int_equal(listenfd_notify("READY=1"), 1);
    length = recv(vsock_peer, text, sizeof text, 0);
    assert_int_equal(length, 7);
    assert_memory_equal(text, "READY=1", 7);
    assert_int_equal(vsock_address.svm_family, AF_VSOCK);
    assert_int_equal(vsock_address.svm_cid, 2);
    assert_int_equal(vsock_address.svm_port, 4294967294U);
    close(vsock_peer);
}

static void test_vsock(void **state)
{
    size_t before = count_descriptors();

    (void)state;
    setenv("NOTIFY_SOCKET", "vsock:2:4294967294", 1);
    check_vsock(SOCK_DGRAM);
    check_vsock(SOCK_SEQPACKET);
    check_vsock(SOCK_STREAM);
    vsock_type = 0;
    assert_int_equal(listenfd_notify("READY=1"), LISTENFD_ENOTSUPPORTED);
    assert_int_equal(count_descriptors(), before);
    unsetenv("NOTIFY_SOCKET");
}

/* ---- Privileged programs (another test has a real one) ---- */

static void test_privileged(void **state)
{
    int first = pass_listeners(1, NULL), manager = unix_socket(SOCK_DGRAM, abstract_name("m"));
    struct listenfd *lfd;
    listenfd_socket fd;

    (void)state;
    is_secure = 1;
    setenv("NOTIFY_SOCKET", abstract_name("m"), 1);
    setenv("WATCHDOG_USEC", "1000000", 1);
    assert_int_equal(listenfd_notify("READY=1"), 0);
    assert_int_equal(listenfd_watchdog(NULL), 0);
    lfd = listenfd_from_env(0);
    assert_int_equal(listenfd_status(lfd), LISTENFD_NONE);
    assert_int_equal(listenfd_take_tcp_listener(lfd, 0, &fd), 0);
    assert_non_null(strstr(listenfd_message(lfd), "nothing was passed to a privileged program"));
    assert_null(getenv("LISTEN_FDS"));
    assert_false(is_cloexec(first));
    listenfd_free(lfd);
    assert_true(is_open_descriptor(first));
    unsetenv("NOTIFY_SOCKET");
    unsetenv("WATCHDOG_USEC");
    close(manager);
    close(first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_mode_cannot_be_set, let_everything_through),
        cmocka_unit_test_setup(test_kernel_refuses_to_tell, let_everything_through),
        cmocka_unit_test_setup(test_bound_but_unusable, let_everything_through),
        cmocka_unit_test_setup(test_no_path_is_left, let_everything_through),
        cmocka_unit_test_setup(test_new_server_keeps_its_path, let_everything_through),
        cmocka_unit_test_setup(test_any_address_without_ipv6, let_everything_through),
        cmocka_unit_test_setup(test_any_address_is_both_families, let_everything_through),
        cmocka_unit_test_setup(test_old_kernel, let_everything_through),
        cmocka_unit_test_setup(test_sctp_is_not_tcp, let_everything_through),
        cmocka_unit_test_setup(test_vsock, let_everything_through),
        cmocka_unit_test_setup(on_linux(test_privileged), let_everything_through),
    };

    return cmocka_run_group_tests(tests, let_everything_through, NULL);
}
