"""The phases of every market of one venue: by the calendar, by the operator, and what is published of auctions.

Without a calendar a market trades continuously from the start, and nothing here is said. With one it begins in the phase that
the calendar has, and every change is made at its instant, for each instrument in turn. An auction that the calendar begins is
ended by the calendar; a volatility auction ends by its own length, and if the calendar's closing auction comes first, by that.

An instrument that the operator halted stays halted whatever the calendar says; resumed, it goes through a volatility auction
where it has one (``volatility_auction_ns``), else straight into continuous trading; where the calendar has another phase by
then, into that.
"""

from __future__ import annotations

from trading_ecosystem.domains.exchange.market import Market
from trading_ecosystem.domains.exchange.matching.phases import CALL_PHASES, FOLLOWS
from trading_ecosystem.domains.exchange.orders.order_checks import make_house_good
from trading_ecosystem.domains.exchange.orders.order_events import OrderEvents, SaidList
from trading_ecosystem.domains.exchange.rules.trading_calendar import TradingCalendar, next_change, phase_at
from trading_ecosystem.messages.orders import Side, TradingPhase
from trading_ecosystem.messages.trading_phases import AuctionIndicated, PhaseReason
from trading_ecosystem.messages.units import Nanos
from trading_ecosystem.ports.component import Later, WakeUp


class PhaseDue(WakeUp, frozen=True, gc=False):
    """The calendar begins another phase."""


class MatchingDue(WakeUp, frozen=True, gc=False):
    """An order of an instrument expires, or a phase of it ends."""

    instrument: str


class TradingDay:
    """Calendar and phases of one venue."""

    __slots__ = ("_calendar", "_events", "_halted", "venue")

    def __init__(self, venue: str, calendar: TradingCalendar | None, events: OrderEvents) -> None:
        self.venue = venue
        self._calendar = calendar
        self._events = events
        self._halted: dict[str, bool] = {}

    def begin(self, now: Nanos) -> list[Later]:
        """Ask to be woken for the first change; without a calendar, or one that never changes, nothing."""
        change = next_change(self._calendar, now) if self._calendar is not None else None
        return [] if change is None else [Later(PhaseDue(), change[0])]

    def keep_to_calendar(self, markets: dict[str, Market], now: Nanos, said: SaidList) -> None:
        """Bring every market that is not halted into the phase that the calendar has."""
        phase = phase_at(self._calendar, now)
        for symbol, market in markets.items():
            if symbol not in self._halted:
                self._go(market, phase, PhaseReason.SCHEDULED, now, said)
        said += self.begin(now)

    def halt(self, market: Market, now: Nanos, said: SaidList) -> None:
        """Halt an instrument; one that is halted stays so."""
        self._halted[market.instrument.symbol] = True
        if market.matching.phase is TradingPhase.CLOSED:
            return
        self._go(market, TradingPhase.HALTED, PhaseReason.REQUESTED, now, said)

    def resume(self, market: Market, now: Nanos, said: SaidList) -> None:
        """Let an instrument trade again; nothing for one that is not halted."""
        if self._halted.pop(market.instrument.symbol, None) is None:
            return
        phase = phase_at(self._calendar, now)
        if phase is TradingPhase.CONTINUOUS and market.matching.parameters.volatility_auction_ns:
            phase = TradingPhase.VOLATILITY_AUCTION
        self._go(market, phase, PhaseReason.REQUESTED, now, said)

    def _go(self, market: Market, phase: TradingPhase, reason: PhaseReason, now: Nanos, said: SaidList) -> None:
        """Take a market into a phase, through others where one does not follow the other."""
        matching = market.matching
        make_house_good(market, Side.BUY, 0)
        while matching.phase is not phase:
            step = phase if phase in FOLLOWS[matching.phase] else _on_the_way(matching.phase, phase)
            market.phase_reason = reason
            self._events.apply(market, matching.change_phase(step, now), now, said)
            if matching.phase is not step:
                return

    def expire(self, market: Market, now: Nanos, said: SaidList) -> None:
        """Orders expire, and a phase ends by itself."""
        make_house_good(market, Side.BUY, 0)
        market.phase_reason = PhaseReason.SCHEDULED
        self._events.apply(market, market.matching.expire(now), now, said)

    def wake(self, market: Market, said: SaidList, now: Nanos) -> None:
        """Ask to be woken when the matching of an instrument has something to do, unless that was asked for already."""
        due_at = market.matching.next_expiry()
        if due_at is not None and (market.wakes_at is None or due_at < market.wakes_at):
            market.wakes_at = max(due_at, now)
            said.append(Later(MatchingDue(market.instrument.symbol), market.wakes_at))

    def indicate(self, market: Market, said: SaidList) -> None:
        """Publish what an auction that is on would do now, where that changed."""
        if market.matching.phase not in CALL_PHASES:
            market.indicated = None
            return
        indicated = market.matching.indicative()
        if indicated == market.indicated:
            return
        market.indicated = indicated
        surplus = indicated.surplus_lots
        side = None if not surplus else Side.BUY if surplus > 0 else Side.SELL
        symbol = market.instrument.symbol
        said.append(AuctionIndicated(self.venue, symbol, indicated.price_ticks, indicated.lots, abs(surplus), side))


def _on_the_way(before: TradingPhase, after: TradingPhase) -> TradingPhase:
    """A phase that may follow one and leads to another that does not follow it directly."""
    for step in FOLLOWS[before]:
        if after in FOLLOWS[step] and step is not TradingPhase.HALTED:
            return step
    return FOLLOWS[before][0]
