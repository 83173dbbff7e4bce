"""The trading state, the kill switch and the circuit breaker of the monitor."""

from __future__ import annotations

import pytest
from tests.unit.risk.monitor import FIRM, HOUR, MAKER, MINUTE, START, WHOLE, Monitor, deposit, fill, pledge, usd

from trading_ecosystem.domains.risk.parameters import BreakerParameters, LimitParameters
from trading_ecosystem.messages.base import Message
from trading_ecosystem.messages.exchange import CancelOrder, OrderAccepted
from trading_ecosystem.messages.order_handling import MassCancel
from trading_ecosystem.messages.orders import OrderType, Side, TimeInForce
from trading_ecosystem.messages.risk import ChangeLimit, LimitKind, LimitSet, RiskCommandRejected
from trading_ecosystem.messages.trading_state import (
    PullKillSwitch,
    SetTradingState,
    TradingState,
    TradingStateChanged,
    TradingStateOrigin,
    TradingStateQuestion,
)

VENUE = "exchange-alpha"
PULL = PullKillSwitch("risk", FIRM, "ada", "runaway")
LIMITS = (
    LimitParameters(LimitKind.POSITION_LONG, "BTC", WHOLE),
    LimitParameters(LimitKind.POSITION_LONG, "ETH", WHOLE),
    LimitParameters(LimitKind.POSITION_LONG, "USDT", WHOLE),
    LimitParameters(LimitKind.POSITION_LONG, "USD", WHOLE),
)


def states(said: list[Message]) -> list[tuple[TradingState, TradingStateOrigin, int]]:
    return [(one.state, one.origin, one.version) for one in said if isinstance(one, TradingStateChanged)]


def accepted(name: str = "bot-1") -> OrderAccepted:
    terms = (OrderType.LIMIT, TimeInForce.GOOD_TILL_CANCEL)
    return OrderAccepted(VENUE, MAKER, name, 7, "BTC/USD", Side.BUY, *terms, 100, 5, False)


def traded() -> Monitor:
    """A firm that may trade on one account at one venue, and has an unsettled fill of another at another."""
    one = Monitor()
    one.tell(deposit("USD", usd(100), usd(100)))
    one.tell(pledge("USD", usd(50), usd(50), usd(50)))
    one.tell(fill(Side.BUY, 0.1, 100, START + HOUR, venue="exchange-beta", account="fund/taker"))
    return one


def test_the_kill_switch_halts_and_cancels_everything_everywhere():
    one = traded()
    said = one.tell(PULL)
    assert said == [
        TradingStateChanged(
            FIRM, TradingState.HALTED, TradingStateOrigin.KILL_SWITCH, "ada", "runaway", 1, changed_at=START, resets_at=0
        ),
        MassCancel(VENUE, MAKER),
        MassCancel("exchange-beta", "fund/taker"),
    ]
    assert one.tell(accepted()) == [CancelOrder(VENUE, MAKER, "bot-1")]
    again = one.tell(PULL, START + MINUTE)
    assert states(again) == [(TradingState.HALTED, TradingStateOrigin.KILL_SWITCH, 2)]
    assert len(again) == 3


def test_only_a_person_ends_it():
    one = traded()
    one.tell(PULL)
    assert states(one.until(START + 30 * 24 * HOUR)) == []
    said = one.tell(SetTradingState("risk", FIRM, TradingState.ACTIVE, "", "time heals"))
    assert [type(message) for message in said] == [RiskCommandRejected]
    said = one.tell(SetTradingState("risk", "other", TradingState.ACTIVE, "eve", "mine"))
    assert [type(message) for message in said] == [RiskCommandRejected]
    assert one.risk.answer(TradingStateQuestion()).state is TradingState.HALTED
    said = one.tell(SetTradingState("risk", FIRM, TradingState.ACTIVE, "ada", "fixed"))
    assert states(said) == [(TradingState.ACTIVE, TradingStateOrigin.PERSON, 2)]
    assert len(said) == 1
    assert one.tell(accepted()) == []


def test_reducing_cancels_once_and_lets_venues_accept():
    one = traded()
    said = one.tell(SetTradingState("risk", FIRM, TradingState.REDUCING, "ada", "nervous"))
    assert states(said) == [(TradingState.REDUCING, TradingStateOrigin.PERSON, 1)]
    assert len(said) == 3
    assert one.tell(accepted()) == []


def test_a_kill_switch_that_is_never_pulled_says_nothing():
    one = traded()
    assert one.tell(accepted()) == []
    standing = one.risk.answer(TradingStateQuestion())
    assert (standing.state, standing.version, standing.since, standing.origin) == (TradingState.ACTIVE, 0, START, None)


def critical(one: Monitor, asset: str, at: int) -> list[Message]:
    """Make a position limit critical; what is said then, and at that very instant by what was woken."""
    said = one.tell(deposit(asset, WHOLE, WHOLE, f"{asset}-{at}"), at)
    return said + one.until(at)


def broken(breaker: BreakerParameters) -> Monitor:
    return Monitor(LIMITS, breaker=breaker)


def test_the_breaker_breaks_at_the_third_critical_alert_within_the_window_and_resets_itself():
    one = broken(BreakerParameters())
    assert states(critical(one, "BTC", START)) == []
    assert states(critical(one, "ETH", START + 50 * MINUTE)) == []
    # The first is an hour old, so this is the second that counts.
    assert states(critical(one, "USDT", START + HOUR)) == []
    said = critical(one, "USD", START + HOUR + MINUTE)
    assert states(said) == [(TradingState.HALTED, TradingStateOrigin.CIRCUIT_BREAKER, 1)]
    (changed,) = [message for message in said if isinstance(message, TradingStateChanged)]
    assert changed.reason == "3 alerts became critical within 60 min"
    resets_at = START + 2 * HOUR + MINUTE
    assert changed.resets_at == resets_at
    assert states(one.until(resets_at - 1)) == []
    assert states(one.until(resets_at)) == [(TradingState.ACTIVE, TradingStateOrigin.BREAKER_RESET, 2)]


def test_a_person_between_makes_the_reset_void():
    one = broken(BreakerParameters(triggers=1, to=TradingState.REDUCING))
    assert states(critical(one, "BTC", START)) == [(TradingState.REDUCING, TradingStateOrigin.CIRCUIT_BREAKER, 1)]
    assert states(one.tell(PULL)) == [(TradingState.HALTED, TradingStateOrigin.KILL_SWITCH, 2)]
    assert states(one.until(START + 5 * HOUR)) == []
    assert one.risk.answer(TradingStateQuestion()).state is TradingState.HALTED


def test_a_breaker_leaves_a_state_that_is_not_active_alone():
    one = broken(BreakerParameters(triggers=1))
    one.tell(SetTradingState("risk", FIRM, TradingState.REDUCING, "ada", "nervous"))
    assert states(critical(one, "BTC", START)) == []


def test_without_a_breaker_nothing_is_counted():
    one = Monitor(LIMITS)
    for asset in ("BTC", "ETH", "USDT", "USD"):
        assert states(critical(one, asset, START)) == []


def test_who_changed_a_limit_and_why_is_said():
    one = Monitor(LIMITS)
    said = one.tell(ChangeLimit("risk", FIRM, LimitKind.POSITION_LONG, "BTC", 2 * WHOLE, "ada", "more capital"))
    assert said == [LimitSet(FIRM, LimitKind.POSITION_LONG, "BTC", 2 * WHOLE, 2, "ada", "more capital")]


@pytest.mark.parametrize("by", ["", "ada"])
def test_a_pull_needs_a_name(by: str):
    said = traded().tell(PullKillSwitch("risk", FIRM, by, "now"))
    assert isinstance(said[0], TradingStateChanged if by else RiskCommandRejected)


def test_what_broke_the_circuit_once_does_not_count_again():
    one = broken(BreakerParameters(triggers=2, within_ns=HOUR, resets_after_ns=MINUTE))
    critical(one, "BTC", START)
    assert states(critical(one, "ETH", START)) == [(TradingState.HALTED, TradingStateOrigin.CIRCUIT_BREAKER, 1)]
    one.until(START + MINUTE)
    assert states(critical(one, "USDT", START + 2 * MINUTE)) == []
    assert states(critical(one, "USD", START + 3 * MINUTE)) == [(TradingState.HALTED, TradingStateOrigin.CIRCUIT_BREAKER, 3)]
