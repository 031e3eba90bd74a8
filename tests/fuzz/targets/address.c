/* SPDX-License-Identifier: MIT
 * Addresses: what listenfd.h and systemfd's -s understand, held against inet_pton(3), against
 * each other, and against what is printed. An input:
 *
 *     address=127.0.0.1:80   what the library is asked for, and systemfd's -s
 *     bound=[::1]:80         what the system says a passed socket is bound to; in a unix
 *                            name '|' stands for NUL, and a first '@' too */
#include "input.h"
#include "listenfd.h"
#include "systemfd/sockets/open.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

struct address {
    union {
        struct sockaddr any;
        struct sockaddr_in in;
        struct sockaddr_in6 in6;
        struct sockaddr_un un;
        struct sockaddr_storage room;
    } as;
    socklen_t size;
    int any_host;
};

/* ---- In the place of the system ---- */

int __wrap_getsockname(int fd, struct sockaddr *address, socklen_t *size);
int __wrap_socket(int family, int type, int protocol);
int __real_socket(int family, int type, int protocol);
int __wrap_setsockopt(int fd, int level, int option, const void *value, socklen_t size);
int __wrap_bind(int fd, const struct sockaddr *address, socklen_t size);
int __wrap_listen(int fd, int backlog);
int __wrap_open64(const char *path, int flags, ...);
int __real_listen(int fd, int backlog);

static struct address system_says, asked_for;

int __wrap_getsockname(int fd, struct sockaddr *address, socklen_t *size)
{
    (void)fd;
    memcpy(address, &system_says.as, *size < system_says.size ? *size : system_says.size);
    *size = system_says.size;
    return 0;
}

/* Whatever families this machine has. */
int __wrap_socket(int family, int type, int protocol)
{
    (void)family;
    return __real_socket(AF_UNIX, type, protocol);
}

int __wrap_setsockopt(int fd, int level, int option, const void *value, socklen_t size)
{
    (void)fd;
    (void)level;
    (void)option;
    (void)value;
    (void)size;
    return 0;
}

int __wrap_bind(int fd, const struct sockaddr *address, socklen_t size)
{
    (void)fd;
    assert(size <= sizeof asked_for.as);
    memset(&asked_for, 0, sizeof asked_for);
    memcpy(&asked_for.as, address, size);
    asked_for.size = size;
    return 0;
}

int __wrap_listen(int fd, int backlog)
{
    (void)fd;
    (void)backlog;
    return 0;
}

/* No lock files. */
int __wrap_open64(const char *path, int flags, ...)
{
    (void)path;
    (void)flags;
    errno = EACCES;
    return -1;
}

/* ---- What listenfd.h says an address is ---- */

/* "127.0.0.1:80", "[::1]:80" or ":80". */
static int read_internet(const char *text, struct address *address)
{
    const char *colon = strrchr(text, ':');
    size_t length = colon ? (size_t)(colon - text) : 0;
    unsigned long long port;
    char host[128] = "";

    memset(address, 0, sizeof *address);
    if (!colon || !is_number(colon + 1, 65535, &port) || length >= sizeof host)
        return 0;
    memcpy(host, text, length);
    address->any_host = length == 0;
    address->size = sizeof address->as.in6;
    address->as.in6.sin6_family = AF_INET6;
    address->as.in6.sin6_port = htons((uint16_t)port);
    if (address->any_host)
        return 1;
    if (*host == '[') {
        if (length < 2 || host[length - 1] != ']')
            return 0;
        host[length - 1] = '\0';
        return inet_pton(AF_INET6, host + 1, &address->as.in6.sin6_addr);
    }
    address->size = sizeof address->as.in;
    address->as.in.sin_family = AF_INET;
    return inet_pton(AF_INET, host, &address->as.in.sin_addr);
}

static void read_unix(const char *text, struct address *address)
{
    size_t length = strnlen(text, sizeof address->as.un.sun_path);

    memset(address, 0, sizeof *address);
    address->as.un.sun_family = AF_UNIX;
    address->size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
    for (size_t i = 0; i < length; i++)
        address->as.un.sun_path[i] = text[i] == '|' || (i == 0 && text[i] == '@') ? '\0' : text[i];
}

static void to_ipv6(const struct address *address, struct in6_addr *bytes)
{
    *bytes = address->as.in6.sin6_addr;
    if (address->as.any.sa_family == AF_INET) {
        memset(bytes, 0, sizeof *bytes);
        memset(bytes->s6_addr + 10, 0xff, 2);
        memcpy(bytes->s6_addr + 12, &address->as.in.sin_addr, 4);
    }
}

static int is_internet(const struct address *address)
{
    return address->as.any.sa_family == AF_INET || address->as.any.sa_family == AF_INET6;
}

/* sin_port and sin6_port are in the same place. */
static int is_same(const struct address *wanted, const struct address *bound)
{
    struct in6_addr a, b;

    if (!is_internet(bound) || wanted->as.in.sin_port != bound->as.in.sin_port)
        return 0;
    to_ipv6(wanted, &a);
    to_ipv6(bound, &b);
    return wanted->any_host || memcmp(&a, &b, sizeof a) == 0;
}

static int is_equal(const struct address *a, const struct address *b)
{
    return a->size == b->size && memcmp(&a->as, &b->as, a->size) == 0;
}

/* ---- The library ---- */

/* Of these characters only internet addresses without options are made. */
static int is_plain(const char *text)
{
    return strspn(text, "0123456789abcdefABCDEF.:[]") == strlen(text);
}

static void check_find(struct listenfd *lfd, const char *text)
{
    size_t found = listenfd_find_address(lfd, text, 0);
    struct address wanted;

    assert(found == 0 || found == LISTENFD_NOT_FOUND);
    assert_printable(listenfd_message(lfd));
    if (is_plain(text))
        assert((found == 0) == (read_internet(text, &wanted) && is_same(&wanted, &system_says)));
    assert(listenfd_find_address(lfd, text, 1) == LISTENFD_NOT_FOUND);
}

/* What it is described as is what it is found as. */
static void check_describe(struct listenfd *lfd)
{
    const char *prefix = is_internet(&system_says) ? "tcp listener " : "unix listener ";
    int length = listenfd_describe(lfd, 0, NULL, 0);
    char *text = malloc((size_t)length + 1);
    struct address again;

    assert(text);
    assert(listenfd_describe(lfd, 0, text, (size_t)length + 1) == length);
    assert(strlen(text) == (size_t)length);
    assert_printable(text);
    assert(strncmp(text, prefix, strlen(prefix)) == 0);
    if (is_internet(&system_says)) {
        assert(read_internet(text + strlen(prefix), &again) && is_same(&again, &system_says));
        assert(listenfd_find_address(lfd, text + strlen(prefix), 0) == 0);
    }
    free(text);
}

/* What can be bound is found again, with its type and without. */
static void check_bind(struct listenfd *lfd, const char *text)
{
    struct address wanted;
    int fd, result = listenfd_take_or_bind(lfd, LISTENFD_NOT_FOUND, text, &fd);

    assert_printable(listenfd_message(lfd));
    assert(result == LISTENFD_BOUND || result == LISTENFD_EADDRESS);
    assert((result == LISTENFD_BOUND) == (fd != LISTENFD_INVALID_SOCKET));
    if (is_plain(text))
        assert((result == LISTENFD_BOUND) == read_internet(text, &wanted));
    if (result != LISTENFD_BOUND)
        return;
    close(fd);
    if (is_plain(text))
        assert(is_equal(&asked_for, &wanted));
    system_says = asked_for;
    if (!strstr(text, "::") || is_plain(text))
        assert(listenfd_find_address(lfd, text, 0) == 0);
}

/* A path with the two characters that have to be escaped. */
static void check_bind_unix(struct listenfd *lfd, const char *path)
{
    size_t length = strlen(path), offset = offsetof(struct sockaddr_un, sun_path), written = 6;
    int fd, result;
    char *text = malloc(2 * length + 7);

    assert(text);
    memcpy(text, "unix::", written);
    for (const char *next = path; *next; next++) {
        if (*next == ',' || *next == '\\')
            text[written++] = '\\';
        text[written++] = *next;
    }
    text[written] = '\0';
    result = listenfd_take_or_bind(lfd, LISTENFD_NOT_FOUND, text, &fd);
    free(text);
    if (length == 0 || strcmp(path, "@") == 0 || length >= sizeof asked_for.as.un.sun_path) {
        assert(result == LISTENFD_EADDRESS && fd == LISTENFD_INVALID_SOCKET);
        return;
    }
    assert(result == LISTENFD_BOUND && asked_for.as.any.sa_family == AF_UNIX);
    assert(asked_for.size == offset + length + (*path != '@'));
    assert(memcmp(asked_for.as.un.sun_path + 1, path + 1, length - 1) == 0);
    assert(asked_for.as.un.sun_path[0] == (*path == '@' ? '\0' : *path));
    close(fd);
}

/* ---- The launcher ---- */

static char *printed(const char *format, ...) __attribute__((format(printf, 1, 2)));

static char *printed(const char *format, ...)
{
    va_list arguments;
    char *text;

    va_start(arguments, format);
    assert(vasprintf(&text, format, arguments) >= 0);
    va_end(arguments);
    return text;
}

static char *print_path(const char *path)
{
    char text[300], *end = text;

    if (*path == '\0') {
        *end++ = '@';
        path++;
    }
    for (; *path; path++) {
        if (*path == ',' || *path == '\\')
            *end++ = '\\';
        *end++ = *path;
    }
    *end = '\0';
    return printed("%s", text);
}

static char *print_options(const struct spec *spec)
{
    char mode[16] = "", backlog[24] = "";

    if (spec->mode >= 0)
        snprintf(mode, sizeof mode, ",mode=%o", (unsigned)spec->mode);
    if (spec->backlog > 0)
        snprintf(backlog, sizeof backlog, ",backlog=%d", spec->backlog);
    return printed("%s%s%s%s", mode, backlog, spec->v6only ? ",v6only" : "",
                   spec->reuse_port ? ",reuseport" : "");
}

/* The value, written out. */
static char *print_value(const struct spec *spec)
{
    const struct address *address = (const struct address *)&spec->address;
    const char *path = address->as.un.sun_path;
    unsigned port = ntohs(address->as.in.sin_port);
    char host[INET6_ADDRSTRLEN];

    if (address->as.any.sa_family == AF_UNIX)
        return print_path(path);
    if (spec->every_host)
        return printed("*:%u", port);
    if (address->as.any.sa_family == AF_INET)
        return printed("%s:%u", inet_ntop(AF_INET, &address->as.in.sin_addr, host, sizeof host),
                       port);
    inet_ntop(AF_INET6, &address->as.in6.sin6_addr, host, sizeof host);
    if (address->as.in6.sin6_scope_id > 0)
        return printed("[%s%%%u]:%u", host, address->as.in6.sin6_scope_id, port);
    return printed("[%s]:%u", host, port);
}

static char *print_spec(const struct spec *spec)
{
    char *value = print_value(spec), *options = print_options(spec), *text;

    if (spec->name)
        text = printed("%.*s=%s::%s%s", (int)spec->name_length, spec->name, spec->type->name, value,
                       options);
    else
        text = printed("%s::%s%s", spec->type->name, value, options);
    free(options);
    free(value);
    return text;
}

static void check_same_spec(const struct spec *a, const struct spec *b)
{
    assert(a->type == b->type && a->mode == b->mode && a->every_host == b->every_host);
    assert(a->v6only == b->v6only && a->reuse_port == b->reuse_port && a->backlog == b->backlog);
    assert(a->address_size == b->address_size);
    assert(memcmp(&a->address, &b->address, a->address_size) == 0);
    assert((a->name == NULL) == (b->name == NULL));
    assert(a->name_length == b->name_length);
    assert(!a->name || memcmp(a->name, b->name, a->name_length) == 0);
}

/* The digits that its value ends in. */
static void check_port(const struct spec *spec, const char *text)
{
    size_t end = strcspn(text, ","), begin = end;
    unsigned long long number;
    char *port;

    while (begin > 0 && text[begin - 1] >= '0' && text[begin - 1] <= '9')
        begin--;
    port = printed("%.*s", (int)(end - begin), text + begin);
    assert(is_number(port, 65535, &number));
    assert(number == ntohs(((const struct sockaddr_in *)&spec->address)->sin_port));
    free(port);
}

static void check_spec_itself(const struct spec *spec, const char *text)
{
    if (spec->address.ss_family == AF_UNIX)
        assert(spec->address_size <= sizeof(struct sockaddr_un));
    else
        check_port(spec, text);
    assert(spec->address.ss_family == spec->type->family || spec->type->family == AF_UNSPEC);
    assert(spec->mode >= -1 && spec->mode <= 0777);
    assert(!spec->every_host || spec->address.ss_family == AF_INET6);
    for (size_t i = 0; i < spec->name_length; i++)
        assert(spec->name[i] > ' ' - 1 && spec->name[i] < 0x7f && spec->name[i] != ':');
}

/* What both understand is the same address. */
static void check_against_library(const char *text, const struct spec *spec)
{
    struct address library;

    if (!read_internet(text, &library) || library.any_host)
        return;
    assert(spec && spec->address_size == library.size);
    assert(memcmp(&spec->address, &library.as, library.size) == 0);
}

/* As systemfd prints it. */
static void check_shown(void)
{
    struct address again;
    char text[256];

    format_bound_address(0, text, sizeof text);
    if (is_internet(&system_says))
        assert(read_internet(text, &again) && is_same(&again, &system_says));
    else
        assert(strlen(text) <= sizeof system_says.as.un.sun_path);
}

static void check_spec(const char *text)
{
    struct spec spec, again;
    char error[512] = "", *written;

    if (!spec_parse(text, &spec, error, sizeof error)) {
        assert(*error);
        check_against_library(text, NULL);
        return;
    }
    check_spec_itself(&spec, text);
    check_against_library(text, &spec);
    written = print_spec(&spec);
    assert(spec_parse(written, &again, error, sizeof error));
    check_same_spec(&spec, &again);
    free(written);
    if (spec.every_host) {
        spec_fall_back_to_ipv4(&spec);
        assert(spec.address.ss_family == AF_INET && !spec.every_host);
    }
    if (spec.localhost) {
        assert(spec.address.ss_family == AF_INET);
        spec_fall_back_to_ipv6(&spec);
        assert(spec.address.ss_family == AF_INET6 && !spec.localhost);
    }
}

/* ---- */

static struct listenfd *passed;

/* One listener, of which __wrap_getsockname tells what it is bound to. */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    int fd = __real_socket(AF_INET, SOCK_STREAM, 0);
    char first[16];

    (void)argc;
    (void)argv;
    assert(fd >= 0 && __real_listen(fd, 1) == 0);
    snprintf(first, sizeof first, "%d", fd);
    setenv("LISTEN_FDS", "1", 1);
    setenv("LISTEN_FDS_FIRST_FD", first, 1);
    unsetenv("LISTEN_PID");
    unsetenv("LISTEN_PIDFDID");
    unsetenv("LISTEN_FDNAMES");
    passed = listenfd_from_env(0);
    assert(listenfd_status(passed) == LISTENFD_PASSED);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input;
    const char *address, *bound;

    input_open(&input, data, size);
    address = input_text(&input, "address=");
    bound = input_text(&input, "bound=");
    if (!read_internet(bound, &system_says))
        read_unix(bound, &system_says);
    check_find(passed, address);
    check_describe(passed);
    check_shown();
    check_bind(passed, address);
    check_bind_unix(passed, address);
    check_spec(address);
    input_close(&input);
    return 0;
}
