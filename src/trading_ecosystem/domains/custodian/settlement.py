"""Delivery versus payment: every trade becomes one instruction, whose two legs and fees are posted together.

An instruction is due at the trade's ``settles_at``. Nothing is reserved for it: when it is due, the seller's posted
pledged amount of the base asset and the buyer's of the quote asset are looked at, and either everything is posted or
nothing is. A failed attempt is made again every ``retry_every_ns``, and at one instant the oldest instruction goes
first.

Every attempt is counted, but ``SettlementFailed`` is said only on the first failure and whenever the reason changes: a
delay of hours over hundreds of instructions would otherwise fill the record with the same sentence. ``retry_at`` is
when the next attempt after the one said is made.

While a condition of the custodian says so, only a part of both legs is posted first; what is left is the instruction then.

A venue may bust or correct a trade before it settles: then its instruction is cancelled or changed. What reaches the custodian
after the trade has settled changes nothing, and of a trade that has settled in part it cancels the rest. In both cases the
venue spoke in time and was heard too late: what was posted stays posted, and reconciliation finds the difference.
"""

from __future__ import annotations

import heapq
from typing import Final

from msgspec import structs

from trading_ecosystem.domains.custodian.conditions import Conditions
from trading_ecosystem.domains.custodian.ledger import Ledger, LedgerResult, Transfer
from trading_ecosystem.domains.custodian.recollection import Recollection
from trading_ecosystem.messages.base import Message
from trading_ecosystem.messages.custodian import (
    PledgedAfter,
    SettlementCancelled,
    SettlementFailed,
    SettlementFailReason,
    SettlementInstructed,
    SettlementPartlySettled,
    SettlementSettled,
    TradeSettled,
)
from trading_ecosystem.messages.exchange import TradeMatched
from trading_ecosystem.messages.orders import Side
from trading_ecosystem.messages.trading_phases import MatchCancelled, MatchCorrected
from trading_ecosystem.messages.units import PARTS_PER_MILLION, MinorUnits, Nanos, PartsPerMillion
from trading_ecosystem.ports.component import Later

REMEMBERED_TRADES: Final = 10_000
"""How many settled trades are remembered, so that one delivered again makes no second instruction."""


class Instruction:
    """One trade on its way to settlement. ``number`` rises by one per instruction or transfer of the custodian.

    ``trade`` is what is left to be settled; ``base_settled`` and ``quote_settled`` of it were before, in part.
    """

    __slots__ = ("attempts", "base_settled", "due_at", "number", "quote_settled", "reason", "trade")

    def __init__(self, number: int, trade: TradeMatched, due_at: Nanos) -> None:
        self.number = number
        self.trade = trade
        self.due_at = due_at
        self.attempts = 0
        self.base_settled: MinorUnits = 0
        self.quote_settled: MinorUnits = 0
        self.reason: SettlementFailReason | None = None

    @property
    def whole(self) -> TradeMatched:
        """The trade with all that it was made of."""
        base_minor = self.trade.base_minor + self.base_settled
        return structs.replace(self.trade, base_minor=base_minor, quote_minor=self.trade.quote_minor + self.quote_settled)


class Settlement:
    """All unsettled instructions of one custodian."""

    def __init__(self, name: str, retry_every_ns: Nanos, ledger: Ledger, conditions: Conditions) -> None:
        self._name = name
        self._retry_every_ns = retry_every_ns
        self._ledger = ledger
        self._conditions = conditions
        self._instructions: dict[int, Instruction] = {}
        self._unsettled_trades: dict[tuple[str, str, int], int] = {}
        self._settled_trades = Recollection(REMEMBERED_TRADES)
        self._agenda: list[tuple[Nanos, int]] = []
        self._net: dict[tuple[str, str, str], MinorUnits] = {}

    def instruct(self, number: int, trade: TradeMatched, now: Nanos, said: list[Message | Later]) -> None:
        """Make the instruction of a trade, and say it to both sides; a trade delivered again is known and ignored."""
        key = (trade.venue, trade.instrument, trade.trade_id)
        if key in self._unsettled_trades or key in self._settled_trades:
            return
        assert trade.buyer != trade.seller, f"{trade.buyer} traded with itself: trade {trade.trade_id} at {trade.venue}"
        instruction = Instruction(number, trade, max(trade.settles_at, now))
        self._instructions[number] = instruction
        self._unsettled_trades[key] = number
        heapq.heappush(self._agenda, (instruction.due_at, number))
        self._count(trade, 1)
        wrong_ppm = self._conditions.misstated(number, trade.venue, now, said)
        off_minor = max(1, trade.base_minor * abs(wrong_ppm) // PARTS_PER_MILLION) if wrong_ppm else 0
        spoken = structs.replace(trade, base_minor=trade.base_minor + (off_minor if wrong_ppm > 0 else -off_minor))
        self._say_instructed(spoken, said)

    def reinstruct(self, numbers: list[int], now: Nanos, said: list[Message | Later]) -> None:
        """Say instructions again as they were traded, and attempt those that are due at once."""
        for number in numbers:
            instruction = self._instructions.get(number)
            if instruction is not None:
                self._say_instructed(instruction.whole, said)
                if instruction.trade.settles_at <= now:
                    self.bring_forward([number], now)

    def _say_instructed(self, trade: TradeMatched, said: list[Message | Later]) -> None:
        said.append(_instructed(self._name, trade, Side.BUY))
        said.append(_instructed(self._name, trade, Side.SELL))

    def cancel(self, message: MatchCancelled, said: list[Message | Later]) -> None:
        """A trade was busted: its instruction is gone. One that is not unsettled here, or came too late, changes nothing."""
        instruction = self._unsettled(message)
        if instruction is None:
            return
        trade = instruction.trade
        del self._instructions[instruction.number]
        key = (trade.venue, trade.instrument, trade.trade_id)
        del self._unsettled_trades[key]
        self._settled_trades.add(key)
        self._count(trade, -1)
        self._conditions.let_go(instruction.number)
        for account in (trade.buyer, trade.seller):
            said.append(SettlementCancelled(self._name, trade.venue, account, trade.trade_id, trade.instrument))

    def correct(self, message: MatchCorrected, said: list[Message | Later]) -> None:
        """A trade was corrected: its instruction says and does what the trade is now."""
        instruction = self._unsettled(message)
        if instruction is None:
            return
        self._count(instruction.trade, -1)
        instruction.trade = structs.replace(
            instruction.trade,
            price_ticks=message.price_ticks,
            quote_minor=max(0, message.quote_minor - instruction.quote_settled),
            buyer_fee_minor=message.buyer_fee_minor,
            seller_fee_minor=message.seller_fee_minor,
        )
        self._count(instruction.trade, 1)
        self._say_instructed(instruction.whole, said)

    def _unsettled(self, message: MatchCancelled | MatchCorrected) -> Instruction | None:
        number = self._unsettled_trades.get((message.venue, message.instrument, message.trade_id))
        return None if number is None else self._instructions[number]

    def attempt_due(self, now: Nanos, said: list[Message | Later]) -> bool:
        """Attempt every instruction that is due, oldest first; returns whether any settled."""
        agenda = self._agenda
        due: list[int] = []
        while agenda and agenda[0][0] <= now:
            due_at, number = heapq.heappop(agenda)
            instruction = self._instructions.get(number)
            if instruction is not None and instruction.due_at == due_at:
                due.append(number)
        if not due:
            return False
        due.sort()
        settled = False
        for number in due:
            settled = self._attempt(self._instructions[number], now, said) or settled
        return settled

    def bring_forward(self, numbers: list[int], now: Nanos) -> None:
        """Make instructions due now, because what held them up was cleared; numbers that are none are passed over."""
        for number in numbers:
            instruction = self._instructions.get(number)
            if instruction is None:
                continue
            due_at = max(now, instruction.trade.settles_at)
            if due_at < instruction.due_at:
                instruction.due_at = due_at
                heapq.heappush(self._agenda, (due_at, number))

    def next_due(self) -> Nanos | None:
        """When the next attempt is to be made."""
        agenda = self._agenda
        while agenda:
            due_at, number = agenda[0]
            instruction = self._instructions.get(number)
            if instruction is not None and instruction.due_at == due_at:
                return due_at
            heapq.heappop(agenda)
        return None

    def net_unsettled(self, venue: str, account: str, asset: str) -> MinorUnits:
        """What unsettled instructions will add to an account's pledged amount at a venue, less what they will take."""
        return self._net.get((venue, account, asset), 0)

    def unsettled(self, account: str | None) -> tuple[SettlementInstructed, ...]:
        """Every unsettled instruction as it was said to its sides, oldest first; one account's only, if given."""
        sides = []
        for instruction in self._instructions.values():
            trade = instruction.whole
            if account is None or account == trade.buyer:
                sides.append(_instructed(self._name, trade, Side.BUY))
            if account is None or account == trade.seller:
                sides.append(_instructed(self._name, trade, Side.SELL))
        return tuple(sides)

    def _attempt(self, instruction: Instruction, now: Nanos, said: list[Message | Later]) -> bool:
        trade = instruction.trade
        assets = (trade.base_asset, trade.quote_asset, fee_asset_of(trade))
        reason = self._conditions.failure(instruction.number, trade.venue, assets, trade.settles_at, now, said)
        if reason is None:
            share_ppm = self._conditions.share(now)
            reason = self._post(trade, said) if share_ppm is None else self._post_part(instruction, share_ppm, now, said)
        if reason is None:
            del self._instructions[instruction.number]
            key = (trade.venue, trade.instrument, trade.trade_id)
            del self._unsettled_trades[key]
            self._settled_trades.add(key)
            self._count(trade, -1)
            self._conditions.let_go(instruction.number)
            return True
        retry_at = now + self._retry_every_ns
        held_until = self._conditions.held_until(trade.settles_at, reason, now)
        if held_until is not None:
            retry_at = min(retry_at, held_until)
        instruction.due_at = retry_at
        heapq.heappush(self._agenda, (retry_at, instruction.number))
        instruction.attempts += 1
        if reason is not instruction.reason:
            instruction.reason = reason
            for account in (trade.buyer, trade.seller):
                said.append(
                    SettlementFailed(
                        self._name,
                        trade.venue,
                        account,
                        trade.trade_id,
                        trade.instrument,
                        reason,
                        instruction.attempts,
                        retry_at,
                    )
                )
        return False

    def _post_part(
        self, instruction: Instruction, share_ppm: PartsPerMillion, now: Nanos, said: list[Message | Later]
    ) -> SettlementFailReason | None:
        """Post a share of both legs, once; returns why the rest is not settled. What is too small for that settles whole."""
        whole = instruction.trade
        base_minor = whole.base_minor * share_ppm // PARTS_PER_MILLION
        quote_minor = whole.quote_minor * share_ppm // PARTS_PER_MILLION
        if instruction.base_settled:
            return SettlementFailReason.PARTIAL
        if not base_minor or not quote_minor:
            return self._post(whole, said)
        part = structs.replace(
            whole, base_minor=base_minor, quote_minor=quote_minor, buyer_fee_minor=0, seller_fee_minor=0, fee_asset=""
        )
        lacking = self._lacking(part)
        if lacking is not None:
            return lacking
        account, venue, base, quote = self._ledger.account, part.venue, part.base_asset, part.quote_asset
        self._conditions.partly(instruction.number, venue, now, said)
        result = self._ledger.post(*self._legs(part))
        assert result is LedgerResult.DONE, f"a part of trade {part.trade_id} at {venue} could not be posted: {result}"
        for name, side in ((part.buyer, Side.BUY), (part.seller, Side.SELL)):
            after = tuple(PledgedAfter(asset, account(name, asset, venue).posted) for asset in (base, quote))
            said.append(
                SettlementPartlySettled(
                    self._name, venue, name, part.trade_id, part.instrument, side, base_minor, quote_minor, after
                )
            )
        self._count(whole, -1)
        instruction.trade = structs.replace(
            whole, base_minor=whole.base_minor - base_minor, quote_minor=whole.quote_minor - quote_minor
        )
        instruction.base_settled, instruction.quote_settled = base_minor, quote_minor
        self._count(instruction.trade, 1)
        return SettlementFailReason.PARTIAL

    def _legs(self, trade: TradeMatched) -> list[Transfer]:
        account, venue, base, quote = self._ledger.account, trade.venue, trade.base_asset, trade.quote_asset
        legs = [
            Transfer(account(trade.seller, base, venue), account(trade.buyer, base, venue), trade.base_minor),
            Transfer(account(trade.buyer, quote, venue), account(trade.seller, quote, venue), trade.quote_minor),
        ]
        return [leg for leg in legs if leg.amount_minor]

    def _lacking(self, trade: TradeMatched) -> SettlementFailReason | None:
        """What one of the two sides has too little of, if one has."""
        for name in (trade.seller, trade.buyer):
            for asset, change in _changes(trade, name).items():
                if self._ledger.account(name, asset, trade.venue).available + change < 0:
                    lacks_base = asset == trade.base_asset
                    return SettlementFailReason.LACK_OF_SECURITIES if lacks_base else SettlementFailReason.LACK_OF_CASH
        return None

    def _post(self, trade: TradeMatched, said: list[Message | Later]) -> SettlementFailReason | None:
        account = self._ledger.account
        venue = trade.venue
        fee_asset = fee_asset_of(trade)
        lacking = self._lacking(trade)
        if lacking is not None:
            return lacking
        fees = account(trade.fee_account, fee_asset, venue)
        transfers = self._legs(trade)
        for name, fee in ((trade.buyer, trade.buyer_fee_minor), (trade.seller, trade.seller_fee_minor)):
            if fee:
                transfers.append(Transfer(account(name, fee_asset, venue), fees, fee))
        result = self._ledger.post(*transfers)
        assert result is LedgerResult.DONE, f"trade {trade.trade_id} at {venue} could not be posted: {result}"
        for name in (trade.buyer, trade.seller):
            after = tuple(PledgedAfter(asset, account(name, asset, venue).posted) for asset in _changes(trade, name))
            said.append(SettlementSettled(self._name, venue, name, trade.trade_id, trade.instrument, after))
        said.append(
            TradeSettled(
                self._name,
                venue,
                trade.trade_id,
                trade.instrument,
                trade.buyer,
                trade.seller,
                trade.fee_account,
                fee_asset,
                fees.posted,
            )
        )
        return None

    def _count(self, trade: TradeMatched, sign: int) -> None:
        """Count a trade in the net unsettled amounts (+1) or out of them (-1)."""
        for account, asset, amount in legs_of(trade):
            key = (trade.venue, account, asset)
            self._ledger.account(account, asset, trade.venue)
            net = self._net.get(key, 0) + sign * amount
            if net:
                self._net[key] = net
            else:
                self._net.pop(key, None)


def fee_asset_of(trade: TradeMatched) -> str:
    """What both fees of a trade are charged in."""
    return trade.fee_asset or trade.quote_asset


def legs_of(trade: TradeMatched) -> tuple[tuple[str, str, MinorUnits], ...]:
    """What a trade will change, as (account, asset, signed amount): the buyer's, the seller's and the fee account's."""
    sides = [
        (account, asset, change)
        for account in (trade.buyer, trade.seller)
        for asset, change in _changes(trade, account).items()
    ]
    return (*sides, (trade.fee_account, fee_asset_of(trade), trade.buyer_fee_minor + trade.seller_fee_minor))


def _changes(trade: TradeMatched, account: str) -> dict[str, MinorUnits]:
    """What one side's pledged amounts change by: base, quote, and the asset of its fee where that is a third one."""
    sign = 1 if account == trade.buyer else -1
    fee = trade.buyer_fee_minor if account == trade.buyer else trade.seller_fee_minor
    changes = {trade.base_asset: sign * trade.base_minor, trade.quote_asset: -sign * trade.quote_minor}
    fee_asset = fee_asset_of(trade)
    if fee or fee_asset in changes:
        changes[fee_asset] = changes.get(fee_asset, 0) - fee
    return changes


def _instructed(custodian: str, trade: TradeMatched, side: Side) -> SettlementInstructed:
    bought = side is Side.BUY
    return SettlementInstructed(
        custodian,
        trade.venue,
        trade.buyer if bought else trade.seller,
        trade.trade_id,
        trade.instrument,
        side,
        trade.base_asset,
        trade.base_minor,
        trade.quote_asset,
        trade.quote_minor,
        trade.buyer_fee_minor if bought else trade.seller_fee_minor,
        trade.settles_at,
        trade.fee_asset,
    )
