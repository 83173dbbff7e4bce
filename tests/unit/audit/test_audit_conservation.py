import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.custodian.small_world import BTC_USD, CYCLE, FEES, HOUSE, START, VENUE, SmallWorld

from trading_ecosystem.domains.audit.balances import ConservationRule
from trading_ecosystem.domains.audit.conservation import ConservationCheck
from trading_ecosystem.domains.custodian.ledger import Ledger, LedgerResult
from trading_ecosystem.messages.audit import ConservationFinding
from trading_ecosystem.messages.custodian import (
    AssetsPledged,
    SettlementInstructed,
    SettlementSettled,
    TradeSettled,
    TransferKind,
    TransferMethod,
    TransferPending,
    TransferPosted,
)
from trading_ecosystem.messages.envelope import Entry, EntryKind
from trading_ecosystem.messages.exchange import ClaimChanged, ClaimReason, ClaimReleased, OrderFilled, TradeMatched
from trading_ecosystem.messages.units import DAY

QUOTE = BTC_USD.notional(5_000_000, 1_000)
BASE = BTC_USD.base_amount(1_000)
FEE_A = QUOTE // 1000


def world_of_one_trade():
    """Everything that the rules read: deposits, pledges, a trade, releases, withdrawals, a settlement."""
    world = SmallWorld()
    world.fund(usd=10 * QUOTE, btc=10 * BASE)
    world.trade("fund/a", HOUSE, 1_000)
    world.venue_says(world.venue.release("fund/a", "BTC", 11 * BASE))
    world.deposit("fund/b", "USD", 500, TransferMethod.WIRE)
    world.venue_says(world.venue.release("fund/b", "USD", 1_000))
    world.withdraw("fund/b", "USD", 300)
    world.withdraw("fund/b", "USD", 200, TransferMethod.CRYPTO_EXTERNAL)
    world.run_until(START + 6 * DAY)
    return world


def findings(entries):
    check = ConservationCheck()
    found = [finding for entry in entries for finding in check.ingest(entry)]
    return found + check.finish()


def rules(entries):
    return {finding.rule for finding in findings(entries)}


def of_type(entries, message_type, which=0):
    return [entry for entry in entries if isinstance(entry.message, message_type)][which]


def changed(entries, entry, **values):
    """The record with one entry's message changed."""
    other = msgspec.structs.replace(entry, message=msgspec.structs.replace(entry.message, **values))
    return [other if one is entry else one for one in entries]


def without(entries, *gone):
    return [one for one in entries if all(one is not entry for entry in gone)]


def inserted(entries, after, message):
    """The record with one more entry in the handling of ``after``."""
    at = next(index for index, one in enumerate(entries) if one is after)
    return [*entries[: at + 1], msgspec.structs.replace(after, message=message), *entries[at + 1 :]]


def test_a_clean_record_has_no_findings():
    world = world_of_one_trade()
    kinds = {type(entry.message) for entry in world.entries}
    assert {TransferPending, TransferPosted, AssetsPledged, ClaimReleased, SettlementSettled, TradeSettled} <= kinds
    assert findings(world.entries) == []


def test_sums_are_compared_when_the_handling_ends_and_not_before():
    entries = world_of_one_trade().entries
    credited = of_type(entries, ClaimChanged, -1)
    at = next(index for index, one in enumerate(entries) if one is credited)
    check = ConservationCheck()
    for entry in entries[:at]:
        assert check.ingest(entry) == []
    assert check.ingest(credited) == []
    assert [finding.rule for finding in check.finish()] == [ConservationRule.CLAIMS_EQUATION]


def test_a_finding_names_the_entry_and_what_is_wrong():
    entries = world_of_one_trade().entries
    entry = next(one for one in entries if isinstance(one.message, ClaimChanged) and one.message.reason is ClaimReason.FEE)
    claim = entry.message
    last_touch = of_type(entries, TradeMatched)
    assert findings(changed(entries, entry, available_after=claim.available_after + 3)) == [
        ConservationFinding(
            last_touch.sequence,
            START,
            "claims_equation",
            f"claim of {FEES} in USD at {VENUE} is {FEE_A + 3}, not {FEE_A}: "
            f"pledged 0, unsettled {FEE_A}, releases 0, pledges []",
        ),
    ]


def test_a_fill_that_credits_the_claim_twice_is_found():
    entries = world_of_one_trade().entries
    credit = next(one for one in entries if isinstance(one.message, ClaimChanged) and one.message.available_after == 11 * BASE)
    assert rules(changed(entries, credit, available_after=12 * BASE)) == {"claims_equation"}


def test_a_fill_said_twice_is_found():
    entries = world_of_one_trade().entries
    fill = of_type(entries, OrderFilled)
    assert rules(inserted(entries, fill, fill.message)) == {"fills_of_trade"}
    later = of_type(entries, SettlementSettled)
    assert rules(inserted(entries, later, fill.message)) == {"fills_of_trade"}


def test_a_trade_matched_twice_is_found():
    entries = world_of_one_trade().entries
    match = of_type(entries, TradeMatched)
    assert rules(inserted(entries, match, match.message)) >= {"trade_amounts", "claims_equation"}


def test_a_fee_charged_to_nobody_is_found():
    """Four ways: the fee account gets nothing, the payer pays nothing, the fill says another fee, custody credits nobody."""
    entries = world_of_one_trade().entries
    fee = next(one for one in entries if isinstance(one.message, ClaimChanged) and one.message.reason is ClaimReason.FEE)
    assert rules(without(entries, fee)) == {"claims_equation"}
    match = of_type(entries, TradeMatched)
    assert "claims_equation" in rules(changed(entries, match, buyer_fee_minor=0))
    assert rules(changed(entries, of_type(entries, OrderFilled), fee_minor=0)) == {"fills_of_trade"}
    custody = of_type(entries, TradeSettled)
    assert rules(changed(entries, custody, fee_pledged_after=0)) == {"legs_posted", "claims_equation", "assets_conserved"}


def test_a_match_without_its_fill_or_with_another_is_found():
    entries = world_of_one_trade().entries
    fill = of_type(entries, OrderFilled)
    assert rules(without(entries, fill)) == {"fills_of_trade"}
    for field in ("price_ticks", "quantity_lots", "settles_at", "trade_id"):
        assert rules(changed(entries, fill, **{field: getattr(fill.message, field) + 1})) == {"fills_of_trade"}


def test_amounts_that_do_not_follow_from_price_and_quantity_are_found():
    entries = world_of_one_trade().entries
    match = of_type(entries, TradeMatched)
    assert "trade_amounts" in rules(changed(entries, match, quote_minor=QUOTE + 1))
    assert "trade_amounts" in rules(changed(entries, match, base_minor=BASE - 1))
    assert "trade_amounts" in rules(changed(entries, match, seller_fee_minor=-1))
    assert "trade_amounts" in rules(changed(entries, match, seller="fund/a"))


def test_one_side_settled_alone_is_found():
    entries = world_of_one_trade().entries
    first, second = of_type(entries, SettlementSettled), of_type(entries, SettlementSettled, 1)
    end = of_type(entries, TradeSettled)
    assert "settled_together" in rules(without(entries, first))
    assert "settled_together" in rules(without(entries, second))
    assert rules(without(entries, end)) == {"settled_together", "assets_conserved"}
    apart = [msgspec.structs.replace(one, cause=-1) if one is second else one for one in entries]
    assert "settled_together" in rules(apart)
    assert "settled_together" in rules(inserted(entries, end, second.message))


def test_one_leg_posted_is_found_from_the_pledged_amounts():
    entries = world_of_one_trade().entries
    buyer = of_type(entries, SettlementSettled)
    base, quote = buyer.message.pledged_after
    one_leg = (base, msgspec.structs.replace(quote, pledged_after=10 * QUOTE))
    assert rules(changed(entries, buyer, pledged_after=one_leg)) == {"legs_posted", "claims_equation", "assets_conserved"}
    assert rules(changed(entries, buyer, pledged_after=(base,))) >= {"legs_posted", "claims_equation"}


def test_an_instruction_that_differs_from_its_trade_is_found():
    entries = world_of_one_trade().entries
    side = of_type(entries, SettlementInstructed)
    for field in ("base_minor", "quote_minor", "fee_minor", "settles_at", "trade_id"):
        assert rules(changed(entries, side, **{field: getattr(side.message, field) + 1})) == {"instruction_of_trade"}


def test_assets_from_nowhere_and_assets_lost_are_found():
    entries = world_of_one_trade().entries
    deposit, pledge = of_type(entries, TransferPosted), of_type(entries, TransferPosted, 1)
    assert (deposit.message.kind, pledge.message.kind) == (TransferKind.DEPOSIT, TransferKind.PLEDGE)
    assert "assets_conserved" in rules(changed(entries, deposit, free_after=deposit.message.free_after + 1))
    assert "assets_conserved" in rules(changed(entries, pledge, free_after=1))
    pending = next(
        one for one in entries if isinstance(one.message, TransferPending) and one.message.kind is TransferKind.WITHDRAWAL
    )
    assert rules(without(entries, pending)) == set()
    assert rules(changed(entries, pending, free_after=pending.message.free_after + 200)) == {"assets_conserved"}
    assert rules(inserted(entries, deposit, deposit.message)) == set()


def test_a_pledge_that_is_not_said_or_credited_twice_is_found():
    entries = world_of_one_trade().entries
    said, credited = of_type(entries, AssetsPledged), of_type(entries, ClaimChanged)
    assert rules(without(entries, said)) >= {"claims_equation", "pledge_credited_once"}
    assert "pledge_credited_once" in rules(changed(entries, said, number=7))
    twice = changed(entries, credited, available_after=2 * credited.message.available_after)
    assert rules(twice) >= {"claims_equation", "pledge_credited_once"}


def test_a_release_that_nobody_gave_up_is_found():
    entries = world_of_one_trade().entries
    release = of_type(entries, ClaimReleased)
    assert rules(without(entries, release)) >= {"claims_equation", "release_posted_once"}
    assert rules(changed(entries, release, amount_minor=1)) >= {"claims_equation", "release_posted_once"}
    assert "release_posted_once" in rules(inserted(entries, release, release.message))
    posted = next(
        one for one in entries if isinstance(one.message, TransferPosted) and one.message.kind is TransferKind.RELEASE
    )
    assert "release_posted_once" in rules(inserted(entries, posted, posted.message))


@pytest.mark.parametrize(
    "message",
    [
        ClaimChanged(VENUE, "x", "USD", -1, 1, ClaimReason.HELD),
        ClaimChanged(VENUE, "x", "USD", 1, -1, ClaimReason.HELD),
        TransferPending("custodian", "x", "w", TransferKind.WITHDRAWAL, "USD", 1, START, -1),
        TransferPosted("custodian", "x", "p", TransferKind.PLEDGE, VENUE, "USD", 1, 1, -1),
    ],
)
def test_negative_amounts_are_found(message):
    found = findings([Entry(5, START, EntryKind.SAID, "someone", None, 5, message)])
    assert (5, START, "nothing_negative") in [(one.sequence, one.at, one.rule) for one in found]


def test_a_sum_that_stays_wrong_is_found_once_and_again_when_it_changes():
    def claim(sequence, available, held):
        message = ClaimChanged(VENUE, "x", "USD", available, held, ClaimReason.TRADED)
        return Entry(sequence, START + sequence, EntryKind.SAID, VENUE, None, sequence, message)

    record = [claim(1, 5, 0), claim(2, 3, 2), claim(3, 4, 2), claim(4, 0, 0), claim(5, 5, 0)]
    assert [finding.sequence for finding in findings(record)] == [1, 3, 5]


def post_base_leg_only(self, *transfers):
    transfer = transfers[0]
    transfer.debit.posted -= transfer.amount_minor
    transfer.credit.posted += transfer.amount_minor
    return LedgerResult.DONE


def forget_the_fee(self, *transfers):
    return genuine_post(self, *transfers[:2])


genuine_post = Ledger.post


@pytest.mark.parametrize("bug", [post_base_leg_only, forget_the_fee])
def test_a_ledger_that_posts_only_a_part_is_found(monkeypatch, bug):
    world = SmallWorld()
    world.fund(usd=10 * QUOTE, btc=10 * BASE)
    world.trade("fund/a", HOUSE, 1_000)
    monkeypatch.setattr(Ledger, "post", bug)
    world.run_until(START + CYCLE)
    found = findings(world.entries)
    assert {"legs_posted", "claims_equation"} <= {finding.rule for finding in found}
    assert {finding.at for finding in found} == {START + CYCLE}


def test_lost_and_repeated_deliveries_break_no_rule():
    world = SmallWorld()
    world.fund(usd=10 * QUOTE, btc=10 * BASE)
    world.lose_next = 1
    world.trade("fund/a", HOUSE, 100)
    world.repeat_next = 1
    world.trade("fund/a", HOUSE, 100)
    world.deposit("fund/a", "USD", 50)
    world.lose_next = 1
    world.pledge("fund/a", "USD", 20)
    world.repeat_next = 1
    world.pledge("fund/a", "USD", 30)
    world.lose_next = 1
    world.venue_says(world.venue.release("fund/a", "USD", 10))
    world.run_until(START + DAY)
    assert findings(world.entries) == []


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.data())
def test_any_amount_of_the_record_changed_is_found(data):
    """Every amount, balance and id that the rules read is covered by some rule."""
    entries = world_of_one_trade().entries
    fields = {
        ClaimChanged: ("available_after", "held_after"),
        TradeMatched: ("base_minor", "quote_minor", "buyer_fee_minor", "seller_fee_minor", "price_ticks", "quantity_lots"),
        OrderFilled: ("price_ticks", "quantity_lots", "fee_minor"),
        TransferPosted: ("free_after", "pledged_after"),
        AssetsPledged: ("amount_minor", "number"),
        SettlementInstructed: ("base_minor", "quote_minor", "fee_minor"),
        TradeSettled: ("fee_pledged_after", "trade_id"),
    }
    entry = data.draw(st.sampled_from([one for one in entries if type(one.message) in fields]))
    field = data.draw(st.sampled_from(fields[type(entry.message)]))
    change = data.draw(st.sampled_from([-1, 1, 1_000]))
    if field == "pledged_after" and not entry.message.venue:
        field = "free_after"
    assert rules(changed(entries, entry, **{field: getattr(entry.message, field) + change}))
