"""A limit may be set where there was none, at any time: it is held against what there is then, by monitor and audit alike."""

from __future__ import annotations

import random

import pytest
from tests.campaign import seeds
from tests.unit.audit.small_record import START, SmallRecord
from tests.unit.risk.monitor import FIRM, MAKER, SECOND, WHOLE, Monitor, deposit, fill, pledge, price, usd

from trading_ecosystem.domains.risk.limits import MOST_LIMITS
from trading_ecosystem.domains.risk.parameters import LimitParameters
from trading_ecosystem.messages.base import Message
from trading_ecosystem.messages.exchange import PlaceOrder
from trading_ecosystem.messages.margin import MarginChanged
from trading_ecosystem.messages.orders import OrderType, Side, TimeInForce
from trading_ecosystem.messages.risk import ALERT_OF_LIMIT, AlertRaised, ChangeLimit, LimitKind, LimitSet, RiskCommandRejected
from trading_ecosystem.messages.risk_standing import LimitsQuestion

VENUE = "exchange-alpha"
TAKER = "fund/taker"
NEW = (
    (LimitKind.POSITION_LONG, "BTC"),
    (LimitKind.POSITION_SHORT, "ETH"),
    (LimitKind.POSITION_LONG, f"{MAKER}:BTC"),
    (LimitKind.POSITION_LONG, f"{VENUE}:USD"),
    (LimitKind.ASSET_NOTIONAL, f"{VENUE}:BTC"),
    (LimitKind.TOTAL_NOTIONAL, FIRM),
    (LimitKind.TOTAL_NOTIONAL, MAKER),
    (LimitKind.DAILY_LOSS, FIRM),
    (LimitKind.DAILY_LOSS, MAKER),
    (LimitKind.DRAWDOWN, MAKER),
    (LimitKind.DRAWDOWN, FIRM),
    (LimitKind.LEVERAGE, FIRM),
    (LimitKind.CONCENTRATION, "BTC"),
    (LimitKind.VENUE_EXPOSURE, VENUE),
    (LimitKind.UNSETTLED_EXPOSURE, FIRM),
    (LimitKind.ORDER_RATE, MAKER),
    (LimitKind.TURNOVER, FIRM),
    (LimitKind.TURNOVER, MAKER),
    (LimitKind.TOTAL_NOTIONAL, TAKER),
    (LimitKind.DRAWDOWN, TAKER),
    (LimitKind.MARGIN_USAGE, VENUE),
)


def story(seed: int, length: int = 60) -> list[Message]:
    """What a firm with two accounts might hear, in an order that no two seeds share."""
    draws = random.Random(seed)
    told: list[Message] = [deposit("USD", usd(900_000), usd(900_000)), pledge("USD", usd(400_000), usd(500_000), usd(400_000))]
    for number in range(1, length):
        pair = draws.choice(("BTC/USD", "ETH/USD", "BTC-PERP"))
        level = {"BTC/USD": 60_000, "ETH/USD": 3_000, "BTC-PERP": 60_100}[pair] * (1 + draws.randint(-40, 40) / 1000)
        match draws.randrange(7):
            case 0 | 1:
                told.append(price(pair, round(level, 1), START))
            case 2 | 3:
                side, account = draws.choice(tuple(Side)), draws.choice((MAKER, TAKER))
                amount = draws.randint(1, 20) / 10
                told.append(fill(side, amount, round(level, 1), START + 3_600 * SECOND, number, pair, account=account))
            case 4:
                told.append(draws.choice(told[2:] or told))
            case 5:
                terms = (Side.BUY, OrderType.LIMIT, TimeInForce.GOOD_TILL_CANCEL, 5_000_000, 100, False)
                told.append(PlaceOrder(VENUE, draws.choice((MAKER, TAKER)), f"order-{number}", "BTC/USD", *terms))
            case _:
                told.append(
                    MarginChanged(VENUE, MAKER, "USD", usd(draws.randint(1, 50)), usd(10), usd(draws.randint(1, 40)), 0)
                )
    return told


@pytest.mark.parametrize("seed", seeds(12, 300))
def test_monitor_and_audit_hold_a_new_limit_against_the_same(seed: int):
    draws = random.Random(-seed)
    told = story(seed)
    set_at = {key: draws.randrange(2, len(told)) for key in NEW}
    monitor, record = Monitor(start=START), SmallRecord()
    for number, message in enumerate(told):
        at = START + number * SECOND
        monitor.tell(message, at)
        record.say(number, "anybody", message)
        for kind, subject in [key for key, place in set_at.items() if place == number]:
            value = 1_000 if kind in (LimitKind.DRAWDOWN, LimitKind.CONCENTRATION) else draws.randint(1, 5) * WHOLE
            said = monitor.tell(ChangeLimit("risk", FIRM, kind, subject, value, "ada", "more to watch"), at)
            if isinstance(said[0], RiskCommandRejected):
                assert said[0].reason.startswith("the firm never had anything at")
                continue
            assert said[0] == LimitSet(FIRM, kind, subject, value, 1, "ada", "more to watch")
            record.say(number, "risk", said[0])
        record.report()
        for standing in monitor.risk.answer(LimitsQuestion()):
            track = record.audit._conditions.tracks.of(ALERT_OF_LIMIT[standing.kind], standing.subject)
            assert max(track.measure, 0) == standing.utilisation_ppm, (number, standing)


def test_a_new_limit_that_is_broken_already_says_so_at_once():
    monitor = Monitor()
    monitor.tell(price("BTC/USD", 60_000, monitor.now))
    monitor.tell(fill(Side.BUY, 2, 60_000, monitor.now + SECOND))
    said = monitor.tell(ChangeLimit("risk", FIRM, LimitKind.POSITION_LONG, f"{MAKER}:BTC", WHOLE))
    assert [type(one) for one in said] == [LimitSet, AlertRaised]
    assert said[1].observed == 2_000_000


def test_the_loss_of_a_part_counts_from_its_limit():
    monitor = Monitor()
    monitor.tell(price("BTC/USD", 60_000, monitor.now))
    monitor.tell(fill(Side.BUY, 1, 60_000, monitor.now + SECOND))
    monitor.tell(price("BTC/USD", 50_000, monitor.now))
    monitor.tell(ChangeLimit("risk", FIRM, LimitKind.DAILY_LOSS, MAKER, usd(1_000)))
    monitor.tell(ChangeLimit("risk", FIRM, LimitKind.DAILY_LOSS, FIRM, usd(1_000_000)))
    monitor.tell(price("BTC/USD", 49_900, monitor.now))
    part, firm = monitor.risk.answer(LimitsQuestion())
    assert (part.observed, firm.observed) == (usd(100), usd(10_100))


def test_limits_are_bounded_and_a_slip_of_the_pen_is_refused():
    monitor = Monitor((LimitParameters(LimitKind.POSITION_LONG, "BTC", WHOLE),))
    for subject in ("exchange-alhpa", "fund/makre"):
        (said,) = monitor.tell(ChangeLimit("risk", FIRM, LimitKind.POSITION_LONG, f"{subject}:BTC", WHOLE))
        assert said == RiskCommandRejected(FIRM, "ChangeLimit", f"the firm never had anything at {subject}")
    (said,) = monitor.tell(ChangeLimit("risk", FIRM, LimitKind.DAILY_LOSS, "BTC", WHOLE))
    assert said.reason == "the subject of daily_loss is the firm or an account of it"
    monitor.risk.limits.limits.update(dict.fromkeys(range(MOST_LIMITS), None))
    (said,) = monitor.tell(ChangeLimit("risk", FIRM, LimitKind.LEVERAGE, FIRM, WHOLE))
    assert said.reason == f"there are {MOST_LIMITS} limits already"
