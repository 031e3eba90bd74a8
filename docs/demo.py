# SPDX-License-Identifier: MIT
"""Draws docs/demo.svg from a real run: systemfd rebuilds and restarts the README's server while
somebody edits it, and curl asks that server. Started by docs.mk.

    demo.py SYSTEMFD PICTURE            writes the picture
    demo.py SYSTEMFD --check PICTURE    fails if systemfd no longer says what the picture shows

Exit status 77: something that is needed is missing, and said on standard output.
"""

import html
import os
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time

COLUMNS = 100
DEADLINE = 60  # seconds, for each thing that is waited for
FONT = "ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace"
CHARACTER, LINE, MARGIN = 8, 20, 16  # pixels
COLOURS = {"1": "b", "2": "d", "31": "r", "32": "g", "35": "p", "36": "c"}
# systemfd gives its first line of a report the mark ~>; the compiler's lines differ by compiler.
REPORT, PROMPT = "~> ", "$ "


class Terminal:
    """The left side: systemfd on a terminal of its own."""

    def __init__(self, argv, folder):
        self.text = ""
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.chdir(folder)
            os.environ.update(TERM="xterm", COLUMNS=str(COLUMNS), LC_ALL="C.UTF-8")
            for name in ("NO_COLOR", "MAKEFLAGS", "MFLAGS", "MAKELEVEL"):
                os.environ.pop(name, None)
            os.execv(argv[0], argv)

    def wait_for(self, pattern):
        """Until it says that, in what it has not yet been waited for."""
        begin, limit = len(self.text), time.monotonic() + DEADLINE
        while not re.search(pattern, plain(self.text[begin:])):
            if not select.select([self.terminal], [], [], max(0, limit - time.monotonic()))[0]:
                sys.exit(f"demo: '{pattern}' was expected, this is what came:\n{self.text}")
            try:
                self.text += os.read(self.terminal, 65536).decode().replace("\r", "")
            except OSError:
                sys.exit(f"demo: systemfd has ended:\n{self.text}")

    def rows(self):
        return self.text.rstrip("\n").split("\n")

    def close(self):
        os.kill(self.pid, signal.SIGTERM)
        os.waitpid(self.pid, 0)


def plain(text):
    return re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", text)


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def readme_server():
    with open("README.md", encoding="utf-8") as file:
        return re.search(r"```c\n(#include \"listenfd.h\"\n.*?)```\n", file.read(), re.S).group(1)


def run(systemfd, port):
    """What stood on the left side, and on the right in which row of it."""
    source, right = readme_server(), {}
    with tempfile.TemporaryDirectory() as folder:
        for name in ("listenfd.h", "listenfd.c"):
            shutil.copy(name, folder)
        write(os.path.join(folder, "Makefile"),
              "server: server.c listenfd.c\n\tcc -o server server.c listenfd.c\n")
        server = os.path.join(folder, "server.c")
        write(server, source)
        command = ["-s", f"http::{port}", "--watch", ".", "--build", "make", "--", "./server"]
        terminal = Terminal([systemfd, *command], folder)

        def ask():
            address = re.search(r"127\.0\.0\.1:\d+", plain(terminal.text)).group()
            answer = subprocess.run(["curl", "-sS", address], capture_output=True, text=True,
                                    check=True, timeout=DEADLINE).stdout
            row = len(terminal.rows()) - 1
            right[row], right[row + 1] = PROMPT + f"curl {address}", answer.rstrip("\n")

        try:
            terminal.wait_for("server 1 is ready.*\n")
            ask()
            mistaken = source.replace("hello", "hello again").replace("close(client);", "close(client)")
            write(server, mistaken)
            terminal.wait_for("the build failed.*\n")
            ask()
            write(server, mistaken.replace("close(client)", "close(client);"))
            terminal.wait_for("server 2 is ready.*\n")
            ask()
        finally:
            terminal.close()
        shown = PROMPT + "systemfd " + " ".join(command).replace(f":{port}", ":5000")
        return [f"\x1b[1m{shown}\x1b[0m", *terminal.rows()], {row + 1: t for row, t in right.items()}


def spans(row):
    """SVG for a row with the terminal's colours in it."""
    drawn, style = "", set()
    for part in re.split(r"(\x1b\[[0-9;]*[A-Za-z])", row):
        if not part.startswith("\x1b"):
            text = html.escape(part, quote=False)
            drawn += f'<tspan class="{" ".join(sorted(style))}">{text}</tspan>' if style and text else text
        elif part.endswith("m"):
            for code in part[2:-1].split(";"):
                if code.lstrip("0") == "":
                    style.clear()
                elif code.lstrip("0") in COLOURS:
                    style.add(COLOURS[code.lstrip("0")])
    return drawn


def text_at(x, row, content):
    return (f'<text x="{x}" y="{MARGIN + LINE * row + 15}" '
            f'textLength="{len(plain(content)) * CHARACTER}">{spans(content)}</text>')


def picture(left, right):
    middle = MARGIN + CHARACTER * (max(len(plain(row)) for row in left) + 3)
    width = middle + CHARACTER * max(map(len, right.values())) + MARGIN
    height = 2 * MARGIN + LINE * max(len(left), max(right) + 1)
    texts = [text_at(MARGIN, i, row) for i, row in enumerate(left) if plain(row)]
    texts += [text_at(middle, i, row) for i, row in sorted(right.items())]
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" font-family="{FONT}" font-size="13">',
        "<!-- Drawn by docs/demo.py from a real run: make picture -->",
        "<style>text { fill: #d8dee4; white-space: pre } .b { font-weight: bold } .d { opacity: .6 }",
        ".r { fill: #ff7b72 } .g { fill: #7ee787 } .p { fill: #d2a8ff } .c { fill: #76e3ea }</style>",
        f'<rect width="{width}" height="{height}" rx="8" fill="#1b1f24"/>',
        f'<path d="M{middle - CHARACTER * 3 // 2} {MARGIN}v{height - 2 * MARGIN}" stroke="#444c56"/>',
        *texts, "</svg>\n"])


def said(drawing):
    """The lines of systemfd, the questions and answers, without what differs from run to run: how
    long things take, that systemfd says of the longer ones that they have begun, whether it first
    hears READY=1 of a server or first sees it accept, and when it tells of the keys."""
    lines = [html.unescape(re.sub(r"<.*?>", "", text))
             for text in re.findall(r"<text .*?</text>", drawing)]
    lines = [line for line in lines if line.startswith((REPORT, PROMPT, "hello"))
             and (not line.endswith("...") or "changed" in line)
             and not re.search(" accepts after |press r ", line)]
    lines = [re.sub(r"(is ready after [\d.]+ m?s): [^(;]*", r"\1 ", line) for line in lines]
    return [re.sub(r"\d+", "N", re.sub(r"[\d.]+ m?s\b", "TIME", line)) for line in lines]


def main(systemfd, *rest):
    if not shutil.which("curl"):
        print("missing: curl")
        sys.exit(77)
    check = rest[0] == "--check"
    drawing = picture(*run(os.path.abspath(systemfd), 0 if check else 5000))
    if not check:
        write(rest[0], drawing)
        return
    with open(rest[1], encoding="utf-8") as file:
        shown = said(file.read())
    if shown != said(drawing):
        sys.exit(f"demo: {rest[1]} is out of date; draw it again with 'make picture'. It shows\n"
                 + "\n".join(shown) + "\nbut systemfd says\n" + "\n".join(said(drawing)))


if __name__ == "__main__":
    main(*sys.argv[1:])
