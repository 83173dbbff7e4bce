"""How the ``risk`` part of a scenario is read: limits by kind and subject, how long they wait, and the circuit breaker."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from trading_ecosystem.domains.test_coordination.document import (
    Field,
    Fields,
    Mapping,
    Node,
    Scalar,
    fields_of,
    one_of,
    shown,
)
from trading_ecosystem.domains.test_coordination.market_data_reading import PRICED_ASSETS
from trading_ecosystem.domains.test_coordination.quantities import (
    amount,
    boolean,
    duration,
    named,
    ratio,
    rhythm,
    whole_number,
)
from trading_ecosystem.domains.test_coordination.scenario import BreakerSection, RiskLimit, RiskSection
from trading_ecosystem.messages.base import master_of
from trading_ecosystem.messages.risk import LimitKind
from trading_ecosystem.messages.trading_state import TradingState
from trading_ecosystem.messages.units import DAY, MINUTE, PARTS_PER_MILLION, SECOND, Nanos
from trading_ecosystem.ports.errors import BadInput

_OF_ASSETS: Final = (LimitKind.POSITION_LONG, LimitKind.POSITION_SHORT, LimitKind.ASSET_NOTIONAL)
"""Limits of assets, of the firm as a whole or within a scope."""
_OF_ACCOUNTS: Final = (
    LimitKind.TOTAL_NOTIONAL,
    LimitKind.DAILY_LOSS,
    LimitKind.DRAWDOWN,
    LimitKind.ORDER_RATE,
    LimitKind.TURNOVER,
)
_OF_VENUES: Final = (LimitKind.VENUE_EXPOSURE, LimitKind.MARGIN_USAGE)
_HIGHEST_RATIO: Final = {
    LimitKind.DRAWDOWN: PARTS_PER_MILLION,
    LimitKind.CONCENTRATION: PARTS_PER_MILLION,
    LimitKind.LEVERAGE: 1_000 * PARTS_PER_MILLION,
    LimitKind.MARGIN_USAGE: 100 * PARTS_PER_MILLION,
}
"""Limits that are ratios, and the highest of each that makes sense."""
_KINDS: Final = tuple(kind.value for kind in LimitKind)


def read_risk(node: Node | None, place: str, firm: str, venues: Sequence[str]) -> RiskSection:
    """The risk monitor; what is not said about a limit is the house's."""
    fields = Fields(node or Mapping((), place), "risk", ("report_every", "limits", "for", "circuit_breaker"))
    given, waiting = fields.get("limits"), fields.get("for")
    limits: list[RiskLimit] = []
    if given is not None:
        known = Fields(given, "the risk limits", _KINDS)
        for kind in LimitKind:
            value = known.get(kind.value)
            if value is not None:
                limits += _read_limits(kind, value, firm, venues)
    waits: list[tuple[LimitKind, Nanos]] = []
    if waiting is not None:
        known = Fields(waiting, "for", _KINDS)
        for kind in LimitKind:
            value = known.get(kind.value)
            if value is not None:
                waits.append((kind, duration(value, f"the time of {kind.value}", SECOND, DAY)))
    return RiskSection(
        report_every_ns=rhythm(fields, "report_every", 5 * MINUTE, SECOND),
        limits=tuple(limits),
        waits=tuple(waits),
        breaker=_read_breaker(fields.get("circuit_breaker")),
    )


def _read_breaker(node: Node | None) -> BreakerSection | None:
    """The circuit breaker: ``true`` for the house's, or what is different about it."""
    if node is None or (isinstance(node, Scalar) and not boolean(node, "circuit_breaker")):
        return None
    fields = Fields(
        Mapping((), node.place) if isinstance(node, Scalar) else node,
        "circuit_breaker",
        ("triggers", "within", "resets_after", "to"),
    )
    triggers, within, resets, to = (fields.get(name) for name in ("triggers", "within", "resets_after", "to"))
    state = (
        None
        if to is None
        else TradingState(named(to, "to", tuple(state.value for state in TradingState if state is not TradingState.ACTIVE)))
    )
    return BreakerSection(
        triggers=None if triggers is None else whole_number(triggers, "triggers", 1, 1_000),
        within_ns=None if within is None else duration(within, "within", SECOND, DAY),
        resets_after_ns=None if resets is None else duration(resets, "resets_after", SECOND, DAY),
        to=state,
    )


def _read_limits(kind: LimitKind, node: Node, firm: str, venues: Sequence[str]) -> list[RiskLimit]:
    """The limits of one kind: one of the firm, or one by subject."""
    if kind in _OF_ASSETS or kind is LimitKind.CONCENTRATION:
        expected = one_of(PRICED_ASSETS)
    elif kind in _OF_VENUES:
        expected = one_of(venues)
    elif kind in _OF_ACCOUNTS and isinstance(node, Mapping):
        expected = f"expected {firm} or an account {firm}/..."
    else:
        subject = "USDT" if kind is LimitKind.STABLECOIN_EXPOSURE else firm
        return [RiskLimit(kind, subject, _value(kind, node, kind.value))]
    limits = []
    for field in fields_of(node, kind.value):
        if not _is_subject(kind, field, firm, venues):
            raise BadInput(field.place, f"{shown(field.key)} is no subject of {kind.value}; {expected}")
        limits.append(RiskLimit(kind, field.key, _value(kind, field.value, f"{kind.value} of {field.key}")))
    return limits


def _is_subject(kind: LimitKind, field: Field, firm: str, venues: Sequence[str]) -> bool:
    subject = field.key
    if kind in _OF_VENUES:
        return subject in venues
    if kind in _OF_ACCOUNTS:
        return _is_account(subject, firm)
    if kind is LimitKind.CONCENTRATION:
        return subject in PRICED_ASSETS
    scope, separator, asset = subject.rpartition(":")
    return asset in PRICED_ASSETS and (not separator or scope in venues or _is_account(scope, firm))


def _is_account(name: str, firm: str) -> bool:
    return master_of(name) == firm and not name.endswith("/")


def _value(kind: LimitKind, node: Node, what: str) -> int:
    if kind in _HIGHEST_RATIO:
        return ratio(node, what, 1, _HIGHEST_RATIO[kind])
    if kind is LimitKind.ORDER_RATE:
        return whole_number(node, what, 1, 1_000_000)
    return amount(node, what)
