"""The kernel's total order, causes and traces, storms and faults."""

from __future__ import annotations

import pytest

from trading_ecosystem.messages.envelope import EntryKind
from trading_ecosystem.messages.exchange import CancelOrder, QuoteChanged
from trading_ecosystem.messages.market_data import PricePublished
from trading_ecosystem.ports.component import Begin, Component, Later, WakeUp
from trading_ecosystem.ports.errors import ComponentFault, NotFound, Storm
from trading_ecosystem.runtime.links import LatencyDistribution, LatencyRule
from trading_ecosystem.runtime.simulation import ScheduledInput, simulate


class Again(WakeUp, frozen=True, gc=False):
    pass


def price(number: int, at: int = 0) -> PricePublished:
    return PricePublished(instrument="BTC/USD", price_minor=number, priced_at=at, update=number)


def test_one_chain_of_messages_has_causes_traces_and_gaps_for_wake_ups(toy):
    ecosystem = toy()
    simulate(ecosystem.kernel, ecosystem.recorder, (), until=1010)
    rows = [(e.sequence, e.at, type(e.message).__name__, e.sender, e.cause, e.trace) for e in ecosystem.entries]
    # Sequence 1 is the ticker's Begin, 2 its first Tick; the price takes 3 and the next Tick 4.
    assert rows == [
        (3, 1010, "PricePublished", "market-data", None, 2),
        (5, 1010, "CancelOrder", "trading", 3, 2),
        (6, 1010, "CancelRejected", "exchange-alpha", 5, 2),
        (7, 1010, "QuoteChanged", "exchange-alpha", 5, 2),
    ]
    assert [what for _, what, _ in ecosystem.components[1].heard] == ["price", "rejected", "quote"]


def test_a_wake_up_passes_on_the_cause_of_the_handling_that_asked(toy):
    class Sleeper(Component):
        context = "trading"
        hears = {PricePublished: "price", Again: "again"}
        says = (CancelOrder,)

        def price(self, message, now):
            return [Later(Again(), now + 5)]

        def again(self, message, now):
            return [CancelOrder(venue="nowhere", account="fund/a", client_order_id="x")]

    ecosystem = toy(components=[Sleeper("trading", frozenset({"fund"}))])
    simulate(ecosystem.kernel, ecosystem.recorder, [ScheduledInput(2000, "door", price(1))])
    first, second = ecosystem.entries
    assert (first.kind, first.sequence, first.cause, first.trace) == (EntryKind.INPUT, 1, None, 1)
    # The wake-up took sequence 2 and heads a trace of its own.
    assert (second.at, second.sequence, second.cause, second.trace) == (2005, 3, 1, 2)


def test_wake_ups_go_before_deliveries_even_between_two_receivers_of_one_message(toy):
    seen = []

    class Recording(Component):
        context = "trading"
        hears = {PricePublished: "price", Again: "again"}
        says = ()

        def price(self, message, now):
            seen.append((self.name, "price", message.update))
            return [Later(Again(), now)] if self.name == "a" else ()

        def again(self, message, now):
            seen.append((self.name, "again"))
            return ()

    firm = frozenset({"fund"})
    ecosystem = toy(components=[Recording("a", firm), Recording("b", firm)])
    inputs = [ScheduledInput(1000, "door", price(1)), ScheduledInput(1000, "door", price(2))]
    simulate(ecosystem.kernel, ecosystem.recorder, inputs)
    assert seen == [
        ("a", "price", 1),
        ("a", "again"),
        ("b", "price", 1),
        ("a", "price", 2),
        ("a", "again"),
        ("b", "price", 2),
    ]


def test_what_was_said_earlier_and_is_due_now_goes_before_what_is_said_now(toy):
    seen = []

    class Slow(Component):
        context = "trading"
        hears = {PricePublished: "price"}
        says = ()

        def price(self, message, now):
            seen.append((now, message.update))
            return ()

    rules = (LatencyRule("slow-door", "*", LatencyDistribution.FIXED, mean_ns=100),)
    ecosystem = toy(rules=rules, components=[Slow("trading", frozenset({"fund"}))])
    inputs = [ScheduledInput(1000, "slow-door", price(1)), ScheduledInput(1100, "door", price(2))]
    simulate(ecosystem.kernel, ecosystem.recorder, inputs)
    assert seen == [(1100, 1), (1100, 2)]


def test_equal_seeds_say_the_same_and_other_seeds_do_not(toy):
    digests = []
    for seed in (1, 1, 2):
        ecosystem = toy(seed=seed)
        simulate(ecosystem.kernel, ecosystem.recorder, (), until=5000)
        digests.append(ecosystem.recorder.digest.hexdigest())
    assert digests[0] == digests[1] != digests[2]


def test_a_storm_at_one_instant_names_its_loop(toy):
    class Echo(Component):
        context = "trading"
        hears = {QuoteChanged: "quote", PricePublished: "price", Begin: "begin"}
        says = (QuoteChanged, PricePublished)

        def begin(self, message, now):
            return self.price(message, now)

        def price(self, message, now):
            return [
                QuoteChanged(venue="v", instrument="i", update=1, bid_ticks=0, bid_lots=0, ask_ticks=0, ask_lots=0),
            ]

        def quote(self, message, now):
            return [price(1)]

    ecosystem = toy(components=[Echo("trading", frozenset({"fund"}))], storm_limit=500)
    with pytest.raises(Storm, match=r"more than 500 steps at the instant 1000; the loop is (\w+) > (\w+)$") as caught:
        simulate(ecosystem.kernel, ecosystem.recorder, ())
    assert {"QuoteChanged", "PricePublished"} == set(str(caught.value).split("loop is ")[1].split(" > "))


def test_a_silent_loop_of_wake_ups_is_a_storm_too(toy):
    class Restless(Component):
        context = "trading"
        hears = {Begin: "again", Again: "again"}
        says = ()

        def again(self, message, now):
            return [Later(Again(), now)]

    ecosystem = toy(components=[Restless("trading", frozenset({"fund"}))], storm_limit=500)
    with pytest.raises(Storm, match="the loop is Again$"):
        simulate(ecosystem.kernel, ecosystem.recorder, ())


def test_a_run_without_an_end_has_no_budget(toy):
    ecosystem = toy(budget=None)
    simulate(ecosystem.kernel, ecosystem.recorder, (), until=3_000)
    assert ecosystem.kernel.entries > 100


def test_a_run_over_its_budget_ends_in_a_storm(toy):
    ecosystem = toy(budget=100)
    with pytest.raises(Storm, match="budget of 100 entries"):
        simulate(ecosystem.kernel, ecosystem.recorder, (), until=10**9)


def test_a_bug_in_a_component_stops_the_run_with_its_name_seed_and_sequence(toy):
    class Broken(Component):
        context = "trading"
        hears = {PricePublished: "price"}
        says = ()

        def price(self, message, now):
            assert message.price_minor > 0, "prices are positive"
            return ()

    ecosystem = toy(seed=42, components=[Broken("trading", frozenset({"fund"}))])
    with pytest.raises(ComponentFault, match=r"trading failed at sequence 1 \(seed 42\): AssertionError: prices are positive"):
        simulate(ecosystem.kernel, ecosystem.recorder, [ScheduledInput(1000, "door", price(0))])


def test_saying_what_is_not_in_the_table_is_a_bug(toy):
    class Liar(Component):
        context = "trading"
        hears = {Begin: "begin"}
        says = ()

        def begin(self, message, now):
            return [price(1)]

    ecosystem = toy(components=[Liar("trading", frozenset({"fund"}))])
    with pytest.raises(ComponentFault, match="PricePublished is not in its table of what it says"):
        simulate(ecosystem.kernel, ecosystem.recorder, ())


def test_questions_to_unknown_components_are_not_found(toy):
    with pytest.raises(NotFound, match="no component is named 'nobody'"):
        toy().kernel.answer("nobody", None)
