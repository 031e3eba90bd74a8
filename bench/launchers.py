# SPDX-License-Identifier: MIT
"""What a launcher costs: the time until its command runs, and memory."""

import os
import re
import signal
import socket
import statistics
import subprocess
import tempfile

from tools import ENVIRONMENT, Ratio, Section, need, tell

LAUNCHES = 5  # of each launcher, in each round


def launchers(settings, command, folder):
    """Each opens one listener, but for env(1), and starts the command."""
    systemfd = settings.program("systemfd")
    activate = need("systemd-socket-activate", "systemd")
    return {
        "none: the floor": [command],
        "env": [need("env", "coreutils"), command],
        "systemfd": [systemfd, "-q", "-s", "0", "--", command],
        "systemfd --watch": [systemfd, "-q", "-s", "0", "--watch", folder, "--", command],
        "systemd-socket-activate": [activate, "-E", "DEPARTURE", "-l", f"{folder}/socket",
                                    command],
        "start_server": [need("start_server", "libserver-starter-perl"), "--port=127.0.0.1:0",
                         "--", command],
    }


def memory(pid):
    """The peak and the present memory of a process, in KiB (proc(5))."""
    with open(f"/proc/{pid}/status", encoding="utf-8") as status:
        text = status.read()
    return [int(re.search(name + r":\s+(\d+) kB", text).group(1)) for name in ("VmHWM", "VmRSS")]


def launch(settings, stopwatch, command, waiting):
    """Milliseconds, peak KiB, KiB that stay. Through systemfd, which puts the listener on which
    a client waits at descriptor 3: systemd-socket-activate starts its command for a client."""
    passed, options = [], {}
    if waiting:
        passed = [settings.program("systemfd"), "-q", "--no-pid", "--"]
        options = {"pass_fds": [waiting.fileno()],
                   "env": {**ENVIRONMENT, "LISTEN_FDS": "1",
                           "LISTEN_FDS_FIRST_FD": str(waiting.fileno())}}
    with subprocess.Popen([*passed, stopwatch, *command], stdout=subprocess.PIPE, text=True,
                          **{"stderr": subprocess.PIPE, "env": ENVIRONMENT, **options}) as run:
        line = run.stdout.readline()
        if not line:
            raise RuntimeError(f"{' '.join(command)} did not start it:\n{run.stderr.read()}")
        nanoseconds, peak, parent = map(int, line.split())
        stays = 0
        if parent != run.pid:
            peak, stays = memory(parent)
            os.kill(parent, signal.SIGTERM)
    return nanoseconds / 1e6, peak, stays


def measure(settings):
    tell("launchers")
    stopwatch = settings.program("bench/arrival")
    with socket.create_server(("127.0.0.1", 0)) as listener, \
            socket.create_connection(listener.getsockname()), \
            tempfile.TemporaryDirectory() as folder:
        commands = launchers(settings, stopwatch, folder)
        results = {name: [] for name in commands}
        for _ in range(settings.rounds * LAUNCHES):
            for name, command in commands.items():
                waiting = listener if "activate" in name else None
                results[name].append(launch(settings, stopwatch, command, waiting))
    rows = [[name, *(statistics.median(column) for column in zip(*figures))]
            for name, figures in results.items()]
    by_name = {row[0]: row for row in rows}
    pairs = (("systemfd", "env", "env, which opens no socket"),
             ("systemfd", "systemd-socket-activate", "systemd-socket-activate"),
             ("systemfd --watch", "start_server", "start_server"))
    return Section(
        "Launchers",
        "From the launcher's exec until its command runs, with one listener: TCP, any free port "
        "(env opens none; systemd-socket-activate refuses port 0, and gets a unix path). "
        "systemd-socket-activate starts its command for the first client: one is waiting "
        "already, at another socket that it was passed. Peak is the launcher's own largest "
        "memory; what stays is beside the command for as long as it runs.",
        ["launcher", "ms", "peak, KiB", "stays, KiB"], rows,
        [Ratio(f"{ours}: {what}", by_name[ours][i], by_name[theirs][i], unit, label)
         for ours, theirs, label in pairs
         for i, what, unit in ((1, "time until the command runs", "ms"),
                               (2, "peak memory", "KiB"))])
