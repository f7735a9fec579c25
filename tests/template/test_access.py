"""Who may do what: services, by whom they are sent; functions, within their bound; people, by the roles of infra/apart.

A right is judged as IAM judges it: what some statement allows and none denies. What only AWS can say is not asked here."""

import json
import re
import tomllib
from collections import defaultdict
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

import botocore.session
import cfnlint
import parliament
import pytest
from botocore import xform_name

from expand import ACCOUNT, REGIONS, ROOT, apart, target, tree
from test_rules import WAYS, allowed, duplicates, expanded, functions, gateway, many, market, roles, statements

__all__ = ["expanded", "market"]

# Services that name no source when they do this, and who guards it instead.
PASSED = "a role is passed to it within its own account alone, by whoever has iam:PassRole on it; here that is CloudFormation's role"
WITHOUT_SOURCE = {
    ("sts:AssumeRole", "apigateway.amazonaws.com"): f"seen to name none for an integration's credentials; {PASSED}",
    ("sts:AssumeRole", "lambda.amazonaws.com"): f"nobody documents that it names one for a function's role; {PASSED}",
    ("sts:AssumeRole", "cloudformation.amazonaws.com"): "nobody documents that it names one for a stack's role; only deployers may pass it",
    ("sts:AssumeRole", "backup.amazonaws.com"): f"nobody documents that it names one for a plan's role; {PASSED}",
    ("kms", "ses.amazonaws.com"): "nobody documents that it names one to KMS; the topic's policy names its configuration set",
}
SOURCES = {"aws:sourcearn", "aws:sourceaccount"}

ARN = {
    "dynamodb": "arn:{p}:dynamodb:{r}:{a}:table/market",
    "lambda": "arn:{p}:lambda:{r}:{a}:function:market-",
    "sqs": "arn:{p}:sqs:{r}:{a}:market-",
}


def place(partition, service, rest=""):
    return ARN[service].format(p=partition, r=REGIONS[partition], a=ACCOUNT) + rest


# ── what IAM would say ──


def matches(pattern, text):
    # IAM knows * and ?, and no brackets.
    return fnmatchcase(text, pattern.replace("[", "[[]"))


def named(statement, action, resource):
    """Whether a statement is about an action on a resource."""
    if not any(matches(pattern.lower(), action.lower()) for pattern in many(statement["Action"])):
        return False
    if "NotResource" in statement:
        return not any(matches(pattern, resource) for pattern in many(statement["NotResource"]))
    return any(matches(pattern, resource) for pattern in many(statement["Resource"]))


def holds(statement, context):
    """Whether the conditions of a statement hold of a request."""
    for operator, keys in statement.get("Condition", {}).items():
        for key, wanted in keys.items():
            wanted, found = [str(value) for value in many(wanted)], context.get(key)
            if operator == "ForAllValues:StringEquals":
                kept = all(value in wanted for value in found or [])
            elif operator == "StringEqualsIfExists":
                kept = found is None or found in wanted
            elif operator in ("StringEquals", "Bool"):
                kept = found in wanted
            elif operator == "ArnLike":
                kept = found is not None and any(matches(pattern, found) for pattern in wanted)
            elif operator == "NumericLessThan":
                kept = found is not None and float(found) < float(wanted[0])
            else:
                raise AssertionError(f"{operator} is not understood here")
            if not kept:
                return False
    return True


def may(policies, action, resource, **context):
    about = [s for s in policies if named(s, action, resource) and holds(s, context)]
    return any(s["Effect"] == "Allow" for s in about) and not any(s["Effect"] == "Deny" for s in about)


def denied(policies, action, resource):
    return any(s["Effect"] == "Deny" and named(s, action, resource) and not s.get("Condition") for s in policies)


def policies(role):
    return [s for policy in role.get("Policies", []) for s in statements(policy["PolicyDocument"])]


# ── the people's roles ──

PEOPLE = {
    "Deployers": f"arn:aws:iam::{ACCOUNT}:role/sign-in-deploy",
    "Operators": f"arn:aws:iam::{ACCOUNT}:role/sign-in-operate,arn:aws:iam::{ACCOUNT}:role/on-duty",
    "Auditors": f"arn:aws:iam::{ACCOUNT}:role/sign-in-audit",
    "BreakGlassUsers": f"arn:aws:iam::{ACCOUNT}:user/first,arn:aws:iam::{ACCOUNT}:user/second",
    "TableKeyArn": f"arn:aws:kms:us-east-1:{ACCOUNT}:key/k",
    "AuditBucket": "market-audit",
    "AlarmTopicArn": f"arn:aws:sns:us-east-1:{ACCOUNT}:market-alarms",
}


def people_of(partition):
    return {name: value.replace("arn:aws:", f"arn:{partition}:") for name, value in PEOPLE.items()}


@pytest.fixture(scope="session", params=REGIONS)
def access(request, expanded):
    partition = request.param
    return apart("access", partition, expanded[partition], **people_of(partition))


def role_of(access, name):
    return access.resources[name]


def boundary(access):
    return statements(access.resources["FunctionsBoundary"]["PolicyDocument"])


# ── services ──


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


# ── what functions may ──


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
    bound = boundary(apart("access", partition, expanded[partition]))
    for role in roles(market).values():
        for statement in allowed(role):
            for action in many(statement["Action"]):
                for resource in many(statement["Resource"]):
                    arn = arn_of(market, resource, partition)
                    assert may(bound, action, arn), f"{role.id}: {action} on {arn}"


def test_every_role_is_bounded_where_a_bound_is_set_and_every_stack_that_makes_one_is_told(expanded):
    bound = f"arn:aws:iam::{ACCOUNT}:policy/functions@market"
    for role in roles(tree("aws", expanded["aws"], RolesBoundaryArn=bound)).values():
        assert role["PermissionsBoundary"] == bound, role.id
    for role in roles(tree("aws", expanded["aws"])).values():
        assert "PermissionsBoundary" not in role.properties, role.id


def test_everything_of_a_market_is_tagged_with_its_name(expanded):
    root = tree("aws", expanded["aws"], MarketName="bazaar")
    # The root makes stacks alone; what a stack is tagged with CloudFormation puts onto all that it makes, stacks too.
    assert {resource.type for resource in root.resources.values()} == {"AWS::CloudFormation::Stack"}
    for stack in root.resources.values():
        assert {"Key": "market", "Value": "bazaar"} in stack["Tags"], stack.id
    for resource in root.all().values():
        own = {tag["Key"]: tag["Value"] for tag in resource.get("Tags", []) if isinstance(tag, dict)}
        assert own.get("market", "bazaar") == "bazaar", f"{resource.id} is tagged otherwise"


# ── the way in ──


def test_the_api_takes_tls_from_1_2_on_wherever_it_answers(market):
    assert gateway(market)["SecurityPolicy"] == "TLS_1_2"
    for domain in market.all("AWS::ApiGateway::DomainName").values():
        assert domain["SecurityPolicy"] == "TLS_1_2"


def test_the_api_answers_at_its_own_name_beside_the_default_one_until_that_is_turned_off(expanded):
    for partition, parameters in WAYS.values():
        market = tree(partition, expanded[partition], **parameters)
        for given, turned_off in ({}, False), ({"DefaultEndpoint": "off"}, True):
            other = tree(partition, expanded[partition], **(parameters | given))
            (server,) = gateway(other)["Body"]["servers"]
            configuration = server["x-amazon-apigateway-endpoint-configuration"]
            # A name that is set on a live market cuts nobody off who calls by the other.
            assert configuration["disableExecuteApiEndpoint"] is turned_off
            # Nor does the market go where it answers nowhere.
            refused = [text for text in other.refusals() if "answers nowhere" in text]
            assert bool(refused) is (turned_off and "DomainName" not in parameters)
        url = market.resolve(market.template["Outputs"]["ApiUrl"]["Value"])
        assert ("execute-api" in url) is not ("DomainName" in parameters), url


# ── logs ──


def test_the_firewalls_log_holds_what_was_refused_and_neither_paths_nor_credentials(market):
    (logging,) = market.all("AWS::WAFv2::LoggingConfiguration").values()
    assert logging["LoggingFilter"] == {
        "DefaultBehavior": "DROP",
        "Filters": [
            {
                "Behavior": "KEEP",
                "Requirement": "MEETS_ANY",
                "Conditions": [{"ActionCondition": {"Action": "BLOCK"}}],
            }
        ],
    }
    kinds = [kind for field in logging["RedactedFields"] for kind in field]
    headers = {field["SingleHeader"]["Name"] for field in logging["RedactedFields"] if "SingleHeader" in field}
    assert {"UriPath", "QueryString"} <= set(kinds)
    # Whatever the API reads of a person or a secret in a header, and where a browser was before.
    assert headers == {"authorization", "cookie", "idempotency-key", "referer", "webhook-signature", "x-api-key"}


def test_what_holds_addresses_is_kept_for_thirty_days_unless_told_otherwise(expanded):
    def kept(**parameters):
        groups = tree("aws", expanded["aws"], **parameters).all("AWS::Logs::LogGroup").values()
        return {group["RetentionInDays"] for group in groups if group["LogGroupName"].startswith("aws-waf-logs-")}

    assert kept() == {30}
    assert kept(LogRetentionDays=3653) == {30}
    assert kept(AddressRetentionDays=7) == {7}


def test_the_firewall_keeps_no_samples_for_a_sample_has_the_token(market):
    (firewall,) = market.all("AWS::WAFv2::WebACL").values()
    for at in [firewall.properties, *firewall["Rules"]]:
        assert at["VisibilityConfig"]["SampledRequestsEnabled"] is False, at["Name"]


def test_the_access_log_has_nothing_of_a_person(market):
    (stage,) = market.all("AWS::ApiGateway::Stage").values()
    named = set(re.findall(r"\$context\.([A-Za-z.]+)", stage["AccessLogSetting"]["Format"]))
    # Of $context.identity, .authorizer.<claim>, .path and the like nothing: the resource is the route's pattern.
    assert named == {
        "authorizer.latency",
        "error.responseType",
        "httpMethod",
        "integration.latency",
        "requestId",
        "requestTimeEpoch",
        "resourcePath",
        "responseLatency",
        "responseLength",
        "status",
        "wafResponseCode",
    }


# ── people ──


def listed_commands():
    return json.loads((ROOT / "infra/operators.json").read_text())


def resources_of(asked, partition):
    """On what a command did something, as ARNs."""
    for on in asked["on"]:
        kind, _, name = on.partition("/")
        yield {
            "stack": f"arn:{partition}:cloudformation:{REGIONS[partition]}:{ACCOUNT}:stack/market/0",
            "table": place(partition, "dynamodb"),
            "index": place(partition, "dynamodb", f"/index/{name}"),
            "queue": place(partition, "sqs", name),
        }[kind]


def context_of(asked):
    return {
        **({"dynamodb:Attributes": asked["attributes"]} if "attributes" in asked else {}),
        **({"dynamodb:ReturnValues": asked["returns"]} if "returns" in asked else {}),
    }


def test_an_operator_may_do_what_the_commands_of_market_were_seen_to_do(access):
    rules = policies(role_of(access, "Operator"))
    commands = listed_commands()
    assert {"jobs redrive", "dead-letters redrive", "lists fill", "verify"} <= commands.keys()
    for command, actions in commands.items():
        for action, each in actions.items():
            for asked in each:
                for arn in resources_of(asked, access.partition):
                    assert may(rules, action, arn, **context_of(asked)), f"market {command}: {action} on {arn}"


def test_an_auditor_may_verify_and_look_but_change_nothing(access):
    rules = policies(role_of(access, "Auditor"))
    for action, each in listed_commands()["verify"].items():
        for asked in each:
            for arn in resources_of(asked, access.partition):
                assert may(rules, action, arn, **context_of(asked)), f"market verify: {action} on {arn}"
    level = access_levels()
    for statement in rules:
        assert statement["Effect"] == "Allow"
        for action in many(statement["Action"]):
            # A query of logs is work that is begun, and changes nothing; the gateway's GET is a verb.
            reads = level[action.lower()] in ("Read", "List") or action in ("apigateway:GET", "kms:Decrypt")
            assert reads, f"{action} is {level[action.lower()]}"


@cache
def access_levels():
    return {
        f"{service['prefix']}:{privilege['privilege']}".lower(): privilege["access_level"]
        for service in parliament.iam_definition
        for privilege in service["privileges"]
    }


def test_an_operator_changes_when_work_is_done_and_where_things_are_listed_and_no_body_or_evidence(access):
    rules = policies(role_of(access, "Operator"))
    table = place(access.partition, "dynamodb")
    timers, lists = ["pk", "sk", "due_shard", "wake_at", "tries"], ["pk", "sk", "v", "list", "desk", "place"]
    for attributes in (timers, lists):
        asked = {"dynamodb:Attributes": attributes}
        assert may(rules, "dynamodb:UpdateItem", table, **asked)
        for body in ("body", "ttl", "event", "salt"):
            assert not may(rules, "dynamodb:UpdateItem", table, **{"dynamodb:Attributes": [*attributes, body]}), body
        # What an update answers could be the whole thing.
        for returned in ("ALL_OLD", "ALL_NEW"):
            assert not may(rules, "dynamodb:UpdateItem", table, **asked, **{"dynamodb:ReturnValues": returned})
    assert not may(rules, "dynamodb:UpdateItem", table, **{"dynamodb:Attributes": timers + lists}), "two commands, not one"
    for action in ("PutItem", "DeleteItem", "BatchWriteItem", "Scan", "DeleteTable", "PartiQLUpdate", "ExportTableToPointInTime"):
        assert not may(rules, f"dynamodb:{action}", table), action


def test_nobody_but_the_gateway_invokes_a_function_that_believes_its_caller(access, expanded):
    market = tree(access.partition, expanded[access.partition], **WAYS["China"][1] if access.partition == "aws-cn" else {})
    believing = [f for f in functions(market).values() if f["Environment"]["Variables"].get("MARKET_CALLERS") == "gateway"]
    assert len(believing) > 50
    for function in believing:
        arn = place(access.partition, "lambda").removesuffix("market-") + function["FunctionName"]
        # With a version or an alias it is another resource.
        ways = (arn, f"{arn}:1", f"{arn}:live")
        for at in ways:
            for action in ("lambda:InvokeFunction", "lambda:InvokeFunctionUrl", "lambda:InvokeAsync"):
                assert denied(policies(role_of(access, "Operator")), action, at), at
                for role in ("Deployer", "Auditor", "Builder"):
                    assert not may(policies(role_of(access, role)), action, at), f"{role}: {at}"
        # The one for gateways inside the account is invoked by roles of theirs (docs/decisions/0096).
        wanted = 0 if function["Handler"] == "checks" else 1
        invokers = [r for r in roles(market).values() if any(may(policies(r), "lambda:InvokeFunction", at) for at in ways)]
        for role in invokers:
            (statement,) = statements(role["AssumeRolePolicyDocument"])
            assert statement["Principal"] == {"Service": "apigateway.amazonaws.com"}, f"{role.id}: {arn}"
        assert len(invokers) == wanted, arn
    assert may(policies(role_of(access, "Operator")), "lambda:InvokeFunction", place(access.partition, "lambda", "sweep"))


def test_nobody_but_cloudformation_makes_or_changes_roles_functions_and_secrets(access):
    partition = access.partition
    function = place(partition, "lambda", "get_order")
    role = f"arn:{partition}:iam::{ACCOUNT}:role/market-Workers-1-NotifyRole-1"
    for name in ("Deployer", "Operator", "Auditor"):
        rules = policies(role_of(access, name))
        for action, resource in [
            ("lambda:UpdateFunctionCode", function),
            ("lambda:UpdateFunctionConfiguration", function),
            ("lambda:AddPermission", function),
            ("iam:CreateRole", role),
            ("iam:PutRolePolicy", role),
            ("iam:UpdateAssumeRolePolicy", role),
            ("iam:PassRole", role),
            ("secretsmanager:GetSecretValue", f"arn:{partition}:secretsmanager:us-east-1:{ACCOUNT}:secret:market/sms-abcdef"),
            ("cloudtrail:StopLogging", f"arn:{partition}:cloudtrail:us-east-1:{ACCOUNT}:trail/market-audit"),
            ("s3:DeleteObjectVersion", f"arn:{partition}:s3:::market-audit/AWSLogs/x"),
        ]:
            for service in ("lambda.amazonaws.com", "scheduler.amazonaws.com", "apigateway.amazonaws.com"):
                assert not may(rules, action, resource, **{"iam:PassedToService": service}), f"{name}: {action}"


def test_no_template_lets_anybody_at_the_table_or_a_function_by_another_way_than_a_role(access):
    rules, partition = policies(role_of(access, "Builder")), access.partition
    table = f"arn:{partition}:dynamodb:{REGIONS[partition]}:{ACCOUNT}:table/market"
    ways = ("PutResourcePolicy", "DeleteResourcePolicy", "CreateTableReplica", "EnableKinesisStreamingDestination")
    for at, actions in {table: [f"dynamodb:{way}" for way in ways], place(partition, "lambda", "get_order"): ["lambda:AddPermission", "lambda:CreateFunctionUrlConfig"]}.items():
        for action in actions:
            assert denied(rules, action, at), action


def test_whoever_deploys_does_so_by_the_role_that_is_made_for_it_and_has_no_other_rights(access):
    partition, rules = access.partition, policies(role_of(access, "Deployer"))
    stack = f"arn:{partition}:cloudformation:{REGIONS[partition]}:{ACCOUNT}:stack/market/0"
    builder = f"att:{access.id('Builder')}.Arn"
    assert may(rules, "cloudformation:CreateChangeSet", stack, **{"cloudformation:RoleArn": builder})
    assert not may(rules, "cloudformation:CreateChangeSet", stack)
    for action in ("CreateStack", "UpdateStack", "DeleteStack"):
        assert not may(rules, f"cloudformation:{action}", stack, **{"cloudformation:RoleArn": builder}), action
    # What keeps the stack and its data is set by each deployment, on this stack and those below it alone.
    for action in ("SetStackPolicy", "GetStackPolicy", "UpdateTerminationProtection"):
        for at in (stack, stack.replace("market/0", "market-Data-1ABC/0")):
            assert may(rules, f"cloudformation:{action}", at), f"{action} on {at}"
        assert not may(rules, f"cloudformation:{action}", stack.replace("market/0", "access-of-market/0")), action
    assert may(rules, "iam:PassRole", builder, **{"iam:PassedToService": "cloudformation.amazonaws.com"})
    actions = {action for statement in rules for action in many(statement["Action"])}
    assert {action.partition(":")[0] for action in actions} == {"cloudformation", "iam", "lambda", "s3"}
    # How much may run at once, and what runs: that it is what was signed.
    assert {action for action in actions if action.startswith("lambda:")} == {"lambda:GetAccountSettings", "lambda:ListFunctions"}


def test_the_market_is_deployed_from_a_bucket_that_is_there_and_that_no_deployment_changes(access):
    partition, name = access.partition, f"artifacts-of-market-{ACCOUNT}-{REGIONS[access.partition]}"
    bucket = access.resources["Artifacts"]
    assert bucket["BucketName"] == name and bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert bucket.attributes["DeletionPolicy"] == "RetainExceptOnCreate" and bucket.attributes["UpdateReplacePolicy"] == "Retain"
    assert access.resolve(access.template["Outputs"]["ArtifactBucket"]["Value"]) == f"ref:{access.id('Artifacts')}"
    att = f"att:{access.id('Artifacts')}.Arn"
    deployer, builder = policies(role_of(access, "Deployer")), policies(role_of(access, "Builder"))
    assert may(deployer, "s3:PutObject", f"{att}/key") and may(deployer, "s3:GetObject", f"{att}/key")
    assert may(builder, "s3:GetObject", f"{att}/key") and not may(builder, "s3:PutObject", f"{att}/key")
    for rules in (deployer, builder):
        for at in (att, f"arn:{partition}:s3:::{name}"):
            for action in ("CreateBucket", "DeleteBucket", "PutBucketPolicy", "PutBucketVersioning", "PutLifecycleConfiguration"):
                assert not may(rules, f"s3:{action}", at), action
        for action in ("DeleteObject", "DeleteObjectVersion"):
            assert not may(rules, f"s3:{action}", f"{att}/key"), action
    # The examples name it.
    for file in (ROOT / "infra/environments").glob("*.toml"):
        said = tomllib.loads(file.read_text())
        market = said["parameters"]["MarketName"]
        assert said["bucket"] == f"artifacts-of-{market}-{said['account']}-{said['region']}", file.name


def test_a_role_that_a_deployment_makes_is_bounded_and_stays_so(access):
    partition, rules = access.partition, policies(role_of(access, "Builder"))
    bound = {"iam:PermissionsBoundary": f"ref:{access.id('FunctionsBoundary')}"}
    role = f"arn:{partition}:iam::{ACCOUNT}:role/market-Workers-1-NotifyRole-1"
    for action in ("CreateRole", "PutRolePolicy", "PutRolePermissionsBoundary"):
        assert may(rules, f"iam:{action}", role, **bound), action
        assert not may(rules, f"iam:{action}", role), action
        assert not may(rules, f"iam:{action}", role, **{"iam:PermissionsBoundary": "arn:aws:iam::aws:policy/ReadOnlyAccess"}), action
    for action in ("AttachRolePolicy", "DeleteRolePermissionsBoundary", "CreatePolicyVersion", "SetDefaultPolicyVersion", "CreateUser"):
        for resource in (role, f"arn:{partition}:iam::{ACCOUNT}:policy/functions@market"):
            assert not may(rules, f"iam:{action}", resource, **bound), action
    # The people's roles, and its own, are not a deployment's to change.
    for name in ("operator@market", "cloudformation@market", "break-glass@market"):
        for action in ("PutRolePolicy", "UpdateAssumeRolePolicy", "DeleteRole"):
            assert not may(rules, f"iam:{action}", f"arn:{partition}:iam::{ACCOUNT}:role/{name}", **bound), name


# What the handlers of CloudFormation may ask for of a type, and a market's templates never give them reason to.
NEVER_ASKED = {
    r"(appsync|apprunner|amplify|bedrock-agentcore|cognito-idp|ec2|elasticfilesystem|elasticloadbalancing|firehose|kinesis|s3files|s3tables):.*": "of services that the market has not",
    r"dynamodb:(.*Kinesis.*|.*Import.*|.*Replica|.*ResourcePolicy)": "the table has none",
    r"dynamodb:(Batch.*|Delete.*|Get.*|Put.*|Query|Scan|UpdateItem)": "items are copied between replicas, of which there are none; the table outlives its stack",
    r"iam:(AttachRolePolicy|DetachRolePolicy)": "roles have inline policies",
    r"iam:DeleteRolePermissionsBoundary": "a bound that was set stays",
    r"iam:(CreateServiceLinkedRole|DescribeOrganization)": "of other destinations of a firewall's log, of replicas and imports",
    r"backup:(DeleteBackupVaultAccessPolicy|.*BackupVaultNotifications)|backup-storage:Mount": "a vault has none, and the latter is an older name",
    r"backup:DeleteBackupVaultLockConfiguration": "a lock stays",
    r"kms:(Decrypt|Encrypt|GenerateDataKey|ListAliases|CreateGrant|RevokeGrant|RetireGrant)": "of settings and filters under a key of one's own, which none has; the table's are allowed with its key",
    r"lambda:(.*CodeSigning.*|GetLayerVersion|PassCapacityProvider)": "functions have none",
    r"logs:(AssociateKmsKey|DisassociateKmsKey|.*DataProtection.*|.*Index.*|PutBearerTokenAuthentication|DeleteResourcePolicy)": "groups have none",
    r"s3:(DeleteObject|GetObjectMetadata|PutObjectAcl|REST\.PUT\.OBJECT)": "logs go to no bucket, nothing is imported, no bucket is emptied",
    r"sns:PutDataProtectionPolicy|sns:GetDataProtectionPolicy": "topics have none",
}


@cache
def handlers_of_types():
    """What CloudFormation says that it asks for, to make, read, change and delete a thing of a type."""
    asked = {}
    for file in (Path(cfnlint.__file__).parent / "data/schemas/resources").glob("*.json"):
        schema = json.loads(file.read_text())
        kinds = schema.get("handlers", {})
        asked[schema["typeName"]] = {p for kind in ("create", "read", "update", "delete") for p in kinds.get(kind, {}).get("permissions", [])}
    return asked


def test_cloudformations_role_may_make_the_role_of_aws_backup_and_no_other_services(access):
    rules = policies(role_of(access, "Builder"))
    at = f"arn:{access.partition}:iam::{ACCOUNT}:role/aws-service-role/backup.amazonaws.com/AWSServiceRoleForBackup"
    assert may(rules, "iam:CreateServiceLinkedRole", at, **{"iam:AWSServiceName": "backup.amazonaws.com"})
    assert not may(rules, "iam:CreateServiceLinkedRole", at, **{"iam:AWSServiceName": "ecs.amazonaws.com"})
    assert not may(rules, "iam:CreateServiceLinkedRole", at.replace("aws-service-role", "service-role"), **{"iam:AWSServiceName": "backup.amazonaws.com"})


def test_cloudformations_role_may_make_everything_that_a_market_consists_of(access, expanded):
    rules = policies(role_of(access, "Builder"))
    context = {
        "iam:PermissionsBoundary": f"ref:{access.id('FunctionsBoundary')}",
        "aws:RequestTag/market": "market",
        "aws:ResourceTag/market": "market",
        "iam:PassedToService": "lambda.amazonaws.com",
    }
    stands = [pattern for s in rules if s["Effect"] == "Allow" for pattern in many(s["Resource"])]
    # Whatever some parameters make.
    stacks = [stack for of, given in WAYS.values() for stack in tree(of, expanded[of], **given).stacks()]
    types = {resource["Type"] for stack in stacks for resource in stack.template["Resources"].values()}
    used = set()
    for type in sorted(types):
        for action in sorted(handlers_of_types()[type]):
            reasons = [pattern for pattern in NEVER_ASKED if re.fullmatch(pattern, action)]
            used |= set(reasons)
            # On something that bears the market's name, or on anything.
            possible = any(may(rules, action, pattern.replace("*", "x"), **context) for pattern in stands)
            assert possible or reasons, f"{type} needs {action}"
    assert used == NEVER_ASKED.keys()


def test_break_glass_takes_a_second_factor_shown_within_the_hour_and_everyone_is_told(access):
    role = role_of(access, "BreakGlass")
    (statement,) = statements(role["AssumeRolePolicyDocument"])
    people = statement["Principal"]["AWS"]
    assert len(people) == 2 and all(":user/" in person for person in people)
    assert not holds(statement, {})
    assert not holds(statement, {"aws:MultiFactorAuthPresent": "false", "aws:MultiFactorAuthAge": "1"})
    assert not holds(statement, {"aws:MultiFactorAuthPresent": "true", "aws:MultiFactorAuthAge": "3600"})
    assert holds(statement, {"aws:MultiFactorAuthPresent": "true", "aws:MultiFactorAuthAge": "60"})
    assert role["MaxSessionDuration"] == 3600
    rule = access.resources["BreakGlassTaken"]
    assert [at["Arn"] for at in rule["Targets"]] == [access.values["AlarmTopicArn"]]
    assert rule["EventPattern"]["detail"]["requestParameters"]["roleArn"] == [f"arn:{access.partition}:iam::{ACCOUNT}:role/{role['RoleName']}"]
    assert rule["State"].startswith("ENABLED")
    (page,) = re.findall(r"docs/runbooks/[a-z-]+\.md", rule["Targets"][0]["InputTransformer"]["InputTemplate"])
    assert (ROOT / page).is_file()


def test_what_break_glass_does_stays_on_record(access):
    rules = policies(role_of(access, "BreakGlass"))
    partition = access.partition
    at = f"{REGIONS[partition]}:{ACCOUNT}"
    audit = apart("audit", partition, access.templates)
    trail, rule = audit.resources["Trail"]["TrailName"], access.resources["BreakGlassTaken"]["Name"]
    for action, resource in [
        ("cloudtrail:StopLogging", f"arn:{partition}:cloudtrail:{at}:trail/{trail}"),
        ("cloudtrail:PutEventSelectors", f"arn:{partition}:cloudtrail:{at}:trail/{trail}"),
        ("events:DisableRule", f"arn:{partition}:events:{at}:rule/{rule}"),
        ("s3:DeleteObjectVersion", f"arn:{partition}:s3:::market-audit/AWSLogs/x"),
        ("s3:PutBucketPolicy", f"arn:{partition}:s3:::market-audit"),
        ("iam:PutRolePolicy", f"arn:{partition}:iam::{ACCOUNT}:role/break-glass@market"),
        ("iam:UpdateAssumeRolePolicy", f"arn:{partition}:iam::{ACCOUNT}:role/operator@market"),
    ]:
        assert denied(rules, action, resource), action


def test_roles_of_nobody_are_not_made(expanded):
    made = {resource["RoleName"] for resource in apart("access", "aws", expanded["aws"]).all("AWS::IAM::Role").values()}
    assert made == {"cloudformation@market"}


# What the linter of policies says, and why it is no fault.
UNDERSTOOD = {
    "MISMATCHED_TYPE_BUT_USABLE": "IAM's own guide compares a boundary's ARN as a text",
    "RESOURCE_MISMATCH": "a statement names what its actions act on, each on some of it; and it is of the day of its release",
    "RESOURCE_STAR": "which statements are about everything, and why, is below",
}

# Statements about everything.
ABOUT_EVERYTHING = {
    ("FunctionsBoundary", "Anywhere"): "a telephone number is no resource, X-Ray and ListStreams know none",
    ("Builder", "Unnamed"): "AWS names what the gateway, the firewall and mappings consist of, or asks without a resource",
    ("Builder", "MakeKey"): "a key has no name before it is made; its tag says whose it is",
    ("Deployer", "Template"): "a template that is not deployed is no resource",
    ("Deployer", "Runs"): "what the account may run and which functions it has is asked without a resource",
    ("Operator", "Look"): "of the account, or asked without a resource; it shows nothing of what is in a market",
    ("Operator", "Mail"): "the account's reputation and the addresses that SES suppresses",
    ("Auditor", "Setup"): "how the account is set up, and who did what in it",
}


def test_each_statement_about_everything_has_its_reason(access):
    found = set()
    for resource in access.all("AWS::IAM::Role", "AWS::IAM::ManagedPolicy").values():
        for statement in policies(resource) or statements(resource["PolicyDocument"]):
            if statement["Effect"] == "Allow" and "*" in many(statement["Resource"]):
                found.add((resource.id, statement["Sid"]))
    missing = {("Operator", "Mail")} if access.partition == "aws-cn" else set()
    assert found == ABOUT_EVERYTHING.keys() - missing


def test_policies_are_what_a_linter_of_policies_finds_no_fault_with_and_fit_into_their_roles(access):
    for resource in access.all("AWS::IAM::Role", "AWS::IAM::ManagedPolicy").values():
        documents = [p["PolicyDocument"] for p in resource.get("Policies", [])] or [resource.get("PolicyDocument")]
        total = 0
        for document in documents:
            text = json.dumps(document, separators=(",", ":"))
            # Placeholders of what only CloudFormation knows are no ARNs to it.
            text = re.sub(r'"(ref|att):[^"]*"', f'"arn:aws:iam::{ACCOUNT}:role/x"', text)
            total += len(text)
            findings = parliament.analyze_policy_string(text.replace("aws-cn", "aws")).findings
            faults = {f.issue for f in findings if f.issue not in UNDERSTOOD and "aws:transform/" not in str(f.location)}
            assert not faults, f"{resource.id}: {[(f.issue, f.detail, f.location) for f in findings if f.issue in faults]}"
            for statement in statements(document):
                assert not duplicates(many(statement["Action"])) and statement["Sid"], resource.id
        assert total < (10_240 if resource.type == "AWS::IAM::Role" else 6_144), f"{resource.id}: {total}"


# ── runbooks ──

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


# ── the table's own key ──


def test_the_policy_of_the_tables_key_that_is_told_admits_functions_and_people_alone(expanded):
    guide = (ROOT / "docs/DEPLOY.md").read_text()
    (text,) = re.findall(r"```json\n\s*(\{\"Version\": \"2012-10-17\", \"Statement\": \[\n\s*\{\"Sid\": \"Administer\".*?\]\})\n\s*```", guide, re.DOTALL)
    policy = json.loads(text.replace("PARTITION", "aws").replace("ACCOUNT", ACCOUNT).replace("REGION", "us-east-1"))
    administer, use, make = policy["Statement"]
    assert administer["Principal"] == {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    used = set()
    for statement in (use, make):
        equals, like = statement["Condition"]["StringEquals"], statement["Condition"]["ArnLike"]["aws:PrincipalArn"]
        assert equals["kms:ViaService"] == "dynamodb.us-east-1.amazonaws.com" and equals["kms:CallerAccount"] == ACCOUNT
        used |= set(many(like))
    access = apart("access", "aws", expanded["aws"], **PEOPLE)
    people = {f"arn:aws:iam::{ACCOUNT}:role/{role_of(access, name)['RoleName']}" for name in ("Operator", "Auditor", "Builder")}
    # The functions' roles begin with the stack's name.
    assert used == people | {f"arn:aws:iam::{ACCOUNT}:role/market-*"}
    assert "kms:CreateGrant" not in many(use["Action"])
    assert make["Condition"]["ArnLike"]["aws:PrincipalArn"] == f"arn:aws:iam::{ACCOUNT}:role/cloudformation@market"
    for action in [*many(use["Action"]), *many(make["Action"])]:
        assert parliament.expand_action(action), action


# ── the trail ──


@pytest.fixture(scope="session", params=REGIONS)
def audit(request, expanded):
    return apart("audit", request.param, expanded[request.param])


def selects(selector, event):
    """Whether a trail records an event by this selector."""
    for field in selector["FieldSelectors"]:
        value = str(event.get(field["Field"], ""))
        positive = [value == wanted for wanted in field.get("Equals", [])]
        positive += [value.startswith(wanted) for wanted in field.get("StartsWith", [])]
        negative = [value.startswith(unwanted) for unwanted in field.get("NotStartsWith", [])]
        if (positive and not any(positive)) or any(negative):
            return False
    return True


def recorded(audit, event):
    return any(selects(selector, event) for selector in audit.resources["Trail"]["AdvancedEventSelectors"])


def events(partition, arn):
    table = place(partition, "dynamodb")
    common = {"eventCategory": "Data", "userIdentity.arn": arn, "readOnly": "true"}
    for type, at in [
        ("AWS::DynamoDB::Table", table),
        ("AWS::DynamoDB::Table", f"{table}/index/desk"),
        ("AWS::DynamoDB::Table", f"{table}-restored"),
        ("AWS::DynamoDB::Stream", f"{table}/stream/2026"),
        ("AWS::Lambda::Function", place(partition, "lambda", "get_order")),
    ]:
        yield common | {"resources.type": type, "resources.ARN": at}


def test_whatever_people_read_of_the_table_or_invoke_is_recorded(audit, access):
    names = [role["RoleName"] for role in access.all("AWS::IAM::Role").values()]
    assert len(names) == 5
    for name in [*names, "administrator", "AWSReservedSSO_Everything_1"]:
        for event in events(audit.partition, f"arn:{audit.partition}:sts::{ACCOUNT}:assumed-role/{name}/someone"):
            assert recorded(audit, event), f"{name}: {event}"
    for event in events(audit.partition, f"arn:{audit.partition}:iam::{ACCOUNT}:user/someone"):
        assert recorded(audit, event)
    assert recorded(audit, {"eventCategory": "Management", "readOnly": "false"})
    # Of another table nothing, nor what the trail itself writes.
    other = {"eventCategory": "Data", "resources.type": "AWS::DynamoDB::Table", "resources.ARN": place(audit.partition, "dynamodb") + "place"}
    assert not recorded(audit, other)


def test_what_the_markets_own_functions_do_is_left_out_where_that_is_possible_and_chosen(expanded):
    role = f"arn:aws:sts::{ACCOUNT}:assumed-role/market-ChecksRoutes-1-CheckTokenRole-1/market-check_token"
    for chosen in ("people", "everyone"):
        audit = apart("audit", "aws", expanded["aws"], Recorded=chosen)
        for event in events("aws", role):
            assert recorded(audit, event) is (chosen == "everyone")
    china = apart("audit", "aws-cn", expanded["aws-cn"])
    for event in events("aws-cn", role.replace("arn:aws:", "arn:aws-cn:")):
        assert recorded(china, event)
    # CloudFormation names a role after its stack, so none has a name of its own.
    for made in roles(tree("aws", expanded["aws"])).values():
        assert "RoleName" not in made.properties, made.id


def test_what_is_recorded_cannot_be_changed_by_anybody_until_its_time_is_over(audit):
    bucket, trail = audit.resources["Records"], audit.resources["Trail"]
    retention = bucket["ObjectLockConfiguration"]["Rule"]["DefaultRetention"]
    assert bucket["ObjectLockEnabled"] is True and retention == {"Mode": "COMPLIANCE", "Days": 1096}
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    assert bucket.attributes["DeletionPolicy"] == bucket.attributes["UpdateReplacePolicy"] == "Retain"
    assert all(bucket["PublicAccessBlockConfiguration"].values())
    assert len(bucket["BucketName"]) <= 63
    assert trail["IsLogging"] is True and trail["EnableLogFileValidation"] is True and trail["IncludeGlobalServiceEvents"] is True
    assert target(trail["S3BucketName"]) == bucket.id
    writers = [s for s in statements(audit.resources["RecordsPolicy"]["PolicyDocument"]) if s["Effect"] == "Allow"]
    for statement in writers:
        assert statement["Principal"] == {"Service": "cloudtrail.amazonaws.com"}
        assert statement["Condition"]["StringEquals"]["aws:SourceArn"].endswith(f":trail/{trail['TrailName']}")
