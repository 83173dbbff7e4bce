"""The figures of one backtest, from what was observed of it."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import msgspec

from trading_ecosystem.messages.orders import Side
from trading_ecosystem.messages.units import DAY, INSTRUMENTS, PARTS_PER_MILLION, MinorUnits, Nanos
from trading_ecosystem.reports.backtest import return_measures as measures
from trading_ecosystem.reports.backtest.observed import Observed, ObservedOrder


class Performance(msgspec.Struct, frozen=True):
    """Every figure of the tearsheet. Ratios and returns are fractions, ``None`` where they cannot be told; amounts are USD.

    Returns are those of equity from mark to mark. Equity is the capital, valued at the first prices, plus the net profit or
    loss of trading: what idle capital in other assets gains or loses by itself is not counted.
    """

    capital_minor: MinorUnits
    net_minor: MinorUnits
    fees_minor: MinorUnits
    total_return: float
    annual_return: float | None
    annual_volatility: float | None
    sharpe_ratio: float | None
    sortino_ratio: float | None
    calmar_ratio: float | None
    omega_ratio: float | None
    max_drawdown: float
    longest_drawdown_ns: Nanos
    """From a high until equity is back there, or the end."""
    round_trips: int
    win_rate: float | None
    """Of round trips, those that did not end at exactly nothing."""
    profit_factor: float | None
    payoff_ratio: float | None
    turnover: float
    """Notional bought plus notional sold, over the mean equity."""
    mean_exposure: float
    """Gross worth of the positions over equity, mean over the marks."""
    time_in_market: float
    """Share of the marks at which something was held."""
    orders: int
    fills: int
    fill_ratio: float | None
    """Lots filled over lots sent."""
    slippage_minor: MinorUnits
    """What fills cost against the middle at the order's arrival; negative is a gain, as of orders that rest."""
    slippage_ppm: int | None
    """The same over the notional traded."""
    shortfall_minor: MinorUnits
    """Implementation shortfall (Perold 1988), against the middle at the decision: execution, fees and what was not filled."""
    opportunity_minor: MinorUnits
    """The part of it for what was not filled, up to the order's end."""
    periods: int
    """Returns counted."""
    periods_per_year: float


class Unseen(msgspec.Struct, frozen=True):
    """All parts of a walk-forward one after the other: what was traded on data that the choice of settings had not seen."""

    periods: int
    total_return: float
    annual_return: float | None
    annual_volatility: float | None
    sharpe_ratio: float | None
    sortino_ratio: float | None
    max_drawdown: float


def unseen_of(returns: Sequence[float], periods_per_year: float) -> Unseen:
    """The figures of chained returns."""
    return Unseen(
        periods=len(returns),
        total_return=measures.total_return(returns),
        annual_return=measures.annual_return(returns, periods_per_year),
        annual_volatility=measures.annual_volatility(returns, periods_per_year),
        sharpe_ratio=measures.sharpe_ratio(returns, periods_per_year),
        sortino_ratio=measures.sortino_ratio(returns, periods_per_year),
        max_drawdown=measures.max_drawdown(returns),
    )


def returns_of(observed: Observed, capital_minor: MinorUnits) -> list[float]:
    """Simple returns of equity from mark to mark, the start being the first."""
    equity = [capital_minor, *(capital_minor + sample.net_minor for sample in observed.samples)]
    return [after / before - 1.0 if before > 0 else 0.0 for before, after in itertools.pairwise(equity)]


def performance_of(observed: Observed, capital_minor: MinorUnits, periods_per_year: float) -> Performance:
    """Every figure; ``capital_minor`` is positive."""
    assert observed.last_mark is not None, "a finished backtest has a mark"
    returns = returns_of(observed, capital_minor)
    equity = [capital_minor + sample.net_minor for sample in observed.samples]
    trips = [float(trip.net_minor) for trip in observed.trips]
    slippage, traded = _slippage(observed)
    opportunity = [_opportunity(observed, order) for order in observed.orders.values()]
    execution = [_execution(observed, order) for order in observed.orders.values()]
    sent = sum(order.quantity_lots for order in observed.orders.values())
    last = observed.last_mark
    return Performance(
        capital_minor=capital_minor,
        net_minor=last.realised_usd_minor + last.unrealised_usd_minor,
        fees_minor=last.fees_usd_minor,
        total_return=measures.total_return(returns),
        annual_return=measures.annual_return(returns, periods_per_year),
        annual_volatility=measures.annual_volatility(returns, periods_per_year),
        sharpe_ratio=measures.sharpe_ratio(returns, periods_per_year),
        sortino_ratio=measures.sortino_ratio(returns, periods_per_year),
        calmar_ratio=measures.calmar_ratio(returns, periods_per_year),
        omega_ratio=measures.omega_ratio(returns),
        max_drawdown=measures.max_drawdown(returns),
        longest_drawdown_ns=_longest_drawdown(observed, returns),
        round_trips=len(trips),
        win_rate=measures.win_rate(trips),
        profit_factor=measures.profit_factor(trips),
        payoff_ratio=measures.payoff_ratio(trips),
        turnover=last.turnover_usd_minor / (sum(equity) / len(equity)),
        mean_exposure=measures.mean([one.gross_minor / worth for one, worth in zip(observed.samples, equity, strict=True)]),
        time_in_market=len([one for one in observed.samples if one.positions]) / len(equity),
        orders=len(observed.orders),
        fills=observed.counts.get("fills", 0),
        fill_ratio=sum(order.filled_lots for order in observed.orders.values()) / sent if sent else None,
        slippage_minor=slippage,
        slippage_ppm=round(slippage * PARTS_PER_MILLION / traded) if traded else None,
        shortfall_minor=sum(execution) + sum(opportunity),
        opportunity_minor=sum(opportunity),
        periods=len(returns),
        periods_per_year=periods_per_year,
    )


def _longest_drawdown(observed: Observed, returns: list[float]) -> Nanos:
    """From the mark of a high to the mark of recovery; the start counts as the mark before the first."""
    at = [sample.at for sample in observed.samples]
    start = at[0] - (at[1] - at[0]) if len(at) > 1 else at[0]
    found = 0
    for drawdown in measures.drawdown_periods(returns):
        begun = start if drawdown.peak < 0 else at[drawdown.peak]
        ended = at[-1] if drawdown.recovered is None else at[drawdown.recovered]
        found = max(found, ended - begun)
    return found


def _against(observed: Observed, order: ObservedOrder, paid_twice: int, middle: int, lots: int) -> MinorUnits:
    """Twice what was paid, less the middle (a sum) for so many lots, halved, in USD: positive is a cost."""
    if not middle:
        return 0
    instrument = INSTRUMENTS[order.instrument]
    cost = (paid_twice - middle * lots) * instrument.tick_value // 2
    return observed.usd(instrument.quote, cost if order.side is Side.BUY else -cost)


def _slippage(observed: Observed) -> tuple[MinorUnits, MinorUnits]:
    """Cost against the middle at arrival, and the notional traded, both in USD minor units."""
    cost = traded = 0
    for order in observed.orders.values():
        cost += _against(observed, order, 2 * order.paid, order.arrival_middle, order.filled_lots)
        instrument = INSTRUMENTS[order.instrument]
        traded += observed.usd(instrument.quote, order.paid * instrument.tick_value)
    return cost, traded


def _execution(observed: Observed, order: ObservedOrder) -> MinorUnits:
    """What was filled against the middle at the decision, and its fees."""
    fees = observed.usd(INSTRUMENTS[order.instrument].quote, order.fees_minor)
    return _against(observed, order, 2 * order.paid, order.decision_middle, order.filled_lots) + fees


def _opportunity(observed: Observed, order: ObservedOrder) -> MinorUnits:
    """What was not filled, at the middle when the order ended, against the middle at the decision."""
    missed = order.quantity_lots - order.filled_lots
    if not order.end_middle:
        return 0
    return _against(observed, order, order.end_middle * missed, order.decision_middle, missed)


YEAR: Nanos = 365 * DAY
"""Markets that never close have 365 days."""
