"""Variation: what every position gained or lost since the last margin tick is paid, in cash, through the clearing account.

Losers pay first. What an account cannot pay out of its collateral goes down a waterfall, each step of which is said:

1. it is liquidated at once: its orders are cancelled, and what they held pays (``LiquidationStarted``, ``OrderCancelled``);
2. the venue's clearing account pays (its insurance fund), then its fee account, then its house (``DeficitCovered``);
3. if these have nothing left, those who gained are paid less, in proportion to their gains (``LossMutualised``).

Then winners and the fee account are paid. Claims move at once; ``VariationInstructed`` has the net flow of every account, and
the custodian posts them between pledged amounts. All flows of a tick add up to zero. The house pays as everybody does, but
is not liquidated: it is the market itself, and shows no orders that it has no margin for. Funding payments, when a venue
has them, are one more line of the same flows.
"""

from __future__ import annotations

from trading_ecosystem.domains.exchange.accounts.accounts import Accounts
from trading_ecosystem.domains.exchange.accounts.claims import Claims
from trading_ecosystem.domains.exchange.margin.liquidation import Liquidation
from trading_ecosystem.domains.exchange.margin.margin import Margin
from trading_ecosystem.messages.base import Message
from trading_ecosystem.messages.exchange import ClaimReason
from trading_ecosystem.messages.margin import (
    CashFlow,
    DeficitCovered,
    LossMutualised,
    VariationInstructed,
    VariationLine,
    VariationSettled,
)
from trading_ecosystem.messages.units import MinorUnits, Nanos
from trading_ecosystem.ports.component import Later


class Variation:
    """The cash side of one venue's margin ticks. ``number`` counts those in which something was paid."""

    __slots__ = ("_accounts", "_claims", "_custodian", "_liquidation", "_margin", "number", "venue")

    def __init__(
        self, venue: str, custodian: str, accounts: Accounts, claims: Claims, margin: Margin, liquidation: Liquidation
    ) -> None:
        self.venue = venue
        self._custodian = custodian
        self._accounts = accounts
        self._claims = claims
        self._margin = margin
        self._liquidation = liquidation
        self.number = 0

    def settle(self, now: Nanos, said: list[Message | Later]) -> None:
        """Pay what is due at the present marks, and carry every position at them."""
        lines: dict[str, tuple[VariationLine, ...]] = {}
        due: dict[str, MinorUnits] = {}
        fees = self._charge(lines, due)
        if not lines:
            return
        self.number += 1
        if fees:
            due[self._accounts.fees] = due.get(self._accounts.fees, 0) + fees
        moved = dict.fromkeys(due, 0)
        deficit = self._collect(due, moved, now, said)
        self._pay(due, moved, deficit, said)
        self._say(lines, due, moved, said)

    def _charge(self, lines: dict[str, tuple[VariationLine, ...]], due: dict[str, MinorUnits]) -> MinorUnits:
        """Settle every position at its mark: its lines, and what they come to; returns the fees of all."""
        fees = 0
        total = 0
        for account in self._margin.positions.accounts():
            own: list[VariationLine] = []
            for position in self._margin.positions.held_by(account):
                symbol = position.instrument.symbol
                mark = self._margin.marks[symbol]
                variation, fee = position.settle(mark)
                if variation or fee or position.lots:
                    own.append(VariationLine(symbol, mark, position.lots, variation, fee))
                    due[account] = due.get(account, 0) + variation - fee
                    fees += fee
                    total += variation
            if own:
                lines[account] = tuple(own)
        assert total == 0, f"variation of {self.venue} adds up to {total}"
        return fees

    def _collect(
        self, due: dict[str, MinorUnits], moved: dict[str, MinorUnits], now: Nanos, said: list[Message | Later]
    ) -> MinorUnits:
        """Take what losers owe, and what they cannot pay from the venue's own accounts; returns what nobody could pay."""
        accounts = self._accounts
        uncovered = 0
        for account, amount in due.items():
            owed = -amount
            if owed <= 0:
                continue
            owed -= self._take(account, owed, moved)
            if owed and account not in accounts.own:
                self._liquidation.start(account, -owed, now, said)
                owed -= self._take(account, owed, moved)
            for insurer in (accounts.clearing, accounts.fees, accounts.house):
                if not owed:
                    break
                if insurer == account:
                    continue
                covered = self._take(insurer, owed, moved)
                if covered:
                    said.append(DeficitCovered(self.venue, account, self.number, self._margin.quote, insurer, covered))
                owed -= covered
            uncovered += owed
        return uncovered

    def _take(self, account: str, amount: MinorUnits, moved: dict[str, MinorUnits]) -> MinorUnits:
        """Take as much of an amount as the account's collateral has, margin first; returns how much that is."""
        margin = self._margin
        taken = min(amount, margin.collateral(account))
        if taken:
            held = margin.held.get(account, 0)
            from_held = min(taken, held)
            margin.claim(account).move(from_held - taken, -from_held)
            if held:
                margin.held[account] = held - from_held
            moved[account] = moved.get(account, 0) - taken
        return taken

    def _pay(
        self, due: dict[str, MinorUnits], moved: dict[str, MinorUnits], deficit: MinorUnits, said: list[Message | Later]
    ) -> None:
        """Pay winners and the fee account; a deficit that nobody covered is taken off in proportion."""
        gains = {account: amount for account, amount in due.items() if amount > 0}
        if deficit:
            said.append(LossMutualised(self.venue, self.number, self._margin.quote, deficit))
        left, remaining = deficit, sum(gains.values())
        for account, gain in gains.items():
            share = left * gain // remaining
            left -= share
            remaining -= gain
            self._margin.claim(account).move(gain - share, 0)
            moved[account] = moved.get(account, 0) + gain - share
        assert left == 0, f"{left} of a deficit is left at {self.venue}"

    def _say(
        self,
        lines: dict[str, tuple[VariationLine, ...]],
        due: dict[str, MinorUnits],
        moved: dict[str, MinorUnits],
        said: list[Message | Later],
    ) -> None:
        margin = self._margin
        for account, amount in moved.items():
            changed = account not in self._accounts.own and margin.hold(account)
            if amount or changed:
                said.append(self._claims.changed(margin.claim(account), ClaimReason.VARIATION))
            own, owed = lines.get(account, ()), due.get(account, 0)
            said.append(VariationSettled(self.venue, account, self.number, margin.quote, own, owed, amount))
        flows = tuple(CashFlow(account, amount) for account, amount in moved.items() if amount)
        assert sum(flow.amount_minor for flow in flows) == 0, f"flows of {self.venue} do not add up to zero"
        if flows:
            clearing = self._accounts.clearing
            said.append(VariationInstructed(self._custodian, self.venue, self.number, margin.quote, clearing, flows))
