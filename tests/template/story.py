"""Plays the story of infra/local/src/demo/story.json through a deployed gateway, as far as a real clock lets it go.

How its steps are read stands at the head of infra/local/src/demo/script.rs.
"""

import base64
import hashlib
import hmac
import json
import re
import ssl
import time
import urllib.error
import urllib.request
import uuid
from datetime import datetime, timedelta, timezone
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "infra/local/src/demo/story.json"

# The sweep is a minute away where the relay fails; what the relay hands out takes seconds.
PATIENCE_SECONDS = 60


class Checks:
    """What was expected, and whether it held."""

    def __init__(self):
        self.passed = self.failed = 0

    def chapter(self, title):
        print(f"\n── {title}")

    def expect(self, what, holds, otherwise=""):
        self.passed += bool(holds)
        self.failed += not holds
        print(f"  {'✓' if holds else '✗'} {what}" + ("" if holds or otherwise == "" else f": {otherwise}"), flush=True)
        return bool(holds)

    def equal(self, what, found, wanted):
        if isinstance(found, dict) and isinstance(wanted, dict):
            differ = {key for key in found.keys() | wanted.keys() if found.get(key) != wanted.get(key)}
            text = "; ".join(
                f"{key}: found {found.get(key)!r}, wanted {wanted.get(key)!r}" for key in sorted(differ, key=str)
            )
        else:
            text = f"found {found!r}, wanted {wanted!r}"
        return self.expect(what, found == wanted, text)


class Stuck(Exception):
    """What the rest needs did not succeed."""


class Answer:
    def __init__(self, status, headers, text):
        self.status, self.headers, self.text = status, headers, text
        try:
            self.body = json.loads(text)
        except ValueError:
            self.body = {}

    @property
    def ok(self):
        return 200 <= self.status < 300

    def __str__(self):
        return f"{self.status} {self.text[:300]}"


class Client:
    """Someone who calls the market; without a token where no role is named."""

    def __init__(self, url, ca, token=None):
        self.url, self.token = url, token
        self.tls = ssl.create_default_context(cafile=ca)

    def send(self, method, path, headers, body=None):
        if self.token:
            headers = {"Authorization": f"Bearer {self.token}", **headers}
        # The pages of problems stand beside the version.
        address = path if path.startswith("/errors") else f"/v1{path}"
        request = urllib.request.Request(self.url + address, body, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=40, context=self.tls) as response:
                return Answer(response.status, response.headers, response.read().decode())
        except urllib.error.HTTPError as error:
            return Answer(error.code, error.headers, error.read().decode())

    def get(self, path):
        return self.send("GET", path, {})

    def post(self, path, body=None, key=None):
        headers = {"Content-Type": "application/json", "Idempotency-Key": key or uuid.uuid4().hex}
        return self.send("POST", path, headers, json.dumps(body or {}).encode())

    def all(self, path):
        items, query = [], "?limit=100"
        while True:
            page = self.get(path + query).body
            items += page.get("items", [])
            if not page.get("next_cursor"):
                return items
            query = f"?limit=100&cursor={page['next_cursor']}"


def timestamp(**ahead):
    moment = datetime.now(timezone.utc) + timedelta(**ahead)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()


class Names:
    """What the names of the story stand for."""

    def __init__(self, templates, known):
        # Templates are filled in whenever they are used; what the market said is never taken for one.
        self.templates, self.known = templates, known

    def __getitem__(self, name):
        if name in self.known:
            value = self.known[name]
            return value() if callable(value) else value
        if name not in self.templates:
            raise Stuck(f"nothing is named {name!r}")
        return self.fill(self.templates[name])

    def fill(self, value):
        """The value with every `{name}` in its texts replaced; a text that is only a name becomes what it stands for."""
        if isinstance(value, str):
            alone = re.fullmatch(r"\{([^{}]*)\}", value)
            return self[alone[1]] if alone else re.sub(r"\{([^{}]*)\}", lambda name: self.words(name[1]), value)
        if isinstance(value, list):
            return [self.fill(item) for item in value]
        return {name: self.fill(item) for name, item in value.items()} if isinstance(value, dict) else value

    def words(self, name):
        value = self[name]
        return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


MISSING = object()


def at(body, pointer):
    """What a JSON pointer leads to."""
    for name in pointer.split("/")[1:]:
        if isinstance(body, dict) and name in body:
            body = body[name]
        elif isinstance(body, list) and name.isdecimal() and int(name) < len(body):
            body = body[int(name)]
        else:
            return MISSING
    return body


class Seen:
    """What was found otherwise than by one request."""

    def __init__(self, body):
        self.status, self.ok, self.body, self.text = 200, True, body, ""

    def __str__(self):
        return str(self.body)[:300]


# What a step can ask the market.
ASKING = {"get", "post", "all", "pay", "notice"}
# What only a clock that is set ahead can do, and what is done here by waiting.
OF_THE_CLOCK = {"pass", "to", "clock", "days"}


class Story:
    def __init__(self, url, ca, token, payment_key, checks, machinery):
        """`token(role, subject)` issues tokens; `machinery` does what no request can."""
        self.url, self.ca, self.token = url, ca, token
        self.payment_key, self.checks, self.machinery = payment_key, checks, machinery
        self.expect, self.chapter = checks.expect, checks.chapter
        self.anyone = Client(url, ca)
        self.script = json.loads(SCRIPT.read_text())
        players = self.script["players"].items()
        self.players = {"anyone": self.anyone} | {name: self.of(*player) for name, player in players}
        self.operator = self.players["operator"]

    def of(self, role, subject):
        return Client(self.url, self.ca, self.token(role, subject))

    def tell(self, agreement):
        prominent = self.script["prominent"]
        known = {
            "agreement": agreement,
            "agreement_bytes": len(agreement.encode()),
            "agreement_sha256": sha256(agreement),
            "prominent": [clause for clause in prominent if re.search(f"^{re.escape(clause)}(?![.0-9])", agreement, re.M)],
            "rules": {},
            "now": timestamp,
            "in_twenty_seconds": lambda: timestamp(seconds=20),
        }
        self.names, self.last = Names(self.script["names"], known), None
        for chapter in self.script["chapters"]:
            if chapter.get("only", "deployed") == "deployed":
                self.chapter(chapter["chapter"])
                self.learn(chapter.get("with", {}))
                self.steps(chapter["steps"])

    def learn(self, values):
        for name, value in values.items():
            self.names.known[name] = self.names.fill(value)

    def steps(self, steps):
        for step in steps:
            if step.get("only", "deployed") == "deployed":
                self.step(step)

    def step(self, step):
        if OF_THE_CLOCK & step.keys():
            raise Stuck(f"only a clock that is set ahead can do this: {step}")
        self.learn(step.get("with", {}))
        if "part" in step:
            for value in self.names.fill(step.get("of", [None])):
                self.learn({step["each"]: value} if "each" in step else {})
                self.steps(self.script["parts"][step["part"]])
        elif "play" in step:
            getattr(self, step["play"])()
        elif "until" in step:
            self.until(step)
        else:
            if ASKING & step.keys():
                self.last = self.ask(step)
            wrong = self.wrong(step)
            self.keep(step)
            self.say(step, wrong)

    def keep(self, step):
        for name, pointer in step.get("keep", {}).items():
            if (value := at(self.last.body, pointer)) is not MISSING:
                self.names.known[name] = value

    def say(self, step, wrong):
        if "do" in step:
            if not self.expect(self.names.fill(step["do"]), not wrong, wrong):
                raise Stuck(step["do"])
        elif "refused" in step:
            what = f"{self.names.fill(step['refused'])} is refused: {step['status']} {step['code']}"
            self.expect(what, not wrong, wrong)
        elif "expect" in step:
            self.expect(self.names.fill(step["expect"]), not wrong, wrong)
        elif "tell" in step:
            print(f"    {self.names.fill(step['tell'])}")

    def until(self, step):
        """Something that workers do; how long it took is told with it."""
        began = time.monotonic()
        while True:
            self.last = self.ask(step)
            wrong = self.wrong(step)
            took = time.monotonic() - began
            if not wrong or took > PATIENCE_SECONDS:
                break
            time.sleep(0.3)
        self.keep(step)
        self.expect(f"{self.names.fill(step['until'])} ({took:.1f} s)", not wrong, f"{wrong}, for {PATIENCE_SECONDS} s")

    def ask(self, step):
        if "notice" in step:
            return Seen(self.notice(step["notice"], step.get("has", {})))
        if "pay" in step:
            return self.pay(self.names.fill(step["pay"]))
        client = self.players[self.names.fill(step["by"])]
        if "get" in step:
            return client.get(self.names.fill(step["get"]))
        if "all" in step:
            return Seen(client.all(self.names.fill(step["all"])))
        body = {**self.names.fill(step.get("body", {})), **self.names.fill(step.get("but", {}))}
        key = self.names.fill(step["key"]) if "key" in step else None
        return client.post(self.names.fill(step["post"]), body, key)

    def notice(self, wanted, has):
        """The first notice that is as wanted, and has what is said if any has."""
        notices = self.operator.all(f"/{wanted['to']}/notices")
        like = [one for one in notices if (one["about"], one["channel"]) == (wanted["about"], wanted["channel"])]
        return next((one for one in like if not self.lacking(has, one)), like[0] if like else {})

    def lacking(self, has, body):
        """What an answer does not have that it should."""
        for pointer, wanted in has.items():
            wanted, found = self.names.fill(wanted), at(body, pointer)
            if found in (MISSING, None) if wanted == "*" else found is MISSING or found != wanted:
                return f"{pointer} should be {wanted!r}, and is {'not there' if found is MISSING else repr(found)}"
        return None

    def wrong(self, step):
        """What is wrong with the last answer, or nothing."""
        last = self.last
        asked = {"get", "post", "pay"} & step.keys()
        right = last.status == step["status"] if "status" in step else last.ok
        if asked and not right or "code" in step and at(last.body, "/code") != step["code"]:
            return str(last)
        if "text" in step and last.text != self.names.fill(step["text"]):
            return "the text is another"
        if "begins" in step and not last.text.startswith(self.names.fill(step["begins"])):
            return f"it begins otherwise: {last}"
        if "count" in step and len(last.body) != step["count"]:
            return f"there are {len(last.body)}"
        for pointer, wanted in step.get("length", {}).items():
            if len(at(last.body, pointer)) != self.names.fill(wanted):
                return f"{pointer} has {len(at(last.body, pointer))} items"
        there = [pointer for pointer in step.get("lacks", []) if at(last.body, pointer) is not MISSING]
        return self.lacking(step.get("has", {}), last.body) or (f"{there} should not be there" if there else None)

    def pay(self, payment, key=None):
        report = {**payment, "paid_at": timestamp()}
        body, stamp = json.dumps(report).encode(), str(int(time.time()))
        signed = f"{report['payment_id']}.{stamp}.".encode() + body
        secret = base64.b64decode((key or self.payment_key).removeprefix("whsec_"))
        signature = base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode()
        headers = {
            "Content-Type": "application/json",
            "webhook-id": report["payment_id"],
            "webhook-timestamp": stamp,
            "webhook-signature": f"v1,{signature}",
        }
        return self.anyone.send("POST", "/payments", headers, body)

    # ── scenes of its own: what only a deployed market has ──

    def tokens_of_others(self):
        """The gateway's own refusals. The emulator's has words of its own for them, so there is no code to compare."""
        body, path = self.names["agreement_version"], self.names["versions"]

        def publishing(what, client):
            answer = client.post(path, body)
            self.expect(f"publishing {what} is refused: 401", answer.status == 401, answer)

        def signed(**otherwise):
            return Client(self.url, self.ca, self.token("operator", "ops-wang", **otherwise))

        publishing("without a token", self.anyone)
        publishing("with another issuer's signature", signed(forged=True))
        publishing("with a token that has ended", signed(lifetime=-1))
        publishing("with a token for another place", signed(audience="another-market"))

    def payment_of_another_key(self):
        order = self.names["order"]
        payment = {"payment_id": f"{order}-3", "account_id": "shop-1", "order_id": order, "amount_fen": 19_900}
        forged = self.pay(payment, "whsec_" + base64.b64encode(b"another key").decode())
        right = (forged.status, forged.body.get("code")) == (401, "invalid-signature")
        self.expect("a payment that another key signed is refused: 401 invalid-signature", right, forged)

    def mail(self):
        """What SES has of the notice that was last seen."""
        notice = self.last.body
        mail = self.machinery.mail(notice.get("gateway_id"))
        # Line ends are CRLF in mail.
        said = mail and (mail["To"], mail["Subject"], mail["BodyText"].replace("\r\n", "\n"))
        right = said == (["shop-1@example.com"], notice["subject"], notice["body"])
        self.expect("SES has it, with those words, to the merchant's address", right, mail)
        content = sha256(f"{notice['subject']}\n{notice['body']}")
        self.expect("the notice has its proof of service", notice["content_sha256"] == content, notice)

    def bounce(self):
        wanted = {"to": "providers/northwind", "about": "grant_ended", "channel": "email"}
        notice = self.notice(wanted, {"/status": "sent"})
        if not self.expect("it was sent before", notice.get("status") == "sent", notice):
            return
        recipient = base64.urlsafe_b64encode(b"provider#northwind").rstrip(b"=").decode()

        def event(kind, **about):
            tags = {"notice": [notice["id"]], "recipient": [recipient]}
            mail = {"messageId": notice["gateway_id"], "tags": tags}
            return json.dumps({"eventType": kind, "mail": mail, **about})

        # As SES does when the destination is made: no event, and not JSON.
        self.machinery.publish("Successfully validated SNS topic for Amazon SES event publishing.")
        self.machinery.publish(event("Delivery", delivery={"processingTimeMillis": 1}))
        arrived = {"until": "an event says that it arrived", "notice": wanted, "has": {"/status": "delivered"}}
        self.until(arrived)
        reason = {"bounceType": "Permanent", "bounceSubType": "General"}
        self.machinery.publish(event("Bounce", bounce=reason))
        came_back = "another that it came back, with the reason: topic, queue, feedback, table"
        has = {"/status": "bounced", "/reason": "Permanent/General"}
        self.until({"until": came_back, "notice": wanted, "has": has})
        # What was not taken stays in it, hidden, for six minutes between tries: long after this ends.
        began = time.monotonic()
        while (left := self.machinery.left("-mail_feedback")) and time.monotonic() - began < PATIENCE_SECONDS:
            time.sleep(0.3)
        self.expect("everything that SES said was taken", not left, left)

    def sweep(self):
        swept = self.machinery.sweep()
        self.expect("the sweep hands it out ahead, with SQS keeping the delay", swept.get("sent", 0) > 0, swept)

    def on_time(self):
        self.expect("not before the end", timestamp() > self.names["soon"], self.last)
        for job in self.machinery.jobs:
            parked = self.operator.get(f"/jobs/{job}/parked")
            self.expect(f"nothing is parked of {job}", parked.ok and parked.body["items"] == [], parked)

    def unsent(self):
        """The e-mails that still wait."""
        return [
            (notice["about"], notice["channel"], notice["status"])
            for of in ("accounts/shop-1", "providers/northwind")
            for notice in self.operator.all(f"/{of}/notices")
            if notice["channel"] == "email" and notice["status"] == "queued"
        ]

    def audit(self):
        """The evidence, and what is left in queues."""
        records = self.operator.all("/accounts/shop-1/evidence")
        chains = {}
        for record in records:
            chains.setdefault(record["record"]["chain"], []).append(record)
        self.expect(f"{len(records)} records in {len(chains)} chains", len(records) > 10 and len(chains) > 3)
        broken = [
            chain
            for chain, links in chains.items()
            if any(sha256(link["stored"]) != link["sha256"] for link in links)
            or any(later["record"]["previous"] != earlier["sha256"] for earlier, later in zip(links, links[1:]))
            or any(
                later["record"]["number"] != earlier["record"]["number"] + 1 for earlier, later in zip(links, links[1:])
            )
        ]
        self.expect("each record holds the hash of the one before it", not broken, broken)
        # They leave at a pace.
        began = time.monotonic()
        while (unsent := self.unsent()) and time.monotonic() - began < PATIENCE_SECONDS:
            time.sleep(0.3)
        self.expect("no e-mail is left unsent", not unsent, unsent)
        dead = self.machinery.left("-dead")
        self.expect("no queue has dead letters", not dead, dead)
