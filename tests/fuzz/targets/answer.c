/* SPDX-License-Identifier: MIT
 * What listenfd.c makes of a launcher's answer on Windows, and of the variables that lead to
 * it. This is the Windows block of the library, in a Windows that the input plays:
 *
 *     SYSTEMFD_SOCKET_SERVER=127.0.0.1:49152    the variables
 *     SYSTEMFD_SOCKET_SECRET=d2dba02c-d507-4f3f-a90e-70a0192045f4
 *     LISTEN_FDNAMES=web:admin
 *     connect=l          o, or l: later; r: refused; f: refused later; n: never; s: no socket
 *     recv=628,600,28    how many bytes come at a time; t: nothing in time; e: reset
 *     sockets=oo         of each that was sent: see WSASocketW
 *     calls=t0t1         each call with an index: see call */
#include "input.h"
#include "listenfd.h"

#include <winsock2.h>

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MOST_SOCKETS = 1024,
    INFO_SIZE = 628,
    CONNECTION = 7,    /* a socket's number; */
    FIRST_COPY = 2000, /* those of the copies follow this */
    PID = 4711,
    SOME_ERROR = 4242,
    LONGEST_VARIABLE = 32767
};

static const char *const variables[] = {"SYSTEMFD_SOCKET_SERVER", "SYSTEMFD_SOCKET_SECRET",
                                        "LISTEN_FDNAMES"};

/* The Windows of one input. */
static struct {
    const char *variable[3];         /* NULL: there is none */
    int removed[3], removed_here[3]; /* from the environment, and from the C runtime's copy */
    const char *connecting, *arriving, *sockets;
    int error, startups, connected, asked;
    ULONGLONG passed; /* milliseconds */
    size_t arrived;   /* bytes of the answer */
    int connection_open;
    size_t made;            /* copies */
    int open[MOST_SOCKETS]; /* which of them are */
    int taken[MOST_SOCKETS], gone[MOST_SOCKETS];
} windows;

/* What the launcher sends: no two sockets alike. */
static char answer[MOST_SOCKETS * INFO_SIZE + 1];

/* ---- Errors, variables ---- */

int WSAGetLastError(void)
{
    return windows.error;
}

void WSASetLastError(int error)
{
    windows.error = error;
}

DWORD GetLastError(void)
{
    return (DWORD)windows.error;
}

void SetLastError(DWORD error)
{
    windows.error = (int)error;
}

/* Ends like its lines, of which there are several in some languages. */
DWORD FormatMessageW(DWORD how, const void *source, DWORD error, DWORD language, wchar_t *text,
                     DWORD size, void *arguments)
{
    assert(how & FORMAT_MESSAGE_IGNORE_INSERTS);
    assert(!source && !arguments && language == 0);
    windows.error = 1; /* whoever calls this must not lose its own error */
    if (error % 2 == 0)
        return 0;
    return (DWORD)swprintf(text, size, L"Error %lu. ", error);
}

/* A wide character is a byte of the input here: UTF-8 is what it is. */
int WideCharToMultiByte(unsigned page, DWORD flags, const wchar_t *wide, int length, char *text,
                        int size, const char *unknown, BOOL *was_unknown)
{
    assert(page == CP_UTF8 && flags == 0 && length == -1 && !unknown && !was_unknown);
    if (wcslen(wide) >= (size_t)size)
        return 0;
    for (length = 0; wide[length] != L'\0'; length++)
        text[length] = (char)wide[length];
    text[length] = '\0';
    return length + 1;
}

static size_t variable_number(const char *name)
{
    for (size_t i = 0; i < 3; i++)
        if (strncmp(name, variables[i], strlen(variables[i])) == 0)
            return i;
    abort();
}

DWORD GetEnvironmentVariableW(const wchar_t *name, wchar_t *value, DWORD size)
{
    char narrow[32];
    const char *text;

    snprintf(narrow, sizeof narrow, "%ls", name);
    text = windows.variable[variable_number(narrow)];
    if (!text) {
        windows.error = ERROR_ENVVAR_NOT_FOUND;
        return 0;
    }
    assert(strlen(text) < size);
    for (size_t i = 0; i <= strlen(text); i++)
        value[i] = (unsigned char)text[i];
    return (DWORD)strlen(text);
}

BOOL SetEnvironmentVariableA(const char *name, const char *value)
{
    assert(!value);
    windows.removed[variable_number(name)] = 1;
    return TRUE;
}

int _putenv(const char *assignment)
{
    assert(assignment[strlen(assignment) - 1] == '=');
    windows.removed_here[variable_number(assignment)] = 1;
    return 0;
}

DWORD GetCurrentProcessId(void)
{
    return PID;
}

ULONGLONG GetTickCount64(void)
{
    return 1000000 + windows.passed;
}

/* ---- The conversation ---- */

int WSAStartup(WORD version, WSADATA *data)
{
    assert(version == MAKEWORD(2, 2));
    data->version = version;
    windows.startups++;
    return 0;
}

int WSACleanup(void)
{
    assert(windows.startups > 0);
    windows.startups--;
    return 0;
}

int ioctlsocket(SOCKET socket, long command, unsigned long *argument)
{
    assert(command == (long)FIONBIO && (*argument == 0 || *argument == 1));
    assert(socket == CONNECTION);
    return 0;
}

int connect(SOCKET socket, const struct sockaddr *address, socklen_t size)
{
    assert(socket == CONNECTION && size > 0);
    assert(address->sa_family == AF_INET || address->sa_family == AF_INET6);
    windows.connected = 1;
    if (*windows.connecting == 'o')
        return 0;
    windows.error = *windows.connecting == 'r' ? WSAECONNREFUSED : WSAEWOULDBLOCK;
    return -1;
}

int select(int unused, fd_set *reading, fd_set *writing, fd_set *failing,
           const struct timeval *limit)
{
    (void)unused;
    assert(FD_ISSET(CONNECTION, failing) && (!reading || !writing));
    assert(limit->tv_sec >= 0 && limit->tv_sec <= 5 && limit->tv_usec < 1000000);
    if (writing ? *windows.connecting != 'n' : *windows.arriving != 't')
        return 1;
    windows.passed += (ULONGLONG)(1000 * limit->tv_sec + limit->tv_usec / 1000);
    return 0;
}

int send(SOCKET socket, const char *buffer, int size, int flags)
{
    char request[64];

    snprintf(request, sizeof request, "%s|%d", windows.variable[1], PID);
    assert(socket == CONNECTION && flags == 0 && !windows.asked);
    assert(size == (int)strlen(request) && memcmp(buffer, request, (size_t)size) == 0);
    windows.asked = 1;
    return size;
}

int shutdown(SOCKET socket, int how)
{
    assert(socket == CONNECTION && how == SD_SEND && windows.asked);
    return 0;
}

static long next_amount(const char *script, const char **next)
{
    char *end;
    long amount = strtol(script, &end, 10);

    *next = *end == ',' ? end + 1 : end;
    return amount;
}

int recv(SOCKET socket, char *buffer, int size, int flags)
{
    long amount;

    assert(socket == CONNECTION && flags == 0 && windows.asked && size > 0);
    if (*windows.arriving == 'e') {
        windows.error = WSAECONNRESET;
        return -1;
    }
    amount = next_amount(windows.arriving, &windows.arriving);
    if (amount <= 0)
        return 0;
    if (amount > size)
        amount = size;
    memcpy(buffer, answer + windows.arrived, (size_t)amount);
    windows.arrived += (size_t)amount;
    return (int)amount;
}

/* ---- Sockets ---- */

/* The input may have one refused (r), given a
 * number that is another's (d) or that is no socket (x). */
SOCKET WSASocketW(int family, int type, int protocol, WSAPROTOCOL_INFOW *info, unsigned group,
                  DWORD flags)
{
    char how;

    assert(protocol == (info ? FROM_PROTOCOL_INFO : 0) && group == 0);
    assert(flags == (WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT));
    if (!info) {
        if (*windows.connecting == 's')
            return INVALID_SOCKET;
        windows.connection_open = 1;
        return CONNECTION;
    }
    assert(family == FROM_PROTOCOL_INFO && type == FROM_PROTOCOL_INFO);
    assert(memcmp(info, answer + windows.made * INFO_SIZE, INFO_SIZE) == 0);
    how = windows.made < strlen(windows.sockets) ? windows.sockets[windows.made] : 'o';
    windows.error = WSAENOTSOCK;
    if (how == 'r')
        return INVALID_SOCKET;
    if (how == 'x')
        return FIRST_COPY - 1;
    if (how == 'd' && windows.made > 0)
        return FIRST_COPY;
    windows.open[windows.made] = 1;
    return FIRST_COPY + windows.made++;
}

BOOL SetHandleInformation(HANDLE handle, DWORD mask, DWORD flags)
{
    assert((SOCKET)handle >= FIRST_COPY - 1 && mask == HANDLE_FLAG_INHERIT && flags == 0);
    return TRUE;
}

int closesocket(SOCKET socket)
{
    size_t index = socket - FIRST_COPY;

    if (socket == CONNECTION) {
        assert(windows.connection_open);
        windows.connection_open = 0;
        return 0;
    }
    assert(index < windows.made && (windows.open[index] || windows.gone[index]));
    windows.open[index] = 0;
    return 0;
}

static int is_socket(SOCKET socket)
{
    if (socket >= FIRST_COPY && windows.open[socket - FIRST_COPY])
        return 1;
    windows.error = WSAENOTSOCK;
    return 0;
}

/* Listeners and UDP sockets take turns. */
static int is_udp(SOCKET socket)
{
    return (socket - FIRST_COPY) % 2;
}

int getsockopt(SOCKET socket, int level, int option, char *value, socklen_t *size)
{
    WSAPROTOCOL_INFOW info = {.iAddressFamily = AF_INET};
    int number = 0;

    assert(level == SOL_SOCKET);
    if (option == SO_ERROR) {
        assert(socket == CONNECTION);
        number = *windows.connecting == 'f' ? WSAECONNREFUSED : 0;
    } else if (!is_socket(socket)) {
        return -1;
    } else if (option == SO_PROTOCOL_INFOW) {
        assert(*size == sizeof info);
        info.iSocketType = is_udp(socket) ? SOCK_DGRAM : SOCK_STREAM;
        info.iProtocol = is_udp(socket) ? IPPROTO_UDP : IPPROTO_TCP;
        memcpy(value, &info, sizeof info);
        return 0;
    } else if (option == SO_ACCEPTCONN && is_udp(socket)) {
        windows.error = WSAENOPROTOOPT;
        return -1;
    } else if (option == SO_ACCEPTCONN) {
        number = 1;
    } else {
        assert(option == SO_TYPE);
        number = is_udp(socket) ? SOCK_DGRAM : SOCK_STREAM;
    }
    assert(*size == sizeof number);
    memcpy(value, &number, sizeof number);
    return 0;
}

int getsockname(SOCKET socket, struct sockaddr *address, socklen_t *size)
{
    struct sockaddr_in loopback = {.sin_family = AF_INET, .sin_port = htons(80)};

    if (!is_socket(socket))
        return -1;
    loopback.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    memcpy(address, &loopback, sizeof loopback);
    *size = sizeof loopback;
    return 0;
}

int getpeername(SOCKET socket, struct sockaddr *address, socklen_t *size)
{
    if (!is_socket(socket))
        return -1;
    windows.error = WSAENOTCONN;
    memset(address, 0, *size);
    return -1;
}

int bind(SOCKET socket, const struct sockaddr *address, socklen_t size)
{
    (void)socket;
    (void)address;
    (void)size;
    abort(); /* nothing here binds */
}

int listen(SOCKET socket, int backlog)
{
    (void)socket;
    (void)backlog;
    abort();
}

int setsockopt(SOCKET socket, int level, int option, const char *value, socklen_t size)
{
    (void)socket;
    (void)level;
    (void)option;
    (void)value;
    (void)size;
    abort();
}

/* ---- ntdll.dll, of which not every version has the call ---- */

static LONG replace_completion(HANDLE socket, void *status, void *information, ULONG size,
                               int class)
{
    (void)status;
    assert(windows.open[(SOCKET)socket - FIRST_COPY] && size == 2 * sizeof(void *) && class == 61);
    memset(information, 0, size);
    return 0;
}

HMODULE GetModuleHandleA(const char *name)
{
    assert(strcmp(name, "ntdll.dll") == 0);
    return &windows;
}

void (*GetProcAddress(HMODULE module, const char *name))(void)
{
    assert(module == &windows && strcmp(name, "NtSetInformationFile") == 0);
    return strchr(windows.sockets, 'n') ? NULL : (void (*)(void))replace_completion;
}

/* ---- Pipes, which nothing here opens ---- */

HANDLE CreateFileA(const char *name, DWORD access, DWORD sharing, void *security, DWORD how,
                   DWORD flags, HANDLE model)
{
    (void)name, (void)access, (void)sharing, (void)security, (void)how, (void)flags, (void)model;
    abort();
}

BOOL WaitNamedPipeA(const char *name, DWORD milliseconds)
{
    (void)name, (void)milliseconds;
    abort();
}

BOOL WriteFile(HANDLE file, const void *bytes, DWORD size, DWORD *written, void *overlapped)
{
    (void)file, (void)bytes, (void)size, (void)written, (void)overlapped;
    abort();
}

BOOL CloseHandle(HANDLE handle)
{
    (void)handle;
    abort();
}

/* ---- What the header says that from_env makes of it ---- */

static int names_this_machine(const char *server)
{
    const char *colon = strrchr(server, ':');
    unsigned long long port;
    struct in6_addr ipv6;
    struct in_addr ipv4;
    char host[64];

    if (!colon || !is_number(colon + 1, 65535, &port) || port == 0 || colon - server > 62)
        return 0;
    snprintf(host, sizeof host, "%.*s", (int)(colon - server), server);
    if (inet_pton(AF_INET, host, &ipv4) == 1)
        return ntohl(ipv4.s_addr) >> 24 == 127;
    if (*host != '[' || host[strlen(host) - 1] != ']')
        return 0;
    host[strlen(host) - 1] = '\0';
    return inet_pton(AF_INET6, host + 1, &ipv6) == 1 && IN6_IS_ADDR_LOOPBACK(&ipv6);
}

static int is_uuid(const char *text)
{
    char part[5][13];
    int end = 0;

    return strlen(text) == 36 && strspn(text, "0123456789abcdefABCDEF-") == 36 &&
           sscanf(text, "%8[^-]-%4[^-]-%4[^-]-%4[^-]-%12[^-]%n", part[0], part[1], part[2], part[3],
                  part[4], &end) == 5 &&
           end == 36;
}

static int expected_for_conversation(const char *connecting, const char *arriving, size_t *count)
{
    size_t length = 0;
    int reset = 0;

    if (*connecting == 's')
        return LISTENFD_ESYSTEM;
    if (*connecting == 'r' || *connecting == 'f')
        return LISTENFD_ECONNECT;
    if (*connecting == 'n')
        return LISTENFD_ECONNECT;
    while (length <= MOST_SOCKETS * INFO_SIZE) {
        long amount;
        if (*arriving == 't')
            return LISTENFD_ETIMEDOUT;
        reset = *arriving == 'e';
        amount = reset ? 0 : next_amount(arriving, &arriving);
        if (amount <= 0)
            break;
        length += amount < 1000000 ? (size_t)amount : 1000000;
    }
    *count = length / INFO_SIZE;
    return length == 0                         ? LISTENFD_ENOANSWER
           : length > MOST_SOCKETS * INFO_SIZE ? LISTENFD_ETOOLONG
           : reset || length % INFO_SIZE       ? LISTENFD_ESHORT
                                               : LISTENFD_PASSED;
}

static int expected_for_sockets(const char *sockets, size_t count, const char *names)
{
    size_t name_count = 1;

    for (size_t i = 0; i < count && sockets[i] != '\0'; i++)
        if (sockets[i] == 'r' || sockets[i] == 'x' || (sockets[i] == 'd' && i > 0))
            return LISTENFD_EINFO;
    for (; names && *names != '\0'; names++)
        name_count += *names == ':';
    return !names || name_count == count ? LISTENFD_PASSED : LISTENFD_ENAMES;
}

static int expected_status(size_t *count)
{
    int status;

    if (!windows.variable[0])
        return LISTENFD_NONE;
    if (!names_this_machine(windows.variable[0]))
        return LISTENFD_ESERVER;
    if (!windows.variable[1] || !is_uuid(windows.variable[1]))
        return LISTENFD_ESECRET;
    status = expected_for_conversation(windows.connecting, windows.arriving, count);
    if (status == LISTENFD_PASSED)
        status = expected_for_sockets(windows.sockets, *count, windows.variable[2]);
    return status;
}

/* ---- Calls ---- */

static int is_kind(char letter, size_t index)
{
    int udp = is_udp(FIRST_COPY + index);

    return letter == 'r' || (letter == 'u' && udp) || (letter == 't' && !udp);
}

typedef int take_call(struct listenfd *lfd, size_t index, listenfd_socket *out);

static void take(struct listenfd *lfd, char letter, size_t index, take_call *call)
{
    listenfd_socket socket = 0;
    int result = call(lfd, index, &socket);

    assert((result == 1) == (socket != LISTENFD_INVALID_SOCKET));
    if (listenfd_status(lfd) < 0)
        assert(result == listenfd_status(lfd));
    else if (letter == 'l')
        assert(result == LISTENFD_ENOTSUPPORTED);
    else if (index >= listenfd_count(lfd) || windows.taken[index])
        assert(result == 0);
    else if (windows.gone[index])
        assert(result == LISTENFD_ECLOSED);
    else
        assert((result == 1) == is_kind(letter, index));
    if (result != 1)
        return;
    assert(socket == FIRST_COPY + index);
    windows.taken[index] = 1;
}

static void find(struct listenfd *lfd, size_t from)
{
    size_t found = listenfd_find_address(lfd, "127.0.0.1:80", from);

    assert(found == LISTENFD_NOT_FOUND || (found >= from && !windows.taken[found]));
    found = listenfd_find_name(lfd, "web", from);
    assert(found == LISTENFD_NOT_FOUND || (found >= from && !windows.taken[found]));
}

static void describe(const struct listenfd *lfd, size_t index)
{
    int length = listenfd_describe(lfd, index, NULL, 0);
    char *text = malloc((size_t)length + 1);

    assert(text);
    assert(listenfd_describe(lfd, index, text, (size_t)length + 1) == length);
    assert(strlen(text) == (size_t)length);
    free(text);
}

/* As others in the process may do by mistake, or because it is theirs now. */
static void close_behind_its_back(const struct listenfd *lfd, size_t index)
{
    if (index >= listenfd_count(lfd))
        return;
    windows.gone[index] = 1;
    closesocket(FIRST_COPY + index);
}

static void call(struct listenfd *lfd, char letter, size_t index)
{
    switch (letter) {
    case 't':
        take(lfd, letter, index, listenfd_take_tcp_listener);
        break;
    case 'u':
        take(lfd, letter, index, listenfd_take_udp_socket);
        break;
    case 's':
        take(lfd, letter, index, listenfd_take_tcp_stream);
        break;
    case 'r':
        take(lfd, letter, index, listenfd_take_raw);
        break;
    case 'l':
        take(lfd, letter, index, listenfd_take_unix_listener);
        break;
    case 'D':
        describe(lfd, index);
        break;
    case 'c':
        close_behind_its_back(lfd, index);
        break;
    default:
        find(lfd, index);
    }
}

static void make_calls(struct listenfd *lfd, const char *calls)
{
    int status = listenfd_status(lfd);

    for (size_t made = 0; calls[0] != '\0' && calls[1] != '\0' && made < 64; made++, calls += 2) {
        call(lfd, calls[0], (unsigned char)calls[1] - (size_t)'0');
        assert_printable(listenfd_message(lfd));
        assert(listenfd_status(lfd) == status);
    }
}

/* Of the sockets those that were taken, each with its WSAStartup. */
static void check_what_is_left(size_t count)
{
    int left = 0;

    for (size_t i = 0; i < MOST_SOCKETS; i++) {
        assert(i < count || !windows.open[i]);
        assert(windows.open[i] == (windows.taken[i] && !windows.gone[i]));
        left += windows.taken[i];
    }
    assert(windows.startups == left);
}

static void check(const struct input *input)
{
    size_t count = 0;
    int expected = expected_status(&count);
    struct listenfd *lfd;

    windows.error = SOME_ERROR;
    lfd = listenfd_from_env(0);
    assert(lfd && windows.error == SOME_ERROR);
    assert(listenfd_status(lfd) == expected);
    assert(listenfd_count(lfd) == (expected == LISTENFD_PASSED ? count : 0));
    assert_printable(listenfd_message(lfd));
    for (size_t i = 0; i < 3; i++)
        assert(windows.removed[i] && windows.removed_here[i]);
    if (expected == LISTENFD_NONE || expected == LISTENFD_ESERVER || expected == LISTENFD_ESECRET)
        assert(!windows.connected);
    assert(!windows.connection_open);
    assert((size_t)windows.startups == listenfd_count(lfd));
    make_calls(lfd, input_text(input, "calls="));
    count = listenfd_count(lfd);
    listenfd_free(lfd);
    check_what_is_left(count);
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
    struct input input;
    char key[32];

    if (size >= LONGEST_VARIABLE) /* that Windows has */
        return 0;
    input_open(&input, data, size);
    memset(&windows, 0, sizeof windows);
    for (size_t i = 0; i < 3; i++) {
        snprintf(key, sizeof key, "%s=", variables[i]);
        windows.variable[i] = input_value(&input, key);
    }
    windows.connecting = input_text(&input, "connect=");
    windows.arriving = input_text(&input, "recv=");
    windows.sockets = input_text(&input, "sockets=");
    check(&input);
    input_close(&input);
    return 0;
}
