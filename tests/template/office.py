"""An operator's desk on which every command of a runbook can be given: `aws`, `sam`, `market` and `curl` that know what they may be
asked, and the market as it would be deployed.

`aws` is the AWS CLI itself up to the request: it parses the arguments, and botocore's own model of the service judges them.
Nothing leaves the machine. In place of the service answers the expanded template: a name that is not in it is not found.
"""

import contextlib
import importlib
import io
import json
import logging
import os
import re
import shlex
import socketserver
import subprocess
import sys
import threading
from collections import defaultdict
from pathlib import Path

import botocore.client
import botocore.validate
import click
from awscli.clidriver import create_clidriver

from cloudwatch import written
from expand import ACCOUNT, ROOT, target
from ways import called

COMMANDS = ("aws", "sam", "market", "curl", "sleep", "uuidgen")
# What CLI 2 knows beyond CLI 1, whose code this is.
ONLY_V2 = ("--cli-binary-format", "raw-in-base64-out")
# Words of the market's that stand for one of many; the parser of `market` is not here to count them.
FREE_WORDS = {("notices", "resend"): 2, ("notices", "served-otherwise"): 2, ("notices", "correct-service"): 2}
# Commands of the SAM CLI that are each a module.
SAM = {"logs", "traces", "build", "deploy"}
# What a page has its reader put a name of theirs in place of.
PLACEHOLDERS = {"OTHER", "OLD", "market-drill", "market-2026-11-27"}

STUB = """#!{python} -SE
import json, os, socket, sys
asked = {{"command": {command!r}, "arguments": sys.argv[1:], "folder": os.getcwd()}}
with socket.socket(socket.AF_UNIX) as to:
    to.connect({socket!r})
    to.sendall(json.dumps(asked).encode() + b"\\n")
    told = json.loads(to.makefile().readline())
sys.stdout.write(told["out"])
sys.stderr.write(told["err"])
sys.exit(told["code"])
"""


class Refused(Exception):
    """What a command may not be given so."""


def the(condition, why):
    if not condition:
        raise Refused(why)


class Deployed:
    """What there is of the market, by its names, and what its services would answer."""

    def __init__(self, market):
        self.market = market
        # What was asked of one thing: service, operation, ARN.
        self.asked = []
        of = lambda type, name: {resource[name] for resource in market.all(type).values()}  # noqa: E731
        self.functions = of("AWS::Lambda::Function", "FunctionName")
        self.aliases = of("AWS::Lambda::Alias", "Name")
        (self.api,) = of("AWS::ApiGateway::RestApi", "Name")
        self.stages = of("AWS::ApiGateway::Stage", "StageName")
        self.queues = of("AWS::SQS::Queue", "QueueName")
        self.groups = of("AWS::Logs::LogGroup", "LogGroupName")
        # That of break-glass is of a stack apart, and so is its rule.
        self.alarms = of("AWS::CloudWatch::Alarm", "AlarmName") | of("AWS::CloudWatch::CompositeAlarm", "AlarmName")
        self.alarms |= {"break-glass-of-market-undelivered"}
        self.schedules = of("AWS::Scheduler::Schedule", "Name")
        (table,) = market.all("AWS::DynamoDB::Table").values()
        self.table = table["TableName"]
        self.table_refs = {f"ref:{table.id}", f"att:{table.id}.TableName"}
        self.indexes = {index["IndexName"] for index in table["GlobalSecondaryIndexes"]}
        self.sources = defaultdict(list)
        for mapping in market.all("AWS::Lambda::EventSourceMapping").values():
            source = market.all().get(target(mapping["EventSourceArn"]))
            name = source.get("QueueName") or source.get("TableName")
            self.sources[called(market, mapping["FunctionName"])["FunctionName"]].append(
                {
                    "UUID": f"{sum(map(len, self.sources.values())):036}",
                    "State": "Disabled" if mapping.get("Enabled") is False else "Enabled",
                    "EventSourceArn": f"arn:aws:of:us-east-1:{ACCOUNT}:{name}",
                }
            )
        self.firewalls = of("AWS::WAFv2::WebACL", "Name")
        self.rules = {rule["Name"] for acl in market.all("AWS::WAFv2::WebACL").values() for rule in acl["Rules"]} | {"ALL"}
        self.vaults = of("AWS::Backup::BackupVault", "BackupVaultName")
        self.events = of("AWS::Events::Rule", "Name") | {"break-glass-of-market"}
        self.certificate = market.values["CertificateArn"]
        self.secrets = {value for name, value in market.values.items() if name.endswith("Secret") and value} | {"market/smtp"}
        counted = {
            made["MetricName"] for f in market.all("AWS::Logs::MetricFilter").values() for made in f["MetricTransformations"]
        }
        # Metrics of AWS that pages ask for, as its documentation names them.
        self.metrics = {
            "market": written() | counted,
            "AWS/Lambda": {"Errors", "Invocations", "Throttles", "Duration", "IteratorAge", "ConcurrentExecutions"},
            "AWS/SQS": {"ApproximateAgeOfOldestMessage", "ApproximateNumberOfMessagesVisible", "NumberOfMessagesDeleted"},
            "AWS/Events": {"FailedInvocations"},
            "AWS/DynamoDB": {
                "SystemErrors",
                "SuccessfulRequestLatency",
                "TransactionConflict",
                "ReadThrottleEvents",
                "WriteThrottleEvents",
                "ConsumedReadCapacityUnits",
                "ConsumedWriteCapacityUnits",
            },
            "AWS/SES": {"Send", "Reputation.BounceRate", "Reputation.ComplaintRate"},
            "AWS/SNS": {"SMSMonthToDateSpentUSD"},
            "AWS/WAFV2": {"BlockedRequests"},
        }

    def named(self, what, name, there):
        the(name in there or name in PLACEHOLDERS, f"there is no {what} {name}")

    def named_table(self, value):
        """An output, with the table's name where only CloudFormation knows it."""
        return self.table if value in self.table_refs else str(value)

    def judge(self, operation, asked):
        """Whether everything that a request names is there."""
        if "FunctionName" in asked:
            name, _, alias = asked["FunctionName"].partition(":")
            self.named("function", name, self.functions)
            if alias or operation in ("GetAlias", "UpdateAlias"):
                self.named("alias", alias or asked["Name"], self.aliases)
            # What runs is behind the alias: without it nothing is found, or another version is called.
            the(alias or operation not in ("ListEventSourceMappings", "Invoke"), f"{operation} of {name} is of no alias")
        if "QueueName" in asked:
            self.named("queue", asked["QueueName"], self.queues)
        if "QueueUrl" in asked:
            self.named("queue", asked["QueueUrl"].rpartition("/")[2], self.queues)
        if "TableName" in asked:
            self.named("table", asked["TableName"], {self.table})
        for change in asked.get("GlobalSecondaryIndexUpdates", []):
            self.named("index", change["Update"]["IndexName"], self.indexes)
        for group in asked.get("logGroupNames", []):
            self.named("log group", group, self.groups)
        if "StackName" in asked:
            self.named("stack", asked["StackName"], {"market"})
        if "AlarmNamePrefix" in asked:
            the(any(name.startswith(asked["AlarmNamePrefix"]) for name in self.alarms), "no alarm is called so")
        if "SecretId" in asked:
            self.named("secret", asked["SecretId"], self.secrets)
        if "CertificateArn" in asked:
            self.named("certificate", asked["CertificateArn"], {self.certificate})
        if "restApiId" in asked:
            self.named("API", asked["restApiId"], {"a1b2c3"})
            self.named("stage", asked["stageName"], self.stages)
        for vault in ("BackupVaultName", "ByBackupVaultName", "SourceBackupVaultName"):
            if vault in asked:
                self.named("vault", asked[vault], self.vaults)
        if operation in ("GetSchedule", "UpdateSchedule"):
            self.named("schedule", asked["Name"], self.schedules)
        if operation == "GetMetricStatistics":
            self.metric(asked["Namespace"], asked["MetricName"], asked.get("Dimensions", []))
        if operation == "GetMetricData":
            for query in asked["MetricDataQueries"]:
                text = query["Expression"]
                forms = r'SELECT \w+\(\w+\) FROM SCHEMA\("[^"]+"(, \w+)*\)( WHERE .+)?( GROUP BY \w+)?.*|SEARCH\(\'\{[^}]+\} .+\', \'\w+\', \d+\)'
                the(re.fullmatch(forms, text), f"no query: {text}")
        if operation == "StartQuery":
            insights(asked["queryString"])

    def metric(self, namespace, name, dimensions):
        self.named(f"metric of {namespace}", name, self.metrics.get(namespace, set()))
        there = {
            "FunctionName": self.functions,
            "QueueName": self.queues,
            "TableName": {self.table},
            "GlobalSecondaryIndexName": self.indexes,
            "WebACL": self.firewalls,
            "Rule": self.rules,
            "Region": {"us-east-1"},
            "Operation": {"GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem", "TransactWriteItems"},
            "Reason": reasons(),
            "RuleName": self.events,
        }
        for dimension in dimensions:
            the(dimension["Name"] in there, f"no dimension is called {dimension['Name']}")
            self.named(dimension["Name"], dimension["Value"], there[dimension["Name"]])

    def answer(self, operation, asked):
        match operation:
            case "DescribeTable":
                arn = f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/{asked['TableName']}"
                return {"Table": {"TableName": asked["TableName"], "TableStatus": "ACTIVE", "TableArn": arn}}
            case "ListBackupJobs":
                job = {"BackupJobId": "b", "State": "COMPLETED", "CreationDate": "2026-01-01T00:00:00Z", "RecoveryPointArn": "arn:aws:backup:p"}
                return {"BackupJobs": [job | {"IamRoleArn": f"arn:aws:iam::{ACCOUNT}:role/r", "BackupVaultName": self.table}]}
            case "GetTemplateSummary":
                return {"Parameters": []}
            case "CreateChangeSet":
                return {"Id": "c"}
            case "DescribeChangeSet":
                return {"Status": "CREATE_COMPLETE"}
            case "DescribeStacks":
                outputs = self.market.template["Outputs"]
                about = {
                    "StackName": asked["StackName"],
                    "StackStatus": "UPDATE_COMPLETE",
                    "Parameters": [{"ParameterKey": k, "ParameterValue": str(v)} for k, v in self.market.values.items()],
                    "Outputs": [
                        {"OutputKey": k, "OutputValue": self.named_table(self.market.resolve(o["Value"]))}
                        for k, o in outputs.items()
                    ],
                }
                return {"Stacks": [about]}
            case "DescribeAlarms":
                alarm = {"AlarmName": "market-sweep-not-run", "StateReason": "", "StateUpdatedTimestamp": "2026-01-01T00:00:00Z"}
                return {"MetricAlarms": [alarm], "CompositeAlarms": [alarm]}
            case "GetRestApis":
                return {"items": [{"id": "a1b2c3", "name": self.api}]}
            case "ListFunctions":
                return {"Functions": [{"FunctionName": name} for name in sorted(self.functions)]}
            case "GetQueueUrl":
                return {"QueueUrl": f"https://sqs.us-east-1.amazonaws.com/{ACCOUNT}/{asked['QueueName']}"}
            case "ListEventSourceMappings":
                return {"EventSourceMappings": self.sources[asked["FunctionName"].partition(":")[0]]}
            case "GetAlias":
                return {"Name": asked["Name"], "FunctionVersion": "7"}
            case "PublishVersion":
                return {"Version": "8"}
            case "GetFunction":
                return {"Configuration": {"LastUpdateStatus": "Successful"}}
            case "GetFunctionConfiguration":
                return {"FunctionName": asked["FunctionName"], "Environment": {"Variables": {"RUST_LOG": "info"}}}
            case "GetSchedule":
                target = {"Arn": "arn:aws:lambda:us-east-1:000000000000:function:f", "RoleArn": "arn:aws:iam::000000000000:role/r"}
                return {
                    "Arn": "arn",
                    "Name": asked["Name"],
                    "State": "DISABLED",
                    "CreationDate": "2026-01-01",
                    "LastModificationDate": "2026-01-01",
                    "ScheduleExpression": "rate(1 minute)",
                    "FlexibleTimeWindow": {"Mode": "OFF"},
                    "Target": target,
                }
            case "GetMetricStatistics":
                return {"Datapoints": [{"Timestamp": "2026-01-01T00:00:00Z", asked["Statistics"][0]: 1}]}
            case "GetMetricData":
                return {"MetricDataResults": [{"Label": "market-sweep", "Values": [1]}]}
            case "GetItem":
                return {"Item": {**asked["Key"], "body": {"S": "{}"}}}
            case "StartQuery":
                return {"queryId": "q"}
            case "GetQueryResults":
                return {"status": "Complete", "results": [[{"field": "n", "value": "1"}]]}
            case "DescribeInsightRules":
                return {"InsightRules": [{"Name": f"DynamoDBContributorInsights-PKT-{self.table}-1"}]}
            case "Invoke":
                return {"StatusCode": 200}
        return {}

    def place(self, service, asked):
        """What a request is about, where one name says so."""
        at = f"arn:aws:{service}:us-east-1:{ACCOUNT}:"
        if service == "sqs" and "QueueUrl" in asked:
            return at + asked["QueueUrl"].rpartition("/")[2]
        if service == "lambda" and "FunctionName" in asked:
            return f"{at}function:{asked['FunctionName']}"
        if service == "dynamodb" and "TableName" in asked:
            return f"{at}table/{asked['TableName']}"
        if service == "secretsmanager" and "SecretId" in asked:
            return f"{at}secret:{asked['SecretId']}-abcdef"
        return None

    def call(self, client, operation, asked):
        """In place of the request: botocore's model says whether it is one, the template whether it is about something."""
        service = client.meta.service_model.service_name
        if at := self.place(service, asked):
            self.asked.append((service, operation, at))
        model = client.meta.service_model.operation_model(operation)
        report = botocore.validate.ParamValidator().validate(asked, model.input_shape) if model.input_shape else None
        the(not (report and report.has_errors()), report and report.generate_report())
        self.judge(operation, asked)
        return self.answer(operation, asked)


def reasons():
    """The words in which the code says why a notice did not leave."""
    names = (ROOT / "shared/kernel/src/stored/names.rs").read_text()
    (hindrances,) = re.findall(r"^    Hindrance \{(.*?)\}", names, re.M | re.S)
    return set(re.findall(r'\w+ = "(\w+)"', hindrances))


# ── what a query of Logs Insights may be ──

QUERY_WORDS = {"fields", "filter", "stats", "sort", "limit", "parse", "display", "dedup"}


def insights(query):
    """Whether each part of a query begins with a command, and asks for messages that some line of the log has."""
    quoted = re.sub(r'"(?:\\.|[^"])*"|/(?:\\.|[^/])*/', lambda m: "x" * len(m[0]), query)
    parts, at = [], 0
    for piece in quoted.split("|"):
        parts.append(query[at : at + len(piece)].strip())
        at += len(piece) + 1
    for part in parts:
        the(part.split()[0] in QUERY_WORDS, f"no command of Logs Insights: {part}")
    said = re.findall(r'fields\.message (?:=|like) (?:"([^"]+)"|/\^?([^/]+)/)', query)
    for whole, pattern in said:
        for text in [whole] if whole else pattern.split("|"):
            the(text in code(), f"no line of the log says: {text}")


def code():
    if not hasattr(code, "text"):
        files = (f for folder in ("functions/src", "shared") for f in (ROOT / folder).rglob("*.rs"))
        code.text = "\n".join(file.read_text() for file in files)
    return code.text


# ── the other commands ──


def market(arguments):
    """`market`, as its completions know it."""
    completions = (ROOT / "infra/local/completions/market.bash").read_text()
    known = {
        re.sub("__subcmd__", " ", name).removeprefix("market").strip().replace(" ", "-"): words.split()
        for name, words in re.findall(r'^ +(market\w*)\)\n +opts="([^"]*)"', completions, re.M)
    }
    path, words = "", []
    rest = list(arguments)
    while rest:
        word = rest.pop(0)
        deeper = f"{path}-{word}".strip("-")
        if word.startswith("--"):
            the(word.partition("=")[0] in known[path], f"market {path} has no {word}")
            # A value follows what takes one: what is no word of the command and no further option.
            if rest and not rest[0].startswith("--") and "=" not in word and takes_value(completions, word):
                rest.pop(0)
        elif deeper in known and word in known[path]:
            path = deeper
        else:
            words.append(word)
    enumerated = {word for word in known[path] if not word.startswith("-")}
    free = FREE_WORDS.get(tuple(path.split("-", 1)), 0)
    the(free == len(words) if free else all(word in enumerated for word in words), f"market {path} takes no {words}")
    the(path and not (enumerated & {f.rpartition("-")[2] for f in known if f.startswith(f"{path}-")}) or path in ("notices",), f"market {path} does nothing")
    return ""


def takes_value(completions, option):
    return re.search(rf"^ +{re.escape(option)}\)\n +COMPREPLY", completions, re.M) is not None


def sam_logs(deployed, arguments):
    """`sam`, by its own parser; what it names is there."""
    the(arguments[0] in SAM, f"sam has no {arguments[0]}, or no page says so yet")
    command = importlib.import_module(f"samcli.commands.{arguments[0]}.command").cli
    context = click.Context(command, info_name=arguments[0])
    options, words, _ = command.make_parser(context).parse_args(args=list(arguments[1:]))
    the(not words, f"sam {arguments[0]} takes no {words}")
    for name in options.get("name") or ():
        the(name in deployed.market.all(), f"no resource is called {name}")
    for group in options.get("cw_log_group") or ():
        deployed.named("log group", group, deployed.groups)
    return ""


def curl(deployed, arguments):
    """`curl`, to an address at which somebody answers."""
    urls = [argument for argument in arguments if argument.startswith("http")]
    the(len(urls) == 1, f"curl asks at one address: {arguments}")
    if urls[0] == deployed.market.values["JwksUrl"]:
        return json.dumps({"keys": [{"kid": "k"}]})
    api = deployed.market.resolve(deployed.market.template["Outputs"]["ApiUrl"]["Value"])
    the(urls[0].startswith(api), f"nobody answers at {urls[0]}")
    method = arguments[arguments.index("-X") + 1] if "-X" in arguments else "GET"
    described = json.loads((ROOT / "docs/openapi.json").read_text())["paths"]
    path = urls[0].removeprefix(api).partition("?")[0]
    found = [methods for known, methods in described.items() if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", known), path)]
    the(any(method.lower() in methods for methods in found), f"{method} {path} is no route")
    if "-d" in arguments:
        json.loads(arguments[arguments.index("-d") + 1])
    return "{}"


# ── the desk ──


class Desk:
    """Where commands are given. It remembers what was refused."""

    def __init__(self, market, folder):
        self.deployed = Deployed(market)
        self.folder = Path(folder)
        self.given, self.refused, self.slept = [], [], 0
        self.driver = create_clidriver()
        # It says every step to whoever asks, and pytest asks.
        for name in list(logging.root.manager.loggerDict):
            if name.startswith(("awscli", "botocore")):
                logging.getLogger(name).setLevel(logging.CRITICAL)
        path = str(self.folder / "s")
        self.server = socketserver.ThreadingUnixStreamServer(path, self.handler())
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.lock = threading.Lock()
        self.commands = self.folder / "bin"
        self.commands.mkdir()
        for command in COMMANDS:
            stub = self.commands / command
            stub.write_text(STUB.format(python=sys.executable, command=command, socket=path))
            stub.chmod(0o755)

    def handler(desk):  # noqa: N805 - within it `self` is one question
        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                asked = json.loads(self.rfile.readline())
                with desk.lock:
                    told = desk.command(**asked)
                self.wfile.write(json.dumps(told).encode() + b"\n")

        return Handler

    def command(self, command, arguments, folder):
        self.given.append((command, *arguments))
        try:
            return {"out": self.carry_out(command, arguments, folder), "err": "", "code": 0}
        except Stop:
            return {"out": "", "err": "", "code": 1}
        except Exception as error:  # noqa: BLE001 - whatever it was, the page is wrong
            said = f"{command} {shlex.join(arguments)}: {error}"
            self.refused.append(said)
            return {"out": "", "err": said, "code": 254}

    def carry_out(self, command, arguments, folder):
        match command:
            case "aws":
                return self.aws(arguments, folder)
            case "sam":
                return sam_logs(self.deployed, arguments)
            case "market":
                return market(arguments)
            case "curl":
                return curl(self.deployed, arguments)
            case "uuidgen":
                return "0000\n"
            case "sleep":
                # What waits for ever has waited once.
                self.slept += 1
                if self.slept > 1:
                    raise Stop
                return ""

    def aws(self, arguments, folder):
        arguments = [a for a in arguments if a not in ONLY_V2]
        answered = self.folder / "payload"
        arguments = [str(answered) if a in ("/dev/stdout", "/dev/null") else a for a in arguments]
        out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
        err = io.StringIO()
        call = lambda client, operation, asked: self.deployed.call(client, operation, asked)  # noqa: E731
        before, botocore.client.BaseClient._make_api_call = botocore.client.BaseClient._make_api_call, call
        here = os.getcwd()
        try:
            # Files are named from where the command is given; whoever gave it waits.
            os.chdir(folder)
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                code = self.driver.main(arguments)
        except SystemExit as error:
            code = error.code
        finally:
            botocore.client.BaseClient._make_api_call = before
            os.chdir(here)
        the(code == 0, err.getvalue().strip() or f"ends with {code}")
        return out.buffer.getvalue().decode()

    def run(self, script, folder, environment):
        """Gives the commands of a script, one after the other, to the first that fails."""
        self.slept = 0
        own = {"PATH": f"{self.commands}:{os.environ['PATH']}", "HOME": str(self.folder), "LANG": "C.UTF-8"}
        return subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=folder,
            env=own | environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )


class Stop(Exception):
    """A command that ends with 1 and is right in that."""
