"""Policies: a function may do what its code was seen to do, and nothing else; wildcards have their reasons."""

import json
import re
from collections import defaultdict

import pytest
from parliament import UnknownActionException, UnknownPrefixException, expand_action

from expand import ROOT, target, tree
from ways import WAYS, allowed, duplicates, functions, many, roles, statements, strings

# Actions that may name every resource, and why.
ANY_RESOURCE = {
    "xray:PutTraceSegments": "X-Ray knows no resources",
    "xray:PutTelemetryRecords": "X-Ray knows no resources",
    "dynamodb:ListStreams": "DynamoDB knows no resource for it; Lambda wants it of a role that reads a stream",
    "sns:Publish": "a telephone number is no resource",
    "cloudwatch:DescribeAlarms": "CodeDeploy asks for several alarms at once, as AWS's own policy for it allows",
}
# Wildcards within a resource, and why.
WITHIN_RESOURCE = {
    r":secret:[^*?]+-\?{6}$": "the six characters are Secrets Manager's own suffix of a secret's name",
    r":function:market-\*$": "CodeDeploy moves the alias of every function, and of the market's alone",
}

# What Lambda asks in a function's name, to read its queue.
POLLING = {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"}


def test_no_role_may_do_everything_of_a_service(market):
    for role in roles(market).values():
        for statement in allowed(role):
            assert "NotAction" not in statement, role.id
            for action in many(statement["Action"]):
                assert "*" not in action and "?" not in action, f"{role.id}: {action}"


def test_no_role_may_act_on_everything_but_where_aws_knows_nothing_narrower(market):
    for role in roles(market).values():
        for statement in allowed(role):
            assert "NotResource" not in statement, role.id
            for resource in many(statement["Resource"]):
                if resource == "*":
                    surplus = set(many(statement["Action"])) - ANY_RESOURCE.keys()
                    assert not surplus, f"{role.id}: {surplus} on every resource"
                elif re.search(r"[*?]", resource):
                    reasons = [reason for pattern, reason in WITHIN_RESOURCE.items() if re.search(pattern, resource)]
                    assert reasons, f"{role.id}: {resource}"


def test_every_reason_for_a_wildcard_is_still_needed(expanded):
    used = set()
    for partition, parameters in WAYS.values():
        for role in roles(tree(partition, expanded[partition], **parameters)).values():
            for statement in allowed(role):
                if "*" in many(statement["Resource"]):
                    used |= set(many(statement["Action"]))
    assert ANY_RESOURCE.keys() <= used


def test_every_action_is_one_that_aws_knows(market):
    for resource in market.all().values():
        for path, action in strings(resource.properties):
            if path and path[-1] == "Action" and re.fullmatch(r"[a-z0-9-]+:[A-Za-z0-9*]+", action):
                try:
                    assert action.endswith(":*") or expand_action(action), f"{resource.id}: {action}"
                except (UnknownActionException, UnknownPrefixException) as error:
                    pytest.fail(f"{resource.id}: {error}")


def test_no_statement_names_an_action_twice(market):
    for role in roles(market).values():
        for statement in allowed(role):
            assert not duplicates(many(statement["Action"])), role.id
            assert not duplicates(many(statement["Resource"])), role.id


def test_every_function_may_do_on_the_table_exactly_what_its_code_was_seen_to_do(market, permissions):
    (table,) = market.all("AWS::DynamoDB::Table").values()
    places = {f"att:{table.id}.Arn": "table"}
    for index in table["GlobalSecondaryIndexes"]:
        places[f"att:{table.id}.Arn/index/{index['IndexName']}"] = f"index/{index['IndexName']}"
    may = {}
    for function in functions(market).values():
        found = defaultdict(list)
        for statement in allowed(roles(market)[target(function["Role"])]):
            for action in many(statement["Action"]):
                for resource in many(statement["Resource"]):
                    if action.startswith("dynamodb:") and resource in places:
                        found[places[resource]].append(action)
                    elif action.startswith("dynamodb:"):
                        # The stream is read by Lambda, not by our code.
                        assert function["Handler"] == "relay", f"{function.id}: {action} on {resource}"
        if found:
            may[function["Handler"]] = {place: sorted(actions) for place, actions in found.items()}
    seen = {
        handler: {place: sorted(actions) for place, actions in places.items()}
        for handler, places in permissions.items()
    }
    # What gateways inside the account invoke does what the route does (docs/decisions/0096).
    assert may == seen | {"checks": seen["api/check_tokens"]}


def test_nobody_may_delete_or_scan(market):
    for role in roles(market).values():
        for statement in allowed(role):
            for action in many(statement["Action"]):
                assert not re.search(r":(Delete(?!Message$)|Scan|Create(?!LogStream$|Grant$)|Purge|PartiQL)", action), role.id


def test_the_policies_of_a_role_fit_into_it_with_three_times_the_routes(market):
    for role in roles(market).values():
        size = sum(len(json.dumps(p["PolicyDocument"], separators=(",", ":"))) for p in role.get("Policies", []))
        # The inline policies of a role may have 10,240 characters in all. Only the gateway's grows with the routes.
        grows = "apigateway.amazonaws.com" in json.dumps(role["AssumeRolePolicyDocument"])
        assert size * (3 if grows else 1) < 10_240, f"{role.id}: {size}"


def test_only_refusals_and_services_name_every_principal(market):
    for resource in market.all().values():
        document = resource.get("PolicyDocument") or resource.get("KeyPolicy") or resource.get("Policy")
        for statement in statements(document) if isinstance(document, dict) else []:
            if statement["Effect"] == "Allow":
                assert statement["Principal"] not in ("*", {"AWS": "*"}), resource.id


def test_every_function_may_ask_of_aws_beside_the_table_exactly_what_its_code_was_seen_to_ask(expanded):
    seen = json.loads((ROOT / "infra/calls.json").read_text())
    smtp = {"EmailBy": "smtp", "SmtpServer": "smtp.example.com", "SmtpSecret": "market/smtp"}
    http = {"SmsBy": "http", "SmsUrl": "https://sms.example.com", "SmsSecret": "market/sms"}
    for email, by_email in {"ses": {}, "smtp": smtp}.items():
        for sms, by_sms in {"none": {}, "sns": {"SmsBy": "sns"}, "http": http}.items():
            market = tree("aws", expanded["aws"], **by_email, **by_sms)
            for function in functions(market).values():
                handler = function["Handler"]
                chosen = [handler, f"{handler}, EmailBy {email}", f"{handler}, SmsBy {sms}"]
                needed = {action for name in chosen for action in seen.get(name, [])}
                may = {a for s in allowed(roles(market)[target(function["Role"])]) for a in many(s["Action"])}
                # The table has a file of its own; logs and traces are the platform's, as is reading queue and stream.
                own = {a for a in may if not a.startswith(("dynamodb:", "logs:", "xray:", "kms:"))} - POLLING
                assert own == needed, f"{function.id}, EmailBy {email}, SmsBy {sms}"


def test_ses_publishes_each_kind_of_event_that_a_notice_records(expanded):
    table = (ROOT / "functions/src/feedback/mod.rs").read_text()
    # Of templates there are none, so that `Rendering Failure` never comes.
    recorded = {kind.lower() for kind in re.findall(r"^//! \| `([A-Z]\w+)`[^|]*\| (?!nothing)", table, re.MULTILINE)}
    (destination,) = tree("aws", expanded["aws"]).all("AWS::SES::ConfigurationSetEventDestination").values()
    assert set(destination["EventDestination"]["MatchingEventTypes"]) == recorded >= {"bounce", "delivery"}
