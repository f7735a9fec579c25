"""Whoever deploys: by one role alone, whose makings are bounded, and which looks into nothing that it makes."""

import json
import re
import tomllib
from functools import cache
from pathlib import Path

import cfnlint

from expand import ACCOUNT, REGIONS, ROOT, tree
from iam import denied, may, place, policies
from people import role_of
from ways import WAYS, many


def test_no_template_lets_anybody_at_the_table_or_a_function_by_another_way_than_a_role(access):
    rules, partition = policies(role_of(access, "Builder")), access.partition
    table = f"arn:{partition}:dynamodb:{REGIONS[partition]}:{ACCOUNT}:table/market"
    ways = ("PutResourcePolicy", "DeleteResourcePolicy", "CreateTableReplica", "EnableKinesisStreamingDestination")
    for at, actions in {table: [f"dynamodb:{way}" for way in ways], place(partition, "lambda", "get_order"): ["lambda:AddPermission", "lambda:CreateFunctionUrlConfig"]}.items():
        for action in actions:
            assert denied(rules, action, at), action


def test_whoever_deploys_does_so_by_the_role_that_is_made_for_it_and_has_no_other_rights(access):
    partition, rules = access.partition, policies(role_of(access, "Deployer"))
    stack = f"arn:{partition}:cloudformation:{REGIONS[partition]}:{ACCOUNT}:stack/market/0"
    builder = f"att:{access.id('Builder')}.Arn"
    assert may(rules, "cloudformation:CreateChangeSet", stack, **{"cloudformation:RoleArn": builder})
    assert not may(rules, "cloudformation:CreateChangeSet", stack)
    for action in ("CreateStack", "UpdateStack", "DeleteStack"):
        assert not may(rules, f"cloudformation:{action}", stack, **{"cloudformation:RoleArn": builder}), action
    assert may(rules, "iam:PassRole", builder, **{"iam:PassedToService": "cloudformation.amazonaws.com"})
    # What `cargo xtask deploy` asks beside the SAM CLI (infra/xtask/src/release).
    for action in ("DescribeStacks", "DescribeStackResource", "GetStackPolicy", "SetStackPolicy", "UpdateTerminationProtection"):
        assert may(rules, f"cloudformation:{action}", stack), action
    given = [statement for statement in rules if statement["Effect"] == "Allow"]
    services = {action.partition(":")[0] for statement in given for action in many(statement["Action"])}
    assert services == {"cloudformation", "iam", "lambda", "s3"}
    assert {a for s in given for a in many(s["Action"]) if a.startswith("lambda:")} == {"lambda:GetAccountSettings", "lambda:ListFunctions"}


def test_the_market_is_deployed_from_a_bucket_that_is_there_and_that_no_deployment_changes(access):
    partition, name = access.partition, f"artifacts-of-market-{ACCOUNT}-{REGIONS[access.partition]}"
    bucket = access.resources["Artifacts"]
    assert bucket["BucketName"] == name and bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert bucket.attributes["DeletionPolicy"] == "RetainExceptOnCreate" and bucket.attributes["UpdateReplacePolicy"] == "Retain"
    assert access.resolve(access.template["Outputs"]["ArtifactBucket"]["Value"]) == f"ref:{access.id('Artifacts')}"
    att = f"att:{access.id('Artifacts')}.Arn"
    deployer, builder = policies(role_of(access, "Deployer")), policies(role_of(access, "Builder"))
    assert may(deployer, "s3:PutObject", f"{att}/key") and may(deployer, "s3:GetObject", f"{att}/key")
    assert may(builder, "s3:GetObject", f"{att}/key") and not may(builder, "s3:PutObject", f"{att}/key")
    for rules in (deployer, builder):
        for at in (att, f"arn:{partition}:s3:::{name}"):
            for action in ("CreateBucket", "DeleteBucket", "PutBucketPolicy", "PutBucketVersioning", "PutLifecycleConfiguration"):
                assert not may(rules, f"s3:{action}", at), action
        for action in ("DeleteObject", "DeleteObjectVersion"):
            assert not may(rules, f"s3:{action}", f"{att}/key"), action
    # The examples name it.
    for file in (ROOT / "infra/environments").glob("*.toml"):
        said = tomllib.loads(file.read_text())
        market = said["parameters"]["MarketName"]
        assert said["bucket"] == f"artifacts-of-{market}-{said['account']}-{said['region']}", file.name


def test_a_role_that_a_deployment_makes_is_bounded_and_stays_so(access):
    partition, rules = access.partition, policies(role_of(access, "Builder"))
    bound = {"iam:PermissionsBoundary": f"ref:{access.id('FunctionsBoundary')}"}
    role = f"arn:{partition}:iam::{ACCOUNT}:role/market-Workers-1-NotifyRole-1"
    for action in ("CreateRole", "PutRolePolicy", "PutRolePermissionsBoundary"):
        assert may(rules, f"iam:{action}", role, **bound), action
        assert not may(rules, f"iam:{action}", role), action
        assert not may(rules, f"iam:{action}", role, **{"iam:PermissionsBoundary": "arn:aws:iam::aws:policy/ReadOnlyAccess"}), action
    # Who takes it stays as it was made.
    for action in ("UpdateAssumeRolePolicy", "AttachRolePolicy", "DeleteRolePermissionsBoundary", "CreatePolicyVersion", "SetDefaultPolicyVersion", "CreateUser"):
        for resource in (role, f"arn:{partition}:iam::{ACCOUNT}:policy/functions@market"):
            assert not may(rules, f"iam:{action}", resource, **bound), action
    # The people's roles, and its own, are not a deployment's to change.
    for name in ("operator@market", "cloudformation@market", "break-glass@market"):
        for action in ("PutRolePolicy", "UpdateAssumeRolePolicy", "DeleteRole"):
            assert not may(rules, f"iam:{action}", f"arn:{partition}:iam::{ACCOUNT}:role/{name}", **bound), name


# What the handlers of CloudFormation may ask for of a type, and a market's templates never give them reason to.
NEVER_ASKED = {
    r"(appsync|apprunner|amplify|bedrock-agentcore|cognito-idp|ec2|elasticfilesystem|elasticloadbalancing|firehose|kinesis|s3files|s3tables):.*": "of services that the market has not",
    r"dynamodb:(.*Kinesis.*|.*Import.*|.*Replica|.*ResourcePolicy)": "the table has none",
    r"dynamodb:(Batch.*|Delete.*|Get.*|Put.*|Query|Scan|UpdateItem)": "items are copied between replicas, of which there are none; the table outlives its stack",
    r"iam:(AttachRolePolicy|DetachRolePolicy)": "roles have inline policies",
    r"iam:UpdateAssumeRolePolicy": "whom a role trusts stays; another trust is another role",
    r"iam:DeleteRolePermissionsBoundary": "a bound that was set stays",
    r"iam:(CreateServiceLinkedRole|DescribeOrganization)": "of other destinations of a firewall's log, of replicas and imports",
    r"backup:(DeleteBackupVaultAccessPolicy|.*BackupVaultNotifications)|backup-storage:Mount": "a vault has none, and the latter is an older name",
    r"backup:DeleteBackupVaultLockConfiguration": "a lock stays",
    r"kms:(Decrypt|Encrypt|GenerateDataKey|ListAliases|CreateGrant|RevokeGrant|RetireGrant)": "of settings and filters under a key of one's own, which none has; the table's are allowed with its key",
    r"lambda:(.*CodeSigning.*|GetLayerVersion|PassCapacityProvider)": "functions have none",
    r"logs:(AssociateKmsKey|DisassociateKmsKey|.*DataProtection.*|.*Index.*|PutBearerTokenAuthentication|DeleteResourcePolicy)": "groups have none",
    r"s3:(DeleteObject|GetObjectMetadata|PutObjectAcl|REST\.PUT\.OBJECT)": "logs go to no bucket, nothing is imported, no bucket is emptied",
    r"sns:PutDataProtectionPolicy|sns:GetDataProtectionPolicy": "topics have none",
}


@cache
def handlers_of_types():
    """What CloudFormation says that it asks for, to make, read, change and delete a thing of a type."""
    asked = {}
    for file in (Path(cfnlint.__file__).parent / "data/schemas/resources").glob("*.json"):
        schema = json.loads(file.read_text())
        kinds = schema.get("handlers", {})
        asked[schema["typeName"]] = {p for kind in ("create", "read", "update", "delete") for p in kinds.get(kind, {}).get("permissions", [])}
    return asked


def test_cloudformations_role_may_make_the_role_of_aws_backup_and_no_other_services(access):
    rules = policies(role_of(access, "Builder"))
    at = f"arn:{access.partition}:iam::{ACCOUNT}:role/aws-service-role/backup.amazonaws.com/AWSServiceRoleForBackup"
    assert may(rules, "iam:CreateServiceLinkedRole", at, **{"iam:AWSServiceName": "backup.amazonaws.com"})
    assert not may(rules, "iam:CreateServiceLinkedRole", at, **{"iam:AWSServiceName": "ecs.amazonaws.com"})
    assert not may(rules, "iam:CreateServiceLinkedRole", at.replace("aws-service-role", "service-role"), **{"iam:AWSServiceName": "backup.amazonaws.com"})


def test_cloudformations_role_may_make_everything_that_a_market_consists_of(access, expanded):
    rules = policies(role_of(access, "Builder"))
    context = {
        "iam:PermissionsBoundary": f"ref:{access.id('FunctionsBoundary')}",
        "aws:RequestTag/market": "market",
        "aws:ResourceTag/market": "market",
        "iam:PassedToService": "lambda.amazonaws.com",
    }
    stands = [pattern for s in rules if s["Effect"] == "Allow" for pattern in many(s["Resource"])]
    # Whatever some parameters make.
    stacks = [stack for of, given in WAYS.values() for stack in tree(of, expanded[of], **given).stacks()]
    types = {resource["Type"] for stack in stacks for resource in stack.template["Resources"].values()}
    used = set()
    for type in sorted(types):
        for action in sorted(handlers_of_types()[type]):
            reasons = [pattern for pattern in NEVER_ASKED if re.fullmatch(pattern, action)]
            used |= set(reasons)
            # On something that bears the market's name, or on anything.
            possible = any(may(rules, action, pattern.replace("*", "x"), **context) for pattern in stands)
            assert possible or reasons, f"{type} needs {action}"
    assert used == NEVER_ASKED.keys()
