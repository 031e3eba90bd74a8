/* SPDX-License-Identifier: MIT
 *
 * listenfd: take the listening sockets that somebody else opened for this process.
 *
 *     struct listenfd *passed = listenfd_from_env(0);
 *     listenfd_socket fd;
 *     if (listenfd_take_or_bind(passed, 0, "127.0.0.1:5000", &fd) < 0) {
 *         fprintf(stderr, "%s\n", listenfd_message(passed));
 *         return 1;
 *     }
 *     listenfd_free(passed);
 *     listenfd_notify("READY=1");
 *     ... accept(fd, NULL, NULL) ...
 *
 * That server starts alone, under a systemd .socket unit, systemd-socket-activate,
 * systemfd or watchexec --socket. Copy listenfd.h and listenfd.c, or link -llistenfd.
 *
 * From first need to last:
 *     listenfd_from_env, listenfd_free          read what was passed; close what was not taken
 *     listenfd_take_or_bind                     the passed socket, or else bind one
 *     listenfd_take_tcp_listener, _udp_socket.. take one, if it is of that kind
 *     listenfd_find_name, _address, _sockaddr   which index it is
 *     listenfd_status, _count, _name, _describe look without taking
 *     listenfd_port, _address, _describe_socket what a socket is bound to, wherever it is from
 *     listenfd_message, listenfd_strerror       what went wrong, in words
 *     listenfd_notify, listenfd_watchdog        tell the service manager, as sd_notify(3) does
 *
 * All calls that give a socket return the same: a positive number, and the socket is yours; a
 * negative one is an error, which listenfd_message explains; 0 means that there was none.
 *
 * Three rules hold for every call:
 *
 *  - NULL is a valid, empty object: nothing was passed.
 *  - No global state. One object belongs to one thread at a time. from_env, and only
 *    it, writes the environment: call it before other threads start, as unsetenv(3)
 *    asks for (LISTENFD_KEEP and LISTENFD_NOT_LAST only read it).
 *  - The library never exits, aborts, prints, or allocates after from_env.
 *
 * Read first, open later: call from_env before the program opens files of its own, forks, or goes
 * into the background with daemon(3). The variables name descriptors by number, and the process by
 * its ID.
 *
 * To a privileged program (setuid, setgid or file capabilities: AT_SECURE of getauxval(3),
 * issetugid(2) on BSD) nothing was passed: otherwise its caller could choose the descriptors.
 * from_env still removes the variables, and notify and watchdog act as if theirs were not set. A
 * service to which systemd gives capabilities or another user (AmbientCapabilities=, User=) is not
 * privileged in this sense. A program that gives up root itself, by setuid(2) or chroot(2), may do
 * so before or after it takes its sockets. In any other program the library does not protect from
 * those who set the environment: they can run any program with those descriptors anyway.
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
 *  - from_env asks the launcher, which takes at most 5 seconds, and gets copies that were
 *    made for this process only. Nothing is passed to a wrong process, so
 *    LISTENFD_OTHER_PROCESS does not occur, and LISTENFD_REQUIRE_PID and LISTENFD_ANY_PID
 *    change nothing.
 *  - LISTENFD_KEEP and LISTENFD_NOT_LAST leave the variables, for a child or another reader that
 *    will ask for copies of its own. listenfd_free still closes what was not taken: that
 *    takes nothing from others.
 *  - There are no unix sockets: LISTENFD_ENOTSUPPORTED.
 *  - For "errno" read WSAGetLastError(), for "close-on-exec" not inheritable.
 *  - A port that this library binds has SO_EXCLUSIVEADDRUSE, so that no other program can take it
 *    over; with the option reuseport it has SO_REUSEADDR. While a connection is open that an
 *    earlier server accepted on an exclusive port, binding it again is LISTENFD_EINUSE.
 *  - The scope of an IPv6 address is a number.
 *  - For each socket that it opens, this library calls WSAStartup once, and WSACleanup when
 *    it closes that socket. So one that you took works on after listenfd_free, and after any
 *    WSACleanup of others; call it once yourself after closesocket, or leave it to the end of
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
 * as `static` and include listenfd.c to embed the library with no visible symbol. All that
 * listenfd.c has at file scope begins with listenfd_, LISTENFD_, lfd_ or LFD_. */
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
struct listenfd;
struct sockaddr;

/* A file descriptor; on Windows an integer as wide as SOCKET. */
#ifdef _WIN32
typedef uintptr_t listenfd_socket;
#define LISTENFD_INVALID_SOCKET UINTPTR_MAX
#else
typedef int listenfd_socket;
#define LISTENFD_INVALID_SOCKET (-1)
#endif

/* "No such socket": what the find calls return, and every take call accepts. */
#define LISTENFD_NOT_FOUND SIZE_MAX

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
     * this flag, absent or empty means "for any process that reads it", as systemfd's
     * --no-pid and watchexec need. */
    LISTENFD_REQUIRE_PID = 8,
    /* Look at neither LISTEN_PID nor LISTEN_PIDFDID: for a program that by design has forked
     * since, or is started by a script. Beware: if another program was meant, and started this
     * one without removing the variables, its sockets are taken for ours. */
    LISTENFD_ANY_PID = 16,
    /* This reader is not the last in this process (a library has one of its own, or the
     * program reads twice): leave the variables, and let free close nothing, but mark the
     * descriptors close-on-exec, as sd_listen_fds(0) does. They must all still be open when
     * the last reader reads. Two readers can take the same socket. */
    LISTENFD_NOT_LAST = 32
};

/* What the calls that give a socket return when it is yours. */
enum {
    LISTENFD_TAKEN = 1, /* it was passed */
    LISTENFD_BOUND = 2  /* it was bound here, by listenfd_take_or_bind */
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
    X(LISTENFD_EINFO, -1026, "the system does not accept a socket that the server sent")   \
    X(LISTENFD_ENOTIFY, -1027, "NOTIFY_SOCKET is malformed")                               \
    X(LISTENFD_EWATCHDOG, -1028, "WATCHDOG_USEC or WATCHDOG_PID is malformed")

/* What listenfd_status returns; a malformed environment is one of the codes above. */
#define LISTENFD_ENUMERATOR(name, number, text) , name = number
enum {
    LISTENFD_NONE = 0,         /* nothing was passed */
    LISTENFD_PASSED = 1,       /* sockets were passed, to this process */
    LISTENFD_OTHER_PROCESS = 2 /* sockets were passed, to another process */
    LISTENFD_ERRORS(LISTENFD_ENUMERATOR)
};
#undef LISTENFD_ENUMERATOR

/* ---- Reading what was passed, and giving it back -------------------------------- */

/* Reads what was passed to this process.
 *
 * flags: LISTENFD_* flags above, or 0.
 *
 * Returns an object for listenfd_free, whatever the environment holds (listenfd_status
 * tells what that was); NULL only when memory ran out (the changes below are made even then).
 * errno is preserved.
 *
 * Changes in the process, unless LISTENFD_KEEP is given:
 *  - all five variables are removed on every path, also when they are malformed or meant
 *    for another process, so that no child believes them (not with LISTENFD_NOT_LAST);
 *  - when the status is LISTENFD_PASSED, every passed descriptor is marked
 *    close-on-exec, taken or not.
 * Descriptors passed to another process, and those of a malformed environment (it cannot be
 * known which they are), are never touched, nor closed by listenfd_free.
 *
 * Because the variables are gone, a second call finds nothing: keep the object, or read
 * with LISTENFD_NOT_LAST in all readers but the last.
 *
 * Rules, and where they come from:
 *  - numbers are decimal digits only, without sign or blank, and bounded;
 *  - LISTEN_FDS absent or "0": nothing was passed. Any other count must be covered by
 *    open descriptors, numbered from LISTEN_FDS_FIRST_FD (absent: 3; less is malformed);
 *  - LISTEN_PID present and not this process, or LISTEN_PIDFDID not this process's pidfd
 *    inode (systemd v259, pull request 38256; checked on Linux with pidfs, 6.9 and later,
 *    elsewhere ignored): passed to another process;
 *  - LISTEN_FDNAMES, where present, holds as many names as there are sockets. Empty names
 *    count. */
LISTENFD_API LISTENFD_CHECK_RESULT struct listenfd *listenfd_from_env(unsigned flags);

/* Frees the object and closes the sockets that were not taken: a listener on which nobody
 * accepts would swallow connections. Closes nothing under LISTENFD_KEEP and
 * LISTENFD_NOT_LAST. errno is preserved. NULL is allowed. After fork(2) parent and child have an
 * object each, and free it each: a socket that one has closed is still open in the other. */
LISTENFD_API void listenfd_free(struct listenfd *lfd);

/* ---- Looking without taking ------------------------------------------------------ */

/* What the environment held: LISTENFD_PASSED, LISTENFD_NONE (also for NULL),
 * LISTENFD_OTHER_PROCESS, or, malformed, one of LISTENFD_EFDS, _EFIRSTFD, _EPID,
 * _EPIDFDID, _ENAMES, _ECLOSED; LISTENFD_EINVAL when from_env got flags it does not know
 * or two that contradict each other. On Windows the malformed ones are LISTENFD_ESERVER,
 * _ESECRET, _ENAMES, and what became of asking: LISTENFD_ECONNECT, _ETIMEDOUT, _ENOANSWER,
 * _ESHORT, _ETOOLONG, _EINFO, _ESYSTEM. It never changes.
 *
 * If it is negative, a take call returns it for every index. A program that loops over
 * listenfd_count must look here first: to it, a malformed environment looks like an empty one. */
LISTENFD_API int listenfd_status(const struct listenfd *lfd);

/* How many sockets were passed; does not shrink as they are taken. 0 unless the status is
 * LISTENFD_PASSED. */
LISTENFD_API size_t listenfd_count(const struct listenfd *lfd);

/* The name LISTEN_FDNAMES gives to the socket at index, taken or not; "unknown" when no
 * names were passed, as in sd_listen_fds_with_names(3); NULL past the end. It belongs to
 * the object: valid until listenfd_free. */
LISTENFD_API const char *listenfd_name(const struct listenfd *lfd, size_t index);

/* Writes what the socket at index is, for a log line: "tcp listener 127.0.0.1:5000",
 * "unix datagram /run/log.sock", "tcp stream from [::1]:41234", "fifo". Asks the system:
 * a taken socket can be described for as long as its new owner has it open.
 *
 * buf, size: as for snprintf(3); NULL with 0 only measures.
 *
 * Returns the length of the whole text without its NUL, even where size cut it short;
 * 0 and "" past the end. errno is preserved. */
LISTENFD_API int listenfd_describe(const struct listenfd *lfd, size_t index, char *buf,
                                   size_t size);

/* ---- Addresses -------------------------------------------------------------------
 *
 * Everywhere an address is one text, [TYPE::]ADDRESS[,OPTION...], as for systemfd -s:
 *
 *     TYPE    tcp, tcp6, udp, udp6, unix (a stream), unix-datagram, unix-seqpacket; http and
 *             https are tcp. tcp6 and udp6 are IPv6 only. Without a type it is unix if the
 *             address has a slash or begins with @, and else tcp.
 *     ADDRESS 127.0.0.1:80, [::1]:80, [fe80::1%eth0]:80 (the interface's name or number),
 *             :80 or *:80 (every address, IPv6 and IPv4), /run/x.sock, ./x.sock (a path), or
 *             @name (abstract; Linux only). Hosts are numeric: no name is resolved. Port 0
 *             lets the system choose.
 *     OPTION  mode=660 of a path (octal), instead of what umask(2) leaves; backlog=N (1 to
 *             2147483647) of a listener, instead of SOMAXCONN; v6only and reuseport of
 *             tcp and udp. A comma in a path is written "\,", a backslash "\\".
 *
 * "udp::[::]:53,v6only"   "/run/x.sock,mode=660"   ":80"   "unix-datagram::@log"
 *
 * Anything else, even an option that does not exist or does not apply, is LISTENFD_EADDRESS,
 * with a message that says what is expected, whether sockets were passed or not. */

/* The first untaken socket at or after index `from` that has this name. Start with 0; go on
 * with the last result + 1.
 *
 * Returns the index, or LISTENFD_NOT_FOUND; listenfd_message tells why there is none. errno
 * is preserved. */
LISTENFD_API size_t listenfd_find_name(struct listenfd *lfd, const char *name, size_t from);

/* The same by what the socket is bound to. With a type, it must be of that type ("udp::" finds
 * no TCP socket); without one, a socket of any type is found ("127.0.0.1:53" finds UDP, too). With
 * v6only, tcp6 or udp6 it must be an IPv6 socket. The other options are
 * checked and not compared.
 *
 * Addresses are compared as values: a v4-mapped IPv6 address equals its IPv4 one, and two
 * spellings of one socket file (/run and /var/run) are the same file. "0.0.0.0:80" and
 * "[::]:80" are different addresses; ":80" is that port of any address, these two included.
 * An IPv6 address without a scope equals the same one with any scope; and a socket that has none
 * is found with any, since the system keeps the scope of link-local addresses only. */
LISTENFD_API size_t listenfd_find_address(struct listenfd *lfd, const char *address, size_t from);

/* The same for a program that already has an address of IPv4, IPv6 or AF_UNIX.
 *
 * type: SOCK_STREAM, SOCK_DGRAM ..., or 0 for any.
 * size: of what address points to. An address of another family is not found. */
LISTENFD_API size_t listenfd_find_sockaddr(struct listenfd *lfd, int type,
                                           const struct sockaddr *address, size_t size,
                                           size_t from);

/* ---- The passed socket, or else one of our own ----------------------------------- */

/* Takes the socket at index or, when none was passed, opens address: the start of a server in one
 * call. The address says which kind of socket a passed one must be, too (tcp, unix and
 * unix-seqpacket: a listener; udp and unix-datagram: a socket).
 *
 * index:   from 0, in the launcher's order; or what a find call returned.
 * address: as above. A passed socket may be bound to another address: that is for its launcher
 *          to decide. ":80" is IPv6 and IPv4 in one socket (IPv4 alone on a machine without
 *          IPv6), "[::]:80" is IPv6, and whether IPv4 too is the system's default
 *          (net.ipv6.bindv6only), as under systemd; ",v6only" is IPv6 alone, and leaves
 *          "0.0.0.0:80" to another socket.
 * out:     receives the socket; LISTENFD_INVALID_SOCKET unless the result is positive.
 *
 * Returns
 *   LISTENFD_TAKEN  1: the socket was passed;
 *   LISTENFD_BOUND  2: it was opened here. It is close-on-exec, in the mode that from_env's flags
 *                   ask for (else blocking), and has the backlog SOMAXCONN, or what the option
 *                   says; a tcp one has SO_REUSEADDR. listenfd_port and listenfd_address tell
 *                   what port 0 became;
 *   negative        neither: the codes of listenfd_take_tcp_listener (a wrong socket is an
 *                   error, not a reason to bind), LISTENFD_EADDRESS, LISTENFD_EINUSE (errno
 *                   EADDRINUSE), LISTENFD_ENOTSUPPORTED, or LISTENFD_ESYSTEM with errno.
 * Never 0. Either way the socket is yours to close.
 *
 * A file that is already at a unix path is replaced only if it is a socket and connecting to it is
 * refused: its server is dead. Anything else stays as it is, and the result is LISTENFD_EINUSE.
 * Of two that start at once, one gets the path and the other LISTENFD_EINUSE; a lock, the file
 * ".#x.sock" beside "x.sock", exists for that moment. Remove the path when you stop if
 * the result was LISTENFD_BOUND; leave it to the launcher if it was LISTENFD_TAKEN. A path is at
 * most as long as sockaddr_un has room for (about 100 bytes). With mode=, umask(2) changes for
 * the moment of bind(2): no other thread should create files then. */
LISTENFD_API LISTENFD_CHECK_RESULT int listenfd_take_or_bind(struct listenfd *lfd, size_t index,
                                                             const char *address,
                                                             listenfd_socket *out);

/* ---- Taking one socket ----------------------------------------------------------- */

/* Takes the socket at index, if it is a TCP listener: a stream socket over IPv4 or IPv6,
 * protocol TCP or MPTCP, listening. The kernel is asked; the launcher is not trusted.
 *
 * index: from 0, in the launcher's order; or LISTENFD_NOT_FOUND for "none".
 * out:   receives the socket; LISTENFD_INVALID_SOCKET unless the result is positive, so that a
 *        caller who misreads the result fails at once.
 *
 * Returns
 *   LISTENFD_TAKEN  1: it is yours now: close it yourself, but never shutdown(2) a listener,
 *                   which would end it for the launcher too;
 *   0               there is none at that index: not passed, or taken already. Bind your own;
 *   negative        there is one, and it is not what you asked for. It stays in place:
 *                   LISTENFD_EFAMILY, _ETYPE, _EPROTOCOL, _ENOTLISTENING, _ENOTSOCKET,
 *                   _ECLOSED; LISTENFD_ESYSTEM when its mode could not be set or the kernel
 *                   refused to tell, with errno; LISTENFD_EINVAL when out is NULL;
 *                   or the status, when that is negative, for every index.
 * errno is preserved but for LISTENFD_ESYSTEM. The socket is close-on-exec (unless
 * LISTENFD_KEEP) and in the mode that from_env's flags ask for. */
LISTENFD_API LISTENFD_CHECK_RESULT int
listenfd_take_tcp_listener(struct listenfd *lfd, size_t index, listenfd_socket *out);

/* The same for a listener of streams over TCP, MPTCP or AF_UNIX: for a server that does not
 * care which. */
LISTENFD_API LISTENFD_CHECK_RESULT int
listenfd_take_stream_listener(struct listenfd *lfd, size_t index, listenfd_socket *out);

/* The same for a connection that was already accepted, from systemd's Accept=yes: a
 * connected TCP stream. LISTENFD_ENOTCONNECTED when it is not connected. */
LISTENFD_API LISTENFD_CHECK_RESULT int listenfd_take_tcp_stream(struct listenfd *lfd, size_t index,
                                                                listenfd_socket *out);

/* The same for a UDP socket over IPv4 or IPv6. */
LISTENFD_API LISTENFD_CHECK_RESULT int listenfd_take_udp_socket(struct listenfd *lfd, size_t index,
                                                                listenfd_socket *out);

/* The same for AF_UNIX: a listening stream socket, a connected stream, a datagram socket, a
 * listening seqpacket socket. LISTENFD_ENOTSUPPORTED on Windows. */
LISTENFD_API LISTENFD_CHECK_RESULT int
listenfd_take_unix_listener(struct listenfd *lfd, size_t index, listenfd_socket *out);
LISTENFD_API LISTENFD_CHECK_RESULT int listenfd_take_unix_stream(struct listenfd *lfd, size_t index,
                                                                 listenfd_socket *out);
LISTENFD_API LISTENFD_CHECK_RESULT int
listenfd_take_unix_datagram(struct listenfd *lfd, size_t index, listenfd_socket *out);
LISTENFD_API LISTENFD_CHECK_RESULT int
listenfd_take_unix_seqpacket_listener(struct listenfd *lfd, size_t index, listenfd_socket *out);

/* The same for any other kind of socket: vsock, netlink, SCTP ...
 *
 * family, type, protocol: the system's AF_*, SOCK_* and IPPROTO_* numbers; 0 or -1: any.
 * listening: 1 must listen, 0 must not (LISTENFD_ELISTENING), -1 either.
 *
 * Where the system cannot tell a socket's protocol (macOS), TCP is assumed for a stream and
 * UDP for a datagram socket. */
LISTENFD_API LISTENFD_CHECK_RESULT int listenfd_take_custom(struct listenfd *lfd, size_t index,
                                                            int family, int type, int protocol,
                                                            int listening, listenfd_socket *out);

/* The same for whatever is there, a FIFO or special file included: checked only to be
 * open. */
LISTENFD_API LISTENFD_CHECK_RESULT int listenfd_take_raw(struct listenfd *lfd, size_t index,
                                                         listenfd_socket *out);

/* ---- What a socket is bound to --------------------------------------------------- */

/* These ask the system about any socket of this process, taken, bound or opened elsewhere.
 * errno is preserved. */

/* The local port of a TCP or UDP socket; -1 for anything else. */
LISTENFD_API int listenfd_port(listenfd_socket fd);

/* Writes the local address, as listenfd_find_address takes it without a type: "127.0.0.1:5000",
 * "[fe80::1%eth0]:80", "/run/x.sock", "@name"; "" for what has no address of that form.
 * buf, size and the result as for listenfd_describe. Control characters are shown as '?'. */
LISTENFD_API int listenfd_address(listenfd_socket fd, char *buf, size_t size);

/* The same as listenfd_describe. */
LISTENFD_API int listenfd_describe_socket(listenfd_socket fd, char *buf, size_t size);

/* ---- What went wrong ------------------------------------------------------------- */

/* One sentence about the last call with this object that did not do what it was asked for: what
 * was expected, what arrived, what to do. After a find call that found nothing, why. For a log,
 * not for parsing: control characters, which come from names and paths, are shown as '?'. It
 * belongs to the object: valid until the next call with it. Never NULL. */
LISTENFD_API const char *listenfd_message(const struct listenfd *lfd);

/* Static text for a code or status; "unknown code" for any other number. Never NULL. */
LISTENFD_API const char *listenfd_strerror(int code);

/* LISTENFD_VERSION as it was when the library was compiled. */
LISTENFD_API const char *listenfd_version(void);

/* ---- Telling the service manager ------------------------------------------------- */

/* Tells the service manager the state of this process: "READY=1" when it serves, "STATUS=text",
 * "STOPPING=1", "RELOADING=1", "WATCHDOG=1" and all else in sd_notify(3), lines separated by
 * "\n". The state goes to the socket that NOTIFY_SOCKET names: a path, @abstract or, on Linux,
 * vsock:CID:PORT (systemd v254); on Windows to systemfd's pipe (win32/PROTOCOL.md). A state with
 * the line RELOADING=1 and without MONOTONIC_USEC= gets that one, which Type=notify-reload wants.
 *
 * Returns
 *   1        it was sent;
 *   0        there is no one to tell: NOTIFY_SOCKET is not set, or this is a privileged program;
 *   negative LISTENFD_EINVAL: state is NULL; LISTENFD_ENOTIFY: NOTIFY_SOCKET is not a socket's
 *            address; LISTENFD_ENOTSUPPORTED: vsock, where there is none; LISTENFD_ESYSTEM:
 *            sending failed, with errno.
 * It is safe to ignore the result. errno is preserved but for LISTENFD_ESYSTEM. Any thread may call
 * it; it waits while the receiver's queue is full (on Windows for at most a second). NOTIFY_SOCKET
 * stays in the environment: unsetenv(3) it for children that must not speak for this process. */
LISTENFD_API int listenfd_notify(const char *state);

/* Whether the service manager expects WATCHDOG=1 of this process, and how often: as
 * sd_watchdog_enabled(3), from WATCHDOG_USEC and WATCHDOG_PID.
 *
 * usec: receives the interval in microseconds; say "WATCHDOG=1" twice as often, in case one comes
 *       late. 0 unless the result is 1. May be NULL.
 *
 * Returns 1 when it does; 0 when it does not, or expects it of another process; or
 * LISTENFD_EWATCHDOG. errno is preserved. */
LISTENFD_API int listenfd_watchdog(uint64_t *usec);

#ifdef __cplusplus
}
#endif
#endif
