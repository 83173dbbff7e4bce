"""Where a firm stands against its limits: what the questions about limits and compliance are answered with."""

from __future__ import annotations

from collections.abc import Sequence

from trading_ecosystem.domains.risk.alerts import AlertBook
from trading_ecosystem.domains.risk.breaches import LimitWatch
from trading_ecosystem.domains.risk.limits import LimitBook
from trading_ecosystem.messages.risk import ALERT_OF_LIMIT, Severity
from trading_ecosystem.messages.risk_standing import ComplianceReported, LimitStanding


def limit_standings(firm: str, limits: LimitBook, watch: LimitWatch, alerts: AlertBook) -> tuple[LimitStanding, ...]:
    """Every limit in force, held against what it limits."""
    standings = []
    for limit in limits.limits.values():
        observed = watch.observed(limit)
        found = limit.check(observed)
        alert = alerts.active.get((ALERT_OF_LIMIT[limit.kind], limit.subject))
        standings.append(
            LimitStanding(
                account=firm,
                kind=limit.kind,
                subject=limit.subject,
                value=limit.value,
                version=limit.version,
                observed=observed,
                utilisation_ppm=found.utilisation_ppm,
                severity=found.severity,
                alert_id=None if alert is None else alert.alert_id,
            )
        )
    return tuple(standings)


def compliance_of(firm: str, standings: Sequence[LimitStanding], active_alerts: int) -> ComplianceReported:
    """How many limits are used how far."""
    severities = [standing.severity for standing in standings]
    return ComplianceReported(
        account=firm,
        limits=len(standings),
        warning=severities.count(Severity.WARNING),
        high=severities.count(Severity.HIGH),
        breached=severities.count(Severity.CRITICAL),
        worst_utilisation_ppm=max((standing.utilisation_ppm for standing in standings), default=0),
        active_alerts=active_alerts,
    )
