# fish completion for systemfd

set -l types tcp:: tcp6:: http:: https:: udp:: udp6:: unix:: unix-datagram:: unix-seqpacket::

complete -c systemfd -s s -l socket -x -a "$types" -d 'Open a socket: [NAME=][TYPE::]SPEC'
complete -c systemfd -s b -l backlog -x -d 'Connections that may wait for the server'
complete -c systemfd -l no-reuse -d 'Do not set SO_REUSEADDR'
complete -c systemfd -l reuse-port -d 'Set SO_REUSEPORT'
complete -c systemfd -l no-pid -d 'Do not set LISTEN_PID'
complete -c systemfd -s q -l quiet -d 'Do not print what was opened'
complete -c systemfd -l color -x -a 'auto always never' -d 'When to use colours'
complete -c systemfd -s h -l help -d 'Print the help'
complete -c systemfd -s V -l version -d 'Print the version'
complete -c systemfd -x -a '(__fish_complete_subcommand -- -s --socket -b --backlog --color)'
