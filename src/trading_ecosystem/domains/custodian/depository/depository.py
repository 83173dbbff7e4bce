"""The queue of a depository: instructions come, are matched, settle in cycles, fail, are held, released and cancelled.

A cycle attempts every pair that is due, in the order of the queue, until nothing more settles in it: what one pair delivers, a
later attempt of another may need. What is left is recycled: the next cycle takes it up again. At the end of a day each pair
that is due and open is counted as failing; ``fails`` says who failed whom.

All accounts are in a general ledger that may have other users; transfers of a depository have the numbers from
``first_number`` on, and nobody else's may.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from trading_ecosystem.domains.custodian.depository.instructions import (
    CommandResult,
    Instruction,
    InstructionResult,
    PendingReason,
    Status,
    UnmatchedReason,
    instruction_refusal,
)
from trading_ecosystem.domains.custodian.depository.matching import Unmatched
from trading_ecosystem.domains.custodian.depository.netting import (
    Holding,
    Leg,
    Netting,
    Pair,
    chosen,
    lacking,
    net_of,
)
from trading_ecosystem.domains.custodian.general_ledger.general_ledger import GeneralLedger
from trading_ecosystem.domains.custodian.general_ledger.transfers import Transfer, TransferResult
from trading_ecosystem.messages.units import MinorUnits, Nanos

SMALLEST_PART: MinorUnits = 1
"""A part that settles is at least so much."""


class Depository:
    """All instructions of one depository."""

    def __init__(
        self, ledger: GeneralLedger, accounts: Mapping[Holding, int], clearing: Mapping[str, int], first_number: int = 1
    ) -> None:
        self._ledger = ledger
        self._accounts = dict(accounts)
        self._clearing = dict(clearing)
        """By asset, an unbounded account through which net amounts go; it is at zero after every cycle."""
        self._next_number = first_number
        self._instructions: dict[str, Instruction] = {}
        self._unmatched = Unmatched()
        self._pair_of: dict[str, Pair | None] = {}
        """By reference; nothing for one that is unmatched or was cancelled before it matched."""
        self._withdrawn: dict[str, bool] = {}
        self._held_unmatched: dict[str, bool] = {}
        self._pairs: list[Pair] = []
        self._open: dict[int, Pair] = {}

    def instruct(self, one: Instruction, today: int) -> InstructionResult:
        """Take an instruction, and match it if its other side is there."""
        first = self._instructions.get(one.reference)
        if first is not None:
            return InstructionResult.EXISTS if first == one else InstructionResult.EXISTS_WITH_DIFFERENT_CONTENT
        refusal = instruction_refusal(one)
        if refusal is not None:
            return refusal
        needed = [one.security, one.cash_asset] if one.movement.paid else [one.security]
        if any((one.participant, asset) not in self._accounts for asset in needed):
            return InstructionResult.ACCOUNT_UNKNOWN
        self._instructions[one.reference] = one
        other = self._unmatched.counterpart(one)
        if other is None:
            self._unmatched.add(one)
            self._pair_of[one.reference] = None
            self._held_unmatched[one.reference] = one.held
            return InstructionResult.UNMATCHED
        self._unmatched.remove(other)
        deliver, receive = (one, other) if one.movement.delivers else (other, one)
        pair = Pair(len(self._pairs) + 1, deliver, receive, today, one.participant)
        pair.held_by = [side.participant for side in (deliver, receive) if self._is_held(side)]
        self._pairs.append(pair)
        self._open[pair.number] = pair
        self._pair_of[one.reference] = self._pair_of[other.reference] = pair
        return InstructionResult.MATCHED

    def unmatched_reasons(self, reference: str) -> tuple[UnmatchedReason, ...]:
        """Why an instruction waits for its other side; nothing for one that does not."""
        if reference not in self._pair_of or self._pair_of[reference] is not None or reference in self._withdrawn:
            return ()
        return self._unmatched.reasons(self._instructions[reference])

    def pair(self, reference: str) -> Pair | None:
        """The pair that an instruction is part of."""
        return self._pair_of.get(reference)

    def pairs(self) -> tuple[Pair, ...]:
        """Every pair that was ever matched, oldest first."""
        return tuple(self._pairs)

    def hold(self, reference: str) -> CommandResult:
        """Let an instruction not settle until it is released."""
        return self._set_held(reference, held=True)

    def release(self, reference: str) -> CommandResult:
        """Let an instruction that was on hold settle."""
        return self._set_held(reference, held=False)

    def cancel(self, reference: str) -> CommandResult:
        """Withdraw an instruction: at once while it is unmatched, and after that when both sides ask for it."""
        if reference not in self._pair_of:
            return CommandResult.UNKNOWN_REFERENCE
        one, pair = self._instructions[reference], self._pair_of[reference]
        if pair is None:
            if reference in self._withdrawn:
                return CommandResult.ALREADY_CANCELLED
            self._unmatched.remove(one)
            self._withdrawn[reference] = True
            return CommandResult.DONE
        refusal = _closed(pair)
        if refusal is not None:
            return refusal
        if pair.status is Status.IN_PROGRESS:
            return CommandResult.PARTLY_SETTLED
        if one.participant in pair.cancelled_by:
            return CommandResult.ALREADY_SO
        pair.cancelled_by.append(one.participant)
        if len(pair.cancelled_by) < 2:
            return CommandResult.AWAITING_COUNTERPART
        pair.status, pair.reason = Status.CANCELLED, None
        del self._open[pair.number]
        return CommandResult.DONE

    def settle(self, today: int, now: Nanos, model: Netting = Netting.NOTHING) -> tuple[Pair, ...]:
        """Run one cycle; returns the pairs of which anything settled, in the order in which it did."""
        due: list[Pair] = []
        for pair in self._open.values():
            if pair.deliver.intended_day > today:
                pair.reason = PendingReason.AWAITING_DAY
            elif pair.held_by:
                pair.reason = PendingReason.ON_HOLD
            else:
                due.append(pair)
        due.sort(key=_order)
        if model is Netting.NOTHING:
            return self._settle_gross(due, today, now)
        return self._settle_net(model, due, today, now)

    def end_day(self, today: int) -> tuple[Pair, ...]:
        """Count what is due and open as failing; returns it in the order of the queue."""
        due = sorted((pair for pair in self._open.values() if pair.deliver.intended_day <= today), key=_order)
        for pair in due:
            if pair.status is Status.PENDING:
                pair.status = Status.FAILING
        return tuple(due)

    def _is_held(self, one: Instruction) -> bool:
        return self._held_unmatched.get(one.reference, one.held)

    def _set_held(self, reference: str, *, held: bool) -> CommandResult:
        if reference not in self._pair_of:
            return CommandResult.UNKNOWN_REFERENCE
        one, pair = self._instructions[reference], self._pair_of[reference]
        if pair is None:
            if reference in self._withdrawn:
                return CommandResult.ALREADY_CANCELLED
            if self._held_unmatched[reference] is held:
                return CommandResult.ALREADY_SO
            self._held_unmatched[reference] = held
            return CommandResult.DONE
        refusal = _closed(pair)
        if refusal is not None:
            return refusal
        if (one.participant in pair.held_by) is held:
            return CommandResult.ALREADY_SO
        if held:
            pair.held_by.append(one.participant)
        else:
            pair.held_by.remove(one.participant)
        return CommandResult.DONE

    def _settle_gross(self, due: list[Pair], today: int, now: Nanos) -> tuple[Pair, ...]:
        settled: list[Pair] = []
        available = self._available(due)
        progress = True
        while progress:
            progress = False
            for pair in due:
                if not pair.is_open:
                    continue
                quantity = pair.left_minor
                pair.reason = lacking(pair, quantity, available)
                if pair.reason is PendingReason.LACK_OF_SECURITIES and pair.deliver.partial and pair.receive.partial:
                    quantity = available[pair.deliver.participant, pair.deliver.security]
                    if quantity < SMALLEST_PART or lacking(pair, quantity, available) is not None:
                        continue
                elif pair.reason is not None:
                    continue
                legs = pair.legs(quantity)
                self._move([(leg.giver, leg.taker, leg.asset, leg.amount_minor) for leg in legs], now)
                for holding, change in net_of(legs).items():
                    available[holding] += change
                self._count(pair, quantity, today)
                settled.append(pair)
                progress = True
        return tuple(dict.fromkeys(settled))

    def _settle_net(self, model: Netting, due: list[Pair], today: int, now: Nanos) -> tuple[Pair, ...]:
        taken, left_out = chosen(model, due, self._available(due))
        for pair in due:
            pair.reason = left_out.get(pair.number)
        gross: list[tuple[str, str, str, MinorUnits]] = []
        netted: list[Leg] = []
        for pair in taken:
            for leg in pair.legs(pair.left_minor):
                if model is Netting.CASH and leg.asset == pair.deliver.security:
                    gross.append((leg.giver, leg.taker, leg.asset, leg.amount_minor))
                else:
                    netted.append(leg)
        net = net_of(netted)
        given = [(giver, "", asset, -net[giver, asset]) for giver, asset in sorted(net) if net[giver, asset] < 0]
        taken_over = [("", taker, asset, net[taker, asset]) for taker, asset in sorted(net) if net[taker, asset] > 0]
        self._move([*gross, *given, *taken_over], now)
        for pair in taken:
            self._count(pair, pair.left_minor, today)
        return tuple(taken)

    def _available(self, pairs: Iterable[Pair]) -> dict[Holding, MinorUnits]:
        available: dict[Holding, MinorUnits] = {}
        for pair in pairs:
            assets = (
                (pair.deliver.security, pair.deliver.cash_asset) if pair.deliver.movement.paid else (pair.deliver.security,)
            )
            for participant in (pair.deliver.participant, pair.receive.participant):
                for asset in assets:
                    balance = self._ledger.balance(self._accounts[participant, asset])
                    assert balance is not None, f"{participant} has no account in {asset}"
                    available[participant, asset] = balance.available_minor
        return available

    def _move(self, amounts: list[tuple[str, str, str, MinorUnits]], now: Nanos) -> None:
        """Transfer amounts from giver to taker in one chain; an empty name is the clearing account."""
        chain: list[Transfer] = []
        for giver, taker, asset, amount in amounts:
            debit = self._accounts[giver, asset] if giver else self._clearing[asset]
            credit = self._accounts[taker, asset] if taker else self._clearing[asset]
            chain.append(Transfer(self._next_number, debit, credit, amount, linked=len(chain) < len(amounts) - 1))
            self._next_number += 1
        results = self._ledger.transfer(*chain, now=now)
        assert all(one is TransferResult.DONE for one in results), f"legs that suffice were refused: {results}"

    def _count(self, pair: Pair, quantity_minor: MinorUnits, today: int) -> None:
        cash = pair.cash_of(quantity_minor)
        pair.settled_minor += quantity_minor
        pair.settled_cash_minor += cash
        if pair.left_minor:
            pair.status, pair.reason = Status.IN_PROGRESS, PendingReason.LACK_OF_SECURITIES
            return
        pair.status, pair.reason, pair.settled_day = Status.SETTLED, None, today
        del self._open[pair.number]


def _order(pair: Pair) -> tuple[int, int, int]:
    return pair.order


def _closed(pair: Pair) -> CommandResult | None:
    if pair.status is Status.SETTLED:
        return CommandResult.ALREADY_SETTLED
    return CommandResult.ALREADY_CANCELLED if pair.status is Status.CANCELLED else None
