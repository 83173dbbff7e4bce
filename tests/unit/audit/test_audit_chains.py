"""Causal chains, step by step with their bases."""

from tests.unit.audit.small_record import SmallRecord, seconds

from trading_ecosystem.messages.audit import LinkBasis
from trading_ecosystem.messages.market_data import FundamentalPriceChanged
from trading_ecosystem.messages.risk import AlertKind
from trading_ecosystem.messages.test_coordination import FaultKind, LinkEffect
from trading_ecosystem.messages.units import minor_units

BTC = "BTC/USD"


def steps(chain):
    return [
        (step.sequence, seconds(step.at), step.sender, step.type, step.subject, step.basis, step.detail) for step in chain.steps
    ]


def fundamental(price):
    return FundamentalPriceChanged(BTC, minor_units(price))


def test_from_the_fault_over_the_market_to_the_alert():
    record = SmallRecord()
    record.price(0, BTC, "60000")
    injected = record.inject(5, "crash", FaultKind.MARKET_CRASH, "market-data", "BTC", "ETH")
    record.say(10, "exchange-alpha", fundamental("1"))
    effect = record.take_effect(10, "market-data", "crash-condition", BTC, trace=100)
    record.say(10, "exchange-alpha", fundamental("1"))  # Somebody else's.
    changed = record.say(10, "market-data", fundamental("59000"), trace=100)
    record.price(10, BTC, "59000", trace=100)
    record.label(10, "crash", FaultKind.MARKET_CRASH, AlertKind.PRICE_CRASH, BTC, cause=effect, first_subject=BTC)
    crashed = record.price(60, BTC, "56000", trace=200)
    record.say(60, "exchange-alpha", fundamental("1"))
    alert = record.alert(60, 1, AlertKind.PRICE_CRASH, BTC, crashed)
    (chain,) = record.report().chains
    assert (chain.fault_id, chain.alert_id) == ("crash", 1)
    label, cause, subject = LinkBasis.LABEL, LinkBasis.CAUSE, LinkBasis.SUBJECT
    assert steps(chain) == [
        (injected, 5, "test-coordination", "FaultInjected", "BTC", None, "market_crash injected"),
        (effect, 10, "market-data", "ConditionTookEffect", BTC, label, "market_crash takes effect"),
        (changed, 10, "market-data", "FundamentalPriceChanged", BTC, cause, "first message changed"),
        (crashed, 60, "market-data", "PricePublished", BTC, subject, "price_crash begins to hold on BTC/USD"),
        (alert, 60, "risk", "AlertRaised", BTC, cause, "price_crash raised, high"),
    ]


def test_a_condition_that_begins_in_the_handling_of_the_effect_follows_by_cause():
    record = SmallRecord()
    record.price(0, BTC, "60000")
    effect = record.take_effect(10, "market-data", "shock-condition", BTC, trace=100)
    changed = record.price(10, BTC, "50000", trace=100)
    record.label(10, "shock", FaultKind.PRICE_SHOCK, AlertKind.PRICE_SHOCK, BTC, first_subject=BTC)
    alert = record.alert(40, 1, AlertKind.PRICE_SHOCK, BTC)
    (chain,) = record.report().chains
    assert [(step.sequence, step.basis) for step in chain.steps] == [
        (effect, None),
        (changed, LinkBasis.CAUSE),
        (changed, LinkBasis.CAUSE),
        (alert, LinkBasis.SUBJECT),
    ]


def test_what_begins_by_the_passing_of_time_names_the_message_that_grew_old():
    record = SmallRecord()
    record.price(0, BTC, "60000")
    newest = record.price(10, BTC, "60000")
    record.take_effect(20, "links", "lossy", "market-data>risk")
    lost = record.price(20, BTC, "60000")
    applied = record.link(20, LinkEffect.DROPPED, "market-data", lost, None)
    record.label(
        20, "lost", FaultKind.LINK_DROP, AlertKind.PRICE_STALE, BTC, component="links", first_subject="market-data>risk"
    )
    record.alert(41, 1, AlertKind.PRICE_STALE, BTC)
    (chain,) = record.report().chains
    assert [(step.type, step.sequence, seconds(step.at)) for step in chain.steps] == [
        ("ConditionTookEffect", applied - 4, 20),
        ("LinkConditionApplied", applied, 20),
        ("PricePublished", newest, 40.000000001),
        ("AlertRaised", applied + 4, 41),
    ]


def test_an_effect_without_a_message_of_its_handling_leaves_that_step_out():
    record = SmallRecord()
    record.price(0, BTC, "60000")
    record.take_effect(10, "market-data", "shock-condition", BTC)
    record.price(20, BTC, "50000")
    record.label(20, "shock", FaultKind.PRICE_SHOCK, AlertKind.PRICE_SHOCK, BTC)
    record.alert(20, 1, AlertKind.PRICE_SHOCK, BTC)
    (chain,) = record.report().chains
    assert [step.type for step in chain.steps] == ["PricePublished", "AlertRaised"]  # Nor is it the effect of this label.


def test_unattributed_and_false_alerts_have_no_chain():
    record = SmallRecord()
    record.price(0, BTC, "60000")
    record.price(10, BTC, "50000")
    record.alert(10, 1, AlertKind.PRICE_SHOCK, BTC)
    record.alert(10, 2, AlertKind.PRICE_STALE, BTC)
    assert record.report().chains == ()
