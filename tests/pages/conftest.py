"""The pages of a market on this machine, in a browser that people use.

MARKET names the program, AXE the folder of axe-core. CI sets both (infra/xtask/src/pages.rs).
"""

import os
import pathlib
import re
import shutil
import subprocess

import pytest
from playwright.sync_api import sync_playwright

SHOTS = pathlib.Path(__file__).parents[2] / "target/pages"


@pytest.fixture(scope="session")
def market(tmp_path_factory):
    """A market on a folder of its own: its address."""
    folder = tmp_path_factory.mktemp("market") / "data"
    command = [os.environ["MARKET"], "--data", str(folder), "--listen", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    url = process.stdout.readline().split()[-1]
    assert url.startswith("http://127.0.0.1:")
    yield url
    process.terminate()
    process.wait(timeout=30)


@pytest.fixture(scope="session")
def browser():
    found = next(filter(None, map(shutil.which, ["chromium", "chromium-browser", "google-chrome"])), None)
    assert found, "there is no Chromium"
    with sync_playwright() as playwright:
        arguments = ["--disable-gpu", "--disable-background-networking"]
        # Chromium has no sandbox for root, who runs CI's container.
        sandbox = os.geteuid() != 0
        yield playwright.chromium.launch(executable_path=found, args=arguments, chromium_sandbox=sandbox)


class Visit:
    """A page, with what it asked for and what went wrong on it."""

    def __init__(self, browser, market, **options):
        self.market = market
        self.context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})
        self.asked, self.wrong = [], []
        self.context.on("request", lambda request: self.asked.append(request.url))
        self.context.add_init_script(
            "document.addEventListener('securitypolicyviolation', e => console.error('policy: ' + e.violatedDirective + ' ' + e.blockedURI))"
        )
        self.page = self.context.new_page()
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("console", lambda line: line.type == "error" and self.wrong.append(line.text))

    def to(self, path):
        self.page.goto(self.market + path)
        return self.page

    def sign_in(self, role="merchant"):
        self.to("/")
        self.page.check(f"input[value={role}]")
        self.page.get_by_role("button", name="Sign in").click()
        self.page.wait_for_selector("#signed-in:not([hidden])")
        return self.page

    def shot(self, name):
        SHOTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SHOTS / f"{name}.png", full_page=True)

    def axe(self):
        source = pathlib.Path(os.environ["AXE"], "axe.min.js").read_text()
        self.page.evaluate(source)
        found = self.page.evaluate("axe.run()")
        return [(rule["id"], [node["target"] for node in rule["nodes"]]) for rule in found["violations"]]

    def elsewhere(self):
        """What was asked of any other place."""
        own = re.escape(self.market) + r"(/|$)"
        return [url for url in self.asked if not re.match(own, url) and not url.startswith(("data:", "blob:"))]


@pytest.fixture
def visit(browser, market):
    visits = []

    def begin(**options):
        visits.append(Visit(browser, market, **options))
        return visits[-1]

    yield begin
    for each in visits:
        each.context.close()
