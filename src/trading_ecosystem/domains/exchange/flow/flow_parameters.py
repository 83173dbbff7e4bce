"""What the background flow is built from: integers with units, each with its source, all of them scale-free.

Distances are parts per million of the price, sizes parts per million of a mean order, times nanoseconds or counted in events,
so that one set serves every instrument; the flow rounds to the ticks and lots of the one it is in. A *quantile table* has
values at equally spaced probabilities from 0 to 1, ascending, at least two, each at least 1; between two of them the logarithm
is linear. A set can be kept in a JSON file (:func:`msgspec.json.decode` with this type) and be fitted to a recorded market.

Sources, by the names used below: *recorded*: measured on a recording by ``calibrate``; *Huang*: Huang, Lehalle and Rosenbaum
2015, "Simulating and analyzing order book data: the queue-reactive model"; *Noble*: Noble, Rosenbaum and Souilmi 2026,
arXiv 2603.24137; *Lillo*: Lillo, Mike and Farmer 2005, "Theory for long memory in supply and demand"; *Madhavan*: Madhavan,
Richardson and Roomans 1997, "Why do security prices change?"; *house*: chosen here, for the reason given.
"""

from __future__ import annotations

from typing import Final, TypeAlias

import msgspec

from trading_ecosystem.messages.units import SECOND, MinorUnits, Nanos, PartsPerMillion

QuantileTable: TypeAlias = tuple[int, ...]

NARROW: Final = 0
"""A limit order inside the spread."""
JOIN: Final = 1
"""A limit order at its own side's best price."""
BEHIND: Final = 2
"""A limit order behind it."""
CANCEL_BEST: Final = 3
"""The cancellation of an order at the best price."""
CANCEL_BEHIND: Final = 4
"""The cancellation of an order behind it."""
TAKE: Final = 5
"""An order that trades at once with the opposite side."""
KINDS: Final = 6


class Timing(msgspec.Struct, frozen=True):
    """When events arrive: drawn from a measured distribution, not an exponential one (Noble)."""

    mean_interval_ns: Nanos = 2_500_000_000
    """Mean time between two events of one instrument. House: about what a library scenario can afford; a liquid stock has
    25 events a second."""
    interval_ppm: QuantileTable = (
        *(2_000, 60_000, 160_000, 290_000, 440_000, 630_000),
        *(880_000, 1_220_000, 1_750_000, 2_700_000, 10_000_000),
    )
    """Quantile table of an interval as a share of the mean, which the flow scales so that the mean is as stated, before
    ``after_ppm``. Recorded; house: a little burstier than a Poisson process, since a real market of which one shows only
    every fiftieth event would be."""
    persistence_ppm: PartsPerMillion = 120_000
    """Probability that an interval is drawn from the same step of the table as the one before. Recorded (autocorrelation of
    the logarithm at lag one)."""
    after_ppm: tuple[int, ...] = (900_000, 1_000_000, 1_200_000, 900_000, 1_000_000, 900_000)
    """Mean interval after an event of each kind, as a share of the mean of all. Recorded: a trade sets off a burst."""
    activity_ppm: tuple[PartsPerMillion, ...] = (300_000, 300_000)
    """Standard deviations of two parts of the logarithm of the activity, a factor on the rate of events. Recorded."""
    activity_events: tuple[int, ...] = (60, 1_500)
    """Events in which each part forgets a share 1 - 1/e of itself. Recorded (autocorrelation of counts)."""


class Reaction(msgspec.Struct, frozen=True):
    """What arrives, given the book: the queue-reactive part (Huang, in the projection of Noble).

    The state is the spread and the imbalance at the best prices, (own - other) / (own + other), seen from the side that
    acts. ``weights[spread][imbalance][kind]`` is the frequency of each kind of event there, for one side; the other
    side's is read at the opposite imbalance. The sum in a state may be anything: only the proportions count.
    """

    spread_edges_ppm: tuple[int, ...] = (150, 450)
    """Where one class of spreads ends and the next begins, as shares of the price, ascending. Recorded (terciles)."""
    imbalance_edges_ppm: tuple[int, ...] = (-300_000, 300_000)
    """Where one class of imbalances ends and the next begins, ascending. Recorded."""
    weights: tuple[tuple[tuple[int, ...], ...], ...] = (
        ((9, 6, 31, 13, 33, 4), (8, 4, 33, 10, 34, 4), (6, 3, 34, 9, 36, 5)),
        ((11, 5, 30, 10, 33, 3), (10, 4, 33, 8, 36, 2), (9, 3, 34, 7, 37, 2)),
        ((16, 5, 28, 9, 33, 2), (15, 4, 31, 7, 35, 1), (14, 3, 32, 6, 36, 1)),
    )
    """Frequencies, by class of spread, class of imbalance and kind (``NARROW`` to ``TAKE``). Recorded (counts per state)."""
    take_ppm: PartsPerMillion = 15_000_000
    """Factor on the frequency of takers. House: a library scenario has a fiftieth of the events of a real market, and
    shows a larger share of trades instead, so that its strategies meet somebody; 1,000,000 is as measured."""


class Placement(msgspec.Struct, frozen=True):
    """Where limit orders go, and how many there are."""

    narrow_ppm: QuantileTable = (10_000, 50_000, 90_000, 160_000, 240_000, 360_000, 560_000, 1_000_000)
    """Quantile table: how far into the spread a narrowing order goes, as a share of the spread. Recorded."""
    behind_ppm: QuantileTable = (9, 50, 100, 150, 200, 300, 450, 800, 1_300, 2_500, 5_000)
    """Quantile table: how far behind the best price an order is placed, as a share of the price. Recorded."""
    distance_ppm: PartsPerMillion = 1_000_000
    """Factor on every distance in this set (edges of spreads, places, makers), for a market that is wider or narrower than
    the recorded one."""
    orders: int = 40
    """Resting orders of a side around which their number fluctuates: cancellations become more frequent in proportion to the
    number (Huang: cancellation is proportional to the queue). Recorded, within fifty levels; house: fewer at low rates."""
    orders_at_most: int = 160
    """Where a side has more, the farthest one leaves. House: a bound."""
    reach_ppm: PartsPerMillion = 15_000
    """Orders farther from the anchor than this leave when it moves. House: nobody maintains them."""
    cancel_power: int = 5
    """An order behind the best is picked for cancellation at the rank (a uniform draw to this power) times their number,
    counted from the best: 1 is uniform, more prefers near ones. Recorded (distances of cancelled orders)."""


class Sizes(msgspec.Struct, frozen=True):
    """How large orders are."""

    order_notional: tuple[tuple[str, MinorUnits], ...] = (
        ("BTC", 16_000_000),
        ("USD", 1_000_000_000_000),
        ("USDT", 1_000_000_000_000),
    )
    """Mean notional of a limit order, per quote asset. House: 0.16 BTC; 10,000 USD or USDT."""
    limit_ppm: QuantileTable = (9_000, 150_000, 180_000, 500_000, 890_000, 890_000, 890_000, 1_200_000, 2_700_000, 10_000_000)
    """Quantile table of a limit order's size as a share of the mean. Recorded."""
    whole_ppm: PartsPerMillion = 620_000
    """Share of takers who take exactly what stands at the best price. Recorded."""
    beyond_ppm: PartsPerMillion = 40_000
    """Share of takers who want a limit order's size more than stands there, at up to ``take_reach_ppm`` worse. Recorded.
    All others take a limit order's size, but no more than stands there."""
    take_reach_ppm: PartsPerMillion = 300
    """How far behind the best price a taker goes, as a share of the price. Recorded."""
    take_at_most_ppm: PartsPerMillion = 20_000_000
    """The most that one taker takes, as a share of the mean limit order. House: a bound, for when a named order is large."""


class Memory(msgspec.Struct, frozen=True):
    """The flow's memory of its own trades: a power law, as a sum of exponentials, over their signs."""

    sign_ppm: tuple[PartsPerMillion, ...] = (500_000, 220_000, 100_000, 50_000)
    """How strongly each exponential of past signs (buy +1, sell -1) foretells the next: their weighted sum is the expected
    sign, so the sum of all weights is below 1,000,000. Recorded (autocorrelation of trade signs; Lillo: large orders are
    traded in pieces)."""
    sign_trades: tuple[int, ...] = (1, 4, 16, 64)
    """Trades in which each of them forgets a share 1 - 1/e."""
    share_ppm: PartsPerMillion = 900_000
    """Share of the takers who follow this memory; the others look at the book, the trend or the fundamental
    (:class:`Agents`)."""


class Anchor(msgspec.Struct, frozen=True):
    """The venue's own price around the fundamental, and how strongly the flow keeps to it."""

    premium_ppm: PartsPerMillion = 60
    """Standard deviation of the venue's own price around the fundamental, an Ornstein-Uhlenbeck process that moves with the
    events. House: 0.6 basis points between two venues; recorded, with a long reversion, where there is no fundamental."""
    premium_reversion_ns: Nanos = 300 * SECOND
    """Time in which that difference decays by a factor of e."""
    excursion_ppm: PartsPerMillion = 1_500
    """Probability, per event, that the venue's own price jumps. House: work for arbitrage; in a recorded market, with a long
    reversion, these are its news."""
    excursion_size_ppm: PartsPerMillion = 1_500
    """Largest size of such a jump, as a share of the price; sizes are uniform, either way."""
    excursion_reversion_ns: Nanos = 15 * SECOND
    """Time in which a jump decays by a factor of e."""
    pull_ppm: PartsPerMillion = 1_500_000
    """Log-odds by which events turn towards the anchor when the mid price is 100 ppm of the price away from it. House: the mid
    returns within seconds at 25 events a second."""
    impact_ppm: PartsPerMillion = 3
    """By how much a trade of a mean order's size moves the anchor for good (until the premium reverts), as a share of the
    price, times the part of its sign that was not expected; larger ones by the square root of their size (Madhavan)."""
    pressure_ppm: PartsPerMillion = 5
    """By how much such a trade moves the anchor for a while, as a share of the price, whatever was expected (Bouchaud, Gefen,
    Potters and Wyart 2004; Noble): the push fades as a power law, so that the impact of a large order is concave in its size
    and reverts in part."""
    pressure_events: tuple[int, ...] = (4, 16, 64)
    """Events in which each of three exponentials of the push forgets a share 1 - 1/e; their weights fall with the square root
    of these, which makes a power law of exponent one half. Recorded (response of the price to trades)."""


class Agents(msgspec.Struct, frozen=True):
    """Who acts, besides the noise that reacts to the book only."""

    makers: bool = True
    """Whether there are market makers, who follow the anchor; without them the spread is wide after each of its moves."""
    maker_reaction_ns: Nanos = SECOND // 5
    """How long after a new fundamental price makers act on it. House: a fifth of a second."""
    maker_half_spread_ppm: PartsPerMillion = 120
    """Distance of their nearest order from the anchor, as a share of the price. Recorded (half the median spread)."""
    maker_spacing_ppm: PartsPerMillion = 100
    """Mean distance between their orders."""
    maker_levels: int = 8
    """The most orders with which they fill a gap, a side and a time."""
    maker_share_ppm: PartsPerMillion = 100_000
    """Share of the narrowing orders that are the makers', who place them by the anchor."""
    informed_ppm: PartsPerMillion = 50_000
    """Share of takers who know the anchor, and buy below and sell above it."""
    informed_threshold_ppm: PartsPerMillion = 100
    """Distance of the mid price from the anchor, as a share of the price, from which it is worth their while."""
    momentum_ppm: PartsPerMillion = 50_000
    """Share of takers who follow the trend of the mid price."""
    momentum_events: int = 50
    """Events over which they measure it (an exponential mean)."""


class Excitation(msgspec.Struct, frozen=True):
    """How trades excite the market: further trades, and the rate of everything (Hawkes 1971; Bacry and Muzy 2014).

    Two excitations grow by one with each trade and decay with the events. They are counted up to ``at_most`` each, and
    against what they usually are, so that the share of takers and the mean interval stay about what they are without.
    """

    events: tuple[int, ...] = (3, 30)
    """Events in which each of them forgets a share 1 - 1/e of itself. Recorded."""
    take_ppm: tuple[PartsPerMillion, ...] = (0, 0)
    """By what share of itself each makes takers more frequent, per unit. Recorded; house: none in the library, which shows too
    few of a real market's events for bursts."""
    rate_ppm: tuple[PartsPerMillion, ...] = (0, 0)
    """What each adds to the logarithm of the rate of events, per unit. Recorded; house: as above."""
    usual_ppm: tuple[PartsPerMillion, ...] = (120_000, 1_200_000)
    """Mean of each: about the share of takers times the events. Recorded."""
    at_most: int = 5
    """Up to where each of them counts. House: a bound, so that a burst dies out."""


class FlowParameters(msgspec.Struct, frozen=True):
    """The background flow of every instrument of a venue."""

    name: str = "library"
    """What the set was made for, or measured on."""
    timing: Timing = Timing()
    reaction: Reaction = Reaction()
    placement: Placement = Placement()
    sizes: Sizes = Sizes()
    memory: Memory = Memory()
    anchor: Anchor = Anchor()
    agents: Agents = Agents()
    excitation: Excitation = Excitation()
