"""Limits on measures that only the firm has, recomputed: leverage, delta, concentration, the tail, exposures, margin."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from trading_ecosystem.domains.audit.equity import CASH, Equity
from trading_ecosystem.domains.audit.intervals import Tracks
from trading_ecosystem.domains.audit.limit_conditions import Bound
from trading_ecosystem.domains.audit.market_conditions import MinuteCloses
from trading_ecosystem.domains.audit.positions import Positions
from trading_ecosystem.messages.alert_conditions import (
    EWMA_DECAY,
    NORMAL_99,
    NORMAL_ES_975,
    RISK_MINUTES,
    UNBOUNDED_PPM,
)
from trading_ecosystem.messages.envelope import Entry
from trading_ecosystem.messages.margin import MarginChanged
from trading_ecosystem.messages.risk import ALERT_OF_LIMIT, LimitKind, LimitSet
from trading_ecosystem.messages.units import DAY, MINOR_UNITS_PER_WHOLE, MINUTE, PARTS_PER_MILLION, MinorUnits, Nanos

RISKY: Final = ("BTC", "ETH", "USDT")
"""Assets whose covariance counts."""
COINS: Final = ("BTC", "ETH")
_MINUTES_A_DAY: Final = DAY // MINUTE
_TAIL: Final = {LimitKind.VALUE_AT_RISK: NORMAL_99, LimitKind.EXPECTED_SHORTFALL: NORMAL_ES_975}


class Covariance:
    """The exponentially weighted covariance about zero of the returns of some assets from minute to minute."""

    def __init__(self, assets: Sequence[str]) -> None:
        self.assets = tuple(assets)
        self._closes = MinuteCloses([f"{asset}/{CASH}" for asset in assets])
        self._matrix = [[0.0] * len(self.assets) for _ in self.assets]
        self._count = 0

    def price_arrived(self, asset: str, price: MinorUnits, at: Nanos) -> bool:
        """A price arrives; true where it closes a minute."""
        if asset not in self.assets or not self._closes.price_arrived(f"{asset}/{CASH}", price, at):
            return False
        if self._closes.broken:
            self._matrix = [[0.0] * len(self.assets) for _ in self.assets]
            self._count = 0
        elif self._closes.returns is not None:
            returns = [(close - before) / before for close, before in self._closes.returns]
            for row, first in zip(self._matrix, returns, strict=True):
                for place, second in enumerate(returns):
                    row[place] = EWMA_DECAY * row[place] + (1 - EWMA_DECAY) * first * second
            self._count += 1
        return True

    def deviation(self, values: Sequence[MinorUnits]) -> float:
        """The standard deviation in a day of positions of these values; 0 before enough is known."""
        if self._count < RISK_MINUTES:
            return 0.0
        variance = 0.0
        for row, first in zip(self._matrix, values, strict=True):
            for covariance, second in zip(row, values, strict=True):
                variance += first * covariance * second
        return math.sqrt(max(0.0, variance) * _MINUTES_A_DAY)


class FirmMeasures:
    """The firm's measures and the limits on them."""

    def __init__(self, positions: Positions, equity: Equity, instruments: Sequence[str], tracks: Tracks) -> None:
        self._positions = positions
        self._equity = equity
        self._tracks = tracks
        self._covariance = Covariance([asset for asset in RISKY if f"{asset}/{CASH}" in instruments])
        self._bounds: dict[tuple[LimitKind, str], Bound] = {}
        self._margins: dict[str, dict[str, int]] = {}

    def limit_set(self, message: LimitSet, at: Nanos, entry: Entry) -> None:
        """A limit is in force from now on."""
        kind, subject = message.kind, message.subject
        self._bounds[kind, subject] = Bound(self._tracks.of(ALERT_OF_LIMIT[kind], subject), message.value)
        self.judge_values(at, entry)
        self.judge_tail(at, entry)
        self._judge_margin(subject, at, entry)

    def price_arrived(self, asset: str, price: MinorUnits, at: Nanos) -> bool:
        """A price of an asset; true where it closes a minute."""
        return bool(self._covariance.assets) and self._covariance.price_arrived(asset, price, at)

    def judge_values(self, at: Nanos, entry: Entry) -> None:
        """Look at everything that follows from positions and prices."""
        for (kind, subject), bound in self._bounds.items():
            observed = self._observed(kind, subject)
            if observed is not None:
                bound.observe(observed, at, entry)

    def judge_tail(self, at: Nanos, entry: Entry) -> None:
        """Look at value at risk and expected shortfall."""
        for (kind, _), bound in self._bounds.items():
            if kind in _TAIL:
                values = [self._equity.net_values.get(asset, 0) for asset in self._covariance.assets]
                bound.observe(round(_TAIL[kind] * self._covariance.deviation(values)), at, entry)

    def margin_changed(self, message: MarginChanged, at: Nanos, entry: Entry) -> None:
        """A venue says where an account stands."""
        equity, needed = message.equity_minor, message.maintenance_minor
        used = 0
        if needed > 0:
            used = min(needed * PARTS_PER_MILLION // equity, UNBOUNDED_PPM) if equity > 0 else UNBOUNDED_PPM
        self._margins.setdefault(message.venue, {})[message.account] = used
        self._judge_margin(message.venue, at, entry)

    def _judge_margin(self, venue: str, at: Nanos, entry: Entry) -> None:
        bound = self._bounds.get((LimitKind.MARGIN_USAGE, venue))
        if bound is not None:
            bound.observe(max(self._margins.get(venue, {}).values(), default=0), at, entry)

    def _observed(self, kind: LimitKind, subject: str) -> int | None:
        equity = self._equity
        match kind:
            case LimitKind.LEVERAGE:
                if equity.gross == 0:
                    return 0
                if equity.total <= 0:
                    return UNBOUNDED_PPM
                return min(equity.gross * PARTS_PER_MILLION // equity.total, UNBOUNDED_PPM)
            case LimitKind.NET_DELTA:
                return abs(sum([equity.net_values.get(asset, 0) for asset in COINS]))
            case LimitKind.CONCENTRATION:
                value = abs(equity.net_values.get(subject, 0))
                return value * PARTS_PER_MILLION // equity.gross if equity.gross else 0
            case LimitKind.VENUE_EXPOSURE:
                return self._worth(self._positions.by_venue.get(subject, {}))
            case LimitKind.UNSETTLED_EXPOSURE:
                return self._worth(self._positions.unsettled_base)
        return None

    def _worth(self, amounts: dict[str, MinorUnits]) -> MinorUnits:
        prices = self._equity.prices
        values = [abs(amount * prices.get(asset, 0) // MINOR_UNITS_PER_WHOLE) for asset, amount in amounts.items()]
        return sum(values)
