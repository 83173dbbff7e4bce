from tests.unit.custodian.small_world import BTC_USD, CYCLE, FEES, HOUSE, START, VENUE, SmallWorld

from trading_ecosystem.messages.custodian import PledgeAssets, ReconciliationBreak, ReconciliationCompleted
from trading_ecosystem.messages.exchange import ClaimLine, ClaimReason, ClaimsReported

BASE = BTC_USD.base_amount(1_000)
QUOTE = BTC_USD.notional(5_000_000, 1_000)


def funded():
    world = SmallWorld()
    world.fund(usd=10 * QUOTE, btc=10 * BASE)
    return world


def completed(claims, breaks):
    return ReconciliationCompleted("custodian", VENUE, claims, breaks)


def broken(account, asset, claim, expected):
    return ReconciliationBreak("custodian", VENUE, account, asset, claim, expected)


def test_claims_agree_before_and_after_settlement_and_with_a_waiting_release():
    world = funded()
    world.trade("fund/a", "fund/b", 1_000)
    world.trade(HOUSE, "fund/a", 500)
    world.venue_says(world.venue.release("fund/b", "USD", 11 * QUOTE - QUOTE // 500))
    assert world.venue_says(world.venue.report()) == [completed(6, 0)]
    world.run_until(START + CYCLE)
    assert world.venue_says(world.venue.report()) == [completed(6, 0)]


def test_a_pledge_on_its_way_is_no_break():
    world = funded()
    world.deposit("fund/a", "USD", 100)
    statement = world.venue.report()
    world.pledge("fund/a", "USD", 100)
    assert world.venue_says(statement) == [completed(6, 0)]
    assert world.venue_says(world.venue.report()) == [completed(6, 0)]


def test_a_lost_pledge_is_a_break_once_a_later_one_was_applied():
    world = funded()
    world.deposit("fund/a", "USD", 300)
    world.lose_next = 1
    world.give(PledgeAssets("custodian", "fund/a", "lost", VENUE, "USD", 100))
    assert world.venue_says(world.venue.report()) == [completed(6, 0)]
    world.venue.pledges_applied += 1
    assert world.venue_says(world.venue.report()) == [broken("fund/a", "USD", 10 * QUOTE, 10 * QUOTE + 100), completed(6, 1)]


def test_a_lost_trade_breaks_every_account_it_touched():
    world = funded()
    world.lose_next = 1
    world.trade("fund/a", HOUSE, 1_000)
    fee = QUOTE // 1000
    assert world.venue_says(world.venue.report()) == [
        broken(FEES, "USD", fee, 0),
        broken(HOUSE, "BTC", 9 * BASE, 10 * BASE),
        broken(HOUSE, "USD", 11 * QUOTE, 10 * QUOTE),
        broken("fund/a", "BTC", 11 * BASE, 10 * BASE),
        broken("fund/a", "USD", 9 * QUOTE - fee, 10 * QUOTE),
        completed(7, 5),
    ]


def test_a_lost_release_and_an_omitted_account_are_breaks():
    world = funded()
    world.lose_next = 1
    world.venue_says(world.venue.release("fund/b", "BTC", BASE))
    lines = [line for line in world.venue.report()[0].claims if line.account != "fund/a"]
    unknown = ClaimLine("stranger", "ETH", 3, 4)
    statement = ClaimsReported("custodian", VENUE, world.venue.pledges_applied, (*lines, unknown))
    assert world.venue_says([statement]) == [
        broken("fund/b", "BTC", 9 * BASE, 10 * BASE),
        broken("stranger", "ETH", 7, 0),
        broken("fund/a", "BTC", 0, 10 * BASE),
        broken("fund/a", "USD", 0, 10 * QUOTE),
        completed(5, 4),
    ]


def test_a_claim_credited_twice_is_a_break():
    world = funded()
    world.venue.change("fund/a", "USD", 1, ClaimReason.PLEDGED)
    assert world.venue_says(world.venue.report()) == [broken("fund/a", "USD", 10 * QUOTE + 1, 10 * QUOTE), completed(6, 1)]
