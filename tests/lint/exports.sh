#!/bin/sh
# The shared library, or DLL, shows the calls of the header, all of them, and nothing else.
#   exports.sh SHARED_LIBRARY

declared=$(mktemp) exported=$(mktemp) || exit 1
trap 'rm -f "$declared" "$exported"' EXIT

tests/lint/calls.sh >"$declared"
case $1 in
*.dll) objdump -p "$1" | sed -n '/^.Ordinal.Name Pointer/,/^$/s/^.*\[ *[0-9]*] //p' ;;
*) nm -D --defined-only "$1" | awk '{print $3}' ;;
esac | sort >"$exported"
if ! diff "$declared" "$exported"; then
    echo "exports: listenfd.h declares the calls on the left, $1 exports those on the right" >&2
    exit 1
fi
echo "exports: $(wc -l <"$exported") calls, as declared"
