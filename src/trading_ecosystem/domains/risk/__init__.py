"""The risk monitor: one firm's positions, profit and loss, exposures and limits, and the alerts about them.

**Promises.** It hears production messages only, of its own firm, so that it sees what a production system would see and
works unchanged outside this process.  What each alert means is defined, exactly, in ``messages/alert_conditions.py``.
One alert per (kind, subject) is active at a time; its severity only rises.  Alerts that depend on the passing of time
(stale prices, overdue settlements, silent venues, resolution, escalation) are said at their exact instant.  What cannot be
meant has not arrived, and the last good number is kept: no number that arrives can switch a limit off (``soundness.py``).

**Hears.** Prices; what venues publish (quotes, depths, trade summaries, phases) and answer (accepted, rejected, filled,
cancelled); what custodians say of transfers, instructions, settlements and holdings; margin; copies of its firm's
``PlaceOrder`` and ``CancelOrder``; commands of people about limits, alerts and the trading state; ``Begin`` and its own timers.

**Says.** ``LimitSet``, ``AlertPending``, ``AlertPendingEnded``, ``AlertRaised``, ``AlertUpdated``, ``AlertAcknowledged``,
``AlertSilenced``, ``AlertSilenceEnded``, ``AlertEscalated``, ``AlertResolved``, ``RiskCommandRejected``, ``ExposureReported``
and ``TradingStateChanged``; while the firm may not trade as it likes, ``MassCancel`` and ``CancelOrder`` too.  It answers
``AlertsQuestion``, ``ExposureQuestion`` and those of ``messages/risk_standing.py``, ``risk_measures.py`` and
``trading_state.py``.

::

    prices ────────► price_watch ──────────────────────────────┐
       │                                                       │
       ├───────────► exposure ──► pnl ──► breaches (limits) ───┼──► alerts
       │                ▲                                      │
    fills, custody ► positions ──► settlement_watch ───────────┤
                        └────────► stablecoin ─────────────────┤
    everything ────► parts.py: desks, activity, watches/ ──────┘
"""
