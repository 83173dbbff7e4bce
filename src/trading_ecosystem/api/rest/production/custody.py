"""Custody: accounts, holdings, deposits, withdrawals, pledges and releases, transfers, settlements, reconciliation."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from litestar import Request, Response, Router, get, post

from trading_ecosystem.api.caller import Scope
from trading_ecosystem.api.decimals import amount_text, instant_text, parse_amount
from trading_ecosystem.api.gateway import Gateway
from trading_ecosystem.api.problems import NoSuchThing, Problem, Refused, refusal
from trading_ecosystem.api.rest.bodies import (
    PAGE,
    AccountName,
    Asset,
    ClientId,
    CursorText,
    InstantText,
    Name,
    Page,
    PageSize,
    Symbol,
    page_of,
)
from trading_ecosystem.api.rest.listing import page_by, span
from trading_ecosystem.api.rest.production.custody_bodies import (
    CustodyAccountAnswer,
    CustodyHolding,
    ExternalTransfer,
    Holdings,
    NewCustodyAccount,
    PledgedTo,
    ReconciledBalance,
    ReconciliationReport,
    RefusedTransfer,
    Settlement,
    StatementLine,
    Transfer,
    VenueTransfer,
    refused_transfer,
    settlement_of,
    statement_line,
    transfer_of_record,
    transfer_of_said,
)
from trading_ecosystem.api.rest.production.holdings import claims_of, held_of, is_below, unsettled_of
from trading_ecosystem.api.rest.production.orders import client_id_of
from trading_ecosystem.api.rest.routing import caller_of, needs, position_of
from trading_ecosystem.domains.custodian.records import (
    CustodyAccount,
    ExternalOrPledgeTransfer,
    InstructionSide,
    InstructionStatus,
    Posting,
    PostingStatus,
    TransferRefusal,
)
from trading_ecosystem.messages.custodian import (
    DepositAssets,
    OpenCustodyAccount,
    PledgeAssets,
    TransferKind,
    TransferPending,
    TransferPosted,
    TransferRejected,
    WithdrawAssets,
)
from trading_ecosystem.messages.exchange import ReleaseAssets, ReleaseRejected
from trading_ecosystem.runtime.live import Receipt

TradeId = Annotated[int, msgspec.Meta(ge=1, le=2**63 - 1)]


@post("/custody/accounts", **needs(Scope.CUSTODY))
async def open_custody_account(
    request: Request[Any, Any, Any], data: NewCustodyAccount, gateway: Gateway
) -> Response[CustodyAccountAnswer]:
    """Open a custody account; opening it again is answered in the same way."""
    custodian = gateway.places.custodian
    receipt = await gateway.command(caller_of(request), OpenCustodyAccount(custodian, data.account))
    return Response(CustodyAccountAnswer(custodian, data.account), headers={"x-position": gateway.position_of(receipt)})


@get("/custody/accounts", **needs(Scope.READ))
async def list_custody_accounts(
    request: Request[Any, Any, Any],
    gateway: Gateway,
    account: AccountName,
    cursor: CursorText | None = None,
    limit: PageSize = PAGE,
) -> Page[CustodyAccountAnswer]:
    """An account and its sub-accounts at the custodian."""
    caller = caller_of(request)
    caller.require(Scope.READ, account)
    store = await gateway.history(caller, "custodian", position_of(request))
    own = [one for one in await store.rows(CustodyAccount, order=["account"]) if is_below(account, one.account)]
    return page_of(
        own,
        lambda one: (one.account, one.custodian),
        lambda one: CustodyAccountAnswer(one.custodian, one.account),
        cursor=cursor,
        limit=limit,
    )


@get("/custody/holdings", **needs(Scope.READ))
async def get_holdings(request: Request[Any, Any, Any], gateway: Gateway, account: AccountName) -> Holdings:
    """What the custodian holds for an account now: free, and pledged to venues."""
    free: dict[str, int] = defaultdict(int)
    pledged: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for (venue, asset), amount in (await held_of(caller_of(request), gateway, account)).items():
        if venue:
            pledged[asset].append((venue, amount))
        else:
            free[asset] = amount
    return Holdings(
        gateway.places.custodian,
        account,
        tuple(
            CustodyHolding(
                asset,
                amount_text(free[asset]),
                tuple(PledgedTo(venue, amount_text(amount)) for venue, amount in sorted(pledged[asset])),
                amount_text(free[asset] + sum(amount for _, amount in pledged[asset])),
            )
            for asset in sorted({*free, *pledged})
        ),
    )


@post("/custody/deposits", **needs(Scope.CUSTODY))
async def deposit(request: Request[Any, Any, Any], data: ExternalTransfer, gateway: Gateway) -> Response[Transfer]:
    """Have assets come in from outside. The same `transfer_id` with the same content returns how it stands; else 409."""
    transfer_id = data.transfer_id or client_id_of(request)
    amount, custodian = parse_amount(data.amount, "amount"), gateway.places.custodian
    command = DepositAssets(custodian, data.account, transfer_id, data.asset, amount, data.method)
    receipt = await gateway.command(caller_of(request), command)
    return _transferred(gateway, receipt, data.account, transfer_id)


@post("/custody/withdrawals", **needs(Scope.CUSTODY))
async def withdraw(request: Request[Any, Any, Any], data: ExternalTransfer, gateway: Gateway) -> Response[Transfer]:
    """Have free assets leave; they are reserved at once. The same `transfer_id` names one withdrawal."""
    transfer_id = data.transfer_id or client_id_of(request)
    amount, custodian = parse_amount(data.amount, "amount"), gateway.places.custodian
    command = WithdrawAssets(custodian, data.account, transfer_id, data.asset, amount, data.method)
    receipt = await gateway.command(caller_of(request), command)
    return _transferred(gateway, receipt, data.account, transfer_id)


@post("/custody/pledges", **needs(Scope.CUSTODY))
async def pledge(request: Request[Any, Any, Any], data: VenueTransfer, gateway: Gateway) -> Response[Transfer]:
    """Pledge free assets to a venue, which then owes them. The same `transfer_id` names one pledge."""
    gateway.venue(data.venue)
    transfer_id = data.transfer_id or client_id_of(request)
    amount, custodian = parse_amount(data.amount, "amount"), gateway.places.custodian
    command = PledgeAssets(custodian, data.account, transfer_id, data.venue, data.asset, amount)
    receipt = await gateway.command(caller_of(request), command)
    return _transferred(gateway, receipt, data.account, transfer_id)


@post("/custody/releases", **needs(Scope.CUSTODY))
async def release(request: Request[Any, Any, Any], data: VenueTransfer, gateway: Gateway) -> Response[Transfer]:
    """Have a venue give back what it owes; it becomes free, at once or when what it comes from has settled."""
    caller = caller_of(request)
    transfer_id = data.transfer_id or client_id_of(request)
    amount = parse_amount(data.amount, "amount")
    receipt = await gateway.command(caller, ReleaseAssets(data.venue, data.account, transfer_id, data.asset, amount))
    position = gateway.position_of(receipt)
    if any(isinstance(entry.message, ReleaseRejected) for entry in receipt.said):
        detail = "the venue does not owe that much that is available, does not know the account, or knows this id already"
        raise Refused(detail, reason="RELEASE_REJECTED")
    shown = _said_of(receipt, data.account, transfer_id)
    if shown is None:
        # It waits for what it comes from to settle; or it was asked for before, and then the history may know more.
        shown = Transfer(
            custodian=gateway.places.custodian,
            account=data.account,
            transfer_id=transfer_id,
            kind=TransferKind.RELEASE,
            venue=data.venue,
            asset=data.asset,
            amount=amount_text(amount),
            status=PostingStatus.PENDING,
            posts_at=None,
        )
        if Scope.READ in caller.scopes:
            store = await gateway.history(caller, "custodian", position)
            where = {"account": data.account, "kind": TransferKind.RELEASE, "transfer_id": transfer_id}
            shown = next((transfer_of_record(one) for one in await store.rows(ExternalOrPledgeTransfer, where)), shown)
    return Response(shown, headers={"x-position": position})


@get("/custody/transfers", **needs(Scope.READ))
async def list_transfers(
    request: Request[Any, Any, Any],
    gateway: Gateway,
    account: AccountName,
    kind: TransferKind | None = None,
    status: PostingStatus | None = None,
    since: InstantText | None = None,
    until: InstantText | None = None,
    cursor: CursorText | None = None,
    limit: PageSize = PAGE,
) -> Page[Transfer]:
    """An account's accepted transfers; those that are posted last, or were, come first."""
    caller = caller_of(request)
    caller.require(Scope.READ, account)
    where = {"account": account, "kind": kind, "status": status}
    return await page_by(
        await gateway.history(caller, "custodian", position_of(request)),
        ExternalOrPledgeTransfer,
        {name: value for name, value in where.items() if value is not None},
        "posts_at",
        transfer_of_record,
        within=span(since, until),
        cursor=cursor,
        limit=limit,
    )


@get("/custody/transfers/{kind:str}/{transfer_id:str}", **needs(Scope.READ))
async def get_transfer(
    request: Request[Any, Any, Any], gateway: Gateway, kind: TransferKind, transfer_id: ClientId, account: AccountName
) -> Transfer:
    """One accepted transfer of an account."""
    caller = caller_of(request)
    caller.require(Scope.READ, account)
    store = await gateway.history(caller, "custodian", position_of(request))
    found = await store.rows(ExternalOrPledgeTransfer, {"account": account, "kind": kind, "transfer_id": transfer_id})
    if not found:
        raise NoSuchThing(f"{account} has no {kind.value} {transfer_id}")
    return transfer_of_record(found[0])


@get("/custody/refusals", **needs(Scope.READ))
async def list_refusals(
    request: Request[Any, Any, Any],
    gateway: Gateway,
    account: AccountName,
    since: InstantText | None = None,
    until: InstantText | None = None,
    cursor: CursorText | None = None,
    limit: PageSize = PAGE,
) -> Page[RefusedTransfer]:
    """An account's refused requests for transfers, the newest first."""
    caller = caller_of(request)
    caller.require(Scope.READ, account)
    return await page_by(
        await gateway.history(caller, "custodian", position_of(request)),
        TransferRefusal,
        {"account": account},
        "refused_at",
        refused_transfer,
        within=span(since, until),
        cursor=cursor,
        limit=limit,
    )


@get("/custody/settlements", **needs(Scope.READ))
async def list_settlements(
    request: Request[Any, Any, Any],
    gateway: Gateway,
    account: AccountName,
    status: InstructionStatus | None = None,
    since: InstantText | None = None,
    until: InstantText | None = None,
    cursor: CursorText | None = None,
    limit: PageSize = PAGE,
) -> Page[Settlement]:
    """An account's settlements by when they are due, the last first."""
    caller = caller_of(request)
    caller.require(Scope.READ, account)
    return await page_by(
        await gateway.history(caller, "custodian", position_of(request)),
        InstructionSide,
        {"account": account} if status is None else {"account": account, "status": status},
        "settles_at",
        settlement_of,
        within=span(since, until),
        cursor=cursor,
        limit=limit,
    )


@get("/custody/settlements/{venue:str}/{instrument:str}/{trade_id:int}", **needs(Scope.READ))
async def get_settlement(
    request: Request[Any, Any, Any],
    gateway: Gateway,
    venue: Name,
    instrument: Symbol,
    trade_id: TradeId,
    account: AccountName,
) -> Settlement:
    """An account's side of the settlement of one trade."""
    caller = caller_of(request)
    caller.require(Scope.READ, account)
    symbol = gateway.instrument(venue, instrument).symbol
    store = await gateway.history(caller, "custodian", position_of(request))
    where = {"venue": venue, "instrument": symbol, "trade_id": trade_id, "account": account}
    found = await store.rows(InstructionSide, where)
    if not found:
        raise NoSuchThing(f"{account} has no settlement of trade {trade_id} in {symbol} on {venue}")
    return settlement_of(found[0])


@get("/custody/statement", **needs(Scope.READ))
async def list_statement(
    request: Request[Any, Any, Any],
    gateway: Gateway,
    account: AccountName,
    asset: Asset | None = None,
    since: InstantText | None = None,
    until: InstantText | None = None,
    cursor: CursorText | None = None,
    limit: PageSize = PAGE,
) -> Page[StatementLine]:
    """What was posted to an account, the newest first."""
    caller = caller_of(request)
    caller.require(Scope.READ, account)
    where = {"account": account, "status": PostingStatus.POSTED}
    return await page_by(
        await gateway.history(caller, "custodian", position_of(request)),
        Posting,
        where if asset is None else {**where, "asset": asset},
        "posted_at",
        statement_line,
        within=span(since, until),
        cursor=cursor,
        limit=limit,
    )


@get("/custody/reconciliation", **needs(Scope.READ))
async def get_reconciliation(request: Request[Any, Any, Any], gateway: Gateway, account: AccountName) -> ReconciliationReport:
    """Hold what venues say that they owe an account against what is pledged and unsettled, now."""
    caller = caller_of(request)
    caller.require(Scope.READ, account)
    claims: dict[tuple[str, str], int] = {}
    for venue, lines in (await claims_of(caller, gateway, account, gateway.places.venues)).items():
        claims |= {(venue, one.asset): one.available_minor + one.held_minor for one in lines}
    pledged = await held_of(caller, gateway, account)
    unsettled = await unsettled_of(caller, gateway, account)
    places = sorted(place for place in {*claims, *pledged, *unsettled} if place[0])
    balances = tuple(
        _reconciled(*place, claims.get(place, 0), pledged.get(place, 0), unsettled.get(place, 0)) for place in places
    )
    differences = sum(one.difference != "0" for one in balances)
    return ReconciliationReport(account, instant_text(gateway.now()), balances, differences)


def _reconciled(venue: str, asset: str, claim: int, pledged: int, unsettled: int) -> ReconciledBalance:
    difference = claim - pledged - unsettled
    return ReconciledBalance(venue, asset, *(amount_text(one) for one in (claim, pledged, unsettled, difference)))


def _said_of(receipt: Receipt, account: str, transfer_id: str) -> Transfer | None:
    """How a transfer stands by what was said last of it."""
    shown = None
    for entry in receipt.said:
        said = entry.message
        if isinstance(said, TransferPending | TransferPosted) and (said.account, said.transfer_id) == (account, transfer_id):
            shown = transfer_of_said(said, entry.at)
    return shown


def _transferred(gateway: Gateway, receipt: Receipt, account: str, transfer_id: str) -> Response[Transfer]:
    for entry in receipt.said:
        said = entry.message
        if isinstance(said, TransferRejected) and said.transfer_id == transfer_id:
            raise refusal(said.reason, f"the custodian refused the transfer: {said.reason.value}")
    shown = _said_of(receipt, account, transfer_id)
    if shown is None:
        raise Problem("the custodian gave no answer")
    return Response(shown, headers={"x-position": gateway.position_of(receipt)})


_ROUTES: Sequence[Any] = (
    open_custody_account,
    list_custody_accounts,
    get_holdings,
    deposit,
    withdraw,
    pledge,
    release,
    list_transfers,
    get_transfer,
    list_refusals,
    list_settlements,
    get_settlement,
    list_statement,
    get_reconciliation,
)
router = Router("", route_handlers=_ROUTES, tags=["custody"])
