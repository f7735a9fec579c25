"""Services: each acts for this account alone, and a key admits those that send to its topics."""

import pytest

from expand import ACCOUNT, REGIONS, apart, target, tree
from people import people_of
from ways import WAYS, many, statements

# Services that name no source when they do this, and who guards it instead.
PASSED = "a role is passed to it within its own account alone, by whoever has iam:PassRole on it; here that is CloudFormation's role"
WITHOUT_SOURCE = {
    ("sts:AssumeRole", "apigateway.amazonaws.com"): f"seen to name none for an integration's credentials; {PASSED}",
    ("sts:AssumeRole", "lambda.amazonaws.com"): f"nobody documents that it names one for a function's role; {PASSED}",
    ("sts:AssumeRole", "cloudformation.amazonaws.com"): "nobody documents that it names one for a stack's role; only deployers may pass it",
    ("sts:AssumeRole", "backup.amazonaws.com"): f"nobody documents that it names one for a plan's role; {PASSED}",
    ("sns:Publish", "events.amazonaws.com"): "EventBridge takes no conditions in a topic's policy (0101)",
    ("kms", "events.amazonaws.com"): "nor in that of the key of an encrypted topic (0101)",
    ("kms", "ses.amazonaws.com"): "nobody documents that it names one to KMS; the topic's policy names its configuration set",
}
SOURCES = {"aws:sourcearn", "aws:sourceaccount"}


def for_services(stacks):
    """Every statement by which a service may do something: where, what, which service, under which conditions."""
    for stack in stacks:
        for resource in stack.resources.values():
            documents = [resource.get(key) for key in ("PolicyDocument", "KeyPolicy", "Policy", "AssumeRolePolicyDocument")]
            for document in (document for document in documents if isinstance(document, dict)):
                for statement in statements(document):
                    principal = statement.get("Principal")
                    if statement["Effect"] == "Allow" and isinstance(principal, dict) and "Service" in principal:
                        for service in many(principal["Service"]):
                            yield resource, statement, service
            if resource.type == "AWS::Lambda::Permission" and "." in resource["Principal"]:
                given = {f"aws:{key}": resource[key] for key in ("SourceArn", "SourceAccount") if key in resource.properties}
                statement = {"Action": resource["Action"], "Condition": {"StringEquals": given}}
                yield resource, statement, resource["Principal"]


def names_a_source(statement):
    keys = {key.lower() for operator in statement.get("Condition", {}).values() for key in operator}
    return bool(keys & SOURCES)


def exception(statement, service):
    actions = {action.partition(":")[0] if action.startswith("kms:") else action for action in many(statement["Action"])}
    return {(action, service) for action in actions}


def everything(expanded, partition):
    for of, parameters in WAYS.values():
        if of == partition:
            yield from tree(partition, expanded[partition], **parameters).stacks()
    yield apart("access", partition, expanded[partition], **people_of(partition))
    yield apart("audit", partition, expanded[partition])


@pytest.mark.parametrize("partition", REGIONS)
def test_a_service_acts_for_this_account_alone_or_a_reason_says_who_guards_it(expanded, partition):
    for resource, statement, service in for_services(everything(expanded, partition)):
        surplus = exception(statement, service) - WITHOUT_SOURCE.keys()
        assert names_a_source(statement) or not surplus, f"{resource.id}: {service} may {statement['Action']} for anybody"


def test_every_exception_is_still_needed(expanded):
    used = set()
    for partition in REGIONS:
        for _, statement, service in for_services(everything(expanded, partition)):
            if not names_a_source(statement):
                used |= exception(statement, service)
    assert used == WITHOUT_SOURCE.keys()


def test_a_key_admits_the_services_that_send_to_its_topics_and_no_other(market):
    for key in market.all("AWS::KMS::Key").values():
        admitted = set()
        for statement in statements(key["KeyPolicy"]):
            assert statement["Effect"] == "Allow" and set(statement["Principal"]) <= {"AWS", "Service"}, key.id
            for principal in many(statement["Principal"].get("AWS", [])):
                # The account, which decides by its roles' own rights.
                assert principal.endswith(f":iam::{ACCOUNT}:root"), f"{key.id}: {principal}"
            admitted |= set(many(statement["Principal"].get("Service", [])))
        topics = {
            topic.id
            for topic in market.all("AWS::SNS::Topic").values()
            if target(topic["KmsMasterKeyId"]) == key.id
        }
        senders = {
            service
            for policy in market.all("AWS::SNS::TopicPolicy").values()
            if {target(topic) for topic in policy["Topics"]} & topics
            for statement in statements(policy["PolicyDocument"])
            if statement["Effect"] == "Allow"
            for service in many(statement["Principal"]["Service"])
        }
        # Where mail goes by SMTP nobody sends for SES, and its admission is idle.
        assert topics and admitted - {"ses.amazonaws.com"} == senders - {"ses.amazonaws.com"}, key.id
        assert senders <= admitted, key.id
