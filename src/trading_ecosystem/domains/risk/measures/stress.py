"""Stress tests: what a firm's positions lose when prices move so and so.

A scenario names shocks in parts per million of the price, asset by asset; what it does not name does not move. All in integers:
the change of a position's value is ``position * (price shocked - price) // 10⁸``, with the shocked price floored. A net
position counts spot and perpetuals alike, because a perpetual follows its underlying; a *basis* shock moves perpetuals alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from trading_ecosystem.messages.units import MINOR_UNITS_PER_WHOLE, PARTS_PER_MILLION, MinorUnits, PartsPerMillion

LARGEST_SHOCK: Final[PartsPerMillion] = 10 * PARTS_PER_MILLION
"""Ten times the price."""


class Shock(msgspec.Struct, frozen=True):
    """The price of an asset moves by so much; -150,000 is -15 %."""

    asset: str
    change_ppm: PartsPerMillion


class StressScenario(msgspec.Struct, frozen=True):
    """Shocks at the same time; ``basis_ppm`` moves perpetuals beside their underlying."""

    name: str
    shocks: tuple[Shock, ...]
    basis_ppm: PartsPerMillion = 0


class Holding(msgspec.Struct, frozen=True):
    """A firm's spot position and perpetuals (in base amount) in an asset, and its price; all in minor units."""

    asset: str
    position_minor: MinorUnits
    perpetual_minor: MinorUnits
    price_minor: MinorUnits


class StressLine(msgspec.Struct, frozen=True):
    """What one asset's positions make (negative: lose) in a scenario, USD minor units."""

    asset: str
    change_usd_minor: MinorUnits


class StressResult(msgspec.Struct, frozen=True):
    """What a scenario does to a firm."""

    scenario: str
    change_usd_minor: MinorUnits
    equity_after_usd_minor: MinorUnits
    lines: tuple[StressLine, ...]


def _all(change_ppm: PartsPerMillion, assets: Sequence[str]) -> tuple[Shock, ...]:
    return tuple(Shock(asset, change_ppm) for asset in assets)


_COINS: Final = ("BTC", "ETH")
HOUSE_SCENARIOS: Final[tuple[StressScenario, ...]] = (
    StressScenario("crash_15", _all(-150_000, _COINS)),
    StressScenario("crash_30", _all(-300_000, _COINS)),
    StressScenario("rally_30", _all(300_000, _COINS)),
    StressScenario("march_2020", (Shock("BTC", -390_000), Shock("ETH", -430_000), Shock("USDT", 10_000))),
    StressScenario("stablecoin_collapse", (Shock("USDT", -500_000), Shock("BTC", -100_000), Shock("ETH", -120_000))),
    StressScenario("depeg_5", (Shock("USDT", -50_000),)),
    StressScenario("apart", (Shock("BTC", 200_000), Shock("ETH", -200_000))),
    StressScenario("basis_out", (), 50_000),
    StressScenario("basis_in", (), -50_000),
)
"""What the monitor answers with. ``march_2020`` is the day of 12 March 2020, rounded to whole per cent."""


def scenario_problem(scenario: StressScenario, assets: Sequence[str]) -> str | None:
    """Why a scenario cannot be tested, in one line, or ``None`` if it can."""
    named = [shock.asset for shock in scenario.shocks]
    for asset in named:
        if asset not in assets:
            return f"{asset} is no asset"
        if asset == "USD":
            return "USD is what everything is measured in: it has no price to move"
        if named.count(asset) > 1:
            return f"{asset} is shocked twice"
    for change in (*(shock.change_ppm for shock in scenario.shocks), scenario.basis_ppm):
        if not -PARTS_PER_MILLION <= change <= LARGEST_SHOCK:
            return f"a price moves by -1,000,000 (it is lost) to {LARGEST_SHOCK} parts per million"
    return None


def stress(holdings: Sequence[Holding], equity: MinorUnits, scenario: StressScenario) -> StressResult:
    """Move the prices and value everything again. Assets without a price (0) do not move."""
    changes: Mapping[str, PartsPerMillion] = {shock.asset: shock.change_ppm for shock in scenario.shocks}
    lines = []
    total = 0
    for held in holdings:
        shocked = held.price_minor * (PARTS_PER_MILLION + changes.get(held.asset, 0)) // PARTS_PER_MILLION
        carried = shocked * (PARTS_PER_MILLION + scenario.basis_ppm) // PARTS_PER_MILLION
        change = held.position_minor * (shocked - held.price_minor) // MINOR_UNITS_PER_WHOLE
        change += held.perpetual_minor * (carried - held.price_minor) // MINOR_UNITS_PER_WHOLE
        if change:
            lines.append(StressLine(held.asset, change))
            total += change
    return StressResult(scenario.name, total, equity + total, tuple(lines))
