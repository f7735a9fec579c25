"""A market in the midst of trade, made with the bodies of the demo's story."""

import json
import sys
import urllib.error
import urllib.request
import uuid
from datetime import datetime, timezone

from running import AGREEMENT, ROOT, SELLER, SHOP, STORY, TERMS, body


class Caller:
    """Sends JSON as one role."""

    def __init__(self, market, role, subject):
        self.url, self.token = f"{market.url}/v1", market.token(role, subject)

    def __call__(self, method, path, sent=None):
        headers = {"Authorization": f"Bearer {self.token}"}
        if method == "POST":
            headers |= {"Content-Type": "application/json", "Idempotency-Key": uuid.uuid4().hex}
        data = json.dumps(sent or {}).encode() if method == "POST" else None
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        try:
            with urllib.request.urlopen(request) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as refused:
            sys.exit(f"{method} {path}: {refused.code} {refused.read().decode()}")

    def get(self, path):
        return self("GET", path)

    def post(self, path, sent=None):
        return self("POST", path, sent)


def populate(market):
    """A market in the midst of trade; what can be asked after, by the names of parameters and fields."""
    operator, seller, shop, late, leaving = (
        Caller(market, *who) for who in (
            ("operator", "ops-wang"), ("provider", SELLER), ("merchant", SHOP), ("merchant", "shop-2"),
            ("merchant", "shop-3"),
        )
    )
    text = (ROOT / "infra/local/src/demo/agreement.zh.md").read_text()
    prominent = [clause for clause in STORY["prominent"] if f"\n{clause}" in text]
    version = body("agreement_version", agreement=text, prominent=prominent, rules={})
    operator.post(f"/documents/{AGREEMENT}/versions", version)
    seller.post(f"/providers/{SELLER}", body("provider"))
    operator.post(f"/providers/{SELLER}/approval")
    seller.post(f"/documents/{TERMS}/versions", body("terms"))
    listings = [seller.post(f"/providers/{SELLER}/listings", body("application"))["id"] for _ in range(3)]
    for listing in listings[:2]:
        seller.post(f"/providers/{SELLER}/listings/{listing}/submission")
    operator.post(f"/listings/{listings[0]}/approval")

    sha256 = {name: shop.get(f"/documents/{name}")["versions"][0]["sha256"] for name in (AGREEMENT, TERMS)}
    for merchant, name in ((shop, SHOP), (late, "shop-2"), (leaving, "shop-3")):
        merchant.post(f"/accounts/{name}", body("merchant", shop=name, credit_code="91510100MA6C0QLJ93"))
    for merchant, name in ((shop, SHOP), (leaving, "shop-3")):
        for document, shown in ((AGREEMENT, prominent), (TERMS, [])):
            accepted = body("acceptance", document=document, sha256=sha256[document], shown=shown)
            merchant.post(f"/accounts/{name}/acceptances", accepted)
    purchase = body("purchase", listing=listings[0], plan="month")
    orders = [shop.post(f"/accounts/{SHOP}/orders", purchase) for _ in range(4)]
    for order in orders[:3]:
        market.pay(order["id"], order["amount_fen"])
    market.pay(orders[3]["id"], 1)
    grants = [
        shop.post(f"/accounts/{SHOP}/grants", body("permission", order=order["id"]))["id"]
        for order in (*orders[:3], *orders[:3], *orders[:2])
    ]
    tokens = [seller.post(f"/accounts/{SHOP}/grants/{grant}/tokens")["token"] for grant in grants[:3]]
    for grant in grants[3:]:
        shop.post(f"/accounts/{SHOP}/grants/{grant}/revocation")
    for grant in grants[5:]:
        shop.post(f"/accounts/{SHOP}/demands/{grant}/service")
    attested = body("attestation", now=datetime.now(timezone.utc).isoformat(timespec="milliseconds"))
    seller.post(f"/accounts/{SHOP}/demands/{grants[7]}/attestation", attested)
    end = operator.post("/accounts/shop-3/terminations", body("termination"))["id"]
    rule = {"kind": "rule", "title": "规则", "text": "1.总则\n", "effective_at": "2100-01-01T00:00:00Z"}
    operator.post("/documents/rule-1/versions", rule)
    notices = {
        of: [one["id"] for one in operator.get(f"/{of}/notices")["items"][:3]]
        for of in (f"accounts/{SHOP}", f"providers/{SELLER}")
    }
    pilot = "911100008021004330"
    operator.post(f"/credit-codes/{pilot}/vouching", {"reason": "核对无误。", "document_sha256": sha256[TERMS]})
    held = [one["id"] for one in operator.get("/payments")["items"]]
    there = {
        "account_id": [SHOP], "provider_id": [SELLER], "listing_id": listings, "termination_id": [end],
        "order_id": [order["id"] for order in orders], "grant_id": grants, "notice_id": notices[f"accounts/{SHOP}"],
        "document_id": [AGREEMENT, TERMS], "version": [1], "clause": prominent, "plan_id": ["month", "year"],
        "record_id": held, "code": ["not-found"], "token": tokens, "subscription_agreement": [TERMS],
        "credit_code": ["91510100MA6C0QLJ93", "91330100MA27XY018X"],
    }
    # What fits an operation better than any of those.
    accepted = body("acceptance", document=AGREEMENT, sha256=sha256[AGREEMENT], shown=prominent)
    fitting = {
        "accept_document": {name: [value] for name, value in accepted.items() if name != "signer"},
        "place_order": {"listing_id": listings[:1], "plan_id": ["month"], "document_id": [TERMS]},
        "give_grant": {"order_id": [order["id"] for order in orders[:3]], "scopes": [["orders.read"]]},
        "revoke_grant": {"grant_id": grants[:1]}, "issue_token": {"grant_id": grants[1:3]},
        "get_demand": {"grant_id": grants[5:]}, "serve_demand": {"grant_id": grants[3:4]},
        "waive_demand": {"grant_id": grants[4:5]}, "acknowledge_demand": {"grant_id": grants[5:6]},
        "attest_demand": {"grant_id": grants[6:7], "done_at": [attested["done_at"]]},
        "close_demand": {"grant_id": grants[7:]},
        "get_listing": {"listing_id": listings[:1]}, "get_draft": {"listing_id": listings, "provider_id": [SELLER]},
        "approve_listing": {"listing_id": listings[1:2]},
        "submit_listing": {"listing_id": listings[2:]},
        "get_vouching": {"credit_code": [pilot]}, "vouch_credit_code": {"credit_code": ["911100008021004331"]},
        "approve_provider": {"provider_id": ["southwind"]}, "settle_payment": {"settlement": ["dismiss"]},
        "publish_version": {
            "document_id": ["rule-2", "rule-3"], "kind": ["rule"], "prominent": [[]], "rules": [{}], "outline": [[]],
            "effective_at": ["2100-01-01T00:00:00Z"],
        },
        "withdraw_version": {"document_id": ["rule-1"]}, "serve_termination": {"account_id": ["shop-2", SHOP]},
        "get_termination": {"account_id": ["shop-3"]}, "withdraw_termination": {"account_id": ["shop-3"]},
        "end_upstream": {"account_id": ["shop-3", "shop-2"]},
        "resend_provider_notice": {"notice_id": notices[f"providers/{SELLER}"]},
        "record_other_provider_service": {"notice_id": notices[f"providers/{SELLER}"]},
        "correct_other_provider_service": {"notice_id": notices[f"providers/{SELLER}"]},
    }
    return there, fitting
