"""The demo account of a first start: opened, funded and ready to trade, by the same commands that anybody sends."""

from __future__ import annotations

from typing import Final

import msgspec

from trading_ecosystem.api.caller import EVERY_ACCOUNT, Caller, Scope
from trading_ecosystem.api.gateway import Gateway
from trading_ecosystem.messages.base import Message
from trading_ecosystem.messages.custodian import DepositAssets, OpenCustodyAccount, PledgeAssets
from trading_ecosystem.messages.exchange import OpenAccount
from trading_ecosystem.messages.units import MinorUnits, minor_units

SEEDER: Final = Caller("server", frozenset({Scope.TRADE, Scope.CUSTODY}), (EVERY_ACCOUNT,))
DEPOSITS: Final[dict[str, MinorUnits]] = {"USD": minor_units(100_000), "BTC": minor_units(1)}
"""What the account gets from outside."""
PLEDGES: Final[dict[str, MinorUnits]] = {"USD": minor_units(50_000), "BTC": minor_units("0.5")}
"""What of it is pledged to the first venue; the rest stays free."""


class DemoAccount(msgspec.Struct, frozen=True):
    """The account, and the venue on which it can trade at once."""

    account: str
    venue: str


def demo_account(gateway: Gateway) -> DemoAccount:
    """The demo account of an ecosystem: a sub-account of its firm, on its first venue."""
    return DemoAccount(f"{gateway.places.firm}/you", next(iter(gateway.places.venues)))


async def seed_demo_account(gateway: Gateway) -> DemoAccount:
    """Open and fund it; done again it changes nothing, for every transfer has a name."""
    demo, custodian = demo_account(gateway), gateway.places.custodian
    commands: list[Message] = [OpenCustodyAccount(custodian, demo.account)]
    commands += [OpenAccount(venue, demo.account) for venue in gateway.places.venues]
    for asset, amount in DEPOSITS.items():
        commands.append(DepositAssets(custodian, demo.account, f"demo-deposit-{asset}", asset, amount))
    for asset, amount in PLEDGES.items():
        commands.append(PledgeAssets(custodian, demo.account, f"demo-pledge-{asset}", demo.venue, asset, amount))
    for command in commands:
        await gateway.command(SEEDER, command)
    return demo
