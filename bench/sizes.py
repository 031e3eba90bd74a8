# SPDX-License-Identifier: MIT
"""How much code it is, and what a program loads for it."""

import os
import re
import tempfile

from tools import Ratio, Section, need, run, tell


def text_size(path):
    """Of .text alone: size(1) would count strings and unwind tables, too."""
    return int(re.search(r"^\.text\s+(\d+)", run([need("size", "binutils"), "-A", path]),
                         re.MULTILINE).group(1))


def compiled(settings, optimization):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "listenfd.o")
        run([*settings.compiler, optimization, "-c", "-o", path, "listenfd.c"])
        return text_size(path)


def loaded(program):
    """The shared objects that the dynamic linker loads, by ldd(1)."""
    return set(re.findall(r"(/\S+) \(0x", run(["ldd", program])))


def stripped_size(path):
    with tempfile.NamedTemporaryFile() as stripped:
        run([need("strip", "binutils"), "-o", stripped.name, path])
        return os.path.getsize(stripped.name)


def measure(settings):
    tell("sizes")
    floor = loaded(settings.program("bench/start-nothing"))
    shared = loaded(settings.program("bench/start-shared")) - floor
    theirs = loaded(settings.program("bench/start-libsystemd")) - floor
    library = next(path for path in shared if "liblistenfd" in path)
    libsystemd = next(path for path in theirs if "libsystemd.so" in path)
    small, fast = (compiled(settings, optimization) for optimization in ("-Os", "-O2"))
    rows = [
        ["listenfd.o -Os", small, 0, 0],
        ["listenfd.o -O2", fast, 0, 0],
        ["liblistenfd.so", text_size(library), len(shared), sum(map(stripped_size, shared))],
        ["libsystemd.so", text_size(libsystemd), len(theirs), sum(map(stripped_size, theirs))],
    ]
    ours, others = rows[2:]
    return Section(
        "Size", "Code (.text), and the shared objects that a program loads beyond those of an "
        "empty one, stripped.",
        ["", ".text, bytes", "shared objects", "their size, bytes"], rows,
        [Ratio("shared library: " + what, ours[i], others[i], unit, "libsystemd")
         for i, what, unit in ((1, "code", "bytes"), (2, "objects loaded", ""),
                               (3, "size of what is loaded", "bytes"))])
