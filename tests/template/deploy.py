"""Deploys the market to a local emulator of AWS, compares what was made with the templates, and plays the story on it.

    python tests/template/deploy.py --code FOLDER [--market FILE] [--keep]

FOLDER holds `bootstrap`, built for this machine. With `--market`, the command `market` built for a stack, the table is then restored
by it (restore.py). Nothing listens beyond loopback. The emulator (ministack) enforces
IAM: each function has a session of its own role, and each of its calls is checked against that role and against the
policies of the queues.
"""

import argparse
import base64
import json
import secrets
import shutil
import subprocess
import sys
import time
import traceback
import zipfile
from pathlib import Path

from emulator import AUDIENCE, REGION, Emulator, Issuer, authority
from expand import ACCOUNT, ROOT, Stack, expand, paths, target
from restore import Drill
from story import Checks, Client, Story, Stuck

SECRET = "market/payment-keys"
SUBJECT_KEY_SECRET = "market/subject-key"
MARKET = "market"
FROM = "no-reply@example.com"


# ── what is deployed ──

# What the emulator takes and does not carry out, so that nothing here proves it.
NOT_PROVEN = [
    "the partition aws-cn: everything there is in aws",
    "processors: the functions run on this machine's",
    "TTL, point-in-time recovery and encryption of the table: dropped by its CloudFormation",
    "a second of the past: what it restores is the table as it is",
    "reserved concurrency: dropped by its CloudFormation",
    "gateway responses, request validators and mock integrations (CORS preflight): ignored by its gateway",
    "usage plans, throttling, access logs, tracing, alarms and the dashboard: made, not carried out",
    "events of SES: never published; the story publishes them to the topic itself",
    "the schedule: it fires after more than a minute; the story invokes the sweep itself",
    "moving callers step by step: it has no CodeDeploy",
    "that the version before goes: an update of its CloudFormation keeps it",
]


# What it calls otherwise than AWS does: to AWS a batch is the single one's action.
BATCHES = {
    "sqs:SendMessage": "sqs:SendMessageBatch",
    "sqs:DeleteMessage": "sqs:DeleteMessageBatch",
}


def policy_statements(properties):
    """The statements of a role, those under a condition too."""
    for policy in properties.get("Policies", []):
        for statement in policy["PolicyDocument"]["Statement"]:
            yield from (s for s in statement.get("Fn::If", [None, statement])[1:] if "Action" in s)


def strip(template, parameters):
    """Takes out what the emulator refuses, and writes in its words what it takes in others; tells why, and of what."""
    for logical, resource in list(template["Resources"].items()):
        type, properties = resource["Type"], resource.get("Properties", {})
        if type in ("AWS::WAFv2::WebACLAssociation", "AWS::WAFv2::LoggingConfiguration", "AWS::Backup::BackupSelection"):
            del template["Resources"][logical]
            yield f"{type}: unknown to it; taken out", logical
        if type == "AWS::CloudWatch::CompositeAlarm" or type == "AWS::CloudWatch::Alarm" and "Metrics" in properties:
            del template["Resources"][logical]
            yield "alarms on metric math, and on alarms: refused; taken out", logical
        if type == "AWS::Budgets::Budget":
            del template["Resources"][logical]
            yield f"{type}: unknown to it; taken out", logical
        if type == "AWS::CloudFormation::Stack" and "Deployment" in properties.get("Parameters", {}):
            properties["Tags"] = [*properties.get("Tags", []), {"Key": "deployment", "Value": {"Ref": "Deployment"}}]
            yield "what an update leaves as it is, below: it forgets its attributes; a tag changes it", logical
        scaling = properties.get("ScalingConfig", {})
        if isinstance(scaling.get("MaximumConcurrency"), dict):
            parameter = scaling["MaximumConcurrency"]["Ref"]
            scaling["MaximumConcurrency"] = int(parameters.get(parameter, template["Parameters"][parameter]["Default"]))
            yield "MaximumConcurrency by parameter: a text to it; written as a number", logical
        for statement in policy_statements(properties):
            actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
            if BATCHES.keys() & set(actions):
                statement["Action"] = [*actions, *(BATCHES[action] for action in actions if action in BATCHES)]
                yield "batches of SQS: actions of their own to it; added", logical
            if "ses:SendEmail" in actions:
                statement["Resource"] = "*"
                yield "ses:SendEmail: checked against every resource, whichever is named; so written", logical


def expanded(folder, code, parameters):
    """Writes what is deployed, and returns it by its files' names."""
    templates, reasons = {}, {}
    for name, path in paths().items():
        template = expand(path, REGION, locate=lambda child: str(folder / f"{child}.json"), code=str(code))
        for reason, logical in strip(template, parameters):
            reasons.setdefault(reason, []).append(logical)
        file = folder / f"{name}.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(template, indent=1))
        templates[str(file)] = template
    print("the emulator cannot carry:")
    for reason, of in reasons.items():
        print(f"  - {reason} ({', '.join(sorted(set(of)))})")
    for reason in NOT_PROVEN:
        print(f"  - {reason}")
    return templates


def archive(folder, build):
    """One archive for all functions: sam would pack the folder again for each."""
    file = folder / "code.zip"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as packed:
        entry = zipfile.ZipInfo("bootstrap")
        entry.external_attr = 0o755 << 16
        entry.compress_type = zipfile.ZIP_DEFLATED
        packed.writestr(entry, (build / "bootstrap").read_bytes())
    return file


def deploy(emulator, template, parameters):
    # As infra/apart/access.yaml makes it.
    bucket = f"artifacts-of-{MARKET}-{ACCOUNT}-{REGION}"
    emulator.client("s3").create_bucket(Bucket=bucket)
    sam = [sys.executable, "-m", "samcli", "deploy", "--template-file", str(template), "--stack-name", MARKET]
    sam += ["--s3-bucket", bucket, "--no-confirm-changeset", "--no-progressbar", "--region", REGION]
    sam += ["--capabilities", "CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]
    sam += ["--parameter-overrides", *(f"{name}={value}" for name, value in parameters.items())]
    environment = emulator.environment | {"SAM_CLI_TELEMETRY": "0", "AWS_EC2_METADATA_DISABLED": "true"}
    done = subprocess.run(sam, env=environment, cwd=template.parent, capture_output=True, text=True)
    if done.returncode:
        print(done.stdout[-2000:], done.stderr[-3000:])
        cloudformation = emulator.client("cloudformation")
        for stack in cloudformation.describe_stacks()["Stacks"]:
            for event in cloudformation.describe_stack_events(StackName=stack["StackId"])["StackEvents"]:
                if event["ResourceStatus"].endswith("FAILED"):
                    where = f"{stack['StackName']} {event['LogicalResourceId']}"
                    print(f"{where}: {event.get('ResourceStatusReason')}")
        raise Stuck("the stack could not be created")


# ── reading back ──


def plain(value):
    """Numbers and booleans as texts, as CloudFormation passes them."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return str(value).lower() if isinstance(value, bool) else str(value)


class ReadBack:
    """Compares what was made with what the templates say."""

    def __init__(self, emulator, market, checks):
        self.emulator, self.market, self.checks = emulator, market, checks
        self.all = market.all()

    def of(self, *types):
        return [resource for resource in self.all.values() if resource.type in types]

    def arn(self, value):
        """What a reference of the templates is, where names decide it."""
        resource = self.all.get(target(value))
        if resource is None:
            return value
        place = f"{REGION}:{ACCOUNT}"
        return {
            "AWS::SQS::Queue": lambda: f"arn:aws:sqs:{place}:{resource['QueueName']}",
            "AWS::Lambda::Function": lambda: f"arn:aws:lambda:{place}:function:{resource['FunctionName']}",
            "AWS::Lambda::Alias": lambda: f"{self.arn(resource['FunctionName'])}:{resource['Name']}",
            "AWS::DynamoDB::Table": lambda: f"arn:aws:dynamodb:{place}:table/{resource['TableName']}",
        }.get(resource.type, lambda: value)()

    def compare(self):
        self.checks.chapter("What was made is what the templates say")
        self.stacks()
        self.table()
        self.queues()
        self.functions()
        self.live("1")
        self.roles()
        self.mappings()
        self.schedule()
        self.gateway()
        self.rest()

    def stacks(self):
        made = self.emulator.client("cloudformation").describe_stacks()["Stacks"]
        states = {stack["StackStatus"] for stack in made if stack["StackName"].startswith(MARKET)}
        names = [stack for stack in made if stack["StackName"].startswith(MARKET)]
        self.checks.equal(
            f"{len(names)} stacks are complete",
            (states, len(names)),
            ({"CREATE_COMPLETE"}, len(list(self.market.stacks()))),
        )

    def table(self):
        (table,) = self.of("AWS::DynamoDB::Table")
        made = self.emulator.client("dynamodb").describe_table(TableName=table["TableName"])["Table"]
        equal = self.checks.equal
        equal("keys of the table", made["KeySchema"], table["KeySchema"])

        def index(about):
            projection = about["Projection"]
            attributes = sorted(projection.get("NonKeyAttributes", []))
            return about["IndexName"], about["KeySchema"], projection["ProjectionType"], attributes

        found = sorted(map(index, made["GlobalSecondaryIndexes"]), key=lambda about: about[0])
        equal("its indexes", found, sorted(map(index, table["GlobalSecondaryIndexes"]), key=lambda about: about[0]))
        equal(
            "its stream", made["StreamSpecification"]["StreamViewType"], table["StreamSpecification"]["StreamViewType"]
        )
        equal("on demand", made["BillingModeSummary"]["BillingMode"], table["BillingMode"])
        protected = str(made["DeletionProtectionEnabled"]).lower()
        equal("protected from deletion", protected, str(table["DeletionProtectionEnabled"]).lower())

    def queues(self):
        sqs = self.emulator.client("sqs")
        for queue in self.of("AWS::SQS::Queue"):
            url = sqs.get_queue_url(QueueName=queue["QueueName"])["QueueUrl"]
            made = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
            wanted = {
                name: str(queue[key])
                for name, key in [
                    ("VisibilityTimeout", "VisibilityTimeout"),
                    ("MessageRetentionPeriod", "MessageRetentionPeriod"),
                    ("ReceiveMessageWaitTimeSeconds", "ReceiveMessageWaitTimeSeconds"),
                ]
                if queue.get(key) is not None
            }
            found = {name: made.get(name) for name in wanted}
            wanted["encrypted"], found["encrypted"] = "true", made.get("SqsManagedSseEnabled")
            if queue.get("RedrivePolicy"):
                redrive = queue["RedrivePolicy"]
                arn = self.arn(redrive["deadLetterTargetArn"])
                wanted["redrive"] = {"deadLetterTargetArn": arn, "maxReceiveCount": str(redrive["maxReceiveCount"])}
                found["redrive"] = plain(json.loads(made.get("RedrivePolicy", "{}")))
            policies = [p for p in self.of("AWS::SQS::QueuePolicy") if target(p["Queues"][0]) == queue.id]
            sids = [statement["Sid"] for policy in policies for statement in policy["PolicyDocument"]["Statement"]]
            wanted["policy"] = sids
            found["policy"] = [
                statement["Sid"] for statement in json.loads(made.get("Policy", '{"Statement": []}'))["Statement"]
            ]
            self.checks.equal(f"queue {queue['QueueName']}", found, wanted)

    def functions(self):
        client = self.emulator.client("lambda")
        hashes = set()
        for function in self.of("AWS::Lambda::Function"):
            made = client.get_function_configuration(FunctionName=function["FunctionName"])
            names = ["Handler", "Runtime", "MemorySize", "Timeout", "Architectures"]
            found = {name: plain(made[name]) for name in names}
            wanted = {name: plain(function[name]) for name in names}
            wanted["variables"] = sorted(function["Environment"]["Variables"])
            found["variables"] = sorted(made["Environment"]["Variables"])
            found["mode"], wanted["mode"] = made["TracingConfig"]["Mode"], function["TracingConfig"]["Mode"]
            hashes.add(made["CodeSha256"])
            if found != wanted:
                self.checks.equal(f"function {function['FunctionName']}", found, wanted)
        number = len(self.of("AWS::Lambda::Function"))
        self.checks.equal(f"all {number} functions are of one build, and as the templates say", len(hashes), 1)

    def live(self, version):
        client = self.emulator.client("lambda")
        names = [function["FunctionName"] for function in self.of("AWS::Lambda::Function")]
        found = {client.get_alias(FunctionName=name, Name="live")["FunctionVersion"] for name in names}
        self.checks.equal(f"version {version} of each function is live", found, {version})

    def roles(self):
        client, iam = self.emulator.client("lambda"), self.emulator.client("iam")
        used = []
        for function in self.of("AWS::Lambda::Function"):
            role = self.all[target(function["Role"])]
            name = client.get_function_configuration(FunctionName=function["FunctionName"])["Role"].rpartition("/")[2]
            used.append(name)
            found = []
            for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
                document = iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
                found += [(s.get("Sid"), s["Action"]) for s in document["Statement"]]
            wanted = [(s.get("Sid"), s["Action"]) for p in role["Policies"] for s in p["PolicyDocument"]["Statement"]]
            if found != wanted:
                self.checks.equal(f"role of {function['FunctionName']}", found, wanted)
        self.checks.equal("each has a role of its own, with the statements of its template", len(set(used)), len(used))

    def mappings(self):
        client = self.emulator.client("lambda")
        made = {
            m["EventSourceArn"].partition("/stream/")[0]: m
            for m in client.list_event_source_mappings()["EventSourceMappings"]
        }
        for mapping in self.of("AWS::Lambda::EventSourceMapping"):
            source = self.arn(mapping["EventSourceArn"])
            found = made.get(source, {})
            names = [
                "BatchSize",
                "FunctionResponseTypes",
                "ScalingConfig",
                "BisectBatchOnFunctionError",
                "MaximumRetryAttempts",
                "MaximumRecordAgeInSeconds",
                "ParallelizationFactor",
                "StartingPosition",
                "FilterCriteria",
            ]
            wanted = {name: mapping[name] for name in names if mapping.get(name) is not None}
            got = {name: found.get(name) for name in wanted}
            wanted["function"], got["function"] = self.arn(mapping["FunctionName"]), found.get("FunctionArn")
            if mapping.get("DestinationConfig"):
                wanted["failures"] = self.arn(mapping["DestinationConfig"]["OnFailure"]["Destination"])
                got["failures"] = found.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination")
            self.checks.equal(
                f"mapping {source.rpartition(':')[2]} → {wanted['function'].partition(':function:')[2]}",
                plain(got),
                plain(wanted),
            )

    def schedule(self):
        (schedule,) = self.of("AWS::Scheduler::Schedule")
        made = self.emulator.client("scheduler").get_schedule(Name=schedule["Name"])
        found = {
            "when": made["ScheduleExpression"],
            "state": made["State"],
            "what": made["Target"]["Arn"],
            "failures": made["Target"]["DeadLetterConfig"]["Arn"],
            "retries": made["Target"]["RetryPolicy"],
        }
        to = schedule["Target"]
        wanted = {
            "when": schedule["ScheduleExpression"],
            "state": schedule["State"],
            "what": self.arn(to["Arn"]),
            "failures": self.arn(to["DeadLetterConfig"]["Arn"]),
            "retries": to["RetryPolicy"],
        }
        self.checks.equal("schedule of the sweep", plain(found), plain(wanted))

    def gateway(self):
        (api,) = self.of("AWS::ApiGateway::RestApi")
        client = self.emulator.client("apigateway")
        (made,) = client.get_rest_apis()["items"]
        self.api = made["id"]
        body = api["Body"]
        verified = {
            name
            for name, scheme in body["components"]["securitySchemes"].items()
            if "x-amazon-apigateway-authorizer" in scheme
        }
        described, found = {}, {}
        for path, methods in body["paths"].items():
            for method, operation in methods.items():
                if method in ("get", "head", "post", "put", "patch", "delete", "options"):
                    needed = {name for way in operation.get("security", body.get("security", [])) for name in way}
                    described[method.upper(), path] = "CUSTOM" if needed & verified else "NONE"
        pages = client.get_paginator("get_resources").paginate(restApiId=self.api, embed=["methods"])
        for resource in (resource for page in pages for resource in page["items"]):
            for method, about in resource.get("resourceMethods", {}).items():
                found[method, resource["path"]] = about["authorizationType"]
        self.checks.equal(
            f"{len(described)} methods of the gateway, each with its authorizer or none", found, described
        )
        (stage,) = self.of("AWS::ApiGateway::Stage")
        self.stage = stage["StageName"]
        items = client.get_stages(restApiId=self.api)["item"]
        self.checks.equal("its stage", [item["stageName"] for item in items], [self.stage])
        limits = {
            f"{setting['ResourcePath']}/{setting['HttpMethod']}".lstrip("/"): (
                float(setting["ThrottlingRateLimit"]),
                int(setting["ThrottlingBurstLimit"]),
            )
            for setting in stage["MethodSettings"]
        }
        found = {
            name.lstrip("/"): (setting["throttlingRateLimit"], setting["throttlingBurstLimit"])
            for item in items
            for name, setting in item["methodSettings"].items()
        }
        self.checks.equal(f"the limits of its methods, by class ({len(limits)} settings)", found, limits)

    def rest(self):
        logs = self.emulator.client("logs")
        found = {
            group["logGroupName"]: str(group.get("retentionInDays"))
            for page in logs.get_paginator("describe_log_groups").paginate()
            for group in page["logGroups"]
        }
        wanted = {group["LogGroupName"]: str(group["RetentionInDays"]) for group in self.of("AWS::Logs::LogGroup")}
        self.checks.equal(
            f"{len(wanted)} log groups with their retention", {name: found.get(name) for name in wanted}, wanted
        )
        alarms = self.emulator.client("cloudwatch").get_paginator("describe_alarms").paginate()
        found = {alarm["AlarmName"]: alarm["AlarmActions"] for page in alarms for alarm in page["MetricAlarms"]}
        topics = {f"ref:{topic.id}": topic["TopicName"] for topic in self.of("AWS::SNS::Topic")}
        arn = f"arn:aws:sns:{REGION}:{ACCOUNT}:"
        wanted = {
            alarm["AlarmName"]: [arn + topics[topic] for topic in alarm["AlarmActions"]]
            for alarm in self.of("AWS::CloudWatch::Alarm")
        }
        self.checks.equal(f"{len(wanted)} alarms, each to its topic", found, wanted)
        sns = self.emulator.client("sns")
        raw = [
            (
                about["Endpoint"],
                sns.get_subscription_attributes(SubscriptionArn=about["SubscriptionArn"])["Attributes"].get(
                    "RawMessageDelivery"
                ),
            )
            for about in sns.list_subscriptions()["Subscriptions"]
        ]
        wanted = [(self.arn(s["Endpoint"]), "true") for s in self.of("AWS::SNS::Subscription")]
        self.checks.equal("the topic of mail feeds the feedback queue, unwrapped", raw, wanted)


# ── what no request can do ──


class Machinery:
    def __init__(self, emulator, jobs):
        self.emulator, self.jobs = emulator, jobs

    def mail(self, id):
        messages = self.emulator.get("/_ministack/ses/messages")["messages"].get(ACCOUNT, [])
        return next((message for message in messages if message["MessageId"] == id), None)

    def publish(self, message):
        topic = f"arn:aws:sns:{REGION}:{ACCOUNT}:{MARKET}-mail"
        self.emulator.client("sns").publish(TopicArn=topic, Message=message)

    def left(self, ending):
        """How many messages there are in each queue whose name ends so, those in a worker's hands too, unless none."""
        sqs, left = self.emulator.client("sqs"), {}
        for url in sqs.list_queues().get("QueueUrls", []):
            if url.endswith(ending):
                attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
                counts = [n for name, n in attributes.items() if name.startswith("ApproximateNumberOfMessages")]
                left[url.rpartition("/")[2]] = sum(map(int, counts))
        return {queue: number for queue, number in left.items() if number}

    def sweep(self):
        answer = self.emulator.client("lambda").invoke(
            FunctionName=f"{MARKET}-sweep", Qualifier="live", Payload=b"{}"
        )
        return json.loads(answer["Payload"].read())


def again(emulator, root, parameters, read_back, machinery, anyone):
    """A deployment that changes a setting alone moves everyone to functions that have it."""
    checks = read_back.checks
    checks.chapter("The next deployment")
    deploy(emulator, root, parameters | {"Deployment": "second", "LogLevel": "debug"})
    read_back.live("2")
    client = emulator.client("lambda")
    names = [function["FunctionName"] for function in read_back.of("AWS::Lambda::Function")]
    settings = [client.get_function_configuration(FunctionName=name, Qualifier="live") for name in names]
    levels = {made["Environment"]["Variables"]["RUST_LOG"] for made in settings}
    checks.equal("what is live has the new setting", levels, {"debug"})
    answer = anyone.get("/announcements")
    checks.expect("the API answers from it", answer.ok, answer)
    swept = machinery.sweep()
    checks.expect("the sweep goes on", "sent" in swept, swept)


def play(arguments, folder, checks):
    ca, certificate, key = authority(folder)
    issuer = Issuer(certificate, key)
    emulator = Emulator(folder, ca, certificate, key)
    try:
        payment_key = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
        emulator.client("secretsmanager").create_secret(Name=SECRET, SecretString=payment_key)
        subject_key = base64.b64encode(secrets.token_bytes(32)).decode()
        emulator.client("secretsmanager").create_secret(Name=SUBJECT_KEY_SECRET, SecretString=subject_key)
        emulator.client("sesv2").create_email_identity(EmailIdentity=FROM.partition("@")[2])
        parameters = {
            "MarketName": MARKET,
            "TableName": MARKET,
            "Architecture": "x86_64",
            "TokenIssuer": issuer.url,
            "TokenAudience": AUDIENCE,
            "JwksUrl": f"{issuer.url}/jwks.json",
            "PaymentKeysSecret": SECRET,
            "SubjectKeySecret": SUBJECT_KEY_SECRET,
            "OperatorNameZh": "服务市场示例运营有限公司",
            "OperatorNameEn": "Sample Market Ltd.",
            "OfficialAddress": "notices@market.example.com",
            "EmailFrom": FROM,
            # What a large account chooses; the default is for a new one.
            "AccountConcurrency": "1000",
            "ReserveConcurrency": "true",
            "Deployment": "first",
            # There was no market before.
            "LogsBefore": "none",
        }
        templates = expanded(folder / "expanded", archive(folder, arguments.code.resolve()), parameters)
        root = folder / "expanded/template.json"
        began = time.monotonic()
        deploy(emulator, root, parameters)
        print(f"deployed in {time.monotonic() - began:.1f} s")
        read_back = ReadBack(emulator, Stack(str(root), parameters, templates, "aws"), checks)
        read_back.compare()
        handlers = [function["Handler"] for function in read_back.of("AWS::Lambda::Function")]
        jobs = [handler.removeprefix("worker/") for handler in handlers if handler.startswith("worker/")]
        url = f"{emulator.url}/restapis/{read_back.api}/{read_back.stage}/_user_request_"
        agreement = (ROOT / "infra/local/src/demo/agreement.zh.md").read_text()
        machinery = Machinery(emulator, jobs)
        story = Story(url, str(ca), issuer.token, payment_key, checks, machinery)
        story.tell(agreement)
        again(emulator, root, parameters, read_back, machinery, Client(url, str(ca)))
        if arguments.market:
            Drill(emulator, str(arguments.market.resolve()), story, checks).carry_out()
        if arguments.keep:
            print(f"\n{url}\nstays until this is ended (Ctrl-C); its log is {emulator.log}")
            emulator.process.wait()
    except KeyboardInterrupt:
        pass
    except (Stuck, Exception) as error:
        if not isinstance(error, Stuck):
            traceback.print_exc()
        checks.expect("it comes to its end", False, error)
    finally:
        emulator.stop()
        issuer.server.shutdown()
        # Whatever a function was denied, or died of, is in the emulator's log.
        for line in emulator.log.read_text().splitlines():
            if checks.failed and ("AccessDenied" in line or " ERROR " in line):
                print(f"  log: {line[:400]}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--code", type=Path, required=True, help="folder with bootstrap, built for this machine")
    parser.add_argument("--market", type=Path, help="the command, built for a stack: the table is restored with it")
    parser.add_argument("--keep", action="store_true", help="leave it running after the story")
    arguments = parser.parse_args()
    if not (arguments.code / "bootstrap").is_file():
        parser.error("no bootstrap in that folder")
    folder = ROOT / "target/template"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    began, checks = time.monotonic(), Checks()
    play(arguments, folder, checks)
    print(f"\n{time.monotonic() - began:.1f} s in all\n{checks.passed} passed, {checks.failed} failed")
    sys.exit(1 if checks.failed else 0)


if __name__ == "__main__":
    main()
