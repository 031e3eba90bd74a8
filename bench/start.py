# SPDX-License-Identifier: MIT
"""What a process costs that takes one passed TCP listener and ends."""

import json
import re
import statistics
import tempfile

from tools import Ratio, Section, need, run, strace, tell

TURNS, RUNS = 5, 10  # in each round; of each program, in each turn
SIDES = [("start-nothing", "no library: the floor"), ("start-listenfd", "listenfd, static"),
         ("start-shared", "listenfd, shared"), ("start-libsystemd", "libsystemd")]


def with_listener(settings, command):
    """Run by a launcher that becomes the command: every process below inherits descriptor 3."""
    return [settings.program("systemfd"), "-q", "--no-pid", "-s", "0", "--", *command]


def times(settings, programs):
    """Milliseconds per program; in short turns, so that a busy moment hits all of them."""
    tell("start of a process: time")
    took = {program: [] for program in programs}
    for _ in range(settings.rounds * TURNS):
        with tempfile.NamedTemporaryFile(suffix=".json") as results:
            run(with_listener(settings, [
                need("hyperfine", "hyperfine"), "-N", "--style=none", "--warmup=2",
                f"--runs={RUNS}", f"--export-json={results.name}", *programs]))
            for program, result in zip(programs, json.load(results)["results"]):
                took[program] += [1000 * seconds for seconds in result["times"]]
    return {program: statistics.median(took[program]) for program in programs}


def system_calls(settings, program):
    tell("start of a process: system calls")
    with tempfile.NamedTemporaryFile() as trace:
        run(with_listener(settings, [strace(), f"-o{trace.name}", program]))
        return len(re.findall(r"^\w+\(", trace.read().decode(), re.MULTILINE))


def instructions(settings, program):
    tell("start of a process: instructions")
    output = run(with_listener(settings, [
        need("valgrind", "valgrind"), "--tool=callgrind", "--callgrind-out-file=/dev/null",
        program]))
    return int(re.search(r"Collected : (\d+)", output).group(1))


def measure(settings):
    programs = [settings.program(f"bench/{name}") for name, _ in SIDES]
    took = times(settings, programs)
    rows = [[label, took[program], system_calls(settings, program),
             instructions(settings, program)]
            for program, (_, label) in zip(programs, SIDES)]
    floor, static, shared, theirs = rows
    return Section(
        "Start", "A process takes the one TCP listener that it was passed, and ends: from exec to "
        "exit, all that the dynamic linker does included.",
        ["program", "ms", "system calls", "instructions"], rows,
        [ratio for ours, linked in ((static, "static"), (shared, "shared")) for ratio in (
            Ratio(f"process that takes one socket, {linked} library", ours[1], theirs[1], "ms",
                  "libsystemd"),
            Ratio(f"instructions that the {linked} library adds to a process", ours[3] - floor[3],
                  theirs[3] - floor[3], "", "libsystemd"))])
