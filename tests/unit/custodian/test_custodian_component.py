import json

from tests.unit.custodian.small_world import BTC_USD, CYCLE, HOUSE, START, SmallWorld

from trading_ecosystem.domains.custodian.component import Custodian, CustodyDue, StatementDue
from trading_ecosystem.messages.custodian import CustodianConditionKind, DepositAssets, TransferMethod
from trading_ecosystem.messages.units import DAY, MINUTE
from trading_ecosystem.ports.component import Begin, Later
from trading_ecosystem.runtime.snapshot import Decoder, Encoder

BASE = BTC_USD.base_amount(1_000)
QUOTE = BTC_USD.notional(5_000_000, 1_000)


def busy_world():
    """Settled and unsettled trades, a condition with effect, a pending transfer, a waiting release."""
    world = SmallWorld()
    world.fund(usd=10 * QUOTE, btc=10 * BASE)
    world.trade("fund/a", HOUSE, 1_000, cycle=MINUTE)
    world.condition(CustodianConditionKind.SETTLEMENT_REJECT, DAY, probability=700_000)
    world.condition(CustodianConditionKind.SETTLEMENT_DELAY, DAY, name="slow", delay=7 * MINUTE)
    world.give(DepositAssets("custodian", "fund/a", "d", "USD", 5, TransferMethod.WIRE))
    for _ in range(5):
        world.trade("fund/a", "fund/b", 100)
    world.venue_says(world.venue.release("fund/a", "BTC", 11 * BASE))
    world.run_until(START + CYCLE + MINUTE)
    return world


def test_the_dispatch_table_names_methods_that_are_there():
    for method in (*Custodian.hears.values(), *Custodian.answers.values()):
        assert callable(getattr(Custodian, method))
    assert Custodian.context == "custodian"
    assert len(set(Custodian.says)) == len(Custodian.says)


def test_it_begins_with_nothing_to_say_and_a_wake_up_for_nothing_does_nothing():
    world = SmallWorld()
    every = world.custodian.parameters.state_every_ns
    assert list(world.custodian.handle(Begin(), START)) == [Later(StatementDue(), START + every)]
    assert list(world.custodian.handle(CustodyDue(), START)) == []


def test_a_snapshot_goes_on_as_the_original_does():
    world, other = busy_world(), busy_world()
    document = json.dumps(Encoder().encode(other.custodian))
    other.custodian = Decoder().decode(json.loads(document))
    assert json.dumps(Encoder().encode(other.custodian)) == document
    for one in (world, other):
        one.trade("fund/b", HOUSE, 50)
        one.clear()
        one.run_until(START + 5 * DAY)
        one.venue_says(one.venue.report())
    assert world.entries == other.entries
    assert len(world.entries) > 60


def test_answers_change_nothing():
    world = busy_world()
    before = json.dumps(Encoder().encode(world.custodian))
    for question in Custodian.answers:
        world.custodian.answer(question())
    assert json.dumps(Encoder().encode(world.custodian)) == before


def test_few_wake_ups_are_outstanding():
    """A thousand instructions due at one instant wake it once; retries of a minute wake it once a minute."""
    world = SmallWorld()
    world.fund()
    for _ in range(1_000):
        world.trade("fund/a", "fund/b", 1)
    assert len(world._queue) == 1
    world.condition(CustodianConditionKind.CUSTODIAN_OFFLINE, CYCLE + 30 * MINUTE)
    woken = world.wake_ups
    world.run_until(START + CYCLE + 30 * MINUTE)
    assert world.wake_ups - woken == 31
