"""The trail: what people read and change is recorded, and nobody changes the record."""

from expand import ACCOUNT, REGIONS, ROOT, apart, target, tree
from iam import place
from ways import roles, statements


def selects(selector, event):
    """Whether a trail records an event by this selector."""
    for field in selector["FieldSelectors"]:
        value = str(event.get(field["Field"], ""))
        positive = [value == wanted for wanted in field.get("Equals", [])]
        positive += [value.startswith(wanted) for wanted in field.get("StartsWith", [])]
        negative = [value.startswith(unwanted) for unwanted in field.get("NotStartsWith", [])]
        negative += [value == unwanted for unwanted in field.get("NotEquals", [])]
        if (positive and not any(positive)) or any(negative):
            return False
    return True


def recorded(audit, event):
    return any(selects(selector, event) for selector in audit.resources["Trail"]["AdvancedEventSelectors"])


def events(partition, arn):
    table = place(partition, "dynamodb")
    common = {"eventCategory": "Data", "userIdentity.arn": arn, "readOnly": "true"}
    for type, at in [
        ("AWS::DynamoDB::Table", table),
        ("AWS::DynamoDB::Table", f"{table}/index/desk"),
        ("AWS::DynamoDB::Table", f"{table}-restored"),
        ("AWS::DynamoDB::Stream", f"{table}/stream/2026"),
        ("AWS::Lambda::Function", place(partition, "lambda", "get_order")),
    ]:
        yield common | {"resources.type": type, "resources.ARN": at}


def test_whatever_people_read_of_the_table_or_invoke_is_recorded(audit, access):
    names = [role["RoleName"] for role in access.all("AWS::IAM::Role").values()]
    assert len(names) == 5
    for name in [*names, "administrator", "AWSReservedSSO_Everything_1"]:
        for event in events(audit.partition, f"arn:{audit.partition}:sts::{ACCOUNT}:assumed-role/{name}/someone"):
            assert recorded(audit, event), f"{name}: {event}"
    for event in events(audit.partition, f"arn:{audit.partition}:iam::{ACCOUNT}:user/someone"):
        assert recorded(audit, event)
    assert recorded(audit, {"eventCategory": "Management", "readOnly": "false"})
    # Of another table nothing, nor what the trail itself writes.
    other = {"eventCategory": "Data", "resources.type": "AWS::DynamoDB::Table", "resources.ARN": place(audit.partition, "dynamodb") + "place"}
    assert not recorded(audit, other)


def test_what_the_markets_own_functions_do_is_left_out_where_that_is_possible_and_chosen(expanded):
    role = f"arn:aws:sts::{ACCOUNT}:assumed-role/market-ChecksRoutes-1-CheckTokenRole-1/market-check_token"
    for chosen in ("people", "everyone"):
        audit = apart("audit", "aws", expanded["aws"], Recorded=chosen)
        for event in events("aws", role):
            assert recorded(audit, event) is (chosen == "everyone")
    china = apart("audit", "aws-cn", expanded["aws-cn"])
    for event in events("aws-cn", role.replace("arn:aws:", "arn:aws-cn:")):
        assert recorded(china, event)
    # CloudFormation names a role after its stack, so none has a name of its own.
    for made in roles(tree("aws", expanded["aws"])).values():
        assert "RoleName" not in made.properties, made.id


def test_what_data_gateways_invoke_all_day_is_not_paid_for_but_where_everything_is(expanded):
    for partition in REGIONS:
        function = place(partition, "lambda", "checks")
        for chosen in ("people", "everyone"):
            audit = apart("audit", partition, expanded[partition], Recorded=chosen)
            for at in (function, f"{function}:live"):
                asked = {"eventCategory": "Data", "resources.type": "AWS::Lambda::Function", "resources.ARN": at, "readOnly": "false"}
                asked |= {"userIdentity.arn": f"arn:{partition}:sts::{ACCOUNT}:assumed-role/data-gateway/i-1"}
                assert recorded(audit, asked) is (chosen == "everyone"), at
                # Its namesakes are routes, which believe whoever invokes them.
                assert recorded(audit, asked | {"resources.ARN": at.replace("-checks", "-checks-check_token")}), at


def test_what_it_would_cost_to_record_what_data_gateways_invoke_stands_beside_the_other_costs():
    # 20,000 checks a merchant and month; 0.10 USD for 100,000 data events.
    checks = 1_000_000 * 20_000
    one_by_one, in_batches = (checks / calls / 100_000 * 0.10 for calls in (1, 50))
    for page in ("docs/DEPLOY.md", "docs/decisions/0094-what-people-read-is-recorded.md"):
        text = " ".join((ROOT / page).read_text().split())
        assert f"{one_by_one:,.0f}" in text and f"{in_batches:,.0f} in batches of 50" in text, page
    # Three events of each check otherwise: it is invoked, it reads, it counts.
    everyone = 1_000 * 20_000 * 3 / 100_000 * 0.10
    assert f"about three of them: {everyone:,.0f} for the thousand merchants" in " ".join((ROOT / "docs/DEPLOY.md").read_text().split())


def test_the_trail_is_of_every_region_for_what_iam_is_told_is_recorded_in_another(audit):
    trail = audit.resources["Trail"]
    assert trail["IsMultiRegionTrail"] is True and trail["IncludeGlobalServiceEvents"] is True
    assert recorded(audit, {"eventCategory": "Management", "readOnly": "true"})


def test_what_is_recorded_cannot_be_changed_by_anybody_until_its_time_is_over(audit):
    bucket, trail = audit.resources["Records"], audit.resources["Trail"]
    retention = bucket["ObjectLockConfiguration"]["Rule"]["DefaultRetention"]
    assert bucket["ObjectLockEnabled"] is True and retention == {"Mode": "COMPLIANCE", "Days": 1096}
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    assert bucket.attributes["DeletionPolicy"] == bucket.attributes["UpdateReplacePolicy"] == "Retain"
    assert all(bucket["PublicAccessBlockConfiguration"].values())
    assert len(bucket["BucketName"]) <= 63
    assert trail["IsLogging"] is True and trail["EnableLogFileValidation"] is True and trail["IncludeGlobalServiceEvents"] is True
    assert target(trail["S3BucketName"]) == bucket.id
    writers = [s for s in statements(audit.resources["RecordsPolicy"]["PolicyDocument"]) if s["Effect"] == "Allow"]
    for statement in writers:
        assert statement["Principal"] == {"Service": "cloudtrail.amazonaws.com"}
        assert statement["Condition"]["StringEquals"]["aws:SourceArn"].endswith(f":trail/{trail['TrailName']}")
