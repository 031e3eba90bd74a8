#!/bin/sh
# A server is restarted under load, and no request fails. Run by `make demo`, as
#
#   systemfd --no-pid -s http::0 -- sh examples/demo.sh BUILD
#
# This script stands where a watcher such as watchexec or entr stands. It holds the socket
# that systemfd opened, and so does every server that it starts.

build=$1
restarts=8

"$build/tests/load/load" 4 >"$build/demo.out" &
load=$!

"$build/examples/hello" &
server=$!
echo "hello runs as process $server, with 4 clients that open a connection per request"

i=1
while [ "$i" -le "$restarts" ]; do
    sleep 1
    kill -TERM "$server"
    wait "$server"
    "$build/examples/hello" &
    server=$!
    echo "restart $i: process $server took over"
    i=$((i + 1))
done

kill -TERM "$load"
wait "$load"
status=$?
kill -TERM "$server"
wait "$server"

tail -n 1 "$build/demo.out"
[ "$status" -eq 0 ] && echo "not one request failed in $restarts restarts"
exit "$status"
