/* SPDX-License-Identifier: MIT */
#ifdef __linux__
#include "filesystem.h"

#include <stddef.h>
#include <sys/vfs.h>

/* The numbers are from statfs(2), linux/magic.h, or else from the file system's own source.
 * virtiofs says that it is FUSE. Overlay is not listed: inotify sees what is changed through it,
 * and misses only what is changed in one of its layers directly. */
static const struct {
    unsigned long type;
    const char *kind;
} kinds[] = {
    {0x6969, "NFS"},        {0x517b, "SMB"},      {0xff534d42, "CIFS"},   {0xfe534d42, "SMB"},
    {0x01021997, "9p"},     {0x65735546, "FUSE"}, {0x786f4256, "vboxsf"}, {0xbacbacbc, "vmhgfs"},
    {0x7c7c6673, "prl_fs"}, {0x5346414f, "AFS"},  {0x6b414653, "AFS"},    {0x00c36400, "Ceph"},
    {0x73757245, "Coda"},   {0x47504653, "GPFS"}, {0x0bd00bd0, "Lustre"},
};

const char *kind_without_notices(const char *path)
{
    struct statfs system;

    if (statfs(path, &system) < 0)
        return NULL;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (((unsigned long)system.f_type & 0xffffffffU) == kinds[i].type)
            return kinds[i].kind;
    return NULL;
}
#else
typedef int filesystem_is_for_linux;
#endif
