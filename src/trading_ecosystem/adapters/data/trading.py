"""What strategies did: orders, positions, profit and loss."""

from __future__ import annotations

import msgspec

from trading_ecosystem.domains.trading.order_life import OrderState
from trading_ecosystem.domains.trading.records import (
    OrderRecord,
    PerformanceRecord,
    PositionRecord,
    ProfitMarkRecord,
    ProfitRecord,
    StrategyRecord,
)
from trading_ecosystem.messages.units import Lots, MinorUnits, Nanos
from trading_ecosystem.ports.records import HistoryStore, OneOf, Within

CLOSED = frozenset({OrderState.FILLED, OrderState.CANCELLED, OrderState.REJECTED})
OPEN = OneOf(tuple(str(state) for state in OrderState if state not in CLOSED))


class TradedVolume(msgspec.Struct, frozen=True):
    """What one account had filled in one instrument on one side, over all its orders."""

    venue: str
    instrument: str
    side: str
    orders: int
    filled_lots: Lots


class ProfitTotal(msgspec.Struct, frozen=True):
    """Profit and loss of a firm's strategies together, in USD minor units."""

    strategies: int
    realised_usd_minor: MinorUnits
    unrealised_usd_minor: MinorUnits
    fees_usd_minor: MinorUnits


class TradingHistory:
    """Queries over the records of ``trading``."""

    def __init__(self, history: HistoryStore) -> None:
        self._history = history

    async def strategies(self, account: str | None = None) -> list[StrategyRecord]:
        """Strategies and whether they run."""
        return await self._history.rows(StrategyRecord, {} if account is None else {"account": account})

    async def orders(
        self, account: str, *, state: OrderState | None = None, since: Nanos | None = None, until: Nanos | None = None
    ) -> list[OrderRecord]:
        """An account's orders as their sender knows them, in the order in which they were placed."""
        where = {"account": account, "placed_at": Within(since, until)}
        about = where if state is None else {**where, "state": str(state)}
        return await self._history.rows(OrderRecord, about, order=["placed_at"])

    async def open_orders(self, account: str) -> list[OrderRecord]:
        """An account's orders that may still be filled."""
        return await self._history.rows(OrderRecord, {"account": account, "state": OPEN}, order=["placed_at"])

    async def order(self, venue: str, account: str, client_order_id: str) -> OrderRecord:
        """One order; raises :class:`trading_ecosystem.ports.errors.NotFound`."""
        return await self._history.get(OrderRecord, (venue, account, client_order_id))

    async def positions(self, account: str | None = None, strategy: str | None = None) -> list[PositionRecord]:
        """Latest positions, of one account or one strategy."""
        where = {"account": account, "strategy": strategy}
        return await self._history.rows(PositionRecord, {name: value for name, value in where.items() if value is not None})

    async def profit(self, account: str, strategy: str) -> ProfitRecord:
        """A strategy's latest profit and loss; raises :class:`trading_ecosystem.ports.errors.NotFound`."""
        return await self._history.get(ProfitRecord, (account, strategy))

    async def profit_series(
        self, account: str, strategy: str, since: Nanos | None = None, until: Nanos | None = None
    ) -> list[ProfitMarkRecord]:
        """A strategy's profit and loss mark by mark, in order of time."""
        where = {"account": account, "strategy": strategy, "marked_at": Within(since, until)}
        return await self._history.rows(ProfitMarkRecord, where, order=["marked_at"])

    async def total_profit(self) -> ProfitTotal:
        """Profit and loss of all strategies together, as last marked."""
        sums = ["realised_usd_minor", "unrealised_usd_minor", "fees_usd_minor"]
        totals = await self._history.totals(ProfitRecord, sums=sums)
        if not totals:
            return ProfitTotal(0, 0, 0, 0)
        realised, unrealised, fees = totals[0].sums
        return ProfitTotal(totals[0].count, realised, unrealised, fees)

    async def volumes(self, account: str) -> list[TradedVolume]:
        """What an account had filled, by venue, instrument and side."""
        totals = await self._history.totals(
            OrderRecord, {"account": account}, by=["venue", "instrument", "side"], sums=["cumulative_lots"]
        )
        volumes = []
        for total in totals:
            venue, instrument, side = total.group
            volumes.append(TradedVolume(venue, instrument, side, total.count, total.sums[0]))
        return volumes

    async def performance(self, account: str | None = None) -> list[PerformanceRecord]:
        """How strategies have done so far."""
        return await self._history.rows(PerformanceRecord, {} if account is None else {"account": account})
