"""Margin: what of an account's claim in the quote asset is held for its positions and orders in perpetuals.

**Required** for an account, summed over perpetuals:

- initial margin on the *worst case*: the larger of the position with all open buy orders filled and with all open sell orders
  filled, in lots, times the mark. An order that only brings the position nearer to zero enlarges nothing and needs nothing;
- for each open order the most it can be charged in fees, and its *opening loss*: what the first variation would take if it
  filled at its limit (a market order: at the worst price that it reaches), on the wrong side of the mark;
- what the next variation would take from the account at the present mark.

**Held** is what is required or, where the claim is smaller, everything available. It follows every order and fill, and every
margin tick. Shares of a notional are rounded up to a minor unit, in the venue's favour.

An order that enlarges the worst case is refused unless all that is then required can be held; any other is taken, since
an account that is short of margin must be able to close.
"""

from __future__ import annotations

from typing import Final

from trading_ecosystem.domains.exchange.accounts.claims import Claim, Claims
from trading_ecosystem.domains.exchange.margin.perpetual_positions import PerpetualPositions
from trading_ecosystem.domains.exchange.orders.orders import Order
from trading_ecosystem.domains.exchange.parameters import ExchangeParameters
from trading_ecosystem.domains.exchange.trades.fees import maximum_fee
from trading_ecosystem.messages.base import Message
from trading_ecosystem.messages.exchange import ClaimReason
from trading_ecosystem.messages.orders import Side
from trading_ecosystem.messages.units import PARTS_PER_MILLION, Instrument, Lots, MinorUnits, PartsPerMillion, Ticks
from trading_ecosystem.ports.component import Later

MARGIN_ASSET: Final = "USD"
"""The asset that perpetuals settle and are margined in."""


def share_of(notional: MinorUnits, rate: PartsPerMillion) -> MinorUnits:
    """A share of a notional, rounded up to a minor unit."""
    return -(-notional * rate // PARTS_PER_MILLION)


class Margin:
    """The margin of every account on one venue."""

    __slots__ = ("_claims", "_fee_ppm", "_maintenance_ppm", "_orders", "held", "initial_ppm", "marks", "positions", "quote")

    def __init__(self, claims: Claims, parameters: ExchangeParameters) -> None:
        self._claims = claims
        self.quote = MARGIN_ASSET
        self.initial_ppm = parameters.margin.initial_ppm
        self._maintenance_ppm = parameters.margin.maintenance_ppm
        self._fee_ppm = max(parameters.maker_fee_ppm, parameters.taker_fee_ppm)
        self._orders: dict[str, dict[int, tuple[Instrument, Order]]] = {}
        self.positions = PerpetualPositions()
        self.marks: dict[str, Ticks] = {}
        """The mark price of each perpetual that has one."""
        self.held: dict[str, MinorUnits] = {}
        """The part of each account's held claim that is margin."""

    def claim(self, account: str) -> Claim:
        """The claim that margin is held in."""
        return self._claims.of(account, self.quote)

    def collateral(self, account: str) -> MinorUnits:
        """What the account has at the venue to pay with: its claim without what its other orders hold."""
        return self.claim(account).available + self.held.get(account, 0)

    def equity(self, account: str) -> MinorUnits:
        """Collateral and what the next variation would pay or take at the present marks."""
        due = 0
        for position in self.positions.held_by(account):
            due += position.due(self.marks[position.instrument.symbol])
        return self.collateral(account) + due

    def maintenance(self, account: str) -> MinorUnits:
        """The maintenance margin of the account's positions."""
        return self._of_positions(account, self._maintenance_ppm)

    def initial(self, account: str) -> MinorUnits:
        """The initial margin of the account's positions, without its orders."""
        return self._of_positions(account, self.initial_ppm)

    def _of_positions(self, account: str, rate: PartsPerMillion) -> MinorUnits:
        asked = 0
        for position in self.positions.held_by(account):
            asked += share_of(abs(position.value(self.marks[position.instrument.symbol])), rate)
        return asked

    def lots_for(self, equity: MinorUnits, instrument: Instrument) -> Lots:
        """The largest position whose initial margin an equity covers."""
        lot_margin = self.marks[instrument.symbol] * instrument.tick_value * self.initial_ppm
        return max(0, equity * PARTS_PER_MILLION // lot_margin)

    def needed(self, instrument: Instrument, order: Order) -> MinorUnits:
        """What more the account must have available for this order to be taken."""
        account = order.command.account
        open_orders = self._open_orders(account)
        before = self._worst_lots(account, instrument, open_orders)
        with_it = {**open_orders, 0: (instrument, order)}
        if self._worst_lots(account, instrument, with_it) <= before:
            return 0
        return max(0, self._required(account, with_it) - self.held.get(account, 0))

    def opened(self, instrument: Instrument, order: Order, said: list[Message | Later]) -> None:
        """An order is open from now on: hold what is required with it."""
        self._orders.setdefault(order.command.account, {})[order.order_id] = (instrument, order)
        self.follow(order.command.account, ClaimReason.HELD, said)

    def left(self, order: Order, said: list[Message | Later]) -> None:
        """The rest of an order left: hold no more for it."""
        del self._orders[order.command.account][order.order_id]
        self.follow(order.command.account, ClaimReason.RETURNED, said)

    def could_hold(self, order: Order, hold_price_ticks: Ticks, lots: Lots) -> bool:
        """Whether an open order may be replaced: the collateral covers what is then required, or that is no more than now."""
        account = order.command.account
        before = self._required(account, self._open_orders(account))
        kept = (order.hold_price_ticks, order.leaves_lots)
        order.hold_price_ticks, order.leaves_lots = hold_price_ticks, lots
        after = self._required(account, self._open_orders(account))
        order.hold_price_ticks, order.leaves_lots = kept
        return after <= max(before, self.collateral(account))

    def open_orders(self, account: str) -> tuple[Order, ...]:
        """The account's open orders in perpetuals, oldest first."""
        return tuple(order for _, order in self._open_orders(account).values())

    def follow(self, account: str, reason: ClaimReason, said: list[Message | Later]) -> None:
        """Hold what is required now, as far as the claim goes; said where it moves."""
        if self.hold(account):
            said.append(self._claims.changed(self.claim(account), reason))

    def hold(self, account: str) -> bool:
        """Hold what is required now, as far as the claim goes; whether anything moved."""
        held = self.held.get(account, 0)
        target = min(self._required(account, self._open_orders(account)), self.collateral(account))
        if target == held:
            return False
        self.claim(account).move(held - target, target - held)
        self.held[account] = target
        return True

    def _open_orders(self, account: str) -> dict[int, tuple[Instrument, Order]]:
        orders = self._orders.get(account)
        if not orders:
            return {}
        for order_id in [order_id for order_id, (_, order) in orders.items() if not order.leaves_lots]:
            del orders[order_id]
        return orders

    def _worst_lots(self, account: str, instrument: Instrument, orders: dict[int, tuple[Instrument, Order]]) -> Lots:
        lots = self.positions.lots(account, instrument.symbol)
        highest = lowest = lots
        for traded, order in orders.values():
            if traded.symbol == instrument.symbol:
                if order.command.side is Side.BUY:
                    highest += order.held_lots
                else:
                    lowest -= order.held_lots
        return max(abs(highest), abs(lowest))

    def _required(self, account: str, orders: dict[int, tuple[Instrument, Order]]) -> MinorUnits:
        traded = {position.instrument.symbol: position.instrument for position in self.positions.held_by(account)}
        for instrument, _ in orders.values():
            traded[instrument.symbol] = instrument
        required = 0
        for symbol, instrument in traded.items():
            worst = self._worst_lots(account, instrument, orders) * self.marks[symbol] * instrument.tick_value
            required += share_of(worst, self.initial_ppm)
        for instrument, order in orders.values():
            required += self._order_cost(instrument, order)
        due = self.equity(account) - self.collateral(account)
        return required - min(due, 0)

    def _order_cost(self, instrument: Instrument, order: Order) -> MinorUnits:
        """The most that an open order can be charged in fees, and its opening loss."""
        price, lots = order.hold_price_ticks, order.held_lots
        away = price - self.marks[instrument.symbol]
        if order.command.side is Side.SELL:
            away = -away
        fee = maximum_fee(price * lots * instrument.tick_value, lots, self._fee_ppm)
        return fee + max(0, away) * lots * instrument.tick_value
