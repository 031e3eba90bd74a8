# SPDX-License-Identifier: MIT
"""All measurements in one run; see README.md. Started by bench.mk.

Exit status 77: something that is needed is missing, and said on standard output.
"""

import argparse
import os
import shlex
import subprocess
import sys
import tempfile

import launchers
import reloads
import report
import restarts
import sizes
import sockets
import start
import tools
import trees

MEASUREMENTS = {"start": start, "sockets": sockets, "restarts": restarts, "reloads": reloads,
                "trees": trees, "launchers": launchers, "sizes": sizes}


def plot(sections, results):
    tools.tell("plotting")
    script = os.path.join(os.path.dirname(__file__), "plot.gp")
    with tempfile.TemporaryDirectory() as data:
        for name, section in sections.items():
            report.write_data(section, os.path.join(data, name + ".tsv"))
        tools.run([tools.need("gnuplot", "gnuplot-nox"), "-e", f"data='{data}'", "-e",
                   f"output='{os.path.join(results, 'results.svg')}'", script])


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("measurements", nargs="*", metavar="MEASUREMENT",
                        help=f"{', '.join(MEASUREMENTS)}; without any, all")
    parser.add_argument("--build", default="build", help="the folder of what make has built")
    parser.add_argument("--compiler", default="cc -I.", help="compiles listenfd.c")
    parser.add_argument("--rounds", type=int, default=20, help="how often each has its turn")
    parser.add_argument("--slow-start", type=int, default=2000, metavar="MS",
                        help="what a slow server needs to start")
    parser.add_argument("--tree-folders", type=int, default=10000, metavar="N",
                        help="in a large tree, with ten files each")
    parser.add_argument("--npm", action="store_true",
                        help="fetch nodemon into a temporary folder, and measure it, too")
    parser.add_argument("--results", help="the folder for results.md and results.svg; without it, "
                        "everything is printed")
    parser.add_argument("--readme", help="gets the summary, between its marks")
    return parser.parse_args()


def fetch_nodemon(folder):
    """The program; None when it is not to be had."""
    tools.tell("fetching nodemon")
    try:
        subprocess.run([tools.need("npm", "npm"), "install", "--silent", "--no-audit", "--no-fund",
                        "--prefix", folder, "nodemon"], check=True, timeout=120)
    except (tools.Missing, subprocess.SubprocessError) as error:
        tools.tell(f"nodemon is left out: {error}")
        return None
    return os.path.join(folder, "node_modules", ".bin", "nodemon")


def main():
    args = arguments()
    with tempfile.TemporaryDirectory() as folder:
        nodemon = fetch_nodemon(folder) if args.npm else None
        measure(args, tools.Settings(args.build, shlex.split(args.compiler), args.rounds,
                                     args.slow_start, args.tree_folders, nodemon))


def measure(args, settings):
    names = args.measurements or MEASUREMENTS
    sections = {name: MEASUREMENTS[name].measure(settings) for name in names}
    if args.results:
        with open(os.path.join(args.results, "results.md"), "w", encoding="utf-8") as file:
            file.write(report.page(sections.values(), args.rounds))
        plot(sections, args.results)
    else:
        print(report.details(sections.values()))
    if args.readme:
        report.put_into(args.readme, report.summary(sections.values(), report.is_headline))
    print(report.summary(sections.values()))


if __name__ == "__main__":
    try:
        main()
    except tools.Missing as missing:
        print(f"missing: {missing}")
        sys.exit(77)
    except (RuntimeError, subprocess.TimeoutExpired) as error:
        sys.exit(f"bench: {error}")
