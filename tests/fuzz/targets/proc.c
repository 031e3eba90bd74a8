/* SPDX-License-Identifier: MIT
 * Who waits for connections, as /proc shows it to systemfd/posix/process_tree.c and accepting.c.
 * The server is process 100; its sockets are socket:[7340001] and socket:[7340002], which are
 * 6fffe1 and 6fffe2 in fdinfo, on device 9. An input is /proc, and the memory of its processes:
 *
 *     /proc/100/stat=    and so on: a line of that file, or a link; EACCES: it may not be read
 *     room=4095          no more than that is read of a list of children
 *     leader=ended       the server has ended, its children are left
 *     memory=            and all that follows: what lies at 0x1000 to 0xfffff, again and again */
#include "input.h"

#include "systemfd/devserver/accepting.h"
#include "systemfd/posix/notify.h"
#include "systemfd/posix/process_tree.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <unistd.h>

enum {
    FILE_OPEN = 1000000,
    FOLDER_OPEN,
    FIRST_SOCKET,
    LEADER = 100,
    MEMORY = 0x1000,
    MEMORY_END = 0x100000,
    LARGEST = 2048
};

static const char *const inodes[] = {"7340001", "7340002", "6fffe1", "6fffe2"};

static struct {
    int is_shown; /* else /proc is the real one */
    struct input input;
    const uint8_t *memory;
    size_t memory_size;
    char *text; /* of the file that is open */
    size_t size;
    char folder[96];
    const char *next; /* line of that folder */
    struct dirent entry;
} proc;

/* ---- In the place of the system ---- */

int __wrap_open(const char *path, int flags, ...);
int __real_open(const char *path, int flags, ...);
ssize_t __wrap_read(int fd, void *bytes, size_t size);
ssize_t __real_read(int fd, void *bytes, size_t size);
int __wrap_close(int fd);
int __real_close(int fd);
DIR *__wrap_opendir(const char *path);
DIR *__real_opendir(const char *path);
struct dirent *__wrap_readdir(DIR *folder);
struct dirent *__real_readdir(DIR *folder);
int __wrap_closedir(DIR *folder);
int __real_closedir(DIR *folder);
int __wrap_dirfd(DIR *folder);
ssize_t __wrap_readlinkat(int folder, const char *name, char *target, size_t size);
FILE *__wrap_fopen(const char *path, const char *mode);
FILE *__real_fopen(const char *path, const char *mode);
int __wrap_fstat(int fd, struct stat *status);
int __real_fstat(int fd, struct stat *status);
int __wrap_getsockopt(int fd, int level, int option, void *value, socklen_t *size);
pid_t __wrap_getpgid(pid_t id);
ssize_t __wrap_process_vm_readv(pid_t id, const struct iovec *local, unsigned long locals,
                                const struct iovec *remote, unsigned long remotes,
                                unsigned long flags);

/* What the line says of that file; NULL: it is another's. */
static const char *said_of(const char *line, const char *path)
{
    size_t length = strlen(path);

    return strncmp(line, path, length) == 0 && line[length] == '=' ? line + length + 1 : NULL;
}

/* All lines of that file, for free(), in a block with nothing behind them. */
static char *content(const char *path, size_t *size)
{
    const char *end = proc.input.text + proc.input.size, *said;
    int is_environment = strstr(path, "environ") != NULL;
    static const char refused[] = "EACCES\n";
    char *text = NULL;

    *size = 0;
    for (const char *line = proc.input.text; line < end; line += strlen(line) + 1)
        if ((said = said_of(line, path)) != NULL) {
            text = realloc(text, *size + strlen(said) + 1);
            assert(text);
            memcpy(text + *size, said, strlen(said));
            *size += strlen(said) + 1;
            text[*size - 1] = is_environment ? '\0' : '\n';
        }
    errno = *size == strlen(refused) && memcmp(text, refused, *size) == 0 ? EACCES : ENOENT;
    if (text && errno == ENOENT)
        return text;
    free(text);
    return NULL;
}

int __wrap_open(const char *path, int flags, ...)
{
    va_list mode;
    size_t room;

    if (!proc.is_shown) {
        va_start(mode, flags);
        int fd = __real_open(path, flags, va_arg(mode, int));
        va_end(mode);
        return fd;
    }
    assert(!proc.text && (flags & O_CLOEXEC));
    proc.text = content(path, &proc.size);
    room = strstr(path, "/children") ? (size_t)atoi(input_text(&proc.input, "room=")) : 0;
    proc.size = room > 0 && room < proc.size ? room : proc.size;
    return proc.text ? FILE_OPEN : -1;
}

ssize_t __wrap_read(int fd, void *bytes, size_t size)
{
    size_t amount = size < proc.size ? size : proc.size;

    if (fd != FILE_OPEN)
        return __real_read(fd, bytes, size);
    memcpy(bytes, proc.text, amount);
    return (ssize_t)amount;
}

int __wrap_close(int fd)
{
    if (fd != FILE_OPEN)
        return __real_close(fd);
    free(proc.text);
    proc.text = NULL;
    return 0;
}

/* fmemopen() takes no empty file. */
FILE *__wrap_fopen(const char *path, const char *mode)
{
    char *text;
    size_t size;
    FILE *file;

    if (!proc.is_shown)
        return __real_fopen(path, mode);
    text = content(path, &size);
    if (!text)
        return NULL;
    file = fmemopen(NULL, size, "w+");
    assert(file && fwrite(text, 1, size, file) == size);
    rewind(file);
    free(text);
    return file;
}

/* The next name in that folder: twice if a file has two lines. */
static const char *next_name(void)
{
    const char *end = proc.input.text + proc.input.size, *line;

    while (proc.next < end) {
        line = proc.next;
        proc.next += strlen(line) + 1;
        if (strncmp(line, proc.folder, strlen(proc.folder)) == 0)
            return line + strlen(proc.folder);
    }
    return NULL;
}

DIR *__wrap_opendir(const char *path)
{
    if (!proc.is_shown)
        return __real_opendir(path);
    assert(!proc.next);
    snprintf(proc.folder, sizeof proc.folder, "%s/", path);
    proc.next = proc.input.text;
    if (next_name()) {
        proc.next = proc.input.text;
        return (DIR *)&proc;
    }
    proc.next = NULL;
    return NULL;
}

struct dirent *__wrap_readdir(DIR *folder)
{
    const char *name;

    if (!proc.is_shown)
        return __real_readdir(folder);
    name = next_name();
    if (!name)
        return NULL;
    snprintf(proc.entry.d_name, sizeof proc.entry.d_name, "%.*s", (int)strcspn(name, "/="), name);
    return &proc.entry;
}

int __wrap_closedir(DIR *folder)
{
    if (!proc.is_shown)
        return __real_closedir(folder);
    proc.next = NULL;
    return 0;
}

int __wrap_dirfd(DIR *folder)
{
    assert(folder == (DIR *)&proc);
    return FOLDER_OPEN;
}

ssize_t __wrap_readlinkat(int folder, const char *name, char *target, size_t size)
{
    char path[400], *text;
    size_t length;

    assert(folder == FOLDER_OPEN);
    snprintf(path, sizeof path, "%s%s", proc.folder, name);
    text = content(path, &length);
    if (!text)
        return -1;
    length = strcspn(text, "\n");
    length = length < size ? length : size;
    memcpy(target, text, length);
    free(text);
    return (ssize_t)length;
}

int __wrap_fstat(int fd, struct stat *status)
{
    if (!proc.is_shown)
        return __real_fstat(fd, status);
    memset(status, 0, sizeof *status);
    status->st_ino = (ino_t)(7340001 + fd - FIRST_SOCKET);
    status->st_dev = makedev(0, 9);
    return 0;
}

int __wrap_getsockopt(int fd, int level, int option, void *value, socklen_t *size)
{
    const int is_listening = 1;

    assert(fd >= FIRST_SOCKET && level == SOL_SOCKET && *size == sizeof is_listening);
    assert(option == SO_ACCEPTCONN);
    memcpy(value, &is_listening, sizeof is_listening);
    return 0;
}

pid_t __wrap_getpgid(pid_t id)
{
    return id % 2 == 0 ? LEADER : id;
}

/* Of what ends in the middle, as much as there is. */
ssize_t __wrap_process_vm_readv(pid_t id, const struct iovec *local, unsigned long locals,
                                const struct iovec *remote, unsigned long remotes,
                                unsigned long flags)
{
    size_t from = (size_t)remote->iov_base, amount = local->iov_len;
    uint8_t *to = local->iov_base;

    assert(id > 0 && locals == 1 && remotes == 1 && flags == 0 && remote->iov_len == amount);
    memset(to, 0, amount); /* there has to be room for all */
    if (from < MEMORY || from >= MEMORY_END || proc.memory_size == 0) {
        errno = EFAULT;
        return -1;
    }
    amount = amount < MEMORY_END - from ? amount : MEMORY_END - from;
    for (size_t i = 0; i < amount; i++)
        to[i] = proc.memory[(from - MEMORY + i) % proc.memory_size];
    return (ssize_t)amount;
}

/* ---- What is seen ---- */

static int names(const uint8_t *data, size_t size, const char *text)
{
    return size > 0 && memmem(data, size, text, strlen(text)) != NULL;
}

/* The leader, or one that is listed with its whole number. */
static int is_listed(const uint8_t *data, size_t size, long id)
{
    char path[48], number[24];

    snprintf(path, sizeof path, "/proc/%ld/stat=", id);
    snprintf(number, sizeof number, "%ld ", id);
    return names(data, size, path) && (id == LEADER || names(data, size, number));
}

/* No socket that nobody was shown to have. */
static void check_sockets(const uint8_t *data, size_t size, const struct sight *sight)
{
    socket_set seen = sight->waits | sight->registered | sight->holds;

    assert(seen >> 2 == 0 && sight->deaf == 0 && sight->is_proof == 1);
    for (size_t i = 0; i < 2; i++)
        if (seen >> i & 1)
            assert(names(data, size, inodes[i]) || names(data, size, inodes[i + 2]));
    if (sight->waits)
        assert(names(data, size, "/syscall=") || names(data, size, "op=13"));
    assert(!sight->waits == !sight->process);
    assert((sight->waits | sight->registered) == 0 || sight->owner != 0);
}

static void check(const uint8_t *data, size_t size, const struct sight *sight)
{
    const long ids[] = {sight->process, sight->busy, sight->stopped,
                        sight->owner,   sight->bare, sight->child};

    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++)
        assert(ids[i] == 0 || is_listed(data, size, ids[i]));
    check_sockets(data, size, sight);
}

static void look(struct sight *sight)
{
    static struct notify notify = {.name = "@0001f"};
    struct passed_socket list[2] = {{.fd = FIRST_SOCKET}, {.fd = FIRST_SOCKET + 1}};
    struct sockets sockets = {.list = list, .count = 2};
    struct child server = {.id = LEADER, .group = LEADER, .notify = &notify};
    char command[64];

    server.leader_ended = strcmp(input_text(&proc.input, "leader="), "ended") == 0;
    proc.is_shown = 1;
    accepting_setup(&sockets);
    accepting_look(&server, sight);
    accepting_command(LEADER, command, sizeof command);
    proc.is_shown = 0;
    assert(strlen(command) < sizeof command);
    assert(!proc.text && !proc.next);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sight sight;

    if (size > LARGEST) /* each file is looked for in all of it */
        return 0;
    input_open(&proc.input, data, size);
    proc.memory = input_rest(data, size, "\nmemory=", &proc.memory_size);
    look(&sight);
    check(data, size, &sight);
    input_close(&proc.input);
    return 0;
}
