/* SPDX-License-Identifier: MIT
 * A server with habits, good and bad, for tests of the development server on Windows.
 *
 *   habits [HABIT...]
 *     deaf      does not end when it is asked to
 *     forking   starts another process, which does nothing, and does not tell it anything
 *     idle      is that process
 *     waits     begins to answer, and says READY=1, when the file "go" is there
 *     late      needs a second and a half to begin
 *
 * Prints what becomes of it, each line with "server PID" in front. Over HTTP it answers
 * "TEXT PID\n": TEXT is the first line that the file "text" had when it began, and if that is
 * "broken", it does not begin at all. Requests that do not survive it: /exit/N and /fault. */
#define LISTENFD_API static
#include "listenfd.c"

#include <signal.h>

static volatile sig_atomic_t stopping;
static int deaf;
static char text[128] = "hello";

static void stop(int number)
{
    signal(number, stop);
    stopping = !deaf;
}

/* Who starts a process group of its own is started deaf to Ctrl-C. Wine has no Ctrl-Break. */
static void hear(void)
{
    SetConsoleCtrlHandler(NULL, FALSE);
    signal(SIGINT, stop);
    signal(SIGBREAK, stop);
}

static int has_habit(char **argv, const char *habit)
{
    while (*argv)
        if (strcmp(*argv++, habit) == 0)
            return 1;
    return 0;
}

/* In one piece: others write to the same place. */
static void tell(const char *what)
{
    char line[512];
    DWORD length =
              (DWORD)snprintf(line, sizeof line, "server %lu %s\r\n", GetCurrentProcessId(), what),
          written;

    WriteFile(GetStdHandle(STD_OUTPUT_HANDLE), line, length, &written, NULL);
}

static void read_text(void)
{
    FILE *file = fopen("text", "r");

    if (file && fgets(text, sizeof text, file))
        text[strcspn(text, " \r\n")] = '\0';
    if (file)
        fclose(file);
}

static void start_idle(const char *program)
{
    STARTUPINFOA startup = {.cb = sizeof startup};
    PROCESS_INFORMATION process;
    char line[512];

    snprintf(line, sizeof line, "\"%s\" idle", program);
    if (!CreateProcessA(NULL, line, NULL, NULL, TRUE, 0, NULL, NULL, &startup, &process))
        ExitProcess(9);
}

static int is_ready(SOCKET socket)
{
    struct timeval limit = {0, 20000};
    fd_set ready;

    FD_ZERO(&ready);
    FD_SET(socket, &ready);
    return select(0, &ready, NULL, NULL, &limit) > 0;
}

static void answer(SOCKET client)
{
    char request[4096] = "", path[256] = "/", body[192], response[384];
    int length = 0, got = 1;
    u_long blocking = 0;

    ioctlsocket(client, (long)FIONBIO, &blocking); /* it has the mode of the listener */
    while (got > 0 && length < (int)sizeof request - 1 && !strstr(request, "\r\n\r\n")) {
        got = recv(client, request + length, (int)sizeof request - 1 - length, 0);
        length += got > 0 ? got : 0;
    }
    sscanf(request, "%*s %255s", path);
    snprintf(body, sizeof body, "%s %lu\n", text, GetCurrentProcessId());
    snprintf(response, sizeof response,
             "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\n"
             "Content-Length: %u\r\n\r\n%s",
             (unsigned)strlen(body), body);
    send(client, response, (int)strlen(response), 0);
    closesocket(client);
    if (strncmp(path, "/exit/", 6) == 0)
        ExitProcess((UINT)atoi(path + 6));
    if (strcmp(path, "/fault") == 0)
        TerminateProcess(GetCurrentProcess(), 0xc0000005);
}

int main(int argc, char **argv)
{
    struct listenfd *passed;
    listenfd_socket listener;

    (void)argc;
    if (has_habit(argv, "idle"))
        Sleep(INFINITE);
    deaf = has_habit(argv, "deaf");
    hear();
    read_text();
    tell("begins");
    if (strcmp(text, "broken") == 0) {
        tell("is <broken>");
        return 3;
    }
    if (has_habit(argv, "late"))
        Sleep(1500);
    passed = listenfd_from_env(LISTENFD_NONBLOCK);
    if (listenfd_take_tcp_listener(passed, 0, &listener) != 1) {
        tell(listenfd_message(passed));
        return 5;
    }
    if (has_habit(argv, "waits")) {
        while (GetFileAttributesA("go") == INVALID_FILE_ATTRIBUTES && !stopping)
            Sleep(10);
        listenfd_notify("STATUS=it goes well\nREADY=1");
    }
    if (has_habit(argv, "forking"))
        start_idle(argv[0]);
    while (!stopping) {
        SOCKET client = is_ready(listener) ? accept(listener, NULL, NULL) : INVALID_SOCKET;
        if (client != INVALID_SOCKET)
            answer(client);
    }
    tell("ends");
    return 0;
}
