#compdef systemfd

_systemfd_socket() {
    local -a types
    types=(tcp tcp6 http https udp udp6 unix unix-datagram unix-seqpacket)
    if compset -P '*::'; then
        _files
    else
        compset -P '*='
        compadd -S '::' -a types
    fi
}

_arguments -s -S \
    '*'{-s+,--socket=}'[open a socket]:[NAME=][TYPE\:\:]SPEC:_systemfd_socket' \
    {-b+,--backlog=}'[connections that may wait for the server]:number:' \
    '--no-reuse[do not set SO_REUSEADDR]' \
    '--reuse-port[set SO_REUSEPORT]' \
    '--no-pid[do not set LISTEN_PID]' \
    '--stdin[the first socket is standard input]' \
    '--lazy[start the command when the first client comes]' \
    '--accept=-[start the command for each connection]::at most so many at once:' \
    '--inetd[the socket is standard input and output]' \
    '--placeholders[replace {fd}, {port}, {address} in the arguments]' \
    '*--export=[also set the variables of that launcher]:launcher:(start_server einhorn)' \
    {-q,--quiet}'[do not print what was opened]' \
    '--color=[when to use colours]:when:(auto always never)' \
    '*'{-w+,--watch=}'[restart when this changes]:path:_files' \
    '*--ignore=[changes that do not count]:glob:_files' \
    '--poll=-[look for changes, where the system does not tell]::milliseconds:' \
    '--build=[run this first]:shell command:_command_names -e' \
    '*--move-aside=[on Windows, rename this program before a build]:file:_files' \
    '--after=[run this when a server is ready]:shell command:_command_names -e' \
    '*--only=[the only changes that count]:glob:_files' \
    '--no-default-ignore[what tools and editors leave counts]' \
    '--no-gitignore[what git ignores counts]' \
    '--restart-build[a change ends a running build]' \
    '--delay=[how long changes must have paused]:milliseconds:' \
    '--settle=[how long a new server must live at least]:milliseconds:' \
    '--workers=[how many servers share the sockets]:number:' \
    '--stop-signal=[what the old server is sent]:signal:(TERM INT HUP QUIT USR1 USR2 KILL)' \
    '--stop-timeout=[until it is killed]:seconds:' \
    '--live-reload=-[serve a script that reloads pages]::port:' \
    '--clear[begin each build with an empty screen]' \
    '--no-keys[do not read the terminal]' \
    '--stop-first[stop the old server before the new one starts]' \
    '--restart-on-hup[only SIGHUP restarts]' \
    '--exit-on-failure[end when the server fails]' \
    '--exit-with-server[stay, and end when the server ends]' \
    '--no-error-page[let http clients wait]' \
    '*--error-page-for=[show what was printed to everybody who asks for it]:host:_hosts' \
    {-h,--help}'[print the help]' \
    {-V,--version}'[print the version]' \
    '(-):command: _command_names -e' \
    '*::arguments: _normal'
