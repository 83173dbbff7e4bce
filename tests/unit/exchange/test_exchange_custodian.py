"""A venue and a custodian together: the faucet and its reset, busts and corrections; the record conserves every asset."""

from __future__ import annotations

import heapq
from typing import Any

import pytest
from tests.unit.exchange.conftest import NAME, order

from trading_ecosystem.domains.audit.conservation import ConservationCheck
from trading_ecosystem.domains.custodian.component import Custodian
from trading_ecosystem.domains.custodian.parameters import CustodianParameters
from trading_ecosystem.domains.exchange.book import books
from trading_ecosystem.domains.exchange.component import Exchange
from trading_ecosystem.domains.exchange.parameters import ExchangeParameters, Faucet
from trading_ecosystem.domains.exchange.trades.fee_schedule import FeePayment, FeeTerms
from trading_ecosystem.domains.risk.positions import Positions
from trading_ecosystem.messages.custodian import SettlementCancelled, SettlementSettled, TransferPosted
from trading_ecosystem.messages.envelope import Entry, EntryKind
from trading_ecosystem.messages.exchange import OpenAccount, OrderCancelled
from trading_ecosystem.messages.trading_phases import (
    AskDemoFunds,
    BustTrade,
    CorrectTrade,
    TradeBusted,
    TradeCommandRejected,
    TradeCommandRejectReason,
    TradeCorrected,
)
from trading_ecosystem.messages.units import DAY, INSTRUMENTS, MINUTE, SECOND
from trading_ecosystem.ports.component import Begin, Component, Later
from trading_ecosystem.runtime.randomness import SeededRandomness

START = 1_700_000_000 * SECOND
AMOUNTS = {"USD": 10**12, "BTC": 10**9, "USDT": 10**9}
TRADERS = ("fund/a", "rival/b")


class Both:
    """Delivers what the two say to each other at once, and keeps the record."""

    def __init__(self, **changes: Any) -> None:
        parameters = ExchangeParameters(
            "custodian", ("BTC/USD",), 10 * SECOND, 200, 500, 10 * MINUTE, faucet=Faucet(AMOUNTS, MINUTE), **changes
        )
        self.now = START
        self.exchange = Exchange(NAME, parameters, SeededRandomness(1))
        custodian = Custodian("custodian", CustodianParameters((NAME,)), SeededRandomness(2))
        self.components: dict[str, Component] = {NAME: self.exchange, "custodian": custodian}
        self.entries: list[Entry] = []
        self._number = 0
        self._queue: list[tuple[int, int, str, Any, int | None]] = []
        for name in self.components:
            self._handle(name, Begin(), None)
        for account in (*TRADERS, f"{NAME}-fees", f"{NAME}-house"):
            self.give(OpenAccount(NAME, account))

    def _next(self) -> int:
        self._number += 1
        return self._number

    def _handle(self, name: str, message: Any, cause: int | None) -> list[Any]:
        heard = []
        for one in self.components[name].handle(message, self.now):
            number = self._next()
            if isinstance(one, Later):
                heapq.heappush(self._queue, (one.due_at, number, name, one.message, cause))
                continue
            heard.append(one)
            self.entries.append(Entry(number, self.now, EntryKind.SAID, name, cause, cause or number, one))
            for other, component in self.components.items():
                if type(one) in component.hears and getattr(one, type(one).addressed_by or "", None) == other != name:
                    heapq.heappush(self._queue, (self.now, number, other, one, number))
        return heard

    def give(self, message: Any) -> list[Any]:
        number = self._next()
        self.entries.append(Entry(number, self.now, EntryKind.INPUT, "door", None, number, message))
        return self._handle(NAME, message, number) + self.until(self.now)

    def until(self, at: int) -> list[Any]:
        said = []
        while self._queue and self._queue[0][0] <= at:
            due_at, _, name, message, cause = heapq.heappop(self._queue)
            self.now = max(self.now, due_at)
            said += self._handle(name, message, cause)
        self.now = at
        return said

    def claim(self, account: str, asset: str) -> tuple[int, int]:
        claim = self.exchange.claims.of(account, asset)
        return (claim.available, claim.held)

    def findings(self) -> list[Any]:
        check = ConservationCheck()
        return [found for entry in self.entries for found in check.ingest(entry)] + check.finish()


def supplied(**changes: Any) -> Both:
    """Both traders have been to the faucet for every asset."""
    both = Both(**changes)
    for account in TRADERS:
        for asset in AMOUNTS:
            both.give(AskDemoFunds(NAME, account, f"first-{asset}", asset))
    both.until(both.now + MINUTE)
    return both


def test_the_faucet_deposits_and_pledges_by_the_book() -> None:
    both = supplied()
    for account in TRADERS:
        assert {asset: both.claim(account, asset) for asset in AMOUNTS} == {asset: (much, 0) for asset, much in AMOUNTS.items()}
    posted = [entry.message for entry in both.entries if isinstance(entry.message, TransferPosted)]
    assert len(posted) == 2 * len(TRADERS) * len(AMOUNTS)
    assert both.findings() == []


def test_one_request_id_serves_for_every_asset() -> None:
    both = Both()
    for asset in AMOUNTS:
        both.give(AskDemoFunds(NAME, "fund/a", "the same", asset))
    both.until(both.now + MINUTE)
    assert {asset: both.claim("fund/a", asset)[0] for asset in AMOUNTS} == AMOUNTS


def test_a_reset_cancels_and_brings_what_is_available_to_the_stated_amount() -> None:
    both = supplied()
    both.give(order("rival/b", "ask", "sell", 1_000, 100_00))
    both.give(order("fund/a", "bid", "buy", 1_000, 100_00))
    both.give(order("fund/a", "waits", "buy", 1_000, 90_00))
    both.until(both.now + DAY)
    said = []
    for asset in ("USD", "BTC"):
        for account in TRADERS:
            said += both.give(AskDemoFunds(NAME, account, f"again-{asset}", asset, reset=True))
    said += both.until(both.now + DAY)
    assert [each.client_order_id for each in said if isinstance(each, OrderCancelled)] == ["waits"]
    for account in TRADERS:
        for asset in ("USD", "BTC"):
            assert both.claim(account, asset) == (AMOUNTS[asset], 0)
    assert both.findings() == []


@pytest.mark.parametrize("book", books.available())
@pytest.mark.parametrize("payment", list(FeePayment))
def test_a_bust_and_a_correction_reach_the_custodian_and_risk(payment: FeePayment, book: str) -> None:
    fees = FeeTerms(payment=payment, third_asset="USDT", conversion_ppm={"USD": 1_000_000})
    both = supplied(book=book, fees=fees)
    before = {(account, asset): both.claim(account, asset) for account in TRADERS for asset in AMOUNTS}
    for name in ("one", "two"):
        both.give(order("rival/b", name, "sell", 1_000, 100_00))
        both.give(order("fund/a", name, "buy", 1_000, 100_00))
    corrected = both.give(CorrectTrade(NAME, "BTC/USD", 2, 95_00))
    assert len([each for each in corrected if isinstance(each, TradeCorrected)]) == 2
    busted = both.give(BustTrade(NAME, "BTC/USD", 1))
    assert len([each for each in busted if isinstance(each, TradeBusted)]) == 2
    assert sorted(each.account for each in busted if isinstance(each, SettlementCancelled)) == sorted(TRADERS)
    settled = [each for each in both.until(both.now + DAY) if isinstance(each, SettlementSettled)]
    assert sorted((each.account, each.trade_id) for each in settled) == [(account, 2) for account in sorted(TRADERS)]
    assert both.findings() == []
    positions = Positions("fund")
    followed = {TransferPosted: "transfer_posted", SettlementSettled: "settlement_settled", TradeBusted: "trade_busted"}
    followed |= {TradeCorrected: "trade_corrected"}
    for entry in both.entries:
        name = followed.get(type(entry.message))
        name = "order_filled" if type(entry.message).__name__ == "OrderFilled" else name
        if name is not None and entry.message.account == "fund/a":  # type: ignore[attr-defined]
            getattr(positions, name)(entry.message)
    for asset in AMOUNTS:
        assert positions.totals.get(asset, 0) == sum(both.claim("fund/a", asset)), asset
    changes = {asset: both.claim("fund/a", asset)[0] - before["fund/a", asset][0] for asset in AMOUNTS}
    notional = INSTRUMENTS["BTC/USD"].notional(95_00, 1_000)
    base = INSTRUMENTS["BTC/USD"].base_amount(1_000)
    expected = {"USD": -notional, "BTC": base, "USDT": 0}
    charged = {FeePayment.QUOTE: ("USD", notional), FeePayment.BASE: ("BTC", base), FeePayment.THIRD: ("USDT", notional)}
    asset, amount = charged[payment]
    expected[asset] -= -(-amount * 500 // 10**6)
    assert changes == expected
    total = {asset: sum(both.claim(who, asset)[0] for who in (*TRADERS, f"{NAME}-fees")) for asset in AMOUNTS}
    assert total == {asset: 2 * much for asset, much in AMOUNTS.items()}


def test_what_cannot_be_undone_is_refused_in_order() -> None:
    both = supplied()
    both.give(order("rival/b", "one", "sell", 1_000, 100_00))
    both.give(order("fund/a", "one", "buy", 1_000, 100_00))

    def reason(command: Any) -> TradeCommandRejectReason:
        (said,) = both.give(command)
        assert isinstance(said, TradeCommandRejected)
        return said.reason

    reasons = TradeCommandRejectReason
    assert reason(BustTrade(NAME, "BTC/USD", 7)) is reasons.UNKNOWN_TRADE
    assert reason(CorrectTrade(NAME, "BTC/USD", 1, 0)) is reasons.INVALID_PRICE
    assert reason(CorrectTrade(NAME, "BTC/USD", 1, 10**9)) is reasons.INSUFFICIENT_CLAIM
    both.until(both.now + 9 * MINUTE + 1)
    assert reason(CorrectTrade(NAME, "BTC/USD", 1, 0)) is reasons.TOO_LATE
    assert both.findings() == []
