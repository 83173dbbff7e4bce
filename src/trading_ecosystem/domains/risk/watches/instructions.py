"""Instructions to settle that are not what was filled: INSTRUCTION_MISMATCH.

Of each side of a trade the monitor remembers what was filled and what was last instructed, until it is settled or cancelled.
"""

from __future__ import annotations

from typing import Any, ClassVar, Final, TypeAlias

from trading_ecosystem.domains.risk.parameters import RiskParameters
from trading_ecosystem.domains.risk.part import Monitor, Part
from trading_ecosystem.domains.risk.timers import SaidList
from trading_ecosystem.domains.risk.watches.numbers import is_fill
from trading_ecosystem.domains.risk.watches.on_off import OnOff
from trading_ecosystem.messages.alert_conditions import MISMATCHED_INSTRUCTIONS
from trading_ecosystem.messages.custodian import SettlementCancelled, SettlementInstructed, SettlementSettled
from trading_ecosystem.messages.exchange import OrderFilled
from trading_ecosystem.messages.orders import Side
from trading_ecosystem.messages.risk import AlertKind
from trading_ecosystem.messages.trading_phases import TradeBusted, TradeCorrected
from trading_ecosystem.messages.units import INSTRUMENTS, PERPETUALS, MinorUnits, Nanos

TradeSide: TypeAlias = tuple[str, int, str]
"""Instrument, trade id and account; the venue is known."""
Amounts: TypeAlias = tuple[Side, MinorUnits, MinorUnits, MinorUnits]
"""Side, base, quote and fee amount."""
REMEMBERED: Final = 20_000
"""How many sides of unsettled trades one venue's watch knows; the oldest gives way."""


class VenueInstructions:
    """The trades of the firm at one venue that are not settled."""

    __slots__ = ("filled", "instructed", "mismatch", "mismatched")

    def __init__(self, name: str) -> None:
        self.filled: dict[TradeSide, list[tuple[int, Amounts]]] = {}
        """What was filled, by execution: more than one where an account traded with itself."""
        self.instructed: dict[TradeSide, Amounts] = {}
        self.mismatched: dict[TradeSide, None] = {}
        self.mismatch = OnOff(AlertKind.INSTRUCTION_MISMATCH, name, MISMATCHED_INSTRUCTIONS)

    def fill_arrived(
        self, key: TradeSide, execution: int, amounts: Amounts, now: Nanos, monitor: Monitor, said: SaidList
    ) -> None:
        """Compare a fill with its instruction, if that came first."""
        fills = self.filled.setdefault(key, [])
        if all(execution != known for known, _ in fills):
            fills.append((execution, amounts))
            _bound(self.filled)
            self.compare(key, now, monitor, said)

    def instructed_as(self, key: TradeSide, amounts: Amounts, now: Nanos, monitor: Monitor, said: SaidList) -> None:
        """Compare an instruction with its fill, if that has arrived."""
        self.instructed[key] = amounts
        _bound(self.instructed)
        self.compare(key, now, monitor, said)

    def corrected(self, key: TradeSide, before: int, execution: int, amounts: Amounts) -> None:
        """A fill has another price; it is compared when the instruction follows."""
        fills = self.filled.get(key, [])
        for place, (known, _) in enumerate(fills):
            if known == before:
                fills[place] = (execution, amounts)

    def over(self, key: TradeSide, now: Nanos, monitor: Monitor, said: SaidList) -> None:
        """One side of a trade was settled or cancelled."""
        self.filled.pop(key, None)
        self.instructed.pop(key, None)
        if key in self.mismatched:
            del self.mismatched[key]
            self.mismatch.decide(len(self.mismatched), now, monitor, said)

    def compare(self, key: TradeSide, now: Nanos, monitor: Monitor, said: SaidList) -> None:
        """See whether the instruction is what was filled."""
        fills, instructed = self.filled.get(key), self.instructed.get(key)
        if not fills or instructed is None:
            return
        if all(amounts != instructed for _, amounts in fills):
            self.mismatched[key] = None
            _bound(self.mismatched)
        else:
            self.mismatched.pop(key, None)
        self.mismatch.decide(len(self.mismatched), now, monitor, said)


class InstructionWatch(Part):
    """The firm's unsettled trades at every venue. Perpetuals deliver nothing and are not instructed."""

    hears: ClassVar[dict[type[Any], str]] = {
        OrderFilled: "order_filled",
        SettlementInstructed: "settlement_instructed",
        SettlementSettled: "settlement_over",
        SettlementCancelled: "settlement_over",
        TradeBusted: "trade_busted",
        TradeCorrected: "trade_corrected",
    }

    def __init__(self, parameters: RiskParameters) -> None:
        self.venues: dict[str, VenueInstructions] = {}

    def order_filled(self, message: OrderFilled, now: Nanos, monitor: Monitor, said: SaidList) -> None:
        """A fill arrived."""
        if is_fill(message) and message.instrument not in PERPETUALS:
            amounts = _amounts(message)
            self._venue(message.venue).fill_arrived(_key(message), message.execution_id, amounts, now, monitor, said)

    def settlement_instructed(self, message: SettlementInstructed, now: Nanos, monitor: Monitor, said: SaidList) -> None:
        """One side of an instruction arrived."""
        amounts = (message.side, message.base_minor, message.quote_minor, message.fee_minor)
        self._venue(message.venue).instructed_as(_key(message), amounts, now, monitor, said)

    def settlement_over(
        self, message: SettlementSettled | SettlementCancelled, now: Nanos, monitor: Monitor, said: SaidList
    ) -> None:
        """Nothing is left to be compared."""
        self._venue(message.venue).over(_key(message), now, monitor, said)

    def trade_busted(self, message: TradeBusted, now: Nanos, monitor: Monitor, said: SaidList) -> None:
        """A fill never was; its instruction will be cancelled."""
        self._venue(message.venue).filled.pop(_key(message), None)

    def trade_corrected(self, message: TradeCorrected, now: Nanos, monitor: Monitor, said: SaidList) -> None:
        """A fill has another price."""
        venue = self._venue(message.venue)
        venue.corrected(_key(message), message.corrected_execution_id, message.execution_id, _amounts(message))

    def _venue(self, name: str) -> VenueInstructions:
        venue = self.venues.get(name)
        if venue is None:
            venue = self.venues[name] = VenueInstructions(name)
        return venue


def _key(message: Any) -> TradeSide:
    return (message.instrument, message.trade_id, message.account)


def _amounts(fill: OrderFilled | TradeCorrected) -> Amounts:
    instrument = INSTRUMENTS[fill.instrument]
    lots = fill.quantity_lots
    return fill.side, instrument.base_amount(lots), instrument.notional(fill.price_ticks, lots), fill.fee_minor


def _bound(kept: dict[TradeSide, Any]) -> None:
    if len(kept) > REMEMBERED:
        del kept[next(iter(kept))]
