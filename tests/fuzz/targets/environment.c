/* SPDX-License-Identifier: MIT
 * Every environment, with real descriptors below it, and every call on what from_env makes
 * of it. An input:
 *
 *     descriptors=t6.u      what is open at 3, 4, ...: see open_one; '.': nothing
 *     flags=KR              of from_env: see flag_of; L: the limit for descriptors is low
 *     calls=t0b1n0          each call with an index: see call and index_of
 *     LISTEN_FDS=4          each of the five variables; $PID and $INODE are this process's
 *     name=web              for find_name
 *     address=127.0.0.1:80  for find_address and the bind calls */
#include "input.h"
#include "listenfd.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/vfs.h>
#include <unistd.h>

enum {
    FIRST = 3,
    SLOTS = 16,    /* 3 to 18 are laid out anew for each input */
    WATCHED = 128, /* descriptors that are looked at */
    ABOVE = 64,    /* where this target's own begin */
    SOME_ERRNO = 4711
};

static const char kinds[] = "t6sulcdqpfi"; /* the first letters are those of their calls */
static const char *const variables[] = {"LISTEN_FDS", "LISTEN_PID", "LISTEN_PIDFDID",
                                        "LISTEN_FDNAMES", "LISTEN_FDS_FIRST_FD"};

static int models[sizeof kinds], standard[FIRST], standard_modes[FIRST];
static char pid_text[24], inode_text[24];
static unsigned long long own_inode;
static int inodes_tell; /* Linux 6.9 and later */

/* ---- Once ---- */

int __wrap_bind(int fd, const struct sockaddr *address, socklen_t size);
int __wrap_open64(const char *path, int flags, ...);
int __real_bind(int fd, const struct sockaddr *address, socklen_t size);

static int preparing = 1;

/* An input must not bind ports and paths of this machine. listen(2) then finds the system's
 * choice of a port. */
/* No lock files. */
int __wrap_open64(const char *path, int flags, ...)
{
    (void)path;
    (void)flags;
    errno = EACCES;
    return -1;
}

int __wrap_bind(int fd, const struct sockaddr *address, socklen_t size)
{
    if (preparing)
        return __real_bind(fd, address, size);
    if (address->sa_family != AF_UNIX)
        return 0;
    errno = EACCES;
    return -1;
}

static int bound(int family, int type, int listening)
{
    struct sockaddr_storage address = {.ss_family = (sa_family_t)family};
    int fd = socket(family, type, 0);

    if (fd < 0 && family == AF_INET6)
        return bound(AF_INET, type, listening);
    if (family == AF_INET)
        ((struct sockaddr_in *)&address)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (family == AF_INET6) /* ::ffff:127.0.0.1, so that no IPv6 loopback is needed */
        inet_pton(AF_INET6, "::ffff:127.0.0.1", &((struct sockaddr_in6 *)&address)->sin6_addr);
    assert(fd >= 0);
    /* Of a unix address only the family: the system gives it an abstract name. */
    assert(bind(fd, (struct sockaddr *)&address,
                family == AF_UNIX ? sizeof(sa_family_t) : sizeof address) == 0);
    assert(!listening || listen(fd, 1) == 0);
    return fd;
}

static int moved_up(int fd)
{
    int up = fcntl(fd, F_DUPFD_CLOEXEC, ABOVE);

    assert(up >= 0);
    close(fd);
    return up;
}

/* The listener stays, and with it the connection. */
static int connected(void)
{
    struct sockaddr_storage address;
    socklen_t size = sizeof address;
    int listener = moved_up(bound(AF_INET, SOCK_STREAM, 1)), fd = socket(AF_INET, SOCK_STREAM, 0);

    assert(getsockname(listener, (struct sockaddr *)&address, &size) == 0);
    assert(connect(fd, (struct sockaddr *)&address, size) == 0);
    return fd;
}

static int open_one(char kind)
{
    int ends[2];

    switch (kind) {
    case 't':
        return bound(AF_INET, SOCK_STREAM, 1);
    case '6':
        return bound(AF_INET6, SOCK_STREAM, 1);
    case 's':
        return connected();
    case 'u':
        return bound(AF_INET, SOCK_DGRAM, 0);
    case 'l':
        return bound(AF_UNIX, SOCK_STREAM, 1);
    case 'c':
        assert(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
        moved_up(ends[1]);
        return ends[0];
    case 'd':
        return bound(AF_UNIX, SOCK_DGRAM, 0);
    case 'q':
        return bound(AF_UNIX, SOCK_SEQPACKET, 1);
    case 'p':
        assert(pipe(ends) == 0);
        moved_up(ends[1]);
        return ends[0];
    case 'f':
        return open("/dev/null", O_RDWR);
    default: /* neither listening nor connected */
        return bound(AF_INET, SOCK_STREAM, 0);
    }
}

/* For each process anew: AFL++ forks after LLVMFuzzerInitialize. */
static void learn_who_we_are(void)
{
    static pid_t known;
    struct stat status;
    struct statfs system;
    int pidfd;

    if (known == getpid())
        return;
    known = getpid();
    pidfd = (int)syscall(SYS_pidfd_open, known, 0);
    inodes_tell = pidfd >= 0 && fstat(pidfd, &status) == 0 && fstatfs(pidfd, &system) == 0 &&
                  system.f_type == 0x50494446; /* pidfs */
    own_inode = inodes_tell ? status.st_ino : 0;
    close(pidfd);
    snprintf(inode_text, sizeof inode_text, "%llu", own_inode);
    snprintf(pid_text, sizeof pid_text, "%ld", (long)known);
}

/* Models of what an input may have open, above; nothing from 3 up to them. */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    for (int fd = FIRST; fd < ABOVE; fd++)
        close(fd);
    for (size_t i = 0; kinds[i] != '\0'; i++)
        models[i] = moved_up(open_one(kinds[i]));
    for (int fd = 0; fd < FIRST; fd++) {
        if (fcntl(fd, F_GETFD) < 0)
            assert(open("/dev/null", O_RDWR) == fd);
        standard[fd] = fcntl(fd, F_DUPFD_CLOEXEC, ABOVE);
        assert(standard[fd] >= 0);
        standard_modes[fd] = fcntl(fd, F_GETFL);
    }
    preparing = 0;
    return 0;
}

/* ---- For each input ---- */

struct run {
    struct input input;
    unsigned flags;
    rlim_t limit;               /* for descriptors */
    const char *layout;         /* what is open at 3, 4, ... */
    const char *value[5];       /* of the variables; NULL: unset */
    int before[WATCHED];        /* descriptors' flags; -1: closed */
    int after_reading[WATCHED]; /* the same after from_env */
    int first, status;
    size_t count; /* passed */
    int taken[SLOTS + FIRST], gone[SLOTS + FIRST];
    struct listenfd *lfd;
};

static void look_at_descriptors(int *flags)
{
    for (int fd = 0; fd < WATCHED; fd++)
        flags[fd] = fcntl(fd, F_GETFD);
}

static void lay_out(const char *layout)
{
    size_t length = strlen(layout);

    for (size_t i = 0; i < SLOTS; i++) {
        const char *kind = i < length ? strchr(kinds, layout[i]) : NULL;
        if (kind)
            assert(dup2(models[kind - kinds], FIRST + (int)i) >= 0);
        else
            close(FIRST + (int)i);
    }
}

/* They may have been passed, and closed; their modes are those of the user's terminal. */
static void restore_standard_streams(void)
{
    for (int fd = 0; fd < FIRST; fd++) {
        assert(dup2(standard[fd], fd) == fd);
        fcntl(fd, F_SETFL, standard_modes[fd]);
    }
}

static unsigned flag_of(char letter)
{
    switch (letter) {
    case 'K':
        return LISTENFD_KEEP;
    case 'N':
        return LISTENFD_NONBLOCK;
    case 'B':
        return LISTENFD_BLOCK;
    case 'R':
        return LISTENFD_REQUIRE_PID;
    case 'X':
        return 1U << 31;
    default:
        return 0;
    }
}

static unsigned flags_of(const char *letters)
{
    unsigned flags = 0;

    for (; *letters != '\0'; letters++)
        flags |= flag_of(*letters);
    return flags;
}

static void limit_descriptors(rlim_t limit)
{
    struct rlimit now;

    assert(getrlimit(RLIMIT_NOFILE, &now) == 0);
    now.rlim_cur = limit;
    assert(setrlimit(RLIMIT_NOFILE, &now) == 0);
}

/* text with $PID and $INODE put in, in the environment. */
static const char *set_variable(const char *name, const char *text)
{
    char value[65536];
    size_t length = 0;

    unsetenv(name);
    if (!text)
        return NULL;
    while (*text != '\0' && length < sizeof value - sizeof inode_text) {
        const char *own = strncmp(text, "$PID", 4) == 0     ? pid_text
                          : strncmp(text, "$INODE", 6) == 0 ? inode_text
                                                            : NULL;
        if (own)
            length += (size_t)sprintf(value + length, "%s", own);
        else
            value[length++] = *text;
        text += !own ? 1 : own == pid_text ? 4 : 6;
    }
    value[length] = '\0';
    assert(setenv(name, value, 1) == 0);
    return strdup(value);
}

static void set_variables(struct run *run)
{
    char key[32];

    for (size_t i = 0; i < 5; i++) {
        snprintf(key, sizeof key, "%s=", variables[i]);
        run->value[i] = set_variable(variables[i], input_value(&run->input, key));
    }
}

/* ---- What the header says that from_env makes of it ---- */

static int has_room(const struct run *run)
{
    for (int fd = 0; fd < (int)run->limit && fd < WATCHED; fd++)
        if (run->before[fd] < 0)
            return 1;
    return 0;
}

static int expected_for_process(const struct run *run)
{
    const char *pid = run->value[1], *inode = run->value[2];
    unsigned long long number;

    if (!pid || !*pid) {
        if (run->flags & LISTENFD_REQUIRE_PID)
            return LISTENFD_NONE;
    } else if (!is_number(pid, INT_MAX, &number) || number == 0) {
        return LISTENFD_EPID;
    } else if (number != (unsigned long long)getpid()) {
        return LISTENFD_OTHER_PROCESS;
    }
    if (inode && !is_number(inode, ULLONG_MAX, &number))
        return LISTENFD_EPIDFDID;
    if (inode && inodes_tell && number != own_inode && has_room(run))
        return LISTENFD_OTHER_PROCESS;
    return LISTENFD_PASSED;
}

static int expected_for_range(struct run *run)
{
    const char *first = run->value[4];
    unsigned long long count, start = FIRST;

    if (!is_number(run->value[0], INT_MAX, &count))
        return LISTENFD_EFDS;
    if (count == 0)
        return LISTENFD_NONE;
    if (first && (!is_number(first, INT_MAX, &start) || start < 3))
        return LISTENFD_EFIRSTFD;
    if (start + count - 1 > INT_MAX)
        return LISTENFD_EFDS;
    for (unsigned long long fd = start; fd < start + count; fd++)
        if (fd >= WATCHED || run->before[fd] < 0)
            return LISTENFD_ECLOSED;
    run->first = (int)start;
    run->count = (size_t)count;
    return LISTENFD_PASSED;
}

static int expected_for_names(const struct run *run)
{
    size_t names = 1;

    if (!run->value[3])
        return LISTENFD_PASSED;
    for (const char *c = run->value[3]; *c != '\0'; c++)
        names += *c == ':';
    return names == run->count ? LISTENFD_PASSED : LISTENFD_ENAMES;
}

static int expected_status(struct run *run)
{
    const unsigned modes = LISTENFD_NONBLOCK | LISTENFD_BLOCK;
    int status;

    if ((run->flags & modes) == modes || run->flags > 15)
        return LISTENFD_EINVAL;
    if (!run->value[0])
        return LISTENFD_NONE;
    status = expected_for_process(run);
    if (status == LISTENFD_PASSED)
        status = expected_for_range(run);
    if (status == LISTENFD_PASSED)
        status = expected_for_names(run);
    if (status != LISTENFD_PASSED)
        run->count = 0;
    return status;
}

/* ---- What from_env left behind ---- */

static int is_passed(const struct run *run, int fd)
{
    return fd >= run->first && fd < run->first + (int)run->count;
}

static void check_variables(const struct run *run)
{
    for (size_t i = 0; i < 5; i++) {
        const char *now = getenv(variables[i]);
        if (!(run->flags & LISTENFD_KEEP) || !run->value[i])
            assert(!now);
        else
            assert(now && strcmp(now, run->value[i]) == 0);
    }
}

static void check_descriptors_after_reading(struct run *run)
{
    look_at_descriptors(run->after_reading);
    for (int fd = 0; fd < WATCHED; fd++)
        if (is_passed(run, fd) && !(run->flags & LISTENFD_KEEP))
            assert(run->after_reading[fd] == FD_CLOEXEC);
        else
            assert(run->after_reading[fd] == run->before[fd]);
}

/* Side by side they are LISTEN_FDNAMES. */
static void check_names(const struct run *run)
{
    const char *text = run->value[3];

    for (size_t i = 0; i < run->count; i++) {
        const char *name = listenfd_name(run->lfd, i);
        size_t length = strlen(name);
        if (!text) {
            assert(strcmp(name, "unknown") == 0);
            continue;
        }
        assert(strncmp(text, name, length) == 0);
        assert(text[length] == (i + 1 < run->count ? ':' : '\0'));
        text += length + 1;
    }
    assert(!listenfd_name(run->lfd, run->count));
    assert(!listenfd_name(run->lfd, (size_t)-1));
}

/* ---- Calls ---- */

static size_t index_of(char letter)
{
    if (letter >= '0' && letter <= '9')
        return (size_t)(letter - '0');
    if (letter >= 'a' && letter <= 'z')
        return (size_t)(letter - 'a') + 10;
    return letter == '-' ? LISTENFD_NOT_FOUND : LISTENFD_NOT_FOUND - 1;
}

static int is_untaken(const struct run *run, size_t index)
{
    return index < run->count && !run->taken[index];
}

static int is_refusal(int code)
{
    static const int codes[] = {LISTENFD_ECLOSED,      LISTENFD_ENOTSOCKET, LISTENFD_EFAMILY,
                                LISTENFD_ETYPE,        LISTENFD_EPROTOCOL,  LISTENFD_ENOTLISTENING,
                                LISTENFD_ENOTCONNECTED};

    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        if (code == codes[i])
            return 1;
    return 0;
}

static void check_mode(const struct run *run, int fd)
{
    int mode = fcntl(fd, F_GETFL);

    if (run->flags & LISTENFD_NONBLOCK)
        assert(mode & O_NONBLOCK);
    if (run->flags & LISTENFD_BLOCK)
        assert(!(mode & O_NONBLOCK));
}

/* wanted: the kinds that the call takes. */
static void check_take(struct run *run, size_t index, const char *wanted, int result, int fd)
{
    char kind;

    assert(errno == SOME_ERRNO || result == LISTENFD_ESYSTEM);
    assert((result == 1) == (fd != LISTENFD_INVALID_SOCKET));
    if (!is_untaken(run, index)) {
        assert(result == (run->status < 0 ? run->status : 0));
        return;
    }
    assert(result == 1 || is_refusal(result) || result == LISTENFD_ESYSTEM);
    if (result == 1) {
        assert(fd == run->first + (int)index);
        run->taken[index] = 1;
        check_mode(run, fd);
    }
    if (run->first + (int)index < FIRST || (run->flags & (LISTENFD_NONBLOCK | LISTENFD_BLOCK)))
        return; /* of a kind that is not known here, or that may have no mode */
    kind = run->layout[run->first - FIRST + (int)index];
    assert((result == 1) == (!run->gone[index] && strchr(wanted, kind) != NULL));
    assert((result == LISTENFD_ECLOSED) == run->gone[index]);
}

typedef int take_call(struct listenfd *lfd, size_t index, listenfd_socket *out);

static void take(struct run *run, size_t index, take_call *call, const char *wanted)
{
    int fd = 0, result;

    errno = SOME_ERRNO;
    result = call(run->lfd, index, &fd);
    check_take(run, index, wanted, result, fd);
    assert(call(run->lfd, index, NULL) == LISTENFD_EINVAL);
}

static void take_custom(struct run *run, size_t index)
{
    static const int families[] = {0, AF_INET, -1}, types[] = {0, SOCK_DGRAM, -1};
    int fd = 0, result, listening = (int)(index % 3) - 1;

    errno = SOME_ERRNO;
    result = listenfd_take_custom(run->lfd, index, families[index % 3], types[index / 3 % 3],
                                  index & 4 ? IPPROTO_UDP : 0, listening, &fd);
    assert((result == 1) == (fd != LISTENFD_INVALID_SOCKET));
    if (result == 1) {
        assert(is_untaken(run, index) && fd == run->first + (int)index);
        run->taken[index] = 1;
    }
}

/* type: "tcp" takes the kinds of wanted, unless it has options. */
static void take_or_bind(struct run *run, size_t index, const char *type, const char *wanted)
{
    const char *value = input_text(&run->input, "address=");
    int fd = 0, result, passed = is_untaken(run, index);
    char address[600];

    snprintf(address, sizeof address, "%s::%s", type, value);
    if (strstr(address, "v6only"))
        wanted = NULL;

    errno = SOME_ERRNO;
    result = listenfd_take_or_bind(run->lfd, index, address, &fd);
    if (result == LISTENFD_EADDRESS || !wanted) {
        assert((result > 0) == (fd != LISTENFD_INVALID_SOCKET));
        if (result == LISTENFD_BOUND)
            close(fd);
        if (result == LISTENFD_TAKEN)
            run->taken[index] = 1;
        return;
    }
    if (passed || run->status < 0) {
        check_take(run, index, wanted, result, fd);
        return;
    }
    assert((result == LISTENFD_BOUND) == (fd != LISTENFD_INVALID_SOCKET));
    if (result == LISTENFD_BOUND) {
        assert(errno == SOME_ERRNO && fcntl(fd, F_GETFD) == FD_CLOEXEC);
        check_mode(run, fd);
        close(fd);
    } else {
        assert(result == LISTENFD_EADDRESS ? errno == SOME_ERRNO : result == LISTENFD_ESYSTEM);
    }
}

static void find_name(const struct run *run, size_t from)
{
    const char *name = input_text(&run->input, "name=");
    size_t expected = LISTENFD_NOT_FOUND;

    for (size_t i = run->count; i-- > from;)
        if (is_untaken(run, i) && strcmp(listenfd_name(run->lfd, i), name) == 0)
            expected = i;
    assert(listenfd_find_name(run->lfd, name, from) == expected);
}

static void find_address(const struct run *run, size_t from)
{
    size_t found;

    errno = SOME_ERRNO;
    found = listenfd_find_address(run->lfd, input_value(&run->input, "address="), from);
    assert(errno == SOME_ERRNO);
    assert(found == LISTENFD_NOT_FOUND || (found >= from && is_untaken(run, found)));
}

/* Into a buffer that ends where it must not be overrun. */
static void describe(const struct run *run, size_t index)
{
    int length = listenfd_describe(run->lfd, index, NULL, 0);

    assert(length >= 0 && (length > 0) == (index < run->count));
    for (size_t size = 1; size <= (size_t)length + 2; size += 1 + (size_t)length / 2) {
        char *text = malloc(size);
        assert(text);
        assert(listenfd_describe(run->lfd, index, text, size) == length);
        assert(strlen(text) == ((size_t)length < size ? (size_t)length : size - 1));
        assert_printable(text);
        free(text);
    }
}

/* As others in the process may do by mistake, or because it is theirs now. */
static void close_behind_its_back(struct run *run, size_t index)
{
    if (index >= run->count)
        return;
    close(run->first + (int)index);
    run->gone[index] = 1;
}

static void call(struct run *run, char letter, size_t index)
{
    switch (letter) {
    case 't':
        take(run, index, listenfd_take_tcp_listener, "t6");
        break;
    case 's':
        take(run, index, listenfd_take_tcp_stream, "s");
        break;
    case 'u':
        take(run, index, listenfd_take_udp_socket, "u");
        break;
    case 'l':
        take(run, index, listenfd_take_unix_listener, "l");
        break;
    case 'c':
        take(run, index, listenfd_take_unix_stream, "c");
        break;
    case 'd':
        take(run, index, listenfd_take_unix_datagram, "d");
        break;
    case 'q':
        take(run, index, listenfd_take_unix_seqpacket_listener, "q");
        break;
    case 'r':
        take(run, index, listenfd_take_raw, kinds);
        break;
    case 'x':
        take_custom(run, index);
        break;
    case 'b':
        take_or_bind(run, index, "tcp", "t6");
        break;
    case 'B':
        take_or_bind(run, index, "unix", "l");
        break;
    case 'n':
        find_name(run, index);
        break;
    case 'a':
        find_address(run, index);
        break;
    case 'D':
        describe(run, index);
        break;
    case 'C':
        close_behind_its_back(run, index);
        break;
    default:
        break;
    }
}

static void make_calls(struct run *run)
{
    const char *calls = input_text(&run->input, "calls=");

    for (size_t made = 0; calls[0] != '\0' && calls[1] != '\0' && made < 64; made++, calls += 2) {
        call(run, calls[0], index_of(calls[1]));
        assert_printable(listenfd_message(run->lfd));
        assert(listenfd_status(run->lfd) == run->status);
        assert(listenfd_count(run->lfd) == run->count);
    }
}

/* What was passed and not taken is closed, and nothing else. */
static void check_descriptors_after_free(const struct run *run)
{
    int now[WATCHED];

    look_at_descriptors(now);
    for (int fd = 0; fd < WATCHED; fd++) {
        int passed = is_passed(run, fd), index = passed ? fd - run->first : 0;
        if (passed && (run->gone[index] || (!run->taken[index] && !(run->flags & LISTENFD_KEEP))))
            assert(now[fd] < 0);
        else
            assert(now[fd] == run->after_reading[fd]);
    }
}

static void read_environment(struct run *run)
{
    int expected = expected_status(run);

    errno = SOME_ERRNO;
    run->lfd = listenfd_from_env(run->flags);
    assert(run->lfd && errno == SOME_ERRNO);
    run->status = listenfd_status(run->lfd);
    assert(run->status == expected);
    assert(listenfd_count(run->lfd) == run->count);
    assert(strcmp(listenfd_strerror(run->status), "unknown code") != 0);
    assert_printable(listenfd_message(run->lfd));
    assert((*listenfd_message(run->lfd) == '\0') == (run->status == LISTENFD_PASSED));
    check_variables(run);
    check_descriptors_after_reading(run);
    check_names(run);
}

/* Descriptors of the fuzzer's own must not be announced: they would be closed. */
static int announces_ours(const struct run *run)
{
    unsigned long long start;

    return run->value[4] && is_number(run->value[4], INT_MAX, &start) && start >= FIRST + SLOTS &&
           fcntl((int)start, F_GETFD) >= 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct run run = {0};
    struct rlimit usual;

    learn_who_we_are();
    input_open(&run.input, data, size);
    run.layout = input_text(&run.input, "descriptors=");
    lay_out(run.layout);
    assert(getrlimit(RLIMIT_NOFILE, &usual) == 0);
    run.limit = strchr(input_text(&run.input, "flags="), 'L') ? FIRST + SLOTS : usual.rlim_cur;
    run.flags = flags_of(input_text(&run.input, "flags="));
    look_at_descriptors(run.before);
    set_variables(&run);
    if (!announces_ours(&run)) {
        limit_descriptors(run.limit);
        read_environment(&run);
        make_calls(&run);
        errno = SOME_ERRNO;
        listenfd_free(run.lfd);
        assert(errno == SOME_ERRNO);
        limit_descriptors(usual.rlim_cur);
        check_descriptors_after_free(&run);
        restore_standard_streams();
    }
    for (size_t i = 0; i < 5; i++)
        free((char *)(uintptr_t)run.value[i]);
    input_close(&run.input);
    return 0;
}
