"""The risk monitor: one firm's positions, profit and loss, exposures and limits, and the alerts about them.

**Promises.** It hears production messages only, of its own firm, so that it sees what a production system would see and
works unchanged outside this process.  What each alert means is defined, exactly, at the head of ``messages/risk.py``.
One alert per (kind, subject) is active at a time; its severity only rises.  Alerts that depend on the passing of time
(stale prices, overdue settlements, resolution, escalation) are said at their exact instant.  A price that is not a
plausible number is ignored and the last good one kept: no number that arrives can switch a limit off.

**Hears.** ``PricePublished``; ``OrderFilled``; ``SettlementSettled``, ``TransferPending`` and ``TransferPosted``; the
commands ``ChangeLimit``, ``AcknowledgeAlert``, ``SilenceAlert`` and ``EscalateAlert``; ``Begin`` and its own timers.

**Says.** ``LimitSet``, ``AlertRaised``, ``AlertUpdated``, ``AlertAcknowledged``, ``AlertSilenced``, ``AlertSilenceEnded``,
``AlertEscalated``, ``AlertResolved``, ``RiskCommandRejected`` and ``ExposureReported``.  It answers ``AlertsQuestion``,
``ExposureQuestion`` and those of ``messages/risk_standing.py``.

::

    prices ────────► price_watch ──────────────────────────────┐
       │                                                       │
       ├───────────► exposure ──► pnl ──► breaches (limits) ───┼──► alerts
       │                ▲                                      │
    fills, custody ► positions ──► settlement_watch ───────────┤
                        └────────► stablecoin ─────────────────┘
"""
