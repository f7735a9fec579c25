"""A page of documentation as someone follows it: its blocks of commands in order, each with where it stands.

What only a real account carries out has a comment before its block, which nobody sees in the rendered page:

    <!-- real account: why -->                    the whole block
    <!-- real account (market smoke): why -->     those of its commands that have these words
"""

import re
import subprocess
from dataclasses import dataclass
from functools import cached_property

from markdown_it import MarkdownIt

MARK = re.compile(r"<!--\s*real account(?: \(([^)]+)\))?:\s*(.+?)\s*-->", re.DOTALL)


@dataclass
class Command:
    line: int
    text: str
    # Why only a real account carries it out, if that is so.
    why: str | None


@dataclass
class Block:
    line: int
    section: str
    text: str
    # Words of commands, or none for all of them: why only a real account carries them out.
    marks: dict

    @cached_property
    def commands(self):
        """Its commands one by one, as a shell that they are pasted into takes them."""
        return [Command(line, text, self.why(text)) for line, text in self.split()]

    def why(self, command):
        return next((why for words, why in self.marks.items() if words is None or words in command), None)

    def split(self):
        commands, lines, began = [], [], 0
        for number, line in enumerate(self.text.splitlines()):
            began = began if lines else number
            lines.append(line)
            if is_complete("\n".join(lines)):
                if any(line.strip() and not line.strip().startswith("#") for line in lines):
                    commands.append((self.line + began, "\n".join(lines)))
                lines = []
        assert not lines, f"line {self.line + began}: this command does not end"
        unknown = [words for words in self.marks if words and not any(words in text for _, text in commands)]
        assert not unknown, f"line {self.line}: no command there has the marked words {unknown}"
        return commands


def is_complete(text):
    if text.endswith("\\"):
        return False
    read = subprocess.run(["bash", "-n"], input=text, capture_output=True, text=True, check=False)
    # What ends within a document is read, with a warning.
    return read.returncode == 0 and not read.stderr


def said(comment):
    """What a comment says of the block that follows."""
    return {words or None: " ".join(why.split()) for words, why in MARK.findall(comment.content)}


class Page:
    def __init__(self, file):
        self.file, self.text = file, file.read_text()
        self.blocks, self.items = [], []
        section, marks = "", {}
        tokens = MarkdownIt().parse(self.text)
        for token, following in zip(tokens, [*tokens[1:], None]):
            if token.type == "heading_open":
                section = following.content
            elif token.type == "list_item_open":
                self.items.append((section, self.between(*token.map).lstrip("-* ")))
            elif token.type == "fence" and token.info.split()[:1] == ["sh"]:
                self.blocks.append(Block(token.map[0] + 2, section, token.content, marks))
            marks = marks | said(token) if token.type == "html_block" else {}
            assert not marks or following.type in ("fence", "html_block"), f"line {token.map[0] + 1} marks no block"

    def between(self, first, last):
        return " ".join(" ".join(self.text.splitlines()[first:last]).split())

    def list(self, section):
        """What the lists of a section say, item by item."""
        return [text for of, text in self.items if of == section]

    def says(self, words):
        """Whether it says so, wherever its lines end."""
        return " ".join(words.split()) in " ".join(self.text.split())
