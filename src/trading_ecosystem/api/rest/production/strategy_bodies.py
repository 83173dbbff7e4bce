"""Bodies about strategies: their state and parameters, orders, positions, profit and loss, performance."""

from __future__ import annotations

from typing import Annotated

import msgspec

from trading_ecosystem.api.rest.bodies import AccountName, Answer, InstantText
from trading_ecosystem.api.rest.bodies import Request as Body
from trading_ecosystem.domains.trading.order_life import OrderState

ParameterName = Annotated[str, msgspec.Meta(min_length=1, max_length=63, pattern=r"^[a-z_]+$(?!\n)", examples=["size_usd"])]
ParameterValue = Annotated[
    str, msgspec.Meta(min_length=1, max_length=400, pattern=r"^[A-Za-z0-9 ,./:_-]+$(?!\n)", examples=["5000"])
]


class Strategy(Answer, frozen=True, forbid_unknown_fields=True):
    """A strategy; `state` is `running`, `requested` (it was stopped) or `failed` (it stopped by itself, see `detail`)."""

    account: str
    strategy: str
    kind: str
    state: str
    detail: str
    changed_at: InstantText


class StrategyCommand(Body, frozen=True, forbid_unknown_fields=True):
    """On whose account the strategy trades: its own, or the master of that."""

    account: AccountName


class StrategyParameters(Answer, frozen=True, forbid_unknown_fields=True):
    """What a strategy goes by: every parameter of its kind."""

    account: str
    strategy: str
    parameters: dict[str, str]


class ParameterChange(Body, frozen=True, forbid_unknown_fields=True):
    """New values of some parameters; the others stay. A list has commas between."""

    account: AccountName
    parameters: Annotated[dict[ParameterName, ParameterValue], msgspec.Meta(min_length=1, max_length=40)]


class StrategyOrder(Answer, frozen=True, forbid_unknown_fields=True):
    """An order of a strategy as it knows it."""

    venue: str
    account: str
    client_order_id: str
    order_id: int
    """0 before the venue has answered."""
    instrument: str
    side: str
    type: str
    time_in_force: str
    price: str | None
    quantity: str
    cumulative_quantity: str
    leaves_quantity: str
    state: OrderState
    reason: str
    placed_at: InstantText
    changed_at: InstantText


class StrategyPosition(Answer, frozen=True, forbid_unknown_fields=True):
    """A strategy's position in one instrument on one venue; amounts in the quote asset, since the start."""

    venue: str
    instrument: str
    quantity: str
    average_price: str | None
    realised: str
    fees: str
    changed_at: InstantText


class StrategyPositions(Answer, frozen=True, forbid_unknown_fields=True):
    """Every position of a strategy."""

    strategy: str
    positions: tuple[StrategyPosition, ...]


class ProfitMark(Answer, frozen=True, forbid_unknown_fields=True):
    """Profit and loss in USD at one instant, net of fees: realised and unrealised together are the whole."""

    marked_at: InstantText
    realised_usd: str
    unrealised_usd: str
    fees_usd: str


class Performance(Answer, frozen=True, forbid_unknown_fields=True):
    """How a strategy has done so far, in USD."""

    account: str
    strategy: str
    net_usd: str
    max_drawdown_usd: str
    turnover_usd: str
    return_on_turnover: str
    orders: int
    fills: int
    fills_per_order: str
    marked_at: InstantText
