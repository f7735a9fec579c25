"""The cost estimate of docs/DEPLOY.md, by its own formulas, from the ledger in docs/COST.md."""

import math
import re

from expand import ROOT

GUIDE = (ROOT / "docs/DEPLOY.md").read_text()
# Read and write units of each operation and job, as the engine reports them.
LEDGER = {
    name: (int(r), int(w))
    for name, r, w in re.findall(r"^\| (`.+?) \| \d+ \| (\d+) \| (\d+) \|", (ROOT / "docs/COST.md").read_text(), re.M)
}

# USD for a million.
READ, WRITE, API, FIREWALL, SQS, TRACES = 0.125, 0.625, 3.50, 0.60, 0.40, 5.00
LOGS_GB = 0.50


def function(seconds, gigabytes=0.25):
    return 0.20 + gigabytes * seconds * 13.3334


FRONT = API + FIREWALL + function(0.05) + 0.1 * function(0.02) + 0.05 * TRACES + 1.2 * LOGS_GB
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
