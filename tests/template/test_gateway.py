"""The gateway: which routes it serves, whom it asks who a caller is, whom it invokes, and what it says by itself."""

import json
import re
from collections import defaultdict

from expand import ROOT, sources, target, tree
from ways import DESCRIPTION, WAYS, allowed, called, functions, gateway, many, operations, roles


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


def test_every_stage_logs_its_requests_and_limits_them(market):
    (stage,) = market.all("AWS::ApiGateway::Stage").values()
    group = market.all("AWS::Logs::LogGroup")[target(stage["AccessLogSetting"]["DestinationArn"])]
    assert group["RetentionInDays"]
    # What is no text is a number.
    line = json.loads(re.sub(r"(?<=:)\$context\.\w+(?=[,}])", "1", stage["AccessLogSetting"]["Format"]))
    assert [name for name, value in line.items() if not isinstance(value, str)] == ["latencyMs"]
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
