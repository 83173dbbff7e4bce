"""Limits held against gauges: which limit is looked at when, and the alert of each.

A *guard* is one alert of a limit: one limit, or the long and the short limit of the same asset. A price moves the values, so
the limits on positions in units need no look then; a fill or a transfer moves the positions as well. Limits on what goes on
(orders, turnover, margin) are looked at when something of it arrives, and those on the tail at each closed minute.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from trading_ecosystem.domains.risk.alerts import AlertBook
from trading_ecosystem.domains.risk.covariance import MinuteReturns
from trading_ecosystem.domains.risk.exposure import Exposure
from trading_ecosystem.domains.risk.gauges import (
    Concentration,
    DailyLoss,
    Drawdown,
    Gauge,
    GrossNotional,
    Latest,
    Leverage,
    NetDelta,
    NetPosition,
    Notional,
    PegLoss,
    StandingThere,
    TailRisk,
    Unsettled,
)
from trading_ecosystem.domains.risk.limits import Limit, LimitBook
from trading_ecosystem.domains.risk.pnl import ProfitAndLoss
from trading_ecosystem.domains.risk.positions import Positions
from trading_ecosystem.domains.risk.scopes import ScopedExposure
from trading_ecosystem.domains.risk.subjects import DECIDED_BY_ARRIVALS, TAIL, scope_of, subject_problem
from trading_ecosystem.domains.risk.timers import SaidList
from trading_ecosystem.messages.alert_conditions import NORMAL_99, NORMAL_ES_975
from trading_ecosystem.messages.risk import ALERT_OF_LIMIT, CRITICAL_PPM, AlertKind, LimitKind
from trading_ecosystem.messages.units import ASSETS, MINOR_UNITS_PER_WHOLE, MinorUnits, Nanos

_OF_POSITIONS: Final = (LimitKind.POSITION_LONG, LimitKind.POSITION_SHORT)
_OF_VALUES: Final = (LimitKind.ASSET_NOTIONAL, LimitKind.STABLECOIN_EXPOSURE)


_WHOLE: Final[dict[LimitKind, Callable[[Exposure], Gauge]]] = {
    LimitKind.TOTAL_NOTIONAL: GrossNotional,
    LimitKind.LEVERAGE: Leverage,
    LimitKind.NET_DELTA: NetDelta,
    LimitKind.VENUE_EXPOSURE: StandingThere,
}
"""Gauges of an exposure as a whole."""


class Guard:
    """The alert of the limits that share an alert kind, a subject and a gauge."""

    __slots__ = ("gauge", "holds", "kind", "limits", "subject")

    def __init__(self, kind: AlertKind, subject: str, gauge: Gauge) -> None:
        self.kind = kind
        self.subject = subject
        self.gauge = gauge
        self.limits: list[Limit] = []
        self.holds = False

    def look(self, now: Nanos, alerts: AlertBook, said: SaidList) -> None:
        """Hold the limits against what the gauge shows."""
        observed = self.gauge.observed()
        for limit in self.limits:
            if observed * limit.sign >= limit.warning_at:
                found = limit.check(observed)
                assert found.severity is not None, f"{limit.kind} {limit.subject} at {observed} is no breach"
                self.holds = True
                alerts.hold(
                    self.kind, self.subject, found.severity, found.utilisation_ppm, CRITICAL_PPM, now, said, limit.for_ns
                )
                return
        if self.holds:
            self.holds = False
            alerts.cease(self.kind, self.subject, now, said)


class LimitWatch:
    """All limits of one firm against its exposure, its profit and loss, and those of its parts."""

    def __init__(
        self, limits: LimitBook, positions: Positions, exposure: Exposure, pnl: ProfitAndLoss, minutes: MinuteReturns
    ) -> None:
        self.firm = limits.firm
        self.positions = positions
        self.exposure = exposure
        self.pnl = pnl
        self.minutes = minutes
        self.scopes: dict[str, ScopedExposure] = {}
        self.guards: dict[tuple[AlertKind, str], Guard] = {}
        self.arrivals: dict[tuple[AlertKind, str], Guard] = {}
        """Guards of what is decided by arrivals; each has a :class:`Latest`."""
        self._position: dict[str, Guard] = {}
        self._values: dict[str, list[Guard]] = {}
        self._whole: list[Guard] = []
        self._tail: list[Guard] = []
        for limit in sorted(limits.limits.values(), key=_rank):
            self._take(limit)

    def _take(self, limit: Limit) -> None:
        problem = subject_problem(self.firm, limit.kind, limit.subject)
        assert problem is None, problem
        kind = ALERT_OF_LIMIT[limit.kind]
        guard = self.guards.get((kind, limit.subject))
        if guard is not None:
            guard.limits.append(limit)
            return
        guard = self.guards[kind, limit.subject] = Guard(kind, limit.subject, self._gauge(limit))
        guard.limits.append(limit)
        if limit.kind in DECIDED_BY_ARRIVALS:
            self.arrivals[kind, limit.subject] = guard
        elif limit.kind in TAIL:
            self._tail.append(guard)
        elif limit.subject not in ASSETS or limit.kind is LimitKind.CONCENTRATION:
            self._whole.append(guard)
        elif limit.kind in _OF_POSITIONS:
            self._position[limit.subject] = guard
        else:
            self._values.setdefault(limit.subject, []).append(guard)

    def _gauge(self, limit: Limit) -> Gauge:
        scope, asset = scope_of(self.firm, limit.kind, limit.subject)
        exposure, pnl = self.exposure, self.pnl
        if scope and limit.kind not in DECIDED_BY_ARRIVALS:
            part = self.scopes.setdefault(scope, ScopedExposure(self.firm, scope))
            exposure, pnl = part.exposure, part.pnl
        match limit.kind:
            case LimitKind.POSITION_LONG | LimitKind.POSITION_SHORT:
                return NetPosition(exposure, asset)
            case LimitKind.ASSET_NOTIONAL:
                return Notional(exposure, asset)
            case LimitKind.STABLECOIN_EXPOSURE:
                return PegLoss(exposure, asset)
            case LimitKind.CONCENTRATION:
                return Concentration(exposure, asset)
            case LimitKind.DAILY_LOSS:
                return DailyLoss(exposure, pnl)
            case LimitKind.DRAWDOWN:
                return Drawdown(exposure, pnl)
            case LimitKind.VALUE_AT_RISK:
                return TailRisk(exposure, self.minutes, NORMAL_99)
            case LimitKind.EXPECTED_SHORTFALL:
                return TailRisk(exposure, self.minutes, NORMAL_ES_975)
            case LimitKind.UNSETTLED_EXPOSURE:
                return Unsettled(exposure, self.positions)
            case LimitKind.ORDER_RATE | LimitKind.TURNOVER | LimitKind.MARGIN_USAGE:
                return Latest()
        return _WHOLE[limit.kind](exposure)

    def added(self, limit: Limit, now: Nanos) -> None:
        """There is one limit more; what it is held against, where nothing was, begins as it stands; :meth:`changed` follows."""
        before = set(self.scopes)
        self._take(limit)
        guard = self.guards[ALERT_OF_LIMIT[limit.kind], limit.subject]
        guard.limits.sort(key=_rank)
        for name, scope in self.scopes.items():
            if name not in before:
                scope.begin(self.positions, self.exposure, now)

    # What arrives

    def begun(self, now: Nanos) -> None:
        """The first day begins."""
        for scope in self.scopes.values():
            scope.pnl.begin(now)

    def priced(self, asset: str, price: MinorUnits, now: Nanos, alerts: AlertBook, said: SaidList) -> None:
        """A USD price was taken into the firm's exposure: take it into those of its parts, and look."""
        for scope in self.scopes.values():
            scope.day(now)
            scope.priced(asset, price)
        closed = self.minutes.price_arrived(asset, price, now)
        for guard in self._values.get(asset, ()):
            guard.look(now, alerts, said)
        self._look_at_the_whole(now, alerts, said)
        if closed:
            self.look_at(self._tail, now, alerts, said)

    def perpetual_priced(self, symbol: str, price: MinorUnits, now: Nanos, alerts: AlertBook, said: SaidList) -> None:
        """The price of a perpetual was taken into the firm's exposure."""
        for scope in self.scopes.values():
            scope.day(now)
            scope.perpetual_priced(symbol, price)
        self._look_at_the_whole(now, alerts, said)

    def flowed(self, account: str, asset: str, flow: MinorUnits, now: Nanos) -> None:
        """So much of an asset came into (negative: left) an account; called before its position is taken in."""
        scope = self.scopes.get(account)
        if scope is not None:
            scope.day(now)
            value = abs(flow) * scope.exposure.assets[asset].price // MINOR_UNITS_PER_WHOLE
            scope.pnl.flow(value if flow > 0 else -value)

    def positions_changed(
        self,
        assets: Sequence[str],
        perpetuals: Sequence[str],
        changed: Sequence[str],
        now: Nanos,
        alerts: AlertBook,
        said: SaidList,
    ) -> None:
        """Positions moved, those of the firm in ``changed`` only: take them into the parts' exposures, and look."""
        for scope in self.scopes.values():
            scope.day(now)
            scope.positions_changed(self.positions, assets, perpetuals)
        self._look_at_assets(changed, now, alerts, said)
        if changed:
            self.look_at(self._tail, now, alerts, said)

    def _look_at_assets(self, assets: Sequence[str], now: Nanos, alerts: AlertBook, said: SaidList) -> None:
        """Look at everything that the given assets' positions bear on, but the tail."""
        for asset in assets:
            guard = self._position.get(asset)
            if guard is not None:
                guard.look(now, alerts, said)
            self.look_at(self._values.get(asset, ()), now, alerts, said)
        self._look_at_the_whole(now, alerts, said)

    def arrived(self, kind: AlertKind, subject: str, figure: int, now: Nanos, alerts: AlertBook, said: SaidList) -> None:
        """Something arrived that decides what a limit is held against; nothing if there is no such limit."""
        guard = self.arrivals.get((kind, subject))
        if guard is not None:
            assert isinstance(guard.gauge, Latest)
            guard.gauge.figure = figure
            guard.look(now, alerts, said)

    def changed(self, limit: Limit, now: Nanos, alerts: AlertBook, said: SaidList) -> None:
        """A limit has another value: look at it, and at everything that is looked at with it."""
        if limit.kind in DECIDED_BY_ARRIVALS:
            self.guards[ALERT_OF_LIMIT[limit.kind], limit.subject].look(now, alerts, said)
            return
        for scope in self.scopes.values():
            scope.day(now)
        self._look_at_assets([limit.subject] if limit.subject in ASSETS else [], now, alerts, said)
        self.look_at(self._tail, now, alerts, said)

    def observed(self, limit: Limit) -> int:
        """What is held against a limit, as of the last message handled; 0 where a price is missing."""
        return self.guards[ALERT_OF_LIMIT[limit.kind], limit.subject].gauge.observed()

    def look_at(self, guards: Iterable[Guard], now: Nanos, alerts: AlertBook, said: SaidList) -> None:
        """Look at some of the limits."""
        for guard in guards:
            guard.look(now, alerts, said)

    def _look_at_the_whole(self, now: Nanos, alerts: AlertBook, said: SaidList) -> None:
        """Look at the limits of the firm, and of its parts, after the assets'."""
        self.pnl.equity_changed(self.exposure.equity)
        for guard in self._whole:
            guard.look(now, alerts, said)


_ORDER: Final = {kind: place for place, kind in enumerate(LimitKind)}


def _rank(limit: Limit) -> int:
    """Limits are looked at in the order of their kinds."""
    return _ORDER[limit.kind]
