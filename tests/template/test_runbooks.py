"""Every command of every runbook, given at a desk where nothing leaves the machine (office.py).

Whoever follows a page at night does not find out that a command has another option, or that what it names is called otherwise.
"""

import re
import shutil
import textwrap

import pytest

from expand import ACCOUNT, ROOT, apart, expansions, tree
from office import Desk, Refused, insights, market
from people import PEOPLE
from test_commands import action_of, may_give, sections

RUNBOOKS = ROOT / "docs/runbooks"
SHELL = re.compile(r"^( *)```sh\n(.*?)^ *```$", re.M | re.S)


def blocks(page):
    return [textwrap.dedent(body) for _, body in SHELL.findall((RUNBOOKS / f"{page}.md").read_text())]


PAGES = sorted(page.stem for page in RUNBOOKS.glob("*.md"))
# What the pages have their reader paste once, but for the profile.
(PRELUDE, *_) = blocks("README")


@pytest.fixture(scope="session")
def desk(tmp_path_factory):
    market = tree(
        "aws",
        expansions("aws"),
        SmsBy="sns",
        DomainName="m.example.com",
        CertificateArn=f"arn:aws:acm:us-east-1:{ACCOUNT}:certificate/c",
    )
    patch = pytest.MonkeyPatch()
    for name, value in {
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "-",
        "AWS_SECRET_ACCESS_KEY": "-",
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
    }.items():
        patch.setenv(name, value)
    patch.delenv("AWS_PROFILE", raising=False)
    yield Desk(market, tmp_path_factory.mktemp("desk"))
    patch.undo()


@pytest.fixture
def folder(tmp_path):
    for file in ("certificate.pem", "key.pem", "chain.pem"):
        (tmp_path / file).write_text("-----BEGIN CERTIFICATE-----")
    # Pages that need the release's own files say so.
    shutil.copytree(ROOT / "infra/made", tmp_path / "infra/made", ignore=shutil.ignore_patterns("*.yaml"))
    return tmp_path


def give(desk, script, folder):
    """Gives a page's commands; what was refused, and what it ended with."""
    desk.given.clear(), desk.refused.clear(), desk.deployed.asked.clear()
    url = desk.deployed.market.resolve(desk.deployed.market.template["Outputs"]["ApiUrl"]["Value"])
    shell = f"{PRELUDE}\nexport AWS_REGION=us-east-1\n"
    done = desk.run(shell + script, folder, {"API": url, "MARKET_TOKEN": "eyJ"})
    return desk.refused or ([done.stderr] if done.returncode else [])


@pytest.mark.parametrize("page", PAGES)
def test_every_command_of_the_page_is_one_and_names_what_is_there(desk, folder, page):
    # In one shell, as it is read: a block may use what one before it has named.
    commands = "\n".join(blocks(page))
    assert give(desk, commands, folder) == [], commands
    assert desk.given, f"{page} has no command"
    # Of each queue, function, table and secret that it names; by whom the page has beside an operator, test_commands.py says.
    givers = {giver for section in sections(RUNBOOKS / f"{page}.md") for giver in section.givers()} | {"operator"}
    access = apart("access", "aws", expansions("aws"), **PEOPLE)
    for service, operation, at in desk.deployed.asked:
        action = action_of(service, operation)
        assert any(may_give(access, giver, action, [at]) for giver in givers), f"{page}: {action} on {at}"


# What undoes what is done, by another command or the same one.
UNDOES = {"put-function-concurrency": "delete-function-concurrency", " --enabled": " --no-enabled"}


@pytest.mark.parametrize("page", PAGES)
def test_no_block_undoes_at_once_what_it_does_for_it_is_pasted_whole(page):
    for block in blocks(page):
        undone = [(does, undoes) for does, undoes in UNDOES.items() if does in block and undoes in block]
        assert not undone, block


def test_every_function_that_the_pages_paste_is_used_and_every_page_has_its_parts():
    text = "".join(block for page in PAGES for block in blocks(page)[page == "README" :])
    for name in re.findall(r"^(\w+)\(\) \{", PRELUDE, re.M):
        assert re.search(rf"\b{name}\b", text), name
    for page in PAGES:
        if page not in ("README", "restore", "stop-a-class"):
            parts = re.findall(r"^## (.+)$", (RUNBOOKS / f"{page}.md").read_text(), re.M)
            usual = ["What it means", "Look", "Do", "Over", "Safe to ignore"]
            assert [part for part in parts if part in usual] == usual, page


def test_every_link_of_a_page_leads_somewhere():
    for page in PAGES:
        for to in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", (RUNBOOKS / f"{page}.md").read_text()):
            assert to.startswith("http") or (RUNBOOKS / to).exists(), f"{page}: {to}"


# ── the desk itself refuses what it should ──


@pytest.mark.parametrize(
    "wrong",
    [
        "aws sqs purge-everything --queue-url u",
        "aws sqs purge-queue --queue-address u",
        "aws sqs receive-message --queue-url \"$(url notify)\" --max-number-of-messages many",
        "aws lambda put-function-concurrency --function-name market-sweeper --reserved-concurrent-executions 0",
        "aws lambda put-function-concurrency --function-name market-sweep --reserved-concurrent-executions -1",
        "aws dynamodb update-table --table-name market --global-secondary-index-updates '[{\"Update\": {\"IndexName\": \"view\"}}]'",
        "metric AWS/Lambda Error Sum Name=FunctionName,Value=market-sweep",
        "metric $M Sweep Sum",
        "metric AWS/Lambda Errors Sum Name=Function,Value=market-sweep",
        "url notify-died",
        "insights jobs 'filtre level = \"ERROR\"'",
        "insights jobs 'filter fields.message = \"nobody says this\"'",
        "sam logs --stack Workers",
        "sam logs -n Workers/Swept",
        "market jobs tardy",
        "market jobs redrive notifies",
        "market dead-letters list --limits 3",
        "market notices resend account/shop-1",
        'curl -s "$API/v1/paiments"',
        'curl -s -X POST "$API/v1/payments/pay-1"',
        "false | true",
    ],
)
def test_what_is_wrong_is_refused(desk, folder, wrong):
    assert give(desk, wrong, folder), wrong


def test_what_reads_well_is_a_query_and_a_command():
    insights('parse @logStream "*/*[*" as a, b, c | filter @message like /a|b/ | stats count(*) as n by bin(5m)')
    market(["verify", "--account", "shop-1", "--export-heads", "heads.jsonl"])
    with pytest.raises(Refused):
        market(["dead-letters"])
