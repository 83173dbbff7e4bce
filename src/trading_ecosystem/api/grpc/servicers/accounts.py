"""The calls of ``AccountService`` in ``services/exchange.proto``."""

from __future__ import annotations

from typing import Any

from trading_ecosystem.adapters.data.exchange import ExchangeHistory
from trading_ecosystem.api.grpc.conversion import fill, fill_all
from trading_ecosystem.api.grpc.door import Door, first_said
from trading_ecosystem.api.grpc.fields import optional
from trading_ecosystem.api.grpc.stubs.services import exchange_pb2 as pb
from trading_ecosystem.api.grpc.stubs.services import exchange_pb2_grpc as rpc
from trading_ecosystem.messages.exchange import AccountOpened, ClaimLedgerQuestion, ClaimsQuestion, OpenAccount
from trading_ecosystem.messages.margin import PositionsQuestion
from trading_ecosystem.messages.trading_phases import AccountOpeningRefused


class Accounts(rpc.AccountServiceServicer):
    """Accounts on the venues and what the venues owe them."""

    def __init__(self, door: Door) -> None:
        self._door = door

    async def OpenAccount(self, request: pb.OpenAccountRequest, context: Any) -> pb.OpenAccountResponse:
        """Command the venue."""
        receipt = await self._door.command(self._door.read_command(request, "open", OpenAccount), context)
        answer = first_said(receipt, AccountOpened, AccountOpeningRefused)
        response = pb.OpenAccountResponse()
        fill(response.opened if isinstance(answer, AccountOpened) else response.refused, answer)
        return response

    async def ListAccounts(self, request: pb.ListAccountsRequest, context: Any) -> pb.ListAccountsResponse:
        """Read the history of the venues."""
        venue = self._door.venue(request.venue) if request.venue else None
        history = ExchangeHistory(await self._door.history("exchange"))
        response = pb.ListAccountsResponse()
        fill_all(response.accounts, [one for one in await history.accounts(venue) if self._door.caller.owns(one.account)])
        return response

    async def ListBalances(self, request: pb.ListBalancesRequest, context: Any) -> pb.ListBalancesResponse:
        """Ask the venue."""
        account, venue = self._door.own(request), self._door.venue(request.venue)
        response = pb.ListBalancesResponse()
        fill_all(response.balances, await self._door.ask(venue, ClaimsQuestion(account)))
        return response

    async def ListLedger(self, request: pb.ListLedgerRequest, context: Any) -> pb.ListLedgerResponse:
        """Ask the venue."""
        account, venue = self._door.own(request), self._door.venue(request.venue)
        response = pb.ListLedgerResponse()
        question = ClaimLedgerQuestion(account, optional(request, "asset"))
        fill_all(response.changes, await self._door.ask(venue, question))
        return response

    async def ListPositions(self, request: pb.ListPositionsRequest, context: Any) -> pb.ListPositionsResponse:
        """Ask the venue."""
        account, venue = self._door.own(request), self._door.venue(request.venue)
        response = pb.ListPositionsResponse()
        fill_all(response.positions, await self._door.ask(venue, PositionsQuestion(account)))
        return response
