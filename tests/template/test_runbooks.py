"""Every command of every runbook, given at a desk where nothing leaves the machine (office.py).

Whoever follows a page at night does not find out that a command has another option, or that what it names is called otherwise.
"""

import re
import shutil
import textwrap

import botocore.session
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


def asked(desk, *words):
    """The commands given that begin so."""
    return [given for given in desk.given if given[: len(words)] == words]


def option(command, name):
    return command[command.index(name) + 1]


def rows():
    """The table of alarms: what it calls them, whether it is a page or a ticket, and where it leads."""
    return re.findall(r"^\| (`.+?) \| (page|ticket) \| \[([a-z-]+)\]", (RUNBOOKS / "README.md").read_text(), re.M)


LOOKS_BACK = re.compile(r"^ *(insights|metric) |--start-time", re.M)
TICKETS = sorted({page for _, told, page in rows() if told == "ticket" and any(map(LOOKS_BACK.search, blocks(page)))})


@pytest.mark.parametrize("page", TICKETS)
def test_a_tickets_page_looks_back_as_far_as_its_reader_says(desk, folder, page):
    said, times = re.subn(r"^HOURS=\d+", "HOURS=60", "\n".join(blocks(page)), flags=re.M)
    assert times == 1 and give(desk, said, folder) == []
    spans = [int(option(c, "--end-time")) - int(option(c, "--start-time")) for c in desk.given if "--start-time" in c]
    assert spans and min(spans) >= 60 * 3600


def test_a_metric_of_two_months_is_asked_for_in_as_few_figures_as_cloudwatch_gives(desk, folder):
    for hours, period in ((3, 300), (24, 300), (25, 3600), (60 * 24, 3600)):
        assert give(desk, f"HOURS={hours}; metric $M Sweeps Sum", folder) == []
        (command,) = asked(desk, "aws", "cloudwatch", "get-metric-statistics")
        assert int(option(command, "--period")) == period and hours * 3600 / period <= 1440


def test_what_rings_is_listed_whichever_stack_has_the_alarm(desk, folder):
    assert give(desk, "alarms", folder) == []
    prefixes = tuple(option(c, "--alarm-name-prefix") for c in asked(desk, "aws", "cloudwatch", "describe-alarms"))
    assert [name for name in desk.deployed.alarms if not name.startswith(prefixes)] == []
    of_people = apart("access", "aws", expansions("aws"), **PEOPLE)
    for name in (alarm["AlarmName"] for alarm in of_people.resources.values() if alarm.type == "AWS::CloudWatch::Alarm"):
        assert name.startswith(prefixes)
        told = [(kind, page) for cell, kind, page in rows() if f"`{name.replace('market', '…')}`" in cell]
        assert told == [("page", "events-undelivered")], name


@pytest.mark.parametrize(("queue", "fn"), [("notify", "market-worker-notify"), ("mail_feedback", "market-feedback")])
def test_an_old_message_turns_on_the_mapping_of_its_own_queue_and_no_other(desk, folder, queue, fn):
    chosen, times = re.subn(r"^queue=.*", f"queue={queue} fn={fn}", "\n".join(blocks("queue-age")), flags=re.M)
    assert times == 1 and give(desk, chosen, folder) == []
    (on,) = asked(desk, "aws", "lambda", "update-event-source-mapping")
    (mapping,) = [m for m in desk.deployed.sources[fn] if m["UUID"] == option(on, "--uuid")]
    assert mapping["EventSourceArn"].endswith(f":market-{queue}") and "--enabled" in on
    # Whoever looks sees which is which: one of feedback's is off, and should be.
    assert all("EventSourceArn" in option(c, "--query") for c in asked(desk, "aws", "lambda", "list-event-source-mappings"))


def test_whatever_ended_ill_of_a_backup_is_listed_and_is_begun_anew_for_as_long_as_the_vault_keeps_it(desk, folder):
    assert give(desk, "\n".join(blocks("backup-failed")), folder) == []
    (rule,) = [r for r in desk.deployed.market.all("AWS::Events::Rule").values() if r["Name"] == "market-backups"]
    ill = set(rule["EventPattern"]["detail"]["$or"][0]["state"])
    model = botocore.session.Session().get_service_model("backup")
    for jobs, by, states in (
        ("backup", "--by-state", "BackupJobState"),
        ("copy", "--by-state", "CopyJobState"),
        ("restore", "--by-status", "RestoreJobStatus"),
    ):
        listed = {option(c, by) for c in asked(desk, "aws", "backup", f"list-{jobs}-jobs") if by in c}
        assert listed - {"COMPLETED"} == ill & set(model.shape_for(states).enum), jobs
    days = desk.deployed.market.values["BackupRetentionDays"]
    for begun in ("start-backup-job", "start-copy-job"):
        (command,) = asked(desk, "aws", "backup", begun)
        assert option(command, "--lifecycle") == f"DeleteAfterDays={days}"


@pytest.mark.parametrize("begun", ["start-backup-job", "start-copy-job"])
def test_each_of_a_backup_and_its_copy_is_begun_by_its_own_block(desk, folder, begun):
    (block,) = [block for block in blocks("backup-failed") if begun in block]
    assert give(desk, block, folder) == []


def test_who_took_all_rights_is_looked_up_by_the_role_and_what_they_did_by_their_session(desk, folder):
    role = f"arn:aws:iam::{ACCOUNT}:role/market-Workers-NotifyRole-1"
    script = re.sub(r"^role=\S+", f"role={role}", "\n".join(blocks("break-glass")), flags=re.M)
    assert give(desk, script.replace("session=YOU", "session=mallory"), folder) == []
    looked_up = {option(c, "--lookup-attributes") for c in asked(desk, "aws", "cloudtrail", "lookup-events")}
    assert looked_up == {
        f"AttributeKey=ResourceName,AttributeValue={role}",
        "AttributeKey=ResourceName,AttributeValue=market-Workers-NotifyRole-1",
        "AttributeKey=Username,AttributeValue=mallory",
    }
    for command in ("get-role", "put-role-policy"):
        (of_it,) = asked(desk, "aws", "iam", command)
        assert option(of_it, "--role-name") == "market-Workers-NotifyRole-1"


OF_THE_SWEEP = [page for page in PAGES if "the sweep's log" in (RUNBOOKS / f"{page}.md").read_text()]


@pytest.mark.parametrize("page", OF_THE_SWEEP)
def test_a_page_that_leads_to_the_sweeps_log_opens_it(desk, folder, page):
    assert give(desk, "\n".join(blocks(page)), folder) == []
    assert [c for c in asked(desk, "aws", "logs", "start-query") if 'fn = "market-sweep"' in option(c, "--query-string")]


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
