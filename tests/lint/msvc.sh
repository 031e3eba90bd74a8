#!/bin/sh
# clang reads listenfd.c in MSVC's dialect, as C and as C++, with Wine's headers: MinGW's are for
# gcc. Three things in them are otherwise than in Microsoft's: inet_ntop takes a const VOID *,
# WCHAR is wchar_t in C++, too, and
# what clang has built in is not defined once more.

wine=/usr/include/wine/wine
own=$(mktemp -d) || exit 1
trap 'rm -r "$own"' EXIT
sed 's/(inet_ntop)(INT,PVOID/(inet_ntop)(INT,const VOID */' $wine/windows/ws2tcpip.h >"$own/ws2tcpip.h" || exit

read_as() {
    clang --target=x86_64-pc-windows-msvc -fms-compatibility -fms-extensions -fsyntax-only \
        -Wall -Wextra -Werror -nostdinc -I. -isystem "$own" -isystem $wine/msvcrt \
        -isystem $wine/windows -isystem "$(clang -print-resource-dir)/include" \
        -D_InterlockedCompareExchange128=compare_exchange -DWINE_UNICODE_NATIVE -x "$@" listenfd.c
}

read_as c -std=c11 && read_as c++ -std=c++17
