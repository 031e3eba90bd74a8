/* SPDX-License-Identifier: MIT */
#include "injector.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

_Static_assert(sizeof(off_t) == 8, "stat and stat64 are two functions here: not for 32 bits");

#define CALL(name, type, failure, parameters, arguments, ...) {#name, {__VA_ARGS__}},
#define OTHER(name, ...) {#name, {__VA_ARGS__}},
const struct call calls[] = {
#include "calls.h"
    {NULL, {0}}};
#undef CALL
#undef OTHER

/* ---- Which call fails ---- */

static char armed[32]; /* the call's name; "*": all are logged */
static int is_on;
static unsigned number_to_fail;
static unsigned calls_made_here, *calls_made = &calls_made_here;
static int error_number, has_struck;
static const char *log_path;

void fault_arm(const char *call, unsigned nth, int error)
{
    snprintf(armed, sizeof armed, "%s", call);
    number_to_fail = nth;
    error_number = error;
    *calls_made = 0;
    has_struck = 0;
}

void fault_begin(void)
{
    is_on = 1;
}

void fault_end(void)
{
    is_on = 0;
}

int fault_struck(void)
{
    return has_struck;
}

/* Opened anew each time: a descriptor of ours would change those of the program. Signal handlers
 * make calls, too: so nothing here that they must not do. */
static void log_call(const char *name)
{
    int fd = open(log_path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    char line[40];
    size_t length = strlen(name);

    memcpy(line, name, length);
    line[length] = '\n';
    if (write(fd, line, length + 1) < 0)
        abort();
    close(fd);
}

static int fails(const char *name)
{
    if (!is_on)
        return 0;
    if (*armed == '*')
        log_call(name);
    if (strcmp(armed, name) != 0 ||
        __atomic_add_fetch(calls_made, 1, __ATOMIC_SEQ_CST) != number_to_fail)
        return 0;
    if (log_path)
        log_call(name);
    has_struck = 1;
    errno = error_number;
    return 1;
}

/* What this process forks counts on with it. */
static void share_counter(void)
{
    calls_made =
        mmap(NULL, sizeof *calls_made, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (calls_made == MAP_FAILED)
        abort();
}

__attribute__((constructor)) static void read_environment(void)
{
    const char *fault = getenv("FAULT");

    if (!fault)
        return;
    log_path = getenv("FAULT_LOG");
    share_counter();
    if (sscanf(fault, "%31[^:]:%u:%d", armed, &number_to_fail, &error_number) != 3 &&
        strcmp(fault, "*") != 0)
        abort();
    is_on = 1;
}

/* ---- The calls ---- */

#define CALL(name, type, failure, parameters, arguments, ...) \
    type faulty_##name parameters;                            \
    type faulty_##name parameters                             \
    {                                                         \
        return fails(#name) ? (failure) : name arguments;     \
    }
#define OTHER(name, ...)
#include "calls.h"
#undef CALL
#undef OTHER

int faulty_close(int fd);
int faulty_closedir(DIR *folder);
int faulty_fclose(FILE *stream);
int faulty_asprintf(char **text, const char *format, ...) __attribute__((format(printf, 2, 3)));
int faulty_fprintf(FILE *stream, const char *format, ...) __attribute__((format(printf, 2, 3)));
int faulty_printf(const char *format, ...) __attribute__((format(printf, 1, 2)));
int faulty_fscanf(FILE *stream, const char *format, ...) __attribute__((format(scanf, 2, 3)));

/* Linux closes first, and then says how that went (close(2)). */
int faulty_close(int fd)
{
    int result = close(fd);

    return fails("close") ? -1 : result;
}

int faulty_closedir(DIR *folder)
{
    int result = closedir(folder);

    return fails("closedir") ? -1 : result;
}

int faulty_fclose(FILE *stream)
{
    int result = fclose(stream);

    return fails("fclose") ? EOF : result;
}

/* C cannot hand on "..." but as a va_list. */
#define HAND_ON(result, function, first, format)      \
    do {                                              \
        va_list arguments_;                           \
        va_start(arguments_, format);                 \
        result = function(first, format, arguments_); \
        va_end(arguments_);                           \
    } while (0)

int faulty_asprintf(char **text, const char *format, ...)
{
    int result = -1;

    if (!fails("asprintf"))
        HAND_ON(result, vasprintf, text, format);
    return result;
}

int faulty_fprintf(FILE *stream, const char *format, ...)
{
    int result = -1;

    if (!fails("fprintf"))
        HAND_ON(result, vfprintf, stream, format);
    return result;
}

int faulty_printf(const char *format, ...)
{
    int result = -1;

    if (!fails("printf"))
        HAND_ON(result, vfprintf, stdout, format);
    return result;
}

int faulty_fscanf(FILE *stream, const char *format, ...)
{
    int result = EOF;

    if (!fails("fscanf"))
        HAND_ON(result, vfscanf, stream, format);
    return result;
}
