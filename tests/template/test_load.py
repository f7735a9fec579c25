"""That the market holds under load: limits by class, switches that stop a class, instances that fit into the account, and
docs/CAPACITY.md, which tells what the parameters yield."""

import json
import math
import os
import re
import subprocess
import tomllib

import pytest

import capacity
from expand import ROOT, TEMPLATES, tree
from ways import functions, gateway, operations

CLASSES = json.loads((TEMPLATES / "infra/made/classes.json").read_text())
ORIGIN = "https://shop.example.com"
STOPS = {name: about["stop"] for name, about in CLASSES.items() if "stop" in about}
# Each limit another one, so that none can stand for another.
RATES = {about["rate"]: 11 + at for at, about in enumerate(CLASSES.values())}
BURSTS = {about["burst"]: 31 + at for at, about in enumerate(CLASSES.values())}


def stage(market):
    (stage,) = market.all("AWS::ApiGateway::Stage").values()
    return stage


def limits(market):
    """What API Gateway applies to each method of the body: its own setting, or else the one of all."""
    settings = {}
    for setting in stage(market)["MethodSettings"]:
        at = (setting["ResourcePath"], setting["HttpMethod"])
        assert at not in settings, at
        settings[at] = (float(setting["ThrottlingRateLimit"]), int(setting["ThrottlingBurstLimit"]))
    found = {}
    for path, methods in gateway(market)["Body"]["paths"].items():
        for method in methods:
            own = ("/" + path.replace("/", "~1"), method.upper())
            found[method.upper(), path] = settings.pop(own, settings["/*", "*"])
    assert settings.keys() == {("/*", "*")}, f"settings of methods that there are not: {settings}"
    return found


def routes(market, name):
    """The methods of a class, HEAD of what is read among them."""
    found = set()
    for route in CLASSES[name]["routes"].values():
        method, path = route.split(" ")
        found |= {(method, path)} | ({("HEAD", path)} if method == "GET" else set())
    return found & limits(market).keys()


# ── limits by class ──


@pytest.mark.parametrize("origin", ["", ORIGIN])
def test_every_method_has_the_limits_of_its_class_and_no_setting_is_of_a_method_that_is_not_there(expanded, origin):
    market = tree("aws", expanded["aws"], AllowedOrigin=origin, **RATES, **BURSTS)
    applied = limits(market)
    for about in CLASSES.values():
        for route in about["routes"].values():
            assert applied[tuple(route.split(" "))] == (RATES[about["rate"]], BURSTS[about["burst"]]), route


def test_every_operation_is_of_one_class(market):
    named = [route for about in CLASSES.values() for route in about["routes"].values()]
    assert len(named) == len(set(named))
    served = {f"{m.upper()} {path}" for m, path, o in operations(gateway(market)["Body"]) if "operationId" in o}
    assert set(named) == served


def test_a_class_has_the_limits_that_it_needs(expanded):
    market = tree("aws", expanded["aws"])
    rates = {name: int(capacity.parameter(market, about["rate"])) for name, about in CLASSES.items()}
    bursts = {name: int(capacity.parameter(market, about["burst"])) for name, about in CLASSES.items()}
    assert rates == {"Checks": 500, "Money": 50, "Protective": 50, "Rest": 100}
    assert all(bursts[name] == 2 * rate for name, rate in rates.items())
    # The others of a month are spread over many methods; were they all of one, it would take them at a million.
    busiest = capacity.peak(capacity.OTHER_REQUESTS, 1_000_000) / 5
    assert busiest < min(rates.values())


# ── switches ──


@pytest.mark.parametrize("stopped", [[name] for name in STOPS] + [list(STOPS)], ids="+".join)
def test_a_switch_stops_the_methods_of_its_class_and_no_others(expanded, stopped):
    chosen = {STOPS[name]: "true" for name in stopped}
    running = limits(tree("aws", expanded["aws"], AllowedOrigin=ORIGIN))
    after = limits(tree("aws", expanded["aws"], AllowedOrigin=ORIGIN, **chosen))
    still = {at for at in after if after[at] == (0, 0)}
    assert {at: after[at] for at in after if at not in still} == {at: running[at] for at in after if at not in still}
    market = tree("aws", expanded["aws"], AllowedOrigin=ORIGIN)
    meant = set().union(*(routes(market, name) for name in stopped))
    # What tells of the market as such answers on.
    beside = {(method, path) for method, path in meant if not path.startswith("/v1/")}
    assert {at for at in still if at[0] != "OPTIONS"} == meant - beside


def test_nothing_stops_a_party_from_leaving(expanded):
    chosen = dict.fromkeys(STOPS.values(), "true")
    market = tree("aws", expanded["aws"], AllowedOrigin=ORIGIN, **chosen)
    applied = limits(market)
    assert "Protective" not in STOPS and len(CLASSES["Protective"]["routes"]) >= 5
    for route in CLASSES["Protective"]["routes"].values():
        method, path = route.split(" ")
        # From a page, too, which asks first.
        assert applied[method, path] == applied["OPTIONS", path] == (50, 100), route


def test_operators_stop_by_hand_the_methods_that_the_switch_stops(expanded):
    for name, switch in STOPS.items():
        market = tree("aws", expanded["aws"], **{switch: "true"})
        zero = {
            f"{setting['ResourcePath']}/{setting['HttpMethod']}"
            for setting in stage(market)["MethodSettings"]
            if float(setting["ThrottlingRateLimit"]) == 0
        }
        assert zero == set(CLASSES[name]["settings"]), name


@pytest.mark.parametrize("name", STOPS)
def test_the_runbooks_command_stops_exactly_these(tmp_path, name):
    page = (ROOT / "docs/runbooks/stop-a-class.md").read_text()
    (block,) = [block for block in re.findall(r"```sh\n(.+?)```", page, re.S) if "throttle()" in block]
    aws = tmp_path / "aws"
    # Who asks for the API's id is told; of the change the last word is printed, its operations.
    aws.write_text('#!/bin/sh\ncase $2 in get-rest-apis) echo a1; exit;; esac\nfor word in "$@"; do last=$word; done; printf %s "$last"\n')
    aws.chmod(0o755)
    script = block.replace("throttle Checks 0 0", f"throttle {name} 0 0")
    environment = os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}", "M": "market"}
    ran = subprocess.run(["bash", "-euc", script], cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    paths = [f"{at}/throttling/{limit}" for at in CLASSES[name]["settings"] for limit in ("rateLimit", "burstLimit")]
    assert json.loads(ran.stdout) == [{"op": "replace", "path": path, "value": "0"} for path in paths]


def test_whoever_is_stopped_is_told_so_by_the_problem_document(market):
    throttled = gateway(market)["Body"]["x-amazon-apigateway-gateway-responses"]["THROTTLED"]
    document = json.loads(throttled["responseTemplates"]["application/json"])
    assert (throttled["statusCode"], document["code"]) == (429, "too-many-requests")


def test_the_authorizer_keeps_an_answer_as_long_for_checks_as_for_anything(market):
    schemes = gateway(market)["Body"]["components"]["securitySchemes"].values()
    kept = [s["x-amazon-apigateway-authorizer"]["authorizerResultTtlInSeconds"] for s in schemes if "x-amazon-apigateway-authorizer" in s]
    assert kept == [300]


# ── nothing is paid for that nobody uses ──


def test_no_metrics_are_kept_by_method_and_nothing_watches_any(market):
    assert not any(setting.get("MetricsEnabled") for setting in stage(market)["MethodSettings"])
    for alarm in market.all("AWS::CloudWatch::Alarm").values():
        assert not {"Method", "Resource"} & {d["Name"] for d in alarm.get("Dimensions", [])}, alarm.id
    (board,) = market.all("AWS::CloudWatch::Dashboard").values()
    for widget in json.loads(board["DashboardBody"])["widgets"]:
        for metric in widget["properties"].get("metrics", []):
            if metric and metric[0] == "AWS/ApiGateway":
                assert not {"Method", "Resource"} & set(filter(lambda part: isinstance(part, str), metric))


# ── the firewall ──


def counted_by(market, path):
    """The firewall's rates that count a request to a path, and the limit of each."""
    (firewall,) = market.all("AWS::WAFv2::WebACL").values()
    found = {}
    for rule in firewall["Rules"]:
        rate = rule["Statement"].get("RateBasedStatement")
        if rate:
            scope = rate["ScopeDownStatement"]
            wanted = "NotStatement" not in scope
            match = (scope if wanted else scope["NotStatement"]["Statement"])["RegexMatchStatement"]
            assert match["FieldToMatch"] == {"UriPath": {}}
            assert [t["Type"] for t in match["TextTransformations"]] == ["NONE"]
            if bool(re.search(match["RegexString"], path)) == wanted:
                found[rule["Name"]] = int(rate["Limit"])
    return found


@pytest.mark.parametrize("prefix", ["", "/prod"], ids=["with a domain", "at a stage"])
def test_the_firewall_counts_checks_apart_and_every_request_by_address_and_by_token(market, prefix):
    checks = {"checks-address-rate": 60_000, "checks-token-rate": 60_000}
    rest = {"address-rate": 3_000, "token-rate": 3_000}
    for name, about in CLASSES.items():
        for route in about["routes"].values():
            path = re.sub(r"\{\w+\}", "x", route.split(" ")[1])
            assert counted_by(market, prefix + path) == (checks if name == "Checks" else rest), route


@pytest.mark.parametrize(
    "path",
    [
        "/prod/v1/checks/",
        "/prod//v1/checks",
        "/prod/v1/Checks",
        "/prod/v1/accounts/x%2Fv1%2Fchecks",
        "/prod/v1/accounts/v1/checks",
        "/v1/checks/batch/x",
        "/prod/prod/v1/checks",
        "/other/v1/checks",
        "/v1/checksx",
    ],
)
def test_what_only_looks_like_a_check_has_the_limit_of_everything_else(market, path):
    assert counted_by(market, path) == {"address-rate": 3_000, "token-rate": 3_000}


def test_no_single_address_or_token_takes_the_half_of_what_checks_may(expanded):
    market = tree("aws", expanded["aws"])
    of_one = int(capacity.parameter(market, "ChecksPerFiveMinutes")) / 300
    assert of_one < int(capacity.parameter(market, "ChecksRateLimit")) / 2
    # Its API key is no narrower, where it needs one.
    assert int(capacity.parameter(market, "GatewayKeyRateLimit")) == of_one
    # A data gateway that asks one by one goes on well beyond the 1,300 merchants of before.
    assert of_one / (capacity.PEAK * capacity.CHECKS / capacity.SECONDS) > 5_000


def test_the_firewalls_rules_are_within_what_its_price_includes(market):
    # https://docs.aws.amazon.com/waf/latest/developerguide/waf-rule-statements-list.html, and of the groups their pages.
    groups = {"AWSManagedRulesAmazonIpReputationList": 25, "AWSManagedRulesKnownBadInputsRuleSet": 200, "AWSManagedRulesCommonRuleSet": 700}
    (firewall,) = market.all("AWS::WAFv2::WebACL").values()
    units = 0
    for rule in firewall["Rules"]:
        rate = rule["Statement"].get("RateBasedStatement")
        if rate:
            # Two for the rate, thirty for each key of its own, three for the regular expression, one for its negation.
            units += 2 + 30 * len(rate.get("CustomKeys", [])) + 3 + ("NotStatement" in rate["ScopeDownStatement"])
        else:
            units += groups[rule["Statement"]["ManagedRuleGroupStatement"]["Name"]]
    assert units < 1_500


# ── instances ──


def test_checks_have_instances_of_their_own_for_the_rate_that_the_gateway_takes(expanded):
    market = tree("aws", expanded["aws"], ReserveConcurrency="true", AccountConcurrency=1000)
    own = capacity.reserved(market)
    checking = capacity.checking(market)
    assert "api/check_token" in checking
    for name in checking:
        assert own[name] >= int(capacity.parameter(market, "ChecksRateLimit")) * capacity.MANY, name
    assert own.keys() == {"authorizer", "sweep", "relay", *checking}
    assert own["sweep"] == 1 and own["relay"] == 20


def environments():
    """What each environment in the repository says of its account, and every choice that there is beside them."""
    for account in capacity.MEANT_FOR:
        for reserve in (True, False) if account > 10 else (False,):
            yield f"{account}, {'reserved' if reserve else 'not reserved'}", account, reserve
    for file in sorted((ROOT / "infra/environments").glob("*.toml")):
        given = tomllib.loads(file.read_text())["parameters"]
        yield file.stem, int(given.get("AccountConcurrency", 10)), given.get("ReserveConcurrency") == "true"


@pytest.mark.parametrize(("account", "reserve"), [(a, r) for _, a, r in environments() if a > 10], ids=[n for n, a, _ in environments() if a > 10])
def test_what_runs_at_once_fits_into_the_account(expanded, account, reserve):
    parts = capacity.sum_of(expanded, account, reserve)
    assert sum(parts.values()) <= account, parts
    # Lambda refuses a reservation that leaves less.
    assert parts["reserved"] + capacity.UNRESERVED <= account, parts


def test_a_new_account_reserves_nothing_and_its_queues_have_the_least_that_lambda_takes(expanded):
    market = tree("aws", expanded["aws"])
    assert capacity.parameter(market, "AccountConcurrency") == 10
    assert capacity.reserved(market) == {} and set(capacity.queues(market).values()) == {2}
    assert capacity.parallelism(market) == 1 and not list(market.refusals())


def test_what_an_operator_chooses_of_jobs_goes_before_what_the_account_allows(expanded):
    chosen = tree("aws", expanded["aws"], AccountConcurrency=1000, NotifyConcurrency=3, WorkerConcurrency=7)
    assert capacity.queues(chosen)["worker/notify"] == 3
    others = {n for name, n in capacity.queues(chosen).items() if name not in ("worker/notify", "feedback")}
    assert others == {7}


@pytest.mark.parametrize(
    ("parameters", "refusal"),
    [
        ({"ReserveConcurrency": "true"}, "AccountConcurrency"),
        ({"NotifyConcurrency": 1}, "NotifyConcurrency"),
        ({"WorkerConcurrency": 1}, "WorkerConcurrency"),
        ({"WarmReadUnits": 20_000}, "WarmWriteUnits"),
        ({"WarmWriteUnits": 9_000}, "WarmReadUnits"),
    ],
)
def test_what_aws_would_refuse_is_refused_before_anything_is_made(expanded, parameters, refusal):
    refusals = list(tree("aws", expanded["aws"], **parameters).refusals())
    assert any(refusal in text for text in refusals)


def test_every_size_of_an_account_that_may_be_chosen_has_its_row(expanded):
    template = tree("aws", expanded["aws"]).template
    sizes = template["Parameters"]["AccountConcurrency"]["AllowedValues"]
    assert {str(size) for size in sizes} == template["Mappings"]["Concurrency"].keys() == {str(n) for n in capacity.MEANT_FOR}
    # By it alarms reckon how long it takes to tell everyone.
    of = template["Mappings"]["Concurrency"]
    assert {int(size): int(row["Merchants"]) for size, row in of.items()} == capacity.MEANT_FOR


# ── the table ──


def test_a_table_is_warmed_only_where_that_was_chosen(expanded):
    def warm(**parameters):
        (table,) = tree("aws", expanded["aws"], **parameters).all("AWS::DynamoDB::Table").values()
        return table.get("WarmThroughput")

    assert warm() is None
    assert warm(WarmReadUnits=20_000, WarmWriteUnits=9_000) == {"ReadUnitsPerSecond": 20_000, "WriteUnitsPerSecond": 9_000}


def test_no_index_sees_more_at_a_million_merchants_than_a_new_one_takes():
    taken = capacity.LIMITS["DynamoDB, write units a second of a new table or index"]
    assert capacity.peak(capacity.OTHER_WRITES, 1_000_000) < taken / 2


# ── the page ──


def test_what_merchants_do_is_what_the_guide_says():
    guide = (ROOT / "docs/DEPLOY.md").read_text()
    said = re.search(r"20 e-mails; (\d+) reads; \*\*([\d,]+) checks", guide)
    assert int(said[2].replace(",", "")) == capacity.CHECKS
    assert f"| {capacity.OTHER_REQUESTS / 1000:.2f} million × " in guide
    assert f"| {capacity.WAKE_UPS},000 × " in guide and capacity.LEASES == 38 and "thirty-eight leases" in guide
    writes, reads = re.search(r"table \| ([\d.]+) million write units, ([\d.]+) million read units", guide).groups()
    mail_writes, mail_reads = re.search(r"1,000\), ([\d.]+) million write units and ([\d.]+) million read", guide).groups()
    assert math.isclose(capacity.OTHER_WRITES, 1000 * (float(writes) + float(mail_writes)), abs_tol=1)
    assert math.isclose(capacity.OTHER_READS, 1000 * (float(reads) + float(mail_reads)), abs_tol=1)


def test_the_guide_says_from_how_many_merchants_on_a_limit_is_to_be_raised():
    guide = (ROOT / "docs/DEPLOY.md").read_text()
    granted = capacity.LIMITS

    def most(limit, of_a_thousand):
        """For how many merchants a limit is enough, down to two digits."""
        exact = 1000 * limit / of_a_thousand
        step = 10 ** (len(str(int(exact))) - 2)
        return f"{int(exact // step * step):,}"

    reads, writes = capacity.table_units(1000)
    api = most(granted["API Gateway, requests a second"], capacity.peak(capacity.CHECKS, 1000))
    mail = most(granted["SES, e-mails a day after the sandbox"], 1000 * capacity.E_MAILS / capacity.DAYS)
    new = "DynamoDB, {} units a second of a new table".format
    reached = {
        most(granted[new("read")], reads): 1000 * granted[new("read")] / reads,
        most(granted[new("write") + " or index"], writes): 1000 * granted[new("write") + " or index"] / writes,
    }
    quota = most(granted["DynamoDB, read or write units a second of a table"], max(reads, writes))
    assert f"one by one pass it above {api} merchants" in guide
    assert f"too little from {mail} merchants on" in guide
    assert f"above {min(reached, key=reached.get)} merchants a new table is warmed" in guide
    assert f"above {quota} the quota is raised" in guide


def test_the_page_of_capacities_is_what_the_templates_and_the_ledger_give(expanded):
    document = capacity.document(expanded)
    if os.environ.get("UPDATE_EXPECT"):
        capacity.FILE.write_text(document)
    assert capacity.FILE.read_text() == document, "UPDATE_EXPECT=1 writes it anew"


def test_of_every_way_and_number_there_are_parameters_that_suffice(expanded):
    market = tree("aws", expanded["aws"])
    for way in capacity.WAYS:
        for merchants in capacity.MERCHANTS:
            assert capacity.account_for(market, way, merchants), f"{merchants} {way.name}"


def test_every_function_that_answers_checks_is_known(market):
    answering = {f["Handler"] for f in functions(market).values() if f["Handler"].removeprefix("api/") in CLASSES["Checks"]["routes"]}
    assert answering <= set(capacity.checking(market))
