"""The component as the kernel sees it: its tables, and that its whole state can be written down and taken up again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from trading_ecosystem.domains.exchange.component import Exchange
from trading_ecosystem.messages.base import Audience, Message
from trading_ecosystem.messages.exchange import DepthQuestion
from trading_ecosystem.messages.margin import MarkContributed
from trading_ecosystem.messages.market_data import FundamentalPriceChanged, PricePublished
from trading_ecosystem.messages.units import SECOND
from trading_ecosystem.ports.component import WakeUp
from trading_ecosystem.runtime.snapshot import Decoder, Encoder


def test_the_tables_name_what_there_is() -> None:
    for table in (Exchange.hears, Exchange.answers):
        assert all(callable(getattr(Exchange, method)) for method in table.values())
        assert len(set(table.values())) == len(table)
    heard = [message for message in Exchange.hears if not issubclass(message, WakeUp)]
    assert PricePublished not in heard
    assert {message.audience for message in heard} == {Audience.PRODUCTION, Audience.WORLD, Audience.CONTROL}
    # What a venue says to its own operator alone is control.
    assert {message.audience for message in Exchange.says} == {Audience.PRODUCTION, Audience.WORLD, Audience.CONTROL}
    # What one venue says and the others hear.
    assert [message for message in heard if issubclass(message, Message) and message in Exchange.says] == [MarkContributed]


def test_what_it_does_not_hear_is_an_error(new_venue: Callable[..., Any]) -> None:
    exchange = new_venue().exchange
    with pytest.raises(KeyError):
        exchange.handle(PricePublished("BTC/USD", 1, 1, 1), 0)
    with pytest.raises(KeyError):
        exchange.answer(DepthQuestion("DOGE/USD"))


def test_a_price_of_an_instrument_that_is_not_listed_is_no_concern(new_venue: Callable[..., Any]) -> None:
    assert new_venue().send(FundamentalPriceChanged("ETH/USD", 1)) == []


def drive(venue: Any, ticks: range) -> list[Any]:
    """Prices, publications, and named orders of every kind."""
    start = len(venue.heard)
    for tick in ticks:
        venue.price((60_000 + tick % 7 * 10) * 10**8, at=tick * 10 * SECOND)
        side = ("buy", "sell")[tick % 2]
        venue.place("fund/a", f"m-{tick}", side, 50 + tick)
        bids, asks = venue.book()
        venue.place("fund/b", f"l-{tick}", side, 90, (bids[0][0] + 1 if side == "buy" else asks[0][0] - 1) if bids else 1)
        venue.cancel("fund/b", f"l-{tick - 3}")
        venue.publish((tick + 1) * 10 * SECOND)
    said: list[Any] = venue.heard[start:]
    return said


def test_its_state_can_be_written_down_and_taken_up_again(new_venue: Callable[..., Any]) -> None:
    venue = new_venue(seed=9)
    for account in ("fund/a", "fund/b"):
        venue.fund(account, BTC=10**9, USD=10**14)
    venue.fund_house()
    drive(venue, range(40))
    document = msgspec.json.encode(Encoder().encode(venue.exchange))
    taken_up = new_venue(seed=9)
    taken_up.exchange = Decoder().decode(msgspec.json.decode(document))
    taken_up.ledger, taken_up.deposited = dict(venue.ledger), dict(venue.deposited)
    assert taken_up.exchange is not venue.exchange
    assert drive(taken_up, range(40, 80)) == drive(venue, range(40, 80))
    assert msgspec.json.encode(Encoder().encode(taken_up.exchange)) == msgspec.json.encode(Encoder().encode(venue.exchange))
