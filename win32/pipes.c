/* SPDX-License-Identifier: MIT */
#include "pipes.h"

#include "events.h"
#include "devserver/output.h"
#include "report.h"
#include "secret.h"

#include <stdio.h>
#include <stdlib.h>

enum { BUFFER_SIZE = 16384 };

struct pipe {
    struct source source;
    HANDLE end, target;
    struct tail *tail;
    OVERLAPPED operation;
    char text[BUFFER_SIZE];
};

static void discard(struct pipe *pipe)
{
    CloseHandle(pipe->end);
    free(pipe);
}

/* A read makes an event whether it succeeds at once or later. It fails once every process has
 * closed the other end. */
static void read_on(struct pipe *pipe)
{
    ZeroMemory(&pipe->operation, sizeof pipe->operation);
    if (!ReadFile(pipe->end, pipe->text, BUFFER_SIZE, NULL, &pipe->operation) &&
        GetLastError() != ERROR_IO_PENDING)
        discard(pipe);
}

static void write_all(HANDLE target, const char *text, DWORD length)
{
    DWORD written;

    while (length > 0 && WriteFile(target, text, length, &written, NULL) && written > 0) {
        text += written;
        length -= written;
    }
}

/* Is the text valid UTF-8, except for a last character that may be cut? */
static int is_utf8(const char *text, int length)
{
    for (int cut = 0; cut <= 3 && cut < length; cut++)
        if (MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text, length - cut, NULL, 0) > 0)
            return 1;
    return 0;
}

/* The page is UTF-8. Programs that do not print UTF-8 use the code page of the console. */
static void keep(struct tail *tail, const char *text, int length)
{
    static wchar_t wide[BUFFER_SIZE];
    static char converted[3 * BUFFER_SIZE];
    UINT page = GetConsoleOutputCP() ? GetConsoleOutputCP() : GetOEMCP();
    int count;

    if (!is_utf8(text, length)) {
        count = MultiByteToWideChar(page, 0, text, length, wide, BUFFER_SIZE);
        length =
            WideCharToMultiByte(CP_UTF8, 0, wide, count, converted, sizeof converted, NULL, NULL);
        text = converted;
    }
    tail_add(tail, text, (size_t)length);
}

static void copy(struct source *source, DWORD length, int ok)
{
    struct pipe *pipe = (struct pipe *)source;

    if (!ok) {
        discard(pipe);
        return;
    }
    write_all(pipe->target, pipe->text, length);
    if (pipe->target == GetStdHandle(STD_ERROR_HANDLE))
        report_below(pipe->text, length);
    keep(pipe->tail, pipe->text, (int)length);
    read_on(pipe);
}

/* Makes a named pipe, because one cannot wait for an anonymous one. */
static HANDLE open_ends(struct pipe *pipe)
{
    SECURITY_ATTRIBUTES inheritable = {sizeof inheritable, NULL, TRUE};
    char secret[SECRET_LENGTH + 1], name[64];
    HANDLE writing;

    secret_create(secret); /* a name that no other program can have taken before */
    snprintf(name, sizeof name, "\\\\.\\pipe\\systemfd-%s", secret);
    pipe->end = CreateNamedPipeA(
        name, PIPE_ACCESS_INBOUND | FILE_FLAG_OVERLAPPED | FILE_FLAG_FIRST_PIPE_INSTANCE,
        PIPE_TYPE_BYTE | PIPE_REJECT_REMOTE_CLIENTS, 1, 0, BUFFER_SIZE, 0, NULL);
    if (pipe->end == INVALID_HANDLE_VALUE)
        return NULL;
    writing = CreateFileA(name, GENERIC_WRITE, 0, &inheritable, OPEN_EXISTING, 0, NULL);
    if (writing != INVALID_HANDLE_VALUE && events_watch(pipe->end, &pipe->source))
        return writing;
    CloseHandle(writing);
    CloseHandle(pipe->end);
    return NULL;
}

HANDLE pipe_open(DWORD target, struct tail *tail)
{
    struct pipe *pipe = calloc(1, sizeof *pipe);
    HANDLE writing = NULL;

    if (!pipe)
        return NULL;
    pipe->source.told = copy;
    pipe->target = GetStdHandle(target);
    pipe->tail = tail;
    writing = open_ends(pipe);
    if (writing)
        read_on(pipe);
    else
        free(pipe);
    return writing;
}

void outputs_drain(void)
{
    events_only(copy);
}
