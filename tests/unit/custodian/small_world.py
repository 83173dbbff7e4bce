"""A custodian and a toy venue with an event queue between them, and the record of what both say."""

from __future__ import annotations

import heapq

from trading_ecosystem.domains.custodian.component import Custodian, StatementDue
from trading_ecosystem.domains.custodian.parameters import CustodianParameters
from trading_ecosystem.messages.base import Message
from trading_ecosystem.messages.custodian import (
    AssetsPledged,
    CustodianConditionKind,
    CustodianConditionSet,
    DepositAssets,
    OpenCustodyAccount,
    PledgeAssets,
    TransferMethod,
    WithdrawAssets,
)
from trading_ecosystem.messages.envelope import Entry, EntryKind
from trading_ecosystem.messages.exchange import (
    ClaimChanged,
    ClaimLine,
    ClaimReason,
    ClaimReleased,
    ClaimsReported,
    InstrumentListed,
    OrderFilled,
    TradeMatched,
)
from trading_ecosystem.messages.orders import Liquidity, Side
from trading_ecosystem.messages.test_coordination import ConditionCleared
from trading_ecosystem.messages.units import INSTRUMENTS, MINUTE, Nanos
from trading_ecosystem.ports.component import Begin, Later
from trading_ecosystem.runtime.randomness import SeededRandomness

VENUE = "alpha"
HOUSE = "alpha-house"
FEES = "alpha-fees"
START = 1_700_000_000_000_000_000
CYCLE = 10 * MINUTE
BTC_USD = INSTRUMENTS["BTC/USD"]


class ToyVenue:
    """Claims only: it trades what it is told to trade, at once."""

    def __init__(self) -> None:
        self.claims: dict[tuple[str, str], int] = {}
        self.trade_id = 0
        self.execution_id = 0
        self.release_number = 0
        self.pledges_applied = 0

    def change(self, account: str, asset: str, amount: int, reason: ClaimReason) -> ClaimChanged:
        after = self.claims.get((account, asset), 0) + amount
        assert after >= 0
        self.claims[account, asset] = after
        return ClaimChanged(VENUE, account, asset, after, 0, reason)

    def assets_pledged(self, message: AssetsPledged) -> list[Message]:
        if message.number <= self.pledges_applied:
            return []
        self.pledges_applied = message.number
        return [self.change(message.account, message.asset, message.amount_minor, ClaimReason.PLEDGED)]

    def trade(self, buyer: str, seller: str, lots: int, ticks: int, now: Nanos, cycle: Nanos = CYCLE) -> list[Message]:
        base, quote = BTC_USD.base_amount(lots), BTC_USD.notional(ticks, lots)
        buyer_fee = 0 if buyer == HOUSE else quote // 1000
        seller_fee = 0 if seller == HOUSE else quote // 500
        self.trade_id += 1
        said: list[Message] = [
            self.change(buyer, "USD", -quote - buyer_fee, ClaimReason.TRADED),
            self.change(buyer, "BTC", base, ClaimReason.TRADED),
            self.change(seller, "BTC", -base, ClaimReason.TRADED),
            self.change(seller, "USD", quote - seller_fee, ClaimReason.TRADED),
        ]
        if buyer_fee or seller_fee:
            said.append(self.change(FEES, "USD", buyer_fee + seller_fee, ClaimReason.FEE))
        for account, side, fee in ((buyer, Side.BUY, buyer_fee), (seller, Side.SELL, seller_fee)):
            if account != HOUSE:
                self.execution_id += 1
                said.append(
                    OrderFilled(
                        VENUE, account, "order", 1, self.execution_id, self.trade_id, "BTC/USD", side, ticks, lots, lots, 0,
                        Liquidity.TAKER, "USD", fee, now + cycle,
                    )
                )  # fmt: skip
        said.append(
            TradeMatched(
                "custodian", VENUE, self.trade_id, "BTC/USD", ticks, lots, Side.BUY, buyer, seller, 1, 2, "BTC", base, "USD",
                quote, buyer_fee, seller_fee, FEES, now, now + cycle,
            )
        )  # fmt: skip
        return said

    def release(self, account: str, asset: str, amount: int) -> list[Message]:
        self.release_number += 1
        changed = self.change(account, asset, -amount, ClaimReason.RELEASED)
        name = f"release-{self.release_number}"
        return [changed, ClaimReleased("custodian", VENUE, self.release_number, account, name, asset, amount)]

    def report(self) -> list[Message]:
        lines = tuple(
            ClaimLine(account, asset, amount, 0) for (account, asset), amount in sorted(self.claims.items()) if amount
        )
        return [ClaimsReported("custodian", VENUE, self.pledges_applied, lines)]


class SmallWorld:
    """Delivers at once and in order, keeps the record, and may lose or repeat what goes between the two."""

    def __init__(self, seed: int = 7, parameters: CustodianParameters | None = None, states: bool = False) -> None:
        """Without ``states`` the custodian is never woken for a statement of holdings, and says none."""
        self.now: Nanos = START
        self.states = states
        self.custodian = Custodian("custodian", parameters or CustodianParameters((VENUE,)), SeededRandomness(seed))
        self.venue = ToyVenue()
        self.entries: list[Entry] = []
        self.lose_next = 0
        self.repeat_next = 0
        self._sequence = 0
        self._queue: list[tuple[Nanos, int, int, object, int | None]] = []
        self.wake_ups = 0
        self.hear(Begin(), None)
        tick, lot = BTC_USD.tick_size, BTC_USD.lot_size
        self.say(VENUE, [InstrumentListed(VENUE, "BTC/USD", "BTC", "USD", tick, lot, 1000, 2000, CYCLE)], None)

    def number(self) -> int:
        self._sequence += 1
        return self._sequence

    def say(self, sender: str, said: list[Message] | tuple[Message, ...], cause: int | None) -> list[Message]:
        messages: list[Message] = []
        for one in said:
            sequence = self.number()
            if isinstance(one, Later):
                if isinstance(one.message, StatementDue) and not self.states:
                    continue
                heapq.heappush(self._queue, (one.due_at, 0, sequence, one.message, cause))
                continue
            assert not isinstance(one, Message) or sender != "custodian" or type(one) in Custodian.says
            messages.append(one)
            self.entries.append(Entry(sequence, self.now, EntryKind.SAID, sender, cause, cause or sequence, one))
            if isinstance(one, AssetsPledged | TradeMatched | ClaimReleased | ClaimsReported):
                copies = 1
                if self.lose_next:
                    self.lose_next -= 1
                    copies = 0
                elif self.repeat_next:
                    self.repeat_next -= 1
                    copies = 2
                for _ in range(copies):
                    heapq.heappush(self._queue, (self.now, 1, sequence, one, sequence))
        return messages

    def hear(self, message: object, cause: int | None) -> list[Message]:
        """The custodian handles a message; returns what it says, wake-ups left out."""
        said = self.custodian.handle(message, self.now)  # type: ignore[arg-type]
        return self.say("custodian", list(said), cause)  # type: ignore[arg-type]

    def give(self, message: Message) -> list[Message]:
        """A command or condition comes in; returns what the custodian says until all is quiet."""
        sequence = self.number()
        self.entries.append(Entry(sequence, self.now, EntryKind.INPUT, "door", None, sequence, message))
        return self.hear(message, sequence) + self.settle_down()

    def settle_down(self) -> list[Message]:
        said: list[Message] = []
        while self._queue and self._queue[0][0] <= self.now:
            _, delivery, _, message, cause = heapq.heappop(self._queue)
            if isinstance(message, AssetsPledged):
                self.say(VENUE, self.venue.assets_pledged(message), cause)
            else:
                self.wake_ups += 1 - delivery
                said += self.hear(message, cause)
        return said

    def run_until(self, until: Nanos) -> list[tuple[Nanos, Message]]:
        """Let time pass; returns what the custodian says, with the instants."""
        said: list[tuple[Nanos, Message]] = []
        while self._queue and self._queue[0][0] <= until:
            self.now = max(self.now, self._queue[0][0])
            said += [(self.now, message) for message in self.settle_down()]
        self.now = until
        return said

    def venue_says(self, said: list[Message]) -> list[Message]:
        """The venue says something of its own accord; returns what the custodian says to it."""
        self.say(VENUE, said, None)
        return self.settle_down()

    def trade(self, buyer: str, seller: str, lots: int, ticks: int = 5_000_000, cycle: Nanos = CYCLE) -> list[Message]:
        return self.venue_says(self.venue.trade(buyer, seller, lots, ticks, self.now, cycle))

    def open(self, *accounts: str) -> None:
        for account in accounts:
            self.give(OpenCustodyAccount("custodian", account))

    def deposit(self, account: str, asset: str, amount: int, method: TransferMethod = TransferMethod.CRYPTO_INTERNAL) -> None:
        self.give(DepositAssets("custodian", account, f"d{self._sequence}", asset, amount, method))

    def withdraw(self, account: str, asset: str, amount: int, method: TransferMethod = TransferMethod.CRYPTO_INTERNAL) -> None:
        self.give(WithdrawAssets("custodian", account, f"w{self._sequence}", asset, amount, method))

    def pledge(self, account: str, asset: str, amount: int) -> None:
        self.give(PledgeAssets("custodian", account, f"p{self._sequence}", VENUE, asset, amount))

    def condition(
        self, kind: CustodianConditionKind, lasting: Nanos, name: str = "c1", delay: Nanos = 0, probability: int = 0
    ) -> list[Message]:
        until = self.now + lasting
        return self.give(CustodianConditionSet("custodian", name, kind, until, delay, probability))

    def clear(self, name: str = "c1") -> list[Message]:
        return self.give(ConditionCleared("custodian", name))

    def fund(self, usd: int = 10**15, btc: int = 10**11) -> None:
        """Two named accounts and the house, each with pledged USD and BTC."""
        self.open("fund/a", "fund/b", HOUSE, FEES)
        for account in ("fund/a", "fund/b", HOUSE):
            for asset, amount in (("USD", usd), ("BTC", btc)):
                self.deposit(account, asset, amount)
                self.pledge(account, asset, amount)
