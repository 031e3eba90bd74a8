/* SPDX-License-Identifier: MIT */
#include "address_in_use.h"

#include "report.h"
#include "socket_owner.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* ---- The process that has that socket among its descriptors ---- */

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
    make_printable(name); /* the process chooses that name itself */
    if (file)
        fclose(file);
}

void describe_address_holder(const struct spec *spec, char *text, size_t size)
{
    struct socket_owner owner = {0, NO_USER};
    long pid = find_bound_socket(spec, &owner) ? process_with(owner.inode) : 0;
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
    } else if (owner.user != NO_USER) {
        snprintf(text, size, " by a process of user %lu, which cannot be seen from here",
                 (unsigned long)owner.user);
    } else {
        snprintf(text, size, " by a process that cannot be seen from here");
    }
}
