"""Notices leave no faster than `NoticesPerSecond`: what the workers share among them is what there is of them."""

from functools import cache

import pytest

from expand import expansions, sources, tree
from ways import WAYS, called, functions


expanded = cache(expansions)


def deployed(way, **parameters):
    partition, own = WAYS[way]
    return tree(partition, expanded(partition), **own, **parameters)


def named(market, handler):
    (found,) = [function for function in functions(market).values() if function["Handler"] == handler]
    return found


def environment(function):
    return function["Environment"]["Variables"]


@pytest.mark.parametrize("way", WAYS)
def test_the_workers_share_the_rate_among_as_many_as_their_queue_starts(way):
    market = deployed(way, NoticesPerSecond="14", NotifyConcurrency="7")
    worker = named(market, "worker/notify")
    mappings = market.all("AWS::Lambda::EventSourceMapping").values()
    (mapping,) = [mapping for mapping in mappings if called(market, mapping["FunctionName"]).id == worker.id]
    told = environment(worker)
    assert int(told["MARKET_NOTIFY_CONCURRENCY"]) == int(mapping["ScalingConfig"]["MaximumConcurrency"]) == 7
    assert int(told["MARKET_NOTICES_PER_SECOND"]) == 14
    # A worker takes at most ten at once, and none waits for its turn longer than its job has beside the sending itself
    # (190 s by SMTP, of 220 s): shared/notices/src/pace.rs.
    assert mapping["BatchSize"] <= 10


@pytest.mark.parametrize("way", WAYS)
def test_the_sweep_hands_out_at_the_pace_of_the_workers_and_asks_the_api_that_the_gateway_made(way):
    market = deployed(way, NoticesPerSecond="14")
    told = environment(named(market, "sweep"))
    assert told["MARKET_NOTICES_PER_SECOND"] == environment(named(market, "worker/notify"))["MARKET_NOTICES_PER_SECOND"]
    assert told["MARKET_API_URL"] == market.resolve(market.template["Outputs"]["ApiUrl"]["Value"])


def test_the_usual_rate_is_one_that_the_workers_of_every_account_can_keep():
    root = sources()["template"]
    usual = int(root["Parameters"]["NoticesPerSecond"]["Default"])
    for account, may in root["Mappings"]["Concurrency"].items():
        assert usual * 2 >= int(may["Notices"]), account
