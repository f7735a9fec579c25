"""The roles of people (infra/apart/access.yaml) and the trail of what they do (infra/apart/audit.yaml), as they would be deployed."""

import pytest

from expand import ACCOUNT, REGIONS, apart
from ways import expanded, statements

__all__ = ["expanded"]

PEOPLE = {
    "Deployers": f"arn:aws:iam::{ACCOUNT}:role/sign-in-deploy",
    "Operators": f"arn:aws:iam::{ACCOUNT}:role/sign-in-operate,arn:aws:iam::{ACCOUNT}:role/on-duty",
    "Auditors": f"arn:aws:iam::{ACCOUNT}:role/sign-in-audit",
    "BreakGlassUsers": f"arn:aws:iam::{ACCOUNT}:user/first,arn:aws:iam::{ACCOUNT}:user/second",
    "TableKeyArn": f"arn:aws:kms:us-east-1:{ACCOUNT}:key/k",
    "AuditBucket": "market-audit",
    "EmailFrom": "no-reply@example.com",
    "AlarmTopicArn": f"arn:aws:sns:us-east-1:{ACCOUNT}:market-alarms",
}


def people_of(partition):
    return {name: value.replace("arn:aws:", f"arn:{partition}:") for name, value in PEOPLE.items()}


@pytest.fixture(scope="session", params=REGIONS)
def access(request, expanded):
    partition = request.param
    return apart("access", partition, expanded[partition], **people_of(partition))


def role_of(access, name):
    return access.resources[name]


def boundary(access):
    return statements(access.resources["FunctionsBoundary"]["PolicyDocument"])


@pytest.fixture(scope="session", params=REGIONS)
def audit(request, expanded):
    return apart("audit", request.param, expanded[request.param])
