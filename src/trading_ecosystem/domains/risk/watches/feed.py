"""The vendor feed: how its prices arrive, what they are, and what they say about each other."""

from __future__ import annotations

from typing import Any, ClassVar

from trading_ecosystem.domains.risk.parameters import RiskParameters
from trading_ecosystem.domains.risk.part import Monitor, Part
from trading_ecosystem.domains.risk.timers import SaidList
from trading_ecosystem.domains.risk.watches.feed_numbers import Freshness, Numbering
from trading_ecosystem.domains.risk.watches.feed_relations import CORRELATED_PRICES, RELATIONS, Basis, Correlation
from trading_ecosystem.domains.risk.watches.numbers import is_arrived
from trading_ecosystem.domains.risk.watches.volatility import Volatility
from trading_ecosystem.messages.market_data import PricePublished
from trading_ecosystem.messages.units import MinorUnits, Nanos


class FeedInstrument:
    """Everything watched about one instrument of the feed alone."""

    __slots__ = ("freshness", "numbering", "volatility")

    def __init__(self, instrument: str) -> None:
        self.numbering = Numbering(instrument)
        self.freshness = Freshness(instrument)
        self.volatility = Volatility(instrument)


class FeedWatch(Part):
    """Every instrument of the feed that the monitor was given."""

    hears: ClassVar[dict[type[Any], str]] = {PricePublished: "price_published"}

    def __init__(self, parameters: RiskParameters) -> None:
        instruments = parameters.instruments
        self.instruments = {instrument: FeedInstrument(instrument) for instrument in instruments}
        self.last: dict[str, tuple[MinorUnits, Nanos]] = {}
        """The newest price of each instrument, and its ``priced_at``, which is that of its arrival if it claims a later one."""
        self.correlation = Correlation()
        self.bases: dict[str, list[Basis]] = {instrument: [] for instrument in instruments}
        """By instrument the bases that its price bears on."""
        for basis in (Basis(instrument) for instrument in RELATIONS):
            if all(one in self.bases for one in basis.involved):
                for one in basis.involved:
                    self.bases[one].append(basis)

    def price_published(self, message: PricePublished, now: Nanos, monitor: Monitor, said: SaidList) -> None:
        """A price arrived; one with a number that cannot be has not."""
        instrument = message.instrument
        watched = self.instruments.get(instrument)
        if watched is None or not is_arrived(message):
            return
        price, priced_at = message.price_minor, message.priced_at
        watched.numbering.price_arrived(message.update, now, monitor, said)
        watched.freshness.price_arrived(price, priced_at, now, monitor, said)
        watched.volatility.price_arrived(price, now, monitor, said)
        if instrument in CORRELATED_PRICES:
            self.correlation.price_arrived(instrument, price, now, monitor, said)
        priced_at = min(priced_at, now)
        known = self.last.get(instrument)
        if known is not None and priced_at < known[1]:
            return
        self.last[instrument] = (price, priced_at)
        for basis in self.bases[instrument]:
            basis.evaluate(self.last, now, monitor, said)
