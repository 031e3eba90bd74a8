/* SPDX-License-Identifier: MIT */
#include "notify.h"

#include "events.h"
#include "secret.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    INSTANCES = 4,     /* each serves one client at a time */
    SILENCE_MS = 1000, /* how long a silent client keeps one busy */
    MESSAGE_SIZE = 4096
};

/* An instance of the pipe. It always either waits for a client or reads its message. */
struct instance {
    struct source source;
    struct notify *notify;
    HANDLE pipe; /* NULL: it has failed and is closed */
    OVERLAPPED operation;
    int reads;
    ULONGLONG since; /* when it began to read, by GetTickCount64 */
    char message[MESSAGE_SIZE + 1];
};

struct notify {
    char name[64];
    HANDLE job;
    DWORD leader;
    struct said said;
    struct instance instances[INSTANCES];
    int open, closing;
};

/* ---- Clients ---- */

/* The kernel says which process the client is. It is trusted if it is the leader, or a living
 * process in the job. */
static int is_trusted(const struct instance *instance)
{
    const struct notify *notify = instance->notify;
    ULONG client;
    HANDLE process;
    BOOL is_in = FALSE;

    if (!GetNamedPipeClientProcessId(instance->pipe, &client))
        return 0;
    if (client == notify->leader)
        return 1;
    process = OpenProcess(PROCESS_QUERY_INFORMATION, FALSE, client);
    if (!process)
        return 0;
    if (!IsProcessInJob(process, notify->job, &is_in))
        is_in = FALSE;
    CloseHandle(process);
    return is_in;
}

static void close_instance(struct instance *instance)
{
    struct notify *notify = instance->notify;

    CloseHandle(instance->pipe);
    instance->pipe = NULL;
    notify->open--;
    if (notify->closing && notify->open == 0)
        free(notify);
}

static int is_pending(BOOL done)
{
    return done || GetLastError() == ERROR_IO_PENDING;
}

/* The message is an event whether it comes at once or later. */
static void read_message(struct instance *instance)
{
    instance->reads = 1;
    instance->since = GetTickCount64();
    ZeroMemory(&instance->operation, sizeof instance->operation);
    if (!is_pending(
            ReadFile(instance->pipe, instance->message, MESSAGE_SIZE, NULL, &instance->operation)))
        events_post(&instance->source, 0); /* the client has gone without a message */
}

/* There is no event for a client that was there before the call, or that has come and gone. */
static void wait_for_client(struct instance *instance)
{
    DisconnectNamedPipe(instance->pipe);
    instance->reads = 0;
    ZeroMemory(&instance->operation, sizeof instance->operation);
    if (is_pending(ConnectNamedPipe(instance->pipe, &instance->operation)))
        return;
    if (GetLastError() == ERROR_PIPE_CONNECTED || GetLastError() == ERROR_NO_DATA)
        read_message(instance);
    else
        close_instance(instance);
}

static void told(struct source *source, DWORD length, int ok)
{
    struct instance *instance = (struct instance *)source;

    if (instance->notify->closing) {
        close_instance(instance);
    } else if (!instance->reads && ok) {
        read_message(instance);
    } else {
        if (ok && is_trusted(instance)) {
            instance->message[length] = '\0';
            said_add(&instance->notify->said, instance->message, length);
        }
        wait_for_client(instance);
    }
}

/* ---- The pipe ---- */

static int open_instance(struct notify *notify, int index)
{
    const DWORD first = index == 0 ? FILE_FLAG_FIRST_PIPE_INSTANCE : 0;
    struct instance *instance = &notify->instances[index];

    instance->source.told = told;
    instance->notify = notify;
    instance->pipe =
        CreateNamedPipeA(notify->name, PIPE_ACCESS_INBOUND | FILE_FLAG_OVERLAPPED | first,
                         PIPE_TYPE_MESSAGE | PIPE_READMODE_MESSAGE | PIPE_REJECT_REMOTE_CLIENTS,
                         INSTANCES, 0, MESSAGE_SIZE, 0, NULL);
    if (instance->pipe == INVALID_HANDLE_VALUE) {
        instance->pipe = NULL;
        return 0;
    }
    notify->open++;
    if (!events_watch(instance->pipe, &instance->source)) {
        close_instance(instance);
        return 0;
    }
    wait_for_client(instance);
    return 1;
}

struct notify *notify_open(void)
{
    struct notify *notify = calloc(1, sizeof *notify);
    char secret[SECRET_LENGTH + 1];

    if (!notify)
        return NULL;
    secret_create(secret);
    snprintf(notify->name, sizeof notify->name, "\\\\.\\pipe\\systemfd-%s", secret);
    for (int i = 0; i < INSTANCES && open_instance(notify, i); i++) {
    }
    if (notify->open > 0)
        return notify;
    free(notify);
    return NULL;
}

const char *notify_name(const struct notify *notify)
{
    return notify->name;
}

void notify_follow(struct notify *notify, HANDLE job, DWORD leader)
{
    notify->job = job;
    notify->leader = leader;
}

/* Cancels the reading from silent clients. That is an event, too. */
static void disconnect_silent(struct notify *notify)
{
    for (int i = 0; i < INSTANCES; i++) {
        struct instance *instance = &notify->instances[i];
        if (instance->pipe && instance->reads && GetTickCount64() - instance->since >= SILENCE_MS) {
            instance->since = GetTickCount64();
            CancelIoEx(instance->pipe, &instance->operation);
        }
    }
}

void notify_read(struct notify *notify, struct said *said)
{
    disconnect_silent(notify);
    *said = notify->said;
    memset(&notify->said, 0, sizeof notify->said);
}

void notify_close(struct notify *notify)
{
    if (!notify)
        return;
    notify->closing = 1;
    for (int i = 0; i < INSTANCES; i++)
        if (notify->instances[i].pipe)
            CancelIoEx(notify->instances[i].pipe, &notify->instances[i].operation);
    if (notify->open == 0)
        free(notify);
}
