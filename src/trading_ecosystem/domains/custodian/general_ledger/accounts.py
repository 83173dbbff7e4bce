"""An account's debits and credits, what they are and what they were.

A line of an account's history is written for every transfer that changes it. Two times belong to a line: when it was
recorded, and from when it counts (``effective_at``), which is never later. The balance at an instant as known at another
takes the lines recorded by the second that count from the first or earlier. Amounts pending count from when they were
recorded.
"""

from __future__ import annotations

from bisect import bisect_right

import msgspec

from trading_ecosystem.domains.custodian.general_ledger.transfers import AccountRule
from trading_ecosystem.messages.units import MinorUnits, Nanos


class AccountTerms(msgspec.Struct, frozen=True, gc=False):
    """An account to open: ``owner`` and ``place`` are the caller's and mean nothing to the ledger."""

    number: int
    asset: str
    rule: AccountRule = AccountRule.DEBITS_WITHIN_CREDITS
    owner: str = ""
    place: str = ""


class Balance(msgspec.Struct, frozen=True, gc=False):
    """The four sums of an account at one instant."""

    debits_posted: MinorUnits = 0
    credits_posted: MinorUnits = 0
    debits_pending: MinorUnits = 0
    credits_pending: MinorUnits = 0

    @property
    def posted_minor(self) -> MinorUnits:
        """Credits less debits, without what is pending."""
        return self.credits_posted - self.debits_posted

    @property
    def available_minor(self) -> MinorUnits:
        """What a customer can spend: posted, less what pending transfers hold back."""
        return self.credits_posted - self.debits_posted - self.debits_pending


class HistoryLine(msgspec.Struct, frozen=True, gc=False):
    """One change of an account: by which transfer (zero: the expiry of one), and the sums after it, by time of recording."""

    recorded_at: Nanos
    effective_at: Nanos
    transfer: int
    balance: Balance


class Account:
    """One account as it stands, with its history. A ledger alone changes it."""

    __slots__ = (
        "_backdated",
        "_history",
        "_recorded",
        "credits_pending",
        "credits_posted",
        "debits_pending",
        "debits_posted",
        "terms",
    )

    def __init__(self, terms: AccountTerms) -> None:
        self.terms = terms
        self.debits_posted: MinorUnits = 0
        self.credits_posted: MinorUnits = 0
        self.debits_pending: MinorUnits = 0
        self.credits_pending: MinorUnits = 0
        self._recorded: list[Nanos] = []
        self._history: list[tuple[Nanos, int, MinorUnits, MinorUnits, MinorUnits, MinorUnits]] = []
        self._backdated: list[tuple[Nanos, Nanos, MinorUnits, MinorUnits]] = []

    @property
    def balance(self) -> Balance:
        """The sums as they stand."""
        return Balance(self.debits_posted, self.credits_posted, self.debits_pending, self.credits_pending)

    def note(self, now: Nanos, effective_at: Nanos, number: int, debited: MinorUnits, credited: MinorUnits) -> None:
        """Write a line for what was just changed; ``debited`` and ``credited`` are what was posted."""
        self._recorded.append(now)
        line = (effective_at, number, self.debits_posted, self.credits_posted, self.debits_pending, self.credits_pending)
        self._history.append(line)
        if effective_at < now:
            self._backdated.append((now, effective_at, debited, credited))

    def unwrite(self) -> None:
        """Take the last line back, because its chain failed; the sums are the ledger's to restore."""
        recorded_at = self._recorded.pop()
        if self._history.pop()[0] < recorded_at:
            self._backdated.pop()

    def balance_at(self, at: Nanos, known_at: Nanos) -> Balance:
        """The sums at an instant, as they were known at another."""
        settled_at = min(at, known_at)
        index = bisect_right(self._recorded, settled_at)
        sums = self._history[index - 1][2:] if index else (0, 0, 0, 0)
        if not self._backdated or known_at <= at:
            return Balance(*sums)
        debits_posted, credits_posted, debits_pending, credits_pending = sums
        for recorded_at, effective_at, debited, credited in self._backdated:
            if settled_at < recorded_at <= known_at and effective_at <= at:
                debits_posted += debited
                credits_posted += credited
        return Balance(debits_posted, credits_posted, debits_pending, credits_pending)

    def lines(self, after: Nanos, until: Nanos) -> tuple[HistoryLine, ...]:
        """Lines recorded after one instant and until another, oldest first."""
        first, last = bisect_right(self._recorded, after), bisect_right(self._recorded, until)
        found = []
        for recorded_at, line in zip(self._recorded[first:last], self._history[first:last], strict=True):
            effective_at, transfer, *sums = line
            found.append(HistoryLine(recorded_at, effective_at, transfer, Balance(*sums)))
        return tuple(found)

    def forget(self, until: Nanos) -> None:
        """Drop what was recorded until an instant, but for the sums then."""
        spare = bisect_right(self._recorded, until) - 1
        if spare > 0:
            del self._recorded[:spare]
            del self._history[:spare]
        self._backdated = [line for line in self._backdated if line[0] > until]
