"""Random histories of the general ledger, held against a plain one that adds everything up anew each time."""

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from tests.campaign import CAMPAIGN
from tests.unit.custodian.plain_ledger import PlainLedger

from trading_ecosystem.domains.custodian.general_ledger.accounts import AccountTerms
from trading_ecosystem.domains.custodian.general_ledger.general_ledger import GeneralLedger
from trading_ecosystem.domains.custodian.general_ledger.transfers import AccountRule, Phase, Transfer, TransferResult

TERMS = [
    AccountTerms(1, "USD", AccountRule.UNBOUNDED),
    AccountTerms(2, "USD"),
    AccountTerms(3, "USD"),
    AccountTerms(4, "USD", AccountRule.CREDITS_WITHIN_DEBITS),
    AccountTerms(5, "BTC", AccountRule.UNBOUNDED),
    AccountTerms(6, "BTC"),
]
ACCOUNTS = st.sampled_from([1, 1, 2, 2, 3, 4, 5, 6, 7])
AMOUNTS = st.integers(0, 30)


class Histories(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.ledger = GeneralLedger()
        self.plain = PlainLedger(TERMS)
        self.now = 1
        self.ledger.open(*TERMS, now=self.now)
        self.last = 0
        self.steps = 0

    def number(self) -> int:
        self.last += 1
        return self.last

    def offer(self, chain: list[Transfer]) -> None:
        known = [one.number in self.plain.done and self.plain.done[one.number] == one for one in chain]
        results = self.ledger.transfer(*chain, now=self.now)
        assert len(results) == len(chain)
        done = self.plain.do(chain, self.now)
        assert all(one is TransferResult.DONE for one in results) == done
        if all(known):
            assert set(results) == {TransferResult.EXISTS}
        elif not done:
            reasons = [one for one in results if one is not TransferResult.CHAIN_FAILED]
            assert len(reasons) == 1
            assert reasons[0] is not TransferResult.DONE

    @rule(ns=st.integers(1, 20))
    def wait(self, ns):
        self.now += ns
        self.ledger.expire(self.now)
        self.plain.expire(self.now)

    @rule(debit=ACCOUNTS, credit=ACCOUNTS, amount=AMOUNTS, back=st.integers(0, 30) | st.just(0))
    def single(self, debit, credit, amount, back):
        effective_at = max(1, self.now - back) if back else 0
        self.offer([Transfer(self.number(), debit, credit, amount, effective_at=effective_at)])

    @rule(debit=ACCOUNTS, credit=ACCOUNTS, amount=AMOUNTS, expires=st.sampled_from([0, 0, 3, 10, 40]))
    def pend(self, debit, credit, amount, expires):
        self.offer([Transfer(self.number(), debit, credit, amount, Phase.PENDING, expires_after_ns=expires)])

    @rule(data=st.data(), phase=st.sampled_from([Phase.POST, Phase.VOID]), amount=st.sampled_from([0, 0, 1, 5, 40]))
    def resolve(self, data, phase, amount):
        pending = data.draw(st.integers(1, max(1, self.last)))
        self.offer([Transfer(self.number(), 0, 0, amount, phase, pending)])

    @rule(data=st.data(), amount=st.integers(1, 12))
    def reverse(self, data, amount):
        first = data.draw(st.integers(1, max(1, self.last)))
        debit, credit, _ = self.plain.pairs.get(first, (2, 3, 0))
        self.offer([Transfer(self.number(), credit, debit, amount, reverses=first)])

    @rule(data=st.data(), amounts=st.lists(st.integers(1, 15), min_size=2, max_size=4))
    def chain(self, data, amounts):
        links = []
        for index, amount in enumerate(amounts):
            phase = data.draw(st.sampled_from([Phase.SINGLE, Phase.SINGLE, Phase.PENDING, Phase.POST]))
            pending = data.draw(st.integers(1, self.last + 1)) if phase is Phase.POST else 0
            debit, credit = (0, 0) if pending else (data.draw(ACCOUNTS), data.draw(ACCOUNTS))
            linked = index < len(amounts) - 1
            links.append(Transfer(self.number(), debit, credit, amount, phase, pending, linked=linked))
        self.offer(links)

    @rule(data=st.data())
    def again(self, data):
        transfer = self.plain.done.get(data.draw(st.integers(1, max(1, self.last))))
        if transfer is not None and not transfer.linked:
            self.offer([transfer])

    @invariant()
    def the_sums_agree_and_balance(self):
        for terms in TERMS:
            assert self.ledger.balance(terms.number) == self.plain.balance(terms.number, self.now, self.now)
        for asset in ("USD", "BTC"):
            totals = self.ledger.totals(asset)
            assert totals.posted_minor == 0
            assert totals.debits_pending == totals.credits_pending >= 0
        for number in (2, 3, 6):
            assert self.ledger.balance(number).available_minor >= 0

    @invariant()
    def the_past_is_known_as_it_was(self):
        self.steps += 1
        at, known_at = self.steps * 7 % (self.now + 1), self.steps * 13 % (self.now + 1)
        for terms in TERMS[:4]:
            balance = self.ledger.balance(terms.number, at=at, known_at=known_at)
            assert balance == self.plain.balance(terms.number, at, known_at)


TestHistories = Histories.TestCase
TestHistories.settings = settings(
    max_examples=2_000 if CAMPAIGN else 40,
    stateful_step_count=60 if CAMPAIGN else 30,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
