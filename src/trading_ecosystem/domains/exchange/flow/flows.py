"""Which background flow serves: on a compiled book the compiled one, where it was built, else the plain one."""

from __future__ import annotations

from typing import TypeAlias

from trading_ecosystem.domains.exchange.book.book import OrderBook
from trading_ecosystem.domains.exchange.flow.flow import BackgroundFlow
from trading_ecosystem.domains.exchange.flow.flow_parameters import FlowParameters
from trading_ecosystem.domains.exchange.flow.house import House
from trading_ecosystem.messages.units import Instrument
from trading_ecosystem.ports.randomness import RandomStream

try:
    from trading_ecosystem.domains.exchange.flow.compiled_background_flow import CompiledBackgroundFlow
except ImportError:
    COMPILED = False
else:
    COMPILED = True

AnyFlow: TypeAlias = "BackgroundFlow | CompiledBackgroundFlow"


def background_flow(
    parameters: FlowParameters, instrument: Instrument, book: OrderBook, house: House, stream: RandomStream
) -> AnyFlow:
    """The flow that goes with a book."""
    if COMPILED and type(book) is not OrderBook:
        return CompiledBackgroundFlow(parameters, instrument, book, house, stream)
    return BackgroundFlow(parameters, instrument, book, house, stream)
