"""Limits held against exposures: which limit is looked at when, and the alert of each.

A *guard* is one alert of a limit: one limit, or the long and the short limit of the same asset. A price moves the values, so
the limits on positions in units need no look then; a fill or a transfer moves the positions as well.
"""

from __future__ import annotations

from collections.abc import Sequence

from trading_ecosystem.domains.risk.alerts import AlertBook
from trading_ecosystem.domains.risk.exposure import STABLECOINS, USD, Exposure
from trading_ecosystem.domains.risk.limits import Limit, LimitBook
from trading_ecosystem.domains.risk.pnl import ProfitAndLoss
from trading_ecosystem.domains.risk.stablecoin import loss_from_peg
from trading_ecosystem.domains.risk.timers import SaidList
from trading_ecosystem.messages.risk import ALERT_OF_LIMIT, CRITICAL_PPM, AlertKind, LimitKind
from trading_ecosystem.messages.units import Nanos


class Guard:
    """The alert of the limits that share an alert kind and a subject."""

    __slots__ = ("holds", "kind", "limits", "subject")

    def __init__(self, kind: AlertKind, subject: str) -> None:
        self.kind = kind
        self.subject = subject
        self.limits: list[Limit] = []
        self.holds = False

    def check(self, observed: int, now: Nanos, alerts: AlertBook, said: SaidList) -> None:
        """Hold the limits against a measured value."""
        for limit in self.limits:
            if observed * limit.sign >= limit.warning_at:
                found = limit.check(observed)
                assert found.severity is not None, f"{limit.kind} {limit.subject} at {observed} is no breach"
                self.holds = True
                alerts.hold(self.kind, self.subject, found.severity, found.utilisation_ppm, CRITICAL_PPM, now, said)
                return
        if self.holds:
            self.holds = False
            alerts.cease(self.kind, self.subject, now, said)


class LimitWatch:
    """All limits of one firm against its exposure and its profit and loss."""

    def __init__(self, firm: str, limits: LimitBook, exposure: Exposure, pnl: ProfitAndLoss) -> None:
        self.firm = firm
        self.exposure = exposure
        self.pnl = pnl
        self.guards: dict[tuple[AlertKind, str], Guard] = {}
        for limit in limits.limits.values():
            problem = self.problem_of_subject(limit.kind, limit.subject)
            assert problem is None, problem
            kind = ALERT_OF_LIMIT[limit.kind]
            self.guards.setdefault((kind, limit.subject), Guard(kind, limit.subject)).limits.append(limit)
        self._position = self._by_asset(AlertKind.POSITION_LIMIT)
        self._notional = self._by_asset(AlertKind.ASSET_NOTIONAL_LIMIT)
        self._stablecoin = self._by_asset(AlertKind.STABLECOIN_EXPOSURE_LIMIT)
        self._total = self.guards.get((AlertKind.TOTAL_NOTIONAL_LIMIT, firm))
        self._loss = self.guards.get((AlertKind.DAILY_LOSS_LIMIT, firm))
        self._drawdown = self.guards.get((AlertKind.DRAWDOWN_LIMIT, firm))

    def position_changed(self, asset: str, now: Nanos, alerts: AlertBook, said: SaidList) -> None:
        """Look at the limits of one asset whose position changed."""
        guard = self._position.get(asset)
        if guard is not None:
            guard.check(self.exposure.assets[asset].net_position, now, alerts, said)
        self.value_changed(asset, now, alerts, said)

    def value_changed(self, asset: str, now: Nanos, alerts: AlertBook, said: SaidList) -> None:
        """Look at the limits of one asset whose value changed."""
        held = self.exposure.assets[asset]
        guard = self._notional.get(asset)
        if guard is not None:
            guard.check(abs(held.net_value), now, alerts, said)
        guard = self._stablecoin.get(asset)
        if guard is not None and held.price > 0:
            guard.check(loss_from_peg(held.position, held.price), now, alerts, said)

    def equity_changed(self, now: Nanos, alerts: AlertBook, said: SaidList) -> None:
        """Look at the limits of the firm, after the assets'."""
        equity = self.exposure.equity
        pnl = self.pnl
        pnl.equity_changed(equity)
        if self._total is not None:
            self._total.check(self.exposure.gross, now, alerts, said)
        if self._loss is not None:
            self._loss.check(-pnl.daily(equity), now, alerts, said)
        if self._drawdown is not None:
            self._drawdown.check(pnl.drawdown(equity), now, alerts, said)

    def evaluate(self, assets: Sequence[str], now: Nanos, alerts: AlertBook, said: SaidList) -> None:
        """Look at everything that the given assets' positions bear on."""
        for asset in assets:
            self.position_changed(asset, now, alerts, said)
        self.equity_changed(now, alerts, said)

    def observed(self, limit: Limit) -> int:
        """What is held against a limit, as of the last message handled; 0 where a price is missing."""
        match limit.kind:
            case LimitKind.TOTAL_NOTIONAL:
                return self.exposure.gross
            case LimitKind.DAILY_LOSS:
                return -self.pnl.daily(self.exposure.equity)
            case LimitKind.DRAWDOWN:
                return self.pnl.drawdown(self.exposure.equity)
        held = self.exposure.assets[limit.subject]
        match limit.kind:
            case LimitKind.ASSET_NOTIONAL:
                return abs(held.net_value)
            case LimitKind.STABLECOIN_EXPOSURE:
                return loss_from_peg(held.position, held.price) if held.price > 0 else 0
        return held.net_position

    def problem_of_subject(self, kind: LimitKind, subject: str) -> str | None:
        """Why no limit of this kind can have this subject, or ``None``."""
        if kind in (LimitKind.TOTAL_NOTIONAL, LimitKind.DAILY_LOSS, LimitKind.DRAWDOWN):
            return None if subject == self.firm else f"the subject of {kind.value} is the firm"
        if kind is LimitKind.STABLECOIN_EXPOSURE:
            return None if subject in STABLECOINS else f"{subject} is no stablecoin"
        if subject not in self.exposure.assets or (kind is LimitKind.ASSET_NOTIONAL and subject == USD):
            return f"{subject} can have no limit of {kind.value}"
        return None

    def _by_asset(self, kind: AlertKind) -> dict[str, Guard]:
        return {subject: guard for (guard_kind, subject), guard in self.guards.items() if guard_kind is kind}
