"""The story of infra/local/src/demo/story.rs through a deployed gateway, as far as a real clock lets it go.

The bodies are those of infra/local/src/requests.rs.
"""

import base64
import hashlib
import hmac
import json
import ssl
import time
import urllib.error
import urllib.request
import uuid
from datetime import datetime, timedelta, timezone

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
        request = urllib.request.Request(self.url + path, body, headers, method=method)
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


def credit_code(first16):
    """A credit code (GB 32100-2015, GB 11714) from its first 16 characters."""
    weighted = sum(int(character, 36) * weight for character, weight in zip(first16[8:], (3, 7, 9, 10, 5, 8, 4, 2)))
    first17 = first16 + "0123456789X"[-weighted % 11]
    digits = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    total = sum(digits.index(character) * pow(3, place, 31) for place, character in enumerate(first17))
    return first17 + digits[-total % 31]


def timestamp(**ahead):
    moment = datetime.now(timezone.utc) + timedelta(**ahead)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()


class Story:
    def __init__(self, url, ca, token, payment_key, checks, machinery):
        """`token(role, subject)` issues tokens; `machinery` does what no request can."""
        self.url, self.ca, self.token = url, ca, token
        self.payment_key, self.checks, self.machinery = payment_key, checks, machinery
        self.expect, self.chapter = checks.expect, checks.chapter
        self.anyone = Client(url, ca)
        self.operator = self.of("operator", "ops-wang")
        self.provider = self.of("provider", "northwind")
        self.gateway = self.of("data_gateway", "data-api")
        self.merchant = self.of("merchant", "shop-1")

    def of(self, role, subject):
        return Client(self.url, self.ca, self.token(role, subject))

    def need(self, what, answer):
        """Something without which the story cannot go on."""
        if not self.expect(what, answer.ok, answer):
            raise Stuck(what)
        return answer.body

    def refused(self, what, answer, status, code=None):
        """Without a code it is the gateway that refuses; the emulator's has words of its own for it."""
        right = answer.status == status and code in (None, answer.body.get("code"))
        self.expect(f"{what} is refused: {status} {code or ''}".rstrip(), right, answer)

    def until(self, what, found):
        """Something that workers do; how long it took is told with it."""
        began = time.monotonic()
        while time.monotonic() - began < PATIENCE_SECONDS:
            result = found()
            if result:
                self.expect(f"{what} ({time.monotonic() - began:.1f} s)", True)
                return result
            time.sleep(0.3)
        self.expect(what, False, f"not within {PATIENCE_SECONDS} s")
        return None

    def tell(self, agreement):
        self.publish(agreement)
        self.open_account()
        self.list_application()
        self.buy()
        self.use_and_revoke()
        self.delete_the_data()
        self.terminate()
        self.bounce()
        self.sweep()
        self.audit()

    def publish(self, text):
        self.chapter("The operator publishes the agreement")
        body = {"kind": "body", "title": "服务市场服务协议（用户版）", "text": text, "prominent": ["4.2", "4.4.4"]}
        path = "/documents/market-agreement/versions"
        self.refused("publishing without a token", self.anyone.post(path, body), 401)
        forged = Client(self.url, self.ca, self.token("operator", "ops-wang", forged=True))
        self.refused("publishing with another issuer's signature", forged.post(path, body), 401)
        stale = Client(self.url, self.ca, self.token("operator", "ops-wang", lifetime=-1))
        self.refused("publishing with a token that has ended", stale.post(path, body), 401)
        elsewhere = Client(self.url, self.ca, self.token("operator", "ops-wang", audience="another-market"))
        self.refused("publishing with a token for another place", elsewhere.post(path, body), 401)
        self.refused("publishing as a merchant", self.merchant.post(path, body), 403, "role-not-allowed")
        self.need("operator publishes the agreement, version 1", self.operator.post(path, body))
        kept = self.anyone.get(f"{path}/1/text")
        self.expect("the text is kept to the byte", kept.text == text, kept)
        clause = self.anyone.get(f"{path}/1/clauses/4.4.4")
        self.expect("clause 4.4.4 can be read by itself", clause.ok and clause.text.startswith("4.4.4"), clause)
        self.refused("reading what does not exist", self.anyone.get("/documents/nothing"), 404, "not-found")
        explained = self.anyone.get("/errors/not-found")
        self.expect("each refusal is explained", explained.ok, explained)

    def open_account(self):
        self.chapter("A merchant opens its account")
        code = credit_code("91510100MA6C0QLJ")
        contacts = {"email": "shop-1@example.com", "phone": "+8613800000001", "language": "zh"}
        application = {"legal_name": "成都示例商贸有限公司", "credit_code": code, "contacts": contacts}
        wrong = {**application, "credit_code": code[:-1] + ("1" if code.endswith("0") else "0")}
        self.refused("a wrong check character", self.merchant.post("/accounts/shop-1", wrong), 422, "invalid-body")
        key = uuid.uuid4().hex
        applied = self.merchant.post("/accounts/shop-1", application, key)
        self.need("shop-1 applies", applied)
        again = self.merchant.post("/accounts/shop-1", application, key)
        self.expect(
            "the same request again gets the same reply",
            (again.status, again.body) == (applied.status, applied.body),
            again,
        )
        other = {**application, "legal_name": "另一家商贸有限公司"}
        self.refused(
            "another body under its key",
            self.merchant.post("/accounts/shop-1", other, key),
            422,
            "idempotency-key-reused",
        )
        self.accept("market-agreement", ["4.2", "4.4.4"])
        self.expect("the account is active", self.merchant.get("/accounts/shop-1").body.get("status") == "active")
        stranger = self.of("merchant", "shop-2")
        self.refused("another merchant's look at it", stranger.get("/accounts/shop-1"), 404, "not-found")
        notice = self.until(
            "its e-mail goes through stream, relay, queue and worker to SES",
            lambda: self.notice("accounts/shop-1", "account_opened", "email", "sent"),
        )
        if notice:
            mail = self.machinery.mail(notice["gateway_id"])
            # Line ends are CRLF in mail.
            said = mail and (mail["To"], mail["Subject"], mail["BodyText"].replace("\r\n", "\n"))
            right = said == (["shop-1@example.com"], notice["subject"], notice["body"])
            self.expect("SES has it, with those words, to the merchant's address", right, mail)
            content = sha256(f"{notice['subject']}\n{notice['body']}")
            self.expect(
                "the notice has its proof of service", notice["served_at"] and notice["content_sha256"] == content
            )

    def notice(self, of, about, channel, status):
        for notice in self.operator.all(f"/{of}/notices"):
            if (notice["about"], notice["channel"], notice["status"]) == (about, channel, status):
                return notice
        return None

    def accept(self, document, shown):
        digest = self.merchant.get(f"/documents/{document}").body["versions"][0]["sha256"]
        acceptance = {
            "document_id": document,
            "version": 1,
            "sha256": digest,
            "method": "click",
            "signer": {"name": "李雷", "authority": "法定代表人"},
            "prominent_shown": shown,
            "rendered_sha256": digest,
        }
        path = "/accounts/shop-1/acceptances"
        if shown:
            hasty = self.merchant.post(path, {**acceptance, "prominent_shown": []})
            self.refused("accepting without the prominent clauses", hasty, 422, "prominent-clauses-not-shown")
        self.need(f"shop-1 accepts {document}", self.merchant.post(path, acceptance))

    def list_application(self):
        self.chapter("A provider is approved and lists an application")
        contacts = {"email": "legal@northwind.example.com", "language": "en"}
        application = {
            "legal_name": "北风软件有限公司",
            "credit_code": credit_code("91330100MA27XY01"),
            "contacts": contacts,
        }
        self.need("northwind applies", self.provider.post("/providers/northwind", application))
        terms = {
            "kind": "subscription",
            "title": "Northwind 服务订购协议",
            "text": "1.订购\n1.1服务商按套餐提供服务。\n",
        }
        listing = {
            "kind": "application",
            "name": "北风订单助手",
            "category": "订单管理",
            "functions": "汇总订单，提示缺货。",
            "instructions": "开通后在后台授权即可使用。",
            "charges": "按套餐一次性收费，无额外收费。",
            "refund_rule": "七日内未使用可退。",
            "validity": "自付款起按套餐期限。",
            "subscription_agreement": "northwind.terms",
            "scopes": [
                {"name": name, "purpose": purpose, "method": "读取并汇总，不留存明细", "data_kinds": [kind]}
                for name, purpose, kind in [
                    ("orders.read", "汇总订单", "订单信息"),
                    ("buyers.read", "售后联系", "收件人信息"),
                ]
            ],
            "plans": [{"id": "month", "name": "30天", "price_fen": 19_900, "bound": {"kind": "term", "days": 30}}],
        }
        path = "/providers/northwind/listings"
        self.refused("listing before being approved", self.provider.post(path, listing), 409, "provider-not-approved")
        self.refused("approving oneself", self.provider.post("/providers/northwind/approval"), 403, "role-not-allowed")
        self.need("operator approves northwind", self.operator.post("/providers/northwind/approval"))
        self.need("northwind publishes its terms", self.provider.post("/documents/northwind.terms/versions", terms))
        self.listing = self.need("northwind writes a listing", self.provider.post(path, listing))["id"]
        self.need("northwind submits it", self.provider.post(f"{path}/{self.listing}/submission"))
        waiting = [item["id"] for item in self.operator.all("/reviews")]
        self.expect("it waits for review", self.listing in waiting, waiting)
        self.need("operator lists it", self.operator.post(f"/listings/{self.listing}/approval"))
        catalogue = self.anyone.get("/listings?kind=application")
        items = [item["id"] for item in catalogue.body.get("items", [])]
        self.expect("it stands in the catalogue (index view)", items == [self.listing], catalogue)

    def pay(self, order, amount_fen, key=None, id=None):
        report = {
            "payment_id": id or f"pay-{order[4:]}",
            "account_id": "shop-1",
            "order_id": order,
            "amount_fen": amount_fen,
            "paid_at": timestamp(),
        }
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

    def buy(self):
        self.chapter("The merchant orders, pays and grants")
        order = {
            "listing_id": self.listing,
            "plan_id": "month",
            "subscription_agreement": {"document_id": "northwind.terms", "version": 1},
        }
        path = "/accounts/shop-1/orders"
        self.refused(
            "ordering before accepting the terms", self.merchant.post(path, order), 409, "subscription-not-accepted"
        )
        self.accept("northwind.terms", [])
        order = self.order = self.need("shop-1 orders a month", self.merchant.post(path, order))["id"]
        forged = self.pay(order, 19_900, "whsec_" + base64.b64encode(b"another key").decode())
        self.refused("a payment that another key signed", forged, 401, "invalid-signature")
        little = self.pay(order, 19_899, id=f"pay-{order[4:]}-1")
        held = self.need("a payment of one fen too little is kept", little)
        self.expect("and held for a human", held["outcome"] == "held")
        paid = self.need("the signed payment arrives (its key from Secrets Manager)", self.pay(order, 19_900))
        self.expect("the order is in service", paid["order"]["status"] == "in_service", paid)
        again = self.need("the payment arrives a second time", self.pay(order, 19_900))
        unchanged = again["outcome"] == "repeated" and again["order"] == paid["order"]
        self.expect("and changes nothing", unchanged, again)
        waiting = self.need("the operator lists what waits", self.operator.get("/payments"))["items"]
        self.expect("the payment of one fen too little (index view)", [one["id"] for one in waiting] == [held["record"]["id"]])
        grant = {"order_id": order, "scopes": ["orders.read"], "page_sha256": sha256("authorization")}
        granted = self.need("shop-1 grants orders.read", self.merchant.post("/accounts/shop-1/grants", grant))
        self.expect("the grant ends with the order", granted["expires_at"] == paid["order"]["valid_until"], granted)
        self.grant = f"/accounts/shop-1/grants/{granted['id']}"
        self.demand = f"/accounts/shop-1/demands/{granted['id']}"
        stranger = self.of("merchant", "shop-2")
        self.refused("another merchant's look at the grant", stranger.get(self.grant), 404, "not-found")
        self.access = self.need("northwind gets its token", self.provider.post(f"{self.grant}/tokens"))["token"]

    def check(self, scope):
        return self.gateway.post("/checks", {"token": self.access, "scope": scope}).body

    def use_and_revoke(self):
        self.chapter("The grant is used and taken back")
        self.expect("a check for orders.read is allowed", self.check("orders.read").get("allowed") is True)
        self.expect("a check for buyers.read is not", self.check("buyers.read").get("outcome") == "wrong_scope")
        accesses = self.merchant.all(f"{self.grant}/accesses")
        self.expect("both are in the ledger that the merchant reads", len(accesses) == 2, accesses)
        self.need("shop-1 takes the grant back", self.merchant.post(f"{self.grant}/revocation"))
        ended = self.check("orders.read")
        self.expect("its token is dead at once", ended.get("outcome") == "ended", ended)
        demand = self.merchant.get(self.demand)
        self.expect("the deletion demand is drafted", demand.body.get("status") == "draft", demand)
        for of, to in (("accounts/shop-1", "shop-1"), ("providers/northwind", "northwind")):
            self.until(f"{to} is told by e-mail", lambda of=of: self.notice(of, "grant_ended", "email", "sent"))

    def delete_the_data(self):
        self.chapter("The merchant demands deletion and gets an answer")
        self.refused("the provider's look at a demand not served", self.provider.get(self.demand), 404, "not-found")
        served = self.need("shop-1 serves the demand", self.merchant.post(f"{self.demand}/service"))
        self.expect("the answer has its date", (served.get("period") or {}).get("ends_at"), served)
        demands = [item["grant_id"] for item in self.provider.all("/providers/northwind/demands")]
        self.expect("it is in the provider's list", demands == [self.demand.rpartition("/")[2]], demands)
        self.need("northwind acknowledges it", self.provider.post(f"{self.demand}/acknowledgement"))
        attestation = {
            "answer": "deleted",
            "datasets": ["订单汇总"],
            "copies": "备份已随轮换清除。",
            "sub_processors": ["云存储服务商"],
            "done_at": timestamp(),
            "method": "覆写并核验",
            "signer": "王芳",
        }
        self.need("northwind attests: deleted", self.provider.post(f"{self.demand}/attestation", attestation))
        self.need("shop-1 confirms it", self.merchant.post(f"{self.demand}/closure"))

    def terminate(self):
        self.chapter("The operator gives notice of termination")
        notice = {"reason": "多次违反平台规则，经提示未改正。"}
        path = "/accounts/shop-1/terminations"
        self.refused("terminating oneself by it", self.merchant.post(path, notice), 403, "role-not-allowed")
        served = self.need("operator serves the notice", self.operator.post(path, notice))
        period = served["cause"]["period"]
        self.expect(
            "fifteen days are reckoned, and on what day they end",
            period["rule"] == {"days": 15} and served["ends_at"],
            served,
        )
        self.until(
            "shop-1 is told by e-mail", lambda: self.notice("accounts/shop-1", "termination_served", "email", "sent")
        )
        self.refused("a second notice", self.operator.post(path, notice), 409, "already-terminating")
        withdrawn = self.operator.post(f"{path}/{served['id']}/withdrawal")
        self.need("operator withdraws it", withdrawn)

    def bounce(self):
        self.chapter("An e-mail comes back")
        notice = self.notice("providers/northwind", "grant_ended", "email", "sent")
        if not self.expect("it was sent before", notice):
            return
        recipient = base64.urlsafe_b64encode(b"provider#northwind").rstrip(b"=").decode()

        def event(kind, **about):
            tags = {"notice": [notice["id"]], "recipient": [recipient]}
            mail = {"messageId": notice["gateway_id"], "tags": tags}
            return json.dumps({"eventType": kind, "mail": mail, **about})

        # As SES does when the destination is made: no event, and not JSON.
        self.machinery.publish("Successfully validated SNS topic for Amazon SES event publishing.")
        self.machinery.publish(event("Delivery", delivery={"processingTimeMillis": 1}))
        self.until(
            "an event says that it arrived",
            lambda: self.notice("providers/northwind", "grant_ended", "email", "delivered"),
        )
        reason = {"bounceType": "Permanent", "bounceSubType": "General"}
        self.machinery.publish(event("Bounce", bounce=reason))
        bounced = self.until(
            "another that it came back: topic, queue, feedback, table",
            lambda: self.notice("providers/northwind", "grant_ended", "email", "bounced"),
        )
        if bounced:
            self.expect("with the reason", bounced["reason"] == "Permanent/General", bounced)
        # What was not taken stays in it, hidden, for six minutes between tries: long after this ends.
        self.until("everything that SES said was taken", lambda: not self.machinery.left("-mail_feedback"))

    def sweep(self):
        self.chapter("A grant reaches its end")
        grant = {
            "order_id": self.order,
            "scopes": ["buyers.read"],
            "page_sha256": sha256("authorization"),
            "expires_at": timestamp(seconds=20),
        }
        granted = self.need(
            "shop-1 grants buyers.read for 20 seconds", self.merchant.post("/accounts/shop-1/grants", grant)
        )
        swept = self.machinery.sweep()
        self.expect("the sweep hands it out ahead, with SQS keeping the delay", swept.get("sent", 0) > 0, swept)
        demand = f"/accounts/shop-1/demands/{granted['id']}"
        early = self.merchant.get(demand)
        self.expect("before the end nothing happens", early.status == 404, early)
        drafted = self.until(
            "at the end its worker drafts the deletion demand",
            lambda: (answer := self.merchant.get(demand)).ok and answer.body,
        )
        if drafted:
            self.expect("not before the end", timestamp() > grant["expires_at"], drafted)
        for job in self.machinery.jobs:
            parked = self.operator.get(f"/jobs/{job}/parked")
            self.expect(f"nothing is parked of {job}", parked.ok and parked.body == [], parked)
        self.refused(
            "a merchant's look at parked jobs", self.merchant.get("/jobs/notify/parked"), 403, "role-not-allowed"
        )

    def audit(self):
        self.chapter("The evidence")
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
        self.refused(
            "another merchant's look at it",
            self.of("merchant", "shop-2").get("/accounts/shop-1/evidence"),
            404,
            "not-found",
        )
        unsent = [
            (notice["about"], notice["channel"], notice["status"])
            for of in ("accounts/shop-1", "providers/northwind")
            for notice in self.operator.all(f"/{of}/notices")
            if notice["channel"] == "email" and notice["status"] == "queued"
        ]
        self.expect("no e-mail is left unsent", not unsent, unsent)
        dead = self.machinery.left("-dead")
        self.expect("no queue has dead letters", not dead, dead)
