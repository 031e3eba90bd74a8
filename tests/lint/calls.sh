#!/bin/sh
# The public calls, one a line, read from the header.
tr '\n' ' ' <listenfd.h | grep -oE 'LISTENFD_API [^;]*;' | grep -oE 'listenfd_[a-z_]+\(' |
    tr -d '(' | sort -u
