"""A risk monitor on its own, with its wake-ups, and short ways to write the messages it hears."""

from __future__ import annotations

import heapq

from trading_ecosystem.domains.risk.component import Risk
from trading_ecosystem.domains.risk.parameters import BreakerParameters, LimitParameters, RiskParameters
from trading_ecosystem.messages.base import Message
from trading_ecosystem.messages.custodian import (
    PledgedAfter,
    SettlementSettled,
    TransferKind,
    TransferPending,
    TransferPosted,
)
from trading_ecosystem.messages.exchange import OrderFilled
from trading_ecosystem.messages.market_data import PricePublished
from trading_ecosystem.messages.orders import Liquidity, Side
from trading_ecosystem.messages.risk import LimitSet
from trading_ecosystem.messages.units import (
    DAY,
    HOUR,
    INSTRUMENTS,
    MINOR_UNITS_PER_WHOLE,
    MINUTE,
    SECOND,
    SPOT_PAIRS,
    MinorUnits,
    Nanos,
)
from trading_ecosystem.ports.component import Begin, Later, WakeUp
from trading_ecosystem.runtime.randomness import SeededRandomness

FIRM = "fund"
MAKER = "fund/maker"
START: Nanos = 20_000 * DAY + 8 * HOUR
WHOLE = MINOR_UNITS_PER_WHOLE
NO_REPORTS = 10_000 * DAY


class Monitor:
    """The component, its queue of wake-ups, and everything it said, as (instant, message)."""

    def __init__(
        self,
        limits: tuple[LimitParameters, ...] = (),
        instruments: tuple[str, ...] = SPOT_PAIRS,
        report_every_ns: Nanos = NO_REPORTS,
        start: Nanos = START,
        breaker: BreakerParameters | None = None,
    ) -> None:
        parameters = RiskParameters(FIRM, instruments, limits, report_every_ns, breaker)
        self.risk = Risk("risk", parameters, SeededRandomness(7), frozenset({FIRM}))
        self.now = start
        self.wake_ups: list[tuple[Nanos, int, WakeUp]] = []
        self.asked = 0
        self.record: list[tuple[Nanos, Message]] = []
        self._handle(Begin())

    def tell(self, message: Message, at: Nanos | None = None) -> list[Message]:
        """Run the wake-ups due until then, then deliver; returns what the delivery made it say."""
        if at is not None:
            self.until(at)
        return self._handle(message)

    def until(self, at: Nanos) -> list[Message]:
        """Run the wake-ups due until then (included); returns what they made it say."""
        assert at >= self.now
        said: list[Message] = []
        while self.wake_ups and self.wake_ups[0][0] <= at:
            self.now, _, wake_up = heapq.heappop(self.wake_ups)
            said += self._handle(wake_up)
        self.now = at
        return said

    def said(self) -> list[tuple[Nanos, Message]]:
        """Everything said so far, but for the limits in force at the start; as (time since the start, message)."""
        return [(at - START, message) for at, message in self.record if not isinstance(message, LimitSet)]

    def _handle(self, message: Message | WakeUp) -> list[Message]:
        said: list[Message] = []
        for one in self.risk.handle(message, self.now):
            if isinstance(one, Later):
                assert one.due_at >= self.now, "a wake-up in the past"
                self.asked += 1
                heapq.heappush(self.wake_ups, (one.due_at, self.asked, one.message))
            else:
                assert type(one) in self.risk.says
                said.append(one)
                self.record.append((self.now, one))
        return said


def usd(amount: float) -> MinorUnits:
    """Whole units as minor units; exact for the amounts used in tests."""
    return round(amount * WHOLE)


def price(instrument: str, amount: float, at: Nanos, update: int = 0) -> PricePublished:
    """A price observed at ``at``; unless it is numbered, what watches the feed's numbers takes no notice of it."""
    return PricePublished(instrument, usd(amount), at, update)


def deposit(
    asset: str, amount: MinorUnits, free_after: MinorUnits, transfer_id: str = "d1", account: str = MAKER
) -> TransferPosted:
    return TransferPosted("custodian", account, transfer_id, TransferKind.DEPOSIT, "", asset, amount, free_after, 0)


def withdrawal_pending(asset: str, amount: MinorUnits, free_after: MinorUnits, transfer_id: str = "w1") -> TransferPending:
    return TransferPending(
        "custodian", MAKER, transfer_id, TransferKind.WITHDRAWAL, asset, amount, START + 10 * DAY, free_after
    )


def withdrawal_posted(asset: str, amount: MinorUnits, free_after: MinorUnits, transfer_id: str = "w1") -> TransferPosted:
    return TransferPosted("custodian", MAKER, transfer_id, TransferKind.WITHDRAWAL, "", asset, amount, free_after, 0)


def pledge(
    asset: str,
    amount: MinorUnits,
    free_after: MinorUnits,
    pledged_after: MinorUnits,
    venue: str = "exchange-alpha",
    transfer_id: str = "p1",
) -> TransferPosted:
    return TransferPosted("custodian", MAKER, transfer_id, TransferKind.PLEDGE, venue, asset, amount, free_after, pledged_after)


def fill(
    side: Side,
    amount: float,
    at_price: float,
    settles_at: Nanos,
    trade_id: int = 1,
    instrument: str = "BTC/USD",
    fee: MinorUnits = 0,
    venue: str = "exchange-alpha",
    account: str = MAKER,
    execution_id: int = 0,
) -> OrderFilled:
    """A fill of ``amount`` whole units of the base asset; its execution is numbered as its trade unless it is said."""
    spec = INSTRUMENTS[instrument]
    lots = round(amount * WHOLE) // spec.lot_size
    ticks = round(at_price * WHOLE) // spec.tick_size
    return OrderFilled(
        venue=venue,
        account=account,
        client_order_id="order",
        order_id=trade_id,
        execution_id=execution_id or trade_id,
        trade_id=trade_id,
        instrument=instrument,
        side=side,
        price_ticks=ticks,
        quantity_lots=lots,
        cumulative_lots=lots,
        leaves_lots=0,
        liquidity=Liquidity.TAKER,
        fee_asset=spec.quote,
        fee_minor=fee,
        settles_at=settles_at,
    )


def settled(
    base_after: MinorUnits,
    quote_after: MinorUnits,
    trade_id: int = 1,
    instrument: str = "BTC/USD",
    venue: str = "exchange-alpha",
    account: str = MAKER,
) -> SettlementSettled:
    spec = INSTRUMENTS[instrument]
    after = (PledgedAfter(spec.base, base_after), PledgedAfter(spec.quote, quote_after))
    return SettlementSettled("custodian", venue, account, trade_id, instrument, after)


__all__ = [
    "DAY",
    "FIRM",
    "HOUR",
    "MAKER",
    "MINUTE",
    "SECOND",
    "START",
    "WHOLE",
    "Monitor",
    "deposit",
    "fill",
    "pledge",
    "price",
    "settled",
    "usd",
    "withdrawal_pending",
    "withdrawal_posted",
]
