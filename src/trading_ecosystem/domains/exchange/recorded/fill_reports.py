"""What a recorded venue says of a fill, and what it does to claims."""

from __future__ import annotations

from trading_ecosystem.domains.exchange.recorded.holdings import Holdings
from trading_ecosystem.domains.exchange.recorded.resting import RecordedOrder
from trading_ecosystem.messages.base import Message
from trading_ecosystem.messages.exchange import OrderFilled
from trading_ecosystem.messages.orders import Liquidity
from trading_ecosystem.messages.units import INSTRUMENTS, Lots, Nanos, Ticks


class FillReports:
    """Settles fills and numbers them; one per venue."""

    def __init__(self, venue: str, holdings: Holdings) -> None:
        self.venue = venue
        self.holdings = holdings
        self.executions = 0
        self.by_name: dict[tuple[str, str], RecordedOrder] = {}
        """The orders that may still trade, by account and client order id."""

    def filled(
        self,
        order: RecordedOrder,
        price_ticks: Ticks,
        lots: Lots,
        liquidity: Liquidity,
        now: Nanos,
        limit_ticks: Ticks | None = None,
    ) -> list[Message]:
        """Fill an order in part or whole; ``limit_ticks`` is the price it holds for, its own where it is not given."""
        command = order.command
        assert 0 < lots <= order.leaves_lots
        order.leaves_lots -= lots
        order.cumulative_lots += lots
        instrument = INSTRUMENTS[command.instrument]
        fee = self.holdings.fee(instrument.notional(price_ticks, lots), liquidity)
        limit = command.price_ticks if limit_ticks is None else limit_ticks
        claims = self.holdings.settle(order, price_ticks, lots, limit, fee)
        if not order.leaves_lots:
            del self.by_name[command.account, command.client_order_id]
        self.executions += 1
        fill = OrderFilled(
            venue=self.venue,
            account=command.account,
            client_order_id=command.client_order_id,
            order_id=order.order_id,
            execution_id=self.executions,
            trade_id=self.executions,
            instrument=command.instrument,
            side=command.side,
            price_ticks=price_ticks,
            quantity_lots=lots,
            cumulative_lots=order.cumulative_lots,
            leaves_lots=order.leaves_lots,
            liquidity=liquidity,
            fee_asset=instrument.quote,
            fee_minor=fee,
            settles_at=now,
        )
        return [fill, *claims]
