from __future__ import annotations

from typing import Any

import msgspec
from msgspec.structs import replace
from tests.unit.risk.monitor import (
    DAY,
    FIRM,
    MINUTE,
    SECOND,
    START,
    WHOLE,
    Monitor,
    deposit,
    fill,
    pledge,
    price,
    settled,
    usd,
)

from trading_ecosystem.domains.risk.component import Risk
from trading_ecosystem.domains.risk.parameters import RiskParameters, default_limits
from trading_ecosystem.messages.base import Audience, Command, Message
from trading_ecosystem.messages.market_data import PricePublished
from trading_ecosystem.messages.orders import Side
from trading_ecosystem.messages.risk import AlertKind, AlertRaised, ExposureReported, LimitSet
from trading_ecosystem.messages.units import SPOT_PAIRS
from trading_ecosystem.ports.component import Begin, WakeUp
from trading_ecosystem.runtime.randomness import SeededRandomness
from trading_ecosystem.runtime.snapshot import Decoder, Encoder

Heard = list[tuple[int, Message]]


def story() -> Heard:
    """Two hours with a crash, a depeg, a stuck settlement and a feed that stops; (instant, message)."""
    heard: Heard = [
        (START, deposit("USD", 3_000_000 * WHOLE, 3_000_000 * WHOLE, "d1")),
        (START, deposit("USDT", 1_500_000 * WHOLE, 1_500_000 * WHOLE, "d2")),
        (START, pledge("USD", 2_000_000 * WHOLE, 1_000_000 * WHOLE, 2_000_000 * WHOLE)),
    ]
    bitcoin = dollars = 0
    for tick in range(720):
        at = START + tick * 10 * SECOND
        fallen = 1 - min(max(tick - 100, 0), 60) * 0.002
        peg = 1 - min(max(tick - 300, 0), 100) * 0.0005
        for instrument, level in (
            ("BTC/USD", 50_000 * fallen),
            ("ETH/USD", 3_000 * fallen),
            ("BTC/USDT", 50_000 * fallen / peg),
            ("ETH/USDT", 3_000 * fallen / peg),
            ("ETH/BTC", 0.06),
            ("USDT/USD", peg),
        ):
            if not (instrument == "ETH/BTC" and 500 < tick < 530):
                heard.append((at, PricePublished(instrument, round(level * WHOLE), at, tick)))
        if tick % 20 == 0 and tick < 500:
            trade_id = tick // 20 + 1
            heard.append((at, fill(Side.BUY, 0.5, 50_000, at + 10 * MINUTE, trade_id=trade_id, fee=usd(25))))
        if tick % 20 == 0 and 60 <= tick < 560 and tick != 200:
            bitcoin += WHOLE // 2
            dollars -= 25_025 * WHOLE
            trade_id = (tick - 60) // 20 + 1
            heard.append((at, settled(bitcoin, 2_000_000 * WHOLE + dollars, trade_id=trade_id)))
    return heard


def told(heard: Heard, **parameters: Any) -> Monitor:
    monitor = Monitor(default_limits(FIRM), **parameters)
    for at, message in heard:
        monitor.tell(message, at)
    return monitor


def encoded(monitor: Monitor) -> list[bytes]:
    return [msgspec.json.encode((at, type(one).__name__, msgspec.structs.asdict(one))) for at, one in monitor.record]


def test_at_the_start_every_limit_is_said_as_version_one() -> None:
    monitor = Monitor(default_limits(FIRM))
    assert monitor.record == [
        (START, LimitSet(FIRM, limit.kind, limit.subject, limit.value, 1)) for limit in default_limits(FIRM)
    ]


def test_it_hears_production_only_and_says_private_production_only() -> None:
    heard = [kind for kind in Risk.hears if not issubclass(kind, WakeUp)]
    assert {kind.audience for kind in heard} | {kind.audience for kind in Risk.says} == {Audience.PRODUCTION}
    assert all(kind.private or issubclass(kind, Command) for kind in Risk.says)
    assert all(kind.addressed_by in (None, "component") for kind in heard if kind not in Risk.copies)
    assert all(hasattr(Risk, method) for method in (*Risk.hears.values(), *Risk.answers.values()))


def test_it_hears_its_own_firm_unless_told_otherwise() -> None:
    parameters = RiskParameters(FIRM, (), ())
    assert Risk("risk", parameters, SeededRandomness(1)).accounts == frozenset({FIRM})


def test_the_story_raises_what_it_should() -> None:
    raised = [(at, one) for at, one in told(story()).said() if isinstance(one, AlertRaised)]
    assert {one.kind for _, one in raised} >= {
        AlertKind.PRICE_CRASH,
        AlertKind.PRICE_STALE,
        AlertKind.STABLECOIN_DEPEG,
        AlertKind.SETTLEMENT_OVERDUE,
        AlertKind.POSITION_LIMIT,
        AlertKind.ASSET_NOTIONAL_LIMIT,
    }
    # The fourteenth fall of 0.2 % … 50,000 × (1 - 25 × 0.002) is the first price 5 % below the high.
    crashes = [at for at, one in raised if one.kind is AlertKind.PRICE_CRASH and one.subject == "BTC/USD"]
    assert crashes == [125 * 10 * SECOND]
    depegs = [at for at, one in raised if one.kind is AlertKind.STABLECOIN_DEPEG]
    assert depegs == [340 * 10 * SECOND]
    stale = [(at, one.subject) for at, one in raised if one.kind is AlertKind.PRICE_STALE]
    assert stale[0] == (500 * 10 * SECOND + 30 * SECOND + 1, "ETH/BTC")


def test_a_fresh_monitor_fed_the_same_messages_says_the_same_bytes() -> None:
    heard = story()
    first, second = told(heard, report_every_ns=MINUTE), told(heard, report_every_ns=MINUTE)
    assert encoded(first) == encoded(second)
    assert len(first.record) > 100


def but_for_copies(monitor: Monitor) -> list[tuple[int, Message]]:
    """What was said, without alert ids and without the alerts whose very subject is that something arrived twice."""
    return [
        (at, replace(one, alert_id=0) if hasattr(one, "alert_id") else one)
        for at, one in monitor.said()
        if getattr(one, "kind", None) not in (AlertKind.DUPLICATE_EXECUTION, AlertKind.FEED_DUPLICATE)
    ]


def test_a_message_delivered_twice_changes_nothing_that_is_said() -> None:
    heard = story()
    twice = [one for pair in heard for one in (pair, pair)]
    assert but_for_copies(told(twice)) == but_for_copies(told(heard))


def test_late_copies_of_fills_settlements_and_transfers_change_nothing_that_is_said() -> None:
    heard = story()
    late = [(at + 95 * SECOND, one) for at, one in heard if not isinstance(one, PricePublished)]
    merged = sorted([*heard, *late], key=lambda pair: pair[0])
    assert but_for_copies(told(merged)) == but_for_copies(told(heard))


def test_it_goes_on_from_a_snapshot_as_if_nothing_had_happened() -> None:
    heard = story()
    whole = told(heard)
    for cut in (3, len(heard) // 5, len(heard) // 2, len(heard) - 400):
        monitor = told(heard[:cut])
        state = msgspec.json.decode(msgspec.json.encode(Encoder().encode(vars(monitor.risk))))
        fresh = Risk.__new__(Risk)
        vars(fresh).update(Decoder().decode(state))
        monitor.risk = fresh
        for at, message in heard[cut:]:
            monitor.tell(message, at)
        assert encoded(monitor) == encoded(whole)


def test_another_seed_says_the_same() -> None:
    parameters = RiskParameters(FIRM, SPOT_PAIRS, default_limits(FIRM))
    first, second = (Risk("risk", parameters, SeededRandomness(seed)) for seed in (1, 2))
    for monitor in (first, second):
        monitor.handle(Begin(), START)
    for at, message in story()[:500]:
        assert list(first.handle(message, at)) == list(second.handle(message, at))


def test_reports_go_on_over_midnight() -> None:
    monitor = Monitor(report_every_ns=DAY)
    monitor.tell(deposit("BTC", WHOLE, WHOLE))
    monitor.tell(price("BTC/USD", 100, START))
    monitor.tell(price("BTC/USD", 90, START))
    assert monitor.risk.pnl.daily(monitor.risk.exposure.equity) == -10 * WHOLE
    monitor.until(START + DAY)
    report = monitor.said()[-1][1]
    assert isinstance(report, ExposureReported)
    assert (report.daily_pnl_usd_minor, report.drawdown_ppm) == (0, 100_000)
