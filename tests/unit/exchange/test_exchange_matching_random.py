"""Random lives of everything the matching knows: what always holds, and that both books lead to the same events."""

from __future__ import annotations

from typing import Any

import pytest
from tests.campaign import CAMPAIGN, seeds
from tests.unit.exchange.matching_commands import Stream

from trading_ecosystem.domains.exchange.book import books
from trading_ecosystem.domains.exchange.matching.kept_orders import KeptOrder, WaitingFor
from trading_ecosystem.domains.exchange.matching.matching import Matching
from trading_ecosystem.domains.exchange.matching.matching_parameters import BandAction, MatchingParameters
from trading_ecosystem.domains.exchange.matching.pegs import target
from trading_ecosystem.domains.exchange.matching.triggers import reached
from trading_ecosystem.messages.orders import OrderType, Side, TradingPhase

BUY, SELL = Side.BUY, Side.SELL

SETTINGS: dict[str, MatchingParameters] = {
    "plain": MatchingParameters(),
    "collar": MatchingParameters(collar_ppm=3_000),
    "rejecting": MatchingParameters(static_band_ppm=8_000, dynamic_band_ppm=4_000, collar_ppm=2_000),
    "interrupting": MatchingParameters(
        static_band_ppm=9_000,
        dynamic_band_ppm=5_000,
        band_action=BandAction.INTERRUPT,
        volatility_auction_ns=500,
        opening_auction_ns=300,
        closing_auction_ns=300,
        extensions=1,
    ),
    "short of breath": MatchingParameters(cascade_limit=2),
}


def fresh(kind: str, settings: str) -> Matching:
    return Matching(books.book_class(kind)("BTC/USD"), SETTINGS[settings], reference_ticks=1_000)


def check(matching: Matching, stream: Stream, settings: str) -> None:
    """What holds between any two commands."""
    book, cascade = matching.book, matching._cascade
    bid, ask = book.front(BUY), book.front(SELL)
    if matching.phase is TradingPhase.CONTINUOUS:
        assert bid is None or ask is None or bid.price_ticks < ask.price_ticks
    assert book.matching is (matching.phase is TradingPhase.CONTINUOUS)
    for order_id, living in stream.followed.living.items():
        kept, resting = matching.kept(order_id), book.order(order_id)
        if kept is not None:
            assert kept.leaves_lots == living.leaves
            assert (resting is not None) is (kept.waits_for is None)
        assert (kept.leaves_lots if resting is None else resting.leaves_lots) == living.leaves  # type: ignore[union-attr]
    assert len(stream.followed.living) == len(set(cascade.kept) | {o.order_id for s in (BUY, SELL) for o in book.standing(s)})
    for watched in cascade.watched.values():
        outside = watched.price_ticks <= book.watch_below or watched.price_ticks >= book.watch_above
        assert outside, "a trade at its price would not call for attention"
    if settings != "short of breath" and book.matching:
        assert not cascade.due
        _check_quiet(matching)


def _check_quiet(matching: Matching) -> None:
    """Nothing is left undone."""
    cascade = matching._cascade
    references = cascade.pegs.references(matching.book)
    for kept in cascade.kept.values():
        _check_waiting(matching, kept)
        if kept.new.order_type is OrderType.PEGGED and kept.waits_for is not WaitingFor.PARENT:
            price = target(kept, references, cascade.bounded)
            assert kept.waits_for is (None if price else WaitingFor.REFERENCE)
            assert not price or kept.price_ticks == price


def _check_waiting(matching: Matching, kept: KeptOrder) -> None:
    new, book = kept.new, matching.book
    if kept.waits_for is WaitingFor.TRIGGER:
        assert not reached(kept, matching.last_trade_ticks)
    elif kept.waits_for is WaitingFor.WHOLE and not matching._bounded.banded:
        assert book.fillable(new.side, kept.leaves_lots, kept.limit_ticks, new.owner, kept.self_trade) < kept.leaves_lots


def run(seed: int, settings: str, commands: int, **options: Any) -> None:
    stream = Stream(seed, **options)
    matching = fresh("plain", settings)
    for _ in range(commands):
        stream.step(matching)
        stream.tell_positions(matching)
        check(matching, stream, settings)


@pytest.mark.parametrize("settings", SETTINGS)
def test_everything_holds_in_every_life(settings: str) -> None:
    for seed in seeds(4, 200):
        run(seed, settings, 250, phases=seed % 3 != 0)


@pytest.mark.skipif(len(books.available()) == 1, reason="the compiled book was not built")
@pytest.mark.parametrize("settings", SETTINGS)
def test_both_books_say_the_same(settings: str) -> None:
    commands, reached_commands = 200_000 if CAMPAIGN else 2_000, 0
    for seed in range(1, 1 + commands // 1_000):
        stream = Stream(seed, phases=seed % 4 != 0, spread=(6, 12, 40)[seed % 3])
        plain, compiled = fresh("plain", settings), fresh("compiled", settings)
        for number in range(1_000):
            said = stream.step(plain, compiled)
            assert said[0] == said[1], (seed, number)
            further = stream.tell_positions(plain, compiled)
            assert further[0] == further[1], (seed, number)
            assert plain.book.updates == compiled.book.updates
            assert plain.indicative() == compiled.indicative()
            assert (plain.book.watch_below, plain.book.watch_above) == (compiled.book.watch_below, compiled.book.watch_above)
            reached_commands += 1
        for side in (BUY, SELL):
            assert plain.book.depth(side, 100) == compiled.book.depth(side, 100)
            assert plain.book.interest(side) == compiled.book.interest(side)
    assert reached_commands == commands
