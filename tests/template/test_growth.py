"""What AWS allows of each thing, with twenty more jobs and sixty more routes than there are."""

import json
import re
from collections import Counter

import pytest

from expand import expansions, tree
from grown import grow
from ways import WAYS, allowed, functions, gateway, many, operations, roles, statements, target

MORE_JOBS, MORE_ROUTES = 20, 60
# What only AWS knows is at most so long: an ARN with the longest name of a function, queue or role.
LONGEST_ARN = "x" * (len("arn:aws-cn:lambda:cn-north-1:000000000000:function:") + 64)
# The longest name that a market may have.
LONGEST = "a" * 20


@pytest.fixture(scope="session")
def operations_of():
    """The operations of each resource, by its template's name."""
    found = {}
    for name, template in expansions("aws").items():
        if name.startswith("infra/made/routes/"):
            names = [r["Properties"]["Handler"] for r in template["Resources"].values() if "Handler" in r["Properties"]]
            found[name] = [handler.removeprefix("api/") for handler in names]
    return found


@pytest.fixture(scope="session", params=WAYS)
def grown(request, handlers, operations_of):
    """Twenty more jobs like one, and sixty more routes like one, all of the largest resource."""
    partition, parameters = WAYS[request.param]
    jobs = [handler.removeprefix("worker/") for handler in handlers if handler.startswith("worker/")]
    job = "advance_case"
    largest = max(operations_of.values(), key=len)
    route = next(operation for operation in largest if not any(o != operation and operation in o for o in largest))
    templates = {}
    for name, template in expansions(partition).items():
        template = grow(template, job, [other for other in jobs if other != job], MORE_JOBS)
        templates[name] = grow(template, route, [other for other in largest if other != route], MORE_ROUTES)
    add_paths(templates["infra/made/gateway"], route)
    return tree(partition, templates, **parameters, MarketName=LONGEST)


def add_paths(template, route):
    """The paths of the further routes, each with a resource of its own."""
    (api,) = [r for r in template["Resources"].values() if r["Type"] == "AWS::ApiGateway::RestApi"]
    paths = api["Properties"]["Body"]["paths"]
    (path,) = [p for p, methods in paths.items() if any(m.get("operationId") == route for m in methods.values())]
    for number in range(MORE_ROUTES):
        text = json.dumps(paths[path]).replace(f'"{route}"', f'"{route}_{number}"')
        paths[f"{path}/more-{number}"] = json.loads(text)


def as_deployed(value):
    """The length of a document once AWS has put in what it knows."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return len(re.sub(r"(?:ref|att):[A-Za-z0-9/.]+", LONGEST_ARN, text))


def metrics(alarm):
    if alarm.get("MetricName"):
        return [alarm]
    # A query is one, whatever it finds.
    return [m for m in alarm["Metrics"] if "MetricStat" in m or m["Expression"].startswith("SELECT ")]


def test_there_are_so_many_jobs_and_routes(grown, handlers):
    kinds = Counter(function["Handler"].split("/")[0] for function in functions(grown).values())
    there = Counter(handler.split("/")[0] for handler in handlers)
    assert kinds["worker"] == there["worker"] + MORE_JOBS
    # `api` alone is every route at once, for one machine.
    assert kinds["api"] == there["api"] - 1 + MORE_ROUTES
    # A HEAD is of an operation that has its id at its GET.
    served = [operation for _, _, operation in operations(gateway(grown)["Body"]) if "operationId" in operation]
    assert len(served) == kinds["api"]
    workers = {f["FunctionName"] for f in functions(grown).values() if f["Handler"].startswith("worker/")}
    watched = {
        dimension["Value"]
        for alarm in grown.all("AWS::CloudWatch::Alarm").values()
        for dimension in alarm.get("Dimensions", [])
        if alarm["MetricName"] == "Errors"
    }
    assert workers <= watched, "each worker that fails is told of"


def test_no_alarm_names_more_metrics_than_cloudwatch_takes(grown):
    for alarm in grown.all("AWS::CloudWatch::Alarm").values():
        assert 1 <= len(metrics(alarm)) <= 10, f"{alarm.id}: {len(metrics(alarm))} metrics"
        assert len(alarm["AlarmName"]) <= 255 and len(alarm["AlarmDescription"]) <= 1024, alarm.id
        for metric in alarm.get("Metrics", []):
            assert len(metric.get("Expression", "")) <= 2048, alarm.id


def test_the_dashboard_is_within_cloudwatchs_limits(grown):
    (board,) = grown.all("AWS::CloudWatch::Dashboard").values()
    widgets = json.loads(board["DashboardBody"])["widgets"]
    shown = [len(widget["properties"]["metrics"]) for widget in widgets if widget["type"] == "metric"]
    assert max(shown) <= 500 and sum(shown) <= 2_500 and len(widgets) <= 500
    assert max(shown) > MORE_JOBS, "it shows the further jobs"


def test_the_policies_of_every_role_fit_into_it(grown):
    for role in roles(grown).values():
        # Inline policies of a role have 10,240 characters in all, spaces not counted.
        size = sum(as_deployed(policy["PolicyDocument"]) for policy in role.get("Policies", []))
        assert size <= 10_240, f"{role.id}: {size}"
        assert as_deployed(role["AssumeRolePolicyDocument"]) <= 2_048, role.id


def test_the_policies_of_queues_topics_and_keys_fit(grown):
    limits = {"AWS::SQS::QueuePolicy": 8_192, "AWS::SNS::TopicPolicy": 30_720}
    for type, limit in limits.items():
        for policy in grown.all(type).values():
            assert as_deployed(policy["PolicyDocument"]) <= limit, policy.id
            assert len(statements(policy["PolicyDocument"])) <= 20, policy.id
    for key in grown.all("AWS::KMS::Key").values():
        assert as_deployed(key["KeyPolicy"]) <= 32_768, key.id


def test_every_stack_is_within_cloudformations_limits(grown):
    for stack in grown.stacks():
        assert len(stack.resources) <= 500, f"{stack.path}: {len(stack.resources)} resources"
        assert len(stack.template.get("Outputs", {})) <= 200, stack.path
        assert len(stack.template.get("Parameters", {})) <= 200, stack.path
        assert len(stack.template.get("Mappings", {})) <= 200, stack.path
        # It is counted as it is uploaded.
        size = len(json.dumps(stack.template, ensure_ascii=False).encode())
        assert size <= 1_000_000, f"{stack.path}: {size} bytes"
        assert len(stack.template.get("Description", "").encode()) <= 1_024, stack.path
        for name, value in stack.values.items():
            assert len(str(value)) <= 4_096, f"{stack.path}: {name}"
    assert len(grown.all()) <= 2_500, "all stacks below one count together"


def test_the_gateway_is_within_its_limits(grown):
    body = gateway(grown)["Body"]
    nodes = set()
    for path in body["paths"]:
        parts = path.strip("/").split("/")
        nodes |= {"/".join(parts[:n]) for n in range(1, len(parts) + 1)}
    assert len(nodes) <= 300, f"{len(nodes)} resources"
    assert len(json.dumps(body)) <= 6_000_000


def test_functions_are_within_lambdas_limits(grown):
    for function in functions(grown).values():
        assert len(function["FunctionName"]) <= 64, function.id
        variables = function.get("Environment", {}).get("Variables", {})
        assert as_deployed(variables) <= 4_096, function.id


def test_an_account_has_room_for_a_market_of_that_size(grown):
    limits = {"AWS::IAM::Role": 1_000, "AWS::CloudWatch::Alarm": 5_000, "AWS::Lambda::EventSourceMapping": 1_000}
    for type, limit in limits.items():
        assert len(grown.all(type)) <= limit / 2, type


def test_what_is_sent_to_queues_is_named_queue_by_queue(grown):
    # Twenty more jobs are twenty more lines of the sweep's and the relay's roles: the list that grows is seen to grow.
    for function in functions(grown).values():
        if function["Handler"] in ("sweep", "relay"):
            role = roles(grown)[target(function["Role"])]
            sent = [many(s["Resource"]) for s in allowed(role) if "sqs:SendMessage" in many(s["Action"])]
            assert sum(map(len, sent)) > MORE_JOBS, function.id
