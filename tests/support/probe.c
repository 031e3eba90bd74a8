/* SPDX-License-Identifier: MIT
 * A receiver that includes only the two files of the library and prints what it sees. With it,
 * tests look at the protocol from inside a process that a launcher started.
 *
 *   probe                               prints status, message, variables, sockets and the other
 *                                       open descriptors
 *   probe KIND index|name|address WHAT  then also takes that socket and serves one peer
 *
 * KIND: tcp_listener tcp_stream udp_socket unix_listener unix_stream unix_datagram
 *       unix_seqpacket_listener raw
 * Accepted connections and datagrams are answered with "hello from NAME\n". */
#define LISTENFD_API static
#include "listenfd.c"

#include <dirent.h>

extern char **environ;

static void print_variables(void)
{
    int any = 0;

    printf("variables");
    for (char **entry = environ; *entry; entry++)
        if (strncmp(*entry, "LISTEN_", 7) == 0 && ++any)
            printf(" %s", *entry);
    puts(any ? "" : " none");
}

/* Prints the open descriptors above 2 that were not passed. */
static void print_others(int first, int last)
{
    DIR *folder = opendir("/proc/self/fd");
    struct dirent *entry;
    int any = 0;

    printf("others");
    while (folder && (entry = readdir(folder)) != NULL) {
        int fd = atoi(entry->d_name);
        if (fd > 2 && fd != dirfd(folder) && (fd < first || fd > last) && ++any)
            printf(" %d", fd);
    }
    puts(any ? "" : " none");
    if (folder)
        closedir(folder);
}

static void print_socket(struct listenfd *lfd, size_t index)
{
    char description[256];
    int fd = lfd->slots[index].socket;

    listenfd_describe(lfd, index, description, sizeof description);
    printf("socket %lu fd %d name '%s' %s %s\n", (unsigned long)index, fd,
           listenfd_name(lfd, index), fcntl(fd, F_GETFD) & FD_CLOEXEC ? "cloexec" : "inherited",
           description);
}

static int take_kind(struct listenfd *lfd, const char *kind, size_t index, listenfd_socket *out)
{
#define TAKE(name)                \
    if (strcmp(kind, #name) == 0) \
        return listenfd_take_##name(lfd, index, out);
    TAKE(tcp_listener)
    TAKE(tcp_stream)
    TAKE(udp_socket)
    TAKE(unix_listener)
    TAKE(unix_stream)
    TAKE(unix_datagram)
    TAKE(unix_seqpacket_listener)
    TAKE(raw)
#undef TAKE
    return LISTENFD_EINVAL;
}

static size_t find(struct listenfd *lfd, const char *how, const char *what)
{
    if (strcmp(how, "name") == 0)
        return listenfd_find_name(lfd, what, 0);
    if (strcmp(how, "address") == 0)
        return listenfd_find_address(lfd, what, 0);
    return (size_t)strtoul(what, NULL, 10);
}

static void answer(const char *kind, int fd, const char *greeting)
{
    struct sockaddr_storage peer;
    socklen_t size = sizeof peer;
    char request[512];

    if (strstr(kind, "listener")) {
        int connection = accept(fd, NULL, NULL);
        send(connection, greeting, strlen(greeting), 0);
        close(connection);
    } else if (strstr(kind, "stream")) {
        send(fd, greeting, strlen(greeting), 0);
    } else if (recvfrom(fd, request, sizeof request, 0, (struct sockaddr *)&peer, &size) >= 0) {
        sendto(fd, greeting, strlen(greeting), 0, (struct sockaddr *)&peer, size);
    }
}

static int serve(struct listenfd *lfd, const char *kind, const char *how, const char *what)
{
    size_t index = find(lfd, how, what);
    char greeting[300];
    int fd, result = take_kind(lfd, kind, index, &fd);

    printf("take %s %d\n", kind, result);
    if (result != 1) {
        puts(listenfd_message(lfd));
        return 1;
    }
    fflush(stdout);
    snprintf(greeting, sizeof greeting, "hello from %s\n", listenfd_name(lfd, index));
    answer(kind, fd, greeting);
    close(fd);
    return 0;
}

int main(int argc, char **argv)
{
    struct listenfd *lfd = listenfd_from_env(0);
    size_t i, count = listenfd_count(lfd);
    int first = count ? lfd->slots[0].socket : 3, result = 0;

    setvbuf(stdout, NULL, _IOLBF, 0);
    printf("status %d\n", listenfd_status(lfd));
    printf("message %s\n", listenfd_message(lfd));
    print_variables();
    for (i = 0; i < count; i++)
        print_socket(lfd, i);
    print_others(first, first + (int)count - 1);
    puts("ready");
    if (argc == 4)
        result = serve(lfd, argv[1], argv[2], argv[3]);
    listenfd_free(lfd);
    return result;
}
