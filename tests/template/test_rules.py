"""What must hold of the templates, read off their sources and off what the SAM transform makes of them."""

import json
import os
import re
from collections import Counter, defaultdict
from pathlib import Path

import pytest
from parliament import UnknownActionException, UnknownPrefixException, expand_action

from expand import ACCOUNT, REGIONS, ROOT, TEMPLATES, expansions, paths, sources, target, tree

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
LOGS = {"logs:CreateLogStream", "logs:PutLogEvents"}
DESCRIPTION = json.loads((ROOT / "docs/openapi.json").read_text())
METHODS = {"get", "post", "put", "patch", "delete", "head", "options"}


@pytest.fixture(scope="session")
def expanded():
    return {partition: expansions(partition) for partition in REGIONS}


@pytest.fixture(scope="session", params=WAYS)
def market(request, expanded):
    partition, parameters = WAYS[request.param]
    market = tree(partition, expanded[partition], **parameters)
    assert not list(market.refusals())
    return market


@pytest.fixture(scope="session")
def china(expanded):
    partition, parameters = WAYS["China"]
    return tree(partition, expanded[partition], **parameters)


@pytest.fixture(scope="session")
def handlers():
    """Every name that the binary knows, as `market handlers` prints them."""
    file = os.environ.get("MARKET_HANDLERS")
    assert file, "MARKET_HANDLERS names no file with the handlers' names (market handlers >FILE)"
    return Path(file).read_text().split()


@pytest.fixture(scope="session")
def permissions():
    return json.loads((TEMPLATES / "infra/permissions.json").read_text())


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


# ── handlers and routes ──


def test_every_function_is_a_part_of_the_binary_and_every_part_has_one_function(market, handlers):
    used = [function["Handler"] for function in functions(market).values()]
    assert not duplicates(used)
    # `api` is every route at once, for one machine.
    assert sorted(used) == sorted(set(handlers) - {"api"})


def answered():
    """Every method and path at which an operation answers: its address, and a HEAD of what is read there."""
    found = {}
    for method, path, operation in operations(DESCRIPTION):
        found[method, path] = operation
        if method == "get":
            found["head", path] = operation
    return found


def test_the_routes_of_the_gateway_are_those_of_the_api_description(market):
    # OPTIONS answers a browser's question before a call (CORS); it is the gateway's own.
    served = {(method, path) for method, path, _ in operations(gateway(market)["Body"]) if method != "options"}
    assert served == set(answered())


def test_every_route_of_the_gateway_invokes_the_function_of_its_operation_and_every_one_is_invoked(market):
    wanted = {at: operation["operationId"] for at, operation in answered().items()}
    named = {
        function["FunctionName"]: function["Handler"].removeprefix("api/")
        for function in functions(market).values()
        if function["Handler"].startswith("api/")
    }
    invoked = {}
    for method, path, operation in operations(gateway(market)["Body"]):
        if method == "options":
            continue
        integration = operation["x-amazon-apigateway-integration"]
        assert integration["type"] == "aws_proxy"
        assert integration["httpMethod"] == "POST", "Lambda is invoked by POST, whatever the route's method"
        name = invoked_by(integration["uri"], {})
        invoked[method, path] = named.get(name, name)
    assert invoked == wanted
    assert sorted(named.values()) == sorted(operation["operationId"] for _, _, operation in operations(DESCRIPTION))


def test_the_gateway_verifies_tokens_of_exactly_the_routes_that_need_one(market):
    def needing(body, scheme):
        default = body.get("security", [])
        return {
            (method, path)
            for method, path, operation in operations(body)
            if any(scheme in alternative for alternative in operation.get("security", default))
        }

    body = gateway(market)["Body"]
    ((scheme, authorizer),) = (
        (name, about)
        for name, about in body["components"]["securitySchemes"].items()
        if "x-amazon-apigateway-authorizer" in about
    )
    described = {at for at, operation in answered().items() if {"bearer": []} in operation["security"]}
    assert needing(body, scheme) == described
    (function,) = [f for f in functions(market).values() if f["Handler"] == "authorizer"]
    uri = authorizer["x-amazon-apigateway-authorizer"]["authorizerUri"]
    assert invoked_by(uri, aliases(market)) == function["FunctionName"]


def test_the_gateway_invokes_each_function_by_a_role_that_may_and_its_roles_may_nothing_else(market):
    names = aliases(market)
    may, needed = defaultdict(set), defaultdict(set)
    for role in roles(market).values():
        if "apigateway.amazonaws.com" in json.dumps(role["AssumeRolePolicyDocument"]):
            for statement in allowed(role):
                assert many(statement["Action"]) == ["lambda:InvokeFunction"], role.id
                may[role.id] |= {of_alias(arn, names) for arn in many(statement["Resource"])}
    body = gateway(market)["Body"]
    for method, _, operation in operations(body):
        if method != "options":
            integration = operation["x-amazon-apigateway-integration"]
            needed[target(integration["credentials"])].add(invoked_by(integration["uri"], names))
    for scheme in body["components"]["securitySchemes"].values():
        authorizer = scheme.get("x-amazon-apigateway-authorizer")
        if authorizer:
            needed[target(authorizer["authorizerCredentials"])].add(invoked_by(authorizer["authorizerUri"], names))
    assert may == needed


def test_a_change_of_parameters_alone_reaches_the_stage():
    apis = [r for t in sources().values() for r in t["Resources"].values() if r["Type"] == "AWS::Serverless::Api"]
    assert [api["Properties"].get("AlwaysDeploy") for api in apis] == [True]


def test_the_gateway_asks_for_api_keys_where_that_was_chosen_and_only_beside_a_token(expanded):
    for chosen in ("true", "false"):
        body = gateway(tree("aws", expanded["aws"], RequireApiKeys=chosen))["Body"]
        wanted = [{"token": []}, {"api_key": []}] if chosen == "true" else [{"token": []}]
        assert [o["security"] for _, _, o in operations(body) if o["security"] not in ([], wanted)] == []
        assert wanted in [o["security"] for _, _, o in operations(body)]


def test_what_the_gateway_refuses_by_itself_it_explains_like_the_code(market):
    for kind, response in gateway(market)["Body"]["x-amazon-apigateway-gateway-responses"].items():
        document = json.loads(response["responseTemplates"]["application/json"])
        assert (ROOT / f"docs/errors/{document['code']}.md").is_file(), kind
        assert re.fullmatch(r"https://[^/]+(/\$context\.stage)?/errors/" + document["code"], document["type"]) and document["title"], kind
        # The rest of 4xx comes with whatever status it has.
        assert (kind == "DEFAULT_4XX") == ("statusCode" not in response), kind
        assert response.get("statusCode") == document.get("status"), kind
        headers = {name.rpartition(".")[2]: v for name, v in response["responseParameters"].items()}
        # A function's own challenge would be renamed; the gateway's is not.
        assert headers.get("WWW-Authenticate") == ("'Bearer'" if document.get("status") == 401 else None), kind
        assert ("Retry-After" in headers) == (document.get("status") in (429, 503)), kind


def test_what_the_firewall_refuses_for_its_rate_it_explains_like_the_code(market):
    (firewall,) = market.all("AWS::WAFv2::WebACL").values()
    answers = [rule["Action"]["Block"]["CustomResponse"] for rule in firewall["Rules"] if "Action" in rule]
    assert answers
    for answer in answers:
        document = json.loads(firewall["CustomResponseBodies"][answer["CustomResponseBodyKey"]]["Content"])
        page = (ROOT / f"docs/errors/{document['code']}.md").read_text()
        assert re.fullmatch(r"https://\S+[^/]/errors/" + document["code"], document["type"]), document
        assert document["title"] in page and answer["ResponseCode"] == document["status"], document


def test_pages_of_the_allowed_origin_may_read_refusals_too_and_by_default_none_may(expanded):
    (exposed,) = re.findall(r'EXPOSED_HEADERS: &str = "(.+)"', (ROOT / "functions/src/http/serve.rs").read_text())
    for origin in ("https://shop.example.com", ""):
        market = tree("aws", expanded["aws"], AllowedOrigin=origin)
        allow = {"gatewayresponse.header.Access-Control-Allow-Origin": f"'{origin}'"}
        allow["gatewayresponse.header.Access-Control-Expose-Headers"] = f"'{exposed}'"
        for kind, response in gateway(market)["Body"]["x-amazon-apigateway-gateway-responses"].items():
            found = {name: v for name, v in response["responseParameters"].items() if "Access-Control" in name}
            assert found == (allow if origin else {}), kind
        (firewall,) = market.all("AWS::WAFv2::WebACL").values()
        refusals = [rule["Action"]["Block"]["CustomResponse"] for rule in firewall["Rules"] if "Action" in rule]
        assert len(refusals) == 4
        for refusal in refusals:
            headers = {header["Name"]: header["Value"] for header in refusal["ResponseHeaders"]}
            assert headers.get("Access-Control-Allow-Origin", "") == origin


def invoked_by(uri, names):
    """The function's name in an integration's URI, where it is written or referred to."""
    (function,) = re.findall(r"/functions/(.+)/invocations$", uri)
    return of_alias(function, names)


def aliases(market):
    """The names of functions, by references to their aliases."""
    found = market.all("AWS::Lambda::Alias")
    return {f"ref:{id}": called(market, f"ref:{id}")["FunctionName"] for id in found}


def of_alias(arn, names):
    """The function's name in an alias's ARN; what names a function without its alias is no such ARN."""
    if arn in names:
        return names[arn]
    (name,) = re.findall(r":function:([^:]+):live$", arn)
    return name


# ── one build ──


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


# ── functions and their roles ──


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


# ── policies ──


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


# ── the floor ──


def test_the_table_is_the_one_that_the_code_makes_for_itself(market):
    (table,) = market.all("AWS::DynamoDB::Table").values()

    def keys(of):
        return [(key["AttributeName"], key["KeyType"]) for key in of["KeySchema"]]

    # shared/store/src/schema.rs
    assert keys(table) == [("pk", "HASH"), ("sk", "RANGE")]
    desk, due, lists = sorted(table["GlobalSecondaryIndexes"], key=lambda index: index["IndexName"])
    assert (due["IndexName"], keys(due)) == ("due", [("due_shard", "HASH"), ("wake_at", "RANGE")])
    assert due["Projection"] == {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["due_at", "tries"]}
    assert (lists["IndexName"], keys(lists)) == ("lists", [("list", "HASH"), ("place", "RANGE")])
    assert (desk["IndexName"], keys(desk)) == ("desk", [("desk", "HASH"), ("place", "RANGE")])
    assert lists["Projection"] == desk["Projection"] == {"ProjectionType": "KEYS_ONLY"}
    attributes = {about["AttributeName"]: about["AttributeType"] for about in table["AttributeDefinitions"]}
    assert attributes == dict.fromkeys(["pk", "sk", "due_shard", "wake_at", "list", "desk", "place"], "S")
    assert table["StreamSpecification"] == {"StreamViewType": "NEW_IMAGE"}
    assert table["BillingMode"] == "PAY_PER_REQUEST"


def test_an_update_of_the_table_adds_or_drops_one_index(expanded):
    before = {"due", "view"}
    for step in ["view+lists", "view+lists+desk", "lists+desk"]:
        (table,) = tree("aws", expanded["aws"], ListIndexes=step).all("AWS::DynamoDB::Table").values()
        after = {index["IndexName"] for index in table["GlobalSecondaryIndexes"]}
        assert len(before ^ after) == 1, step
        used = {key["AttributeName"] for index in [table, *table["GlobalSecondaryIndexes"]] for key in index["KeySchema"]}
        assert used == {about["AttributeName"] for about in table["AttributeDefinitions"]}, step
        before = after


def test_the_table_can_be_restored_and_is_not_lost(expanded):
    (table,) = tree("aws", expanded["aws"]).all("AWS::DynamoDB::Table").values()
    assert table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] is True
    assert str(table["DeletionProtectionEnabled"]).lower() == "true"
    assert table.attributes["DeletionPolicy"] == table.attributes["UpdateReplacePolicy"] == "Retain"
    assert table["TimeToLiveSpecification"] == {"AttributeName": "ttl", "Enabled": True}


def test_the_tables_key_is_the_one_that_was_chosen(expanded):
    (table,) = tree("aws", expanded["aws"]).all("AWS::DynamoDB::Table").values()
    assert table.get("SSESpecification") is None
    key = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/k"
    (table,) = tree("aws", expanded["aws"], TableKeyArn=key).all("AWS::DynamoDB::Table").values()
    assert table["SSESpecification"] == {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": key}


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


def test_every_queue_is_encrypted_and_takes_nothing_but_tls(market):
    guarded = set()
    for policy in market.all("AWS::SQS::QueuePolicy").values():
        for statement in statements(policy["PolicyDocument"]):
            insecure = statement.get("Condition") == {"Bool": {"aws:SecureTransport": "false"}}
            if statement["Effect"] == "Deny" and statement["Principal"] == "*" and insecure:
                assert statement["Action"] == "sqs:*"
                assert [target(arn) for arn in many(statement["Resource"])] == [target(q) for q in policy["Queues"]]
                guarded |= {target(queue) for queue in policy["Queues"]}
    queues = market.all("AWS::SQS::Queue")
    assert guarded == queues.keys()
    for queue in queues.values():
        assert queue.get("SqsManagedSseEnabled") is True or queue.get("KmsMasterKeyId"), queue.id


def test_every_topic_is_encrypted_and_takes_nothing_but_tls(market):
    guarded = set()
    for policy in market.all("AWS::SNS::TopicPolicy").values():
        for statement in statements(policy["PolicyDocument"]):
            if statement["Effect"] == "Deny" and statement.get("Condition") == {
                "Bool": {"aws:SecureTransport": "false"}
            }:
                guarded |= {target(topic) for topic in policy["Topics"]}
    topics = market.all("AWS::SNS::Topic")
    assert guarded == topics.keys()
    assert all(topic["KmsMasterKeyId"] for topic in topics.values())


def test_every_queue_has_dead_letters_and_they_are_kept_as_long_as_sqs_keeps_anything(market):
    dead = dead_letter_queues(market)
    for queue in market.all("AWS::SQS::Queue").values():
        if queue.id in dead:
            assert queue["MessageRetentionPeriod"] == 14 * 86_400, queue.id
        else:
            assert int(queue["RedrivePolicy"]["maxReceiveCount"]) >= 5, queue.id
            # A dead letter's age counts from when it was first sent.
            assert queue["MessageRetentionPeriod"] < 14 * 86_400, queue.id


def test_every_queue_has_its_alarm(market):
    watched = defaultdict(set)
    for alarm in market.all("AWS::CloudWatch::Alarm").values():
        for dimension in alarm.get("Dimensions", []):
            if dimension["Name"] == "QueueName":
                value = dimension["Value"]
                names = {f"att:{q.id}.QueueName": q["QueueName"] for q in market.all("AWS::SQS::Queue").values()}
                watched[names.get(value, value)].add(alarm["MetricName"])
    dead = dead_letter_queues(market)
    for queue in market.all("AWS::SQS::Queue").values():
        wanted = "ApproximateNumberOfMessagesVisible" if queue.id in dead else "ApproximateAgeOfOldestMessage"
        assert wanted in watched[queue["QueueName"]], queue.id


def test_every_job_has_its_queue_and_one_worker_that_reads_it(market, handlers):
    jobs = {handler.removeprefix("worker/") for handler in handlers if handler.startswith("worker/")}
    read = {}
    for mapping in market.all("AWS::Lambda::EventSourceMapping").values():
        queue = market.all("AWS::SQS::Queue").get(target(mapping["EventSourceArn"]))
        if queue:
            function = called(market, mapping["FunctionName"])
            assert queue["QueueName"] not in read
            read[queue["QueueName"]] = function["Handler"]
    assert read == {f"market-{job}": f"worker/{job}" for job in jobs} | {"market-mail_feedback": "feedback"}


def test_a_message_stays_hidden_for_six_times_as_long_as_its_worker_may_take(market):
    queues = market.all("AWS::SQS::Queue")
    for mapping in market.all("AWS::Lambda::EventSourceMapping").values():
        queue = queues.get(target(mapping["EventSourceArn"]))
        if queue:
            function = called(market, mapping["FunctionName"])
            assert int(queue["VisibilityTimeout"]) >= 6 * function["Timeout"], mapping.id
            assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"], mapping.id
            assert int(mapping["ScalingConfig"]["MaximumConcurrency"]) >= 2, mapping.id
            assert mapping["BatchSize"] == 10, mapping.id


def test_a_batch_ends_before_its_function_does(market):
    # Jobs of a batch run side by side, each at most so long.
    for function in functions(market).values():
        if function["Handler"].startswith("worker/"):
            limit = int(function["Environment"]["Variables"]["MARKET_JOB_TIMEOUT_MS"]) / 1000
            assert limit * 2 <= function["Timeout"], function.id


def test_every_worker_may_read_its_own_queue_and_no_other(market):
    for mapping in market.all("AWS::Lambda::EventSourceMapping").values():
        function = called(market, mapping["FunctionName"])
        received = {
            resource
            for statement in allowed(roles(market)[target(function["Role"])])
            for resource in many(statement["Resource"])
            if {"sqs:ReceiveMessage", "sqs:DeleteMessage"} & set(many(statement["Action"]))
        }
        reads_queue = target(mapping["EventSourceArn"]) in market.all("AWS::SQS::Queue")
        assert received == ({mapping["EventSourceArn"]} if reads_queue else set()), function.id


def test_the_relay_never_stands_still_and_never_loses_what_it_gives_up(market):
    (table,) = market.all("AWS::DynamoDB::Table").values()
    (relay,) = [
        mapping
        for mapping in market.all("AWS::Lambda::EventSourceMapping").values()
        if mapping["EventSourceArn"] == f"att:{table.id}.StreamArn"
    ]
    assert called(market, relay["FunctionName"])["Handler"] == "relay"
    assert relay["StartingPosition"] == "TRIM_HORIZON"
    assert relay["BisectBatchOnFunctionError"] is True
    assert 0 < relay["MaximumRetryAttempts"] <= 10
    assert 60 <= relay["MaximumRecordAgeInSeconds"] <= 3600
    assert relay["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    dead = market.all("AWS::SQS::Queue")[target(relay["DestinationConfig"]["OnFailure"]["Destination"])]
    assert dead["QueueName"] == "market-relay-dead"
    (pattern,) = relay["FilterCriteria"]["Filters"]
    # due_at is a number (shared/store/src/due/entry.rs): a filter on another type would let nothing through.
    assert json.loads(pattern["Pattern"]) == {"dynamodb": {"NewImage": {"due_at": {"N": [{"exists": True}]}}}}


def test_sweep_and_relay_may_send_to_every_job_and_to_their_own_dead_letters_only(market, handlers):
    queues = market.all("AWS::SQS::Queue")
    jobs = {f"market-{handler.removeprefix('worker/')}" for handler in handlers if handler.startswith("worker/")}
    for function in functions(market).values():
        sent = {
            queues[target(resource)]["QueueName"]
            for statement in allowed(roles(market)[target(function["Role"])])
            for resource in many(statement["Resource"])
            if "sqs:SendMessage" in many(statement["Action"])
        }
        handler = function["Handler"]
        assert sent == (jobs | {f"market-{handler}-dead"} if handler in ("sweep", "relay") else set()), function.id


def test_the_sweep_runs_each_minute_and_what_does_not_run_is_kept(market):
    (schedule,) = market.all("AWS::Scheduler::Schedule").values()
    sweep = called(market, schedule["Target"]["Arn"])
    assert sweep["Handler"] == "sweep"
    assert sweep["Timeout"] < 60
    assert schedule["ScheduleExpression"] == "rate(1 minute)"
    assert schedule["State"] == "ENABLED"
    assert schedule["FlexibleTimeWindow"] == {"Mode": "OFF"}
    assert schedule["Target"]["RetryPolicy"] == {"MaximumRetryAttempts": 0, "MaximumEventAgeInSeconds": 60}
    dead = schedule["Target"]["DeadLetterConfig"]["Arn"]
    assert market.all("AWS::SQS::Queue")[target(dead)]["QueueName"] == "market-sweep-dead"
    # The schedule's role: to invoke that one function, and to keep what failed.
    role = roles(market)[target(schedule["Target"]["RoleArn"])]
    may = {
        (action, resource) for s in allowed(role) for action in many(s["Action"]) for resource in many(s["Resource"])
    }
    assert may == {("lambda:InvokeFunction", schedule["Target"]["Arn"]), ("sqs:SendMessage", dead)}
    # Lambda would repeat it by itself, and two passes would fight for leases.
    (invocation,) = market.all("AWS::Lambda::EventInvokeConfig").values()
    assert target(invocation["FunctionName"]) == sweep.id
    assert invocation["MaximumRetryAttempts"] == 0
    assert invocation["DestinationConfig"]["OnFailure"]["Destination"] == dead


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


def test_every_stage_logs_its_requests_and_limits_them(market):
    (stage,) = market.all("AWS::ApiGateway::Stage").values()
    group = market.all("AWS::Logs::LogGroup")[target(stage["AccessLogSetting"]["DestinationArn"])]
    assert group["RetentionInDays"]
    assert json.loads(stage["AccessLogSetting"]["Format"])
    settings = [s for s in stage["MethodSettings"] if (s["ResourcePath"], s["HttpMethod"]) == ("/*", "*")]
    assert len(settings) == 1
    assert float(settings[0]["ThrottlingRateLimit"]) == 100 and int(settings[0]["ThrottlingBurstLimit"]) == 200
    assert not settings[0].get("DataTraceEnabled"), "bodies and tokens would be in the log"
    api = gateway(market)
    assert api["EndpointConfiguration"]["Types"] == ["REGIONAL"]
    throttles = {}
    for plan in market.all("AWS::ApiGateway::UsagePlan").values():
        assert [target(s["ApiId"]) for s in plan["ApiStages"]] == [api.id]
        throttles[plan["UsagePlanName"]] = {name: int(limit) for name, limit in plan["Throttle"].items()}
    assert throttles == {
        "market": {"RateLimit": 20, "BurstLimit": 40},
        "market-gateways": {"RateLimit": 200, "BurstLimit": 400},
    }
    (association,) = market.all("AWS::WAFv2::WebACLAssociation").values()
    assert "/stages/" in association["ResourceArn"] and api.id in association["ResourceArn"]


# ── the dashboard (alarms: test_bells.py) ──


def test_the_dashboard_is_json(market):
    (board,) = market.all("AWS::CloudWatch::Dashboard").values()
    assert json.loads(board["DashboardBody"])["widgets"]


# ── parameters and partitions ──


def test_every_parameter_and_every_output_is_described():
    for name, template in sources().items():
        for kind in ("Parameters", "Outputs"):
            for key, about in template.get(kind, {}).items():
                assert about.get("Description"), f"{name}: {kind} {key}"


def test_a_parameter_that_is_passed_on_means_the_same_in_every_stack():
    root = sources()["template"]["Parameters"]
    for name, template in sources().items():
        for key, about in template.get("Parameters", {}).items():
            for rule in ("Type", "AllowedValues", "MinValue", "MaxValue"):
                if key in root and rule in about:
                    assert about[rule] == root[key].get(rule), f"{name}: {key}"


def test_every_template_takes_the_same_names_of_a_market():
    named = {name: t["Parameters"]["MarketName"] for name, t in sources().items() if "MarketName" in t["Parameters"]}
    # The parts that stand by themselves are named by those who use them.
    assert sources().keys() - named.keys() == {"infra/queue"}
    assert {about["AllowedPattern"] for about in named.values()} == {"^[a-z][a-z0-9-]{2,19}$"}


def test_no_template_names_a_partition_a_suffix_a_region_or_an_account():
    found = []
    for name, template in sources().items():
        for path, text in strings(template):
            # A service's principal has the same name in every partition.
            if path[-2:] == ("Principal", "Service") or path[-1:] in (("iam:PassedToService",), ("iam:AWSServiceName",)):
                assert re.fullmatch(r"[a-z0-9-]+\.amazonaws\.com", text), f"{name}: {text}"
            elif path[-1:] == ("eventSource",):
                assert name == "infra/apart/access", f"{name}: {text}"
            elif re.search(
                r"arn:aws|amazonaws|\baws-cn\b(?!$)|\b(us|eu|ap|cn|sa|ca|me|af|il)-[a-z]+-\d\b|\b\d{12}\b", text
            ):
                found.append((name, path, text))
    # The one place that may: the question whether this is China.
    assert not found


@pytest.mark.parametrize("way", WAYS)
def test_everything_is_of_the_partition_and_region_that_it_is_deployed_in(expanded, way):
    partition, parameters = WAYS[way]
    market = tree(partition, expanded[partition], **parameters)
    for resource in market.all().values():
        for path, text in strings(resource.properties):
            for arn in re.findall(r"arn:(?:aws[a-z-]*):[a-z0-9-]+:[a-z0-9-]*", text):
                _, of, service, region = arn.split(":")
                assert of == partition, f"{resource.id}: {text}"
                assert region in ("", REGIONS[partition]), f"{resource.id}: {text}"
            if path[-2:] != ("Principal", "Service") and "amazonaws.com" in text:
                assert ("amazonaws.com.cn" in text) == (partition == "aws-cn"), f"{resource.id}: {text}"


def test_nothing_remains_in_china_of_what_is_not_there(china):
    for resource in china.all().values():
        assert not resource.type.startswith(("AWS::SES", "AWS::XRay")), resource.id
        for _, text in strings(resource.properties):
            assert not re.match(r"(xray|ses):", text), f"{resource.id}: {text}"
            assert text not in ("RedriveAllowPolicy", "Provisioned", "PollerConfig", "ses.amazonaws.com"), resource.id
        assert resource.get("TracingEnabled") in (None, False, "false"), resource.id
        assert (resource.get("TracingConfig") or {}).get("Mode", "PassThrough") == "PassThrough", resource.id
        if resource.type == "AWS::Lambda::EventSourceMapping":
            assert not {"Tags", "MetricsConfig", "ProvisionedPollerConfig"} & resource.properties.keys(), resource.id
    for role in roles(china).values():
        for statement in allowed(role):
            assert "sns:Publish" not in many(statement["Action"]), role.id


def test_no_template_that_is_used_in_china_so_much_as_names_a_type_that_is_not_there(china):
    for stack in china.stacks():
        types = {resource["Type"] for resource in stack.template["Resources"].values()}
        assert not {t for t in types if t.startswith(("AWS::SES", "AWS::XRay", "AWS::Cognito"))}, stack.name


def test_elsewhere_functions_are_traced_and_may_say_so(expanded):
    market = tree("aws", expanded["aws"])
    for function in functions(market).values():
        assert function["TracingConfig"] == {"Mode": "Active"}, function.id
        actions = {a for s in allowed(roles(market)[target(function["Role"])]) for a in many(s["Action"])}
        assert {"xray:PutTraceSegments", "xray:PutTelemetryRecords"} <= actions, function.id


@pytest.mark.parametrize(
    ("partition", "parameters", "refusal"),
    [
        ("aws-cn", {"EmailBy": "ses"}, "SES"),
        ("aws-cn", {"SmsBy": "sns"}, "SNS"),
        ("aws", {"EmailBy": "smtp"}, "SmtpServer"),
        ("aws", {"SmsBy": "http"}, "SmsUrl"),
        ("aws", {"DomainName": "market.example.com"}, "CertificateArn"),
    ],
)
def test_parameters_that_do_not_go_together_are_refused(expanded, partition, parameters, refusal):
    refusals = list(tree(partition, expanded[partition], **parameters).refusals())
    assert any(refusal in text for text in refusals)


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


# ── limits ──


def test_three_times_todays_routes_fit_into_every_stack(market):
    for stack in market.stacks():
        # The API is one resource, whatever its description holds.
        assert 3 * len(stack.resources) < 500, f"{stack.path}: {len(stack.resources)} resources"
        assert 3 * len(stack.template.get("Outputs", {})) < 200, stack.path
        assert 3 * len(stack.template.get("Parameters", {})) < 200 or not stack.path, stack.path
        size = len(json.dumps(stack.template))
        # A template may have a megabyte. CloudFormation counts it as it is uploaded.
        assert 3 * size < 1_000_000, f"{stack.path}: {size} bytes"
    # All stacks below one count together.
    assert 3 * len(market.all()) < 2500


def test_three_times_todays_routes_fit_into_the_gateway(market):
    body = gateway(market)["Body"]

    def nodes(paths):
        found = set()
        for path in paths:
            parts = path.strip("/").split("/")
            found |= {"/".join(parts[:n]) for n in range(1, len(parts) + 1)}
        return found

    # Quotas of API Gateway that cannot be raised without asking: resources of an API, size of an imported one.
    assert 3 * len(nodes(body["paths"])) < 300, f"{len(nodes(body['paths']))} resources"
    assert 3 * len(json.dumps(body)) < 6_000_000


def test_names_are_within_their_limits_for_the_longest_market_name(expanded):
    longest = "a" * 20
    market = tree("aws", expanded["aws"], MarketName=longest)
    for resource in market.all().values():
        for name in ("FunctionName", "RoleName", "Name"):
            value = resource.get(name)
            if isinstance(value, str) and not value.startswith(("ref:", "att:")):
                assert len(value) <= 64, f"{resource.id}: {value}"


def test_no_two_resources_of_a_type_bear_the_same_name(market):
    keys = {
        "AWS::Lambda::Function": "FunctionName",
        "AWS::SQS::Queue": "QueueName",
        "AWS::Logs::LogGroup": "LogGroupName",
        "AWS::CloudWatch::Alarm": "AlarmName",
        "AWS::SNS::Topic": "TopicName",
    }
    for type, key in keys.items():
        assert not duplicates(resource[key] for resource in market.all(type).values())


def test_the_tree_of_stacks_is_what_is_in_the_folder(expanded):
    used = {stack.name for stack in tree("aws", expanded["aws"], Shift="Canary10Percent5Minutes").stacks()}
    # What is deployed apart from the market is no part of its tree.
    assert used == {name for name in paths() if not name.startswith("infra/apart/")}
