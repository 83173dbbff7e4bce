from tests.unit.custodian.small_world import BTC_USD, CYCLE, HOUSE, START, VENUE, SmallWorld

from trading_ecosystem.messages.custodian import (
    CustodianConditionKind,
    DepositAssets,
    SettlementFailed,
    SettlementFailReason,
    SettlementInstructed,
    SettlementSettled,
    TradeSettled,
    TransferKind,
    TransferMethod,
    TransferPending,
    TransferPosted,
    TransferRejected,
    TransferRejectReason,
)
from trading_ecosystem.messages.test_coordination import ConditionEnded, ConditionTookEffect
from trading_ecosystem.messages.units import DAY, HOUR, MINUTE, SECOND

DELAY = CustodianConditionKind.SETTLEMENT_DELAY
REJECT = CustodianConditionKind.SETTLEMENT_REJECT
OFFLINE = CustodianConditionKind.CUSTODIAN_OFFLINE


def took_effect(subject, name="c1"):
    return ConditionTookEffect("custodian", name, subject)


def ended(name="c1"):
    return ConditionEnded("custodian", name)


def said_of(world, until):
    return [(at - START, message) for at, message in world.run_until(START + until)]


def outline(said):
    """Failures, settled trades and what conditions say, without amounts."""
    lines = []
    for at, one in said:
        if isinstance(one, SettlementFailed):
            lines.append((at, one.trade_id, one.reason.value, one.attempts, one.retry_at - START))
        elif isinstance(one, TradeSettled):
            lines.append((at, one.trade_id, "settled"))
        elif not isinstance(one, SettlementSettled | SettlementInstructed):
            lines.append((at, one))
    return lines


def test_a_delay_is_exact_and_outlasts_its_window():
    """Due 30 s before the window, inside it, and at its end: only the one inside is held, and exactly so long."""
    world = SmallWorld()
    world.fund()
    world.trade("fund/a", "fund/b", 10, cycle=30 * SECOND)
    world.trade("fund/a", "fund/b", 10, cycle=90 * SECOND)
    world.trade("fund/a", "fund/b", 10, cycle=2 * MINUTE)
    world.run_until(START + MINUTE)
    delay = 25 * MINUTE + 7
    assert world.condition(DELAY, MINUTE, delay=delay) == []
    due = 90 * SECOND
    assert outline(said_of(world, HOUR)) == [
        (due, took_effect(VENUE)),
        (due, 2, "delayed", 1, due + MINUTE),
        (due, 2, "delayed", 1, due + MINUTE),
        (2 * MINUTE, 3, "settled"),
        (due + delay, 2, "settled"),
        (due + delay, ended()),
    ]


def test_a_long_delay_of_many_instructions_says_each_failure_once():
    world = SmallWorld()
    world.fund()
    world.condition(DELAY, DAY, delay=2 * HOUR)
    for _ in range(50):
        world.trade("fund/a", "fund/b", 1)
    said = said_of(world, CYCLE + 2 * HOUR - 1)
    assert len([one for _, one in said if isinstance(one, SettlementFailed)]) == 100
    said = said_of(world, CYCLE + 2 * HOUR)
    assert [(at, one.trade_id) for at, one in said if isinstance(one, TradeSettled)] == [
        (CYCLE + 2 * HOUR, number) for number in range(1, 51)
    ]


def test_without_effect_a_condition_ends_when_it_lapses():
    world = SmallWorld()
    world.fund()
    for kind in (DELAY, REJECT, OFFLINE):
        world.condition(kind, 5 * MINUTE, name=kind.value, delay=HOUR, probability=1_000_000)
    assert said_of(world, HOUR) == [(5 * MINUTE, ended(kind.value)) for kind in (DELAY, REJECT, OFFLINE)]


def test_clearing_a_delay_settles_what_it_held_at_once():
    world = SmallWorld()
    world.fund()
    world.condition(DELAY, DAY, delay=HOUR)
    world.trade("fund/a", "fund/b", 10)
    world.trade("fund/a", "fund/b", 10)
    world.run_until(START + CYCLE + 90 * SECOND)
    said = world.clear()
    assert [one.trade_id for one in said if isinstance(one, TradeSettled)] == [1, 2]
    assert said[-1] == ended()
    assert world.clear() == []
    assert outline(said_of(world, DAY)) == []


def test_rejected_attempts_come_from_a_stream_of_their_own_and_stop_with_the_window():
    def run(probability, seed=7):
        world = SmallWorld(seed)
        world.fund()
        if probability is not None:
            world.condition(REJECT, CYCLE + 30 * SECOND, probability=probability)
        for _ in range(8):
            world.trade("fund/a", "fund/b", 10)
        return outline(said_of(world, HOUR))

    clean = [(CYCLE, number, "settled") for number in range(1, 9)]
    assert run(None) == clean
    assert run(0) == [*clean, (CYCLE + 30 * SECOND, ended())]
    some = run(500_000)
    assert some == run(500_000)
    rejected = sorted({line[1] for line in some if line[2:3] == ("rejected",)})
    assert 0 < len(rejected) < 8
    retried = [(CYCLE + MINUTE, number, "settled") for number in rejected]
    assert [line for line in some if line[-1] == "settled" and line[0] > CYCLE] == retried
    assert some[-1] == (CYCLE + MINUTE, ended())
    everything = run(1_000_000)
    assert [line for line in everything if line[-1] == "settled"] == [
        (CYCLE + MINUTE, number, "settled") for number in range(1, 9)
    ]
    assert everything[0] == (CYCLE, took_effect(VENUE))


def test_offline_refuses_transfers_fails_attempts_and_holds_releases():
    world = SmallWorld()
    world.fund()
    world.trade("fund/a", "fund/b", 10)
    world.condition(OFFLINE, CYCLE + 90 * SECOND)
    deposit = DepositAssets("custodian", "fund/a", "d", "USD", 5)
    rejection = TransferRejected("custodian", "fund/a", "d", TransferKind.DEPOSIT, "USD", 5, TransferRejectReason.OFFLINE)
    assert world.give(deposit) == [took_effect("fund/a"), rejection]
    released = world.venue_says(world.venue.release("fund/b", "USD", 1_000))
    pending = TransferPending("custodian", "fund/b", "release-1", TransferKind.RELEASE, "USD", 1_000, START + MINUTE, 0)
    assert released == [pending]
    over = CYCLE + 2 * MINUTE
    assert outline(said_of(world, HOUR)) == [
        (CYCLE, 1, "offline", 1, CYCLE + MINUTE),
        (CYCLE, 1, "offline", 1, CYCLE + MINUTE),
        (over, 1, "settled"),
        (over, posted(world, "fund/b", "release-1", 1_000)),
        (over, ended()),
    ]


def posted(world, account, transfer_id, amount):
    pledged = world.custodian.ledger.account(account, "USD", VENUE).posted
    return TransferPosted("custodian", account, transfer_id, TransferKind.RELEASE, VENUE, "USD", amount, amount, pledged)


def test_a_transfer_that_falls_due_while_offline_is_put_off_and_said_so_once():
    world = SmallWorld()
    world.open("fund/a")
    deposit = DepositAssets("custodian", "fund/a", "d", "USD", 5, TransferMethod.CRYPTO_EXTERNAL)
    [pending] = world.give(deposit)
    due = pending.posts_at
    world.run_until(due - MINUTE)
    world.condition(OFFLINE, 3 * MINUTE + 1)
    assert world.run_until(due + HOUR) == [
        (due, took_effect("fund/a")),
        (due, TransferPending("custodian", "fund/a", "d", TransferKind.DEPOSIT, "USD", 5, due + MINUTE, 0)),
        (due + 3 * MINUTE, TransferPosted("custodian", "fund/a", "d", TransferKind.DEPOSIT, "", "USD", 5, 5, 0)),
        (due + 3 * MINUTE, ended()),
    ]


def test_offline_inside_a_delay_does_not_shorten_it():
    world = SmallWorld()
    world.fund()
    world.trade("fund/a", "fund/b", 10)
    world.condition(OFFLINE, CYCLE + 30 * SECOND, name="off")
    world.condition(DELAY, CYCLE + 30 * SECOND, name="slow", delay=5 * MINUTE)
    assert outline(said_of(world, HOUR)) == [
        (CYCLE, took_effect(VENUE, "slow")),
        (CYCLE, 1, "delayed", 1, CYCLE + MINUTE),
        (CYCLE, 1, "delayed", 1, CYCLE + MINUTE),
        (CYCLE + 30 * SECOND, ended("off")),
        (CYCLE + 5 * MINUTE, 1, "settled"),
        (CYCLE + 5 * MINUTE, ended("slow")),
    ]


def test_a_changed_reason_is_said_with_all_attempts_counted():
    """Delayed first; the house's securities are gone when the delay is over, because they were released meanwhile."""
    world = SmallWorld()
    world.open("fund/a", HOUSE)
    base, quote = BTC_USD.base_amount(1_000), BTC_USD.notional(5_000_000, 1_000)
    for account, asset, amount in (("fund/a", "USD", 4 * quote), (HOUSE, "BTC", 2 * base)):
        world.deposit(account, asset, amount)
        world.pledge(account, asset, amount)
    world.trade("fund/a", HOUSE, 1_000, cycle=CYCLE)
    world.trade("fund/a", HOUSE, 1_000, cycle=CYCLE)
    world.trade(HOUSE, "fund/a", 1_000, cycle=CYCLE + 4 * MINUTE)
    world.venue_says(world.venue.release(HOUSE, "BTC", base))
    world.run_until(START + CYCLE - 1)
    world.condition(DELAY, MINUTE, delay=3 * MINUTE)
    lines = outline(said_of(world, CYCLE + 10 * MINUTE))
    lack = SettlementFailReason.LACK_OF_SECURITIES.value
    assert [line for line in lines if line[1] == 2] == [
        (CYCLE, 2, "delayed", 1, CYCLE + MINUTE),
        (CYCLE, 2, "delayed", 1, CYCLE + MINUTE),
        (CYCLE + 3 * MINUTE, 2, lack, 4, CYCLE + 4 * MINUTE),
        (CYCLE + 3 * MINUTE, 2, lack, 4, CYCLE + 4 * MINUTE),
        (CYCLE + 5 * MINUTE, 2, "settled"),
    ]


def test_a_window_is_half_open():
    """An attempt at the very instant at which offline ends is made; one nanosecond earlier it fails."""
    for early, first in ((0, "settled"), (1, "offline")):
        world = SmallWorld()
        world.fund()
        world.condition(OFFLINE, CYCLE + early)
        world.trade("fund/a", "fund/b", 10)
        lines = [line for line in outline(said_of(world, CYCLE)) if line[1] == 1]
        assert lines[0][2] == first


def test_clearing_offline_posts_what_was_put_off_at_once():
    world = SmallWorld()
    world.open("fund/a")
    [pending] = world.give(DepositAssets("custodian", "fund/a", "d", "USD", 5, TransferMethod.CRYPTO_EXTERNAL))
    world.condition(OFFLINE, 9 * DAY)
    world.run_until(pending.posts_at + 30 * SECOND)
    assert world.clear() == [TransferPosted("custodian", "fund/a", "d", TransferKind.DEPOSIT, "", "USD", 5, 5, 0), ended()]
