#!/bin/sh
# A host that has a function for each word of listenfd.h and listenfd.c which has neither their prefix
# nor is the system's (what their headers name, and the language), and embeds them: a name at file
# scope without the prefix, a macro or a type would not go together with it.
#   words.sh COMPILER >host.c

folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT

# Their conditions and headers alone: what the preprocessor makes of these is the system's.
{
    sed -n '/^#include </p' listenfd.h
    sed -nE '/^#(if|else|elif|endif|define _|include <)/p' listenfd.c
} >"$folder/system.c"
{
    "$1" -E -dD "$folder/system.c"
    cat "$folder/system.c"
    echo 'auto break case char const continue default do double else enum extern float for goto if
        inline int long main register restrict return short signed sizeof static struct switch
        typedef union unsigned void volatile while undef include error pragma once GCC diagnostic
        push pop ignored comment'
} | grep -oE '[A-Za-z_][A-Za-z0-9_]*' | sort -u >"$folder/system"

# Without comments and texts.
cat listenfd.h listenfd.c | sed -E "s/\"([^\"\\\\]|\\\\.)*\"//g; s/'([^'\\\\]|\\\\.)'//g" |
    awk '{ while (match($0, /\/\*/)) {
               before = substr($0, 1, RSTART - 1); rest = substr($0, RSTART + 2)
               while (!(end = index(rest, "*/"))) if (getline rest <= 0) exit
               $0 = before " " substr(rest, end + 2) }
           print }' |
    grep -oE '[A-Za-z_][A-Za-z0-9_]*' | grep -vE '^(listenfd_|LISTENFD_|lfd_|LFD_|_)' |
    sort -u >"$folder/source"

comm -23 "$folder/source" "$folder/system" | sed 's/.*/int &(void);\nint &(void)\n{\n    return 0;\n}\n/'
printf '#define LISTENFD_API static\n#include "listenfd.c"\n'
