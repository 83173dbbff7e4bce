"""Any order of trades, transfers, faults and lost or repeated deliveries conserves assets and leaves no one-legged delivery."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from tests.unit.custodian.small_world import CYCLE, FEES, HOUSE, SmallWorld

from trading_ecosystem.domains.audit.conservation import ConservationCheck
from trading_ecosystem.domains.custodian.ledger import OUTSIDE
from trading_ecosystem.messages.custodian import (
    CustodianConditionKind,
    CustodianConditionSet,
    SettlementInstructed,
    SettlementSettled,
    TradeSettled,
    TransferMethod,
    UnsettledQuestion,
)
from trading_ecosystem.messages.exchange import TradeMatched
from trading_ecosystem.messages.test_coordination import ConditionEnded, ConditionTookEffect
from trading_ecosystem.messages.units import HOUR, MINUTE, SECOND

ACCOUNTS = ("fund/a", "fund/b", HOUSE)


class Interleavings(RuleBasedStateMachine):
    @initialize()
    def begin(self):
        self.world = SmallWorld()
        self.world.fund(usd=10**12, btc=10**6)
        self.check = ConservationCheck()
        self.read = 0
        self.conditions = 0

    @rule(pair=st.permutations(ACCOUNTS), lots=st.integers(1, 3_000), cycle=st.integers(0, 15 * 60))
    def trade(self, pair, lots, cycle):
        buyer, seller, _ = pair
        venue = self.world.venue
        quote = lots * 5_000_000
        if venue.claims[seller, "BTC"] >= lots * 100 and venue.claims[buyer, "USD"] >= quote + quote // 1000:
            self.world.trade(buyer, seller, lots, cycle=cycle * SECOND)

    @rule(seconds=st.sampled_from([1, 59, 60, 300, 600, 3_600, 90_000]))
    def wait(self, seconds):
        self.world.run_until(self.world.now + seconds * SECOND)

    @rule(account=st.sampled_from(ACCOUNTS), asset=st.sampled_from(["USD", "BTC"]), method=st.sampled_from(TransferMethod))
    def deposit(self, account, asset, method):
        self.world.deposit(account, asset, 1_000, method)

    @rule(account=st.sampled_from(ACCOUNTS), amount=st.integers(1, 2_000), method=st.sampled_from(TransferMethod))
    def withdraw(self, account, amount, method):
        self.world.withdraw(account, "USD", amount, method)

    @rule(account=st.sampled_from(ACCOUNTS), asset=st.sampled_from(["USD", "BTC"]), amount=st.integers(1, 1_500))
    def pledge(self, account, asset, amount):
        self.world.pledge(account, asset, amount)

    @rule(account=st.sampled_from(ACCOUNTS), asset=st.sampled_from(["USD", "BTC"]), share=st.integers(1, 4))
    def release(self, account, asset, share):
        amount = self.world.venue.claims[account, asset] // share
        if amount:
            self.world.venue_says(self.world.venue.release(account, asset, amount))

    @rule(kind=st.sampled_from(CustodianConditionKind), minutes=st.integers(1, 40), delay=st.integers(1, 90))
    def misbehave(self, kind, minutes, delay):
        self.conditions += 1
        until = self.world.now + minutes * MINUTE
        fields = {"delay_ns": delay * MINUTE, "probability_ppm": 400_000, "share_ppm": 300_000, "magnitude_ppm": 100_000}
        self.world.give(CustodianConditionSet("custodian", f"c{self.conditions}", kind, until, **fields))

    @rule(number=st.integers(1, 5))
    def clear(self, number):
        self.world.clear(f"c{number}")

    @rule(lose=st.booleans())
    def break_link(self, lose):
        if lose:
            self.world.lose_next = 1
        else:
            self.world.repeat_next = 1

    @invariant()
    def the_record_conserves(self):
        for entry in self.world.entries[self.read :]:
            assert self.check.ingest(entry) == []
        self.read = len(self.world.entries)

    @invariant()
    def the_ledger_conserves(self):
        ledger = self.world.custodian.ledger
        for asset in ("USD", "BTC"):
            assert ledger.total(asset) == 0
        for account in ledger.accounts():
            assert account.owner == OUTSIDE or account.available >= 0

    @invariant()
    def no_delivery_has_one_leg(self):
        said = [entry.message for entry in self.world.entries]
        sides = [(one.trade_id, one.account) for one in said if isinstance(one, SettlementSettled)]
        settled = [one.trade_id for one in said if isinstance(one, TradeSettled)]
        assert len(set(sides)) == len(sides)
        assert sorted(sides) == sorted(
            (one.trade_id, account)
            for one in said
            if isinstance(one, TradeMatched) and one.trade_id in set(settled)
            for account in (one.buyer, one.seller)
        )
        instructed = {one.trade_id for one in said if isinstance(one, SettlementInstructed)}
        waiting = {one.trade_id for one in self.world.custodian.answer(UnsettledQuestion())}
        assert waiting == instructed - set(settled)

    def teardown(self):
        """Once faults are over and assets suffice, everything settles, and every condition that took effect has ended."""
        world = self.world
        world.lose_next = world.repeat_next = 0
        for number in range(1, self.conditions + 1):
            world.clear(f"c{number}")
        for account in (*ACCOUNTS, FEES):
            for asset in ("USD", "BTC"):
                world.deposit(account, asset, 10**14)
                world.pledge(account, asset, 10**14)
        world.run_until(world.now + CYCLE + HOUR)
        assert world.custodian.answer(UnsettledQuestion()) == ()
        self.the_record_conserves()
        assert self.check.finish() == []
        said = [entry.message for entry in world.entries]
        begun = [one.condition_id for one in said if isinstance(one, ConditionTookEffect)]
        ended = [one.condition_id for one in said if isinstance(one, ConditionEnded)]
        assert len(begun) == len(set(begun))
        assert sorted(ended) == sorted(f"c{number}" for number in range(1, self.conditions + 1))


TestInterleavings = Interleavings.TestCase
TestInterleavings.settings = settings(max_examples=25, stateful_step_count=25, deadline=None, derandomize=True)
