"""Who hears what, and the wirings that start-up refuses."""

from __future__ import annotations

import pytest

from trading_ecosystem.messages.exchange import OrderRejected, QuoteChanged
from trading_ecosystem.messages.market_data import FundamentalPriceChanged, PricePublished
from trading_ecosystem.messages.orders import RejectReason
from trading_ecosystem.messages.test_coordination import ConditionTookEffect, GroundTruthLabelled, RunStarted
from trading_ecosystem.ports.component import Component
from trading_ecosystem.ports.errors import Forbidden
from trading_ecosystem.runtime.routing import RoutingTable


def listener(name, context, *types, accounts=None):
    class Listening(Component):
        hears = dict.fromkeys(types, "handle")
        says = ()

    Listening.context = context
    return Listening(name, accounts)


def names(table, message):
    return [name for name, _ in table.receivers(message)]


def rejected(account):
    return OrderRejected(
        venue="v", account=account, client_order_id="1", instrument="BTC/USD", reason=RejectReason.UNKNOWN_ACCOUNT
    )


def test_private_messages_reach_only_the_firm_that_owns_the_account():
    table = RoutingTable(
        [
            listener("risk-b", "risk", OrderRejected, accounts=frozenset({"firm-b"})),
            listener("risk-a", "risk", OrderRejected, accounts=frozenset({"firm-a"})),
            listener("coordinator", "test_coordination", OrderRejected),
        ]
    )
    assert names(table, rejected("firm-a/maker")) == ["coordinator", "risk-a"]
    assert names(table, rejected("firm-a")) == ["coordinator", "risk-a"]
    assert names(table, rejected("firm-ab")) == ["coordinator"]


def test_public_messages_reach_every_listener_in_order_of_name():
    firm = frozenset({"f"})
    table = RoutingTable([listener(n, "trading", PricePublished, accounts=firm) for n in ("c", "a", "b")])
    assert names(table, PricePublished(instrument="x", price_minor=1, priced_at=1, update=1)) == ["a", "b", "c"]


@pytest.mark.parametrize("context", ["trading", "risk"])
@pytest.mark.parametrize("heard", [RunStarted, ConditionTookEffect, GroundTruthLabelled, FundamentalPriceChanged])
def test_the_blind_are_refused_what_they_must_not_hear(context, heard):
    with pytest.raises(Forbidden, match=f"must not hear {heard.__name__}"):
        RoutingTable([listener("x", context, heard, accounts=frozenset({"f"}))])


def test_other_refusals():
    with pytest.raises(Forbidden, match="must be bound to the accounts of its firm"):
        RoutingTable([listener("x", "risk", QuoteChanged)])
    with pytest.raises(Forbidden, match="exchange hears commands, not QuoteChanged"):
        RoutingTable([listener("x", "exchange", QuoteChanged)])
    with pytest.raises(Forbidden, match="may not be wired at all"):
        RoutingTable([listener("x", "audit", RunStarted)])
    with pytest.raises(Forbidden, match="share a name"):
        RoutingTable([listener("x", "exchange"), listener("x", "custodian")])
    with pytest.raises(Forbidden, match="must not hear FundamentalPriceChanged"):
        RoutingTable([listener("x", "test_coordination", FundamentalPriceChanged)])
    with pytest.raises(Forbidden, match="must not hear PricePublished"):
        RoutingTable([listener("x", "market_data", PricePublished)])
