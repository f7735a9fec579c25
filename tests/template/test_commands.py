"""Each command of AWS that docs/DEPLOY.md or a runbook gives is one that somebody may give, and its section says who.

A runbook is an operator's, where it does not say otherwise. DEPLOY.md says by section whose it is: `deployer@market`,
`operator@market`, `auditor@market`, `break-glass@market`, or an administrator, who has all rights.
"""

import re
import tomllib
from dataclasses import dataclass
from functools import cache

import botocore.session
import pytest
from botocore import xform_name
from markdown_it import MarkdownIt

from expand import ROOT, apart
from iam import denied, may, policies
from people import PEOPLE, role_of

PAGES = [ROOT / "docs/DEPLOY.md", *sorted((ROOT / "docs/runbooks").glob("*.md"))]
# Who may do what the statements of a role say.
ROLES = {"deployer": "Deployer", "operator": "Operator", "auditor": "Auditor"}
NAMED = re.compile(r"`(deployer|operator|auditor|break-glass)@market`|\b(administrator)(?:'s|s)?\b")
# What nobody needs a right for: who one is, what is taken by whoever a role trusts, and what asks AWS nothing.
NO_RIGHT = {("sts", "get-caller-identity"), ("sts", "assume-role"), ("configure", "sso")}
# Commands that are not one operation each.
COMPOSED = {
    ("cloudformation", "deploy"): ["cloudformation:CreateChangeSet", "cloudformation:ExecuteChangeSet"],
    ("logs", "tail"): ["logs:FilterLogEvents"],
    ("s3", "cp"): ["s3:PutObject"],
    ("sam", "logs"): ["cloudformation:ListStackResources", "logs:FilterLogEvents"],
    ("sam", "traces"): ["xray:GetTraceSummaries", "xray:BatchGetTraces"],
    ("sam", "delete"): ["cloudformation:DeleteStack"],
}
PREFIXES = {"monitoring": "cloudwatch", "email": "ses"}
CONTEXT = {
    "lambda:FunctionArn": "arn:aws:lambda:us-east-1:000000000000:function:market-worker-notify",
    "iam:PassedToService": "scheduler.amazonaws.com",
    "aws:ResourceTag/market": "market",
}
# Where pages do it.
AT = [
    "arn:aws:dynamodb:us-east-1:000000000000:table/market",
    "arn:aws:lambda:us-east-1:000000000000:function:market-worker-notify",
    "arn:aws:lambda:us-east-1:000000000000:function:market-sweep",
    "arn:aws:lambda:us-east-1:000000000000:event-source-mapping:1",
    "arn:aws:sqs:us-east-1:000000000000:market-notify",
    "arn:aws:sqs:us-east-1:000000000000:market-notify-dead",
    "arn:aws:scheduler:us-east-1:000000000000:schedule/default/market-sweep",
    "arn:aws:logs:us-east-1:000000000000:log-group:/aws/lambda/market-sweep",
    "arn:aws:cloudformation:us-east-1:000000000000:stack/market/0",
    "arn:aws:cloudwatch:us-east-1:000000000000:alarm:market-work-late",
    "arn:aws:apigateway:us-east-1::/restapis",
    "arn:aws:apigateway:us-east-1::/restapis/a/stages/prod",
    "arn:aws:apigateway:us-east-1::/usageplans",
    "arn:aws:apigateway:us-east-1::/usageplans/p/keys",
    "arn:aws:secretsmanager:us-east-1:000000000000:secret:market/sms-abcdef",
    "arn:aws:sns:us-east-1:000000000000:market-alarms",
    "arn:aws:kms:us-east-1:000000000000:key/k",
    "*",
]
# And where they do it elsewhere: a command has a place of its own, which is none of the market's.
ELSEWHERE = {("s3", "cp"): ["arn:aws:s3:::bucket-of-packages/package"]}
# Commands whose giver is none of these: what is under test is another's role.
ANOTHERS = {("DEPLOY", "Data gateways inside the account", "lambda", "invoke"): "a data gateway's own role, which is given this one right"}


@cache
def service_model(name):
    return botocore.session.Session().get_service_model(name)


@cache
def actions_of(service, command):
    """The actions that IAM asks for when a command is given."""
    if (service, command) in COMPOSED:
        return COMPOSED[service, command]
    (operation,) = [name for name in service_model(service).operation_names if xform_name(name, "-") == command]
    return [action_of(service, operation)]


def action_of(service, operation):
    model = service_model(service)
    if service == "apigateway":
        return f"apigateway:{model.operation_model(operation).http['method']}"
    prefix = PREFIXES.get(model.signing_name, model.signing_name)
    return f"{prefix}:{ {'Invoke': 'InvokeFunction'}.get(operation, operation) }"


@dataclass
class Section:
    title: str
    level: int
    # The sections that it is in.
    within: list
    text: str = ""
    commands: frozenset = frozenset()

    def givers(self):
        """Whom it names, or else whom a section names that it is in."""
        for section in [self, *reversed(self.within)]:
            found = {role or other for role, other in NAMED.findall(section.text)}
            if found:
                return found
        return set()


def commands_in(text):
    text = re.sub(r"(^|\s)#.*", "", text)
    for service, command in re.findall(r"\baws ([a-z0-9-]+) ([a-z][a-z0-9-]+)", text):
        if command != "wait":
            yield service, command
    for command in re.findall(r"\bsam (logs|traces|delete)\b", text):
        yield "sam", command


def sections(page):
    """The sections of a page, each with its own text and the commands in its code."""
    lines, found = page.read_text(), [Section("", 0, [])]
    tokens = MarkdownIt().enable("table").parse(lines)
    for token, following in zip(tokens, [*tokens[1:], None]):
        if token.type == "heading_open":
            level = int(token.tag[1])
            path = [*found[-1].within, found[-1]]
            found.append(Section(following.content, level, [s for s in path if 0 < s.level < level]))
        code = [token.content] if token.type == "fence" and token.info.startswith("sh") else []
        if token.type == "inline":
            found[-1].text += token.content + "\n"
            code = [child.content for child in token.children if child.type == "code_inline"]
        for text in code:
            found[-1].commands |= set(commands_in(text))
    return found


def may_give(access, giver, action, places=AT):
    """Whether somebody may do that at one of these places."""
    if giver == "administrator":
        return True
    if giver == "break-glass":
        return not any(denied(policies(role_of(access, "BreakGlass")), action, at) for at in places)
    return any(may(policies(role_of(access, ROLES[giver])), action, at, **CONTEXT) for at in places)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_whoever_a_section_names_may_give_each_of_its_commands(expanded, page):
    access = apart("access", "aws", expanded["aws"], **PEOPLE)
    faults = []
    for section in sections(page):
        givers = section.givers() | (set() if page.stem == "DEPLOY" else {"operator"})
        for service, command in sorted(section.commands - NO_RIGHT):
            if (page.stem, section.title, service, command) in ANOTHERS:
                continue
            places = ELSEWHERE.get((service, command), AT)
            for action in actions_of(service, command):
                able = {giver for giver in ROLES if may_give(access, giver, action, places)}
                if not any(may_give(access, giver, action, places) for giver in givers):
                    faults.append(f"{section.title}: {service} {command} ({action}) - named {sorted(givers)}, able {sorted(able)}")
    assert not faults, "\n".join(faults)


def test_commands_are_found_in_the_code_of_every_kind_of_page_and_wherever_it_stands():
    seen = {page.stem: {c for section in sections(page) for c in section.commands} for page in PAGES}
    for page, command in [
        ("DEPLOY", ("apigateway", "create-api-key")),
        ("DEPLOY", ("lambda", "get-account-settings")),
        # Within another command, and within a line of text.
        ("DEPLOY", ("cloudformation", "describe-stack-resource")),
        ("DEPLOY", ("s3", "cp")),
        ("dead-letters", ("sqs", "purge-queue")),
        ("README", ("sam", "logs")),
        ("break-glass", ("cloudtrail", "lookup-events")),
    ]:
        assert command in seen[page], (page, command)


def test_nothing_is_left_out_that_no_page_has():
    there = {(page.stem, section.title, *command) for page in PAGES for section in sections(page) for command in section.commands}
    assert ANOTHERS.keys() <= there
    assert ELSEWHERE.keys() | COMPOSED.keys() <= {(service, command) for *_, service, command in there}


def test_the_guides_commands_ask_at_the_table_that_the_stack_uses():
    """After a restore the old one is still there, fenced; what is asked of it succeeds, and tells of another day."""
    guide = next(page for page in PAGES if page.stem == "DEPLOY")
    fences = [token.content for token in MarkdownIt().parse(guide.read_text()) if token.type == "fence"]
    named = [line for text in fences for line in text.splitlines() if "aws dynamodb" in line and "--table-name" in line]
    # Deleted is what stays when the stack has gone, and with it what it would tell.
    assert [line for line in named if '--table-name "$T"' not in line] == [
        "aws dynamodb update-table --table-name market --no-deletion-protection-enabled",
        "aws dynamodb wait table-exists --table-name market",
        "aws dynamodb delete-table --table-name market",
    ]
    assert all("T=$(" in text for text in fences if '"$T"' in text)


def test_the_examples_have_one_sender_whom_ses_and_the_bound_let_through():
    guide = next(page for page in PAGES if page.stem == "DEPLOY").read_text()
    (sender,) = re.findall(r"^ .*\bEmailFrom=(\S+)", guide, re.M)
    parameters = tomllib.loads((ROOT / "infra/environments/production.toml").read_text())["parameters"]
    assert parameters["EmailFrom"] == sender
    assert re.findall(r"create-email-identity --email-identity (\S+)", guide) == [sender.partition("@")[2]]


def test_a_right_that_nobody_has_is_a_fault_and_so_is_one_that_another_has(expanded):
    access = apart("access", "aws", expanded["aws"], **PEOPLE)
    (copy,), kept = actions_of("s3", "cp"), ELSEWHERE["s3", "cp"]
    assert may_give(access, "deployer", copy, ["att:Artifacts.Arn/package"]) and not may_give(access, "deployer", copy, kept)
    (purge,), (update,) = actions_of("sqs", "purge-queue"), actions_of("dynamodb", "update-table")
    assert may_give(access, "operator", purge) and not may_give(access, "auditor", purge)
    assert not any(may_give(access, giver, update) for giver in ROLES)
    assert may_give(access, "break-glass", update) and may_give(access, "administrator", update)
    (stop,) = actions_of("cloudtrail", "stop-logging")
    assert not any(may_give(access, giver, stop) for giver in ROLES)
