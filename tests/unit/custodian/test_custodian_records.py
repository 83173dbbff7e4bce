import msgspec
from tests.unit.custodian.small_world import BTC_USD, CYCLE, FEES, START, VENUE, SmallWorld

from trading_ecosystem.domains.custodian import records
from trading_ecosystem.domains.custodian.records import (
    Break,
    CustodyAccount,
    ExternalOrPledgeTransfer,
    Holding,
    InstructionSide,
    InstructionStatus,
    Posting,
    PostingStatus,
    Reconciliation,
    TransferRefusal,
    project,
)
from trading_ecosystem.messages.custodian import (
    CustodianConditionKind,
    DepositAssets,
    HoldingsQuestion,
    SettlementFailReason,
    TransferKind,
    TransferMethod,
    TransferRejectReason,
)
from trading_ecosystem.messages.exchange import ClaimReason, QuoteChanged
from trading_ecosystem.messages.orders import Side
from trading_ecosystem.messages.units import HOUR, MINUTE
from trading_ecosystem.ports.records import Patch, Upsert

BASE = BTC_USD.base_amount(1_000)
QUOTE = BTC_USD.notional(5_000_000, 1_000)


def kept(entries):
    tables = {record: {} for record in records.RECORDS}
    for entry in entries:
        for change in project(entry.message, entry.at):
            if isinstance(change, Upsert):
                tables[type(change.record)][change.record.identity()] = change.record
            else:
                assert isinstance(change, Patch)
                rows = tables[change.record_type]
                if change.identity in rows:
                    rows[change.identity] = msgspec.structs.replace(rows[change.identity], **change.values)
    return tables


def lived():
    world = SmallWorld()
    world.fund(usd=10 * QUOTE, btc=10 * BASE)
    world.condition(CustodianConditionKind.SETTLEMENT_DELAY, HOUR, delay=90_000_000_000)
    world.trade("fund/a", "fund/b", 1_000)
    world.venue_says(world.venue.release("fund/b", "BTC", 2 * BASE))
    world.give(DepositAssets("custodian", "fund/a", "slow", "ETH", 9, TransferMethod.WIRE))
    world.give(DepositAssets("custodian", "fund/a", "bad", "XYZ", 9))
    world.run_until(START + CYCLE + 2 * MINUTE)
    return world


def test_every_record_type_is_named_once_and_keyed_by_instance():
    assert records.NAMESPACE == "custodian"
    assert len({record.table for record in records.RECORDS}) == len(records.RECORDS)
    for record in records.RECORDS:
        assert record.key[0] == "custodian"
        assert set(record.key) <= {field.name for field in msgspec.structs.fields(record)}


def test_a_life_is_kept():
    world = lived()
    tables = kept(world.entries)
    fee_a, fee_b = QUOTE // 1000, QUOTE // 500
    assert [record.account for record in tables[CustodyAccount].values()] == ["fund/a", "fund/b", "alpha-house", FEES]
    lines = {(line.account, line.asset, line.venue): line.amount_minor for line in world.custodian.answer(HoldingsQuestion())}
    held = {(one.account, one.asset, one.venue): one.amount_minor for one in tables[Holding].values()}
    assert held == lines
    settled_at = START + CYCLE + 90_000_000_000
    identity = ("custodian", VENUE, "BTC/USD", 1, "fund/a")
    assert tables[InstructionSide][identity] == InstructionSide(
        *identity,
        Side.BUY,
        "BTC",
        BASE,
        "USD",
        QUOTE,
        fee_a,
        START,
        START + CYCLE,
        InstructionStatus.SETTLED,
        SettlementFailReason.DELAYED,
        1,
        settled_at,
    )
    reference = f"{VENUE}/BTC/USD/1"
    done = PostingStatus.POSTED
    parts = [part for part in tables[Posting].values() if part.reference == reference]
    assert parts == [
        Posting("custodian", reference, FEES, "USD", VENUE, fee_a + fee_b, done, fee_a + fee_b, settled_at),
        Posting("custodian", reference, "fund/a", "BTC", VENUE, BASE, done, 11 * BASE, settled_at),
        Posting("custodian", reference, "fund/a", "USD", VENUE, -QUOTE - fee_a, done, 9 * QUOTE - fee_a, settled_at),
        Posting("custodian", reference, "fund/b", "BTC", VENUE, -BASE, done, 7 * BASE, settled_at),
        Posting("custodian", reference, "fund/b", "USD", VENUE, QUOTE - fee_b, done, 11 * QUOTE - fee_b, settled_at),
    ]
    release = tables[ExternalOrPledgeTransfer]["custodian", "fund/b", TransferKind.RELEASE, "release-1"]
    assert (release.venue, release.status, release.posts_at) == (VENUE, PostingStatus.POSTED, START)
    slow = tables[ExternalOrPledgeTransfer]["custodian", "fund/a", TransferKind.DEPOSIT, "slow"]
    assert (slow.status, slow.amount_minor) == (PostingStatus.PENDING, 9)
    assert [refusal.reason for refusal in tables[TransferRefusal].values()] == [TransferRejectReason.UNKNOWN_ASSET]


def test_postings_add_up_to_the_holdings():
    tables = kept(lived().entries)
    sums = {}
    for part in tables[Posting].values():
        if part.status is PostingStatus.POSTED:
            key = ("custodian", part.account, part.asset, part.venue)
            sums[key] = sums.get(key, 0) + part.amount_minor
    assert {key: amount for key, amount in sums.items() if amount} == {
        key: one.amount_minor for key, one in tables[Holding].items() if one.amount_minor
    }


def test_projecting_twice_changes_nothing():
    entries = lived().entries
    once = kept(entries)
    assert kept([copy for entry in entries for copy in (entry, entry)]) == once


def test_breaks_and_reconciliations_are_kept_and_other_messages_are_not():
    world = SmallWorld()
    world.fund(usd=100, btc=100)
    world.venue.change("fund/a", "USD", 5, ClaimReason.PLEDGED)
    world.venue_says(world.venue.report())
    tables = kept(world.entries)
    assert list(tables[Break].values()) == [Break("custodian", VENUE, "fund/a", "USD", START, 105, 100)]
    assert list(tables[Reconciliation].values()) == [Reconciliation("custodian", VENUE, START, 6, 1)]
    assert list(project(QuoteChanged(VENUE, "BTC/USD", 1, 1, 1, 2, 1), START)) == []
