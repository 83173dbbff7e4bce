"""What a match in a perpetual does: positions of both sides, margin held for them, and the messages about it.

Nothing is delivered and nothing is paid here: both sides are carried at the trade's price until the next margin tick settles
them to the mark, with their fees. The house of the background flow pays no fee and holds no margin.
"""

from __future__ import annotations

from trading_ecosystem.domains.exchange.accounts.accounts import Accounts
from trading_ecosystem.domains.exchange.margin.margin import Margin
from trading_ecosystem.domains.exchange.trades.matches import Party
from trading_ecosystem.messages.base import Message
from trading_ecosystem.messages.exchange import ClaimReason
from trading_ecosystem.messages.margin import PerpetualMatched
from trading_ecosystem.messages.orders import Side
from trading_ecosystem.messages.units import Instrument, Lots, Nanos, Ticks
from trading_ecosystem.ports.component import Later


def next_tick(now: Nanos, every_ns: Nanos) -> Nanos:
    """The first margin tick after now."""
    return (now // every_ns + 1) * every_ns


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
        price_ticks: Ticks,
        lots: Lots,
        trade_id: int,
        aggressor: Side,
        buyer: Party,
        seller: Party,
        now: Nanos,
        said: list[Message | Later],
    ) -> None:
        """Move the positions of both sides, whose orders have been filled, and hold the margin that is required now."""
        for party, change in ((buyer, lots), (seller, -lots)):
            position = self._margin.positions.of(party.account, instrument)
            position.trade(change, price_ticks, party.fee_minor)
            said.append(position.reported(self.venue))
            if party.order is not None:
                self._margin.follow(position.account, ClaimReason.MARGIN, said)
        said.append(
            PerpetualMatched(
                self.venue,
                trade_id,
                instrument.symbol,
                price_ticks,
                lots,
                aggressor,
                buyer.account,
                seller.account,
                buyer.order_id,
                seller.order_id,
                instrument.quote,
                buyer.fee_minor,
                seller.fee_minor,
                now,
                self.settles_at(now),
            )
        )
