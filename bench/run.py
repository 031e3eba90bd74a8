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
import report
import restarts
import sizes
import sockets
import start
import tools

MEASUREMENTS = {"start": start, "sockets": sockets, "restarts": restarts,
                "launchers": launchers, "sizes": sizes}


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
    parser.add_argument("--results", help="the folder for results.md and results.svg; without it, "
                        "everything is printed")
    parser.add_argument("--readme", help="gets the summary, between its marks")
    return parser.parse_args()


def main():
    args = arguments()
    settings = tools.Settings(args.build, shlex.split(args.compiler), args.rounds)
    names = args.measurements or MEASUREMENTS
    sections = {name: MEASUREMENTS[name].measure(settings) for name in names}
    if args.results:
        with open(os.path.join(args.results, "results.md"), "w", encoding="utf-8") as file:
            file.write(report.page(sections.values(), args.rounds))
        plot(sections, args.results)
    else:
        print(report.details(sections.values()))
    if args.readme:
        report.put_into(args.readme, report.summary(sections.values()))
    print(report.summary(sections.values()))


if __name__ == "__main__":
    try:
        main()
    except tools.Missing as missing:
        print(f"missing: {missing}")
        sys.exit(77)
    except (RuntimeError, subprocess.TimeoutExpired) as error:
        sys.exit(f"bench: {error}")
