"""A shell at a terminal, whose questions are answered: what follows a page does as a person would, block after block.

Variables, functions and the folder stay from one command to the next. A command fails if any part of it fails, also where
a shell would go on: in a loop, in a pipe, or before `;`.
"""

import os
import re
import signal
import time
from dataclasses import dataclass

import pexpect

DRIVER = r"""
set -o pipefail -E -u
# What is interrupted is what was called.
trap : INT
trap 'printf "  a part of it ended with %d: %s\n" "$?" "$BASH_COMMAND" >> "$STAND_IN_FOLDER/failed"' ERR
exec 3< "$STAND_IN_FOLDER/commands"
while IFS= read -r -u 3 step; do
  : > "$STAND_IN_FOLDER/failed"
  . "$step"
  printf '\036%d\036' "$?"
done
"""

# What asks, however it is coloured: by a default in brackets, or in words that begin so.
ASKED = re.compile(
    r"(?:\x1b\[1m)?([^\r\n\x1b]*)(?:\x1b\[0m)? \[([^\]\r\n]*)\]: $|(?:\x1b\[1m)?(Parameter \w+|Enter [^\r\n]*)(?:\x1b\[0m)?: $"
)
DONE = re.compile("\x1e(\\d+)\x1e")
COLOUR = re.compile("\x1b\\[[0-9;]*m")
LOOK_S = 0.5


@dataclass
class Ran:
    status: int
    output: str
    failed: str
    seconds: float

    @property
    def ok(self):
        return self.status == 0 and not self.failed


def plain(text):
    return COLOUR.sub("", text).replace("\r\n", "\n")


class Unanswered(Exception):
    """It asks what nobody knows an answer to."""


class Shell:
    def __init__(self, folder, home, environment, answer):
        """`answer(question, default)` is what a person says, or None."""
        self.folder, self.answer, self.number = folder, answer, 0
        driver, self.fifo = folder / "driver.sh", folder / "commands"
        driver.write_text(DRIVER)
        os.mkfifo(self.fifo)
        environment = environment | {"STAND_IN_FOLDER": str(folder), "TERM": "dumb"}
        self.child = pexpect.spawn(
            "bash",
            ["--noprofile", "--norc", str(driver)],
            env=environment,
            cwd=str(home),
            encoding="utf-8",
            echo=False,
            dimensions=(60, 240),
        )
        self.child.delaybeforesend = None
        self.commands = open(self.fifo, "w")  # noqa: SIM115

    def run(self, text, limit_s, apart=False, follow_s=None):
        """Runs a command; apart from the shell, so that nothing of it stays; or one that follows something, for as long
        as someone looks at it."""
        self.number += 1
        step = self.folder / f"step-{self.number}.sh"
        step.write_text(f"(\nset -e\n{text}\n)\n" if apart else f"{text}\n")
        began, said = time.monotonic(), []
        self.commands.write(f"{step}\n")
        self.commands.flush()
        interrupted = False
        while seen := self.child.expect([DONE, ASKED, pexpect.TIMEOUT], timeout=LOOK_S):
            if seen == 1:
                said += [self.child.before, self.child.after, self.replied(self.child.match), "\n"]
            elif time.monotonic() - began > (follow_s or limit_s) and not interrupted:
                interrupted = True
                self.child.sendintr()
        status, output = int(self.child.match[1]), "".join([*said, self.child.before])
        followed = bool(interrupted and follow_s)
        failed = "" if followed else (self.folder / "failed").read_text()
        return Ran(0 if followed else status, plain(output), failed, time.monotonic() - began)

    def replied(self, asked):
        question, default = (asked[1] or asked[3]).strip(), asked[2]
        reply = self.answer(question, default)
        if reply is None:
            raise Unanswered(f"nobody knows what to say to {question!r} [{default}]")
        self.child.sendline(reply)
        return reply

    def end(self):
        self.commands.close()
        self.child.kill(signal.SIGHUP)
        self.child.close(force=True)
