"""How the operations of venues are written in a scenario, what they become, and every mistake in them."""

from __future__ import annotations

import pytest

from trading_ecosystem.adapters.scenario_files import parse_scenario
from trading_ecosystem.adapters.scenario_parameters import coordination_parameters, exchange_parameters
from trading_ecosystem.domains.test_coordination.schedule import command_of
from trading_ecosystem.messages.trading_phases import (
    AccountStatus,
    HaltTrading,
    KycStatus,
    ResumeTrading,
    SetAccountStatus,
)
from trading_ecosystem.messages.units import MINUTE
from trading_ecosystem.ports.errors import BadInput


def document(*operations: str) -> str:
    head = (
        "title: T\nduration: 1h\necosystem:\n  market_data: {instruments: [BTC/USD, USDT/USD]}\n"
        "  venues: [{name: north, kyc_required: true}, {name: south}, {name: west}]\n"
        "workloads:\n  - strategy: scripted\n    name: hand\n    capital: {north: {USD: 5}, south: {USD: 5}}\n"
        "    settings: {orders: [5m buy 0.01 BTC/USD north]}\noperations:\n"
    )
    return head + "".join(f"  - {{{operation}}}\n" for operation in operations)


def test_operations_are_commands_in_order_of_time() -> None:
    scenario = parse_scenario(
        document(
            "at: 30m, venue: north, resume: BTC/USD",
            "at: 20m, venue: north, halt: BTC/USD",
            "at: 0s, venue: south, account: fund/hand, status: suspended",
            "at: 30m, venue: north, account: fund/hand, kyc: pending",
            "at: 30m, venue: south, account: fund/hand, status: active, kyc: refused",
        ),
        "s.yaml",
    )
    parameters = coordination_parameters(scenario)
    assert [(operation.at_ns // MINUTE, command_of(operation, parameters)) for operation in scenario.operations] == [
        (0, SetAccountStatus("south", "fund/hand", AccountStatus.SUSPENDED, KycStatus.VERIFIED)),
        (20, HaltTrading("north", "BTC/USD")),
        (30, ResumeTrading("north", "BTC/USD")),
        (30, SetAccountStatus("north", "fund/hand", AccountStatus.ACTIVE, KycStatus.PENDING)),
        (30, SetAccountStatus("south", "fund/hand", AccountStatus.ACTIVE, KycStatus.REFUSED)),
    ]
    for faults in (True, False):
        assert coordination_parameters(scenario, faults=faults).operations == scenario.operations


def test_a_venue_asks_for_verified_customers_where_the_scenario_says_so() -> None:
    scenario = parse_scenario(document("at: 1m, venue: north, halt: BTC/USD"), "s.yaml")
    asked = [exchange_parameters(scenario, venue).kyc_required for venue in scenario.ecosystem.venues]
    assert asked == [True, False, False]


MISTAKES = [
    ("venue: north, halt: BTC/USD", "5", "an operation has no 'at'; expected this field"),
    ("at: 5m, halt: BTC/USD", "5", "an operation has no 'venue'; expected this field"),
    ("at: soon, venue: north, halt: BTC/USD", "10", "at 'soon' is not a duration; expected"),
    (
        "at: 1h, venue: north, halt: BTC/USD",
        "10",
        "the operation at 1h lies after the end of the run at 1h; expected an earlier",
    ),
    ("at: 5m, venue: nort, halt: BTC/USD", "21", "unknown venue 'nort'; did you mean 'north'? expected one of: north, south"),
    ("at: 5m, venue: north, halt: ETH/USD", "34", "unknown instrument 'ETH/USD'; did you mean 'BTC/USD'? expected one of:"),
    ("at: 5m, venue: north", "5", "an operation has 0 of halt, resume, account; expected exactly one"),
    ("at: 5m, venue: north, halt: BTC/USD, resume: BTC/USD", "5", "an operation has 2 of halt, resume, account; expected"),
    ("at: 5m, venue: north, halt: BTC/USD, kyc: none", "43", "'kyc' is of an account; expected no 'kyc' beside 'halt'"),
    ("at: 5m, venue: north, close: BTC/USD", "28", "unknown field 'close' in an operation; expected one of: at, venue, halt,"),
    ("at: 5m, venue: north, account: fund/hand", "5", "an operation on an account changes nothing; expected 'status', one of:"),
    (
        "at: 5m, venue: north, account: fund/foot, kyc: none",
        "37",
        "unknown account 'fund/foot'; expected one of: fund/hand",
    ),
    ("at: 5m, venue: north, account: fund/hand, kyc: maybe", "53", "unknown kyc 'maybe'; expected one of: none, pending,"),
    (
        "at: 5m, venue: north, account: fund/hand, status: gone",
        "56",
        "unknown status 'gone'; expected one of: active, suspended,",
    ),
    (
        "at: 5m, venue: west, account: fund/hand, kyc: none",
        "36",
        "no workload has capital at 'west', so that no account is open",
    ),
]


@pytest.mark.parametrize(("operation", "column", "said"), MISTAKES)
def test_a_mistake_is_one_line_with_its_place(operation: str, column: str, said: str) -> None:
    with pytest.raises(BadInput) as caught:
        parse_scenario(document(operation), "s.yaml")
    assert caught.value.place == f"s.yaml:12:{column}", str(caught.value)
    assert said in caught.value.problem
    assert "expected" in caught.value.problem
    assert "\n" not in str(caught.value)
