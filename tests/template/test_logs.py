"""Logs: what they hold of a caller, and for how long."""

import re

from expand import tree


def test_the_firewalls_log_holds_what_was_refused_and_neither_paths_nor_credentials(market):
    (logging,) = market.all("AWS::WAFv2::LoggingConfiguration").values()
    assert logging["LoggingFilter"] == {
        "DefaultBehavior": "DROP",
        "Filters": [
            {
                "Behavior": "KEEP",
                "Requirement": "MEETS_ANY",
                "Conditions": [{"ActionCondition": {"Action": "BLOCK"}}],
            }
        ],
    }
    kinds = [kind for field in logging["RedactedFields"] for kind in field]
    headers = {field["SingleHeader"]["Name"] for field in logging["RedactedFields"] if "SingleHeader" in field}
    assert {"UriPath", "QueryString"} <= set(kinds)
    # Whatever the API reads of a person or a secret in a header, and where a browser was before.
    assert headers == {"authorization", "cookie", "idempotency-key", "referer", "webhook-signature", "x-api-key"}


def test_what_holds_addresses_is_kept_for_thirty_days_unless_told_otherwise(expanded):
    def kept(**parameters):
        groups = tree("aws", expanded["aws"], **parameters).all("AWS::Logs::LogGroup").values()
        return {group["RetentionInDays"] for group in groups if group["LogGroupName"].startswith("aws-waf-logs-")}

    assert kept() == {30}
    assert kept(LogRetentionDays=3653) == {30}
    assert kept(AddressRetentionDays=7) == {7}


def test_the_firewall_keeps_no_samples_for_a_sample_has_the_token(market):
    (firewall,) = market.all("AWS::WAFv2::WebACL").values()
    for at in [firewall.properties, *firewall["Rules"]]:
        assert at["VisibilityConfig"]["SampledRequestsEnabled"] is False, at["Name"]


def test_the_access_log_has_nothing_of_a_person(market):
    (stage,) = market.all("AWS::ApiGateway::Stage").values()
    named = set(re.findall(r"\$context\.([A-Za-z.]+)", stage["AccessLogSetting"]["Format"]))
    # Of $context.identity, .authorizer.<claim>, .path and the like nothing: the resource is the route's pattern.
    assert named == {
        "authorizer.latency",
        "error.responseType",
        "httpMethod",
        "integration.latency",
        "requestId",
        "requestTimeEpoch",
        "resourcePath",
        "responseLatency",
        "responseLength",
        "status",
        "wafResponseCode",
    }
