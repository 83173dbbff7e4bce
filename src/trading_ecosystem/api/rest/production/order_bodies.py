"""Bodies about orders: what a client sends, and how an order looks."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Annotated, Any

import msgspec

from trading_ecosystem.adapters.data.exchange import OrderView
from trading_ecosystem.api.decimals import (
    amount_text,
    instant_text,
    instrument_named,
    parse_instant,
    parse_price,
    parse_quantity,
    price_text,
    quantity_text,
)
from trading_ecosystem.api.problems import FieldProblem, InvalidRequest
from trading_ecosystem.api.rest.bodies import AccountName, Answer, ClientId, DecimalText, InstantText, Name, Request, Symbol
from trading_ecosystem.domains.exchange.records import FillRecord
from trading_ecosystem.messages.envelope import Entry
from trading_ecosystem.messages.exchange import OrderAccepted, OrderCancelled, OrderFilled, PlaceOrder
from trading_ecosystem.messages.order_handling import ListedOrder, OrderReplaced, OrderRestated
from trading_ecosystem.messages.orders import (
    CancelReason,
    ContingencyType,
    Liquidity,
    OrderStatus,
    OrderTerms,
    OrderType,
    PegReference,
    SelfTradePrevention,
    Side,
    TimeInForce,
)
from trading_ecosystem.messages.units import Instrument, Nanos

_PLACES = Decimal("0.00000001")


class RareTerms(Request, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The rare terms of an order; leave out what does not apply (see `docs/orders.md`)."""

    stop_price: DecimalText | None = None
    trail: DecimalText | None = None
    """How far a trailing stop stays behind the best trade."""
    peg: PegReference | None = None
    peg_offset: DecimalText | None = None
    display_quantity: DecimalText | None = None
    hidden: bool = False
    minimum_quantity: DecimalText | None = None
    all_or_none: bool = False
    reprice: bool = False
    reduce_only: bool = False
    expires_at: InstantText | None = None
    self_trade_prevention: SelfTradePrevention | None = None

    def terms(self, instrument: Instrument, field: str = "terms") -> OrderTerms:
        """The same in ticks and lots."""

        def ticks(text: str | None, name: str) -> int:
            return 0 if text is None else parse_price(instrument, text, f"{field}.{name}")

        def lots(text: str | None, name: str) -> int:
            return 0 if text is None else parse_quantity(instrument, text, f"{field}.{name}")

        return OrderTerms(
            stop_price_ticks=ticks(self.stop_price, "stop_price"),
            trail_ticks=ticks(self.trail, "trail"),
            peg=self.peg,
            peg_offset_ticks=ticks(self.peg_offset, "peg_offset"),
            display_lots=lots(self.display_quantity, "display_quantity"),
            hidden=self.hidden,
            minimum_lots=lots(self.minimum_quantity, "minimum_quantity"),
            all_or_none=self.all_or_none,
            reprice=self.reprice,
            reduce_only=self.reduce_only,
            expires_at=0 if self.expires_at is None else parse_instant(self.expires_at, f"{field}.expires_at"),
            self_trade_prevention=self.self_trade_prevention,
        )


class NewOrder(Request, frozen=True, forbid_unknown_fields=True):
    """An order to place. A market order has no price, every other kind that has a limit has one."""

    venue: Name
    account: AccountName
    instrument: Symbol
    side: Side
    type: OrderType
    quantity: DecimalText
    price: DecimalText | None = None
    time_in_force: TimeInForce | None = None
    """Without: immediate or cancel for a market order, good till cancelled for every other."""
    client_order_id: ClientId | None = None
    """Names the order once; without it the header `Idempotency-Key` does, or a name is made."""
    post_only: bool = False
    terms: RareTerms | None = None

    def command(self, client_order_id: str) -> PlaceOrder:
        """The same in ticks and lots."""
        listed = _listed(self, client_order_id, "")
        return PlaceOrder(
            venue=self.venue,
            account=self.account,
            client_order_id=client_order_id,
            instrument=listed.instrument,
            side=listed.side,
            order_type=listed.order_type,
            time_in_force=listed.time_in_force,
            price_ticks=listed.price_ticks,
            quantity_lots=listed.quantity_lots,
            post_only=listed.post_only,
            terms=listed.terms,
        )


class OrderOfList(Request, frozen=True, forbid_unknown_fields=True):
    """One order of a list."""

    client_order_id: ClientId
    side: Side
    type: OrderType
    quantity: DecimalText
    price: DecimalText | None = None
    time_in_force: TimeInForce | None = None
    post_only: bool = False
    terms: RareTerms | None = None


class NewOrderList(Request, frozen=True, forbid_unknown_fields=True):
    """Orders of one instrument that depend on each other: all are accepted, or none is."""

    venue: Name
    account: AccountName
    instrument: Symbol
    contingency: ContingencyType
    orders: Annotated[tuple[OrderOfList, ...], msgspec.Meta(min_length=2, max_length=10)]

    def listed(self) -> tuple[ListedOrder, ...]:
        """The same in ticks and lots."""
        return tuple(
            _listed(order, order.client_order_id, f"orders[{number}].", self.instrument)
            for number, order in enumerate(self.orders)
        )


class Replacement(Request, frozen=True, forbid_unknown_fields=True):
    """What is to hold of an order from now on; `quantity` is the whole order's, what has traded included."""

    quantity: DecimalText
    price: DecimalText | None = None
    stop_price: DecimalText | None = None


class Fill(Answer, frozen=True, forbid_unknown_fields=True):
    """One fill of an order: this side of a trade."""

    venue: str
    account: str
    order_id: int
    execution_id: int
    trade_id: int
    instrument: str
    side: Side
    price: str
    quantity: str
    liquidity: Liquidity
    fee: str
    fee_asset: str
    filled_at: InstantText
    settles_at: InstantText | None


class Order(Answer, frozen=True, forbid_unknown_fields=True):
    """An order as it stands."""

    venue: str
    account: str
    client_order_id: str
    order_id: int
    instrument: str
    side: Side
    type: OrderType
    time_in_force: TimeInForce
    status: OrderStatus
    price: str | None
    quantity: str
    cumulative_quantity: str
    leaves_quantity: str
    average_price: str | None
    post_only: bool
    changed_at: InstantText
    cancel_reason: CancelReason | None = None
    fills: tuple[Fill, ...] = ()
    """Those that are known with this answer; `GET /api/v1/fills` has all."""


def order_of_view(view: OrderView, fills: Sequence[FillRecord] = ()) -> Order:
    """An order as the history has it."""
    terms = view.terms
    instrument = instrument_named(terms.instrument)
    return Order(
        venue=terms.venue,
        account=terms.account,
        client_order_id=terms.client_order_id,
        order_id=terms.order_id,
        instrument=terms.instrument,
        side=terms.side,
        type=terms.order_type,
        time_in_force=terms.time_in_force,
        status=view.status,
        price=price_text(instrument, view.price_ticks) if view.price_ticks else None,
        quantity=quantity_text(instrument, view.quantity_lots),
        cumulative_quantity=quantity_text(instrument, view.cumulative_lots),
        leaves_quantity=quantity_text(instrument, view.leaves_lots),
        average_price=average_price(instrument, [(one.price_ticks, one.quantity_lots) for one in fills]),
        post_only=terms.post_only,
        changed_at=instant_text(view.changed_at),
        fills=tuple(fill_of(one, one.filled_at) for one in fills),
    )


def replaced_view(view: OrderView, entries: Sequence[Entry]) -> OrderView:
    """An order as it stood, brought up to what was said of it since."""
    for entry in entries:
        said = entry.message
        if getattr(said, "order_id", None) != view.terms.order_id or getattr(said, "account", None) != view.terms.account:
            continue
        changes: dict[str, Any] = {}
        if isinstance(said, (OrderReplaced, OrderRestated)):
            changes = {"quantity_lots": said.quantity_lots}
        if isinstance(said, OrderReplaced):
            changes["price_ticks"] = said.price_ticks
        if isinstance(said, (OrderReplaced, OrderRestated, OrderFilled)):
            changes |= {"cumulative_lots": said.cumulative_lots, "leaves_lots": said.leaves_lots}
        if isinstance(said, OrderCancelled):
            changes = {"cumulative_lots": said.cumulative_lots, "leaves_lots": 0, "status": OrderStatus.CANCELLED}
        if isinstance(said, OrderFilled):
            changes["status"] = OrderStatus.PARTIALLY_FILLED if said.leaves_lots else OrderStatus.FILLED
        if changes:
            view = msgspec.structs.replace(view, changed_at=entry.at, **changes)
    return view


def order_of_entries(accepted: OrderAccepted, entries: Sequence[Entry], at: Nanos) -> Order:
    """An order as it stands after what was said at once of it."""
    instrument = instrument_named(accepted.instrument)
    quantity, price, cumulative, leaves = accepted.quantity_lots, accepted.price_ticks, 0, accepted.quantity_lots
    fills: list[OrderFilled] = []
    reason: CancelReason | None = None
    for entry in entries:
        said = entry.message
        if getattr(said, "order_id", None) != accepted.order_id or getattr(said, "account", None) != accepted.account:
            continue
        if isinstance(said, OrderFilled):
            fills.append(said)
            cumulative, leaves = said.cumulative_lots, said.leaves_lots
        elif isinstance(said, OrderCancelled):
            cumulative, leaves, reason = said.cumulative_lots, 0, said.reason
        elif isinstance(said, OrderReplaced):
            price, quantity, cumulative, leaves = said.price_ticks, said.quantity_lots, said.cumulative_lots, said.leaves_lots
        elif isinstance(said, OrderRestated):
            quantity, cumulative, leaves = said.quantity_lots, said.cumulative_lots, said.leaves_lots
    status = OrderStatus.NEW if not cumulative else OrderStatus.PARTIALLY_FILLED
    if not leaves:
        status = OrderStatus.FILLED if reason is None else OrderStatus.CANCELLED
    return Order(
        venue=accepted.venue,
        account=accepted.account,
        client_order_id=accepted.client_order_id,
        order_id=accepted.order_id,
        instrument=accepted.instrument,
        side=accepted.side,
        type=accepted.order_type,
        time_in_force=accepted.time_in_force,
        status=status,
        price=price_text(instrument, price) if price else None,
        quantity=quantity_text(instrument, quantity),
        cumulative_quantity=quantity_text(instrument, cumulative),
        leaves_quantity=quantity_text(instrument, leaves),
        average_price=average_price(instrument, [(one.price_ticks, one.quantity_lots) for one in fills]),
        post_only=accepted.post_only,
        changed_at=instant_text(at),
        cancel_reason=reason,
        fills=tuple(fill_of(one, at) for one in fills),
    )


def fill_of(fill: OrderFilled | FillRecord, at: Nanos) -> Fill:
    """One fill, from what was said or from the history."""
    instrument = instrument_named(fill.instrument)
    return Fill(
        venue=fill.venue,
        account=fill.account,
        order_id=fill.order_id,
        execution_id=fill.execution_id,
        trade_id=fill.trade_id,
        instrument=fill.instrument,
        side=fill.side,
        price=price_text(instrument, fill.price_ticks),
        quantity=quantity_text(instrument, fill.quantity_lots),
        liquidity=fill.liquidity,
        fee=amount_text(fill.fee_minor),
        fee_asset=fill.fee_asset,
        filled_at=instant_text(at),
        settles_at=instant_text(fill.settles_at) if fill.settles_at else None,
    )


def average_price(instrument: Instrument, fills: Sequence[tuple[int, int]]) -> str | None:
    """Mean price of fills (ticks and lots), weighted, to eight places, half to even; ``None`` without fills."""
    lots = sum(quantity for _, quantity in fills)
    if not lots:
        return None
    value = sum(price * quantity for price, quantity in fills) * instrument.tick_size
    mean = (Decimal(value) / lots).scaleb(-8).quantize(_PLACES, ROUND_HALF_EVEN)
    return format(mean.normalize(), "f")


def _listed(asked: NewOrder | OrderOfList, client_order_id: str, prefix: str, symbol: str = "") -> ListedOrder:
    instrument = instrument_named(symbol or getattr(asked, "instrument", ""))
    is_market = asked.type is OrderType.MARKET
    if is_market and asked.price is not None:
        problem = "a market order has no price; leave it out, or use type limit"
        raise InvalidRequest(f"{prefix}price: {problem}", errors=(FieldProblem(f"{prefix}price", problem),))
    usual = TimeInForce.IMMEDIATE_OR_CANCEL if is_market else TimeInForce.GOOD_TILL_CANCEL
    return ListedOrder(
        client_order_id=client_order_id,
        instrument=instrument.symbol,
        side=asked.side,
        order_type=asked.type,
        time_in_force=asked.time_in_force or usual,
        price_ticks=0 if asked.price is None else parse_price(instrument, asked.price, f"{prefix}price"),
        quantity_lots=parse_quantity(instrument, asked.quantity, f"{prefix}quantity"),
        post_only=asked.post_only,
        terms=None if asked.terms is None else asked.terms.terms(instrument, f"{prefix}terms"),
    )
