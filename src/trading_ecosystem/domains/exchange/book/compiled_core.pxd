# The core of the compiled book: plain C structures and the functions on them. They stand in this file, inline, so that each of the
# modules that use them (the book's own doors, the batch door, the background flow) is compiled with its own copy and pays for no
# calls between modules.
#
# How it is kept. Orders are 32 bytes each in one pool, linked into the queues of their price level by index; freed slots are used
# again. A level has a queue of displayed and one of hidden orders. Sixty-four neighbouring prices share a page with a bit for each
# that has a level, and each side has its pages in one sorted array, best last: the best price is kept, and the next one is a bit
# scan away. Pages and levels exist only while orders stand there, so that memory is bounded by what rests, however far apart; a
# page that is new moves those that are better, 16 bytes each, which is felt only where tens of thousands of pages are in use. What only icebergs and hidden orders have lies in a second table, allocated when the first of them comes. Orders
# are found by number in a table of buckets of one cache line, whose places hold 32 bits of the scrambled number and the slot; the
# order there is asked for its whole number, so that a slot that was used again is never mistaken for the order that was there.
#
# What is written for speed. Which side an order is on is a coin toss, so that prices are compared with the sign of their side
# instead of branching on it ("signed": the better price is the larger number), and the ends of queues are written without asking
# whether there is a neighbour: slot 0 of the orders is nobody's and takes what is written to it. The table of numbers is kept
# at most half full and compares a bucket's seven places at once, so that a search mostly ends where it began, with no guessing.
#
# Nothing here multiplies price and quantity, so nothing overflows: a side holds at most 4·10⁶ orders of 10¹² lots, and sums that
# only have to reach a bound stop there. Everything runs without the interpreter lock and writes events of 64 bytes into one buffer.

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free, malloc, realloc
from libc.string cimport memmove, memset


cdef extern from *:
    """
    #define highest_bit(bits) (63 - __builtin_clzll(bits))
    #include <stdint.h>
    #include <stdlib.h>
    #define lowest_bit(bits) __builtin_ctzll(bits)
    #define prefetch(address) __builtin_prefetch(address)
    #define likely_so(condition) __builtin_expect(!!(condition), 1)
    #if defined(__SSE2__)
    #include <emmintrin.h>
    /* Which of seven numbers that lie in the first 28 of 32 bytes are equal to one: a bit for each. */
    static inline unsigned int which_equal(const uint32_t* numbers, uint32_t one) {
        const __m128i wanted = _mm_set1_epi32((int) one);
        const __m128i low = _mm_cmpeq_epi32(_mm_loadu_si128((const __m128i*) numbers), wanted);
        const __m128i high = _mm_cmpeq_epi32(_mm_loadu_si128((const __m128i*) (numbers + 4)), wanted);
        return ((unsigned int) _mm_movemask_ps(_mm_castsi128_ps(low))
            | (unsigned int) _mm_movemask_ps(_mm_castsi128_ps(high)) << 4) & 127u;
    }
    #else
    static inline unsigned int which_equal(const uint32_t* numbers, uint32_t one) {
        unsigned int found = 0;
        for (int place = 0; place < 7; place++) found |= (unsigned int) (numbers[place] == one) << place;
        return found;
    }
    #endif
    #define BOOK_MAXIMUM 1000000000000LL
    #define BOOK_MAXIMUM_SLICES 1000LL
    #define BOOK_BEYOND (1LL << 62)
    #define BOOK_NOWHERE UINT64_MAX
    """
    void prefetch(const void* address) noexcept nogil
    int highest_bit(uint64_t bits) noexcept nogil
    int lowest_bit(uint64_t bits) noexcept nogil
    bint likely_so(bint condition) noexcept nogil
    unsigned int which_equal(const uint32_t* numbers, uint32_t one) noexcept nogil
    const uint64_t NOWHERE "BOOK_NOWHERE"
    const int64_t MAXIMUM "BOOK_MAXIMUM"
    const int64_t MAXIMUM_SLICES "BOOK_MAXIMUM_SLICES"
    int posix_memalign(void** memory, size_t alignment, size_t size) noexcept nogil
    const int64_t BEYOND "BOOK_BEYOND"  # Larger than any price; its negative is smaller than any.


cdef struct Order:
    # 32 bytes. ``level`` holds the index of its price level above the flag bits.
    int64_t order_id
    int64_t lots
    uint32_t next
    uint32_t previous
    uint32_t level
    uint32_t owner


cdef struct Rare:
    # What only icebergs and hidden orders have, by order slot.
    int64_t reserve
    int64_t display


cdef struct Level:
    # One price with its two queues, displayed and hidden; ``lots`` are displayed, ``unseen`` are not.
    int64_t price
    int64_t lots
    int64_t unseen
    uint32_t head
    uint32_t tail
    uint32_t hidden_head
    uint32_t hidden_tail
    uint32_t page
    uint32_t count


cdef struct Page:
    # Sixty-four neighbouring prices; a bit for each that has a level, and 0 for each that has none.
    int64_t key
    uint64_t bits
    uint32_t levels[64]


cdef struct PageEntry:
    int64_t key
    uint32_t page


cdef struct Ladder:
    # The pages of one side that have levels, best last; ``edge`` is the best price, signed, and worse than any where there is none;
    # ``hints`` are pages found lately, by the end of their key (page 0: none).
    PageEntry* pages
    int64_t edge
    int count
    int capacity
    uint32_t best
    PageEntry hints[16]


cdef struct Bucket:
    # Seven places of the table that finds an order's slot by its number, in one cache line: a tag (0: the place is empty) and a
    # slot for each. ``passed`` counts the orders that found the bucket full and went to a later one; the last slot is always 0.
    uint32_t tags[7]
    uint32_t passed
    uint32_t slots[8]


cdef struct Event:
    # 64 bytes; see compiled_book.pyx for the meaning of the fields.
    uint8_t kind
    uint8_t side
    uint8_t reason
    uint8_t flag
    uint32_t symbol
    int64_t sequence
    int64_t order_id
    int64_t other_id
    int64_t price
    int64_t lots
    int64_t leaves
    int64_t other_leaves


cdef struct Events:
    Event* items
    int64_t count
    int64_t capacity
    bint failed


cdef struct Core:
    Order* orders
    Rare* rare
    uint32_t orders_capacity
    uint32_t orders_used
    uint32_t free_order
    uint32_t live
    uint32_t spare
    Level* levels
    uint32_t levels_capacity
    uint32_t levels_used
    uint32_t free_level
    uint32_t levels_live
    Page* pages
    uint32_t pages_capacity
    uint32_t pages_used
    uint32_t free_page
    Ladder ladders[2]
    Bucket* buckets
    uint64_t buckets_mask
    int buckets_shift
    uint64_t key
    Events* out
    uint32_t symbol
    int64_t sequence
    int64_t capacity
    int64_t updates
    int64_t watch_below
    int64_t watch_above
    bint matching
    bint attention
    bint best_watched


cdef enum:
    # Bits of an order's ``level``, below the number of its level.
    SELL_BIT = 1
    RARE_BIT = 2
    HIDDEN_BIT = 4
    FLAG_BITS = 3


cdef struct Placing:
    # An order as it comes in.
    int64_t order_id
    int64_t lots
    int64_t price
    int64_t display
    int64_t minimum
    uint32_t owner
    int side
    int time_in_force
    int self_trade
    bint limited
    bint post_only
    bint reprice
    bint hidden


cdef enum:
    BUYING = 0
    SELLING = 1


cdef enum:
    # Kinds of events.
    FILLED = 1
    RESTED = 2
    REFRESHED = 3
    REDUCED = 4
    REPLACED = 5
    CANCELLED = 6
    REFUSED = 7


cdef enum:
    RESTS = 0
    IMMEDIATE = 1
    WHOLE = 2


# The reasons and modes by number: the same numbers stand in events of the batch door, and the tuples of compiled_book.pyx have
# them in this order.
cdef enum:
    REQUESTED = 0
    CANCEL_IMMEDIATE = 1
    MARKET_REMAINDER = 2
    SELF_TRADE = 3


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


cdef enum:
    TRADES = 0
    CANCEL_NEWEST = 1
    CANCEL_OLDEST = 2
    CANCEL_BOTH = 3


# ---------------------------------------------------------------- events


cdef inline Event* say(Core* core, int kind, int64_t order_id) noexcept nogil:
    """The next event, with kind, number and order filled in, and 0 in everything else."""
    cdef Events* out = core.out
    cdef Event* grown
    cdef Event* event
    if not likely_so(out.count != out.capacity):
        grown = <Event*> realloc(out.items, 2 * out.capacity * sizeof(Event))
        if grown == NULL:
            out.failed = True
            out.count -= 1
        else:
            out.items = grown
            out.capacity *= 2
    event = &out.items[out.count]
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


cdef inline int core_refuse(Core* core, int64_t order_id, int reason) noexcept nogil:
    say(core, REFUSED, order_id).reason = <uint8_t> reason
    return reason


# ---------------------------------------------------------------- finding orders by number


cdef inline uint64_t scrambled(const Core* core, int64_t order_id) noexcept nogil:
    """A number whose upper bits depend on every bit of an order's number, and on the book's key.

    Nobody who does not know the key can choose numbers that meet in one bucket. What the book says does not depend on it.
    """
    cdef uint64_t number = <uint64_t> order_id * <uint64_t> 0xD6E8FEB86659FD93u
    return (number ^ number >> 32) * core.key


cdef inline uint32_t tag_of(uint64_t scrambled_id) noexcept nogil:
    """What the table knows of a number: 32 bits, never 0."""
    return <uint32_t> (scrambled_id ^ scrambled_id >> 32) | 1


cdef inline Bucket* home_of(const Core* core, uint64_t scrambled_id) noexcept nogil:
    """The bucket where the search for a number begins; the table's size decides how many bits count."""
    return &core.buckets[scrambled_id >> core.buckets_shift]


cdef inline void prefetch_name(const Core* core, int64_t order_id) noexcept nogil:
    """Ask the processor for the place where the search for a number begins, some commands before it is needed."""
    prefetch(home_of(core, scrambled(core, order_id)))


cdef inline const Order* likely_order(const Core* core, int64_t order_id) noexcept nogil:
    """The order that probably has this number, without asking it; the order that is nobody's where there is none."""
    cdef uint64_t number = scrambled(core, order_id)
    cdef const Bucket* bucket = home_of(core, number)
    return &core.orders[bucket.slots[lowest_bit(which_equal(bucket.tags, tag_of(number)) | 128)]]


cdef inline void prefetch_order(const Core* core, int64_t order_id) noexcept nogil:
    """Then for the order that stands there, mostly the one that is looked for."""
    prefetch(likely_order(core, order_id))


cdef inline void prefetch_neighbours(const Core* core, int64_t order_id) noexcept nogil:
    """Then for its level and for the orders beside it in the queue."""
    cdef const Order* order = likely_order(core, order_id)
    prefetch(&core.levels[order.level >> FLAG_BITS])
    prefetch(&core.orders[order.previous])
    prefetch(&core.orders[order.next])


cdef inline uint64_t find_name(const Core* core, int64_t order_id) noexcept nogil:
    """The place of a number in the table, eight to a bucket; ``NOWHERE`` where no order has it."""
    cdef uint64_t number = scrambled(core, order_id)
    cdef uint32_t tag = tag_of(number)
    cdef uint64_t place = number >> core.buckets_shift
    cdef const Bucket* bucket
    cdef unsigned int equal
    cdef int index
    cdef uint64_t turn
    for turn in range(core.buckets_mask + 1):
        bucket = &core.buckets[place]
        equal = which_equal(bucket.tags, tag)
        while equal:
            index = lowest_bit(equal)
            if likely_so(core.orders[bucket.slots[index]].order_id == order_id):
                return place << 3 | <uint64_t> index
            equal &= equal - 1
        if likely_so(not bucket.passed):
            break
        place = (place + 1) & core.buckets_mask
    return NOWHERE


cdef inline uint32_t slot_at(const Core* core, uint64_t place) noexcept nogil:
    """The slot of the order at a place of the table, 0 for ``NOWHERE``."""
    return core.buckets[place >> 3].slots[place & 7] if place != NOWHERE else 0


cdef inline uint32_t core_slot(const Core* core, int64_t order_id) noexcept nogil:
    """The slot of a resting order, 0 where none has this number."""
    return slot_at(core, find_name(core, order_id))


cdef inline void name(Core* core, int64_t order_id, uint32_t slot) noexcept nogil:
    """Enter a number that the table does not have; there is room."""
    cdef uint64_t number = scrambled(core, order_id)
    cdef Bucket* bucket = home_of(core, number)
    cdef unsigned int empty = which_equal(bucket.tags, 0)
    cdef int index
    while not likely_so(empty != 0):
        bucket.passed += 1
        bucket = &core.buckets[(<uint64_t> (bucket - core.buckets) + 1) & core.buckets_mask]
        empty = which_equal(bucket.tags, 0)
    index = lowest_bit(empty)
    bucket.tags[index] = tag_of(number)
    bucket.slots[index] = slot


cdef inline void unname(Core* core, uint64_t place, int64_t order_id) noexcept nogil:
    """Forget the number at a place of the table, and that it passed the buckets before."""
    cdef uint64_t passing = scrambled(core, order_id) >> core.buckets_shift
    cdef Bucket* bucket = &core.buckets[place >> 3]
    bucket.tags[place & 7] = 0
    while not likely_so(passing == place >> 3):
        core.buckets[passing].passed -= 1
        passing = (passing + 1) & core.buckets_mask


cdef inline Bucket* new_buckets(uint64_t count) noexcept nogil:
    """So many empty buckets, each in one line of the processor's cache; ``NULL`` where there is no memory."""
    cdef void* memory = NULL
    if posix_memalign(&memory, 64, count * sizeof(Bucket)):
        return NULL
    memset(memory, 0, count * sizeof(Bucket))
    return <Bucket*> memory


cdef inline bint grow_names(Core* core) noexcept nogil:
    """Twice as many buckets."""
    cdef uint64_t old_size = core.buckets_mask + 1
    cdef Bucket* old = core.buckets
    cdef Bucket* new = new_buckets(2 * old_size)
    cdef uint64_t number
    cdef int index
    if new == NULL:
        return False
    core.buckets = new
    core.buckets_mask = 2 * old_size - 1
    core.buckets_shift -= 1
    for number in range(old_size):
        for index in range(7):
            if old[number].tags[index]:
                name(core, core.orders[old[number].slots[index]].order_id, old[number].slots[index])
    free(old)
    return True


# ---------------------------------------------------------------- pools


cdef inline uint64_t names_room(const Core* core) noexcept nogil:
    """How many numbers the table holds before it is made larger."""
    return (core.buckets_mask + 1) * 7 // 2


cdef inline uint32_t room_left(const Core* core) noexcept nogil:
    """For how many more orders there is room, should each need a level and a page of its own."""
    cdef uint32_t pages = <uint32_t> (core.ladders[0].count + core.ladders[1].count)
    cdef uint64_t left = min(core.orders_capacity - 1 - core.live, core.levels_capacity - 1 - core.levels_live)
    left = min(left, <uint64_t> (core.pages_capacity - 1 - pages))
    left = min(left, <uint64_t> (core.ladders[0].capacity - core.ladders[0].count))
    left = min(left, <uint64_t> (core.ladders[1].capacity - core.ladders[1].count))
    return <uint32_t> min(left, names_room(core) - core.live)


cdef inline bint make_room(Core* core) noexcept nogil:
    """Room for one more order, so that a command never fails half-way; counted ahead, since it is asked for each order."""
    if core.spare:
        return True
    core.spare = room_left(core)
    return core.spare > 0 or grow(core)


cdef inline bint grow(Core* core) noexcept nogil:
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
    if core.live >= names_room(core) and not grow_names(core):
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


cdef inline bint init_core(Core* core, Events* events, int64_t capacity, uint64_t key) noexcept nogil:
    memset(core, 0, sizeof(Core))
    memset(events, 0, sizeof(Events))
    core.out = events
    core.capacity = capacity
    core.key = key | 1
    core.matching = True
    core.watch_below = -BEYOND
    core.watch_above = BEYOND
    core.orders_capacity = 64
    core.levels_capacity = 32
    core.pages_capacity = 16
    core.orders_used = core.levels_used = core.pages_used = 1
    core.orders = <Order*> calloc(core.orders_capacity, sizeof(Order))
    core.levels = <Level*> calloc(core.levels_capacity, sizeof(Level))
    core.pages = <Page*> calloc(core.pages_capacity, sizeof(Page))
    core.ladders[0].capacity = core.ladders[1].capacity = 8
    core.ladders[0].pages = <PageEntry*> malloc(8 * sizeof(PageEntry))
    core.ladders[1].pages = <PageEntry*> malloc(8 * sizeof(PageEntry))
    core.ladders[0].edge = core.ladders[1].edge = -BEYOND
    core.buckets_mask = 15
    core.buckets_shift = 60
    core.buckets = new_buckets(16)
    events.capacity = 32
    events.items = <Event*> malloc(events.capacity * sizeof(Event))
    return (
        core.orders != NULL
        and core.levels != NULL
        and core.pages != NULL
        and core.ladders[0].pages != NULL
        and core.ladders[1].pages != NULL
        and core.buckets != NULL
        and events.items != NULL
    )


# ---------------------------------------------------------------- the ladder


cdef inline int64_t signed_by(int side, int64_t number) noexcept nogil:
    """A number as bids have it; for asks its negative, without asking which it is."""
    return (number ^ -<int64_t> side) + side


cdef inline int64_t page_key(int side, int64_t price) noexcept nogil:
    """Pages are sorted so that the best is last: asks by the negated number."""
    return signed_by(side, price >> 6)


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
        ladder.edge = -BEYOND
        return
    page = &core.pages[ladder.pages[ladder.count - 1].page]
    ladder.best = best_of_page(page, side, page.bits)
    ladder.edge = signed_by(side, core.levels[ladder.best].price)


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
    return signed_by(side, price) > signed_by(side, other)


cdef inline uint32_t new_level(Core* core, int side, int64_t price) noexcept nogil:
    """A level where there is none, with its page if that is new too."""
    cdef Ladder* ladder = &core.ladders[side]
    cdef int64_t key = page_key(side, price)
    cdef int position = find_page(ladder, key)
    cdef uint32_t page, level
    cdef int bit = <int> (price & 63)
    if position < ladder.count and ladder.pages[position].key == key:
        page = ladder.pages[position].page
    else:
        page = core.free_page
        if page:
            core.free_page = core.pages[page].levels[0]
        else:
            page = core.pages_used
            core.pages_used += 1
        memset(&core.pages[page], 0, sizeof(Page))
        core.pages[page].key = key
        memmove(&ladder.pages[position + 1], &ladder.pages[position], (ladder.count - position) * sizeof(PageEntry))
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
    if signed_by(side, price) > ladder.edge:
        ladder.best = level
        ladder.edge = signed_by(side, price)
    return level


cdef inline uint32_t level_at(Core* core, int side, int64_t price) noexcept nogil:
    """The level of a price, made if there is none."""
    cdef Ladder* ladder = &core.ladders[side]
    cdef int64_t key = page_key(side, price)
    cdef PageEntry* hint = &ladder.hints[key & 15]
    cdef int position
    cdef uint32_t level
    if hint.key != key or not hint.page:
        position = find_page(ladder, key)
        if position == ladder.count or ladder.pages[position].key != key:
            return new_level(core, side, price)
        hint[0] = ladder.pages[position]
    level = core.pages[hint.page].levels[price & 63]
    return level if level else new_level(core, side, price)


cdef inline void drop_level(Core* core, int side, uint32_t level) noexcept nogil:
    cdef Ladder* ladder = &core.ladders[side]
    cdef uint32_t number = core.levels[level].page
    cdef Page* page = &core.pages[number]
    cdef int position
    page.bits &= ~(<uint64_t> 1 << (core.levels[level].price & 63))
    page.levels[core.levels[level].price & 63] = 0
    core.levels[level].head = core.free_level
    core.free_level = level
    core.levels_live -= 1
    if not page.bits:
        position = find_page(ladder, page.key)
        if ladder.hints[page.key & 15].page == number:
            ladder.hints[page.key & 15].page = 0
        ladder.count -= 1
        memmove(&ladder.pages[position], &ladder.pages[position + 1], (ladder.count - position) * sizeof(PageEntry))
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
    core.orders[tail].next = slot
    if hidden:
        at.hidden_head = at.hidden_head if tail else slot
        at.hidden_tail = slot
    else:
        at.head = at.head if tail else slot
        at.tail = slot


cdef inline void unlink(Core* core, uint32_t slot, uint32_t level, bint hidden) noexcept nogil:
    """Take an order out of its queue."""
    cdef uint32_t next = core.orders[slot].next
    cdef uint32_t previous = core.orders[slot].previous
    cdef Level* at = &core.levels[level]
    core.orders[previous].next = next
    core.orders[next].previous = previous
    if hidden:
        at.hidden_head = at.hidden_head if previous else next
        at.hidden_tail = at.hidden_tail if next else previous
    else:
        at.head = at.head if previous else next
        at.tail = at.tail if next else previous


cdef inline int side_of(const Order* order) noexcept nogil:
    return <int> (order.level & SELL_BIT)


cdef inline int64_t leaves_of(const Core* core, uint32_t slot) noexcept nogil:
    cdef const Order* order = &core.orders[slot]
    return order.lots + core.rare[slot].reserve if order.level & RARE_BIT else order.lots


cdef inline void forget(Core* core, uint32_t slot, uint64_t place) noexcept nogil:
    """An order leaves: its queue, its level if it was the last there, its number (at a place of the table) and its slot."""
    cdef Order* order = &core.orders[slot]
    cdef uint32_t level = order.level >> FLAG_BITS
    unlink(core, slot, level, order.level & HIDDEN_BIT)
    core.levels[level].count -= 1
    if not core.levels[level].count:
        drop_level(core, side_of(order), level)
    unname(core, place, order.order_id)
    order.next = core.free_order
    core.free_order = slot
    core.live -= 1


cdef inline void remove(Core* core, uint32_t slot, uint64_t place) noexcept nogil:
    """Take an order out of the book with everything it had; its number stands at this place of the table."""
    cdef Order* order = &core.orders[slot]
    cdef Level* level = &core.levels[order.level >> FLAG_BITS]
    if order.level & HIDDEN_BIT:
        level.unseen -= order.lots
    else:
        level.lots -= order.lots
        if order.level & RARE_BIT:
            level.unseen -= core.rare[slot].reserve
    forget(core, slot, place)
    core.updates += 1


cdef inline void shrink(Core* core, uint32_t slot, int64_t lots) noexcept nogil:
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


cdef inline int64_t trade(Core* core, uint32_t slot, int64_t lots) noexcept nogil:
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
    forget(core, slot, find_name(core, order.order_id))
    return 0


# ---------------------------------------------------------------- commands


cdef inline bint crosses(const Core* core, int side, bint limited, int64_t price) noexcept nogil:
    cdef int64_t edge = core.ladders[1 - side].edge
    if edge == -BEYOND or not core.matching:
        return False
    return not limited or edge >= signed_by(1 - side, price)


cdef inline uint32_t first(const Core* core, uint32_t level) noexcept nogil:
    return core.levels[level].head or core.levels[level].hidden_head


cdef inline bint of_others(
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


cdef inline int64_t core_fillable(
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


cdef inline int64_t prevent(Core* core, const Placing* taker, uint32_t slot, int64_t lots) noexcept nogil:
    """Taker and maker are of one owner: do as the taker's instruction says; what is left of the taker."""
    cdef Event* event
    cdef int64_t makers = leaves_of(core, slot)
    cdef int64_t makers_lose, takers_lose
    cdef int64_t maker_id = core.orders[slot].order_id
    if taker.self_trade == CANCEL_OLDEST:
        makers_lose, takers_lose = makers, 0
    elif taker.self_trade == CANCEL_NEWEST:
        makers_lose, takers_lose = 0, lots
    elif taker.self_trade == CANCEL_BOTH:
        makers_lose, takers_lose = makers, lots
    else:
        makers_lose = takers_lose = min(makers, lots)
    if makers_lose == makers:
        remove(core, slot, find_name(core, maker_id))
        event = say(core, CANCELLED, maker_id)
        event.reason = SELF_TRADE
        event.leaves = makers
    elif makers_lose:
        shrink(core, slot, makers_lose)
        event = say(core, REDUCED, maker_id)
        event.reason = SELF_TRADE
        event.lots = makers_lose
        event.leaves = makers - makers_lose
    if takers_lose == lots:
        event = say(core, CANCELLED, taker.order_id)
        event.reason = SELF_TRADE
        event.leaves = lots
        return 0
    if takers_lose:
        event = say(core, REDUCED, taker.order_id)
        event.reason = SELF_TRADE
        event.lots = takers_lose
        event.leaves = lots - takers_lose
    return lots - takers_lose


cdef inline int64_t take(Core* core, const Placing* taker, int64_t lots) noexcept nogil:
    """Trade with the opposite side while it crosses; what is left of the taker."""
    cdef Event* event
    cdef int other = 1 - taker.side
    cdef bint guarded = taker.self_trade != TRADES and taker.owner != 0
    cdef int64_t limit = signed_by(other, taker.price) if taker.limited else 1 - BEYOND
    cdef const Ladder* ladder = &core.ladders[other]
    cdef uint32_t slot
    cdef int64_t price, traded, shown, maker_id, maker_leaves
    while lots and ladder.edge >= limit:
        price = core.levels[ladder.best].price
        slot = first(core, ladder.best)
        if guarded and core.orders[slot].owner == taker.owner:
            lots = prevent(core, taker, slot, lots)
            continue
        maker_id = core.orders[slot].order_id
        maker_leaves = leaves_of(core, slot)
        traded = min(core.orders[slot].lots, lots)
        lots -= traded
        shown = trade(core, slot, traded)
        event = say(core, FILLED, taker.order_id)
        event.side = <uint8_t> taker.side
        event.other_id = maker_id
        event.price = price
        event.lots = traded
        event.leaves = lots
        event.other_leaves = maker_leaves - traded
        if shown:
            event = say(core, REFRESHED, maker_id)
            event.lots = shown
    return lots


cdef inline void rest(Core* core, const Placing* order, int64_t lots) noexcept nogil:
    """Put what is left of an order at the end of its price's queue, an iceberg with its first slice."""
    cdef Event* event
    cdef uint32_t level = level_at(core, order.side, order.price)
    cdef uint32_t slot = new_order(core)
    cdef Order* made = &core.orders[slot]
    cdef Level* at = &core.levels[level]
    cdef int64_t shown = lots
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
    event = say(core, RESTED, order.order_id)
    event.side = <uint8_t> order.side
    event.price = order.price
    event.leaves = lots


cdef inline bint core_rest_plain(
    Core* core, int64_t order_id, uint32_t owner, int side, int64_t lots, int64_t price
) noexcept nogil:
    """The shortest way: a plain limit order that trades with nobody rests and nothing is said of it; false if it is any other."""
    cdef uint32_t level, slot
    cdef Order* made
    cdef Level* at
    # As unsigned numbers zero and everything below it are the largest of all.
    if <uint64_t> (lots - 1) >= <uint64_t> MAXIMUM or <uint64_t> (price - 1) >= <uint64_t> MAXIMUM or core.live >= core.capacity:
        return False
    if core.ladders[1 - side].edge >= signed_by(1 - side, price) and core.matching:
        return False
    if not make_room(core):
        return False
    if find_name(core, order_id) != NOWHERE:
        return False
    level = level_at(core, side, price)
    slot = new_order(core)
    name(core, order_id, slot)
    core.spare -= 1
    made = &core.orders[slot]
    made.order_id = order_id
    made.owner = owner
    made.level = level << FLAG_BITS | <uint32_t> side
    made.lots = lots
    at = &core.levels[level]
    at.lots += lots
    at.count += 1
    append(core, slot, level, False)
    core.live += 1
    core.updates += 1
    return True


cdef inline bint core_limit(
    Core* core, int64_t order_id, uint32_t owner, int side, int64_t lots, int64_t price
) noexcept nogil:
    """A plain limit order that trades with nobody, and its event; false, and nothing happened, if it is any other."""
    cdef Event* event
    if not core_rest_plain(core, order_id, owner, side, lots, price):
        return False
    event = say(core, RESTED, order_id)
    event.side = <uint8_t> side
    event.price = price
    event.leaves = lots
    return True


cdef inline bint make_rare(Core* core) noexcept nogil:
    """The second table, from the first order on that needs it."""
    if core.rare == NULL:
        core.rare = <Rare*> calloc(core.orders_capacity, sizeof(Rare))
    return core.rare != NULL


cdef inline bint terms_agree(const Placing* asked, bint rests) noexcept nogil:
    return (
        0 <= asked.minimum <= asked.lots
        and 0 <= asked.display <= asked.lots
        and (not asked.display or asked.lots <= asked.display * MAXIMUM_SLICES)
        and not (asked.hidden and asked.display)
        and not (asked.post_only and (not rests or asked.minimum))
        and (asked.post_only or not asked.reprice)
    )


cdef inline int core_place(Core* core, const Placing* given) noexcept nogil:
    """Take an order; the reason against it, or -1."""
    cdef Event* event
    cdef Placing asked = given[0]
    cdef bint rests = asked.limited and asked.time_in_force == RESTS
    cdef int64_t at_once, left, price
    cdef uint32_t best
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
            event = say(core, CANCELLED, asked.order_id)
            event.reason = <uint8_t> (CANCEL_IMMEDIATE if asked.limited else MARKET_REMAINDER)
            event.leaves = left
    return -1


cdef inline int core_cancel(Core* core, int64_t order_id, int reason) noexcept nogil:
    """Take an order out of the book; the reason against it, or -1."""
    cdef Event* event
    cdef uint64_t place = find_name(core, order_id)
    cdef uint32_t slot = slot_at(core, place)
    cdef int64_t leaves
    if not slot:
        return core_refuse(core, order_id, UNKNOWN_ORDER)
    leaves = leaves_of(core, slot)
    remove(core, slot, place)
    event = say(core, CANCELLED, order_id)
    event.reason = <uint8_t> reason
    event.leaves = leaves
    return -1


cdef inline int core_reduce(Core* core, int64_t order_id, int64_t lots) noexcept nogil:
    """Take lots off a resting order; the reason against it, or -1."""
    cdef Event* event
    cdef uint32_t slot = core_slot(core, order_id)
    if not slot:
        return core_refuse(core, order_id, UNKNOWN_ORDER)
    if lots <= 0:
        return core_refuse(core, order_id, INVALID_QUANTITY)
    if lots >= leaves_of(core, slot):
        return core_cancel(core, order_id, REQUESTED)
    shrink(core, slot, lots)
    event = say(core, REDUCED, order_id)
    event.reason = REQUESTED
    event.lots = lots
    event.leaves = leaves_of(core, slot)
    return -1


cdef inline int core_replace(
    Core* core, int64_t order_id, int64_t lots, int64_t price, bint post_only, int self_trade
) noexcept nogil:
    """Give a resting order another quantity or price; the reason against it, or -1."""
    cdef Event* event
    cdef uint32_t slot = core_slot(core, order_id)
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
    event = say(core, REPLACED, order_id)
    event.flag = <uint8_t> kept
    event.price = price
    event.leaves = lots
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
    remove(core, slot, find_name(core, order_id))
    if core.matching and core.ladders[1 - anew.side].best:
        lots = take(core, &anew, lots)
    if lots:
        rest(core, &anew, lots)
    return -1


cdef inline uint32_t core_displayed(const Core* core, int side) noexcept nogil:
    """The best level of a side that displays anything, 0 where none does."""
    cdef uint32_t level = core.ladders[side].best
    while level and not core.levels[level].lots:
        level = next_level(core, side, level)
    return level
