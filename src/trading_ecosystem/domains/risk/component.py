"""The risk monitor's state machine. Start reading at ``hears``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Final

from trading_ecosystem.domains.risk.alerts import AlertBook
from trading_ecosystem.domains.risk.breaches import LimitWatch
from trading_ecosystem.domains.risk.exposure import STABLECOINS, Exposure, is_price, value_of
from trading_ecosystem.domains.risk.limits import LimitBook, limit_problem
from trading_ecosystem.domains.risk.parameters import RiskParameters
from trading_ecosystem.domains.risk.pnl import ProfitAndLoss
from trading_ecosystem.domains.risk.positions import Positions
from trading_ecosystem.domains.risk.price_watch import PriceWatch
from trading_ecosystem.domains.risk.settlement_watch import SettlementWatch
from trading_ecosystem.domains.risk.stablecoin import StablecoinWatch
from trading_ecosystem.domains.risk.standing import compliance_of, limit_standings
from trading_ecosystem.domains.risk.timers import (
    EscalationDue,
    KeepFiringDue,
    ReportDue,
    SaidList,
    SettlementDue,
    SilenceOver,
    StalenessDue,
)
from trading_ecosystem.messages.base import Message, Question, master_of
from trading_ecosystem.messages.custodian import SettlementSettled, TransferPending, TransferPosted, VariationPosted
from trading_ecosystem.messages.exchange import OrderFilled
from trading_ecosystem.messages.margin import VariationSettled
from trading_ecosystem.messages.market_data import PricePublished
from trading_ecosystem.messages.risk import (
    AcknowledgeAlert,
    AlertAcknowledged,
    AlertEscalated,
    AlertRaised,
    AlertResolved,
    AlertSilenced,
    AlertSilenceEnded,
    AlertsQuestion,
    AlertUpdated,
    ChangeLimit,
    EscalateAlert,
    ExposureQuestion,
    ExposureReported,
    LimitSet,
    RiskCommandRejected,
    SilenceAlert,
)
from trading_ecosystem.messages.risk_standing import (
    ActiveAlertsQuestion,
    AlertStanding,
    ComplianceQuestion,
    ComplianceReported,
    LimitsQuestion,
    LimitStanding,
)
from trading_ecosystem.messages.trading_phases import TradeBusted, TradeCorrected
from trading_ecosystem.messages.units import ASSETS, INSTRUMENTS, PERPETUALS, MinorUnits, Nanos
from trading_ecosystem.ports.component import Begin, Component, Later, Said
from trading_ecosystem.ports.randomness import Randomness

_NOTHING: Final[Said] = ()
_ASSET_PRICED_BY: Final = {f"{asset}/USD": asset for asset in ASSETS if asset != "USD"}
"""The asset whose USD price is the price of an instrument."""


class Risk(Component):
    """The risk monitor of one firm; see the package's docstring. It draws no random numbers."""

    context: ClassVar[str] = "risk"
    hears: ClassVar[dict[type[Any], str]] = {
        Begin: "begun",
        PricePublished: "price_published",
        OrderFilled: "order_filled",
        VariationSettled: "variation_settled",
        VariationPosted: "variation_posted",
        TradeBusted: "trade_busted",
        TradeCorrected: "trade_corrected",
        SettlementSettled: "settlement_settled",
        TransferPending: "transfer_pending",
        TransferPosted: "transfer_posted",
        ChangeLimit: "change_limit",
        AcknowledgeAlert: "acknowledge_alert",
        SilenceAlert: "silence_alert",
        EscalateAlert: "escalate_alert",
        StalenessDue: "staleness_due",
        SettlementDue: "settlement_due",
        KeepFiringDue: "keep_firing_due",
        EscalationDue: "escalation_due",
        SilenceOver: "silence_over",
        ReportDue: "report_due",
    }
    says: ClassVar[tuple[type[Message], ...]] = (
        LimitSet,
        AlertRaised,
        AlertUpdated,
        AlertAcknowledged,
        AlertSilenced,
        AlertSilenceEnded,
        AlertEscalated,
        AlertResolved,
        RiskCommandRejected,
        ExposureReported,
    )
    state_version: ClassVar[int] = 2
    answers: ClassVar[dict[type[Question], str]] = {
        AlertsQuestion: "answer_alerts",
        ActiveAlertsQuestion: "answer_active_alerts",
        LimitsQuestion: "answer_limits",
        ComplianceQuestion: "answer_compliance",
        ExposureQuestion: "answer_exposure",
    }

    def __init__(
        self, name: str, parameters: RiskParameters, randomness: Randomness, accounts: frozenset[str] | None = None
    ) -> None:
        super().__init__(name, frozenset({parameters.firm}) if accounts is None else accounts)
        self.parameters = parameters
        self.firm = parameters.firm
        self.alerts = AlertBook(parameters.firm)
        self.limits = LimitBook(parameters.firm, parameters.limits)
        self.positions = Positions(parameters.firm)
        self.exposure = Exposure()
        self.pnl = ProfitAndLoss()
        self.limit_watch = LimitWatch(parameters.firm, self.limits, self.exposure, self.pnl)
        self.price_watches = {instrument: PriceWatch(instrument) for instrument in parameters.instruments}
        self.stablecoin_watches = {asset: StablecoinWatch(asset) for asset in STABLECOINS}
        self.settlement_watches: dict[str, SettlementWatch] = {}

    def begun(self, message: Begin, now: Nanos) -> Said:
        """Say every limit, and start reporting."""
        self.pnl.begin(now)
        return [*self.limits.all_in_force(), Later(ReportDue(), now + self.parameters.report_every_ns)]

    def price_published(self, message: PricePublished, now: Nanos) -> Said:
        """Watch the price and, if it values an asset, look at the limits. What is no price is ignored."""
        watch = self.price_watches.get(message.instrument)
        price = message.price_minor
        if watch is None or not is_price(price):
            return _NOTHING
        said: SaidList = []
        alerts = self.alerts
        watch.price_arrived(price, message.priced_at, now, alerts, said)
        asset = _ASSET_PRICED_BY.get(message.instrument)
        if message.instrument in PERPETUALS:
            self._perpetual_priced(message.instrument, price, now, said)
        if asset is None:
            return said
        if now >= self.pnl.next_midnight:
            self.pnl.begin_day(now, self.exposure.equity)
        new_value = self.exposure.set_price(asset, price)
        if new_value:
            self.pnl.flow(new_value)
        stablecoin = self.stablecoin_watches.get(asset)
        if stablecoin is not None:
            stablecoin.evaluate(self.exposure.assets[asset].position, price, now, alerts, said)
        self.limit_watch.value_changed(asset, now, alerts, said)
        self.limit_watch.equity_changed(now, alerts, said)
        return said

    def order_filled(self, message: OrderFilled, now: Nanos) -> Said:
        """Add a fill to the positions and watch its settlement."""
        said: SaidList = []
        if message.instrument in PERPETUALS:
            if self.positions.perpetual_filled(message):
                self._positions_changed((message.fee_asset,), now, said, (message.instrument,))
            return said
        fill = self.positions.order_filled(message)
        if fill is None:
            return _NOTHING
        watch = self._settlement_watch(message.venue)
        key = (message.venue, message.instrument, message.trade_id, message.account)
        watch.fill_arrived(fill.settles_at, key, now, self.alerts, said)
        self._positions_changed(fill.assets, now, said)
        return said

    def trade_busted(self, message: TradeBusted, now: Nanos) -> Said:
        """A trade was undone before it settled: its fill never was."""
        said: SaidList = []
        fill = self.positions.trade_busted(message)
        if fill is None:
            return _NOTHING
        self._settlement_watch(message.venue).evaluate(now, self.alerts, said)
        self._positions_changed(fill.assets, now, said)
        return said

    def trade_corrected(self, message: TradeCorrected, now: Nanos) -> Said:
        """A trade has another price: so has its fill."""
        said: SaidList = []
        fill = self.positions.trade_corrected(message)
        if fill is None:
            return _NOTHING
        self._positions_changed(fill.assets, now, said)
        return said

    def settlement_settled(self, message: SettlementSettled, now: Nanos) -> Said:
        """Turn unsettled into pledged amounts; normally no position changes."""
        said: SaidList = []
        if not self.positions.settlement_settled(message):
            return _NOTHING
        self._settlement_watch(message.venue).evaluate(now, self.alerts, said)
        instrument = INSTRUMENTS[message.instrument]
        third = [after.asset for after in message.pledged_after if after.asset not in (instrument.base, instrument.quote)]
        self._positions_changed((instrument.base, instrument.quote, *third), now, said)
        return said

    def variation_settled(self, message: VariationSettled, now: Nanos) -> Said:
        """Carry positions in perpetuals at their marks; what was paid for them is not posted yet."""
        said: SaidList = []
        if self.positions.variation_settled(message):
            self._positions_changed((message.asset,), now, said, tuple(line.instrument for line in message.lines))
        return said

    def variation_posted(self, message: VariationPosted, now: Nanos) -> Said:
        """Turn unposted variation into a pledged amount; normally no position changes."""
        said: SaidList = []
        if self.positions.variation_posted(message):
            self._positions_changed((message.asset,), now, said)
        return said

    def _perpetual_priced(self, symbol: str, price: MinorUnits, now: Nanos, said: SaidList) -> None:
        if now >= self.pnl.next_midnight:
            self.pnl.begin_day(now, self.exposure.equity)
        self.exposure.set_perpetual_price(symbol, price)
        self.limit_watch.equity_changed(now, self.alerts, said)

    def transfer_posted(self, message: TransferPosted, now: Nanos) -> Said:
        """A deposit, withdrawal, pledge or release took effect."""
        return self._transferred(message, now) if self.positions.transfer_posted(message) else _NOTHING

    def transfer_pending(self, message: TransferPending, now: Nanos) -> Said:
        """A transfer was accepted; a withdrawal has left the firm's free assets."""
        return self._transferred(message, now) if self.positions.transfer_pending(message) else _NOTHING

    def change_limit(self, message: ChangeLimit, now: Nanos) -> Said:
        """Put a new value of a limit in force and look at it at once, or say why not."""
        limit = self.limits.find(message.kind, message.subject)
        problem = self._problem_of_account(message.account)
        if problem is None and limit is None:
            problem = f"no limit of {message.kind.value} on {message.subject}"
        if problem is None:
            problem = limit_problem(message.kind, message.value)
        if problem is not None or limit is None:
            return [RiskCommandRejected(message.account, "ChangeLimit", problem or "")]
        limit.change(message.value)
        said: SaidList = [self.limits.in_force(limit)]
        if now >= self.pnl.next_midnight:
            self.pnl.begin_day(now, self.exposure.equity)
        self.limit_watch.evaluate([message.subject] if message.subject in ASSETS else [], now, self.alerts, said)
        return said

    def acknowledge_alert(self, message: AcknowledgeAlert, now: Nanos) -> Said:
        """A person takes an alert on."""
        said: SaidList = []
        problem = self._problem_of_account(message.account)
        if problem is None:
            problem = self.alerts.acknowledge(message.alert_id, message.by, said)
        if problem is not None:
            said.append(RiskCommandRejected(message.account, "AcknowledgeAlert", problem))
        return said

    def silence_alert(self, message: SilenceAlert, now: Nanos) -> Said:
        """A person wants an alert not to be escalated for a while."""
        said: SaidList = []
        problem = self._problem_of_account(message.account)
        if problem is None:
            problem = self.alerts.silence(message.alert_id, message.by, message.until, now, said)
        return said if problem is None else [RiskCommandRejected(message.account, "SilenceAlert", problem)]

    def escalate_alert(self, message: EscalateAlert, now: Nanos) -> Said:
        """A person escalates an alert."""
        said: SaidList = []
        problem = self._problem_of_account(message.account) or self.alerts.escalate(message.alert_id, said)
        return said if problem is None else [RiskCommandRejected(message.account, "EscalateAlert", problem)]

    def silence_over(self, message: SilenceOver, now: Nanos) -> Said:
        """An alert may have been silent for long enough."""
        said: SaidList = []
        self.alerts.silence_over(message.alert_id, now, said)
        return said

    def staleness_due(self, message: StalenessDue, now: Nanos) -> Said:
        """A price may have become stale."""
        said: SaidList = []
        self.price_watches[message.instrument].staleness_due(now, self.alerts, said)
        return said

    def settlement_due(self, message: SettlementDue, now: Nanos) -> Said:
        """A settlement may have become overdue."""
        said: SaidList = []
        self.settlement_watches[message.venue].settlement_due(now, self.alerts, said)
        return said

    def keep_firing_due(self, message: KeepFiringDue, now: Nanos) -> Said:
        """An alert may be over."""
        said: SaidList = []
        self.alerts.keep_firing_due(message.alert_id, now, said)
        return said

    def escalation_due(self, message: EscalationDue, now: Nanos) -> Said:
        """An alert may have been left alone for too long."""
        said: SaidList = []
        self.alerts.escalation_due(message.alert_id, now, said)
        return said

    def report_due(self, message: ReportDue, now: Nanos) -> Said:
        """Report the exposures, unless a position has no price yet."""
        said: SaidList = [Later(ReportDue(), now + self.parameters.report_every_ns)]
        if now >= self.pnl.next_midnight:
            self.pnl.begin_day(now, self.exposure.equity)
        if self._reportable():
            said.insert(0, self.answer_exposure(ExposureQuestion()))
        return said

    def answer_alerts(self, question: AlertsQuestion) -> tuple[AlertRaised, ...]:
        """Active alerts with their severity now, oldest first."""
        return self.alerts.firing()

    def answer_active_alerts(self, question: ActiveAlertsQuestion) -> tuple[AlertStanding, ...]:
        """Active alerts as they stand, oldest first."""
        return self.alerts.standing()

    def answer_limits(self, question: LimitsQuestion) -> tuple[LimitStanding, ...]:
        """Every limit in force, held against what it limits."""
        return limit_standings(self.firm, self.limits, self.limit_watch, self.alerts)

    def answer_compliance(self, question: ComplianceQuestion) -> ComplianceReported:
        """The firm against all of its limits."""
        return compliance_of(self.firm, self.answer_limits(LimitsQuestion()), len(self.alerts.active))

    def answer_exposure(self, question: ExposureQuestion) -> ExposureReported:
        """Exposures as of the last message handled; assets without a price count as nothing."""
        exposure = self.exposure
        equity = exposure.equity
        assets = exposure.assets
        return ExposureReported(
            account=self.firm,
            equity_usd_minor=equity,
            gross_notional_usd_minor=exposure.gross,
            net_delta_usd_minor=exposure.net_delta(),
            daily_pnl_usd_minor=self.pnl.daily(equity),
            drawdown_ppm=self.pnl.drawdown(equity),
            unsettled_usd_minor=exposure.value_of_amounts(self.positions.unsettled_base),
            btc_minor=assets["BTC"].net_position,
            eth_minor=assets["ETH"].net_position,
            usd_minor=assets["USD"].position,
            usdt_minor=assets["USDT"].position,
        )

    def _transferred(self, message: TransferPosted | TransferPending, now: Nanos) -> Said:
        said: SaidList = []
        flow = self.positions.external_flow(message)
        if now >= self.pnl.next_midnight:
            self.pnl.begin_day(now, self.exposure.equity)
        if flow:
            value = value_of(abs(flow), self.exposure.assets[message.asset].price)
            self.pnl.flow(value if flow > 0 else -value)
        self._positions_changed((message.asset,), now, said)
        return said

    def _positions_changed(self, assets: Sequence[str], now: Nanos, said: SaidList, perpetuals: Sequence[str] = ()) -> None:
        if now >= self.pnl.next_midnight:
            self.pnl.begin_day(now, self.exposure.equity)
        totals = self.positions.totals
        changed = [asset for asset in assets if self.exposure.set_position(asset, totals.get(asset, 0))]
        held = self.positions.perpetuals
        changed += [self.exposure.set_perpetual(symbol, held.base[symbol], held.carried[symbol]) for symbol in perpetuals]
        for asset in changed:
            stablecoin = self.stablecoin_watches.get(asset)
            if stablecoin is not None:
                exposed = self.exposure.assets[asset]
                stablecoin.evaluate(exposed.position, exposed.price, now, self.alerts, said)
        self.limit_watch.evaluate(changed, now, self.alerts, said)

    def _settlement_watch(self, venue: str) -> SettlementWatch:
        watch = self.settlement_watches.get(venue)
        if watch is None:
            watch = self.settlement_watches[venue] = SettlementWatch(venue, self.positions)
        return watch

    def _reportable(self) -> bool:
        return not any(f"{asset}/USD" in self.price_watches for asset in self.exposure.unpriced())

    def _problem_of_account(self, account: str) -> str | None:
        return None if master_of(account) == self.firm else f"{account} is not of {self.firm}"
