"""Who follows docs/DEPLOY.md: what they have, what they fill in and answer, and what they do where the text tells it in words.

Whatever is here the text leaves to its reader. What it tells by a command does not belong here.
"""

import json
import re
import subprocess
from dataclasses import dataclass

from emulator import AUDIENCE
from expand import ACCOUNT, ROOT
from story import Stuck

# ── what is filled in ──

SIGN_IN = f"arn:aws:iam::{ACCOUNT}:role/sign-in"


@dataclass
class Blank:
    """What stands in the text for something of the reader's own."""

    name: str
    means: str
    # What it is here; or the command that tells it, and where in what that prints.
    value: object = None
    told_by: str = ""
    where: str = ""
    # Words of the commands in which it stands for this.
    within: str = ""


BLANKS = [
    Blank("REPOSITORY", "where the market's source is", lambda world: str(world.repository)),
    Blank("eyJ…", "an operator's token, of their issuer", lambda world: world.issuer.token("operator", "ops-wang")),
    Blank("ARN", "the role by which they sign in", lambda _: SIGN_IN, within="access-of-market"),
    Blank("ARN", "the certificate that was asked for", told_by="request-certificate", where=r"arn:[^\"\s]+"),
    Blank("target/package/0.6.0-…-arm64", "the package that was made", told_by="xtask package", where=r"^\S+/target/package/\S+"),
    Blank("ID", "the API key that was made", told_by="create-api-key", where=r"^\S+"),
    Blank("PLAN", "the usage plan of the market", told_by="get-usage-plans", where=r"^\S+"),
]

# What they write into the environment's file that they copy.
PARAMETERS = {
    "TokenIssuer": lambda world: world.issuer.url,
    "TokenAudience": lambda _: AUDIENCE,
    "JwksUrl": lambda world: f"{world.issuer.url}/jwks.json",
    "EmailFrom": lambda _: "no-reply@mail.example.com",
    # What the table of parameters tells a market that begins with this release.
    "LogsBefore": lambda _: "none",
    # Step by step takes CodeDeploy, which the emulator does not have.
    "Shift": lambda _: "none",
    "ExportBucket": lambda _: "true",
}

# What they say where a command asks, by how the question begins.
SAYS = {"Enter passphrase": "", "Enter same passphrase": ""}

# Questions of yes or no that the text does not answer, since what they ask for was just called.
YES = ("Deploy this changeset?", "Are you sure you want to delete", "Do you want to delete")

# ── what they have ──

def example(path):
    """A body as the API description shows one."""
    description = json.loads((ROOT / "docs/openapi.json").read_text())
    return description["paths"][path]["post"]["requestBody"]["content"]["application/json"]["example"]


def announced(changed):
    """A year's holidays; the example's notices are of days that may be still to come, which no notice is."""
    year = example("/v1/holidays/{year}")
    del year["corrects"]
    year["notice"]["date"], year["changed_by"][0]["date"] = "2026-11-05", "2026-11-06"
    if not changed:
        del year["changed_by"]
    return json.dumps({"year": 2027, **year}, ensure_ascii=False)


FILES = {
    "agreement.txt": lambda: (ROOT / "infra/local/src/demo/agreement.zh.md").read_text(),
    "rules.json": lambda: json.dumps({"10.1.2": "10.1.2", "4.4.5": "4.4.5"}),
    "2027.json": lambda: announced(changed=False),
    "2027-changed.json": lambda: announced(changed=True),
}


def put_files(world):
    for name, content in FILES.items():
        (world.home / name).write_text(content())


def run_a_local_market(world):
    """Until it answers: what leaves a folder behind."""
    command = [world.market, "--data", "market-data", "--listen", "0"]
    with subprocess.Popen(command, cwd=world.home, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as market:
        for line in market.stdout:
            if b"http://127.0.0.1:" in line:
                break
        market.terminate()
        market.stdout.read()


# ── what they do between two blocks ──


def describe_the_environment(world):
    """The example, with what is theirs: account, issuer, sender."""
    file = world.home / "market/infra/environments/production.toml"
    text = file.read_text()
    # The bucket bears it too, and its region.
    text = text.replace(re.search(r'(?m)^account = "(\d+)"', text)[1], ACCOUNT)
    for name, value in PARAMETERS.items():
        text, changed = re.subn(rf"(?m)^{name} = .*", f'{name} = "{value(world)}"', text)
        text += "" if changed else f'{name} = "{value(world)}"\n'
    file.write_text(text)



def open_accounts(world):
    """The calls that the text names, with the bodies of the API description; and a second merchant's."""
    operator = world.client("operator", "ops-wang")
    done = [world.client("provider", "northwind").post("/providers/northwind", example("/v1/providers/{provider_id}"))]
    done.append(operator.post("/providers/northwind/approval"))
    version = operator.get("/documents/market-agreement/versions/1")
    if not version.ok:
        raise Stuck(f"the agreement is not published: {version}")
    hashes = dict.fromkeys(("sha256", "rendered_sha256"), version.body["sha256"])
    accepted = {"document_id": "market-agreement", "version": 1, "prominent_shown": version.body["prominent"], **hashes}
    for shop, code in ("shop-1", "91510100MA6C0QLJ93"), ("shop-2", "91440300MA5EXAMP0C"):
        merchant = world.client("merchant", shop)
        done.append(merchant.post(f"/accounts/{shop}", example("/v1/accounts/{account_id}") | {"credit_code": code}))
        acceptance = example("/v1/accounts/{account_id}/acceptances") | accepted
        done.append(merchant.post(f"/accounts/{shop}/acceptances", acceptance))
    if refused := [str(answer) for answer in done if not answer.ok]:
        raise Stuck(f"the first parties were refused: {refused}")


@dataclass
class Between:
    """What the text tells in words, and its reader does before a block."""

    # Words of the block.
    before: str
    words: str
    what: object


BETWEEN = [
    Between("ssh-keygen", "Copy, edit, commit", describe_the_environment),
    Between("market publish", "**Publish the agreement**, with a token of an operator", put_files),
    Between("market holidays publish", "Then (bodies are in [openapi.json](openapi.json))", open_accounts),
    Between("market verify --data", "a data folder, while no market is running on it", run_a_local_market),
]

# Sections that lead elsewhere than the page goes on from.
ELSEWHERE = {}
