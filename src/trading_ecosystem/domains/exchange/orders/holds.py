"""What an order keeps held of its account's claims, so that whatever it trades is paid for.

=====  ====================================================================  ==========================================
side   held                                                                  fee
=====  ====================================================================  ==========================================
buy    its hold price times its lots, in the quote asset                     in the quote asset: the most it can be, held
                                                                             with it; in the base asset: nothing is held,
                                                                             it comes out of what is bought
sell   its lots, in the base asset                                           in the quote asset: nothing is held, it comes
                                                                             out of the proceeds; in the base asset: held
                                                                             with it
both                                                                         in a third asset: held there, of its own
=====  ====================================================================  ==========================================

The *hold price* of a buy is the highest price at which it can trade: its limit; of a market order the worst price that it
reaches; of a stop or if-touched order that becomes a market order its stop price and the collar on top, beyond which it does
not trade. For a sell the hold price only matters to a fee in a third asset: it is the higher of its limit and of the best bid
when it was entered, and **such a fee is reckoned at no higher price than this**, so that the hold covers it.

Icebergs and hidden orders hold their whole quantity. The orders of a list: see :mod:`.order_lists`.

Any part of an order needs no more than the hold shrinks by when it trades, so a hold never falls short, and what a fill does
not use of its share returns with it.
"""

from __future__ import annotations

import msgspec

from trading_ecosystem.domains.exchange.trades.fee_schedule import FeeSchedule
from trading_ecosystem.messages.orders import Side
from trading_ecosystem.messages.units import Instrument, Lots, MinorUnits, Ticks

_BUY = Side.BUY


class Hold(msgspec.Struct, gc=False):
    """What is held of one asset and, where fees are paid in a third one, of that; ``order_ids`` share it."""

    asset: str
    amount: MinorUnits
    fee_asset: str
    fee_amount: MinorUnits
    order_ids: list[int] = []


def hold_of(schedule: FeeSchedule, instrument: Instrument, side: Side, price_ticks: Ticks, lots: Lots) -> Hold:
    """What an order of ``lots`` has to have held at its hold price."""
    fee_asset = schedule.asset_of(instrument)
    notional = price_ticks * lots * instrument.tick_value
    fee = schedule.maximum(instrument, notional, lots)
    base, quote = instrument.base, instrument.quote
    if side is _BUY:
        asset, amount = quote, notional
    else:
        asset, amount = base, instrument.base_amount(lots)
    if fee_asset == asset:
        return Hold(asset, amount + fee, fee_asset, 0)
    return Hold(asset, amount, fee_asset, 0 if fee_asset in (base, quote) else fee)
