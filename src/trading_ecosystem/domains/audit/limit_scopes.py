"""Every limit of a firm, whatever its scope: the firm, an account, a venue; and the measures that only the firm has.

What happens is handed to every scope that has a limit, so that each is looked at whenever those of the firm are.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from trading_ecosystem.domains.audit.activity_conditions import ActivityConditions
from trading_ecosystem.domains.audit.firm_measures import FirmMeasures
from trading_ecosystem.domains.audit.intervals import Tracks
from trading_ecosystem.domains.audit.limit_conditions import LimitConditions
from trading_ecosystem.domains.audit.perpetual_positions import PerpetualPositions
from trading_ecosystem.domains.audit.positions import Positions
from trading_ecosystem.messages.base import master_of
from trading_ecosystem.messages.envelope import Entry
from trading_ecosystem.messages.margin import MarginChanged
from trading_ecosystem.messages.risk import LimitKind, LimitSet
from trading_ecosystem.messages.units import MinorUnits, Nanos

SCOPED: Final = (LimitKind.POSITION_LONG, LimitKind.POSITION_SHORT, LimitKind.ASSET_NOTIONAL)
"""Kinds whose subject may be ``scope:asset``."""
OF_ACCOUNTS: Final = (LimitKind.TOTAL_NOTIONAL, LimitKind.DAILY_LOSS, LimitKind.DRAWDOWN)
"""Kinds whose subject may be an account."""
OF_ACTIVITY: Final = (LimitKind.ORDER_RATE, LimitKind.TURNOVER)


class LimitScopes:
    """The limits of one firm by scope."""

    def __init__(self, positions: Positions, instruments: Sequence[str], tracks: Tracks) -> None:
        self._positions = positions
        self._tracks = tracks
        self._firm = LimitConditions(positions.amounts, tracks)
        self._accounts: dict[str, LimitConditions] = {}
        self._venues: dict[str, LimitConditions] = {}
        self._all = [self._firm]
        self._measures = FirmMeasures(positions, self._firm.equity, instruments, tracks)
        self.activity = ActivityConditions(self._firm.equity, tracks)

    def limit_set(self, message: LimitSet, at: Nanos, entry: Entry) -> None:
        """A limit is in force from now on."""
        kind, subject = message.kind, message.subject
        scope, _, asset = subject.rpartition(":")
        if kind in OF_ACTIVITY:
            self.activity.limit_set(message, at, entry)
        elif kind in SCOPED:
            self._scope(scope, message.account, at).limit_set(message, asset, at, entry)
        elif kind in OF_ACCOUNTS:
            self._scope("" if subject == message.account else subject, message.account, at).limit_set(message, "", at, entry)
        elif kind is LimitKind.STABLECOIN_EXPOSURE:
            self._firm.limit_set(message, subject, at, entry)
        else:
            self._measures.limit_set(message, at, entry)

    def _scope(self, name: str, firm: str, at: Nanos) -> LimitConditions:
        if not name:
            return self._firm
        of_account = master_of(name) == firm
        scopes = self._accounts if of_account else self._venues
        if name not in scopes:
            amounts = (self._positions.by_account if of_account else self._positions.by_venue).setdefault(name, {})
            account, venue = (name, "") if of_account else ("", name)
            scopes[name] = LimitConditions(amounts, self._tracks, account, venue)
            scopes[name].begin(self._firm, self._positions.perpetuals, at)
            self._all.append(scopes[name])
        return scopes[name]

    def price_arrived(self, asset: str, price: MinorUnits, at: Nanos, entry: Entry) -> None:
        """A price of an asset against USD reaches the monitor."""
        closed = self._measures.price_arrived(asset, price, at)
        for scope in self._all:
            scope.price_arrived(asset, price, at, entry)
        self._measures.judge_values(at, entry)
        if closed:
            self._measures.judge_tail(at, entry)

    def perpetual_priced(self, symbol: str, price: MinorUnits, held: PerpetualPositions, at: Nanos, entry: Entry) -> None:
        """A price of a perpetual reaches the monitor."""
        for scope in self._all:
            scope.perpetual_priced(symbol, price, held, at, entry)
        self._measures.judge_values(at, entry)

    def positions_changed(self, assets: Sequence[str], at: Nanos, entry: Entry) -> None:
        """Positions in these assets moved together."""
        for scope in self._all:
            scope.positions_changed(assets, at, entry)
        self._measures.judge_values(at, entry)
        self._measures.judge_tail(at, entry)

    def perpetuals_changed(self, symbols: Sequence[str], cash: str, held: PerpetualPositions, at: Nanos, entry: Entry) -> None:
        """Positions in perpetuals moved, and with them the cash."""
        for scope in self._all:
            scope.perpetuals_changed(symbols, cash, held, at, entry)
        self._measures.judge_values(at, entry)
        self._measures.judge_tail(at, entry)

    def came_in(self, account: str, asset: str, amount: MinorUnits, at: Nanos) -> None:
        """A deposit of an account arrived; :meth:`positions_changed` follows."""
        for scope in self._of(account):
            scope.came_in(asset, amount, at)

    def went_out(self, account: str, asset: str, amount: MinorUnits, at: Nanos) -> None:
        """A withdrawal of an account left; :meth:`positions_changed` follows."""
        for scope in self._of(account):
            scope.went_out(asset, amount, at)

    def margin_changed(self, message: MarginChanged, at: Nanos, entry: Entry) -> None:
        """A venue says where an account stands."""
        self._measures.margin_changed(message, at, entry)

    def _of(self, account: str) -> list[LimitConditions]:
        own = self._accounts.get(account)
        return [self._firm] if own is None else [self._firm, own]
