"""Several strategies on one account: each with its share of the capital, counted as if it had an account of its own.

The venues know one account. Here every claim on a venue is divided: what arrives or leaves from outside by the shares, what is
traded and what it costs to the strategy that traded, to the minor unit. So the parts always add up to the claim, a strategy
that loses has less to trade with, and none can spend what another one earned. Shares that add up to less than the whole leave
a reserve, which nobody may use.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, TypeAlias

from trading_ecosystem.domains.trading.parameters import StrategyParameters
from trading_ecosystem.domains.trading.rounding import apportioned
from trading_ecosystem.messages.exchange import ClaimChanged, ClaimReason, OrderFilled
from trading_ecosystem.messages.orders import Side
from trading_ecosystem.messages.trading_phases import TradeBusted, TradeCorrected
from trading_ecosystem.messages.units import INSTRUMENTS, PARTS_PER_MILLION, MinorUnits, PartsPerMillion

Pocket: TypeAlias = tuple[str, str]
"""A venue and an asset."""
RESERVE: Final = ""
"""The name under which stands what no strategy has a share of."""

_BY_THE_FILL: Final = frozenset((ClaimReason.TRADED, ClaimReason.FEE, ClaimReason.BUSTED, ClaimReason.CORRECTED))
"""Reasons of changes that belong to the strategy whose order it was, and are counted when that is reported."""


class CapitalShares:
    """The claims of one account, divided among the strategies that trade on it."""

    __slots__ = ("_owned", "_seen", "shares_ppm")

    def __init__(self, shares_ppm: Mapping[str, PartsPerMillion]) -> None:
        """Shares by strategy; raises ``ValueError`` where one is not positive or all are more than the whole."""
        rest = PARTS_PER_MILLION - sum(shares_ppm.values())
        if rest < 0 or any(share <= 0 for share in shares_ppm.values()):
            raise ValueError("capital shares: each must be positive, and all together at most the whole (1000000 ppm)")
        self.shares_ppm = {**shares_ppm, RESERVE: rest}
        self._owned: dict[Pocket, dict[str, MinorUnits]] = {}
        self._seen: dict[Pocket, MinorUnits] = {}
        """The account's whole claim as last stated, held amounts included."""

    def claim_changed(self, message: ClaimChanged) -> None:
        """The account's claim changed; what came from outside, or cannot be told apart, is divided by the shares."""
        pocket = (message.venue, message.asset)
        whole = message.available_after + message.held_after
        change = whole - self._seen.get(pocket, 0)
        self._seen[pocket] = whole
        if change and message.reason not in _BY_THE_FILL:
            parts = apportioned([change * share for share in self.shares_ppm.values()], PARTS_PER_MILLION)
            owned = self._pocket(pocket)
            for strategy, part in zip(self.shares_ppm, parts, strict=True):
                owned[strategy] += part

    def traded(self, strategy: str, fill: OrderFilled | TradeBusted | TradeCorrected, undone: bool = False) -> None:
        """A strategy traded, or its trade was undone: both legs and the fee are its own.

        In a perpetual nothing is delivered; variation is paid to the account, and divided by the shares.
        """
        instrument = INSTRUMENTS[fill.instrument]
        if instrument.is_perpetual:
            return
        way = -1 if undone else 1
        sign = way if fill.side is Side.BUY else -way
        self._add(strategy, fill.venue, instrument.base, sign * instrument.base_amount(fill.quantity_lots))
        self._add(strategy, fill.venue, instrument.quote, -sign * instrument.notional(fill.price_ticks, fill.quantity_lots))
        self._add(strategy, fill.venue, fill.fee_asset, -way * fill.fee_minor)

    def owned(self, strategy: str, venue: str, asset: str) -> MinorUnits:
        """A strategy's part of the claim, what its working orders hold included; below 0 where it owes the others."""
        return self._owned.get((venue, asset), {}).get(strategy, 0)

    def whole(self, venue: str, asset: str) -> MinorUnits:
        """All parts together, the reserve included: the account's claim, once every fill and claim was heard."""
        return sum(self._owned.get((venue, asset), {}).values())

    def _add(self, strategy: str, venue: str, asset: str, amount_minor: MinorUnits) -> None:
        self._pocket((venue, asset))[strategy] += amount_minor

    def _pocket(self, pocket: Pocket) -> dict[str, MinorUnits]:
        return self._owned.setdefault(pocket, dict.fromkeys(self.shares_ppm, 0))


def shares_by_account(strategies: Iterable[StrategyParameters]) -> dict[str, CapitalShares]:
    """The accounts of which strategies have shares; raises ``ValueError`` where not everybody on one of them has."""
    sharing: dict[str, dict[str, PartsPerMillion | None]] = {}
    for strategy in strategies:
        sharing.setdefault(strategy.account, {})[strategy.name] = strategy.capital_share_ppm
    divided: dict[str, CapitalShares] = {}
    for account, given in sharing.items():
        shares = {name: share for name, share in given.items() if share is not None}
        if shares and len(shares) < len(given):
            without = next(name for name in given if name not in shares)
            raise ValueError(f"strategy {without}: expected a capital share, as the others on the account {account} have one")
        if shares:
            divided[account] = CapitalShares(shares)
    return divided
