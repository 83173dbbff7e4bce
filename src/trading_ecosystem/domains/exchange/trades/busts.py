"""Trades undone (busted) or given another price (corrected) by the venue's operator, before they settle.

A bust takes everything back at once: each side returns what it got and gets what it gave, fees included; the custodian
cancels the instruction. A correction moves the difference in price and fees. Both are refused where a party no longer has what
it would have to give back: an operator then has to talk to it, as in life.

Until ``BEFORE_SETTLEMENT_NS`` before the trade is due: later the cancellation might reach the custodian after it settled. A
trade in a perpetual is marked each minute and cannot be undone here (``UNKNOWN_TRADE``). A corrected price is one that an order
could state: a step of the instrument's tick table (``INVALID_PRICE`` otherwise). The order does not come back: what a
busted fill took from its quantity stays taken. The price of the tape stays too; what was published was true when it was said.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from trading_ecosystem.domains.exchange.accounts.accounts import Accounts
from trading_ecosystem.domains.exchange.accounts.claims import Claims
from trading_ecosystem.domains.exchange.orders.order_events import SaidList
from trading_ecosystem.domains.exchange.orders.orders import OrderEvent
from trading_ecosystem.domains.exchange.rules.trading_rules import NO_RULES, TradingRules, is_price
from trading_ecosystem.domains.exchange.trades.matches import Match, Party
from trading_ecosystem.domains.exchange.trades.trade_capture import TradeCapture
from trading_ecosystem.messages.exchange import ClaimReason
from trading_ecosystem.messages.orders import Liquidity
from trading_ecosystem.messages.trading_phases import (
    BustTrade,
    CorrectTrade,
    MatchCancelled,
    MatchCorrected,
    TradeBusted,
    TradeCommandRejected,
    TradeCommandRejectReason,
    TradeCorrected,
)
from trading_ecosystem.messages.units import MINUTE, MinorUnits, Nanos

BEFORE_SETTLEMENT_NS: Final = MINUTE
"""How long before a trade is due it can be undone at the latest."""

Changes = dict[tuple[str, str], MinorUnits]
"""What claims change by, per account and asset, in the order in which it is said."""


class Busts:
    """Busts and corrects the trades of one venue."""

    __slots__ = ("_accounts", "_capture", "_claims", "_custodian", "_rules", "venue")

    def __init__(
        self,
        venue: str,
        custodian: str,
        rules: Mapping[str, TradingRules],
        accounts: Accounts,
        claims: Claims,
        capture: TradeCapture,
    ) -> None:
        self.venue = venue
        self._custodian = custodian
        self._rules = rules
        self._accounts = accounts
        self._claims = claims
        self._capture = capture

    def bust(self, asked: BustTrade, now: Nanos, said: SaidList) -> None:
        """Undo a trade, or say why not."""
        match = self._capture.matches.find(asked.instrument, asked.trade_id)
        reason = self._refused(match, now)
        if match is None or reason is not None:
            said.append(self._rejected(asked, reason))
            return
        changes = self._legs(match, -1)
        if not self._affordable(changes):
            said.append(self._rejected(asked, TradeCommandRejectReason.INSUFFICIENT_CLAIM))
            return
        match.busted = True
        self._move(changes, ClaimReason.BUSTED, said)
        for party in (match.buyer, match.seller):
            self._busted(match, party, said)
            self._uncount(match, party, -match.notional, now)
        said.append(MatchCancelled(self._custodian, self.venue, asked.instrument, asked.trade_id))

    def correct(self, asked: CorrectTrade, now: Nanos, said: SaidList) -> None:
        """Give a trade another price, or say why not."""
        match = self._capture.matches.find(asked.instrument, asked.trade_id)
        reason = self._refused(match, now)
        if (
            match is not None
            and reason is None
            and not is_price(self._rules.get(asked.instrument, NO_RULES), asked.price_ticks)
        ):
            reason = TradeCommandRejectReason.INVALID_PRICE
        if match is None or reason is not None:
            said.append(self._rejected(asked, reason))
            return
        before = (match.price_ticks, match.buyer.fee_minor, match.seller.fee_minor)
        notional = match.notional
        changes = self._legs(match, -1)
        match.price_ticks = asked.price_ticks
        for party in (match.buyer, match.seller):
            party.fee_minor = self._fee(match, party, now)
        for key, change in self._legs(match, 1).items():
            changes[key] = changes.get(key, 0) + change
        if not self._affordable(changes):
            match.price_ticks, match.buyer.fee_minor, match.seller.fee_minor = before
            said.append(self._rejected(asked, TradeCommandRejectReason.INSUFFICIENT_CLAIM))
            return
        self._move(changes, ClaimReason.CORRECTED, said)
        for party, fee in ((match.buyer, before[1]), (match.seller, before[2])):
            self._corrected(match, party, before[0], fee, said)
            self._uncount(match, party, match.notional - notional, now)
        said.append(
            MatchCorrected(
                self._custodian,
                self.venue,
                asked.instrument,
                asked.trade_id,
                match.price_ticks,
                match.notional,
                match.buyer.fee_minor,
                match.seller.fee_minor,
            )
        )

    def _refused(self, match: Match | None, now: Nanos) -> TradeCommandRejectReason | None:
        if match is None:
            return TradeCommandRejectReason.UNKNOWN_TRADE
        if match.busted:
            return TradeCommandRejectReason.ALREADY_BUSTED
        return TradeCommandRejectReason.TOO_LATE if now > match.settles_at - BEFORE_SETTLEMENT_NS else None

    def _rejected(self, asked: BustTrade | CorrectTrade, reason: TradeCommandRejectReason | None) -> TradeCommandRejected:
        assert reason is not None
        return TradeCommandRejected(self.venue, asked.instrument, asked.trade_id, reason)

    def _legs(self, match: Match, sign: int) -> Changes:
        """What the trade changes (+1), or its undoing (-1)."""
        base, quote = match.instrument.base, match.instrument.quote
        amount, notional = match.instrument.base_amount(match.lots), match.notional
        changes: Changes = {}
        for account, asset, change in (
            (match.buyer.account, quote, -notional),
            (match.buyer.account, base, amount),
            (match.buyer.account, match.fee_asset, -match.buyer.fee_minor),
            (match.seller.account, base, -amount),
            (match.seller.account, quote, notional),
            (match.seller.account, match.fee_asset, -match.seller.fee_minor),
            (self._accounts.fees, match.fee_asset, match.buyer.fee_minor + match.seller.fee_minor),
        ):
            changes[account, asset] = changes.get((account, asset), 0) + sign * change
        return changes

    def _affordable(self, changes: Changes) -> bool:
        return all(self._claims.of(*key).available + change >= 0 for key, change in changes.items())

    def _move(self, changes: Changes, reason: ClaimReason, said: SaidList) -> None:
        for (account, asset), change in changes.items():
            if change:
                claim = self._claims.of(account, asset)
                claim.move(change, 0)
                said.append(self._claims.changed(claim, reason))

    def _fee(self, match: Match, party: Party, now: Nanos) -> MinorUnits:
        """The fee at the corrected price, at the rate of today."""
        if party.order is None:
            return 0
        maker_ppm, taker_ppm = self._capture.schedule.rates_of(party.account, now)
        rate = taker_ppm if party.liquidity is Liquidity.TAKER else maker_ppm
        return self._capture.fee_of(match.instrument, match.price_ticks, match.lots, rate, party.order)

    def _uncount(self, match: Match, party: Party, notional: MinorUnits, now: Nanos) -> None:
        if party.order is not None and self._capture.schedule.has_tiers:
            self._capture.schedule.count(party.account, notional, match.instrument.quote, now)

    def _next_execution(self) -> int:
        self._capture.last_execution_id += 1
        return self._capture.last_execution_id

    def _busted(self, match: Match, party: Party, said: SaidList) -> None:
        order = party.order
        if order is None:
            return
        order.happens(OrderEvent.BUST)
        said.append(
            TradeBusted(
                self.venue,
                party.account,
                order.command.client_order_id,
                order.order_id,
                self._next_execution(),
                party.execution_id,
                match.trade_id,
                match.instrument.symbol,
                party.side,
                match.price_ticks,
                match.lots,
                match.fee_asset,
                party.fee_minor,
            )
        )

    def _corrected(self, match: Match, party: Party, price_before: int, fee_before: MinorUnits, said: SaidList) -> None:
        order = party.order
        if order is None:
            return
        order.happens(OrderEvent.BUST)
        execution_id = self._next_execution()
        said.append(
            TradeCorrected(
                self.venue,
                party.account,
                order.command.client_order_id,
                order.order_id,
                execution_id,
                party.execution_id,
                match.trade_id,
                match.instrument.symbol,
                party.side,
                price_before,
                fee_before,
                match.price_ticks,
                match.lots,
                match.fee_asset,
                party.fee_minor,
            )
        )
        party.execution_id = execution_id
