"""What must hold of the templates as a whole: the table, the parameters, the partitions, and what CloudFormation takes."""

import json
import re

import pytest

from expand import ACCOUNT, REGIONS, paths, sources, tree
from ways import WAYS, allowed, duplicates, many, roles, strings

# ── the table ──


def test_the_table_is_the_one_that_the_code_makes_for_itself(market):
    (table,) = market.all("AWS::DynamoDB::Table").values()

    def keys(of):
        return [(key["AttributeName"], key["KeyType"]) for key in of["KeySchema"]]

    # shared/store/src/schema.rs
    assert keys(table) == [("pk", "HASH"), ("sk", "RANGE")]
    desk, due, lists = sorted(table["GlobalSecondaryIndexes"], key=lambda index: index["IndexName"])
    assert (due["IndexName"], keys(due)) == ("due", [("due_shard", "HASH"), ("wake_at", "RANGE")])
    assert due["Projection"] == {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["due_at", "tries"]}
    assert (lists["IndexName"], keys(lists)) == ("lists", [("list", "HASH"), ("place", "RANGE")])
    assert (desk["IndexName"], keys(desk)) == ("desk", [("desk", "HASH"), ("place", "RANGE")])
    assert lists["Projection"] == desk["Projection"] == {"ProjectionType": "KEYS_ONLY"}
    attributes = {about["AttributeName"]: about["AttributeType"] for about in table["AttributeDefinitions"]}
    assert attributes == dict.fromkeys(["pk", "sk", "due_shard", "wake_at", "list", "desk", "place"], "S")
    assert table["StreamSpecification"] == {"StreamViewType": "NEW_IMAGE"}
    assert table["BillingMode"] == "PAY_PER_REQUEST"


def test_an_update_of_the_table_adds_or_drops_one_index(expanded):
    before = {"due", "view"}
    for step in ["view+lists", "view+lists+desk", "lists+desk"]:
        (table,) = tree("aws", expanded["aws"], ListIndexes=step).all("AWS::DynamoDB::Table").values()
        after = {index["IndexName"] for index in table["GlobalSecondaryIndexes"]}
        assert len(before ^ after) == 1, step
        used = {key["AttributeName"] for index in [table, *table["GlobalSecondaryIndexes"]] for key in index["KeySchema"]}
        assert used == {about["AttributeName"] for about in table["AttributeDefinitions"]}, step
        before = after


def test_the_table_can_be_restored_and_is_not_lost(expanded):
    (table,) = tree("aws", expanded["aws"]).all("AWS::DynamoDB::Table").values()
    assert table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] is True
    assert str(table["DeletionProtectionEnabled"]).lower() == "true"
    assert table.attributes["DeletionPolicy"] == table.attributes["UpdateReplacePolicy"] == "Retain"
    assert table["TimeToLiveSpecification"] == {"AttributeName": "ttl", "Enabled": True}


def test_the_tables_key_is_the_one_that_was_chosen(expanded):
    (table,) = tree("aws", expanded["aws"]).all("AWS::DynamoDB::Table").values()
    assert table.get("SSESpecification") is None
    key = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/k"
    (table,) = tree("aws", expanded["aws"], TableKeyArn=key).all("AWS::DynamoDB::Table").values()
    assert table["SSESpecification"] == {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": key}


# ── the dashboard (alarms: test_bells.py) ──


def test_the_dashboard_is_json(market):
    (board,) = market.all("AWS::CloudWatch::Dashboard").values()
    assert json.loads(board["DashboardBody"])["widgets"]


# ── parameters and partitions ──


def test_every_parameter_and_every_output_is_described():
    for name, template in sources().items():
        for kind in ("Parameters", "Outputs"):
            for key, about in template.get(kind, {}).items():
                assert about.get("Description"), f"{name}: {kind} {key}"


def test_a_parameter_that_is_passed_on_means_the_same_in_every_stack():
    root = sources()["template"]["Parameters"]
    for name, template in sources().items():
        for key, about in template.get("Parameters", {}).items():
            for rule in ("Type", "AllowedValues", "MinValue", "MaxValue"):
                if key in root and rule in about:
                    assert about[rule] == root[key].get(rule), f"{name}: {key}"


def test_every_template_takes_the_same_names_of_a_market():
    named = {name: t["Parameters"]["MarketName"] for name, t in sources().items() if "MarketName" in t["Parameters"]}
    # The parts that stand by themselves are named by those who use them.
    assert sources().keys() - named.keys() == {"infra/queue"}
    assert {about["AllowedPattern"] for about in named.values()} == {"^[a-z][a-z0-9-]{2,19}$"}


def test_no_template_names_a_partition_a_suffix_a_region_or_an_account():
    found = []
    for name, template in sources().items():
        for path, text in strings(template):
            # A service's principal has the same name in every partition.
            if path[-2:] == ("Principal", "Service") or path[-1:] in (("iam:PassedToService",), ("iam:AWSServiceName",)):
                assert re.fullmatch(r"[a-z0-9-]+\.amazonaws\.com", text), f"{name}: {text}"
            elif path[-1:] == ("eventSource",):
                assert name == "infra/apart/access", f"{name}: {text}"
            elif re.search(
                r"arn:aws|amazonaws|\baws-cn\b(?!$)|\b(us|eu|ap|cn|sa|ca|me|af|il)-[a-z]+-\d\b|\b\d{12}\b", text
            ):
                found.append((name, path, text))
    # The one place that may: the question whether this is China.
    assert not found


@pytest.mark.parametrize("way", WAYS)
def test_everything_is_of_the_partition_and_region_that_it_is_deployed_in(expanded, way):
    partition, parameters = WAYS[way]
    market = tree(partition, expanded[partition], **parameters)
    for resource in market.all().values():
        for path, text in strings(resource.properties):
            for arn in re.findall(r"arn:(?:aws[a-z-]*):[a-z0-9-]+:[a-z0-9-]*", text):
                _, of, service, region = arn.split(":")
                assert of == partition, f"{resource.id}: {text}"
                assert region in ("", REGIONS[partition]), f"{resource.id}: {text}"
            if path[-2:] != ("Principal", "Service") and "amazonaws.com" in text:
                assert ("amazonaws.com.cn" in text) == (partition == "aws-cn"), f"{resource.id}: {text}"


def test_nothing_remains_in_china_of_what_is_not_there(china):
    for resource in china.all().values():
        assert not resource.type.startswith(("AWS::SES", "AWS::XRay")), resource.id
        for _, text in strings(resource.properties):
            assert not re.match(r"(xray|ses):", text), f"{resource.id}: {text}"
            assert text not in ("RedriveAllowPolicy", "Provisioned", "PollerConfig", "ses.amazonaws.com"), resource.id
        assert resource.get("TracingEnabled") in (None, False, "false"), resource.id
        assert (resource.get("TracingConfig") or {}).get("Mode", "PassThrough") == "PassThrough", resource.id
        if resource.type == "AWS::Lambda::EventSourceMapping":
            assert not {"Tags", "MetricsConfig", "ProvisionedPollerConfig"} & resource.properties.keys(), resource.id
    for role in roles(china).values():
        for statement in allowed(role):
            assert "sns:Publish" not in many(statement["Action"]), role.id


def test_no_template_that_is_used_in_china_so_much_as_names_a_type_that_is_not_there(china):
    for stack in china.stacks():
        types = {resource["Type"] for resource in stack.template["Resources"].values()}
        assert not {t for t in types if t.startswith(("AWS::SES", "AWS::XRay", "AWS::Cognito"))}, stack.name


@pytest.mark.parametrize(
    ("partition", "parameters", "refusal"),
    [
        ("aws-cn", {"EmailBy": "ses"}, "SES"),
        ("aws-cn", {"SmsBy": "sns"}, "SNS"),
        ("aws", {"EmailBy": "smtp"}, "SmtpServer"),
        ("aws", {"SmsBy": "http"}, "SmsUrl"),
        ("aws", {"DomainName": "market.example.com"}, "CertificateArn"),
    ],
)
def test_parameters_that_do_not_go_together_are_refused(expanded, partition, parameters, refusal):
    refusals = list(tree(partition, expanded[partition], **parameters).refusals())
    assert any(refusal in text for text in refusals)


# ── limits ──


def test_three_times_todays_routes_fit_into_every_stack(market):
    for stack in market.stacks():
        # The API is one resource, whatever its description holds.
        assert 3 * len(stack.resources) < 500, f"{stack.path}: {len(stack.resources)} resources"
        assert 3 * len(stack.template.get("Outputs", {})) < 200, stack.path
        assert 3 * len(stack.template.get("Parameters", {})) < 200 or not stack.path, stack.path
        size = len(json.dumps(stack.template))
        # A template may have a megabyte. CloudFormation counts it as it is uploaded.
        assert 3 * size < 1_000_000, f"{stack.path}: {size} bytes"
    # All stacks below one count together. With the routes grow their stacks, the gateway and what is counted of each.
    grows = sum(len(s.resources) for s in market.stacks() if s.path.endswith("Routes") or s.path in ("Gateway", "Objectives"))
    assert grows > 400 and 3 * grows + len(market.all()) - grows < 2500
    # So do the filters on the access log, of which there are a hundred.
    of_classes = len(market.all("AWS::Logs::MetricFilter"))
    assert 3 * of_classes < 100, of_classes


def test_names_are_within_their_limits_for_the_longest_market_name(expanded):
    longest = "a" * 20
    market = tree("aws", expanded["aws"], MarketName=longest)
    for resource in market.all().values():
        for name in ("FunctionName", "RoleName", "Name"):
            value = resource.get(name)
            if isinstance(value, str) and not value.startswith(("ref:", "att:")):
                assert len(value) <= 64, f"{resource.id}: {value}"


def test_no_two_resources_of_a_type_bear_the_same_name(market):
    keys = {
        "AWS::Lambda::Function": "FunctionName",
        "AWS::SQS::Queue": "QueueName",
        "AWS::Logs::LogGroup": "LogGroupName",
        "AWS::CloudWatch::Alarm": "AlarmName",
        "AWS::SNS::Topic": "TopicName",
    }
    for type, key in keys.items():
        assert not duplicates(resource[key] for resource in market.all(type).values())


def test_the_tree_of_stacks_is_what_is_in_the_folder(expanded):
    used = {stack.name for stack in tree("aws", expanded["aws"], Shift="Canary10Percent5Minutes").stacks()}
    # What is deployed apart from the market is no part of its tree.
    assert used == {name for name in paths() if not name.startswith("infra/apart/")}


def test_everything_of_a_market_is_tagged_with_its_name(expanded):
    root = tree("aws", expanded["aws"], MarketName="bazaar")
    # The root makes stacks alone; what a stack is tagged with CloudFormation puts onto all that it makes, stacks too.
    assert {resource.type for resource in root.resources.values()} == {"AWS::CloudFormation::Stack"}
    for stack in root.resources.values():
        assert {"Key": "market", "Value": "bazaar"} in stack["Tags"], stack.id
    for resource in root.all().values():
        own = {tag["Key"]: tag["Value"] for tag in resource.get("Tags", []) if isinstance(tag, dict)}
        assert own.get("market", "bazaar") == "bazaar", f"{resource.id} is tagged otherwise"
