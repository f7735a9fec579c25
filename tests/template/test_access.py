"""Who may do what: people, by the roles of infra/apart/access.yaml. (How whoever deploys is held: test_deployers.py.)"""

import json
import re

import parliament

from expand import ACCOUNT, REGIONS, ROOT, apart, tree
from iam import access_levels, denied, holds, may, place, policies
from people import PEOPLE, role_of
from ways import WAYS, duplicates, functions, many, roles, statements


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
        for action in many(statement["Action"]) if statement["Effect"] == "Allow" else ():
            # A query of logs is work that is begun, and changes nothing; the gateway's GET is a verb.
            reads = level[action.lower()] in ("Read", "List") or action in ("apigateway:GET", "kms:Decrypt")
            assert reads, f"{action} is {level[action.lower()]}"


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


def lanes(market):
    """The queues that carry wake-ups, which decide nothing."""
    handlers = {f["Handler"] for f in functions(market).values()}
    return {handler.removeprefix("worker/") for handler in handlers if handler.startswith("worker/")}


def test_an_operator_sends_wake_ups_again_and_nothing_that_proves_something(access, expanded):
    rules, partition = policies(role_of(access, "Operator")), access.partition
    market = tree(partition, expanded[partition])
    hints = lanes(market)
    queues = {queue["QueueName"].removeprefix("market-") for queue in market.all("AWS::SQS::Queue").values()}
    assert hints < queues and {"mail_feedback", "mail_feedback-dead"} <= queues

    def those(action):
        return {queue for queue in queues if may(rules, f"sqs:{action}", place(partition, "sqs", queue))}

    assert those("SendMessage") == hints
    # The relay's and the sweep's tell of what is done again anyway.
    dropped = {f"{queue}-dead" for queue in hints | {"relay", "sweep"}}
    assert those("DeleteMessage") == those("PurgeQueue") == dropped
    assert not may(rules, "sns:Publish", f"arn:{partition}:sns:{REGIONS[partition]}:{ACCOUNT}:market-mail")
    # Whoever receives hides, for twelve hours at a time: of what is worked on nothing, and nothing that proves something.
    assert those("ReceiveMessage") == those("ChangeMessageVisibility") == dropped


def test_an_operator_changes_no_table_no_other_api_and_sees_no_callers_key(access):
    rules, partition = policies(role_of(access, "Operator")), access.partition
    api = f"arn:{partition}:apigateway:{REGIONS[partition]}::"
    assert not may(rules, "dynamodb:UpdateTable", place(partition, "dynamodb"))
    stage = f"{api}/restapis/a1b2c3/stages/prod"
    assert may(rules, "apigateway:PATCH", stage, **{"aws:ResourceTag/market": "market"})
    assert not may(rules, "apigateway:PATCH", stage, **{"aws:ResourceTag/market": "bazaar"})
    assert not may(rules, "apigateway:PATCH", stage)
    for name in ("Operator", "Auditor"):
        of = policies(role_of(access, name))
        assert may(of, "apigateway:GET", f"{api}/restapis/a1b2c3/stages/prod"), name
        for keys in ("/apikeys", "/apikeys/k", "/usageplans/p/keys", "/usageplans/p/keys/k"):
            assert not may(of, "apigateway:GET", f"{api}{keys}"), f"{name}: {keys}"


def test_nobody_goes_from_one_of_peoples_roles_to_another_role_whatever_that_ones_trust_says(access):
    for name in ("Deployer", "Operator", "Auditor"):
        for role in ("market-Workers-1-NotifyRole-1", "cloudformation@market", "anything"):
            assert denied(policies(role_of(access, name)), "sts:AssumeRole", f"arn:{access.partition}:iam::{ACCOUNT}:role/{role}"), name


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


def test_break_glass_takes_a_second_factor_shown_within_the_hour_and_everyone_is_told(access):
    role = role_of(access, "BreakGlass")
    (statement,) = statements(role["AssumeRolePolicyDocument"])
    people = statement["Principal"]["AWS"]
    assert len(people) == 2 and all(":user/" in person for person in people)
    here = {"aws:RequestedRegion": REGIONS[access.partition]}
    assert not holds(statement, here)
    assert not holds(statement, here | {"aws:MultiFactorAuthPresent": "false", "aws:MultiFactorAuthAge": "1"})
    assert not holds(statement, here | {"aws:MultiFactorAuthPresent": "true", "aws:MultiFactorAuthAge": "3600"})
    shown = {"aws:MultiFactorAuthPresent": "true", "aws:MultiFactorAuthAge": "60"}
    assert holds(statement, here | shown)
    # CloudTrail tells of it where it was asked for, and there no rule listens.
    assert not holds(statement, shown | {"aws:RequestedRegion": "eu-west-1"})
    assert role["MaxSessionDuration"] == 3600
    rule = access.resources["BreakGlassTaken"]
    # Of what does not come through CloudWatch tells, by its own way.
    alarm = access.resources["BreakGlassUndelivered"]
    assert (alarm["Namespace"], alarm["MetricName"], alarm["Threshold"]) == ("AWS/Events", "FailedInvocations", 0)
    assert alarm["Dimensions"] == [{"Name": "RuleName", "Value": rule["Name"]}]
    assert alarm["AlarmActions"] == [access.values["AlarmTopicArn"]]
    assert [at["Arn"] for at in rule["Targets"]] == [access.values["AlarmTopicArn"]]
    assert rule["EventPattern"]["detail"]["requestParameters"]["roleArn"][0] == f"arn:{access.partition}:iam::{ACCOUNT}:role/{role['RoleName']}"
    assert rule["State"].startswith("ENABLED")
    (page,) = re.findall(r"docs/runbooks/[a-z-]+\.md", rule["Targets"][0]["InputTransformer"]["InputTemplate"])
    assert (ROOT / page).is_file()


def matches_event(pattern, event):
    """Whether a rule of EventBridge is about an event."""
    if isinstance(pattern, list):
        for wanted in pattern:
            if not isinstance(wanted, dict):
                found = event == wanted
            elif "prefix" in wanted:
                found = isinstance(event, str) and event.startswith(wanted["prefix"])
            else:
                found = event not in many(wanted["anything-but"])
            if found:
                return True
        return False
    return all(name in event and matches_event(item, event[name]) for name, item in pattern.items())


def test_a_role_of_the_markets_own_that_a_person_takes_is_told_of_as_break_glass_is_and_what_services_do_is_not(access, expanded):
    rule, account = access.resources["BreakGlassTaken"], f"arn:{access.partition}:iam::{ACCOUNT}"

    def told(role, by, how="AssumeRole"):
        detail = {"eventSource": "sts.amazonaws.com", "eventName": how, "userIdentity": {"type": by}}
        detail |= {"requestParameters": {"roleArn": f"{account}:role/{role}"}}
        return matches_event(rule["EventPattern"], {"source": "aws.sts", "detail-type": "AWS API Call via CloudTrail", "detail": detail})

    for by in ("IAMUser", "AssumedRole", "AWSAccount", "Root"):
        assert told("market-Workers-1-NotifyRole-1", by) and told("break-glass@market", by), by
        assert not told("operator@market", by) and not told("payroll", by), by
    assert not told("market-Workers-1-NotifyRole-1", "AWSService")
    # Whoever shows another's identity has none of AWS.
    for by, how in {"SAMLUser": "AssumeRoleWithSAML", "WebIdentityUser": "AssumeRoleWithWebIdentity"}.items():
        assert told("market-Workers-1-NotifyRole-1", by, how) and not told("payroll", by, how), how
    # Where nobody may take all rights, too.
    alone = apart("access", access.partition, expanded[access.partition], AlarmTopicArn=access.values["AlarmTopicArn"])
    assert "BreakGlassTaken" in alone.resources and "BreakGlass" not in alone.resources


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
    ("FunctionsBoundary", "Anywhere"): "X-Ray, alarms and ListStreams know no resource",
    ("FunctionsBoundary", "Texts"): "a telephone number is no resource",
    ("Builder", "Unnamed"): "AWS names what the gateway, the firewall and mappings consist of, or asks without a resource",
    ("Builder", "MakeKey"): "a key has no name before it is made; its tag says whose it is",
    ("Deployer", "Runs"): "what the account may run and which functions it has is asked without a resource",
    ("Deployer", "Template"): "a template that is not deployed is no resource",
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
            # It knows each service's own conditions; this one every service is asked with.
            findings = [f for f in findings if "lambda:SourceFunctionArn" not in str(f.detail)]
            faults = {f.issue for f in findings if f.issue not in UNDERSTOOD and "aws:transform/" not in str(f.location)}
            assert not faults, f"{resource.id}: {[(f.issue, f.detail, f.location) for f in findings if f.issue in faults]}"
            for statement in statements(document):
                assert not duplicates(many(statement["Action"])) and statement["Sid"], resource.id
        assert total < (10_240 if resource.type == "AWS::IAM::Role" else 6_144), f"{resource.id}: {total}"


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


def test_what_an_administrator_deploys_from_a_file_is_no_larger_than_cloudformation_takes_so():
    # Beyond it a bucket is needed, which the first of these makes.
    for template in sorted((ROOT / "infra/apart").glob("*.yaml")):
        assert template.stat().st_size <= 51_200, template.name
