/* SPDX-License-Identifier: MIT */
#include "address_in_use.h"

#include "report.h"

#include <ctype.h>
#include <dirent.h>
#include <netinet/in.h>
#include <stdint.h>
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

/* Hosts as IPv6 addresses, IPv4 ones in their v4-mapped form. */
static const unsigned char mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

static void host_of(const struct spec *spec, unsigned char host[16])
{
    if (spec->address.ss_family == AF_INET) {
        memcpy(host, mapped, 12);
        memcpy(host + 12, &((const struct sockaddr_in *)&spec->address)->sin_addr, 4);
    } else {
        memcpy(host, &((const struct sockaddr_in6 *)&spec->address)->sin6_addr, 16);
    }
}

/* The tables write 32-bit words in the machine's byte order, in hex: one, or four. */
static void parse_host(const char *hex, unsigned char host[16])
{
    size_t words = strlen(hex) / 8;
    char digits[9] = "";

    memcpy(host, mapped, 12);
    for (size_t i = 0; i < words; i++) {
        uint32_t word;
        memcpy(digits, hex + 8 * i, 8);
        word = (uint32_t)strtoul(digits, NULL, 16);
        memcpy(host + (words == 1 ? 12 : 4 * i), &word, 4);
    }
}

/* [::] takes the port of every host, 0.0.0.0 that of every IPv4 host. */
static int covers(const unsigned char *wide, const unsigned char *host)
{
    static const unsigned char zero[16];

    if (memcmp(wide, zero, 16) == 0)
        return 1;
    return memcmp(wide, mapped, 12) == 0 && memcmp(wide + 12, zero, 4) == 0 &&
           memcmp(host, mapped, 12) == 0;
}

static int collide(const unsigned char *a, const unsigned char *b)
{
    return memcmp(a, b, 16) == 0 || covers(a, b) || covers(b, a);
}

/* The socket of that table which stands in the way: TCP listening, or UDP bound. */
static unsigned long inode_in_table(const char *table, const struct spec *spec)
{
    FILE *file = fopen(table, "r");
    unsigned char host[16], wanted[16];
    char line[512], hex[33];
    unsigned port, state;
    unsigned long inode, found = 0;

    host_of(spec, wanted);
    while (file && !found && fgets(line, sizeof line, file)) {
        if (sscanf(line, "%*d: %32[0-9A-F]:%x %*s %x %*s %*s %*s %*s %*s %lu", hex, &port, &state,
                   &inode) != 4)
            continue; /* the heading */
        parse_host(hex, host);
        if (port == port_of(spec) && collide(host, wanted) &&
            (state == 0x0a || spec->type->type == SOCK_DGRAM)) /* 0A: TCP_LISTEN */
            found = inode;
    }
    if (file)
        fclose(file);
    return found;
}

static unsigned long inode_of_path(const char *path)
{
    FILE *file = fopen("/proc/net/unix", "r");
    char line[512];
    unsigned long inode, found = 0;
    int length;

    while (file && !found && fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = '\0';
        length = 0;
        if (sscanf(line, "%*s %*s %*s %*s %*s %*s %lu %n", &inode, &length) == 1 && length > 0 &&
            strcmp(line + length, path) == 0)
            found = inode;
    }
    if (file)
        fclose(file);
    return found;
}

/* Its own family first; then the other, unless it keeps to IPv6. */
static unsigned long inode_of_port(const struct spec *spec)
{
    static const char *const tables[2][2] = {{"/proc/net/udp", "/proc/net/udp6"},
                                             {"/proc/net/tcp", "/proc/net/tcp6"}};
    int ipv6 = spec->address.ss_family == AF_INET6;
    const char *const *table = tables[spec->type->type == SOCK_STREAM];
    unsigned long inode = inode_in_table(table[ipv6], spec);

    if (!inode && spec->type->family != AF_INET6)
        inode = inode_in_table(table[!ipv6], spec);
    return inode;
}

static unsigned long inode_of(const struct spec *spec)
{
    const struct sockaddr_un *address = (const struct sockaddr_un *)&spec->address;
    int abstract = spec->type->family == AF_UNIX && address->sun_path[0] == '\0';
    char name[sizeof address->sun_path + 2];

    if (spec->type->family != AF_UNIX)
        return inode_of_port(spec);
    snprintf(name, sizeof name, "%s%s", abstract ? "@" : "", address->sun_path + abstract);
    return inode_of_path(name);
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
    make_printable(name); /* it is what that process calls itself */
    if (file)
        fclose(file);
}

void describe_address_holder(const struct spec *spec, char *text, size_t size)
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
