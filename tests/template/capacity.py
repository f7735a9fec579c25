"""What the market's parameters yield, from a thousand merchants to a million: `docs/CAPACITY.md`.

    UPDATE_EXPECT=1 python -m pytest tests/template/test_load.py

writes it anew. Everything in it is computed: of what merchants do (docs/DEPLOY.md, *What it costs*), of what each
operation takes (docs/COST.md), of the templates as they are expanded, and of what AWS grants (`LIMITS` here). What is
assumed, and measured nowhere, stands in `ASSUMED`. An operator reads there which limit is met first, and what to set."""

import math
import re
from dataclasses import dataclass

from expand import ROOT, target, tree

FILE = ROOT / "docs/CAPACITY.md"

MERCHANTS = [1_000, 10_000, 100_000, 1_000_000]
SECONDS = 730 * 3600
DAYS = 730 / 24

# Read and write units of each operation and job, as the engine reports them.
LEDGER = {
    name: (int(r), int(w))
    for name, r, w in re.findall(r"^\| (`.+?) \| \d+ \| (\d+) \| (\d+) \|", (ROOT / "docs/COST.md").read_text(), re.M)
}
CHECK_READS, CHECK_WRITES = LEDGER["`check_token` (the same hour)"]

# What a merchant does in a month; docs/DEPLOY.md tells it in words, and test_load.py holds the two together.
CHECKS, OTHER_REQUESTS, E_MAILS, WAKE_UPS, LEASES = 20_000, 110, 20, 58, 38
# Units of a month without those of the checks of an hour that was counted before: orders, grants, demands, e-mails.
OTHER_WRITES, OTHER_READS = 960 + 220, 400 + 60
BATCH = 50

ASSUMED = {
    "peak": (3, "the busiest second asks for as many times the month's average"),
    "check": (0.05, "seconds that a function takes for one check, or for any other request or job"),
    "batch": (0.2, "seconds that it takes for a batch of 50 checks, and the slowest single checks"),
    "headroom": (2, "instances that are there for each that is needed on average"),
}
PEAK, ONE, MANY, HEADROOM = (value for value, _ in ASSUMED.values())

# What AWS grants where nobody asked for more, for a region and an account.
LIMITS = {
    "API Gateway, requests a second": 10_000,
    "API Gateway, requests at once": 5_000,
    "DynamoDB, read or write units a second of a table": 40_000,
    "DynamoDB, read units a second of a new table": 12_000,
    "DynamoDB, write units a second of a new table or index": 4_000,
    "SES, e-mails a day after the sandbox": 50_000,
    "SES, e-mails a second after the sandbox": 14,
    "Lambda, executions at once (a new account: 10)": 1_000,
    "Lambda, executions that no reservation may take": 100,
}
UNRESERVED = LIMITS["Lambda, executions that no reservation may take"]
# Partitions of a table, each a shard of its stream: a new one has four, one that takes 40,000 write units forty.
SHARDS = {10: 4, 1_000: 40, 10_000: 40}
# What a new account may run at once. Jobs that have piled up take all of it, so it is for a market without merchants.
BEGINNING = 10
# The most merchants for which a set is meant, where they are checked in batches.
MEANT_FOR = {10: 1_000, 1_000: 100_000, 10_000: 1_000_000}


@dataclass(frozen=True)
class Way:
    """How data gateways ask: checks in a call, seconds of a call, and whether it passes the API."""

    name: str
    checks: int
    seconds: float
    by_api: bool


WAYS = [
    Way("one by one", 1, ONE, by_api=True),
    Way(f"{BATCH} a call", BATCH, MANY, by_api=True),
    Way(f"{BATCH} a call, invoked directly", BATCH, MANY, by_api=False),
]


def average(of_a_month, merchants):
    return of_a_month * merchants / SECONDS


def peak(of_a_month, merchants):
    return PEAK * average(of_a_month, merchants)


def handlers(market):
    return {function["Handler"]: function for function in market.all("AWS::Lambda::Function").values()}


def reserved(market):
    """What each function reserves, by its handler."""
    return {
        name: int(function["ReservedConcurrentExecutions"])
        for name, function in handlers(market).items()
        if function.get("ReservedConcurrentExecutions") is not None
    }


def queues(market):
    """How many batches of each queue are worked on at once, by the handler that does."""
    by_id = {function.id: name for name, function in handlers(market).items()}
    behind = {alias.id: target(alias["FunctionName"]) for alias in market.all("AWS::Lambda::Alias").values()}
    found = {}
    for mapping in market.all("AWS::Lambda::EventSourceMapping").values():
        scaling = mapping.get("ScalingConfig")
        if scaling:
            found[by_id[behind[target(mapping["FunctionName"])]]] = int(scaling["MaximumConcurrency"])
    return found


def parallelism(market):
    (relay,) = [m for m in market.all("AWS::Lambda::EventSourceMapping").values() if m.get("ParallelizationFactor")]
    return int(relay["ParallelizationFactor"])


def parameter(market, name):
    """A parameter of the root as it is when nobody gives one."""
    return market.template["Parameters"][name]["Default"]


def checking(market):
    """The functions that answer checks, behind the API and beside it."""
    return [name for name in handlers(market) if name.startswith("api/check_token") or name == "checks"]


def sum_of(expanded, account, reserve):
    """What may run at once with these parameters, part by part."""
    given = {"AccountConcurrency": account, "ReserveConcurrency": str(reserve).lower()}
    market = tree("aws", expanded["aws"], **given)
    merchants, own = MEANT_FOR[account], reserved(market)
    checks = int(market.template["Mappings"]["Concurrency"][str(account)]["Checks"])
    api = {
        name: checks or math.ceil(HEADROOM * ONE * peak(CHECKS, merchants)) for name in checking(market) if name not in own
    }
    return {
        "reserved": sum(own.values()),
        "queues": sum(queues(market).values()),
        "relay": 0 if "relay" in own else SHARDS[account] * parallelism(market),
        "sweep": 0 if "sweep" in own else 1,
        "authorizer": 0 if "authorizer" in own else 1,
        "checks": sum(api.values()),
        "other requests": math.ceil(HEADROOM * ONE * peak(OTHER_REQUESTS, merchants)),
    }


def rounded(value):
    """Up, to two digits: what one would set."""
    if value <= 10:
        return math.ceil(value)
    step = 10 ** (len(str(math.ceil(value))) - 2)
    return math.ceil(value / step) * step


def shown(value):
    return f"{value:,.0f}" if value >= 10 else f"{value:.1f}" if value >= 1 else f"{value:.2f}"


def table(head, rows):
    """A table of Markdown: texts to the left, figures to the right."""
    lines = ["| " + " | ".join(head) + " |", "|" + "|".join("---:" if at else "---" for at in range(len(head))) + "|"]
    return "\n".join(lines + ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows])


def by_merchants(rows):
    return table(["merchants", *(f"{merchants:,}" for merchants in MERCHANTS)], rows)


def row(name, of):
    return [name, *(of(merchants) for merchants in MERCHANTS)]


def calls(way, merchants):
    """Calls of a second at the peak."""
    return peak(CHECKS, merchants) / way.checks


def load():
    rows = [
        row("checks a second, on average", lambda n: shown(average(CHECKS, n))),
        row("checks a second, at the peak", lambda n: shown(peak(CHECKS, n))),
        row("other requests a second, at the peak", lambda n: shown(peak(OTHER_REQUESTS, n))),
    ]
    for way in WAYS:
        what = "calls" if way.checks > 1 else "requests"
        rows.append(row(f"{what} a second at the peak: {way.name}", lambda n, way=way: shown(calls(way, n))))
    return by_merchants(rows)


def first_limit(market, way, merchants):
    """What is met first on the way of a check, with parameters as they are: by how much it is too little."""
    rate = calls(way, merchants)
    limits = {}
    if way.by_api:
        limits |= {
            "address and token": int(parameter(market, "ChecksPerFiveMinutes")) / 300 / rate,
            "method": int(parameter(market, "ChecksRateLimit")) / rate,
            "account": LIMITS["API Gateway, requests a second"] / rate,
        }
    reads, writes = (LIMITS[f"DynamoDB, {what}"] for what in ("read units a second of a new table", "write units a second of a new table or index"))
    limits |= {
        "table's reads": reads / table_units(merchants)[0],
        "table's writes": writes / table_units(merchants)[1],
    }
    name = min(limits, key=limits.get)
    return "–" if limits[name] >= 1 else f"{name} (of {shown(1 / limits[name])} times as much)"


def limits(market):
    one = int(parameter(market, "ChecksPerFiveMinutes")) / 300
    rest = int(parameter(market, "RequestsPerFiveMinutes")) / 300
    rate = int(parameter(market, "ChecksRateLimit"))
    of_a_merchant = PEAK * CHECKS / SECONDS

    def reached(name, calls, checks, parameter):
        at_the_peak = calls * checks / of_a_merchant
        return [name, shown(calls), shown(PEAK * at_the_peak), shown(at_the_peak), parameter]

    reach = [
        reached("one address or token, were checks no class", rest, 1, "`RequestsPerFiveMinutes`"),
        reached("one address or token, one by one", one, 1, "`ChecksPerFiveMinutes`"),
        reached(f"one address or token, {BATCH} a call", one, BATCH, "`ChecksPerFiveMinutes`"),
        reached("all callers, one by one", rate, 1, "`ChecksRateLimit`"),
        reached(f"all callers, {BATCH} a call", rate, BATCH, "`ChecksRateLimit`"),
    ]
    first = [row(way.name, lambda n, way=way: first_limit(market, way, n)) for way in WAYS]
    head = ["limit", "calls a second", "merchants, were there no peaks", "merchants at the peak", "parameter"]
    return table(head, reach), by_merchants(first)


def table_units(merchants):
    """Read and write units of a second at the peak, every check of a grant of its own."""
    return (
        CHECK_READS * peak(CHECKS, merchants) + peak(OTHER_READS, merchants),
        CHECK_WRITES * peak(CHECKS, merchants) + peak(OTHER_WRITES, merchants),
    )


def units():
    def warm(at, limit, merchants):
        need = table_units(merchants)[at]
        return "0" if need <= LIMITS[f"DynamoDB, {limit}"] else f"{rounded(need):,}"

    quota = LIMITS["DynamoDB, read or write units a second of a table"]
    return by_merchants(
        [
            row("read units a second, at the peak", lambda n: shown(table_units(n)[0])),
            row("write units a second, at the peak", lambda n: shown(table_units(n)[1])),
            row("of them the indexes', all three, at most", lambda n: shown(peak(OTHER_WRITES, n))),
            row("`WarmReadUnits`", lambda n: warm(0, "read units a second of a new table", n)),
            row("`WarmWriteUnits`", lambda n: warm(1, "write units a second of a new table or index", n)),
            row("the table's quota is to be raised", lambda n: "yes" if max(table_units(n)) > quota else "no"),
        ]
    )


def instances(way, merchants):
    """Instances for checks that are to be there."""
    return math.ceil(HEADROOM * calls(way, merchants) * way.seconds)


def account_for(market, way, merchants):
    """The least AccountConcurrency that is enough for merchants."""
    sets = market.template["Mappings"]["Concurrency"]
    for account in sorted(set(map(int, sets)) - {BEGINNING}):
        jobs = HEADROOM * ONE * peak(WAKE_UPS, merchants) / 10
        checks = int(sets[str(account)]["Checks"]) or account / 2
        if instances(way, merchants) <= checks and jobs <= int(sets[str(account)]["Jobs"]) and merchants <= MEANT_FOR[account]:
            return account
    return None


def functions(market):
    rows = []
    for way in WAYS:
        rows.append(row(f"checks, {way.name}", lambda n, way=way: f"{instances(way, n):,}"))
    rows.append(row("other requests", lambda n: f"{math.ceil(HEADROOM * ONE * peak(OTHER_REQUESTS, n)):,}"))
    rows.append(row("jobs (ten wake-ups a batch)", lambda n: f"{math.ceil(HEADROOM * ONE * peak(WAKE_UPS, n) / 10):,}"))
    return by_merchants(rows)


def settings(market):
    rows = []
    for way in WAYS:
        if way.by_api:
            least = int(parameter(market, "ChecksRateLimit"))
            rows.append(row(f"{way.name}: `ChecksRateLimit`", lambda n, way=way: f"{max(least, rounded(calls(way, n))):,}"))
            most = int(parameter(market, "ChecksPerFiveMinutes"))
            rows.append(
                row(
                    f"{way.name}, all by one gateway: `ChecksPerFiveMinutes`",
                    lambda n, way=way: f"{max(most, rounded(300 * calls(way, n))):,}",
                )
            )
        rows.append(row(f"{way.name}: `AccountConcurrency`", lambda n, way=way: f"{account_for(market, way, n):,}"))
    return by_merchants(rows)


def pace(merchants):
    """What e-mails need at the peak, as NoticesPerSecond."""
    return rounded(peak(E_MAILS, merchants))


def hours(count, per_second):
    """How long so many notices take, that are due at one instant."""
    return count / per_second / 3600


def patience(market, merchants, per_second):
    """After how many hours of a wave of notices work-left rings, and of how many merchants it takes the market to be."""
    (alarm,) = [a for a in market.all("AWS::CloudWatch::Alarm").values() if a["AlarmName"] == "market-work-left"]
    (said,) = [m["Expression"] for m in alarm["Metrics"] if "Expression" in m]
    of_notices = r"IF\(FILL\(paced, 0\) > (\d+), FILL\(paced, 0\) / 1000 \* (\d+) / (\d+) / ([\d.]+), 0\)"
    least, divided, by, each = re.search(of_notices, said).groups()
    assert (int(divided), int(by), float(alarm["Threshold"])) == (per_second, merchants, 1)
    return max(int(least) / 3_600_000, hours(float(each) * merchants, per_second))


def waves(expanded):
    """How long it takes to tell everyone of one thing, as an amendment or the upstream's end is told."""

    def alarm(merchants):
        account = min(size for size, most in MEANT_FOR.items() if merchants <= most)
        given = {"AccountConcurrency": account, "NoticesPerSecond": least(merchants)}
        return patience(tree("aws", expanded["aws"], **given), MEANT_FOR[account], least(merchants))

    usual = int(parameter(tree("aws", expanded["aws"]), "NoticesPerSecond"))
    least = lambda merchants: max(usual, pace(merchants))  # noqa: E731
    return by_merchants(
        [
            row("`NoticesPerSecond`", lambda n: shown(least(n))),
            row("hours, by e-mail", lambda n: shown(hours(n, least(n)))),
            row("hours, by e-mail and text message", lambda n: shown(hours(2 * n, least(n)))),
            row("`work-left` rings after hours", lambda n: shown(alarm(n))),
            row(f"hours at the usual {usual} a second, by e-mail", lambda n: shown(hours(n, usual))),
        ]
    )


def notices(market):
    least = int(parameter(market, "NoticesPerSecond"))
    day, second = (LIMITS[f"SES, e-mails a {unit} after the sandbox"] for unit in ("day", "second"))
    return by_merchants(
        [
            row("e-mails a day", lambda n: shown(E_MAILS * n / DAYS)),
            row("e-mails a second, at the peak", lambda n: shown(peak(E_MAILS, n))),
            row("SES is to be asked for more", lambda n: "yes" if E_MAILS * n / DAYS > day or peak(E_MAILS, n) > second else "no"),
            row("`NoticesPerSecond`, for e-mails alone", lambda n: shown(max(least, pace(n)))),
            row("wake-ups a second, at the peak", lambda n: shown(peak(WAKE_UPS, n))),
            row("handed out by a pass of the sweep, on average", lambda n: shown(60 * average(LEASES, n))),
            row("the same, at the peak", lambda n: shown(60 * peak(LEASES, n))),
            row("all of a day's, if they fell due at one instant", lambda n: shown(LEASES * n / DAYS)),
        ]
    )


def sums(expanded):
    rows = []
    for account in MEANT_FOR:
        for reserve in (False, True) if account > 10 else (False,):
            parts = sum_of(expanded, account, reserve)
            total = sum(parts.values())
            rows.append([f"{account:,}", "yes" if reserve else "no", *parts.values(), f"{total:,}"])
    head = ["`AccountConcurrency`", "reserved?", *sum_of(expanded, 10, False), "in all"]
    return table(head, rows)


def document(expanded):
    market = tree("aws", expanded["aws"])
    reach, first = limits(market)
    assumed = "\n".join(f"- {value:g}: {what}." for value, what in ASSUMED.values())
    granted = table(["", ""], [[name, f"{limit:,}"] for name, limit in LIMITS.items()])
    return f"""# What the parameters yield

Computed by `tests/template/capacity.py` and kept true by `tests/template/test_load.py`, which writes it anew with `UPDATE_EXPECT=1`.
What merchants do is what [DEPLOY.md](DEPLOY.md#a-thousand-merchants-a-month) says: {CHECKS:,} checks each in a month, {OTHER_REQUESTS}
other requests, {E_MAILS} e-mails, {WAKE_UPS} wake-ups, {LEASES} of them by the sweep. Units are those of [COST.md](COST.md), limits
those of the templates. Assumed, and to be replaced by what you see:

{assumed}

What AWS grants an account in a region where nobody asked for more:

{granted}

## What comes

{load()}

## Which limit is met first

API Gateway counts each method by itself: `ChecksRateLimit` is of single checks and of batches each, not of both together, and
`RestRateLimit` of each of the other methods. Above all of them stands the account's own rate. The firewall counts addresses and
tokens, checks apart from everything else. With parameters as they are by default, of all callers and of one data gateway:

{reach}

And at so many merchants, asked for by one data gateway (–: none; otherwise what is met first, and how many times as much comes):

{first}

Of one merchant, whatever is raised: 1,000 checks a second are read at once ([0044](decisions/0044-busy-ledgers-are-spread.md)).

## What to set

{settings(market)}

Class Money, class Protective and the rest are far below their limits at a million merchants. Rates above
{LIMITS["API Gateway, requests a second"]:,} a second want the account's own raised first.

## The table

Every check is taken to be of a grant of its own; a batch in which grants come twice reads and writes less. An index is as warm as
a new table from its first day, {LIMITS["DynamoDB, write units a second of a new table or index"]:,} write units a second, so nothing warms indexes.

{units()}

## Functions

Instances that are to be there at the peak:

{functions(market)}

What may run at once, by `AccountConcurrency`. Lambda takes no less than two batches of a queue at once, and there are
{len(queues(market))} queues: of ten, jobs that have piled up take everything, and requests are refused until they are done. Nothing is
lost by it. Such an account serves for a beginning; have it raised before the first merchants come.

{sums(expanded)}

## Notices and jobs

{notices(market)}

What is told to everyone at one instant, an amendment by e-mail or, what is grave, as a text message too, leaves at
`NoticesPerSecond`, and nothing else waits for it. `work-left` rings when two notices for each merchant for whom `AccountConcurrency` is
meant, and a quarter more, could have left since, and not within three hours (of any other job after one hour); `work-stuck` rings within
ten minutes where nothing is handed out, `notify-age` within 35 where nothing leaves:

{waves(expanded)}
"""
