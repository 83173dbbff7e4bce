"""Deposits and withdrawals by their cycle, pledges to venues, and releases of what venues gave up.

A deposit or withdrawal of cycle T+0 and a pledge post at once. Others are pending until their instant; a withdrawal
holds its amount back from ``free`` in the meantime. A release reserves nothing: it posts as soon as the posted pledged
amount suffices, which is tried at once, after each batch of settlements and pledges, and every ``retry_every_ns``. What
falls due while the custodian is offline is tried again every ``retry_every_ns``; ``TransferPending`` then says the
first of these instants, once.

A ``transfer_id`` names one request of an account. The same id with the same content changes nothing and is answered as
the transfer stands: by the first answer again, with the balances and (for one that was pending and has posted) the
status of now, because whoever follows the record takes the latest balance said for the present one. Other content is a
conflict. A refusal for lack of free assets uses the id up; a request refused before its id was looked at does not.
"""

from __future__ import annotations

import enum
import heapq
from collections import deque
from collections.abc import Iterator
from typing import Final

from trading_ecosystem.domains.custodian.conditions import DOLLARS, Conditions
from trading_ecosystem.domains.custodian.cycles import completes_at
from trading_ecosystem.domains.custodian.ledger import FREE, OUTSIDE, Ledger, LedgerResult, Transfer
from trading_ecosystem.domains.custodian.parameters import CustodianParameters
from trading_ecosystem.domains.custodian.recollection import Recollection
from trading_ecosystem.messages.base import Message
from trading_ecosystem.messages.custodian import (
    AssetsPledged,
    DepositAssets,
    PledgeAssets,
    TransferKind,
    TransferPending,
    TransferPosted,
    TransferRejected,
    TransferRejectReason,
    WithdrawAssets,
)
from trading_ecosystem.messages.exchange import ClaimReleased
from trading_ecosystem.messages.units import MinorUnits, Nanos
from trading_ecosystem.ports.component import Later

REMEMBERED_TRANSFERS: Final = 10_000
"""How many transfer ids of one account are remembered; an older id names a new request again."""
REMEMBERED_RELEASES: Final = 10_000
"""How many released claims of one venue are remembered, so that one delivered again is known."""

Request = DepositAssets | WithdrawAssets | PledgeAssets

_KINDS: Final[dict[type[Request], TransferKind]] = {
    DepositAssets: TransferKind.DEPOSIT,
    WithdrawAssets: TransferKind.WITHDRAWAL,
    PledgeAssets: TransferKind.PLEDGE,
}

LARGEST_TRANSFER: Final[MinorUnits] = 10**17
"""A billion of an asset at once: what is said and kept has to stay within 64 bits."""


class TransferState(enum.StrEnum):
    """Where a transfer stands."""

    PENDING = "pending"
    POSTED = "posted"
    REFUSED = "refused"
    """For lack of free assets."""


class Movement:
    """One transfer and where it stands. ``place`` is the venue of a pledge or release; ``number`` orders what is pending."""

    __slots__ = (
        "account",
        "amount_minor",
        "asset",
        "deferred",
        "due_at",
        "kind",
        "number",
        "place",
        "posts_at",
        "ready_at",
        "state",
        "transfer_id",
    )

    def __init__(self, number: int, kind: TransferKind, message: Request | ClaimReleased, place: str, due_at: Nanos) -> None:
        self.number = number
        self.kind = kind
        self.account = message.account
        self.transfer_id = message.transfer_id
        self.asset = message.asset
        self.amount_minor: MinorUnits = message.amount_minor
        self.place = place
        self.due_at = due_at
        self.posts_at = due_at
        """When it is said to post."""
        self.ready_at = due_at
        """When it posts at the earliest, whatever is cleared: by its cycle."""
        self.deferred = False
        self.state = TransferState.PENDING


class Transfers:
    """Every transfer of one custodian that is pending, and the ids of those that were asked for."""

    def __init__(self, name: str, parameters: CustodianParameters, ledger: Ledger, conditions: Conditions) -> None:
        self._name = name
        self._parameters = parameters
        self._ledger = ledger
        self._conditions = conditions
        self._requests: dict[str, dict[str, tuple[Request, Movement]]] = {}
        self._pending: dict[int, Movement] = {}
        self._agenda: list[tuple[Nanos, int]] = []
        self._last_pledge = dict.fromkeys(parameters.venues, 0)
        self._pledges: dict[str, deque[AssetsPledged]] = {venue: deque() for venue in parameters.venues}
        self._released = {venue: Recollection(REMEMBERED_RELEASES) for venue in parameters.venues}

    def open(self, account: str) -> None:
        """Let an account have transfers; opening it again changes nothing."""
        self._requests.setdefault(account, {})

    def request(self, number: int, message: Request, now: Nanos, said: list[Message | Later]) -> None:
        """Answer a deposit, withdrawal or pledge; the checks are made in the order of ``TransferRejectReason``."""
        reason = self._refusal(message, now, said)
        if reason is not None:
            said.append(self._rejected(message, reason))
            return
        known = self._requests[message.account]
        first = known.get(message.transfer_id)
        if first is not None:
            said.append(self._standing(first[1]))
            return
        if self._suffices(message) and self._conditions.refuses(message.account, now, said):
            said.append(self._rejected(message, TransferRejectReason.REFUSED))
            return
        if isinstance(message, PledgeAssets):
            movement = Movement(number, TransferKind.PLEDGE, message, message.venue, now)
        else:
            movement = self._external(number, message, now, said)
        known[message.transfer_id] = (message, movement)
        if len(known) > REMEMBERED_TRANSFERS:
            del known[next(iter(known))]
        self._start(movement, now, said)

    def _suffices(self, message: Request) -> bool:
        """Whether nothing but a condition stands in the way of a new transfer."""
        if isinstance(message, DepositAssets):
            return True
        return self._ledger.account(message.account, message.asset).available >= message.amount_minor

    def _external(
        self, number: int, message: DepositAssets | WithdrawAssets, now: Nanos, said: list[Message | Later]
    ) -> Movement:
        due_at = completes_at(message.method, now, self._parameters)
        movement = Movement(number, _KINDS[type(message)], message, FREE, due_at)
        if not self._suffices(message):
            return movement
        if message.asset == DOLLARS and movement.due_at == now:
            over_at = self._conditions.holiday(number, message.account, now, said)
            movement.due_at = movement.posts_at = over_at or now
        movement.due_at += self._conditions.slowed(number, message.account, now, said)
        return movement

    def release(self, number: int, message: ClaimReleased, now: Nanos, said: list[Message | Later]) -> None:
        """Turn a claim that a venue gave up into free assets; one delivered again is known and ignored."""
        released = self._released[message.venue]
        if message.number in released:
            return
        released.add(message.number)
        movement = Movement(number, TransferKind.RELEASE, message, message.venue, now)
        self._pending[number] = movement
        self._attempt(movement, now, said)

    def attempt_due(self, now: Nanos, said: list[Message | Later]) -> None:
        """Post what is due, in the order of request; what cannot be posted is tried again later."""
        agenda = self._agenda
        due: list[int] = []
        while agenda and agenda[0][0] <= now:
            due_at, number = heapq.heappop(agenda)
            movement = self._pending.get(number)
            if movement is not None and movement.due_at == due_at:
                due.append(number)
        due.sort()
        for number in due:
            self._attempt(self._pending[number], now, said)

    def attempt_releases(self, now: Nanos, said: list[Message | Later]) -> None:
        """Post the releases that can be posted now, in the order in which they came."""
        for movement in list(self._pending.values()):
            if movement.kind is TransferKind.RELEASE:
                self._attempt(movement, now, said)

    def bring_forward(self, numbers: list[int], now: Nanos) -> None:
        """Make transfers due now, because what held them up was cleared; numbers that are none are passed over."""
        for number in numbers:
            movement = self._pending.get(number)
            if movement is None:
                continue
            due_at = max(now, movement.ready_at)
            if due_at > now:
                self._conditions.let_go(number)  # from now on it waits for nothing but its cycle
            if due_at < movement.due_at:
                movement.due_at = due_at
                heapq.heappush(self._agenda, (due_at, number))

    def next_due(self) -> Nanos | None:
        """When the next pending transfer is to be posted or tried again."""
        agenda = self._agenda
        while agenda:
            due_at, number = agenda[0]
            movement = self._pending.get(number)
            if movement is not None and movement.due_at == due_at:
                return due_at
            heapq.heappop(agenda)
        return None

    def pledges_in_flight(self, venue: str, pledges_applied: int) -> Iterator[AssetsPledged]:
        """Pledges said to a venue that it has not applied yet, oldest first; those it has applied are forgotten."""
        pledges = self._pledges[venue]
        while pledges and pledges[0].number <= pledges_applied:
            pledges.popleft()
        return iter(pledges)

    def releases_in_flight(self, venue: str) -> Iterator[Movement]:
        """Releases that a venue gave up and that are not posted yet, oldest first."""
        return (one for one in self._pending.values() if one.kind is TransferKind.RELEASE and one.place == venue)

    def _refusal(self, message: Request, now: Nanos, said: list[Message | Later]) -> TransferRejectReason | None:
        if self._conditions.offline(None, message.account, now, said):
            return TransferRejectReason.OFFLINE
        known = self._requests.get(message.account)
        if known is None:
            return TransferRejectReason.UNKNOWN_ACCOUNT
        if message.asset not in self._parameters.assets:
            return TransferRejectReason.UNKNOWN_ASSET
        if isinstance(message, PledgeAssets) and message.venue not in self._last_pledge:
            return TransferRejectReason.UNKNOWN_VENUE
        if not 0 < message.amount_minor <= LARGEST_TRANSFER:
            return TransferRejectReason.INVALID_AMOUNT
        first = known.get(message.transfer_id)
        if first is not None and first[0] != message:
            return TransferRejectReason.TRANSFER_ID_CONFLICT
        return None

    def _start(self, movement: Movement, now: Nanos, said: list[Message | Later]) -> None:
        if movement.due_at > now:
            result = self._ledger.reserve(movement.number, self._transfer(movement))
            if result is LedgerResult.DONE:
                self._pending[movement.number] = movement
                heapq.heappush(self._agenda, (movement.due_at, movement.number))
        else:
            result = self._ledger.post(self._transfer(movement))
            if result is LedgerResult.DONE:
                movement.state = TransferState.POSTED
        if result is LedgerResult.INSUFFICIENT:
            movement.state = TransferState.REFUSED
        else:
            assert result is LedgerResult.DONE, f"transfer {movement.transfer_id} of {movement.account}: {result}"
        said.append(self._standing(movement))
        if movement.kind is TransferKind.PLEDGE and movement.state is TransferState.POSTED:
            said.append(self._pledged(movement))

    def _attempt(self, movement: Movement, now: Nanos, said: list[Message | Later]) -> None:
        """Post a pending transfer, or try again later; that it is put off is said once."""
        retry_at = now + self._parameters.retry_every_ns
        holiday = self._holiday_of(movement, now, said)
        if holiday is not None:
            retry_at = holiday
        elif not self._conditions.offline(movement.number, movement.account, now, said):
            if movement.kind is TransferKind.RELEASE:
                result = self._ledger.post(self._transfer(movement))
            else:
                result = self._ledger.post_pending(movement.number)
            if result is LedgerResult.DONE:
                del self._pending[movement.number]
                movement.state = TransferState.POSTED
                self._conditions.let_go(movement.number)
                said.append(self._standing(movement))
                return
            assert result is LedgerResult.INSUFFICIENT, f"transfer {movement.transfer_id} of {movement.account}: {result}"
        movement.due_at = movement.posts_at = retry_at
        heapq.heappush(self._agenda, (movement.due_at, movement.number))
        if not movement.deferred:
            movement.deferred = True
            said.append(self._standing(movement))

    def _holiday_of(self, movement: Movement, now: Nanos, said: list[Message | Later]) -> Nanos | None:
        """When the holiday ends that a transfer has to wait for; one between accounts here waits for none."""
        if movement.asset != DOLLARS or movement.place != FREE:
            return None
        return self._conditions.holiday(movement.number, movement.account, now, said)

    def _pledged(self, movement: Movement) -> AssetsPledged:
        venue = movement.place
        number = self._last_pledge[venue] = self._last_pledge[venue] + 1
        pledge = AssetsPledged(venue, self._name, number, movement.account, movement.asset, movement.amount_minor)
        self._pledges[venue].append(pledge)
        return pledge

    def _transfer(self, movement: Movement) -> Transfer:
        account, asset = movement.account, movement.asset
        free = self._ledger.account(account, asset)
        if movement.kind in (TransferKind.DEPOSIT, TransferKind.WITHDRAWAL):
            other = self._ledger.account(OUTSIDE, asset)
        else:
            other = self._ledger.account(account, asset, movement.place)
        if movement.kind in (TransferKind.DEPOSIT, TransferKind.RELEASE):
            return Transfer(other, free, movement.amount_minor)
        return Transfer(free, other, movement.amount_minor)

    def _standing(self, movement: Movement) -> Message:
        """A transfer as it stands, in the message that says so."""
        kind, account, asset, amount = movement.kind, movement.account, movement.asset, movement.amount_minor
        if movement.state is TransferState.REFUSED:
            reason = TransferRejectReason.INSUFFICIENT_FREE
            return TransferRejected(self._name, account, movement.transfer_id, kind, asset, amount, reason)
        free = self._ledger.account(account, asset).available
        if movement.state is TransferState.PENDING:
            return TransferPending(self._name, account, movement.transfer_id, kind, asset, amount, movement.posts_at, free)
        place = movement.place
        pledged = self._ledger.account(account, asset, place).posted if place else 0
        return TransferPosted(self._name, account, movement.transfer_id, kind, place, asset, amount, free, pledged)

    def _rejected(self, message: Request, reason: TransferRejectReason) -> TransferRejected:
        kind = _KINDS[type(message)]
        return TransferRejected(
            self._name, message.account, message.transfer_id, kind, message.asset, message.amount_minor, reason
        )
