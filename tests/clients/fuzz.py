"""Holds a running market to its API description, with requests that schemathesis makes from it.

A market is started and populated with the bodies of the demo's story. Then each operation gets what its schema takes, and
what it does not take, from every role that `x-roles` names; those that anyone may call from nobody, and the payment
system's signed. What is asked after is mostly there: ids in paths and bodies are put in from the story. The seed is
fixed, but what the market does with it is not, so a run may see a little more or less than the one before.

What is held to, of every answer: no 5xx; status, media type, headers and body as described, the code of a refusal among
those that the description names. What does not fit the schema is refused. What fits it is done, or refused by the state
of things (404, 409, 429), or by a rule that the description names there: a code in the operation's `x-refusals`, or, in
`errors`, a place whose schema has an `x-rule`.
"""

import argparse
import base64
import collections
import hashlib
import hmac
import json
import os
import shutil
import sys
import time
import uuid
from pathlib import Path

import schemathesis
from schemathesis.cli import schemathesis as command
from schemathesis.core.failures import Failure
from schemathesis.core.jsonschema import make_validator
from schemathesis.core.parameters import ParameterLocation
from schemathesis.specs.openapi.checks import negative_data_rejection

from populated import populate
from running import ROOT, SELLER, SHOP, Market

CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,"
    "response_schema_conformance,what_does_not_fit_is_refused,ignored_auth,missing_required_header,"
    "unsupported_method,allow_header_conformance,code_is_named,refusal_is_named"
)
LOCATIONS = {
    ParameterLocation.PATH: "path_parameters", ParameterLocation.QUERY: "query", ParameterLocation.HEADER: "headers",
    ParameterLocation.BODY: "body",
}


class Signed:
    """The payment system's signature over what is sent (Standard Webhooks)."""

    def __init__(self, key):
        self.key = base64.b64decode(key.strip().removeprefix("whsec_"))

    def __call__(self, request):
        name, stamp = uuid.uuid4().hex, str(int(time.time()))
        sent = request.body if isinstance(request.body, bytes) else (request.body or "").encode()
        signature = hmac.new(self.key, f"{name}.{stamp}.".encode() + sent, hashlib.sha256).digest()
        request.headers["webhook-id"], request.headers["webhook-timestamp"] = name, stamp
        request.headers["webhook-signature"] = f"v1,{base64.b64encode(signature).decode()}"
        return request


class Run:
    """What is known while requests are made and answers are looked at."""

    def __init__(self, description, there, fitting):
        self.all, self.fitting, self.own, self.signature = there, fitting, {}, None
        self.schemas = description["components"]["schemas"]
        self.operations = {
            operation["operationId"]: operation
            for path in description["paths"].values() for operation in path.values()
        }
        self.done = collections.Counter()

    def calls(self, role, subject, signature):
        """Who calls from now on. A party asks after its own."""
        self.signature = signature if role == "payments" else None
        own = {"merchant": "account_id", "provider": "provider_id"}.get(role)
        self.own = {own: [subject]} if own else {}

    def put_in(self, operation, value):
        """With what is there, mostly, in place of what was drawn; the same for the same."""
        known = self.all | self.fitting.get(operation, {}) | self.own

        def filled(name, drawn):
            if name in known and isinstance(drawn, type(known[name][0])):
                chance = hashlib.sha256(f"{operation} {name} {drawn}".encode()).digest()
                return known[name][chance[1] % len(known[name])] if chance[0] >= 24 else drawn
            return within(drawn)

        def within(value):
            if isinstance(value, dict):
                return {name: filled(name, inner) for name, inner in value.items()}
            return [within(inner) for inner in value] if isinstance(value, list) else value

        return within(value)

    def rule_at(self, schema, parts):
        """Whether the schema names a rule for what a JSON Pointer leads to."""
        schema = self.schemas[schema["$ref"].rsplit("/", 1)[1]] if "$ref" in schema else schema
        choices = [one for word in ("oneOf", "anyOf", "allOf") for one in schema.get(word, [])]
        if any(self.rule_at(choice, parts) for choice in choices):
            return True
        if not parts:
            return "x-rule" in schema
        below = schema.get("properties", {}).get(parts[0]) or schema.get("items") or schema.get("additionalProperties")
        return isinstance(below, dict) and self.rule_at(below, parts[1:])

    def is_named(self, operation, fault):
        if "parameter" in fault:
            parameters = {one["name"]: one["schema"] for one in operation["parameters"]}
            return self.rule_at(parameters.get(fault["parameter"], {}), [])
        if "requestBody" not in operation:
            return False
        (taken,) = operation["requestBody"]["content"].values()
        parts = [part.replace("~1", "/").replace("~0", "~") for part in fault.get("pointer", "").split("/")[1:]]
        return self.rule_at(taken["schema"], parts)


RUN = None


@schemathesis.hook
def before_call(context, case, kwargs):
    negative = case.meta.is_negative_at if case.meta else (lambda location: False)
    for location, container in LOCATIONS.items():
        value = getattr(case, container)
        if not isinstance(value, (dict, list)) or negative(location) or location == ParameterLocation.HEADER:
            continue
        filled = RUN.put_in(case.operation.definition.raw["operationId"], value)
        if filled != value:
            setattr(case, container, filled)
    if not negative(ParameterLocation.HEADER) and "Idempotency-Key" in (case.headers or {}):
        case.headers["Idempotency-Key"] = uuid.uuid4().hex
    if RUN.signature and not negative(ParameterLocation.HEADER):
        kwargs["auth"] = RUN.signature


def refusal(response):
    """The problem document of an answer that is one."""
    if response.status_code < 400:
        return None
    try:
        return json.loads(response.content)
    except ValueError:
        return {}


def without_nulls(value):
    if isinstance(value, dict):
        return {name: without_nulls(inner) for name, inner in value.items() if inner is not None}
    return [without_nulls(inner) for inner in value] if isinstance(value, list) else value


@schemathesis.check
def what_does_not_fit_is_refused(context, response, case):
    """But that a null is taken for what is left out."""
    is_negative = case.meta is not None and case.meta.is_negative_at(ParameterLocation.BODY)
    if is_negative and isinstance(case.body, dict):
        taken = case.operation.get_body_for_media_type(case.media_type)
        validator = case.operation.schema.adapter.jsonschema_validator_cls
        if taken and make_validator(taken.optimized_schema, validator).is_valid(without_nulls(case.body)):
            return None
    return negative_data_rejection(context, response, case)


@schemathesis.check
def code_is_named(context, response, case):
    """The code of a refusal is one that the description names for its status."""
    problem = refusal(response)
    described = case.operation.definition.raw["responses"].get(str(response.status_code))
    if problem and described and problem.get("code") not in described["description"].split(", "):
        raise Failure(operation=case.operation.label, title="A code that is not named", message=str(problem))


@schemathesis.check
def refusal_is_named(context, response, case):
    """What fits the schema is refused by the state, or by a rule that is named."""
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    operation = case.operation.definition.raw
    problem = refusal(response)
    if problem is None:
        RUN.done[operation["operationId"]] += 1
        return
    code = problem.get("code")
    by_state = response.status_code in (404, 409, 429)
    faults = problem.get("errors", [])
    by_rule = code in operation.get("x-refusals", []) or faults and all(RUN.is_named(operation, fault) for fault in faults)
    if not by_state and not by_rule:
        raise Failure(operation=case.operation.label, title="Refused by what is not named", message=str(problem))


# Who calls: role and subject, and the operations, where they are not all that the role may. Newcomers do once what
# those who are there have done.
CALLERS = [
    ("nobody", None, None), ("payments", None, None),
    ("merchant", "shop-9", ["apply_for_account", "accept_document"]), ("provider", "southwind", ["apply_as_provider"]),
    ("merchant", SHOP, None), ("provider", SELLER, None), ("operator", "ops-wang", None),
    ("data_gateway", "data-api", None), ("upstream", "platform", None),
]

# What chance and this market cannot bring about: a lawful year of holidays, and mail that does not arrive.
NEVER_DONE = [
    "publish_holidays", "resend_notice", "resend_provider_notice", "record_other_service", "record_other_provider_service",
    "correct_other_service", "correct_other_provider_service",
]


def opens(operation, role):
    return role in operation.get("x-roles", ["payments" if operation["security"] else "nobody"])


MOST = {
    "uint8": 2**8 - 1, "uint16": 2**16 - 1, "uint32": 2**32 - 1, "uint64": 2**64 - 1, "int32": 2**31 - 1, "int64": 2**63 - 1,
}


def bounded(schema):
    """As requests are drawn from it. Without the bounds of long lists: it takes minutes to draw one, and they are tested where
    they are declared. With those of numbers, which the format says and schemathesis does not read."""
    if isinstance(schema, list):
        return [bounded(inner) for inner in schema]
    if not isinstance(schema, dict):
        return schema
    said = {name: bounded(inner) for name, inner in schema.items() if name != "maxItems" or inner <= 40}
    most = MOST.get(said.get("format")) if said.get("type") == "integer" else None
    return said if most is None else {"maximum": most, **said}


def main():
    global RUN
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--market", required=True, help="the market's binary")
    asked.add_argument("--folder", required=True, type=Path, help="for what it keeps; emptied first")
    asked.add_argument("--examples", type=int, default=5, help="how many of each operation are drawn for each caller")
    given = asked.parse_args()
    folder = given.folder.resolve()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    description = json.loads((ROOT / "docs/openapi.json").read_text())
    drawn_from = folder / "openapi.json"
    drawn_from.write_text(json.dumps(bounded(description)))
    binary = Path(given.market).resolve()
    # What schemathesis keeps, it keeps where it runs.
    os.chdir(folder)
    market = Market(binary, folder)
    failed = []
    try:
        RUN = Run(description, *populate(market))
        signature = Signed((folder / "data/payment.key").read_text())
        for role, subject, operations in CALLERS:
            began = time.monotonic()
            RUN.calls(role, subject, signature)
            if operations is None:
                operations = [name for name, operation in RUN.operations.items() if opens(operation, role)]
            arguments = [
                "run", str(drawn_from), "--url", market.url, "--max-examples", str(given.examples), "--phases",
                "examples,coverage,fuzzing", "--checks", CHECKS, "--continue-on-failure", "--no-color", "--warnings", "off",
                "--suppress-health-check", "all", "--generation-deterministic",
            ]
            if role == "payments":
                # What is signed is kept whatever its form, and here all of it is signed.
                arguments += ["--exclude-checks", "what_does_not_fit_is_refused,ignored_auth,missing_required_header"]
            if subject:
                arguments += ["--header", f"Authorization: Bearer {market.token(role, subject)}"]
            for name in operations:
                arguments += ["--include-operation-id", name]
            print(f"── {role} {subject or ''}", flush=True)
            try:
                # Outside of a shell, click returns the code with which a command ends, or raises it.
                code = command.main(arguments, standalone_mode=False)
            except SystemExit as ended:
                code = ended.code
            failed += [role] if code else []
            print(f"── {time.monotonic() - began:.1f} s", flush=True)
    finally:
        market.end()
    never = sorted(set(RUN.operations) - set(RUN.done) - set(NEVER_DONE))
    print(f"{len(RUN.done)} of {len(RUN.operations)} operations were done, {sum(RUN.done.values())} times")
    if failed:
        sys.exit(f"what fails, as {', '.join(failed)}: see above")
    if never:
        # What is always refused holds to nothing.
        sys.exit(f"never done: {', '.join(never)}")


main()
