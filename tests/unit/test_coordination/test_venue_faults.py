"""How faults of a venue are read, what they become, and how large they are."""

from __future__ import annotations

import msgspec
import pytest
from tests.unit.test_coordination.test_injected_faults import ECOSYSTEM, PARAMETERS

from trading_ecosystem.domains.test_coordination.catalogue import CATALOGUE
from trading_ecosystem.domains.test_coordination.catalogue_description import Unit, describe_catalogue
from trading_ecosystem.domains.test_coordination.injected_faults import fault_problem, read_injected
from trading_ecosystem.domains.test_coordination.severity import label_of, severity_of, targets_of
from trading_ecosystem.domains.test_coordination.venue_faults import ENTRIES, VenueFault
from trading_ecosystem.messages.alert_conditions import GIVEN_UP_AFTER, UNBOUNDED_PPM
from trading_ecosystem.messages.risk import AlertKind
from trading_ecosystem.messages.test_coordination import FaultField, FaultKind, InjectFault
from trading_ecosystem.messages.units import MINUTE, SECOND
from trading_ecosystem.messages.venue_conditions import CommandKind, OutageOrders, VenueConditionKind, VenueConditionSet

VENUE = ECOSYSTEM.venues[0].name
FIRM = ECOSYSTEM.firm.name


def asked(kind: FaultKind, **fields: str) -> InjectFault:
    given = {"venue": VENUE, "duration": "5m", **fields}
    return InjectFault("mine", kind.value, tuple(FaultField(name, value) for name, value in given.items()))


def read(kind: FaultKind, **fields: str) -> VenueFault:
    fault = read_injected(asked(kind, **fields), ECOSYSTEM)
    assert isinstance(fault, VenueFault)
    return fault


def test_every_kind_of_condition_is_a_kind_of_fault() -> None:
    assert [kind.value for kind in ENTRIES] == [kind.value for kind in VenueConditionKind]


def test_a_fault_becomes_the_condition_of_its_venue() -> None:
    fault = read(FaultKind.VENUE_LATENCY, delay="2s", operation="cancel", account=f"{FIRM}/maker")
    assert fault.condition(PARAMETERS, 7) == VenueConditionSet(
        component=VENUE,
        condition_id="mine",
        kind=VenueConditionKind.VENUE_LATENCY,
        until=7 + 5 * MINUTE,
        instruments=ECOSYSTEM.market_data.instruments,
        account=f"{FIRM}/maker",
        delay_ns=2 * SECOND,
        operation=CommandKind.CANCEL,
    )
    outage = read(FaultKind.VENUE_OUTAGE, orders="cancel").condition(PARAMETERS, 0)
    assert isinstance(outage, VenueConditionSet)
    assert outage.orders is OutageOrders.CANCEL
    assert fault.component(PARAMETERS) == VENUE


@pytest.mark.parametrize(
    ("kind", "fields", "size", "detectable"),
    [
        (FaultKind.VENUE_OUTAGE, {"duration": "60s"}, 60 * SECOND, False),
        (FaultKind.VENUE_OUTAGE, {"duration": "60s1ns"}, 60 * SECOND + 1, True),
        (FaultKind.VENUE_HALT, {"instruments": "BTC/USD"}, 1, True),
        (FaultKind.VENUE_LATENCY, {"delay": "999ms"}, 999_000_000, False),
        (FaultKind.VENUE_LATENCY, {"delay": "1s"}, SECOND, True),
        (FaultKind.VENUE_REJECT, {"probability": "0.799999"}, 799_999, False),
        (FaultKind.VENUE_REJECT, {"probability": "0.8"}, 800_000, True),
        (FaultKind.VENUE_SPREAD, {"magnitude": "0.019999"}, 19_999, False),
        (FaultKind.VENUE_SPREAD, {"magnitude": "0.02"}, 20_000, True),
        (FaultKind.VENUE_LIQUIDITY, {"magnitude": "0.949999"}, 19_999_600, False),
        (FaultKind.VENUE_LIQUIDITY, {"magnitude": "0.95"}, 20_000_000, True),
        (FaultKind.VENUE_LIQUIDITY, {"magnitude": "1"}, UNBOUNDED_PPM, True),
        (FaultKind.VENUE_PARTIAL_FILLS, {"pieces": "19"}, 19, False),
        (FaultKind.VENUE_PARTIAL_FILLS, {"pieces": "20"}, 20, True),
        (FaultKind.VENUE_LOST_ACK, {"probability": "0.999999"}, 0, False),
        (FaultKind.VENUE_LOST_ACK, {"probability": "1"}, GIVEN_UP_AFTER, True),
        (FaultKind.VENUE_DUPLICATE_EXECUTION, {"probability": "0.499999"}, 0, False),
        (FaultKind.VENUE_DUPLICATE_EXECUTION, {"probability": "0.5"}, 1, True),
        (FaultKind.VENUE_LATE_FILL, {"probability": "0.5"}, 1, True),
        (FaultKind.VENUE_CROSSED_BOOK, {"magnitude": "0.000001"}, 1, True),
    ],
)
def test_sizes_are_those_of_the_catalogue(kind: FaultKind, fields: dict[str, str], size: int, detectable: bool) -> None:
    fault = read(kind, **fields)
    label = label_of(fault, PARAMETERS)
    assert (severity_of(fault, PARAMETERS), label.detectable) == (size, detectable)
    assert (label.expected_alert, label.sla_ns) == (CATALOGUE[kind].expected_alert, 5 * SECOND)


def test_alerts_are_about_the_venue_or_its_books() -> None:
    whole = read(FaultKind.VENUE_HALT, instruments="BTC/USD,ETH/USD")
    assert targets_of(whole, PARAMETERS) == (f"{VENUE}:BTC/USD", f"{VENUE}:ETH/USD")
    assert label_of(whole, PARAMETERS).expected_subjects == (VENUE,)
    books = read(FaultKind.VENUE_SPREAD, magnitude="0.1", instruments="BTC/USD")
    assert label_of(books, PARAMETERS).expected_alert is AlertKind.SPREAD_WIDE
    assert targets_of(books, PARAMETERS) == label_of(books, PARAMETERS).expected_subjects == (f"{VENUE}:BTC/USD",)


@pytest.mark.parametrize(
    ("kind", "fields", "field", "expected"),
    [
        (FaultKind.VENUE_OUTAGE, {"venue": "nowhere"}, "venue", VENUE),
        (FaultKind.VENUE_OUTAGE, {"orders": "keep"}, "orders", "hold"),
        (FaultKind.VENUE_LATENCY, {"delay": "10m1s"}, "delay", "10m"),
        (FaultKind.VENUE_LATENCY, {"delay": "1s", "account": "rival/maker"}, "account", f"{FIRM}/maker"),
        (FaultKind.VENUE_LATENCY, {"delay": "1s", "account": FIRM}, "account", f"{FIRM}/maker"),
        (FaultKind.VENUE_PARTIAL_FILLS, {"pieces": "1"}, "pieces", "from 2 to 200"),
        (FaultKind.VENUE_PARTIAL_FILLS, {"pieces": "201"}, "pieces", "from 2 to 200"),
        (FaultKind.VENUE_SPREAD, {"magnitude": "0.250001"}, "magnitude", "0.25"),
        (FaultKind.VENUE_CROSSED_BOOK, {"magnitude": "0"}, "magnitude", "0.05"),
        (FaultKind.VENUE_HALT, {"probability": "1"}, "probability", "instruments"),
    ],
)
def test_what_cannot_be_is_one_line_at_its_field(kind: FaultKind, fields: dict[str, str], field: str, expected: str) -> None:
    problem = fault_problem(asked(kind, **fields), ECOSYSTEM)
    assert problem is not None
    assert problem.field == field
    assert expected in problem.problem
    assert "\n" not in problem.problem


def test_the_description_says_what_is_neither_duration_nor_name() -> None:
    described = {description.kind: description for description in describe_catalogue(ECOSYSTEM)}
    (pieces,) = (one for one in described[FaultKind.VENUE_PARTIAL_FILLS].parameters if one.name == "pieces")
    assert (pieces.unit, pieces.lowest, pieces.highest) == (Unit.NUMBER, "2", "200")
    (account,) = (one for one in described[FaultKind.VENUE_REJECT].parameters if one.name == "account")
    assert (account.unit, account.choices) == (Unit.TEXT, ())
    for kind in ENTRIES:
        assert msgspec.json.encode(described[kind])
