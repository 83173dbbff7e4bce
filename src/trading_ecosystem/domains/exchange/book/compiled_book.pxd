# The compiled book as other compiled modules see it: its core, for their own loops, and its Structs.

from trading_ecosystem.domains.exchange.book.compiled_core cimport Core, Event, Events
from libc.stdint cimport uint32_t

cdef object event_struct(const Event* event)


cdef class CompiledOrderBook:
    cdef Core core
    cdef Events events
    cdef readonly str symbol
    cdef list drained(self)
    cdef object fills(self, int reason)
    cdef object struct_of(self, uint32_t slot)
