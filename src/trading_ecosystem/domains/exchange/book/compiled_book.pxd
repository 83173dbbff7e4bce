# The core of the compiled book: plain C structures and functions, for the book's own doors and for the compiled background flow.

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t


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
    # Sixty-four neighbouring prices; a bit for each that has a level.
    int64_t key
    uint64_t bits
    uint32_t levels[64]


cdef struct PageEntry:
    int64_t key
    uint32_t page


cdef struct Ladder:
    # The pages of one side that have levels, best last; ``hints`` are pages found lately, by the end of their key (page 0: none).
    PageEntry* pages
    int count
    int capacity
    uint32_t best
    PageEntry hints[16]


cdef struct Named:
    # One place of the table that finds an order's slot by its number: 32 bits of the scrambled number; slot 0 is empty.
    uint32_t tag
    uint32_t slot


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
    Named* names
    uint64_t names_mask
    int names_shift
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


cdef bint core_limit(Core* core, int64_t order_id, uint32_t owner, int side, int64_t lots, int64_t price) noexcept nogil
cdef int core_place(Core* core, const Placing* asked) noexcept nogil
cdef int core_cancel(Core* core, int64_t order_id, int reason) noexcept nogil
cdef int core_reduce(Core* core, int64_t order_id, int64_t lots) noexcept nogil
cdef int core_replace(Core* core, int64_t order_id, int64_t lots, int64_t price, bint post_only, int self_trade) noexcept nogil
cdef int core_refuse(Core* core, int64_t order_id, int reason) noexcept nogil
cdef object event_struct(const Event* event)
cdef void core_prefetch(const Core* core, int64_t order_id) noexcept nogil
cdef uint32_t core_slot(const Core* core, int64_t order_id) noexcept nogil
cdef uint32_t core_displayed(const Core* core, int side) noexcept nogil
cdef int64_t core_fillable(const Core* core, int side, int64_t lots, bint limited, int64_t price, uint32_t owner, int self_trade) noexcept nogil


cdef class CompiledOrderBook:
    cdef Core core
    cdef Events events
    cdef readonly str symbol
    cdef list drained(self)
    cdef object fills(self, int reason)
    cdef object struct_of(self, uint32_t slot)
