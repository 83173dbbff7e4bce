"""What a strategy holds and has earned: average cost per venue and instrument, in exact integers.

Average cost (IAS 2, weighted average): a fill that makes a position larger adds its notional to the cost; one that makes
it smaller releases cost in proportion, and the difference to its notional is realised.  The released part is rounded half
to even to one minor unit of the quote asset and the rest stays in the cost, so that ``realised = cost + cash`` holds
exactly after every fill (cash: sold minus bought), and a flat position has realised exactly its net cash.  Fees are kept
apart.
"""

from __future__ import annotations

from trading_ecosystem.domains.trading.rounding import half_even
from trading_ecosystem.messages.exchange import OrderFilled
from trading_ecosystem.messages.orders import Side
from trading_ecosystem.messages.trading_phases import TradeBusted, TradeCorrected
from trading_ecosystem.messages.units import INSTRUMENTS, MINOR_UNITS_PER_WHOLE, Lots, MinorUnits, Ticks


class Position:
    """One strategy's position in one instrument at one venue; negative lots were sold before they were bought."""

    __slots__ = ("cost_minor", "fees_minor", "instrument", "lots", "realised_minor", "tick_value", "turnover_minor", "venue")

    def __init__(self, venue: str, instrument: str) -> None:
        self.venue = venue
        self.instrument = instrument
        self.tick_value = INSTRUMENTS[instrument].tick_value
        self.lots: Lots = 0
        self.cost_minor: MinorUnits = 0
        """What the position cost, in the quote asset; negative for a short one."""
        self.realised_minor: MinorUnits = 0
        self.fees_minor: MinorUnits = 0
        self.turnover_minor: MinorUnits = 0

    def fill(self, side: Side, price_ticks: Ticks, quantity_lots: Lots, fee_minor: MinorUnits) -> None:
        """Take in one fill."""
        assert quantity_lots > 0
        lot_price = price_ticks * self.tick_value
        signed = quantity_lots if side is Side.BUY else -quantity_lots
        self.fees_minor += fee_minor
        self.turnover_minor += lot_price * quantity_lots
        if self.lots * signed < 0:
            closing = min(quantity_lots, abs(self.lots))
            signed_closing = closing if signed > 0 else -closing
            released = half_even(self.cost_minor * closing, abs(self.lots))
            self.realised_minor -= lot_price * signed_closing + released
            self.cost_minor -= released
            self.lots += signed_closing
            signed -= signed_closing
        self.lots += signed
        self.cost_minor += lot_price * signed

    def undo(self, side: Side, price_ticks: Ticks, quantity_lots: Lots, fee_minor: MinorUnits) -> None:
        """Take back one fill: as the opposite fill at its price, without turnover, and with its fee given back."""
        self.fill(Side.SELL if side is Side.BUY else Side.BUY, price_ticks, quantity_lots, -fee_minor)
        self.turnover_minor -= 2 * price_ticks * self.tick_value * quantity_lots

    def fee(self, report: OrderFilled | TradeBusted | TradeCorrected) -> MinorUnits:
        """A fee in the quote asset: one in the base asset at the fill's price, half to even; one in a third is not counted."""
        instrument = INSTRUMENTS[self.instrument]
        if report.fee_asset == instrument.quote:
            return report.fee_minor
        if report.fee_asset == instrument.base:
            return half_even(report.fee_minor * report.price_ticks * instrument.tick_size, MINOR_UNITS_PER_WHOLE)
        return 0

    @property
    def average_price_minor(self) -> MinorUnits:
        """Average cost in minor units of quote per whole base, half to even; 0 when flat."""
        if not self.lots:
            return 0
        base_minor = abs(self.lots) * INSTRUMENTS[self.instrument].lot_size
        return half_even(abs(self.cost_minor) * MINOR_UNITS_PER_WHOLE, base_minor)


class Portfolio:
    """The positions of one strategy, in the order in which they were opened."""

    __slots__ = ("kept_as", "positions")

    def __init__(self, kept_as: type[Position] = Position) -> None:
        self.kept_as = kept_as
        """How its positions are kept: by average cost, or another class that knows better."""
        self.positions: dict[tuple[str, str], Position] = {}

    def position(self, venue: str, instrument: str) -> Position:
        """The position in an instrument at a venue, flat at first."""
        key = (venue, instrument)
        position = self.positions.get(key)
        if position is None:
            position = self.positions[key] = self.kept_as(venue, instrument)
        return position

    def lots(self, venue: str, instrument: str) -> Lots:
        """Signed lots held; 0 where nothing was ever filled."""
        position = self.positions.get((venue, instrument))
        return 0 if position is None else position.lots

    def lots_over_venues(self, instrument: str) -> Lots:
        """Signed lots of one instrument over all venues."""
        lots = 0
        for position in self.positions.values():
            if position.instrument == instrument:
                lots += position.lots
        return lots
