"""Conditions that change how prices fluctuate: a volatility spike, and a break of the correlation of two coins.

Neither draws random numbers: both rework the increments of the path underneath, which never notices them, so that they act on
generated and on recorded prices alike. What they add to an asset's log price is its *displacement*; it is measured from the
first tick after the condition was set, where it is still nothing, and is never more than :data:`LARGEST`.

**Volatility spike.** With ``m`` the exponential average of the log price ``x`` (half life :data:`TREND_HALF_LIFE`), the
displacement is ``(k - 1) (x - m)``: the distance of the price from its own trend is multiplied by the factor ``k``. Returns
over spans much shorter than the half life are ``k`` times as large; over much longer spans the market goes where it goes
anyway. When the factor is one again nothing is left of it.

**Correlation break.** With ``q`` the ratio of the two volatilities and ``c`` the correlation before, the increment of the
coin that departs is taken apart into ``c q`` times the other's increment and a rest, and put together again with the
correlation asked for::

    r' = c' q r_other + sqrt((1 - c'^2) / (1 - c^2)) (r - c q r_other)

so that its variance stays what it was (:data:`CLOSEST` bounds ``c``: two coins that move as one have no rest). The differences
``r' - r`` add up to the displacement.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import ClassVar, Final

from trading_ecosystem.messages.market_data import CorrelationConditionSet, VolatilityConditionSet
from trading_ecosystem.messages.units import INSTRUMENTS, MINUTE, PARTS_PER_MILLION, Nanos

TREND_HALF_LIFE: Final[Nanos] = 30 * MINUTE
LARGEST: Final = math.log(1.25)
"""The cap on price faults, 25 %, as a log displacement; it holds in both directions."""
CLOSEST: Final = 0.99


class CoinMoments:
    """How one coin's returns relate to another's: the ratio of their standard deviations, and their correlation."""

    __slots__ = ("correlation", "ratio")

    def __init__(self, ratio: float, correlation: float) -> None:
        self.ratio = ratio
        self.correlation = correlation


USUAL_MOMENTS: Final = CoinMoments(1.0, 0.8)
"""What two coins are taken to have in common where nothing better is known."""


class Stages:
    """A ramp, a hold and a recovery that begin at one instant."""

    __slots__ = ("hold_ns", "ramp_ns", "recovery_ns", "started_at")

    def __init__(self, started_at: Nanos, ramp_ns: Nanos, hold_ns: Nanos, recovery_ns: Nanos) -> None:
        self.started_at = started_at
        self.ramp_ns = ramp_ns
        self.hold_ns = hold_ns
        self.recovery_ns = recovery_ns

    def is_over(self, now: Nanos) -> bool:
        """Whether ramp, hold and recovery have all passed."""
        return now - self.started_at >= self.ramp_ns + self.hold_ns + self.recovery_ns

    def strength_at(self, now: Nanos) -> float:
        """From 0 at the start linearly to 1 after the ramp, 1 to the end of the hold, linearly to 0 after the recovery."""
        elapsed = now - self.started_at
        if elapsed < self.ramp_ns:
            return elapsed / self.ramp_ns
        elapsed -= self.ramp_ns + self.hold_ns
        if elapsed < 0:
            return 1.0
        return 1.0 - elapsed / self.recovery_ns if elapsed < self.recovery_ns else 0.0


class VolatilitySpike:
    """One volatility spike under way."""

    kind: ClassVar[str] = "volatility_spike"

    __slots__ = ("_factor", "_observed_at", "_shifts", "_stages", "_trends", "assets", "condition_id", "in_effect", "residual")

    def __init__(self, condition: VolatilityConditionSet, now: Nanos) -> None:
        self.condition_id = condition.condition_id
        self.assets = condition.assets
        self.in_effect = False
        self.residual = 0.0
        self._factor = condition.factor_ppm / PARTS_PER_MILLION
        self._stages = Stages(now, condition.ramp_ns, condition.hold_ns, condition.recovery_ns)
        self._observed_at: Nanos = now
        self._trends: dict[str, float] = {}
        self._shifts: dict[str, float] = {}

    def observe(self, logs: Mapping[str, float], now: Nanos) -> None:
        """Take in the log prices of the path underneath at one tick."""
        decay = math.exp(-math.log(2.0) * (now - self._observed_at) / TREND_HALF_LIFE)
        excess = (self._factor - 1.0) * self._stages.strength_at(now)
        self._observed_at = now
        for asset in self.assets:
            if asset in logs:
                log = logs[asset]
                trend = log + (self._trends.get(asset, log) - log) * decay
                self._trends[asset] = trend
                self._shifts[asset] = _bounded(excess * (log - trend))

    @property
    def targets(self) -> tuple[str, ...]:
        """What it moves."""
        return self.assets

    def is_over(self, now: Nanos) -> bool:
        """Whether the factor is one again."""
        return self._stages.is_over(now)

    def log_of(self, symbol: str, now: Nanos) -> float:
        """The displacement of one instrument's log price at ``now``, the instant last observed."""
        instrument = INSTRUMENTS[symbol]
        return self._shifts.get(instrument.base, 0.0) - self._shifts.get(instrument.quote, 0.0)


class CorrelationBreak:
    """One correlation break under way."""

    kind: ClassVar[str] = "correlation_break"

    __slots__ = (
        "_against",
        "_before",
        "_coupling",
        "_rest",
        "_shift",
        "_stages",
        "_strength",
        "_usual",
        "assets",
        "condition_id",
        "in_effect",
        "residual",
    )

    def __init__(self, condition: CorrelationConditionSet, moments: CoinMoments, now: Nanos) -> None:
        self.condition_id = condition.condition_id
        self.assets = (condition.asset,)
        self.in_effect = False
        self.residual = 0.0
        usual = max(-CLOSEST, min(CLOSEST, moments.correlation))
        wanted = condition.correlation_ppm / PARTS_PER_MILLION
        self._against = condition.against
        self._usual = usual * moments.ratio
        self._coupling = wanted * moments.ratio
        self._rest = math.sqrt((1.0 - wanted * wanted) / (1.0 - usual * usual))
        self._stages = Stages(now, 0, condition.hold_ns, condition.recovery_ns)
        self._before: tuple[float, float] | None = None
        self._shift = 0.0
        self._strength = 1.0

    def observe(self, logs: Mapping[str, float], now: Nanos) -> None:
        """Take in the log prices of the path underneath at one tick."""
        (asset,) = self.assets
        self._strength = self._stages.strength_at(now)
        if asset not in logs or self._against not in logs:
            return
        own, other = logs[asset], logs[self._against]
        if self._before is not None and self._strength == 1.0:
            own_return, other_return = own - self._before[0], other - self._before[1]
            rest = own_return - self._usual * other_return
            self._shift = _bounded(self._shift + self._coupling * other_return + self._rest * rest - own_return)
        self._before = (own, other)

    @property
    def targets(self) -> tuple[str, ...]:
        """The coin that departs, and the one it departs from."""
        return (*self.assets, self._against)

    def is_over(self, now: Nanos) -> bool:
        """Whether hold and recovery have both passed."""
        return self._stages.is_over(now)

    def log_of(self, symbol: str, now: Nanos) -> float:
        """The displacement of one instrument's log price at ``now``, the instant last observed."""
        instrument = INSTRUMENTS[symbol]
        moved = (instrument.base in self.assets) - (instrument.quote in self.assets)
        return moved * self._shift * self._strength if moved else 0.0


def asset_logs(prices: Mapping[str, float]) -> dict[str, float]:
    """Log prices of the coins and of USDT against USD, as far as the prices of the instruments give them.

    A coin without a pair against USD is measured against USDT, and one without either against BTC.
    """
    logs: dict[str, float] = {}
    usdt = prices.get("USDT/USD")
    if usdt is not None:
        logs["USDT"] = math.log(usdt)
    for coin in ("BTC", "ETH"):
        against_usd, against_usdt, against_btc = (prices.get(f"{coin}/{quote}") for quote in ("USD", "USDT", "BTC"))
        if against_usd is not None:
            logs[coin] = math.log(against_usd)
        elif against_usdt is not None:
            logs[coin] = math.log(against_usdt) + logs.get("USDT", 0.0)
        elif against_btc is not None and "BTC" in logs:
            logs[coin] = math.log(against_btc) + logs["BTC"]
    return logs


def _bounded(shift: float) -> float:
    return max(-LARGEST, min(LARGEST, shift))
