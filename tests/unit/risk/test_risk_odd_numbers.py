"""A number that cannot be, at every point where the monitor takes input: it is no error, and switches no limit off.

Messages are typed where they come in; here they are made past that, as if a decoder had failed.
"""

from __future__ import annotations

import math
import random
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace
from tests.campaign import CAMPAIGN, seeds
from tests.unit.risk.monitor import FIRM, HOUR, MAKER, MINUTE, SECOND, START, Monitor, deposit, fill, pledge, settled, usd
from tests.unit.risk.watched import (
    ALPHA,
    accepted,
    cancel,
    cancel_rejected,
    cancelled,
    depth,
    phase,
    place,
    quote,
    rejected,
    tick,
)

from trading_ecosystem.domains.risk.component import Risk
from trading_ecosystem.domains.risk.parameters import LimitParameters, default_limits
from trading_ecosystem.messages.base import Message, Row
from trading_ecosystem.messages.custodian import (
    HoldingLine,
    HoldingsStated,
    PledgedAfter,
    SettlementCancelled,
    SettlementInstructed,
    SettlementPartlySettled,
    TransferKind,
    TransferPending,
    TransferRejected,
    TransferRejectReason,
    VariationPosted,
)
from trading_ecosystem.messages.exchange import TradesPublished
from trading_ecosystem.messages.margin import MarginChanged, VariationLine, VariationSettled
from trading_ecosystem.messages.orders import Side, TradingPhase
from trading_ecosystem.messages.risk import (
    AcknowledgeAlert,
    AlertKind,
    AlertRaised,
    ChangeLimit,
    EscalateAlert,
    LimitKind,
    RiskCommandRejected,
    SilenceAlert,
)
from trading_ecosystem.messages.trading_phases import TradeBusted, TradeCorrected
from trading_ecosystem.messages.trading_state import PullKillSwitch, SetTradingState
from trading_ecosystem.ports.component import WakeUp

ODD: tuple[Any, ...] = (math.nan, math.inf, -math.inf, None, "5", 1.5, 0, -1, 10**30, -(10**30))
BOUGHT = fill(Side.BUY, 0.5, 50_000, START + 10 * MINUTE, trade_id=900)
EXAMPLES: tuple[Message, ...] = (
    tick("BTC/USD", 50_000, 0, 7)[0],
    tick("BTC-PERP", 50_000, 0, 7)[0],
    tick("ETH/BTC", 0.06, 0, 7)[0],
    quote(4_999_000, 5_001_000),
    depth(100),
    TradesPublished(ALPHA, "BTC/USD", 1, 2, 5, 3, 101, 100, 100),
    phase(TradingPhase.CONTINUOUS),
    place("odd"),
    cancel("odd"),
    accepted("odd"),
    rejected("odd"),
    cancelled("odd"),
    cancel_rejected("odd"),
    BOUGHT,
    fill(Side.BUY, 0.5, 50_000, START + 10 * MINUTE, trade_id=901, instrument="BTC-PERP"),
    TradeBusted(ALPHA, MAKER, "order", 1, 9, 900, 900, "BTC/USD", Side.BUY, 5_000_000, 500_000, "USD", 7),
    TradeCorrected(
        ALPHA, MAKER, "order", 1, 9, 900, 900, "BTC/USD", Side.BUY, 5_000_000, 7, 5_100_000, 500_000, "USD", 7
    ),
    settled(5, 5, trade_id=900),
    SettlementPartlySettled("custodian", ALPHA, MAKER, 900, "BTC/USD", Side.BUY, 5, 5, (PledgedAfter("BTC", 5),)),
    SettlementInstructed("custodian", ALPHA, MAKER, 900, "BTC/USD", Side.BUY, "BTC", 5, "USD", 5, 7, START),
    SettlementCancelled("custodian", ALPHA, MAKER, 900, "BTC/USD"),
    deposit("BTC", 5, 5, "odd"),
    pledge("BTC", 1, 4, 1, transfer_id="odd-2"),
    TransferPending("custodian", MAKER, "odd-3", TransferKind.WITHDRAWAL, "BTC", 1, START + HOUR, 3),
    TransferRejected("custodian", MAKER, "odd-4", TransferKind.DEPOSIT, "BTC", 1, TransferRejectReason.REFUSED),
    HoldingsStated("custodian", MAKER, START, (HoldingLine(MAKER, "BTC", "", 5),)),
    MarginChanged(ALPHA, MAKER, "USD", 100, 20, 10, 0),
    VariationSettled(ALPHA, MAKER, 5, "USD", (VariationLine("BTC-PERP", 500_000, 10, 5, 1),), 4, 4),
    VariationPosted("custodian", ALPHA, MAKER, 5, "USD", 4, 4),
    ChangeLimit("risk", FIRM, LimitKind.POSITION_LONG, "BTC", 10**9),
    AcknowledgeAlert("risk", FIRM, 1, "somebody"),
    SilenceAlert("risk", FIRM, 1, "somebody", START + 2 * HOUR),
    EscalateAlert("risk", FIRM, 1, "somebody"),
)  # fmt: skip
"""One of everything that the monitor hears and that has a number."""

NUMBERLESS = {SetTradingState, PullKillSwitch}
MUST_BE_RAISED = {
    AlertKind.PRICE_STALE,
    AlertKind.PRICE_CRASH,
    AlertKind.PRICE_SHOCK,
    AlertKind.STABLECOIN_DEPEG,
    AlertKind.SETTLEMENT_OVERDUE,
    AlertKind.POSITION_LIMIT,
    AlertKind.ASSET_NOTIONAL_LIMIT,
    AlertKind.TOTAL_NOTIONAL_LIMIT,
    AlertKind.DAILY_LOSS_LIMIT,
    AlertKind.DRAWDOWN_LIMIT,
    AlertKind.STABLECOIN_EXPOSURE_LIMIT,
    AlertKind.NET_DELTA_LIMIT,
    AlertKind.CONCENTRATION_LIMIT,
    AlertKind.ORDER_RATE_LIMIT,
    AlertKind.PRICE_DEVIATION,
    AlertKind.PRICE_FROZEN,
    AlertKind.FEED_DUPLICATE,
    AlertKind.BASIS_DIVERGENCE,
    AlertKind.CLOCK_SKEW,
    AlertKind.VENUE_DOWN,
    AlertKind.TRADING_HALTED,
    AlertKind.BOOK_CROSSED,
    AlertKind.SPREAD_WIDE,
    AlertKind.ORDER_UNANSWERED,
    AlertKind.EXECUTION_LATENCY,
    AlertKind.REJECT_RATE,
    AlertKind.DUPLICATE_EXECUTION,
    AlertKind.FILL_AFTER_CANCEL,
    AlertKind.TRANSFER_REFUSED,
    AlertKind.TRANSFER_OVERDUE,
    AlertKind.INSTRUCTION_MISMATCH,
    AlertKind.HOLDINGS_BREAK,
}
"""What :func:`trial` raises, whatever odd numbers came before."""


def variants(message: Message) -> list[Message]:
    """The message with each odd number in each place of a number, one at a time; rows included."""
    found: list[Message] = []
    for field in msgspec.structs.fields(type(message)):
        value = getattr(message, field.name)
        if field.type is int:
            found += [replace(message, **{field.name: odd}) for odd in ODD]
        elif isinstance(value, tuple) and value and isinstance(value[0], Row):
            row = value[0]
            numbers = [inner.name for inner in msgspec.structs.fields(type(row)) if inner.type is int]
            rows = [replace(row, **{name: odd}) for name in numbers for odd in ODD]
            found += [replace(message, **{field.name: (*value[1:], one)}) for one in rows]
    return found


def watchful() -> Monitor:
    """A monitor with limits of every kind that :func:`trial` breaches, which knows a price and a position."""
    limits = (
        *default_limits(FIRM),
        LimitParameters(LimitKind.NET_DELTA, FIRM, usd(1_000_000)),
        LimitParameters(LimitKind.CONCENTRATION, "BTC", 500_000),
        LimitParameters(LimitKind.ORDER_RATE, FIRM, 10),
    )
    instruments = ("BTC/USD", "ETH/USD", "BTC/USDT", "ETH/USDT", "ETH/BTC", "USDT/USD", "BTC-PERP")
    monitor = Monitor(limits, instruments, report_every_ns=MINUTE)
    monitor.tell(*tick("BTC/USD", 50_000, 0, 1))
    monitor.tell(*tick("USDT/USD", 1, 0, 1))
    monitor.tell(quote(4_999_000, 5_001_000))
    monitor.tell(deposit("BTC", usd(1), usd(1)))
    return monitor


def trial(monitor: Monitor) -> None:
    """A bad hour, an hour after the start, at another venue and another custodian: everything that ought to be noticed."""
    begin = HOUR
    there: dict[str, Any] = {"venue": "exchange-beta", "account": "fund/trial"}

    def tell(after: int, message: Message) -> None:
        monitor.tell(message, max(START + begin + after * SECOND, monitor.now))

    for number in range(40):
        amount = 50_000 if number < 20 else 40_000
        tell(number * 10, tick("BTC/USD", amount, begin + number * 10 * SECOND, 1_000 + number)[0])
        tell(number * 10, tick("BTC/USDT", amount * 1.2, begin + number * 10 * SECOND, 1_000 + number)[0])
        tell(number * 10, tick("USDT/USD", 0.9, begin + number * 10 * SECOND, 1_000 + number // 2)[0])
        tell(number * 10, quote(5_499_000, 5_501_000, venue="exchange-beta"))
        if number == 2:
            tell(20, replace(deposit("BTC", usd(100), usd(100), "t1"), custodian="other", account="fund/trial"))
            tell(20, replace(deposit("USDT", usd(3_000_000), usd(3_000_000), "t2"), custodian="other", account="fund/trial"))
    at = 400
    tell(at, tick("BTC/USD", 40_000, begin + HOUR, 1_040)[0])
    for order in range(12):
        tell(at, replace(place(f"t{order}"), **there))
        tell(at, replace(rejected(f"t{order}"), **there))
    tell(at, replace(place("late"), **there))
    tell(at, replace(place("never"), **there))
    tell(at + 2, replace(accepted("late"), **there))
    executed = replace(fill(Side.BUY, 1, 40_000, START + begin + 10 * MINUTE, trade_id=77), **there)
    tell(at + 3, replace(cancelled("order", 77), **there))
    tell(at + 3, executed)
    tell(at + 3, executed)
    wrong = ("exchange-beta", "fund/trial", 77, "BTC/USD", Side.SELL, "BTC", 1, "USD", 1, 0, START)
    tell(at + 4, SettlementInstructed("other", *wrong))
    tell(at + 4, TransferRejected("other", "fund/trial", "t3", TransferKind.DEPOSIT, "BTC", 1, TransferRejectReason.REFUSED))
    tell(at + 4, TransferPending("other", "fund/trial", "t4", TransferKind.DEPOSIT, "BTC", 1, START + begin, usd(100)))
    tell(at + 4, HoldingsStated("other", "fund/trial", 0, (HoldingLine("fund/trial", "BTC", "", 1),)))
    tell(at + 5, quote(5_601_000, 5_501_000, venue="exchange-beta"))
    tell(at + 6, quote(5_001_000, 5_501_000, venue="exchange-beta"))
    tell(at + 7, phase(TradingPhase.HALTED, venue="exchange-beta"))
    tell(at + 8, phase(TradingPhase.CONTINUOUS, venue="exchange-beta"))
    monitor.until(START + 3 * HOUR)


def assert_watchful(monitor: Monitor) -> None:
    trial(monitor)
    raised = {one.kind for _, one in monitor.record if isinstance(one, AlertRaised)}
    assert MUST_BE_RAISED - raised == set()
    for _, one in monitor.record:
        # What is said can be written down and read by anybody: whole numbers, and none beyond 64 bits.
        encoded = msgspec.json.decode(msgspec.json.encode(one))
        numbers = [value for value in encoded.values() if isinstance(value, int | float)]
        assert all(isinstance(number, int) and abs(number) < 2**63 for number in numbers), one


def test_without_any_odd_number_the_trial_raises_what_it_should() -> None:
    assert_watchful(watchful())


def test_there_is_an_example_of_everything_that_is_heard() -> None:
    heard = {kind for kind in Risk.hears if not issubclass(kind, WakeUp)}
    assert {type(example) for example in EXAMPLES} == heard - NUMBERLESS
    assert not any(field.type is int for kind in NUMBERLESS for field in msgspec.structs.fields(kind))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda one: type(one).__name__)
def test_an_odd_number_in_any_place_raises_no_error_and_switches_nothing_off(example: Message) -> None:
    odd = variants(example)
    for group in [[one] for one in odd] if CAMPAIGN else [odd]:
        monitor = watchful()
        for one in group:
            monitor.tell(one)
        assert_watchful(monitor)


@pytest.mark.parametrize("odd", [one for one in ODD if type(one) is not int or not 0 < one <= 10**18])
def test_an_odd_limit_is_refused_and_the_old_one_stays(odd: Any) -> None:
    monitor = watchful()
    (said,) = monitor.tell(ChangeLimit("risk", FIRM, LimitKind.POSITION_LONG, "BTC", odd))
    assert isinstance(said, RiskCommandRejected)
    assert_watchful(monitor)


@pytest.mark.parametrize("seed", seeds(3, 300))
def test_odd_numbers_among_good_ones(seed: int) -> None:
    draws = random.Random(seed)
    everything = [one for example in EXAMPLES for one in (example, *variants(example))]
    monitor = watchful()
    for place_in_time in range(300):
        monitor.tell(draws.choice(everything), START + place_in_time * SECOND)
    assert_watchful(monitor)
