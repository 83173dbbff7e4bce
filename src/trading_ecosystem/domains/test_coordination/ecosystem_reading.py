"""How the ``ecosystem`` part of a scenario is read: market data, venues, custodian, firm, risk, links."""

from __future__ import annotations

from typing import Final

from trading_ecosystem.domains.test_coordination.document import (
    Fields,
    Items,
    Mapping,
    Node,
    items_of,
    one_of,
    shown,
)
from trading_ecosystem.domains.test_coordination.firm_section import FirmLimits, FirmSection
from trading_ecosystem.domains.test_coordination.market_data_reading import read_market_data
from trading_ecosystem.domains.test_coordination.quantities import (
    amount,
    amounts_of,
    boolean,
    duration,
    enumerated,
    instance_name,
    named,
    ratio,
    rhythm,
    text_of,
    whole_number,
)
from trading_ecosystem.domains.test_coordination.risk_reading import read_risk
from trading_ecosystem.domains.test_coordination.scenario import (
    FIXED_NAMES,
    CustodianSection,
    Ecosystem,
    LatencyDistribution,
    LinkSection,
    VenueSection,
)
from trading_ecosystem.domains.test_coordination.venue_reading import RULES, read_rules
from trading_ecosystem.messages.units import (
    ASSETS,
    DAY,
    HOUR,
    MINOR_UNITS_PER_WHOLE,
    MINUTE,
    PARTS_PER_MILLION,
    PERPETUALS,
    SECOND,
    PartsPerMillion,
    assets_settled,
)
from trading_ecosystem.ports.errors import BadInput

_HOUSE: Final = {
    "BTC": 1_000 * MINOR_UNITS_PER_WHOLE,
    "ETH": 20_000 * MINOR_UNITS_PER_WHOLE,
    "USD": 60_000_000 * MINOR_UNITS_PER_WHOLE,
    "USDT": 60_000_000 * MINOR_UNITS_PER_WHOLE,
}
_INSURANCE: Final = {"USD": 1_000_000 * MINOR_UNITS_PER_WHOLE}
_HIGHEST_FEE: Final[PartsPerMillion] = 100_000
_MOST_VENUES: Final = 16


def read_ecosystem(node: Node | None, place: str) -> Ecosystem:
    """The ecosystem; every part has defaults except the venues, of which two are made."""
    what = "ecosystem"
    fields = Fields(node or Mapping((), place), what, ("market_data", "venues", "custodian", "firm", "risk", "links"))
    market_data = read_market_data(fields.get("market_data"), fields.place)
    venues = _read_venues(fields.get("venues"), fields.place, market_data.instruments)
    custodian = _read_custodian(fields.get("custodian"), fields.place)
    custodian_place = fields.place_of("custodian")
    _refuse_taken(custodian.name, custodian_place, (*FIXED_NAMES, *(venue.name for venue in venues)))
    firm = _read_firm(fields.get("firm"), fields.place)
    houses = [account for venue in venues for account in (venue.house_account, venue.fee_account, venue.clearing_account)]
    _refuse_taken(firm.name, fields.place_of("firm"), houses)
    risk = read_risk(fields.get("risk"), fields.place, firm.name, [venue.name for venue in venues])
    ecosystem = Ecosystem(market_data, venues, custodian, firm, risk, ())
    links = fields.get("links")
    if links is None:
        return ecosystem
    sections = [section for item in items_of(links, "links") for section in _read_links(item, ecosystem.link_ends)]
    return Ecosystem(market_data, venues, custodian, firm, risk, tuple(sections))


def _refuse_taken(name: str, place: str, taken: tuple[str, ...] | list[str]) -> None:
    if name in taken:
        raise BadInput(place, f"the name {shown(name)} is already taken; expected one not among: {', '.join(taken)}")


def _read_venues(node: Node | None, place: str, symbols: tuple[str, ...]) -> tuple[VenueSection, ...]:
    if node is None:
        return tuple(_read_venue(Mapping((), place), name, symbols) for name in ("exchange-alpha", "exchange-beta"))
    items = items_of(node, "venues")
    if not 1 <= len(items) <= _MOST_VENUES:
        raise BadInput(node.place, f"there are {len(items)} venues; expected 1 to {_MOST_VENUES}")
    venues: list[VenueSection] = []
    for item in items:
        venue = _read_venue(item, None, symbols)
        _refuse_taken(venue.name, item.place, (*FIXED_NAMES, *(other.name for other in venues)))
        venues.append(venue)
    return tuple(venues)


def _read_venue(node: Node, name: str | None, symbols: tuple[str, ...]) -> VenueSection:
    assets = assets_settled(symbols)
    insured = any(symbol in PERPETUALS for symbol in symbols)
    own = ("name", "publish_every", "maker_fee", "taker_fee", "settlement_cycle", "depth_levels", "house", "insurance")
    fields = Fields(node, "a venue", (*own, *RULES))
    maker, taker, levels = fields.get("maker_fee"), fields.get("taker_fee"), fields.get("depth_levels")
    maker_ppm = ratio(maker, "maker_fee", 0, _HIGHEST_FEE) if maker else 200
    taker_ppm = ratio(taker, "taker_fee", 0, _HIGHEST_FEE) if taker else 500
    house = {asset: _HOUSE[asset] for asset in assets}
    if (given := fields.get("house")) is not None:
        house = amounts_of(given, "house", ASSETS)
        for asset in assets:
            if asset not in house:
                raise BadInput(given.place, f"the house has no {asset}, which is traded here; expected an amount of {asset}")
    insurance = _INSURANCE if insured else {}
    if (given := fields.get("insurance")) is not None:
        if not insured:
            raise BadInput(given.place, f"an insurance is for venues with a perpetual; expected one of {', '.join(PERPETUALS)}")
        insurance = amounts_of(given, "insurance", ("USD",))
    return VenueSection(
        name=name or instance_name(fields.need("name"), "the venue's name"),
        publish_every_ns=rhythm(fields, "publish_every", 10 * SECOND, longest=HOUR),
        maker_fee_ppm=maker_ppm,
        taker_fee_ppm=taker_ppm,
        settlement_cycle_ns=rhythm(fields, "settlement_cycle", 10 * MINUTE, SECOND, 5 * DAY),
        depth_levels=whole_number(levels, "depth_levels", 1, 100) if levels else 10,
        house=house,
        insurance=insurance,
        rules=read_rules(fields, maker_ppm, taker_ppm, symbols),
    )


def _read_custodian(node: Node | None, place: str) -> CustodianSection:
    known = ("name", "retry_every", "reconcile_every", "settlement_calendar", "weekend_processing")
    fields = Fields(node or Mapping((), place), "custodian", known)
    name, calendar, weekends = fields.get("name"), fields.get("settlement_calendar"), fields.get("weekend_processing")
    if weekends is not None and calendar is None:
        problem = "weekend_processing is about days that a settlement calendar closes; expected settlement_calendar beside it"
        raise BadInput(fields.place_of("weekend_processing"), problem)
    return CustodianSection(
        name=instance_name(name, "the custodian's name") if name else "custodian",
        retry_every_ns=rhythm(fields, "retry_every", MINUTE, SECOND),
        reconcile_every_ns=rhythm(fields, "reconcile_every", 5 * MINUTE, SECOND),
        settlement_calendar=text_of(calendar, "settlement_calendar") if calendar else "",
        weekend_processing=boolean(weekends, "weekend_processing") if weekends else False,
    )


_FIRM_LIMITS: Final = (
    "max_order_notional",
    "max_open_orders",
    "max_position",
    "price_collar",
    "max_messages_per_second",
)
COST_METHODS: Final = ("average", "first_in_first_out")
"""The words of trading's cost methods."""


def _read_firm(node: Node | None, place: str) -> FirmSection:
    fields = Fields(node or Mapping((), place), "firm", ("name", "mark_every", "limits", "cost_method"))
    name, given = fields.get("name"), fields.get("limits")
    limits = FirmLimits()
    if given is not None:
        own = Fields(given, "the firm's limits", _FIRM_LIMITS)
        collar, messages = own.get("price_collar"), own.get("max_messages_per_second")
        order, count, position = own.get("max_order_notional"), own.get("max_open_orders"), own.get("max_position")
        limits = FirmLimits(
            max_order_notional_usd_minor=amount(order, "max_order_notional") if order else None,
            max_open_orders=whole_number(count, "max_open_orders", 1, 10_000) if count else None,
            max_position_usd_minor=amount(position, "max_position") if position else None,
            price_collar_ppm=ratio(collar, "price_collar", 1, PARTS_PER_MILLION) if collar else None,
            max_messages_per_second=whole_number(messages, "max_messages_per_second", 1, 10_000) if messages else None,
        )
    method = fields.get("cost_method")
    return FirmSection(
        name=instance_name(name, "the firm's name") if name else "fund",
        mark_every_ns=rhythm(fields, "mark_every", 5 * MINUTE, SECOND),
        limits=limits,
        cost_method=named(method, "cost_method", COST_METHODS) if method else "",
    )


def _read_links(node: Node, names: tuple[str, ...]) -> list[LinkSection]:
    fields = Fields(node, "a link", ("from", "to", "latency"))
    latency = Fields(fields.need("latency"), "latency", ("distribution", "mean", "minimum", "sigma"))
    distribution = enumerated(latency.need("distribution"), "distribution", LatencyDistribution)
    mean_ns = duration(latency.need("mean"), "mean", 0, MINUTE)
    minimum, sigma = latency.get("minimum"), latency.get("sigma")
    minimum_ns = duration(minimum, "minimum", 0, mean_ns) if minimum else 0
    sigma_ppm = ratio(sigma, "sigma", 0, 5 * PARTS_PER_MILLION) if sigma else 500_000
    receivers = link_ends(fields.need("to"), "to", names)
    return [
        LinkSection(sender, receiver, distribution, mean_ns, minimum_ns, sigma_ppm)
        for sender in link_ends(fields.need("from"), "from", names)
        for receiver in receivers
        if sender != receiver
    ]


def link_ends(node: Node, field: str, names: tuple[str, ...]) -> tuple[str, ...]:
    """The components at one end of a link: a name, a prefix and ``*``, or a list of these."""
    chosen: list[str] = []
    for item in node.items if isinstance(node, Items) else (node,):
        text = text_of(item, "the end of a link")
        if text.endswith("*") and any(name.startswith(text[:-1]) for name in names):
            chosen += [name for name in names if name.startswith(text[:-1])]
        else:
            chosen.append(named(item, "component", (*names, "*")))
    if not chosen:
        raise BadInput(node.place, f"'{field}' names no component; {one_of(names)}")
    return tuple(dict.fromkeys(chosen))
