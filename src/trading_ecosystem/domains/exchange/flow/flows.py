"""Which background flow serves: on a compiled book the compiled one, where it was built and fits, else the plain one.

The compiled one sends its orders past the house, which alone knows a tick table: where there is one the plain one serves.
"""

from __future__ import annotations

from typing import Final, TypeAlias

from trading_ecosystem.domains.exchange.book.book import OrderBook
from trading_ecosystem.domains.exchange.book.compiled_interface import UNFIT, check_interface, is_stale, staleness
from trading_ecosystem.domains.exchange.flow.flow import BackgroundFlow
from trading_ecosystem.domains.exchange.flow.flow_parameters import FlowParameters
from trading_ecosystem.domains.exchange.flow.house import House
from trading_ecosystem.messages.units import Instrument
from trading_ecosystem.ports.randomness import RandomStream

_MODULE: Final = "trading_ecosystem.domains.exchange.flow.compiled_flow"

try:
    import trading_ecosystem.domains.exchange.flow.compiled_flow as _compiled_flow

    check_interface(_compiled_flow)
    from trading_ecosystem.domains.exchange.flow.compiled_background_flow import CompiledBackgroundFlow
except UNFIT as _error:
    COMPILED = False
    STALE = staleness(_error, _MODULE) if is_stale(_error, _MODULE) else None
else:
    COMPILED = True
    STALE = None
    """Why a compiled flow that was built does not serve, in one line."""

AnyFlow: TypeAlias = "BackgroundFlow | CompiledBackgroundFlow"


def background_flow(
    parameters: FlowParameters,
    instrument: Instrument,
    book: OrderBook,
    house: House,
    stream: RandomStream,
    *,
    in_c: bool = True,
) -> AnyFlow:
    """The flow that goes with a book; without ``in_c`` the plain one on any."""
    if in_c and COMPILED and type(book) is not OrderBook:
        return CompiledBackgroundFlow(parameters, instrument, book, house, stream)
    return BackgroundFlow(parameters, instrument, book, house, stream)
