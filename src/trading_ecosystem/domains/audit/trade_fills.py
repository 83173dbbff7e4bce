"""Each side of a trade has exactly one fill, which agrees: the rule ``fills_of_trade``, with what a venue's conditions excuse.

A fill belongs to the handling of its match. Where the venue stands under a condition that holds reports back it may come
later, but not after that condition ended; where it stands under one that repeats fills, a fill may be said again, equal in
every field.
"""

from __future__ import annotations

from trading_ecosystem.domains.audit.balances import Balances, ConservationRule
from trading_ecosystem.domains.audit.trade_terms import fee_asset_of, terms_of, trade_name
from trading_ecosystem.messages.exchange import OrderFilled, TradeMatched
from trading_ecosystem.messages.margin import PerpetualMatched
from trading_ecosystem.messages.orders import Side
from trading_ecosystem.messages.test_coordination import ConditionEnded
from trading_ecosystem.messages.venue_conditions import VenueConditionKind, VenueConditionSet

AnyMatch = TradeMatched | PerpetualMatched
Key = tuple[str, str, int, str]
"""Venue, instrument, trade, account."""

_EXCUSES = (VenueConditionKind.VENUE_LATENCY, VenueConditionKind.VENUE_DUPLICATE_EXECUTION)


class TradeFills:
    """Matches and fills of the handling that is open, and those that a condition keeps open longer."""

    def __init__(self, balances: Balances) -> None:
        self._balances = balances
        self._matches: list[tuple[int, AnyMatch]] = []
        self._fills: list[tuple[int, OrderFilled]] = []
        self._awaited: dict[Key, tuple[int, AnyMatch]] = {}
        self._conditions: dict[tuple[str, str], VenueConditionKind] = {}
        self._repeatable: dict[Key, OrderFilled] = {}
        """Fills said while a condition of their venue repeats some."""
        self._ended: list[tuple[str, str]] = []

    def filled(self, said: OrderFilled) -> None:
        """A fill was said."""
        self._fills.append((self._balances.sequence, said))

    def matched(self, said: AnyMatch) -> None:
        """A match was said."""
        self._matches.append((self._balances.sequence, said))

    def condition_set(self, said: VenueConditionSet) -> None:
        """A condition of a venue may excuse something from now on."""
        if said.kind in _EXCUSES:
            self._conditions[said.component, said.condition_id] = said.kind

    def condition_ended(self, said: ConditionEnded) -> None:
        """A condition excuses nothing any more, once this handling is over."""
        if (said.component, said.condition_id) in self._conditions:
            self._ended.append((said.component, said.condition_id))

    def conclude(self) -> None:
        """The handling that is open ended."""
        if self._matches or self._fills:
            self._compare()
        for ended in self._ended:
            self._conditions.pop(ended, None)
            venue = ended[0]
            if not self._excused(venue, VenueConditionKind.VENUE_LATENCY):
                for key in [key for key in self._awaited if key[0] == venue]:
                    self._find_missing(key, self._awaited.pop(key))
            if not self._excused(venue, VenueConditionKind.VENUE_DUPLICATE_EXECUTION):
                self._repeatable = {key: fill for key, fill in self._repeatable.items() if key[0] != venue}
        self._ended.clear()

    def _excused(self, venue: str, kind: VenueConditionKind) -> bool:
        return any(one is kind and key[0] == venue for key, one in self._conditions.items())

    def _compare(self) -> None:
        fills = self._distinct_fills()
        for sequence, match in self._matches:
            for account in (match.buyer, match.seller):
                key = (match.venue, match.instrument, match.trade_id, account)
                found = fills.pop(key, None)
                if found is not None:
                    self._agree(match, account, found)
                elif account == f"{match.venue}-house":
                    continue
                elif self._excused(match.venue, VenueConditionKind.VENUE_LATENCY):
                    self._awaited[key] = (sequence, match)
                else:
                    self._find_missing(key, (sequence, match))
        for key, late in fills.items():
            awaited = self._awaited.pop(key, None)
            if awaited is not None:
                self._agree(awaited[1], key[3], late)
            else:
                detail = f"{trade_name(late[1])} filled {late[1].account} without a match"
                self._balances.find(ConservationRule.FILLS_OF_TRADE, detail, late[0])
        self._matches.clear()
        self._fills.clear()

    def _distinct_fills(self) -> dict[Key, tuple[int, OrderFilled]]:
        """The fills of this handling, without those that may be said again."""
        fills: dict[Key, tuple[int, OrderFilled]] = {}
        for sequence, fill in self._fills:
            key = (fill.venue, fill.instrument, fill.trade_id, fill.account)
            if self._excused(fill.venue, VenueConditionKind.VENUE_DUPLICATE_EXECUTION):
                if self._repeatable.get(key) == fill:
                    continue
                self._repeatable[key] = fill
            if key in fills:
                detail = f"{trade_name(fill)} filled {fill.account} twice"
                self._balances.find(ConservationRule.FILLS_OF_TRADE, detail, sequence)
            fills[key] = (sequence, fill)
        return fills

    def _agree(self, match: AnyMatch, account: str, found: tuple[int, OrderFilled]) -> None:
        side, fee = (Side.BUY, match.buyer_fee_minor) if account == match.buyer else (Side.SELL, match.seller_fee_minor)
        said = terms_of(found[1])
        expected = (side, match.price_ticks, match.quantity_lots, fee_asset_of(match), fee, match.settles_at)
        if said != expected:
            detail = f"{trade_name(match)} filled {account} as {said}, not {expected}"
            self._balances.find(ConservationRule.FILLS_OF_TRADE, detail, found[0])

    def _find_missing(self, key: Key, awaited: tuple[int, AnyMatch]) -> None:
        sequence, match = awaited
        self._balances.find(ConservationRule.FILLS_OF_TRADE, f"{trade_name(match)} has no fill of {key[3]}", sequence)
