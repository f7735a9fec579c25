"""What rings, and whom it tells: rules on the alarms, topics, events and budget of the expanded templates.

What rings when is in test_alarms.py; here is that everything that can break is watched, that each alarm is one that
CloudWatch takes, tells exactly one of the two topics, and has its page and its row in docs/runbooks.
"""

import json
import re

import botocore.session
import pytest

from cloudwatch import written
from expand import ACCOUNT, ROOT, target, tree
from office import reasons
from ways import dead_letter_queues, functions, gateway, many, statements

RUNBOOKS = ROOT / "docs/runbooks"
# What an operator decides, with no alarm before it.
UNASKED = {"stop-a-class", "restore"}
CLASSES = ("checks", "money", "protective", "rest")
SERVICES = {"cloudwatch.amazonaws.com", "events.amazonaws.com", "budgets.amazonaws.com"}
CERTIFICATE = f"arn:aws:acm:us-east-1:{ACCOUNT}:certificate/c"


@pytest.fixture(scope="session")
def everything(expanded):
    """A market that has every alarm there is."""
    return tree("aws", expanded["aws"], SmsBy="sns", DomainName="m.example.com", CertificateArn=CERTIFICATE)


def alarms(market):
    return market.all("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm")


def parts(market):
    """The ids of the alarms that are only asked by others."""
    rules = [alarm["AlarmRule"] for alarm in market.all("AWS::CloudWatch::CompositeAlarm").values()]
    return {id for rule in rules for id in re.findall(r'ALARM\("ref:([^"]+)"\)', rule)}


def topic(market, kind):
    (found,) = [t for t in market.all("AWS::SNS::Topic").values() if t["TopicName"] == f"market-{kind}"]
    return found


def kind(market, alarm):
    """Whom an alarm tells: `page` or `ticket`; None of a part of another."""
    told = {f"ref:{topic(market, 'alarms').id}": "page", f"ref:{topic(market, 'tickets').id}": "ticket"}
    return told[alarm["AlarmActions"][0]] if alarm.get("AlarmActions") else None


def metrics(alarm):
    """The metrics that an alarm names, by namespace, name and dimensions."""
    if "MetricName" in alarm.properties:
        return [alarm.properties]
    return [metric["MetricStat"]["Metric"] for metric in alarm.get("Metrics", []) if "MetricStat" in metric]


def dimensions(metric):
    return {dimension["Name"]: dimension["Value"] for dimension in metric.get("Dimensions", [])}


# ── alarms ──


def test_every_alarm_tells_one_of_the_two_topics_or_is_part_of_one_that_does(market):
    for alarm in alarms(market).values():
        assert alarm["AlarmName"].startswith("market-"), alarm.id
        if alarm.id in parts(market) or alarm["AlarmName"] in {f"market-{name}-deploy" for name in CLASSES}:
            assert not alarm.get("AlarmActions") and not alarm.get("OKActions"), alarm.id
        else:
            assert len(alarm["AlarmActions"]) == 1 and alarm["OKActions"] == alarm["AlarmActions"], alarm.id
            assert kind(market, alarm), alarm.id
    assert {alarm["AlarmName"] for alarm in alarms(market).values() if alarm.id in parts(market)} == {
        f"market-{name}-burn-{window}" for name in CLASSES for window in ("5m", "30m", "1h", "6h")
    }


def test_alarms_that_only_deployments_look_at_are_there_where_they_are_looked_at_and_tell_nobody(expanded):
    usual, steps = (tree("aws", expanded["aws"], Shift=shift) for shift in ("none", "Canary10Percent5Minutes"))
    added = {a["AlarmName"] for a in alarms(steps).values()} - {a["AlarmName"] for a in alarms(usual).values()}
    assert added == {f"market-{name}-deploy" for name in CLASSES}
    silent = [a for a in alarms(steps).values() if a.id not in parts(steps) and not a.get("AlarmActions")]
    assert {a["AlarmName"] for a in silent} == added and not any(a.get("OKActions") for a in silent)
    watched = {
        alarm["Name"]
        for group in steps.all("AWS::CodeDeploy::DeploymentGroup").values()
        for alarm in group["AlarmConfiguration"]["Alarms"]
    }
    assert added <= watched and not any("-burn-" in name for name in watched)
    # They are there before the first function is moved: in the stack by whose output the functions' stacks are made.
    assert all(a.stack.path == "Steps" for a in silent)


def pages(market):
    return {a.id: re.findall(r"docs/runbooks/([a-z0-9-]+)\.md", a["AlarmDescription"]) for a in alarms(market).values()}


def test_every_alarm_names_its_page_and_every_page_belongs_to_an_alarm(market, everything):
    for id, found in pages(market).items():
        assert len(found) == 1 and (RUNBOOKS / f"{found[0]}.md").is_file(), id
    # What a rule tells of, and what is deployed apart.
    told = [json.dumps(rule["Targets"]) for rule in everything.all("AWS::Events::Rule").values()]
    told += [path.read_text() for path in ROOT.glob("infra/apart/*.yaml")]
    by_events = {page for text in told for page in re.findall(r"docs/runbooks/([a-z-]+)\.md", text)}
    written = {page.stem for page in RUNBOOKS.glob("*.md")} - {"README"} - UNASKED
    assert written == {page for found in pages(everything).values() for page in found} | by_events


def test_every_alarm_has_its_row_in_the_table_and_its_name_on_its_page(everything):
    queues = "|".join(q["QueueName"].removeprefix("market-") for q in everything.all("AWS::SQS::Queue").values())
    blank = {"<queue>": f"({queues})", "<lane>": "[a-z_]+", "<class>": "(checks|money|protective|rest)"}
    rows = re.findall(r"^\| (`…-.+?) \| (page|ticket) \| \[([a-z-]+)\]", (RUNBOOKS / "README.md").read_text(), re.M)
    for alarm in alarms(everything).values():
        if not kind(everything, alarm):
            continue
        name = alarm["AlarmName"].removeprefix("market-")
        (page,) = pages(everything)[alarm.id]

        def names(cell):
            for written in re.findall(r"`…-([^`]+)`", cell):
                yield "".join(blank.get(part, re.escape(part)) for part in re.split(r"(<\w+>)", written))

        found = [row for row in rows if any(re.fullmatch(pattern, name) for pattern in names(row[0]))]
        assert [row[1:] for row in found] == [(kind(everything, alarm), page)], name


def test_every_alarm_is_one_that_cloudwatch_takes(market):
    for alarm in market.all("AWS::CloudWatch::Alarm").values():
        assert alarm["TreatMissingData"] in ("breaching", "notBreaching", "ignore"), alarm.id
        stated = [alarm.get("Period"), *(m.get("Period") or m.get("MetricStat", {}).get("Period") for m in alarm.get("Metrics", []))]
        # All metrics of an alarm have one period.
        (period,) = {int(value) for value in stated if value}
        window = period * int(alarm["EvaluationPeriods"])
        assert period % 60 == 0 and window <= (86_400 if period < 3_600 else 604_800), alarm.id
        assert int(alarm.get("DatapointsToAlarm", 1)) <= int(alarm["EvaluationPeriods"]), alarm.id
        queries = [m for m in alarm.get("Metrics", []) if m.get("Expression", "").startswith("SELECT ")]
        # Metrics Insights looks back three hours, and has no math within an alarm of ours.
        assert not queries or (window <= 3 * 3_600 and len(alarm["Metrics"]) == 1), alarm.id
        returned = [m for m in alarm.get("Metrics", []) if m.get("ReturnData")]
        assert len(returned) == (1 if alarm.get("Metrics") else 0), alarm.id


def test_every_alarm_watches_a_metric_that_the_code_writes_or_a_filter_counts_or_aws_does(market):
    ours = written()
    counted = {
        made["MetricName"]
        for filter in market.all("AWS::Logs::MetricFilter").values()
        for made in filter["MetricTransformations"]
        if made["MetricNamespace"] == "market"
    }
    assert not ours & counted
    for alarm in market.all("AWS::CloudWatch::Alarm").values():
        for metric in metrics(alarm):
            if metric["Namespace"] == "market":
                assert metric["MetricName"] in ours | counted, alarm.id
                # Those with a dimension are another metric of the same name.
                assert dimensions(metric).keys() <= ({"Reason"} if metric["MetricName"] == "NoticesDelayed" else set()), alarm.id


def test_a_reason_that_an_alarm_asks_for_is_one_that_the_code_gives(market):
    asked = [dimensions(m)["Reason"] for a in alarms(market).values() for m in metrics(a) if "Reason" in dimensions(m)]
    assert asked
    for reason in asked:
        assert reason in reasons()


def test_every_alarm_on_a_thing_names_one_that_exists(market):
    (table,) = market.all("AWS::DynamoDB::Table").values()
    (stage,) = market.all("AWS::ApiGateway::Stage").values()
    (firewall,) = market.all("AWS::WAFv2::WebACL").values()
    queues = {q["QueueName"] for q in market.all("AWS::SQS::Queue").values()}
    queues |= {f"att:{q.id}.QueueName" for q in market.all("AWS::SQS::Queue").values()}
    there = {
        "FunctionName": {function["FunctionName"] for function in functions(market).values()},
        "QueueName": queues,
        "ApiName": {gateway(market)["Name"]},
        "Stage": {stage["StageName"]},
        "TableName": {f"ref:{table.id}"},
        "GlobalSecondaryIndexName": {index["IndexName"] for index in table["GlobalSecondaryIndexes"]},
        "WebACL": {firewall["Name"]},
        "Rule": {"ALL"},
        "CertificateArn": {CERTIFICATE},
        "Operation": {"GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem", "TransactWriteItems"},
        "Region": {"us-east-1", "cn-north-1"},
        "BackupVaultName": {vault["BackupVaultName"] for vault in market.all("AWS::Backup::BackupVault").values()},
        "RuleName": {rule["Name"] for rule in market.all("AWS::Events::Rule").values()},
    }
    for alarm in market.all("AWS::CloudWatch::Alarm").values():
        for metric in metrics(alarm):
            for name, value in dimensions(metric).items():
                assert name == "Reason" or value in there[name], f"{alarm.id}: {name} {value}"


# ── everything that can break is watched ──


def watched(market):
    """What is watched by an alarm that tells someone, by itself or as a part."""
    return [(m.get("MetricName"), dimensions(m)) for alarm in alarms(market).values() for m in metrics(alarm)]


def test_errors_of_each_function_are_one_query_without_those_that_are_no_errors(market):
    (alarm,) = [a for a in alarms(market).values() if a["AlarmName"] == "market-functions-failing"]
    (query,) = alarm["Metrics"]
    asked = re.fullmatch(
        r'SELECT SUM\(Errors\) FROM SCHEMA\("AWS/Lambda", FunctionName\) WHERE FunctionName != \'(.+)\' '
        r"GROUP BY FunctionName ORDER BY SUM\(\) DESC",
        query["Expression"],
    )
    # The authorizer refuses a token by an error; what it cannot do it counts itself.
    (authorizer,) = [f["FunctionName"] for f in functions(market).values() if f["Handler"] == "authorizer"]
    assert asked[1] == authorizer
    assert ("TokensUnverified", {}) in watched(market)


def test_every_index_of_the_table_is_watched_whichever_it_has(expanded):
    for chosen in ("view+lists", "view+lists+desk", "lists+desk"):
        market = tree("aws", expanded["aws"], ListIndexes=chosen)
        (table,) = market.all("AWS::DynamoDB::Table").values()
        indexes = {index["IndexName"] for index in table["GlobalSecondaryIndexes"]} | {None}
        for event in ("ReadThrottleEvents", "WriteThrottleEvents"):
            found = {about.get("GlobalSecondaryIndexName") for name, about in watched(market) if name == event}
            assert found == indexes, chosen
        for alarm in alarms(market).values():
            ids = {m["Id"] for m in alarm.get("Metrics", []) if "MetricStat" in m}
            for metric in alarm.get("Metrics", []):
                if "Expression" in metric and ids:
                    used = set(re.findall(r"\b[a-z][a-z0-9]*\b", metric["Expression"]))
                    assert used == ids, alarm.id


def test_every_queue_is_watched_and_the_dead_letters_of_every_one(market):
    dead = dead_letter_queues(market)
    names = {f"att:{q.id}.QueueName": q["QueueName"] for q in market.all("AWS::SQS::Queue").values()}
    found = {(name, names.get(about.get("QueueName"), about.get("QueueName"))) for name, about in watched(market)}
    for queue in market.all("AWS::SQS::Queue").values():
        shown_and_hidden = {"ApproximateNumberOfMessagesVisible", "ApproximateNumberOfMessagesNotVisible"}
        for wanted in shown_and_hidden if queue.id in dead else {"ApproximateAgeOfOldestMessage"}:
            assert (wanted, queue["QueueName"]) in found, queue.id


def test_the_code_writes_no_metric_that_nobody_uses(everything):
    """Each costs 0.30 a month, of each value of its dimension."""
    asked = {name for name, _ in watched(everything)}
    (board,) = everything.all("AWS::CloudWatch::Dashboard").values()
    pages_of_all = "".join(page.read_text() for page in RUNBOOKS.glob("*.md"))
    # What no alarm asks for, a page tells to look at, and the dashboard shows it.
    looked_at = {name for name in written() - asked if re.search(rf"\b{name}\b", pages_of_all) and name in board["DashboardBody"]}
    assert written() - asked - looked_at == set()
    assert looked_at == {"JobsFailed"}


def test_no_filter_counts_what_nobody_uses(market):
    made = [made for f in market.all("AWS::Logs::MetricFilter").values() for made in f["MetricTransformations"]]
    assert {(m["MetricNamespace"], m["MetricName"]) for m in made} <= {("market", name) for name, _ in watched(market)}


def test_lateness_silence_and_what_waits_have_alarms(market):
    by_metric = {alarm.get("MetricName"): alarm for alarm in alarms(market).values()}
    assert by_metric["Sweeps"]["TreatMissingData"] == "breaching"
    names = {name for name, _ in watched(market)}
    assert {"LatenessMs", "WaveMs", "PacedWaveMs", "Left", "IteratorAge", "ApiReady", "CorruptItems", "NoticesDelayed"} <= names
    # What waits for a human stays in ALARM until it is done, also while nothing is told of it.
    for gauge in ("WorkParkedNow", "NoticesWaitingForAHuman", "PaymentsWaiting"):
        assert by_metric[gauge]["TreatMissingData"] == "ignore", gauge
        assert by_metric[gauge]["Threshold"] == 0 and by_metric[gauge]["Statistic"] == "Maximum", gauge


def test_what_only_some_markets_have_is_watched_where_they_have_it(expanded, everything):
    def names(market):
        return {alarm["AlarmName"].removeprefix("market-") for alarm in alarms(market).values()}

    optional = {"notices-bounced", "mail-bounces", "mail-complaints", "sms-spend", "certificate-expires"}
    assert optional <= names(everything)
    smtp = {"EmailBy": "smtp", "SmtpServer": "smtp.example.com", "SmtpSecret": "market/smtp"}
    assert not optional & names(tree("aws", expanded["aws"], **smtp))
    china = names(tree("aws-cn", expanded["aws-cn"]))
    assert not optional & china and names(everything) - optional == china


def test_each_class_promises_what_its_alarms_reckon_with(market):
    promised = {"checks": 99.95, "money": 99.9, "protective": 99.9, "rest": 99.5}
    windows = {"burn-5m": (300, 14.4), "burn-1h": (3600, 14.4), "burn-30m": (1800, 6), "burn-6h": (21_600, 6), "over-budget": (86_400, 1)}
    found = {alarm["AlarmName"]: alarm for alarm in alarms(market).values()}
    for of, percent in promised.items():
        for window, (period, times) in windows.items():
            alarm = found[f"market-{of}-{window}"]
            burn = next(m["Expression"] for m in alarm["Metrics"] if "Expression" in m)
            (budget,) = re.findall(r"errors / requests / ([\d.]+),", burn)
            assert float(budget) == pytest.approx(1 - percent / 100), alarm.id
            assert {m["MetricStat"]["Period"] for m in alarm["Metrics"] if "MetricStat" in m} == {period}, alarm.id
            assert float(alarm["Threshold"]) == times, alarm.id
            named = {m["MetricName"] for m in metrics(alarm)}
            assert named == {f"{of.capitalize()}Errors", f"{of.capitalize()}Requests"}, alarm.id
        for name, (what, period, floor, percent) in {
            "slow": ("Slow", 3600, {"money": 3, "protective": 3}.get(of, 5), 1),
            "refused": ("Refused", 900, {"checks": 150, "rest": 50}.get(of, 10), 5),
        }.items():
            alarm = found[f"market-{of}-{name}"]
            assert kind(market, alarm) == "ticket" and float(alarm["Threshold"]) == percent, alarm.id
            assert {m["MetricStat"]["Period"] for m in alarm["Metrics"] if "MetricStat" in m} == {period}, alarm.id
            (expression,) = [m["Expression"] for m in alarm["Metrics"] if "Expression" in m]
            assert f">= {floor}, " in expression, alarm.id
            named = {m["MetricName"] for m in metrics(alarm)} - {f"{of.capitalize()}Requests"}
            # The rest is all, less the others.
            others = {f"{other.capitalize()}{what}" for other in CLASSES[:3]}
            assert named == ({f"All{what}"} | others if of == "rest" else {f"{of.capitalize()}{what}"}), alarm.id
        for name, halves in (("failing", ("1h", "5m")), ("failing-slowly", ("6h", "30m"))):
            rule = found[f"market-{of}-{name}"]["AlarmRule"]
            ids = [found[f"market-{of}-burn-{half}"].id for half in halves]
            assert rule == f'ALARM("ref:{ids[0]}") AND ALARM("ref:{ids[1]}")', name


def test_the_dashboard_shows_each_class_and_what_waits(market):
    (board,) = market.all("AWS::CloudWatch::Dashboard").values()
    shown = json.dumps(json.loads(board["DashboardBody"]))
    for of in ("Checks", "Money", "Protective", "Rest"):
        assert f"{of}Errors" in shown and f"{of}Requests" in shown, of
    for of in ("Checks", "Money", "Protective", "All"):
        assert f"{of}Slow" in shown and f"{of}Refused" in shown, of
    for name in ("NoticesDelayed", "NoticesWaitingForAHuman", "WorkParkedNow", "PaymentsWaiting", "Left", "WaveMs", "PacedWaveMs"):
        assert name in shown, name


# ── topics, events, budget ──


def source_of(service):
    """The account, but of EventBridge: with a condition, whatever it is, nothing that it sends arrives."""
    return None if service == "events.amazonaws.com" else {"StringEquals": {"aws:SourceAccount": ACCOUNT}}


def test_both_topics_take_from_the_services_of_this_account_that_have_something_to_tell_and_from_no_other(market):
    wanted = SERVICES - ({"budgets.amazonaws.com"} if market.partition == "aws-cn" else set())
    for name in ("alarms", "tickets"):
        of = topic(market, name)
        (policy,) = [p for p in market.all("AWS::SNS::TopicPolicy").values() if target(p["Topics"][0]) == of.id]
        assert policy["Topics"] == [f"ref:{of.id}"]
        admitted = set()
        for statement in statements(policy["PolicyDocument"]):
            assert statement["Action"] == "sns:Publish" and statement["Resource"] == f"ref:{of.id}"
            if statement["Effect"] == "Allow":
                assert statement.get("Condition") == source_of(statement["Principal"]["Service"])
                admitted.add(statement["Principal"]["Service"])
        assert admitted == wanted, name


def test_the_topics_key_admits_whoever_may_publish_to_a_topic_and_no_other(market):
    (key,) = market.all("AWS::KMS::Key").values()
    publishers = {
        statement["Principal"]["Service"]
        for policy in market.all("AWS::SNS::TopicPolicy").values()
        for statement in statements(policy["PolicyDocument"])
        if statement["Effect"] == "Allow"
    }
    admitted = {}
    for statement in statements(key["KeyPolicy"]):
        if "Service" in statement["Principal"]:
            assert many(statement["Action"]) == ["kms:Decrypt", "kms:GenerateDataKey*"]
            admitted[statement["Principal"]["Service"]] = statement.get("Condition")
    # The key is there before it is known whether mail goes by SES.
    ses = {"ses.amazonaws.com"} if market.partition == "aws" else set()
    assert admitted.keys() == publishers | ses
    for service, condition in admitted.items():
        if service != "ses.amazonaws.com":
            assert condition == source_of(service), service


def rule(market, name):
    (found,) = [r for r in market.all("AWS::Events::Rule").values() if r["Name"] == f"market-{name}"]
    return found


def test_what_aws_health_tells_of_this_account_is_a_ticket(market):
    of_health = rule(market, "health")
    assert of_health["EventPattern"] == {"source": ["aws.health"]}
    (to,) = of_health["Targets"]
    # With a role EventBridge may fail at a topic that has a key.
    assert to["Arn"] == f"ref:{topic(market, 'tickets').id}" and "RoleArn" not in to


def test_a_backup_a_copy_or_a_restore_that_ends_otherwise_than_well_is_a_page(market):
    of_backups = rule(market, "backups")
    (to,) = of_backups["Targets"]
    assert to["Arn"] == f"ref:{topic(market, 'alarms').id}" and "RoleArn" not in to
    pattern = of_backups["EventPattern"]
    model = botocore.session.Session().get_service_model("backup")
    ends_well = {"CREATED", "PENDING", "RUNNING", "ABORTING", "COMPLETED"}
    for job, field, states in (
        ("Backup", "state", "BackupJobState"),
        ("Copy", "state", "CopyJobState"),
        ("Restore", "status", "RestoreJobStatus"),
    ):
        for state in model.shape_for(states).enum:
            event = {"source": "aws.backup", "detail-type": f"{job} Job State Change", "detail": {field: state}}
            assert is_matched(event, pattern) == (state not in ends_well), event
    assert not is_matched({"source": "aws.backup", "detail-type": "Recovery Point State Change", "detail": {"status": "EXPIRED"}}, pattern)


def is_matched(event, pattern):
    """Whether a rule's pattern is about an event: lists of values, fields of fields, and `$or`."""
    for name, wanted in pattern.items():
        if name == "$or":
            if not any(is_matched(event, one) for one in wanted):
                return False
        elif isinstance(wanted, dict):
            if not is_matched(event.get(name, {}), wanted):
                return False
        elif event.get(name) not in wanted:
            return False
    return True


@pytest.mark.parametrize("backups", ["true", "false"])
def test_every_rule_whose_events_do_not_arrive_rings_by_another_way(expanded, backups):
    market = tree("aws", expanded["aws"], Backups=backups)
    rules = {r["Name"] for r in market.all("AWS::Events::Rule").values()}
    assert rules == {"market-health"} | ({"market-backups"} if backups == "true" else set())
    found = {}
    for alarm in alarms(market).values():
        if alarm.get("MetricName") == "FailedInvocations":
            assert alarm["Namespace"] == "AWS/Events" and alarm["Threshold"] == 0 and alarm["Statistic"] == "Sum"
            found[dimensions(alarm)["RuleName"]] = kind(market, alarm)
    assert found == dict.fromkeys(rules, "ticket")


def test_a_budget_is_there_where_one_was_set_and_tells_of_eight_tenths_and_of_a_forecast_beyond_it(expanded):
    assert not tree("aws", expanded["aws"]).all("AWS::Budgets::Budget")
    market = tree("aws", expanded["aws"], MonthlyBudgetUsd=500)
    (budget,) = market.all("AWS::Budgets::Budget").values()
    assert budget["Budget"]["BudgetLimit"] == {"Amount": 500, "Unit": "USD"} and budget["Budget"]["TimeUnit"] == "MONTHLY"
    told = {
        (n["Notification"]["NotificationType"], n["Notification"]["Threshold"], n["Subscribers"][0]["Address"])
        for n in budget["NotificationsWithSubscribers"]
    }
    tickets = f"ref:{topic(market, 'tickets').id}"
    assert told == {("ACTUAL", 80, tickets), ("FORECASTED", 100, tickets)}
    # Its first message would be refused.
    assert budget.attributes["DependsOn"] == "TicketTopicPolicy"


def test_in_china_a_budget_is_refused_rather_than_silently_left_out(expanded):
    market = tree("aws-cn", expanded["aws-cn"], MonthlyBudgetUsd=500)
    assert any("MonthlyBudgetUsd" in refusal for refusal in market.refusals())
    assert not market.all("AWS::Budgets::Budget")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, {}),
        ({"AlarmEmail": "a@example.com"}, {"alarms": "a@example.com", "tickets": "a@example.com"}),
        (
            {"AlarmEmail": "a@example.com", "TicketEmail": "t@example.com"},
            {"alarms": "a@example.com", "tickets": "t@example.com"},
        ),
        ({"TicketEmail": "t@example.com"}, {"tickets": "t@example.com"}),
    ],
)
def test_tickets_go_to_who_gets_pages_unless_someone_else_is_named(expanded, given, told):
    market = tree("aws", expanded["aws"], EmailBy="smtp", SmtpServer="s.example.com", SmtpSecret="market/smtp", **given)
    topics = {f"ref:{t.id}": t["TopicName"].removeprefix("market-") for t in market.all("AWS::SNS::Topic").values()}
    found = {topics[s["TopicArn"]]: s["Endpoint"] for s in market.all("AWS::SNS::Subscription").values()}
    assert found == told


# ── what it costs ──


def test_concurrency_is_reckoned_with_what_the_account_has_and_not_with_the_step_below(expanded):
    def percent(**parameters):
        market = tree("aws", expanded["aws"], **parameters)
        (alarm,) = [a for a in alarms(market).values() if a["AlarmName"] == "market-concurrency"]
        (expression,) = [m["Expression"] for m in alarm["Metrics"] if "Expression" in m]
        return expression, re.search(r"the account's (\d+) concurrent", alarm["AlarmDescription"])[1]

    assert percent(AccountConcurrency=1000, AccountConcurrencyLimit=3000) == ("100 * used / 3000", "3000")
    # Who does not say it has the step.
    assert percent(AccountConcurrency=1000) == ("100 * used / 1000", "1000") and percent() == ("100 * used / 10", "10")


def test_the_alarms_cost_what_the_guide_says(expanded):
    market = tree("aws", expanded["aws"])
    simple = market.all("AWS::CloudWatch::Alarm").values()
    row = re.search(
        r"^\| alarms \| (\d+), of (\d+) metrics, at 0\.10; (\d+) of two others each, at 0\.50; one query, 0\.10 for each of (\d+) "
        r"functions \| ([\d.]+) \|$",
        (ROOT / "docs/DEPLOY.md").read_text(),
        re.M,
    )
    listed = [alarm for alarm in simple if metrics(alarm)]
    # Lambda tells nothing of a function that nobody called: it is the most that it may be.
    counts = len(listed), sum(len(metrics(a)) for a in listed), len(alarms(market)) - len(simple), len(functions(market)) - 1
    assert tuple(map(int, row.groups()[:4])) == counts
    assert float(row[5]) == pytest.approx(0.10 * counts[1] + 0.50 * counts[2] + 0.10 * counts[3], abs=0.05)


def test_the_metrics_cost_what_the_guide_says(expanded):
    row = re.search(
        r"^\| metrics of our own \| (\d+), at 0\.30; (\w+) more in a month in which notices are delayed \| ([\d.]+) \|$",
        (ROOT / "docs/DEPLOY.md").read_text(),
        re.M,
    )
    assert float(row[3]) == pytest.approx(0.30 * int(row[1]), abs=0.05)
    market = tree("aws", expanded["aws"])
    counted = {f["MetricTransformations"][0]["MetricName"] for f in market.all("AWS::Logs::MetricFilter").values()}
    code = (ROOT / "functions/src/metrics.rs").read_text()
    lanes = sum(f["Handler"].startswith("worker/") for f in functions(market).values())
    # Failed jobs are told apart by their lane; delayed notices by why, beside the sum of all.
    assert int(row[1]) == len(counted) + len(written() - {"JobsFailed", "NoticesDelayed"}) + lanes
    reasons = set(re.findall(r"NoticesDelayed\(Hindrance::([A-Z]\w+)\)", code))
    assert row[2] == {6: "six"}[len(reasons) + 1]
