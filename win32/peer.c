/* SPDX-License-Identifier: MIT */
#include "page/peer.h"

#include "sockets/net.h"

#include <stdlib.h>
#include <string.h>
#include <windows.h>

/* ---- The process at the other end (GetExtendedTcpTable) ---- */

/* The table of connections, for free(), or NULL. It may grow after its size is known: try again. */
static void *tcp_table(ULONG family)
{
    DWORD size = 0, result = ERROR_INSUFFICIENT_BUFFER;
    void *table = NULL;

    for (int i = 0; i < 5 && result == ERROR_INSUFFICIENT_BUFFER; i++) {
        free(table);
        size += 4096;
        table = malloc(size);
        if (!table)
            return NULL;
        result =
            GetExtendedTcpTable(table, &size, FALSE, family, TCP_TABLE_OWNER_PID_CONNECTIONS, 0);
    }
    if (result == NO_ERROR)
        return table;
    free(table);
    return NULL;
}

static DWORD process_of_ipv4(const struct sockaddr_in *own, const struct sockaddr_in *peer)
{
    MIB_TCPTABLE_OWNER_PID *table = tcp_table(AF_INET);
    DWORD process = 0;

    for (DWORD i = 0; table && i < table->dwNumEntries; i++) {
        const MIB_TCPROW_OWNER_PID *row = &table->table[i];
        if (row->dwLocalAddr == peer->sin_addr.s_addr && row->dwLocalPort == peer->sin_port &&
            row->dwRemoteAddr == own->sin_addr.s_addr && row->dwRemotePort == own->sin_port)
            process = row->dwOwningPid;
    }
    free(table);
    return process;
}

static DWORD process_of_ipv6(const struct sockaddr_in6 *own, const struct sockaddr_in6 *peer)
{
    MIB_TCP6TABLE_OWNER_PID *table = tcp_table(AF_INET6);
    DWORD process = 0;

    for (DWORD i = 0; table && i < table->dwNumEntries; i++) {
        const MIB_TCP6ROW_OWNER_PID *row = &table->table[i];
        if (memcmp(row->ucLocalAddr, &peer->sin6_addr, 16) == 0 &&
            row->dwLocalPort == peer->sin6_port &&
            memcmp(row->ucRemoteAddr, &own->sin6_addr, 16) == 0 &&
            row->dwRemotePort == own->sin6_port)
            process = row->dwOwningPid;
    }
    free(table);
    return process;
}

/* An IPv4 client of a dual-stack listener has an IPv4 address at its own end. */
static void unmap(struct sockaddr_storage *address)
{
    struct sockaddr_in6 in6 = *(struct sockaddr_in6 *)address;
    struct sockaddr_in *in = (struct sockaddr_in *)address;

    if (address->ss_family != AF_INET6 || !IN6_IS_ADDR_V4MAPPED(&in6.sin6_addr))
        return;
    memset(address, 0, sizeof *address);
    in->sin_family = AF_INET;
    in->sin_port = in6.sin6_port;
    memcpy(&in->sin_addr, in6.sin6_addr.s6_addr + 12, 4);
}

static DWORD process_of_peer(listenfd_socket connection)
{
    struct sockaddr_storage own, peer;
    int own_size = sizeof own, peer_size = sizeof peer;

    if (getsockname(connection, (struct sockaddr *)&own, &own_size) != 0 ||
        getpeername(connection, (struct sockaddr *)&peer, &peer_size) != 0)
        return 0;
    unmap(&own);
    unmap(&peer);
    if (own.ss_family == AF_INET)
        return process_of_ipv4((const struct sockaddr_in *)&own, (const struct sockaddr_in *)&peer);
    return process_of_ipv6((const struct sockaddr_in6 *)&own, (const struct sockaddr_in6 *)&peer);
}

/* ---- The user of that process ---- */

struct user {
    union {
        TOKEN_USER token;
        char room[sizeof(TOKEN_USER) + SECURITY_MAX_SID_SIZE];
    } as;
};

static int user_of(HANDLE process, struct user *user)
{
    HANDLE token;
    DWORD size;
    int known;

    if (!process || !OpenProcessToken(process, TOKEN_QUERY, &token))
        return 0;
    known = GetTokenInformation(token, TokenUser, &user->as, sizeof user->as, &size);
    CloseHandle(token);
    return known;
}

int peer_is_same_user(listenfd_socket connection)
{
    DWORD id = process_of_peer(connection);
    HANDLE process = id ? OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, FALSE, id) : NULL;
    struct user own, other;
    int same = user_of(GetCurrentProcess(), &own) && user_of(process, &other) &&
               EqualSid(own.as.token.User.Sid, other.as.token.User.Sid);

    if (process)
        CloseHandle(process);
    return same;
}
