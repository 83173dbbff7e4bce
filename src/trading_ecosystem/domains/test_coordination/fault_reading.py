"""How faults are read: fields by the catalogue's entry of their kind, numbers exact or as a range, caps enforced.

A number may be a range ``{low: …, high: …}``. The fault is then read twice, once with the low and once with the high ends,
and each reading must obey the caps; the schedule draws between the two.
"""

from __future__ import annotations

import enum
from typing import Final

from trading_ecosystem.domains.test_coordination import (
    component_faults,
    custody_faults,
    feed_faults,
    strategy_faults,
    venue_faults,
)
from trading_ecosystem.domains.test_coordination.catalogue import CATALOGUE
from trading_ecosystem.domains.test_coordination.catalogue_entry import (
    COINS,
    DEPEG_CAP,
    DIVERGENCE_CAP,
    FACTOR_CAP,
    LONGEST_DELAY,
    LONGEST_FAULT,
    LONGEST_SHOCK,
    PRICE_CAP,
    STABLECOINS,
    Target,
)
from trading_ecosystem.domains.test_coordination.document import Fields, Mapping, Node, items_of, one_of, shown
from trading_ecosystem.domains.test_coordination.ecosystem_reading import link_ends
from trading_ecosystem.domains.test_coordination.market_data_reading import PRICED_ASSETS
from trading_ecosystem.domains.test_coordination.quantities import (
    duration,
    enumerated,
    instance_name,
    instruments_of,
    named,
    ratio,
    spoken,
)
from trading_ecosystem.domains.test_coordination.scenario import (
    CorrelationFault,
    CustodianFault,
    DivergenceFault,
    Ecosystem,
    Fault,
    FeedCorruption,
    FeedFault,
    LinkFault,
    MarketFault,
    PlannedFault,
    PriceFault,
    VolatilityFault,
)
from trading_ecosystem.domains.test_coordination.targeted_fault import TargetedFault
from trading_ecosystem.messages.test_coordination import FaultKind
from trading_ecosystem.messages.units import INSTRUMENTS, PARTS_PER_MILLION, Nanos, PartsPerMillion
from trading_ecosystem.ports.errors import BadInput

FAMILIES: Final[dict[FaultKind, type[TargetedFault]]] = {
    **feed_faults.FAMILIES,
    **venue_faults.FAMILIES,
    **custody_faults.FAMILIES,
    **strategy_faults.FAMILIES,
    **component_faults.FAMILIES,
}
"""Kinds of faults that read themselves, by their family's class."""
_ALWAYS: Final = ("id", "kind", "at")


class End(enum.Enum):
    """Which end of the ranges a reading takes."""

    LOW = "low"
    HIGH = "high"


def read_faults(node: Node, ecosystem: Ecosystem, duration_ns: Nanos) -> tuple[PlannedFault, ...]:
    """All faults of a scenario; their ids are distinct."""
    faults: list[PlannedFault] = []
    for item in items_of(node, "faults"):
        planned = read_fault(item, ecosystem, duration_ns)
        if any(other.lowest.id == planned.lowest.id for other in faults):
            problem = f"the fault id {shown(planned.lowest.id)} is used twice; expected distinct ids"
            raise BadInput(_place_of_field(item, "id"), problem)
        faults.append(planned)
    return tuple(faults)


def _place_of_field(node: Node, key: str) -> str:
    fields = node.fields if isinstance(node, Mapping) else ()
    return next((field.value.place for field in fields if field.key == key), node.place)


def read_fault(node: Node, ecosystem: Ecosystem, duration_ns: Nanos) -> PlannedFault:
    """One fault, of a run that lasts so long."""
    all_fields = tuple(dict.fromkeys(name for entry in CATALOGUE.values() for name in (*entry.required, *entry.optional)))
    fields = Fields(node, "a fault", (*_ALWAYS, *all_fields))
    kind = enumerated(fields.need("kind"), "fault kind", FaultKind)
    entry = CATALOGUE[kind]
    fields = Fields(node, f"a fault of kind {kind.value}", (*_ALWAYS, *entry.required, *entry.optional))
    for name in (*_ALWAYS, *entry.required):
        fields.need(name)
    lowest, highest = (FieldsOfFault(fields, kind, ecosystem, end).fault(entry.target) for end in End)
    if highest.at_ns >= duration_ns:
        problem = f"the fault would begin {spoken(highest.at_ns)} into a run of {spoken(duration_ns)}"
        raise BadInput(fields.need("at").place, f"{problem}; expected 'at' before the end of the run")
    return PlannedFault(lowest, highest)


class FieldsOfFault:
    """One reading of one fault, at one end of its ranges; a :class:`FaultReading` for those who read themselves."""

    def __init__(self, fields: Fields, kind: FaultKind, ecosystem: Ecosystem, end: End) -> None:
        self.fields = fields
        self.kind = kind
        self.ecosystem = ecosystem
        self._end = end

    def fault(self, target: Target) -> Fault:
        """The fault, typed by what it acts on."""
        family = FAMILIES.get(self.kind)
        if family is not None:
            return family.read(self)
        if target is Target.PRICE:
            return self._price_fault()
        if target in (Target.VOLATILITY, Target.CORRELATION, Target.DIVERGENCE):
            return self._within_longest(self._market_fault(target))
        fault_id, at_ns = self.fault_id(), self.duration("at")
        lasts_ns = self.duration("duration", shortest=1, longest=LONGEST_FAULT)
        probability_ppm = self.probability()
        delay_ns = self.duration("delay", shortest=1, longest=LONGEST_DELAY)
        if target is Target.CORRUPTION:
            return self._corruption(fault_id, at_ns, lasts_ns, probability_ppm)
        if target is Target.CUSTODIAN:
            return CustodianFault(fault_id, self.kind, at_ns, lasts_ns, probability_ppm, delay_ns)
        if target is Target.FEED:
            instruments = self.instruments()
            return FeedFault(fault_id, self.kind, at_ns, lasts_ns, instruments, probability_ppm, delay_ns)
        names = self.ecosystem.link_ends
        senders, receivers = (link_ends(self.fields.need(end), end, names) for end in ("from", "to"))
        if senders == receivers and len(senders) == 1:
            place = self.fields.place_of("to")
            raise BadInput(place, f"there is no link from {shown(senders[0])} to itself; expected two components")
        return LinkFault(fault_id, self.kind, at_ns, lasts_ns, senders, receivers, probability_ppm, delay_ns)

    def _price_fault(self) -> PriceFault:
        depeg = self.kind is FaultKind.STABLECOIN_DEPEG
        crash = self.kind is FaultKind.MARKET_CRASH
        cap = DEPEG_CAP if depeg else PRICE_CAP
        highest = -1 if crash else cap
        node = self._needed("magnitude")
        magnitude_ppm = ratio(node, "magnitude", -cap, highest)
        if magnitude_ppm == 0:
            raise BadInput(node.place, "magnitude cannot be 0; expected a move")
        residual = self.number("residual")
        fault = PriceFault(
            id=self.fault_id(),
            kind=self.kind,
            at_ns=self.duration("at"),
            assets=self._assets(),
            magnitude_ppm=magnitude_ppm,
            ramp_ns=self.duration("ramp"),
            hold_ns=self.duration("hold"),
            recovery_ns=self.duration("recovery"),
            residual_ppm=ratio(residual, "residual", -cap, 0 if crash else cap) if residual else 0,
        )
        place = self.fields.place
        if fault.lasts_ns == 0:
            raise BadInput(place, "the fault has no ramp, hold or recovery; expected it to last")
        if self.kind is FaultKind.PRICE_SHOCK and fault.ramp_ns + fault.hold_ns > LONGEST_SHOCK:
            lasts = spoken(fault.ramp_ns + fault.hold_ns)
            raise BadInput(place, f"ramp and hold of the shock take {lasts}; expected at most {spoken(LONGEST_SHOCK)}")
        if fault.lasts_ns > LONGEST_FAULT:
            raise BadInput(place, f"the fault lasts {spoken(fault.lasts_ns)}; expected at most {spoken(LONGEST_FAULT)}")
        return fault

    def _corruption(self, fault_id: str, at_ns: Nanos, lasts_ns: Nanos, probability_ppm: PartsPerMillion) -> FeedCorruption:
        node = self._needed("magnitude")
        magnitude_ppm = ratio(node, "magnitude", -PRICE_CAP, PRICE_CAP)
        if magnitude_ppm == 0:
            raise BadInput(node.place, "magnitude cannot be 0; expected an error")
        return FeedCorruption(fault_id, self.kind, at_ns, lasts_ns, self.instruments(), probability_ppm, magnitude_ppm)

    def instruments(self) -> tuple[str, ...]:
        """The field ``instruments``; all of the feed's where it is absent."""
        return instruments_of(self.fields.get("instruments"), self.ecosystem.market_data.instruments, "instruments")

    def _market_fault(self, target: Target) -> MarketFault:
        fault_id, at_ns, recovery_ns = self.fault_id(), self.duration("at"), self.duration("recovery")
        if target is Target.DIVERGENCE:
            node = self._needed("magnitude")
            magnitude_ppm = ratio(node, "magnitude", -DIVERGENCE_CAP, DIVERGENCE_CAP)
            if magnitude_ppm == 0:
                raise BadInput(node.place, "magnitude cannot be 0; expected a gap")
            buildup_ns, sustain_ns = self.duration("buildup"), self.duration("sustain")
            instrument = self._diverging()
            return DivergenceFault(fault_id, self.kind, at_ns, instrument, magnitude_ppm, buildup_ns, sustain_ns, recovery_ns)
        hold_ns = self.duration("hold", shortest=1)
        if target is Target.VOLATILITY:
            factor_ppm = ratio(self._needed("factor"), "factor", 0, FACTOR_CAP)
            assets = self._assets()
            return VolatilityFault(fault_id, self.kind, at_ns, assets, factor_ppm, self.duration("ramp"), hold_ns, recovery_ns)
        correlation_ppm = ratio(self._needed("correlation"), "correlation", -PARTS_PER_MILLION, PARTS_PER_MILLION)
        asset, against = self._departing()
        return CorrelationFault(fault_id, self.kind, at_ns, asset, against, correlation_ppm, hold_ns, recovery_ns)

    def _within_longest(self, fault: MarketFault) -> MarketFault:
        place = self.fields.place
        if fault.lasts_ns == 0:
            raise BadInput(place, "the fault has no build-up, sustained gap or recovery; expected it to last")
        if fault.lasts_ns > LONGEST_FAULT:
            raise BadInput(place, f"the fault lasts {spoken(fault.lasts_ns)}; expected at most {spoken(LONGEST_FAULT)}")
        return fault

    def _diverging(self) -> str:
        """An instrument that has another of the same underlying beside it."""
        published = self.ecosystem.market_data.instruments
        node = self.fields.need("instrument")
        symbol = named(node, "instrument", published)
        base = INSTRUMENTS[symbol].base
        if not any(other != symbol and INSTRUMENTS[other].base == base for other in published):
            raise BadInput(node.place, f"nothing but {symbol} is priced in {base} here; expected another instrument beside it")
        return symbol

    def _departing(self) -> tuple[str, str]:
        """The coin that parts from the other, and the other; ETH from BTC where nothing is said."""
        coins = tuple(asset for asset in COINS if asset in self.ecosystem.assets)
        if len(coins) < len(COINS):
            raise BadInput(self.fields.place, f"a correlation takes two coins; expected instruments of {' and '.join(COINS)}")
        chosen, against = self.fields.get("asset"), self.fields.get("against")
        asset = coins[1] if chosen is None else named(chosen, "coin", coins)
        other = next(coin for coin in coins if coin != asset) if against is None else named(against, "coin", coins)
        if asset == other:
            place = self.fields.place_of("against")
            raise BadInput(place, f"{asset} cannot part from itself; {one_of(coin for coin in coins if coin != asset)}")
        return asset, other

    def _needed(self, name: str) -> Node:
        node = self.number(name)
        assert node is not None, name
        return node

    def fault_id(self) -> str:
        """The fault's id."""
        return instance_name(self.fields.need("id"), "the fault's id")

    def number(self, name: str) -> Node | None:
        """A field that may be a range, at this reading's end of it."""
        node = self.fields.get(name)
        if not isinstance(node, Mapping):
            return node
        ends = Fields(node, f"the range of '{name}'", (End.LOW.value, End.HIGH.value))
        return ends.need(self._end.value)

    def duration(self, name: str, shortest: Nanos = 0, longest: Nanos = LONGEST_FAULT) -> Nanos:
        """A duration; 0 where the field is absent. ``at`` has no longest."""
        if name == "at":
            longest = 2**62
        node = self.number(name)
        return 0 if node is None else duration(node, name, shortest, longest)

    def probability(self) -> PartsPerMillion:
        """The field ``probability``; 0 where it is absent."""
        node = self.number("probability")
        return 0 if node is None else ratio(node, "probability", 1, PARTS_PER_MILLION)

    def _assets(self) -> tuple[str, ...]:
        in_play = self.ecosystem.assets
        if self.kind in (FaultKind.MARKET_CRASH, FaultKind.VOLATILITY_SPIKE):
            coins = tuple(asset for asset in COINS if asset in in_play)
            node = self.fields.get("assets")
            if node is None:
                return coins
            chosen = [named(item, "coin", coins) for item in items_of(node, "assets")]
            if not chosen or len(set(chosen)) != len(chosen):
                raise BadInput(node.place, f"assets must be distinct and at least one; {one_of(coins)}")
            return tuple(chosen)
        if self.kind is FaultKind.PRICE_SHOCK:
            return (named(self.fields.need("asset"), "asset", tuple(asset for asset in PRICED_ASSETS if asset in in_play)),)
        node = self.fields.get("asset")
        asset = STABLECOINS[0] if node is None else named(node, "stablecoin", STABLECOINS)
        if f"{asset}/USD" not in self.ecosystem.market_data.instruments:
            place = self.fields.place
            raise BadInput(place, f"a depeg of {asset} shows in {asset}/USD; expected this pair among the instruments")
        return (asset,)


def check_ranges(planned: tuple[PlannedFault, ...], node: Node) -> None:
    """Refuse a range whose low end lies above its high end."""
    for plan, item in zip(planned, items_of(node, "faults"), strict=True):
        for name in plan.lowest.__struct_fields__:
            if getattr(plan.lowest, name) > getattr(plan.highest, name):
                field = name.removesuffix("_ns").removesuffix("_ppm").replace("lasts", "duration")
                problem = f"the range of '{field}' ends below its beginning; expected low not above high"
                raise BadInput(_place_of_field(item, field), problem)
