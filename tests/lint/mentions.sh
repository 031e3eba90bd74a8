#!/bin/sh
# Each public call and each error code stands in the tests; each option of systemfd stands in its
# tests, its manual page and its completions.

missing=0

# mentioned WORD WHERE PATH...
mentioned() {
    word=$1 where=$2
    shift 2
    if ! grep -rqwF -e "$word" "$@"; then
        echo "mentions: $word is not in $where" >&2
        missing=1
    fi
}

codes=$(grep -oE 'X\(LISTENFD_E[A-Z]+' listenfd.h | tr -d 'X(')
for name in $(tests/lint/calls.sh) $codes; do
    mentioned "$name" "the tests" tests/unit tests/process tests/interop tests/win32
done
for option in $(grep -oE '"[a-z-]+", (OPTIONAL_)?(VALUE|FLAG)' systemfd/options.c | cut -d'"' -f2); do
    mentioned "--$option" "the tests" tests/command tests/sockets tests/devserver tests/page
    mentioned "$option" "man/systemfd.1" man/systemfd.1
    for shell in bash zsh fish; do
        mentioned "$option" "the completion for $shell" "systemfd/completion/systemfd.$shell"
    done
done
[ "$missing" -eq 0 ] && echo "mentions: every call, code and option is tested and documented"
exit "$missing"
