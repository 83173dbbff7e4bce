"""Metrics of what was said: every message by type, and each domain's own numbers. A follower of committed entries."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from trading_ecosystem.messages import custodian, exchange, market_data, risk, trading
from trading_ecosystem.messages import test_coordination as coordination
from trading_ecosystem.messages.envelope import Entry
from trading_ecosystem.messages.units import INSTRUMENTS, MINOR_UNITS_PER_WHOLE, PARTS_PER_MILLION, SECOND
from trading_ecosystem.ports.metrics import Metric, MetricKind, Sample


def _counter(name: str, text: str, *labels: str) -> Metric:
    return Metric(name, MetricKind.COUNTER, text, labels)


def _gauge(name: str, text: str, *labels: str) -> Metric:
    return Metric(name, MetricKind.GAUGE, text, labels)


MESSAGES: Final = _counter("ecosystem_messages_total", "Entries of the record.", "type", "sender")
TIME: Final = _gauge("ecosystem_time_seconds", "Instant of the newest entry, since the epoch.")
PRICES: Final = _counter("market_data_prices_published_total", "Reference prices published.", "instrument")
PRICE: Final = _gauge("market_data_price", "Newest reference price, in the quote asset.", "instrument")
ACCEPTED: Final = _counter("exchange_orders_accepted_total", "Orders of named accounts accepted.", "venue", "instrument")
REJECTED: Final = _counter("exchange_orders_rejected_total", "Orders of named accounts refused.", "venue", "reason")
CANCELLED: Final = _counter("exchange_orders_cancelled_total", "Orders that left the book.", "venue", "reason")
FILLS: Final = _counter("exchange_fills_total", "Fills of named accounts.", "venue", "instrument", "liquidity")
VOLUME: Final = _counter("exchange_volume_base_total", "Published volume, in the base asset.", "venue", "instrument")
SPREAD: Final = _gauge("exchange_spread_ratio", "Best ask over best bid, less one.", "venue", "instrument")
SETTLED: Final = _counter("custodian_settlements_settled_total", "Sides of instructions settled.", "venue")
FAILED: Final = _counter("custodian_settlements_failed_total", "Attempts to settle that failed.", "venue", "reason")
TRANSFERS: Final = _counter("custodian_transfers_total", "Transfers that posted.", "kind")
TRANSFERS_REFUSED: Final = _counter("custodian_transfers_refused_total", "Transfers refused.", "kind", "reason")
BREAKS: Final = _counter("custodian_reconciliation_breaks_total", "Breaks between claims and ledger.", "venue")
WITHHELD: Final = _counter("trading_orders_withheld_total", "Orders that the engine held back.", "strategy", "reason")
PROFIT: Final = _gauge("trading_profit_usd", "Realised plus unrealised profit since the start.", "strategy")
RUNNING: Final = _gauge("trading_strategy_running", "1 while a strategy runs.", "strategy")
ALERTS: Final = _counter("risk_alerts_raised_total", "Alerts raised.", "kind", "severity")
OPEN_ALERTS: Final = _gauge("risk_alerts_open", "Alerts raised and not resolved.", "severity")
EQUITY: Final = _gauge("risk_equity_usd", "Value of all positions.")
GROSS: Final = _gauge("risk_gross_notional_usd", "Sum of the absolute values of positions.")
DRAWDOWN: Final = _gauge("risk_drawdown_ratio", "Fall of the equity below its highest mark.")
FAULTS: Final = _counter("test_coordination_faults_injected_total", "Faults injected.", "kind")
IN_EFFECT: Final = _gauge("test_coordination_faults_in_effect", "Faults that change something now.")

CATALOGUE: Final = tuple(value for value in list(globals().values()) if isinstance(value, Metric))
"""Every metric of this module."""


class EntryMetrics:
    """Counts; see the module. Values of what labels may not bound (accounts, ids) never become labels."""

    def __init__(self) -> None:
        self._by_type: Counter[tuple[str, str]] = Counter()
        self._counts: defaultdict[tuple[Metric, tuple[str, ...]], float] = defaultdict(float)
        self._levels: dict[tuple[Metric, tuple[str, ...]], float] = {}
        self._open: dict[tuple[str, int], str] = {}
        self._newest = 0
        self._note: dict[type, Callable[[Any], None]] = {
            market_data.PricePublished: self._price,
            exchange.OrderAccepted: lambda said: self._count(ACCEPTED, said.venue, said.instrument),
            exchange.OrderRejected: lambda said: self._count(REJECTED, said.venue, said.reason),
            exchange.OrderCancelled: lambda said: self._count(CANCELLED, said.venue, said.reason),
            exchange.OrderFilled: lambda said: self._count(FILLS, said.venue, said.instrument, said.liquidity),
            exchange.TradesPublished: self._trades,
            exchange.QuoteChanged: self._quote,
            custodian.SettlementSettled: lambda said: self._count(SETTLED, said.venue),
            custodian.SettlementFailed: lambda said: self._count(FAILED, said.venue, said.reason),
            custodian.TransferPosted: lambda said: self._count(TRANSFERS, said.kind),
            custodian.TransferRejected: lambda said: self._count(TRANSFERS_REFUSED, said.kind, said.reason),
            custodian.ReconciliationBreak: lambda said: self._count(BREAKS, said.venue),
            trading.OrderWithheld: lambda said: self._count(WITHHELD, said.strategy, said.reason),
            trading.StrategyMarked: self._marked,
            trading.StrategyStarted: lambda said: self._set(RUNNING, 1, said.strategy),
            trading.StrategyHalted: lambda said: self._set(RUNNING, 0, said.strategy),
            risk.AlertRaised: self._raised,
            risk.AlertUpdated: self._updated,
            risk.AlertResolved: self._resolved,
            risk.ExposureReported: self._exposure,
            coordination.FaultInjected: lambda said: self._count(FAULTS, said.kind),
            coordination.GroundTruthLabelled: lambda said: self._shift(IN_EFFECT, 1),
            coordination.GroundTruthClosed: lambda said: self._shift(IN_EFFECT, -1),
        }

    def tell(self, entries: Sequence[Entry]) -> None:
        """Hear of committed entries; never waits."""
        notes, by_type = self._note, self._by_type
        for entry in entries:
            kind = type(entry.message)
            by_type[kind.__name__, entry.sender] += 1
            note = notes.get(kind)
            if note is not None:
                note(entry.message)
        if entries:
            self._newest = entries[-1].at

    def samples(self) -> Iterator[Sample]:
        """Every number."""
        for (name, sender), count in self._by_type.items():
            yield Sample(MESSAGES, count, (name, sender))
        for (metric, labels), amount in self._counts.items():
            yield Sample(metric, amount, labels)
        for (metric, labels), level in self._levels.items():
            yield Sample(metric, level, labels)
        severities = list(self._open.values())
        for severity in risk.Severity:
            yield Sample(OPEN_ALERTS, severities.count(severity), (severity,))
        yield Sample(TIME, self._newest / SECOND)

    def _count(self, metric: Metric, *labels: str) -> None:
        self._counts[metric, labels] += 1

    def _set(self, metric: Metric, value: float, *labels: str) -> None:
        self._levels[metric, labels] = value

    def _shift(self, metric: Metric, by: int) -> None:
        self._levels[metric, ()] = self._levels.get((metric, ()), 0) + by

    def _price(self, said: market_data.PricePublished) -> None:
        self._count(PRICES, said.instrument)
        self._set(PRICE, said.price_minor / MINOR_UNITS_PER_WHOLE, said.instrument)

    def _trades(self, said: exchange.TradesPublished) -> None:
        lot = INSTRUMENTS[said.instrument].lot_size
        self._counts[VOLUME, (said.venue, said.instrument)] += said.volume_lots * lot / MINOR_UNITS_PER_WHOLE

    def _quote(self, said: exchange.QuoteChanged) -> None:
        if said.bid_ticks and said.ask_ticks:
            self._set(SPREAD, said.ask_ticks / said.bid_ticks - 1, said.venue, said.instrument)

    def _marked(self, said: trading.StrategyMarked) -> None:
        profit = said.realised_usd_minor + said.unrealised_usd_minor
        self._set(PROFIT, profit / MINOR_UNITS_PER_WHOLE, said.strategy)

    def _raised(self, said: risk.AlertRaised) -> None:
        self._count(ALERTS, said.kind, said.severity)
        self._open[said.account, said.alert_id] = said.severity

    def _updated(self, said: risk.AlertUpdated) -> None:
        if (said.account, said.alert_id) in self._open:
            self._open[said.account, said.alert_id] = said.severity

    def _resolved(self, said: risk.AlertResolved) -> None:
        self._open.pop((said.account, said.alert_id), None)

    def _exposure(self, said: risk.ExposureReported) -> None:
        self._set(EQUITY, said.equity_usd_minor / MINOR_UNITS_PER_WHOLE)
        self._set(GROSS, said.gross_notional_usd_minor / MINOR_UNITS_PER_WHOLE)
        self._set(DRAWDOWN, said.drawdown_ppm / PARTS_PER_MILLION)
