"""Scripted: orders at given times, for workloads such as "buy 0.1 BTC after one hour".

One setting, ``orders``: entries separated by commas, each ``<after> <side> <quantity> <instrument> <venue> [<price>]``::

    1h buy 0.1 BTC/USD exchange-alpha, 2h30m sell 0.1 BTC/USD exchange-alpha 61000.00

``after`` counts from the start of the strategy, the quantity is in whole units of the base asset.  With a price it is a
limit order that stays until it is filled or the strategy stops; without one it is a market order.  The engine's own
limits apply, and an order that they withhold is not tried again.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from trading_ecosystem.domains.trading.intentions import Intention, Place, WakeMe
from trading_ecosystem.domains.trading.settings import Text, duration_ns
from trading_ecosystem.domains.trading.strategy import Strategy
from trading_ecosystem.domains.trading.view import View
from trading_ecosystem.messages.orders import OrderType, Side, TimeInForce
from trading_ecosystem.messages.units import INSTRUMENTS, Nanos, minor_units


class ScriptedSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The timed orders as text; see the module."""

    orders: Text

    def __post_init__(self) -> None:
        """Read the text once, so that what cannot be read is known at once."""
        timed_orders(self.orders)


def timed_orders(text: str) -> list[tuple[Nanos, Place]]:
    """The orders of a script, each with its offset; raises ``ValueError`` naming the entry it cannot read."""
    return [_timed_order(entry.strip()) for entry in text.split(",")]


def _timed_order(entry: str) -> tuple[Nanos, Place]:
    words = entry.split()
    if len(words) not in (5, 6):
        raise ValueError(f"order {entry!r}; expected <after> <buy|sell> <quantity> <instrument> <venue> [<price>]")
    after, side, quantity, symbol, venue = words[:5]
    instrument = INSTRUMENTS.get(symbol)
    if instrument is None:
        raise ValueError(f"order {entry!r}: unknown instrument {symbol}; expected one of {', '.join(INSTRUMENTS)}")
    if side not in ("buy", "sell"):
        raise ValueError(f"order {entry!r}: side {side}; expected buy or sell")
    try:
        offset = duration_ns(after)
    except ValueError:
        raise ValueError(f"order {entry!r}: {after} is not a duration such as 90s or 1h30m") from None
    lots = _steps(entry, "quantity", quantity, instrument.lot_size)
    if len(words) == 5:
        return offset, Place(
            venue, symbol, Side(side), 0, lots, order_type=OrderType.MARKET, time_in_force=TimeInForce.IMMEDIATE_OR_CANCEL
        )
    return offset, Place(venue, symbol, Side(side), _steps(entry, "price", words[5], instrument.tick_size), lots)


def _steps(entry: str, what: str, text: str, step: int) -> int:
    """An amount as a positive count of lots or ticks."""
    try:
        amount = minor_units(text)
    except (ValueError, ArithmeticError):
        amount = 0
    if amount <= 0 or amount % step:
        raise ValueError(f"order {entry!r}: {what} {text} is not a positive multiple of {step} minor units (10⁻⁸)")
    return amount // step


class Scripted(Strategy):
    """See the module."""

    def __init__(self, settings: ScriptedSettings) -> None:
        self.orders = timed_orders(settings.orders)

    def pairs_traded(self) -> Iterable[tuple[str, str]]:
        """Where the script's orders go."""
        return tuple((place.venue, place.instrument) for _, place in self.orders)

    def started(self, view: View) -> Iterable[Intention]:
        """Ask to be woken for every order."""
        return tuple(WakeMe(view.now + offset, str(number)) for number, (offset, _) in enumerate(self.orders))

    def timer(self, view: View, label: str) -> Iterable[Intention]:
        """Send the order whose time has come."""
        return (self.orders[int(label)][1],)
