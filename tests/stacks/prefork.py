# SPDX-License-Identifier: MIT
# Four processes wait for clients side by side, on the one socket that was passed.
import os
import select
import signal
import socket
import sys

WORKERS = 4
ANSWER = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 6\r\n\r\nhello\n"


def stop_pipe():
    """Readable once a SIGTERM has come."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer)
    signal.signal(signal.SIGTERM, lambda *_: None)
    return reader


def answer(client):
    with client:
        request = b""
        while b"\r\n\r\n" not in request:
            part = client.recv(4096)
            if not part:
                return
            request += part
        client.sendall(ANSWER)


def work(listener):
    stop = stop_pipe()
    while True:
        ready, _, _ = select.select([listener, stop], [], [])
        if stop in ready:
            return
        try:
            client, _ = listener.accept()
        except BlockingIOError:
            continue  # another process was faster
        client.setblocking(True)
        answer(client)


def main():
    listener = socket.socket(fileno=3)
    listener.setblocking(False)
    workers = []
    for _ in range(WORKERS):
        worker = os.fork()
        if worker == 0:
            work(listener)
            os._exit(0)
        workers.append(worker)
    os.read(stop_pipe(), 1)
    for worker in workers:
        os.kill(worker, signal.SIGTERM)
    for worker in workers:
        os.waitpid(worker, 0)


sys.exit(main())
