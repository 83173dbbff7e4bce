"""Statements of holdings: what the custodian says every so often that each account has, free and pledged.

A statement that is out of date repeats the lines of the last one that was right; what the ledger holds is untouched.
"""

from __future__ import annotations

from trading_ecosystem.domains.custodian.conditions import Conditions
from trading_ecosystem.domains.custodian.ledger import FREE, OUTSIDE, Ledger
from trading_ecosystem.messages.base import Message
from trading_ecosystem.messages.custodian import HoldingLine, HoldingsStated
from trading_ecosystem.messages.units import Nanos
from trading_ecosystem.ports.component import Later


def holding_lines(ledger: Ledger, account: str | None = None) -> tuple[HoldingLine, ...]:
    """What accounts hold, ordered by account, asset and venue; a free amount leaves out what a withdrawal holds back."""
    return tuple(
        HoldingLine(one.owner, one.asset, one.place, one.available if one.place == FREE else one.posted)
        for one in ledger.accounts()
        if one.owner != OUTSIDE and (account is None or account == one.owner)
    )


class Statements:
    """The periodic statements of one custodian."""

    def __init__(self, name: str, ledger: Ledger, conditions: Conditions) -> None:
        self._name = name
        self._ledger = ledger
        self._conditions = conditions
        self._last: dict[str, tuple[HoldingLine, ...]] = {}
        """The lines that were said last of each account."""

    def state(self, now: Nanos, said: list[Message | Later]) -> None:
        """Say what every account holds, ordered by account."""
        holdings: dict[str, list[HoldingLine]] = {}
        for line in holding_lines(self._ledger):
            holdings.setdefault(line.account, []).append(line)
        for account, current in holdings.items():
            lines = tuple(current)
            last = self._last.get(account, ())
            if lines != last and self._conditions.stale(account, now, said):
                lines = last
            self._last[account] = lines
            said.append(HoldingsStated(self._name, account, now, lines))
