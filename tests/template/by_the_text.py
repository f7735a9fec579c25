"""Deploys and runs the market by the text alone: the commands of docs/DEPLOY.md, in their order, to an empty account.

    python tests/template/by_the_text.py --code FOLDER --market FILE --xtask FILE [--page FILE] [--until LINE]

FOLDER holds `bootstrap`; it, `market` and `xtask` are built for this machine; the account is an emulator's. Whoever follows
the page gets what it promises, because each of its commands is taken as it stands there; what a reader puts in is in
reader.py, and what stands in for commands that take minutes in stand_ins. What only a real account carries out is marked
in the page, each with its reason (page.py). The marked commands are run too: one that works here may not be marked.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

from deploy import archive
from emulator import Emulator, Issuer, authority
from expand import ROOT
from page import Command, Page
from reader import BETWEEN, BLANKS, ELSEWHERE, SAYS, YES
from shell import Shell, Unanswered
from story import Checks, Client, Stuck

HERE = Path(__file__).parent
LAST = "What cannot be tested without an account"
# How long a command may take, on a machine with other work too; and for how long one that follows a log is looked at.
LIMIT_S, FOLLOWED_S = 300, 4
# What `market`, the SAM CLI and argparse, the AWS CLI (version 2 and 1) and a shell end with when a command cannot be read.
WRITTEN_WRONGLY = {2, 252, 126, 127}


# ── what it is done in ──


class World:
    """What is there before the text begins: an account with nothing in it, an issuer, a repository, and a reader at home."""

    def __init__(self, arguments, folder, page):
        self.page = page
        self.market, self.xtask = arguments.market.resolve(), arguments.xtask.resolve()
        self.folder, self.home, self.repository = folder, folder / "home", folder / "repository"
        self.ca, certificate, key = authority(folder)
        self.issuer = Issuer(certificate, key)
        self.emulator = Emulator(folder, self.ca, certificate, key)
        self.code = archive(folder, arguments.code.resolve())
        self.publish()
        self.settle()
        self.told = {}
        self.aws = subprocess.Popen([sys.executable, HERE / "stand_ins/aws.py", folder / "aws"])
        self.shell = Shell(folder, self.home, self.environment(), self.answer)

    def publish(self):
        """A repository with what is in this working copy as its only commit."""
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, check=True, capture_output=True
        )
        for name in filter(None, listed.stdout.decode().split("\0")):
            source, copy = ROOT / name, self.repository / name
            if source.is_file():
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, copy)
        me = ["-c", "user.name=reader", "-c", "user.email=reader@example.com"]
        # A release for each that the page goes to: all of them are this one.
        tags = [["tag", tag] for tag in sorted(set(re.findall(r"\bv\d+\.\d+\.\d+\b", self.page.text)))]
        for command in (["init", "-q"], ["add", "-A"], [*me, "commit", "-qm", "as it is"], *tags):
            subprocess.run(["git", *command], cwd=self.repository, check=True)

    def settle(self):
        """A home with a profile for the account, as `aws configure` leaves it."""
        (self.home / ".aws").mkdir(parents=True)
        # Version 1 of the AWS CLI fetches what looks like an address; version 2 does not.
        profile = "[profile market]\naws_access_key_id = test\naws_secret_access_key = test\ncli_follow_urlparam = false\n"
        (self.home / ".aws/config").write_text(profile)
        (self.home / ".gitconfig").write_text("[user]\nname = Reader\nemail = reader@example.com\n")
        (self.home / ".ssh").mkdir(mode=0o700)
        (self.home / ".local/share/bash-completion/completions").mkdir(parents=True)
        (self.folder / "bin").mkdir()

    def environment(self):
        tools = Path(sys.executable).parent
        return {
            "HOME": str(self.home),
            "PATH": f"{self.folder / 'bin'}:{HERE / 'stand_ins'}:{tools}:{os.environ['PATH']}",
            "LANG": "C.UTF-8",
            "CARGO_HOME": os.environ.get("CARGO_HOME", str(Path.home() / ".cargo")),
            "RUSTUP_HOME": os.environ.get("RUSTUP_HOME", str(Path.home() / ".rustup")),
            "AWS_ENDPOINT_URL": self.emulator.url,
            "AWS_EC2_METADATA_DISABLED": "true",
            "SAM_CLI_TELEMETRY": "0",
            # botocore, the market and curl each have their own name for it.
            **dict.fromkeys(("AWS_CA_BUNDLE", "SSL_CERT_FILE", "CURL_CA_BUNDLE"), str(self.ca)),
            "STAND_IN_PYTHON": sys.executable,
            "STAND_IN_HERE": str(HERE),
            "STAND_IN_CODE": str(self.code),
            "STAND_IN_MARKET": str(self.market),
            "STAND_IN_XTASK": str(self.xtask),
            "STAND_IN_REAL_CARGO": shutil.which("cargo"),
        }

    def answer(self, question, default):
        if question.startswith(tuple(SAYS)):
            return next(said for begins, said in SAYS.items() if question.startswith(begins))
        if default and default.lower() == "y/n":
            return "y" if question.startswith(YES) else self.told_in_words(question)
        return None if default is None else ""

    def told_in_words(self, question):
        """`*Allow SAM CLI IAM role creation* (yes)`: what the text says to a question, or the default."""
        told = re.search(rf"\*{re.escape(question)}\*(?: \((yes|no)\))?", self.page.text.replace("\n", " "))
        return told and {"yes": "y", "no": "n", None: ""}[told[1]]

    def filled(self, text):
        for blank in BLANKS:
            pattern = rf"(?<![\w-]){re.escape(blank.name)}(?![\w-])"
            # A comment may tell which of them is printed.
            if blank.within in text and re.search(pattern, re.sub(r"\s#\s.*", "", text)):
                value = blank.value(self) if blank.value else self.told.get(blank.name)
                if value is None:
                    raise Stuck(f"nothing told {blank.name}, {blank.means}")
                text = re.sub(pattern, lambda _: value, text)
        return text

    def learn(self, command, output):
        for blank in BLANKS:
            if blank.told_by and blank.told_by in command and (found := re.search(blank.where, output, re.M)):
                self.told[blank.name] = found[0]

    def run(self, text, **how):
        ran = self.shell.run(self.filled(text), **how)
        self.learn(text, ran.output)
        return ran

    def variable(self, name):
        """What a variable of the shell holds."""
        return self.shell.run(f'printf "%s\\n" "${name}"', limit_s=LIMIT_S).output.strip()

    def client(self, role, subject):
        """A party that calls the market where the text found it."""
        return Client(self.variable("API"), str(self.ca), self.issuer.token(role, subject))

    def end(self):
        self.shell.end()
        self.aws.terminate()
        self.emulator.stop()
        self.issuer.server.shutdown()


# ── following it ──


def short(text):
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.strip().startswith("#")]
    first = lines[0].split("  #")[0].strip()
    return first if len(lines) == 1 else f"{first.rstrip(chr(92)).strip()} …"


class Follower:
    def __init__(self, world, checks):
        self.world, self.page, self.checks, self.between = world, world.page, checks, list(BETWEEN)

    def follow(self, until):
        section = None
        for block in self.page.blocks:
            if block.line > until:
                break
            if block.section != section:
                section = block.section
                self.checks.chapter(section)
                if section in ELSEWHERE:
                    print(f"    not followed: {ELSEWHERE[section]}")
            if section not in ELSEWHERE:
                self.meanwhile(block)
                self.block(block)

    def block(self, block):
        # Of a block that fails as a whole, no command is tried without those before it.
        whole = [Command(block.line, block.text, block.marks[None])] if None in block.marks else []
        for command in whole or block.commands:
            (self.carry_out if command.why is None else self.fail_at)(command)

    def carry_out(self, command):
        follow = {"follow_s": FOLLOWED_S} if " --follow" in command.text else {}
        ran = self.world.run(command.text, limit_s=LIMIT_S, **follow)
        what = f"{command.line}: {short(command.text)} ({ran.seconds:.1f} s)"
        self.checks.expect(what, ran.ok, f"it ended with {ran.status}\n{ran.failed}{ran.output[-3000:]}")

    def fail_at(self, command):
        ran = self.world.run(command.text, limit_s=LIMIT_S, apart=True)
        last = (ran.output.strip().splitlines() or [""])[-1][:200]
        what = f"{command.line}: {short(command.text)} fails here: {command.why} ({ran.seconds:.1f} s)"
        if ran.ok:
            self.checks.expect(what, False, f"it works, and is marked\n{ran.output[-1000:]}")
        else:
            # What is written wrongly fails on a real account too; and what fails says why.
            written = ran.status not in WRITTEN_WRONGLY and last and "unbound variable" not in ran.output
            self.checks.expect(what, written, f"it is written wrongly: {last}")
            print(f"    {last}")

    def meanwhile(self, block):
        """What the text says in words before that block."""
        for between in [one for one in self.between if one.before in block.text]:
            self.between.remove(between)
            self.checks.expect(f"“{between.words}”", self.page.says(between.words), "the text does not say so")
            between.what(self.world)

    def account_for(self):
        """What is marked, and what the page's last section says of it."""
        self.checks.chapter(LAST)
        told = [item.replace("`", "") for item in self.page.list(LAST)]
        reasons = {why for block in self.page.blocks for why in block.marks.values()}
        for reason in sorted(reasons):
            self.checks.expect(f"it names {reason}", any(reason in item for item in told), "and should")
        gone = [section for section in ELSEWHERE if not any(block.section == section for block in self.page.blocks)]
        self.checks.equal("what is not followed is on the page", gone, [])
        self.checks.equal("everything that its reader does in between had its place", [one.words for one in self.between], [])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--code", type=Path, required=True, help="folder with bootstrap, built for this machine")
    parser.add_argument("--market", type=Path, required=True, help="the command, built with every feature")
    parser.add_argument("--xtask", type=Path, required=True, help="what `cargo xtask` runs")
    parser.add_argument("--page", type=Path, default=ROOT / "docs/DEPLOY.md")
    parser.add_argument("--until", type=int, default=sys.maxsize, help="the last line of the page to follow")
    arguments = parser.parse_args()
    for file in (arguments.code / "bootstrap", arguments.market, arguments.xtask):
        if not file.is_file():
            parser.error(f"there is no {file}")
    folder = ROOT / "target/by-the-text"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    began, checks = time.monotonic(), Checks()
    world = World(arguments, folder, Page(arguments.page))
    try:
        follower = Follower(world, checks)
        follower.follow(arguments.until)
        if arguments.until == sys.maxsize:
            follower.account_for()
    except (Stuck, Unanswered) as error:
        checks.expect("it comes to its end", False, error)
    finally:
        world.end()
    print(f"\n{time.monotonic() - began:.1f} s in all\n{checks.passed} passed, {checks.failed} failed")
    sys.exit(1 if checks.failed else 0)


if __name__ == "__main__":
    main()
