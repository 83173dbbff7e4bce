"""What accounts may spend at a recorded venue: available and held claims, and what orders and fills do to them.

A trade settles the instant it is made: there is no custodian in a backtest. What a buy holds is its notional at its limit and
the highest possible fee, in the quote asset; a sell holds its quantity in the base asset.
"""

from __future__ import annotations

from trading_ecosystem.domains.exchange.accounts.claims import Claims
from trading_ecosystem.domains.exchange.recorded.parameters import RecordedVenueParameters
from trading_ecosystem.domains.exchange.recorded.resting import RecordedOrder
from trading_ecosystem.domains.exchange.trades.fees import fee_of, maximum_fee
from trading_ecosystem.messages.base import Message
from trading_ecosystem.messages.exchange import ClaimReason, PlaceOrder
from trading_ecosystem.messages.orders import Liquidity, Side
from trading_ecosystem.messages.units import INSTRUMENTS, Lots, MinorUnits, Ticks


class Holdings:
    """Claims at one venue, settled at once."""

    __slots__ = ("_maker_ppm", "_taker_ppm", "claims")

    def __init__(self, venue: str, parameters: RecordedVenueParameters) -> None:
        self.claims = Claims(venue)
        self._maker_ppm = parameters.maker_fee_ppm
        self._taker_ppm = parameters.taker_fee_ppm

    def opened(self, parameters: RecordedVenueParameters) -> list[Message]:
        """What accounts have from the start."""
        said: list[Message] = []
        for account, asset, amount in parameters.claims:
            claim = self.claims.of(account, asset)
            claim.move(amount, 0)
            said.append(self.claims.changed(claim, ClaimReason.PLEDGED))
        return said

    def needed(self, command: PlaceOrder, price_ticks: Ticks, lots: Lots) -> MinorUnits:
        """What so many lots of an order hold at a limit."""
        instrument = INSTRUMENTS[command.instrument]
        if command.side is Side.SELL:
            return instrument.base_amount(lots)
        notional = instrument.notional(price_ticks, lots)
        return notional + maximum_fee(notional, lots, max(self._maker_ppm, self._taker_ppm, 0))

    def _held_asset(self, command: PlaceOrder) -> str:
        instrument = INSTRUMENTS[command.instrument]
        return instrument.quote if command.side is Side.BUY else instrument.base

    def can_hold(self, command: PlaceOrder, amount: MinorUnits) -> bool:
        """Whether the account has so much available."""
        return self.claims.of(command.account, self._held_asset(command)).available >= amount

    def hold(self, order: RecordedOrder) -> Message:
        """Hold what the order needs."""
        claim = self.claims.of(order.command.account, self._held_asset(order.command))
        claim.move(-order.held_minor, order.held_minor)
        return self.claims.changed(claim, ClaimReason.HELD)

    def hold_anew(self, order: RecordedOrder) -> Message:
        """Hold what the order needs now that it was replaced."""
        needed = self.needed(order.command, order.command.price_ticks, order.leaves_lots)
        more, order.held_minor = needed - order.held_minor, needed
        claim = self.claims.of(order.command.account, self._held_asset(order.command))
        claim.move(-more, more)
        return self.claims.changed(claim, ClaimReason.HELD if more > 0 else ClaimReason.RETURNED)

    def fee(self, notional: MinorUnits, liquidity: Liquidity) -> MinorUnits:
        """The fee of one fill, in the quote asset, rounded up."""
        return fee_of(notional, self._taker_ppm if liquidity is Liquidity.TAKER else self._maker_ppm)

    def settle(
        self, order: RecordedOrder, price_ticks: Ticks, lots: Lots, limit_ticks: Ticks, fee: MinorUnits
    ) -> list[Message]:
        """Exchange the assets of one fill; ``limit_ticks`` is the price at which the rest stays held."""
        command = order.command
        instrument = INSTRUMENTS[command.instrument]
        notional, base = instrument.notional(price_ticks, lots), instrument.base_amount(lots)
        still_held = self.needed(command, limit_ticks, order.leaves_lots) if order.leaves_lots else 0
        freed = order.held_minor - still_held
        order.held_minor = still_held
        quote_claim = self.claims.of(command.account, instrument.quote)
        base_claim = self.claims.of(command.account, instrument.base)
        if command.side is Side.BUY:
            quote_claim.move(freed - notional - fee, -freed)
            base_claim.move(base, 0)
        else:
            base_claim.move(freed - base, -freed)
            quote_claim.move(notional - fee, 0)
        return [self.claims.changed(claim, ClaimReason.TRADED) for claim in (base_claim, quote_claim)]

    def release(self, order: RecordedOrder) -> Message:
        """Give back what is still held for an order that leaves."""
        claim = self.claims.of(order.command.account, self._held_asset(order.command))
        claim.move(order.held_minor, -order.held_minor)
        order.held_minor = 0
        return self.claims.changed(claim, ClaimReason.RETURNED)
