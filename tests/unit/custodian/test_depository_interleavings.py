"""Random interleavings of a depository's steps under faults: no delivery is one-legged, nothing is made or lost.

Faults are messages that come twice, late or never, participants whose holdings are taken away under the queue's feet, and
crashes, after which depository and ledger go on from a snapshot.
"""

import random

import pytest
from tests.campaign import CAMPAIGN, seeds
from tests.unit.custodian.small_depository import ASSETS, TODAY, SmallDepository, sides

from trading_ecosystem.domains.custodian.depository.depository import Depository
from trading_ecosystem.domains.custodian.depository.fails import Reference, failed_days
from trading_ecosystem.domains.custodian.depository.instructions import Status
from trading_ecosystem.domains.custodian.depository.netting import Netting
from trading_ecosystem.domains.custodian.general_ledger.transfers import TransferResult
from trading_ecosystem.domains.custodian.penalties import PenaltyClass, net_amounts, penalty_of
from trading_ecosystem.messages.units import MINOR_UNITS_PER_WHOLE
from trading_ecosystem.runtime.snapshot import Decoder, Encoder

STEPS = 60
PARTICIPANTS = ("anna", "bert", "cleo", "dora")
REFERENCE = Reference(
    {"BTC": 7 * MINOR_UNITS_PER_WHOLE, "ETH": 3 * MINOR_UNITS_PER_WHOLE, "USD": MINOR_UNITS_PER_WHOLE},
    {"BTC": PenaltyClass.LIQUID_SHARES, "ETH": PenaltyClass.OTHER_DEBT, "USD": PenaltyClass.OTHER},
    "USD",
    30_000,
)


class Interleaving:
    def __init__(self, seed: int) -> None:
        self.draw = random.Random(seed)
        self.world = SmallDepository(PARTICIPANTS)
        self.today = TODAY
        self.funded = dict.fromkeys(self.world.accounts, 0)
        self.post: list = []
        self.references: list[str] = []
        self.penalties: list = []
        self.parts = 0
        self.settled = 0
        for holding in self.funded:
            self.funded[holding] = self.draw.choice([0, 60, 200])
            if self.funded[holding]:
                self.world.fund(*holding, self.funded[holding])

    def step(self) -> None:
        steps = (
            self.trade,
            self.deliver_message,
            self.deliver_message,
            self.fund,
            self.command,
            self.cycle,
            self.cycle,
            self.night,
        )
        self.draw.choice(steps)()
        self.check()

    def trade(self) -> None:
        giver, taker = self.draw.sample(PARTICIPANTS, 2)
        quantity, cash = self.draw.randint(1, 30), self.draw.choice([0, self.draw.randint(1, 90)])
        both = sides(
            f"t{len(self.references)}",
            giver,
            taker,
            self.draw.choice(["BTC", "ETH"]),
            quantity,
            cash,
            day=self.today + self.draw.choice([0, 0, 1]),
            partial=self.draw.random() < 0.5,
            priority=self.draw.randint(0, 2),
            held=self.draw.random() < 0.1,
        )
        self.references += [one.reference for one in both]
        self.post += [one for one in both for _ in range(self.draw.choice([0, 1, 1, 1, 1, 2]))]

    def deliver_message(self) -> None:
        if self.post:
            one = self.post.pop(self.draw.randrange(len(self.post)))
            self.world.depository.instruct(one, self.today)

    def fund(self) -> None:
        """Often more, sometimes everything is taken away."""
        participant, asset = self.draw.choice(PARTICIPANTS), self.draw.choice(ASSETS)
        amount = self.draw.choice([self.draw.randint(1, 120), -self.world.held(participant, asset)])
        if amount and self.world.fund(participant, asset, amount) is TransferResult.DONE:
            self.funded[participant, asset] += amount

    def command(self) -> None:
        if self.references:
            depository = self.world.depository
            command = self.draw.choice([depository.hold, depository.release, depository.release, depository.cancel])
            command(self.draw.choice(self.references))

    def cycle(self) -> None:
        done = self.world.settle(self.draw.choice(list(Netting)), today=self.today)
        self.settled += len(done)
        self.parts += any(pair.status is Status.IN_PROGRESS for pair in done)

    def night(self) -> None:
        failing = self.world.depository.end_day(self.today)
        charged = [penalty_of(one) for one in failed_days(failing, self.today, REFERENCE)]
        self.penalties += charged
        self.today += 1

    def crash(self) -> None:
        """What a snapshot holds is all there is."""
        kept = (self.world.ledger, self.world.depository)
        documents = Encoder().encode(kept)
        self.world.ledger, self.world.depository = Decoder().decode(documents)

    def check(self) -> None:
        expected = dict(self.funded)
        for pair in self.world.depository.pairs():
            deliver = pair.deliver
            # No delivery is one-legged: cash goes with securities in proportion, both ways, at every instant.
            assert 0 <= pair.settled_minor <= deliver.quantity_minor
            assert pair.settled_cash_minor == deliver.cash_minor * pair.settled_minor // deliver.quantity_minor
            assert (pair.status is Status.SETTLED) == (pair.left_minor == 0)
            assert pair.status is not Status.CANCELLED or not pair.settled_minor
            expected[deliver.participant, deliver.security] -= pair.settled_minor
            expected[deliver.counterparty, deliver.security] += pair.settled_minor
            if deliver.cash_minor:
                expected[deliver.participant, deliver.cash_asset] += pair.settled_cash_minor
                expected[deliver.counterparty, deliver.cash_asset] -= pair.settled_cash_minor
        assert self.world.holdings() == expected
        assert min(expected.values()) >= 0
        for asset in ASSETS:
            assert self.world.ledger.totals(asset).posted_minor == 0
            assert self.world.ledger.balance(self.world.clearing[asset]).posted_minor == 0


def run(seed: int) -> Interleaving:
    one = Interleaving(seed)
    for _ in range(STEPS):
        one.step()
        if one.draw.random() < (0.002 if CAMPAIGN else 0.02):
            one.crash()
    assert sum(net_amounts(one.penalties).values()) == 0
    return one


@pytest.mark.parametrize("block", seeds(1, 10))
def test_random_interleavings_leave_no_one_legged_delivery(block):
    count = len(seeds(120, 10_000))
    settled = parts = penalties = 0
    for seed in range((block - 1) * count + 1, block * count + 1):
        try:
            one = run(seed)
        except AssertionError as error:
            raise AssertionError(f"interleaving {seed}: {error}") from error
        settled, parts, penalties = settled + one.settled, parts + one.parts, penalties + len(one.penalties)
    assert settled > count // 2
    assert penalties > count // 2
    assert parts


def test_a_planted_one_legged_delivery_is_found(monkeypatch):
    honest = Depository._move

    def cash_is_forgotten(self, amounts, now):
        honest(self, amounts[:1], now)

    monkeypatch.setattr(Depository, "_move", cash_is_forgotten)
    with pytest.raises(AssertionError):
        list(map(run, range(1, 60)))
