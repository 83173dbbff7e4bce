# cython: boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False, freethreading_compatible=False
"""The compiled twin of :mod:`.book`: the same commands, the same events, the same answers. The plain book is the specification.

The core, ``compiled_core.pxd``, is where orders are kept and matched; it says how at its head. Here are the doors: all commands
write events of 64 bytes into one buffer, and the doors turn them into Structs (one command a call), into fills alone
(:meth:`CompiledOrderBook.limit`), or hand over the buffer (:class:`.compiled_batch.Batch`).

Order numbers are 64-bit integers, owners unsigned 32-bit ones; anything larger is an ``OverflowError``. Quantities and prices may
be any integer and are refused by the rules of the book.
"""

from cpython.ref cimport Py_INCREF
from cpython.tuple cimport PyTuple_New, PyTuple_SET_ITEM
from libc.stdint cimport int64_t, uint32_t, uint64_t
from libc.stdlib cimport free
from libc.string cimport memset

from trading_ecosystem.domains.exchange.book.compiled_core cimport *

from trading_ecosystem.domains.exchange.book.book import MAXIMUM_CAPACITY
from trading_ecosystem.domains.exchange.book.book_events import (
    Cancelled,
    Filled,
    Reduced,
    Refreshed,
    Refused,
    Replaced,
    Rested,
)
from trading_ecosystem.domains.exchange.book.ladder import RestingOrder
from trading_ecosystem.messages.book_words import CancelReason, RejectReason, SelfTradePrevention, Side, TimeInForce
from trading_ecosystem.messages.book_words import Level as PublishedLevel


cdef extern from "Python.h":
    long long PyLong_AsLongLongAndOverflow(object value, int* overflow) except? -1

# What this module and the code beside it expect of each other: see compiled_interface.py, where the number stands too.
INTERFACE = 4

# Reasons by number: the same numbers stand in events of the batch door.
CANCEL_REASONS = (
    CancelReason.REQUESTED,
    CancelReason.IMMEDIATE_OR_CANCEL,
    CancelReason.MARKET_REMAINDER,
    CancelReason.SELF_TRADE,
)
REFUSAL_REASONS = (
    RejectReason.DUPLICATE_ORDER_ID,
    RejectReason.UNKNOWN_ORDER,
    RejectReason.INVALID_QUANTITY,
    RejectReason.INVALID_PRICE,
    RejectReason.INVALID_TERMS,
    RejectReason.WRONG_PHASE,
    RejectReason.POST_ONLY_WOULD_TAKE,
    RejectReason.FILL_OR_KILL_UNFILLABLE,
    RejectReason.MINIMUM_QUANTITY_UNFILLABLE,
    RejectReason.BOOK_FULL,
    RejectReason.UNKNOWN_INSTRUMENT,
)
SELF_TRADE_MODES = (
    SelfTradePrevention.NONE,
    SelfTradePrevention.CANCEL_NEWEST,
    SelfTradePrevention.CANCEL_OLDEST,
    SelfTradePrevention.CANCEL_BOTH,
    SelfTradePrevention.DECREMENT_AND_CANCEL,
)
cdef object _BUY = Side.BUY
cdef object _SELL = Side.SELL
cdef object _IMMEDIATE = TimeInForce.IMMEDIATE_OR_CANCEL
cdef object _WHOLE = TimeInForce.FILL_OR_KILL
cdef object _GOOD_TILL_CANCEL = TimeInForce.GOOD_TILL_CANCEL
cdef object _NONE = SelfTradePrevention.NONE
cdef object _REQUESTED = CancelReason.REQUESTED
cdef dict _MODE_NUMBERS = {mode: number for number, mode in enumerate(SELF_TRADE_MODES)}
cdef dict _REASON_NUMBERS = {reason: number for number, reason in enumerate(CANCEL_REASONS)}


# ---------------------------------------------------------------- the door for one command a call


cdef int64_t whole(object value) except? -1:
    """An integer as 64 bits; one that is beyond anything the book takes becomes one of that sign that it refuses."""
    cdef int overflow = 0
    cdef long long number = PyLong_AsLongLongAndOverflow(value, &overflow)
    if overflow:
        return -BEYOND if overflow < 0 else BEYOND
    return max(-BEYOND, min(BEYOND, number))


cdef inline int mode_number(object mode) except -1:
    """The number of a self-trade mode; the usual one without asking a table, since enums are slow to look up."""
    return TRADES if mode is _NONE else _MODE_NUMBERS[mode]


cdef object event_struct(const Event* event):
    """An event as the plain book would say it."""
    cdef int kind = event.kind
    if kind == FILLED:
        return Filled(event.order_id, event.other_id, event.price, event.lots, event.leaves, event.other_leaves)
    if kind == RESTED:
        return Rested(event.order_id, event.price, event.leaves)
    if kind == CANCELLED:
        return Cancelled(event.order_id, event.leaves, CANCEL_REASONS[event.reason])
    if kind == REPLACED:
        return Replaced(event.order_id, event.price, event.leaves, event.flag != 0)
    if kind == REDUCED:
        return Reduced(event.order_id, event.lots, event.leaves, CANCEL_REASONS[event.reason])
    if kind == REFRESHED:
        return Refreshed(event.order_id, event.lots)
    return Refused(event.order_id, REFUSAL_REASONS[event.reason])


# Scrambles order numbers, another for each process; it comes from where Python's own dictionaries have theirs.
cdef uint64_t _KEY = <uint64_t> <int64_t> hash("the key of the tables of order numbers") * <uint64_t> 0x9E3779B97F4A7C15u


def choose_key(CompiledOrderBook book not None, uint64_t key):
    """Scramble the order numbers of an empty book with a key of one's own: for tests, in which numbers are to meet."""
    assert not book.core.live
    book.core.key = key | 1


cdef class CompiledOrderBook:
    """The book of one instrument, compiled; every method does what :class:`.book.OrderBook`'s method of that name does."""

    def __cinit__(self, str symbol not None, capacity=1_000_000):
        if not 0 <= capacity <= MAXIMUM_CAPACITY:
            raise ValueError(f"a book has room for 0 to {MAXIMUM_CAPACITY:,} orders, not {capacity}")
        self.symbol = symbol
        if not init_core(&self.core, &self.events, whole(capacity), _KEY):
            raise MemoryError

    def __dealloc__(self):
        free(self.core.orders)
        free(self.core.rare)
        free(self.core.levels)
        free(self.core.pages)
        free(self.core.ladders[0].pages)
        free(self.core.ladders[1].pages)
        free(self.core.buckets)
        free(self.events.items)

    def __len__(self):
        return self.core.live

    def __contains__(self, int64_t order_id):
        return core_slot(&self.core, order_id) != 0

    @property
    def capacity(self):
        """How many orders may rest."""
        return self.core.capacity

    @property
    def updates(self):
        """Every change of what rests, counted."""
        return self.core.updates

    @property
    def matching(self):
        """Off in an auction: nothing trades, and orders rest wherever they are."""
        return bool(self.core.matching)

    @matching.setter
    def matching(self, bint value):
        self.core.matching = value

    @property
    def attention(self):
        """True once a trade happened at or beyond a watched price; who set the watch clears it."""
        return bool(self.core.attention)

    @attention.setter
    def attention(self, bint value):
        self.core.attention = value

    @property
    def best_watched(self):
        """Whether whoever sends many commands in a row is to stop when a best price changes."""
        return bool(self.core.best_watched)

    @best_watched.setter
    def best_watched(self, bint value):
        self.core.best_watched = value

    @property
    def watch_below(self):
        """A trade at this price or below calls for attention."""
        return self.core.watch_below

    @watch_below.setter
    def watch_below(self, int64_t ticks):
        self.core.watch_below = ticks

    @property
    def watch_above(self):
        """A trade at this price or above calls for attention."""
        return self.core.watch_above

    @watch_above.setter
    def watch_above(self, int64_t ticks):
        self.core.watch_above = ticks

    # ------------------------------------------------------------ commands

    def place(
        self,
        int64_t order_id,
        uint32_t owner,
        side,
        lots,
        price_ticks=None,
        *,
        time_in_force=_GOOD_TILL_CANCEL,
        bint post_only=False,
        bint reprice=False,
        display_lots=0,
        bint hidden=False,
        minimum_lots=0,
        self_trade=_NONE,
    ):
        """Take an order with a limit of ``price_ticks``, or a market order where it is ``None``; return what happened."""
        cdef Placing asked
        asked.order_id = order_id
        asked.owner = owner
        asked.side = BUYING if side is _BUY else SELLING
        asked.lots = whole(lots)
        asked.limited = price_ticks is not None
        asked.price = whole(price_ticks) if asked.limited else 0
        asked.time_in_force = IMMEDIATE if time_in_force is _IMMEDIATE else WHOLE if time_in_force is _WHOLE else RESTS
        asked.post_only = post_only
        asked.reprice = reprice
        asked.hidden = hidden
        asked.display = whole(display_lots)
        asked.minimum = whole(minimum_lots)
        asked.self_trade = mode_number(self_trade)
        core_place(&self.core, &asked)
        return self.drained()

    def replace(self, int64_t order_id, leaves_lots, price_ticks, *, bint post_only=False, self_trade=_NONE):
        """Give a resting order another quantity (what it is still to trade) or price."""
        core_replace(&self.core, order_id, whole(leaves_lots), whole(price_ticks), post_only, mode_number(self_trade))
        return self.drained()

    def reduce(self, int64_t order_id, lots):
        """Take lots off a resting order, which keeps its place; all of them, or more, is a cancellation."""
        core_reduce(&self.core, order_id, whole(lots))
        return self.drained()[0]

    def cancel(self, int64_t order_id, reason=_REQUESTED):
        """Take an order out of the book."""
        cdef uint64_t place = find_name(&self.core, order_id)
        cdef uint32_t slot = slot_at(&self.core, place)
        cdef int64_t leaves
        if not slot:
            return Refused(order_id, REFUSAL_REASONS[UNKNOWN_ORDER])
        leaves = leaves_of(&self.core, slot)
        remove(&self.core, slot, place)
        self.core.sequence += 1
        return Cancelled(order_id, leaves, reason)

    def execute(self, int64_t order_id, int64_t lots):
        """Let a resting order trade up to what it offers in its turn, at a price that the caller knows."""
        cdef uint32_t slot = core_slot(&self.core, order_id)
        cdef int64_t shown
        if not slot:
            raise KeyError(order_id)
        assert 0 < lots <= self.core.orders[slot].lots
        shown = trade(&self.core, slot, lots)
        self.core.sequence += 1
        return [Refreshed(order_id, shown)] if shown else []

    cdef list drained(self):
        """The events since the last command, as Structs."""
        cdef list said = []
        cdef int64_t number
        if self.events.failed:
            self.events.failed = False
            self.events.count = 0
            raise MemoryError
        for number in range(self.events.count):
            said.append(event_struct(&self.events.items[number]))
        self.events.count = 0
        return said

    def limit(self, int64_t order_id, uint32_t owner, bint buys, int64_t lots, int64_t price_ticks):
        """The lean door: a plain limit order that may rest; its fills as ``(maker_id, price_ticks, lots)``, or why it was refused.

        The same order as ``place(order_id, owner, side, lots, price_ticks=price_ticks)``, for callers that need to know
        only what traded; what did not trade rests.
        """
        cdef Placing asked
        cdef int side = BUYING if buys else SELLING
        if core_rest_plain(&self.core, order_id, owner, side, lots, price_ticks):
            self.core.sequence += 1
            return ()
        memset(&asked, 0, sizeof(Placing))
        asked.order_id = order_id
        asked.owner = owner
        asked.side = side
        asked.lots = lots
        asked.limited = True
        asked.price = price_ticks
        return self.fills(core_place(&self.core, &asked))

    def amend(self, int64_t order_id, int64_t leaves_lots, int64_t price_ticks):
        """The lean replace: the fills that a new quantity or price led to, or why it was refused."""
        return self.fills(core_replace(&self.core, order_id, leaves_lots, price_ticks, False, TRADES))

    cdef object fills(self, int reason):
        """The fills among the events since the last command, as tuples, or the reason why it was refused (-1: it was not)."""
        cdef Events* events = &self.events
        cdef Event* event
        cdef int64_t number
        cdef Py_ssize_t count = 0
        cdef int64_t price = 0
        cdef object ticks = None
        cdef tuple found
        if events.failed:
            self.drained()
        if reason >= 0:
            events.count = 0
            return REFUSAL_REASONS[reason]
        for number in range(events.count):
            count += events.items[number].kind == FILLED
        if not count:
            events.count = 0
            return ()
        found = PyTuple_New(count)
        count = 0
        for number in range(events.count):
            event = &events.items[number]
            if event.kind == FILLED:
                if event.price != price:
                    # A sweep trades many times at one price: one number serves for all of them.
                    price = event.price
                    ticks = price
                fill = (event.other_id, ticks, event.lots)
                Py_INCREF(fill)
                PyTuple_SET_ITEM(found, count, fill)
                count += 1
        events.count = 0
        return found

    def withdraw(self, int64_t order_id):
        """The lean cancel: what was left of the order, 0 where none has this number."""
        cdef uint64_t place = find_name(&self.core, order_id)
        cdef uint32_t slot = slot_at(&self.core, place)
        cdef int64_t leaves
        if not slot:
            return 0
        leaves = leaves_of(&self.core, slot)
        remove(&self.core, slot, place)
        self.core.sequence += 1
        return leaves

    # ------------------------------------------------------------ questions

    cdef object struct_of(self, uint32_t slot):
        cdef const Order* order = &self.core.orders[slot]
        cdef bint rare = order.level & RARE_BIT
        return RestingOrder(
            order.order_id,
            order.owner,
            _SELL if order.level & SELL_BIT else _BUY,
            self.core.levels[order.level >> FLAG_BITS].price,
            order.lots,
            self.core.rare[slot].reserve if rare else 0,
            self.core.rare[slot].display if rare else 0,
            (order.level & HIDDEN_BIT) != 0,
        )

    def order(self, int64_t order_id):
        """A copy of a resting order; ``None`` where none has this number."""
        cdef uint32_t slot = core_slot(&self.core, order_id)
        return self.struct_of(slot) if slot else None

    def crosses(self, side, limit_ticks):
        """Whether an order would trade at all; never while matching is off."""
        cdef bint limited = limit_ticks is not None
        return bool(crosses(&self.core, BUYING if side is _BUY else SELLING, limited, whole(limit_ticks) if limited else 0))

    def fillable(self, side, lots, limit_ticks=None, uint32_t owner=0, self_trade=_NONE):
        """How many of ``lots`` could trade at once, own orders not counted."""
        cdef bint limited = limit_ticks is not None
        return core_fillable(
            &self.core,
            BUYING if side is _BUY else SELLING,
            whole(lots),
            limited,
            whole(limit_ticks) if limited else 0,
            owner,
            mode_number(self_trade),
        )

    def reached(self, side, lots, limit_ticks=None):
        """The resting orders that an order of ``lots`` would trade with, in the order of trading (an iceberg once)."""
        cdef bint limited = limit_ticks is not None
        cdef int64_t limit = whole(limit_ticks) if limited else 0
        cdef int64_t left = whole(lots)
        cdef int own = BUYING if side is _BUY else SELLING
        cdef uint32_t level = self.core.ladders[1 - own].best
        cdef uint32_t slot
        cdef int part
        cdef list makers = []
        while level:
            if limited and better(own, self.core.levels[level].price, limit):
                break
            for part in range(2):
                slot = self.core.levels[level].hidden_head if part else self.core.levels[level].head
                while slot:
                    if left <= 0:
                        return makers
                    makers.append(self.struct_of(slot))
                    left -= leaves_of(&self.core, slot)
                    slot = self.core.orders[slot].next
            level = next_level(&self.core, 1 - own, level)
        return makers

    def front(self, side):
        """A copy of the order of a side that trades next; ``None`` where the side is empty."""
        cdef uint32_t level = self.core.ladders[BUYING if side is _BUY else SELLING].best
        return self.struct_of(first(&self.core, level)) if level else None

    def best(self, side):
        """Best displayed price of a side and the lots there; ``(0, 0)`` where nothing is displayed."""
        cdef uint32_t level = core_displayed(&self.core, BUYING if side is _BUY else SELLING)
        if not level:
            return (0, 0)
        return (self.core.levels[level].price, self.core.levels[level].lots)

    def depth(self, side, levels):
        """The best displayed price levels of a side, nearest first."""
        cdef int own = BUYING if side is _BUY else SELLING
        cdef int64_t wanted = whole(levels)
        cdef int64_t found = 0
        cdef uint32_t level = self.core.ladders[own].best
        cdef list rows = []
        while level and found < wanted:
            if self.core.levels[level].lots:
                rows.append(PublishedLevel(self.core.levels[level].price, self.core.levels[level].lots))
                found += 1
            level = next_level(&self.core, own, level)
        return tuple(rows)

    def interest(self, side):
        """Every price of a side with all lots that stand there, displayed or not, best first; for auctions."""
        cdef int own = BUYING if side is _BUY else SELLING
        cdef uint32_t level = self.core.ladders[own].best
        cdef list rows = []
        while level:
            rows.append((self.core.levels[level].price, self.core.levels[level].lots + self.core.levels[level].unseen))
            level = next_level(&self.core, own, level)
        return rows

    def standing(self, side):
        """Every order of a side in the order of trading, as copies taken now."""
        cdef int own = BUYING if side is _BUY else SELLING
        cdef uint32_t level = self.core.ladders[own].best
        cdef uint32_t slot
        cdef int part
        cdef list found = []
        while level:
            for part in range(2):
                slot = self.core.levels[level].hidden_head if part else self.core.levels[level].head
                while slot:
                    found.append(self.struct_of(slot))
                    slot = self.core.orders[slot].next
            level = next_level(&self.core, own, level)
        return iter(found)

    # ------------------------------------------------------------ snapshots

    def snapshot_state(self):
        """What a snapshot keeps: the counters, and every order in the order of trading."""
        cdef Core* core = &self.core
        orders = [
            [o.order_id, o.owner, o.side is _SELL, o.price_ticks, o.lots, o.reserve_lots, o.display_lots, o.hidden]
            for side in (_BUY, _SELL)
            for o in self.standing(side)
        ]
        watch = [core.watch_below, core.watch_above, bool(core.best_watched), bool(core.attention)]
        return [self.symbol, core.capacity, core.updates, core.sequence, bool(core.matching), watch, orders]

    @classmethod
    def from_snapshot_state(cls, state):
        """The book as it was."""
        cdef CompiledOrderBook book
        cdef Core* core
        cdef Placing order
        cdef uint32_t slot
        symbol, capacity, updates, sequence, matching, watch, orders = state
        book = cls(symbol, capacity)
        core = &book.core
        for order_id, owner, sells, price, lots, reserve, display, hidden in orders:
            memset(&order, 0, sizeof(Placing))
            order.order_id, order.owner, order.side, order.price = order_id, owner, SELLING if sells else BUYING, price
            order.display, order.hidden = display, hidden
            if not make_room(core) or not make_rare(core):
                raise MemoryError
            rest(core, &order, lots + reserve)
            slot = core_slot(core, order_id)
            if reserve and core.orders[slot].lots != lots:
                # A slice that has traded in part.
                core.levels[core.orders[slot].level >> FLAG_BITS].lots += lots - core.orders[slot].lots
                core.levels[core.orders[slot].level >> FLAG_BITS].unseen += core.orders[slot].lots - lots
                core.orders[slot].lots = lots
                core.rare[slot].reserve = reserve
            book.events.count = 0
        core.updates, core.sequence, core.matching = updates, sequence, matching
        core.watch_below, core.watch_above, core.best_watched, core.attention = watch
        return book
