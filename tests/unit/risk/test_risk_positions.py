from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.risk.monitor import (
    FIRM,
    MAKER,
    START,
    WHOLE,
    deposit,
    fill,
    pledge,
    settled,
    usd,
    withdrawal_pending,
    withdrawal_posted,
)

from trading_ecosystem.domains.risk.positions import Memory, Positions
from trading_ecosystem.messages.custodian import (
    PledgedAfter,
    SettlementPartlySettled,
    TransferKind,
    TransferPending,
    TransferPosted,
)
from trading_ecosystem.messages.orders import Side


def applied(*messages: Any) -> Positions:
    positions = Positions(FIRM)
    for message in messages:
        apply(positions, message)
    return positions


def apply(positions: Positions, message: Any) -> object:
    handlers: dict[str, Any] = {
        "OrderFilled": positions.order_filled,
        "SettlementSettled": positions.settlement_settled,
        "SettlementPartlySettled": positions.settlement_partly_settled,
        "TransferPosted": positions.transfer_posted,
        "TransferPending": positions.transfer_pending,
    }
    return handlers[type(message).__name__](message)


def test_a_buy_adds_base_and_takes_quote_and_fee() -> None:
    positions = applied(fill(Side.BUY, 2, 50_000, START, fee=usd(100)))
    assert positions.totals == {"BTC": 2 * WHOLE, "USD": -100_100 * WHOLE}
    assert positions.unsettled_base == {"BTC": 2 * WHOLE}


def test_a_sell_takes_base_and_adds_quote_less_fee() -> None:
    positions = applied(fill(Side.SELL, 2, 50_000, START, fee=usd(100)))
    assert positions.totals == {"BTC": -2 * WHOLE, "USD": 99_900 * WHOLE}
    assert positions.unsettled_base == {"BTC": 2 * WHOLE}


def test_settling_changes_no_position() -> None:
    before = [
        deposit("USD", 200_000 * WHOLE, 200_000 * WHOLE),
        pledge("USD", 150_000 * WHOLE, 50_000 * WHOLE, 150_000 * WHOLE),
        fill(Side.BUY, 2, 50_000, START, fee=usd(100)),
    ]
    after = settled(2 * WHOLE, 49_900 * WHOLE)
    expected = {"BTC": 2 * WHOLE, "USD": 99_900 * WHOLE}
    assert applied(*before).totals == expected
    positions = applied(*before, after)
    assert positions.totals == expected
    assert positions.unsettled == {}
    assert positions.unsettled_base == {"BTC": 0}


def test_a_pair_without_usd_moves_both_its_assets() -> None:
    assert applied(fill(Side.BUY, 3, 0.05, START, instrument="ETH/BTC")).totals == {"ETH": 3 * WHOLE, "BTC": -15_000_000}


def test_the_same_fill_twice_counts_once_and_another_execution_counts() -> None:
    once = fill(Side.BUY, 1, 50_000, START)
    positions = applied(once)
    assert positions.order_filled(once) is None
    assert positions.order_filled(fill(Side.BUY, 1, 50_000, START, execution_id=2)) is not None
    assert positions.totals["BTC"] == 2 * WHOLE
    assert positions.settlement_settled(settled(2 * WHOLE, -100_000 * WHOLE))
    assert positions.totals["BTC"] == 2 * WHOLE


@pytest.mark.parametrize(
    "other",
    [
        {"venue": "exchange-beta"},
        {"instrument": "BTC/USDT"},
        {"trade_id": 2},
        {"account": "fund/momentum"},
    ],
)
def test_a_fill_is_known_by_venue_instrument_trade_and_account(other: dict[str, Any]) -> None:
    positions = applied(fill(Side.BUY, 1, 50_000, START), fill(Side.BUY, 1, 50_000, START, **other))
    assert positions.totals["BTC"] == 2 * WHOLE
    positions.settlement_settled(settled(WHOLE, 0))
    assert len(positions.unsettled) == 1


def test_a_settlement_before_its_fill_is_not_counted_twice() -> None:
    positions = applied(settled(WHOLE, 10 * WHOLE), fill(Side.BUY, 1, 50_000, START))
    assert positions.totals == {"BTC": WHOLE, "USD": 10 * WHOLE}
    assert positions.unsettled == {}


def test_a_late_copy_of_a_settlement_does_not_bring_old_amounts_back() -> None:
    first = settled(WHOLE, 0, trade_id=1)
    positions = applied(first, settled(3 * WHOLE, 0, trade_id=2))
    assert not positions.settlement_settled(first)
    assert positions.totals == {"BTC": 3 * WHOLE, "USD": 0}


def test_a_late_copy_of_a_transfer_changes_nothing_but_a_new_answer_counts() -> None:
    first = deposit("BTC", WHOLE, WHOLE, "d1")
    positions = applied(first, deposit("BTC", WHOLE, 2 * WHOLE, "d2"))
    assert not positions.transfer_posted(first)
    assert positions.totals == {"BTC": 2 * WHOLE}
    assert positions.transfer_posted(deposit("BTC", WHOLE, 5 * WHOLE, "d1")), "asked again: the amounts of now"
    assert positions.totals == {"BTC": 5 * WHOLE}


def test_a_lost_fill_is_healed_by_its_settlement() -> None:
    assert applied(settled(4 * WHOLE, 7 * WHOLE)).totals == {"BTC": 4 * WHOLE, "USD": 7 * WHOLE}


def test_a_lost_transfer_is_healed_by_the_next_one_of_the_same_amount() -> None:
    assert applied(pledge("BTC", WHOLE, 9 * WHOLE, WHOLE)).totals == {"BTC": 10 * WHOLE}


def test_a_withdrawal_leaves_when_pending_and_counts_once() -> None:
    positions = applied(deposit("BTC", 5 * WHOLE, 5 * WHOLE), withdrawal_pending("BTC", 2 * WHOLE, 3 * WHOLE))
    assert positions.totals == {"BTC": 3 * WHOLE}
    positions.transfer_posted(withdrawal_posted("BTC", 2 * WHOLE, 3 * WHOLE))
    assert positions.totals == {"BTC": 3 * WHOLE}
    assert not positions.transfer_pending(withdrawal_pending("BTC", 2 * WHOLE, 4 * WHOLE)), "pending after posted"
    assert positions.totals == {"BTC": 3 * WHOLE}


def test_free_amounts_are_kept_per_custodian_and_account() -> None:
    def free(custodian: str, account: str) -> TransferPosted:
        return TransferPosted(custodian, account, "d1", TransferKind.DEPOSIT, "", "BTC", 1, 100, 0)

    positions = applied(*(free(one, other) for one in ("custodian", "vault") for other in (FIRM, MAKER)))
    assert positions.totals == {"BTC": 400}


def test_external_flows_count_once_a_transfer() -> None:
    positions = Positions(FIRM)
    posts_later = TransferPending("custodian", MAKER, "d9", TransferKind.DEPOSIT, "BTC", 5, START, 0)
    flows = [
        positions.external_flow(message)
        for message in (
            posts_later,
            deposit("BTC", 5, 5, "d9"),
            deposit("BTC", 5, 9, "d9"),
            withdrawal_pending("BTC", 2, 3),
            withdrawal_posted("BTC", 2, 3),
            withdrawal_posted("BTC", 1, 2, "w2"),
            pledge("BTC", 1, 1, 1),
            TransferPosted("custodian", MAKER, "r1", TransferKind.RELEASE, "exchange-alpha", "BTC", 1, 2, 0),
        )
    ]
    assert flows == [0, 5, 0, -2, 0, -1, 0, 0]


def test_another_firm_is_a_wiring_error() -> None:
    with pytest.raises(AssertionError):
        applied(deposit("BTC", 1, 1, account="funds/maker"))


def test_memory_forgets_the_oldest_first() -> None:
    memory = Memory(2)
    assert [memory.add((key,)) for key in ("a", "b", "a", "c", "a")] == [True, True, False, True, True]
    assert ("b",) not in memory
    assert ("c",) in memory


TRADES = st.lists(
    st.tuples(st.sampled_from([Side.BUY, Side.SELL]), st.integers(1, 9), st.integers(1, 9), st.booleans()),
    min_size=1,
    max_size=12,
)


@settings(derandomize=True, deadline=None, max_examples=80)
@given(TRADES, st.data())
def test_positions_equal_a_ledger_whatever_is_delivered_twice_or_late(
    trades: list[tuple[Side, int, int, bool]], data: st.DataObject
) -> None:
    """The plain ledger: what was pledged, plus every trade once, settled or not."""
    pledged = {"BTC": 100 * WHOLE, "USD": 1_000_000 * WHOLE}
    owned = dict(pledged)
    story: list[Any] = [
        pledge("BTC", pledged["BTC"], 0, pledged["BTC"], transfer_id="p1"),
        pledge("USD", pledged["USD"], 0, pledged["USD"], transfer_id="p2"),
    ]
    for trade_id, (side, amount, at_price, settles) in enumerate(trades, start=1):
        sign = 1 if side is Side.BUY else -1
        fee = 7 * trade_id
        base, quote = sign * amount * WHOLE, -sign * amount * at_price * WHOLE - fee
        owned["BTC"] += base
        owned["USD"] += quote
        side_message = fill(side, amount, at_price, START, trade_id=trade_id, fee=fee)
        done = []
        if settles:
            pledged["BTC"] += base
            pledged["USD"] += quote
            done = [settled(pledged["BTC"], pledged["USD"], trade_id=trade_id)]
        story += data.draw(st.permutations([side_message, *done]))
        if data.draw(st.booleans()):
            story.append(data.draw(st.sampled_from(story)))
    positions = applied(*story)
    assert positions.totals == owned
    unsettled = sum(amount * WHOLE for _, amount, _, settles in trades if not settles)
    assert positions.unsettled_base.get("BTC", 0) == unsettled


@pytest.mark.parametrize(("side", "sign"), [(Side.BUY, 1), (Side.SELL, -1)])
def test_a_part_that_settles_changes_no_position_however_often_it_is_said(side: Side, sign: int) -> None:
    had, usd_had = 10 * WHOLE, 500_000 * WHOLE
    before = [pledge("BTC", had, 0, had, transfer_id="p1"), pledge("USD", usd_had, 0, usd_had, transfer_id="p2")]
    positions = applied(*before, fill(side, 2, 50_000, START))
    totals = {"BTC": had + sign * 2 * WHOLE, "USD": usd_had - sign * 100_000 * WHOLE}
    assert positions.totals == totals
    after = (PledgedAfter("BTC", had + sign * WHOLE // 2), PledgedAfter("USD", usd_had - sign * 25_000 * WHOLE))
    part = SettlementPartlySettled("custodian", "exchange-alpha", MAKER, 1, "BTC/USD", side, WHOLE // 2, 25_000 * WHOLE, after)
    assert positions.settlement_partly_settled(part)
    assert not positions.settlement_partly_settled(part)
    assert positions.totals == totals
    assert positions.unsettled_base == {"BTC": 3 * WHOLE // 2}
    apply(positions, settled(had + sign * 2 * WHOLE, usd_had - sign * 100_000 * WHOLE))
    assert not positions.settlement_partly_settled(part), "a part after the whole"
    assert positions.totals == totals
    assert positions.unsettled_base == {"BTC": 0}
