# Makes a compilation database (compile_commands.json) of the commands that make -n prints.

function quoted(text) {
    gsub(/\\/, "\\\\", text)
    gsub(/"/, "\\\"", text)
    return "\"" text "\""
}

/\\$/ { # goes on in the next line
    sub(/\\$/, "")
    command = command $0
    next
}

{
    command = command $0
    count = split(command, words, /[ \t]+/)
    for (i = 2; i <= count; i++)
        if (words[1] ~ /(cc|gcc|clang)(-[0-9.]+)?$/ && words[i] ~ /\.c$/) {
            printf "%s{\"directory\": %s, \"file\": %s, \"command\": %s}", seen++ ? ",\n " : "[", \
                quoted(folder), quoted(words[i]), quoted(command)
            break
        }
    command = ""
}

END { print seen ? "]" : "[]" }
