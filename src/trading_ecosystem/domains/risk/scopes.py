"""Exposures of a part of the firm: of one account, or of what stands at one venue.

They exist only where a limit has that scope, and are kept up to date from the same positions and prices as the firm's.
"""

from __future__ import annotations

from collections.abc import Sequence

from trading_ecosystem.domains.risk.exposure import Exposure
from trading_ecosystem.domains.risk.perpetuals import PerpetualSum
from trading_ecosystem.domains.risk.pnl import ProfitAndLoss
from trading_ecosystem.domains.risk.positions import Positions
from trading_ecosystem.messages.base import master_of
from trading_ecosystem.messages.units import ASSETS, PERPETUALS, MinorUnits, Nanos


def is_account_of(firm: str, scope: str) -> bool:
    """Whether a scope is the firm itself or one of its accounts; else it is taken to be a venue."""
    return master_of(scope) == firm


class ScopedExposure:
    """The exposure of an account of the firm, or at a venue; only an account has a reference and a mark of its own."""

    __slots__ = ("exposure", "is_account", "name", "pnl")

    def __init__(self, firm: str, name: str) -> None:
        self.name = name
        self.is_account = is_account_of(firm, name)
        self.exposure = Exposure()
        self.pnl = ProfitAndLoss()

    def begin(self, positions: Positions, firm: Exposure, now: Nanos) -> None:
        """Look at what the part holds and what that is worth; its profit and loss count from here."""
        self.positions_changed(positions, ASSETS, PERPETUALS)
        for asset, held in firm.assets.items():
            if held.price:
                self.exposure.set_price(asset, held.price)
        for symbol, perpetual in firm.perpetuals.items():
            if perpetual.price:
                self.exposure.set_perpetual_price(symbol, perpetual.price)
        self.pnl.begin_day(now, self.exposure.equity)
        self.pnl.mark = self.exposure.equity

    def day(self, now: Nanos) -> None:
        """Begin a new day if one has begun, before anything is taken in."""
        if now >= self.pnl.next_midnight:
            self.pnl.begin_day(now, self.exposure.equity)

    def priced(self, asset: str, price: MinorUnits) -> None:
        """Take in a USD price."""
        first = self.exposure.set_price(asset, price)
        if first:
            self.pnl.flow(first)
        self.pnl.equity_changed(self.exposure.equity)

    def perpetual_priced(self, symbol: str, price: MinorUnits) -> None:
        """Take in the price of a perpetual."""
        self.exposure.set_perpetual_price(symbol, price)
        self.pnl.equity_changed(self.exposure.equity)

    def positions_changed(self, positions: Positions, assets: Sequence[str], perpetuals: Sequence[str]) -> None:
        """Take in positions in these assets and perpetuals."""
        held = (positions.of_account if self.is_account else positions.at_venue).get(self.name, {})
        for asset in assets:
            self.exposure.set_position(asset, held.get(asset, 0))
        if perpetuals:
            sums = positions.perpetuals.of_account if self.is_account else positions.perpetuals.at_venue
            there = sums.get(self.name) or PerpetualSum()
            for symbol in perpetuals:
                self.exposure.set_perpetual(symbol, there.base.get(symbol, 0), there.carried.get(symbol, 0))
        self.pnl.equity_changed(self.exposure.equity)
