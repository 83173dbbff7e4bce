"""What the monitor was sent: recomputed from the record, and equal to what the kernel delivered."""

from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.campaign import CAMPAIGN
from tests.unit.audit.small_record import SmallRecord, seconds

from trading_ecosystem.domains.audit.conditions import Conditions
from trading_ecosystem.domains.audit.deliveries import Deliveries, Interruption
from trading_ecosystem.messages.exchange import QuoteChanged
from trading_ecosystem.messages.market_data import PricePublished
from trading_ecosystem.messages.risk import AlertKind
from trading_ecosystem.messages.supervision import (
    ComponentConditionKind,
    ComponentConditionSet,
    RestartComponent,
    StartComponent,
    StopComponent,
)
from trading_ecosystem.messages.test_coordination import (
    ConditionCleared,
    LinkConditionApplied,
    LinkConditionKind,
    LinkConditionSet,
    LinkEffect,
)
from trading_ecosystem.ports.component import Begin, Component, Later, WakeUp
from trading_ecosystem.runtime.kernel import Kernel
from trading_ecosystem.runtime.links import LatenciesAgain, LatencyDistribution, LatencyRule, Links
from trading_ecosystem.runtime.randomness import SeededRandomness

FEEDS = ("market-data", "vendor")


class Tick(WakeUp, frozen=True, gc=False):
    pass


class Feed(Component):
    """Says prices, which audit follows, and quotes, which it does not, every ten nanoseconds."""

    context = "market_data"
    hears = {Begin: "begin", Tick: "tick"}
    says = (PricePublished, QuoteChanged)

    def __init__(self, name):
        super().__init__(name)
        self.count = 0

    def begin(self, message, now):
        return [Later(Tick(), now + 10)]

    def tick(self, message, now):
        self.count += 1
        price = PricePublished(instrument="BTC/USD", price_minor=self.count, priced_at=now, update=self.count)
        quote = QuoteChanged(self.name, "BTC/USD", self.count, 1, 1, 2, 2)
        later = Later(Tick(), now + 10)
        return [price, quote, price, later] if self.count % 3 else [quote, price, later]


class Monitor(Component):
    """Notes which price arrives when."""

    context = "risk"
    hears = {PricePublished: "arrived", QuoteChanged: "quote_arrived"}
    says = ()

    def __init__(self):
        super().__init__("risk", frozenset({"fund"}))
        self.seen = []

    def arrived(self, message, now):
        self.seen.append((message, now))
        return []

    def quote_arrived(self, message, now):
        return []


class Noted(Conditions):
    """Takes the place of the conditions and notes what is handed on."""

    def __init__(self):
        super().__init__(("BTC/USD",))
        self.seen = []

    def receive(self, entry, at):
        self.seen.append((entry.message, at))


CONDITIONS = st.tuples(
    st.integers(5, 300),
    st.sampled_from(list(LinkConditionKind)),
    st.sampled_from([("market-data",), ("vendor",), FEEDS]),
    st.integers(0, 200),
    st.sampled_from([1, 7, 10, 35]),
    st.sampled_from([200_000, 500_000, 1_000_000]),
    st.booleans(),
)


RULES = st.lists(
    st.builds(
        LatencyRule,
        st.sampled_from(["market-data", "vendor", "*"]),
        st.sampled_from(["risk", "r*", "trading"]),
        st.sampled_from(list(LatencyDistribution)),
        st.sampled_from([3, 10, 35]),
        st.sampled_from([0, 2]),
    ),
    max_size=2,
)
STOPS = st.tuples(
    st.one_of(st.integers(5, 300), st.integers(1, 30).map(lambda tens: tens * 10)),
    st.sampled_from(["stop", "restart", "pause", "crash"]),
    st.sampled_from([0, 1, 10, 33, 100]),
    st.booleans(),
)


def commands_of(number, at, kind, lasts, early):
    """Stop the monitor, and let it go on after a while, or earlier by hand."""
    name = f"stop-{number}"
    match kind:
        case "stop":
            yield at, StopComponent("risk")
            yield at + lasts, StartComponent("risk")
        case "restart":
            yield at, RestartComponent("risk", lasts)
            if early:
                yield at + lasts // 2, StartComponent("risk")
        case _:
            broken = ComponentConditionKind(f"component_{kind}")
            yield at, ComponentConditionSet("supervisor", name, broken, "risk", at + lasts)
            if early:
                yield at + lasts // 2, ConditionCleared("supervisor", name)


def play(conditions, seed, rules=(), stops=(), told=True):
    """Run the toy ecosystem with link faults; returns what the monitor heard and what audit thinks it did.

    Audit knows of latencies without a fault if it is ``told``.
    """
    randomness = SeededRandomness(seed)
    entries = []
    monitor = Monitor()
    links = Links(rules, randomness)
    kernel = Kernel([*(Feed(name) for name in FEEDS), monitor], links, entries.append, seed=seed)
    kernel.begin(0)
    inputs = []
    for number, (at, kind, senders, lasts, delay, probability, cleared) in enumerate(conditions):
        name = f"condition-{number}"
        setting = LinkConditionSet("links", name, kind, senders, ("risk",), at + lasts, delay, probability)
        inputs.append((at, number, setting))
        if cleared:
            inputs.append((at + lasts // 2, number, ConditionCleared("links", name)))
    for number, stop in enumerate(stops, len(conditions)):
        inputs += [(at, number, command) for at, command in commands_of(number, *stop)]
    for at, _, message in sorted(inputs, key=lambda one: one[:2]):
        kernel.run_before(at)
        kernel.admit("control", message, at)
    kernel.run_before(700)
    noted = Noted()
    deliveries = Deliveries("risk", noted, LatenciesAgain(Monitor(), rules, SeededRandomness(seed)) if told else None)
    for entry in entries:
        if type(entry.message) is PricePublished:
            deliveries.hold(entry)
        elif type(entry.message) is LinkConditionApplied:
            deliveries.link_applied(entry.message, entry.at)
        elif isinstance(entry.message, StopComponent | RestartComponent | ComponentConditionSet):
            deliveries.told(entry)
        elif isinstance(entry.message, Interruption):
            deliveries.interrupted(entry.message, entry)
        deliveries.passed(entry)
    deliveries.settle(699)
    return monitor.seen, [one for one in noted.seen if type(one[0]) is PricePublished]


@settings(derandomize=True, max_examples=2000 if CAMPAIGN else 100, deadline=None)
@given(st.lists(CONDITIONS, max_size=3), st.integers(1, 1000), RULES.map(tuple), st.lists(STOPS, max_size=2))
@example([], 1, (), [(10, "stop", 0, False), (10, "stop", 1, False)])
def test_audit_knows_what_reached_the_monitor_and_when(conditions, seed, rules, stops):
    heard, thought = play(conditions, seed, rules, stops)
    assert thought == heard


def test_link_faults_do_something_in_that_test():
    heard, _ = play([(50, LinkConditionKind.LINK_DELAY, FEEDS, 100, 35, 1_000_000, False)], 1)
    quiet, _ = play([], 1)
    assert len(heard) == len(quiet)
    assert heard != quiet


def test_latency_without_a_fault_leaves_no_trace_and_counts_as_none_where_nobody_knows_it():
    rule = LatencyRule("*", "risk", LatencyDistribution.FIXED, mean_ns=3)
    heard, thought = play([], 1, (rule,), told=False)
    assert [(message, at + 3) for message, at in thought if at + 3 < 700] == heard


def test_a_dropped_price_is_not_seen_and_a_delayed_one_counts_when_it_arrives():
    record = SmallRecord()
    record.price(0, "BTC/USD", "60000")
    dropped = record.price(10, "BTC/USD", "30000")
    record.link(10, LinkEffect.DROPPED, "market-data", dropped, None, to="trading")
    record.link(10, LinkEffect.DROPPED, "market-data", dropped, None)
    late = record.price(20, "BTC/USD", "57000")
    record.link(20, LinkEffect.DELAYED, "market-data", late, 25)
    record.price(22, "BTC/USD", "60000")  # Nothing is said of it, but it cannot overtake.
    record.price(40, "BTC/USD", "60000")
    held = [one for one in record.report().conditions if one.kind is AlertKind.PRICE_CRASH]
    # The delayed price arrives at 25 s and the next one right behind it.
    assert [(seconds(one.begun_at), seconds(one.ended_at), one.peak, one.sequence) for one in held] == [(25, 25, 50_000, late)]


def test_a_price_dropped_only_on_the_way_to_others_is_seen():
    record = SmallRecord()
    record.price(0, "BTC/USD", "60000")
    seen = record.price(10, "BTC/USD", "30000")
    record.link(10, LinkEffect.DROPPED, "market-data", seen, None, to="trading")
    kinds = [one.kind for one in record.report().conditions]
    assert kinds == [AlertKind.PRICE_CRASH, AlertKind.PRICE_SHOCK]


def test_prices_that_no_longer_arrive_make_the_feed_stale():
    record = SmallRecord()
    for after in range(0, 100, 10):
        sequence = record.price(after, "BTC/USD", "60000")
        if 20 <= after < 80:
            record.link(after, LinkEffect.DROPPED, "market-data", sequence, None)
    conditions = {one.kind: one for one in record.report().conditions}
    assert set(conditions) == {AlertKind.PRICE_STALE, AlertKind.FEED_GAP, AlertKind.PRICE_FROZEN}
    stale, gap = conditions[AlertKind.PRICE_STALE], conditions[AlertKind.FEED_GAP]
    assert (seconds(stale.begun_at), seconds(stale.ended_at)) == (40.000000001, 80)
    # The numbers of those that were lost are missed when the next one arrives.
    assert seconds(gap.begun_at) == 80


def test_the_monitor_may_have_another_name():
    record = SmallRecord(monitor="their-monitor")
    record.price(0, "BTC/USD", "60000")
    dropped = record.price(10, "BTC/USD", "30000")
    record.link(10, LinkEffect.DROPPED, "market-data", dropped, None, to="their-monitor")
    assert record.report().conditions == ()
