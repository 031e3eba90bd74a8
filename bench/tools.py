# SPDX-License-Identifier: MIT
"""What the measurements share."""

import dataclasses
import os
import shutil
import subprocess

# As small as what a service gets from systemd: both libraries look through all of it.
ENVIRONMENT = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "HOME": "/", "LANG": "C"}

# Saves of a file. Nobody saves sooner: if one changes sooner, again and again, systemfd takes it
# for one that the server writes, and waits; and entr can miss a change soon after a restart.
BETWEEN_S = 1.1


class Missing(Exception):
    """Something that a measurement needs is not there."""


def need(program, package):
    path = shutil.which(program)
    if not path:
        raise Missing(f"{program} (Debian package {package})")
    return path


def strace():
    program = need("strace", "strace")
    if subprocess.run([program, "-o/dev/null", "true"], check=False).returncode != 0:
        raise Missing("permission to trace processes (strace)")
    return program


@dataclasses.dataclass
class Settings:
    build: str  # the folder of what make has built
    compiler: list  # a command that wants a source file
    rounds: int  # how often each side has its turn
    slow_start_ms: int  # what a slow server needs to start
    tree_folders: int  # in a large tree
    nodemon: str = None  # the program; without it, that side is left out

    def program(self, name):
        path = os.path.abspath(os.path.join(self.build, name))
        if not os.path.exists(path):
            raise Missing(f"{name}, which make bench builds" +
                          (" (Debian package libsystemd-dev)" if "libsystemd" in name else ""))
        return path


@dataclasses.dataclass
class Ratio:
    """A figure of ours beside that of another side; and what else there is to say of each."""
    what: str
    ours: float
    theirs: float
    unit: str
    other: str
    notes: tuple = ("", "")


@dataclasses.dataclass
class Section:
    """What one measurement found."""
    title: str
    text: str
    header: list
    rows: list  # of a label and figures
    ratios: list


def tell(what):
    print(f"bench: {what}", flush=True)


def run(command, **options):
    """The output of a program, which is to succeed."""
    done = subprocess.run(command, timeout=120, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, **{"env": ENVIRONMENT, **options})
    if done.returncode != 0:
        raise RuntimeError(f"exit status {done.returncode} of {' '.join(command)}:\n{done.stdout}")
    return done.stdout
