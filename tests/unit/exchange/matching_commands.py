"""Random commands to a matching: every order kind, list, phase and self-trade mode, from a seed.

A stream makes commands, sends each to one or more matchings and follows what the first of them says, so that later commands
name orders that live. ``Followed`` keeps that account and holds every event against it.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

from trading_ecosystem.domains.exchange.book.book_events import Cancelled, Filled, Reduced, Refused, Replaced
from trading_ecosystem.domains.exchange.matching.kept_orders import NewOrder
from trading_ecosystem.domains.exchange.matching.matching import Matching
from trading_ecosystem.domains.exchange.matching.matching_events import Activated, Crossed, MatchingEvent, Parked, Triggered
from trading_ecosystem.domains.exchange.matching.phases import FOLLOWS
from trading_ecosystem.messages.orders import (
    ContingencyType,
    OrderTerms,
    OrderType,
    PegReference,
    SelfTradePrevention,
    Side,
    TimeInForce,
    TradingPhase,
)

BUY, SELL = Side.BUY, Side.SELL
PHASES = tuple(TradingPhase)
Command = Callable[[Matching], Sequence[MatchingEvent]]


class Living:
    """A live order, as the events tell of it."""

    def __init__(self, new: NewOrder) -> None:
        self.new = new
        self.leaves = new.lots
        self.traded = 0
        self.group = 0


class Followed:
    """The account of every order: what it still wants, and that it ends once."""

    def __init__(self) -> None:
        self.living: dict[int, Living] = {}
        self.ended: set[int] = set()
        self.positions: dict[int, int] = {}
        self.moved: dict[int, None] = {}
        self.bought = self.sold = 0
        self.answered: set[int] = set()

    def asked(self, new: NewOrder) -> None:
        assert new.order_id not in self.ended
        self.living[new.order_id] = Living(new)

    def heard(self, events: Sequence[MatchingEvent]) -> None:
        for event in events:
            if isinstance(event, Filled):
                taker, maker = self.living[event.taker_id], self.living[event.maker_id]
                assert taker.new.side is not maker.new.side
                self._trade(taker, event.lots, event.taker_leaves_lots, event.price_ticks)
                self._trade(maker, event.lots, event.maker_leaves_lots, event.price_ticks)
            elif isinstance(event, Crossed):
                buy, sell = self.living[event.buy_id], self.living[event.sell_id]
                assert (buy.new.side, sell.new.side) == (BUY, SELL)
                self._trade(buy, event.lots, event.buy_leaves_lots, event.price_ticks)
                self._trade(sell, event.lots, event.sell_leaves_lots, event.price_ticks)
            elif isinstance(event, Cancelled):
                living = self.living.pop(event.order_id)
                assert living.leaves == event.leaves_lots > 0
                self.ended.add(event.order_id)
            elif isinstance(event, Reduced):
                living = self.living[event.order_id]
                living.leaves -= event.lots
                assert living.leaves == event.leaves_lots > 0
            elif isinstance(event, Replaced):
                self.living[event.order_id].leaves = event.leaves_lots
            elif isinstance(event, Activated):
                assert event.leaves_lots <= self.living[event.order_id].leaves
                self.living[event.order_id].leaves = event.leaves_lots
            elif isinstance(event, (Parked, Triggered)):
                assert event.order_id in self.living
        assert self.bought == self.sold

    def _trade(self, living: Living, lots: int, leaves: int, price: int) -> None:
        new = living.new
        assert 0 < lots <= living.leaves
        living.leaves -= lots
        living.traded += lots
        assert living.leaves == leaves
        if new.side is BUY:
            self.bought += lots
        else:
            self.sold += lots
        if new.owner:
            self.positions[new.owner] = self.positions.get(new.owner, 0) + (lots if new.side is BUY else -lots)
            self.moved[new.owner] = None
        if not leaves:
            del self.living[new.order_id]
            self.ended.add(new.order_id)


class Stream:
    """Random commands around a price that stays near 1,000."""

    def __init__(self, seed: int, *, phases: bool = True, spread: int = 12) -> None:
        self.random = random.Random(seed)
        self.followed = Followed()
        self.phases = phases
        self.spread = spread
        self.now = 1_000
        self.last_id = 0

    def step(self, *matchings: Matching) -> list[Sequence[MatchingEvent]]:
        """Send one command to all; the answer of each."""
        self.now += self.random.randrange(50)
        command, asked = self.make(matchings[0])
        answers = [command(each) for each in matchings]
        self.take(answers[0], asked)
        return answers

    def take(self, events: Sequence[MatchingEvent], asked: Sequence[NewOrder]) -> None:
        """Follow what a command has led to."""
        for new in asked:
            self.followed.asked(new)
        self.hear(events, asked)

    def tell_positions(self, *matchings: Matching) -> list[list[MatchingEvent]]:
        """Say every position that has moved, as a venue does after each command."""
        answers: list[list[MatchingEvent]] = [[] for _ in matchings]
        while self.followed.moved:
            owner = next(iter(self.followed.moved))
            del self.followed.moved[owner]
            said = [each.position_changed(owner, self.followed.positions[owner], self.now) for each in matchings]
            for answer, more in zip(answers, said, strict=True):
                answer += more
            self.hear(said[0], ())
        return answers

    def hear(self, events: Sequence[MatchingEvent], asked: Sequence[NewOrder]) -> None:
        names = {new.order_id for new in asked}
        for event in events:
            if isinstance(event, Refused) and event.order_id in names:
                del self.followed.living[event.order_id]
                self.followed.ended.add(event.order_id)
        self.followed.heard(events)

    # ---------------------------------------------------------------- making commands

    def make(self, matching: Matching) -> tuple[Command, Sequence[NewOrder]]:
        """The next command, and the orders that it places."""
        draw = self.random.random()
        now, choice = self.now, self.random.choice
        live = list(self.followed.living)
        if matching.phase in (TradingPhase.CLOSED, TradingPhase.HALTED) and draw < 0.5:
            following = choice(FOLLOWS[matching.phase])
            return lambda each: each.change_phase(following, now), ()
        if draw < 0.22 and live:
            order_id = choice(live)
            return lambda each: each.cancel(order_id, now), ()
        if draw < 0.34 and live:
            return self._replace(choice(live)), ()
        if draw < 0.36:
            owner, side = choice((None, 1, 2, 3)), choice((None, BUY, SELL))
            if owner is None and side is None and self.random.random() < 0.8:
                owner = 2
            return lambda each: each.mass_cancel(now, owner=owner, side=side), ()
        if draw < 0.42:
            return lambda each: each.expire(now), ()
        if draw < 0.46 and self.phases:
            follows = FOLLOWS[matching.phase]
            phase = choice(follows) if self.random.random() < 0.9 else choice(PHASES)
            if matching.phase is TradingPhase.CONTINUOUS and self.random.random() < 0.6:
                phase = TradingPhase.VOLATILITY_AUCTION
            return lambda each: each.change_phase(phase, now), ()
        if draw < 0.54:
            kind, orders = self._list()
            return lambda each: each.place_list(kind, orders, now), orders
        new = self.order()
        return lambda each: each.place(new, now), (new,)

    def _replace(self, order_id: int) -> Command:
        living = self.followed.living[order_id]
        draw = self.random.randrange
        lots = draw(1, 12) if draw(3) else max(1, living.leaves - draw(3))
        limited = living.new.order_type in (OrderType.LIMIT, OrderType.STOP_LIMIT)
        price = (self._price() if draw(2) else living.new.price_ticks) if limited or draw(20) == 0 else living.new.price_ticks
        stop = self._price() if living.new.order_type not in (OrderType.LIMIT, OrderType.PEGGED) and draw(2) else 0
        now, mode = self.now, living.new.self_trade
        return lambda each: each.replace(order_id, lots, price, now, stop_price_ticks=stop, self_trade=mode)

    def _price(self) -> int:
        return 1_000 + self.random.randrange(-self.spread, self.spread + 1)

    def order(self, **changes: Any) -> NewOrder:
        """An order, by default of any kind; a few make no sense."""
        choice, draw = self.random.choice, self.random.randrange
        self.last_id += 1
        kind = changes.pop("order_type", None) or choice((OrderType.LIMIT,) * 12 + tuple(OrderType))
        side = changes.pop("side", None) or choice((BUY, SELL))
        terms: dict[str, Any] = {}
        lots = draw(1, 13)
        price = 0
        time_in_force = choice(
            (TimeInForce.GOOD_TILL_CANCEL,) * 6
            + (TimeInForce.IMMEDIATE_OR_CANCEL,) * 2
            + (TimeInForce.FILL_OR_KILL, TimeInForce.DAY, TimeInForce.GOOD_TILL_DATE)
            + (TimeInForce.AT_THE_OPENING, TimeInForce.AT_THE_CLOSE)
        )
        post_only = False
        if kind is OrderType.LIMIT:
            price = self._price()
            rare = draw(10)
            if rare == 0:
                terms["display_lots"] = draw(1, lots + 1)
            elif rare == 1:
                terms["hidden"] = True
            elif rare == 2:
                terms["all_or_none"] = True
                time_in_force = choice((TimeInForce.GOOD_TILL_CANCEL, TimeInForce.DAY))
            elif rare == 3:
                terms["minimum_lots"] = draw(1, lots + 1)
            elif rare == 4:
                post_only, terms["reprice"] = True, choice((False, True))
        elif kind is OrderType.MARKET:
            time_in_force = choice((TimeInForce.IMMEDIATE_OR_CANCEL, TimeInForce.IMMEDIATE_OR_CANCEL, time_in_force))
        elif kind is OrderType.PEGGED:
            time_in_force = choice((TimeInForce.GOOD_TILL_CANCEL, TimeInForce.DAY))
            terms["peg"], terms["peg_offset_ticks"] = choice(tuple(PegReference)), draw(-3, 4)
            price = choice((0, self._price()))
            terms["hidden"], post_only = choice((False, False, True)), choice((False, True))
        else:
            if kind is OrderType.TRAILING_STOP:
                terms["trail_ticks"] = draw(1, 8)
                terms["stop_price_ticks"] = choice((0, self._price()))
            else:
                terms["stop_price_ticks"] = self._price()
            price = self._price() if kind is OrderType.STOP_LIMIT else 0
            time_in_force = choice((TimeInForce.GOOD_TILL_CANCEL, TimeInForce.DAY, time_in_force))
        if time_in_force is TimeInForce.GOOD_TILL_DATE or (time_in_force is TimeInForce.DAY and draw(2)):
            terms["expires_at"] = self.now + draw(1, 3_000)
        if draw(8) == 0:
            terms["reduce_only"] = True
        if draw(40) == 0:
            lots, price, post_only = choice(((0, price, post_only), (lots, -price, post_only), (lots, price, True)))
        fields: dict[str, Any] = {
            "price_ticks": price,
            "order_type": kind,
            "time_in_force": time_in_force,
            "post_only": post_only,
            "self_trade": choice(tuple(SelfTradePrevention)),
            "terms": OrderTerms(**terms) if terms or draw(4) == 0 else None,
        }
        owner = changes.pop("owner", draw(0, 4))
        return NewOrder(self.last_id, owner, side, lots, **{**fields, **changes})

    def _list(self) -> tuple[ContingencyType, tuple[NewOrder, ...]]:
        choice, draw = self.random.choice, self.random.randrange
        kind = choice(tuple(ContingencyType))
        owner, side = draw(0, 4), choice((BUY, SELL))
        away = SELL if side is BUY else BUY
        stays: dict[str, Any] = {"owner": owner, "time_in_force": TimeInForce.GOOD_TILL_CANCEL, "post_only": False}
        stop = OrderTerms(stop_price_ticks=self._price())
        first = self.order(**{**stays, "side": side, "order_type": OrderType.LIMIT, "terms": None})
        profit = self.order(
            **{**stays, "side": away, "order_type": OrderType.LIMIT, "price_ticks": self._price(), "terms": None}
        )
        stopped = choice((OrderType.STOP, OrderType.STOP_LIMIT))
        loss = self.order(**{**stays, "side": away, "order_type": stopped, "terms": stop})
        if kind is ContingencyType.BRACKET:
            return kind, (first, profit, loss)
        if kind is ContingencyType.ONE_TRIGGERS_THE_OTHER:
            return kind, (first, choice((profit, self.order(owner=owner))), loss)
        return kind, choice(((profit, loss), (loss, profit), (first, profit, loss), (first, loss)))
