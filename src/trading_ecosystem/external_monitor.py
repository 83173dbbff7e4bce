"""The firm's risk domain in a process of its own, over the public production API: what ``risk-monitor`` runs."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

import msgspec

from trading_ecosystem.adapters.external_risk import ExternalRisk
from trading_ecosystem.client import AlertReport, Client, Monitor, StreamEnded, Unreachable
from trading_ecosystem.client.instants import instant_of
from trading_ecosystem.domains.risk.parameters import LimitParameters, RiskParameters
from trading_ecosystem.messages.monitor_stream import Heartbeat
from trading_ecosystem.messages.monitors import AlertReported, MonitorRegistered
from trading_ecosystem.messages.risk import AlertKind, LimitKind
from trading_ecosystem.messages.units import MINOR_UNITS_PER_WHOLE, PARTS_PER_MILLION, SECOND

RECONNECTIONS: Final = 5
"""How often in a row a connection that broke is made again."""
_LIMITS_WITHIN: Final = 10.0
_IN_NANOSECONDS: Final = frozenset({AlertKind.PRICE_STALE, AlertKind.SETTLEMENT_OVERDUE})

Told = Callable[[AlertReported], None]


def watch(client: Client, name: str, *, lock_step: bool = False, told: Told | None = None) -> None:
    """Register under ``name`` and watch until the server has nothing more to send; ``told`` hears of every report.

    A connection that breaks is made again, where it left off.
    """
    monitor = client.register_monitor(name, lock_step=lock_step)
    risk = ExternalRisk(_registered(monitor), _parameters(client, monitor))
    position, broken = monitor.after, 0
    while True:
        stream = client.listen(monitor, position)
        try:
            with stream:
                for sent in stream:
                    broken = 0
                    for report in risk.take(sent):
                        client.report_alert(name, _body(report))
                        if told is not None:
                            told(report)
                    if lock_step and isinstance(sent, Heartbeat):
                        stream.acknowledge(sent.heartbeat)
                    position = sent.number
            return
        except (StreamEnded, Unreachable) as error:
            broken += 1
            if broken > RECONNECTIONS or (isinstance(error, StreamEnded) and error.code != 1006):
                raise
            time.sleep(0.1 * 2**broken)


def _registered(monitor: Monitor) -> MonitorRegistered:
    at = instant_of(monitor.registered_at)
    return MonitorRegistered(monitor.account, monitor.name, monitor.lock_step, at, monitor.first_heartbeat)


def _parameters(client: Client, monitor: Monitor) -> RiskParameters:
    """The firm's limits; the history that tells them may need a moment after the first start."""
    deadline = time.monotonic() + _LIMITS_WITHIN
    while not (limits := client.limits()):
        if time.monotonic() > deadline:
            raise Unreachable("the server tells no limits")
        time.sleep(0.05)
    made = tuple(LimitParameters(one.kind, one.subject, limit_value(one.kind, one.value)) for one in limits)
    return RiskParameters(monitor.account, monitor.instruments, made)


def limit_value(kind: LimitKind, text: str) -> int:
    """A limit in its own unit, from the decimal string of the door."""
    return _scaled(text, PARTS_PER_MILLION if kind is LimitKind.DRAWDOWN else MINOR_UNITS_PER_WHOLE)


def _body(report: AlertReported) -> AlertReport:
    observed = None
    if report.observed is not None:
        observed = _text(report.observed, SECOND if report.kind in _IN_NANOSECONDS else PARTS_PER_MILLION)
    body = AlertReport(
        report.report_id, report.alert_id, report.state, report.kind, report.subject, report.severity, report.raised_at
    )
    return msgspec.structs.replace(body, observed=observed)


def _scaled(text: str, scale: int) -> int:
    whole, _, fraction = text.lstrip("-").partition(".")
    places = len(str(scale)) - 1
    value = int(whole) * scale + int(fraction.ljust(places, "0")[:places] or "0")
    return -value if text.startswith("-") else value


def _text(value: int, scale: int) -> str:
    whole, rest = divmod(abs(value), scale)
    digits = f"{rest:0{len(str(scale)) - 1}d}".rstrip("0")
    text = f"{whole}.{digits}" if digits else str(whole)
    return f"-{text}" if value < 0 else text
