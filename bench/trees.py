# SPDX-License-Identifier: MIT
"""What it costs to watch a large tree: time until the command runs, memory, and idling."""

import contextlib
import os
import signal
import statistics
import subprocess
import tempfile
import time

from launchers import memory
from tools import ENVIRONMENT, Ratio, Section, need, run, tell

FILES = 10  # in each folder
IDLE_S, QUIET_S, PATIENCE_S = 2, 0.5, 120
IN_GIT = "systemfd --watch TREE, in git"


def make_tree(root, folders):
    """The folders in two levels. Returns the paths of the files."""
    paths = []
    for i in range(folders):
        folder = os.path.join(root, f"{i // 100:03}", f"{i % 100:02}")
        os.makedirs(folder)
        for j in range(FILES):
            paths.append(os.path.join(folder, f"{j}.c"))
            with open(paths[-1], "w", encoding="ascii") as file:
                file.write(f"int v{j};\n")
    return paths


def make_work_tree(root, folders):
    """The same, in which git tracks all of it."""
    make_tree(root, folders)
    git = [need("git", "git"), "-C", root, "-c", "user.name=bench", "-c", "user.email=b@localhost"]
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "all of it"]):
        run([*git, *arguments])


def watchers(settings, root, work_tree, command):
    """entr gets the list of files, which is made before."""
    systemfd = [settings.program("systemfd"), "-q", "-s", "0", "--watch"]
    found = {"systemfd --watch TREE": [*systemfd, root, "--", command],
             IN_GIT: [*systemfd, work_tree, "--", command],
             "entr -r, with a list": [need("entr", "entr"), "-n", "-r", command]}
    if settings.nodemon:
        found["nodemon --watch TREE"] = [settings.nodemon, "--quiet", "--watch", root,
                                         "--ext", "*", "--exec", command]
    return found


def child_of(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as children:
        return int(children.read().split()[0])


def processor_ms(pid):
    """What it has needed so far (proc(5): utime, stime)."""
    with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:
        utime, stime = stat.read().rpartition(")")[2].split()[11:13]
    return 1000 * (int(utime) + int(stime)) / os.sysconf("SC_CLK_TCK")


def wait_until_quiet(pid):
    """nodemon goes on looking at files after it has started the command."""
    deadline = time.monotonic() + PATIENCE_S
    before = None
    while (now := processor_ms(pid)) != before and time.monotonic() < deadline:
        before = now
        time.sleep(QUIET_S)


def end(watching):
    """systemfd and entr end their command, which may be in a group of its own; nodemon does not."""
    with contextlib.suppress(IndexError, ProcessLookupError, subprocess.TimeoutExpired):
        os.kill(child_of(watching.pid), signal.SIGTERM)
        watching.wait(PATIENCE_S)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(watching.pid, signal.SIGKILL)
    watching.wait()
    watching.stdout.close()


def watch(stopwatch, command, listing, folder):
    """Milliseconds until the command ran, peak KiB, processor time when idle in ms a second; None
    where it cannot watch so many."""
    with open(listing, "rb") as stdin, open(os.path.join(folder, "log"), "wb") as log:
        watching = subprocess.Popen([stopwatch, *command], stdin=stdin, stdout=subprocess.PIPE,
                               stderr=log, text=True, start_new_session=True,
                               env={**ENVIRONMENT, "HOME": folder})
    try:
        line = watching.stdout.readline()
        if not line:
            return None
        watcher = child_of(watching.pid)
        wait_until_quiet(watcher)
        peak, _ = memory(watcher)
        before = processor_ms(watcher)
        time.sleep(IDLE_S)
        return int(line.split()[0]) / 1e6, peak, (processor_ms(watcher) - before) / IDLE_S
    finally:
        end(watching)


def measure(settings):
    tell(f"a tree of {settings.tree_folders} folders")
    stopwatch, rounds = settings.program("bench/arrival"), max(1, settings.rounds // 5)
    with tempfile.TemporaryDirectory() as folder:
        root, work_tree, listing = (os.path.join(folder, name) for name in ("tree", "git", "list"))
        paths = make_tree(root, settings.tree_folders)
        make_work_tree(work_tree, settings.tree_folders)
        with open(listing, "w", encoding="utf-8") as file:
            file.write("\n".join(paths) + "\n")
        commands = watchers(settings, root, work_tree, stopwatch)
        results = {name: [] for name in commands}
        for _ in range(rounds):
            for name, command in commands.items():
                results[name].append(watch(stopwatch, command, listing, folder))
    rows = [[name, *(statistics.median(column) for column in zip(*figures))]
            for name, figures in results.items() if None not in figures]
    for name in results.keys() - {row[0] for row in rows}:
        tell(f"{name} is left out: it cannot watch so many (fs.inotify.max_user_watches?)")
    size = f"{len(paths):,} files in {settings.tree_folders:,} folders"
    ours, *others = (row for row in rows if row[0] != IN_GIT)
    return Section(
        "Large trees",
        f"{size} are watched. From the watcher's exec until its command runs (entr gets a list, "
        "which was made before; nodemon starts its command before it watches), its own largest "
        "memory, and what it takes of a processor when nothing changes. In a work tree, systemfd "
        "asks git what it tracks and ignores; the others do not.",
        ["watched by", "ms until the command runs", "peak, KiB", "idle, ms a second"], rows,
        [Ratio(f"{size}: {what}", ours[column], row[column], unit, row[0],
               (f", idle {ours[3]:.1f} ms/s", f", idle {row[3]:.1f} ms/s") if column == 2 else
               ("", ""))
         for column, what, unit in ((1, "time until the command runs", "ms"),
                                    (2, "peak memory", "KiB"))
         for row in others])
