"""The demo faucet: assets from nowhere, but by the book.

What an account asks for comes as an ordinary deposit from outside at the custodian, followed by an ordinary pledge to this
venue, so that conservation holds and every ledger shows it. A venue has no faucet unless its parameters give it one, and then
gives each account a stated amount of an asset once in a stated time. The same request id is granted once.

A *reset* first cancels all the account's orders; then its available claim in the asset is brought to the stated amount: what is
missing is granted, what is beyond it goes back to the custodian as an ordinary release. What is unsettled, and positions in
perpetuals, stay.
"""

from __future__ import annotations

from trading_ecosystem.domains.exchange.accounts.accounts import Accounts
from trading_ecosystem.domains.exchange.accounts.claims import Claims
from trading_ecosystem.domains.exchange.accounts.pledges import Pledges
from trading_ecosystem.domains.exchange.orders.order_desk import OrderDesk
from trading_ecosystem.domains.exchange.orders.order_events import SaidList
from trading_ecosystem.domains.exchange.parameters import Faucet
from trading_ecosystem.messages.exchange import ReleaseAssets
from trading_ecosystem.messages.orders import CancelReason
from trading_ecosystem.messages.trading_phases import AskDemoFunds, DemoFundsGranted, DemoFundsRefused
from trading_ecosystem.messages.units import Nanos


class DemoFaucet:
    """The faucet of one venue."""

    __slots__ = ("_accounts", "_asked_at", "_claims", "_custodian", "_desk", "_faucet", "_pledges", "venue")

    def __init__(
        self,
        venue: str,
        custodian: str,
        faucet: Faucet,
        accounts: Accounts,
        claims: Claims,
        desk: OrderDesk,
        pledges: Pledges,
    ) -> None:
        self.venue = venue
        self._custodian = custodian
        self._faucet = faucet
        self._accounts = accounts
        self._claims = claims
        self._desk = desk
        self._pledges = pledges
        self._asked_at: dict[tuple[str, str], tuple[Nanos, AskDemoFunds]] = {}

    def asked(self, message: AskDemoFunds, now: Nanos, said: SaidList) -> None:
        """Grant what is asked for, or refuse."""
        account, asset = message.account, message.asset
        amount = self._faucet.amounts.get(asset)
        if amount is None or not self._accounts.may_trade(account):
            said.append(self._refused(message, 0))
            return
        last = self._asked_at.get((account, asset))
        if last is not None and last[1] == message:
            return
        if last is not None and now < last[0] + self._faucet.every_ns:
            said.append(self._refused(message, last[0] + self._faucet.every_ns))
            return
        self._asked_at[account, asset] = (now, message)
        if message.reset:
            self._desk.cancel_all(account, CancelReason.MASS_CANCEL, now, said)
            available = self._claims.of(account, asset).available
            if available > amount:
                released = ReleaseAssets(self.venue, account, f"reset-{message.request_id}", asset, available - amount)
                said += self._pledges.release(released, now)
            amount -= available
        if amount > 0:
            said.append(DemoFundsGranted(self._custodian, self.venue, account, message.request_id, asset, amount))

    def _refused(self, message: AskDemoFunds, retry_at: Nanos) -> DemoFundsRefused:
        return DemoFundsRefused(self.venue, message.account, message.request_id, message.asset, retry_at)
