"""Who is told of what: the alarms of the expanded templates over made-up nights and outages.

Each scenario says exactly which alarms ring and whom they tell, so that an alarm too many fails it like one too few.
"""

import re

import pytest

import capacity
from capacity import MEANT_FOR
from cloudwatch import Bells, Figures, is_like, math, pattern, state
from expand import Resource, expansions, tree

HOUR = 60
CERTIFICATE = "arn:aws:acm:us-east-1:000000000000:certificate/c"
CHECK, PAY, REVOKE, READ = (
    "POST /v1/checks",
    "POST /v1/payments",
    "POST /v1/accounts/{account_id}/grants/{grant_id}/revocation",
    "GET /v1/accounts/{account_id}/orders/{order_id}",
)


@pytest.fixture(scope="module")
def market():
    return tree(
        "aws",
        expansions("aws"),
        SmsBy="sns",
        SmsMonthlyUsd=100,
        DomainName="m.example.com",
        CertificateArn=CERTIFICATE,
        AccountConcurrency=1000,
    )


@pytest.fixture(scope="module")
def bells(market):
    return Bells(market)


@pytest.fixture(scope="module")
def filters(market):
    return list(market.all("AWS::Logs::MetricFilter").values())


@pytest.fixture(scope="module")
def functions(market):
    return {function["FunctionName"]: function["Handler"] for function in market.all("AWS::Lambda::Function").values()}


def at_rest(minutes):
    """A market in which all is well and nobody asks for anything."""
    figures = Figures(minutes)
    for name in ("LatenessMs", "WaveMs", "PacedWaveMs", "Left", "WorkParkedNow", "PaymentsWaiting", "NoticesWaitingForAHuman", "WakeUpsSent"):
        figures.put("market", name, 0)
    figures.put("market", "Sweeps", 1)
    figures.put("market", "ApiReady", 1)
    figures.put("AWS/Lambda", "Errors", 0, FunctionName="market-sweep")
    figures.put("AWS/Lambda", "ConcurrentExecutions", 2)
    figures.put("AWS/Lambda", "Throttles", 0)
    figures.put("AWS/CertificateManager", "DaysToExpiry", 200, CertificateArn=CERTIFICATE)
    figures.put("AWS/SES", "Reputation.BounceRate", 0.001)
    figures.put("AWS/SES", "Reputation.ComplaintRate", 0.0)
    figures.put("AWS/Backup", "NumberOfBackupJobsCompleted", lambda m: 1 if m % (24 * HOUR) == 0 else None, BackupVaultName="market")
    return figures


def by_day(minutes, answer=lambda route: "200"):
    """The requests of a day: nearly all are checks. `answer` says what a route answers with."""
    per_minute = {CHECK: 300, READ: 20, "POST /v1/accounts/{account_id}/orders": 2, PAY: 1}
    lines = []
    for minute in range(minutes):
        for route, times in per_minute.items():
            lines.append((minute, {"route": route, "status": answer(route)}, times))
        if minute % 10 == 0:
            lines.append((minute, {"route": REVOKE, "status": answer(REVOKE)}, 1))
    return lines


def rung(bells, figures, **how):
    """What rang, by whom it told."""
    told = {"page": set(), "ticket": set()}
    for kind, name in bells.over(figures, **how):
        told[kind].add(name)
    return told


NOBODY = {"page": set(), "ticket": set()}


# ── the evaluator itself ──


def test_a_pattern_compares_fields_and_joins_comparisons():
    asked = pattern('{ $.status = "5*" && ($.route = "GET /a" || $.route = "POST /b/{id}") }')
    assert asked({"status": "503", "route": "POST /b/{id}"}) and asked({"status": "500", "route": "GET /a"})
    assert not asked({"status": "200", "route": "GET /a"}) and not asked({"status": "500", "route": "GET /b"})
    assert not asked({})
    assert is_like("503", "5*") and not is_like("415", "5*") and not is_like("5", "55")
    slow = pattern('{ $.latencyMs > 2000 && ($.route = "GET /a") }')
    assert slow({"latencyMs": 2001, "route": "GET /a"}) and not slow({"latencyMs": 2000, "route": "GET /a"})
    # A text is no number.
    assert not slow({"latencyMs": "2001", "route": "GET /a"}) and not slow({"route": "GET /a"})
    for unknown in ("ERROR", '{ $.status >= 500 }', "{ $.route = %x% }"):
        with pytest.raises(AssertionError):
            pattern(unknown)


def test_math_is_cloudwatchs_and_what_is_missing_stays_missing():
    values = {"errors": 6.0, "requests": 100.0, "none": None}
    assert math("IF(errors >= 5, errors / requests / 0.0005, 0)", values) == pytest.approx(120)
    assert math("IF(errors > 6, 1, 0)", values) == 0
    assert math("errors + none", values) is None and math("errors + FILL(none, 0)", values) == 6
    assert math("errors / 0", values) is None and math("IF(none > 1, 1, 0)", values) is None
    assert math("MAX([FILL(none, 0), errors])", values) == 6
    for unknown in ("SUM(METRICS())", "errors ** 2", "errors && requests"):
        with pytest.raises((AssertionError, SyntaxError, KeyError)):
            math(unknown, values)


def alarm(**properties):
    usual = {
        "Namespace": "n",
        "MetricName": "m",
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": 3,
        "DatapointsToAlarm": 2,
        "Threshold": 1,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "TreatMissingData": "notBreaching",
    }
    return Resource("alarm", None, "AWS::CloudWatch::Alarm", usual | properties, {})


@pytest.mark.parametrize(
    ("values", "missing", "before", "after"),
    [
        ([1, 0, 1], "notBreaching", "OK", "ALARM"),
        ([1, 0, 0], "notBreaching", "ALARM", "OK"),
        ([1, None, None], "notBreaching", "ALARM", "OK"),
        ([1, None, None], "breaching", "OK", "ALARM"),
        ([0, 0, None], "breaching", "ALARM", "OK"),
        ([None, None, None], "ignore", "ALARM", "ALARM"),
        ([None, None, None], "ignore", "OK", "OK"),
        ([0, 0, None], "ignore", "ALARM", "OK"),
        ([1, 1, None], "ignore", "OK", "ALARM"),
    ],
)
def test_an_alarm_takes_so_many_of_so_many_points_and_what_is_missing_as_it_says(values, missing, before, after):
    figures = Figures(3)
    figures.put("n", "m", values)
    assert state(alarm(TreatMissingData=missing), figures, 3, before) == after


def test_a_window_slides_and_its_statistic_is_over_what_was_told():
    figures = Figures(10)
    figures.put("n", "m", lambda minute: None if minute == 4 else minute)
    of = ("n", "m", frozenset())
    assert figures.window(of, "Sum", 5, 3) == 2 + 3 and figures.window(of, "Maximum", 10, 2) == 9
    assert figures.window(of, "Minimum", 10, 3) == 7 and figures.window(of, "Average", 10, 2) == 8.5
    assert figures.window(of, "Sum", 5, 1) is None and figures.window(("n", "x", frozenset()), "Sum", 5, 5) is None


def test_a_query_sums_what_it_selects_by_groups_where_it_has_some():
    figures = Figures(5)
    figures.put("AWS/Lambda", "Errors", 1, FunctionName="a")
    figures.put("AWS/Lambda", "Errors", 2, FunctionName="b")
    figures.put("AWS/Lambda", "Errors", 50)
    text = 'SELECT SUM(Errors) FROM SCHEMA("AWS/Lambda", FunctionName)'
    assert figures.query(text, 5, 5) == {None: 15}
    assert figures.query(f"{text} WHERE FunctionName != 'a'", 5, 5) == {None: 10}
    grouped = f"{text} GROUP BY FunctionName ORDER BY SUM() DESC"
    assert figures.query(grouped, 5, 2) == {"a": 2, "b": 4}
    assert figures.query('SELECT SUM(Other) FROM SCHEMA("AWS/Lambda", FunctionName)', 5, 5) == {}
    with pytest.raises(AssertionError):
        figures.query(f"{text} WHERE FunctionName LIKE 'a%'", 5, 5)


def test_an_alarm_on_groups_rings_for_one_of_them_and_not_for_the_sum_of_all():
    figures = Figures(3)
    query = 'SELECT SUM(Errors) FROM SCHEMA("AWS/Lambda", FunctionName) GROUP BY FunctionName ORDER BY SUM() DESC'
    about = {"Id": "e", "Expression": query, "Period": 60, "ReturnData": True}
    of = alarm(Metrics=[about], Threshold=3)
    for name in ("MetricName", "Namespace", "Statistic", "Period"):
        del of.properties[name]
    for function in "abcd":
        figures.put("AWS/Lambda", "Errors", 1, FunctionName=function)
    assert state(of, figures, 3, "OK") == "OK"
    figures.put("AWS/Lambda", "Errors", [3, 0, 3], FunctionName="a")
    assert state(of, figures, 3, "OK") == "ALARM"


# ── the access log ──


def test_every_route_counts_for_one_class_and_its_failures_for_the_same(market, filters):
    (api,) = market.all("AWS::ApiGateway::RestApi").values()
    routes = [
        f"{method.upper()} {path}"
        for path, methods in api["Body"]["paths"].items()
        for method in methods
        if method in ("get", "head", "post", "put", "patch", "delete")
    ]
    assert len(routes) > 60
    classes = set()
    for route in routes:
        for status, ms in (("200", 12), ("200", 2001), ("404", 2000), ("429", 3), ("500", 40), ("503", 9), ("504", 20_000)):
            line = {"route": route, "status": status, "latencyMs": ms}
            counted = sorted(
                f["MetricTransformations"][0]["MetricName"] for f in filters if pattern(f["FilterPattern"])(line)
            )
            of_all = [name for name in counted if name.startswith("All")]
            assert of_all == ["AllRefused"] * (status == "429") + ["AllSlow"] * (ms > 2000), line
            counted = [name for name in counted if not name.startswith("All")]
            (of,) = {re.sub("(Errors|Requests|Refused|Slow)$", "", name) for name in counted}
            whole = ["Requests"] + ["Errors"] * (status[0] == "5") + (["Refused"] * (status == "429") + ["Slow"] * (ms > 2000)) * (of != "Rest")
            assert counted == sorted(of + what for what in whole), line
            classes.add(of)
    assert classes == {"Checks", "Money", "Protective", "Rest"}


def test_a_line_of_the_access_log_says_what_its_filters_ask(market, filters):
    (stage,) = market.all("AWS::ApiGateway::Stage").values()
    format = stage["AccessLogSetting"]["Format"]
    assert '"route":"$context.httpMethod $context.resourcePath"' in format and '"status":"$context.status"' in format
    # A number: nobody documents that a filter compares a text of digits as one.
    assert '"latencyMs":$context.responseLatency,' in format
    for filter in filters:
        # CloudWatch Logs takes no longer one.
        assert len(filter["FilterPattern"]) <= 1024, filter.id
        assert filter["LogGroupName"] == stage["AccessLogSetting"]["DestinationArn"].replace("att:", "ref:").removesuffix(".Arn")


# ── nights and outages ──


def test_nothing_rings_in_a_quiet_night(bells):
    assert rung(bells, at_rest(8 * HOUR)) == NOBODY


def test_nothing_rings_on_a_busy_day(bells, filters):
    figures = at_rest(7 * HOUR)
    figures.count(filters, by_day(7 * HOUR))
    assert rung(bells, figures) == NOBODY


def test_one_error_at_night_rings_nowhere(bells, filters):
    figures = at_rest(8 * HOUR)
    lines = [(minute, {"route": READ, "status": "200"}, 1) for minute in range(0, 8 * HOUR, 45)]
    figures.count(filters, [*lines, (100, {"route": PAY, "status": "500"}, 1)])
    figures.put("AWS/Lambda", "Errors", lambda minute: 1 if minute == 100 else None, FunctionName="market-payments-take_payment")
    assert rung(bells, figures) == NOBODY


def test_where_no_function_can_start_it_rings_for_every_class_and_within_minutes(bells, filters, functions):
    # Whatever a caller is answered with is the gateway's own: 503 where the authorizer or the function failed.
    begins, minutes = 7 * HOUR, 9 * HOUR
    figures = at_rest(minutes)
    before = by_day(begins)
    figures.count(filters, before + [(m + begins, line, n) for m, line, n in by_day(minutes - begins, lambda route: "503")])
    for name in ("Sweeps", "LatenessMs", "WaveMs", "PacedWaveMs", "Left", "ApiReady", "WorkParkedNow", "PaymentsWaiting", "NoticesWaitingForAHuman"):
        series = figures.series["market", name, frozenset()]
        series[begins:] = [None] * (minutes - begins)
    for name, handler in functions.items():
        if handler.startswith("api/") or handler in ("sweep", "relay"):
            figures.put("AWS/Lambda", "Errors", lambda m: 1 if m >= begins else 0, FunctionName=name)
    figures.put("AWS/Lambda", "IteratorAge", lambda m: max(0, m - begins) * 60_000, FunctionName="market-relay")
    for queue, after in (("sweep-dead", 1), ("relay-dead", 60)):
        figures.put("AWS/SQS", "ApproximateNumberOfMessagesVisible", lambda m, after=after: max(0, m - begins - after), QueueName=f"market-{queue}")
    by_name = bells.over(figures, begin=begins)
    assert {name for kind, name in by_name if kind == "page"} == {
        "sweep-not-run",
        "functions-failing",
        "checks-failing",
        "money-failing",
        "protective-failing",
        "rest-failing",
    }
    assert {name for kind, name in by_name if kind == "ticket"} == {
        "checks-failing-slowly",
        "money-failing-slowly",
        "protective-failing-slowly",
        "rest-failing-slowly",
        "sweep-dead",
        "relay-dead",
        "relay-age",
    }
    # Somebody is told within five minutes, and of the traffic's own failing within ten; what is rare needs three of it.
    assert min(by_name["page", "sweep-not-run"]) <= begins + 5
    for name in ("checks-failing", "money-failing", "functions-failing"):
        assert min(by_name["page", name]) <= begins + 10, name
    assert min(by_name["page", "protective-failing"]) <= begins + 31


def test_where_only_payments_fail_the_class_of_money_rings_and_no_other(bells, filters):
    begins, minutes = 7 * HOUR, 8 * HOUR
    figures = at_rest(minutes)
    after = by_day(minutes - begins, lambda route: "500" if route == PAY else "200")
    figures.count(filters, by_day(begins) + [(m + begins, line, n) for m, line, n in after])
    by_name = bells.over(figures, begin=begins)
    assert by_name.keys() == {("page", "money-failing"), ("ticket", "money-failing-slowly")}
    assert min(by_name["page", "money-failing"]) <= begins + 5


def test_payments_that_are_few_and_all_fail_ring_without_a_pause(bells, filters):
    # One every ten minutes, at night.
    figures = at_rest(4 * HOUR)
    figures.count(filters, [(m, {"route": PAY, "status": "500"}, 1) for m in range(0, 4 * HOUR, 10)])
    rings = bells.over(figures)["page", "money-failing"]
    assert min(rings) <= 31 and rings == list(range(min(rings), 4 * HOUR + 1))


def test_what_fails_a_little_for_days_is_a_ticket(bells, filters):
    # Twice what the objective of checks allows: no hour of it would wake anyone.
    minutes = 4 * 24 * HOUR
    figures = at_rest(minutes)
    lines = [(m, {"route": CHECK, "status": "200"}, 300) for m in range(minutes)]
    lines += [(m, {"route": CHECK, "status": "503"}, 3) for m in range(0, minutes, 10)]
    figures.count(filters, lines)
    assert rung(bells, figures, begin=72 * HOUR, every=60) == {"page": set(), "ticket": {"checks-over-budget"}}


def test_where_mail_is_down_it_rings_in_minutes_and_stops_when_it_is_up(bells):
    figures = at_rest(6 * HOUR)
    down, up = 30, 4 * HOUR
    # Three notices, each tried after 1, 2, 4, 8 … minutes: from the third attempt on.
    tries = [3, 7, 15, 31, 63, 127]
    figures.put("market", "NoticesDelayed", lambda m: 3 if m - down in tries and m < up else None)
    figures.put("market", "NoticesDelayed", lambda m: 3 if m - down in tries and m < up else None, Reason="unreachable")
    rings = bells.over(figures)
    assert rings.keys() == {("page", "notices-delayed")}
    assert min(rings["page", "notices-delayed"]) <= down + 8
    assert max(rings["page", "notices-delayed"]) < up


def test_one_mailbox_that_is_full_rings_nowhere(bells):
    figures = at_rest(6 * HOUR)
    figures.put("market", "NoticesDelayed", lambda m: 1 if m in (3, 7, 15, 31, 63, 127, 255) else None)
    figures.put("market", "NoticesDelayed", lambda m: 1 if m in (3, 7, 15, 31, 63, 127, 255) else None, Reason="failing")
    assert rung(bells, figures) == NOBODY


def test_a_fault_of_ours_that_holds_up_notices_rings_at_its_first(bells):
    figures = at_rest(2 * HOUR)
    figures.put("market", "NoticesDelayed", lambda m: 1 if m == 10 else None)
    figures.put("market", "NoticesDelayed", lambda m: 1 if m == 10 else None, Reason="misconfigured")
    rings = bells.over(figures)
    assert rings.keys() == {("page", "notices-misconfigured")} and min(rings["page", "notices-misconfigured"]) == 11


def wave(minutes, lane="expire_grant", per_minute=4000, merchants=100_000):
    """So many things due at one midnight: for so long no pass hands out all of them."""
    figures = at_rest(minutes + 90)
    during = lambda m: 30 <= m < 30 + minutes  # noqa: E731
    figures.put("market", "Left", lambda m: 6 if during(m) else 0)
    figures.put("market", "PacedWaveMs" if lane == "notify" else "WaveMs", lambda m: (m - 30) * 60_000 if during(m) else 0)
    # Its last are no wave any more, and as late as it is old.
    figures.put("market", "LatenessMs", lambda m: minutes * 60_000 if m in (30 + minutes, 31 + minutes) else 0)
    figures.put("market", "WakeUpsSent", lambda m: per_minute if during(m) else 0)
    of = {"QueueName": f"market-{lane}"}
    # What the relay handed out at once, where it was committed at once, waits as long as the wave lasts.
    age = (lambda m: (m - 30) * 60) if lane == "notify" else (lambda m: 1000)
    figures.put("AWS/SQS", "ApproximateAgeOfOldestMessage", lambda m: age(m) if during(m) else 0, **of)
    figures.put("AWS/SQS", "NumberOfMessagesDeleted", lambda m: per_minute if during(m) else 0, **of)
    figures.put("AWS/Lambda", "ConcurrentExecutions", lambda m: 8 if during(m) else 3)
    return figures


def paced(account, per_second):
    """A market of that size whose notices leave at that pace."""
    given = {"AccountConcurrency": account, "NoticesPerSecond": per_second}
    return Bells(tree("aws", expansions("aws"), **given))


def test_a_large_wave_that_is_worked_off_rings_nowhere(bells):
    assert rung(bells, wave(30)) == NOBODY


@pytest.mark.parametrize("account", MEANT_FOR)
def test_to_tell_everyone_at_the_pace_of_notices_rings_nowhere(account):
    # By e-mail, and as a text message too where it is grave: docs/CAPACITY.md has the hours.
    per_second = max(10, capacity.pace(MEANT_FOR[account]))
    for notices in (1, 2):
        minutes = round(notices * MEANT_FOR[account] / per_second / 60)
        assert minutes == round(60 * capacity.hours(notices * MEANT_FOR[account], per_second))
        figures = wave(minutes, "notify", 60 * per_second)
        assert rung(paced(account, per_second), figures, every=5) == NOBODY, minutes


def test_a_hundred_thousand_notices_ring_nowhere_in_the_smallest_market_either():
    assert rung(paced(10, 10), wave(167, "notify", 600), every=5) == NOBODY


def test_a_wave_of_one_lane_hides_no_other_lane_that_is_late(bells):
    figures = wave(300, "notify", 600)
    # The grants' passes leave nothing, and find each time what is late.
    figures.put("market", "LatenessMs", lambda m: 90_000 if 100 <= m < 120 else 0)
    rings = bells.over(figures)
    assert rings.keys() == {("page", "work-late")}
    assert min(rings["page", "work-late"]) == 103 and max(rings["page", "work-late"]) < 125


def test_a_wave_that_lasts_longer_than_its_pace_allows_rings():
    # What is handed out does not get done, and is handed out again and again: at ten a second a hundred thousand have been told twice
    # over after five and a half hours, and a quarter more of them after seven.
    rings = paced(1000, 10).over(wave(9 * HOUR, "notify", 600), every=5)
    assert rings.keys() == {("page", "work-left")}
    assert 30 + 6.9 * HOUR <= min(rings["page", "work-left"]) <= 30 + 7.3 * HOUR


@pytest.mark.parametrize("account", MEANT_FOR)
def test_what_another_lane_does_not_get_done_rings_within_the_hour_whatever_is_handed_out_beside_it(account):
    # Every pass is cut off with something left of each lane, so none is late by itself; what is handed out is no little.
    figures = at_rest(4 * HOUR)
    figures.put("market", "Left", 126)
    figures.put("market", "WaveMs", lambda m: max(0, m - 30) * 60_000)
    figures.put("market", "WakeUpsSent", 600)
    rings = paced(account, 10).over(figures)
    assert rings.keys() == {("page", "work-left")}
    assert 30 + HOUR < min(rings["page", "work-left"]) <= 30 + HOUR + 16
    # Nor does a wave of notices hide it, that is at its pace.
    figures = wave(150, "notify", 600)
    figures.put("market", "WaveMs", lambda m: max(0, m - 60) * 60_000)
    rings = paced(account, 10).over(figures)
    assert rings.keys() == {("page", "work-left")}
    assert 60 + HOUR < min(rings["page", "work-left"]) <= 60 + HOUR + 16


def test_a_wave_that_stands_still_rings_within_ten_minutes(bells):
    figures = wave(4 * HOUR, "notify", 600)
    figures.put("market", "WakeUpsSent", lambda m: 600 if 30 <= m < 60 else 0)
    rings = bells.over(figures)
    assert rings.keys() == {("page", "work-stuck")}
    assert min(rings["page", "work-stuck"]) == 70


def test_notices_that_wait_in_their_queue_and_do_not_leave_ring_within_the_hour(bells):
    figures = wave(4 * HOUR, "notify", 600)
    # Nobody takes them any more from an hour on.
    figures.series["AWS/SQS", "NumberOfMessagesDeleted", frozenset({("QueueName", "market-notify")})][90:] = [None] * (5 * HOUR + 30 - 90)
    rings = bells.over(figures)
    assert rings.keys() == {("page", "notify-age")}
    assert min(rings["page", "notify-age"]) == 95
    # Nor where there was no wave before.
    figures = at_rest(2 * HOUR)
    figures.put("AWS/SQS", "ApproximateAgeOfOldestMessage", lambda m: max(0, m - 30) * 60, QueueName="market-notify")
    rings = bells.over(figures)
    assert rings.keys() == {("page", "notify-age")} and min(rings["page", "notify-age"]) == 30 + 30 + 6


@pytest.mark.parametrize("queue", ["notify", "mail_feedback", "relay", "sweep"])
def test_a_dead_letter_that_somebody_hides_rings_all_the_same(bells, queue):
    figures = at_rest(HOUR)
    of = {"QueueName": f"market-{queue}-dead"}
    figures.put("AWS/SQS", "ApproximateNumberOfMessagesVisible", lambda m: 1 if m == 5 else 0, **of)
    figures.put("AWS/SQS", "ApproximateNumberOfMessagesNotVisible", lambda m: 1 if m > 5 else 0, **of)
    name = f"{queue}-dead" if queue in ("relay", "sweep") else f"{queue}-dead-letters"
    assert bells.over(figures) == {("ticket", name): list(range(6, HOUR + 1))}


def test_where_no_backup_is_made_any_more_it_rings_before_the_second_is_missed_and_stops_with_the_next(bells):
    figures = at_rest(6 * 24 * HOUR)
    made = {"BackupVaultName": "market"}
    # Daily, some minutes earlier or later; from the second day to the fifth not at all.
    figures.series["AWS/Backup", "NumberOfBackupJobsCompleted", frozenset(made.items())][:] = [None] * figures.minutes
    days = [0, 24 * HOUR + 40, 5 * 24 * HOUR]
    figures.put("AWS/Backup", "NumberOfBackupJobsCompleted", lambda m: 1 if m in days else None, **made)
    rings = bells.over(figures, every=10)
    assert rings.keys() == {("page", "backups-missing")}
    after = min(rings["page", "backups-missing"]) - days[1]
    assert 37 * HOUR < after <= 39 * HOUR, "a backup may begin an hour late, and take twelve"
    assert days[2] - 10 <= max(rings["page", "backups-missing"]) <= days[2] + 10


def test_lateness_without_a_wave_rings(bells):
    figures = at_rest(2 * HOUR)
    figures.put("market", "LatenessMs", lambda m: 90_000 if 30 <= m < 50 else 0)
    assert rung(bells, figures) == {"page": {"work-late"}, "ticket": set()}


def test_a_function_that_keeps_crashing_rings_and_one_message_that_crashes_its_worker_is_a_ticket(bells):
    figures = at_rest(2 * HOUR)
    figures.put("AWS/Lambda", "Errors", lambda m: 2 if 30 <= m < 60 else 0, FunctionName="market-orders-get_order")
    assert rung(bells, figures) == {"page": {"functions-failing"}, "ticket": set()}
    figures = at_rest(2 * HOUR)
    # Received five times, six minutes apart.
    figures.put("AWS/Lambda", "Errors", lambda m: 1 if m in (30, 36, 42, 48, 54) else 0, FunctionName="market-worker-notify")
    assert rung(bells, figures) == {"page": set(), "ticket": {"worker-notify-errors"}}


def test_what_waits_for_a_human_rings_until_nothing_waits(bells):
    for metric, name in (
        ("WorkParkedNow", "work-parked"),
        ("NoticesWaitingForAHuman", "notices-waiting"),
        ("PaymentsWaiting", "payments-waiting"),
    ):
        figures = at_rest(6 * HOUR)
        # Not told for an hour, while it waits: nothing is known of it that would be over.
        figures.put("market", metric, lambda m: 2 if 30 <= m < 5 * HOUR else 0)
        figures.series["market", metric, frozenset()][120:180] = [None] * 60
        rings = bells.over(figures)
        assert rings.keys() == {("ticket", name)}, metric
        assert rings["ticket", name] == list(range(33, 5 * HOUR + 3)), metric


def test_a_silent_api_rings_while_the_sweep_runs(bells):
    figures = at_rest(2 * HOUR)
    figures.put("market", "ApiReady", lambda m: 0 if 30 <= m < 60 else 1)
    assert rung(bells, figures) == {"page": {"api-silent"}, "ticket": set()}


def test_a_caller_beyond_its_rate_is_a_ticket_and_no_failure(bells, filters):
    figures = at_rest(2 * HOUR)
    figures.count(filters, [(m, {"route": CHECK, "status": "429" if m % 2 else "200"}, 300) for m in range(2 * HOUR)])
    figures.put("AWS/WAFV2", "BlockedRequests", 300, WebACL="market", Region="us-east-1", Rule="ALL")
    assert rung(bells, figures) == {"page": set(), "ticket": {"checks-refused", "firewall-blocks"}}


@pytest.mark.parametrize(("route", "of"), [(CHECK, "checks"), (PAY, "money"), (REVOKE, "protective"), (READ, "rest")])
def test_what_is_slow_or_refused_of_one_class_is_hidden_by_no_other(bells, filters, route, of):
    begins, minutes = 2 * HOUR, 4 * HOUR

    def figures(**so):
        made, lines = at_rest(minutes), [(m, {"latencyMs": 30} | line, n) for m, line, n in by_day(minutes)]
        is_it = lambda m, line: m >= begins and line["route"] == route  # noqa: E731
        made.count(filters, [(m, line | so if is_it(m, line) else line, n) for m, line, n in lines])
        return made

    assert rung(bells, figures()) == NOBODY
    for so, name in (({"latencyMs": 2500}, f"{of}-slow"), ({"status": "429"}, f"{of}-refused")):
        # Of the seldom ones there are six in an hour.
        expected = NOBODY if (of, name) == ("protective", "protective-refused") else {"page": set(), "ticket": {name}}
        assert rung(bells, figures(**so)) == expected


def test_a_few_cold_starts_at_night_are_slow_and_ring_nowhere(bells, filters):
    figures = at_rest(4 * HOUR)
    lines = [(m, {"route": READ, "status": "200", "latencyMs": 2500}, 1) for m in range(0, 4 * HOUR, 20)]
    figures.count(filters, lines)
    assert rung(bells, figures) == NOBODY


def test_what_is_refused_of_no_route_is_of_the_rest(bells, filters):
    figures = at_rest(2 * HOUR)
    figures.count(filters, [(m, {"route": "GET -", "status": "429"}, 20) for m in range(2 * HOUR)] + by_day(2 * HOUR))
    assert rung(bells, figures) == {"page": set(), "ticket": {"rest-refused"}}


# ── deployments ──


def brings_back(filters, lines, of, at):
    """Whether what is asked for and answered takes a deployment of a route of that class back."""
    steps = tree("aws", expansions("aws"), Shift="Canary10Percent5Minutes")
    (alarm,) = [a for a in steps.all("AWS::CloudWatch::Alarm").values() if a["AlarmName"] == f"market-{of}-deploy"]
    figures = at_rest(at)
    figures.count(filters, lines)
    return state(alarm, figures, at, "OK") == "ALARM"


@pytest.mark.parametrize(("route", "of", "floor"), [(CHECK, "checks", 5), (PAY, "money", 3), (REVOKE, "protective", 3), (READ, "rest", 5)])
def test_one_error_at_a_quiet_hour_takes_no_deployment_back_and_so_many_in_five_minutes_do(filters, route, of, floor):
    def failed(n, of_all):
        return [(10, {"route": route, "status": "503"}, n), (11, {"route": route, "status": "200"}, of_all - n)]

    assert not brings_back(filters, failed(1, 1), of, 12)
    assert not brings_back(filters, failed(floor - 1, floor - 1), of, 12)
    assert brings_back(filters, failed(floor, floor), of, 12)
    # A tenth of the calls go to the new version, and one in eight of them fail: seen at once where so many come.
    assert brings_back(filters, failed(floor, 10 * floor), of, 12)
    # What the objective allows takes nothing back; nor does what was before.
    assert not brings_back(filters, failed(floor, 1000 * floor), of, 12)
    assert not brings_back(filters, failed(floor, floor), of, 17)


# ── what will become an outage ──


@pytest.mark.parametrize("limit", [0, 3000])
def test_concurrency_rings_at_eight_tenths_of_what_the_account_has(limit):
    bells = Bells(tree("aws", expansions("aws"), AccountConcurrency=1000, AccountConcurrencyLimit=limit))
    for used, rings in ((0.75, False), (0.85, True)):
        figures = at_rest(HOUR)
        figures.put("AWS/Lambda", "ConcurrentExecutions", used * (limit or 1000))
        assert (("ticket", "concurrency") in bells.over(figures)) == rings, used


@pytest.mark.parametrize("rule", ["health", "backups"])
def test_an_event_that_does_not_arrive_is_a_ticket(bells, rule):
    figures = at_rest(HOUR)
    figures.put("AWS/Events", "FailedInvocations", lambda m: 1 if m == 20 else None, RuleName=f"market-{rule}")
    assert rung(bells, figures) == {"page": set(), "ticket": {f"{rule}-undelivered"}}


@pytest.mark.parametrize(
    ("namespace", "metric", "dimensions", "value", "ticket"),
    [
        ("AWS/SES", "Reputation.BounceRate", {}, 0.06, "mail-bounces"),
        ("AWS/SES", "Reputation.ComplaintRate", {}, 0.002, "mail-complaints"),
        ("AWS/SNS", "SMSMonthToDateSpentUSD", {}, 85, "sms-spend"),
        ("AWS/Lambda", "ConcurrentExecutions", {}, 900, "concurrency"),
        (
            "AWS/CertificateManager",
            "DaysToExpiry",
            {"CertificateArn": CERTIFICATE},
            20,
            "certificate-expires",
        ),
    ],
)
def test_what_will_become_an_outage_is_a_ticket_before(bells, namespace, metric, dimensions, value, ticket):
    figures = at_rest(2 * HOUR)
    figures.put(namespace, metric, value, **dimensions)
    assert rung(bells, figures) == {"page": set(), "ticket": {ticket}}


def test_a_throttled_index_rings_whichever_it_is(bells):
    for index, name in (("due", "due-index-throttled"), ("lists", "table-throttled"), ("desk", "table-throttled")):
        figures = at_rest(HOUR)
        figures.put("AWS/DynamoDB", "WriteThrottleEvents", 3, TableName="market", GlobalSecondaryIndexName=index)
        assert rung(bells, figures) == {"page": {name}, "ticket": set()}, index
