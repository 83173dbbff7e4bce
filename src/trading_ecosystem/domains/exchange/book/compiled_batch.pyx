# cython: boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The batch door of the compiled book: a buffer of commands in, a buffer of events out, one call for many books.

**Commands** have 32 bytes (``struct`` format ``COMMAND_FORMAT``):

======  ============  ===================================================================================================
bytes   field         meaning
======  ============  ===================================================================================================
0       kind          ``PLACE`` 1, ``CANCEL`` 2, ``REDUCE`` 3, ``REPLACE`` 4, ``TERMS`` 5, plus 16 times the place of the
                      self-trade mode in ``SELF_TRADE_MODES``
1       flags         ``SELL`` 1, ``MARKET`` 2, ``IMMEDIATE_OR_CANCEL`` 4, ``FILL_OR_KILL`` 8, ``POST_ONLY`` 16,
                      ``REPRICE`` 32, ``HIDDEN`` 64
2–3     symbol        place of the book in the list that the batch was made with
4–7     owner         0 is nobody in particular
8–15    order id      any signed 64-bit integer
16–23   price         in ticks
24–31   lots          of a ``PLACE`` or ``REDUCE``; what is to be left after a ``REPLACE``
======  ============  ===================================================================================================

``TERMS`` goes before a ``PLACE`` that needs them: ``price`` is then an iceberg's display, ``lots`` a minimum quantity. They
count for the next ``PLACE``, whatever becomes of it, and never for a later one.

**Events** have 64 bytes (``EVENT_FORMAT``): kind, side of the taker or of the order that rests (0 buy, 1 sell), reason, flag,
symbol, sequence (rises by one with every event of a book), order id, other id (the maker), price, lots, leaves, the other's
leaves. Kinds: ``FILLED`` 1, ``RESTED`` 2, ``REFRESHED`` 3, ``REDUCED`` 4, ``REPLACED`` 5, ``CANCELLED`` 6, ``REFUSED`` 7; the
reason is a place in ``CANCEL_REASONS`` or ``REFUSAL_REASONS``; the flag says whether a replaced order kept its place. Fields
that a kind does not need are 0. :func:`events_of` turns them into the Structs that the plain book says.

Every command is checked as by the other doors, and a symbol or kind that does not exist is refused too. Both formats are in
the machine's own byte order, without gaps, so that they can be read with :mod:`struct` or mapped by an array library.

A run does not hold the interpreter lock: its books, its batch and the buffer of commands are for no other thread meanwhile.
"""

from cpython.buffer cimport PyBUF_SIMPLE, PyBuffer_FillInfo, PyBuffer_Release, PyObject_GetBuffer
from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uintptr_t
from libc.stdlib cimport free, malloc
from libc.string cimport memcpy, memset

from trading_ecosystem.domains.exchange.book.compiled_book cimport CompiledOrderBook, event_struct
from trading_ecosystem.domains.exchange.book.compiled_core cimport *

# What this module and the code beside it expect of each other: see compiled_interface.py, where the number stands too.
INTERFACE = 4

COMMAND_FORMAT = "=BBHIqqq"
EVENT_FORMAT = "=BBBBIqqqqqqq"
PLACE, CANCEL, REDUCE, REPLACE, TERMS = 1, 2, 3, 4, 5
SELL, MARKET, IMMEDIATE_OR_CANCEL, FILL_OR_KILL, POST_ONLY, REPRICE, HIDDEN = 1, 2, 4, 8, 16, 32, 64

cdef enum:
    _MODES = 5
    # Commands from asking for memory to needing it: nine for the place of a number, six for its order, three for what is beside it.
    _AHEAD = 9


cdef struct Command:
    uint8_t kind
    uint8_t flags
    uint16_t symbol
    uint32_t owner
    int64_t order_id
    int64_t price
    int64_t lots


cdef void run_order(Core* core, const Command* command, Placing* terms, int mode) noexcept nogil:
    """An order that is no plain one, or that may trade."""
    cdef Placing asked
    asked.display = terms.display
    asked.minimum = terms.minimum
    terms.display = 0
    terms.minimum = 0
    if mode >= _MODES:
        core_refuse(core, command.order_id, INVALID_TERMS)
        return
    asked.order_id = command.order_id
    asked.lots = command.lots
    asked.price = command.price
    asked.owner = command.owner
    asked.side = SELLING if command.flags & 1 else BUYING
    asked.time_in_force = WHOLE if command.flags & 8 else IMMEDIATE if command.flags & 4 else RESTS
    asked.self_trade = mode
    asked.limited = not command.flags & 2
    asked.post_only = command.flags & 16
    asked.reprice = command.flags & 32
    asked.hidden = command.flags & 64
    core_place(core, &asked)


cdef inline void run_command(Core** cores, int books, Core* nowhere, const Command* command, Placing* terms) noexcept nogil:
    """One command; ``terms`` holds what a ``TERMS`` command said for the next order."""
    cdef Core* core
    cdef int kind = command.kind & 15
    cdef int mode = command.kind >> 4
    if not likely_so(command.symbol < books):
        if kind == 1:
            terms.display = terms.minimum = 0
        nowhere.symbol = command.symbol
        core_refuse(nowhere, command.order_id, UNKNOWN_INSTRUMENT)
        return
    core = cores[command.symbol]
    if kind == 1:
        # A plain limit order mostly trades with nobody.
        if not (
            not command.flags & ~1
            and mode < _MODES
            and not (terms.display | terms.minimum)
            and core_limit(core, command.order_id, command.owner, command.flags & 1, command.lots, command.price)
        ):
            run_order(core, command, terms, mode)
    elif mode >= _MODES:
        core_refuse(core, command.order_id, INVALID_TERMS)
    elif kind == 2:
        core_cancel(core, command.order_id, 0)
    elif kind == 3:
        core_reduce(core, command.order_id, command.lots)
    elif kind == 4:
        core_replace(core, command.order_id, command.lots, command.price, command.flags & 16, mode)
    elif kind == 5:
        terms.display = command.price
        terms.minimum = command.lots
    else:
        core_refuse(core, command.order_id, INVALID_TERMS)


cdef class Batch:
    """The books that share one buffer of events; its own buffer is the events of the last :meth:`run`."""

    cdef list books
    cdef Core** cores
    cdef Core nowhere
    cdef Events events
    cdef Placing terms
    cdef int exports

    def __cinit__(self, books):
        cdef CompiledOrderBook book
        cdef int symbol
        self.books = list(books)
        if not 0 < len(self.books) <= 65_536:
            raise ValueError(f"a batch takes 1 to 65,536 books, not {len(self.books)}")
        memset(&self.nowhere, 0, sizeof(Core))
        memset(&self.terms, 0, sizeof(Placing))
        self.events.capacity = 1024
        self.events.count = 0
        self.events.failed = False
        self.events.items = <Event*> malloc(1024 * sizeof(Event))
        self.cores = <Core**> malloc(len(self.books) * sizeof(Core*))
        if self.cores == NULL or self.events.items == NULL:
            raise MemoryError
        for symbol in range(len(self.books)):
            book = self.books[symbol]
            if book is None:
                raise TypeError("a batch takes compiled books, not None")
            self.cores[symbol] = &book.core
        self.nowhere.out = &self.events

    def __dealloc__(self):
        free(self.cores)
        free(self.events.items)

    def run(self, commands):
        """Execute a buffer of commands in order and return how many events they made.

        The events stand in this object's buffer (``memoryview(batch)``) until the next run, for which no view of them may be
        left: ``BufferError`` otherwise. ``ValueError`` for a buffer that is no whole number of commands.
        """
        cdef Py_buffer view
        cdef const Command* first
        cdef const Command* command
        cdef Command* copy = NULL
        cdef Py_ssize_t count, number
        cdef int symbol
        cdef int books = <int> len(self.books)
        cdef CompiledOrderBook book
        PyObject_GetBuffer(commands, &view, PyBUF_SIMPLE)
        try:
            if self.exports:  # Asked after the commands were taken: they could be this batch's own events.
                raise BufferError("the events of the last run are still in use; release the view of them first")
            if view.len % sizeof(Command):
                raise ValueError(f"{view.len} bytes are no whole number of commands of {sizeof(Command)} bytes")
            count = view.len // sizeof(Command)
            first = <const Command*> view.buf
            if <uintptr_t> view.buf % sizeof(int64_t):
                # A caller's buffer may begin anywhere; a command is read only where the processor likes to read it.
                copy = <Command*> malloc(view.len)
                if copy == NULL:
                    raise MemoryError
                memcpy(copy, view.buf, view.len)
                first = copy
            self.events.count = 0
            for symbol in range(books):
                self.cores[symbol].out = &self.events
                self.cores[symbol].symbol = symbol  # Another batch may know the book by another place.
            try:
                with nogil:
                    for number in range(count):
                        if number + _AHEAD < count:
                            command = &first[number + _AHEAD]
                            if command.symbol < books:
                                prefetch_name(self.cores[command.symbol], command.order_id)
                            command = &first[number + _AHEAD - 3]
                            if command.symbol < books:
                                prefetch_order(self.cores[command.symbol], command.order_id)
                            command = &first[number + _AHEAD - 6]
                            if command.symbol < books:
                                prefetch_neighbours(self.cores[command.symbol], command.order_id)
                        run_command(self.cores, books, &self.nowhere, &first[number], &self.terms)
            finally:
                for book in self.books:
                    book.core.out = &book.events
        finally:
            free(copy)
            PyBuffer_Release(&view)
        if self.events.failed:
            self.events.failed = False
            self.events.count = 0
            raise MemoryError
        return self.events.count

    def __getbuffer__(self, Py_buffer* view, int flags):
        PyBuffer_FillInfo(view, self, self.events.items, self.events.count * sizeof(Event), 1, flags)
        self.exports += 1

    def __releasebuffer__(self, Py_buffer* view):
        self.exports -= 1


def events_of(Batch batch not None):
    """The events of the last run as ``(symbol, event)``, the event being the Struct that the plain book says."""
    cdef int64_t number
    return [(batch.events.items[number].symbol, event_struct(&batch.events.items[number])) for number in range(batch.events.count)]
