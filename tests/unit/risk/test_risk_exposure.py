from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.risk.monitor import (
    DAY,
    FIRM,
    MINUTE,
    START,
    WHOLE,
    Monitor,
    deposit,
    fill,
    price,
    settled,
    usd,
    withdrawal_pending,
    withdrawal_posted,
)

from trading_ecosystem.domains.risk.exposure import Exposure, is_price, value_of
from trading_ecosystem.domains.risk.pnl import ProfitAndLoss
from trading_ecosystem.messages.orders import Side
from trading_ecosystem.messages.risk import ExposureQuestion, ExposureReported
from trading_ecosystem.messages.units import ASSETS


def test_values_are_floored_also_below_zero() -> None:
    assert [value_of(position, 150_000_000) for position in (1, 3, -1, -3)] == [1, 4, -2, -5]


def test_what_can_be_a_price() -> None:
    numbers = (1, 10**20, 0, -1, 10**20 + 1, float("nan"), float("inf"))
    assert [is_price(number) for number in numbers] == [True, True, False, False, False, False, False]  # type: ignore[arg-type]


CHANGES = st.lists(
    st.tuples(st.sampled_from(ASSETS), st.booleans(), st.integers(-(10**12), 10**12), st.integers(1, 10**13)),
    max_size=40,
)


@settings(derandomize=True, deadline=None, max_examples=80)
@given(CHANGES)
def test_sums_kept_change_by_change_equal_sums_over_everything(changes: list[tuple[str, bool, int, int]]) -> None:
    exposure = Exposure()
    positions = dict.fromkeys(ASSETS, 0)
    prices = dict.fromkeys(ASSETS, 0) | {"USD": WHOLE}
    for asset, is_position, position, at in changes:
        if is_position:
            assert exposure.set_position(asset, position) == (position != positions[asset])
            positions[asset] = position
        elif asset != "USD":
            first = prices[asset] == 0
            prices[asset] = at
            assert exposure.set_price(asset, at) == (positions[asset] * at // WHOLE if first else 0)
        values = {one: positions[one] * prices[one] // WHOLE for one in ASSETS}
        assert exposure.equity == sum(values.values())
        assert exposure.gross == sum(abs(value) for one, value in values.items() if one != "USD")
        assert exposure.net_delta() == values["BTC"] + values["ETH"]
        assert exposure.unpriced() == [one for one in ASSETS if positions[one] and not prices[one]]


def test_deposits_withdrawals_and_first_prices_are_no_profit_and_no_loss() -> None:
    monitor = Monitor()
    pnl, exposure = monitor.risk.pnl, monitor.risk.exposure

    def state() -> tuple[int, int, int]:
        return exposure.equity // WHOLE, pnl.daily(exposure.equity) // WHOLE, pnl.mark // WHOLE

    monitor.tell(deposit("BTC", 2 * WHOLE, 2 * WHOLE))
    assert state() == (0, 0, 0)
    monitor.tell(price("BTC/USD", 100, START))
    assert state() == (200, 0, 200)
    monitor.tell(price("BTC/USD", 110, START))
    assert state() == (220, 20, 220)
    monitor.tell(deposit("USD", 50 * WHOLE, 50 * WHOLE, "d2"))
    assert state() == (270, 20, 270)
    monitor.tell(price("BTC/USD", 105, START))
    assert state() == (260, 10, 270)
    monitor.tell(withdrawal_pending("BTC", WHOLE, WHOLE))
    assert state() == (155, 10, 165)
    monitor.tell(withdrawal_posted("BTC", WHOLE, WHOLE))
    assert state() == (155, 10, 165)
    monitor.tell(withdrawal_posted("USD", 50 * WHOLE, 0, "w2"))
    assert state() == (105, 10, 115)
    assert pnl.drawdown(exposure.equity) == 10 * 1_000_000 // 115


def test_fees_and_prices_below_the_fill_are_losses() -> None:
    monitor = Monitor()
    monitor.tell(price("BTC/USD", 100, START))
    monitor.tell(deposit("USD", 1_000 * WHOLE, 1_000 * WHOLE))
    monitor.tell(fill(Side.BUY, 2, 101, START + DAY, fee=usd(3)))
    assert monitor.risk.pnl.daily(monitor.risk.exposure.equity) == -5 * WHOLE


def test_drawdown_is_nothing_while_there_is_no_mark() -> None:
    pnl = ProfitAndLoss()
    assert pnl.drawdown(-5) == 0
    pnl.equity_changed(3)
    assert pnl.drawdown(2) == 333_333
    assert pnl.drawdown(-3) == 2_000_000


def test_the_report_has_every_figure() -> None:
    monitor = Monitor(report_every_ns=MINUTE)
    for instrument, amount in (("BTC/USD", 100), ("ETH/USD", 10), ("USDT/USD", 1)):
        monitor.tell(price(instrument, amount, START))
    monitor.tell(deposit("USD", 10_000 * WHOLE, 10_000 * WHOLE, "d1"))
    monitor.tell(deposit("USDT", 500 * WHOLE, 500 * WHOLE, "d2"))
    monitor.tell(fill(Side.BUY, 3, 100, START + DAY, trade_id=1, fee=usd(2)))
    monitor.tell(fill(Side.SELL, 1, 100, START + DAY, trade_id=2))
    monitor.tell(fill(Side.SELL, 4, 10, START + DAY, trade_id=1, instrument="ETH/USDT"))
    monitor.tell(price("BTC/USD", 99, START))
    report = ExposureReported(
        account=FIRM,
        equity_usd_minor=10_496 * WHOLE,
        gross_notional_usd_minor=(198 + 40 + 540) * WHOLE,
        net_delta_usd_minor=158 * WHOLE,
        daily_pnl_usd_minor=-4 * WHOLE,
        drawdown_ppm=4 * 1_000_000 // 10_500,
        unsettled_usd_minor=(4 * 99 + 40) * WHOLE,
        btc_minor=2 * WHOLE,
        eth_minor=-4 * WHOLE,
        usd_minor=9_798 * WHOLE,
        usdt_minor=540 * WHOLE,
    )
    assert monitor.risk.answer(ExposureQuestion()) == report
    monitor.until(START + MINUTE)
    assert [one for one in monitor.said() if isinstance(one[1], ExposureReported)] == [(MINUTE, report)]
    monitor.tell(settled(0, 0, trade_id=1, instrument="ETH/USDT"))
    assert monitor.risk.answer(ExposureQuestion()).unsettled_usd_minor == 4 * 99 * WHOLE


def test_reports_come_at_their_interval_and_only_once_positions_have_prices() -> None:
    monitor = Monitor(report_every_ns=MINUTE, instruments=("BTC/USD",))
    monitor.tell(deposit("BTC", WHOLE, WHOLE))
    monitor.tell(deposit("ETH", WHOLE, WHOLE, "d2"))  # nobody gives it a price: it does not hold reports up
    assert monitor.until(START + 2 * MINUTE) == []
    monitor.tell(price("BTC/USD", 100, START + 2 * MINUTE), START + 2 * MINUTE)
    monitor.until(START + 5 * MINUTE)
    reports = [(at, one) for at, one in monitor.said() if isinstance(one, ExposureReported)]
    assert [at for at, _ in reports] == [3 * MINUTE, 4 * MINUTE, 5 * MINUTE]
    assert {one.equity_usd_minor for _, one in reports} == {100 * WHOLE}
