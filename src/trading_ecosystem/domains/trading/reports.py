"""What venues say about one order: every message that names a client order id."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeAlias

from trading_ecosystem.domains.trading.order_life import OrderEvent
from trading_ecosystem.messages.exchange import (
    CancelRejected,
    OrderAccepted,
    OrderCancelled,
    OrderFilled,
    OrderRejected,
)
from trading_ecosystem.messages.order_handling import OrderReplaced, OrderRestated, ReplaceRejected
from trading_ecosystem.messages.trading_phases import TradeBusted, TradeCorrected

Report: TypeAlias = (
    OrderAccepted
    | OrderRejected
    | OrderFilled
    | OrderCancelled
    | CancelRejected
    | OrderReplaced
    | OrderRestated
    | ReplaceRejected
    | TradeBusted
    | TradeCorrected
)
"""What a venue says about one order."""
LIQUIDATION: Final = "liquidation:"
"""What the names of the venues' liquidation orders begin with; a strategy's order cannot have one."""
REPLACE_ANSWERS: Final[Mapping[type[Report], OrderEvent]] = {
    OrderReplaced: OrderEvent.REPLACED,
    ReplaceRejected: OrderEvent.REPLACE_REJECTED,
}
"""What happened to an order whose replacement was asked for, by how the venue answered."""
