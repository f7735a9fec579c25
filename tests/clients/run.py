"""Generates clients from the API description, and has each trade on a running market.

A market is started on a folder of its own. The client in Python sets it up with the bodies of the demo's story, pays
through the local payment system, and reads all that the parties read. Then the one in TypeScript does the reads, and the
same three writes, beside it. Clients of a third generator are made too: the one in Python is imported, the one in
TypeScript is compiled.
"""

import argparse
import compileall
import importlib
import os
import pkgutil
import shutil
import subprocess
import sys
import uuid
from pathlib import Path

from running import AGREEMENT, ROOT, SELLER, SHOP, STORY, TERMS, Market, body

HERE = Path(__file__).parent
PACKAGE = "service_market_client"


def run(*command, **more):
    done = subprocess.run([str(part) for part in command], text=True, capture_output=True, **more)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return done.stdout


class Python:
    """The client that was generated in Python, for one caller."""

    def __init__(self, url, token):
        client = importlib.import_module(PACKAGE)
        self.client = client.AuthenticatedClient(url, token=token, raise_on_unexpected_status=True)

    def __call__(self, tag, operation, *path, body=None, status=200, **query):
        """Calls an operation; its reply is of the type that the description promises."""
        of = importlib.import_module(f"{PACKAGE}.api.{tag}.{operation}")
        models = importlib.import_module(f"{PACKAGE}.models")
        arguments = dict(query)
        wanted = of.sync_detailed.__annotations__
        if "body" in wanted:
            arguments["body"] = wanted["body"].from_dict(body or {})
        if "idempotency_key" in wanted:
            arguments["idempotency_key"] = str(uuid.uuid4())
        answer = of.sync_detailed(*path, client=self.client, **arguments)
        assert answer.status_code == status, f"{operation}: {answer.status_code} {answer.content.decode()[:400]}"
        assert not isinstance(answer.parsed, models.Problem), f"{operation}: {answer.parsed}"
        assert answer.parsed is not None, f"{operation}: the reply was not read"
        return answer.parsed


def set_up(market):
    """A market with something for sale, and a merchant that may buy it."""
    operator = Python(market.url, market.token("operator", "ops-wang"))
    seller = Python(market.url, market.token("provider", SELLER))
    merchant = Python(market.url, market.token("merchant", SHOP))

    agreement = (ROOT / "infra/local/src/demo/agreement.zh.md").read_text()
    version = body("agreement_version", agreement=agreement, prominent=[], rules={})
    preview = operator("documents", "preview_version", AGREEMENT, body=version)
    addresses = {clause.address for clause in preview.outline.clauses}
    prominent = version["prominent"] = [clause for clause in STORY["prominent"] if clause in addresses]
    assert prominent, "none of the story's prominent clauses is in the text"
    operator("documents", "publish_version", AGREEMENT, body=version, status=201)
    seller("providers", "apply_as_provider", SELLER, body=body("provider"), status=201)
    operator("providers", "approve_provider", SELLER)
    seller("documents", "publish_version", TERMS, body=body("terms"), status=201)
    listing = seller("listings", "draft_listing", SELLER, body=body("application"), status=201).id
    seller("listings", "submit_listing", SELLER, listing)
    operator("listings", "approve_listing", listing)

    applied = body("merchant", shop=SHOP, credit_code="91510100MA6C0QLJ93")
    merchant("accounts", "apply_for_account", SHOP, body=applied, status=201)
    for document, shown in ((AGREEMENT, prominent), (TERMS, [])):
        sha256 = merchant("documents", "get_document", document).versions[0].sha256
        accepted = body("acceptance", document=document, sha256=sha256, shown=shown)
        merchant("accounts", "accept_document", SHOP, body=accepted, status=201)
    return operator, seller, merchant, listing


def trade_in_python(market):
    operator, seller, merchant, listing = set_up(market)

    purchase = body("purchase", listing=listing, plan="month")
    order = merchant("orders", "place_order", SHOP, body=purchase, status=201)
    assert type(order).__name__ == "OrderPlaced", order
    market.pay(order.id, order.amount_fen)
    paid = merchant("orders", "get_order", SHOP, order.id)
    assert type(paid).__name__ == "OrderInService" and paid.valid_until > paid.placed_at, paid
    grant = merchant("grants", "give_grant", SHOP, body=body("permission", order=order.id), status=201)
    assert type(grant).__name__ == "GrantActive" and grant.expires_at == paid.valid_until, grant
    token = seller("grants", "issue_token", SHOP, grant.id, status=201).token
    gateway = Python(market.url, market.token("data_gateway", "data-api"))
    check = {"token": token, "scope": "orders.read"}
    assert gateway("checks", "check_token", body=check).allowed
    many = gateway("checks", "check_tokens", body={"checks": [check, check | {"scope": "buyers.read"}]}).answers
    assert [one.allowed for one in many] == [True, False] and many[1].outcome.value == "wrong_scope", many
    over = merchant("grants", "revoke_grant", SHOP, grant.id)
    assert type(over).__name__ == "GrantEnded" and over.cause.value == "revoked", over
    assert not gateway("checks", "check_token", body=check).allowed

    kind = importlib.import_module(f"{PACKAGE}.models").ListingKind("application")
    reads = [
        (merchant, "me", "get_me", ()),
        (merchant, "accounts", "get_account", (SHOP,)),
        (merchant, "accounts", "list_acceptances", (SHOP,)),
        (merchant, "orders", "list_orders", (SHOP,)),
        (merchant, "grants", "list_grants", (SHOP,)),
        (merchant, "grants", "list_accesses", (SHOP, grant.id)),
        (merchant, "demands", "list_demands", (SHOP,)),
        (merchant, "demands", "get_demand", (SHOP, grant.id)),
        (merchant, "notices", "list_notices", (SHOP,)),
        (merchant, "evidence", "list_evidence", (SHOP,)),
        (merchant, "documents", "get_version", (AGREEMENT, 1)),
        (merchant, "announcements", "list_announcements", ()),
        (merchant, "listings", "get_listing", (listing,)),
        (merchant, "payments", "get_payment", (paid.payment.id,)),
        (seller, "providers", "get_provider", (SELLER,)),
        (seller, "orders", "list_provider_orders", (SELLER,)),
        (seller, "grants", "list_provider_grants", (SELLER,)),
        (seller, "notices", "list_provider_notices", (SELLER,)),
        (seller, "evidence", "list_provider_evidence", (SELLER,)),
        (operator, "listings", "list_reviews", ()),
        (operator, "listings", "get_draft", (SELLER, listing)),
        (operator, "payments", "list_payments", ()),
        (operator, "notices", "list_undelivered", ()),
    ]
    for who, tag, operation, path in reads:
        who(tag, operation, *path)
    assert merchant("listings", "browse_listings", kind=kind).items, "the catalogue is empty"
    assert len(merchant("accounts", "list_acceptances", SHOP).items) == 2
    print(f"Python: the set-up, 3 writes and {len(reads) + 1} reads")


def trade_in_typescript(market, made):
    environment = {
        **os.environ, "MARKET": market.url, "SHOP": SHOP, "SELLER": SELLER, "TERMS": TERMS,
        "MERCHANT_TOKEN": market.token("merchant", SHOP), "SELLER_TOKEN": market.token("provider", SELLER),
    }
    print(run("node", made / "run.mjs", env=environment, cwd=made), end="")


def generate_python(description, folder):
    client = folder / PACKAGE
    said = run(
        "openapi-python-client", "generate", "--path", description, "--output-path", client, "--meta", "none",
        "--overwrite", "--fail-on-warning",
    )
    if not compileall.compile_dir(client, quiet=2):
        sys.exit(f"the client does not compile\n{said}")
    sys.path.insert(0, str(folder))
    package = importlib.import_module(PACKAGE)
    for module in pkgutil.walk_packages(package.__path__, f"{PACKAGE}."):
        importlib.import_module(module.name)


def generate_typescript(npm, description, folder):
    """The types, and the run that is compiled against them, strictly."""
    folder.mkdir()
    (folder / "node_modules").symlink_to(npm / "node_modules")
    bin = npm / "node_modules/.bin"
    # What has a default need not be sent; this generator would otherwise ask for it.
    run(bin / "openapi-typescript", description, "--default-non-nullable", "false", "--output", folder / "market.ts")
    for file in ("run.mts", "tsconfig.json", "package.json"):
        shutil.copy(HERE / file, folder)
    run(bin / "tsc", "--project", folder)
    return folder


def generate_others(npm, description, folder):
    """What another generator makes: imported, and compiled."""
    common = ["openapi-generator-cli", "generate", "--input-spec", description, "--global-property",
              "apiTests=false,modelTests=false,apiDocs=false,modelDocs=false"]
    run(*common, "--generator-name", "python", "--output", folder / "python", "--package-name", "other_client")
    sys.path.insert(0, str(folder / "python"))
    importlib.import_module("other_client")
    run(*common, "--generator-name", "typescript-fetch", "--output", folder / "typescript")
    run(npm / "node_modules/.bin/tsc", "--noEmit", "--strict", "--skipLibCheck", "--target", "es2022", "--module", "nodenext",
        "--moduleResolution", "nodenext", "--lib", "es2022,dom", folder / "typescript/index.ts")


def main():
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--market", required=True, help="the market's binary")
    asked.add_argument("--npm", required=True, type=Path, help="where the packages of package.json are")
    asked.add_argument("--folder", required=True, type=Path, help="for what is made; emptied first")
    given = asked.parse_args()
    given.folder = given.folder.resolve()
    description = ROOT / "docs/openapi.json"
    shutil.rmtree(given.folder, ignore_errors=True)
    given.folder.mkdir(parents=True)

    generate_python(description, given.folder)
    typescript = generate_typescript(given.npm.resolve(), description, given.folder / "typescript")
    generate_others(given.npm.resolve(), description, given.folder / "others")
    market = Market(given.market, given.folder)
    try:
        trade_in_python(market)
        trade_in_typescript(market, typescript)
    finally:
        market.end()


main()
