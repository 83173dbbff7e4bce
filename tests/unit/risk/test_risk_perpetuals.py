"""Perpetuals in the monitor: net positions, equity, and the same figures as audit works out on its own."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.campaign import CAMPAIGN
from tests.unit.risk.monitor import FIRM, MAKER, MINUTE, START, Monitor, deposit, fill, pledge, price, usd

from trading_ecosystem.domains.audit.conditions import Conditions
from trading_ecosystem.domains.risk.parameters import LimitParameters
from trading_ecosystem.messages.custodian import VariationPosted
from trading_ecosystem.messages.envelope import Entry, EntryKind
from trading_ecosystem.messages.margin import VariationLine, VariationSettled
from trading_ecosystem.messages.orders import Side
from trading_ecosystem.messages.risk import AlertKind, AlertRaised, ExposureQuestion, LimitKind
from trading_ecosystem.messages.units import INSTRUMENTS, SPOT_PAIRS

PERP = "BTC-PERP"
SPEC = INSTRUMENTS[PERP]
VENUE = "exchange-alpha"
EVERYTHING = (*SPOT_PAIRS, PERP)


def variation(number: int, lots: int, ticks: int, variation_minor: int, fee: int = 0, settled: int | None = None) -> Any:
    line = VariationLine(PERP, ticks, lots, variation_minor, fee)
    due = variation_minor - fee
    return VariationSettled(VENUE, MAKER, number, "USD", (line,), due, due if settled is None else settled)


def posted(number: int, amount: int, after: int) -> VariationPosted:
    return VariationPosted("custodian", VENUE, MAKER, number, "USD", amount, after)


def funded(*limits: LimitParameters) -> Monitor:
    """A monitor whose firm has 10,000 USD at the venue; spot and perpetual are at 60,000."""
    monitor = Monitor(limits, EVERYTHING)
    monitor.tell(deposit("USD", usd(10_000), usd(10_000)))
    monitor.tell(pledge("USD", usd(10_000), 0, usd(10_000)))
    for instrument in ("BTC/USD", PERP):
        monitor.tell(price(instrument, 60_000, START))
    return monitor


def exposure(monitor: Monitor) -> Any:
    return monitor.risk.answer(ExposureQuestion())


def test_a_perpetual_is_part_of_the_net_position_and_not_of_the_cash() -> None:
    monitor = funded()
    monitor.tell(fill(Side.SELL, 0.5, 60_000, START, instrument=PERP, fee=usd(15)))
    said = exposure(monitor)
    assert (said.btc_minor, said.usd_minor) == (-usd(0.5), usd(10_000 - 15))
    assert said.equity_usd_minor == usd(10_000 - 15)
    assert said.gross_notional_usd_minor == usd(30_000)
    assert said.net_delta_usd_minor == -usd(30_000)
    assert said.unsettled_usd_minor == 0


def test_a_hedge_has_no_net_position_and_no_notional() -> None:
    monitor = funded()
    monitor.tell(deposit("BTC", usd(0.5), usd(0.5), "d2"))
    monitor.tell(fill(Side.SELL, 0.5, 60_000, START, instrument=PERP))
    assert exposure(monitor).btc_minor == exposure(monitor).gross_notional_usd_minor == 0
    for instrument in ("BTC/USD", PERP):
        monitor.tell(price(instrument, 50_000, START + 1, 2))
    assert exposure(monitor).equity_usd_minor == usd(40_000)


def test_the_result_follows_the_perpetuals_own_price_and_variation_changes_nothing() -> None:
    monitor = funded()
    monitor.tell(fill(Side.BUY, 0.5, 60_000, START, instrument=PERP, fee=usd(15)))
    monitor.tell(price(PERP, 61_000, START + 1, 2))
    expected = usd(10_000 - 15 + 500)
    assert exposure(monitor).equity_usd_minor == expected
    monitor.tell(variation(1, 5_000, 610_000, usd(500), usd(15)))
    assert exposure(monitor).equity_usd_minor == expected
    assert exposure(monitor).usd_minor == usd(10_485)
    for _ in range(2):
        monitor.tell(posted(1, usd(485), usd(10_485)))
        monitor.tell(variation(1, 5_000, 610_000, usd(500), usd(15)))
    assert (exposure(monitor).equity_usd_minor, exposure(monitor).usd_minor) == (expected, usd(10_485))


def test_a_posting_that_overtakes_its_variation_counts_once() -> None:
    monitor = funded()
    monitor.tell(fill(Side.BUY, 0.5, 60_000, START, instrument=PERP, fee=usd(15)))
    monitor.tell(posted(1, usd(485), usd(10_485)))
    monitor.tell(variation(1, 5_000, 610_000, usd(500), usd(15)))
    assert exposure(monitor).usd_minor == usd(10_485)


def test_a_lost_fill_is_healed_by_the_next_variation() -> None:
    monitor = funded()
    monitor.tell(variation(1, 5_000, 600_000, 0, 0))
    assert exposure(monitor).btc_minor == usd(0.5)


def test_no_settlement_is_overdue_for_a_perpetual() -> None:
    monitor = funded()
    monitor.tell(fill(Side.BUY, 0.1, 60_000, START, instrument=PERP))
    said = monitor.until(START + 60 * MINUTE)
    assert AlertKind.SETTLEMENT_OVERDUE not in {one.kind for one in said if isinstance(one, AlertRaised)}


def test_limits_are_held_against_net_positions() -> None:
    monitor = funded(LimitParameters(LimitKind.POSITION_SHORT, "BTC", usd(1)))
    said = monitor.tell(fill(Side.SELL, 1, 60_000, START, instrument=PERP))
    assert [(one.kind, one.subject) for one in said if isinstance(one, AlertRaised)] == [(AlertKind.POSITION_LIMIT, "BTC")]


fills = st.tuples(st.just("fill"), st.sampled_from(list(Side)), st.integers(1, 9_000), st.integers(590_000, 610_000))
prices = st.tuples(st.just("price"), st.sampled_from(["BTC/USD", PERP]), st.integers(55_000, 65_000))
ticks = st.tuples(st.just("tick"), st.integers(580_000, 620_000), st.booleans())
histories = st.lists(st.one_of(fills, prices, ticks), max_size=40)


def messages(history: list[tuple[Any, ...]]) -> list[Any]:
    """What a venue and a custodian would say; now and then twice, and now and then in another order."""
    said: list[Any] = [deposit("USD", usd(10_000), usd(10_000)), pledge("USD", usd(10_000), 0, usd(10_000))]
    lots = carried = fees = number = 0
    after = usd(10_000)
    for place, step in enumerate(history, 1):
        if step[0] == "fill":
            _, side, quantity, at_ticks = step
            amount, at_price = quantity * SPEC.lot_size / 10**8, at_ticks / 10
            said.append(fill(side, amount, at_price, START, place, PERP, place, execution_id=place))
            sign = 1 if side is Side.BUY else -1
            lots += sign * quantity
            carried += sign * SPEC.notional(at_ticks, quantity)
            fees += place
        elif step[0] == "price":
            said.append(price(step[1], step[2], START, place + 1))
        else:
            number += 1
            value = SPEC.notional(step[1], lots)
            settled = variation(number, lots, step[1], value - carried, fees)
            after += settled.settled_minor
            pair = [settled, posted(number, settled.settled_minor, after)]
            said += reversed(pair) if step[2] else pair
            carried, fees = value, 0
        if place % 7 == 0:
            said.append(said[-1])
    return said


@settings(derandomize=True, deadline=None, max_examples=1_000 if CAMPAIGN else 60)
@given(history=histories)
def test_monitor_and_audit_have_the_same_figures(history: list[tuple[Any, ...]]) -> None:
    monitor, audit = Monitor((), EVERYTHING), Conditions(EVERYTHING)
    for sequence, message in enumerate(messages(history), 1):
        monitor.tell(message)
        audit.receive(Entry(sequence, START, EntryKind.SAID, "someone", None, sequence, message), START)
        held, equity = monitor.risk.exposure, audit._limits._firm.equity
        assert (held.equity, held.gross) == (equity.total, equity.gross)
        assert held.assets["BTC"].net_value == equity.net_values.get("BTC", 0)
        assert held.assets["USD"].position == audit._positions.amounts.get("USD", 0)
        assert (monitor.risk.pnl.mark, monitor.risk.firm) == (equity.mark, FIRM)
