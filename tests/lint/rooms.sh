#!/bin/sh
# The rooms of systemfd. The portable ones include headers of C only, and those of the system
# through net.h; no room includes one that it serves. CONTRIBUTING.md says why.

broken=0

complain() {
    echo "rooms: $1" >&2
    broken=1
}

headers_of_c='assert|ctype|errno|limits|stdarg|stddef|stdint|stdio|stdlib|string'
for file in systemfd/*.[ch] systemfd/sockets/*.[ch] systemfd/devserver/*.[ch] systemfd/page/*.[ch]; do
    [ "$file" = systemfd/sockets/net.h ] && continue
    other=$(grep -E '^#include <' "$file" | grep -vE "<($headers_of_c)\.h>") &&
        complain "$file is compiled on every system, and includes $other"
done

# serves ROOM OTHER...: ROOM must not include from the others.
serves() {
    room=$1
    shift
    for other; do
        found=$(grep -lE "^#include \"$other" "$room"/*.[ch]) &&
            complain "$room must not include $other...: $(echo "$found" | paste -sd ' ')"
    done
}

serves systemfd/sockets devserver/ page/ posix/ command.h
serves systemfd/page devserver/ posix/ command.h
serves systemfd/devserver posix/ command.h
serves systemfd posix/

# What only one system compiles implements what the portable rooms declare, under the same name;
# a header of its own is for itself.
for file in systemfd/posix/*.c; do
    name=$(basename "$file" .c)
    [ -e "win32/$name.c" ] || [ -e "systemfd/posix/$name.h" ] || find systemfd -name "$name.h" | grep -q . ||
        case $name in watch_inotify | now) ;; *) complain "$file implements no header" ;; esac
done
for file in win32/*.c; do
    name=$(basename "$file" .c)
    [ -e "win32/$name.h" ] || [ -e "systemfd/posix/$name.c" ] ||
        complain "$file has no header, and no other half in systemfd/posix"
done

[ "$broken" -eq 0 ] && echo "rooms: includes point one way"
exit "$broken"
