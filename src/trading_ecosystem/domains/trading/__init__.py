"""The trading engine of one firm: strategies at work, kept apart from each other and inside their own limits.

**Promises.** A strategy sees the public market and its own account's affairs, and nothing else; it wants, the engine
decides and sends. No order goes out that breaks an own limit or exceeds the claim the venue last stated. A strategy
that raises, loops, answers with nonsense or floods is halted alone and its orders are cancelled. A fill counts once,
however often it is reported. Profit and loss is exact integer arithmetic, at average cost or first in, first out,
with fees apart. Strategies that share an account have each its part of it.

**Hears.** ``InstrumentListed``, ``QuoteChanged``, ``PricePublished``; of its own firm ``ClaimChanged``,
``OrderAccepted``, ``OrderRejected``, ``OrderFilled``, ``OrderCancelled``, ``CancelRejected``, ``OrderReplaced``,
``ReplaceRejected``; the commands ``StartStrategy``, ``StopStrategy`` and ``ChangeStrategyParameters``.

**Says.** ``PlaceOrder``, ``ReplaceOrder``, ``CancelOrder``; ``StrategyStarted``, ``StrategyHalted``,
``StrategyCommandRejected``, ``StrategyParametersChanged``, ``StrategyParametersRejected``, ``OrderWithheld``,
``PositionChanged`` on every fill, ``PositionCloseOutEnded``, ``StrategyMarked`` every marking interval.  It answers
``PortfolioQuestion`` and ``StrategiesQuestion``.
"""
