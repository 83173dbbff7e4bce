"""What each kind of fault can touch, and for how long after its end a measure still remembers it.

- a *market* fault moves assets: every instrument in which they are base or quote (USD aside), the books of these, the assets
and
  every scope of the firm, and how the two coins move together if it moves one of them;
- a *feed* fault and a divergence touch their instruments, the base asset of those against USD, and every scope of the firm;
- a *venue* fault touches the venue and its books; one that names books touches these alone;
- a *custody* fault touches what custody is watched for, at every venue it settles for;
- a *strategy* touches its account, and the limits of the firm;
- a *component* or a *store* touches what its role does: as a feed fault of everything, as a venue fault, or as a custody fault;
- a *link* fault to the monitor touches everything that the monitor says; any other only what its label expects.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from trading_ecosystem.domains.audit.equity import CASH
from trading_ecosystem.domains.audit.faults import LabelledFault
from trading_ecosystem.messages.alert_conditions import (
    CORRELATED,
    EXECUTION_WINDOW,
    FEED_WINDOW,
    GIVEN_UP_AFTER,
    REFUSAL_WINDOW,
    REJECT_WINDOW,
    TURNOVER_WINDOW,
    VOLATILITY_WINDOW,
)
from trading_ecosystem.messages.base import master_of
from trading_ecosystem.messages.risk import ALERT_OF_LIMIT, CRASH_WINDOW, AlertKind
from trading_ecosystem.messages.test_coordination import FaultKind
from trading_ecosystem.messages.units import INSTRUMENTS, MINUTE, Nanos, assets_about

AFTERMATH: Final[Nanos] = MINUTE
"""How long after its end a fault can at least make a condition begin: the market's true state becomes visible again."""
LOOK_BACK: Final[dict[AlertKind, Nanos]] = {
    AlertKind.PRICE_CRASH: CRASH_WINDOW,
    AlertKind.VOLATILITY_HIGH: VOLATILITY_WINDOW,
    AlertKind.CORRELATION_BREACH: 31 * MINUTE,
    AlertKind.FEED_GAP: FEED_WINDOW,
    AlertKind.FEED_DUPLICATE: FEED_WINDOW,
    AlertKind.FEED_OUT_OF_ORDER: FEED_WINDOW,
    AlertKind.REJECT_RATE: REJECT_WINDOW,
    AlertKind.DUPLICATE_EXECUTION: EXECUTION_WINDOW,
    AlertKind.FILL_AFTER_CANCEL: EXECUTION_WINDOW,
    AlertKind.TRANSFER_REFUSED: REFUSAL_WINDOW,
    AlertKind.TURNOVER_LIMIT: TURNOVER_WINDOW,
    AlertKind.EXECUTION_LATENCY: GIVEN_UP_AFTER,
    AlertKind.ORDER_UNANSWERED: GIVEN_UP_AFTER,
    AlertKind.VALUE_AT_RISK_LIMIT: 30 * MINUTE,
    AlertKind.EXPECTED_SHORTFALL_LIMIT: 30 * MINUTE,
}
"""How long a measure remembers, where that is longer than :data:`AFTERMATH`."""

_MARKET: Final = frozenset(
    {
        FaultKind.PRICE_SHOCK,
        FaultKind.STABLECOIN_DEPEG,
        FaultKind.MARKET_CRASH,
        FaultKind.VOLATILITY_SPIKE,
        FaultKind.CORRELATION_BREAK,
    }
)
_LIMITS: Final = frozenset(ALERT_OF_LIMIT.values())
_CUSTODY_ALERTS: Final = frozenset(
    {
        AlertKind.SETTLEMENT_OVERDUE,
        AlertKind.TRANSFER_REFUSED,
        AlertKind.TRANSFER_OVERDUE,
        AlertKind.INSTRUCTION_MISMATCH,
        AlertKind.HOLDINGS_BREAK,
    }
)
_VENUE_ALERTS: Final = frozenset(
    {
        AlertKind.VENUE_DOWN,
        AlertKind.TRADING_HALTED,
        AlertKind.BOOK_CROSSED,
        AlertKind.SPREAD_WIDE,
        AlertKind.LIQUIDITY_LOW,
        AlertKind.EXECUTION_LATENCY,
        AlertKind.ORDER_UNANSWERED,
        AlertKind.REJECT_RATE,
        AlertKind.EXECUTION_STORM,
        AlertKind.DUPLICATE_EXECUTION,
        AlertKind.FILL_AFTER_CANCEL,
    }
)
_CUSTODY: Final = frozenset(
    {
        FaultKind.SETTLEMENT_DELAY,
        FaultKind.SETTLEMENT_REJECT,
        FaultKind.CUSTODIAN_OFFLINE,
        FaultKind.TRANSFER_REJECT,
        FaultKind.TRANSFER_SLOW,
        FaultKind.PARTIAL_SETTLEMENT,
        FaultKind.BANK_HOLIDAY,
        FaultKind.INSTRUCTION_MISMATCH,
        FaultKind.STALE_BALANCE,
    }
)
_COINS: Final = ("BTC", "ETH")
_BY_ROLE: Final = ("component_", "store_")
_EVERYTHING: Final = tuple(INSTRUMENTS)


def remembered_ns(kind: AlertKind) -> Nanos:
    """How long after the end of a fault the condition of this alert may still begin because of it."""
    return LOOK_BACK.get(kind, AFTERMATH)


class Reach:
    """What faults of a record can touch, for one firm and one monitor."""

    def __init__(self, firm: str, monitor: str) -> None:
        self._firm = firm
        self._monitor = monitor

    def touches(self, fault: LabelledFault, kind: AlertKind, subject: str) -> bool:
        """Whether an alert of this kind on this subject can be a fault's doing."""
        if subject in fault.subjects:
            return True
        faulty, word = fault.label.kind, fault.label.kind.value
        if word.startswith("link_"):
            return any(self._monitor in name.split(">") for name in (*fault.subjects, fault.label.first_subject))
        if faulty in _MARKET:
            return self._moved(_moved_assets(fault.subjects), kind, subject)
        if word.startswith("feed_") or faulty is FaultKind.DIVERGENCE:
            names = [name for name in (*fault.subjects, fault.label.first_subject) if name in INSTRUMENTS]
            return self._shown(names, kind, subject)
        if word.startswith("venue_"):
            return _at_venue(fault.subjects, kind, subject)
        if faulty in _CUSTODY:
            return kind in _CUSTODY_ALERTS
        if word.startswith("strategy_"):
            return kind in _LIMITS and (self._is_of_firm(subject) or subject in _assets_of(subject))
        if word.startswith(_BY_ROLE):
            return self._by_role(fault, kind, subject)
        return False

    def _by_role(self, fault: LabelledFault, kind: AlertKind, subject: str) -> bool:
        """A component's or store's role shows in the alert that is expected of it."""
        expected = fault.label.expected_alert
        if expected is AlertKind.PRICE_STALE:
            return self._shown(_EVERYTHING, kind, subject)
        if expected is AlertKind.SETTLEMENT_OVERDUE:
            return kind in _CUSTODY_ALERTS
        return _at_venue((*fault.subjects, fault.label.component), kind, subject)

    def _moved(self, assets: Sequence[str], kind: AlertKind, subject: str) -> bool:
        """Whether moves of these assets can be behind it."""
        if subject == CORRELATED:
            return any(coin in assets for coin in _COINS)
        venue, _, instrument = subject.partition(":")
        if kind in _VENUE_ALERTS:
            return bool(instrument) and any(asset in assets for asset in assets_about(instrument))
        if kind in _LIMITS:
            return self._is_of_firm(subject) or any(asset in assets for asset in _assets_of(subject)) or kind in _WIDE
        return any(asset in assets for asset in assets_about(venue))

    def _shown(self, instruments: Sequence[str], kind: AlertKind, subject: str) -> bool:
        """Whether what the feed says of these instruments can be behind it."""
        if kind in _VENUE_ALERTS or kind in _CUSTODY_ALERTS:
            return False
        if subject == CORRELATED:
            return any(f"{coin}/{CASH}" in instruments for coin in _COINS)
        if kind is AlertKind.BASIS_DIVERGENCE:
            return any(asset in assets_about(subject) for name in instruments for asset in assets_about(name) if asset != CASH)
        if kind in _LIMITS or kind is AlertKind.STABLECOIN_DEPEG:
            return self._is_of_firm(subject) or any(f"{asset}/{CASH}" in instruments for asset in _assets_of(subject))
        return subject in instruments

    def _is_of_firm(self, subject: str) -> bool:
        """Whether a limit's subject is the firm, one of its accounts, or a venue of it as a whole."""
        return master_of(subject.partition(":")[0]) == self._firm and ":" not in subject


_WIDE: Final = frozenset({AlertKind.VENUE_EXPOSURE_LIMIT, AlertKind.MARGIN_USAGE_LIMIT})
"""Limits whose subject is a venue: what is there is worth what prices say."""


def _at_venue(names: Sequence[str], kind: AlertKind, subject: str) -> bool:
    """Whether a venue named here, as a whole, is that of the subject."""
    return kind in _VENUE_ALERTS and subject.partition(":")[0] in names


def _assets_of(subject: str) -> tuple[str, ...]:
    """The assets that a limit's subject is about, its scope left out."""
    return assets_about(subject.rpartition(":")[2])


def _moved_assets(subjects: Sequence[str]) -> tuple[str, ...]:
    """The assets a market fault moves: those it names, or else the bases of the instruments it names."""
    named = tuple(subject for subject in subjects if "/" not in subject and subject != CORRELATED and "-" not in subject)
    return named or tuple(subject.partition("/")[0] for subject in subjects)
