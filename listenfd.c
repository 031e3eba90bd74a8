/* SPDX-License-Identifier: MIT
 *
 * listenfd: take the listening sockets that somebody else opened for this process.
 * The manual is listenfd.h. Compiles alone, as C99 or C++. When it is included into a file
 * built with a strict -std=c99, include it before any system header.
 *
 * In order: messages, the table of sockets, kinds, addresses, the public calls; then what
 * differs between systems, as one block for each. */

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

typedef struct sockaddr unix_address; /* there are none to pass */

/* A listener of our own: SO_REUSEADDR would let anybody take its port over here. */
enum { LISTENER_OPTION = SO_EXCLUSIVEADDRUSE };
enum {
    ADDRESS_IN_USE = WSAEADDRINUSE,
    FAMILY_UNKNOWN = WSAEAFNOSUPPORT,
    ADDRESS_UNAVAILABLE = WSAEADDRNOTAVAIL
};

#else

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/syscall.h>
#include <sys/vfs.h>
#endif
#ifdef __sun
#include <sys/filio.h> /* FIONBIO */
#endif

typedef struct sockaddr_un unix_address;

/* A listener of our own: past connections that linger in TIME-WAIT. */
enum { LISTENER_OPTION = SO_REUSEADDR };
enum {
    ADDRESS_IN_USE = EADDRINUSE,
    FAMILY_UNKNOWN = EAFNOSUPPORT,
    ADDRESS_UNAVAILABLE = EADDRNOTAVAIL
};

#endif

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

enum { MESSAGE_SIZE = 384, DESCRIPTION_SIZE = 192, ADDRESS_SIZE = 160, ERROR_SIZE = 128 };

struct slot {
    listenfd_socket socket;
    int taken;
    const char *name;
};

struct listenfd {
    unsigned flags;
    int status;
    size_t count;
    struct slot *slots;        /* behind this object, in the same allocation; the names' text too */
    char reason[MESSAGE_SIZE]; /* why the status is not LISTENFD_PASSED */
    char message[MESSAGE_SIZE]; /* about the last result that was not 1 */
};

struct address {
    union {
        struct sockaddr any;
        struct sockaddr_in in;
        struct sockaddr_in6 in6;
        unix_address un;
        struct sockaddr_storage room;
    } as;
    socklen_t size;
    int any_host; /* ":8080": only the port counts */
};

enum property { NOTHING, FAMILY, PEER_FAMILY, TYPE, PROTOCOL, LISTENING };
struct kind;

/* What each system's block defines. */
static listenfd *receive(struct listenfd *found);
static void forget_variables(void);
static int query(listenfd_socket socket, enum property property, int *value);
static int is_open(listenfd_socket socket);
static int set_nonblocking(listenfd_socket socket, int on);
static void close_socket(listenfd_socket socket);
static listenfd_socket new_stream_socket(int family);
static const char *file_kind(listenfd_socket socket);
static int same_unix_name(const char *wanted, const struct address *bound);
static void format_unix_name(const struct address *address, char *text, size_t size);
static int take_unix(listenfd *lfd, size_t index, const struct kind *kind, listenfd_socket *out);
static int take_or_bind_unix(listenfd *lfd, size_t index, const char *path, listenfd_socket *out);

/* What the header calls errno. */
static int last_error(void);
static void set_last_error(int error);
static const char *error_text(int error, char *text);

/* ---- Messages -------------------------------------------------------------------- */

#if defined(__GNUC__)
#define PRINTF_LIKE(text, first) __attribute__((format(printf, text, first)))
#else
#define PRINTF_LIKE(text, first)
#endif

static int say(listenfd *lfd, int code, const char *format, ...) PRINTF_LIKE(3, 4);
static int conclude(struct listenfd *found, int status, const char *format, ...) PRINTF_LIKE(3, 4);

/* What came from outside must not forge lines in the log that this ends up in. */
static void make_printable(char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            *text = '?';
}

static void write_sentence(char *text, const char *format, va_list arguments)
{
    vsnprintf(text, MESSAGE_SIZE, format, arguments);
    make_printable(text);
}

/* The message for a result, which is handed on. */
static int say(listenfd *lfd, int code, const char *format, ...)
{
    int saved_error = last_error();
    va_list arguments;

    if (lfd) {
        va_start(arguments, format);
        write_sentence(lfd->message, format, arguments);
        va_end(arguments);
    }
    set_last_error(saved_error);
    return code;
}

/* The status, with the reason for it. */
static int conclude(struct listenfd *found, int status, const char *format, ...)
{
    va_list arguments;

    found->status = status;
    va_start(arguments, format);
    write_sentence(found->reason, format, arguments);
    va_end(arguments);
    return status;
}

/* ---- Numbers and names ----------------------------------------------------------- */

/* Digits only, and bounded: strtoul would accept blanks, signs and an overflow. */
static int parse_number(const char *text, uint64_t max, uint64_t *number)
{
    uint64_t value = 0;

    if (*text == '\0')
        return 0;
    for (; *text != '\0'; text++) {
        unsigned digit = (unsigned)*text - '0';
        if (digit > 9 || value > (max - digit) / 10)
            return 0;
        value = value * 10 + digit;
    }
    *number = value;
    return 1;
}

static size_t count_names(const char *names)
{
    size_t count = 1;

    while ((names = strchr(names, ':')) != NULL) {
        names++;
        count++;
    }
    return count;
}

static int check_names(struct listenfd *found, const char *names)
{
    size_t count = names ? count_names(names) : found->count;

    if (count == found->count)
        return found->status = LISTENFD_PASSED;
    return conclude(found, LISTENFD_ENAMES,
                    "LISTEN_FDNAMES has %lu names ('%.80s') for %lu sockets: give each socket "
                    "one, separated by colons",
                    (unsigned long)count, names, (unsigned long)found->count);
}

/* ---- The table of sockets -------------------------------------------------------- */

/* The object that is returned: a copy of `found` with its table and names behind it. */
static listenfd *create(const struct listenfd *found, const char *names)
{
    size_t text_size = names ? strlen(names) + 1 : 0;
    size_t table_size = found->count * sizeof(struct slot);
    listenfd *lfd = (listenfd *)malloc(sizeof *lfd + table_size + text_size);
    char *text;
    size_t i;

    if (!lfd)
        return NULL;
    *lfd = *found;
    lfd->slots = (struct slot *)(void *)(lfd + 1);
    text = (char *)(lfd->slots + lfd->count);
    if (names)
        memcpy(text, names, text_size);
    for (i = 0; i < lfd->count; i++) {
        struct slot *slot = &lfd->slots[i];
        slot->taken = 0;
        slot->name = names ? text : "unknown";
        if (names) {
            text += strcspn(text, ":");
            *text++ = '\0';
        }
    }
    return lfd;
}

static struct slot *untaken(listenfd *lfd, size_t index)
{
    if (!lfd || index >= lfd->count || lfd->slots[index].taken)
        return NULL;
    return &lfd->slots[index];
}

/* What a find call said is the reason why a take of LISTENFD_NOT_FOUND takes none. */
static size_t not_found(listenfd *lfd)
{
    memcpy(lfd->reason, lfd->message, sizeof lfd->reason);
    return LISTENFD_NOT_FOUND;
}

/* ---- Kinds of socket ------------------------------------------------------------- */

struct expectation {
    enum property property;
    int value, alternative;
};

/* At most three questions to the kernel: what they imply is not asked. A listener of
 * protocol TCP is a stream; a socket with a peer does not listen. */
struct kind {
    const char *name;
    struct expectation expect[5]; /* ended by NOTHING */
};

static const struct kind anything = {"an open descriptor", {{NOTHING, 0, 0}}};
static const struct kind tcp_listener = {"a tcp listener",
                                         {{FAMILY, AF_INET, AF_INET6},
                                          {PROTOCOL, IPPROTO_TCP, IPPROTO_MPTCP},
                                          {LISTENING, 1, 1},
                                          {NOTHING, 0, 0}}};
static const struct kind tcp_stream = {"a connected tcp stream",
                                       {{PEER_FAMILY, AF_INET, AF_INET6},
                                        {TYPE, SOCK_STREAM, SOCK_STREAM},
                                        {PROTOCOL, IPPROTO_TCP, IPPROTO_MPTCP},
                                        {NOTHING, 0, 0}}};
static const struct kind udp_socket = {"a udp socket",
                                       {{FAMILY, AF_INET, AF_INET6},
                                        {TYPE, SOCK_DGRAM, SOCK_DGRAM},
                                        {PROTOCOL, IPPROTO_UDP, IPPROTO_UDP},
                                        {NOTHING, 0, 0}}};
static const struct kind unix_listener = {"a unix stream listener",
                                          {{FAMILY, AF_UNIX, AF_UNIX},
                                           {TYPE, SOCK_STREAM, SOCK_STREAM},
                                           {LISTENING, 1, 1},
                                           {NOTHING, 0, 0}}};
static const struct kind unix_stream = {
    "a connected unix stream",
    {{PEER_FAMILY, AF_UNIX, AF_UNIX}, {TYPE, SOCK_STREAM, SOCK_STREAM}, {NOTHING, 0, 0}}};
static const struct kind unix_datagram = {
    "a unix datagram socket",
    {{FAMILY, AF_UNIX, AF_UNIX}, {TYPE, SOCK_DGRAM, SOCK_DGRAM}, {NOTHING, 0, 0}}};
static const struct kind unix_seqpacket_listener = {"a unix seqpacket listener",
                                                    {{FAMILY, AF_UNIX, AF_UNIX},
                                                     {TYPE, SOCK_SEQPACKET, SOCK_SEQPACKET},
                                                     {LISTENING, 1, 1},
                                                     {NOTHING, 0, 0}}};

static struct expectation exactly(enum property property, int value)
{
    struct expectation expectation;

    expectation.property = property;
    expectation.value = expectation.alternative = value;
    return expectation;
}

static int mismatch_code(const struct expectation *expected)
{
    switch (expected->property) {
    case TYPE:
        return LISTENFD_ETYPE;
    case PROTOCOL:
        return LISTENFD_EPROTOCOL;
    case LISTENING:
        return expected->value ? LISTENFD_ENOTLISTENING : LISTENFD_ELISTENING;
    default:
        return LISTENFD_EFAMILY;
    }
}

/* 1 when the socket is of that kind, else the code that says how it is not. */
static int check_kind(listenfd_socket socket, const struct kind *kind)
{
    const struct expectation *expected = kind->expect;

    if (expected->property == NOTHING)
        return is_open(socket) ? 1 : LISTENFD_ECLOSED;
    for (; expected->property != NOTHING; expected++) {
        int value, code = query(socket, expected->property, &value);
        if (code < 0)
            return code;
        if (value != expected->value && value != expected->alternative)
            return mismatch_code(expected);
    }
    return 1;
}

static int refuse(listenfd *lfd, size_t index, const struct kind *kind, int code)
{
    char description[DESCRIPTION_SIZE], error[ERROR_SIZE];

    listenfd_describe(lfd, index, description, sizeof description);
    if (code == LISTENFD_ESYSTEM)
        return say(lfd, code, "cannot examine socket %lu (%s): %s", (unsigned long)index,
                   description, error_text(last_error(), error));
    return say(lfd, code,
               "socket %lu, named '%.60s', is %s, where %s was expected (%s): check the order "
               "of the sockets in the launcher, or find it by name or address",
               (unsigned long)index, lfd->slots[index].name, description, kind->name,
               listenfd_strerror(code));
}

/* The mode that from_env's flags ask for; 0 when that fails. */
static int set_mode(const listenfd *lfd, listenfd_socket socket)
{
    unsigned mode = lfd ? lfd->flags & (LISTENFD_NONBLOCK | LISTENFD_BLOCK) : 0;

    return mode == 0 || set_nonblocking(socket, mode == LISTENFD_NONBLOCK) == 0;
}

/* Leaves a message that says why there is none. */
static void say_none(listenfd *lfd, size_t index)
{
    if (!lfd)
        return;
    if (lfd->status != LISTENFD_PASSED || (index == LISTENFD_NOT_FOUND && *lfd->reason))
        lfd->message[0] = '\0'; /* the reason stands: the status's, or the find call's */
    else if (index == LISTENFD_NOT_FOUND)
        say(lfd, 0, "no socket was looked for");
    else if (index < lfd->count)
        say(lfd, 0, "socket %lu was taken already", (unsigned long)index);
    else
        say(lfd, 0, "there is no socket %lu: %lu were passed, counted from 0", (unsigned long)index,
            (unsigned long)lfd->count);
}

static int take_checked(listenfd *lfd, size_t index, const struct kind *kind, listenfd_socket *out)
{
    struct slot *slot = untaken(lfd, index);
    char error[ERROR_SIZE];
    int result;

    if (!slot) {
        say_none(lfd, index);
        return lfd && lfd->status < 0 ? lfd->status : 0;
    }
    result = check_kind(slot->socket, kind);
    if (result < 0)
        return refuse(lfd, index, kind, result);
    if (!set_mode(lfd, slot->socket))
        return say(lfd, LISTENFD_ESYSTEM, "cannot set the socket's blocking mode: %s",
                   error_text(last_error(), error));
    slot->taken = 1;
    *out = slot->socket;
    return 1;
}

static int take(listenfd *lfd, size_t index, const struct kind *kind, listenfd_socket *out)
{
    int result, saved_error = last_error();

    if (!out)
        return say(lfd, LISTENFD_EINVAL, "the out argument of a take call is NULL");
    *out = LISTENFD_INVALID_SOCKET;
    result = take_checked(lfd, index, kind, out);
    if (result != LISTENFD_ESYSTEM)
        set_last_error(saved_error);
    return result;
}

/* ---- Addresses ------------------------------------------------------------------- */

static int is_unix_name(const char *text)
{
    return *text == '/' || *text == '.' || *text == '@';
}

/* "127.0.0.1:80", "[::1]:80" or ":80". */
static int parse_host_port(const char *text, struct address *address)
{
    const char *colon = strrchr(text, ':');
    char host[INET6_ADDRSTRLEN];
    size_t length, bracket;
    uint64_t port;

    memset(address, 0, sizeof *address);
    if (!colon || !parse_number(colon + 1, 65535, &port))
        return 0;
    length = (size_t)(colon - text);
    bracket = length >= 2 && text[0] == '[' && text[length - 1] == ']';
    if (length - 2 * bracket >= sizeof host)
        return 0;
    memcpy(host, text + bracket, length - 2 * bracket);
    host[length - 2 * bracket] = '\0';

    address->any_host = length == 0;
    if (bracket || address->any_host) {
        address->as.in6.sin6_family = AF_INET6; /* all zero is the any-address */
        address->as.in6.sin6_port = htons((uint16_t)port);
        address->size = sizeof address->as.in6;
        return address->any_host || inet_pton(AF_INET6, host, &address->as.in6.sin6_addr) == 1;
    }
    address->as.in.sin_family = AF_INET;
    address->as.in.sin_port = htons((uint16_t)port);
    address->size = sizeof address->as.in;
    return inet_pton(AF_INET, host, &address->as.in.sin_addr) == 1;
}

static int local_address(listenfd_socket socket, struct address *address)
{
    address->size = sizeof address->as;
    return getsockname(socket, &address->as.any, &address->size);
}

static int peer_address(listenfd_socket socket, struct address *address)
{
    address->size = sizeof address->as;
    return getpeername(socket, &address->as.any, &address->size);
}

static int is_internet(const struct address *address)
{
    return address->as.any.sa_family == AF_INET || address->as.any.sa_family == AF_INET6;
}

static uint16_t port_of(const struct address *address)
{
    return ntohs(address->as.any.sa_family == AF_INET ? address->as.in.sin_port
                                                      : address->as.in6.sin6_port);
}

/* The host as 16 bytes; an IPv4 one in its v4-mapped form. */
static void host_bytes(const struct address *address, unsigned char *bytes)
{
    static const unsigned char mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

    if (address->as.any.sa_family == AF_INET) {
        memcpy(bytes, mapped, 12);
        memcpy(bytes + 12, &address->as.in.sin_addr, 4);
    } else {
        memcpy(bytes, &address->as.in6.sin6_addr, 16);
    }
}

static int same_host_port(const struct address *wanted, const struct address *bound)
{
    unsigned char a[16], b[16];

    if (!is_internet(bound) || port_of(wanted) != port_of(bound))
        return 0;
    host_bytes(wanted, a);
    host_bytes(bound, b);
    return wanted->any_host || memcmp(a, b, 16) == 0;
}

static size_t find_address(listenfd *lfd, const char *text, size_t from)
{
    struct address wanted, bound;
    size_t i;

    if (!text || (!is_unix_name(text) && !parse_host_port(text, &wanted))) {
        say(lfd, LISTENFD_EADDRESS,
            "'%s' is not an address: expected 127.0.0.1:8080, [::1]:8080, :8080, /path, ./path "
            "or @name",
            text ? text : "(NULL)");
        return not_found(lfd);
    }
    for (i = from; i < lfd->count; i++) {
        if (!untaken(lfd, i) || local_address(lfd->slots[i].socket, &bound) < 0)
            continue;
        if (is_unix_name(text) ? same_unix_name(text, &bound) : same_host_port(&wanted, &bound))
            return i;
    }
    say(lfd, 0, "none of the %lu sockets passed is bound to %s and untaken",
        (unsigned long)lfd->count, text);
    return not_found(lfd);
}

static void format_address(const struct address *address, char *text, size_t size)
{
    char host[INET6_ADDRSTRLEN] = "";

    if (address->as.any.sa_family == AF_INET) {
        inet_ntop(AF_INET, &address->as.in.sin_addr, host, sizeof host);
        snprintf(text, size, "%s:%u", host, (unsigned)port_of(address));
    } else if (address->as.any.sa_family == AF_INET6) {
        inet_ntop(AF_INET6, &address->as.in6.sin6_addr, host, sizeof host);
        snprintf(text, size, "[%s]:%u", host, (unsigned)port_of(address));
    } else {
        format_unix_name(address, text, size);
    }
}

/* ---- Describing ------------------------------------------------------------------ */

static const char *type_word(int type)
{
    switch (type) {
    case SOCK_STREAM:
        return "stream";
    case SOCK_DGRAM:
        return "datagram";
    case SOCK_SEQPACKET:
        return "seqpacket";
    default:
        return "socket";
    }
}

static const char *internet_word(int protocol)
{
    switch (protocol) {
    case IPPROTO_TCP:
        return "tcp";
    case IPPROTO_UDP:
        return "udp";
    case IPPROTO_MPTCP:
        return "mptcp";
    default:
        return "internet";
    }
}

/* "tcp listener 127.0.0.1:80", "unix seqpacket listener /x", "tcp stream from 10.0.0.1:4711". */
static int describe_socket(listenfd_socket socket, char *buf, size_t size)
{
    struct address address, peer;
    char where[ADDRESS_SIZE];
    int type = 0, protocol = 0, listening = 0, connected, named;
    const char *word;

    if (local_address(socket, &address) < 0)
        return snprintf(buf, size, "%s", file_kind(socket));
    query(socket, TYPE, &type);
    query(socket, PROTOCOL, &protocol);
    query(socket, LISTENING, &listening);
    if (!is_internet(&address) && address.as.any.sa_family != AF_UNIX)
        return snprintf(buf, size, "socket of family %d, type %d, protocol %d",
                        address.as.any.sa_family, type, protocol);

    connected = type == SOCK_STREAM && !listening && peer_address(socket, &peer) == 0;
    format_address(connected ? &peer : &address, where, sizeof where);
    named = is_internet(&address);
    word = named ? internet_word(protocol) : "unix";
    if (listening && (named || type == SOCK_STREAM))
        return snprintf(buf, size, "%s listener %s", word, where);
    if (named && type == SOCK_DGRAM)
        return snprintf(buf, size, "%s socket %s", word, where);
    return snprintf(buf, size, "%s %s%s %s", word, type_word(type),
                    listening   ? " listener"
                    : connected ? " from"
                                : "",
                    where);
}

/* ---- Binding our own ------------------------------------------------------------- */

/* With the reason why none was taken: "in use" may well mean in use by the launcher. */
static int cannot_listen(listenfd *lfd, const char *address)
{
    int code = last_error() == ADDRESS_IN_USE ? LISTENFD_EINUSE : LISTENFD_ESYSTEM;
    char reason[MESSAGE_SIZE], error[ERROR_SIZE];

    snprintf(reason, sizeof reason, "%s", listenfd_message(lfd));
    return say(lfd, code, "cannot listen on %s: %s (%s)", address, error_text(last_error(), error),
               reason);
}

/* The error survives. */
static void discard(listenfd_socket socket)
{
    int saved_error = last_error();

    close_socket(socket);
    set_last_error(saved_error);
}

static int set_option(listenfd_socket socket, int level, int option, int value)
{
    return setsockopt(socket, level, option, (const char *)&value, sizeof value);
}

/* A socket to bind, in the mode that from_env's flags ask for: what is bound cannot fail to get
 * it. LISTENFD_INVALID_SOCKET with errno. */
static listenfd_socket new_listener(const listenfd *lfd, int family)
{
    listenfd_socket socket = new_stream_socket(family);

    if (socket == LISTENFD_INVALID_SOCKET || set_mode(lfd, socket))
        return socket;
    discard(socket);
    return LISTENFD_INVALID_SOCKET;
}

static int bind_to(listenfd_socket socket, const struct address *address)
{
    return bind(socket, &address->as.any, address->size);
}

/* A TCP listener, or LISTENFD_INVALID_SOCKET with errno. */
static listenfd_socket open_tcp_listener(const listenfd *lfd, const struct address *address)
{
    int family = address->as.any.sa_family;
    listenfd_socket socket = new_listener(lfd, family);

    if (socket == LISTENFD_INVALID_SOCKET)
        return socket;
    if (set_option(socket, SOL_SOCKET, LISTENER_OPTION, 1) == 0 &&
        (family == AF_INET || !address->any_host ||
         set_option(socket, IPPROTO_IPV6, IPV6_V6ONLY, 0) == 0) &&
        bind_to(socket, address) == 0 && listen(socket, SOMAXCONN) == 0)
        return socket;
    discard(socket);
    return LISTENFD_INVALID_SOCKET;
}

static listenfd_socket open_any_host_listener(const listenfd *lfd, const struct address *address)
{
    struct address ipv4;
    listenfd_socket socket = open_tcp_listener(lfd, address);

    /* No IPv6 in this kernel, or switched off: then IPv4 is every address there is. */
    if (socket != LISTENFD_INVALID_SOCKET ||
        (last_error() != FAMILY_UNKNOWN && last_error() != ADDRESS_UNAVAILABLE))
        return socket;
    memset(&ipv4, 0, sizeof ipv4);
    ipv4.as.in.sin_family = AF_INET;
    ipv4.as.in.sin_port = address->as.in6.sin6_port;
    ipv4.size = sizeof ipv4.as.in;
    return open_tcp_listener(lfd, &ipv4);
}

/* Hands out a socket bound here, or says why there is none. */
static int finish_bind(listenfd *lfd, const char *address, listenfd_socket socket,
                       listenfd_socket *out)
{
    if (socket == LISTENFD_INVALID_SOCKET)
        return cannot_listen(lfd, address);
    *out = socket;
    return 0;
}

static int bind_tcp(listenfd *lfd, const char *text, listenfd_socket *out)
{
    struct address address;

    if (!text || !parse_host_port(text, &address))
        return say(lfd, LISTENFD_EADDRESS,
                   "'%s' is not an address: expected 127.0.0.1:8080, [::1]:8080 or :8080",
                   text ? text : "(NULL)");
    return finish_bind(lfd, text,
                       address.any_host ? open_any_host_listener(lfd, &address)
                                        : open_tcp_listener(lfd, &address),
                       out);
}

/* What a bind function is for: nothing was passed at that index. */
static int take_or_bind(listenfd *lfd, size_t index, const struct kind *kind,
                        int (*bind_own)(listenfd *, const char *, listenfd_socket *),
                        const char *address, listenfd_socket *out)
{
    int saved_error = last_error(), result = take(lfd, index, kind, out);

    if (result != 0)
        return result;
    result = bind_own(lfd, address, out);
    if (result == 0 || result == LISTENFD_EADDRESS)
        set_last_error(saved_error);
    return result;
}

/* ---- The public calls ------------------------------------------------------------ */

/* Embedded as static functions, those that the host does not call are no mistake. */
#if defined(__GNUC__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#endif

listenfd *listenfd_from_env(unsigned flags)
{
    const unsigned modes = LISTENFD_NONBLOCK | LISTENFD_BLOCK;
    int saved_error = last_error();
    struct listenfd found;
    listenfd *lfd;

    memset(&found, 0, sizeof found);
    found.flags = flags;
    if ((flags & modes) == modes || flags > (LISTENFD_KEEP | modes | LISTENFD_REQUIRE_PID)) {
        conclude(&found, LISTENFD_EINVAL, "the flags 0x%x of listenfd_from_env are %s", flags,
                 (flags & modes) == modes ? "contradictory" : "unknown");
        lfd = create(&found, NULL);
    } else {
        lfd = receive(&found);
    }
    if (!(flags & LISTENFD_KEEP))
        forget_variables();
    set_last_error(saved_error);
    return lfd;
}

void listenfd_free(listenfd *lfd)
{
    int saved_error = last_error();
    size_t i;

    if (lfd && !(lfd->flags & LISTENFD_KEEP)) {
        for (i = 0; i < lfd->count; i++)
            if (!lfd->slots[i].taken)
                close_socket(lfd->slots[i].socket);
    }
    free(lfd);
    set_last_error(saved_error);
}

int listenfd_status(const listenfd *lfd)
{
    return lfd ? lfd->status : LISTENFD_NONE;
}

size_t listenfd_count(const listenfd *lfd)
{
    return lfd ? lfd->count : 0;
}

const char *listenfd_name(const listenfd *lfd, size_t index)
{
    return lfd && index < lfd->count ? lfd->slots[index].name : NULL;
}

size_t listenfd_find_name(listenfd *lfd, const char *name, size_t from)
{
    size_t i;

    if (!lfd || lfd->status != LISTENFD_PASSED)
        return LISTENFD_NOT_FOUND;
    for (i = from; name && i < lfd->count; i++)
        if (untaken(lfd, i) && strcmp(lfd->slots[i].name, name) == 0)
            return i;
    say(lfd, 0, "none of the %lu sockets passed is named '%s' and untaken",
        (unsigned long)lfd->count, name ? name : "(NULL)");
    return not_found(lfd);
}

size_t listenfd_find_address(listenfd *lfd, const char *address, size_t from)
{
    int saved_error = last_error();
    size_t index = LISTENFD_NOT_FOUND;

    if (lfd && lfd->status == LISTENFD_PASSED)
        index = find_address(lfd, address, from);
    set_last_error(saved_error);
    return index;
}

int listenfd_describe(const listenfd *lfd, size_t index, char *buf, size_t size)
{
    int length, saved_error = last_error();

    if (lfd && index < lfd->count)
        length = describe_socket(lfd->slots[index].socket, buf, size);
    else
        length = snprintf(buf, size, "%s", "");
    set_last_error(saved_error);
    return length;
}

int listenfd_take_tcp_listener(listenfd *lfd, size_t index, listenfd_socket *out)
{
    return take(lfd, index, &tcp_listener, out);
}

int listenfd_take_tcp_stream(listenfd *lfd, size_t index, listenfd_socket *out)
{
    return take(lfd, index, &tcp_stream, out);
}

int listenfd_take_udp_socket(listenfd *lfd, size_t index, listenfd_socket *out)
{
    return take(lfd, index, &udp_socket, out);
}

int listenfd_take_unix_listener(listenfd *lfd, size_t index, listenfd_socket *out)
{
    return take_unix(lfd, index, &unix_listener, out);
}

int listenfd_take_unix_stream(listenfd *lfd, size_t index, listenfd_socket *out)
{
    return take_unix(lfd, index, &unix_stream, out);
}

int listenfd_take_unix_datagram(listenfd *lfd, size_t index, listenfd_socket *out)
{
    return take_unix(lfd, index, &unix_datagram, out);
}

int listenfd_take_unix_seqpacket_listener(listenfd *lfd, size_t index, listenfd_socket *out)
{
    return take_unix(lfd, index, &unix_seqpacket_listener, out);
}

int listenfd_take_custom(listenfd *lfd, size_t index, int family, int type, int protocol,
                         int listening, listenfd_socket *out)
{
    struct kind kind;
    struct expectation *next = kind.expect;

    memset(&kind, 0, sizeof kind); /* ends the list: NOTHING is 0 */
    kind.name = "another kind";
    if (family > 0)
        *next++ = exactly(FAMILY, family);
    if (type > 0)
        *next++ = exactly(TYPE, type);
    if (protocol > 0)
        *next++ = exactly(PROTOCOL, protocol);
    if (listening >= 0)
        *next++ = exactly(LISTENING, listening > 0);
    return take(lfd, index, &kind, out);
}

int listenfd_take_raw(listenfd *lfd, size_t index, listenfd_socket *out)
{
    return take(lfd, index, &anything, out);
}

int listenfd_take_or_bind_tcp(listenfd *lfd, size_t index, const char *address,
                              listenfd_socket *out)
{
    return take_or_bind(lfd, index, &tcp_listener, bind_tcp, address, out);
}

int listenfd_take_or_bind_unix(listenfd *lfd, size_t index, const char *path, listenfd_socket *out)
{
    return take_or_bind_unix(lfd, index, path, out);
}

const char *listenfd_message(const listenfd *lfd)
{
    if (!lfd)
        return "there is no listenfd object: none was made, or memory ran out";
    return *lfd->message ? lfd->message : lfd->reason;
}

const char *listenfd_strerror(int code)
{
    switch (code) {
    case LISTENFD_NONE:
        return "nothing was passed";
    case LISTENFD_PASSED:
        return "sockets were passed";
    case LISTENFD_OTHER_PROCESS:
        return "sockets were passed to another process";
#define TEXT_CASE(name, number, text) \
    case name:                        \
        return text;
        LISTENFD_ERRORS(TEXT_CASE)
#undef TEXT_CASE
    default:
        return "unknown code";
    }
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

static int last_error(void)
{
    return errno;
}

static void set_last_error(int error)
{
    errno = error;
}

static const char *error_text(int error, char *text)
{
    snprintf(text, ERROR_SIZE, "%s", strerror(error));
    return text;
}

/* unsetenv takes far longer to find that there is nothing to remove than getenv. */
static void forget(const char *name)
{
    if (getenv(name))
        unsetenv(name);
}

static void forget_variables(void)
{
    forget("LISTEN_FDS");
    forget("LISTEN_PID");
    forget("LISTEN_PIDFDID");
    forget("LISTEN_FDNAMES");
    forget("LISTEN_FDS_FIRST_FD");
}

static int is_open(listenfd_socket socket)
{
    return fcntl(socket, F_GETFD) >= 0;
}

#if defined(__linux__) && defined(SYS_pidfd_open)
#define PIDFS_MAGIC 0x50494446UL

static int open_pidfd(pid_t pid)
{
    return (int)syscall(SYS_pidfd_open, pid, 0);
}

/* A pidfd's inode number names a process only on pidfs (Linux 6.9); before, all pidfds
 * share one. */
static int is_pidfd_inode(int pidfd, uint64_t inode)
{
    struct stat status;
    struct statfs system;

    if (pidfd < 0 || fstat(pidfd, &status) < 0 || status.st_ino == inode)
        return 1;
    return fstatfs(pidfd, &system) < 0 || (unsigned long)system.f_type != PIDFS_MAGIC;
}
#else
static int open_pidfd(pid_t pid)
{
    (void)pid;
    return -1;
}

static int is_pidfd_inode(int pidfd, uint64_t inode)
{
    (void)pidfd;
    (void)inode;
    return 1;
}
#endif

static int check_pid(struct listenfd *found, pid_t self)
{
    const char *text = getenv("LISTEN_PID");
    uint64_t pid;

    if (!text || !*text) {
        if (!(found->flags & LISTENFD_REQUIRE_PID))
            return LISTENFD_PASSED;
        return conclude(found, LISTENFD_NONE,
                        "LISTEN_FDS is set but LISTEN_PID is not, and this program requires it: "
                        "use a launcher that sets it (systemfd without --no-pid)");
    }
    if (!parse_number(text, INT_MAX, &pid) || pid == 0)
        return conclude(found, LISTENFD_EPID, "LISTEN_PID is '%.40s': expected a process ID", text);
    if (pid != (uint64_t)self)
        return conclude(found, LISTENFD_OTHER_PROCESS,
                        "LISTEN_PID is %.10s but this process is %ld: a shell or watcher stands in "
                        "between; let it exec this program, or start systemfd with --no-pid",
                        text, (long)self);
    return LISTENFD_PASSED;
}

/* *pidfd becomes one of this process when the variable called for it. */
static int check_pidfdid(struct listenfd *found, pid_t self, int *pidfd)
{
    const char *text = getenv("LISTEN_PIDFDID");
    uint64_t inode;

    if (!text)
        return LISTENFD_PASSED;
    if (!parse_number(text, UINT64_MAX, &inode))
        return conclude(found, LISTENFD_EPIDFDID,
                        "LISTEN_PIDFDID is '%.40s': expected the inode number of a pidfd", text);
    *pidfd = open_pidfd(self);
    if (!is_pidfd_inode(*pidfd, inode))
        return conclude(found, LISTENFD_OTHER_PROCESS,
                        "LISTEN_PIDFDID is %.20s, which is not the pidfd inode of this process: "
                        "the sockets were for an earlier process with the same process ID",
                        text);
    return LISTENFD_PASSED;
}

/* The lowest number from first on that is not open, in two system calls mostly: a new
 * descriptor gets just that number. For a single one, one call tells. INT_MAX, or any number
 * above last, when all are open. */
static int lowest_closed(int first, int last, int pidfd)
{
    int probe;

    if (pidfd >= first)
        return pidfd;
    if (first == last && is_open(first))
        return INT_MAX;
    probe = fcntl(first, F_DUPFD_CLOEXEC, first);
    if (probe >= 0)
        close(probe);
    else if (errno == EBADF)
        return first;
    else /* no descriptor is free below the limit: look at each */
        for (probe = first; probe <= last && is_open(probe);)
            probe++;
    return probe;
}

static int check_range(struct listenfd *found, const char *fds, int *first, int pidfd)
{
    const char *first_fd = getenv("LISTEN_FDS_FIRST_FD");
    uint64_t count, start = 3;
    int last, closed;

    if (!parse_number(fds, INT_MAX, &count))
        return conclude(found, LISTENFD_EFDS,
                        "LISTEN_FDS is '%.40s': expected the number of sockets, in digits", fds);
    if (count == 0)
        return conclude(found, LISTENFD_NONE, "nothing was passed: LISTEN_FDS is 0");
    if (first_fd && !parse_number(first_fd, INT_MAX, &start))
        return conclude(found, LISTENFD_EFIRSTFD,
                        "LISTEN_FDS_FIRST_FD is '%.40s': expected a descriptor, in digits",
                        first_fd);
    if (start + count - 1 > INT_MAX)
        return conclude(found, LISTENFD_EFDS,
                        "LISTEN_FDS is %.40s: no process has that many descriptors", fds);
    *first = (int)start;
    last = (int)(start + count - 1);
    closed = lowest_closed(*first, last, pidfd);
    if (closed <= last)
        return conclude(found, LISTENFD_ECLOSED,
                        "descriptors %d to %d were announced (LISTEN_FDS is %.40s), but %d is not "
                        "open: something between the launcher and this program closed it",
                        *first, last, fds, closed);
    found->count = (size_t)count;
    return LISTENFD_PASSED;
}

/* Fills in the status and the count; the process first: what was meant for another one is
 * not ours to judge. */
static void check_variables(struct listenfd *found, const char *fds, const char *names, int *first)
{
    pid_t self = getpid();
    int pidfd = -1, status = check_pid(found, self);

    if (status == LISTENFD_PASSED)
        status = check_pidfdid(found, self, &pidfd);
    if (status == LISTENFD_PASSED)
        status = check_range(found, fds, first, pidfd);
    if (pidfd >= 0)
        close(pidfd);
    if (status == LISTENFD_PASSED)
        status = check_names(found, names);
    if (status != LISTENFD_PASSED)
        found->count = 0;
}

static void close_on_exec(int first, size_t count)
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

static listenfd *receive(struct listenfd *found)
{
    const char *fds = getenv("LISTEN_FDS"), *names = getenv("LISTEN_FDNAMES");
    int first = 3;
    listenfd *lfd;
    size_t i;

    if (fds)
        check_variables(found, fds, names, &first);
    else
        conclude(found, LISTENFD_NONE, "nothing was passed: LISTEN_FDS is not set");
    if (found->count > 0 && !(found->flags & LISTENFD_KEEP))
        close_on_exec(first, found->count);

    lfd = create(found, found->count > 0 ? names : NULL);
    for (i = 0; lfd && i < lfd->count; i++)
        lfd->slots[i].socket = first + (int)i;
    return lfd;
}

static int socket_error(void)
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

static int get_option(listenfd_socket socket, int option, int *value)
{
    socklen_t size = sizeof *value;

    return getsockopt(socket, SOL_SOCKET, option, value, &size);
}

static int get_protocol(listenfd_socket socket, int *value)
{
#ifdef SO_PROTOCOL
    return get_option(socket, SO_PROTOCOL, value);
#else
    int type, result = get_option(socket, SO_TYPE, &type);

    *value = type == SOCK_STREAM ? IPPROTO_TCP : type == SOCK_DGRAM ? IPPROTO_UDP : 0;
    return result;
#endif
}

static int query(listenfd_socket socket, enum property property, int *value)
{
    struct address address;
    int result;

    switch (property) {
    case TYPE:
        result = get_option(socket, SO_TYPE, value);
        break;
    case PROTOCOL:
        result = get_protocol(socket, value);
        break;
    case LISTENING:
        result = get_option(socket, SO_ACCEPTCONN, value);
        break;
    default:
        result =
            property == FAMILY ? local_address(socket, &address) : peer_address(socket, &address);
        *value = address.as.any.sa_family;
    }
    return result == 0 ? 0 : socket_error();
}

static const char *file_kind(listenfd_socket socket)
{
    struct stat status;

    if (fstat(socket, &status) < 0)
        return "not open";
    if (S_ISFIFO(status.st_mode))
        return "fifo";
    return S_ISREG(status.st_mode) ? "file" : "special file";
}

static int set_nonblocking(listenfd_socket socket, int on)
{
    return ioctl(socket, FIONBIO, &on);
}

static void close_socket(listenfd_socket socket)
{
    close(socket);
}

static listenfd_socket new_stream_socket(int family)
{
#ifdef SOCK_CLOEXEC
    return socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
#else
    int fd = socket(family, SOCK_STREAM, 0);

    if (fd >= 0)
        fcntl(fd, F_SETFD, FD_CLOEXEC);
    return fd;
#endif
}

/* ---- POSIX: unix sockets --------------------------------------------------------- */

/* A path, or "@name" for Linux's abstract namespace. */
static int parse_unix_name(const char *name, struct address *address)
{
    size_t length = strlen(name);

    memset(address, 0, sizeof *address);
    if (length == 0 || length >= sizeof address->as.un.sun_path)
        return 0;
    address->as.un.sun_family = AF_UNIX;
    memcpy(address->as.un.sun_path, name, length);
    address->size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + 1);
    if (*name == '@') {
        address->as.un.sun_path[0] = '\0';
        address->size--; /* an abstract name is not ended by NUL, its size is part of it */
    }
    return 1;
}

/* The name a unix socket is bound to, as parse_unix_name takes it; its length, 0 when it
 * has none. text holds at least sizeof sun_path + 1. */
static size_t unix_name(const struct address *address, char *text)
{
    size_t offset = offsetof(struct sockaddr_un, sun_path);
    size_t length = address->size > offset ? address->size - offset : 0;

    if (length > sizeof address->as.un.sun_path)
        length = sizeof address->as.un.sun_path;
    memcpy(text, address->as.un.sun_path, length);
    text[length] = '\0';
    if (length > 1 && text[0] == '\0')
        text[0] = '@';
    else
        length = strlen(text); /* some systems count the NUL, or padding */
    return length;
}

static void format_unix_name(const struct address *address, char *text, size_t size)
{
    char name[sizeof address->as.un.sun_path + 1];

    snprintf(text, size, "%s", unix_name(address, name) ? name : "(no name)");
    make_printable(text);
}

static int same_file(const char *path, const char *other)
{
    struct stat a, b;

    return stat(path, &a) == 0 && stat(other, &b) == 0 && a.st_dev == b.st_dev &&
           a.st_ino == b.st_ino;
}

static int same_unix_name(const char *wanted, const struct address *bound)
{
    char name[sizeof bound->as.un.sun_path + 1];
    size_t length = unix_name(bound, name);
    int is_abstract = bound->as.un.sun_path[0] == '\0';

    if (bound->as.any.sa_family != AF_UNIX || length == 0 || is_abstract != (*wanted == '@'))
        return 0;
    if (length == strlen(wanted) && memcmp(name, wanted, length) == 0)
        return 1;
    return !is_abstract && same_file(wanted, name);
}

/* Connecting is refused only where a socket file has no socket behind it. */
static int refuses_connections(const struct address *address)
{
    listenfd_socket probe = new_stream_socket(AF_UNIX);
    int refused = 0;

    if (probe == LISTENFD_INVALID_SOCKET)
        return 0;
    /* Non-blocking: a full backlog, too, means that somebody is there. */
    if (set_nonblocking(probe, 1) == 0)
        refused = connect(probe, &address->as.any, address->size) < 0 && errno == ECONNREFUSED;
    close_socket(probe);
    return refused;
}

/* Unlinks path if it is a socket and its server is dead. The same file before and after the
 * probe: a server that starts meanwhile keeps its new one. */
static int remove_dead_socket(const struct address *address)
{
    const char *path = address->as.un.sun_path;
    struct stat before, after;

    if (*path == '\0' || lstat(path, &before) < 0 || !S_ISSOCK(before.st_mode))
        return 0;
    if (!refuses_connections(address))
        return 0;
    if (lstat(path, &after) < 0 || before.st_dev != after.st_dev || before.st_ino != after.st_ino)
        return 0;
    return unlink(path) == 0;
}

static int bind_replacing_dead(listenfd_socket socket, const struct address *address)
{
    if (bind_to(socket, address) == 0)
        return 0;
    if (errno != EADDRINUSE)
        return -1;
    if (remove_dead_socket(address))
        return bind_to(socket, address);
    errno = EADDRINUSE;
    return -1;
}

/* The file is still ours: the socket that is bound to it is open. */
static int listen_or_unlink(listenfd_socket socket, const struct address *address)
{
    int saved_error;

    if (listen(socket, SOMAXCONN) == 0)
        return 0;
    saved_error = errno;
    if (address->as.un.sun_path[0] != '\0')
        unlink(address->as.un.sun_path);
    errno = saved_error;
    return -1;
}

/* A unix listener, or LISTENFD_INVALID_SOCKET with errno. */
static listenfd_socket open_unix_listener(const listenfd *lfd, const struct address *address)
{
    listenfd_socket socket = new_listener(lfd, AF_UNIX);

    if (socket == LISTENFD_INVALID_SOCKET ||
        (bind_replacing_dead(socket, address) == 0 && listen_or_unlink(socket, address) == 0))
        return socket;
    discard(socket);
    return LISTENFD_INVALID_SOCKET;
}

static int bind_unix(listenfd *lfd, const char *path, listenfd_socket *out)
{
    struct address address;

    if (!path || !parse_unix_name(path, &address))
        return say(lfd, LISTENFD_EADDRESS,
                   "'%s' is not a path for a socket: expected 1 to %lu bytes, or @name",
                   path ? path : "(NULL)", (unsigned long)sizeof address.as.un.sun_path - 1);
    return finish_bind(lfd, path, open_unix_listener(lfd, &address), out);
}

static int take_unix(listenfd *lfd, size_t index, const struct kind *kind, listenfd_socket *out)
{
    return take(lfd, index, kind, out);
}

static int take_or_bind_unix(listenfd *lfd, size_t index, const char *path, listenfd_socket *out)
{
    return take_or_bind(lfd, index, &unix_listener, bind_unix, path, out);
}

#else

/* ---- Windows: a local server's answer -------------------------------------------- */

/* The protocol is specified in win32/PROTOCOL.md. Sockets that were made from an answer are
 * copies of the launcher's. Each has a WSAStartup of its own, so that one which was taken
 * goes on working after listenfd_free. */

enum {
    DEADLINE_MS = 5000,   /* for the whole conversation */
    MOST_SOCKETS = 1024,  /* that an answer may hold */
    VARIABLE_SIZE = 32768 /* no variable is longer: SetEnvironmentVariable */
};

#ifndef WSA_FLAG_NO_HANDLE_INHERIT
#define WSA_FLAG_NO_HANDLE_INHERIT 0x80 /* Windows 7 SP1 */
#endif

/* What the server sends is this structure as it lies in memory, of 32-bit and 64-bit
 * processes alike. */
typedef char the_answer_is_made_of_628_bytes[sizeof(WSAPROTOCOL_INFOW) == 628 ? 1 : -1];

struct conversation {
    char server[VARIABLE_SIZE], secret[VARIABLE_SIZE], names[VARIABLE_SIZE];
    int has_names;
    struct address address; /* the server's */
    listenfd_socket connection;
    ULONGLONG deadline;
    union {
        WSAPROTOCOL_INFOW infos[MOST_SOCKETS];
        char bytes[MOST_SOCKETS * sizeof(WSAPROTOCOL_INFOW) + 1];
    } answer;
    listenfd_socket sockets[MOST_SOCKETS];
    size_t count; /* of them */
};

static int last_error(void)
{
    return WSAGetLastError();
}

static void set_last_error(int error)
{
    WSASetLastError(error);
}

static const char *error_text(int error, char *text)
{
    const DWORD how =
        FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS | FORMAT_MESSAGE_MAX_WIDTH_MASK;
    int saved_error = last_error();
    DWORD length = FormatMessageA(how, NULL, (DWORD)error, 0, text, ERROR_SIZE, NULL);

    set_last_error(saved_error);
    if (length == 0)
        snprintf(text, ERROR_SIZE, "error %d", error);
    while (length > 0 && (text[length - 1] == ' ' || text[length - 1] == '.'))
        text[--length] = '\0';
    return text;
}

/* ---- Windows: variables ---- */

/* GetEnvironmentVariable and not getenv: it is the process's own environment, whichever C
 * runtime of how many wrote to it. 0 when there is no such variable. */
static int read_variable(const char *name, char *value)
{
    DWORD length;

    SetLastError(ERROR_SUCCESS);
    length = GetEnvironmentVariableA(name, value, VARIABLE_SIZE);
    value[length < VARIABLE_SIZE ? length : 0] = '\0';
    return length > 0 || GetLastError() != ERROR_ENVVAR_NOT_FOUND;
}

/* From the process's environment and from this C runtime's copy of it, which is what getenv
 * reads and what some runtimes hand to children. */
static void forget_variables(void)
{
    SetEnvironmentVariableA("SYSTEMFD_SOCKET_SERVER", NULL);
    SetEnvironmentVariableA("SYSTEMFD_SOCKET_SECRET", NULL);
    SetEnvironmentVariableA("LISTEN_FDNAMES", NULL);
    _putenv("SYSTEMFD_SOCKET_SERVER=");
    _putenv("SYSTEMFD_SOCKET_SECRET=");
    _putenv("LISTEN_FDNAMES=");
}

/* Anywhere else the secret would leave this machine. */
static int is_loopback(const struct address *address)
{
    if (address->as.any.sa_family == AF_INET)
        return ntohl(address->as.in.sin_addr.s_addr) >> 24 == 127;
    return IN6_IS_ADDR_LOOPBACK(&address->as.in6.sin6_addr);
}

/* A UUID: 8-4-4-4-12 hexadecimal digits. */
static int is_secret(const char *text)
{
    static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    size_t i;

    for (i = 0; form[i] != '\0'; i++)
        if (form[i] == '-' ? text[i] != '-'
                           : !text[i] || !strchr("0123456789abcdefABCDEF", text[i]))
            return 0;
    return text[i] == '\0';
}

static int check_variables(struct listenfd *found, struct conversation *talk)
{
    if (!read_variable("SYSTEMFD_SOCKET_SERVER", talk->server))
        return conclude(found, LISTENFD_NONE,
                        "nothing was passed: SYSTEMFD_SOCKET_SERVER is not set");
    if (!parse_host_port(talk->server, &talk->address) || !is_loopback(&talk->address) ||
        port_of(&talk->address) == 0)
        return conclude(found, LISTENFD_ESERVER,
                        "SYSTEMFD_SOCKET_SERVER is '%.60s': expected an address of this machine "
                        "such as 127.0.0.1:49152",
                        talk->server);
    if (!read_variable("SYSTEMFD_SOCKET_SECRET", talk->secret))
        return conclude(found, LISTENFD_ESECRET,
                        "SYSTEMFD_SOCKET_SERVER is set but SYSTEMFD_SOCKET_SECRET is not: "
                        "something between the launcher and this program removed it");
    if (!is_secret(talk->secret))
        return conclude(found, LISTENFD_ESECRET,
                        "SYSTEMFD_SOCKET_SECRET is malformed: expected a UUID, 8-4-4-4-12 "
                        "hexadecimal digits");
    talk->has_names = read_variable("LISTEN_FDNAMES", talk->names);
    return LISTENFD_PASSED;
}

/* ---- Windows: the conversation ---- */

/* 0 when the deadline has passed. select and not WSAPoll, which did not tell of a failed
 * connect before Windows 10 version 2004. */
static int wait_until_ready(const struct conversation *talk, int to_write)
{
    ULONGLONG now = GetTickCount64();
    long left = now < talk->deadline ? (long)(talk->deadline - now) : 0;
    struct timeval limit;
    fd_set ready, failed;

    limit.tv_sec = left / 1000;
    limit.tv_usec = left % 1000 * 1000;
    FD_ZERO(&ready);
    FD_SET(talk->connection, &ready);
    failed = ready;
    return select(0, to_write ? NULL : &ready, to_write ? &ready : NULL, &failed, &limit) > 0;
}

static int timed_out(struct listenfd *found, const struct conversation *talk)
{
    return conclude(found, LISTENFD_ETIMEDOUT,
                    "the socket server at %.60s did not answer in %d seconds: restart the launcher",
                    talk->server, DEADLINE_MS / 1000);
}

static int cannot_connect(struct listenfd *found, const struct conversation *talk, int error)
{
    char text[ERROR_SIZE];

    return conclude(found, LISTENFD_ECONNECT,
                    "cannot connect to the socket server at %.60s (%s): the launcher has ended, "
                    "or SYSTEMFD_SOCKET_SERVER is from an earlier one",
                    talk->server, error_text(error, text));
}

static int connect_to_server(struct listenfd *found, struct conversation *talk)
{
    int error = 0;
    socklen_t size = sizeof error;

    if (set_nonblocking(talk->connection, 1) == 0 &&
        connect(talk->connection, &talk->address.as.any, talk->address.size) == 0)
        return LISTENFD_PASSED;
    if (last_error() != WSAEWOULDBLOCK)
        return cannot_connect(found, talk, last_error());
    if (!wait_until_ready(talk, 1))
        return timed_out(found, talk);
    if (getsockopt(talk->connection, SOL_SOCKET, SO_ERROR, (char *)&error, &size) != 0)
        error = last_error();
    return error == 0 ? LISTENFD_PASSED : cannot_connect(found, talk, error);
}

/* "SECRET|PID", and the end. It fits any send buffer, so a connection that does not take it
 * was closed already: reading tells. */
static void send_request(const struct conversation *talk)
{
    char request[64];
    int length = snprintf(request, sizeof request, "%s|%lu", talk->secret, GetCurrentProcessId());

    send(talk->connection, request, length, 0);
    shutdown(talk->connection, SD_SEND);
}

static int check_length(struct listenfd *found, struct conversation *talk, size_t length, int whole)
{
    const size_t size = sizeof(WSAPROTOCOL_INFOW);

    if (length == 0)
        return conclude(found, LISTENFD_ENOANSWER,
                        "the socket server at %.60s closed without an answer: "
                        "SYSTEMFD_SOCKET_SECRET is not its secret, or it has no sockets",
                        talk->server);
    if (length > MOST_SOCKETS * size)
        return conclude(found, LISTENFD_ETOOLONG,
                        "the answer of the socket server at %.60s is longer than %d sockets",
                        talk->server, MOST_SOCKETS);
    if (!whole || length % size != 0)
        return conclude(found, LISTENFD_ESHORT,
                        "the answer of the socket server at %.60s ends within a socket: %lu bytes, "
                        "where a multiple of %lu was expected",
                        talk->server, (unsigned long)length, (unsigned long)size);
    talk->count = length / size;
    return LISTENFD_PASSED;
}

static int read_answer(struct listenfd *found, struct conversation *talk)
{
    size_t length = 0;
    int got = 1;

    while (got > 0 && length < sizeof talk->answer.bytes) {
        if (!wait_until_ready(talk, 0))
            return timed_out(found, talk);
        got = recv(talk->connection, talk->answer.bytes + length,
                   (int)(sizeof talk->answer.bytes - length), 0);
        length += got > 0 ? (size_t)got : 0;
    }
    return check_length(found, talk, length, got >= 0);
}

static int ask(struct listenfd *found, struct conversation *talk)
{
    char error[ERROR_SIZE];
    int status;

    talk->deadline = GetTickCount64() + DEADLINE_MS;
    talk->connection = new_stream_socket(talk->address.as.any.sa_family);
    if (talk->connection == LISTENFD_INVALID_SOCKET)
        return conclude(found, LISTENFD_ESYSTEM, "cannot ask for the sockets: %s",
                        error_text(last_error(), error));
    status = connect_to_server(found, talk);
    if (status == LISTENFD_PASSED) {
        send_request(talk);
        status = read_answer(found, talk);
    }
    close_socket(talk->connection);
    return status;
}

/* ---- Windows: from an answer to sockets ---- */

/* A former holder may have bound it to a completion port of its own, which no other process
 * could change: FileReplaceCompletionInformation, Windows 8.1. Where the call is missing, or
 * fails, nothing is lost but that. */
static void detach_from_completion_port(listenfd_socket socket)
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
static listenfd_socket new_socket(int family, int type, WSAPROTOCOL_INFOW *info)
{
    WSADATA unused;
    int error = WSAStartup(MAKEWORD(2, 2), &unused);
    SOCKET socket = INVALID_SOCKET;

    if (error == 0) {
        socket = WSASocketW(family, type, info ? FROM_PROTOCOL_INFO : 0, info, 0,
                            WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT);
        error = last_error();
        if (socket == INVALID_SOCKET)
            WSACleanup();
    }
    set_last_error(error);
    return socket;
}

static listenfd_socket new_stream_socket(int family)
{
    return new_socket(family, SOCK_STREAM, NULL);
}

static int have_socket(const struct conversation *talk, size_t count, listenfd_socket socket)
{
    size_t i;

    for (i = 0; i < count; i++)
        if (talk->sockets[i] == socket)
            return 1;
    return 0;
}

/* A structure serves one process and once. A system may believe one that does not, and give
 * out a number that is no socket, or that of another: so the result is checked. */
static int open_socket(struct conversation *talk, size_t index)
{
    WSAPROTOCOL_INFOW *info = &talk->answer.infos[index];
    listenfd_socket socket = new_socket(FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, info);

    if (socket == LISTENFD_INVALID_SOCKET)
        return 0;
    if (!is_open(socket) || have_socket(talk, index, socket)) {
        WSACleanup();
        set_last_error(WSAENOTSOCK);
        return 0;
    }
    detach_from_completion_port(socket);
    talk->sockets[index] = socket;
    return 1;
}

static int open_sockets(struct listenfd *found, struct conversation *talk)
{
    size_t count = talk->count;
    char error[ERROR_SIZE];

    for (talk->count = 0; talk->count < count; talk->count++)
        if (!open_socket(talk, talk->count))
            return conclude(found, LISTENFD_EINFO,
                            "the system does not accept socket %lu of the %lu that the server at "
                            "%.60s sent (%s): they were made for another process, or used before",
                            (unsigned long)talk->count, (unsigned long)count, talk->server,
                            error_text(last_error(), error));
    found->count = count;
    return check_names(found, talk->has_names ? talk->names : NULL);
}

static int converse(struct listenfd *found, struct conversation *talk)
{
    int status = check_variables(found, talk);

    if (status == LISTENFD_PASSED)
        status = ask(found, talk);
    if (status == LISTENFD_PASSED)
        status = open_sockets(found, talk);
    else
        talk->count = 0;
    if (status != LISTENFD_PASSED)
        found->count = 0;
    return status;
}

static listenfd *receive(struct listenfd *found)
{
    struct conversation *talk = (struct conversation *)malloc(sizeof *talk);
    listenfd *lfd = NULL;
    size_t i;

    if (!talk)
        return NULL;
    found->flags &= ~(unsigned)LISTENFD_KEEP; /* of copies, closing them takes none away */
    talk->count = 0;
    if (converse(found, talk) == LISTENFD_PASSED)
        lfd = create(found, talk->has_names ? talk->names : NULL);
    else
        lfd = create(found, NULL);
    for (i = 0; i < talk->count; i++) {
        if (lfd && lfd->count > 0)
            lfd->slots[i].socket = talk->sockets[i];
        else
            close_socket(talk->sockets[i]);
    }
    free(talk);
    return lfd;
}

/* ---- Windows: sockets ---- */

/* Whatever was passed is a socket: what is none now was closed. */
static int socket_error(void)
{
    switch (last_error()) {
    case WSAENOTSOCK:
        return LISTENFD_ECLOSED;
    case WSAENOTCONN:
        return LISTENFD_ENOTCONNECTED;
    default:
        return LISTENFD_ESYSTEM;
    }
}

/* SO_ACCEPTCONN is a BOOL, SO_TYPE an int: both of four bytes. */
static int get_option(listenfd_socket socket, int option, int *value)
{
    socklen_t size = sizeof *value;

    return getsockopt(socket, SOL_SOCKET, option, (char *)value, &size);
}

static int is_open(listenfd_socket socket)
{
    int type;

    return get_option(socket, SO_TYPE, &type) == 0;
}

static int get_info(listenfd_socket socket, WSAPROTOCOL_INFOW *info)
{
    socklen_t size = sizeof *info;

    return getsockopt(socket, SOL_SOCKET, SO_PROTOCOL_INFOW, (char *)info, &size);
}

static int query(listenfd_socket socket, enum property property, int *value)
{
    WSAPROTOCOL_INFOW info;
    struct address peer;
    int result;

    if (property == LISTENING) {
        result = get_option(socket, SO_ACCEPTCONN, value);
    } else if (property == PEER_FAMILY) {
        result = peer_address(socket, &peer);
        *value = peer.as.any.sa_family;
    } else {
        result = get_info(socket, &info);
        *value = property == FAMILY ? info.iAddressFamily
                 : property == TYPE ? info.iSocketType
                                    : info.iProtocol;
    }
    return result == 0 ? 0 : socket_error();
}

static const char *file_kind(listenfd_socket socket)
{
    return is_open(socket) ? "socket that is not bound" : "not open";
}

static int set_nonblocking(listenfd_socket socket, int on)
{
    u_long mode = (u_long)on;

    return ioctlsocket(socket, (long)FIONBIO, &mode);
}

static void close_socket(listenfd_socket socket)
{
    closesocket(socket);
    WSACleanup();
}

/* ---- Windows: unix sockets ---- */

/* The protocol knows TCP and UDP. */
static int take_unix(listenfd *lfd, size_t index, const struct kind *kind, listenfd_socket *out)
{
    if (!out || (lfd && lfd->status < 0))
        return take(lfd, index, kind, out);
    *out = LISTENFD_INVALID_SOCKET;
    return say(lfd, LISTENFD_ENOTSUPPORTED,
               "%s cannot be passed on Windows: use a tcp listener on 127.0.0.1", kind->name);
}

static int take_or_bind_unix(listenfd *lfd, size_t index, const char *path, listenfd_socket *out)
{
    (void)path;
    return take_unix(lfd, index, &unix_listener, out);
}

static int same_unix_name(const char *wanted, const struct address *bound)
{
    (void)wanted;
    (void)bound;
    return 0;
}

static void format_unix_name(const struct address *address, char *text, size_t size)
{
    (void)address;
    snprintf(text, size, "(no name)");
}

#endif
