"""Claims divided among strategies: the parts add up to the claim, and nobody trades with what is another one's."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trading_ecosystem.domains.trading.capital_shares import RESERVE, CapitalShares
from trading_ecosystem.domains.trading.pre_trade import MessageRate, outside_collar
from trading_ecosystem.messages.exchange import ClaimChanged, ClaimReason, OrderFilled
from trading_ecosystem.messages.orders import Liquidity, Side
from trading_ecosystem.messages.units import INSTRUMENTS, MILLISECOND, SECOND

VENUE, ACCOUNT = "exchange-alpha", "fund/shared"


class Venue:
    """The claims of one account at one venue, told to whoever divides them."""

    def __init__(self, shares: CapitalShares) -> None:
        self.shares = shares
        self.claims: dict[str, int] = {}

    def change(self, asset: str, amount: int, reason: ClaimReason, held: int = 0) -> None:
        self.claims[asset] = self.claims.get(asset, 0) + amount
        self.shares.claim_changed(ClaimChanged(VENUE, ACCOUNT, asset, self.claims[asset] - held, held, reason))

    def fill(self, strategy: str, symbol: str, side: Side, price: int, lots: int, fee: int, fee_asset: str = "") -> None:
        """A fill and its claims, the fill first as a venue says it."""
        scale = INSTRUMENTS[symbol]
        about = (VENUE, ACCOUNT, f"{strategy}-1", 1, 1, 1, symbol, side, price, lots, lots, 0, Liquidity.TAKER)
        self.shares.traded(strategy, OrderFilled(*about, fee_asset or scale.quote, fee, 0))
        sign = 1 if side is Side.BUY else -1
        self.change(scale.base, sign * scale.base_amount(lots), ClaimReason.TRADED)
        self.change(scale.quote, -sign * scale.notional(price, lots), ClaimReason.TRADED)
        self.change(fee_asset or scale.quote, -fee, ClaimReason.FEE)


def test_deposits_are_divided_and_trades_are_ones_own() -> None:
    shares = CapitalShares({"maker": 500_000, "trend": 300_000})
    venue = Venue(shares)
    venue.change("USD", 1_000, ClaimReason.PLEDGED)
    assert [shares.owned(name, VENUE, "USD") for name in ("maker", "trend", RESERVE)] == [500, 300, 200]
    # One tick times one lot is one minor unit of USD, one lot 100 of BTC.
    venue.fill("maker", "BTC/USD", Side.BUY, 40, 10, 3)
    assert [shares.owned(name, VENUE, "USD") for name in ("maker", "trend", RESERVE)] == [97, 300, 200]
    assert [shares.owned(name, VENUE, "BTC") for name in ("maker", "trend", RESERVE)] == [1_000, 0, 0]
    venue.change("USD", 0, ClaimReason.HELD, held=50)
    assert shares.owned("trend", VENUE, "USD") == 300
    venue.change("USD", -200, ClaimReason.RELEASED)
    assert [shares.owned(name, VENUE, "USD") for name in ("maker", "trend", RESERVE)] == [-3, 240, 160]


@settings(derandomize=True, max_examples=100, deadline=None)
@given(
    st.lists(st.integers(1, 333_333), min_size=1, max_size=3),
    st.lists(
        st.one_of(
            st.tuples(st.sampled_from(("USD", "BTC", "ETH")), st.integers(-(10**9), 10**9)),
            st.tuples(
                st.integers(0, 2),
                st.sampled_from(("BTC/USD", "ETH/USD", "ETH/BTC")),
                st.sampled_from(Side),
                st.integers(1, 10**6),
                st.integers(1, 100),
                st.integers(0, 1_000),
                st.booleans(),
            ),
        ),
        max_size=25,
    ),
)
def test_the_parts_add_up_to_the_claim(parts: list[int], steps: list[tuple[object, ...]]) -> None:
    names = [f"s{i}" for i in range(len(parts))]
    shares = CapitalShares(dict(zip(names, parts, strict=True)))
    venue = Venue(shares)
    for step in steps:
        if len(step) == 2:
            asset, amount = step
            venue.change(str(asset), int(str(amount)), ClaimReason.PLEDGED)
        else:
            index, symbol, side, price, lots, fee, in_base = step
            name = names[int(str(index)) % len(names)]
            base = INSTRUMENTS[str(symbol)].base if in_base else ""
            venue.fill(name, str(symbol), Side(str(side)), int(str(price)), int(str(lots)), int(str(fee)), base)
        for asset, claim in venue.claims.items():
            assert shares.whole(VENUE, asset) == claim


@pytest.mark.parametrize("shares", [{"a": 0}, {"a": -1}, {"a": 600_000, "b": 400_001}])
def test_shares_are_positive_and_at_most_the_whole(shares: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="capital shares"):
        CapitalShares(shares)


def test_the_collar_is_inclusive_and_wants_a_reference() -> None:
    assert not outside_collar(105, 100, 50_000)
    assert not outside_collar(95, 100, 50_000)
    assert outside_collar(106, 100, 50_000)
    assert outside_collar(94, 100, 50_000)
    for nothing in (None, 0):
        assert outside_collar(100, nothing, 50_000)


def test_no_second_has_more_messages_than_the_limit() -> None:
    rate = MessageRate(3)
    sent: list[int] = []
    for step in range(100):
        now = step * 130 * MILLISECOND
        if rate.allows(now):
            rate.count(now)
            sent.append(now)
    assert all(later - earlier >= SECOND for earlier, later in zip(sent, sent[3:], strict=False))
    assert len(sent) == 39  # three in each 1.04 s, the first multiple of 130 ms that is a second away
    assert rate.allows(10**18, beside=2)
    assert not rate.allows(10**18, beside=3)
    unlimited = MessageRate(None)
    for _ in range(1_000):
        unlimited.count(0)
    assert unlimited.allows(0)
    assert not unlimited.sent
