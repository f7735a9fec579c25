"""The roles of people (infra/apart/access.yaml) and the trail of what they do (infra/apart/audit.yaml), as they would be deployed."""

from expand import ACCOUNT
from ways import statements

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


def role_of(access, name):
    return access.resources[name]


def boundary(access):
    return statements(access.resources["FunctionsBoundary"]["PolicyDocument"])
