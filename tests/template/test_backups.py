"""That the table can be brought back: which one the market stands on, what is kept beside it, and what that takes."""

import json
import re
from pathlib import Path

import pytest

from expand import ACCOUNT, REGIONS, ROOT, apart, target, tree
from iam import may
from people import boundary
from ways import many

LABEL = "2026-11-27T12:30:00.000"
RESTORED = {"TableName": "market-restored", "TableStreamLabel": LABEL}
RUNBOOK = (ROOT / "docs/runbooks/restore.md").read_text()
DEPLOY = (ROOT / "docs/DEPLOY.md").read_text()


def the(market, type):
    (resource,) = market.all(type).values()
    return resource


def texts(value):
    if isinstance(value, dict):
        return [text for item in value.values() for text in texts(item)]
    if isinstance(value, list):
        return [text for item in value for text in texts(item)]
    return [str(value)]


# ── the table on which the market stands ──


def test_the_table_of_0_5_0_is_neither_replaced_nor_renamed_by_an_update(expanded):
    before = json.loads(Path(__file__).with_name("table-0.5.0.json").read_text())
    table = the(tree("aws", expanded["aws"], TableName="market"), "AWS::DynamoDB::Table")
    # Another logical name would be another resource: a second table of that name is refused, and the first is let go.
    assert table.id == "Data/Table"
    now = {name: table.get(name) for name in before["Properties"]}
    assert now == before["Properties"]
    assert table.attributes["DeletionPolicy"] == before["DeletionPolicy"] == "Retain"


@pytest.mark.parametrize("parameters", [{"TableName": "markte"}, {"MarketName": "markte", "TableName": "market"}])
def test_a_name_that_is_mistyped_makes_no_empty_table(expanded, parameters):
    refusals = list(tree("aws", expanded["aws"], **parameters).refusals())
    assert any("no empty market" in text for text in refusals)


def test_the_name_of_the_table_is_always_said(expanded):
    for name in ("template", "infra/data"):
        assert "Default" not in expanded["aws"][name]["Parameters"]["TableName"], name


@pytest.mark.parametrize("partition", REGIONS)
def test_a_stack_that_is_pointed_at_another_table_stands_on_it_whole(expanded, partition):
    own = tree(partition, expanded[partition])
    market = tree(partition, expanded[partition], **RESTORED)
    assert not list(market.refusals())
    assert not market.all("AWS::DynamoDB::Table"), "it makes none, and lets go of its own, which stays"
    arn = f"arn:{partition}:dynamodb:{REGIONS[partition]}:{ACCOUNT}:table/market-restored"
    named = {
        variables["MARKET_TABLE"]
        for function in market.all("AWS::Lambda::Function").values()
        if (variables := function["Environment"]["Variables"]) and "MARKET_TABLE" in variables
    }
    assert named == {"market-restored"}
    mappings = [mapping["EventSourceArn"] for mapping in market.all("AWS::Lambda::EventSourceMapping").values()]
    assert f"{arn}/stream/{LABEL}" in mappings
    # Whatever named the own table names the other one, and nothing names the own one any more.
    assert not [text for resource in market.all().values() for text in texts(resource.properties) if "Data/Table" in text]
    of_own = [resource.id for resource in own.all().values() if "Data/Table" in str(resource.properties)]
    of_other = [resource.id for resource in market.all().values() if "market-restored" in str(resource.properties)]
    # The stack that would make it is told its name.
    of_other.remove("Data")
    assert of_own == of_other and len(of_own) > 60


def test_the_stream_of_another_table_is_that_of_its_name(expanded):
    about = expanded["aws"]["template"]["Parameters"]["TableStreamLabel"]
    assert re.match(about["AllowedPattern"], LABEL) and about["Default"] == ""
    refusals = list(tree("aws", expanded["aws"], TableName="market-restored").refusals())
    assert any("TableStreamLabel" in text for text in refusals)


# ── what no update does ──


ALL = {"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*"}
TABLE = {"StringEquals": {"ResourceType": ["AWS::DynamoDB::Table"]}}


@pytest.mark.parametrize(
    "file, resource, condition", [("stack-policy", "LogicalResourceId/Data", None), ("data-stack-policy", "*", TABLE)]
)
def test_no_update_replaces_the_table_or_lets_go_of_it_and_everything_else_happens(expanded, file, resource, condition):
    # A policy lies on one stack, not on those below it: the root's keeps the part that makes the table, the part's the table.
    allowed, denied = json.loads((ROOT / f"infra/{file}.json").read_text())["Statement"]
    assert allowed == ALL, "without this everything is denied"
    assert (denied["Effect"], denied["Principal"]) == ("Deny", "*")
    assert set(denied["Action"]) == {"Update:Replace", "Update:Delete"}
    assert (denied["Resource"], denied.get("Condition")) == (resource, condition)
    market = tree("aws", expanded["aws"])
    table = the(market, "AWS::DynamoDB::Table")
    assert table.id.split("/")[0] == "Data" and market.resources["Data"].type == "AWS::CloudFormation::Stack"
    # By the type: a part that is pointed at another table has none of its own, and a name that is not there is refused.
    assert [r.id for r in market.child("Data").resources.values() if r.type == table.type] == [table.id]


def test_the_stacks_policies_are_no_readers_to_set():
    assert "set-stack-policy" not in DEPLOY and "--enable-termination-protection" not in DEPLOY


# ── copies ──


@pytest.mark.parametrize("partition", REGIONS)
@pytest.mark.parametrize("table", [{}, RESTORED], ids=["own", "another"])
def test_the_table_on_which_the_market_stands_is_backed_up_daily_for_thirty_five_days(expanded, partition, table):
    market = tree(partition, expanded[partition], **table)
    (rule,) = the(market, "AWS::Backup::BackupPlan")["BackupPlan"]["BackupPlanRule"]
    assert re.fullmatch(r"cron\(\d+ \d+ \* \* \? \*\)", rule["ScheduleExpression"]), "daily"
    assert int(rule["Lifecycle"]["DeleteAfterDays"]) == 35
    assert "CopyActions" not in rule
    selection = the(market, "AWS::Backup::BackupSelection")["BackupSelection"]
    (arn,) = selection["Resources"]
    backup = market.child("Backup")
    assert arn == market.child("Data").resolve(market.child("Data").template["Outputs"]["TableArn"]["Value"])
    assert backup.values["TableArn"] == arn
    assert target(rule["TargetBackupVault"]) == the(market, "AWS::Backup::BackupVault").id


@pytest.mark.parametrize("partition", REGIONS)
@pytest.mark.parametrize("chosen, hours", [({}, 38), ({"BackupsMissingHours": "110"}, 110)], ids=["daily", "twice a week"])
def test_that_no_backup_is_made_rings_after_the_schedules_gap_and_only_where_there_are_backups(expanded, partition, chosen, hours):
    def missing(**parameters):
        market = tree(partition, expanded[partition], **chosen, **parameters)
        return [alarm for alarm in market.all("AWS::CloudWatch::Alarm").values() if alarm["AlarmName"] == "market-backups-missing"]

    (alarm,) = missing()
    assert (int(alarm["EvaluationPeriods"]), int(alarm["DatapointsToAlarm"])) == (hours, hours)
    # CloudWatch looks back seven days, by the hour.
    (period,) = {metric["MetricStat"]["Period"] for metric in alarm["Metrics"] if "MetricStat" in metric}
    most = int(tree(partition, expanded[partition]).template["Parameters"]["BackupsMissingHours"]["MaxValue"])
    assert period == 3600 and most * period == 7 * 86_400
    assert not missing(Backups="false")


def test_nobody_deletes_a_backup_before_its_time(expanded):
    market = tree("aws", expanded["aws"], BackupRetentionDays=90)
    vault = the(market, "AWS::Backup::BackupVault")
    assert int(vault["LockConfiguration"]["MinRetentionDays"]) == 90
    # Final it becomes by hand: no update could take that back, and no stack be deleted.
    assert "ChangeableForDays" not in vault["LockConfiguration"]
    (rule,) = the(market, "AWS::Backup::BackupPlan")["BackupPlan"]["BackupPlanRule"]
    assert int(rule["Lifecycle"]["DeleteAfterDays"]) == 90, "a backup that would go before is refused by the lock"


def test_what_is_kept_outlives_the_stack_with_the_role_that_ages_it(expanded):
    market = tree("aws", expanded["aws"], ExportBucket="true")
    kept = ["AWS::Backup::BackupVault", "AWS::S3::Bucket"]
    roles = [role for role in market.all("AWS::IAM::Role").values() if role.id.startswith("Backup/")]
    for resource in [the(market, type) for type in kept] + roles:
        assert resource.attributes["DeletionPolicy"] == "RetainExceptOnCreate", resource.id
        assert resource.attributes["UpdateReplacePolicy"] == "Retain", resource.id


@pytest.mark.parametrize("vault", ["arn:aws:backup:eu-west-1:111122223333:backup-vault:market"])
def test_each_backup_is_copied_into_the_vault_that_is_named(expanded, vault):
    market = tree("aws", expanded["aws"], BackupCopyVaultArn=vault)
    (rule,) = the(market, "AWS::Backup::BackupPlan")["BackupPlan"]["BackupPlanRule"]
    (copy,) = rule["CopyActions"]
    assert copy["DestinationBackupVaultArn"] == vault
    assert int(copy["Lifecycle"]["DeleteAfterDays"]) == 35
    (role,) = (role for role in market.all("AWS::IAM::Role").values() if role.id.startswith("Backup/"))
    statements = [s for policy in role["Policies"] for s in policy["PolicyDocument"]["Statement"]]
    (into,) = (s for s in statements if "backup:CopyIntoBackupVault" in s["Action"])
    assert vault in into["Resource"]
    assert {"Sid": "FromVault", "Effect": "Allow", "Action": "backup:CopyFromBackupVault", "Resource": "*"} in statements


@pytest.mark.parametrize("partition", REGIONS)
@pytest.mark.parametrize("named", [["TableKeyArn"], ["BackupKeyArn"], ["TableKeyArn", "BackupKeyArn"], []])
def test_keys_of_ones_own_are_used_for_backups_by_way_of_dynamodb_alone(expanded, partition, named):
    """As AWS's policy for this role has it (AWSBackupServiceRolePolicyForBackup: KMSDynamoDBPermissions and what follows)."""
    keys = {name: f"arn:{partition}:kms:{REGIONS[partition]}:{ACCOUNT}:key/{name}" for name in named}
    market = tree(partition, expanded[partition], **keys)
    (role,) = (role for role in market.all("AWS::IAM::Role").values() if role.id.startswith("Backup/"))
    statements = [s for policy in role["Policies"] for s in policy["PolicyDocument"]["Statement"]]
    found = [s for s in statements if "kms:" in str(s["Action"])]
    about = [(s["Action"], s.get("Condition")) for s in found]
    assert about == ([
        (["kms:Decrypt", "kms:GenerateDataKey"], {"StringLike": {"kms:ViaService": f"dynamodb.{REGIONS[partition]}.*"}}),
        ("kms:DescribeKey", None),
        ("kms:CreateGrant", {"Bool": {"kms:GrantIsForAWSResource": "true"}}),
    ] if named else [])
    assert all(s["Resource"] == list(keys.values()) for s in found)
    # What bounds the role lets it do all that it may.
    bound = boundary(apart("access", partition, expanded[partition], **keys))
    for statement in found:
        for action in many(statement["Action"]):
            assert all(may(bound, action, key) for key in keys.values()), action


def test_the_role_of_backups_reads_this_table_alone(expanded):
    market = tree("aws", expanded["aws"])
    (role,) = (role for role in market.all("AWS::IAM::Role").values() if role.id.startswith("Backup/"))
    statements = [s for policy in role["Policies"] for s in policy["PolicyDocument"]["Statement"]]
    for statement in statements:
        if any(action.startswith("dynamodb:") for action in statement["Action"]):
            assert statement["Resource"] == "att:Data/Table.Arn"
        assert statement["Resource"] != "*"
        assert statement["Sid"] != "FromVault", "nothing is copied from where nothing is copied to"
        assert not re.search(r"Delete|Restore|PutItem|UpdateItem", str(statement["Action"]))


def test_backups_and_the_bucket_are_chosen_each_by_itself(expanded):
    def made(**parameters):
        market = tree("aws", expanded["aws"], **parameters)
        return bool(market.all("AWS::Backup::BackupPlan")), bool(market.all("AWS::S3::Bucket"))

    assert made() == (True, False)
    assert made(ExportBucket="true") == (True, True)
    assert made(Backups="false", ExportBucket="true") == (False, True)
    assert made(Backups="false") == (False, False)
    assert not [stack for stack in tree("aws", expanded["aws"], Backups="false").stacks() if stack.path == "Backup"]


def test_what_is_exported_cannot_be_changed_or_read_by_the_public(expanded):
    market = tree("aws", expanded["aws"], ExportBucket="true")
    bucket = the(market, "AWS::S3::Bucket")
    assert bucket["ObjectLockEnabled"] is True and bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    retention = bucket["ObjectLockConfiguration"]["Rule"]["DefaultRetention"]
    assert (retention["Mode"], int(retention["Days"])) == ("GOVERNANCE", 35)
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    (statement,) = the(market, "AWS::S3::BucketPolicy")["PolicyDocument"]["Statement"]
    assert (statement["Effect"], statement["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})


# ── what it takes, as the pages tell it ──


def rows(page, heading):
    """The rows of the first table below a heading."""
    section = page.split(f"\n{heading}\n", 1)[1]
    table = re.search(r"(?:^\|.*\n)+", section, re.M)[0].splitlines()[2:]
    return [[cell.strip().strip("*") for cell in row.strip("|").split("|")] for row in table]


def number(text):
    return float(re.search(r"[\d,.]*\d", text)[0].replace(",", ""))


# docs/DEPLOY.md, what a thousand merchants add in a month, and the lines of a merchant's ledger.
GB_OF_A_THOUSAND = number(re.search(r"storage and recovery \| ([\d.]+) GB more each month", DEPLOY)[1])
LINES_OF_A_MERCHANT = number(re.search(r"some (\d+) lines a month", DEPLOY)[1])


def test_the_time_of_a_restore_is_within_its_target():
    steps = rows(RUNBOOK, "## Targets")
    *parts, (what, minutes, _) = steps
    assert what == "in all" and sum(number(part[1]) for part in parts) == number(minutes)
    assert number(minutes) <= 120


def test_nobody_copies_item_by_item():
    days = LINES_OF_A_MERCHANT * 12 * 1_000_000 / 300 / 86_400
    assert f"{days:.0f} days" in (ROOT / "docs/decisions/0088-a-restored-table-takes-the-place-of-the-first.md").read_text()


def test_what_backups_cost_is_computed_from_what_a_merchant_adds():
    prices = re.search(r"([\d.]+) USD a GB and month of a backup, ([\d.]+) a GB to restore", DEPLOY)
    backup, restore = float(prices[1]), float(prices[2])
    for merchants, gigabytes, daily, weekly, once in rows(DEPLOY, "### What backups cost"):
        stored = number(merchants) / 1_000 * GB_OF_A_THOUSAND * 12
        assert number(gigabytes) == pytest.approx(stored, rel=0.01), merchants
        assert number(daily) == pytest.approx(35 * stored * backup, rel=0.01), merchants
        assert number(weekly) == pytest.approx(5 * stored * backup, rel=0.01), merchants
        assert number(once) == pytest.approx(stored * restore, rel=0.01), merchants
