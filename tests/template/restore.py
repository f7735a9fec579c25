"""The drill of docs/runbooks/restore.md on the deployed market: it is fenced, its table restored, repaired, verified, and the
stack pointed at it, by `market restore` alone; and the market goes on there, with its stream, its sweep and its past.

The command is broken off where an operator would look, and given again. What the emulator adds for it stands at the head of
restoring_emulator.py.
"""

import json
import subprocess
import time
from datetime import datetime, timezone

from expand import ROOT

RESTORED = "market-restored"


class Drill:
    def __init__(self, emulator, market, story, checks):
        """`market` is the program, with everything that a stack needs; `story` was told to its end."""
        self.emulator, self.market, self.story, self.checks = emulator, market, story, checks
        self.expect, self.equal = checks.expect, checks.equal
        self.tables = emulator.client("dynamodb")
        self.at = datetime.now(timezone.utc).isoformat(timespec="seconds")

    def carry_out(self):
        self.checks.chapter("The table is restored, and the market stands on it")
        stack = self.stack()
        self.before = self.items("market")
        self.protect()
        self.would()
        self.given_up()
        self.fence_and_restore()
        self.fenced()
        self.point()
        self.broken_off_at_the_last_step()
        self.stands_there(stack)
        self.goes_on()
        self.expect("the table before is there, untouched since", self.items("market") == self.before)

    def restore(self, *arguments):
        """Gives the command; what it said, and its exit code."""
        line = [self.market, "restore", "--stack-name", "market", "--region", "us-east-1", "--json", *arguments]
        done = subprocess.run(line, env=self.emulator.environment, capture_output=True, text=True, timeout=300)
        try:
            return json.loads(done.stdout), done.returncode
        except ValueError:
            return {"stdout": done.stdout, "stderr": done.stderr}, done.returncode

    def stack(self):
        (stack,) = self.emulator.client("cloudformation").describe_stacks(StackName="market")["Stacks"]
        outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
        parameters = {given["ParameterKey"]: given["ParameterValue"] for given in stack["Parameters"]}
        return {"status": stack["StackStatus"], "outputs": outputs, "parameters": parameters}

    def items(self, table):
        pages = self.tables.get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
        items = [item for page in pages for item in page["Items"]]
        return sorted(items, key=lambda item: (item["pk"]["S"], item["sk"]["S"]))

    def protect(self):
        """What the stack's table had on AWS, and the emulator's CloudFormation drops."""
        self.tables.update_continuous_backups(
            TableName="market", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
        )
        arn = self.tables.describe_table(TableName="market")["Table"]["TableArn"]
        self.tables.tag_resource(ResourceArn=arn, Tags=[{"Key": "market", "Value": "market"}])
        # As it has grown to, under callers.
        warm = {"ReadUnitsPerSecond": 30_000, "WriteUnitsPerSecond": 9_000}
        self.tables.update_table(TableName="market", WarmThroughput=warm)

    def part(self):
        """The part of the stack that makes the table."""
        about = self.emulator.client("cloudformation").describe_stack_resource(StackName="market", LogicalResourceId="Data")
        return about["StackResourceDetail"]["PhysicalResourceId"]

    def keeps_table(self):
        """Whether that part is under the policy under which a deployment puts it."""
        body = self.emulator.client("cloudformation").get_stack_policy(StackName=self.part()).get("StackPolicyBody", "{}")
        return json.loads(body) == json.loads((ROOT / "infra/data-stack-policy.json").read_text())

    def broken_off(self, table):
        """Leaves what a command leaves that was broken off while it pointed the stack: a table that is fenced, and a part that
        lets go of its own."""
        every = {"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*"}
        lets_go = json.dumps({"Statement": [every]})
        self.emulator.client("cloudformation").set_stack_policy(StackName=self.part(), StackPolicyBody=lets_go)
        arn = self.tables.describe_table(TableName=table)["Table"]["TableArn"]
        denied = {"Effect": "Deny", "Principal": "*", "Action": ["dynamodb:PutItem"], "Resource": arn}
        fence = {"Version": "2012-10-17", "Statement": [{"Sid": f"MarketRestore{int(time.time())}", **denied}]}
        self.tables.put_resource_policy(ResourceArn=arn, Policy=json.dumps(fence))

    def would(self):
        said, exit = self.restore("--to", RESTORED, "--at", self.at, "--point", "--dry-run")
        how = {step["how"] for step in said.get("steps", [])}
        self.expect("tried first, it says every step and takes none", (exit, how) == (0, {"would"}), (exit, said))
        self.expect("nothing is fenced by that", not self.policy("market"), self.policy("market"))

    def given_up(self):
        self.broken_off("market")
        said, exit = self.restore("--give-up", "--dry-run")
        self.expect("tried first, giving up changes nothing", self.policy("market") and not self.keeps_table(), said)
        said, exit = self.restore("--give-up")
        self.expect("given up, the table takes writes", exit == 0 and not self.policy("market"), said)
        self.expect("and the part of the stack keeps its table", self.keeps_table())

    def policy(self, table):
        arn = self.tables.describe_table(TableName=table)["Table"]["TableArn"]
        try:
            return self.tables.get_resource_policy(ResourceArn=arn)["Policy"]
        except self.tables.exceptions.PolicyNotFoundException:
            return None

    def fence_and_restore(self):
        began = time.monotonic()
        said, exit = self.restore("--to", RESTORED, "--at", self.at)
        taken = [(step["step"], step["how"]) for step in said.get("steps", [])]
        wanted = [(step, "done") for step in ("fence", "restore", "repair", "hold", "verify")]
        self.equal(f"it is fenced, restored, repaired, held and verified ({time.monotonic() - began:.1f} s)", taken, wanted)
        self.expect("and ends before the market is put on it", exit == 0 and not said.get("parameters"), (exit, said))
        verified = said.get("verified", {})
        self.expect("chains were verified, and hold", verified.get("chains", 0) > 3 and not verified["faults"], verified)
        self.equal("every item is there, to the byte", self.items(RESTORED), self.before)

    def fenced(self):
        story = self.story
        served = story.operator.post("/accounts/shop-1/terminations", story.names["termination"])
        refused = (served.status, served.body.get("code")) == (503, "unavailable")
        self.expect("meanwhile nothing is written: 503 unavailable", refused, served)
        check = story.players["gateway"].post("/checks", {"token": story.names["token"], "scope": "orders.read"})
        self.expect("a check that cannot be counted is not allowed", check.status == 503, check)
        read = story.players["shop-1"].get("/accounts/shop-1")
        self.expect("and everything can be read", read.ok, read)

    def point(self):
        began = time.monotonic()
        said, exit = self.restore("--to", RESTORED, "--point")
        how = {step["step"]: step["how"] for step in said.get("steps", [])}
        wanted = {
            "fence": "was-done",
            "restore": "was-done",
            "repair": "was-done",
            "hold": "was-done",
            "verify": "done",
            "point": "done",
            "open": "done",
        }
        self.equal(f"given again, it goes on where it stood ({time.monotonic() - began:.1f} s)", how, wanted)
        self.expect("and ends well", exit == 0, said)
        said, exit = self.restore("--to", RESTORED, "--point")
        self.expect("given once more, it changes nothing", {s["how"] for s in said["steps"]} == {"was-done"}, said)

    def broken_off_at_the_last_step(self):
        self.broken_off(RESTORED)
        said, exit = self.restore("--to", RESTORED)
        taken = [step["step"] for step in said.get("steps", []) if step["how"] == "done"]
        self.equal("broken off when the stack was pointed, it opens the table", (exit, taken), (0, ["open"]))
        self.expect("and the part of the stack, which still let go of its table, keeps it", self.keeps_table())

    def stands_there(self, before):
        table = self.tables.describe_table(TableName=RESTORED)["Table"]
        stack = self.stack()
        self.equal("the stack is complete", stack["status"], "UPDATE_COMPLETE")
        self.equal("its output names the table", stack["outputs"]["TableName"], RESTORED)
        deployment = stack["parameters"]["Deployment"]
        pointed = {"TableName": RESTORED, "TableStreamLabel": table["LatestStreamLabel"], "Deployment": deployment}
        self.expect("it is a deployment of its own", deployment != before["parameters"]["Deployment"], deployment)
        self.equal("no other parameter has changed", stack["parameters"], before["parameters"] | pointed)
        self.equal("the stream", table["StreamSpecification"]["StreamViewType"], "NEW_IMAGE")
        self.equal("protected from deletion", table["DeletionProtectionEnabled"], True)
        ttl = self.tables.describe_time_to_live(TableName=RESTORED)["TimeToLiveDescription"]
        self.equal("saved replies go", ttl, {"TimeToLiveStatus": "ENABLED", "AttributeName": "ttl"})
        backups = self.tables.describe_continuous_backups(TableName=RESTORED)["ContinuousBackupsDescription"]
        recovery = backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"]
        self.equal("it can be restored itself", recovery, "ENABLED")
        tags = self.tables.list_tags_of_resource(ResourceArn=table["TableArn"])["Tags"]
        self.expect("it has the tags of the one before", {"Key": "market", "Value": "market"} in tags, tags)
        warm = {"ReadUnitsPerSecond": 30_000, "WriteUnitsPerSecond": 9_000}
        self.equal("it takes as much at once as the one before", {name: table["WarmThroughput"][name] for name in warm}, warm)
        self.expect("the part of the stack keeps its table again", self.keeps_table())
        self.expect("it takes writes", not self.policy(RESTORED), self.policy(RESTORED))
        self.expect("the one before takes none", self.policy("market"))
        functions = self.emulator.client("lambda")
        pages = functions.get_paginator("list_functions").paginate()
        names = [function["FunctionName"] for page in pages for function in page["Functions"]]
        live = [functions.get_function_configuration(FunctionName=name, Qualifier="live") for name in names]
        variables = [function["Environment"]["Variables"] for function in live]
        named = {found["MARKET_TABLE"] for found in variables if "MARKET_TABLE" in found}
        self.equal("every function that is live knows that table and no other", named, {RESTORED})
        mappings = functions.list_event_source_mappings()["EventSourceMappings"]
        streams = [m["EventSourceArn"] for m in mappings if "/stream/" in m["EventSourceArn"]]
        self.equal("the relay reads its stream and no other", streams, [table["LatestStreamArn"]])

    def goes_on(self):
        """What the story did once is done again: by stream and queue, and by the sweep."""
        story, checks = self.story, self.checks
        before = self.sent("termination_served")
        served = story.operator.post("/accounts/shop-1/terminations", story.names["termination"])
        self.expect("operator serves notice on shop-1 again", served.ok, served)
        began = time.monotonic()
        while self.sent("termination_served") == before and time.monotonic() - began < 60:
            time.sleep(0.3)
        took = time.monotonic() - began
        self.expect(
            f"shop-1 is told by e-mail: stream, queue, worker ({took:.1f} s)", self.sent("termination_served") > before
        )
        path = f"/accounts/shop-1/terminations/{served.body.get('id')}/withdrawal"
        withdrawn = story.operator.post(path)
        self.expect("operator withdraws it", withdrawn.ok, withdrawn)
        (chapter,) = (one for one in story.script["chapters"] if one["chapter"] == "A grant reaches its end")
        story.steps(chapter["steps"])
        (chapter,) = (one for one in story.script["chapters"] if one["chapter"] == "The year is audited")
        story.steps(chapter["steps"])
        said, exit = self.verify()
        self.expect("and the account holds, from its first record to its newest", exit == 0, said)

    def verify(self):
        line = [self.market, "verify", "--account", "shop-1", "--provider", "northwind", "--region", "us-east-1", "--json"]
        done = subprocess.run(line, env=self.emulator.environment, capture_output=True, text=True, timeout=300)
        return done.stdout + done.stderr, done.returncode

    def sent(self, about):
        notices = self.story.operator.all("/accounts/shop-1/notices")
        return sum(
            1 for one in notices if (one["about"], one["channel"], one["status"]) == (about, "email", "sent")
        )
