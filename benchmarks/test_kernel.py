"""The kernel alone: one hop from a said message to its handler, and what recording adds."""

from __future__ import annotations

from trading_ecosystem.adapters.memory.journal import MemoryJournal
from trading_ecosystem.messages.market_data import PricePublished
from trading_ecosystem.ports.component import Begin, Component, Later, WakeUp
from trading_ecosystem.runtime.kernel import Kernel
from trading_ecosystem.runtime.links import LatencyDistribution, LatencyRule, Links
from trading_ecosystem.runtime.randomness import SeededRandomness
from trading_ecosystem.runtime.recorder import Recorder

HOPS = 50_000


class Tick(WakeUp, frozen=True, gc=False):
    pass


class Source(Component):
    """Says one price per wake-up."""

    context = "market_data"
    hears = {Begin: "tick", Tick: "tick"}
    says = (PricePublished,)

    def tick(self, message, now):
        return [PricePublished(instrument="BTC/USD", price_minor=1, priced_at=now, update=now), Later(Tick(), now + 1)]


class Sink(Component):
    """Hears prices and says nothing."""

    context = "risk"
    hears = {PricePublished: "price"}
    says = ()

    def price(self, message, now):
        return ()


def hops(record, rules=()):
    randomness = SeededRandomness(1)
    components = [Source("source"), Sink("sink", frozenset({"fund"}))]
    kernel = Kernel(components, Links(rules, randomness), record or Recorder(MemoryJournal()).record, seed=1)
    kernel.begin(0)
    kernel.run_before(HOPS)
    assert kernel.entries == HOPS


def per_hop(benchmark, title):
    microseconds = benchmark.stats.stats.median / HOPS * 1e6
    benchmark.extra_info["microseconds_per_hop"] = round(microseconds, 3)
    print(f"\n{title}: {microseconds:.2f} µs per hop (wake-up, message, delivery)")


def test_kernel_hop_without_recording(benchmark):
    benchmark.pedantic(hops, args=(lambda entry: None,), rounds=5, warmup_rounds=1)
    per_hop(benchmark, "kernel hop, not recorded")


def test_kernel_hop_recorded_in_memory(benchmark):
    benchmark.pedantic(hops, args=(None,), rounds=5, warmup_rounds=1)
    per_hop(benchmark, "kernel hop, recorded in memory")


def test_kernel_hop_over_a_link_with_latency(benchmark):
    rules = (LatencyRule("*", "*", LatencyDistribution.EXPONENTIAL, mean_ns=3),)
    benchmark.pedantic(hops, args=(lambda entry: None, rules), rounds=5, warmup_rounds=1)
    per_hop(benchmark, "kernel hop over a link with random latency, not recorded")
