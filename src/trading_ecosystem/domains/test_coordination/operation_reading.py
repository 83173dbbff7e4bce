"""How ``operations`` of a scenario are read: what the operators of its venues do at given times, apart from any fault."""

from __future__ import annotations

from typing import Final

from trading_ecosystem.domains.test_coordination.document import Fields, Node, one_of, shown
from trading_ecosystem.domains.test_coordination.quantities import duration, enumerated, named, spoken
from trading_ecosystem.domains.test_coordination.scenario import (
    AccountOperation,
    Ecosystem,
    Operation,
    TradingOperation,
    Workload,
)
from trading_ecosystem.domains.test_coordination.state_operations import FIELD, read_state
from trading_ecosystem.domains.test_coordination.transfer_operations import (
    FIELDS,
    TransferOperation,
    accounts_named,
    read_transfers,
)
from trading_ecosystem.messages.trading_phases import AccountStatus, KycStatus
from trading_ecosystem.messages.units import Nanos
from trading_ecosystem.ports.errors import BadInput

_ACTS: Final = ("halt", "resume", "account")
_FIELDS: Final = ("at", "venue", *_ACTS, "status", "kyc", FIELD, *FIELDS)
"""What is operated on; an operation names one of them."""


def read_operations(
    nodes: tuple[Node, ...], ecosystem: Ecosystem, workloads: tuple[Workload, ...], duration_ns: Nanos
) -> tuple[Operation, ...]:
    """Every operation, by time and then as written."""
    operations: list[Operation] = []
    for number, node in enumerate(nodes, 1):
        given = Fields(node, "an operation", _FIELDS)
        if "transfer" in given:
            operations += _read_transfers(node, ecosystem, workloads, number, duration_ns)
        elif FIELD in given:
            fields = Fields(node, "an operation on the trading state", ("at", FIELD))
            operations.append(read_state(fields, _at(fields, duration_ns)))
        else:
            operations.append(_read_operation(node, ecosystem, workloads, duration_ns))
    return tuple(sorted(operations, key=_instant))


def _read_transfers(
    node: Node, ecosystem: Ecosystem, workloads: tuple[Workload, ...], number: int, duration_ns: Nanos
) -> list[TransferOperation]:
    fields = Fields(node, "an operation that transfers", ("at", "account", *FIELDS))
    accounts = accounts_named(tuple(workload.account for workload in workloads), fields.place)
    venues = tuple(venue.name for venue in ecosystem.venues)
    return read_transfers(fields, _at(fields, duration_ns), accounts, ecosystem.assets, venues, number, duration_ns)


def _at(fields: Fields, duration_ns: Nanos) -> Nanos:
    at_node = fields.need("at")
    at_ns = duration(at_node, "at")
    if at_ns >= duration_ns:
        problem = f"the operation at {spoken(at_ns)} lies after the end of the run at {spoken(duration_ns)}"
        raise BadInput(at_node.place, f"{problem}; expected an earlier time")
    return at_ns


def _instant(operation: Operation) -> Nanos:
    return operation.at_ns


def _read_operation(node: Node, ecosystem: Ecosystem, workloads: tuple[Workload, ...], duration_ns: Nanos) -> Operation:
    fields = Fields(node, "an operation", ("at", "venue", *_ACTS, "status", "kyc"))
    at_ns = _at(fields, duration_ns)
    venue = named(fields.need("venue"), "venue", tuple(venue.name for venue in ecosystem.venues))
    acts = [name for name in _ACTS if name in fields]
    if len(acts) != 1:
        raise BadInput(fields.place, f"an operation has {len(acts)} of {', '.join(_ACTS)}; expected exactly one")
    if acts == ["account"]:
        return _of_account(fields, at_ns, venue, workloads)
    for name in ("status", "kyc"):
        if name in fields:
            raise BadInput(fields.place_of(name), f"'{name}' is of an account; expected no '{name}' beside '{acts[0]}'")
    instrument = named(fields.need(acts[0]), "instrument", ecosystem.market_data.instruments)
    return TradingOperation(at_ns, venue, instrument, halts=acts == ["halt"])


def _of_account(fields: Fields, at_ns: Nanos, venue: str, workloads: tuple[Workload, ...]) -> AccountOperation:
    """Of an account that is opened at the venue, which those of workloads with capital there are."""
    opened = tuple(workload.account for workload in workloads if venue in workload.capital)
    account_node, status, kyc = fields.need("account"), fields.get("status"), fields.get("kyc")
    if not opened:
        problem = f"no workload has capital at {shown(venue)}, so that no account is open there"
        raise BadInput(account_node.place, f"{problem}; expected a venue that is among the capital of one")
    if status is None and kyc is None:
        expected = f"expected 'status', {one_of(AccountStatus).removeprefix('expected ')}, or 'kyc', or both"
        raise BadInput(fields.place, f"an operation on an account changes nothing; {expected}")
    return AccountOperation(
        at_ns,
        venue,
        named(account_node, "account", opened),
        enumerated(status, "status", AccountStatus) if status else AccountStatus.ACTIVE,
        enumerated(kyc, "kyc", KycStatus) if kyc else KycStatus.VERIFIED,
    )
