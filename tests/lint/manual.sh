#!/bin/sh
# man/listenfd.3 and listenfd.h say the same: the prototypes, the list of calls, the error codes
# with their texts; every other name of the header stands in the page, and the pages name nothing
# that is not in the header.

page=man/listenfd.3 differences=0
from_header=$(mktemp) from_page=$(mktemp) || exit 1
trap 'rm -f "$from_header" "$from_page"' EXIT

compare() {
    sort -o "$from_header" "$from_header"
    sort -o "$from_page" "$from_page"
    if ! diff "$from_header" "$from_page"; then
        echo "manual: $1 of listenfd.h are on the left, those of $page on the right" >&2
        differences=1
    fi
}

tr '\n' ' ' <listenfd.h | grep -oE 'LISTENFD_API [^;{#]*\);' |
    sed -E 's/LISTENFD_(API|CHECK_RESULT) //g; s/  +/ /g' >"$from_header"
awk '/^\.Ft / { type = substr($0, 5); sub(/[^*]$/, "& ", type) }
    /^\.Fn .*"/ && type { sub(/^\.Fn /, ""); sub(/ "/, "("); gsub(/" "/, ", "); sub(/"$/, ");"); print type $0 }
    /^\.Sh DESCRIPTION/ { exit }' $page >"$from_page"
compare 'the prototypes'

tests/lint/calls.sh >"$from_header"
sed -n '/^\.Sh NAME/,/^\.Nd/s/^\.Nm \(listenfd_[a-z_]*\).*/\1/p' $page >"$from_page"
compare 'the calls'

sed -nE 's/^    X\((LISTENFD_E[A-Z]+), (-[0-9]+), "(.*)"\).*/\1 (\2) \3/p' listenfd.h >"$from_header"
sed -n '/^\.Sh ERRORS/,$p' $page |
    sed -n '/^\.It Dv /{s/^\.It Dv \([A-Z_]*\) Pq \\\(.*\)$/\1 (\2)/;N;s/\n/ /;p;}' >"$from_page"
compare 'the error codes'

# LISTENFD_H guards, LISTENFD_ENUMERATOR is gone at the end of the header.
names='listenfd_[a-z_]+[a-z]|LISTENFD_[A-Z_]+[A-Z]'
grep -owE "$names" listenfd.h | grep -vwE 'LISTENFD_(H|ENUMERATOR)' | sort -u >"$from_header"
grep -ohwE "$names" man/listenfd.[37] | sort -u >"$from_page"
compare 'the names'

[ "$differences" -eq 0 ] && echo "manual: $page says what listenfd.h says"
exit "$differences"
