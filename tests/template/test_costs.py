"""The cost estimate of docs/DEPLOY.md, by its own formulas, from the ledger in docs/COST.md."""

import math
import re

import pytest

from capacity import (
    BATCH,
    CHECK_READS,
    CHECK_WRITES,
    CHECKS,
    E_MAILS,
    LEDGER,
    LIMITS,
    MANY,
    OTHER_REQUESTS,
    WAKE_UPS,
    rounded,
    table_units,
)
from expand import ROOT, tree
from ways import gateway, operations

GUIDE = (ROOT / "docs/DEPLOY.md").read_text()

# USD for a million.
READ, WRITE, API, FIREWALL, SQS, TRACES = 0.125, 0.625, 3.50, 0.60, 0.40, 5.00
LOGS_GB = 0.50


def function(seconds, gigabytes=0.25):
    return 0.20 + gigabytes * seconds * 13.3334


AUTHORIZER = 0.1 * function(0.02)
FRONT = API + FIREWALL + function(0.05) + AUTHORIZER + 0.05 * TRACES + 1.2 * LOGS_GB
WAKE_UP = 3 * SQS + function(0.05) + 0.05 * TRACES + 0.6 * LOGS_GB
LEASE = 4 * WRITE


def rows(heading):
    """The cells of the table below a heading."""
    text = GUIDE.split(heading, 1)[1].split("|---", 1)[1]
    lines = text.splitlines()[1:]
    table = lines[: lines.index("")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table]


def entries(cell):
    """The ledger's entries that a cell names: one with its case, or several without."""
    return [LEDGER[cell]] if cell in LEDGER else [LEDGER[name] for name in re.findall(r"`\w+`", cell)]


def is_rounded(said, exact):
    return math.isclose(float(said), exact, abs_tol=0.00501)


BATCHES = {
    1: f"`check_tokens` ({BATCH} of one grant, the same hour)",
    BATCH: f"`check_tokens` ({BATCH}, each of another merchant, the same hour)",
}


def batch_units(grants):
    """Read and write units of a batch whose checks are of so many grants: of each what one check takes, once."""
    return CHECK_READS * grants, CHECK_WRITES * grants


def checks(by_api, checks_of_a_call, grants_of_a_call):
    """USD of a million checks, part by part."""
    reads, writes = batch_units(grants_of_a_call)
    seconds = 0.05 if checks_of_a_call == 1 else MANY
    parts = {
        "API": API * by_api,
        "firewall": FIREWALL * by_api,
        "functions": function(seconds) + AUTHORIZER * by_api,
        "traces": 0.05 * TRACES,
        # The function's line, and the gateway's.
        "logs": (1.2 if by_api else 0.6) * LOGS_GB,
        "ledgers": WRITE * writes,
        "what a check rests on": READ * reads,
    }
    return {name: usd / checks_of_a_call for name, usd in parts.items()}


def everything_else():
    """USD of a merchant's month beside checks."""
    reads, writes, mail_reads, mail_writes = 400, 960, 60, 220
    units = READ * (reads + mail_reads) + WRITE * (writes + mail_writes)
    return (OTHER_REQUESTS * FRONT + units + WAKE_UPS * WAKE_UP) / 1e6 + E_MAILS * 0.10 / 1000 + 0.4 * 0.45 / 1000


# Merchants, and how their checks are asked for: through the API or not, how many a call, of how many grants.
COLUMNS = {
    "1,000: one by one": (1_000, True, 1, 1),
    "1,000,000: one by one": (1_000_000, True, 1, 1),
    "50 a call": (1_000_000, True, BATCH, BATCH),
    "50 a call, ten of a grant": (1_000_000, True, BATCH, BATCH // 10),
    "50 a call, invoked directly": (1_000_000, False, BATCH, BATCH),
}


def month(column):
    merchants, *way = COLUMNS[column]
    parts = {name: usd * CHECKS * merchants / 1e6 for name, usd in checks(*way).items()}
    return parts | {"everything else": everything_else() * merchants}


def test_the_formulas_come_to_what_is_said():
    assert is_rounded(re.search(r"^ +(?:= )([\d.]+) +with s = 0.05", GUIDE, re.M)[1], FRONT)
    assert is_rounded(re.search(r"^wake-up .*= ([\d.]+)$", GUIDE, re.M)[1], WAKE_UP)
    assert is_rounded(re.search(r"^lease .* = ([\d.]+) ", GUIDE, re.M)[1], LEASE)


def test_a_million_requests_cost_what_the_ledger_says():
    table = rows("| a million of | r | w | table | with front |")
    assert len(table) > 10
    for name, r, w, units, in_all in table:
        assert entries(name) and set(entries(name)) == {(int(r), int(w))}, name
        exact = READ * int(r) + WRITE * int(w)
        assert is_rounded(units, exact) and is_rounded(in_all, FRONT + exact), name


def test_a_million_jobs_cost_what_the_ledger_says():
    table = rows("| a million of | r | w | by | in all |")
    assert len(table) > 5
    for name, r, w, by, in_all in table:
        assert entries(name) and set(entries(name)) == {(int(r), int(w))}, name
        exact = WAKE_UP + {"relay": 0, "sweep": LEASE}[by] + READ * int(r) + WRITE * int(w)
        assert is_rounded(re.match(r"[\d.]+", in_all)[0], exact), name


def test_a_merchants_write_units_are_the_ledgers():
    text = re.search(r"The ([\d.]+) million write units are, for each merchant,(.+?), and 4 for each", GUIDE, re.S)
    total = 38 * 4
    for name, units in re.findall(r"(`\w+`)([^`]+)", text[2]):
        known = {w for entry, (_, w) in LEDGER.items() if entry.startswith(name)}
        for part in re.findall(r"(?:(\d+) × )?(\d+)", units):
            times, unit = int(part[0] or 1), int(part[1])
            assert unit in known, f"{name}: {unit} of {known}"
            total += times * unit
    assert round(total / 1000, 2) == float(text[1])


def figures(heading):
    """A table of figures below a heading, by row and column."""
    head, columns = GUIDE.split(heading, 1)[0].rpartition("\n")[2], {}
    names = [cell.strip() for cell in (head + heading + GUIDE.split(heading, 1)[1].split("\n", 1)[0]).strip("|").split("|")]
    for name, *cells in rows(heading):
        for column, cell in zip(names[1:], cells, strict=True):
            columns[name.strip("*"), column] = float(cell.strip("*").replace(",", ""))
    return columns


def test_the_month_of_a_thousand_and_of_a_million_costs_what_its_parts_say():
    said = figures("| a month, USD |")
    assert {column for _, column in said} == COLUMNS.keys()
    for column, (merchants, *_) in COLUMNS.items():
        parts = month(column)
        exact = parts | {"in all": sum(parts.values()), "a merchant": sum(parts.values()) / merchants}
        assert {row for row, of in said if of == column} == exact.keys()
        for name, usd in exact.items():
            assert math.isclose(said[name, column], usd, abs_tol=0.501 if usd >= 10 else 0.00501), (name, column, usd)


def test_a_batch_brings_a_million_merchants_below_a_quarter_and_what_is_left_is_the_table():
    one, many = (sum(month(f"{name}").values()) for name in ("1,000,000: one by one", "50 a call"))
    assert many < one / 4
    for column in ("50 a call", "50 a call, invoked directly"):
        parts = month(column)
        assert parts["ledgers"] + parts["what a check rests on"] > 0.75 * sum(parts.values()), column
    alone = month("1,000,000: one by one")
    assert max(alone, key=alone.get) == "API"


@pytest.mark.parametrize("grants", BATCHES)
def test_a_batch_takes_at_the_table_what_the_ledger_says(grants):
    assert LEDGER[BATCHES[grants]] == batch_units(grants)


def test_what_is_paid_once_or_not_at_all_is_what_the_guide_says(expanded):
    market = tree("aws", expanded["aws"])
    served = {o["operationId"] for _, _, o in operations(gateway(market)["Body"]) if "operationId" in o}
    assert "five for each operation, well over a hundred USD a month" in " ".join(GUIDE.split()) and 5 * 0.30 * len(served) > 110
    reads, writes = map(rounded, table_units(1_000_000))
    new = [LIMITS[f"DynamoDB, {unit}"] for unit in ("read units a second of a new table", "write units a second of a new table or index")]
    charged = (reads - new[0]) * 0.00013 + (writes - new[1]) * 0.00065
    assert f"({reads:,} and {writes:,} units a second above {new[0]:,} and {new[1]:,}) is charged once: {charged:.0f}." in " ".join(GUIDE.split())
    (firewall,) = market.all("AWS::WAFv2::WebACL").values()
    words = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
    assert f"one web ACL 5.00, {words[len(firewall['Rules'])]} rules at 1.00 | {5 + len(firewall['Rules'])}.00 |" in GUIDE
