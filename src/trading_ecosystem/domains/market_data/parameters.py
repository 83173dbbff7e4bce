"""What a market data component is made with."""

from __future__ import annotations

import msgspec

from trading_ecosystem.domains.market_data.path_shapes import PathParameters
from trading_ecosystem.domains.market_data.sources import ConsensusParameters
from trading_ecosystem.domains.market_data.spreads import SpreadParameters
from trading_ecosystem.messages.units import MINUTE, MinorUnits, Nanos


class MarketDataParameters(msgspec.Struct, frozen=True, kw_only=True):
    """Instruments, initial prices and the shape of the random paths; validated where it was read."""

    instruments: tuple[str, ...]
    """Symbols of :data:`trading_ecosystem.messages.units.INSTRUMENTS`, in the order in which they are published."""
    tick_ns: Nanos
    """How often prices move and are published."""
    usd_prices_minor: dict[str, MinorUnits]
    """Initial price in USD of one whole BTC, ETH and USDT; not used in recorded mode."""
    annual_volatility: dict[str, str]
    """Standard deviation of the log return over a year of 365 days, as decimal strings, for BTC, ETH and USDT.

    For USDT it is the diffusion of the mean-reverting path; see :mod:`trading_ecosystem.domains.market_data.price_paths`
    for the spread around the peg that follows. Not used in recorded mode."""
    correlation: str = "0.8"
    """Correlation of the log returns of BTC and ETH, a decimal string in [-1, 1]."""
    jumps: bool
    """Whether coins jump from time to time (Merton); without, paths are continuous."""
    candle_intervals_ns: tuple[Nanos, ...] = (MINUTE,)
    time_of_day: bool = False
    """Whether the coins' volatility goes with the time of the week, as the square root of the usual activity; its mean square
    over a week stays what it was. Not used in recorded mode."""
    path: PathParameters = PathParameters()
    """The shape of generated prices; without meaning in recorded mode."""
    sources: ConsensusParameters | None = None
    """Several sources from which the vendor feed makes its price; ``None``: it publishes the true one."""
    spreads: SpreadParameters = SpreadParameters()
    recorded: bool = False
    """Prices come only from ``PriceRecorded``; instruments without a recorded price yet are not published."""
