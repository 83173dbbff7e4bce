"""Partial settlement, holidays, false instructions, slow and refused transfers, old statements: exactly, and with both legs."""

import pytest
from tests.unit.custodian.small_world import CYCLE, HOUSE, START, VENUE, SmallWorld
from tests.unit.custodian.test_custodian_conditions import ended, said_of, took_effect

from trading_ecosystem.domains.audit.conservation import ConservationCheck
from trading_ecosystem.messages.custodian import (
    CustodianConditionKind,
    CustodianConditionSet,
    DepositAssets,
    HoldingLine,
    HoldingsStated,
    PledgeAssets,
    SettlementFailed,
    SettlementFailReason,
    SettlementInstructed,
    SettlementPartlySettled,
    SettlementSettled,
    TradeSettled,
    TransferMethod,
    TransferPending,
    TransferPosted,
    TransferRejected,
    TransferRejectReason,
    UnsettledQuestion,
    WithdrawAssets,
)
from trading_ecosystem.messages.trading_phases import MatchCancelled, MatchCorrected
from trading_ecosystem.messages.units import HOUR, MINUTE, PARTS_PER_MILLION

KINDS = CustodianConditionKind


def begin(world, kind, lasting, **fields):
    return world.give(CustodianConditionSet("custodian", "c1", kind, world.now + lasting, **fields))


def of(said, kind):
    return [(at, one) for at, one in said if isinstance(one, kind)]


def conserves(world):
    check = ConservationCheck()
    return [finding for entry in world.entries for finding in check.ingest(entry)] + check.finish() == []


def trading(**condition):
    """Two funded accounts and one trade between them that falls due while the condition stands."""
    world = SmallWorld()
    world.fund()
    if condition:
        begin(world, condition.pop("kind"), condition.pop("lasting"), **condition)
    world.trade("fund/a", "fund/b", 1_000)
    return world


def test_a_part_settles_with_both_legs_and_the_rest_exactly_at_the_end():
    world = trading(kind=KINDS.PARTIAL_SETTLEMENT, lasting=CYCLE + 10 * MINUTE + 7, share_ppm=250_000)
    (whole, _) = world.custodian.answer(UnsettledQuestion())
    said = said_of(world, CYCLE + HOUR)
    parts = of(said, SettlementPartlySettled)
    assert [(at, one.account) for at, one in parts] == [(CYCLE, "fund/a"), (CYCLE, "fund/b")]
    assert {(one.base_minor, one.quote_minor) for _, one in parts} == {(whole.base_minor // 4, whole.quote_minor // 4)}
    assert [one.reason for _, one in of(said, SettlementFailed)] == [SettlementFailReason.PARTIAL] * 2
    settled = of(said, SettlementSettled)
    assert {at for at, _ in settled} == {CYCLE + 10 * MINUTE + 7}
    for (_, part), (_, rest) in zip(parts, settled, strict=True):
        sign = 1 if part.account == "fund/a" else -1
        base = {line.asset: line.pledged_after for line in part.pledged_after}["BTC"]
        left = whole.base_minor - part.base_minor
        assert {line.asset: line.pledged_after for line in rest.pledged_after}["BTC"] == base + sign * left
    assert said.index((CYCLE, took_effect(VENUE))) < said.index(parts[0])
    assert of(said, type(ended()))[-1] == (CYCLE + 10 * MINUTE + 7, ended())
    assert conserves(world)


def test_a_cleared_partial_settlement_settles_the_rest_at_once():
    world = trading(kind=KINDS.PARTIAL_SETTLEMENT, lasting=9 * HOUR, share_ppm=250_000)
    world.run_until(START + CYCLE + 90)
    said = world.clear()
    assert [type(one) for one in said] == [SettlementSettled, SettlementSettled, TradeSettled, type(ended())]
    assert conserves(world)


def test_what_has_no_part_of_that_size_settles_whole_and_no_fault_took_effect():
    world = SmallWorld()
    world.fund()
    begin(world, KINDS.PARTIAL_SETTLEMENT, 9 * HOUR, share_ppm=1)
    world.trade("fund/a", "fund/b", 1)
    said = said_of(world, CYCLE)
    assert len(of(said, TradeSettled)) == 1
    assert not of(said, type(took_effect("")))


def test_who_cannot_pay_a_part_has_no_part_settled():
    world = SmallWorld()
    world.open("fund/a", HOUSE)
    for account, asset in (("fund/a", "BTC"), (HOUSE, "BTC"), (HOUSE, "USD")):
        world.deposit(account, asset, 10**12)
        world.pledge(account, asset, 10**12)
    begin(world, KINDS.PARTIAL_SETTLEMENT, 9 * HOUR, share_ppm=500_000)
    world.trade(HOUSE, "fund/a", 200, cycle=5 * CYCLE)
    world.trade("fund/a", HOUSE, 100)
    said = said_of(world, CYCLE)
    assert {one.reason for _, one in of(said, SettlementFailed)} == {SettlementFailReason.LACK_OF_CASH}
    assert not of(said, SettlementPartlySettled)
    assert not of(said, type(took_effect("")))


def test_a_correction_after_a_part_settles_what_is_left_of_the_corrected_trade():
    world = trading(kind=KINDS.PARTIAL_SETTLEMENT, lasting=CYCLE + HOUR, share_ppm=250_000)
    world.run_until(START + CYCLE)
    (before, _) = world.custodian.answer(UnsettledQuestion())
    ticks, quote = 4_000_000, before.quote_minor * 4 // 5
    corrected = MatchCorrected("custodian", VENUE, "BTC/USD", 1, ticks, quote, before.fee_minor, 0)
    (bought, sold) = [one for one in world.give(corrected) if isinstance(one, SettlementInstructed)]
    assert (bought.base_minor, bought.quote_minor, sold.quote_minor) == (before.base_minor, quote, quote)
    pledged = world.custodian.ledger.account("fund/a", "USD", VENUE).posted
    world.run_until(START + CYCLE + 2 * HOUR)
    assert pledged - world.custodian.ledger.account("fund/a", "USD", VENUE).posted == (
        quote - before.quote_minor // 4 + before.fee_minor
    )


def test_a_bust_after_a_part_cancels_what_is_left():
    world = trading(kind=KINDS.PARTIAL_SETTLEMENT, lasting=CYCLE + HOUR, share_ppm=250_000)
    world.run_until(START + CYCLE)
    world.give(MatchCancelled("custodian", VENUE, "BTC/USD", 1))
    assert world.custodian.answer(UnsettledQuestion()) == ()
    said = said_of(world, CYCLE + 2 * HOUR)
    assert not of(said, SettlementSettled)
    assert of(said, type(ended())) == [(CYCLE + HOUR, ended())]


def test_on_a_holiday_no_dollar_moves_and_other_assets_do():
    world = trading(kind=KINDS.BANK_HOLIDAY, lasting=CYCLE + 3 * MINUTE + 1)
    (waits,) = world.give(DepositAssets("custodian", "fund/a", "d", "USD", 5))[-1:]
    assert isinstance(waits, TransferPending)
    assert waits.posts_at == START + CYCLE + 3 * MINUTE + 1
    assert isinstance(world.give(DepositAssets("custodian", "fund/a", "e", "BTC", 5))[-1], TransferPosted)
    assert isinstance(world.give(PledgeAssets("custodian", "fund/a", "f", VENUE, "BTC", 5))[0], TransferPosted)
    said = said_of(world, CYCLE + HOUR)
    assert {at for at, _ in of(said, SettlementSettled)} == {CYCLE + 3 * MINUTE + 1}
    assert [at for at, one in of(said, TransferPosted) if one.transfer_id == "d"] == [CYCLE + 3 * MINUTE + 1]
    assert conserves(world)


def test_a_holiday_that_is_cleared_lets_everything_go_at_once():
    world = SmallWorld()
    world.open("fund/a")
    begin(world, KINDS.BANK_HOLIDAY, 9 * HOUR)
    world.give(DepositAssets("custodian", "fund/a", "d", "USD", 5))
    world.run_until(START + MINUTE)
    posted, over = world.clear()
    assert isinstance(posted, TransferPosted)
    assert over == ended()


@pytest.mark.parametrize("cleared", [False, True])
def test_a_false_instruction_is_said_again_and_never_settles_before_it_is_due(cleared):
    world = SmallWorld()
    world.fund()
    begin(world, KINDS.INSTRUCTION_MISMATCH, 30, probability_ppm=PARTS_PER_MILLION, magnitude_ppm=-100_000)
    first = [one for one in world.trade("fund/a", "fund/b", 1_000) if isinstance(one, SettlementInstructed)]
    if cleared:
        again = [one for one in world.clear() if isinstance(one, SettlementInstructed)]
    else:
        again = [one for at, one in of(said_of(world, 30), SettlementInstructed) if at == 30]
    assert [one.base_minor * 10 for one in first] == [one.base_minor * 9 for one in again]
    assert {at for at, _ in of(said_of(world, CYCLE + HOUR), SettlementSettled)} == {CYCLE}
    assert conserves(world)


def test_a_false_instruction_fails_when_it_is_due():
    world = trading(
        kind=KINDS.INSTRUCTION_MISMATCH, lasting=CYCLE + 90, probability_ppm=PARTS_PER_MILLION, magnitude_ppm=100_000
    )
    said = said_of(world, CYCLE + HOUR)
    assert {(at, one.reason) for at, one in of(said, SettlementFailed)} == {(CYCLE, SettlementFailReason.MISMATCHED)}
    assert {at for at, _ in of(said, SettlementSettled)} == {CYCLE + 90}
    assert conserves(world)


def test_slow_transfers_say_one_instant_and_post_at_another():
    world = SmallWorld()
    world.open("fund/a")
    begin(world, KINDS.TRANSFER_SLOW, MINUTE, delay_ns=7 * MINUTE)
    pending = world.give(DepositAssets("custodian", "fund/a", "d", "USD", 5))[-1]
    assert isinstance(pending, TransferPending)
    assert pending.posts_at == START
    later = world.give(WithdrawAssets("custodian", "fund/a", "w", "USD", 5))[-1]
    assert isinstance(later, TransferRejected), "what has not posted cannot be withdrawn"
    said = said_of(world, HOUR)
    assert [(at, type(one)) for at, one in said] == [(7 * MINUTE, TransferPosted), (7 * MINUTE, type(ended()))]
    assert conserves(world)


def test_a_slow_transfer_that_is_let_go_posts_at_once_but_not_before_its_cycle():
    for method, posts_after in ((TransferMethod.CRYPTO_INTERNAL, 60), (TransferMethod.CRYPTO_EXTERNAL, None)):
        world = SmallWorld()
        world.open("fund/a")
        begin(world, KINDS.TRANSFER_SLOW, MINUTE, delay_ns=7 * MINUTE)
        pending = world.give(DepositAssets("custodian", "fund/a", "d", "USD", 5, method))[-1]
        world.run_until(START + 60)
        said = [(60, one) for one in world.clear()] + said_of(world, pending.posts_at - START)
        due = pending.posts_at - START if posts_after is None else posts_after
        assert [at for at, one in said if isinstance(one, TransferPosted)] == [due]


def test_refused_transfers_change_nothing_and_may_be_asked_for_again():
    world = SmallWorld()
    world.open("fund/a")
    begin(world, KINDS.TRANSFER_REJECT, MINUTE, probability_ppm=PARTS_PER_MILLION)
    lacking = world.give(WithdrawAssets("custodian", "fund/a", "w", "USD", 5))
    assert [one.reason for one in lacking] == [TransferRejectReason.INSUFFICIENT_FREE], "no fault of the custodian's"
    begun, refused = world.give(DepositAssets("custodian", "fund/a", "d", "USD", 5))
    assert begun == took_effect("fund/a")
    assert refused.reason is TransferRejectReason.REFUSED
    assert world.custodian.ledger.held("USD") == 0
    assert said_of(world, MINUTE) == [(MINUTE, ended())]
    assert isinstance(world.give(DepositAssets("custodian", "fund/a", "d", "USD", 5))[-1], TransferPosted)


def test_statements_tell_what_is_held_and_repeat_themselves_while_they_are_old():
    world = SmallWorld(states=True)
    every = world.custodian.parameters.state_every_ns
    world.open("fund/a")
    world.deposit("fund/a", "USD", 100)
    world.pledge("fund/a", "USD", 30)
    ((_, first),) = of(said_of(world, every), HoldingsStated)
    lines = (HoldingLine("fund/a", "USD", "", 70), HoldingLine("fund/a", "USD", VENUE, 30))
    assert (first.account, first.lines, first.stated_at) == ("fund/a", lines, START + every)
    begin(world, KINDS.STALE_BALANCE, 3 * every)
    assert of(said_of(world, 2 * every), type(took_effect(""))) == [], "nothing has changed that it could keep to itself"
    world.deposit("fund/a", "USD", 1)
    said = said_of(world, 5 * every)
    assert of(said, HoldingsStated)[0][1].lines == lines
    assert said[0] == (3 * every, took_effect("fund/a"))
    assert of(said, HoldingsStated)[-1][1].lines[0].amount_minor == 71
