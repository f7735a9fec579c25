"""The trail: what people read and change is recorded, and nobody changes the record."""

from expand import ACCOUNT, apart, target, tree
from iam import place
from people import access, audit, expanded
from ways import roles, statements

__all__ = ["access", "audit", "expanded"]


def selects(selector, event):
    """Whether a trail records an event by this selector."""
    for field in selector["FieldSelectors"]:
        value = str(event.get(field["Field"], ""))
        positive = [value == wanted for wanted in field.get("Equals", [])]
        positive += [value.startswith(wanted) for wanted in field.get("StartsWith", [])]
        negative = [value.startswith(unwanted) for unwanted in field.get("NotStartsWith", [])]
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
