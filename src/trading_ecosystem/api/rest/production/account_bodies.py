"""Bodies about accounts on venues: opening, balances, positions, the ledger of claims, demo funds."""

from __future__ import annotations

from trading_ecosystem.api.rest.bodies import AccountName, Answer, Asset, ClientId, InstantText, Name, Request
from trading_ecosystem.messages.exchange import ClaimReason
from trading_ecosystem.messages.trading_phases import AccountStatus, KycStatus


class NewAccount(Request, frozen=True, forbid_unknown_fields=True):
    """An account to open on a venue, and with `custody` at its custodian too."""

    venue: Name
    account: AccountName
    custody: bool = True
    """Also open the custody account that its assets come from; needs the scope `custody`."""


class VenueAccount(Answer, frozen=True, forbid_unknown_fields=True):
    """An account on a venue."""

    venue: str
    account: str
    status: AccountStatus
    kyc: KycStatus | None
    """`null` while it is as the venue opened it."""


class Balance(Answer, frozen=True, forbid_unknown_fields=True):
    """What a venue owes an account in one asset: available, held by open orders or as margin, and both together."""

    venue: str
    asset: str
    available: str
    held: str
    total: str


class Balances(Answer, frozen=True, forbid_unknown_fields=True):
    """What venues owe an account; what is zero is left out."""

    account: str
    balances: tuple[Balance, ...]


class AssetPosition(Answer, frozen=True, forbid_unknown_fields=True):
    """What an account has of an asset: free and pledged at the custodian, and to come or to go by trades not settled yet."""

    asset: str
    free: str
    pledged: str
    unsettled: str
    position: str
    """The three together."""


class PerpetualPosition(Answer, frozen=True, forbid_unknown_fields=True):
    """A position in a perpetual: a negative quantity is short."""

    venue: str
    instrument: str
    quantity: str
    carried_value: str
    """What it was bought for, less what it was sold for, or position times mark at the last margin tick."""
    fees_due: str


class Positions(Answer, frozen=True, forbid_unknown_fields=True):
    """Everything that an account has."""

    account: str
    assets: tuple[AssetPosition, ...]
    perpetuals: tuple[PerpetualPosition, ...]


class LedgerLine(Answer, frozen=True, forbid_unknown_fields=True):
    """One change of an account's claim on a venue, with what it is afterwards."""

    venue: str
    line: int
    """Rises with every change on the venue."""
    asset: str
    available_after: str
    held_after: str
    reason: ClaimReason


class DemoFundsRequest(Request, frozen=True, forbid_unknown_fields=True):
    """Ask a venue for play money, once in the time that it states.

    With `reset` open orders are cancelled and the claim is brought to the stated amount.
    """

    venue: Name
    account: AccountName
    asset: Asset
    request_id: ClientId | None = None
    """Names the request once; without it the header `Idempotency-Key` does, or a name is made."""
    reset: bool = False


class DemoFunds(Answer, frozen=True, forbid_unknown_fields=True):
    """What the venue had deposited and pledged; `"0"` where the request was granted before."""

    venue: str
    account: str
    request_id: str
    asset: str
    amount: str
    at: InstantText
