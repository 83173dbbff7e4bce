"""ORDER_RATE and TURNOVER, recomputed: what a firm and its accounts do within a sliding window."""

from __future__ import annotations

from trading_ecosystem.domains.audit.equity import Equity
from trading_ecosystem.domains.audit.feed_conditions import Tally
from trading_ecosystem.domains.audit.intervals import Tracks
from trading_ecosystem.domains.audit.limit_conditions import Bound
from trading_ecosystem.messages.alert_conditions import ORDER_RATE_WINDOW, TURNOVER_WINDOW
from trading_ecosystem.messages.base import master_of
from trading_ecosystem.messages.envelope import Entry
from trading_ecosystem.messages.exchange import CancelOrder, OrderFilled, PlaceOrder
from trading_ecosystem.messages.risk import ALERT_OF_LIMIT, LimitKind, LimitSet
from trading_ecosystem.messages.units import INSTRUMENTS, MINOR_UNITS_PER_WHOLE, Nanos


class Activity:
    """What one account, or the firm as a whole, did of late, and the limits on it."""

    __slots__ = ("bounds", "orders", "turnover")

    def __init__(self) -> None:
        self.orders = Tally(ORDER_RATE_WINDOW)
        self.turnover = Tally(TURNOVER_WINDOW)
        self.bounds: dict[LimitKind, Bound] = {}

    def begin(self, kind: LimitKind) -> None:
        """Count anew, for a limit where there was none."""
        if kind is LimitKind.ORDER_RATE:
            self.orders = Tally(ORDER_RATE_WINDOW)
        else:
            self.turnover = Tally(TURNOVER_WINDOW)

    def judge(self, kind: LimitKind, at: Nanos, entry: Entry) -> None:
        """Hold what was done against a limit, if there is one."""
        bound = self.bounds.get(kind)
        if bound is not None:
            tally = self.orders if kind is LimitKind.ORDER_RATE else self.turnover
            bound.observe(tally.forget(at), at, entry)


class ActivityConditions:
    """The activity of every subject that has a limit on it."""

    def __init__(self, equity: Equity, tracks: Tracks) -> None:
        self._equity = equity
        self._tracks = tracks
        self._of: dict[str, Activity] = {}

    def limit_set(self, message: LimitSet, at: Nanos, entry: Entry) -> None:
        """A limit is in force from now on."""
        activity = self._of.setdefault(message.subject, Activity())
        track = self._tracks.of(ALERT_OF_LIMIT[message.kind], message.subject)
        if message.kind not in activity.bounds:
            activity.begin(message.kind)
        activity.bounds[message.kind] = Bound(track, message.value)
        activity.judge(message.kind, at, entry)

    def commanded(self, message: PlaceOrder | CancelOrder, at: Nanos, entry: Entry) -> None:
        """The copy of a command reaches the monitor."""
        for activity in self._concerned(message.account):
            activity.orders.add(1, at)
            activity.judge(LimitKind.ORDER_RATE, at, entry)

    def filled(self, message: OrderFilled, at: Nanos, entry: Entry) -> None:
        """A fill reaches the monitor for the first time."""
        instrument = INSTRUMENTS[message.instrument]
        notional = instrument.notional(message.price_ticks, message.quantity_lots)
        price = self._equity.prices.get(instrument.quote, 0)
        for activity in self._concerned(message.account):
            activity.turnover.add(notional * price // MINOR_UNITS_PER_WHOLE, at)
            activity.judge(LimitKind.TURNOVER, at, entry)

    def price_arrived(self, at: Nanos, entry: Entry) -> None:
        """A price of any instrument reaches the monitor: the windows may have forgotten something."""
        for activity in self._of.values():
            activity.judge(LimitKind.TURNOVER, at, entry)

    def _concerned(self, account: str) -> list[Activity]:
        subjects = dict.fromkeys((account, master_of(account)))
        return [self._of[subject] for subject in subjects if subject in self._of]
