"""Queues and topics, and those who send and read: nothing is lost on the way between them, and nobody else comes in."""

import json
from collections import defaultdict

from expand import target
from ways import allowed, called, dead_letter_queues, functions, many, roles, statements


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


def test_every_queue_has_dead_letters_and_they_are_kept_as_long_as_sqs_keeps_anything_and_so_are_facts(market, handlers):
    dead = dead_letter_queues(market)
    # What the sweep hands out again.
    hints = {handler.removeprefix("worker/") for handler in handlers if handler.startswith("worker/")}
    for queue in market.all("AWS::SQS::Queue").values():
        if queue.id in dead:
            assert queue["MessageRetentionPeriod"] == 14 * 86_400, queue.id
        else:
            assert int(queue["RedrivePolicy"]["maxReceiveCount"]) >= 5, queue.id
            # A dead letter's age counts from when it was first sent. What comes from nowhere else is kept as long where it waits.
            is_fact = queue["QueueName"].removeprefix("market-") not in hints
            assert int(queue["MessageRetentionPeriod"]) == (14 if is_fact else 4) * 86_400, queue.id


def test_every_queue_has_its_alarm(market):
    watched = defaultdict(set)
    names = {f"att:{q.id}.QueueName": q["QueueName"] for q in market.all("AWS::SQS::Queue").values()}
    for alarm in market.all("AWS::CloudWatch::Alarm").values():
        of = [m["MetricStat"]["Metric"] for m in alarm.get("Metrics", []) if "MetricStat" in m]
        for metric in of or [alarm.properties]:
            for dimension in metric.get("Dimensions", []):
                if dimension["Name"] == "QueueName":
                    watched[names.get(dimension["Value"], dimension["Value"])].add(metric["MetricName"])
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
    assert read == {f"market-{job}": f"worker/{job}" for job in jobs} | {"market-mail_feedback": "feedback", "market-mail_feedback-dead": "feedback"}


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


def test_every_worker_may_read_its_own_queue_and_no_other(market):
    reads = defaultdict(set)
    for mapping in market.all("AWS::Lambda::EventSourceMapping").values():
        of_queue = target(mapping["EventSourceArn"]) in market.all("AWS::SQS::Queue")
        reads[called(market, mapping["FunctionName"]).id] |= {mapping["EventSourceArn"]} if of_queue else set()
    for id, sources in reads.items():
        received = {
            resource
            for statement in allowed(roles(market)[target(functions(market)[id]["Role"])])
            for resource in many(statement["Resource"])
            if {"sqs:ReceiveMessage", "sqs:DeleteMessage"} & set(many(statement["Action"]))
        }
        assert received == sources, id


def test_dead_letters_that_prove_something_are_read_where_they_lie_once_an_operator_says_so(market):
    mappings = [m for m in market.all("AWS::Lambda::EventSourceMapping").values() if m.get("Enabled") is False]
    (again,) = mappings
    assert again["EventSourceArn"] in {f"att:{queue}.Arn" for queue in dead_letter_queues(market)}
    assert called(market, again["FunctionName"])["Handler"] == "feedback"


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
