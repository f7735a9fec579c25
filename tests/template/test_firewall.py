"""What the firewall's managed rules refuse, and that no lawful request is among it.

AWS publishes the names of the rules and what each looks for, not their patterns
(https://docs.aws.amazon.com/waf/latest/developerguide/aws-managed-rule-groups-baseline.html). A lawful request that may
have what a rule looks for is only counted."""

import re

import pytest

from expand import ROOT
from ways import DESCRIPTION, operations

# The rules of the groups, as they are documented.
GROUPS = {
    "AWSManagedRulesAmazonIpReputationList": [
        "AWSManagedIPReputationList",
        "AWSManagedReconnaissanceList",
        "AWSManagedIPDDoSList",
    ],
    "AWSManagedRulesKnownBadInputsRuleSet": [
        *(f"JavaDeserializationRCE_{part}" for part in ("HEADER", "BODY", "URIPATH", "QUERYSTRING")),
        "Host_localhost_HEADER",
        "PROPFIND_METHOD",
        "ExploitablePaths_URIPATH",
        *(f"Log4JRCE_{part}" for part in ("HEADER", "QUERYSTRING", "BODY", "URIPATH")),
        "ReactJSRCE_BODY",
    ],
    "AWSManagedRulesCommonRuleSet": [
        "NoUserAgent_HEADER",
        "UserAgent_BadBots_HEADER",
        *(f"SizeRestrictions_{part}" for part in ("QUERYSTRING", "Cookie_HEADER", "BODY", "URIPATH")),
        *(f"EC2MetaDataSSRF_{part}" for part in ("BODY", "COOKIE", "URIPATH", "QUERYARGUMENTS")),
        *(f"GenericLFI_{part}" for part in ("QUERYARGUMENTS", "URIPATH", "BODY")),
        *(f"RestrictedExtensions_{part}" for part in ("URIPATH", "QUERYARGUMENTS")),
        *(f"GenericRFI_{part}" for part in ("QUERYARGUMENTS", "BODY", "URIPATH")),
        *(f"CrossSiteScripting_{part}" for part in ("COOKIE", "QUERYARGUMENTS", "BODY", "URIPATH")),
    ],
}

# What lawful requests may have, and the rules that would have refused it.
LAWFUL = [
    ("a document that quotes a page", "BODY", "<script>alert(1)</script>", ["CrossSiteScripting_BODY"]),
    ("a clause that names an address", "BODY", "http://192.168.1.10/x", ["GenericRFI_BODY"]),
    ("a clause about folders", "BODY", "../../etc/passwd", ["GenericLFI_BODY"]),
    ("a clause about a cloud", "BODY", "http://169.254.169.254/latest/meta-data/", ["EC2MetaDataSSRF_BODY"]),
    ("a report of a fault", "BODY", "${jndi:ldap://example.com/a}", ["Log4JRCE_BODY"]),
    ("a report of another", "BODY", "(java.lang.Runtime).getRuntime().exec('id')", ["JavaDeserializationRCE_BODY"]),
    ("a report of a third", "BODY", '{"then":"$1:__proto__:then"}', ["ReactJSRCE_BODY"]),
    ("an agreement of eleven chapters", "BODY", "第一条 " * 1_000, ["SizeRestrictions_BODY"]),
    ("words searched for", "QUERY", "<b>log</b>", ["CrossSiteScripting_QUERYARGUMENTS"]),
    ("words with a file's name", "QUERY", "setup.ini", ["RestrictedExtensions_QUERYARGUMENTS"]),
    ("words with an address", "QUERY", "http://192.168.1.10/", ["GenericRFI_QUERYARGUMENTS"]),
    ("words with a folder", "QUERY", "../../photos", ["GenericLFI_QUERYARGUMENTS"]),
    ("words about a cloud", "QUERY", "169.254.169.254", ["EC2MetaDataSSRF_QUERYARGUMENTS"]),
    ("words of a fault", "QUERY", "${jndi:", ["Log4JRCE_QUERYSTRING", "JavaDeserializationRCE_QUERYSTRING"]),
    ("a document called ini", "PATH", "/documents/acme.ini", ["RestrictedExtensions_URIPATH"]),
    ("a document called env", "PATH", "/documents/acme.env", ["ExploitablePaths_URIPATH"]),
    ("a merchant whose id ends in dots", "PATH", "/accounts/shop..", ["GenericLFI_URIPATH"]),
    ("a merchant whose id is a number", "PATH", "/accounts/169.254.169.254", ["EC2MetaDataSSRF_URIPATH"]),
    ("a program without a name", "HEADER", "", ["NoUserAgent_HEADER"]),
]

# What no lawful request has, and why.
REFUSED = {
    "UserAgent_BadBots_HEADER": "scanners that say so",
    "SizeRestrictions_QUERYSTRING": "2,048 bytes: see below",
    "SizeRestrictions_URIPATH": "1,024 bytes: see below",
    "SizeRestrictions_Cookie_HEADER": "the API reads no cookie",
    "EC2MetaDataSSRF_COOKIE": "the API reads no cookie",
    "CrossSiteScripting_COOKIE": "the API reads no cookie",
    "CrossSiteScripting_URIPATH": "ids have letters, digits and _ . - ~",
    "GenericRFI_URIPATH": "ids have letters, digits and _ . - ~",
    "JavaDeserializationRCE_URIPATH": "ids have letters, digits and _ . - ~",
    "Log4JRCE_URIPATH": "ids have letters, digits and _ . - ~",
    "JavaDeserializationRCE_HEADER": "headers are programs' own words",
    "Log4JRCE_HEADER": "headers are programs' own words",
    "Host_localhost_HEADER": "the API is not on the caller's machine",
    "PROPFIND_METHOD": "no route has it",
}


def actions(market):
    """The managed rules that only count, and all others, by group."""
    (firewall,) = market.all("AWS::WAFv2::WebACL").values()
    found = {}
    for rule in firewall["Rules"]:
        group = rule["Statement"].get("ManagedRuleGroupStatement")
        if group:
            assert group["VendorName"] == "AWS" and rule["OverrideAction"] == {"None": {}}
            overridden = group.get("RuleActionOverrides", [])
            assert all(rule["ActionToUse"] == {"Count": {}} for rule in overridden), group["Name"]
            found[group["Name"]] = [rule["Name"] for rule in overridden]
    return found


def test_every_rule_that_is_named_is_one_that_aws_documents(market):
    counted = actions(market)
    assert counted.keys() == GROUPS.keys()
    for group, names in counted.items():
        assert len(names) == len(set(names)) and set(names) <= set(GROUPS[group]), group


@pytest.mark.parametrize(("request_of", "part", "text", "rules"), LAWFUL)
def test_a_lawful_request_is_counted_at_most(market, request_of, part, text, rules):
    counted = {name for names in actions(market).values() for name in names}
    assert set(rules) <= counted, request_of
    if part == "PATH":
        # It is lawful: an id of the description's.
        name = text.rpartition("/")[2]
        schemas = DESCRIPTION["components"]["schemas"]
        schema = schemas["DocumentId" if text.startswith("/documents/") else "AccountId"]
        assert re.fullmatch(schema["pattern"], name), text


def test_each_rule_counts_for_a_reason_or_refuses_for_one(market):
    counted = {name for names in actions(market).values() for name in names}
    assert counted == {rule for _, _, _, rules in LAWFUL for rule in rules}
    everything = {name for group, names in GROUPS.items() if "IpReputation" not in group for name in names}
    assert everything - counted == REFUSED.keys()
    assert not [name for name in REFUSED if name.endswith(("_BODY", "_QUERYARGUMENTS"))], "clients' texts"


def test_the_longest_lawful_path_is_shorter_than_the_firewalls():
    lengths = []
    for _, path, _ in operations(DESCRIPTION):
        # An id has 64 characters, a payment's record 33 more.
        lengths.append(len(re.sub(r"\{\w+\}", "x" * 97, path)))
    assert max(lengths) + len("/A_stage_name") < 1_024 / 2


def test_paths_and_queries_carry_nothing_but_what_the_reasons_say():
    schemas = DESCRIPTION["components"]["schemas"]
    for method, path, operation in operations(DESCRIPTION):
        for parameter in operation.get("parameters", []):
            schema = parameter["schema"]
            schema = schemas[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
            if parameter["in"] == "path" and parameter["name"] != "code" and "pattern" in schema:
                # Whatever a pattern admits is of these characters.
                tried = [f"{first}{chr(c)}" for first in "a1A" for c in range(33, 127)]
                admitted = {text[1] for text in tried if re.fullmatch(schema["pattern"], text)}
                # Sections are cited as 1.02(b)(ii); a bracket alone is nothing that a rule refuses.
                brackets = set() if parameter["name"] == "clause" else set("()")
                assert not admitted & ({*"<>${}:/%"} | brackets), f"{method} {path}: {parameter['name']}"
            assert parameter["in"] in ("path", "query", "header"), f"{method} {path}: {parameter['name']} in a cookie"


def test_what_still_refuses_is_written_down():
    said = (ROOT / "docs/decisions/0046-the-firewall-refuses-nothing-lawful.md").read_text()
    for name in REFUSED:
        assert f"`{name}`" in said, name
