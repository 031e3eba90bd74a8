# SPDX-License-Identifier: MIT
"""What clients see of a restart: for each tool the same server, the same load."""

import os
import re
import signal
import statistics
import subprocess
import tempfile
import time

from tools import BETWEEN_S, ENVIRONMENT, Ratio, Section, need, tell

STARTUP_MS = 200  # what the server needs before it listens
CLIENTS = 4
DEADLINE_S = 15

# SERVER_STARTER_PORT is "ADDRESS=DESCRIPTOR" (Server::Starter(3pm)).
AS_LISTEN_FDS = 'LISTEN_FDS=1 LISTEN_FDS_FIRST_FD=${SERVER_STARTER_PORT##*=} exec "$@"'


class Tool:
    """Starts the server and restarts it. What either prints goes to one file."""

    def __init__(self, settings, folder):
        self.settings, self.log = settings, os.path.join(folder, "log")
        self.watched = os.path.join(folder, "watched", "file")
        os.mkdir(os.path.dirname(self.watched))
        self.process, self.port, self.restarts = None, None, 0
        self.touch()
        self.server = [settings.program("bench/server"), str(STARTUP_MS)]

    def touch(self):
        with open(self.watched, "a", encoding="ascii") as file:
            file.write("changed\n")

    def spawn(self, command, **options):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, **{
                "env": ENVIRONMENT, "stdin": subprocess.DEVNULL, **options})

    def wait(self):
        """Until the newest server is ready, and all before it have ended."""
        deadline = time.monotonic() + DEADLINE_S
        while True:
            with open(self.log, encoding="utf-8") as log:
                text = log.read()
            ready = re.findall(r" ready on (\d+)", text)
            if len(ready) > self.restarts and text.count(" ended") >= self.restarts:
                return ready[-1]
            if time.monotonic() > deadline:
                raise RuntimeError(f"{type(self).__name__}: no server is ready, after:\n{text}")
            time.sleep(0.002)

    def restart(self):
        self.restarts += 1
        self.trigger()

    def end(self):
        self.process.terminate()
        self.process.wait(DEADLINE_S)


class Systemfd(Tool):
    """systemfd --watch"""

    def start(self):
        self.spawn([self.settings.program("systemfd"), "-q", "-s", "http::0", "--watch",
                    os.path.dirname(self.watched), "--", *self.server, ":0"])

    def trigger(self):
        self.touch()


class Entr(Tool):
    """systemfd --no-pid and entr -r"""

    def start(self):
        listing = self.watched + ".list"
        with open(listing, "w", encoding="utf-8") as file:
            file.write(self.watched + "\n")
        with open(listing, "rb") as stdin:
            self.spawn([self.settings.program("systemfd"), "-q", "--no-pid", "-s", "http::0", "--",
                        need("entr", "entr"), "-n", "-r", *self.server, ":0"], stdin=stdin)

    def trigger(self):
        self.touch()


class StartServer(Tool):
    """start_server"""

    def start(self):
        self.spawn([need("start_server", "libserver-starter-perl"), "--port=127.0.0.1:0", "--",
                    "sh", "-c", AS_LISTEN_FDS, "sh", *self.server, ":0"])

    def trigger(self):
        self.process.send_signal(signal.SIGHUP)


class Rebind(Tool):
    """stop, start, bind again"""

    def start(self):
        self.spawn([*self.server, "127.0.0.1:0"])

    def trigger(self):
        self.end()
        self.spawn([*self.server, f"127.0.0.1:{self.port}"])


TOOLS = (Systemfd, StartServer, Entr, Rebind)


def restart_under_load(tool):
    """The load's figures: requests, failed, the longest wait in ms; and how long it all took."""
    command = [tool.settings.program("tests/load/load"), str(CLIENTS), tool.port]
    with subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True) as load:
        try:
            load.stdout.readline()  # "started"
            start = time.monotonic()
            tool.restart()
            tool.wait()
            took = time.monotonic() - start
        finally:
            load.terminate()
        totals = load.stdout.read()
    requests, refused, reset, lost, longest = re.search(
        r"(\d+) requests, (\d+) refused, (\d+) reset, (\d+) lost, longest ([\d.]+) ms",
        totals).groups()
    return int(requests), int(refused) + int(reset) + int(lost), float(longest), 1000 * took


def measure_tool(settings, kind):
    tell(f"restarts by {kind.__doc__}")
    with tempfile.TemporaryDirectory() as folder:
        tool = kind(settings, folder)
        tool.start()
        try:
            tool.port = tool.wait()
            results = []
            for _ in range(settings.rounds):
                time.sleep(BETWEEN_S)
                results.append(restart_under_load(tool))
        finally:
            tool.end()
    requests, failed, longest, took = zip(*results)
    return [kind.__doc__, statistics.median(longest), max(longest), sum(failed), sum(requests),
            statistics.median(took)]


def measure(settings):
    rows = [measure_tool(settings, tool) for tool in TOOLS]
    ours, others = rows[0], rows[1:]
    return Section(
        "Restarts under load",
        f"A server that needs {STARTUP_MS} ms before it listens is restarted {settings.rounds} "
        f"times under {CLIENTS} clients, which open a connection per request and try again "
        "1 ms after a failure. A client's wait is the time from its first attempt to its answer.",
        ["restarted by", "longest wait, median of the restarts, ms", "longest wait of all, ms",
         "failed requests", "requests", "from the order to the old server's end, ms"], rows,
        [Ratio("restart under load: longest wait", ours[1], row[1], "ms", row[0],
               (f", {ours[3]:,} failed", f", {row[3]:,} failed")) for row in others])
