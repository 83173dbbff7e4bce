"""Which subjects a limit may have: the firm, an asset, a venue, an account, or an asset within a scope."""

from __future__ import annotations

from typing import Final

from trading_ecosystem.domains.risk.exposure import STABLECOINS, USD
from trading_ecosystem.domains.risk.scopes import is_account_of
from trading_ecosystem.messages.risk import LimitKind
from trading_ecosystem.messages.units import ASSETS

SEPARATOR: Final = ":"
"""Between a scope and an asset."""

DECIDED_BY_ARRIVALS: Final = frozenset({LimitKind.ORDER_RATE, LimitKind.TURNOVER, LimitKind.MARGIN_USAGE})
"""Held against what arrived, not against exposures."""
TAIL: Final = frozenset({LimitKind.VALUE_AT_RISK, LimitKind.EXPECTED_SHORTFALL})
OF_AN_ASSET: Final = frozenset({LimitKind.POSITION_LONG, LimitKind.POSITION_SHORT, LimitKind.ASSET_NOTIONAL})
"""Kinds whose subject is an asset, or ``scope:asset``."""
OF_AN_ACCOUNT: Final = frozenset(
    {
        LimitKind.TOTAL_NOTIONAL,
        LimitKind.DAILY_LOSS,
        LimitKind.DRAWDOWN,
        LimitKind.ORDER_RATE,
        LimitKind.TURNOVER,
    }
)
"""Kinds whose subject is the firm, or an account of it."""
OF_THE_FIRM: Final = TAIL | {LimitKind.LEVERAGE, LimitKind.NET_DELTA, LimitKind.UNSETTLED_EXPOSURE}
OF_A_VENUE: Final = frozenset({LimitKind.VENUE_EXPOSURE, LimitKind.MARGIN_USAGE})


def scope_of(firm: str, kind: LimitKind, subject: str) -> tuple[str, str]:
    """The scope of a limit (empty for the firm as a whole) and its asset (empty where it has none)."""
    if kind in OF_AN_ASSET:
        scope, _, asset = subject.rpartition(SEPARATOR)
        return scope, asset
    if kind in OF_AN_ACCOUNT:
        return ("" if subject == firm else subject), ""
    if kind in OF_A_VENUE:
        return subject, ""
    return "", "" if kind in OF_THE_FIRM else subject


def subject_problem(firm: str, kind: LimitKind, subject: str) -> str | None:
    """Why no limit of this kind can have this subject, in one line, or ``None``."""
    if kind in OF_THE_FIRM:
        return None if subject == firm else f"the subject of {kind.value} is the firm"
    if kind in OF_AN_ACCOUNT:
        return None if is_account_of(firm, subject) else f"the subject of {kind.value} is the firm or an account of it"
    if kind in OF_A_VENUE:
        is_none = not subject or subject in ASSETS or is_account_of(firm, subject)
        return f"the subject of {kind.value} is a venue" if is_none else None
    if kind is LimitKind.STABLECOIN_EXPOSURE:
        return None if subject in STABLECOINS else f"{subject} is no stablecoin"
    _, asset = scope_of(firm, kind, subject)
    if asset not in ASSETS or (asset == USD and kind not in (LimitKind.POSITION_LONG, LimitKind.POSITION_SHORT)):
        return f"{subject} can have no limit of {kind.value}"
    if subject.startswith(SEPARATOR):
        return f"{subject} names no scope"
    return None
