"""What a venue charges: maker and taker rates by 30-day volume, and the asset in which they are paid.

**Tiers.** A master account's tier is the highest whose ``from_volume_minor`` it has reached. Its volume is the notional of
all fills of all its accounts on this venue on the 30 UTC days before today, in US dollars; today's counts from tomorrow on. A
notional in USD or USDT counts at par, one in another asset at the last trade of that asset against USD (else USDT) on this
venue; where there is none it does not count. Rates never rise with the tier, so that what is held at the first tier's rates
covers any fill.

**Assets.** In the *quote* asset (the rule where nothing is said) a fee is the rate times the notional. In the *base* asset it
is the rate times the quantity. In a *third* asset it is the rate times the notional times ``conversion_ppm``, the venue's
stated price of one unit of the quote asset in the third one. **Every fee is rounded up to a whole minor unit of the asset it
is paid in: in the venue's favour**, fill by fill, so that it can be recomputed from one ``OrderFilled`` and the schedule.
"""

from __future__ import annotations

import enum
from typing import Final

import msgspec

from trading_ecosystem.domains.exchange.trades.fees import fee_of, maximum_fee
from trading_ecosystem.messages.base import master_of
from trading_ecosystem.messages.units import (
    DAY,
    MINOR_UNITS_PER_WHOLE,
    PARTS_PER_MILLION,
    Instrument,
    Lots,
    MinorUnits,
    Nanos,
    PartsPerMillion,
    Ticks,
)

VOLUME_DAYS: Final = 30


class FeeTier(msgspec.Struct, frozen=True):
    """Rates from a 30-day volume on, in minor units of US dollars."""

    from_volume_minor: MinorUnits
    maker_ppm: PartsPerMillion
    taker_ppm: PartsPerMillion


class FeePayment(enum.StrEnum):
    """Which asset fees are paid in."""

    QUOTE = "quote"
    BASE = "base"
    THIRD = "third"


class FeeTerms(msgspec.Struct, frozen=True):
    """How a venue's fees go beyond two rates in the quote asset."""

    tiers: tuple[FeeTier, ...] = ()
    """Above the first, whose rates are the venue's own; in rising order of volume."""
    payment: FeePayment = FeePayment.QUOTE
    third_asset: str = ""
    conversion_ppm: dict[str, PartsPerMillion] = {}
    """Per quote asset: units of the third asset for one unit of it. An instrument whose quote is not here pays in its quote."""


class FeeSchedule:
    """The rates of one venue and the volumes of its customers."""

    __slots__ = ("_prices", "_terms", "_tiers", "_volumes", "rates")

    def __init__(self, maker_ppm: PartsPerMillion, taker_ppm: PartsPerMillion, terms: FeeTerms) -> None:
        self.rates = (maker_ppm, taker_ppm)
        self._terms = terms
        self._tiers = (FeeTier(0, maker_ppm, taker_ppm), *terms.tiers)
        self._volumes: dict[str, dict[int, MinorUnits]] = {}
        self._prices: dict[str, MinorUnits] = {"USD": MINOR_UNITS_PER_WHOLE, "USDT": MINOR_UNITS_PER_WHOLE}
        for lower, higher in zip(self._tiers, self._tiers[1:], strict=False):
            assert lower.from_volume_minor < higher.from_volume_minor
            assert lower.maker_ppm >= higher.maker_ppm
            assert lower.taker_ppm >= higher.taker_ppm

    @property
    def has_tiers(self) -> bool:
        """Whether volumes matter."""
        return len(self._tiers) > 1

    @property
    def highest_ppm(self) -> PartsPerMillion:
        """The rate at which orders are held."""
        return max(self.rates)

    def asset_of(self, instrument: Instrument) -> str:
        """What fees on an instrument are paid in."""
        terms = self._terms
        if instrument.is_perpetual:
            return instrument.quote
        if terms.payment is FeePayment.BASE:
            return instrument.base
        if terms.payment is FeePayment.THIRD and instrument.quote in terms.conversion_ppm:
            return terms.third_asset
        return instrument.quote

    def fee(self, instrument: Instrument, notional: MinorUnits, lots: Lots, rate: PartsPerMillion) -> MinorUnits:
        """The fee on one fill, in the asset that :meth:`asset_of` names, rounded up."""
        amount, per = self._charged(instrument, notional, lots)
        return fee_of(amount, rate, per)

    def maximum(self, instrument: Instrument, notional: MinorUnits, lots: Lots) -> MinorUnits:
        """The most that an order can be charged over however many fills: each of at least a lot rounds up by less than one."""
        amount, per = self._charged(instrument, notional, lots)
        return maximum_fee(amount, lots, self.highest_ppm, per)

    def _charged(self, instrument: Instrument, notional: MinorUnits, lots: Lots) -> tuple[int, int]:
        """What a rate is a share of, and the number that stands for one whole."""
        asset = self.asset_of(instrument)
        if asset == instrument.quote:
            return notional, PARTS_PER_MILLION
        if asset == instrument.base:
            return instrument.base_amount(lots), PARTS_PER_MILLION
        return notional * self._terms.conversion_ppm[instrument.quote], PARTS_PER_MILLION * PARTS_PER_MILLION

    def rates_of(self, account: str, now: Nanos) -> tuple[PartsPerMillion, PartsPerMillion]:
        """Maker and taker rate of an account today."""
        if len(self._tiers) == 1:
            return self.rates
        volume = self.volume_of(account, now)
        reached = self._tiers[0]
        for tier in self._tiers:
            if volume < tier.from_volume_minor:
                break
            reached = tier
        return (reached.maker_ppm, reached.taker_ppm)

    def volume_of(self, account: str, now: Nanos) -> MinorUnits:
        """What the account's firm traded on the 30 days before today, in minor units of US dollars."""
        today = now // DAY
        by_day = self._volumes.get(master_of(account), {})
        total = 0
        for day, volume in by_day.items():
            if today - VOLUME_DAYS <= day < today:
                total += volume
        return total

    def last_trade(self, instrument: Instrument, price_ticks: Ticks) -> None:
        """Learn from a trade what an asset is worth, where it is traded against dollars."""
        if instrument.quote in ("USD", "USDT") and instrument.base not in ("USD", "USDT"):
            self._prices[instrument.base] = price_ticks * instrument.tick_size

    def count(self, account: str, notional: MinorUnits, quote: str, now: Nanos) -> None:
        """Count a fill (or, negative, one that was undone) in its firm's volume, on the day that it is said."""
        price = self._prices.get(quote)
        if price is None:
            return
        today = now // DAY
        by_day = self._volumes.setdefault(master_of(account), {})
        by_day[today] = by_day.get(today, 0) + notional * price // MINOR_UNITS_PER_WHOLE
        for day in [day for day in by_day if day < today - VOLUME_DAYS]:
            del by_day[day]
