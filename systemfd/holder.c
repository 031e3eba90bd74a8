/* SPDX-License-Identifier: MIT */
#include "holder.h"

#include <ctype.h>
#include <dirent.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* ---- Which socket: the inode number in /proc/net (proc(5)) ---- */

static unsigned port_of(const struct spec *spec)
{
    return ntohs(spec->address.ss_family == AF_INET
                     ? ((const struct sockaddr_in *)&spec->address)->sin_port
                     : ((const struct sockaddr_in6 *)&spec->address)->sin6_port);
}

/* The host as those tables write it: 32-bit words in the machine's byte order, in hex. */
static void host_in_hex(const struct spec *spec, char *text)
{
    const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)&spec->address;
    size_t words = spec->address.ss_family == AF_INET ? 1 : 4;
    unsigned word[4];

    if (words == 1)
        memcpy(word, &((const struct sockaddr_in *)&spec->address)->sin_addr, sizeof word[0]);
    else
        memcpy(word, &in6->sin6_addr, sizeof word);
    for (size_t i = 0; i < words; i++)
        sprintf(text + 8 * i, "%08X", word[i]);
}

static int is_every_host(const char *hex)
{
    return strspn(hex, "0") == strlen(hex);
}

/* The socket of that table which stands in the way: TCP listening, or UDP bound. */
static unsigned long inode_in_table(const char *table, const struct spec *spec)
{
    FILE *file = fopen(table, "r");
    char line[512], host[33], wanted[33];
    unsigned port, state;
    unsigned long inode, found = 0;

    host_in_hex(spec, wanted);
    while (file && !found && fgets(line, sizeof line, file)) {
        if (sscanf(line, "%*d: %32[0-9A-F]:%x %*s %x %*s %*s %*s %*s %*s %lu", host, &port, &state,
                   &inode) != 4)
            continue; /* the heading */
        if (port == port_of(spec) && (state == 0x0a || spec->type->type == SOCK_DGRAM) &&
            (strcmp(host, wanted) == 0 || is_every_host(host) || is_every_host(wanted)))
            found = inode; /* 0A: TCP_LISTEN */
    }
    if (file)
        fclose(file);
    return found;
}

static unsigned long inode_of_path(const char *path)
{
    FILE *file = fopen("/proc/net/unix", "r");
    char line[512], *name;
    unsigned long inode, found = 0;

    while (file && !found && fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = '\0';
        name = strrchr(line, ' ');
        if (name && strcmp(name + 1, path) == 0 &&
            sscanf(line, "%*s %*s %*s %*s %*s %*s %lu", &inode) == 1)
            found = inode;
    }
    if (file)
        fclose(file);
    return found;
}

static unsigned long inode_of(const struct spec *spec)
{
    int tcp = spec->type->type == SOCK_STREAM;
    unsigned long inode;
    char name[sizeof(struct sockaddr_un) + 1];

    if (spec->type->family == AF_UNIX) {
        const struct sockaddr_un *address = (const struct sockaddr_un *)&spec->address;
        snprintf(name, sizeof name, "%s%s", address->sun_path[0] ? "" : "@",
                 address->sun_path[0] ? address->sun_path : address->sun_path + 1);
        return inode_of_path(name);
    }
    inode = inode_in_table(tcp ? "/proc/net/tcp" : "/proc/net/udp", spec);
    return inode ? inode : inode_in_table(tcp ? "/proc/net/tcp6" : "/proc/net/udp6", spec);
}

/* ---- Which process: the one with that socket among its descriptors ---- */

static int has_descriptor(const char *pid, const char *wanted)
{
    char path[300], link[64];
    struct dirent *entry;
    int found = 0;
    DIR *folder;

    snprintf(path, sizeof path, "/proc/%s/fd", pid);
    folder = opendir(path);
    while (folder && !found && (entry = readdir(folder)) != NULL) {
        ssize_t length = readlinkat(dirfd(folder), entry->d_name, link, sizeof link - 1);
        link[length > 0 ? length : 0] = '\0';
        found = strcmp(link, wanted) == 0;
    }
    if (folder)
        closedir(folder);
    return found;
}

static long process_with(unsigned long inode)
{
    DIR *folder = opendir("/proc");
    struct dirent *entry;
    char wanted[64];
    long pid = 0;

    snprintf(wanted, sizeof wanted, "socket:[%lu]", inode);
    while (folder && !pid && (entry = readdir(folder)) != NULL)
        if (isdigit((unsigned char)entry->d_name[0]) && has_descriptor(entry->d_name, wanted))
            pid = strtol(entry->d_name, NULL, 10);
    if (folder)
        closedir(folder);
    return pid;
}

static void name_of(long pid, char *name, size_t size)
{
    char path[64];
    FILE *file;

    snprintf(path, sizeof path, "/proc/%ld/comm", pid);
    file = fopen(path, "r");
    if (!file || !fgets(name, (int)size, file))
        snprintf(name, size, "unknown");
    name[strcspn(name, "\n")] = '\0';
    if (file)
        fclose(file);
}

void holder_describe(const struct spec *spec, char *text, size_t size)
{
    unsigned long inode = inode_of(spec);
    long pid = inode ? process_with(inode) : 0;
    const char *path = ((const struct sockaddr_un *)&spec->address)->sun_path;
    struct stat status;
    char name[64];

    if (spec->type->family == AF_UNIX && *path && lstat(path, &status) == 0 &&
        !S_ISSOCK(status.st_mode)) {
        snprintf(text, size, ": what stands there is not a socket, so it was left as it is");
    } else if (pid == (long)getpid()) {
        snprintf(text, size, ": another -s of this command has it");
    } else if (pid) {
        name_of(pid, name, sizeof name);
        snprintf(text, size, " by %s (process %ld); stop it or choose another address", name, pid);
    } else {
        snprintf(text, size, " by a process that cannot be seen from here");
    }
}
