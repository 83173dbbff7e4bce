"""Continuous net settlement: a central counterparty stands between all members, and one open position per asset is left.

After the Continuous Net Settlement of the National Securities Clearing Corporation (Rules & Procedures, rule 11 and procedure
VII). Each trade is novated: its buyer has to receive from the counterparty and its seller to deliver to it. Each day the trades
of the day are netted with what was left open; members deliver what they have, up to what they owe, and what came in is allotted
to those who are to receive, the oldest claim first. What stays open is marked to the day's settlement price, and the money of
a member for the day is what its trades are worth to it less what its open positions are: so that what is delivered later goes
against the price of that day, and all money over all days is the money of the trades, to the minor unit.

Deliveries and money of a day are one chain of transfers: all of a day, or, where a member cannot pay, nothing of it. Then
everything stays open, and the day's answer names who could not. Marks round down, so that in between the counterparty may be
owed or owe a minor unit per member and asset; when nothing is open, its accounts are at zero.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from trading_ecosystem.domains.custodian.depository.netting import Holding
from trading_ecosystem.domains.custodian.general_ledger.general_ledger import GeneralLedger
from trading_ecosystem.domains.custodian.general_ledger.transfers import Transfer, TransferResult
from trading_ecosystem.messages.units import MINOR_UNITS_PER_WHOLE, MinorUnits, Nanos


class NetDay(msgspec.Struct, frozen=True):
    """What a day's settlement came to. ``short_of_cash`` names who could not pay; then nothing moved."""

    deliveries: int
    payments: int
    short_of_cash: str = ""


class ContinuousNet:
    """Open positions of all members against the central counterparty, with all money in one asset."""

    def __init__(
        self,
        ledger: GeneralLedger,
        accounts: Mapping[Holding, int],
        clearing: Mapping[str, int],
        cash: str,
        first_number: int = 1,
    ) -> None:
        self._ledger = ledger
        self._accounts = dict(accounts)
        self._clearing = dict(clearing)
        self._cash = cash
        self._next_number = first_number
        self._positions: dict[Holding, MinorUnits] = {}
        """What a member is to receive (negative: to deliver), in the order in which the position came up."""
        self._money: dict[str, MinorUnits] = {}
        """What each member is to be paid (negative: to pay) for its trades and what it carries over."""

    def novate(self, buyer: str, seller: str, security: str, quantity_minor: MinorUnits, cash_minor: MinorUnits) -> None:
        """Take a trade over from its two sides."""
        assert quantity_minor > 0 <= cash_minor, f"a trade of {quantity_minor} {security} for {cash_minor}"
        assert buyer != seller, f"{buyer} with itself in {security}"
        assert security != self._cash, f"a trade of cash, {security}"
        for member, sign in ((buyer, 1), (seller, -1)):
            before = self._positions.get((member, security), 0)
            position = before + sign * quantity_minor
            if before * position <= 0:  # closed or turned: what is open now is not what was
                self._positions.pop((member, security), None)
            if position:
                self._positions[member, security] = position
            self._money[member] = self._money.get(member, 0) - sign * cash_minor

    def position(self, member: str, security: str) -> MinorUnits:
        """What a member is still to receive (negative: to deliver)."""
        return self._positions.get((member, security), 0)

    @property
    def is_flat(self) -> bool:
        """Whether nothing is open: no position and no money."""
        return not self._positions and not any(self._money.values())

    def settle(self, prices: Mapping[str, MinorUnits], now: Nanos) -> NetDay:
        """Settle one day at its prices, in minor units of cash per whole unit of each security."""
        given, taken = self._deliveries()
        left = dict(self._positions)
        for holding, amount in (*given.items(), *taken.items()):
            left[holding] += amount if holding in given else -amount
        carried: dict[str, MinorUnits] = {}
        for (member, security), position in left.items():
            carried[member] = carried.get(member, 0) - position * prices[security] // MINOR_UNITS_PER_WHOLE
        payments = {member: self._money[member] - carried.get(member, 0) for member in sorted(self._money)}
        for member, amount in payments.items():
            if amount < 0 and self._available((member, self._cash)) < -amount:
                return NetDay(0, 0, member)
        legs = [(holding, given[holding]) for holding in given]
        legs += [((member, self._cash), -amount) for member, amount in payments.items() if amount < 0]
        legs += [(holding, -taken[holding]) for holding in taken]
        legs += [((member, self._cash), -amount) for member, amount in payments.items() if amount > 0]
        self._move(legs, now)
        self._positions = {holding: position for holding, position in left.items() if position}
        self._money = {member: amount for member, amount in sorted(carried.items()) if amount}
        return NetDay(len(given) + len(taken), sum(1 for amount in payments.values() if amount))

    def _deliveries(self) -> tuple[dict[Holding, MinorUnits], dict[Holding, MinorUnits]]:
        """What is given, by what members have, and how it is allotted: the oldest claim first."""
        given: dict[Holding, MinorUnits] = {}
        taken: dict[Holding, MinorUnits] = {}
        pool: dict[str, MinorUnits] = {}
        for holding, position in self._positions.items():
            amount = min(-position, self._available(holding))
            if amount > 0:
                given[holding] = amount
                pool[holding[1]] = pool.get(holding[1], 0) + amount
        for holding, position in self._positions.items():
            amount = min(position, pool.get(holding[1], 0))
            if amount > 0:
                taken[holding] = amount
                pool[holding[1]] -= amount
        return given, taken

    def _available(self, holding: Holding) -> MinorUnits:
        balance = self._ledger.balance(self._accounts[holding])
        assert balance is not None, f"{holding[0]} has no account in {holding[1]}"
        return balance.available_minor

    def _move(self, legs: list[tuple[Holding, MinorUnits]], now: Nanos) -> None:
        """Give amounts to the counterparty (negative: take them from it), in one chain."""
        chain: list[Transfer] = []
        for holding, amount in legs:
            member, clearing = self._accounts[holding], self._clearing[holding[1]]
            debit, credit = (member, clearing) if amount > 0 else (clearing, member)
            chain.append(Transfer(self._next_number, debit, credit, abs(amount), linked=len(chain) < len(legs) - 1))
            self._next_number += 1
        results = self._ledger.transfer(*chain, now=now)
        assert all(one is TransferResult.DONE for one in results), f"legs that suffice were refused: {results}"
