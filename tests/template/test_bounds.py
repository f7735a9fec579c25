"""The bound of what a function's role may do, and what the roles of a market may do within it."""

import json
import re

import pytest

from expand import ACCOUNT, REGIONS, ROOT, apart, target, tree
from iam import denied, may, place, policies
from people import boundary
from ways import WAYS, allowed, functions, many, roles

# What Lambda asks with a function's role, not from within the function (the guide's page on lambda:SourceFunctionArn).
BY_LAMBDA = {
    *(f"sqs:{action}" for action in ("ChangeMessageVisibility", "DeleteMessage", "GetQueueAttributes", "ReceiveMessage", "SendMessage")),
    *(f"dynamodb:{action}" for action in ("DescribeStream", "GetRecords", "GetShardIterator", "ListStreams")),
}


def test_whoever_sends_text_messages_may_send_to_telephones_and_to_no_topic(expanded):
    sends = 0
    for partition, parameters in WAYS.values():
        market = tree(partition, expanded[partition], **parameters)
        for role in roles(market).values():
            rules = policies(role)
            if not any("sns:Publish" in many(statement["Action"]) for statement in rules):
                continue
            sends += 1
            # A telephone number has no ARN.
            assert may(rules, "sns:Publish", "+8613800000000"), role.id
            for arn in ("us-east-1:000000000000:market-alarms", "eu-west-1:111111111111:t", "us-east-1:000000000000:endpoint/GCM/a/b"):
                assert not may(rules, "sns:Publish", f"arn:{partition}:sns:{arn}"), f"{role.id}: {arn}"
    assert sends == 1, "where SmsBy is sns"


def arn_of(market, value, partition):
    """The ARN that a resource has once it is made, of one that is named."""
    value = re.sub(r":configuration-set/ref:.+", ":configuration-set/market-notices", str(value))
    kind, _, rest = value.partition(":")
    if kind not in ("ref", "att"):
        return value
    # Ids have slashes, as what follows an ARN has.
    resource = max((r for r in market.all().values() if rest.startswith(r.id)), key=lambda r: len(r.id))
    attribute, tail = re.fullmatch(r"(?:\.(\w+))?(.*)", rest.removeprefix(resource.id)).groups()
    name, where = {
        "AWS::DynamoDB::Table": (resource.get("TableName"), "dynamodb:{}:{}:table/"),
        "AWS::Lambda::Function": (resource.get("FunctionName"), "lambda:{}:{}:function:"),
        "AWS::Logs::LogGroup": (resource.get("LogGroupName"), "logs:{}:{}:log-group:"),
        "AWS::Backup::BackupVault": (resource.get("BackupVaultName"), "backup:{}:{}:backup-vault:"),
        "AWS::Lambda::Alias": ("market-some:live", "lambda:{}:{}:function:"),
        "AWS::SQS::Queue": (resource.get("QueueName"), "sqs:{}:{}:"),
    }[resource.type]
    end = {"StreamArn": "/stream/2026-11-27T00:00:00.000"}.get(attribute, "")
    end += ":*" if resource.type == "AWS::Logs::LogGroup" else ""
    return f"arn:{partition}:{where.format(REGIONS[partition], ACCOUNT)}{name}{end}{tail}"


@pytest.mark.parametrize("way", WAYS)
def test_no_role_may_do_what_its_bound_does_not_allow_so_that_it_takes_nothing_away(expanded, way):
    partition, parameters = WAYS[way]
    market = tree(partition, expanded[partition], **parameters)
    keys = {name: parameters[name] for name in ("TableKeyArn", "BackupKeyArn") if name in parameters}
    bound = boundary(apart("access", partition, expanded[partition], EmailFrom="no-reply@example.com", **keys))
    code = {target(function["Role"]) for function in functions(market).values()}
    for role in roles(market).values():
        for statement in allowed(role):
            for action in many(statement["Action"]):
                # What a function asks by itself; a queue or a stream is read, and what failed is put away, by Lambda.
                within = {"lambda:SourceFunctionArn": place(partition, "lambda", "some")} if role.id in code and action not in BY_LAMBDA else {}
                for resource in many(statement["Resource"]):
                    arn = arn_of(market, resource, partition)
                    assert may(bound, action, arn, **within), f"{role.id}: {action} on {arn}"


@pytest.mark.parametrize("partition", REGIONS)
def test_whoever_takes_a_functions_role_by_hand_reads_and_writes_nothing_sends_nothing_and_goes_no_further(expanded, partition):
    bound = boundary(apart("access", partition, expanded[partition], EmailFrom="no-reply@example.com"))
    elsewhere = place(partition, "lambda").replace("function:market-", "function:another")
    at = f"{REGIONS[partition]}:{ACCOUNT}"
    actions = ("BatchGetItem", "ConditionCheckItem", "GetItem", "PutItem", "Query", "UpdateItem")
    asked = [(f"dynamodb:{action}", place(partition, "dynamodb")) for action in actions] + [
        ("secretsmanager:GetSecretValue", f"arn:{partition}:secretsmanager:{at}:secret:market/payment-keys-abcdef"),
        ("ses:SendEmail", f"arn:{partition}:ses:{at}:identity/example.com"),
        ("sns:Publish", "+8613800000000"),
    ]
    for action, resource in asked:
        assert may(bound, action, resource, **{"lambda:SourceFunctionArn": place(partition, "lambda", "some")}), action
        assert not may(bound, action, resource), action
        assert not may(bound, action, resource, **{"lambda:SourceFunctionArn": elsewhere}), action
    # What proves something is nobody's to send, from within a function either.
    for queue in ("mail_feedback", "mail_feedback-dead"):
        assert denied(bound, "sqs:SendMessage", place(partition, "sqs", queue)), queue
    assert denied(bound, "sts:AssumeRole", f"arn:{partition}:iam::{ACCOUNT}:role/operator@market")


@pytest.mark.parametrize("partition", REGIONS)
@pytest.mark.parametrize("key", ["aws:FederatedProvider", "saml:namequalifier"])
def test_a_role_that_somebody_took_by_showing_anothers_identity_may_do_nothing(expanded, partition, key):
    bound = boundary(apart("access", partition, expanded[partition]))
    for action, resource in {
        "dynamodb:GetRecords": place(partition, "dynamodb") + "/stream/2026-11-27T00:00:00.000",
        "lambda:InvokeFunction": place(partition, "lambda", "orders"),
        "sqs:ReceiveMessage": place(partition, "sqs", "notify"),
    }.items():
        assert may(bound, action, resource), action
        assert not may(bound, action, resource, **{key: "somebody"}), action


@pytest.mark.parametrize("partition", REGIONS)
def test_the_bound_opens_the_markets_own_secrets_and_its_own_sender_alone(expanded, partition):
    at, within = f"{REGIONS[partition]}:{ACCOUNT}", {"lambda:SourceFunctionArn": place(partition, "lambda", "some")}
    bound = boundary(apart("access", partition, expanded[partition], EmailFrom="no-reply@mail.example.com"))
    for name, own in {"market/sms-abcdef": True, "market-2/sms-abcdef": False, "payroll-abcdef": False}.items():
        assert may(bound, "secretsmanager:GetSecretValue", f"arn:{partition}:secretsmanager:{at}:secret:{name}", **within) is own, name
    senders = {"mail.example.com": True, "no-reply@mail.example.com": True, "example.com": False, "boss@mail.example.com": False}
    for identity, own in senders.items():
        assert may(bound, "ses:SendEmail", f"arn:{partition}:ses:{at}:identity/{identity}", **within) is own, identity
    none = boundary(apart("access", partition, expanded[partition]))
    assert not may(none, "ses:SendEmail", f"arn:{partition}:ses:{at}:identity/mail.example.com", **within)


def test_functions_use_the_tables_own_key_within_their_bound_as_its_policy_says_and_no_other_key(expanded):
    key = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/k"
    guide = (ROOT / "docs/DEPLOY.md").read_text()
    (use,) = re.findall(r'"Sid": "Use".*?"Action": (\[.*?\])', guide, re.DOTALL)
    bound = boundary(apart("access", "aws", expanded["aws"], TableKeyArn=key))
    for action in (action.replace("*", "") for action in json.loads(use)):
        assert may(bound, action, key) and not may(bound, action, key.replace("key/k", "key/other")), action
    assert not may(boundary(apart("access", "aws", expanded["aws"])), "kms:Decrypt", key)


def test_every_role_is_bounded_where_a_bound_is_set_and_every_stack_that_makes_one_is_told(expanded):
    bound = f"arn:aws:iam::{ACCOUNT}:policy/functions@market"
    for role in roles(tree("aws", expanded["aws"], RolesBoundaryArn=bound)).values():
        assert role["PermissionsBoundary"] == bound, role.id
    for role in roles(tree("aws", expanded["aws"])).values():
        assert "PermissionsBoundary" not in role.properties, role.id
