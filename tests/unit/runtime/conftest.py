"""A toy ecosystem for the runtime's own tests: a ticker, an echo and a listener, in published messages."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from trading_ecosystem.adapters.memory.journal import MemoryJournal
from trading_ecosystem.messages.envelope import Entry, decode_entry
from trading_ecosystem.messages.exchange import CancelOrder, CancelRejected, QuoteChanged
from trading_ecosystem.messages.market_data import PricePublished
from trading_ecosystem.messages.orders import CancelRejectReason
from trading_ecosystem.ports.component import Begin, Component, Later, WakeUp
from trading_ecosystem.runtime.kernel import Kernel
from trading_ecosystem.runtime.links import LatencyRule, Links
from trading_ecosystem.runtime.randomness import SeededRandomness
from trading_ecosystem.runtime.recorder import Recorder


class Tick(WakeUp, frozen=True, gc=False):
    pass


class Ticker(Component):
    """Publishes a random price every ``every`` nanoseconds."""

    context = "market_data"
    hears = {Begin: "begin", Tick: "tick"}
    says = (PricePublished,)

    def __init__(self, randomness, every=10, name="market-data"):
        super().__init__(name)
        self.every = every
        self.count = 0
        self.stream = randomness.stream(name, "ticks")

    def begin(self, message, now):
        return [Later(Tick(), now + self.every)]

    def tick(self, message, now):
        self.count += 1
        price = self.stream.integer(1, 1000)
        return [
            PricePublished(instrument="BTC/USD", price_minor=price, priced_at=now, update=self.count),
            Later(Tick(), now + self.every),
        ]


class Trader(Component):
    """Asks a venue to cancel something at every price; remembers what it was told."""

    context = "trading"
    hears = {PricePublished: "price_published", CancelRejected: "cancel_rejected", QuoteChanged: "quote_changed"}
    says = (CancelOrder,)

    def __init__(self, name="trading", venue="exchange-alpha", firm="fund"):
        super().__init__(name, frozenset({firm}))
        self.venue = venue
        self.heard = []

    def price_published(self, message, now):
        self.heard.append((now, "price", message.price_minor))
        return [CancelOrder(venue=self.venue, account="fund/a", client_order_id=f"c{message.update}")]

    def cancel_rejected(self, message, now):
        self.heard.append((now, "rejected", message.client_order_id))
        return ()

    def quote_changed(self, message, now):
        self.heard.append((now, "quote", message.update))
        return ()


class Venue(Component):
    """Refuses every cancel and counts it in a quote."""

    context = "exchange"
    hears = {CancelOrder: "cancel_order"}
    says = (CancelRejected, QuoteChanged)

    def __init__(self, name="exchange-alpha"):
        super().__init__(name)
        self.count = 0

    def cancel_order(self, message, now):
        self.count += 1
        return [
            CancelRejected(
                venue=self.name,
                account=message.account,
                client_order_id=message.client_order_id,
                reason=CancelRejectReason.UNKNOWN_ORDER,
            ),
            QuoteChanged(
                venue=self.name, instrument="BTC/USD", update=self.count, bid_ticks=1, bid_lots=1, ask_ticks=2, ask_lots=1
            ),
        ]


@dataclass
class Toy:
    kernel: Kernel
    recorder: Recorder
    journal: object
    components: list = field(default_factory=list)

    @property
    def entries(self) -> list[Entry]:
        return [decode_entry(line) for line in self.journal.lines()]


def build_toy(seed=1, rules: tuple[LatencyRule, ...] = (), journal=None, components=None, start=1000, **limits) -> Toy:
    randomness = SeededRandomness(seed)
    journal = MemoryJournal() if journal is None else journal
    recorder = Recorder(journal)
    components = [Ticker(randomness), Trader(), Venue()] if components is None else components
    kernel = Kernel(components, Links(rules, randomness), recorder.record, seed=seed, **limits)
    kernel.begin(start)
    return Toy(kernel, recorder, journal, components)


@pytest.fixture
def toy():
    return build_toy
