/* SPDX-License-Identifier: MIT
 *
 * listenfd: take the listening sockets that somebody else opened for this process.
 *
 *     listenfd *passed = listenfd_from_env(0);
 *     listenfd_socket fd;
 *     if (listenfd_take_or_bind_tcp(passed, 0, "127.0.0.1:5000", &fd) < 0) {
 *         fprintf(stderr, "%s\n", listenfd_message(passed));
 *         return 1;
 *     }
 *     listenfd_free(passed);
 *     ... accept(fd, NULL, NULL) ...
 *
 * That server starts alone, under a systemd .socket unit, systemd-socket-activate,
 * systemfd or watchexec --socket. Copy listenfd.h and listenfd.c, or link -llistenfd.
 *
 * From first need to last:
 *     listenfd_from_env, listenfd_free          read what was passed; close what nobody took
 *     listenfd_take_or_bind_tcp, ..._unix       the passed socket, or else bind one
 *     listenfd_take_tcp_listener, _udp_socket.. take one, if it is of that kind
 *     listenfd_find_name, listenfd_find_address which index it is
 *     listenfd_status, _count, _name, _describe look without taking
 *     listenfd_message, listenfd_strerror       what went wrong, in words
 *
 * A take call returns 1: it is yours; 0: none was passed (take_or_bind has bound one);
 * negative: there is one, of the wrong kind, or binding failed. listenfd_message says why.
 *
 * Three rules hold for every call:
 *
 *  - NULL is a valid, empty object: nothing was passed.
 *  - No global state. One object belongs to one thread at a time. from_env, and only
 *    it, writes the environment: call it before other threads start, as unsetenv(3)
 *    asks for (LISTENFD_KEEP only reads it).
 *  - The library never exits, aborts, prints, or allocates after from_env.
 *
 * The protocol: sd_listen_fds(3), systemd.socket(5), and for LISTEN_FDS_FIRST_FD the
 * launchers systemfd >= 0.4 and watchexec. Five variables are read: LISTEN_FDS,
 * LISTEN_PID, LISTEN_PIDFDID, LISTEN_FDNAMES, LISTEN_FDS_FIRST_FD.
 *
 * On Windows the sockets come from systemfd or watchexec, which answer on a local port
 * (win32/PROTOCOL.md). What differs there:
 *
 *  - The variables are SYSTEMFD_SOCKET_SERVER, SYSTEMFD_SOCKET_SECRET, LISTEN_FDNAMES.
 *    Both getenv and GetEnvironmentVariable find them removed.
 *  - from_env asks the launcher, which takes at most 5 seconds, and what it gets are
 *    copies, made for this process only. Nothing is passed to a wrong process, so
 *    LISTENFD_OTHER_PROCESS does not occur, and LISTENFD_REQUIRE_PID changes nothing.
 *  - LISTENFD_KEEP leaves the variables, for a child that will ask for copies of its own.
 *    listenfd_free closes what nobody took all the same: it takes nothing from others.
 *  - "errno" means WSAGetLastError(), "close-on-exec" not inheritable, SO_REUSEADDR
 *    SO_EXCLUSIVEADDRUSE.
 *  - Every socket that this library opens has a WSAStartup of its own, which is undone for
 *    those that it closes. One that you took goes on working after listenfd_free, whoever
 *    calls WSACleanup; call it once yourself after closesocket, or leave it to the end of
 *    the process.
 *  - Link with ws2_32.
 */
#ifndef LISTENFD_H
#define LISTENFD_H

#include <stddef.h>
#include <stdint.h>

/* Semantic versioning: what this header promises changes only with the major number,
 * which is also the number in the shared library's SONAME. */
#define LISTENFD_VERSION_MAJOR 1
#define LISTENFD_VERSION_MINOR 0
#define LISTENFD_VERSION_PATCH 0
#define LISTENFD_VERSION "1.0.0"

/* Put before every public call. Left empty, the calls are ordinary functions. Define it
 * as `static` and include listenfd.c to embed the library with no visible symbol. */
#ifndef LISTENFD_API
#define LISTENFD_API
#endif

#if defined(__GNUC__)
#define LISTENFD_CHECK_RESULT __attribute__((warn_unused_result))
#else
#define LISTENFD_CHECK_RESULT
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* What was passed to this process, and what of it is still untaken. */
typedef struct listenfd listenfd;

/* A file descriptor; on Windows an integer as wide as SOCKET. */
#ifdef _WIN32
typedef uintptr_t listenfd_socket;
#define LISTENFD_INVALID_SOCKET (~(listenfd_socket)0)
#else
typedef int listenfd_socket;
#define LISTENFD_INVALID_SOCKET (-1)
#endif

/* "No such socket": what the find calls return, and every take call accepts. */
#define LISTENFD_NOT_FOUND ((size_t)-1)

/* Flags of listenfd_from_env, to be combined with |. */
enum {
    /* Leave the variables and the descriptors' flags as they are, and let free close
     * nothing: for a process that will exec itself or start the real server. */
    LISTENFD_KEEP = 1,
    /* Put each socket that is taken or bound into non-blocking or blocking mode. With
     * neither, a passed socket's mode is left alone. The mode is a property of the open
     * file description, which the launcher and earlier servers share: any of them may
     * have changed it, and changing it here changes it for them. */
    LISTENFD_NONBLOCK = 2,
    LISTENFD_BLOCK = 4,
    /* Treat an absent LISTEN_PID as "nothing was passed", as libsystemd does. Without
     * this flag absent or empty means "for whoever reads it", as systemfd's --no-pid
     * and watchexec need. */
    LISTENFD_REQUIRE_PID = 8
};

/* What listenfd_status returns; a malformed environment is one of the codes below. */
enum {
    LISTENFD_NONE = 0,         /* nothing was passed */
    LISTENFD_PASSED = 1,       /* sockets were passed, to this process */
    LISTENFD_OTHER_PROCESS = 2 /* sockets were passed, to another process */
};

/* Every error code with its text. The numbers are stable, and far from errno's: a code
 * mistaken for an errno value reads "Unknown error", not a wrong reason. */
#define LISTENFD_ERRORS(X)                                                                 \
    X(LISTENFD_EINVAL, -1001, "an argument is out of range")                               \
    X(LISTENFD_EFDS, -1002, "LISTEN_FDS is malformed")                                     \
    X(LISTENFD_EFIRSTFD, -1003, "LISTEN_FDS_FIRST_FD is malformed")                        \
    X(LISTENFD_EPID, -1004, "LISTEN_PID is malformed")                                     \
    X(LISTENFD_EPIDFDID, -1005, "LISTEN_PIDFDID is malformed")                             \
    X(LISTENFD_ENAMES, -1006, "LISTEN_FDNAMES has another number of names than sockets")   \
    X(LISTENFD_ECLOSED, -1007, "a descriptor that was announced is not open")              \
    X(LISTENFD_ENOTSOCKET, -1008, "the descriptor is not a socket")                        \
    X(LISTENFD_EFAMILY, -1009, "the socket is of another address family")                  \
    X(LISTENFD_ETYPE, -1010, "the socket is of another type")                              \
    X(LISTENFD_EPROTOCOL, -1011, "the socket speaks another protocol")                     \
    X(LISTENFD_ENOTLISTENING, -1012, "the socket is not listening")                        \
    X(LISTENFD_ELISTENING, -1013, "the socket is listening")                               \
    X(LISTENFD_ENOTCONNECTED, -1014, "the socket is not connected")                        \
    X(LISTENFD_EADDRESS, -1015, "the address is not understood")                           \
    X(LISTENFD_EINUSE, -1016, "the address is in use")                                     \
    X(LISTENFD_ESYSTEM, -1017, "a system call failed, see errno")                          \
    X(LISTENFD_ENOTSUPPORTED, -1018, "not supported on this system")                       \
    X(LISTENFD_ESERVER, -1019, "SYSTEMFD_SOCKET_SERVER is not an address of this machine") \
    X(LISTENFD_ESECRET, -1020, "SYSTEMFD_SOCKET_SECRET is malformed")                      \
    X(LISTENFD_ECONNECT, -1021, "cannot connect to the socket server")                     \
    X(LISTENFD_ETIMEDOUT, -1022, "the socket server did not answer in time")               \
    X(LISTENFD_ENOANSWER, -1023, "the socket server closed without an answer")             \
    X(LISTENFD_ESHORT, -1024, "the socket server's answer ends within a socket")           \
    X(LISTENFD_ETOOLONG, -1025, "the socket server's answer is too long")                  \
    X(LISTENFD_EINFO, -1026, "the system does not accept a socket that the server sent")

#define LISTENFD_ENUMERATOR(name, number, text) name = number,
enum { LISTENFD_ERRORS(LISTENFD_ENUMERATOR) };
#undef LISTENFD_ENUMERATOR

/* ---- Reading what was passed, and giving it back -------------------------------- */

/* Reads what was passed to this process.
 *
 * flags: LISTENFD_* flags above, or 0.
 *
 * Returns an object for listenfd_free, whatever the environment holds (listenfd_status
 * tells what that was); NULL only when memory ran out (what follows is done then too).
 * errno is preserved.
 *
 * Changes in the process, unless LISTENFD_KEEP is given:
 *  - all five variables are removed on every path, also when they are malformed or meant
 *    for another process, so that no child believes them;
 *  - when the status is LISTENFD_PASSED, every passed descriptor is marked
 *    close-on-exec, taken or not.
 * Descriptors passed to another process, and those of a malformed environment (who could
 * say which they are?), are never touched, nor closed by listenfd_free.
 *
 * Because the variables are gone, a second call finds nothing: keep the object, or read
 * with LISTENFD_KEEP in all readers but the last.
 *
 * Rules, and where they come from:
 *  - numbers are decimal digits only, without sign or blank, and bounded;
 *  - LISTEN_FDS absent or "0": nothing was passed. Any other count must be covered by
 *    open descriptors, numbered from LISTEN_FDS_FIRST_FD (absent: 3);
 *  - LISTEN_PID present and not this process, or LISTEN_PIDFDID not this process's pidfd
 *    inode (systemd v259, pull request 38256; checked on Linux with pidfs, 6.9 and later,
 *    elsewhere ignored): passed to another process;
 *  - LISTEN_FDNAMES, where present, holds as many names as there are sockets. Empty names
 *    count. */
LISTENFD_API LISTENFD_CHECK_RESULT listenfd *listenfd_from_env(unsigned flags);

/* Frees the object and closes the sockets that nobody took: a listener on which nobody
 * accepts would swallow connections. Closes nothing under LISTENFD_KEEP. errno is
 * preserved. NULL is allowed. After fork(2) parent and child have an object each: what one
 * of them takes or frees, the other still has. */
LISTENFD_API void listenfd_free(listenfd *lfd);

/* ---- Looking without taking ------------------------------------------------------ */

/* What the environment held: LISTENFD_PASSED, LISTENFD_NONE (also for NULL),
 * LISTENFD_OTHER_PROCESS, or, malformed, one of LISTENFD_EFDS, _EFIRSTFD, _EPID,
 * _EPIDFDID, _ENAMES, _ECLOSED; LISTENFD_EINVAL when from_env got flags it does not know
 * or both modes at once. On Windows the malformed ones are LISTENFD_ESERVER, _ESECRET,
 * _ENAMES, and what became of asking: LISTENFD_ECONNECT, _ETIMEDOUT, _ENOANSWER, _ESHORT,
 * _ETOOLONG, _EINFO, _ESYSTEM. It never changes. */
LISTENFD_API int listenfd_status(const listenfd *lfd);

/* How many sockets were passed; does not shrink as they are taken. 0 unless the status is
 * LISTENFD_PASSED. */
LISTENFD_API size_t listenfd_count(const listenfd *lfd);

/* The name LISTEN_FDNAMES gives to the socket at index, taken or not; "unknown" when no
 * names were passed, as in sd_listen_fds_with_names(3); NULL past the end. It belongs to
 * the object: valid until listenfd_free. */
LISTENFD_API const char *listenfd_name(const listenfd *lfd, size_t index);

/* The first untaken socket at or after index `from` that has this name, or is bound to
 * this address. Start with 0; go on with the last result + 1.
 *
 * address: "127.0.0.1:8080", "[::1]:8080", ":8080" (any address, that port),
 *          "/run/x.sock", "./x.sock" (a file system path), or "@name" (abstract, Linux).
 *          Numeric hosts only. TCP and UDP sockets alike are found.
 *
 * Addresses are compared as values: a v4-mapped IPv6 address equals its IPv4 one, and two
 * spellings of one socket file (/run and /var/run) are the same file. "0.0.0.0:80" and
 * "[::]:80" are different addresses; ":80" is either.
 *
 * Returns the index, or LISTENFD_NOT_FOUND: none, or the address is not understood
 * (listenfd_message tells which). errno is preserved. */
LISTENFD_API size_t listenfd_find_name(listenfd *lfd, const char *name, size_t from);
LISTENFD_API size_t listenfd_find_address(listenfd *lfd, const char *address, size_t from);

/* Writes what the socket at index is, for a log line: "tcp listener 127.0.0.1:5000",
 * "unix datagram /run/log.sock", "tcp stream from [::1]:41234", "fifo". Asks the system:
 * a taken socket can be described for as long as its new owner has it open.
 *
 * buf, size: as for snprintf(3); NULL with 0 only measures.
 *
 * Returns the length of the whole text without its NUL, even where size cut it short;
 * 0 and "" past the end. errno is preserved. */
LISTENFD_API int listenfd_describe(const listenfd *lfd, size_t index, char *buf, size_t size);

/* ---- Taking one socket ----------------------------------------------------------- */

/* Takes the socket at index, if it is a TCP listener: a stream socket over IPv4 or IPv6,
 * protocol TCP or MPTCP, listening. The kernel is asked, not the launcher believed.
 *
 * index: from 0, in the launcher's order; or LISTENFD_NOT_FOUND for "none".
 * out:   receives the socket; LISTENFD_INVALID_SOCKET unless the result is 1, so that a
 *        caller who misreads the result fails at once.
 *
 * Returns
 *   1        it is yours now: close it yourself, but never shutdown(2) a listener, which
 *            would end it for the launcher too;
 *   0        there is none at that index: not passed, or taken already. Bind your own;
 *   negative there is one, and it is not what you asked for. It stays in place:
 *            LISTENFD_EFAMILY, _ETYPE, _EPROTOCOL, _ENOTLISTENING, _ENOTSOCKET, _ECLOSED;
 *            LISTENFD_ESYSTEM when its mode could not be set or the kernel refused to
 *            tell, with errno; LISTENFD_EINVAL when out is NULL;
 *            or the status, when that is negative, for every index.
 * errno is preserved but for LISTENFD_ESYSTEM. The socket is close-on-exec (unless
 * LISTENFD_KEEP) and in the mode that from_env's flags ask for. */
LISTENFD_API LISTENFD_CHECK_RESULT int listenfd_take_tcp_listener(listenfd *lfd, size_t index,
                                                                  listenfd_socket *out);

/* The same for a connection that was accepted already, from systemd's Accept=yes: a
 * connected TCP stream. LISTENFD_ENOTCONNECTED where it is not. */
LISTENFD_API LISTENFD_CHECK_RESULT int listenfd_take_tcp_stream(listenfd *lfd, size_t index,
                                                                listenfd_socket *out);

/* The same for a UDP socket over IPv4 or IPv6. */
LISTENFD_API LISTENFD_CHECK_RESULT int listenfd_take_udp_socket(listenfd *lfd, size_t index,
                                                                listenfd_socket *out);

/* The same for AF_UNIX: a listening stream socket, a connected stream, a datagram socket, a
 * listening seqpacket socket. LISTENFD_ENOTSUPPORTED on Windows. */
LISTENFD_API LISTENFD_CHECK_RESULT int listenfd_take_unix_listener(listenfd *lfd, size_t index,
                                                                   listenfd_socket *out);
LISTENFD_API LISTENFD_CHECK_RESULT int listenfd_take_unix_stream(listenfd *lfd, size_t index,
                                                                 listenfd_socket *out);
LISTENFD_API LISTENFD_CHECK_RESULT int listenfd_take_unix_datagram(listenfd *lfd, size_t index,
                                                                   listenfd_socket *out);
LISTENFD_API LISTENFD_CHECK_RESULT int
listenfd_take_unix_seqpacket_listener(listenfd *lfd, size_t index, listenfd_socket *out);

/* The same for any other kind of socket: vsock, netlink, SCTP ...
 *
 * family, type, protocol: the system's AF_*, SOCK_* and IPPROTO_* numbers; 0 or -1: any.
 * listening: 1 must listen, 0 must not (LISTENFD_ELISTENING), -1 either.
 *
 * Where the system cannot tell a socket's protocol (macOS), TCP is assumed for a stream and
 * UDP for a datagram socket. */
LISTENFD_API LISTENFD_CHECK_RESULT int listenfd_take_custom(listenfd *lfd, size_t index, int family,
                                                            int type, int protocol, int listening,
                                                            listenfd_socket *out);

/* The same for whatever is there, a FIFO or special file included: checked only to be
 * open. */
LISTENFD_API LISTENFD_CHECK_RESULT int listenfd_take_raw(listenfd *lfd, size_t index,
                                                         listenfd_socket *out);

/* ---- The passed socket, or else one of our own ----------------------------------- */

/* Takes the TCP listener at index; where none was passed, binds address and listens: the
 * start of a server in one call.
 *
 * address: as in listenfd_find_address, without the paths. ":8080" listens on every
 *          address, IPv6 and IPv4; "[::]:8080" on IPv6, and whether on IPv4 too is the
 *          system's default (net.ipv6.bindv6only), as under systemd; port 0 lets the
 *          system choose. Names are not resolved.
 *
 * Returns
 *   1        the socket was passed (address was not looked at);
 *   0        it was bound here: *out is close-on-exec, has SO_REUSEADDR, backlog SOMAXCONN;
 *   negative neither, and *out is LISTENFD_INVALID_SOCKET: the codes of
 *            listenfd_take_tcp_listener (a wrong socket is an error, not a reason to
 *            bind), LISTENFD_EADDRESS, LISTENFD_EINUSE (errno EADDRINUSE), or
 *            LISTENFD_ESYSTEM with the system's errno.
 * Either way the socket is yours to close. */
LISTENFD_API LISTENFD_CHECK_RESULT int
listenfd_take_or_bind_tcp(listenfd *lfd, size_t index, const char *address, listenfd_socket *out);

/* The same for a unix stream listener at path, or at "@name" in Linux's abstract namespace.
 *
 * A file that stands at path is replaced only if it is a socket and connecting to it is
 * refused: its server is dead. Anything else stays as it is, and the result is
 * LISTENFD_EINUSE. A server that has bound this path and does not listen yet looks dead
 * too: do not start two at the same moment. The file's mode follows umask(2). Remove it
 * when you stop if the result was 0; leave it to the launcher if it was 1.
 * LISTENFD_EADDRESS when path is empty or too long for sockaddr_un (about 100 bytes),
 * LISTENFD_ENOTSUPPORTED where the system has no such sockets. */
LISTENFD_API LISTENFD_CHECK_RESULT int
listenfd_take_or_bind_unix(listenfd *lfd, size_t index, const char *path, listenfd_socket *out);

/* ---- What went wrong ------------------------------------------------------------- */

/* One sentence about the last result of this object that was not 1: what was expected,
 * what arrived, what to do. For a log, not for parsing. It belongs to the object: valid
 * until the next call with it. Never NULL. */
LISTENFD_API const char *listenfd_message(const listenfd *lfd);

/* Static text for a code or status; "unknown code" for any other number. Never NULL. */
LISTENFD_API const char *listenfd_strerror(int code);

/* LISTENFD_VERSION as it was when the library was compiled. */
LISTENFD_API const char *listenfd_version(void);

#ifdef __cplusplus
}
#endif
#endif
