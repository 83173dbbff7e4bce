"""Conditions under which a venue misbehaves, as it is told of them."""

from __future__ import annotations

import enum
from typing import ClassVar

from trading_ecosystem.messages.base import Audience, Message
from trading_ecosystem.messages.units import Nanos, PartsPerMillion


class VenueConditionKind(enum.StrEnum):
    """A way in which a venue misbehaves."""

    VENUE_OUTAGE = "venue_outage"
    """It publishes nothing and answers nothing; see :class:`OutageOrders`."""
    VENUE_HALT = "venue_halt"
    """Trading in ``instruments`` is halted."""
    VENUE_LATENCY = "venue_latency"
    """Answers to commands come ``delay_ns`` later; what an account is told keeps its order."""
    VENUE_REJECT = "venue_reject"
    """Each order is refused with probability ``probability_ppm``."""
    VENUE_SPREAD = "venue_spread"
    """The background quotes of ``instruments`` lie apart by ``magnitude_ppm`` of the middle more than they would."""
    VENUE_LIQUIDITY = "venue_liquidity"
    """Of every background order in ``instruments`` the share ``magnitude_ppm`` is withdrawn."""
    VENUE_PARTIAL_FILLS = "venue_partial_fills"
    """Every match of a named account is made in ``pieces`` trades, as far as its lots allow."""
    VENUE_LOST_ACK = "venue_lost_ack"
    """Each answer to a command is lost with probability ``probability_ppm``; what it would have said holds all the same."""
    VENUE_DUPLICATE_EXECUTION = "venue_duplicate_execution"
    """Each fill is reported again with probability ``probability_ppm``."""
    VENUE_LATE_FILL = "venue_late_fill"
    """Each cancel of a resting order is, with probability ``probability_ppm``, answered and then overtaken by a fill."""
    VENUE_CROSSED_BOOK = "venue_crossed_book"
    """Published quotes of ``instruments`` have the bid above the ask by ``magnitude_ppm`` of the middle."""


class OutageOrders(enum.StrEnum):
    """What becomes of the named orders that rest on a venue that is out."""

    CANCEL = "cancel"
    """When the venue is back it cancels them all, and says so."""
    HOLD = "hold"
    """They rest where they were."""


class CommandKind(enum.StrEnum):
    """The commands whose answers are late."""

    PLACE = "place"
    """Orders and lists of orders."""
    CANCEL = "cancel"
    """Cancels of one order or of all."""
    ALL = "all"
    """Every command about orders, replacing among them."""


class VenueConditionSet(Message, frozen=True, gc=False):
    """Make a venue misbehave until ``until``. What a kind does not know is left at its default.

    ``account`` names the one account that is concerned; empty: every named account.
    """

    audience: ClassVar[Audience] = Audience.CONTROL
    addressed_by: ClassVar[str | None] = "component"
    component: str
    condition_id: str
    kind: VenueConditionKind
    until: Nanos
    instruments: tuple[str, ...] = ()
    account: str = ""
    probability_ppm: PartsPerMillion = 0
    magnitude_ppm: PartsPerMillion = 0
    delay_ns: Nanos = 0
    pieces: int = 0
    operation: CommandKind = CommandKind.ALL
    orders: OutageOrders = OutageOrders.HOLD
