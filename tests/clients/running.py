"""A market that runs on a folder of its own, and the bodies of the demo's story."""

import json
import re
import subprocess
import sys
import urllib.request
from pathlib import Path

ROOT = Path(__file__).parents[2]
STORY = json.loads((ROOT / "infra/local/src/demo/story.json").read_text())
SHOP, SELLER, TERMS, AGREEMENT = "shop-1", "northwind", "northwind.terms", "market-agreement"


def body(name, **kept):
    """A body of the story, with what stands in braces put in."""

    def filled(value):
        if isinstance(value, dict):
            return {key: filled(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [filled(inner) for inner in value]
        if isinstance(value, str):
            whole = re.fullmatch(r"\{(\w+)\}", value)
            return kept[whole[1]] if whole else re.sub(r"\{(\w+)\}", lambda found: kept[found[1]], value)
        return value

    return filled(STORY["names"][name])


class Market:
    """A market while it runs."""

    def __init__(self, binary, folder):
        self.log = open(folder / "market.log", "w+")
        command = [binary, "--data", str(folder / "data"), "--listen", "127.0.0.1:0"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self.log, text=True)
        self.url = ""
        for line in self.process.stdout:
            if found := re.search(r"http://127\.0\.0\.1:\d+", line):
                self.url = found[0]
                break
        if not self.url:
            self.log.seek(0)
            sys.exit(f"the market did not start\n{self.log.read()}")

    def local(self, path, sent=None):
        """What only a market on one machine has."""
        data = None if sent is None else json.dumps(sent).encode()
        with urllib.request.urlopen(urllib.request.Request(self.url + path, data=data)) as answer:
            return json.load(answer)

    def token(self, role, subject):
        return self.local(f"/_local/token?role={role}&sub={subject}")["access_token"]

    def pay(self, order, amount_fen):
        self.local("/_local/payment", {"account_id": SHOP, "order_id": order, "amount_fen": amount_fen})

    def end(self):
        self.process.terminate()
        self.process.wait(timeout=30)
