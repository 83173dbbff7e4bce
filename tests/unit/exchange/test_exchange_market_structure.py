"""Trading days with auctions, halts, statuses, the faucet, and fees in other assets, at the venue's door."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.unit.exchange.conftest import NAME

from trading_ecosystem.domains.exchange.parameters import Faucet
from trading_ecosystem.domains.exchange.rules.trading_calendar import TradingCalendar
from trading_ecosystem.domains.exchange.rules.trading_day import PhaseDue
from trading_ecosystem.domains.exchange.trades.fee_schedule import FeePayment, FeeTerms
from trading_ecosystem.messages.exchange import OrderFilled
from trading_ecosystem.messages.orders import Liquidity, RejectReason, TradingPhase
from trading_ecosystem.messages.trading_phases import (
    AccountStatus,
    AskDemoFunds,
    AuctionUncrossed,
    DemoFundsGranted,
    DemoFundsRefused,
    HaltTrading,
    KycStatus,
    ResumeTrading,
    SetAccountStatus,
    TradingPhaseChanged,
)
from trading_ecosystem.messages.units import DAY, HOUR

EVERY_DAY = TradingCalendar(8 * HOUR, 9 * HOUR, 10 * HOUR, 17 * HOUR, 18 * HOUR, weekdays=(0, 1, 2, 3, 4, 5, 6))


def until(venue: Any, at: int) -> list[Any]:
    """Let the calendar act until an instant."""
    said: list[Any] = []
    while due := [wish for wish in venue.wake_ups if isinstance(wish.message, PhaseDue) and wish.due_at <= at]:
        venue.wake_ups.remove(due[0])
        said += venue.send(due[0].message, due[0].due_at)
    venue.now = at
    return said


def test_a_trading_day_opens_with_an_auction_and_closes(new_venue: Callable[..., Any]) -> None:
    venue = new_venue(calendar=EVERY_DAY, maker_fee_ppm=0, taker_fee_ppm=0)
    venue.fund("fund/a", USD=10**10)
    venue.fund("fund/b", BTC=10**10)
    assert venue.place("fund/a", "early", "buy", 5, 100)[0].reason is RejectReason.WRONG_PHASE
    until(venue, 9 * HOUR)
    venue.place("fund/a", "bid", "buy", 5, 100)
    venue.place("fund/b", "ask", "sell", 3, 98)
    said = until(venue, 20 * HOUR)
    phases = [message.phase for message in said if isinstance(message, TradingPhaseChanged)]
    assert phases == [TradingPhase.CONTINUOUS, TradingPhase.CLOSING_AUCTION, TradingPhase.CLOSED]
    opening = next(message for message in said if isinstance(message, AuctionUncrossed))
    fills = [message for message in said if isinstance(message, OrderFilled)]
    assert (opening.price_ticks, opening.volume_lots) == (fills[0].price_ticks, 3)
    assert [fill.liquidity for fill in fills] == [Liquidity.AUCTION] * 2
    assert venue.claim("fund/a", "USD")[1] == 2 * 100


def test_a_halt_takes_no_orders_until_it_is_lifted(new_venue: Callable[..., Any]) -> None:
    venue = new_venue()
    venue.fund("fund/a", USD=10**10)
    assert [message.phase for message in venue.send(HaltTrading(NAME, "BTC/USD"))] == [TradingPhase.HALTED]
    assert venue.place("fund/a", "one", "buy", 1, 100)[0].reason is RejectReason.WRONG_PHASE
    assert venue.send(ResumeTrading(NAME, "BTC/USD"))[-1].phase is TradingPhase.CONTINUOUS


def test_status_and_kyc_decide_who_may_place(new_venue: Callable[..., Any]) -> None:
    venue = new_venue(kyc_required=True)
    venue.fund("fund/a", USD=10**10)
    assert venue.place("fund/a", "one", "buy", 1, 100)[0].reason is RejectReason.KYC_INCOMPLETE
    for status, reason in (
        (AccountStatus.SUSPENDED, RejectReason.ACCOUNT_SUSPENDED),
        (AccountStatus.CLOSED, RejectReason.ACCOUNT_CLOSED),
        (AccountStatus.ACTIVE, RejectReason.ACCOUNT_CLOSED),
    ):
        venue.send(SetAccountStatus(NAME, "fund/a", status, KycStatus.VERIFIED))
        assert venue.place("fund/a", "one", "buy", 1, 100)[0].reason is reason


def test_the_faucet_gives_once_in_its_time(new_venue: Callable[..., Any]) -> None:
    venue = new_venue(faucet=Faucet({"USD": 10**9}))
    venue.fund("fund/a")
    granted = venue.send(AskDemoFunds(NAME, "fund/a", "r1", "USD"))
    assert granted == [DemoFundsGranted("custodian", NAME, "fund/a", "r1", "USD", 10**9)]
    assert venue.send(AskDemoFunds(NAME, "fund/a", "r2", "USD")) == [DemoFundsRefused(NAME, "fund/a", "r2", "USD", DAY)]


def test_a_fee_in_a_third_asset_is_held_and_paid_there(new_venue: Callable[..., Any], monkeypatch: Any) -> None:
    fees = FeeTerms(payment=FeePayment.THIRD, third_asset="USDT", conversion_ppm={"USD": 1_000_000})
    venue = new_venue(fees=fees)
    monkeypatch.setattr(venue, "_check_trade", lambda *_: None)  # which knows fees in the quote asset alone
    for account in ("fund/a", "fund/b"):
        venue.fund(account, BTC=10**10, USD=10**13, USDT=10**10)
    venue.fund(f"{NAME}-fees")
    venue.place("fund/b", "ask", "sell", 500, 10_000)
    assert venue.claim("fund/b", "USDT")[1] == 500 * 10_000 * 500 // 10**6 + 500
    venue.place("fund/a", "bid", "buy", 500, 10_000)
    assert venue.claim("fund/a", "USDT") == (10**10 - 2_500, 0)
    assert venue.claim("fund/b", "USDT") == (10**10 - 1_000, 0)
    assert venue.claim(f"{NAME}-fees", "USDT") == (3_500, 0)
