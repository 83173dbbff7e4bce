"""Transfers that a scenario has made at given times: deposits, withdrawals and pledges of its workloads' accounts."""

from __future__ import annotations

from typing import Final

import msgspec

from trading_ecosystem.domains.test_coordination.document import Fields, shown
from trading_ecosystem.domains.test_coordination.quantities import amount, duration, enumerated, named, spoken
from trading_ecosystem.messages.base import Message
from trading_ecosystem.messages.custodian import DepositAssets, PledgeAssets, TransferKind, TransferMethod, WithdrawAssets
from trading_ecosystem.messages.units import SECOND, MinorUnits, Nanos
from trading_ecosystem.ports.errors import BadInput

TRANSFERS: Final = (TransferKind.DEPOSIT, TransferKind.WITHDRAWAL, TransferKind.PLEDGE)
MOST_REPEATED: Final = 10_000
"""How often one of them may be repeated."""
FIELDS: Final = ("transfer", "asset", "amount", "method", "every", "to")
"""What such an operation has, beside ``at`` and ``account``."""


class TransferOperation(msgspec.Struct, frozen=True):
    """A transfer of one account; ``venue`` is that of a pledge."""

    at_ns: Nanos
    transfer_id: str
    kind: TransferKind
    account: str
    asset: str
    amount_minor: MinorUnits
    method: TransferMethod
    venue: str

    def command(self, custodian: str) -> Message:
        """What the custodian is asked."""
        if self.kind is TransferKind.PLEDGE:
            return PledgeAssets(custodian, self.account, self.transfer_id, self.venue, self.asset, self.amount_minor)
        asked = DepositAssets if self.kind is TransferKind.DEPOSIT else WithdrawAssets
        return asked(custodian, self.account, self.transfer_id, self.asset, self.amount_minor, self.method)


def read_transfers(
    fields: Fields,
    at_ns: Nanos,
    accounts: tuple[str, ...],
    assets: tuple[str, ...],
    venues: tuple[str, ...],
    number: int,
    duration_ns: Nanos,
) -> list[TransferOperation]:
    """One operation, and its repetitions until the end of the run; ``number`` tells it from the other operations."""
    kind = enumerated(fields.need("transfer"), "transfer", TransferKind)
    if kind not in TRANSFERS:
        expected = ", ".join(one.value for one in TRANSFERS)
        raise BadInput(fields.place_of("transfer"), f"nobody asks for a {kind.value}; expected one of {expected}")
    to, method, every = fields.get("to"), fields.get("method"), fields.get("every")
    if (to is None) is (kind is TransferKind.PLEDGE):
        problem = "a pledge needs 'to', the venue" if to is None else f"'to' is of a pledge; expected none of a {kind.value}"
        raise BadInput(fields.place if to is None else to.place, problem)
    if method is not None and kind is TransferKind.PLEDGE:
        raise BadInput(method.place, "'method' is of a deposit or withdrawal; expected none of a pledge")
    operation = TransferOperation(
        at_ns=at_ns,
        transfer_id="",
        kind=kind,
        account=named(fields.need("account"), "account", accounts),
        asset=named(fields.need("asset"), "asset", assets),
        amount_minor=amount(fields.need("amount"), "amount"),
        method=enumerated(method, "method", TransferMethod) if method else TransferMethod.CRYPTO_INTERNAL,
        venue="" if to is None else named(to, "venue", venues),
    )
    every_ns = 0 if every is None else duration(every, "every", SECOND)
    instants = list(range(at_ns, duration_ns, every_ns)) if every_ns else [at_ns]
    if len(instants) > MOST_REPEATED:
        place = fields.place_of("every")
        problem = f"every {spoken(every_ns)} makes {len(instants)} transfers; expected at most {MOST_REPEATED}"
        raise BadInput(place, problem)
    return [
        msgspec.structs.replace(operation, at_ns=instant, transfer_id=f"{kind.value}-{number}-{turn}")
        for turn, instant in enumerate(instants)
    ]


def accounts_named(accounts: tuple[str, ...], place: str) -> tuple[str, ...]:
    """The accounts that may be named; refuses where there is none."""
    if not accounts:
        raise BadInput(place, f"there is no workload, so that no account is open; expected one for {shown('account')}")
    return accounts
