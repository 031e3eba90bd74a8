#!/bin/sh
# Each relative link in a Markdown file leads to a file or folder that is there, and each
# "#anchor" within a page to a heading of it.

broken=0
# shellcheck disable=SC2044 # names here have no blanks
for page in $(find . -name '*.md' -not -path './build*' -not -path './.cache/*'); do
    for link in $(grep -oE '\]\([^) ]+\)' "$page" | sed 's/^](//; s/)$//' | grep -v '^[a-z]*:'); do
        case $link in
        '#'*) sed -n 's/^##* *//p' "$page" | tr 'A-Z ' 'a-z-' | tr -d '`,.()' | grep -qx -e "${link#?}" ;;
        *) [ -e "$(dirname "$page")/${link%%#*}" ] ;;
        esac || { echo "links: $page: nothing is at $link" >&2; broken=1; }
    done
done
[ "$broken" -eq 0 ] && echo 'links: every relative link leads somewhere'
exit "$broken"
