/* SPDX-License-Identifier: MIT
 *
 * listenfd: take the listening sockets that somebody else opened for this process.
 * The manual is listenfd.h. Compiles alone, as C99 or C++. When it is included into a file
 * built with a strict -std=c99, include it before any system header.
 *
 * In order: messages, the table of sockets, kinds, addresses, binding, the public calls; then
 * what differs between systems, as one block for each; in the end the service manager. Every
 * name at file scope begins with lfd_ or LFD_: this file is also included into others. */

#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* syscall() and F_DUPFD_CLOEXEC under a strict -std */
#endif
#ifndef _DARWIN_C_SOURCE
#define _DARWIN_C_SOURCE
#endif
#ifndef _FILE_OFFSET_BITS
#define _FILE_OFFSET_BITS 64 /* a pidfd's inode number does not fit a 32-bit ino_t */
#endif
#ifndef _WIN32_WINNT
#define _WIN32_WINNT 0x0600 /* inet_pton */
#endif

#include "listenfd.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef _WIN32

#ifndef WIN32_LEAN_AND_MEAN
#define WIN32_LEAN_AND_MEAN /* windows.h would include the winsock.h of 1993 */
#endif
#include <winsock2.h>
#include <ws2tcpip.h>
#include <windows.h>
#ifdef _MSC_VER
#pragma comment(lib, "ws2_32")
#endif

typedef struct sockaddr lfd_unix_address; /* there are none to pass */

enum {
    LFD_ADDRESS_IN_USE = WSAEADDRINUSE,
    LFD_FAMILY_UNKNOWN = WSAEAFNOSUPPORT,
    LFD_ADDRESS_UNAVAILABLE = WSAEADDRNOTAVAIL
};

#else

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#endif
#ifdef __sun
#include <sys/filio.h> /* FIONBIO */
#endif
#ifdef __APPLE__
#include <crt_externs.h> /* a shared library does not see environ there: environ(7) */
#define LFD_ENVIRON (*_NSGetEnviron())
#else
#define LFD_ENVIRON environ
#if defined(__GNUC__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wredundant-decls"
#endif
extern char **environ; /* NOLINT(readability-redundant-declaration): not every unistd.h has it */
#if defined(__GNUC__)
#pragma GCC diagnostic pop
#endif
#endif

typedef struct sockaddr_un lfd_unix_address;

enum {
    LFD_ADDRESS_IN_USE = EADDRINUSE,
    LFD_FAMILY_UNKNOWN = EAFNOSUPPORT,
    LFD_ADDRESS_UNAVAILABLE = EADDRNOTAVAIL
};

#endif

enum {
    LFD_MPTCP = 262, /* IPPROTO_MPTCP, which not every system's headers have */
    LFD_MESSAGE_SIZE = 384,
    LFD_DESCRIPTION_SIZE = 192,
    LFD_ADDRESS_SIZE = 160,
    LFD_ERROR_SIZE = 128
};

struct lfd_slot {
    listenfd_socket socket;
    int taken;
    const char *name;
};

struct listenfd {
    unsigned flags;
    int status;
    size_t count;
    struct lfd_slot *slots; /* behind this object, in the same allocation; the names' text too */
    char reason[LFD_MESSAGE_SIZE];  /* for the status, or for the last LISTENFD_NOT_FOUND */
    char message[LFD_MESSAGE_SIZE]; /* about the last result; empty: the reason is */
};

/* A row of a table. The last has the number 0, and its text stands for every other number. */
struct lfd_word {
    int number;
    const char *text;
};

struct lfd_address {
    union {
        struct sockaddr any;
        struct sockaddr_in in;
        struct sockaddr_in6 in6;
        lfd_unix_address un;
        struct sockaddr_storage room;
    } as;
    socklen_t size;
};

enum lfd_property {
    LFD_OPEN, /* just whether it is open; also ends a list */
    LFD_FAMILY,
    LFD_TYPE,
    LFD_PROTOCOL,
    LFD_LISTENING,
    LFD_PEER_FAMILY
};

struct lfd_expectation {
    enum lfd_property property;
    int values[3]; /* each of them will do; a shorter list repeats its last */
};

/* At most four questions to the kernel. What follows from the others is not asked: a listener of
 * protocol TCP is a stream, and a socket with a peer does not listen. */
struct lfd_kind {
    const char *name;
    struct lfd_expectation expect[5]; /* ended by LFD_OPEN */
};

/* The options that may follow an address. */
enum { LFD_MODE, LFD_BACKLOG, LFD_V6ONLY, LFD_REUSEPORT, LFD_OPTIONS };

struct lfd_options {
    unsigned which; /* 1 << LFD_MODE ... */
    const char *text;
};

/* The type in front of an address, as in "udp::". */
struct lfd_type {
    const char *name;
    int family; /* AF_UNIX, AF_INET6 (only that), AF_UNSPEC (either) */
    int type;   /* SOCK_STREAM ... */
    const struct lfd_kind *kind, *v6only_kind;
    const struct lfd_options *options;
};

/* An address of listenfd.h's grammar. */
struct lfd_endpoint {
    const struct lfd_type *type;
    int socket_type; /* the one that a find call wants; 0 for any: the text names no type */
    struct lfd_address address;
    int any_host;             /* ":8080", "*:8080": find calls compare the port alone */
    int options[LFD_OPTIONS]; /* -1: not given. tcp6 and udp6 imply v6only */
};

/* Defined in each system's block. */
static struct listenfd *lfd_receive(struct listenfd *found);
static int lfd_query(listenfd_socket socket, enum lfd_property property, int *value);
static int lfd_is_open(listenfd_socket socket);
static int lfd_set_nonblocking(listenfd_socket socket, int on);
static void lfd_close_socket(listenfd_socket socket);
static listenfd_socket lfd_new_socket(int family, int type);
static int lfd_set_reuse(listenfd_socket socket, const struct lfd_endpoint *own);
static const char *lfd_bind_error(char *text);
static const char *lfd_file_kind(listenfd_socket socket);
static unsigned lfd_interface_number(const char *name);
static void lfd_format_scope(unsigned number, char *text, size_t size);
static int lfd_take_unix(struct listenfd *lfd, size_t index, listenfd_socket *out,
                         const struct lfd_kind *kind);
static int lfd_parse_unix(struct listenfd *lfd, const char *text, const char *name,
                          struct lfd_endpoint *wanted);
static int lfd_same_unix_name(const struct lfd_address *wanted, const struct lfd_address *bound);
static int lfd_format_unix_name(const struct lfd_address *address, char *text, size_t size);
static int lfd_bind_unix(listenfd_socket socket, const struct lfd_endpoint *own);
static int lfd_is_privileged(void);

/* What the header calls errno. */
static int lfd_last_error(void);
static void lfd_set_last_error(int error);
static const char *lfd_error_text(int error, char *text);

/* ---- Messages -------------------------------------------------------------------- */

#if defined(__GNUC__)
#define LFD_PRINTF(text, first) __attribute__((format(printf, text, first)))
#else
#define LFD_PRINTF(text, first)
#endif

static int lfd_say(struct listenfd *lfd, int code, const char *format, ...) LFD_PRINTF(3, 4);

/* The length of the character that begins here; 0: it is not UTF-8, or a control character, of
 * which U+0080 to U+009F are some. */
static size_t lfd_character(const unsigned char *text)
{
    static const struct {
        uint32_t lead, least, most;
    } forms[] = {/* by the number of bytes that follow the first */
                 {0, 0x20, 0x7e},
                 {0xc0, 0xa0, 0x7ff},
                 {0xe0, 0x800, 0xffff},
                 {0xf0, 0x10000, 0x10ffff}};
    size_t more = *text < 0x80 ? 0 : *text < 0xe0 ? 1 : *text < 0xf0 ? 2 : 3, i;
    uint32_t value = *text ^ forms[more].lead; /* of another lead it becomes too large */

    for (i = 1; i <= more; i++) {
        if ((text[i] & 0xc0) != 0x80)
            return 0;
        value = value << 6 | (text[i] & 0x3fU);
    }
    if (value < forms[more].least || value > forms[more].most ||
        value >> 11 == 0x1b) /* half of a pair */
        return 0;
    return more + 1;
}

/* What came from outside must not forge lines in the log that this ends up in, nor speak to the
 * terminal that shows it: some take a raw 0x9b for a beginning. */
static void lfd_make_printable(char *string)
{
    unsigned char *text = (unsigned char *)string;

    while (*text != '\0') {
        size_t length = lfd_character(text);
        if (length == 0)
            *text = '?';
        text += length == 0 ? 1 : length;
    }
}

/* Sets the message for a result, and returns the result. */
static int lfd_say(struct listenfd *lfd, int code, const char *format, ...)
{
    int saved_error = lfd_last_error();
    va_list arguments;

    if (lfd) {
        va_start(arguments, format);
        vsnprintf(lfd->message, sizeof lfd->message, format, arguments);
        va_end(arguments);
        lfd_make_printable(lfd->message);
    }
    lfd_set_last_error(saved_error);
    return code;
}

/* ---- Numbers and names ----------------------------------------------------------- */

/* The value of the option when it is the one of that name. */
static const char *lfd_value(const char *option, const char *name)
{
    while (*name != '\0')
        if (*option++ != *name++)
            return NULL;
    return option;
}

/* Digits only, and bounded: strtoul would accept blanks, signs and an overflow. Returns what
 * follows them, NULL when there is no such number. */
static const char *lfd_parse_digits(const char *text, unsigned base, uint64_t least, uint64_t most,
                                    uint64_t *number)
{
    const char *first = text;
    uint64_t value = 0;
    unsigned digit;

    for (; (digit = (unsigned)*text - '0') < base; text++) {
        if (value > (most - digit) / base)
            return NULL;
        value = value * base + digit;
    }
    if (text == first || value < least)
        return NULL;
    *number = value;
    return text;
}

/* A number and nothing behind it. */
static int lfd_parse_number(const char *text, uint64_t least, uint64_t most, uint64_t *number)
{
    const char *end = lfd_parse_digits(text, 10, least, most, number);

    return end && *end == '\0';
}

/* The last check of what was passed. It sets the count, so anything that fails leaves 0. */
static int lfd_check_names(struct listenfd *found, size_t count, const char *names)
{
    size_t i, given = 1;

    for (i = 0; names && names[i] != '\0'; i++)
        given += names[i] == ':';
    if (names && given != count)
        return lfd_say(found, LISTENFD_ENAMES,
                       "LISTEN_FDNAMES has %lu names ('%.80s') for %lu sockets: give each socket "
                       "one, separated by colons",
                       (unsigned long)given, names, (unsigned long)count);
    found->count = count;
    return LISTENFD_PASSED;
}

/* ---- The table of sockets -------------------------------------------------------- */

/* The object that is returned: a copy of `found` with its table and names behind it. */
static struct listenfd *lfd_create(const struct listenfd *found, const char *names)
{
    size_t text_size = names ? strlen(names) + 1 : 0;
    size_t table_size = found->count * sizeof(struct lfd_slot);
    struct listenfd *lfd = (struct listenfd *)malloc(sizeof *lfd + table_size + text_size);
    char *text;
    size_t i;

    if (!lfd)
        return NULL;
    *lfd = *found;
    memcpy(lfd->reason, lfd->message, sizeof lfd->reason);
    lfd->message[0] = '\0';
    lfd->slots = (struct lfd_slot *)(void *)(lfd + 1);
    text = (char *)(lfd->slots + lfd->count);
    if (names)
        memcpy(text, names, text_size);
    for (i = 0; i < lfd->count; i++) {
        struct lfd_slot *slot = &lfd->slots[i];
        slot->taken = 0;
        slot->name = names ? text : "unknown";
        if (names) {
            text += strcspn(text, ":");
            *text++ = '\0';
        }
    }
    return lfd;
}

/* ---- Kinds of socket ------------------------------------------------------------- */

static const struct lfd_kind lfd_anything = {"an open descriptor", {{LFD_OPEN, {0}}}};
static const struct lfd_kind lfd_tcp_listener = {
    "a tcp listener",
    {{LFD_FAMILY, {AF_INET, AF_INET6, AF_INET6}},
     {LFD_PROTOCOL, {IPPROTO_TCP, LFD_MPTCP, LFD_MPTCP}},
     {LFD_LISTENING, {1, 1, 1}},
     {LFD_OPEN, {0}}}};
static const struct lfd_kind lfd_tcp6_listener = {
    "an IPv6 tcp listener",
    {{LFD_FAMILY, {AF_INET6, AF_INET6, AF_INET6}},
     {LFD_PROTOCOL, {IPPROTO_TCP, LFD_MPTCP, LFD_MPTCP}},
     {LFD_LISTENING, {1, 1, 1}},
     {LFD_OPEN, {0}}}};
static const struct lfd_kind lfd_stream_listener = {
    "a tcp or unix stream listener",
    {{LFD_FAMILY, {AF_INET, AF_INET6, AF_UNIX}},
     {LFD_TYPE, {SOCK_STREAM, SOCK_STREAM, SOCK_STREAM}},
     {LFD_PROTOCOL, {IPPROTO_TCP, LFD_MPTCP, 0}}, /* 0 is AF_UNIX's */
     {LFD_LISTENING, {1, 1, 1}},
     {LFD_OPEN, {0}}}};
static const struct lfd_kind lfd_tcp_stream = {"a connected tcp stream",
                                               {{LFD_PEER_FAMILY, {AF_INET, AF_INET6, AF_INET6}},
                                                {LFD_TYPE, {SOCK_STREAM, SOCK_STREAM, SOCK_STREAM}},
                                                {LFD_PROTOCOL, {IPPROTO_TCP, LFD_MPTCP, LFD_MPTCP}},
                                                {LFD_OPEN, {0}}}};
static const struct lfd_kind lfd_udp_socket = {
    "a udp socket",
    {{LFD_FAMILY, {AF_INET, AF_INET6, AF_INET6}},
     {LFD_TYPE, {SOCK_DGRAM, SOCK_DGRAM, SOCK_DGRAM}},
     {LFD_PROTOCOL, {IPPROTO_UDP, IPPROTO_UDP, IPPROTO_UDP}},
     {LFD_OPEN, {0}}}};
static const struct lfd_kind lfd_udp6_socket = {
    "an IPv6 udp socket",
    {{LFD_FAMILY, {AF_INET6, AF_INET6, AF_INET6}},
     {LFD_TYPE, {SOCK_DGRAM, SOCK_DGRAM, SOCK_DGRAM}},
     {LFD_PROTOCOL, {IPPROTO_UDP, IPPROTO_UDP, IPPROTO_UDP}},
     {LFD_OPEN, {0}}}};
static const struct lfd_kind lfd_unix_listener = {
    "a unix stream listener",
    {{LFD_FAMILY, {AF_UNIX, AF_UNIX, AF_UNIX}},
     {LFD_TYPE, {SOCK_STREAM, SOCK_STREAM, SOCK_STREAM}},
     {LFD_LISTENING, {1, 1, 1}},
     {LFD_OPEN, {0}}}};
static const struct lfd_kind lfd_unix_stream = {
    "a connected unix stream",
    {{LFD_PEER_FAMILY, {AF_UNIX, AF_UNIX, AF_UNIX}},
     {LFD_TYPE, {SOCK_STREAM, SOCK_STREAM, SOCK_STREAM}},
     {LFD_OPEN, {0}}}};
static const struct lfd_kind lfd_unix_datagram = {"a unix datagram socket",
                                                  {{LFD_FAMILY, {AF_UNIX, AF_UNIX, AF_UNIX}},
                                                   {LFD_TYPE, {SOCK_DGRAM, SOCK_DGRAM, SOCK_DGRAM}},
                                                   {LFD_OPEN, {0}}}};
static const struct lfd_kind lfd_unix_seqpacket_listener = {
    "a unix seqpacket listener",
    {{LFD_FAMILY, {AF_UNIX, AF_UNIX, AF_UNIX}},
     {LFD_TYPE, {SOCK_SEQPACKET, SOCK_SEQPACKET, SOCK_SEQPACKET}},
     {LFD_LISTENING, {1, 1, 1}},
     {LFD_OPEN, {0}}}};

/* What it means that a socket is not as expected. */
static const int lfd_mismatch_codes[] = {LISTENFD_ECLOSED,       LISTENFD_EFAMILY,
                                         LISTENFD_ETYPE,         LISTENFD_EPROTOCOL,
                                         LISTENFD_ENOTLISTENING, LISTENFD_EFAMILY};

/* 1 when the socket is of that kind, else the code that says how it is not. */
static int lfd_check_kind(listenfd_socket socket, const struct lfd_kind *kind)
{
    const struct lfd_expectation *expected = kind->expect;

    do {
        int value, code = lfd_query(socket, expected->property, &value);
        if (code < 0)
            return code;
        if (value != expected->values[0] && value != expected->values[1] &&
            value != expected->values[2])
            return expected->property == LFD_LISTENING && value
                       ? LISTENFD_ELISTENING
                       : lfd_mismatch_codes[expected->property];
    } while ((++expected)->property != LFD_OPEN);
    return 1;
}

/* What to do about a socket of the wrong kind. */
static const char *lfd_hint(const struct listenfd *lfd, int code)
{
    if (code == LISTENFD_ENOTLISTENING || code == LISTENFD_ENOTCONNECTED)
        return ": in a .socket unit Accept=no passes the listener, Accept=yes each connection";
    if (lfd->count > 1)
        return ": check the order of the sockets in the launcher, or find it by name, or by "
               "address with a type";
    return "";
}

static int lfd_refuse(struct listenfd *lfd, size_t index, const struct lfd_kind *kind, int code)
{
    char description[LFD_DESCRIPTION_SIZE], error[LFD_ERROR_SIZE];

    listenfd_describe(lfd, index, description, sizeof description);
    if (code == LISTENFD_ESYSTEM)
        return lfd_say(lfd, code, "cannot examine socket %lu (%s): %s", (unsigned long)index,
                       description, lfd_error_text(lfd_last_error(), error));
    return lfd_say(lfd, code, "socket %lu, named '%.60s', is %s, where %s was expected (%s)%s",
                   (unsigned long)index, lfd->slots[index].name, description, kind->name,
                   listenfd_strerror(code), lfd_hint(lfd, code));
}

/* ---- Taking ---------------------------------------------------------------------- */

/* The mode that from_env's flags ask for; 0 when that fails. */
static int lfd_set_mode(const struct listenfd *lfd, listenfd_socket socket)
{
    unsigned mode = lfd ? lfd->flags & (LISTENFD_NONBLOCK | LISTENFD_BLOCK) : 0;

    return mode == 0 || lfd_set_nonblocking(socket, mode == LISTENFD_NONBLOCK) == 0;
}

/* Says why there is none, and returns what a take call does then. */
static int lfd_take_none(struct listenfd *lfd, size_t index)
{
    if (!lfd)
        return 0;
    if (lfd->status != LISTENFD_PASSED || (index == LISTENFD_NOT_FOUND && *lfd->reason))
        lfd->message[0] = '\0'; /* the reason stands: the status's, or the find call's */
    else if (index == LISTENFD_NOT_FOUND)
        lfd_say(lfd, 0, "no socket was looked for");
    else if (index < lfd->count)
        lfd_say(lfd, 0, "socket %lu was taken already", (unsigned long)index);
    else
        lfd_say(lfd, 0, "there is no socket %lu: %lu were passed, counted from 0",
                (unsigned long)index, (unsigned long)lfd->count);
    return lfd->status < 0 ? lfd->status : 0;
}

static int lfd_take_checked(struct listenfd *lfd, size_t index, const struct lfd_kind *kind,
                            listenfd_socket *out)
{
    char error[LFD_ERROR_SIZE];
    struct lfd_slot *slot;
    int result;

    if (!lfd || index >= lfd->count || lfd->slots[index].taken)
        return lfd_take_none(lfd, index);
    slot = &lfd->slots[index];
    result = lfd_check_kind(slot->socket, kind);
    if (result < 0)
        return lfd_refuse(lfd, index, kind, result);
    if (!lfd_set_mode(lfd, slot->socket))
        return lfd_say(lfd, LISTENFD_ESYSTEM, "cannot set the socket's blocking mode: %s",
                       lfd_error_text(lfd_last_error(), error));
    slot->taken = 1;
    *out = slot->socket;
    return LISTENFD_TAKEN;
}

/* ---- Addresses: reading ---------------------------------------------------------- */

static const struct lfd_options lfd_tcp_options = {
    1U << LFD_V6ONLY | 1U << LFD_REUSEPORT | 1U << LFD_BACKLOG, "v6only, reuseport and backlog=N"};
static const struct lfd_options lfd_udp_options = {1U << LFD_V6ONLY | 1U << LFD_REUSEPORT,
                                                   "v6only and reuseport"};
static const struct lfd_options lfd_unix_options = {
    1U << LFD_MODE | 1U << LFD_BACKLOG,
    "mode=OCTAL, up to 777 and of a path, and backlog=N; a comma in a path is written \\,"};
static const struct lfd_options lfd_unix_datagram_options = {
    1U << LFD_MODE, "mode=OCTAL, up to 777 and of a path; a comma in a path is written \\,"};

static const struct lfd_type lfd_types[] = {
    {"tcp", AF_UNSPEC, SOCK_STREAM, &lfd_tcp_listener, &lfd_tcp6_listener, &lfd_tcp_options},
    {"tcp6", AF_INET6, SOCK_STREAM, &lfd_tcp_listener, &lfd_tcp6_listener, &lfd_tcp_options},
    {"udp", AF_UNSPEC, SOCK_DGRAM, &lfd_udp_socket, &lfd_udp6_socket, &lfd_udp_options},
    {"udp6", AF_INET6, SOCK_DGRAM, &lfd_udp_socket, &lfd_udp6_socket, &lfd_udp_options},
    {"http", AF_UNSPEC, SOCK_STREAM, &lfd_tcp_listener, &lfd_tcp6_listener, &lfd_tcp_options},
    {"https", AF_UNSPEC, SOCK_STREAM, &lfd_tcp_listener, &lfd_tcp6_listener, &lfd_tcp_options},
    {"unix", AF_UNIX, SOCK_STREAM, &lfd_unix_listener, NULL, &lfd_unix_options},
    {"unix-datagram", AF_UNIX, SOCK_DGRAM, &lfd_unix_datagram, NULL, &lfd_unix_datagram_options},
    {"unix-seqpacket", AF_UNIX, SOCK_SEQPACKET, &lfd_unix_seqpacket_listener, NULL,
     &lfd_unix_options},
    {NULL, 0, 0, NULL, NULL, NULL}};
enum { LFD_TCP = 0, LFD_UNIX = 6 }; /* rows: the type of a text that names none */

static const char lfd_type_unknown[] =
    "the type is unknown; there are tcp, tcp6, udp, udp6, http, https, unix, unix-datagram and "
    "unix-seqpacket";

/* The part of the text up to the first comma, without the backslashes before a comma or a
 * backslash; returns what follows it, NULL when that is too long. */
static const char *lfd_split(const char *text, char *part, size_t size)
{
    for (; *text != '\0' && *text != ','; text++) {
        if (*text == '\\' && (text[1] == ',' || text[1] == '\\'))
            text++;
        if (--size == 0)
            return NULL;
        *part++ = *text;
    }
    *part = '\0';
    return text;
}

/* The parsers below return NULL, or the reason why the text is not understood. */

static const char *lfd_parse_ipv6(char *host, struct lfd_address *address)
{
    char *scope = strchr(host, '%');

    if (scope) {
        *scope++ = '\0';
        address->as.in6.sin6_scope_id = lfd_interface_number(scope);
        if (address->as.in6.sin6_scope_id == 0)
            return "there is no network interface of that name or number";
    }
    return inet_pton(AF_INET6, host, &address->as.in6.sin6_addr) == 1
               ? NULL
               : "what stands in brackets is not an IPv6 address";
}

static const char *lfd_parse_ipv4(const char *host, struct lfd_address *address)
{
    return inet_pton(AF_INET, host, &address->as.in.sin_addr) == 1
               ? NULL
               : "the host must be numeric, as in 127.0.0.1:80, [::1]:80 or :80, for every address";
}

static const char *lfd_parse_host_port(const char *text, struct lfd_endpoint *wanted)
{
    const char *colon = strrchr(text, ':');
    size_t length = colon ? (size_t)(colon - text) : 0;
    struct lfd_address *address = &wanted->address;
    char host[LFD_ADDRESS_SIZE];
    uint64_t port;

    memset(address, 0, sizeof *address);
    if (!colon || length >= sizeof host || !lfd_parse_number(colon + 1, 0, 65535, &port))
        return "a number from 0 to 65535, the port, must stand behind its last colon (and a path "
               "has a slash, as in ./x.sock)";
    memcpy(host, text, length);
    host[length] = '\0';
    wanted->any_host = length == 0 || strcmp(host, "*") == 0;
    if (!wanted->any_host && (*host != '[' || host[length - 1] != ']')) {
        address->as.in.sin_family = AF_INET;
        address->as.in.sin_port = htons((uint16_t)port);
        address->size = sizeof address->as.in;
        return lfd_parse_ipv4(host, address);
    }
    address->as.in6.sin6_family = AF_INET6;
    address->as.in6.sin6_port = htons((uint16_t)port);
    address->size = sizeof address->as.in6;
    if (wanted->any_host)
        return NULL;
    host[length - 1] = '\0';
    return lfd_parse_ipv6(host + 1, address);
}

/* "TYPE::" in front: "[::1]:80" has no letters there. Moves behind it. */
static const char *lfd_parse_type(const char **text, struct lfd_endpoint *wanted)
{
    size_t length =
        strspn(*text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-0123456789");
    const char *colons = lfd_value(*text + length, "::");
    const struct lfd_type *type = lfd_types;

    if (length == 0 || !colons)
        return NULL;
    for (; type->name; type++)
        if (lfd_value(*text, type->name) == *text + length) {
            wanted->type = type;
            wanted->socket_type = type->type;
            if (type->family == AF_INET6)
                wanted->options[LFD_V6ONLY] = 1;
            *text = colons;
            return NULL;
        }
    return lfd_type_unknown;
}

struct lfd_option {
    const char *name;
    unsigned base; /* of the number behind it; 0: it has none */
    uint64_t least, most;
};

static const struct lfd_option lfd_options[LFD_OPTIONS] = {{"mode=", 8, 0, 0777},
                                                           {"backlog=", 10, 1, INT_MAX},
                                                           {"v6only", 0, 0, 0},
                                                           {"reuseport", 0, 0, 0}};

/* Of a unix socket: an abstract name begins with NUL. */
static int lfd_is_path(const struct lfd_address *address)
{
    return *address->as.any.sa_data != '\0';
}

/* 1 when it is understood, allowed, and there for the first time. */
static int lfd_parse_option(const char *text, struct lfd_endpoint *wanted)
{
    unsigned allowed = wanted->type->options->which;
    int i;

    if (!lfd_is_path(&wanted->address))
        allowed &= ~(1U << LFD_MODE);
    for (i = 0; i < LFD_OPTIONS; i++) {
        const struct lfd_option *option = &lfd_options[i];
        const char *end = lfd_value(text, option->name);
        uint64_t number = 1;
        if (end && option->base > 0)
            end = lfd_parse_digits(end, option->base, option->least, option->most, &number);
        if (end && *end == '\0' && (allowed >> i & 1) != 0 && wanted->options[i] < 0) {
            wanted->options[i] = (int)number;
            return 1;
        }
    }
    return 0;
}

static int lfd_not_an_address(struct listenfd *lfd, const char *text, const char *reason)
{
    return lfd_say(lfd, LISTENFD_EADDRESS, "'%.120s' is not an address: %s", text ? text : "(NULL)",
                   reason);
}

static int lfd_parse_options(struct listenfd *lfd, const char *text, const char *rest,
                             struct lfd_endpoint *wanted)
{
    char option[24];

    while (rest && *rest == ',') {
        rest = lfd_split(rest + 1, option, sizeof option);
        if (!rest || !lfd_parse_option(option, wanted))
            return lfd_say(lfd, LISTENFD_EADDRESS,
                           "'%.120s' is not an address: there is no option '%s' here, or it is "
                           "given twice; the options of %s are %s",
                           text, rest ? option : "...", wanted->type->name,
                           wanted->type->options->text);
    }
    if (wanted->options[LFD_V6ONLY] > 0 && wanted->address.as.any.sa_family == AF_INET)
        return lfd_not_an_address(lfd, text, "tcp6, udp6 and v6only want an IPv6 address");
    return 1;
}

/* 1, or a code with its message. */
static int lfd_parse(struct listenfd *lfd, const char *text, struct lfd_endpoint *wanted)
{
    const char *value = text ? text : "", *rest, *reason;
    char part[LFD_ADDRESS_SIZE];
    int i, result = 1;

    memset(wanted, 0, sizeof *wanted);
    for (i = 0; i < LFD_OPTIONS; i++)
        wanted->options[i] = -1;
    reason = lfd_parse_type(&value, wanted);
    rest = lfd_split(value, part, sizeof part);
    if (!rest)
        reason = "it is too long";
    if (reason)
        return lfd_not_an_address(lfd, text, reason);
    if (!wanted->type)
        wanted->type = &lfd_types[*part == '@' || strchr(part, '/') ? LFD_UNIX : LFD_TCP];
    if (wanted->type->family == AF_UNIX)
        result = lfd_parse_unix(lfd, text, part, wanted);
    else if ((reason = lfd_parse_host_port(part, wanted)) != NULL)
        result = lfd_not_an_address(lfd, text, reason);
    return result < 0 ? result : lfd_parse_options(lfd, text, rest, wanted);
}

/* ---- Addresses: comparing -------------------------------------------------------- */

static int lfd_local_address(listenfd_socket socket, struct lfd_address *address)
{
    memset(address, 0, sizeof *address); /* after a failure it is of no family */
    address->size = sizeof address->as;
    return getsockname(socket, &address->as.any, &address->size);
}

static int lfd_peer_address(listenfd_socket socket, struct lfd_address *address)
{
    address->size = sizeof address->as;
    return getpeername(socket, &address->as.any, &address->size);
}

static int lfd_is_internet(const struct lfd_address *address)
{
    return address->as.any.sa_family == AF_INET || address->as.any.sa_family == AF_INET6;
}

static uint16_t lfd_port_of(const struct lfd_address *address)
{
    return ntohs(address->as.any.sa_family == AF_INET ? address->as.in.sin_port
                                                      : address->as.in6.sin6_port);
}

static uint32_t lfd_scope_of(const struct lfd_address *address)
{
    return address->as.any.sa_family == AF_INET6 ? address->as.in6.sin6_scope_id : 0;
}

/* An IPv4 address as IPv6 has it: v4-mapped. */
static void lfd_host(const struct lfd_address *address, unsigned char *bytes)
{
    memcpy(bytes, &address->as.in6.sin6_addr, 16);
    if (address->as.any.sa_family == AF_INET) {
        memset(bytes, 0, 10);
        bytes[10] = bytes[11] = 0xff;
        memcpy(bytes + 12, &address->as.in.sin_addr, 4);
    }
}

/* A socket without a scope is found with any: the system keeps none of an address that is not
 * link-local, as [::1%lo], since there is only one. */
static int lfd_same_host(const struct lfd_address *wanted, const struct lfd_address *bound)
{
    uint32_t scope = wanted->as.in6.sin6_scope_id;      /* 0 for IPv4: an object of this */
    uint32_t bound_scope = bound->as.in6.sin6_scope_id; /* kind is zeroed before it is filled */
    unsigned char host[16], bound_host[16];

    lfd_host(wanted, host);
    lfd_host(bound, bound_host);
    if (memcmp(host, bound_host, sizeof host) != 0)
        return 0;
    return scope == 0 || bound_scope == 0 || scope == bound_scope;
}

static int lfd_same_host_port(const struct lfd_endpoint *wanted, const struct lfd_address *bound)
{
    if (!lfd_is_internet(bound) || lfd_port_of(&wanted->address) != lfd_port_of(bound))
        return 0;
    if (wanted->options[LFD_V6ONLY] > 0 && bound->as.any.sa_family != AF_INET6)
        return 0;
    return wanted->any_host || lfd_same_host(&wanted->address, bound);
}

static int lfd_is_found(const struct lfd_endpoint *wanted, listenfd_socket socket)
{
    struct lfd_address bound;
    int value;

    lfd_local_address(socket, &bound);
    if (lfd_is_internet(&wanted->address) ? !lfd_same_host_port(wanted, &bound)
                                          : !lfd_same_unix_name(&wanted->address, &bound))
        return 0;
    if (wanted->socket_type == 0)
        return 1;
    lfd_query(socket, LFD_TYPE, &value); /* 0 when that fails */
    return value == wanted->socket_type;
}

/* When a take call gets LISTENFD_NOT_FOUND afterwards, this message is the reason. */
static size_t lfd_keep_reason(struct listenfd *lfd)
{
    if (lfd && lfd->status == LISTENFD_PASSED)
        memcpy(lfd->reason, lfd->message, sizeof lfd->reason);
    return LISTENFD_NOT_FOUND;
}

static size_t lfd_not_found(struct listenfd *lfd, const char *how, const char *what)
{
    if (lfd && lfd->status != LISTENFD_PASSED)
        lfd->message[0] = '\0'; /* the status's reason stands */
    else if (lfd)
        lfd_say(lfd, 0, "none of the %lu sockets passed is %s '%.120s' and untaken",
                (unsigned long)lfd->count, how, what);
    return lfd_keep_reason(lfd);
}

/* The first from there on that is bound to the address; wanted is NULL: that has the name text. */
static size_t lfd_find(struct listenfd *lfd, const struct lfd_endpoint *wanted, const char *text,
                       size_t from)
{
    for (; lfd && from < lfd->count; from++) {
        const struct lfd_slot *slot = &lfd->slots[from];
        if (!slot->taken &&
            (wanted ? lfd_is_found(wanted, slot->socket) : strcmp(slot->name, text) == 0))
            return from;
    }
    return lfd_not_found(lfd, wanted ? "bound to" : "named", text);
}

/* ---- Describing ------------------------------------------------------------------ */

/* The length of the whole text, as snprintf. */
static int lfd_format_address(const struct lfd_address *address, char *text, size_t size)
{
    int is_ipv6 = address->as.any.sa_family == AF_INET6;
    char host[INET6_ADDRSTRLEN], scope[32];

    if (!lfd_is_internet(address))
        return lfd_format_unix_name(address, text, size);
    host[0] = scope[0] = '\0';
    inet_ntop(address->as.any.sa_family,
              is_ipv6 ? (const void *)&address->as.in6.sin6_addr : &address->as.in.sin_addr, host,
              sizeof host);
    if (lfd_scope_of(address) > 0) { /* without it nobody could connect */
        *scope = '%';
        lfd_format_scope(lfd_scope_of(address), scope + 1, sizeof scope - 1);
    }
    return snprintf(text, size, is_ipv6 ? "[%s%s]:%u" : "%s%s:%u", host, scope,
                    (unsigned)lfd_port_of(address));
}

static const struct lfd_word lfd_type_words[] = {{SOCK_STREAM, " stream"},
                                                 {SOCK_DGRAM, " datagram"},
                                                 {SOCK_SEQPACKET, " seqpacket"},
                                                 {0, " socket"}};
static const struct lfd_word lfd_internet_words[] = {
    {IPPROTO_TCP, "tcp"}, {IPPROTO_UDP, "udp"}, {LFD_MPTCP, "mptcp"}, {0, "internet"}};

static const char *lfd_find_word(const struct lfd_word *words, int number)
{
    while (words->number != number && words->number != 0)
        words++;
    return words->text;
}

/* "tcp listener 127.0.0.1:80", "unix seqpacket listener /x", "tcp stream from 10.0.0.1:4711". */
static int lfd_describe(listenfd_socket socket, char *buf, size_t size)
{
    struct lfd_address local, peer, *shown = &local;
    const char *family = "unix", *word, *role = "";
    char where[LFD_ADDRESS_SIZE];
    int type, protocol, listening;

    if (lfd_local_address(socket, &local) < 0)
        return snprintf(buf, size, "%s", lfd_file_kind(socket));
    lfd_query(socket, LFD_TYPE, &type);
    lfd_query(socket, LFD_PROTOCOL, &protocol);
    lfd_query(socket, LFD_LISTENING, &listening);
    word = lfd_find_word(lfd_type_words, type);
    if (lfd_is_internet(&local)) {
        family = lfd_find_word(lfd_internet_words, protocol);
        if (type == SOCK_DGRAM)
            word = " socket";
    } else if (local.as.any.sa_family != AF_UNIX)
        return snprintf(buf, size, "socket of family %d, type %d, protocol %d",
                        local.as.any.sa_family, type, protocol);

    if (listening) {
        role = " listener";
        if (type == SOCK_STREAM)
            word = "";
    } else if (type == SOCK_STREAM && lfd_peer_address(socket, &peer) == 0) {
        role = " from";
        shown = &peer;
    }
    lfd_format_address(shown, where, sizeof where);
    return snprintf(buf, size, "%s%s%s %s", family, word, role, *where ? where : "(no name)");
}

/* ---- Binding our own ------------------------------------------------------------- */

/* With the reason why none was taken: "in use" may well mean in use by the launcher. */
static int lfd_cannot_listen(struct listenfd *lfd, const char *address)
{
    int code = lfd_last_error() == LFD_ADDRESS_IN_USE ? LISTENFD_EINUSE : LISTENFD_ESYSTEM;
    char reason[LFD_MESSAGE_SIZE], error[LFD_ERROR_SIZE];

    snprintf(reason, sizeof reason, "%s", listenfd_message(lfd));
    return lfd_say(lfd, code, "cannot listen on %.160s: %s (%s)", address, lfd_bind_error(error),
                   reason);
}

/* Closes it, and keeps the error that was the reason. */
static void lfd_discard(listenfd_socket socket)
{
    int saved_error = lfd_last_error();

    lfd_close_socket(socket);
    lfd_set_last_error(saved_error);
}

static int lfd_set_option(listenfd_socket socket, int level, int option, int value)
{
    return setsockopt(socket, level, option, (const char *)&value, sizeof value);
}

static int lfd_bind(listenfd_socket socket, const struct lfd_address *address)
{
    return bind(socket, &address->as.any, address->size);
}

static int lfd_listen(listenfd_socket socket, const struct lfd_endpoint *own)
{
    if (own->type->type == SOCK_DGRAM)
        return 0;
    return listen(socket, own->options[LFD_BACKLOG] > 0 ? own->options[LFD_BACKLOG] : SOMAXCONN);
}

/* "[::]:80" alone leaves it to the system whether that is IPv4, too. */
static int lfd_bind_internet(listenfd_socket socket, const struct lfd_endpoint *own)
{
    int is_ipv6 = own->address.as.any.sa_family == AF_INET6, v6only = own->options[LFD_V6ONLY];

    if (lfd_set_reuse(socket, own) < 0)
        return -1;
    if (is_ipv6 && (own->any_host || v6only > 0) &&
        lfd_set_option(socket, IPPROTO_IPV6, IPV6_V6ONLY, v6only > 0) < 0)
        return -1;
    return lfd_bind(socket, &own->address) < 0 ? -1 : lfd_listen(socket, own);
}

/* LISTENFD_INVALID_SOCKET with errno. The mode that from_env's flags ask for comes first: what is
 * bound cannot fail to get it. */
static listenfd_socket lfd_try_to_open(const struct listenfd *lfd, const struct lfd_endpoint *own)
{
    listenfd_socket socket = lfd_new_socket(own->address.as.any.sa_family, own->type->type);

    if (socket == LISTENFD_INVALID_SOCKET ||
        (lfd_set_mode(lfd, socket) &&
         (own->type->family == AF_UNIX ? lfd_bind_unix(socket, own)
                                       : lfd_bind_internet(socket, own)) == 0))
        return socket;
    lfd_discard(socket);
    return LISTENFD_INVALID_SOCKET;
}

static listenfd_socket lfd_open(const struct listenfd *lfd, struct lfd_endpoint *own)
{
    listenfd_socket socket = lfd_try_to_open(lfd, own);
    uint16_t port = own->address.as.in6.sin6_port;

    /* No IPv6 in this kernel, or switched off: then IPv4 is every address there is. */
    if (socket != LISTENFD_INVALID_SOCKET || !own->any_host || own->options[LFD_V6ONLY] > 0 ||
        (lfd_last_error() != LFD_FAMILY_UNKNOWN && lfd_last_error() != LFD_ADDRESS_UNAVAILABLE))
        return socket;
    memset(&own->address, 0, sizeof own->address);
    own->address.as.in.sin_family = AF_INET;
    own->address.as.in.sin_port = port;
    own->address.size = sizeof own->address.as.in;
    return lfd_try_to_open(lfd, own);
}

static int lfd_take_or_open(struct listenfd *lfd, size_t index, const char *text,
                            listenfd_socket *out)
{
    struct lfd_endpoint own;
    int result = lfd_parse(lfd, text, &own);

    if (result < 0)
        return result;
    result = lfd_take_checked(
        lfd, index, own.options[LFD_V6ONLY] > 0 ? own.type->v6only_kind : own.type->kind, out);
    if (result != 0)
        return result;
    *out = lfd_open(lfd, &own);
    return *out == LISTENFD_INVALID_SOCKET ? lfd_cannot_listen(lfd, text) : LISTENFD_BOUND;
}

/* kind: NULL for what the address says, and to open one when there is none to take. */
static int lfd_take(struct listenfd *lfd, size_t index, listenfd_socket *out,
                    const struct lfd_kind *kind, const char *address)
{
    int result, saved_error = lfd_last_error();

    if (!out)
        return lfd_say(lfd, LISTENFD_EINVAL, "the out argument of a take call is NULL");
    *out = LISTENFD_INVALID_SOCKET;
    result =
        kind ? lfd_take_checked(lfd, index, kind, out) : lfd_take_or_open(lfd, index, address, out);
    if (result != LISTENFD_ESYSTEM && result != LISTENFD_EINUSE)
        lfd_set_last_error(saved_error);
    return result;
}

/* ---- The public calls ------------------------------------------------------------ */

/* The word for what is wrong with them, or NULL. */
static const char *lfd_check_flags(unsigned flags)
{
    static const unsigned pairs[] = {LISTENFD_NONBLOCK | LISTENFD_BLOCK,
                                     LISTENFD_REQUIRE_PID | LISTENFD_ANY_PID,
                                     LISTENFD_KEEP | LISTENFD_NOT_LAST};
    size_t i;

    for (i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        if ((flags & pairs[i]) == pairs[i])
            return "contradictory";
    return flags >= LISTENFD_NOT_LAST * 2 ? "unknown" : NULL;
}

/* A host that embeds them as static functions need not call all of them. */
#if defined(__GNUC__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#endif

struct listenfd *listenfd_from_env(unsigned flags)
{
    int saved_error = lfd_last_error();
    struct listenfd found, *lfd;
    const char *wrong;

    memset(&found, 0, sizeof found);
    found.flags = flags;
    wrong = lfd_check_flags(flags);
    if (wrong)
        found.status = lfd_say(&found, LISTENFD_EINVAL,
                               "the flags 0x%x of listenfd_from_env are %s", flags, wrong);
    lfd = lfd_receive(&found);
    lfd_set_last_error(saved_error);
    return lfd;
}

void listenfd_free(struct listenfd *lfd)
{
    int saved_error = lfd_last_error();
    size_t i;

    if (lfd && !(lfd->flags & (LISTENFD_KEEP | LISTENFD_NOT_LAST))) {
        for (i = 0; i < lfd->count; i++)
            if (!lfd->slots[i].taken)
                lfd_close_socket(lfd->slots[i].socket);
    }
    free(lfd);
    lfd_set_last_error(saved_error);
}

int listenfd_status(const struct listenfd *lfd)
{
    return lfd ? lfd->status : LISTENFD_NONE;
}

size_t listenfd_count(const struct listenfd *lfd)
{
    return lfd ? lfd->count : 0;
}

const char *listenfd_name(const struct listenfd *lfd, size_t index)
{
    return lfd && index < lfd->count ? lfd->slots[index].name : NULL;
}

int listenfd_describe(const struct listenfd *lfd, size_t index, char *buf, size_t size)
{
    if (lfd && index < lfd->count)
        return listenfd_describe_socket(lfd->slots[index].socket, buf, size);
    return snprintf(buf, size, "%s", "");
}

size_t listenfd_find_name(struct listenfd *lfd, const char *name, size_t from)
{
    return lfd_find(lfd, NULL, name ? name : "(NULL)", name ? from : LISTENFD_NOT_FOUND);
}

size_t listenfd_find_address(struct listenfd *lfd, const char *address, size_t from)
{
    int saved_error = lfd_last_error();
    struct lfd_endpoint wanted;
    size_t index;

    if (lfd_parse(lfd, address, &wanted) > 0)
        index = lfd_find(lfd, &wanted, address, from);
    else
        index = lfd_keep_reason(lfd);
    lfd_set_last_error(saved_error);
    return index;
}

size_t listenfd_find_sockaddr(struct listenfd *lfd, int type, const struct sockaddr *address,
                              size_t size, size_t from)
{
    int saved_error = lfd_last_error();
    struct lfd_endpoint wanted;
    const char *shown = "(no address)";
    char text[LFD_ADDRESS_SIZE];

    memset(&wanted, 0, sizeof wanted);
    if (address && size <= sizeof wanted.address.as) {
        memcpy(&wanted.address.as, address, size);
        wanted.address.size = (socklen_t)size;
        wanted.socket_type = type;
        lfd_format_address(&wanted.address, text, sizeof text);
        shown = text;
    } else {
        from = LISTENFD_NOT_FOUND;
    }
    from = lfd_find(lfd, &wanted, shown, from);
    lfd_set_last_error(saved_error);
    return from;
}

int listenfd_take_tcp_listener(struct listenfd *lfd, size_t index, listenfd_socket *out)
{
    return lfd_take(lfd, index, out, &lfd_tcp_listener, NULL);
}

int listenfd_take_stream_listener(struct listenfd *lfd, size_t index, listenfd_socket *out)
{
    return lfd_take(lfd, index, out, &lfd_stream_listener, NULL);
}

int listenfd_take_tcp_stream(struct listenfd *lfd, size_t index, listenfd_socket *out)
{
    return lfd_take(lfd, index, out, &lfd_tcp_stream, NULL);
}

int listenfd_take_udp_socket(struct listenfd *lfd, size_t index, listenfd_socket *out)
{
    return lfd_take(lfd, index, out, &lfd_udp_socket, NULL);
}

int listenfd_take_unix_listener(struct listenfd *lfd, size_t index, listenfd_socket *out)
{
    return lfd_take_unix(lfd, index, out, &lfd_unix_listener);
}

int listenfd_take_unix_stream(struct listenfd *lfd, size_t index, listenfd_socket *out)
{
    return lfd_take_unix(lfd, index, out, &lfd_unix_stream);
}

int listenfd_take_unix_datagram(struct listenfd *lfd, size_t index, listenfd_socket *out)
{
    return lfd_take_unix(lfd, index, out, &lfd_unix_datagram);
}

int listenfd_take_unix_seqpacket_listener(struct listenfd *lfd, size_t index, listenfd_socket *out)
{
    return lfd_take_unix(lfd, index, out, &lfd_unix_seqpacket_listener);
}

int listenfd_take_custom(struct listenfd *lfd, size_t index, int family, int type, int protocol,
                         int listening, listenfd_socket *out)
{
    const int values[] = {family > 0 ? family : 0, type > 0 ? type : 0, protocol > 0 ? protocol : 0,
                          listening > 0};
    char name[LFD_DESCRIPTION_SIZE];
    struct lfd_kind kind;
    struct lfd_expectation *next = kind.expect;
    int i;

    memset(&kind, 0, sizeof kind); /* ends the list: LFD_OPEN is 0 */
    kind.name = name;
    snprintf(name, sizeof name, "a%s socket of family %d, type %d and protocol %d (0 is any)",
             listening > 0    ? " listening"
             : listening == 0 ? " not listening"
                              : "",
             values[0], values[1], values[2]);
    for (i = 0; i < 4; i++)
        if (values[i] > 0 || (i == 3 && listening == 0)) {
            next->property = (enum lfd_property)(LFD_FAMILY + i);
            next->values[0] = next->values[1] = next->values[2] = values[i];
            next++;
        }
    return lfd_take(lfd, index, out, &kind, NULL);
}

int listenfd_take_raw(struct listenfd *lfd, size_t index, listenfd_socket *out)
{
    return lfd_take(lfd, index, out, &lfd_anything, NULL);
}

int listenfd_take_or_bind(struct listenfd *lfd, size_t index, const char *address,
                          listenfd_socket *out)
{
    return lfd_take(lfd, index, out, NULL, address);
}

int listenfd_port(listenfd_socket fd)
{
    int saved_error = lfd_last_error(), port = -1;
    struct lfd_address address;

    lfd_local_address(fd, &address);
    if (lfd_is_internet(&address))
        port = lfd_port_of(&address);
    lfd_set_last_error(saved_error);
    return port;
}

int listenfd_address(listenfd_socket fd, char *buf, size_t size)
{
    int length, saved_error = lfd_last_error();
    struct lfd_address address;

    lfd_local_address(fd, &address);
    length = lfd_format_address(&address, buf, size);
    lfd_set_last_error(saved_error);
    return length;
}

int listenfd_describe_socket(listenfd_socket fd, char *buf, size_t size)
{
    int saved_error = lfd_last_error(), length = lfd_describe(fd, buf, size);

    lfd_set_last_error(saved_error);
    return length;
}

const char *listenfd_message(const struct listenfd *lfd)
{
    if (!lfd)
        return "there is no listenfd object: none was made, or memory ran out";
    return *lfd->message ? lfd->message : lfd->reason;
}

const char *listenfd_strerror(int code)
{
#define LFD_TEXT(name, number, text) text,
    static const char *const errors[] = {LISTENFD_ERRORS(LFD_TEXT)};
#undef LFD_TEXT
    static const char *const statuses[] = {"nothing was passed", "sockets were passed",
                                           "sockets were passed to another process"};

    if (code >= 0 && code <= LISTENFD_OTHER_PROCESS)
        return statuses[code];
    if (code <= LISTENFD_EINVAL && code > LISTENFD_EINVAL - (int)(sizeof errors / sizeof errors[0]))
        return errors[LISTENFD_EINVAL - code]; /* each number is one less than the one before */
    return "unknown code";
}

const char *listenfd_version(void)
{
    return LISTENFD_VERSION;
}

#if defined(__GNUC__)
#pragma GCC diagnostic pop
#endif

#ifndef _WIN32

/* ---- POSIX: inherited descriptors ------------------------------------------------ */

static int lfd_last_error(void)
{
    return errno;
}

static void lfd_set_last_error(int error)
{
    errno = error;
}

static const char *lfd_error_text(int error, char *text)
{
    (void)text;
    return strerror(error);
}

/* A variable of the protocol; all but the names hold a number. */
struct lfd_variable {
    const char *name, *expected;
    int code; /* for any other value */
    uint64_t least, most;
};

#define LFD_PREFIX "LISTEN_"
enum { LFD_FDS, LFD_FIRST_FD, LFD_PID, LFD_PIDFDID, LFD_FDNAMES, LFD_VARIABLES };

static const struct lfd_variable lfd_variables[LFD_VARIABLES] = {
    {"LISTEN_FDS", "the number of sockets, in digits", LISTENFD_EFDS, 0, INT_MAX},
    {"LISTEN_FDS_FIRST_FD", "a descriptor, in digits, of 3 or more", LISTENFD_EFIRSTFD, 3, INT_MAX},
    {"LISTEN_PID", "a process ID", LISTENFD_EPID, 1, INT_MAX},
    {"LISTEN_PIDFDID", "the inode number of a pidfd", LISTENFD_EPIDFDID, 0, UINT64_MAX},
    {"LISTEN_FDNAMES", NULL, 0, 0, 0}};

struct lfd_passed {
    const char *texts[LFD_VARIABLES]; /* the variables' values; NULL: not set */
    int first;                        /* descriptor */
    int pidfd;                        /* of this process, if LISTEN_PIDFDID is set; else -1 */
};

/* In one pass: getenv would make one for each. The first of two of one name counts, as there. */
static void lfd_read_variables(struct lfd_passed *passed)
{
    char **variable = LFD_ENVIRON;
    int i;

    memset(passed, 0, sizeof *passed);
    passed->pidfd = -1;
    for (; variable && *variable; variable++) {
        const char *rest = lfd_value(*variable, LFD_PREFIX);
        for (i = 0; rest && i < LFD_VARIABLES; i++) {
            const char *end = lfd_value(rest, lfd_variables[i].name + sizeof LFD_PREFIX - 1);
            if (end && *end == '=' && !passed->texts[i])
                passed->texts[i] = end + 1;
        }
    }
}

/* 1 when it holds one, 0 when it is not set, or a code with its message. */
static int lfd_read_number(struct listenfd *found, const struct lfd_passed *passed, int which,
                           uint64_t *number)
{
    const struct lfd_variable *variable = &lfd_variables[which];
    const char *text = passed->texts[which];

    if (!text || lfd_parse_number(text, variable->least, variable->most, number))
        return text != NULL;
    return lfd_say(found, variable->code, "%s is '%.40s': expected %s", variable->name, text,
                   variable->expected);
}

/* Only those that are there: unsetenv takes as long to find that there is nothing to remove. */
static void lfd_forget_variables(const struct lfd_passed *passed)
{
    int i;

    for (i = 0; i < LFD_VARIABLES; i++)
        if (passed->texts[i])
            unsetenv(lfd_variables[i].name);
}

/* What secure_getenv(3) goes by: whoever starts such a program chooses its environment and its
 * descriptors, and must not choose what it does. */
static int lfd_is_privileged(void)
{
#if defined(__linux__)
    return getauxval(AT_SECURE) != 0;
#elif defined(__APPLE__) || defined(__FreeBSD__) || defined(__NetBSD__) || defined(__OpenBSD__) || \
    defined(__DragonFly__) || defined(__sun)
    return issetugid();
#else
    return getuid() != geteuid() || getgid() != getegid();
#endif
}

static int lfd_is_open(listenfd_socket socket)
{
    return fcntl(socket, F_GETFD) >= 0;
}

#if defined(__linux__) && defined(SYS_pidfd_open)
enum { LFD_PIDFS_MAGIC = 0x50494446 };

static int lfd_open_pidfd(pid_t pid)
{
    return (int)syscall(SYS_pidfd_open, pid, 0);
}

/* A pidfd's inode number names a process only on pidfs (Linux 6.9); before, all pidfds
 * share one. */
static int lfd_is_pidfd_inode(int pidfd, uint64_t inode)
{
    struct stat status;
    struct statfs system;

    if (pidfd < 0 || fstat(pidfd, &status) < 0 || status.st_ino == inode)
        return 1;
    return fstatfs(pidfd, &system) < 0 || (unsigned long)system.f_type != LFD_PIDFS_MAGIC;
}
#else
static int lfd_open_pidfd(pid_t pid)
{
    (void)pid;
    return -1;
}

static int lfd_is_pidfd_inode(int pidfd, uint64_t inode)
{
    (void)pidfd;
    (void)inode;
    return 1;
}
#endif

/* Why this process may have the variables of another. */
static const char *lfd_how_it_came(pid_t pid)
{
    if (kill(pid, 0) < 0 && errno == ESRCH)
        return "that process has ended; call listenfd_from_env before this program goes into the "
               "background (daemon(3))";
    return "a shell or watcher stands in between; let it exec this program, or start systemfd "
           "with --no-pid (or this program has forked before it called listenfd_from_env)";
}

static int lfd_check_pidfdid(struct listenfd *found, pid_t self, struct lfd_passed *passed)
{
    uint64_t inode;
    int status = lfd_read_number(found, passed, LFD_PIDFDID, &inode);

    if (status < 0)
        return status;
    if (status > 0) {
        passed->pidfd = lfd_open_pidfd(self);
        if (!lfd_is_pidfd_inode(passed->pidfd, inode))
            return lfd_say(found, LISTENFD_OTHER_PROCESS,
                           "LISTEN_PIDFDID is %.20s, which is not the pidfd inode of this "
                           "process: the sockets were for an earlier process with the same "
                           "process ID",
                           passed->texts[LFD_PIDFDID]);
    }
    return LISTENFD_PASSED;
}

static int lfd_check_pid(struct listenfd *found, pid_t self, struct lfd_passed *passed)
{
    const char *text = passed->texts[LFD_PID];
    uint64_t pid = (uint64_t)self;
    int status = LISTENFD_PASSED;

    if (text && *text)
        status = lfd_read_number(found, passed, LFD_PID, &pid);
    else if (found->flags & LISTENFD_REQUIRE_PID)
        return lfd_say(found, LISTENFD_NONE,
                       "LISTEN_FDS is set but LISTEN_PID is not, and this program requires it: "
                       "use a launcher that sets it (systemfd without --no-pid)");
    if (status < 0)
        return status;
    if (pid == (uint64_t)self)
        return lfd_check_pidfdid(found, self, passed);
    return lfd_say(found, LISTENFD_OTHER_PROCESS, "LISTEN_PID is %ld but this process is %ld: %s",
                   (long)pid, (long)self, lfd_how_it_came((pid_t)pid));
}

/* The lowest number from first on that is not open, in two system calls mostly: a new
 * descriptor gets just that number. For a single one, one call tells. INT_MAX, or any number
 * above last, when all are open. */
static int lfd_lowest_closed(int first, int last, int pidfd)
{
    int probe;

    if (pidfd >= first)
        return pidfd;
    if (first == last && lfd_is_open(first))
        return INT_MAX;
    probe = fcntl(first, F_DUPFD_CLOEXEC, first);
    if (probe >= 0)
        close(probe);
    else if (errno == EBADF)
        return first;
    else /* no descriptor is free below the limit: look at each */
        for (probe = first; probe <= last && lfd_is_open(probe);)
            probe++;
    return probe;
}

static int lfd_check_range(struct listenfd *found, struct lfd_passed *passed)
{
    uint64_t count = 0, start = 3;
    int last, closed, status = lfd_read_number(found, passed, LFD_FDS, &count);

    if (status < 0)
        return status;
    if (count == 0)
        return lfd_say(found, LISTENFD_NONE, "nothing was passed: LISTEN_FDS is 0");
    status = lfd_read_number(found, passed, LFD_FIRST_FD, &start);
    if (status < 0)
        return status;
    if (start + count - 1 > INT_MAX)
        return lfd_say(found, LISTENFD_EFDS,
                       "LISTEN_FDS is %lu: no process has that many descriptors",
                       (unsigned long)count);
    passed->first = (int)start;
    last = (int)(start + count - 1);
    closed = lfd_lowest_closed(passed->first, last, passed->pidfd);
    if (closed <= last)
        return lfd_say(found, LISTENFD_ECLOSED,
                       "descriptors %d to %d were announced (LISTEN_FDS is %lu), but %d is "
                       "not open: something between the launcher and this program closed it",
                       passed->first, last, (unsigned long)count, closed);
    return lfd_check_names(found, (size_t)count, passed->texts[LFD_FDNAMES]);
}

/* The status, and the count; the process first: what was meant for another one is
 * not ours to judge. */
static int lfd_check_variables(struct listenfd *found, struct lfd_passed *passed)
{
    int status = LISTENFD_PASSED;

    if (!passed->texts[LFD_FDS])
        return lfd_say(found, LISTENFD_NONE, "nothing was passed: LISTEN_FDS is not set");
    if (lfd_is_privileged())
        return lfd_say(found, LISTENFD_NONE,
                       "nothing was passed to a privileged program (setuid, setgid or file "
                       "capabilities): whoever starts it would choose the sockets");
    if (!(found->flags & LISTENFD_ANY_PID))
        status = lfd_check_pid(found, getpid(), passed);
    if (status == LISTENFD_PASSED)
        status = lfd_check_range(found, passed);
    if (passed->pidfd >= 0)
        close(passed->pidfd);
    return status;
}

static void lfd_close_on_exec(int first, size_t count)
{
    size_t i;

#if defined(__linux__) && defined(SYS_close_range)
    const unsigned cloexec = 1U << 2; /* CLOSE_RANGE_CLOEXEC, Linux 5.11 */
    if (syscall(SYS_close_range, (unsigned)first, (unsigned)first + (unsigned)count - 1, cloexec) ==
        0)
        return;
#endif
    for (i = 0; i < count; i++)
        fcntl(first + (int)i, F_SETFD, FD_CLOEXEC);
}

static struct listenfd *lfd_receive(struct listenfd *found)
{
    struct lfd_passed passed;
    struct listenfd *lfd;
    int i;

    lfd_read_variables(&passed);
    if (found->status == 0)
        found->status = lfd_check_variables(found, &passed);
    if (found->count > 0 && !(found->flags & LISTENFD_KEEP))
        lfd_close_on_exec(passed.first, found->count);

    lfd = lfd_create(found, passed.texts[LFD_FDNAMES]);
    for (i = 0; lfd && (size_t)i < lfd->count; i++)
        lfd->slots[i].socket = passed.first + i;
    if (!(found->flags & (LISTENFD_KEEP | LISTENFD_NOT_LAST)))
        lfd_forget_variables(&passed);
    return lfd;
}

/* ---- POSIX: sockets -------------------------------------------------------------- */

static int lfd_socket_error(void)
{
    switch (errno) {
    case EBADF:
        return LISTENFD_ECLOSED;
    case ENOTSOCK:
        return LISTENFD_ENOTSOCKET;
    case ENOTCONN:
        return LISTENFD_ENOTCONNECTED;
    default:
        return LISTENFD_ESYSTEM;
    }
}

static int lfd_get_option(listenfd_socket socket, int option, int *value)
{
    socklen_t size = sizeof *value;

    return getsockopt(socket, SOL_SOCKET, option, value, &size);
}

static int lfd_get_protocol(listenfd_socket socket, int *value)
{
#ifdef SO_PROTOCOL
    return lfd_get_option(socket, SO_PROTOCOL, value);
#else
    struct lfd_address address;
    int type, result = lfd_get_option(socket, SO_TYPE, &type);

    *value = type == SOCK_STREAM ? IPPROTO_TCP : type == SOCK_DGRAM ? IPPROTO_UDP : 0;
    if (lfd_local_address(socket, &address) == 0 && !lfd_is_internet(&address))
        *value = 0;
    return result;
#endif
}

static int lfd_query(listenfd_socket socket, enum lfd_property property, int *value)
{
    struct lfd_address address;
    int result;

    *value = 0;
    if (property == LFD_OPEN)
        return lfd_is_open(socket) ? 0 : LISTENFD_ECLOSED;
    if (property == LFD_FAMILY || property == LFD_PEER_FAMILY) {
        result = property == LFD_FAMILY ? lfd_local_address(socket, &address)
                                        : lfd_peer_address(socket, &address);
        *value = address.as.any.sa_family;
    } else if (property == LFD_PROTOCOL) {
        result = lfd_get_protocol(socket, value);
    } else {
        result = lfd_get_option(socket, property == LFD_TYPE ? SO_TYPE : SO_ACCEPTCONN, value);
    }
    return result == 0 ? 0 : lfd_socket_error();
}

static const char *lfd_file_kind(listenfd_socket socket)
{
    static const struct lfd_word words[] = {
        {S_IFIFO, "fifo"}, {S_IFREG, "file"}, {0, "special file"}};
    struct stat status;

    if (fstat(socket, &status) < 0)
        return "not open";
    return lfd_find_word(words, (int)(status.st_mode & S_IFMT));
}

static int lfd_set_nonblocking(listenfd_socket socket, int on)
{
    return ioctl(socket, FIONBIO, &on);
}

static void lfd_close_socket(listenfd_socket socket)
{
    close(socket);
}

static listenfd_socket lfd_new_socket(int family, int type)
{
#ifdef SOCK_CLOEXEC
    return socket(family, type | SOCK_CLOEXEC, 0);
#else
    int fd = socket(family, type, 0);

    if (fd >= 0)
        fcntl(fd, F_SETFD, FD_CLOEXEC);
    return fd;
#endif
}

/* SO_REUSEADDR lets a listener bind while old connections linger in TIME-WAIT. For UDP it would
 * let another program take the port over (socket(7)), so UDP goes without. */
static int lfd_set_reuse(listenfd_socket socket, const struct lfd_endpoint *own)
{
    if (own->type->type == SOCK_STREAM && lfd_set_option(socket, SOL_SOCKET, SO_REUSEADDR, 1) < 0)
        return -1;
    if (own->options[LFD_REUSEPORT] < 0)
        return 0;
#ifdef SO_REUSEPORT
    return lfd_set_option(socket, SOL_SOCKET, SO_REUSEPORT, 1);
#else
    errno = ENOPROTOOPT;
    return -1;
#endif
}

static const char *lfd_bind_error(char *text)
{
    return lfd_error_text(errno, text);
}

/* By name, or the number of one that has none; 0: there is no such interface. */
static unsigned lfd_interface_number(const char *name)
{
    uint64_t number = if_nametoindex(name);

    if (number == 0)
        lfd_parse_number(name, 1, INT_MAX, &number);
    return (unsigned)number;
}

static void lfd_format_scope(unsigned number, char *text, size_t size)
{
    if (!if_indextoname(number, text))
        snprintf(text, size, "%u", number);
}

/* ---- POSIX: unix sockets --------------------------------------------------------- */

static int lfd_take_unix(struct listenfd *lfd, size_t index, listenfd_socket *out,
                         const struct lfd_kind *kind)
{
    return lfd_take(lfd, index, out, kind, NULL);
}

/* A path, or "@name" for Linux's abstract namespace. NULL, or the reason why it is none. */
static const char *lfd_parse_name(const char *name, struct lfd_address *address)
{
    size_t length = strlen(name);

    memset(address, 0, sizeof *address);
    if (length == 0 || strcmp(name, "@") == 0)
        return "the path is empty";
    if (length >= sizeof address->as.un.sun_path)
        return "the path is longer than a socket's may be (about 100 bytes)";
    address->as.un.sun_family = AF_UNIX;
    memcpy(address->as.un.sun_path, name, length);
    address->size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + 1);
    if (*name != '@')
        return NULL;
#ifndef __linux__
    return "abstract names exist on Linux only";
#else
    address->as.un.sun_path[0] = '\0';
    address->size--; /* an abstract name is not ended by NUL, its size is part of it */
    return NULL;
#endif
}

static int lfd_parse_unix(struct listenfd *lfd, const char *text, const char *name,
                          struct lfd_endpoint *wanted)
{
    const char *reason = lfd_parse_name(name, &wanted->address);

    return reason ? lfd_not_an_address(lfd, text, reason) : 1;
}

/* The name a unix socket is bound to; an abstract one begins with NUL. Its length, 0 when it
 * has none. text holds at least sizeof sun_path + 1. */
static size_t lfd_unix_name(const struct lfd_address *address, char *text)
{
    size_t offset = offsetof(struct sockaddr_un, sun_path);
    size_t length = address->size > offset ? address->size - offset : 0;

    if (address->as.any.sa_family != AF_UNIX)
        length = 0;
    if (length > sizeof address->as.un.sun_path)
        length = sizeof address->as.un.sun_path;
    memcpy(text, address->as.un.sun_path, length);
    text[length] = '\0';
    if (length <= 1 || *text != '\0')
        length = strlen(text); /* some systems count the NUL, or padding */
    return length;
}

static int lfd_format_unix_name(const struct lfd_address *address, char *text, size_t size)
{
    char name[sizeof address->as.un.sun_path + 1] = "";

    if (lfd_unix_name(address, name) > 0 && *name == '\0')
        *name = '@';
    lfd_make_printable(name);
    return snprintf(text, size, "%s", name);
}

static int lfd_same_file(const struct stat *a, const struct stat *b)
{
    return a->st_ino == b->st_ino && a->st_dev == b->st_dev;
}

/* There is no file of the name "", which is what an abstract one and none are to stat(2). */
static int lfd_same_unix_name(const struct lfd_address *wanted, const struct lfd_address *bound)
{
    char a[sizeof bound->as.un.sun_path + 1], b[sizeof bound->as.un.sun_path + 1];
    size_t length = lfd_unix_name(wanted, a);
    struct stat first, second;

    if (lfd_unix_name(bound, b) == length && length > 0 && memcmp(a, b, length) == 0)
        return 1;
    return stat(a, &first) == 0 && stat(b, &second) == 0 && lfd_same_file(&first, &second);
}

static int lfd_connect(listenfd_socket socket, const struct lfd_address *address)
{
    return connect(socket, &address->as.any, address->size);
}

/* Connecting is refused only where a socket file has no socket behind it. Another type of socket
 * is EPROTOTYPE. */
static int lfd_refuses_connections(const struct lfd_endpoint *own)
{
    listenfd_socket probe = lfd_new_socket(AF_UNIX, own->type->type);
    int refused = 0;

    if (probe == LISTENFD_INVALID_SOCKET)
        return 0;
    /* Non-blocking: a full backlog, too, means that somebody is there. */
    if (lfd_set_nonblocking(probe, 1) == 0)
        refused = lfd_connect(probe, &own->address) < 0 && errno == ECONNREFUSED;
    lfd_close_socket(probe);
    return refused;
}

/* Unlinks path if it is a socket and its server is dead. The same file before and after the
 * probe: a server that starts meanwhile keeps its new one. */
static int lfd_remove_dead(const char *path, const struct lfd_endpoint *own)
{
    struct stat before, after;

    return lstat(path, &before) == 0 && S_ISSOCK(before.st_mode) && lfd_refuses_connections(own) &&
           lstat(path, &after) == 0 && lfd_same_file(&before, &after) && unlink(path) == 0;
}

/* The file has its mode from its first moment on. */
static int lfd_bind_path(listenfd_socket socket, const struct lfd_endpoint *own)
{
    int result, mode = own->options[LFD_MODE];
    mode_t before = 0;

    if (mode >= 0)
        before = umask(0777 & ~(mode_t)mode);
    result = lfd_bind(socket, &own->address);
    if (mode >= 0)
        umask(before);
    return result;
}

/* What is bound and does not listen looks dead, so both happen under a lock, and the removal of
 * what is dead. (A socket that listens at once can be had by bind under another name, and link(2);
 * but that name it keeps in getsockname(2), where sd_is_socket_unix(3) and others look for theirs.)
 * The lock is a file of our own: a folder others may lock, too. ".#x" is what editors call their
 * locks, so that tools which watch a folder do not mind it. -1: there can be none here. */
static int lfd_lock(const char *path, char *lock, size_t size)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    struct stat mine, there;
    int fd, how;

    snprintf(lock, size, "%.*s.#%s", (int)(name - path), path, name);
    for (;;) {
        fd = open(lock, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (fd < 0 || fstat(fd, &mine) < 0)
            break;
        how = mine.st_uid == geteuid() ? LOCK_EX : LOCK_EX | LOCK_NB; /* never wait for others */
        while (flock(fd, how) < 0 && errno == EINTR)
            continue;
        if (lstat(lock, &there) < 0 ? errno != ENOENT : lfd_same_file(&mine, &there))
            return fd;
        close(fd); /* the file was removed while we waited: lock the new one */
    }
    if (fd >= 0)
        close(fd);
    return -1;
}

static int lfd_bind_unix(listenfd_socket socket, const struct lfd_endpoint *own)
{
    const char *path = lfd_is_path(&own->address) ? own->address.as.un.sun_path : NULL;
    char lock[sizeof own->address.as.un.sun_path + 3];
    int fd = path ? lfd_lock(path, lock, sizeof lock) : -1;
    int result = lfd_bind_path(socket, own), error = errno;

    if (result < 0 && error == EADDRINUSE && fd >= 0 && lfd_remove_dead(path, own)) {
        result = lfd_bind_path(socket, own);
        error = errno;
    }
    if (result == 0) {
        result = lfd_listen(socket, own);
        error = errno;
        if (result < 0 && path)
            unlink(path); /* still ours: the socket that is bound to it is open */
    }
    if (fd >= 0) {
        unlink(lock);
        close(fd);
    }
    errno = error;
    return result;
}

#else

/* ---- Windows: a local server's answer -------------------------------------------- */

/* The protocol is specified in win32/PROTOCOL.md. Sockets that were made from an answer are
 * copies of the launcher's. Each has a WSAStartup of its own, so that one which was taken
 * goes on working after listenfd_free. */

enum {
    LFD_DEADLINE_MS = 5000,      /* for the whole conversation */
    LFD_ATTEMPT_MS = 100,        /* to connect: it is this machine, so the queue is full */
    LFD_MOST_SOCKETS = 1024,     /* that an answer may hold */
    LFD_VARIABLE_SIZE = 32768,   /* no variable is longer: SetEnvironmentVariable */
    LFD_NO_HANDLE_INHERIT = 0x80 /* WSA_FLAG_..., Windows 7 SP1: not every header has it */
};

/* What the server sends is this structure as it lies in memory, of 32-bit and 64-bit
 * processes alike. */
typedef char lfd_answer_is_made_of_628_bytes[sizeof(WSAPROTOCOL_INFOW) == 628 ? 1 : -1];

struct lfd_conversation {
    char server[LFD_VARIABLE_SIZE], secret[LFD_VARIABLE_SIZE], names[LFD_VARIABLE_SIZE];
    int has_names;
    struct lfd_endpoint endpoint; /* the server's */
    listenfd_socket connection;
    ULONGLONG deadline;
    int again; /* the last attempt has found the queue full */
    union {
        WSAPROTOCOL_INFOW infos[LFD_MOST_SOCKETS];
        char bytes[LFD_MOST_SOCKETS * sizeof(WSAPROTOCOL_INFOW) + 1];
        wchar_t variable[LFD_VARIABLE_SIZE]; /* before there is an answer */
    } answer;
    listenfd_socket sockets[LFD_MOST_SOCKETS];
    size_t count; /* of them */
};

static int lfd_last_error(void)
{
    return WSAGetLastError();
}

static void lfd_set_last_error(int error)
{
    WSASetLastError(error);
}

/* Whatever code page this program has: all text of the library is UTF-8. 0 when it does not fit. */
static int lfd_to_utf8(const wchar_t *wide, char *text, int size)
{
    if (WideCharToMultiByte(CP_UTF8, 0, wide, -1, text, size, NULL, NULL) > 0)
        return 1;
    *text = '\0';
    return 0;
}

static const char *lfd_error_text(int error, char *text)
{
    const DWORD how =
        FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS | FORMAT_MESSAGE_MAX_WIDTH_MASK;
    int saved_error = lfd_last_error();
    wchar_t wide[LFD_ERROR_SIZE];
    DWORD length;

    length = FormatMessageW(how, NULL, (DWORD)error, 0, wide, LFD_ERROR_SIZE, NULL);
    lfd_set_last_error(saved_error);
    while (length > 0 && (wide[length - 1] == L' ' || wide[length - 1] == L'.'))
        length--;
    wide[length] = L'\0';
    if (length == 0 || !lfd_to_utf8(wide, text, LFD_ERROR_SIZE))
        snprintf(text, LFD_ERROR_SIZE, "error %d", error);
    return text;
}

/* ---- Windows: variables ---- */

/* GetEnvironmentVariable and not getenv: it is the process's own environment, whichever C
 * runtime of how many wrote to it. 0 when there is no such variable. One that is too long is "". */
static int lfd_read_variable(struct lfd_conversation *talk, const wchar_t *name, char *value)
{
    wchar_t *wide = talk->answer.variable;
    DWORD length;

    SetLastError(ERROR_SUCCESS);
    length = GetEnvironmentVariableW(name, wide, LFD_VARIABLE_SIZE);
    wide[length < LFD_VARIABLE_SIZE ? length : 0] = L'\0';
    lfd_to_utf8(wide, value, LFD_VARIABLE_SIZE);
    return length > 0 || GetLastError() != ERROR_ENVVAR_NOT_FOUND;
}

/* From the process's environment and from this C runtime's copy of it, which is what getenv
 * reads and what some runtimes hand to children. */
static void lfd_forget_variables(void)
{
    SetEnvironmentVariableA("SYSTEMFD_SOCKET_SERVER", NULL);
    SetEnvironmentVariableA("SYSTEMFD_SOCKET_SECRET", NULL);
    SetEnvironmentVariableA("LISTEN_FDNAMES", NULL);
    _putenv("SYSTEMFD_SOCKET_SERVER=");
    _putenv("SYSTEMFD_SOCKET_SECRET=");
    _putenv("LISTEN_FDNAMES=");
}

/* Anywhere else the secret would leave this machine. */
static int lfd_is_loopback(const struct lfd_address *address)
{
    if (address->as.any.sa_family == AF_INET)
        return ntohl(address->as.in.sin_addr.s_addr) >> 24 == 127;
    return IN6_IS_ADDR_LOOPBACK(&address->as.in6.sin6_addr);
}

/* A UUID: 8-4-4-4-12 hexadecimal digits. */
static int lfd_is_secret(const char *text)
{
    static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    size_t i;

    for (i = 0; form[i] != '\0'; i++)
        if (form[i] == '-' ? text[i] != '-'
                           : !text[i] || !strchr("0123456789abcdefABCDEF", text[i]))
            return 0;
    return text[i] == '\0';
}

static int lfd_check_variables(struct listenfd *found, struct lfd_conversation *talk)
{
    if (!lfd_read_variable(talk, L"SYSTEMFD_SOCKET_SERVER", talk->server))
        return lfd_say(found, LISTENFD_NONE,
                       "nothing was passed: SYSTEMFD_SOCKET_SERVER is not set");
    if (lfd_parse_host_port(talk->server, &talk->endpoint) ||
        !lfd_is_loopback(&talk->endpoint.address) || lfd_port_of(&talk->endpoint.address) == 0)
        return lfd_say(found, LISTENFD_ESERVER,
                       "SYSTEMFD_SOCKET_SERVER is '%.60s': expected an address of this machine "
                       "such as 127.0.0.1:49152",
                       talk->server);
    if (!lfd_read_variable(talk, L"SYSTEMFD_SOCKET_SECRET", talk->secret))
        return lfd_say(found, LISTENFD_ESECRET,
                       "SYSTEMFD_SOCKET_SERVER is set but SYSTEMFD_SOCKET_SECRET is not: "
                       "something between the launcher and this program removed it");
    if (!lfd_is_secret(talk->secret))
        return lfd_say(found, LISTENFD_ESECRET,
                       "SYSTEMFD_SOCKET_SECRET is malformed: expected a UUID, 8-4-4-4-12 "
                       "hexadecimal digits");
    talk->has_names = lfd_read_variable(talk, L"LISTEN_FDNAMES", talk->names);
    return LISTENFD_PASSED;
}

/* ---- Windows: the conversation ---- */

static long lfd_time_left(const struct lfd_conversation *talk)
{
    ULONGLONG now = GetTickCount64();

    return now < talk->deadline ? (long)(talk->deadline - now) : 0;
}

/* 0 when that many milliseconds have passed. select and not WSAPoll, which did not tell of a
 * failed connect before Windows 10 version 2004. */
static int lfd_wait_until_ready(const struct lfd_conversation *talk, int to_write, long left)
{
    struct timeval limit;
    fd_set ready, failed;

    limit.tv_sec = left / 1000;
    limit.tv_usec = left % 1000 * 1000;
    FD_ZERO(&ready);
    FD_SET(talk->connection, &ready);
    failed = ready;
    return select(0, to_write ? NULL : &ready, to_write ? &ready : NULL, &failed, &limit) > 0;
}

static int lfd_timed_out(struct listenfd *found, const struct lfd_conversation *talk)
{
    return lfd_say(found, LISTENFD_ETIMEDOUT,
                   "the socket server at %.60s did not answer in %d seconds: restart the launcher",
                   talk->server, LFD_DEADLINE_MS / 1000);
}

static int lfd_cannot_connect(struct listenfd *found, const struct lfd_conversation *talk,
                              int error)
{
    char text[LFD_ERROR_SIZE];

    return lfd_say(found, LISTENFD_ECONNECT,
                   "cannot connect to the socket server at %.60s (%s): the launcher has ended, "
                   "SYSTEMFD_SOCKET_SERVER is from an earlier one, or too many others connect",
                   talk->server, lfd_error_text(error, text));
}

/* What becomes of connecting: 0, or the error. */
static int lfd_try_to_connect(const struct lfd_conversation *talk)
{
    int error = 0;
    socklen_t size = sizeof error;

    if (lfd_set_nonblocking(talk->connection, 1) == 0 &&
        connect(talk->connection, &talk->endpoint.address.as.any, talk->endpoint.address.size) == 0)
        return 0;
    if (lfd_last_error() != WSAEWOULDBLOCK)
        return lfd_last_error();
    if (!lfd_wait_until_ready(talk, 1, LFD_ATTEMPT_MS))
        return WSAETIMEDOUT;
    if (getsockopt(talk->connection, SOL_SOCKET, SO_ERROR, (char *)&error, &size) != 0)
        return lfd_last_error();
    return error;
}

/* While more come than the server can accept, the system tries again after a second, and after two
 * more. Often is better. */
static int lfd_connect_to_server(struct listenfd *found, struct lfd_conversation *talk)
{
    int error = lfd_try_to_connect(talk);

    talk->again = error == WSAETIMEDOUT;
    return error == 0 ? LISTENFD_PASSED : lfd_cannot_connect(found, talk, error);
}

/* "SECRET|PID", and the end. It fits any send buffer, so a connection that does not take it
 * was closed already: reading tells. */
static void lfd_send_request(const struct lfd_conversation *talk)
{
    char request[64];
    int length = snprintf(request, sizeof request, "%s|%lu", talk->secret, GetCurrentProcessId());

    send(talk->connection, request, length, 0);
    shutdown(talk->connection, SD_SEND);
}

static int lfd_check_length(struct listenfd *found, struct lfd_conversation *talk, size_t length,
                            int whole)
{
    const size_t size = sizeof(WSAPROTOCOL_INFOW);

    if (length == 0)
        return lfd_say(found, LISTENFD_ENOANSWER,
                       "the socket server at %.60s closed without an answer: "
                       "SYSTEMFD_SOCKET_SECRET is not its secret, it has no right to open this "
                       "process (another user's, or with more rights), or it has no sockets",
                       talk->server);
    if (length > LFD_MOST_SOCKETS * size)
        return lfd_say(found, LISTENFD_ETOOLONG,
                       "the answer of the socket server at %.60s is longer than %d sockets",
                       talk->server, LFD_MOST_SOCKETS);
    if (!whole || length % size != 0)
        return lfd_say(found, LISTENFD_ESHORT,
                       "the answer of the socket server at %.60s ends within a socket: %lu bytes, "
                       "where a multiple of %lu was expected",
                       talk->server, (unsigned long)length, (unsigned long)size);
    talk->count = length / size;
    return LISTENFD_PASSED;
}

static int lfd_read_answer(struct listenfd *found, struct lfd_conversation *talk)
{
    size_t length = 0;
    int got = 1;

    while (got > 0 && length < sizeof talk->answer.bytes) {
        if (!lfd_wait_until_ready(talk, 0, lfd_time_left(talk)))
            return lfd_timed_out(found, talk);
        got = recv(talk->connection, talk->answer.bytes + length,
                   (int)(sizeof talk->answer.bytes - length), 0);
        length += got > 0 ? (size_t)got : 0;
    }
    return lfd_check_length(found, talk, length, got >= 0);
}

static int lfd_ask_once(struct listenfd *found, struct lfd_conversation *talk)
{
    char error[LFD_ERROR_SIZE];
    int status;

    talk->again = 0;
    talk->connection = lfd_new_socket(talk->endpoint.address.as.any.sa_family, SOCK_STREAM);
    if (talk->connection == LISTENFD_INVALID_SOCKET)
        return lfd_say(found, LISTENFD_ESYSTEM, "cannot ask for the sockets: %s",
                       lfd_error_text(lfd_last_error(), error));
    status = lfd_connect_to_server(found, talk);
    if (status == LISTENFD_PASSED) {
        lfd_send_request(talk);
        status = lfd_read_answer(found, talk);
    }
    lfd_close_socket(talk->connection);
    return status;
}

static int lfd_ask(struct listenfd *found, struct lfd_conversation *talk)
{
    int status;

    talk->deadline = GetTickCount64() + LFD_DEADLINE_MS;
    do
        status = lfd_ask_once(found, talk);
    while (talk->again && lfd_time_left(talk) > 0);
    return status;
}

/* ---- Windows: from an answer to sockets ---- */

/* A former holder may have bound it to a completion port of its own, which no other process
 * could change: FileReplaceCompletionInformation, Windows 8.1. Where the call is missing, or
 * fails, nothing is lost but that. */
static void lfd_detach_from_completion_port(listenfd_socket socket)
{
    enum { REPLACE_COMPLETION_INFORMATION = 61 };
    typedef LONG(NTAPI * set_information)(HANDLE, void *, void *, ULONG, int);
    HMODULE ntdll = GetModuleHandleA("ntdll.dll");
    set_information set = (set_information)(void (*)(void))(
        ntdll ? GetProcAddress(ntdll, "NtSetInformationFile") : NULL);
    void *status[2], *no_port[2] = {NULL, NULL}; /* a port and a key */

    if (set)
        set((HANDLE)socket, status, no_port, sizeof no_port, REPLACE_COMPLETION_INFORMATION);
}

/* With its own WSAStartup, which close_socket undoes; info: what it is made from. */
static listenfd_socket lfd_make_socket(int family, int type, WSAPROTOCOL_INFOW *info)
{
    WSADATA unused;
    int error = WSAStartup(MAKEWORD(2, 2), &unused);
    SOCKET socket = INVALID_SOCKET;

    if (error == 0) {
        socket = WSASocketW(family, type, info ? FROM_PROTOCOL_INFO : 0, info, 0,
                            WSA_FLAG_OVERLAPPED | LFD_NO_HANDLE_INHERIT);
        error = lfd_last_error();
        if (socket == INVALID_SOCKET)
            WSACleanup();
        else if (info) /* the flag is documented for new sockets only */
            SetHandleInformation((HANDLE)socket, HANDLE_FLAG_INHERIT, 0);
    }
    lfd_set_last_error(error);
    return socket;
}

static listenfd_socket lfd_new_socket(int family, int type)
{
    return lfd_make_socket(family, type, NULL);
}

static int lfd_have_socket(const struct lfd_conversation *talk, size_t count,
                           listenfd_socket socket)
{
    size_t i;

    for (i = 0; i < count; i++)
        if (talk->sockets[i] == socket)
            return 1;
    return 0;
}

/* A structure serves one process and once. A system may believe one that does not, and give
 * out a number that is no socket, or that of another: so the result is checked. */
static int lfd_open_socket(struct lfd_conversation *talk, size_t index)
{
    WSAPROTOCOL_INFOW *info = &talk->answer.infos[index];
    listenfd_socket socket = lfd_make_socket(FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, info);

    if (socket == LISTENFD_INVALID_SOCKET)
        return 0;
    if (!lfd_is_open(socket) || lfd_have_socket(talk, index, socket)) {
        WSACleanup();
        lfd_set_last_error(WSAENOTSOCK);
        return 0;
    }
    lfd_detach_from_completion_port(socket);
    talk->sockets[index] = socket;
    return 1;
}

static int lfd_open_sockets(struct listenfd *found, struct lfd_conversation *talk)
{
    size_t count = talk->count;
    char error[LFD_ERROR_SIZE];

    for (talk->count = 0; talk->count < count; talk->count++)
        if (!lfd_open_socket(talk, talk->count))
            return lfd_say(found, LISTENFD_EINFO,
                           "the system does not accept socket %lu of the %lu that the server at "
                           "%.60s sent (%s): they were made for another process, or used before",
                           (unsigned long)talk->count, (unsigned long)count, talk->server,
                           lfd_error_text(lfd_last_error(), error));
    return lfd_check_names(found, count, talk->has_names ? talk->names : NULL);
}

static int lfd_converse(struct listenfd *found, struct lfd_conversation *talk)
{
    int status = lfd_check_variables(found, talk);

    if (status == LISTENFD_PASSED)
        status = lfd_ask(found, talk);
    if (status == LISTENFD_PASSED)
        status = lfd_open_sockets(found, talk);
    else
        talk->count = 0;
    return found->status = status;
}

static struct listenfd *lfd_receive_copies(struct listenfd *found)
{
    struct lfd_conversation *talk = (struct lfd_conversation *)malloc(sizeof *talk);
    struct listenfd *lfd = NULL;
    size_t i;

    if (!talk)
        return NULL;
    found->flags &= ~(unsigned)(LISTENFD_KEEP |
                                LISTENFD_NOT_LAST); /* of copies, closing them takes none away */
    talk->count = 0;
    if (lfd_converse(found, talk) == LISTENFD_PASSED)
        lfd = lfd_create(found, talk->has_names ? talk->names : NULL);
    else
        lfd = lfd_create(found, NULL);
    for (i = 0; i < talk->count; i++) {
        if (lfd && lfd->count > 0)
            lfd->slots[i].socket = talk->sockets[i];
        else
            lfd_close_socket(talk->sockets[i]);
    }
    free(talk);
    return lfd;
}

static struct listenfd *lfd_receive(struct listenfd *found)
{
    unsigned stay = found->flags & (LISTENFD_KEEP | LISTENFD_NOT_LAST);
    struct listenfd *lfd = found->status == 0 ? lfd_receive_copies(found) : lfd_create(found, NULL);

    if (!stay)
        lfd_forget_variables();
    return lfd;
}

/* ---- Windows: sockets ---- */

/* Whatever was passed is a socket: what is none now was closed. */
static int lfd_socket_error(void)
{
    switch (lfd_last_error()) {
    case WSAENOTSOCK:
        return LISTENFD_ECLOSED;
    case WSAENOTCONN:
        return LISTENFD_ENOTCONNECTED;
    default:
        return LISTENFD_ESYSTEM;
    }
}

/* SO_ACCEPTCONN is a BOOL, SO_TYPE an int: both of four bytes. */
static int lfd_get_option(listenfd_socket socket, int option, int *value)
{
    socklen_t size = sizeof *value;

    return getsockopt(socket, SOL_SOCKET, option, (char *)value, &size);
}

static int lfd_is_open(listenfd_socket socket)
{
    int type;

    return lfd_get_option(socket, SO_TYPE, &type) == 0;
}

static int lfd_get_info(listenfd_socket socket, WSAPROTOCOL_INFOW *info)
{
    socklen_t size = sizeof *info;

    return getsockopt(socket, SOL_SOCKET, SO_PROTOCOL_INFOW, (char *)info, &size);
}

static int lfd_query(listenfd_socket socket, enum lfd_property property, int *value)
{
    WSAPROTOCOL_INFOW info;
    struct lfd_address peer;
    int result;

    *value = 0;
    if (property == LFD_OPEN)
        return lfd_is_open(socket) ? 0 : LISTENFD_ECLOSED;
    if (property == LFD_LISTENING) {
        result = lfd_get_option(socket, SO_ACCEPTCONN, value);
        if (result != 0 && lfd_last_error() == WSAENOPROTOOPT) { /* no socket of streams */
            *value = 0;
            result = 0;
        }
    } else if (property == LFD_PEER_FAMILY) {
        result = lfd_peer_address(socket, &peer);
        *value = peer.as.any.sa_family;
    } else {
        result = lfd_get_info(socket, &info);
        *value = property == LFD_FAMILY ? info.iAddressFamily
                 : property == LFD_TYPE ? info.iSocketType
                                        : info.iProtocol;
    }
    return result == 0 ? 0 : lfd_socket_error();
}

static const char *lfd_file_kind(listenfd_socket socket)
{
    return lfd_is_open(socket) ? "socket that is not bound" : "not open";
}

static int lfd_set_nonblocking(listenfd_socket socket, int on)
{
    u_long mode = (u_long)on;

    return ioctlsocket(socket, (long)FIONBIO, &mode);
}

static void lfd_close_socket(listenfd_socket socket)
{
    closesocket(socket);
    WSACleanup();
}

/* SO_REUSEADDR is to Windows what SO_REUSEPORT is elsewhere: several may bind one port, and without
 * SO_EXCLUSIVEADDRUSE whoever sets it takes a port over. TIME-WAIT needs neither. */
static int lfd_set_reuse(listenfd_socket socket, const struct lfd_endpoint *own)
{
    return lfd_set_option(socket, SOL_SOCKET,
                          own->options[LFD_REUSEPORT] > 0 ? SO_REUSEADDR : SO_EXCLUSIVEADDRUSE, 1);
}

/* While a connection is open that an earlier server accepted, its port cannot be bound with
 * SO_EXCLUSIVEADDRUSE. The system's own text speaks of another socket. */
static const char *lfd_bind_error(char *text)
{
    if (lfd_last_error() == WSAEADDRINUSE)
        return "Address already in use, if only by a connection that an earlier server accepted";
    return lfd_error_text(lfd_last_error(), text);
}

/* Names would need one more library. */
static unsigned lfd_interface_number(const char *name)
{
    uint64_t number = 0;

    lfd_parse_number(name, 1, INT_MAX, &number);
    return (unsigned)number;
}

static void lfd_format_scope(unsigned number, char *text, size_t size)
{
    snprintf(text, size, "%u", number);
}

/* No program has more rights than who starts it. */
static int lfd_is_privileged(void)
{
    return 0;
}

/* ---- Windows: unix sockets ---- */

/* The protocol knows TCP and UDP. */
static int lfd_take_unix(struct listenfd *lfd, size_t index, listenfd_socket *out,
                         const struct lfd_kind *kind)
{
    if (!out || (lfd && lfd->status < 0))
        return lfd_take(lfd, index, out, kind, NULL);
    *out = LISTENFD_INVALID_SOCKET;
    return lfd_say(lfd, LISTENFD_ENOTSUPPORTED,
                   "%s cannot be passed on Windows: use a tcp listener on 127.0.0.1", kind->name);
}

static int lfd_parse_unix(struct listenfd *lfd, const char *text, const char *name,
                          struct lfd_endpoint *wanted)
{
    (void)name;
    (void)wanted;
    return lfd_say(lfd, LISTENFD_ENOTSUPPORTED,
                   "'%.120s': there are no unix sockets to pass on Windows; use tcp on 127.0.0.1",
                   text);
}

static int lfd_same_unix_name(const struct lfd_address *wanted, const struct lfd_address *bound)
{
    (void)wanted;
    (void)bound;
    return 0;
}

static int lfd_format_unix_name(const struct lfd_address *address, char *text, size_t size)
{
    (void)address;
    return snprintf(text, size, "%s", "");
}

static int lfd_bind_unix(listenfd_socket socket, const struct lfd_endpoint *own)
{
    (void)socket;
    (void)own;
    return -1;
}

#endif

/* ---- The service manager --------------------------------------------------------- */

/* Defined below for each system. Returns what listenfd_notify does; extra is one more line, or
 * "". */
static int lfd_send_state(const char *state, const char *extra);
static void lfd_monotonic_line(char *line, size_t size);
static int lfd_is_this_process(uint64_t pid);

/* secure_getenv(3). */
static const char *lfd_getenv(const char *name)
{
    return lfd_is_privileged() ? NULL : getenv(name);
}

/* The first line of the state that begins so: what follows there. NULL: no line does. */
static const char *lfd_find_line(const char *state, const char *beginning)
{
    const char *rest = NULL;

    while (state && (rest = lfd_value(state, beginning)) == NULL) {
        state = strchr(state, '\n');
        if (state)
            state++;
    }
    return rest;
}

static int lfd_is_reloading(const char *state)
{
    const char *rest = lfd_find_line(state, "RELOADING=1");

    return rest && (*rest == '\0' || *rest == '\n') && !lfd_find_line(state, "MONOTONIC_USEC=");
}

#if defined(__GNUC__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#endif

int listenfd_notify(const char *state)
{
    int result, saved_error = lfd_last_error();
    char extra[48];

    if (!state)
        return LISTENFD_EINVAL;
    *extra = '\0';
    if (lfd_is_reloading(state))
        lfd_monotonic_line(extra, sizeof extra);
    result = lfd_send_state(state, extra);
    if (result != LISTENFD_ESYSTEM)
        lfd_set_last_error(saved_error);
    return result;
}

int listenfd_watchdog(uint64_t *usec)
{
    const char *interval = lfd_getenv("WATCHDOG_USEC"), *process = lfd_getenv("WATCHDOG_PID");
    uint64_t value = 0, pid = 0;

    if (usec)
        *usec = 0;
    if (!interval)
        return 0;
    if (!lfd_parse_number(interval, 1, UINT64_MAX - 1, &value) ||
        (process && !lfd_parse_number(process, 1, INT_MAX, &pid)))
        return LISTENFD_EWATCHDOG;
    if (process && !lfd_is_this_process(pid))
        return 0;
    if (usec)
        *usec = value;
    return 1;
}

#if defined(__GNUC__)
#pragma GCC diagnostic pop
#endif

#ifndef _WIN32

static int lfd_is_this_process(uint64_t pid)
{
    return pid == (uint64_t)getpid();
}

/* Type=notify-reload wants the time at which the reload began (sd_notify(3)). */
static void lfd_monotonic_line(char *line, size_t size)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    snprintf(line, size, "\nMONOTONIC_USEC=%lu%06ld", (unsigned long)now.tv_sec,
             (long)now.tv_nsec / 1000);
}

/* sendmsg(2) takes what it only reads as if it would write there. */
static struct iovec lfd_part(const char *text)
{
    union {
        const char *in;
        void *out;
    } pointer;
    struct iovec part;

    pointer.in = text;
    part.iov_base = pointer.out;
    part.iov_len = strlen(text);
    return part;
}

static int lfd_send_message(listenfd_socket socket, const char *state, const char *extra)
{
#ifdef MSG_NOSIGNAL
    const int flags = MSG_NOSIGNAL;
#else
    const int flags = 0;
#endif
    struct iovec parts[2];
    struct msghdr message;
    ssize_t sent;

    parts[0] = lfd_part(state);
    parts[1] = lfd_part(extra);
    memset(&message, 0, sizeof message);
    message.msg_iov = parts;
    message.msg_iovlen = 2;
    do
        sent = sendmsg(socket, &message, flags);
    while (sent < 0 && errno == EINTR);
    return sent < 0 ? -1 : 0;
}

#ifdef AF_VSOCK
/* struct sockaddr_vm, whose header comes with the kernel's and not with every C library. */
struct lfd_vsock_address {
    sa_family_t family;
    unsigned short reserved;
    uint32_t port, cid;
    unsigned char rest[4];
};

/* "vsock:CID:PORT". */
static int lfd_parse_vsock(const char *text, struct lfd_address *address)
{
    const uint64_t most = UINT32_MAX - 1; /* the last is "any" */
    const char *end = lfd_value(text, "vsock:");
    struct lfd_vsock_address vsock = {AF_VSOCK, 0, 0, 0, {0}};
    uint64_t cid = 0, port = 0;

    if (end)
        end = lfd_parse_digits(end, 10, 0, most, &cid);
    if (!end || *end != ':' || !lfd_parse_number(end + 1, 0, most, &port))
        return 0;
    vsock.cid = (uint32_t)cid;
    vsock.port = (uint32_t)port;
    memcpy(&address->as, &vsock, sizeof vsock);
    address->size = sizeof vsock;
    return 1;
}
#else
static int lfd_parse_vsock(const char *text, struct lfd_address *address)
{
    address->as.any.sa_family = AF_UNSPEC; /* of which there are no sockets */
    return lfd_value(text, "vsock:") != NULL;
}
#endif

/* Not every hypervisor has datagrams over vsock, nor messages: the next best, as sd_notify. */
static listenfd_socket lfd_manager_socket(int family)
{
    static const int types[] = {SOCK_DGRAM, SOCK_SEQPACKET, SOCK_STREAM};
    listenfd_socket socket;
    size_t i = 0;

    do
        socket = lfd_new_socket(family, types[i++]);
    while (socket == LISTENFD_INVALID_SOCKET && family != AF_UNIX && i < 3);
    return socket;
}

static int lfd_send_state(const char *state, const char *extra)
{
    const char *where = lfd_getenv("NOTIFY_SOCKET");
    struct lfd_address address;
    listenfd_socket socket;
    int result;

    if (!where)
        return 0;
    if (*where == '/' || *where == '@' ? where[1] == '\0' || lfd_parse_name(where, &address)
                                       : !lfd_parse_vsock(where, &address))
        return LISTENFD_ENOTIFY;
    socket = lfd_manager_socket(address.as.any.sa_family);
    if (socket == LISTENFD_INVALID_SOCKET)
        return errno == EAFNOSUPPORT ? LISTENFD_ENOTSUPPORTED : LISTENFD_ESYSTEM;
    result = lfd_connect(socket, &address);
    if (result == 0)
        result = lfd_send_message(socket, state, extra);
    lfd_discard(socket);
    return result == 0 ? 1 : LISTENFD_ESYSTEM;
}

#else

enum { LFD_NOTIFY_MS = 1000 };

static int lfd_is_this_process(uint64_t pid)
{
    return pid == GetCurrentProcessId();
}

/* systemfd has no use for the time. */
static void lfd_monotonic_line(char *line, size_t size)
{
    snprintf(line, size, "%s", "");
}

/* The pipe's server must not act in this process's name. INVALID_HANDLE_VALUE: the deadline has
 * passed (ERROR_PIPE_BUSY), or there is none of that name. */
static HANDLE lfd_open_pipe(const char *name)
{
    ULONGLONG deadline = GetTickCount64() + LFD_NOTIFY_MS;
    HANDLE pipe;

    do {
        pipe = CreateFileA(name, GENERIC_WRITE, 0, NULL, OPEN_EXISTING,
                           SECURITY_SQOS_PRESENT | SECURITY_ANONYMOUS, NULL);
        if (pipe != INVALID_HANDLE_VALUE || GetLastError() != ERROR_PIPE_BUSY)
            return pipe;
    } while (GetTickCount64() < deadline && WaitNamedPipeA(name, LFD_NOTIFY_MS));
    SetLastError(ERROR_PIPE_BUSY);
    return INVALID_HANDLE_VALUE;
}

static int lfd_send_state(const char *state, const char *extra)
{
    const char *where = lfd_getenv("NOTIFY_SOCKET");
    DWORD written = 0;
    int sent, error;
    HANDLE pipe;

    (void)extra;
    if (!where)
        return 0;
    if (!lfd_value(where, "\\\\.\\pipe\\"))
        return LISTENFD_ENOTIFY;
    pipe = lfd_open_pipe(where);
    if (pipe == INVALID_HANDLE_VALUE) {
        lfd_set_last_error((int)GetLastError());
        return LISTENFD_ESYSTEM;
    }
    sent = WriteFile(pipe, state, (DWORD)strlen(state), &written, NULL);
    error = (int)GetLastError();
    CloseHandle(pipe);
    lfd_set_last_error(error);
    return sent ? 1 : LISTENFD_ESYSTEM;
}

#endif
