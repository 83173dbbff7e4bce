"""What became of accounts, orders and trades on the venues."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from trading_ecosystem.domains.exchange.change_records import AccountStatusRecord, OrderChangeRecord
from trading_ecosystem.domains.exchange.margin_records import PositionRecord
from trading_ecosystem.domains.exchange.records import (
    AccountRecord,
    ClaimRecord,
    FeeScheduleRecord,
    FillRecord,
    OrderRecord,
    OrderStateRecord,
    RefusalRecord,
    TradeRecord,
)
from trading_ecosystem.messages.base import master_of
from trading_ecosystem.messages.orders import OrderStatus, Side
from trading_ecosystem.messages.units import Lots, MinorUnits, Nanos, Ticks
from trading_ecosystem.ports.records import Conditions, HistoryStore, OneOf, Within

OPEN = (OrderStatus.NEW, OrderStatus.PARTIALLY_FILLED)


class OrderView(msgspec.Struct, frozen=True):
    """An order as it stands: its terms as accepted, or as last replaced, and what has become of it."""

    terms: OrderRecord
    status: OrderStatus
    price_ticks: Ticks
    quantity_lots: Lots
    cumulative_lots: Lots
    leaves_lots: Lots
    changed_at: Nanos


class Portfolio(msgspec.Struct, frozen=True):
    """What one account has on every venue."""

    account: str
    claims: list[ClaimRecord]
    positions: list[PositionRecord]
    open_orders: list[OrderView]


class Volume(msgspec.Struct, frozen=True):
    """What one account traded in one instrument on one side, with fees in one asset."""

    instrument: str
    side: Side
    fee_asset: str
    fills: int
    lots: Lots
    fee_minor: MinorUnits


class ExchangeHistory:
    """Queries over the records of ``exchange``."""

    def __init__(self, history: HistoryStore) -> None:
        self._history = history

    async def accounts(self, venue: str | None = None) -> list[AccountRecord]:
        """Every account, or those of one venue."""
        return await self._history.rows(AccountRecord, {} if venue is None else {"venue": venue})

    async def accounts_of(self, firm: str) -> list[AccountRecord]:
        """A firm's accounts: its master account and those below it."""
        return [one for one in await self.accounts() if master_of(one.account) == firm]

    async def account_status(self, venue: str, account: str) -> AccountStatusRecord | None:
        """What an account may do, if its status was ever changed."""
        found = await self._history.rows(AccountStatusRecord, {"venue": venue, "account": account})
        return found[0] if found else None

    async def balances(self, account: str, venue: str | None = None) -> list[ClaimRecord]:
        """What venues owe an account, by venue and asset."""
        where = {"account": account} if venue is None else {"account": account, "venue": venue}
        return await self._history.rows(ClaimRecord, where)

    async def portfolio(self, account: str) -> Portfolio:
        """Balances, positions in perpetuals and open orders of an account."""
        positions = await self._history.rows(PositionRecord, {"account": account})
        return Portfolio(account, await self.balances(account), positions, await self.open_orders(account))

    async def orders(self, account: str, *, venue: str | None = None, instrument: str | None = None) -> list[OrderView]:
        """An account's accepted orders as they stand, in the order in which they were accepted."""
        where = {"account": account} | ({} if venue is None else {"venue": venue})
        about = where if instrument is None else {**where, "instrument": instrument}
        return await self._views(await self._history.rows(OrderRecord, about, order=["answered_at"]), where)

    async def views(self, terms: Sequence[OrderRecord]) -> list[OrderView]:
        """These orders of one account as they stand."""
        if not terms:
            return []
        return await self._views(terms, {"account": terms[0].account, "order_id": OneOf(tuple(one.order_id for one in terms))})

    async def _views(self, terms: Sequence[OrderRecord], where: Conditions) -> list[OrderView]:
        states = {one.identity(): one for one in await self._history.rows(OrderStateRecord, where)}
        changes = {one.identity(): one for one in await self._history.rows(OrderChangeRecord, where)}
        return [_view(one, states.get(one.identity()), changes.get(one.identity())) for one in terms]

    async def open_orders(self, account: str, venue: str | None = None) -> list[OrderView]:
        """An account's orders that still wait to be filled."""
        return [one for one in await self.orders(account, venue=venue) if one.status in OPEN]

    async def order(self, venue: str, account: str, order_id: int) -> OrderView:
        """One order; raises :class:`trading_ecosystem.ports.errors.NotFound`."""
        key = (venue, account, order_id)
        where = dict(zip(OrderRecord.key, key, strict=True))
        states = await self._history.rows(OrderStateRecord, where)
        changes = await self._history.rows(OrderChangeRecord, where)
        found = await self._history.get(OrderRecord, key)
        return _view(found, states[0] if states else None, changes[0] if changes else None)

    async def order_named(self, venue: str, account: str, client_order_id: str) -> OrderView | None:
        """The order that an account gave this id, if the venue accepted it."""
        where = {"venue": venue, "account": account, "client_order_id": client_order_id}
        found = await self._history.rows(OrderRecord, where, order=["-order_id"], limit=1)
        return await self.order(venue, account, found[0].order_id) if found else None

    async def refusals(self, account: str) -> list[RefusalRecord]:
        """The last refusal under each of an account's ids."""
        return await self._history.rows(RefusalRecord, {"account": account}, order=["refused_at"])

    async def fills(
        self, account: str, *, instrument: str | None = None, since: Nanos | None = None, until: Nanos | None = None
    ) -> list[FillRecord]:
        """An account's fills in order of time."""
        where = {"account": account, "filled_at": Within(since, until)}
        about = where if instrument is None else {**where, "instrument": instrument}
        return await self._history.rows(FillRecord, about, order=["filled_at"])

    async def fills_of(self, venue: str, account: str, order_id: int) -> list[FillRecord]:
        """The fills of one order in order of time."""
        where = {"venue": venue, "account": account, "order_id": order_id}
        return await self._history.rows(FillRecord, where, order=["filled_at", "execution_id"])

    async def trades(
        self,
        instrument: str,
        *,
        venue: str | None = None,
        since: Nanos | None = None,
        until: Nanos | None = None,
        limit: int | None = None,
    ) -> list[TradeRecord]:
        """Trades of named accounts in an instrument in order of time."""
        where = {"instrument": instrument, "matched_at": Within(since, until)}
        about = where if venue is None else {**where, "venue": venue}
        return await self._history.rows(TradeRecord, about, order=["matched_at"], limit=limit)

    async def trade(self, venue: str, instrument: str, trade_id: int) -> TradeRecord:
        """One trade; raises :class:`trading_ecosystem.ports.errors.NotFound`."""
        return await self._history.get(TradeRecord, (venue, instrument, trade_id))

    async def volumes(self, account: str, since: Nanos | None = None, until: Nanos | None = None) -> list[Volume]:
        """What an account traded, by instrument and side."""
        totals = await self._history.totals(
            FillRecord,
            {"account": account, "filled_at": Within(since, until)},
            by=["instrument", "side", "fee_asset"],
            sums=["quantity_lots", "fee_minor"],
        )
        volumes = []
        for total in totals:
            (instrument, side, fee_asset), (lots, fees) = total.group, total.sums
            volumes.append(Volume(instrument, side, fee_asset, total.count, lots, fees))
        return volumes

    async def terms(self, venue: str, instrument: str) -> FeeScheduleRecord:
        """An instrument's terms on a venue; raises :class:`trading_ecosystem.ports.errors.NotFound`."""
        return await self._history.get(FeeScheduleRecord, (venue, instrument))


def _view(terms: OrderRecord, state: OrderStateRecord | None, change: OrderChangeRecord | None) -> OrderView:
    price, quantity = (terms.price_ticks, terms.quantity_lots) if change is None else (change.price_ticks, change.quantity_lots)
    if state is None:
        return OrderView(terms, OrderStatus.NEW, price, quantity, 0, quantity, terms.answered_at)
    return OrderView(terms, state.status, price, quantity, state.cumulative_lots, state.leaves_lots, state.changed_at)
