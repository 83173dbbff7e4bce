"""How the rules of one instrument on a venue are read: tick table, quantities, notional, spread, collar, price bands."""

from __future__ import annotations

from typing import Final

from trading_ecosystem.domains.test_coordination.document import Fields, Node, described, items_of
from trading_ecosystem.domains.test_coordination.quantities import amount, duration, enumerated, ratio, whole_number
from trading_ecosystem.domains.test_coordination.venue_section import BandAction, MarketSection, TickStep
from trading_ecosystem.messages.units import (
    HOUR,
    PARTS_PER_MILLION,
    SECOND,
    Instrument,
    Lots,
    MinorUnits,
    PartsPerMillion,
    decimal_of,
)
from trading_ecosystem.ports.errors import BadInput

_FIELDS: Final = (
    "tick_table",
    "round_quantity",
    "minimum_quantity",
    "maximum_quantity",
    "minimum_notional",
    "maximum_notional",
    "maximum_spread",
    "collar",
    "static_band",
    "dynamic_band",
    "band_action",
    "volatility_auction",
    "extensions",
)
_MOST_STEPS: Final = 50
_MOST_EXTENSIONS: Final = 100


def read_market(node: Node, instrument: Instrument) -> MarketSection:
    """The rules of an instrument, in its ticks and lots."""
    fields = Fields(node, f"the rules of {instrument.symbol}", _FIELDS)
    table, action, auction, extensions = (
        fields.get(name) for name in ("tick_table", "band_action", "volatility_auction", "extensions")
    )
    round_lots, minimum, maximum = _quantities(fields, instrument)
    least, most = _notional(fields)
    static_ppm, dynamic_ppm = _share(fields, "static_band"), _share(fields, "dynamic_band")
    acts = enumerated(action, "band_action", BandAction) if action else BandAction.REJECT
    if action is not None and not (static_ppm or dynamic_ppm):
        raise BadInput(fields.place_of("band_action"), "there is no band to act on; expected 'static_band' or 'dynamic_band'")
    # An interruption whose auction has no length would last for ever: nobody in a scenario ends it.
    if acts is BandAction.INTERRUPT and auction is None:
        problem = "an interruption is a volatility auction; expected 'volatility_auction', how long it lasts"
        raise BadInput(fields.place_of("band_action"), problem)
    if extensions is not None and (auction is None or not static_ppm):
        problem = "only a volatility auction whose price lies outside of a static band is extended"
        raise BadInput(fields.place_of("extensions"), f"{problem}; expected 'volatility_auction' and 'static_band'")
    return MarketSection(
        tick_table=_read_tick_table(table, instrument) if table else (),
        round_lots=round_lots,
        minimum_lots=minimum,
        maximum_lots=maximum,
        minimum_notional_minor=least,
        maximum_notional_minor=most,
        maximum_spread_ppm=_share(fields, "maximum_spread"),
        collar_ppm=_share(fields, "collar"),
        static_band_ppm=static_ppm,
        dynamic_band_ppm=dynamic_ppm,
        band_action=acts,
        volatility_auction_ns=duration(auction, "volatility_auction", SECOND, HOUR) if auction else 0,
        extensions=whole_number(extensions, "extensions", 0, _MOST_EXTENSIONS) if extensions else 0,
    )


def _share(fields: Fields, name: str) -> PartsPerMillion:
    node = fields.get(name)
    return 0 if node is None else ratio(node, name, 1, PARTS_PER_MILLION)


def _multiple(node: Node, what: str, unit: MinorUnits, unit_name: str, positive: bool = True) -> int:
    """An amount as a count of an instrument's tick or lot."""
    number = amount(node, what, positive)
    if number % unit:
        expected = f"expected a multiple of the {unit_name}, {decimal_of(unit):f}"
        raise BadInput(node.place, f"{what} cannot be {described(node)}; {expected}")
    return number // unit


def _quantities(fields: Fields, instrument: Instrument) -> tuple[Lots, Lots, Lots | None]:
    """Round lot, smallest and largest quantity; the last two are whole round lots."""
    found: dict[str, Lots] = {}
    for name in ("round_quantity", "minimum_quantity", "maximum_quantity"):
        node = fields.get(name)
        if node is None:
            continue
        found[name] = _multiple(node, name, instrument.lot_size, "lot")
        if found[name] % found.get("round_quantity", 1):
            raise BadInput(node.place, f"{name} cannot be {described(node)}; expected a multiple of round_quantity")
    round_lots = found.get("round_quantity", 1)
    minimum, maximum = found.get("minimum_quantity", round_lots), found.get("maximum_quantity")
    if maximum is not None and maximum < minimum:
        problem = "maximum_quantity is below the smallest quantity, so that no order is taken; expected at least that"
        raise BadInput(fields.place_of("maximum_quantity"), problem)
    return round_lots, minimum, maximum


def _notional(fields: Fields) -> tuple[MinorUnits, MinorUnits]:
    """Least and largest notional in minor units of the quote asset; 0 where there is none."""
    least, most = (
        0 if (node := fields.get(name)) is None else amount(node, name) for name in ("minimum_notional", "maximum_notional")
    )
    if most and most < least:
        problem = "maximum_notional is below minimum_notional, so that no order is taken; expected at least that"
        raise BadInput(fields.place_of("maximum_notional"), problem)
    return least, most


def _read_tick_table(node: Node, instrument: Instrument) -> tuple[TickStep, ...]:
    items = items_of(node, "tick_table")
    if not 1 <= len(items) <= _MOST_STEPS:
        raise BadInput(node.place, f"there are {len(items)} bands in tick_table; expected 1 to {_MOST_STEPS}")
    steps: list[TickStep] = []
    for item in items:
        fields = Fields(item, "a band of tick_table", ("from", "step"))
        from_node, step_node = fields.need("from"), fields.need("step")
        from_ticks = _multiple(from_node, "from", instrument.tick_size, "tick", positive=False)
        step_ticks = _multiple(step_node, "step", instrument.tick_size, "tick")
        if steps and from_ticks <= steps[-1].from_ticks:
            raise BadInput(from_node.place, "'from' does not rise; expected a higher price than in the band before")
        steps.append(TickStep(from_ticks, step_ticks))
    return tuple(steps)
