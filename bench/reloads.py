# SPDX-License-Identifier: MIT
"""What a person waits for after a save, and what clients wait for meanwhile: for each tool the
same two servers, the same load."""

import contextlib
import os
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

from restarts import AS_LISTEN_FDS, DEADLINE_S, Tool
from tools import BETWEEN_S, ENVIRONMENT, Ratio, Section, need, tell

CLIENTS, PAUSE_MS = 4, 5  # of tests/load/load; and one more, which looks for the new answer
SERVER_PY = os.path.join(os.path.dirname(os.path.abspath(__file__)), "server.py")
LANGUAGES = {"C": lambda settings: [settings.program("bench/server")],
             "Python": lambda settings: [sys.executable, "-IB", SERVER_PY]}


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


class Reloader(Tool):
    """Starts the server, and reloads it when the file that it reads at its start was saved."""

    def __init__(self, settings, folder, language, startup_ms):
        self.saves = 0
        super().__init__(settings, folder)
        self.folder, self.port = os.path.dirname(self.watched), str(free_port())
        self.startup_ms = startup_ms
        self.server = [*LANGUAGES[language](settings), str(startup_ms)]
        self.helpers = []

    def touch(self):
        """In one write, of the same length: nobody can read half a file."""
        self.saves += 1
        self.word = f"version {self.saves:06}\n".encode()
        with open(self.watched, "r+b" if os.path.exists(self.watched) else "wb") as file:
            file.write(self.word)

    def save(self):
        self.restarts += 1
        self.touch()

    def wait_for_line(self, text):
        deadline = time.monotonic() + DEADLINE_S
        while time.monotonic() < deadline:
            with open(self.log, encoding="utf-8") as log:
                if text in log.read():
                    return
            time.sleep(0.005)
        raise RuntimeError(f"{self.__doc__}: '{text}' was not said")

    def end(self):
        for helper in self.helpers:
            os.killpg(helper.pid, signal.SIGTERM)
            helper.wait(DEADLINE_S)
        super().end()


class Systemfd(Reloader):
    """systemfd --watch"""

    def start(self):
        self.spawn([self.settings.program("systemfd"), "-q", "-s", f"http::{self.port}", "--watch",
                    self.folder, "--", *self.server, ":0", self.watched])


class StartServer(Reloader):
    """start_server, told by inotifywait"""

    def start(self):
        self.spawn([need("start_server", "libserver-starter-perl"), f"--port=127.0.0.1:{self.port}",
                    "--", "sh", "-c", AS_LISTEN_FDS, "sh", *self.server, ":0", self.watched])
        tell_it = 'inotifywait -m -e close_write "$1" | while read -r _; do kill -HUP "$2"; done'
        need("inotifywait", "inotify-tools")
        with open(self.log, "ab") as log:
            self.helpers = [subprocess.Popen(
                ["sh", "-c", tell_it, "sh", self.folder, str(self.process.pid)], env=ENVIRONMENT,
                stdout=log, stderr=log, start_new_session=True)]
        self.wait_for_line("Watches established")


class Entr(Reloader):
    """entr -r"""

    def start(self):
        with tempfile.TemporaryFile() as listing:
            listing.write(self.watched.encode() + b"\n")
            listing.seek(0)
            self.spawn([need("entr", "entr"), "-n", "-r", *self.server, f"127.0.0.1:{self.port}",
                        self.watched], stdin=listing)


class Nodemon(Reloader):
    """nodemon"""

    def start(self):
        self.spawn([self.settings.nodemon, "--quiet", "--signal", "SIGTERM", "--watch", self.folder,
                    "--ext", "*", "--exec",
                    " ".join([*self.server, f"127.0.0.1:{self.port}", self.watched])],
                   env={**ENVIRONMENT, "HOME": self.folder + "-home"}, start_new_session=True)

    def end(self):
        """It leaves its server behind when it is told to end."""
        group = self.process.pid
        super().end()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)


def tools(settings):
    return (Systemfd, StartServer, *([Nodemon] if settings.nodemon else []), Entr)


def request(port):
    """The answer's body; OSError when there is none."""
    with socket.create_connection(("127.0.0.1", port), DEADLINE_S) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        answer = b"".join(iter(lambda: connection.recv(4096), b""))
    return answer.partition(b"\r\n\r\n")[2]


def wait_for_answer(tool, start, limit_s=DEADLINE_S):
    """Milliseconds until the new version answered; None: it did not."""
    while time.monotonic() < start + limit_s:
        try:
            if request(int(tool.port)) == tool.word:
                return 1000 * (time.monotonic() - start)
        except OSError:
            pass
        time.sleep(0.001)
    return None


def wait_until_it_watches(tool):
    """nodemon starts the server before it watches, and does not say when it does."""
    tool.wait()
    for _ in range(DEADLINE_S):
        tool.save()
        if wait_for_answer(tool, time.monotonic(), 1 + tool.startup_ms / 1000) is not None:
            tool.wait()
            return
        tool.restarts -= 1
    raise RuntimeError(f"{tool.__doc__}: a save is never noticed")


def reload_under_load(tool):
    """Until the new answer, and the load's longest wait, in ms; how many requests failed."""
    command = [tool.settings.program("tests/load/load"), str(CLIENTS), tool.port, str(PAUSE_MS)]
    with subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True) as load:
        try:
            load.stdout.readline()  # "started"
            time.sleep(BETWEEN_S)
            start = time.monotonic()
            tool.save()
            took = wait_for_answer(tool, start)
            if took is None:
                raise RuntimeError(f"{tool.__doc__}: the new version never answered")
            tool.wait()
        finally:
            load.terminate()
        totals = load.stdout.read()
    refused, reset, lost, longest = re.search(
        r"(\d+) refused, (\d+) reset, (\d+) lost, longest ([\d.]+) ms", totals).groups()
    return took, float(longest), int(refused) + int(reset) + int(lost)


def measure_reloads(settings, kind, language, startup_ms, rounds):
    tell(f"reloads by {kind.__doc__}: {language}, {startup_ms} ms to start")
    with tempfile.TemporaryDirectory() as folder:
        tool = kind(settings, folder, language, startup_ms)
        tool.start()
        try:
            wait_until_it_watches(tool)
            results = [reload_under_load(tool) for _ in range(rounds)]
        finally:
            tool.end()
    took, longest, failed = zip(*results)
    return statistics.median(took), statistics.median(longest), sum(failed)


def measure(settings):
    fast, slow = max(1, settings.rounds // 2), max(1, settings.rounds // 5)
    rows = []
    for language in LANGUAGES:
        for kind in tools(settings):
            took, _, failed = measure_reloads(settings, kind, language, 0, fast)
            _, longest, lost = measure_reloads(settings, kind, language, settings.slow_start_ms,
                                               slow)
            rows.append([f"{kind.__doc__}: {language}", took, failed, longest, lost])
    seconds = f"{settings.slow_start_ms / 1000:g} s"
    return Section(
        "Reloads after a save",
        f"A file is saved that the server reads at its start, {fast} times for a server that needs "
        f"no time to start but its language's own, and {slow} times for one that needs {seconds}, "
        f"under {CLIENTS + 1} clients, which open a connection per request. Nothing is built. The "
        "servers do not say READY=1.",
        ["reloaded by", "from the save to the first answer of the new code, median, ms",
         "failed requests", f"server that needs {seconds}: longest wait, median, ms",
         "failed requests then"], rows, ratios(rows, seconds))


def ratios(rows, seconds):
    """For each figure and each language: ours beside each other tool's."""
    return [Ratio(f"{what}: {language}", ours[column], other[column], "ms",
                  other[0].rpartition(":")[0], (failed(ours, column), failed(other, column)))
            for column, what in (
                (1, "from save to the first answer of the new code, without the build"),
                (3, f"server that needs {seconds} to start: longest wait"))
            for language in LANGUAGES
            for ours, *others in [[row for row in rows if row[0].endswith(f": {language}")]]
            for other in others]


def failed(row, column):
    return f", {row[column + 1]:,} failed"
