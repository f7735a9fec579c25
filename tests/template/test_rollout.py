"""How a deployment replaces what runs: names that never meet, logs that stay, versions behind an alias, and the way back."""

import json
import re

import pytest

from expand import REGIONS, ROOT, sources, target, tree
from ways import allowed, called, duplicates, functions, gateway, many, operations, roles, strings

LAST_WITHOUT = json.loads((ROOT / "tests/described/0.5.0.json").read_text())
# What ran without a request before 0.6.0.
JOBS_BEFORE = {"authorizer", "feedback", "relay", "sweep"} | {
    f"worker-{lane}"
    for lane in ("advance_case", "expire_grant", "notify", "remind_deletion", "seal_ledger", "terminate_account")
}
# What CloudFormation replaces a version for (AWS::Lambda::Version).
PUBLISHES = "Description"


def gradual(expanded, partition="aws", **parameters):
    return tree(partition, expanded[partition], Shift="Canary10Percent5Minutes", **parameters)


# ── names ──


def test_a_route_is_named_by_its_resource_and_operation_so_that_no_two_stacks_make_one_of_the_same_name(market):
    named = {}
    for stack in market.stacks():
        for resource in stack.resources.values():
            if resource.type == "AWS::Lambda::Function" and resource["Handler"].startswith("api/"):
                of = stack.name.rpartition("/")[2]
                operation = resource["Handler"].removeprefix("api/")
                assert resource["FunctionName"] == f"market-{of}-{operation}", resource.id
                named[of, operation] = resource["FunctionName"]
    # Whichever stack it would be in: no pair of a resource and an operation makes the name of another pair.
    resources, names = {of for of, _ in named}, {operation for _, operation in named}
    possible = [f"market-{of}-{operation}" for of in resources for operation in names]
    assert not duplicates(possible)
    others = {f["FunctionName"] for f in functions(market).values() if not f["Handler"].startswith("api/")}
    assert not others & set(possible) and len(named) > 80


def test_every_possible_name_of_a_function_is_within_lambdas_limit(expanded):
    longest = "a" * 20
    for function in functions(tree("aws", expanded["aws"], MarketName=longest)).values():
        assert function["FunctionName"].startswith(longest)
        # Lambda takes 64.
        assert len(function["FunctionName"]) <= 64, function["FunctionName"]


# ── logs ──


def kind(function):
    return "api" if function["Handler"].startswith("api/") or function["Handler"] in ("authorizer", "checks") else "jobs"


def test_every_function_logs_to_the_group_of_its_kind_which_is_there_before_any_function(market):
    groups = market.all("AWS::Logs::LogGroup")
    for function in functions(market).values():
        group = groups[target(function["LoggingConfig"]["LogGroup"])]
        assert group["LogGroupName"] == f"/market/market/{kind(function)}", function.id
        # Its stack is given the group's name by the other stack: it waits for it.
        assert group.stack.name == "infra/logs" and function.stack.name != "infra/logs", function.id
    (logs,) = [stack for stack in market.stacks() if stack.name == "infra/logs"]
    named = {text for _, text in strings(market.template["Resources"]["Logs"])}
    assert logs.path == "Logs" and not any(".Outputs." in text for text in named), "it waits for no other stack"


def test_every_function_may_write_to_its_log_and_to_no_other(market):
    for function in functions(market).values():
        group = target(function["LoggingConfig"]["LogGroup"])
        found = [
            (many(statement["Action"]), many(statement["Resource"]))
            for statement in allowed(roles(market)[target(function["Role"])])
            if any(action.startswith("logs:") for action in many(statement["Action"]))
        ]
        assert found == [(["logs:CreateLogStream", "logs:PutLogEvents"], [f"att:{group}.Arn"])], function.id


def test_each_kind_of_log_is_kept_as_long_as_was_chosen_for_it(expanded):
    market = tree("aws", expanded["aws"], ApiLogDays=30, JobLogDays=90, LogRetentionDays=400, LogsBefore="keep")
    kept = {g["LogGroupName"]: g["RetentionInDays"] for g in market.all("AWS::Logs::LogGroup").values()}
    assert (kept["/market/market/api"], kept["/market/market/jobs"]) == (30, 90)
    assert all(days == 400 for name, days in kept.items() if name.startswith("/aws/lambda/"))


def test_the_log_that_a_function_had_before_outlives_the_update_and_the_release_after_it(expanded):
    for partition in REGIONS:
        market = tree(partition, expanded[partition])
        there = {operation["operationId"] for _, _, operation in operations(LAST_WITHOUT)}
        today = {f["Handler"].removeprefix("api/").replace("/", "-") for f in functions(market).values()}
        kept = {}
        for group in market.all("AWS::Logs::LogGroup").values():
            if group["LogGroupName"].startswith("/aws/lambda/"):
                kept[group["LogGroupName"].removeprefix("/aws/lambda/market-")] = group
        assert kept.keys() == (there | JOBS_BEFORE) & today
        for name, group in kept.items():
            # A resource that is dropped goes as the template says that had it last, so both stand here for a release.
            assert group.attributes["DeletionPolicy"] == group.attributes["UpdateReplacePolicy"] == "Retain", name
            # Under the name that it had in its stack, else CloudFormation would make another one of the same name.
            pascal = "".join(part.capitalize() for part in name.removeprefix("worker-").split("_"))
            assert group.id.rpartition("/")[2] == f"{pascal}Log", name
        none = tree(partition, expanded[partition], LogsBefore="none").all("AWS::Logs::LogGroup").values()
        assert not [group for group in none if group["LogGroupName"].startswith("/aws/lambda/")]


def test_every_other_log_goes_with_its_stack(market):
    # Else the next deployment of the same name finds it there and fails.
    for group in market.all("AWS::Logs::LogGroup").values():
        if not group["LogGroupName"].startswith("/aws/lambda/"):
            assert group.attributes.get("DeletionPolicy", "Delete") == "Delete", group.id


# ── versions ──


def by_function(market, type):
    found = {}
    for resource in market.all(type).values():
        found.setdefault(target(resource["FunctionName"]), []).append(resource)
    return found


def test_every_function_is_called_by_one_alias_of_the_version_of_this_deployment(expanded):
    market = tree("aws", expanded["aws"], Deployment="d-1")
    versions, aliases = by_function(market, "AWS::Lambda::Version"), by_function(market, "AWS::Lambda::Alias")
    assert versions.keys() == aliases.keys() == functions(market).keys()
    for id, function in functions(market).items():
        (version,), (alias,) = versions[id], aliases[id]
        assert alias["Name"] == "live"
        assert alias["FunctionVersion"] == f"att:{version.id}.Version", id
        assert version[PUBLISHES] == function["Description"] == "d-1", id
        # Old code would fill what an account may store; what is replaced goes when the whole update is done.
        policies = version.attributes["DeletionPolicy"], version.attributes["UpdateReplacePolicy"]
        assert policies == ("Delete", "Delete"), id
        assert function.get("ProvisionedConcurrencyConfig") is alias.get("ProvisionedConcurrencyConfig") is None, id


def test_whatever_a_deployment_changes_it_publishes_a_version_of_every_function(expanded):
    """Also where nothing but a parameter changes: a version keeps the settings that it was published with."""
    before = tree("aws", expanded["aws"], Deployment="d-1")
    after = tree("aws", expanded["aws"], Deployment="d-2", LogLevel="debug")
    published = before.all("AWS::Lambda::Version")
    for id, version in after.all("AWS::Lambda::Version").items():
        assert version[PUBLISHES] != published[id][PUBLISHES], id
        # Lambda publishes nothing where the function is as it was: so it is not.
        function = target(version["FunctionName"])
        assert functions(after)[function]["Description"] != functions(before)[function]["Description"], id


def test_a_deployment_without_a_name_of_its_own_is_refused():
    for name, template in sources().items():
        declared = template.get("Parameters", {}).get("Deployment")
        assert declared is None or "Default" not in declared, name
    assert "Deployment" in sources()["template"]["Parameters"]


def test_nothing_calls_a_function_but_by_its_alias(market):
    """A name, ARN or reference without it would be the code that is being deployed, whoever is being served by what."""
    # What belongs to a function and calls nothing.
    own = {"AWS::Lambda::Version", "AWS::Lambda::Alias", "AWS::Lambda::EventInvokeConfig"}
    ids = functions(market).keys()
    for resource in market.all().values():
        for path, text in strings(resource.properties):
            if resource.type in own and path == ("FunctionName",):
                continue
            for arn in re.findall(r":function:[A-Za-z0-9*:_-]+", text):
                wildcard = resource.type == "AWS::IAM::Role" and arn == ":function:market-*"
                assert wildcard or arn.endswith(":live"), f"{resource.id}: {text}"
            for id in re.findall(r"(?:ref|att):([A-Za-z0-9/]+)", text):
                assert id not in ids, f"{resource.id}: {text}"
    (invocation,) = market.all("AWS::Lambda::EventInvokeConfig").values()
    assert invocation["Qualifier"] == "live", "the sweep's own settings are those of what is called"


def test_every_mapping_the_schedule_the_authorizer_and_every_route_reach_a_function(market):
    reached = {called(market, m["FunctionName"]).id for m in market.all("AWS::Lambda::EventSourceMapping").values()}
    (schedule,) = market.all("AWS::Scheduler::Schedule").values()
    reached.add(called(market, schedule["Target"]["Arn"]).id)
    named = {function["FunctionName"]: id for id, function in functions(market).items()}
    body = gateway(market)["Body"]
    uris = [o["x-amazon-apigateway-integration"]["uri"] for method, _, o in operations(body) if method != "options"]
    reached |= {named[name] for uri in uris for name in re.findall(r":function:([^:]+):live/invocations$", uri)}
    (uri,) = [
        scheme["x-amazon-apigateway-authorizer"]["authorizerUri"]
        for scheme in body["components"]["securitySchemes"].values()
        if "x-amazon-apigateway-authorizer" in scheme
    ]
    (alias,) = re.findall(r"/functions/(ref:[^/]+/[^/]+)/invocations$", uri)
    reached.add(called(market, alias).id)
    # Gateways inside the account invoke it themselves.
    reached |= {id for id, function in functions(market).items() if function["Handler"] == "checks"}
    assert reached == functions(market).keys()


# ── step by step, and back ──


def test_callers_are_moved_all_at_once_and_nothing_of_codedeploy_is_made_unless_steps_were_chosen(expanded):
    for partition in REGIONS:
        market = tree(partition, expanded[partition])
        assert not [r for r in market.all().values() if r.type.startswith("AWS::CodeDeploy")]
        for alias in market.all("AWS::Lambda::Alias").values():
            assert alias.stack.resolve(alias.attributes["UpdatePolicy"]) == {}, alias.id


@pytest.mark.parametrize("partition", REGIONS)
def test_step_by_step_every_function_is_moved_and_brought_back_by_alarms_that_are_there(expanded, partition):
    market = gradual(expanded, partition)
    (application,) = market.all("AWS::CodeDeploy::Application").values()
    (role,) = [r for r in roles(market).values() if "codedeploy.amazonaws.com" in json.dumps(r.properties)]
    assert application["ComputePlatform"] == "Lambda"
    groups = market.all("AWS::CodeDeploy::DeploymentGroup")
    alarms = {alarm["AlarmName"] for alarm in market.all("AWS::CloudWatch::Alarm").values()}
    used = []
    for alias in market.all("AWS::Lambda::Alias").values():
        policy = alias.stack.resolve(alias.attributes["UpdatePolicy"])["CodeDeployLambdaAliasUpdate"]
        assert policy["ApplicationName"] == f"ref:{application.id}", alias.id
        group = groups[target(policy["DeploymentGroupName"])]
        used.append(group.id)
        assert group["DeploymentConfigName"] == "CodeDeployDefault.LambdaCanary10Percent5Minutes", group.id
        assert group["ServiceRoleArn"] == f"att:{role.id}.Arn", group.id
        rollback = group["AutoRollbackConfiguration"]
        assert rollback["Enabled"] and "DEPLOYMENT_STOP_ON_ALARM" in rollback["Events"], group.id
        watched = [alarm["Name"] for alarm in group["AlarmConfiguration"]["Alarms"]]
        # CodeDeploy takes ten.
        assert group["AlarmConfiguration"]["Enabled"] and 1 <= len(watched) <= 10, group.id
        assert set(watched) <= alarms, f"{group.id}: {set(watched) - alarms}"
    assert sorted(used) == sorted(groups)


def test_no_alarm_that_may_ring_for_days_keeps_a_deployment_from_beginning(expanded):
    lasting = {"work-parked", "work-late", "work-left", "notices-waiting", "payments-waiting"}
    for group in gradual(expanded).all("AWS::CodeDeploy::DeploymentGroup").values():
        names = {alarm["Name"].removeprefix("market-") for alarm in group["AlarmConfiguration"]["Alarms"]}
        assert not names & lasting and not any(name.endswith(("-dead", "-age", "-letters", "-slowly", "-budget")) for name in names), group.id


def test_codedeploy_may_move_aliases_of_this_market_and_read_alarms_and_nothing_else(expanded):
    market = gradual(expanded, MarketName="shop")
    (role,) = [r for r in roles(market).values() if "codedeploy.amazonaws.com" in json.dumps(r.properties)]
    may = {(action, r) for s in allowed(role) for action in many(s["Action"]) for r in many(s["Resource"])}
    functions_of_it = {resource for action, resource in may if action.startswith("lambda:")}
    assert {action for action, _ in may} == {
        "cloudwatch:DescribeAlarms",
        "lambda:GetAlias",
        "lambda:GetProvisionedConcurrencyConfig",
        "lambda:UpdateAlias",
    }
    assert [arn.rpartition(":function:")[2] for arn in functions_of_it] == ["shop-*"]


def test_every_step_that_can_be_chosen_is_one_that_codedeploy_knows():
    # https://docs.aws.amazon.com/codedeploy/latest/userguide/deployment-configurations.html
    known = {f"Canary10Percent{n}Minutes" for n in (5, 10, 15, 30)}
    known |= {"Linear10PercentEvery1Minute"} | {f"Linear10PercentEvery{n}Minutes" for n in (2, 3, 10)}
    assert set(sources()["template"]["Parameters"]["Shift"]["AllowedValues"]) == {"none"} | known
