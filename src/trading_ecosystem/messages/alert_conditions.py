"""The exact definition of every alert and limit.

The definitions stand here, in the published language, because two parties implement them independently: the risk
monitor (``domains/risk``) and the audit correlator, which recomputes from the record whether each condition held.

**Common.** ``now`` is the ecosystem instant of the message being handled, that is of its arrival: what links to the monitor
take, with or without a fault, is part of every age and wait, for audit too. Windows are half open: a value that arrived
at ``t`` is inside a window of length ``w`` while ``now - t < w``. A *price* is a ``PricePublished`` as it arrives:
every arrival counts, at its arrival, whatever its ``priced_at`` or ``update`` (late ones and duplicates too); only
staleness looks at ``priced_at``. One that is not above 0, or above 10²⁰ minor units, has not arrived; so has none of an
instrument that the monitor was not given; nor has a fill whose price or quantity is not above 0, or above 10²⁰.
Comparisons are exact integer arithmetic: "at least 3 %" is ``difference *
1_000_000 >= 30_000 * reference``. Where a ratio is said, it is floored. No measure that is said is above 10¹⁸.
A *position* of the firm in an asset is free + pledged (over all venues) + unsettled, over all its accounts: free and
pledged from ``TransferPosted``, ``TransferPending`` (free_after) and ``SettlementSettled``; unsettled is, for every
``OrderFilled`` not yet settled, +base for a buy and -base for a sell, -(quote + fee) for a buy, +(quote - fee) for a
sell.
For an amount, the last message that arrived counts, except that some arrivals change nothing: a fill that arrives again
(same venue, instrument, trade, account, execution) or whose trade was said settled to that account before; a
``SettlementSettled`` that arrives again (same venue, instrument, trade, account); a transfer message that arrives
again, equal in every field; a ``TransferPending`` after the ``TransferPosted`` of the same transfer.
**Perpetuals.** A fill of a perpetual adds its signed lots to the position of its account at its venue and its signed
notional to the position's *carried value*, and takes its fee from the firm's USD; it is no unsettled fill. A
``VariationSettled`` sets position and carried value of each of its lines (position times mark), gives back the fees that
fills of that account in these instruments took since its last one, and adds ``settled_minor`` to the firm's position in its
asset; ``VariationPosted`` takes that away again and sets the pledged amount. Both count once per venue, account and number; if
``VariationPosted`` came first, ``settled_minor`` is not added. The *net position* in an asset is the position plus the base
amounts of all perpetuals on it, and position limits, notionals and net delta are of net positions. The equity has, beside the
values of the positions, for each perpetual of which a price has arrived: base amount times price ``// 10⁸`` (floor, of all
accounts together) less carried value.
An asset's *USD price* is the latest price of ``<asset>/USD`` (USD itself 10⁸ minor units); value of a position is
``position_minor * price_minor // 10⁸`` (floor). A limit whose price is missing is evaluated without that asset.

**PRICE_STALE** (subject: instrument). Holds when ``now - newest priced_at > 30 s``. Begins at exactly ``newest
priced_at + 30 s + 1 ns`` if nothing newer arrived before that instant (what arrives at that very instant ends it
again). Critical from 60 s: ``now - newest priced_at >= 60 s``. An older ``priced_at`` that arrives later does not move
the newest; one in the future counts as ``now``. An instrument of which no price has arrived yet is not stale.
**PRICE_CRASH** (instrument). On a price: it lies at least 5 % below the highest price of the last 15 min (this one
included). Critical from 10 %. What a price decided holds until the next price of the instrument; so for PRICE_SHOCK.
**PRICE_SHOCK** (instrument). On a price: it differs by at least 3 % from the lowest or from the highest price of the
last 60 s (relative to that lowest or highest; this one included). Critical from 6 %. ``observed`` is the larger of the
two.
**STABLECOIN_DEPEG** (asset USDT). On a USDT/USD price: ``|price - 1|`` is at least 2 % while the firm's position in
USDT is positive. Also re-evaluated when the position changes. Critical from 4 %.
**SETTLEMENT_OVERDUE** (venue). A fill of the firm at the venue is unsettled and ``now >= settles_at + 5 min``. Critical
from 10 min past ``settles_at``. Begins and worsens at these exact instants; ``observed`` is ``now - settles_at`` of the
oldest.
**Limits** (see :class:`~trading_ecosystem.messages.risk.LimitKind`), re-evaluated on every USD price and every position
change, and when the limit itself is changed: utilisation = observed / limit; warning from 75 %, high from 90 %, critical from
100 %. A message that changes two assets' positions is evaluated once, after both. What is not above zero (no loss, no
position on that side) uses nothing of a limit.

**Equity and its reference.** The day's reference and the high-water mark start at 0. After each change of the equity
the mark is raised to it if it is higher. A deposit or withdrawal moves both, once a transfer, by the floor of its
amount's value at the price then known (not at all if there is none); a withdrawal when it is pending, or when posted if
nothing was pending. The first USD price of an asset moves both by the value that the position in it then gets. At a UTC
midnight the reference becomes the equity as it was before anything that arrived at or after midnight.

**Lifecycle.** One alert per (kind, subject) is active at a time. It is raised when the condition begins, updated when
its severity *rises* above the highest so far, and resolved when the condition has not held for 5 min without a break
(``KEEP_FIRING``), which is also the de-duplication window: at exactly ``cleared_at + 5 min``, and a condition that
begins again at that instant is a new alert. An active alert that nobody acknowledged is escalated once, 15 min after it
reached high or 5 min after it reached critical, whichever comes first, even if its condition has ceased in the
meantime; warnings are not escalated.
A person may silence a firing alert until an instant: before that it is not escalated by time; if its time has passed by
then it is escalated at that very instant. A person may escalate any alert that is not escalated, which ends its silence, as
acknowledging does. Neither changes whether an alert is raised, updated or resolved, nor when.

**More alerts.** Those without a warning band are high from the threshold on and critical from twice the threshold on;
``observed`` is the measure. *Decided by* names the messages at whose arrival a condition is evaluated: what one
decided holds until the next of them with the same subject arrives. A message with a number that cannot be (not positive where
it must be, above 10²⁰) has not arrived. What is not known yet holds nothing. For these alerts a price has a number and a
``priced_at`` above 0; a quote has no negative number, and a side where its price and quantity are above 0; in depths, trade
summaries and fills every price and quantity is above 0.

**The vendor feed**; subject: instrument; decided by its prices. Numbers are those in ``update``.

FEED_GAP: how many numbers were missed within the last 5 min. A price whose number is above the highest so far by more than
one misses those between, at its arrival; they stay missed if they come later. The first price misses none.
FEED_DUPLICATE: how many prices arrived within the last 5 min whose number had arrived before, within 5 min of that.
FEED_OUT_OF_ORDER: how many prices arrived within the last 5 min whose number was below the highest so far and which were no
duplicates. The threshold of these three is 3.
PRICE_FROZEN: for how long every price that arrived was equal, from the first of them on, while ``priced_at`` rose at each; at
least 4 prices. A price with a ``priced_at`` that is not newer than the newest changes nothing; one in the future counts as
``now``. Threshold 60 s.
CLOCK_SKEW: how far ``priced_at`` lies in the future; threshold 1 s.
PRICE_DEVIATION: the least distance from the price to a venue's mid, over all venues whose newest quote of the instrument
arrived within the last 30 s, has both sides and is not crossed; parts per million of the mid, floored: ``|2 price - tick (bid
+ ask)| * 10⁶ // (tick (bid + ask))``. Threshold 10,000 (1 %).
VOLATILITY_HIGH: realised volatility a year in parts per million: ``isqrt(S * 31_536_000 // 900)`` where ``S`` is the sum of
the squares of the returns that arrived within the last 15 min; the return of a price is ``(price - previous) * 10⁶ /
previous`` truncated towards zero; at least 30 returns, and the first price arrived at least 15 min ago. Threshold 1,500,000
(150 %).
CORRELATION_BREACH (subject ``BTC~ETH``; decided by prices of BTC/USD and ETH/USD that arrive in a later UTC minute than the
price of either before): the minute before is over; its close is the last price of each that arrived in it. If either has
none, all returns are forgotten. The returns of a minute are those between its closes and the closes of the minute just before
it, as above. Over the last 30 of them, all there, ``10⁶ - c``, with ``c`` the correlation about zero: ``isqrt(10¹² xy² // (xx
yy))`` with the sign of ``xy``; nothing while ``xx`` or ``yy`` is 0. Threshold 800,000 (a correlation of 0.2 or less).
BASIS_DIVERGENCE (subject: BTC/USDT, ETH/USDT, ETH/BTC or BTC-PERP; decided by the prices of the instruments involved, where
the ``priced_at`` of the newest price of each are equal): distance from what the others imply, parts per million of that.
``X/USDT``: price * USDT/USD // 10⁸ against ``X/USD``; ``ETH/BTC``: price * BTC/USD // 10⁸ against ``ETH/USD``; BTC-PERP
against BTC/USD. A price whose ``priced_at`` is older than the newest of its instrument changes nothing here; one in the
future counts as ``now``. Threshold 10,000 (100 basis points).

**Venues.** A venue's *command* is a ``PlaceOrder`` or ``CancelOrder`` of the firm, of which the monitor hears a copy when the
venue is sent it. The *answer* to a ``PlaceOrder`` is ``OrderAccepted`` or ``OrderRejected``, or a fill of the order; to a
``CancelOrder`` it is ``OrderCancelled`` or ``CancelRejected``, or a fill that leaves nothing; each with the same venue,
account and client order id. A command that repeats the venue, account, client order id and kind of one unanswered is none. A
command that waits for more than 15 min is given up. What answers two decides by the longer wait.
Links differ, so that an answer may arrive before the copy of its command. What could answer a command that does not wait is
remembered for 1 min for that command, the latest such answer only; if the command arrives within that, it is answered at
once, after no wait, and the answer decides then. Else it is no answer.

VENUE_DOWN (venue): how long ago the newest quote, depth, trade summary or ``TradingPhaseChanged`` of the venue arrived;
threshold 60 s. It holds when
that is *more* than 60 s, so that it begins at the arrival + 60 s + 1 ns (and is critical at 120 s), as for PRICE_STALE. A
venue of which nothing arrived yet is not down; nor is one whose every instrument of which a quote arrived is in a phase other
than continuous, by the newest ``TradingPhaseChanged``; an instrument without one is in continuous trading. Such a phase ends
it at once.
TRADING_HALTED (venue): in how many instruments the newest phase is ``halted``; threshold 1; decided by
``TradingPhaseChanged``.
BOOK_CROSSED (``venue:instrument``; decided by quotes): how many quotes in a row had both sides and a bid not below the ask;
1.
SPREAD_WIDE (``venue:instrument``; decided by quotes with both sides, not crossed): ``(ask - bid) * 10⁶ // bid``; threshold
15,000.
LIQUIDITY_LOW (``venue:instrument``; decided by depths): how many times thinner the depth is than before, parts per million:
``mean * 10⁶ // lots`` where ``lots`` are all on both sides, at least 1, and ``mean`` is the floored mean of the last 60
depths at which it did not hold, all there. Threshold 8,000,000 (an eighth), critical from 16,000,000.
EXECUTION_LATENCY (venue; decided by answers): time from command to answer, each as it arrived, so that it includes what the
link from the venue to the monitor is slower than that from the firm; threshold 1 s.
ORDER_UNANSWERED (venue): for how long the oldest unanswered command has waited; threshold 30 s. Begins, worsens (60 s) and
ends by being given up at exact instants.
REJECT_RATE (venue; decided by answers to ``PlaceOrder``): of the answers within the last 5 min, the share that are
rejections, parts per million, floored; at least 10 answers. Threshold 500,000.
DUPLICATE_EXECUTION (venue; decided by fills of the firm): how many fills within the last 15 min repeated the instrument,
account and execution id of one that arrived (as the first or again) within the 15 min before; 1. It ceases at a fill that
repeats none. A fill that repeats one neither counts nor decides for the next two.
EXECUTION_STORM (venue; decided by fills of the firm): how many fills of this fill's order (instrument, account, order id)
arrived within the last 60 s; threshold 20.
FILL_AFTER_CANCEL (venue; decided by fills of the firm): how many fills within the last 15 min were of an order of which an
``OrderCancelled`` had arrived within the 15 min before; 1. It ceases at a fill that is not.

**Custody.**

TRANSFER_REFUSED (custodian; decided by ``TransferRejected`` with reason ``offline`` or ``refused``, and by
``TransferPosted``): how many of the former arrived within the last 15 min; 1. A ``TransferPosted`` ends it.
TRANSFER_OVERDUE (custodian): a transfer (account, kind, id) of the firm is pending and not posted, and it is 5 min or more
past the ``posts_at`` with which it was first said; measure, instants and severity as for SETTLEMENT_OVERDUE.
INSTRUCTION_MISMATCH (venue): how many instructions of the firm differ from their fill in side, base, quote or fee amount, and
were not instructed again as filled, settled or cancelled; 1. One whose fill has not arrived is compared when it arrives. A
``TradeCorrected`` changes what the fill is compared by from then on, and a ``TradeBusted`` forgets it; neither compares.
HOLDINGS_BREAK (custodian; decided by ``HoldingsStated``): how many lines of the statement differ from what the last message
said about the free or pledged amount of that account, asset and venue; 1. A line of which nothing was said is not compared.

**Limits**, beside those of :class:`~trading_ecosystem.messages.risk.LimitKind` above; utilisation and severity as there.

*Narrower subjects.* ``POSITION_LONG``, ``POSITION_SHORT`` and ``ASSET_NOTIONAL`` may have the subject ``scope:asset``, where
the scope is an account of the firm (its positions alone) or a venue (of a position all but what is free: pledged there,
unsettled there, fees and variation of perpetuals that are not posted yet; and perpetuals there). ``TOTAL_NOTIONAL``,
``DAILY_LOSS`` and ``DRAWDOWN`` may have an account as their subject: its positions alone, its equity, its own reference and
mark. They are re-evaluated whenever those of the firm are.
LEVERAGE (firm): gross notional over equity, parts per million; 10⁹, which is the most, where there is a gross notional and no
positive equity.
NET_DELTA (firm): absolute value of the sum of the values of the net positions in BTC and ETH, USD minor units.
CONCENTRATION (asset other than USD): the absolute value of its net position as a share of the gross notional, parts per
million, floored.
VALUE_AT_RISK (firm): EWMA-normal, 99 %, one day, USD minor units: ``round(2.3263478740408408 * sqrt(max(0, w' C w) * 1440))``
with ``w`` the values of the net positions in BTC, ETH and USDT (of those whose ``<asset>/USD`` the monitor was given; 0
without a price) and ``C`` the covariance about zero of their returns, ``(close - previous) / previous``, from one closed UTC
minute to the next (floats). A minute is closed by the first price of any of these instruments in a later one, as for
CORRELATION_BREACH; if one has no price in it, or whole minutes without any follow, all returns are forgotten and ``C`` is
zero again. Each return ``C = 0.94 C + 0.06 r r'``, from zero on; nothing before 30 returns. Evaluated at every closed minute,
with the price that closed it taken in, and whenever a position of the firm changed.
EXPECTED_SHORTFALL (firm): the same with 2.3378027922013767 (97.5 %).
VENUE_EXPOSURE (venue): sum over all assets, USD among them, of the absolute values of what is pledged and unsettled there (as
for narrower subjects; perpetuals do not count).
UNSETTLED_EXPOSURE (firm): what ``unsettled_usd_minor`` of ``ExposureReported`` is.
ORDER_RATE (account, or the firm: all its accounts): how many of its ``PlaceOrder`` and ``CancelOrder`` arrived within the last
60 s, repeated ones too; decided by these.
TURNOVER (account, or the firm): notional of its fills within the last 15 min, USD minor units, each at the quote asset's USD
price when it arrived (0 without one), floored; a fill that arrives again (see above) does not count. Decided by fills of the
account and, as the window forgets, by prices of any instrument.
MARGIN_USAGE (venue): maintenance margin over equity as last reported there by ``MarginChanged``, parts per million, 10⁹
without a positive equity, 0 where no margin is needed; of several accounts the highest.

*Pending.* A limit may say for how long (``for``): its alert is pending when its condition begins, and is raised when the
condition has held for so long without a break, at that very instant, with the highest severity so far. An alert that fires
already goes on as ever.
"""

from __future__ import annotations

from typing import Final

from trading_ecosystem.messages.units import MINUTE, SECOND, Nanos, PartsPerMillion

FEED_WINDOW: Final[Nanos] = 5 * MINUTE
FEED_IRREGULAR: Final = 3
FROZEN_AFTER: Final[Nanos] = MINUTE
FROZEN_PRICES: Final = 4
SKEW_FROM: Final[Nanos] = SECOND
DEVIATION_PPM: Final[PartsPerMillion] = 10_000
QUOTE_FRESH: Final[Nanos] = 30 * SECOND
VOLATILITY_PPM: Final[PartsPerMillion] = 1_500_000
VOLATILITY_WINDOW: Final[Nanos] = 15 * MINUTE
VOLATILITY_RETURNS: Final = 30
YEAR_SECONDS: Final = 31_536_000
DECORRELATION_PPM: Final[PartsPerMillion] = 800_000
CORRELATION_RETURNS: Final = 30
CORRELATED: Final = "BTC~ETH"
BASIS_PPM: Final[PartsPerMillion] = 10_000
VENUE_SILENT_AFTER: Final[Nanos] = 60 * SECOND
HALTED_INSTRUMENTS: Final = 1
CROSSED_QUOTES: Final = 1
SPREAD_PPM: Final[PartsPerMillion] = 15_000
THINNER_PPM: Final[PartsPerMillion] = 8_000_000
DEPTHS_REMEMBERED: Final = 60
LATENCY_FROM: Final[Nanos] = SECOND
UNANSWERED_AFTER: Final[Nanos] = 30 * SECOND
EARLY_ANSWER_KEPT: Final[Nanos] = MINUTE
GIVEN_UP_AFTER: Final[Nanos] = 15 * MINUTE
REJECTS_PPM: Final[PartsPerMillion] = 500_000
REJECT_WINDOW: Final[Nanos] = 5 * MINUTE
REJECT_ANSWERS: Final = 10
STORM_FILLS: Final = 20
STORM_WINDOW: Final[Nanos] = MINUTE
EXECUTION_WINDOW: Final[Nanos] = 15 * MINUTE
REFUSAL_WINDOW: Final[Nanos] = 15 * MINUTE
ODD_EXECUTIONS: Final = 1
REFUSED_TRANSFERS: Final = 1
MISMATCHED_INSTRUCTIONS: Final = 1
BROKEN_LINES: Final = 1
EWMA_DECAY: Final = 0.94
RISK_MINUTES: Final = 30
NORMAL_99: Final = 2.3263478740408408
NORMAL_ES_975: Final = 2.3378027922013767
ORDER_RATE_WINDOW: Final[Nanos] = MINUTE
TURNOVER_WINDOW: Final[Nanos] = 15 * MINUTE
UNBOUNDED_PPM: Final[PartsPerMillion] = 10**9
"""A ratio over nothing."""
