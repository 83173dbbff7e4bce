"""What the risk monitor answers about tails, stress, hedges and who made what; nothing of it is journaled.

Everything is in USD minor units, of the positions as of the last message handled.
"""

from __future__ import annotations

from trading_ecosystem.messages.base import Question, Row
from trading_ecosystem.messages.units import MinorUnits, PartsPerMillion


class TailStanding(Row, frozen=True, gc=False):
    """Value at risk and expected shortfall of one day in one convention, which its name says; rounded half to even."""

    account: str
    convention: str
    confidence_ppm: PartsPerMillion
    value_at_risk_usd_minor: MinorUnits
    expected_shortfall_usd_minor: MinorUnits
    observations: int
    """Returns of a minute, or draws, that it rests on."""


class TailsQuestion(Question, frozen=True, gc=False):
    """What may be lost in a day; a tuple of TailStanding, one per convention at 95 % and 99 %; empty before 30 minutes."""


class ShockWanted(Row, frozen=True, gc=False):
    """The price of an asset moves by so much; -150,000 is -15 %."""

    asset: str
    change_ppm: PartsPerMillion


class StressLineStanding(Row, frozen=True, gc=False):
    """What the positions in one asset make (negative: lose)."""

    asset: str
    change_usd_minor: MinorUnits


class StressStanding(Row, frozen=True, gc=False):
    """What a scenario does to the firm."""

    account: str
    name: str
    """Of the stress test: one of the house's, or `wanted`."""
    change_usd_minor: MinorUnits
    equity_after_usd_minor: MinorUnits
    lines: tuple[StressLineStanding, ...]


class StressQuestion(Question, frozen=True, gc=False):
    """What if? The house's scenarios where no shocks are named; a tuple of StressStanding, empty where a shock cannot be."""

    shocks: tuple[ShockWanted, ...] = ()
    basis_ppm: PartsPerMillion = 0


class HedgeStanding(Row, frozen=True, gc=False):
    """A trade that would bring the risk down: buy (negative: sell) so much of an asset.

    Deviations are those of the firm's profit in a minute, before and after.
    """

    account: str
    aim: str
    """``least_variance``, or ``no_delta``."""
    asset: str
    amount_minor: MinorUnits
    value_usd_minor: MinorUnits
    deviation_before_usd_minor: MinorUnits
    deviation_after_usd_minor: MinorUnits


class HedgesQuestion(Question, frozen=True, gc=False):
    """What would hedge the firm? A tuple of HedgeStanding; empty before there are 30 minutes of prices."""


class AttributionStanding(Row, frozen=True, gc=False):
    """What one strategy made in one instrument at one venue since the start, at the latest prices.

    ``strategy`` is what stands before the last dash of its client order ids, as the firm names its orders; empty for others.
    Average cost; ``realised`` is net of fees. Amounts in another quote asset count at its price now.
    """

    account: str
    strategy: str
    venue: str
    instrument: str
    position_lots: int
    realised_usd_minor: MinorUnits
    unrealised_usd_minor: MinorUnits
    fees_usd_minor: MinorUnits
    traded_usd_minor: MinorUnits


class AttributionQuestion(Question, frozen=True, gc=False):
    """Who made what? A tuple of AttributionStanding, in order of account, strategy, venue and instrument."""
