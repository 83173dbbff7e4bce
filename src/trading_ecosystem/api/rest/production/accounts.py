"""Accounts on venues: open one, those below one, balances, positions, the ledger of claims, demo funds."""

from __future__ import annotations

import contextlib
from collections import defaultdict
from typing import Any

from litestar import Request, Response, Router, get, post

from trading_ecosystem.adapters.data.exchange import ExchangeHistory
from trading_ecosystem.api.caller import Scope
from trading_ecosystem.api.decimals import amount_text, instant_text, quantity_text
from trading_ecosystem.api.gateway import Gateway
from trading_ecosystem.api.problems import Refused, TooManyRequests, no_answer
from trading_ecosystem.api.rest.bodies import PAGE, AccountName, Asset, CursorText, Name, Page, PageSize, page_of
from trading_ecosystem.api.rest.production.account_bodies import (
    AssetPosition,
    Balance,
    Balances,
    DemoFunds,
    DemoFundsRequest,
    LedgerLine,
    NewAccount,
    PerpetualPosition,
    Positions,
    VenueAccount,
)
from trading_ecosystem.api.rest.production.holdings import claims_of, held_of, is_below, perpetuals_of, unsettled_of
from trading_ecosystem.api.rest.production.orders import client_id_of
from trading_ecosystem.api.rest.routing import caller_of, needs, position_of
from trading_ecosystem.domains.exchange.change_records import AccountStatusRecord
from trading_ecosystem.domains.exchange.records import AccountRecord
from trading_ecosystem.messages.custodian import OpenCustodyAccount, TransferKind, TransferPosted
from trading_ecosystem.messages.exchange import AccountOpened, ClaimChanged, ClaimLedgerQuestion, OpenAccount
from trading_ecosystem.messages.trading_phases import (
    AccountOpeningRefused,
    AccountStatus,
    AskDemoFunds,
    DemoFundsRefused,
)
from trading_ecosystem.messages.units import INSTRUMENTS, SECOND
from trading_ecosystem.ports.errors import Unavailable


@post("/accounts", **needs(Scope.TRADE))
async def open_account(request: Request[Any, Any, Any], data: NewAccount, gateway: Gateway) -> Response[VenueAccount]:
    """Open an account on a venue; opening it again is answered in the same way."""
    caller = caller_of(request)
    gateway.venue(data.venue)
    if data.custody:
        await gateway.command(caller, OpenCustodyAccount(gateway.places.custodian, data.account))
    receipt = await gateway.command(caller, OpenAccount(data.venue, data.account))
    position = gateway.position_of(receipt)
    for entry in receipt.said:
        if isinstance(entry.message, AccountOpeningRefused):
            detail = "the venue opens no such account: its master has as many as it may, or it is one of the venue's own"
            raise Refused(detail, reason="ACCOUNT_OPENING_REFUSED")
    if not any(isinstance(entry.message, AccountOpened) for entry in receipt.said):
        raise no_answer("the venue")
    status = None
    if Scope.READ in caller.scopes:
        # It is open whether or not the history says so already.
        with contextlib.suppress(Unavailable):
            history = ExchangeHistory(await gateway.history(caller, "exchange", position))
            status = await history.account_status(data.venue, data.account)
    shown = _venue_account(AccountRecord(data.venue, data.account), status)
    return Response(shown, headers={"x-position": position})


@get("/accounts", **needs(Scope.READ))
async def list_accounts(
    request: Request[Any, Any, Any],
    gateway: Gateway,
    account: AccountName,
    venue: Name | None = None,
    cursor: CursorText | None = None,
    limit: PageSize = PAGE,
) -> Page[VenueAccount]:
    """An account and its sub-accounts on every venue."""
    caller = caller_of(request)
    caller.require(Scope.READ, account)
    store = await gateway.history(caller, "exchange", position_of(request))
    found = await store.rows(AccountRecord, {} if venue is None else {"venue": venue}, order=["account"])
    statuses = {one.identity(): one for one in await store.rows(AccountStatusRecord)}
    own = [one for one in found if is_below(account, one.account)]
    return page_of(
        own,
        lambda one: (one.account, one.venue),
        lambda one: _venue_account(one, statuses.get(one.identity())),
        cursor=cursor,
        limit=limit,
    )


@get("/balances", **needs(Scope.READ))
async def get_balances(
    request: Request[Any, Any, Any], gateway: Gateway, account: AccountName, venue: Name | None = None
) -> Balances:
    """What every venue, or one, owes an account now."""
    caller = caller_of(request)
    caller.require(Scope.READ, account)
    if venue is not None:
        gateway.venue(venue)
    claims = await claims_of(caller, gateway, account, gateway.places.venues if venue is None else [venue])
    return Balances(
        account,
        tuple(
            Balance(
                venue=name,
                asset=one.asset,
                available=amount_text(one.available_minor),
                held=amount_text(one.held_minor),
                total=amount_text(one.available_minor + one.held_minor),
            )
            for name, lines in claims.items()
            for one in lines
        ),
    )


@get("/positions", **needs(Scope.READ))
async def get_positions(request: Request[Any, Any, Any], gateway: Gateway, account: AccountName) -> Positions:
    """Everything that an account has now: assets, settled or not, and perpetuals."""
    caller = caller_of(request)
    caller.require(Scope.READ, account)
    free: dict[str, int] = defaultdict(int)
    pledged: dict[str, int] = defaultdict(int)
    unsettled: dict[str, int] = defaultdict(int)
    for (venue, asset), amount in (await held_of(caller, gateway, account)).items():
        (pledged if venue else free)[asset] += amount
    for (_, asset), amount in (await unsettled_of(caller, gateway, account)).items():
        unsettled[asset] += amount
    assets = sorted({*free, *pledged, *unsettled})
    return Positions(
        account=account,
        assets=tuple(
            AssetPosition(
                asset=asset,
                free=amount_text(free[asset]),
                pledged=amount_text(pledged[asset]),
                unsettled=amount_text(unsettled[asset]),
                position=amount_text(free[asset] + pledged[asset] + unsettled[asset]),
            )
            for asset in assets
        ),
        perpetuals=tuple(
            PerpetualPosition(
                venue=one.venue,
                instrument=one.instrument,
                quantity=quantity_text(INSTRUMENTS[one.instrument], one.position_lots),
                carried_value=amount_text(one.carried_minor),
                fees_due=amount_text(one.fees_due_minor),
            )
            for one in await perpetuals_of(caller, gateway, account)
        ),
    )


@get("/ledger/{venue:str}", **needs(Scope.READ))
async def list_ledger(
    request: Request[Any, Any, Any],
    gateway: Gateway,
    venue: Name,
    account: AccountName,
    asset: Asset | None = None,
    cursor: CursorText | None = None,
    limit: PageSize = PAGE,
) -> Page[LedgerLine]:
    """The latest changes of an account's claims on a venue, as far as the venue keeps them; the newest first."""
    gateway.venue(venue)
    question = ClaimLedgerQuestion(account, asset)
    lines: tuple[ClaimChanged, ...] = await gateway.ask(caller_of(request), venue, question)
    newest_first = sorted(lines, key=lambda one: -one.line)
    return page_of(newest_first, lambda one: (one.line,), _ledger_line, cursor=cursor, limit=limit, descending=True)


@post("/demo-funds", **needs(Scope.CUSTODY))
async def ask_demo_funds(request: Request[Any, Any, Any], data: DemoFundsRequest, gateway: Gateway) -> Response[DemoFunds]:
    """Ask a venue for play money: it is deposited and pledged. The same `request_id` is granted once."""
    request_id = data.request_id or client_id_of(request)
    command = AskDemoFunds(data.venue, data.account, request_id, data.asset, data.reset)
    receipt = await gateway.command(caller_of(request), command)
    granted = 0
    for entry in receipt.said:
        said = entry.message
        if isinstance(said, DemoFundsRefused):
            if said.retry_at:
                wait = (said.retry_at - entry.at) / SECOND
                raise TooManyRequests("the account asked before, not long ago", reason="ASKED_BEFORE", retry_after=wait)
            raise Refused("the venue gives this account none of this asset", reason="DEMO_FUNDS_REFUSED")
        if isinstance(said, TransferPosted) and said.kind is TransferKind.PLEDGE and said.account == data.account:
            granted += said.amount_minor
    funds = DemoFunds(data.venue, data.account, request_id, data.asset, amount_text(granted), instant_text(receipt.at))
    return Response(funds, headers={"x-position": gateway.position_of(receipt)})


def _venue_account(found: AccountRecord, status: AccountStatusRecord | None) -> VenueAccount:
    if status is None:
        return VenueAccount(found.venue, found.account, AccountStatus.ACTIVE, None)
    return VenueAccount(found.venue, found.account, status.status, status.kyc)


def _ledger_line(said: ClaimChanged) -> LedgerLine:
    return LedgerLine(
        venue=said.venue,
        line=said.line,
        asset=said.asset,
        available_after=amount_text(said.available_after),
        held_after=amount_text(said.held_after),
        reason=said.reason,
    )


router = Router(
    "",
    route_handlers=[open_account, list_accounts, get_balances, get_positions, list_ledger, ask_demo_funds],
    tags=["accounts"],
)
