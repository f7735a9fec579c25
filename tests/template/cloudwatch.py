"""What CloudWatch would say: the alarms of the expanded templates, evaluated over made-up logs and figures.

It knows what our alarms use and refuses the rest, so that an alarm that it cannot judge fails a test rather than passing it.
Windows slide with the minute at which an alarm is evaluated, as CloudWatch's do where nothing else is asked for.
"""

import ast
import operator
import re
from collections import defaultdict
from functools import lru_cache
from itertools import accumulate

from expand import ROOT

OK, ALARM = "OK", "ALARM"

COMPARE = {
    "GreaterThanThreshold": operator.gt,
    "GreaterThanOrEqualToThreshold": operator.ge,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}


# ── patterns of metric filters ──


@lru_cache
def pattern(text):
    """A filter's pattern as a question to one line of JSON: comparisons of its fields with texts and numbers, `&&`, `||` and
    brackets."""
    inner = re.fullmatch(r"\{(.+)\}", text.strip(), re.S)
    assert inner, f"no pattern of JSON: {text}"
    terms, asked = [], []
    # What comes between the terms is all that may be left.
    form = r'\$\.(\w+) (?:= "([^"]*)"|> (\d+)(?=[ )]|$))'
    rest = re.sub(form, lambda m: terms.append(m.groups()) or f" t{len(terms) - 1} ", inner[1])
    words = re.findall(r"&&|\|\||[()]|t\d+|\S", rest)
    assert all(re.fullmatch(r"&&|\|\||[()]|t\d+", word) for word in words), f"not understood: {text}"
    spoken = " ".join({"&&": "and", "||": "or"}.get(word, word) for word in words)
    code = compile(spoken, "pattern", "eval")
    asked.extend(terms)

    def matches(line):
        said = {
            f"t{n}": is_like(str(line.get(field, "")), wanted) if more is None else is_more(line.get(field), int(more))
            for n, (field, wanted, more) in enumerate(asked)
        }
        return bool(eval(code, {"__builtins__": {}}, said))  # noqa: S307 - our own words only

    return matches


def is_like(value, wanted):
    return value.startswith(wanted[:-1]) if wanted.endswith("*") else value == wanted


def is_more(value, than):
    # Nobody documents that a text of digits is compared as a number.
    return isinstance(value, int | float) and value > than


# ── figures ──


def written():
    """The names of the metrics that the code writes."""
    code = (ROOT / "functions/src/metrics.rs").read_text()
    names = code[code.index("const fn name(") : code.index("const fn unit(")]
    return set(re.findall(r'Self::\w+(?:\(_\))? => "(\w+)"', names))


def key(namespace, name, dimensions=()):
    pairs = [(d["Name"], d["Value"]) for d in dimensions] if isinstance(dimensions, list) else list(dimensions)
    return namespace, name, frozenset(pairs)


class Figures:
    """The figures of so many minutes; what was not told is not there."""

    def __init__(self, minutes):
        self.minutes = minutes
        self.series = defaultdict(lambda: [None] * minutes)
        self.sums = {}

    def put(self, namespace, name, values, **dimensions):
        """One value for each minute, or a function of the minute, or the same for all; None is silence."""
        series = self.series[key(namespace, name, dimensions.items())]
        self.sums.clear()
        for minute in range(self.minutes):
            value = values(minute) if callable(values) else values[minute] if isinstance(values, list) else values
            if value is not None:
                series[minute] = float(value)

    def count(self, filters, lines):
        """What metric filters make of lines of a log: (minute, fields, how many)."""
        self.sums.clear()
        ingested = {minute for minute, _, _ in lines}
        for filter in filters:
            matches = pattern(filter["FilterPattern"])
            (made,) = filter["MetricTransformations"]
            assert made["MetricValue"] == "1", made
            series = self.series[key(made["MetricNamespace"], made["MetricName"])]
            if "DefaultValue" in made:
                for minute in ingested:
                    series[minute] = series[minute] or float(made["DefaultValue"])
            known = {}
            for minute, fields, times in lines:
                seen = tuple(sorted(fields.items()))
                if seen not in known:
                    known[seen] = matches(fields)
                if known[seen]:
                    series[minute] = (series[minute] or 0.0) + times

    def window(self, of, statistic, end, minutes):
        """One statistic over the minutes before `end`; None where nothing was told."""
        begin = max(0, end - minutes)
        if of not in self.series:
            return None
        series = self.series[of]
        if statistic == "Sum":
            sums, told = self.accumulated(of, series)
            return sums[end] - sums[begin] if told[end] > told[begin] else None
        values = [value for value in series[begin:end] if value is not None]
        if not values:
            return None
        # Of one value a minute the slowest of a hundred is the slowest.
        reckon = {"Maximum": max, "p99": max, "Minimum": min, "Average": lambda v: sum(v) / len(v)}
        return reckon[statistic](values)

    def accumulated(self, of, series):
        if of not in self.sums:
            sums = list(accumulate((value or 0.0 for value in series), initial=0.0))
            told = list(accumulate((value is not None for value in series), initial=0))
            self.sums[of] = sums, told
        return self.sums[of]

    def query(self, text, end, minutes):
        """A query of Metrics Insights: a value for each group, or one for `None` where it has none."""
        asked = re.fullmatch(
            r'SELECT SUM\((?P<name>\w+)\) FROM SCHEMA\("(?P<namespace>[^"]+)", (?P<label>\w+)\)'
            r"(?: WHERE (?P<other>\w+) != '(?P<not>[^']+)')?"
            r"(?P<grouped> GROUP BY (?P=label) ORDER BY SUM\(\) DESC)?",
            text,
        )
        assert asked, f"not understood: {text}"
        found = {}
        for namespace, name, dimensions in list(self.series):
            labels = dict(dimensions)
            if (namespace, name) == (asked["namespace"], asked["name"]) and labels.keys() == {asked["label"]}:
                value = self.window((namespace, name, dimensions), "Sum", end, minutes)
                if value is not None and (asked["other"] is None or labels.get(asked["other"]) != asked["not"]):
                    group = labels[asked["label"]] if asked["grouped"] else None
                    found[group] = found.get(group, 0.0) + value
        return found


# ── metric math ──

ARITHMETIC = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv}
COMPARISONS = {ast.Gt: operator.gt, ast.GtE: operator.ge, ast.Lt: operator.lt, ast.LtE: operator.le}


def math(expression, values):
    """Metric math at one point in time. Whatever needs a value that is missing is missing itself, but for FILL."""

    def of(node):
        match node:
            case ast.Constant(value=int() | float() as value):
                return float(value)
            case ast.Name(id=name):
                return values[name]
            case ast.BinOp(left=left, op=op, right=right):
                a, b = of(left), of(right)
                if a is None or b is None or (isinstance(op, ast.Div) and b == 0):
                    return None
                return ARITHMETIC[type(op)](a, b)
            case ast.Compare(left=left, ops=[op], comparators=[right]):
                a, b = of(left), of(right)
                return None if a is None or b is None else float(COMPARISONS[type(op)](a, b))
            case ast.Call(func=ast.Name(id="IF"), args=[condition, yes, no]):
                decided = of(condition)
                return None if decided is None else of(yes if decided else no)
            case ast.Call(func=ast.Name(id="FILL"), args=[inner, instead]):
                value = of(inner)
                return of(instead) if value is None else value
            case ast.Call(func=ast.Name(id="MAX"), args=[ast.List(elts=items)]):
                found = [value for value in map(of, items) if value is not None]
                return max(found) if found else None
        raise AssertionError(f"not understood: {ast.unparse(node)} in {expression}")

    return of(ast.parse(expression.strip(), mode="eval").body)


# ── alarms ──


def points(alarm, figures, end, count):
    """An alarm's values over so many periods, the last of which ends there: of each of what it watches."""
    minutes = period(alarm) // 60
    ends = [max(0, end - n * minutes) for n in range(count)]
    query = next((m["Expression"] for m in alarm.get("Metrics", []) if m.get("Expression", "").startswith("SELECT ")), None)
    if query is None:
        return [[point(alarm, figures, at) for at in ends]]
    found = [figures.query(query, at, minutes) for at in ends]
    groups = set().union(*found) or {None}
    return [[values.get(group) for values in found] for group in groups]


def point(alarm, figures, end):
    """An alarm's value over the period that ends there."""
    if "MetricName" in alarm.properties:
        of = key(alarm["Namespace"], alarm["MetricName"], alarm.get("Dimensions", []))
        statistic = alarm.get("Statistic") or alarm["ExtendedStatistic"]
        return figures.window(of, statistic, end, int(alarm["Period"]) // 60)
    values, result = {}, None
    for metric in sorted(alarm["Metrics"], key=lambda metric: "Expression" in metric):
        if "MetricStat" in metric:
            stat = metric["MetricStat"]
            of = key(stat["Metric"]["Namespace"], stat["Metric"]["MetricName"], stat["Metric"].get("Dimensions", []))
            values[metric["Id"]] = figures.window(of, stat["Stat"], end, period(alarm) // 60)
        else:
            values[metric["Id"]] = math(metric["Expression"], values)
        if metric.get("ReturnData"):
            result = values[metric["Id"]]
    return result


def period(alarm):
    """In seconds; CloudWatch takes one for all metrics of an alarm."""
    if "Period" in alarm.properties:
        return int(alarm["Period"])
    (found,) = {int(m.get("Period") or m["MetricStat"]["Period"]) for m in alarm["Metrics"] if "MetricStat" in m or "Period" in m}
    return found


def state(alarm, figures, end, before):
    """Where an alarm stands when it is evaluated at the end of that minute. One that watches several things rings for any."""
    each = points(alarm, figures, end, int(alarm["EvaluationPeriods"]))
    assert len(each) == 1 or alarm["TreatMissingData"] != "ignore", "where each stood before is not kept"
    return ALARM if any(judged(alarm, values, before) == ALARM for values in each) else OK


def judged(alarm, values, before):
    enough = int(alarm.get("DatapointsToAlarm", alarm["EvaluationPeriods"]))
    is_beyond = COMPARE[alarm["ComparisonOperator"]]
    beyond = sum(is_beyond(value, float(alarm["Threshold"])) for value in values if value is not None)
    silent = sum(value is None for value in values)
    match alarm["TreatMissingData"]:
        case "breaching":
            return ALARM if beyond + silent >= enough else OK
        case "notBreaching":
            return ALARM if beyond >= enough else OK
        case "ignore":
            if beyond >= enough:
                return ALARM
            # With what is silent it might be so: it stays as it was.
            return before if beyond + silent >= enough else OK
    raise AssertionError(f"not understood: {alarm['TreatMissingData']}")


def is_heard(alarm, figures):
    """Whether there is anything by which an alarm could ever ring."""
    asked = [alarm.properties] if "MetricName" in alarm.properties else [
        metric["MetricStat"]["Metric"] for metric in alarm["Metrics"] if "MetricStat" in metric
    ]
    keys = {key(metric["Namespace"], metric["MetricName"], metric.get("Dimensions", [])) for metric in asked}
    return not keys or alarm["TreatMissingData"] == "breaching" or bool(keys & figures.series.keys())


def holds(rule, states):
    """A composite alarm's rule, over the states of the alarms that it names."""
    spoken = re.sub(r'ALARM\("([^"]+)"\)', lambda m: str(states[m[1].removeprefix("ref:")] == ALARM), rule)
    words = spoken.split()
    assert all(word in ("True", "False", "AND", "OR", "NOT") for word in words), f"not understood: {rule}"
    return bool(eval(" ".join({"AND": "and", "OR": "or", "NOT": "not"}.get(w, w) for w in words), {"__builtins__": {}}))  # noqa: S307


def known(value, named):
    """The same, with the names in it that only CloudFormation could put there."""
    if isinstance(value, dict):
        return {key: known(item, named) for key, item in value.items()}
    if isinstance(value, list):
        return [known(item, named) for item in value]
    return named.get(value, value) if isinstance(value, str) else value


class Bells:
    """The alarms of a market, and whom each tells."""

    def __init__(self, market):
        topics = {topic.id: topic["TopicName"] for topic in market.all("AWS::SNS::Topic").values()}
        self.simple = market.all("AWS::CloudWatch::Alarm")
        named = {f"att:{queue.id}.QueueName": queue["QueueName"] for queue in market.all("AWS::SQS::Queue").values()}
        named |= {f"ref:{table.id}": table["TableName"] for table in market.all("AWS::DynamoDB::Table").values()}
        for alarm in self.simple.values():
            alarm.properties = known(alarm.properties, named)
        self.composed = market.all("AWS::CloudWatch::CompositeAlarm")
        self.told = {}
        for alarm in [*self.simple.values(), *self.composed.values()]:
            for arn in alarm.get("AlarmActions", []):
                kind = {"alarms": "page", "tickets": "ticket"}[topics[arn.removeprefix("ref:")].rpartition("-")[2]]
                self.told[alarm.id] = (kind, alarm["AlarmName"].partition("-")[2])

    def over(self, figures, begin=0, every=1):
        """For each alarm that tells someone, the minutes at whose end it was in ALARM."""
        states = dict.fromkeys(self.simple, OK)
        # Of the others nothing is told, and nothing of them is about silence.
        heard = {id: alarm for id, alarm in self.simple.items() if is_heard(alarm, figures)}
        rung = defaultdict(list)
        for end in range(begin + every, figures.minutes + 1, every):
            states |= {id: state(alarm, figures, end, states[id]) for id, alarm in heard.items()}
            composed = {id: holds(alarm["AlarmRule"], states) for id, alarm in self.composed.items()}
            for id in self.told:
                if composed.get(id) or states.get(id) == ALARM:
                    rung[self.told[id]].append(end)
        return dict(rung)
