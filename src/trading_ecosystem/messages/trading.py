"""What the trading domain says and hears."""

from __future__ import annotations

import enum
from typing import ClassVar

from trading_ecosystem.messages.base import Audience, Command, Message, Question, Row
from trading_ecosystem.messages.orders import Side
from trading_ecosystem.messages.units import Lots, MinorUnits, Ticks


class WithheldReason(enum.StrEnum):
    """Why a strategy's order was not sent: the trading engine's own limits, checked in this order."""

    STRATEGY_NOT_RUNNING = "strategy_not_running"
    UNKNOWN_INSTRUMENT = "unknown_instrument"
    INVALID_ORDER = "invalid_order"
    INSUFFICIENT_CLAIM = "insufficient_claim"
    ORDER_NOTIONAL = "order_notional"
    OPEN_ORDERS = "open_orders"
    POSITION = "position"
    NOT_TRADING = "not_trading"
    """The instrument is halted or closed at its venue."""
    TRADING_HALTED = "trading_halted"
    """The firm's trading state is halted, or liquidating."""
    REDUCING_ONLY = "reducing_only"
    """The firm's trading state is reducing, and the order would not only bring the position nearer to flat."""
    PRICE_COLLAR = "price_collar"
    """The price is too far from the published one, or there is none."""
    CAPITAL_SHARE = "capital_share"
    """It takes more than the strategy's own part of the account that it shares with others."""
    MESSAGE_RATE = "message_rate"
    """The strategy has sent as many messages within a second as it may."""


class HaltReason(enum.StrEnum):
    """Why a strategy stopped."""

    REQUESTED = "requested"
    FAILED = "failed"
    """It raised an exception or answered with nonsense; the others go on."""
    LOOPED = "looped"
    """It took more steps in one callback than any may."""
    FLOODED = "flooded"
    """It wanted more in one answer, or in one second, than any may."""


class StrategyCommandRejectReason(enum.StrEnum):
    """Why a strategy was not started or stopped; checked in this order."""

    UNKNOWN_STRATEGY = "unknown_strategy"
    """No strategy of that name trades for that account."""
    ALREADY_RUNNING = "already_running"
    NOT_RUNNING = "not_running"
    INVALID_PARAMETERS = "invalid_parameters"
    """Parameters are unknown, missing or unreadable, or name what is not traded here."""


class StartStrategy(Command, frozen=True, gc=False):
    """Start a loaded strategy again."""

    audience: ClassVar[Audience] = Audience.PRODUCTION
    addressed_by: ClassVar[str | None] = "component"
    component: str
    account: str
    strategy: str


class StopStrategy(Command, frozen=True, gc=False):
    """Stop a strategy and cancel its orders."""

    audience: ClassVar[Audience] = Audience.PRODUCTION
    addressed_by: ClassVar[str | None] = "component"
    component: str
    account: str
    strategy: str


class StrategyParameter(Row, frozen=True, gc=False):
    """One parameter of a strategy, in the words of a scenario's ``settings``; a list has commas between."""

    name: str
    value: str


class ChangeStrategyParameters(Command, frozen=True, gc=False):
    """Give a strategy new values of some parameters. One that runs is stopped, and started anew with them."""

    audience: ClassVar[Audience] = Audience.PRODUCTION
    addressed_by: ClassVar[str | None] = "component"
    component: str
    account: str
    strategy: str
    parameters: tuple[StrategyParameter, ...]


class StrategyParametersChanged(Message, frozen=True, gc=False):
    """A strategy has these parameters from now on, all of them."""

    audience: ClassVar[Audience] = Audience.PRODUCTION
    private: ClassVar[bool] = True
    account: str
    strategy: str
    parameters: tuple[StrategyParameter, ...]


class StrategyParametersRejected(Message, frozen=True, gc=False):
    """A strategy's parameters were not changed; ``detail`` is one line, ``parameter`` the one at fault, if one is."""

    audience: ClassVar[Audience] = Audience.PRODUCTION
    private: ClassVar[bool] = True
    account: str
    strategy: str
    reason: StrategyCommandRejectReason
    parameter: str
    detail: str


class StrategyCommandRejected(Message, frozen=True, gc=False):
    """A strategy was not started (``start`` true) or not stopped (false), and nothing changed."""

    audience: ClassVar[Audience] = Audience.PRODUCTION
    private: ClassVar[bool] = True
    account: str
    strategy: str
    start: bool
    reason: StrategyCommandRejectReason


class StrategyStarted(Message, frozen=True, gc=False):
    """A strategy runs from now on, on one sub-account."""

    audience: ClassVar[Audience] = Audience.PRODUCTION
    private: ClassVar[bool] = True
    account: str
    strategy: str
    kind: str


class StrategyHalted(Message, frozen=True, gc=False):
    """A strategy stopped; ``detail`` is one line, empty when it was asked to."""

    audience: ClassVar[Audience] = Audience.PRODUCTION
    private: ClassVar[bool] = True
    account: str
    strategy: str
    reason: HaltReason
    detail: str


class CloseOutOutcome(enum.StrEnum):
    """How it ended that the engine closed out a position in an emergency."""

    FLAT = "flat"
    OUT_OF_ATTEMPTS = "out_of_attempts"
    """What is left could not be traded."""
    CALLED_OFF = "called_off"
    """The firm's trading state changed before."""


class PositionCloseOutEnded(Message, frozen=True, gc=False):
    """The engine closes out a strategy's position no longer; so much of it is left, after so many orders."""

    audience: ClassVar[Audience] = Audience.PRODUCTION
    private: ClassVar[bool] = True
    account: str
    strategy: str
    venue: str
    instrument: str
    position_lots: Lots
    orders_sent: int
    outcome: CloseOutOutcome


class OrderWithheld(Message, frozen=True, gc=False):
    """A strategy wanted an order that the engine did not send. Said once per strategy, instrument and reason until
    an order of it is sent again."""

    audience: ClassVar[Audience] = Audience.PRODUCTION
    private: ClassVar[bool] = True
    account: str
    strategy: str
    venue: str
    instrument: str
    side: Side
    price_ticks: Ticks
    quantity_lots: Lots
    reason: WithheldReason


class PositionChanged(Message, frozen=True, gc=False):
    """A strategy's position in one instrument at one venue after a fill.

    ``average_price_minor`` (average cost, minor units of quote per whole base, rounded half to even) is 0 when flat;
    ``realised_minor`` and ``fees_minor`` are in minor units of the quote asset since the start.
    """

    audience: ClassVar[Audience] = Audience.PRODUCTION
    private: ClassVar[bool] = True
    account: str
    strategy: str
    venue: str
    instrument: str
    position_lots: Lots
    average_price_minor: MinorUnits
    realised_minor: MinorUnits
    fees_minor: MinorUnits


class StrategyMarked(Message, frozen=True, gc=False):
    """A strategy's profit and loss in USD minor units, marked at the latest published prices, net of fees.

    ``realised_usd_minor`` is net of ``fees_usd_minor``, so that realised plus unrealised is the whole. Amounts in another
    quote asset count at that asset's USD price now; each sum rounds half to even.
    """

    audience: ClassVar[Audience] = Audience.PRODUCTION
    private: ClassVar[bool] = True
    account: str
    strategy: str
    realised_usd_minor: MinorUnits
    unrealised_usd_minor: MinorUnits
    fees_usd_minor: MinorUnits
    orders: int
    fills: int
    turnover_usd_minor: MinorUnits = 0
    """Notional bought plus notional sold since the start."""
    max_drawdown_usd_minor: MinorUnits = 0
    """Largest fall of realised plus unrealised below its highest mark so far (at least 0, the start)."""


class PortfolioQuestion(Question, frozen=True, gc=False):
    """Positions of one strategy, or of all (``None``); answered by a tuple of PositionChanged."""

    strategy: str | None = None


class StrategyStanding(Row, frozen=True, gc=False):
    """One loaded strategy as it stands."""

    account: str
    strategy: str
    kind: str
    is_running: bool
    parameters: tuple[StrategyParameter, ...]


class StrategiesQuestion(Question, frozen=True, gc=False):
    """Every loaded strategy; answered by a tuple of StrategyStanding, in the order in which they were loaded."""
