"""Paths of BTC, ETH and USDT against USD in one of the shapes of ``path_shapes.py``, from which every price is derived.

A step may have any length and is taken with the regime of its beginning: exactly for a geometric Brownian motion, for what is
pulled back (the transition of the Ornstein-Uhlenbeck process) and for a Brownian motion of the price, and with the drift of
its beginning for what follows a trend. The drift is that of the expected price: half the variance is taken off that of the
logarithm. A Brownian motion of the price is kept above a hundredth of where it began. USDT is what it is in
``price_paths.py``.

Draws: one pair of normals a step for the coins (stream ``prices``), one for USDT (``peg``), and a pair for trends (``trends``).
"""

from __future__ import annotations

import math
from typing import Final

from trading_ecosystem.domains.market_data.basis import Basis
from trading_ecosystem.domains.market_data.fluctuations import CoinMoments
from trading_ecosystem.domains.market_data.parameters import MarketDataParameters
from trading_ecosystem.domains.market_data.path_shapes import YEAR, PathKind, Regime, regimes_of
from trading_ecosystem.domains.market_data.price_paths import PATH_ASSETS, instrument_values, peg_step, time_of_day_factor
from trading_ecosystem.messages.units import INSTRUMENTS, MINOR_UNITS_PER_WHOLE, Nanos
from trading_ecosystem.ports.randomness import Randomness

LOWEST_SHARE: Final = 0.01
"""Of the first price, for a Brownian motion of the price."""


class CoinPath:
    """One coin: its log price over its first price, the level it is pulled to, and its own drift where it follows a trend."""

    __slots__ = ("anchor", "level", "log", "trend", "volatility")

    def __init__(self, anchor: float, volatility: float) -> None:
        self.anchor = anchor
        """First price, in minor units of USD."""
        self.volatility = volatility
        """Standard deviation of the log return over the square root of a nanosecond."""
        self.log = 0.0
        self.level = 0.0
        self.trend = 0.0

    def move(self, shock: float, step_ns: Nanos, drift: float, regime: Regime, factor: float) -> None:
        """Take one step; ``shock`` is standard normal, ``drift`` per nanosecond, ``factor`` that of the time of day."""
        volatility = self.volatility * regime.factor * factor
        if regime.pull:
            decay = math.exp(-regime.pull * step_ns)
            spread = volatility * math.sqrt((1.0 - decay * decay) / (2.0 * regime.pull))
            self.log = self.level + (self.log - self.level) * decay + spread * shock
            return
        spread = volatility * math.sqrt(step_ns)
        self.log += (drift + self.trend) * step_ns - 0.5 * spread * spread + spread * shock

    def move_in_price(self, shock: float, step_ns: Nanos, drift: float, factor: float) -> None:
        """Take one step of a Brownian motion of the price itself."""
        share = math.exp(self.log) + drift * step_ns + self.volatility * factor * math.sqrt(step_ns) * shock
        self.log = math.log(max(LOWEST_SHARE, share))


class GeneratedPaths:
    """The prices of every instrument, in one shape."""

    def __init__(self, name: str, parameters: MarketDataParameters, randomness: Randomness) -> None:
        shape, prices = parameters.path, parameters.usd_prices_minor
        root_year = math.sqrt(YEAR)
        btc, eth, usdt = (float(parameters.annual_volatility[asset]) for asset in PATH_ASSETS)
        self._instruments = parameters.instruments
        self._btc = CoinPath(float(prices["BTC"]), btc / root_year)
        self._eth = CoinPath(float(prices["ETH"]), eth / root_year)
        self._log_usdt = math.log(prices["USDT"] / MINOR_UNITS_PER_WHOLE)
        self._volatility_usdt = usdt
        self._correlation = float(parameters.correlation)
        self._in_price = shape.kind is PathKind.BROWNIAN
        self._trending = shape.kind is PathKind.TREND_FOLLOWING
        self._time_of_day = parameters.time_of_day
        self._strength = float(shape.strength)
        self._half_life_ns = shape.half_life_ns
        self._regimes = regimes_of(shape)
        self._regime = 0
        self._price_stream = randomness.stream(name, "prices")
        self._peg_stream = randomness.stream(name, "peg")
        self._trend_stream = randomness.stream(name, "trends")
        self._bases = {
            symbol: Basis(randomness.stream(name, f"basis {symbol}"))
            for symbol in parameters.instruments
            if INSTRUMENTS[symbol].is_perpetual
        }
        self._began_at: Nanos | None = None
        self._priced_at: Nanos = 0

    def coin_moments(self, asset: str, against: str) -> CoinMoments:
        """How the returns of one coin relate to those of the other; what this path is made with."""
        volatility = {"BTC": self._btc.volatility, "ETH": self._eth.volatility}
        return CoinMoments(volatility[asset] / volatility[against] if volatility[against] else 1.0, self._correlation)

    def values(self, now: Nanos) -> list[float | None]:
        """Move the paths up to ``now``; the price of each instrument in minor units, not yet rounded."""
        if self._began_at is None:
            self._began_at = now
            if self._trending:
                self._turn_trends(0.0)
        elif now > self._priced_at:
            regime = self._regime_at(self._priced_at - self._began_at)
            self._move(now - self._priced_at, regime, time_of_day_factor(self._priced_at) if self._time_of_day else 1.0)
        self._priced_at = now
        usd = {
            "USD": float(MINOR_UNITS_PER_WHOLE),
            "BTC": self._btc.anchor * math.exp(self._btc.log),
            "ETH": self._eth.anchor * math.exp(self._eth.log),
            "USDT": MINOR_UNITS_PER_WHOLE * math.exp(self._log_usdt),
        }
        values = instrument_values(self._instruments, usd)
        for place, symbol in enumerate(self._instruments):
            if symbol in self._bases:
                values[place] = usd[INSTRUMENTS[symbol].base] * self._bases[symbol].ratio
        return values

    def _move(self, step_ns: Nanos, regime: Regime, factor: float) -> None:
        shared, own = self._price_stream.normal(), self._price_stream.normal()
        correlation = 0.0 if regime.decoupled else self._correlation
        mixed = correlation * shared + math.sqrt(1.0 - correlation * correlation) * own
        for coin, shock, drift in ((self._btc, shared, regime.drift_btc), (self._eth, mixed, regime.drift_eth)):
            if self._in_price:
                coin.move_in_price(shock, step_ns, drift, factor)
            else:
                coin.move(shock, step_ns, drift, regime, factor)
        if self._trending:
            self._turn_trends(math.exp(-math.log(2.0) * step_ns / self._half_life_ns))
        for basis in self._bases.values():
            basis.move(step_ns)
        decay, shock = peg_step(self._volatility_usdt, step_ns)
        self._log_usdt = self._log_usdt * decay + shock * self._peg_stream.normal()

    def _regime_at(self, elapsed_ns: Nanos) -> Regime:
        """The regime of a step that begins so long after the first tick; where a new one begins, prices are its level."""
        while self._regime + 1 < len(self._regimes) and self._regimes[self._regime + 1].from_ns <= elapsed_ns:
            self._regime += 1
            for coin in (self._btc, self._eth):
                coin.level = coin.log
        return self._regimes[self._regime]

    def _turn_trends(self, decay: float) -> None:
        """Move the drifts on by a step after which ``decay`` is left of what they were."""
        for coin in (self._btc, self._eth):
            deviation = self._strength * coin.volatility / math.sqrt(self._half_life_ns)
            coin.trend = coin.trend * decay + deviation * math.sqrt(1.0 - decay * decay) * self._trend_stream.normal()
