"""The random paths of BTC, ETH and USDT against USD, from which every instrument's price is derived.

**Coins** follow a geometric Brownian motion without drift (the expected price is the price now), with correlated
increments and a volatility that itself moves: the logarithm of the volatility ratio is an Ornstein–Uhlenbeck process
shared by the coins (L. O. Scott, "Option Pricing when the Variance Changes Randomly", 1987), with a half life of
``VOLATILITY_HALF_LIFE`` and a stationary standard deviation of ``VOLATILITY_SPREAD``. It starts at the volatility asked
for, is centred so that the mean variance stays its square, and the ratio is capped at ``VOLATILITY_CAP``. Why that cap: at 70 %
a year, twice that is a standard deviation of 0.75 % in 15 minutes and 0.19 % in 60 seconds, so that moves of 5 %
and 3 % lie more than six and fifteen standard deviations out, and a day without jumps or conditions raises no price
alarm.

**Jumps** (R. C. Merton, "Option pricing when underlying stock returns are discontinuous", 1976), where asked for, hit
the coins together: Poisson arrivals at ``JUMPS_PER_DAY``, normal log sizes with mean 0 and standard deviation
``JUMP_SIZE`` with the same correlation as the returns, compensated in the drift. They draw from a stream of their
own, so that the continuous part of a path is the same with and without.

**USDT** is the exponential of an Ornstein–Uhlenbeck process around 0 (a price of 1 USD) with a half life of
``PEG_HALF_LIFE``, stepped exactly. Its standard deviation around the peg is ``volatility / sqrt(2 ln 2 · year / half
life)``: an annual volatility of 3 % gives 5.4 basis points.

**A perpetual** has the price of its underlying in USD times a :mod:`.basis` of its own.

**Time of day**, where asked for, multiplies the coins' volatility by the square root of the usual activity of the time of the
week (``messages/sessions.py``): variance goes with what is traded (P. K. Clark, "A subordinated stochastic process model",
1973).

A step may have any length: mean reversion uses the exact transition, coins hold the volatility of the step's start.
"""

from __future__ import annotations

import math
from typing import Final

from trading_ecosystem.domains.market_data.basis import Basis
from trading_ecosystem.domains.market_data.fluctuations import CoinMoments
from trading_ecosystem.domains.market_data.parameters import MarketDataParameters
from trading_ecosystem.messages.sessions import activity_ppm
from trading_ecosystem.messages.units import DAY, HOUR, INSTRUMENTS, MINOR_UNITS_PER_WHOLE, PARTS_PER_MILLION, Nanos
from trading_ecosystem.ports.randomness import Randomness

YEAR: Final[Nanos] = 365 * DAY
VOLATILITY_HALF_LIFE: Final[Nanos] = 12 * HOUR
VOLATILITY_SPREAD: Final = 0.25
VOLATILITY_CAP: Final = 2.0
JUMPS_PER_DAY: Final = 0.5
JUMP_SIZE: Final = 0.01
PEG_HALF_LIFE: Final[Nanos] = 4 * HOUR
PATH_ASSETS: Final = ("BTC", "ETH", "USDT")

_WHOLE: Final = float(MINOR_UNITS_PER_WHOLE)
_VOLATILITY_CENTRE: Final = VOLATILITY_SPREAD * VOLATILITY_SPREAD
_JUMPS_PER_NANOSECOND: Final = JUMPS_PER_DAY / DAY
_JUMP_DRIFT: Final = math.expm1(0.5 * JUMP_SIZE * JUMP_SIZE)


class PricePaths:
    """Log prices of the assets relative to an anchor: a coin's initial price, or 1 USD for USDT."""

    def __init__(self, name: str, parameters: MarketDataParameters, randomness: Randomness) -> None:
        prices = parameters.usd_prices_minor
        volatilities = [float(parameters.annual_volatility[asset]) for asset in PATH_ASSETS]
        self._volatility_btc, self._volatility_eth, self._volatility_usdt = volatilities
        self._correlation = float(parameters.correlation)
        self._independent = math.sqrt(1.0 - self._correlation * self._correlation)
        self._anchor_btc = float(prices["BTC"])
        self._anchor_eth = float(prices["ETH"])
        self._log_btc = 0.0
        self._log_eth = 0.0
        self._log_usdt = math.log(prices["USDT"] / MINOR_UNITS_PER_WHOLE)
        self._log_volatility_ratio = _VOLATILITY_CENTRE
        self._jumps = parameters.jumps
        self._time_of_day = parameters.time_of_day
        self._price_stream = randomness.stream(name, "prices")
        self._volatility_stream = randomness.stream(name, "volatility")
        self._peg_stream = randomness.stream(name, "peg")
        self._jump_stream = randomness.stream(name, "jumps")
        self._priced_at: Nanos | None = None
        self._step_ns: Nanos = 0
        self._step_root = self._volatility_decay = self._volatility_shock = self._peg_decay = self._peg_shock = 0.0
        columns = {"USD": 3, "BTC": 0, "ETH": 1, "USDT": 2}
        self._columns = [
            (columns[INSTRUMENTS[symbol].base], columns[INSTRUMENTS[symbol].quote]) for symbol in parameters.instruments
        ]
        self._bases = {
            number: Basis(randomness.stream(name, f"basis {symbol}"))
            for number, symbol in enumerate(parameters.instruments)
            if INSTRUMENTS[symbol].is_perpetual
        }

    def coin_moments(self, asset: str, against: str) -> CoinMoments:
        """How the returns of one coin relate to those of the other; what this path is made with."""
        volatility = {"BTC": self._volatility_btc, "ETH": self._volatility_eth}
        return CoinMoments(volatility[asset] / volatility[against] if volatility[against] else 1.0, self._correlation)

    def values(self, now: Nanos) -> list[float | None]:
        """Move the paths up to ``now``; the price of each instrument in minor units, not yet rounded."""
        if self._priced_at is not None and now > self._priced_at:
            self._move(now - self._priced_at, self._priced_at)
        self._priced_at = now
        usd = (
            self._anchor_btc * math.exp(self._log_btc),
            self._anchor_eth * math.exp(self._log_eth),
            _WHOLE * math.exp(self._log_usdt),
            _WHOLE,
        )
        values: list[float | None]
        values = [usd[base] if quote == 3 else usd[base] / usd[quote] * _WHOLE for base, quote in self._columns]
        for number, basis in self._bases.items():
            values[number] = usd[self._columns[number][0]] * basis.ratio
        return values

    def _move(self, step_ns: Nanos, from_at: Nanos) -> None:
        if step_ns != self._step_ns:
            self._measure_step(step_ns)
        ratio = math.exp(self._log_volatility_ratio - _VOLATILITY_CENTRE)
        if ratio > VOLATILITY_CAP:
            ratio = VOLATILITY_CAP
        if self._time_of_day:
            ratio *= time_of_day_factor(from_at)
        normal = self._price_stream.normal
        shared = normal()
        own = normal()
        spread = self._volatility_btc * ratio * self._step_root
        self._log_btc += spread * shared - 0.5 * spread * spread
        spread = self._volatility_eth * ratio * self._step_root
        self._log_eth += spread * (self._correlation * shared + self._independent * own) - 0.5 * spread * spread
        self._log_volatility_ratio = (
            self._log_volatility_ratio * self._volatility_decay + self._volatility_shock * self._volatility_stream.normal()
        )
        self._log_usdt = self._log_usdt * self._peg_decay + self._peg_shock * self._peg_stream.normal()
        if self._jumps:
            self._jump(step_ns)
        for basis in self._bases.values():
            basis.move(step_ns)

    def _measure_step(self, step_ns: Nanos) -> None:
        """Coefficients that depend on the length of the step only; most steps have the same length."""
        self._step_ns = step_ns
        self._step_root = math.sqrt(step_ns / YEAR)
        self._volatility_decay = math.exp(-math.log(2.0) * step_ns / VOLATILITY_HALF_LIFE)
        self._volatility_shock = VOLATILITY_SPREAD * math.sqrt(1.0 - self._volatility_decay * self._volatility_decay)
        self._peg_decay, self._peg_shock = peg_step(self._volatility_usdt, step_ns)

    def _jump(self, step_ns: Nanos) -> None:
        mean = _JUMPS_PER_NANOSECOND * step_ns
        drift = mean * _JUMP_DRIFT
        self._log_btc -= drift
        self._log_eth -= drift
        stream = self._jump_stream
        for _ in range(stream.poisson(mean)):
            shared = stream.normal()
            own = stream.normal()
            self._log_btc += JUMP_SIZE * shared
            self._log_eth += JUMP_SIZE * (self._correlation * shared + self._independent * own)


def time_of_day_factor(at: Nanos) -> float:
    """Volatility at a time of the week over the usual: the root of the activity (Clark 1973), which has a mean of one."""
    return math.sqrt(activity_ppm(at) / PARTS_PER_MILLION)


def peg_step(volatility: float, step_ns: Nanos) -> tuple[float, float]:
    """What is left of USDT's log price after a step, and the standard deviation of what the step adds."""
    decay = math.exp(-math.log(2.0) * step_ns / PEG_HALF_LIFE)
    reversion_per_year = math.log(2.0) * YEAR / PEG_HALF_LIFE
    spread = volatility / math.sqrt(2.0 * reversion_per_year)
    return decay, spread * math.sqrt(1.0 - decay * decay)


def instrument_values(instruments: tuple[str, ...], usd: dict[str, float]) -> list[float | None]:
    """The price of each instrument in minor units, from the prices of its assets in minor units of USD."""
    values: list[float | None] = []
    for symbol in instruments:
        base, quote = INSTRUMENTS[symbol].base, INSTRUMENTS[symbol].quote
        values.append(usd[base] if quote == "USD" else usd[base] / usd[quote] * _WHOLE)
    return values
