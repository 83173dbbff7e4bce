"""Every limit's condition, and STABLECOIN_DEPEG, recomputed from positions and USD prices.

The measure of a limit is its utilisation in parts per million, floored; the condition holds from the warning level. The
two limits on a position, long and short, share one alert: the larger utilisation counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from trading_ecosystem.domains.audit.equity import Equity
from trading_ecosystem.domains.audit.intervals import ConditionTrack, Tracks
from trading_ecosystem.domains.audit.perpetual_positions import PerpetualPositions
from trading_ecosystem.messages.envelope import Entry
from trading_ecosystem.messages.risk import (
    ALERT_OF_LIMIT,
    DEPEG_PPM,
    WARNING_PPM,
    AlertKind,
    LimitKind,
    LimitSet,
)
from trading_ecosystem.messages.units import (
    INSTRUMENTS,
    MINOR_UNITS_PER_WHOLE,
    PARTS_PER_MILLION,
    PERPETUALS,
    MinorUnits,
    Nanos,
)

STABLECOIN: Final = "USDT"
PEG: Final = MINOR_UNITS_PER_WHOLE
"""The price of one whole stablecoin at its peg."""


class Bound:
    """One limit in force and the track of its alert."""

    __slots__ = ("track", "value")

    def __init__(self, track: ConditionTrack, value: int) -> None:
        self.track = track
        self.value = value

    def utilisation(self, observed: int) -> int:
        """Share of the limit that is used, parts per million, floored; a limit of nothing is used up by one unit."""
        if observed <= 0:
            return 0
        return observed * PARTS_PER_MILLION // self.value if self.value > 0 else observed * PARTS_PER_MILLION

    def observe(self, observed: int, at: Nanos, entry: Entry) -> None:
        """What the limit bounds is ``observed`` now."""
        used = self.utilisation(observed)
        self.track.observe(used, used >= WARNING_PPM, at, entry)


class LimitConditions:
    """The limits of a firm, of one of its accounts, or of what it has at a venue, held against positions and equity."""

    def __init__(self, positions: dict[str, MinorUnits], tracks: Tracks, account: str = "", venue: str = "") -> None:
        self._positions = positions
        self._account = account
        self._venue = venue
        self._tracks = tracks
        self.equity = Equity()
        """What the positions are worth."""
        self._perpetual_prices: dict[str, MinorUnits] = {}
        self._perpetual_base: dict[str, MinorUnits] = {}
        self._bounds: dict[tuple[LimitKind, str], Bound] = {}
        self._total: Bound | None = None
        self._loss: Bound | None = None
        self._drawdown: Bound | None = None
        self._depeg = None if account or venue else tracks.of(AlertKind.STABLECOIN_DEPEG, STABLECOIN)

    def limit_set(self, message: LimitSet, asset: str, at: Nanos, entry: Entry) -> None:
        """A limit is in force from now on, on this asset where it is about one."""
        self.equity.begin_day(at)
        kind = message.kind
        bound = Bound(self._tracks.of(ALERT_OF_LIMIT[kind], message.subject), message.value)
        if kind is LimitKind.TOTAL_NOTIONAL:
            self._total = bound
        elif kind is LimitKind.DAILY_LOSS:
            self._loss = bound
        elif kind is LimitKind.DRAWDOWN:
            self._drawdown = bound
        else:
            self._bounds[kind, asset] = bound
            self._judge_position(asset, at, entry)
            self._judge_value(asset, at, entry)
        self._judge_firm(at, entry)

    def begin(self, firm: LimitConditions, held: PerpetualPositions, at: Nanos) -> None:
        """The first limit on a part of the firm: it has what it has, and loss and drawdown count from here."""
        equity = self.equity
        equity.begin_day(at)
        equity.prices.update(firm.equity.prices)
        self._perpetual_prices.update(firm._perpetual_prices)
        for asset, amount in self._positions.items():
            equity.position_changed(asset, amount)
        for symbol in PERPETUALS:
            self._carry(symbol, held)
        equity.reference = equity.mark = equity.total

    def _carry(self, symbol: str, held: PerpetualPositions) -> None:
        """A position in a perpetual is another one."""
        asset = INSTRUMENTS[symbol].base
        self._perpetual_base[asset] = sum(self._base(held, one) for one in PERPETUALS if INSTRUMENTS[one].base == asset)
        price = self._perpetual_prices.get(symbol, 0)
        self.equity.perpetual_marked(symbol, self._base(held, symbol), price, self._carried(held, symbol))
        self.equity.perpetual_moved(asset, self._perpetual_base[asset], self._positions.get(asset, 0))

    def price_arrived(self, asset: str, price: MinorUnits, at: Nanos, entry: Entry) -> None:
        """A price of an asset against USD reaches the monitor."""
        equity = self.equity
        equity.begin_day(at)
        equity.price_changed(asset, price, self._positions.get(asset, 0))
        self._judge_value(asset, at, entry)
        self._judge_firm(at, entry)

    def positions_changed(self, assets: Sequence[str], at: Nanos, entry: Entry) -> None:
        """The firm's positions in these assets moved together."""
        equity = self.equity
        equity.begin_day(at)
        for asset in assets:
            equity.position_changed(asset, self._positions.get(asset, 0))
        equity.raise_mark()
        for asset in assets:
            self._judge_position(asset, at, entry)
            self._judge_value(asset, at, entry)
        self._judge_firm(at, entry)

    def perpetual_priced(self, symbol: str, price: MinorUnits, held: PerpetualPositions, at: Nanos, entry: Entry) -> None:
        """A price of a perpetual reaches the monitor."""
        self.equity.begin_day(at)
        self._perpetual_prices[symbol] = price
        self.equity.perpetual_marked(symbol, self._base(held, symbol), price, self._carried(held, symbol))
        self.equity.raise_mark()
        self._judge_firm(at, entry)

    def perpetuals_changed(self, symbols: Sequence[str], cash: str, held: PerpetualPositions, at: Nanos, entry: Entry) -> None:
        """The firm's positions in perpetuals moved, and with them its cash."""
        self.equity.begin_day(at)
        moved = [cash]
        for symbol in symbols:
            self._carry(symbol, held)
            moved.append(INSTRUMENTS[symbol].base)
        self.positions_changed(moved, at, entry)

    def _base(self, held: PerpetualPositions, symbol: str) -> MinorUnits:
        return held.base(symbol, self._account, self._venue)

    def _carried(self, held: PerpetualPositions, symbol: str) -> MinorUnits:
        return held.carried(symbol, self._account, self._venue)

    def came_in(self, asset: str, amount: MinorUnits, at: Nanos) -> None:
        """A deposit arrived; :meth:`positions_changed` follows."""
        self.equity.begin_day(at)
        self.equity.came_in(asset, amount)

    def went_out(self, asset: str, amount: MinorUnits, at: Nanos) -> None:
        """A withdrawal left; :meth:`positions_changed` follows."""
        self.equity.begin_day(at)
        self.equity.went_out(asset, amount)

    def _judge_position(self, asset: str, at: Nanos, entry: Entry) -> None:
        long = self._bounds.get((LimitKind.POSITION_LONG, asset))
        short = self._bounds.get((LimitKind.POSITION_SHORT, asset))
        position = self._positions.get(asset, 0) + self._perpetual_base.get(asset, 0)
        if long is not None:
            used = long.utilisation(position)
            if short is not None:
                used = max(used, short.utilisation(-position))
            long.track.observe(used, used >= WARNING_PPM, at, entry)
        elif short is not None:
            short.observe(-position, at, entry)

    def _judge_value(self, asset: str, at: Nanos, entry: Entry) -> None:
        """What depends on the position in one asset and on its price."""
        notional = self._bounds.get((LimitKind.ASSET_NOTIONAL, asset))
        if notional is not None:
            notional.observe(abs(self.equity.net_values.get(asset, 0)), at, entry)
        if asset != STABLECOIN:
            return
        price = self.equity.prices.get(STABLECOIN)
        if price is None:
            return
        position = self._positions.get(STABLECOIN, 0)
        deviation = abs(price - PEG)
        share = deviation * PARTS_PER_MILLION // PEG
        if self._depeg is not None:
            self._depeg.observe(share, position > 0 and share >= DEPEG_PPM, at, entry)
        exposure = self._bounds.get((LimitKind.STABLECOIN_EXPOSURE, STABLECOIN))
        if exposure is not None:
            exposure.observe(position * deviation // PEG if position > 0 else 0, at, entry)

    def _judge_firm(self, at: Nanos, entry: Entry) -> None:
        """What depends on all positions."""
        equity = self.equity
        if self._total is not None:
            self._total.observe(equity.gross, at, entry)
        if self._loss is not None:
            self._loss.observe(equity.loss, at, entry)
        if self._drawdown is not None:
            self._drawdown.observe(equity.drawdown, at, entry)
