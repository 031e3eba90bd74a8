/* SPDX-License-Identifier: MIT
 * What the launcher starts in the tests, on Windows:
 *
 *   probe                           prints what was passed, and what is left of the variables
 *   probe serve                     ... then answers one TCP connection and one datagram
 *   probe arguments [ARGUMENT...]   prints them
 *   probe exit CODE                 ends with it
 *   probe wait                      prints the variables, waits for Ctrl-C, ends with 40
 *   probe respawn COUNT COMMAND...  runs it so many times, one after the other, in a console
 *                                   of its own; prints "control PORT": a connection there
 *                                   is Ctrl-C
 *   probe set EVENT                 sets the event of that name
 *
 * The library is embedded, with no visible symbol. */
#define LISTENFD_API static
#include "listenfd.c"

#include <signal.h>

static volatile sig_atomic_t stopping;

static void stop(int number)
{
    (void)number;
    stopping = 1;
}

static void print_passed(struct listenfd *lfd)
{
    char text[256];

    printf("status %d\n", listenfd_status(lfd));
    printf("message %s\n", listenfd_message(lfd));
    for (size_t i = 0; i < listenfd_count(lfd); i++) {
        listenfd_describe(lfd, i, text, sizeof text);
        printf("socket %u '%s' %s\n", (unsigned)i, listenfd_name(lfd, i), text);
    }
    printf("variables %s%s%s\n", getenv("SYSTEMFD_SOCKET_SERVER") ? "server " : "",
           getenv("SYSTEMFD_SOCKET_SECRET") ? "secret " : "",
           getenv("LISTEN_FDNAMES") ? "names " : "");
    printf("process %lu\n", GetCurrentProcessId());
}

static int serve(struct listenfd *lfd)
{
    struct sockaddr_in peer;
    int size = sizeof peer;
    listenfd_socket tcp, udp, connection;
    char bytes[64];

    if (listenfd_take_tcp_listener(lfd, 0, &tcp) != 1 ||
        listenfd_take_udp_socket(lfd, 1, &udp) != 1) {
        printf("%s\n", listenfd_message(lfd));
        return 1;
    }
    listenfd_free(lfd);
    puts("ready");
    connection = accept(tcp, NULL, NULL);
    send(connection, "tcp\n", 4, 0);
    closesocket(connection);
    recvfrom(udp, bytes, sizeof bytes, 0, (struct sockaddr *)&peer, &size);
    sendto(udp, "udp\n", 4, 0, (struct sockaddr *)&peer, size);
    return 0;
}

/* ---- Respawning ---- */

static BOOL WINAPI ignore_console_event(DWORD event)
{
    (void)event;
    return TRUE;
}

/* A connection means Ctrl-C for all who share the console. Wine would make Ctrl-C of SIGINT
 * as well, but one that hits a process in the middle of a system call, and loses what that
 * had done. A console's comes in a thread of its own, as on Windows. */
__attribute__((noreturn)) static DWORD WINAPI pass_on_stops(void *control)
{
    for (;;) {
        closesocket(accept(*(listenfd_socket *)control, NULL, NULL));
        GenerateConsoleCtrlEvent(CTRL_C_EVENT, 0);
    }
}

static DWORD run_once(char *line)
{
    STARTUPINFOA startup = {.cb = sizeof startup};
    PROCESS_INFORMATION process;
    DWORD code;

    if (!CreateProcessA(NULL, line, NULL, NULL, TRUE, 0, NULL, NULL, &startup, &process))
        ExitProcess(1);
    WaitForSingleObject(process.hProcess, INFINITE);
    GetExitCodeProcess(process.hProcess, &code);
    CloseHandle(process.hProcess);
    CloseHandle(process.hThread);
    return code;
}

static void open_console(void)
{
    HANDLE output = GetStdHandle(STD_OUTPUT_HANDLE), error = GetStdHandle(STD_ERROR_HANDLE);

    FreeConsole();
    AllocConsole();
    SetStdHandle(STD_OUTPUT_HANDLE, output);
    SetStdHandle(STD_ERROR_HANDLE, error);
    SetConsoleCtrlHandler(ignore_console_event, TRUE);
}

static int respawn(int count, char **command)
{
    static listenfd_socket control;
    char line[1024] = "";
    DWORD code = 1;

    for (int i = 0; command[i]; i++) {
        const char *quote = strchr(command[i], ' ') ? "\"" : "";
        snprintf(line + strlen(line), sizeof line - strlen(line), "%s%s%s%s", i ? " " : "", quote,
                 command[i], quote);
    }
    open_console();
    if (listenfd_take_or_bind(NULL, 0, "127.0.0.1:0", &control) < 0)
        return 1;
    printf("control %d\n", listenfd_port(control));
    CreateThread(NULL, 0, pass_on_stops, &control, 0, NULL);
    for (int i = 0; i < count; i++) {
        code = run_once(line);
        printf("ended %lu\n", code);
    }
    return (int)code;
}

static int set_event(const char *name)
{
    HANDLE event = OpenEventA(EVENT_MODIFY_STATE, FALSE, name);

    return event && SetEvent(event) ? 0 : 1;
}

static int wait_for_stop(void)
{
    signal(SIGINT, stop);
    printf("server %s\n", getenv("SYSTEMFD_SOCKET_SERVER"));
    printf("secret %s\n", getenv("SYSTEMFD_SOCKET_SECRET"));
    printf("process %lu\n", GetCurrentProcessId());
    while (!stopping)
        Sleep(20);
    return 40;
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    struct listenfd *lfd;

    setvbuf(stdout, NULL, _IONBF, 0);
    if (strcmp(what, "arguments") == 0) {
        for (int i = 2; i < argc; i++)
            printf("argument '%s'\n", argv[i]);
        return 0;
    }
    if (strcmp(what, "exit") == 0)
        ExitProcess((UINT)strtoul(argv[2], NULL, 0));
    if (strcmp(what, "set") == 0)
        return set_event(argv[2]);
    if (strcmp(what, "wait") == 0)
        return wait_for_stop();
    if (strcmp(what, "respawn") == 0)
        return respawn(atoi(argv[2]), argv + 3);
    lfd = listenfd_from_env(0);
    print_passed(lfd);
    if (strcmp(what, "serve") == 0)
        return serve(lfd);
    listenfd_free(lfd);
    return 0;
}
