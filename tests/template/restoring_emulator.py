#!/usr/bin/env python3
"""ministack, with what a restore needs of DynamoDB and CloudFormation and it does not do by itself, as AWS documents it:

- a statement of a table's own policy that denies a call to everyone denies it;
- whether a table is protected is told as a truth, also where its CloudFormation was told so in a text; and that its indexes can
  be asked;
- a table can be restored to any second since it was made;
- a table that is restored from point-in-time recovery tells from which and to which instant, and is not ready at once;
- for how much a table is warmed is kept, and told;
- what an update of a nested stack does not change keeps its attributes.

What it restores is the table as it is, whatever the instant: that a second of the past comes back, only AWS shows.
"""

import json
import sys
import zlib

from ministack.services import dynamodb
from ministack.services.cloudformation import _stacks, provisioners

# What a call does to its tables, in the words of policies.
WRITES = {
    "PutItem": "dynamodb:PutItem",
    "UpdateItem": "dynamodb:UpdateItem",
    "DeleteItem": "dynamodb:DeleteItem",
    "BatchWriteItem": "dynamodb:BatchWriteItem",
}
OF_A_TRANSACTION = {"Put": "dynamodb:PutItem", "Update": "dynamodb:UpdateItem", "Delete": "dynamodb:DeleteItem"}

carry_out = dynamodb.handle_request
# By the name of the restored table.
restored = {}


def asked(action, data):
    """The actions that a call asks for, each with its table."""
    if action == "TransactWriteItems":
        for item in data.get("TransactItems", []):
            for way, about in item.items():
                if way in OF_A_TRANSACTION:
                    yield OF_A_TRANSACTION[way], about["TableName"]
    elif action == "BatchWriteItem":
        yield from ((WRITES[action], table) for table in data.get("RequestItems", {}))
    elif action in WRITES:
        yield WRITES[action], data.get("TableName", "")


def denied(action, data):
    """What AWS says of a call that a table's own policy denies to everyone."""
    for wanted, table in asked(action, data):
        arn = dynamodb._tables.get(table, {}).get("TableArn")
        policy = json.loads((dynamodb._resource_policies.get(arn) or {}).get("Policy", '{"Statement": []}'))
        for statement in policy["Statement"]:
            is_theirs = statement["Principal"] == "*" and statement["Resource"] == arn
            if statement["Effect"] == "Deny" and is_theirs and wanted in statement["Action"]:
                return (
                    f"User: someone is not authorized to perform: {wanted} on resource: {arn} "
                    "with an explicit deny in a resource-based policy"
                )
    return None


async def handle_request(method, path, headers, body, query_params):
    action = headers.get("x-amz-target", "").rpartition(".")[2]
    data = json.loads(body) if body else {}
    if why := denied(action, data):
        return dynamodb.error_response_json("AccessDeniedException", why, 400)
    status, about, answer = await carry_out(method, path, headers, body, query_params)
    if status == 200 and action == "RestoreTableToPointInTime":
        source = dynamodb._tables[data["SourceTableName"]]["TableArn"]
        at = data.get("RestoreDateTime", 0)
        restored[data["TargetTableName"]] = {"SourceTableArn": source, "RestoreDateTime": at, "RestoreInProgress": True}
    if status == 200 and action == "UpdateTable" and "WarmThroughput" in data:
        dynamodb._tables[data["TableName"]]["WarmThroughput"] = {**data["WarmThroughput"], "Status": "ACTIVE"}
    if status == 200 and action in TELLING:
        told = json.loads(answer)
        TELLING[action](told, data)
        answer = json.dumps(told).encode()
        about["x-amz-crc32"] = str(zlib.crc32(answer))
    return status, about, answer


def recover(told, data):
    recovery = told["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
    if "EarliestRestorableDateTime" in recovery:
        recovery["EarliestRestorableDateTime"] = dynamodb._tables[data["TableName"]]["CreationDateTime"]


def describe(told, _):
    table = told["Table"]
    table["DeletionProtectionEnabled"] = str(table.get("DeletionProtectionEnabled")).lower() == "true"
    for index in table.get("GlobalSecondaryIndexes", []):
        index.setdefault("IndexStatus", "ACTIVE")
    if summary := restored.get(table["TableName"]):
        table["RestoreSummary"] = dict(summary)
        if summary["RestoreInProgress"]:
            table["TableStatus"] = "CREATING"
            summary["RestoreInProgress"] = False


TELLING = {"DescribeTable": describe, "DescribeContinuousBackups": recover}
dynamodb.handle_request = handle_request

update = provisioners._update_resource


def update_resource(type, physical, old, new, stack, logical=None, attributes=None):
    if attributes is None:
        attributes = _stacks.get(stack, {}).get("_resources", {}).get(logical, {}).get("Attributes")
    return update(type, physical, old, new, stack, logical, attributes)


provisioners._update_resource = update_resource

if __name__ == "__main__":
    from ministack.app import main

    sys.exit(main())
