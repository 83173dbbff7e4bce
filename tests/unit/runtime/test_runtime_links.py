"""Latency, first in first out, and every link fault with its record."""

from __future__ import annotations

import pytest

from trading_ecosystem.messages.envelope import decode_entry
from trading_ecosystem.messages.market_data import PricePublished
from trading_ecosystem.messages.supervision import StoreConditionKind, StoreConditionSet
from trading_ecosystem.messages.test_coordination import (
    ConditionCleared,
    ConditionEnded,
    ConditionTookEffect,
    LinkConditionApplied,
    LinkConditionKind,
    LinkConditionSet,
    LinkEffect,
)
from trading_ecosystem.ports.component import Component
from trading_ecosystem.runtime.links import LatencyDistribution, LatencyRule, Links
from trading_ecosystem.runtime.simulation import ScheduledInput, simulate


class Listener(Component):
    context = "risk"
    hears = {PricePublished: "price"}
    says = ()

    def __init__(self, name="risk"):
        super().__init__(name, frozenset({"fund"}))
        self.heard = []

    def price(self, message, now):
        self.heard.append((now, message.update))
        return ()


def prices(times):
    return [
        ScheduledInput(at, "feed", PricePublished(instrument="BTC/USD", price_minor=1, priced_at=at, update=number))
        for number, at in enumerate(times, 1)
    ]


def condition(kind, until, **values):
    return LinkConditionSet(
        component="links", condition_id="c", kind=kind, senders=("feed",), receivers=("risk",), until=until, **values
    )


def run(toy, inputs, rules=(), seed=1):
    listener = Listener()
    ecosystem = toy(components=[listener], rules=rules, seed=seed)
    simulate(ecosystem.kernel, ecosystem.recorder, inputs)
    said = [(e.at, e.message) for e in map(decode_entry, ecosystem.journal.lines()) if e.sender == "links"]
    return listener.heard, said


@pytest.mark.parametrize(
    ("rule", "low", "high", "mean"),
    [
        (LatencyRule("*", "*", LatencyDistribution.FIXED, mean_ns=500), 500, 500, 500),
        (LatencyRule("*", "*", LatencyDistribution.UNIFORM, mean_ns=500, minimum_ns=100), 100, 900, 500),
        (LatencyRule("*", "*", LatencyDistribution.EXPONENTIAL, mean_ns=500, minimum_ns=100), 100, 10_000, 500),
        (LatencyRule("*", "*", LatencyDistribution.LOGNORMAL, mean_ns=500, minimum_ns=100), 100, 10_000, 500),
    ],
)
def test_latency_distributions_have_their_mean_and_bounds(toy, rule, low, high, mean):
    times = range(100_000, 100_000 + 3000 * 100_000, 100_000)
    heard, _ = run(toy, prices(times), rules=(rule,))
    waits = [now - at for (now, _), at in zip(heard, times, strict=True)]
    assert low <= min(waits) <= max(waits) <= high
    assert abs(sum(waits) / len(waits) - mean) < 25


def test_a_link_is_first_in_first_out_whatever_it_draws(toy):
    rule = LatencyRule("feed", "risk", LatencyDistribution.EXPONENTIAL, mean_ns=1000)
    heard, _ = run(toy, prices(range(2000, 4000, 10)), rules=(rule,))
    assert [update for _, update in heard] == list(range(1, 201))
    assert [now for now, _ in heard] == sorted(now for now, _ in heard)


def test_the_first_matching_rule_counts(toy):
    rules = (
        LatencyRule("other", "*", LatencyDistribution.FIXED, mean_ns=7),
        LatencyRule("fe*", "ri*", LatencyDistribution.FIXED, mean_ns=5),
        LatencyRule("*", "*", LatencyDistribution.FIXED, mean_ns=9),
    )
    heard, _ = run(toy, prices([2000]), rules=rules)
    assert heard == [(2005, 1)]


def test_delay_keeps_order_and_says_what_it_did(toy):
    inputs = [
        ScheduledInput(1500, "door", condition(LinkConditionKind.LINK_DELAY, 2015, delay_ns=100)),
        *prices([2000, 2010, 2020]),
    ]
    heard, said = run(toy, inputs)
    assert heard == [(2100, 1), (2110, 2), (2110, 3)]
    assert said == [
        (2000, ConditionTookEffect(component="links", condition_id="c", subject="feed>risk")),
        (2000, applied(LinkEffect.DELAYED, 3, 2100)),
        (2010, applied(LinkEffect.DELAYED, 6, 2110)),
        (2015, ConditionEnded(component="links", condition_id="c")),
    ]


def applied(effect, sequence, delivered_at):
    return LinkConditionApplied(
        condition_id="c", effect=effect, sender="feed", receiver="risk", sequence=sequence, delivered_at=delivered_at
    )


def test_partition_loses_everything_until_it_lapses(toy):
    inputs = [ScheduledInput(1500, "door", condition(LinkConditionKind.LINK_PARTITION, 2015)), *prices([2000, 2010, 2020])]
    heard, said = run(toy, inputs)
    assert heard == [(2020, 3)]
    assert [m.effect for _, m in said if isinstance(m, LinkConditionApplied)] == [LinkEffect.DROPPED] * 2


def test_drop_duplicate_and_reorder(toy):
    certain = {"probability_ppm": 1_000_000, "delay_ns": 15}

    def with_kind(kind):
        return run(toy, [ScheduledInput(1500, "door", condition(kind, 2005, **certain)), *prices([2000, 2010, 2020])])

    assert with_kind(LinkConditionKind.LINK_DROP)[0] == [(2010, 2), (2020, 3)]
    assert with_kind(LinkConditionKind.LINK_DUPLICATE)[0] == [(2000, 1), (2010, 2), (2015, 1), (2020, 3)]
    heard, said = with_kind(LinkConditionKind.LINK_REORDER)
    assert heard == [(2010, 2), (2015, 1), (2020, 3)]
    assert said[1] == (2000, applied(LinkEffect.REORDERED, 3, 2015))


def test_a_half_probable_drop_drops_about_half(toy):
    inputs = [
        ScheduledInput(1500, "door", condition(LinkConditionKind.LINK_DROP, 10**9, probability_ppm=500_000)),
        *prices(range(2000, 4000)),
    ]
    heard, _ = run(toy, inputs)
    assert 900 < len(heard) < 1100


def test_clearing_a_condition_ends_it(toy):
    clear = ScheduledInput(2005, "door", ConditionCleared(component="links", condition_id="c"))
    start = ScheduledInput(1500, "door", condition(LinkConditionKind.LINK_PARTITION, 10**6))
    first, *rest = prices([2000, 2010])
    heard, said = run(toy, [start, first, clear, *rest])
    assert heard == [(2010, 2)]
    assert said[-1] == (2005, ConditionEnded(component="links", condition_id="c"))


def test_what_a_broken_link_says_comes_after_the_message_it_broke(toy):
    order = []

    class Coordinator(Component):
        context = "test_coordination"
        hears = {PricePublished: "price", ConditionTookEffect: "effect"}
        says = ()

        def price(self, message, now):
            order.append((self.name, "price"))
            return ()

        def effect(self, message, now):
            order.append((self.name, "effect"))
            return ()

    ecosystem = toy(components=[Listener("risk"), Coordinator("test-coordination"), Coordinator("zulu")])
    start = ScheduledInput(1500, "door", condition(LinkConditionKind.LINK_PARTITION, 10**6))
    simulate(ecosystem.kernel, ecosystem.recorder, [start, *prices([2000])])
    # The price has the lower sequence: all who still get it hear it before anyone hears what the link did.
    assert [what for _, what in order] == ["price", "price", "effect", "effect"]


def test_other_links_are_not_touched(toy):
    other = LinkConditionSet(
        component="links",
        condition_id="c",
        kind=LinkConditionKind.LINK_PARTITION,
        senders=("x",),
        receivers=("risk",),
        until=9999,
    )
    heard, said = run(toy, [ScheduledInput(1500, "door", other), *prices([2000])])
    assert heard == [(2000, 1)]
    assert said == []


def store(kind, until, delay_ns=0, receivers=("risk",)):
    return StoreConditionSet("links", "c", kind, "feed", receivers, until, delay_ns)


def late(sequence, delivered_at):
    return LinkConditionApplied("c", LinkEffect.DELAYED, "feed", "risk", sequence, delivered_at)


def test_what_is_said_with_a_slow_store_arrives_late_and_in_order(toy):
    slow = ScheduledInput(1015, "control", store(StoreConditionKind.STORE_SLOW, 1035, 12))
    heard, said = run(toy, sorted([*prices(range(1010, 1061, 10)), slow], key=lambda one: one.at))
    # What is said just after the condition queues behind what was delayed.
    assert heard == [(1010, 1), (1032, 2), (1042, 3), (1042, 4), (1050, 5), (1060, 6)]
    assert [message for _, message in said] == [
        ConditionTookEffect("links", "c", "feed"),
        late(4, 1032),
        late(7, 1042),
        ConditionEnded("links", "c"),
    ]


def test_what_is_said_without_a_store_is_held_until_it_is_back(toy):
    gone = ScheduledInput(1015, "control", store(StoreConditionKind.STORE_UNAVAILABLE, 1035))
    heard, said = run(toy, sorted([*prices(range(1010, 1061, 10)), gone], key=lambda one: one.at))
    assert heard == [(1010, 1), (1035, 2), (1035, 3), (1040, 4), (1050, 5), (1060, 6)]
    assert [at for at, _ in said] == [1020, 1020, 1030, 1035]


def test_only_those_named_wait(toy):
    gone = ScheduledInput(1015, "control", store(StoreConditionKind.STORE_UNAVAILABLE, 1035, receivers=("trading",)))
    heard, said = run(toy, sorted([*prices(range(1010, 1031, 10)), gone], key=lambda one: one.at))
    assert heard == [(1010, 1), (1020, 2), (1030, 3)]
    assert said == []


def test_a_rolled_back_store_condition_holds_nothing_more(toy):
    inputs = [
        *prices(range(1010, 1061, 10)),
        ScheduledInput(1015, "control", store(StoreConditionKind.STORE_UNAVAILABLE, 1045)),
        ScheduledInput(1025, "control", ConditionCleared("links", "c")),
    ]
    heard, _ = run(toy, sorted(inputs, key=lambda one: one.at))
    # The second was held until 1045 when that was said; the others queue behind it.
    assert heard == [(1010, 1), (1045, 2), (1045, 3), (1045, 4), (1050, 5), (1060, 6)]


SLOW_OTHERS = LatencyRule("market-data", "*", LatencyDistribution.EXPONENTIAL, mean_ns=7)


@pytest.mark.parametrize("until", [1150, 1400])
def test_what_a_condition_held_back_is_not_overtaken_beside_a_rule_for_others(toy, until):
    inputs = [
        ScheduledInput(1050, "test", condition(LinkConditionKind.LINK_DELAY, until=until, delay_ns=300)),
        *prices([1100, 1200, 1300, 1500, 1800]),
    ]
    held = run(toy, inputs)
    assert [number for _, number in held[0]] == [1, 2, 3, 4, 5]
    assert held[0][0] == (1400, 1)
    assert held[0][-1] == (1800, 5)
    assert run(toy, inputs, rules=(SLOW_OTHERS,)) == held


def test_asking_once_for_a_sender_is_asking_for_each_of_its_links(toy, monkeypatch):
    def journal():
        ecosystem = toy(rules=(SLOW_OTHERS,))
        ecosystem.kernel.run_before(5000)
        ecosystem.recorder.commit()
        return list(ecosystem.journal.lines()), ecosystem.kernel.deliveries

    asked = []
    at_once = Links.pass_at_once

    def noted(self, sender, now):
        asked.append((sender, at_once(self, sender, now)))
        return asked[-1][1]

    monkeypatch.setattr(Links, "pass_at_once", noted)
    found = journal()
    assert {("market-data", False), ("trading", True), ("exchange-alpha", True)} <= set(asked)
    monkeypatch.setattr(Links, "pass_at_once", lambda self, sender, now: False)
    assert journal() == found
