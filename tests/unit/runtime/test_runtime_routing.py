"""Who hears what, and the wirings that start-up refuses."""

from __future__ import annotations

import pytest

from trading_ecosystem.messages.exchange import CancelOrder, OrderRejected, QuoteChanged
from trading_ecosystem.messages.market_data import FundamentalPriceChanged, PricePublished
from trading_ecosystem.messages.orders import RejectReason
from trading_ecosystem.messages.test_coordination import ConditionTookEffect, GroundTruthLabelled, RunStarted
from trading_ecosystem.messages.trading_phases import HaltTrading
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


# ---------------------------------------------------------------- drop copies


def copier(name, context, *types, accounts=frozenset({"fund"})):
    made = listener(name, context, *types, accounts=accounts)
    type(made).copies = types
    return made


def placed(venue="venue-b", account="fund/maker"):
    return CancelOrder(venue=venue, account=account, client_order_id="1")


def test_a_firm_hears_copies_of_its_own_commands_beside_the_addressee_in_order_of_name():
    venues = [listener(name, "exchange", CancelOrder) for name in ("venue-a", "venue-b")]
    table = RoutingTable([*venues, copier("risk", "risk", CancelOrder), copier("ward", "trading", CancelOrder)])
    assert names(table, placed()) == ["risk", "venue-b", "ward"]
    assert names(table, placed("venue-a", "fund")) == ["risk", "venue-a", "ward"]
    assert names(table, placed(account="rival/maker")) == ["venue-b"]
    assert names(table, placed(account="fund-2/maker")) == ["venue-b"]
    # The answer is looked up once for a venue and an account, and is not another's.
    assert names(table, placed(account="rival/maker")) == ["venue-b"]
    assert names(table, placed()) == ["risk", "venue-b", "ward"]


def test_a_component_without_copies_hears_no_command_that_is_addressed_to_another():
    table = RoutingTable([listener("venue-b", "exchange", CancelOrder), listener("venue-a", "exchange", CancelOrder)])
    assert names(table, placed()) == ["venue-b"]


@pytest.mark.parametrize("context", ["exchange", "custodian", "test_coordination"])
def test_only_clients_hear_copies(context):
    with pytest.raises(Forbidden, match="must not hear copies of CancelOrder: only clients hear copies"):
        RoutingTable([copier("x", context, CancelOrder)])


def test_copies_that_are_refused():
    with pytest.raises(Forbidden, match="must not hear HaltTrading: its audience is control"):
        RoutingTable([copier("x", "risk", HaltTrading)])
    with pytest.raises(Forbidden, match="must not hear copies of PricePublished: it is no command of a client"):
        RoutingTable([copier("x", "risk", PricePublished)])
    with pytest.raises(Forbidden, match="must be bound to the accounts of its firm"):
        RoutingTable([copier("x", "risk", CancelOrder, accounts=None)])
    deaf = listener("x", "risk", accounts=frozenset({"fund"}))
    type(deaf).copies = (CancelOrder,)
    with pytest.raises(Forbidden, match="must not hear copies of CancelOrder: it has no handler for it"):
        RoutingTable([deaf])
