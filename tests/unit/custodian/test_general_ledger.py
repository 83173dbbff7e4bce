"""The general ledger by example: each reason is given, and only for what it says."""

import json

import pytest

from trading_ecosystem.domains.custodian.general_ledger.accounts import AccountTerms, Balance
from trading_ecosystem.domains.custodian.general_ledger.general_ledger import GeneralLedger, Standing
from trading_ecosystem.domains.custodian.general_ledger.transfers import (
    LARGEST_AMOUNT,
    AccountResult,
    AccountRule,
    Phase,
    Transfer,
    TransferResult,
)
from trading_ecosystem.runtime.snapshot import Decoder, Encoder

OUTSIDE, ANNA, BERT, BITCOIN, LOAN = 1, 2, 3, 4, 5
R = TransferResult


def ledger_with(amount: int = 100, remembered: int | None = None) -> GeneralLedger:
    ledger = GeneralLedger(remembered)
    opened = ledger.open(
        AccountTerms(OUTSIDE, "USD", AccountRule.UNBOUNDED),
        AccountTerms(ANNA, "USD", owner="anna"),
        AccountTerms(BERT, "USD", owner="bert"),
        AccountTerms(BITCOIN, "BTC"),
        AccountTerms(LOAN, "USD", AccountRule.CREDITS_WITHIN_DEBITS),
        now=1,
    )
    assert opened == (AccountResult.DONE,) * 5
    if amount:
        assert ledger.transfer(Transfer(1, OUTSIDE, ANNA, amount), now=10) == (R.DONE,)
    return ledger


def posted(ledger: GeneralLedger, number: int) -> int:
    balance = ledger.balance(number)
    assert balance is not None
    return balance.posted_minor


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        (AccountTerms(0, "USD"), AccountResult.NUMBER_NOT_POSITIVE),
        (AccountTerms(9, ""), AccountResult.ASSET_MISSING),
        (AccountTerms(ANNA, "BTC", owner="anna"), AccountResult.EXISTS_WITH_DIFFERENT_ASSET),
        (AccountTerms(ANNA, "USD", AccountRule.UNBOUNDED, "anna"), AccountResult.EXISTS_WITH_DIFFERENT_RULE),
        (AccountTerms(ANNA, "USD", owner="bert"), AccountResult.EXISTS_WITH_DIFFERENT_OWNER),
        (AccountTerms(ANNA, "USD", owner="anna", place="alpha"), AccountResult.EXISTS_WITH_DIFFERENT_PLACE),
        (AccountTerms(ANNA, "USD", owner="anna"), AccountResult.EXISTS),
    ],
)
def test_opening_an_account_again(terms, expected):
    ledger = ledger_with()
    assert ledger.open(terms, now=20) == (expected,)
    assert len(ledger.accounts()) == 5
    assert posted(ledger, ANNA) == 100


PENDING = Transfer(2, ANNA, BERT, 60, phase=Phase.PENDING, expires_after_ns=50)


@pytest.mark.parametrize(
    ("transfer", "expected"),
    [
        (Transfer(0, ANNA, BERT, 1), R.NUMBER_NOT_POSITIVE),
        (Transfer(2, ANNA, BERT, 60), R.EXISTS_WITH_DIFFERENT_PHASE),
        (Transfer(2, BERT, BERT, 60, phase=Phase.PENDING, expires_after_ns=50), R.EXISTS_WITH_DIFFERENT_DEBIT),
        (Transfer(2, ANNA, OUTSIDE, 60, phase=Phase.PENDING, expires_after_ns=50), R.EXISTS_WITH_DIFFERENT_CREDIT),
        (Transfer(2, ANNA, BERT, 61, phase=Phase.PENDING, expires_after_ns=50), R.EXISTS_WITH_DIFFERENT_AMOUNT),
        (Transfer(2, ANNA, BERT, 60, Phase.PENDING, 7, 50), R.EXISTS_WITH_DIFFERENT_PENDING),
        (Transfer(2, ANNA, BERT, 60, Phase.PENDING, 0, 51), R.EXISTS_WITH_DIFFERENT_EXPIRY),
        (Transfer(2, ANNA, BERT, 60, Phase.PENDING, 0, 50, False, 1), R.EXISTS_WITH_DIFFERENT_REVERSED),
        (Transfer(2, ANNA, BERT, 60, Phase.PENDING, 0, 50, False, 0, 5), R.EXISTS_WITH_DIFFERENT_EFFECT),
        (Transfer(2, ANNA, BERT, 60, Phase.PENDING, 0, 50, purpose="x"), R.EXISTS_WITH_DIFFERENT_PURPOSE),
        (PENDING, R.EXISTS),
        (Transfer(3, ANNA, BERT, 0), R.AMOUNT_NOT_POSITIVE),
        (Transfer(3, ANNA, BERT, -1), R.AMOUNT_NOT_POSITIVE),
        (Transfer(3, ANNA, BERT, 0, phase=Phase.PENDING), R.AMOUNT_NOT_POSITIVE),
        (Transfer(3, ANNA, BERT, -1, Phase.POST, 2), R.AMOUNT_NOT_POSITIVE),
        (Transfer(3, ANNA, BERT, LARGEST_AMOUNT + 1), R.AMOUNT_TOO_LARGE),
        (Transfer(3, ANNA, BERT, 1, expires_after_ns=5), R.EXPIRY_NOT_PENDING),
        (Transfer(3, ANNA, BERT, 1, Phase.PENDING, expires_after_ns=-5), R.EXPIRY_NOT_PENDING),
        (Transfer(3, ANNA, BERT, 1, Phase.POST), R.PENDING_MISSING),
        (Transfer(3, ANNA, BERT, 1, pending=2), R.PENDING_UNEXPECTED),
        (Transfer(3, ANNA, BERT, 1, Phase.PENDING, reverses=1), R.REVERSAL_NOT_SINGLE),
        (Transfer(3, ANNA, BERT, 1, effective_at=21), R.EFFECT_NOT_PAST),
        (Transfer(3, ANNA, BERT, 1, effective_at=-1), R.EFFECT_NOT_PAST),
        (Transfer(3, ANNA, BERT, 1, Phase.PENDING, effective_at=15), R.EFFECT_NOT_PAST),
        (Transfer(3, 0, 0, 0, Phase.POST, 77), R.PENDING_UNKNOWN),
        (Transfer(3, 0, 0, 0, Phase.POST, 1), R.PENDING_NOT_PENDING),
        (Transfer(3, BERT, 0, 0, Phase.POST, 2), R.PENDING_HAS_DIFFERENT_DEBIT),
        (Transfer(3, 0, ANNA, 0, Phase.POST, 2), R.PENDING_HAS_DIFFERENT_CREDIT),
        (Transfer(3, 0, 0, 59, Phase.VOID, 2), R.PENDING_HAS_DIFFERENT_AMOUNT),
        (Transfer(3, 0, 0, 61, Phase.POST, 2), R.EXCEEDS_PENDING),
        (Transfer(3, 99, BERT, 1), R.DEBIT_UNKNOWN),
        (Transfer(3, ANNA, 99, 1), R.CREDIT_UNKNOWN),
        (Transfer(3, ANNA, ANNA, 1), R.SAME_ACCOUNT),
        (Transfer(3, ANNA, BITCOIN, 1), R.DIFFERENT_ASSETS),
        (Transfer(3, ANNA, OUTSIDE, 1, reverses=77), R.REVERSED_UNKNOWN),
        (Transfer(3, ANNA, OUTSIDE, 1, reverses=2), R.REVERSED_NOT_POSTED),
        (Transfer(3, OUTSIDE, ANNA, 1, reverses=1), R.REVERSED_NOT_OPPOSITE),
        (Transfer(3, ANNA, OUTSIDE, 101, reverses=1), R.EXCEEDS_REVERSED),
        (Transfer(3, ANNA, BERT, 41), R.EXCEEDS_CREDITS),
        (Transfer(3, OUTSIDE, LOAN, 1), R.EXCEEDS_DEBITS),
        (Transfer(3, OUTSIDE, BERT, LARGEST_AMOUNT), R.SUM_TOO_LARGE),
        (Transfer(3, ANNA, BERT, 40), R.DONE),
    ],
)
def test_every_reason_and_that_a_no_changes_nothing(transfer, expected):
    ledger = ledger_with()
    assert ledger.transfer(PENDING, now=20) == (R.DONE,)
    before = json.dumps(Encoder().encode(ledger))
    assert ledger.transfer(transfer, now=20) == (expected,)
    assert (json.dumps(Encoder().encode(ledger)) == before) is (expected is not R.DONE)


def test_every_reason_of_the_enum_is_given_somewhere():
    """By the cases above, or by a test of their own below."""
    marked = {case[1] for case in test_every_reason_and_that_a_no_changes_nothing.pytestmark[0].args[1]}
    below = {R.CHAIN_OPEN, R.CHAIN_FAILED, R.EXISTS_WITH_DIFFERENT_CHAIN, R.NUMBER_FORGOTTEN}
    below |= {R.PENDING_ALREADY_POSTED, R.PENDING_ALREADY_VOIDED, R.PENDING_EXPIRED}
    assert marked | below == set(R)
    assert not marked & below


def test_pending_is_held_back_and_posts_at_most_once():
    ledger = ledger_with()
    ledger.transfer(PENDING, now=20)
    assert ledger.balance(ANNA) == Balance(0, 100, 60, 0)
    assert ledger.balance(BERT) == Balance(0, 0, 0, 60)
    assert ledger.transfer(Transfer(3, 0, 0, 25, Phase.POST, 2), now=30) == (R.DONE,)
    assert ledger.balance(ANNA) == Balance(25, 100, 0, 0)
    assert ledger.balance(BERT) == Balance(0, 25, 0, 0)
    assert ledger.transfer(Transfer(4, 0, 0, 0, Phase.POST, 2), now=30) == (R.PENDING_ALREADY_POSTED,)
    assert ledger.transfer(Transfer(4, 0, 0, 0, Phase.VOID, 2), now=30) == (R.PENDING_ALREADY_POSTED,)
    assert ledger.transfer(Transfer(3, 0, 0, 25, Phase.POST, 2), now=30) == (R.EXISTS,)
    assert ledger.expire(1_000) == ()


def test_a_voided_one_is_given_back():
    ledger = ledger_with()
    ledger.transfer(PENDING, Transfer(3, 0, 0, 60, Phase.VOID, 2), now=20)
    assert ledger.balance(ANNA) == Balance(0, 100, 0, 0)
    assert ledger.transfer(Transfer(4, 0, 0, 0, Phase.POST, 2), now=20) == (R.PENDING_ALREADY_VOIDED,)


def test_it_expires_at_its_own_instant_however_late_that_is_noticed():
    ledger = ledger_with()
    ledger.transfer(PENDING, now=20)
    assert ledger.next_expiry() == 70
    assert ledger.transfer(Transfer(3, ANNA, BERT, 100), now=70) == (R.DONE,)
    assert ledger.transfer(Transfer(4, 0, 0, 0, Phase.POST, 2), now=90) == (R.PENDING_EXPIRED,)
    assert ledger.next_expiry() is None
    assert ledger.recorded(2).standing is Standing.EXPIRED
    at = [ledger.balance(ANNA, at=instant).debits_pending for instant in (19, 20, 69, 70, 90)]
    assert at == [0, 60, 60, 0, 0]


def test_a_chain_is_done_whole_or_not_at_all_and_again_without_effect():
    ledger = ledger_with()
    legs = (Transfer(2, ANNA, BERT, 70, linked=True), Transfer(3, BERT, OUTSIDE, 71, linked=True), Transfer(4, ANNA, BERT, 1))
    assert ledger.transfer(*legs, now=20) == (R.CHAIN_FAILED, R.EXCEEDS_CREDITS, R.CHAIN_FAILED)
    assert posted(ledger, ANNA) == 100
    good = (legs[0], Transfer(3, BERT, OUTSIDE, 70, linked=True), legs[2])
    assert ledger.transfer(*good, now=20) == (R.DONE, R.DONE, R.DONE)
    assert ledger.transfer(*good, now=21) == (R.EXISTS, R.EXISTS, R.EXISTS)
    assert (posted(ledger, ANNA), posted(ledger, BERT)) == (29, 1)
    assert ledger.transfer(Transfer(2, ANNA, BERT, 70), now=22) == (R.EXISTS_WITH_DIFFERENT_CHAIN,)
    assert ledger.transfer(Transfer(8, ANNA, BERT, 1, linked=True), now=22) == (R.CHAIN_OPEN,)
    ragged = (Transfer(8, ANNA, BERT, 1), Transfer(9, ANNA, BERT, 1, linked=True), Transfer(10, ANNA, BERT, 1, linked=True))
    assert ledger.transfer(*ragged, now=22) == (R.DONE, R.CHAIN_FAILED, R.CHAIN_OPEN)


def test_a_failed_chain_gives_back_what_it_posted_voided_and_reversed():
    ledger = ledger_with()
    ledger.transfer(PENDING, now=20)
    before = json.dumps(Encoder().encode(ledger))
    chain = (
        Transfer(3, 0, 0, 30, Phase.POST, 2, linked=True, effective_at=15),
        Transfer(4, BERT, ANNA, 10, linked=True, reverses=3),
        Transfer(5, ANNA, OUTSIDE, 5, linked=True, reverses=1, effective_at=12),
        Transfer(6, ANNA, BERT, 5, Phase.PENDING, linked=True),
        Transfer(7, 0, 0, 0, Phase.VOID, 6, linked=True),
        Transfer(8, ANNA, BERT, 1_000),
    )
    assert ledger.transfer(*chain, now=20)[-1] is R.EXCEEDS_CREDITS
    assert json.dumps(Encoder().encode(ledger)) == before


def test_a_number_of_a_failed_chain_keeps_no_expiry():
    ledger = ledger_with()
    ledger.transfer(Transfer(2, ANNA, BERT, 1, Phase.PENDING, 0, 5, True), Transfer(3, ANNA, BERT, 500), now=20)
    ledger.transfer(Transfer(2, ANNA, BERT, 1, Phase.PENDING, 0, 50), now=20)
    assert ledger.expire(69) == ()
    assert ledger.expire(70) == (2,)


def test_a_correction_is_an_entry_of_its_own_with_two_times():
    ledger = ledger_with()
    ledger.transfer(Transfer(2, ANNA, BERT, 30), now=20)
    fix = (Transfer(3, BERT, ANNA, 30, linked=True, reverses=2, effective_at=20), Transfer(4, ANNA, BERT, 3, effective_at=20))
    assert ledger.transfer(*fix, now=40) == (R.DONE, R.DONE)
    assert ledger.recorded(2).reversed_minor == 30
    assert ledger.transfer(Transfer(5, BERT, ANNA, 1, reverses=2), now=40) == (R.EXCEEDS_REVERSED,)
    assert ledger.balance(BERT, at=30, known_at=39).posted_minor == 30
    assert ledger.balance(BERT, at=30, known_at=40).posted_minor == 3
    assert ledger.balance(BERT, at=30).posted_minor == 3
    assert ledger.balance(BERT, at=19).posted_minor == 0
    assert ledger.balance(BERT, at=1_000, known_at=30).posted_minor == 30
    assert [(line.recorded_at, line.effective_at, line.transfer, line.balance.posted_minor) for line in ledger.lines(BERT)] == [
        (20, 20, 2, 30),
        (40, 20, 3, 0),
        (40, 20, 4, 3),
    ]
    assert [line.transfer for line in ledger.lines(BERT, after=20, until=40)] == [3, 4]
    assert ledger.balance(99) is None
    assert ledger.lines(99) == ()


def test_what_is_old_is_forgotten_and_never_done_twice():
    ledger = ledger_with(remembered=5)
    ledger.transfer(Transfer(2, ANNA, BERT, 7, Phase.PENDING), now=11)
    for number in range(3, 12):
        assert ledger.transfer(Transfer(number, ANNA, BERT, 1), now=10 * number) == (R.DONE,)
    assert ledger.transfer(Transfer(3, ANNA, BERT, 1), now=200) == (R.NUMBER_FORGOTTEN,)
    assert ledger.transfer(Transfer(11, ANNA, BERT, 1), now=200) == (R.EXISTS,)
    assert ledger.transfer(Transfer(12, 0, 0, 0, Phase.POST, 2), now=200) == (R.DONE,)
    assert ledger.balance(BERT, at=59) is None
    assert [ledger.balance(BERT, at=at).posted_minor for at in (60, 70, 110, 200)] == [4, 5, 9, 16]
    assert [line.recorded_at for line in ledger.lines(BERT)] == [70, 80, 90, 100, 110, 200]


def test_a_clock_that_goes_back_is_a_bug():
    ledger = ledger_with()
    with pytest.raises(AssertionError, match="clock goes back from 10 to 9"):
        ledger.transfer(now=9)


def test_a_snapshot_goes_on_as_the_original_does():
    ledger = ledger_with()
    ledger.transfer(PENDING, Transfer(3, ANNA, BERT, 5, effective_at=15), now=20)
    document = json.dumps(Encoder().encode(ledger))
    other = Decoder().decode(json.loads(document))
    for one in (ledger, other):
        one.transfer(Transfer(4, 0, 0, 10, Phase.POST, 2, effective_at=20), Transfer(5, BERT, ANNA, 5, reverses=3), now=60)
    assert json.dumps(Encoder().encode(other)) == json.dumps(Encoder().encode(ledger)) != document
