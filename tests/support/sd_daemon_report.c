/* SPDX-License-Identifier: MIT
 * Calls the functions of <systemd/sd-daemon.h> and prints the results. It is built twice: linked
 * with libsystemd, and with the header of examples/sd-daemon-compat.
 *
 *   PROGRAM listen                    sd_listen_fds and sd_listen_fds_with_names
 *   PROGRAM notify                    sd_notify, sd_notifyf, sd_watchdog_enabled and sd_booted
 *   PROGRAM descriptors LAST PATH...  sd_is_*, for descriptors -1 and 3 to LAST */
#include <systemd/sd-daemon.h>

#include <fcntl.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* ---- Passed sockets ---- */

static const char *const variables[] = {"LISTEN_FDS", "LISTEN_PID", "LISTEN_PIDFDID",
                                        "LISTEN_FDNAMES", "LISTEN_FDS_FIRST_FD"};
static char *values[COUNT(variables)];

enum { LAST_FD = SD_LISTEN_FDS_START + 5 };

static void save_variables(void)
{
    for (size_t i = 0; i < COUNT(variables); i++)
        values[i] = getenv(variables[i]) ? strdup(getenv(variables[i])) : NULL;
}

/* Restores variables and descriptor flags as they were before the first call. */
static void restore(void)
{
    for (size_t i = 0; i < COUNT(variables); i++)
        if (values[i])
            setenv(variables[i], values[i], 1);
    for (int fd = SD_LISTEN_FDS_START; fd <= LAST_FD; fd++)
        fcntl(fd, F_SETFD, 0);
}

static void print_what_is_left(void)
{
    for (size_t i = 0; i < COUNT(variables); i++)
        printf("%s is %s\n", variables[i], getenv(variables[i]) ? "set" : "not set");
    for (int fd = SD_LISTEN_FDS_START; fd <= LAST_FD; fd++)
        printf("flags of descriptor %d: %d\n", fd, fcntl(fd, F_GETFD));
}

static void report_listen(int unset)
{
    restore();
    printf("sd_listen_fds(%d): %d\n", unset, sd_listen_fds(unset));
    print_what_is_left();
}

static void report_names(int unset)
{
    char *untouched[] = {NULL}, **names = untouched;

    restore();
    printf("sd_listen_fds_with_names(%d): %d\n", unset, sd_listen_fds_with_names(unset, &names));
    print_what_is_left();
    if (names == untouched)
        return;
    for (size_t i = 0; names[i]; i++) {
        printf("name '%s'\n", names[i]);
        free(names[i]);
    }
    puts("end of names");
    free(names);
}

static void report_calls(void)
{
    save_variables();
    for (int unset = 0; unset <= 1; unset++) {
        report_listen(unset);
        report_names(unset);
    }
    restore();
    printf("sd_listen_fds_with_names(1, NULL): %d\n", sd_listen_fds_with_names(1, NULL));
    print_what_is_left();
    for (size_t i = 0; i < COUNT(variables); i++)
        free(values[i]);
}

/* ---- Kinds of descriptors ---- */

static const int families[] = {-1, 0, AF_UNIX, AF_INET, AF_INET6, AF_NETLINK};
static const int types[] = {-1, 0, SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET, SOCK_RAW};
static const int listenings[] = {-1, 0, 1, 2};

union address {
    struct sockaddr any;
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
    struct sockaddr_un un;
    char room[256];
};

static void ask_about_internet(int fd, int type, int listening, const union address *own)
{
    uint16_t port = ntohs(own->any.sa_family == AF_INET ? own->in.sin_port : own->in6.sin6_port);
    const struct {
        const char *what;
        uint16_t port;
    } ports[] = {{"any port", 0},
                 {"own port", port},
                 {"other port", (uint16_t)(port ^ 1)},
                 {"swapped port", htons(port)}};

    for (size_t f = 0; f < COUNT(families); f++)
        for (size_t p = 0; p < COUNT(ports); p++)
            printf("%d: sd_is_socket_inet(%d, %d, %d, %s): %d\n", fd, families[f], type, listening,
                   ports[p].what,
                   sd_is_socket_inet(fd, families[f], type, listening, ports[p].port));
}

static void ask_about_unix(int fd, int type, int listening, const union address *own, size_t length)
{
    char longer[256] = "", *path = longer + 1;
    const struct {
        const char *what, *path;
        size_t length;
    } names[] = {
        {"any", NULL, 0},
        {"no name", "", 0},
        {"another path", "/run/another.sock", 0},
        {"another abstract name", "\0another", 8},
        {"own path", path, 0},
        {"own name", path, length},
        {"own name, short", path, length ? length - 1 : 0},
        {"own name, shorter", path, length > 1 ? length - 2 : 0},
        {"own name, long", path, length + 1},
        {"own name, its end", path + 1, length ? length - 1 : 0},
        {"own path, its end", path + 1, 0},
        {"own name with @", longer, length + 1},
    };

    *longer = '@';
    memcpy(path, own->un.sun_path, length);
    for (size_t n = 0; n < COUNT(names); n++)
        printf("%d: sd_is_socket_unix(%d, %d, %s): %d\n", fd, type, listening, names[n].what,
               sd_is_socket_unix(fd, type, listening, names[n].path, names[n].length));
}

static void ask_about_socket(int fd)
{
    union address own = {.room = ""};
    socklen_t size = sizeof own;
    size_t offset = offsetof(struct sockaddr_un, sun_path), length = 0;

    if (getsockname(fd, &own.any, &size) == 0 && own.any.sa_family == AF_UNIX && size > offset)
        length = size - offset;
    for (size_t t = 0; t < COUNT(types); t++)
        for (size_t l = 0; l < COUNT(listenings); l++) {
            for (size_t f = 0; f < COUNT(families); f++)
                printf("%d: sd_is_socket(%d, %d, %d): %d\n", fd, families[f], types[t],
                       listenings[l], sd_is_socket(fd, families[f], types[t], listenings[l]));
            ask_about_internet(fd, types[t], listenings[l], &own);
            ask_about_unix(fd, types[t], listenings[l], &own, length);
        }
}

static void ask_about_fifo(int fd, char *const *paths)
{
    printf("%d: sd_is_fifo(NULL): %d\n", fd, sd_is_fifo(fd, NULL));
    for (; *paths; paths++)
        printf("%d: sd_is_fifo(%.40s): %d\n", fd, *paths, sd_is_fifo(fd, *paths));
}

static void report_descriptor(int fd, char *const *paths)
{
    ask_about_fifo(fd, paths);
    ask_about_socket(fd);
}

/* ---- Notifications ---- */

static void report_notify(void)
{
    static const char *const states[] = {NULL, "", "READY=1", "STATUS=x\nREADY=1\n",
                                         "RELOADING=1\nMONOTONIC_USEC=5"};
    char text[5000];

    for (size_t i = 0; i < COUNT(states); i++)
        printf("sd_notify(0, %zu): %d\n", i, sd_notify(0, states[i]));
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    printf("sd_notify(0, long): %d\n", sd_notify(0, text));
    printf("sd_notifyf(0): %d\n", sd_notifyf(0, "STATUS=%d of %s", 3, "four"));
    printf("sd_notifyf(0, long): %d\n", sd_notifyf(0, "STATUS=%s", text));
    printf("NOTIFY_SOCKET is %s\n", getenv("NOTIFY_SOCKET") ? "set" : "not set");
    printf("sd_notify(1): %d\n", sd_notify(1, "STOPPING=1"));
    printf("NOTIFY_SOCKET is %s\n", getenv("NOTIFY_SOCKET") ? "set" : "not set");
    printf("sd_notify(0): %d\n", sd_notify(0, "STOPPING=1"));
}

static void report_watchdog(void)
{
    for (int unset = 0; unset <= 1; unset++) {
        uint64_t usec = 4711;
        int result = sd_watchdog_enabled(unset, &usec);
        printf("sd_watchdog_enabled(%d): %d, %llu\n", unset, result, (unsigned long long)usec);
        printf("WATCHDOG_USEC is %s\n", getenv("WATCHDOG_USEC") ? "set" : "not set");
        printf("WATCHDOG_PID is %s\n", getenv("WATCHDOG_PID") ? "set" : "not set");
    }
    printf("sd_watchdog_enabled(1, NULL): %d\n", sd_watchdog_enabled(1, NULL));
    printf("sd_booted(): %d\n", sd_booted());
    printf("levels %s\n", SD_EMERG SD_ALERT SD_CRIT SD_ERR SD_WARNING SD_NOTICE SD_INFO SD_DEBUG);
}

int main(int argc, char **argv)
{
    setvbuf(stdout, NULL, _IOFBF, 1 << 16);
    if (argc == 2 && strcmp(argv[1], "listen") == 0) {
        report_calls();
        return 0;
    }
    if (argc == 2 && strcmp(argv[1], "notify") == 0) {
        report_notify();
        report_watchdog();
        return 0;
    }
    if (argc < 3 || strcmp(argv[1], "descriptors") != 0)
        return 2;
    report_descriptor(-1, argv + 3);
    for (int fd = SD_LISTEN_FDS_START; fd <= atoi(argv[2]); fd++)
        report_descriptor(fd, argv + 3);
    return 0;
}
