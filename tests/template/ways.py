"""The ways in which a market is deployed, and where its templates have what: for every test of what the transform makes of them."""

import json
from collections import Counter

from expand import ACCOUNT, ROOT, target

# The ways in which a market is deployed; each decides other conditions.
WAYS = {
    "mail by SES, texts by SNS": (
        "aws",
        {
            "SmsBy": "sns",
            "TableKeyArn": f"arn:aws:kms:us-east-1:{ACCOUNT}:key/k",
            "AccountConcurrency": "1000",
            "ReserveConcurrency": "true",
            "RequireApiKeys": "true",
            "Shift": "Canary10Percent5Minutes",
        },
    ),
    "mail by SMTP, texts by HTTP": (
        "aws",
        {
            "EmailBy": "smtp",
            "SmtpServer": "smtp.example.com",
            "SmtpSecret": "market/smtp",
            "SmsBy": "http",
            "SmsUrl": "https://sms.example.com",
            "SmsSecret": "market/sms",
            "DomainName": "market.example.com",
            "AllowedOrigin": "https://shop.example.com",
            "CertificateArn": f"arn:aws:acm:us-east-1:{ACCOUNT}:certificate/c",
        },
    ),
    "China": (
        "aws-cn",
        {
            "SmsBy": "http",
            "SmsUrl": "https://sms.example.cn",
            "SmsSecret": "market/sms",
            "Shift": "Linear10PercentEvery1Minute",
        },
    ),
}

DESCRIPTION = json.loads((ROOT / "docs/openapi.json").read_text())
METHODS = {"get", "post", "put", "patch", "delete", "head", "options"}


def functions(market):
    return market.all("AWS::Lambda::Function")


def called(market, reference):
    """The function behind an alias: nothing calls one otherwise."""
    alias = market.all("AWS::Lambda::Alias")[target(reference)]
    return functions(market)[target(alias["FunctionName"])]


def roles(market):
    return market.all("AWS::IAM::Role")


def many(value):
    return value if isinstance(value, list) else [value]


def statements(policy):
    return many(policy["Statement"])


def allowed(role):
    """The statements of a role. What one denies lets nobody do anything; test_access.py looks at it."""
    every = [statement for policy in role.get("Policies", []) for statement in statements(policy["PolicyDocument"])]
    return [statement for statement in every if statement["Effect"] == "Allow"]


def gateway(market):
    (api,) = market.all("AWS::ApiGateway::RestApi").values()
    return api


def operations(body):
    for path, methods in body["paths"].items():
        for method, operation in methods.items():
            if method in METHODS:
                yield method, path, operation


def strings(value, path=()):
    """Every text in a template, keys too, with where it is."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield path, key
            yield from strings(item, (*path, key))
    elif isinstance(value, list):
        for item in value:
            yield from strings(item, path)
    elif isinstance(value, str):
        yield path, value


def duplicates(items):
    return {item: count for item, count in Counter(items).items() if count > 1}


def dead_letter_queues(market):
    """The ids of the queues that something else's failures go to."""
    resources = market.all()
    found = set()
    for resource in resources.values():
        failures = [
            (resource.get("RedrivePolicy") or {}).get("deadLetterTargetArn"),
            ((resource.get("DestinationConfig") or {}).get("OnFailure") or {}).get("Destination"),
            ((resource.get("Target") or {}).get("DeadLetterConfig") or {}).get("Arn"),
            (resource.get("DeadLetterConfig") or {}).get("TargetArn"),
        ]
        found |= {target(arn) for arn in failures if arn}
    assert all(resources[id].type == "AWS::SQS::Queue" for id in found)
    return found
