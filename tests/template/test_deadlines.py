"""What answers in time has its own times within those of the function and of the gateway before it (docs/decisions/0107)."""

import re

from expand import ROOT

CHECKS = ROOT / "functions/src/entrustment/checks"


def seconds(name, file):
    """A time of the code's."""
    found = re.search(rf"const {name}: Duration = Duration::from_secs\((\d+)\);", (CHECKS / file).read_text())
    return int(found[1])


def test_a_check_is_answered_before_its_function_is_ended_and_the_gateway_gives_up():
    ours = seconds("READ_WITHIN", "answers.rs") + seconds("COUNTED_WITHIN", "ledger.rs") + seconds("NOTED_WITHIN", "ledger.rs")
    of_functions = re.findall(r"^ +Timeout: (\d+)$", (ROOT / "infra/made/routes/checks.yaml").read_text(), re.M)
    of_gateway = re.findall(r"timeoutInMillis: (\d+)$", (ROOT / "infra/made/gateway.yaml").read_text(), re.M)
    assert of_functions and of_gateway
    # What is left is for the request and the reply, and for what an instance does before its first one.
    assert ours + 3 <= min(map(int, of_functions))
    assert max(map(int, of_functions)) * 1_000 < min(map(int, of_gateway))
