import pytest
from msgspec import structs
from tests.unit.custodian.small_depository import TODAY, SmallDepository, sides

from trading_ecosystem.domains.custodian.depository.fails import Reference, failed_days, late_matching
from trading_ecosystem.domains.custodian.depository.instructions import (
    CommandResult,
    InstructionResult,
    Movement,
    PendingReason,
    Status,
    UnmatchedReason,
)
from trading_ecosystem.domains.custodian.depository.matching import mismatches
from trading_ecosystem.domains.custodian.depository.netting import Netting
from trading_ecosystem.domains.custodian.penalties import PenaltyClass, PenaltyKind, net_amounts, penalty_of
from trading_ecosystem.messages.units import MINOR_UNITS_PER_WHOLE as WHOLE

DELIVER, RECEIVE = sides("one", "anna", "bert", "BTC", 10, 1_000)


def small(**funds) -> SmallDepository:
    return SmallDepository(anna={"BTC": 10, "USD": 1}, bert={"USD": 1_000}, **funds)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"movement": Movement.RECEIVE_FREE, "cash_asset": "USD", "cash_minor": 1_000}, UnmatchedReason.MOVEMENT),
        ({"security": "ETH"}, UnmatchedReason.SECURITY),
        ({"quantity_minor": 11}, UnmatchedReason.QUANTITY),
        ({"traded_day": TODAY - 2}, UnmatchedReason.TRADED_DAY),
        ({"intended_day": TODAY + 1}, UnmatchedReason.INTENDED_DAY),
        ({"cash_asset": "EUR"}, UnmatchedReason.CASH_ASSET),
        ({"cash_minor": 1_001 + 2 * WHOLE}, UnmatchedReason.CASH_AMOUNT),
        ({"common_reference": "y"}, UnmatchedReason.COMMON_REFERENCE),
    ],
)
def test_each_difference_is_named(changes, reason):
    deliver = structs.replace(DELIVER, common_reference="x")
    assert mismatches(deliver, structs.replace(RECEIVE, **changes)) == (reason,)
    assert mismatches(deliver, RECEIVE) == ()
    both = structs.replace(RECEIVE, **{"quantity_minor": 99, **changes})
    assert set(mismatches(deliver, both)) == {reason, UnmatchedReason.QUANTITY}


def test_amounts_may_differ_by_two_units_and_large_ones_by_twenty_five():
    for cash, most in ((100_000 * WHOLE, 2 * WHOLE), (100_000 * WHOLE + 1, 25 * WHOLE)):
        deliver = structs.replace(DELIVER, cash_minor=cash)
        for off, expected in ((most, ()), (-most, ()), (most + 1, (UnmatchedReason.CASH_AMOUNT,))):
            assert mismatches(deliver, structs.replace(RECEIVE, cash_minor=cash + off)) == expected


def test_the_nearest_amount_is_taken_and_the_nearest_difference_is_named():
    depository = small().depository
    far, near = (structs.replace(RECEIVE, reference=name, cash_minor=1_000 + off) for name, off in (("far", 9), ("near", 4)))
    wrong = structs.replace(RECEIVE, reference="wrong", quantity_minor=3, intended_day=TODAY + 9)
    assert [depository.instruct(one, TODAY) for one in (wrong, far, near)] == [InstructionResult.UNMATCHED] * 3
    assert depository.unmatched_reasons("far") == (UnmatchedReason.NO_COUNTERPART,)
    assert depository.instruct(DELIVER, TODAY) is InstructionResult.MATCHED
    assert depository.pair("near") is depository.pair("one-d") is not None
    assert depository.unmatched_reasons("one-d") == ()
    second = structs.replace(DELIVER, reference="second", quantity_minor=3)
    assert depository.instruct(second, TODAY) is InstructionResult.UNMATCHED
    # "far" differs in one field, too, and is younger.
    assert depository.unmatched_reasons("second") == (UnmatchedReason.INTENDED_DAY,)
    assert depository.unmatched_reasons("wrong") == (UnmatchedReason.INTENDED_DAY,)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, InstructionResult.EXISTS),
        ({"quantity_minor": 11}, InstructionResult.EXISTS_WITH_DIFFERENT_CONTENT),
        ({"reference": ""}, InstructionResult.REFERENCE_MISSING),
        ({"reference": "x", "quantity_minor": 0}, InstructionResult.QUANTITY_NOT_POSITIVE),
        ({"reference": "x", "cash_minor": 0}, InstructionResult.CASH_MISSING),
        ({"reference": "x", "movement": Movement.DELIVER_FREE}, InstructionResult.CASH_UNEXPECTED),
        ({"reference": "x", "counterparty": "anna"}, InstructionResult.SAME_PARTICIPANT),
        ({"reference": "x", "security": "USD"}, InstructionResult.SAME_ASSET),
        ({"reference": "x", "intended_day": TODAY - 2}, InstructionResult.INTENDED_BEFORE_TRADED),
        ({"reference": "x", "security": "XRP"}, InstructionResult.ACCOUNT_UNKNOWN),
        ({"reference": "x", "participant": "nobody"}, InstructionResult.ACCOUNT_UNKNOWN),
    ],
)
def test_every_refusal(changes, expected):
    depository = small().depository
    depository.instruct(DELIVER, TODAY)
    assert depository.instruct(structs.replace(DELIVER, **changes), TODAY) is expected
    assert depository.instruct(RECEIVE, TODAY) is InstructionResult.MATCHED


def test_a_pair_settles_on_its_day_and_both_legs_at_once():
    world = small()
    for one in (DELIVER, RECEIVE):
        world.depository.instruct(one, TODAY)
    assert world.settle(today=TODAY - 1) == ()
    pair = world.depository.pair("one-d")
    assert pair.reason is PendingReason.AWAITING_DAY
    assert world.settle() == (pair,)
    assert (pair.status, pair.reason, pair.settled_day) == (Status.SETTLED, None, TODAY)
    held = [world.held(*one) for one in (("anna", "BTC"), ("anna", "USD"), ("bert", "BTC"), ("bert", "USD"))]
    assert held == [0, 1_001, 10, 0]
    for command in (world.depository.hold, world.depository.release, world.depository.cancel):
        assert command("one-d") is CommandResult.ALREADY_SETTLED
        assert command("nothing") is CommandResult.UNKNOWN_REFERENCE


def test_hold_and_release():
    world = small()
    depository = world.depository
    depository.instruct(structs.replace(DELIVER, held=True), TODAY)
    assert depository.hold("one-d") is CommandResult.ALREADY_SO
    depository.instruct(RECEIVE, TODAY)
    assert depository.hold("one-r") is CommandResult.DONE
    assert depository.release("one-d") is CommandResult.DONE
    assert world.settle() == ()
    assert depository.pair("one-d").reason is PendingReason.ON_HOLD
    assert depository.release("one-d") is CommandResult.ALREADY_SO
    assert depository.release("one-r") is CommandResult.DONE
    assert len(world.settle()) == 1


def test_an_unmatched_one_can_be_held_released_and_cancelled_alone():
    depository = small().depository
    depository.instruct(DELIVER, TODAY)
    assert depository.hold("one-d") is CommandResult.DONE
    assert depository.cancel("one-d") is CommandResult.DONE
    for command in (depository.cancel, depository.hold):
        assert command("one-d") is CommandResult.ALREADY_CANCELLED
    assert depository.instruct(RECEIVE, TODAY) is InstructionResult.UNMATCHED
    assert depository.unmatched_reasons("one-d") == ()


def test_a_matched_one_is_cancelled_by_both():
    world = small()
    for one in (DELIVER, RECEIVE):
        world.depository.instruct(one, TODAY)
    assert world.depository.cancel("one-r") is CommandResult.AWAITING_COUNTERPART
    assert world.depository.cancel("one-r") is CommandResult.ALREADY_SO
    assert world.depository.cancel("one-d") is CommandResult.DONE
    assert world.depository.cancel("one-d") is CommandResult.ALREADY_CANCELLED
    assert world.settle() == ()
    assert world.held("anna", "BTC") == 10


def test_what_fails_is_taken_up_again_and_goes_by_priority():
    world = SmallDepository(anna={"BTC": 10}, bert={"USD": 1_000}, cleo={"USD": 1_000})
    low, high = sides("low", "anna", "bert", "BTC", 10, 1_000), sides("high", "anna", "cleo", "BTC", 10, 900, priority=1)
    for one in (*low, *high):
        world.depository.instruct(one, TODAY)
    assert [pair.deliver.reference for pair in world.settle()] == ["high-d"]
    assert world.depository.pair("low-d").reason is PendingReason.LACK_OF_SECURITIES
    world.fund("anna", "BTC", 10)
    assert [pair.deliver.reference for pair in world.settle()] == ["low-d"]


def test_one_delivery_lets_another_happen_in_the_same_cycle():
    world = SmallDepository(anna={"BTC": 10}, bert={"USD": 500}, cleo={"USD": 600})
    onward, first = sides("onward", "bert", "cleo", "BTC", 10, 600), sides("first", "anna", "bert", "BTC", 10, 500)
    for one in (*onward, *first):
        world.depository.instruct(one, TODAY)
    assert [pair.deliver.reference for pair in world.settle()] == ["first-d", "onward-d"]


def test_partial_settlement_where_both_allow_it():
    world = SmallDepository(anna={"BTC": 3}, bert={"USD": 1_000})
    for one in sides("one", "anna", "bert", "BTC", 10, 999, partial=True):
        world.depository.instruct(one, TODAY)
    pair = world.depository.pair("one-d")
    assert world.settle() == (pair,)
    assert (pair.status, pair.reason, pair.left_minor) == (Status.IN_PROGRESS, PendingReason.LACK_OF_SECURITIES, 7)
    assert (world.held("bert", "BTC"), world.held("anna", "USD")) == (3, 299)
    assert world.depository.cancel("one-d") is CommandResult.PARTLY_SETTLED
    assert world.settle() == ()
    world.fund("anna", "BTC", 7)
    world.settle()
    assert (pair.status, world.held("bert", "BTC"), world.held("anna", "USD")) == (Status.SETTLED, 10, 999)


def test_no_part_where_one_side_does_not_allow_it():
    world = SmallDepository(anna={"BTC": 3}, bert={"USD": 1_000})
    for one in (structs.replace(DELIVER, partial=True), RECEIVE):
        world.depository.instruct(one, TODAY)
    assert world.settle() == ()


def circle() -> SmallDepository:
    """Each of three delivers what only the one before can give it, and nobody has the cash for what it takes."""
    world = SmallDepository(anna={"BTC": 10, "USD": 5})
    for name, giver, taker in (("a", "anna", "bert"), ("b", "bert", "cleo"), ("c", "cleo", "anna")):
        for one in sides(name, giver, taker, "BTC", 10, 100):
            world.depository.instruct(one, TODAY)
    return world


def test_a_circle_that_settles_net_alone():
    world = circle()
    assert world.settle() == ()
    for model in (Netting.CASH, Netting.BOTH):
        world = circle()
        before = world.holdings()
        assert len(world.settle(model)) == 3
        assert world.holdings() == before  # everything cancels out
        assert all(world.ledger.balance(number).posted_minor == 0 for number in world.clearing.values())


def test_securities_have_to_move_one_after_the_other_where_only_cash_is_netted():
    world = SmallDepository(bert={"USD": 100}, cleo={"USD": 100})
    for one in (*sides("b", "bert", "anna", "BTC", 10, 100), *sides("c", "anna", "bert", "BTC", 10, 100)):
        world.depository.instruct(one, TODAY)
    assert world.settle(Netting.CASH) == ()
    assert len(world.settle(Netting.BOTH)) == 2


@pytest.mark.parametrize("model", [Netting.CASH, Netting.BOTH])
def test_what_a_participant_cannot_pay_is_left_out_last_first(model):
    world = SmallDepository(anna={"BTC": 30}, bert={"USD": 250})
    for name in ("a", "b", "c"):
        for one in sides(name, "anna", "bert", "BTC", 10, 100):
            world.depository.instruct(one, TODAY)
    assert [pair.deliver.reference for pair in world.settle(model)] == ["a-d", "b-d"]
    assert world.depository.pair("c-d").reason is PendingReason.LACK_OF_CASH
    assert (world.held("bert", "USD"), world.held("anna", "BTC")) == (50, 10)


PRICES = {"BTC": 50 * WHOLE, "ETH": 50 * WHOLE}
REFERENCE = Reference(PRICES, dict.fromkeys(PRICES, PenaltyClass.LIQUID_SHARES), "USD", overnight_ppm=36_000)


def penalties(world, today=TODAY):
    return [penalty_of(one) for one in failed_days(world.depository.end_day(today), today, REFERENCE)]


def test_ten_thousand_shares_that_are_not_delivered_for_a_day():
    world = SmallDepository(bert={"USD": 500_000 * WHOLE})
    for one in sides("one", "anna", "bert", "BTC", 10_000 * WHOLE, 500_000 * WHOLE):
        world.depository.instruct(one, TODAY - 2)
    world.settle(today=TODAY - 1)
    assert penalties(world, TODAY - 1) == []
    world.settle()
    charged = penalties(world)
    assert net_amounts(charged) == {("anna", "USD"): -50 * WHOLE, ("bert", "USD"): 50 * WHOLE}
    assert world.depository.pair("one-d").status is Status.FAILING
    world.fund("anna", "BTC", 10_000 * WHOLE)
    world.settle(today=TODAY + 1)
    assert penalties(world, TODAY + 1) == []


def test_who_pays_follows_from_why_it_failed():
    world = SmallDepository(anna={"BTC": 10 * WHOLE})
    for one in sides("one", "anna", "bert", "BTC", 10 * WHOLE, 1_000 * WHOLE):
        world.depository.instruct(one, TODAY)
    world.settle()
    (lack,) = penalties(world)
    assert (lack.failed.payer, lack.amount_minor) == ("bert", WHOLE // 10)  # 3.6 % of 1,000 for one day of 360
    for name in ("one-d", "one-r"):
        world.depository.hold(name)
    world.settle()
    both = penalties(world)
    assert [one.failed.payer for one in both] == ["anna", "bert"]
    assert set(net_amounts(both).values()) == {0}


def test_late_matching_is_charged_to_the_side_that_instructed_last():
    world = SmallDepository(anna={"BTC": WHOLE})
    deliver, receive = sides("free", "anna", "bert", "BTC", 10_000 * WHOLE)
    world.depository.instruct(deliver, TODAY)
    world.depository.instruct(receive, TODAY + 3)
    pair = world.depository.pair("free-d")
    charged = late_matching(pair, range(TODAY - 1, TODAY + 9), lambda day: REFERENCE)
    assert [(one.day, one.payer, one.receiver, one.kind) for one in charged] == [
        (TODAY + day, "bert", "anna", PenaltyKind.LATE_MATCHING) for day in range(3)
    ]
    assert [penalty_of(one).amount_minor for one in charged] == [50 * WHOLE] * 3
