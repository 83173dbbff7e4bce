# cython: boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False, freethreading_compatible=False
"""The compiled twin of :mod:`.book`: the same commands, the same events, the same answers. The plain book is the specification.

How it is kept. Orders are 32 bytes each in one pool, linked into the queues of their price level by index; freed slots are used
again. A level has a queue of displayed and one of hidden orders. Sixty-four neighbouring prices share a page with a bit for each
that has a level, and each side has its pages in one sorted array, best last: the best price is kept, and the next one is a bit
scan away. Pages and levels exist only while orders stand there, so that any price costs the same and memory is bounded by what
rests. What only icebergs and hidden orders have lies in a second table, allocated when the first of them comes. Orders
are found by number in a table with open addressing, whose entries hold 32 bits of the scrambled number and the slot; the order
there is asked for its whole number, so that a slot that was used again is never mistaken for the order that was there before.

Nothing here multiplies price and quantity, so nothing overflows: a side holds at most 4·10⁶ orders of 10¹² lots, and sums that
only have to reach a bound stop there. All commands run without the interpreter lock and write events of 64 bytes into one buffer;
the doors turn them into Structs (one command a call), into fills alone (:meth:`CompiledOrderBook.limit`), or hand over the
buffer (:class:`.compiled_batch.Batch`).

Order numbers are 64-bit integers, owners unsigned 32-bit ones; anything larger is an ``OverflowError``. Quantities and prices may
be any integer and are refused by the rules of the book.
"""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free, malloc, realloc
from libc.string cimport memset

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

cdef extern from *:
    """
    #define highest_bit(bits) (63 - __builtin_clzll(bits))
    #define lowest_bit(bits) __builtin_ctzll(bits)
    #define prefetch(address) __builtin_prefetch(address)
    """
    void prefetch(const void* address) noexcept nogil
    int highest_bit(uint64_t bits) noexcept nogil
    int lowest_bit(uint64_t bits) noexcept nogil


# What this module and the code beside it expect of each other: see compiled_interface.py, where the number stands too.
INTERFACE = 1

cdef int64_t MAXIMUM = 1_000_000_000_000
cdef int64_t MAXIMUM_SLICES = 1_000
cdef int64_t NO_BELOW = -(1 << 62)

cdef uint32_t SELL_BIT = 1
cdef uint32_t RARE_BIT = 2
cdef uint32_t HIDDEN_BIT = 4
cdef int FLAG_BITS = 3

# Reasons by number: the same numbers stand in events of the batch door.
CANCEL_REASONS = (
    CancelReason.REQUESTED,
    CancelReason.IMMEDIATE_OR_CANCEL,
    CancelReason.MARKET_REMAINDER,
    CancelReason.SELF_TRADE,
)
cdef enum:
    REQUESTED = 0
    CANCEL_IMMEDIATE = 1
    MARKET_REMAINDER = 2
    SELF_TRADE = 3

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
cdef enum:
    DUPLICATE_ORDER_ID = 0
    UNKNOWN_ORDER = 1
    INVALID_QUANTITY = 2
    INVALID_PRICE = 3
    INVALID_TERMS = 4
    WRONG_PHASE = 5
    POST_ONLY_WOULD_TAKE = 6
    FILL_OR_KILL_UNFILLABLE = 7
    MINIMUM_QUANTITY_UNFILLABLE = 8
    BOOK_FULL = 9
    UNKNOWN_INSTRUMENT = 10

SELF_TRADE_MODES = (
    SelfTradePrevention.NONE,
    SelfTradePrevention.CANCEL_NEWEST,
    SelfTradePrevention.CANCEL_OLDEST,
    SelfTradePrevention.CANCEL_BOTH,
    SelfTradePrevention.DECREMENT_AND_CANCEL,
)
cdef enum:
    TRADES = 0
    CANCEL_NEWEST = 1
    CANCEL_OLDEST = 2
    CANCEL_BOTH = 3

cdef object _BUY = Side.BUY
cdef object _SELL = Side.SELL
cdef object _IMMEDIATE = TimeInForce.IMMEDIATE_OR_CANCEL
cdef object _WHOLE = TimeInForce.FILL_OR_KILL
cdef object _GOOD_TILL_CANCEL = TimeInForce.GOOD_TILL_CANCEL
cdef object _NONE = SelfTradePrevention.NONE
cdef object _REQUESTED = CancelReason.REQUESTED
cdef dict _MODE_NUMBERS = {mode: number for number, mode in enumerate(SELF_TRADE_MODES)}
cdef dict _REASON_NUMBERS = {reason: number for number, reason in enumerate(CANCEL_REASONS)}


# ---------------------------------------------------------------- events


cdef inline Event* emit(Core* core, int kind, int64_t order_id) noexcept nogil:
    """The next event, with kind, number and order filled in and nothing else."""
    cdef Events* out = core.out
    cdef Event* grown
    if out.count == out.capacity:
        grown = <Event*> realloc(out.items, 2 * out.capacity * sizeof(Event))
        if grown == NULL:
            out.failed = True
            out.count -= 1
        else:
            out.items = grown
            out.capacity *= 2
    cdef Event* event = &out.items[out.count]
    out.count += 1
    core.sequence += 1
    event.kind = <uint8_t> kind
    event.side = 0
    event.reason = 0
    event.flag = 0
    event.symbol = core.symbol
    event.sequence = core.sequence
    event.order_id = order_id
    event.other_id = 0
    event.price = 0
    event.lots = 0
    event.leaves = 0
    event.other_leaves = 0
    return event


cdef int core_refuse(Core* core, int64_t order_id, int reason) noexcept nogil:
    emit(core, REFUSED, order_id).reason = <uint8_t> reason
    return reason


# ---------------------------------------------------------------- finding orders by number


cdef inline uint32_t tag_of(int64_t order_id) noexcept nogil:
    """What the table knows of a number: its last three bits, and 29 bits of the rest times 2⁶⁴ over the golden ratio.

    Eight neighbouring numbers thus share a cache line or two, so that numbers that were counted up stay together, and the
    groups are spread, so that others do no harm.
    """
    cdef uint64_t number = <uint64_t> order_id
    return <uint32_t> ((((number >> 3) * <uint64_t> 0x9E3779B97F4A7C15u) >> 35) << 3 | (number & 7))


cdef inline uint64_t place_of(const Core* core, uint32_t tag) noexcept nogil:
    """Where the search for a number begins; the table's size decides how many bits of its tag count."""
    return (<uint64_t> tag >> 3 >> core.names_shift) << 3 | (tag & 7)


cdef void core_prefetch(const Core* core, int64_t order_id) noexcept nogil:
    """Ask the processor for the place where the search for a number begins, some commands before it is needed."""
    prefetch(&core.names[place_of(core, tag_of(order_id))])


cdef uint32_t core_slot(const Core* core, int64_t order_id) noexcept nogil:
    """The slot of a resting order, 0 where none has this number."""
    cdef uint32_t tag = tag_of(order_id)
    cdef uint64_t place = place_of(core, tag)
    cdef uint32_t slot = core.names[place].slot
    while slot:
        if core.names[place].tag == tag and core.orders[slot].order_id == order_id:
            return slot
        place = (place + 1) & core.names_mask
        slot = core.names[place].slot
    return 0


cdef inline void name_tag(Core* core, uint32_t tag, uint32_t slot) noexcept nogil:
    cdef uint64_t place = place_of(core, tag)
    while core.names[place].slot:
        place = (place + 1) & core.names_mask
    core.names[place].tag = tag
    core.names[place].slot = slot


cdef inline void name(Core* core, int64_t order_id, uint32_t slot) noexcept nogil:
    name_tag(core, tag_of(order_id), slot)


cdef inline void unname(Core* core, int64_t order_id, uint32_t slot) noexcept nogil:
    """Forget a number, and close the gap so that no search ends too early."""
    cdef uint64_t mask = core.names_mask
    cdef uint64_t hole = place_of(core, tag_of(order_id))
    cdef uint64_t place, home
    while core.names[hole].slot != slot:
        hole = (hole + 1) & mask
    place = hole
    while True:
        place = (place + 1) & mask
        if not core.names[place].slot:
            break
        home = place_of(core, core.names[place].tag)
        if ((place - home) & mask) >= ((place - hole) & mask):
            core.names[hole] = core.names[place]
            hole = place
    core.names[hole].slot = 0


cdef bint grow_names(Core* core) noexcept nogil:
    """Twice as many places."""
    cdef uint64_t old_size = core.names_mask + 1
    cdef Named* old = core.names
    cdef Named* new = <Named*> calloc(2 * old_size, sizeof(Named))
    cdef uint64_t place
    if new == NULL:
        return False
    core.names = new
    core.names_mask = 2 * old_size - 1
    core.names_shift -= 1
    for place in range(old_size):
        if old[place].slot:
            name_tag(core, old[place].tag, old[place].slot)
    free(old)
    return True


# ---------------------------------------------------------------- pools


cdef uint32_t room_left(const Core* core) noexcept nogil:
    """For how many more orders there is room, should each need a level and a page of its own."""
    cdef uint32_t pages = <uint32_t> (core.ladders[0].count + core.ladders[1].count)
    cdef uint64_t left = min(core.orders_capacity - 1 - core.live, core.levels_capacity - 1 - core.levels_live)
    left = min(left, <uint64_t> (core.pages_capacity - 1 - pages))
    left = min(left, <uint64_t> (core.ladders[0].capacity - core.ladders[0].count))
    left = min(left, <uint64_t> (core.ladders[1].capacity - core.ladders[1].count))
    return <uint32_t> min(left, core.names_mask * 3 // 4 - core.live)


cdef inline bint make_room(Core* core) noexcept nogil:
    """Room for one more order, so that a command never fails half-way; counted ahead, since it is asked for each order."""
    if core.spare:
        return True
    core.spare = room_left(core)
    return core.spare > 0 or grow(core)


cdef bint grow(Core* core) noexcept nogil:
    """Twice as much of whatever is used up."""
    cdef void* grown
    cdef uint32_t wanted
    cdef int side
    if core.live + 1 >= core.orders_capacity:
        wanted = 2 * core.orders_capacity
        grown = realloc(core.orders, wanted * sizeof(Order))
        if grown == NULL:
            return False
        core.orders = <Order*> grown
        if core.rare != NULL:
            grown = realloc(core.rare, wanted * sizeof(Rare))
            if grown == NULL:
                return False
            core.rare = <Rare*> grown
        core.orders_capacity = wanted
    if core.levels_live + 1 >= core.levels_capacity:
        wanted = 2 * core.levels_capacity
        grown = realloc(core.levels, wanted * sizeof(Level))
        if grown == NULL:
            return False
        core.levels = <Level*> grown
        core.levels_capacity = wanted
    if <uint32_t> (core.ladders[0].count + core.ladders[1].count) + 1 >= core.pages_capacity:
        wanted = 2 * core.pages_capacity
        grown = realloc(core.pages, wanted * sizeof(Page))
        if grown == NULL:
            return False
        core.pages = <Page*> grown
        core.pages_capacity = wanted
    for side in range(2):
        if core.ladders[side].count == core.ladders[side].capacity:
            grown = realloc(core.ladders[side].pages, 2 * core.ladders[side].capacity * sizeof(PageEntry))
            if grown == NULL:
                return False
            core.ladders[side].pages = <PageEntry*> grown
            core.ladders[side].capacity *= 2
    if core.live >= core.names_mask * 3 // 4 and not grow_names(core):
        return False
    core.spare = room_left(core)
    return True


cdef inline uint32_t new_order(Core* core) noexcept nogil:
    cdef uint32_t slot = core.free_order
    if slot:
        core.free_order = core.orders[slot].next
        return slot
    slot = core.orders_used
    core.orders_used += 1
    return slot


cdef bint init_core(Core* core, Events* events, int64_t capacity) noexcept nogil:
    memset(core, 0, sizeof(Core))
    memset(events, 0, sizeof(Events))
    core.out = events
    core.capacity = capacity
    core.matching = True
    core.watch_below = NO_BELOW
    core.watch_above = -NO_BELOW
    core.orders_capacity = 64
    core.levels_capacity = 32
    core.pages_capacity = 16
    core.orders_used = core.levels_used = core.pages_used = 1
    core.orders = <Order*> malloc(core.orders_capacity * sizeof(Order))
    core.levels = <Level*> malloc(core.levels_capacity * sizeof(Level))
    core.pages = <Page*> malloc(core.pages_capacity * sizeof(Page))
    core.ladders[0].capacity = core.ladders[1].capacity = 8
    core.ladders[0].pages = <PageEntry*> malloc(8 * sizeof(PageEntry))
    core.ladders[1].pages = <PageEntry*> malloc(8 * sizeof(PageEntry))
    core.names_mask = 127
    core.names_shift = 25
    core.names = <Named*> calloc(128, sizeof(Named))
    events.capacity = 32
    events.items = <Event*> malloc(events.capacity * sizeof(Event))
    return (
        core.orders != NULL
        and core.levels != NULL
        and core.pages != NULL
        and core.ladders[0].pages != NULL
        and core.ladders[1].pages != NULL
        and core.names != NULL
        and events.items != NULL
    )


# ---------------------------------------------------------------- the ladder


cdef inline int64_t page_key(int side, int64_t price) noexcept nogil:
    """Pages are sorted so that the best is last: asks by the negated number."""
    return price >> 6 if side == BUYING else -(price >> 6)


cdef inline int find_page(const Ladder* ladder, int64_t key) noexcept nogil:
    """The position of the first page whose key is not smaller."""
    cdef int low = 0
    cdef int high = ladder.count
    cdef int middle
    if high and ladder.pages[high - 1].key == key:
        return high - 1
    while low < high:
        middle = (low + high) >> 1
        if ladder.pages[middle].key < key:
            low = middle + 1
        else:
            high = middle
    return low


cdef inline uint32_t best_of_page(const Page* page, int side, uint64_t bits) noexcept nogil:
    return page.levels[highest_bit(bits) if side == BUYING else lowest_bit(bits)]


cdef inline void find_best(Core* core, int side) noexcept nogil:
    cdef Ladder* ladder = &core.ladders[side]
    cdef Page* page
    if not ladder.count:
        ladder.best = 0
        return
    page = &core.pages[ladder.pages[ladder.count - 1].page]
    ladder.best = best_of_page(page, side, page.bits)


cdef inline uint32_t next_level(const Core* core, int side, uint32_t level) noexcept nogil:
    """The next level away from the best, 0 at the end."""
    cdef const Ladder* ladder = &core.ladders[side]
    cdef const Page* page = &core.pages[core.levels[level].page]
    cdef int bit = <int> (core.levels[level].price & 63)
    cdef uint64_t bits
    cdef int position
    if side == BUYING:
        bits = page.bits & ((<uint64_t> 1 << bit) - 1)
    else:
        bits = page.bits & ~(((<uint64_t> 1 << bit) - 1) | (<uint64_t> 1 << bit))
    if bits:
        return best_of_page(page, side, bits)
    position = find_page(ladder, page.key)
    if not position:
        return 0
    page = &core.pages[ladder.pages[position - 1].page]
    return best_of_page(page, side, page.bits)


cdef inline bint better(int side, int64_t price, int64_t other) noexcept nogil:
    return price > other if side == BUYING else price < other


cdef uint32_t new_level(Core* core, int side, int64_t price) noexcept nogil:
    """A level where there is none, with its page if that is new too."""
    cdef Ladder* ladder = &core.ladders[side]
    cdef int64_t key = page_key(side, price)
    cdef int position = find_page(ladder, key)
    cdef uint32_t page, level
    cdef int bit = <int> (price & 63)
    cdef int moved
    if position < ladder.count and ladder.pages[position].key == key:
        page = ladder.pages[position].page
    else:
        page = core.free_page
        if page:
            core.free_page = core.pages[page].levels[0]
        else:
            page = core.pages_used
            core.pages_used += 1
        core.pages[page].key = key
        core.pages[page].bits = 0
        moved = ladder.count
        while moved > position:
            ladder.pages[moved] = ladder.pages[moved - 1]
            moved -= 1
        ladder.pages[position].key = key
        ladder.pages[position].page = page
        ladder.count += 1
    level = core.free_level
    if level:
        core.free_level = core.levels[level].head
    else:
        level = core.levels_used
        core.levels_used += 1
    core.levels_live += 1
    memset(&core.levels[level], 0, sizeof(Level))
    core.levels[level].price = price
    core.levels[level].page = page
    core.pages[page].bits |= <uint64_t> 1 << bit
    core.pages[page].levels[bit] = level
    if not ladder.best or better(side, price, core.levels[ladder.best].price):
        ladder.best = level
    return level


cdef inline uint32_t level_at(Core* core, int side, int64_t price) noexcept nogil:
    cdef Ladder* ladder = &core.ladders[side]
    cdef int64_t key
    cdef int position
    cdef Page* page
    cdef PageEntry* hint
    if ladder.best and core.levels[ladder.best].price == price:
        return ladder.best
    key = page_key(side, price)
    hint = &ladder.hints[key & 15]
    if hint.key != key or not hint.page:
        position = find_page(ladder, key)
        if position == ladder.count or ladder.pages[position].key != key:
            return new_level(core, side, price)
        hint[0] = ladder.pages[position]
    page = &core.pages[hint.page]
    if page.bits >> (price & 63) & 1:
        return page.levels[price & 63]
    return new_level(core, side, price)


cdef void drop_level(Core* core, int side, uint32_t level) noexcept nogil:
    cdef Ladder* ladder = &core.ladders[side]
    cdef uint32_t number = core.levels[level].page
    cdef Page* page = &core.pages[number]
    cdef int position
    page.bits &= ~(<uint64_t> 1 << (core.levels[level].price & 63))
    core.levels[level].head = core.free_level
    core.free_level = level
    core.levels_live -= 1
    if not page.bits:
        position = find_page(ladder, page.key)
        if ladder.hints[page.key & 15].page == number:
            ladder.hints[page.key & 15].page = 0
        ladder.count -= 1
        while position < ladder.count:
            ladder.pages[position] = ladder.pages[position + 1]
            position += 1
        page.levels[0] = core.free_page
        core.free_page = number
    if ladder.best == level:
        find_best(core, side)


# ---------------------------------------------------------------- queues


cdef inline void append(Core* core, uint32_t slot, uint32_t level, bint hidden) noexcept nogil:
    """Put an order at the end of a queue of its level."""
    cdef Order* order = &core.orders[slot]
    cdef Level* at = &core.levels[level]
    cdef uint32_t tail = at.hidden_tail if hidden else at.tail
    order.next = 0
    order.previous = tail
    if tail:
        core.orders[tail].next = slot
    elif hidden:
        at.hidden_head = slot
    else:
        at.head = slot
    if hidden:
        at.hidden_tail = slot
    else:
        at.tail = slot


cdef inline void unlink(Core* core, uint32_t slot, uint32_t level, bint hidden) noexcept nogil:
    """Take an order out of its queue."""
    cdef Order* order = &core.orders[slot]
    cdef Level* at = &core.levels[level]
    if order.previous:
        core.orders[order.previous].next = order.next
    elif hidden:
        at.hidden_head = order.next
    else:
        at.head = order.next
    if order.next:
        core.orders[order.next].previous = order.previous
    elif hidden:
        at.hidden_tail = order.previous
    else:
        at.tail = order.previous


cdef inline int side_of(const Order* order) noexcept nogil:
    return <int> (order.level & SELL_BIT)


cdef inline int64_t leaves_of(const Core* core, uint32_t slot) noexcept nogil:
    cdef const Order* order = &core.orders[slot]
    return order.lots + core.rare[slot].reserve if order.level & RARE_BIT else order.lots


cdef inline void forget(Core* core, uint32_t slot) noexcept nogil:
    """An order leaves: its queue, its level if it was the last there, its number and its slot."""
    cdef Order* order = &core.orders[slot]
    cdef uint32_t level = order.level >> FLAG_BITS
    unlink(core, slot, level, order.level & HIDDEN_BIT)
    core.levels[level].count -= 1
    if not core.levels[level].count:
        drop_level(core, side_of(order), level)
    unname(core, order.order_id, slot)
    order.next = core.free_order
    core.free_order = slot
    core.live -= 1


cdef void remove(Core* core, uint32_t slot) noexcept nogil:
    """Take an order out of the book with everything it had."""
    cdef Order* order = &core.orders[slot]
    cdef Level* level = &core.levels[order.level >> FLAG_BITS]
    if order.level & HIDDEN_BIT:
        level.unseen -= order.lots
    else:
        level.lots -= order.lots
        if order.level & RARE_BIT:
            level.unseen -= core.rare[slot].reserve
    forget(core, slot)
    core.updates += 1


cdef void shrink(Core* core, uint32_t slot, int64_t lots) noexcept nogil:
    """Take lots off an order that keeps some: first what it does not display."""
    cdef Order* order = &core.orders[slot]
    cdef Level* level = &core.levels[order.level >> FLAG_BITS]
    cdef int64_t from_reserve = 0
    if order.level & RARE_BIT:
        from_reserve = min(lots, core.rare[slot].reserve)
        core.rare[slot].reserve -= from_reserve
    order.lots -= lots - from_reserve
    if order.level & HIDDEN_BIT:
        level.unseen -= lots
    else:
        level.unseen -= from_reserve
        level.lots -= lots - from_reserve
    core.updates += 1


cdef int64_t trade(Core* core, uint32_t slot, int64_t lots) noexcept nogil:
    """A resting order trades; the lots it shows anew if it is an iceberg whose slice is used up, else 0."""
    cdef Order* order = &core.orders[slot]
    cdef uint32_t number = order.level >> FLAG_BITS
    cdef Level* level = &core.levels[number]
    cdef Rare* rare
    cdef int64_t shown
    if level.price <= core.watch_below or level.price >= core.watch_above:
        core.attention = True
    core.updates += 1
    order.lots -= lots
    if order.level & HIDDEN_BIT:
        level.unseen -= lots
    else:
        level.lots -= lots
    if order.lots:
        return 0
    if order.level & RARE_BIT:
        rare = &core.rare[slot]
        if rare.reserve:
            shown = min(rare.display, rare.reserve)
            order.lots = shown
            rare.reserve -= shown
            level.lots += shown
            level.unseen -= shown
            unlink(core, slot, number, False)
            append(core, slot, number, False)
            return shown
    forget(core, slot)
    return 0


# ---------------------------------------------------------------- commands


cdef inline bint crosses(const Core* core, int side, bint limited, int64_t price) noexcept nogil:
    cdef uint32_t best = core.ladders[1 - side].best
    if not best or not core.matching:
        return False
    return not limited or not better(side, core.levels[best].price, price)


cdef inline uint32_t first(const Core* core, uint32_t level) noexcept nogil:
    return core.levels[level].head or core.levels[level].hidden_head


cdef bint of_others(
    const Core* core, uint32_t level, uint32_t owner, bint skips, int64_t* counted
) noexcept nogil:
    """Add what an order of ``owner`` could trade at one level to ``counted``; true if an own order stops it there."""
    cdef uint32_t slot
    cdef int64_t slices
    cdef int part
    for part in range(2):
        slices = counted[0]
        slot = core.levels[level].hidden_head if part else core.levels[level].head
        while slot:
            if core.orders[slot].owner != owner:
                slices += core.orders[slot].lots
                counted[0] += leaves_of(core, slot)
            elif not skips:
                counted[0] = slices
                return True
            slot = core.orders[slot].next
    return False


cdef int64_t core_fillable(
    const Core* core, int side, int64_t lots, bint limited, int64_t price, uint32_t owner, int self_trade
) noexcept nogil:
    """How many of ``lots`` could trade at once, own orders not counted."""
    cdef int64_t found = 0
    cdef uint32_t level = core.ladders[1 - side].best
    if not core.matching:
        return 0
    while level and found < lots:
        if limited and better(side, core.levels[level].price, price):
            break
        if owner and self_trade != TRADES:
            if of_others(core, level, owner, self_trade == CANCEL_OLDEST, &found):
                break
        else:
            found += core.levels[level].lots + core.levels[level].unseen
        level = next_level(core, 1 - side, level)
    return min(found, lots)


cdef int64_t prevent(Core* core, const Placing* taker, uint32_t slot, int64_t lots) noexcept nogil:
    """Taker and maker are of one owner: do as the taker's instruction says; what is left of the taker."""
    cdef int64_t makers = leaves_of(core, slot)
    cdef int64_t makers_lose, takers_lose
    cdef int64_t maker_id = core.orders[slot].order_id
    cdef Event* event
    if taker.self_trade == CANCEL_OLDEST:
        makers_lose, takers_lose = makers, 0
    elif taker.self_trade == CANCEL_NEWEST:
        makers_lose, takers_lose = 0, lots
    elif taker.self_trade == CANCEL_BOTH:
        makers_lose, takers_lose = makers, lots
    else:
        makers_lose = takers_lose = min(makers, lots)
    if makers_lose == makers:
        remove(core, slot)
        event = emit(core, CANCELLED, maker_id)
        event.leaves = makers
        event.reason = SELF_TRADE
    elif makers_lose:
        shrink(core, slot, makers_lose)
        event = emit(core, REDUCED, maker_id)
        event.lots = makers_lose
        event.leaves = makers - makers_lose
        event.reason = SELF_TRADE
    if takers_lose == lots:
        event = emit(core, CANCELLED, taker.order_id)
        event.leaves = lots
        event.reason = SELF_TRADE
        return 0
    if takers_lose:
        event = emit(core, REDUCED, taker.order_id)
        event.lots = takers_lose
        event.leaves = lots - takers_lose
        event.reason = SELF_TRADE
    return lots - takers_lose


cdef int64_t take(Core* core, const Placing* taker, int64_t lots) noexcept nogil:
    """Trade with the opposite side while it crosses; what is left of the taker."""
    cdef int other = 1 - taker.side
    cdef bint guarded = taker.self_trade != TRADES and taker.owner != 0
    cdef uint32_t level, slot
    cdef int64_t price, traded, shown, maker_id, maker_leaves
    cdef Event* event
    while lots:
        level = core.ladders[other].best
        if not level:
            break
        price = core.levels[level].price
        if taker.limited and better(taker.side, price, taker.price):
            break
        slot = first(core, level)
        if guarded and core.orders[slot].owner == taker.owner:
            lots = prevent(core, taker, slot, lots)
            continue
        maker_id = core.orders[slot].order_id
        maker_leaves = leaves_of(core, slot)
        traded = min(core.orders[slot].lots, lots)
        lots -= traded
        shown = trade(core, slot, traded)
        event = emit(core, FILLED, taker.order_id)
        event.side = <uint8_t> taker.side
        event.other_id = maker_id
        event.price = price
        event.lots = traded
        event.leaves = lots
        event.other_leaves = maker_leaves - traded
        if shown:
            event = emit(core, REFRESHED, maker_id)
            event.lots = shown
    return lots


cdef void rest(Core* core, const Placing* order, int64_t lots) noexcept nogil:
    """Put what is left of an order at the end of its price's queue, an iceberg with its first slice."""
    cdef uint32_t level = level_at(core, order.side, order.price)
    cdef uint32_t slot = new_order(core)
    cdef Order* made = &core.orders[slot]
    cdef Level* at = &core.levels[level]
    cdef int64_t shown = lots
    cdef Event* event
    core.spare -= 1
    made.order_id = order.order_id
    made.owner = order.owner
    made.level = level << FLAG_BITS | <uint32_t> order.side
    if order.hidden or order.display:
        made.level |= RARE_BIT
        if order.hidden:
            made.level |= HIDDEN_BIT
        elif order.display < lots:
            shown = order.display
        core.rare[slot].display = order.display
        core.rare[slot].reserve = lots - shown
        at.unseen += lots if order.hidden else lots - shown
        at.lots += 0 if order.hidden else shown
    else:
        at.lots += lots
    made.lots = shown
    at.count += 1
    append(core, slot, level, order.hidden)
    name(core, order.order_id, slot)
    core.live += 1
    core.updates += 1
    event = emit(core, RESTED, order.order_id)
    event.side = <uint8_t> order.side
    event.price = order.price
    event.leaves = lots


cdef inline bint core_rest_plain(
    Core* core, int64_t order_id, uint32_t owner, int side, int64_t lots, int64_t price
) noexcept nogil:
    """The shortest way: a plain limit order that trades with nobody rests and nothing is said of it; false if it is any other."""
    cdef uint32_t opposite = core.ladders[1 - side].best
    cdef uint32_t level, slot
    cdef Order* made
    if not 0 < lots <= MAXIMUM or not 0 < price <= MAXIMUM or core.live >= core.capacity:
        return False
    if opposite and core.matching and not better(side, core.levels[opposite].price, price):
        return False
    if core_slot(core, order_id) or not make_room(core):
        return False
    level = level_at(core, side, price)
    slot = new_order(core)
    core.spare -= 1
    made = &core.orders[slot]
    made.order_id = order_id
    made.owner = owner
    made.level = level << FLAG_BITS | <uint32_t> side
    made.lots = lots
    core.levels[level].lots += lots
    core.levels[level].count += 1
    append(core, slot, level, False)
    name(core, order_id, slot)
    core.live += 1
    core.updates += 1
    return True


cdef bint core_limit(
    Core* core, int64_t order_id, uint32_t owner, int side, int64_t lots, int64_t price
) noexcept nogil:
    """A plain limit order that trades with nobody, and its event; false, and nothing happened, if it is any other."""
    cdef Event* event
    if not core_rest_plain(core, order_id, owner, side, lots, price):
        return False
    event = emit(core, RESTED, order_id)
    event.side = <uint8_t> side
    event.price = price
    event.leaves = lots
    return True


cdef bint make_rare(Core* core) noexcept nogil:
    """The second table, from the first order on that needs it."""
    if core.rare == NULL:
        core.rare = <Rare*> calloc(core.orders_capacity, sizeof(Rare))
    return core.rare != NULL


cdef bint terms_agree(const Placing* asked, bint rests) noexcept nogil:
    return (
        0 <= asked.minimum <= asked.lots
        and 0 <= asked.display <= asked.lots
        and (not asked.display or asked.lots <= asked.display * MAXIMUM_SLICES)
        and not (asked.hidden and asked.display)
        and not (asked.post_only and (not rests or asked.minimum))
        and (asked.post_only or not asked.reprice)
    )


cdef int core_place(Core* core, const Placing* given) noexcept nogil:
    """Take an order; the reason against it, or -1."""
    cdef Placing asked = given[0]
    cdef bint rests = asked.limited and asked.time_in_force == RESTS
    cdef int64_t at_once, left, price
    cdef uint32_t best
    cdef Event* event
    cdef bint plain = not (asked.post_only or asked.reprice or asked.display or asked.hidden or asked.minimum)
    if rests and plain and core_limit(core, asked.order_id, asked.owner, asked.side, asked.lots, asked.price):
        return -1
    if core_slot(core, asked.order_id):
        return core_refuse(core, asked.order_id, DUPLICATE_ORDER_ID)
    if not 0 < asked.lots <= MAXIMUM:
        return core_refuse(core, asked.order_id, INVALID_QUANTITY)
    if asked.limited and not 0 < asked.price <= MAXIMUM:
        return core_refuse(core, asked.order_id, INVALID_PRICE)
    if asked.post_only or asked.reprice or asked.display or asked.hidden or asked.minimum:
        if not terms_agree(&asked, rests):
            return core_refuse(core, asked.order_id, INVALID_TERMS)
        if (asked.display or asked.hidden) and not make_rare(core):
            core.out.failed = True
            return -1
        if asked.reprice and crosses(core, asked.side, True, asked.price):
            best = core.ladders[1 - asked.side].best
            price = core.levels[best].price + (1 if asked.side == SELLING else -1)
            if price:
                asked.price = price
    if not core.matching and (not rests or asked.minimum):
        return core_refuse(core, asked.order_id, WRONG_PHASE)
    if asked.post_only and crosses(core, asked.side, asked.limited, asked.price):
        return core_refuse(core, asked.order_id, POST_ONLY_WOULD_TAKE)
    at_once = asked.lots if asked.time_in_force == WHOLE else asked.minimum
    if at_once:
        left = core_fillable(core, asked.side, at_once, asked.limited, asked.price, asked.owner, asked.self_trade)
        if left < at_once:
            return core_refuse(
                core,
                asked.order_id,
                FILL_OR_KILL_UNFILLABLE if asked.time_in_force == WHOLE else MINIMUM_QUANTITY_UNFILLABLE,
            )
    if rests and core.live >= core.capacity:
        left = core_fillable(core, asked.side, asked.lots, True, asked.price, asked.owner, asked.self_trade)
        if left < asked.lots:
            return core_refuse(core, asked.order_id, BOOK_FULL)
    if rests and not make_room(core):
        core.out.failed = True
        return -1
    left = asked.lots
    if core.matching and core.ladders[1 - asked.side].best:
        left = take(core, &asked, left)
    if left:
        if rests:
            rest(core, &asked, left)
        else:
            event = emit(core, CANCELLED, asked.order_id)
            event.leaves = left
            event.reason = CANCEL_IMMEDIATE if asked.limited else MARKET_REMAINDER
    return -1


cdef int core_cancel(Core* core, int64_t order_id, int reason) noexcept nogil:
    """Take an order out of the book; the reason against it, or -1."""
    cdef uint32_t slot = core_slot(core, order_id)
    cdef Event* event
    cdef int64_t leaves
    if not slot:
        return core_refuse(core, order_id, UNKNOWN_ORDER)
    leaves = leaves_of(core, slot)
    remove(core, slot)
    event = emit(core, CANCELLED, order_id)
    event.leaves = leaves
    event.reason = <uint8_t> reason
    return -1


cdef int core_reduce(Core* core, int64_t order_id, int64_t lots) noexcept nogil:
    """Take lots off a resting order; the reason against it, or -1."""
    cdef uint32_t slot = core_slot(core, order_id)
    cdef Event* event
    if not slot:
        return core_refuse(core, order_id, UNKNOWN_ORDER)
    if lots <= 0:
        return core_refuse(core, order_id, INVALID_QUANTITY)
    if lots >= leaves_of(core, slot):
        return core_cancel(core, order_id, REQUESTED)
    shrink(core, slot, lots)
    event = emit(core, REDUCED, order_id)
    event.lots = lots
    event.leaves = leaves_of(core, slot)
    event.reason = REQUESTED
    return -1


cdef int core_replace(
    Core* core, int64_t order_id, int64_t lots, int64_t price, bint post_only, int self_trade
) noexcept nogil:
    """Give a resting order another quantity or price; the reason against it, or -1."""
    cdef uint32_t slot = core_slot(core, order_id)
    cdef Event* event
    cdef Order* order
    cdef Placing anew
    cdef int64_t leaves
    cdef bint kept
    if not slot:
        return core_refuse(core, order_id, UNKNOWN_ORDER)
    if not 0 < lots <= MAXIMUM:
        return core_refuse(core, order_id, INVALID_QUANTITY)
    if not 0 < price <= MAXIMUM:
        return core_refuse(core, order_id, INVALID_PRICE)
    order = &core.orders[slot]
    if order.level & RARE_BIT and core.rare[slot].display and lots > core.rare[slot].display * MAXIMUM_SLICES:
        return core_refuse(core, order_id, INVALID_TERMS)
    leaves = leaves_of(core, slot)
    kept = price == core.levels[order.level >> FLAG_BITS].price and lots <= leaves
    if not kept and post_only and crosses(core, side_of(order), True, price):
        return core_refuse(core, order_id, POST_ONLY_WOULD_TAKE)
    if not kept and not make_room(core):
        core.out.failed = True
        return -1
    event = emit(core, REPLACED, order_id)
    event.price = price
    event.leaves = lots
    event.flag = kept
    if kept:
        if lots < leaves:
            shrink(core, slot, leaves - lots)
        return -1
    order = &core.orders[slot]
    memset(&anew, 0, sizeof(Placing))
    anew.order_id = order_id
    anew.lots = lots
    anew.price = price
    anew.limited = True
    anew.owner = order.owner
    anew.side = side_of(order)
    anew.self_trade = self_trade
    anew.hidden = (order.level & HIDDEN_BIT) != 0
    if order.level & RARE_BIT:
        anew.display = core.rare[slot].display
    remove(core, slot)
    if core.matching and core.ladders[1 - anew.side].best:
        lots = take(core, &anew, lots)
    if lots:
        rest(core, &anew, lots)
    return -1


cdef uint32_t core_displayed(const Core* core, int side) noexcept nogil:
    """The best level of a side that displays anything, 0 where none does."""
    cdef uint32_t level = core.ladders[side].best
    while level and not core.levels[level].lots:
        level = next_level(core, side, level)
    return level


# ---------------------------------------------------------------- the door for one command a call


cdef int64_t whole(object value) except? -1:
    """An integer as 64 bits; one that does not fit becomes one of that sign that the book refuses."""
    cdef int overflow = 0
    cdef long long number = PyLong_AsLongLongAndOverflow(value, &overflow)
    if overflow:
        return NO_BELOW if overflow < 0 else -NO_BELOW
    return number


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


cdef class CompiledOrderBook:
    """The book of one instrument, compiled; every method does what :class:`.book.OrderBook`'s method of that name does."""

    def __cinit__(self, str symbol not None, capacity=1_000_000):
        if not 0 <= capacity <= MAXIMUM_CAPACITY:
            raise ValueError(f"a book has room for 0 to {MAXIMUM_CAPACITY:,} orders, not {capacity}")
        self.symbol = symbol
        if not init_core(&self.core, &self.events, whole(capacity)):
            raise MemoryError

    def __dealloc__(self):
        free(self.core.orders)
        free(self.core.rare)
        free(self.core.levels)
        free(self.core.pages)
        free(self.core.ladders[0].pages)
        free(self.core.ladders[1].pages)
        free(self.core.names)
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
        cdef uint32_t slot = core_slot(&self.core, order_id)
        cdef int64_t leaves
        if not slot:
            return Refused(order_id, REFUSAL_REASONS[UNKNOWN_ORDER])
        leaves = leaves_of(&self.core, slot)
        remove(&self.core, slot)
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
        cdef list found = None
        if events.failed:
            self.drained()
        for number in range(events.count):
            event = &events.items[number]
            if event.kind == FILLED:
                if found is None:
                    found = []
                found.append((event.other_id, event.price, event.lots))
        events.count = 0
        if reason >= 0:
            return REFUSAL_REASONS[reason]
        return () if found is None else tuple(found)

    def withdraw(self, int64_t order_id):
        """The lean cancel: what was left of the order, 0 where none has this number."""
        cdef uint32_t slot = core_slot(&self.core, order_id)
        cdef int64_t leaves
        if not slot:
            return 0
        leaves = leaves_of(&self.core, slot)
        remove(&self.core, slot)
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
