/* SPDX-License-Identifier: MIT
 * What the launcher's server on Windows makes of a request: win32/socket_client.c, in a Windows
 * that the input plays:
 *
 *     sockets=2         how many there are to hand out; and the first that is refused
 *     recv=w9w          how the request comes: see some
 *     send=w99          how the answer goes
 *     request=d2dba02c-d507-4f3f-a90e-70a0192045f4|4711      and all that follows */
#include "input.h"

#include "answered_processes.h"
#include "socket_client.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CONNECTION = 7, FIRST_SOCKET = 100, MOST_SOCKETS = 9, INFO_SIZE = 628 };

static const char secret[] = "d2dba02c-d507-4f3f-a90e-70a0192045f4";

/* The Windows of one input. */
static struct {
    const char *receiving, *sending;
    const uint8_t *request;
    size_t request_left;
    int failed, error, is_open;
    DWORD wanted_pid; /* 0: the request is not a good one */
    size_t duplicated, refused;
    size_t sent;
} windows;

/* What is to be sent: no two sockets alike. */
static char answer[MOST_SOCKETS * INFO_SIZE];

int WSAGetLastError(void)
{
    return windows.error;
}

/* Only who has been sent all of it has been answered. */
void answered_processes_add(DWORD id)
{
    assert(id == windows.wanted_pid && windows.sent == windows.duplicated * INFO_SIZE);
}

ULONGLONG GetTickCount64(void)
{
    return 1000000;
}

BOOL SetHandleInformation(HANDLE handle, DWORD mask, DWORD flags)
{
    assert((SOCKET)handle == CONNECTION && mask == HANDLE_FLAG_INHERIT && flags == 0);
    return TRUE;
}

int ioctlsocket(SOCKET socket, long command, unsigned long *argument)
{
    assert(socket == CONNECTION && command == (long)FIONBIO && *argument == 1);
    return 0;
}

LONG BCryptGenRandom(void *algorithm, UCHAR *bytes, ULONG size, ULONG flags)
{
    (void)algorithm;
    (void)bytes;
    (void)size;
    (void)flags;
    abort(); /* the secret is there already */
}

int closesocket(SOCKET socket)
{
    assert(socket == CONNECTION && windows.is_open);
    windows.is_open = 0;
    return 0;
}

/* How many bytes go over now, at most size: 1 to 9 as the script's next character says; all
 * at its end. -1: w, none now; any other, none ever again. */
static int some(const char **script, int size)
{
    char how = **script;

    if (how == '\0')
        return size;
    if (how == 'w')
        (*script)++;
    windows.error = how == 'w' ? WSAEWOULDBLOCK : WSAECONNRESET;
    if (how < '1' || how > '9') {
        windows.failed |= how != 'w';
        return -1;
    }
    (*script)++;
    return how - '0' < size ? how - '0' : size;
}

int recv(SOCKET socket, char *buffer, int size, int flags)
{
    int amount;

    assert(socket == CONNECTION && windows.is_open && size > 0 && flags == 0);
    if (windows.request_left < (size_t)size)
        size = (int)windows.request_left;
    amount = some(&windows.receiving, size);
    if (amount > 0) {
        memcpy(buffer, windows.request, (size_t)amount);
        windows.request += amount;
        windows.request_left -= (size_t)amount;
    }
    return amount;
}

/* It acts upon that process at once. */
int WSADuplicateSocketW(SOCKET socket, DWORD pid, WSAPROTOCOL_INFOW *info)
{
    size_t index = windows.duplicated++;

    assert(windows.wanted_pid != 0 && pid == windows.wanted_pid);
    assert(socket == FIRST_SOCKET + index);
    if (index + 1 == windows.refused)
        return -1;
    memcpy(info, answer + index * INFO_SIZE, INFO_SIZE);
    return 0;
}

int send(SOCKET socket, const char *buffer, int size, int flags)
{
    int amount;

    assert(socket == CONNECTION && windows.is_open && size > 0 && flags == 0);
    assert(windows.wanted_pid != 0);
    amount = some(&windows.sending, size);
    if (amount > 0) {
        assert(memcmp(buffer, answer + windows.sent, (size_t)amount) == 0);
        windows.sent += (size_t)amount;
    }
    return amount;
}

/* "SECRET|PID", and no more: win32/PROTOCOL.md. */
static DWORD pid_of_request(const uint8_t *request, size_t length)
{
    unsigned long long pid = 0;
    char text[64];

    if (length >= REQUEST_SIZE || memchr(request, '\0', length))
        return 0;
    snprintf(text, sizeof text, "%.*s", (int)length, (const char *)request);
    if (strncmp(text, secret, SECRET_LENGTH) != 0 || text[SECRET_LENGTH] != '|')
        return 0;
    return is_number(text + SECRET_LENGTH + 1, MAXDWORD, &pid) ? (DWORD)pid : 0;
}

static void converse(const struct server *server)
{
    size_t all = server->sockets->count * INFO_SIZE;
    size_t calls_left = strlen(windows.receiving) + strlen(windows.sending);
    struct client client;

    windows.is_open = 1;
    client_open(&client, CONNECTION);
    while (client_continue(&client, server))
        assert(calls_left-- > 0); /* it waits only as often as it has to */
    client_close(&client);
    assert(!windows.is_open);
    assert(windows.sent == 0 || windows.wanted_pid != 0);
    if (windows.wanted_pid != 0 && !windows.failed &&
        (windows.refused == 0 || windows.refused > server->sockets->count))
        assert(windows.sent == all);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    for (size_t i = 0; i < sizeof answer; i++)
        answer[i] = (char)(i * 31 + i / INFO_SIZE);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct passed_socket list[MOST_SOCKETS] = {0};
    struct sockets sockets = {.list = list};
    struct server server = {.sockets = &sockets};
    struct input input;
    const char *counts;

    input_open(&input, data, size);
    memset(&windows, 0, sizeof windows);
    memcpy(server.secret, secret, sizeof secret);
    counts = input_text(&input, "sockets=");
    sockets.count = *counts >= '0' && *counts <= '9' ? (size_t)(*counts - '0') : 1;
    windows.refused =
        *counts && counts[1] >= '1' && counts[1] <= '9' ? (size_t)(counts[1] - '0') : 0;
    for (size_t i = 0; i < sockets.count; i++)
        list[i].fd = FIRST_SOCKET + i;
    windows.receiving = input_text(&input, "recv=");
    windows.sending = input_text(&input, "send=");
    windows.request = input_rest(data, size, "request=", &windows.request_left);
    windows.wanted_pid =
        windows.request ? pid_of_request(windows.request, windows.request_left) : 0;
    converse(&server);
    input_close(&input);
    return 0;
}
