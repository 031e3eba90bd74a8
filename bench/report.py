# SPDX-License-Identifier: MIT
"""From figures to Markdown, and to what gnuplot reads."""

import os
import platform
import re

from tools import need, run

# What the README shows of all rows, as a row of each measurement; and that of the other side.
HEADLINES = (("instructions that the static library adds to a process", "libsystemd"),
             ("taking 1 socket", "libsystemd"),
             ("taking 4,096 sockets", "libsystemd"),
             ("restart under load: longest wait", "start_server"),
             ("restart under load: longest wait", "stop, start, bind again"),
             ("from save to the first answer of the new code, without the build: C", "start_server"),
             ("from save to the first answer of the new code, without the build: Python", "nodemon"),
             ("server that needs 2 s to start: longest wait: C", "start_server"),
             ("100,000 files in 10,000 folders: time until the command runs", "nodemon"),
             ("100,000 files in 10,000 folders: peak memory", "nodemon"),
             ("systemfd: time until the command runs", "systemd-socket-activate"),
             ("shared library: size of what is loaded", "libsystemd"))

BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"


def number(figure):
    """Three digits are enough."""
    if isinstance(figure, str):
        return figure
    return f"{figure:,.0f}" if figure >= 100 or figure == int(figure) else f"{figure:.3g}"


def table(header, rows):
    def line(cells):
        return f"| {' | '.join(map(number, cells))} |"
    return "\n".join([line(header), line(["---"] + ["--:"] * (len(header) - 1)),
                      *map(line, rows)])


def ratio(ours, theirs):
    """How many times as much the other side needs."""
    return f"{theirs / ours:.1f}" if ours else "–" if theirs else "1.0"


def machine():
    """What it was measured on, without names of its own."""
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        cpuinfo = file.read()
    cpu = re.search(r"^model name\s*: (.*)$", cpuinfo, re.MULTILINE)
    kind = " of a virtual machine" if " hypervisor" in cpuinfo else ""
    kernel = re.match(r"[\d.]+", platform.release()).group()
    systemd = run([need("systemd-socket-activate", "systemd"), "--version"]).split()[1]
    return (f"{os.cpu_count()} CPUs{kind} ({cpu.group(1) if cpu else platform.machine()}), "
            f"Linux {kernel}, {platform.freedesktop_os_release()['PRETTY_NAME']}, "
            f"systemd {systemd}")


def is_headline(row):
    return any(row.what == what and row.other.startswith(other) for what, other in HEADLINES)


def summary(sections, wanted=lambda row: True):
    """The table of ratios, or of some."""
    rows = [[r.what, f"{number(r.ours)} {r.unit}".strip() + r.notes[0],
             f"{r.other}: {number(r.theirs)} {r.unit}".strip() + r.notes[1],
             ratio(r.ours, r.theirs)]
            for section in sections for r in section.ratios if wanted(r)]
    return "\n".join([BEGIN, f"Measured on {machine()}.", "",
                      table(["", "listenfd, systemfd", "compared with", "ratio"], rows), END])


def details(sections):
    return "\n".join(f"\n## {section.title}\n\n{section.text}\n\n"
                     f"{table(section.header, section.rows)}\n" for section in sections)


def page(sections, rounds):
    return (f"# What it costs\n\nWritten by `make bench` (BENCH_ROUNDS={rounds}). How it is "
            f"measured: [README.md](README.md).\n\n{summary(sections)}\n\n"
            f"![the same as a plot](results.svg)\n{details(sections)}")


def write_data(section, path):
    """Label and figures, tab-separated, for gnuplot."""
    with open(path, "w", encoding="utf-8") as file:
        for row in section.rows:
            file.write("\t".join(map(str, row)) + "\n")


def put_into(path, text):
    """In place of what is between the marks."""
    with open(path, encoding="utf-8") as file:
        before, rest = file.read().split(BEGIN)
    with open(path, "w", encoding="utf-8") as file:
        file.write(before + text + rest.split(END)[1])
