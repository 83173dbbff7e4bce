from hypothesis import given, settings
from hypothesis import strategies as st

from trading_ecosystem.domains.custodian.ledger import OUTSIDE, Ledger, LedgerResult, Transfer
from trading_ecosystem.domains.custodian.recollection import Recollection


def funded(amount=100):
    ledger = Ledger()
    free = ledger.account("fund", "USD")
    assert ledger.post(Transfer(ledger.account(OUTSIDE, "USD"), free, amount)) is LedgerResult.DONE
    return ledger, free


def test_a_ledger_alone_in_a_few_lines():
    ledger, free = funded()
    pledged = ledger.account("fund", "USD", "exchange-alpha")
    assert ledger.post(Transfer(free, pledged, 60)) is LedgerResult.DONE
    assert ledger.post(Transfer(free, pledged, 60)) is LedgerResult.INSUFFICIENT
    assert (free.posted, pledged.posted, ledger.account(OUTSIDE, "USD").posted) == (40, 60, -100)
    assert (ledger.total("USD"), ledger.held("USD")) == (0, 100)
    assert ledger.account("fund", "USD") is free
    assert [(one.owner, one.place) for one in ledger.accounts()] == [("", ""), ("fund", ""), ("fund", "exchange-alpha")]
    assert ledger.accounts_at("exchange-alpha") == [pledged]


def test_refusals_change_nothing():
    ledger, free = funded()
    other, bitcoin = ledger.account("other", "USD"), ledger.account("fund", "BTC")
    assert ledger.post(Transfer(free, other, 0)) is LedgerResult.INVALID_AMOUNT
    assert ledger.post(Transfer(free, other, -1)) is LedgerResult.INVALID_AMOUNT
    assert ledger.post(Transfer(free, free, 1)) is LedgerResult.SAME_ACCOUNT
    assert ledger.post(Transfer(free, bitcoin, 1)) is LedgerResult.DIFFERENT_ASSETS
    assert ledger.reserve(1, Transfer(free, other, 101)) is LedgerResult.INSUFFICIENT
    assert (free.posted, free.available, other.posted, bitcoin.posted) == (100, 100, 0, 0)


def test_linked_transfers_are_posted_all_or_none():
    ledger, free = funded()
    a, b = ledger.account("a", "USD"), ledger.account("b", "USD")
    assert ledger.post(Transfer(free, a, 70), Transfer(a, b, 50), Transfer(free, b, 31)) is LedgerResult.INSUFFICIENT
    assert (free.posted, a.posted, b.posted) == (100, 0, 0)
    assert ledger.post(Transfer(free, a, 70), Transfer(a, b, 50), Transfer(free, b, 30)) is LedgerResult.DONE
    assert (free.posted, a.posted, b.posted) == (0, 20, 80)
    assert ledger.reserve(9, Transfer(b, a, 80), Transfer(a, b, 21)) is LedgerResult.INSUFFICIENT
    assert (b.pending_debits, a.pending_credits, b.available) == (0, 0, 80)


def test_a_pending_group_holds_back_and_is_resolved_at_most_once():
    ledger, free = funded()
    outside = ledger.account(OUTSIDE, "USD")
    assert ledger.reserve(1, Transfer(free, outside, 70)) is LedgerResult.DONE
    assert (free.posted, free.available, outside.posted, outside.pending_credits) == (100, 30, -100, 70)
    assert ledger.post(Transfer(free, outside, 31)) is LedgerResult.INSUFFICIENT
    assert ledger.reserve(1, Transfer(free, outside, 1)) is LedgerResult.NUMBER_IN_USE
    assert ledger.reserve(2, Transfer(free, outside, 30)) is LedgerResult.DONE
    assert ledger.post_pending(1) is LedgerResult.DONE
    assert (free.posted, free.available, outside.posted, outside.pending_credits) == (30, 0, -30, 30)
    assert ledger.void_pending(2) is LedgerResult.DONE
    assert (free.posted, free.available) == (30, 30)
    assert [ledger.post_pending(1), ledger.void_pending(1)] == [LedgerResult.ALREADY_POSTED] * 2
    assert [ledger.post_pending(2), ledger.void_pending(2)] == [LedgerResult.ALREADY_VOIDED] * 2
    assert [ledger.post_pending(3), ledger.void_pending(3)] == [LedgerResult.UNKNOWN_NUMBER] * 2
    assert ledger.reserve(1, Transfer(free, outside, 1)) is LedgerResult.NUMBER_IN_USE


def test_a_recollection_forgets_the_oldest():
    seen = Recollection(2)
    for key in ("a", "b", "a", "c"):
        seen.add(key)
    assert ["a" in seen, "b" in seen, "c" in seen] == [False, True, True]


amounts = st.integers(-5, 60)
places = st.sampled_from(["", "alpha", "beta"])
owners = st.sampled_from([OUTSIDE, "a", "b"])
legs = st.lists(st.tuples(owners, places, owners, places, amounts), min_size=1, max_size=4)
steps = st.lists(
    st.tuples(st.sampled_from(["post", "reserve", "post_pending", "void_pending"]), st.integers(0, 5), legs), max_size=25
)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(steps)
def test_every_history_adds_up_to_zero_and_no_customer_is_negative(history):
    ledger = Ledger()
    outside = ledger.account(OUTSIDE, "USD")
    assert ledger.post(Transfer(outside, ledger.account("a", "USD"), 100)) is LedgerResult.DONE
    for action, number, group in history:
        accounts = ledger.accounts()
        before = [(one.posted, one.pending_debits, one.pending_credits) for one in accounts]
        transfers = [
            Transfer(
                ledger.account(debit, "USD", debit_place if debit else ""),
                ledger.account(credit, "USD", credit_place if credit else ""),
                amount,
            )
            for debit, debit_place, credit, credit_place, amount in group
        ]
        if action == "post":
            result = ledger.post(*transfers)
        elif action == "reserve":
            result = ledger.reserve(number, *transfers)
        else:
            result = getattr(ledger, action)(number)
        if result is not LedgerResult.DONE:
            assert before == [(one.posted, one.pending_debits, one.pending_credits) for one in accounts]
        assert ledger.total("USD") == 0
        assert ledger.held("USD") == -outside.posted
        for one in ledger.accounts():
            assert one.pending_debits >= 0
            assert one.pending_credits >= 0
            if one.owner != OUTSIDE:
                assert one.available >= 0
