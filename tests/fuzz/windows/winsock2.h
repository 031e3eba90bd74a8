/* SPDX-License-Identifier: MIT
 * As much of Windows as the code needs that reads what comes over the network there, so that
 * it compiles here, under a fuzzer: with -D_WIN32 and this folder before the system's.
 *
 * What goes over the network has the sizes it has there. A DWORD is as wide as a long, as it
 * is there, and so wider than there. Each target defines the calls that its code makes.
 *
 * Source: Microsoft's reference of each name; values as in winsock2.h, winerror.h. */
#ifndef WINSOCK2_H
#define WINSOCK2_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <wchar.h>

typedef uintptr_t SOCKET;
typedef void *HANDLE, *HMODULE;
typedef int BOOL;
typedef int32_t LONG;
typedef unsigned char UCHAR;
typedef unsigned short USHORT, WCHAR, WORD;
typedef unsigned long DWORD, ULONG;
typedef unsigned long long ULONGLONG;

#define TRUE 1
#define MAXDWORD 0xffffffffUL
#define MAKEWORD(low, high) ((WORD)((low) | (high) << 8))
#define NTAPI
#define WINAPI

/* ---- Errors ---- */

#define ERROR_SUCCESS 0
#define ERROR_ENVVAR_NOT_FOUND 203
#define WSAEWOULDBLOCK 10035
#define WSAENOTSOCK 10038
#define WSAENOPROTOOPT 10042
#define WSAEAFNOSUPPORT 10047
#define WSAEADDRINUSE 10048
#define WSAEADDRNOTAVAIL 10049
#define WSAECONNRESET 10054
#define WSAENOTCONN 10057
#define WSAETIMEDOUT 10060
#define WSAECONNREFUSED 10061
#define FORMAT_MESSAGE_IGNORE_INSERTS 0x0200
#define FORMAT_MESSAGE_FROM_SYSTEM 0x1000
#define FORMAT_MESSAGE_MAX_WIDTH_MASK 0x00ff

DWORD GetLastError(void);
void SetLastError(DWORD error);
int WSAGetLastError(void);
void WSASetLastError(int error);
DWORD FormatMessageW(DWORD how, const void *source, DWORD error, DWORD language, wchar_t *text,
                     DWORD size, void *arguments);

/* ---- Text ---- */

#define CP_UTF8 65001

int WideCharToMultiByte(unsigned page, DWORD flags, const wchar_t *wide, int length, char *text,
                        int size, const char *unknown, BOOL *was_unknown);

/* ---- The process ---- */

DWORD GetCurrentProcessId(void);
ULONGLONG GetTickCount64(void);
DWORD GetEnvironmentVariableW(const wchar_t *name, wchar_t *value, DWORD size);
BOOL SetEnvironmentVariableA(const char *name, const char *value);
int _putenv(const char *assignment);
HMODULE GetModuleHandleA(const char *name);
void (*GetProcAddress(HMODULE module, const char *name))(void);
BOOL SetHandleInformation(HANDLE handle, DWORD mask, DWORD flags);

#define HANDLE_FLAG_INHERIT 1

/* ---- Sockets ---- */

typedef struct {
    WORD version;
} WSADATA;

/* One socket, on its way to another process. */
typedef struct {
    uint32_t dwServiceFlags[4], dwProviderFlags;
    unsigned char ProviderId[16];
    uint32_t dwCatalogEntryId;
    struct {
        int32_t ChainLen;
        uint32_t ChainEntries[7];
    } ProtocolChain;
    int32_t iVersion, iAddressFamily, iMaxSockAddr, iMinSockAddr, iSocketType, iProtocol;
    int32_t iProtocolMaxOffset, iNetworkByteOrder, iSecurityScheme;
    uint32_t dwMessageSize, dwProviderReserved;
    WCHAR szProtocol[256];
} WSAPROTOCOL_INFOW;

#define INVALID_SOCKET (~(SOCKET)0)
#define FROM_PROTOCOL_INFO (-1)
#define SO_EXCLUSIVEADDRUSE (~SO_REUSEADDR)
#define SO_PROTOCOL_INFOW 0x2005
#define SD_SEND 1
#undef SHUT_WR
#undef FIONBIO
#define FIONBIO 0x8004667eUL
#define WSA_FLAG_OVERLAPPED 0x01
#define WSA_FLAG_NO_HANDLE_INHERIT 0x80

int WSAStartup(WORD version, WSADATA *data);
int WSACleanup(void);
SOCKET WSASocketW(int family, int type, int protocol, WSAPROTOCOL_INFOW *info, unsigned group,
                  DWORD flags);
int WSADuplicateSocketW(SOCKET socket, DWORD pid, WSAPROTOCOL_INFOW *info);
int closesocket(SOCKET socket);
int ioctlsocket(SOCKET socket, long command, unsigned long *argument);

/* Those that Linux has too, with a SOCKET that is not a descriptor. */
#define bind windows_bind
#define connect windows_connect
#define getpeername windows_getpeername
#define getsockname windows_getsockname
#define getsockopt windows_getsockopt
#define listen windows_listen
#define recv windows_recv
#define select windows_select
#define send windows_send
#define setsockopt windows_setsockopt
#define shutdown windows_shutdown

int bind(SOCKET socket, const struct sockaddr *address, socklen_t size);
int connect(SOCKET socket, const struct sockaddr *address, socklen_t size);
int getpeername(SOCKET socket, struct sockaddr *address, socklen_t *size);
int getsockname(SOCKET socket, struct sockaddr *address, socklen_t *size);
int getsockopt(SOCKET socket, int level, int option, char *value, socklen_t *size);
int listen(SOCKET socket, int backlog);
int recv(SOCKET socket, char *buffer, int size, int flags);
int select(int unused, fd_set *reading, fd_set *writing, fd_set *failing,
           const struct timeval *limit);
int send(SOCKET socket, const char *buffer, int size, int flags);
int setsockopt(SOCKET socket, int level, int option, const char *value, socklen_t size);
int shutdown(SOCKET socket, int how);

#endif
