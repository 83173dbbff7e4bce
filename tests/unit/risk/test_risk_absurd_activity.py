"""What cannot be a number changes nothing of activity limits and attribution, and switches none of them off."""

from __future__ import annotations

import math

import pytest
from msgspec import structs
from tests.unit.risk.monitor import FIRM, MINUTE, START, Monitor, fill, price, usd

from trading_ecosystem.domains.risk.activity import ActivityLimits
from trading_ecosystem.domains.risk.attribution import Attribution
from trading_ecosystem.domains.risk.parameters import LimitParameters, RiskParameters
from trading_ecosystem.messages.orders import Side
from trading_ecosystem.messages.risk import AlertKind, LimitKind
from trading_ecosystem.messages.risk_measures import AttributionQuestion
from trading_ecosystem.messages.units import SPOT_PAIRS

ABSURD = [math.nan, math.inf, -math.inf, 0, -1, 10**30]
LIMITS = (LimitParameters(LimitKind.TURNOVER, FIRM, usd(100_000)),)


@pytest.mark.parametrize("bad", ABSURD)
@pytest.mark.parametrize("field", ["price_ticks", "quantity_lots"])
def test_absurd_fills(bad: float, field: str):
    monitor = Monitor(LIMITS)
    monitor.tell(price("BTC/USD", 50_000, START))
    parameters = RiskParameters(FIRM, SPOT_PAIRS, LIMITS)
    turnover, attribution = ActivityLimits(parameters), Attribution(parameters)
    absurd = structs.replace(fill(Side.BUY, 1, 50_000, START + MINUTE), **{field: bad})
    for part in (turnover, attribution):
        part.order_filled(absurd, START, monitor.risk, [])
    assert attribution.answer_attribution(AttributionQuestion(), monitor.risk) == ()
    gauge = monitor.risk.limit_watch.arrivals[AlertKind.TURNOVER_LIMIT, FIRM].gauge
    assert gauge.observed() == 0
    good = fill(Side.BUY, 2, 50_000, START + MINUTE, trade_id=2, execution_id=2)
    turnover.order_filled(good, START, monitor.risk, [])
    assert gauge.observed() == usd(100_000)


@pytest.mark.parametrize("bad", [math.nan, math.inf, 10**30])
def test_absurd_fees(bad: float):
    monitor = Monitor()
    attribution = Attribution(RiskParameters(FIRM, SPOT_PAIRS, ()))
    attribution.order_filled(structs.replace(fill(Side.BUY, 1, 50_000, START), fee_minor=bad), START, monitor.risk, [])
    assert attribution.answer_attribution(AttributionQuestion(), monitor.risk) == ()


@pytest.mark.parametrize("bad", ABSURD)
def test_absurd_prices_neither_mark_nor_close_a_minute(bad: float):
    monitor = Monitor((LimitParameters(LimitKind.VALUE_AT_RISK, FIRM, usd(1)),))
    monitor.tell(price("BTC/USD", 50_000, START))
    monitor.tell(structs.replace(price("BTC/USD", 1, START, 2), price_minor=bad), START + MINUTE)
    assert monitor.risk.minutes.counted == 0
    assert monitor.risk.exposure.assets["BTC"].price == usd(50_000)
