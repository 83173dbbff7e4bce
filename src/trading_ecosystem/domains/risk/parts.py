"""The parts that every monitor has, in the order in which they hear what several of them hear."""

from __future__ import annotations

from typing import Any, Final

from trading_ecosystem.domains.risk.activity import ActivityLimits
from trading_ecosystem.domains.risk.alert_desk import AlertDesk
from trading_ecosystem.domains.risk.attribution import Attribution
from trading_ecosystem.domains.risk.limit_desk import LimitDesk
from trading_ecosystem.domains.risk.measure_desk import MeasureDesk
from trading_ecosystem.domains.risk.part import Part
from trading_ecosystem.domains.risk.trading_gate import TradingGate
from trading_ecosystem.domains.risk.watches.executions import ExecutionWatch
from trading_ecosystem.domains.risk.watches.feed import FeedWatch
from trading_ecosystem.domains.risk.watches.holdings import HoldingsWatch
from trading_ecosystem.domains.risk.watches.instructions import InstructionWatch
from trading_ecosystem.domains.risk.watches.transfers import TransferWatch
from trading_ecosystem.domains.risk.watches.venue_commands import CommandWatch
from trading_ecosystem.domains.risk.watches.venue_markets import VenueMarkets
from trading_ecosystem.messages.base import Message, Question

PARTS: Final[tuple[type[Part], ...]] = (
    LimitDesk,
    AlertDesk,
    ActivityLimits,
    VenueMarkets,
    CommandWatch,
    ExecutionWatch,
    FeedWatch,
    TransferWatch,
    InstructionWatch,
    HoldingsWatch,
    TradingGate,
    Attribution,
    MeasureDesk,
)


def _hearing() -> dict[type[Any], tuple[tuple[int, Any], ...]]:
    found: dict[type[Any], tuple[tuple[int, Any], ...]] = {}
    for place, part in enumerate(PARTS):
        for message_type, method in part.hears.items():
            found[message_type] = (*found.get(message_type, ()), (place, getattr(part, method)))
    return found


HEARING: Final = _hearing()
"""For each message type the parts that hear it: their place among the parts, and their handler, unbound.

Unbound, because a part may be replaced by one that was kept in a snapshot.
"""
ANSWERING: Final[dict[type[Question], tuple[int, Any]]] = {
    question: (place, getattr(part, method)) for place, part in enumerate(PARTS) for question, method in part.answers.items()
}
"""For each question the part that answers it."""
SAYING: Final[tuple[type[Message], ...]] = tuple(dict.fromkeys(said for part in PARTS for said in part.says))
"""Everything that the parts say."""
