# bash completion for systemfd
#
# readline breaks words at ':' and '=', so "web=http::5000" arrives as five words.

_systemfd() {
    local word=${COMP_WORDS[COMP_CWORD]} option='' i
    local types='tcp:: tcp6:: http:: https:: udp:: udp6:: unix:: unix-datagram:: unix-seqpacket::'
    local options='--socket --backlog --no-reuse --reuse-port --no-pid --stdin --lazy --accept --inetd --placeholders --export --quiet --color --help
        --version --watch --ignore --only --no-default-ignore --no-gitignore --poll --build --restart-build
        --move-aside --after --delay --settle --workers --stop-signal --stop-timeout --live-reload --clear
        --no-keys --stop-first --restart-on-hup --exit-on-failure --exit-with-server --no-error-page
        --error-page-for'

    for ((i = 1; i < COMP_CWORD; i++)); do
        option=''
        case ${COMP_WORDS[i]} in
        -s | --socket | -b | --backlog | --export | --color | -w | --watch | --ignore | --only | --build | --move-aside | \
            --after | --delay | --settle | --workers | --stop-signal | --stop-timeout | --error-page-for)
            option=${COMP_WORDS[i]}
            [[ ${COMP_WORDS[i + 1]} == = ]] && ((i++))
            ((i++))
            while [[ ${COMP_WORDS[i + 1]} == [=:]* ]]; do ((i += 2)); done
            ;;
        --)
            _command_offset $((i + 1))
            return
            ;;
        -*) ;;
        *) # the command, completed as if systemfd were not there
            _command_offset "$i"
            return
            ;;
        esac
    done

    # i is now past the cursor's word only if that word is the value of an option.
    ((i > COMP_CWORD)) || option=''
    case $option in
    -s | --socket)
        compopt -o nospace
        mapfile -t COMPREPLY < <(compgen -W "$types" -- "${word#=}")
        ;;
    -b | --backlog | --delay | --settle | --stop-timeout | --workers) ;;
    --error-page-for) mapfile -t COMPREPLY < <(compgen -A hostname -- "${word#=}") ;;
    -w | --watch | --ignore | --only | --move-aside) mapfile -t COMPREPLY < <(compgen -f -- "${word#=}") ;;
    --build | --after) mapfile -t COMPREPLY < <(compgen -c -- "${word#=}") ;;
    --stop-signal)
        mapfile -t COMPREPLY < <(compgen -W 'TERM INT HUP QUIT USR1 USR2 KILL' -- "${word#=}")
        ;;
    --export) mapfile -t COMPREPLY < <(compgen -W 'start_server einhorn' -- "${word#=}") ;;
    --color) mapfile -t COMPREPLY < <(compgen -W 'auto always never' -- "${word#=}") ;;
    *)
        if [[ $word == -* ]]; then
            mapfile -t COMPREPLY < <(compgen -W "$options --" -- "$word")
        else
            mapfile -t COMPREPLY < <(compgen -c -- "$word")
        fi
        ;;
    esac
}

complete -F _systemfd systemfd
