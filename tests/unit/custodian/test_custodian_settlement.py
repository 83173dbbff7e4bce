from tests.unit.custodian.small_world import BTC_USD, CYCLE, FEES, HOUSE, START, VENUE, SmallWorld

from trading_ecosystem.messages.custodian import (
    HoldingLine,
    HoldingsQuestion,
    PledgedAfter,
    SettlementFailed,
    SettlementFailReason,
    SettlementInstructed,
    SettlementSettled,
    TradeSettled,
    UnsettledQuestion,
)
from trading_ecosystem.messages.exchange import TradeMatched
from trading_ecosystem.messages.orders import Side
from trading_ecosystem.messages.units import MINUTE, SECOND

QUOTE = BTC_USD.notional(5_000_000, 1_000)
BASE = BTC_USD.base_amount(1_000)


def instructed(account, side, fee, trade_id=1, settles_at=START + CYCLE):
    return SettlementInstructed(
        "custodian", VENUE, account, trade_id, "BTC/USD", side, "BTC", BASE, "USD", QUOTE, fee, settles_at
    )


def settled(account, btc, usd, trade_id=1):
    after = (PledgedAfter("BTC", btc), PledgedAfter("USD", usd))
    return SettlementSettled("custodian", VENUE, account, trade_id, "BTC/USD", after)


def failed(account, reason, attempts, retry_at, trade_id=1):
    return SettlementFailed("custodian", VENUE, account, trade_id, "BTC/USD", reason, attempts, retry_at)


def trade_settled(buyer, seller, fees, trade_id=1):
    return TradeSettled("custodian", VENUE, trade_id, "BTC/USD", buyer, seller, FEES, "USD", fees)


def test_a_trade_is_instructed_at_once_and_settles_both_legs_and_the_fees_together():
    world = SmallWorld()
    world.fund(usd=10 * QUOTE, btc=10 * BASE)
    buyer_fee, seller_fee = QUOTE // 1000, QUOTE // 500
    sides = [instructed("fund/a", Side.BUY, buyer_fee), instructed("fund/b", Side.SELL, seller_fee)]
    assert world.trade("fund/a", "fund/b", 1_000) == sides
    assert world.custodian.answer(UnsettledQuestion()) == tuple(sides)
    assert world.custodian.answer(UnsettledQuestion("fund/b")) == (sides[1],)
    assert world.run_until(START + CYCLE - 1) == []
    assert world.run_until(START + CYCLE + MINUTE) == [
        (START + CYCLE, settled("fund/a", 11 * BASE, 9 * QUOTE - buyer_fee)),
        (START + CYCLE, settled("fund/b", 9 * BASE, 11 * QUOTE - seller_fee)),
        (START + CYCLE, trade_settled("fund/a", "fund/b", buyer_fee + seller_fee)),
    ]
    assert world.custodian.answer(UnsettledQuestion()) == ()
    assert world.custodian.answer(HoldingsQuestion(FEES)) == (HoldingLine(FEES, "USD", VENUE, buyer_fee + seller_fee),)
    assert world.custodian.answer(HoldingsQuestion("fund/a")) == (
        HoldingLine("fund/a", "BTC", "", 0),
        HoldingLine("fund/a", "BTC", VENUE, 11 * BASE),
        HoldingLine("fund/a", "USD", "", 0),
        HoldingLine("fund/a", "USD", VENUE, 9 * QUOTE - buyer_fee),
    )


def test_the_house_hears_its_side_and_pays_no_fee():
    world = SmallWorld()
    world.fund(usd=10 * QUOTE, btc=10 * BASE)
    fee = QUOTE // 500
    assert world.trade(HOUSE, "fund/b", 1_000) == [instructed(HOUSE, Side.BUY, 0), instructed("fund/b", Side.SELL, fee)]
    assert [message for _, message in world.run_until(START + CYCLE)] == [
        settled(HOUSE, 11 * BASE, 9 * QUOTE),
        settled("fund/b", 9 * BASE, 11 * QUOTE - fee),
        trade_settled(HOUSE, "fund/b", fee),
    ]


def test_lack_of_securities_fails_once_aloud_and_is_retried_every_minute():
    """The seller sells what it bought in a trade with a longer cycle: its claim is there, its securities are not."""
    world = SmallWorld()
    world.open("fund/a", "fund/b", HOUSE, FEES)
    for account, asset, amount in (("fund/a", "USD", 4 * QUOTE), ("fund/b", "USD", 4 * QUOTE), (HOUSE, "BTC", 2 * BASE)):
        world.deposit(account, asset, amount)
        world.pledge(account, asset, amount)
    world.trade("fund/b", HOUSE, 1_000, cycle=CYCLE + 90 * SECOND)
    world.trade("fund/a", "fund/b", 1_000)
    due = START + CYCLE
    lack = SettlementFailReason.LACK_OF_SECURITIES
    fees_a, fees_b = QUOTE // 1000, QUOTE // 500
    assert world.run_until(due + 5 * MINUTE) == [
        (due, failed("fund/a", lack, 1, due + MINUTE, 2)),
        (due, failed("fund/b", lack, 1, due + MINUTE, 2)),
        (due + 90 * SECOND, settled("fund/b", BASE, 3 * QUOTE - fees_a)),
        (due + 90 * SECOND, settled(HOUSE, BASE, QUOTE)),
        (due + 90 * SECOND, trade_settled("fund/b", HOUSE, fees_a)),
        (due + 2 * MINUTE, settled("fund/a", BASE, 3 * QUOTE - fees_a, 2)),
        (due + 2 * MINUTE, settled("fund/b", 0, 4 * QUOTE - fees_a - fees_b, 2)),
        (due + 2 * MINUTE, trade_settled("fund/a", "fund/b", 2 * fees_a + fees_b, 2)),
    ]


def test_lack_of_cash_is_the_buyers():
    world = SmallWorld()
    world.open("fund/a", "fund/b", FEES)
    for account, asset, amount in (("fund/a", "BTC", BASE), ("fund/b", "USD", 2 * QUOTE), ("fund/b", "BTC", BASE)):
        world.deposit(account, asset, amount)
        world.pledge(account, asset, amount)
    world.trade("fund/b", "fund/a", 1_000, cycle=2 * CYCLE)
    world.trade("fund/a", "fund/b", 1_000, ticks=4_000_000)
    due = START + CYCLE
    first = [(at, message) for at, message in world.run_until(due) if isinstance(message, SettlementFailed)]
    lack = SettlementFailReason.LACK_OF_CASH
    assert first == [
        (due, failed("fund/a", lack, 1, due + MINUTE, 2)),
        (due, failed("fund/b", lack, 1, due + MINUTE, 2)),
    ]
    later = [message.trade_id for _, message in world.run_until(due + CYCLE + MINUTE) if isinstance(message, TradeSettled)]
    assert later == [1, 2]


def test_equal_instants_settle_oldest_first_with_one_wake_up():
    world = SmallWorld()
    world.fund()
    for _ in range(20):
        world.trade("fund/a", "fund/b", 10)
    world.now += 1
    world.trade("fund/b", "fund/a", 10, cycle=CYCLE - 1)
    before = world.wake_ups
    said = world.run_until(START + CYCLE)
    assert [one.trade_id for _, one in said if isinstance(one, TradeSettled)] == list(range(1, 22))
    assert world.wake_ups == before + 1


def test_an_earlier_instruction_moves_the_wake_up_forward():
    world = SmallWorld()
    world.fund()
    world.trade("fund/a", "fund/b", 10)
    world.trade("fund/a", "fund/b", 10, cycle=MINUTE)
    said = world.run_until(START + CYCLE)
    assert [(at - START, one.trade_id) for at, one in said if isinstance(one, TradeSettled)] == [(MINUTE, 2), (CYCLE, 1)]


def test_a_trade_delivered_again_is_instructed_once():
    world = SmallWorld()
    world.fund()
    world.repeat_next = 1
    assert len(world.trade("fund/a", "fund/b", 10)) == 2
    said = world.run_until(START + CYCLE)
    assert len(said) == 3
    match = next(entry.message for entry in world.entries if isinstance(entry.message, TradeMatched))
    assert world.hear(match, None) == []


def test_a_trade_that_arrives_late_settles_when_it_arrives():
    world = SmallWorld()
    world.fund()
    said = world.trade("fund/a", "fund/b", 10, cycle=-MINUTE)
    assert [type(one) for one in said] == [SettlementInstructed] * 2 + [SettlementSettled] * 2 + [TradeSettled]
