# SPDX-License-Identifier: MIT
"""What it costs to take many sockets at once."""

import itertools
import re
import resource
import statistics
import tempfile

from tools import Missing, Ratio, Section, need, run, strace, tell

COUNTS = (1, 16, 256, 4096)
SIDES = ("listenfd", "libsystemd")


def times(settings, count):
    """Microseconds, for each side."""
    tell(f"{count} sockets: time")
    took = {side: [] for side in SIDES}
    inner = max(5, 1000 // count)
    for _, side in itertools.product(range(settings.rounds), SIDES):
        output = run([settings.program(f"bench/sockets-{side}"), str(count), str(inner)])
        took[side].append(int(output) / 1000)
    return [statistics.median(took[side]) for side in SIDES]


def system_calls(settings, side, count):
    """Those between the two getppid()."""
    tell(f"{count} sockets, {side}: system calls")
    with tempfile.NamedTemporaryFile() as trace:
        run([strace(), f"-o{trace.name}",
             settings.program(f"bench/sockets-{side}"), str(count), "1"])
        between = trace.read().decode().split("getppid()")[1]
    return len(re.findall(r"^\w+\(", between, re.MULTILINE))


def collected(settings, side, count, rounds):
    output = run([need("valgrind", "valgrind"), "--tool=callgrind",
                  "--callgrind-out-file=/dev/null", "--toggle-collect=receive_all",
                  settings.program(f"bench/sockets-{side}"), str(count), str(rounds)])
    return int(re.search(r"Collected : (\d+)", output).group(1))


def instructions(settings, side, count):
    """Those of receive_all and what it calls; not of its first time, when the dynamic linker
    looks for what is not yet bound."""
    tell(f"{count} sockets, {side}: instructions")
    return collected(settings, side, count, 2) - collected(settings, side, count, 1)


def measure(settings):
    if resource.getrlimit(resource.RLIMIT_NOFILE)[1] < COUNTS[-1] + 100:
        raise Missing(f"a hard limit of {COUNTS[-1] + 100} open files")
    rows = []
    for count in COUNTS:
        rows.append([count, *times(settings, count),
                     *(system_calls(settings, side, count) for side in SIDES),
                     *(instructions(settings, side, count) for side in SIDES)])
    return Section(
        "Sockets", "Variables are read and removed, each socket gets its name and is asked "
        "whether it is a TCP listener: listenfd_from_env and listenfd_take_tcp_listener, against "
        "sd_listen_fds_with_names and sd_is_socket_inet (which would take an SCTP listener for "
        "one).",
        ["sockets", *(f"{side}, {what}" for what in ("µs", "system calls", "instructions")
                      for side in SIDES)], rows,
        [Ratio(f"taking {row[0]:,} socket{'s' if row[0] > 1 else ''}", row[1], row[2], "µs",
               "libsystemd", (f", {row[3]:,} system calls", f", {row[4]:,}")) for row in rows])
