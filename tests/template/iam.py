"""What IAM would say of a request: what some statement allows and none denies. What only AWS can say is not asked here."""

from fnmatch import fnmatchcase
from functools import cache

import parliament

from expand import ACCOUNT, REGIONS
from ways import many, statements

ARN = {
    "dynamodb": "arn:{p}:dynamodb:{r}:{a}:table/market",
    "lambda": "arn:{p}:lambda:{r}:{a}:function:market-",
    "sqs": "arn:{p}:sqs:{r}:{a}:market-",
}


def place(partition, service, rest=""):
    return ARN[service].format(p=partition, r=REGIONS[partition], a=ACCOUNT) + rest


def matches(pattern, text):
    # IAM knows * and ?, and no brackets.
    return fnmatchcase(text, pattern.replace("[", "[[]"))


def named(statement, action, resource):
    """Whether a statement is about an action on a resource."""
    if not any(matches(pattern.lower(), action.lower()) for pattern in many(statement["Action"])):
        return False
    if "NotResource" in statement:
        return not any(matches(pattern, resource) for pattern in many(statement["NotResource"]))
    return any(matches(pattern, resource) for pattern in many(statement["Resource"]))


def holds(statement, context):
    """Whether the conditions of a statement hold of a request."""
    for operator, keys in statement.get("Condition", {}).items():
        for key, wanted in keys.items():
            wanted, found = [str(value) for value in many(wanted)], context.get(key)
            if operator == "ForAllValues:StringEquals":
                kept = all(value in wanted for value in found or [])
            elif operator == "StringEqualsIfExists":
                kept = found is None or found in wanted
            elif operator in ("StringEquals", "Bool"):
                kept = found in wanted
            elif operator == "ArnLike":
                kept = found is not None and any(matches(pattern, found) for pattern in wanted)
            elif operator == "Null":
                kept = str(found is None).lower() in wanted
            elif operator == "NumericLessThan":
                kept = found is not None and float(found) < float(wanted[0])
            else:
                raise AssertionError(f"{operator} is not understood here")
            if not kept:
                return False
    return True


def may(policies, action, resource, **context):
    about = [s for s in policies if named(s, action, resource) and holds(s, context)]
    return any(s["Effect"] == "Allow" for s in about) and not any(s["Effect"] == "Deny" for s in about)


def denied(policies, action, resource):
    return any(s["Effect"] == "Deny" and named(s, action, resource) and not s.get("Condition") for s in policies)


def policies(role):
    return [s for policy in role.get("Policies", []) for s in statements(policy["PolicyDocument"])]


@cache
def access_levels():
    return {
        f"{service['prefix']}:{privilege['privilege']}".lower(): privilege["access_level"]
        for service in parliament.iam_definition
        for privilege in service["privileges"]
    }
