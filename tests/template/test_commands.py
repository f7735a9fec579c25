"""Each command that a page has its reader give is one that the reader's role allows."""

import re
from functools import cache

import botocore.session
from botocore import xform_name

from expand import ROOT, apart
from iam import may, policies
from people import PEOPLE, role_of
from ways import expanded

__all__ = ["expanded"]

# What pages tell to do that is not an operator's, and whose it is.
ANOTHERS = {
    ("relay-age", "lambda:CreateEventSourceMapping"): "CloudFormation's; by hand only where it is gone, by break-glass",
    ("certificate-expires", "acm:ImportCertificate"): "an administrator's, who has the certificate's key",
    **{
        ("README", f"lambda:{operation}"): "a rehearsal, in a market for tests, by whoever administers that"
        for operation in ("GetAlias", "PublishVersion", "UpdateAlias", "UpdateFunctionConfiguration")
    },
}
# Pages that are another's as a whole.
PAGES_OF_ANOTHERS = {
    "break-glass": "an administrator's, an auditor's, and an IAM user's who takes all rights",
    "restore": "it makes tables, fences them and changes the stack: by break-glass",
}
# What the SAM CLI asks for.
SAM = {"logs": ["cloudformation:ListStackResources", "logs:FilterLogEvents"], "traces": ["xray:GetTraceSummaries", "xray:BatchGetTraces"]}
PREFIXES = {"monitoring": "cloudwatch", "email": "ses"}
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
    "arn:aws:secretsmanager:us-east-1:000000000000:secret:market/sms-abcdef",
    "arn:aws:sns:us-east-1:000000000000:market-alarms",
    "arn:aws:kms:us-east-1:000000000000:key/k",
    "*",
]


@cache
def service_model(name):
    return botocore.session.Session().get_service_model(name)


def action_of(service, command):
    model = service_model(service)
    prefix = PREFIXES.get(model.signing_name, model.signing_name)
    (operation,) = [name for name in model.operation_names if xform_name(name, "-") == command]
    if service == "apigateway":
        return f"apigateway:{model.operation_model(operation).http['method']}"
    return f"{prefix}:{ {'Invoke': 'InvokeFunction'}.get(operation, operation) }"


def told(page):
    """The actions of AWS that a page tells to do."""
    text = page.read_text()
    for service, command in re.findall(r"\baws ([a-z0-9-]+) ([a-z][a-z0-9-]+)", text):
        if service in ("configure",):
            continue
        if command == "wait":
            continue
        yield action_of(service, command)
    for command in re.findall(r"\bsam (logs|traces)\b", text):
        yield from SAM[command]


def test_an_operator_may_do_what_the_runbooks_tell(expanded):
    rules = policies(role_of(apart("access", "aws", expanded["aws"], **PEOPLE), "Operator"))
    seen, anothers = set(), set()
    pages = {page.stem: page for page in sorted((ROOT / "docs/runbooks").glob("*.md"))}
    assert PAGES_OF_ANOTHERS.keys() <= pages.keys()
    for page in (page for stem, page in pages.items() if stem not in PAGES_OF_ANOTHERS):
        for action in told(page):
            seen.add(action)
            if (page.stem, action) in ANOTHERS:
                anothers.add((page.stem, action))
                continue
            context = {"lambda:FunctionArn": AT[1], "iam:PassedToService": "scheduler.amazonaws.com"}
            assert any(may(rules, action, at, **context) for at in AT), f"{page.name}: {action}"
    assert {"sqs:PurgeQueue", "lambda:PutFunctionConcurrency", "cloudwatch:DescribeAlarms"} <= seen
    assert anothers == ANOTHERS.keys()
