"""Positions in perpetuals: who holds how many lots, at what value they are carried, and what their fills still owe in fees.

A position is carried at what its lots were bought for less what they were sold for since the last variation, which left it
at position times mark (see :mod:`trading_ecosystem.messages.margin`). A trade adds the same lots and the same notional with
opposite signs to two accounts, so that positions and carried values add up to zero over all accounts, the house among them.
"""

from __future__ import annotations

from trading_ecosystem.messages.margin import PositionReported
from trading_ecosystem.messages.units import Instrument, Lots, MinorUnits, Ticks


class PerpetualPosition:
    """One account's position in one perpetual; flat at first."""

    __slots__ = ("account", "carried_minor", "fees_due_minor", "instrument", "lots")

    def __init__(self, account: str, instrument: Instrument) -> None:
        self.account = account
        self.instrument = instrument
        self.lots: Lots = 0
        self.carried_minor: MinorUnits = 0
        self.fees_due_minor: MinorUnits = 0

    def trade(self, signed_lots: Lots, price_ticks: Ticks, fee_minor: MinorUnits) -> None:
        """Take in one fill; lots are negative for a sale."""
        self.lots += signed_lots
        self.carried_minor += signed_lots * price_ticks * self.instrument.tick_value
        self.fees_due_minor += fee_minor

    def value(self, mark_ticks: Ticks) -> MinorUnits:
        """Position times mark, with the sign of the position."""
        return self.lots * mark_ticks * self.instrument.tick_value

    def due(self, mark_ticks: Ticks) -> MinorUnits:
        """What variation at this mark would pay, less the fees of the fills since the last one."""
        return self.value(mark_ticks) - self.carried_minor - self.fees_due_minor

    def settle(self, mark_ticks: Ticks) -> tuple[MinorUnits, MinorUnits]:
        """Carry the position at the mark from now on; returns the variation and the fees that are to be paid for it."""
        value = self.value(mark_ticks)
        variation, fees = value - self.carried_minor, self.fees_due_minor
        self.carried_minor = value
        self.fees_due_minor = 0
        return variation, fees

    def reported(self, venue: str) -> PositionReported:
        """The position as it is said."""
        return PositionReported(venue, self.account, self.instrument.symbol, self.lots, self.carried_minor, self.fees_due_minor)


class PerpetualPositions:
    """Every position on one venue, in the order in which accounts first traded."""

    __slots__ = ("_by_account",)

    def __init__(self) -> None:
        self._by_account: dict[str, dict[str, PerpetualPosition]] = {}

    def of(self, account: str, instrument: Instrument) -> PerpetualPosition:
        """The position of an account, flat from the start."""
        held = self._by_account.setdefault(account, {})
        position = held.get(instrument.symbol)
        if position is None:
            position = held[instrument.symbol] = PerpetualPosition(account, instrument)
        return position

    def lots(self, account: str, symbol: str) -> Lots:
        """Signed lots; 0 where it never traded."""
        position = self._by_account.get(account, {}).get(symbol)
        return position.lots if position is not None else 0

    def held_by(self, account: str) -> tuple[PerpetualPosition, ...]:
        """The positions that an account ever had."""
        return tuple(self._by_account.get(account, {}).values())

    def accounts(self) -> tuple[str, ...]:
        """Every account that ever had a position."""
        return tuple(self._by_account)

    def reports(self, venue: str, account: str | None) -> tuple[PositionReported, ...]:
        """Every position that is not flat and settled, of one account or of all."""
        chosen = self.accounts() if account is None else (account,)
        held = [position for name in chosen for position in self.held_by(name)]
        return tuple(one.reported(venue) for one in held if one.lots or one.carried_minor or one.fees_due_minor)
