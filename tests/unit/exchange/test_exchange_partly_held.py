"""A market order that meets its own account's orders and is reduced by them: what it holds is exact after every event.

A market order holds only for what it can find (``unheld_lots`` is the rest). Where it is decremented against an order of its
own account it loses lots without trading, first those for which nothing is held. Without fees, so that a hold is price times
lots.
"""

from __future__ import annotations

from typing import Any

import pytest

from trading_ecosystem.messages.exchange import ClaimChanged, ClaimReason, OrderCancelled, OrderFilled
from trading_ecosystem.messages.order_handling import OrderRestated
from trading_ecosystem.messages.orders import CancelReason, OrderTerms, SelfTradePrevention

AMPLE = 10**12
DECREMENT = OrderTerms(self_trade_prevention=SelfTradePrevention.DECREMENT_AND_CANCEL)


@pytest.fixture
def free(new_venue: Any) -> Any:
    """A venue without fees, where ``fund/a`` and ``rival`` have the same."""
    venue = new_venue(maker_fee_ppm=0, taker_fee_ppm=0)
    for account in ("fund/a", "rival"):
        venue.fund(account, BTC=AMPLE, USD=AMPLE)
    venue.fund("exchange-alpha-fees")
    return venue


def moves(said: list[Any], asset: str) -> list[tuple[int, ClaimReason]]:
    """What is held of ``fund/a`` in an asset after each change that no trade made, and why."""
    own = [each for each in said if isinstance(each, ClaimChanged) and (each.account, each.asset) == ("fund/a", asset)]
    return [(each.held_after, each.reason) for each in own if each.reason in (ClaimReason.HELD, ClaimReason.RETURNED)]


@pytest.mark.parametrize(
    ("offered", "traded", "held"),
    [
        # Ten lots are asked for, three of them meet the account's own order.
        pytest.param(5, 5, [(5, "held")], id="what is lost was not held"),
        pytest.param(8, 7, [(8, "held"), (7, "returned")], id="a part of it was held"),
        pytest.param(20, 7, [(10, "held"), (7, "returned")], id="all of it was held"),
    ],
)
@pytest.mark.parametrize("side", ["buy", "sell"])
def test_a_market_order_that_is_decremented_holds_what_it_can_still_trade(
    free: Any, side: str, offered: int, traded: int, held: list[tuple[int, str]]
) -> None:
    opposite = "sell" if side == "buy" else "buy"
    nearest, further = (100_00, 101_00) if side == "buy" else (101_00, 100_00)
    free.place("fund/a", "own", opposite, 3, nearest)
    free.place("rival", "other", opposite, offered, further)
    said = free.place("fund/a", "taker", side, 10, terms=DECREMENT)
    asset, each = ("USD", 101_00) if side == "buy" else ("BTC", 100)
    assert moves(said, asset) == [(lots * each, ClaimReason(reason)) for lots, reason in held]
    assert free.claim("fund/a", asset)[1] == free.claim("fund/a", "BTC" if side == "buy" else "USD")[1] == 0
    restated = [each for each in said if isinstance(each, OrderRestated)]
    assert [(one.client_order_id, one.quantity_lots, one.leaves_lots) for one in restated] == [("taker", 7, 7)]
    assert [fill.quantity_lots for fill in said if isinstance(fill, OrderFilled) and fill.account == "fund/a"] == [traded]
    left = {each.client_order_id: each for each in said if isinstance(each, OrderCancelled)}
    assert left["own"].reason is CancelReason.SELF_TRADE
    if traded < 7:
        assert (left["taker"].cumulative_lots, left["taker"].leaves_lots) == (traded, 7 - traded)
