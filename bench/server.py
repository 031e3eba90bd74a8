# SPDX-License-Identifier: MIT
"""The server that is reloaded after a save, in Python: what server.c is in C.

  server.py STARTUP_MS ADDRESS FILE    takes the listener that was passed, or binds ADDRESS

Answers with the line that FILE had when it began. Prints "PID ready on PORT" and "PID ended".
"""

import os
import select
import signal
import socket
import sys
import time


def open_listener(address):
    if "LISTEN_FDS" in os.environ:
        return socket.socket(fileno=int(os.environ.get("LISTEN_FDS_FIRST_FD", "3")))
    host, port = address.split(":")
    return socket.create_server((host, int(port)), backlog=4096)


def answer(client, word):
    with client:
        client.setblocking(True)
        if client.recv(4096):
            client.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s"
                           % (len(word), word))


def stop_pipe():
    """Readable once a SIGTERM has come."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer)
    signal.signal(signal.SIGTERM, lambda *_: None)
    return reader


def main():
    startup_ms, address, path = sys.argv[1:]
    stop = stop_pipe()
    with open(path, "rb") as file:
        word = file.read()
    time.sleep(int(startup_ms) / 1000)
    listener = open_listener(address)
    listener.setblocking(False)
    print(os.getpid(), "ready on", listener.getsockname()[1], flush=True)
    while stop not in select.select([listener, stop], [], [])[0]:
        try:
            answer(listener.accept()[0], word)
        except OSError:
            pass  # another process was faster, or the client is gone
    print(os.getpid(), "ended", flush=True)


main()
