/* SPDX-License-Identifier: MIT */
#ifndef FUZZ_WINDOWS_H
#define FUZZ_WINDOWS_H

#include "winsock2.h" // IWYU pragma: keep

/* Nothing here tells a launcher: there is no such pipe. */
enum { GENERIC_WRITE = 0x40000000, OPEN_EXISTING = 3, ERROR_PIPE_BUSY = 231 };
enum { SECURITY_ANONYMOUS = 0, SECURITY_SQOS_PRESENT = 0x100000 };
#define INVALID_HANDLE_VALUE ((HANDLE)(intptr_t)-1)

HANDLE CreateFileA(const char *name, DWORD access, DWORD sharing, void *security, DWORD how,
                   DWORD flags, HANDLE model);
BOOL WaitNamedPipeA(const char *name, DWORD milliseconds);
BOOL WriteFile(HANDLE file, const void *bytes, DWORD size, DWORD *written, void *overlapped);
BOOL CloseHandle(HANDLE handle);

#endif
