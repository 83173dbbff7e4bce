import pytest
from tests.unit.custodian.small_world import CYCLE, START, VENUE, SmallWorld

from trading_ecosystem.domains.custodian.cycles import posts_at
from trading_ecosystem.domains.custodian.parameters import CustodianParameters
from trading_ecosystem.domains.custodian.settlement_calendar import SettlementCalendar
from trading_ecosystem.messages.custodian import (
    AssetsPledged,
    CustodyAccountOpened,
    DepositAssets,
    HoldingLine,
    HoldingsQuestion,
    OpenCustodyAccount,
    PledgeAssets,
    SettlementSettled,
    TradeSettled,
    TransferKind,
    TransferMethod,
    TransferPending,
    TransferPosted,
    TransferRejected,
    TransferRejectReason,
    WithdrawAssets,
)
from trading_ecosystem.messages.units import DAY, HOUR, MINUTE

THURSDAY = 0
"""1970-01-01."""


def opened():
    world = SmallWorld()
    world.open("fund")
    return world


def deposit(transfer_id="d1", amount=100, asset="USD", method=TransferMethod.CRYPTO_INTERNAL, account="fund"):
    return DepositAssets("custodian", account, transfer_id, asset, amount, method)


def withdrawal(transfer_id="w1", amount=40, method=TransferMethod.CRYPTO_INTERNAL):
    return WithdrawAssets("custodian", "fund", transfer_id, "USD", amount, method)


def pledge(transfer_id="p1", amount=60, venue=VENUE, asset="USD"):
    return PledgeAssets("custodian", "fund", transfer_id, venue, asset, amount)


def posted(transfer_id, kind, amount, free, pledged=0, venue=""):
    return TransferPosted("custodian", "fund", transfer_id, kind, venue, "USD", amount, free, pledged)


def rejected(message, kind, reason):
    return TransferRejected(
        "custodian", message.account, message.transfer_id, kind, message.asset, message.amount_minor, reason
    )


def test_opening_an_account_is_answered_each_time():
    world = SmallWorld()
    answer = [CustodyAccountOpened("custodian", "fund")]
    assert world.give(OpenCustodyAccount("custodian", "fund")) == answer
    world.give(deposit())
    assert world.give(OpenCustodyAccount("custodian", "fund")) == answer
    assert world.custodian.answer(HoldingsQuestion()) == (HoldingLine("fund", "USD", "", 100),)


def test_transfers_of_today_post_at_once_and_pledges_are_numbered():
    world = opened()
    assert world.give(deposit()) == [posted("d1", TransferKind.DEPOSIT, 100, 100)]
    assert world.give(pledge()) == [
        posted("p1", TransferKind.PLEDGE, 60, 40, 60, VENUE),
        AssetsPledged(VENUE, "custodian", 1, "fund", "USD", 60),
    ]
    assert world.give(withdrawal("w1", 30)) == [posted("w1", TransferKind.WITHDRAWAL, 30, 10)]
    assert world.give(pledge("p2", 10)) == [
        posted("p2", TransferKind.PLEDGE, 10, 0, 70, VENUE),
        AssetsPledged(VENUE, "custodian", 2, "fund", "USD", 10),
    ]


@pytest.mark.parametrize(
    ("method", "requested_day", "posted_day"),
    [
        (TransferMethod.CRYPTO_INTERNAL, 2, 2),
        (TransferMethod.CRYPTO_EXTERNAL, 0, 1),
        (TransferMethod.CRYPTO_EXTERNAL, 1, 4),
        (TransferMethod.CRYPTO_EXTERNAL, 2, 4),
        (TransferMethod.CRYPTO_EXTERNAL, 3, 4),
        (TransferMethod.WIRE, 0, 4),
        (TransferMethod.ACH, 1, 5),
        (TransferMethod.WIRE, 4, 6),
        (TransferMethod.INTERNATIONAL, 0, 5),
        (TransferMethod.INTERNATIONAL, 4, 7),
    ],
)
def test_cycles_skip_saturdays_and_sundays_and_keep_the_time_of_day(method, requested_day, posted_day):
    hour = 15 * HOUR + 7
    assert posts_at(method, THURSDAY + requested_day * DAY + hour) == THURSDAY + posted_day * DAY + hour


def test_a_pending_deposit_is_free_when_it_posts_and_a_pending_withdrawal_leaves_free_at_once():
    world = opened()
    later = posts_at(TransferMethod.WIRE, START)
    coming = TransferPending("custodian", "fund", "d1", TransferKind.DEPOSIT, "USD", 100, later, 0)
    assert world.give(deposit(method=TransferMethod.WIRE)) == [coming]
    assert world.give(withdrawal()) == [rejected(withdrawal(), TransferKind.WITHDRAWAL, TransferRejectReason.INSUFFICIENT_FREE)]
    assert world.run_until(later) == [(later, posted("d1", TransferKind.DEPOSIT, 100, 100))]
    leaves_at = posts_at(TransferMethod.CRYPTO_EXTERNAL, later)
    leaving = TransferPending("custodian", "fund", "w2", TransferKind.WITHDRAWAL, "USD", 40, leaves_at, 60)
    assert world.give(withdrawal("w2", 40, TransferMethod.CRYPTO_EXTERNAL)) == [leaving]
    assert world.custodian.answer(HoldingsQuestion("fund")) == (HoldingLine("fund", "USD", "", 60),)
    too_much = pledge("p1", 61)
    assert world.give(too_much) == [rejected(too_much, TransferKind.PLEDGE, TransferRejectReason.INSUFFICIENT_FREE)]
    assert world.run_until(leaves_at) == [(leaves_at, posted("w2", TransferKind.WITHDRAWAL, 40, 60))]
    assert world.custodian.ledger.held("USD") == 60


def test_refusals_come_in_the_documented_order():
    world = opened()
    world.give(deposit("taken"))
    reason = TransferRejectReason
    for message, expected in (
        (PledgeAssets("custodian", "nobody", "taken", "nowhere", "XYZ", 0), reason.UNKNOWN_ACCOUNT),
        (PledgeAssets("custodian", "fund", "taken", "nowhere", "XYZ", 0), reason.UNKNOWN_ASSET),
        (PledgeAssets("custodian", "fund", "taken", "nowhere", "USD", 0), reason.UNKNOWN_VENUE),
        (PledgeAssets("custodian", "fund", "taken", VENUE, "USD", 0), reason.INVALID_AMOUNT),
        (PledgeAssets("custodian", "fund", "taken", VENUE, "USD", 999), reason.TRANSFER_ID_CONFLICT),
        (PledgeAssets("custodian", "fund", "fresh", VENUE, "USD", 999), reason.INSUFFICIENT_FREE),
    ):
        assert world.give(message) == [rejected(message, TransferKind.PLEDGE, expected)]
    assert world.custodian.answer(HoldingsQuestion("fund"))[0] == HoldingLine("fund", "USD", "", 100)


def test_a_transfer_id_names_one_request_of_an_account():
    world = opened()
    first = world.give(deposit())
    assert world.give(deposit()) == first
    assert world.give(deposit(amount=101)) == [
        rejected(deposit(amount=101), TransferKind.DEPOSIT, TransferRejectReason.TRANSFER_ID_CONFLICT)
    ]
    assert world.give(withdrawal("d1", 100)) == [
        rejected(withdrawal("d1", 100), TransferKind.WITHDRAWAL, TransferRejectReason.TRANSFER_ID_CONFLICT)
    ]
    other = deposit(account="other")
    world.open("other")
    assert world.give(other) == [TransferPosted("custodian", "other", "d1", TransferKind.DEPOSIT, "", "USD", 100, 100, 0)]
    refused = world.give(pledge("p1", 101))
    world.give(deposit("d2", 50))
    assert world.give(pledge("p1", 101)) == refused
    assert world.custodian.ledger.held("USD") == 250


def test_a_repeated_request_pledges_once_and_is_answered_as_it_stands():
    world = opened()
    world.give(deposit())
    world.give(pledge())
    world.give(deposit("d2", 5))
    assert world.give(pledge()) == [posted("p1", TransferKind.PLEDGE, 60, 45, 60, VENUE)]
    slow = deposit("d3", 7, method=TransferMethod.CRYPTO_EXTERNAL)
    [pending] = world.give(slow)
    assert world.give(slow) == [pending]
    world.run_until(pending.posts_at)
    assert world.give(slow) == [posted("d3", TransferKind.DEPOSIT, 7, 52)]


def test_a_release_posts_at_once_where_the_pledged_amount_suffices_and_only_once():
    world = opened()
    world.give(deposit())
    world.give(pledge())
    world.repeat_next = 1
    assert world.venue_says(world.venue.release("fund", "USD", 25)) == [
        posted("release-1", TransferKind.RELEASE, 25, 65, 35, VENUE)
    ]


def test_a_release_of_what_was_just_bought_waits_for_its_settlement():
    world = SmallWorld()
    world.fund(btc=10_000)
    world.trade("fund/a", "fund/b", 100, cycle=CYCLE + 7)
    pending = world.venue_says(world.venue.release("fund/a", "BTC", 12_000))
    assert pending == [
        TransferPending("custodian", "fund/a", "release-1", TransferKind.RELEASE, "BTC", 12_000, START + MINUTE, 0)
    ]
    said = world.run_until(START + CYCLE + 7)
    assert [type(one) for _, one in said] == [SettlementSettled, SettlementSettled, TradeSettled, TransferPosted]
    assert said[-1] == (
        START + CYCLE + 7,
        TransferPosted("custodian", "fund/a", "release-1", TransferKind.RELEASE, VENUE, "BTC", 12_000, 12_000, 8_000),
    )


def test_a_release_that_waits_is_served_by_a_new_pledge_too():
    world = SmallWorld()
    world.fund(btc=10_000)
    world.trade("fund/a", "fund/b", 100, cycle=DAY)
    world.venue_says(world.venue.release("fund/a", "BTC", 12_000))
    world.deposit("fund/a", "BTC", 3_000)
    said = world.give(PledgeAssets("custodian", "fund/a", "more", VENUE, "BTC", 2_000))
    assert [type(one) for one in said] == [TransferPosted, AssetsPledged, TransferPosted]
    assert (said[2].kind, said[2].free_after, said[2].pledged_after) == (TransferKind.RELEASE, 13_000, 0)


@pytest.mark.parametrize(("weekends", "chain_day"), [(False, 6), (True, 4)])
def test_with_a_calendar_transfers_wait_for_their_window_and_those_at_once_do_not(weekends, chain_day):
    tuesday = START // DAY  # 22:13 UTC; the Thursday of that week is closed
    calendar = SettlementCalendar("test", tuesday - 9, tuesday + 30, closed=(tuesday + 2,))
    world = SmallWorld(parameters=CustodianParameters((VENUE,), calendar=calendar, weekends=weekends))
    world.open("fund")
    assert [type(one) for one in world.give(deposit(amount=100))] == [TransferPosted]
    # Asked for after the cut-off it counts as Wednesday's, and two business days later is the Monday after.
    (wire,) = world.give(withdrawal("wire", method=TransferMethod.WIRE))
    assert wire.posts_at == (tuesday + 6) * DAY + 15 * HOUR
    world.run_until((tuesday + 2) * DAY)
    (out,) = world.give(withdrawal("out", 10, TransferMethod.CRYPTO_EXTERNAL))
    assert out.posts_at == (tuesday + chain_day) * DAY + 17 * HOUR
    said = world.run_until((tuesday + 9) * DAY)
    posted = {one.transfer_id: at for at, one in said if type(one) is TransferPosted}
    assert posted == {"wire": wire.posts_at, "out": out.posts_at}
