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
    {-q,--quiet}'[do not print what was opened]' \
    '--color=[when to use colours]:when:(auto always never)' \
    {-h,--help}'[print the help]' \
    {-V,--version}'[print the version]' \
    '(-):command: _command_names -e' \
    '*::arguments: _normal'
