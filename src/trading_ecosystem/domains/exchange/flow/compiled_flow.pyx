# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The background flow in C: the same as ``flow.py``, event by event; read that first.

The two are held equal by a comparison of every event of every command. Whoever changes one changes the other: each method here
has the name of its twin's, computes in the same order, and draws the same words. Constants come from the same
``FlowConstants``; ``exp`` and ``sqrt`` are those that Python's ``math`` calls; the build forbids contraction.

:class:`FlowCore` holds the state and the loop, which runs without the interpreter. It calls back for what is rare: a match
with a named account, an observer, a full book. ``background_flow.py`` has the door to it, with the methods of its twin.
"""

from libc.math cimport exp, fabs, floor, sqrt
from libc.stdint cimport int64_t, uint32_t, uint64_t
from libc.stdlib cimport free, malloc
from libc.string cimport memmove, memset

from trading_ecosystem.domains.exchange.book.compiled_book cimport CompiledOrderBook
from trading_ecosystem.domains.exchange.book.compiled_core cimport (
    BUYING,
    FILLED,
    IMMEDIATE,
    RESTED,
    RESTS,
    SELLING,
    Core,
    Event,
    Placing,
    core_cancel,
    core_displayed,
    core_fillable,
    core_place,
    core_slot,
)

# What this module and the code beside it expect of each other: see compiled_interface.py, where the number stands too.
INTERFACE = 4

cdef enum:
    NARROW = 0
    JOIN = 1
    BEHIND = 2
    CANCEL_BEST = 3
    CANCEL_BEHIND = 4
    TAKE = 5
    KINDS = 6
    NO_KIND = -1
    SIGNS = 4
    PRESSURES = 3

cdef int64_t NEVER = <int64_t>1 << 62
cdef double LONGEST = 1e17
cdef double STEEPEST = 6.0
cdef double UNIT = 1.1102230246251565e-16
cdef double COARSE = 1.0 / (1 << 20)
cdef double FORGOTTEN = 1e-9
cdef uint64_t LOW = (1 << 21) - 1


cdef struct Orders:
    # One side's resting orders of the house, the best one last: see house_orders.py.
    int64_t *keys
    int64_t *ids
    int64_t count
    int64_t sign


cdef struct Table:
    double *values
    Py_ssize_t length


cdef struct Constants:
    # FlowConstants, under the same names.
    Table interval_logs, after_logs, spread_edges, imbalance_edges, weights, narrow_logs, behind_logs, limit_logs
    double persistence, orders, reach, notional, tick_size, tick_value, whole, beyond, take_reach, take_at_most
    double maker_half_spread, maker_spacing, maker_share, memory_share, pressure, informed_below, informed_threshold
    double momentum_below, momentum_step, premium_reversion_ns, premium_step, excursion, excursion_size
    double excursion_reversion_ns, pull, impact
    double activity_keep[2]
    double activity_step[2]
    double sign_keep[SIGNS]
    double sign_weight[SIGNS]
    double pressure_keep[PRESSURES]
    double pressure_weight[PRESSURES]
    double excitation_most, usual_rate, usual_take
    double excitation_keep[2]
    double excited_rate[2]
    double excited_take[2]
    int64_t orders_at_most, cancel_power, maker_levels
    bint makers


cdef int fill_table(Table *table, values) except -1:
    cdef Py_ssize_t place
    table.length = len(values)
    table.values = <double *>malloc(table.length * sizeof(double))
    if table.values == NULL:
        raise MemoryError
    for place in range(table.length):
        table.values[place] = values[place]
    return 0


cdef inline double quantile(Table *logs, double uniform) noexcept nogil:
    cdef double place = uniform * <double>(logs.length - 1)
    cdef Py_ssize_t step = <Py_ssize_t>place
    cdef double low = logs.values[step]
    return exp(low + (logs.values[step + 1] - low) * (place - <double>step))


cdef inline Py_ssize_t class_of(Table *edges, double value) noexcept nogil:
    cdef Py_ssize_t found = 0, place
    for place in range(edges.length):
        if value >= edges.values[place]:
            found += 1
    return found


cdef inline int64_t first_at(Orders *own, int64_t key) noexcept nogil:
    """bisect_left."""
    cdef int64_t low = 0, high = own.count, middle
    while low < high:
        middle = (low + high) >> 1
        if own.keys[middle] < key:
            low = middle + 1
        else:
            high = middle
    return low


cdef inline void rested(Orders *own, int64_t order_id, int64_t price) noexcept nogil:
    cdef int64_t key = price * own.sign
    cdef int64_t place = first_at(own, key)
    cdef size_t moved = <size_t>(own.count - place) * sizeof(int64_t)
    memmove(own.keys + place + 1, own.keys + place, moved)
    memmove(own.ids + place + 1, own.ids + place, moved)
    own.keys[place] = key
    own.ids[place] = order_id
    own.count += 1


cdef inline int64_t take_out(Orders *own, int64_t place) noexcept nogil:
    cdef int64_t order_id = own.ids[place]
    cdef size_t moved
    own.count -= 1
    moved = <size_t>(own.count - place) * sizeof(int64_t)
    memmove(own.keys + place, own.keys + place + 1, moved)
    memmove(own.ids + place, own.ids + place + 1, moved)
    return order_id


cdef inline int64_t behind_best(Orders *own) noexcept nogil:
    return first_at(own, own.keys[own.count - 1]) if own.count else 0


cdef class FlowCore:
    """State and loop of one instrument's flow. ``bind`` gives it what is not state: constants, book, and whom to call back."""

    cdef Constants c
    cdef uint64_t word_state
    cdef int64_t last_step, moved_at
    cdef double mean_size, fundamental, premium, excursion, price, level
    cdef double activities[2]
    cdef double signs[SIGNS]
    cdef double pressures[PRESSURES]
    cdef double excitations[2]
    cdef Orders bids, asks
    cdef readonly int64_t next_at, seen_lots, last_order_id, events
    cdef readonly bint bound
    # Not state: what the house may trade, the tape since it was last taken down, and whom to call back.
    cdef int64_t buy_units, buy_lots, sell_units, sell_lots, capacity
    cdef readonly int64_t at
    cdef int64_t tape_count, tape_lots, tape_signed, tape_high, tape_low, tape_last
    cdef CompiledOrderBook book
    cdef object house, keeper
    cdef bint observed, heeds, noticed

    def __cinit__(self, seed=0):
        self.word_state = seed & 0xFFFFFFFFFFFFFFFF
        self.next_at = NEVER
        self.mean_size = 1.0
        self.bids.sign = 1
        self.asks.sign = -1

    def __dealloc__(self):
        free(self.c.interval_logs.values)
        free(self.c.after_logs.values)
        free(self.c.spread_edges.values)
        free(self.c.imbalance_edges.values)
        free(self.c.weights.values)
        free(self.c.narrow_logs.values)
        free(self.c.behind_logs.values)
        free(self.c.limit_logs.values)
        free(self.bids.keys)
        free(self.bids.ids)
        free(self.asks.keys)
        free(self.asks.ids)

    def bind(self, constants, CompiledOrderBook book, house, keeper):
        """Give it its constants, the book, the house and the keeper that is called back; once, before the first run."""
        cdef Constants *c = &self.c
        cdef Py_ssize_t place
        assert not self.bound
        fill_table(&c.interval_logs, constants.interval_logs)
        fill_table(&c.after_logs, constants.after_logs)
        fill_table(&c.spread_edges, constants.spread_edges)
        fill_table(&c.imbalance_edges, constants.imbalance_edges)
        fill_table(&c.weights, constants.weights)
        fill_table(&c.narrow_logs, constants.narrow_logs)
        fill_table(&c.behind_logs, constants.behind_logs)
        fill_table(&c.limit_logs, constants.limit_logs)
        c.persistence = constants.persistence
        c.orders = constants.orders
        c.reach = constants.reach
        c.notional = constants.notional
        c.tick_size = constants.tick_size
        c.tick_value = constants.tick_value
        c.whole = constants.whole
        c.beyond = constants.beyond
        c.take_reach = constants.take_reach
        c.take_at_most = constants.take_at_most
        c.maker_half_spread = constants.maker_half_spread
        c.maker_spacing = constants.maker_spacing
        c.maker_share = constants.maker_share
        c.memory_share = constants.memory_share
        c.pressure = constants.pressure
        c.informed_below = constants.informed_below
        c.informed_threshold = constants.informed_threshold
        c.momentum_below = constants.momentum_below
        c.momentum_step = constants.momentum_step
        c.premium_reversion_ns = constants.premium_reversion_ns
        c.premium_step = constants.premium_step
        c.excursion = constants.excursion
        c.excursion_size = constants.excursion_size
        c.excursion_reversion_ns = constants.excursion_reversion_ns
        c.pull = constants.pull
        c.impact = constants.impact
        c.orders_at_most = constants.orders_at_most
        c.cancel_power = constants.cancel_power
        c.maker_levels = constants.maker_levels
        c.makers = constants.makers
        c.excitation_most = constants.excitation_most
        c.usual_rate = constants.usual_rate
        c.usual_take = constants.usual_take
        for place in range(2):
            c.excitation_keep[place] = constants.excitation_keep[place]
            c.excited_rate[place] = constants.excited_rate[place]
            c.excited_take[place] = constants.excited_take[place]
            c.activity_keep[place] = constants.activity_keep[place]
            c.activity_step[place] = constants.activity_step[place]
        for place in range(SIGNS):
            c.sign_keep[place] = constants.sign_keep[place]
            c.sign_weight[place] = constants.sign_weight[place]
        for place in range(PRESSURES):
            c.pressure_keep[place] = constants.pressure_keep[place]
            c.pressure_weight[place] = constants.pressure_weight[place]
        self.make_room(&self.bids)
        self.make_room(&self.asks)
        self.book, self.house, self.keeper = book, house, keeper
        self.capacity = house.capacity
        self.bound = True

    cdef int make_room(self, Orders *own) except -1:
        """Room for as many orders as a side ever has, and one more, besides those that it was restored with."""
        cdef size_t room = <size_t>(max(self.c.orders_at_most, own.count) + 2) * sizeof(int64_t)
        cdef int64_t *keys = <int64_t *>malloc(room)
        cdef int64_t *ids = <int64_t *>malloc(room)
        cdef int64_t place
        if keys == NULL or ids == NULL:
            raise MemoryError
        for place in range(own.count):
            keys[place] = own.keys[place]
            ids[place] = own.ids[place]
        free(own.keys)
        free(own.ids)
        own.keys, own.ids = keys, ids
        return 0

    # ---------------------------------------------------------------- draws

    cdef inline uint64_t draw_word(self) noexcept nogil:
        cdef uint64_t mixed
        self.word_state += <uint64_t>0x9E3779B97F4A7C15
        mixed = self.word_state
        mixed = (mixed ^ (mixed >> 30)) * <uint64_t>0xBF58476D1CE4E5B9
        mixed = (mixed ^ (mixed >> 27)) * <uint64_t>0x94D049BB133111EB
        return mixed ^ (mixed >> 31)

    cdef inline double uniform(self) noexcept nogil:
        return <double>(self.draw_word() >> 11) * UNIT

    # ---------------------------------------------------------------- anchor and memory

    cdef inline void set_price(self) noexcept nogil:
        cdef double pressure = self.c.pressure * (self.pressures[0] + self.pressures[1] + self.pressures[2])
        self.price = self.fundamental * (1.0 + self.premium + self.excursion + pressure)

    cdef inline void decay(self, int64_t at) noexcept nogil:
        cdef double elapsed = <double>(self.moved_at - at)
        self.moved_at = at
        self.premium *= exp(elapsed / self.c.premium_reversion_ns)
        if self.excursion != 0.0:
            self.excursion *= exp(elapsed / self.c.excursion_reversion_ns)
            if fabs(self.excursion) < FORGOTTEN:
                self.excursion = 0.0
        self.set_price()

    cdef inline void move(self, int64_t at, uint64_t word) noexcept nogil:
        self.decay(at)
        self.pressures[0] *= self.c.pressure_keep[0]
        self.pressures[1] *= self.c.pressure_keep[1]
        self.pressures[2] *= self.c.pressure_keep[2]
        self.premium += self.c.premium_step * (<double>(word >> 43) * COARSE - 1.0)
        self.set_price()
        self.activities[0] = (
            self.activities[0] * self.c.activity_keep[0]
            + self.c.activity_step[0] * (<double>((word >> 22) & LOW) * COARSE - 1.0)
        )
        self.activities[1] = (
            self.activities[1] * self.c.activity_keep[1]
            + self.c.activity_step[1] * (<double>((word >> 1) & LOW) * COARSE - 1.0)
        )

    cdef inline void pass_event(self, double mid) noexcept nogil:
        self.excitations[0] *= self.c.excitation_keep[0]
        self.excitations[1] *= self.c.excitation_keep[1]
        if self.level == 0.0:
            self.level = mid
        self.level += (mid - self.level) * self.c.momentum_step

    cdef inline double expected_sign(self) noexcept nogil:
        cdef double *signs = self.signs
        cdef double *weight = self.c.sign_weight
        return signs[0] * weight[0] + signs[1] * weight[1] + signs[2] * weight[2] + signs[3] * weight[3]

    cdef inline double eagerness(self) noexcept nogil:
        cdef double *share = self.c.excited_take
        cdef double most = self.c.excitation_most
        return self.c.usual_take + share[0] * min(self.excitations[0], most) + share[1] * min(self.excitations[1], most)

    cdef inline double haste(self) noexcept nogil:
        cdef double *rate = self.c.excited_rate
        cdef double most = self.c.excitation_most
        return rate[0] * min(self.excitations[0], most) + rate[1] * min(self.excitations[1], most) - self.c.usual_rate

    cdef void traded(self, double sign, int64_t lots) noexcept nogil:
        cdef double surprise = sign - self.c.memory_share * self.expected_sign()
        cdef double root = sqrt(<double>lots / self.mean_size)
        cdef int place
        for place in range(SIGNS):
            self.signs[place] = self.signs[place] * self.c.sign_keep[place] + (1.0 - self.c.sign_keep[place]) * sign
        self.excitations[0] += 1.0
        self.excitations[1] += 1.0
        self.premium += self.c.impact * surprise * root
        for place in range(PRESSURES):
            self.pressures[place] += self.c.pressure_weight[place] * sign * root
        self.set_price()

    # ---------------------------------------------------------------- time

    def run(self, int64_t until):
        """Let everyone act who comes up to and including ``until``, and return when the last one did.

        It stops early after an event that the watcher has to hear of.
        """
        self.begin()
        with nogil:
            while self.next_at <= until:
                self.at = self.next_at
                self.events += 1
                self.next_at = self.at + 1 + self.interval(self.act(self.at))
                if self.noticed:
                    break
        self.take_down()
        return self.at

    def follow_fundamental(self, int64_t at, int64_t price_minor):
        """Makers see a new fundamental price."""
        self.begin()
        self.at = at
        self.fundamental = <double>price_minor / self.c.tick_size
        if self.next_at == NEVER:
            self.moved_at = at
            self.next_at = at + 1
        self.decay(at)
        self.mean_size = max(1.0, self.c.notional / (self.fundamental * self.c.tick_value))
        with nogil:
            self.follow(at)
        self.take_down()

    cdef int begin(self) except -1:
        self.refresh()
        self.observed = self.keeper.observer is not None
        self.heeds = self.keeper.watcher is not None
        self.noticed = False
        return 0

    def resume(self, int64_t now):
        """Go on after a pause."""
        if self.next_at != NEVER:
            self.next_at = max(self.next_at, now + 1)

    def look_again(self, bint disturbed, int64_t signed_lots):
        """Take in what others did to the house's orders, and how named takers pressed."""
        cdef int64_t pressed
        self.forget_gone(&self.bids, disturbed)
        self.forget_gone(&self.asks, disturbed)
        pressed = signed_lots - self.seen_lots
        if pressed:
            self.seen_lots = signed_lots
            self.traded(1.0 if pressed > 0 else -1.0, pressed if pressed > 0 else -pressed)

    cdef int forget_gone(self, Orders *own, bint everywhere) except -1:
        cdef int64_t place, kept = 0
        if everywhere:
            for place in range(own.count):
                if self.stands(own.ids[place]):
                    own.keys[kept], own.ids[kept] = own.keys[place], own.ids[place]
                    kept += 1
            own.count = kept
        else:
            while own.count and not self.stands(own.ids[own.count - 1]):
                own.count -= 1
        return 0

    cdef inline int64_t interval(self, int kind) noexcept nogil:
        cdef Table *logs = &self.c.interval_logs
        cdef double uniform = self.uniform()
        cdef double place, low, log
        cdef int64_t step
        if uniform < self.c.persistence:
            place = <double>self.last_step + uniform / self.c.persistence
        else:
            place = (uniform - self.c.persistence) / (1.0 - self.c.persistence) * <double>(logs.length - 1)
        step = min(<int64_t>place, <int64_t>logs.length - 2)
        self.last_step = step
        low = logs.values[step]
        log = low + (logs.values[step + 1] - low) * (place - <double>step) - self.activities[0] - self.activities[1] - self.haste()
        if kind != NO_KIND:
            log += self.c.after_logs.values[kind]
        log = exp(log)
        return <int64_t>(log if log < LONGEST else LONGEST)

    # ---------------------------------------------------------------- makers

    cdef int follow(self, int64_t at) except -2 nogil:
        self.leave(&self.bids)
        self.leave(&self.asks)
        if self.c.makers:
            self.quote(&self.bids)
            self.quote(&self.asks)
        return 0

    cdef int leave(self, Orders *own) except -2 nogil:
        cdef double anchor = self.price
        cdef double reach = self.price * self.c.reach
        cdef double overtaken = <double>own.sign * anchor
        while own.count and <double>own.keys[own.count - 1] > overtaken:
            self.withdraw(own, own.count - 1)
        while own.count and <double>own.keys[0] < overtaken - reach:
            self.withdraw(own, 0)
        return 0

    cdef int quote(self, Orders *own) except -2 nogil:
        cdef double anchor = self.price
        cdef int64_t nearest = <int64_t>floor(<double>own.sign * anchor - anchor * self.c.maker_half_spread)
        cdef double spacing = anchor * self.c.maker_spacing
        cdef int64_t key = nearest, step, missing
        for _ in range(self.c.maker_levels):
            if own.count and <double>(key - own.keys[own.count - 1]) <= spacing and key != nearest:
                break
            if own.count and key <= own.keys[own.count - 1]:
                break
            self.send(own, key, self.limit_lots(), True)
            step = <int64_t>(spacing * (0.5 + self.uniform()))
            key -= step if step > 1 else 1
        missing = <int64_t>(self.c.orders * 0.5) - own.count
        for _ in range(missing):
            step = <int64_t>(quantile(&self.c.behind_logs, self.uniform()) * anchor + 0.5)
            self.send(own, nearest - step, self.limit_lots(), True)
        return 0

    # ---------------------------------------------------------------- one event

    cdef int act(self, int64_t at) except -2 nogil:
        cdef double draw, mid
        cdef int64_t bid, bid_lots, ask, ask_lots, key
        cdef int chosen, kind
        cdef Orders *own
        self.move(at, self.draw_word())
        draw = self.uniform()
        if draw < self.c.excursion:
            self.excursion += self.c.excursion_size * (2.0 * (draw / self.c.excursion) - 1.0)
            self.set_price()
            self.follow(at)
            return NO_KIND
        draw = (draw - self.c.excursion) / (1.0 - self.c.excursion)
        self.best(1, &bid, &bid_lots)
        self.best(-1, &ask, &ask_lots)
        if not bid or not ask:
            own = &self.asks if bid else &self.bids
            if self.c.makers:
                self.quote(own)
                return NO_KIND
            key = <int64_t>floor(
                <double>own.sign * self.price - self.price * self.c.maker_half_spread * (1.0 + 2.0 * draw)
            )
            self.send(own, key, self.limit_lots(), True)
            return NO_KIND
        mid = <double>(bid + ask) * 0.5
        self.pass_event(mid)
        chosen = self.choose(
            draw,
            <double>(ask - bid) / mid,
            <double>(bid_lots - ask_lots) / <double>(bid_lots + ask_lots),
            self.c.pull * (self.price - mid) / mid,
        )
        if chosen < KINDS:
            own, kind = &self.bids, chosen
        else:
            own, kind = &self.asks, chosen - KINDS
        if kind == TAKE:
            self.take(own, mid)
        elif kind == CANCEL_BEST or kind == CANCEL_BEHIND:
            self.cancel(own, kind)
        else:
            self.place(own, kind, bid, ask)
        return kind

    cdef inline int choose(self, double draw, double spread, double imbalance, double lean) noexcept nogil:
        cdef Py_ssize_t row = class_of(&self.c.spread_edges, spread) * (self.c.imbalance_edges.length + 1)
        cdef double *own = self.c.weights.values + (row + class_of(&self.c.imbalance_edges, imbalance)) * KINDS
        cdef double *other = self.c.weights.values + (row + class_of(&self.c.imbalance_edges, -imbalance)) * KINDS
        cdef double eager = self.eagerness()
        cdef double up, down, many, others, summed, wanted
        cdef double cumulated[2 * KINDS]
        cdef int chosen = 0
        lean = min(STEEPEST, max(-STEEPEST, lean))
        up = 2.0 / (1.0 + exp(-2.0 * lean))
        down = 2.0 - up
        many = <double>self.bids.count / self.c.orders
        others = <double>self.asks.count / self.c.orders
        summed = own[0] * up
        cumulated[0] = summed
        summed += own[1] * up
        cumulated[1] = summed
        summed += own[2]
        cumulated[2] = summed
        summed += own[3] * down * many
        cumulated[3] = summed
        summed += own[4] * many
        cumulated[4] = summed
        summed += own[5] * eager
        cumulated[5] = summed
        summed += other[0] * down
        cumulated[6] = summed
        summed += other[1] * down
        cumulated[7] = summed
        summed += other[2]
        cumulated[8] = summed
        summed += other[3] * up * others
        cumulated[9] = summed
        summed += other[4] * others
        cumulated[10] = summed
        summed += other[5] * eager
        cumulated[11] = summed
        wanted = draw * summed
        while chosen < 2 * KINDS - 1 and cumulated[chosen] <= wanted:
            chosen += 1
        return chosen

    cdef int place(self, Orders *own, int kind, int64_t bid, int64_t ask) except -2 nogil:
        cdef int64_t best = bid if own.sign > 0 else -ask
        cdef int64_t room = ask - bid - 1
        cdef int64_t key = best, placed
        cdef double draw
        if kind == NARROW and room > 0:
            draw = self.uniform()
            placed = <int64_t>floor(<double>own.sign * self.price - self.price * self.c.maker_half_spread)
            if draw < self.c.maker_share and best < placed <= best + room:
                key = placed
            else:
                placed = <int64_t>(quantile(&self.c.narrow_logs, draw) * <double>(room + 1) + 0.5)
                key = best + min(room, max(<int64_t>1, placed))
        elif kind == BEHIND:
            draw = quantile(&self.c.behind_logs, self.uniform()) * <double>(bid + ask) * 0.5
            key = best - max(<int64_t>1, <int64_t>(draw + 0.5))
        self.send(own, key, self.limit_lots(), True)
        return 0

    cdef int cancel(self, Orders *own, int kind) except -2 nogil:
        cdef int64_t behind = behind_best(own)
        cdef double uniform = self.uniform()
        cdef double rank = uniform
        if kind == CANCEL_BEST:
            if own.count:
                self.withdraw(own, behind + <int64_t>(uniform * <double>(own.count - behind)))
        elif behind:
            for _ in range(self.c.cancel_power - 1):
                rank *= uniform
            self.withdraw(own, behind - 1 - <int64_t>(rank * <double>behind))
        return 0

    cdef int take(self, Orders *inclined, double mid) except -2 nogil:
        cdef Orders *own = &self.bids if self.buys(self.uniform(), mid, inclined.sign > 0) else &self.asks
        cdef int64_t price, standing, key, most, lots, traded, reach
        cdef double draw
        self.best(-own.sign, &price, &standing)
        key = price * own.sign
        most = <int64_t>(self.mean_size * self.c.take_at_most) + 1
        draw = self.uniform()
        if draw < self.c.whole:
            lots = standing
        elif draw < self.c.beyond:
            lots = standing + self.limit_lots()
            reach = <int64_t>(mid * self.c.take_reach + 0.5)
            key += max(<int64_t>1, reach)
        else:
            lots = min(standing, self.limit_lots())
        traded = self.send(own, key, min(lots, most), False)
        if traded:
            self.traded(<double>own.sign, traded)
        return 0

    cdef inline bint buys(self, double draw, double mid, bint inclined) noexcept nogil:
        cdef double away
        if draw < self.c.memory_share:
            return draw / self.c.memory_share < 0.5 + 0.5 * self.expected_sign()
        if draw < self.c.informed_below:
            away = (self.price - mid) / mid
            if fabs(away) > self.c.informed_threshold:
                return away > 0.0
        elif draw < self.c.momentum_below and mid != self.level:
            return mid > self.level
        return inclined

    cdef inline int64_t limit_lots(self) noexcept nogil:
        return max(<int64_t>1, <int64_t>(quantile(&self.c.limit_logs, self.uniform()) * self.mean_size + 0.5))

    # ---------------------------------------------------------------- the book

    cdef int64_t send(self, Orders *own, int64_t key, int64_t lots, bint stays) except -2 nogil:
        cdef Core *core = &self.book.core
        cdef Orders *opposite = &self.asks if own.sign > 0 else &self.bids
        cdef int64_t price = key * own.sign
        cdef int64_t affordable, traded = 0, number
        cdef bint named = False
        cdef Event *event
        cdef Placing asked
        if price < 1:
            return 0
        affordable = self.buy_units // price + self.buy_lots if own.sign > 0 else self.sell_units // price + self.sell_lots
        if lots > affordable:
            lots = affordable
        if lots <= 0:
            return 0
        memset(&asked, 0, sizeof(Placing))
        asked.side = BUYING if own.sign > 0 else SELLING
        if stays and <int64_t>core.live >= self.capacity:
            if core_fillable(core, asked.side, lots, True, price, 0, 0) < lots:
                return 0
        self.last_order_id -= 1
        asked.order_id = self.last_order_id
        asked.lots = lots
        asked.price = price
        asked.limited = True
        asked.time_in_force = RESTS if stays else IMMEDIATE
        core_place(core, &asked)
        for number in range(core.out.count):
            event = &core.out.items[number]
            if event.kind == FILLED:
                traded += event.lots
                if event.other_id >= 0:
                    named = True
                elif not event.other_leaves:
                    opposite.count -= 1
            elif event.kind == RESTED:
                rested(own, event.order_id, price)
        if traded and not named:
            self.print_trades(own.sign)
        if named or self.observed or (self.heeds and (core.attention or core.best_watched)):
            self.tell(own.sign, named)
        else:
            core.out.count = 0
        self.seen_lots += traded * own.sign
        if own.count > self.c.orders_at_most:
            self.withdraw(own, 0)
        return traded

    cdef int withdraw(self, Orders *own, int64_t place) except -2 nogil:
        cdef Core *core = &self.book.core
        core_cancel(core, take_out(own, place), 0)
        if self.observed or (self.heeds and (core.attention or core.best_watched)):
            self.tell(own.sign, False)
        else:
            core.out.count = 0
        return 0

    cdef void print_trades(self, int64_t sign) noexcept nogil:
        """Keep the trades of the last order for the tape."""
        cdef Core *core = &self.book.core
        cdef int64_t number, price
        for number in range(core.out.count):
            if core.out.items[number].kind == FILLED:
                price = core.out.items[number].price
                if not self.tape_count or price > self.tape_high:
                    self.tape_high = price
                if not self.tape_count or price < self.tape_low:
                    self.tape_low = price
                self.tape_last = price
                self.tape_count += 1
                self.tape_lots += core.out.items[number].lots
                self.tape_signed += core.out.items[number].lots * sign

    cdef int tell(self, int64_t sign, bint named) except -2 with gil:
        """The last command concerns somebody: a named account that it matched, an observer, or the watcher."""
        events = self.book.drained()
        if named:
            self.take_down()
            self.keeper.captured(sign, events)
            self.refresh()
        self.keeper.seen(sign, events)
        self.noticed = self.noticed or (self.heeds and (named or self.book.core.attention or self.book.core.best_watched))
        return 0

    cdef inline void best(self, int64_t sign, int64_t *price, int64_t *lots) noexcept nogil:
        cdef Core *core = &self.book.core
        cdef int side = BUYING if sign > 0 else SELLING
        cdef uint32_t level = core_displayed(core, side)
        price[0] = core.levels[level].price if level else 0
        lots[0] = core.levels[level].lots if level else 0

    cdef inline bint stands(self, int64_t order_id) noexcept nogil:
        return core_slot(&self.book.core, order_id) != 0

    cdef int refresh(self) except -1:
        self.buy_units, self.buy_lots, self.sell_units, self.sell_lots = self.house.means()
        return 0

    cdef int take_down(self) except -1:
        """Put the trades since the last time on the tape."""
        if self.tape_count:
            self.house.take_down(
                self.tape_count, self.tape_lots, self.tape_signed, self.tape_high, self.tape_low, self.tape_last
            )
            self.tape_count = self.tape_lots = self.tape_signed = 0
        return 0

    # ---------------------------------------------------------------- snapshots

    def snapshot_state(self):
        """What a snapshot keeps."""
        floats = [self.mean_size, self.fundamental, self.premium, self.excursion, self.price, self.level]
        floats += [self.activities[place] for place in range(2)]
        floats += [self.excitations[place] for place in range(2)]
        floats += [self.signs[place] for place in range(SIGNS)]
        floats += [self.pressures[place] for place in range(PRESSURES)]
        return [
            [self.word_state, self.next_at, self.last_step, self.moved_at, self.seen_lots, self.last_order_id, self.events],
            [value.hex() for value in floats],
            [self.bids.keys[place] for place in range(self.bids.count)],
            [self.bids.ids[place] for place in range(self.bids.count)],
            [self.asks.keys[place] for place in range(self.asks.count)],
            [self.asks.ids[place] for place in range(self.asks.count)],
        ]

    @classmethod
    def from_snapshot_state(cls, state):
        """The flow as it was; to be bound."""
        cdef FlowCore core = cls()
        cdef int place
        numbers, floats, bid_keys, bid_ids, ask_keys, ask_ids = state
        core.word_state, core.next_at, core.last_step, core.moved_at = numbers[:4]
        core.seen_lots, core.last_order_id, core.events = numbers[4:]
        values = [float.fromhex(value) for value in floats]
        core.mean_size, core.fundamental, core.premium, core.excursion, core.price, core.level = values[:6]
        for place in range(2):
            core.activities[place] = values[6 + place]
            core.excitations[place] = values[8 + place]
        for place in range(SIGNS):
            core.signs[place] = values[10 + place]
        for place in range(PRESSURES):
            core.pressures[place] = values[10 + SIGNS + place]
        core.restore_orders(&core.bids, bid_keys, bid_ids)
        core.restore_orders(&core.asks, ask_keys, ask_ids)
        return core

    cdef int restore_orders(self, Orders *own, keys, ids) except -1:
        cdef int64_t place
        own.keys = <int64_t *>malloc((len(keys) + 1) * sizeof(int64_t))
        own.ids = <int64_t *>malloc((len(keys) + 1) * sizeof(int64_t))
        if own.keys == NULL or own.ids == NULL:
            raise MemoryError
        own.count = len(keys)
        for place in range(own.count):
            own.keys[place] = keys[place]
            own.ids[place] = ids[place]
        return 0
