"""The market with more jobs and routes: the expanded templates with one of each repeated wherever it stands."""

import json
import re


def spellings(name):
    """How a job or route is written: `seal_ledger`, `SealLedger`, `sealledger`."""
    pascal = "".join(part.capitalize() for part in name.split("_"))
    return name, pascal


def mentions(value, name):
    # As a whole word of either spelling: `SealLedgerQueueArn` is about the job, `seal_ledgers` is about another.
    snake, pascal = spellings(name)
    return re.search(rf"(?<![a-z_]){snake}(?![a-z_])|(?<![A-Za-z]){pascal}(?![a-z])", repr(value)) is not None


def renamed(value, name, number):
    snake, pascal = spellings(name)
    if isinstance(value, dict):
        return {renamed(key, name, number): renamed(item, name, number) for key, item in value.items()}
    if isinstance(value, list):
        return [renamed(item, name, number) for item in value]
    if isinstance(value, str):
        return value.replace(snake, f"{snake}_{number}").replace(pascal, f"{pascal}{number}")
    return value


def grow(value, name, others, times):
    """`value` with whatever is of `name` and of none of the others repeated so many times beside it: entries, elements
    and lines of texts."""

    def is_alone(part):
        return mentions(part, name) and not any(mentions(part, other) for other in others)

    if isinstance(value, dict):
        if value.keys() & {"Ref", "Fn::GetAtt", "Fn::Select", "Fn::Split", "Fn::Join"}:
            # It names one thing, in parts.
            return value
        more = {}
        for key, item in value.items():
            if mentions(key, name):
                more |= {renamed(key, name, n): renamed(item, name, n) for n in range(times)}
        # What is of it as a whole does not grow within.
        kept = {k: item if mentions(k, name) else grow(item, name, others, times) for k, item in value.items()}
        return kept | more
    if isinstance(value, list):
        grown = []
        for item in value:
            grown.append(item if is_alone(item) else grow(item, name, others, times))
            if is_alone(item):
                grown += [renamed(item, name, n) for n in range(times)]
        return grown
    if isinstance(value, str) and value.startswith("{") and "\n" in value:
        return json.dumps(grow(json.loads(value), name, others, times))
    return value
