"""Every reason to refuse an order, a replacement or a cancel, each against a command that violates later ones too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.unit.exchange.conftest import NAME

from trading_ecosystem.domains.exchange.accounts.rate_limits import RateLimit
from trading_ecosystem.domains.exchange.book import books
from trading_ecosystem.domains.exchange.book.book import MAXIMUM_LOTS, MAXIMUM_TICKS
from trading_ecosystem.domains.exchange.matching.matching_parameters import MatchingParameters
from trading_ecosystem.domains.exchange.rules.trading_rules import TickBand, TradingRules
from trading_ecosystem.messages.exchange import CancelRejected, OrderRejected
from trading_ecosystem.messages.order_handling import ListedOrder, PlaceOrderList, ReplaceOrder, ReplaceRejected
from trading_ecosystem.messages.orders import (
    CancelRejectReason,
    ContingencyType,
    OrderTerms,
    OrderType,
    PegReference,
    RejectReason,
    Side,
    TimeInForce,
)
from trading_ecosystem.messages.trading_phases import AccountStatus, HaltTrading, KycStatus, SetAccountStatus
from trading_ecosystem.messages.units import MINUTE, PARTS_PER_MILLION, SECOND
from trading_ecosystem.messages.venue_conditions import VenueConditionKind, VenueConditionSet

R = RejectReason
RULES = TradingRules((TickBand(100, 5),), 2, 4, 10**9, 500)
"""From 100 on a step of 5; even quantities of 4 and more; a notional of 500 and more."""
IOC, FOK, GTC = TimeInForce.IMMEDIATE_OR_CANCEL, TimeInForce.FILL_OR_KILL, TimeInForce.GOOD_TILL_CANCEL
TOO_DEAR = {"lots": 10**9 - 10**9 % 2}
"""Nobody here can pay for so many."""
CONTRADICTING = OrderTerms(hidden=True, display_lots=2)
TWO_TOKENS = {"rate_limit": RateLimit(burst=2, refill_ns=SECOND)}
BAND = {"matching": {"BTC/USD": MatchingParameters(dynamic_band_ppm=100_000)}}


def suspended(venue: Any) -> None:
    venue.send(SetAccountStatus(NAME, "fund/a", AccountStatus.SUSPENDED, KycStatus.NONE))


def closed(venue: Any) -> None:
    venue.send(SetAccountStatus(NAME, "fund/a", AccountStatus.CLOSED, KycStatus.NONE))


def verified_but_once(venue: Any) -> None:
    """``fund/a`` has spent its tokens, and is no longer verified."""
    venue.send(SetAccountStatus(NAME, "fund/a", AccountStatus.ACTIVE, KycStatus.VERIFIED))
    spent(venue)
    venue.send(SetAccountStatus(NAME, "fund/a", AccountStatus.ACTIVE, KycStatus.PENDING))


def spent(venue: Any) -> None:
    for name in ("spent-1", "spent-2"):
        venue.place("fund/a", name, "buy", 0)


def ended(venue: Any) -> None:
    venue.place("fund/a", "ended", "buy", 6, 90)
    venue.cancel("fund/a", "ended")


def refused(venue: Any) -> None:
    venue.place("fund/a", "ended", "buy", 0, 90)


def refusing(venue: Any) -> None:
    """The venue takes no order, and has refused one for that already."""
    kind = VenueConditionKind.VENUE_REJECT
    venue.send(VenueConditionSet(NAME, "refusing", kind, MINUTE, probability_ppm=PARTS_PER_MILLION))
    venue.place("rival", "refused", "buy", 6, 100)


def halted(venue: Any) -> None:
    venue.send(HaltTrading(NAME, "BTC/USD"))


def halted_and_empty(venue: Any) -> None:
    venue.cancel("fund/b", "used")
    halted(venue)


def traded_at_100(venue: Any) -> None:
    venue.place("rival", "taken", "sell", 10, 100)
    venue.place("fund/a", "taker", "buy", 6, 100)
    venue.place("fund/a", "taker-2", "buy", 6, 100)


def wide(venue: Any) -> None:
    venue.place("rival", "bid", "buy", 10, 60)


def nothing(venue: Any) -> None:
    venue.cancel("fund/b", "used")


def nobody_asks_more(_: Any) -> None:
    """The market stays with the one ask."""


OWN = {"account": "fund/b", "price": 100}
Case = tuple[RejectReason, dict[str, Any], Callable[[Any], None], dict[str, Any]]
# The reason, the venue's settings, what happens before, and the order. One ask of fund/b stands: 6 lots at 100, "used".
CASES: list[Case] = [
    (R.UNKNOWN_ACCOUNT, {}, nobody_asks_more, {"account": "nobody", "instrument": "DOGE/USD"}),
    (R.UNKNOWN_ACCOUNT, {}, nobody_asks_more, {"account": f"{NAME}-fees", "instrument": "DOGE/USD"}),
    (R.ACCOUNT_SUSPENDED, {"kyc_required": True}, suspended, {"instrument": "DOGE/USD"}),
    (R.ACCOUNT_CLOSED, {"kyc_required": True}, closed, {"instrument": "DOGE/USD"}),
    (R.KYC_INCOMPLETE, {"kyc_required": True, **TWO_TOKENS}, verified_but_once, {"instrument": "DOGE/USD"}),
    (R.RATE_LIMITED, TWO_TOKENS, spent, {"instrument": "DOGE/USD"}),
    (R.UNKNOWN_INSTRUMENT, {}, nobody_asks_more, {"instrument": "DOGE/USD", "name": ""}),
    (R.INVALID_CLIENT_ORDER_ID, {}, nobody_asks_more, {"name": "", "lots": 0}),
    (R.INVALID_CLIENT_ORDER_ID, {}, nobody_asks_more, {"name": "x" * 37, "lots": 0}),
    (R.DUPLICATE_CLIENT_ORDER_ID, {}, nobody_asks_more, {"account": "fund/b", "name": "used", "lots": 0}),
    (R.DUPLICATE_CLIENT_ORDER_ID, {}, ended, {"name": "ended", "lots": 1}),
    (R.DUPLICATE_CLIENT_ORDER_ID, {}, refused, {"name": "ended", "lots": 1}),
    *(
        (R.INVALID_QUANTITY, {}, nobody_asks_more, {"lots": lots, "price": 101})
        for lots in (0, -4, 2, 5, 10**9 + 2, MAXIMUM_LOTS + 1, 2**63)
    ),
    *(
        (R.INVALID_PRICE, {}, nobody_asks_more, {"price": price, "order_type": OrderType.LIMIT, "post_only": True, "tif": IOC})
        for price in (0, -5, 101, MAXIMUM_TICKS + 1, 2**63)
    ),
    (
        R.INVALID_PRICE,
        {},
        nobody_asks_more,
        {"order_type": OrderType.STOP, "price": 0, "terms": OrderTerms(stop_price_ticks=101, hidden=True)},
    ),
    (R.INVALID_NOTIONAL, {}, nobody_asks_more, {"price": 95, "lots": 4, "tif": IOC, "post_only": True}),
    (R.INVALID_TIME_IN_FORCE, {}, nobody_asks_more, {"tif": IOC, "post_only": True, "terms": CONTRADICTING}),
    (R.INVALID_TIME_IN_FORCE, {}, nobody_asks_more, {"price": 0, "tif": GTC, "terms": CONTRADICTING}),
    (R.INVALID_TERMS, {}, halted, {"terms": CONTRADICTING}),
    (R.WRONG_PHASE, BAND, halted, {"price": 300, **TOO_DEAR}),
    (
        R.WRONG_PHASE,
        {},
        halted_and_empty,
        {"price": 0, "order_type": OrderType.PEGGED, "tif": GTC, "terms": OrderTerms(peg=PegReference.PRIMARY)},
    ),
    (R.PRICE_OUTSIDE_BAND, BAND, traded_at_100, {"account": "rival", "price": 115, "tif": FOK, **TOO_DEAR}),
    (R.SPREAD_TOO_WIDE, {"spread": 100_000}, wide, {"price": 0, "tif": FOK, **TOO_DEAR}),
    (R.NO_LIQUIDITY, {}, nothing, {"price": 0, "tif": FOK, "terms": OrderTerms(reduce_only=True)}),
    (R.POST_ONLY_WOULD_TAKE, {}, nobody_asks_more, {**OWN, "post_only": True, **TOO_DEAR}),
    (R.FILL_OR_KILL_UNFILLABLE, {}, nobody_asks_more, {**OWN, "tif": FOK, "terms": OrderTerms(minimum_lots=8), **TOO_DEAR}),
    (R.MINIMUM_QUANTITY_UNFILLABLE, {}, nobody_asks_more, {**OWN, "terms": OrderTerms(minimum_lots=8), **TOO_DEAR}),
    (R.SELF_TRADE, {}, nobody_asks_more, {**OWN, "terms": OrderTerms(reduce_only=True), **TOO_DEAR}),
    (R.WOULD_INCREASE_POSITION, {}, nobody_asks_more, {"terms": OrderTerms(reduce_only=True), **TOO_DEAR}),
    (R.INSUFFICIENT_CLAIM, {"book_capacity": 1}, nobody_asks_more, TOO_DEAR),
    (R.BOOK_FULL, {"book_capacity": 1}, refusing, {"lots": 8}),
    (R.EXCHANGE_OPTION, {}, refusing, {}),
]
REPLACED = [R.UNKNOWN_ORDER, R.ORDER_ENDED]
OF_THE_VENUE = [R.DUPLICATE_ORDER_ID]
"""The venue numbers orders itself: nobody can hear it."""


def test_the_cases_name_every_reason_in_its_order() -> None:
    named = list(dict.fromkeys(case[0] for case in CASES))
    assert named == [one for one in RejectReason if one not in (*REPLACED, *OF_THE_VENUE, R.LIST_REFUSED)]


def opened(new_venue: Callable[..., Any], book: str, changes: dict[str, Any]) -> Any:
    """A venue where ``fund/b`` asks for 100 with 6 lots."""
    settings = dict(changes)
    rules = RULES
    if spread := settings.pop("spread", 0):
        rules = TradingRules((TickBand(100, 5),), 2, 4, 10**9, 500, maximum_spread_ppm=spread)
    venue = new_venue(book=book, rules={"BTC/USD": rules}, **settings)
    for account in ("fund/a", "fund/b", "rival"):
        venue.fund(account, BTC=10**10, USD=10**9)
        if settings.get("kyc_required") and account != "fund/a":
            venue.send(SetAccountStatus(NAME, account, AccountStatus.ACTIVE, KycStatus.VERIFIED))
    venue.fund(f"{NAME}-fees")
    venue.place("fund/b", "used", "sell", 6, 100)
    return venue


@pytest.mark.parametrize("book", books.available())
@pytest.mark.parametrize("case", CASES, ids=[f"{number}-{case[0]}" for number, case in enumerate(CASES)])
def test_the_first_reason_in_the_documented_order_is_said(new_venue: Callable[..., Any], case: Case, book: str) -> None:
    reason, changes, prepare, wanted = case
    venue = opened(new_venue, book, changes)
    prepare(venue)
    before = (venue.book(), dict(venue.ledger), len(venue.exchange.orders.open))
    asked = {"account": "fund/a", "name": "new", "side": "buy", "lots": 6, "price": 100, **wanted}
    account, name, side, lots, price = (asked.pop(key) for key in ("account", "name", "side", "lots", "price"))
    if "tif" in asked:
        asked["time_in_force"] = asked.pop("tif")
    said = venue.place(account, name, side, lots, price, **asked)
    retry_at = SECOND if reason is R.RATE_LIMITED else 0
    assert said == [OrderRejected(NAME, account, name, asked.get("instrument", "BTC/USD"), reason, retry_at)]
    assert (venue.book(), dict(venue.ledger), len(venue.exchange.orders.open)) == before


@pytest.mark.parametrize("book", books.available())
def test_a_list_is_refused_whole_and_names_the_reason_of_each(new_venue: Callable[..., Any], book: str) -> None:
    venue = opened(new_venue, book, {})
    good = ListedOrder("good", "BTC/USD", Side.BUY, OrderType.LIMIT, GTC, 90, 6)
    bad = ListedOrder("bad", "BTC/USD", Side.BUY, OrderType.LIMIT, GTC, 90, 5)
    said = venue.send(PlaceOrderList(NAME, "fund/a", ContingencyType.ONE_CANCELS_THE_OTHER, (good, bad)))
    assert [(one.client_order_id, one.reason) for one in said] == [("good", R.LIST_REFUSED), ("bad", R.INVALID_QUANTITY)]
    assert venue.claim("fund/a", "USD") == (10**9, 0)


def partly_filled(venue: Any) -> None:
    venue.place("fund/a", "bid", "buy", 10, 100)


def resting(venue: Any) -> None:
    venue.place("fund/a", "bid", "buy", 10, 90)


def post_only(venue: Any) -> None:
    venue.place("fund/a", "bid", "buy", 10, 90, post_only=True)
    venue.place("fund/a", "own", "sell", 6, 100)


def beside_its_own(venue: Any) -> None:
    venue.place("fund/a", "bid", "buy", 10, 90)
    venue.place("fund/a", "own", "sell", 6, 99)


def and_then(*steps: Callable[[Any], None]) -> Callable[[Any], None]:
    def all_of_them(venue: Any) -> None:
        for step in steps:
            step(venue)

    return all_of_them


def spend_one(venue: Any) -> None:
    venue.place("fund/a", "spent", "buy", 0)


DEAR = 10**8
# Reason, settings, what happens before, account, name, and the price, quantity and stop price asked for.
REPLACEMENTS: list[tuple[RejectReason, dict[str, Any], Callable[[Any], None], str, str, tuple[int, int, int]]] = [
    (R.UNKNOWN_ACCOUNT, {}, resting, "nobody", "none", (101, 0, 0)),
    (R.ACCOUNT_SUSPENDED, {}, and_then(resting, suspended), "fund/a", "bid", (101, 0, 0)),
    (R.ACCOUNT_CLOSED, {}, and_then(resting, closed), "fund/a", "bid", (101, 0, 0)),
    (R.RATE_LIMITED, TWO_TOKENS, and_then(resting, spend_one), "fund/a", "none", (101, 0, 0)),
    (R.UNKNOWN_ORDER, {}, resting, "fund/a", "none", (101, 0, 0)),
    (R.UNKNOWN_ORDER, {}, resting, "rival", "bid", (101, 0, 0)),
    (R.ORDER_ENDED, {}, ended, "fund/a", "ended", (101, 0, 0)),
    (R.ORDER_ENDED, {}, refused, "fund/a", "ended", (101, 0, 0)),
    (R.ORDER_ENDED, {}, lambda venue: venue.place("fund/a", "hit", "buy", 6, 100), "fund/a", "hit", (101, 0, 0)),
    *((R.INVALID_QUANTITY, {}, partly_filled, "fund/a", "bid", (101, lots, 0)) for lots in (0, 5, 6, -4, MAXIMUM_LOTS + 1)),
    *((R.INVALID_PRICE, {}, resting, "fund/a", "bid", (price, 4, 7)) for price in (0, -5, 101, MAXIMUM_TICKS + 1)),
    (R.INVALID_NOTIONAL, {}, resting, "fund/a", "bid", (95, 4, 90)),
    (R.INVALID_TERMS, {}, and_then(resting, halted), "fund/a", "bid", (90, 10, 90)),
    (R.WRONG_PHASE, BAND, and_then(resting, halted), "fund/a", "bid", (DEAR, 10, 0)),
    (R.PRICE_OUTSIDE_BAND, BAND, and_then(traded_at_100, resting, beside_its_own), "fund/a", "bid", (DEAR, 10, 0)),
    (R.POST_ONLY_WOULD_TAKE, {}, post_only, "fund/a", "bid", (DEAR, 10, 0)),
    (R.SELF_TRADE, {}, beside_its_own, "fund/a", "bid", (DEAR, 10, 0)),
    (R.INSUFFICIENT_CLAIM, {}, resting, "fund/a", "bid", (DEAR, 10, 0)),
]


@pytest.mark.parametrize("book", books.available())
@pytest.mark.parametrize("case", REPLACEMENTS, ids=[f"{number}-{case[0]}" for number, case in enumerate(REPLACEMENTS)])
def test_the_first_reason_against_a_replacement_is_said(new_venue: Callable[..., Any], case: Any, book: str) -> None:
    reason, changes, prepare, account, name, (price, lots, stop) = case
    venue = opened(new_venue, book, changes)
    prepare(venue)
    before = (venue.book(), dict(venue.ledger), len(venue.exchange.orders.open))
    said = venue.send(ReplaceOrder(NAME, account, name, price, lots, stop))
    retry_at = SECOND if reason is R.RATE_LIMITED else 0
    assert said == [ReplaceRejected(NAME, account, name, reason, retry_at)]
    assert (venue.book(), dict(venue.ledger), len(venue.exchange.orders.open)) == before


@pytest.mark.parametrize("book", books.available())
def test_every_reason_against_a_cancel(new_venue: Callable[..., Any], book: str) -> None:
    venue = opened(new_venue, book, {"rate_limit": RateLimit(burst=2, refill_ns=SECOND, cancel_weight=1)})
    venue.place("fund/a", "hit", "buy", 6, 100)
    assert venue.cancel("fund/a", "none") == [CancelRejected(NAME, "fund/a", "none", CancelRejectReason.UNKNOWN_ORDER)]
    assert venue.cancel("fund/b", "hit") == [CancelRejected(NAME, "fund/b", "hit", CancelRejectReason.UNKNOWN_ORDER)]
    assert venue.cancel("fund/a", "hit") == [CancelRejected(NAME, "fund/a", "hit", CancelRejectReason.TOO_LATE)]
    assert venue.cancel("fund/a", "hit") == [CancelRejected(NAME, "fund/a", "hit", CancelRejectReason.RATE_LIMITED, SECOND)]
