"""Liquidation: an account whose equity is below its maintenance margin has its orders cancelled and its positions closed.

It is looked at on every margin tick, after variation was paid, and at once where an account cannot pay its variation. It starts
by cancelling every open order of the account on the venue, which may free enough. While the equity is below the maintenance
margin, each tick sends one order per position, immediate or cancel, through the book:

- a slice: as many lots as bring the account back to its initial margin, at least a share of the position
  (``liquidation_slice_ppm``), and all of it once the equity is gone;
- a collar: not worse than the mark by more than ``liquidation_collar_ppm``. What finds nobody there, or no continuous trading,
  waits for the next tick.

It ends when the equity covers the maintenance margin of what is left, or nothing is left and nothing is owed. What a
liquidation order trades is an ordinary trade with ordinary fees; its order has a name that no account can choose,
``liquidation:<number>:<order>``.
"""

from __future__ import annotations

from typing import Final

from trading_ecosystem.domains.exchange.accounts.accounts import Accounts
from trading_ecosystem.domains.exchange.margin.margin import Margin, share_of
from trading_ecosystem.domains.exchange.margin.perpetual_positions import PerpetualPosition
from trading_ecosystem.domains.exchange.market import Market
from trading_ecosystem.domains.exchange.orders.order_entry import OrderEntry
from trading_ecosystem.domains.exchange.parameters import MarginTerms
from trading_ecosystem.messages.base import Message
from trading_ecosystem.messages.exchange import ClaimReason, PlaceOrder
from trading_ecosystem.messages.margin import (
    LiquidationEnded,
    LiquidationOrdered,
    LiquidationOutcome,
    LiquidationStarted,
    MarginCalled,
    MarginChanged,
)
from trading_ecosystem.messages.orders import CancelReason, OrderType, Side, TimeInForce, TradingPhase
from trading_ecosystem.messages.units import Lots, MinorUnits, Nanos
from trading_ecosystem.ports.component import Later

_COMPLETELY: Final = 0
"""Equity at or below which a position is closed in one slice."""


class Liquidation:
    """The accounts of one venue that are being liquidated, and those that were called for margin."""

    __slots__ = (
        "_accounts",
        "_collar_ppm",
        "_entry",
        "_margin",
        "_markets",
        "_orders",
        "_slice_ppm",
        "called",
        "number",
        "under_way",
        "venue",
    )

    def __init__(
        self,
        venue: str,
        terms: MarginTerms,
        accounts: Accounts,
        margin: Margin,
        entry: OrderEntry,
        markets: dict[str, Market],
    ) -> None:
        self.venue = venue
        self._collar_ppm = terms.liquidation_collar_ppm
        self._slice_ppm = terms.liquidation_slice_ppm
        self._accounts = accounts
        self._margin = margin
        self._entry = entry
        self._markets = markets
        self._orders = 0
        self.number = 0
        self.under_way: dict[str, int] = {}
        """The number of the liquidation of each account that is under way."""
        self.called: dict[str, bool] = {}
        """The accounts whose equity has been below the initial margin since they were told so."""

    def start(self, account: str, equity: MinorUnits, now: Nanos, said: list[Message | Later]) -> None:
        """Begin to liquidate an account, unless that is under way, and cancel all its orders on the venue."""
        if account not in self.under_way:
            self.number += 1
            self.under_way[account] = self.number
            maintenance = self._margin.maintenance(account)
            said.append(LiquidationStarted(self.venue, account, self.number, equity, maintenance))
        self._entry.cancel_all(self._markets, account, CancelReason.LIQUIDATION, now, said)

    def look(self, now: Nanos, said: list[Message | Later]) -> None:
        """After a margin tick: liquidate whoever is below the maintenance margin, and say where everybody stands."""
        margin = self._margin
        for account in margin.positions.accounts():
            if account in self._accounts.own:
                continue
            positions = [position for position in margin.positions.held_by(account) if position.lots]
            if not positions and account not in self.under_way:
                continue
            margin.follow(account, ClaimReason.MARGIN, said)
            equity = margin.equity(account)
            if equity < margin.maintenance(account) and account not in self.under_way:
                self.start(account, equity, now, said)
            if account in self.under_way:
                self._close(account, positions, now, said)
            self._stand(account, said)

    def _close(self, account: str, positions: list[PerpetualPosition], now: Nanos, said: list[Message | Later]) -> None:
        number = self.under_way[account]
        for position in positions:
            equity = self._margin.equity(account)
            if equity >= self._margin.maintenance(account):
                break
            self._send(position, number, equity, now, said)
        if not any(position.lots for position in positions) and self._margin.equity(account) >= 0:
            outcome = LiquidationOutcome.FLAT
        elif self._margin.equity(account) >= self._margin.maintenance(account):
            outcome = LiquidationOutcome.MARGIN_RESTORED
        else:
            return
        del self.under_way[account]
        said.append(LiquidationEnded(self.venue, account, number, outcome))

    def _send(
        self, position: PerpetualPosition, number: int, equity: MinorUnits, now: Nanos, said: list[Message | Later]
    ) -> None:
        """One slice of a position, through the book, as far as the collar goes."""
        symbol = position.instrument.symbol
        if self._markets[symbol].matching.phase is not TradingPhase.CONTINUOUS:
            return
        side = Side.SELL if position.lots > 0 else Side.BUY
        lots = self._slice(position, equity)
        mark = self._margin.marks[symbol]
        away = share_of(mark, self._collar_ppm)
        limit = max(1, mark - away if side is Side.SELL else mark + away)
        self._orders += 1
        asked = PlaceOrder(
            self.venue,
            position.account,
            f"liquidation:{number}:{self._orders}",
            symbol,
            side,
            OrderType.LIMIT,
            TimeInForce.IMMEDIATE_OR_CANCEL,
            limit,
            lots,
        )
        order_id = self._entry.next_order_id
        said.append(LiquidationOrdered(self.venue, position.account, number, order_id, symbol, side, lots, limit))
        self._entry.force(self._markets[symbol], asked, now, said)

    def _slice(self, position: PerpetualPosition, equity: MinorUnits) -> Lots:
        held = abs(position.lots)
        if equity <= _COMPLETELY:
            return held
        above_initial = held - self._margin.lots_for(equity, position.instrument)
        return min(held, max(above_initial, share_of(held, self._slice_ppm)))

    def _stand(self, account: str, said: list[Message | Later]) -> None:
        """Say where an account stands, and call for margin where that is new."""
        margin = self._margin
        equity, initial = margin.equity(account), margin.initial(account)
        held = margin.held.get(account, 0)
        said.append(MarginChanged(self.venue, account, margin.quote, equity, initial, margin.maintenance(account), held))
        if equity >= initial:
            self.called.pop(account, None)
        elif account not in self.called:
            self.called[account] = True
            said.append(MarginCalled(self.venue, account, margin.quote, initial - equity))
