"""Functions: each is a part of the one build, with a role, limits and settings of its own."""

import json
import re
from collections import defaultdict

from expand import ROOT, TEMPLATES, paths, sources, target, tree
from ways import allowed, duplicates, functions, many, roles, statements


def test_all_functions_are_one_build():
    builds = defaultdict(list)
    for name, path in paths().items():
        template = sources()[name]
        default = template.get("Globals", {}).get("Function", {})
        for logical, resource in template["Resources"].items():
            if resource["Type"] == "AWS::Serverless::Function":
                uri = resource["Properties"].get("CodeUri", default.get("CodeUri"))
                code = (path.parent / uri).resolve().relative_to(TEMPLATES)
                build = json.dumps([str(code), resource.get("Metadata")], sort_keys=True)
                builds[build].append(f"{name}/{logical}")
    assert len(builds) == 1, builds
    (build,) = builds
    assert json.loads(build) == [
        "functions",
        {"BuildMethod": "rust-cargolambda", "BuildProperties": {"Binary": "bootstrap"}},
    ]


def test_all_functions_have_the_same_runtime_and_the_processor_that_was_chosen(market):
    for function in functions(market).values():
        assert function["Runtime"] == "provided.al2023", function.id
        assert function["Architectures"] == ["x86_64"], function.id


def test_every_function_is_a_part_of_the_binary_and_every_part_has_one_function(market, handlers):
    used = [function["Handler"] for function in functions(market).values()]
    assert not duplicates(used)
    # `api` is every route at once, for one machine.
    assert sorted(used) == sorted(set(handlers) - {"api"})


def test_every_function_has_a_role_of_its_own(market):
    owners = [target(function["Role"]) for function in functions(market).values()]
    assert not duplicates(owners)
    assert set(owners) <= set(roles(market))


def test_every_role_can_be_taken_by_one_service_only(market):
    for role in roles(market).values():
        (statement,) = statements(role["AssumeRolePolicyDocument"])
        assert statement["Action"] == "sts:AssumeRole", role.id
        assert isinstance(statement["Principal"]["Service"], str), role.id
        assert not role.get("ManagedPolicyArns"), role.id


def test_the_roles_of_functions_are_for_lambda(market):
    for function in functions(market).values():
        (statement,) = statements(roles(market)[target(function["Role"])]["AssumeRolePolicyDocument"])
        assert statement["Principal"] == {"Service": "lambda.amazonaws.com"}, function.id


def test_every_function_says_its_name_memory_and_timeout(market):
    for function in functions(market).values():
        # A function without a timeout has three seconds.
        assert function["FunctionName"].startswith("market-"), function.id
        assert 128 <= function["MemorySize"] <= 1024, function.id
        # A mail server may take two minutes to answer to a message.
        longest = 440 if function["Handler"] == "worker/notify" else 60
        assert 10 <= function["Timeout"] <= longest, function.id
        if function["Handler"].startswith("api/"):
            assert function["Timeout"] < 29, f"{function.id}: the gateway gives up after 29 s"


def test_every_function_knows_the_table_the_queues_and_the_metrics_that_it_uses(market):
    for function in functions(market).values():
        variables = function["Environment"]["Variables"]
        # What a parameter says that is a number becomes a text.
        numbers = ("_PORT", "_PER_SECOND", "_CONCURRENCY")
        assert all(isinstance(value, str) or name.endswith(numbers) for name, value in variables.items()), function.id
        # Lambda takes four kilobytes.
        assert len(json.dumps(variables)) < 4096, function.id
        assert variables["RUST_LOG"] == "info", function.id
        handler = function["Handler"]
        if handler not in ("relay", "authorizer") and not handler.startswith("api/explain_error"):
            assert target(variables["MARKET_TABLE"]), function.id
        if handler.startswith("worker/") or handler in ("sweep", "relay"):
            assert variables["MARKET_QUEUE_URLS"].endswith("/market-{job}"), function.id
        if handler.startswith("api/"):
            assert variables["MARKET_CALLERS"] == "gateway", function.id
        # What drafts notices, or sends one again, names the operator in them.
        if handler.startswith(("api/", "worker/")) or handler == "feedback":
            assert variables["MARKET_OPERATOR_ZH"] and variables["MARKET_OPERATOR_EN"], function.id
            assert variables["MARKET_OFFICIAL_ADDRESS"] == "notices@market.example.com", function.id


def test_every_setting_of_a_function_is_one_that_the_code_reads(market):
    code = "".join(path.read_text() for path in (ROOT / "functions/src").rglob("*.rs"))
    # As a text: a comment that names one does not read it.
    read = set(re.findall(r'"(MARKET_[A-Z_]+)"', code))
    for function in functions(market).values():
        given = {name for name in function["Environment"]["Variables"] if name.startswith("MARKET_")}
        assert given <= read, f"{function.id}: {given - read}"


def test_a_batch_ends_before_its_function_does(market):
    # Jobs of a batch run side by side, each at most so long.
    for function in functions(market).values():
        if function["Handler"].startswith("worker/"):
            limit = int(function["Environment"]["Variables"]["MARKET_JOB_TIMEOUT_MS"]) / 1000
            assert limit * 2 <= function["Timeout"], function.id


def test_concurrency_is_reserved_only_where_that_was_chosen(expanded):
    for chosen in ("true", "false"):
        market = tree("aws", expanded["aws"], ReserveConcurrency=chosen, AccountConcurrency="1000")
        reserved = {
            function["Handler"]
            for function in functions(market).values()
            if function.get("ReservedConcurrentExecutions") is not None
        }
        assert ("sweep" in reserved) == (chosen == "true")
        assert bool(reserved) == (chosen == "true")


def test_elsewhere_functions_are_traced_and_may_say_so(expanded):
    market = tree("aws", expanded["aws"])
    for function in functions(market).values():
        assert function["TracingConfig"] == {"Mode": "Active"}, function.id
        actions = {a for s in allowed(roles(market)[target(function["Role"])]) for a in many(s["Action"])}
        assert {"xray:PutTraceSegments", "xray:PutTelemetryRecords"} <= actions, function.id
