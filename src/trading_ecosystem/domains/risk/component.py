"""The risk monitor's state machine. Start reading at ``_OWN``, what is heard here, and at ``parts.py``, the rest."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Final

from trading_ecosystem.domains.risk.alerts import AlertBook
from trading_ecosystem.domains.risk.breaches import LimitWatch
from trading_ecosystem.domains.risk.covariance import MinuteReturns
from trading_ecosystem.domains.risk.exposure import STABLECOINS, Exposure, is_price, value_of
from trading_ecosystem.domains.risk.limits import LimitBook
from trading_ecosystem.domains.risk.parameters import RiskParameters
from trading_ecosystem.domains.risk.part import Part
from trading_ecosystem.domains.risk.parts import ANSWERING, HEARING, PARTS, SAYING
from trading_ecosystem.domains.risk.pnl import ProfitAndLoss
from trading_ecosystem.domains.risk.positions import Positions
from trading_ecosystem.domains.risk.price_watch import PriceWatch
from trading_ecosystem.domains.risk.settlement_watch import SettlementWatch
from trading_ecosystem.domains.risk.soundness import SOUND
from trading_ecosystem.domains.risk.stablecoin import StablecoinWatch
from trading_ecosystem.domains.risk.timers import (
    ReportDue,
    SaidList,
    SettlementDue,
    StalenessDue,
)
from trading_ecosystem.messages.base import Command, Message, Question, master_of
from trading_ecosystem.messages.custodian import (
    SettlementPartlySettled,
    SettlementSettled,
    TransferPending,
    TransferPosted,
    VariationPosted,
)
from trading_ecosystem.messages.exchange import CancelOrder, OrderFilled, PlaceOrder
from trading_ecosystem.messages.margin import VariationSettled
from trading_ecosystem.messages.market_data import PricePublished
from trading_ecosystem.messages.risk import (
    ExposureQuestion,
    ExposureReported,
)
from trading_ecosystem.messages.trading_phases import TradeBusted, TradeCorrected
from trading_ecosystem.messages.units import ASSETS, INSTRUMENTS, PERPETUALS, MinorUnits, Nanos
from trading_ecosystem.ports.component import Begin, Component, Later, Said, WakeUp
from trading_ecosystem.ports.randomness import Randomness, RandomStream

_NOTHING: Final[Said] = ()
_ASSET_PRICED_BY: Final = {f"{asset}/USD": asset for asset in ASSETS if asset != "USD"}
"""The asset whose USD price is the price of an instrument."""

_OWN: Final[dict[type[Any], str]] = {
    Begin: "begun",
    PricePublished: "price_published",
    OrderFilled: "order_filled",
    VariationSettled: "variation_settled",
    VariationPosted: "variation_posted",
    TradeBusted: "trade_busted",
    TradeCorrected: "trade_corrected",
    SettlementPartlySettled: "settlement_partly_settled",
    SettlementSettled: "settlement_settled",
    TransferPending: "transfer_pending",
    TransferPosted: "transfer_posted",
    StalenessDue: "staleness_due",
    SettlementDue: "settlement_due",
    ReportDue: "report_due",
}
"""What is heard here, before any part hears it."""


class Risk(Component):
    """The risk monitor of one firm; see the package's docstring. It draws random numbers only to answer questions.

    Positions, their values and the alerts about prices and settlements are its own; the rest is in :mod:`parts`, of which it
    has one each and to which it is a ``Monitor``.
    """

    context: ClassVar[str] = "risk"
    hears: ClassVar[dict[type[Any], str]] = {**dict.fromkeys(HEARING, "hear"), **_OWN}
    copies: ClassVar[tuple[type[Command], ...]] = (PlaceOrder, CancelOrder)
    says: ClassVar[tuple[type[Message], ...]] = (*SAYING, ExposureReported)
    state_version: ClassVar[int] = 3
    answers: ClassVar[dict[type[Question], str]] = {
        **dict.fromkeys(ANSWERING, "ask"),
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
        priced = [asset for symbol, asset in _ASSET_PRICED_BY.items() if symbol in parameters.instruments]
        self.minutes = MinuteReturns(priced)
        self.limit_watch = LimitWatch(self.limits, self.positions, self.exposure, self.pnl, self.minutes)
        self.price_watches = {instrument: PriceWatch(instrument) for instrument in parameters.instruments}
        self.stablecoin_watches = {asset: StablecoinWatch(asset) for asset in STABLECOINS}
        self.settlement_watches: dict[str, SettlementWatch] = {}
        self._draws = randomness.stream(name, "measures")
        self.parts: list[Part] = [part(parameters) for part in PARTS]

    def handle(self, message: Message | WakeUp, now: Nanos) -> Said:
        """Handle one message: first here, then in every part that hears it."""
        return self.handler_of(type(message))(message, now)

    def handler_of(self, message_type: type[Any]) -> Callable[[Any, Nanos], Said]:
        """What handles a message type here and in every part that hears it, unless it cannot be meant."""
        handled = self._handler_of(message_type)
        sound = SOUND.get(message_type)
        return handled if sound is None else lambda message, now: handled(message, now) if sound(message) else _NOTHING

    def _handler_of(self, message_type: type[Any]) -> Callable[[Any, Nanos], Said]:
        own = _OWN.get(message_type)
        heard = HEARING.get(message_type, ())
        if own is None and len(heard) == 1:
            return self._heard_by_one(*heard[0])
        if own is None:
            return self.hear if heard else super().handler_of(message_type)
        first: Callable[[Any, Nanos], Said] = getattr(self, own)
        if not heard:
            return first

        def handle(message: Any, now: Nanos) -> Said:
            said: SaidList = [*first(message, now)]
            parts = self.parts
            for place, method in heard:
                method(parts[place], message, now, self, said)
            return said

        return handle

    def _heard_by_one(self, place: int, method: Any) -> Callable[[Any, Nanos], Said]:
        def handle(message: Any, now: Nanos) -> Said:
            said: SaidList = []
            method(self.parts[place], message, now, self, said)
            return said

        return handle

    def hear(self, message: Any, now: Nanos) -> Said:
        """Handle what only parts hear."""
        said: SaidList = []
        parts = self.parts
        for place, method in HEARING[type(message)]:
            method(parts[place], message, now, self, said)
        return said

    def ask(self, question: Any) -> Any:
        """Answer a question in the part that knows."""
        place, method = ANSWERING[type(question)]
        return method(self.parts[place], question, self)

    def draws(self) -> RandomStream:
        """Random draws for a measure that somebody asks for: a copy of a stream that never moves."""
        return copy.copy(self._draws)

    def problem_of_account(self, account: str) -> str | None:
        """Why an account may not command this monitor, or ``None``."""
        return None if master_of(account) == self.firm else f"{account} is not of {self.firm}"

    def begun(self, message: Begin, now: Nanos) -> Said:
        """Say every limit, and start reporting."""
        self.pnl.begin(now)
        self.limit_watch.begun(now)
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
        self.limit_watch.priced(asset, price, now, alerts, said)
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

    def settlement_partly_settled(self, message: SettlementPartlySettled, now: Nanos) -> Said:
        """Turn a part from unsettled into pledged amounts; normally no position changes."""
        said: SaidList = []
        if self.positions.settlement_partly_settled(message):
            self._positions_changed([after.asset for after in message.pledged_after], now, said)
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
        self.limit_watch.perpetual_priced(symbol, price, now, self.alerts, said)

    def transfer_posted(self, message: TransferPosted, now: Nanos) -> Said:
        """A deposit, withdrawal, pledge or release took effect."""
        return self._transferred(message, now) if self.positions.transfer_posted(message) else _NOTHING

    def transfer_pending(self, message: TransferPending, now: Nanos) -> Said:
        """A transfer was accepted; a withdrawal has left the firm's free assets."""
        return self._transferred(message, now) if self.positions.transfer_pending(message) else _NOTHING

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

    def report_due(self, message: ReportDue, now: Nanos) -> Said:
        """Report the exposures, unless a position has no price yet."""
        said: SaidList = [Later(ReportDue(), now + self.parameters.report_every_ns)]
        if now >= self.pnl.next_midnight:
            self.pnl.begin_day(now, self.exposure.equity)
        if self._reportable():
            said.insert(0, self.answer_exposure(ExposureQuestion()))
        return said

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
            self.limit_watch.flowed(message.account, message.asset, flow, now)
        self._positions_changed((message.asset,), now, said)
        return said

    def _positions_changed(self, assets: Sequence[str], now: Nanos, said: SaidList, perpetuals: Sequence[str] = ()) -> None:
        if now >= self.pnl.next_midnight:
            self.pnl.begin_day(now, self.exposure.equity)
        totals = self.positions.totals
        changed = [asset for asset in assets if self.exposure.set_position(asset, totals.get(asset, 0))]
        held = self.positions.perpetuals.firm
        changed += [self.exposure.set_perpetual(symbol, held.base[symbol], held.carried[symbol]) for symbol in perpetuals]
        for asset in changed:
            stablecoin = self.stablecoin_watches.get(asset)
            if stablecoin is not None:
                exposed = self.exposure.assets[asset]
                stablecoin.evaluate(exposed.position, exposed.price, now, self.alerts, said)
        self.limit_watch.positions_changed(assets, perpetuals, changed, now, self.alerts, said)

    def _settlement_watch(self, venue: str) -> SettlementWatch:
        watch = self.settlement_watches.get(venue)
        if watch is None:
            watch = self.settlement_watches[venue] = SettlementWatch(venue, self.positions)
        return watch

    def _reportable(self) -> bool:
        return not any(f"{asset}/USD" in self.price_watches for asset in self.exposure.unpriced())
