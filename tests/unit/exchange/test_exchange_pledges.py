"""Accounts, pledges and releases."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from trading_ecosystem.domains.exchange.accounts.accounts import Accounts
from trading_ecosystem.messages.custodian import AssetsPledged
from trading_ecosystem.messages.exchange import (
    AccountOpened,
    ClaimChanged,
    ClaimReason,
    ClaimReleased,
    OpenAccount,
    ReleaseAssets,
    ReleaseRejected,
)
from trading_ecosystem.messages.units import DAY

NAME = "exchange-alpha"


def pledged(number: int, amount: int) -> AssetsPledged:
    return AssetsPledged(NAME, "custodian", number, "fund", "USD", amount)


def release(transfer_id: str, amount: int, account: str = "fund") -> ReleaseAssets:
    return ReleaseAssets(NAME, account, transfer_id, "USD", amount)


def test_opening_twice_is_answered_alike(new_venue: Callable[..., Any]) -> None:
    venue = new_venue()
    assert venue.send(OpenAccount(NAME, "fund/a")) == [AccountOpened(NAME, "fund/a")]
    assert venue.send(OpenAccount(NAME, "fund/a")) == [AccountOpened(NAME, "fund/a")]


def test_accounts_of_a_firm() -> None:
    accounts = Accounts(NAME)
    for account in ("fund/b", "other", "fund", "fund/a", "fundamental", f"{NAME}-house"):
        accounts.open(account)
    assert accounts.of_master("fund") == ("fund", "fund/a", "fund/b")
    assert [accounts.may_trade(account) for account in ("fund/a", f"{NAME}-house", "fund/c")] == [True, False, False]


def test_each_pledge_is_credited_once_in_whatever_order(new_venue: Callable[..., Any]) -> None:
    venue = new_venue()
    said = [venue.exchange.handle(pledged(number, amount), 0) for number, amount in ((1, 5), (1, 5), (4, 7), (3, 2), (3, 2))]
    claims = [[message.available_after for message in messages] for messages in said]
    assert claims == [[5], [], [12], [14], []]
    assert said[0] == [ClaimChanged(NAME, "fund", "USD", 5, 0, ClaimReason.PLEDGED, 1)]
    assert venue.exchange.pledges.last_applied == 4


def test_a_release_gives_up_an_available_claim_once(new_venue: Callable[..., Any]) -> None:
    venue = new_venue()
    venue.fund("fund", USD=100)
    first = venue.send(release("t-1", 60))
    assert first == [
        ClaimChanged(NAME, "fund", "USD", 40, 0, ClaimReason.RELEASED),
        ClaimReleased("custodian", NAME, 1, "fund", "t-1", "USD", 60),
    ]
    assert venue.send(release("t-1", 60)) == first[:1]
    assert venue.send(release("t-1", 40)) == [ReleaseRejected(NAME, "fund", "t-1", "USD", 40)]
    assert venue.send(release("t-2", 41)) == [ReleaseRejected(NAME, "fund", "t-2", "USD", 41)]
    assert venue.send(release("t-2", 40))[1] == ClaimReleased("custodian", NAME, 2, "fund", "t-2", "USD", 40)
    venue.fund("fund", USD=100)
    assert len(venue.send(release("t-1", 60), DAY)) == 2


def test_a_release_needs_an_account_and_an_amount(new_venue: Callable[..., Any]) -> None:
    venue = new_venue()
    venue.fund("fund", USD=100)
    for asked in (release("t", 0), release("t", -5), release("t", 5, "stranger")):
        assert venue.send(asked) == [ReleaseRejected(NAME, asked.account, "t", "USD", asked.amount_minor)]


def test_what_is_held_cannot_be_released(new_venue: Callable[..., Any]) -> None:
    venue = new_venue()
    venue.fund("fund", USD=1000)
    venue.place("fund", "one", "buy", 5, 1_00)
    assert venue.claim("fund", "USD") == (1000 - 505, 505)
    assert isinstance(venue.send(release("t", 496))[0], ReleaseRejected)
    assert len(venue.send(release("t", 495))) == 2
