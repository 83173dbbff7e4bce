"""What a match in a perpetual does: positions of both sides, margin held for them, and the messages about it.

Nothing is delivered and nothing is paid here: both sides are carried at the trade's price until the next margin tick settles
them to the mark, with their fees. The house of the background flow pays no fee and holds no margin.
"""

from __future__ import annotations

import msgspec

from trading_ecosystem.domains.exchange.accounts import Accounts
from trading_ecosystem.domains.exchange.book_events import Filled
from trading_ecosystem.domains.exchange.margin import Margin
from trading_ecosystem.domains.exchange.orders import Order
from trading_ecosystem.messages.base import Message
from trading_ecosystem.messages.exchange import ClaimReason
from trading_ecosystem.messages.margin import PerpetualMatched
from trading_ecosystem.messages.orders import Side
from trading_ecosystem.messages.units import Instrument, MinorUnits, Nanos
from trading_ecosystem.ports.component import Later


def next_tick(now: Nanos, every_ns: Nanos) -> Nanos:
    """The first margin tick after now."""
    return (now // every_ns + 1) * every_ns


class Party(msgspec.Struct, frozen=True, gc=False):
    """One side of a match: its order (``None`` for the house), its number in the book, and its fee."""

    order: Order | None
    order_id: int
    fee_minor: MinorUnits


class MarginTrades:
    """Books the matches in perpetuals of one venue."""

    __slots__ = ("_accounts", "_margin", "_margin_every_ns", "venue")

    def __init__(self, venue: str, margin_every_ns: Nanos, accounts: Accounts, margin: Margin) -> None:
        self.venue = venue
        self._margin_every_ns = margin_every_ns
        self._accounts = accounts
        self._margin = margin

    def settles_at(self, now: Nanos) -> Nanos:
        """When a trade made now is settled to the mark."""
        return next_tick(now, self._margin_every_ns)

    def matched(
        self,
        instrument: Instrument,
        fill: Filled,
        trade_id: int,
        aggressor: Side,
        buyer: Party,
        seller: Party,
        now: Nanos,
        said: list[Message | Later],
    ) -> None:
        """Move the positions of both sides, whose orders have been filled, and hold the margin that is required now."""
        for party, lots in ((buyer, fill.lots), (seller, -fill.lots)):
            position = self._margin.positions.of(self._account(party), instrument)
            position.trade(lots, fill.price_ticks, party.fee_minor)
            said.append(position.reported(self.venue))
            if party.order is not None:
                self._margin.follow(position.account, ClaimReason.MARGIN, said)
        said.append(
            PerpetualMatched(
                self.venue,
                trade_id,
                instrument.symbol,
                fill.price_ticks,
                fill.lots,
                aggressor,
                self._account(buyer),
                self._account(seller),
                buyer.order_id,
                seller.order_id,
                instrument.quote,
                buyer.fee_minor,
                seller.fee_minor,
                now,
                self.settles_at(now),
            )
        )

    def _account(self, party: Party) -> str:
        return party.order.command.account if party.order is not None else self._accounts.house
