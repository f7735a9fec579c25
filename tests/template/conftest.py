"""What tests of the templates ask for by name: each is made once, for all of them, and nobody changes it."""

import json
import os
from pathlib import Path

import pytest

from expand import REGIONS, TEMPLATES, apart, expansions, tree
from people import people_of
from ways import WAYS


@pytest.fixture(scope="session")
def expanded():
    return {partition: expansions(partition) for partition in REGIONS}


@pytest.fixture(scope="session", params=WAYS)
def market(request, expanded):
    partition, parameters = WAYS[request.param]
    market = tree(partition, expanded[partition], **parameters)
    assert not list(market.refusals())
    return market


@pytest.fixture(scope="session")
def china(expanded):
    partition, parameters = WAYS["China"]
    return tree(partition, expanded[partition], **parameters)


@pytest.fixture(scope="session", params=REGIONS)
def access(request, expanded):
    """The roles of people."""
    partition = request.param
    return apart("access", partition, expanded[partition], **people_of(partition))


@pytest.fixture(scope="session", params=REGIONS)
def audit(request, expanded):
    """The trail of what they do."""
    return apart("audit", request.param, expanded[request.param])


@pytest.fixture(scope="session")
def handlers():
    """Every name that the binary knows, as `market handlers` prints them."""
    file = os.environ.get("MARKET_HANDLERS")
    assert file, "MARKET_HANDLERS names no file with the handlers' names (market handlers >FILE)"
    return Path(file).read_text().split()


@pytest.fixture(scope="session")
def permissions():
    return json.loads((TEMPLATES / "infra/permissions.json").read_text())
